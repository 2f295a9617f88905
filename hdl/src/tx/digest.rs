//! Digest: CRC32C of each FPDU and TCP checksum of each segment, as the octets pass.
//!
//! | port | | |
//! |---|---|---|
//! | `step turned turned_mask crc_data` | in | the streamer's, cycle T + 1 of a source beat of cycle T |
//! | `sums ip_len` | in | with the segment's last source beat, cycle T: the header's sums, the IP length |
//! | `crc` | out | T + 3 of the FPDU's last source beat and until the next FPDU's: its CRC field, octet j for the lanes j modulo 4 |
//! | `late_valid late_pop late` | FIFO | T + 4: the frame's fields; `done`: pulse in T + 3, or when the frame's beat 0 is stored |
//!
//! | cycle | CRC | checksum |
//! |---|---|---|
//! | T + 1 | contribution of the beat | sums of its quarters |
//! | T + 2 | register; PAD; inverted | added up |
//! | T + 3 | | with the CRC field's octets and the header's sum |
//! | T + 4 | | folded, as the frame leaves |
//!
//! No back-pressure; `late` has a place for each header on hand. The CRC covers the whole FPDU, whatever is taken of it (RFC 5044
//! 4.4: MPA-70, MPA-72), the checksum what is taken (TCP-20). The CRC's beats end with the payload, so PAD (0 to 3 zero octets) is
//! added by running the register on. CRC not in use: the field is zero (MPA-13).

use super::octets::CrcPad;
use super::stream::Step;
use super::types::{HeadSums, Late, SLOT, SUM};
use crate::prim::{
    CrcData, CrcShift, Fifo, FoldSum, Reg, RegNr, RotateBytes, SumGroups, SumJoin, GROUP_BITS,
    SUM_BITS,
};
use rust_hdl::prelude::*;

/// The digest block.
#[derive(LogicBlock)]
pub struct Digest<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub step: Signal<In, Step>,
    pub turned: Signal<In, Bits<D>>,
    pub turned_mask: Signal<In, Bits<K>>,
    pub crc_data: Signal<In, Bits<D>>,
    pub sums: Signal<In, HeadSums>,
    pub ip_len: Signal<In, Bits<16>>,
    pub crc: Signal<Out, Bits<32>>,
    pub done: Signal<Out, bool>,
    pub late_valid: Signal<Out, bool>,
    pub late_pop: Signal<In, bool>,
    pub late: Signal<Out, Late>,

    // T + 1
    unused_s1: Signal<Local, Step>,
    part: CrcData<D>,
    groups: SumGroups<D, K>,
    head1: RegNr<HeadSums>,
    len1: RegNr<Bits<16>>,
    h1: Signal<Local, HeadSums>,

    // T + 2
    valid2: Reg<bool>,
    step2: RegNr<Step>,
    unused_s2: Signal<Local, Step>,
    add: RegNr<Bits<32>>,
    g0: RegNr<Bits<GROUP_BITS>>,
    g1: RegNr<Bits<GROUP_BITS>>,
    g2: RegNr<Bits<GROUP_BITS>>,
    g3: RegNr<Bits<GROUP_BITS>>,
    tcp2: RegNr<Bits<SUM>>,
    ip2: RegNr<Bits<32>>,
    len2: RegNr<Bits<16>>,
    shift: CrcShift<D>,
    state: RegNr<Bits<32>>,
    moved: Signal<Local, Bits<32>>,
    after: Signal<Local, Bits<32>>,
    padder: CrcPad,
    joined: SumJoin,
    start: Signal<Local, Bits<32>>,

    // T + 3
    ends3: Reg<bool>,
    closes3: RegNr<bool>,
    take3: RegNr<Bits<4>>,
    later3: RegNr<Bits<2>>,
    done_1: Reg<bool>,
    done_2: Reg<bool>,
    lane3: RegNr<Bits<2>>,
    crc3: RegNr<Bits<32>>,
    sum3: RegNr<Bits<32>>,
    tcp3: RegNr<Bits<20>>,
    ip3: RegNr<Bits<32>>,
    len3: RegNr<Bits<16>>,
    /// CRC fields of the segment's FPDUs before.
    fields: Reg<Bits<SUM>>,
    turn: RotateBytes<32, 2>,
    taken: Signal<Local, Bits<32>>,
    low: Signal<Local, Bits<20>>,
    high: Signal<Local, Bits<20>>,
    field: Signal<Local, Bits<20>>,
    total: Signal<Local, Bits<20>>,
    ip_fold: FoldSum,
    lates: Fifo<Late, SLOT>,
    finished: Signal<Local, bool>,
    octet_0: Constant<Bits<32>>,
    octet_1: Constant<Bits<32>>,
    octet_2: Constant<Bits<32>>,
    octet_3: Constant<Bits<32>>,
}

