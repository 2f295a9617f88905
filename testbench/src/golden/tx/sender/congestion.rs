//! Congestion control behind one interface; NewReno (RFC 5681) is the first behind it.
//!
//! The sender finds losses and decides which octets go next; this only says how many may be under way.

use super::config::SenderConfig;
use std::fmt::Debug;

/// Window arithmetic. All numbers are octets.
pub trait CongestionControl: Debug {
    fn cwnd(&self) -> u64;
    fn ssthresh(&self) -> u64;
    /// So many octets were acknowledged outside of fast recovery.
    fn on_ack(&mut self, acked: u64);
    /// A loss was told by duplicates; `flight` was under way, octets of limited transmit not counted.
    fn enter_recovery(&mut self, flight: u64);
    /// Everything sent before the loss is acknowledged; `flight` is under way now, if a burst is to be feared.
    fn exit_recovery(&mut self, flight: Option<u64>);
    /// The retransmission timer expired; `first`: not yet for these octets.
    fn on_timeout(&mut self, flight: u64, first: bool);
    /// Nothing was sent for a time-out (RFC 5681 4.1).
    fn restart(&mut self);
}

/// RFC 5681 and RFC 6582.
#[derive(Debug, Clone)]
pub struct NewReno {
    smss: u64,
    cwnd: u64,
    ssthresh: u64,
    first_window: u64,
    max: u64,
    /// Octets acknowledged in congestion avoidance since the last step (RFC 3465 with L = 1).
    counted: u64,
}

impl NewReno {
    pub fn new(cfg: &SenderConfig) -> Self {
        NewReno {
            smss: cfg.mss as u64,
            cwnd: cfg.first_window(),
            ssthresh: u64::MAX,
            first_window: cfg.first_window(),
            max: cfg.max_cwnd,
            counted: 0,
        }
    }

    fn halved(&self, flight: u64) -> u64 {
        (flight / 2).max(2 * self.smss)
    }
}

impl CongestionControl for NewReno {
    fn cwnd(&self) -> u64 {
        self.cwnd
    }

    fn ssthresh(&self) -> u64 {
        self.ssthresh
    }

    fn on_ack(&mut self, acked: u64) {
        if self.cwnd < self.ssthresh {
            self.cwnd += acked.min(self.smss);
        } else {
            self.counted += acked;
            if self.counted >= self.cwnd {
                self.counted -= self.cwnd;
                self.cwnd += self.smss;
            }
        }
        self.cwnd = self.cwnd.min(self.max);
    }

    fn enter_recovery(&mut self, flight: u64) {
        self.ssthresh = self.halved(flight);
        self.cwnd = self.ssthresh;
        self.counted = 0;
    }

    fn exit_recovery(&mut self, flight: Option<u64>) {
        self.cwnd = match flight {
            Some(f) => self.ssthresh.min(f.max(self.smss) + self.smss),
            None => self.ssthresh,
        };
        self.counted = 0;
    }

    fn on_timeout(&mut self, flight: u64, first: bool) {
        if first {
            self.ssthresh = self.halved(flight);
        }
        self.cwnd = self.smss;
        self.counted = 0;
    }

    fn restart(&mut self) {
        self.cwnd = self.cwnd.min(self.first_window);
        self.counted = 0;
    }
}
