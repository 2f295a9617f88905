//! Emits the frame builder of a preset's sizes, and a scan harness around it: for synthesis out of context.
//!
//! `tx_emit PRESET DIR`: leaves `tx_build.v` and `harness_tx_build.v` there.

use ferrowarp_hdl::emit::{emit, Emitted};
use ferrowarp_hdl::harness::scan_harness;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_hdl::tx::{Build, TxCfg};
use std::error::Error;
use std::path::Path;

fn build(width: usize, cfg: &TxCfg) -> Result<Emitted, Box<dyn Error>> {
    let name = "tx_build";
    Ok(match width {
        64 => emit(&*Box::new(Build::<64, 8, 3, 4>::new(cfg)), name)?,
        128 => emit(&*Box::new(Build::<128, 16, 4, 5>::new(cfg)), name)?,
        256 => emit(&*Box::new(Build::<256, 32, 5, 6>::new(cfg)), name)?,
        _ => emit(&*Box::new(Build::<512, 64, 6, 7>::new(cfg)), name)?,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [preset, dir] = args.as_slice() else {
        return Err("usage: tx_emit PRESET DIR".into());
    };
    let preset = Preset::find(preset)?;
    let cfg = TxCfg::from(&preset.cfg());
    let out = build(preset.data_width, &cfg)?;
    let dir = Path::new(dir);
    std::fs::write(dir.join("tx_build.v"), &out.verilog)?;
    let harness = scan_harness(out.ports(), "tx_build", "harness");
    std::fs::write(dir.join("harness_tx_build.v"), harness)?;
    Ok(())
}
