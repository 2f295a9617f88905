//! What the blocks of the TCP sender engine pass to each other. See [`snd`](super::snd) for the pipeline they make up.
//!
//! Sequence numbers are absolute, modulo 2^32. Times are in units of the register `tick` (default 1 us), modulo 2^32.
//! Intervals (RTO, RTT) are below 2^27 units: what would be longer is cut there.

pub use crate::rx::types::CONN;
use rust_hdl::prelude::*;

/// Connection numbers as the seams carry them.
pub const SEAM_CONN: usize = 20;

/// What an event is.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Kind {
    /// A bubble.
    None,
    Install,
    Remove,
    Ack,
    /// One SACK block of an ACK that brings several: the newest comes with the `Ack` itself.
    Block,
    Data,
    Sent,
    Ask,
    /// The timer scan is at this connection.
    Tick,
}

/// An event on its way through the pipeline.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ev {
    pub kind: Kind,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    /// Ack: acknowledgement number. Data: end of the data. Sent: octets, and from the stage behind on the position behind the
    /// last one. Install: SND.NXT.
    pub pos: Bits<32>,
    /// Ack: SEG.SEQ. Install: SND.WL1.
    pub seq: Bits<32>,
    /// Sent: first octet. Install: SND.UNA.
    pub from: Bits<32>,
    /// Ack: TSecr. Install: SND.WL2.
    pub stamp: Bits<32>,
    /// Ack: window as received. Install: SND.WND.
    pub wnd: Bits<32>,
    /// Ack: neither payload nor FIN.
    pub pure: bool,
    /// Ack: `stamp` is valid. Install: timestamps are on.
    pub ts: bool,
    /// Ack, Block: there is a SACK block. Install: SACK is permitted.
    pub blk: bool,
    /// Sent: a window probe. Install: the SYN had to be repeated.
    pub odd: bool,
    /// SACK block: left edge, right edge. Install: {window scale 4, MSS 14} in `left`.
    pub left: Bits<32>,
    pub right: Bits<32>,
    /// When it was taken.
    pub now: Bits<32>,
}

/// Sequence state, first part of a context.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Core {
    pub valid: bool,
    /// R2 is exceeded: nothing happens any more.
    pub dead: bool,
    pub gen: Bits<8>,
    /// What the peer's window is shifted by.
    pub scale: Bits<4>,
    pub mss: Bits<14>,
    pub ts: bool,
    pub sack: bool,
    pub una: Bits<32>,
    /// Next octet to send. Falls back to `una` on a timeout.
    pub nxt: Bits<32>,
    /// Behind the highest octet ever sent.
    pub max: Bits<32>,
    /// Octets exist up to here.
    pub end: Bits<32>,
    pub wnd: Bits<32>,
    pub wl1: Bits<32>,
    pub wl2: Bits<32>,
    /// Largest window the peer has offered.
    pub max_wnd: Bits<32>,
}

/// Congestion, RTT and timer state, second part of a context.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Rate {
    pub cwnd: Bits<32>,
    pub ssth: Bits<32>,
    /// Octets acknowledged since `cwnd` last grew in congestion avoidance.
    pub count: Bits<32>,
    /// `max` when the last loss was found: recovery lasts until it is acknowledged.
    pub recover: Bits<32>,
    /// `max` at the first duplicate ACK: what limited transmit sends lies behind it.
    pub mark: Bits<32>,
    /// 8 x SRTT, 4 x RTTVAR.
    pub srtt: Bits<32>,
    pub rttvar: Bits<32>,
    /// With the back-off in it.
    pub rto: Bits<32>,
    /// Interval of window probes; 0: the window is open.
    pub persist: Bits<32>,
    pub deadline: Bits<32>,
    /// When data was last sent.
    pub last: Bits<32>,
    /// The octet that is timed, and when it was sent.
    pub timed_seq: Bits<32>,
    pub timed_at: Bits<32>,
    /// First expiry in the present row of them.
    pub since: Bits<32>,
    /// Expiries in a row.
    pub tries: Bits<4>,
    pub armed: bool,
    pub timing: bool,
    /// SRTT is valid.
    pub sampled: bool,
    /// `una` is to be sent again.
    pub again: bool,
    /// A window probe is to be sent.
    pub probe: bool,
    pub phase: Phase,
    /// Duplicate ACKs, up to 3.
    pub dups: Bits<2>,
    /// A partial ACK has come in this recovery.
    pub part: bool,
}

/// Where congestion control stands.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Phase {
    Open,
    /// Fast recovery (RFC 6582, RFC 6675).
    Recovery,
    /// Behind a timeout, until `recover` is acknowledged: go-back-N in slow start.
    Loss,
}

/// Stage 1's findings, with stage 2.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Seen {
    /// Installed, of this generation, not dead.
    pub live: bool,
    /// `pos` is in `una..max`, and is not `una`.
    pub in_range: bool,
    pub new: bool,
    /// There is something outstanding.
    pub out: bool,
    /// RFC 9293 3.10.7.4: the window is newer.
    pub fresh: bool,
    pub same_wnd: bool,
    pub bigger: bool,
    pub wnd: Bits<32>,
    pub over_max: bool,
    pub over_nxt: bool,
    /// `from` is `una`; is not below `max`; is beyond `nxt`.
    pub at_una: bool,
    pub untouched: bool,
    pub beyond: bool,
    /// `pos - una`, `max - una`.
    pub delta: Bits<32>,
    pub flight: Bits<32>,
}

/// Stage 3's decision, valid in the second half of stage 3 and the first of stage 4. At most one of the first group.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Act {
    pub install: bool,
    /// New data acknowledged: outside of recovery; some of what `recover` asks for; all of it.
    pub grow: bool,
    pub partial: bool,
    pub full: bool,
    /// A duplicate ACK enters recovery; comes in recovery.
    pub enter: bool,
    pub inflate: bool,
    pub timeout: bool,
    pub idle: bool,

    // More than one of these may be set.
    /// Installed, of this generation, not dead.
    pub live: bool,
    /// One of the first three duplicate ACKs.
    pub dup: bool,
    pub probe: bool,
    pub dead: bool,
    /// New data acknowledged; the timer starts again.
    pub new: bool,
    pub renew: bool,
    /// The timed octet is acknowledged; that gives a sample.
    pub timed: bool,
    pub sample: bool,
    /// First expiry in a row.
    pub first: bool,
    /// An ACK while the window is closed.
    pub answered: bool,
    /// The end of the timeout's recovery.
    pub heal: bool,
    /// Sent: octets; of them some that were sent before; a window probe; the octet `una`.
    pub sent: bool,
    pub resent: bool,
    pub probed: bool,
    pub head: bool,
    /// The receive path's mirror changes.
    pub mirror: bool,
}

/// What may be sent (`Grant::kind`), as `grant_kind` carries it: 0 nothing, 1 new octets, 2 octets sent before, 3 a window probe.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Send {
    Nothing,
    New,
    Again,
    Probe,
}

/// What may be sent.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Grant {
    pub kind: Send,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub from: Bits<32>,
    pub budget: Bits<32>,
    /// Nothing is outstanding.
    pub idle: bool,
}

/// What the receive path checks acknowledgements against.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Mirrored {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub una: Bits<32>,
    pub max: Bits<32>,
    pub max_wnd: Bits<32>,
}

/// A connection and its generation, and something to tell of it.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Told {
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub value: Bits<32>,
}
