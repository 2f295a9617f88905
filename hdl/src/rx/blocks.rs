//! Blocks of the straddle pool: free list, chains, reservation.
//!
//! A block is 2^blk_bits beats. The blocks of an FPDU are a chain through the next-block RAM.
//!
//! | port | | |
//! |---|---|---|
//! | `blk blk_valid`, `take` | out, in | the next free block; `take` only with `blk_valid`; the one after it shows in the next cycle, the third one 3 cycles later |
//! | `link link_from link_to` | in | chain: `link_to` follows `link_from`; always taken, written one cycle later |
//! | `reserve reserve_n`, `avail` | in, out | blocks neither used nor promised; `reserve` takes `reserve_n <= avail` off it; what comes back counts one cycle later |
//! | `done done_first done_last done_n` | in | a chain is complete: remembered for `cf_*` |
//! | `fr_valid fr_ready fr_first fr_last fr_n` | in | a chain is given back, with the `fr_n` blocks once reserved for it |
//! | `cf_valid cf_ready cf_blk` | in | a complete chain is given back by its first block; [`NO_BLOCK`] is taken and ignored |
//! | `nx_blk`, `nx_next` | in, out | the block after `nx_blk`, one cycle later; meaningless behind the last block of a chain |
//!
//! The free list is itself a chain, so a chain of any length is given back in one write: its last block gets the list's
//! head as successor. A link has priority on that write port, then `fr`, then `cf` (which takes 2 cycles at least).
//! Links come late in a cycle: a register keeps them away from who waits for `fr_ready` or `cf_ready`.
//! No RAM has an initial value: blocks never used so far come from a counter, `fresh`.
//!
//! Two blocks are taken off the list ahead, so that an FPDU that ends in the first beat of a block does not hold the next one.
//!
//! A successor or a chain is never read in the cycle in which it is written: a block that is linked or given back is not
//! the list's head, and a chain is delivered long after it was complete.
//!
//! What `reserve` promised is there: blocks in the list = `avail` + reserved and not yet taken.

use super::cfg::Cfg;
use super::types::BEAT;
use crate::prim::{Ram, Reg, RegNr};
use rust_hdl::prelude::*;

/// No block: the chain of an FPDU that was never stored.
pub const NO_BLOCK: u64 = 0xffff;
/// Width of an octet count of one FPDU, and of a number of blocks.
pub const LEN: usize = 17;

/// What is known of a complete chain, by its first block.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Chain {
    pub last: Bits<BEAT>,
    pub n: Bits<LEN>,
}

