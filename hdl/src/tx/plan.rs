//! Planner: puts the FPDUs of a segment at their places in the frame.
//!
//! | port | | |
//! |---|---|---|
//! | `lead_valid lead_pop lead` | FIFO | the segments, in order |
//! | `job_valid job_ready job head` | in stream | their FPDUs; `head`: the prefix, its first octet at bits 7:0 |
//! | `plan_valid plan_pop plan`, `prefix` | FIFO | the next FPDU, or the segment without any; `prefix` from the registers below `plan` |
//! | `rd_row` | in | the frame store is free in front of this beat |
//!
//! **Latency**: job to plan 1 cycle. **Throughput**: an FPDU a cycle, a segment each 2 cycles. **Back-pressure**: a segment
//! begins only when the frame store has room for a largest frame, so nothing behind the planner ever waits for room.
//!
//! A whole FPDU has skip 0 and take its length. Its first octet, taken or not, then stands at frame octet
//! `from - skip`, which may be below 0: positions are 17 bits and wrap, so an FPDU may have 32 KiB. Octets are put where the
//! whole FPDU would have them and those not taken are left out, so a cut never changes what an octet is (TCP-5A, MPA-6G).

use super::octets::{CrcStart, Prefix};
use super::types::{Job, Lead, Plan, TxCfg, HEAD, PLACE, PREFIX, ROW};
use crate::prim::{Reg, RegNr};
use rust_hdl::prelude::*;

/// A job with its place.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Placed {
    pub h: Bits<6>,
    pub payload: Bits<16>,
    pub pad: Bits<2>,
    pub crc_en: bool,
    pub marked: bool,
    pub plain: Bits<16>,
    pub mark_in: Bits<10>,
    pub mark_ptr: Bits<16>,
    /// Frame octets: the payload's first, the taken part, the end behind it.
    pub payload_at: Bits<PLACE>,
    pub from: Bits<PLACE>,
    pub to: Bits<PLACE>,
    pub first: bool,
    pub last: bool,
    pub bare: bool,
    pub base: Bits<ROW>,
}

