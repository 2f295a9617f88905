//! A preset that keeps nothing ahead of a gap (`sack = false`): random duels, with Markers and without, over a wire that loses,
//! repeats and reorders. What comes too early is dropped there, so a peer goes back more often; nothing else may differ.

mod chip_support;

use chip_support::limits;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use ferrowarp_testbench::chip::duel::random::{self, Limits};
use ferrowarp_testbench::chip::duel::{Duel, DuelError, Noise, Report};
use ferrowarp_testbench::chip::{build, Chip};

const PRESET: &str = "ecp5-versa";
const CASES: u64 = 150;

/// What the wire of a case does.
fn noise(seed: u64) -> Noise {
    match seed % 3 {
        0 => Noise::default(),
        1 => Noise {
            loss: 0.02,
            repeat: 0.05,
            late: 0.15,
            ..Noise::default()
        },
        _ => Noise {
            loss: 0.05,
            repeat: 0.1,
            flip: 0.1,
            bad_fcs: 0.05,
            late: 0.3,
            stranger: 0.1,
            ..Noise::default()
        },
    }
}

/// One case; how many of its connections have Markers.
fn one(lib: &ModelLib, preset: &Preset, seed: u64) -> Result<(Report, usize), DuelError> {
    let limits = Limits {
        ops: 6,
        huge: 16_384,
        alone: 48,
        markers: true,
        ..limits(preset)
    };
    let mut setup = random::setup(seed, limits);
    setup.noise = noise(seed);
    let marked = setup.conns.iter().filter(|c| c.markers.is_some()).count();
    let mut chip = Chip::new(lib, &preset.cfg(), preset.data_width / 8, seed)?;
    let report = Duel::new(&mut chip, &setup)?.run()?;
    if let Some(a) = chip.acks.iter().find(|a| a.sack_n > 0) {
        panic!("seed {seed}: SACK blocks of a chip that keeps nothing: {a:x?}");
    }
    Ok((report, marked))
}

#[test]
fn duels_without_sack() {
    let mut preset = Preset::find(PRESET).unwrap_or_else(|e| panic!("{e}"));
    // The preset has none; Markers without anything kept ahead of a gap are what is tried here.
    preset.sizes.markers = true;
    // Rows in slices are for chips without Markers.
    preset.sizes.sliced = false;
    assert!(
        !preset.sizes.sack,
        "{PRESET} keeps segments: take another preset"
    );
    let lib = build(preset.data_width, &preset.cfg(), false).unwrap_or_else(|e| panic!("{e}"));
    let seed = std::env::var("FERROWARP_SEED")
        .ok()
        .and_then(|v| v.parse().ok());
    let seeds = seed.map_or(0..CASES, |s| s..s + 1);
    let (mut total, mut marked) = (Report::default(), 0);
    for seed in seeds {
        match one(&lib, &preset, seed) {
            Ok((r, m)) => {
                total.cycles += r.cycles;
                total.frames += r.frames;
                total.octets += r.octets;
                total.errors += r.errors;
                marked += m;
            }
            Err(e) => panic!(
                "seed {seed}: {e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_unkept"
            ),
        }
    }
    println!("{marked} connections with Markers: {total:?}");
    assert!(
        seed.is_some() || marked > 50,
        "{marked} connections with Markers"
    );
}
