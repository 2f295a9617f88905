//! From a preset's numbers to a loaded Verilator model.

use ferrowarp_hdl::preset::{emit_sized, EmitChipError, TOP};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::{ModelBuilder, ModelLib, SimError};
use thiserror::Error;

/// What can go wrong between a preset and a running chip.
#[derive(Debug, Error)]
pub enum ChipError {
    #[error(transparent)]
    Emit(#[from] EmitChipError),
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error("nothing ends within {cycles} cycles: {what}")]
    Hang { cycles: u64, what: String },
    #[error("table command {what}: {status}")]
    Command { what: String, status: String },
    #[error("{0}")]
    Table(String),
}

/// Emits, builds (or finds in the cache) and loads the chip of `width` bits; with `trace` it can write waveforms.
pub fn build(width: usize, cfg: &Cfg, trace: bool) -> Result<ModelLib, ChipError> {
    let out = emit_sized("chip", width, cfg)?;
    Ok(ModelBuilder::new(&out.verilog, TOP).trace(trace).build()?)
}
