//! The assembler's second source of octets: a parked piece, read from the pool as if it lay in the staging RAM.
//!
//! | port | | |
//! |---|---|---|
//! | `start first from len` | in | a piece: its first block; its octets are `from` up to `from + len - 1` |
//! | `req addr`, `grant` | in, out | the beat of octet `addr` and the next one; `grant` depends on `req` and `addr` |
//! | `lo hi` | out | their contents, exactly 2 cycles after the granted cycle, as the staging RAM's |
//! | `hr_req hr_beat`, `hr_ok hr_data` | out, in | pool read, see [`Pool`](super::pool::Pool); asks for a beat until `hr_ok` |
//! | `blk`, `succ` | out, in | the block after `blk`, 2 cycles later |
//!
//! Addresses go up from grant to grant, or back into the beat before. They begin at octet `from`, or up to a beat before it,
//! whose content counts for nothing: the lanes in front of the piece's first octet. Nor does that of `lo` after a step back:
//! such a chunk begins with the octet that was read last (a Marker is looked at, then read once more, to another lane; an FPDU
//! goes on behind it). Beats behind the end read as anything.
//!
//! Beats are read ahead of the window, as soon as the piece is known: the first one may be granted 4 cycles after `start`, then
//! one a cycle, less those in which the pool has the bank in use. The pool's reader of lower rank gets its turn when enough is
//! here. `ring` holds the window, up to two beats before it and eight to come. With three to come it runs at a beat a cycle (2
//! cycles to the pool, one for the count). It needs more in hand: a beat that waited for its bank must not delay what is
//! written, or the writer is out of step again and the next beat waits too. Behind the end it goes on without asking.

use super::cfg::Cfg;
use super::types::{BEAT, BYTE};
use crate::prim::{LutRam, Reg, RegNr};
use rust_hdl::prelude::*;

/// log2 of the beats in the ring.
const RING: usize = 4;

/// Pool reader with a window of two beats.
#[derive(LogicBlock)]
pub struct EarlyFetch<const D: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub start: Signal<In, bool>,
    pub first: Signal<In, Bits<BEAT>>,
    pub from: Signal<In, Bits<16>>,
    pub len: Signal<In, Bits<16>>,
    pub req: Signal<In, bool>,
    pub addr: Signal<In, Bits<BYTE>>,
    pub grant: Signal<Out, bool>,
    pub lo: Signal<Out, Bits<D>>,
    pub hi: Signal<Out, Bits<D>>,
    pub hr_req: Signal<Out, bool>,
    pub hr_beat: Signal<Out, Bits<BEAT>>,
    pub hr_ok: Signal<In, bool>,
    pub hr_data: Signal<In, Bits<D>>,
    pub blk: Signal<Out, Bits<BEAT>>,
    pub succ: Signal<In, Bits<BEAT>>,
    ring: LutRam<Bits<D>, RING>,
    /// There has been a piece.
    live: Reg<bool>,
    /// Asks for beat `beat` of the piece, in block `blk_q`, or passes over it if that is behind the last one.
    asking: Reg<bool>,
    behind: RegNr<bool>,
    beat: RegNr<Bits<BEAT>>,
    last: RegNr<Bits<BEAT>>,
    blk_q: RegNr<Bits<BEAT>>,
    /// A beat comes in the next cycle, is here; its place.
    comes: Reg<bool>,
    here: Reg<bool>,
    put: RegNr<Bits<RING>>,
    /// Beats behind the window that may be taken into it.
    count: Reg<Bits<RING>>,
    /// Beat of the piece in `lo`, two cycles ahead of it; those before and after.
    at: RegNr<Bits<BEAT>>,
    prev: RegNr<Bits<BEAT>>,
    next: RegNr<Bits<BEAT>>,
    moved: Reg<bool>,
    lo_q: RegNr<Bits<D>>,
    hi_q: RegNr<Bits<D>>,
    want: Signal<Local, Bits<BEAT>>,
    is_at: Signal<Local, bool>,
    is_prev: Signal<Local, bool>,
    is_next: Signal<Local, bool>,
    some: Signal<Local, bool>,
    forth: Signal<Local, bool>,
    back: Signal<Local, bool>,
    asked: Signal<Local, bool>,
    over: Signal<Local, Bits<16>>,
    lk: Constant<Bits<5>>,
    blk_shift: Constant<Bits<5>>,
    blk_mask: Constant<Bits<BEAT>>,
    stage_mask: Constant<Bits<BEAT>>,
    /// A block's two beats pass faster than its successor is known.
    brief: Constant<bool>,
}

