//! Header fields of a frame, tuple launch, FPDU header capture and the early TPT request.
//!
//! Two views of the stream: the port (`en beat data keep last`, cycle c) and R0, the same one cycle later
//! (`r_valid r_beat r_data r_last`). Fixed fields are captured at the end of their port cycle, so they are level with R0.
//! Positions are those of an untagged IPv4 frame; a tagged one (802.1Q, one tag) has them 4 octets later, an IPv6 one 20
//! octets later (`ip6.rs`; B then has octet 57).
//!
//! | output | cycle | |
//! |---|---|---|
//! | `launch_valid`, `launch_tuple` | B + 1 | B: port cycle of octet 37 (tuple complete). IPv4, IHL 5, no fragment, TCP; IPv6 and at once TCP |
//! | `tpt_valid`, `tpt_stag` | S + 1 | S: port cycle of FPDU octet 7. Once a frame with payload >= 24 octets (64 bit: at most in T, at table latency 3 in T - 1, which such a payload grants, and `late` if in T - 1). In T + 1 if octet 7 is in the last beat; then `late` holds as well, at 64 bits in T too |
//! | `tpt_pending` | B + 1 .. | a launched frame may still issue `tpt_valid`, this cycle included |
//! | `done` | | FrameDone; fields from the registers, `hdr_a` from the registers and R0. `late`: T is too early, show it in T + 1 |
//! | `hdr_b` | T + 2 | FPDU octets 20..47 |
//! | `launch_upper` | B + 1 | with `launch_tuple`: the rest of IPv6 addresses |
//! | `vlan six total at h h_plus_4` | level with R0 (64 bit: with the port) | tag seen, EtherType of IPv6 and its payload length, last octet of the IP packet, first payload octet and the fourth behind it: for the scanner |
//!
//! At 64 bits `launch_valid` is a register, else three levels of logic behind registers; the tuple is a gate behind
//! registers, with IPv6 two. `tpt_valid` and `tpt_pending` at 64 bits: one or two gates behind registers.
//! No back-pressure. RFC 791 3.1 (IP), RFC 8200 3 (IPv6), RFC 9293 3.1 (TCP), RFC 7323 appendix A (NOP NOP Timestamps in front of all other options),
//! RFC 5044 4.1 and RFC 5041 4 (FPDU and DDP headers).

use crate::prim::{Field, FieldCapture, PayloadCapture, Reg, RegNr, BEAT_BITS, POSITION};
use crate::rx::ip6::{Ip6, LONGER};
use crate::rx::options::{OptionField, OPTIONS};
use crate::rx::types::{FrameDone, Upper, BEAT, HDR_A, HDR_B, SLOT, TUPLE};
use rust_hdl::prelude::*;

/// Width of a beat index that counts headers only and stays at its greatest value.
pub const HEAD_BITS: usize = 5;

/// Fixed fields of an IPv4 TCP frame, in frame order. Of an IPv6 frame see `ip6.rs`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fields {
    /// EtherType; of a tagged frame the one behind the tag.
    pub eth: Bits<16>,
    /// Version, IHL, DSCP, ECN.
    pub ver_tos: Bits<16>,
    pub total: Bits<16>,
    pub frag: Bits<16>,
    pub proto: Bits<8>,
    pub src: Bits<32>,
    pub dst: Bits<32>,
    pub sport: Bits<16>,
    pub dport: Bits<16>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    /// Data offset and flags.
    pub off_flags: Bits<16>,
    pub wnd: Bits<16>,
    /// First four octets of the TCP options, then the two time stamps if these are it.
    pub opt: Bits<32>,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    /// The other 28.
    pub more: Bits<224>,
}

/// Where the fields of an untagged frame lie.
const FIELDS: [(&str, usize, usize); 17] = [
    ("eth", 12, 2),
    ("ver_tos", 14, 2),
    ("total", 16, 2),
    ("frag", 20, 2),
    ("proto", 23, 1),
    ("src", 26, 4),
    ("dst", 30, 4),
    ("sport", 34, 2),
    ("dport", 36, 2),
    ("seq", 38, 4),
    ("ack", 42, 4),
    ("off_flags", 46, 2),
    ("wnd", 48, 2),
    ("opt", 54, 4),
    ("tsval", 58, 4),
    ("tsecr", 62, 4),
    ("more", 66, 28),
];
/// The tag's position and its octets.
pub const TAG: usize = 12;
pub const TAG_LEN: usize = 4;
/// Last octet of the tuple, untagged.
pub const TUPLE_END: usize = 37;
/// Last octet of a TCP header without options, untagged.
const TCP_END: usize = 53;

