//! What the wire does to frames: legal for TCP, so that the outcome stays the same.

use crate::wire::ethernet::ETHERTYPE_IPV6;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// Shares of frames that suffer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Noise {
    /// Lost.
    pub loss: f64,
    /// An earlier frame of the connection comes once more in front of this one.
    pub repeat: f64,
    /// A copy with one bit flipped behind the MAC addresses comes first.
    pub flip: f64,
    /// A copy that the MAC calls bad comes first.
    pub bad_fcs: f64,
    /// Comes up to eight frames of the connection later.
    pub late: f64,
    /// A frame of no connection comes first.
    pub stranger: f64,
    /// Of an IPv6 frame: a copy with an extension header, cut short, or with another payload length comes first.
    pub malformed: f64,
}

/// A frame as it reaches the MAC port.
pub struct Arriving {
    pub frame: Vec<u8>,
    pub bad: bool,
}

/// Applies [`Noise`] to the frames of one connection.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    noise: Noise,
    recent: VecDeque<Vec<u8>>,
    /// Frames on their way, and how many others still pass them.
    under_way: Vec<(usize, Vec<u8>)>,
}

impl Wire {
    pub fn new(noise: Noise) -> Self {
        Wire {
            noise,
            recent: VecDeque::new(),
            under_way: Vec::new(),
        }
    }

    pub fn pass(&mut self, frame: Vec<u8>, rng: &mut ChaCha8Rng) -> Vec<Arriving> {
        let mut out = Vec::new();
        if rng.gen_bool(self.noise.repeat) && !self.recent.is_empty() {
            let old = self.recent[rng.gen_range(0..self.recent.len())].clone();
            out.push(Arriving {
                frame: old,
                bad: false,
            });
        }
        if rng.gen_bool(self.noise.flip) {
            let mut f = frame.clone();
            let bit = rng.gen_range(12 * 8..f.len() * 8);
            f[bit / 8] ^= 1 << (bit % 8);
            out.push(Arriving {
                frame: f,
                bad: false,
            });
        }
        if self.noise.malformed > 0.0 && rng.gen_bool(self.noise.malformed) {
            out.extend(malformed(&frame, rng).map(|frame| Arriving { frame, bad: false }));
        }
        if rng.gen_bool(self.noise.bad_fcs) {
            out.push(Arriving {
                frame: frame.clone(),
                bad: true,
            });
        }
        self.recent.push_back(frame.clone());
        if self.recent.len() > 8 {
            self.recent.pop_front();
        }
        if !rng.gen_bool(self.noise.loss) {
            if self.noise.late > 0.0 && rng.gen_bool(self.noise.late) {
                self.under_way.push((rng.gen_range(1..=8), frame));
            } else {
                out.push(Arriving { frame, bad: false });
            }
        }
        self.under_way.retain_mut(|(left, frame)| {
            *left -= 1;
            if *left == 0 {
                out.push(Arriving {
                    frame: std::mem::take(frame),
                    bad: false,
                });
            }
            *left > 0
        });
        out
    }
}

/// Of an IPv6 frame a copy that no connection may take.
fn malformed(frame: &[u8], rng: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    let ethertype = |at: usize| frame.get(at..at + 2) == Some(&ETHERTYPE_IPV6.to_be_bytes()[..]);
    let ip = [14, 18].into_iter().find(|ip| ethertype(ip - 2))?;
    let mut f = frame.to_vec();
    let length = u16::from_be_bytes([f[ip + 4], f[ip + 5]]);
    match rng.gen_range(0..3) {
        0 => {
            // Hop-by-hop options, routing, fragment, destination options: one of eight octets, TCP behind it.
            f[ip + 6] = [0, 43, 44, 60][rng.gen_range(0..4)];
            f[ip + 4..ip + 6].copy_from_slice(&length.wrapping_add(8).to_be_bytes());
            f.splice(ip + 40..ip + 40, [6, 0, 1, 4, 0, 0, 0, 0]);
        }
        // The last octet of the packet, and more, is missing.
        1 => f.truncate(rng.gen_range(15..ip + 40 + usize::from(length))),
        _ => {
            let other = match rng.gen_range(0..3) {
                0 => 0,
                1 => length.wrapping_add(rng.gen_range(1..=64)),
                _ => length.wrapping_sub(rng.gen_range(1..=length)),
            };
            f[ip + 4..ip + 6].copy_from_slice(&other.to_be_bytes());
        }
    }
    Some(f)
}
