//! Octets ahead of a gap: what is kept of them, and what of a segment comes next (RFC 9293 3.10.7.4, RFC 2018, RFC 2883).
//! Requirements TCP-25, 26, 28, 2A, 2B, 2C, MPA-58, SEC-13.
//!
//! The pieces that came too early form up to four intervals a connection, the most recent one first: that is the order in
//! which SACK reports them. An interval is a chain of records, a record a chain of pool blocks with the octets of one piece
//! from lane 0 on; the first block's number is the record's. `thread` holds the block after a block, from record to record.
//! Intervals neither overlap nor touch; none begins before the next octet of the stream.
//!
//! [`AsmCtl`](super::asm_ctl::AsmCtl) asks (`ask`) what to do with the segment in its registers until it is told that
//! nothing is left. One answer is given each time, one cycle long:
//!
//! | answer | |
//! |---|---|
//! | `act_stream` | `act_len` octets from staging address `act_addr` on are the next of the stream |
//! | `act_drain` | the next octets of the stream are a record: octets `act_addr` up to `act_addr + act_len` of it, see [`EarlyFetch`](super::early_fetch::EarlyFetch) |
//! | `act_park` | store `act_len` octets from `act_addr` on in the `act_need` blocks that this reserves; at the next `ask` the chain is `chain_first` to `chain_last` and becomes a record (`unpark`) |
//! | `act_done` | the segment is done with; `act_sack`: blocks for SACK are in `sack`, and stay until `sack_taken` |
//!
//! | port | | |
//! |---|---|---|
//! | `load load_row row_early` | in | a new segment; its connection's context row comes from the RAM |
//! | `seg pos stop alive wipe` | in | segment; next octet of the stream; take no more; no error; free everything instead |
//! | `early complete fin_due` | out | something is kept; the stream is just at the segment's end, at a FIN that came early |
//! | `link link_from link_to` | in | as [`Blocks`](super::blocks::Blocks) |
//! | `avail`, `fr_*` | in, out | as `Blocks` |
//! | `fetch_*`, `fetch_blk`, `fetch_next` | out, in, out | a record to be read, and its blocks |
//! | `kept_pulse lost_pulse` | out | a piece was kept; dropped for lack of an interval or of blocks |
//!
//! What was kept is never dropped before the connection is purged, so what SACK said stays true. First copies win: a
//! segment is cut down to what is neither in the stream nor in an interval. Blocks: see docs/decisions/0006.
//! Back-pressure: only the report waits, until the one before it has left for the transmit path.
//! Time: about 12 cycles and 5 an interval for the first answer. What follows from it comes sooner: the record at the end of a
//! stretch that closes a gap is made ready meanwhile, the next record of an interval needs no look at the others, and where
//! nothing is left of the segment (`exact`) the list is not walked again. Nothing here works while the stream has no gap.

use super::asm_in::bits_for;
use super::blocks::LEN;
use super::cfg::Cfg;
use super::types::{Seg, BEAT, BYTE, CONN};
use crate::prim::{Ram, Reg, RegNr};
use rust_hdl::prelude::*;

/// Address of an interval: connection and place in its list.
const IV: usize = CONN + 2;

/// Octets `start` up to `end` are there.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Interval {
    pub start: Bits<32>,
    pub end: Bits<32>,
    /// First record; last block of the last one.
    pub first: Bits<BEAT>,
    pub last: Bits<BEAT>,
    /// Blocks.
    pub n: Bits<LEN>,
    /// A FIN stands at `end`.
    pub fin: bool,
    /// Another interval follows in the list.
    pub more: bool,
}

/// A piece: octets `from` up to `from + len` of a chain that ends with block `last`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Record {
    pub from: Bits<16>,
    pub len: Bits<16>,
    pub last: Bits<BEAT>,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum EarlyState {
    Idle,
    /// A RAM is being read; `then` follows.
    Wait,
    /// Where the segment stands to the stream.
    Begin,
    Place,
    /// Interval by interval: compare; conclude.
    Calc,
    Judge,
    /// What is next: compare; choose; its octets; its blocks.
    Edge,
    Pick,
    Size,
    Need,
    Stream,
    /// The stretch joins an interval: its first record is read. Did the stream get there?
    Ahead,
    Next,
    /// There is room for it; keep it or not.
    Room,
    Grant,
    /// A record is next: interval, record read.
    Load,
    Loaded,
    /// A record has been read: how much of it; give it back; take it out of the interval.
    After,
    After1,
    After2,
    /// A piece was stored: the interval that it makes with its neighbours.
    New,
    Left,
    Right,
    /// The list is written anew, the new interval first.
    Rw0,
    Rewrite,
    RwEnd,
    /// Nothing new: the interval it belongs to goes to the front.
    Over,
    Touch,
    /// SACK blocks.
    Rep0,
    Rep1,
    RepEnd,
    Sacked,
    Done,
    /// Everything is given back, record by record.
    WipeRow,
    Wipe1,
    Wipe2,
    Wipe3,
}

