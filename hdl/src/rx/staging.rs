//! Staging RAM: every admitted frame, whole, in a ring of beats.
//!
//! | port | | |
//! |---|---|---|
//! | `we waddr wdata` | in | one beat, every cycle if need be |
//! | `rd_addr rd_next` | in | byte address of an octet, and the number of the beat after its own, which the reader knows early; any cycle, any address |
//! | `rd_lo rd_hi`    | out | the beat that holds the octet and the next one, 2 cycles later |
//!
//! Even and odd beats lie in two banks, so a window of D bits at any octet is read in one cycle; `MergeRotate` of
//! `rd_lo`, `rd_hi` by the low address bits makes it. The ring has `2^stage_bits` beats; address bits above it are ignored,
//! so an address that runs over the end of the ring wraps. No back-pressure on either side.
//! A beat written in cycle c may be read by an address presented in c + 1 or later; a read that meets the write of its own
//! beat returns nothing useful.
//! Depth: the preset's; two frames of the greatest length are the least that works.

use crate::prim::{Ram, Reg};
use crate::rx::types::{BEAT, BYTE};
use rust_hdl::prelude::*;

/// Address bits of one bank's port: half of the beats.
const BANK: usize = BEAT - 1;

/// Two banks of beats with a window read port.
#[derive(LogicBlock)]
pub struct Staging<const D: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub we: Signal<In, bool>,
    pub waddr: Signal<In, Bits<BEAT>>,
    pub wdata: Signal<In, Bits<D>>,
    pub rd_addr: Signal<In, Bits<BYTE>>,
    pub rd_next: Signal<In, Bits<BEAT>>,
    pub rd_lo: Signal<Out, Bits<D>>,
    pub rd_hi: Signal<Out, Bits<D>>,
    even: Ram<Bits<D>, BANK>,
    odd: Ram<Bits<D>, BANK>,
    swap_1: Reg<bool>,
    swap_2: Reg<bool>,
    beat: Signal<Local, Bits<BEAT>>,
    unused_addr: Signal<Local, Bits<BYTE>>,
    unused_next: Signal<Local, bool>,
    _lk: usize,
}

impl<const D: usize> Staging<D> {
    /// A ring of `2^stage_bits` beats.
    pub fn new(stage_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            rd_addr: Default::default(),
            rd_next: Default::default(),
            rd_lo: Default::default(),
            rd_hi: Default::default(),
            even: Ram::new(stage_bits - 1, 2).collisions_undefined(),
            odd: Ram::new(stage_bits - 1, 2).collisions_undefined(),
            swap_1: Default::default(),
            swap_2: Default::default(),
            beat: Default::default(),
            unused_addr: Default::default(),
            unused_next: Default::default(),
            _lk: (D / 8).ilog2() as usize,
        }
    }
}

impl<const D: usize> Logic for Staging<D> {
    #[hdl_gen]
    fn update(&mut self) {
        self.even.we.next = self.we.val() & !self.waddr.val().get_bit(0);
        self.odd.we.next = self.we.val() & self.waddr.val().get_bit(0);
        self.even.waddr.next = self.waddr.val().get_bits::<BANK>(1);
        self.odd.waddr.next = self.waddr.val().get_bits::<BANK>(1);
        self.even.wdata.next = self.wdata.val();
        self.odd.wdata.next = self.wdata.val();

        for lk in (self._lk)..(self._lk + 1) {
            self.beat.next = self.rd_addr.val().get_bits::<BEAT>(lk);
        }
        // the lane is the reader's business
        self.unused_addr.next = self.rd_addr.val();
        // window (a, a + 1): for an odd a the even bank holds the second beat
        self.unused_next.next = self.rd_next.val().get_bit(0);
        self.even.raddr.next = self.rd_next.val().get_bits::<BANK>(1);
        self.odd.raddr.next = self.beat.val().get_bits::<BANK>(1);
        self.swap_1.d.next = self.beat.val().get_bit(0);
        self.swap_2.d.next = self.swap_1.q.val();
        self.rd_lo.next = self.even.rdata.val();
        self.rd_hi.next = self.odd.rdata.val();
        if self.swap_2.q.val() {
            self.rd_lo.next = self.odd.rdata.val();
            self.rd_hi.next = self.even.rdata.val();
        }
    }
}
