//! The decision pipeline: J, X1, X2, X3. Every frame, every assembled FPDU and every table command that touches a
//! connection goes through it in one order, so a connection's state has one writer and one reader.
//!
//! | stage | a frame | an operation |
//! |---|---|---|
//! | J  | frame ended and context there: to the NIC queue, or on to X1; receive and read queue addresses out | context there |
//! | X1 | TCP distances from the forwarded state; what the header alone decides | header of an FPDU |
//! | X2 | TCP judgement; TPT, receive queue, read queue | same |
//! | X3 | checksums and CRC are in: place, hand to the assembler, acknowledge, drop, or report an error | same |
//!
//! Ports: the ingest FIFOs (`done`, `hdrb`, `scan`), the lookup FIFOs (`ctx`, `opq`), the TPT FIFO, the queues, and pushes
//! into the FIFOs of deliver, assembler and `ack_event`. Latency: NIC delivery pushed in J, iWARP delivery in X3 = J + 3.
//! One frame or operation every 2 cycles: X1 of one falls on X3 of the one before, which forwards. The older ones have
//! written by then: J looks them up in the history, and only one write can still come, in X1.
//! Back-pressure: none. Nothing enters ingest (`admit`) or lookup (`op_room`) unless every FIFO behind that it may push into
//! has room for the whole window, so the pipeline never stalls and every state change finds its credits (DESIGN 5).
//! A frame that fails FCS, IP or TCP checksum changes nothing. Sources: RFC 9293 3.10.7.4, RFC 5044 6, RFC 5041 7,
//! RFC 5040 7; requirements MPA-54, MPA-55, DDP-21, DDP-22, DDP-39, DDP-3A, DDP-3D.

