//! The scoreboard of selective acknowledgements (RFC 6675 3, 4), third part of a context: four stretches above `una`.
//!
//! | port | valid in | |
//! |---|---|---|
//! | `ev2`, `core2` | stage 2 | event, context as stored |
//! | `ev3`, `core3`, `seen3`, `loss` | stage 3 | event, context with the event in it, findings; behind a timeout |
//! | `act`, `act6` | second half of stage 3, stage 6 | the decision |
//! | `news` | stage 3 | the ACK's block is sound and is not that of the ACK before (RFC 2018 4: the first block tells of the latest segment) |
//! | `lost` | stage 3 | `una` is lost, as of the event before |
//! | `sums` | stage 4 | as of the event before |
//!
//! Stage n is cycles 2n and 2n + 1 of an event. The row is read in stage 2 and written in the second half of stage 8, just before the next
//! event of its connection reads it. No back-pressure. Offsets count from `una`.
//! Only what begins above `una` counts: a peer that holds the octet `una` acknowledges it. A block is put in, one a pass: what it touches becomes one stretch with it. With four stretches that it does not touch it is
//! forgotten, which makes the sender take fewer octets for received than there are: it sends less, never more.
//! What it comes to: [`snd_sums`](super::snd_sums). NextSeg (1) and (2); its options (3) and (4) are left out.
//! Behind a timeout nothing is taken in and nothing is kept (RFC 2018 8, RFC 6675 5.1): `una` is sent again, whatever was received.
//! Rows: TCP-50, TCP-51, TCP-52.

use super::snd_sums::{SndSums, Sums};
use super::snd_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Ram;
use rust_hdl::prelude::*;

/// A row: stretches in order, HighRxt, the last ACK's block, sums.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Board {
    pub ok0: bool,
    pub ok1: bool,
    pub ok2: bool,
    pub ok3: bool,
    pub left0: Bits<32>,
    pub left1: Bits<32>,
    pub left2: Bits<32>,
    pub left3: Bits<32>,
    pub right0: Bits<32>,
    pub right1: Bits<32>,
    pub right2: Bits<32>,
    pub right3: Bits<32>,
    pub high: Bits<32>,
    pub last_ok: bool,
    pub last_left: Bits<32>,
    pub last_right: Bits<32>,
    pub sacked: Bits<32>,
    pub gap: Bits<32>,
    pub hole: Bits<32>,
    pub hole_len: Bits<32>,
    pub lost: bool,
}

