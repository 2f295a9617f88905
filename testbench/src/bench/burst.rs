//! Frames back to back at wire rate on one connection: each against the plain frame in the same place of the same burst.

use super::rig::WIRE;
use super::sweep::LONGEST;
use super::{BenchError, Extent, Figure, Kind, Progress, Rig, Sample};

pub(super) const BUDGET: f64 = 3.0;

/// When each of `n` frames of `len` octets starts, from 0: every (len + 24) / K cycles on average, never less than its
/// beats apart, fractions carried.
pub fn schedule(n: usize, len: u64, k: u64) -> Vec<u64> {
    let beats = len.div_ceil(k);
    let (mut at, mut owed) = (0, 0);
    let mut starts = Vec::with_capacity(n);
    for _ in 0..n {
        starts.push(at);
        owed += len + WIRE;
        let step = (owed / k).max(beats);
        owed = owed.saturating_sub(step * k);
        at += step;
    }
    starts
}

fn lengths(extent: Extent) -> Vec<usize> {
    let (dense, stride) = if extent == Extent::Full {
        (302, 4 * 83)
    } else {
        (206, 4 * 331)
    };
    let mut all: Vec<usize> = (78..=dense).step_by(4).collect();
    all.extend((dense + 4..LONGEST).step_by(stride));
    all.push(LONGEST);
    all
}

/// One burst of `n` frames; the Sends are messages of several segments, so that the posted receives suffice.
fn burst(rig: &mut Rig, kind: Kind, len: usize, n: usize) -> Result<Vec<Sample>, BenchError> {
    let segments = n.div_ceil(rig.messages() as usize);
    let base = rig.chip.cycle() + 100;
    let starts = schedule(n, len as u64, rig.k());
    for (i, at) in starts.iter().enumerate() {
        let kind = match kind {
            Kind::Send { .. } => Kind::Send {
                last: (i + 1) % segments == 0 || i + 1 == n,
            },
            other => other,
        };
        rig.offer(kind, len, base + at)?;
    }
    let samples = rig.finish()?;
    // The port was never late: the schedule is what was measured.
    if samples
        .iter()
        .zip(&starts)
        .any(|(s, at)| s.first != base + at)
    {
        return Err(rig.wrong("a burst was not played as planned"));
    }
    rig.ticks(60)?;
    rig.collect()?;
    Ok(samples)
}

pub fn figures(
    rig: &mut Rig,
    extent: Extent,
    progress: &Progress,
) -> Result<Vec<Figure>, BenchError> {
    let mut worst = [(i64::MIN, 0, 0); 3];
    let mut over = [0; 3];
    let mut count = [0; 3];
    for len in lengths(extent) {
        progress.set(
            &rig.preset.name,
            format!("back to back: {len} of {LONGEST} octets"),
        );
        let n = match (extent, len) {
            (Extent::Full, ..=302) => 64,
            (Extent::Quick, ..=302) => 24,
            (_, ..=2000) => 16,
            _ => 8,
        };
        let plain = burst(rig, Kind::Plain, len, n)?;
        for (i, kind) in Kind::IWARP.into_iter().enumerate() {
            if len < kind.shortest(rig.timestamps) {
                continue;
            }
            for (nth, (s, p)) in burst(rig, kind, len, n)?.iter().zip(&plain).enumerate() {
                let added = s.tail() - p.tail();
                count[i] += 1;
                over[i] += usize::from(added as f64 > BUDGET);
                if added > worst[i].0 {
                    worst[i] = (added, len, nth);
                }
            }
        }
    }
    let mut figures = Vec::new();
    for (i, kind) in Kind::IWARP.into_iter().enumerate() {
        let (added, len, nth) = worst[i];
        let note = format!(
            "{} frames, most at frame {nth} of {len} B, {} over budget",
            count[i], over[i]
        );
        let name = format!("added cycles, {}, back to back", kind.name());
        figures.push(
            Figure::new(&rig.preset.name, &name, added as f64, "cycles", note).at_most(BUDGET),
        );
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_keeps_the_wire_rate_and_never_less_than_the_beats() {
        for (len, k) in [
            (78, 8),
            (78, 64),
            (1514, 8),
            (1514, 64),
            (126, 64),
            (9014, 64),
            (138, 64),
        ] {
            let n = 1000;
            let starts = schedule(n + 1, len, k);
            let beats = len.div_ceil(k);
            assert!(
                starts.windows(2).all(|w| w[1] - w[0] >= beats),
                "{len} at {k}"
            );
            let rate = ((len + WIRE) as f64 / k as f64).max(beats as f64);
            assert!(
                (starts[n] as f64 - rate * n as f64).abs() <= 1.0,
                "{len} at {k}"
            );
        }
    }
}
