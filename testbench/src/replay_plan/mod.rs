//! What a replay of a captured connection needs: one end is taken over by the device under test ("we"), the other end's
//! frames are played to it.
//!
//! A [`Plan`] holds the install parameters, the memory regions and receive buffers that the peer's messages ask for, the
//! timeline of frames and of our own transmit-side events (Reads issued, Read Requests answered, snd_una and snd_nxt), and
//! the expected results. Those come from the golden model over the original in-order octet stream, so frames may be taken
//! from another, mutated capture with [`Plan::with_frames_from`] and the expectation stays.
//!
//! When our end refused a segment in the capture (it sent a Terminate that names it), the plan does not register or post
//! what that segment needed, so that the replay is refused too.

mod derive;
#[cfg(test)]
mod tests;
mod timeline;
mod types;

pub use types::{
    Action, Expected, Install, Receive, Region, RegionOverride, Role, SndMirror, Step,
};

use crate::capture::{Capture, Connection, Side};
use crate::golden::memory::MemoryError;
use crate::golden::tpt::TptError;
use crate::golden::{
    ConnConfig, Golden, Memory, OpCounts, Output, ReadIssue, Rqe, Sge, Tpt, TptEntry, Translation,
    Tuple,
};
use crate::wire::ddp::Term;
use crate::wire::mpa::Enhanced;
use std::time::Duration;
use thiserror::Error;

/// A replay.
#[derive(Debug, Clone)]
pub struct Plan {
    /// "server of 10.7.0.2:40000 - 10.7.0.1:18515"
    pub name: String,
    pub we: Side,
    pub install: Install,
    /// To be registered before the first step.
    pub regions: Vec<Region>,
    /// To be posted before the first step.
    pub receives: Vec<Receive>,
    pub steps: Vec<Step>,
    pub expected: Expected,
    /// What the capture does that a reader of the result should know.
    pub notes: Vec<String>,
    options: PlanOptions,
    capture_frames: usize,
}

/// How to make a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    pub pd: u32,
    pub qpn: u32,
    /// Pattern of the host memory.
    pub memory_seed: u64,
    /// First address used; regions and buffers follow with their guards.
    pub first_addr: u64,
    /// Cut octets of the startup frame off a frame that also holds FPDU octets. Off: the device trims them.
    pub trim_startup: bool,
    /// The device knows RFC 7306. Atomic Requests are checked and handed on, not carried out.
    pub rfc7306: bool,
    pub max_fpdu: usize,
    /// STags whose octets spread wider are registered only as far as this.
    pub max_region: u64,
    /// Regions as the caller knows them, in place of the range and the rights seen.
    pub regions: Vec<RegionOverride>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        PlanOptions {
            pd: 1,
            qpn: 1,
            memory_seed: 0x5eed,
            first_addr: 0x1_0000_0000,
            trim_startup: false,
            rfc7306: true,
            max_fpdu: ConnConfig::default().max_fpdu,
            max_region: 64 << 20,
            regions: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error("{name}: no FPDU stream: {reason}")]
    NotEstablished { name: String, reason: &'static str },
    #[error("{name}: octets of the {side} are missing from the capture at sequence {seq:#010x}; record without loss")]
    Gap { name: String, side: Side, seq: u32 },
    #[error("{name}: {source}")]
    Memory { name: String, source: MemoryError },
    #[error("{name}: {source}")]
    Tpt { name: String, source: TptError },
}

