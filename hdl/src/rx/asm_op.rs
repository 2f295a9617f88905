//! The assembler's output: jobs in order become operations of the pipeline.
//!
//! | port | | |
//! |---|---|---|
//! | `push job`, `full` | in, out | a job; not pushed while `full`; depth 8, so that eight short FPDUs of a segment do not wait |
//! | `hr_addr`, `hr_data` | out, in | header RAM, read latency 2 |
//! | `op_valid op_ready op` | out, in, out | operation, from registers, held until `op_ready` |
//!
//! A job without a block becomes an operation 2 cycles after its push into an empty block. An FPDU's first 48 octets are
//! read from the header RAM first: 48 / K beats, rounded up, and 3 cycles more.

use super::blocks::{LEN, NO_BLOCK};
use super::types::{Op, OpKind, BEAT, CONN};
use crate::prim::{Fifo, PayloadCapture, Reg, RegNr, BEAT_BITS, CAPTURE_BYTES};
use rust_hdl::prelude::*;

/// What the assembler says, in order: an FPDU (with or without a chain) or the end of a segment.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Job {
    pub seg_done: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// First block, [`NO_BLOCK`] for an FPDU that is not stored and for a segment's end.
    pub blk: Bits<BEAT>,
    /// Octets of the FPDU.
    pub total: Bits<LEN>,
    pub term: Bits<16>,
    /// An FPDU that is not stored: its length field as it stood on the wire.
    pub raw: Bits<16>,
    pub seq: Bits<32>,
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
}

/// Jobs to operations.
#[derive(LogicBlock)]
pub struct OpMaker<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub job: Signal<In, Job>,
    pub full: Signal<Out, bool>,
    pub hr_addr: Signal<Out, Bits<BEAT>>,
    pub hr_data: Signal<In, Bits<D>>,
    pub op_valid: Signal<Out, bool>,
    pub op_ready: Signal<In, bool>,
    pub op: Signal<Out, Op>,
    jobs: Fifo<Job, 3>,
    capture: PayloadCapture<D>,
    state: Reg<OpState>,
    beat: Reg<Bits<4>>,
    /// A header beat was asked for one and two cycles ago: its number, and whether the FPDU reaches it.
    ask1: Reg<bool>,
    ask2: Reg<bool>,
    beat1: Reg<Bits<4>>,
    beat2: Reg<Bits<4>>,
    there1: Reg<bool>,
    there2: Reg<bool>,
    valid: Reg<bool>,
    out: RegNr<Op>,
    head: Signal<Local, Job>,
    now: Signal<Local, Op>,
    ask: Signal<Local, bool>,
    send: Signal<Local, bool>,
    room: Signal<Local, bool>,
    stored: Signal<Local, bool>,
    last_beat: Constant<Bits<4>>,
    lk: Constant<Bits<5>>,
    hdr_shift: Constant<Bits<5>>,
    none: Constant<Bits<BEAT>>,
}

/// log2 of the header RAM's beats per FPDU at `k` octets a beat.
pub fn hdr_bits(k: usize) -> usize {
    CAPTURE_BYTES.div_ceil(k).next_power_of_two().ilog2() as usize
}

impl<const D: usize, const K: usize, const LK: usize> OpMaker<D, K, LK> {
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            job: Default::default(),
            full: Default::default(),
            hr_addr: Default::default(),
            hr_data: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            jobs: Default::default(),
            capture: PayloadCapture::new(),
            state: Reg::new(OpState::Read),
            beat: Default::default(),
            ask1: Default::default(),
            ask2: Default::default(),
            beat1: Default::default(),
            beat2: Default::default(),
            there1: Default::default(),
            there2: Default::default(),
            valid: Default::default(),
            out: Default::default(),
            head: Default::default(),
            now: Default::default(),
            ask: Default::default(),
            send: Default::default(),
            room: Default::default(),
            stored: Default::default(),
            last_beat: Constant::new((CAPTURE_BYTES.div_ceil(K) - 1).to_bits()),
            lk: Constant::new(LK.to_bits()),
            hdr_shift: Constant::new(hdr_bits(K).to_bits()),
            none: Constant::new(NO_BLOCK.to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Default for OpMaker<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for OpMaker<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.jobs.push.next = self.push.val();
        self.jobs.din.next = self.job.val();
        self.full.next = self.jobs.full.val();
        self.head.next = self.jobs.dout.val();
        self.stored.next = self.head.val().blk != self.none.val();
        self.room.next = !self.valid.q.val() | self.op_ready.val();

        self.ask.next = false;
        self.send.next = false;
        match self.state.q.val() {
            OpState::Read => {
                if self.jobs.valid.val() {
                    if self.stored.val() {
                        self.ask.next = true;
                        self.beat.d.next = self.beat.q.val() + 1;
                        if self.beat.q.val() == self.last_beat.val() {
                            self.beat.d.next = 0.into();
                            self.state.d.next = OpState::Last;
                        }
                    } else {
                        self.send.next = self.room.val();
                    }
                }
            }
            OpState::Last => {
                if !self.ask1.q.val() & !self.ask2.q.val() & self.room.val() {
                    self.send.next = true;
                    self.state.d.next = OpState::Read;
                }
            }
        }
        self.jobs.pop.next = self.send.val();

        // Header octets; a beat that the FPDU does not reach holds those of an earlier one.
        self.hr_addr.next =
            (self.head.val().blk << self.hdr_shift.val()) | bit_cast::<BEAT, 4>(self.beat.q.val());
        self.ask1.d.next = self.ask.val();
        self.ask2.d.next = self.ask1.q.val();
        self.beat1.d.next = self.beat.q.val();
        self.beat2.d.next = self.beat1.q.val();
        self.there1.d.next =
            (bit_cast::<LEN, 4>(self.beat.q.val()) << self.lk.val()) < self.head.val().total;
        self.there2.d.next = self.there1.q.val();
        self.capture.en.next = self.ask2.q.val();
        self.capture.beat.next = bit_cast::<BEAT_BITS, 4>(self.beat2.q.val());
        self.capture.hh.next = 0.into();
        self.capture.data.next = 0.into();
        if self.there2.q.val() {
            self.capture.data.next = self.hr_data.val();
        }

        self.now.next.kind = OpKind::Fpdu;
        if self.head.val().seg_done {
            self.now.next.kind = OpKind::SegDone;
        }
        self.now.next.conn = self.head.val().conn;
        self.now.next.gen = self.head.val().gen;
        self.now.next.hdr_a = self.capture.header.val().get_bits::<160>(0);
        self.now.next.hdr_b = self.capture.header.val().get_bits::<224>(160);
        if !self.stored.val() {
            self.now.next.hdr_a = bit_cast::<160, 16>(self.head.val().raw);
            self.now.next.hdr_b = 0.into();
        }
        self.now.next.blk = self.head.val().blk;
        self.now.next.term = self.head.val().term;
        self.now.next.seq = self.head.val().seq;
        self.now.next.mid = self.head.val().mid;
        self.now.next.rollback = self.head.val().rollback;
        self.now.next.crc_fail = self.head.val().crc_fail;
        self.now.next.fin = self.head.val().fin;
        self.now.next.fence_id = 0.into();

        if self.op_ready.val() {
            self.valid.d.next = false;
        }
        if self.send.val() {
            self.valid.d.next = true;
            self.out.d.next = self.now.val();
        }
        self.op_valid.next = self.valid.q.val();
        self.op.next = self.out.q.val();
    }
}
