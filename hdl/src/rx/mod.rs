//! The receive path: ingest -> lookup -> X1/X2/X3 (tcp, ddp, place) -> deliver, with the assembler beside it.
pub mod cfg;
pub mod ctx;
pub mod lookup;
pub mod tpt;
pub mod types;
