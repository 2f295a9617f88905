//! The FerroWARP RNIC in rust-hdl, and the emitter that makes Verilog of it.

// A kernel's nested `if`s are its decision tree, one test a level with its reason; `&` of everything would evaluate alike
// and read worse.
// In a kernel the nesting of `if`s is the priority of the tests, one level a test with its reason beside it:
// collapsing some of them would hide it.
#![allow(clippy::collapsible_if, clippy::collapsible_else_if)]

pub mod emit;
pub mod harness;
pub mod host;
pub mod preset;
pub mod prim;
pub mod rx;
pub mod top;
pub mod tx;
