//! Markers of the stream that the assembler works on (RFC 5044 sections 4.1 to 4.4): where they stand, what they say, and their
//! octets' way into the CRC. Requirements MPA-27, 33, 56, 63 to 65, 67, 68, 6A, 6B, 6D to 6F, 72.
//!
//! A Marker is 4 octets at every 512th octet of the stream, counted from SeqStart. Nothing of it is stored: the FPDU in the pool
//! is the same with and without. [`AsmCtl`](super::asm_ctl::AsmCtl) gives the word (`go`) whenever `rem` octets of a stream with
//! Markers come next, and gets it back with one of two answers:
//!
//! | answer | |
//! |---|---|
//! | `cut` | `piece` octets come that are no Marker; behind them are `rest` more if `more` |
//! | `dry` | all octets were a Marker's |
//!
//! In between Markers are taken, two octets at a time (one where a segment begins or ends inside): `head` looks at them and
//! `resume` sets the reader up for `take` octets (`bite`, `pair`), `step` moves the CRC state over them, `run` reads them as a
//! chunk of their own, `eat` counts them.
//!
//! | port | | |
//! |---|---|---|
//! | `load row load_row`, `on newborn mark_at origin led off` | in, out | a new segment; what is kept of a connection between segments |
//! | `set set_on set_at` | in | the connection's next stream: with Markers or not, low bits of SeqStart |
//! | `born`, `over`, `fpdu` | in | that stream's first segment; no FPDU is under way any more; one begins at `seq` |
//! | `seq rem none` | in | stream position, octets of the segment from there on, no octet of an FPDU is stored |
//! | `lead start` | out | with `run`: the Marker in front of an FPDU, the first octets of it |
//! | `headed head_valid head_raw ends` | in | as [`AsmCtl`](super::asm_ctl::AsmCtl) has them |
//!
//! **CRC.** The state runs by beats of the stored FPDU: after l lanes of a beat it is the CRC register of the stream moved over
//! the K - l lanes to come. An octet between two stored ones moves the register by 8 bits and adds its own share there: the
//! state is moved by 8 bits (`step`, bit by bit) and the octet added as if it stood in lane l - 1. FPDU words are stored in
//! whole words between Markers, so l is a multiple of 4 and a Marker never wraps round a beat.
//! **Check.** FPDUPTR is the distance from the ULPDU_Length field, 0 in front of it; its low two bits do not count. `off`: a
//! Marker of the FPDU said something else. A Marker counts for the FPDU whose last octet is still to come, else for the next one.
//! **Time.** About 50 cycles a Marker; nothing here works for a stream without.

use super::asm_in::SegCtx;
use super::blocks::LEN;
use crate::prim::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum MarkState {
    /// The distances follow the position a cycle later.
    Turn,
    /// What is next.
    Span,
    /// Asks for the Marker's octets, and waits for them.
    Head,
    Look,
    /// Moves the CRC state.
    Step,
    /// Adds the octets to it.
    Run,
    Eat,
}

