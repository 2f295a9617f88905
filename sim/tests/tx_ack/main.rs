//! The acker against a reference written from the RFCs, event by event, in Verilator.
//!
//! Names of tests carry the rows of the conformance table as `tcp27`: they are tests of a block that is not in the chip yet, so
//! the table does not count them.
mod bench;
mod model;
mod random;
mod rows;
#[path = "../rx_tables/mod.rs"]
mod rx_tables;
mod speed;
