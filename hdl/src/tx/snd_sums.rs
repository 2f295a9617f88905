//! What a scoreboard comes to (RFC 6675 4): octets received, octets lost and not sent again, where the first of them are.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `ok left right` | second half of stage 5 | stretches in order, as offsets from `una` |
//! | `high` | second half of stage 5 | HighRxt, likewise |
//! | `high14 mss` | stage 7 | HighRxt again |
//! | `sacked gap hole hole_len lost` | stage 8 | see [`Sums`] |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. Latency 5 cycles. No back-pressure.
//! IsLost (RFC 6675 4): three stretches, or more than 2 MSS of received octets, lie above. Stretches do not touch, so the octets between two of them are lost
//! together, and all below them are.
//! Pipe = outstanding - sacked - gap: received octets, and those lost and not sent again, are not under way. That is RFC 6675's sum as long
//! as only lost octets are sent again. The first retransmission goes out at the third duplicate even if nothing is lost by the rule
//! above; then its octets count twice (`sacked` is less by what was sent again). So pipe is never below the RFC's.
//! Rows: TCP-50.

use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

/// What the scoreboard comes to.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Sums {
    /// Octets that the peer holds above `una`, less those that count twice.
    pub sacked: Bits<32>,
    /// Octets that are lost and were not sent again yet.
    pub gap: Bits<32>,
    /// The first of these: where it begins, how long its stretch is.
    pub hole: Bits<32>,
    pub hole_len: Bits<32>,
    /// Octets from `una` to the first stretch, 0: there is none.
    pub first: Bits<32>,
    /// `una` is lost.
    pub lost: bool,
}

#[derive(LogicBlock)]
pub struct SndSums {
    pub clock: Signal<In, Clock>,
    pub ok: Vec<Signal<In, bool>>,
    pub left: Vec<Signal<In, Bits<32>>>,
    pub right: Vec<Signal<In, Bits<32>>>,
    pub high: Signal<In, Bits<32>>,
    pub high14: Signal<In, Bits<32>>,
    pub mss: Signal<In, Bits<16>>,
    pub sacked: Signal<Out, Bits<32>>,
    pub gap: Signal<Out, Bits<32>>,
    pub hole: Signal<Out, Bits<32>>,
    pub hole_len: Signal<Out, Bits<32>>,
    pub lost: Signal<Out, bool>,
    ok12: Vec<RegNr<bool>>,
    l12: Vec<RegNr<Bits<32>>>,
    size12: Vec<RegNr<Bits<32>>>,
    start12: Vec<RegNr<Bits<32>>>,
    ok13: Vec<RegNr<bool>>,
    start13: Vec<RegNr<Bits<32>>>,
    hole13: Vec<RegNr<Bits<32>>>,
    s01: RegNr<Bits<32>>,
    s23: RegNr<Bits<32>>,
    s1: RegNr<Bits<32>>,
    s3: RegNr<Bits<32>>,
    ok14: Vec<RegNr<bool>>,
    start14: Vec<RegNr<Bits<32>>>,
    hole14: Vec<RegNr<Bits<32>>>,
    above: Vec<RegNr<Bits<32>>>,
    h01: RegNr<Bits<32>>,
    h23: RegNr<Bits<32>>,
    twice: Signal<Local, Bits<32>>,
    lost15: Vec<RegNr<bool>>,
    start15: Vec<RegNr<Bits<32>>>,
    hole15: Vec<RegNr<Bits<32>>>,
    sum15: RegNr<Bits<32>>,
    less15: RegNr<Bits<32>>,
    p0: RegNr<Bits<32>>,
    p1: RegNr<Bits<32>>,
    p2: RegNr<Bits<32>>,
    p3: RegNr<Bits<32>>,
    gap16: RegNr<Bits<32>>,
    sacked16: RegNr<Bits<32>>,
    lost16: RegNr<bool>,
    hole16: RegNr<Bits<32>>,
    len16: RegNr<Bits<32>>,
}

impl Default for SndSums {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            ok: (0..4).map(|_| Signal::default()).collect(),
            left: (0..4).map(|_| Signal::default()).collect(),
            right: (0..4).map(|_| Signal::default()).collect(),
            high: Default::default(),
            high14: Default::default(),
            mss: Default::default(),
            sacked: Default::default(),
            gap: Default::default(),
            hole: Default::default(),
            hole_len: Default::default(),
            lost: Default::default(),
            ok12: (0..4).map(|_| RegNr::default()).collect(),
            l12: (0..4).map(|_| RegNr::default()).collect(),
            size12: (0..4).map(|_| RegNr::default()).collect(),
            start12: (0..4).map(|_| RegNr::default()).collect(),
            ok13: (0..4).map(|_| RegNr::default()).collect(),
            start13: (0..4).map(|_| RegNr::default()).collect(),
            hole13: (0..4).map(|_| RegNr::default()).collect(),
            s01: Default::default(),
            s23: Default::default(),
            s1: Default::default(),
            s3: Default::default(),
            ok14: (0..4).map(|_| RegNr::default()).collect(),
            start14: (0..4).map(|_| RegNr::default()).collect(),
            hole14: (0..4).map(|_| RegNr::default()).collect(),
            above: (0..4).map(|_| RegNr::default()).collect(),
            h01: Default::default(),
            h23: Default::default(),
            twice: Default::default(),
            lost15: (0..4).map(|_| RegNr::default()).collect(),
            start15: (0..4).map(|_| RegNr::default()).collect(),
            hole15: (0..4).map(|_| RegNr::default()).collect(),
            sum15: Default::default(),
            less15: Default::default(),
            p0: Default::default(),
            p1: Default::default(),
            p2: Default::default(),
            p3: Default::default(),
            gap16: Default::default(),
            sacked16: Default::default(),
            lost16: Default::default(),
            hole16: Default::default(),
            len16: Default::default(),
        }
    }
}