/// Marker walk of one segment.
#[derive(LogicBlock)]
pub struct AsmMark {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub load: Signal<In, bool>,
    pub load_row: Signal<In, bool>,
    pub row: Signal<In, SegCtx>,
    pub set: Signal<In, bool>,
    pub set_on: Signal<In, bool>,
    pub set_at: Signal<In, Bits<9>>,
    pub born: Signal<In, bool>,
    pub over: Signal<In, bool>,
    pub fpdu: Signal<In, bool>,
    pub go: Signal<In, bool>,
    pub seq: Signal<In, Bits<16>>,
    pub rem: Signal<In, Bits<LEN>>,
    pub none: Signal<In, bool>,
    pub headed: Signal<In, bool>,
    pub head_valid: Signal<In, bool>,
    pub head_raw: Signal<In, Bits<16>>,
    pub ends: Signal<In, bool>,
    pub on: Signal<Out, bool>,
    pub newborn: Signal<Out, bool>,
    pub mark_at: Signal<Out, Bits<9>>,
    pub origin: Signal<Out, Bits<16>>,
    pub led: Signal<Out, bool>,
    pub off: Signal<Out, bool>,
    pub cut: Signal<Out, bool>,
    pub dry: Signal<Out, bool>,
    pub piece: Signal<Out, Bits<LEN>>,
    pub rest: Signal<Out, Bits<LEN>>,
    pub more: Signal<Out, bool>,
    pub head: Signal<Out, bool>,
    pub bite: Signal<Out, bool>,
    pub pair: Signal<Out, bool>,
    pub resume: Signal<Out, bool>,
    pub step: Signal<Out, bool>,
    pub run: Signal<Out, bool>,
    pub lead: Signal<Out, bool>,
    pub start: Signal<Out, bool>,
    pub eat: Signal<Out, bool>,
    state: Reg<MarkState>,
    /// The stream has Markers; none of its octets has come; low bits of SeqStart.
    on_q: Reg<bool>,
    newborn_q: Reg<bool>,
    mark_at_q: RegNr<Bits<9>>,
    /// Position of the ULPDU_Length field. Of the FPDU under way: a Marker, or a part of it, came in front; a Marker was wrong.
    origin_q: RegNr<Bits<16>>,
    led_q: Reg<bool>,
    off_q: Reg<bool>,
    /// Octets to the next Marker: 0 at its first one, 511 at its second. Octets since the ULPDU_Length field.
    gap: RegNr<Bits<9>>,
    dist: RegNr<Bits<16>>,
    single: RegNr<bool>,
    pair_q: RegNr<bool>,
    count: RegNr<Bits<4>>,
    rest_q: RegNr<Bits<LEN>>,
    more_q: Reg<bool>,
    in_mark: Signal<Local, bool>,
    past: Signal<Local, bool>,
    room: Signal<Local, Bits<LEN>>,
    want: Signal<Local, Bits<14>>,
    unused_dist: Signal<Local, Bits<16>>,
    unused_raw: Signal<Local, Bits<16>>,
    unused_row: Signal<Local, SegCtx>,
    last: Signal<Local, Bits<4>>,
    /// The preset has Markers; without, no output says anything and nothing is left of this block.
    built: Constant<bool>,
}

impl AsmMark {
    pub fn new(built: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            load: Default::default(),
            load_row: Default::default(),
            row: Default::default(),
            set: Default::default(),
            set_on: Default::default(),
            set_at: Default::default(),
            born: Default::default(),
            over: Default::default(),
            fpdu: Default::default(),
            go: Default::default(),
            seq: Default::default(),
            rem: Default::default(),
            none: Default::default(),
            headed: Default::default(),
            head_valid: Default::default(),
            head_raw: Default::default(),
            ends: Default::default(),
            on: Default::default(),
            newborn: Default::default(),
            mark_at: Default::default(),
            origin: Default::default(),
            led: Default::default(),
            off: Default::default(),
            cut: Default::default(),
            dry: Default::default(),
            piece: Default::default(),
            rest: Default::default(),
            more: Default::default(),
            head: Default::default(),
            bite: Default::default(),
            pair: Default::default(),
            resume: Default::default(),
            step: Default::default(),
            run: Default::default(),
            lead: Default::default(),
            start: Default::default(),
            eat: Default::default(),
            state: Reg::new(MarkState::Turn),
            on_q: Default::default(),
            newborn_q: Default::default(),
            mark_at_q: Default::default(),
            origin_q: Default::default(),
            led_q: Default::default(),
            off_q: Default::default(),
            gap: Default::default(),
            dist: Default::default(),
            single: Default::default(),
            pair_q: Default::default(),
            count: Default::default(),
            rest_q: Default::default(),
            more_q: Default::default(),
            in_mark: Default::default(),
            past: Default::default(),
            room: Default::default(),
            want: Default::default(),
            unused_dist: Default::default(),
            unused_raw: Default::default(),
            unused_row: Default::default(),
            last: Default::default(),
            built: Constant::new(built),
        }
    }
}