use super::ddp::{FormCheck, HdrView, TableCheck};
use super::history::{DynHistory, Revoked};
use super::place::Place;
use super::tcp::{SeqGap, TcpJudge};
use super::types::*;
use super::xtypes::*;
use crate::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Pipe {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // ingest
    pub done_valid: Signal<In, bool>,
    pub done: Signal<In, FrameDone>,
    pub done_pop: Signal<Out, bool>,
    pub hdrb: Signal<In, Bits<HDR_B>>,
    pub hdrb_pop: Signal<Out, bool>,
    pub scan: Signal<In, Scan>,
    pub scan_pop: Signal<Out, bool>,
    // lookup
    pub ctx_valid: Signal<In, bool>,
    pub ctx: Signal<In, CtxEntry>,
    pub ctx_pop: Signal<Out, bool>,
    pub opq: Signal<In, Op>,
    pub opq_pop: Signal<Out, bool>,
    // TPT
    pub tpt: Signal<In, TptEntry>,
    pub tpt_pop: Signal<Out, bool>,
    pub inv_valid: Signal<Out, bool>,
    pub inv_set: Signal<Out, Bits<16>>,
    pub inv_way: Signal<Out, Bits<4>>,
    // queues
    pub q_conn: Signal<Out, Bits<CONN>>,
    pub q_msn: Signal<Out, Bits<32>>,
    pub q_head: Signal<Out, Bits<16>>,
    pub rqe: Signal<In, Rqe>,
    pub rdq: Signal<In, Rdq>,
    pub nic_valid: Signal<In, bool>,
    pub nic_addr: Signal<In, Bits<64>>,
    pub nic_len: Signal<In, Bits<32>>,
    pub nic_idx: Signal<In, Bits<16>>,
    pub nic_pop: Signal<Out, bool>,
    // results
    pub nic_push: Signal<Out, bool>,
    pub nic_desc: Signal<Out, NicDesc>,
    pub x_push: Signal<Out, bool>,
    pub x_desc: Signal<Out, Desc>,
    pub aux: Signal<Out, Bits<368>>,
    pub ack_push: Signal<Out, bool>,
    pub ack: Signal<Out, Ack>,
    pub seg_push: Signal<Out, bool>,
    pub seg: Signal<Out, Seg>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    pub dyn_we: Signal<Out, bool>,
    pub dyn_conn: Signal<Out, Bits<CONN>>,
    pub dyn_row: Signal<Out, Dyn>,
    // command block
    pub op_done: Signal<Out, bool>,
    pub op_ok: Signal<Out, bool>,
    // in flight
    pub frame_start: Signal<In, bool>,
    pub op_start: Signal<In, bool>,
    /// Every FIFO behind that an operation may push into has room for the whole window.
    pub roomy: Signal<In, bool>,
    /// So has the assembler's queue of segments. No operation waits for it: operations are what empties it.
    pub seg_roomy: Signal<In, bool>,
    pub admit: Signal<Out, bool>,
    pub op_room: Signal<Out, bool>,
    // counters
    pub count_nic: Signal<Out, bool>,
    pub count_nic_drop: Signal<Out, bool>,
    pub count_bad_frame: Signal<Out, bool>,
    pub why: Signal<Out, Tally>,
    /// An assembled FPDU leaves the pipeline.
    pub fpdu_out: Signal<Out, bool>,

    gap: Reg<bool>,
    flying: Reg<Bits<8>>,
    flying_next: Signal<Local, Bits<8>>,
    /// The window has room for a frame, for an operation; nothing is in flight.
    free: Reg<bool>,
    half_free: Reg<bool>,
    none: Reg<bool>,
    window: Constant<Bits<8>>,
    half: Constant<Bits<8>>,
    base: Signal<Local, Bits<BYTE>>,
    _lk: usize,

    // J
    j_op: Signal<Local, bool>,
    j_frame: Signal<Local, bool>,
    j_hit: Signal<Local, bool>,
    j_fits: Signal<Local, bool>,
    j_raw: Signal<Local, Bits<HDR_A>>,
    j_view: HdrView,

    // X1
    x1_op: Reg<bool>,
    x1_frame: Reg<bool>,
    /// A frame of an installed connection.
    x1_mine: Reg<bool>,
    /// The NIC delivery was pushed: it frees the slot.
    x1_gone: Reg<bool>,
    x1_d: RegNr<FrameDone>,
    x1_c: RegNr<CtxEntry>,
    x1_o: RegNr<Op>,
    x1_raw: RegNr<Bits<HDR_A>>,
    x1_base: RegNr<Bits<BYTE>>,
    /// State as of the writes up to J.
    x1_f: RegNr<Dyn>,
    /// The one before, in X3 now, is of the same connection.
    x1_near: Reg<bool>,
    /// Lowest acceptable acknowledgment, and how far above it the highest is.
    x1_ack_low: RegNr<Bits<32>>,
    x1_ack_room: RegNr<Bits<32>>,
    x1_view: HdrView,
    shape: FormCheck,
    old: Signal<Local, Dyn>,
    history: DynHistory,
    fin: Signal<Local, bool>,
    span: Signal<Local, Bits<32>>,
    /// Distances if `rcv_nxt` stays, and if the one before changes it.
    gap_stay: SeqGap,
    gap_take: SeqGap,

    // X2
    x2_op: Reg<bool>,
    x2_frame: Reg<bool>,
    x2_mine: Reg<bool>,
    x2_gone: Reg<bool>,
    x2_d: RegNr<FrameDone>,
    x2_c: RegNr<CtxEntry>,
    x2_o: RegNr<Op>,
    x2_f: RegNr<Dyn>,
    x2_stay: RegNr<Gap>,
    x2_take: RegNr<Gap>,
    x2_taken: Reg<bool>,
    x2_used: RegNr<bool>,
    x2_nxt: RegNr<Bits<32>>,
    x2_ack_ok: RegNr<bool>,
    x2_simple: RegNr<bool>,
    x2_form: RegNr<Form>,
    x2_base: RegNr<Bits<BYTE>>,
    x2_hdr: Signal<Local, Bits<HDR_A>>,
    unused_x2_hdr: Signal<Local, Bits<HDR_A>>,
    judge: TcpJudge,
    tables: TableCheck,
    /// The same for an entry that was just invalidated: knowing that comes last.
    undone: TableCheck,
    unused_ruling: Signal<Local, Ruling>,
    revoked: Revoked,
    x2_tpt: Signal<Local, bool>,

    place: Place,
}