impl Plan {
    /// The plan to replay `conn` with `we` taken over by the device.
    pub fn build(
        capture: &Capture,
        conn: &Connection,
        we: Side,
        options: &PlanOptions,
    ) -> Result<Plan, PlanError> {
        let (us, peer) = (conn.side(we), conn.side(we.other()));
        let name = format!(
            "{we} of {} - {}",
            conn.client.end.socket(),
            conn.server.end.socket()
        );
        let (Some(snd_nxt), Some(rcv_nxt)) = (us.fpdu_seq(), peer.fpdu_seq()) else {
            let reason = match (conn.rejected, &conn.server.startup) {
                (true, _) => "the MPA Reply rejects",
                (false, None) => "no MPA Reply",
                (false, Some(_)) => "startup incomplete",
            };
            return Err(PlanError::NotEstablished { name, reason });
        };
        for side in [we, we.other()] {
            if let Some(seq) = conn.side(side).gap_at {
                return Err(PlanError::Gap { name, side, seq });
            }
        }
        let mut wants = derive::Wants::of(conn, we, options);
        wants.replace(&options.regions);
        let mut notes = wants.notes.clone();
        if conn.crc_negotiated && !conn.crc {
            notes.push("CRC was negotiated but every CRC field is 0: replayed without CRC".into());
        }
        let (regions, receives) = wants.layout(options);
        let scale = conn.window_scale_of(we);
        let install = Install {
            tuple: Tuple {
                local: (us.end.ip, us.end.port),
                remote: (peer.end.ip, peer.end.port),
                vlan: conn.vlan.map(|v| v.vid),
            },
            vlan: conn.vlan,
            local_mac: us.end.mac,
            remote_mac: peer.end.mac,
            role: if we == Side::Client {
                Role::Initiator
            } else {
                Role::Responder
            },
            peer_to_peer: enhanced(conn).is_some_and(|e| e.peer_to_peer),
            mpa_rev: conn.rev,
            rcv_nxt,
            rcv_wnd: timeline::largest_window(conn, we, scale),
            snd_una: snd_nxt,
            snd_nxt,
            snd_wnd: timeline::first_window(conn, we.other(), rcv_nxt),
            rcv_scale: scale,
            snd_scale: conn.window_scale_of(we.other()),
            mss: peer.mss.unwrap_or(536),
            timestamps: conn.timestamps(),
            ts_recent: timeline::first_timestamp(conn, we.other(), rcv_nxt),
            sack: conn.sack(),
            crc: conn.crc,
            markers_rx: conn.markers_from(we.other()),
            markers_tx: conn.markers_from(we),
            ird: us
                .startup
                .as_ref()
                .and_then(|s| s.enhanced_data())
                .map_or(16, |e| e.ird),
            ord: us
                .startup
                .as_ref()
                .and_then(|s| s.enhanced_data())
                .map_or(16, |e| e.ord),
            pd: options.pd,
            qpn: options.qpn,
        };
        let steps = timeline::steps(capture, conn, we, &install, options);
        let memory = Memory::new(options.memory_seed);
        let empty = Expected {
            memory,
            placements: Vec::new(),
            events: Vec::new(),
            completions: Vec::new(),
            ops: OpCounts::default(),
            error: None,
            rcv_nxt,
            our_ops: timeline::ops(conn, we),
        };
        let mut plan = Plan {
            name,
            we,
            install,
            regions,
            receives,
            steps,
            expected: empty,
            notes,
            options: options.clone(),
            capture_frames: capture.frames.len(),
        };
        plan.expect(conn)?;
        Ok(plan)
    }

    /// The golden model over the in-order stream, with our own events at their place.
    fn expect(&mut self, conn: &Connection) -> Result<(), PlanError> {
        let peer = conn.side(self.we.other());
        let mut g = self.golden()?;
        let start = peer.fpdu_offset.unwrap_or(0);
        let mut fed = start;
        for step in &self.steps {
            match &step.action {
                Action::Frame { index, .. } => {
                    let at = peer.progress.partition_point(|(_, i)| i <= index);
                    let have = at.checked_sub(1).map_or(0, |k| peer.progress[k].0);
                    if have > fed {
                        g.stream(0, &peer.stream[fed..have]);
                        fed = have;
                    }
                }
                other => apply(&mut g, other),
            }
        }
        let c = &mut g.conns[0];
        let mut rcv_nxt = c.rcv_nxt();
        let mut error = c.error().cloned();
        let mut out = c.take_output();
        // In a stream nobody can repair a bad CRC; over TCP the FPDU is dropped first and may come again.
        let bad_crc = error
            .as_ref()
            .filter(|e| e.term == Term::new(0x20, 0x02))
            .map(|e| e.seq);
        if let Some(seq) = bad_crc {
            let (frames, _) = self.run_golden()?;
            if frames.error().is_none() {
                let note = format!(
                    "the FPDU at sequence {seq:#010x} has a bad CRC and is not repaired in the capture: it is dropped and never acknowledged"
                );
                self.notes.push(note);
                error = None;
                rcv_nxt = seq;
                out.events = frames.events;
            }
        }
        let completions = out.completions().cloned().collect();
        self.expected = Expected {
            memory: g.host.mem,
            placements: out.placements,
            events: out.events,
            completions,
            ops: out.ops,
            error,
            rcv_nxt,
            our_ops: self.expected.our_ops.clone(),
        };
        Ok(())
    }

