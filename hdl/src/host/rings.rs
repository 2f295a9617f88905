//! Rings in host memory that the chip fills: completion queues, event queues.
//!
//! | stream | | |
//! |---|---|---|
//! | `cmd_*` | in | a ring begins: number, address of entry 0, log2 of its entries (0 to 23), doorbell page, PCIe function; or ends (`remove`) |
//! | `cmd_done` | out | pulse, in the commands' order: the ring is in; or nothing of it is under way any more, and its memory may go |
//! | `db_*` | in | a doorbell was written: of which page, and its fields (docs/queues.md, Doorbell of a CQ) |
//! | `claim_*` -> `answer_*` | in, out | an entry is promised, if one is free; `back`: such a promise is given back, no answer |
//! | `put_*` | in | an entry: its words, phase bit 0. `claimed`: it was promised; else it takes a free one or falls away |
//! | `wr_req_*`, `wr_data_*` | out | DMA writes of the entries, in order |
//! | `armed_*` | out | the ring has an entry that its host asked to be told of; the index of the doorbell that asked |
//! | `full_*` | out | a claim was refused or an entry fell away; once until the host gives entries back |
//! | `count_doorbell count_lost` | out | pulses: a doorbell ignored (no such ring, another page, an index behind the last one or beyond what is written); an entry fell away |
//!
//! A claim is what keeps a completion from being lost: whoever takes a work request claims its entry first, and waits while there is none.
//! An entry is never written over one that the host has not given back. The phase bit, the last one of an entry, is 1 in the first turn.
//!
//! **Stages**: event picked and row read; row; differences; decision ([`RingStep`]), row written. **Latency**: put to `wr_req` 5 cycles, claim to answer 5, doorbell to `armed` 5.
//! **Rate**: an event a cycle, of one ring every 5; entries as [`RingOut`] sends them.
//! **Back-pressure**: an event is picked only if every output has room for all in flight, in the order command, doorbell, then puts and claims by turns; one that must wait
//! for its ring lets the other kinds pass. After reset nothing is taken for 2^bits cycles (`ready`).
//! Depth of the outputs: 16, of which 5 are for events in flight. Table: 2^bits rows, one writer, the last stage.

use super::ring_out::RingOut;
use super::ring_state::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear};
use rust_hdl::prelude::*;

/// log2 of the rings at most.
pub const RINGS: usize = 16;

/// A ring and an index of it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RingAt {
    pub number: Bits<NUMBER>,
    pub ci: Bits<INDEX>,
}

