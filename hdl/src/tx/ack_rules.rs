//! Stages 1 and 2 of the acker: what an event makes of a connection. All of the rules are here.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `ev1`, `row1` | stage 1 | event and row as stored |
//! | `ev2`, `row2` | stage 2 | the same |
//! | `delay`, `gap` | always | registers |
//! | `live` | stage 2 | installed, of this generation |
//! | `go` | stage 2 | a look-up gives a segment |
//! | `after` | second half of stage 2 | the row with the event in it |
//! | `due`, `tell` | second half of stage 2 | a bare ACK is wanted; the receive path must learn of it |
//! | `expired`, `refused` | second half of stage 2 | for counters |
//!
//! A stage is two cycles. Latency 2 and 4 cycles. No back-pressure. First half of stage 1: differences; second half: comparisons;
//! first half of stage 2: choices.
//!
//! **Report** of the receive path:
//! * rcv_nxt goes forward only. TS.Recent is the newest report's; SACK blocks are those of the newest report that has some to tell.
//! * DELAYED: an ACK at once if more than `mss` octets are not acknowledged (so at least every second full-sized segment: RFC 9293
//!   3.8.6.3, RFC 5681 4.2); else within `delay` of the first of them.
//! * NOW: one more ACK is owed (RFC 5681 4.2: a duplicate ACK for each segment ahead of a gap). Where rcv_nxt moves, those owed
//!   before become one: they would all say the same.
//! * CHALLENGE: an ACK, unless one was given within `gap` to this connection (RFC 5961 7). By connection: nobody learns from
//!   what one connection gets what happens on another.
//!
//! **Bare**: goes if one is owed. **Data**: carries the acknowledgement; it takes the place of one ACK owed if its number is news and
//! no SACK block is to be told (a segment with octets is no duplicate ACK, and has no room for blocks). Both end the delay.
//! Requirements: TCP-17, TCP-1A, TCP-27 to TCP-2B, TCP-2D, TCP-65; TCP-15 and TCP-22 have their part here.

use super::ack_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct AckRules {
    pub clock: Signal<In, Clock>,
    pub second: Signal<In, bool>,
    pub ev1: Signal<In, AckEv>,
    pub row1: Signal<In, AckRow>,
    pub ev2: Signal<In, AckEv>,
    pub row2: Signal<In, AckRow>,
    pub delay: Signal<In, Bits<SHORT>>,
    pub gap: Signal<In, Bits<SHORT>>,
    pub live: Signal<Out, bool>,
    pub go: Signal<Out, bool>,
    pub after: Signal<Out, AckRow>,
    pub due: Signal<Out, bool>,
    pub tell: Signal<Out, bool>,
    pub expired: Signal<Out, bool>,
    pub refused: Signal<Out, bool>,
    // first half of stage 1
    ahead: RegNr<Bits<32>>,
    fresh: RegNr<Bits<32>>,
    stale: RegNr<Bits<32>>,
    max_gap: RegNr<Bits<32>>,
    seq_gap: RegNr<Bits<32>>,
    overdue: RegNr<Bits<SHORT>>,
    age: RegNr<Bits<SHORT>>,
    mss: RegNr<Bits<32>>,
    lives: RegNr<bool>,
    other: RegNr<bool>,
    quiet: RegNr<bool>,
    waits: RegNr<bool>,
    // second half
    seen: RegNr<AckSeen>,
    moves: Signal<Local, bool>,
    open: Signal<Local, Bits<32>>,
    tip: Signal<Local, Bits<32>>,
    // stage 2
    due_at: RegNr<Bits<SHORT>>,
    new_q: RegNr<AckRow>,
    due_q: RegNr<bool>,
    tell_q: RegNr<bool>,
    expired_q: RegNr<bool>,
    refused_q: RegNr<bool>,
    row: Signal<Local, AckRow>,
    base: Signal<Local, Bits<3>>,
    one: Signal<Local, Bits<3>>,
    less: Signal<Local, Bits<3>>,
    left: Signal<Local, Bits<3>>,
    report: Signal<Local, bool>,
    data: Signal<Local, bool>,
    bare: Signal<Local, bool>,
    news: Signal<Local, bool>,
    acked: Signal<Local, bool>,
    unused_ev: Signal<Local, AckEv>,
    unused_ev2: Signal<Local, AckEv>,
    unused_row: Signal<Local, AckRow>,
    unused_gap: Signal<Local, Bits<32>>,
    unused_age: Signal<Local, Bits<SHORT>>,
}

