//! Loss recovery: rows TCP-4D to 52.

use super::lab::*;
use super::*;

const MSS: usize = 1000;
const M: u64 = MSS as u64;

fn cfg(sack: bool) -> SenderConfig {
    SenderConfig {
        mss: MSS,
        first_seq: u32::MAX - 3000,
        wnd: 60_000,
        initial_window: Some(20 * M),
        sack,
        ..SenderConfig::default()
    }
}

/// A duplicate, with SACK of the octets given.
fn duplicate(h: &mut Hand, una: u64, upto: u64) -> AckVerdict {
    let sack = h.s.config().sack;
    if sack {
        h.sack(una, &[(una + M, upto)])
    } else {
        h.ack(una)
    }
}

#[test]
fn tcp_4d_fast_retransmit_at_the_third_duplicate() {
    for sack in [false, true] {
        let cfg = SenderConfig {
            limited_transmit: false,
            ..cfg(sack)
        };
        let mut h = Hand::new(cfg, 20 * MSS, MSS);
        assert_eq!(h.out().len(), 20);
        for n in 1..=2 {
            assert_eq!(duplicate(&mut h, 0, (1 + n) * M), AckVerdict::Duplicate);
            assert!(h.out().is_empty(), "{n}");
        }
        duplicate(&mut h, 0, 4 * M);
        let out = h.out();
        assert_eq!(
            (out.len(), out[0].pos, out[0].reason),
            (1, 0, Reason::FastRetransmit)
        );
        assert_eq!(h.s.snapshot().ssthresh, 10 * M);
        // More of them do not send it again.
        for n in 4..8 {
            duplicate(&mut h, 0, (1 + n) * M);
            assert!(h.out().iter().all(|s| s.pos != 0));
        }
        h.ack(20 * M);
        assert_eq!((h.s.mode(), h.s.stats().timeouts), (Mode::Open, 0));
    }
    // Payload, or another window, makes it no duplicate without SACK.
    let mut h = Hand::new(cfg(false), 20 * MSS, MSS);
    h.out();
    for i in 0..8u16 {
        let mut a = h.seg(0, &[]);
        if i % 2 == 0 {
            a.len = 100;
            a.seq += u32::from(i) * 100;
        } else {
            a.window -= i;
            a.seq += u32::from(i) * 100;
        }
        assert_eq!(h.s.on_ack(0, &a), AckVerdict::Nothing);
    }
    assert!(h.out().is_empty());
}

#[test]
fn tcp_4e_two_new_segments_for_two_duplicates() {
    for sack in [false, true] {
        let mut h = Hand::new(cfg(sack), 40 * MSS, MSS);
        assert_eq!(h.out().len(), 20);
        for n in 1..=2 {
            duplicate(&mut h, 0, (1 + n) * M);
            let out = h.out();
            assert_eq!((out.len(), out[0].pos), (1, (19 + n) * M), "{sack}");
            assert_eq!(out[0].reason, Reason::Limited);
        }
        duplicate(&mut h, 0, 4 * M);
        assert_eq!(h.out()[0].pos, 0);
        // What limited transmit sent is not counted: half of twenty.
        assert_eq!(h.s.snapshot().ssthresh, 10 * M);
        // The window forbids it.
        let shut = SenderConfig {
            wnd: 20_000,
            ..cfg(sack)
        };
        let mut h = Hand::new(shut, 40 * MSS, MSS);
        h.out();
        duplicate(&mut h, 0, 2 * M);
        assert!(h.out().is_empty());
    }
}

#[test]
fn tcp_4f_partial_acknowledgement_repairs_the_next_hole() {
    let mut h = Hand::new(cfg(false), 40 * MSS, MSS);
    h.out();
    // 0 and 7 are lost.
    for _ in 0..3 {
        h.ack(0);
    }
    assert_eq!(h.starts()[0], 0);
    for _ in 0..10 {
        h.ack(0);
        h.out();
    }
    let before = h.s.snapshot().cwnd;
    assert_eq!(h.ack(7 * M), AckVerdict::Advanced(7 * M));
    assert_eq!(h.s.snapshot().cwnd, before - 7 * M + M, "deflated");
    let out = h.out();
    assert_eq!((out[0].pos, out[0].reason), (7 * M, Reason::PartialAck));
    assert_eq!(h.s.mode(), Mode::Recovery);
    let recover = 20 * M + 2 * M;
    h.ack(recover);
    assert_eq!((h.s.mode(), h.s.stats().timeouts), (Mode::Open, 0));
    let s = h.s.snapshot();
    assert!(s.cwnd <= s.ssthresh);
    // In a whole run, too.
    let mut lab = Lab::new(cfg(false), 100_000, MSS, 10 * MS, |n, _| n == 2 || n == 9);
    assert!(lab.run());
    assert_eq!(lab.h.s.stats().timeouts, 0);
    assert_eq!(
        lab.again(),
        [(2 * M, Reason::FastRetransmit), (9 * M, Reason::PartialAck)]
    );
}

#[test]
fn tcp_50_each_loss_is_repaired_once_and_nothing_else() {
    let patterns: [&[u64]; 4] = [
        &[1],
        &[1, 2, 3, 4],
        &[1, 2, 3, 4, 11, 12, 13, 14, 15, 16],
        &[0, 5, 10],
    ];
    for lost in patterns {
        let mut lab = Lab::new(cfg(true), 100_000, MSS, 10 * MS, |n, _| lost.contains(&n));
        assert!(lab.run());
        let mut again: Vec<u64> = lab.again().iter().map(|a| a.0 / M).collect();
        again.sort_unstable();
        assert_eq!(again, lost, "{lost:?}");
        let stats = lab.h.s.stats();
        assert_eq!((stats.timeouts, stats.fast_retransmits), (0, 1), "{lost:?}");
        assert_eq!(lab.got.len(), 100_000);
    }
}