/// Rings of entries of `E` bits (128, 256); `D` bits and `K` octets a beat.
#[derive(LogicBlock)]
pub struct Rings<const E: usize, const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_remove: Signal<In, bool>,
    pub cmd_number: Signal<In, Bits<NUMBER>>,
    pub cmd_base: Signal<In, Bits<64>>,
    pub cmd_log: Signal<In, Bits<5>>,
    pub cmd_page: Signal<In, Bits<10>>,
    pub cmd_func: Signal<In, Bits<8>>,
    pub cmd_done: Signal<Out, bool>,
    pub db_tvalid: Signal<In, bool>,
    pub db_tready: Signal<Out, bool>,
    pub db_number: Signal<In, Bits<NUMBER>>,
    pub db_page: Signal<In, Bits<10>>,
    pub db_ci: Signal<In, Bits<INDEX>>,
    pub db_arm: Signal<In, bool>,
    pub db_solicited: Signal<In, bool>,
    pub claim_tvalid: Signal<In, bool>,
    pub claim_tready: Signal<Out, bool>,
    pub claim_number: Signal<In, Bits<NUMBER>>,
    pub claim_back: Signal<In, bool>,
    pub answer_tvalid: Signal<Out, bool>,
    pub answer_tready: Signal<In, bool>,
    pub answer_ok: Signal<Out, bool>,
    pub put_tvalid: Signal<In, bool>,
    pub put_tready: Signal<Out, bool>,
    pub put_number: Signal<In, Bits<NUMBER>>,
    pub put_claimed: Signal<In, bool>,
    pub put_solicited: Signal<In, bool>,
    pub put_words: Signal<In, Bits<E>>,
    pub wr_req_tvalid: Signal<Out, bool>,
    pub wr_req_tready: Signal<In, bool>,
    pub wr_req_addr: Signal<Out, Bits<64>>,
    pub wr_req_len: Signal<Out, Bits<17>>,
    pub wr_req_func: Signal<Out, Bits<8>>,
    pub wr_data_tvalid: Signal<Out, bool>,
    pub wr_data_tready: Signal<In, bool>,
    pub wr_data_tdata: Signal<Out, Bits<D>>,
    pub wr_data_tkeep: Signal<Out, Bits<K>>,
    pub wr_data_tlast: Signal<Out, bool>,
    pub armed_tvalid: Signal<Out, bool>,
    pub armed_tready: Signal<In, bool>,
    pub armed_number: Signal<Out, Bits<NUMBER>>,
    pub armed_ci: Signal<Out, Bits<INDEX>>,
    pub full_tvalid: Signal<Out, bool>,
    pub full_tready: Signal<In, bool>,
    pub full_number: Signal<Out, Bits<NUMBER>>,
    pub count_doorbell: Signal<Out, bool>,
    pub count_lost: Signal<Out, bool>,

    rows: Ram<Ring, RINGS>,
    clear: RamClear<RINGS>,
    step: RingStep,
    out: RingOut<E, D, K>,
    answers: Fifo<bool, 4>,
    armeds: Fifo<RingAt, 4>,
    fulls: Fifo<Bits<NUMBER>, 4>,
    /// Events: row read, row there, differences there.
    s1: Reg<RingEv>,
    s2: Reg<RingEv>,
    s3: Reg<RingEv>,
    s4: Reg<RingEv>,
    ring3: RegNr<Ring>,
    ring4: RegNr<Ring>,
    used4: RegNr<Bits<INDEX>>,
    unread4: RegNr<Bits<INDEX>>,
    back4: RegNr<Bits<INDEX>>,
    roomy: Reg<bool>,
    /// Claims go before puts.
    turn: Reg<bool>,
    wrong: Reg<bool>,
    lost: Reg<bool>,
    want: Signal<Local, Bits<NUMBER>>,
    picked: Signal<Local, RingEv>,
    free_cmd: Signal<Local, bool>,
    free_db: Signal<Local, bool>,
    free_put: Signal<Local, bool>,
    free_claim: Signal<Local, bool>,
    put_first: Signal<Local, bool>,
    done: Signal<Local, RingDone>,
    row: Signal<Local, Ring>,
    at: Signal<Local, RingAt>,
    /// Of the events in flight.
    numbers: [Signal<Local, Bits<NUMBER>>; 4],
    busy: [Signal<Local, bool>; 4],
    blank: Constant<Ring>,
    beyond: Constant<Bits<NUMBER>>,
    places: Constant<Bits<8>>,
}

impl<const E: usize, const D: usize, const K: usize> Rings<E, D, K> {
    /// 2^bits rings.
    pub fn new(bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_remove: Default::default(),
            cmd_number: Default::default(),
            cmd_base: Default::default(),
            cmd_log: Default::default(),
            cmd_page: Default::default(),
            cmd_func: Default::default(),
            cmd_done: Default::default(),
            db_tvalid: Default::default(),
            db_tready: Default::default(),
            db_number: Default::default(),
            db_page: Default::default(),
            db_ci: Default::default(),
            db_arm: Default::default(),
            db_solicited: Default::default(),
            claim_tvalid: Default::default(),
            claim_tready: Default::default(),
            claim_number: Default::default(),
            claim_back: Default::default(),
            answer_tvalid: Default::default(),
            answer_tready: Default::default(),
            answer_ok: Default::default(),
            put_tvalid: Default::default(),
            put_tready: Default::default(),
            put_number: Default::default(),
            put_claimed: Default::default(),
            put_solicited: Default::default(),
            put_words: Default::default(),
            wr_req_tvalid: Default::default(),
            wr_req_tready: Default::default(),
            wr_req_addr: Default::default(),
            wr_req_len: Default::default(),
            wr_req_func: Default::default(),
            wr_data_tvalid: Default::default(),
            wr_data_tready: Default::default(),
            wr_data_tdata: Default::default(),
            wr_data_tkeep: Default::default(),
            wr_data_tlast: Default::default(),
            armed_tvalid: Default::default(),
            armed_tready: Default::default(),
            armed_number: Default::default(),
            armed_ci: Default::default(),
            full_tvalid: Default::default(),
            full_tready: Default::default(),
            full_number: Default::default(),
            count_doorbell: Default::default(),
            count_lost: Default::default(),
            rows: Ram::new(bits, 2).collisions_undefined(),
            clear: RamClear::new(bits),
            step: RingStep::new((E / 8).ilog2() as usize),
            out: Default::default(),
            answers: Default::default(),
            armeds: Default::default(),
            fulls: Default::default(),
            s1: Default::default(),
            s2: Default::default(),
            s3: Default::default(),
            s4: Default::default(),
            ring3: Default::default(),
            ring4: Default::default(),
            used4: Default::default(),
            unread4: Default::default(),
            back4: Default::default(),
            roomy: Default::default(),
            turn: Default::default(),
            wrong: Default::default(),
            lost: Default::default(),
            want: Default::default(),
            picked: Default::default(),
            free_cmd: Default::default(),
            free_db: Default::default(),
            free_put: Default::default(),
            free_claim: Default::default(),
            put_first: Default::default(),
            done: Default::default(),
            row: Default::default(),
            at: Default::default(),
            numbers: Default::default(),
            busy: Default::default(),
            blank: Constant::new(Ring::default()),
            beyond: Constant::new(((0xF_FFFFu64 << bits) & 0xF_FFFF).to_bits()),
            places: Constant::new(8.into()),
        }
    }
}

