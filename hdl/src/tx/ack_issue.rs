//! Stage 0 of the acker: the queues in front of the pipeline, who is next, and the interlock.
//!
//! | ports | | |
//! |---|---|---|
//! | `cmd_* ack_* mirror_* ask_*` | in | events, one FIFO each: 4, 16, 16, 8 deep; `tready` does not look at `tvalid` |
//! | `start` | in | with a `cmd` that installs: its second event |
//! | `blocks`, `block_pop` | out, in | SACK blocks of the oldest report in flight that has some; taken when they are stored |
//! | `open`, `room` | in | room behind the pipeline for what any event says; for an answer |
//! | `now` | in | time |
//! | `second` | out | second half of a stage |
//! | `ev` | out | the event in stage 0; `AckKind::None`: a bubble |
//!
//! One event every 2 cycles. In the first half of a stage the connection of each queue's head is compared with those in stages 0 and
//! 1; in the second half one whose connection is free goes: a command; then an ask, unless the last one was an ask and others
//! wait; then send state, a report. If there is none, the timer scan goes on by one connection, at most once in 9 turns; in the 16th
//! turn it goes first: it comes round in 18 to 32 cycles a connection, in 29 us for 128 at 125 MHz, in 3 ms for 32 k at 322 MHz.
//! Events of one connection are 6 cycles apart.
//! Latency: an event that comes when nothing waits is in stage 0 after 2 or 3 cycles; a report after one more, in which its
//! blocks are looked at. Reports: one every 2 cycles. An installation: two cycles.
//! Blocks wait beside the pipeline (16 sets), not in it: 256 bits a stage would be most of its registers.
//! Depths: 16 reports and send states are what comes in while one connection's events are 6 cycles apart; the others have a partner that waits.
//! Connection numbers beyond the table are taken and forgotten; an ask with one is not (it must be answered): who asks has a grant.

use super::ack_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

/// Stages whose connection may not come again.
const HELD: usize = 2;

#[derive(LogicBlock)]
pub struct AckIssue {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub open: Signal<In, bool>,
    pub room: Signal<In, bool>,
    pub now: Signal<In, Bits<32>>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_void: Signal<In, bool>,
    pub cmd: Signal<In, AckEv>,
    pub start: Signal<In, AckEv>,
    pub ack_tvalid: Signal<In, bool>,
    pub ack_tready: Signal<Out, bool>,
    pub ack_void: Signal<In, bool>,
    pub ack: Signal<In, AckEv>,
    pub ack_blocks: Signal<In, Bits<256>>,
    pub mirror_tvalid: Signal<In, bool>,
    pub mirror_tready: Signal<Out, bool>,
    pub mirror_void: Signal<In, bool>,
    pub mirror: Signal<In, AckEv>,
    pub ask_tvalid: Signal<In, bool>,
    pub ask_tready: Signal<Out, bool>,
    pub ask: Signal<In, AckEv>,
    pub blocks: Signal<Out, Bits<256>>,
    pub block_pop: Signal<In, bool>,
    pub second: Signal<Out, bool>,
    pub ev: Signal<Out, AckEv>,