impl<const D: usize, const K: usize> Digest<D, K> {
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            step: Default::default(),
            turned: Default::default(),
            turned_mask: Default::default(),
            crc_data: Default::default(),
            sums: Default::default(),
            ip_len: Default::default(),
            crc: Default::default(),
            done: Default::default(),
            late_valid: Default::default(),
            late_pop: Default::default(),
            late: Default::default(),
            unused_s1: Default::default(),
            part: Default::default(),
            groups: Default::default(),
            head1: Default::default(),
            len1: Default::default(),
            h1: Default::default(),
            valid2: Default::default(),
            step2: Default::default(),
            unused_s2: Default::default(),
            add: Default::default(),
            g0: Default::default(),
            g1: Default::default(),
            g2: Default::default(),
            g3: Default::default(),
            tcp2: Default::default(),
            ip2: Default::default(),
            len2: Default::default(),
            shift: Default::default(),
            state: Default::default(),
            moved: Default::default(),
            after: Default::default(),
            padder: Default::default(),
            joined: Default::default(),
            start: Default::default(),
            ends3: Default::default(),
            closes3: Default::default(),
            take3: Default::default(),
            later3: Default::default(),
            done_1: Default::default(),
            done_2: Default::default(),
            lane3: Default::default(),
            crc3: Default::default(),
            sum3: Default::default(),
            tcp3: Default::default(),
            ip3: Default::default(),
            len3: Default::default(),
            fields: Default::default(),
            turn: Default::default(),
            taken: Default::default(),
            low: Default::default(),
            high: Default::default(),
            field: Default::default(),
            total: Default::default(),
            ip_fold: Default::default(),
            lates: Fifo::new().headed(),
            finished: Default::default(),
            octet_0: Constant::new(0xffu64.to_bits()),
            octet_1: Constant::new(0xff00u64.to_bits()),
            octet_2: Constant::new(0xff_0000u64.to_bits()),
            octet_3: Constant::new(0xff00_0000u64.to_bits()),
        }
    }
}

