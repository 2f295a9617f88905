//! The assembler's octets of wide presets: the staging RAM is read ahead of the chunks, two beats a cycle.
//!
//! A chunk reads a window of two beats, of which the second is the next chunk's first. Here a stretch is read pair by pair as
//! soon as it is posted, so every other cycle of the staging RAM is enough, and the rest is for the length fields of the FPDUs
//! that follow. At 64 octets a beat that is what the wire's rate needs; narrow presets read the staging RAM chunk by chunk.
//!
//! | port | | |
//! |---|---|---|
//! | `post`, `base ext` | in | a stretch; the cycle after: the address of what goes to lane 0 of its first pool beat, octets from there |
//! | `req addr after`, `grant` | out, in | staging read; `grant` may depend on `req` |
//! | `soon` | out | with `req`: less than two pairs are here or on their way |
//! | `st_lo st_hi` | in | its pair of beats, exactly 2 cycles later |
//! | `has`, `take last` | out, in | the next chunk's window is here; it is taken; it is the last one of its stretch |
//! | `lo hi` | out | its two beats, 2 cycles after `take` |
//! | `look off`, `patch oct0` | in | instead of a pair the length field at lane `off` was read; its first octet is `oct0` (2 cycles later) |
//! | `head_valid head_raw` | out | the length field, 3 cycles after `look` |
//! | `flush` | in | forget all that was posted |
//!
//! **Latency**: first `has` 2 cycles after the first grant, which is the cycle after `post` at the earliest.
//! **Back-pressure**: pairs wait for their chunks; there is room for [`PAIRS`]. Two stretches
//! may be posted while one is read. `base ext` stand until the next `post`, which comes only when a stretch before has been used up.
//! **Depth**: 8 pairs, 16 beats: what the reader of the next stretch is ahead while one is waited for.

use super::blocks::LEN;
use super::types::{BEAT, BYTE};
use crate::prim::{LutRam, MergeRotate, Reg, RegNr};
use rust_hdl::prelude::*;

/// Octets of a beat from which on the staging RAM is read ahead of the chunks.
pub const AHEAD: usize = 32;

/// log2 of the pairs.
pub const PAIRS: usize = 3;

/// Pairs of beats ahead of the chunks.
#[derive(LogicBlock)]
pub struct AsmAhead<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub post: Signal<In, bool>,
    pub base: Signal<In, Bits<BYTE>>,
    pub ext: Signal<In, Bits<LEN>>,
    pub req: Signal<Out, bool>,
    pub soon: Signal<Out, bool>,
    pub addr: Signal<Out, Bits<BYTE>>,
    pub after: Signal<Out, Bits<BEAT>>,
    pub grant: Signal<In, bool>,
    pub st_lo: Signal<In, Bits<D>>,
    pub st_hi: Signal<In, Bits<D>>,
    pub has: Signal<Out, bool>,
    pub take: Signal<In, bool>,
    pub last: Signal<In, bool>,
    pub lo: Signal<Out, Bits<D>>,
    pub hi: Signal<Out, Bits<D>>,
    pub look: Signal<In, bool>,
    pub off: Signal<In, Bits<LK>>,
    pub patch: Signal<In, bool>,
    pub oct0: Signal<In, Bits<8>>,
    pub head_valid: Signal<Out, bool>,
    pub head_raw: Signal<Out, Bits<16>>,
    pub flush: Signal<In, bool>,
    /// `base ext` are of a stretch that has neither begun nor moved up; one that has: where, and its pairs.
    new: Reg<bool>,
    queued: Reg<bool>,
    q_base: RegNr<Bits<BYTE>>,
    q_pairs: RegNr<Bits<LEN>>,
    /// The one that is being read: where, and pairs to come.
    at: RegNr<Bits<BYTE>>,
    left: Reg<Bits<LEN>>,
    busy: Reg<bool>,
    /// A pair was asked for one and two cycles ago.
    ask1: Reg<bool>,
    ask2: Reg<bool>,
    /// Pairs asked for and not used up; those of them that can be read.
    used: Reg<Bits<4>>,
    here: Reg<Bits<4>>,
    wp: Reg<Bits<PAIRS>>,
    rp: Reg<Bits<PAIRS>>,
    /// The next chunk begins in the second beat of its pair.
    half: Reg<bool>,
    first: LutRam<Bits<D>, PAIRS>,
    second: LutRam<Bits<D>, PAIRS>,
    rp_first: RegNr<Bits<PAIRS>>,
    rp_second: RegNr<Bits<PAIRS>>,
    half1: RegNr<bool>,
    lo_q: RegNr<Bits<D>>,
    hi_q: RegNr<Bits<D>>,
    look1: Reg<bool>,
    look2: Reg<bool>,
    look3: Reg<bool>,
    off1: RegNr<Bits<LK>>,
    off2: RegNr<Bits<LK>>,
    patch1: RegNr<bool>,
    patch2: RegNr<bool>,
    raw: RegNr<Bits<16>>,
    turn: MergeRotate<D, K, LK>,
    turned: Signal<Local, Bits<D>>,
    unused_turned: Signal<Local, Bits<D>>,
    start: Signal<Local, bool>,
    go: Signal<Local, bool>,
    room: Signal<Local, bool>,
    from: Signal<Local, Bits<BYTE>>,
    posted: Signal<Local, Bits<LEN>>,
    origin: Signal<Local, Bits<BYTE>>,
    pairs: Signal<Local, Bits<LEN>>,
    gone: Signal<Local, Bits<4>>,
    one: Signal<Local, Bits<4>>,
    two_k: Constant<Bits<BYTE>>,
    round: Constant<Bits<LEN>>,
    lk: Constant<Bits<5>>,
    pair_log: Constant<Bits<5>>,
}

