//! One chip with its connections, cycle by cycle.
//!
//! Frames start at the capture's own spacing, at the line rate at most, or back to back at the line rate. Our own steps
//! (mirrors, Reads, answers) go in up to [`LOOKAHEAD`] frames ahead, as a host and a transmit path would have done; a frame
//! that needs one which the chip has not taken yet is held, and the cycles are counted; so are those in which the line rate
//! pauses for the assembler. Gaps longer than
//! `ReplayOptions::longest_gap` are cut short once the chip has been quiet: it keeps no timers.

use super::lane::{Given, Lane, MIRROR};
use super::observe::Track;
use super::pieces::Span;
use super::report::{Fault, Report, RunReport};
use super::select::{Batch, Chosen};
use super::{Progress, ReplayError, ReplayOptions};
use crate::chip::{Chip, FrameTimes, Post, RQ_NIC};
use crate::replay_plan::Action;
use crate::wire::frame::FrameRepr;
use crate::wire::tcp::Flags;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use std::collections::VecDeque;
use std::time::Duration;

/// Frames ahead of which our own steps are given to the chip.
const LOOKAHEAD: usize = 4;
/// Cycles without any handshake after which the chip counts as quiet.
const QUIET: u64 = 256;
/// Cycles a beat of an FPDU that the assembler reads from its pool, without a sign to the outside.
const SILENT: u64 = 8;
/// Segments in the assembler at which the line rate pauses: a peer that sends on would get them acknowledged later and later,
/// and a capture cannot send again what the chip drops.
const BACKLOG: u64 = 8;
/// Cycles for which a frame is held before the replay goes on without.
const PATIENCE: u64 = 6000;
/// Cycles that the chip has to finish after the last frame.
const DRAIN: u64 = 200_000;
/// Host buffers for plain frames, and where they are: below everything else.
pub(super) const NIC_BUFFERS: u64 = 32;
pub(super) const NIC_BASE: u64 = 0x1000_0000;
pub(super) const NIC_STEP: u64 = 0x4000;

/// A step of the whole batch.
struct Item<'a> {
    lane: Option<usize>,
    /// Since the first step.
    time: Duration,
    what: What<'a>,
}

