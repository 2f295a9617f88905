//! IPv6 beside the IPv4 parser: a frame whose fixed IPv6 header (RFC 8200 3) is followed at once by TCP.
//!
//! It captures the fields of such a frame at their own places (all of TCP lies 20 octets further on) and shows them in place
//! of the IPv4 ones when the EtherType is 0x86DD. Frames with extension headers (a jumbogram has one), another next header or
//! another version are launched never, as IPv4 options and fragments are not: they go to the host.
//!
//! | output | cycle | |
//! |---|---|---|
//! | `is` | level with R0 | EtherType of IPv6. At 64 bits one cycle later: two cycles behind the beat that has it, the fourth at most |
//! | `now` | level with R0 | the same, at every width |
//! | `fields` | level with R0 | `plain`, or with `is` the fields of the IPv6 frame: `total` is the payload length, ECN in the low bits of `ver_tos`, src and dst have the low 32 bits of the addresses |
//! | `upper` | level with R0 | the rest of the addresses; zero without `is` |
//! | `tuple_now` | B | at 64 bits: this beat completes the tuple (octet 57) of a frame to launch |
//! | `launch` | B + 1 | at the other widths: the same, behind the register |
//!
//! Nothing waits, no back-pressure. A preset without IPv6 does not have this block.

use crate::prim::{Field, FieldCapture, Reg, RegNr, BEAT_BITS};
use crate::rx::parse::{Fields, HEAD_BITS, TAG, TAG_LEN, TUPLE_END};
use crate::rx::types::Upper;
use rust_hdl::prelude::*;

/// How much longer the IPv6 header is than an IPv4 header without options.
pub const LONGER: usize = 20;

/// Fields of an IPv6 TCP frame, in frame order; those that IPv4 has at the same place are not among them.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fields6 {
    /// Payload length: all behind the fixed header.
    pub total: Bits<16>,
    pub next_header: Bits<8>,
    pub src_high: Bits<96>,
    pub src: Bits<32>,
    pub dst_high: Bits<96>,
    pub dst: Bits<32>,
    pub sport: Bits<16>,
    pub dport: Bits<16>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub off_flags: Bits<16>,
    pub wnd: Bits<16>,
    pub opt: Bits<32>,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    pub more: Bits<224>,
}

/// Where they lie in an untagged frame.
const FIELDS: [(&str, usize, usize); 16] = [
    ("total", 18, 2),
    ("next_header", 20, 1),
    ("src_high", 22, 12),
    ("src", 34, 4),
    ("dst_high", 38, 12),
    ("dst", 50, 4),
    ("sport", 54, 2),
    ("dport", 56, 2),
    ("seq", 58, 4),
    ("ack", 62, 4),
    ("off_flags", 66, 2),
    ("wnd", 68, 2),
    ("opt", 74, 4),
    ("tsval", 78, 4),
    ("tsecr", 82, 4),
    ("more", 86, 28),
];

/// The IPv6 fields of a frame.
#[derive(LogicBlock)]
pub struct Ip6<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// As the IPv4 fields are captured.
    pub take: Signal<In, bool>,
    /// The frame is admitted.
    pub en: Signal<In, bool>,
    pub head: Signal<In, Bits<HEAD_BITS>>,
    pub data: Signal<In, Bits<D>>,
    pub keep: Signal<In, Bits<K>>,
    /// A tag was seen; the same as the tuple's last beat needs it.
    pub moved: Signal<In, bool>,
    pub tag_then: Signal<In, bool>,
    /// The IPv4 view of the frame.
    pub plain: Signal<In, Fields>,
    pub is: Signal<Out, bool>,
    pub now: Signal<Out, bool>,
    pub fields: Signal<Out, Fields>,
    pub upper: Signal<Out, Upper>,
    pub tuple_now: Signal<Out, bool>,
    pub launch: Signal<Out, bool>,

    capture: FieldCapture<Fields6, D>,
    f: Signal<Local, Fields6>,
    /// EtherType; the whole of what a launch asks for.
    six: Signal<Local, bool>,
    six_q: RegNr<bool>,
    shown: Signal<Local, bool>,
    tcp: Signal<Local, bool>,
    tcp_q: RegNr<bool>,
    ends: Signal<Local, bool>,
    ended: Reg<bool>,
    unused_keep: Signal<Local, Bits<K>>,
    at_tuple: Constant<Bits<HEAD_BITS>>,
    at_tuple_tagged: Constant<Bits<HEAD_BITS>>,
    narrow: Constant<bool>,
    _lane: usize,
    _lane_tagged: usize,
}

