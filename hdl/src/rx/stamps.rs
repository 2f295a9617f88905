//! Timestamps of RFC 7323: TS.Recent of every connection, and what a segment's option is to it. A preset may do without.
//!
//! | table | row | writer |
//! |---|---|---|
//! | TS.Recent | [`StampRow`] | `we w_conn w_row`: the cycle after X3 (Install, or a segment that moves it) |
//! | Last.ACK.sent | 32 bits | `mir_we mir_conn mir_ack`: the mirror server, at installation too |
//!
//! Both are read at J with the entry's connection (`conn`) and are there in X2, so that the history of `Dyn` needs no field
//! more. What the entries in front write from J on is forwarded: of the one that has just left X3 by `near`, of those before it
//! by what X1 compared (`conn_x1`). Latency: none of its own; no back-pressure.
//!
//! X2: `paws`: the option's TSval is below TS.Recent (modulo 2^32), which counts (5.3 R1); `bare`: the option is missing on a
//! connection that has it (3.2); neither of a RST. `moves`: TS.Recent becomes TSval if the segment is acceptable: it begins
//! at or before Last.ACK.sent (4.3, 5.3 R3). `on`, `recent`: the state in front of this entry.
//! Age (5.5): TS.Recent does not count any more [`DAYS`] days after it was set. The days are the host's (register
//! `ts_day`, modulo 256): a connection that is idle for more than 256 - 24 of them may lose its first segments again.
//! Requirements: TCP-15..TCP-19.

use super::cfg::Cfg;
use super::types::CONN;
use crate::prim::reg::RegNr;
use crate::prim::Ram;
use rust_hdl::prelude::*;

/// Days after which TS.Recent is outdated.
pub const DAYS: u64 = 24;

/// Timestamp state of a connection.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct StampRow {
    /// Both SYNs had the option.
    pub on: bool,
    pub recent: Bits<32>,
    /// When it was set.
    pub day: Bits<8>,
}

/// See the head of this file.
#[derive(LogicBlock)]
pub struct Stamps {
    pub clock: Signal<In, Clock>,
    // J, X1
    pub conn: Signal<In, Bits<CONN>>,
    pub conn_x1: Signal<In, Bits<CONN>>,
    // X2
    /// The entry just in front has left X3 in the cycle before, and is of the same connection.
    pub near: Signal<In, bool>,
    /// A frame of an installed connection, not bad, headers covered; it has the option.
    pub whole: Signal<In, bool>,
    pub ts: Signal<In, bool>,
    pub rst: Signal<In, bool>,
    pub tsval: Signal<In, Bits<32>>,
    pub seq: Signal<In, Bits<32>>,
    pub day: Signal<In, Bits<8>>,
    pub on: Signal<Out, bool>,
    pub recent: Signal<Out, Bits<32>>,
    pub paws: Signal<Out, bool>,
    pub bare: Signal<Out, bool>,
    pub moves: Signal<Out, bool>,
    // X4
    pub we: Signal<In, bool>,
    pub w_conn: Signal<In, Bits<CONN>>,
    pub w_row: Signal<In, StampRow>,
    pub mir_we: Signal<In, bool>,
    pub mir_conn: Signal<In, Bits<CONN>>,
    pub mir_ack: Signal<In, Bits<32>>,
    rows: Ram<StampRow, CONN>,
    acks: Ram<Bits<32>, CONN>,
    /// The writes of the last two cycles; X2: they were of this connection.
    we1: RegNr<bool>,
    conn1: RegNr<Bits<CONN>>,
    row1: RegNr<StampRow>,
    row2: RegNr<StampRow>,
    hit1: RegNr<bool>,
    hit2: RegNr<bool>,
    now: Signal<Local, StampRow>,
    age: Signal<Local, Bits<32>>,
    days: Signal<Local, Bits<8>>,
    ahead: Signal<Local, Bits<32>>,
    old: Signal<Local, bool>,
    unused_age: Signal<Local, Bits<32>>,
    unused_ahead: Signal<Local, Bits<32>>,
    most: Constant<Bits<8>>,
}

impl Stamps {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            conn: Default::default(),
            conn_x1: Default::default(),
            near: Default::default(),
            whole: Default::default(),
            ts: Default::default(),
            rst: Default::default(),
            tsval: Default::default(),
            seq: Default::default(),
            day: Default::default(),
            on: Default::default(),
            recent: Default::default(),
            paws: Default::default(),
            bare: Default::default(),
            moves: Default::default(),
            we: Default::default(),
            w_conn: Default::default(),
            w_row: Default::default(),
            mir_we: Default::default(),
            mir_conn: Default::default(),
            mir_ack: Default::default(),
            rows: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            acks: Ram::new(cfg.conn_bits, 2),
            we1: Default::default(),
            conn1: Default::default(),
            row1: Default::default(),
            row2: Default::default(),
            hit1: Default::default(),
            hit2: Default::default(),
            now: Default::default(),
            age: Default::default(),
            days: Default::default(),
            ahead: Default::default(),
            old: Default::default(),
            unused_age: Default::default(),
            unused_ahead: Default::default(),
            most: Constant::new((DAYS - 1).to_bits()),
        }
    }
}

impl Logic for Stamps {
    #[hdl_gen]
    fn update(&mut self) {
        self.rows.raddr.next = self.conn.val();
        self.acks.raddr.next = self.conn.val();
        self.rows.we.next = self.we.val();
        self.rows.waddr.next = self.w_conn.val();
        self.rows.wdata.next = self.w_row.val();
        self.acks.we.next = self.mir_we.val();
        self.acks.waddr.next = self.mir_conn.val();
        self.acks.wdata.next = self.mir_ack.val();

        // Written in the cycle of X1, and in that of J.
        self.we1.d.next = self.we.val();
        self.conn1.d.next = self.w_conn.val();
        self.row1.d.next = self.w_row.val();
        self.row2.d.next = self.row1.q.val();
        self.hit1.d.next = self.we.val() & (self.w_conn.val() == self.conn_x1.val());
        self.hit2.d.next = self.we1.q.val() & (self.conn1.q.val() == self.conn_x1.val());
        self.now.next = self.rows.rdata.val();
        if self.hit2.q.val() {
            self.now.next = self.row2.q.val();
        }
        if self.hit1.q.val() {
            self.now.next = self.row1.q.val();
        }
        if self.near.val() & self.we.val() {
            self.now.next = self.w_row.val();
        }
        self.on.next = self.now.val().on;
        self.recent.next = self.now.val().recent;

        self.age.next = self.tsval.val() - self.now.val().recent;
        self.unused_age.next = self.age.val();
        self.days.next = self.day.val() - self.now.val().day;
        self.old.next = self.age.val().get_bit(31) & (self.days.val() <= self.most.val());
        self.ahead.next = self.acks.rdata.val() - self.seq.val();
        self.unused_ahead.next = self.ahead.val();
        self.paws.next =
            self.whole.val() & self.now.val().on & self.ts.val() & !self.rst.val() & self.old.val();
        self.bare.next = self.whole.val() & self.now.val().on & !self.ts.val() & !self.rst.val();
        self.moves.next = self.whole.val()
            & self.now.val().on
            & self.ts.val()
            & !self.rst.val()
            & !self.old.val()
            & !self.ahead.val().get_bit(31);
    }
}
