//! Goodput over many connections and over cut streams. What goes through the assembler has an aim instead of a budget
//! ([`REPORTED`]) where it is slower than it should be.
//!
//! Each connection's peer sends one stream of Writes, framed and cut beforehand. Frames follow each other at wire rate, but
//! no more are under way than fill half the frame slots, half the staging RAM or the window: a chip that is slower than the wire holds the peers back, as their
//! windows would, and loses no frame. Goodput is the time in which the FPDUs are offered over the time in which they are placed, with
//! the DMA sink of [`goodput`](super::goodput). Every write's address and octets are compared.

use super::goodput::{CASES, SINK};
use super::rig::{record, WIRE};
use super::{number, shared, BenchError, Extent, Figure, Progress};
use crate::build::{fpdu, ulpdu, FrameSpec};
use crate::chip::{Chip, Region, Sink, StagRights};
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// What a figure without a budget should reach one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing was promised.
    Open,
}

impl Aim {
    pub fn missed(self, value: f64) -> bool {
        match self {
            Aim::AtLeast(aim) => value < aim,
            Aim::AtMost(aim) => value > aim,
            Aim::Open => false,
        }
    }
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Aim::AtLeast(aim) => write!(f, "aim at least {}", number(*aim)),
            Aim::AtMost(aim) => write!(f, "aim at most {}", number(*aim)),
            Aim::Open => f.write_str("no aim"),
        }
    }
}

/// The figures without a budget, and their aims. No other figure but the simulation speed may be without one.
pub const REPORTED: &[(&str, Aim)] = &[
    ("goodput, 128 B Writes cut anywhere", Aim::Open),
    (shared::STRADDLING, Aim::AtMost(8.0)),
];
/// Payload octets of streams that are cut anywhere, and their budgets.
pub(super) const CUT: [(usize, Option<f64>); 4] = [
    (8192, Some(0.9)),
    (1440, Some(0.9)),
    (512, Some(0.9)),
    (128, None),
];
pub(super) const SWAPPED: (&str, f64) = ("goodput, 1440 B Writes, 5 % of segments swapped", 0.95);

/// The aim of a reported figure.
pub fn aim(name: &str) -> Option<Aim> {
    let found = REPORTED.iter().find(|(n, _)| *n == name);
    found.map(|(_, aim)| *aim)
}

/// Is there an aim, and is it missed?
pub fn misses_aim(f: &Figure) -> bool {
    f.budget.is_none() && aim(&f.name).is_some_and(|aim| aim.missed(f.value))
}

const PD: u32 = 7;
/// Octets between the regions of two connections, and where the first begins.
const APART: u64 = 1 << 20;
const FIRST: u64 = 0x00ab_c000_0000;
/// Largest TCP payload of a cut stream.
pub(super) const MSS: usize = 1460;
pub(super) const PATIENCE: u64 = 50_000;
/// Octets that one peer has under way at most: within the window of [`record`].
const WINDOW: usize = 60_000;
/// Frames that wait for the port, so that it is never late.
const QUEUED: usize = 8;

/// A Write's destination and octets.
type Want = (u64, Vec<u8>);

struct Peer {
    spec: FrameSpec,
    want: VecDeque<Want>,
    /// FPDUs made, and placed.
    made: usize,
    placed: usize,
}

/// A frame, its connection, and the FPDU of that connection with which it is done.
struct Out {
    conn: usize,
    frame: Vec<u8>,
    done: usize,
}

pub(super) struct Rig {
    pub(super) chip: Chip,
    pub(super) preset: Preset,
    peers: Vec<Peer>,
    out: VecDeque<Out>,
    /// Frames under way: connection, FPDU with which it is done, octets.
    under_way: Vec<(usize, usize, usize)>,
}

/// When the wire was done with its frames, and when the chip was.
struct Span {
    ratio: f64,
    frames: usize,
}

