//! Rows of the conformance table, one by one: what the engine does in numbers written down here. The bench compares the engine's
//! context with the reference's after each event, so what is asked of the reference here holds for the engine.

use super::bench::{Bench, Out};
use super::model::{Ack, Conn, Grant, Install, Kind, Phase, Regs, Sent};

const CONN: u32 = 3;
const MSS: u32 = 1000;
const UNA: u32 = 0u32.wrapping_sub(2500);
/// Cycles of a time unit: events take less than one.
const TICK: u16 = 40;

pub fn regs() -> Regs {
    Regs {
        rto_init: 100,
        rto_min: 50,
        rto_max: 800,
        r2: 100_000,
    }
}

/// One connection.
struct One<'a> {
    b: Bench<'a>,
    wnd: u16,
    sent: u32,
}

impl One<'_> {
    fn new(set: impl FnOnce(&mut Install)) -> Self {
        Self::with(regs(), set)
    }

    fn with(regs: Regs, set: impl FnOnce(&mut Install)) -> Self {
        let mut b = Bench::new(regs, TICK, 1);
        let mut i = Install {
            conn: CONN,
            gen: 1,
            una: UNA,
            nxt: UNA,
            wnd: 60_000,
            wl1: 77,
            wl2: UNA,
            mss: MSS,
            ..Install::default()
        };
        set(&mut i);
        b.install(i);
        b.settle();
        One {
            b,
            wnd: 60_000,
            sent: UNA,
        }
    }

    fn conn(&self) -> &Conn {
        &self.b.model.conns[&CONN]
    }

    fn give(&mut self, octets: u32) {
        let end = self.conn().end.wrapping_add(octets);
        self.b.data(CONN, 1, end);
        self.b.settle();
    }

    fn grant(&mut self) -> Grant {
        self.b.grant(CONN, 1)
    }

    fn went(&mut self, from: u32, len: u32, probe: bool) {
        self.b.sent(Sent {
            conn: CONN,
            gen: 1,
            from,
            len,
            probe,
        });
        self.b.settle();
        self.sent = self.sent.max(from.wrapping_add(len));
    }

    /// Sends what may be sent, up to `most`; the octets.
    fn send(&mut self, most: u32) -> u32 {
        let g = self.grant();
        let len = g.budget.min(most);
        if g.kind == Kind::Nothing {
            return 0;
        }
        self.went(g.from, len, g.kind == Kind::Probe);
        len
    }

    fn hear(&mut self, set: impl FnOnce(&mut Ack)) {
        let mut a = Ack {
            conn: CONN,
            gen: 1,
            seq: 77,
            ack: self.conn().una,
            wnd: self.wnd,
            ..Ack::default()
        };
        set(&mut a);
        self.b.ack(a);
        self.b.settle();
    }

    /// An ACK of all up to `UNA + n`.
    fn acked(&mut self, n: u32) {
        self.hear(|a| a.ack = UNA.wrapping_add(n));
    }

    /// Opens the window: `n` segments are acknowledged, and `cwnd` is at least so many.
    fn warm(&mut self, n: u32) {
        self.give(n * MSS);
        while self.conn().una != self.conn().end {
            self.send(MSS);
            let to = self.conn().nxt;
            self.hear(|a| a.ack = to);
        }
    }

    /// Waits for a timeout or probe; units of time until then.
    fn wait(&mut self, most: u32) -> u32 {
        let from = self.b.now;
        let counts = self.b.counts;
        while self.b.counts == counts {
            self.b.cycle();
            assert!(
                self.b.now.wrapping_sub(from) < most,
                "nothing for {most} units"
            );
        }
        let passed = self.b.now.wrapping_sub(from);
        self.b.settle();
        passed
    }

    fn dups(&mut self, n: u32) {
        for _ in 0..n {
            self.hear(|_| ());
        }
    }
}

/// An interval of the engine: it counts from a few events earlier, and ends up to a scan of all connections later.
fn about(got: u32, want: u32) {
    assert!(
        (want - 3..want + 20).contains(&got),
        "{got} units, not {want}"
    );
}

