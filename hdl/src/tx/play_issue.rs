//! Play, issuing: joins pieces with what their regions answer, asks the host for them, and promises the segment.
//!
//! | port | | |
//! |---|---|---|
//! | `piece_valid piece_pop piece`, `job_valid job_pop job` | FIFOs in | of the walker |
//! | `answer_tvalid answer_tready answer_ok answer_addr` | in stream | the regions' answers, in the order of the questions |
//! | `req_tvalid req_tready req` | out stream | DMA reads, class PAYLOAD |
//! | `skip skip_tag` | out | pulse: this tag's read is not asked for |
//! | `turn_tvalid turn_tready turn` | out stream | [`Turn`], to compose |
//! | `out_valid out_pop out` | FIFO out | jobs for the reader, `2^out_bits` deep, `void` ones too |
//! | `fail_tvalid fail_tready fail` | out stream | [`Fail`]: a region refuses (LOC_PROT_ERR), the entries are too short (LOC_QP_OP_ERR) |
//!
//! A turn is promised when all pieces of its FPDU have been allowed, not when they have come: so that what one connection may send is asked of `snd` again while the octets are still on their way.
//! When one is refused, the rest of that grant gives nothing; its last turn has `len` 0.
//!
//! **Latency**: answer to `req` 2 cycles; last answer to `turn` 3. **Rate**: a piece in 2 cycles, a job in 2. **Back-pressure**: waits for its FIFOs; answers wait in one 8 deep.

use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum IssueState {
    Look,
    Piece,
    Commit,
    Fail,
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Answer {
    pub ok: bool,
    pub addr: Bits<64>,
}

#[derive(LogicBlock)]
pub struct PlayIssue {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub piece_valid: Signal<In, bool>,
    pub piece_pop: Signal<Out, bool>,
    pub piece: Signal<In, Piece>,
    pub job_valid: Signal<In, bool>,
    pub job_pop: Signal<Out, bool>,
    pub job: Signal<In, Job>,
    pub answer_tvalid: Signal<In, bool>,
    pub answer_tready: Signal<Out, bool>,
    pub answer_ok: Signal<In, bool>,
    pub answer_addr: Signal<In, Bits<64>>,
    pub req_tvalid: Signal<Out, bool>,
    pub req_tready: Signal<In, bool>,
    pub req: Signal<Out, RdReq>,
    pub skip: Signal<Out, bool>,
    pub skip_tag: Signal<Out, Bits<TAG>>,
    pub turn_tvalid: Signal<Out, bool>,
    pub turn_tready: Signal<In, bool>,
    pub turn: Signal<Out, Turn>,
    pub out_valid: Signal<Out, bool>,
    pub out_pop: Signal<In, bool>,
    pub out: Signal<Out, Job>,
    pub fail_tvalid: Signal<Out, bool>,
    pub fail_tready: Signal<In, bool>,
    pub fail: Signal<Out, Fail>,

    answers: Fifo<Answer, 3>,
    reqs: Fifo<RdReq, 2>,
    turns: Fifo<Turn, 4>,
    outs: Fifo<Job, 6>,
    state: Reg<IssueState>,
    handled: Reg<Bits<5>>,
    bad: Reg<bool>,
    /// The rest of the grant gives nothing.
    broken: Reg<bool>,
    p: RegNr<Piece>,
    a: RegNr<Answer>,
    complete: Signal<Local, bool>,
    refused: Signal<Local, bool>,
    a_in: Signal<Local, Answer>,
    request: Signal<Local, RdReq>,
    promise: Signal<Local, Turn>,
    passed: Signal<Local, Job>,
    failed: Signal<Local, Fail>,
    unused_room: Signal<Local, Bits<8>>,
    nothing: Constant<Bits<3>>,
}

impl PlayIssue {
    /// `2^out_bits` jobs wait for their octets.
    pub fn new(out_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            piece_valid: Default::default(),
            piece_pop: Default::default(),
            piece: Default::default(),
            job_valid: Default::default(),
            job_pop: Default::default(),
            job: Default::default(),
            answer_tvalid: Default::default(),
            answer_tready: Default::default(),
            answer_ok: Default::default(),
            answer_addr: Default::default(),
            req_tvalid: Default::default(),
            req_tready: Default::default(),
            req: Default::default(),
            skip: Default::default(),
            skip_tag: Default::default(),
            turn_tvalid: Default::default(),
            turn_tready: Default::default(),
            turn: Default::default(),
            out_valid: Default::default(),
            out_pop: Default::default(),
            out: Default::default(),
            fail_tvalid: Default::default(),
            fail_tready: Default::default(),
            fail: Default::default(),
            answers: Default::default(),
            reqs: Default::default(),
            turns: Default::default(),
            outs: Fifo::sized(out_bits),
            state: Reg::new(IssueState::Look),
            handled: Default::default(),
            bad: Default::default(),
            broken: Default::default(),
            p: Default::default(),
            a: Default::default(),
            complete: Default::default(),
            refused: Default::default(),
            a_in: Default::default(),
            request: Default::default(),
            promise: Default::default(),
            passed: Default::default(),
            failed: Default::default(),
            unused_room: Default::default(),
            nothing: Constant::new(0u64.to_bits()),
        }
    }
}

