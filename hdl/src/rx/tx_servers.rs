//! The servers whose tables the transmit path fills for the receive path's context: Reads answered, send state.
//!
//! | server | stream in | table | writes out |
//! |---|---|---|---|
//! | [`DoneServer`]   | `read_done`  | Reads answered {gen, count} | `rdd_*`: the count; gives IRD back (RFC 5040 4.4 with RFC 6581) |
//! | [`MirrorServer`] | `snd_mirror` | {gen} | `mir_*`: what an acknowledgement may name (RFC 5961 5.2); Last.ACK.sent (RFC 7323 4.3) |
//!
//! Latency, back-pressure, `hold`, `idle` and `init`: as in [`servers`](super::servers). A beat of another generation, or of
//! a number out of range, changes nothing and gives a pulse `bad`.

use super::cfg::Cfg;
use super::servers::{beyond, CountRow, SEAM_CONN};
use super::types::{Mirror, CONN};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Ram;
use rust_hdl::prelude::*;

/// One beat of `read_done`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct DoneAsk {
    pub conn: Bits<SEAM_CONN>,
    pub gen: Bits<8>,
    pub count: Bits<5>,
}

/// Read Requests of the peer that are answered.
#[derive(LogicBlock)]
pub struct DoneServer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
    pub ask: Signal<In, DoneAsk>,
    pub hold: Signal<In, bool>,
    pub idle: Signal<Out, bool>,
    pub init_we: Signal<In, bool>,
    pub init_conn: Signal<In, Bits<CONN>>,
    pub init_row: Signal<In, CountRow>,
    pub rdd_we: Signal<Out, bool>,
    pub rdd_conn: Signal<Out, Bits<CONN>>,
    pub rdd_val: Signal<Out, Bits<16>>,
    pub bad: Signal<Out, bool>,
    answered: Ram<CountRow, CONN>,
    s1: Reg<bool>,
    s2: Reg<bool>,
    held: RegNr<DoneAsk>,
    take: Signal<Local, bool>,
    free: Signal<Local, bool>,
    row: Signal<Local, CountRow>,
    wrong: Signal<Local, bool>,
    next: Signal<Local, CountRow>,
    we: Signal<Local, bool>,
    waddr: Signal<Local, Bits<CONN>>,
    beyond: Constant<Bits<SEAM_CONN>>,
}

impl DoneServer {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            ask: Default::default(),
            hold: Default::default(),
            idle: Default::default(),
            init_we: Default::default(),
            init_conn: Default::default(),
            init_row: Default::default(),
            rdd_we: Default::default(),
            rdd_conn: Default::default(),
            rdd_val: Default::default(),
            bad: Default::default(),
            answered: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            s1: Default::default(),
            s2: Default::default(),
            held: Default::default(),
            take: Default::default(),
            free: Default::default(),
            row: Default::default(),
            wrong: Default::default(),
            next: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            beyond: beyond(cfg),
        }
    }
}

impl Logic for DoneServer {
    #[hdl_gen]
    fn update(&mut self) {
        self.free.next = !self.s1.q.val() & !self.s2.q.val();
        self.idle.next = self.free.val();
        self.tready.next = self.free.val() & !self.hold.val();
        self.take.next = self.tvalid.val() & self.free.val() & !self.hold.val();
        self.s1.d.next = self.take.val();
        self.s2.d.next = self.s1.q.val();
        if self.take.val() {
            self.held.d.next = self.ask.val();
        }
        self.answered.raddr.next = self.ask.val().conn.get_bits::<CONN>(0);

        self.row.next = self.answered.rdata.val();
        self.wrong.next = (self.held.q.val().conn & self.beyond.val()).any()
            | (self.held.q.val().gen != self.row.val().gen);
        self.bad.next = self.s2.q.val() & self.wrong.val();
        self.we.next = self.s2.q.val() & !self.wrong.val();
        self.waddr.next = self.held.q.val().conn.get_bits::<CONN>(0);
        self.next.next.gen = self.row.val().gen;
        self.next.next.count = self.row.val().count + bit_cast::<16, 5>(self.held.q.val().count);
        if self.init_we.val() {
            self.we.next = true;
            self.waddr.next = self.init_conn.val();
            self.next.next.gen = self.init_row.val().gen;
            self.next.next.count = self.init_row.val().count;
        }
        self.answered.we.next = self.we.val();
        self.answered.waddr.next = self.waddr.val();
        self.answered.wdata.next = self.next.val();
        self.rdd_we.next = self.we.val();
        self.rdd_conn.next = self.waddr.val();
        self.rdd_val.next = self.next.val().count;
    }
}

