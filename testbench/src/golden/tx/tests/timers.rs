//! Retransmission timer, persist timer, idle restart: rows TCP-40 to 47, 53, 57.

use super::lab::*;
use super::*;

const MSS: usize = 1000;

fn cfg() -> SenderConfig {
    SenderConfig {
        mss: MSS,
        first_seq: u32::MAX - 3000,
        wnd: 60_000,
        ..SenderConfig::default()
    }
}

/// One segment and its acknowledgement `rtt` later.
fn exchange(h: &mut Hand, rtt: Ns) {
    h.queue(MSS, MSS);
    assert_eq!(h.out().len(), 1);
    h.now += rtt;
    let end = h.s.max();
    assert_eq!(h.ack(end), AckVerdict::Advanced(MSS as u64));
}

#[test]
fn tcp_40_rto_follows_the_formulae() {
    let cfg = SenderConfig {
        rto_min: MS,
        ..cfg()
    };
    let mut h = Hand::new(cfg, 0, 1);
    // SRTT and RTTVAR by hand: (100, 50), (100, 37.5), (112.5, 53.125), (104.6875, 55.46875).
    let want = [300.0, 250.0, 325.0, 326.5625];
    for (rtt, rto) in [100, 100, 200, 50].into_iter().zip(want) {
        exchange(&mut h, rtt * MS);
        let got = h.s.rtt().rto() as f64 / MS as f64;
        assert!((got - rto).abs() < 1e-3, "{got} for {rto}");
    }
    // A steady path: K * RTTVAR falls below G.
    for _ in 0..200 {
        exchange(&mut h, 50 * MS);
    }
    let got = h.s.rtt().rto();
    assert!(got.abs_diff(51 * MS) < 10 * US, "{got}");
}

#[test]
fn tcp_41_rto_floor_is_a_setting() {
    for (floor, want) in [(SEC, SEC), (200 * MS, 200 * MS), (MS, 3 * MS)] {
        let cfg = SenderConfig {
            rto_min: floor,
            ..cfg()
        };
        let mut h = Hand::new(cfg, 0, 1);
        exchange(&mut h, MS);
        assert_eq!(h.s.rtt().rto(), want);
    }
}

#[test]
fn tcp_42_first_rto_is_one_second() {
    for initial in [SEC, 3 * SEC] {
        let cfg = SenderConfig {
            rto_initial: initial,
            ..cfg()
        };
        let mut h = Hand::new(cfg, MSS, MSS);
        assert_eq!(h.starts(), [0]);
        assert_eq!(h.s.deadline(), Some(initial));
        assert_eq!(h.timer(), [TimerEvent::Timeout(1)]);
        assert_eq!(h.starts(), [0]);
    }
}

#[test]
fn tcp_43_no_sample_from_octets_sent_twice() {
    for stamps in [false, true] {
        let clock = TsClock {
            offset: u32::MAX - 5,
            tick: MS,
        };
        let cfg = SenderConfig {
            timestamps: stamps.then_some(clock),
            ..cfg()
        };
        let mut h = Hand::new(cfg, MSS, MSS);
        h.out();
        h.timer();
        assert_eq!(h.out()[0].reason, Reason::Timeout);
        let echo = clock.at(h.now);
        h.now += 50 * MS;
        let mut a = h.seg(MSS as u64, &[]);
        a.tsecr = stamps.then_some(echo);
        h.s.on_ack(h.now, &a);
        if stamps {
            assert_eq!(h.s.rtt().srtt(), Some(50 * MS));
            assert_eq!(h.s.rtt().rto(), SEC, "the back-off ends with a sample");
        } else {
            assert_eq!((h.s.rtt().samples(), h.s.rtt().rto()), (0, 2 * SEC));
            exchange(&mut h, 50 * MS);
            assert_eq!((h.s.rtt().samples(), h.s.rtt().rto()), (1, SEC));
        }
    }
}

#[test]
fn tcp_44_a_sample_each_round_trip() {
    for stamps in [
        None,
        Some(TsClock {
            offset: 9,
            tick: MS,
        }),
    ] {
        let cfg = SenderConfig {
            timestamps: stamps,
            ..cfg()
        };
        let mut lab = Lab::new(cfg, 2_000_000, MSS, 5 * MS, |_, _| false);
        assert!(lab.run());
        let trips = lab.h.now / (10 * MS);
        assert!(lab.h.s.rtt().samples() >= trips, "{stamps:?}");
    }
}

