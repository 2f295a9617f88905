//! The assembler's data path: staging octets into pool beats, with the CRC of the FPDU.
//!
//! One chunk is the part of one pool beat that one segment brings. Per cycle one chunk.
//!
//! | cycle | what |
//! |---|---|
//! | 0 | `issue` with `head` or `run` set, in the cycle in which the staging read was granted (a late signal: it decides `head` and `run`, nothing else) |
//! | 2 | `st_lo st_hi` are there and are turned to the pool beat's lanes; which lanes count |
//! | 3 | the pool is written; `head_valid` for a header look; CRC contribution |
//! | 4 | CRC state |
//! | 5 | `crc` holds it. `fin`: `verdict`, and `good` says whether it is that of an FPDU that ends with this chunk |
//!
//! `busy`: a `run` chunk is in cycles 1 to 4. Nothing waits, there is no back-pressure.
//! The CRC (RFC 5044 section 4.4) runs by pool beats: state = shift(state) ^ data at the first chunk of a beat, ^= data
//! at the next ones, so an FPDU may be cut anywhere. Its start value is 0xFF on the FPDU's first four octets.
//! Octets of a Marker are not stored: `step` makes room for them in the state, see [`AsmMark`](super::asm_mark::AsmMark).

use super::types::BEAT;
use crate::prim::{ApplyMask, CrcData, CrcResidue, CrcShift, MergeRotate, Reg, RegNr, POLY};
use rust_hdl::prelude::*;

/// One staging read and what becomes of its data.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Chunk {
    /// Look at the first two octets only: the length field of an FPDU.
    pub head: bool,
    /// Store it.
    pub run: bool,
    /// With it the FPDU is complete.
    pub fin: bool,
    /// Lane of the staging beat that goes to lane 0.
    pub off: Bits<6>,
    /// First and last lane that count.
    pub lane: Bits<6>,
    pub stop: Bits<6>,
    /// Physical pool beat.
    pub waddr: Bits<BEAT>,
    /// The FPDU's first beat.
    pub beat0: bool,
    /// First chunk of its beat.
    pub first: bool,
    /// Lane 0 comes from `oct0`: the octet that an earlier segment brought.
    pub patch: bool,
    /// Not part of an FPDU yet: stored as it is, without CRC.
    pub plain: bool,
    /// Octets of a Marker: for the CRC alone. With `beat0`: of the one in front of an FPDU, where the CRC begins.
    pub mark: bool,
}

/// Chunk pipeline.
#[derive(LogicBlock)]
pub struct ChunkPipe<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub issue: Signal<In, Chunk>,
    pub oct0: Signal<In, Bits<8>>,
    pub st_lo: Signal<In, Bits<D>>,
    pub st_hi: Signal<In, Bits<D>>,
    /// Moves the CRC state over one bit; no chunk is under way.
    pub step: Signal<In, bool>,
    pub crc_set: Signal<In, bool>,
    pub crc_in: Signal<In, Bits<32>>,
    pub pool_wr: Signal<Out, bool>,
    pub pool_we: Signal<Out, Bits<K>>,
    pub pool_addr: Signal<Out, Bits<BEAT>>,
    pub data: Signal<Out, Bits<D>>,
    pub head_valid: Signal<Out, bool>,
    /// The first two octets as they stood on the wire.
    pub head_raw: Signal<Out, Bits<16>>,
    pub busy: Signal<Out, bool>,
    pub crc: Signal<Out, Bits<32>>,
    pub good: Signal<Out, bool>,
    pub verdict: Signal<Out, bool>,
    merge: MergeRotate<D, K, LK>,
    crc_mask: ApplyMask<D, K>,
    crc_data: CrcData<D>,
    crc_shift: CrcShift<D>,
    residue: CrcResidue<K, LK>,
    c1: Reg<Chunk>,
    c2: Reg<Chunk>,
    c3: Reg<Chunk>,
    turned: RegNr<Bits<D>>,
    /// Lanes that count, and those that the CRC's start value inverts.
    keep3: RegNr<Bits<K>>,
    flip3: RegNr<Bits<K>>,
    run4: Reg<bool>,
    fin4: Reg<bool>,
    fin5: Reg<bool>,
    plain4: Reg<bool>,
    first4: Reg<bool>,
    start4: Reg<bool>,
    add4: Reg<Bits<32>>,
    /// Lanes behind the end of an FPDU's last chunk.
    pad: RegNr<Bits<LK>>,
    state: Reg<Bits<32>>,
    stepped: Signal<Local, Bits<32>>,
    /// `off`, `lane` and `patch` have done their work by then.
    c3_unused: Signal<Local, Chunk>,
    above: Signal<Local, Bits<K>>,
    below: Signal<Local, Bits<K>>,
    keep: Signal<Local, Bits<K>>,
    behind: Signal<Local, Bits<LK>>,
    all: Constant<Bits<K>>,
    not_lane0: Constant<Bits<D>>,
    lanes_0_3: Constant<Bits<K>>,
    poly: Constant<Bits<32>>,
}

