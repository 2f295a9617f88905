//! The frame builder in Verilator against an encoder of its own: every octet of every frame, its cycles, its rate.

mod bench;
mod encoder;

use bench::{build, cfg, design, Bench, Pace};
use encoder::{Fpdu, Segment, Template};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Seed of a run: `FERROWARP_SEED` or a fixed one. A failure prints the command that repeats it.
struct Repeat {
    seed: u64,
    test: &'static str,
}

impl Repeat {
    fn new(test: &'static str) -> Self {
        let given = std::env::var("FERROWARP_SEED");
        let given = given.ok().and_then(|s| s.parse().ok());
        Repeat {
            seed: given.unwrap_or(0x9293),
            test,
        }
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "repeat: FERROWARP_SEED={} cargo nextest run -p ferrowarp-sim --test tx_build {}",
                self.seed, self.test
            );
        }
    }
}

fn bytes(rng: &mut ChaCha8Rng, n: usize) -> Vec<u8> {
    (0..n).map(|_| rng.gen()).collect()
}

fn template(rng: &mut ChaCha8Rng, tag: bool, v6: bool) -> Template {
    let n = if v6 { 16 } else { 4 };
    Template {
        dst_mac: rng.gen(),
        src_mac: rng.gen(),
        vid: tag.then(|| rng.gen_range(0..4096)),
        src: bytes(rng, n),
        dst: bytes(rng, n),
        sport: rng.gen(),
        dport: rng.gen(),
        ttl: rng.gen(),
        dscp: rng.gen_range(0..64),
    }
}

fn plain(rng: &mut ChaCha8Rng, conn: usize, payload: usize) -> Segment {
    Segment {
        conn,
        seq: rng.gen(),
        ack: rng.gen(),
        wnd: rng.gen(),
        flags: 0x10,
        fpdus: vec![Fpdu {
            hdr: bytes(rng, 14),
            payload: bytes(rng, payload),
            crc: true,
            cut: None,
        }],
        ..Default::default()
    }
}

fn first_frames<const D: usize, const K: usize, const LK: usize, const C: usize>(seed: u64) {
    let d = design::<D, K, LK, C>(&cfg());
    let lib = build(&d);
    let mut b = Bench::new(&d, &lib, seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    b.install(3, &template(&mut rng, false, false));
    for n in [64, 1, 2, 3, 4, 5, 7, 8, 9, 63, 65, 128, 1440, 0] {
        b.send(&plain(&mut rng, 3, n));
        b.drain(Pace::STEADY, 1000);
    }
}

#[test]
fn whole_fpdus_64() {
    let repeat = Repeat::new("whole_fpdus_64");
    first_frames::<64, 8, 3, 4>(repeat.seed);
}

#[test]
fn whole_fpdus_512() {
    let repeat = Repeat::new("whole_fpdus_512");
    first_frames::<512, 64, 6, 7>(repeat.seed);
}

#[test]
fn all_widths_are_emitted_and_clean() {
    for d in [
        design::<64, 8, 3, 4>(&cfg()),
        design::<128, 16, 4, 5>(&cfg()),
        design::<256, 32, 5, 6>(&cfg()),
        design::<512, 64, 6, 7>(&cfg()),
    ] {
        ferrowarp_sim::lint(&d.verilog, "tx_build", &[])
            .unwrap_or_else(|e| panic!("{} octets: {e}", d.k));
    }
}
