//! What the X stages hand to each other. Private to the pipeline; the shared structs are in `types`.

use rust_hdl::prelude::*;

/// An FPDU's header as numbers, whichever kind it is (RFC 5044 4.1, RFC 5041 4.2-4.3, RFC 5040 4.1).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Hdr {
    pub ulen: Bits<16>,
    /// DDP control: T, L, DV.
    pub t: bool,
    pub l: bool,
    pub dv: Bits<2>,
    /// RDMAP control: RV, opcode.
    pub rv: Bits<2>,
    pub op: Bits<4>,
    /// Octets 4..7: STag, or Invalidate STag.
    pub stag: Bits<32>,
    /// Tagged: octets 8..15.
    pub to: Bits<64>,
    /// Untagged: octets 8..19.
    pub qn: Bits<32>,
    pub msn: Bits<32>,
    pub mo: Bits<32>,
}

/// What the header alone decides (X1).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Form {
    /// Error code (layer and type octet, code octet) that needs no table, 0 none.
    pub err: Bits<16>,
    pub write: bool,
    pub rresp: bool,
    pub send: bool,
    /// Send with Invalidate, with Solicited Event.
    pub inv: bool,
    pub se: bool,
    pub rreq: bool,
    pub term: bool,
    pub l: bool,
    /// Payload octets of this segment.
    pub dlen: Bits<16>,
    /// Octets that the range check covers: dlen, or the size of a Read Request.
    pub xlen: Bits<32>,
    /// First TO that the range check covers.
    pub to: Bits<64>,
    /// TO + xlen passes 2^64.
    pub wrap: bool,
    pub stag: Bits<32>,
    pub msn: Bits<32>,
    pub mo: Bits<32>,
}

/// What the tables decide (X2); X3 only adds once more.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ruling {
    pub err: Bits<16>,
    /// The octets are not all inside the region or buffer: error `over`.
    pub outside: bool,
    pub over: Bits<16>,
    pub off: Bits<64>,
    /// DMA address = base + off.
    pub base: Bits<64>,
    /// The message is complete: event `idx`, `mlen`.
    pub done: bool,
    pub idx: Bits<16>,
    pub mlen: Bits<32>,
    /// The read queue entry in hand is not the current one: decide again on the slow path.
    pub stale: bool,
    /// Entry to invalidate when the message is delivered.
    pub inv: bool,
    pub set: Bits<16>,
    pub way: Bits<4>,
}

/// Distances of a segment from its connection's state, modulo 2^32 (X1). X2 compares them.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Gap {
    /// Its sequence number less `rcv_nxt`, its end less `rcv_nxt`.
    pub ahead: Bits<32>,
    pub reach: Bits<32>,
}

/// What TCP says about a frame (X2). At most one of the first nine; none for an acceptable segment without data.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Verdict {
    /// One whole FPDU in order, nothing queued before it.
    pub fast: bool,
    /// Acceptable data or FIN for the assembler.
    pub slow: bool,
    /// All of it old: acknowledge again.
    pub old: bool,
    /// Beyond a gap: dropped, acknowledge again.
    pub ahead: bool,
    /// Outside the window: dropped, acknowledge again.
    pub outside: bool,
    /// SYN, RST off rcv_nxt, or ACK out of range: challenge (RFC 5961).
    pub challenge: bool,
    /// The challenge is for the ACK number.
    pub bad_ack: bool,
    /// RST at rcv_nxt.
    pub rst: bool,
    /// The connection takes no more data.
    pub dead: bool,
    /// Octets to skip at the front, and what is left.
    pub trim: Bits<16>,
    pub len: Bits<16>,
    /// rcv_nxt after this segment.
    pub nxt: Bits<32>,
    pub fin: bool,
}

/// One pulse a counter: what X3 did. Names as in the counter list.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Tally {
    pub malformed: bool,
    pub bad_ip_sum: bool,
    pub bad_tcp_sum: bool,
    pub dup: bool,
    pub ooo: bool,
    pub window: bool,
    pub bad_ack: bool,
    pub challenge: bool,
    pub rst: bool,
    pub fin: bool,
    pub dead: bool,
    pub fpdu_fast: bool,
    pub fpdu_pool: bool,
    pub fpdu_crc: bool,
    pub term_sent: bool,
    pub term_recv: bool,
    pub writes: bool,
    pub sends: bool,
    pub reads: bool,
    pub read_resps: bool,
    pub invalidated: bool,
}
