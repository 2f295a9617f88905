//! Hardware primitives.
pub mod reg;
