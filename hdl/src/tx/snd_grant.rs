//! Stages 4 to 6: what a connection may send, after any event.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `core4`, `rate4`, `board` | stage 4 | the context after the decision; the scoreboard's sums |
//! | `cwnd` | stage 5 | congestion window after the event |
//! | `kind`, `from`, `budget`, `idle` | stage 6 | |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. Latency 4 cycles from stage 4 on. No back-pressure.
//!
//! In this order, nothing at all with the window closed but a probe:
//! 1. `una` again (`again`): one MSS at most, of what is outstanding and not received (RFC 5681 3.2, RFC 6582);
//! 2. with SACK in recovery: the first lost stretch behind what was sent again, one MSS at most, if cwnd - pipe >= 1 MSS
//!    (RFC 6675 NextSeg (1));
//! 3. octets from `nxt` on: min(cwnd + limited transmit, wnd) - outstanding. In SACK recovery cwnd - pipe takes the place of
//!    cwnd - outstanding, and one MSS must fit. Limited transmit (RFC 3042) is one MSS for each of the first two duplicate ACKs.
//! 4. a probe: one octet at `una`, if the timer asks for it and octets wait (RFC 9293 3.8.6.1).
//!
//! `from` below `max` makes it `Again`: behind a timeout, or where a probe went before. Both windows bound it: TCP-48. Rows: TCP-48,
//! TCP-4E, TCP-50, TCP-55 (`idle` and `budget` tell the segmenter), TCP-56, TCP-57.

use super::snd_sums::Sums;
use super::snd_types::*;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct SndGrant {
    pub clock: Signal<In, Clock>,
    pub core4: Signal<In, Core>,
    pub rate4: Signal<In, Rate>,
    pub board: Signal<In, Sums>,
    pub cwnd: Signal<In, Bits<32>>,
    pub kind: Signal<Out, Send>,
    pub from: Signal<Out, Bits<32>>,
    pub budget: Signal<Out, Bits<32>>,
    pub idle: Signal<Out, bool>,
    // 8
    flight: RegNr<Bits<32>>,
    more: RegNr<Bits<32>>,
    out: RegNr<Bits<32>>,
    known: RegNr<Bits<32>>,
    extra: RegNr<Bits<16>>,
    wnd: RegNr<Bits<32>>,
    mss: RegNr<Bits<16>>,
    una: RegNr<Bits<32>>,
    nxt: RegNr<Bits<32>>,
    hole: RegNr<Bits<32>>,
    hole_len: RegNr<Bits<32>>,
    near: RegNr<Bits<32>>,
    piped: RegNr<bool>,
    again: RegNr<bool>,
    probe: RegNr<bool>,
    old: RegNr<bool>,
    // 9
    spare10: RegNr<Bits<32>>,
    room10: RegNr<Bits<32>>,
    more10: RegNr<Bits<32>>,
    pipe: RegNr<Bits<32>>,
    piece: RegNr<Bits<16>>,
    hole_piece: RegNr<Bits<16>>,
    una10: RegNr<Bits<32>>,
    nxt10: RegNr<Bits<32>>,
    hole10: RegNr<Bits<32>>,
    mss10: RegNr<Bits<16>>,
    has_hole: RegNr<bool>,
    piped10: RegNr<bool>,
    again10: RegNr<bool>,
    probe10: RegNr<bool>,
    old10: RegNr<bool>,
    closed: RegNr<bool>,
    waits: RegNr<bool>,
    idle10: RegNr<bool>,
    // 10
    a: RegNr<Bits<32>>,
    w: RegNr<Bits<32>>,
    first: RegNr<bool>,
    repair: RegNr<bool>,
    asks: RegNr<bool>,
    piped11: RegNr<bool>,
    old11: RegNr<bool>,
    closed11: RegNr<bool>,
    idle11: RegNr<bool>,
    piece11: RegNr<Bits<16>>,
    hole_piece11: RegNr<Bits<16>>,
    una11: RegNr<Bits<32>>,
    nxt11: RegNr<Bits<32>>,
    hole11: RegNr<Bits<32>>,
    mss11: RegNr<Bits<16>>,
    // 11
    kind_q: RegNr<Send>,
    from_q: RegNr<Bits<32>>,
    budget_q: RegNr<Bits<32>>,
    idle_q: RegNr<bool>,
    one: Signal<Local, Bits<16>>,
    fits: Signal<Local, bool>,
    whole: Signal<Local, Bits<32>>,
    enough: Signal<Local, bool>,
    unused_core: Signal<Local, Core>,
    unused_rate: Signal<Local, Rate>,
    unused_board: Signal<Local, Sums>,
}

impl Logic for SndGrant {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_core.next = self.core4.val();
        self.unused_rate.next = self.rate4.val();
        self.unused_board.next = self.board.val();
        // 8
        self.one.next = bit_cast::<16, 14>(self.core4.val().mss);
        self.flight.d.next = self.core4.val().nxt - self.core4.val().una;
        self.more.d.next = self.core4.val().end - self.core4.val().nxt;
        self.out.d.next = self.core4.val().max - self.core4.val().una;
        self.known.d.next = self.board.val().sacked + self.board.val().gap;
        self.extra.d.next = 0.into();
        if self.rate4.val().phase == Phase::Open {
            if self.rate4.val().dups == 1 {
                self.extra.d.next = self.one.val();
            }
            if self.rate4.val().dups == 2 {
                self.extra.d.next = self.one.val() << 1;
            }
        }
        self.wnd.d.next = self.core4.val().wnd;
        self.mss.d.next = self.one.val();
        self.una.d.next = self.core4.val().una;
        self.nxt.d.next = self.core4.val().nxt;
        self.hole.d.next = self.core4.val().una + self.board.val().hole;
        self.hole_len.d.next = self.board.val().hole_len;
        self.near.d.next = 0.into();
        if self.core4.val().sack {
            self.near.d.next = self.board.val().first;
        }
        self.piped.d.next = self.core4.val().sack & (self.rate4.val().phase == Phase::Recovery);
        self.again.d.next = self.rate4.val().again;
        self.probe.d.next = self.rate4.val().probe;
        self.old.d.next = self.core4.val().nxt != self.core4.val().max;

