//! Header fields of a frame, tuple launch, FPDU header capture and the early TPT request.
//!
//! Two views of the stream: the port (`en beat data keep last`, cycle c) and R0, the same one cycle later
//! (`r_valid r_beat r_data r_last`). Fixed fields are captured at the end of their port cycle, so they are level with R0.
//! Positions are those of an untagged frame; a tagged one (802.1Q, one tag) has them 4 octets later.
//!
//! | output | cycle | |
//! |---|---|---|
//! | `launch_valid`, `launch_tuple` | B + 1 | B: port cycle of octet 37 (tuple complete). IPv4, IHL 5, no fragment, TCP only |
//! | `tpt_valid`, `tpt_stag` | S + 1 | S: port cycle of FPDU octet 7. Once a frame with payload >= 24 octets (64 bit: at most in T - 1, which such a payload grants). In T + 1 if octet 7 is in the last beat; then `late` holds as well |
//! | `tpt_pending` | B + 1 .. | a launched frame may still issue `tpt_valid`, this cycle included |
//! | `done` | | FrameDone; fields from the registers, `hdr_a` from the registers and R0. `late`: T is too early, show it in T + 1 |
//! | `hdr_b` | T + 2 | FPDU octets 20..47 |
//! | `fields vlan h stop` | level with R0 | for the scanner |
//!
//! `launch_valid` is three levels of logic behind registers; the tuple is one multiplexer behind registers.
//! No back-pressure. RFC 791 3.1 (IP), RFC 9293 3.1 (TCP), RFC 7323 appendix A (the NOP NOP Timestamps layout),
//! RFC 5044 4.1 and RFC 5041 4 (FPDU and DDP headers).

use crate::prim::{Field, FieldCapture, PayloadCapture, Reg, BEAT_BITS};
use crate::rx::types::{FrameDone, BEAT, HDR_A, HDR_B, SLOT, TUPLE};
use rust_hdl::prelude::*;

/// Fixed fields of an IPv4 TCP frame, in frame order.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fields {
    /// EtherType; of a tagged frame the one behind the tag.
    pub eth: Bits<16>,
    /// Version, IHL, DSCP, ECN. In the untagged view of a tagged frame: the tag.
    pub ver_tos: Bits<16>,
    pub total: Bits<16>,
    pub id: Bits<16>,
    pub frag: Bits<16>,
    pub ttl_proto: Bits<16>,
    pub csum: Bits<16>,
    pub src: Bits<32>,
    pub dst: Bits<32>,
    pub sport: Bits<16>,
    pub dport: Bits<16>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    /// Data offset and flags.
    pub off_flags: Bits<16>,
    pub wnd: Bits<16>,
    /// First four octets of the TCP options, then the two time stamps if these are the options.
    pub opt: Bits<32>,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
}

/// Where the fields of a frame lie; `tag` is 0 or 4.
fn table(tag: usize) -> Vec<Field> {
    const FIELDS: [(&str, usize, usize); 18] = [
        ("eth", 12, 2),
        ("ver_tos", 14, 2),
        ("total", 16, 2),
        ("id", 18, 2),
        ("frag", 20, 2),
        ("ttl_proto", 22, 2),
        ("csum", 24, 2),
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
    ];
    let place = |&(name, byte, bytes): &(&'static str, usize, usize)| Field {
        name,
        byte: byte + tag,
        bytes,
    };
    FIELDS.iter().map(place).collect()
}

/// Last octet of the tuple, untagged.
const TUPLE_END: usize = 37;
/// Last octet of a TCP header without options, untagged.
const TCP_END: usize = 53;

/// What the lengths in the header say.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Sizes {
    /// Octet offset of the TCP payload.
    pub h: Bits<8>,
    /// First octet behind the IP packet.
    pub end: Bits<16>,
    /// Last octet of the IP packet.
    pub at: Bits<17>,
    pub plen: Bits<16>,
    /// doff >= 5 and the IP total length covers the headers.
    pub ok: bool,
    /// Long enough for an FPDU.
    pub fpdu: bool,
    /// The beat that must have been before the last one; the beat of FPDU octet 7.
    pub need_beat: Bits<BEAT_BITS>,
    pub stag_beat: Bits<BEAT_BITS>,
    pub ts: bool,
}

