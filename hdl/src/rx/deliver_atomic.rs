//! Operands of an Atomic Request: the octets that do not fit beside its tail in the deliver block (RFC 7306 5.2.1).
//!
//! | port | | |
//! |---|---|---|
//! | `valid ready`, `beat last` | in stream | one packet of 32 octets, FPDU octets 40..71, from lane 0 |
//! | `done` | in | the request was handed on: room for the next one |
//! | `data mask compare compare_mask` | out | add or swap data and mask, compare data and mask, as numbers; from the cycle after the last beat until `done` |
//!
//! **Latency**: one cycle. **Back-pressure**: one request's operands; `ready` is low until `done`. The next one's packet waits
//! at the end of the read side, and only while the Atomic Request in front of it is on the port.

use crate::prim::reg::{Reg, RegNr};
use crate::prim::Bswap;
use rust_hdl::prelude::*;

/// Octets of all operands, in bits.
const ALL: usize = 256;

#[derive(LogicBlock)]
pub struct Operands<const D: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub valid: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub beat: Signal<In, Bits<D>>,
    pub last: Signal<In, bool>,
    pub done: Signal<In, bool>,
    pub data: Signal<Out, Bits<64>>,
    pub mask: Signal<Out, Bits<64>>,
    pub compare: Signal<Out, Bits<64>>,
    pub compare_mask: Signal<Out, Bits<64>>,
    full: Reg<bool>,
    /// The octets so far, the newest on top.
    held: RegNr<Bits<ALL>>,
    take: Signal<Local, bool>,
    swap: Bswap<ALL>,
    be: Signal<Local, Bits<ALL>>,
    unused_beat: Signal<Local, Bits<D>>,
    /// Bits that a beat brings, and those above which it stands.
    step: Constant<Bits<9>>,
    rest: Constant<Bits<9>>,
}

impl<const D: usize> Default for Operands<D> {
    fn default() -> Self {
        let step = D.min(ALL);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            beat: Default::default(),
            last: Default::default(),
            done: Default::default(),
            data: Default::default(),
            mask: Default::default(),
            compare: Default::default(),
            compare_mask: Default::default(),
            full: Default::default(),
            held: Default::default(),
            take: Default::default(),
            swap: Default::default(),
            be: Default::default(),
            unused_beat: Default::default(),
            step: Constant::new((step as u64).to_bits()),
            rest: Constant::new(((ALL - step) as u64).to_bits()),
        }
    }
}

impl<const D: usize> Logic for Operands<D> {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_beat.next = self.beat.val();
        self.ready.next = !self.full.q.val();
        self.take.next = self.valid.val() & !self.full.q.val();
        if self.take.val() {
            self.held.d.next = (self.held.q.val() >> self.step.val())
                | (bit_cast::<ALL, D>(self.beat.val()) << self.rest.val());
        }
        if self.take.val() & self.last.val() {
            self.full.d.next = true;
        }
        if self.done.val() {
            self.full.d.next = false;
        }
        // As on the wire: the first octet is the most significant.
        self.swap.din.next = self.held.q.val();
        self.be.next = self.swap.dout.val();
        self.data.next = self.be.val().get_bits::<64>(192);
        self.mask.next = self.be.val().get_bits::<64>(128);
        self.compare.next = self.be.val().get_bits::<64>(64);
        self.compare_mask.next = self.be.val().get_bits::<64>(0);
    }
}
