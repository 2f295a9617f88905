//! Which connections of a capture are replayed, on which side, and what is skipped and why.

use super::pieces::Pieces;
use super::report::Skip;
use super::{Endpoint, ReplayError, ReplayOptions};
use crate::capture::{Capture, Connection, Flows, Side};
use crate::golden::Event;
use crate::replay_plan::{Action, Plan, PlanError, PlanOptions};
use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

/// A connection with one side taken over.
pub(super) struct Chosen {
    pub plan: Plan,
    pub(super) pieces: Pieces,
    /// Time of its first frame in the capture.
    pub zero: Duration,
    /// FIN or reset by the peer, as the golden model sees them in the original frames.
    closing: Vec<Event>,
}

/// Frames of a connection that never gets to FPDUs: the chip hands them to the host as they are.
pub(super) struct Plain {
    pub time: Duration,
    pub index: usize,
    pub octets: Vec<u8>,
}

/// What one chip plays: connections that share no STag, with their frames mixed as in the capture.
pub(super) struct Batch {
    pub we: Side,
    pub lanes: Vec<Chosen>,
    pub plain: Vec<Plain>,
}

/// The selection.
pub(super) struct Selection {
    pub batches: Vec<Batch>,
    pub skipped: Vec<Skip>,
}

impl Batch {
    fn new(we: Side) -> Self {
        Batch {
            we,
            lanes: Vec::new(),
            plain: Vec::new(),
        }
    }

    pub fn title(&self) -> String {
        match self.lanes.len() {
            0 => format!("{} of rejected connections", self.we),
            1 => self.lanes[0].plan.name.clone(),
            n => format!("{} of {n} connections", self.we),
        }
    }

    /// Room for another connection: slots, and STag indices of its own.
    fn fits(&self, plan: &Plan, limit: usize) -> bool {
        let taken: HashSet<u32> = self.stag_indices().collect();
        let tuples = self
            .lanes
            .iter()
            .all(|l| l.plan.install.tuple != plan.install.tuple);
        self.lanes.len() < limit
            && tuples
            && plan.regions.iter().all(|r| !taken.contains(&(r.stag >> 8)))
    }

    fn stag_indices(&self) -> impl Iterator<Item = u32> + '_ {
        self.lanes
            .iter()
            .flat_map(|l| l.plan.regions.iter().map(|r| r.stag >> 8))
    }
}

/// Host addresses given to one connection: more than any plan needs.
const ADDRESSES: u64 = 1 << 40;

/// Lanes a chip plays at most: the picture and the progress line stay readable.
const MOST_LANES: usize = 64;

pub(super) fn select(
    capture: &Capture,
    flows: &Flows,
    options: &ReplayOptions,
) -> Result<Selection, ReplayError> {
    if flows.connections.is_empty() && flows.skipped.is_empty() {
        if flows.stacked_vlan_frames > 0 {
            return Err(ReplayError::StackedVlan {
                capture: capture.name.clone(),
                frames: flows.stacked_vlan_frames,
            });
        }
        return Err(ReplayError::NoConnections {
            capture: capture.name.clone(),
        });
    }
    let mut out = Selection {
        batches: Vec::new(),
        skipped: Vec::new(),
    };
    out.skipped.extend(flows.skipped.iter().map(|s| Skip {
        connection: format!("{} - {}", SocketAddr::from(s.a), SocketAddr::from(s.b)),
        reason: s.reason.to_string(),
    }));
    let mut matched = false;
    for we in [Side::Client, Side::Server] {
        let mut batches: Vec<Batch> = vec![Batch::new(we)];
        for (n, conn) in flows.connections.iter().enumerate() {
            if !wanted(conn, we, options.endpoint) {
                continue;
            }
            matched = true;
            take(
                capture,
                conn,
                n,
                we,
                options,
                &mut batches,
                &mut out.skipped,
            );
        }
        batches.retain(|b| !b.lanes.is_empty() || !b.plain.is_empty());
        out.batches.extend(batches);
    }
    if !matched && options.endpoint != Endpoint::Both && !flows.connections.is_empty() {
        return Err(no_endpoint(capture, flows, options.endpoint));
    }
    known_stags(capture, options, &out)?;
    Ok(out)
}

