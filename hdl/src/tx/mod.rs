//! The transmit path. So far: the frame builder ([`build`]), not part of the chip's top yet.

pub mod build;
pub mod digest;
pub mod emit;
pub mod headers;
pub mod marks;
pub mod octets;
pub mod plan;
pub mod store;
pub mod stream;
pub mod types;

pub use build::Build;
pub use types::{Template, TxCfg, TxFpdu, TxSeg};
