//! Stages 2 and 3: what an event means.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `ev2`, `seen`, `core2`, `rate2` | stage 2 | event, findings, context as stored |
//! | `ev3`, `core3`, `rate3` | stage 3 | event, context with the event's sequence numbers in it, rest as stored |
//! | `news`, `lost` | stage 3 | SACK: the ACK's block is news; the octet `una` is lost (RFC 6675 4) |
//! | `r2` | always | register: longest time from the first expiry of a row until the connection is given up |
//! | `halved`, `left`, `seen3` | stage 3 | octets that count for ssthresh; outstanding after the ACK; findings again |
//! | `act` | second half of stage 3 | the decision |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. Latency 3 cycles from stage 2 on. No back-pressure.
//! Duplicate ACK without SACK: RFC 5681 2 (a) to (e); `pure` is (b) and (c). With SACK: RFC 6675 2, the block must be news.
//! Third duplicate: enters recovery if `una` is beyond `recover` (RFC 6582 3.2 step 2), with SACK if none is under way.
//! ssthresh counts what was outstanding at the first duplicate, as limited transmit must not count (RFC 5681 3.2 step 2).
//! A timer that ends while the window is closed is a probe, else a timeout (RFC 9293 3.8.6.1; RFC 6298 5.4).
//! RTT: one octet is timed at a time; without timestamps not one that was sent twice (Karn, RFC 6298 3).
//! Idle for more than RTO: restart window (RFC 5681 4.1), looked at by `ask` and by the timer scan.
//! Rows: TCP-43, TCP-44, TCP-46, TCP-47, TCP-4D, TCP-4F, TCP-53, TCP-57, TCP-58.

use super::snd_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndDecide {
    pub clock: Signal<In, Clock>,
    pub second: Signal<In, bool>,
    pub ev2: Signal<In, Ev>,
    pub seen: Signal<In, Seen>,
    pub core2: Signal<In, Core>,
    pub rate2: Signal<In, Rate>,
    pub ev3: Signal<In, Ev>,
    pub core3: Signal<In, Core>,
    pub rate3: Signal<In, Rate>,
    pub news: Signal<In, bool>,
    pub lost: Signal<In, bool>,
    pub r2: Signal<In, Bits<32>>,
    pub halved: Signal<Out, Bits<32>>,
    pub left: Signal<Out, Bits<32>>,
    pub seen3: Signal<Out, Seen>,
    pub act: Signal<Out, Act>,
    // first half of stage 2
    due_gap: RegNr<Bits<32>>,
    idle_gap: RegNr<Bits<32>>,
    row_gap: RegNr<Bits<32>>,
    end_gap: RegNr<Bits<32>>,
    una_gap: RegNr<Bits<32>>,
    timed_gap: RegNr<Bits<32>>,
    mark_gap: RegNr<Bits<32>>,
    left5: RegNr<Bits<32>>,
    flight5: RegNr<Bits<32>>,
    rto5: RegNr<Bits<32>>,
    timing5: RegNr<bool>,
    armed5: RegNr<bool>,
    limited5: RegNr<bool>,
    // second half
    timed: RegNr<bool>,
    expired: RegNr<bool>,
    idle: RegNr<bool>,
    over: RegNr<bool>,
    full: RegNr<bool>,
    above: RegNr<bool>,
    halved_q: RegNr<Bits<32>>,
    left_q: RegNr<Bits<32>>,
    seen_q: RegNr<Seen>,
    // stage 3
    act_q: RegNr<Act>,
    s: Signal<Local, Seen>,
    zero: Signal<Local, bool>,
    ack: Signal<Local, bool>,
    good: Signal<Local, bool>,
    sent: Signal<Local, bool>,
    fire: Signal<Local, bool>,
    dead: Signal<Local, bool>,
    dup: Signal<Local, bool>,
    third: Signal<Local, bool>,
    open: Signal<Local, bool>,
    recovery: Signal<Local, bool>,
    unused_ev: Signal<Local, Ev>,
    unused_core: Signal<Local, Core>,
    unused_rate: Signal<Local, Rate>,
    unused_ev3: Signal<Local, Ev>,
    unused_core3: Signal<Local, Core>,
    unused_rate3: Signal<Local, Rate>,
    unused_s: Signal<Local, Seen>,
    unused_gap: Signal<Local, Bits<32>>,
}

