//! What the tests of the whole chip at small tables share: the chip, a duel on it, regions.
// Not every test program uses all of it.
#![allow(dead_code)]

pub mod one;

use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::chip::duel::random::Limits;
use ferrowarp_testbench::chip::duel::{
    record, small_cfg, small_model, ConnPlan, Duel, DuelError, Lockstep, Report, Setup,
};
use ferrowarp_testbench::chip::{Chip, ChipError, Region, StagRights};
use rand::Rng;

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

/// Installs every connection that the chip has room for, on both sides those to be served. Gives their sides, and how many
/// the lookup tables refused before another port did.
pub fn install_all(
    l: &mut Lockstep,
    rng: &mut impl Rng,
    served: impl Fn(usize) -> bool,
) -> Result<(Vec<usize>, usize), DuelError> {
    let (mut sides, mut refused) = (Vec::new(), 0);
    for c in 0..1usize << l.chip.cfg.conn_bits {
        loop {
            let mut plan = ConnPlan::new(0);
            plan.conn = c as u16;
            plan.spec.src.ip = std::net::Ipv4Addr::from(rng.gen::<u32>()).into();
            plan.spec.src.port = rng.gen_range(1024..=u16::MAX);
            plan.spec.seq = rng.gen();
            let done = if served(c) {
                l.install(&plan).map(|side| sides.push(side))
            } else {
                let installed = l.chip.install(plan.conn, &record(&plan));
                installed.map_err(DuelError::from)
            };
            match done {
                Ok(()) => break,
                // Its look-alike is there: another port would do.
                Err(DuelError::Chip(ChipError::Table(_))) => refused += 1,
                Err(e) => return Err(e),
            }
        }
    }
    Ok((sides, refused))
}

/// What a small preset can take, in segments and FPDUs.
pub fn limits(preset: &Preset) -> Limits {
    Limits {
        big: 1500,
        // With a VLAN tag and all the TCP options that fit.
        mss: preset.sizes.max_frame - 98,
        // With 2 octets of length and 4 of CRC.
        mulpdu: preset.sizes.max_fpdu - 6,
        ipv6: preset.sizes.ipv6,
        markers: preset.sizes.markers,
        ..Limits::default()
    }
}
