//! Send queue, arriving half: takes fetched slots apart in the order of their fetches, checks them, and says what came.
//!
//! | port | | |
//! |---|---|---|
//! | `full info bad`, `taken` | in, out | the oldest fetch is in the buffer, what it was, its DMA status; pulse: done with it |
//! | `row`, `data` | out, in | read port of the fetch buffer, 2 cycles |
//! | `head_conn`, `head` | out, in | a queue's identity, 2 cycles |
//! | `fresh_valid fresh_ready fresh_conn` | in stream | a queue begins anew: nothing of a WQE has come |
//! | `slot_we slot_addr slot_row` | out | the slot store's write port: 16 octets |
//! | `wqe_tvalid wqe_tready wqe` | out stream | one beat a slot, after its octets are in the store |
//! | `count_bad` | out | pulse: a queue has stopped |
//!
//! **Latency**: 15 cycles from `full` to a first slot's beat; a further slot of the same fetch 14 more. That is one slot in 14 cycles, and 4 for each fetch.
//! A first slot is malformed (LOC_QP_OP_ERR) if `op` is unknown or Read (not there yet), `idx` or `qpn` are not this slot's, or `n_sge`, `more`, `inline_len`, `len` contradict each other.
//! Behind it, and behind a read that failed, the queue takes nothing more: where the next WQE begins is not known.
//! Fetches of a queue that is gone are dropped.

use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Ram, RamClear};
use rust_hdl::prelude::*;

/// What was asked for.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fetch {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Number of the first slot; slots.
    pub idx: Bits<16>,
    pub n: Bits<3>,
}

/// Who a queue is.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RingName {
    pub valid: bool,
    pub gen: Bits<8>,
    pub qpn: Bits<20>,
}

/// Where a queue stands between two slots.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Midway {
    pub stopped: bool,
    /// Slots of the WQE that have come, that are to come.
    pub back: Bits<2>,
    pub rest: Bits<2>,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Parse {
    Idle,
    Read,
    Wait,
    Have,
    Words,
    Judge,
    Offer,
    Next,
}

#[derive(LogicBlock)]
pub struct SqParse<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub full: Signal<In, bool>,
    pub info: Signal<In, Fetch>,
    pub slot: Signal<In, Bits<3>>,
    pub bad: Signal<In, bool>,
    pub taken: Signal<Out, bool>,
    pub row: Signal<Out, Bits<BUF_ROW>>,
    pub data: Signal<In, Bits<D>>,
    pub head_conn: Signal<Out, Bits<CONN>>,
    pub head: Signal<In, RingName>,
    pub fresh_valid: Signal<In, bool>,
    pub fresh_ready: Signal<Out, bool>,
    pub fresh_conn: Signal<In, Bits<CONN>>,
    pub slot_we: Signal<Out, bool>,
    pub slot_addr: Signal<Out, Bits<SLOT_ADDR>>,
    pub slot_row: Signal<Out, Bits<128>>,
    pub wqe_tvalid: Signal<Out, bool>,
    pub wqe_tready: Signal<In, bool>,
    pub wqe: Signal<Out, Wqe>,
    pub count_bad: Signal<Out, bool>,

    state: Reg<Parse>,
    clear: RamClear<CONN>,
    midways: Ram<Midway, CONN>,
    now: Signal<Local, Fetch>,
    mid: RegNr<Midway>,
    mid_new: Signal<Local, Midway>,
    /// Slot of the fetch, its number.
    at: RegNr<Bits<3>>,
    idx: RegNr<Bits<16>>,
    count: RegNr<Bits<4>>,
    step: Signal<Local, Bits<4>>,
    octet: Signal<Local, Bits<AT>>,
    unused_octet: Signal<Local, Bits<AT>>,
    word_no: Signal<Local, Bits<3>>,
    unused_lane: Signal<Local, Bits<3>>,
    word: Signal<Local, Bits<64>>,
    low: RegNr<Bits<64>>,
    w0: RegNr<Bits<64>>,
    w1: RegNr<Bits<64>>,
    unused_w0: Signal<Local, Bits<64>>,
    we: Reg<bool>,
    addr: RegNr<Bits<SLOT_ADDR>>,
    row_q: RegNr<Bits<128>>,
    n_sge: Signal<Local, Bits<5>>,
    n_octets: Signal<Local, Bits<9>>,
    more: Signal<Local, Bits<2>>,
    need: Signal<Local, Bits<2>>,
    op_ok: Signal<Local, bool>,
    sound: Signal<Local, bool>,
    first: Signal<Local, bool>,
    failed: RegNr<bool>,
    offer: Signal<Local, Wqe>,
    last: Signal<Local, bool>,
    no_mid: Constant<Midway>,
    lane_mask: Constant<Bits<3>>,
    slot_mask: Constant<Bits<16>>,
    _words: usize,
    _lk: usize,
    _slot_bits: usize,
}

