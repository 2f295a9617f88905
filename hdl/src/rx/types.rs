//! The structs that pass between the receive path's blocks. One place, so that no block invents its own layout.
//!
//! Every struct is flat (the kernel language knows no nested fields). A multi-octet field is a number
//! (network order already undone), except `hdr*`, which hold FPDU octets as they stood on the wire:
//! octet p of the FPDU at bits `[8p+7:8p]`.

use rust_hdl::prelude::*;

/// Connection number inside the chip. The seams carry 20 bits; no preset has more than 32 k connections.
pub const CONN: usize = 16;
/// Frame slot of the staging RAM.
pub const SLOT: usize = 8;
/// Beat address in the staging RAM or the pool.
pub const BEAT: usize = 16;
/// Byte address in the staging RAM or the pool: beat address and lane.
pub const BYTE: usize = 22;
/// Lookup tuple: {vlan 13 (1 = tagged, then VID 12), dport 16, sport 16, dst 32, src 32}, src in the low bits. Of IPv6
/// addresses the low 32 bits; the rest is in [`Upper`].
pub const TUPLE: usize = 109;
/// Bits of [`Upper`].
pub const UPPER: usize = 193;

/// What an IPv6 tuple has more than an IPv4 one: the upper 96 bits of both addresses. All zero for IPv4.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Upper {
    pub v6: bool,
    pub src: Bits<96>,
    pub dst: Bits<96>,
}
/// FPDU octets 0..19: length field and DDP/RDMAP header of either kind.
pub const HDR_A: usize = 160;
/// FPDU octets 20..47: RDMA Read Request header, Terminate header.
pub const HDR_B: usize = 224;
/// Both.
pub const HDR: usize = HDR_A + HDR_B;

/// What ingest knows when a frame has ended. One entry a frame, in arrival order.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct FrameDone {
    pub slot: Bits<SLOT>,
    /// Staging beat of frame octet 0.
    pub start: Bits<BEAT>,
    /// Frame length in octets, FCS excluded.
    pub len: Bits<16>,
    /// MAC said bad at tlast, or the frame was cut by ingest.
    pub bad: bool,
    /// IPv4, IHL 5, no fragment, TCP, or IPv6 and at once TCP: a lookup was launched for this frame, a context entry follows it.
    pub tcp: bool,
    /// doff >= 5, the IP length covers the headers, and the frame covers the IP length.
    pub hdr_ok: bool,
    /// Octet offset of the TCP payload in the frame.
    pub h: Bits<8>,
    /// TCP payload length.
    pub plen: Bits<16>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub wnd: Bits<16>,
    /// TCP flags, FIN at bit 0, SYN 1, RST 2, PSH 3, ACK 4, URG 5, ECE 6, CWR 7.
    pub flags: Bits<8>,
    /// ECN field of the IP header (TOS, traffic class) was CE.
    pub ce: bool,
    /// The options begin with NOP NOP Timestamps.
    pub ts: bool,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    /// There may be one elsewhere among them, or SACK blocks: the option walker knows.
    pub odd: bool,
    /// A TPT read was issued for this frame: X2 pops one TPT result.
    pub tpt: bool,
    pub hdr_a: Bits<HDR_A>,
}

/// Verdicts over a whole frame, complete three cycles after tlast. One entry a frame.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Scan {
    pub ip_ok: bool,
    pub tcp_ok: bool,
    /// CRC32C good if the TCP payload is exactly one FPDU.
    pub crc_ok: bool,
}

/// Receive state of a connection that changes with every segment. Written only by the X3 stage.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Dyn {
    /// Connection state: 0 closed, 1 open, 2 error or terminated (places nothing, still acknowledges nothing new), 3 FIN received.
    pub st: Bits<2>,
    /// Next octet the pipeline accepts. Ahead of what is acknowledged while segments wait in the assembler.
    pub rcv_nxt: Bits<32>,
    /// Segments of this connection queued for the assembler or in it.
    pub pend: Bits<8>,
    /// The assembler holds a part of an FPDU of this connection, or octets ahead of a gap, or the stream has Markers.
    pub mid: bool,
    /// CRC failures of the FPDU that starts at rcv_nxt.
    pub crc_rep: Bits<2>,
    /// Expected MSN on queue 0 and queue 1.
    pub smsn: Bits<32>,
    pub rmsn: Bits<32>,
    /// Reads and Atomics whose Response is complete (counts from 0), and octets received of the current one.
    pub rd_head: Bits<16>,
    pub rd_off: Bits<32>,
    /// A valid FPDU has arrived (RFC 5044 7.1.2: opens the responder's gate).
    pub first: bool,
    /// A RST waits behind the queued segments; nothing else is accepted.
    pub rst: bool,
}

