//! What the replay tests share: presets with small tables, so that clearing them after reset is quick, and one built chip a
//! width.
#![allow(dead_code, reason = "each test file uses a part")]

use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::capture::{self, Capture};
use ferrowarp_testbench::replay::{Bench, Progress, ReplayOptions, Report};
use std::path::PathBuf;

/// `dc-25g` or `dc-100g` with few connections, regions and buckets.
pub fn preset(name: &str) -> Preset {
    let mut p = Preset::find(name).unwrap_or_else(|e| panic!("{e}"));
    p.sizes.conn_bits = 6;
    p.sizes.bucket_bits = 6;
    p.sizes.tpt_set_bits = 6;
    p
}

pub fn bench(preset: &Preset) -> Bench {
    Bench::new(preset, false, &mut |_| {}).unwrap_or_else(|e| panic!("{e}"))
}

pub fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("traces")
        .join(name)
}

pub fn read(name: &str) -> Capture {
    capture::read(&kept(name)).unwrap_or_else(|e| panic!("{e}"))
}

pub fn quiet(_: Progress) {}

/// Replays and returns the report, whatever it says.
pub fn replay(bench: &Bench, capture: &Capture, options: &ReplayOptions) -> Report {
    bench
        .replay(capture, options, &mut quiet)
        .unwrap_or_else(|e| panic!("{}: {e}", capture.name))
}

/// What a report complains about, for a failing test.
pub fn complaints(r: &Report) -> String {
    let mut out = format!(
        "{} {} bits, {}: {}\n",
        r.capture,
        r.data_width,
        r.pace,
        r.verdict()
    );
    for m in r.mismatches.iter().take(10) {
        out += &format!("  {m}\n");
    }
    for e in r.errors.iter().take(10) {
        out += &format!("  {e}\n");
    }
    for s in &r.skipped {
        out += &format!("  skipped {}: {}\n", s.connection, s.reason);
    }
    for run in &r.runs {
        out += &format!(
            "  run {} {}: {} frames, {} cycles, held {}, {:?}\n",
            run.run, run.what, run.frames, run.cycles, run.held_cycles, run.counters
        );
    }
    out
}
