//! Plays a [`Setup`](super::Setup) on a chip: the loop, and what host and peers do in it. [`setup`] installs what the
//! setup asks for, [`outcome`] takes what the chip reports and judges it.

mod outcome;
mod setup;

pub use setup::record;
pub(super) use setup::{atomic_issue, golden_entry};

use super::judge::Expected;
use super::noise::Wire;
use super::plan::{ConnPlan, Gate};
use super::strangers::Strangers;
use super::DuelError;
use crate::build::FrameSpec;
use crate::chip::{Chip, Post, ReadIssue};
use crate::golden::memory::Memory;
use crate::golden::Golden;
use crate::sack_book::SackBook;
use crate::tcp_peer::TcpPeer;
use crate::wire::frame::FrameRepr;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Cycles after which a peer whose segments are not acknowledged goes back.
const RETRANSMIT: u64 = 1500;
/// Cycles that a post or an issued Read needs to be in the tables after its handshake.
const SETTLE: u64 = 30;
/// Cycles without any progress that count as a hang.
const PATIENCE: u64 = 150_000;
/// Operations sent behind an error, to see that they are dropped.
const AFTER_ERROR: usize = 2;

/// What a duel took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub cycles: u64,
    pub frames: usize,
    pub writes: usize,
    pub octets: usize,
    pub events: usize,
    /// Atomic Requests handed on.
    pub atomics: usize,
    pub errors: usize,
    pub counters: Vec<(&'static str, u32)>,
}

/// A connection being played.
struct Player {
    plan: ConnPlan,
    golden: usize,
    peer: TcpPeer,
    wire: Wire,
    expected: Expected,
    next_op: usize,
    after_error: usize,
    /// Receive buffers in order.
    buffers: Vec<Post>,
    posted: usize,
    posts_usable: usize,
    received: usize,
    sends_released: usize,
    reads: Vec<ReadIssue>,
    reads_issued: usize,
    reads_usable: usize,
    reads_done: usize,
    reads_released: usize,
    requests_released: usize,
    requests_answered: usize,
    requests_usable: usize,
    acked: u32,
    book: SackBook,
    /// Reports of a gap at `acked`; at the third the peer repairs it at once.
    gaps: u32,
    /// It sends one segment again instead of all: what is behind the gap is kept. Three peers of four do so.
    fast: bool,
    /// What was sent when it last did so.
    recover: Option<u32>,
    /// Chances of timestamps.
    stamps: ChaCha8Rng,
    last_progress: u64,
    dead: bool,
}

impl Player {
    /// Fills the gap at the left edge.
    fn repair(&mut self) {
        if self.fast {
            self.recover = Some(self.peer.sent_to());
            self.peer.send_first_again();
        } else {
            self.peer.go_back();
        }
    }

    /// The frame with a TSval from before the installation, or without any, and its last octet changed.
    fn forged(&mut self, frame: &[u8]) -> Vec<u8> {
        let Ok((r, at)) = FrameRepr::parse(frame) else {
            return frame.to_vec();
        };
        let first = self.plan.ts_recent().unwrap_or(0);
        let old = (first.wrapping_sub(self.stamps.gen_range(1..1 << 30)), 0);
        let mut payload = frame[at.payload].to_vec();
        if let Some(last) = payload.last_mut() {
            *last ^= 0x55;
        }
        FrameSpec {
            seq: r.tcp.seq,
            flags: r.tcp.flags,
            timestamps: self.stamps.gen_bool(0.5).then_some(old),
            ..self.plan.spec.clone()
        }
        .frame(&payload)
    }

    fn finished(&self) -> bool {
        self.dead || (self.next_op == self.plan.ops.len() && self.peer.done())
    }
}

/// A chip with everything that a [`Setup`](super::Setup) asks for.
pub struct Duel<'a> {
    chip: &'a mut Chip,
    golden: Golden,
    players: Vec<Player>,
    strangers: Strangers,
    /// Share of frames with a stranger in front.
    strange: f64,
    rng: ChaCha8Rng,
    gap: u64,
    quiet_inputs: u64,
    // What was there before this duel.
    writes0: usize,
    events: usize,
    acks: usize,
    requests: usize,
    atomics: usize,
    events0: usize,
    requests0: usize,
    atomics0: usize,
    frames0: usize,
    memory: Memory,
}

impl<'a> Duel<'a> {
    /// Plays to the end and judges.
    pub fn run(&mut self) -> Result<Report, DuelError> {
        let start = self.chip.cycle();
        let mut progress = start;
        for p in &mut self.players {
            p.last_progress = start;
        }
        while !self.players.iter().all(Player::finished) {
            self.host();
            self.release();
            self.feed();
            self.chip.tick()?;
            if self.listen()? {
                progress = self.chip.cycle();
            }
            if self.chip.cycle() - progress > PATIENCE {
                let what = self.state();
                return Err(DuelError::Stuck {
                    cycles: PATIENCE,
                    at: self.chip.cycle(),
                    what,
                });
            }
        }
        self.chip.drain(400, PATIENCE)?;
        self.listen()?;
        self.judge(start)
    }

