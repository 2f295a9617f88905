//! The structs of the transmit path. One place, so that no block invents its own layout.
//!
//! Every struct is flat. A multi-octet field is a number (network order already undone), except `hdr`, which holds FPDU
//! octets as they go out: octet p of the DDP header at bits `[8p+7:8p]`.

use rust_hdl::prelude::*;

/// Connection number at the seam; a preset's table has `2^conn_bits` rows.
pub const CONN: usize = 20;
/// Octets of a DDP/RDMAP header as bits: 46, a Read Request.
pub const HDR: usize = 368;
/// The length field, that header and a Marker.
pub const HEAD: usize = 416;
/// The same in whole beats of any width.
pub const PREFIX: usize = 512;
/// Beat of a frame, or of the frame store: a pointer that runs on, its low bits the address.
pub const ROW: usize = 13;
/// Octet of a frame, below 0 in front of it; at 512 bits a row and a lane.
pub const PLACE: usize = 19;
/// Header store: log2 of its slots.
pub const SLOT: usize = 3;
/// Sum of a header's words.
pub const SUM: usize = 24;

/// A TCP segment to be sent.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct TxSeg {
    pub conn: Bits<CONN>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub wnd: Bits<16>,
    /// CWR ECE URG ACK PSH RST SYN FIN from bit 7 down.
    pub flags: Bits<8>,
    /// ECT(0) in the IP header.
    pub ect: bool,
    /// Timestamps option.
    pub ts: bool,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    /// SACK blocks: 4 at most, 3 with timestamps.
    pub sack_n: Bits<3>,
    /// Block i at bits 64i: left edge, the right edge above it.
    pub sack: Bits<256>,
    /// FPDUs of which octets go into it; 0: no payload.
    pub n_fpdu: Bits<4>,
}

/// One FPDU, and which of its octets go into the segment.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct TxFpdu {
    /// Octets of the DDP/RDMAP header: 2 modulo 4 (14, 18, 46, ...), 46 at most.
    pub hdr_len: Bits<6>,
    pub hdr: Bits<HDR>,
    pub payload_len: Bits<16>,
    /// Else the CRC field is zero.
    pub crc_en: bool,
    /// Of the FPDU's octets, from the length field to the CRC, `take` (not 0) from `skip` on.
    pub skip: Bits<16>,
    pub take: Bits<16>,
    /// With Markers: the FPDU's octets have them, the one in front of the length field included.
    pub markers: bool,
    /// Sequence number modulo 512 of the stream's first Marker, and of the FPDU's first octet.
    pub mark_at: Bits<9>,
    pub fpdu_seq: Bits<9>,
}

/// An FPDU job with its Markers counted: to the planner, octets that it puts somewhere.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Job {
    /// Octets of the prefix: length field, header, a Marker if one lies in front of the payload.
    pub h: Bits<6>,
    /// Octets between prefix and PAD.
    pub payload: Bits<16>,
    pub pad: Bits<2>,
    pub crc_en: bool,
    pub skip: Bits<16>,
    pub take: Bits<16>,
    /// Has Markers: `payload` counts those behind the prefix and PAD, `pad` is 0, and `plain` are the payload's own octets.
    pub marked: bool,
    pub plain: Bits<16>,
    /// Octets from the payload's first to the next Marker, and that one's FPDUPTR.
    pub mark_in: Bits<10>,
    pub mark_ptr: Bits<16>,
}

/// What all frames of a connection have in common.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Template {
    pub dst_mac: Bits<48>,
    pub src_mac: Bits<48>,
    /// IEEE 802.1Q tag, priority 0.
    pub tag: bool,
    pub vid: Bits<12>,
    pub v6: bool,
    /// IPv4: the low 32 bits.
    pub src: Bits<128>,
    pub dst: Bits<128>,
    pub sport: Bits<16>,
    pub dport: Bits<16>,
    pub ttl: Bits<8>,
    pub dscp: Bits<6>,
}

