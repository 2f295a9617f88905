//! The FerroWARP RNIC in rust-hdl, and the emitter that makes Verilog of it.

pub mod emit;
pub mod harness;
pub mod prim;
pub mod rx;
pub mod top;
