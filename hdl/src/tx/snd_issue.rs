//! Stage 0: the queues in front of the pipeline, who is next, and the interlock.
//!
//! | ports | | |
//! |---|---|---|
//! | `cmd_* ack_* sent_* data_* ask_*` | in | events, one FIFO each: 2, 16, 8, 8, 8 deep; `tready` does not look at `tvalid` |
//! | `open` | in | every FIFO behind the pipeline has room for what is in flight |
//! | `now` | in | time |
//! | `second` | out | second half of a stage |
//! | `ev` | out | the event in stage 0; `Kind::None`: a bubble |
//!
//! One event every 2 cycles. In the first half of a stage the connection of each queue's head is compared with those in stages 0 to
//! 5; in the second half the first of command, ack, sent, data, ask whose connection is free goes; if there is none, the timer
//! scan goes on by one connection, at most once in 9 turns; in the 16th turn it goes first. So it comes round in 18 to 32 cycles a
//! connection: in 29 us for 128 at 125 MHz, in 3 ms for 32 k at 322 MHz. So events of one connection are 14 cycles apart, and a
//! connection that waits holds up its own queue alone.
//! Latency: an event that comes when nothing waits is in stage 0 after 2 or 3 cycles; an ACK after one more.
//! An ACK with n SACK blocks becomes n events, oldest block first; the newest goes with the ACK. It takes n + 1 cycles.
//! Depths: 16 ACKs are what comes in while one connection's events are 14 cycles apart; the others have a partner that waits.
//! Not taken: reports without a sender's news (`RX_ONLY`, `RST`, a challenge's), connection numbers beyond the table.

use super::snd_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

/// Stages whose connection may not come again.
const HELD: usize = 6;

/// Bits of an event's field that its queue stores.
const NOT: usize = 0;

#[derive(LogicBlock)]
pub struct SndIssue {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub open: Signal<In, bool>,
    pub now: Signal<In, Bits<32>>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd: Signal<In, Ev>,
    pub ack_tvalid: Signal<In, bool>,
    pub ack_tready: Signal<Out, bool>,
    pub ack: Signal<In, Ev>,
    pub ack_blocks: Signal<In, Bits<3>>,
    pub ack_sack: Signal<In, Bits<256>>,
    pub sent_tvalid: Signal<In, bool>,
    pub sent_tready: Signal<Out, bool>,
    pub sent: Signal<In, Ev>,
    pub data_tvalid: Signal<In, bool>,
    pub data_tready: Signal<Out, bool>,
    pub data: Signal<In, Ev>,
    pub ask_tvalid: Signal<In, bool>,
    pub ask_tready: Signal<Out, bool>,
    pub ask: Signal<In, Ev>,
    /// The event is not for this block: taken and forgotten.
    pub ack_void: Signal<In, bool>,
    pub sent_void: Signal<In, bool>,
    pub data_void: Signal<In, bool>,
    pub ask_void: Signal<In, bool>,
    pub cmd_void: Signal<In, bool>,
    pub second: Signal<Out, bool>,
    pub ev: Signal<Out, Ev>,

    half: Reg<bool>,
    cmds: Fifo<Ev, 1>,
    acks: Fifo<Ev, 4>,
    sents: Fifo<Ev, 3>,
    datas: Fifo<Ev, 3>,
    asks: Fifo<Ev, 3>,
    // the ACK that is being cut into blocks
    busy: Reg<bool>,
    held: RegNr<Ev>,
    blocks: RegNr<Bits<256>>,
    left: RegNr<Bits<3>>,
    // heads that may go
    free: Vec<Reg<bool>>,
    hit: Vec<Signal<Local, bool>>,
    conns: Vec<RegNr<Bits<CONN>>>,
    some: Vec<Reg<bool>>,
    scan: Reg<Bits<CONN>>,
    turn: Reg<Bits<4>>,
    out: Reg<Ev>,
    picked: Signal<Local, Ev>,
    block: Signal<Local, Ev>,
    take: Signal<Local, bool>,
    pick: Signal<Local, bool>,
    forced: Signal<Local, bool>,
    unused_room: Signal<Local, Bits<8>>,
    mask: Constant<Bits<CONN>>,
    _held: usize,
}

