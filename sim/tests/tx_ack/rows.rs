//! One test a rule, in the words of the RFC.

use super::bench::Bench;
use super::model::{Ask, Fields, Install, Mirror, Mode, Report};
use super::rx_tables::Cases;

const MSS: u32 = 1000;
const RCV: u32 = 0xFFFF_F000;
const SND: u32 = 0xFFFF_FFF0;
const DELAY: u32 = 400;
const GAP: u32 = 2000;

struct One<'a> {
    b: Bench<'a>,
    rcv: u32,
    _cases: Cases,
}

impl One<'_> {
    fn new(test: &'static str, ts: bool, sack: bool) -> Self {
        let cases = Cases::new(test);
        let mut b = Bench::new(DELAY, GAP, cases.seed);
        b.install(Install {
            conn: 5,
            gen: 7,
            rcv_nxt: RCV,
            wnd: 4321,
            mss: MSS,
            ts,
            sack,
            recent: 99,
            una: SND,
            nxt: SND,
            max_wnd: 1000,
            ..Install::default()
        });
        b.settle();
        One {
            b,
            rcv: RCV,
            _cases: cases,
        }
    }

    fn report(&mut self, octets: u32, mode: Mode, change: impl FnOnce(&mut Report)) {
        self.rcv = self.rcv.wrapping_add(octets);
        let mut r = Report {
            conn: 5,
            gen: 7,
            rcv_nxt: self.rcv,
            mode,
            recent: 99,
            ..Report::default()
        };
        change(&mut r);
        self.b.report(r);
        self.b.settle();
    }

    fn data(&mut self, octets: u32) {
        self.report(octets, Mode::Delayed, |_| ());
    }

    fn bare(&mut self) -> Fields {
        self.b.answer(Ask {
            conn: 5,
            gen: 7,
            data: None,
            probe: false,
        })
    }

    fn segment(&mut self, seq: u32, len: u16, probe: bool) -> Fields {
        self.b.answer(Ask {
            conn: 5,
            gen: 7,
            data: Some((seq, len)),
            probe,
        })
    }

    /// An ACK is wanted now: it was said, and one goes.
    fn wanted(&mut self) -> bool {
        let said = !self.b.dues.is_empty();
        self.b.dues.clear();
        said
    }

    fn acks(&mut self) -> usize {
        let mut n = 0;
        while self.bare().go {
            n += 1;
        }
        self.wanted();
        n
    }
}

/// RFC 9293 3.8.6.3, RFC 5681 4.2: every second full-sized segment at once.
#[test]
fn tcp27_every_second_full_segment() {
    let mut o = One::new("tx_ack tcp27_every_second_full_segment", false, false);
    for _ in 0..4 {
        o.data(MSS);
        assert!(!o.wanted() && !o.bare().go);
        o.data(MSS);
        assert!(o.wanted());
        let f = o.bare();
        assert!(f.go);
        assert_eq!((f.ack, f.wnd, f.seq), (o.rcv, 4321, Some(SND)));
        assert!(!o.bare().go, "one ACK, not two");
        o.wanted();
    }
}

/// Small segments: one ACK for more than a full-sized one's octets, or by the timer.
#[test]
fn tcp27_small_segments_and_timer() {
    let mut o = One::new("tx_ack tcp27_small_segments_and_timer", false, false);
    for _ in 0..10 {
        o.data(MSS / 10);
        assert!(!o.wanted());
    }
    o.data(1);
    assert!(o.wanted() && o.bare().go);
    o.wanted();
    // The timer runs from the first octet on, not from the last.
    let from = o.b.now();
    o.data(10);
    o.b.pass(DELAY / 2);
    o.data(10);
    while o.b.dues.is_empty() {
        o.b.cycle();
    }
    let took = o.b.now().wrapping_sub(from);
    // A round of the scan is 16 x 32 cycles at most: 74 units of 7 cycles.
    assert!((DELAY..DELAY + 80).contains(&took), "{took} units");
    assert_eq!(o.b.counts[0], 1);
    let f = o.bare();
    assert!(f.go && f.ack == o.rcv);
    // No timer without octets.
    o.wanted();
    o.b.pass(3 * DELAY);
    assert!(!o.wanted());
}

