//! TCP sender of an established connection, in virtual time.
//!
//! It keeps every octet from `una` on, so a retransmission is always made of the same octets, whatever its boundaries.
//! Positions are 64-bit and count from 0 at `first_seq`: wraps of the sequence number need no thought inside.
//!
//! * [`TcpSender::queue`] and [`TcpSender::close`] give it octets and the FIN; FPDU boundaries are kept with them, and
//!   segments end there where they can.
//! * [`TcpSender::on_ack`] takes the acknowledgement of an acceptable segment (module `input`).
//! * [`TcpSender::next_segment`] gives what may leave now, until it has no more (module `output`).
//! * [`TcpSender::deadline`] and [`TcpSender::on_timer`]: retransmission, persist and silly window timers (module `timers`).
//!
//! Standards: RFC 9293 3.8, 5681, 6298, 6582 without SACK, 6675 with it, 3042, 2018, 7323. Choices where they leave some:
//! * The retransmission timer starts again with each acknowledgement that moves `una` and each time the octet at `una` is
//!   sent (6675 section 6, "more careful variant"): nothing is sent again by timer within one RTO of its last transmission.
//! * Without timestamps a round trip is measured at each acknowledgement that covers no octet sent twice.
//! * Octets beyond the right edge are never sent, also not again, but for one octet as zero window probe.

mod config;
mod congestion;
mod input;
mod output;
mod rtt;
mod scoreboard;
mod timers;

pub use config::{Ns, SenderConfig, TsClock, MS, SEC, US};
pub use congestion::{CongestionControl, NewReno};
pub use input::{AckSegment, AckVerdict};
pub use output::{OutSegment, Reason};
pub use rtt::RttEstimator;
pub use scoreboard::{Scoreboard, DUP_THRESH};
pub use timers::TimerEvent;

use std::collections::VecDeque;

/// What the sender is doing about losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Open,
    /// Fast recovery, by SACK or by NewReno.
    Recovery,
    /// After a time-out, until everything sent before it is acknowledged.
    Loss,
}

/// New octets that left at one time; for round trips.
#[derive(Debug, Clone, Copy)]
struct Sent {
    from: u64,
    to: u64,
    at: Ns,
    again: bool,
}

/// Zero window: probes at growing distance.
#[derive(Debug, Clone, Copy)]
struct Persist {
    at: Ns,
    interval: Ns,
}

/// Counters of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderStats {
    pub segments: u64,
    pub octets: u64,
    pub retransmitted: u64,
    pub retransmitted_octets: u64,
    pub fast_retransmits: u64,
    pub timeouts: u64,
    pub probes: u64,
}

/// What a plot wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub mode: Mode,
    pub una: u64,
    pub max: u64,
    pub cwnd: u64,
    pub ssthresh: u64,
    pub flight: u64,
    pub wnd: u64,
    pub rto: Ns,
    pub srtt: Option<Ns>,
}

#[derive(Debug)]
pub struct TcpSender {
    cfg: SenderConfig,
    cc: Box<dyn CongestionControl>,
    rtt: RttEstimator,
    /// Left edge, next to send, highest ever sent.
    una: u64,
    nxt: u64,
    max: u64,
    /// Octets from `una` on.
    data: VecDeque<u8>,
    /// Behind the last octet queued.
    end: u64,
    fin: bool,
    /// Starts and ends of FPDUs, from the one around `una` on.
    records: VecDeque<(u64, u64)>,
    /// Window as offered, its right edge, the largest ever.
    wnd: u64,
    edge: u64,
    max_wnd: u64,
    wl1: u32,
    wl2: u64,
    mode: Mode,
    dup_acks: u32,
    /// Octets sent by limited transmit since the first duplicate.
    limited: u64,
    /// RecoveryPoint, `recover` of RFC 6582: highest sent when the loss was found.
    recover: u64,
    /// A fast retransmit was there at all: before it `recover` holds nothing back.
    recovered_once: bool,
    high_rxt: u64,
    rescue: Option<u64>,
    /// NewReno without SACK: what duplicates add to the window and partial acknowledgements take.
    inflation: i64,
    /// The segment at `una` must leave at once.
    force: Option<Reason>,
    board: Scoreboard,
    sent: VecDeque<Sent>,
    last_sent: Option<Ns>,
    rto_at: Option<Ns>,
    persist: Option<Persist>,
    probe: bool,
    override_at: Option<Ns>,
    override_now: bool,
    /// Time-outs in a row, and since when nothing moved.
    timeouts: u32,
    stuck_since: Ns,
    last_heard: Ns,
    dead: bool,
    stats: SenderStats,
}

