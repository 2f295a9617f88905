//! Windows and segment boundaries: rows TCP-48 to 4C, 54 to 56, 58, 59, 5A, 5B.

use super::lab::*;
use super::*;
use crate::build::counted;

const MSS: usize = 1000;
const M: u64 = MSS as u64;

fn cfg() -> SenderConfig {
    SenderConfig {
        mss: MSS,
        first_seq: u32::MAX - 3000,
        wnd: 60_000,
        ..SenderConfig::default()
    }
}

#[test]
fn tcp_48_flight_is_bound_by_both_windows() {
    // The congestion window is the smaller one, then the receiver's; the laboratory checks each segment of a lossy run.
    let mut h = Hand::new(cfg(), 100 * MSS, MSS);
    assert_eq!(h.out().len(), 4);
    let small = SenderConfig { wnd: 2500, ..cfg() };
    let mut h = Hand::new(small, 100 * MSS, MSS);
    assert_eq!(
        h.out().len(),
        2,
        "and the rest is less than half of the window"
    );
    for seed in 0..20 {
        for (sack, wnd) in [(true, 60_000), (false, 60_000), (true, 5000), (false, 900)] {
            let cfg = SenderConfig {
                wnd,
                sack,
                rto_min: 20 * MS,
                ..cfg()
            };
            let mut lab = Lab::new(cfg, 100_000, MSS, MS, |n, _| loses(seed, n, 0.05));
            assert!(lab.run(), "seed {seed} {sack} {wnd}");
            assert_eq!(lab.got.len(), 100_000);
        }
    }
}

#[test]
fn tcp_49_initial_window() {
    for (mss, segments) in [
        (88, 4),
        (536, 4),
        (1095, 4),
        (1096, 3),
        (1460, 3),
        (2191, 2),
        (8960, 2),
    ] {
        let cfg = SenderConfig {
            mss,
            wnd: 1 << 20,
            ..cfg()
        };
        let mut h = Hand::new(cfg, 20 * mss, mss);
        assert_eq!(h.out().len(), segments, "{mss}");
    }
}

#[test]
fn tcp_4a_one_segment_after_a_lost_syn() {
    let cfg = SenderConfig {
        initial_window: Some(M),
        ..cfg()
    };
    assert_eq!(Hand::new(cfg, 20 * MSS, MSS).out().len(), 1);
}

#[test]
fn tcp_4b_slow_start_then_one_segment_a_round_trip() {
    let mut h = Hand::new(cfg(), 2000 * MSS, MSS);
    // Slow start: each acknowledgement one SMSS at most, however much it covers.
    h.out();
    let before = h.s.snapshot().cwnd;
    h.ack(3 * M);
    assert_eq!(h.s.snapshot().cwnd, before + M);
    h.ack(3 * M + 10);
    assert_eq!(h.s.snapshot().cwnd, before + M + 10);
    h.ack(4 * M);
    while h.s.snapshot().cwnd < 30 * M {
        h.out();
        h.now += MS;
        let to = h.s.una() + M;
        h.ack(to);
    }
    // A loss, its repair, then congestion avoidance.
    h.out();
    let (una, max) = (h.s.una(), h.s.max());
    for i in 1..=3 {
        h.sack(una, &[(una + M, una + M + i * M)]);
    }
    h.out();
    h.ack(max);
    assert_eq!(h.s.mode(), Mode::Open);
    for _ in 0..8 {
        let before = h.s.snapshot().cwnd;
        h.out();
        let end = h.s.max();
        while h.s.una() < end {
            let to = (h.s.una() + M).min(end);
            h.ack(to);
        }
        let grown = h.s.snapshot().cwnd - before;
        assert!(grown <= M, "{grown}");
    }
    assert!(h.s.snapshot().cwnd > max.min(15 * M), "it does grow");
}

#[test]
fn tcp_4c_time_out_halves_once_and_starts_from_one() {
    let mut h = Hand::new(cfg(), 2000 * MSS, MSS);
    while h.s.snapshot().cwnd < 20 * M {
        h.out();
        let to = h.s.una() + M;
        h.ack(to);
    }
    h.out();
    let flight = h.s.flight();
    h.timer();
    let s = h.s.snapshot();
    assert_eq!((s.cwnd, s.ssthresh), (M, flight / 2));
    assert_eq!(h.out().len(), 1);
    h.timer();
    let s = h.s.snapshot();
    assert_eq!((s.cwnd, s.ssthresh), (M, flight / 2), "held at the second");
    // With little under way the floor of two segments holds.
    let mut h = Hand::new(cfg(), MSS, MSS);
    h.out();
    h.timer();
    assert_eq!(h.s.snapshot().ssthresh, 2 * M);
}