    /// Configuration of a golden connection for this plan.
    pub fn conn_config(&self) -> ConnConfig {
        let i = &self.install;
        ConnConfig {
            tuple: Some(i.tuple),
            qp: i.qpn,
            pd: i.pd,
            rcv_nxt: i.rcv_nxt,
            rcv_wnd: i.rcv_wnd,
            crc: i.crc,
            markers: i.markers_rx,
            max_fpdu: self.options.max_fpdu,
            ird: usize::from(i.ird),
            rfc7306: self.options.rfc7306,
            execute_atomics: false,
            timestamps: i.timestamps,
            ts_recent: i.ts_recent,
            sack: i.sack,
            ..ConnConfig::default()
        }
    }

    /// Host memory before the first step.
    pub fn memory(&self) -> Result<Memory, PlanError> {
        let mut mem = Memory::new(self.options.memory_seed);
        let fail = |source| PlanError::Memory {
            name: self.name.clone(),
            source,
        };
        for r in &self.regions {
            let name = format!("STag {:#010x}", r.stag);
            mem.add(&name, r.addr, r.len as usize).map_err(fail)?;
        }
        for r in &self.receives {
            let name = format!("receive {}", r.msn);
            mem.add(&name, r.addr, r.len as usize).map_err(fail)?;
        }
        Ok(mem)
    }

    /// A golden model with this plan's memory, STags, connection (number 0) and receives.
    pub fn golden(&self) -> Result<Golden, PlanError> {
        let mut g = Golden::default();
        g.host.mem = self.memory()?;
        g.host.tpt = Tpt::default();
        for r in &self.regions {
            let entry = TptEntry {
                stag: r.stag,
                pd: self.install.pd,
                qp: None,
                rights: r.rights,
                base: r.base,
                len: r.len,
                translation: Translation::Contiguous(r.addr),
            };
            let fail = |source| PlanError::Tpt {
                name: self.name.clone(),
                source,
            };
            g.host.tpt.insert(entry).map_err(fail)?;
        }
        g.install(self.conn_config());
        for r in &self.receives {
            let sges = vec![Sge {
                addr: r.addr,
                len: r.len,
                lkey: None,
            }];
            g.conns[0].post_recv(Rqe { idx: r.idx, sges });
        }
        Ok(g)
    }

    /// Runs the golden model over the frames of the plan, through TCP: for a second opinion on `expected`, and for mutated
    /// frames. Returns the results and the host memory at the end.
    pub fn run_golden(&self) -> Result<(Output, Memory), PlanError> {
        let mut g = self.golden()?;
        for step in &self.steps {
            match &step.action {
                // A frame that is not for this connection has no effect, as in the device.
                Action::Frame { octets, .. } => drop(g.frame(octets)),
                other => apply(&mut g, other),
            }
        }
        let out = g.conns[0].take_output();
        Ok((out, g.host.mem))
    }

    /// The same plan with the peer's frames taken from `other`, a changed copy of the capture. With the same number of
    /// frames they are matched by place, else by tuple and time.
    pub fn with_frames_from(&self, other: &Capture) -> Plan {
        let steps = if other.frames.len() == self.capture_frames {
            timeline::by_place(&self.steps, other)
        } else {
            timeline::by_tuple(&self.steps, other, &self.install)
        };
        Plan {
            steps,
            ..self.clone()
        }
    }

    /// The peer's frames in order.
    pub fn frames(&self) -> impl Iterator<Item = (Duration, &[u8])> {
        self.steps.iter().filter_map(|s| match &s.action {
            Action::Frame { octets, .. } => Some((s.time, octets.as_slice())),
            _ => None,
        })
    }

    /// Our Reads in order.
    pub fn read_issues(&self) -> impl Iterator<Item = (Duration, ReadIssue)> + '_ {
        self.steps.iter().filter_map(|s| match s.action {
            Action::ReadIssue(r) => Some((s.time, r)),
            _ => None,
        })
    }
}

fn apply(g: &mut Golden, action: &Action) {
    let c = &mut g.conns[0];
    match action {
        Action::ReadIssue(r) => c.issue_read(*r),
        Action::AtomicIssue(a) => c.issue_atomic(*a),
        Action::ReadDone { count } => c.read_done(*count as usize),
        Action::Frame { .. } | Action::SndMirror(_) => {}
    }
}

/// The enhanced data that rules: the Reply's.
fn enhanced(conn: &Connection) -> Option<Enhanced> {
    conn.server.startup.as_ref().and_then(|s| s.enhanced_data())
}