        // 9
        self.spare10.d.next = bit_cast::<32, 16>(self.extra.q.val()) - self.flight.q.val();
        self.pipe.d.next = self.out.q.val() - self.known.q.val();
        self.room10.d.next = self.wnd.q.val() - self.flight.q.val();
        self.more10.d.next = self.more.q.val();
        self.piece.d.next = self.mss.q.val();
        self.whole.next = self.out.q.val();
        if self.near.q.val().any() {
            self.whole.next = self.near.q.val();
        }
        if self.whole.val() < bit_cast::<32, 16>(self.mss.q.val()) {
            self.piece.d.next = self.whole.val().get_bits::<16>(0);
        }
        self.hole_piece.d.next = self.mss.q.val();
        if self.hole_len.q.val() < bit_cast::<32, 16>(self.mss.q.val()) {
            self.hole_piece.d.next = self.hole_len.q.val().get_bits::<16>(0);
        }
        self.una10.d.next = self.una.q.val();
        self.nxt10.d.next = self.nxt.q.val();
        self.hole10.d.next = self.hole.q.val();
        self.mss10.d.next = self.mss.q.val();
        self.has_hole.d.next = self.hole_len.q.val().any();
        self.piped10.d.next = self.piped.q.val();
        self.again10.d.next = self.again.q.val();
        self.probe10.d.next = self.probe.q.val();
        self.old10.d.next = self.old.q.val();
        self.closed.d.next = !self.wnd.q.val().any();
        self.waits.d.next = self.out.q.val().any() | self.more.q.val().any();
        self.idle10.d.next = !self.out.q.val().any();

        // 10
        self.a.d.next = self.cwnd.val() + self.spare10.q.val();
        if self.piped10.q.val() {
            self.a.d.next = self.cwnd.val() - self.pipe.q.val();
        }
        self.w.d.next = self.more10.q.val();
        if self.room10.q.val().get_bit(31) {
            self.w.d.next = 0.into();
        } else {
            if self.room10.q.val() < self.more10.q.val() {
                self.w.d.next = self.room10.q.val();
            }
        }
        self.first.d.next = self.again10.q.val() & !self.closed.q.val() & self.piece.q.val().any();
        self.repair.d.next = self.piped10.q.val() & !self.closed.q.val() & self.has_hole.q.val();
        self.asks.d.next = self.probe10.q.val() & self.closed.q.val() & self.waits.q.val();
        self.piped11.d.next = self.piped10.q.val();
        self.old11.d.next = self.old10.q.val();
        self.closed11.d.next = self.closed.q.val();
        self.idle11.d.next = self.idle10.q.val();
        self.piece11.d.next = self.piece.q.val();
        self.hole_piece11.d.next = self.hole_piece.q.val();
        self.una11.d.next = self.una10.q.val();
        self.nxt11.d.next = self.nxt10.q.val();
        self.hole11.d.next = self.hole10.q.val();
        self.mss11.d.next = self.mss10.q.val();

        // 11
        self.fits.next = !self.a.q.val().get_bit(31) & self.a.q.val().any();
        self.enough.next = !self.a.q.val().get_bit(31)
            & (self.a.q.val() >= bit_cast::<32, 16>(self.mss11.q.val()));
        self.kind_q.d.next = Send::Nothing;
        self.from_q.d.next = self.nxt11.q.val();
        self.budget_q.d.next = self.w.q.val();
        if self.a.q.val() < self.w.q.val() {
            self.budget_q.d.next = self.a.q.val();
        }
        if self.fits.val() & self.w.q.val().any() & (self.enough.val() | !self.piped11.q.val()) {
            self.kind_q.d.next = Send::New;
            if self.old11.q.val() {
                self.kind_q.d.next = Send::Again;
            }
        }
        if self.repair.q.val() & self.enough.val() {
            self.kind_q.d.next = Send::Again;
            self.from_q.d.next = self.hole11.q.val();
            self.budget_q.d.next = bit_cast::<32, 16>(self.hole_piece11.q.val());
        }
        if self.first.q.val() {
            self.kind_q.d.next = Send::Again;
            self.from_q.d.next = self.una11.q.val();
            self.budget_q.d.next = bit_cast::<32, 16>(self.piece11.q.val());
        }
        if self.closed11.q.val() {
            self.kind_q.d.next = Send::Nothing;
        }
        if self.asks.q.val() {
            self.kind_q.d.next = Send::Probe;
            self.from_q.d.next = self.una11.q.val();
            self.budget_q.d.next = 1.into();
        }
        self.idle_q.d.next = self.idle11.q.val();
        self.kind.next = self.kind_q.q.val();
        self.from.next = self.from_q.q.val();
        self.budget.next = self.budget_q.q.val();
        self.idle.next = self.idle_q.q.val();
    }
}
