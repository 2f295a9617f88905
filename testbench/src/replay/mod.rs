//! Replays a capture through the Verilated chip: one end of each connection is taken over by the chip, the other end's frames
//! are played into its MAC port, and every octet placed and every event is compared with the golden model's.
//!
//! * [`select`]: which connections are replayed, on which side, and which are skipped.
//! * [`pieces`]: where FPDUs end in the stream: what a frame needs beforehand, and what it causes.
//! * [`lane`]: one connection while it is played: its queues, its memory; [`compare`]: the comparison.
//! * [`player`]: one chip with its lanes, cycle by cycle: pacing, holds, fast-forward; [`observe`]: what comes out.
//! * [`report`]: the result; [`picture`]: the pipeline's occupancy as SVG.
//!
//! The expectation is the golden model's over the octet stream of the original capture. The frames may come from a changed
//! copy ([`ReplayOptions::frames_from`]): regions, receives and expectation stay those of the original, so a changed octet,
//! STag or offset is noticed although its checksums are right.

mod compare;
mod lane;
mod observe;
pub mod picture;
mod pieces;
mod player;
pub mod report;
pub mod select;

pub use report::Report;

use crate::capture::{self, Capture, CaptureError, RepairOptions};
use crate::chip::{build, ChipError};
use crate::replay_plan::RegionOverride;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Which end the chip takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// One, then the other.
    Both,
    Client,
    Server,
    /// Whichever end has this address.
    Address(IpAddr, u16),
}

/// Where a waveform goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// The second and later runs get `-2`, `-3` ... before the suffix.
    pub path: PathBuf,
    /// Only so many cycles of each run.
    pub cycles: Option<u64>,
}

/// How to replay.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    pub preset: Preset,
    pub endpoint: Endpoint,
    /// Frames back to back at the preset's line rate, not with their own spacing.
    pub line_rate: bool,
    /// Cycles: a longer gap between frames is fast-forwarded once the chip is quiet.
    pub longest_gap: u64,
    pub wave: Option<Wave>,
    pub regions: Vec<RegionOverride>,
    pub repair: RepairOptions,
    /// Play the frames of this changed copy; expect what the original says.
    pub frames_from: Option<Capture>,
    /// Unwritten state of the chip.
    pub seed: u64,
    /// Frames in the picture.
    pub picture_frames: usize,
}

impl ReplayOptions {
    pub fn new(preset: Preset) -> Self {
        ReplayOptions {
            preset,
            endpoint: Endpoint::Both,
            line_rate: false,
            longest_gap: 2000,
            wave: None,
            regions: Vec::new(),
            repair: RepairOptions::default(),
            frames_from: None,
            seed: 1,
            picture_frames: 30,
        }
    }
}

/// What a replay is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Something a reader should know.
    Note(String),
    /// The Verilog is emitted and compiled, or found in the cache.
    Building,
    Built,
    /// A chip starts: its number, how many there will be, and what it plays.
    Run {
        number: usize,
        of: usize,
        what: String,
    },
    Frames {
        done: usize,
        of: usize,
        cycle: u64,
    },
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum ReplayError {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Chip(#[from] ChipError),
    #[error(
        "{capture}: no TCP connection in it; record on the interface that carries the RDMA traffic"
    )]
    NoConnections { capture: String },
    #[error(
        "{capture}: {frames} frames with two VLAN tags or an 802.1ad tag, and no TCP connection besides; one 802.1Q tag is supported: record behind the port that strips the outer one"
    )]
    StackedVlan { capture: String, frames: usize },
    #[error(
        "{capture}: no replayed connection uses the STag {given} of --region; they use {there}"
    )]
    NoSuchStag {
        capture: String,
        given: String,
        there: String,
    },
    #[error("{capture}: no connection has the endpoint {wanted}; there are {there}")]
    NoEndpoint {
        capture: String,
        wanted: String,
        there: String,
    },
    #[error("{name}: {reason}")]
    Setup { name: String, reason: String },
}

/// Reads the capture, builds the chip and replays.
pub fn run(
    path: &Path,
    options: &ReplayOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ReplayError> {
    // First the file: its faults are cheap to find.
    let capture = capture::read(path)?;
    let bench = Bench::new(&options.preset, options.wave.is_some(), progress)?;
    bench.replay(&capture, options, progress)
}

/// A built chip, for any number of replays.
pub struct Bench {
    lib: ModelLib,
    preset: Preset,
}

impl Bench {
    pub fn new(
        preset: &Preset,
        trace: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, ReplayError> {
        progress(Progress::Building);
        let lib = build::build(preset.data_width, &preset.cfg(), trace)?;
        progress(Progress::Built);
        let preset = preset.clone();
        Ok(Bench { lib, preset })
    }

    /// Replays all of a capture. `options.preset` must be the one the chip was built from.
    pub fn replay(
        &self,
        capture: &Capture,
        options: &ReplayOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, ReplayError> {
        let (capture, artefacts) = capture::repair(capture, &options.repair);
        let mut options = options.clone();
        let changed = options.frames_from.take();
        options.frames_from = changed.map(|c| capture::repair(&c, &options.repair).0);
        let options = &options;
        let flows = capture::extract(&capture);
        let chosen = select::select(&capture, &flows, options)?;
        let mut report = Report::new(&capture, &self.preset, options.line_rate);
        let repairing = options.repair.split || options.repair.fill_checksums;
        if artefacts.super_frames + artefacts.checksums_not_filled > 0 {
            let what = if repairing {
                "split and filled"
            } else {
                "kept"
            };
            report.note(format!("offload artefacts {what}: {artefacts}"), progress);
        } else if !artefacts.is_clean() {
            report.note(format!("{artefacts}"), progress);
        }
        if flows.extension_frames > 0 {
            let n = flows.extension_frames;
            report.note(
                format!("{n} IPv6 frames with extension headers left out: the chip gives such frames to the host"),
                progress,
            );
        }
        if flows.stacked_vlan_frames > 0 {
            let n = flows.stacked_vlan_frames;
            report.note(
                format!("{n} frames with two VLAN tags or an 802.1ad tag left out: not supported"),
                progress,
            );
        }
        report.skipped = chosen.skipped;
        for s in &report.skipped {
            progress(Progress::Note(format!(
                "skipped {}: {}",
                s.connection, s.reason
            )));
        }
        let of = chosen.batches.len();
        for (i, batch) in chosen.batches.iter().enumerate() {
            let what = batch.title();
            let number = i + 1;
            progress(Progress::Run { number, of, what });
            for note in batch.lanes.iter().flat_map(|l| &l.plan.notes) {
                report.note(note.clone(), progress);
            }
            player::play(&self.lib, batch, number, options, &mut report, progress)?;
        }
        report.finish();
        Ok(report)
    }
}
