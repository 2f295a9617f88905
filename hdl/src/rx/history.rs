//! What the last X3 stages wrote, for the X stages whose tables were read before that write.
//!
//! [`DynHistory`]: the newest `Dyn` of the connections in flight. Whatever gets a context entry, in its order, also gets a
//! slot of a small RAM, in turn, and X3 writes the connection's `Dyn` there, changed or not. A tag a slot names its
//! connection, and no two tags name the same one: `note`, in the cycle in which an entry goes into the lookup's FIFO, finds
//! the tag of its connection if there is one, puts the result beside the entry and moves the tag to the new slot. So an
//! entry meets J with the slot it has to read, and reads it in X1, when all but the entry just in front (`near`, in X3
//! then or in the cycle after) have written: the row is written one cycle after X3. A slot comes round again after `window` entries at least: what was written before that is in the
//! table's RAM, as at most `window` frames and operations are in flight. The parts of a frame share its entry and its slot.
//!
//! [`Revoked`]: TPT entries invalidated in X3, until everything that was in flight then, and so may have read the TPT
//! before, has left. What comes later reads the TPT as it is: an entry registered anew is not taken for the old one.

use super::types::*;
use super::xtypes::Slot;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, LutRam};
use rust_hdl::prelude::*;

/// Slots for `window` entries: a power of two.
fn slots(window: usize) -> usize {
    window.next_power_of_two()
}

#[derive(LogicBlock)]
pub struct DynHistory {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// A context entry goes into its FIFO.
    pub note: Signal<In, bool>,
    pub note_conn: Signal<In, Bits<CONN>>,
    /// J: the oldest entry's slot; it leaves.
    pub slot: Signal<Out, Slot>,
    pub pop: Signal<In, bool>,
    /// J: the entry's own slot, which its frame's parts read and write in turn.
    pub own: Signal<Out, Bits<4>>,
    /// X1: the slot's content.
    pub find: Signal<In, Bits<4>>,
    pub row: Signal<Out, Dyn>,
    /// The cycle after X3, once an entry.
    pub we: Signal<In, bool>,
    pub new_row: Signal<In, Dyn>,
    /// With `we`: another part of the same entry follows.
    pub more: Signal<In, bool>,
    queue: Fifo<Slot, 4>,
    rows: LutRam<Dyn, 4>,
    valid: Vec<Reg<bool>>,
    conns: Vec<RegNr<Bits<CONN>>>,
    /// Slot of the next entry, of the next to be written.
    next: Reg<Bits<4>>,
    write: Reg<Bits<4>>,
    /// Slot of the oldest entry.
    read: Reg<Bits<4>>,
    last: RegNr<Bits<CONN>>,
    some: Reg<bool>,
    conn: Signal<Local, Bits<CONN>>,
    match_any: Signal<Local, bool>,
    match_slot: Signal<Local, Bits<4>>,
    /// Ones where a connection number has bits, where a slot number has bits.
    conn_mask: Constant<Bits<CONN>>,
    slot_mask: Constant<Bits<4>>,
    _slots: usize,
}

impl DynHistory {
    pub fn new(window: usize, conn_bits: usize) -> Self {
        let n = slots(window);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            note: Default::default(),
            note_conn: Default::default(),
            slot: Default::default(),
            pop: Default::default(),
            own: Default::default(),
            find: Default::default(),
            row: Default::default(),
            we: Default::default(),
            new_row: Default::default(),
            more: Default::default(),
            queue: Fifo::new(),
            rows: LutRam::new(),
            valid: (0..n).map(|_| Reg::default()).collect(),
            conns: (0..n).map(|_| RegNr::default()).collect(),
            next: Default::default(),
            write: Default::default(),
            read: Default::default(),
            last: Default::default(),
            some: Default::default(),
            conn: Default::default(),
            match_any: Default::default(),
            match_slot: Default::default(),
            conn_mask: Constant::new(((1u64 << conn_bits) - 1).to_bits()),
            slot_mask: Constant::new((n as u64 - 1).to_bits()),
            _slots: n,
        }
    }
}

