//! Deliver: turns [`Desc`]s into DMA writes, events and releases, in order.
//!
//! | stream | direction | carries | rule |
//! |---|---|---|---|
//! | `x` | in | one `Desc` a push, with FPDU octets 2..47 in `aux` for one that has `aux` | never full: admission keeps room for the pipeline's window |
//! | `nic` | in | one `NicDesc` a push: a plain frame | as `x` |
//! | `dma_wr_req` | out | one request a delivery with data, or a fence | valid the cycle after the push |
//! | `dma_wr_data` | out | one packet a request, from lane 0 | first beat 3 cycles after its request, then one a cycle, without a gap between packets |
//! | `cpl_event`, `read_request` | out | what follows the data | after the last data beat was taken; `cpl_event_hdr` is zero when `cpl_event_hdr_len` is |
//! | `atomic_request` | out | an Atomic Request of the peer | as `read_request`, in one order with it; its operands come over the read side and stay in [`Operands`] |
//! | `free`, `cf` | out | frame slot, pool chain | after the data and the event; the slot a cycle later, from a register |
//! | `roomy` | out | room for the window behind the pipeline | two cycles old |
//! | `st_gives` | in | the staging RAM is the assembler's in this cycle | nothing is read then if a frame waits to be |
//!
//! Requests: `x` before `nic`, but a request once shown stays. A delivery waits in three parts ([`DeliverQueue`]): what the
//! request needs, what the read side needs ([`DeliverRead`]), what event and releases need; [`Turns`] keeps the order of
//! the two sources. What a tail asks for is decoded into registers while its data is on the way: a tail takes two cycles at
//! least, and one without data comes three cycles after its push. `st_busy` comes from a register ([`Unread`]): as long as any
//! frame is not read the assembler waits (but for `st_gives`), even while the pool is read or a request is not taken.
//!
//! Depth: the frame slots, or twice the window if that is more (`Cfg::deliver_bits`): the list of deliveries is never what
//! ends a burst of short frames behind a long one.

use super::cfg::Cfg;
use super::deliver_atomic::Operands;
use super::deliver_queue::{DeliverQueue, Turns, Unread, AT};
use super::deliver_read::{DeliverRead, NicOrder, Order};
use super::types::*;
use crate::prim::reduce::Bswap;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::LutRam;
use rust_hdl::prelude::*;

/// What a request needs.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Request {
    pub addr: Bits<64>,
    pub len: Bits<16>,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub func: Bits<8>,
    pub data: bool,
    pub fence: bool,
    pub fence_id: Bits<10>,
}

/// What a plain frame's request needs.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct NicRequest {
    pub addr: Bits<64>,
    pub len: Bits<16>,
}

/// What event and releases need.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Tail {
    pub data: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub slot: Bits<SLOT>,
    pub free_slot: bool,
    pub blk: Bits<BEAT>,
    pub free_blk: bool,
    pub event: bool,
    pub kind: Bits<4>,
    pub opcode: Bits<4>,
    /// cpl_flag: SOLICITED, INVALIDATED.
    pub flags: Bits<2>,
    pub msn: Bits<32>,
    pub mlen: Bits<32>,
    pub idx: Bits<16>,
    pub stag: Bits<32>,
    pub term: Bits<16>,
    pub aux: bool,
    pub rreq: bool,
    pub fence: bool,
    pub fence_id: Bits<10>,
}

/// What the oldest tail asks for, of either source.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct ToDo {
    pub x: bool,
    pub data: bool,
    pub fence: bool,
    /// An event, that of a fence included.
    pub event: bool,
    pub rreq: bool,
    pub atomic: bool,
    /// None of them.
    pub quiet: bool,
    pub free_blk: bool,
    pub free_slot: bool,
    pub slot: Bits<SLOT>,
    /// The event tells FPDU octets; 8 of them as `imm`.
    pub hdr: bool,
    pub imm: bool,
}

/// What a plain frame's event and release need.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct NicTail {
    pub slot: Bits<SLOT>,
    pub idx: Bits<16>,
    pub len: Bits<16>,
}