impl<const D: usize, const K: usize, const LK: usize> AsmAhead<D, K, LK> {
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            post: Default::default(),
            base: Default::default(),
            ext: Default::default(),
            req: Default::default(),
            soon: Default::default(),
            addr: Default::default(),
            after: Default::default(),
            grant: Default::default(),
            st_lo: Default::default(),
            st_hi: Default::default(),
            has: Default::default(),
            take: Default::default(),
            last: Default::default(),
            lo: Default::default(),
            hi: Default::default(),
            look: Default::default(),
            off: Default::default(),
            patch: Default::default(),
            oct0: Default::default(),
            head_valid: Default::default(),
            head_raw: Default::default(),
            flush: Default::default(),
            new: Default::default(),
            queued: Default::default(),
            q_base: Default::default(),
            q_pairs: Default::default(),
            at: Default::default(),
            left: Default::default(),
            busy: Default::default(),
            ask1: Default::default(),
            ask2: Default::default(),
            used: Default::default(),
            here: Default::default(),
            wp: Default::default(),
            rp: Default::default(),
            half: Default::default(),
            first: LutRam::new(),
            second: LutRam::new(),
            rp_first: Default::default(),
            rp_second: Default::default(),
            half1: Default::default(),
            lo_q: Default::default(),
            hi_q: Default::default(),
            look1: Default::default(),
            look2: Default::default(),
            look3: Default::default(),
            off1: Default::default(),
            off2: Default::default(),
            patch1: Default::default(),
            patch2: Default::default(),
            raw: Default::default(),
            turn: MergeRotate::new(),
            turned: Default::default(),
            unused_turned: Default::default(),
            start: Default::default(),
            go: Default::default(),
            room: Default::default(),
            from: Default::default(),
            posted: Default::default(),
            origin: Default::default(),
            pairs: Default::default(),
            gone: Default::default(),
            one: Default::default(),
            two_k: Constant::new((2 * K).to_bits()),
            round: Constant::new((3 * K - 1).to_bits()),
            lk: Constant::new(LK.to_bits()),
            pair_log: Constant::new((LK + 1).to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Default for AsmAhead<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for AsmAhead<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // The read of this cycle. Chunk j needs beats j and j + 1 from `base` on.
        self.start.next = (self.new.q.val() | self.queued.q.val()) & !self.busy.q.val();
        self.posted.next = (self.ext.val() + self.round.val()) >> self.pair_log.val();
        self.pairs.next = self.posted.val();
        self.origin.next = self.base.val();
        if self.queued.q.val() {
            self.pairs.next = self.q_pairs.q.val();
            self.origin.next = self.q_base.q.val();
        }
        self.from.next = self.at.q.val();
        if self.start.val() {
            self.from.next = self.origin.val();
        }
        self.room.next = !self.used.q.val().get_bit(3);
        self.req.next = self.room.val() & (self.start.val() | self.busy.q.val());
        self.soon.next = self.req.val() & (self.used.q.val() < 2);
        self.go.next = self.req.val() & self.grant.val();
        self.addr.next = self.from.val();
        self.after.next = (self.from.val() >> self.lk.val()).get_bits::<BEAT>(0) + 1;
        if self.start.val() | !self.queued.q.val() {
            self.queued.d.next = self.new.q.val() & (self.queued.q.val() | self.busy.q.val());
            self.q_base.d.next = self.base.val();
            self.q_pairs.d.next = self.posted.val();
            self.new.d.next = false;
        }
        if self.post.val() {
            self.new.d.next = true;
        }
        if self.start.val() {
            self.busy.d.next = true;
            self.at.d.next = self.origin.val();
            self.left.d.next = self.pairs.val();
        }
        if self.go.val() {
            self.at.d.next = self.from.val() + self.two_k.val();
            self.left.d.next = self.left.q.val() - 1;
            self.busy.d.next = self.left.q.val() != 1;
            if self.start.val() {
                self.left.d.next = self.pairs.val() - 1;
                self.busy.d.next = self.pairs.val() != 1;
            }
        }
        self.ask1.d.next = self.go.val();
        self.ask2.d.next = self.ask1.q.val();

        // Pairs.
        self.first.we.next = self.ask2.q.val();
        self.first.waddr.next = self.wp.q.val();
        self.first.wdata.next = self.st_lo.val();
        self.second.we.next = self.ask2.q.val();
        self.second.waddr.next = self.wp.q.val();
        self.second.wdata.next = self.st_hi.val();
        if self.ask2.q.val() {
            self.wp.d.next = self.wp.q.val() + 1;
        }
        self.gone.next = 0.into();
        if self.take.val() {
            self.half.d.next = !self.half.q.val();
            if self.half.q.val() {
                self.gone.next = 1.into();
            }
            if self.last.val() {
                self.half.d.next = false;
                self.gone.next = 1.into();
                if self.half.q.val() {
                    self.gone.next = 2.into();
                }
            }
        }
        self.one.next = 0.into();
        if self.ask1.q.val() {
            self.one.next = 1.into();
        }
        self.here.d.next = self.here.q.val() + self.one.val() - self.gone.val();
        self.used.d.next = self.used.q.val() - self.gone.val();
        if self.go.val() {
            self.used.d.next = self.used.q.val() + 1 - self.gone.val();
        }
        self.rp.d.next = self.rp.q.val() + self.gone.val().get_bits::<PAIRS>(0);
        self.has.next = self.here.q.val().any();
        if self.half.q.val() {
            self.has.next = self.here.q.val() > 1;
        }

        // The window of a chunk.
        self.rp_first.d.next = self.rp.q.val();
        self.rp_second.d.next = self.rp.q.val();
        if self.half.q.val() {
            self.rp_first.d.next = self.rp.q.val() + 1;
        }
        self.half1.d.next = self.half.q.val();
        self.first.raddr.next = self.rp_first.q.val();
        self.second.raddr.next = self.rp_second.q.val();
        self.lo_q.d.next = self.first.rdata.val();
        self.hi_q.d.next = self.second.rdata.val();
        if self.half1.q.val() {
            self.lo_q.d.next = self.second.rdata.val();
            self.hi_q.d.next = self.first.rdata.val();
        }
        self.lo.next = self.lo_q.q.val();
        self.hi.next = self.hi_q.q.val();

        // A length field.
        self.look1.d.next = self.look.val();
        self.look2.d.next = self.look1.q.val();
        self.look3.d.next = self.look2.q.val();
        self.off1.d.next = self.off.val();
        self.off2.d.next = self.off1.q.val();
        self.patch1.d.next = self.patch.val();
        self.patch2.d.next = self.patch1.q.val();
        self.turn.lo.next = self.st_lo.val();
        self.turn.hi.next = self.st_hi.val();
        self.turn.off.next = self.off2.q.val();
        self.turned.next = self.turn.dout.val();
        self.unused_turned.next = self.turned.val();
        self.raw.d.next = self.turned.val().get_bits::<16>(0);
        if self.patch2.q.val() {
            self.raw.d.next = (bit_cast::<16, 8>(self.turned.val().get_bits::<8>(8)) << 8)
                | bit_cast::<16, 8>(self.oct0.val());
        }
        self.head_valid.next = self.look3.q.val();
        self.head_raw.next = self.raw.q.val();

        if self.flush.val() {
            self.new.d.next = false;
            self.queued.d.next = false;
            self.busy.d.next = false;
            self.ask1.d.next = false;
            self.ask2.d.next = false;
            self.used.d.next = 0.into();
            self.here.d.next = 0.into();
            self.wp.d.next = 0.into();
            self.rp.d.next = 0.into();
            self.half.d.next = false;
        }
    }
}