#[test]
fn tcp_45_back_off_doubles_up_to_sixty_seconds() {
    let cfg = SenderConfig {
        r2: 1000 * SEC,
        ..cfg()
    };
    let mut h = Hand::new(cfg, 5 * MSS, MSS);
    h.out();
    let mut times = vec![0];
    for _ in 0..9 {
        h.timer();
        assert_eq!(h.starts(), [0], "one segment, the first");
        times.push(h.now / SEC);
    }
    let gaps: Vec<u64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

/// Of everything that left by timer: its last transmission is at least one RTO (of that time, not smaller than the floor)
/// away; over many patterns of loss.
#[test]
fn tcp_46_never_again_within_one_rto() {
    let mut timeouts = 0;
    for seed in 0..60 {
        let sack = seed % 2 == 0;
        let cfg = SenderConfig {
            rto_min: 30 * MS,
            rto_initial: 30 * MS,
            sack,
            ..cfg()
        };
        let mut lab = Lab::new(cfg, 200_000, MSS, 5 * MS, |n, _| loses(seed, n, 0.12));
        assert!(lab.run(), "seed {seed}");
        for (i, (at, s)) in lab.log.iter().enumerate() {
            // The first of a time-out: nothing left for a while before it. What follows it may have left later than that.
            let idle = i > 0 && lab.log[i - 1].0 < *at;
            if s.reason != Reason::Timeout || !idle {
                continue;
            }
            let last = lab.log[..i]
                .iter()
                .rev()
                .find(|(_, o)| o.pos <= s.pos && s.pos < o.pos + o.len());
            let Some((was, _)) = last else { continue };
            let first = lab.log[..i]
                .iter()
                .all(|(_, o)| o.reason != Reason::Timeout);
            if first {
                timeouts += 1;
                assert!(at - was >= 30 * MS, "seed {seed}: {} ns", at - was);
            }
        }
    }
    assert!(timeouts > 10, "{timeouts}");
}

#[test]
fn tcp_47_r1_tells_and_r2_ends() {
    for r2 in [100 * SEC, 7 * SEC] {
        let cfg = SenderConfig { r2, ..cfg() };
        let mut h = Hand::new(cfg, MSS, MSS);
        h.out();
        let mut told = None;
        for n in 1..20 {
            let events = h.timer();
            h.out();
            if events.contains(&TimerEvent::R1) {
                told = Some(n);
            }
            if events.contains(&TimerEvent::GaveUp) {
                break;
            }
        }
        assert!(h.s.dead() && h.s.deadline().is_none());
        assert!(h.now >= r2 && h.now < r2 + 60 * SEC);
        assert!(told == Some(3) || r2 < 15 * SEC);
        h.queue(10, 10);
        assert!(h.out().is_empty());
    }
    // Progress of any kind starts the count again.
    let mut h = Hand::new(cfg(), 100 * MSS, MSS);
    h.out();
    for i in 1..100 {
        h.timer();
        h.out();
        h.ack(i * MSS as u64);
        h.out();
    }
    assert!(h.now > 100 * SEC && !h.s.dead());
}

#[test]
fn tcp_53_after_idle_the_window_is_the_first_one() {
    let mut h = Hand::new(cfg(), 40 * MSS, MSS);
    for _ in 0..20 {
        h.out();
        h.now += MS;
        let to = h.s.max();
        h.ack(to);
    }
    assert!(h.s.idle() && h.s.snapshot().cwnd > 10 * MSS as u64);
    h.now += 500 * MS;
    h.queue(40 * MSS, MSS);
    assert!(h.out().len() > 10, "not idle for long enough");
    let to = h.s.max();
    h.ack(to);
    while !h.s.idle() {
        h.out();
        let to = h.s.max();
        h.ack(to);
    }
    h.now += 2 * SEC;
    h.queue(40 * MSS, MSS);
    let first = h.s.config().first_window() / MSS as u64;
    assert_eq!(h.out().len() as u64, first);
}

#[test]
fn tcp_57_probes_as_long_as_they_are_answered() {
    let mut h = Hand::new(cfg(), 10 * MSS, MSS);
    h.out();
    h.now += 10 * MS;
    h.wnd = 0;
    h.ack(4 * MSS as u64);
    assert!(h.out().is_empty());
    let opened = h.now;
    let mut at = Vec::new();
    while h.now < opened + 600 * SEC {
        assert_eq!(h.timer(), [TimerEvent::Probe]);
        let sent = h.out();
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].pos, sent[0].payload.len()), (4 * MSS as u64, 1));
        at.push(h.now);
        h.now += 10 * MS;
        h.ack(4 * MSS as u64);
        assert!(h.out().is_empty());
    }
    assert_eq!(at[0] - opened, SEC, "the first after one RTO");
    let gaps: Vec<u64> = at.windows(2).map(|w| (w[1] - w[0]) / SEC).collect();
    assert_eq!(gaps[..5], [2, 4, 8, 16, 32]);
    assert!(gaps[5..].iter().all(|g| *g == 60));
    assert!(!h.s.dead() && h.s.stats().timeouts == 0);
    // The last probe was taken this time, and the window opens.
    h.wnd = 60_000;
    h.ack(4 * MSS as u64 + 1);
    let rest = h.out();
    assert_eq!(rest[0].pos, 4 * MSS as u64 + 1);
    assert_eq!(rest[0].payload.len(), MSS - 1, "the rest of the FPDU");
    // Nobody answers any more.
    h.wnd = 0;
    h.ack(4 * MSS as u64 + 1);
    while !h.s.dead() {
        h.timer();
        h.out();
        assert!(h.now < 2000 * SEC);
    }
}
