//! One direction of a wire in virtual time: rate, delay, queue, and everything that can happen to a frame. Seeded.

use super::sender::Ns;
use crate::wire::frame::{fix_checksums, FrameRepr};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Preamble, FCS and gap: octets of wire time that a frame takes besides its own.
pub const FRAME_OVERHEAD: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkConfig {
    pub seed: u64,
    /// Bits a second; none: no time at all.
    pub rate: Option<u64>,
    pub delay: Ns,
    /// Octets that may wait for the wire; more are dropped.
    pub queue: Option<usize>,
    /// Shares of frames.
    pub loss: f64,
    pub duplicate: f64,
    pub reorder: f64,
    /// A reordered frame comes up to so much later.
    pub reorder_by: Ns,
    /// One bit flipped somewhere.
    pub corrupt: f64,
    /// One bit of the TCP payload flipped behind the FPDU's length field, and the TCP checksum made right again: only the
    /// CRC of the FPDU sees it. For segments that begin with an FPDU.
    pub corrupt_payload: f64,
}

impl Default for LinkConfig {
    fn default() -> Self {
        LinkConfig {
            seed: 0,
            rate: None,
            delay: 10_000,
            queue: None,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_by: 0,
            corrupt: 0.0,
            corrupt_payload: 0.0,
        }
    }
}

/// Whether frame number `n` of a direction is lost: the same for everybody who asks with the same seed.
pub fn loses(seed: u64, n: u64, share: f64) -> bool {
    let mut x = seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    ((x >> 11) as f64) < share * (1u64 << 53) as f64
}

/// Time that a frame of so many octets takes.
pub fn wire_time(octets: usize, rate: Option<u64>) -> Ns {
    let bits = 8 * (octets + FRAME_OVERHEAD) as u128 * 1_000_000_000;
    rate.map_or(0, |r| (bits / u128::from(r.max(1))) as Ns)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkStats {
    pub offered: u64,
    pub lost: u64,
    pub overflowed: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub corrupted: u64,
    pub delivered: u64,
}

/// A frame on its way; `flow` is the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub flow: usize,
    pub octets: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Link {
    cfg: LinkConfig,
    rng: ChaCha8Rng,
    free_at: Ns,
    under_way: BTreeMap<(Ns, u64), Frame>,
    serial: u64,
    /// Frames to lose by their number, the first is 0, besides those lost at random.
    drops: BTreeSet<u64>,
    /// Nothing comes through.
    pub cut: bool,
    stats: LinkStats,
}

impl Link {
    pub fn new(cfg: LinkConfig) -> Self {
        Link {
            rng: ChaCha8Rng::seed_from_u64(cfg.seed),
            cfg,
            free_at: 0,
            under_way: BTreeMap::new(),
            serial: 0,
            drops: BTreeSet::new(),
            cut: false,
            stats: LinkStats::default(),
        }
    }

    /// Loses the frames with these numbers.
    pub fn lose(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.drops.extend(numbers);
    }

    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    pub fn send(&mut self, now: Ns, flow: usize, octets: Vec<u8>) {
        let n = self.stats.offered;
        self.stats.offered += 1;
        let start = self.free_at.max(now);
        if let (Some(limit), Some(rate)) = (self.cfg.queue, self.cfg.rate) {
            let waiting = u128::from(start - now) * u128::from(rate) / 8_000_000_000;
            if waiting as usize + octets.len() > limit {
                self.stats.overflowed += 1;
                return;
            }
        }
        self.free_at = start + wire_time(octets.len(), self.cfg.rate);
        if self.cut || self.drops.contains(&n) || loses(self.cfg.seed, n, self.cfg.loss) {
            self.stats.lost += 1;
            return;
        }
        let mut at = self.free_at + self.cfg.delay;
        if self.rng.gen_bool(self.cfg.duplicate) {
            self.stats.duplicated += 1;
            let later = at + self.rng.gen_range(0..=self.cfg.reorder_by);
            self.deliver(later, flow, octets.clone());
        }
        if self.cfg.reorder_by > 0 && self.rng.gen_bool(self.cfg.reorder) {
            self.stats.reordered += 1;
            at += self.rng.gen_range(1..=self.cfg.reorder_by);
        }
        let octets = self.spoil(octets);
        self.deliver(at, flow, octets);
    }

    fn deliver(&mut self, at: Ns, flow: usize, octets: Vec<u8>) {
        self.serial += 1;
        let frame = Frame { flow, octets };
        self.under_way.insert((at, self.serial), frame);
    }

    fn spoil(&mut self, mut f: Vec<u8>) -> Vec<u8> {
        if self.rng.gen_bool(self.cfg.corrupt) {
            self.stats.corrupted += 1;
            let bit = self.rng.gen_range(0..f.len() * 8);
            f[bit / 8] ^= 1 << (bit % 8);
        }
        if self.rng.gen_bool(self.cfg.corrupt_payload) {
            if let Ok((_, at)) = FrameRepr::parse(&f) {
                if at.payload.len() > 2 {
                    self.stats.corrupted += 1;
                    let octet = self.rng.gen_range(at.payload.start + 2..at.payload.end);
                    f[octet] ^= 1 << self.rng.gen_range(0..8);
                    // A frame just parsed can be fixed.
                    let _ = fix_checksums(&mut f);
                }
            }
        }
        f
    }

    /// When the next frame arrives.
    pub fn next_at(&self) -> Option<Ns> {
        self.under_way.keys().next().map(|k| k.0)
    }

    /// A frame that has arrived by now.
    pub fn take(&mut self, now: Ns) -> Option<Frame> {
        let first = self.under_way.first_entry().filter(|e| e.key().0 <= now)?;
        self.stats.delivered += 1;
        Some(first.remove())
    }
}
