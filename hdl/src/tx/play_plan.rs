//! Play, planning: which octets of which FPDUs a grant gives.
//!
//! | port | | |
//! |---|---|---|
//! | `grant_*` | in stream | of `snd`; one of kind 0 gives nothing |
//! | `mark_valid mark_ready mark_conn` | in stream | a mark to go behind all tasks before it |
//! | `quantum` | in | segments of new octets a grant may give, 1 at least |
//! | `win_we win_conn win`, `rec_we rec_addr rec`, `manner_we manner_conn manner_mss` | in | writers of the tables |
//! | `part_valid part_pop part` | FIFO out | [`Task`] |
//!
//! The record that holds `from` is found by bisection, the first guess being the record behind the one that was given last: a grant that goes on where the one before ended needs one read.
//! Records are freed and written while it looks. What it finds is compared with `from`, and when it finds nothing and the oldest record is another by now, it begins again.
//! A segment is one FPDU, or a part of one: whole, if the budget holds it. If not, and nothing is outstanding (`idle`), the part that fits (RFC 9293 3.8.6.2.1: the window can hardly open
//! further by itself); otherwise nothing. Octets sent before are given as far as the budget goes. A segment never is longer than MSS, so an FPDU that is (MULPDU is 128 at least) goes in parts.
//! A segment may begin inside an FPDU; the rest of that one goes first, alone.
//!
//! **Latency**: grant to task 12 cycles with the first guess right, 6 a further guess; a segment behind which there might be another one waits 8 for that. **Rate**: a segment 8 cycles and a grant 5. **Back-pressure**: waits for the task FIFO, 4 deep.

use super::snd_types::Send;
use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram};
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum PlanState {
    Idle,
    Read,
    Wait,
    Have,
    Probe0,
    Probe1,
    Probe2,
    Gap,
    Judge,
    Split,
    Size,
    Take,
    Close,
}

#[derive(LogicBlock)]
pub struct PlayPlan {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub quantum: Signal<In, Bits<4>>,
    pub grant_tvalid: Signal<In, bool>,
    pub grant_tready: Signal<Out, bool>,
    pub grant_conn: Signal<In, Bits<SEAM_CONN>>,
    pub grant_gen: Signal<In, Bits<8>>,
    pub grant_kind: Signal<In, Send>,
    pub grant_from: Signal<In, Bits<32>>,
    pub grant_budget: Signal<In, Bits<32>>,
    pub grant_idle: Signal<In, bool>,
    pub mark_valid: Signal<In, bool>,
    pub mark_ready: Signal<Out, bool>,
    pub mark_conn: Signal<In, Bits<CONN>>,
    pub win_we: Signal<In, bool>,
    pub win_conn: Signal<In, Bits<CONN>>,
    pub win: Signal<In, Window>,
    pub rec_we: Signal<In, bool>,
    pub rec_addr: Signal<In, Bits<REC_ADDR>>,
    pub rec: Signal<In, Record>,
    pub manner_we: Signal<In, bool>,
    pub manner_conn: Signal<In, Bits<CONN>>,
    pub manner_mss: Signal<In, Bits<14>>,
    pub part_valid: Signal<Out, bool>,
    pub part_pop: Signal<In, bool>,
    pub part: Signal<Out, Task>,