impl Logic for AsmMark {
    #[hdl_gen]
    fn update(&mut self) {
        self.gap.d.next = self.mark_at_q.q.val() - self.seq.val().get_bits::<9>(0);
        self.dist.d.next = self.seq.val() - self.origin_q.q.val();
        self.single.d.next = self.rem.val() == 1;
        // 509 to 511 and 0.
        self.in_mark.next = !self.gap.q.val().any()
            | (self.gap.q.val().get_bits::<7>(2).all() & self.gap.q.val().get_bits::<2>(0).any());
        self.room.next = bit_cast::<LEN, 9>(self.gap.q.val());
        self.past.next = self.rem.val() > self.room.val();
        self.piece.next = self.rem.val();
        if self.past.val() {
            self.piece.next = self.room.val();
        }
        // FPDUPTR as it should be, and what stands there: octets 2 and 3 of a Marker.
        self.want.next = self.dist.q.val().get_bits::<14>(2);
        if self.none.val() {
            self.want.next = 0.into();
        }
        self.unused_dist.next = self.dist.q.val();
        self.unused_raw.next = self.head_raw.val();
        self.unused_row.next = self.row.val();
        self.last.next = 7.into();
        if self.pair_q.q.val() {
            self.last.next = 15.into();
        }

        self.cut.next = false;
        self.dry.next = false;
        self.head.next = false;
        self.bite.next = false;
        self.resume.next = false;
        self.step.next = false;
        self.run.next = false;
        self.eat.next = false;
        // At the second and the last octet one is taken, elsewhere two if they are there.
        self.pair.next = !self.gap.q.val().get_bit(0) & !self.single.q.val();
        match self.state.q.val() {
            MarkState::Turn => {
                if self.go.val() & self.built.val() {
                    self.more_q.d.next = false;
                    self.dry.next = !self.rem.val().any();
                    if self.rem.val().any() {
                        self.state.d.next = MarkState::Span;
                    }
                }
            }
            MarkState::Span => {
                self.pair_q.d.next = self.pair.val();
                if self.in_mark.val() {
                    self.bite.next = true;
                    self.state.d.next = MarkState::Head;
                } else {
                    self.cut.next = true;
                    self.more_q.d.next = self.past.val();
                    self.rest_q.d.next = self.rem.val() - self.room.val();
                    self.state.d.next = MarkState::Turn;
                }
            }
            MarkState::Head => {
                self.head.next = true;
                if self.headed.val() {
                    self.state.d.next = MarkState::Look;
                }
            }
            MarkState::Look => {
                self.count.d.next = 0.into();
                if self.head_valid.val() {
                    self.resume.next = true;
                    self.state.d.next = MarkState::Step;
                    // Octets 2 and 3 come next; octet 3 alone.
                    if (self.gap.q.val().get_bits::<2>(0) == 2)
                        & ((self.head_raw.val().get_bits::<8>(0)
                            != self.want.val().get_bits::<8>(6))
                            | (self.pair_q.q.val()
                                & (self.head_raw.val().get_bits::<6>(10)
                                    != self.want.val().get_bits::<6>(0))))
                    {
                        self.off_q.d.next = true;
                    }
                    if (self.gap.q.val().get_bits::<2>(0) == 1)
                        & (self.head_raw.val().get_bits::<6>(2) != self.want.val().get_bits::<6>(0))
                    {
                        self.off_q.d.next = true;
                    }
                }
            }
            MarkState::Step => {
                self.step.next = true;
                self.count.d.next = self.count.q.val() + 1;
                if self.count.q.val() == self.last.val() {
                    self.state.d.next = MarkState::Run;
                }
            }
            MarkState::Run => {
                self.run.next = true;
                if self.ends.val() {
                    self.state.d.next = MarkState::Eat;
                }
            }
            MarkState::Eat => {
                self.eat.next = true;
                if self.none.val() {
                    self.led_q.d.next = true;
                }
                self.state.d.next = MarkState::Turn;
            }
        }
        self.lead.next = self.none.val();
        self.start.next = self.none.val() & !self.led_q.q.val();

        if self.fpdu.val() {
            self.origin_q.d.next = self.seq.val();
        }
        if self.over.val() {
            self.led_q.d.next = false;
            self.off_q.d.next = false;
        }
        if self.born.val() {
            self.newborn_q.d.next = false;
        }
        if self.set.val() {
            self.on_q.d.next = self.set_on.val();
            self.newborn_q.d.next = self.set_on.val();
            self.mark_at_q.d.next = self.set_at.val();
        }
        if self.load.val() {
            self.more_q.d.next = false;
        }
        if self.load_row.val() {
            self.on_q.d.next = self.row.val().marks;
            self.newborn_q.d.next = self.row.val().newborn;
            self.mark_at_q.d.next = self.row.val().mark_at;
            self.origin_q.d.next = self.row.val().origin;
            self.led_q.d.next = self.row.val().led;
            self.off_q.d.next = self.row.val().off;
        }
        self.on.next = self.on_q.q.val() & self.built.val();
        self.newborn.next = self.newborn_q.q.val() & self.built.val();
        self.led.next = self.led_q.q.val() & self.built.val();
        self.off.next = self.off_q.q.val() & self.built.val();
        self.more.next = self.more_q.q.val() & self.built.val();
        self.mark_at.next = 0.into();
        self.origin.next = 0.into();
        if self.built.val() {
            self.mark_at.next = self.mark_at_q.q.val();
            self.origin.next = self.origin_q.q.val();
        }
        self.rest.next = self.rest_q.q.val();
    }
}
