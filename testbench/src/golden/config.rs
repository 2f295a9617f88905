//! What the golden endpoint is given: host, connection parameters, receive buffers, segments.

use super::memory::Memory;
use super::tcp_rx::Arrival;
use super::tpt::Tpt;
use crate::wire::tcp::Flags;
use std::net::IpAddr;

/// Memory and STags of the receiving host.
#[derive(Debug, Clone, Default)]
pub struct Host {
    pub mem: Memory,
    pub tpt: Tpt,
}

/// One piece of a receive buffer. Without `lkey` the address is a memory address, with it a Tagged Offset of that STag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sge {
    pub addr: u64,
    pub len: u32,
    pub lkey: Option<u32>,
}

/// A posted receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rqe {
    /// Comes back in the completion.
    pub idx: u16,
    pub sges: Vec<Sge>,
}

impl Rqe {
    pub fn len(&self) -> u64 {
        self.sges.iter().map(|s| u64::from(s.len)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A Read of ours whose Response is expected, in the order of the Requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadIssue {
    pub sq_idx: u16,
    pub sink_stag: u32,
    pub sink_to: u64,
    pub len: u32,
}

/// An Atomic of ours whose Response is expected, in one order with the Reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomicIssue {
    pub sq_idx: u16,
    /// MSN that the Response has on queue 3.
    pub msn: u32,
    pub request_id: u32,
}

/// Addresses of a connection, ours first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tuple {
    pub local: (IpAddr, u16),
    pub remote: (IpAddr, u16),
    pub vlan: Option<u16>,
}

/// What the peer may acknowledge: `una - max_wnd ..= nxt` (RFC 5961 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckRange {
    pub una: u32,
    pub nxt: u32,
    pub max_wnd: u32,
}

impl AckRange {
    pub fn holds(&self, ack: u32) -> bool {
        ack.wrapping_sub(self.una.wrapping_sub(self.max_wnd))
            <= self.nxt.wrapping_sub(self.una).wrapping_add(self.max_wnd)
    }
}

/// Everything the receive side of a connection starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnConfig {
    /// Needed by [`Golden::frame`] only.
    pub tuple: Option<Tuple>,
    pub qp: u32,
    pub pd: u32,
    /// Sequence number of the first FPDU octet expected.
    pub rcv_nxt: u32,
    /// Window in octets, scale applied; constant.
    pub rcv_wnd: u32,
    /// CRC negotiated: check it.
    pub crc: bool,
    /// We asked for Markers: the peer inserts them.
    pub markers: bool,
    /// With Markers: how far `rcv_nxt` is behind SeqStart, from where they are counted.
    pub marker_offset: u32,
    /// Largest FPDU (length field, ULPDU, PAD, CRC); a longer one is 0x20/0x05.
    pub max_fpdu: usize,
    /// Read and Atomic Requests that may be open.
    pub ird: usize,
    /// Check the source of a Read Request on arrival.
    pub check_read_source: bool,
    /// Immediate Data and atomics.
    pub rfc7306: bool,
    /// Atomic Requests are carried out here ([`Event::Atomic`](super::Event)); false: only checked and handed on.
    pub execute_atomics: bool,
    pub timestamps: bool,
    pub ts_recent: u32,
    /// Segments in front of the next expected octet are kept for later; false: dropped.
    pub keep_out_of_order: bool,
    /// A FIN alone, in front of the next expected octet, is kept for later too.
    pub keep_early_fin: bool,
    /// Check of the acknowledgement field (TCP-33).
    pub ack_range: Option<AckRange>,
    /// SACK is sent: out-of-order octets count as acknowledged once held.
    pub sack: bool,
    /// Bad CRC at the same FPDU: so many times in all before it is an error.
    pub crc_repeats: u32,
    /// First MSN of each queue.
    pub first_msn: [u32; 4],
}

impl Default for ConnConfig {
    fn default() -> Self {
        ConnConfig {
            tuple: None,
            qp: 1,
            pd: 1,
            rcv_nxt: 0,
            rcv_wnd: 1 << 20,
            crc: true,
            markers: false,
            marker_offset: 0,
            max_fpdu: 2 + 65535 + 3 + 4,
            ird: 16,
            check_read_source: true,
            rfc7306: false,
            execute_atomics: true,
            timestamps: false,
            ts_recent: 0,
            keep_out_of_order: true,
            keep_early_fin: true,
            ack_range: None,
            sack: false,
            crc_repeats: 3,
            first_msn: [1; 4],
        }
    }
}

/// A TCP segment without its checksum, which the caller has judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    pub window: u16,
    /// (TSval, TSecr)
    pub timestamps: Option<(u32, u32)>,
    pub payload: Vec<u8>,
}

impl Segment {
    /// A plain data segment.
    pub fn data(seq: u32, payload: &[u8]) -> Self {
        Segment {
            seq,
            ack: 0,
            flags: Flags::ACK,
            window: 0xffff,
            timestamps: None,
            payload: payload.to_vec(),
        }
    }
}

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Arrival(Arrival),
    /// Older TSval than TS.Recent: dropped, to be answered by an ACK (TCP-18).
    Paws,
    /// The timestamp option is missing: dropped silently (TCP-16).
    NoTimestamp,
    /// Dropped from an FPDU with a bad CRC on; `rcv_nxt` stands at its start.
    CrcDrop,
    /// RST or SYN that asks for a challenge ACK.
    Challenge,
    /// RST or segment outside of the window, dropped.
    Ignored,
    Reset,
}
