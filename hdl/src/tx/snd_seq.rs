//! Stages 1 and 2: sequence arithmetic and the core of the context.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `ev`, `core`     | stage 1 | event and context as stored |
//! | `ev2`            | stage 2 | the same event |
//! | `second`         | always  | second half of a stage |
//! | `seen`           | stage 2 | what the distances say |
//! | `old`            | stage 2 | the context as stored |
//! | `core3`          | stage 3 | the context with the event in it; a timeout moves `nxt` later |
//!
//! A stage is two cycles. Latency: 2 and 4 cycles. No back-pressure. First half of stage 1: differences; second half:
//! comparisons of them; first half of stage 2: choices.
//! ACK range: `una <= ack <= max` (RFC 9293 3.10.7.4; the receive path has checked it against the mirror, RFC 5961 5.2).
//! Window: WL1/WL2 rule (RFC 9293 3.10.7.4). A smaller window is obeyed at once; `nxt` stays (RFC 9293 3.8.6).
//! Rows: TCP-33, TCP-56, TCP-59.

use super::snd_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndSeq {
    pub clock: Signal<In, Clock>,
    pub second: Signal<In, bool>,
    pub ev: Signal<In, Ev>,
    pub ev2: Signal<In, Ev>,
    pub core: Signal<In, Core>,
    pub seen: Signal<Out, Seen>,
    pub old: Signal<Out, Core>,
    pub core3: Signal<Out, Core>,
    // first half of stage 1
    ahead: RegNr<Bits<32>>,
    flight: RegNr<Bits<32>>,
    max_gap: RegNr<Bits<32>>,
    nxt_gap: RegNr<Bits<32>>,
    from_max: RegNr<Bits<32>>,
    from_nxt: RegNr<Bits<32>>,
    wl1_gap: RegNr<Bits<32>>,
    wl2_gap: RegNr<Bits<32>>,
    wnd: RegNr<Bits<32>>,
    old_wnd: RegNr<Bits<32>>,
    old_max: RegNr<Bits<32>>,
    at_una: RegNr<bool>,
    live: RegNr<bool>,
    // second half
    seen_q: RegNr<Seen>,
    old_q: RegNr<Core>,
    // stage 2
    new_q: RegNr<Core>,
    row_q: RegNr<Core>,
    row: Signal<Local, Core>,
    ack: Signal<Local, bool>,
    sent: Signal<Local, bool>,
    in_range: Signal<Local, bool>,
    unused_ev: Signal<Local, Ev>,
    unused_ev2: Signal<Local, Ev>,
    unused_seen: Signal<Local, Seen>,
    unused_gap: Signal<Local, Bits<32>>,
}

impl Logic for SndSeq {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_ev.next = self.ev.val();
        self.unused_ev2.next = self.ev2.val();
        self.ahead.d.next = self.ev.val().pos - self.core.val().una;
        self.flight.d.next = self.core.val().max - self.core.val().una;
        self.max_gap.d.next = self.core.val().max - self.ev.val().pos;
        self.nxt_gap.d.next = self.core.val().nxt - self.ev.val().pos;
        self.from_max.d.next = self.ev.val().from - self.core.val().max;
        self.from_nxt.d.next = self.core.val().nxt - self.ev.val().from;
        self.wl1_gap.d.next = self.ev.val().seq - self.core.val().wl1;
        self.wl2_gap.d.next = self.ev.val().pos - self.core.val().wl2;
        self.wnd.d.next = self.ev.val().wnd << self.core.val().scale;
        self.old_wnd.d.next = self.core.val().wnd;
        self.old_max.d.next = self.core.val().max_wnd;
        self.at_una.d.next = self.ev.val().from == self.core.val().una;
        self.live.d.next = self.core.val().valid
            & !self.core.val().dead
            & ((self.ev.val().kind == Kind::Tick) | (self.ev.val().gen == self.core.val().gen));

