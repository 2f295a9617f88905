//! Named workloads between two adapters, as perftest has them: what is posted when, what came of it, and whether every octet
//! arrived where it should.

use super::pair::{places, stag, Pair, PairConfig};
use super::{HostMemory, Nic};
use crate::chip::{ChipError, CplEvent, Post};
use ferrowarp_abi::code::{cpl_kind, wc_status, wqe_op};
use ferrowarp_abi::queue::{Octets, Sge, Sqe};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use thiserror::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RDMA Writes, Sends, as fast as they go.
    WriteBw,
    SendBw,
    /// One there, one back, and so on.
    WriteLat,
    SendLat,
    /// Writes and Sends of any size up to `size`, in both directions.
    Mix,
}

#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub kind: Kind,
    /// Octets of a message.
    pub size: usize,
    /// Messages of a connection; there and back are one.
    pub iters: usize,
    /// Work requests of a connection under way at most.
    pub depth: usize,
    pub seed: u64,
}

/// Why a workload has no good end.
#[derive(Debug, Error)]
pub enum WorkloadError {
    #[error(transparent)]
    Chip(#[from] ChipError),
    #[error("nothing was completed for {ms} ms of simulated time: {left} work requests are left")]
    Hang { ms: u64, left: usize },
    #[error("connection {conn} was lost: work request {idx} ended with status {status}")]
    Lost { conn: u16, idx: u16, status: u8 },
    #[error(
        "connection {conn} was lost: an event of kind {kind}, code 0x{term:04x}, at end {end}"
    )]
    Event {
        end: usize,
        conn: u16,
        kind: u8,
        term: u16,
    },
    #[error("message {number} of connection {conn} from end {end} differs in memory, first at octet {octet}")]
    Differs {
        end: usize,
        conn: u16,
        number: usize,
        octet: usize,
    },
    #[error("{octets} octets a connection do not fit its memory of {most}: fewer iterations or a smaller size")]
    TooMuch { octets: usize, most: usize },
}

/// Octets of a connection's messages at most: each has a place of its own.
pub const MOST: usize = 0x1000_0000;
/// Simulated time without a completion.
const PATIENCE_MS: u64 = 40;

/// What came of it. Cycles are those of the core clock.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// From the first doorbell to the last completion.
    pub cycles: u64,
    pub messages: usize,
    pub octets: u64,
    /// Messages and cycles of the quickest run of a quarter, a half or all of them, from end 0.
    pub peak: (usize, u64),
    /// Half the cycles of each trip there and back.
    pub half_trips: Vec<f64>,
    /// Of each end: segments that left, timeouts, fast retransmits, acknowledgements that waited for company.
    pub ends: [EndCounts; 2],
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct EndCounts {
    pub frames: u64,
    pub lost: u64,
    pub timeouts: u64,
    pub fast_retransmits: u64,
    pub delayed_acks: u64,
}

struct Message {
    send: bool,
    /// From the start of source and region; a Send's receive has the same place.
    at: usize,
    len: usize,
}

/// One direction of a connection.
struct Flow {
    from: usize,
    conn: u16,
    messages: Vec<Message>,
    posted: usize,
    done: usize,
    /// Receives posted, of Sends, and the places of them.
    receives: usize,
    places: Vec<(usize, usize)>,
}

impl Flow {
    fn new(from: usize, conn: u16, w: &Workload, rng: &mut ChaCha8Rng) -> Self {
        let mut at = 0;
        let mut messages = vec![];
        for _ in 0..w.iters {
            let (send, len) = match w.kind {
                Kind::WriteBw | Kind::WriteLat => (false, w.size),
                Kind::SendBw | Kind::SendLat => (true, w.size),
                Kind::Mix => (rng.gen(), rng.gen_range(1..=w.size.max(1))),
            };
            messages.push(Message { send, at, len });
            at += len;
        }
        let sends = messages.iter().filter(|m| m.send);
        Flow {
            from,
            conn,
            places: sends.map(|m| (m.at, m.len)).collect(),
            messages,
            posted: 0,
            done: 0,
            receives: 0,
        }
    }

    fn octets(&self) -> usize {
        self.messages.last().map_or(0, |m| m.at + m.len)
    }

    /// Keeps receives posted, `most` more than were used.
    fn receive(&mut self, peer: &mut Nic, used: usize, most: usize) {
        while self.receives < self.places.len().min(used + most) {
            let (at, len) = self.places[self.receives];
            peer.post_recv(Post {
                rq: self.conn.into(),
                idx: self.receives as u16,
                addr: places(self.conn).receives + at as u64,
                len: len as u32,
            });
            self.receives += 1;
        }
    }

