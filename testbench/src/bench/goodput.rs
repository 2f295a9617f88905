//! Goodput of Writes on one connection: payload placed over payload offered, the DMA sink charging for its packets.
//!
//! Frames are offered at wire rate ([`schedule`]). Destinations are 256-byte aligned; the sink carries W bits a cycle and
//! charges 16 octets for each packet of 256, fractions of a cycle carried over. Offered: payload a cycle between the first
//! frame's last beat on the MAC port and the last frame's. Placed: payload a cycle between the first write's last data beat
//! and the last one's. Both count the same frames, so no end is left over.

use super::burst::schedule;
use super::{BenchError, Extent, Figure, Kind, Progress, Rig};
use crate::chip::Sink;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;

/// What the sink charges.
pub(super) const SINK: Sink = Sink::Charged {
    packet: 256,
    overhead: 16,
};
/// Payload octets and budget, on one connection and over many.
pub(super) const CASES: [(usize, f64); 2] = [(1440, 0.99), (64, 0.95)];

pub fn figures(
    preset: &Preset,
    lib: &ModelLib,
    extent: Extent,
    progress: &Progress,
) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for (payload, budget) in CASES {
        let mut rig = Rig::new(preset, lib, false)?;
        rig.chip.sink = SINK;
        let n = extent.frames(preset);
        progress.set(
            &preset.name,
            format!("goodput: {n} Writes of {payload} octets"),
        );
        let goodput = goodput(&mut rig, payload, n)?;
        let name = format!("goodput, {payload} B Writes");
        let gbps = goodput.placed * 8.0 * preset.clock_mhz / 1000.0;
        let note = format!(
            "{n} frames, {gbps:.2} Gb/s of payload at {} MHz",
            preset.clock_mhz
        );
        figures.push(Figure::new(&preset.name, &name, goodput.ratio, "", note).at_least(budget));
    }
    Ok(figures)
}

struct Goodput {
    ratio: f64,
    /// Octets a cycle.
    placed: f64,
}

fn goodput(rig: &mut Rig, payload: usize, n: usize) -> Result<Goodput, BenchError> {
    let len = Kind::Write.shortest(rig.timestamps) - 4 + payload;
    let base = rig.chip.cycle() + 100;
    let starts = schedule(n + 1, len as u64, rig.k());
    let octets: Vec<u8> = (0..payload).map(|i| (i * 7) as u8).collect();
    for at in &starts[..n] {
        rig.offer_payload(Kind::Write, &octets, base + at)?;
    }
    // A frame that was dropped leads to no write: `finish` says so.
    let samples = rig.finish()?;
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Err(rig.wrong("no Write was placed"));
    };
    // Over the same intervals at both ends: from the first frame to the last one, as offered and as placed.
    let offered = (last.last - first.last) as f64 / (n - 1) as f64;
    let took = (last.end - first.end) as f64 / (n - 1) as f64;
    Ok(Goodput {
        ratio: offered / took,
        placed: payload as f64 / took,
    })
}
