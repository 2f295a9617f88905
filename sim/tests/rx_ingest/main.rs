//! Ingest against a reference: every output of every cycle, at 64 and 512 bits.

mod bench;
mod design;
mod expect;
mod frames;
mod model;

use bench::Bench;
use design::{build, cfg, design, design_of, Design, Pace, Seen, MAX_FRAME};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::Repeat;
use frames::Spec;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Seed of a run; a failure prints the command that repeats it.
fn repeat(test: &str) -> Repeat {
    ferrowarp_sim::repeat!(test, 0x5044)
}

#[test]
fn all_widths_are_emitted_and_clean() {
    let jumbo = |k| Cfg {
        stage_bits: if k == 8 { 13 } else { 12 },
        slot_bits: 8,
        max_frame: 9018,
        ..cfg(k)
    };
    for (width, d) in [
        (64, design::<64, 8, 3>()),
        (128, design::<128, 16, 4>()),
        (256, design::<256, 32, 5>()),
        (512, design::<512, 64, 6>()),
        (64, design_of::<64, 8, 3>(&jumbo(8))),
        (512, design_of::<512, 64, 6>(&jumbo(64))),
        (64, without_ipv6::<64, 8, 3>()),
        (512, without_ipv6::<512, 64, 6>()),
    ] {
        ferrowarp_sim::lint(&d.verilog, "ingest", &[])
            .unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

/// Without IPv6 nothing of it is emitted.
fn without_ipv6<const D: usize, const K: usize, const LK: usize>() -> Design {
    let d = design_of::<D, K, LK>(&Cfg {
        ipv6: false,
        ..cfg(K)
    });
    assert!(!d.verilog.contains("ip6"), "{D} bits");
    d
}

/// Sends one frame and returns the cycles, counted from its first beat, of what was seen.
fn timeline(bench: &mut Bench, frame: &[u8]) -> Vec<(u64, Seen)> {
    bench.log.clear();
    bench.send(frame, false);
    bench.drain(Pace::STEADY, 1000);
    let first = bench
        .log
        .iter()
        .find(|(_, s)| *s == Seen::FirstBeat)
        .map(|(c, _)| *c)
        .expect("the frame is admitted");
    let mut log: Vec<_> = bench
        .log
        .iter()
        .filter(|(_, s)| *s != Seen::FirstBeat)
        .map(|(c, s)| (c - first, s.clone()))
        .collect();
    log.sort_by_key(|(c, s)| (*c, format!("{s:?}")));
    log
}

/// Frames of the headline: an FPDU of `ulpdu` octets, without options unless `ts`.
fn fpdu_frame(rng: &mut ChaCha8Rng, ulpdu: usize, ts: bool, vid: Option<u16>) -> Vec<u8> {
    let spec = Spec {
        vid,
        options: if ts { frames::timestamps(rng) } else { vec![] },
        payload: frames::fpdu(rng, ulpdu),
        ..Default::default()
    };
    spec.build(rng)
}

/// As `fpdu_frame`, over IPv6.
fn fpdu_frame_v6(rng: &mut ChaCha8Rng, ulpdu: usize, vid: Option<u16>) -> Vec<u8> {
    let spec = Spec {
        vid,
        six: true,
        payload: frames::fpdu(rng, ulpdu),
        ..Default::default()
    };
    spec.build(rng)
}

#[test]
fn cycles_at_64_bits() {
    let repeat = repeat("cycles_at_64_bits");
    let d = design::<64, 8, 3>();
    let lib = build(&d);
    let mut b = Bench::new(&d, &lib, repeat.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(repeat.seed);
    for _ in 0..4 {
        b.step(Pace::STEADY);
    }

    // 54 + 64 octets: T = 14; the tuple ends in beat 4 (B), FPDU octet 7 is frame octet 61, beat 7 (S)
    let f = fpdu_frame(&mut rng, 58, false, None);
    assert_eq!(f.len(), 118);
    let want = [
        (5, Seen::Launch),
        (8, Seen::Tpt),
        (14, Seen::Done),
        (14, Seen::LastBeat),
        (16, Seen::HdrB),
        (17, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // the smallest Write, 78 octets: T = 9, and FPDU octets 18, 19 are in that beat
    let f = fpdu_frame(&mut rng, 16, false, None);
    assert_eq!(f.len(), 54 + 24);
    let want = [
        (5, Seen::Launch),
        (8, Seen::Tpt),
        (9, Seen::LastBeat),
        (10, Seen::Done),
        (11, Seen::HdrB),
        (12, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // a tag: the tuple ends with octet 41, beat 5; time stamps: FPDU octet 7 is octet 77, beat 9
    let f = fpdu_frame(&mut rng, 58, true, Some(7));
    assert_eq!(f.len(), 134);
    let want = [
        (6, Seen::Launch),
        (10, Seen::Tpt),
        (16, Seen::Done),
        (16, Seen::LastBeat),
        (18, Seen::HdrB),
        (19, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // IPv6: the tuple ends with octet 57, beat 7; FPDU octet 7 is octet 81, beat 10; T = 17
    let f = fpdu_frame_v6(&mut rng, 58, None);
    assert_eq!(f.len(), 138);
    let want = [
        (8, Seen::Launch),
        (11, Seen::Tpt),
        (17, Seen::Done),
        (17, Seen::LastBeat),
        (19, Seen::HdrB),
        (20, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // with a tag: octet 61, the same beat; octet 85
    let f = fpdu_frame_v6(&mut rng, 58, Some(7));
    let want = [
        (8, Seen::Launch),
        (11, Seen::Tpt),
        (17, Seen::Done),
        (17, Seen::LastBeat),
        (19, Seen::HdrB),
        (20, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // an acknowledgement, padded to 60 octets: no TPT, FrameDone in T
    let f = Spec::default().build(&mut rng);
    assert_eq!(f.len(), 60);
    let want = [
        (5, Seen::Launch),
        (7, Seen::Done),
        (7, Seen::LastBeat),
        (9, Seen::HdrB),
        (10, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);
}

#[test]
fn cycles_at_512_bits() {
    let repeat = repeat("cycles_at_512_bits");
    let d = design::<512, 64, 6>();
    let lib = build(&d);
    let mut b = Bench::new(&d, &lib, repeat.seed);
    let mut rng = ChaCha8Rng::seed_from_u64(repeat.seed);
    for _ in 0..4 {
        b.step(Pace::STEADY);
    }

    // 182 octets, three beats: launch and TPT request in the same cycle
    let f = fpdu_frame(&mut rng, 120, false, Some(0xfff));
    assert_eq!(f.len(), 58 + 128);
    let want = [
        (1, Seen::Launch),
        (2, Seen::Done),
        (2, Seen::LastBeat),
        (2, Seen::Tpt),
        (4, Seen::HdrB),
        (5, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // the smallest Write: two beats, B = 0, S = 0, T = 1; FPDU octets 10..19 are in the last beat
    let f = fpdu_frame(&mut rng, 16, false, None);
    let want = [
        (1, Seen::LastBeat),
        (1, Seen::Launch),
        (1, Seen::Tpt),
        (2, Seen::Done),
        (3, Seen::HdrB),
        (4, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // IPv6: B = 0; FPDU octet 7 is octet 81, S = 1 = T, and FPDU octets 0..19 are in that beat
    let f = fpdu_frame_v6(&mut rng, 16, None);
    assert_eq!(f.len(), 74 + 24);
    let want = [
        (1, Seen::LastBeat),
        (1, Seen::Launch),
        (2, Seen::Done),
        (2, Seen::Tpt),
        (3, Seen::HdrB),
        (4, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);

    // an acknowledgement in one beat: T = B = 0
    let f = Spec::default().build(&mut rng);
    let want = [
        (0, Seen::LastBeat),
        (1, Seen::Done),
        (1, Seen::Launch),
        (2, Seen::HdrB),
        (3, Seen::Scan),
    ];
    assert_eq!(timeline(&mut b, &f), want);
}

/// Random frames at every pace: steady without a gap, with gaps, with slow users, with an inject stream.
fn random_run(d: &Design, repeat: &Repeat, frames_a_phase: usize) {
    let seed = repeat.seed;
    let lib = build(d);
    let mut b = Bench::new(d, &lib, seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 1);
    let slow = Pace {
        pop: 12,
        free: 30,
        ..Pace::STEADY
    };
    // frames are taken at once but hold their slots
    let held = Pace {
        free: 5,
        ..Pace::STEADY
    };
    let gaps = Pace {
        mac_gap: 30,
        mac_between: 40,
        inject_gap: 50,
        inject_between: 30,
        pop: 60,
        free: 300,
        refuse: 10,
    };
    // MAC frames without a pause through long injected ones overrun the FIFO of the merge
    let crowded = Pace {
        mac_between: 90,
        inject_gap: 95,
        ..Pace::STEADY
    };
    for (pace, inject, long) in [
        (Pace::STEADY, 0.0, 0.0),
        (gaps, 0.0, 0.0),
        (slow, 0.0, 0.0),
        (held, 0.0, 0.0),
        (held, 0.0, 1.0),
        (gaps, 0.4, 0.0),
        (crowded, 0.3, 0.0),
        (slow, 0.2, 0.1),
        (Pace::STEADY, 0.5, 0.1),
    ] {
        for _ in 0..frames_a_phase {
            let f = match rng.gen_bool(long) {
                true => fpdu_frame(&mut rng, MAX_FRAME - 80, true, None),
                false => frames::random(&mut rng, MAX_FRAME),
            };
            let bad = rng.gen_bool(0.1);
            if rng.gen_bool(inject) {
                b.send_inject(&f, bad);
            } else {
                b.send(&f, bad);
            }
        }
        b.drain(pace, 400_000);
    }
    let c = &b.expect.counts;
    eprintln!("{} cycles: {c:?}", b.cycle);
    if !repeat.fixed {
        return;
    }
    for (name, n) in [
        ("injected", c.injected),
        ("no slot", c.no_slot),
        ("no credit", c.no_credit),
        // one is the frame in the first cycle after reset
        ("no room", c.no_room.saturating_sub(1)),
        ("lost by the merge", c.merge_lost),
        ("bad", c.bad),
        ("cut", c.cut),
        ("launched", c.launched),
        ("tagged", c.tagged),
        ("IPv6", c.six + usize::from(!d.ipv6)),
        ("IPv6, tagged", c.six_tagged + usize::from(!d.ipv6)),
        ("IPv6, TCP sum good", c.six_ok + usize::from(!d.ipv6)),
        ("TPT", c.tpt),
        ("late", c.late),
        ("header good", c.hdr_ok),
        ("time stamps", c.ts),
        ("TCP sum good", c.tcp_ok),
        ("CRC good", c.crc_ok),
        ("ring wraps", c.wraps),
    ] {
        assert!(n > 0, "the run has no case of: {name}");
    }
}

#[test]
fn random_frames_at_64_bits() {
    let repeat = repeat("random_frames_at_64_bits");
    random_run(&design::<64, 8, 3>(), &repeat, 300);
}

/// A chip without IPv6 launches nothing for such a frame.
#[test]
fn random_frames_without_ipv6() {
    let repeat = repeat("random_frames_without_ipv6");
    let cfg = Cfg {
        ipv6: false,
        ..cfg(8)
    };
    random_run(&design_of::<64, 8, 3>(&cfg), &repeat, 150);
}

#[test]
fn random_frames_at_128_bits() {
    let repeat = repeat("random_frames_at_128_bits");
    random_run(&design::<128, 16, 4>(), &repeat, 200);
}

#[test]
fn random_frames_at_256_bits() {
    let repeat = repeat("random_frames_at_256_bits");
    random_run(&design::<256, 32, 5>(), &repeat, 200);
}

#[test]
fn random_frames_at_512_bits() {
    let repeat = repeat("random_frames_at_512_bits");
    random_run(&design::<512, 64, 6>(), &repeat, 600);
}
