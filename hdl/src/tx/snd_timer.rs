//! Stages 4 to 6: the retransmission timer, which is the timer of window probes while the window is closed.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `core4`, `rate4` | stage 4 | the context after the decision |
//! | `act` | stage 4 | the decision |
//! | `rto` | second half of stage 5 | RTO after this event |
//! | `now` | stage 5 | of the event |
//! | `ceiling` | always | register: longest interval |
//! | `armed`, `deadline`, `persist` | stage 6 | new values |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. Latency 4 cycles from stage 4 on. No back-pressure.
//! The timer runs while octets are outstanding (RFC 6298 5.1, 5.2), or while octets wait and the window is closed. It starts anew with
//! an ACK of new data (5.3), a timeout (5.6), a probe, a change between open and closed window, and whenever `una` itself is sent:
//! so nothing is sent again earlier than one RTO after it was sent last. Probes come after one RTO, then at twice the interval each
//! (RFC 9293 3.8.6.1), up to `ceiling`.
//! Rows: TCP-45, TCP-46, TCP-57.

use super::snd_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndTimer {
    pub clock: Signal<In, Clock>,
    pub core4: Signal<In, Core>,
    pub rate4: Signal<In, Rate>,
    pub act: Signal<In, Act>,
    pub rto: Signal<In, Bits<32>>,
    pub now: Signal<In, Bits<32>>,
    pub ceiling: Signal<In, Bits<32>>,
    pub armed: Signal<Out, bool>,
    pub deadline: Signal<Out, Bits<32>>,
    pub persist: Signal<Out, Bits<32>>,
    // 8
    out: RegNr<bool>,
    waits: RegNr<bool>,
    zero: RegNr<bool>,
    some: RegNr<bool>,
    was: RegNr<bool>,
    restart: RegNr<bool>,
    probe: RegNr<bool>,
    stop: RegNr<bool>,
    twice: RegNr<Bits<32>>,
    once: RegNr<Bits<32>>,
    due: RegNr<Bits<32>>,
    // 9
    need10: RegNr<bool>,
    start10: RegNr<bool>,
    zero10: RegNr<bool>,
    fresh10: RegNr<bool>,
    next10: RegNr<Bits<32>>,
    due10: RegNr<Bits<32>>,
    // 10
    need11: RegNr<bool>,
    start11: RegNr<bool>,
    zero11: RegNr<bool>,
    own11: RegNr<bool>,
    next11: RegNr<Bits<32>>,
    due11: RegNr<Bits<32>>,
    now11: RegNr<Bits<32>>,
    // 11
    armed_q: RegNr<bool>,
    deadline_q: RegNr<Bits<32>>,
    persist_q: RegNr<Bits<32>>,
    interval: Signal<Local, Bits<32>>,
    unused_core: Signal<Local, Core>,
    unused_rate: Signal<Local, Rate>,
    unused_act: Signal<Local, Act>,
}

impl Logic for SndTimer {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_core.next = self.core4.val();
        self.unused_rate.next = self.rate4.val();
        self.unused_act.next = self.act.val();
        // 8
        self.out.d.next = self.core4.val().max != self.core4.val().una;
        self.waits.d.next = self.core4.val().end != self.core4.val().una;
        self.zero.d.next = !self.core4.val().wnd.any();
        self.some.d.next = self.rate4.val().persist.any();
        self.was.d.next = self.rate4.val().armed;
        self.probe.d.next = self.act.val().probe;
        self.stop.d.next = self.core4.val().dead | !self.core4.val().valid;
        self.restart.d.next = self.act.val().renew
            | self.act.val().timeout
            | self.act.val().probe
            | self.act.val().head;
        self.once.d.next = self.rate4.val().persist;
        self.twice.d.next = self.rate4.val().persist << 1;
        if self.rate4.val().persist > (self.ceiling.val() >> 1) {
            self.twice.d.next = self.ceiling.val();
        }
        self.due.d.next = self.rate4.val().deadline;

        // 9
        self.need10.d.next =
            !self.stop.q.val() & (self.out.q.val() | (self.zero.q.val() & self.waits.q.val()));
        self.start10.d.next =
            self.restart.q.val() | !self.was.q.val() | (self.zero.q.val() ^ self.some.q.val());
        self.zero10.d.next = self.zero.q.val();
        self.fresh10.d.next = !self.some.q.val();
        self.next10.d.next = self.once.q.val();
        if self.probe.q.val() {
            self.next10.d.next = self.twice.q.val();
        }
        self.due10.d.next = self.due.q.val();

        // 10
        self.need11.d.next = self.need10.q.val();
        self.start11.d.next = self.start10.q.val();
        // A closed window of a connection with nothing to send is none: the first probe comes one RTO after there is something.
        self.zero11.d.next = self.zero10.q.val() & self.need10.q.val();
        self.own11.d.next = self.zero10.q.val() & !self.fresh10.q.val();
        self.next11.d.next = self.next10.q.val();
        self.due11.d.next = self.due10.q.val();
        self.now11.d.next = self.now.val();

        // 11
        self.interval.next = self.rto.val();
        if self.own11.q.val() {
            self.interval.next = self.next11.q.val();
        }
        self.armed_q.d.next = self.need11.q.val();
        self.deadline_q.d.next = self.due11.q.val();
        if self.start11.q.val() {
            self.deadline_q.d.next = self.now11.q.val() + self.interval.val();
        }
        self.persist_q.d.next = 0.into();
        if self.zero11.q.val() {
            self.persist_q.d.next = self.interval.val();
        }
        self.armed.next = self.armed_q.q.val();
        self.deadline.next = self.deadline_q.q.val();
        self.persist.next = self.persist_q.q.val();
    }
}