#[test]
fn tcp_54_small_pieces_leave_at_once_unless_nagle_is_on() {
    let mut h = Hand::new(cfg(), 300, 100);
    assert_eq!(h.out().len(), 3, "an FPDU a segment");
    let cfg = SenderConfig {
        nagle: true,
        ..cfg()
    };
    let mut h = Hand::new(cfg, 300, 100);
    assert_eq!(h.out().len(), 1);
    h.ack(100);
    assert_eq!(h.out().len(), 1);
}

#[test]
fn mpa_51_small_pieces_share_a_segment_if_packing_is_on() {
    let cfg = SenderConfig {
        pack: true,
        ..cfg()
    };
    let mut h = Hand::new(cfg, 2600, 300);
    let ends: Vec<u64> = h.out().iter().map(|s| s.pos + s.len()).collect();
    assert_eq!(ends, [900, 1800, 2600]);
}

#[test]
fn tcp_55_no_silly_pieces() {
    let cfg = SenderConfig {
        wnd: 4 * M as u32,
        ..cfg()
    };
    let mut h = Hand::new(cfg, 40 * MSS, MSS);
    assert_eq!(h.out().len(), 4);
    // The window opens by hundreds: nothing leaves until a segment fits.
    let mut sent = Vec::new();
    for i in 1..=20u16 {
        h.wnd = i * 100;
        h.ack(4 * M);
        sent.extend(h.out());
    }
    assert_eq!(
        sent.iter().map(|s| s.payload.len()).collect::<Vec<_>>(),
        [MSS, MSS]
    );
    // It stays small: a piece leaves when it has waited.
    h.wnd = 300;
    h.ack(6 * M);
    assert!(h.out().is_empty());
    let from = h.now;
    assert_eq!(h.timer(), [TimerEvent::Override]);
    assert_eq!(h.now - from, 200 * MS);
    let s = h.out();
    assert_eq!((s.len(), s[0].payload.len()), (1, 300));
    // A receiver that never offers more than one octet gets one at a time, without waiting.
    let one = SenderConfig {
        wnd: 1,
        ..self::cfg()
    };
    let mut lab = Lab::new(one, 50, 25, MS, |_, _| false);
    lab.h.wnd = 1;
    assert!(lab.run());
    assert!(lab.log.iter().all(|(_, s)| s.payload.len() == 1));
    assert!(lab.h.now < 101 * MS);
}

#[test]
fn tcp_56_the_peer_takes_its_window_back() {
    let cfg = SenderConfig {
        initial_window: Some(50 * M),
        ..cfg()
    };
    let mut h = Hand::new(cfg, 60 * MSS, MSS);
    assert_eq!(h.out().len(), 50);
    h.wnd = M as u16;
    h.ack(2 * M);
    assert!(h.out().is_empty());
    // Inside of the new edge it is sent again by timer, beyond it nothing.
    h.timer();
    assert_eq!(h.starts(), [2 * M]);
    h.ack(3 * M);
    assert_eq!(h.starts(), [3 * M]);
    h.wnd = 0;
    h.ack(4 * M);
    assert_eq!(h.timer(), [TimerEvent::Probe]);
    assert_eq!(h.out()[0].payload.len(), 1);
    // What was beyond the edge did arrive.
    h.wnd = 60_000;
    h.ack(50 * M);
    assert_eq!(h.starts()[0], 50 * M);
    // Acknowledgements for what was never sent are nothing.
    assert_eq!(h.ack(70 * M), AckVerdict::Invalid);
}

#[test]
fn tcp_59_window_only_from_newer_segments() {
    let cfg = SenderConfig {
        wl1: 100,
        initial_window: Some(20 * M),
        ..cfg()
    };
    let mut h = Hand::new(cfg, 60 * MSS, MSS);
    h.out();
    let wnd = |h: &Hand| h.s.snapshot().wnd;
    let give = |h: &mut Hand, seq: u32, ack: u64, window: u16| {
        let mut a = h.seg(ack, &[]);
        (a.seq, a.window) = (seq, window);
        h.s.on_ack(0, &a)
    };
    give(&mut h, 200, 5 * M, 5000);
    assert_eq!(wnd(&h), 5000);
    give(&mut h, 150, 5 * M, 1);
    assert_eq!(wnd(&h), 5000, "an older segment");
    assert_eq!(give(&mut h, 200, 4 * M, 1), AckVerdict::Old);
    assert_eq!(wnd(&h), 5000, "an older acknowledgement");
    give(&mut h, 200, 5 * M, 6000);
    assert_eq!(wnd(&h), 6000, "the same again: an update");
    give(&mut h, 150, 6 * M, 1);
    assert_eq!(
        (wnd(&h), h.s.una()),
        (6000, 6 * M),
        "it acknowledges all the same"
    );
}

