//! The golden receive endpoint: fed with TCP segments, frames or an in-order octet stream, it says what a correct
//! RNIC places, completes, refuses and may acknowledge.
//!
//! [`Golden`] owns one [`Host`] (memory and STag table, shared by all) and any number of [`Connection`]s.
//! Typical use: fill `host`, `install` a connection, post receives and Reads, feed segments, look at `take_output`.
//!
//! [`tx`] is the transmit half, with both halves joined to an endpoint that speaks frames.
//!
//! Acknowledgement policy modelled (docs: receive path): a complete FPDU may be acknowledged once its CRC is good; octets of an
//! incomplete one once they are in order. An FPDU with a bad CRC none of whose octets were acknowledged is dropped and
//! `rcv_nxt` stays at its start ([`Event::CrcDrop`]); otherwise, or at the `crc_repeats`-th time, the stream ends with 0x20/0x02.

pub mod deframer;
pub mod event;
pub mod memory;
pub mod tcp_rx;
pub mod tpt;
pub mod tx;

mod config;
mod connection;
mod ddp;
mod reads;
mod refuse;
#[cfg(test)]
mod tests;

pub use config::{
    AckRange, AtomicIssue, ConnConfig, Host, ReadIssue, Rqe, Segment, Sge, Tuple, Verdict,
};
pub use connection::Connection;
pub use event::{Completion, Event, GoldenError, OpCounts, Placement};
pub use memory::Memory;
pub use tcp_rx::Arrival;
pub use tpt::{Access, Rights, Tpt, TptEntry, Translation};

use crate::wire::frame::{FrameRepr, NotTcp, SumState};
use memory::MemoryError;

/// Collected results. Placements and events each keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    pub placements: Vec<Placement>,
    pub events: Vec<Event>,
    /// For each event, the number of placements in front of it.
    pub marks: Vec<usize>,
    /// FPDUs passed up without error.
    pub ops: OpCounts,
    /// Placements outside of any memory region: the test set the STag or the receive buffer up wrong.
    pub memory_errors: Vec<MemoryError>,
}

impl Output {
    /// Notes how many placements stand in front of the events that came since the last call.
    fn mark(&mut self) {
        self.marks.resize(self.events.len(), self.placements.len());
    }

    pub fn completions(&self) -> impl Iterator<Item = &Completion> {
        self.events.iter().filter_map(|e| {
            if let Event::Receive(c) = e {
                Some(c)
            } else {
                None
            }
        })
    }

    pub fn error(&self) -> Option<&GoldenError> {
        self.events.iter().find_map(|e| {
            if let Event::Error(g) = e {
                Some(g)
            } else {
                None
            }
        })
    }
}

/// A host with its connections.
#[derive(Debug, Clone, Default)]
pub struct Golden {
    pub host: Host,
    pub conns: Vec<Connection>,
}

/// Why a frame reached no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOurs {
    /// Belongs to the plain NIC path.
    NotTcp(NotTcp),
    BadChecksum,
    NoConnection,
}

impl Golden {
    /// A host without regions; `seed` chooses the memory pattern.
    pub fn new(seed: u64) -> Self {
        Golden {
            host: Host {
                mem: Memory::new(seed),
                tpt: Tpt::default(),
            },
            conns: Vec::new(),
        }
    }

    /// Adds a connection; the number returned names it.
    pub fn install(&mut self, cfg: ConnConfig) -> usize {
        self.conns.push(Connection::new(cfg));
        self.conns.len() - 1
    }

    pub fn segment(&mut self, conn: usize, seg: &Segment) -> Option<Verdict> {
        let c = self.conns.get_mut(conn)?;
        Some(c.segment(&mut self.host, seg))
    }

    pub fn stream(&mut self, conn: usize, data: &[u8]) {
        if let Some(c) = self.conns.get_mut(conn) {
            c.stream(&mut self.host, data);
        }
    }

    /// Feeds a frame as it comes from the MAC: finds the connection by tuple and VLAN.
    pub fn frame(&mut self, frame: &[u8]) -> Result<(usize, Verdict), NotOurs> {
        let (r, at) = FrameRepr::parse(frame).map_err(NotOurs::NotTcp)?;
        if at.ip_checksum != SumState::Good || at.tcp_checksum != SumState::Good {
            return Err(NotOurs::BadChecksum);
        }
        let tuple = Tuple {
            local: (r.ip.dst(), r.tcp.dst_port),
            remote: (r.ip.src(), r.tcp.src_port),
            vlan: r.eth.vlan.map(|v| v.vid),
        };
        let conn = self
            .conns
            .iter()
            .position(|c| c.cfg.tuple == Some(tuple))
            .ok_or(NotOurs::NoConnection)?;
        let t = &r.tcp;
        let payload = frame[at.payload].to_vec();
        let seg = Segment {
            seq: t.seq,
            ack: t.ack,
            flags: t.flags,
            window: t.window,
            timestamps: t.timestamps(),
            payload,
        };
        let verdict = self.conns[conn].segment(&mut self.host, &seg);
        Ok((conn, verdict))
    }
}