/// Free list and chains.
#[derive(LogicBlock)]
pub struct Blocks {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub take: Signal<In, bool>,
    pub blk: Signal<Out, Bits<BEAT>>,
    pub blk_valid: Signal<Out, bool>,
    pub link: Signal<In, bool>,
    pub link_from: Signal<In, Bits<BEAT>>,
    pub link_to: Signal<In, Bits<BEAT>>,
    pub reserve: Signal<In, bool>,
    pub reserve_n: Signal<In, Bits<LEN>>,
    pub avail: Signal<Out, Bits<LEN>>,
    pub done: Signal<In, bool>,
    pub done_first: Signal<In, Bits<BEAT>>,
    pub done_last: Signal<In, Bits<BEAT>>,
    pub done_n: Signal<In, Bits<LEN>>,
    pub fr_valid: Signal<In, bool>,
    pub fr_ready: Signal<Out, bool>,
    pub fr_first: Signal<In, Bits<BEAT>>,
    pub fr_last: Signal<In, Bits<BEAT>>,
    pub fr_n: Signal<In, Bits<LEN>>,
    pub cf_valid: Signal<In, bool>,
    pub cf_ready: Signal<Out, bool>,
    pub cf_blk: Signal<In, Bits<BEAT>>,
    pub nx_blk: Signal<In, Bits<BEAT>>,
    pub nx_next: Signal<Out, Bits<BEAT>>,
    /// Successor of each block, twice: read by the free list and by the deliver block.
    list: Ram<Bits<BEAT>, BEAT>,
    walk: Ram<Bits<BEAT>, BEAT>,
    chains: Ram<Chain, BEAT>,
    /// The link of the cycle before.
    link_v: Reg<bool>,
    from: RegNr<Bits<BEAT>>,
    to: RegNr<Bits<BEAT>>,
    /// Blocks below this number have been used before.
    fresh: Reg<Bits<LEN>>,
    head: Reg<Bits<BEAT>>,
    /// `list.rdata` is the successor of `head`.
    head_ok: Reg<bool>,
    /// The next one out, and the one behind it.
    next: Reg<Bits<BEAT>>,
    next_valid: Reg<bool>,
    second: RegNr<Bits<BEAT>>,
    second_valid: Reg<bool>,
    free: Reg<Bits<LEN>>,
    /// Blocks that came back in the cycle before.
    back: Reg<Bits<LEN>>,
    /// `chains.rdata` belongs to `cf_blk`.
    cf_known: Reg<bool>,
    splice: Signal<Local, bool>,
    cf_take: Signal<Local, bool>,
    cf_none: Signal<Local, bool>,
    sp_first: Signal<Local, Bits<BEAT>>,
    sp_last: Signal<Local, Bits<BEAT>>,
    sp_n: Signal<Local, Bits<LEN>>,
    pop: Signal<Local, bool>,
    more: Signal<Local, Bits<LEN>>,
    row: Signal<Local, Chain>,
    succ: Signal<Local, Bits<BEAT>>,
    n_blocks: Constant<Bits<LEN>>,
    /// Bits of a block number; one more for `none`; of a number of blocks.
    num: Constant<Bits<BEAT>>,
    wide: Constant<Bits<BEAT>>,
    count: Constant<Bits<LEN>>,
    /// The end of the free list: a bit that no block number has, and [`NO_BLOCK`] has.
    none: Constant<Bits<BEAT>>,
}

impl Blocks {
    pub fn new(cfg: &Cfg) -> Self {
        let bits = cfg.pool_bits - cfg.blk_bits;
        let blocks = 1u64 << bits;
        // Of a small pool too few bits for a block RAM.
        let list = |kept: usize| {
            let ram = Ram::new(bits, 1).collisions_undefined();
            match cfg.sliced {
                true => ram.keeping(kept).in_luts(true),
                false => ram,
            }
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            take: Default::default(),
            blk: Default::default(),
            blk_valid: Default::default(),
            link: Default::default(),
            link_from: Default::default(),
            link_to: Default::default(),
            reserve: Default::default(),
            reserve_n: Default::default(),
            avail: Default::default(),
            done: Default::default(),
            done_first: Default::default(),
            done_last: Default::default(),
            done_n: Default::default(),
            fr_valid: Default::default(),
            fr_ready: Default::default(),
            fr_first: Default::default(),
            fr_last: Default::default(),
            fr_n: Default::default(),
            cf_valid: Default::default(),
            cf_ready: Default::default(),
            cf_blk: Default::default(),
            nx_blk: Default::default(),
            nx_next: Default::default(),
            list: list(bits + 1),
            walk: list(bits),
            chains: Ram::new(bits, 1).collisions_undefined(),
            link_v: Default::default(),
            from: Default::default(),
            to: Default::default(),
            fresh: Default::default(),
            head: Reg::new(blocks.to_bits()),
            head_ok: Default::default(),
            next: Default::default(),
            next_valid: Default::default(),
            second: Default::default(),
            second_valid: Default::default(),
            free: Reg::new(blocks.to_bits()),
            back: Default::default(),
            cf_known: Default::default(),
            splice: Default::default(),
            cf_take: Default::default(),
            cf_none: Default::default(),
            sp_first: Default::default(),
            sp_last: Default::default(),
            sp_n: Default::default(),
            pop: Default::default(),
            more: Default::default(),
            row: Default::default(),
            succ: Default::default(),
            n_blocks: Constant::new(blocks.to_bits()),
            num: Constant::new((blocks - 1).to_bits()),
            wide: Constant::new((2 * blocks - 1).to_bits()),
            count: Constant::new((2 * blocks - 1).to_bits()),
            none: Constant::new(blocks.to_bits()),
        }
    }
}

