//! Queues of the deliver block: a delivery is written once and read in three parts, each when its reader comes to it.
//!
//! [`DeliverQueue`]: what one source pushes.
//!
//! | port | | |
//! |---|---|---|
//! | `push`, `request_in order_in tail_in` | in | one delivery; not in two cycles in a row, and not into the last entry |
//! | `roomy` | out | `need` entries are free, not counting the push and the pop of this cycle and the last one |
//! | `waiting`, `request`, `request_pop` | out, out, in | the oldest delivery whose request was not taken, the cycle after its push |
//! | `order`, `order_pop` | out, in | the oldest one whose data was not read |
//! | `tail`, `tail_pop` | out, in | the oldest one in here, two cycles after its push |
//! | `write_at open`, `tail_from` | out | entry of this cycle's push and whether it may be written, entry of `tail`: for a field that its owner keeps |
//!
//! [`Turns`]: which source each taken request came from, for who reads the data and who does the tails.
//!
//! | port | | |
//! |---|---|---|
//! | `push`, `x_in` | in | a request was taken, from the pipeline's X3 or not |
//! | `order_waits`, `order_x`, `order_pop` | out, out, in | the oldest turn whose data was not read; `order_waits` is a register. While it is low, `order_x` is `x_in`, and `order_pop` takes the turn that is pushed in the same cycle |
//! | `tail_waits`, `tail_x`, `tail_pop` | out, out, in | the oldest turn whose data was read, the cycle after its `order_pop` |
//!
//! [`Unread`]: whether frames wait to be read from staging; pessimistic, but from one register.
//!
//! | port | | |
//! |---|---|---|
//! | `x`, `nic` | in | a delivery of a frame was pushed, by either source |
//! | `read` | in | one of them was read, or has no data |
//! | `some` | out | set the cycle after a push, reset two cycles after the last one was read |
//!
//! No part is stored twice, and one field is stored in each part that reads it. The RAMs are written in every cycle but the
//! one after a push, at an entry that is free, and the pointer moves in that cycle: a late `push` reaches two registers.
//! What a tail says is decided late, so it passes a register.
//! The last entry must stay free, which admission takes care of (`Cfg::credit`): one for that entry and
//! one for a push not counted yet (there is at most one in two cycles). Depth: `2^bits` deliveries, twice as many turns, since two queues feed them: never full.

use crate::prim::{LutRam, Reg, RegNr};
use rust_hdl::prelude::*;

/// Width of a pointer into a queue, and of one into the turns.
pub const AT: usize = 7;
pub const TURN: usize = AT + 1;

/// One source's deliveries.
#[derive(LogicBlock)]
pub struct DeliverQueue<R: Synth, O: Synth, T: Synth> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub request_in: Signal<In, R>,
    pub order_in: Signal<In, O>,
    pub tail_in: Signal<In, T>,
    pub roomy: Signal<Out, bool>,
    pub waiting: Signal<Out, bool>,
    pub request: Signal<Out, R>,
    pub request_pop: Signal<In, bool>,
    pub order: Signal<Out, O>,
    pub order_pop: Signal<In, bool>,
    pub tail: Signal<Out, T>,
    pub tail_pop: Signal<In, bool>,
    pub write_at: Signal<Out, Bits<AT>>,
    pub open: Signal<Out, bool>,
    pub tail_from: Signal<Out, Bits<AT>>,
    requests: LutRam<R, AT>,
    orders: LutRam<O, AT>,
    tails: LutRam<T, AT>,
    write: Reg<Bits<AT>>,
    request_at: Reg<Bits<AT>>,
    order_at: Reg<Bits<AT>>,
    tail_at: Reg<Bits<AT>>,
    some: Reg<bool>,
    /// The last cycle's push, its tail, and its pop.
    pushed: Reg<bool>,
    pushed_tail: RegNr<T>,
    popped: Reg<bool>,
    free: Reg<Bits<8>>,
    need: Constant<Bits<8>>,
    mask: Constant<Bits<AT>>,
}

