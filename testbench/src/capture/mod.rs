//! Captures: files ([`read`]), the iWARP connections in them ([`flow`]), repair of offload artefacts ([`offload`]),
//! and pcapng files for tests ([`pcapng`]).

pub mod flow;
pub mod offload;
pub mod pcapng;
pub mod read;
#[cfg(test)]
mod tests;

pub use flow::{extract, Connection, Direction, Flows, Side, Skipped};
pub use offload::{repair, OffloadReport, RepairOptions};
pub use pcapng::PcapngWriter;
pub use read::{read, read_bytes, write, write_bytes, Capture, CaptureError, CapturedFrame};
