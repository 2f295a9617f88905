//! Endpoint pairs on one wire, in virtual time: every pair is a flow, all flows of a direction share its link.

use super::endpoint::Endpoint;
use super::link::{Link, LinkConfig};
use super::sender::Ns;

/// The ends of a flow.
#[derive(Debug)]
pub struct Pair {
    pub a: Endpoint,
    pub b: Endpoint,
}

#[derive(Debug)]
pub struct Net {
    pub now: Ns,
    pub flows: Vec<Pair>,
    /// From `a` to `b`, and back.
    pub ab: Link,
    pub ba: Link,
    /// Every frame offered to a link with its time, if wanted; true: from `a`.
    pub tap: Option<Vec<(Ns, bool, Vec<u8>)>>,
}

/// Why [`Net::run`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// What was waited for is true.
    Reached,
    /// Nothing will ever happen again.
    Quiet,
    /// The time is over.
    Late,
}

impl Net {
    pub fn new(flows: Vec<Pair>, ab: LinkConfig, ba: LinkConfig) -> Self {
        Net {
            now: 0,
            flows,
            ab: Link::new(ab),
            ba: Link::new(ba),
            tap: None,
        }
    }

    /// The only flow's ends.
    pub fn a(&mut self) -> &mut Endpoint {
        &mut self.flows[0].a
    }

    pub fn b(&mut self) -> &mut Endpoint {
        &mut self.flows[0].b
    }

    fn pump_flow(&mut self, i: usize) {
        let Some(f) = self.flows.get_mut(i) else {
            return;
        };
        for (end, link, from_a) in [
            (&mut f.a, &mut self.ab, true),
            (&mut f.b, &mut self.ba, false),
        ] {
            while let Some(frame) = end.next_frame(self.now) {
                if let Some(tap) = &mut self.tap {
                    tap.push((self.now, from_a, frame.clone()));
                }
                link.send(self.now, i, frame);
            }
        }
    }

    /// Lets everything leave that may leave now.
    pub fn pump(&mut self) {
        for i in 0..self.flows.len() {
            self.pump_flow(i);
        }
    }

    /// When something happens next.
    pub fn next_at(&self) -> Option<Ns> {
        let timers = self
            .flows
            .iter()
            .flat_map(|f| [f.a.deadline(), f.b.deadline()]);
        let links = [self.ab.next_at(), self.ba.next_at()];
        links.into_iter().chain(timers).flatten().min()
    }

    /// Goes to the next happening; false if there is none before `until`.
    pub fn step(&mut self, until: Ns) -> bool {
        let Some(at) = self.next_at().filter(|t| *t <= until) else {
            return false;
        };
        self.now = self.now.max(at);
        while let Some(f) = self.ab.take(self.now) {
            if let Some(p) = self.flows.get_mut(f.flow) {
                p.b.receive(self.now, &f.octets);
            }
            self.pump_flow(f.flow);
        }
        while let Some(f) = self.ba.take(self.now) {
            if let Some(p) = self.flows.get_mut(f.flow) {
                p.a.receive(self.now, &f.octets);
            }
            self.pump_flow(f.flow);
        }
        for i in 0..self.flows.len() {
            let p = &mut self.flows[i];
            let mut due = false;
            for end in [&mut p.a, &mut p.b] {
                if end.deadline().is_some_and(|t| t <= self.now) {
                    end.advance(self.now);
                    due = true;
                }
            }
            if due {
                self.pump_flow(i);
            }
        }
        true
    }

    /// Runs until `done`, at most to `until`.
    pub fn run(&mut self, until: Ns, mut done: impl FnMut(&Net) -> bool) -> Stop {
        self.pump();
        loop {
            if done(self) {
                return Stop::Reached;
            }
            if !self.step(until) {
                if self.next_at().is_none() {
                    return Stop::Quiet;
                }
                self.now = until;
                return Stop::Late;
            }
        }
    }
}