impl<R: Synth, O: Synth, T: Synth> DeliverQueue<R, O, T> {
    /// Room for `2^bits` deliveries, at most `2^AT`; `roomy` while `need` of them are free.
    pub fn new(bits: usize, need: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            request_in: Default::default(),
            order_in: Default::default(),
            tail_in: Default::default(),
            roomy: Default::default(),
            waiting: Default::default(),
            request: Default::default(),
            request_pop: Default::default(),
            order: Default::default(),
            order_pop: Default::default(),
            tail: Default::default(),
            tail_pop: Default::default(),
            write_at: Default::default(),
            open: Default::default(),
            tail_from: Default::default(),
            requests: LutRam::sized(bits),
            orders: LutRam::sized(bits),
            tails: LutRam::sized(bits),
            write: Default::default(),
            request_at: Default::default(),
            order_at: Default::default(),
            tail_at: Default::default(),
            some: Default::default(),
            pushed: Default::default(),
            pushed_tail: Default::default(),
            popped: Default::default(),
            free: Reg::new((1u64 << bits).to_bits()),
            need: Constant::new((need as u64).to_bits()),
            mask: Constant::new(((1u64 << bits) - 1).to_bits()),
        }
    }
}

impl<R: Synth, O: Synth, T: Synth> Logic for DeliverQueue<R, O, T> {
    #[hdl_gen]
    fn update(&mut self) {
        self.open.next = !self.pushed.q.val();
        self.requests.we.next = !self.pushed.q.val();
        self.requests.waddr.next = self.write.q.val();
        self.requests.wdata.next = self.request_in.val();
        self.requests.raddr.next = self.request_at.q.val();
        self.request.next = self.requests.rdata.val();
        self.orders.we.next = !self.pushed.q.val();
        self.orders.waddr.next = self.write.q.val();
        self.orders.wdata.next = self.order_in.val();
        self.orders.raddr.next = self.order_at.q.val();
        self.order.next = self.orders.rdata.val();
        self.tails.we.next = true;
        self.pushed_tail.d.next = self.tail_in.val();
        self.tails.waddr.next = self.write.q.val();
        self.tails.wdata.next = self.pushed_tail.q.val();
        self.tails.raddr.next = self.tail_at.q.val();
        self.write_at.next = self.write.q.val();
        self.tail_from.next = self.tail_at.q.val();
        self.tail.next = self.tails.rdata.val();

        if self.pushed.q.val() {
            self.write.d.next = (self.write.q.val() + 1) & self.mask.val();
        }
        if self.request_pop.val() {
            self.request_at.d.next = (self.request_at.q.val() + 1) & self.mask.val();
        }
        if self.order_pop.val() {
            self.order_at.d.next = (self.order_at.q.val() + 1) & self.mask.val();
        }
        if self.tail_pop.val() {
            self.tail_at.d.next = (self.tail_at.q.val() + 1) & self.mask.val();
        }
        if self.request_pop.val() {
            self.some.d.next =
                ((self.request_at.q.val() + 1) & self.mask.val()) != self.write.q.val();
            if self.pushed.q.val() {
                self.some.d.next = self.request_at.q.val() != self.write.q.val();
            }
        }
        if self.push.val() {
            self.some.d.next = true;
        }
        self.waiting.next = self.some.q.val();
        self.pushed.d.next = self.push.val();
        self.popped.d.next = self.tail_pop.val();
        if self.pushed.q.val() & !self.popped.q.val() {
            self.free.d.next = self.free.q.val() - 1;
        }
        if !self.pushed.q.val() & self.popped.q.val() {
            self.free.d.next = self.free.q.val() + 1;
        }
        self.roomy.next = self.free.q.val() >= self.need.val();
    }
}

/// The sources of the requests taken.
#[derive(LogicBlock)]
pub struct Turns {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub x_in: Signal<In, bool>,
    pub order_waits: Signal<Out, bool>,
    pub order_x: Signal<Out, bool>,
    pub order_pop: Signal<In, bool>,
    pub tail_waits: Signal<Out, bool>,
    pub tail_x: Signal<Out, bool>,
    pub tail_pop: Signal<In, bool>,
    orders: LutRam<bool, TURN>,
    tails: LutRam<bool, TURN>,
    write: Reg<Bits<TURN>>,
    order_at: Reg<Bits<TURN>>,
    tail_at: Reg<Bits<TURN>>,
    order_some: Reg<bool>,
    tail_some: Reg<bool>,
    mask: Constant<Bits<TURN>>,
}