/// The path becomes narrower in the middle: other boundaries, the same octets.
#[test]
fn tcp_5a_mpa_6g_retransmissions_repeat_the_content() {
    for (small, sack) in [(300, true), (88, false), (536, true)] {
        let cfg = SenderConfig {
            rto_min: 20 * MS,
            sack,
            ..cfg()
        };
        let mut lab = Lab::new(cfg, 60_000, MSS, MS, |n, s| {
            s.payload.len() > 536 && n > 20 || loses(small as u64, n, 0.1)
        });
        let want: Vec<u8> = (0..60_000usize).map(|i| (i * 7 + i / 251) as u8).collect();
        // Longer segments are lost from the 20th on; the owner learns it at the 30th.
        lab.narrow_at = Some((30, small));
        assert!(lab.run());
        assert!(lab.got == want);
        for (_, s) in &lab.log {
            let a = s.pos as usize;
            assert_eq!(s.payload, want[a..a + s.payload.len()]);
        }
        let narrow = lab.log.iter().any(|(_, s)| s.payload.len() == small);
        assert!(narrow && !lab.again().is_empty());
    }
}

#[test]
fn tcp_5b_push_on_the_last_octets_queued() {
    let mut h = Hand::new(cfg(), 2 * MSS + 10, MSS);
    let push: Vec<bool> = h.out().iter().map(|s| s.psh).collect();
    assert_eq!(push, [false, false, true]);
    h.ack(2 * M + 10);
    h.queue(5, 5);
    assert!(h.out()[0].psh);
    // In a whole connection: some frame that ends what was queued has it.
    let mut net = Setup::default().net(LinkConfig::default());
    net.tap = Some(Vec::new());
    net.a().post(0, write(0, 0, &counted(4000)));
    assert_eq!(net.run(SEC, |n| n.flows[0].a.idle()), Stop::Reached);
    let tap = net.tap.take().unwrap_or_default();
    let push: Vec<bool> = tap
        .iter()
        .filter(|(_, from_a, f)| *from_a && f.len() > 60)
        .map(|(_, _, f)| f[47] & 8 != 0)
        .collect();
    assert_eq!(push, [false, false, true]);
}

#[test]
fn tcp_61_fin_rides_on_the_last_octets_and_is_repeated() {
    let mut h = Hand::new(cfg(), 1500, MSS);
    h.s.close();
    let out = h.out();
    assert!(!out[0].fin && out[1].fin && out[1].payload.len() == 500);
    assert_eq!(h.ack(1500), AckVerdict::Advanced(1500));
    assert!(!h.s.idle());
    h.timer();
    let again = h.out();
    assert!(again[0].fin && again[0].payload.is_empty() && again[0].pos == 1500);
    assert_eq!(h.ack(1501), AckVerdict::Advanced(1));
    assert!(h.s.idle() && h.s.deadline().is_none());
}

/// The update that opens the window is lost: a probe finds it out.
#[test]
fn tcp_58_a_lost_window_update_is_found_by_a_probe() {
    let setup = Setup {
        window: 0,
        ..Setup::default()
    };
    let mut net = setup.net(LinkConfig::default());
    net.b().post_recv(recv(0, 0, 4096));
    net.a().post(0, send(0, &counted(3000)));
    assert_eq!(net.run(500 * MS, |n| n.flows[0].a.idle()), Stop::Late);
    let next = net.ba.stats().offered;
    net.ba.lose([next]);
    let now = net.now;
    net.b().set_window(now, 1 << 16);
    assert_eq!(net.run(60 * SEC, |n| n.flows[0].a.idle()), Stop::Reached);
    assert_eq!(net.ba.stats().lost, 1);
    assert_eq!(net.b().host.mem.read(RQ_ADDR, 3000), Ok(&counted(3000)[..]));
}
