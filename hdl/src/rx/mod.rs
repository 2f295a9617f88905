//! The receive path: ingest -> lookup -> X1/X2/X3 (tcp, ddp, place) -> deliver, with the assembler beside it.
pub mod asm_chunk;
pub mod asm_op;
pub mod assemble;
pub mod blocks;
pub mod cfg;
pub mod pool;
pub mod ddp;
pub mod history;
pub mod pipe;
pub mod place;
pub mod tcp;
pub mod types;
pub mod xtypes;
