//! Congestion control: the one place that knows how `cwnd` and `ssthresh` move. NewReno.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `cwnd`, `ssth`, `count`, `mss`, `sack` | stage 3 | as stored |
//! | `acked`   | stage 3 | octets that the ACK acknowledges anew |
//! | `flight`  | stage 3 | octets that were outstanding, those of limited transmit not counted: what is halved |
//! | `left`    | stage 3 | octets outstanding after the ACK |
//! | `act`     | second half of stage 3 | install, grow, partial, full, enter, inflate, timeout (`first`: of a row), idle, or none |
//! | `lost_syn`| stage 3 | an install whose SYN was lost: the initial window is one segment |
//! | `cwnd_new`, `ssth_new`, `count_new` | stage 5 | |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. Latency 4 cycles from stage 3 on. No back-pressure. Another algorithm keeps these
//! ports.
//!
//! | act | cwnd | ssthresh | |
//! |---|---|---|---|
//! | install | IW: 4, 3 or 2 MSS for an MSS up to 1095, 2190, above; 1 if the SYN was lost | 2^31 - 1 | RFC 5681 3.1 |
//! | grow, cwnd < ssthresh | + min(acked, MSS) | | slow start |
//! | grow, else | + MSS once `count` reaches cwnd; `count` grows by `acked`, gives cwnd back | | RFC 5681 3.1, octets as in RFC 3465 2.1 |
//! | enter | ssthresh + 3 MSS; with SACK ssthresh | max(flight / 2, 2 MSS) | RFC 5681 3.2, RFC 6675 5 |
//! | inflate | + MSS | | RFC 5681 3.2 step 4 |
//! | partial | - acked, + MSS if acked >= MSS, MSS at least; with SACK as it was | | RFC 6582 3.2 step 3 |
//! | full | min(ssthresh, max(left, MSS) + MSS); with SACK as it was | | RFC 6582 3.2 step 3 (1) |
//! | timeout | MSS | max(flight / 2, 2 MSS) at the first of a row | RFC 5681 3.1 |
//! | idle | min(cwnd, IW) | | RFC 5681 4.1 |
//!
//! cwnd stays below 2^30 + MSS. Rows: TCP-49, TCP-4A, TCP-4B, TCP-4C, TCP-53.

use super::snd_types::Act;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndCc {
    pub clock: Signal<In, Clock>,
    pub cwnd: Signal<In, Bits<32>>,
    pub ssth: Signal<In, Bits<32>>,
    pub count: Signal<In, Bits<32>>,
    pub mss: Signal<In, Bits<14>>,
    pub sack: Signal<In, bool>,
    pub acked: Signal<In, Bits<32>>,
    pub flight: Signal<In, Bits<32>>,
    pub left: Signal<In, Bits<32>>,
    pub act: Signal<In, Act>,
    pub lost_syn: Signal<In, bool>,
    pub cwnd_new: Signal<Out, Bits<32>>,
    pub ssth_new: Signal<Out, Bits<32>>,
    pub count_new: Signal<Out, Bits<32>>,
    // 6
    cwnd7: RegNr<Bits<32>>,
    ssth7: RegNr<Bits<32>>,
    total: RegNr<Bits<32>>,
    half: RegNr<Bits<32>>,
    step: RegNr<Bits<16>>,
    whole: RegNr<bool>,
    less: RegNr<Bits<32>>,
    keep: RegNr<Bits<32>>,
    slow: RegNr<bool>,
    mss7: RegNr<Bits<16>>,
    mss3: RegNr<Bits<16>>,
    iw: RegNr<Bits<16>>,
    sack7: RegNr<bool>,
    count7: RegNr<Bits<32>>,
    // 7
    base: RegNr<Bits<32>>,
    add: RegNr<Bits<16>>,
    cap: RegNr<Bits<32>>,
    low: RegNr<bool>,
    mss8: RegNr<Bits<16>>,
    ssth8: RegNr<Bits<32>>,
    count8: RegNr<Bits<32>>,
    // 8
    sum: RegNr<Bits<32>>,
    cap9: RegNr<Bits<32>>,
    low9: RegNr<bool>,
    mss9: RegNr<Bits<16>>,
    ssth9: RegNr<Bits<32>>,
    count9: RegNr<Bits<32>>,
    // 9
    cwnd10: RegNr<Bits<32>>,
    ssth10: RegNr<Bits<32>>,
    count10: RegNr<Bits<32>>,
    one: Signal<Local, Bits<16>>,
    two: Signal<Local, Bits<16>>,
    unused_act: Signal<Local, Act>,
}