#[derive(LogicBlock)]
pub struct SndSack {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub second: Signal<In, bool>,
    pub ev2: Signal<In, Ev>,
    pub core2: Signal<In, Core>,
    pub ev3: Signal<In, Ev>,
    pub core3: Signal<In, Core>,
    pub seen3: Signal<In, Seen>,
    pub loss: Signal<In, bool>,
    pub act: Signal<In, Act>,
    pub write6: Signal<In, bool>,
    pub conn6: Signal<In, Bits<CONN>>,
    pub news: Signal<Out, bool>,
    pub lost: Signal<Out, bool>,
    pub sums: Signal<Out, Sums>,
    /// What is written, for whoever watches.
    pub tap_valid: Signal<Out, bool>,
    pub tap: Signal<Out, Board>,
    rows: Ram<Board, CONN>,
    left_gap: RegNr<Bits<32>>,
    over_gap: RegNr<Bits<32>>,
    size5: RegNr<Bits<32>>,
    blk5: RegNr<bool>,
    sound: RegNr<bool>,
    row: Signal<Local, Board>,
    takes: Signal<Local, bool>,
    shift: Signal<Local, Bits<32>>,
    ok7: Vec<RegNr<bool>>,
    l7: Vec<RegNr<Bits<32>>>,
    r7: Vec<RegNr<Bits<32>>>,
    high7: RegNr<Bits<32>>,
    bl7: RegNr<Bits<32>>,
    br7: RegNr<Bits<32>>,
    add7: RegNr<bool>,
    delta7: RegNr<Bits<32>>,
    last_ok7: RegNr<bool>,
    last_l7: RegNr<Bits<32>>,
    last_r7: RegNr<Bits<32>>,
    raw_l7: RegNr<Bits<32>>,
    raw_r7: RegNr<Bits<32>>,
    ack7: RegNr<bool>,
    clear: Signal<Local, bool>,
    adds: Signal<Local, bool>,
    ok8: Vec<RegNr<bool>>,
    l8: Vec<RegNr<Bits<32>>>,
    r8: Vec<RegNr<Bits<32>>>,
    high8: RegNr<Bits<32>>,
    bl8: RegNr<Bits<32>>,
    br8: RegNr<Bits<32>>,
    add8: RegNr<bool>,
    last_ok8: RegNr<bool>,
    last_l8: RegNr<Bits<32>>,
    last_r8: RegNr<Bits<32>>,
    ok9: Vec<RegNr<bool>>,
    l9: Vec<RegNr<Bits<32>>>,
    r9: Vec<RegNr<Bits<32>>>,
    bl9: RegNr<Bits<32>>,
    br9: RegNr<Bits<32>>,
    add9: RegNr<bool>,
    ok10: Vec<RegNr<bool>>,
    l10: Vec<RegNr<Bits<32>>>,
    r10: Vec<RegNr<Bits<32>>>,
    bl10: RegNr<Bits<32>>,
    br10: RegNr<Bits<32>>,
    add10: RegNr<bool>,
    below: Vec<RegNr<bool>>,
    touch: Vec<RegNr<bool>>,
    lower: Vec<RegNr<bool>>,
    higher: Vec<RegNr<bool>>,
    nl: Signal<Local, Bits<32>>,
    nr: Signal<Local, Bits<32>>,
    touched: Signal<Local, Bits<3>>,
    puts: Signal<Local, bool>,
    ok11: Vec<RegNr<bool>>,
    l11: Vec<RegNr<Bits<32>>>,
    r11: Vec<RegNr<Bits<32>>>,
    high11: RegNr<Bits<32>>,
    totals: SndSums,
    sums4: RegNr<Sums>,
    mss8: RegNr<Bits<16>>,
    mss10: RegNr<Bits<16>>,
    mss12: RegNr<Bits<16>>,
    mss14: RegNr<Bits<16>>,
    high10: RegNr<Bits<32>>,
    high12: RegNr<Bits<32>>,
    high14: RegNr<Bits<32>>,
    high16: RegNr<Bits<32>>,
    keep10: RegNr<Board>,
    keep12: RegNr<Board>,
    keep14: RegNr<Board>,
    keep16: RegNr<Board>,
    k10: Signal<Local, Board>,
    k12: Signal<Local, Board>,
    out: Signal<Local, Board>,
    write7: Reg<bool>,
    write8: Reg<bool>,
    conn7: RegNr<Bits<CONN>>,
    conn8: RegNr<Bits<CONN>>,
    unused_ev2: Signal<Local, Ev>,
    unused_ev3: Signal<Local, Ev>,
    unused_core2: Signal<Local, Core>,
    unused_core3: Signal<Local, Core>,
    unused_seen: Signal<Local, Seen>,
    unused_act: Signal<Local, Act>,
    unused_keep: Signal<Local, Board>,
    unused_gap: Signal<Local, Bits<32>>,
}