    half: Reg<bool>,
    cmds: Fifo<AckEv, 2>,
    acks: Fifo<AckEv, 4>,
    mirrors: Fifo<AckEv, 4>,
    asks: Fifo<AckEv, 3>,
    /// With SACK one of each of these two.
    sets: Vec<Fifo<Bits<256>, 4>>,
    held_blocks: Vec<RegNr<Bits<256>>>,
    /// The first half of an installation is in its queue.
    begun: Reg<bool>,
    // the report whose blocks are looked at
    busy: Reg<bool>,
    held: RegNr<AckEv>,
    news: Signal<Local, Bits<128>>,
    behind: Signal<Local, Bits<32>>,
    left: Signal<Local, Bits<32>>,
    right: Signal<Local, Bits<32>>,
    told: Signal<Local, AckEv>,
    put: Signal<Local, bool>,
    stuck: Signal<Local, bool>,
    install: Signal<Local, bool>,
    // heads that may go
    free: Vec<Reg<bool>>,
    hit: Vec<Signal<Local, bool>>,
    go: Vec<Signal<Local, bool>>,
    conns: Vec<RegNr<Bits<CONN>>>,
    some: Vec<Reg<bool>>,
    asked: Reg<bool>,
    scan: Reg<Bits<CONN>>,
    turn: Reg<Bits<4>>,
    out: Reg<AckEv>,
    picked: Signal<Local, AckEv>,
    forced: Signal<Local, bool>,
    unused_room: Signal<Local, Bits<8>>,
    unused_behind: Signal<Local, Bits<32>>,
    mask: Constant<Bits<CONN>>,
    unused_blocks: Signal<Local, Bits<256>>,
    unused_pop: Signal<Local, bool>,
    _held: usize,
    _sack: usize,
}

impl AckIssue {
    /// For `2^conn_bits` connections, with SACK blocks or without.
    pub fn new(conn_bits: usize, sack: bool) -> Self {
        let plain = [("counts", 0), ("n", 0), ("dup", 0), ("now", 0), ("mode", 0)];
        Self {
            clock: Default::default(),
            reset: Default::default(),
            open: Default::default(),
            room: Default::default(),
            now: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_void: Default::default(),
            cmd: Default::default(),
            start: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack_void: Default::default(),
            ack: Default::default(),
            ack_blocks: Default::default(),
            mirror_tvalid: Default::default(),
            mirror_tready: Default::default(),
            mirror_void: Default::default(),
            mirror: Default::default(),
            ask_tvalid: Default::default(),
            ask_tready: Default::default(),
            ask: Default::default(),
            blocks: Default::default(),
            block_pop: Default::default(),
            second: Default::default(),
            ev: Default::default(),
            half: Default::default(),
            cmds: Fifo::new().narrow(&plain),
            acks: Fifo::new().narrow(&[("now", 0), ("wide", 0)]),
            mirrors: Fifo::new().narrow(&plain),
            asks: Fifo::new().narrow(&[
                ("counts", 0),
                ("n", 0),
                ("dup", 0),
                ("now", 0),
                ("mode", 0),
                ("stamp", 0),
                ("wide", 16),
            ]),
            sets: (0..usize::from(sack)).map(|_| Fifo::new()).collect(),
            held_blocks: (0..usize::from(sack)).map(|_| RegNr::default()).collect(),
            begun: Default::default(),
            busy: Default::default(),
            held: Default::default(),
            news: Default::default(),
            behind: Default::default(),
            left: Default::default(),
            right: Default::default(),
            told: Default::default(),
            put: Default::default(),
            stuck: Default::default(),
            install: Default::default(),
            free: (0..5).map(|_| Reg::default()).collect(),
            hit: (0..5).map(|_| Signal::default()).collect(),
            go: (0..5).map(|_| Signal::default()).collect(),
            conns: (0..HELD).map(|_| RegNr::default()).collect(),
            some: (0..HELD).map(|_| Reg::default()).collect(),
            asked: Default::default(),
            scan: Default::default(),
            turn: Default::default(),
            out: Default::default(),
            picked: Default::default(),
            forced: Default::default(),
            unused_room: Default::default(),
            unused_behind: Default::default(),
            mask: Constant::new(((1u64 << conn_bits) - 1).to_bits()),
            unused_blocks: Default::default(),
            unused_pop: Default::default(),
            _held: HELD,
            _sack: sack.into(),
        }
    }
}

