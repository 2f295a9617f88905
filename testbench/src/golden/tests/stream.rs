//! Placement, completions, TCP disorder and the CRC policy.

use super::*;

#[test]
fn rdm_10_40_41_43_write_and_sends_arrive() {
    let mut g = golden();
    post(&mut g, 3, 4096);
    let data = counted(5000);
    feed(
        &mut g,
        &tagged_message(Opcode::Write, STAG, BASE + 3, &data, 1442),
    );
    feed(
        &mut g,
        &send_message(Opcode::Send, 1, &data[..3000], 1442, 0),
    );
    feed(&mut g, &send_message(Opcode::SendSe, 2, &[], 1442, 0));
    feed(
        &mut g,
        &send_message(Opcode::SendSeInv, 3, b"x", 1442, STAG),
    );
    let out = g.conns[0].take_output();
    assert_eq!(g.host.mem.read(ADDR + 3, 5000), Ok(&data[..]));
    assert_eq!(g.host.mem.read(RQ_ADDR, 3000), Ok(&data[..3000]));
    let done: Vec<_> = out
        .completions()
        .map(|c| (c.opcode, c.msn, c.len, c.rqe_idx, c.inv_stag, c.solicited()))
        .collect();
    let want = [
        (Opcode::Send, 1, 3000, 0, None, false),
        (Opcode::SendSe, 2, 0, 1, None, true),
        (Opcode::SendSeInv, 3, 1, 2, Some(STAG), true),
    ];
    assert_eq!(done, want);
    assert_eq!(out.ops.to_string(), "Write:4 Send:3 SendSE:1 SendSEInv:1");
    assert_eq!((out.error(), out.memory_errors.len()), (None, 0));
    assert_eq!(g.host.mem.guards_intact(), Ok(()));
    assert!(g.host.tpt.get(STAG).is_none());
}

#[test]
fn mpa_52_every_cut_of_a_mixed_stream_gives_the_same_result() {
    let mut s = FpduStream::new(false);
    s.extend(&tagged_message(
        Opcode::Write,
        STAG,
        BASE,
        &counted(300),
        120,
    ));
    s.extend(&send_message(Opcode::Send, 1, &counted(200), 130, 0));
    let run = |cuts: &[usize]| {
        let mut g = golden();
        post(&mut g, 1, 4096);
        let mut from = 0;
        for to in cuts.iter().copied().chain([s.octets.len()]) {
            g.segment(
                0,
                &Segment::data(START.wrapping_add(from as u32), &s.octets[from..to]),
            );
            from = to;
        }
        (
            g.conns[0].take_output(),
            g.host.mem.changed(),
            g.conns[0].rcv_nxt(),
        )
    };
    let want = run(&[]);
    assert_eq!(want.0.completions().count(), 1);
    for cut in 1..s.octets.len() {
        assert!(run(&[cut]) == want, "cut at {cut}");
    }
    let bytes: Vec<usize> = (1..s.octets.len()).collect();
    assert!(run(&bytes) == want, "octet by octet");
}

#[test]
fn tcp_25_ddp_21_disorder_duplicates_and_loss_change_nothing() {
    let mut s = FpduStream::new(false);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for i in 0..20u32 {
        let n = rng.gen_range(0..1200);
        s.extend(&tagged_message(
            Opcode::Write,
            STAG,
            BASE + u64::from(i) * 1300,
            &counted(n),
            700,
        ));
        s.extend(&send_message(Opcode::Send, i + 1, &counted(n / 2), 500, 0));
    }
    let mut straight = golden();
    post(&mut straight, 20, 1024);
    straight.stream(0, &s.octets);
    let want = (straight.conns[0].take_output(), straight.host.mem.changed());
    assert_eq!(want.0.completions().count(), 20);
    for seed in 0..30 {
        let again = format!(
            "seed {seed}: cargo nextest run -p ferrowarp-testbench -E 'test(tcp_25_ddp_21)'"
        );
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut g = golden_with(ConnConfig {
            sack: seed % 2 == 0,
            ..ConnConfig::default()
        });
        post(&mut g, 20, 1024);
        let spec = FrameSpec {
            seq: START,
            ..FrameSpec::default()
        };
        g.conns[0].cfg.tuple = Some(Tuple {
            local: (spec.dst.ip, spec.dst.port),
            remote: (spec.src.ip, spec.src.port),
            vlan: None,
        });
        let mut peer = TcpPeer::new(spec, rng.gen_range(100..1460), 30_000);
        peer.queue(&s.octets);
        for _ in 0..10 {
            peer.cut_at(rng.gen_range(1..s.octets.len()));
        }
        let mut rounds = 0;
        while !peer.done() {
            rounds += 1;
            assert!(rounds < 500, "{again}: no progress");
            let mut frames = peer.burst();
            frames.retain(|_| rng.gen_bool(0.8));
            for i in 0..frames.len() {
                if rng.gen_bool(0.1) {
                    frames.push(frames[i].clone());
                }
            }
            frames.shuffle(&mut rng);
            for f in frames {
                assert!(g.frame(&f).is_ok());
            }
            peer.on_ack(g.conns[0].rcv_nxt(), 30_000);
            peer.go_back();
        }
        assert_eq!(g.conns[0].output().ops, want.0.ops, "{again}");
        assert_eq!(g.conns[0].output().events, want.0.events, "{again}");
        assert!(g.host.mem.changed() == want.1, "{again}");
    }
}