/// NextSeg rule by rule.
#[test]
fn tcp_50_next_segment_rules() {
    let mut h = Hand::new(cfg(true), 30 * MSS, MSS);
    assert_eq!(h.out().len(), 20);
    // Held: 1, 3, 5, 7 and 9 to 18; by pieces everything below 5 is lost, by octets everything below 9.
    let odd: Vec<(u64, u64)> = [1, 3, 5, 7].iter().map(|i| (i * M, i * M + M)).collect();
    h.sack(0, &odd[..1]);
    h.sack(0, &odd[..3]);
    assert_eq!(h.s.scoreboard().lost_below(M), M);
    h.sack(0, &[(9 * M, 19 * M), odd[3]]);
    assert_eq!(h.s.scoreboard().lost_below(M), 9 * M);
    // cwnd 10; under way: 19, and the limited two: rule 1 gives 0, 2, 4, 6, 8, rule 2 the new ones behind.
    let out = h.out();
    let starts: Vec<u64> = out.iter().map(|s| s.pos / M).collect();
    assert_eq!(starts[..5], [0, 2, 4, 6, 8]);
    assert!(starts[5..].iter().all(|s| *s >= 20), "{starts:?}");
    assert!(h.s.flight() <= h.s.snapshot().cwnd);
    // Rule 2 before rule 3: 4 is below something held but not lost, so a new one goes first.
    let cfg2 = SenderConfig {
        limited_transmit: false,
        initial_window: Some(8 * M),
        ..cfg(true)
    };
    let mut h = Hand::new(cfg2, 20 * MSS, MSS);
    assert_eq!(h.out().len(), 8);
    h.sack(0, &[(M, 2 * M)]);
    h.sack(0, &[(M, 3 * M)]);
    h.sack(0, &[(M, 4 * M), (5 * M, 7 * M)]);
    assert_eq!(h.starts(), [0, 8 * M]);
    // Rule 3: not lost, but below something held; no new octets.
    let cfg3 = SenderConfig {
        limited_transmit: false,
        ..cfg(true)
    };
    let mut h = Hand::new(cfg3, 20 * MSS, MSS);
    h.out();
    h.sack(0, &[(M, 2 * M)]);
    h.sack(0, &[(3 * M, 4 * M)]);
    h.sack(0, &[(5 * M, 6 * M)]);
    // 2 and 4 are not lost yet: one piece above 4, two above 2.
    assert_eq!(h.starts(), [0], "the pipe is full");
    h.sack(0, &[(5 * M, 17 * M), (3 * M, 4 * M)]);
    let out: Vec<u64> = h.out().iter().map(|s| s.pos / M).collect();
    assert_eq!(
        out,
        [2, 4],
        "and no rescue before an acknowledgement asks for it"
    );
    // Rule 4: the retransmissions arrived but the end did not.
    h.ack(17 * M);
    let out = h.out();
    assert_eq!(
        (out.len(), out[0].pos, out[0].reason),
        (1, 19 * M, Reason::Rescue)
    );
}

/// The receiver said it held octets and says it no more: after the time-out everything comes again.
#[test]
fn tcp_51_52_sack_may_be_taken_back() {
    let mut h = Hand::new(cfg(true), 10 * MSS, MSS);
    h.out();
    h.sack(0, &[(4 * M, 10 * M)]);
    h.sack(2 * M, &[(4 * M, 10 * M)]);
    h.out();
    assert_eq!(h.timer(), [TimerEvent::Timeout(1)]);
    assert!(h.s.scoreboard().ranges().is_empty());
    let mut again = Vec::new();
    loop {
        let out = h.out();
        let Some(last) = out.last() else { break };
        again.extend(out.iter().map(|s| s.pos / M));
        let to = last.pos + last.len();
        h.ack(to);
    }
    assert_eq!(again, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(h.s.idle());
    // What is reported after the time-out counts.
    let mut h = Hand::new(cfg(true), 10 * MSS, MSS);
    h.out();
    h.timer();
    assert_eq!(h.starts(), [0]);
    h.sack(M, &[(2 * M, 9 * M)]);
    assert_eq!(h.starts(), [M, 9 * M]);
}

/// Blocks that lie, touch the unsent, or repeat the acknowledged are nothing.
#[test]
fn tcp_50_forged_blocks_change_nothing() {
    let mut h = Hand::new(cfg(true), 60 * MSS, MSS);
    h.out();
    h.ack(2 * M);
    for b in [
        (0, M),
        (M, 3 * M),
        (5 * M, 5 * M),
        (6 * M, 5 * M),
        (10 * M, 500 * M),
        (1 << 31, (1 << 31) + 5),
    ] {
        assert_eq!(h.sack(2 * M, &[b]), AckVerdict::Nothing, "{b:?}");
    }
    assert!(h.s.scoreboard().ranges().is_empty());
    assert_eq!(h.s.mode(), Mode::Open);
}

/// Loss of a retransmission costs a time-out, and everything arrives.
#[test]
fn tcp_46_51_lost_retransmissions() {
    for sack in [false, true] {
        for times in 1..4 {
            let mut seen = 0;
            let mut lab = Lab::new(cfg(sack), 60_000, MSS, 10 * MS, move |_, s| {
                seen += u64::from(s.pos == 5 * M);
                s.pos == 5 * M && seen <= times
            });
            assert!(lab.run());
            assert_eq!(lab.got.len(), 60_000);
            assert_eq!(lab.h.s.stats().timeouts, times - 1, "{sack}");
        }
    }
}
