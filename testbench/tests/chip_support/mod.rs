//! What the tests of the whole chip at small tables share: the chip, a duel on it, regions.
// Not every test program uses all of it.
#![allow(dead_code)]

use ferrowarp_testbench::chip::duel::{small_cfg, small_model, Duel, Report, Setup};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};

pub const WIDTHS: [usize; 2] = [64, 512];

pub fn chip(width: usize, seed: u64) -> Chip {
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    Chip::new(&lib, &small_cfg(width), width / 8, seed).unwrap_or_else(|e| panic!("{e}"))
}

pub fn duel(width: usize, setup: &Setup) -> Report {
    let mut chip = chip(width, setup.seed);
    let r = Duel::new(&mut chip, setup).and_then(|mut d| d.run());
    let r = r.unwrap_or_else(|e| panic!("{width} bits: {e}"));
    println!("{width} bits: {r:?}");
    r
}

/// A counter at the end of a duel.
pub fn count(report: &Report, name: &str) -> u32 {
    let found = report.counters.iter().find(|c| c.0 == name);
    found.map_or(0, |c| c.1)
}

/// Everybody of the protection domain may do everything with it.
pub fn region(stag: u32, pd: u32, len: u32) -> Region {
    Region {
        stag,
        rights: StagRights {
            remote_write: true,
            remote_read: true,
            read_sink: true,
            remote_invalidate: true,
        },
        pd,
        bound_to: None,
        base: 0,
        len,
        pa: 0,
    }
}

/// [`region`] of connection `n` with memory of its own.
pub fn region_of(n: u16, pd: u32, len: u32) -> Region {
    Region {
        pa: 0x10_0000_0000 + u64::from(n) * 0x10_0000,
        ..region((u32::from(n) + 1) << 8, pd, len)
    }
}