/// What the planner needs of a segment's header.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Lead {
    /// Octets in front of the TCP payload.
    pub h: Bits<8>,
    /// Of these in front of what the IP length counts.
    pub outer: Bits<6>,
    pub n_fpdu: Bits<4>,
    pub slot: Bits<SLOT>,
    pub tag: bool,
    pub v6: bool,
}

/// Sums of a header, without all that depends on the IP length.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct HeadSums {
    /// TCP header and pseudo header. With the IP length added it is complete.
    pub tcp: Bits<SUM>,
    /// IPv4 header. Likewise.
    pub ip: Bits<20>,
}

/// One FPDU of a segment, or a segment without any, as the streamer works it off.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Plan {
    /// Beats of prefix and payload, and behind them.
    pub n_pre: Bits<3>,
    pub n_pay: Bits<14>,
    pub n_tail: Bits<2>,
    /// Octets of the last payload beat, 1 to K.
    pub n_last: Bits<7>,
    /// Frame lane of the first payload octet; lanes in front of the payload's first when its last is in lane K - 1.
    pub turn: Bits<6>,
    pub lead: Bits<6>,
    /// Frame beat of the first prefix beat; below 0 if that lies in front of the frame.
    pub row: Bits<ROW>,
    /// Frame octets of the taken part: first and last.
    pub from: Bits<PLACE>,
    pub to: Bits<PLACE>,
    /// The beat of `from` holds octets of the FPDU before.
    pub join: bool,
    /// Where the CRC field lies; which octets of it are taken.
    pub crc_row: Bits<ROW>,
    pub crc_lane: Bits<6>,
    pub crc_take: Bits<4>,
    pub crc_en: bool,
    /// CRC start value behind the first beat.
    pub crc_start: Bits<32>,
    pub pad: Bits<2>,
    pub marked: bool,
    pub plain: Bits<16>,
    pub mark_in: Bits<10>,
    pub mark_ptr: Bits<16>,
    pub first: bool,
    pub last: bool,
    pub bare: bool,
    /// Frame store beat of frame beat 0.
    pub base: Bits<ROW>,
    /// Of the whole frame, right in a segment's last plan. The IP length field.
    pub ip_len: Bits<16>,
    pub h: Bits<8>,
    pub slot: Bits<SLOT>,
    pub tag: bool,
    pub v6: bool,
}

/// A frame that is to go out.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Frame {
    pub bare: bool,
    pub base: Bits<ROW>,
    /// Last octet of the header, of the datagram, of the frame.
    pub head_end: Bits<PLACE>,
    pub data_end: Bits<PLACE>,
    pub end: Bits<PLACE>,
    pub slot: Bits<SLOT>,
    pub tag: bool,
    pub v6: bool,
}

/// The fields of a frame that are known last.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Late {
    /// To be folded and inverted.
    pub tcp: Bits<20>,
    pub ip: Bits<16>,
    pub ip_len: Bits<16>,
}

/// Sizes of the builder.
#[derive(Clone, Debug)]
pub struct TxCfg {
    /// Rows of the template table: 2^conn_bits.
    pub conn_bits: usize,
    /// Octets of the largest frame, FCS excluded.
    pub max_frame: usize,
    pub ipv6: bool,
    /// Can insert Markers.
    pub markers: bool,
    /// The receive path keeps octets ahead of a gap: there are SACK blocks to tell.
    pub sack: bool,
}

impl TxCfg {
    /// Beats of the largest frame.
    pub fn max_rows(&self, k: usize) -> usize {
        self.max_frame.div_ceil(k)
    }

    /// log2 of the beats of the frame store: two of the largest frames. One is read while the next is written, and a read
    /// beat is free at once.
    pub fn store_bits(&self, k: usize) -> usize {
        (2 * self.max_rows(k)).next_power_of_two().ilog2() as usize
    }
}

impl From<&crate::rx::cfg::Cfg> for TxCfg {
    /// The transmit path's sizes of a preset.
    fn from(cfg: &crate::rx::cfg::Cfg) -> Self {
        TxCfg {
            conn_bits: cfg.conn_bits,
            max_frame: cfg.max_frame,
            ipv6: cfg.ipv6,
            markers: cfg.markers,
            sack: cfg.sack,
        }
    }
}