impl Logic for SndDecide {
    #[hdl_gen]
    fn update(&mut self) {
        // Differences.
        self.due_gap.d.next = self.ev2.val().now - self.rate2.val().deadline;
        self.idle_gap.d.next = self.ev2.val().now - self.rate2.val().last;
        self.row_gap.d.next = self.ev2.val().now - self.rate2.val().since;
        self.end_gap.d.next = self.ev2.val().pos - self.rate2.val().recover;
        self.una_gap.d.next = self.core2.val().una - self.rate2.val().recover;
        self.timed_gap.d.next = self.ev2.val().pos - self.rate2.val().timed_seq;
        self.mark_gap.d.next = self.rate2.val().mark - self.core2.val().una;
        self.left5.d.next = self.seen.val().flight - self.seen.val().delta;

        self.flight5.d.next = self.seen.val().flight;
        self.rto5.d.next = self.rate2.val().rto;
        self.timing5.d.next = self.rate2.val().timing;
        self.armed5.d.next = self.rate2.val().armed;
        self.limited5.d.next =
            (self.rate2.val().phase == Phase::Open) & self.rate2.val().dups.any();

        // Comparisons.
        self.timed.d.next = self.timing5.q.val()
            & !self.timed_gap.q.val().get_bit(31)
            & self.timed_gap.q.val().any();
        self.expired.d.next = self.armed5.q.val() & !self.due_gap.q.val().get_bit(31);
        self.idle.d.next = self.idle_gap.q.val() > self.rto5.q.val();
        self.over.d.next = self.row_gap.q.val() >= self.r2.val();
        self.full.d.next = !self.end_gap.q.val().get_bit(31);
        self.above.d.next = !self.una_gap.q.val().get_bit(31) & self.una_gap.q.val().any();
        self.halved_q.d.next = self.flight5.q.val();
        if self.limited5.q.val() {
            self.halved_q.d.next = self.mark_gap.q.val();
        }
        self.left_q.d.next = self.left5.q.val();
        if self.second.val() {
            self.seen_q.d.next = self.seen.val();
        }
        self.halved.next = self.halved_q.q.val();
        self.left.next = self.left_q.q.val();
        self.seen3.next = self.seen_q.q.val();

        // Stage 3.
        self.s.next = self.seen_q.q.val();
        self.zero.next = !self.core3.val().wnd.any();
        self.open.next = self.rate3.val().phase == Phase::Open;
        self.recovery.next = self.rate3.val().phase == Phase::Recovery;
        self.ack.next = (self.ev3.val().kind == Kind::Ack) & self.s.val().live;
        self.good.next = self.ack.val() & self.s.val().new;
        self.sent.next = (self.ev3.val().kind == Kind::Sent) & self.s.val().live;
        self.fire.next =
            ((self.ev3.val().kind == Kind::Tick) & self.s.val().live) & self.expired.q.val();
        self.dead.next = self.fire.val() & self.rate3.val().tries.any() & self.over.q.val();
        self.dup.next = (self.ack.val() & self.s.val().in_range & !self.s.val().new)
            & self.s.val().out
            & ((!self.core3.val().sack & self.ev3.val().pure & self.s.val().same_wnd)
                | (self.core3.val().sack & self.news.val()));
        self.third.next = (self.core3.val().sack
            & (self.lost.val() | (self.rate3.val().dups == 2)))
            | (!self.core3.val().sack & self.above.q.val() & (self.rate3.val().dups == 2));

        self.act_q.d.next.install = self.ev3.val().kind == Kind::Install;
        self.act_q.d.next.live = self.s.val().live | (self.ev3.val().kind == Kind::Install);
        self.act_q.d.next.grow = self.good.val() & !self.recovery.val();
        self.act_q.d.next.partial = self.good.val() & self.recovery.val() & !self.full.q.val();
        self.act_q.d.next.full = self.good.val() & self.recovery.val() & self.full.q.val();
        self.act_q.d.next.heal =
            (self.good.val() & self.full.q.val()) & (self.rate3.val().phase == Phase::Loss);
        self.act_q.d.next.new = self.good.val();
        // RFC 6582 3.2 step 3: the first partial ACK starts the timer again, the others do not.
        self.act_q.d.next.renew =
            self.good.val() & !(self.recovery.val() & self.rate3.val().part & !self.full.q.val());
        self.act_q.d.next.dup = self.dup.val() & self.open.val() & !self.rate3.val().dups.all();
        self.act_q.d.next.enter = self.dup.val() & self.open.val() & self.third.val();
        self.act_q.d.next.inflate = self.dup.val() & self.recovery.val() & !self.core3.val().sack;
        self.act_q.d.next.timeout =
            (self.fire.val() & !self.zero.val()) & (self.s.val().out & !self.dead.val());
        self.act_q.d.next.probe = self.fire.val() & self.zero.val() & !self.dead.val();
        self.act_q.d.next.dead = self.dead.val();
        self.act_q.d.next.first = !self.rate3.val().tries.any();
        self.act_q.d.next.answered =
            (self.ack.val() & self.s.val().in_range) & self.rate3.val().persist.any();
        self.act_q.d.next.timed = self.good.val() & self.timed.q.val();
        self.act_q.d.next.sample =
            (self.good.val() & self.timed.q.val()) & (!self.core3.val().ts | self.ev3.val().ts);
        self.act_q.d.next.idle = (((self.ev3.val().kind == Kind::Tick)
            | (self.ev3.val().kind == Kind::Ask))
            & self.s.val().live)
            & (self.idle.q.val() & !self.s.val().out);
        self.act_q.d.next.sent = self.sent.val() & !self.ev3.val().odd;
        self.act_q.d.next.resent = self.sent.val() & !self.ev3.val().odd & !self.s.val().untouched;
        self.act_q.d.next.probed = self.sent.val() & self.ev3.val().odd;
        self.act_q.d.next.head = self.sent.val() & self.s.val().at_una;
        self.act_q.d.next.mirror = self.sent.val()
            | self.good.val()
            | ((self.ack.val() & self.s.val().in_range)
                & (self.s.val().fresh & self.s.val().bigger));
        self.act.next = self.act_q.q.val();
        self.unused_ev.next = self.ev2.val();
        self.unused_ev3.next = self.ev3.val();
        self.unused_core3.next = self.core3.val();
        self.unused_rate3.next = self.rate3.val();
        self.unused_s.next = self.s.val();
        self.unused_core.next = self.core2.val();
        self.unused_rate.next = self.rate2.val();
        self.unused_gap.next = self.end_gap.q.val() ^ self.due_gap.q.val();
    }
}