impl SndSack {
    /// For `2^conn_bits` connections.
    pub fn new(conn_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            second: Default::default(),
            ev2: Default::default(),
            core2: Default::default(),
            ev3: Default::default(),
            core3: Default::default(),
            seen3: Default::default(),
            loss: Default::default(),
            act: Default::default(),
            write6: Default::default(),
            conn6: Default::default(),
            news: Default::default(),
            lost: Default::default(),
            sums: Default::default(),
            tap_valid: Default::default(),
            tap: Default::default(),
            rows: Ram::new(conn_bits, 2).collisions_undefined(),
            left_gap: Default::default(),
            over_gap: Default::default(),
            size5: Default::default(),
            blk5: Default::default(),
            sound: Default::default(),
            row: Default::default(),
            takes: Default::default(),
            shift: Default::default(),
            ok7: (0..4).map(|_| RegNr::default()).collect(),
            l7: (0..4).map(|_| RegNr::default()).collect(),
            r7: (0..4).map(|_| RegNr::default()).collect(),
            high7: Default::default(),
            bl7: Default::default(),
            br7: Default::default(),
            add7: Default::default(),
            delta7: Default::default(),
            last_ok7: Default::default(),
            last_l7: Default::default(),
            last_r7: Default::default(),
            raw_l7: Default::default(),
            raw_r7: Default::default(),
            ack7: Default::default(),
            clear: Default::default(),
            adds: Default::default(),
            ok8: (0..4).map(|_| RegNr::default()).collect(),
            l8: (0..4).map(|_| RegNr::default()).collect(),
            r8: (0..4).map(|_| RegNr::default()).collect(),
            high8: Default::default(),
            bl8: Default::default(),
            br8: Default::default(),
            add8: Default::default(),
            last_ok8: Default::default(),
            last_l8: Default::default(),
            last_r8: Default::default(),
            ok9: (0..4).map(|_| RegNr::default()).collect(),
            l9: (0..4).map(|_| RegNr::default()).collect(),
            r9: (0..4).map(|_| RegNr::default()).collect(),
            bl9: Default::default(),
            br9: Default::default(),
            add9: Default::default(),
            ok10: (0..4).map(|_| RegNr::default()).collect(),
            l10: (0..4).map(|_| RegNr::default()).collect(),
            r10: (0..4).map(|_| RegNr::default()).collect(),
            bl10: Default::default(),
            br10: Default::default(),
            add10: Default::default(),
            below: (0..4).map(|_| RegNr::default()).collect(),
            touch: (0..4).map(|_| RegNr::default()).collect(),
            lower: (0..4).map(|_| RegNr::default()).collect(),
            higher: (0..4).map(|_| RegNr::default()).collect(),
            nl: Default::default(),
            nr: Default::default(),
            touched: Default::default(),
            puts: Default::default(),
            ok11: (0..4).map(|_| RegNr::default()).collect(),
            l11: (0..4).map(|_| RegNr::default()).collect(),
            r11: (0..4).map(|_| RegNr::default()).collect(),
            high11: Default::default(),
            totals: Default::default(),
            sums4: Default::default(),
            mss8: Default::default(),
            mss10: Default::default(),
            mss12: Default::default(),
            mss14: Default::default(),
            high10: Default::default(),
            high12: Default::default(),
            high14: Default::default(),
            high16: Default::default(),
            keep10: Default::default(),
            keep12: Default::default(),
            keep14: Default::default(),
            keep16: Default::default(),
            k10: Default::default(),
            k12: Default::default(),
            out: Default::default(),
            write7: Default::default(),
            write8: Default::default(),
            conn7: Default::default(),
            conn8: Default::default(),
            unused_ev2: Default::default(),
            unused_ev3: Default::default(),
            unused_core2: Default::default(),
            unused_core3: Default::default(),
            unused_seen: Default::default(),
            unused_act: Default::default(),
            unused_keep: Default::default(),
            unused_gap: Default::default(),
        }
    }
}

impl Logic for SndSack {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_ev2.next = self.ev2.val();
        self.unused_ev3.next = self.ev3.val();
        self.unused_core2.next = self.core2.val();
        self.unused_core3.next = self.core3.val();
        self.unused_seen.next = self.seen3.val();
        self.unused_act.next = self.act.val();
        self.rows.raddr.next = self.ev2.val().conn;
        // 4, 5: is the block sound.
        self.left_gap.d.next = self.ev2.val().left - self.core2.val().una;
        self.over_gap.d.next = self.core2.val().max - self.ev2.val().right;
        self.size5.d.next = self.ev2.val().right - self.ev2.val().left;
        self.blk5.d.next = self.ev2.val().blk;
        self.unused_gap.next = self.over_gap.q.val();
        self.sound.d.next = (self.blk5.q.val() & !self.over_gap.q.val().get_bit(31))
            & (!self.left_gap.q.val().get_bit(31) & self.left_gap.q.val().any())
            & (!self.size5.q.val().get_bit(31) & self.size5.q.val().any());

