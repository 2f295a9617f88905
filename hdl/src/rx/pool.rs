//! Octets of the straddle pool: FPDUs that do not lie in one segment are put together here (RFC 5044 section 6).
//!
//! | port | | |
//! |---|---|---|
//! | `wr we waddr wdata`  | in  | write, one enable a byte, any beat, every cycle |
//! | `hr_beat`, `hr_ok`   | in, out | a beat to read beside the writes; read if `hr_ok`, which does not depend on `hr_beat`'s upper bits |
//! | `hr_data`            | out | its content, 2 cycles after `hr_ok` |
//! | `rd_beat_lo rd_beat_hi` | in | two physical beats of **different parity** |
//! | `rd_lo rd_hi`        | out | their contents, 2 cycles later, a new pair every cycle |
//!
//! Two banks, even and odd beats, so that a window of one beat at any byte offset is read in one cycle. A block has an
//! even number of beats and an FPDU fills its blocks from their first beat on, so beats that follow one another in an
//! FPDU always alternate between the banks, in a block and from block to block. A reader that needs only one beat
//! gives any beat of the other parity as the second, for example `beat ^ 1`.
//!
//! A write uses one bank; the other bank's write port is free for `hr`. Writes that follow one another alternate, so a
//! reader of beats that follow one another waits one cycle at most, then keeps out of the writer's way.
//!
//! Nothing else waits. A beat being written in the cycle of its read returns nothing useful: readers come only after the
//! FPDU is complete.

use super::cfg::Cfg;
use super::types::BEAT;
use crate::prim::{RamRw, Reg};
use rust_hdl::prelude::*;

/// The two banks.
#[derive(LogicBlock)]
pub struct Pool<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub wr: Signal<In, bool>,
    pub we: Signal<In, Bits<K>>,
    pub waddr: Signal<In, Bits<BEAT>>,
    pub wdata: Signal<In, Bits<D>>,
    pub hr_beat: Signal<In, Bits<BEAT>>,
    pub hr_ok: Signal<Out, bool>,
    pub hr_data: Signal<Out, Bits<D>>,
    pub rd_beat_lo: Signal<In, Bits<BEAT>>,
    pub rd_beat_hi: Signal<In, Bits<BEAT>>,
    pub rd_lo: Signal<Out, Bits<D>>,
    pub rd_hi: Signal<Out, Bits<D>>,
    even: RamRw<D, K, BEAT>,
    odd: RamRw<D, K, BEAT>,
    /// Parity of `rd_beat_lo` one and two cycles ago.
    odd1: Reg<bool>,
    odd2: Reg<bool>,
    /// The same of `hr_beat`.
    hr_odd1: Reg<bool>,
    hr_odd2: Reg<bool>,
    wr_even: Signal<Local, bool>,
    wr_odd: Signal<Local, bool>,
}

impl<const D: usize, const K: usize> Pool<D, K> {
    pub fn new(cfg: &Cfg) -> Self {
        let bank = || RamRw::new(cfg.pool_bits - 1);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            wr: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            hr_beat: Default::default(),
            hr_ok: Default::default(),
            hr_data: Default::default(),
            rd_beat_lo: Default::default(),
            rd_beat_hi: Default::default(),
            rd_lo: Default::default(),
            rd_hi: Default::default(),
            even: bank(),
            odd: bank(),
            odd1: Default::default(),
            odd2: Default::default(),
            hr_odd1: Default::default(),
            hr_odd2: Default::default(),
            wr_even: Default::default(),
            wr_odd: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Logic for Pool<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.wr_even.next = self.wr.val() & !self.waddr.val().get_bit(0);
        self.wr_odd.next = self.wr.val() & self.waddr.val().get_bit(0);
        self.even.wdata.next = self.wdata.val();
        self.odd.wdata.next = self.wdata.val();
        self.even.we.next = 0.into();
        self.even.waddr.next = self.hr_beat.val() >> 1;
        if self.wr_even.val() {
            self.even.we.next = self.we.val();
            self.even.waddr.next = self.waddr.val() >> 1;
        }
        self.odd.we.next = 0.into();
        self.odd.waddr.next = self.hr_beat.val() >> 1;
        if self.wr_odd.val() {
            self.odd.we.next = self.we.val();
            self.odd.waddr.next = self.waddr.val() >> 1;
        }

        self.hr_ok.next = !self.wr_even.val();
        if self.hr_beat.val().get_bit(0) {
            self.hr_ok.next = !self.wr_odd.val();
        }
        self.hr_odd1.d.next = self.hr_beat.val().get_bit(0);
        self.hr_odd2.d.next = self.hr_odd1.q.val();
        self.hr_data.next = self.even.mdata.val();
        if self.hr_odd2.q.val() {
            self.hr_data.next = self.odd.mdata.val();
        }

        self.odd1.d.next = self.rd_beat_lo.val().get_bit(0);
        self.odd2.d.next = self.odd1.q.val();
        self.even.raddr.next = self.rd_beat_lo.val() >> 1;
        self.odd.raddr.next = self.rd_beat_hi.val() >> 1;
        if self.rd_beat_lo.val().get_bit(0) {
            self.even.raddr.next = self.rd_beat_hi.val() >> 1;
            self.odd.raddr.next = self.rd_beat_lo.val() >> 1;
        }
        self.rd_lo.next = self.even.rdata.val();
        self.rd_hi.next = self.odd.rdata.val();
        if self.odd2.q.val() {
            self.rd_lo.next = self.odd.rdata.val();
            self.rd_hi.next = self.even.rdata.val();
        }
    }
}