/// SRTT and RTTVAR of RFC 6298 2 in real numbers, for RTTs that are known.
#[test]
fn tcp40_rto_formulae() {
    let mut o = One::new(|_| ());
    o.give(50 * MSS);
    let (mut srtt, mut rttvar): (Option<f64>, f64) = (None, 0.0);
    let mut done = 0;
    for wait in [80, 80, 200, 20, 20, 20, 300, 90, 90, 90, 90] {
        let sent_at = o.b.now;
        done += o.send(MSS);
        let at = o.conn().last;
        assert!(at.wrapping_sub(sent_at) < 3);
        o.b.pass(wait);
        o.acked(done);
        // What the engine took for R is the time between the two events, which the bench sees within a unit or two.
        let r = f64::from(wait);
        match srtt {
            None => (srtt, rttvar) = (Some(r), r / 2.0),
            Some(s) => {
                rttvar = 0.75 * rttvar + 0.25 * (s - r).abs();
                srtt = Some(0.875 * s + 0.125 * r);
            }
        }
        if o.b.counts[0] > 0 {
            panic!("a timeout spoils the sequence");
        }
        let want = (srtt.unwrap_or(0.0) + (4.0 * rttvar).max(1.0)).clamp(50.0, 800.0);
        let got = f64::from(o.conn().rto);
        assert!((got - want).abs() < 12.0, "RTO {got}, not {want:.1}");
    }
}

/// Before any sample RTO is the register's.
#[test]
fn tcp42_first_rto() {
    let mut o = One::new(|_| ());
    o.give(MSS);
    o.send(MSS);
    about(o.wait(300), 100);
    let g = o.grant();
    assert_eq!((g.kind, g.from, g.budget), (Kind::Again, UNA, MSS));
}

/// The ACK of a segment that went twice gives no sample; with timestamps it does.
#[test]
fn tcp43_karn() {
    for ts in [false, true] {
        let mut o = One::new(|i| i.ts = ts);
        o.give(3 * MSS);
        o.send(MSS);
        o.wait(300);
        assert_eq!(o.conn().rto, 200);
        o.send(MSS);
        let at = o.b.now;
        o.b.pass(30);
        o.hear(|a| {
            a.ack = UNA.wrapping_add(MSS);
            a.tsecr = ts.then_some(at);
        });
        assert_eq!(o.conn().rtt.is_some(), ts);
        // The back-off stays until there is a sample (RFC 6298 5).
        let rto = o.conn().rto;
        if ts {
            assert!((80..130).contains(&rto), "3 R: {rto}");
        } else {
            assert_eq!(rto, 200);
            o.send(MSS);
            o.b.pass(30);
            o.acked(2 * MSS);
            assert!((80..130).contains(&o.conn().rto), "{}", o.conn().rto);
        }
    }
}

/// The same by fast retransmit: the timed octet went twice, so its ACK says nothing. With timestamps it does.
#[test]
fn tcp43_karn_in_recovery() {
    for ts in [false, true] {
        let mut o = One::new(|i| i.ts = ts);
        o.give(8 * MSS);
        o.send(4 * MSS);
        o.dups(3);
        o.b.pass(60);
        let at = o.b.now;
        assert_eq!(o.send(MSS), MSS);
        o.b.pass(10);
        o.hear(|a| {
            a.ack = UNA.wrapping_add(4 * MSS);
            a.tsecr = ts.then_some(at);
        });
        assert_eq!(o.conn().rtt.is_some(), ts);
        assert!(o.conn().timed.is_none());
    }
}

/// A peer that is dead: intervals double up to the ceiling.
#[test]
fn tcp45_back_off() {
    let mut o = One::new(|_| ());
    o.give(MSS);
    o.send(MSS);
    for want in [100, 200, 400, 800, 800, 800] {
        about(o.wait(2000), want);
        assert_eq!(o.send(MSS), MSS);
    }
}

/// A retransmission that leaves late starts the timer anew.
#[test]
fn tcp46_one_rto_after_the_last_transmission() {
    let mut o = One::new(|_| ());
    o.give(2 * MSS);
    o.send(MSS);
    o.send(MSS);
    about(o.wait(300), 100);
    o.b.pass(150);
    o.send(MSS);
    about(o.wait(400), 200);
    // The same for the second segment, behind an ACK that started the timer before it left again.
    o.b.pass(50);
    o.send(MSS);
    o.acked(MSS);
    o.b.pass(150);
    assert_eq!(o.send(MSS), MSS);
    about(o.wait(900), 400);
}

/// R1 is told at the third retransmission, R2 ends it.
#[test]
fn tcp47_r1_and_r2() {
    let mut o = One::with(Regs { r2: 2500, ..regs() }, |_| ());
    o.give(MSS);
    o.send(MSS);
    let from = o.b.now;
    for n in 1..=3 {
        o.wait(2000);
        o.send(MSS);
        assert_eq!(o.b.counts[3], u32::from(n == 3), "R1 at {n}");
    }
    o.b.outs.clear();
    let probe = o.b.until(400_000, "the end", |o| match o {
        Out::Dead(CONN, probe) => Some(*probe),
        _ => None,
    });
    assert!(!probe);
    let passed = o.b.now.wrapping_sub(from);
    assert!((2600..3600).contains(&passed), "{passed}");
    assert_eq!(o.grant().kind, Kind::Nothing);
}

