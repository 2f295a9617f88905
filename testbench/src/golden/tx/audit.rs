//! What any correct sender keeps to, whatever its timing: a watch over a device whose segments differ from the golden ones in
//! time, boundaries and order, but never in content.
//!
//! Told what was asked of the device ([`SenderAudit::expect`]: the octets that the FPDU maker makes of its work requests), each
//! acknowledgement that reached it and each segment that left it, it finds:
//! octets that differ from what was asked, also when sent again (TCP-5A); octets that nobody asked for; gaps; octets beyond
//! every window ever offered, but for one-octet probes (TCP-48, 57); and more under way than slow start can have reached: the
//! first window, all that was acknowledged, and a segment for each duplicate (TCP-49, 4B).

use super::fpdu::FpduRecord;
use crate::wire::tcp::seq_diff;
use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditFault {
    #[error("segment at position {pos}: octet {at} is {got:#04x}, {want:#04x} was asked for")]
    Content {
        pos: u64,
        at: u64,
        got: u8,
        want: u8,
    },
    #[error("segment ends at position {end}, only {asked} octets were asked for")]
    NotAsked { end: u64, asked: u64 },
    #[error("segment starts at position {pos}, but {high} was the end of what had been sent")]
    Gap { pos: u64, high: u64 },
    #[error("segment ends at position {end}, the window at {edge}")]
    Window { end: u64, edge: u64 },
    #[error("{flight} octets are under way where {allowed} can be the most")]
    Flight { flight: u64, allowed: u64 },
    #[error("segment at position {pos} has {len} octets of payload, the MSS is {mss}")]
    Mss { pos: u64, len: usize, mss: usize },
}

/// What a segment was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Neither payload nor FIN.
    Bare,
    New,
    /// At least its first octet was sent before.
    Again,
}

#[derive(Debug, Clone)]
pub struct SenderAudit {
    first_seq: u32,
    mss: usize,
    first_window: u64,
    wnd_scale: u8,
    asked: Vec<u8>,
    una: u64,
    high: u64,
    edge: u64,
    duplicates: u64,
    /// FPDUs asked for; for [`SenderAudit::fpdu_at`].
    records: Vec<FpduRecord>,
}

impl SenderAudit {
    /// `window` in octets, as offered before the first acknowledgement.
    pub fn new(first_seq: u32, mss: usize, first_window: u64, window: u32, wnd_scale: u8) -> Self {
        SenderAudit {
            first_seq,
            mss,
            first_window,
            wnd_scale,
            asked: Vec::new(),
            una: 0,
            high: 0,
            edge: u64::from(window),
            duplicates: 0,
            records: Vec::new(),
        }
    }

    /// The next octets that the device may send.
    pub fn expect(&mut self, record: FpduRecord, octets: &[u8]) {
        self.records.push(record);
        self.asked.extend_from_slice(octets);
    }

    /// Octets asked for so far.
    pub fn asked(&self) -> u64 {
        self.asked.len() as u64
    }

    /// Behind the highest octet sent.
    pub fn high(&self) -> u64 {
        self.high
    }

    /// The FPDU that holds a position.
    pub fn fpdu_at(&self, pos: u64) -> Option<&FpduRecord> {
        let i = self.records.partition_point(|r| r.pos <= pos);
        let r = self.records.get(i.checked_sub(1)?)?;
        (pos < r.pos + u64::from(r.len)).then_some(r)
    }

    fn pos(&self, seq: u32) -> i64 {
        let una = self.first_seq.wrapping_add(self.una as u32);
        self.una as i64 + i64::from(seq_diff(seq, una))
    }

    /// An acceptable segment reached the device.
    pub fn acknowledged(&mut self, ack: u32, window: u16) {
        let pos = self.pos(ack);
        if pos < self.una as i64 || pos > self.high as i64 + 1 {
            return;
        }
        self.duplicates += u64::from(pos as u64 == self.una);
        self.una = pos as u64;
        let edge = self.una + (u64::from(window) << self.wnd_scale);
        self.edge = self.edge.max(edge);
    }

    /// A segment left the device.
    pub fn sent(&mut self, seq: u32, payload: &[u8], fin: bool) -> Result<Seen, AuditFault> {
        if payload.is_empty() && !fin {
            return Ok(Seen::Bare);
        }
        let pos = self.pos(seq).max(0) as u64;
        let end = pos + payload.len() as u64;
        let asked = self.asked();
        if payload.len() > self.mss {
            let (len, mss) = (payload.len(), self.mss);
            return Err(AuditFault::Mss { pos, len, mss });
        }
        if pos > self.high {
            let high = self.high;
            return Err(AuditFault::Gap { pos, high });
        }
        if end > asked {
            return Err(AuditFault::NotAsked { end, asked });
        }
        let want = &self.asked[pos as usize..end as usize];
        if let Some(i) = payload.iter().zip(want).position(|(a, b)| a != b) {
            let (got, want) = (payload[i], want[i]);
            let at = i as u64;
            return Err(AuditFault::Content { pos, at, got, want });
        }
        let probe = payload.len() <= 1 && pos <= self.edge;
        if end > self.edge && !probe {
            let edge = self.edge;
            return Err(AuditFault::Window { end, edge });
        }
        let again = pos < self.high;
        self.high = self.high.max(end);
        let flight = self.high.saturating_sub(self.una);
        let allowed = self.first_window + self.una + self.duplicates * self.mss as u64;
        if flight > allowed && payload.len() > 1 {
            return Err(AuditFault::Flight { flight, allowed });
        }
        Ok(if again { Seen::Again } else { Seen::New })
    }
}
