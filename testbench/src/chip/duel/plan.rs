//! What a duel plays: connections, memory, operations.

use crate::build::{FpduStream, FrameSpec};
use crate::chip::{Mirror, Region};
use crate::marking::mark;
use rand::Rng;
use std::collections::BTreeSet;

/// What must be true before an operation's octets may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// The next receive, of so many octets, is posted.
    Receive {
        len: u32,
    },
    /// The Read is issued.
    Read {
        sq_idx: u16,
        sink_stag: u32,
        sink_to: u64,
        len: u32,
    },
    /// The Atomic is issued; its Response has this MSN and Request Identifier.
    Atomic {
        sq_idx: u16,
        msn: u32,
        request_id: u32,
    },
    /// Fewer than IRD Read and Atomic Requests are open.
    Request,
}

/// Octets of one message.
#[derive(Debug, Clone)]
pub struct OpPlan {
    /// For reports.
    pub what: String,
    /// All of them at once; `Open` has no effect.
    pub gates: Vec<Gate>,
    pub octets: Vec<u8>,
    /// Where each FPDU starts in `octets`.
    pub starts: Vec<usize>,
    /// Segments end at these places in `octets`.
    pub cuts: BTreeSet<usize>,
}

impl OpPlan {
    /// One FPDU per ULPDU, CRC filled in, a segment ending at each FPDU.
    pub fn new(what: impl Into<String>, gate: Gate, ulpdus: &[Vec<u8>]) -> Self {
        let mut s = FpduStream::new(false);
        s.extend(ulpdus);
        Self::raw(what, gate, s.octets, s.starts)
    }

    /// Octets made elsewhere.
    pub fn raw(what: impl Into<String>, gate: Gate, octets: Vec<u8>, starts: Vec<usize>) -> Self {
        let mut cuts: BTreeSet<usize> = starts.iter().copied().collect();
        cuts.insert(octets.len());
        OpPlan {
            what: what.into(),
            gates: vec![gate],
            octets,
            starts,
            cuts,
        }
    }

    /// Several messages as one operation: released together, cut only at its ends.
    pub fn join(ops: &[OpPlan]) -> Self {
        let mut all = OpPlan::raw("", Gate::Open, Vec::new(), Vec::new());
        for op in ops {
            let at = all.octets.len();
            all.what += &format!("{}, ", op.what);
            all.gates.extend(&op.gates);
            all.starts.extend(op.starts.iter().map(|s| at + s));
            all.octets.extend_from_slice(&op.octets);
        }
        let ends = [0, all.octets.len()];
        all.with_cuts(ends)
    }

    /// Other segment ends than FPDU ends.
    pub fn with_cuts(mut self, cuts: impl IntoIterator<Item = usize>) -> Self {
        self.cuts = cuts.into_iter().collect();
        self
    }
}

/// One connection and its peer.
#[derive(Debug, Clone)]
pub struct ConnPlan {
    pub conn: u16,
    pub gen: u8,
    /// Frames of the peer; `seq` is the first sequence number.
    pub spec: FrameSpec,
    pub crc: bool,
    /// SACK was negotiated.
    pub sack: bool,
    /// Timestamps were negotiated; `spec` has those of the first frame.
    pub timestamps: bool,
    /// The stream has Markers, and its first octet is so far behind SeqStart. [`OpPlan`]s are made without.
    pub markers: Option<u32>,
    pub window: u32,
    pub mss: usize,
    pub pd: u32,
    pub qpn: u32,
    pub ird: u8,
    /// First MSN of queues 0 and 1.
    pub first_msn: [u32; 2],
    pub ops: Vec<OpPlan>,
    /// The peer closes behind its last operation.
    pub fin: bool,
    /// Its frames come through the host's inject port.
    pub inject: bool,
}

impl ConnPlan {
    /// Connection `n` with addresses and ports of its own.
    pub fn new(n: u16) -> Self {
        let mut spec = FrameSpec::default();
        spec.src.port = 40_000 + n;
        ConnPlan {
            conn: n,
            gen: 1,
            spec,
            crc: true,
            sack: true,
            timestamps: false,
            markers: None,
            window: 65535,
            mss: 1460,
            pd: 7,
            qpn: 100 + u32::from(n),
            ird: 4,
            first_msn: [1, 1],
            ops: Vec::new(),
            fin: false,
            inject: false,
        }
    }
}

impl ConnPlan {
    /// TS.Recent at installation, if timestamps were negotiated: that of the first frame.
    pub fn ts_recent(&self) -> Option<u32> {
        let first = self.spec.timestamps.map_or(0, |t| t.0);
        self.timestamps.then_some(first)
    }

    /// The transmit path has sent nothing but this acknowledgement.
    pub fn mirror(&self, last_ack_sent: u32) -> Mirror {
        Mirror {
            conn: self.conn,
            gen: self.gen,
            snd_una: self.spec.ack,
            snd_nxt: self.spec.ack,
            max_wnd: 65535,
            last_ack_sent,
        }
    }

    /// Puts Markers into all operations, which must be complete. Segments end where they did, with `near` also in every so
    /// many Markers.
    pub fn insert_markers(&mut self, near: f64, rng: &mut impl Rng) {
        let first = *self.markers.get_or_insert(0);
        let mut at = 0;
        for op in &mut self.ops {
            let m = mark(&op.octets, &op.starts, first.wrapping_add(at as u32));
            let all = op.cuts.len() >= op.octets.len();
            op.cuts = op.cuts.iter().map(|c| m.place(*c)).collect();
            if all {
                op.cuts = (0..=m.octets.len()).collect();
            }
            for k in &m.markers {
                if rng.gen_bool(near) {
                    op.cuts.insert(k + rng.gen_range(0..=4));
                }
            }
            at += m.octets.len();
            (op.octets, op.starts) = (m.octets, m.starts);
        }
    }
}

/// Everything a duel needs.
#[derive(Debug, Clone)]
pub struct Setup {
    pub seed: u64,
    pub regions: Vec<Region>,
    pub conns: Vec<ConnPlan>,
    /// See [`crate::chip::Sink`]: share of cycles in which the DMA sink is not ready.
    pub sink_stall: f64,
    pub event_stall: f64,
    /// Longest random gap in cycles in front of a frame.
    pub gap: u64,
    pub noise: super::Noise,
}

impl Setup {
    pub fn new(seed: u64) -> Self {
        Setup {
            seed,
            regions: Vec::new(),
            conns: Vec::new(),
            sink_stall: 0.0,
            event_stall: 0.0,
            gap: 0,
            noise: super::Noise::default(),
        }
    }
}
