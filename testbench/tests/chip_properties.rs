//! Many small random duels over everything at once: operations, sizes, segmentation, TCP options, CRC on and off, loss,
//! repeats, disorder, bit flips, strangers, several connections, stalled sinks. Chip and golden endpoint must agree on memory,
//! completions and error codes; the duel's own invariants hold throughout.
//!
//! Most seeds are fixed. A few are new in every run: a failure prints the command that repeats its seed and leaves a waveform.

use ferrowarp_testbench::chip::duel::random::{self, Limits};
use ferrowarp_testbench::chip::duel::{small_cfg, waved_model, Duel, DuelError, Noise, Report};
use ferrowarp_testbench::chip::Chip;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Cases with seeds from the clock, per test of fresh seeds.
const FRESH: u64 = 40;

/// What the wire of a case does.
fn noise(seed: u64) -> Noise {
    match seed % 4 {
        0 => Noise::default(),
        1 => Noise {
            loss: 0.02,
            repeat: 0.05,
            late: 0.15,
            ..Noise::default()
        },
        2 => Noise {
            flip: 0.3,
            bad_fcs: 0.05,
            stranger: 0.3,
            malformed: 0.2,
            ..Noise::default()
        },
        _ => Noise {
            loss: 0.1,
            repeat: 0.1,
            flip: 0.1,
            bad_fcs: 0.05,
            late: 0.3,
            stranger: 0.1,
            malformed: 0.1,
        },
    }
}

fn one(width: usize, seed: u64, wave: Option<&PathBuf>) -> Result<Report, DuelError> {
    let limits = Limits {
        conns: 4,
        ops: 6,
        big: 1500,
        huge: 65_536,
        // Header, PAD and CRC; what is between them takes cycles and finds no faults.
        alone: 48,
        ..Limits::default()
    };
    let mut setup = random::setup(seed, limits);
    setup.noise = noise(seed);
    // A chip of its own, so that the seed alone repeats the case.
    let lib = waved_model(width, wave.is_some())?;
    let mut chip = Chip::new(&lib, &small_cfg(width), width / 8, seed)?;
    if let Some(file) = wave {
        chip.model()
            .open_wave(file, 4000)
            .map_err(ferrowarp_testbench::chip::ChipError::from)?;
    }
    Duel::new(&mut chip, &setup)?.run()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

/// Plays `seeds`, or the one that `FERROWARP_SEED` names, with a waveform in the file that `FERROWARP_WAVE` names.
/// `FERROWARP_CASES=n` plays n of them from the first on.
fn play(test: &str, width: usize, seeds: Range<u64>) {
    let wave = std::env::var_os("FERROWARP_WAVE").map(PathBuf::from);
    let seeds = match (number("FERROWARP_SEED"), number("FERROWARP_CASES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(n)) => seeds.start..seeds.start + n,
        (None, None) => seeds,
    };
    let mut total = Report::default();
    let count = seeds.end - seeds.start;
    let mut longest = Vec::new();
    for seed in seeds {
        match one(width, seed, wave.as_ref()) {
            Ok(r) => {
                println!("seed {seed}: {} cycles, {} frames", r.cycles, r.frames);
                longest.push((r.cycles, seed));
                total.cycles += r.cycles;
                total.frames += r.frames;
                total.octets += r.octets;
                total.events += r.events;
                total.errors += r.errors;
            }
            Err(e) => panic!(
                "seed {seed}, {width} bits: {e}\nrepeat: FERROWARP_SEED={seed} FERROWARP_WAVE={seed}.fst \
                 cargo nextest run -p ferrowarp-testbench --test chip_properties {test}"
            ),
        }
    }
    longest.sort_unstable();
    longest.reverse();
    longest.truncate(8);
    println!("{count} cases: {total:?}; longest (cycles, seed): {longest:?}");
}

/// Seeds that no run has used before.
fn fresh() -> Range<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let start = now.map_or(1 << 40, |d| d.as_millis() as u64 * 1000);
    start..start + FRESH
}

#[test]
fn properties_64_a() {
    play("properties_64_a", 64, 0..500);
}

#[test]
fn properties_64_b() {
    play("properties_64_b", 64, 500..1000);
}

#[test]
fn properties_512_a() {
    play("properties_512_a", 512, 1000..1500);
}

#[test]
fn properties_512_b() {
    play("properties_512_b", 512, 1500..2000);
}

#[test]
fn properties_fresh_64() {
    play("properties_fresh_64", 64, fresh());
}

#[test]
fn properties_fresh_512() {
    play("properties_fresh_512", 512, fresh());
}
