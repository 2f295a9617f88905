//! Stage 4's entry: the context after the decision, but for congestion window, RTT and timer, which take longer.
//!
//! In: event, core and rate of stage 3, `act`. Out: `core4`, `rate4`, valid in stage 4. Latency 2 cycles from stage 3 on: choices
//! only. No back-pressure.
//!
//! * A timeout puts `nxt` back to `una` and forgets what was timed (RFC 6298 5.4, Karn).
//! * Recovery begins at a duplicate ACK and lasts until `recover` is acknowledged (RFC 6582 3.2, RFC 6675 5).
//! * A row of expiries ends with an acknowledgement of new data, or of a probe (RFC 9293 3.8.6.1).
//!
//! Rows: TCP-43, TCP-46, TCP-47, TCP-4F, TCP-52, TCP-57.

use super::snd_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndState {
    pub clock: Signal<In, Clock>,
    pub second: Signal<In, bool>,
    pub ev: Signal<In, Ev>,
    pub core: Signal<In, Core>,
    pub rate: Signal<In, Rate>,
    pub act: Signal<In, Act>,
    pub core4: Signal<Out, Core>,
    pub rate4: Signal<Out, Rate>,
    core_q: RegNr<Core>,
    rate_q: RegNr<Rate>,
    c: Signal<Local, Core>,
    r: Signal<Local, Rate>,
    unused_ev: Signal<Local, Ev>,
    unused_act: Signal<Local, Act>,
}

impl Logic for SndState {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_ev.next = self.ev.val();
        self.unused_act.next = self.act.val();
        self.c.next = self.core.val();
        self.r.next = self.rate.val();
        if self.act.val().dead {
            self.c.next.dead = true;
        }
        if self.act.val().timeout {
            self.c.next.nxt = self.core.val().una;
            self.r.next.phase = Phase::Loss;
            self.r.next.recover = self.core.val().max;
            self.r.next.dups = 0.into();
            self.r.next.again = false;
            self.r.next.timing = false;
        }
        if self.act.val().timeout | self.act.val().probe {
            if !self.rate.val().tries.all() {
                self.r.next.tries = self.rate.val().tries + 1;
            }
            if self.act.val().first {
                self.r.next.since = self.ev.val().now;
            }
        }
        // The probe is due, is sent, is not needed.
        if self.act.val().probe {
            self.r.next.probe = true;
        }
        if self.act.val().probed | self.act.val().new | self.core.val().wnd.any() {
            self.r.next.probe = false;
        }
        if self.act.val().answered {
            self.r.next.tries = 0.into();
        }
        if self.act.val().new {
            self.r.next.dups = 0.into();
            self.r.next.tries = 0.into();
        }
        if self.act.val().timed {
            self.r.next.timing = false;
        }
        if self.act.val().sample {
            self.r.next.sampled = true;
        }
        if self.act.val().dup {
            self.r.next.dups = self.rate.val().dups + 1;
            if !self.rate.val().dups.any() {
                self.r.next.mark = self.core.val().max;
            }
        }
        if self.act.val().enter {
            self.r.next.phase = Phase::Recovery;
            self.r.next.recover = self.core.val().max;
            self.r.next.again = true;
            self.r.next.part = false;
        }
        if self.act.val().partial {
            self.r.next.part = true;
            self.r.next.again = !self.core.val().sack;
        }
        if self.act.val().full | self.act.val().heal {
            self.r.next.phase = Phase::Open;
            self.r.next.again = false;
        }
        if self.act.val().sent | self.act.val().probed {
            self.r.next.last = self.ev.val().now;
        }
        if self.act.val().sent {
            if self.core.val().ts | !self.act.val().resent {
                if !self.rate.val().timing {
                    self.r.next.timing = true;
                    self.r.next.timed_seq = self.ev.val().from;
                    self.r.next.timed_at = self.ev.val().now;
                }
            } else {
                self.r.next.timing = false;
            }
            if self.act.val().head {
                self.r.next.again = false;
            }
        }
        if self.act.val().install {
            self.r.next.recover = self.ev.val().from - 1;
            self.r.next.tries = 0.into();
            self.r.next.timing = false;
            self.r.next.sampled = false;
            self.r.next.again = false;
            self.r.next.probe = false;
            self.r.next.phase = Phase::Open;
            self.r.next.dups = 0.into();
            self.r.next.part = false;
            self.r.next.persist = 0.into();
            self.r.next.armed = false;
            self.r.next.last = self.ev.val().now;
            // Nothing reads these before they are set.
            self.r.next.srtt = 0.into();
            self.r.next.rttvar = 0.into();
            self.r.next.mark = self.ev.val().from;
            self.r.next.since = self.ev.val().now;
            self.r.next.deadline = self.ev.val().now;
            self.r.next.timed_seq = self.ev.val().from;
            self.r.next.timed_at = self.ev.val().now;
        }
        if self.second.val() {
            self.core_q.d.next = self.c.val();
            self.rate_q.d.next = self.r.val();
        }
        self.core4.next = self.core_q.q.val();
        self.rate4.next = self.rate_q.q.val();
    }
}
