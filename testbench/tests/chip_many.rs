//! `dc-100g` with every connection that it has room for: 32 k installed, some of them served, chip and golden endpoint in step.

mod chip_support;

use chip_support::install_all;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::build::ulpdu;
use ferrowarp_testbench::chip::duel::{DuelError, Lockstep};
use ferrowarp_testbench::chip::{build, Chip, Region, StagRights};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

/// Connections that get frames.
const SERVED: usize = 40;

fn play() -> Result<(), DuelError> {
    let preset = Preset::find("dc-100g").map_err(|e| DuelError::Plan(e.to_string()))?;
    let lib = build(preset.data_width, &preset.cfg(), false)?;
    let chip = Chip::new(&lib, &preset.cfg(), preset.data_width / 8, 1)?;
    let mut l = Lockstep::new(chip, 1);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let n = 1usize << l.chip.cfg.conn_bits;
    let served: HashSet<usize> = std::iter::repeat_with(|| rng.gen_range(0..n))
        .take(SERVED)
        .collect();
    let (sides, refused) = install_all(&mut l, &mut rng, |c| served.contains(&c))?;
    println!("{n} connections, {refused} refused");
    assert!(refused < n / 200, "{refused} refused");
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
