//! The headline: every frame length, isolated frames, iWARP against plain frames of the same length in the same chip.

use super::{BenchError, Extent, Figure, Kind, Progress, Rig, Sample};
use ferrowarp_hdl::preset::Preset;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Longest frame: 9000 octets of IP.
pub const LONGEST: usize = 9014;
/// Cycles between a frame's last beat and the next frame's first: every write is requested, and at most its data left.
const GAP: u64 = 40;
/// Added cycles, and cycles from a request to its first data beat.
pub(super) const BUDGET: f64 = 3.0;
/// Cycles from a long plain frame's last beat to its request.
pub(super) const PLAIN_BUDGET: f64 = 1.0;

/// Plain frames by length.
#[derive(Default)]
pub struct Plain(BTreeMap<usize, Sample>);

/// The lengths of a sweep: 2 mod 4, as a segment with one FPDU is.
pub fn lengths(extent: Extent, all: RangeInclusive<usize>) -> Vec<usize> {
    // Above 310 the quick stride still meets every number of octets in the last beat.
    let stride = 4 * 53;
    let keep = |l: &usize| {
        extent == Extent::Full || *l <= 310 || (*l - 310) % stride == 0 || *l == *all.end()
    };
    all.clone().step_by(4).filter(keep).collect()
}

/// The figures of one sweep. `plain` keeps the plain frames for the next.
pub fn figures(
    rig: &mut Rig,
    extent: Extent,
    plain: &mut Plain,
    progress: &Progress,
) -> Result<Vec<Figure>, BenchError> {
    let first = Kind::Write.shortest(rig.timestamps);
    let all = lengths(extent, first..=LONGEST);
    let mut samples = Vec::new();
    let what = if rig.timestamps {
        "sweep with timestamps"
    } else {
        "sweep"
    };
    for (i, len) in all.iter().enumerate() {
        if i % 16 == 0 {
            progress.set(
                &rig.preset.name,
                format!("{what}: {len} of {LONGEST} octets"),
            );
        }
        for kind in [
            Kind::Plain,
            Kind::Write,
            Kind::ReadResponse,
            Kind::Send { last: true },
        ] {
            let known = kind == Kind::Plain && plain.0.contains_key(len);
            if known || *len < kind.shortest(rig.timestamps) {
                continue;
            }
            rig.offer(kind, *len, rig.chip.cycle() + GAP)?;
            rig.play()?;
        }
        samples.extend(rig.collect()?);
    }
    samples.extend(rig.finish()?);
    isolated(rig, &samples)?;
    let (new, iwarp): (Vec<Sample>, Vec<Sample>) =
        samples.into_iter().partition(|s| s.kind == Kind::Plain);
    plain.0.extend(new.into_iter().map(|s| (s.len, s)));
    judge(rig, &iwarp, plain)
}

/// Each frame's write was requested before the next frame began, and its data gone before the next was complete.
fn isolated(rig: &Rig, samples: &[Sample]) -> Result<(), BenchError> {
    for pair in samples.windows(2) {
        if pair[0].request >= pair[1].first || pair[0].end >= pair[1].last {
            return Err(rig.wrong(format!(
                "frames of {} octets touch each other: raise the gap",
                pair[0].len
            )));
        }
    }
    Ok(())
}

fn judge(rig: &Rig, iwarp: &[Sample], plain: &Plain) -> Result<Vec<Figure>, BenchError> {
    let who = &rig.preset.name;
    let with = if rig.timestamps {
        ", TCP timestamps"
    } else {
        ""
    };
    let mut figures = Vec::new();
    for kind in Kind::IWARP {
        let mut worst: Option<(i64, usize)> = None;
        let (mut count, mut over) = (0, 0);
        for s in iwarp.iter().filter(|s| s.kind == kind) {
            let Some(p) = plain.0.get(&s.len) else {
                return Err(rig.wrong(format!(
                    "no plain frame of {} octets to compare with",
                    s.len
                )));
            };
            let added = s.tail() - p.tail();
            count += 1;
            over += usize::from(added as f64 > BUDGET);
            if worst.is_none_or(|(w, _)| added > w) {
                worst = Some((added, s.len));
            }
        }
        let Some((added, len)) = worst else {
            return Err(rig.wrong(format!("no {} was measured", kind.name())));
        };
        let note = format!("{count} lengths, most at {len} B, {over} over budget");
        let name = format!("added cycles, {}{with}", kind.name());
        figures.push(Figure::new(who, &name, added as f64, "cycles", note).at_most(BUDGET));
    }

    let all = || iwarp.iter().chain(plain.0.values());
    let late = |s: &&Sample| s.data - s.request;
    if let Some(s) = all().max_by_key(late) {
        let note = format!(
            "{} frames, most at a {} of {} B",
            all().count(),
            s.kind.name(),
            s.len
        );
        let name = format!("request to first data beat{with}");
        figures.push(Figure::new(who, &name, late(&s) as f64, "cycles", note).at_most(BUDGET));
    }
    if !rig.timestamps {
        figures.extend(plain_path(rig, plain));
    }
    Ok(figures)
}

/// Cycles from the beat that completes the tuple to the lookup's result.
pub(super) fn lookup(preset: &Preset) -> f64 {
    (3 + 2 * preset.sizes.latency) as f64
}

/// The plain path's own bound: after the beat that completes the tuple, or after tlast, whichever is later.
fn plain_path(rig: &Rig, plain: &Plain) -> Vec<Figure> {
    let (k, who) = (rig.k(), &rig.preset.name);
    let lookup = lookup(&rig.preset) as u64;
    // Octet 37 is the last of the ports.
    let tuple = |s: &Sample| s.first + 37 / k;
    let (short, long): (Vec<&Sample>, Vec<&Sample>) =
        plain.0.values().partition(|s| tuple(s) + lookup > s.last);
    let mut figures = Vec::new();
    if let Some(s) = short.iter().max_by_key(|s| s.request - tuple(s)) {
        let note = format!(
            "{} lengths that end before the lookup does, most at {} B",
            short.len(),
            s.len
        );
        let value = (s.request - tuple(s)) as f64;
        let f = Figure::new(who, "plain path, tuple to request", value, "cycles", note);
        figures.push(f.at_most(lookup as f64));
    }
    if let Some(s) = long.iter().max_by_key(|s| s.tail()) {
        let note = format!("{} longer lengths, most at {} B", long.len(), s.len);
        let f = Figure::new(
            who,
            "plain path, tlast to request",
            s.tail() as f64,
            "cycles",
            note,
        );
        figures.push(f.at_most(PLAIN_BUDGET));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_takes_every_length_and_quick_every_last_beat() {
        let full = lengths(Extent::Full, 78..=LONGEST);
        assert_eq!((full.len(), full[0], full.last()), (2235, 78, Some(&9014)));
        let quick = lengths(Extent::Quick, 78..=LONGEST);
        let long: std::collections::BTreeSet<usize> =
            quick.iter().filter(|l| **l > 310).map(|l| l % 64).collect();
        assert_eq!(long.len(), 16);
        assert!(quick.len() < 110 && quick.last() == Some(&9014));
    }
}