impl SndIssue {
    /// For `2^conn_bits` connections.
    pub fn new(conn_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            open: Default::default(),
            now: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack: Default::default(),
            ack_blocks: Default::default(),
            ack_sack: Default::default(),
            sent_tvalid: Default::default(),
            sent_tready: Default::default(),
            sent: Default::default(),
            data_tvalid: Default::default(),
            data_tready: Default::default(),
            data: Default::default(),
            ask_tvalid: Default::default(),
            ask_tready: Default::default(),
            ask: Default::default(),
            ack_void: Default::default(),
            sent_void: Default::default(),
            data_void: Default::default(),
            ask_void: Default::default(),
            cmd_void: Default::default(),
            second: Default::default(),
            ev: Default::default(),
            half: Default::default(),
            cmds: Fifo::new().narrow(&[("now", NOT)]),
            acks: Fifo::new().narrow(&[("now", NOT), ("from", NOT), ("wnd", 16), ("odd", NOT)]),
            sents: Fifo::new().narrow(&[
                ("now", NOT),
                ("seq", NOT),
                ("stamp", NOT),
                ("wnd", NOT),
                ("left", NOT),
                ("right", NOT),
                ("pure", NOT),
                ("ts", NOT),
                ("blk", NOT),
            ]),
            datas: Fifo::new().narrow(&[
                ("now", NOT),
                ("seq", NOT),
                ("from", NOT),
                ("stamp", NOT),
                ("wnd", NOT),
                ("left", NOT),
                ("right", NOT),
                ("pure", NOT),
                ("ts", NOT),
                ("blk", NOT),
                ("odd", NOT),
            ]),
            asks: Fifo::new().narrow(&[
                ("now", NOT),
                ("pos", NOT),
                ("seq", NOT),
                ("from", NOT),
                ("stamp", NOT),
                ("wnd", NOT),
                ("left", NOT),
                ("right", NOT),
                ("pure", NOT),
                ("ts", NOT),
                ("blk", NOT),
                ("odd", NOT),
            ]),
            busy: Default::default(),
            held: Default::default(),
            blocks: Default::default(),
            left: Default::default(),
            free: (0..6).map(|_| Reg::default()).collect(),
            hit: (0..6).map(|_| Signal::default()).collect(),
            conns: (0..HELD).map(|_| RegNr::default()).collect(),
            some: (0..HELD).map(|_| Reg::default()).collect(),
            scan: Default::default(),
            turn: Default::default(),
            out: Default::default(),
            picked: Default::default(),
            block: Default::default(),
            take: Default::default(),
            pick: Default::default(),
            forced: Default::default(),
            unused_room: Default::default(),
            mask: Constant::new(((1u64 << conn_bits) - 1).to_bits()),
            _held: HELD,
        }
    }
}

impl Logic for SndIssue {
    #[hdl_gen]
    fn update(&mut self) {
        self.half.d.next = !self.half.q.val();
        self.second.next = self.half.q.val();

        // Queues.
        self.cmd_tready.next = !self.cmds.full.val();
        self.cmds.din.next = self.cmd.val();
        self.cmds.push.next = self.cmd_tvalid.val() & !self.cmds.full.val() & !self.cmd_void.val();
        self.sent_tready.next = !self.sents.full.val();
        self.sents.din.next = self.sent.val();
        self.sents.push.next =
            self.sent_tvalid.val() & !self.sents.full.val() & !self.sent_void.val();
        self.data_tready.next = !self.datas.full.val();
        self.datas.din.next = self.data.val();
        self.datas.push.next =
            self.data_tvalid.val() & !self.datas.full.val() & !self.data_void.val();
        self.ask_tready.next = !self.asks.full.val();
        self.asks.din.next = self.ask.val();
        self.asks.push.next = self.ask_tvalid.val() & !self.asks.full.val() & !self.ask_void.val();
        self.unused_room.next = ((self.cmds.room.val() ^ self.acks.room.val())
            ^ (self.sents.room.val() ^ self.datas.room.val()))
            ^ self.asks.room.val();

        // ACKs: blocks last to first, the first with the ACK.
        self.ack_tready.next = !self.busy.q.val();
        self.take.next = self.ack_tvalid.val() & !self.busy.q.val();
        self.block.next = self.held.q.val();
        self.block.next.left = self.blocks.q.val().get_bits::<32>(0);
        self.block.next.right = self.blocks.q.val().get_bits::<32>(32);
        for i in 1..4 {
            if self.left.q.val() == i.to_bits::<3>() {
                self.block.next.left = self.blocks.q.val().get_bits::<32>(i * 64);
                self.block.next.right = self.blocks.q.val().get_bits::<32>(i * 64 + 32);
            }
        }
        if self.left.q.val().any() {
            self.block.next.kind = Kind::Block;
        }
        self.acks.din.next = self.block.val();
        self.acks.push.next = self.busy.q.val() & !self.acks.full.val();
        if self.busy.q.val() & !self.acks.full.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.busy.d.next = self.left.q.val().any();
        }
        if self.take.val() {
            self.busy.d.next = !self.ack_void.val();
            self.held.d.next = self.ack.val();
            self.blocks.d.next = self.ack_sack.val();
            self.left.d.next = self.ack_blocks.val() - 1;
            if !self.ack_blocks.val().any() {
                self.left.d.next = 0.into();
            }
            if self.ack_blocks.val() > 4 {
                self.left.d.next = 3.into();
            }
        }