/// Both windows bound what is outstanding.
#[test]
fn tcp48_cwnd_and_rwnd() {
    let mut o = One::new(|i| i.wnd = 2500);
    o.give(20 * MSS);
    assert_eq!(o.grant().budget, 2500);
    o.went(UNA, 1500, false);
    assert_eq!(o.grant().budget, 1000);
    o.wnd = 60_000;
    o.hear(|_| ());
    assert_eq!(o.grant().budget, 4 * MSS - 1500);
    o.send(u32::MAX);
    assert_eq!(o.grant().kind, Kind::Nothing);
}

/// RFC 5681 3.1; a lost SYN.
#[test]
fn tcp49_tcp4a_initial_window() {
    for (mss, segments) in [
        (64, 4),
        (1095, 4),
        (1096, 3),
        (2190, 3),
        (2191, 2),
        (8960, 2),
    ] {
        for lost_syn in [false, true] {
            let mut o = One::new(|i| {
                i.mss = mss;
                i.lost_syn = lost_syn;
            });
            o.give(100_000);
            let g = o.grant();
            let want = if lost_syn { mss } else { segments * mss };
            assert_eq!((g.kind, g.from, g.budget), (Kind::New, UNA, want));
            assert!(g.idle);
        }
    }
}

/// Slow start: one MSS at most for each ACK. Avoidance: one MSS at most for each round trip.
#[test]
fn tcp4b_growth() {
    let mut o = One::new(|_| ());
    o.give(400 * MSS);
    o.send(4 * MSS);
    for n in 1..=4 {
        o.acked(n * MSS);
        assert_eq!(o.conn().cwnd, (4 + n) * MSS);
    }
    o.send(2 * MSS);
    o.acked(6 * MSS);
    assert_eq!(o.conn().cwnd, 9 * MSS, "an ACK of two segments counts one");
    // A loss sets ssthresh, then avoidance.
    o.send(8 * MSS);
    o.wait(900);
    assert_eq!((o.conn().ssthresh, o.conn().cwnd), (4 * MSS, MSS));
    let mut una = 6;
    while o.conn().cwnd < 4 * MSS {
        o.send(MSS);
        una += 1;
        o.acked(una * MSS);
    }
    for _ in 0..12 {
        let (cwnd, round) = (o.conn().cwnd, o.conn().cwnd / MSS);
        for _ in 0..round {
            o.send(MSS);
        }
        for _ in 0..round {
            una += 1;
            o.acked(una * MSS);
        }
        let grown = o.conn().cwnd - cwnd;
        assert!(grown <= MSS, "{grown} in a round trip");
    }
    assert!(o.conn().cwnd >= 15 * MSS, "it grows: {}", o.conn().cwnd);
}

/// Timeout: half of what is outstanding, two segments at least; one segment; the second one leaves ssthresh alone.
#[test]
fn tcp4c_timeout() {
    for n in [1, 3, 8] {
        let mut o = One::new(|_| ());
        o.warm(8);
        o.give(40 * MSS);
        for _ in 0..n {
            o.send(MSS);
        }
        o.wait(2000);
        let want = (n * MSS / 2).max(2 * MSS);
        assert_eq!((o.conn().ssthresh, o.conn().cwnd), (want, MSS));
        o.send(MSS);
        o.wait(2000);
        assert_eq!((o.conn().ssthresh, o.conn().cwnd), (want, MSS));
    }
}

