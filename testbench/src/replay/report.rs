//! The result of a replay, as JSON and for people.

use super::observe::Track;
use super::Progress;
use crate::capture::Capture;
use crate::golden::OpCounts;
use ferrowarp_hdl::preset::Preset;
use serde::Serialize;
use std::collections::BTreeMap;

/// Differences listed for one connection; all are counted.
pub const LISTED: usize = 20;

/// A connection (or one side of it) that was not replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skip {
    pub connection: String,
    pub reason: String,
}

/// The chip did something else than the golden model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    pub connection: String,
    /// "payload", "placement", "memory", "completion", "read request", "state" ...
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    pub expected: String,
    pub got: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.connection, self.what)?;
        if let Some(a) = self.address {
            write!(f, " at {a:#x}")?;
        }
        write!(f, ": expected {}, got {}", self.expected, self.got)
    }
}

/// Something that must not happen whatever the traffic is: a write outside of memory, a stray event, a hang.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub connection: String,
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.connection, self.message)
    }
}

/// Cycles from a frame's last beat to its first DMA request, and nanoseconds at the preset's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub min: u64,
    pub median: u64,
    pub max: u64,
    pub min_ns: f64,
    pub median_ns: f64,
    pub max_ns: f64,
}

impl Latency {
    pub fn of(mut cycles: Vec<u64>, preset: &Preset) -> Option<Latency> {
        cycles.sort_unstable();
        let (min, max) = (*cycles.first()?, *cycles.last()?);
        let median = cycles[cycles.len() / 2];
        let ns = |c: u64| (preset.ns(c as f64) * 10.0).round() / 10.0;
        Some(Latency {
            min,
            median,
            max,
            min_ns: ns(min),
            median_ns: ns(median),
            max_ns: ns(max),
        })
    }
}

/// One side of one connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionReport {
    /// "server of 10.7.0.2:40000 - 10.7.0.1:18515"
    pub name: String,
    /// Chip instance, as in `runs`.
    pub run: usize,
    pub frames: u64,
    /// By opcode, as the golden model read them.
    pub fpdus: BTreeMap<String, u64>,
    pub bytes_placed: u64,
    pub bytes_expected: u64,
    pub bytes_compared: u64,
    pub completions: u64,
    pub completions_expected: u64,
    pub read_requests: u64,
    pub atomic_requests: u64,
    /// The error that ended the stream, if the original capture asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
    /// From the first beat of its first frame to its last output.
    pub cycles: u64,
    pub fast_forwarded_cycles: u64,
    pub bytes_per_cycle: f64,
    pub latency: Option<Latency>,
    pub mismatches: u64,
    pub errors: u64,
}

/// One chip instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    pub run: usize,
    pub what: String,
    pub connections: usize,
    pub frames: u64,
    /// Frames of no installed connection, given to the host whole.
    pub plain_frames: u64,
    /// Simulated, from the first frame on.
    pub cycles: u64,
    pub fast_forwarded_cycles: u64,
    /// Cycles for which frames waited for receives, Reads or answers that the capture has before them.
    pub held_cycles: u64,
    /// Counters of the chip that are not zero.
    pub counters: BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub capture: String,
    pub preset: String,
    pub data_width: usize,
    pub clock_mhz: f64,
    /// "timed" or "line rate"
    pub pace: String,
    pub frames: u64,
    pub fpdus: BTreeMap<String, u64>,
    pub bytes_placed: u64,
    pub bytes_expected: u64,
    pub bytes_compared: u64,
    pub completions: u64,
    pub completions_expected: u64,
    /// The first ones of each connection; `mismatch_count` counts all.
    pub mismatches: Vec<Mismatch>,
    pub mismatch_count: u64,
    pub errors: Vec<Fault>,
    pub skipped: Vec<Skip>,
    pub fast_forwarded_cycles: u64,
    pub connections: Vec<ConnectionReport>,
    pub runs: Vec<RunReport>,
    pub notes: Vec<String>,
    /// The first frames of the run that placed most, cycle by cycle.
    pub pipeline: Vec<Track>,
}

impl Report {
    pub(super) fn new(capture: &Capture, preset: &Preset, line_rate: bool) -> Report {
        Report {
            capture: capture.name.clone(),
            preset: preset.name.clone(),
            data_width: preset.data_width,
            clock_mhz: preset.clock_mhz,
            pace: if line_rate { "line rate" } else { "timed" }.into(),
            frames: 0,
            fpdus: BTreeMap::new(),
            bytes_placed: 0,
            bytes_expected: 0,
            bytes_compared: 0,
            completions: 0,
            completions_expected: 0,
            mismatches: Vec::new(),
            mismatch_count: 0,
            errors: Vec::new(),
            skipped: Vec::new(),
            fast_forwarded_cycles: 0,
            connections: Vec::new(),
            runs: Vec::new(),
            notes: Vec::new(),
            pipeline: Vec::new(),
        }
    }

    /// Each note once.
    pub(super) fn note(&mut self, text: String, progress: &mut dyn FnMut(Progress)) {
        if !self.notes.contains(&text) {
            progress(Progress::Note(text.clone()));
            self.notes.push(text);
        }
    }

    /// Sums over the connections.
    pub(super) fn finish(&mut self) {
        for c in &self.connections {
            for (op, n) in &c.fpdus {
                *self.fpdus.entry(op.clone()).or_default() += n;
            }
            self.bytes_placed += c.bytes_placed;
            self.bytes_expected += c.bytes_expected;
            self.bytes_compared += c.bytes_compared;
            self.completions += c.completions;
            self.completions_expected += c.completions_expected;
        }
        for r in &self.runs {
            self.frames += r.frames;
            self.fast_forwarded_cycles += r.fast_forwarded_cycles;
        }
    }

    /// The chip did what the golden model did, everywhere.
    pub fn agrees(&self) -> bool {
        self.mismatch_count == 0
            && self.errors.is_empty()
            && self.bytes_placed == self.bytes_expected
            && self.bytes_compared == self.bytes_expected
            && self.completions == self.completions_expected
    }

    /// One line that says how it went.
    pub fn verdict(&self) -> String {
        let skipped = match self.skipped.len() {
            0 => String::new(),
            n => format!(", {n} skipped"),
        };
        let sums = format!(
            "{} octets placed, {} expected, {} compared; {} completions, {} expected",
            self.bytes_placed,
            self.bytes_expected,
            self.bytes_compared,
            self.completions,
            self.completions_expected
        );
        if self.connections.is_empty() {
            format!("nothing replayed, nothing compared{skipped}")
        } else if self.agrees() {
            format!("agrees: {sums}{skipped}")
        } else {
            let (m, e) = (self.mismatch_count, self.errors.len());
            format!("DIFFERS: {m} mismatches, {e} errors; {sums}{skipped}")
        }
    }
}

/// Opcode counts under their names.
pub(super) fn by_name(ops: &OpCounts) -> BTreeMap<String, u64> {
    ops.0
        .iter()
        .map(|(op, n)| (op.name().to_string(), *n))
        .collect()
}