#[derive(LogicBlock)]
pub struct Deliver<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub nic_push: Signal<In, bool>,
    pub nic_desc: Signal<In, NicDesc>,
    pub x_push: Signal<In, bool>,
    pub x_desc: Signal<In, Desc>,
    pub aux: Signal<In, Bits<368>>,
    pub roomy: Signal<Out, bool>,

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

    pub atomic_request_tvalid: Signal<Out, bool>,
    pub atomic_request_tready: Signal<In, bool>,
    pub atomic_request_conn: Signal<Out, Bits<20>>,
    pub atomic_request_gen: Signal<Out, Bits<8>>,
    pub atomic_request_msn: Signal<Out, Bits<32>>,
    pub atomic_request_op: Signal<Out, Bits<4>>,
    pub atomic_request_id: Signal<Out, Bits<32>>,
    pub atomic_request_stag: Signal<Out, Bits<32>>,
    pub atomic_request_to: Signal<Out, Bits<64>>,
    pub atomic_request_data: Signal<Out, Bits<64>>,
    pub atomic_request_mask: Signal<Out, Bits<64>>,
    pub atomic_request_compare: Signal<Out, Bits<64>>,
    pub atomic_request_compare_mask: Signal<Out, Bits<64>>,

    /// Staging is read in this cycle; otherwise the port is free for the assembler.
    pub st_busy: Signal<Out, bool>,
    /// It is the assembler's in this cycle.
    pub st_gives: Signal<In, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_next: Signal<Out, Bits<BEAT>>,
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

    xq: DeliverQueue<Request, Order, Tail>,
    nq: DeliverQueue<NicRequest, NicOrder, NicTail>,
    /// FPDU octets beside `xq`'s tails.
    headers: LutRam<Bits<368>, AT>,
    turns: Turns,
    unread: Unread,
    read: DeliverRead<D, K, LK, C>,
    operands: Operands<D>,
    d: Signal<Local, Desc>,
    n: Signal<Local, NicDesc>,
    request: Signal<Local, Request>,
    nic_request: Signal<Local, NicRequest>,
    order: Signal<Local, Order>,
    nic_order: Signal<Local, NicOrder>,
    xt_in: Signal<Local, Tail>,
    nt_in: Signal<Local, NicTail>,

    // request side
    /// A NIC request is shown and not taken yet.
    locked: Reg<bool>,
    from_x: Signal<Local, bool>,
    xr: Signal<Local, Request>,
    nr: Signal<Local, NicRequest>,
    shown: Signal<Local, bool>,
    wants: Signal<Local, bool>,
    moves: Signal<Local, bool>,
    x_ends: Signal<Local, bool>,
    nic_ends: Signal<Local, bool>,

    // tail side
    xt: Signal<Local, Tail>,
    nt: Signal<Local, NicTail>,
    x: Signal<Local, bool>,
    /// Packets taken whole whose tail is still to do: their number, and whether there is one.
    ended: Reg<Bits<8>>,
    some_ended: Reg<bool>,
    /// Statuses of fences not used yet.
    answered: Reg<Bits<8>>,
    some_answered: Reg<bool>,
    /// The event of this tail was taken.
    told: Reg<bool>,
    /// The oldest tail is in `todo`.
    head: Reg<bool>,
    todo: RegNr<ToDo>,
    freed: Reg<bool>,
    freed_slot: RegNr<Bits<SLOT>>,
    decoded: Signal<Local, ToDo>,
    now: Signal<Local, ToDo>,
    ready: Signal<Local, bool>,
    taken: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    /// `tail_pop` of one that has no chain to give back, of a fence.
    leaves: Signal<Local, bool>,
    fence_pop: Signal<Local, bool>,
    tail_pop: Signal<Local, bool>,
    swap: Bswap<368>,
    hdr: Signal<Local, Bits<368>>,
    unused_hdr: Signal<Local, Bits<368>>,
    unused_desc: Signal<Local, Desc>,
    unused_nic: Signal<Local, NicDesc>,
    /// The bits that this preset's numbers have; the others are not stored.
    conn_bits: Constant<Bits<CONN>>,
    slot_bits: Constant<Bits<SLOT>>,
    blk_bits: Constant<Bits<BEAT>>,
    from_bits: Constant<Bits<BYTE>>,
    beat_bits: Constant<Bits<BEAT>>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Deliver<D, K, LK, C> {
    pub fn new(cfg: &Cfg) -> Self {
        let bits = cfg.deliver_bits().min(AT);
        let blk_bits = cfg.pool_bits - cfg.blk_bits;
        let ones = |bits: usize| (1u64 << bits) - 1;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            nic_push: Default::default(),
            nic_desc: Default::default(),
            x_push: Default::default(),
            x_desc: Default::default(),
            aux: Default::default(),
            roomy: Default::default(),
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
            atomic_request_tvalid: Default::default(),
            atomic_request_tready: Default::default(),
            atomic_request_conn: Default::default(),
            atomic_request_gen: Default::default(),
            atomic_request_msn: Default::default(),
            atomic_request_op: Default::default(),
            atomic_request_id: Default::default(),
            atomic_request_stag: Default::default(),
            atomic_request_to: Default::default(),
            atomic_request_data: Default::default(),
            atomic_request_mask: Default::default(),
            atomic_request_compare: Default::default(),
            atomic_request_compare_mask: Default::default(),
            st_busy: Default::default(),
            st_gives: Default::default(),
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
            cf_valid: Default::default(),
            cf_ready: Default::default(),
            cf_blk: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            xq: DeliverQueue::new(bits, cfg.credit()),
            nq: DeliverQueue::new(bits, cfg.credit()),
            headers: LutRam::sized(bits),
            turns: Turns::new(bits),
            unread: Default::default(),
            read: DeliverRead::new(cfg),
            operands: Default::default(),
            d: Default::default(),
            n: Default::default(),
            request: Default::default(),
            nic_request: Default::default(),
            order: Default::default(),
            nic_order: Default::default(),
            xt_in: Default::default(),
            nt_in: Default::default(),
            locked: Default::default(),
            from_x: Default::default(),
            xr: Default::default(),
            nr: Default::default(),
            shown: Default::default(),
            wants: Default::default(),
            moves: Default::default(),
            x_ends: Default::default(),
            nic_ends: Default::default(),
            xt: Default::default(),
            nt: Default::default(),
            x: Default::default(),
            ended: Default::default(),
            some_ended: Default::default(),
            answered: Default::default(),
            some_answered: Default::default(),
            told: Default::default(),
            head: Default::default(),
            todo: Default::default(),
            freed: Default::default(),
            freed_slot: Default::default(),
            decoded: Default::default(),
            now: Default::default(),
            ready: Default::default(),
            taken: Default::default(),
            quiet: Default::default(),
            leaves: Default::default(),
            fence_pop: Default::default(),
            tail_pop: Default::default(),
            swap: Default::default(),
            hdr: Default::default(),
            unused_hdr: Default::default(),
            unused_desc: Default::default(),
            unused_nic: Default::default(),
            conn_bits: Constant::new(ones(cfg.conn_bits).to_bits()),
            slot_bits: Constant::new(ones(cfg.slot_bits).to_bits()),
            blk_bits: Constant::new(ones(blk_bits).to_bits()),
            from_bits: Constant::new(ones((cfg.stage_bits + LK).max(blk_bits + 6)).to_bits()),
            beat_bits: Constant::new(ones(cfg.stage_bits).to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for Deliver<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        // Every part gets what its reader needs.
        self.d.next = self.x_desc.val();
        self.unused_desc.next = self.d.val();
        self.request.next.addr = self.d.val().addr;
        self.request.next.len = self.d.val().len.get_bits::<16>(0);
        self.request.next.conn = self.d.val().conn & self.conn_bits.val();
        self.request.next.gen = self.d.val().gen;
        self.request.next.func = self.d.val().func;
        self.request.next.data = (self.d.val().src != Src::None) & !self.d.val().rreq;
        self.request.next.fence = self.d.val().fence;
        self.request.next.fence_id = self.d.val().fence_id;
        self.order.next.from = self.d.val().from & self.from_bits.val();
        self.order.next.len = self.d.val().len.get_bits::<16>(0);
        self.order.next.data = self.d.val().src != Src::None;
        self.order.next.staged = self.d.val().src == Src::Staging;
        self.order.next.kept = self.d.val().rreq;
        self.order.next.frame = self.d.val().free_slot;
        self.xt_in.next.data = self.d.val().src != Src::None;
        self.xt_in.next.conn = self.d.val().conn & self.conn_bits.val();
        self.xt_in.next.gen = self.d.val().gen;
        self.xt_in.next.slot = self.d.val().slot & self.slot_bits.val();
        self.xt_in.next.free_slot = self.d.val().free_slot;
        // Bit 15 is NO_BLOCK's, no block number is so high.
        self.xt_in.next.blk = self.d.val().blk & self.blk_bits.val();
        self.xt_in.next.free_blk = self.d.val().free_blk & !self.d.val().blk.get_bit(15);
        self.xt_in.next.event = self.d.val().event;
        self.xt_in.next.kind = self.d.val().kind;
        self.xt_in.next.opcode = self.d.val().opcode;
        self.xt_in.next.flags = self.d.val().flags.get_bits::<2>(0);
        self.xt_in.next.msn = self.d.val().msn;
        self.xt_in.next.mlen = self.d.val().mlen;
        self.xt_in.next.idx = self.d.val().idx;
        self.xt_in.next.stag = self.d.val().stag;
        self.xt_in.next.term = self.d.val().term;
        self.xt_in.next.aux = self.d.val().aux;
        self.xt_in.next.rreq = self.d.val().rreq;
        self.xt_in.next.fence = self.d.val().fence;
        self.xt_in.next.fence_id = self.d.val().fence_id;
        self.headers.we.next = self.xq.open.val();
        self.headers.waddr.next = self.xq.write_at.val();
        self.headers.wdata.next = self.aux.val();
        self.headers.raddr.next = self.xq.tail_from.val();
        self.xq.push.next = self.x_push.val();
        self.xq.request_in.next = self.request.val();
        self.xq.order_in.next = self.order.val();
        self.xq.tail_in.next = self.xt_in.val();
        self.n.next = self.nic_desc.val();
        self.unused_nic.next = self.n.val();
        self.nic_request.next.addr = self.n.val().addr;
        self.nic_request.next.len = self.n.val().len;
        self.nic_order.next.beat = self.n.val().beat & self.beat_bits.val();
        self.nic_order.next.len = self.n.val().len;
        self.nt_in.next.slot = self.n.val().slot & self.slot_bits.val();
        self.nt_in.next.idx = self.n.val().idx;
        self.nt_in.next.len = self.n.val().len;
        self.nq.push.next = self.nic_push.val();
        self.nq.request_in.next = self.nic_request.val();
        self.nq.order_in.next = self.nic_order.val();
        self.nq.tail_in.next = self.nt_in.val();
        self.roomy.next = self.xq.roomy.val() & self.nq.roomy.val();

        // Request side: the oldest of one source on the port; a turn when it is taken.
        self.xr.next = self.xq.request.val();
        self.nr.next = self.nq.request.val();
        self.from_x.next = self.xq.waiting.val() & !self.locked.q.val();
        self.shown.next = self.xq.waiting.val() | self.nq.waiting.val();
        self.wants.next = !self.from_x.val() | self.xr.val().data | self.xr.val().fence;
        self.moves.next = self.shown.val() & (!self.wants.val() | self.dma_wr_req_tready.val());
        self.locked.d.next =
            self.nq.waiting.val() & !self.from_x.val() & !self.dma_wr_req_tready.val();
        self.xq.request_pop.next = self.moves.val() & self.from_x.val();
        self.nq.request_pop.next = self.moves.val() & !self.from_x.val();
        self.turns.push.next = self.moves.val();
        self.turns.x_in.next = self.from_x.val();
        self.dma_wr_req_tvalid.next = self.shown.val() & self.wants.val();
        self.dma_wr_req_relaxed.next = false;
        self.dma_wr_req_addr.next = self.nr.val().addr;
        self.dma_wr_req_len.next = bit_cast::<17, 16>(self.nr.val().len);
        self.dma_wr_req_conn.next = 0.into();
        self.dma_wr_req_gen.next = 0.into();
        self.dma_wr_req_func.next = 0.into();
        self.dma_wr_req_class.next = 3.into(); // dma_class::NIC
        self.dma_wr_req_want_status.next = false;
        self.dma_wr_req_id.next = 0.into();
        if self.from_x.val() {
            self.dma_wr_req_addr.next = self.xr.val().addr;
            self.dma_wr_req_len.next = bit_cast::<17, 16>(self.xr.val().len);
            self.dma_wr_req_conn.next = bit_cast::<20, CONN>(self.xr.val().conn);
            self.dma_wr_req_gen.next = self.xr.val().gen;
            self.dma_wr_req_func.next = self.xr.val().func;
            self.dma_wr_req_class.next = 0.into(); // dma_class::PAYLOAD
            if self.xr.val().fence {
                self.dma_wr_req_class.next = 5.into(); // dma_class::FENCE
            }
            self.dma_wr_req_want_status.next = self.xr.val().fence;
            self.dma_wr_req_id.next = self.xr.val().fence_id;
        }

        // Read side.
        self.read.go.next = self.turns.order_waits.val() | self.moves.val();
        self.read.x.next = self.turns.order_x.val();
        self.read.x_order.next = self.xq.order.val();
        self.read.nic_order.next = self.nq.order.val();
        self.x_ends.next = self.turns.order_x.val() & self.read.x_done.val();
        self.nic_ends.next = !self.turns.order_x.val() & self.read.nic_done.val();
        self.xq.order_pop.next = self.read.go.val() & self.x_ends.val();
        self.nq.order_pop.next = self.read.go.val() & self.nic_ends.val();
        self.turns.order_pop.next = self.read.go.val() & (self.x_ends.val() | self.nic_ends.val());
        self.unread.x.next = self.x_push.val() & self.d.val().free_slot;
        self.unread.nic.next = self.nic_push.val();
        self.unread.read.next =
            self.nq.order_pop.val() | (self.xq.order_pop.val() & self.read.x_frame.val());
        self.read.unread.next = self.unread.some.val();
        self.read.gives.next = self.st_gives.val();
        self.st_busy.next = self.read.st_busy.val();
        self.st_addr.next = self.read.st_addr.val();
        self.st_next.next = self.read.st_next.val();
        self.read.st_lo.next = self.st_lo.val();
        self.read.st_hi.next = self.st_hi.val();
        self.pr_lo_beat.next = self.read.pr_lo_beat.val();
        self.pr_hi_beat.next = self.read.pr_hi_beat.val();
        self.read.pr_lo.next = self.pr_lo.val();
        self.read.pr_hi.next = self.pr_hi.val();
        self.nx_blk.next = self.read.nx_blk.val();
        self.read.nx_next.next = self.nx_next.val();
        self.dma_wr_data_tvalid.next = self.read.tvalid.val();
        self.read.tready.next = self.dma_wr_data_tready.val();
        self.dma_wr_data_tdata.next = self.read.tdata.val();
        self.dma_wr_data_tkeep.next = self.read.tkeep.val();
        self.dma_wr_data_tlast.next = self.read.tlast.val();

        // Tail side: event, then releases.
        self.xt.next = self.xq.tail.val();
        self.nt.next = self.nq.tail.val();
        self.decoded.next.x = self.turns.tail_x.val();
        self.decoded.next.data = true;
        self.decoded.next.fence = false;
        self.decoded.next.event = true;
        self.decoded.next.rreq = false;
        self.decoded.next.atomic = false;
        self.decoded.next.quiet = false;
        self.decoded.next.free_blk = false;
        self.decoded.next.free_slot = true;
        self.decoded.next.slot = self.nt.val().slot;
        self.decoded.next.hdr = false;
        self.decoded.next.imm = false;
        if self.turns.tail_x.val() {
            self.decoded.next.data = self.xt.val().data;
            self.decoded.next.fence = self.xt.val().fence;
            self.decoded.next.event = self.xt.val().event | self.xt.val().fence;
            self.decoded.next.rreq = self.xt.val().rreq & !self.xt.val().data;
            self.decoded.next.atomic = self.xt.val().rreq & self.xt.val().data;
            self.decoded.next.quiet =
                !(self.xt.val().event | self.xt.val().fence | self.xt.val().rreq);
            self.decoded.next.free_blk = self.xt.val().free_blk;
            self.decoded.next.free_slot = self.xt.val().free_slot;
            self.decoded.next.slot = self.xt.val().slot;
            // Of the kinds of events, 2 and 3 tell the header, 0 and 1 immediate data.
            self.decoded.next.hdr = self.xt.val().aux & self.xt.val().kind.get_bit(1);
            self.decoded.next.imm =
                self.xt.val().aux & self.xt.val().event & !self.xt.val().kind.get_bit(1);
        }
        self.turns.tail_pop.next = self.turns.tail_waits.val() & !self.head.q.val();
        if !self.head.q.val() {
            self.todo.d.next = self.decoded.val();
        }
        self.now.next = self.todo.q.val();
        self.x.next = self.now.val().x;
        self.ready.next = self.head.q.val()
            & (!self.now.val().data | self.some_ended.q.val())
            & (!self.now.val().fence | self.some_answered.q.val());
        self.cpl_event_tvalid.next = self.ready.val() & self.now.val().event & !self.told.q.val();
        self.read_request_tvalid.next = self.ready.val() & self.now.val().rreq & !self.told.q.val();
        self.atomic_request_tvalid.next =
            self.ready.val() & self.now.val().atomic & !self.told.q.val();
        self.taken.next = self.ready.val()
            & !self.told.q.val()
            & ((self.now.val().event & self.cpl_event_tready.val())
                | (self.now.val().rreq & self.read_request_tready.val())
                | (self.now.val().atomic & self.atomic_request_tready.val()));
        self.quiet.next = self.now.val().quiet | self.told.q.val();
        self.cf_valid.next = self.ready.val() & self.now.val().free_blk & self.quiet.val();
        self.cf_blk.next = self.xt.val().blk;
        self.leaves.next =
            !self.now.val().free_blk & (self.taken.val() | (self.ready.val() & self.quiet.val()));
        self.tail_pop.next = (self.cf_valid.val() & self.cf_ready.val()) | self.leaves.val();
        self.head.d.next = self.head.q.val() & !self.tail_pop.val();
        if !self.head.q.val() {
            self.head.d.next = self.turns.tail_waits.val();
        }
        self.told.d.next = (self.told.q.val() | self.taken.val()) & !self.tail_pop.val();
        self.xq.tail_pop.next = self.tail_pop.val() & self.x.val();
        self.nq.tail_pop.next = self.tail_pop.val() & !self.x.val();
        self.freed.d.next = self.tail_pop.val() & self.now.val().free_slot;
        self.freed_slot.d.next = self.now.val().slot;
        self.free_valid.next = self.freed.q.val();
        self.free_slot.next = self.freed_slot.q.val();
        if self.read.ends.val() & !(self.tail_pop.val() & self.now.val().data) {
            self.ended.d.next = self.ended.q.val() + 1;
            self.some_ended.d.next = true;
        }
        if !self.read.ends.val() & self.tail_pop.val() & self.now.val().data {
            self.ended.d.next = self.ended.q.val() - 1;
            self.some_ended.d.next = self.ended.q.val() != 1;
        }
        self.dma_wr_status_tready.next = true;
        // A fence has no chain to give back.
        self.fence_pop.next = self.leaves.val() & self.now.val().fence;
        if self.dma_wr_status_tvalid.val() & !self.fence_pop.val() {
            self.answered.d.next = self.answered.q.val() + 1;
            self.some_answered.d.next = true;
        }
        if !self.dma_wr_status_tvalid.val() & self.fence_pop.val() {
            self.answered.d.next = self.answered.q.val() - 1;
            self.some_answered.d.next = self.answered.q.val() != 1;
        }

        // A plain frame's event says how long it is and where.
        self.cpl_event_conn.next = 0.into();
        self.cpl_event_gen.next = 0.into();
        self.cpl_event_kind.next = 6.into(); // cpl_kind::NIC
        self.cpl_event_opcode.next = 0.into();
        self.cpl_event_flags.next = 0.into();
        self.cpl_event_msn.next = 0.into();
        self.cpl_event_len.next = bit_cast::<32, 16>(self.nt.val().len);
        self.cpl_event_rqe_idx.next = self.nt.val().idx;
        self.cpl_event_inv_stag.next = 0.into();
        self.cpl_event_imm.next = 0.into();
        self.cpl_event_term.next = 0.into();
        self.cpl_event_segment_len.next = 0.into();
        self.cpl_event_hdr_len.next = 0.into();
        self.cpl_event_fence_id.next = 0.into();
        // The entry read may be a free one: it is shown only if it is this event's.
        self.cpl_event_hdr.next = 0.into();
        if self.now.val().hdr {
            self.cpl_event_hdr_len.next = 46.into();
            self.cpl_event_hdr.next = self.headers.rdata.val();
        }
        if self.x.val() {
            self.cpl_event_conn.next = bit_cast::<20, CONN>(self.xt.val().conn);
            self.cpl_event_gen.next = self.xt.val().gen;
            self.cpl_event_kind.next = self.xt.val().kind;
            if self.xt.val().fence {
                self.cpl_event_kind.next = 7.into(); // cpl_kind::FENCE
            }
            self.cpl_event_opcode.next = self.xt.val().opcode;
            self.cpl_event_flags.next = bit_cast::<8, 2>(self.xt.val().flags)
                | (bit_cast::<8, 1>(self.now.val().imm.into()) << 6); // cpl_flag::IMMEDIATE
            self.cpl_event_msn.next = self.xt.val().msn;
            self.cpl_event_len.next = self.xt.val().mlen;
            self.cpl_event_rqe_idx.next = self.xt.val().idx;
            self.cpl_event_inv_stag.next = self.xt.val().stag;
            self.cpl_event_term.next = self.xt.val().term;
            if self.xt.val().kind == 3 {
                // An error: mlen holds the ULPDU length.
                self.cpl_event_segment_len.next = self.xt.val().mlen.get_bits::<16>(0);
            }
            self.cpl_event_fence_id.next = self.xt.val().fence_id;
        }

        // Octet p of the FPDU is bits 8(47-p)+7 : 8(47-p) of the swapped header. Immediate Data: octets 20..27; the value
        // of an Atomic Response: 24..31.
        self.swap.din.next = self.headers.rdata.val();
        self.hdr.next = self.swap.dout.val();
        self.unused_hdr.next = self.hdr.val();
        if self.now.val().imm {
            self.cpl_event_imm.next = self.hdr.val().get_bits::<64>(160);
            if self.xt.val().kind.get_bit(0) {
                self.cpl_event_imm.next = self.hdr.val().get_bits::<64>(128);
            }
        }

        // Read Request.
        self.read_request_conn.next = bit_cast::<20, CONN>(self.xt.val().conn);
        self.read_request_gen.next = self.xt.val().gen;
        self.read_request_msn.next = self.xt.val().msn;
        self.read_request_sink_stag.next = self.hdr.val().get_bits::<32>(192);
        self.read_request_sink_to.next = self.hdr.val().get_bits::<64>(128);
        self.read_request_len.next = self.hdr.val().get_bits::<32>(96);
        self.read_request_src_stag.next = self.hdr.val().get_bits::<32>(64);
        self.read_request_src_to.next = self.hdr.val().get_bits::<64>(0);

        // Atomic Request.
        self.operands.valid.next = self.read.keep_valid.val();
        self.read.keep_ready.next = self.operands.ready.val();
        self.operands.beat.next = self.read.tdata.val();
        self.operands.last.next = self.read.tlast.val();
        self.operands.done.next = self.tail_pop.val() & self.now.val().atomic;
        self.atomic_request_conn.next = bit_cast::<20, CONN>(self.xt.val().conn);
        self.atomic_request_gen.next = self.xt.val().gen;
        self.atomic_request_msn.next = self.xt.val().msn;
        self.atomic_request_op.next = self.hdr.val().get_bits::<4>(192);
        self.atomic_request_id.next = self.hdr.val().get_bits::<32>(160);
        self.atomic_request_stag.next = self.hdr.val().get_bits::<32>(128);
        self.atomic_request_to.next = self.hdr.val().get_bits::<64>(64);
        self.atomic_request_data.next = self.operands.data.val();
        self.atomic_request_mask.next = self.operands.mask.val();
        self.atomic_request_compare.next = self.operands.compare.val();
        self.atomic_request_compare_mask.next = self.operands.compare_mask.val();
    }
}