#[test]
fn mpa_76_77_bad_crc_is_dropped_and_repaired_or_ends_the_stream() {
    let good = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut bad = good.clone();
    bad[50] ^= 4;
    let n = good.len() as u32;
    // Alone in its segment: dropped, not acknowledged, then repaired.
    let mut g = golden();
    assert_eq!(
        g.segment(0, &Segment::data(START, &bad)),
        Some(Verdict::CrcDrop)
    );
    assert_eq!(
        (g.conns[0].rcv_nxt(), g.host.mem.changed().len()),
        (START, 0)
    );
    // What follows in the same segment goes with it; what stands before stays.
    let two = [&good[..], &bad[..], &good[..]].concat();
    assert_eq!(
        g.segment(0, &Segment::data(START, &two)),
        Some(Verdict::CrcDrop)
    );
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(n));
    assert_eq!(
        g.segment(0, &Segment::data(START.wrapping_add(n), &good)),
        Some(Verdict::Arrival(Arrival::InOrder))
    );
    assert_eq!(
        (g.conns[0].rcv_nxt(), error_of(&g)),
        (START.wrapping_add(2 * n), None)
    );
    assert_eq!(g.conns[0].output().ops.get(Opcode::Write), 2);
    // The third time at one place is the end.
    let mut g = golden();
    for want in [None, None, Some((0x20, 0x02, "MPA-73"))] {
        g.segment(0, &Segment::data(START, &bad));
        assert_eq!(error_of(&g), want);
    }
    // Octets of it were acknowledged: the end at once.
    let mut g = golden();
    g.segment(0, &Segment::data(START, &bad[..10]));
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(10));
    g.segment(0, &Segment::data(START.wrapping_add(10), &bad[10..]));
    assert_eq!(error_of(&g), Some((0x20, 0x02, "MPA-73")));
    // MPA-81: nothing after it counts.
    g.segment(0, &Segment::data(START.wrapping_add(n), &good));
    assert_eq!(g.conns[0].output().ops.total(), 0);
    assert_eq!(
        g.conns[0].error().map(|e| e.terminate()),
        Some(term_without_headers(0x20, 0x02))
    );
}

#[test]
fn mpa_77_sacked_octets_are_never_dropped() {
    let good = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut bad = good.clone();
    bad[60] ^= 1;
    for sack in [false, true] {
        let mut g = golden_with(ConnConfig {
            sack,
            ..ConnConfig::default()
        });
        assert_eq!(
            g.segment(0, &Segment::data(START.wrapping_add(50), &bad[50..])),
            Some(Verdict::Arrival(Arrival::OutOfOrder))
        );
        g.segment(0, &Segment::data(START, &bad[..50]));
        assert_eq!(error_of(&g).is_some(), sack);
        if !sack {
            assert_eq!(g.conns[0].rcv_nxt(), START);
            assert!(g.conns[0].held().is_empty());
            g.segment(0, &Segment::data(START, &good));
            assert_eq!(g.conns[0].output().ops.total(), 1);
        }
    }
}