/// The third duplicate sends `una` again, the second does not. What is no duplicate does not count.
#[test]
fn tcp4d_fast_retransmit() {
    let mut o = One::new(|_| ());
    o.warm(8);
    o.give(12 * MSS);
    o.send(12 * MSS);
    let una = o.conn().una;
    let flight = o.conn().outstanding();
    o.dups(2);
    o.hear(|a| a.len = 100); // data
    o.hear(|a| a.fin = true);
    o.hear(|a| a.seq = 76); // an old window, but the same: (e) asks for the window alone
    assert_eq!(o.conn().phase, Phase::Recovery);
    let g = o.grant();
    assert_eq!((g.kind, g.from, g.budget), (Kind::Again, una, MSS));
    assert_eq!(o.conn().ssthresh, flight / 2);
    assert_eq!(o.conn().cwnd, flight / 2 + 3 * MSS);
    o.went(una, MSS, false);
    assert_ne!(o.grant().kind, Kind::Again);
    // Every further one counts for a segment that has left (RFC 5681 3.2 step 4).
    o.dups(2);
    assert_eq!(o.conn().cwnd, flight / 2 + 5 * MSS);

    let mut o = One::new(|_| ());
    o.warm(8);
    o.give(12 * MSS);
    o.send(12 * MSS);
    o.dups(2);
    o.wnd = 59_999;
    o.hear(|_| ()); // another window: no duplicate
    assert_eq!((o.conn().phase, o.conn().dups), (Phase::Open, 2));
    o.hear(|a| a.void = 1);
    o.hear(|a| a.void = 3);
    assert_eq!((o.conn().phase, o.conn().dups), (Phase::Open, 2));
    o.hear(|_| ());
    assert_eq!(o.conn().phase, Phase::Recovery);
}

/// One segment more for each of the first two duplicates, within the peer's window. They do not count for ssthresh.
#[test]
fn tcp4e_limited_transmit() {
    let mut o = One::new(|_| ());
    o.warm(8);
    o.give(40 * MSS);
    let first = o.send(u32::MAX);
    assert_eq!(first, o.conn().cwnd);
    assert_eq!(o.grant().kind, Kind::Nothing);
    for _ in 0..2 {
        o.dups(1);
        let g = o.grant();
        assert_eq!((g.kind, g.budget), (Kind::New, MSS));
        o.went(g.from, MSS, false);
        assert_eq!(o.grant().kind, Kind::Nothing);
    }
    o.dups(1);
    assert_eq!(o.conn().ssthresh, first / 2);
}

/// Two losses in a window without SACK: the partial ACK sends the next hole, no timeout.
#[test]
fn tcp4f_partial_ack() {
    let mut o = One::new(|_| ());
    o.warm(8);
    o.give(12 * MSS);
    o.send(12 * MSS);
    let una = o.conn().una;
    o.dups(3);
    o.send(MSS);
    o.dups(6);
    let cwnd = o.conn().cwnd;
    o.hear(|a| a.ack = una.wrapping_add(4 * MSS));
    assert_eq!(o.conn().cwnd, cwnd - 3 * MSS);
    let g = o.grant();
    let hole = una.wrapping_add(4 * MSS);
    assert_eq!((g.kind, g.from, g.budget), (Kind::Again, hole, MSS));
    o.went(hole, MSS, false);
    let all = o.conn().recover;
    o.hear(|a| a.ack = all);
    assert_eq!(o.conn().phase, Phase::Open);
    assert!(o.conn().cwnd <= o.conn().ssthresh);
    assert_eq!(o.b.counts[0], 0, "timeouts");
    // RFC 6582 3.2 step 2: duplicates behind it do not start another recovery.
    o.give(6 * MSS);
    o.send(6 * MSS);
    o.dups(4);
    assert_eq!(o.conn().phase, Phase::Open);
}

/// What was received by SACK is sent again behind a timeout, from the left edge on: the peer may have dropped it.
#[test]
fn tcp51_tcp52_reneging() {
    let mut o = One::new(|i| i.sack = true);
    o.warm(8);
    o.give(8 * MSS);
    o.send(8 * MSS);
    let una = o.conn().una;
    let at = |n: u32| una.wrapping_add(n * MSS);
    o.hear(|a| a.sack = vec![(at(2), at(3))]);
    o.hear(|a| a.sack = vec![(at(2), at(4))]);
    o.hear(|a| a.sack = vec![(at(5), at(6)), (at(2), at(4))]);
    assert_eq!(o.conn().board.held.len(), 2);
    assert_eq!(o.conn().phase, Phase::Recovery);
    o.send(MSS);
    o.wait(900);
    assert!(o.conn().board.held.is_empty());
    let mut seen = una;
    for n in 0..8 {
        let g = o.grant();
        assert_eq!((g.kind, g.from), (Kind::Again, seen));
        o.went(g.from, MSS, false);
        o.hear(|a| a.ack = at(n + 1));
        seen = at(n + 1);
    }
    assert_eq!(o.conn().outstanding(), 0);
}

/// The window is closed again after a pause longer than RTO.
#[test]
fn tcp53_restart_after_idle() {
    let mut o = One::new(|_| ());
    o.warm(20);
    let (cwnd, rto) = (o.conn().cwnd, o.conn().rto);
    assert!(cwnd >= 20 * MSS);
    o.b.pass(rto - 10);
    o.give(40 * MSS);
    assert_eq!(o.grant().budget, cwnd);
    o.b.pass(20);
    assert_eq!(o.grant().budget, 4 * MSS);
}

