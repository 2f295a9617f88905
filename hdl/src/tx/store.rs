//! Frame store: the TCP payload of frames, beat by beat as the frame has them.
//!
//! | port | | |
//! |---|---|---|
//! | `step row_data row_mask crc_mask` | in | the streamer's, cycle T + 1 of a step of cycle T |
//! | `crc` | in | T + 3: the CRC field |
//! | `rd_row`, `rd_data` | in, out | a beat, one cycle later; one written in the cycle of the read is seen |
//!
//! **Latency**: a step of cycle T is stored in T + 3, and can be read in that cycle. **Throughput**: a beat a cycle. No
//! back-pressure: the planner begins a segment only when there is room for a largest frame.
//! **Depth**: two of the largest frames, rounded up to a power of two: while one leaves the next is written, and a beat that was read is free.
//!
//! The step waits two cycles for the CRC. FPDUs are joined at any octet: a beat in which one ends and the next begins is written
//! twice, the second time with what the first had.

use super::octets::CrcPlace;
use super::stream::Step;
use super::types::{TxCfg, ROW};
use crate::prim::{ApplyMask, FwdRam, Reg, RegNr};
use rust_hdl::prelude::*;

/// The frame store.
#[derive(LogicBlock)]
pub struct FrameStore<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub step: Signal<In, Step>,
    pub row_data: Signal<In, Bits<D>>,
    pub row_mask: Signal<In, Bits<K>>,
    pub crc_mask: Signal<In, Bits<K>>,
    pub crc: Signal<In, Bits<32>>,
    pub rd_row: Signal<In, Bits<ROW>>,
    pub rd_data: Signal<Out, Bits<D>>,

    unused_s: Signal<Local, Step>,
    taken: ApplyMask<D, K>,
    we2: Reg<bool>,
    join2: RegNr<bool>,
    addr2: RegNr<Bits<ROW>>,
    data2: RegNr<Bits<D>>,
    crc2: RegNr<Bits<K>>,
    we3: Reg<bool>,
    join3: RegNr<bool>,
    addr3: RegNr<Bits<ROW>>,
    data3: RegNr<Bits<D>>,
    crc3: RegNr<Bits<K>>,
    place: CrcPlace<D, K>,
    beat: Signal<Local, Bits<D>>,
    earlier: RegNr<Bits<D>>,
    ram: FwdRam<Bits<D>, ROW>,
    none: Constant<Bits<K>>,
}

impl<const D: usize, const K: usize> FrameStore<D, K> {
    pub fn new(cfg: &TxCfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            step: Default::default(),
            row_data: Default::default(),
            row_mask: Default::default(),
            crc_mask: Default::default(),
            crc: Default::default(),
            rd_row: Default::default(),
            rd_data: Default::default(),
            unused_s: Default::default(),
            taken: Default::default(),
            we2: Default::default(),
            join2: Default::default(),
            addr2: Default::default(),
            data2: Default::default(),
            crc2: Default::default(),
            we3: Default::default(),
            join3: Default::default(),
            addr3: Default::default(),
            data3: Default::default(),
            crc3: Default::default(),
            place: Default::default(),
            beat: Default::default(),
            earlier: Default::default(),
            ram: FwdRam::new(cfg.store_bits(K)),
            none: Constant::new(0.into()),
        }
    }
}

impl<const D: usize, const K: usize> Logic for FrameStore<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- T + 1
        self.unused_s.next = self.step.val();
        self.taken.data.next = self.row_data.val();
        self.taken.keep.next = self.row_mask.val();
        self.taken.flip.next = self.none.val();
        self.we2.d.next = self.unused_s.val().valid & self.row_mask.val().any();
        self.join2.d.next = self.unused_s.val().join;
        self.addr2.d.next = self.unused_s.val().addr;
        self.data2.d.next = self.taken.dout.val();
        self.crc2.d.next = self.crc_mask.val();

        // --- T + 2
        self.we3.d.next = self.we2.q.val();
        self.join3.d.next = self.join2.q.val();
        self.addr3.d.next = self.addr2.q.val();
        self.data3.d.next = self.data2.q.val();
        self.crc3.d.next = self.crc2.q.val();

        // --- T + 3
        self.place.crc.next = self.crc.val();
        self.place.mask.next = self.crc3.q.val();
        self.beat.next = self.data3.q.val() | self.place.dout.val();
        if self.join3.q.val() {
            self.beat.next = (self.data3.q.val() | self.place.dout.val()) | self.earlier.q.val();
        }
        if self.we3.q.val() {
            self.earlier.d.next = self.beat.val();
        }
        self.ram.we.next = self.we3.q.val();
        self.ram.waddr.next = self.addr3.q.val();
        self.ram.wdata.next = self.beat.val();
        self.ram.raddr.next = self.rd_row.val();
        self.rd_data.next = self.ram.rdata.val();
    }
}