/// A region given for an STag that nothing uses would change nothing: most likely it is mistyped.
fn known_stags(
    capture: &Capture,
    options: &ReplayOptions,
    out: &Selection,
) -> Result<(), ReplayError> {
    let lanes = out.batches.iter().flat_map(|b| &b.lanes);
    let regions = lanes.flat_map(|l| &l.plan.regions);
    let there: BTreeSet<u32> = regions.map(|r| r.stag).collect();
    // Without a region the list of the skipped says why.
    let unknown = options.regions.iter().find(|r| !there.contains(&r.stag));
    match unknown {
        Some(r) if !there.is_empty() || out.skipped.is_empty() => {
            let named: Vec<String> = there.iter().map(|s| format!("{s:#010x}")).collect();
            Err(ReplayError::NoSuchStag {
                capture: capture.name.clone(),
                given: format!("{:#010x}", r.stag),
                there: match named.is_empty() {
                    true => "none".into(),
                    false => named.join(", "),
                },
            })
        }
        _ => Ok(()),
    }
}

fn wanted(conn: &Connection, we: Side, endpoint: Endpoint) -> bool {
    match endpoint {
        Endpoint::Both => true,
        Endpoint::Client => we == Side::Client,
        Endpoint::Server => we == Side::Server,
        Endpoint::Address(ip, port) => {
            let end = conn.side(we).end;
            (end.ip, end.port) == (ip, port)
        }
    }
}

fn no_endpoint(capture: &Capture, flows: &Flows, endpoint: Endpoint) -> ReplayError {
    let ends = flows
        .connections
        .iter()
        .flat_map(|c| [&c.client.end, &c.server.end].map(|e| e.socket().to_string()));
    let mut there: Vec<String> = ends.collect();
    there.sort();
    there.dedup();
    let wanted = match endpoint {
        Endpoint::Address(ip, port) => SocketAddr::new(ip, port).to_string(),
        other => format!("{other:?}").to_lowercase(),
    };
    ReplayError::NoEndpoint {
        capture: capture.name.clone(),
        wanted,
        there: there.join(", "),
    }
}