    /// Posts the next message and rings. False: the ring has no room.
    fn post(&mut self, nic: &mut Nic) -> Result<bool, ChipError> {
        let m = &self.messages[self.posted];
        let sges = [Sge {
            addr: m.at as u64,
            len: m.len as u32,
            lkey: stag(self.conn),
        }];
        let write = |v: u64| if m.send { 0 } else { v };
        let sqe = Sqe {
            op: if m.send { wqe_op::SEND } else { wqe_op::WRITE },
            signaled: true,
            fence: false,
            idx: 0,
            qpn: 0,
            stag: write(stag(self.conn).into()) as u32,
            to: write(m.at as u64),
            octets: Octets::Sges(&sges),
        };
        if nic.post_send(self.conn, &sqe)?.is_none() {
            return Ok(false);
        }
        self.posted += 1;
        nic.ring(self.conn);
        Ok(true)
    }

    fn compare(&self, source: &HostMemory, sink: &HostMemory) -> Result<(), WorkloadError> {
        let p = places(self.conn);
        for (number, m) in self.messages.iter().enumerate() {
            let want = source.read(p.source + m.at as u64, m.len);
            let base = if m.send { p.receives } else { p.region };
            let got = sink.read(base + m.at as u64, m.len);
            if let Some(octet) = want.iter().zip(&got).position(|(a, b)| a != b) {
                return Err(WorkloadError::Differs {
                    end: self.from,
                    conn: self.conn,
                    number,
                    octet,
                });
            }
        }
        Ok(())
    }
}

/// What was looked at of an end's records.
#[derive(Default)]
struct Seen {
    done: usize,
    events: usize,
    writes: usize,
    /// Receives used, octets placed in the region, by connection.
    used: Vec<usize>,
    placed: Vec<u64>,
}

impl Seen {
    fn update(&mut self, end: usize, nic: &Nic) -> Result<(), WorkloadError> {
        for e in &nic.chip.events[self.events..] {
            self.event(end, e)?;
        }
        self.events = nic.chip.events.len();
        for w in &nic.chip.writes[self.writes..] {
            let p = places(w.conn);
            if (p.region..p.receives).contains(&w.addr) {
                self.placed[usize::from(w.conn)] += w.data.len() as u64;
            }
        }
        self.writes = nic.chip.writes.len();
        Ok(())
    }

    fn event(&mut self, end: usize, e: &CplEvent) -> Result<(), WorkloadError> {
        match e.kind {
            cpl_kind::RECV => self.used[usize::from(e.conn)] += 1,
            cpl_kind::FENCE => {}
            kind => {
                return Err(WorkloadError::Event {
                    end,
                    conn: e.conn,
                    kind,
                    term: e.term,
                })
            }
        }
        Ok(())
    }
}

struct Runner<'a> {
    pair: &'a mut Pair,
    w: &'a Workload,
    flows: Vec<Flow>,
    seen: [Seen; 2],
    /// Receives that may be posted at once.
    receives: usize,
    begun: u64,
    /// Cycle of each doorbell and each completion at end 0.
    posts: Vec<u64>,
    completions: Vec<u64>,
    last: u64,
    half_trips: Vec<f64>,
    trip_begun: u64,
}

/// Runs `w`; `tell` is called now and then with messages completed and those to complete.
pub fn run(
    pair: &mut Pair,
    cfg: &PairConfig,
    w: &Workload,
    tell: &mut dyn FnMut(usize, usize, u64),
) -> Result<Outcome, WorkloadError> {
    let mut rng = ChaCha8Rng::seed_from_u64(w.seed);
    let both = !matches!(w.kind, Kind::WriteBw | Kind::SendBw);
    let mut flows = vec![];
    for conn in 0..cfg.conns {
        for from in 0..1 + usize::from(both) {
            let f = Flow::new(from, conn, w, &mut rng);
            let octets = f.octets();
            if octets > MOST {
                return Err(WorkloadError::TooMuch { octets, most: MOST });
            }
            let source: Vec<u8> = (0..octets).map(|_| rng.gen()).collect();
            let at = places(conn).source;
            pair.ends[from].memory.write(at, &source);
            flows.push(f);
        }
    }
    let seen = || Seen {
        used: vec![0; cfg.conns.into()],
        placed: vec![0; cfg.conns.into()],
        ..Seen::default()
    };
    let begun = pair.cycle();
    let mut r = Runner {
        pair,
        w,
        flows,
        seen: [seen(), seen()],
        receives: (1 << cfg.chip.rq_bits) - 1,
        begun,
        posts: vec![],
        completions: vec![],
        last: begun,
        half_trips: vec![],
        trip_begun: begun,
    };
    let of = r.flows.iter().map(|f| f.messages.len()).sum();
    // Receives first.
    r.receive();
    for _ in 0..200 {
        r.pair.tick()?;
    }
    r.begun = r.pair.cycle();
    r.last = r.begun;
    r.trip_begun = r.begun;
    let mut told = 0;
    loop {
        r.receive();
        r.post()?;
        r.pair.tick()?;
        r.look()?;
        let done: usize = r.flows.iter().map(|f| f.done).sum();
        if r.pair.cycle() > told + 2000 {
            told = r.pair.cycle();
            tell(done, of, told);
        }
        if done == of {
            break;
        }
        let waited = (r.pair.cycle() - r.last) * cfg.period_ps / 1_000_000_000;
        if waited > PATIENCE_MS {
            return Err(WorkloadError::Hang {
                ms: PATIENCE_MS,
                left: of - done,
            });
        }
    }
    let end = r.last;
    // What is on its way to memory arrives.
    for _ in 0..2000 {
        r.pair.tick()?;
        r.look()?;
    }
    for f in &r.flows {
        let ends = &r.pair.ends;
        f.compare(&ends[f.from].memory, &ends[1 - f.from].memory)?;
    }
    Ok(r.outcome(end))
}

