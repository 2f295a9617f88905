//! Frames of no installed connection, between those of the peers: they go to host buffers whole, in order, once, and disturb
//! nobody. When the chip has no room it may drop one, and counts it.

use super::judge::Mismatch;
use super::DuelError;
use crate::build::FrameSpec;
use crate::chip::{Chip, CplEvent, DmaWrite, Post, RQ_NIC};
use ferrowarp_abi::code::{cpl_kind, dma_class};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Host buffers that are posted ahead of their use.
const AHEAD: usize = 24;
/// Where they are, and how far apart.
const BASE: u64 = 0x78_0000_0000;
const STEP: u64 = 0x4000;
/// First octets of a stranger: no other frame begins like this.
const MARK: [u8; 6] = [2, 0xfe, 0xed, 0, 0, 7];
const DROPS: [&str; 5] = [
    "drop_slot",
    "drop_credit",
    "drop_full",
    "mac_overflow",
    "nic_drop",
];

#[derive(Debug)]
pub struct Strangers {
    sent: Vec<Vec<u8>>,
    /// Buffers of this chip, those of earlier duels included; used before this one.
    posted: usize,
    used: usize,
    first: usize,
    dropped: usize,
    ipv6: bool,
    /// Longest TCP payload that fits a frame.
    room: usize,
}

fn is_one(data: &[u8]) -> bool {
    data.starts_with(&MARK)
}

fn dropped(chip: &mut Chip) -> Result<usize, DuelError> {
    let mut sum = 0;
    for name in DROPS {
        sum += chip.counter(name)? as usize;
    }
    Ok(sum)
}

impl Strangers {
    /// Goes on where the last duel on this chip ended: buffers that nobody used are still there.
    pub fn new(chip: &mut Chip) -> Result<Self, DuelError> {
        let plain = chip.events.iter().filter(|e| e.kind == cpl_kind::NIC);
        let first = plain.count();
        Ok(Strangers {
            sent: Vec::new(),
            posted: chip.host_buffers,
            used: first,
            first,
            dropped: dropped(chip)?,
            ipv6: chip.cfg.ipv6,
            // Behind Ethernet, IPv6 and TCP.
            room: chip.cfg.max_frame - 74,
        })
    }

    /// A frame of any kind and length, unlike all before.
    pub fn next(&mut self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let len: usize = match rng.gen_range(0..4) {
            0 => rng.gen_range(0..40),
            1 => rng.gen_range(0..1500),
            _ => rng.gen_range(0..200),
        };
        let len = len.min(self.room);
        let payload: Vec<u8> = (0..len).map(|_| rng.gen()).collect();
        let mut spec = FrameSpec::default();
        // No plan uses ports below 1024.
        spec.src.port = rng.gen_range(1..1024);
        let six = self.ipv6 && self.sent.len() % 2 == 1;
        if six {
            spec = spec.ipv6();
        }
        let mut frame = spec.frame(&payload);
        match (rng.gen_range(0..4), six) {
            // The EtherType of the other version.
            (0, false) => frame[12..14].copy_from_slice(&[0x86, 0xdd]),
            (0, true) => frame[12..14].copy_from_slice(&[8, 0]),
            // UDP, and an extension header or UDP.
            (1, false) => frame[23] = 17,
            (1, true) => frame[20] = [0, 43, 44, 60, 17][len % 5],
            _ => {}
        }
        frame[..6].copy_from_slice(&MARK);
        frame[6..10].copy_from_slice(&(self.sent.len() as u32).to_be_bytes());
        self.sent.push(frame.clone());
        frame
    }

    /// Posts host buffers.
    pub fn host(&mut self, chip: &mut Chip) {
        while self.posted < self.used + AHEAD {
            chip.post(Post {
                rq: RQ_NIC,
                idx: self.posted as u16,
                addr: BASE + self.posted as u64 * STEP,
                len: STEP as u32,
            });
            self.posted += 1;
        }
    }

    /// An event was seen.
    pub fn listen(&mut self, event: &CplEvent) {
        self.used += usize::from(event.kind == cpl_kind::NIC);
    }

    /// Every plain frame's event says where it is; strangers are delivered as sent, in order, at most once, and as many are
    /// missing at most as the chip says it dropped.
    pub fn judge(
        &self,
        chip: &mut Chip,
        writes: &[DmaWrite],
        events: &[CplEvent],
    ) -> Result<(), DuelError> {
        let wrong = |what: String| Err(Mismatch { conn: 0, what }.into());
        let writes: Vec<_> = writes
            .iter()
            .filter(|w| w.class == dma_class::NIC)
            .collect();
        let events: Vec<_> = events.iter().filter(|e| e.kind == cpl_kind::NIC).collect();
        if writes.len() != events.len() {
            return wrong(format!(
                "{} plain frames written, {} events",
                writes.len(),
                events.len()
            ));
        }
        let mut next = 0;
        for (i, (w, e)) in writes.iter().zip(&events).enumerate() {
            let buffer = self.first + i;
            let at = BASE + buffer as u64 * STEP;
            if (w.addr, e.rqe_idx, e.len as usize) != (at, buffer as u16, w.data.len()) {
                return wrong(format!("plain frame {i}: {w:?}, {e:?}"));
            }
            if e.cycle < w.last_data {
                return wrong(format!("plain frame {i}: its event comes before its data"));
            }
            if is_one(&w.data) {
                match self.sent[next..].iter().position(|f| *f == w.data) {
                    Some(skipped) => next += skipped + 1,
                    None => return wrong(format!("plain frame {i} was not sent like this: {w:?}")),
                }
            }
        }
        let came = writes.iter().filter(|w| is_one(&w.data)).count();
        let dropped = dropped(chip)? - self.dropped;
        if self.sent.len() - came > dropped {
            return wrong(format!(
                "{} strangers sent, {came} delivered, {dropped} frames dropped",
                self.sent.len()
            ));
        }
        Ok(())
    }
}
