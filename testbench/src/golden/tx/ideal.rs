//! The ideal SACK sender: a yardstick for goodput under the same losses.
//!
//! Model, deliberately simple:
//! * One bulk transfer in frames of one size over a link with a rate, a fixed round trip, and no other traffic. Each frame
//!   that arrives is acknowledged at once; acknowledgements are never lost and take no wire time.
//! * Frame number n of the link is lost if [`loses`] says so: the same decision that [`super::link::Link`] takes for its n-th
//!   frame under the same seed. A frame that is lost still takes its wire time.
//! * Loss is known exactly when the acknowledgement would have come: no threshold of duplicates, no timer ever, and no frame
//!   is sent again in vain. So the pipe is always exact.
//! * The window is NewReno's: slow start (as slow as delayed acknowledgements make it), congestion avoidance, halved once for
//!   all losses of one flight, and it is bound by the receiver's window. This is what keeps the yardstick a TCP: with `reno` off the window is the receiver's alone.
//!
//! So the difference between a real sender and this one is what it loses by detecting late, by time-outs, by sending in vain
//! and by waiting for delayed acknowledgements.

use super::link::{loses, wire_time};
use super::sender::Ns;
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IdealConfig {
    pub seed: u64,
    pub loss: f64,
    pub rate: u64,
    /// Round trip without the wire time of the frame.
    pub rtt: Ns,
    /// Octets of a frame without FCS, and TCP payload in it.
    pub frame: usize,
    pub payload: usize,
    /// Receiver's window, in octets.
    pub window: u64,
    /// Frames of the first window.
    pub first_window: u64,
    /// Segments that share an acknowledgement: in slow start the window grows by one segment for so many.
    pub ack_every: u64,
    /// Congestion control; without it the receiver's window rules.
    pub reno: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IdealResult {
    pub time: Ns,
    pub frames: u64,
    pub lost: u64,
    /// TCP payload bits a second.
    pub goodput: f64,
}

/// Sends so many full segments and says how long that takes, until the last acknowledgement.
pub fn ideal(cfg: &IdealConfig, segments: u64) -> IdealResult {
    let step = wire_time(cfg.frame, Some(cfg.rate));
    let most = (cfg.window / cfg.payload as u64).max(1);
    let mut cwnd = if cfg.reno {
        cfg.first_window as f64
    } else {
        most as f64
    };
    let mut ssthresh = f64::MAX;
    // What comes back, by time: segment, whether it arrived.
    let mut back: BTreeMap<(Ns, u64), (u64, bool)> = BTreeMap::new();
    let mut again: VecDeque<u64> = VecDeque::new();
    let (mut next, mut sent, mut lost, mut done) = (0u64, 0u64, 0u64, 0u64);
    // Segments from here on were sent after the last halving.
    let mut recover = 0u64;
    let (mut now, mut free): (Ns, Ns) = (0, 0);
    while done < segments {
        let room = (back.len() as u64) < (cwnd as u64).clamp(1, most);
        let segment = if room {
            again.pop_front().or_else(|| {
                next += 1;
                (next <= segments).then_some(next - 1)
            })
        } else {
            None
        };
        if let Some(s) = segment {
            free = free.max(now) + step;
            let gone = loses(cfg.seed, sent, cfg.loss);
            lost += u64::from(gone);
            back.insert((free + cfg.rtt, sent), (s, !gone));
            sent += 1;
            continue;
        }
        next = next.min(segments);
        let Some(((at, number), (s, arrived))) = back.pop_first() else {
            break;
        };
        now = now.max(at);
        if !arrived {
            again.push_back(s);
            if cfg.reno && number >= recover {
                let flight = (back.len() + 1) as f64;
                ssthresh = (flight / 2.0).max(2.0);
                cwnd = ssthresh;
                recover = sent;
            }
            continue;
        }
        done += 1;
        if cfg.reno && number >= recover {
            cwnd += if cwnd < ssthresh {
                1.0 / cfg.ack_every as f64
            } else {
                1.0 / cwnd
            };
        }
    }
    let bits = 8.0 * segments as f64 * cfg.payload as f64;
    IdealResult {
        time: now,
        frames: sent,
        lost,
        goodput: bits * 1e9 / now.max(1) as f64,
    }
}
