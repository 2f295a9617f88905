//! Property tests of every hardware primitive: emitted, run in Verilator, compared with Rust.
//!
//! One binary and five models (one a width, one for the rest), because building a model is what costs time.

mod bench;
mod bytes;
mod fifo;
mod kernel;
mod linear;
mod memory;
mod vector;
