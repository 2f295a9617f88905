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
//! At 64 bits the masks are made one cycle earlier, while the beat is on the port (`m_*` tells about that beat; at the
//! other widths about the beat on R0): of the header only what earlier beats said counts there, which is all.
//! One beat a cycle, frames back to back, no back-pressure.
//! * IP (RFC 791 3.1): the sum over the ten header words. A sum x is good when its two halves are each other's
//!   complement: x is a multiple of 65535 and not 0.
//! * TCP (RFC 9293 3.1): octets from the IP source address to the end of the IP datagram, so that both addresses of the
//!   pseudo header come with the stream. Protocol 6 and TCP length are the IP total length less 14: that field is in the
//!   sum too, and the sum starts at -14.
//! * IPv6 (RFC 8200 8.1): its header has no checksum, so that verdict is good. TCP octets begin at the source address
//!   likewise; the TCP length (the payload length, as no extension header stands between) comes out of the header fields
//!   once, with the 20 by which protocol and start differ. In the one beat in which a tagged frame is not known as IPv6 on
//!   the port yet, it has no octet that counts, and what was taken for some is left out.
//! * CRC32C (RFC 5044 4.4): from the first payload octet to the last, CRC field included. The start value is 0xFF XORed
//!   into the first four octets; octets behind the end are zero in their beat, and later beats leave the state alone.
//!   The register holds the state moved over one beat already, so a beat is judged before the network and not behind it.
//!
//! * A preset with parts (`parts.rs`) names an octet of a beat from which on another FPDU lies there (`cut`): the octets
//!   before it end the one so far, which is judged in T + 2 of that beat (`cut_valid`, `cut_ok`), those from it on begin
//!   the next. Two networks for one beat, so that it costs no cycle. `crc_ok` then is the verdict on the frame's last part.
//!
//! Verdicts of a frame that is not TCP or whose `hdr_ok` is false mean nothing; `crc_ok` needs a payload of 4 octets.

use crate::prim::{
    ApplyMask, CrcData, CrcShift, CrcWant, FixedLanes, LanesFrom, LanesTo, Reg, RegNr, SumGroups,
    SumJoin, BEAT_BITS, GROUP_BITS, POSITION, SUM_BITS,
};
use crate::rx::parse::{HEAD_BITS, TAG_LEN};
use crate::rx::types::Scan;
use rust_hdl::prelude::*;