/// Data carries the ACK: no bare one, no timer.
#[test]
fn tcp29_data_carries_the_ack() {
    let mut o = One::new("tx_ack tcp29_data_carries_the_ack", true, true);
    o.data(MSS);
    o.data(MSS);
    assert!(o.wanted());
    let f = o.segment(SND, 600, false);
    assert_eq!((f.ack, f.wnd), (o.rcv, 4321));
    assert_eq!(f.ts.map(|t| t.1), Some(99));
    assert!(!o.bare().go);
    o.data(1);
    o.segment(SND.wrapping_add(600), 600, false);
    o.wanted();
    o.b.pass(3 * DELAY);
    assert!(!o.wanted() && !o.bare().go);
    // What the receive path has been told, each before the segment's fields were given.
    let last = o.b.told.last().expect("mirrors").1;
    assert_eq!(last, [SND, SND.wrapping_add(1200), o.rcv, 1000]);
}

/// RFC 5681 4.2: a duplicate ACK at once for each segment ahead of a gap; one ACK when it is filled.
#[test]
fn tcp28_duplicate_acks() {
    let mut o = One::new("tx_ack tcp28_duplicate_acks", false, false);
    for _ in 0..3 {
        o.report(0, Mode::Now, |_| ());
    }
    assert!(o.wanted());
    // Data is no duplicate ACK (RFC 5681 2 (b)).
    o.segment(SND, 100, false);
    assert_eq!(o.acks(), 3, "one a segment");
    o.report(0, Mode::Now, |_| ());
    o.report(0, Mode::Now, |_| ());
    o.report(4 * MSS, Mode::Now, |_| ());
    assert!(o.wanted());
    assert_eq!(o.acks(), 1, "they would all say the same");
    // 20 in a row while none can go: seven.
    for _ in 0..20 {
        o.report(0, Mode::Now, |_| ());
    }
    assert_eq!(o.acks(), 7);
}

/// The blocks hold until the next report; as many as fit; not without SACK.
#[test]
fn tcp2a_sack_blocks() {
    for (ts, sack) in [(false, true), (true, true), (false, false)] {
        let mut o = One::new("tx_ack tcp2a_sack_blocks", ts, sack);
        let at = |n: u32| RCV.wrapping_add(n * 3000);
        let blocks: Vec<_> = (1..5)
            .rev()
            .map(|n| (at(n), at(n).wrapping_add(1000)))
            .collect();
        let told = blocks.clone();
        o.report(0, Mode::Now, |r| (r.rx_only, r.blocks) = (true, told));
        let most = [4, 3][usize::from(ts)];
        let want = if sack { &blocks[..most] } else { &[] };
        assert_eq!(o.bare().sack, want);
        // A segment too old by its timestamp, or one of the fast path, changes nothing.
        o.report(0, Mode::Now, |r| (r.rx_only, r.dup) = (true, true));
        assert_eq!(o.bare().sack, want);
        o.report(0, Mode::Now, |_| ());
        o.report(0, Mode::None, |r| r.rx_only = true);
        // Data has none, and does not take the place of the ACK that has some.
        assert!(o.segment(SND, 100, false).sack.is_empty());
        assert_eq!(o.bare().sack, want);
        o.report(20_000, Mode::Now, |r| r.rx_only = true);
        assert!(o.bare().sack.is_empty());
    }
}

/// RFC 2883 4: a duplicate is reported once, in front of the others.
#[test]
fn tcp2b_duplicates_once() {
    let mut o = One::new("tx_ack tcp2b_duplicates_once", false, true);
    let at = |n: u32| RCV.wrapping_add(n);
    let below = (RCV.wrapping_sub(500), RCV);
    let held = (at(3000), at(6000));
    for dup in [below, (at(3000), at(4000)), (at(4000), at(6000))] {
        o.report(0, Mode::Now, |r| {
            (r.rx_only, r.blocks) = (true, vec![dup, held])
        });
        o.report(0, Mode::Now, |_| ());
        assert_eq!(o.bare().sack, [dup, held]);
        assert_eq!(o.bare().sack, [held]);
    }
    o.report(0, Mode::Now, |r| {
        (r.rx_only, r.blocks) = (true, vec![below])
    });
    assert_eq!(o.bare().sack, [below]);
    o.report(0, Mode::Now, |_| ());
    assert!(o.bare().sack.is_empty());
}

