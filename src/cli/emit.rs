//! `ferrowarp emit`: the chip as Verilog, the table of its ports, and the preset it was made from.

use anyhow::Context;
use ferrowarp_abi::stream::{Stream, STREAMS};
use ferrowarp_hdl::emit::{Dir, Emitted, PortInfo};
use ferrowarp_hdl::preset::{emit_chip, Preset, TOP};
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the chip as Verilog.
///
/// Leaves in DIR: chip.v (the whole design, top module `chip`), ports.md (every port, its width and meaning) and
/// preset.toml (the sizes it was made from).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ferrowarp emit --preset dc-100g -o build/verilog
  ferrowarp emit --preset ecp5-versa --width 128 -o wide
  ferrowarp emit --preset mine.toml -o mine")]
pub struct Args {
    /// A preset of `ferrowarp presets`, or the path of a .toml file.
    #[arg(long, value_name = "PRESET")]
    preset: String,
    /// The folder to write to; made when missing.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Data width in bits instead of the preset's: 64, 128, 256 or 512.
    #[arg(long, value_name = "BITS")]
    width: Option<usize>,
}

pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut preset = Preset::find(&args.preset)?;
    if let Some(width) = args.width {
        preset = preset.with_width(width)?;
    }
    let chip = emit_chip(&preset)?;
    let dir = &args.output;
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let lines = chip.verilog.lines().count();
    let modules = chip.modules.len();
    let texts = chip.modules.iter().filter(|m| m.custom_text).count();
    let note = format!(
        "{lines} lines, {modules} modules, {texts} of them custom text; top module `{TOP}`"
    );
    save(dir, "chip.v", &chip.verilog, &note, out)?;
    let note = format!(
        "{} ports, {} bits of data",
        chip.ports().len(),
        preset.data_width
    );
    save(dir, "ports.md", &ports_page(&preset, &chip), &note, out)?;
    save(
        dir,
        "preset.toml",
        &preset.to_toml()?,
        &preset.description,
        out,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn save(dir: &Path, name: &str, text: &str, note: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let path = dir.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(out, "{}  {note}", path.display())?;
    Ok(())
}

/// Every port of the top, grouped by stream, with the schema's words.
fn ports_page(preset: &Preset, chip: &Emitted) -> String {
    let mut page = format!(
        "# Ports of `{TOP}`, preset {} at {} bits\n\nA beat moves when `tvalid` and `tready` are high in the same cycle. One clock, synchronous active-high reset.\n",
        preset.name, preset.data_width
    );
    let mut heading = None;
    for port in chip.ports() {
        let stream = stream_of(&port.name);
        let title = stream.map(|s| s.name);
        if heading != Some(title) {
            heading = Some(title);
            let (name, doc) = stream.map_or(("clock and reset", "One clock domain."), |s| {
                (s.name, s.doc)
            });
            let _ = write!(
                page,
                "\n## {name}\n\n{doc}\n\n| port | direction | bits | |\n|---|---|---|---|\n"
            );
        }
        let way = match port.dir {
            Dir::Input => "in",
            Dir::Output => "out",
        };
        let doc = doc_of(port, stream);
        let _ = writeln!(page, "| `{}` | {way} | {} | {doc} |", port.name, port.width);
    }
    page
}

/// The stream of a port: the longest name that the port's begins with.
fn stream_of(port: &str) -> Option<&'static Stream> {
    STREAMS
        .iter()
        .filter(|s| {
            port.strip_prefix(s.name)
                .is_some_and(|rest| rest.starts_with('_'))
        })
        .max_by_key(|s| s.name.len())
}

fn doc_of(port: &PortInfo, stream: Option<&Stream>) -> &'static str {
    let Some(stream) = stream else {
        return match port.name.as_str() {
            "clock" => "rising edge",
            "reset" => "active high, synchronous",
            _ => "",
        };
    };
    match port
        .name
        .strip_prefix(stream.name)
        .unwrap_or("")
        .trim_start_matches('_')
    {
        "tvalid" => "the other fields are valid",
        "tready" => "they are taken",
        name => stream
            .fields
            .iter()
            .find(|f| f.name == name)
            .map_or("", |f| f.doc),
    }
}