/// Intervals, records and decisions.
#[derive(LogicBlock)]
pub struct Early {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub load: Signal<In, bool>,
    pub load_row: Signal<In, bool>,
    pub row_early: Signal<In, bool>,
    pub seg: Signal<In, Seg>,
    pub pos: Signal<In, Bits<32>>,
    pub ask: Signal<In, bool>,
    pub wipe: Signal<In, bool>,
    pub stop: Signal<In, bool>,
    pub alive: Signal<In, bool>,
    pub early: Signal<Out, bool>,
    pub complete: Signal<Out, bool>,
    pub fin_due: Signal<Out, bool>,
    pub act_stream: Signal<Out, bool>,
    pub act_drain: Signal<Out, bool>,
    pub act_park: Signal<Out, bool>,
    pub act_done: Signal<Out, bool>,
    pub act_sack: Signal<Out, bool>,
    pub act_len: Signal<Out, Bits<LEN>>,
    pub act_addr: Signal<Out, Bits<BYTE>>,
    pub act_need: Signal<Out, Bits<LEN>>,
    pub unpark: Signal<Out, bool>,
    pub chain_first: Signal<In, Bits<BEAT>>,
    pub chain_last: Signal<In, Bits<BEAT>>,
    pub link: Signal<In, bool>,
    pub link_from: Signal<In, Bits<BEAT>>,
    pub link_to: Signal<In, Bits<BEAT>>,
    pub avail: Signal<In, Bits<LEN>>,
    pub fr_valid: Signal<Out, bool>,
    pub fr_ready: Signal<In, bool>,
    pub fr_first: Signal<Out, Bits<BEAT>>,
    pub fr_last: Signal<Out, Bits<BEAT>>,
    pub fr_n: Signal<Out, Bits<LEN>>,
    pub fetch_start: Signal<Out, bool>,
    pub fetch_first: Signal<Out, Bits<BEAT>>,
    pub fetch_from: Signal<Out, Bits<16>>,
    pub fetch_len: Signal<Out, Bits<16>>,
    pub fetch_blk: Signal<In, Bits<BEAT>>,
    pub fetch_next: Signal<Out, Bits<BEAT>>,
    pub sack: Signal<Out, Bits<256>>,
    pub sack_n: Signal<Out, Bits<3>>,
    pub sack_taken: Signal<In, bool>,
    pub kept_pulse: Signal<Out, bool>,
    pub lost_pulse: Signal<Out, bool>,
    iv: Ram<Interval, IV>,
    recs: Ram<Record, BEAT>,
    thread: Ram<Bits<BEAT>, BEAT>,
    state: Reg<EarlyState>,
    then: Reg<EarlyState>,
    age: Reg<Bits<2>>,
    /// An interval is kept. Of the segment: something new was found; nothing was, and SACK says so.
    early_q: Reg<bool>,
    fed: Reg<bool>,
    dup: Reg<bool>,
    /// The stream has come to a FIN that was kept.
    fin_q: Reg<bool>,
    /// The last answer was `act_drain`, `act_park`, `act_stream`.
    drained: Reg<bool>,
    parked: Reg<bool>,
    streamed: Reg<bool>,
    /// Blocks in all intervals of all connections; of this one, and how many intervals.
    total: Reg<Bits<LEN>>,
    used: RegNr<Bits<LEN>>,
    n: RegNr<Bits<3>>,
    /// Interval being read, written; record being read.
    idx: RegNr<Bits<2>>,
    put_i: RegNr<Bits<2>>,
    rec_i: RegNr<Bits<BEAT>>,
    /// Distance of the segment from the stream; its end; what is looked at, and where that ends.
    gap: RegNr<Bits<32>>,
    b: RegNr<Bits<32>>,
    p: RegNr<Bits<32>>,
    e: RegNr<Bits<32>>,
    /// Nearest interval ahead of `p`.
    lim_v: RegNr<bool>,
    lim_i: RegNr<Bits<2>>,
    lim: RegNr<Bits<32>>,
    /// Interval that ends at `p`.
    left_v: RegNr<bool>,
    left_i: RegNr<Bits<2>>,
    /// Interval whose turn it is.
    dr_v: RegNr<bool>,
    dr_i: RegNr<Bits<2>>,
    /// How `p` lies to the interval being read.
    below: RegNr<bool>,
    inside: RegNr<bool>,
    at_end: RegNr<bool>,
    nearer: RegNr<bool>,
    due: RegNr<bool>,
    rest: RegNr<Bits<32>>,
    room: RegNr<Bits<32>>,
    in_order: RegNr<bool>,
    complete_q: RegNr<bool>,
    /// The piece reaches the interval ahead. Behind it, or behind what is due, there is nothing of the segment.
    joins: RegNr<bool>,
    exact: RegNr<bool>,
    /// The stream is at the end of the piece. The record is its interval's last.
    caught: RegNr<bool>,
    final_q: RegNr<bool>,
    skip: RegNr<Bits<16>>,
    size: RegNr<Bits<LEN>>,
    addr: RegNr<Bits<BYTE>>,
    need: RegNr<Bits<LEN>>,
    ok_list: RegNr<bool>,
    ok_quota: RegNr<bool>,
    ok_share: RegNr<bool>,
    ok_avail: RegNr<bool>,
    took: RegNr<Bits<16>>,
    chain_n: RegNr<Bits<LEN>>,
    /// Interval to be written next; those that are left out.
    carry: RegNr<Interval>,
    carry_v: RegNr<bool>,
    rm_left: RegNr<bool>,
    rm_lim: RegNr<bool>,
    rm_dr: RegNr<bool>,
    /// SACK blocks; they wait to be taken.
    rep: [RegNr<Bits<64>>; 4],
    at_k: RegNr<Bits<3>>,
    rep_n: RegNr<Bits<3>>,
    busy: Reg<bool>,
    /// The link of the cycle before.
    link_v: Reg<bool>,
    from_q: RegNr<Bits<BEAT>>,
    to_q: RegNr<Bits<BEAT>>,
    row: Signal<Local, Interval>,
    front: Signal<Local, Interval>,
    rec: Signal<Local, Record>,
    s: Signal<Local, Seg>,
    unused_s: Signal<Local, Seg>,
    from_start: Signal<Local, Bits<32>>,
    from_end: Signal<Local, Bits<32>>,
    to_lim: Signal<Local, Bits<32>>,
    unused_diff: Signal<Local, Bits<32>>,
    took_now: Signal<Local, Bits<32>>,
    skip_now: Signal<Local, Bits<32>>,
    size_now: Signal<Local, Bits<32>>,
    unused_now: Signal<Local, Bits<32>>,
    octets: Signal<Local, Bits<LEN>>,
    removed: Signal<Local, bool>,
    latency_1: Constant<Bits<2>>,
    block_less: Constant<Bits<LEN>>,
    block_log: Constant<Bits<5>>,
    /// Blocks for one connection, for all: [`Cfg::early_quota`], [`Cfg::early_blocks`].
    quota: Constant<Bits<LEN>>,
    share: Constant<Bits<LEN>>,
}

