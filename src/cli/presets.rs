//! `ferrowarp presets`: the sizes that are compiled in.

use ferrowarp_hdl::preset::Preset;
use std::io::Write;
use std::process::ExitCode;

/// List the presets: sizes and clocks of the chip.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ferrowarp presets
  ferrowarp presets --toml dc-25g > mine.toml     # a start for your own; use it as --preset mine.toml")]
pub struct Args {
    /// Print this preset's file instead of the list.
    #[arg(long, value_name = "PRESET")]
    toml: Option<String>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(name) = &args.toml {
        write!(out, "{}", Preset::find(name)?.to_toml()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "{:<11} {:>5} {:>10} {:>6} {:>12} {:>9} {:>9}  description",
        "preset", "width", "clock", "line", "connections", "max frame", "max FPDU"
    )?;
    for p in Preset::all()? {
        writeln!(
            out,
            "{:<11} {:>3} b {:>6.2} MHz {:>4.0} G {:>12} {:>7} B {:>7} B  {}",
            p.name,
            p.data_width,
            p.clock_mhz,
            p.line_gbps,
            1u64 << p.sizes.conn_bits,
            p.sizes.max_frame,
            p.sizes.max_fpdu,
            p.description
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
