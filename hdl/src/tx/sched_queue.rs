//! One class of the scheduler: connections that wait, each of them once, in the order of their coming.
//!
//! | ports | | |
//! |---|---|---|
//! | `tell_*` | in stream | this connection wants to be served |
//! | `done_*` | in stream | it has been; only with `holds` |
//! | `go` | in | the next may be taken out |
//! | `out_*` | out stream | the next one, with the generation told last |
//! | `len` | out | connections in the queue, that at `out` not counted |
//! | `took` | out | one has been taken out of the queue |
//! | `ready` | out | the table is cleared; before that nothing is taken |
//!
//! A connection is in the queue once at most, so the queue (as deep as the table) is never full and `tell` never waits for long.
//! With `holds` a connection that was taken out is not queued again before `done`: what is told meanwhile is kept, and it is queued
//! then. Nothing is lost: behind each `tell` the connection comes out once more, unless it is in the queue already.
//! **Latency**: told in cycle t, at `out` in t + 5 if nothing else waits. **Rate**: one `tell` or `done` a cycle but for
//! those in which one is taken out: every third at most. **Back-pressure**: as said.
//! The row of a connection is read in one cycle and written in the next; [`FwdRam`] makes that flat.

use super::ack_types::Who;
use super::snd_types::CONN;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{FwdRam, Ram, RamClear};
use rust_hdl::prelude::*;

/// Bits of a count of connections.
pub const COUNT: usize = CONN + 1;

/// Up to so many bits of a connection number the tables are LUT RAM: block RAMs would be nearly empty.
const IN_LUTS: usize = 7;

/// State of a connection in a class.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct QueueRow {
    pub queued: bool,
    /// It has been taken out and is not done; told meanwhile.
    pub busy: bool,
    pub again: bool,
    pub gen: Bits<8>,
}

#[derive(LogicBlock)]
pub struct SchedQueue {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub tell_tvalid: Signal<In, bool>,
    pub tell_tready: Signal<Out, bool>,
    pub tell: Signal<In, Who>,
    pub done_tvalid: Signal<In, bool>,
    pub done_tready: Signal<Out, bool>,
    pub done_conn: Signal<In, Bits<CONN>>,
    pub go: Signal<In, bool>,
    pub out_tvalid: Signal<Out, bool>,
    pub out_tready: Signal<In, bool>,
    pub out: Signal<Out, Who>,
    pub len: Signal<Out, Bits<COUNT>>,
    pub took: Signal<Out, bool>,
    clear: RamClear<CONN>,
    rows: FwdRam<QueueRow, CONN>,
    line: Ram<Bits<CONN>, CONN>,
    // the operation whose row is read
    telling: Reg<bool>,
    ending: Reg<bool>,
    taking: Reg<bool>,
    who: RegNr<Who>,
    wp: Reg<Bits<CONN>>,
    rp: Reg<Bits<CONN>>,
    count: Reg<Bits<COUNT>>,
    /// The queue's head is read.
    have: Reg<bool>,
    full: Reg<bool>,
    held: RegNr<Who>,
    take: Signal<Local, bool>,
    ends: Signal<Local, bool>,
    add: Signal<Local, bool>,
    op: Signal<Local, Who>,
    put: Signal<Local, bool>,
    we: Signal<Local, bool>,
    row: Signal<Local, QueueRow>,
    waddr: Signal<Local, Bits<CONN>>,
    free: Signal<Local, bool>,
    _holds: usize,
    mask: Constant<Bits<CONN>>,
}

impl SchedQueue {
    /// A queue of `2^conn_bits` connections.
    pub fn new(conn_bits: usize, holds: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            tell_tvalid: Default::default(),
            tell_tready: Default::default(),
            tell: Default::default(),
            done_tvalid: Default::default(),
            done_tready: Default::default(),
            done_conn: Default::default(),
            go: Default::default(),
            out_tvalid: Default::default(),
            out_tready: Default::default(),
            out: Default::default(),
            len: Default::default(),
            took: Default::default(),
            clear: RamClear::new(conn_bits),
            rows: FwdRam::new(conn_bits).in_luts(conn_bits <= IN_LUTS),
            line: Ram::new(conn_bits, 1)
                .collisions_undefined()
                .in_luts(conn_bits <= IN_LUTS),
            telling: Default::default(),
            ending: Default::default(),
            taking: Default::default(),
            who: Default::default(),
            wp: Default::default(),
            rp: Default::default(),
            count: Default::default(),
            have: Default::default(),
            full: Default::default(),
            held: Default::default(),
            take: Default::default(),
            ends: Default::default(),
            add: Default::default(),
            op: Default::default(),
            put: Default::default(),
            we: Default::default(),
            row: Default::default(),
            waddr: Default::default(),
            free: Default::default(),
            _holds: holds.into(),
            mask: Constant::new(((1u64 << conn_bits) - 1).to_bits()),
        }
    }
}

