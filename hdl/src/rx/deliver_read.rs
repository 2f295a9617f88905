//! Read side of the deliver block: fetches the octets of one delivery after the other and sends them on, from lane 0.
//!
//! | port | | |
//! |---|---|---|
//! | `unread`, `x_frame` | in, out | a frame waits to be read, from a register; `x_order` is one |
//! | `gives` | in | with `unread`: nothing is read in this cycle, the staging port is another's |
//! | `x`, `x_order`, `nic_order` | in | where the order comes from; the oldest order of either source |
//! | `go`, `x_done nic_done` | in, out | the order is one indeed (late: a request may be taken in this very cycle); with `go`, its last beat is read: if it comes from there |
//! | `st_busy st_addr st_next`, `st_lo st_hi` | out, in | staging read, see [`Staging`](super::staging::Staging); while `st_busy` is low the port is free for the assembler |
//! | `pr_lo_beat pr_hi_beat`, `pr_lo pr_hi` | out, in | pool read: two beats of different parity |
//! | `nx_blk`, `nx_next` | out, in | the block after `nx_blk` in its chain, one cycle later |
//! | `tvalid tready tdata tkeep tlast` | out stream | one packet an order |
//! | `keep_valid keep_ready` | out stream | a beat of an order that is `kept`: it goes there with `tdata` and `tlast`, and not with `tvalid` |
//! | `ends` | out | the last beat of a packet was taken |
//!
//! **Latency**: order to first beat 3 cycles, then one a cycle, without a gap between packets. **Back-pressure**: staging and
//! pool answer after 2 cycles whatever happens; a read is issued only while the output FIFO (8 beats, 32 with `Cfg::bypass`) has room for it and
//! for the two under way, and not while `gives` and `unread`: the deeper FIFO bridges that.
//!
//! Addresses never wait for `go`: they are those of the order that would be next, and staging is asked for before it is
//! known whether the answer will be used. The registers of an order under way need no `go`.
//! The successor of a block passes a register: known two cycles after the block's first beat is read, so a block has at
//! least 8 beats (the first beat of a payload is the third of its block at most, that of an Atomic's operands the sixth).

use super::cfg::Cfg;
use super::types::{BEAT, BYTE};
use crate::prim::fifo::Fifo;
use crate::prim::keep::LenToKeep;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::rotate::MergeRotate;
use rust_hdl::prelude::*;

/// Where the octets of a delivery of the pipeline are. `from` as in [`Desc`](super::types::Desc).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Order {
    pub from: Bits<BYTE>,
    pub len: Bits<16>,
    pub data: bool,
    /// In staging; if not and there is data, in the pool.
    pub staged: bool,
    /// Not for the DMA port: operands of an Atomic Request.
    pub kept: bool,
    /// Of a frame, not of the pool or the host.
    pub frame: bool,
}

/// Where a plain frame is.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct NicOrder {
    pub beat: Bits<BEAT>,
    pub len: Bits<16>,
}