impl Logic for SndSums {
    #[hdl_gen]
    fn update(&mut self) {
        // 11: sizes, and where what was not sent again begins below each stretch.
        for i in 0..4 {
            self.ok12[i].d.next = self.ok[i].val();
            self.l12[i].d.next = self.left[i].val();
            self.size12[i].d.next = 0.into();
            if self.ok[i].val() {
                self.size12[i].d.next = self.right[i].val() - self.left[i].val();
            }
            self.start12[i].d.next = self.high.val();
        }
        for i in 1..4 {
            if self.right[i - 1].val() > self.high.val() {
                self.start12[i].d.next = self.right[i - 1].val();
            }
        }

        // 12
        for i in 0..4 {
            self.ok13[i].d.next = self.ok12[i].q.val();
            self.start13[i].d.next = self.start12[i].q.val();
            self.hole13[i].d.next = 0.into();
            if self.ok12[i].q.val() & (self.l12[i].q.val() > self.start12[i].q.val()) {
                self.hole13[i].d.next = self.l12[i].q.val() - self.start12[i].q.val();
            }
        }
        self.s01.d.next = self.size12[0].q.val() + self.size12[1].q.val();
        self.s23.d.next = self.size12[2].q.val() + self.size12[3].q.val();
        self.s1.d.next = self.size12[1].q.val();
        self.s3.d.next = self.size12[3].q.val();

        // 13
        for i in 0..4 {
            self.ok14[i].d.next = self.ok13[i].q.val();
            self.start14[i].d.next = self.start13[i].q.val();
            self.hole14[i].d.next = self.hole13[i].q.val();
        }
        self.above[0].d.next = self.s01.q.val() + self.s23.q.val();
        self.above[1].d.next = self.s1.q.val() + self.s23.q.val();
        self.above[2].d.next = self.s23.q.val();
        self.above[3].d.next = self.s3.q.val();
        self.h01.d.next = self.hole13[0].q.val() + self.hole13[1].q.val();
        self.h23.d.next = self.hole13[2].q.val() + self.hole13[3].q.val();

        // 14: IsLost.
        self.twice.next = bit_cast::<32, 16>(self.mss.val()) << 1;
        for i in 0..4 {
            self.lost15[i].d.next =
                self.ok14[i].q.val() & (self.above[i].q.val() > self.twice.val());
            self.start15[i].d.next = self.start14[i].q.val();
            self.hole15[i].d.next = self.hole14[i].q.val();
        }
        if self.ok14[2].q.val() {
            self.lost15[0].d.next = true;
        }
        if self.ok14[3].q.val() {
            self.lost15[1].d.next = true;
        }
        self.sum15.d.next = self.above[0].q.val();
        self.less15.d.next = self.above[0].q.val() - self.high14.val();
        self.p0.d.next = self.hole14[0].q.val();
        self.p1.d.next = self.h01.q.val();
        self.p2.d.next = self.h01.q.val() + self.hole14[2].q.val();
        self.p3.d.next = self.h01.q.val() + self.h23.q.val();

        // 15
        self.gap16.d.next = 0.into();
        self.sacked16.d.next = self.less15.q.val();
        self.lost16.d.next = self.lost15[0].q.val();
        if self.lost15[0].q.val() {
            self.gap16.d.next = self.p0.q.val();
            self.sacked16.d.next = self.sum15.q.val();
        }
        if self.lost15[1].q.val() {
            self.gap16.d.next = self.p1.q.val();
        }
        if self.lost15[2].q.val() {
            self.gap16.d.next = self.p2.q.val();
        }
        if self.lost15[3].q.val() {
            self.gap16.d.next = self.p3.q.val();
        }
        self.hole16.d.next = self.start15[3].q.val();
        self.len16.d.next = 0.into();
        if self.lost15[3].q.val() {
            self.len16.d.next = self.hole15[3].q.val();
        }
        if self.lost15[2].q.val() & self.hole15[2].q.val().any() {
            self.hole16.d.next = self.start15[2].q.val();
            self.len16.d.next = self.hole15[2].q.val();
        }
        if self.lost15[1].q.val() & self.hole15[1].q.val().any() {
            self.hole16.d.next = self.start15[1].q.val();
            self.len16.d.next = self.hole15[1].q.val();
        }
        if self.lost15[0].q.val() & self.hole15[0].q.val().any() {
            self.hole16.d.next = self.start15[0].q.val();
            self.len16.d.next = self.hole15[0].q.val();
        }
        self.sacked.next = self.sacked16.q.val();
        self.gap.next = self.gap16.q.val();
        self.hole.next = self.hole16.q.val();
        self.hole_len.next = self.len16.q.val();
        self.lost.next = self.lost16.q.val();
    }
}
