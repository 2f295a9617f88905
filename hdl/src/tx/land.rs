//! Landing of DMA read data: pieces of any length, tags interleaved and in any order, each octet to its place in a buffer.
//!
//! | port | | |
//! |---|---|---|
//! | `open open_tag open_at` | in | a read is about to be asked for: its first octet goes to octet `open_at` of the buffer |
//! | `cpl_tvalid cpl_tready cpl_*` | in stream | `dma_rd_cpl`: address order within a tag, every beat packed from lane 0 |
//! | `own_valid own_*` | in | a beat from within the chip; never waits, `cpl` does |
//! | `full full_tag full_bad` | out | all of a tag is in the buffer, pulse; `full_bad`: a packet of it had a status other than 0 |
//! | `row`, `data` | in, out | a beat of the buffer, 2 cycles later |
//!
//! **Latency**: beat taken in cycle T, in the buffer for reads of T + 4 and later; `full` in T + 4. **Throughput**: a beat a cycle. **Back-pressure**:
//! none (2^tags cycles after reset apart): the space was reserved before the read was asked for.
//!
//! A beat is turned to the lanes of its place and lies over two rows at most; even and odd rows are two memories, so both are written at once.
//! The buffer is a ring: a place beyond its end is one at its beginning. A tag's row in the table of places is taken back to 0 by its last beat.

use super::work_types::{AT, BUF_ROW, TAG};
use crate::prim::keep::KeepToLen;
use crate::prim::ram::{LutRam, RamBe, RamClear};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::rotate::RotateBytes;
use rust_hdl::prelude::*;

/// How far a tag has come.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Landed {
    pub octets: Bits<AT>,
    pub bad: bool,
}