impl Early {
    /// `lk` = log2 of the octets in a beat.
    pub fn new(cfg: &Cfg, lk: usize) -> Self {
        let bits = cfg.pool_bits - cfg.blk_bits;
        let octets = bits_for(cfg.max_frame);
        let block = 1usize << cfg.block_log(lk);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            load: Default::default(),
            load_row: Default::default(),
            row_early: Default::default(),
            seg: Default::default(),
            pos: Default::default(),
            ask: Default::default(),
            wipe: Default::default(),
            stop: Default::default(),
            alive: Default::default(),
            early: Default::default(),
            complete: Default::default(),
            fin_due: Default::default(),
            act_stream: Default::default(),
            act_drain: Default::default(),
            act_park: Default::default(),
            act_done: Default::default(),
            act_sack: Default::default(),
            act_len: Default::default(),
            act_addr: Default::default(),
            act_need: Default::default(),
            unpark: Default::default(),
            chain_first: Default::default(),
            chain_last: Default::default(),
            link: Default::default(),
            link_from: Default::default(),
            link_to: Default::default(),
            avail: Default::default(),
            fr_valid: Default::default(),
            fr_ready: Default::default(),
            fr_first: Default::default(),
            fr_last: Default::default(),
            fr_n: Default::default(),
            fetch_start: Default::default(),
            fetch_first: Default::default(),
            fetch_from: Default::default(),
            fetch_len: Default::default(),
            fetch_blk: Default::default(),
            fetch_next: Default::default(),
            sack: Default::default(),
            sack_n: Default::default(),
            sack_taken: Default::default(),
            kept_pulse: Default::default(),
            lost_pulse: Default::default(),
            iv: Ram::new(cfg.conn_bits + 2, cfg.latency)
                .collisions_undefined()
                .narrow(&[("first", bits), ("last", bits), ("n", bits + 1)]),
            recs: Ram::new(bits, 2).collisions_undefined().narrow(&[
                ("from", octets),
                ("len", octets),
                ("last", bits),
            ]),
            thread: Ram::new(bits, 2).collisions_undefined().keeping(bits),
            state: Reg::new(EarlyState::Idle),
            then: Reg::new(EarlyState::Idle),
            age: Default::default(),
            early_q: Default::default(),
            fed: Default::default(),
            dup: Default::default(),
            fin_q: Default::default(),
            drained: Default::default(),
            parked: Default::default(),
            streamed: Default::default(),
            total: Default::default(),
            used: Default::default(),
            n: Default::default(),
            idx: Default::default(),
            put_i: Default::default(),
            rec_i: Default::default(),
            gap: Default::default(),
            b: Default::default(),
            p: Default::default(),
            e: Default::default(),
            lim_v: Default::default(),
            lim_i: Default::default(),
            lim: Default::default(),
            left_v: Default::default(),
            left_i: Default::default(),
            dr_v: Default::default(),
            dr_i: Default::default(),
            below: Default::default(),
            inside: Default::default(),
            at_end: Default::default(),
            nearer: Default::default(),
            due: Default::default(),
            rest: Default::default(),
            room: Default::default(),
            in_order: Default::default(),
            complete_q: Default::default(),
            joins: Default::default(),
            exact: Default::default(),
            caught: Default::default(),
            final_q: Default::default(),
            skip: Default::default(),
            size: Default::default(),
            addr: Default::default(),
            need: Default::default(),
            ok_list: Default::default(),
            ok_quota: Default::default(),
            ok_share: Default::default(),
            ok_avail: Default::default(),
            took: Default::default(),
            chain_n: Default::default(),
            carry: Default::default(),
            carry_v: Default::default(),
            rm_left: Default::default(),
            rm_lim: Default::default(),
            rm_dr: Default::default(),
            rep: std::array::from_fn(|_| Default::default()),
            at_k: Default::default(),
            rep_n: Default::default(),
            busy: Default::default(),
            link_v: Default::default(),
            from_q: Default::default(),
            to_q: Default::default(),
            row: Default::default(),
            front: Default::default(),
            rec: Default::default(),
            s: Default::default(),
            unused_s: Default::default(),
            from_start: Default::default(),
            from_end: Default::default(),
            to_lim: Default::default(),
            unused_diff: Default::default(),
            took_now: Default::default(),
            skip_now: Default::default(),
            size_now: Default::default(),
            unused_now: Default::default(),
            octets: Default::default(),
            removed: Default::default(),
            latency_1: Constant::new((cfg.latency - 1).to_bits()),
            block_less: Constant::new((block - 1).to_bits()),
            block_log: Constant::new(cfg.block_log(lk).to_bits()),
            quota: Constant::new(cfg.early_quota(lk).to_bits()),
            share: Constant::new(cfg.early_blocks(lk).to_bits()),
        }
    }
}