impl Runner<'_> {
    fn receive(&mut self) {
        for f in &mut self.flows {
            let used = self.seen[1 - f.from].used[usize::from(f.conn)];
            f.receive(&mut self.pair.ends[1 - f.from], used, self.receives);
        }
    }

    fn post(&mut self) -> Result<(), WorkloadError> {
        if matches!(self.w.kind, Kind::WriteLat | Kind::SendLat) {
            return self.bounce();
        }
        for f in &mut self.flows {
            let mut depth = self.w.depth;
            if !f.places.is_empty() {
                // A Send must find a receive: those of one that was acknowledged may not be posted again yet.
                depth = depth.min(self.receives / 2).max(1);
            }
            while f.posted < f.messages.len() && f.posted - f.done < depth {
                if !f.post(&mut self.pair.ends[f.from])? {
                    break;
                }
                if f.from == 0 {
                    self.posts.push(self.pair.cycle());
                }
            }
        }
        Ok(())
    }

    /// One message there, one back.
    fn bounce(&mut self) -> Result<(), WorkloadError> {
        for pair in self.flows.chunks_mut(2) {
            let [there, back] = pair else { continue };
            let conn = usize::from(there.conn);
            let arrived = |f: &Flow, seen: &Seen| match f.places.is_empty() {
                true => seen.placed[conn] / (f.messages[0].len.max(1) as u64),
                false => seen.used[conn] as u64,
            };
            let at_peer = arrived(there, &self.seen[1]) as usize;
            let at_home = arrived(back, &self.seen[0]) as usize;
            if there.posted == at_home && there.posted < there.messages.len() {
                if conn == 0 && there.posted > 0 {
                    let trip = self.pair.cycle() - self.trip_begun;
                    self.half_trips.push(trip as f64 / 2.0);
                }
                self.trip_begun = self.pair.cycle();
                there.post(&mut self.pair.ends[0])?;
            }
            if back.posted < at_peer {
                back.post(&mut self.pair.ends[1])?;
            }
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), WorkloadError> {
        for (end, seen) in self.seen.iter_mut().enumerate() {
            let nic = &self.pair.ends[end];
            for d in &nic.tx.done[seen.done..] {
                if d.status != wc_status::SUCCESS {
                    return Err(WorkloadError::Lost {
                        conn: d.conn,
                        idx: d.idx,
                        status: d.status,
                    });
                }
                let mut flows = self.flows.iter_mut();
                if let Some(f) = flows.find(|f| f.from == end && f.conn == d.conn) {
                    f.done += 1;
                }
                self.last = self.pair.cycle();
                if end == 0 {
                    self.completions.push(self.last);
                }
            }
            seen.done = nic.tx.done.len();
            seen.update(end, nic)?;
        }
        Ok(())
    }

    fn outcome(&self, end: u64) -> Outcome {
        // As perftest: from a doorbell to the completion of a message behind it.
        let all = self.completions.len();
        let quickest = |n: usize| {
            let done = self.completions.iter().skip(n - 1);
            let runs = done.zip(&self.posts);
            let cycles = runs
                .map(|(done, posted)| done.saturating_sub(*posted))
                .min();
            (n, cycles.unwrap_or(0).max(1))
        };
        let whole = (all, (end - self.begun).max(1));
        let peak = [4, 2, 1]
            .map(|part| quickest((all / part).max(1)))
            .into_iter()
            .chain([whole])
            .max_by(|a, b| (a.0 as u64 * b.1).cmp(&(b.0 as u64 * a.1)))
            .unwrap_or(whole);
        let count = |nic: &Nic, name| {
            let found = nic.tx.counts.iter().find(|c| c.0 == name);
            found.map_or(0, |c| c.1)
        };
        let ends = [0, 1].map(|i| {
            let nic = &self.pair.ends[i];
            let link = self.pair.links[i].stats();
            EndCounts {
                frames: link.offered,
                lost: link.lost + link.overflowed,
                timeouts: count(nic, "timeout"),
                fast_retransmits: count(nic, "fast"),
                delayed_acks: count(nic, "delayed"),
            }
        });
        Outcome {
            cycles: end - self.begun,
            messages: self.flows.iter().map(|f| f.messages.len()).sum(),
            octets: self.flows.iter().map(|f| f.octets() as u64).sum(),
            peak,
            half_trips: self.half_trips.clone(),
            ends,
        }
    }
}
