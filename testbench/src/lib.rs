//! The independent side of FerroWARP: what the chip is checked against.
//!
//! * [`wire`]: Ethernet, IPv4, TCP, MPA, DDP and RDMAP octets.
//! * [`golden`]: a software receive endpoint that says what must be placed, completed and refused.
//! * [`capture`]: pcap and pcapng files, the connections in them, and repair of offload artefacts.
//!
//! Nothing here shares framing code with the chip or its driver: an oracle that shares the code under test proves nothing.

pub mod capture;
pub mod golden;
pub mod wire;