#[derive(LogicBlock)]
pub struct ReadLand<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub open: Signal<In, bool>,
    pub open_tag: Signal<In, Bits<TAG>>,
    pub open_at: Signal<In, Bits<AT>>,
    pub cpl_tvalid: Signal<In, bool>,
    pub cpl_tready: Signal<Out, bool>,
    pub cpl_tdata: Signal<In, Bits<D>>,
    pub cpl_tkeep: Signal<In, Bits<K>>,
    pub cpl_tag: Signal<In, Bits<TAG>>,
    pub cpl_end_of_tag: Signal<In, bool>,
    pub cpl_status: Signal<In, Bits<3>>,
    pub own_valid: Signal<In, bool>,
    pub own_data: Signal<In, Bits<D>>,
    pub own_keep: Signal<In, Bits<K>>,
    pub own_tag: Signal<In, Bits<TAG>>,
    pub own_end: Signal<In, bool>,
    pub full: Signal<Out, bool>,
    pub full_tag: Signal<Out, Bits<TAG>>,
    pub full_bad: Signal<Out, bool>,
    pub row: Signal<In, Bits<BUF_ROW>>,
    pub data: Signal<Out, Bits<D>>,

    clear: RamClear<TAG>,
    begins: LutRam<Bits<AT>, TAG>,
    landed: LutRam<Landed, TAG>,
    lens: KeepToLen<K, C>,
    rot: RotateBytes<D, LK>,
    even: RamBe<D, K, BUF_ROW>,
    odd: RamBe<D, K, BUF_ROW>,
    v1: Reg<bool>,
    data1: RegNr<Bits<D>>,
    keep1: RegNr<Bits<K>>,
    tag1: RegNr<Bits<TAG>>,
    end1: RegNr<bool>,
    bad1: RegNr<bool>,
    v2: Reg<bool>,
    data2: RegNr<Bits<D>>,
    keep2: RegNr<Bits<K>>,
    at2: RegNr<Bits<AT>>,
    tag2: RegNr<Bits<TAG>>,
    end2: Reg<bool>,
    bad2: RegNr<bool>,
    v3: Reg<bool>,
    data3: RegNr<Bits<D>>,
    low3: RegNr<Bits<K>>,
    high3: RegNr<Bits<K>>,
    row3: RegNr<Bits<BUF_ROW>>,
    tag3: RegNr<Bits<TAG>>,
    end3: Reg<bool>,
    bad3: RegNr<bool>,
    tag4: RegNr<Bits<TAG>>,
    end4: Reg<bool>,
    bad4: RegNr<bool>,
    odd5: RegNr<bool>,
    odd6: RegNr<bool>,
    was: Signal<Local, Landed>,
    is: Signal<Local, Landed>,
    lane: Signal<Local, Bits<C>>,
    above: Signal<Local, Bits<C>>,
    unused_at: Signal<Local, Bits<AT>>,
    next: Signal<Local, Bits<BUF_ROW>>,
    no_lanes: Constant<Bits<K>>,
    beat: Constant<Bits<C>>,
    lane_mask: Constant<Bits<AT>>,
    _lk: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> ReadLand<D, K, LK, C> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K && C == LK + 1);

    /// A buffer of `2^buf_bits` octets for `2^tag_bits` tags.
    pub fn new(buf_bits: usize, tag_bits: usize) -> Self {
        let () = Self::OK;
        let bank = || RamBe::new(buf_bits - LK - 1, 2).collisions_undefined();
        Self {
            clock: Default::default(),
            reset: Default::default(),
            open: Default::default(),
            open_tag: Default::default(),
            open_at: Default::default(),
            cpl_tvalid: Default::default(),
            cpl_tready: Default::default(),
            cpl_tdata: Default::default(),
            cpl_tkeep: Default::default(),
            cpl_tag: Default::default(),
            cpl_end_of_tag: Default::default(),
            cpl_status: Default::default(),
            own_valid: Default::default(),
            own_data: Default::default(),
            own_keep: Default::default(),
            own_tag: Default::default(),
            own_end: Default::default(),
            full: Default::default(),
            full_tag: Default::default(),
            full_bad: Default::default(),
            row: Default::default(),
            data: Default::default(),
            clear: RamClear::new(tag_bits),
            begins: LutRam::sized(tag_bits),
            landed: LutRam::sized(tag_bits),
            lens: Default::default(),
            rot: Default::default(),
            even: bank(),
            odd: bank(),
            v1: Default::default(),
            data1: Default::default(),
            keep1: Default::default(),
            tag1: Default::default(),
            end1: Default::default(),
            bad1: Default::default(),
            v2: Default::default(),
            data2: Default::default(),
            keep2: Default::default(),
            at2: Default::default(),
            tag2: Default::default(),
            end2: Default::default(),
            bad2: Default::default(),
            v3: Default::default(),
            data3: Default::default(),
            low3: Default::default(),
            high3: Default::default(),
            row3: Default::default(),
            tag3: Default::default(),
            end3: Default::default(),
            bad3: Default::default(),
            tag4: Default::default(),
            end4: Default::default(),
            bad4: Default::default(),
            odd5: Default::default(),
            odd6: Default::default(),
            was: Default::default(),
            is: Default::default(),
            lane: Default::default(),
            above: Default::default(),
            unused_at: Default::default(),
            next: Default::default(),
            no_lanes: Constant::new(0u64.to_bits()),
            beat: Constant::new((K as u64).to_bits()),
            lane_mask: Constant::new((K as u64 - 1).to_bits()),
            _lk: LK,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for ReadLand<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.begins.we.next = self.open.val();
        self.begins.waddr.next = self.open_tag.val();
        self.begins.wdata.next = self.open_at.val();

        // 0: taken
        self.cpl_tready.next = self.clear.done.val() & !self.own_valid.val();
        self.v1.d.next = (self.cpl_tvalid.val() & self.clear.done.val()) | self.own_valid.val();
        self.data1.d.next = self.cpl_tdata.val();
        self.keep1.d.next = self.cpl_tkeep.val();
        self.tag1.d.next = self.cpl_tag.val();
        self.end1.d.next = self.cpl_end_of_tag.val();
        self.bad1.d.next = self.cpl_status.val().any();
        if self.own_valid.val() {
            self.data1.d.next = self.own_data.val();
            self.keep1.d.next = self.own_keep.val();
            self.tag1.d.next = self.own_tag.val();
            self.end1.d.next = self.own_end.val();
            self.bad1.d.next = false;
        }

        // 1: where
        self.lens.keep.next = self.keep1.q.val();
        self.begins.raddr.next = self.tag1.q.val();
        self.landed.raddr.next = self.tag1.q.val();
        self.was.next = self.landed.rdata.val();
        self.is.next.octets = self.was.val().octets + bit_cast::<AT, C>(self.lens.len.val());
        self.is.next.bad = self.was.val().bad | self.bad1.q.val();
        if self.end1.q.val() {
            self.is.next.octets = 0.into();
            self.is.next.bad = false;
        }
        self.landed.we.next = self.v1.q.val();
        self.landed.waddr.next = self.tag1.q.val();
        if self.clear.active.val() {
            self.landed.we.next = true;
            self.landed.waddr.next = self.clear.addr.val();
            self.is.next.octets = 0.into();
            self.is.next.bad = false;
        }
        self.landed.wdata.next = self.is.val();
        self.v2.d.next = self.v1.q.val();
        self.data2.d.next = self.data1.q.val();
        self.keep2.d.next = self.keep1.q.val();
        self.at2.d.next = self.begins.rdata.val() + self.was.val().octets;
        self.tag2.d.next = self.tag1.q.val();
        self.end2.d.next = self.v1.q.val() & self.end1.q.val();
        self.bad2.d.next = self.was.val().bad | self.bad1.q.val();

        // 2: turned
        self.lane.next = bit_cast::<C, AT>(self.at2.q.val() & self.lane_mask.val());
        self.above.next = self.beat.val() - self.lane.val();
        self.rot.din.next = self.data2.q.val();
        self.rot.amt.next = bit_cast::<LK, C>(self.above.val());
        self.v3.d.next = self.v2.q.val();
        self.data3.d.next = self.rot.dout.val();
        self.low3.d.next = self.keep2.q.val() << self.lane.val();
        self.high3.d.next = self.keep2.q.val() >> self.above.val();
        for k in (self._lk)..(self._lk + 1) {
            self.unused_at.next = self.at2.q.val() >> k.to_bits::<5>();
        }
        self.row3.d.next = bit_cast::<BUF_ROW, AT>(self.unused_at.val());
        self.tag3.d.next = self.tag2.q.val();
        self.end3.d.next = self.end2.q.val();
        self.bad3.d.next = self.bad2.q.val();

        // 3: written
        self.next.next = self.row3.q.val() + 1;
        self.even.we.next = self.no_lanes.val();
        self.odd.we.next = self.no_lanes.val();
        self.even.waddr.next = self.row3.q.val() >> 1;
        self.odd.waddr.next = self.row3.q.val() >> 1;
        if self.row3.q.val().get_bit(0) {
            self.even.waddr.next = self.next.val() >> 1;
        }
        if self.v3.q.val() {
            if self.row3.q.val().get_bit(0) {
                self.odd.we.next = self.low3.q.val();
                self.even.we.next = self.high3.q.val();
            } else {
                self.even.we.next = self.low3.q.val();
                self.odd.we.next = self.high3.q.val();
            }
        }
        self.even.wdata.next = self.data3.q.val();
        self.odd.wdata.next = self.data3.q.val();
        self.tag4.d.next = self.tag3.q.val();
        self.end4.d.next = self.end3.q.val();
        self.bad4.d.next = self.bad3.q.val();
        self.full.next = self.end4.q.val();
        self.full_tag.next = self.tag4.q.val();
        self.full_bad.next = self.bad4.q.val();

        // Reading.
        self.even.raddr.next = self.row.val() >> 1;
        self.odd.raddr.next = self.row.val() >> 1;
        self.odd5.d.next = self.row.val().get_bit(0);
        self.odd6.d.next = self.odd5.q.val();
        self.data.next = self.even.rdata.val();
        if self.odd6.q.val() {
            self.data.next = self.odd.rdata.val();
        }
    }
}