    wins: Ram<Window, CONN>,
    recs: Ram<Record, REC_ADDR>,
    msses: Ram<Bits<14>, CONN>,
    hints: Ram<Bits<REC>, CONN>,
    tasks: Fifo<Task, 2>,
    state: Reg<PlanState>,
    conn: RegNr<Bits<CONN>>,
    gen: RegNr<Bits<8>>,
    kind: RegNr<Send>,
    from: RegNr<Bits<32>>,
    budget: RegNr<Bits<32>>,
    idle: RegNr<bool>,
    mark: RegNr<bool>,
    mss: RegNr<Bits<14>>,
    tail: RegNr<Bits<REC>>,
    head: RegNr<Bits<REC>>,
    low: RegNr<Bits<REC>>,
    high: RegNr<Bits<REC>>,
    mid: RegNr<Bits<REC>>,
    /// Given so far.
    n: RegNr<Bits<4>>,
    r: RegNr<Record>,
    gap: RegNr<Bits<32>>,
    rest: RegNr<Bits<14>>,
    room: RegNr<Bits<14>>,
    take: RegNr<Bits<14>>,
    held: RegNr<Task>,
    holds: Reg<bool>,
    seen: Signal<Local, Window>,
    known: Signal<Local, bool>,
    hint: Signal<Local, Bits<REC>>,
    rec_no: Signal<Local, Bits<REC_ADDR>>,
    half: Signal<Local, Bits<REC>>,
    below: Signal<Local, bool>,
    hit: Signal<Local, bool>,
    whole: Signal<Local, bool>,
    goes_on: Signal<Local, bool>,
    left: Signal<Local, Bits<32>>,
    made: Signal<Local, Task>,
    ends: Signal<Local, Task>,
    unused_room: Signal<Local, Bits<8>>,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
    no_task: Constant<Task>,
    rec_mask: Constant<Bits<REC_ADDR>>,
    _rec_bits: usize,
}

impl PlayPlan {
    pub fn new(cfg: &WorkCfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            quantum: Default::default(),
            grant_tvalid: Default::default(),
            grant_tready: Default::default(),
            grant_conn: Default::default(),
            grant_gen: Default::default(),
            grant_kind: Default::default(),
            grant_from: Default::default(),
            grant_budget: Default::default(),
            grant_idle: Default::default(),
            mark_valid: Default::default(),
            mark_ready: Default::default(),
            mark_conn: Default::default(),
            win_we: Default::default(),
            win_conn: Default::default(),
            win: Default::default(),
            rec_we: Default::default(),
            rec_addr: Default::default(),
            rec: Default::default(),
            manner_we: Default::default(),
            manner_conn: Default::default(),
            manner_mss: Default::default(),
            part_valid: Default::default(),
            part_pop: Default::default(),
            part: Default::default(),
            wins: Ram::new(cfg.conn_bits, 2),
            recs: Ram::new(cfg.conn_bits + cfg.rec_bits, 2),
            msses: Ram::new(cfg.conn_bits, 2),
            hints: Ram::new(cfg.conn_bits, 2),
            tasks: Default::default(),
            state: Reg::new(PlanState::Idle),
            conn: Default::default(),
            gen: Default::default(),
            kind: Default::default(),
            from: Default::default(),
            budget: Default::default(),
            idle: Default::default(),
            mark: Default::default(),
            mss: Default::default(),
            tail: Default::default(),
            head: Default::default(),
            low: Default::default(),
            high: Default::default(),
            mid: Default::default(),
            n: Default::default(),
            r: Default::default(),
            gap: Default::default(),
            rest: Default::default(),
            room: Default::default(),
            take: Default::default(),
            held: Default::default(),
            holds: Default::default(),
            seen: Default::default(),
            known: Default::default(),
            hint: Default::default(),
            rec_no: Default::default(),
            half: Default::default(),
            below: Default::default(),
            hit: Default::default(),
            whole: Default::default(),
            goes_on: Default::default(),
            left: Default::default(),
            made: Default::default(),
            ends: Default::default(),
            unused_room: Default::default(),
            unused_conn: Default::default(),
            no_task: Constant::new(Task::default()),
            rec_mask: Constant::new(((1u64 << cfg.rec_bits) - 1).to_bits()),
            _rec_bits: cfg.rec_bits,
        }
    }
}

impl Logic for PlayPlan {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_conn.next = self.grant_conn.val();
        self.unused_room.next = self.tasks.room.val();
        self.wins.we.next = self.win_we.val();
        self.wins.waddr.next = self.win_conn.val();
        self.wins.wdata.next = self.win.val();
        self.recs.we.next = self.rec_we.val();
        self.recs.waddr.next = self.rec_addr.val();
        self.recs.wdata.next = self.rec.val();
        self.msses.we.next = self.manner_we.val();
        self.msses.waddr.next = self.manner_conn.val();
        self.msses.wdata.next = self.manner_mss.val();
        self.wins.raddr.next = self.conn.q.val();
        self.msses.raddr.next = self.conn.q.val();
        self.hints.raddr.next = self.conn.q.val();
        for k in (self._rec_bits)..(self._rec_bits + 1) {
            self.rec_no.next = (bit_cast::<REC_ADDR, CONN>(self.conn.q.val()) << k.to_bits::<4>())
                | (bit_cast::<REC_ADDR, REC>(self.mid.q.val()) & self.rec_mask.val());
        }
        self.recs.raddr.next = self.rec_no.val();