        // Second half.
        self.unused_gap.next = ((self.max_gap.q.val() ^ self.nxt_gap.q.val())
            ^ (self.from_max.q.val() ^ self.from_nxt.q.val()))
            ^ self.wl2_gap.q.val();
        self.in_range.next = self.ahead.q.val() <= self.flight.q.val();
        self.seen_q.d.next.live = self.live.q.val();
        self.seen_q.d.next.in_range = self.in_range.val();
        self.seen_q.d.next.new = self.in_range.val() & self.ahead.q.val().any();
        self.seen_q.d.next.out = self.flight.q.val().any();
        self.seen_q.d.next.fresh = (!self.wl1_gap.q.val().get_bit(31) & self.wl1_gap.q.val().any())
            | (!self.wl1_gap.q.val().any() & !self.wl2_gap.q.val().get_bit(31));
        self.seen_q.d.next.same_wnd = self.wnd.q.val() == self.old_wnd.q.val();
        self.seen_q.d.next.bigger = self.wnd.q.val() > self.old_max.q.val();
        self.seen_q.d.next.wnd = self.wnd.q.val();
        self.seen_q.d.next.over_max = self.max_gap.q.val().get_bit(31);
        self.seen_q.d.next.over_nxt = self.nxt_gap.q.val().get_bit(31);
        self.seen_q.d.next.at_una = self.at_una.q.val();
        self.seen_q.d.next.untouched = !self.from_max.q.val().get_bit(31);
        self.seen_q.d.next.beyond = self.from_nxt.q.val().get_bit(31);
        self.seen_q.d.next.delta = self.ahead.q.val();
        self.seen_q.d.next.flight = self.flight.q.val();
        self.seen.next = self.seen_q.q.val();
        self.unused_seen.next = self.seen_q.q.val();
        if self.second.val() {
            self.old_q.d.next = self.core.val();
        }
        self.old.next = self.old_q.q.val();

        // Stage 2.
        self.ack.next = (self.ev2.val().kind == Kind::Ack) & self.seen_q.q.val().live;
        self.sent.next = (self.ev2.val().kind == Kind::Sent) & self.seen_q.q.val().live;
        self.row.next = self.old_q.q.val();
        if self.ack.val() & self.seen_q.q.val().in_range {
            if self.seen_q.q.val().new {
                self.row.next.una = self.ev2.val().pos;
                if self.seen_q.q.val().over_nxt {
                    self.row.next.nxt = self.ev2.val().pos;
                }
            }
            if self.seen_q.q.val().fresh {
                self.row.next.wnd = self.seen_q.q.val().wnd;
                self.row.next.wl1 = self.ev2.val().seq;
                self.row.next.wl2 = self.ev2.val().pos;
                if self.seen_q.q.val().bigger {
                    self.row.next.max_wnd = self.seen_q.q.val().wnd;
                }
            }
        }
        if self.sent.val() {
            if self.seen_q.q.val().over_max {
                self.row.next.max = self.ev2.val().pos;
            }
            // What was granted before a timeout does not move it again.
            if self.seen_q.q.val().over_nxt & !self.seen_q.q.val().beyond & !self.ev2.val().odd {
                self.row.next.nxt = self.ev2.val().pos;
            }
        }
        if (self.ev2.val().kind == Kind::Data) & self.seen_q.q.val().live {
            self.row.next.end = self.ev2.val().pos;
        }
        if self.ev2.val().kind == Kind::Install {
            self.row.next.valid = true;
            self.row.next.dead = false;
            self.row.next.gen = self.ev2.val().gen;
            self.row.next.mss = self.ev2.val().left.get_bits::<14>(0);
            self.row.next.scale = self.ev2.val().left.get_bits::<4>(14);
            self.row.next.ts = self.ev2.val().ts;
            self.row.next.sack = self.ev2.val().blk;
            self.row.next.una = self.ev2.val().from;
            self.row.next.nxt = self.ev2.val().pos;
            self.row.next.max = self.ev2.val().pos;
            self.row.next.end = self.ev2.val().pos;
            self.row.next.wnd = self.ev2.val().wnd;
            self.row.next.wl1 = self.ev2.val().seq;
            self.row.next.wl2 = self.ev2.val().stamp;
            self.row.next.max_wnd = self.ev2.val().wnd;
        }
        if (self.ev2.val().kind == Kind::Remove) & (self.ev2.val().gen == self.old_q.q.val().gen) {
            self.row.next.valid = false;
        }
        self.new_q.d.next = self.row.val();
        if self.second.val() {
            self.row_q.d.next = self.new_q.q.val();
        }
        self.core3.next = self.row_q.q.val();
    }
}