impl Rig {
    fn new(preset: &Preset, lib: &ModelLib, conns: usize) -> Result<Self, BenchError> {
        let chip = Chip::new(lib, &preset.cfg(), preset.data_width / 8, 1)?;
        let mut rig = Self {
            chip,
            preset: preset.clone(),
            peers: Vec::new(),
            out: VecDeque::new(),
            under_way: Vec::new(),
        };
        for n in 0..conns {
            let mut spec = FrameSpec::default();
            spec.src.port = 20_000 + n as u16;
            spec.seq = 0x1000_0000u32.wrapping_mul(n as u32);
            rig.chip.install(n as u16, &record(&spec))?;
            rig.chip.register_region(&Region {
                stag: stag(n),
                rights: StagRights {
                    remote_write: true,
                    ..Default::default()
                },
                pd: PD,
                bound_to: None,
                base: 0,
                len: APART as u32,
                pa: FIRST + APART * n as u64,
            })?;
            rig.peers.push(Peer {
                spec,
                want: VecDeque::new(),
                made: 0,
                placed: 0,
            });
        }
        Ok(rig)
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> BenchError {
        BenchError::Wrong {
            preset: self.preset.name.clone(),
            what: what.into(),
        }
    }

    /// The FPDU of the connection's next Write, of `len` octets.
    pub(super) fn write(&mut self, conn: usize, len: usize) -> Vec<u8> {
        let p = &mut self.peers[conn];
        // Destinations are 256-byte aligned, as an application's buffers are.
        let slots = APART / (len as u64).next_multiple_of(256);
        let to = (p.made as u64 % slots) * (len as u64).next_multiple_of(256);
        let octets: Vec<u8> = (0..len).map(|i| (i * 7 + p.made) as u8).collect();
        let unit = ulpdu::write(stag(conn), to, &octets, true);
        p.made += 1;
        p.want.push_back((FIRST + APART * conn as u64 + to, octets));
        fpdu(&unit)
    }

    /// A segment of the connection's stream; with it, all FPDUs made up to now but `open` are complete. Returns the
    /// frame's length.
    pub(super) fn segment(&mut self, conn: usize, octets: &[u8], open: usize) -> usize {
        let p = &mut self.peers[conn];
        let frame = p.spec.frame(octets);
        p.spec.seq = p.spec.seq.wrapping_add(octets.len() as u32);
        let done = p.made - open;
        let len = frame.len();
        self.out.push_back(Out { conn, frame, done });
        len
    }

    fn collect(&mut self) -> Result<Option<u64>, BenchError> {
        let mut last = None;
        for w in std::mem::take(&mut self.chip.writes) {
            let p = &mut self.peers[usize::from(w.conn)];
            match p.want.pop_front() {
                Some((addr, octets)) if addr == w.addr && octets == w.data => p.placed += 1,
                _ => {
                    let text = format!("connection {}: a wrong Write to {:#x}", w.conn, w.addr);
                    return Err(self.wrong(text));
                }
            }
            last = Some(w.last_data);
        }
        if let Some(e) = self.chip.events.first() {
            let text = format!("event of kind {} (error {:#06x})", e.kind, e.term);
            return Err(self.wrong(text));
        }
        self.chip.acks.clear();
        let peers = &self.peers;
        self.under_way
            .retain(|(conn, done, _)| peers[*conn].placed < *done);
        Ok(last)
    }

    /// Plays all segments.
    fn play(&mut self) -> Result<Span, BenchError> {
        let k = self.chip.k as u64;
        // Half the frame slots, half the staging RAM.
        let slots = 1usize << (self.preset.sizes.slot_bits - 1);
        let stage = self.chip.k << (self.preset.sizes.stage_bits - 1);
        let stage = stage.min(WINDOW * self.peers.len());
        let frames = self.out.len();
        let base = self.chip.cycle() + 100;
        // Where an unhindered port would be, and the ends there of the first and the last frame that complete an FPDU; of the
        // first write and the last one.
        let mut ideal = 0;
        let (mut first_offered, mut last_offered) = (None, 0);
        let mut completed = vec![0; self.peers.len()];
        let mut next = base;
        let mut owed = 0;
        let (mut first, mut last) = (None, 0);
        let mut since = base;
        loop {
            while self.under_way.len() < slots
                && self.under_way.iter().map(|u| u.2).sum::<usize>() < stage
                && self.chip.frames_left() < QUEUED
            {
                let Some(o) = self.out.pop_front() else { break };
                let len = o.frame.len() as u64;
                self.chip.send(next, o.frame);
                owed += len + WIRE;
                let step = (owed / k).max(len.div_ceil(k));
                owed = owed.saturating_sub(step * k);
                next += step;
                if o.done > completed[o.conn] {
                    completed[o.conn] = o.done;
                    last_offered = ideal + len.div_ceil(k);
                    first_offered.get_or_insert(last_offered);
                }
                ideal += step;
                self.under_way.push((o.conn, o.done, len as usize));
            }
            self.chip.tick()?;
            if self.chip.frames_left() == 0 {
                // Held back: the wire does not catch up.
                next = next.max(self.chip.cycle());
            }
            if let Some(end) = self.collect()? {
                first.get_or_insert(end);
                last = end;
                since = self.chip.cycle();
            }
            if self.out.is_empty() && self.peers.iter().all(|p| p.want.is_empty()) {
                break;
            }
            if self.chip.cycle() > since + PATIENCE {
                let counters = self.chip.counters()?;
                return Err(self.wrong(format!("nothing is placed any more: {counters:?}")));
            }
        }
        let took = last - first.unwrap_or(last);
        let offered = (last_offered - first_offered.unwrap_or(last_offered)) as f64;
        self.chip.sent.clear();
        Ok(Span {
            ratio: offered / took.max(1) as f64,
            frames,
        })
    }
}

fn stag(conn: usize) -> u32 {
    (0x1000 + conn as u32) << 8 | 0x21
}

/// Writes of `len` octets, one a segment, connection after connection.
fn interleaved(rig: &mut Rig, len: usize, n: usize) -> Result<Span, BenchError> {
    rig.chip.sink = SINK;
    let conns = rig.peers.len();
    for i in 0..n {
        let f = rig.write(i % conns, len);
        rig.segment(i % conns, &f, 0);
    }
    rig.play()
}

/// One stream of Writes of `len` octets, segments of random length.
fn cut(rig: &mut Rig, len: usize, octets: usize) -> Result<Span, BenchError> {
    rig.chip.sink = SINK;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut stream = Vec::new();
    let mut ends = Vec::new();
    while stream.len() < octets {
        let f = rig.write(0, len);
        stream.extend(f);
        ends.push(stream.len());
    }
    let mut at = 0;
    while at < stream.len() {
        let to = (at + rng.gen_range(MSS / 2..=MSS)).min(stream.len());
        let open = ends.iter().filter(|e| **e > to).count();
        rig.segment(0, &stream[at..to], open);
        at = to;
    }
    rig.play()
}

/// One stream of Writes, one a segment; one segment of 20 changes places with the next.
fn swapped(rig: &mut Rig, len: usize, n: usize) -> Result<Span, BenchError> {
    rig.chip.sink = SINK;
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..n {
        let f = rig.write(0, len);
        rig.segment(0, &f, 0);
    }
    let mut i = 1;
    while i + 1 < rig.out.len() {
        if rng.gen_bool(0.05) {
            rig.out.swap(i, i + 1);
            // Neither is placed before both are here.
            let done = rig.out[i].done.max(rig.out[i + 1].done);
            (rig.out[i].done, rig.out[i + 1].done) = (done, done);
            i += 1;
        }
        i += 1;
    }
    rig.play()
}

/// Cycles from the last beat of the last frame to each DMA request.
pub(super) fn requests(rig: &mut Rig) -> Result<Vec<i64>, BenchError> {
    rig.chip.sink = Sink::Open;
    let mut at = rig.chip.cycle() + 100;
    let mut requests = Vec::new();
    while let Some(o) = rig.out.pop_front() {
        let len = o.frame.len();
        rig.chip.send(at, o.frame);
        at += len as u64;
    }
    let mut since = rig.chip.cycle();
    while rig.peers.iter().any(|p| !p.want.is_empty()) {
        rig.chip.tick()?;
        requests.extend(rig.chip.writes.iter().map(|w| w.req_cycle));
        if rig.collect()?.is_some() {
            since = rig.chip.cycle();
        }
        if rig.chip.cycle() > since + PATIENCE {
            return Err(rig.wrong("an FPDU is not placed"));
        }
    }
    let tlast = rig.chip.sent.last().map_or(0, |s| s.last) as i64;
    rig.chip.sent.clear();
    // An open write is not seen until its data has ended, so the order is that of the data.
    Ok(requests.iter().map(|r| *r as i64 - tlast).collect())
}

/// Goodput of one stream of which segments change places. At full extent always: of a short run the last gap, which nothing
/// follows, is too great a part.
pub fn disorder(preset: &Preset, lib: &ModelLib) -> Result<Figure, BenchError> {
    let mut rig = Rig::new(preset, lib, 1)?;
    let span = swapped(&mut rig, 1440, Extent::Full.frames(preset))?;
    let note = format!("{} frames", span.frames);
    let (name, budget) = SWAPPED;
    Ok(Figure::new(&preset.name, name, span.ratio, "", note).at_least(budget))
}

pub fn figures(
    preset: &Preset,
    lib: &ModelLib,
    extent: Extent,
    progress: &Progress,
) -> Result<Vec<Figure>, BenchError> {
    let conns = match extent {
        Extent::Full => 1000.min(1 << preset.sizes.conn_bits),
        Extent::Quick => 60,
    };
    let n = extent.frames(preset);
    let mut figures = Vec::new();
    let mut add = |name: String, span: Span, budget: Option<f64>| {
        let note = format!("{} frames", span.frames);
        let f = Figure::new(&preset.name, &name, span.ratio, "", note);
        figures.push(match budget {
            Some(b) => f.at_least(b),
            None => f,
        });
    };
    for (len, budget) in CASES {
        progress.set(
            &preset.name,
            format!("goodput: {len} octets, {conns} connections"),
        );
        let mut rig = Rig::new(preset, lib, conns)?;
        let span = interleaved(&mut rig, len, n.max(2 * conns))?;
        add(
            format!("goodput, {len} B Writes, many connections"),
            span,
            Some(budget),
        );
    }
    for (len, budget) in CUT {
        progress.set(&preset.name, format!("goodput: {len} octets, cut anywhere"));
        let mut rig = Rig::new(preset, lib, 1)?;
        let span = cut(&mut rig, len, n * 250)?;
        add(
            format!("goodput, {len} B Writes cut anywhere"),
            span,
            budget,
        );
    }
    progress.set(&preset.name, "goodput: segments that change places");
    figures.push(disorder(preset, lib)?);
    progress.set(&preset.name, "FPDUs that share a segment, straddle two");
    let mut rig = Rig::new(preset, lib, 1)?;
    figures.extend(shared::figures(&mut rig)?);
    for f in figures.iter_mut().filter(|f| f.budget.is_none()) {
        if let Some(aim) = aim(&f.name) {
            let missed = if misses_aim(f) { ", MISSED" } else { "" };
            f.note = format!("{aim}{missed}; {}", f.note);
        }
    }
    Ok(figures)
}