        // 6: offsets from the new `una`.
        self.row.next = self.rows.rdata.val();
        self.news.next = self.sound.q.val()
            & !(self.row.val().last_ok
                & (self.row.val().last_left == self.ev3.val().left)
                & (self.row.val().last_right == self.ev3.val().right));
        self.lost.next = self.row.val().lost;
        self.shift.next = 0.into();
        if ((self.ev3.val().kind == Kind::Ack) & self.seen3.val().live) & self.seen3.val().new {
            self.shift.next = self.seen3.val().delta;
        }
        self.ok7[0].d.next = self.row.val().ok0;
        self.l7[0].d.next = self.row.val().left0 - self.shift.val();
        self.r7[0].d.next = self.row.val().right0 - self.shift.val();
        self.ok7[1].d.next = self.row.val().ok1;
        self.l7[1].d.next = self.row.val().left1 - self.shift.val();
        self.r7[1].d.next = self.row.val().right1 - self.shift.val();
        self.ok7[2].d.next = self.row.val().ok2;
        self.l7[2].d.next = self.row.val().left2 - self.shift.val();
        self.r7[2].d.next = self.row.val().right2 - self.shift.val();
        self.ok7[3].d.next = self.row.val().ok3;
        self.l7[3].d.next = self.row.val().left3 - self.shift.val();
        self.r7[3].d.next = self.row.val().right3 - self.shift.val();
        self.high7.d.next = self.row.val().high - self.shift.val();
        self.bl7.d.next = self.ev3.val().left - self.core3.val().una;
        self.br7.d.next = self.ev3.val().right - self.core3.val().una;
        self.takes.next = ((self.ev3.val().kind == Kind::Ack)
            | (self.ev3.val().kind == Kind::Block))
            & self.seen3.val().live;
        self.add7.d.next =
            (self.takes.val() & self.sound.q.val()) & (self.core3.val().sack & !self.loss.val());
        self.ack7.d.next = self.ev3.val().kind == Kind::Ack;
        self.delta7.d.next = self.seen3.val().delta;
        self.last_ok7.d.next = self.row.val().last_ok;
        self.last_l7.d.next = self.row.val().last_left;
        self.last_r7.d.next = self.row.val().last_right;
        self.raw_l7.d.next = self.ev3.val().left;
        self.raw_r7.d.next = self.ev3.val().right;

        // 7: what is acknowledged goes, and so does a stretch that begins at or below `una`: it was taken back.
        self.clear.next = self.act.val().timeout | self.act.val().install;
        self.adds.next = self.add7.q.val()
            & !self.clear.val()
            & !self.bl7.q.val().get_bit(31)
            & self.bl7.q.val().any();
        self.add8.d.next = self.adds.val();
        for i in 0..4 {
            self.ok8[i].d.next = self.ok7[i].q.val()
                & !self.clear.val()
                & !self.l7[i].q.val().get_bit(31)
                & self.l7[i].q.val().any();
            self.l8[i].d.next = self.l7[i].q.val();
            self.r8[i].d.next = self.r7[i].q.val();
        }
        self.bl8.d.next = self.bl7.q.val();
        self.br8.d.next = self.br7.q.val();
        self.high8.d.next = self.high7.q.val();
        if self.act.val().resent & !self.delta7.q.val().get_bit(31) {
            if self.high7.q.val().get_bit(31) | (self.delta7.q.val() > self.high7.q.val()) {
                self.high8.d.next = self.delta7.q.val();
            }
        } else {
            if self.high7.q.val().get_bit(31) {
                self.high8.d.next = 0.into();
            }
        }
        if self.act.val().enter | self.clear.val() {
            self.high8.d.next = 0.into();
        }
        self.last_ok8.d.next = self.last_ok7.q.val() & !self.clear.val();
        self.last_l8.d.next = self.last_l7.q.val();
        self.last_r8.d.next = self.last_r7.q.val();
        if self.adds.val() & self.ack7.q.val() {
            self.last_ok8.d.next = true;
            self.last_l8.d.next = self.raw_l7.q.val();
            self.last_r8.d.next = self.raw_r7.q.val();
        }