/// Puts one side of a connection into the first batch with room, or on the list of the skipped.
fn take(
    capture: &Capture,
    conn: &Connection,
    n: usize,
    we: Side,
    options: &ReplayOptions,
    batches: &mut Vec<Batch>,
    skipped: &mut Vec<Skip>,
) {
    let sizes = &options.preset.sizes;
    let plan_options = PlanOptions {
        pd: 1 + n as u32 % 0xff_0000,
        qpn: 1 + n as u32 % 0xf_0000,
        memory_seed: 0x5eed ^ options.seed,
        first_addr: 0x1_0000_0000 + (n as u64 % 0x10_0000) * ADDRESSES,
        max_fpdu: sizes.max_fpdu,
        regions: options.regions.clone(),
        ..PlanOptions::default()
    };
    let name = format!(
        "{we} of {} - {}",
        conn.client.end.socket(),
        conn.server.end.socket()
    );
    let mut skip = |reason: String| {
        let connection = name.clone();
        skipped.push(Skip { connection, reason });
    };
    let plan = match Plan::build(capture, conn, we, &plan_options) {
        Ok(plan) => plan,
        Err(PlanError::NotEstablished { .. }) if conn.rejected => {
            batches[0].plain.extend(plain(capture, conn, we));
            return;
        }
        Err(PlanError::NotEstablished { reason, .. }) => {
            return skip(format!("no FPDUs: {reason}"))
        }
        Err(PlanError::Gap { side, seq, .. }) => {
            let what = "octets missing from the capture";
            return skip(format!(
                "{what}: {side}, sequence {seq:#010x}; record without loss"
            ));
        }
        Err(other) => {
            let text = other.to_string();
            let prefix = format!("{name}: ");
            return skip(text.strip_prefix(&prefix).unwrap_or(&text).to_string());
        }
    };
    if conn.client.end.ip.is_ipv6() && !sizes.ipv6 {
        return skip(format!(
            "over IPv6, which preset {} does not have: choose a larger preset",
            options.preset.name
        ));
    }
    if plan.install.markers_rx && !sizes.markers {
        return skip(format!(
            "with Markers, which preset {} cannot take out: choose a larger preset",
            options.preset.name
        ));
    }
    let longest = plan.frames().map(|(_, f)| f.len()).max().unwrap_or(0);
    if longest > sizes.max_frame {
        let most = sizes.max_frame;
        return skip(format!(
            "a frame of {longest} octets; preset {} takes {most}: choose a larger preset",
            options.preset.name
        ));
    }
    let zero = conn
        .frames
        .first()
        .map_or(Duration::ZERO, |f| capture.frames[f.index].time);
    let pieces = Pieces::of(conn, &plan);
    let closing = match plan.run_golden() {
        Ok((out, _)) => out.events,
        Err(e) => return skip(e.to_string()),
    };
    let closing = closing
        .into_iter()
        .filter(|e| matches!(e, Event::Fin | Event::Reset))
        .collect();
    let plan = match &options.frames_from {
        Some(other) => plan.with_frames_from(other),
        None => plan,
    };
    let chosen = Chosen {
        plan,
        pieces,
        zero,
        closing,
    };
    let limit = MOST_LANES.min(1 << sizes.conn_bits);
    match batches.iter_mut().find(|b| b.fits(&chosen.plan, limit)) {
        Some(batch) => batch.lanes.push(chosen),
        None => {
            let mut batch = Batch::new(we);
            batch.lanes.push(chosen);
            batches.push(batch);
        }
    }
}

/// The peer's frames of a connection that carries no FPDU.
fn plain(capture: &Capture, conn: &Connection, we: Side) -> Vec<Plain> {
    let theirs = conn.frames.iter().filter(|f| f.from != we);
    theirs
        .map(|f| Plain {
            time: capture.frames[f.index].time,
            index: f.index,
            octets: capture.frames[f.index].data.clone(),
        })
        .collect()
}

impl Chosen {
    /// An error or a Terminate ends the stream: what TCP does behind it is of no interest.
    pub fn ended(&self) -> bool {
        let e = &self.plan.expected;
        let terminated = |e: &Event| matches!(e, Event::TerminateReceived(_));
        e.error.is_some() || e.events.iter().any(terminated)
    }

    /// Events that must come, in order.
    pub fn events(&self) -> Vec<&Event> {
        let told = self.plan.expected.events.iter().filter(|e| {
            use Event::*;
            matches!(
                e,
                Receive(_) | ReadDone { .. } | AtomicDone { .. } | TerminateReceived(_) | Error(_)
            )
        });
        let closing = self.closing.iter().filter(|_| !self.ended());
        told.chain(closing).collect()
    }

    /// Next sequence number expected at the end; a FIN counts.
    pub fn final_rcv_nxt(&self) -> u32 {
        let fin = self.closing.contains(&Event::Fin);
        self.plan.expected.rcv_nxt.wrapping_add(u32::from(fin))
    }

    /// Steps with their place in the capture: the index of the frame they belong to, which for our own events is the next
    /// one from the peer.
    pub fn placed_steps(&self) -> Vec<(usize, Duration, &Action)> {
        let mut out: Vec<(usize, Duration, &Action)> = Vec::with_capacity(self.plan.steps.len());
        let mut next = usize::MAX;
        for s in self.plan.steps.iter().rev() {
            if let Action::Frame { index, .. } = &s.action {
                next = *index;
            }
            out.push((next, self.zero + s.time, &s.action));
        }
        out.reverse();
        out
    }
}