/// The peer takes window back: nothing new, nothing breaks, and what is out is sent again as far as it goes.
#[test]
fn tcp56_shrinking_window() {
    let mut o = One::new(|_| ());
    o.warm(20);
    o.give(40 * MSS);
    let out = o.send(10 * MSS);
    let una = o.conn().una;
    o.wnd = 1024;
    o.hear(|a| a.seq = 78);
    assert_eq!(o.grant().kind, Kind::Nothing);
    assert_eq!(o.conn().nxt, una.wrapping_add(out));
    o.hear(|a| {
        a.seq = 78;
        a.ack = una.wrapping_add(2 * MSS);
    });
    assert_eq!(o.grant().kind, Kind::Nothing);
    o.wait(900);
    let g = o.grant();
    assert_eq!((g.kind, g.from), (Kind::Again, una.wrapping_add(2 * MSS)));
    assert!(g.budget <= 1024);
    o.hear(|a| {
        a.seq = 78;
        a.ack = una.wrapping_add(out);
    });
    assert_eq!(o.grant().budget, 1024);
}

/// Probes of a closed window: the first after RTO, then at twice the interval, for ever while they are answered.
#[test]
fn tcp57_probes() {
    let mut o = One::with(Regs { r2: 3000, ..regs() }, |_| ());
    o.wnd = 0;
    o.hear(|a| a.seq = 78);
    o.give(5 * MSS);
    for want in [100, 200, 400, 800, 800, 800, 800, 800] {
        about(o.wait(2000), want);
        let g = o.grant();
        assert_eq!((g.kind, g.from, g.budget), (Kind::Probe, UNA, 1));
        o.went(UNA, 1, true);
        assert_eq!(o.grant().kind, Kind::Nothing);
        o.hear(|a| a.seq = 78);
    }
    assert_eq!(o.b.counts[2], 8);
    // No answer any more.
    let from = o.b.now;
    o.b.outs.clear();
    let probe = o.b.until(400_000, "the end", |o| match o {
        Out::Dead(CONN, probe) => Some(*probe),
        _ => None,
    });
    assert!(probe);
    let passed = o.b.now.wrapping_sub(from);
    assert!((3000..5600).contains(&passed), "{passed}");
}

/// The update of the window is lost: the answer to the probe brings it, and the octet of the probe goes again with the rest.
#[test]
fn tcp58_lost_window_update() {
    let mut o = One::new(|_| ());
    o.give(2 * MSS);
    o.send(MSS);
    o.wnd = 0;
    o.hear(|a| {
        a.seq = 78;
        a.ack = UNA.wrapping_add(MSS);
    });
    o.wait(300);
    o.send(1);
    o.wnd = 4000;
    o.b.outs.clear();
    o.hear(|a| a.seq = 79);
    assert!(o.b.outs.contains(&Out::Wake(CONN)));
    let g = o.grant();
    assert_eq!(
        (g.kind, g.from, g.budget),
        (Kind::Again, UNA.wrapping_add(MSS), MSS)
    );
    o.went(g.from, g.budget, false);
    // The timer is RTO's again, not the probes'.
    about(o.wait(900), o.conn().rto / 2);
    assert_eq!(o.b.counts[0], 1);
}

/// WL1 and WL2.
#[test]
fn tcp59_window_of_newer_segments() {
    let mut o = One::new(|_| ());
    o.give(4 * MSS);
    o.send(4 * MSS);
    let mut hear = |seq: u32, ack: u32, wnd: u16| {
        o.hear(|a| (a.seq, a.ack, a.wnd) = (seq, UNA.wrapping_add(ack), wnd));
        o.conn().wnd
    };
    assert_eq!(hear(100, 2000, 5000), 5000);
    assert_eq!(hear(99, 3000, 100), 5000, "an older segment");
    assert_eq!(hear(100, 3000, 200), 200, "the same, a newer ACK");
    assert_eq!(hear(100, 3000, 300), 300, "the same again");
    assert_eq!(hear(100, 2000, 400), 300, "an older ACK");
    assert_eq!(hear(101, 3000, 500), 500);
    assert_eq!(hear(102, 5000, 600), 500, "of what was never sent");
    assert_eq!(hear(0x8000_0000 + 100, 4000, 700), 700, "2^31 - 1 ahead");
}