impl Logic for AckRules {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_ev.next = self.ev1.val();
        self.unused_ev2.next = self.ev2.val();
        self.unused_row.next = self.row1.val();
        // First half of stage 1.
        self.ahead.d.next = self.ev1.val().pos - self.row1.val().rcv_nxt;
        self.fresh.d.next = self.ev1.val().pos - self.row1.val().last_ack;
        self.stale.d.next = self.row1.val().rcv_nxt - self.row1.val().last_ack;
        self.tip.next = self.ev1.val().pos;
        if self.ev1.val().kind == AckKind::Mirror {
            self.tip.next = self.ev1.val().stamp;
        }
        self.max_gap.d.next = self.tip.val() - self.row1.val().max;
        self.seq_gap.d.next = self.ev1.val().pos - self.row1.val().seq;
        self.overdue.d.next = self.ev1.val().now.get_bits::<SHORT>(0) - self.row1.val().deadline;
        self.age.d.next = self.ev1.val().now.get_bits::<SHORT>(0) - self.row1.val().quiet_from;
        self.mss.d.next = bit_cast::<32, 14>(self.row1.val().mss);
        self.lives.d.next = self.row1.val().valid
            & ((self.ev1.val().kind == AckKind::Tick)
                | (self.ev1.val().gen == self.row1.val().gen));
        self.other.d.next = (self.ev1.val().pos != self.row1.val().una)
            | (self.ev1.val().wide != self.row1.val().max_wnd);
        self.quiet.d.next = self.row1.val().quiet;
        self.waits.d.next = self.row1.val().waits;

        // Second half.
        self.unused_gap.next = self.max_gap.q.val() ^ self.seq_gap.q.val();
        self.unused_age.next = self.overdue.q.val();
        self.moves.next = !self.ahead.q.val().get_bit(31) & self.ahead.q.val().any();
        self.open.next = self.stale.q.val();
        if self.moves.val() {
            self.open.next = self.fresh.q.val();
        }
        self.seen.d.next.live = self.lives.q.val();
        self.seen.d.next.moved = self.moves.val();
        self.seen.d.next.some = self.open.val().any();
        self.seen.d.next.over = self.open.val() > self.mss.q.val();
        self.seen.d.next.late = self.waits.q.val() & !self.overdue.q.val().get_bit(23);
        self.seen.d.next.calm = !self.quiet.q.val() | (self.age.q.val() >= self.gap.val());
        self.seen.d.next.over_max = !self.max_gap.q.val().get_bit(31) & self.max_gap.q.val().any();
        self.seen.d.next.over_seq = !self.seq_gap.q.val().get_bit(31) & self.seq_gap.q.val().any();
        self.seen.d.next.other = self.other.q.val();
        self.due_at.d.next = self.ev1.val().now.get_bits::<SHORT>(0) + self.delay.val();