/// What the tables say about a frame or an operation. One entry per launched frame or operation, in launch order.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CtxEntry {
    /// An operation of the assembler or the command block, not a frame; its fields wait in the operation FIFO.
    pub pseudo: bool,
    /// Frame: full tuple matched a valid context. Operation: context valid and generation equal.
    pub hit: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub func: Bits<8>,
    pub rcv_wnd: Bits<32>,
    pub crc_en: bool,
    pub pd: Bits<24>,
    pub qpn: Bits<20>,
    pub ird: Bits<8>,
    pub sack: bool,
    // Dyn, field by field
    pub st: Bits<2>,
    pub rcv_nxt: Bits<32>,
    pub pend: Bits<8>,
    pub mid: bool,
    pub crc_rep: Bits<2>,
    pub smsn: Bits<32>,
    pub rmsn: Bits<32>,
    pub rd_head: Bits<16>,
    pub rd_off: Bits<32>,
    pub first: bool,
    pub rst: bool,
    // snd_mirror
    pub snd_una: Bits<32>,
    pub snd_nxt: Bits<32>,
    pub max_wnd: Bits<32>,
    /// Low bits of the count of Reads answered (read_done), started at install with rmsn - 1.
    pub rd_done: Bits<16>,
}

/// Static context of a connection, one row of the context RAM. Written only by the command block.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ctx {
    pub valid: bool,
    pub gen: Bits<8>,
    pub tuple: Bits<TUPLE>,
    pub func: Bits<8>,
    pub rcv_wnd: Bits<32>,
    pub crc_en: bool,
    pub pd: Bits<24>,
    pub qpn: Bits<20>,
    pub ird: Bits<8>,
    /// SACK was permitted in the handshake.
    pub sack: bool,
    // Upper, field by field. The last fields: a preset without IPv6 does not store them.
    pub v6: bool,
    pub src_high: Bits<96>,
    pub dst_high: Bits<96>,
}

/// Send state mirrored by the transmit path. Written only by the mirror server.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Mirror {
    pub snd_una: Bits<32>,
    pub snd_nxt: Bits<32>,
    pub max_wnd: Bits<32>,
    /// Last.ACK.sent. The last field: the context does not store it, `stamps` does.
    pub last_ack: Bits<32>,
}

/// Kinds of operations that go through the pipeline like a frame (`Op::kind`).
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum OpKind {
    /// Assembler: an FPDU is complete in the pool, CRC verdict in `term` (0 good).
    Fpdu,
    /// Assembler: a segment is done with.
    SegDone,
    /// Command block.
    Install,
    Remove,
    Query,
    Fence,
}

/// An operation of the assembler or the command block.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Op {
    pub kind: OpKind,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Fpdu: octets 0..47. Install: hdr_a[31:0] rcv_nxt, [63:32] smsn, [95:64] rmsn, [96] Markers, [105:97] low bits of SeqStart,
    /// [106] Timestamps, [138:107] TS.Recent.
    pub hdr_a: Bits<HDR_A>,
    pub hdr_b: Bits<HDR_B>,
    /// Fpdu: first pool block of the FPDU. NO_BLOCK without an error: it lies in the staging RAM, `seq` says where.
    pub blk: Bits<BEAT>,
    /// Fpdu: error found by the assembler (layer/type octet, code octet), 0 none.
    pub term: Bits<16>,
    /// SegDone: stream position that may be acknowledged (everything before it is placed or held). Fpdu without a block:
    /// {frame slot 8, staging byte address of its first octet 22}; the slot is free when it has been delivered.
    pub seq: Bits<32>,
    /// SegDone: a part of an FPDU is held, or octets ahead of a gap; with Markers and without `fin` always.
    pub mid: bool,
    /// SegDone: the rest of the segment was not taken; rcv_nxt falls back to `seq`.
    pub rollback: bool,
    /// SegDone: rollback because of a CRC error at `seq` with no octet of that FPDU acknowledged.
    pub crc_fail: bool,
    /// SegDone: the segment carried FIN and was taken whole.
    pub fin: bool,
    /// SegDone: acknowledge at once: a gap is there, or was filled, or nothing was new.
    pub now: bool,
    /// SegDone: SACK blocks go with the report; they wait in the assembler.
    pub sack: bool,
    /// Fence: id given back in the event.
    pub fence_id: Bits<10>,
}

/// A TPT entry as X2 sees it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct TptEntry {
    /// Index tag matched a valid way.
    pub hit: bool,
    /// Set address and one-hot way of the hit: what an invalidation names.
    pub set: Bits<16>,
    pub way: Bits<4>,
    pub key: Bits<8>,
    /// bit 0 remote write, 1 remote read, 2 Read Response sink, 3 remote invalidate.
    pub rights: Bits<4>,
    pub pd: Bits<24>,
    /// Bound to one QP only.
    pub bound: bool,
    pub qpn: Bits<20>,
    /// First TO and length in octets.
    pub base: Bits<64>,
    pub len: Bits<32>,
    /// DMA address of `base`.
    pub pa: Bits<64>,
}

