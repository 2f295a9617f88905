//! The assembler's output: jobs in order become operations of the pipeline.
//!
//! | port | | |
//! |---|---|---|
//! | `push job`, `full` | in, out | a job; not pushed while `full`; depth 8, so that eight short FPDUs of a segment do not wait |
//! | `hr_beat`, `hr_ok`, `hr_data` | out, in, in | pool beat to read; taken when `hr_ok`; the content 2 cycles later |
//! | `op_valid op_ready op` | out, in, out | operation, held until `op_ready` |
//!
//! The end of a segment becomes an operation the cycle after its push into an empty queue. An FPDU's first 48 octets are
//! read from its first pool block first: 48 / K beats, rounded up, and 3 cycles more (and the cycles without `hr_ok`).

use super::blocks::NO_BLOCK;
use super::cfg::Cfg;
use super::types::{Op, OpKind, BEAT, CONN};
use crate::prim::{
    ApplyMask, Fifo, PayloadCapture, RangeMask, Reg, RegNr, BEAT_BITS, CAPTURE_BYTES,
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
    pub mid: bool,
    pub rollback: bool,
    pub crc_fail: bool,
    pub fin: bool,
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
    pub hr_beat: Signal<Out, Bits<BEAT>>,
    pub hr_ok: Signal<In, bool>,
    pub hr_data: Signal<In, Bits<D>>,
    pub op_valid: Signal<Out, bool>,
    pub op_ready: Signal<In, bool>,
    pub op: Signal<Out, Op>,
    jobs: Fifo<Job, 3>,
    capture: PayloadCapture<D>,
    reach: RangeMask<K>,
    mask: ApplyMask<D, K>,
    state: Reg<OpState>,
    beat: Reg<Bits<4>>,
    /// A header beat was asked for one and two cycles ago: its number, and which of its octets are the FPDU's.
    ask1: Reg<bool>,
    ask2: Reg<bool>,
    beat1: RegNr<Bits<4>>,
    beat2: RegNr<Bits<4>>,
    keep2: RegNr<Bits<K>>,
    /// Instead of the header: the length field of an FPDU that is not stored.
    raw2: RegNr<Bits<16>>,
    head: Signal<Local, Job>,
    fpdu: Signal<Local, bool>,
    long: Signal<Local, bool>,
    data: Signal<Local, Bits<32>>,
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
            hr_beat: Default::default(),
            hr_ok: Default::default(),
            hr_data: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            jobs: Default::default(),
            capture: PayloadCapture::new(),
            reach: RangeMask::new(),
            mask: ApplyMask::new(),
            state: Reg::new(OpState::Read),
            beat: Default::default(),
            ask1: Default::default(),
            ask2: Default::default(),
            beat1: Default::default(),
            beat2: Default::default(),
            keep2: Default::default(),
            raw2: Default::default(),
            head: Default::default(),
            fpdu: Default::default(),
            long: Default::default(),
            data: Default::default(),
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
        self.fpdu.next = !self.head.val().seg_done;
        self.data.next = self.head.val().data;
        self.first.next = self.data.val().get_bits::<BEAT>(0);
        self.long.next = self.head.val().long;

        self.ask.next = false;
        self.jobs.pop.next = false;
        self.op_valid.next = false;
        match self.state.q.val() {
            OpState::Read => {
                if self.jobs.valid.val() {
                    if !self.fpdu.val() {
                        self.op_valid.next = true;
                        self.jobs.pop.next = self.op_ready.val();
                    } else if self.head.val().skip {
                        self.jobs.pop.next = true;
                    } else if self.hr_ok.val() {
                        self.ask.next = true;
                        self.beat.d.next = self.beat.q.val() + 1;
                        if self.beat.q.val() == self.last_beat.val() {
                            self.beat.d.next = 0.into();
                            self.state.d.next = OpState::Last;
                        }
                    }
                }
            }
            OpState::Last => {
                if !self.ask1.q.val() {
                    self.state.d.next = OpState::Show;
                }
            }
            OpState::Show => {
                self.op_valid.next = true;
                self.jobs.pop.next = self.op_ready.val();
                if self.op_ready.val() {
                    self.state.d.next = OpState::Read;
                }
            }
        }

        // Header octets, zero behind the FPDU's end. The first block holds them all or all of the FPDU.
        self.hr_beat.next =
            (self.first.val() << self.blk_shift.val()) | bit_cast::<BEAT, 4>(self.beat.q.val());
        self.ask1.d.next = self.ask.val();
        self.ask2.d.next = self.ask1.q.val();
        self.beat1.d.next = self.beat.q.val();
        self.beat2.d.next = self.beat1.q.val();
        self.reach.start.next = 0.into();
        self.reach.stop.next = bit_cast::<16, 6>(self.data.val().get_bits::<6>(16));
        self.reach.beat.next = bit_cast::<BEAT_BITS, 4>(self.beat1.q.val());
        self.keep2.d.next = self.reach.mask.val();
        self.raw2.d.next = 0.into();
        if self.long.val() {
            self.keep2.d.next = 0.into();
            if self.beat1.q.val() == 0 {
                self.raw2.d.next = self.data.val().get_bits::<16>(0);
            }
        }
        self.mask.data.next = self.hr_data.val();
        self.mask.keep.next = self.keep2.q.val();
        self.mask.flip.next = 0.into();
        self.capture.en.next = self.ask2.q.val();
        self.capture.beat.next = bit_cast::<BEAT_BITS, 4>(self.beat2.q.val());
        self.capture.hh.next = 0.into();
        self.capture.data.next = self.mask.dout.val() | bit_cast::<D, 16>(self.raw2.q.val());

        self.op.next.kind = OpKind::Fpdu;
        self.op.next.blk = self.first.val();
        self.op.next.term = 0.into();
        if self.head.val().told {
            self.op.next.term = 0x2002.into();
        }
        if self.long.val() {
            self.op.next.term = 0x2005.into();
            self.op.next.blk = self.none.val();
        }
        if self.head.val().seg_done {
            self.op.next.kind = OpKind::SegDone;
            self.op.next.blk = self.none.val();
        }
        self.op.next.conn = self.head.val().conn;
        self.op.next.gen = self.head.val().gen;
        self.op.next.hdr_a = self.capture.header.val().get_bits::<160>(0);
        self.op.next.hdr_b = self.capture.header.val().get_bits::<224>(160);
        self.op.next.seq = self.data.val();
        self.op.next.mid = self.head.val().mid;
        self.op.next.rollback = self.head.val().rollback;
        self.op.next.crc_fail = self.head.val().crc_fail;
        self.op.next.fin = self.head.val().fin;
        self.op.next.fence_id = 0.into();
    }
}
