//! Latency of FPDUs that share a segment, and of one that straddles two: added cycles over a plain frame as long as the
//! segment (the last one), as for frames with one FPDU.

use super::flows::{requests, Rig, MSS, PATIENCE};
use super::{BenchError, Figure};
use crate::build::FrameSpec;
use crate::chip::{Post, Sink, RQ_NIC};

/// The k-th FPDU of a segment may add 2 (k - 1) cycles and this.
pub const BUDGET: f64 = 3.0;
pub const SHARED: &str = "FPDUs of one segment, beyond 2 a further one";
pub const STRADDLING: &str = "straddling FPDU";
/// FPDUs of a segment, and octets of each one's Write: up to 12, and what fits a segment.
const CASES: [(usize, usize); 6] = [(12, 64), (2, 64), (7, 67), (2, 700), (5, 250), (3, 456)];
const BUFFER: u64 = 0x6000_0000;

/// Cycles from tlast to the DMA request of a plain frame of `len` octets.
fn plain(rig: &mut Rig, len: usize) -> Result<i64, BenchError> {
    rig.chip.sink = Sink::Open;
    rig.chip.post(Post {
        rq: RQ_NIC,
        idx: 0,
        addr: BUFFER,
        len: 16_384,
    });
    for _ in 0..100 {
        rig.chip.tick()?;
    }
    let mut other = FrameSpec::default();
    other.src.port = 1;
    let headers = other.frame(&[]).len();
    let frame = other.frame(&vec![0; len - headers]);
    let start = rig.chip.cycle();
    rig.chip.send(start, frame);
    while rig.chip.writes.is_empty() {
        rig.chip.tick()?;
        if rig.chip.cycle() > start + PATIENCE {
            return Err(rig.wrong("a plain frame is not placed"));
        }
    }
    for _ in 0..100 {
        rig.chip.tick()?;
    }
    let request = rig.chip.writes[0].req_cycle as i64;
    let tlast = rig.chip.sent.last().map_or(0, |s| s.last) as i64;
    rig.chip.sent.clear();
    rig.chip.writes.clear();
    rig.chip.events.clear();
    Ok(request - tlast)
}

/// Added cycles of each of `count` Writes in one segment.
fn shared(rig: &mut Rig, count: usize, len: usize) -> Result<Vec<i64>, BenchError> {
    let octets: Vec<u8> = (0..count).flat_map(|_| rig.write(0, len)).collect();
    let frame = rig.segment(0, &octets, 0);
    let requested = requests(rig)?;
    let plain = plain(rig, frame)?;
    Ok(requested.iter().map(|r| r - plain).collect())
}

/// Added cycles of a Write of `len` octets, cut after `cut`.
fn straddling(rig: &mut Rig, len: usize, cut: usize) -> Result<i64, BenchError> {
    let octets = rig.write(0, len);
    rig.segment(0, &octets[..cut], 1);
    let frame = rig.segment(0, &octets[cut..], 0);
    let requested = requests(rig)?[0];
    Ok(requested - plain(rig, frame)?)
}

pub(super) fn figures(rig: &mut Rig) -> Result<Vec<Figure>, BenchError> {
    let preset = rig.preset.name.clone();
    let mut worst = (i64::MIN, String::new());
    for (count, len) in CASES {
        let added = shared(rig, count, len)?;
        for (n, added) in added.into_iter().enumerate() {
            let beyond = added - 2 * n as i64;
            if beyond > worst.0 {
                let nth = n + 1;
                worst = (beyond, format!("worst: FPDU {nth} of {count} of {len} B"));
            }
        }
    }
    let joint = Figure::new(&preset, SHARED, worst.0 as f64, "cycles", worst.1).at_most(BUDGET);
    let mut worst = (i64::MIN, 0, 0);
    for len in [64, 512, 1440, 4000] {
        let whole = 20 + len;
        for part in [1, 2, 10, 20, 40, len / 2, len - 4, len + 18, whole - 1] {
            if whole - part <= MSS && part < whole {
                let tail = straddling(rig, len, part)?;
                if tail > worst.0 {
                    worst = (tail, len, part);
                }
            }
        }
    }
    let note = format!(
        "{} octets, {} of them in the first segment",
        worst.1, worst.2
    );
    let cut = Figure::new(&preset, STRADDLING, worst.0 as f64, "cycles", note);
    Ok(vec![joint, cut])
}