impl Pipe {
    /// `lk` = log2 of the bytes in a beat; `window` frames and operations may be in flight.
    pub fn new(lk: usize, window: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            done_valid: Default::default(),
            done: Default::default(),
            done_pop: Default::default(),
            hdrb: Default::default(),
            hdrb_pop: Default::default(),
            scan: Default::default(),
            scan_pop: Default::default(),
            ctx_valid: Default::default(),
            ctx: Default::default(),
            ctx_pop: Default::default(),
            opq: Default::default(),
            opq_pop: Default::default(),
            tpt: Default::default(),
            tpt_pop: Default::default(),
            inv_valid: Default::default(),
            inv_set: Default::default(),
            inv_way: Default::default(),
            q_conn: Default::default(),
            q_msn: Default::default(),
            q_head: Default::default(),
            rqe: Default::default(),
            rdq: Default::default(),
            nic_valid: Default::default(),
            nic_addr: Default::default(),
            nic_len: Default::default(),
            nic_idx: Default::default(),
            nic_pop: Default::default(),
            nic_push: Default::default(),
            nic_desc: Default::default(),
            x_push: Default::default(),
            x_desc: Default::default(),
            aux: Default::default(),
            ack_push: Default::default(),
            ack: Default::default(),
            seg_push: Default::default(),
            seg: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            dyn_we: Default::default(),
            dyn_conn: Default::default(),
            dyn_row: Default::default(),
            op_done: Default::default(),
            op_ok: Default::default(),
            frame_start: Default::default(),
            op_start: Default::default(),
            roomy: Default::default(),
            seg_roomy: Default::default(),
            admit: Default::default(),
            op_room: Default::default(),
            count_nic: Default::default(),
            count_nic_drop: Default::default(),
            count_bad_frame: Default::default(),
            why: Default::default(),
            fpdu_out: Default::default(),
            gap: Default::default(),
            flying: Default::default(),
            flying_next: Default::default(),
            free: Reg::new(true),
            half_free: Reg::new(true),
            none: Reg::new(true),
            window: Constant::new((window as u64).to_bits()),
            half: Constant::new((window as u64 / 2).to_bits()),
            base: Default::default(),
            _lk: lk,
            j_op: Default::default(),
            j_frame: Default::default(),
            j_hit: Default::default(),
            j_fits: Default::default(),
            j_raw: Default::default(),
            j_view: Default::default(),
            x1_op: Default::default(),
            x1_frame: Default::default(),
            x1_mine: Default::default(),
            x1_gone: Default::default(),
            x1_d: Default::default(),
            x1_c: Default::default(),
            x1_o: Default::default(),
            x1_raw: Default::default(),
            x1_base: Default::default(),
            x1_f: Default::default(),
            x1_near: Default::default(),
            x1_ack_low: Default::default(),
            x1_ack_room: Default::default(),
            x1_view: Default::default(),
            shape: Default::default(),
            old: Default::default(),
            history: DynHistory::new(window),
            fin: Default::default(),
            span: Default::default(),
            gap_stay: Default::default(),
            gap_take: Default::default(),
            x2_op: Default::default(),
            x2_frame: Default::default(),
            x2_mine: Default::default(),
            x2_gone: Default::default(),
            x2_d: Default::default(),
            x2_c: Default::default(),
            x2_o: Default::default(),
            x2_f: Default::default(),
            x2_stay: Default::default(),
            x2_take: Default::default(),
            x2_taken: Default::default(),
            x2_used: Default::default(),
            x2_nxt: Default::default(),
            x2_ack_ok: Default::default(),
            x2_simple: Default::default(),
            x2_form: Default::default(),
            x2_base: Default::default(),
            x2_hdr: Default::default(),
            unused_x2_hdr: Default::default(),
            judge: Default::default(),
            tables: Default::default(),
            undone: Default::default(),
            unused_ruling: Default::default(),
            revoked: Revoked::new(window),
            x2_tpt: Default::default(),
            place: Place::default(),
        }
    }
}

