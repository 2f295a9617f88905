//! What goes into the chip and what comes out, as plain records.

/// A frame to be played into the MAC port.
#[derive(Clone, Debug)]
pub struct FrameIn {
    pub at: u64,
    pub data: Vec<u8>,
    pub bad: bool,
}

/// When a frame was on the MAC port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimes {
    /// Cycle of the first beat and of the last.
    pub first: u64,
    pub last: u64,
    /// Octets, FCS excluded.
    pub len: usize,
}

/// A receive (`rq` = connection number) or a host buffer for plain frames (`rq` = [`RQ_NIC`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Post {
    pub rq: u32,
    pub idx: u16,
    pub addr: u64,
    pub len: u32,
}

/// `rx_post.rq` of the NIC queue.
pub const RQ_NIC: u32 = ferrowarp_abi::stream::RQ_NIC;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadIssue {
    pub conn: u16,
    pub gen: u8,
    pub sq_idx: u16,
    pub sink_stag: u32,
    pub sink_to: u64,
    pub len: u32,
    /// An Atomic: `sink_stag` is its Request Identifier, `sink_to` the MSN of its Response.
    pub atomic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirror {
    pub conn: u16,
    pub gen: u8,
    pub snd_una: u32,
    pub snd_nxt: u32,
    pub max_wnd: u32,
    pub last_ack_sent: u32,
}

/// One DMA write with its data.
#[derive(Clone, Debug, PartialEq)]
pub struct DmaWrite {
    pub addr: u64,
    /// Octets asked for.
    pub len: u32,
    pub conn: u16,
    pub gen: u8,
    /// `ferrowarp_abi::code::dma_class`
    pub class: u8,
    /// Cycle of the request's handshake, of the first and the last data beat.
    pub req_cycle: u64,
    pub first_data: u64,
    pub last_data: u64,
    pub data: Vec<u8>,
}

impl DmaWrite {
    /// Data that no request asked for: a fault of the chip, at an address that nothing owns.
    pub(super) fn stray(now: u64, data: &[u8]) -> Self {
        Self {
            addr: u64::MAX,
            len: 0,
            conn: 0,
            gen: 0,
            class: 7,
            req_cycle: now,
            first_data: now,
            last_data: now,
            data: data.to_vec(),
        }
    }
}

/// `cpl_event`.
#[derive(Clone, Debug, PartialEq)]
pub struct CplEvent {
    pub cycle: u64,
    pub conn: u16,
    pub gen: u8,
    pub kind: u8,
    pub opcode: u8,
    pub flags: u8,
    pub msn: u32,
    pub len: u32,
    pub rqe_idx: u16,
    pub inv_stag: u32,
    pub imm: u64,
    pub term: u16,
    pub segment_len: u16,
    pub fence_id: u16,
    /// FPDU octets 2.., `hdr_len` of them.
    pub hdr: Vec<u8>,
}

/// `ack_event`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AckEvent {
    pub cycle: u64,
    pub conn: u16,
    pub gen: u8,
    pub seq: u32,
    pub ack: u32,
    pub wnd: u16,
    pub payload_len: u16,
    pub flags: u16,
    pub tsval: u32,
    pub tsecr: u32,
    pub ts_recent: u32,
    pub rcv_nxt: u32,
    /// `ferrowarp_abi::code::ack_mode`; `rcv_nxt` counts only if it is not NONE.
    pub mode: u8,
    /// SACK blocks, left and right edge, and how many of them.
    pub sack: [(u32, u32); 4],
    pub sack_n: u8,
    /// The peer's, from its frame.
    pub peer_sack: [(u32, u32); 4],
    pub peer_sack_n: u8,
}

impl AckEvent {
    /// The SACK blocks in the order of the report.
    pub fn blocks(&self) -> &[(u32, u32)] {
        &self.sack[..usize::from(self.sack_n)]
    }

    /// The peer's, in the order of its option.
    pub fn peer_blocks(&self) -> &[(u32, u32)] {
        &self.peer_sack[..usize::from(self.peer_sack_n)]
    }
}

/// `read_request`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadRequest {
    pub cycle: u64,
    pub conn: u16,
    pub gen: u8,
    pub msn: u32,
    pub sink_stag: u32,
    pub sink_to: u64,
    pub len: u32,
    pub src_stag: u32,
    pub src_to: u64,
}

/// `atomic_request`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtomicRequest {
    pub cycle: u64,
    pub conn: u16,
    pub gen: u8,
    pub msn: u32,
    pub op: u8,
    pub id: u32,
    pub stag: u32,
    pub to: u64,
    pub data: u64,
    pub mask: u64,
    pub compare: u64,
    pub compare_mask: u64,
}