impl<const D: usize, const LK: usize> EarlyFetch<D, LK> {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            first: Default::default(),
            from: Default::default(),
            len: Default::default(),
            req: Default::default(),
            addr: Default::default(),
            grant: Default::default(),
            lo: Default::default(),
            hi: Default::default(),
            hr_req: Default::default(),
            hr_beat: Default::default(),
            hr_ok: Default::default(),
            hr_data: Default::default(),
            blk: Default::default(),
            succ: Default::default(),
            ring: LutRam::new(),
            live: Default::default(),
            asking: Default::default(),
            behind: Default::default(),
            beat: Default::default(),
            last: Default::default(),
            blk_q: Default::default(),
            comes: Default::default(),
            here: Default::default(),
            put: Default::default(),
            count: Default::default(),
            at: Default::default(),
            prev: Default::default(),
            next: Default::default(),
            moved: Default::default(),
            lo_q: Default::default(),
            hi_q: Default::default(),
            want: Default::default(),
            is_at: Default::default(),
            is_prev: Default::default(),
            is_next: Default::default(),
            some: Default::default(),
            forth: Default::default(),
            back: Default::default(),
            asked: Default::default(),
            over: Default::default(),
            lk: Constant::new(LK.to_bits()),
            blk_shift: Constant::new(cfg.blk_bits.to_bits()),
            blk_mask: Constant::new(((1u64 << cfg.blk_bits) - 1).to_bits()),
            stage_mask: Constant::new(((1u64 << cfg.stage_bits) - 1).to_bits()),
            brief: Constant::new(cfg.blk_bits == 1),
        }
    }
}

impl<const D: usize, const LK: usize> Logic for EarlyFetch<D, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // The window. It follows a grant by two cycles: registers, then the ring.
        self.want.next =
            bit_cast::<BEAT, BYTE>(self.addr.val() >> self.lk.val()) & self.stage_mask.val();
        self.is_at.next = self.want.val() == self.at.q.val();
        self.is_prev.next = self.want.val() == self.prev.q.val();
        self.is_next.next = self.want.val() == self.next.q.val();
        self.some.next = self.count.q.val().any();
        self.grant.next = self.req.val()
            & (self.is_at.val() | self.is_prev.val() | (self.is_next.val() & self.some.val()));
        // A piece of which a part was taken before begins further on.
        self.forth.next =
            self.req.val() & self.some.val() & !self.is_at.val() & !self.is_prev.val();
        self.back.next = self.req.val() & self.is_prev.val();
        if self.forth.val() {
            self.prev.d.next = self.at.q.val();
            self.at.d.next = self.next.q.val();
            self.next.d.next = (self.next.q.val() + 1) & self.stage_mask.val();
        }
        if self.back.val() {
            self.next.d.next = self.at.q.val();
            self.at.d.next = self.prev.q.val();
            self.prev.d.next = (self.prev.q.val() - 1) & self.stage_mask.val();
        }
        self.moved.d.next = self.forth.val();
        self.ring.raddr.next = self.next.q.val().get_bits::<RING>(0);
        self.hi_q.d.next = self.ring.rdata.val();
        if self.moved.q.val() {
            self.lo_q.d.next = self.hi_q.q.val();
        }
        self.lo.next = self.lo_q.q.val();
        self.hi.next = self.hi_q.q.val();

        // What comes: counted a cycle before it is in the ring.
        self.ring.we.next = self.here.q.val();
        self.ring.waddr.next = self.put.q.val();
        self.ring.wdata.next = self.hr_data.val();
        if self.here.q.val() {
            self.put.d.next = self.put.q.val() + 1;
        }
        if self.comes.q.val() & !self.forth.val() {
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.forth.val() & !self.comes.q.val() {
            self.count.d.next = self.count.q.val() - 1;
        }
        if self.back.val() {
            self.count.d.next = self.count.q.val() + 1;
            if self.comes.q.val() {
                self.count.d.next = self.count.q.val() + 2;
            }
        }

        // Beats ahead. Besides the count, two may be on their way and one is asked for.
        self.hr_req.next = self.asking.q.val() & !self.behind.q.val();
        self.hr_beat.next = (self.blk_q.q.val() << self.blk_shift.val())
            | (self.beat.q.val() & self.blk_mask.val());
        self.asked.next = self.asking.q.val() & (self.hr_ok.val() | self.behind.q.val());
        self.asking.d.next = self.live.q.val()
            & !self.count.q.val().get_bit(3)
            & !(self.count.q.val().get_bit(2) & self.count.q.val().get_bit(1))
            & !(self.brief.val() & self.asked.val());
        self.comes.d.next = self.asked.val();
        self.here.d.next = self.comes.q.val();
        self.blk.next = self.blk_q.q.val();
        if self.asked.val() {
            self.beat.d.next = self.beat.q.val() + 1;
            if self.beat.q.val() == self.last.q.val() {
                self.behind.d.next = true;
            }
            if (self.beat.q.val() & self.blk_mask.val()) == self.blk_mask.val() {
                self.blk_q.d.next = self.succ.val();
            }
        }

        // A piece: the window is two beats in front of it.
        self.over.next = (self.from.val() + self.len.val()) - 1;
        if self.start.val() {
            self.live.d.next = true;
            self.asking.d.next = true;
            self.behind.d.next = false;
            self.beat.d.next = 0.into();
            self.last.d.next = self.over.val() >> self.lk.val();
            self.blk_q.d.next = self.first.val();
            self.comes.d.next = false;
            self.here.d.next = false;
            self.put.d.next = 0.into();
            self.count.d.next = 0.into();
            self.next.d.next = self.stage_mask.val();
            self.at.d.next = self.stage_mask.val() - 1;
            self.prev.d.next = self.stage_mask.val() - 2;
        }
    }
}