/// Octets in front of the TCP header, by the tag (bit 0) and IPv6 (bit 1).
fn front(kind: usize) -> usize {
    34 + kind % 2 * TAG_LEN + kind / 2 * LONGER
}

/// A table over the data offset, the tag and IPv6 above it: 64 entries of 8 bits, from the octets of the TCP header and
/// those in front of it. In place of adders, each of which costs a carry chain.
fn by_offset(entry: impl Fn(usize, usize) -> usize) -> Bits<512> {
    (0..64).fold(0.into(), |table: Bits<512>, i| {
        // TCP header in words, 5 for the values that are too small
        let tcp = (i % 16).max(5) * 4;
        let value = (entry(tcp, front(i / 16)) as u64).to_bits::<64>();
        table | (bit_cast::<512, 64>(value) << (8 * i as u64))
    })
}

/// Octets in front of the TCP header that the IP length counts: that of IPv6 begins behind its own header.
fn counted(octets: usize) -> usize {
    if octets < front(2) {
        20
    } else {
        0
    }
}

/// What the lengths in the header say.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Sizes {
    /// Octet offset of the TCP payload.
    pub h: Bits<8>,
    /// Last octet of the IP packet.
    pub at: Bits<POSITION>,
    pub plen: Bits<16>,
    /// doff >= 5 and the IP total length covers the headers.
    pub ok: bool,
    /// The beat that must have been before the last one; the beat of FPDU octet 7.
    pub need_beat: Bits<HEAD_BITS>,
    pub stag_beat: Bits<HEAD_BITS>,
    pub ts: bool,
    /// Room for a Timestamps option, but not there.
    pub odd: bool,
}

