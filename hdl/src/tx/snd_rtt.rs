//! RTT and RTO arithmetic (RFC 6298 2, 5.5).
//!
//! | port | valid in | |
//! |---|---|---|
//! | `now`, `since` | stage 2 | when the ACK was taken; when the timed octet left: by our note, or as the peer echoes it |
//! | `srtt`, `rttvar`, `rto`, `sampled` | stage 3 | as stored |
//! | `sample`, `timeout`, `install` | second half of stage 3 | there is a sample; RTO doubles; RTO is `first_rto` |
//! | `srtt_new`, `rttvar_new` | second half of stage 4 | |
//! | `rto_new` | second half of stage 5 | |
//! | `first_rto`, `floor`, `ceiling` | always | registers, in time units; G is 1 unit |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. `srtt` is 8 x SRTT, `rttvar` is 4 x RTTVAR, so alpha 1/8 and beta 1/4 are shifts:
//! e = R - srtt/8; srtt += e; rttvar += |e| - rttvar/4; RTO = srtt/8 + max(1, rttvar), divisions rounded down.
//! First sample: srtt = 8R, rttvar = 2R. R is cut at 2^26 - 1. RTO is then put between `floor` and `ceiling`.
//! A sample takes the back-off away (RFC 6298 5, last paragraph). One 32-bit adder or comparator a cycle.
//! Latency 7 cycles from stage 2 on. No back-pressure. Rows: TCP-40, TCP-41, TCP-42, TCP-45.

use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct SndRtt {
    pub clock: Signal<In, Clock>,
    pub now: Signal<In, Bits<32>>,
    pub since: Signal<In, Bits<32>>,
    pub srtt: Signal<In, Bits<32>>,
    pub rttvar: Signal<In, Bits<32>>,
    pub rto: Signal<In, Bits<32>>,
    pub sampled: Signal<In, bool>,
    pub sample: Signal<In, bool>,
    pub timeout: Signal<In, bool>,
    pub install: Signal<In, bool>,
    pub first_rto: Signal<In, Bits<32>>,
    pub floor: Signal<In, Bits<32>>,
    pub ceiling: Signal<In, Bits<32>>,
    pub srtt_new: Signal<Out, Bits<32>>,
    pub rttvar_new: Signal<Out, Bits<32>>,
    pub rto_new: Signal<Out, Bits<32>>,
    // 4, 5
    gap: RegNr<Bits<32>>,
    r: RegNr<Bits<32>>,
    // 6
    e: RegNr<Bits<32>>,
    rest: RegNr<Bits<32>>,
    first: RegNr<bool>,
    r7: RegNr<Bits<32>>,
    srtt7: RegNr<Bits<32>>,
    rttvar7: RegNr<Bits<32>>,
    rto7: RegNr<Bits<32>>,
    // 7
    srtt8: RegNr<Bits<32>>,
    size: RegNr<Bits<32>>,
    rest8: RegNr<Bits<32>>,
    sample8: RegNr<bool>,
    rto8: RegNr<Bits<32>>,
    // 8
    srtt9: RegNr<Bits<32>>,
    rttvar9: RegNr<Bits<32>>,
    rto9: RegNr<Bits<32>>,
    sample9: RegNr<bool>,
    // 9
    raw: RegNr<Bits<32>>,
    // 10
    last: RegNr<Bits<32>>,
    some: Signal<Local, Bits<32>>,
    most: Constant<Bits<32>>,
}

impl Default for SndRtt {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            now: Default::default(),
            since: Default::default(),
            srtt: Default::default(),
            rttvar: Default::default(),
            rto: Default::default(),
            sampled: Default::default(),
            sample: Default::default(),
            timeout: Default::default(),
            install: Default::default(),
            first_rto: Default::default(),
            floor: Default::default(),
            ceiling: Default::default(),
            srtt_new: Default::default(),
            rttvar_new: Default::default(),
            rto_new: Default::default(),
            gap: Default::default(),
            r: Default::default(),
            e: Default::default(),
            rest: Default::default(),
            first: Default::default(),
            r7: Default::default(),
            srtt7: Default::default(),
            rttvar7: Default::default(),
            rto7: Default::default(),
            srtt8: Default::default(),
            size: Default::default(),
            rest8: Default::default(),
            sample8: Default::default(),
            rto8: Default::default(),
            srtt9: Default::default(),
            rttvar9: Default::default(),
            rto9: Default::default(),
            sample9: Default::default(),
            raw: Default::default(),
            last: Default::default(),
            some: Default::default(),
            most: Constant::new(((1u64 << 26) - 1).to_bits()),
        }
    }
}

impl Logic for SndRtt {
    #[hdl_gen]
    fn update(&mut self) {
        // 4, 5
        self.gap.d.next = self.now.val() - self.since.val();
        self.r.d.next = self.gap.q.val();
        if self.gap.q.val().get_bits::<6>(26).any() {
            self.r.d.next = self.most.val();
        }
        // 6
        self.e.d.next = self.r.q.val() - (self.srtt.val() >> 3);
        self.rest.d.next = self.rttvar.val() - (self.rttvar.val() >> 2);
        self.first.d.next = !self.sampled.val();
        self.r7.d.next = self.r.q.val();
        self.srtt7.d.next = self.srtt.val();
        self.rttvar7.d.next = self.rttvar.val();
        self.rto7.d.next = self.rto.val();
        // 7
        self.srtt8.d.next = self.srtt7.q.val();
        self.rest8.d.next = self.rttvar7.q.val();
        self.size.d.next = 0.into();
        self.sample8.d.next = self.sample.val();
        if self.sample.val() {
            if self.first.q.val() {
                self.srtt8.d.next = self.r7.q.val() << 3;
                self.rest8.d.next = self.r7.q.val() << 1;
            } else {
                self.srtt8.d.next = self.srtt7.q.val() + self.e.q.val();
                self.rest8.d.next = self.rest.q.val();
                self.size.d.next = self.e.q.val();
                if self.e.q.val().get_bit(31) {
                    self.size.d.next = 0 - self.e.q.val();
                }
            }
        }
        self.rto8.d.next = self.rto7.q.val();
        if self.timeout.val() {
            self.rto8.d.next = self.rto7.q.val() << 1;
        }
        if self.install.val() {
            self.rto8.d.next = self.first_rto.val();
        }
        // 8
        self.srtt9.d.next = self.srtt8.q.val();
        self.rttvar9.d.next = self.rest8.q.val() + self.size.q.val();
        self.rto9.d.next = self.rto8.q.val();
        self.sample9.d.next = self.sample8.q.val();
        self.srtt_new.next = self.srtt9.q.val();
        self.rttvar_new.next = self.rttvar9.q.val();
        // 9
        self.some.next = self.rttvar9.q.val();
        if !self.rttvar9.q.val().any() {
            self.some.next = 1.into();
        }
        self.raw.d.next = self.rto9.q.val();
        if self.sample9.q.val() {
            self.raw.d.next = (self.srtt9.q.val() >> 3) + self.some.val();
        }
        // 10
        self.last.d.next = self.raw.q.val();
        if self.raw.q.val() < self.floor.val() {
            self.last.d.next = self.floor.val();
        }
        if self.raw.q.val() > self.ceiling.val() {
            self.last.d.next = self.ceiling.val();
        }
        self.rto_new.next = self.last.q.val();
    }
}
