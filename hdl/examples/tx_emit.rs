//! Emits blocks of the transmit path of a preset's sizes, and a scan harness around each: for synthesis out of context.
//!
//! `tx_emit PRESET DIR`: leaves `BLOCK.v` and `harness_BLOCK.v` there, for `tx_build`, `tx_snd`, `tx_acker`, `tx_sched` and all of
//! them in one, `tx_core`.

use ferrowarp_hdl::emit::{emit, Emitted};
use ferrowarp_hdl::harness::scan_harness;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_hdl::tx::acker::Acker;
use ferrowarp_hdl::tx::core::Core;
use ferrowarp_hdl::tx::sched::Sched;
use ferrowarp_hdl::tx::snd::Snd;
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

fn core(width: usize, cfg: &TxCfg) -> Result<Emitted, Box<dyn Error>> {
    let name = "tx_core";
    Ok(match width {
        64 => emit(&*Box::new(Core::<64, 8, 3, 4>::new(cfg)), name)?,
        128 => emit(&*Box::new(Core::<128, 16, 4, 5>::new(cfg)), name)?,
        256 => emit(&*Box::new(Core::<256, 32, 5, 6>::new(cfg)), name)?,
        _ => emit(&*Box::new(Core::<512, 64, 6, 7>::new(cfg)), name)?,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [preset, dir] = args.as_slice() else {
        return Err("usage: tx_emit PRESET DIR".into());
    };
    let preset = Preset::find(preset)?;
    let cfg = TxCfg::from(&preset.cfg());
    let dir = Path::new(dir);
    for (name, out) in [
        ("tx_build", build(preset.data_width, &cfg)?),
        ("tx_core", core(preset.data_width, &cfg)?),
        ("tx_snd", emit(&Snd::new(cfg.conn_bits), "tx_snd")?),
        (
            "tx_acker",
            emit(&Acker::new(cfg.conn_bits, cfg.sack), "tx_acker")?,
        ),
        ("tx_sched", emit(&Sched::new(cfg.conn_bits), "tx_sched")?),
    ] {
        std::fs::write(dir.join(format!("{name}.v")), &out.verilog)?;
        let harness = scan_harness(out.ports(), name, "harness");
        std::fs::write(dir.join(format!("harness_{name}.v")), harness)?;
    }
    Ok(())
}