/// The read side.
#[derive(LogicBlock)]
pub struct DeliverRead<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub unread: Signal<In, bool>,
    pub gives: Signal<In, bool>,
    pub x_frame: Signal<Out, bool>,
    pub x: Signal<In, bool>,
    pub x_order: Signal<In, Order>,
    pub nic_order: Signal<In, NicOrder>,
    pub go: Signal<In, bool>,
    pub x_done: Signal<Out, bool>,
    pub nic_done: Signal<Out, bool>,
    pub st_busy: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_next: Signal<Out, Bits<BEAT>>,
    pub st_lo: Signal<In, Bits<D>>,
    pub st_hi: Signal<In, Bits<D>>,
    pub pr_lo_beat: Signal<Out, Bits<BEAT>>,
    pub pr_hi_beat: Signal<Out, Bits<BEAT>>,
    pub pr_lo: Signal<In, Bits<D>>,
    pub pr_hi: Signal<In, Bits<D>>,
    pub nx_blk: Signal<Out, Bits<BEAT>>,
    pub nx_next: Signal<In, Bits<BEAT>>,
    pub tvalid: Signal<Out, bool>,
    pub tready: Signal<In, bool>,
    pub tdata: Signal<Out, Bits<D>>,
    pub tkeep: Signal<Out, Bits<K>>,
    pub tlast: Signal<Out, bool>,
    pub keep_valid: Signal<Out, bool>,
    pub keep_ready: Signal<In, bool>,
    pub ends: Signal<Out, bool>,

    out: Fifo<Bits<D>, 5>,
    /// {kept, last, octets} of the beats in `out`.
    out_meta: Fifo<Bits<9>, 5>,
    /// No beat of the current order was read yet.
    first: Reg<bool>,
    left_q: RegNr<Bits<16>>,
    /// `left_q` is one beat at most.
    last_q: RegNr<bool>,
    addr_q: RegNr<Bits<BYTE>>,
    /// The beat after `addr_q`'s.
    after_q: RegNr<Bits<BEAT>>,
    blk_q: RegNr<Bits<BEAT>>,
    in_blk_q: RegNr<Bits<BEAT>>,
    /// `in_blk_q` is a block's last beat.
    at_end_q: RegNr<bool>,
    /// The block after `blk`.
    next_q: RegNr<Bits<BEAT>>,
    x_now: Signal<Local, Order>,
    nic_now: Signal<Local, NicOrder>,
    nic_from: Signal<Local, Bits<BYTE>>,
    pool: Signal<Local, bool>,
    kept: Signal<Local, bool>,
    data: Signal<Local, bool>,
    room: Signal<Local, bool>,
    moves: Signal<Local, bool>,
    reads: Signal<Local, bool>,
    x_last: Signal<Local, bool>,
    nic_last: Signal<Local, bool>,
    last: Signal<Local, bool>,
    left: Signal<Local, Bits<16>>,
    addr: Signal<Local, Bits<BYTE>>,
    x_after: Signal<Local, Bits<BEAT>>,
    nic_after: Signal<Local, Bits<BEAT>>,
    after: Signal<Local, Bits<BEAT>>,
    blk: Signal<Local, Bits<BEAT>>,
    in_blk: Signal<Local, Bits<BEAT>>,
    in_next: Signal<Local, Bits<BEAT>>,
    at_end: Signal<Local, bool>,
    blk_next: Signal<Local, Bits<BEAT>>,
    amount: Signal<Local, Bits<7>>,

    // under way: one and two cycles after the read
    v1: Reg<bool>,
    v2: Reg<bool>,
    p1: RegNr<bool>,
    p2: RegNr<bool>,
    o1: RegNr<Bits<LK>>,
    o2: RegNr<Bits<LK>>,
    m1: RegNr<Bits<9>>,
    m2: RegNr<Bits<9>>,
    rot: MergeRotate<D, K, LK>,
    keeper: LenToKeep<K, C>,
    meta: Signal<Local, Bits<9>>,
    unused_meta: Signal<Local, Bits<9>>,
    sends: Signal<Local, bool>,
    keeps: Signal<Local, bool>,
    leaves: Signal<Local, bool>,
    /// Octets of a beat and of two, and their log2.
    beat_len: Constant<Bits<16>>,
    two_beats: Constant<Bits<16>>,
    lk: Constant<Bits<4>>,
    lk_1: Constant<Bits<4>>,
    /// Beats of a block, less one.
    in_mask: Constant<Bits<BEAT>>,
    _lk: usize,
    _blk_bits: usize,
    _k: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> DeliverRead<D, K, LK, C> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K && C == LK + 1);

    pub fn new(cfg: &Cfg) -> Self {
        let () = Self::OK;
        let blk_bits = cfg.blk_bits;
        let depth = if cfg.bypass(LK) { 5 } else { 3 };
        assert!(
            blk_bits >= 3,
            "a pool block needs at least 8 beats: raise blk_bits"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            unread: Default::default(),
            gives: Default::default(),
            x_frame: Default::default(),
            x: Default::default(),
            x_order: Default::default(),
            nic_order: Default::default(),
            go: Default::default(),
            x_done: Default::default(),
            nic_done: Default::default(),
            st_busy: Default::default(),
            st_addr: Default::default(),
            st_next: Default::default(),
            st_lo: Default::default(),
            st_hi: Default::default(),
            pr_lo_beat: Default::default(),
            pr_hi_beat: Default::default(),
            pr_lo: Default::default(),
            pr_hi: Default::default(),
            nx_blk: Default::default(),
            nx_next: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            tdata: Default::default(),
            tkeep: Default::default(),
            tlast: Default::default(),
            keep_valid: Default::default(),
            keep_ready: Default::default(),
            ends: Default::default(),
            out: Fifo::sized(depth),
            out_meta: Fifo::sized(depth),
            first: Reg::new(true),
            left_q: Default::default(),
            last_q: Default::default(),
            addr_q: Default::default(),
            after_q: Default::default(),
            blk_q: Default::default(),
            in_blk_q: Default::default(),
            at_end_q: Default::default(),
            next_q: Default::default(),
            x_now: Default::default(),
            nic_now: Default::default(),
            nic_from: Default::default(),
            pool: Default::default(),
            kept: Default::default(),
            data: Default::default(),
            room: Default::default(),
            moves: Default::default(),
            reads: Default::default(),
            x_last: Default::default(),
            nic_last: Default::default(),
            last: Default::default(),
            left: Default::default(),
            addr: Default::default(),
            x_after: Default::default(),
            nic_after: Default::default(),
            after: Default::default(),
            blk: Default::default(),
            in_blk: Default::default(),
            in_next: Default::default(),
            at_end: Default::default(),
            blk_next: Default::default(),
            amount: Default::default(),
            v1: Default::default(),
            v2: Default::default(),
            p1: Default::default(),
            p2: Default::default(),
            o1: Default::default(),
            o2: Default::default(),
            m1: Default::default(),
            m2: Default::default(),
            rot: Default::default(),
            keeper: Default::default(),
            meta: Default::default(),
            unused_meta: Default::default(),
            sends: Default::default(),
            keeps: Default::default(),
            leaves: Default::default(),
            beat_len: Constant::new((K as u64).to_bits()),
            two_beats: Constant::new((2 * K as u64).to_bits()),
            lk: Constant::new((LK as u64).to_bits()),
            lk_1: Constant::new((LK as u64 + 1).to_bits()),
            in_mask: Constant::new(((1u64 << blk_bits) - 1).to_bits()),
            _lk: LK,
            _blk_bits: blk_bits,
            _k: K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for DeliverRead<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        // The order's own values before its first beat, then the registers.
        self.x_now.next = self.x_order.val();
        self.nic_now.next = self.nic_order.val();
        self.pool.next = self.x.val() & !self.x_now.val().staged;
        self.kept.next = self.x.val() & self.x_now.val().kept;
        self.data.next = !self.x.val() | self.x_now.val().data;
        self.left.next = self.left_q.q.val();
        self.addr.next = self.addr_q.q.val();
        self.after.next = self.after_q.q.val();
        self.blk.next = self.blk_q.q.val();
        self.in_blk.next = self.in_blk_q.q.val();
        self.last.next = self.last_q.q.val();
        self.at_end.next = self.at_end_q.q.val() & !self.first.q.val();
        for k in (self._lk)..(self._lk + 1) {
            self.nic_from.next =
                bit_cast::<BYTE, BEAT>(self.nic_now.val().beat) << k.to_bits::<5>();
            self.x_after.next = self.x_now.val().from.get_bits::<BEAT>(k) + 1;
        }
        self.nic_after.next = self.nic_now.val().beat + 1;
        // One beat at most: nothing above its size, or just its size.
        self.x_last.next = !(self.x_now.val().len >> self.lk.val()).any()
            | (self.x_now.val().len == self.beat_len.val());
        self.nic_last.next = !(self.nic_now.val().len >> self.lk.val()).any()
            | (self.nic_now.val().len == self.beat_len.val());
        if self.first.q.val() {
            // In the pool only the lane of the byte address counts, and that is the offset's.
            self.left.next = self.nic_now.val().len;
            self.addr.next = self.nic_from.val();
            self.after.next = self.nic_after.val();
            self.last.next = self.nic_last.val();
            if self.x.val() {
                self.left.next = self.x_now.val().len;
                self.addr.next = self.x_now.val().from;
                self.after.next = self.x_after.val();
                self.last.next = self.x_last.val();
            }
            self.blk.next = self.x_now.val().from.get_bits::<BEAT>(6);
            for k in (self._lk)..(self._lk + 1) {
                self.in_blk.next =
                    bit_cast::<BEAT, 6>(self.x_now.val().from.get_bits::<6>(0)) >> k.to_bits::<5>();
            }
        }

        // One beat a cycle. Three free entries: this beat and the two under way.
        self.room.next = (self.out.room.val() >= 3) & !(self.gives.val() & self.unread.val());
        self.reads.next = self.go.val() & self.data.val() & self.room.val();
        // Which source it is is known late.
        self.x_done.next = !self.x_now.val().data | self.room.val();
        self.nic_done.next = self.room.val();
        if self.first.q.val() {
            self.x_done.next = !self.x_now.val().data | (self.room.val() & self.x_last.val());
            self.nic_done.next = self.room.val() & self.nic_last.val();
        } else if !self.last_q.q.val() {
            self.x_done.next = false;
            self.nic_done.next = false;
        }
        if self.reads.val() {
            self.first.d.next = self.last.val();
        }
        // An order whose first beat was read needs no `go`; before that the registers may hold anything.
        self.moves.next = self.first.q.val() | self.room.val();
        self.in_next.next = (self.in_blk.val() + 1) & self.in_mask.val();
        self.blk_next.next = self.blk.val();
        if self.at_end.val() {
            self.blk_next.next = self.next_q.q.val();
        }
        if self.moves.val() {
            for k in (self._k)..(self._k + 1) {
                self.left_q.d.next = self.left.val() - k.to_bits::<16>();
            }
            for k in (self._lk)..(self._lk + 1) {
                self.addr_q.d.next = (bit_cast::<BYTE, BEAT>(self.after.val()) << k.to_bits::<5>())
                    | bit_cast::<BYTE, LK>(self.addr.val().get_bits::<LK>(0));
            }
            self.after_q.d.next = self.after.val() + 1;
            self.last_q.d.next = !(self.left.val() >> self.lk_1.val()).any()
                | (self.left.val() == self.two_beats.val());
            self.blk_q.d.next = self.blk_next.val();
            self.in_blk_q.d.next = self.in_next.val();
            self.at_end_q.d.next = self.in_next.val() == self.in_mask.val();
        }
        self.st_busy.next = self.room.val() & self.unread.val();
        self.x_frame.next = self.x_now.val().frame;
        self.st_addr.next = self.addr.val();
        self.st_next.next = self.after.val();
        for k in (self._blk_bits)..(self._blk_bits + 1) {
            self.pr_lo_beat.next = (self.blk.val() << k.to_bits::<5>()) | self.in_blk.val();
            self.pr_hi_beat.next = (self.blk_next.val() << k.to_bits::<5>()) | self.in_next.val();
        }
        self.nx_blk.next = self.blk.val();
        self.next_q.d.next = self.nx_next.val();

        // Two cycles later: turned, and into the output FIFO.
        for k in (self._k)..(self._k + 1) {
            self.amount.next = k.to_bits::<7>();
        }
        if self.last.val() {
            self.amount.next = self.left.val().get_bits::<7>(0);
        }
        self.v1.d.next = self.reads.val();
        self.p1.d.next = self.pool.val();
        self.o1.d.next = self.addr.val().get_bits::<LK>(0);
        self.m1.d.next = bit_cast::<9, 7>(self.amount.val())
            | (bit_cast::<9, 1>(self.last.val().into()) << 7)
            | (bit_cast::<9, 1>(self.kept.val().into()) << 8);
        self.v2.d.next = self.v1.q.val();
        self.p2.d.next = self.p1.q.val();
        self.o2.d.next = self.o1.q.val();
        self.m2.d.next = self.m1.q.val();
        self.rot.lo.next = self.st_lo.val();
        self.rot.hi.next = self.st_hi.val();
        if self.p2.q.val() {
            self.rot.lo.next = self.pr_lo.val();
            self.rot.hi.next = self.pr_hi.val();
        }
        self.rot.off.next = self.o2.q.val();
        self.out.push.next = self.v2.q.val();
        self.out.din.next = self.rot.dout.val();
        self.out_meta.push.next = self.v2.q.val();
        self.out_meta.din.next = self.m2.q.val();
        self.meta.next = self.out_meta.dout.val();
        self.unused_meta.next = self.meta.val();
        self.sends.next = self.out.valid.val() & !self.meta.val().get_bit(8);
        self.keeps.next = self.out.valid.val() & self.meta.val().get_bit(8);
        self.leaves.next =
            (self.sends.val() & self.tready.val()) | (self.keeps.val() & self.keep_ready.val());
        self.tvalid.next = self.sends.val();
        self.keep_valid.next = self.keeps.val();
        self.tdata.next = self.out.dout.val();
        self.tlast.next = self.meta.val().get_bit(7);
        self.keeper.len.next = self.meta.val().get_bits::<C>(0);
        self.tkeep.next = self.keeper.keep.val();
        self.out.pop.next = self.leaves.val();
        self.out_meta.pop.next = self.leaves.val();
        self.ends.next = self.leaves.val() & self.meta.val().get_bit(7);
    }
}