    fn state(&mut self) -> String {
        let mut s = String::new();
        for p in &self.players {
            s += &format!(
                "connection {}: operation {} of {}, acknowledged {:#x} (stream starts at {:#x}), {} in flight, finished {}; ",
                p.plan.conn,
                p.next_op,
                p.plan.ops.len(),
                p.acked,
                p.plan.spec.seq,
                p.peer.in_flight(),
                p.finished()
            );
        }
        s += &match self.chip.counters() {
            Ok(c) => format!("counters {c:?}"),
            Err(e) => e.to_string(),
        };
        s
    }

    /// Posts receives, issues Reads and Atomics, answers Requests.
    fn host(&mut self) {
        self.strangers.host(self.chip);
        let slots = 1usize << self.chip.cfg.rq_bits;
        let ord = 1usize << self.chip.cfg.ord_bits;
        for p in &mut self.players {
            while p.posted < p.buffers.len() && p.posted - p.received < slots {
                self.chip.post(p.buffers[p.posted]);
                p.posted += 1;
                self.quiet_inputs = 0;
            }
            while p.reads_issued < p.reads.len() && p.reads_issued - p.reads_done < ord {
                self.chip.issue_read(p.reads[p.reads_issued]);
                p.reads_issued += 1;
                self.quiet_inputs = 0;
            }
        }
        self.quiet_inputs = if self.chip.inputs_taken() {
            self.quiet_inputs + 1
        } else {
            0
        };
        if self.quiet_inputs > SETTLE {
            for p in &mut self.players {
                p.posts_usable = p.posted;
                p.reads_usable = p.reads_issued;
                p.requests_usable = p.requests_answered;
            }
        }
    }

    /// Gives the peers what they may send, and the golden endpoint the same octets.
    fn release(&mut self) {
        for p in &mut self.players {
            while let Some(op) = p.plan.ops.get(p.next_op) {
                let mut needs = [p.sends_released, p.reads_released, p.requests_released];
                for g in &op.gates {
                    match g {
                        Gate::Open => {}
                        Gate::Receive { .. } => needs[0] += 1,
                        Gate::Read { .. } | Gate::Atomic { .. } => needs[1] += 1,
                        Gate::Request => needs[2] += 1,
                    }
                }
                let open = needs[0] <= p.posts_usable
                    && needs[1] <= p.reads_usable
                    && needs[2] <= p.requests_usable + usize::from(p.plan.ird);
                if p.expected.ended {
                    if p.after_error == AFTER_ERROR {
                        p.next_op = p.plan.ops.len();
                        break;
                    }
                    p.after_error += 1;
                } else if !open {
                    break;
                }
                [p.sends_released, p.reads_released, p.requests_released] = needs;
                let at = p.peer.queued();
                p.peer.queue(&op.octets);
                for c in &op.cuts {
                    p.peer.cut_at(at + c);
                }
                let ends = op.starts.iter().skip(1).copied().chain([op.octets.len()]);
                for (s, e) in op.starts.iter().zip(ends) {
                    self.golden.stream(p.golden, &op.octets[*s..e]);
                    p.expected.collect(&mut self.golden, p.golden);
                }
                p.next_op += 1;
            }
            if p.next_op == p.plan.ops.len() && p.plan.fin {
                p.plan.fin = false;
                p.peer.close();
                p.expected.fin();
            }
        }
    }

    /// Keeps the MAC busy.
    fn feed(&mut self) {
        let now = self.chip.cycle();
        for p in &mut self.players {
            if !p.finished() && p.peer.in_flight() > 0 && now - p.last_progress > RETRANSMIT {
                p.peer.go_back();
                p.gaps = 0;
                p.recover = None;
                p.last_progress = now;
            }
        }
        if self.chip.frames_left() > 2 {
            return;
        }
        let first = self.rng.gen_range(0..self.players.len());
        for i in 0..self.players.len() {
            let n = (first + i) % self.players.len();
            let p = &mut self.players[n];
            if p.dead {
                continue;
            }
            if let Some(frame) = p.peer.next_frame() {
                let gap = if self.gap > 0 {
                    self.rng.gen_range(0..=self.gap)
                } else {
                    0
                };
                // A preset that does not judge timestamps would take the other octets.
                if p.plan.timestamps && self.chip.cfg.timestamps {
                    // Now and then somebody without a good timestamp is quicker, with other octets.
                    if p.stamps.gen_bool(0.1) {
                        self.chip.send(now + gap, p.forged(&frame));
                    }
                    p.peer.tick([0, 0, 1, 5][p.stamps.gen_range(0..4)]);
                }
                if self.rng.gen_bool(self.strange) {
                    self.chip.send(now, self.strangers.next(&mut self.rng));
                }
                for a in p.wire.pass(frame, &mut self.rng) {
                    match (a.bad, p.plan.inject) {
                        (true, _) => self.chip.send_bad(now + gap, a.frame),
                        (false, false) => self.chip.send(now + gap, a.frame),
                        (false, true) => self.chip.inject(a.frame),
                    }
                }
                p.last_progress = now;
                return;
            }
        }
    }

    /// What the golden endpoint expects of the connection at `index` of the setup.
    pub fn expected(&self, index: usize) -> &Expected {
        &self.players[index].expected
    }
}
