//! The transmit core in Verilator: reports in, frames out, read by etherparse; transfers over a path that loses segments.
mod acks;
mod bench;
#[path = "../tx_build/encoder.rs"]
#[allow(dead_code)] // FPDUs alone are needed
mod encoder;
mod frame;
#[path = "../rx_tables/mod.rs"]
mod rx_tables;
mod transfer;