/// Checksum and CRC pipeline.
#[derive(LogicBlock)]
pub struct Scanner<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub m_beat: Signal<In, Bits<BEAT_BITS>>,
    pub m_head: Signal<In, Bits<HEAD_BITS>>,
    pub r_valid: Signal<In, bool>,
    pub r_last: Signal<In, bool>,
    pub r_head: Signal<In, Bits<HEAD_BITS>>,
    pub r_data: Signal<In, Bits<D>>,
    pub vlan: Signal<In, bool>,
    /// EtherType of IPv6, and its payload length.
    pub six: Signal<In, bool>,
    pub total: Signal<In, Bits<16>>,
    /// First payload octet, at least 54, and the fourth behind it.
    pub h: Signal<In, Bits<8>>,
    pub h_plus_4: Signal<In, Bits<8>>,
    /// Last octet of the IP datagram.
    pub at: Signal<In, Bits<POSITION>>,
    /// On the beat of `m_beat` an FPDU begins at octet `cut_at`, in a lane that is 2 modulo 4, and another ends before it.
    pub cut: Signal<In, bool>,
    pub cut_at: Signal<In, Bits<POSITION>>,
    /// The first two octets of that beat are the third and fourth of an FPDU that began behind the frame's first.
    pub spill: Signal<In, bool>,
    pub cut_valid: Signal<Out, bool>,
    pub cut_ok: Signal<Out, bool>,
    pub valid: Signal<Out, bool>,
    pub scan: Signal<Out, Scan>,
    /// A frame is in the pipeline behind R0.
    pub busy: Signal<Out, bool>,

    // masks
    ip_lanes: FixedLanes<K>,
    tcp_lanes: FixedLanes<K>,
    /// One with IPv6, none without.
    six_lanes: Vec<FixedLanes<K>>,
    head_lanes: FixedLanes<K>,
    from_h: LanesFrom<K>,
    from_h_plus_4: LanesFrom<K>,
    to_end: LanesTo<K>,
    m: Signal<Local, Bits<BEAT_BITS>>,
    ip_now: Signal<Local, Bits<K>>,
    /// TCP octets if there were no end, and the IPv4 length.
    tcp_all: Signal<Local, Bits<K>>,
    head_all: Signal<Local, Bits<K>>,
    tcp_now: Signal<Local, Bits<K>>,
    crc_all: Signal<Local, Bits<K>>,
    crc_now: Signal<Local, Bits<K>>,
    init_now: Signal<Local, Bits<K>>,
    ip_q: RegNr<Bits<K>>,
    tcp_q: RegNr<Bits<K>>,
    crc_q: RegNr<Bits<K>>,
    init_q: RegNr<Bits<K>>,
    reached_q: RegNr<bool>,
    ip_mask: Signal<Local, Bits<K>>,
    tcp_mask: Signal<Local, Bits<K>>,
    crc_mask: Signal<Local, Bits<K>>,
    init_mask: Signal<Local, Bits<K>>,
    reached: Signal<Local, bool>,

    // Parts: one of each, or none.
    from_cut: Vec<LanesFrom<K>>,
    from_cut_plus_4: Vec<LanesFrom<K>>,
    head_masked: Vec<ApplyMask<D, K>>,
    head_data: Vec<CrcData<D>>,
    begun: Signal<Local, Bits<K>>,
    begun_init: Signal<Local, Bits<K>>,
    begun_q: RegNr<Bits<K>>,
    begun_init_q: RegNr<Bits<K>>,
    cut_q: RegNr<bool>,
    cut_lane_q: RegNr<Bits<LK>>,
    begun_mask: Signal<Local, Bits<K>>,
    begun_flip: Signal<Local, Bits<K>>,
    cut_here: Signal<Local, bool>,
    cut_lane: Signal<Local, Bits<LK>>,
    cut1: Reg<bool>,
    head1: RegNr<Bits<32>>,
    spill_lanes: Constant<Bits<K>>,
    _parts: usize,
    unused_cut_at: Signal<Local, Bits<POSITION>>,
    unused_cut_lane: Signal<Local, Bits<LK>>,
    unused_begun: Signal<Local, Bits<K>>,
    unused_spill: Signal<Local, bool>,

    // T + 1
    ip_words: SumGroups<D, K>,
    tcp_words: SumGroups<D, K>,
    ip_join: SumJoin,
    tcp_join: SumJoin,
    crc_data: CrcData<D>,
    masked: ApplyMask<D, K>,
    good: CrcWant<K, LK>,
    v1: Reg<bool>,
    last1: RegNr<bool>,
    ip_void: RegNr<bool>,
    tcp_void: RegNr<bool>,
    six1: RegNr<bool>,
    /// What the pseudo header of IPv6 adds, once a frame.
    extra: RegNr<Bits<SUM_BITS>>,
    i0: RegNr<Bits<SUM_BITS>>,
    t0: RegNr<Bits<SUM_BITS>>,
    t1: RegNr<Bits<SUM_BITS>>,
    t2: RegNr<Bits<SUM_BITS>>,
    t3: RegNr<Bits<SUM_BITS>>,
    crc1: RegNr<Bits<32>>,
    /// What the state must be if this beat is the FPDU's last, the beat's contribution included.
    want1: RegNr<Bits<32>>,
    move1: RegNr<bool>,

    // T + 2
    shift: CrcShift<D>,
    ip_acc: Reg<Bits<SUM_BITS>>,
    tcp_acc: Reg<Bits<32>>,
    /// CRC state times x^D.
    state: Reg<Bits<32>>,
    ip_total: Signal<Local, Bits<SUM_BITS>>,
    tcp_beat: Signal<Local, Bits<32>>,
    tcp_total: Signal<Local, Bits<32>>,
    v2: Reg<bool>,
    ip_ok: RegNr<bool>,
    tcp_ok: RegNr<bool>,
    crc_ok: RegNr<bool>,
    less_14: Constant<Bits<32>>,
    /// Beats in which the tag is not known on the port: of a tagged frame they hold nothing of the IP header.
    tag_beats: Constant<Bits<HEAD_BITS>>,
    /// From this beat on the end of the datagram is known on the port; before it there is no end.
    open_beats: Constant<Bits<HEAD_BITS>>,
    /// The beat of a tagged frame in which IPv6 is not known on the port; the one in which the length is added.
    six_beats: Constant<Bits<HEAD_BITS>>,
    extra_beat: Constant<Bits<HEAD_BITS>>,
    narrow: Constant<bool>,
    _ipv6: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Scanner<D, K, LK> {
    /// With or without IPv6, and parts.
    pub fn new(ipv6: bool, parts: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            m_beat: Default::default(),
            m_head: Default::default(),
            r_valid: Default::default(),
            r_last: Default::default(),
            r_head: Default::default(),
            r_data: Default::default(),
            vlan: Default::default(),
            six: Default::default(),
            total: Default::default(),
            h: Default::default(),
            h_plus_4: Default::default(),
            at: Default::default(),
            cut: Default::default(),
            cut_at: Default::default(),
            spill: Default::default(),
            cut_valid: Default::default(),
            cut_ok: Default::default(),
            valid: Default::default(),
            scan: Default::default(),
            busy: Default::default(),
            ip_lanes: FixedLanes::new(&[(14, 34)], TAG_LEN),
            tcp_lanes: FixedLanes::new(&[(26, usize::MAX)], TAG_LEN),
            six_lanes: (0..usize::from(ipv6))
                .map(|_| FixedLanes::new(&[(22, usize::MAX)], TAG_LEN))
                .collect(),
            head_lanes: FixedLanes::new(&[(16, 18)], TAG_LEN),
            from_h: Default::default(),
            from_h_plus_4: Default::default(),
            to_end: Default::default(),
            m: Default::default(),
            ip_now: Default::default(),
            tcp_all: Default::default(),
            head_all: Default::default(),
            tcp_now: Default::default(),
            crc_all: Default::default(),
            crc_now: Default::default(),
            init_now: Default::default(),
            ip_q: Default::default(),
            tcp_q: Default::default(),
            crc_q: Default::default(),
            init_q: Default::default(),
            reached_q: Default::default(),
            ip_mask: Default::default(),
            tcp_mask: Default::default(),
            crc_mask: Default::default(),
            init_mask: Default::default(),
            reached: Default::default(),
            from_cut: (0..usize::from(parts))
                .map(|_| LanesFrom::default())
                .collect(),
            from_cut_plus_4: (0..usize::from(parts))
                .map(|_| LanesFrom::default())
                .collect(),
            head_masked: (0..usize::from(parts))
                .map(|_| ApplyMask::default())
                .collect(),
            head_data: (0..usize::from(parts))
                .map(|_| CrcData::default())
                .collect(),
            begun: Default::default(),
            begun_init: Default::default(),
            begun_q: Default::default(),
            begun_init_q: Default::default(),
            cut_q: Default::default(),
            cut_lane_q: Default::default(),
            begun_mask: Default::default(),
            begun_flip: Default::default(),
            cut_here: Default::default(),
            cut_lane: Default::default(),
            cut1: Default::default(),
            head1: Default::default(),
            spill_lanes: Constant::new(3u64.to_bits()),
            _parts: parts.into(),
            unused_cut_at: Default::default(),
            unused_cut_lane: Default::default(),
            unused_begun: Default::default(),
            unused_spill: Default::default(),
            ip_words: Default::default(),
            tcp_words: Default::default(),
            ip_join: Default::default(),
            tcp_join: Default::default(),
            crc_data: Default::default(),
            masked: Default::default(),
            good: Default::default(),
            v1: Default::default(),
            last1: Default::default(),
            ip_void: Default::default(),
            tcp_void: Default::default(),
            six1: Default::default(),
            extra: Default::default(),
            i0: Default::default(),
            t0: Default::default(),
            t1: Default::default(),
            t2: Default::default(),
            t3: Default::default(),
            crc1: Default::default(),
            want1: Default::default(),
            move1: Default::default(),
            shift: Default::default(),
            ip_acc: Default::default(),
            tcp_acc: Reg::new(LESS_14.to_bits()),
            state: Default::default(),
            ip_total: Default::default(),
            tcp_beat: Default::default(),
            tcp_total: Default::default(),
            v2: Default::default(),
            ip_ok: Default::default(),
            tcp_ok: Default::default(),
            crc_ok: Default::default(),
            less_14: Constant::new(LESS_14.to_bits()),
            tag_beats: Constant::new(1u64.to_bits()),
            open_beats: Constant::new(6u64.to_bits()),
            six_beats: Constant::new(2u64.to_bits()),
            // behind the beat with the length; every IPv6 frame with a TCP header has it
            extra_beat: Constant::new(((23 / K + 1) as u64).to_bits()),
            narrow: Constant::new(D == 64),
            _ipv6: ipv6.into(),
        }
    }
}