impl TcpSender {
    /// With NewReno.
    pub fn new(cfg: SenderConfig, now: Ns) -> Self {
        let cc = Box::new(NewReno::new(&cfg));
        TcpSender::with(cfg, cc, now)
    }

    pub fn with(cfg: SenderConfig, cc: Box<dyn CongestionControl>, now: Ns) -> Self {
        let wnd = u64::from(cfg.wnd);
        TcpSender {
            cc,
            rtt: RttEstimator::new(&cfg),
            una: 0,
            nxt: 0,
            max: 0,
            data: VecDeque::new(),
            end: 0,
            fin: false,
            records: VecDeque::new(),
            wnd,
            edge: wnd,
            max_wnd: wnd,
            wl1: cfg.wl1,
            wl2: 0,
            mode: Mode::Open,
            dup_acks: 0,
            limited: 0,
            recover: 0,
            recovered_once: false,
            high_rxt: 0,
            rescue: None,
            inflation: 0,
            force: None,
            board: Scoreboard::default(),
            sent: VecDeque::new(),
            last_sent: None,
            rto_at: None,
            persist: None,
            probe: false,
            override_at: None,
            override_now: false,
            timeouts: 0,
            stuck_since: now,
            last_heard: now,
            dead: false,
            stats: SenderStats::default(),
            cfg,
        }
    }

    /// Appends octets that belong together: an FPDU.
    pub fn queue(&mut self, octets: &[u8]) {
        let from = self.end;
        self.data.extend(octets);
        self.end += octets.len() as u64;
        self.records.push_back((from, self.end));
    }

    /// FIN behind everything queued.
    pub fn close(&mut self) {
        self.fin = true;
    }

    /// Largest payload of segments to come: the path became narrower or wider.
    pub fn set_mss(&mut self, mss: usize) {
        self.cfg.mss = mss.max(1);
    }

    pub fn config(&self) -> &SenderConfig {
        &self.cfg
    }

    pub fn seq_at(&self, pos: u64) -> u32 {
        self.cfg.first_seq.wrapping_add(pos as u32)
    }

    /// Everything below this position is acknowledged.
    pub fn una(&self) -> u64 {
        self.una
    }

    /// Behind the highest position ever sent.
    pub fn max(&self) -> u64 {
        self.max
    }

    pub fn snd_una(&self) -> u32 {
        self.seq_at(self.una)
    }

    pub fn snd_nxt(&self) -> u32 {
        self.seq_at(self.max)
    }

    /// Sequence number of a bare acknowledgement: SND.NXT, or the right edge if the peer took back what was sent. An edge that
    /// only lost what the window scale rounds off is not meant: the peer did take those octets, and for it the edge is old.
    pub fn ack_seq(&self) -> u32 {
        if self.max < self.edge + (1 << self.cfg.wnd_scale) {
            return self.snd_nxt();
        }
        self.seq_at(self.edge.max(self.una))
    }

    /// Largest window the peer ever offered.
    pub fn max_wnd(&self) -> u32 {
        self.max_wnd as u32
    }

    /// Octets queued and never sent.
    pub fn unsent(&self) -> u64 {
        self.end.saturating_sub(self.max)
    }

    /// FIN included.
    fn total(&self) -> u64 {
        self.end + u64::from(self.fin)
    }

    /// Everything queued, FIN included, is acknowledged.
    pub fn idle(&self) -> bool {
        self.una == self.total()
    }

    /// Given up (R2).
    pub fn dead(&self) -> bool {
        self.dead
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn stats(&self) -> SenderStats {
        self.stats
    }

    pub fn rtt(&self) -> &RttEstimator {
        &self.rtt
    }

    pub fn scoreboard(&self) -> &Scoreboard {
        &self.board
    }

    fn smss(&self) -> u64 {
        self.cfg.mss as u64
    }

    /// Octets thought to be under way.
    pub fn flight(&self) -> u64 {
        match self.mode {
            Mode::Loss => self.board.unsacked(self.una, self.nxt),
            Mode::Recovery if self.cfg.sack => {
                self.board
                    .pipe(self.una, self.max, self.high_rxt, self.smss())
            }
            _ => self.max - self.una,
        }
    }

    /// Octets that may be under way: what congestion control allows, and what recovery makes of it.
    pub fn cwnd(&self) -> u64 {
        let cwnd = self.cc.cwnd() as i64 + self.inflation;
        cwnd.max(self.cfg.mss as i64) as u64
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            mode: self.mode,
            una: self.una,
            max: self.max,
            cwnd: self.cwnd(),
            ssthresh: self.cc.ssthresh(),
            flight: self.flight(),
            wnd: self.wnd,
            rto: self.rtt.rto(),
            srtt: self.rtt.srtt(),
        }
    }
}