impl<const D: usize, const K: usize, const LK: usize> SqParse<D, K, LK> {
    pub fn new(cfg: &WorkCfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            full: Default::default(),
            info: Default::default(),
            slot: Default::default(),
            bad: Default::default(),
            taken: Default::default(),
            row: Default::default(),
            data: Default::default(),
            head_conn: Default::default(),
            head: Default::default(),
            fresh_valid: Default::default(),
            fresh_ready: Default::default(),
            fresh_conn: Default::default(),
            slot_we: Default::default(),
            slot_addr: Default::default(),
            slot_row: Default::default(),
            wqe_tvalid: Default::default(),
            wqe_tready: Default::default(),
            wqe: Default::default(),
            count_bad: Default::default(),
            state: Reg::new(Parse::Idle),
            clear: RamClear::new(cfg.conn_bits),
            midways: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            now: Default::default(),
            mid: Default::default(),
            mid_new: Default::default(),
            at: Default::default(),
            idx: Default::default(),
            count: Default::default(),
            step: Default::default(),
            octet: Default::default(),
            unused_octet: Default::default(),
            word_no: Default::default(),
            unused_lane: Default::default(),
            word: Default::default(),
            low: Default::default(),
            w0: Default::default(),
            w1: Default::default(),
            unused_w0: Default::default(),
            we: Default::default(),
            addr: Default::default(),
            row_q: Default::default(),
            n_sge: Default::default(),
            n_octets: Default::default(),
            more: Default::default(),
            need: Default::default(),
            op_ok: Default::default(),
            sound: Default::default(),
            first: Default::default(),
            failed: Default::default(),
            offer: Default::default(),
            last: Default::default(),
            no_mid: Constant::new(Midway::default()),
            lane_mask: Constant::new((K as u64 / 8 - 1).to_bits()),
            slot_mask: Constant::new(((1u64 << cfg.slot_bits) - 1).to_bits()),
            _words: K / 8,
            _lk: LK,
            _slot_bits: cfg.slot_bits,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for SqParse<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.now.next = self.info.val();
        self.head_conn.next = self.now.val().conn;
        self.midways.raddr.next = self.now.val().conn;
        self.taken.next = false;
        self.count_bad.next = false;

        // A word each cycle, two cycles behind its address.
        self.word_no.next = self.count.q.val().get_bits::<3>(0);
        self.octet.next = (bit_cast::<AT, 3>(self.slot.val()) << 8)
            | (bit_cast::<AT, 3>(self.at.q.val()) << 6)
            | (bit_cast::<AT, 3>(self.word_no.val()) << 3);
        for k in (self._lk)..(self._lk + 1) {
            self.unused_octet.next = self.octet.val() >> k.to_bits::<5>();
        }
        self.row.next = bit_cast::<BUF_ROW, AT>(self.unused_octet.val());
        self.step.next = self.count.q.val() - 2;
        self.unused_lane.next = self.step.val().get_bits::<3>(0) & self.lane_mask.val();
        self.word.next = self.data.val().get_bits::<64>(0);
        for j in 1..self._words {
            if self.unused_lane.val() == j.to_bits::<3>() {
                self.word.next = self.data.val().get_bits::<64>(j * 64);
            }
        }
        self.low.d.next = self.word.val();
        self.we.d.next = (self.state.q.val() == Parse::Words)
            & (self.step.val().get_bit(0) & !self.step.val().get_bit(3));
        self.row_q.d.next =
            (bit_cast::<128, 64>(self.word.val()) << 64) | bit_cast::<128, 64>(self.low.q.val());
        for k in (self._slot_bits)..(self._slot_bits + 1) {
            self.addr.d.next = (((bit_cast::<SLOT_ADDR, CONN>(self.now.val().conn)
                << k.to_bits::<4>())
                | bit_cast::<SLOT_ADDR, 16>(self.idx.q.val() & self.slot_mask.val()))
                << 2)
                | bit_cast::<SLOT_ADDR, 2>(self.step.val().get_bits::<2>(1));
        }
        self.slot_we.next = self.we.q.val();
        self.slot_addr.next = self.addr.q.val();
        self.slot_row.next = self.row_q.q.val();

        // Is it a WQE?
        self.unused_w0.next = self.w0.q.val();
        self.n_sge.next = self.w0.q.val().get_bits::<5>(11);
        self.n_octets.next = self.w0.q.val().get_bits::<9>(54);
        self.more.next = self.w0.q.val().get_bits::<2>(52);
        self.need.next = 0.into();
        self.sound.next = self.n_sge.val() <= 14;
        if self.w0.q.val().get_bit(5) {
            if self.n_octets.val() > 32 {
                self.need.next = 1.into();
            }
            if self.n_octets.val() > 96 {
                self.need.next = 2.into();
            }
            if self.n_octets.val() > 160 {
                self.need.next = 3.into();
            }
            self.sound.next = (!self.n_sge.val().any() & (self.n_octets.val() <= 224))
                & (self.w1.q.val().get_bits::<32>(0) == bit_cast::<32, 9>(self.n_octets.val()));
        } else {
            if self.n_sge.val() > 2 {
                self.need.next = 1.into();
            }
            if self.n_sge.val() > 6 {
                self.need.next = 2.into();
            }
            if self.n_sge.val() > 10 {
                self.need.next = 3.into();
            }
            if self.w1.q.val().get_bits::<32>(0).any() & !self.n_sge.val().any() {
                self.sound.next = false;
            }
        }
        // Write, Send, Send with Invalidate, with Solicited Event, with both.
        self.op_ok.next = (self.w0.q.val().get_bits::<5>(0) == 0)
            | ((self.w0.q.val().get_bits::<5>(0) >= 3) & (self.w0.q.val().get_bits::<5>(0) <= 6));
        self.first.next = !self.mid.q.val().rest.any();
        self.last.next = (self.at.q.val() + 1) == self.now.val().n;

        self.offer.next.conn = self.now.val().conn;
        self.offer.next.gen = self.now.val().gen;
        self.offer.next.back = self.mid.q.val().back;
        self.offer.next.idx = self.idx.q.val() - bit_cast::<16, 2>(self.mid.q.val().back);
        self.offer.next.status = 0.into();
        if self.failed.q.val() {
            self.offer.next.status = 2.into();
        }
        self.offer.next.op = self.w0.q.val().get_bits::<5>(0);
        self.offer.next.octets = self.w0.q.val().get_bit(5);
        self.offer.next.signaled = self.w0.q.val().get_bit(6);
        self.offer.next.more = self.more.val();
        self.offer.next.len = self.w1.q.val().get_bits::<32>(0);
        self.wqe_tvalid.next = self.state.q.val() == Parse::Offer;
        self.wqe.next = self.offer.val();

        self.mid_new.next = self.mid.q.val();
        if self.failed.q.val() {
            self.mid_new.next.stopped = true;
        } else {
            if self.first.val() {
                self.mid_new.next.rest = self.more.val();
                self.mid_new.next.back = 1.into();
                if !self.more.val().any() {
                    self.mid_new.next.back = 0.into();
                }
            } else {
                self.mid_new.next.rest = self.mid.q.val().rest - 1;
                self.mid_new.next.back = self.mid.q.val().back + 1;
                if self.mid.q.val().rest == 1 {
                    self.mid_new.next.back = 0.into();
                }
            }
        }
        self.midways.we.next = false;
        self.midways.waddr.next = self.now.val().conn;
        self.midways.wdata.next = self.mid.q.val();

        match self.state.q.val() {
            Parse::Idle => {
                self.at.d.next = 0.into();
                self.idx.d.next = self.now.val().idx;
                self.count.d.next = 0.into();
                if self.full.val() {
                    self.state.d.next = Parse::Read;
                }
            }
            Parse::Read => {
                self.state.d.next = Parse::Wait;
            }
            Parse::Wait => {
                self.state.d.next = Parse::Have;
            }
            Parse::Have => {
                self.mid.d.next = self.midways.rdata.val();
                self.failed.d.next = self.bad.val();
                self.state.d.next = Parse::Words;
                if (self.midways.rdata.val().stopped | !self.head.val().valid)
                    | (self.head.val().gen != self.now.val().gen)
                {
                    self.state.d.next = Parse::Idle;
                    self.taken.next = true;
                }
            }
            Parse::Words => {
                self.count.d.next = self.count.q.val() + 1;
                if self.step.val() == 0 {
                    self.w0.d.next = self.word.val();
                }
                if self.step.val() == 1 {
                    self.w1.d.next = self.word.val();
                }
                if self.step.val() == 7 {
                    self.state.d.next = Parse::Judge;
                }
            }
            Parse::Judge => {
                self.failed.d.next = self.failed.q.val()
                    | (self.first.val()
                        & ((!self.op_ok.val() | !self.sound.val())
                            | ((self.need.val() != self.more.val())
                                | ((self.w0.q.val().get_bits::<16>(16) != self.idx.q.val())
                                    | (self.w0.q.val().get_bits::<20>(32)
                                        != self.head.val().qpn)))));
                self.state.d.next = Parse::Offer;
            }
            Parse::Offer => {
                if self.wqe_tready.val() {
                    self.mid.d.next = self.mid_new.val();
                    self.count_bad.next = self.failed.q.val();
                    self.state.d.next = Parse::Next;
                }
            }
            _ => {
                self.midways.we.next = true;
                self.at.d.next = self.at.q.val() + 1;
                self.idx.d.next = self.idx.q.val() + 1;
                self.count.d.next = 0.into();
                self.state.d.next = Parse::Words;
                if self.last.val() | self.mid.q.val().stopped {
                    self.state.d.next = Parse::Idle;
                    self.taken.next = true;
                }
            }
        }

        // A queue that begins.
        self.fresh_ready.next = self.state.q.val() != Parse::Next;
        if self.fresh_valid.val() & (self.state.q.val() != Parse::Next) {
            self.midways.we.next = true;
            self.midways.waddr.next = self.fresh_conn.val();
            self.midways.wdata.next = self.no_mid.val();
        }
        if self.clear.active.val() {
            self.midways.we.next = true;
            self.midways.waddr.next = self.clear.addr.val();
            self.midways.wdata.next = self.no_mid.val();
        }
    }
}