impl Logic for SchedQueue {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();

        // Which operation: one that takes out, an end, a new one.
        self.free.next = !self.full.q.val() & !self.taking.q.val();
        self.take.next = (self.have.q.val() & self.go.val()) & self.free.val();
        self.done_tready.next = self.clear.done.val() & !self.take.val();
        self.ends.next = self.done_tvalid.val() & (self.clear.done.val() & !self.take.val());
        self.tell_tready.next =
            self.clear.done.val() & (!self.take.val() & !self.done_tvalid.val());
        self.add.next = (self.tell_tvalid.val() & self.clear.done.val())
            & (!self.take.val() & !self.done_tvalid.val());
        self.op.next = self.tell.val();
        if self.done_tvalid.val() {
            self.op.next.conn = self.done_conn.val();
        }
        if self.take.val() {
            self.op.next.conn = self.line.rdata.val();
        }
        self.rows.raddr.next = self.op.val().conn;
        self.who.d.next = self.op.val();
        self.telling.d.next = self.add.val();
        self.ending.d.next = self.ends.val();
        self.taking.d.next = self.take.val();
        self.took.next = self.take.val();

        // The row.
        self.row.next = self.rows.rdata.val();
        self.we.next = self.telling.q.val() | self.ending.q.val() | self.taking.q.val();
        self.put.next = false;
        if self.telling.q.val() {
            self.row.next.gen = self.who.q.val().gen;
            if self.rows.rdata.val().busy {
                self.row.next.again = true;
            } else {
                self.row.next.queued = true;
                self.put.next = !self.rows.rdata.val().queued;
            }
        }
        if self.ending.q.val() {
            self.row.next.busy = false;
            self.row.next.again = false;
            self.row.next.queued = self.rows.rdata.val().again;
            self.put.next = self.rows.rdata.val().again;
        }
        if self.taking.q.val() {
            self.row.next.queued = false;
            for _i in 0..self._holds {
                self.row.next.busy = true;
            }
        }
        self.waddr.next = self.who.q.val().conn;
        if self.clear.active.val() {
            self.we.next = true;
            self.waddr.next = self.clear.addr.val();
            self.row.next.queued = false;
            self.row.next.busy = false;
            self.row.next.again = false;
            self.row.next.gen = 0.into();
        }
        self.rows.we.next = self.we.val();
        self.rows.waddr.next = self.waddr.val();
        self.rows.wdata.next = self.row.val();

        // The queue.
        self.line.we.next = self.put.val();
        self.line.waddr.next = self.wp.q.val();
        self.line.wdata.next = self.who.q.val().conn;
        self.line.raddr.next = self.rp.q.val();
        if self.put.val() {
            self.wp.d.next = (self.wp.q.val() + 1) & self.mask.val();
        }
        if self.take.val() {
            self.rp.d.next = (self.rp.q.val() + 1) & self.mask.val();
        }
        if self.put.val() & !self.take.val() {
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.take.val() & !self.put.val() {
            self.count.d.next = self.count.q.val() - 1;
        }
        self.have.d.next = self.count.q.val().any() & !self.take.val();
        self.len.next = self.count.q.val();

        // Out.
        if self.taking.q.val() {
            self.full.d.next = true;
            self.held.d.next = self.who.q.val();
            self.held.d.next.gen = self.rows.rdata.val().gen;
        } else {
            if self.out_tready.val() {
                self.full.d.next = false;
            }
        }
        self.out_tvalid.next = self.full.q.val();
        self.out.next = self.held.q.val();
    }
}
