//! Frame slots and the reclaim of the staging ring.
//!
//! A frame takes the next slot in ring order when its last beat is written; the slot remembers where the frame ends.
//! Users free slots in any order; the tail passes over freed slots in ring order, one a cycle, and with it the beats.
//!
//! | port | | |
//! |---|---|---|
//! | `take`                 | in  | the open frame ends this cycle |
//! | `store`, `store_end`   | in  | the same one cycle later, with the first beat behind the frame |
//! | `split`, `split_end`   | in  | the open frame goes on in another slot; the one it had so far ends before beat `split_end`. Only with `spare` two cycles before, never with `store` |
//! | `splits`               | in  | how often the frame of `slot` has been split |
//! | `slot`                 | out | first slot of the open frame (or of the next one); of a frame that ends, up to its `store` |
//! | `spare`                | out | half of the slots are free |
//! | `ok`                   | out | a slot is free; a register's output |
//! | `tail`                 | out | first beat still in use (equal to the write pointer: none) |
//! | `free_valid_n`, `free_slot_n` | in | the slot is done with; three users, every cycle, no back-pressure |
//! | `empty`                | out | no slot is in use |
//!
//! `take` comes late in its cycle and only counts; where the frame ends is written with `store`.
//! Latency: a slot freed in cycle c moves the tail in c + 1 at the earliest, which shows in c + 2.
//! A frame that is freed late holds back the beats of its successors: the ring is sized for that.

use crate::prim::{LutRam, Reg};
use crate::rx::types::{BEAT, SLOT};
use rust_hdl::prelude::*;

/// Slots at most.
const N: usize = 1 << SLOT;
/// Width of a count of slots.
const COUNT: usize = SLOT + 1;

/// Ring of slots with in-order reclaim.
#[derive(LogicBlock)]
pub struct Slots {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub take: Signal<In, bool>,
    pub store: Signal<In, bool>,
    pub store_end: Signal<In, Bits<BEAT>>,
    pub split: Signal<In, bool>,
    pub split_end: Signal<In, Bits<BEAT>>,
    pub splits: Signal<In, Bits<4>>,
    pub spare: Signal<Out, bool>,
    pub slot: Signal<Out, Bits<SLOT>>,
    pub ok: Signal<Out, bool>,
    pub tail: Signal<Out, Bits<BEAT>>,
    pub free_valid_0: Signal<In, bool>,
    pub free_slot_0: Signal<In, Bits<SLOT>>,
    pub free_valid_1: Signal<In, bool>,
    pub free_slot_1: Signal<In, Bits<SLOT>>,
    pub free_valid_2: Signal<In, bool>,
    pub free_slot_2: Signal<In, Bits<SLOT>>,
    pub empty: Signal<Out, bool>,
    ends: LutRam<Bits<BEAT>, SLOT>,
    done: Reg<Bits<N>>,
    head: Reg<Bits<SLOT>>,
    last: Reg<Bits<SLOT>>,
    count: Reg<Bits<COUNT>>,
    tail_beat: Reg<Bits<BEAT>>,
    mask: Constant<Bits<SLOT>>,
    half: Constant<Bits<COUNT>>,
    all_less_1: Constant<Bits<COUNT>>,
    s0: Signal<Local, Bits<SLOT>>,
    s1: Signal<Local, Bits<SLOT>>,
    s2: Signal<Local, Bits<SLOT>>,
    done_next: Signal<Local, Bits<N>>,
    retire: Signal<Local, bool>,
    full: Reg<bool>,
    /// One slot is free.
    nearly: Signal<Local, bool>,
}