impl<const E: usize, const D: usize, const K: usize> Logic for Rings<E, D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();
        self.roomy.d.next = self.clear.done.val()
            & (self.answers.room.val() >= self.places.val())
            & (self.armeds.room.val() >= self.places.val())
            & (self.fulls.room.val() >= self.places.val())
            & (self.out.fates.val() >= self.places.val())
            & (self.out.bodies.val() >= self.places.val());

        self.numbers[0].next = self.s1.q.val().number;
        self.numbers[1].next = self.s2.q.val().number;
        self.numbers[2].next = self.s3.q.val().number;
        self.numbers[3].next = self.s4.q.val().number;
        self.busy[0].next = self.s1.q.val().op != RingOp::None;
        self.busy[1].next = self.s2.q.val().op != RingOp::None;
        self.busy[2].next = self.s3.q.val().op != RingOp::None;
        self.busy[3].next = self.s4.q.val().op != RingOp::None;

        // Whose ring has nothing in flight.
        self.free_cmd.next = self.cmd_tvalid.val();
        self.free_db.next = self.db_tvalid.val();
        self.free_put.next = self.put_tvalid.val();
        self.free_claim.next = self.claim_tvalid.val();
        for k in 0..4 {
            if self.busy[k].val() {
                if self.numbers[k].val() == self.cmd_number.val() {
                    self.free_cmd.next = false;
                }
                if self.numbers[k].val() == self.db_number.val() {
                    self.free_db.next = false;
                }
                if self.numbers[k].val() == self.put_number.val() {
                    self.free_put.next = false;
                }
                if self.numbers[k].val() == self.claim_number.val() {
                    self.free_claim.next = false;
                }
            }
        }
        self.cmd_tready.next = false;
        self.db_tready.next = false;
        self.put_tready.next = false;
        self.claim_tready.next = false;
        self.put_first.next = self.free_put.val() & (!self.turn.q.val() | !self.free_claim.val());
        self.picked.next = self.s1.q.val();
        self.picked.next.op = RingOp::None;
        self.picked.next.base = self.cmd_base.val();
        self.picked.next.log = self.cmd_log.val();
        self.picked.next.func = self.cmd_func.val();
        self.picked.next.page = self.cmd_page.val();
        self.picked.next.ci = self.db_ci.val();
        self.picked.next.arm = self.db_arm.val();
        self.picked.next.solicited = self.put_solicited.val();
        self.picked.next.claimed = self.put_claimed.val();
        self.want.next = self.claim_number.val();
        if self.roomy.q.val() {
            if self.free_cmd.val() {
                self.cmd_tready.next = true;
                self.picked.next.op = RingOp::Install;
                if self.cmd_remove.val() {
                    self.picked.next.op = RingOp::Remove;
                }
                self.want.next = self.cmd_number.val();
            } else if self.free_db.val() {
                self.db_tready.next = true;
                self.picked.next.op = RingOp::Doorbell;
                self.picked.next.page = self.db_page.val();
                self.picked.next.solicited = self.db_solicited.val();
                self.want.next = self.db_number.val();
            } else if self.put_first.val() {
                self.put_tready.next = true;
                self.picked.next.op = RingOp::Put;
                self.want.next = self.put_number.val();
                self.turn.d.next = true;
            } else if self.free_claim.val() {
                self.claim_tready.next = true;
                self.picked.next.op = RingOp::Claim;
                if self.claim_back.val() {
                    self.picked.next.op = RingOp::Unclaim;
                }
                self.turn.d.next = false;
            }
        }
        self.picked.next.number = self.want.val();
        self.picked.next.beyond = (self.want.val() & self.beyond.val()).any();
        self.rows.raddr.next = self.want.val().get_bits::<RINGS>(0);
        self.out.body_push.next = self.put_tready.val();
        self.out.body.next = self.put_words.val();

        self.s1.d.next = self.picked.val();
        self.s2.d.next = self.s1.q.val();
        self.s3.d.next = self.s2.q.val();
        self.s4.d.next = self.s3.q.val();
        self.ring3.d.next = self.rows.rdata.val();
        self.ring4.d.next = self.ring3.q.val();
        self.step.ev0.next = self.s3.q.val();
        self.step.ring0.next = self.ring3.q.val();
        self.used4.d.next = self.step.used.val();
        self.unread4.d.next = self.step.unread.val();
        self.back4.d.next = self.step.back.val();
        self.step.ev.next = self.s4.q.val();
        self.step.ring.next = self.ring4.q.val();
        self.step.used_q.next = self.used4.q.val();
        self.step.unread_q.next = self.unread4.q.val();
        self.step.back_q.next = self.back4.q.val();

        self.done.next = self.step.done.val();
        self.row.next = self.step.row.val();
        self.rows.we.next = self.done.val().write;
        self.rows.waddr.next = self.s4.q.val().number.get_bits::<RINGS>(0);
        self.rows.wdata.next = self.row.val();
        if self.clear.active.val() {
            self.rows.we.next = true;
            self.rows.waddr.next = self.clear.addr.val();
            self.rows.wdata.next = self.blank.val();
        }

        self.out.fate.next.put = self.done.val().put;
        self.out.fate.next.drop = self.done.val().drop;
        self.out.fate.next.command =
            (self.s4.q.val().op == RingOp::Install) | (self.s4.q.val().op == RingOp::Remove);
        self.out.fate.next.addr = self.step.addr.val();
        self.out.fate.next.func = self.row.val().func;
        self.out.fate.next.phase = self.step.phase.val();
        self.out.fate_push.next = self.done.val().put
            | self.done.val().drop
            | (self.s4.q.val().op == RingOp::Install)
            | (self.s4.q.val().op == RingOp::Remove);
        self.answers.push.next = self.done.val().answer;
        self.answers.din.next = self.done.val().ok;
        self.at.next.number = self.s4.q.val().number;
        self.at.next.ci = self.row.val().ci;
        self.armeds.push.next = self.done.val().armed;
        self.armeds.din.next = self.at.val();
        self.fulls.push.next = self.done.val().full;
        self.fulls.din.next = self.s4.q.val().number;
        self.wrong.d.next = self.done.val().wrong;
        self.lost.d.next = self.done.val().drop;
        self.count_doorbell.next = self.wrong.q.val();
        self.count_lost.next = self.lost.q.val();

        self.cmd_done.next = self.out.cmd_done.val();
        self.wr_req_tvalid.next = self.out.wr_req_tvalid.val();
        self.out.wr_req_tready.next = self.wr_req_tready.val();
        self.wr_req_addr.next = self.out.wr_req_addr.val();
        self.wr_req_len.next = self.out.wr_req_len.val();
        self.wr_req_func.next = self.out.wr_req_func.val();
        self.wr_data_tvalid.next = self.out.wr_data_tvalid.val();
        self.out.wr_data_tready.next = self.wr_data_tready.val();
        self.wr_data_tdata.next = self.out.wr_data_tdata.val();
        self.wr_data_tkeep.next = self.out.wr_data_tkeep.val();
        self.wr_data_tlast.next = self.out.wr_data_tlast.val();
        self.answer_tvalid.next = self.answers.valid.val();
        self.answer_ok.next = self.answers.dout.val();
        self.answers.pop.next = self.answers.valid.val() & self.answer_tready.val();
        self.armed_tvalid.next = self.armeds.valid.val();
        self.armed_number.next = self.armeds.dout.val().number;
        self.armed_ci.next = self.armeds.dout.val().ci;
        self.armeds.pop.next = self.armeds.valid.val() & self.armed_tready.val();
        self.full_tvalid.next = self.fulls.valid.val();
        self.full_number.next = self.fulls.dout.val();
        self.fulls.pop.next = self.fulls.valid.val() & self.full_tready.val();
    }
}