impl Logic for PlayIssue {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_room.next = (self.answers.room.val() ^ self.reqs.room.val())
            ^ (self.turns.room.val() ^ self.outs.room.val());
        self.answer_tready.next = !self.answers.full.val();
        self.a_in.next.ok = self.answer_ok.val();
        self.a_in.next.addr = self.answer_addr.val();
        self.answers.din.next = self.a_in.val();
        self.answers.push.next = self.answer_tvalid.val() & !self.answers.full.val();
        self.answers.pop.next = false;
        self.piece_pop.next = false;
        self.job_pop.next = false;
        self.skip.next = false;
        self.skip_tag.next = self.p.q.val().tag;

        self.request.next.addr = self.a.q.val().addr;
        self.request.next.len = bit_cast::<17, 14>(self.p.q.val().len);
        self.request.next.tag = bit_cast::<10, TAG>(self.p.q.val().tag);
        self.request.next.conn = bit_cast::<SEAM_CONN, CONN>(self.p.q.val().conn);
        self.request.next.gen = self.p.q.val().gen;
        self.request.next.func = self.p.q.val().func;
        self.request.next.class = self.nothing.val();
        self.reqs.din.next = self.request.val();
        self.reqs.push.next = false;

        self.complete.next = self.job_valid.val()
            & ((self.handled.q.val() == self.job.val().reads) | self.job.val().kind.any());
        self.refused.next = !self.job.val().kind.any()
            & ((self.bad.q.val() | self.broken.q.val()) | self.job.val().status.any());
        self.promise.next.conn = self.job.val().conn;
        self.promise.next.gen = self.job.val().gen;
        self.promise.next.seq = self.job.val().seq;
        self.promise.next.len = self.job.val().take;
        self.promise.next.psh = self.job.val().psh;
        self.promise.next.probe = self.job.val().probe;
        self.promise.next.last = self.job.val().last;
        if self.refused.val() | self.job.val().kind.any() {
            self.promise.next.len = 0.into();
            self.promise.next.psh = false;
        }
        self.turns.din.next = self.promise.val();
        self.turns.push.next = false;
        self.passed.next = self.job.val();
        self.passed.next.void = self.refused.val();
        self.outs.din.next = self.passed.val();
        self.outs.push.next = false;
        self.failed.next.conn = self.job.val().conn;
        self.failed.next.gen = self.job.val().gen;
        self.failed.next.rec = self.job.val().rec;
        self.failed.next.slot = self.job.val().slot;
        self.failed.next.status = 4.into();
        if self.job.val().status.any() {
            self.failed.next.status = self.job.val().status;
        }
        self.fail_tvalid.next = self.state.q.val() == IssueState::Fail;
        self.fail.next = self.failed.val();

        match self.state.q.val() {
            IssueState::Look => {
                self.p.d.next = self.piece.val();
                self.a.d.next = self.answers.dout.val();
                if self.complete.val() {
                    self.state.d.next = IssueState::Commit;
                    if (self.refused.val() & !self.broken.q.val()) & !self.job.val().kind.any() {
                        self.state.d.next = IssueState::Fail;
                    }
                } else {
                    if self.piece_valid.val() & self.answers.valid.val() {
                        self.piece_pop.next = true;
                        self.answers.pop.next = true;
                        self.state.d.next = IssueState::Piece;
                    }
                }
            }
            IssueState::Piece => {
                if !self.a.q.val().ok | (self.bad.q.val() | self.broken.q.val()) {
                    self.bad.d.next = true;
                    self.skip.next = true;
                    self.handled.d.next = self.handled.q.val() + 1;
                    self.state.d.next = IssueState::Look;
                } else {
                    if !self.reqs.full.val() {
                        self.reqs.push.next = true;
                        self.handled.d.next = self.handled.q.val() + 1;
                        self.state.d.next = IssueState::Look;
                    }
                }
            }
            IssueState::Fail => {
                if self.fail_tready.val() {
                    self.state.d.next = IssueState::Commit;
                }
            }
            _ => {
                if !self.turns.full.val() & !self.outs.full.val() {
                    // Of a mark no turn; of what is refused the last one.
                    self.turns.push.next =
                        (self.job.val().last | !self.refused.val()) & (self.job.val().kind != 2);
                    self.outs.push.next = self.job.val().kind != 1;
                    self.broken.d.next = self.refused.val() & !self.job.val().last;
                    self.bad.d.next = false;
                    self.handled.d.next = 0.into();
                    self.job_pop.next = true;
                    self.state.d.next = IssueState::Look;
                }
            }
        }

        self.req_tvalid.next = self.reqs.valid.val();
        self.reqs.pop.next = self.reqs.valid.val() & self.req_tready.val();
        self.req.next = self.reqs.dout.val();
        self.turn_tvalid.next = self.turns.valid.val();
        self.turns.pop.next = self.turns.valid.val() & self.turn_tready.val();
        self.turn.next = self.turns.dout.val();
        self.out_valid.next = self.outs.valid.val();
        self.outs.pop.next = self.out_pop.val();
        self.out.next = self.outs.dout.val();
    }
}
