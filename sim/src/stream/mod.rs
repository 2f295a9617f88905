//! Ready/valid streams at the ports of a model: sources, sinks, monitors.
//!
//! A stream of prefix `p` has `p_tvalid`, `p_tready` (optional: a MAC is never stalled) and any
//! fields `p_<field>`; an AXI data stream has the fields `tdata`, `tkeep`, `tlast`, `tuser`.
//! Directions are the module's: a [`StreamSource`] drives a stream that the module takes in, a
//! [`StreamSink`] takes a stream that the module gives out.
//!
//! ```no_run
//! # use ferrowarp_sim::{stream::*, *};
//! # fn run(lib: ModelLib) -> Result<(), SimError> {
//! let mut bench = Bench::new(lib.instance());
//! let rx = bench.source("rx")?;
//! let tx = bench.sink("tx")?; // with a monitor of the rules
//! bench.sources[rx].set_pace(Pace::random(7, 30)); // idle in 30 % of the cycles
//! bench.sinks[tx].set_pace(Pace::random(8, 30));
//! bench.reset(4)?;
//! bench.sources[rx].push_packet(b"any bytes", 0)?;
//! bench.run_until(1000, "one packet at tx", |b| b.sinks[tx].packets() == 1)?;
//! let packet = bench.sinks[tx].pop_packet()?;
//! # Ok(()) }
//! ```
//!
//! Without [`Bench`]: each cycle call `drive` of all parts, [`crate::Model::settle`], `sample` of
//! all parts, [`crate::Model::posedge`].

mod beat;
mod bench;
mod monitor;
mod pace;
mod sink;
mod source;

pub use beat::{Beat, FieldId, Layout};
pub use bench::Bench;
pub use monitor::Monitor;
pub use pace::Pace;
pub use sink::{Packet, StreamSink};
pub use source::StreamSource;