#[test]
fn mpa_10_crc_off_takes_any_value() {
    let mut g = golden_with(ConnConfig {
        crc: false,
        ..ConnConfig::default()
    });
    let opt = FpduOptions {
        crc: CrcField::Octets([0xde, 0xad, 0xbe, 0xef]),
        pad: 0x5a,
        ..Default::default()
    };
    g.stream(
        0,
        &emit_fpdu(&ulpdu::write(STAG, BASE, &counted(5), true), &opt),
    );
    assert_eq!((g.conns[0].output().ops.total(), error_of(&g)), (1, None));
}

#[test]
fn mpa_59_too_long_an_fpdu_is_an_error_at_its_length_field() {
    let mut g = golden_with(ConnConfig {
        max_fpdu: 2048,
        ..ConnConfig::default()
    });
    g.stream(0, &[0x08, 0x00]);
    assert_eq!(error_of(&g), Some((0x20, 0x05, "MPA-59")));
    g.stream(0, &[0; 5000]);
    assert_eq!(g.conns[0].output().events.len(), 1);
}

#[test]
fn mpa_6d_63_markers_are_checked_and_removed_across_the_wrap() {
    let mut s = FpduStream::new(true);
    s.push(&ulpdu::write(STAG, BASE, &counted(1400), true));
    s.push_with(
        &ulpdu::write(STAG, BASE, &counted(700), true),
        &FpduOptions {
            pointer_error: 3,
            ..Default::default()
        },
    );
    let mut g = golden_with(ConnConfig {
        markers: true,
        ..ConnConfig::default()
    });
    g.segment(0, &Segment::data(START, &s.octets));
    assert_eq!(
        (g.conns[0].output().ops.total(), error_of(&g)),
        (2, None),
        "low two bits are ignored (MPA-65)"
    );
    s.push_with(
        &ulpdu::write(STAG, BASE, &counted(700), true),
        &FpduOptions {
            pointer_error: 4,
            ..Default::default()
        },
    );
    let mut g = golden_with(ConnConfig {
        markers: true,
        ..ConnConfig::default()
    });
    g.segment(0, &Segment::data(START, &s.octets));
    assert_eq!(
        (g.conns[0].output().ops.total(), error_of(&g)),
        (2, Some((0x20, 0x03, "MPA-6D")))
    );
}

#[test]
fn mpa_84_fin_inside_an_fpdu() {
    let f = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut g = golden();
    let mut seg = Segment::data(START, &f[..40]);
    seg.flags = Flags::ACK | Flags::FIN;
    g.segment(0, &seg);
    assert_eq!(error_of(&g), Some((0x20, 0x01, "MPA-84")));
    assert!(g.conns[0].error().is_some_and(|e| e.local));
    assert_eq!(g.conns[0].output().events.last(), Some(&Event::Fin));
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(41));
    // Out of order, the FIN waits.
    let mut g = golden();
    let mut fin = Segment::data(START.wrapping_add(f.len() as u32), &[]);
    fin.flags = Flags::ACK | Flags::FIN;
    g.segment(0, &fin);
    assert!(g.conns[0].output().events.is_empty());
    g.segment(0, &Segment::data(START, &f));
    assert_eq!(
        (g.conns[0].output().events.last(), error_of(&g)),
        (Some(&Event::Fin), None)
    );
}

#[test]
fn tcp_16_18_63_timestamps_and_resets() {
    let mut g = golden_with(ConnConfig {
        timestamps: true,
        ts_recent: 100,
        ..ConnConfig::default()
    });
    let f = fpdu(&ulpdu::write(STAG, BASE, &counted(8), true));
    let mut seg = Segment::data(START, &f);
    assert_eq!(g.segment(0, &seg), Some(Verdict::NoTimestamp));
    seg.timestamps = Some((99, 0));
    assert_eq!(g.segment(0, &seg), Some(Verdict::Paws));
    seg.timestamps = Some((101, 0));
    assert_eq!(g.segment(0, &seg), Some(Verdict::Arrival(Arrival::InOrder)));
    assert_eq!(g.conns[0].ts_recent(), 101);
    let mut rst = Segment::data(START.wrapping_add(f.len() as u32 + 1), &[]);
    rst.flags = Flags::RST;
    assert_eq!(g.segment(0, &rst), Some(Verdict::Challenge));
    rst.seq = START.wrapping_sub(1);
    assert_eq!(g.segment(0, &rst), Some(Verdict::Ignored));
    rst.seq = g.conns[0].rcv_nxt();
    assert_eq!(g.segment(0, &rst), Some(Verdict::Reset));
}
