//! From a preset's numbers to a loaded Verilator model.

use ferrowarp_hdl::emit::{emit, EmitErrors, Emitted};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::top::Chip;
use ferrowarp_sim::{ModelBuilder, ModelLib, SimError};
use thiserror::Error;

/// What can go wrong between a preset and a running chip.
#[derive(Debug, Error)]
pub enum ChipError {
    #[error("the chip cannot be emitted: {0}")]
    Emit(EmitErrors),
    #[error("no chip of {0} bits: choose 64, 128, 256 or 512")]
    Width(usize),
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error("nothing ends within {cycles} cycles: {what}")]
    Hang { cycles: u64, what: String },
    #[error("table command {what}: {status}")]
    Command { what: String, status: String },
    #[error("{0}")]
    Table(String),
}

/// The Verilog of the chip. Elaboration needs more stack than a test thread has, so it runs on a thread of its own.
pub fn verilog(width: usize, cfg: &Cfg) -> Result<Emitted, ChipError> {
    let cfg = cfg.clone();
    let work = move || match width {
        64 => emit(&Chip::<64, 8, 3, 4>::new(&cfg), "chip").map_err(ChipError::Emit),
        128 => emit(&Chip::<128, 16, 4, 5>::new(&cfg), "chip").map_err(ChipError::Emit),
        256 => emit(&Chip::<256, 32, 5, 6>::new(&cfg), "chip").map_err(ChipError::Emit),
        512 => emit(&Chip::<512, 64, 6, 7>::new(&cfg), "chip").map_err(ChipError::Emit),
        w => Err(ChipError::Width(w)),
    };
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .map_err(|e| ChipError::Table(format!("no thread to elaborate on: {e}")))?
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Emits, builds (or finds in the cache) and loads the chip.
pub fn build(width: usize, cfg: &Cfg, trace: bool) -> Result<ModelLib, ChipError> {
    let out = verilog(width, cfg)?;
    Ok(ModelBuilder::new(&out.verilog, "chip").trace(trace).build()?)
}