impl<const D: usize, const K: usize> Ip6<D, K> {
    const OK: () = assert!(K * 8 == D, "Ip6: K must be D / 8");

    pub fn new() -> Self {
        let () = Self::OK;
        let end = TUPLE_END + LONGER;
        let beat_of = |octet: usize| Constant::new(((octet / K) as u64).to_bits());
        let fields = FIELDS.map(|(name, byte, bytes)| Field { name, byte, bytes });
        Self {
            clock: Default::default(),
            reset: Default::default(),
            take: Default::default(),
            en: Default::default(),
            head: Default::default(),
            data: Default::default(),
            keep: Default::default(),
            moved: Default::default(),
            tag_then: Default::default(),
            plain: Default::default(),
            is: Default::default(),
            now: Default::default(),
            fields: Default::default(),
            upper: Default::default(),
            tuple_now: Default::default(),
            launch: Default::default(),
            capture: FieldCapture::movable(&fields, TAG, TAG_LEN),
            f: Default::default(),
            six: Default::default(),
            six_q: Default::default(),
            shown: Default::default(),
            tcp: Default::default(),
            tcp_q: Default::default(),
            ends: Default::default(),
            ended: Default::default(),
            unused_keep: Default::default(),
            at_tuple: beat_of(end),
            at_tuple_tagged: beat_of(end + TAG_LEN),
            narrow: Constant::new(D == 64),
            _lane: end % K,
            _lane_tagged: (end + TAG_LEN) % K,
        }
    }
}

impl<const D: usize, const K: usize> Default for Ip6<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for Ip6<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.capture.en.next = self.take.val();
        self.capture.beat.next = bit_cast::<BEAT_BITS, HEAD_BITS>(self.head.val());
        self.capture.data.next = self.data.val();
        self.capture.moved.next = self.moved.val();
        self.f.next = self.capture.hdr.val();

        // The version stands where IPv4 has it.
        self.six.next = self.plain.val().eth == 0x86DD;
        self.six_q.d.next = self.six.val();
        self.tcp.next = self.six.val()
            & (self.plain.val().ver_tos.get_bits::<4>(12) == 6)
            & (self.f.val().next_header == 6);
        self.tcp_q.d.next = self.tcp.val();
        self.shown.next = self.six.val();
        if self.narrow.val() {
            self.shown.next = self.six_q.q.val();
        }
        self.now.next = self.six.val();
        self.is.next = self.shown.val();

        // Of the keep, only whether the tuple's last octet is there.
        self.unused_keep.next = self.keep.val();
        self.ends.next = false;
        if self.tag_then.val() {
            for lane in (self._lane_tagged)..(self._lane_tagged + 1) {
                self.ends.next = self.en.val()
                    & (self.head.val() == self.at_tuple_tagged.val())
                    & self.keep.val().get_bit(lane);
            }
        } else {
            for lane in (self._lane)..(self._lane + 1) {
                self.ends.next = self.en.val()
                    & (self.head.val() == self.at_tuple.val())
                    & self.keep.val().get_bit(lane);
            }
        }
        // At 64 bits the next header is known long before the tuple ends.
        self.ended.d.next = self.ends.val() & !self.narrow.val();
        self.tuple_now.next = self.ends.val() & self.tcp_q.q.val() & self.narrow.val();
        self.launch.next = self.ended.q.val() & self.tcp.val();

        self.fields.next = self.plain.val();
        self.upper.next.v6 = self.shown.val();
        self.upper.next.src = 0.into();
        self.upper.next.dst = 0.into();
        if self.shown.val() {
            self.upper.next.src = self.f.val().src_high;
            self.upper.next.dst = self.f.val().dst_high;
            // Of the traffic class the ECN field, in the place of that of the TOS.
            self.fields.next.ver_tos = bit_cast::<16, 2>(self.plain.val().ver_tos.get_bits::<2>(4));
            self.fields.next.total = self.f.val().total;
            self.fields.next.src = self.f.val().src;
            self.fields.next.dst = self.f.val().dst;
            self.fields.next.sport = self.f.val().sport;
            self.fields.next.dport = self.f.val().dport;
            self.fields.next.seq = self.f.val().seq;
            self.fields.next.ack = self.f.val().ack;
            self.fields.next.off_flags = self.f.val().off_flags;
            self.fields.next.wnd = self.f.val().wnd;
            self.fields.next.opt = self.f.val().opt;
            self.fields.next.tsval = self.f.val().tsval;
            self.fields.next.tsecr = self.f.val().tsecr;
            self.fields.next.more = self.f.val().more;
        }
    }
}
