//! The assembler's output: jobs in order become operations of the pipeline.
//!
//! | port | | |
//! |---|---|---|
//! | `push job`, `full` | in, out | a job; not pushed while `full`; depth 8, so that eight short FPDUs of a segment do not wait |
//! | `head_we head_slot head_in` | in | first 48 octets of a segment, kept for its frame slot: those of an FPDU that stays in the staging RAM |
//! | `hr_beat`, `hr_ok`, `hr_data` | out, in, in | pool beat to read; taken when `hr_ok`; the content 2 cycles later |
//! | `op_valid op_ready op` | out, in, out | operation, held until `op_ready` |
//!
//! The end of a segment becomes an operation 2 cycles after its push into an empty queue. An FPDU's first 48 octets are
//! read from its first pool block first: 48 / K beats, rounded up, and 3 cycles more (and the cycles without `hr_ok`).
//! Of a staged one they lie here and are there after 3 cycles. Operations leave from registers.

use super::blocks::NO_BLOCK;
use super::cfg::Cfg;
use super::types::{Op, OpKind, BEAT, CONN, HDR, HDR_A, HDR_B, SLOT};
use crate::prim::{
    ApplyMask, Fifo, LanesTo, PayloadCapture, Ram, Reg, RegNr, BEAT_BITS, CAPTURE_BYTES, POSITION,
};
use rust_hdl::prelude::*;

/// What the assembler says, in order: an FPDU or the end of a segment.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Job {
    pub seg_done: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Segment's end: stream position. FPDU: {octets of the header it has 6 bits, first block 16 bits}. Long: the length field.
    pub data: Bits<32>,
    /// FPDU: longer than allowed, not stored.
    pub long: bool,
    /// FPDU: bad CRC; `skip`: to be passed over, the segment's end tells it.
    pub told: bool,
    pub skip: bool,
    /// FPDU: it lies in the staging RAM; `data` is {frame slot 8 bits, staging address 22 bits}.
    pub staged: bool,
    /// With `told`: the CRC is good, a Marker was wrong.
    pub stray: bool,
    pub mid: bool,
    pub rollback: bool,
    pub crc_fail: bool,
    pub fin: bool,
    pub now: bool,
    pub sack: bool,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum OpState {
    /// Takes the next job; reads the header beats of an FPDU.
    Read,
    /// Waits for the last header beat.
    Last,
    /// Shows the FPDU.
    Show,
}

/// Jobs to operations.
#[derive(LogicBlock)]
pub struct OpMaker<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub job: Signal<In, Job>,
    pub full: Signal<Out, bool>,
    pub head_we: Signal<In, bool>,
    pub head_slot: Signal<In, Bits<SLOT>>,
    pub head_in: Signal<In, Bits<HDR>>,
    pub hr_beat: Signal<Out, Bits<BEAT>>,
    pub hr_ok: Signal<In, bool>,
    pub hr_data: Signal<In, Bits<D>>,
    pub op_valid: Signal<Out, bool>,
    pub op_ready: Signal<In, bool>,
    pub op: Signal<Out, Op>,
    jobs: Fifo<Job, 3>,
    capture: PayloadCapture<D>,
    reach: LanesTo<K>,
    mask: ApplyMask<D, K>,
    state: Reg<OpState>,
    beat: Reg<Bits<4>>,
    /// A header beat was asked for one and two cycles ago: its number, and which of its octets are the FPDU's.
    ask1: Reg<bool>,
    ask2: Reg<bool>,
    beat1: RegNr<Bits<4>>,
    beat2: RegNr<Bits<4>>,
    keep1: RegNr<Bits<K>>,
    keep2: RegNr<Bits<K>>,
    /// Instead of the header: the length field of an FPDU that is not stored.
    raw1: RegNr<Bits<16>>,
    raw2: RegNr<Bits<16>>,
    /// First octets of the FPDUs that lie in the staging RAM, by frame slot; of the one that is shown. One each, or none
    /// (`Cfg::bypass`).
    heads: Vec<Ram<Bits<HDR>, SLOT>>,
    head_q: Vec<RegNr<Bits<HDR>>>,
    _bypass: usize,
    unused_we: Signal<Local, bool>,
    unused_slot: Signal<Local, Bits<SLOT>>,
    unused_head: Signal<Local, Bits<HDR>>,
    shown: RegNr<Job>,
    head: Signal<Local, Job>,
    now: Signal<Local, Job>,
    now_unused: Signal<Local, Job>,
    word: Signal<Local, Bits<32>>,
    go: Signal<Local, bool>,
    data: Signal<Local, Bits<32>>,
    data_unused: Signal<Local, Bits<32>>,
    first: Signal<Local, Bits<BEAT>>,
    ask: Signal<Local, bool>,
    last_beat: Constant<Bits<4>>,
    blk_shift: Constant<Bits<5>>,
    none: Constant<Bits<BEAT>>,
}

