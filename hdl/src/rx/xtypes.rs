//! What the X stages hand to each other. Private to the pipeline; the shared structs are in `types`.

use super::types::BYTE;
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

/// Which part of a frame an entry is about (`parts.rs`). Nothing to an operation, nor without parts.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Part {
    /// Not the frame's first; not its last.
    pub extra: bool,
    pub more: bool,
    /// Its number, 0 first.
    pub index: Bits<4>,
    /// Octets of the payload in front of it; its own.
    pub off: Bits<16>,
    pub len: Bits<16>,
    /// Sequence number and payload of the whole segment.
    pub seq: Bits<32>,
    pub plen: Bits<16>,
}

/// Where the newest state of a connection stands.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Slot {
    /// In slot `number` of the history; else in the table's row.
    pub hit: bool,
    /// The entry just in front is of the same connection.
    pub near: bool,
    pub number: Bits<4>,
}

/// What the header alone decides (X1).
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Form {
    /// Errors that need no table, at most one of five: length, DDP version, RDMAP version, opcode, QN.
    pub bad_len: bool,
    pub bad_dv: bool,
    pub bad_rv: bool,
    pub bad_op: bool,
    pub bad_qn: bool,
    pub bad: bool,
    pub t: bool,
    pub write: bool,
    pub rresp: bool,
    /// Takes a receive: a Send or Immediate Data.
    pub send: bool,
    /// Send with Invalidate, with Solicited Event.
    pub inv: bool,
    pub se: bool,
    /// Asks for a Response: a Read or an Atomic Request.
    pub rreq: bool,
    pub term: bool,
    /// Atomic Response.
    pub aresp: bool,
    /// An opcode of RFC 7306: Immediate Data, Atomic Request, Atomic Response.
    pub ext: bool,
    /// Atomic Request of an operation that there is not.
    pub odd: bool,
    pub l: bool,
    /// Octets of the FPDU; 0 for a kind that needs the assembler.
    pub fpdu: Bits<18>,
    /// Payload octets of this segment, and whether there are any to be placed.
    pub dlen: Bits<16>,
    pub some: bool,
    /// Octets that the range check covers: dlen, or the size of a Read Request. (Of an Atomic Request 8, and only in `sum`.)
    pub xlen: Bits<32>,
    /// None.
    pub zero: bool,
    /// First TO that the range check covers.
    pub to: Bits<64>,
    /// Low half of TO, and xlen on top.
    pub sum: Bits<34>,
    pub stag: Bits<32>,
    pub msn: Bits<32>,
    pub mo: Bits<32>,
    /// MO + dlen of an untagged one.
    pub end: Bits<33>,
    /// Requests that wait for their Response if this one counts.
    pub busy: Bits<16>,
    /// Length or L not as a Request, a Terminate, an Atomic Response or Immediate Data has them, or the MO of the last two.
    pub shape: bool,
}

/// What the tables decide (X2). X3 puts the bits together: of the errors the first one counts.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ruling {
    /// Response without a Read or an Atomic; MSN out of range.
    pub first: bool,
    /// Not the sink STag; no receive posted; more Requests than IRD.
    pub second: bool,
    /// MO outside of the buffer or not 0; not the octets asked for: they begin (or an Atomic Response's MSN is), they end
    /// elsewhere.
    pub third: bool,
    pub elsewhere: bool,
    pub uneven: bool,
    /// Not the form that its opcode has.
    pub shape: bool,
    /// No such atomic operation; not the Atomic that was asked for.
    pub odd: bool,
    /// The first, the second or the last of the above, or one of the header's errors.
    pub flaw: bool,
    /// STag matters; invalid, not associated, right missing, TO wrap, no address for an Atomic; one of these five, or `odd`.
    pub tag: bool,
    pub stag: bool,
    pub foreign: bool,
    pub right: bool,
    pub wrap: bool,
    pub skew: bool,
    pub barred: bool,
    /// The entry has been invalidated meanwhile.
    pub revoked: bool,
    /// The range matters. TO - base has no upper half: without a borrow of the lower half, with one; that borrow.
    pub ranged: bool,
    pub upper_same: bool,
    pub upper_next: bool,
    pub borrow: bool,
    /// (TO + xlen) - base - len - 1 of the lower halves, the borrow left out: sign, and bit 32.
    pub below: bool,
    pub near: bool,
    /// A Send beyond its buffer.
    pub over: bool,
    /// DMA address = base + off.
    pub off: Bits<64>,
    pub base: Bits<64>,
    pub idx: Bits<16>,
    pub mlen: Bits<32>,
    /// The read queue entry in hand is not the current one: decide again on the slow path.
    pub stale: bool,
    /// TPT entry, to be invalidated when the message is delivered.
    pub set: Bits<16>,
    pub way: Bits<4>,
}

/// What of a connection's state the last X3 stage changed; the rest stayed.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Moves {
    pub nxt: bool,
    pub pend: bool,
    pub smsn: bool,
    pub rmsn: bool,
    /// `rd_head` and `rd_off`.
    pub rd: bool,
}

/// What TCP says about a frame (X2). X3 puts the bits together.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Verdict {
    /// One whole FPDU in order, nothing queued before it, if it is inside of the window.
    pub fast: bool,
    /// One whole FPDU and no FIN, wherever it stands.
    pub single: bool,
    /// Data or FIN for the assembler, if some of it is inside of the window and not all old.
    pub slow: bool,
    /// Data ahead of a gap, for the assembler too, if it begins inside of the window.
    pub early: bool,
    /// RST at rcv_nxt; the same while segments wait in front of it: it goes behind them.
    pub reset: bool,
    pub reset_later: bool,
    /// RST at all; a SYN, no ACK or an ACK out of range; the challenge is for the ACK number.
    pub rst: bool,
    pub odd: bool,
    pub bad_ack: bool,
    /// No data, no FIN.
    pub empty: bool,
    /// Begins at rcv_nxt, before it; ends at or before it.
    pub here: bool,
    pub behind: bool,
    pub covered: bool,
    /// Ends inside of the window; a RST or an empty segment begins there.
    pub inside: bool,
    /// Some of it is in front of the window's end; if not all of it is, it is trimmed to so many octets.
    pub starts: bool,
    pub fits: Bits<16>,
    /// The connection takes data.
    pub open: bool,
    /// Staging address and number of the octets to take.
    pub addr: Bits<BYTE>,
    pub len: Bits<16>,
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
    pub paws: bool,
    pub no_ts: bool,
}