        // Stage 2.
        self.live.next = self.seen.q.val().live;
        self.report.next = (self.ev2.val().kind == AckKind::Report) & self.seen.q.val().live;
        self.data.next = (self.ev2.val().kind == AckKind::Data) & self.seen.q.val().live;
        self.bare.next = (self.ev2.val().kind == AckKind::Bare)
            & (self.seen.q.val().live & self.row2.val().owed.any());
        self.go.next = self.data.val() | self.bare.val();
        self.news.next = self.row2.val().rcv_nxt != self.row2.val().last_ack;
        self.row.next = self.row2.val();
        // Where the number moves, ACKs that wait become one.
        self.base.next = self.row2.val().owed;
        if self.seen.q.val().moved & self.row2.val().owed.any() {
            self.base.next = 1.into();
        }
        self.one.next = self.base.val();
        if !self.base.val().any() {
            self.one.next = 1.into();
        }
        self.less.next = self.row2.val().owed - 1;
        self.left.next = self.row2.val().n - 1;
        self.expired_q.d.next = false;
        self.refused_q.d.next = false;
        if self.report.val() {
            self.row.next.recent = self.ev2.val().stamp;
            if self.ev2.val().counts {
                self.row.next.n = self.ev2.val().n;
                self.row.next.dup = self.ev2.val().dup;
                self.row.next.skip = false;
            }
            if self.ev2.val().mode.any() {
                if self.seen.q.val().moved {
                    self.row.next.rcv_nxt = self.ev2.val().pos;
                }
                self.row.next.owed = self.base.val();
                // DELAYED: at once, or by the timer; the other modes leave the timer to what they send.
                if self.seen.q.val().over {
                    self.row.next.owed = self.one.val();
                }
                if self.seen.q.val().some & !self.row2.val().waits {
                    self.row.next.waits = true;
                    self.row.next.deadline = self.due_at.q.val();
                }
                if self.ev2.val().mode == 2 {
                    self.row.next.owed = self.base.val() + 1;
                    if self.base.val().all() {
                        self.row.next.owed = self.base.val();
                    }
                    if self.seen.q.val().moved {
                        self.row.next.owed = 1.into();
                    }
                }
                if self.ev2.val().mode == 3 {
                    if self.seen.q.val().calm {
                        self.row.next.owed = self.one.val();
                        self.row.next.quiet = true;
                        self.row.next.quiet_from = self.ev2.val().now.get_bits::<SHORT>(0);
                    } else {
                        self.refused_q.d.next = true;
                    }
                }
            }
            if self.ev2.val().odd {
                self.row.next.valid = false;
                self.row.next.owed = 0.into();
            }
        }
        self.acked.next = self.data.val() | self.bare.val();
        if self.acked.val() {
            self.row.next.last_ack = self.row2.val().rcv_nxt;
            self.row.next.waits = false;
        }
        if self.bare.val() {
            self.row.next.owed = self.less.val();
            if self.row2.val().dup {
                self.row.next.n = self.left.val();
                self.row.next.dup = false;
                self.row.next.skip = true;
            }
        }
        if self.data.val() {
            if (self.news.val() & !self.row2.val().n.any()) & self.row2.val().owed.any() {
                self.row.next.owed = self.less.val();
            }
            if self.seen.q.val().over_max {
                self.row.next.max = self.ev2.val().pos;
            }
            if self.seen.q.val().over_seq & !self.ev2.val().odd {
                self.row.next.seq = self.ev2.val().pos;
            }
        }
        if (self.ev2.val().kind == AckKind::Mirror) & self.seen.q.val().live {
            self.row.next.una = self.ev2.val().pos;
            self.row.next.max_wnd = self.ev2.val().wide;
            if self.seen.q.val().over_max {
                self.row.next.max = self.ev2.val().stamp;
            }
            if self.seen.q.val().over_seq {
                self.row.next.seq = self.ev2.val().pos;
            }
        }
        if (self.ev2.val().kind == AckKind::Tick) & self.seen.q.val().live {
            if self.seen.q.val().late {
                self.row.next.waits = false;
                if !self.row2.val().owed.any() {
                    self.row.next.owed = 1.into();
                }
                self.expired_q.d.next = true;
            }
            if self.seen.q.val().calm {
                self.row.next.quiet = false;
            }
        }
        if self.ev2.val().kind == AckKind::Install {
            self.row.next.valid = true;
            self.row.next.gen = self.ev2.val().gen;
            self.row.next.rcv_nxt = self.ev2.val().pos;
            self.row.next.last_ack = self.ev2.val().pos;
            self.row.next.wnd = self.ev2.val().wide.get_bits::<16>(0);
            self.row.next.mss = self.ev2.val().wide.get_bits::<14>(16);
            self.row.next.ts = self.ev2.val().wide.get_bit(30);
            self.row.next.sack = self.ev2.val().wide.get_bit(31);
            self.row.next.recent = self.ev2.val().stamp;
            self.row.next.owed = 0.into();
            self.row.next.waits = false;
            self.row.next.quiet = false;
            self.row.next.n = 0.into();
            self.row.next.dup = false;
            self.row.next.skip = false;
        }
        if self.ev2.val().kind == AckKind::Start {
            self.row.next.una = self.ev2.val().pos;
            self.row.next.max = self.ev2.val().stamp;
            self.row.next.seq = self.ev2.val().stamp;
            self.row.next.max_wnd = self.ev2.val().wide;
        }
        if (self.ev2.val().kind == AckKind::Remove) & (self.ev2.val().gen == self.row2.val().gen) {
            self.row.next.valid = false;
        }
        self.new_q.d.next = self.row.val();
        self.after.next = self.new_q.q.val();
        self.due_q.d.next = self.row.val().valid & self.row.val().owed.any();
        self.due.next = self.due_q.q.val();
        self.tell_q.d.next = (self.acked.val() & self.news.val())
            | (self.data.val() & self.seen.q.val().over_max)
            | (((self.ev2.val().kind == AckKind::Mirror) & self.seen.q.val().live)
                & (self.seen.q.val().over_max | self.seen.q.val().other));
        self.tell.next = self.tell_q.q.val();
        self.expired.next = self.second.val() & self.expired_q.q.val();
        self.refused.next = self.second.val() & self.refused_q.q.val();
    }
}
