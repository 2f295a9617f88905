//! Acknowledgements: left edge, window, duplicates, entry to and exit from recovery.

use super::{Mode, Ns, Reason, TcpSender, DUP_THRESH};
use crate::wire::tcp::seq_diff;

/// What the sender wants of a segment that the receive half found acceptable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AckSegment {
    pub seq: u32,
    pub ack: u32,
    /// As in the header, not scaled.
    pub window: u16,
    /// Sequence numbers it occupies: payload, SYN, FIN.
    pub len: u32,
    pub sack: Vec<(u32, u32)>,
    pub tsecr: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckVerdict {
    /// So many octets more.
    Advanced(u64),
    /// Counts as a duplicate (RFC 5681 section 2, with SACK RFC 6675 section 2).
    Duplicate,
    /// Nothing new but perhaps the window.
    Nothing,
    /// Below the left edge.
    Old,
    /// For octets never sent.
    Invalid,
}

impl TcpSender {
    pub fn on_ack(&mut self, now: Ns, a: &AckSegment) -> AckVerdict {
        let ahead = i64::from(seq_diff(a.ack, self.snd_una()));
        if ahead > (self.max - self.una) as i64 {
            return AckVerdict::Invalid;
        }
        if ahead < 0 {
            return AckVerdict::Old;
        }
        self.last_heard = now;
        let ack = self.una + ahead as u64;
        let window_moved = self.take_window(ack, a);
        let newly_held = if self.cfg.sack {
            self.take_sack(ack, &a.sack)
        } else {
            0
        };
        let verdict = if ack > self.una {
            let acked = ack - self.una;
            self.advance(now, ack, a.tsecr);
            AckVerdict::Advanced(acked)
        } else {
            let outstanding = self.max > self.una;
            let duplicate = if self.cfg.sack {
                newly_held > 0
            } else {
                outstanding && a.len == 0 && !window_moved
            };
            if duplicate {
                self.duplicate();
                AckVerdict::Duplicate
            } else {
                AckVerdict::Nothing
            }
        };
        self.after_window(now);
        verdict
    }

    /// RFC 9293 3.10.7.4: only from a newer segment, or the same with a newer acknowledgement.
    fn take_window(&mut self, ack: u64, a: &AckSegment) -> bool {
        let newer = seq_diff(a.seq, self.wl1);
        if newer < 0 || (newer == 0 && ack < self.wl2) {
            return false;
        }
        let wnd = u64::from(a.window) << self.cfg.wnd_scale;
        let moved = wnd != self.wnd;
        self.wnd = wnd;
        // Not a maximum: the peer may take back what it offered.
        self.edge = ack + wnd;
        self.max_wnd = self.max_wnd.max(wnd);
        (self.wl1, self.wl2) = (a.seq, ack);
        moved
    }

    /// Octets reported for the first time. Blocks below the acknowledgement are duplicates' (RFC 2883); others that were
    /// never sent are lies.
    fn take_sack(&mut self, ack: u64, blocks: &[(u32, u32)]) -> u64 {
        let mut new = 0;
        for (left, right) in blocks {
            let from = self.una as i64 + i64::from(seq_diff(*left, self.snd_una()));
            let to = self.una as i64 + i64::from(seq_diff(*right, self.snd_una()));
            if from >= ack as i64 && to > from && to <= self.max as i64 {
                new += self.board.add(from as u64, to as u64);
            }
        }
        new
    }

    fn advance(&mut self, now: Ns, ack: u64, tsecr: Option<u32>) {
        let acked = ack - self.una;
        self.sample(now, ack, tsecr);
        let octets = (ack.min(self.end) - self.una.min(self.end)) as usize;
        self.data.drain(..octets);
        while self.records.front().is_some_and(|r| r.1 <= ack) {
            self.records.pop_front();
        }
        self.una = ack;
        self.nxt = self.nxt.max(ack);
        self.board.advance(ack);
        self.timeouts = 0;
        self.stuck_since = now;
        self.dup_acks = 0;
        self.limited = 0;
        self.rto_at = (self.una < self.max).then(|| now + self.rtt.rto());
        match self.mode {
            Mode::Open => self.cc.on_ack(acked),
            Mode::Loss => {
                self.cc.on_ack(acked);
                if self.una >= self.recover {
                    self.mode = Mode::Open;
                }
            }
            Mode::Recovery if self.una >= self.recover => {
                let burst = (!self.cfg.sack).then_some(self.max - self.una);
                self.cc.exit_recovery(burst);
                self.inflation = 0;
                self.force = None;
                self.mode = Mode::Open;
                self.nxt = self.nxt.max(self.max);
            }
            Mode::Recovery if self.cfg.sack => self.high_rxt = self.high_rxt.max(self.una),
            // RFC 6582 3.2: a partial acknowledgement shows the next hole.
            Mode::Recovery => {
                self.inflation -= acked as i64;
                if acked >= self.smss() {
                    self.inflation += self.cfg.mss as i64;
                }
                self.force = Some(Reason::PartialAck);
            }
        }
    }

    fn sample(&mut self, now: Ns, ack: u64, tsecr: Option<u32>) {
        let mut newest = None;
        let mut clean = true;
        while let Some(s) = self.sent.front_mut().filter(|s| s.from < ack) {
            clean &= !s.again;
            if s.to > ack {
                s.from = ack;
                break;
            }
            newest = Some(s.at);
            self.sent.pop_front();
        }
        let rtt = match (self.cfg.timestamps, tsecr) {
            (Some(clock), Some(echo)) => {
                let ticks = seq_diff(clock.at(now), echo);
                (ticks >= 0).then(|| ticks as Ns * clock.tick)
            }
            // Karn: octets sent twice say nothing.
            _ => newest.filter(|_| clean).map(|at| now - at),
        };
        if let Some(rtt) = rtt {
            self.rtt.sample(rtt);
        }
    }

    fn duplicate(&mut self) {
        match self.mode {
            Mode::Loss => {}
            Mode::Recovery => {
                if !self.cfg.sack {
                    self.inflation += self.cfg.mss as i64;
                }
            }
            Mode::Open => {
                self.dup_acks += 1;
                let enough = self.dup_acks as usize >= DUP_THRESH
                    || (self.cfg.sack && self.board.lost_below(self.smss()) > self.una);
                // Duplicates of what was sent again before do not start a recovery (RFC 6582 section 4, 6675 section 5.1).
                let fresh = !self.recovered_once
                    || self.una > self.recover
                    || (self.cfg.sack && self.una == self.recover);
                if enough && fresh {
                    self.enter_recovery();
                }
            }
        }
    }

    fn enter_recovery(&mut self) {
        let flight = self.max - self.una;
        self.cc.enter_recovery(flight.saturating_sub(self.limited));
        self.mode = Mode::Recovery;
        self.recover = self.max;
        self.recovered_once = true;
        self.high_rxt = self.una;
        self.rescue = None;
        self.nxt = self.max;
        self.inflation = if self.cfg.sack {
            0
        } else {
            DUP_THRESH as i64 * self.cfg.mss as i64
        };
        self.force = Some(Reason::FastRetransmit);
        self.stats.fast_retransmits += 1;
    }
}
