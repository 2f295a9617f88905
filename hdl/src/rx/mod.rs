//! The receive path: ingest -> lookup -> X1/X2/X3 (tcp, ddp, place) -> deliver, with the assembler beside it.
pub mod cfg;
pub mod ctx;
pub mod lookup;
pub mod tpt;
pub mod ddp;
pub mod history;
pub mod pipe;
pub mod place;
pub mod tcp;
pub mod types;
pub mod xtypes;