impl<const D: usize, const K: usize, const LK: usize> OpMaker<D, K, LK> {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            job: Default::default(),
            full: Default::default(),
            head_we: Default::default(),
            head_slot: Default::default(),
            head_in: Default::default(),
            hr_beat: Default::default(),
            hr_ok: Default::default(),
            hr_data: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            jobs: Fifo::new().narrow(&[("conn", cfg.conn_bits), ("staged", cfg.bypass(LK).into())]),
            capture: PayloadCapture::new(),
            reach: LanesTo::new(),
            mask: ApplyMask::new(),
            state: Reg::new(OpState::Read),
            beat: Default::default(),
            ask1: Default::default(),
            ask2: Default::default(),
            beat1: Default::default(),
            beat2: Default::default(),
            keep1: Default::default(),
            keep2: Default::default(),
            raw1: Default::default(),
            raw2: Default::default(),
            heads: (0..usize::from(cfg.bypass(LK)))
                .map(|_| Ram::new(cfg.slot_bits, 2).collisions_undefined())
                .collect(),
            head_q: (0..usize::from(cfg.bypass(LK)))
                .map(|_| RegNr::default())
                .collect(),
            _bypass: cfg.bypass(LK).into(),
            unused_we: Default::default(),
            unused_slot: Default::default(),
            unused_head: Default::default(),
            shown: Default::default(),
            head: Default::default(),
            now: Default::default(),
            now_unused: Default::default(),
            word: Default::default(),
            go: Default::default(),
            data: Default::default(),
            data_unused: Default::default(),
            first: Default::default(),
            ask: Default::default(),
            last_beat: Constant::new((CAPTURE_BYTES.div_ceil(K) - 1).to_bits()),
            blk_shift: Constant::new(cfg.blk_bits.to_bits()),
            none: Constant::new(NO_BLOCK.to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for OpMaker<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.jobs.push.next = self.push.val();
        self.jobs.din.next = self.job.val();
        self.full.next = self.jobs.full.val();
        self.head.next = self.jobs.dout.val();
        self.data.next = self.head.val().data;
        self.data_unused.next = self.data.val();

        // Who is shown stays until it is taken; the next one's first header beat is asked for in that cycle.
        self.go.next = self.jobs.valid.val()
            & ((self.state.q.val() == OpState::Read)
                | ((self.state.q.val() == OpState::Show) & self.op_ready.val()));
        self.ask.next = false;
        self.jobs.pop.next = false;
        if (self.state.q.val() == OpState::Last) & !self.ask1.q.val() {
            self.state.d.next = OpState::Show;
        }
        if (self.state.q.val() == OpState::Show) & self.op_ready.val() {
            self.state.d.next = OpState::Read;
        }
        if self.go.val() {
            if self.head.val().skip {
                self.jobs.pop.next = true;
            } else if self.head.val().seg_done {
                self.jobs.pop.next = true;
                self.state.d.next = OpState::Show;
            } else if self.head.val().staged {
                // Its octets are there when those of a beat would be.
                self.ask.next = true;
                self.jobs.pop.next = true;
                self.state.d.next = OpState::Last;
            } else if self.hr_ok.val() {
                self.ask.next = true;
                self.beat.d.next = self.beat.q.val() + 1;
                if self.beat.q.val() == self.last_beat.val() {
                    self.beat.d.next = 0.into();
                    self.jobs.pop.next = true;
                    self.state.d.next = OpState::Last;
                }
            }
        }
        if self.jobs.pop.val() {
            self.shown.d.next = self.head.val();
        }

        // Header octets, zero behind the FPDU's end. The first block holds them all or all of the FPDU.
        self.first.next = self.data.val().get_bits::<BEAT>(0);
        self.hr_beat.next =
            (self.first.val() << self.blk_shift.val()) | bit_cast::<BEAT, 4>(self.beat.q.val());
        self.ask1.d.next = self.ask.val();
        self.ask2.d.next = self.ask1.q.val();
        self.beat1.d.next = self.beat.q.val();
        self.beat2.d.next = self.beat1.q.val();
        // At least one octet: an FPDU is never empty.
        self.reach.last.next = bit_cast::<POSITION, 6>(self.data.val().get_bits::<6>(16)) - 1;
        self.reach.beat.next = bit_cast::<BEAT_BITS, 4>(self.beat.q.val());
        self.keep1.d.next = self.reach.mask.val();
        self.raw1.d.next = 0.into();
        if self.head.val().long {
            self.keep1.d.next = 0.into();
            if self.beat.q.val() == 0 {
                self.raw1.d.next = self.data.val().get_bits::<16>(0);
            }
        }
        self.keep2.d.next = self.keep1.q.val();
        self.raw2.d.next = self.raw1.q.val();
        self.mask.data.next = self.hr_data.val();
        self.mask.keep.next = self.keep2.q.val();
        self.mask.flip.next = 0.into();
        self.capture.en.next = self.ask2.q.val();
        self.capture.beat.next = bit_cast::<BEAT_BITS, 4>(self.beat2.q.val());
        self.capture.hh.next = 0.into();
        self.capture.data.next = self.mask.dout.val() | bit_cast::<D, 16>(self.raw2.q.val());

        self.now.next = self.shown.q.val();
        self.word.next = self.now.val().data;
        self.op_valid.next = self.state.q.val() == OpState::Show;
        self.now_unused.next = self.now.val();
        self.op.next.kind = OpKind::Fpdu;
        self.op.next.blk = self.word.val().get_bits::<BEAT>(0);
        self.op.next.term = 0.into();
        if self.now.val().told {
            self.op.next.term = 0x2002.into();
            if self.now.val().stray {
                self.op.next.term = 0x2003.into();
            }
        }
        if self.now.val().long {
            self.op.next.term = 0x2005.into();
            self.op.next.blk = self.none.val();
        }
        if self.now.val().staged {
            self.op.next.blk = self.none.val();
        }
        if self.now.val().seg_done {
            self.op.next.kind = OpKind::SegDone;
            self.op.next.blk = self.none.val();
        }
        self.op.next.conn = self.now.val().conn;
        self.op.next.gen = self.now.val().gen;
        self.op.next.hdr_a = self.capture.header.val().get_bits::<160>(0);
        self.op.next.hdr_b = self.capture.header.val().get_bits::<224>(160);
        self.unused_we.next = self.head_we.val();
        self.unused_slot.next = self.head_slot.val();
        self.unused_head.next = self.head_in.val();
        for i in 0..self._bypass {
            self.heads[i].we.next = self.head_we.val();
            self.heads[i].waddr.next = self.head_slot.val();
            self.heads[i].wdata.next = self.head_in.val();
            self.heads[i].raddr.next = self.data.val().get_bits::<SLOT>(22);
            if self.ask2.q.val() {
                self.head_q[i].d.next = self.heads[i].rdata.val();
            }
            if self.now.val().staged {
                self.op.next.hdr_a = self.head_q[i].q.val().get_bits::<HDR_A>(0);
                self.op.next.hdr_b = self.head_q[i].q.val().get_bits::<HDR_B>(160);
            }
        }
        self.op.next.seq = self.word.val();
        self.op.next.mid = self.now.val().mid;
        self.op.next.rollback = self.now.val().rollback;
        self.op.next.crc_fail = self.now.val().crc_fail;
        self.op.next.fin = self.now.val().fin;
        self.op.next.now = self.now.val().now;
        self.op.next.sack = self.now.val().sack & self.now.val().seg_done;
        self.op.next.fence_id = 0.into();
    }
}
