//! What the blocks of the acker pass to each other. See [`acker`](super::acker) for the pipeline they make up.
//!
//! Sequence numbers are absolute, modulo 2^32. Times are units of the register `tick` of the sender; those in a row are kept
//! modulo 2^24: intervals are below 2^23 units, and every connection is looked at more often than that.

pub use super::snd_types::SEAM_CONN;
pub use crate::rx::types::CONN;
use rust_hdl::prelude::*;

/// Bits of a time in a row.
pub const SHORT: usize = 24;

/// What an event is.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum AckKind {
    /// A bubble.
    None,
    Install,
    /// The second half of an installation: send state.
    Start,
    Remove,
    /// Send state of the sender.
    Mirror,
    /// A report of the receive path.
    Report,
    /// A segment with octets of the stream goes out.
    Data,
    /// A bare ACK may go out, if one is still wanted.
    Bare,
    /// The timer scan is at this connection.
    Tick,
}

/// An event on its way through the pipeline.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct AckEv {
    pub kind: AckKind,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Install, Report: rcv_nxt. Start, Mirror: snd_una. Data: first octet, and from the stage behind on the position behind the last one.
    pub pos: Bits<32>,
    /// Install, Report: TS.Recent. Start, Mirror: snd_nxt.
    pub stamp: Bits<32>,
    /// Install: {SACK, timestamps, mss 14, wnd 16}. Start, Mirror: largest window offered. Data: octets.
    pub wide: Bits<32>,
    /// Report: ack_mode.
    pub mode: Bits<2>,
    /// Report: `n` SACK blocks take the place of those before; the first one reports a duplicate (RFC 2883).
    pub counts: bool,
    pub n: Bits<3>,
    pub dup: bool,
    /// Report: reset by the peer. Data: a window probe.
    pub odd: bool,
    /// When it was taken.
    pub now: Bits<32>,
}

/// What is known of a connection, but for the SACK blocks themselves.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct AckRow {
    pub valid: bool,
    pub gen: Bits<8>,
    /// What an ACK may acknowledge; what the last one did.
    pub rcv_nxt: Bits<32>,
    pub last_ack: Bits<32>,
    /// The window field of every segment.
    pub wnd: Bits<16>,
    /// More octets than this are acknowledged at once.
    pub mss: Bits<14>,
    pub ts: bool,
    pub sack: bool,
    pub recent: Bits<32>,
    /// Bare ACKs to be sent, up to 7.
    pub owed: Bits<3>,
    /// The delay runs, until then.
    pub waits: bool,
    pub deadline: Bits<SHORT>,
    /// A challenge ACK was given, then, and no other is allowed.
    pub quiet: bool,
    pub quiet_from: Bits<SHORT>,
    /// SACK blocks; the first one goes out once only; it has.
    pub n: Bits<3>,
    pub dup: bool,
    pub skip: bool,
    /// Sequence number of a bare ACK: behind the highest octet sent, probes not counted.
    pub seq: Bits<32>,
    // what the receive path must know
    pub una: Bits<32>,
    pub max: Bits<32>,
    pub max_wnd: Bits<32>,
}

/// What stage 1 has found, for stage 2.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct AckSeen {
    /// Installed, of this generation.
    pub live: bool,
    /// The report moves rcv_nxt; octets are not acknowledged with it; more than `mss` of them.
    pub moved: bool,
    pub some: bool,
    pub over: bool,
    /// Time is up; the next challenge ACK is allowed.
    pub late: bool,
    pub calm: bool,
    /// `pos` (Mirror: `stamp`) is beyond `max`; `pos` is beyond `seq`.
    pub over_max: bool,
    pub over_seq: bool,
    /// Mirror: una or window differ.
    pub other: bool,
}

/// What a segment has of the receiver's side: the answer to an ask, in the order of asks.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct AckFields {
    /// A bare ACK was asked for and is wanted. Of data: the connection is there.
    pub go: bool,
    /// Sequence number of a bare ACK.
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub wnd: Bits<16>,
    pub ts: bool,
    pub tsval: Bits<32>,
    pub tsecr: Bits<32>,
    /// 0 with data.
    pub sack_n: Bits<3>,
    pub sack: Bits<256>,
}

/// One beat of `snd_mirror`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct AckTold {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub una: Bits<32>,
    pub max: Bits<32>,
    pub last_ack: Bits<32>,
    pub max_wnd: Bits<32>,
}

/// A connection and its generation.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Who {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
}
