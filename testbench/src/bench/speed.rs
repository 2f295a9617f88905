//! Simulated cycles a second, wall clock: idle, and with frames running. Reported, never judged: a busy machine is slower.

use super::burst::schedule;
use super::{BenchError, Figure, Kind, Progress, Rig};
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use std::time::Instant;

/// How the names of these figures begin.
pub const NAME: &str = "simulation speed";

const IDLE: u64 = 20_000;
const FRAMES: usize = 600;

pub fn figures(
    preset: &Preset,
    lib: &ModelLib,
    progress: &Progress,
) -> Result<Vec<Figure>, BenchError> {
    progress.set(&preset.name, NAME);
    let mut rig = Rig::new(preset, lib, false)?;
    let start = Instant::now();
    rig.ticks(IDLE)?;
    let idle = IDLE as f64 / start.elapsed().as_secs_f64();

    let base = rig.chip.cycle() + 20;
    for at in schedule(FRAMES, 1514, rig.k()) {
        rig.offer(Kind::Write, 1514, base + at)?;
    }
    let (start, from) = (Instant::now(), rig.chip.cycle());
    rig.finish()?;
    let cycles = rig.chip.cycle() - from;
    let busy = cycles as f64 / start.elapsed().as_secs_f64();

    let figure = |what, value: f64, note: String| {
        let name = format!("{NAME}, {what}");
        Figure::new(&preset.name, &name, value.round(), "cycles/s", note)
    };
    Ok(vec![
        figure(
            "frames running",
            busy,
            format!("aim 50000 at 512 b; {cycles} cycles"),
        ),
        figure("idle", idle, format!("{IDLE} cycles")),
    ])
}
