//! FerroWARP's simulator: Verilog text in, a clocked in-process model out.
//!
//! ```no_run
//! use ferrowarp_sim::ModelBuilder;
//! # fn main() -> Result<(), ferrowarp_sim::SimError> {
//! let text = "module top(input wire clock, output reg [7:0] q); always @(posedge clock) q <= q + 8'd1; endmodule";
//! let lib = ModelBuilder::new(text, "top").build()?; // milliseconds when cached
//! let mut dut = lib.instance();
//! let q = dut.port("q")?;
//! dut.settle()?; // clock low, combinational outputs settled: read outputs here
//! let before = dut.get_u64(q);
//! dut.posedge()?; // the rising edge: registers take their new values
//! assert_eq!(dut.get_u64(q), (before + 1) & 0xff);
//! # Ok(()) }
//! ```
//!
//! # One cycle
//!
//! 1. set inputs (`set_u64`, `set_bytes`);
//! 2. [`Model::settle`]: clock low, combinational logic settles;
//! 3. read outputs: these are the values that the rising edge will see, so a stream beat moves
//!    when `tvalid && tready` **here**;
//! 4. [`Model::posedge`]: registers update, the cycle counter goes up by one.
//!
//! [`Model::tick`] is 2 and 4 together. State that was never written holds seeded random data,
//! so a missing reset shows as a failing test rather than as a lucky zero.

mod builder;
mod cache;
mod error;
mod library;
mod model;
mod repeat;
mod shim;
pub mod stream;
mod toolchain;
mod wave;

pub use builder::{lint, ModelBuilder};
pub use error::SimError;
pub use library::{Direction, ModelLib, PortId, PortInfo};
pub use model::Model;
pub use repeat::Repeat;

#[cfg(target_endian = "big")]
compile_error!(
    "ferrowarp-sim copies port storage as little-endian bytes: build on a little-endian host"
);
