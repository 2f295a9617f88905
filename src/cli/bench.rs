//! `ferrowarp bench`: the figures beside their budgets.

use anyhow::Context;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::bench::{self, flows, BenchError, Extent, Figure, Outcome, Progress};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `make mutants` leaves.
const MUTANTS: &str = "build/mutants.json";
/// What `make timing` leaves.
const TIMING: &str = "build/timing.md";

/// Measure latency, goodput and simulation speed of the chip, each beside its budget.
///
/// Exit code 1 when a budget is not met. Progress goes to stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ferrowarp bench
  ferrowarp bench --json build/bench.json --svg build/smallest_write.svg
  ferrowarp bench --page docs/results.md
  ferrowarp bench --quick --preset dc-25g     # some lengths, one width")]
pub struct Args {
    /// Where the figures go as JSON: a list of {name, preset, value, unit, budget, met}.
    #[arg(long, value_name = "FILE", default_value = "build/bench.json")]
    json: PathBuf,
    /// Where the picture of the smallest Write goes.
    #[arg(long, value_name = "FILE", default_value = "build/smallest_write.svg")]
    svg: PathBuf,
    /// Measure only this preset; may be given again. Default: dc-25g (64 bits) and dc-100g (512 bits).
    #[arg(long, value_name = "PRESET")]
    preset: Vec<String>,
    /// Also write the results page: the figures, what `make mutants` left in build/mutants.json, and build/timing.md of
    /// `make timing`, when they are there.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "quick"])]
    page: Option<PathBuf>,
    /// Some lengths instead of all.
    #[arg(long)]
    quick: bool,
}

pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let names: Vec<&str> = match args.preset.is_empty() {
        true => bench::PRESETS.to_vec(),
        false => args.preset.iter().map(String::as_str).collect(),
    };
    let presets = names
        .into_iter()
        .map(Preset::find)
        .collect::<Result<Vec<_>, _>>()?;
    let extent = if args.quick {
        Extent::Quick
    } else {
        Extent::Full
    };
    let progress = Progress::start();
    let outcomes = all(&presets, extent, &progress)?;
    let mut figures = Vec::new();
    for outcome in &outcomes {
        figures.extend(outcome.figures.iter().cloned());
    }
    for (preset, outcome) in presets.iter().zip(&outcomes) {
        figures.extend(bench::speed::figures(preset, &outcome.lib, &progress)?);
    }
    drop(progress);

    write!(out, "{}", bench::table(&figures))?;
    save(
        &args.json,
        &(serde_json::to_string_pretty(&figures)? + "\n"),
        out,
    )?;
    if let Some(svg) = outcomes.iter().find_map(|o| o.svg.as_ref()) {
        save(&args.svg, svg, out)?;
    }
    if let Some(path) = &args.page {
        let mutants = match fs::read_to_string(MUTANTS) {
            Ok(text) => {
                let score = bench::page::Score::parse(&text);
                Some(score.map_err(|e| anyhow::anyhow!("{MUTANTS}: {e}"))?)
            }
            Err(_) => {
                writeln!(
                    out,
                    "no {MUTANTS}: the page has no section of injected bugs"
                )?;
                None
            }
        };
        let timing = fs::read_to_string(TIMING).ok();
        if timing.is_none() {
            writeln!(out, "no {TIMING}: the page has no timing section")?;
        }
        let text = bench::page::page(&presets, &figures, mutants, timing.as_deref())
            .map_err(anyhow::Error::msg)?;
        save(path, &text, out)?;
    }
    let aims = figures.iter().filter(|f| flows::misses_aim(f)).count();
    if aims > 0 {
        writeln!(out, "{aims} figures without a budget miss their aim")?;
    }
    let missed: Vec<&Figure> = figures.iter().filter(|f| !f.met).collect();
    let held = figures.iter().filter(|f| f.budget.is_some()).count();
    if missed.is_empty() {
        writeln!(out, "all {held} budgets met")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{} of {held} budgets NOT met", missed.len())?;
    Ok(ExitCode::FAILURE)
}

/// The presets side by side, a thread each.
fn all(
    presets: &[Preset],
    extent: Extent,
    progress: &Progress,
) -> Result<Vec<Outcome>, BenchError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = presets
            .iter()
            .map(|preset| scope.spawn(move || bench::measure(preset, extent, progress)))
            .collect();
        let join = |t: std::thread::ScopedJoinHandle<_>| match t.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(join).collect()
    })
}

fn save(path: &Path, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(out, "wrote {}", path.display())?;
    Ok(())
}