/// Header parser.
#[derive(LogicBlock)]
pub struct Parse<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // port
    pub en: Signal<In, bool>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub data: Signal<In, Bits<D>>,
    pub keep: Signal<In, Bits<K>>,
    pub last: Signal<In, bool>,
    // R0
    pub r_valid: Signal<In, bool>,
    pub r_beat: Signal<In, Bits<BEAT_BITS>>,
    pub r_data: Signal<In, Bits<D>>,
    pub r_last: Signal<In, bool>,
    // of the frame that `done` is about
    pub done_slot: Signal<In, Bits<SLOT>>,
    pub done_start: Signal<In, Bits<BEAT>>,
    pub done_len: Signal<In, Bits<16>>,
    /// Offset of its last octet; its last beat had a keep that says so.
    pub done_at: Signal<In, Bits<16>>,
    pub done_edge: Signal<In, bool>,
    pub done_bad: Signal<In, bool>,

    pub launch_valid: Signal<Out, bool>,
    pub launch_tuple: Signal<Out, Bits<TUPLE>>,
    pub tpt_valid: Signal<Out, bool>,
    pub tpt_stag: Signal<Out, Bits<32>>,
    pub tpt_pending: Signal<Out, bool>,
    pub late: Signal<Out, bool>,
    pub done: Signal<Out, FrameDone>,
    pub hdr_b: Signal<Out, Bits<HDR_B>>,
    pub fields: Signal<Out, Fields>,
    pub vlan: Signal<Out, bool>,
    pub h: Signal<Out, Bits<8>>,
    pub stop: Signal<Out, Bits<16>>,

    plain: FieldCapture<Fields, D>,
    with_tag: FieldCapture<Fields, D>,
    tag: Reg<bool>,
    /// The tuple of this frame was complete in the cycle before.
    tuple_done: Reg<bool>,
    launched: Reg<bool>,
    issued: Reg<bool>,
    payload: PayloadCapture<D>,

    tag_now: Signal<Local, bool>,
    f: Signal<Local, Fields>,
    launch: Signal<Local, bool>,
    is_tcp: Signal<Local, bool>,
    doff: Signal<Local, Bits<4>>,
    doff_ok: Signal<Local, bool>,
    /// TCP header in words, 5 for the values that are too small.
    words: Signal<Local, Bits<8>>,
    hdr_len: Signal<Local, Bits<8>>,
    covers_now: Signal<Local, bool>,
    plen_now: Signal<Local, Bits<16>>,
    end_now: Signal<Local, Bits<16>>,
    few: Signal<Local, bool>,
    need: Signal<Local, Bits<8>>,
    h_now: Signal<Local, Bits<8>>,
    /// What the lengths of the header say, straight from the capture or, at 64 bits, one cycle later.
    sizes_now: Signal<Local, Sizes>,
    sizes_q: Reg<Sizes>,
    sizes: Signal<Local, Sizes>,
    /// At 64 bits: the frame ended before its TCP header, so `sizes` is of another frame.
    stub: Signal<Local, bool>,
    was_stub: Reg<bool>,
    live: Signal<Local, bool>,
    unused_keep: Signal<Local, Bits<K>>,
    issue: Signal<Local, bool>,
    late_now: Signal<Local, bool>,

    at_tag: Constant<Bits<BEAT_BITS>>,
    at_tuple: Constant<Bits<BEAT_BITS>>,
    at_tuple_tagged: Constant<Bits<BEAT_BITS>>,
    at_tcp: Constant<Bits<BEAT_BITS>>,
    at_tcp_tagged: Constant<Bits<BEAT_BITS>>,
    round_up: Constant<Bits<8>>,
    round_up_20: Constant<Bits<8>>,
    /// At 64 bits the TPT request must leave before the last beat is on the port.
    narrow: Constant<bool>,
    lk: Constant<Bits<4>>,
    _tag_lane: usize,
    _tuple_lane: usize,
    _tuple_lane_tagged: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Default for Parse<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Parse<D, K, LK> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K && K >= 8 && K <= 64,
        "Parse: K must be D / 8 and LK log2 K, D 64 to 512"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        let beat_of = |octet: usize| Constant::new(((octet / K) as u64).to_bits());
        Self {
            clock: Default::default(),
            reset: Default::default(),
            en: Default::default(),
            beat: Default::default(),
            data: Default::default(),
            keep: Default::default(),
            last: Default::default(),
            r_valid: Default::default(),
            r_beat: Default::default(),
            r_data: Default::default(),
            r_last: Default::default(),
            done_slot: Default::default(),
            done_start: Default::default(),
            done_len: Default::default(),
            done_at: Default::default(),
            done_edge: Default::default(),
            done_bad: Default::default(),
            launch_valid: Default::default(),
            launch_tuple: Default::default(),
            tpt_valid: Default::default(),
            tpt_stag: Default::default(),
            tpt_pending: Default::default(),
            late: Default::default(),
            done: Default::default(),
            hdr_b: Default::default(),
            fields: Default::default(),
            vlan: Default::default(),
            h: Default::default(),
            stop: Default::default(),
            plain: FieldCapture::new(&table(0)),
            with_tag: FieldCapture::new(&table(4)),
            tag: Default::default(),
            tuple_done: Default::default(),
            launched: Default::default(),
            issued: Default::default(),
            payload: Default::default(),
            tag_now: Default::default(),
            f: Default::default(),
            launch: Default::default(),
            is_tcp: Default::default(),
            doff: Default::default(),
            doff_ok: Default::default(),
            words: Default::default(),
            hdr_len: Default::default(),
            covers_now: Default::default(),
            plen_now: Default::default(),
            end_now: Default::default(),
            few: Default::default(),
            need: Default::default(),
            h_now: Default::default(),
            sizes_now: Default::default(),
            // `h` of no header is below 54: before the first header nothing counts as payload
            sizes_q: Reg::new(Sizes {
                h: 54u64.to_bits(),
                ..Default::default()
            }),
            sizes: Default::default(),
            stub: Default::default(),
            was_stub: Default::default(),
            live: Default::default(),
            unused_keep: Default::default(),
            issue: Default::default(),
            late_now: Default::default(),
            at_tag: beat_of(12),
            at_tuple: beat_of(TUPLE_END),
            at_tuple_tagged: beat_of(TUPLE_END + 4),
            at_tcp: beat_of(TCP_END),
            at_tcp_tagged: beat_of(TCP_END + 4),
            round_up: Constant::new(((K - 1) as u64).to_bits()),
            round_up_20: Constant::new(((K + 19) as u64).to_bits()),
            narrow: Constant::new(D == 64),
            lk: Constant::new((LK as u64).to_bits()),
            _tag_lane: 12 % K * 8,
            _tuple_lane: TUPLE_END % K,
            _tuple_lane_tagged: (TUPLE_END + 4) % K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Parse<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- port: capture
        self.plain.en.next = self.en.val();
        self.plain.beat.next = self.beat.val();
        self.plain.data.next = self.data.val();
        self.with_tag.en.next = self.en.val();
        self.with_tag.beat.next = self.beat.val();
        self.with_tag.data.next = self.data.val();

        // 802.1Q TPID 0x8100; the first octet is in the lower lane
        self.tag_now.next = self.tag.q.val();
        if self.beat.val() == self.at_tag.val() {
            for lane in (self._tag_lane)..(self._tag_lane + 1) {
                self.tag_now.next = self.data.val().get_bits::<16>(lane) == 0x0081;
            }
        }
        if self.en.val() {
            self.tag.d.next = self.tag_now.val();
        }
        // of the keep, only whether the tuple's last octet is there
        self.unused_keep.next = self.keep.val();
        self.tuple_done.d.next = false;
        if self.tag_now.val() {
            for lane in (self._tuple_lane_tagged)..(self._tuple_lane_tagged + 1) {
                self.tuple_done.d.next = self.en.val()
                    & (self.beat.val() == self.at_tuple_tagged.val())
                    & self.keep.val().get_bit(lane);
            }
        } else {
            for lane in (self._tuple_lane)..(self._tuple_lane + 1) {
                self.tuple_done.d.next = self.en.val()
                    & (self.beat.val() == self.at_tuple.val())
                    & self.keep.val().get_bit(lane);
            }
        }

        // --- level with R0: what the registers say
        self.f.next = self.plain.hdr.val();
        if self.tag.q.val() {
            self.f.next = self.with_tag.hdr.val();
        }
        // IPv4, IHL 5, MF 0 and offset 0, protocol TCP
        self.is_tcp.next = (self.f.val().eth == 0x0800)
            & (self.f.val().ver_tos.get_bits::<8>(8) == 0x45)
            & (self.f.val().frag.get_bits::<14>(0) == 0)
            & (self.f.val().ttl_proto.get_bits::<8>(0) == 6);
        self.launch.next = self.tuple_done.q.val() & self.is_tcp.val();
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
                | (bit_cast::<TUPLE, 12>(self.plain.hdr.val().ver_tos.get_bits::<12>(0)) << 96)
                | (bit_cast::<TUPLE, 1>(bits::<1>(1)) << 108);
        }

        self.doff.next = self.f.val().off_flags.get_bits::<4>(12);
        self.doff_ok.next = self.doff.val() >= 5;
        self.words.next = 5.into();
        if self.doff_ok.val() {
            self.words.next = bit_cast::<8, 4>(self.doff.val());
        }
        self.hdr_len.next = (self.words.val() << 2) + 34;
        self.end_now.next = self.f.val().total + 14;
        if self.tag.q.val() {
            self.hdr_len.next = (self.words.val() << 2) + 38;
            self.end_now.next = self.f.val().total + 18;
        }
        self.covers_now.next =
            self.f.val().total >= (bit_cast::<16, 8>(self.words.val() << 2) + 20);
        self.plen_now.next = 0.into();
        if self.covers_now.val() {
            self.plen_now.next =
                self.f.val().total - (bit_cast::<16, 8>(self.words.val() << 2) + 20);
        }
        // --- T or T + 1: are all octets that `done` shows in beats before this one?
        // h + plen is the end of the packet, so the sums and the comparisons run side by side.
        self.few.next = self.f.val().total < (bit_cast::<16, 8>(self.words.val() << 2) + 40);
        self.need.next = self.hdr_len.val() + self.round_up.val();
        if self.covers_now.val() {
            self.need.next = self.hdr_len.val() + self.round_up_20.val();
            if self.few.val() {
                self.need.next = bit_cast::<8, 16>(self.end_now.val()) + self.round_up.val();
            }
        }
        self.sizes_now.next.h = self.hdr_len.val();
        self.sizes_now.next.end = self.end_now.val();
        self.sizes_now.next.at = bit_cast::<17, 16>(self.f.val().total) + 13;
        if self.tag.q.val() {
            self.sizes_now.next.at = bit_cast::<17, 16>(self.f.val().total) + 17;
        }
        self.sizes_now.next.plen = self.plen_now.val();
        self.sizes_now.next.ok = self.doff_ok.val() & self.covers_now.val();
        self.sizes_now.next.fpdu =
            self.f.val().total >= (bit_cast::<16, 8>(self.words.val() << 2) + 44);
        self.sizes_now.next.need_beat = bit_cast::<BEAT_BITS, 8>(self.need.val() >> self.lk.val());
        self.sizes_now.next.stag_beat =
            bit_cast::<BEAT_BITS, 8>((self.hdr_len.val() + 7) >> self.lk.val());
        self.sizes_now.next.ts = (self.doff.val() == 8) & (self.f.val().opt == 0x0101_080A);
        // At 64 bits the header's last octet is on the port two beats before the first octet that needs `sizes` is on R0,
        // and a frame that ends sooner is `late` or a stub: there is a cycle for the arithmetic.
        self.sizes_q.d.next = self.sizes_now.val();
        self.sizes.next = self.sizes_now.val();
        self.live.next = self.launch.val() | self.launched.q.val();
        if self.narrow.val() {
            self.sizes.next = self.sizes_q.q.val();
            self.sizes.next.ts = self.sizes_now.val().ts;
            self.live.next = self.launched.q.val();
        }
        self.h_now.next = self.sizes.val().h;

        // --- R0: FPDU header; `h` is even, the capture counts half words
        self.payload.en.next = self.r_valid.val();
        self.payload.beat.next = self.r_beat.val();
        self.payload.data.next = self.r_data.val();
        self.payload.hh.next = self.h_now.val() >> 1;
        self.hdr_b.next = self.payload.header.val().get_bits::<HDR_B>(160);

        // --- the STag, as soon as its last octet is on R0: one beat of the frame, so once a frame
        self.issue.next = self.r_valid.val()
            & (self.r_beat.val() == self.sizes.val().stag_beat)
            & self.live.val()
            & self.sizes.val().fpdu
            & !(self.narrow.val() & (self.r_last.val() | (self.en.val() & self.last.val())));
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
        self.tpt_pending.next = (self.launch.val() | self.launched.q.val())
            & !self.issued.q.val()
            & (!(self.r_valid.val() & self.r_last.val()) | self.issue.val());

        self.late_now.next = self.beat.val() <= self.at_tcp.val();
        self.stub.next =
            (self.beat.val() <= self.at_tcp.val()) & (self.beat.val() != self.at_tcp.val());
        if self.tag.q.val() {
            self.late_now.next = self.beat.val() <= self.at_tcp_tagged.val();
            self.stub.next = (self.beat.val() <= self.at_tcp_tagged.val())
                & (self.beat.val() != self.at_tcp_tagged.val());
        }
        if self.live.val() & (self.beat.val() < self.sizes.val().need_beat) {
            self.late_now.next = true;
        }
        self.was_stub.d.next =
            self.narrow.val() & self.en.val() & self.last.val() & self.stub.val();
        self.late.next = self.late_now.val();

        self.done.next.slot = self.done_slot.val();
        self.done.next.start = self.done_start.val();
        self.done.next.len = self.done_len.val();
        self.done.next.bad = self.done_bad.val();
        self.done.next.tcp = self.launch.val() | self.launched.q.val();
        self.done.next.hdr_ok = self.sizes.val().ok
            & !self.was_stub.q.val()
            & self.done_edge.val()
            & (bit_cast::<17, 16>(self.done_at.val()) >= self.sizes.val().at);
        self.done.next.h = self.h_now.val();
        self.done.next.plen = self.sizes.val().plen;
        self.done.next.seq = self.f.val().seq;
        self.done.next.ack = self.f.val().ack;
        self.done.next.wnd = self.f.val().wnd;
        self.done.next.flags = self.f.val().off_flags.get_bits::<8>(0);
        self.done.next.ce = self.f.val().ver_tos.get_bits::<2>(0) == 3;
        self.done.next.ts = self.sizes.val().ts;
        self.done.next.tsval = self.f.val().tsval;
        self.done.next.tsecr = self.f.val().tsecr;
        self.done.next.tpt = self.issue.val() | self.issued.q.val();
        self.done.next.hdr_a = self.payload.header_next.val().get_bits::<HDR_A>(0);

        self.fields.next = self.f.val();
        self.vlan.next = self.tag.q.val();
        self.h.next = self.h_now.val();
        self.stop.next = self.sizes.val().end;
    }
}