impl Logic for Pipe {
    #[hdl_gen]
    fn update(&mut self) {
        // In flight: admitted frames and launched operations that have not left X3.
        self.flying_next.next = self.flying.q.val();
        if (self.frame_start.val() ^ self.op_start.val()) & !self.place.step.val() {
            self.flying_next.next = self.flying.q.val() + 1;
        }
        if (self.frame_start.val() & self.op_start.val()) & self.place.step.val() {
            self.flying_next.next = self.flying.q.val() + 1;
        }
        if (self.frame_start.val() & self.op_start.val()) & !self.place.step.val() {
            self.flying_next.next = self.flying.q.val() + 2;
        }
        if !(self.frame_start.val() | self.op_start.val()) & self.place.step.val() {
            self.flying_next.next = self.flying.q.val() - 1;
        }
        // One of the window is kept free: a frame and an operation may start in one cycle.
        self.flying.d.next = self.flying_next.val();
        self.free.d.next = self.flying_next.val() < self.window.val();
        self.half_free.d.next = self.flying_next.val() < self.half.val();
        self.none.d.next = !self.flying_next.val().any();
        self.admit.next = self.roomy.val() & self.seg_roomy.val() & self.free.q.val();
        self.op_room.next = self.roomy.val() & self.half_free.q.val();

        // J
        self.j_op.next = self.ctx_valid.val() & self.ctx.val().pseudo & !self.gap.q.val();
        self.j_frame.next = self.done_valid.val()
            & !self.gap.q.val()
            & !(self.ctx_valid.val() & self.ctx.val().pseudo)
            & (!self.done.val().tcp | self.ctx_valid.val());
        self.j_hit.next = self.done.val().tcp & self.ctx.val().hit;
        self.gap.d.next = self.j_op.val() | self.j_frame.val();
        self.done_pop.next = self.j_frame.val();
        self.ctx_pop.next = self.j_op.val() | (self.j_frame.val() & self.done.val().tcp);
        self.opq_pop.next = self.j_op.val();
        self.j_raw.next = self.done.val().hdr_a;
        if self.j_op.val() {
            self.j_raw.next = self.opq.val().hdr_a;
        }
        self.j_view.raw.next = self.j_raw.val();
        self.q_conn.next = self.ctx.val().conn;
        self.q_msn.next = self.j_view.h.val().msn;
        self.q_head.next = self.ctx.val().rd_head;
        for k in (self._lk)..(self._lk + 1) {
            self.base.next = bit_cast::<BYTE, BEAT>(self.done.val().start) << k.to_bits::<5>();
        }

        // J: a frame of no installed connection goes to the NIC queue whole, or is dropped.
        self.j_fits.next = self.nic_valid.val()
            & !self.done.val().bad
            & (bit_cast::<32, 16>(self.done.val().len) <= self.nic_len.val());
        self.nic_push.next = self.j_frame.val() & !self.j_hit.val() & self.j_fits.val();
        self.nic_pop.next = self.nic_push.val();
        self.count_nic.next = self.nic_push.val();
        self.count_nic_drop.next =
            self.j_frame.val() & !self.j_hit.val() & !self.done.val().bad & !self.j_fits.val();
        self.count_bad_frame.next = self.j_frame.val() & self.done.val().bad;
        self.nic_desc.next.beat = self.done.val().start;
        self.nic_desc.next.len = self.done.val().len;
        self.nic_desc.next.slot = self.done.val().slot;
        self.nic_desc.next.addr = self.nic_addr.val();
        self.nic_desc.next.idx = self.nic_idx.val();

        // J -> X1
        self.x1_op.d.next = self.j_op.val();
        self.x1_frame.d.next = self.j_frame.val();
        self.x1_mine.d.next = self.j_frame.val() & self.j_hit.val();
        self.x1_gone.d.next = self.nic_push.val();
        self.x1_d.d.next = self.done.val();
        self.x1_c.d.next = self.ctx.val();
        self.x1_o.d.next = self.opq.val();
        self.x1_raw.d.next = self.j_raw.val();
        self.x1_base.d.next = self.base.val() + bit_cast::<BYTE, 8>(self.done.val().h);
        self.old.next.st = self.ctx.val().st;
        self.old.next.rcv_nxt = self.ctx.val().rcv_nxt;
        self.old.next.pend = self.ctx.val().pend;
        self.old.next.mid = self.ctx.val().mid;
        self.old.next.crc_rep = self.ctx.val().crc_rep;
        self.old.next.smsn = self.ctx.val().smsn;
        self.old.next.rmsn = self.ctx.val().rmsn;
        self.old.next.rd_head = self.ctx.val().rd_head;
        self.old.next.rd_off = self.ctx.val().rd_off;
        self.old.next.first = self.ctx.val().first;
        self.history.stale.next = self.old.val();
        self.history.find.next = self.ctx.val().conn;
        self.x1_f.d.next = self.history.fresh.val();
        self.x1_ack_low.d.next = self.ctx.val().snd_una - self.ctx.val().max_wnd;
        self.x1_ack_room.d.next =
            (self.ctx.val().snd_nxt - self.ctx.val().snd_una) + self.ctx.val().max_wnd;
        self.x1_near.d.next = self.x2_c.q.val().conn == self.ctx.val().conn;

        // X1
        self.x1_view.raw.next = self.x1_raw.q.val();
        self.shape.h.next = self.x1_view.h.val();
        self.shape.raw_b.next = self.x1_o.q.val().hdr_b;
        self.shape.plen.next = self.x1_d.q.val().plen;
        self.fin.next = self.x1_d.q.val().flags.get_bit(0);
        self.span.next = bit_cast::<32, 16>(self.x1_d.q.val().plen);
        if self.fin.val() {
            self.span.next = bit_cast::<32, 16>(self.x1_d.q.val().plen) + 1;
        }
        self.gap_stay.seq.next = self.x1_d.q.val().seq;
        self.gap_stay.span.next = self.span.val();
        self.gap_stay.rcv_nxt.next = self.x1_f.q.val().rcv_nxt;
        self.gap_take.seq.next = self.x1_d.q.val().seq;
        self.gap_take.span.next = self.span.val();
        self.gap_take.rcv_nxt.next = self.place.alt.val();

        // X1 -> X2
        self.x2_op.d.next = self.x1_op.q.val();
        self.x2_frame.d.next = self.x1_frame.q.val();
        self.x2_mine.d.next = self.x1_mine.q.val();
        self.x2_gone.d.next = self.x1_gone.q.val();
        self.x2_d.d.next = self.x1_d.q.val();
        self.x2_c.d.next = self.x1_c.q.val();
        self.x2_o.d.next = self.x1_o.q.val();
        self.x2_f.d.next = self.x1_f.q.val();
        if self.x1_near.q.val() & self.place.dyn_we.val() {
            self.x2_f.d.next = self.place.dyn_row.val();
        }
        self.x2_stay.d.next = self.gap_stay.gap.val();
        self.x2_take.d.next = self.gap_take.gap.val();
        self.x2_taken.d.next = self.x1_near.q.val() & self.place.take.val();
        self.x2_used.d.next = self.fin.val() | self.x1_d.q.val().plen.any();
        self.x2_nxt.d.next = self.x1_d.q.val().seq + self.span.val();
        self.x2_ack_ok.d.next =
            (self.x1_d.q.val().ack - self.x1_ack_low.q.val()) <= self.x1_ack_room.q.val();
        self.x2_simple.d.next = self.shape.simple.val();
        self.x2_form.d.next = self.shape.form.val();
        self.x2_base.d.next = self.x1_base.q.val();

        // X2
        self.judge.d.next = self.x2_d.q.val();
        self.judge.c.next = self.x2_c.q.val();
        self.judge.f.next = self.x2_f.q.val();
        self.judge.gap.next = self.x2_stay.q.val();
        if self.x2_taken.q.val() {
            self.judge.gap.next = self.x2_take.q.val();
        }
        self.judge.used.next = self.x2_used.q.val();
        self.judge.nxt.next = self.x2_nxt.q.val();
        self.judge.ack_ok.next = self.x2_ack_ok.q.val();
        self.judge.simple.next = self.x2_simple.q.val();
        self.x2_hdr.next = self.x2_o.q.val().hdr_a;
        self.unused_x2_hdr.next = self.x2_hdr.val();
        self.place.next_seq.next = self.x2_nxt.q.val();
        if self.x2_op.q.val() {
            self.place.next_seq.next = self.x2_o.q.val().seq;
            if self.x2_o.q.val().kind == OpKind::Install {
                self.place.next_seq.next = self.x2_hdr.val().get_bits::<32>(0);
            }
        }
        self.x2_tpt.next = (self.x2_frame.q.val() & self.x2_d.q.val().tpt)
            | (self.x2_op.q.val() & (self.x2_o.q.val().kind == OpKind::Fpdu));
        self.tpt_pop.next = self.x2_tpt.val();
        self.hdrb_pop.next = self.x2_frame.q.val();
        self.revoked.find_set.next = self.tpt.val().set;
        self.revoked.find_way.next = self.tpt.val().way;
        self.revoked.step.next = self.place.step.val();
        self.revoked.inv.next = self.place.inv_valid.val();
        self.revoked.set.next = self.place.inv_set.val();
        self.revoked.way.next = self.place.inv_way.val();
        self.revoked.idle.next = self.none.q.val();
        self.tables.form.next = self.x2_form.q.val();
        self.tables.c.next = self.x2_c.q.val();
        self.tables.f.next = self.x2_f.q.val();
        self.tables.tpt.next = self.tpt.val();
        self.tables.revoked.next = false;
        self.tables.rqe.next = self.rqe.val();
        self.tables.rdq.next = self.rdq.val();
        self.tables.head.next = self.x2_c.q.val().rd_head;
        self.undone.form.next = self.x2_form.q.val();
        self.undone.c.next = self.x2_c.q.val();
        self.undone.f.next = self.x2_f.q.val();
        self.undone.tpt.next = self.tpt.val();
        self.undone.revoked.next = true;
        self.undone.rqe.next = self.rqe.val();
        self.undone.rdq.next = self.rdq.val();
        self.undone.head.next = self.x2_c.q.val().rd_head;
        self.unused_ruling.next = self.undone.r.val();

        // X3
        self.place.op.next = self.x2_op.q.val();
        self.place.frame.next = self.x2_frame.q.val();
        self.place.mine.next = self.x2_mine.q.val();
        self.place.gone.next = self.x2_gone.q.val();
        self.place.d.next = self.x2_d.q.val();
        self.place.c.next = self.x2_c.q.val();
        self.place.o.next = self.x2_o.q.val();
        self.place.f.next = self.x2_f.q.val();
        self.place.v.next = self.judge.v.val();
        self.place.form.next = self.x2_form.q.val();
        self.place.base.next = self.x2_base.q.val();
        self.place.r.next = self.tables.r.val();
        if self.revoked.hit.val() {
            self.place.r.next.err = self.undone.r.val().err;
        }
        self.place.hdrb.next = self.hdrb.val();
        self.place.scan.next = self.scan.val();
        self.scan_pop.next = self.place.scan_pop.val();
        self.x_push.next = self.place.x_push.val();
        self.x_desc.next = self.place.x_desc.val();
        self.aux.next = self.place.aux.val();
        self.ack_push.next = self.place.ack_push.val();
        self.ack.next = self.place.ack.val();
        self.seg_push.next = self.place.seg_push.val();
        self.seg.next = self.place.seg.val();
        self.free_valid.next = self.place.free_valid.val();
        self.free_slot.next = self.place.free_slot.val();
        self.dyn_we.next = self.place.dyn_we.val();
        self.dyn_conn.next = self.place.dyn_conn.val();
        self.dyn_row.next = self.place.dyn_row.val();
        self.history.we.next = self.place.dyn_we.val();
        self.history.conn.next = self.place.dyn_conn.val();
        self.history.row.next = self.place.dyn_row.val();
        self.inv_valid.next = self.place.inv_valid.val();
        self.inv_set.next = self.place.inv_set.val();
        self.inv_way.next = self.place.inv_way.val();
        self.op_done.next = self.place.op_done.val();
        self.op_ok.next = self.place.op_ok.val();
        self.why.next = self.place.why.val();
        self.fpdu_out.next = self.place.fpdu_out.val();
    }
}