impl Logic for Blocks {
    #[hdl_gen]
    fn update(&mut self) {
        self.link_v.d.next = self.link.val();
        self.from.d.next = self.link_from.val();
        self.to.d.next = self.link_to.val();

        // Chains that come back: one a cycle, when the successor RAM's write port is free.
        self.row.next = self.chains.rdata.val();
        self.cf_none.next = (self.cf_blk.val() & self.none.val()) != 0;
        self.splice.next = false;
        self.fr_ready.next = !self.link_v.q.val();
        self.cf_take.next = self.cf_valid.val() & self.cf_none.val();
        self.sp_first.next = self.cf_blk.val() & self.num.val();
        self.sp_last.next = self.row.val().last & self.num.val();
        self.sp_n.next = self.row.val().n & self.count.val();
        if self.fr_valid.val() {
            self.sp_first.next = self.fr_first.val() & self.num.val();
            self.sp_last.next = self.fr_last.val() & self.num.val();
            self.sp_n.next = self.fr_n.val() & self.count.val();
        }
        if !self.link_v.q.val() {
            if self.fr_valid.val() {
                self.splice.next = true;
            } else if self.cf_valid.val() & self.cf_known.q.val() {
                self.splice.next = true;
                self.cf_take.next = true;
            }
        }
        self.cf_ready.next = self.cf_take.val();
        self.cf_known.d.next = self.cf_valid.val() & !self.cf_none.val() & !self.cf_take.val();
        self.chains.raddr.next = self.cf_blk.val();
        self.chains.we.next = self.done.val();
        self.chains.waddr.next = self.done_first.val();
        self.chains.wdata.next.last = self.done_last.val() & self.num.val();
        self.chains.wdata.next.n = self.done_n.val() & self.count.val();

        // The block to hand out next.
        self.blk.next = self.next.q.val();
        self.blk_valid.next = self.next_valid.q.val();
        self.pop.next = false;
        if !self.second_valid.q.val() {
            if self.fresh.q.val() != self.n_blocks.val() {
                self.second.d.next = bit_cast::<BEAT, LEN>(self.fresh.q.val()) & self.num.val();
                self.second_valid.d.next = true;
                self.fresh.d.next = (self.fresh.q.val() + 1) & self.count.val();
            } else if self.head_ok.q.val()
                & ((self.head.q.val() & self.none.val()) == 0)
                & !self.splice.val()
            {
                self.pop.next = true;
                self.second.d.next = self.head.q.val() & self.num.val();
                self.second_valid.d.next = true;
            }
        }
        if self.take.val() | !self.next_valid.q.val() {
            self.next.d.next = self.second.q.val();
            self.next_valid.d.next = self.second_valid.q.val();
            if self.second_valid.q.val() {
                self.second_valid.d.next = false;
            }
        }
        self.succ.next = self.list.rdata.val() & self.wide.val();
        if self.pop.val() {
            self.head.d.next = self.succ.val();
        }
        if self.splice.val() {
            self.head.d.next = self.sp_first.val();
        }
        // The read below answers for the head of this cycle.
        self.head_ok.d.next = !self.pop.val() & !self.splice.val();
        self.list.raddr.next = self.head.q.val();

        self.list.we.next = self.link_v.q.val() | self.splice.val();
        self.list.waddr.next = self.sp_last.val();
        self.list.wdata.next = self.head.q.val() & self.wide.val();
        if self.link_v.q.val() {
            self.list.waddr.next = self.from.q.val();
            self.list.wdata.next = self.to.q.val() & self.num.val();
        }
        self.walk.we.next = self.link_v.q.val();
        self.walk.waddr.next = self.from.q.val();
        self.walk.wdata.next = self.to.q.val() & self.num.val();
        self.walk.raddr.next = self.nx_blk.val();
        self.nx_next.next = self.walk.rdata.val() & self.num.val();

        // Reservation.
        self.back.d.next = 0.into();
        if self.splice.val() {
            self.back.d.next = self.sp_n.val();
        }
        self.more.next = (self.free.q.val() + self.back.q.val()) & self.count.val();
        self.free.d.next = self.more.val();
        if self.reserve.val() {
            self.free.d.next =
                (self.more.val() - (self.reserve_n.val() & self.count.val())) & self.count.val();
        }
        self.avail.next = self.free.q.val();
    }
}