impl Logic for DynHistory {
    #[hdl_gen]
    fn update(&mut self) {
        self.conn.next = self.note_conn.val() & self.conn_mask.val();
        self.match_any.next = false;
        self.match_slot.next = 0.into();
        for i in 0..self._slots {
            // At most one tag matches: the numbers are ORed.
            if self.valid[i].q.val() & (self.conns[i].q.val() == self.conn.val()) {
                self.match_any.next = true;
                self.match_slot.next = self.match_slot.val() | i.to_bits::<4>();
            }
            if self.note.val() {
                if self.conns[i].q.val() == self.conn.val() {
                    self.valid[i].d.next = false;
                }
                if self.next.q.val() == i.to_bits::<4>() {
                    self.valid[i].d.next = true;
                    self.conns[i].d.next = self.conn.val();
                }
            }
        }
        self.queue.push.next = self.note.val();
        self.queue.din.next.hit = self.match_any.val();
        self.queue.din.next.near = self.some.q.val() & (self.last.q.val() == self.conn.val());
        self.queue.din.next.number = self.match_slot.val();
        if self.note.val() {
            self.next.d.next = (self.next.q.val() + 1) & self.slot_mask.val();
            self.last.d.next = self.conn.val();
            self.some.d.next = true;
        }
        self.queue.pop.next = self.pop.val();
        self.slot.next = self.queue.dout.val();

        self.rows.raddr.next = self.find.val();
        self.row.next = self.rows.rdata.val();
        self.rows.we.next = self.we.val();
        self.rows.waddr.next = self.write.q.val();
        self.rows.wdata.next = self.new_row.val();
        self.own.next = self.read.q.val();
        if self.pop.val() {
            self.read.d.next = (self.read.q.val() + 1) & self.slot_mask.val();
        }
        if self.we.val() & !self.more.val() {
            self.write.d.next = (self.write.q.val() + 1) & self.slot_mask.val();
        }
    }
}

#[derive(LogicBlock)]
pub struct Revoked {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// The cycle after X3: this entry is being invalidated in the TPT.
    pub inv: Signal<In, bool>,
    pub set: Signal<In, Bits<16>>,
    pub way: Signal<In, Bits<4>>,
    /// In flight when this cycle begins.
    pub flying: Signal<In, Bits<5>>,
    /// An X3 stage ends; never in the cycle of `inv`.
    pub step: Signal<In, bool>,
    pub find_set: Signal<In, Bits<16>>,
    pub find_way: Signal<In, Bits<4>>,
    pub hit: Signal<Out, bool>,
    /// It is listed one cycle later, when `flying` counts what started in the cycle of `inv`.
    inv_q: Reg<bool>,
    set_q: RegNr<Bits<16>>,
    way_q: RegNr<Bits<4>>,
    stays: Signal<Local, bool>,
    live: Vec<Reg<bool>>,
    /// Number of the X3 stage after which an entry is forgotten, modulo 32.
    until: Vec<RegNr<Bits<5>>>,
    count: Reg<Bits<5>>,
    sets: Vec<RegNr<Bits<16>>>,
    ways: Vec<RegNr<Bits<4>>>,
    next: Reg<Bits<4>>,
    slot_mask: Constant<Bits<4>>,
    _slots: usize,
}

impl Revoked {
    pub fn new(window: usize) -> Self {
        let n = slots(window);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            inv: Default::default(),
            set: Default::default(),
            way: Default::default(),
            flying: Default::default(),
            step: Default::default(),
            find_set: Default::default(),
            find_way: Default::default(),
            hit: Default::default(),
            inv_q: Default::default(),
            set_q: Default::default(),
            way_q: Default::default(),
            stays: Default::default(),
            live: (0..n).map(|_| Reg::default()).collect(),
            until: (0..n).map(|_| RegNr::default()).collect(),
            count: Default::default(),
            sets: (0..n).map(|_| RegNr::default()).collect(),
            ways: (0..n).map(|_| RegNr::default()).collect(),
            next: Default::default(),
            slot_mask: Constant::new((n as u64 - 1).to_bits()),
            _slots: n,
        }
    }
}

impl Logic for Revoked {
    #[hdl_gen]
    fn update(&mut self) {
        // The one of this very cycle counts at once.
        self.hit.next = (self.inv.val()
            & (self.set.val() == self.find_set.val())
            & (self.way.val() == self.find_way.val()))
            | (self.inv_q.q.val()
                & (self.set_q.q.val() == self.find_set.val())
                & (self.way_q.q.val() == self.find_way.val()));
        self.inv_q.d.next = self.inv.val();
        self.set_q.d.next = self.set.val();
        self.way_q.d.next = self.way.val();
        // Unless the last one leaves now.
        self.stays.next = self.flying.val().any() & !(self.step.val() & (self.flying.val() == 1));
        for i in 0..self._slots {
            if self.live[i].q.val()
                & (self.sets[i].q.val() == self.find_set.val())
                & (self.ways[i].q.val() == self.find_way.val())
            {
                self.hit.next = true;
            }
            if self.step.val() & (self.until[i].q.val() == self.count.q.val()) {
                self.live[i].d.next = false;
            }
            if self.inv_q.q.val() & (self.next.q.val() == i.to_bits::<4>()) {
                self.sets[i].d.next = self.set_q.q.val();
                self.ways[i].d.next = self.way_q.q.val();
                self.until[i].d.next = self.count.q.val() + (self.flying.val() - 1);
                self.live[i].d.next = self.stays.val();
            }
        }
        if self.step.val() {
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.inv_q.q.val() {
            self.next.d.next = (self.next.q.val() + 1) & self.slot_mask.val();
        }
    }
}