impl<const D: usize, const K: usize, const LK: usize> ChunkPipe<D, K, LK> {
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            issue: Default::default(),
            oct0: Default::default(),
            st_lo: Default::default(),
            st_hi: Default::default(),
            step: Default::default(),
            crc_set: Default::default(),
            crc_in: Default::default(),
            pool_wr: Default::default(),
            pool_we: Default::default(),
            pool_addr: Default::default(),
            data: Default::default(),
            head_valid: Default::default(),
            head_raw: Default::default(),
            busy: Default::default(),
            crc: Default::default(),
            good: Default::default(),
            verdict: Default::default(),
            merge: Default::default(),
            crc_mask: Default::default(),
            crc_data: Default::default(),
            crc_shift: Default::default(),
            residue: Default::default(),
            c1: Default::default(),
            c2: Default::default(),
            c3: Default::default(),
            turned: Default::default(),
            keep3: Default::default(),
            flip3: Default::default(),
            run4: Default::default(),
            fin4: Default::default(),
            fin5: Default::default(),
            plain4: Default::default(),
            first4: Default::default(),
            start4: Default::default(),
            add4: Default::default(),
            pad: Default::default(),
            state: Default::default(),
            stepped: Default::default(),
            c3_unused: Default::default(),
            above: Default::default(),
            below: Default::default(),
            keep: Default::default(),
            behind: Default::default(),
            all: Constant::new(Bits::<K>::mask()),
            not_lane0: Constant::new(Bits::<D>::mask() ^ 0xff),
            lanes_0_3: Constant::new(0xf.into()),
            poly: Constant::new(POLY.to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Default for ChunkPipe<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for ChunkPipe<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.c1.d.next = self.issue.val();
        self.c2.d.next = self.c1.q.val();
        self.c3.d.next = self.c2.q.val();
        self.c3_unused.next = self.c3.q.val();

        // Cycle 2: staging data to the pool beat's lanes.
        self.merge.lo.next = self.st_lo.val();
        self.merge.hi.next = self.st_hi.val();
        self.merge.off.next = bit_cast::<LK, 6>(self.c2.q.val().off);
        self.turned.d.next = self.merge.dout.val();
        if self.c2.q.val().patch {
            self.turned.d.next =
                (self.merge.dout.val() & self.not_lane0.val()) | bit_cast::<D, 8>(self.oct0.val());
        }

        // Lanes lane..=stop count.
        self.behind.next = !bit_cast::<LK, 6>(self.c2.q.val().stop);
        self.above.next = self.all.val() << bit_cast::<LK, 6>(self.c2.q.val().lane);
        self.below.next = self.all.val() >> self.behind.val();
        self.keep.next = self.above.val() & self.below.val();
        self.keep3.d.next = self.keep.val();
        self.flip3.d.next = 0.into();
        if self.c2.q.val().beat0 {
            self.flip3.d.next = self.keep.val() & self.lanes_0_3.val();
            if self.c2.q.val().mark {
                self.flip3.d.next = self.keep.val();
            }
        }

        // Cycle 3: pool and CRC.
        self.data.next = self.turned.q.val();
        self.pool_addr.next = self.c3.q.val().waddr;
        self.pool_wr.next = self.c3.q.val().run & !self.c3.q.val().mark;
        self.pool_we.next = self.keep3.q.val();
        self.head_valid.next = self.c3.q.val().head;
        self.head_raw.next = bit_cast::<16, D>(self.turned.q.val());
        self.crc_mask.data.next = self.turned.q.val();
        self.crc_mask.keep.next = self.keep3.q.val();
        self.crc_mask.flip.next = self.flip3.q.val();
        self.crc_data.data.next = self.crc_mask.dout.val();
        self.add4.d.next = self.crc_data.crc.val();
        self.run4.d.next = self.c3.q.val().run;
        self.plain4.d.next = self.c3.q.val().plain;
        self.first4.d.next = self.c3.q.val().first;
        self.start4.d.next = self.c3.q.val().first & self.c3.q.val().beat0;

        self.fin4.d.next = self.c3.q.val().run & self.c3.q.val().fin;
        self.fin5.d.next = self.fin4.q.val();
        self.verdict.next = self.fin5.q.val();
        // The chunk behind may be of the next FPDU.
        if self.c3.q.val().run & self.c3.q.val().fin {
            self.pad.d.next = !bit_cast::<LK, 6>(self.c3.q.val().stop);
        }

        // Cycle 4: CRC state.
        self.crc_shift.state.next = self.state.q.val();
        if self.run4.q.val() & !self.plain4.q.val() {
            if self.start4.q.val() {
                self.state.d.next = self.add4.q.val();
            } else if self.first4.q.val() {
                self.state.d.next = self.crc_shift.shifted.val() ^ self.add4.q.val();
            } else {
                self.state.d.next = self.state.q.val() ^ self.add4.q.val();
            }
        }
        self.stepped.next = self.state.q.val() >> 1;
        if self.state.q.val().get_bit(0) {
            self.stepped.next = (self.state.q.val() >> 1) ^ self.poly.val();
        }
        if self.step.val() {
            self.state.d.next = self.stepped.val();
        }
        if self.crc_set.val() {
            self.state.d.next = self.crc_in.val();
        }
        self.crc.next = self.state.q.val();
        self.residue.state.next = self.state.q.val();
        self.residue.pad.next = self.pad.q.val();
        self.good.next = self.residue.ok.val();
        self.busy.next =
            self.c1.q.val().run | self.c2.q.val().run | self.c3.q.val().run | self.run4.q.val();
    }
}
