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
