//! RFC 6675's scoreboard for the reference, with four stretches: which octets the peer holds, which are lost, what is under way.
//!
//! Pipe is the engine's: the RFC's, or more. [`Board::rfc_pipe`] counts as the RFC's SetPipe does, and is compared where grants are obeyed.

use super::model::{gap, Event};

#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Stretches received, as distances from `una`, in order, none touching another.
    pub held: Vec<(i64, i64)>,
    /// HighRxt, the same way.
    high: i64,
    /// The newest block of the last ACK.
    last: Option<(u32, u32)>,
    /// The octets of this `Sent` went out before.
    pub resent: bool,
    mss: i64,
    una: u32,
    /// Grants are obeyed one at a time: pipe is compared with the RFC's.
    pub strict: bool,
    pub lost_first: bool,
    /// NextSeg (1).
    pub hole: Option<(u32, u32)>,
}

fn sound(b: (u32, u32), una: u32, max: u32) -> bool {
    gap(b.0, una) > 0 && gap(max, b.1) >= 0 && gap(b.1, b.0) > 0
}

impl Board {
    pub fn new(una: u32) -> Self {
        Board {
            una,
            ..Board::default()
        }
    }

    pub fn news(&self, b: (u32, u32), una: u32, max: u32) -> bool {
        sound(b, una, max) && self.last != Some(b)
    }

    pub fn forget(&mut self) {
        *self = Board {
            una: self.una,
            mss: self.mss,
            strict: self.strict,
            ..Board::default()
        };
    }

    /// Recovery begins.
    pub fn enter(&mut self) {
        self.high = 0;
    }

    /// Octets at this distance are lost: IsLost of RFC 6675 4.
    fn is_lost(&self, at: i64) -> bool {
        let above: Vec<_> = self.held.iter().filter(|(l, _)| *l > at).collect();
        above.len() >= 3 || above.iter().map(|(l, r)| r - l).sum::<i64>() > 2 * self.mss
    }

    /// The hole below stretch `i` is lost.
    fn lost_below(&self, i: usize) -> bool {
        self.held.get(i).is_some_and(|(l, _)| self.is_lost(l - 1))
    }

    /// Octets from `una` to the first stretch.
    pub fn first_hole(&self) -> Option<u32> {
        self.held.first().map(|(l, _)| *l as u32)
    }

    /// Stretches below `max` that were not received: from, to.
    fn holes(&self, out: i64) -> Vec<(i64, i64)> {
        let mut at = 0;
        let mut holes = vec![];
        for (l, r) in self.held.iter().chain([&(out, out)]) {
            if *l > at {
                holes.push((at, *l));
            }
            at = *r;
        }
        holes
    }

    /// SetPipe, octet for octet.
    pub fn rfc_pipe(&self, out: i64) -> i64 {
        let mut pipe = 0;
        for (from, to) in self.holes(out) {
            if !self.is_lost(from) {
                pipe += to - from;
            }
            pipe += (self.high.min(to) - from).max(0);
        }
        pipe
    }

    pub fn pipe(&self, una: u32, max: u32) -> i64 {
        let out = gap(max, una);
        let high = self.high.max(0);
        let sacked: i64 = self.held.iter().map(|(l, r)| r - l).sum();
        let gaps: i64 = self
            .holes(out)
            .iter()
            .filter(|(from, _)| self.is_lost(*from))
            .map(|(from, to)| (to - high.max(*from)).max(0))
            .sum();
        let twice = if self.lost_first { 0 } else { high };
        let pipe = out - sacked - gaps + twice;
        assert!(
            !self.strict || pipe >= self.rfc_pipe(out),
            "pipe {pipe} below RFC 6675's {}: {self:?}",
            self.rfc_pipe(out)
        );
        pipe
    }

    /// Takes an event in, behind everything else that it changes.
    pub fn take(&mut self, event: &Event, on: bool, una: u32, max: u32, mss: u32) {
        let moved = gap(una, self.una);
        self.una = una;
        self.mss = mss.into();
        self.high = self.high.saturating_sub(moved).max(0);
        self.held = self
            .held
            .iter()
            .map(|(l, r)| (l - moved, r - moved))
            .filter(|(l, _)| *l > 0)
            .collect();
        let block = match event {
            Event::Ack(a) => a.sack.first().copied(),
            Event::Block(_, _, b) => Some(*b),
            _ => None,
        };
        if let Some(b) = block.filter(|b| on && sound(*b, una, max)) {
            if matches!(event, Event::Ack(_)) {
                self.last = Some(b);
            }
            let (l, r) = (gap(b.0, una), gap(b.1, una));
            type Stretches = Vec<(i64, i64)>;
            let (touched, rest): (Stretches, Stretches) = self
                .held
                .iter()
                .copied()
                .partition(|(a, z)| *a <= r && l <= *z);
            if !touched.is_empty() || rest.len() < 4 {
                let first = touched.iter().map(|t| t.0).min().unwrap_or(l).min(l);
                let last = touched.iter().map(|t| t.1).max().unwrap_or(r).max(r);
                self.held = rest;
                self.held.push((first, last));
                self.held.sort_unstable();
            }
        }
        if let Event::Sent(s) = event {
            let behind = gap(s.from.wrapping_add(s.len), una);
            if !s.probe && self.resent {
                self.high = self.high.max(behind);
            }
        }
        self.resent = false;
        self.lost_first = self.lost_below(0);
        self.hole = self.held.iter().enumerate().find_map(|(i, (l, _))| {
            let from = if i == 0 { 0 } else { self.held[i - 1].1 }.max(self.high);
            (self.lost_below(i) && *l > from)
                .then(|| (una.wrapping_add(from as u32), (l - from) as u32))
        });
    }
}
