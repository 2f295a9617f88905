//! Where a ring that the chip fills stands, and what an event makes of it. All combinational.
//!
//! Indices are absolute, modulo 2^24: `ci <= pi <= claimed <= ci + size`. An entry is claimed before it is put, so what was
//! promised always has its place; a ring is full when all its entries are claimed.

use rust_hdl::prelude::*;

/// Index of an entry, as a CQ's doorbell has it.
pub const INDEX: usize = 24;
/// Number of a ring at the ports.
pub const NUMBER: usize = 20;

/// What is to be done.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum RingOp {
    None,
    Install,
    Remove,
    Doorbell,
    /// One more entry is promised; a promise is given back.
    Claim,
    Unclaim,
    /// An entry: of those promised, or of none.
    Put,
}

/// An event.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RingEv {
    pub op: RingOp,
    pub number: Bits<NUMBER>,
    /// There is no such row.
    pub beyond: bool,
    /// Install: address of entry 0, log2 of the entries, PCIe function. With Doorbell too: its page.
    pub base: Bits<64>,
    pub log: Bits<5>,
    pub func: Bits<8>,
    pub page: Bits<10>,
    /// Doorbell.
    pub ci: Bits<INDEX>,
    pub arm: bool,
    /// Doorbell: only for a solicited entry. Put: it is one.
    pub solicited: bool,
    /// Put: its place was claimed.
    pub claimed: bool,
}

/// A ring.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ring {
    pub valid: bool,
    pub base: Bits<64>,
    /// Entries, a power of two.
    pub size: Bits<INDEX>,
    pub page: Bits<10>,
    pub func: Bits<8>,
    pub pi: Bits<INDEX>,
    pub claimed: Bits<INDEX>,
    pub ci: Bits<INDEX>,
    /// Armed: for any entry, for a solicited one.
    pub any: bool,
    pub sol: bool,
    /// That it is full was told.
    pub full: bool,
}

/// What comes of an event, and the ring behind it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RingDone {
    pub write: bool,
    /// A claim was answered, and how.
    pub answer: bool,
    pub ok: bool,
    /// An entry goes out, or falls away.
    pub put: bool,
    pub drop: bool,
    /// To be told: an armed ring has a new entry; a ring is full.
    pub armed: bool,
    pub full: bool,
    /// A doorbell is ignored.
    pub wrong: bool,
}

/// The decision: `sums` a cycle before `done`, of the same event.
#[derive(LogicBlock)]
pub struct RingStep {
    // One cycle.
    pub ev0: Signal<In, RingEv>,
    pub ring0: Signal<In, Ring>,
    /// Entries claimed and not read by the host; written and not read; those that a doorbell gives back.
    pub used: Signal<Out, Bits<INDEX>>,
    pub unread: Signal<Out, Bits<INDEX>>,
    pub back: Signal<Out, Bits<INDEX>>,
    // The next.
    pub ev: Signal<In, RingEv>,
    pub ring: Signal<In, Ring>,
    pub used_q: Signal<In, Bits<INDEX>>,
    pub unread_q: Signal<In, Bits<INDEX>>,
    pub back_q: Signal<In, Bits<INDEX>>,
    pub done: Signal<Out, RingDone>,
    pub row: Signal<Out, Ring>,
    pub addr: Signal<Out, Bits<64>>,
    /// 1 in the first turn around the ring.
    pub phase: Signal<Out, bool>,
    live: Signal<Local, bool>,
    room: Signal<Local, bool>,
    takes: Signal<Local, bool>,
    fires: Signal<Local, bool>,
    unused_ring0: Signal<Local, Ring>,
    unused_ev0: Signal<Local, RingEv>,
    unused_ev: Signal<Local, RingEv>,
    /// log2 of an entry's octets.
    shift: Constant<Bits<6>>,
}

impl RingStep {
    pub fn new(shift: usize) -> Self {
        Self {
            ev0: Default::default(),
            ring0: Default::default(),
            used: Default::default(),
            unread: Default::default(),
            back: Default::default(),
            ev: Default::default(),
            ring: Default::default(),
            used_q: Default::default(),
            unread_q: Default::default(),
            back_q: Default::default(),
            done: Default::default(),
            row: Default::default(),
            addr: Default::default(),
            phase: Default::default(),
            live: Default::default(),
            room: Default::default(),
            takes: Default::default(),
            fires: Default::default(),
            unused_ring0: Default::default(),
            unused_ev0: Default::default(),
            unused_ev: Default::default(),
            shift: Constant::new((shift as u64).to_bits()),
        }
    }
}

