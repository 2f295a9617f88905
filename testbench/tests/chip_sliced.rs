//! `ecp5-versa` as it is, with rows of its tables in slices (`sliced`): every connection installed, STags in full sets, frames
//! back to back over other connections and regions, posted receives, cut FPDUs, reports of the transmit path all the while.
//! Two reads or writes of a table that come closer than its slices allow give inverted data in simulation, and so show.
//!
//! `FERROWARP_SEED=n` repeats one case.

mod chip_support;

use chip_support::{install_all, limits};
use ferrowarp_hdl::preset::Preset;
use ferrowarp_sim::ModelLib;
use ferrowarp_testbench::build::{fpdu, ulpdu};
use ferrowarp_testbench::chip::duel::random::{self, Limits};
use ferrowarp_testbench::chip::duel::{Duel, DuelError, Lockstep, Report};
use ferrowarp_testbench::chip::{build, Chip, Mirror, Region, StagRights};
use ferrowarp_testbench::wire::ddp::Opcode;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PRESET: &str = "ecp5-versa";
const CASES: u64 = 40;
/// Frames in a row: the frame slots hold so many, so none is dropped.
const BURST: usize = 10;

fn preset() -> Preset {
    let preset = Preset::find(PRESET).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        preset.cfg().sliced,
        "{PRESET} has no rows in slices: take another preset"
    );
    preset
}

fn model() -> ModelLib {
    let preset = preset();
    build(preset.data_width, &preset.cfg(), false).unwrap_or_else(|e| panic!("{e}"))
}

/// Four STags in each of `sets` sets.
fn regions(l: &mut Lockstep, pd: u32, sets: u32) -> Result<Vec<Region>, DuelError> {
    let set_bits = l.chip.cfg.tpt_set_bits;
    let mut all = Vec::new();
    for i in 0..4 * sets {
        let index = ((i / sets + 1) << set_bits) | ((i % sets) * 5);
        all.push(l.region(Region {
            stag: index << 8 | (0x40 + i),
            rights: StagRights {
                remote_write: true,
                ..Default::default()
            },
            pd,
            bound_to: None,
            base: 0x1_0000_0000 * u64::from(i),
            len: 1 << 12,
            pa: 0,
        })?);
    }
    Ok(all)
}

/// Frames of all kinds, one behind the other without a gap.
fn play(lib: &ModelLib, seed: u64) -> Result<usize, DuelError> {
    let preset = preset();
    let chip = Chip::new(lib, &preset.cfg(), preset.data_width / 8, seed)?;
    let mut l = Lockstep::new(chip, seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n = 1usize << l.chip.cfg.conn_bits;
    let (sides, _) = install_all(&mut l, &mut rng, |c| c % 3 == 0 || c + 6 > n)?;
    let pd = l.plan(sides[0]).pd;
    let regions = regions(&mut l, pd, 12)?;
    let mut frames = 0;
    for round in 0..24 {
        // Streams that were cut stay so for a while: the assembler changes its connection with every segment.
        let mut rest: Vec<(usize, Vec<u8>)> = Vec::new();
        for turn in 0..BURST {
            let side = sides[rng.gen_range(0..sides.len())];
            if rest.iter().any(|(s, _)| *s == side) {
                continue;
            }
            let r = &regions[rng.gen_range(0..regions.len())];
            let octets: Vec<u8> = (0..rng.gen_range(1..90)).map(|_| rng.gen()).collect();
            let to = r.base + rng.gen_range(0..4000 - octets.len() as u64);
            let write = ulpdu::write(r.stag, to, &octets, true);
            let (conn, gen) = (l.plan(side).conn, l.plan(side).gen);
            if rng.gen_bool(0.4) {
                // What the transmit path says every time, as fast as it can.
                let ack = l.plan(side).spec.ack;
                for _ in 0..3 {
                    l.chip.mirror(Mirror {
                        conn,
                        gen,
                        snd_una: ack,
                        snd_nxt: ack,
                        last_ack_sent: ack,
                        max_wnd: 65535,
                    });
                }
            }
            let octets = fpdu(&write);
            if rng.gen_bool(0.3) {
                let at = rng.gen_range(1..octets.len());
                l.data(side, &octets[..at]);
                rest.push((side, octets[at..].to_vec()));
            } else {
                l.data(side, &octets);
            }
            frames += 1;
            if turn % 5 == 4 && rng.gen_bool(0.7) {
                for (side, octets) in rest.drain(..) {
                    l.data(side, &octets);
                    frames += 1;
                }
            }
        }
        for (side, octets) in rest.drain(..) {
            l.data(side, &octets);
            frames += 1;
        }
        l.settle()?;
        let takers: Vec<usize> = sides.iter().skip(round % 6).step_by(6).copied().collect();
        for side in &takers {
            l.post(*side, 700)?;
        }
        for side in &takers {
            let octets: Vec<u8> = (0..rng.gen_range(0..200)).map(|_| rng.gen()).collect();
            let msn = l.plan(*side).first_msn[0].wrapping_add(round as u32 / 6);
            let f = l
                .spec(*side)
                .fpdu(&ulpdu::send(Opcode::Send, msn, 0, &octets, true, 0));
            l.frame(f);
            frames += 1;
        }
        l.settle()?;
        let r = &regions[rng.gen_range(0..regions.len())];
        if round % 3 == 2 {
            l.deregister(r.stag)?;
            let again = Region { pa: r.pa, ..*r };
            l.region(again)?;
        }
    }
    for side in &sides {
        l.position(*side)?;
    }
    l.compare_memory()?;
    Ok(frames)
}

#[test]
fn full_tables_back_to_back() {
    let lib = model();
    let seed = std::env::var("FERROWARP_SEED")
        .ok()
        .and_then(|v| v.parse().ok());
    let mut frames = 0;
    for seed in seed.map_or(0..3, |s: u64| s..s + 1) {
        frames += play(&lib, seed).unwrap_or_else(|e| panic!(
            "seed {seed}: {e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_sliced full_tables"
        ));
    }
    println!("{frames} frames");
}

fn duel(lib: &ModelLib, seed: u64) -> Result<Report, DuelError> {
    let preset = preset();
    let limits = Limits {
        conns: 24,
        ops: 4,
        huge: 12_000,
        alone: 24,
        ..limits(&preset)
    };
    let setup = random::setup(seed, limits);
    let mut chip = Chip::new(lib, &preset.cfg(), preset.data_width / 8, seed)?;
    Duel::new(&mut chip, &setup)?.run()
}

#[test]
fn duels_of_many_connections() {
    let lib = model();
    let seed = std::env::var("FERROWARP_SEED")
        .ok()
        .and_then(|v| v.parse().ok());
    let mut total = Report::default();
    for seed in seed.map_or(7000..7000 + CASES, |s: u64| s..s + 1) {
        let r = duel(&lib, seed).unwrap_or_else(|e| panic!(
            "seed {seed}: {e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_sliced duels"
        ));
        total.cycles += r.cycles;
        total.frames += r.frames;
        total.octets += r.octets;
        total.errors += r.errors;
    }
    println!("{total:?}");
}