/// The planner.
#[derive(LogicBlock)]
pub struct Planner<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub lead_valid: Signal<In, bool>,
    pub lead_pop: Signal<Out, bool>,
    pub lead: Signal<In, Lead>,
    pub job_valid: Signal<In, bool>,
    pub job_ready: Signal<Out, bool>,
    pub job: Signal<In, Job>,
    pub head: Signal<In, Bits<HEAD>>,
    pub plan_valid: Signal<Out, bool>,
    pub plan_pop: Signal<In, bool>,
    pub plan: Signal<Out, Plan>,
    pub prefix: Signal<Out, Bits<PREFIX>>,
    pub rd_row: Signal<In, Bits<ROW>>,

    seg: Signal<Local, Lead>,
    j: Signal<Local, Job>,
    /// FPDUs of the segment that have a place, and the octet behind them.
    done: Reg<Bits<4>>,
    at: RegNr<Bits<PLACE>>,
    wr_row: Reg<Bits<ROW>>,
    room: Reg<bool>,
    /// `room` does not know of the segment yet.
    stale: Reg<bool>,
    used: Signal<Local, Bits<ROW>>,
    first: Signal<Local, bool>,
    last: Signal<Local, bool>,
    bare: Signal<Local, bool>,
    open: Signal<Local, bool>,
    take: Signal<Local, bool>,
    from: Signal<Local, Bits<PLACE>>,
    behind: Signal<Local, Bits<PLACE>>,
    to: Signal<Local, Bits<PLACE>>,
    unused_padded: Signal<Local, Bits<PLACE>>,

    held: Reg<bool>,
    placing: Signal<Local, Placed>,
    placed: RegNr<Placed>,
    seg_q: RegNr<Lead>,
    head_q: RegNr<Bits<HEAD>>,
    unused_lead_now: Signal<Local, Lead>,
    p: Signal<Local, Placed>,
    beat_octets: Signal<Local, Bits<PLACE>>,
    lane_less_h: Signal<Local, Bits<LK>>,
    lane_lead: Signal<Local, Bits<LK>>,
    lane_end: Signal<Local, Bits<LK>>,
    n_last: Signal<Local, Bits<7>>,
    pad: Signal<Local, Bits<2>>,
    with_pad: Signal<Local, Bits<PLACE>>,
    crc_at: Signal<Local, Bits<PLACE>>,
    unused_tail: Signal<Local, Bits<8>>,
    n_pre: Signal<Local, Bits<3>>,
    unused_pre_end: Signal<Local, Bits<PLACE>>,
    pay_end: Signal<Local, Bits<PLACE>>,
    unused_n_pay: Signal<Local, Bits<PLACE>>,
    unused_below: Signal<Local, Bits<PLACE>>,
    above: Signal<Local, Bits<PLACE>>,
    crc_take: Signal<Local, Bits<4>>,
    unused_ip_len: Signal<Local, Bits<PLACE>>,
    pre: Prefix<K>,
    start: CrcStart<K>,
    /// Beats in use at most when a segment begins.
    limit: Constant<Bits<ROW>>,
    _k: usize,
    _lk: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Planner<D, K, LK> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K);

    pub fn new(cfg: &TxCfg) -> Self {
        let () = Self::OK;
        let limit = (1 << cfg.store_bits(K)) - cfg.max_rows(K);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            lead_valid: Default::default(),
            lead_pop: Default::default(),
            lead: Default::default(),
            job_valid: Default::default(),
            job_ready: Default::default(),
            job: Default::default(),
            head: Default::default(),
            plan_valid: Default::default(),
            plan_pop: Default::default(),
            plan: Default::default(),
            prefix: Default::default(),
            rd_row: Default::default(),
            seg: Default::default(),
            j: Default::default(),
            done: Default::default(),
            at: Default::default(),
            wr_row: Default::default(),
            room: Default::default(),
            stale: Default::default(),
            used: Default::default(),
            first: Default::default(),
            last: Default::default(),
            bare: Default::default(),
            open: Default::default(),
            take: Default::default(),
            from: Default::default(),
            behind: Default::default(),
            to: Default::default(),
            unused_padded: Default::default(),
            held: Default::default(),
            placing: Default::default(),
            placed: Default::default(),
            seg_q: Default::default(),
            head_q: Default::default(),
            unused_lead_now: Default::default(),
            p: Default::default(),
            beat_octets: Default::default(),
            lane_less_h: Default::default(),
            lane_lead: Default::default(),
            lane_end: Default::default(),
            n_last: Default::default(),
            pad: Default::default(),
            with_pad: Default::default(),
            crc_at: Default::default(),
            unused_tail: Default::default(),
            n_pre: Default::default(),
            unused_pre_end: Default::default(),
            pay_end: Default::default(),
            unused_n_pay: Default::default(),
            unused_below: Default::default(),
            above: Default::default(),
            crc_take: Default::default(),
            unused_ip_len: Default::default(),
            pre: Default::default(),
            start: Default::default(),
            limit: Constant::new((limit as u64).to_bits()),
            _k: K,
            _lk: LK,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Planner<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // A place for the job on the port.
        self.seg.next = self.lead.val();
        self.j.next = self.job.val();
        self.bare.next = !self.seg.val().n_fpdu.any();
        self.first.next = !self.done.q.val().any();
        self.last.next = self.bare.val() | ((self.done.q.val() + 1) == self.seg.val().n_fpdu);
        self.used.next = self.wr_row.q.val() - self.rd_row.val();
        self.room.d.next = self.used.val() <= self.limit.val();
        self.open.next = self.lead_valid.val()
            & (!self.held.q.val() | self.plan_pop.val())
            & (!self.first.val() | (self.room.q.val() & !self.stale.q.val()));
        self.take.next = self.open.val() & (self.bare.val() | self.job_valid.val());
        self.job_ready.next = self.open.val() & !self.bare.val();
        self.lead_pop.next = self.take.val() & self.last.val();

        self.from.next = self.at.q.val();
        if self.first.val() {
            self.from.next = bit_cast::<PLACE, 8>(self.seg.val().h);
        }
        self.behind.next = self.from.val();
        if !self.bare.val() {
            self.behind.next = self.from.val() + bit_cast::<PLACE, 16>(self.j.val().take);
        }
        self.to.next = self.behind.val() - 1;
        self.unused_padded.next = self.to.val();
        if self.to.val() < 59 {
            self.unused_padded.next = 59.into();
        }
        self.placing.next.h = self.j.val().h;
        self.placing.next.payload = self.j.val().payload;
        self.placing.next.pad = self.j.val().pad;
        self.placing.next.marked = self.j.val().marked;
        self.placing.next.plain = self.j.val().plain;
        self.placing.next.mark_in = self.j.val().mark_in;
        self.placing.next.mark_ptr = self.j.val().mark_ptr;
        self.placing.next.crc_en = self.j.val().crc_en;
        self.placing.next.payload_at = (self.from.val() - bit_cast::<PLACE, 16>(self.j.val().skip))
            + bit_cast::<PLACE, 6>(self.j.val().h);
        self.placing.next.from = self.from.val();
        self.placing.next.to = self.to.val();
        self.placing.next.first = self.first.val();
        self.placing.next.last = self.last.val();
        self.placing.next.bare = self.bare.val();
        self.placing.next.base = self.wr_row.q.val();
        self.stale.d.next = false;
        if self.plan_pop.val() {
            self.held.d.next = false;
        }
        if self.take.val() {
            self.held.d.next = true;
            self.done.d.next = self.done.q.val() + 1;
            self.at.d.next = self.behind.val();
            if self.last.val() {
                self.done.d.next = 0.into();
                self.stale.d.next = true;
                if !self.bare.val() {
                    for k in (self._lk)..(self._lk + 1) {
                        self.wr_row.d.next =
                            self.wr_row.q.val() + self.unused_padded.val().get_bits::<ROW>(k) + 1;
                    }
                }
            }
            self.head_q.d.next = self.head.val();
            self.seg_q.d.next = self.seg.val();
            self.placed.d.next = self.placing.val();
        }

        // What the streamer counts.
        self.p.next = self.placed.q.val();
        self.unused_lead_now.next = self.seg_q.q.val();
        self.plan_valid.next = self.held.q.val();
        self.lane_less_h.next = bit_cast::<LK, 6>(!self.p.val().h) + 1;
        self.lane_end.next = self.p.val().payload.get_bits::<LK>(0);
        self.lane_lead.next = !self.lane_end.val() + 1;
        self.n_last.next = bit_cast::<7, LK>(self.lane_end.val());
        for k in (self._k)..(self._k + 1) {
            if !self.lane_end.val().any() {
                self.n_last.next = k.to_bits::<7>();
            }
            self.beat_octets.next = (k - 1).to_bits::<PLACE>();
        }
        self.pad.next = self.p.val().pad;
        self.with_pad.next =
            bit_cast::<PLACE, 16>(self.p.val().payload) + bit_cast::<PLACE, 2>(self.pad.val());
        self.crc_at.next = self.p.val().payload_at + self.with_pad.val();
        self.unused_tail.next = (bit_cast::<8, LK>(self.p.val().payload_at.get_bits::<LK>(0))
            + bit_cast::<8, 7>(self.n_last.val()))
            + (bit_cast::<8, 2>(self.pad.val()) + 3);
        // Of the CRC's octets those from `from` to `to`.
        self.unused_below.next = self.p.val().from - self.crc_at.val();
        self.above.next = self.p.val().to - self.crc_at.val();
        self.crc_take.next = 0.into();
        if !self.p.val().bare & !self.above.val().get_bit(18) {
            self.crc_take.next = 15.into();
            if !self.above.val().get_bits::<16>(2).any() {
                self.crc_take.next = bits::<4>(1);
                if self.above.val().get_bits::<2>(0) == 1 {
                    self.crc_take.next = bits::<4>(3);
                }
                if self.above.val().get_bits::<2>(0) == 2 {
                    self.crc_take.next = bits::<4>(7);
                }
                if self.above.val().get_bits::<2>(0) == 3 {
                    self.crc_take.next = bits::<4>(15);
                }
            }
        }
        self.unused_ip_len.next =
            (self.p.val().to - bit_cast::<PLACE, 6>(self.unused_lead_now.val().outer)) + 1;

        self.pre.octets.next = self.head_q.q.val();
        self.pre.h.next = self.p.val().h;
        self.prefix.next = self.pre.dout.val();
        self.start.at.next =
            bit_cast::<7, LK>(self.lane_less_h.val()) + bit_cast::<7, LK>(self.lane_lead.val());

        self.unused_pre_end.next = bit_cast::<PLACE, 6>(self.p.val().h) + self.beat_octets.val();
        self.pay_end.next = bit_cast::<PLACE, 16>(self.p.val().payload) + self.beat_octets.val();
        self.n_pre.next = bits::<3>(1);
        for k in (self._lk)..(self._lk + 1) {
            if !self.p.val().bare {
                self.n_pre.next = self.unused_pre_end.val().get_bits::<3>(k);
            }
            self.unused_n_pay.next = self.pay_end.val() >> k.to_bits::<3>();
            self.plan.next.n_tail = self.unused_tail.val().get_bits::<2>(k);
            self.plan.next.row =
                self.p.val().payload_at.get_bits::<ROW>(k) - bit_cast::<ROW, 3>(self.n_pre.val());
            self.plan.next.crc_row = self.crc_at.val().get_bits::<ROW>(k);
        }
        self.plan.next.n_pre = self.n_pre.val();
        self.plan.next.n_pay = self.unused_n_pay.val().get_bits::<14>(0);
        if self.p.val().bare {
            self.plan.next.n_pay = 0.into();
            self.plan.next.n_tail = 0.into();
        }
        self.plan.next.n_last = self.n_last.val();
        self.plan.next.turn = bit_cast::<6, LK>(self.p.val().payload_at.get_bits::<LK>(0));
        self.plan.next.lead = bit_cast::<6, LK>(self.lane_lead.val());
        self.plan.next.from = self.p.val().from;
        self.plan.next.to = self.p.val().to;
        self.plan.next.join = !self.p.val().first & self.p.val().from.get_bits::<LK>(0).any();
        self.plan.next.crc_lane = bit_cast::<6, LK>(self.crc_at.val().get_bits::<LK>(0));
        self.plan.next.crc_take = self.crc_take.val();
        if !self.unused_below.val().get_bit(18) {
            // `from` may lie inside of the CRC field: at its octet 1, 2 or 3
            self.plan.next.crc_take =
                self.crc_take.val() & (bits::<4>(15) << self.unused_below.val().get_bits::<2>(0));
        }
        self.plan.next.crc_en = self.p.val().crc_en;
        self.plan.next.crc_start = self.start.state.val();
        self.plan.next.pad = self.pad.val();
        self.plan.next.marked = self.p.val().marked & !self.p.val().bare;
        self.plan.next.plain = self.p.val().plain;
        self.plan.next.mark_in = self.p.val().mark_in;
        self.plan.next.mark_ptr = self.p.val().mark_ptr;
        self.plan.next.first = self.p.val().first;
        self.plan.next.last = self.p.val().last;
        self.plan.next.bare = self.p.val().bare;
        self.plan.next.base = self.p.val().base;
        self.plan.next.ip_len = self.unused_ip_len.val().get_bits::<16>(0);
        self.plan.next.h = self.unused_lead_now.val().h;
        self.plan.next.slot = self.unused_lead_now.val().slot;
        self.plan.next.tag = self.unused_lead_now.val().tag;
        self.plan.next.v6 = self.unused_lead_now.val().v6;
    }
}
