//! Verdicts over a whole frame: IP header checksum, TCP checksum, CRC32C of the payload taken as one FPDU.
//!
//! Input is the registered beat stream R0 and the parsed header beside it. Three stages; T is the port cycle of the
//! frame's last beat, which is on R0 in T + 1:
//!
//! | cycle | |
//! |---|---|
//! | T + 1 | byte masks, partial sums of the beat, CRC contribution of the beat -> registers |
//! | T + 2 | add to the accumulators, judge -> registers |
//! | T + 3 | `valid` pulse with `scan` |
//!
//! One beat a cycle, frames back to back, no back-pressure.
//! * IP (RFC 791 3.1): the sum over the ten captured header words. A sum x is good when its two halves are each other's
//!   complement: x is a multiple of 65535 and not 0.
//! * TCP (RFC 9293 3.1): octets from the IP source address to the end of the IP datagram, so that both addresses of the
//!   pseudo header come with the stream; protocol and TCP length are added at the end.
//! * CRC32C (RFC 5044 4.4): from the first payload octet to the last, CRC field included. The start value is 0xFF XORed
//!   into the first four octets; octets behind the end are zero in their beat, and later beats leave the state alone.
//!
//! Verdicts of a frame that is not TCP or whose `hdr_ok` is false mean nothing; `crc_ok` needs a payload of 4 octets.

use crate::prim::{
    ApplyMask, CrcData, CrcResidue, CrcShift, RangeMask, Reg, RegNr, SumGroups, BEAT_BITS,
    GROUP_BITS,
};
use crate::rx::parse::Fields;
use crate::rx::types::Scan;
use rust_hdl::prelude::*;

/// Checksum and CRC pipeline.
#[derive(LogicBlock)]
pub struct Scanner<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub r_valid: Signal<In, bool>,
    pub r_first: Signal<In, bool>,
    pub r_last: Signal<In, bool>,
    pub r_beat: Signal<In, Bits<BEAT_BITS>>,
    pub r_data: Signal<In, Bits<D>>,
    pub fields: Signal<In, Fields>,
    pub vlan: Signal<In, bool>,
    /// First payload octet; at least 54.
    pub h: Signal<In, Bits<8>>,
    /// First octet behind the IP datagram.
    pub stop: Signal<In, Bits<16>>,
    pub valid: Signal<Out, bool>,
    pub scan: Signal<Out, Scan>,
    /// A frame is in the pipeline behind R0.
    pub busy: Signal<Out, bool>,

    // T + 1
    tcp_mask: RangeMask<K>,
    crc_mask: RangeMask<K>,
    init_mask: RangeMask<K>,
    sum: SumGroups<D, K>,
    crc_data: CrcData<D>,
    start: Signal<Local, Bits<16>>,
    h16: Signal<Local, Bits<16>>,
    end_less_1: Signal<Local, Bits<16>>,
    masked: ApplyMask<D, K>,
    ip: Signal<Local, Bits<20>>,
    unused_fields: Signal<Local, Fields>,
    v1: Reg<bool>,
    first1: RegNr<bool>,
    last1: Reg<bool>,
    g0: RegNr<Bits<GROUP_BITS>>,
    g1: RegNr<Bits<GROUP_BITS>>,
    g2: RegNr<Bits<GROUP_BITS>>,
    g3: RegNr<Bits<GROUP_BITS>>,
    ip1: RegNr<Bits<20>>,
    pseudo1: RegNr<Bits<17>>,
    crc1: RegNr<Bits<32>>,
    move1: RegNr<bool>,
    pad1: RegNr<Bits<LK>>,

    // T + 2
    shift: CrcShift<D>,
    residue: CrcResidue<K, LK>,
    acc: RegNr<Bits<32>>,
    state: RegNr<Bits<32>>,
    acc_base: Signal<Local, Bits<32>>,
    state_base: Signal<Local, Bits<32>>,
    total: Signal<Local, Bits<32>>,
    with_pseudo: Signal<Local, Bits<32>>,
    state_next: Signal<Local, Bits<32>>,
    v2: Reg<bool>,
    verdict: RegNr<Scan>,
    lk: Constant<Bits<4>>,
}

