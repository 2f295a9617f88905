//! The decision pipeline: J, X1, X2, X3. Every frame, every assembled FPDU and every table command that touches a
//! connection goes through it in one order, so a connection's state has one writer and one reader.
//!
//! | stage | a frame | an operation |
//! |---|---|---|
//! | J  | frame ended, context there, and its options if they take a walk: to the NIC queue, or on to X1; receive and read queue addresses out | context there |
//! | X1 | TCP distances from the forwarded state; what the header alone decides | header of an FPDU |
//! | X2 | TCP judgement; TPT, receive queue, read queue | same |
//! | X3 | checksums and CRC are in: place, hand to the assembler, acknowledge, drop, or report an error | same |
//!
//! Ports: the ingest FIFOs (`done`, `hdrb`, `scan`), the lookup FIFOs (`ctx`, `opq`), the TPT FIFO, the queues, and pushes
//! into the FIFOs of deliver, assembler and `ack_event`. Latency: NIC delivery pushed in J, iWARP delivery in X3 = J + 3.
//! A frame that ingest cut into parts is so many entries with one context entry, which leaves with the last (`parts.rs`).
//! One frame or operation every 2 cycles: X1 of one falls on X3 of the one before at the earliest. X1 takes the state from the
//! history, or from the one before: in X3 the state before it, of which X2 takes over what X3 has changed.
//! Timing: what comes late (`done_valid` and `done` at J, `frame_start`, `op_start`, `scan` at X3) only gates. Wide registers
//! load in every cycle, single bits say what they mean. A report is pushed a cycle behind X3, from registers. What J has used is popped in the cycle after, which no other J may
//! have; only an operation (`opq`) is popped in J. `dyn_*`, `inv_*`, `op_done`, `op_ok`, `why` and the counts are
//! registers, a cycle behind X3 or J.
//! Back-pressure: none. Nothing enters ingest (`admit`) or lookup (`op_room`) unless every FIFO behind that it may push into
//! has room for the whole window, so the pipeline never stalls and every state change finds its credits (DESIGN 5).
//! Room and window are looked at two cycles before they are used; the limits leave room for what starts meanwhile, from a
//! window of 6 on.
//! A frame that fails FCS, IP or TCP checksum changes nothing. Sources: RFC 9293 3.10.7.4, RFC 5044 6, RFC 5041 7,
//! RFC 5040 7; requirements MPA-54, MPA-55, DDP-21, DDP-22, DDP-39, DDP-3A, DDP-3D.