impl Logic for RingStep {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_ring0.next = self.ring0.val();
        self.unused_ev0.next = self.ev0.val();
        self.unused_ev.next = self.ev.val();
        self.used.next = self.unused_ring0.val().claimed - self.unused_ring0.val().ci;
        self.unread.next = self.unused_ring0.val().pi - self.unused_ring0.val().ci;
        self.back.next = self.unused_ev0.val().ci - self.unused_ring0.val().ci;

        self.row.next = self.ring.val();
        self.done.next.write = false;
        self.done.next.answer = false;
        self.done.next.ok = false;
        self.done.next.put = false;
        self.done.next.drop = false;
        self.done.next.armed = false;
        self.done.next.full = false;
        self.done.next.wrong = false;
        self.live.next = self.ring.val().valid & !self.ev.val().beyond;
        self.room.next = self.live.val() & (self.used_q.val() != self.ring.val().size);
        self.takes.next = self.room.val();
        self.fires.next = false;
        self.addr.next = self.ring.val().base
            + (bit_cast::<64, INDEX>(self.ring.val().pi & (self.ring.val().size - 1))
                << self.shift.val());
        self.phase.next = !(self.ring.val().pi & self.ring.val().size).any();
        match self.ev.val().op {
            RingOp::Install => {
                self.done.next.write = !self.ev.val().beyond;
                self.row.next.valid = true;
                self.row.next.base = self.ev.val().base;
                self.row.next.size = bit_cast::<INDEX, 1>(1.into()) << self.ev.val().log;
                self.row.next.page = self.ev.val().page;
                self.row.next.func = self.ev.val().func;
                self.row.next.pi = 0.into();
                self.row.next.claimed = 0.into();
                self.row.next.ci = 0.into();
                self.row.next.any = false;
                self.row.next.sol = false;
                self.row.next.full = false;
            }
            RingOp::Remove => {
                self.done.next.write = !self.ev.val().beyond;
                self.row.next.valid = false;
            }
            RingOp::Doorbell => {
                // Neither back nor beyond what was written.
                if self.live.val()
                    & (self.ring.val().page == self.ev.val().page)
                    & (self.back_q.val() <= self.unread_q.val())
                {
                    self.done.next.write = true;
                    self.row.next.ci = self.ev.val().ci;
                    if self.back_q.val().any() {
                        self.row.next.full = false;
                    }
                    if self.ev.val().arm {
                        // An entry that the host has not seen: it is told at once, whatever it is.
                        self.done.next.armed = self.back_q.val() != self.unread_q.val();
                        self.row.next.any =
                            !self.ev.val().solicited & (self.back_q.val() == self.unread_q.val());
                        self.row.next.sol =
                            self.ev.val().solicited & (self.back_q.val() == self.unread_q.val());
                    }
                } else {
                    self.done.next.wrong = true;
                }
            }
            RingOp::Claim => {
                self.done.next.answer = true;
                self.done.next.ok = self.room.val();
                self.done.next.write = self.live.val();
                if self.room.val() {
                    self.row.next.claimed = self.ring.val().claimed + 1;
                } else {
                    self.done.next.full = self.live.val() & !self.ring.val().full;
                    self.row.next.full = true;
                }
            }
            RingOp::Unclaim => {
                self.done.next.write = self.live.val();
                self.row.next.claimed = self.ring.val().claimed - 1;
            }
            RingOp::Put => {
                self.takes.next = self.room.val() | (self.live.val() & self.ev.val().claimed);
                self.fires.next = self.takes.val()
                    & (self.ring.val().any | (self.ring.val().sol & self.ev.val().solicited));
                self.done.next.write = self.live.val();
                self.done.next.put = self.takes.val();
                self.done.next.drop = !self.takes.val();
                self.done.next.armed = self.fires.val();
                if self.takes.val() {
                    self.row.next.pi = self.ring.val().pi + 1;
                    if !self.ev.val().claimed {
                        self.row.next.claimed = self.ring.val().claimed + 1;
                    }
                } else {
                    self.done.next.full = self.live.val() & !self.ring.val().full;
                    self.row.next.full = true;
                }
                if self.fires.val() {
                    self.row.next.any = false;
                    self.row.next.sol = false;
                }
            }
            _ => {}
        }
    }
}
