//! `dc-100g` with every connection that it has room for: 32 k installed, some of them served, chip and golden endpoint in step.

use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::build::ulpdu;
use ferrowarp_testbench::chip::duel::{record, ConnPlan, DuelError, Lockstep};
use ferrowarp_testbench::chip::{build, Chip, ChipError, Region, StagRights};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

/// Connections that get frames.
const SERVED: usize = 40;

/// Installs all connections on the chip; those to be served on both sides. Gives their sides.
fn install(l: &mut Lockstep, rng: &mut ChaCha8Rng) -> Result<Vec<usize>, DuelError> {
    let n = 1usize << l.chip.cfg.conn_bits;
    let served: HashSet<usize> = std::iter::repeat_with(|| rng.gen_range(0..n))
        .take(SERVED)
        .collect();
    let (mut sides, mut refused) = (Vec::new(), 0);
    for c in 0..n {
        loop {
            let mut plan = ConnPlan::new(0);
            plan.conn = c as u16;
            plan.spec.src.ip = std::net::Ipv4Addr::from(rng.gen::<u32>());
            plan.spec.src.port = rng.gen_range(1024..=u16::MAX);
            plan.spec.seq = rng.gen();
            let done = if served.contains(&c) {
                l.install(&plan).map(|side| sides.push(side))
            } else {
                l.chip
                    .install(plan.conn, &record(&plan))
                    .map_err(DuelError::from)
            };
            match done {
                Ok(()) => break,
                // Its look-alike is there: another port would do.
                Err(DuelError::Chip(ChipError::Table(_))) => refused += 1,
                Err(e) => return Err(e),
            }
        }
    }
    println!(
        "{n} connections, {refused} refused; cycle {}",
        l.chip.cycle()
    );
    assert!(refused < n / 200, "{refused} refused");
    Ok(sides)
}

fn play() -> Result<(), DuelError> {
    let preset = Preset::find("dc-100g").map_err(|e| DuelError::Plan(e.to_string()))?;
    let lib = build(preset.data_width, &preset.cfg(), false)?;
    let chip = Chip::new(&lib, &preset.cfg(), preset.data_width / 8, 1)?;
    let mut l = Lockstep::new(chip, 1);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sides = install(&mut l, &mut rng)?;
    let r = l.region(Region {
        stag: 0x0012_3456,
        rights: StagRights {
            remote_write: true,
            ..Default::default()
        },
        pd: l.plan(sides[0]).pd,
        bound_to: None,
        base: 0,
        len: 1 << 16,
        pa: 0,
    })?;
    for round in 0..5u64 {
        for side in &sides {
            let octets: Vec<u8> = (0..rng.gen_range(1..600)).map(|_| rng.gen()).collect();
            let to = 1000 * (round * SERVED as u64 + *side as u64) % 60_000;
            let f = l.spec(*side).fpdu(&ulpdu::write(r.stag, to, &octets, true));
            l.frame(f);
        }
        l.settle()?;
    }
    for side in &sides {
        l.position(*side)?;
    }
    l.compare_memory()
}

#[test]
fn all_connections_of_dc_100g() {
    play().unwrap_or_else(|e| panic!("{e}"));
}
