//! When an acknowledgement leaves and which SACK blocks it carries, from what the receive half said of each segment.
//!
//! RFC 9293 3.8.6.3 and 5681 4.2: the second segment or a short timer; at once behind a gap, when one is filled, for
//! duplicates, for a FIN and when the window opens. RFC 2018 4: newest block first; RFC 2883: a duplicate in front of it.

use super::sender::{Ns, MS, SEC};
use crate::wire::tcp::seq_diff;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckPolicy {
    /// So many segments with payload share an acknowledgement.
    pub every: u32,
    pub delay: Ns,
    /// Duplicates are reported (RFC 2883).
    pub dsack: bool,
    /// Challenge acknowledgements in a second (RFC 5961 section 7).
    pub challenges: u32,
}

impl Default for AckPolicy {
    fn default() -> Self {
        AckPolicy {
            every: 2,
            delay: 40 * MS,
            dsack: true,
            challenges: 10,
        }
    }
}

/// What a segment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Nothing,
    Delayed,
    Now,
    Challenge,
}

#[derive(Debug, Clone)]
pub struct Acker {
    policy: AckPolicy,
    /// Segments that wait, and until when.
    waiting: u32,
    due: Option<Ns>,
    /// One frame each.
    urgent: u32,
    /// Start of each block reported, newest first.
    order: Vec<u32>,
    duplicate: Option<(u32, u32)>,
    second: Ns,
    challenged: u32,
}

impl Acker {
    pub fn new(policy: AckPolicy) -> Self {
        Acker {
            policy,
            waiting: 0,
            due: None,
            urgent: 0,
            order: Vec::new(),
            duplicate: None,
            second: 0,
            challenged: 0,
        }
    }

    pub fn ask(&mut self, now: Ns, what: Ask) {
        match what {
            Ask::Nothing => {}
            Ask::Now => self.urgent += 1,
            Ask::Delayed => {
                self.waiting += 1;
                if self.waiting >= self.policy.every {
                    self.urgent += 1;
                } else if self.due.is_none() {
                    self.due = Some(now + self.policy.delay);
                }
            }
            Ask::Challenge => {
                if now / SEC != self.second {
                    self.second = now / SEC;
                    self.challenged = 0;
                }
                if self.challenged < self.policy.challenges {
                    self.challenged += 1;
                    self.urgent += 1;
                }
            }
        }
    }

    /// Octets behind a gap came.
    pub fn arrived(&mut self, seq: u32) {
        self.order.insert(0, seq);
        self.order.truncate(64);
    }

    /// Octets that were here already came.
    pub fn duplicated(&mut self, from: u32, to: u32) {
        if self.policy.dsack && from != to {
            self.duplicate = Some((from, to));
        }
    }

    /// An acknowledgement must leave without waiting for payload to carry it.
    pub fn urgent(&self) -> bool {
        self.urgent > 0
    }

    pub fn deadline(&self) -> Option<Ns> {
        self.due
    }

    pub fn due(&self, now: Ns) -> bool {
        self.urgent > 0 || self.due.is_some_and(|t| t <= now)
    }

    /// An acknowledgement left.
    pub fn sent(&mut self) {
        self.urgent = self.urgent.saturating_sub(1);
        self.waiting = 0;
        self.due = None;
        self.duplicate = None;
    }

    /// Blocks for the next acknowledgement: of the ranges held, newest first, at most `room`.
    pub fn blocks(&self, held: &[(u32, u32)], room: usize) -> Vec<(u32, u32)> {
        let mut out: Vec<(u32, u32)> = Vec::new();
        out.extend(self.duplicate);
        let inside = |r: &(u32, u32), s: u32| seq_diff(s, r.0) >= 0 && seq_diff(r.1, s) > 0;
        let first = out.len();
        let newest = self.order.iter();
        let known = newest.filter_map(|s| held.iter().find(|r| inside(r, *s)));
        for r in known.chain(held) {
            if !out[first..].contains(r) {
                out.push(*r);
            }
        }
        out.truncate(room);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_27_28_every_second_segment_or_the_timer() {
        let mut a = Acker::new(AckPolicy::default());
        a.ask(5, Ask::Delayed);
        assert!(!a.due(5) && a.deadline() == Some(5 + 40 * MS) && a.due(5 + 40 * MS));
        a.ask(6, Ask::Delayed);
        assert!(a.urgent());
        a.sent();
        assert!(!a.due(u64::MAX) && a.deadline().is_none());
        a.ask(7, Ask::Now);
        a.ask(7, Ask::Now);
        a.sent();
        assert!(a.urgent(), "each gets its own");
    }

    #[test]
    fn tcp_2a_2b_newest_block_first_behind_the_duplicate() {
        let mut a = Acker::new(AckPolicy::default());
        let held = [(10, 20), (30, 40), (50, 60)];
        for s in [50, 10, 35] {
            a.arrived(s);
        }
        assert_eq!(a.blocks(&held, 4), [(30, 40), (10, 20), (50, 60)]);
        a.duplicated(32, 34);
        assert_eq!(a.blocks(&held, 3), [(32, 34), (30, 40), (10, 20)]);
        a.sent();
        assert_eq!(a.blocks(&held, 1), [(30, 40)]);
    }

    #[test]
    fn tcp_65_challenges_are_limited() {
        let mut a = Acker::new(AckPolicy::default());
        let mut sent = 0;
        for i in 0..1000 {
            a.ask(SEC * 7 + i, Ask::Challenge);
            if a.urgent() {
                a.sent();
                sent += 1;
            }
        }
        assert_eq!(sent, 10);
    }
}
