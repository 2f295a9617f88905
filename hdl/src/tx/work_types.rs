//! What the blocks from the send queue to the FPDU jobs pass to each other. See [`work`](super::work) for how they are put together.

pub use crate::rx::types::CONN;
use rust_hdl::prelude::*;

/// Connection numbers as the seams carry them.
pub const SEAM_CONN: usize = 20;
/// Address of a row of 16 octets in the slot store: connection, slot, row of the slot; at most 2^16 connections of 64 slots.
pub const SLOT_ADDR: usize = 24;
/// Number of a slot of a connection on chip, as far as it is stored.
pub const SLOT_NO: usize = 6;
/// Tags of reads under way.
pub const TAG: usize = 6;
/// Octet and beat of a read buffer.
pub const AT: usize = 17;
pub const BUF_ROW: usize = 14;

/// Number of an FPDU record; counts on beyond what is stored.
pub const REC: usize = 13;
/// Its address: connection and record.
pub const REC_ADDR: usize = 28;
/// Count of slots.
pub const COUNT: usize = 7;

/// Sizes of the send queues and of replay.
#[derive(Clone, Debug)]
pub struct WorkCfg {
    /// Connections: 2^conn_bits.
    pub conn_bits: usize,
    /// log2 of the WQE slots of 64 octets that a connection has on chip, from fetch to completion: 2 to 6.
    pub slot_bits: usize,
    /// log2 of the FPDUs that a connection may have between cut and acknowledged: 2 to 12.
    pub rec_bits: usize,
    /// log2 of the read buffer's octets: 12 to 16.
    pub buf_bits: usize,
    /// log2 of the payload reads under way: 4 to 6.
    pub tag_bits: usize,
}

impl WorkCfg {
    /// The longest FPDU that is cut: half of the read buffer, so that one comes while another goes.
    pub fn max_fpdu(&self) -> usize {
        (1 << (self.buf_bits - 1)).min(16_380)
    }
}

/// One slot of a WQE has come. The first brings what cutting and completing needs; the entries are in the slot store.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Wqe {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Slots of the same WQE in front of this one.
    pub back: Bits<2>,
    /// Of the WQE's first slot, also if this is a further one.
    pub idx: Bits<16>,
    /// Not 0: the WQE, of which `back` slots may have come, ends with this; nothing follows on this queue.
    pub status: Bits<8>,
    // with `back` 0
    pub op: Bits<5>,
    pub octets: bool,
    pub signaled: bool,
    pub more: Bits<2>,
    pub len: Bits<32>,
}

/// A DMA read request, as the seam has it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RdReq {
    pub addr: Bits<64>,
    pub len: Bits<17>,
    pub tag: Bits<10>,
    pub conn: Bits<SEAM_CONN>,
    pub gen: Bits<8>,
    pub func: Bits<8>,
    pub class: Bits<3>,
}

/// An FPDU: what is needed to make its octets, the first time and any later one.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Record {
    /// Sequence number of its first octet; octets, of these payload.
    pub seq: Bits<32>,
    pub len: Bits<14>,
    pub payload: Bits<14>,
    /// Octets of the message in front of it. Of a Send: the message's number.
    pub mo: Bits<32>,
    pub msn: Bits<32>,
    /// First slot of the WQE.
    pub slot: Bits<SLOT_NO>,
    pub last: bool,
}

/// Which records there are.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Window {
    pub valid: bool,
    pub gen: Bits<8>,
    pub head: Bits<REC>,
    pub tail: Bits<REC>,
}

/// An FPDU could not be made.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fail {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub rec: Bits<REC>,
    pub slot: Bits<SLOT_NO>,
    pub status: Bits<8>,
}

/// A WQE is completed.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Done {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub idx: Bits<16>,
    pub op: Bits<5>,
    pub signaled: bool,
    pub status: Bits<8>,
}

/// How a connection's FPDUs are made; fixed while it lasts.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Manner {
    pub mss: Bits<14>,
    pub crc_en: bool,
    pub func: Bits<8>,
    pub qpn: Bits<20>,
    pub pd: Bits<24>,
}

/// A segment that a grant gives, as planned. `kind` 0: some octets of an FPDU; 1: nothing; 2: no segment, a mark that passes behind all before it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Task {
    pub kind: Bits<2>,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub rec: Bits<REC>,
    pub seq: Bits<32>,
    pub skip: Bits<14>,
    pub take: Bits<14>,
    pub payload: Bits<14>,
    pub mo: Bits<32>,
    pub msn: Bits<32>,
    pub slot: Bits<SLOT_NO>,
    /// Of the message; of the grant.
    pub fin: bool,
    pub last: bool,
    pub probe: bool,
    pub psh: bool,
}

/// The same with its WQE read. Its pieces have been asked for.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Job {
    pub kind: Bits<2>,
    /// Not to be sent.
    pub void: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub rec: Bits<REC>,
    pub slot: Bits<SLOT_NO>,
    pub seq: Bits<32>,
    pub skip: Bits<14>,
    pub take: Bits<14>,
    pub payload: Bits<14>,
    pub last: bool,
    pub probe: bool,
    pub psh: bool,
    pub fin: bool,
    pub crc_en: bool,
    pub op: Bits<3>,
    pub stag: Bits<32>,
    /// Tagged: the TO. Untagged: MO, above it MSN.
    pub to: Bits<64>,
    /// Reads of memory, tags in all.
    pub reads: Bits<5>,
    pub tags: Bits<5>,
    pub rows: Bits<BUF_ROW>,
    /// Not 0: the WQE's entries do not hold the octets.
    pub status: Bits<8>,
}

/// A piece of memory that a region must allow: `region_*`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RegionAsk {
    pub stag: Bits<32>,
    pub addr: Bits<64>,
    pub len: Bits<32>,
    pub conn: Bits<SEAM_CONN>,
    pub gen: Bits<8>,
    pub pd: Bits<24>,
    pub qpn: Bits<20>,
}

/// Where the piece goes.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Piece {
    pub tag: Bits<TAG>,
    pub len: Bits<14>,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub func: Bits<8>,
}

/// A segment for compose: `turn_*`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Turn {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub seq: Bits<32>,
    pub len: Bits<14>,
    pub psh: bool,
    pub probe: bool,
    pub last: bool,
}