impl Turns {
    /// Turns of two queues of `2^bits` deliveries.
    pub fn new(bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            x_in: Default::default(),
            order_waits: Default::default(),
            order_x: Default::default(),
            order_pop: Default::default(),
            tail_waits: Default::default(),
            tail_x: Default::default(),
            tail_pop: Default::default(),
            orders: LutRam::sized(bits + 1),
            tails: LutRam::sized(bits + 1),
            write: Default::default(),
            order_at: Default::default(),
            tail_at: Default::default(),
            order_some: Default::default(),
            tail_some: Default::default(),
            mask: Constant::new(((2u64 << bits) - 1).to_bits()),
        }
    }
}

impl Logic for Turns {
    #[hdl_gen]
    fn update(&mut self) {
        self.orders.we.next = true;
        self.orders.waddr.next = self.write.q.val();
        self.orders.wdata.next = self.x_in.val();
        self.orders.raddr.next = self.order_at.q.val();
        self.order_x.next = self.x_in.val();
        if self.order_some.q.val() {
            self.order_x.next = self.orders.rdata.val();
        }
        self.order_waits.next = self.order_some.q.val();
        self.tails.we.next = true;
        self.tails.waddr.next = self.write.q.val();
        self.tails.wdata.next = self.x_in.val();
        self.tails.raddr.next = self.tail_at.q.val();
        self.tail_x.next = self.tails.rdata.val();
        self.tail_waits.next = self.tail_some.q.val();

        if self.push.val() {
            self.write.d.next = (self.write.q.val() + 1) & self.mask.val();
        }
        if self.order_pop.val() {
            self.order_at.d.next = (self.order_at.q.val() + 1) & self.mask.val();
        }
        if self.tail_pop.val() {
            self.tail_at.d.next = (self.tail_at.q.val() + 1) & self.mask.val();
        }
        // One in and one out in the same cycle: as many as before.
        if self.push.val() & !self.order_pop.val() {
            self.order_some.d.next = true;
        }
        if !self.push.val() & self.order_pop.val() {
            self.order_some.d.next =
                ((self.order_at.q.val() + 1) & self.mask.val()) != self.write.q.val();
        }
        if self.order_pop.val() & !self.tail_pop.val() {
            self.tail_some.d.next = true;
        }
        if !self.order_pop.val() & self.tail_pop.val() {
            self.tail_some.d.next =
                ((self.tail_at.q.val() + 1) & self.mask.val()) != self.order_at.q.val();
        }
    }
}

/// Counts frames that deliver has not read yet.
#[derive(LogicBlock, Default)]
pub struct Unread {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub x: Signal<In, bool>,
    pub nic: Signal<In, bool>,
    pub read: Signal<In, bool>,
    pub some: Signal<Out, bool>,
    count: Reg<Bits<TURN>>,
    some_q: Reg<bool>,
    x_q: Reg<bool>,
    nic_q: Reg<bool>,
    read_q: Reg<bool>,
    came: Signal<Local, bool>,
}

impl Logic for Unread {
    #[hdl_gen]
    fn update(&mut self) {
        self.read_q.d.next = self.read.val();
        self.x_q.d.next = self.x.val();
        self.nic_q.d.next = self.nic.val();
        self.some.next = self.some_q.q.val();
        // `x` and `nic` come late: they reach one register at once, and the count a cycle later.
        self.came.next = self.x_q.q.val() | self.nic_q.q.val();
        self.some_q.d.next = self.x.val()
            | self.nic.val()
            | self.came.val()
            | !((self.count.q.val() == 0) | ((self.count.q.val() == 1) & self.read_q.q.val()));
        if self.x_q.q.val() & self.nic_q.q.val() {
            self.count.d.next = self.count.q.val() + 2;
            if self.read_q.q.val() {
                self.count.d.next = self.count.q.val() + 1;
            }
        } else if self.came.val() & !self.read_q.q.val() {
            self.count.d.next = self.count.q.val() + 1;
        } else if !self.came.val() & self.read_q.q.val() {
            self.count.d.next = self.count.q.val() - 1;
        }
    }
}