enum What<'a> {
    Frame { index: usize, octets: &'a [u8] },
    Input(&'a Action),
}

/// Inputs that the capture has before a frame.
#[derive(Clone, Copy, Default)]
struct Before {
    mirrors: u64,
    dones: u32,
}

/// A frame given to the chip.
pub(super) struct Played {
    pub(super) lane: Option<usize>,
    pub(super) index: usize,
    pub(super) seq: Option<u32>,
    pub(super) times: Option<FrameTimes>,
    pub(super) requested: bool,
}

pub(super) struct Player<'a> {
    pub(super) chip: Chip,
    pub(super) preset: &'a Preset,
    pub(super) lanes: Vec<Lane<'a>>,
    pub(super) given: Given,
    pub(super) played: Vec<Played>,
    /// By lane: stream position behind each played frame, rising, and its number in `played`.
    pub(super) reach: Vec<Vec<(u64, usize)>>,
    pub(super) writes: Vec<Vec<u64>>,
    pub(super) reports: Vec<Vec<u64>>,
    pub(super) plain: VecDeque<(usize, &'a [u8])>,
    pub(super) tracks: Vec<Track>,
    pub(super) track_limit: usize,
    pub(super) skipped: u64,
    pub(super) held: u64,
    pub(super) faults: Vec<Fault>,
    pub(super) supply: bool,
    /// Cycle at which the waveform ends.
    pub(super) wave_end: Option<u64>,
}

/// Plays a batch and adds its results to the report.
pub(super) fn play(
    lib: &ModelLib,
    batch: &Batch,
    number: usize,
    options: &ReplayOptions,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ReplayError> {
    let preset = &options.preset;
    let mut p = Player::new(lib, batch, options)?;
    let wave = p.open_wave(options, number)?;
    let items = items(batch);
    let start = p.chip.cycle();
    p.run(&items, options, progress)?;
    let cycles = p.chip.cycle() - start;
    p.conclude();
    let counters = p.chip.counters()?;
    p.count_fpdus(&counters);
    let what = batch.title();
    let placed = report.connections.iter().map(|c| c.bytes_placed);
    let most = placed.max().unwrap_or(0);
    let mut best = 0;
    let plain_frames = p.played.iter().filter(|f| f.lane.is_none()).count() as u64;
    for lane in p.lanes {
        let (conn, mismatches, faults) = lane.report(number, preset);
        best = best.max(conn.bytes_placed);
        report.mismatch_count += conn.mismatches;
        report.connections.push(conn);
        report.mismatches.extend(mismatches);
        report.errors.extend(faults);
    }
    if best > most || report.pipeline.is_empty() {
        report.pipeline = p.tracks;
    }
    report.errors.extend(p.faults);
    report.runs.push(RunReport {
        run: number,
        what,
        connections: batch.lanes.len(),
        frames: p.played.len() as u64,
        plain_frames,
        cycles,
        fast_forwarded_cycles: p.skipped,
        held_cycles: p.held,
        counters: counters
            .into_iter()
            .map(|(n, v)| (n.to_string(), v))
            .collect(),
        wave,
    });
    Ok(())
}

/// All steps of a batch in the order of the capture.
fn items(batch: &Batch) -> Vec<Item<'_>> {
    let mut all: Vec<(usize, Duration, Item)> = Vec::new();
    for (n, lane) in batch.lanes.iter().enumerate() {
        for (place, time, action) in lane.placed_steps() {
            let what = match action {
                Action::Frame { index, octets } => What::Frame {
                    index: *index,
                    octets,
                },
                other => What::Input(other),
            };
            let lane = Some(n);
            all.push((place, time, Item { lane, time, what }));
        }
    }
    for f in &batch.plain {
        let what = What::Frame {
            index: f.index,
            octets: &f.octets,
        };
        let item = Item {
            lane: None,
            time: f.time,
            what,
        };
        all.push((f.index, f.time, item));
    }
    // Stable: the steps of a lane stay in order.
    all.sort_by_key(|(place, _, _)| *place);
    let zero = all.iter().map(|a| a.1).min().unwrap_or_default();
    for (_, time, item) in &mut all {
        item.time = time.saturating_sub(zero);
    }
    all.into_iter().map(|(_, _, item)| item).collect()
}

impl<'a> Player<'a> {
    fn new(
        lib: &ModelLib,
        batch: &'a Batch,
        options: &'a ReplayOptions,
    ) -> Result<Self, ReplayError> {
        let preset = &options.preset;
        let mut chip = Chip::new(lib, &preset.cfg(), preset.data_width / 8, options.seed)?;
        let mut lanes = Vec::new();
        for (n, chosen) in batch.lanes.iter().enumerate() {
            let setup = |e: &dyn std::fmt::Display| ReplayError::Setup {
                name: chosen.plan.name.clone(),
                reason: e.to_string(),
            };
            let lane = Lane::new(chosen, n).map_err(|e| setup(&e))?;
            lane.install(&mut chip).map_err(|e| setup(&e))?;
            lanes.push(lane);
        }
        for i in 0..NIC_BUFFERS {
            chip.post(nic_buffer(i as u16));
        }
        chip.drain(32, DRAIN)?;
        let ends = |f: fn(&super::pieces::Pieces) -> Vec<u64>| {
            batch
                .lanes
                .iter()
                .map(|c: &Chosen| f(&c.pieces))
                .collect::<Vec<_>>()
        };
        Ok(Player {
            chip,
            preset,
            given: Given::default(),
            played: Vec::new(),
            reach: vec![Vec::new(); lanes.len()],
            writes: ends(|p| p.writes()),
            reports: ends(|p| p.reports()),
            lanes,
            plain: VecDeque::new(),
            tracks: Vec::new(),
            track_limit: options.picture_frames,
            skipped: 0,
            held: 0,
            faults: Vec::new(),
            supply: true,
            wave_end: None,
        })
    }

    fn open_wave(
        &mut self,
        options: &ReplayOptions,
        number: usize,
    ) -> Result<Option<String>, ReplayError> {
        let Some(wave) = &options.wave else {
            return Ok(None);
        };
        let mut path = wave.path.clone();
        if number > 1 {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            path.set_file_name(format!("{stem}-{number}"));
            path.set_extension(wave.path.extension().unwrap_or_default());
        }
        let period = (1e6 / self.preset.clock_mhz).round() as u64;
        let model = self.chip.model();
        model
            .open_wave(&path, period)
            .map_err(crate::chip::ChipError::from)?;
        Ok(Some(path.display().to_string()))
    }

    /// Plays all frames and waits for the end.
    fn run(
        &mut self,
        items: &[Item<'a>],
        options: &ReplayOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ReplayError> {
        let frames: Vec<usize> = (0..items.len())
            .filter(|i| matches!(items[*i].what, What::Frame { .. }))
            .collect();
        let mut before = vec![Before::default(); frames.len()];
        let (mut fed, mut fed_frames, mut next) = (0, 0, 0);
        // What the host does before any traffic.
        self.supply();
        while !self.chip.inputs_taken() {
            self.tick()?;
        }
        let origin = self.chip.cycle();
        let cycles_of = |t: Duration| t.as_secs_f64() * self.preset.clock_mhz * 1e6;
        // Cycle, with fractions, at which the wire is free again.
        let (mut wire, mut waited, mut paused) = (origin as f64, 0, 0);
        // What was kept ahead of a gap is read as slowly as it is silent.
        let patience = PATIENCE + self.silence(true);
        let (mhz, gbps) = (self.preset.clock_mhz, self.preset.line_gbps);
        while next < frames.len() {
            while fed < items.len() && fed_frames < frames.len().min(next + LOOKAHEAD) {
                self.feed(&items[fed], &mut before, &mut fed_frames);
                fed += 1;
            }
            self.supply();
            let item = &items[frames[next]];
            let now = self.chip.cycle();
            let mut due = wire;
            if !options.line_rate {
                let own = origin as f64 + cycles_of(item.time) - self.skipped as f64;
                due = due.max(own);
                let previous = next
                    .checked_sub(1)
                    .map_or(Duration::ZERO, |n| items[frames[n]].time);
                let gap = cycles_of(item.time.saturating_sub(previous));
                let quiet = now > self.chip.last_activity + self.silence(self.backlog() > 0)
                    && self.chip.inputs_taken();
                if gap > options.longest_gap as f64 && quiet && due > now as f64 + 1.0 {
                    let ahead = (due - now as f64) as u64;
                    self.skipped += ahead;
                    due -= ahead as f64;
                }
            }
            if now as f64 >= due && self.chip.frames_left() == 0 {
                match self.obstacle(item, before[next]) {
                    None if options.line_rate && self.pauses(item) => {
                        self.held += 1;
                        paused += 1;
                        if paused == patience {
                            self.lanes.iter_mut().for_each(|l| l.backlog = 0);
                        }
                    }
                    Some(what) if waited < patience => {
                        self.held += 1;
                        waited += 1;
                        if waited == patience {
                            self.give_up(item, &what);
                        }
                    }
                    _ => {
                        (waited, paused) = (0, 0);
                        self.play(item);
                        let from = if now as f64 - due < 1.0 {
                            due
                        } else {
                            now as f64
                        };
                        if let What::Frame { octets, .. } = item.what {
                            wire = from + (octets.len() + 24) as f64 * 8.0 / gbps * mhz / 1000.0;
                        }
                        next += 1;
                        if next % 64 == 0 {
                            self.tell(next, frames.len(), progress);
                        }
                    }
                }
            }
            self.tick()?;
            if self.chip.cycle() % 4096 == 0 {
                self.tell(next, frames.len(), progress);
            }
        }
        for item in &items[fed..] {
            self.feed(item, &mut before, &mut fed_frames);
        }
        self.tell(next, frames.len(), progress);
        self.settle()
    }

    /// Gives the chip what it has room for, if anything has changed.
    fn supply(&mut self) {
        if std::mem::take(&mut self.supply) {
            for lane in &mut self.lanes {
                lane.supply(&mut self.chip, &self.preset.cfg(), &mut self.given);
            }
        }
    }

    fn tell(&self, done: usize, of: usize, progress: &mut dyn FnMut(Progress)) {
        let cycle = self.chip.cycle();
        progress(Progress::Frames { done, of, cycle });
    }

    fn feed(&mut self, item: &Item<'a>, before: &mut [Before], frames: &mut usize) {
        match (&item.what, item.lane) {
            (What::Frame { .. }, lane) => {
                before[*frames] = Before {
                    mirrors: self.given.0[MIRROR],
                    dones: lane.map_or(0, |l| self.lanes[l].dones_due),
                };
                *frames += 1;
            }
            (What::Input(action), Some(l)) => {
                self.lanes[l].input(action, &mut self.chip, &mut self.given);
                self.supply = true;
            }
            (What::Input(_), None) => {}
        }
    }

    /// What keeps a frame from being played.
    fn obstacle(&self, item: &Item, before: Before) -> Option<String> {
        let lane = &self.lanes[item.lane?];
        let What::Frame { octets, .. } = item.what else {
            return None;
        };
        if !self.given.taken(&self.chip, MIRROR, before.mirrors) {
            return Some("our own transmit state".into());
        }
        let end = self.span(item.lane?, octets).map_or(0, |s| s.end);
        lane.waits_for(end, before.dones, &self.chip, &self.given)
    }

    fn span(&self, lane: usize, octets: &[u8]) -> Option<Span> {
        let start = self.lanes[lane].chosen.plan.install.rcv_nxt;
        let reach = self.reach[lane].last().map_or(0, |r| r.0);
        Span::of(octets, start, reach)
    }

    fn give_up(&mut self, item: &Item, what: &str) {
        if let (Some(l), What::Frame { index, .. }) = (item.lane, &item.what) {
            let frame = index + 1;
            let lane = &mut self.lanes[l];
            lane.fault(format!(
                "frame {frame} was held for more than {PATIENCE} cycles: the chip gave back nothing to take {what}"
            ));
            lane.alive = false;
        }
    }

    fn play(&mut self, item: &Item<'a>) {
        let What::Frame { index, octets } = item.what else {
            return;
        };
        let number = self.played.len();
        let mut seq = None;
        if let Some(l) = item.lane {
            self.lanes[l].frames += 1;
            if let Some(span) = self.span(l, octets) {
                seq = Some(span.seq);
                let reach = self.reach[l].last().map_or(0, |r| r.0);
                if span.payload > 0 && span.end > reach {
                    self.reach[l].push((span.end, number));
                }
            }
        } else {
            self.plain.push_back((index, octets));
        }
        self.played.push(Played {
            lane: item.lane,
            index,
            seq,
            times: None,
            requested: false,
        });
        self.chip.send(self.chip.cycle(), octets.to_vec());
    }

    /// One clock, and what came of it.
    fn tick(&mut self) -> Result<(), ReplayError> {
        self.chip.tick()?;
        if self.wave_end == Some(self.chip.cycle()) {
            self.chip.model().close_wave();
        }
        if !self.chip.sent.is_empty() {
            self.take_sent();
        }
        if !self.chip.writes.is_empty() {
            self.take_writes();
        }
        if !self.chip.events.is_empty() {
            self.take_events();
        }
        if !self.chip.acks.is_empty() {
            self.take_acks();
        }
        if !self.chip.read_requests.is_empty() {
            self.take_read_requests();
        }
        if !self.chip.atomic_requests.is_empty() {
            self.take_atomic_requests();
        }
        Ok(())
    }

    /// Cycles without any handshake after which nothing more comes.
    fn silence(&self, works: bool) -> u64 {
        let beats = (self.chip.cfg.max_fpdu / self.chip.k) as u64;
        QUIET + if works { SILENT * beats } else { 0 }
    }

    /// At the line rate: it is better to send this frame later. A FIN alone that comes before its turn is not kept.
    fn pauses(&self, item: &Item) -> bool {
        let fin_alone = |octets: &[u8]| {
            FrameRepr::parse(octets)
                .is_ok_and(|(r, at)| r.tcp.flags.has(Flags::FIN) && at.payload.is_empty())
        };
        match (self.backlog(), &item.what) {
            (0, _) => false,
            (1..BACKLOG, What::Frame { octets, .. }) => fin_alone(octets),
            _ => true,
        }
    }

    /// Segments in the assembler.
    fn backlog(&self) -> u64 {
        let alive = self.lanes.iter().filter(|l| l.alive);
        alive.map(|l| l.backlog).sum()
    }

    /// Ticks until all is quiet; a chip that never is gets an error.
    fn settle(&mut self) -> Result<(), ReplayError> {
        let start = self.chip.cycle();
        while self.chip.frames_left() > 0
            || !self.chip.inputs_taken()
            || self.supply
            || self.chip.cycle()
                <= self.chip.last_activity + self.silence(self.lanes.iter().any(Lane::unfinished))
        {
            self.supply();
            self.tick()?;
            if self.chip.cycle() - start > DRAIN {
                self.stray(format!("not quiet {DRAIN} cycles after the last frame"));
                break;
            }
        }
        for (index, _) in std::mem::take(&mut self.plain) {
            self.stray(format!("plain frame {} did not come out", index + 1));
        }
        Ok(())
    }

    /// The chip's own count of FPDUs against the golden model's. A stream that ends with an error has no exact count.
    fn count_fpdus(&mut self, counters: &[(&'static str, u32)]) {
        // When a connection already differs, that says it.
        if self.lanes.iter().any(|l| l.chosen.ended() || l.differs()) {
            return;
        }
        let of = |name| {
            counters
                .iter()
                .find(|c| c.0 == name)
                .map_or(0, |c| u64::from(c.1))
        };
        let taken = of("fpdu_fast") + of("fpdu_pool");
        let ops = self
            .lanes
            .iter()
            .map(|l| l.chosen.plan.expected.ops.total());
        let wanted: u64 = ops.sum();
        if taken != wanted {
            self.stray(format!("{taken} FPDUs taken, expected {wanted}"));
        }
    }

    fn conclude(&mut self) {
        for lane in &mut self.lanes {
            lane.conclude(&mut self.chip);
        }
    }
}

pub(super) fn nic_buffer(idx: u16) -> Post {
    Post {
        rq: RQ_NIC,
        idx,
        addr: NIC_BASE + u64::from(idx) * NIC_STEP,
        len: NIC_STEP as u32,
    }
}
