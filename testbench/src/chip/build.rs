//! From a preset's numbers to a loaded Verilator model.

use super::mutant::{self, Mutant, MutantError};
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
    #[error(transparent)]
    Mutant(#[from] MutantError),
    #[error("nothing ends within {cycles} cycles: {what}")]
    Hang { cycles: u64, what: String },
    #[error("table command {what}: {status}")]
    Command { what: String, status: String },
    #[error("cycle {cycle}: {what}")]
    Packet { cycle: u64, what: String },
    #[error("{0}")]
    Table(String),
}

/// Emits, builds (or finds in the cache) and loads the chip of `width` bits; with `trace` it can write waveforms.
pub fn build(width: usize, cfg: &Cfg, trace: bool) -> Result<ModelLib, ChipError> {
    let out = emit_sized("chip", width, cfg)?;
    match mutant::active()? {
        Some(bug) if bug.width == width => build_mutant(&bug, &out.verilog, trace),
        _ => Ok(ModelBuilder::new(&out.verilog, TOP).trace(trace).build()?),
    }
}

/// The chip with a bug: on purpose, and said aloud.
fn build_mutant(bug: &Mutant, verilog: &str, trace: bool) -> Result<ModelLib, ChipError> {
    let text = bug.apply(verilog)?;
    eprintln!("{} {}: {}", mutant::INJECTED, bug.name, bug.bug);
    // A check that is left out leaves its inputs unread, and comparisons that are always true.
    let built = ModelBuilder::new(&text, TOP)
        .waive(&["UNUSEDSIGNAL", "CMPCONST", "UNSIGNED"])
        .trace(trace)
        .build();
    built.map_err(|e| {
        MutantError::Build {
            name: bug.name.clone(),
            reason: e.to_string(),
        }
        .into()
    })
}