/// Header parser.
#[derive(LogicBlock)]
pub struct Parse<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // port
    pub valid: Signal<In, bool>,
    /// The frame is admitted.
    pub en: Signal<In, bool>,
    pub head: Signal<In, Bits<HEAD_BITS>>,
    pub data: Signal<In, Bits<D>>,
    pub keep: Signal<In, Bits<K>>,
    /// The admitted frame's last beat.
    pub last: Signal<In, bool>,
    // R0
    pub r_valid: Signal<In, bool>,
    pub r_head: Signal<In, Bits<HEAD_BITS>>,
    pub r_data: Signal<In, Bits<D>>,
    pub r_last: Signal<In, bool>,
    // of the frame that `done` is about
    pub done_slot: Signal<In, Bits<SLOT>>,
    pub done_start: Signal<In, Bits<BEAT>>,
    pub done_len: Signal<In, Bits<16>>,
    /// It covers its IP packet (`at`).
    pub done_covers: Signal<In, bool>,
    pub done_bad: Signal<In, bool>,

    pub launch_valid: Signal<Out, bool>,
    pub launch_tuple: Signal<Out, Bits<TUPLE>>,
    pub launch_upper: Signal<Out, Upper>,
    pub tpt_valid: Signal<Out, bool>,
    /// `tpt_valid`, but in the cycle in which a frame that ends takes it back: known early.
    pub tpt_maybe: Signal<Out, bool>,
    pub tpt_stag: Signal<Out, Bits<32>>,
    pub tpt_pending: Signal<Out, bool>,
    pub late: Signal<Out, bool>,
    pub done: Signal<Out, FrameDone>,
    pub hdr_b: Signal<Out, Bits<HDR_B>>,
    /// Level with R0: for the parts.
    pub r_h: Signal<Out, Bits<8>>,
    pub r_tcp: Signal<Out, bool>,
    pub r_seq: Signal<Out, Bits<32>>,
    pub r_flags: Signal<Out, Bits<8>>,
    /// Level with `done`.
    pub options: Signal<Out, OptionField>,
    pub vlan: Signal<Out, bool>,
    pub six: Signal<Out, bool>,
    pub total: Signal<Out, Bits<16>>,
    pub at: Signal<Out, Bits<POSITION>>,
    pub h: Signal<Out, Bits<8>>,
    pub h_plus_4: Signal<Out, Bits<8>>,

    capture: FieldCapture<Fields, D>,
    /// One with IPv6, none without.
    ip6: Vec<Ip6<D, K>>,
    is_six: Signal<Local, bool>,
    tuple_now_six: Signal<Local, bool>,
    launch_six: Signal<Local, bool>,
    tag: Reg<bool>,
    vid: RegNr<Bits<12>>,
    /// The tuple of this frame was complete in the cycle before; at 64 bits it is a frame to launch, too.
    tuple_done: Reg<bool>,
    tuple_now: Signal<Local, bool>,
    launched: Reg<bool>,
    /// Launched, neither issued nor at its end, as known from the cycle before.
    pending: Reg<bool>,
    issued: Reg<bool>,
    payload: PayloadCapture<D>,

    tag_word: Signal<Local, Bits<32>>,
    unused_priority: Signal<Local, Bits<4>>,
    tag_now: Signal<Local, bool>,
    tag_then: Signal<Local, bool>,
    f: Signal<Local, Fields>,
    launch: Signal<Local, bool>,
    is_tcp: Signal<Local, bool>,
    is_tcp_q: RegNr<bool>,
    doff: Signal<Local, Bits<4>>,
    doff_ok: Signal<Local, bool>,
    /// Place of an entry in the tables, and without the tag.
    entry: Signal<Local, Bits<9>>,
    plain_entry: Signal<Local, Bits<9>>,
    /// IP and TCP header, as far as the IP length counts them.
    headers: Signal<Local, Bits<16>>,
    headers_20: Signal<Local, Bits<16>>,
    lead: Signal<Local, Bits<POSITION>>,
    packet_at: Signal<Local, Bits<POSITION>>,
    covers_now: Signal<Local, bool>,
    few: Signal<Local, bool>,
    /// 24 octets of payload: an FPDU may be there.
    fpdu: Signal<Local, bool>,
    eights: Signal<Local, Bits<13>>,
    unused_fields: Signal<Local, Fields>,
    /// What the lengths of the header say, straight from the capture or, at 64 bits, one cycle later.
    sizes_now: Signal<Local, Sizes>,
    sizes_q: Reg<Sizes>,
    sizes: Signal<Local, Sizes>,
    /// At 64 bits: the frame ended before its TCP header, so `sizes` is of another frame.
    runt: Signal<Local, bool>,
    was_runt: RegNr<bool>,
    live: Signal<Local, bool>,
    unused_keep: Signal<Local, Bits<K>>,
    /// R0 has the beat of FPDU octet 7, if an FPDU may be there; at 64 bits known one cycle before.
    stag_now: Signal<Local, bool>,
    stag_q: RegNr<bool>,
    stag_here: Signal<Local, bool>,
    issue: Signal<Local, bool>,
    late_now: Signal<Local, bool>,
    head_entry: Signal<Local, Bits<7>>,
    tagged_head: Signal<Local, Bits<7>>,
    /// Beat index less that of the first payload octet.
    rel: Signal<Local, Bits<HEAD_BITS>>,
    offset: Signal<Local, Bits<8>>,

    at_tag: Constant<Bits<HEAD_BITS>>,
    at_tuple: Constant<Bits<HEAD_BITS>>,
    at_tuple_tagged: Constant<Bits<HEAD_BITS>>,
    /// By beat index, the tag and IPv6 above it: up to, and before, the last octet of a TCP header without options.
    tcp_to: Constant<Bits<128>>,
    tcp_behind: Constant<Bits<128>>,
    h_of: Constant<Bits<512>>,
    h_plus_4_of: Constant<Bits<512>>,
    headers_of: Constant<Bits<512>>,
    headers_20_of: Constant<Bits<512>>,
    /// The beat before which nothing of `done` is missing: no payload, 20 octets of it. The beat of FPDU octet 7.
    need_none_of: Constant<Bits<512>>,
    need_20_of: Constant<Bits<512>>,
    stag_of: Constant<Bits<512>>,
    /// At 64 bits header arithmetic has a cycle of its own.
    narrow: Constant<bool>,
    /// And the TPT answers so late that the request must leave before the last beat is on the port.
    slow: Constant<bool>,
    /// One if so, else none: issued in the cycle before.
    just_issued: Vec<Reg<bool>>,
    _slow: usize,
    lane_mask: Constant<Bits<8>>,
    lk: Constant<Bits<4>>,
    walks: Constant<bool>,
    /// Options begin with NOP NOP Timestamps; behind the place of these there are more.
    plain: Signal<Local, bool>,
    more: Signal<Local, bool>,
    _ipv6: usize,
    _tag_lane: usize,
    _tuple_lane: usize,
    _tuple_lane_tagged: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Parse<D, K, LK> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K && K >= 8 && K <= 64,
        "Parse: K must be D / 8 and LK log2 K, D 64 to 512"
    );

    /// `latency` of the TPT in cycles; with or without IPv6, and the option walker.
    pub fn new(latency: usize, ipv6: bool, timestamps: bool) -> Self {
        let () = Self::OK;
        let beat_of = |octet: usize| Constant::new(((octet / K) as u64).to_bits());
        let beats_of = |is: &dyn Fn(usize, usize) -> bool| {
            let bit = |i: usize| is(i % 32, (front(i / 32) + TCP_END - front(0)) / K);
            let ones = (0..128).filter(|i| bit(*i));
            Constant::new(ones.fold(0u128, |v, i| v | 1 << i).to_bits())
        };
        let table = |entry: &dyn Fn(usize, usize) -> usize| Constant::new(by_offset(entry));
        let fields = FIELDS.map(|(name, byte, bytes)| Field { name, byte, bytes });
        Self {
            clock: Default::default(),
            reset: Default::default(),
            valid: Default::default(),
            en: Default::default(),
            head: Default::default(),
            data: Default::default(),
            keep: Default::default(),
            last: Default::default(),
            r_valid: Default::default(),
            r_head: Default::default(),
            r_data: Default::default(),
            r_last: Default::default(),
            done_slot: Default::default(),
            done_start: Default::default(),
            done_len: Default::default(),
            done_covers: Default::default(),
            done_bad: Default::default(),
            launch_valid: Default::default(),
            launch_tuple: Default::default(),
            launch_upper: Default::default(),
            tpt_valid: Default::default(),
            tpt_maybe: Default::default(),
            tpt_stag: Default::default(),
            tpt_pending: Default::default(),
            late: Default::default(),
            done: Default::default(),
            hdr_b: Default::default(),
            r_h: Default::default(),
            r_tcp: Default::default(),
            r_seq: Default::default(),
            r_flags: Default::default(),
            options: Default::default(),
            vlan: Default::default(),
            six: Default::default(),
            total: Default::default(),
            at: Default::default(),
            h: Default::default(),
            h_plus_4: Default::default(),
            capture: FieldCapture::movable(&fields, TAG, TAG_LEN),
            ip6: (0..usize::from(ipv6)).map(|_| Ip6::new()).collect(),
            is_six: Default::default(),
            tuple_now_six: Default::default(),
            launch_six: Default::default(),
            tag: Default::default(),
            vid: Default::default(),
            tuple_done: Default::default(),
            tuple_now: Default::default(),
            launched: Default::default(),
            pending: Default::default(),
            issued: Default::default(),
            payload: if D == 64 {
                PayloadCapture::new().ahead()
            } else {
                PayloadCapture::new()
            },
            tag_word: Default::default(),
            unused_priority: Default::default(),
            tag_now: Default::default(),
            tag_then: Default::default(),
            f: Default::default(),
            launch: Default::default(),
            is_tcp: Default::default(),
            is_tcp_q: Default::default(),
            doff: Default::default(),
            doff_ok: Default::default(),
            entry: Default::default(),
            plain_entry: Default::default(),
            headers: Default::default(),
            headers_20: Default::default(),
            lead: Default::default(),
            packet_at: Default::default(),
            covers_now: Default::default(),
            few: Default::default(),
            fpdu: Default::default(),
            eights: Default::default(),
            unused_fields: Default::default(),
            sizes_now: Default::default(),
            // `h` of no header is below 54: before the first header nothing counts as payload
            sizes_q: Reg::new(Sizes {
                h: 54u64.to_bits(),
                ..Default::default()
            }),
            sizes: Default::default(),
            runt: Default::default(),
            was_runt: Default::default(),
            live: Default::default(),
            unused_keep: Default::default(),
            stag_now: Default::default(),
            stag_q: Default::default(),
            stag_here: Default::default(),
            issue: Default::default(),
            late_now: Default::default(),
            head_entry: Default::default(),
            tagged_head: Default::default(),
            rel: Default::default(),
            offset: Default::default(),
            at_tag: beat_of(TAG),
            at_tuple: beat_of(TUPLE_END),
            at_tuple_tagged: beat_of(TUPLE_END + TAG_LEN),
            tcp_to: beats_of(&|beat, tcp| beat <= tcp),
            tcp_behind: beats_of(&|beat, tcp| beat < tcp),
            h_of: table(&|tcp, front| tcp + front),
            h_plus_4_of: table(&|tcp, front| tcp + front + 4),
            headers_of: table(&|tcp, front| tcp + counted(front)),
            headers_20_of: table(&|tcp, front| tcp + counted(front) + 20),
            need_none_of: table(&|tcp, front| (tcp + front).div_ceil(K)),
            need_20_of: table(&|tcp, front| (tcp + front + 20).div_ceil(K)),
            stag_of: table(&|tcp, front| (tcp + front + 7) / K),
            narrow: Constant::new(D == 64),
            slow: Constant::new(D == 64 && latency > 2),
            just_issued: (0..usize::from(D == 64 && latency > 2))
                .map(|_| Reg::default())
                .collect(),
            _slow: usize::from(D == 64 && latency > 2),
            lane_mask: Constant::new(((K - 1) as u64).to_bits()),
            lk: Constant::new((LK as u64).to_bits()),
            walks: Constant::new(timestamps),
            plain: Default::default(),
            more: Default::default(),
            _ipv6: ipv6.into(),
            _tag_lane: TAG % K * 8,
            _tuple_lane: TUPLE_END % K,
            _tuple_lane_tagged: (TUPLE_END + TAG_LEN) % K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Parse<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- port: capture. A beat without `valid` is taken as well: its place is taken again when the beat comes. Of a
        // frame that is not admitted nothing is looked at, and it comes too late to hurt the one before it.
        self.capture.en.next = self.valid.val() | self.narrow.val();
        self.capture.beat.next = bit_cast::<BEAT_BITS, HEAD_BITS>(self.head.val());
        self.capture.data.next = self.data.val();
        self.capture.moved.next = self.tag.q.val();

        // 802.1Q TPID 0x8100; the first octet is in the lower lane
        for lane in (self._tag_lane)..(self._tag_lane + 1) {
            self.tag_word.next = self.data.val().get_bits::<32>(lane);
        }
        // priority and DEI
        self.unused_priority.next = self.tag_word.val().get_bits::<4>(20);
        self.tag_now.next = self.tag.q.val();
        if self.head.val() == self.at_tag.val() {
            self.tag_now.next = self.tag_word.val().get_bits::<16>(0) == 0x0081;
            self.vid.d.next = (bit_cast::<12, 4>(self.tag_word.val().get_bits::<4>(16)) << 8)
                | bit_cast::<12, 8>(self.tag_word.val().get_bits::<8>(24));
        }
        if self.valid.val() {
            self.tag.d.next = self.tag_now.val();
        }
        // at 64 bits the tuple ends in a later beat than the tag
        self.tag_then.next = self.tag_now.val();
        if self.narrow.val() {
            self.tag_then.next = self.tag.q.val();
        }
        // of the keep, only whether the tuple's last octet is there
        self.unused_keep.next = self.keep.val();
        self.tuple_now.next = false;
        if self.tag_then.val() {
            for lane in (self._tuple_lane_tagged)..(self._tuple_lane_tagged + 1) {
                self.tuple_now.next = self.en.val()
                    & (self.head.val() == self.at_tuple_tagged.val())
                    & self.keep.val().get_bit(lane);
            }
        } else {
            for lane in (self._tuple_lane)..(self._tuple_lane + 1) {
                self.tuple_now.next = self.en.val()
                    & (self.head.val() == self.at_tuple.val())
                    & self.keep.val().get_bit(lane);
            }
        }
        // --- level with R0: what the registers say; an IPv6 frame has the same fields elsewhere
        self.f.next = self.capture.hdr.val();
        self.six.next = false;
        self.is_six.next = false;
        self.tuple_now_six.next = false;
        self.launch_six.next = false;
        self.launch_upper.next.v6 = false;
        self.launch_upper.next.src = 0.into();
        self.launch_upper.next.dst = 0.into();
        for i in 0..self._ipv6 {
            self.ip6[i].take.next = self.valid.val() | self.narrow.val();
            self.ip6[i].en.next = self.en.val();
            self.ip6[i].head.next = self.head.val();
            self.ip6[i].data.next = self.data.val();
            self.ip6[i].keep.next = self.keep.val();
            self.ip6[i].moved.next = self.tag.q.val();
            self.ip6[i].tag_then.next = self.tag_then.val();
            self.ip6[i].plain.next = self.capture.hdr.val();
            self.f.next = self.ip6[i].fields.val();
            self.six.next = self.ip6[i].now.val();
            self.is_six.next = self.ip6[i].is.val();
            self.tuple_now_six.next = self.ip6[i].tuple_now.val();
            self.launch_six.next = self.ip6[i].launch.val();
            self.launch_upper.next = self.ip6[i].upper.val();
        }
        // at 64 bits the protocol is known before the tuple is complete
        self.tuple_done.d.next = (self.tuple_now.val()
            & (self.is_tcp_q.q.val() | !self.narrow.val()))
            | self.tuple_now_six.val();
        // reserved bits, DSCP
        self.unused_fields.next = self.f.val();
        // IPv4, IHL 5, MF 0 and offset 0, protocol TCP. At 64 bits all of it is known two cycles before the tuple is.
        self.is_tcp.next = (self.f.val().eth == 0x0800)
            & (self.f.val().ver_tos.get_bits::<8>(8) == 0x45)
            & (self.f.val().frag.get_bits::<14>(0) == 0)
            & (self.f.val().proto == 6);
        self.is_tcp_q.d.next = self.is_tcp.val();
        self.launch.next = (self.tuple_done.q.val() & (self.is_tcp.val() | self.narrow.val()))
            | self.launch_six.val();
        self.launch_valid.next = self.launch.val();
        self.launch_tuple.next = bit_cast::<TUPLE, 32>(self.f.val().src)
            | (bit_cast::<TUPLE, 32>(self.f.val().dst) << 32)
            | (bit_cast::<TUPLE, 16>(self.f.val().sport) << 64)
            | (bit_cast::<TUPLE, 16>(self.f.val().dport) << 80);
        if self.tag.q.val() {
            self.launch_tuple.next = bit_cast::<TUPLE, 32>(self.f.val().src)
                | (bit_cast::<TUPLE, 32>(self.f.val().dst) << 32)
                | (bit_cast::<TUPLE, 16>(self.f.val().sport) << 64)
                | (bit_cast::<TUPLE, 16>(self.f.val().dport) << 80)
                | (bit_cast::<TUPLE, 12>(self.vid.q.val()) << 96)
                | (bit_cast::<TUPLE, 1>(bits::<1>(1)) << 108);
        }

        // Sums and comparisons side by side.
        self.doff.next = self.f.val().off_flags.get_bits::<4>(12);
        self.doff_ok.next = self.doff.val().get_bit(3)
            | (self.doff.val().get_bit(2) & self.doff.val().get_bits::<2>(0).any());
        self.plain_entry.next = bit_cast::<9, 4>(self.doff.val()) << 3;
        self.lead.next = 13.into();
        if self.tag.q.val() {
            self.lead.next = 17.into();
        }
        if self.is_six.val() {
            self.plain_entry.next = (bit_cast::<9, 4>(self.doff.val()) << 3) | 0x100;
            self.lead.next = 53.into();
            if self.tag.q.val() {
                self.lead.next = 57.into();
            }
        }
        self.entry.next = self.plain_entry.val();
        if self.tag.q.val() {
            self.entry.next = self.plain_entry.val() | 0x80;
        }
        self.headers.next = bit_cast::<16, 8>(
            self.headers_of
                .val()
                .get_bits::<8>(self.plain_entry.val().index()),
        );
        self.headers_20.next = bit_cast::<16, 8>(
            self.headers_20_of
                .val()
                .get_bits::<8>(self.plain_entry.val().index()),
        );
        self.covers_now.next = self.f.val().total >= self.headers.val();
        self.few.next = self.f.val().total < self.headers_20.val();
        self.sizes_now.next.h = self.h_of.val().get_bits::<8>(self.entry.val().index());
        self.packet_at.next = bit_cast::<POSITION, 16>(self.f.val().total) + self.lead.val();
        self.sizes_now.next.at = self.packet_at.val();
        self.sizes_now.next.plen = 0.into();
        if self.covers_now.val() {
            self.sizes_now.next.plen = self.f.val().total - self.headers.val();
        }
        self.sizes_now.next.ok = self.doff_ok.val() & self.covers_now.val();
        // --- T or T + 1: are all octets that `done` shows in beats before this one? Of a short payload the last one is
        // that of the packet.
        self.sizes_now.next.need_beat = self
            .need_none_of
            .val()
            .get_bits::<HEAD_BITS>(self.entry.val().index());
        if self.covers_now.val() {
            self.sizes_now.next.need_beat = self
                .need_20_of
                .val()
                .get_bits::<HEAD_BITS>(self.entry.val().index());
            if self.few.val() {
                self.sizes_now.next.need_beat =
                    bit_cast::<HEAD_BITS, POSITION>(self.packet_at.val() >> self.lk.val()) + 1;
            }
        }
        self.sizes_now.next.stag_beat = self
            .stag_of
            .val()
            .get_bits::<HEAD_BITS>(self.entry.val().index());
        self.plain.next = self.f.val().opt == 0x0101_080A;
        self.more.next = self.doff.val().get_bits::<3>(0).any();
        self.sizes_now.next.ts = self.doff.val().get_bit(3) & self.plain.val();
        self.sizes_now.next.odd =
            self.walks.val() & self.doff.val().get_bit(3) & (!self.plain.val() | self.more.val());
        // At 64 bits the header's last octet is on the port two beats before the first octet that needs `sizes` is on R0,
        // and a frame that ends sooner is `late` or a runt: there is a cycle for the arithmetic.
        self.sizes_q.d.next = self.sizes_now.val();
        self.sizes.next = self.sizes_now.val();
        self.live.next = self.launch.val() | self.launched.q.val();
        if self.narrow.val() {
            self.sizes.next = self.sizes_q.q.val();
            self.live.next = self.launched.q.val();
        }
        self.eights.next = bit_cast::<13, 16>(self.sizes.val().plen >> 3);
        self.fpdu.next =
            self.eights.val().get_bits::<11>(2).any() | self.eights.val().get_bits::<2>(0).all();

        // --- R0: FPDU header; `h` is even, the capture counts half words. At 64 bits its beat index is made relative to
        // the payload's first beat one cycle earlier, and beats count without `r_valid` like those of the fields.
        self.rel.next =
            self.head.val() - bit_cast::<HEAD_BITS, 8>(self.sizes_now.val().h >> self.lk.val());
        self.offset.next = self.sizes.val().h >> 1;
        self.payload.en.next = self.r_valid.val() | self.narrow.val();
        self.payload.beat.next = bit_cast::<BEAT_BITS, HEAD_BITS>(self.r_head.val());
        self.payload.data.next = self.r_data.val();
        self.payload.hh.next = self.offset.val();
        if self.narrow.val() {
            self.payload.beat.next = bit_cast::<BEAT_BITS, HEAD_BITS>(self.rel.val());
            self.payload.hh.next = self.offset.val() & (self.lane_mask.val() >> 1);
        }
        self.hdr_b.next = self.payload.header.val().get_bits::<HDR_B>(160);

        // --- the STag, as soon as its last octet is on R0: one beat of the frame, so once a frame
        self.stag_now.next = (self.r_head.val() == self.sizes.val().stag_beat) & self.fpdu.val();
        self.stag_q.d.next = (self.head.val() == self.sizes.val().stag_beat) & self.fpdu.val();
        self.stag_here.next = self.stag_now.val();
        if self.narrow.val() {
            self.stag_here.next = self.stag_q.q.val();
        }
        self.tpt_maybe.next = self.r_valid.val()
            & self.stag_here.val()
            & self.live.val()
            & !(self.narrow.val() & self.r_last.val());
        self.issue.next = self.tpt_maybe.val() & !(self.slow.val() & self.last.val());
        self.tpt_valid.next = self.issue.val();
        self.tpt_stag.next = (bit_cast::<32, 8>(self.payload.header_next.val().get_bits::<8>(32))
            << 24)
            | (bit_cast::<32, 8>(self.payload.header_next.val().get_bits::<8>(40)) << 16)
            | (bit_cast::<32, 8>(self.payload.header_next.val().get_bits::<8>(48)) << 8)
            | bit_cast::<32, 8>(self.payload.header_next.val().get_bits::<8>(56));
        if self.launch.val() {
            self.launched.d.next = true;
        }
        if self.issue.val() {
            self.issued.d.next = true;
        }
        if self.r_valid.val() & self.r_last.val() {
            self.launched.d.next = false;
            self.issued.d.next = false;
        }
        // A frame of 64 bits a beat issues nothing when its last beat is on R0, and that is known one cycle before.
        self.pending.d.next = (self.launch.val() | self.pending.q.val())
            & !self.issue.val()
            & !self.last.val()
            & !(self.r_valid.val() & self.r_last.val());
        self.tpt_pending.next = (self.launch.val() | self.launched.q.val())
            & !self.issued.q.val()
            & (!(self.r_valid.val() & self.r_last.val()) | self.issue.val());
        if self.narrow.val() {
            self.tpt_pending.next = self.pending.q.val() | (self.launch.val() & !self.r_last.val());
        }

        self.tagged_head.next = bit_cast::<7, HEAD_BITS>(self.head.val());
        if self.tag.q.val() {
            self.tagged_head.next = bit_cast::<7, HEAD_BITS>(self.head.val()) | 0x20;
        }
        self.head_entry.next = self.tagged_head.val();
        if self.is_six.val() {
            self.head_entry.next = self.tagged_head.val() | 0x40;
        }
        self.late_now.next = self.tcp_to.val().get_bit(self.head_entry.val().index());
        self.runt.next = self.tcp_behind.val().get_bit(self.head_entry.val().index());
        if self.live.val() & (self.head.val() < self.sizes.val().need_beat) {
            self.late_now.next = true;
        }
        // The TPT's answer would come a cycle too late, if the context is there by then: behind long options.
        for i in 0..self._slow {
            self.just_issued[i].d.next = self.issue.val();
            if self.just_issued[i].q.val() {
                self.late_now.next = true;
            }
        }
        self.was_runt.d.next = self.narrow.val() & self.runt.val();
        self.late.next = self.late_now.val();

        self.r_h.next = self.sizes.val().h;
        self.r_tcp.next = self.live.val();
        self.r_seq.next = self.f.val().seq;
        self.r_flags.next = self.f.val().off_flags.get_bits::<8>(0);
        self.done.next.slot = self.done_slot.val();
        self.done.next.start = self.done_start.val();
        self.done.next.len = self.done_len.val();
        self.done.next.bad = self.done_bad.val();
        self.done.next.tcp = self.launch.val() | self.launched.q.val();
        self.done.next.hdr_ok =
            self.sizes.val().ok & !self.was_runt.q.val() & self.done_covers.val();
        self.done.next.h = self.sizes.val().h;
        self.done.next.plen = self.sizes.val().plen;
        self.done.next.seq = self.f.val().seq;
        self.done.next.ack = self.f.val().ack;
        self.done.next.wnd = self.f.val().wnd;
        self.done.next.flags = self.f.val().off_flags.get_bits::<8>(0);
        self.done.next.ce = self.f.val().ver_tos.get_bits::<2>(0) == 3;
        self.done.next.ts = self.sizes.val().ts;
        self.done.next.tsval = self.f.val().tsval;
        self.done.next.tsecr = self.f.val().tsecr;
        self.done.next.odd = (self.launch.val() | self.launched.q.val()) & self.sizes.val().odd;
        self.options.next.doff = self.doff.val();
        self.options.next.octets = (bit_cast::<OPTIONS, 32>(self.f.val().opt) << 288)
            | (bit_cast::<OPTIONS, 32>(self.f.val().tsval) << 256)
            | (bit_cast::<OPTIONS, 32>(self.f.val().tsecr) << 224)
            | bit_cast::<OPTIONS, 224>(self.f.val().more);
        self.done.next.tpt = self.issue.val() | self.issued.q.val();
        self.done.next.hdr_a = self.payload.header_next.val().get_bits::<HDR_A>(0);

        // --- for the scanner; at 64 bits it asks one cycle before R0, when only the data offset is as fresh
        self.vlan.next = self.tag.q.val();
        self.total.next = self.f.val().total;
        self.at.next = self.sizes.val().at;
        self.h.next = self.sizes_now.val().h;
        self.h_plus_4.next = self
            .h_plus_4_of
            .val()
            .get_bits::<8>(self.entry.val().index());
    }
}
