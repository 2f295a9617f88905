//! What the last X3 stages wrote, for the J and X2 stages that read the tables before that write.
//!
//! [`DynHistory`]: the last `depth` writes of `Dyn`. Lookup of `conn` is combinational; the newest match wins, without one
//! the value read from the RAM stands. A frame reads its `Dyn` at most `depth` writes before its J stage, because at most
//! `depth` frames and operations are in flight; an older match equals what the RAM had.
//!
//! [`Revoked`]: TPT entries invalidated by the last `depth` X3 stages. It forgets all when nothing is in flight: then every
//! later TPT read sees the RAM as it is, and an entry registered anew must not be taken for the old one.

use super::types::*;
use crate::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct DynHistory {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub we: Signal<In, bool>,
    pub conn: Signal<In, Bits<CONN>>,
    pub row: Signal<In, Dyn>,
    pub find: Signal<In, Bits<CONN>>,
    /// Value read from the RAM.
    pub stale: Signal<In, Dyn>,
    pub fresh: Signal<Out, Dyn>,
    valid: Vec<Reg<bool>>,
    conns: Vec<RegNr<Bits<CONN>>>,
    rows: Vec<RegNr<Dyn>>,
    _depth: usize,
    _last: usize,
}

impl DynHistory {
    pub fn new(depth: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            we: Default::default(),
            conn: Default::default(),
            row: Default::default(),
            find: Default::default(),
            stale: Default::default(),
            fresh: Default::default(),
            valid: (0..depth).map(|_| Reg::default()).collect(),
            conns: (0..depth).map(|_| RegNr::default()).collect(),
            rows: (0..depth).map(|_| RegNr::default()).collect(),
            _depth: depth,
            _last: depth - 1,
        }
    }
}

impl Logic for DynHistory {
    #[hdl_gen]
    fn update(&mut self) {
        if self.we.val() {
            // The oldest is 0, the newest `_last`.
            for i in 0..self._last {
                self.valid[i].d.next = self.valid[i + 1].q.val();
                self.conns[i].d.next = self.conns[i + 1].q.val();
                self.rows[i].d.next = self.rows[i + 1].q.val();
            }
            for i in (self._last)..(self._last + 1) {
                self.valid[i].d.next = true;
                self.conns[i].d.next = self.conn.val();
                self.rows[i].d.next = self.row.val();
            }
        }
        self.fresh.next = self.stale.val();
        // Oldest first: the last assignment, the newest match, wins.
        for i in 0..self._depth {
            if self.valid[i].q.val() & (self.conns[i].q.val() == self.find.val()) {
                self.fresh.next = self.rows[i].q.val();
            }
        }
        // The write of this very cycle is the newest of all.
        if self.we.val() & (self.conn.val() == self.find.val()) {
            self.fresh.next = self.row.val();
        }
    }
}

#[derive(LogicBlock)]
pub struct Revoked {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// An X3 stage ends.
    pub step: Signal<In, bool>,
    /// It invalidated this entry.
    pub inv: Signal<In, bool>,
    pub set: Signal<In, Bits<16>>,
    pub way: Signal<In, Bits<4>>,
    /// Nothing in flight.
    pub idle: Signal<In, bool>,
    pub find_set: Signal<In, Bits<16>>,
    pub find_way: Signal<In, Bits<4>>,
    pub hit: Signal<Out, bool>,
    valid: Vec<Reg<bool>>,
    sets: Vec<RegNr<Bits<16>>>,
    ways: Vec<RegNr<Bits<4>>>,
    _depth: usize,
    _last: usize,
}

impl Revoked {
    pub fn new(depth: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            step: Default::default(),
            inv: Default::default(),
            set: Default::default(),
            way: Default::default(),
            idle: Default::default(),
            find_set: Default::default(),
            find_way: Default::default(),
            hit: Default::default(),
            valid: (0..depth).map(|_| Reg::default()).collect(),
            sets: (0..depth).map(|_| RegNr::default()).collect(),
            ways: (0..depth).map(|_| RegNr::default()).collect(),
            _depth: depth,
            _last: depth - 1,
        }
    }
}

impl Logic for Revoked {
    #[hdl_gen]
    fn update(&mut self) {
        if self.step.val() {
            for i in 0..self._last {
                self.valid[i].d.next = self.valid[i + 1].q.val();
                self.sets[i].d.next = self.sets[i + 1].q.val();
                self.ways[i].d.next = self.ways[i + 1].q.val();
            }
            for i in (self._last)..(self._last + 1) {
                self.valid[i].d.next = self.inv.val();
                self.sets[i].d.next = self.set.val();
                self.ways[i].d.next = self.way.val();
            }
        }
        if self.idle.val() {
            for i in 0..self._depth {
                self.valid[i].d.next = false;
            }
        }
        self.hit.next = false;
        for i in 0..self._depth {
            if self.valid[i].q.val()
                & (self.sets[i].q.val() == self.find_set.val())
                & (self.ways[i].q.val() == self.find_way.val())
            {
                self.hit.next = true;
            }
        }
    }
}