/// A posted receive. Slot = MSN modulo the slots of a queue; the MSN inside tells whether it is posted.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Rqe {
    pub gen: Bits<8>,
    pub msn: Bits<32>,
    pub idx: Bits<16>,
    pub addr: Bits<64>,
    pub len: Bits<32>,
}

/// An outstanding Read or Atomic of ours. Slot = count modulo the slots; `count` tells which of them it is.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Rdq {
    pub gen: Bits<8>,
    pub count: Bits<16>,
    pub valid: bool,
    pub sq_idx: Bits<16>,
    /// Sink STag; of an Atomic its Request Identifier.
    pub stag: Bits<32>,
    /// Sink TO; of an Atomic {queue number 3, MSN of the Response}, as the Response's header has them.
    pub to: Bits<64>,
    pub len: Bits<32>,
    pub atomic: bool,
}

/// A segment for the assembler (or the order to free what it holds of a connection).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Seg {
    /// Free everything held of `conn`; no segment. With `fresh`: a stream with Markers begins, SeqStart is `at` (modulo 512).
    pub purge: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub slot: Bits<SLOT>,
    /// Staging byte address of the first octet to take, trimmed.
    pub addr: Bits<BYTE>,
    pub len: Bits<16>,
    /// Sequence number of that octet.
    pub at: Bits<32>,
    /// Next octet that the pipeline expected.
    pub seq: Bits<32>,
    /// The connection had nothing queued or held: an FPDU starts at `seq`.
    pub fresh: bool,
    pub crc_en: bool,
    pub fin: bool,
    /// One FPDU, the whole of it and nothing else, of a kind that goes the fast way; its CRC is good. (`Cfg::bypass`)
    pub whole: bool,
}

/// Where the octets of a delivery come from (`Desc::src`).
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Src {
    /// No data: an event, a zero-length message or a release alone.
    None,
    Staging,
    Pool,
}

/// One delivery: at most one DMA write, then at most one event, then releases. In order.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Desc {
    pub src: Src,
    /// Staging: byte address of the first octet. Pool: {first block, octet offset in the FPDU 6 bits}.
    pub from: Bits<BYTE>,
    /// DMA address and octets: only with a source. A fence has none and length 0.
    pub addr: Bits<64>,
    pub len: Bits<17>,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub func: Bits<8>,
    /// dma_wr_req class.
    pub class: Bits<3>,
    /// Frame slot to free afterwards.
    pub slot: Bits<SLOT>,
    pub free_slot: bool,
    /// Pool chain to free afterwards.
    pub blk: Bits<BEAT>,
    pub free_blk: bool,
    /// An event follows the data (cpl_event), with these fields.
    pub event: bool,
    pub kind: Bits<4>,
    pub opcode: Bits<4>,
    pub flags: Bits<8>,
    pub msn: Bits<32>,
    pub mlen: Bits<32>,
    pub idx: Bits<16>,
    pub stag: Bits<32>,
    pub term: Bits<16>,
    /// FPDU octets 2..47 come with it, for the event's header, its immediate data or the read_request.
    pub aux: bool,
    /// A read_request follows instead of a cpl_event; with a source an atomic_request, whose operands the octets are.
    pub rreq: bool,
    pub fence: bool,
    pub fence_id: Bits<10>,
}

/// Delivery of a plain frame: the whole of it into a host buffer, then a NIC event, then its slot is free.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct NicDesc {
    /// Staging beat of frame octet 0.
    pub beat: Bits<BEAT>,
    pub len: Bits<16>,
    pub slot: Bits<SLOT>,
    /// The host buffer: DMA address and rqe_idx.
    pub addr: Bits<64>,
    pub idx: Bits<16>,
}

/// Report on a TCP segment to the transmit path (seam `ack_event`).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ack {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub wnd: Bits<16>,
    pub plen: Bits<16>,
    /// TS.Recent, this segment counted.
    pub ts_recent: Bits<32>,
    /// bit 0 fin, 1 rst, 2 psh, 3 ece, 4 cwr, 5 ce, 6 dup, 7 ooo, 8 ts, 9 first_fpdu, 10 rx_only (no segment: rcv_nxt moved).
    pub flags: Bits<11>,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    pub rcv_nxt: Bits<32>,
    /// 0 none, 1 delayed, 2 now, 3 challenge.
    pub mode: Bits<2>,
    /// The SACK blocks that wait in the assembler belong to it.
    pub sack: bool,
}
