//! The parts of a plan.

use crate::golden::{
    AtomicIssue, Completion, Event, GoldenError, Memory, OpCounts, Placement, ReadIssue, Rights,
    Tuple,
};
use crate::wire::ethernet::{Mac, Vlan};
use std::time::Duration;

/// MPA role of the device under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Initiator,
    Responder,
}

/// State of the connection at the first FPDU octet: everything an install record asks for that a capture can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    pub tuple: Tuple,
    pub vlan: Option<Vlan>,
    pub local_mac: Mac,
    /// Next hop.
    pub remote_mac: Mac,
    pub role: Role,
    /// The peer-to-peer startup of RFC 6581 is in use: the Initiator's first FPDU is an RTR frame.
    pub peer_to_peer: bool,
    pub mpa_rev: u8,
    /// First FPDU octet of the peer; also its MPA SeqStart.
    pub rcv_nxt: u32,
    /// Largest window that our end advertised, in octets.
    pub rcv_wnd: u32,
    /// First FPDU octet of ours; also our MPA SeqStart. All before it is acknowledged.
    pub snd_una: u32,
    pub snd_nxt: u32,
    /// Window the peer offers at that point, in octets.
    pub snd_wnd: u32,
    /// Shift of the window fields we send.
    pub rcv_scale: u8,
    /// Shift of the window fields the peer sends.
    pub snd_scale: u8,
    /// Largest segment payload to the peer, TCP options not yet taken off.
    pub mss: u16,
    pub timestamps: bool,
    pub ts_recent: u32,
    pub sack: bool,
    pub crc: bool,
    /// The peer inserts Markers.
    pub markers_rx: bool,
    /// We insert Markers.
    pub markers_tx: bool,
    /// Inbound Reads that we allow.
    pub ird: u16,
    /// Outbound Reads that we may have open.
    pub ord: u16,
    pub pd: u32,
    pub qpn: u32,
}

/// A region to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub stag: u32,
    /// Tagged Offset of the first octet.
    pub base: u64,
    pub len: u64,
    pub rights: Rights,
    /// Where the plan puts it in host memory; low 12 bits as those of `base`.
    pub addr: u64,
}

/// A region as the caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionOverride {
    pub stag: u32,
    pub base: u64,
    pub len: u32,
    pub rights: Rights,
}

/// A receive buffer to post, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receive {
    pub idx: u16,
    /// MSN of the message that will use it.
    pub msn: u32,
    pub addr: u64,
    pub len: u32,
}

/// Transmit state that the receive side may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SndMirror {
    pub snd_una: u32,
    pub snd_nxt: u32,
    pub last_ack_sent: u32,
    pub max_wnd: u32,
}

/// One thing to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A frame arrives.
    Frame {
        /// Index in the capture (after repair).
        index: usize,
        octets: Vec<u8>,
    },
    /// Our end sent a Read Request.
    ReadIssue(ReadIssue),
    /// Our end sent an Atomic Request.
    AtomicIssue(AtomicIssue),
    /// Our end answered so many Read and Atomic Requests.
    ReadDone { count: u32 },
    /// Our end's transmit state changed.
    SndMirror(SndMirror),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Since the first frame of the connection.
    pub time: Duration,
    pub action: Action,
}

/// What must come out.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The host memory at the end, guards and pattern included.
    pub memory: Memory,
    /// Placements in order.
    pub placements: Vec<Placement>,
    /// All events in order.
    pub events: Vec<Event>,
    /// Receive completions in order.
    pub completions: Vec<Completion>,
    /// FPDUs of the peer by opcode, up to the error if there is one.
    pub ops: OpCounts,
    /// The error that the replay must end with.
    pub error: Option<GoldenError>,
    /// Highest sequence number to be acknowledged.
    pub rcv_nxt: u32,
    /// FPDUs of our own end by opcode, for information.
    pub our_ops: OpCounts,
}

impl Expected {
    /// What a device got wrong, one line each, at most `limit`; empty when memory and completions are as expected.
    pub fn differences(
        &self,
        memory: &Memory,
        completions: &[Completion],
        limit: usize,
    ) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for d in self.memory.compare(memory, limit) {
            let place = if d.in_guard { "guard of " } else { "" };
            out.push(format!(
                "{place}{}: octet at {:#x} is {:#04x}, expected {:#04x}",
                d.region, d.addr, d.theirs, d.ours
            ));
        }
        if self.completions.len() != completions.len() {
            out.push(format!(
                "{} completions, expected {}",
                completions.len(),
                self.completions.len()
            ));
        }
        for (i, (want, got)) in self.completions.iter().zip(completions).enumerate() {
            if want != got {
                out.push(format!("completion {i} is {got:?}, expected {want:?}"));
            }
        }
        out.truncate(limit);
        out
    }
}
