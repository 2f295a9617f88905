//! Option walker: finds the Timestamps and the SACK option of segments whose options are not just NOP NOP Timestamps.
//!
//! | port | | |
//! |---|---|---|
//! | `push din` | in | the options of such a frame, in the cycle of its FrameDone (`odd` there); never refused: not more than the window is in flight |
//! | `valid dout sack_n sack`, `pop` | out, in | the result of the oldest one, held until `pop` |
//!
//! Latency: 2 cycles and one for each NOP; of another option one, one for every 4 octets behind its kind, and one for each
//! octet of the rest; the SACK option ends the walk if Timestamps were in front of it. 43 cycles at most: no option is read
//! twice. J waits for the result in the frame's place, so
//! the frames stay in order; nothing waits in front of the FIFOs between ingest and J, and the MAC is not stalled. A stream
//! of such frames closer than the walker is fast uses up the window, and frames are dropped (`drop_credit`).
//! Depth: the window. RFC 9293 3.1: kinds 0 and 1 are one octet, every other one has its length in the second, itself
//! counted; a length below 2 or beyond the header ends the walk (MUST-7). The first Timestamps option of length 10
//! counts, and the first SACK option of 1 to 4 whole blocks (RFC 2018 3).
//! Requirements: TCP-0D, TCP-0E, TCP-15. A preset without timestamps does not have this block.

use crate::prim::{Fifo, Reg, RegNr};
use rust_hdl::prelude::*;

/// Octets of the options at most, as bits.
pub const OPTIONS: usize = 320;
/// log2 of the frames that may wait.
const WINDOW: usize = 4;

/// The options of a frame: the first octet on top.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct OptionField {
    /// Data offset of the TCP header, 5 or more.
    pub doff: Bits<4>,
    pub octets: Bits<OPTIONS>,
}

/// What was found.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Found {
    pub ts: bool,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
}

#[derive(LogicBlock, Default)]
pub struct Options {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub din: Signal<In, OptionField>,
    pub valid: Signal<Out, bool>,
    pub dout: Signal<Out, Found>,
    /// SACK blocks.
    pub sack_n: Signal<Out, Bits<3>>,
    /// Block i at bits 64i: left edge, the right edge above it. Behind the last block anything.
    pub sack: Signal<Out, Bits<256>>,
    pub pop: Signal<In, bool>,
    queue: Fifo<OptionField, WINDOW>,
    /// A walk goes on; its result waits.
    busy: Reg<bool>,
    ready: Reg<bool>,
    /// The rest of the options, octets in it, octets of it to pass over.
    rest: RegNr<Bits<OPTIONS>>,
    left: RegNr<Bits<6>>,
    skip: RegNr<Bits<6>>,
    found: RegNr<Found>,
    count: RegNr<Bits<3>>,
    edges: RegNr<Bits<256>>,
    next: Signal<Local, OptionField>,
    words: Signal<Local, Bits<4>>,
    kind: Signal<Local, Bits<8>>,
    len: Signal<Local, Bits<8>>,
    stamp: Signal<Local, bool>,
    blocked: Signal<Local, bool>,
    last: Signal<Local, bool>,
    blocks: Signal<Local, Bits<256>>,
    wrong: Signal<Local, bool>,
    single: Signal<Local, bool>,
    by_4: Signal<Local, bool>,
    by_1: Signal<Local, bool>,
}

impl Logic for Options {
    #[hdl_gen]
    fn update(&mut self) {
        self.queue.push.next = self.push.val();
        self.queue.din.next = self.din.val();
        self.queue.pop.next = false;
        self.next.next = self.queue.dout.val();
        self.words.next = self.next.val().doff - 5;
        self.valid.next = self.ready.q.val();
        self.dout.next = self.found.q.val();
        self.sack_n.next = self.count.q.val();
        self.sack.next = self.edges.q.val();

        self.kind.next = self.rest.q.val().get_bits::<8>(312);
        self.len.next = self.rest.q.val().get_bits::<8>(304);
        // A length that ends inside of the header, and its option is not read over the end.
        self.wrong.next =
            (self.len.val() < 2) | (self.len.val() > bit_cast::<8, 6>(self.left.q.val()));
        self.stamp.next = (self.kind.val() == 8) & (self.len.val() == 10);
        self.blocked.next = (self.kind.val() == 5)
            & (self.len.val().get_bits::<3>(0) == 2)
            & self.len.val().get_bits::<3>(3).any();
        // Nothing that counts comes behind it.
        self.last.next = self.found.q.val().ts & self.blocked.val();
        self.blocks.next = bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(272))
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(240)) << 32)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(208)) << 64)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(176)) << 96)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(144)) << 128)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(112)) << 160)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(80)) << 192)
            | (bit_cast::<256, 32>(self.rest.q.val().get_bits::<32>(48)) << 224);
        self.single.next = self.kind.val() == 1;

        self.by_4.next = false;
        self.by_1.next = false;
        if self.busy.q.val() {
            if self.skip.q.val().any() {
                self.by_4.next = self.skip.q.val().get_bits::<4>(2).any();
                self.by_1.next = !self.skip.q.val().get_bits::<4>(2).any();
            } else if !self.left.q.val().any() | !self.kind.val().any() {
                self.busy.d.next = false;
                self.ready.d.next = true;
            } else if self.single.val() {
                self.by_1.next = true;
            } else if self.wrong.val() {
                self.busy.d.next = false;
                self.ready.d.next = true;
            } else {
                self.by_1.next = true;
                self.skip.d.next = self.len.val().get_bits::<6>(0) - 1;
                if self.stamp.val() {
                    self.found.d.next.ts = true;
                }
                if self.blocked.val() & !self.count.q.val().any() {
                    self.count.d.next = self.len.val().get_bits::<3>(3);
                }
                if self.last.val() {
                    self.busy.d.next = false;
                    self.ready.d.next = true;
                }
            }
        }
        // Octets stay once they count.
        if self.busy.q.val() & !self.found.q.val().ts {
            self.found.d.next.tsval = self.rest.q.val().get_bits::<32>(272);
            self.found.d.next.tsecr = self.rest.q.val().get_bits::<32>(240);
        }
        if self.busy.q.val() & !self.count.q.val().any() {
            self.edges.d.next = self.blocks.val();
        }
        if self.by_1.val() {
            self.rest.d.next = self.rest.q.val() << 8;
            self.left.d.next = self.left.q.val() - 1;
            if self.skip.q.val().any() {
                self.skip.d.next = self.skip.q.val() - 1;
            }
        }
        if self.by_4.val() {
            self.rest.d.next = self.rest.q.val() << 32;
            self.left.d.next = self.left.q.val() - 4;
            self.skip.d.next = self.skip.q.val() - 4;
        }
        if self.pop.val() {
            self.ready.d.next = false;
        }
        if self.queue.valid.val() & !self.busy.q.val() & !self.ready.q.val() {
            self.queue.pop.next = true;
            self.busy.d.next = true;
            self.found.d.next.ts = false;
            self.count.d.next = 0.into();
            self.skip.d.next = 0.into();
            self.rest.d.next = self.next.val().octets;
            self.left.d.next = bit_cast::<6, 4>(self.words.val()) << 2;
        }
    }
}