impl<const D: usize, const K: usize> Default for Digest<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for Digest<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- T: the header's part of the sums
        self.head1.d.next = self.sums.val();
        self.len1.d.next = self.ip_len.val();

        // --- T + 1
        self.unused_s1.next = self.step.val();
        self.part.data.next = self.crc_data.val();
        self.add.d.next = self.part.crc.val();
        self.groups.data.next = self.turned.val();
        self.groups.mask.next = self.turned_mask.val();
        self.g0.d.next = self.groups.g0.val();
        self.g1.d.next = self.groups.g1.val();
        self.g2.d.next = self.groups.g2.val();
        self.g3.d.next = self.groups.g3.val();
        self.valid2.d.next = self.unused_s1.val().valid;
        self.step2.d.next = self.unused_s1.val();
        self.h1.next = self.head1.q.val();
        self.tcp2.d.next = self.h1.val().tcp + bit_cast::<SUM, 16>(self.len1.q.val());
        self.ip2.d.next =
            bit_cast::<32, 20>(self.h1.val().ip) + bit_cast::<32, 16>(self.len1.q.val());
        self.len2.d.next = self.len1.q.val();

        // --- T + 2
        self.unused_s2.next = self.step2.q.val();
        self.shift.state.next = self.state.q.val();
        self.moved.next = self.shift.shifted.val();
        if self.unused_s2.val().begins {
            self.moved.next = self.unused_s2.val().crc_start;
        }
        self.after.next = self.moved.val() ^ self.add.q.val();
        self.padder.state.next = self.after.val();
        self.padder.pad.next = self.unused_s2.val().pad;
        self.joined.g0.next = self.g0.q.val();
        self.joined.g1.next = self.g1.q.val();
        self.joined.g2.next = self.g2.q.val();
        self.joined.g3.next = self.g3.q.val();
        self.start.next = self.sum3.q.val();
        if self.unused_s2.val().opens {
            self.start.next = 0.into();
        }
        if self.valid2.q.val() {
            self.sum3.d.next = self.start.val() + bit_cast::<32, SUM_BITS>(self.joined.sum.val());
            if self.unused_s2.val().source {
                self.state.d.next = self.after.val();
            }
        }
        self.ends3.d.next = self.valid2.q.val() & self.unused_s2.val().ends;
        if self.valid2.q.val() & self.unused_s2.val().ends {
            self.closes3.d.next = self.unused_s2.val().closes;
            self.take3.d.next = self.unused_s2.val().crc_take;
            self.later3.d.next = self.unused_s2.val().later;
            self.lane3.d.next = self.unused_s2.val().crc_lane;
            self.crc3.d.next = 0.into();
            if self.unused_s2.val().crc_en {
                self.crc3.d.next = !self.padder.dout.val();
            }
        }
        self.tcp3.d.next = bit_cast::<20, 16>(self.tcp2.q.val().get_bits::<16>(0))
            + bit_cast::<20, 8>(self.tcp2.q.val().get_bits::<8>(16));
        self.ip3.d.next = self.ip2.q.val();
        self.len3.d.next = self.len2.q.val();

        // --- T + 3. The CRC field at an odd octet: each of its octets is in the other half of a word.
        self.turn.din.next = self.crc3.q.val();
        self.turn.amt.next = !self.lane3.q.val() + 1;
        self.crc.next = self.turn.dout.val();
        self.taken.next = 0.into();
        if self.take3.q.val().get_bit(0) {
            self.taken.next = self.crc3.q.val() & self.octet_0.val();
        }
        if self.take3.q.val().get_bit(1) {
            self.taken.next = self.taken.val() | (self.crc3.q.val() & self.octet_1.val());
        }
        if self.take3.q.val().get_bit(2) {
            self.taken.next = self.taken.val() | (self.crc3.q.val() & self.octet_2.val());
        }
        if self.take3.q.val().get_bit(3) {
            self.taken.next = self.taken.val() | (self.crc3.q.val() & self.octet_3.val());
        }
        self.low.next = bit_cast::<20, 8>(self.taken.val().get_bits::<8>(8))
            + bit_cast::<20, 8>(self.taken.val().get_bits::<8>(24));
        self.high.next = bit_cast::<20, 8>(self.taken.val().get_bits::<8>(0))
            + bit_cast::<20, 8>(self.taken.val().get_bits::<8>(16));
        self.field.next = self.low.val() + (self.high.val() << 8);
        if self.lane3.q.val().get_bit(0) {
            self.field.next = self.high.val() + (self.low.val() << 8);
        }
        self.finished.next = self.ends3.q.val() & self.closes3.q.val();
        if self.ends3.q.val() {
            self.fields.d.next = self.fields.q.val() + bit_cast::<SUM, 20>(self.field.val());
            if self.closes3.q.val() {
                self.fields.d.next = 0.into();
            }
        }
        self.total.next = ((bit_cast::<20, 16>(self.sum3.q.val().get_bits::<16>(0))
            + bit_cast::<20, 16>(self.sum3.q.val().get_bits::<16>(16)))
            + (bit_cast::<20, 16>(self.fields.q.val().get_bits::<16>(0))
                + bit_cast::<20, 8>(self.fields.q.val().get_bits::<8>(16))))
            + (self.tcp3.q.val() + self.field.val());
        self.ip_fold.acc.next = self.ip3.q.val();
        self.lates.push.next = self.finished.val();
        self.lates.din.next.tcp = self.total.val();
        self.lates.din.next.ip = !self.ip_fold.fold.val();
        self.lates.din.next.ip_len = self.len3.q.val();
        self.lates.pop.next = self.late_pop.val();
        self.done_1.d.next = self.finished.val() & (self.later3.q.val() == 1);
        self.done_2.d.next = self.finished.val() & self.later3.q.val().get_bit(1);
        if self.done_2.q.val() {
            self.done_1.d.next = true;
        }
        self.done.next = (self.finished.val() & !self.later3.q.val().any()) | self.done_1.q.val();
        self.late_valid.next = self.lates.valid.val();
        self.late.next = self.lates.dout.val();
    }
}