/// One beat of `snd_mirror`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct MirrorAsk {
    pub conn: Bits<SEAM_CONN>,
    pub gen: Bits<8>,
    pub snd_una: Bits<32>,
    pub snd_nxt: Bits<32>,
    pub max_wnd: Bits<32>,
    pub last_ack: Bits<32>,
}

/// Send state of the transmit path.
#[derive(LogicBlock)]
pub struct MirrorServer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
    pub ask: Signal<In, MirrorAsk>,
    pub hold: Signal<In, bool>,
    pub idle: Signal<Out, bool>,
    pub init_we: Signal<In, bool>,
    pub init_conn: Signal<In, Bits<CONN>>,
    pub init_gen: Signal<In, Bits<8>>,
    pub init_row: Signal<In, Mirror>,
    pub mir_we: Signal<Out, bool>,
    pub mir_conn: Signal<Out, Bits<CONN>>,
    pub mir_row: Signal<Out, Mirror>,
    pub bad: Signal<Out, bool>,
    gens: Ram<Bits<8>, CONN>,
    s1: Reg<bool>,
    s2: Reg<bool>,
    h1: RegNr<MirrorAsk>,
    h2: RegNr<MirrorAsk>,
    wrong: Signal<Local, bool>,
    beyond: Constant<Bits<SEAM_CONN>>,
    _sliced: usize,
}

impl MirrorServer {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            ask: Default::default(),
            hold: Default::default(),
            idle: Default::default(),
            init_we: Default::default(),
            init_conn: Default::default(),
            init_gen: Default::default(),
            init_row: Default::default(),
            mir_we: Default::default(),
            mir_conn: Default::default(),
            mir_row: Default::default(),
            bad: Default::default(),
            gens: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            s1: Default::default(),
            s2: Default::default(),
            h1: Default::default(),
            h2: Default::default(),
            wrong: Default::default(),
            beyond: beyond(cfg),
            _sliced: cfg.sliced.into(),
        }
    }
}

impl Logic for MirrorServer {
    #[hdl_gen]
    fn update(&mut self) {
        self.idle.next = !self.s1.q.val() & !self.s2.q.val();
        self.tready.next = !self.hold.val();
        self.s1.d.next = self.tvalid.val() & !self.hold.val();
        self.s2.d.next = self.s1.q.val();
        // A row that is kept in three slices is written every third cycle.
        for _i in 0..self._sliced {
            self.tready.next = !self.hold.val() & !self.s1.q.val() & !self.s2.q.val();
            self.s1.d.next =
                self.tvalid.val() & !self.hold.val() & !self.s1.q.val() & !self.s2.q.val();
        }
        self.h1.d.next = self.ask.val();
        self.h2.d.next = self.h1.q.val();
        self.gens.raddr.next = self.ask.val().conn.get_bits::<CONN>(0);
        self.gens.we.next = self.init_we.val();
        self.gens.waddr.next = self.init_conn.val();
        self.gens.wdata.next = self.init_gen.val();

        self.wrong.next = (self.h2.q.val().conn & self.beyond.val()).any()
            | (self.h2.q.val().gen != self.gens.rdata.val());
        self.bad.next = self.s2.q.val() & self.wrong.val();
        self.mir_we.next = self.s2.q.val() & !self.wrong.val();
        self.mir_conn.next = self.h2.q.val().conn.get_bits::<CONN>(0);
        self.mir_row.next.snd_una = self.h2.q.val().snd_una;
        self.mir_row.next.snd_nxt = self.h2.q.val().snd_nxt;
        self.mir_row.next.max_wnd = self.h2.q.val().max_wnd;
        self.mir_row.next.last_ack = self.h2.q.val().last_ack;
        if self.init_we.val() {
            self.mir_we.next = true;
            self.mir_conn.next = self.init_conn.val();
            self.mir_row.next = self.init_row.val();
        }
    }
}