use super::cfg::Cfg;
use super::ddp::{FormCheck, HdrView, TableCheck};
use super::history::{DynHistory, Revoked};
use super::options::Found;
use super::place::Place;
use super::stamps::{StampRow, Stamps};
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
    /// The options of the oldest `odd` frame.
    pub found_valid: Signal<In, bool>,
    pub found: Signal<In, Found>,
    pub found_pop: Signal<Out, bool>,
    /// With `done`.
    pub part: Signal<In, Part>,
    pub hdrb: Signal<In, Bits<HDR_B>>,
    pub hdrb_pop: Signal<Out, bool>,
    pub part_hdrb: Signal<In, Bits<HDR_B>>,
    pub part_hdrb_pop: Signal<Out, bool>,
    /// With `scan`: CRC verdicts of all parts but the last.
    pub part_oks: Signal<In, Bits<16>>,
    pub scan: Signal<In, Scan>,
    pub scan_pop: Signal<Out, bool>,
    // lookup
    pub ctx_valid: Signal<In, bool>,
    pub ctx: Signal<In, CtxEntry>,
    pub ctx_pop: Signal<Out, bool>,
    /// A context entry goes into its FIFO in this cycle, of this connection.
    pub note: Signal<In, bool>,
    pub note_conn: Signal<In, Bits<CONN>>,
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
    pub seg_hdr: Signal<Out, Bits<HDR>>,
    /// The SACK blocks of a report are not told: its connection is gone, or has no SACK.
    pub sack_void: Signal<Out, bool>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    pub dyn_we: Signal<Out, bool>,
    pub dyn_conn: Signal<Out, Bits<CONN>>,
    pub dyn_row: Signal<Out, Dyn>,
    // timestamps
    pub ts_day: Signal<In, Bits<8>>,
    pub mir_we: Signal<In, bool>,
    pub mir_conn: Signal<In, Bits<CONN>>,
    pub mir_ack: Signal<In, Bits<32>>,
    // command block
    pub op_done: Signal<Out, bool>,
    pub op_ok: Signal<Out, bool>,
    // in flight
    pub frame_start: Signal<In, bool>,
    pub op_start: Signal<In, bool>,
    /// Another part of a frame; only with `part_room` in one of the cycles before.
    pub part_start: Signal<In, bool>,
    pub part_room: Signal<Out, bool>,
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
    flying: Reg<Bits<5>>,
    flying_now: Signal<Local, Bits<5>>,
    /// Started in the cycle before.
    started: Reg<bool>,
    op_started: Reg<bool>,
    part_started: Reg<bool>,
    part_free: Reg<bool>,
    begun: Signal<Local, Bits<5>>,
    /// Parts leave this much of the window to frames.
    parts_to: Constant<Bits<5>>,
    /// There is room for a frame, for an operation, in the window and in every FIFO.
    free: Reg<bool>,
    half_free: Reg<bool>,
    /// One less than the window; the part of it that operations may use.
    /// Data ahead of a gap goes to the assembler.
    keeps: Constant<bool>,
    window_1: Constant<Bits<5>>,
    half: Constant<Bits<5>>,
    base: Signal<Local, Bits<BYTE>>,
    _lk: usize,

    // J
    j_op: Signal<Local, bool>,
    j_frame: Signal<Local, bool>,
    j_known: Signal<Local, bool>,
    j_hit: Signal<Local, bool>,
    first: Signal<Local, bool>,
    j_raw: Signal<Local, Bits<HDR_A>>,
    j_view: HdrView,
    nic_dropped: Reg<bool>,
    bad_frame: Reg<bool>,

    // X1
    x1_op: Reg<bool>,
    x1_frame: Reg<bool>,
    /// There is a context entry.
    x1_known: Reg<bool>,
    /// A frame of an installed connection.
    x1_mine: Reg<bool>,
    /// The NIC delivery was pushed: it frees the slot.
    x1_gone: Reg<bool>,
    x1_d: RegNr<FrameDone>,
    x1_p: RegNr<Part>,
    x1_c: RegNr<CtxEntry>,
    x1_o: RegNr<Op>,
    x1_raw: RegNr<Bits<HDR_A>>,
    /// State as of the writes up to J.
    x1_f: Signal<Local, Dyn>,
    x1_held: RegNr<bool>,
    x1_slot: RegNr<Bits<4>>,
    /// The one before, in X3 now, is of the same connection.
    x1_near: Reg<bool>,
    /// It left X3 in the cycle before.
    x1_next: Reg<bool>,
    x1_view: HdrView,
    shape: FormCheck,
    history: DynHistory,
    gaps: SeqGap,
    /// Sequence number of the frame, or stream position of the operation.
    x1_seq: Signal<Local, Bits<32>>,
    fin: Signal<Local, bool>,

    // X2
    x2_op: Reg<bool>,
    x2_frame: Reg<bool>,
    x2_known: Reg<bool>,
    x2_mine: Reg<bool>,
    x2_whole: Reg<bool>,
    x2_gone: Reg<bool>,
    x2_d: RegNr<FrameDone>,
    x2_p: RegNr<Part>,
    x2_c: RegNr<CtxEntry>,
    x2_o: RegNr<Op>,
    x2_raw: RegNr<Bits<HDR_A>>,
    /// The state, but what the one before changed, which has just left X3 if `near`.
    x2_f: RegNr<Dyn>,
    x2_near: Reg<bool>,
    f: Signal<Local, Dyn>,
    moves: Signal<Local, Moves>,
    /// Distance from the old and the new `rcv_nxt`.
    x2_ahead: RegNr<Bits<32>>,
    x2_ahead_alt: RegNr<Bits<32>>,
    ahead: Signal<Local, Bits<32>>,
    x2_nxt: RegNr<Bits<32>>,
    x2_some: RegNr<bool>,
    x2_back: RegNr<Bits<17>>,
    x2_room: RegNr<Bits<34>>,
    x2_any_wnd: RegNr<bool>,
    /// Sequence number and window: less `ahead` it is where the window ends.
    x2_edge: RegNr<Bits<32>>,
    x2_ack_gap: RegNr<Bits<32>>,
    x2_ack_room: RegNr<Bits<32>>,
    x2_form: RegNr<Form>,
    x2_base: RegNr<Bits<BYTE>>,
    judge: TcpJudge,
    tables: TableCheck,
    revoked: Revoked,
    x2_tpt: Reg<bool>,
    /// One, or none (`Cfg::timestamps`).
    stamps: Vec<Stamps>,
    _stamps: usize,
    /// Without it nobody asks.
    unused_day: Signal<Local, Bits<8>>,
    unused_mir_we: Signal<Local, bool>,
    unused_mir_conn: Signal<Local, Bits<CONN>>,
    unused_mir_ack: Signal<Local, Bits<32>>,
    x2_rst: Signal<Local, bool>,
    unused_rst: Signal<Local, bool>,
    unused_stamp_we: Signal<Local, bool>,
    unused_stamp_row: Signal<Local, StampRow>,

    ack_push_q: Reg<bool>,
    ack_q: RegNr<Ack>,
    place: Place,
    _parts: usize,
}

