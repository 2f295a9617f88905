//! The receive path: ingest -> lookup -> X1/X2/X3 (tcp, ddp, place) -> deliver, with the assembler beside it.
pub mod cfg;
pub mod ddp;
pub mod deliver;
pub mod history;
pub mod ingest;
pub mod merge;
pub mod parse;
pub mod pipe;
pub mod place;
pub mod scan;
pub mod slots;
pub mod staging;
pub mod tcp;
pub mod types;
pub mod xtypes;
