//! Captures of real peers through the chip: every octet placed and every event as the golden model's.
//!
//! `FERROWARP_TRACES=<dir> cargo nextest run -p ferrowarp-testbench --run-ignored all -E 'test(replay_collection)'` replays a
//! directory of captures; `FERROWARP_ONLY=36,80` picks some by the start of their name.

mod replay_support;

use ferrowarp_testbench::capture;
use ferrowarp_testbench::replay::{Bench, ReplayOptions};
use replay_support::{bench, complaints, kept, preset, replay};
use std::path::{Path, PathBuf};

/// Replays both sides at one pace; what is wrong, if anything.
fn check(
    bench: &Bench,
    options: &ReplayOptions,
    path: &Path,
    skips: bool,
) -> Result<String, String> {
    let capture = capture::read(path).map_err(|e| e.to_string())?;
    let start = std::time::Instant::now();
    let r = replay(bench, &capture, options);
    let good = r.agrees() && (skips || r.skipped.is_empty());
    let text = format!(
        "{} [{:.1} s]",
        complaints(&r),
        start.elapsed().as_secs_f64()
    );
    if good {
        Ok(text)
    } else {
        Err(text)
    }
}

fn all(files: &[PathBuf], preset_name: &str, skips: bool) {
    let preset = preset(preset_name);
    let bench = bench(&preset);
    let mut wrong = Vec::new();
    for path in files {
        for line_rate in [true, false] {
            let options = ReplayOptions {
                line_rate,
                ..ReplayOptions::new(preset.clone())
            };
            match check(&bench, &options, path, skips) {
                Ok(text) => println!("{text}"),
                Err(text) => {
                    println!("{text}");
                    wrong.push(text);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn kept_traces() -> Vec<PathBuf> {
    [
        "08_zero_length.pcap",
        "13_burst_small_write.pcap",
        "14_readburst_ord4.pcap",
        "30_term_use_after_inv.pcap",
        "31_crc_both.pcap",
        "36_crc_write_1MiB.pcap",
        "41_p2p_rtr_both.pcap",
        "80_rping.pcap",
        "90_write_bw.pcap",
    ]
    .map(kept)
    .to_vec()
}

#[test]
fn replay_kept_traces_at_64_bits() {
    all(&kept_traces(), "dc-25g", false);
}

#[test]
fn replay_kept_traces_at_512_bits() {
    all(&kept_traces(), "dc-100g", false);
}

fn collection() -> Vec<PathBuf> {
    let dir =
        std::env::var("FERROWARP_TRACES").expect("set FERROWARP_TRACES to a directory of captures");
    let only = std::env::var("FERROWARP_ONLY").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("directory")
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|x| x == "pcap"))
        .filter(|p| {
            let name = p
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            only.is_empty()
                || only.split(',').any(|o| {
                    name.strip_prefix(o)
                        .is_some_and(|rest| rest.starts_with(|c: char| !c.is_ascii_digit()))
                })
        })
        .collect();
    files.sort();
    files
}

#[test]
#[ignore = "needs FERROWARP_TRACES"]
fn replay_collection_at_64_bits() {
    all(&collection(), "dc-25g", true);
}

#[test]
#[ignore = "needs FERROWARP_TRACES"]
fn replay_collection_at_512_bits() {
    all(&collection(), "dc-100g", true);
}