        // 8: the rest moves down.
        for i in 0..4 {
            self.ok9[i].d.next = self.ok8[i].q.val();
            self.l9[i].d.next = self.l8[i].q.val();
            self.r9[i].d.next = self.r8[i].q.val();
        }
        if !self.ok8[0].q.val() {
            for i in 0..3 {
                self.ok9[i].d.next = self.ok8[i + 1].q.val();
                self.l9[i].d.next = self.l8[i + 1].q.val();
                self.r9[i].d.next = self.r8[i + 1].q.val();
            }
            self.ok9[3].d.next = false;
            if !self.ok8[1].q.val() {
                for i in 0..2 {
                    self.ok9[i].d.next = self.ok8[i + 2].q.val();
                    self.l9[i].d.next = self.l8[i + 2].q.val();
                    self.r9[i].d.next = self.r8[i + 2].q.val();
                }
                self.ok9[2].d.next = false;
                if !self.ok8[2].q.val() {
                    self.ok9[0].d.next = self.ok8[3].q.val();
                    self.l9[0].d.next = self.l8[3].q.val();
                    self.r9[0].d.next = self.r8[3].q.val();
                    self.ok9[1].d.next = false;
                }
            }
        }
        self.bl9.d.next = self.bl8.q.val();
        self.br9.d.next = self.br8.q.val();
        self.add9.d.next = self.add8.q.val();

        // 9: where the block lies.
        for i in 0..4 {
            self.ok10[i].d.next = self.ok9[i].q.val();
            self.l10[i].d.next = self.l9[i].q.val();
            self.r10[i].d.next = self.r9[i].q.val();
            self.below[i].d.next = self.ok9[i].q.val() & (self.r9[i].q.val() < self.bl9.q.val());
            self.touch[i].d.next = self.ok9[i].q.val()
                & (self.r9[i].q.val() >= self.bl9.q.val())
                & (self.l9[i].q.val() <= self.br9.q.val());
            self.lower[i].d.next = self.l9[i].q.val() < self.bl9.q.val();
            self.higher[i].d.next = self.r9[i].q.val() > self.br9.q.val();
        }
        self.bl10.d.next = self.bl9.q.val();
        self.br10.d.next = self.br9.q.val();
        self.add10.d.next = self.add9.q.val();

        // 10: put in. At most one stretch that is touched begins below the block, and one ends above it.
        self.nl.next = self.bl10.q.val();
        self.nr.next = self.br10.q.val();
        self.touched.next = 0.into();
        for i in 0..4 {
            if self.touch[i].q.val() & self.lower[i].q.val() {
                self.nl.next = self.l10[i].q.val();
            }
            if self.touch[i].q.val() & self.higher[i].q.val() {
                self.nr.next = self.r10[i].q.val();
            }
            if self.touch[i].q.val() {
                self.touched.next = self.touched.val() + 1;
            }
        }
        self.puts.next = self.add10.q.val() & (self.touched.val().any() | !self.ok10[3].q.val());
        for i in 0..4 {
            self.ok11[i].d.next = self.ok10[i].q.val();
            self.l11[i].d.next = self.l10[i].q.val();
            self.r11[i].d.next = self.r10[i].q.val();
        }
        if self.puts.val() {
            if !self.below[0].q.val() {
                self.ok11[0].d.next = true;
                self.l11[0].d.next = self.nl.val();
                self.r11[0].d.next = self.nr.val();
            }
            for i in 1..4 {
                if !self.below[i].q.val() {
                    if self.below[i - 1].q.val() {
                        self.ok11[i].d.next = true;
                        self.l11[i].d.next = self.nl.val();
                        self.r11[i].d.next = self.nr.val();
                    } else {
                        // What lies above the block: one further up if it touched none.
                        if self.touched.val() == 0 {
                            self.ok11[i].d.next = self.ok10[i - 1].q.val();
                            self.l11[i].d.next = self.l10[i - 1].q.val();
                            self.r11[i].d.next = self.r10[i - 1].q.val();
                        }
                        if self.touched.val() > 1 {
                            self.ok11[i].d.next = false;
                        }
                    }
                }
            }
            for i in 1..3 {
                if !self.below[i].q.val() & !self.below[i - 1].q.val() & (self.touched.val() == 2) {
                    self.ok11[i].d.next = self.ok10[i + 1].q.val();
                    self.l11[i].d.next = self.l10[i + 1].q.val();
                    self.r11[i].d.next = self.r10[i + 1].q.val();
                }
            }
            if !self.below[1].q.val() & !self.below[0].q.val() & (self.touched.val() == 3) {
                self.ok11[1].d.next = self.ok10[3].q.val();
                self.l11[1].d.next = self.l10[3].q.val();
                self.r11[1].d.next = self.r10[3].q.val();
            }
        }
        self.high11.d.next = self.high10.q.val();