/// RFC 5961 7: limited, by a register, and by connection.
#[test]
fn tcp65_challenge_acks() {
    let mut o = One::new("tx_ack tcp65_challenge_acks", false, false);
    o.b.install(Install {
        conn: 6,
        gen: 1,
        ..Install::default()
    });
    o.b.settle();
    let mut given = 0;
    let from = o.b.now();
    while o.b.now().wrapping_sub(from) < 5 * GAP {
        o.report(0, Mode::Challenge, |_| ());
        given += o.acks();
        o.b.pass(37);
    }
    assert_eq!(given, 5, "one in each period");
    assert!(o.b.counts[1] > 200);
    // Not through one what happens on another.
    o.report(0, Mode::Challenge, |r| {
        (r.conn, r.gen, r.rcv_nxt) = (6, 1, 0)
    });
    assert!(
        o.b.answer(Ask {
            conn: 6,
            gen: 1,
            data: None,
            probe: false
        })
        .go
    );
    // Other ACKs are not limited by it.
    o.report(0, Mode::Now, |_| ());
    assert_eq!(o.acks(), 1);
}

/// ACK numbers do not go back, and a mode of none says nothing of them.
#[test]
fn tcp22_numbers_go_forward() {
    let mut o = One::new("tx_ack tcp22_numbers_go_forward", true, false);
    o.report(0, Mode::None, |r| r.rcv_nxt = RCV.wrapping_add(5000));
    o.report(0, Mode::Now, |_| ());
    assert_eq!(o.bare().ack, RCV);
    o.report(3000, Mode::Now, |_| ());
    o.report(0, Mode::Now, |r| r.rcv_nxt = RCV.wrapping_add(10));
    assert_eq!(o.bare().ack, RCV.wrapping_add(3000));
}

/// RFC 7323 4.3: TSecr is TS.Recent as the receive path has it; in every segment of a connection that has timestamps.
#[test]
fn tcp17_tsecr() {
    let mut o = One::new("tx_ack tcp17_tsecr", true, false);
    for recent in [0x8000_0000u32, 3, 0xFFFF_FFFF] {
        o.report(MSS, Mode::Now, |r| r.recent = recent);
        let now = o.b.now();
        let (tsval, tsecr) = o.bare().ts.expect("timestamps");
        assert_eq!(tsecr, recent);
        assert!(tsval.wrapping_sub(now) < 5);
        assert_eq!(o.segment(SND, 1, false).ts.map(|t| t.1), Some(recent));
    }
}

/// The sequence number of a bare ACK: behind what was sent; a probe of a closed window does not move it until it is acknowledged.
#[test]
fn tcp34_sequence_number() {
    let mut o = One::new("tx_ack tcp34_sequence_number", false, false);
    let at = |n: u32| SND.wrapping_add(n);
    let seq = |o: &mut One| {
        o.report(0, Mode::Now, |_| ());
        o.bare().seq
    };
    o.segment(SND, 700, false);
    assert_eq!(seq(&mut o), Some(at(700)));
    o.segment(SND, 300, false);
    assert_eq!(seq(&mut o), Some(at(700)), "sent again");
    o.segment(at(700), 1, true);
    assert_eq!(seq(&mut o), Some(at(700)), "a probe");
    assert_eq!(o.b.told.last().map(|t| t.1[1]), Some(at(701)));
    o.b.mirror(Mirror {
        conn: 5,
        gen: 7,
        una: at(701),
        max: at(701),
        max_wnd: 2000,
    });
    assert_eq!(seq(&mut o), Some(at(701)));
}

/// Nothing more behind a reset; a slot's next connection begins anew.
#[test]
fn tcp66_reset_and_reuse() {
    let mut o = One::new("tx_ack tcp66_reset_and_reuse", false, true);
    o.report(0, Mode::Now, |r| {
        r.rx_only = true;
        r.blocks = vec![(RCV.wrapping_add(5), RCV.wrapping_add(9))];
    });
    o.data(5);
    o.report(0, Mode::None, |r| r.rst = true);
    o.wanted();
    assert!(!o.bare().go);
    o.b.pass(2 * DELAY);
    assert!(!o.wanted());
    o.b.install(Install {
        conn: 5,
        gen: 8,
        rcv_nxt: 70,
        sack: true,
        una: 3,
        nxt: 4,
        ..Install::default()
    });
    o.b.settle();
    o.report(0, Mode::Now, |_| ());
    assert!(!o.bare().go, "a late report of the one before");
    o.b.report(Report {
        conn: 5,
        gen: 8,
        rcv_nxt: 70,
        mode: Mode::Now,
        ..Report::default()
    });
    o.b.settle();
    let f = o.b.answer(Ask {
        conn: 5,
        gen: 8,
        data: None,
        probe: false,
    });
    assert_eq!((f.go, f.ack, f.seq, f.sack), (true, 70, Some(4), vec![]));
}
