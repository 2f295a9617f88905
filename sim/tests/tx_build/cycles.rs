//! Cycles and rates of the frame builder.

use crate::bench::{cfg, start, Bench, Pace};
use crate::encoder::Segment;
use crate::{fpdu, install_all, plain, repeat, template, with_markers};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The last payload beat in cycle T, the frame's first beat in T + 4: whatever the length and the header.
fn latency<const D: usize, const K: usize, const LK: usize, const C: usize>(seed: u64) {
    let (mut b, mut rng) = start::<D, K, LK, C>(&cfg(), seed);
    let conns = install_all(&mut b, &mut rng, true);
    let mut lengths: Vec<usize> = (1..140).collect();
    lengths.extend([256, 511, 512, 513, 1000, 1400]);
    for n in lengths {
        for conn in 0..conns {
            for ts in [false, true] {
                let mut s = plain(&mut rng, conn, n);
                s.ts = ts.then(|| rng.gen());
                if rng.gen_ratio(1, 4) {
                    s.fpdus.insert(0, fpdu(&mut rng, 21));
                }
                if n % 3 == 0 {
                    let f = s.fpdus.last_mut().expect("one at least");
                    let len = f.octets().len();
                    let skip = rng.gen_range(0..len);
                    f.cut = Some((skip, rng.gen_range(0..len - skip) + 1));
                }
                b.send(&s);
                b.settle(30);
                b.drain(Pace::STEADY, 3000);
                let at = b.first.len() - 1;
                let cycles = b.first[at] - b.closed[&at];
                assert!(
                    cycles == 4,
                    "{n} octets, connection {conn}, timestamps {ts}: {cycles} cycles"
                );
            }
        }
    }
}

/// An FPDU with Markers takes 1 to 3 cycles more; one without takes what it takes without.
#[test]
fn cycles_with_markers_512() {
    let repeat = repeat("cycles_with_markers_512");
    let (mut b, mut rng) = start::<512, 64, 6, 7>(&with_markers(), repeat.seed);
    b.install(0, &template(&mut rng, false, false));
    let mut seen = [0; 8];
    for n in (1..140).chain([500, 508, 1000, 1400]) {
        for marks in [false, true] {
            let mut s = plain(&mut rng, 0, n);
            s.fpdus[0].marks = marks.then(|| (4 * rng.gen_range(0..128), 0));
            b.send(&s);
            b.settle(30);
            b.drain(Pace::STEADY, 3000);
            let at = b.first.len() - 1;
            let cycles = b.first[at] - b.closed[&at];
            seen[cycles as usize] += 1;
            let least = s.fpdus[0].octets().len() > n + 14 + 2 + 3 + 4;
            assert!(
                cycles == 4 || (marks && least && (5..8).contains(&cycles)),
                "{n} octets, Markers {marks}: {cycles} cycles"
            );
        }
    }
    println!("cycles: {seen:?}");
}

#[test]
fn four_cycles_64() {
    let repeat = repeat("four_cycles_64");
    latency::<64, 8, 3, 4>(repeat.seed);
}

#[test]
fn four_cycles_256() {
    let repeat = repeat("four_cycles_256");
    latency::<256, 32, 5, 6>(repeat.seed);
}

#[test]
fn four_cycles_512() {
    let repeat = repeat("four_cycles_512");
    latency::<512, 64, 6, 7>(repeat.seed);
}

/// Cycles a frame, jobs and payload never missing.
fn cycles_a_frame(b: &mut Bench, make: impl Fn(&mut ChaCha8Rng) -> Segment, pace: Pace) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let frames = 120;
    let begin = b.last.len();
    for _ in 0..frames {
        b.send(&make(&mut rng));
    }
    b.drain(pace, 200_000);
    // behind the first few, which fill the pipeline
    let (from, to) = (b.last[begin + 20], b.last[begin + frames - 1]);
    (to - from) as f64 / (frames - 21) as f64
}

const WIRE: Pace = Pace {
    octets_between: 24,
    ..Pace::STEADY
};

/// Goodput of a MAC that takes a beat a cycle, less 24 octets a frame for gap, preamble and FCS.
fn rates<const D: usize, const K: usize, const LK: usize, const C: usize>(seed: u64) {
    let (mut b, mut rng) = start::<D, K, LK, C>(&cfg(), seed);
    let conns = install_all(&mut b, &mut rng, true);
    for conn in 0..conns {
        // RDMA Writes of 64 octets, one a segment; at 64 bits the wire is the limit.
        let own = cycles_a_frame(&mut b, |rng| plain(rng, conn, 64), Pace::STEADY);
        let frame = b.frames.last().expect("frames").len();
        let beats = frame.div_ceil(K) as f64;
        println!("{D} bits, connection {conn}: 64 octet Writes ({frame} octets, {beats} beats): {own:.2} cycles");
        assert!(own <= beats.max(4.0), "Writes: {own} cycles");
        for (what, payload, ts) in [
            ("MSS 1460", 1440, false),
            ("MSS 1448", 1428, true),
            ("Write 64", 64, false),
            ("Write 0", 0, false),
        ] {
            let got = cycles_a_frame(
                &mut b,
                |rng| Segment {
                    ts: ts.then(|| rng.gen()),
                    ..plain(rng, conn, payload)
                },
                WIRE,
            );
            let frame = b.frames.last().expect("frames").len();
            // At 512 bits a frame's beats may take longer than its octets on the wire.
            let wire = (frame + 24) as f64 / K as f64;
            let beats = frame.div_ceil(K) as f64;
            println!("{D} bits, connection {conn}: {what} ({frame} octets, wire {wire:.2}): {got:.2} cycles");
            let floor = wire.max(beats);
            assert!(got <= floor / 0.99, "{what}: {got} cycles, {floor} wanted");
        }
    }
}

#[test]
fn wire_rate_64() {
    let repeat = repeat("wire_rate_64");
    rates::<64, 8, 3, 4>(repeat.seed);
}

#[test]
fn wire_rate_512() {
    let repeat = repeat("wire_rate_512");
    rates::<512, 64, 6, 7>(repeat.seed);
}

/// Segments of 12 small Writes: each beat in which two FPDUs meet is worked on twice.
fn twelve_writes<const D: usize, const K: usize, const LK: usize, const C: usize>(
    seed: u64,
    most: f64,
) {
    let (mut b, mut rng) = start::<D, K, LK, C>(&cfg(), seed);
    b.install(0, &template(&mut rng, false, false));
    let make = |rng: &mut ChaCha8Rng| {
        let mut s = plain(rng, 0, 64);
        for _ in 1..12 {
            s.fpdus.extend(plain(rng, 0, 64).fpdus);
        }
        s
    };
    let got = cycles_a_frame(&mut b, make, Pace::STEADY);
    println!("{D} bits, 12 Writes a segment: {got:.2} cycles");
    assert!(got <= most, "{got} cycles");
}

#[test]
fn twelve_writes_64() {
    let repeat = repeat("twelve_writes_64");
    // the wire takes 135.75: 54 + 12 * 84 + 24 octets
    twelve_writes::<64, 8, 3, 4>(repeat.seed, 138.0);
}

#[test]
fn twelve_writes_512() {
    let repeat = repeat("twelve_writes_512");
    twelve_writes::<512, 64, 6, 7>(repeat.seed, 37.0);
}