impl Logic for SndCc {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_act.next = self.act.val();
        // 6
        self.one.next = bit_cast::<16, 14>(self.mss.val());
        self.two.next = self.one.val() << 1;
        self.cwnd7.d.next = self.cwnd.val();
        self.ssth7.d.next = self.ssth.val();
        self.count7.d.next = self.count.val();
        self.sack7.d.next = self.sack.val();
        self.mss7.d.next = self.one.val();
        self.mss3.d.next = self.two.val() + self.one.val();
        self.total.d.next = self.count.val() + self.acked.val();
        self.half.d.next = self.flight.val() >> 1;
        if (self.flight.val() >> 1) < bit_cast::<32, 16>(self.two.val()) {
            self.half.d.next = bit_cast::<32, 16>(self.two.val());
        }
        self.whole.d.next = self.acked.val() >= bit_cast::<32, 16>(self.one.val());
        self.step.d.next = self.one.val();
        if self.acked.val() < bit_cast::<32, 16>(self.one.val()) {
            self.step.d.next = self.acked.val().get_bits::<16>(0);
        }
        self.less.d.next = self.cwnd.val() - self.acked.val();
        if self.cwnd.val() < self.acked.val() {
            self.less.d.next = 0.into();
        }
        self.keep.d.next = self.left.val();
        if self.left.val() < bit_cast::<32, 16>(self.one.val()) {
            self.keep.d.next = bit_cast::<32, 16>(self.one.val());
        }
        self.slow.d.next = self.cwnd.val() < self.ssth.val();
        self.iw.d.next = self.two.val() << 1;
        if self.mss.val() > 1095 {
            self.iw.d.next = self.two.val() + self.one.val();
        }
        if self.mss.val() > 2190 {
            self.iw.d.next = self.two.val();
        }
        if self.lost_syn.val() {
            self.iw.d.next = self.one.val();
        }

        // 7
        self.base.d.next = self.cwnd7.q.val();
        self.add.d.next = 0.into();
        self.cap.d.next = 1073741824.into();
        self.low.d.next = false;
        self.mss8.d.next = self.mss7.q.val();
        self.ssth8.d.next = self.ssth7.q.val();
        self.count8.d.next = self.count7.q.val();
        if self.act.val().grow {
            if self.slow.q.val() {
                self.add.d.next = self.step.q.val();
            } else {
                self.count8.d.next = self.total.q.val();
                if self.total.q.val() >= self.cwnd7.q.val() {
                    self.add.d.next = self.mss7.q.val();
                    self.count8.d.next = self.total.q.val() - self.cwnd7.q.val();
                }
            }
        }
        if self.act.val().inflate {
            self.add.d.next = self.mss7.q.val();
        }
        if self.act.val().enter {
            self.base.d.next = self.half.q.val();
            self.ssth8.d.next = self.half.q.val();
            self.count8.d.next = 0.into();
            if !self.sack7.q.val() {
                self.add.d.next = self.mss3.q.val();
            }
        }
        if self.act.val().partial & !self.sack7.q.val() {
            self.base.d.next = self.less.q.val();
            self.low.d.next = true;
            if self.whole.q.val() {
                self.add.d.next = self.mss7.q.val();
            }
        }
        if self.act.val().full & !self.sack7.q.val() {
            self.base.d.next = self.keep.q.val();
            self.add.d.next = self.mss7.q.val();
            self.cap.d.next = self.ssth7.q.val();
        }
        if self.act.val().timeout {
            self.base.d.next = bit_cast::<32, 16>(self.mss7.q.val());
            self.count8.d.next = 0.into();
            if self.act.val().first {
                self.ssth8.d.next = self.half.q.val();
            }
        }
        if self.act.val().idle {
            self.cap.d.next = bit_cast::<32, 16>(self.iw.q.val());
        }
        if self.act.val().install {
            self.base.d.next = bit_cast::<32, 16>(self.iw.q.val());
            self.ssth8.d.next = 0x7FFFFFFF.into();
            self.count8.d.next = 0.into();
        }

        // 8
        self.sum.d.next = self.base.q.val() + bit_cast::<32, 16>(self.add.q.val());
        self.cap9.d.next = self.cap.q.val();
        self.low9.d.next = self.low.q.val();
        self.mss9.d.next = self.mss8.q.val();
        self.ssth9.d.next = self.ssth8.q.val();
        self.count9.d.next = self.count8.q.val();

        // 9
        self.cwnd10.d.next = self.sum.q.val();
        if self.sum.q.val() > self.cap9.q.val() {
            self.cwnd10.d.next = self.cap9.q.val();
        }
        if self.low9.q.val() & (self.sum.q.val() < bit_cast::<32, 16>(self.mss9.q.val())) {
            self.cwnd10.d.next = bit_cast::<32, 16>(self.mss9.q.val());
        }
        self.ssth10.d.next = self.ssth9.q.val();
        self.count10.d.next = self.count9.q.val();
        self.cwnd_new.next = self.cwnd10.q.val();
        self.ssth_new.next = self.ssth10.q.val();
        self.count_new.next = self.count10.q.val();
    }
}
