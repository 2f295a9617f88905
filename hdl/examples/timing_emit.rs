//! Emits what `timing/run.py` needs: the receive path as Verilog, a scan harness for the chip and for each of its
//! blocks, and the module list as JSON.
//!
//! `timing_emit PRESET DIR [FIELD=VALUE...]`; a field of [`Cfg`] shrinks a table where synthesis of the whole would need
//! too much memory.

use ferrowarp_hdl::emit::{bits, Dir, Emitted};
use ferrowarp_hdl::harness::scan_harness;
use ferrowarp_hdl::preset::{emit_sized, Preset};
use ferrowarp_hdl::rx::cfg::Cfg;
use std::path::Path;

/// `field=value` on top of a preset.
fn set(cfg: &mut Cfg, text: &str) -> Result<(), String> {
    let bad = || format!("{text}: expected FIELD=NUMBER with a field of Cfg");
    let (field, value) = text.split_once('=').ok_or_else(bad)?;
    let value: usize = value.parse().map_err(|_| bad())?;
    let place = match field {
        "stage_bits" => &mut cfg.stage_bits,
        "pool_bits" => &mut cfg.pool_bits,
        "conn_bits" => &mut cfg.conn_bits,
        "bucket_bits" => &mut cfg.bucket_bits,
        "tpt_set_bits" => &mut cfg.tpt_set_bits,
        _ => return Err(bad()),
    };
    *place = value;
    Ok(())
}

fn json(e: &Emitted) -> String {
    let modules: Vec<String> = e
        .modules
        .iter()
        .map(|m| {
            let of = |d: Dir| bits(&m.ports, |p| p.dir == d);
            format!(
                "{{\"name\":\"{}\",\"path\":\"{}\",\"instances\":{},\"custom_text\":{},\"in_bits\":{},\"out_bits\":{}}}",
                m.name,
                m.path,
                m.instances,
                m.custom_text,
                of(Dir::Input),
                of(Dir::Output)
            )
        })
        .collect();
    format!(
        "{{\"top\":\"{}\",\"modules\":[\n{}\n]}}\n",
        e.top,
        modules.join(",\n")
    )
}

fn run() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, dir, rest @ ..] = args.as_slice() else {
        return Err("usage: timing_emit PRESET DIR [FIELD=VALUE...]".into());
    };
    let preset = Preset::find(name).map_err(|e| e.to_string())?;
    let mut cfg = preset.cfg();
    for text in rest {
        set(&mut cfg, text)?;
    }
    let out = emit_sized(name, preset.data_width, &cfg).map_err(|e| e.to_string())?;
    let dir = Path::new(dir);
    let write = |file: String, text: &str| {
        std::fs::write(dir.join(&file), text)
            .map_err(|e| format!("{}: {e}", dir.join(&file).display()))
    };
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    write("chip.v".into(), &out.verilog)?;
    write("modules.json".into(), &json(&out))?;
    // A harness for the chip, its blocks and their parts: any of them can be timed alone.
    for m in &out.modules {
        if m.path.matches('.').count() <= 2 {
            write(
                format!("harness_{}.v", m.name),
                &scan_harness(&m.ports, &m.name, "harness"),
            )?;
        }
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("timing_emit: {e}");
            std::process::ExitCode::FAILURE
        }
    }
}
