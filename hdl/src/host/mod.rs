//! The host's side of the chip. So far: [`rings`] in host memory that the chip fills. Not part of the chip's top yet.

pub mod ring_out;
pub mod ring_state;
pub mod rings;

pub use rings::Rings;