        self.seen.next = self.wins.rdata.val();
        self.known.next = (self.seen.val().valid & (self.seen.val().gen == self.gen.q.val()))
            & ((self.seen.val().head != self.seen.val().tail)
                & (self.kind.q.val() != Send::Nothing));
        self.hint.next =
            self.seen.val().head + ((self.seen.val().tail - self.seen.val().head) >> 1);
        if (self.hints.rdata.val() - self.seen.val().head)
            < (self.seen.val().tail - self.seen.val().head)
        {
            self.hint.next = self.hints.rdata.val();
        }
        self.half.next = self.low.q.val() + ((self.high.q.val() - self.low.q.val()) >> 1);
        self.below.next = self.gap.q.val().get_bit(31);
        self.hit.next = self.gap.q.val() < bit_cast::<32, 14>(self.r.q.val().len);
        self.whole.next = self.rest.q.val() <= self.room.q.val();
        self.left.next = self.budget.q.val() - bit_cast::<32, 14>(self.take.q.val());
        self.goes_on.next = ((self.kind.q.val() == Send::New)
            & (self.take.q.val() == self.rest.q.val()))
            & (((self.n.q.val() + 1) < self.quantum.val())
                & (((self.mid.q.val() + 1) != self.tail.q.val()) & self.left.val().any()));
        self.made.next.kind = 0.into();
        self.made.next.conn = self.conn.q.val();
        self.made.next.gen = self.gen.q.val();
        self.made.next.rec = self.mid.q.val();
        self.made.next.seq = self.from.q.val();
        self.made.next.skip = self.gap.q.val().get_bits::<14>(0);
        self.made.next.take = self.take.q.val();
        self.made.next.payload = self.r.q.val().payload;
        self.made.next.mo = self.r.q.val().mo;
        self.made.next.msn = self.r.q.val().msn;
        self.made.next.slot = self.r.q.val().slot;
        self.made.next.fin = self.r.q.val().last;
        self.made.next.last = false;
        self.made.next.probe = self.kind.q.val() == Send::Probe;
        self.made.next.psh = self.r.q.val().last & (self.take.q.val() == self.rest.q.val());
        self.ends.next = self.no_task.val();
        if self.holds.q.val() {
            self.ends.next = self.held.q.val();
        } else {
            self.ends.next.kind = 1.into();
            if self.mark.q.val() {
                self.ends.next.kind = 2.into();
            }
            self.ends.next.conn = self.conn.q.val();
            self.ends.next.gen = self.gen.q.val();
            self.ends.next.seq = self.from.q.val();
        }
        self.ends.next.last = true;

