//! Random duels of the chip with the golden endpoint: operations, sizes, segmentation, stalls, loss, repeats, bit flips.
//!
//! `FERROWARP_SEED=n` repeats one case, `FERROWARP_CASES=n` plays more of them.

use ferrowarp_testbench::chip::duel::random::{self, Limits};
use ferrowarp_testbench::chip::duel::{small_cfg, small_model, Duel, DuelError, Report};
use ferrowarp_testbench::chip::Chip;

/// Cases that have found faults.
const FOUND: [u64; 3] = [1102, 2263, 3146];

fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

fn one(chip: &mut Chip, seed: u64, limits: Limits) -> Result<Report, DuelError> {
    let setup = random::setup(seed, limits);
    let mut duel = Duel::new(chip, &setup)?;
    let report = duel.run()?;
    duel.clear(&setup)?;
    Ok(report)
}

fn duels(width: usize, first: u64, cases: u64, test: &str) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let seeds: Vec<u64> = match env("FERROWARP_SEED") {
        Some(seed) => vec![seed],
        None => {
            let range = first..first + env("FERROWARP_CASES").unwrap_or(cases);
            range.chain(FOUND).collect()
        }
    };
    let mut total = Report::default();
    for seed in seeds {
        // A chip of its own, so that the seed alone repeats the case.
        let mut chip = Chip::new(&lib, &cfg, width / 8, seed).unwrap_or_else(|e| panic!("{e}"));
        // The found cases as they were.
        let limits = Limits {
            ipv6: !FOUND.contains(&seed),
            ..Limits::default()
        };
        match one(&mut chip, seed, limits) {
            Ok(r) => {
                println!("seed {seed}: {r:?}");
                total.cycles += r.cycles;
                total.octets += r.octets;
                total.errors += r.errors;
            }
            Err(e) => panic!(
                "seed {seed}, {width} bits: {e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_duel {test}"
            ),
        }
    }
    println!("{total:?}");
}

#[test]
fn duels_64() {
    duels(64, 1000, 30, "duels_64");
}

#[test]
fn duels_512() {
    duels(512, 2000, 40, "duels_512");
}

#[test]
fn duels_128() {
    duels(128, 3000, 6, "duels_128");
}

#[test]
fn duels_256() {
    duels(256, 4000, 6, "duels_256");
}
