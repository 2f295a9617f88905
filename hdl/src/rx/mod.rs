//! The receive path: ingest -> lookup -> X1/X2/X3 (tcp, ddp, place) -> deliver, with the assembler beside it.
pub mod cfg;
pub mod command;
pub mod counters;
pub mod queues;
pub mod servers;
pub mod types;