impl Slots {
    /// `2^slot_bits` slots.
    pub fn new(slot_bits: usize) -> Self {
        assert!(
            (1..=SLOT).contains(&slot_bits),
            "slots: slot_bits {slot_bits}: choose 1 to {SLOT}"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            take: Default::default(),
            store: Default::default(),
            store_end: Default::default(),
            split: Default::default(),
            split_end: Default::default(),
            splits: Default::default(),
            spare: Default::default(),
            slot: Default::default(),
            ok: Default::default(),
            tail: Default::default(),
            free_valid_0: Default::default(),
            free_slot_0: Default::default(),
            free_valid_1: Default::default(),
            free_slot_1: Default::default(),
            free_valid_2: Default::default(),
            free_slot_2: Default::default(),
            empty: Default::default(),
            ends: LutRam::sized(slot_bits),
            done: Default::default(),
            head: Default::default(),
            last: Default::default(),
            count: Default::default(),
            tail_beat: Default::default(),
            mask: Constant::new(((1u64 << slot_bits) - 1).to_bits()),
            half: Constant::new((1u64 << (slot_bits - 1)).to_bits()),
            all_less_1: Constant::new(((1u64 << slot_bits) - 1).to_bits()),
            s0: Default::default(),
            s1: Default::default(),
            s2: Default::default(),
            done_next: Default::default(),
            retire: Default::default(),
            full: Default::default(),
            nearly: Default::default(),
        }
    }
}

impl Logic for Slots {
    #[hdl_gen]
    fn update(&mut self) {
        // the mask lets synthesis drop the done bits that a small preset does not have
        self.s0.next = self.free_slot_0.val() & self.mask.val();
        self.s1.next = self.free_slot_1.val() & self.mask.val();
        self.s2.next = self.free_slot_2.val() & self.mask.val();
        self.retire.next = self.done.q.val().get_bit(self.last.q.val().index());

        self.done_next.next = self.done.q.val();
        if self.retire.val() {
            self.done_next.next = self
                .done_next
                .val()
                .replace_bit(self.last.q.val().index(), false);
        }
        if self.free_valid_0.val() {
            self.done_next.next = self
                .done_next
                .val()
                .replace_bit(self.s0.val().index(), true);
        }
        if self.free_valid_1.val() {
            self.done_next.next = self
                .done_next
                .val()
                .replace_bit(self.s1.val().index(), true);
        }
        if self.free_valid_2.val() {
            self.done_next.next = self
                .done_next
                .val()
                .replace_bit(self.s2.val().index(), true);
        }
        self.done.d.next = self.done_next.val();

        self.ends.raddr.next = self.last.q.val();
        if self.retire.val() {
            self.last.d.next = (self.last.q.val() + 1) & self.mask.val();
            self.tail_beat.d.next = self.ends.rdata.val();
        }
        if self.store.val() | self.split.val() {
            self.head.d.next = (self.head.q.val() + 1) & self.mask.val();
        }
        // admission of a frame waits for `full`: a register, and both of its values are there before `take` is
        self.nearly.next = self.count.q.val() == self.all_less_1.val();
        if self.take.val() & !self.retire.val() {
            self.count.d.next = self.count.q.val() + 1;
            self.full.d.next = self.nearly.val();
        }
        if self.retire.val() & !self.take.val() {
            self.count.d.next = self.count.q.val() - 1;
            self.full.d.next = false;
        }
        // Where frames are split half of the slots are free: that is far from full.
        if self.split.val() {
            self.count.d.next = self.count.q.val() + 1;
            if self.take.val() & !self.retire.val() {
                self.count.d.next = self.count.q.val() + 2;
            }
            if self.retire.val() & !self.take.val() {
                self.count.d.next = self.count.q.val();
            }
            self.full.d.next = false;
        }
        self.spare.next = self.count.q.val() < self.half.val();

        self.ends.we.next = self.store.val() | self.split.val();
        self.ends.waddr.next = self.head.q.val();
        self.ends.wdata.next = self.store_end.val();
        if self.split.val() {
            self.ends.wdata.next = self.split_end.val();
        }

        self.slot.next = self.head.q.val() - bit_cast::<SLOT, 4>(self.splits.val());
        self.ok.next = !self.full.q.val();
        self.tail.next = self.tail_beat.q.val();
        self.empty.next = self.count.q.val() == 0;
    }
}
