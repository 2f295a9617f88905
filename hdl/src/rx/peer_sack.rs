//! The SACK blocks of the peer (RFC 2018), from the option walker to `ack_event`. A preset without timestamps has no walker.
//!
//! | port | | |
//! |---|---|---|
//! | `found_pop found_n found` | in | the walker's result leaves, in X1 of its frame, and with a frame's last part |
//! | `push` | in | a report, three cycles behind X1 of what it tells of; as often as `acks` of the chip is pushed |
//! | `pop`, `n blocks` | in, out | the oldest report is taken; its blocks, `n` is 0 if it has none |
//!
//! Latency, depth and credit are those of the FIFO of reports (`acks`), which goes in step. The blocks wait in one register for
//! X3: the walker takes 4 cycles and more for the next ones.

use super::cfg::Cfg;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

/// What the peer holds ahead of a gap, as it says.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct PeerBlocks {
    pub n: Bits<3>,
    /// Block i at bits 64i: left edge, the right edge above it. Behind the last block anything.
    pub blocks: Bits<256>,
}

/// See the head of this file.
#[derive(LogicBlock)]
pub struct PeerSack {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub found_pop: Signal<In, bool>,
    pub found_n: Signal<In, Bits<3>>,
    pub found: Signal<In, Bits<256>>,
    pub push: Signal<In, bool>,
    pub pop: Signal<In, bool>,
    pub n: Signal<Out, Bits<3>>,
    pub blocks: Signal<Out, Bits<256>>,
    held: RegNr<PeerBlocks>,
    /// They are those of the frame in X2, in X3, one behind X3.
    x2: Reg<bool>,
    x3: Reg<bool>,
    x4: Reg<bool>,
    queue: Fifo<PeerBlocks, 5>,
}

impl PeerSack {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            found_pop: Default::default(),
            found_n: Default::default(),
            found: Default::default(),
            push: Default::default(),
            pop: Default::default(),
            n: Default::default(),
            blocks: Default::default(),
            held: Default::default(),
            x2: Default::default(),
            x3: Default::default(),
            x4: Default::default(),
            queue: Fifo::sized(cfg.queue_bits()),
        }
    }
}

impl Logic for PeerSack {
    #[hdl_gen]
    fn update(&mut self) {
        if self.found_pop.val() {
            self.held.d.next.n = self.found_n.val();
            self.held.d.next.blocks = self.found.val();
        }
        self.x2.d.next = self.found_pop.val();
        self.x3.d.next = self.x2.q.val();
        self.x4.d.next = self.x3.q.val();
        self.queue.din.next = self.held.q.val();
        if !self.x4.q.val() {
            self.queue.din.next.n = 0.into();
        }
        self.queue.push.next = self.push.val();
        self.queue.pop.next = self.pop.val();
        self.n.next = self.queue.dout.val().n;
        self.blocks.next = self.queue.dout.val().blocks;
    }
}