impl<const D: usize, const K: usize, const LK: usize> Default for Scanner<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Scanner<D, K, LK> {
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            r_valid: Default::default(),
            r_first: Default::default(),
            r_last: Default::default(),
            r_beat: Default::default(),
            r_data: Default::default(),
            fields: Default::default(),
            vlan: Default::default(),
            h: Default::default(),
            stop: Default::default(),
            valid: Default::default(),
            scan: Default::default(),
            busy: Default::default(),
            tcp_mask: Default::default(),
            crc_mask: Default::default(),
            init_mask: Default::default(),
            sum: Default::default(),
            crc_data: Default::default(),
            start: Default::default(),
            h16: Default::default(),
            end_less_1: Default::default(),
            masked: Default::default(),
            ip: Default::default(),
            unused_fields: Default::default(),
            v1: Default::default(),
            first1: Default::default(),
            last1: Default::default(),
            g0: Default::default(),
            g1: Default::default(),
            g2: Default::default(),
            g3: Default::default(),
            ip1: Default::default(),
            pseudo1: Default::default(),
            crc1: Default::default(),
            move1: Default::default(),
            pad1: Default::default(),
            shift: Default::default(),
            residue: Default::default(),
            acc: Default::default(),
            state: Default::default(),
            acc_base: Default::default(),
            state_base: Default::default(),
            total: Default::default(),
            with_pseudo: Default::default(),
            state_next: Default::default(),
            v2: Default::default(),
            verdict: Default::default(),
            lk: Constant::new((LK as u64).to_bits()),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Scanner<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- T + 1: this beat alone
        self.start.next = 26.into();
        if self.vlan.val() {
            self.start.next = 30.into();
        }
        self.h16.next = bit_cast::<16, 8>(self.h.val());
        self.end_less_1.next = self.stop.val() - 1;
        self.tcp_mask.start.next = self.start.val();
        self.tcp_mask.stop.next = self.stop.val();
        self.tcp_mask.beat.next = self.r_beat.val();
        self.crc_mask.start.next = self.h16.val();
        self.crc_mask.stop.next = self.stop.val();
        self.crc_mask.beat.next = self.r_beat.val();
        self.init_mask.start.next = self.h16.val();
        self.init_mask.stop.next = self.h16.val() + 4;
        self.init_mask.beat.next = self.r_beat.val();

        self.sum.data.next = self.r_data.val();
        self.sum.mask.next = self.tcp_mask.mask.val();
        self.g0.d.next = self.sum.g0.val();
        self.g1.d.next = self.sum.g1.val();
        self.g2.d.next = self.sum.g2.val();
        self.g3.d.next = self.sum.g3.val();

        self.masked.data.next = self.r_data.val();
        self.masked.keep.next = self.crc_mask.mask.val();
        self.masked.flip.next = self.init_mask.mask.val();
        self.crc_data.data.next = self.masked.dout.val();
        self.crc1.d.next = self.crc_data.crc.val();

        // only the IP header's
        self.unused_fields.next = self.fields.val();
        self.ip.next = bit_cast::<20, 16>(self.fields.val().ver_tos)
            + bit_cast::<20, 16>(self.fields.val().total)
            + bit_cast::<20, 16>(self.fields.val().id)
            + bit_cast::<20, 16>(self.fields.val().frag)
            + bit_cast::<20, 16>(self.fields.val().ttl_proto)
            + bit_cast::<20, 16>(self.fields.val().csum)
            + bit_cast::<20, 16>(self.fields.val().src.get_bits::<16>(16))
            + bit_cast::<20, 16>(self.fields.val().src.get_bits::<16>(0))
            + bit_cast::<20, 16>(self.fields.val().dst.get_bits::<16>(16))
            + bit_cast::<20, 16>(self.fields.val().dst.get_bits::<16>(0));
        self.ip1.d.next = self.ip.val();
        // protocol 6 and TCP length (IP total length less the 20 octets of the IP header)
        self.pseudo1.d.next = bit_cast::<17, 16>(self.fields.val().total) - 14;
        self.move1.d.next =
            self.r_beat.val() <= bit_cast::<BEAT_BITS, 16>(self.end_less_1.val() >> self.lk.val());
        // octets of the last beat behind the end
        self.pad1.d.next = !bit_cast::<LK, 16>(self.end_less_1.val());
        self.v1.d.next = self.r_valid.val();
        self.first1.d.next = self.r_first.val();
        self.last1.d.next = self.r_last.val();

        // --- T + 2: with the beats before it
        self.acc_base.next = self.acc.q.val();
        self.state_base.next = self.state.q.val();
        if self.first1.q.val() {
            self.acc_base.next = 0.into();
            self.state_base.next = 0.into();
        }
        self.total.next = self.acc_base.val()
            + ((bit_cast::<32, GROUP_BITS>(self.g0.q.val())
                + bit_cast::<32, GROUP_BITS>(self.g1.q.val()))
                + (bit_cast::<32, GROUP_BITS>(self.g2.q.val())
                    + bit_cast::<32, GROUP_BITS>(self.g3.q.val())));
        self.with_pseudo.next = self.total.val() + bit_cast::<32, 17>(self.pseudo1.q.val());
        self.shift.state.next = self.state_base.val();
        self.state_next.next = self.state_base.val();
        if self.move1.q.val() {
            self.state_next.next = self.shift.shifted.val() ^ self.crc1.q.val();
        }
        if self.v1.q.val() {
            self.acc.d.next = self.total.val();
            self.state.d.next = self.state_next.val();
        }
        self.residue.state.next = self.state_next.val();
        self.residue.pad.next = self.pad1.q.val();

        self.v2.d.next = self.v1.q.val() & self.last1.q.val();
        self.verdict.d.next.ip_ok = self.ip1.q.val().get_bits::<16>(0)
            == !bit_cast::<16, 4>(self.ip1.q.val().get_bits::<4>(16));
        self.verdict.d.next.tcp_ok =
            self.with_pseudo.val().get_bits::<16>(0) == !self.with_pseudo.val().get_bits::<16>(16);
        self.verdict.d.next.crc_ok = self.residue.ok.val();

        self.valid.next = self.v2.q.val();
        self.scan.next = self.verdict.q.val();
        self.busy.next = self.v1.q.val() | self.v2.q.val();
    }
}