impl Pipe {
    /// `lk` = log2 of the bytes in a beat; `cfg.window` frames and operations may be in flight.
    pub fn new(lk: usize, cfg: &Cfg) -> Self {
        let limit =
            |n: usize, less: usize| Constant::new((n.saturating_sub(less) as u64).to_bits());
        Self {
            clock: Default::default(),
            reset: Default::default(),
            done_valid: Default::default(),
            done: Default::default(),
            done_pop: Default::default(),
            found_valid: Default::default(),
            found: Default::default(),
            found_pop: Default::default(),
            part: Default::default(),
            hdrb: Default::default(),
            hdrb_pop: Default::default(),
            part_hdrb: Default::default(),
            part_hdrb_pop: Default::default(),
            part_oks: Default::default(),
            scan: Default::default(),
            scan_pop: Default::default(),
            ctx_valid: Default::default(),
            ctx: Default::default(),
            ctx_pop: Default::default(),
            note: Default::default(),
            note_conn: Default::default(),
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
            seg_hdr: Default::default(),
            sack_void: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            dyn_we: Default::default(),
            dyn_conn: Default::default(),
            dyn_row: Default::default(),
            ts_day: Default::default(),
            mir_we: Default::default(),
            mir_conn: Default::default(),
            mir_ack: Default::default(),
            op_done: Default::default(),
            op_ok: Default::default(),
            frame_start: Default::default(),
            op_start: Default::default(),
            part_start: Default::default(),
            part_room: Default::default(),
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
            flying_now: Default::default(),
            started: Default::default(),
            op_started: Default::default(),
            part_started: Default::default(),
            part_free: Default::default(),
            begun: Default::default(),
            parts_to: limit(cfg.window, 4),
            free: Default::default(),
            half_free: Default::default(),
            keeps: Constant::new(cfg.sack),
            window_1: limit(cfg.window, 1),
            half: limit(cfg.window / 2, 0),
            base: Default::default(),
            _lk: lk,
            j_op: Default::default(),
            j_frame: Default::default(),
            j_known: Default::default(),
            j_hit: Default::default(),
            first: Default::default(),
            j_raw: Default::default(),
            j_view: Default::default(),
            nic_dropped: Default::default(),
            bad_frame: Default::default(),
            x1_op: Default::default(),
            x1_frame: Default::default(),
            x1_known: Default::default(),
            x1_mine: Default::default(),
            x1_gone: Default::default(),
            x1_d: Default::default(),
            x1_p: Default::default(),
            x1_c: Default::default(),
            x1_o: Default::default(),
            x1_raw: Default::default(),
            x1_f: Default::default(),
            x1_held: Default::default(),
            x1_slot: Default::default(),
            x1_near: Default::default(),
            x1_next: Default::default(),
            x1_view: Default::default(),
            shape: Default::default(),
            history: DynHistory::new(cfg.window, cfg.conn_bits),
            gaps: Default::default(),
            x1_seq: Default::default(),
            fin: Default::default(),
            x2_op: Default::default(),
            x2_frame: Default::default(),
            x2_known: Default::default(),
            x2_mine: Default::default(),
            x2_whole: Default::default(),
            x2_gone: Default::default(),
            x2_d: Default::default(),
            x2_p: Default::default(),
            x2_c: Default::default(),
            x2_o: Default::default(),
            x2_raw: Default::default(),
            x2_f: Default::default(),
            x2_near: Default::default(),
            f: Default::default(),
            moves: Default::default(),
            x2_ahead: Default::default(),
            x2_ahead_alt: Default::default(),
            ahead: Default::default(),
            x2_nxt: Default::default(),
            x2_some: Default::default(),
            x2_back: Default::default(),
            x2_room: Default::default(),
            x2_any_wnd: Default::default(),
            x2_edge: Default::default(),
            x2_ack_gap: Default::default(),
            x2_ack_room: Default::default(),
            x2_form: Default::default(),
            x2_base: Default::default(),
            judge: Default::default(),
            tables: Default::default(),
            revoked: Revoked::new(cfg.window),
            x2_tpt: Default::default(),
            stamps: (0..usize::from(cfg.timestamps))
                .map(|_| Stamps::new(cfg))
                .collect(),
            _stamps: cfg.timestamps.into(),
            unused_day: Default::default(),
            unused_mir_we: Default::default(),
            unused_mir_conn: Default::default(),
            unused_mir_ack: Default::default(),
            x2_rst: Default::default(),
            unused_rst: Default::default(),
            unused_stamp_we: Default::default(),
            unused_stamp_row: Default::default(),
            ack_push_q: Default::default(),
            ack_q: Default::default(),
            place: Place::new(cfg.parts, cfg.bypass(lk)),
            _parts: cfg.parts.into(),
        }
    }
}