        // 11 to 15
        for i in 0..4 {
            self.totals.ok[i].next = self.ok11[i].q.val();
            self.totals.left[i].next = self.l11[i].q.val();
            self.totals.right[i].next = self.r11[i].q.val();
        }
        self.totals.high.next = self.high11.q.val();
        self.totals.high14.next = self.high14.q.val();
        self.totals.mss.next = self.mss14.q.val();

        // Carried along.
        self.k10.next = self.row.val();
        self.k10.next.last_ok = self.last_ok8.q.val();
        self.k10.next.last_left = self.last_l8.q.val();
        self.k10.next.last_right = self.last_r8.q.val();
        self.k12.next = self.keep10.q.val();
        self.k12.next.ok0 = self.ok11[0].q.val();
        self.k12.next.left0 = self.l11[0].q.val();
        self.k12.next.right0 = self.r11[0].q.val();
        self.k12.next.ok1 = self.ok11[1].q.val();
        self.k12.next.left1 = self.l11[1].q.val();
        self.k12.next.right1 = self.r11[1].q.val();
        self.k12.next.ok2 = self.ok11[2].q.val();
        self.k12.next.left2 = self.l11[2].q.val();
        self.k12.next.right2 = self.r11[2].q.val();
        self.k12.next.ok3 = self.ok11[3].q.val();
        self.k12.next.left3 = self.l11[3].q.val();
        self.k12.next.right3 = self.r11[3].q.val();
        if self.second.val() {
            self.sums4.d.next.sacked = self.row.val().sacked;
            self.sums4.d.next.gap = self.row.val().gap;
            self.sums4.d.next.hole = self.row.val().hole;
            self.sums4.d.next.hole_len = self.row.val().hole_len;
            self.sums4.d.next.lost = self.row.val().lost;
            self.sums4.d.next.first = 0.into();
            if self.row.val().ok0 {
                self.sums4.d.next.first = self.row.val().left0;
            }
            self.mss8.d.next = bit_cast::<16, 14>(self.core3.val().mss);
            self.mss10.d.next = self.mss8.q.val();
            self.mss12.d.next = self.mss10.q.val();
            self.mss14.d.next = self.mss12.q.val();
            self.high10.d.next = self.high8.q.val();
            self.high12.d.next = self.high10.q.val();
            self.high14.d.next = self.high12.q.val();
            self.high16.d.next = self.high14.q.val();
            self.keep10.d.next = self.k10.val();
            self.keep12.d.next = self.k12.val();
            self.keep14.d.next = self.keep12.q.val();
            self.keep16.d.next = self.keep14.q.val();
            self.write7.d.next = self.write6.val();
            self.write8.d.next = self.write7.q.val();
            self.conn7.d.next = self.conn6.val();
            self.conn8.d.next = self.conn7.q.val();
        }
        self.sums.next = self.sums4.q.val();
        self.unused_keep.next = self.keep16.q.val();
        self.out.next = self.keep16.q.val();
        self.out.next.high = self.high16.q.val();
        self.out.next.sacked = self.totals.sacked.val();
        self.out.next.gap = self.totals.gap.val();
        self.out.next.hole = self.totals.hole.val();
        self.out.next.hole_len = self.totals.hole_len.val();
        self.out.next.lost = self.totals.lost.val();
        self.rows.we.next = self.second.val() & self.write8.q.val();
        self.rows.waddr.next = self.conn8.q.val();
        self.rows.wdata.next = self.out.val();
        self.tap_valid.next = self.second.val() & self.write8.q.val();
        self.tap.next = self.out.val();
    }
}