impl Logic for Early {
    #[hdl_gen]
    fn update(&mut self) {
        self.row.next = self.iv.rdata.val();
        self.rec.next = self.recs.rdata.val();
        self.s.next = self.seg.val();
        self.unused_s.next = self.s.val();
        self.iv.raddr.next =
            (bit_cast::<IV, CONN>(self.s.val().conn) << 2) | bit_cast::<IV, 2>(self.idx.q.val());
        self.recs.raddr.next = self.rec_i.q.val();
        self.thread.raddr.next = self.rec.val().last;
        if self.drained.q.val() {
            self.thread.raddr.next = self.fetch_blk.val();
        }
        self.fetch_next.next = self.thread.rdata.val();
        self.fetch_first.next = self.rec_i.q.val();
        self.fetch_from.next = self.rec.val().from;
        self.fetch_len.next = self.rec.val().len;
        self.early.next = self.early_q.q.val();
        self.complete.next = self.complete_q.q.val();
        self.fin_due.next = self.fin_q.q.val();

        // Written by those who know; the chain's links come as the blocks are taken.
        self.link_v.d.next = self.link.val();
        self.from_q.d.next = self.link_from.val();
        self.to_q.d.next = self.link_to.val();
        self.thread.we.next = self.link_v.q.val();
        self.thread.waddr.next = self.from_q.q.val();
        self.thread.wdata.next = self.to_q.q.val();
        self.front.next = self.carry.q.val();
        self.iv.we.next = false;
        self.iv.waddr.next =
            (bit_cast::<IV, CONN>(self.s.val().conn) << 2) | bit_cast::<IV, 2>(self.put_i.q.val());
        self.iv.wdata.next = self.front.val();
        self.recs.we.next = false;
        self.recs.waddr.next = self.rec_i.q.val();
        self.recs.wdata.next.from = 0.into();
        self.recs.wdata.next.len = bit_cast::<16, LEN>(self.size.q.val());
        self.recs.wdata.next.last = self.chain_last.val();

        // Answers.
        self.act_stream.next = false;
        self.act_drain.next = false;
        self.act_park.next = false;
        self.act_done.next = false;
        self.act_sack.next = false;
        self.act_len.next = self.size.q.val();
        self.act_addr.next = self.addr.q.val();
        self.act_need.next = self.need.q.val();
        self.fetch_start.next = false;
        self.unpark.next = false;
        self.kept_pulse.next = false;
        self.lost_pulse.next = false;
        self.fr_valid.next = false;
        self.fr_first.next = self.rec_i.q.val();
        self.fr_last.next = self.rec.val().last;
        self.fr_n.next = self.chain_n.q.val();
        self.sack.next = bit_cast::<256, 64>(self.rep[0].q.val())
            | (bit_cast::<256, 64>(self.rep[1].q.val()) << 64)
            | (bit_cast::<256, 64>(self.rep[2].q.val()) << 128)
            | (bit_cast::<256, 64>(self.rep[3].q.val()) << 192);
        self.sack_n.next = self.rep_n.q.val();
        if self.sack_taken.val() {
            self.busy.d.next = false;
        }

        // Differences.
        self.from_start.next = self.p.q.val() - self.row.val().start;
        self.from_end.next = self.p.q.val() - self.row.val().end;
        self.to_lim.next = self.lim.q.val() - self.row.val().start;
        self.unused_diff.next = (self.from_start.val() ^ self.from_end.val()) ^ self.to_lim.val();
        self.took_now.next = self.pos.val() - self.row.val().start;
        self.skip_now.next = self.p.q.val() - self.s.val().at;
        self.size_now.next = self.e.q.val() - self.p.q.val();
        self.unused_now.next = (self.took_now.val() ^ self.skip_now.val()) ^ self.size_now.val();
        self.octets.next =
            bit_cast::<LEN, 16>(self.rec.val().from) + bit_cast::<LEN, 16>(self.rec.val().len);
        self.removed.next = (self.rm_left.q.val() & (self.idx.q.val() == self.left_i.q.val()))
            | (self.rm_lim.q.val() & (self.idx.q.val() == self.lim_i.q.val()))
            | (self.rm_dr.q.val() & (self.idx.q.val() == self.dr_i.q.val()));
        self.age.d.next = 0.into();
        self.caught.d.next = self.pos.val() == self.e.q.val();

        match self.state.q.val() {
            EarlyState::Idle => {
                if self.ask.val() {
                    self.idx.d.next = 0.into();
                    self.drained.d.next = false;
                    self.parked.d.next = false;
                    self.streamed.d.next = false;
                    self.state.d.next = EarlyState::Begin;
                    if self.wipe.val() {
                        self.then.d.next = EarlyState::WipeRow;
                        self.state.d.next = EarlyState::Wait;
                        if !self.early_q.q.val() {
                            self.state.d.next = EarlyState::Done;
                        }
                    } else if self.drained.q.val() {
                        // Still at the record's interval.
                        self.idx.d.next = self.idx.q.val();
                        self.state.d.next = EarlyState::After;
                    } else if self.parked.q.val() {
                        self.state.d.next = EarlyState::New;
                    } else if self.streamed.q.val() {
                        self.idx.d.next = self.idx.q.val();
                        self.state.d.next = EarlyState::Next;
                    }
                }
            }
            EarlyState::Wait => {
                self.age.d.next = self.age.q.val() + 1;
                if self.age.q.val() == self.latency_1.val() {
                    self.state.d.next = self.then.q.val();
                }
            }
            EarlyState::Begin => {
                self.gap.d.next = self.s.val().at - self.pos.val();
                self.b.d.next = self.s.val().at + bit_cast::<32, 16>(self.s.val().len);
                self.idx.d.next = 0.into();
                self.n.d.next = 0.into();
                self.used.d.next = 0.into();
                self.left_v.d.next = false;
                self.lim_v.d.next = false;
                self.dr_v.d.next = false;
                self.state.d.next = EarlyState::Place;
            }
            EarlyState::Place => {
                self.p.d.next = self.s.val().at;
                if self.gap.q.val().get_bit(31) {
                    self.p.d.next = self.pos.val();
                }
                self.then.d.next = EarlyState::Calc;
                self.state.d.next = EarlyState::Edge;
                if self.early_q.q.val() {
                    self.state.d.next = EarlyState::Wait;
                }
                if self.stop.val() {
                    self.state.d.next = EarlyState::Rep0;
                }
            }
            EarlyState::Calc => {
                self.below.d.next = self.from_start.val().get_bit(31);
                self.inside.d.next =
                    !self.from_start.val().get_bit(31) & self.from_end.val().get_bit(31);
                self.at_end.d.next = self.p.q.val() == self.row.val().end;
                self.nearer.d.next = !self.to_lim.val().get_bit(31);
                self.due.d.next = self.row.val().start == self.pos.val();
                self.state.d.next = EarlyState::Judge;
            }
            EarlyState::Judge => {
                self.n.d.next = self.n.q.val() + 1;
                self.used.d.next = self.used.q.val() + self.row.val().n;
                if self.inside.q.val() {
                    self.p.d.next = self.row.val().end;
                }
                if self.inside.q.val() | self.at_end.q.val() {
                    self.left_v.d.next = true;
                    self.left_i.d.next = self.idx.q.val();
                }
                if self.below.q.val() & (!self.lim_v.q.val() | self.nearer.q.val()) {
                    self.lim_v.d.next = true;
                    self.lim_i.d.next = self.idx.q.val();
                    self.lim.d.next = self.row.val().start;
                }
                if self.due.q.val() {
                    self.dr_v.d.next = true;
                    self.dr_i.d.next = self.idx.q.val();
                }
                self.state.d.next = EarlyState::Edge;
                if self.row.val().more {
                    self.idx.d.next = self.idx.q.val() + 1;
                    self.then.d.next = EarlyState::Calc;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Edge => {
                self.rest.d.next = self.b.q.val() - self.p.q.val();
                self.room.d.next = self.b.q.val() - self.lim.q.val();
                self.in_order.d.next = self.p.q.val() == self.pos.val();
                self.complete_q.d.next = self.b.q.val() == self.pos.val();
                self.state.d.next = EarlyState::Pick;
            }
            EarlyState::Pick => {
                self.joins.d.next = false;
                self.e.d.next = self.b.q.val();
                if self.lim_v.q.val() & !self.room.q.val().get_bit(31) {
                    self.joins.d.next = true;
                    self.e.d.next = self.lim.q.val();
                }
                self.exact.d.next = (self.rest.q.val().get_bit(31) | !self.rest.q.val().any())
                    | (!self.dr_v.q.val()
                        & (!self.lim_v.q.val()
                            | (self.room.q.val().get_bit(31) | !self.room.q.val().any())));
                self.skip.d.next = self.skip_now.val().get_bits::<16>(0);
                self.state.d.next = EarlyState::Size;
                if self.dr_v.q.val() {
                    self.idx.d.next = self.dr_i.q.val();
                    self.then.d.next = EarlyState::Load;
                    self.state.d.next = EarlyState::Wait;
                } else if self.rest.q.val().get_bit(31) | !self.rest.q.val().any() {
                    self.state.d.next = EarlyState::Over;
                }
            }
            EarlyState::Size => {
                self.size.d.next = bit_cast::<LEN, 16>(self.size_now.val().get_bits::<16>(0));
                self.addr.d.next = self.s.val().addr + bit_cast::<BYTE, 16>(self.skip.q.val());
                self.state.d.next = EarlyState::Need;
            }
            EarlyState::Need => {
                self.need.d.next =
                    (self.size.q.val() + self.block_less.val()) >> self.block_log.val();
                self.state.d.next = EarlyState::Room;
                if self.in_order.q.val() {
                    self.state.d.next = EarlyState::Stream;
                }
            }
            EarlyState::Stream => {
                self.act_stream.next = true;
                self.fed.d.next = true;
                self.streamed.d.next = true;
                self.state.d.next = EarlyState::Idle;
                if self.joins.q.val() {
                    self.idx.d.next = self.lim_i.q.val();
                    self.dr_i.d.next = self.lim_i.q.val();
                    self.then.d.next = EarlyState::Ahead;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Ahead => {
                self.rec_i.d.next = self.row.val().first;
                self.then.d.next = EarlyState::Idle;
                self.state.d.next = EarlyState::Wait;
            }
            EarlyState::Next => {
                self.complete_q.d.next = self.b.q.val() == self.pos.val();
                self.state.d.next = EarlyState::Rep0;
                if self.stop.val() | !self.caught.q.val() {
                    self.state.d.next = EarlyState::Begin;
                } else if self.joins.q.val() {
                    self.state.d.next = EarlyState::Loaded;
                }
            }
            EarlyState::Room => {
                self.ok_list.d.next =
                    (self.n.q.val() != 4) | self.left_v.q.val() | self.joins.q.val();
                self.ok_quota.d.next = (self.used.q.val() + self.need.q.val()) <= self.quota.val();
                self.ok_share.d.next = (self.total.q.val() + self.need.q.val()) <= self.share.val();
                self.ok_avail.d.next = self.need.q.val() <= self.avail.val();
                self.state.d.next = EarlyState::Grant;
            }
            EarlyState::Grant => {
                if (self.ok_list.q.val() & self.ok_quota.q.val())
                    & (self.ok_share.q.val() & self.ok_avail.q.val())
                {
                    self.act_park.next = true;
                    self.kept_pulse.next = true;
                    self.parked.d.next = true;
                    self.fed.d.next = true;
                    self.total.d.next = self.total.q.val() + self.need.q.val();
                    self.state.d.next = EarlyState::Idle;
                } else {
                    self.lost_pulse.next = true;
                    self.state.d.next = EarlyState::Rep0;
                }
            }
            EarlyState::Load => {
                self.rec_i.d.next = self.row.val().first;
                self.then.d.next = EarlyState::Loaded;
                self.state.d.next = EarlyState::Wait;
            }
            EarlyState::Loaded => {
                self.act_drain.next = true;
                self.act_len.next = bit_cast::<LEN, 16>(self.rec.val().len);
                self.act_addr.next = bit_cast::<BYTE, 16>(self.rec.val().from);
                self.fetch_start.next = true;
                self.drained.d.next = true;
                self.fed.d.next = true;
                self.state.d.next = EarlyState::Idle;
            }
            EarlyState::After => {
                self.final_q.d.next = self.rec.val().last == self.row.val().last;
                self.took.d.next = self.took_now.val().get_bits::<16>(0);
                self.chain_n.d.next =
                    (self.octets.val() + self.block_less.val()) >> self.block_log.val();
                self.state.d.next = EarlyState::After1;
            }
            EarlyState::After1 => {
                if !self.alive.val() {
                    self.state.d.next = EarlyState::Done;
                } else if self.took.q.val() == self.rec.val().len {
                    self.fr_valid.next = true;
                    if self.fr_ready.val() {
                        self.total.d.next = self.total.q.val() - self.chain_n.q.val();
                        self.carry_v.d.next = false;
                        self.rm_left.d.next = false;
                        self.rm_lim.d.next = false;
                        self.rm_dr.d.next = true;
                        self.then.d.next = EarlyState::After2;
                        self.state.d.next = EarlyState::Wait;
                        if self.final_q.q.val() {
                            self.fin_q.d.next = self.row.val().fin;
                            self.state.d.next = EarlyState::Rw0;
                            if self.n.q.val() == 1 {
                                self.state.d.next = EarlyState::RwEnd;
                            }
                        }
                    }
                } else {
                    // Too few blocks for the FPDU that begins in it: it stays, from there on.
                    self.recs.we.next = true;
                    self.recs.wdata.next.from = self.rec.val().from + self.took.q.val();
                    self.recs.wdata.next.len = self.rec.val().len - self.took.q.val();
                    self.recs.wdata.next.last = self.rec.val().last;
                    self.iv.we.next = true;
                    self.iv.waddr.next = self.iv.raddr.val();
                    self.iv.wdata.next = self.row.val();
                    self.iv.wdata.next.start = self.pos.val();
                    self.state.d.next = EarlyState::Begin;
                }
            }
            EarlyState::After2 => {
                self.iv.we.next = true;
                self.iv.waddr.next = self.iv.raddr.val();
                self.iv.wdata.next = self.row.val();
                self.iv.wdata.next.start = self.pos.val();
                self.iv.wdata.next.first = self.thread.rdata.val();
                self.iv.wdata.next.n = self.row.val().n - self.chain_n.q.val();
                self.rec_i.d.next = self.thread.rdata.val();
                self.then.d.next = EarlyState::Loaded;
                self.state.d.next = EarlyState::Wait;
                if self.stop.val() {
                    self.state.d.next = EarlyState::Begin;
                }
            }
            EarlyState::New => {
                self.unpark.next = true;
                self.recs.we.next = true;
                self.recs.waddr.next = self.chain_first.val();
                self.carry.d.next.start = self.p.q.val();
                self.carry.d.next.end = self.e.q.val();
                self.carry.d.next.first = self.chain_first.val();
                self.carry.d.next.last = self.chain_last.val();
                self.carry.d.next.n = self.need.q.val();
                self.carry.d.next.fin = self.s.val().fin & !self.joins.q.val();
                self.carry.d.next.more = false;
                self.carry_v.d.next = true;
                self.rm_left.d.next = self.left_v.q.val();
                self.rm_lim.d.next = self.joins.q.val();
                self.rm_dr.d.next = false;
                self.state.d.next = EarlyState::Rw0;
                if self.joins.q.val() {
                    self.idx.d.next = self.lim_i.q.val();
                    self.then.d.next = EarlyState::Right;
                    self.state.d.next = EarlyState::Wait;
                }
                if self.left_v.q.val() {
                    self.idx.d.next = self.left_i.q.val();
                    self.then.d.next = EarlyState::Left;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Left => {
                self.thread.we.next = true;
                self.thread.waddr.next = self.row.val().last;
                self.thread.wdata.next = self.front.val().first;
                self.carry.d.next.start = self.row.val().start;
                self.carry.d.next.first = self.row.val().first;
                self.carry.d.next.n = self.front.val().n + self.row.val().n;
                self.state.d.next = EarlyState::Rw0;
                if self.joins.q.val() {
                    self.idx.d.next = self.lim_i.q.val();
                    self.then.d.next = EarlyState::Right;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Right => {
                self.thread.we.next = true;
                self.thread.waddr.next = self.front.val().last;
                self.thread.wdata.next = self.row.val().first;
                self.carry.d.next.end = self.row.val().end;
                self.carry.d.next.last = self.row.val().last;
                self.carry.d.next.fin = self.row.val().fin;
                self.carry.d.next.n = self.front.val().n + self.row.val().n;
                self.state.d.next = EarlyState::Rw0;
            }
            EarlyState::Rw0 => {
                self.idx.d.next = 0.into();
                self.put_i.d.next = 0.into();
                self.then.d.next = EarlyState::Rewrite;
                self.state.d.next = EarlyState::Wait;
                if !self.early_q.q.val() {
                    self.state.d.next = EarlyState::RwEnd;
                }
            }
            EarlyState::Rewrite => {
                // Behind the one that is read: what is written has been read.
                if !self.removed.val() {
                    if self.carry_v.q.val() {
                        self.iv.we.next = true;
                        self.iv.wdata.next.more = true;
                        self.put_i.d.next = self.put_i.q.val() + 1;
                    }
                    self.carry.d.next = self.row.val();
                    self.carry_v.d.next = true;
                }
                self.state.d.next = EarlyState::RwEnd;
                if self.row.val().more {
                    self.idx.d.next = self.idx.q.val() + 1;
                    self.then.d.next = EarlyState::Rewrite;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::RwEnd => {
                self.iv.we.next = self.carry_v.q.val();
                self.iv.wdata.next.more = false;
                self.early_q.d.next = self.carry_v.q.val();
                self.complete_q.d.next = self.b.q.val() == self.pos.val();
                self.state.d.next = EarlyState::Begin;
                if self.exact.q.val() {
                    self.state.d.next = EarlyState::Rep0;
                }
            }
            EarlyState::Over => {
                self.dup.d.next = !self.fed.q.val() & self.s.val().len.any();
                self.state.d.next = EarlyState::Rep0;
                if !self.fed.q.val() & (self.left_v.q.val() & (self.left_i.q.val() != 0)) {
                    self.idx.d.next = self.left_i.q.val();
                    self.then.d.next = EarlyState::Touch;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Touch => {
                self.carry.d.next = self.row.val();
                self.carry_v.d.next = true;
                self.rm_left.d.next = true;
                self.rm_lim.d.next = false;
                self.rm_dr.d.next = false;
                self.state.d.next = EarlyState::Rw0;
            }
            EarlyState::Rep0 => {
                self.idx.d.next = 0.into();
                self.at_k.d.next = 0.into();
                // The report before may still stand there.
                if self.dup.q.val() & !self.busy.q.val() {
                    self.rep[0].d.next = (bit_cast::<64, 32>(self.b.q.val()) << 32)
                        | bit_cast::<64, 32>(self.s.val().at);
                    self.at_k.d.next = 1.into();
                }
                self.then.d.next = EarlyState::Rep1;
                if !self.alive.val() | !(self.early_q.q.val() | self.dup.q.val()) {
                    self.state.d.next = EarlyState::Done;
                } else if !self.busy.q.val() {
                    self.state.d.next = EarlyState::RepEnd;
                    if self.early_q.q.val() {
                        self.state.d.next = EarlyState::Wait;
                    }
                }
            }
            EarlyState::Rep1 => {
                for k in 0..4 {
                    if self.at_k.q.val() == k.to_bits::<3>() {
                        self.rep[k].d.next = (bit_cast::<64, 32>(self.row.val().end) << 32)
                            | bit_cast::<64, 32>(self.row.val().start);
                    }
                }
                self.at_k.d.next = self.at_k.q.val() + 1;
                self.state.d.next = EarlyState::RepEnd;
                if self.row.val().more & (self.at_k.q.val() != 3) {
                    self.idx.d.next = self.idx.q.val() + 1;
                    self.then.d.next = EarlyState::Rep1;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::RepEnd => {
                self.rep_n.d.next = self.at_k.q.val();
                self.busy.d.next = true;
                self.state.d.next = EarlyState::Sacked;
            }
            EarlyState::Sacked => {
                self.act_done.next = true;
                self.act_sack.next = true;
                self.state.d.next = EarlyState::Idle;
            }
            EarlyState::Done => {
                self.act_done.next = true;
                self.state.d.next = EarlyState::Idle;
            }
            EarlyState::WipeRow => {
                self.rec_i.d.next = self.row.val().first;
                self.then.d.next = EarlyState::Wipe1;
                self.state.d.next = EarlyState::Wait;
            }
            EarlyState::Wipe1 => {
                self.chain_n.d.next =
                    (self.octets.val() + self.block_less.val()) >> self.block_log.val();
                self.state.d.next = EarlyState::Wipe2;
            }
            EarlyState::Wipe2 => {
                self.fr_valid.next = true;
                if self.fr_ready.val() {
                    self.total.d.next = self.total.q.val() - self.chain_n.q.val();
                    self.then.d.next = EarlyState::Wipe3;
                    self.state.d.next = EarlyState::Wait;
                }
            }
            EarlyState::Wipe3 => {
                self.then.d.next = EarlyState::Wipe1;
                self.state.d.next = EarlyState::Wait;
                self.rec_i.d.next = self.thread.rdata.val();
                if self.rec.val().last == self.row.val().last {
                    self.idx.d.next = self.idx.q.val() + 1;
                    self.then.d.next = EarlyState::WipeRow;
                    if !self.row.val().more {
                        self.early_q.d.next = false;
                        self.state.d.next = EarlyState::Done;
                    }
                }
            }
        }

        if self.load_row.val() {
            self.early_q.d.next = self.row_early.val();
        }
        if self.load.val() {
            self.streamed.d.next = false;
            self.fed.d.next = false;
            self.fin_q.d.next = false;
            self.dup.d.next = false;
        }
    }
}
