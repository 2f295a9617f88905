//! The assembler's second source of octets: a parked piece, read from the pool as if it lay in the staging RAM.
//!
//! | port | | |
//! |---|---|---|
//! | `start first from len` | in | a piece: its first block; its octets are `from` up to `from + len - 1` |
//! | `req addr`, `grant` | in, out | the beat of octet `addr` and the next one; `grant` depends on `req` and `addr` |
//! | `lo hi` | out | their contents, from the granted cycle to the second one after it |
//! | `hr_req hr_beat`, `hr_ok hr_data` | out, in | pool read, see [`Pool`](super::pool::Pool); asks for a beat until `hr_ok` |
//! | `blk`, `succ` | out, in | the block after `blk`, 2 cycles later |
//!
//! Addresses go up from grant to grant, or back into the beat before. They begin at octet `from`, or up to a beat before it,
//! whose content counts for nothing: the lanes in front of the piece's first octet. Nor does that of `lo` after a step back:
//! such a chunk begins with the octet that was read last (a Marker is looked at, then read once more, to another lane; an FPDU
//! goes on behind it). Beats behind the end read as anything.
//! About 7 cycles a beat: this is the way of segments that came too early, not the fast one.

use super::cfg::Cfg;
use super::types::{BEAT, BYTE};
use crate::prim::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum FetchState {
    /// Asks for the next beat.
    Ask,
    /// Waits for it.
    Wait,
    Take,
    /// `lo` and `hi` are right.
    Have,
}

/// Pool reader with a window of two beats.
#[derive(LogicBlock)]
pub struct EarlyFetch<const D: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub start: Signal<In, bool>,
    pub first: Signal<In, Bits<BEAT>>,
    pub from: Signal<In, Bits<16>>,
    pub len: Signal<In, Bits<16>>,
    pub req: Signal<In, bool>,
    pub addr: Signal<In, Bits<BYTE>>,
    pub grant: Signal<Out, bool>,
    pub lo: Signal<Out, Bits<D>>,
    pub hi: Signal<Out, Bits<D>>,
    pub hr_req: Signal<Out, bool>,
    pub hr_beat: Signal<Out, Bits<BEAT>>,
    pub hr_ok: Signal<In, bool>,
    pub hr_data: Signal<In, Bits<D>>,
    pub blk: Signal<Out, Bits<BEAT>>,
    pub succ: Signal<In, Bits<BEAT>>,
    state: Reg<FetchState>,
    /// Beat of the piece that is in `lo`; it begins one before the first. The one to read next, and the last there is.
    at: RegNr<Bits<BEAT>>,
    beat: RegNr<Bits<BEAT>>,
    last: RegNr<Bits<BEAT>>,
    /// Block of `beat`, and the one before it.
    blk_q: RegNr<Bits<BEAT>>,
    blk_p: RegNr<Bits<BEAT>>,
    lo_q: RegNr<Bits<D>>,
    hi_q: RegNr<Bits<D>>,
    granted: Reg<bool>,
    want: Signal<Local, Bits<BEAT>>,
    here: Signal<Local, bool>,
    back: Signal<Local, bool>,
    /// All of it has been read.
    behind: Reg<bool>,
    over: Signal<Local, Bits<16>>,
    lk: Constant<Bits<5>>,
    blk_shift: Constant<Bits<5>>,
    blk_mask: Constant<Bits<BEAT>>,
    stage_mask: Constant<Bits<BEAT>>,
}

impl<const D: usize, const LK: usize> EarlyFetch<D, LK> {
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            first: Default::default(),
            from: Default::default(),
            len: Default::default(),
            req: Default::default(),
            addr: Default::default(),
            grant: Default::default(),
            lo: Default::default(),
            hi: Default::default(),
            hr_req: Default::default(),
            hr_beat: Default::default(),
            hr_ok: Default::default(),
            hr_data: Default::default(),
            blk: Default::default(),
            succ: Default::default(),
            state: Reg::new(FetchState::Have),
            at: Default::default(),
            beat: Default::default(),
            last: Default::default(),
            blk_q: Default::default(),
            blk_p: Default::default(),
            lo_q: Default::default(),
            hi_q: Default::default(),
            granted: Default::default(),
            want: Default::default(),
            here: Default::default(),
            back: Default::default(),
            behind: Default::default(),
            over: Default::default(),
            lk: Constant::new(LK.to_bits()),
            blk_shift: Constant::new(cfg.blk_bits.to_bits()),
            blk_mask: Constant::new(((1u64 << cfg.blk_bits) - 1).to_bits()),
            stage_mask: Constant::new(((1u64 << cfg.stage_bits) - 1).to_bits()),
        }
    }
}

impl<const D: usize, const LK: usize> Logic for EarlyFetch<D, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.want.next =
            bit_cast::<BEAT, BYTE>(self.addr.val() >> self.lk.val()) & self.stage_mask.val();
        self.here.next = self.want.val() == self.at.q.val();
        self.back.next = ((self.want.val() + 1) & self.stage_mask.val()) == self.at.q.val();
        self.grant.next =
            self.req.val() & self.here.val() & (self.state.q.val() == FetchState::Have);
        self.granted.d.next = self.grant.val();
        self.hr_req.next = false;
        self.hr_beat.next = (self.blk_q.q.val() << self.blk_shift.val())
            | (self.beat.q.val() & self.blk_mask.val());
        // In time: `Ask` comes two cycles behind a new `beat`, at the start but for the first, which is always there.
        self.behind.d.next = (self.beat.q.val() > self.last.q.val()) & !self.start.val();
        self.blk.next = self.blk_q.q.val();
        self.lo.next = self.lo_q.q.val();
        self.hi.next = self.hi_q.q.val();
        match self.state.q.val() {
            FetchState::Ask => {
                self.hr_req.next = !self.behind.q.val();
                if self.behind.q.val() {
                    self.state.d.next = FetchState::Have;
                } else if self.hr_ok.val() {
                    self.state.d.next = FetchState::Wait;
                }
            }
            FetchState::Wait => {
                self.state.d.next = FetchState::Take;
            }
            FetchState::Take => {
                self.hi_q.d.next = self.hr_data.val();
                self.beat.d.next = self.beat.q.val() + 1;
                if (self.beat.q.val() & self.blk_mask.val()) == self.blk_mask.val() {
                    self.blk_q.d.next = self.succ.val();
                    self.blk_p.d.next = self.blk_q.q.val();
                }
                self.state.d.next = FetchState::Have;
            }
            FetchState::Have => {
                // A granted window stays for two cycles.
                if self.req.val() & !self.here.val() & !self.granted.q.val() {
                    self.lo_q.d.next = self.hi_q.q.val();
                    self.at.d.next = (self.at.q.val() + 1) & self.stage_mask.val();
                    if self.back.val() {
                        // What is in `lo` now is read again; a block has more beats than the window.
                        self.at.d.next = self.want.val();
                        self.beat.d.next = self.at.q.val();
                        self.behind.d.next = false;
                        if (self.beat.q.val() & self.blk_mask.val())
                            < (self.at.q.val() & self.blk_mask.val())
                        {
                            self.blk_q.d.next = self.blk_p.q.val();
                        }
                    }
                    self.state.d.next = FetchState::Ask;
                }
            }
        }
        self.over.next = (self.from.val() + self.len.val()) - 1;
        if self.start.val() {
            self.at.d.next = self.stage_mask.val();
            self.beat.d.next = 0.into();
            self.last.d.next = self.over.val() >> self.lk.val();
            self.blk_q.d.next = self.first.val();
            self.state.d.next = FetchState::Ask;
        }
    }
}