/// -14 in the arithmetic of the checksum.
const LESS_14: u64 = 0xFFFF - 14;

impl<const D: usize, const K: usize, const LK: usize> Logic for Scanner<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- masks
        self.m.next = bit_cast::<BEAT_BITS, HEAD_BITS>(self.m_head.val());
        self.ip_lanes.beat.next = self.m.val();
        self.ip_lanes.moved.next = self.vlan.val();
        self.tcp_lanes.beat.next = self.m.val();
        self.tcp_lanes.moved.next = self.vlan.val();
        self.head_lanes.beat.next = self.m.val();
        self.head_lanes.moved.next = self.vlan.val();
        if self.narrow.val() & (self.m_head.val() == self.tag_beats.val()) {
            self.ip_lanes.moved.next = false;
        }
        self.from_h.start.next = bit_cast::<POSITION, 8>(self.h.val());
        self.from_h.beat.next = self.m.val();
        self.from_h_plus_4.start.next = bit_cast::<POSITION, 8>(self.h_plus_4.val());
        self.from_h_plus_4.beat.next = self.m.val();
        self.to_end.last.next = self.at.val();
        self.to_end.beat.next = self.m_beat.val();

        self.ip_now.next = self.ip_lanes.mask.val();
        self.tcp_all.next = self.tcp_lanes.mask.val();
        self.head_all.next = self.head_lanes.mask.val();
        for i in 0..self._ipv6 {
            self.six_lanes[i].beat.next = self.m.val();
            self.six_lanes[i].moved.next = self.vlan.val();
            if self.six.val() {
                self.tcp_all.next = self.six_lanes[i].mask.val();
            }
            // a tagged frame's IPv4 length is in that beat, and `six` is of another frame then
            if self.six.val() & !(self.narrow.val() & self.vlan.val()) {
                self.head_all.next = 0.into();
            }
        }
        self.tcp_now.next = (self.tcp_all.val() & self.to_end.mask.val()) | self.head_all.val();
        if self.narrow.val() & (self.m_head.val() < self.open_beats.val()) {
            self.tcp_now.next = self.tcp_all.val() | self.head_all.val();
        }
        self.crc_all.next = self.from_h.mask.val() & self.to_end.mask.val();
        self.crc_now.next = self.crc_all.val();
        self.init_now.next = self.from_h.mask.val() & !self.from_h_plus_4.mask.val();
        // Parts.
        self.begun.next = 0.into();
        self.begun_init.next = 0.into();
        self.unused_cut_at.next = self.cut_at.val();
        self.unused_spill.next = self.spill.val();
        for i in 0..self._parts {
            self.from_cut[i].start.next = self.cut_at.val();
            self.from_cut[i].beat.next = self.m_beat.val();
            self.from_cut_plus_4[i].start.next = self.cut_at.val() + 4;
            self.from_cut_plus_4[i].beat.next = self.m_beat.val();
            if self.cut.val() {
                self.begun.next = self.crc_all.val() & self.from_cut[i].mask.val();
                self.begun_init.next =
                    self.from_cut[i].mask.val() & !self.from_cut_plus_4[i].mask.val();
                self.crc_now.next = self.crc_all.val() & !self.from_cut[i].mask.val();
            }
            if self.spill.val() {
                self.init_now.next = self.spill_lanes.val();
            }
        }
        self.begun_q.d.next = self.begun.val();
        self.begun_init_q.d.next = self.begun_init.val();
        self.cut_q.d.next = self.cut.val();
        self.cut_lane_q.d.next = bit_cast::<LK, POSITION>(self.cut_at.val());
        self.begun_mask.next = self.begun.val();
        self.begun_flip.next = self.begun_init.val();
        self.cut_here.next = self.cut.val();
        self.cut_lane.next = bit_cast::<LK, POSITION>(self.cut_at.val());
        if self.narrow.val() {
            self.begun_mask.next = self.begun_q.q.val();
            self.begun_flip.next = self.begun_init_q.q.val();
            self.cut_here.next = self.cut_q.q.val();
            self.cut_lane.next = self.cut_lane_q.q.val();
        }
        self.unused_cut_lane.next = self.cut_lane.val();
        self.unused_begun.next = self.begun_mask.val() & self.begun_flip.val();
        self.ip_q.d.next = self.ip_now.val();
        self.tcp_q.d.next = self.tcp_now.val();
        self.crc_q.d.next = self.crc_now.val();
        self.init_q.d.next = self.init_now.val();
        self.reached_q.d.next = self.to_end.reached.val();
        self.ip_mask.next = self.ip_now.val();
        self.tcp_mask.next = self.tcp_now.val();
        self.crc_mask.next = self.crc_now.val();
        self.init_mask.next = self.init_now.val();
        self.reached.next = self.to_end.reached.val();
        if self.narrow.val() {
            self.ip_mask.next = self.ip_q.q.val();
            self.tcp_mask.next = self.tcp_q.q.val();
            self.crc_mask.next = self.crc_q.q.val();
            self.init_mask.next = self.init_q.q.val();
            self.reached.next = self.reached_q.q.val();
        }

        // --- T + 1: this beat alone. At 64 bits a quarter of a beat is one word, and they are added here.
        self.ip_words.data.next = self.r_data.val();
        self.ip_words.mask.next = self.ip_mask.val();
        self.ip_join.g0.next = self.ip_words.g0.val();
        self.ip_join.g1.next = self.ip_words.g1.val();
        self.ip_join.g2.next = self.ip_words.g2.val();
        self.ip_join.g3.next = self.ip_words.g3.val();
        self.tcp_words.data.next = self.r_data.val();
        self.tcp_words.mask.next = self.tcp_mask.val();
        self.tcp_join.g0.next = self.tcp_words.g0.val();
        self.tcp_join.g1.next = self.tcp_words.g1.val();
        self.tcp_join.g2.next = self.tcp_words.g2.val();
        self.tcp_join.g3.next = self.tcp_words.g3.val();
        self.i0.d.next = self.ip_join.sum.val();
        self.t0.d.next = bit_cast::<SUM_BITS, GROUP_BITS>(self.tcp_words.g0.val());
        self.t1.d.next = bit_cast::<SUM_BITS, GROUP_BITS>(self.tcp_words.g1.val());
        self.t2.d.next = bit_cast::<SUM_BITS, GROUP_BITS>(self.tcp_words.g2.val());
        self.t3.d.next = bit_cast::<SUM_BITS, GROUP_BITS>(self.tcp_words.g3.val());
        if self.narrow.val() {
            self.t0.d.next = self.tcp_join.sum.val();
            self.t1.d.next = 0.into();
            self.t2.d.next = 0.into();
            self.t3.d.next = 0.into();
        }
        self.ip_void.d.next =
            self.narrow.val() & self.vlan.val() & (self.r_head.val() == self.tag_beats.val());
        self.tcp_void.d.next = self.narrow.val()
            & self.vlan.val()
            & self.six.val()
            & (self.r_head.val() == self.six_beats.val());
        self.six1.d.next = self.six.val();
        self.extra.d.next = 0.into();
        if self.six.val() & (self.r_head.val() == self.extra_beat.val()) {
            self.extra.d.next = bit_cast::<SUM_BITS, 16>(self.total.val()) + 20;
        }

        self.masked.data.next = self.r_data.val();
        self.masked.keep.next = self.crc_mask.val();
        self.masked.flip.next = self.init_mask.val();
        self.crc_data.data.next = self.masked.dout.val();
        // octets of the last beat behind the end
        self.good.pad.next = !bit_cast::<LK, POSITION>(self.at.val());
        self.head1.d.next = 0.into();
        for i in 0..self._parts {
            self.head_masked[i].data.next = self.r_data.val();
            self.head_masked[i].keep.next = self.begun_mask.val();
            self.head_masked[i].flip.next = self.begun_flip.val();
            self.head_data[i].data.next = self.head_masked[i].dout.val();
            self.head1.d.next = self.head_data[i].crc.val();
            if self.cut_here.val() {
                self.good.pad.next = !self.cut_lane.val() + 1;
            }
        }
        self.cut1.d.next = self.r_valid.val() & self.cut_here.val() & !self.r_last.val();
        self.crc1.d.next = self.crc_data.crc.val();
        self.want1.d.next = self.good.want.val();
        self.move1.d.next = self.reached.val();
        self.v1.d.next = self.r_valid.val();
        self.last1.d.next = self.r_last.val();

        // --- T + 2: with the beats before it
        self.ip_total.next = self.ip_acc.q.val();
        if !self.ip_void.q.val() {
            self.ip_total.next = self.ip_acc.q.val() + self.i0.q.val();
        }
        self.tcp_beat.next = (bit_cast::<32, SUM_BITS>(self.t0.q.val())
            + bit_cast::<32, SUM_BITS>(self.t1.q.val()))
            + (bit_cast::<32, SUM_BITS>(self.t2.q.val())
                + bit_cast::<32, SUM_BITS>(self.t3.q.val()));
        self.tcp_total.next = (self.tcp_acc.q.val() + self.tcp_beat.val())
            + bit_cast::<32, SUM_BITS>(self.extra.q.val());
        if self.tcp_void.q.val() {
            self.tcp_total.next = self.tcp_acc.q.val();
        }
        self.shift.state.next = self.state.q.val() ^ self.crc1.q.val();
        if self.cut1.q.val() {
            self.shift.state.next = self.head1.q.val();
        }
        self.cut_valid.next = self.cut1.q.val();
        self.cut_ok.next = (self.state.q.val() ^ self.crc1.q.val()) == self.want1.q.val();
        if self.v1.q.val() {
            self.ip_acc.d.next = self.ip_total.val();
            self.tcp_acc.d.next = self.tcp_total.val();
            if self.move1.q.val() {
                self.state.d.next = self.shift.shifted.val();
                self.crc_ok.d.next = (self.state.q.val() ^ self.crc1.q.val()) == self.want1.q.val();
            }
            if self.last1.q.val() {
                self.ip_acc.d.next = 0.into();
                self.tcp_acc.d.next = self.less_14.val();
                self.state.d.next = 0.into();
            }
        }
        self.ip_ok.d.next = (self.ip_total.val().get_bits::<16>(0)
            == !bit_cast::<16, 5>(self.ip_total.val().get_bits::<5>(16)))
            | self.six1.q.val();
        self.tcp_ok.d.next =
            self.tcp_total.val().get_bits::<16>(0) == !self.tcp_total.val().get_bits::<16>(16);

        self.v2.d.next = self.v1.q.val() & self.last1.q.val();
        self.valid.next = self.v2.q.val();
        self.scan.next.ip_ok = self.ip_ok.q.val();
        self.scan.next.tcp_ok = self.tcp_ok.q.val();
        self.scan.next.crc_ok = self.crc_ok.q.val();
        self.busy.next = self.v1.q.val() | self.v2.q.val();
    }
}