impl Logic for Pipe {
    #[hdl_gen]
    fn update(&mut self) {
        // In flight: admitted frames and launched operations that have not left X3. What starts comes late in the cycle and
        // counts in the next one.
        // `flying_now` are those in flight when this cycle begins. `free` and `half_free` are for the next cycle: one frame may
        // start in this one too, and of operations half the window is far enough below the window.
        self.started.d.next = self.frame_start.val();
        self.op_started.d.next = self.op_start.val();
        self.part_started.d.next = self.part_start.val();
        self.begun.next = self.flying.q.val();
        if self.part_started.q.val() {
            self.begun.next = self.flying.q.val() + 1;
        }
        self.flying_now.next = self.begun.val();
        if self.started.q.val() ^ self.op_started.q.val() {
            self.flying_now.next = self.begun.val() + 1;
        }
        if self.started.q.val() & self.op_started.q.val() {
            self.flying_now.next = self.begun.val() + 2;
        }
        self.flying.d.next = self.flying_now.val();
        if self.place.step.val() {
            self.flying.d.next = self.flying_now.val() - 1;
        }
        self.free.d.next =
            self.roomy.val() & self.seg_roomy.val() & (self.flying_now.val() < self.window_1.val());
        self.half_free.d.next = self.roomy.val() & (self.flying_now.val() < self.half.val());
        self.part_free.d.next =
            self.roomy.val() & self.seg_roomy.val() & (self.flying_now.val() < self.parts_to.val());
        self.part_room.next = self.part_free.q.val();
        self.admit.next = self.free.q.val();
        self.op_room.next = self.half_free.q.val();

        // J
        self.j_op.next = self.ctx_valid.val() & self.ctx.val().pseudo & !self.gap.q.val();
        self.j_frame.next = self.done_valid.val()
            & !self.gap.q.val()
            & !(self.ctx_valid.val() & self.ctx.val().pseudo)
            & (!self.done.val().tcp | self.ctx_valid.val())
            & (!self.done.val().odd | self.found_valid.val());
        self.j_hit.next = self.done.val().tcp & self.ctx.val().hit;
        self.gap.d.next = self.j_op.val() | self.j_frame.val();
        self.j_known.next = self.j_op.val() | (self.j_frame.val() & self.done.val().tcp);
        // What J has used leaves its FIFO in the cycle after, which `gap` keeps free: whether a frame ends comes late. An
        // operation is known early, and the next one waits for its place.
        self.done_pop.next = self.x1_frame.q.val();
        self.found_pop.next =
            self.x1_frame.q.val() & self.x1_d.q.val().odd & !self.x1_p.q.val().more;
        self.ctx_pop.next = self.x1_known.q.val() & !self.x1_p.q.val().more;
        self.opq_pop.next = self.j_op.val();
        // Of a frame of no connection nobody asks for the header.
        self.j_raw.next = self.done.val().hdr_a;
        if self.ctx.val().pseudo {
            self.j_raw.next = self.opq.val().hdr_a;
        }
        self.j_view.raw.next = self.j_raw.val();
        self.q_conn.next = self.ctx.val().conn;
        self.q_msn.next = self.j_view.h.val().msn;
        self.q_head.next = self.ctx.val().rd_head;

        // J: a frame of no installed connection goes to the NIC queue whole, or is dropped. Its first part stands for all of it.
        self.first.next = self.j_frame.val() & !self.part.val().extra;
        self.nic_push.next =
            self.first.val() & !self.j_hit.val() & self.nic_valid.val() & !self.done.val().bad;
        self.nic_pop.next = self.x1_gone.q.val();
        self.nic_dropped.d.next =
            self.first.val() & !self.j_hit.val() & !self.nic_valid.val() & !self.done.val().bad;
        self.bad_frame.d.next = self.first.val() & self.done.val().bad;
        self.count_nic.next = self.x1_gone.q.val();
        self.count_nic_drop.next = self.nic_dropped.q.val();
        self.count_bad_frame.next = self.bad_frame.q.val();
        self.nic_desc.next.beat = self.done.val().start;
        self.nic_desc.next.len = self.done.val().len;
        self.nic_desc.next.slot = self.done.val().slot;
        self.nic_desc.next.addr = self.nic_addr.val();
        self.nic_desc.next.idx = self.nic_idx.val();

        // J -> X1
        self.x1_op.d.next = self.j_op.val();
        self.x1_frame.d.next = self.j_frame.val();
        self.x1_known.d.next = self.j_known.val();
        self.x1_mine.d.next = self.j_frame.val() & self.j_hit.val();
        self.x1_gone.d.next = self.nic_push.val();
        self.x1_d.d.next = self.done.val();
        if self.done.val().odd {
            self.x1_d.d.next.ts = self.found.val().ts;
            self.x1_d.d.next.tsval = self.found.val().tsval;
            self.x1_d.d.next.tsecr = self.found.val().tsecr;
        }
        self.x1_p.d.next = self.part.val();
        if self.ctx_valid.val() & self.ctx.val().pseudo {
            self.x1_p.d.next.extra = false;
            self.x1_p.d.next.more = false;
        }
        self.x1_c.d.next = self.ctx.val();
        self.x1_o.d.next = self.opq.val();
        self.x1_raw.d.next = self.j_raw.val();
        self.history.note.next = self.note.val();
        self.history.note_conn.next = self.note_conn.val();
        self.history.pop.next = self.x1_known.q.val() & !self.x1_p.q.val().more;
        self.x1_held.d.next = self.history.slot.val().hit;
        self.x1_slot.d.next = self.history.slot.val().number;
        self.x1_near.d.next = self.history.slot.val().near & self.x2_known.q.val();
        self.x1_next.d.next = self.history.slot.val().near & self.place.known3.val();
        // The part in front has the same slot.
        if self.part.val().extra & !(self.ctx_valid.val() & self.ctx.val().pseudo) {
            self.x1_held.d.next = true;
            self.x1_slot.d.next = self.history.own.val();
            self.x1_near.d.next = self.x2_known.q.val();
            self.x1_next.d.next = self.place.known3.val();
        }

        // X1
        self.x1_view.raw.next = self.x1_raw.q.val();
        self.shape.h.next = self.x1_view.h.val();
        self.shape.rd_done.next = self.x1_c.q.val().rd_done;
        self.shape.raw_b.next = self.x1_o.q.val().hdr_b;
        self.history.find.next = self.x1_slot.q.val();
        self.x1_f.next.st = self.x1_c.q.val().st;
        self.x1_f.next.rcv_nxt = self.x1_c.q.val().rcv_nxt;
        self.x1_f.next.pend = self.x1_c.q.val().pend;
        self.x1_f.next.mid = self.x1_c.q.val().mid;
        self.x1_f.next.crc_rep = self.x1_c.q.val().crc_rep;
        self.x1_f.next.smsn = self.x1_c.q.val().smsn;
        self.x1_f.next.rmsn = self.x1_c.q.val().rmsn;
        self.x1_f.next.rd_head = self.x1_c.q.val().rd_head;
        self.x1_f.next.rd_off = self.x1_c.q.val().rd_off;
        self.x1_f.next.first = self.x1_c.q.val().first;
        self.x1_f.next.rst = self.x1_c.q.val().rst;
        if self.x1_held.q.val() {
            self.x1_f.next = self.history.row.val();
        }
        if self.x1_next.q.val() {
            self.x1_f.next = self.place.dyn_row.val();
        }
        if self.x1_near.q.val() {
            self.x1_f.next = self.place.was.val();
        }
        self.fin.next = self.x1_d.q.val().flags.get_bit(0);
        self.gaps.seq.next = self.x1_d.q.val().seq;
        self.gaps.ack.next = self.x1_d.q.val().ack;
        self.gaps.plen.next = self.x1_d.q.val().plen;
        self.gaps.fin.next = self.fin.val();
        self.gaps.rst.next = self.x1_d.q.val().flags.get_bit(2);
        self.gaps.rcv_wnd.next = self.x1_c.q.val().rcv_wnd;
        self.gaps.snd_una.next = self.x1_c.q.val().snd_una;
        self.gaps.snd_nxt.next = self.x1_c.q.val().snd_nxt;
        self.gaps.max_wnd.next = self.x1_c.q.val().max_wnd;
        for k in (self._lk)..(self._lk + 1) {
            self.base.next = bit_cast::<BYTE, BEAT>(self.x1_d.q.val().start) << k.to_bits::<5>();
        }

        // X1 -> X2
        self.x2_op.d.next = self.x1_op.q.val();
        self.x2_frame.d.next = self.x1_frame.q.val();
        self.x2_known.d.next = self.x1_known.q.val();
        self.x2_mine.d.next = self.x1_mine.q.val();
        self.x2_whole.d.next =
            self.x1_mine.q.val() & !self.x1_d.q.val().bad & self.x1_d.q.val().hdr_ok;
        self.x2_gone.d.next = self.x1_gone.q.val();
        self.x2_tpt.d.next = (self.x1_frame.q.val() & self.x1_d.q.val().tpt)
            | (self.x1_op.q.val() & (self.x1_o.q.val().kind == OpKind::Fpdu));
        self.x2_d.d.next = self.x1_d.q.val();
        self.x2_p.d.next = self.x1_p.q.val();
        self.x2_c.d.next = self.x1_c.q.val();
        self.x2_o.d.next = self.x1_o.q.val();
        self.x2_raw.d.next = self.x1_raw.q.val();
        self.x2_f.d.next = self.x1_f.val();
        self.x2_near.d.next = self.x1_near.q.val();
        self.x1_seq.next = self.x1_d.q.val().seq;
        if self.x1_op.q.val() {
            self.x1_seq.next = self.x1_o.q.val().seq;
        }
        self.x2_ahead.d.next = self.x1_seq.val() - self.x1_f.val().rcv_nxt;
        self.x2_ahead_alt.d.next = self.x1_seq.val() - self.place.alt.val();
        self.x2_nxt.d.next = self.gaps.nxt.val();
        self.x2_some.d.next = self.gaps.some.val();
        self.x2_back.d.next = self.gaps.back.val();
        self.x2_room.d.next = self.gaps.room.val();
        self.x2_any_wnd.d.next = self.x1_c.q.val().rcv_wnd.any();
        self.x2_edge.d.next = self.x1_d.q.val().seq + self.x1_c.q.val().rcv_wnd;
        self.x2_ack_gap.d.next = self.gaps.ack_gap.val();
        self.x2_ack_room.d.next = self.gaps.ack_room.val();
        self.x2_form.d.next = self.shape.form.val();
        self.x2_base.d.next = (self.base.val() + bit_cast::<BYTE, 8>(self.x1_d.q.val().h))
            + bit_cast::<BYTE, 16>(self.x1_p.q.val().off);

        // X2: first what the one before has changed.
        self.moves.next = self.place.moves.val();
        self.f.next = self.x2_f.q.val();
        self.ahead.next = self.x2_ahead.q.val();
        if self.x2_near.q.val() {
            self.f.next = self.place.turn.val();
        }
        if !(self.x2_near.q.val() & self.moves.val().nxt) {
            self.f.next.rcv_nxt = self.x2_f.q.val().rcv_nxt;
        }
        if !(self.x2_near.q.val() & self.moves.val().pend) {
            self.f.next.pend = self.x2_f.q.val().pend;
        }
        if !(self.x2_near.q.val() & self.moves.val().smsn) {
            self.f.next.smsn = self.x2_f.q.val().smsn;
        }
        if !(self.x2_near.q.val() & self.moves.val().rmsn) {
            self.f.next.rmsn = self.x2_f.q.val().rmsn;
        }
        if !(self.x2_near.q.val() & self.moves.val().rd) {
            self.f.next.rd_head = self.x2_f.q.val().rd_head;
            self.f.next.rd_off = self.x2_f.q.val().rd_off;
        }
        if self.x2_near.q.val() & self.moves.val().nxt {
            self.ahead.next = self.x2_ahead_alt.q.val();
        }
        self.judge.keeps.next = self.keeps.val();
        self.judge.whole.next = self.x2_whole.q.val();
        self.judge.d.next = self.x2_d.q.val();
        self.judge.f.next = self.f.val();
        self.judge.ahead.next = self.ahead.val();
        self.judge.some.next = self.x2_some.q.val();
        self.judge.back.next = self.x2_back.q.val();
        self.judge.room.next = self.x2_room.q.val();
        self.judge.rcv_wnd.next = self.x2_c.q.val().rcv_wnd;
        self.judge.any_wnd.next = self.x2_any_wnd.q.val();
        self.judge.ack_gap.next = self.x2_ack_gap.q.val();
        self.judge.ack_room.next = self.x2_ack_room.q.val();
        self.judge.base.next = self.x2_base.q.val();
        self.judge.unit.next = self.x2_d.q.val().plen;
        for _i in 0..self._parts {
            self.judge.unit.next = self.x2_p.q.val().len;
        }
        self.judge.fpdu.next = self.x2_form.q.val().fpdu;
        self.tpt_pop.next = self.x2_tpt.q.val();
        self.hdrb_pop.next = self.x2_frame.q.val() & !self.x2_p.q.val().extra;
        self.part_hdrb_pop.next = self.x2_frame.q.val() & self.x2_p.q.val().extra;
        self.revoked.find_set.next = self.tpt.val().set;
        self.revoked.find_way.next = self.tpt.val().way;
        self.revoked.step.next = self.place.step.val();
        self.revoked.flying.next = self.flying_now.val();
        self.revoked.inv.next = self.place.inv_valid.val();
        self.revoked.set.next = self.place.inv_set.val();
        self.revoked.way.next = self.place.inv_way.val();
        self.tables.form.next = self.x2_form.q.val();
        self.tables.c.next = self.x2_c.q.val();
        self.tables.f.next = self.f.val();
        self.tables.tpt.next = self.tpt.val();
        self.tables.revoked.next = self.revoked.hit.val();
        self.tables.rqe.next = self.rqe.val();
        self.tables.rdq.next = self.rdq.val();

        // Timestamps. A preset that does not judge them reports what comes.
        self.unused_day.next = self.ts_day.val();
        self.unused_mir_we.next = self.mir_we.val();
        self.unused_mir_conn.next = self.mir_conn.val();
        self.unused_mir_ack.next = self.mir_ack.val();
        self.x2_rst.next = self.x2_d.q.val().flags.get_bit(2);
        self.unused_rst.next = self.x2_rst.val();
        self.unused_stamp_we.next = self.place.stamp_we.val();
        self.unused_stamp_row.next = self.place.stamp_row.val();
        self.place.paws.next = false;
        self.place.bare.next = false;
        self.place.stamps.next = false;
        self.place.stamp_on.next = true;
        self.place.recent.next = 0.into();
        self.place.day.next = 0.into();
        for i in 0..self._stamps {
            self.stamps[i].conn.next = self.ctx.val().conn;
            self.stamps[i].conn_x1.next = self.x1_c.q.val().conn;
            self.stamps[i].near.next = self.x2_near.q.val();
            self.stamps[i].whole.next = self.x2_whole.q.val();
            self.stamps[i].ts.next = self.x2_d.q.val().ts;
            self.stamps[i].rst.next = self.x2_rst.val();
            self.stamps[i].tsval.next = self.x2_d.q.val().tsval;
            self.stamps[i].seq.next = self.x2_d.q.val().seq;
            self.stamps[i].day.next = self.ts_day.val();
            self.stamps[i].we.next = self.place.stamp_we.val();
            self.stamps[i].w_conn.next = self.place.dyn_conn.val();
            self.stamps[i].w_row.next = self.place.stamp_row.val();
            self.stamps[i].mir_we.next = self.mir_we.val();
            self.stamps[i].mir_conn.next = self.mir_conn.val();
            self.stamps[i].mir_ack.next = self.mir_ack.val();
            self.place.paws.next = self.stamps[i].paws.val();
            self.place.bare.next = self.stamps[i].bare.val();
            self.place.stamps.next = self.stamps[i].moves.val();
            self.place.stamp_on.next = self.stamps[i].on.val();
            self.place.recent.next = self.stamps[i].recent.val();
            self.place.day.next = self.ts_day.val();
        }

        // X3
        self.place.op.next = self.x2_op.q.val();
        self.place.frame.next = self.x2_frame.q.val();
        self.place.known.next = self.x2_known.q.val();
        self.place.mine.next = self.x2_mine.q.val();
        self.place.whole.next = self.x2_whole.q.val();
        self.place.gone.next = self.x2_gone.q.val();
        self.place.d.next = self.x2_d.q.val();
        self.place.c.next = self.x2_c.q.val();
        self.place.o.next = self.x2_o.q.val();
        self.place.f.next = self.f.val();
        self.place.v.next = self.judge.v.val();
        self.place.form.next = self.x2_form.q.val();
        self.place.nxt.next = self.x2_nxt.q.val();
        self.place.wnd_end.next = self.x2_edge.q.val() - self.ahead.val();
        self.place.got.next = self.tables.got.val();
        self.place.base.next = self.x2_base.q.val();
        self.place.r.next = self.tables.r.val();
        self.place.hdr_a.next = self.x2_raw.q.val();
        self.place.part.next = self.x2_p.q.val();
        self.place.part_oks.next = self.part_oks.val();
        self.place.hdr_b.next = self.hdrb.val();
        if self.x2_p.q.val().extra {
            self.place.hdr_b.next = self.part_hdrb.val();
        }
        if self.x2_op.q.val() {
            self.place.hdr_b.next = self.x2_o.q.val().hdr_b;
        }
        self.place.scan.next = self.scan.val();
        self.scan_pop.next = self.place.scan_pop.val();
        self.x_push.next = self.place.x_push.val();
        self.x_desc.next = self.place.x_desc.val();
        self.aux.next = self.place.aux.val();
        // Whether there is a report comes late, from the checksums.
        self.ack_push_q.d.next = self.place.ack_push.val();
        self.ack_q.d.next = self.place.ack.val();
        self.ack_push.next = self.ack_push_q.q.val();
        self.ack.next = self.ack_q.q.val();
        self.seg_push.next = self.place.seg_push.val();
        self.seg.next = self.place.seg.val();
        self.seg_hdr.next = self.place.seg_hdr.val();
        self.sack_void.next = self.place.sack_void.val();
        self.free_valid.next = self.place.free_valid.val();
        self.free_slot.next = self.place.free_slot.val();
        self.dyn_we.next = self.place.dyn_we.val();
        self.dyn_conn.next = self.place.dyn_conn.val();
        self.dyn_row.next = self.place.dyn_row.val();
        self.history.we.next = self.place.keep.val();
        self.history.new_row.next = self.place.dyn_row.val();
        self.history.more.next = self.place.keep_more.val();
        self.inv_valid.next = self.place.inv_valid.val();
        self.inv_set.next = self.place.inv_set.val();
        self.inv_way.next = self.place.inv_way.val();
        self.op_done.next = self.place.op_done.val();
        self.op_ok.next = self.place.op_ok.val();
        self.why.next = self.place.why.val();
        self.fpdu_out.next = self.place.fpdu_out.val();
    }
}
