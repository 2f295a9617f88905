//! The independent side of FerroWARP: what the chip is checked against.
//!
//! * [`wire`]: Ethernet, IPv4, TCP, MPA, DDP and RDMAP octets.
//! * [`golden`]: a software endpoint that says what must be placed, completed and refused, and (`golden::tx`) what must be sent.
//! * [`build`]: ULPDUs, FPDU streams and whole frames for tests; [`tcp_peer`]: a TCP sender that cuts and repeats them.
//! * [`marking`]: Markers put into a stream made without.
//! * [`sack_book`]: what a sender may believe of SACK blocks. [`conversation`]: made-up captures.
//! * [`capture`]: pcap and pcapng files, the connections in them, and repair of offload artefacts.
//! * [`vectors`]: byte-exact protocol vectors.
//! * [`conformance`]: the rows of the conformance tables and the page that shows their state.
//! * [`chip`]: the Verilated chip with its surroundings; [`bench`]: latency, goodput and speed measured on it.
//! * [`replay`]: a capture played through the chip and compared with the golden model.
//! * [`replay_plan`]: a captured connection turned into steps for a device under test and the results to expect.
//!
//! Nothing here shares framing code with the chip or its driver: an oracle that shares the code under test proves nothing.

pub mod bench;
pub mod build;
pub mod capture;
pub mod chip;
pub mod conformance;
pub mod conversation;
pub mod golden;
pub mod marking;
pub mod nic;
pub mod replay;
pub mod replay_plan;
pub mod sack_book;
pub mod tcp_peer;
pub mod vectors;
pub mod wire;