        // First half: whose connection is free.
        for i in 0..6 {
            self.hit[i].next = false;
        }
        for k in 0..self._held {
            if self.some[k].q.val() {
                if self.conns[k].q.val() == (self.cmds.dout.val().conn & self.mask.val()) {
                    self.hit[0].next = true;
                }
                if self.conns[k].q.val() == (self.acks.dout.val().conn & self.mask.val()) {
                    self.hit[1].next = true;
                }
                if self.conns[k].q.val() == (self.sents.dout.val().conn & self.mask.val()) {
                    self.hit[2].next = true;
                }
                if self.conns[k].q.val() == (self.datas.dout.val().conn & self.mask.val()) {
                    self.hit[3].next = true;
                }
                if self.conns[k].q.val() == (self.asks.dout.val().conn & self.mask.val()) {
                    self.hit[4].next = true;
                }
                if self.conns[k].q.val() == self.scan.q.val() {
                    self.hit[5].next = true;
                }
            }
        }
        self.free[0].d.next = self.cmds.valid.val() & !self.hit[0].val() & self.open.val();
        self.free[1].d.next = self.acks.valid.val() & !self.hit[1].val() & self.open.val();
        self.free[2].d.next = self.sents.valid.val() & !self.hit[2].val() & self.open.val();
        self.free[3].d.next = self.datas.valid.val() & !self.hit[3].val() & self.open.val();
        self.free[4].d.next = self.asks.valid.val() & !self.hit[4].val() & self.open.val();
        self.free[5].d.next = !self.hit[5].val() & self.open.val();

        // Second half: one goes.
        self.forced.next = self.free[5].q.val() & self.turn.q.val().all();
        self.cmds.pop.next = false;
        self.acks.pop.next = false;
        self.sents.pop.next = false;
        self.datas.pop.next = false;
        self.asks.pop.next = false;
        self.pick.next = false;
        self.picked.next = self.asks.dout.val();
        self.picked.next.kind = Kind::None;
        if self.forced.val() {
            self.pick.next = true;
        } else {
            if self.free[0].q.val() {
                self.picked.next = self.cmds.dout.val();
                self.cmds.pop.next = self.half.q.val();
            } else {
                if self.free[1].q.val() {
                    self.picked.next = self.acks.dout.val();
                    self.acks.pop.next = self.half.q.val();
                } else {
                    if self.free[2].q.val() {
                        self.picked.next = self.sents.dout.val();
                        self.sents.pop.next = self.half.q.val();
                    } else {
                        if self.free[3].q.val() {
                            self.picked.next = self.datas.dout.val();
                            self.datas.pop.next = self.half.q.val();
                        } else {
                            if self.free[4].q.val() {
                                self.picked.next = self.asks.dout.val();
                                self.asks.pop.next = self.half.q.val();
                            } else {
                                self.pick.next =
                                    self.free[5].q.val() & self.turn.q.val().get_bit(3);
                            }
                        }
                    }
                }
            }
        }
        if self.pick.val() {
            self.picked.next.kind = Kind::Tick;
            self.picked.next.conn = self.scan.q.val();
        }
        self.picked.next.now = self.now.val();
        if self.half.q.val() {
            self.out.d.next = self.picked.val();
            self.conns[0].d.next = self.picked.val().conn & self.mask.val();
            self.some[0].d.next = self.picked.val().kind != Kind::None;
            for k in 1..self._held {
                self.conns[k].d.next = self.conns[k - 1].q.val();
                self.some[k].d.next = self.some[k - 1].q.val();
            }
            self.turn.d.next = self.turn.q.val() + 1;
            if self.turn.q.val().all() & !self.free[5].q.val() {
                self.turn.d.next = self.turn.q.val();
            }
            if self.pick.val() {
                self.turn.d.next = 0.into();
                self.scan.d.next = (self.scan.q.val() + 1) & self.mask.val();
            }
        }
        self.ev.next = self.out.q.val();
    }
}