impl Logic for AckIssue {
    #[hdl_gen]
    fn update(&mut self) {
        self.half.d.next = !self.half.q.val();
        self.second.next = self.half.q.val();

        // Queues. An installation becomes two events.
        self.install.next = self.cmd.val().kind == AckKind::Install;
        self.cmd_tready.next = !self.cmds.full.val() & (self.begun.q.val() | !self.install.val());
        self.cmds.din.next = self.cmd.val();
        if self.begun.q.val() {
            self.cmds.din.next = self.start.val();
        }
        self.cmds.push.next = self.cmd_tvalid.val() & !self.cmds.full.val() & !self.cmd_void.val();
        if self.cmd_tvalid.val() & !self.cmds.full.val() {
            self.begun.d.next = self.install.val() & !self.begun.q.val();
        }
        self.mirror_tready.next = !self.mirrors.full.val();
        self.mirrors.din.next = self.mirror.val();
        self.mirrors.push.next =
            self.mirror_tvalid.val() & !self.mirrors.full.val() & !self.mirror_void.val();
        self.ask_tready.next = !self.asks.full.val();
        self.asks.din.next = self.ask.val();
        self.asks.push.next = self.ask_tvalid.val() & !self.asks.full.val();
        self.unused_room.next = ((self.cmds.room.val() ^ self.acks.room.val())
            ^ self.mirrors.room.val())
            ^ self.asks.room.val();

        // Reports: is the first block a duplicate's? It ends before rcv_nxt, or lies within the second one (RFC 2883 4).
        self.stuck.next = self.acks.full.val();
        for i in 0..self._sack {
            self.stuck.next = self.acks.full.val() | self.sets[i].full.val();
        }
        self.ack_tready.next = !self.busy.q.val();
        self.put.next = self.busy.q.val() & !self.stuck.val();
        if self.put.val() {
            self.busy.d.next = false;
        }
        if self.ack_tvalid.val() & !self.busy.q.val() {
            self.busy.d.next = !self.ack_void.val();
            self.held.d.next = self.ack.val();
            for i in 0..self._sack {
                self.held_blocks[i].d.next = self.ack_blocks.val();
            }
        }
        self.unused_blocks.next = self.ack_blocks.val();
        self.unused_pop.next = self.block_pop.val();
        self.news.next = 0.into();
        for i in 0..self._sack {
            self.news.next = self.held_blocks[i].q.val().get_bits::<128>(0);
        }
        self.behind.next = self.news.val().get_bits::<32>(0) - self.held.q.val().pos;
        self.left.next = self.news.val().get_bits::<32>(0) - self.news.val().get_bits::<32>(64);
        self.right.next = self.news.val().get_bits::<32>(96) - self.news.val().get_bits::<32>(32);
        self.unused_behind.next = (self.behind.val() ^ self.left.val()) ^ self.right.val();
        self.told.next = self.held.q.val();
        if self.held.q.val().n > 4 {
            self.told.next.n = 4.into();
        }
        self.told.next.dup = (self.held.q.val().n.any() & self.behind.val().get_bit(31))
            | ((self.held.q.val().n > 1)
                & (!self.left.val().get_bit(31) & !self.right.val().get_bit(31)));
        self.acks.din.next = self.told.val();
        self.acks.push.next = self.put.val();
        self.blocks.next = 0.into();
        for i in 0..self._sack {
            self.sets[i].din.next = self.held_blocks[i].q.val();
            self.sets[i].push.next =
                self.put.val() & (self.held.q.val().counts & self.held.q.val().n.any());
            self.sets[i].pop.next = self.block_pop.val();
            self.blocks.next = self.sets[i].dout.val();
            self.unused_room.next = ((self.cmds.room.val() ^ self.acks.room.val())
                ^ (self.sets[i].room.val() ^ self.mirrors.room.val()))
                ^ self.asks.room.val();
        }

        // First half: whose connection is free.
        for i in 0..5 {
            self.hit[i].next = false;
        }
        for k in 0..self._held {
            if self.some[k].q.val() {
                if self.conns[k].q.val() == (self.cmds.dout.val().conn & self.mask.val()) {
                    self.hit[0].next = true;
                }
                if self.conns[k].q.val() == (self.asks.dout.val().conn & self.mask.val()) {
                    self.hit[1].next = true;
                }
                if self.conns[k].q.val() == (self.mirrors.dout.val().conn & self.mask.val()) {
                    self.hit[2].next = true;
                }
                if self.conns[k].q.val() == (self.acks.dout.val().conn & self.mask.val()) {
                    self.hit[3].next = true;
                }
                if self.conns[k].q.val() == self.scan.q.val() {
                    self.hit[4].next = true;
                }
            }
        }
        self.free[0].d.next = self.cmds.valid.val() & !self.hit[0].val() & self.open.val();
        self.free[1].d.next =
            (self.asks.valid.val() & !self.hit[1].val()) & (self.open.val() & self.room.val());
        self.free[2].d.next = self.mirrors.valid.val() & !self.hit[2].val() & self.open.val();
        self.free[3].d.next = self.acks.valid.val() & !self.hit[3].val() & self.open.val();
        self.free[4].d.next = !self.hit[4].val() & self.open.val();

        // Second half: one goes.
        self.forced.next = self.free[4].q.val() & self.turn.q.val().all();
        self.go[0].next = self.free[0].q.val() & !self.forced.val();
        self.go[1].next = (self.free[1].q.val() & !self.free[0].q.val())
            & (!self.forced.val()
                & (!self.asked.q.val() | (!self.free[2].q.val() & !self.free[3].q.val())));
        self.go[2].next = (self.free[2].q.val() & !self.free[0].q.val())
            & (!self.forced.val() & !self.go[1].val());
        self.go[3].next = (self.free[3].q.val() & !self.free[0].q.val())
            & (!self.forced.val() & !self.go[1].val())
            & !self.free[2].q.val();
        self.go[4].next = self.forced.val()
            | ((self.free[4].q.val() & self.turn.q.val().get_bit(3))
                & (!self.free[0].q.val() & !self.go[1].val())
                & (!self.free[2].q.val() & !self.free[3].q.val()));
        self.picked.next = self.acks.dout.val();
        self.picked.next.kind = AckKind::None;
        if self.go[0].val() {
            self.picked.next = self.cmds.dout.val();
        }
        if self.go[1].val() {
            self.picked.next = self.asks.dout.val();
        }
        if self.go[2].val() {
            self.picked.next = self.mirrors.dout.val();
        }
        if self.go[3].val() {
            self.picked.next = self.acks.dout.val();
        }
        if self.go[4].val() {
            self.picked.next.kind = AckKind::Tick;
            self.picked.next.conn = self.scan.q.val();
        }
        self.picked.next.now = self.now.val();
        self.cmds.pop.next = self.half.q.val() & self.go[0].val();
        self.asks.pop.next = self.half.q.val() & self.go[1].val();
        self.mirrors.pop.next = self.half.q.val() & self.go[2].val();
        self.acks.pop.next = self.half.q.val() & self.go[3].val();
        if self.half.q.val() {
            self.out.d.next = self.picked.val();
            self.conns[0].d.next = self.picked.val().conn & self.mask.val();
            self.some[0].d.next = self.picked.val().kind != AckKind::None;
            for k in 1..self._held {
                self.conns[k].d.next = self.conns[k - 1].q.val();
                self.some[k].d.next = self.some[k - 1].q.val();
            }
            if self.picked.val().kind != AckKind::None {
                self.asked.d.next = self.go[1].val();
            }
            self.turn.d.next = self.turn.q.val() + 1;
            if self.turn.q.val().all() & !self.free[4].q.val() {
                self.turn.d.next = self.turn.q.val();
            }
            if self.go[4].val() {
                self.turn.d.next = 0.into();
                self.scan.d.next = (self.scan.q.val() + 1) & self.mask.val();
            }
        }
        self.ev.next = self.out.q.val();
    }
}