        self.grant_tready.next = (self.state.q.val() == PlanState::Idle) & !self.mark_valid.val();
        self.mark_ready.next = self.state.q.val() == PlanState::Idle;
        self.tasks.push.next = false;
        self.tasks.din.next = self.held.q.val();
        self.hints.we.next = false;
        self.hints.waddr.next = self.conn.q.val();
        self.hints.wdata.next = self.mid.q.val();
        match self.state.q.val() {
            PlanState::Idle => {
                self.conn.d.next = self.grant_conn.val().get_bits::<CONN>(0);
                self.gen.d.next = self.grant_gen.val();
                self.kind.d.next = self.grant_kind.val();
                self.from.d.next = self.grant_from.val();
                self.budget.d.next = self.grant_budget.val();
                self.idle.d.next = self.grant_idle.val();
                self.n.d.next = 0.into();
                self.mark.d.next = self.mark_valid.val();
                if self.mark_valid.val() {
                    self.conn.d.next = self.mark_conn.val();
                    self.state.d.next = PlanState::Close;
                } else {
                    if self.grant_tvalid.val() {
                        self.state.d.next = PlanState::Read;
                    }
                }
            }
            PlanState::Read => {
                self.state.d.next = PlanState::Wait;
            }
            PlanState::Wait => {
                self.state.d.next = PlanState::Have;
            }
            PlanState::Have => {
                self.mss.d.next = self.msses.rdata.val();
                self.head.d.next = self.seen.val().head;
                self.low.d.next = self.seen.val().head;
                self.high.d.next = self.seen.val().tail;
                self.tail.d.next = self.seen.val().tail;
                self.mid.d.next = self.hint.val();
                self.state.d.next = PlanState::Close;
                if self.known.val() {
                    self.state.d.next = PlanState::Probe0;
                }
            }
            PlanState::Probe0 => {
                self.state.d.next = PlanState::Probe1;
            }
            PlanState::Probe1 => {
                self.state.d.next = PlanState::Probe2;
            }
            PlanState::Probe2 => {
                self.r.d.next = self.recs.rdata.val();
                self.state.d.next = PlanState::Gap;
            }
            PlanState::Gap => {
                self.gap.d.next = self.from.q.val() - self.r.q.val().seq;
                self.state.d.next = PlanState::Judge;
            }
            PlanState::Judge => {
                self.rest.d.next = self.r.q.val().len - self.gap.q.val().get_bits::<14>(0);
                self.room.d.next = self.mss.q.val();
                if self.budget.q.val() < bit_cast::<32, 14>(self.mss.q.val()) {
                    self.room.d.next = self.budget.q.val().get_bits::<14>(0);
                }
                self.state.d.next = PlanState::Split;
                if self.hit.val() {
                    self.state.d.next = PlanState::Size;
                } else {
                    if self.below.val() {
                        self.high.d.next = self.mid.q.val();
                    } else {
                        self.low.d.next = self.mid.q.val() + 1;
                    }
                    // Behind a segment that was given the next record can only be missing.
                    if self.n.q.val().any() {
                        self.state.d.next = PlanState::Close;
                    }
                }
            }
            PlanState::Split => {
                self.mid.d.next = self.half.val();
                self.state.d.next = PlanState::Probe0;
                if self.low.q.val() == self.high.q.val() {
                    self.state.d.next = PlanState::Close;
                    // Records that were acknowledged meanwhile may have been written anew: then the guesses meant nothing.
                    if self.seen.val().head != self.head.q.val() {
                        self.state.d.next = PlanState::Have;
                    }
                }
            }
            PlanState::Size => {
                self.take.d.next = self.rest.q.val();
                self.state.d.next = PlanState::Take;
                if !self.whole.val() {
                    self.take.d.next = self.room.q.val();
                    // Not whole: only what could not go whole, or what there is no better way for.
                    if (self.kind.q.val() == Send::New)
                        & !((self.idle.q.val() & !self.n.q.val().any())
                            | ((self.rest.q.val() > self.mss.q.val())
                                & (self.room.q.val() == self.mss.q.val())))
                    {
                        self.state.d.next = PlanState::Close;
                    }
                }
                if self.kind.q.val() == Send::Probe {
                    self.take.d.next = 1.into();
                }
                if !self.room.q.val().any() {
                    self.state.d.next = PlanState::Close;
                }
            }
            PlanState::Take => {
                // The one before was not the last.
                if !self.holds.q.val() | !self.tasks.full.val() {
                    self.tasks.push.next = self.holds.q.val();
                    self.held.d.next = self.made.val();
                    self.holds.d.next = true;
                    self.n.d.next = self.n.q.val() + 1;
                    self.from.d.next = self.from.q.val() + bit_cast::<32, 14>(self.take.q.val());
                    self.budget.d.next = self.left.val();
                    if self.take.q.val() == self.rest.q.val() {
                        self.mid.d.next = self.mid.q.val() + 1;
                    }
                    self.state.d.next = PlanState::Close;
                    if self.goes_on.val() {
                        self.state.d.next = PlanState::Probe0;
                    }
                }
            }
            _ => {
                self.tasks.din.next = self.ends.val();
                if !self.tasks.full.val() {
                    self.tasks.push.next = true;
                    self.holds.d.next = false;
                    self.hints.we.next = !self.mark.q.val();
                    self.state.d.next = PlanState::Idle;
                }
            }
        }
        self.part_valid.next = self.tasks.valid.val();
        self.tasks.pop.next = self.part_pop.val();
        self.part.next = self.tasks.dout.val();
    }
}
