//! Deliver: turns [`Desc`]s into DMA writes, events and releases, in order.
//!
//! | stream | direction | carries | rule |
//! |---|---|---|---|
//! | `nic`, `x` | in | one `Desc` a push | never full: the pipeline's window is smaller than the FIFOs |
//! | `aux` | in | FPDU octets 2..47 for a `Desc` with `aux` | same order, same rule |
//! | `dma_wr_req` | out | one request a delivery with data, or a fence | valid the cycle after the push |
//! | `dma_wr_data` | out | one packet a request, from lane 0 | first beat 3 cycles after its request, then one a cycle, without a gap between packets |
//! | `cpl_event`, `read_request` | out | what follows the data | after the last data beat was taken |
//! | `free`, `cf` | out | frame slot, pool chain | after the data and the event |
//!
//! Requests: `x` before `nic`, but a request once shown stays. Reads: staging and pool have a fixed latency of 2; a read is
//! issued only while the output FIFO has room for all reads under way, so a stalled sink never loses a beat.
//! FIFO depths: `Desc` and aux twice the window (as many wait for the sink), orders 16, output 8 (3 beats under way).

use super::cfg::Cfg;
use super::types::*;
use crate::prim::fifo::{BypassFifo, Fifo};
use crate::prim::keep::LenToKeep;
use crate::prim::reduce::Bswap;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::rotate::MergeRotate;
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Deliver<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub nic_push: Signal<In, bool>,
    pub nic_desc: Signal<In, Desc>,
    pub x_push: Signal<In, bool>,
    pub x_desc: Signal<In, Desc>,
    pub aux_push: Signal<In, bool>,
    pub aux: Signal<In, Bits<368>>,
    /// Free entries of the fullest input FIFO.
    pub room: Signal<Out, Bits<8>>,

    pub dma_wr_req_tvalid: Signal<Out, bool>,
    pub dma_wr_req_tready: Signal<In, bool>,
    pub dma_wr_req_addr: Signal<Out, Bits<64>>,
    pub dma_wr_req_len: Signal<Out, Bits<17>>,
    pub dma_wr_req_conn: Signal<Out, Bits<20>>,
    pub dma_wr_req_gen: Signal<Out, Bits<8>>,
    pub dma_wr_req_func: Signal<Out, Bits<8>>,
    pub dma_wr_req_class: Signal<Out, Bits<3>>,
    pub dma_wr_req_relaxed: Signal<Out, bool>,
    pub dma_wr_req_want_status: Signal<Out, bool>,
    pub dma_wr_req_id: Signal<Out, Bits<10>>,

    pub dma_wr_data_tvalid: Signal<Out, bool>,
    pub dma_wr_data_tready: Signal<In, bool>,
    pub dma_wr_data_tdata: Signal<Out, Bits<D>>,
    pub dma_wr_data_tkeep: Signal<Out, Bits<K>>,
    pub dma_wr_data_tlast: Signal<Out, bool>,

    pub dma_wr_status_tvalid: Signal<In, bool>,
    pub dma_wr_status_tready: Signal<Out, bool>,

    pub cpl_event_tvalid: Signal<Out, bool>,
    pub cpl_event_tready: Signal<In, bool>,
    pub cpl_event_conn: Signal<Out, Bits<20>>,
    pub cpl_event_gen: Signal<Out, Bits<8>>,
    pub cpl_event_kind: Signal<Out, Bits<4>>,
    pub cpl_event_opcode: Signal<Out, Bits<4>>,
    pub cpl_event_flags: Signal<Out, Bits<8>>,
    pub cpl_event_msn: Signal<Out, Bits<32>>,
    pub cpl_event_len: Signal<Out, Bits<32>>,
    pub cpl_event_rqe_idx: Signal<Out, Bits<16>>,
    pub cpl_event_inv_stag: Signal<Out, Bits<32>>,
    pub cpl_event_imm: Signal<Out, Bits<64>>,
    pub cpl_event_term: Signal<Out, Bits<16>>,
    pub cpl_event_segment_len: Signal<Out, Bits<16>>,
    pub cpl_event_hdr_len: Signal<Out, Bits<6>>,
    pub cpl_event_fence_id: Signal<Out, Bits<10>>,
    pub cpl_event_hdr: Signal<Out, Bits<368>>,

    pub read_request_tvalid: Signal<Out, bool>,
    pub read_request_tready: Signal<In, bool>,
    pub read_request_conn: Signal<Out, Bits<20>>,
    pub read_request_gen: Signal<Out, Bits<8>>,
    pub read_request_msn: Signal<Out, Bits<32>>,
    pub read_request_sink_stag: Signal<Out, Bits<32>>,
    pub read_request_sink_to: Signal<Out, Bits<64>>,
    pub read_request_len: Signal<Out, Bits<32>>,
    pub read_request_src_stag: Signal<Out, Bits<32>>,
    pub read_request_src_to: Signal<Out, Bits<64>>,

    /// Staging is read in this cycle; otherwise the port is free for the assembler.
    pub st_busy: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_lo: Signal<In, Bits<D>>,
    pub st_hi: Signal<In, Bits<D>>,
    /// Pool beats of different parity.
    pub pr_lo_beat: Signal<Out, Bits<BEAT>>,
    pub pr_hi_beat: Signal<Out, Bits<BEAT>>,
    pub pr_lo: Signal<In, Bits<D>>,
    pub pr_hi: Signal<In, Bits<D>>,
    /// Next block of a chain, one cycle later.
    pub nx_blk: Signal<Out, Bits<BEAT>>,
    pub nx_next: Signal<In, Bits<BEAT>>,
    pub cf_valid: Signal<Out, bool>,
    pub cf_ready: Signal<In, bool>,
    pub cf_blk: Signal<Out, Bits<BEAT>>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    /// Nothing waits anywhere in here.
    pub idle: Signal<Out, bool>,

    xf: Fifo<Desc, 5>,
    nf: Fifo<Desc, 5>,
    af: Fifo<Bits<368>, 5>,
    orders: BypassFifo<Desc, 4>,
    tails: Fifo<Desc, 5>,
    out: Fifo<Bits<D>, 3>,
    /// {last, octets} of the beats in `out`.
    out_meta: Fifo<Bits<8>, 3>,

    desc_room: Signal<Local, Bits<8>>,

    // request side
    /// A NIC request is shown and not taken yet.
    locked: Reg<bool>,
    from_x: Signal<Local, bool>,
    req: Signal<Local, Desc>,
    req_valid: Signal<Local, bool>,
    wants: Signal<Local, bool>,
    moves: Signal<Local, bool>,

    // read side
    cur: Signal<Local, Desc>,
    /// No beat of the current order was read yet.
    first: Reg<bool>,
    left_q: RegNr<Bits<17>>,
    addr_q: RegNr<Bits<BYTE>>,
    blk_q: RegNr<Bits<BEAT>>,
    in_blk_q: RegNr<Bits<BEAT>>,
    left: Signal<Local, Bits<17>>,
    addr: Signal<Local, Bits<BYTE>>,
    blk: Signal<Local, Bits<BEAT>>,
    in_blk: Signal<Local, Bits<BEAT>>,
    /// Octet offset in the FPDU of the payload: 16 or 20.
    skip: Signal<Local, Bits<6>>,
    pool: Signal<Local, bool>,
    data: Signal<Local, bool>,
    go: Signal<Local, bool>,
    reads: Signal<Local, bool>,
    last: Signal<Local, bool>,
    done: Signal<Local, bool>,
    amount: Signal<Local, Bits<7>>,
    lo_beat: Signal<Local, Bits<BEAT>>,
    next_blk: Signal<Local, Bits<BEAT>>,
    at_end: Signal<Local, bool>,

    // under way: one and two cycles after the read
    v1: Reg<bool>,
    v2: Reg<bool>,
    p1: RegNr<bool>,
    p2: RegNr<bool>,
    o1: RegNr<Bits<LK>>,
    o2: RegNr<Bits<LK>>,
    m1: RegNr<Bits<8>>,
    m2: RegNr<Bits<8>>,
    rot: MergeRotate<D, K, LK>,
    keeper: LenToKeep<K, C>,
    meta: Signal<Local, Bits<8>>,
    unused_meta: Signal<Local, Bits<8>>,
    ends: Signal<Local, bool>,

    // tail side
    tail: Signal<Local, Desc>,
    /// Packets taken whole whose tail is still to do.
    ended: Reg<Bits<8>>,
    /// Statuses of fences not used yet.
    answered: Reg<Bits<8>>,
    /// The event of this tail was taken.
    told: Reg<bool>,
    has_data: Signal<Local, bool>,
    ready: Signal<Local, bool>,
    speaks: Signal<Local, bool>,
    taken: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    tail_pop: Signal<Local, bool>,
    swap: Bswap<368>,
    hdr: Signal<Local, Bits<368>>,
    unused_hdr: Signal<Local, Bits<368>>,
    unused_tail: Signal<Local, Desc>,
    unused_cur: Signal<Local, Desc>,
    unused_req: Signal<Local, Desc>,
    _lk: usize,
    _blk_bits: usize,
    _blk_last: usize,
    _k: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Deliver<D, K, LK, C> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K && C == LK + 1);

    /// `blk_bits` = log2 of the beats in a pool block, at least 2: the next block is known one cycle after the first.
    pub fn new(cfg: &Cfg) -> Self {
        let () = Self::OK;
        let (blk_bits, queue) = (cfg.blk_bits, cfg.queue_bits());
        assert!(
            blk_bits >= 2,
            "a pool block needs at least 4 beats: raise blk_bits"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            nic_push: Default::default(),
            nic_desc: Default::default(),
            x_push: Default::default(),
            x_desc: Default::default(),
            aux_push: Default::default(),
            aux: Default::default(),
            room: Default::default(),
            dma_wr_req_tvalid: Default::default(),
            dma_wr_req_tready: Default::default(),
            dma_wr_req_addr: Default::default(),
            dma_wr_req_len: Default::default(),
            dma_wr_req_conn: Default::default(),
            dma_wr_req_gen: Default::default(),
            dma_wr_req_func: Default::default(),
            dma_wr_req_class: Default::default(),
            dma_wr_req_relaxed: Default::default(),
            dma_wr_req_want_status: Default::default(),
            dma_wr_req_id: Default::default(),
            dma_wr_data_tvalid: Default::default(),
            dma_wr_data_tready: Default::default(),
            dma_wr_data_tdata: Default::default(),
            dma_wr_data_tkeep: Default::default(),
            dma_wr_data_tlast: Default::default(),
            dma_wr_status_tvalid: Default::default(),
            dma_wr_status_tready: Default::default(),
            cpl_event_tvalid: Default::default(),
            cpl_event_tready: Default::default(),
            cpl_event_conn: Default::default(),
            cpl_event_gen: Default::default(),
            cpl_event_kind: Default::default(),
            cpl_event_opcode: Default::default(),
            cpl_event_flags: Default::default(),
            cpl_event_msn: Default::default(),
            cpl_event_len: Default::default(),
            cpl_event_rqe_idx: Default::default(),
            cpl_event_inv_stag: Default::default(),
            cpl_event_imm: Default::default(),
            cpl_event_term: Default::default(),
            cpl_event_segment_len: Default::default(),
            cpl_event_hdr_len: Default::default(),
            cpl_event_fence_id: Default::default(),
            cpl_event_hdr: Default::default(),
            read_request_tvalid: Default::default(),
            read_request_tready: Default::default(),
            read_request_conn: Default::default(),
            read_request_gen: Default::default(),
            read_request_msn: Default::default(),
            read_request_sink_stag: Default::default(),
            read_request_sink_to: Default::default(),
            read_request_len: Default::default(),
            read_request_src_stag: Default::default(),
            read_request_src_to: Default::default(),
            st_busy: Default::default(),
            st_addr: Default::default(),
            st_lo: Default::default(),
            st_hi: Default::default(),
            pr_lo_beat: Default::default(),
            pr_hi_beat: Default::default(),
            pr_lo: Default::default(),
            pr_hi: Default::default(),
            nx_blk: Default::default(),
            nx_next: Default::default(),
            cf_valid: Default::default(),
            cf_ready: Default::default(),
            cf_blk: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            idle: Default::default(),
            xf: Fifo::sized(queue),
            nf: Fifo::sized(queue),
            af: Fifo::sized(queue),
            orders: Default::default(),
            tails: Fifo::sized(queue),
            out: Default::default(),
            out_meta: Default::default(),
            desc_room: Default::default(),
            locked: Default::default(),
            from_x: Default::default(),
            req: Default::default(),
            req_valid: Default::default(),
            wants: Default::default(),
            moves: Default::default(),
            cur: Default::default(),
            first: Reg::new(true),
            left_q: Default::default(),
            addr_q: Default::default(),
            blk_q: Default::default(),
            in_blk_q: Default::default(),
            left: Default::default(),
            addr: Default::default(),
            blk: Default::default(),
            in_blk: Default::default(),
            skip: Default::default(),
            pool: Default::default(),
            data: Default::default(),
            go: Default::default(),
            reads: Default::default(),
            last: Default::default(),
            done: Default::default(),
            amount: Default::default(),
            lo_beat: Default::default(),
            next_blk: Default::default(),
            at_end: Default::default(),
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
            ends: Default::default(),
            tail: Default::default(),
            ended: Default::default(),
            answered: Default::default(),
            told: Default::default(),
            has_data: Default::default(),
            ready: Default::default(),
            speaks: Default::default(),
            taken: Default::default(),
            quiet: Default::default(),
            tail_pop: Default::default(),
            swap: Default::default(),
            hdr: Default::default(),
            unused_hdr: Default::default(),
            unused_tail: Default::default(),
            unused_cur: Default::default(),
            unused_req: Default::default(),
            _lk: LK,
            _blk_bits: blk_bits,
            _blk_last: (1 << blk_bits) - 1,
            _k: K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for Deliver<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.xf.push.next = self.x_push.val();
        self.xf.din.next = self.x_desc.val();
        self.nf.push.next = self.nic_push.val();
        self.nf.din.next = self.nic_desc.val();
        self.af.push.next = self.aux_push.val();
        self.af.din.next = self.aux.val();
        self.desc_room.next = self.xf.room.val();
        if self.nf.room.val() < self.xf.room.val() {
            self.desc_room.next = self.nf.room.val();
        }
        self.room.next = self.desc_room.val();
        if self.af.room.val() < self.desc_room.val() {
            self.room.next = self.af.room.val();
        }

        // Request side: the head of one FIFO on the port, and into the orders when it is taken.
        self.from_x.next = self.xf.valid.val() & !self.locked.q.val();
        self.req.next = self.nf.dout.val();
        if self.from_x.val() {
            self.req.next = self.xf.dout.val();
        }
        self.unused_req.next = self.req.val();
        self.req_valid.next = (self.xf.valid.val() | self.nf.valid.val()) & !self.orders.full.val();
        self.wants.next = self.req.val().len.any() | self.req.val().fence;
        self.moves.next = self.req_valid.val() & (!self.wants.val() | self.dma_wr_req_tready.val());
        self.locked.d.next =
            self.req_valid.val() & !self.from_x.val() & self.wants.val() & !self.moves.val();
        self.xf.pop.next = self.moves.val() & self.from_x.val();
        self.nf.pop.next = self.moves.val() & !self.from_x.val();
        self.dma_wr_req_tvalid.next = self.req_valid.val() & self.wants.val();
        self.dma_wr_req_addr.next = self.req.val().addr;
        self.dma_wr_req_len.next = self.req.val().len;
        self.dma_wr_req_conn.next = bit_cast::<20, CONN>(self.req.val().conn);
        self.dma_wr_req_gen.next = self.req.val().gen;
        self.dma_wr_req_func.next = self.req.val().func;
        self.dma_wr_req_class.next = self.req.val().class;
        self.dma_wr_req_relaxed.next = false;
        self.dma_wr_req_want_status.next = self.req.val().fence;
        self.dma_wr_req_id.next = self.req.val().fence_id;
        self.orders.push.next = self.moves.val();
        self.orders.din.next = self.req.val();

        // Read side: one beat a cycle of the current order.
        self.cur.next = self.orders.dout.val();
        self.unused_cur.next = self.cur.val();
        self.pool.next = self.cur.val().src == Src::Pool;
        self.data.next = self.cur.val().len.any();
        self.skip.next = self.cur.val().from.get_bits::<6>(0);
        self.left.next = self.left_q.q.val();
        self.addr.next = self.addr_q.q.val();
        self.blk.next = self.blk_q.q.val();
        self.in_blk.next = self.in_blk_q.q.val();
        if self.first.q.val() {
            self.left.next = self.cur.val().len;
            self.addr.next = self.cur.val().from;
            self.blk.next = self.cur.val().from.get_bits::<BEAT>(6);
            for k in (self._lk)..(self._lk + 1) {
                self.in_blk.next = bit_cast::<BEAT, 6>(self.skip.val()) >> k.to_bits::<5>();
            }
            if self.pool.val() {
                // In the pool only the lane of the byte address counts.
                self.addr.next = bit_cast::<BYTE, 6>(self.skip.val());
            }
        }
        self.go.next = self.orders.valid.val() & !self.tails.full.val();
        // Three free entries: this beat and the two under way.
        self.reads.next = self.go.val() & self.data.val() & (self.out.room.val() >= 3);
        for k in (self._k)..(self._k + 1) {
            self.last.next = self.left.val() <= k.to_bits::<17>();
            self.amount.next = k.to_bits::<7>();
            if self.last.val() {
                self.amount.next = self.left.val().get_bits::<7>(0);
            }
            self.left_q.d.next = self.left.val() - k.to_bits::<17>();
            self.addr_q.d.next = self.addr.val() + k.to_bits::<BYTE>();
        }
        if !self.reads.val() {
            self.left_q.d.next = self.left.val();
            self.addr_q.d.next = self.addr.val();
        }
        self.done.next = (self.reads.val() & self.last.val()) | (self.go.val() & !self.data.val());
        if self.reads.val() {
            self.first.d.next = false;
        }
        if self.done.val() {
            self.first.d.next = true;
        }
        self.orders.pop.next = self.done.val();
        self.tails.push.next = self.done.val();
        self.tails.din.next = self.cur.val();

        self.st_busy.next = self.reads.val() & !self.pool.val();
        self.st_addr.next = self.addr.val();
        // Pool: the next block of the chain is known one cycle after its predecessor was asked about.
        self.nx_blk.next = self.blk.val();
        self.next_blk.next = self.nx_next.val();
        self.blk_q.d.next = self.blk.val();
        self.in_blk_q.d.next = self.in_blk.val();
        for k in (self._blk_last)..(self._blk_last + 1) {
            self.at_end.next = self.in_blk.val() == k.to_bits::<BEAT>();
        }
        for k in (self._blk_bits)..(self._blk_bits + 1) {
            self.lo_beat.next = (self.blk.val() << k.to_bits::<5>()) | self.in_blk.val();
            self.pr_hi_beat.next = self.lo_beat.val() + 1;
            if self.at_end.val() {
                self.pr_hi_beat.next = self.next_blk.val() << k.to_bits::<5>();
            }
        }
        self.pr_lo_beat.next = self.lo_beat.val();
        if self.reads.val() {
            self.in_blk_q.d.next = self.in_blk.val() + 1;
            if self.at_end.val() {
                self.in_blk_q.d.next = 0.into();
                self.blk_q.d.next = self.next_blk.val();
            }
        }

        self.v1.d.next = self.reads.val();
        self.p1.d.next = self.pool.val();
        self.o1.d.next = self.addr.val().get_bits::<LK>(0);
        self.m1.d.next = bit_cast::<8, 7>(self.amount.val());
        if self.last.val() {
            self.m1.d.next = bit_cast::<8, 7>(self.amount.val()) | 0x80;
        }
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
        self.dma_wr_data_tvalid.next = self.out.valid.val();
        self.dma_wr_data_tdata.next = self.out.dout.val();
        self.dma_wr_data_tlast.next = self.meta.val().get_bit(7);
        self.keeper.len.next = self.meta.val().get_bits::<C>(0);
        self.dma_wr_data_tkeep.next = self.keeper.keep.val();
        self.out.pop.next = self.out.valid.val() & self.dma_wr_data_tready.val();
        self.out_meta.pop.next = self.out.pop.val();
        self.ends.next = self.out.pop.val() & self.meta.val().get_bit(7);

        // Tail side: event, then releases.
        self.tail.next = self.tails.dout.val();
        self.unused_tail.next = self.tail.val();
        self.has_data.next = self.tail.val().len.any();
        self.speaks.next = self.tail.val().event | self.tail.val().rreq | self.tail.val().fence;
        self.ready.next = self.tails.valid.val()
            & (!self.has_data.val() | self.ended.q.val().any())
            & (!self.tail.val().fence | self.answered.q.val().any());
        self.cpl_event_tvalid.next =
            self.ready.val() & (self.tail.val().event | self.tail.val().fence) & !self.told.q.val();
        self.read_request_tvalid.next =
            self.ready.val() & self.tail.val().rreq & !self.told.q.val();
        self.taken.next = (self.cpl_event_tvalid.val() & self.cpl_event_tready.val())
            | (self.read_request_tvalid.val() & self.read_request_tready.val());
        self.quiet.next = !self.speaks.val() | self.told.q.val();
        self.cf_valid.next = self.ready.val() & self.tail.val().free_blk & self.quiet.val();
        self.cf_blk.next = self.tail.val().blk;
        self.tail_pop.next = (self.cf_valid.val() & self.cf_ready.val())
            | (self.ready.val()
                & !self.tail.val().free_blk
                & (self.quiet.val() | self.taken.val()));
        self.told.d.next = (self.told.q.val() | self.taken.val()) & !self.tail_pop.val();
        self.tails.pop.next = self.tail_pop.val();
        self.af.pop.next = self.taken.val() & self.tail.val().aux;
        self.free_valid.next = self.tail_pop.val() & self.tail.val().free_slot;
        self.free_slot.next = self.tail.val().slot;
        if self.ends.val() & !(self.tail_pop.val() & self.has_data.val()) {
            self.ended.d.next = self.ended.q.val() + 1;
        }
        if !self.ends.val() & self.tail_pop.val() & self.has_data.val() {
            self.ended.d.next = self.ended.q.val() - 1;
        }
        self.dma_wr_status_tready.next = true;
        if self.dma_wr_status_tvalid.val() & !(self.tail_pop.val() & self.tail.val().fence) {
            self.answered.d.next = self.answered.q.val() + 1;
        }
        if !self.dma_wr_status_tvalid.val() & self.tail_pop.val() & self.tail.val().fence {
            self.answered.d.next = self.answered.q.val() - 1;
        }

        self.cpl_event_conn.next = bit_cast::<20, CONN>(self.tail.val().conn);
        self.cpl_event_gen.next = self.tail.val().gen;
        self.cpl_event_kind.next = self.tail.val().kind;
        if self.tail.val().fence {
            self.cpl_event_kind.next = 7.into(); // cpl_kind::FENCE
        }
        self.cpl_event_opcode.next = self.tail.val().opcode;
        self.cpl_event_flags.next = self.tail.val().flags;
        self.cpl_event_msn.next = self.tail.val().msn;
        self.cpl_event_len.next = self.tail.val().mlen;
        self.cpl_event_rqe_idx.next = self.tail.val().idx;
        self.cpl_event_inv_stag.next = self.tail.val().stag;
        self.cpl_event_imm.next = 0.into();
        self.cpl_event_term.next = self.tail.val().term;
        self.cpl_event_segment_len.next = 0.into();
        if self.tail.val().kind == 3 {
            // An error: mlen holds the ULPDU length.
            self.cpl_event_segment_len.next = self.tail.val().mlen.get_bits::<16>(0);
        }
        self.cpl_event_hdr_len.next = 0.into();
        self.cpl_event_hdr.next = 0.into();
        if self.tail.val().aux {
            self.cpl_event_hdr_len.next = 46.into();
            self.cpl_event_hdr.next = self.af.dout.val();
        }
        self.cpl_event_fence_id.next = self.tail.val().fence_id;

        // Read Request: octet p of the FPDU is bits 8(47-p)+7 : 8(47-p) of the swapped header.
        self.swap.din.next = self.af.dout.val();
        self.hdr.next = self.swap.dout.val();
        self.unused_hdr.next = self.hdr.val();
        self.read_request_conn.next = bit_cast::<20, CONN>(self.tail.val().conn);
        self.read_request_gen.next = self.tail.val().gen;
        self.read_request_msn.next = self.tail.val().msn;
        self.read_request_sink_stag.next = self.hdr.val().get_bits::<32>(192);
        self.read_request_sink_to.next = self.hdr.val().get_bits::<64>(128);
        self.read_request_len.next = self.hdr.val().get_bits::<32>(96);
        self.read_request_src_stag.next = self.hdr.val().get_bits::<32>(64);
        self.read_request_src_to.next = self.hdr.val().get_bits::<64>(0);

        self.idle.next = !self.xf.valid.val()
            & !self.nf.valid.val()
            & !self.orders.valid.val()
            & !self.tails.valid.val()
            & !self.v1.q.val()
            & !self.v2.q.val()
            & !self.out.valid.val();
    }
}
