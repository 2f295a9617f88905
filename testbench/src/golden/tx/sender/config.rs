//! What the sender is given, and time.

/// Virtual time in nanoseconds.
pub type Ns = u64;
pub const US: Ns = 1_000;
pub const MS: Ns = 1_000_000;
pub const SEC: Ns = 1_000_000_000;

/// Clock of the TSval we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TsClock {
    /// TSval at time 0.
    pub offset: u32,
    pub tick: Ns,
}

impl TsClock {
    pub fn at(self, now: Ns) -> u32 {
        self.offset.wrapping_add((now / self.tick.max(1)) as u32)
    }
}

/// State of a connection at hand-over, and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderConfig {
    /// Sequence number of the first octet.
    pub first_seq: u32,
    /// Payload octets of a segment; options present on every segment are taken off already.
    pub mss: usize,
    /// Window offered so far in octets, and the sequence number of the segment that said it.
    pub wnd: u32,
    pub wl1: u32,
    /// Shift of the window fields to come.
    pub wnd_scale: u8,
    pub sack: bool,
    pub timestamps: Option<TsClock>,
    /// Before the first sample (RFC 6298 2.1; 3 s if the SYN timed out, 5.7).
    pub rto_initial: Ns,
    /// RFC 6298 2.4 says one second; data centres take far less.
    pub rto_min: Ns,
    pub rto_max: Ns,
    /// Clock granularity G of RFC 6298.
    pub granularity: Ns,
    /// Time-outs in a row after which the owner is told, and time without progress after which the connection is given up.
    pub r1: u32,
    pub r2: Ns,
    /// None: RFC 5681 3.1. One segment if the SYN was lost.
    pub initial_window: Option<u64>,
    pub max_cwnd: u64,
    pub limited_transmit: bool,
    /// Several FPDUs may share a segment.
    pub pack: bool,
    /// A short segment waits while anything is unacknowledged. An RNIC runs without.
    pub nagle: bool,
    /// How long silly window avoidance may hold octets back (RFC 9293 3.8.6.2.1: 0.1 to 1 s).
    pub sws_override: Ns,
}

impl Default for SenderConfig {
    fn default() -> Self {
        SenderConfig {
            first_seq: 0,
            mss: 1460,
            wnd: 1 << 20,
            wl1: 0,
            wnd_scale: 0,
            sack: true,
            timestamps: None,
            rto_initial: SEC,
            rto_min: SEC,
            rto_max: 60 * SEC,
            granularity: MS,
            r1: 3,
            r2: 100 * SEC,
            initial_window: None,
            max_cwnd: 1 << 30,
            limited_transmit: true,
            pack: false,
            nagle: false,
            sws_override: 200 * MS,
        }
    }
}

impl SenderConfig {
    /// RFC 5681 3.1: two to four segments.
    pub fn first_window(&self) -> u64 {
        let smss = self.mss as u64;
        self.initial_window.unwrap_or(match self.mss {
            0..=1095 => 4 * smss,
            1096..=2190 => 3 * smss,
            _ => 2 * smss,
        })
    }
}
