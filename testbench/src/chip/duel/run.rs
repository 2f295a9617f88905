//! Plays a [`Setup`] on a chip and judges it.

use super::judge::{Expected, Mismatch};
use super::noise::Wire;
use super::plan::{ConnPlan, Gate, Setup};
use super::DuelError;
use crate::chip::{Chip, Mirror, Post, ReadIssue, Region, Sink};
use crate::golden::memory::Memory;
use crate::golden::{self, ConnConfig, Golden, Rights, Rqe, Sge, TptEntry, Translation};
use crate::tcp_peer::TcpPeer;
use crate::wire::tcp::seq_diff;
use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind};
use ferrowarp_abi::table::InstallRecord;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Cycles after which a peer whose segments are not acknowledged goes back.
const RETRANSMIT: u64 = 1500;
/// Cycles that a post or an issued Read needs to be in the tables after its handshake.
const SETTLE: u64 = 30;
/// Cycles without any progress that count as a hang.
const PATIENCE: u64 = 150_000;
/// Operations sent behind an error, to see that they are dropped.
const AFTER_ERROR: usize = 2;

/// What a duel took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub cycles: u64,
    pub frames: usize,
    pub writes: usize,
    pub octets: usize,
    pub events: usize,
    pub errors: usize,
    pub counters: Vec<(&'static str, u32)>,
}

/// A connection being played.
struct Player {
    plan: ConnPlan,
    golden: usize,
    peer: TcpPeer,
    wire: Wire,
    expected: Expected,
    next_op: usize,
    after_error: usize,
    /// Receive buffers in order.
    buffers: Vec<Post>,
    posted: usize,
    posts_usable: usize,
    received: usize,
    sends_released: usize,
    reads: Vec<ReadIssue>,
    reads_issued: usize,
    reads_usable: usize,
    reads_done: usize,
    reads_released: usize,
    requests_released: usize,
    requests_answered: usize,
    requests_usable: usize,
    acked: u32,
    /// Reports of a gap at `acked`; at the third the peer goes back at once.
    gaps: u32,
    last_progress: u64,
    dead: bool,
}

impl Player {
    fn finished(&self) -> bool {
        self.dead || (self.next_op == self.plan.ops.len() && self.peer.done())
    }
}

/// A chip with everything that a [`Setup`] asks for.
pub struct Duel<'a> {
    chip: &'a mut Chip,
    golden: Golden,
    players: Vec<Player>,
    rng: ChaCha8Rng,
    gap: u64,
    quiet_inputs: u64,
    // What was there before this duel.
    writes0: usize,
    events: usize,
    acks: usize,
    requests: usize,
    events0: usize,
    requests0: usize,
    frames0: usize,
    memory: Memory,
}

fn plan_error(e: impl std::fmt::Display) -> DuelError {
    DuelError::Plan(e.to_string())
}

/// The golden endpoint's entry of a region.
pub(super) fn golden_entry(r: &Region) -> TptEntry {
    TptEntry {
        stag: r.stag,
        pd: r.pd,
        qp: r.bound_to,
        rights: Rights {
            local_write: true,
            remote_read: r.rights.remote_read,
            remote_write: r.rights.remote_write,
            remote_atomic: false,
            read_sink: r.rights.read_sink,
            remote_invalidate: r.rights.remote_invalidate,
        },
        base: r.base,
        len: u64::from(r.len),
        translation: Translation::Contiguous(r.pa),
    }
}

/// The chip's install record of a plan.
pub fn record(plan: &ConnPlan) -> InstallRecord {
    InstallRecord {
        src: u32::from(plan.spec.src.ip),
        dst: u32::from(plan.spec.dst.ip),
        sport: plan.spec.src.port,
        dport: plan.spec.dst.port,
        vlan: plan.spec.vlan.map(|v| v.vid),
        gen: plan.gen,
        func: 0,
        ird: plan.ird,
        crc_en: plan.crc,
        pd: plan.pd,
        qpn: plan.qpn,
        rcv_wnd: plan.window,
        rcv_nxt: plan.spec.seq,
        smsn: plan.first_msn[0],
        rmsn: plan.first_msn[1],
        snd_una: plan.spec.ack,
        snd_nxt: plan.spec.ack,
        max_wnd: 65535,
    }
}

impl<'a> Duel<'a> {
    /// Installs connections and regions in chip and golden endpoint.
    pub fn new(chip: &'a mut Chip, setup: &Setup) -> Result<Self, DuelError> {
        let mut golden = Golden::new(setup.seed);
        for r in &setup.regions {
            golden
                .host
                .mem
                .add(&format!("stag {:#010x}", r.stag), r.pa, r.len as usize)
                .map_err(plan_error)?;
            golden
                .host
                .tpt
                .insert(golden_entry(r))
                .map_err(plan_error)?;
            chip.register_region(r)?;
        }
        // Receive buffers lie far from the regions.
        let mut at = 0x70_0000_0000u64;
        let mut players = Vec::new();
        for plan in &setup.conns {
            let index = golden.install(ConnConfig {
                qp: plan.qpn,
                pd: plan.pd,
                rcv_nxt: plan.spec.seq,
                rcv_wnd: plan.window,
                crc: plan.crc,
                max_fpdu: chip.cfg.max_fpdu,
                ird: usize::MAX,
                first_msn: [plan.first_msn[0], plan.first_msn[1], 1, 1],
                ..ConnConfig::default()
            });
            let mut buffers = Vec::new();
            let mut reads = Vec::new();
            for gate in plan.ops.iter().flat_map(|op| &op.gates) {
                match *gate {
                    Gate::Receive { len } => {
                        let i = buffers.len();
                        let addr = at + u64::from(i as u32 * 7 % 64);
                        at += 0x4000 + u64::from(len).next_multiple_of(0x1000);
                        let name = format!("receive {i} of connection {}", plan.conn);
                        golden
                            .host
                            .mem
                            .add(&name, addr, len as usize)
                            .map_err(plan_error)?;
                        let idx = (i * 3 + usize::from(plan.conn)) as u16;
                        golden.conns[index].post_recv(Rqe {
                            idx,
                            sges: vec![Sge {
                                addr,
                                len,
                                lkey: None,
                            }],
                        });
                        buffers.push(Post {
                            rq: u32::from(plan.conn),
                            idx,
                            addr,
                            len,
                        });
                    }
                    Gate::Read {
                        sq_idx,
                        sink_stag,
                        sink_to,
                        len,
                    } => {
                        golden.conns[index].issue_read(golden::ReadIssue {
                            sq_idx,
                            sink_stag,
                            sink_to,
                            len,
                        });
                        reads.push(ReadIssue {
                            conn: plan.conn,
                            gen: plan.gen,
                            sq_idx,
                            sink_stag,
                            sink_to,
                            len,
                        });
                    }
                    _ => {}
                }
            }
            chip.install(plan.conn, &record(plan))?;
            chip.mirror(Mirror {
                conn: plan.conn,
                gen: plan.gen,
                snd_una: plan.spec.ack,
                snd_nxt: plan.spec.ack,
                max_wnd: 65535,
            });
            players.push(Player {
                golden: index,
                peer: TcpPeer::new(plan.spec.clone(), plan.mss, plan.window),
                wire: Wire::new(setup.noise),
                expected: Expected::default(),
                next_op: 0,
                after_error: 0,
                buffers,
                posted: 0,
                posts_usable: 0,
                received: 0,
                sends_released: 0,
                reads,
                reads_issued: 0,
                reads_usable: 0,
                reads_done: 0,
                reads_released: 0,
                requests_released: 0,
                requests_answered: 0,
                requests_usable: 0,
                acked: plan.spec.seq,
                gaps: 0,
                last_progress: chip.cycle(),
                dead: false,
                plan: plan.clone(),
            });
        }
        chip.sink = if setup.sink_stall > 0.0 {
            Sink::Random(setup.sink_stall)
        } else {
            Sink::Open
        };
        chip.event_stall = setup.event_stall;
        let memory = golden.host.mem.clone();
        Ok(Duel {
            golden,
            players,
            rng: ChaCha8Rng::seed_from_u64(setup.seed ^ 0xd0e1),
            gap: setup.gap,
            quiet_inputs: 0,
            writes0: chip.writes.len(),
            events: chip.events.len(),
            acks: chip.acks.len(),
            requests: chip.read_requests.len(),
            events0: chip.events.len(),
            requests0: chip.read_requests.len(),
            frames0: chip.sent.len(),
            memory,
            chip,
        })
    }

    /// Plays to the end and judges.
    pub fn run(&mut self) -> Result<Report, DuelError> {
        let start = self.chip.cycle();
        let mut progress = start;
        for p in &mut self.players {
            p.last_progress = start;
        }
        while !self.players.iter().all(Player::finished) {
            self.host();
            self.release();
            self.feed();
            self.chip.tick()?;
            if self.listen()? {
                progress = self.chip.cycle();
            }
            if self.chip.cycle() - progress > PATIENCE {
                let what = self.state();
                return Err(DuelError::Stuck {
                    cycles: PATIENCE,
                    at: self.chip.cycle(),
                    what,
                });
            }
        }
        self.chip.drain(400, PATIENCE)?;
        self.listen()?;
        self.judge(start)
    }

    /// Takes connections and regions out of the chip again.
    pub fn clear(self, setup: &Setup) -> Result<(), DuelError> {
        for p in &self.players {
            self.chip.remove(p.plan.conn, p.plan.gen)?;
        }
        for r in &setup.regions {
            // One that the peer has invalidated is gone already.
            if self.golden.host.tpt.get(r.stag).is_some() {
                self.chip.deregister_region(r.stag)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> String {
        let mut s = String::new();
        for p in &self.players {
            s += &format!(
                "connection {}: operation {} of {}, acknowledged {:#x} (stream starts at {:#x}), {} in flight, finished {}; ",
                p.plan.conn,
                p.next_op,
                p.plan.ops.len(),
                p.acked,
                p.plan.spec.seq,
                p.peer.in_flight(),
                p.finished()
            );
        }
        s += &match self.chip.counters() {
            Ok(c) => format!("counters {c:?}"),
            Err(e) => e.to_string(),
        };
        s
    }

    /// Posts receives, issues Reads, answers Requests.
    fn host(&mut self) {
        let slots = 1usize << self.chip.cfg.rq_bits;
        let ord = 1usize << self.chip.cfg.ord_bits;
        for p in &mut self.players {
            while p.posted < p.buffers.len() && p.posted - p.received < slots {
                self.chip.post(p.buffers[p.posted]);
                p.posted += 1;
                self.quiet_inputs = 0;
            }
            while p.reads_issued < p.reads.len() && p.reads_issued - p.reads_done < ord {
                self.chip.issue_read(p.reads[p.reads_issued]);
                p.reads_issued += 1;
                self.quiet_inputs = 0;
            }
        }
        self.quiet_inputs = if self.chip.inputs_taken() {
            self.quiet_inputs + 1
        } else {
            0
        };
        if self.quiet_inputs > SETTLE {
            for p in &mut self.players {
                p.posts_usable = p.posted;
                p.reads_usable = p.reads_issued;
                p.requests_usable = p.requests_answered;
            }
        }
    }

    /// Gives the peers what they may send, and the golden endpoint the same octets.
    fn release(&mut self) {
        for p in &mut self.players {
            while let Some(op) = p.plan.ops.get(p.next_op) {
                let mut needs = [p.sends_released, p.reads_released, p.requests_released];
                for g in &op.gates {
                    match g {
                        Gate::Open => {}
                        Gate::Receive { .. } => needs[0] += 1,
                        Gate::Read { .. } => needs[1] += 1,
                        Gate::Request => needs[2] += 1,
                    }
                }
                let open = needs[0] <= p.posts_usable
                    && needs[1] <= p.reads_usable
                    && needs[2] <= p.requests_usable + usize::from(p.plan.ird);
                if p.expected.ended {
                    if p.after_error == AFTER_ERROR {
                        p.next_op = p.plan.ops.len();
                        break;
                    }
                    p.after_error += 1;
                } else if !open {
                    break;
                }
                [p.sends_released, p.reads_released, p.requests_released] = needs;
                let at = p.peer.queued();
                p.peer.queue(&op.octets);
                for c in &op.cuts {
                    p.peer.cut_at(at + c);
                }
                let ends = op.starts.iter().skip(1).copied().chain([op.octets.len()]);
                for (s, e) in op.starts.iter().zip(ends) {
                    self.golden.stream(p.golden, &op.octets[*s..e]);
                    p.expected.collect(&mut self.golden, p.golden);
                }
                p.next_op += 1;
            }
            if p.next_op == p.plan.ops.len() && p.plan.fin {
                p.plan.fin = false;
                p.peer.close();
                p.expected.fin();
            }
        }
    }

    /// Keeps the MAC busy.
    fn feed(&mut self) {
        let now = self.chip.cycle();
        for p in &mut self.players {
            if !p.finished() && p.peer.in_flight() > 0 && now - p.last_progress > RETRANSMIT {
                p.peer.go_back();
                p.gaps = 0;
                p.last_progress = now;
            }
        }
        if self.chip.frames_left() > 2 {
            return;
        }
        let first = self.rng.gen_range(0..self.players.len());
        for i in 0..self.players.len() {
            let n = (first + i) % self.players.len();
            let p = &mut self.players[n];
            if p.dead {
                continue;
            }
            if let Some(frame) = p.peer.next_frame() {
                let gap = if self.gap > 0 {
                    self.rng.gen_range(0..=self.gap)
                } else {
                    0
                };
                for a in p.wire.pass(frame, &mut self.rng) {
                    match (a.bad, p.plan.inject) {
                        (true, _) => self.chip.send_bad(now + gap, a.frame),
                        (false, false) => self.chip.send(now + gap, a.frame),
                        (false, true) => self.chip.inject(a.frame),
                    }
                }
                p.last_progress = now;
                return;
            }
        }
    }

    /// Takes what the chip reported; true if anything moved.
    fn listen(&mut self) -> Result<bool, DuelError> {
        let mut moved = false;
        let now = self.chip.cycle();
        while self.acks < self.chip.acks.len() {
            let a = self.chip.acks[self.acks];
            self.acks += 1;
            let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == a.conn && p.plan.gen == a.gen)
            else {
                let what = format!("ACK report for a connection that is not installed: {a:?}");
                return Err(Mismatch { conn: a.conn, what }.into());
            };
            if a.mode == ack_mode::NONE {
                continue;
            }
            let ahead = seq_diff(a.rcv_nxt, p.acked);
            if ahead < 0 {
                let what = format!("acknowledgement goes back from {:#x}: {a:?}", p.acked);
                return Err(Mismatch { conn: a.conn, what }.into());
            }
            if ahead == 0 {
                p.gaps += u32::from(a.flags & ack_flag::OOO != 0);
                if p.gaps == 3 {
                    p.peer.go_back();
                }
                continue;
            }
            p.gaps = 0;
            p.acked = a.rcv_nxt;
            if ahead as usize > p.peer.in_flight_ever() || !p.peer.on_ack(a.rcv_nxt, p.plan.window)
            {
                let what = format!("acknowledges what was not sent: {a:?}");
                return Err(Mismatch { conn: a.conn, what }.into());
            }
            p.last_progress = now;
            moved = true;
        }
        while self.events < self.chip.events.len() {
            let e = &self.chip.events[self.events];
            self.events += 1;
            moved = true;
            if let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == e.conn && p.plan.gen == e.gen)
            {
                match e.kind {
                    cpl_kind::RECV => p.received += 1,
                    cpl_kind::READ_DONE => p.reads_done += 1,
                    cpl_kind::ERROR | cpl_kind::TERMINATE | cpl_kind::RST => p.dead = true,
                    _ => {}
                }
            }
        }
        while self.requests < self.chip.read_requests.len() {
            let r = &self.chip.read_requests[self.requests];
            self.requests += 1;
            moved = true;
            let (conn, gen) = (r.conn, r.gen);
            if let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == conn && p.plan.gen == gen)
            {
                p.requests_answered += 1;
                self.chip.read_done(conn, gen, 1);
                self.quiet_inputs = 0;
            }
        }
        Ok(moved)
    }

    fn judge(&mut self, start: u64) -> Result<Report, DuelError> {
        let chip = &*self.chip;
        let mut report = Report {
            cycles: chip.cycle() - start,
            frames: chip.sent.len() - self.frames0,
            ..Report::default()
        };
        let writes = &chip.writes[self.writes0..];
        for w in writes {
            report.octets += w.data.len();
            if let Err(e) = self.memory.poke(w.addr, &w.data) {
                let what = format!(
                    "DMA write of class {} in cycle {}: {e}",
                    w.class, w.req_cycle
                );
                return Err(Mismatch { conn: w.conn, what }.into());
            }
        }
        report.writes = writes.len();
        for p in &self.players {
            let (conn, gen) = (p.plan.conn, p.plan.gen);
            let w: Vec<_> = writes
                .iter()
                .filter(|w| w.conn == conn && w.gen == gen)
                .collect();
            let e: Vec<_> = chip.events[self.events0..]
                .iter()
                .filter(|e| e.conn == conn && e.gen == gen)
                .collect();
            let r: Vec<_> = chip.read_requests[self.requests0..]
                .iter()
                .filter(|r| r.conn == conn && r.gen == gen)
                .collect();
            report.events += e.len();
            report.errors += usize::from(p.expected.error().is_some());
            p.expected.judge(conn, &w, &e, &r)?;
            if !p.dead && p.expected.error().is_none() && !p.peer.done() {
                return Err(Mismatch {
                    conn,
                    what: "not all is acknowledged".into(),
                }
                .into());
            }
        }
        self.memory.guards_intact().map_err(|e| Mismatch {
            conn: 0,
            what: e.to_string(),
        })?;
        if let Some(d) = self.golden.host.mem.compare(&self.memory, 1).first() {
            let what = format!("memory differs: {d:x?}");
            return Err(Mismatch { conn: 0, what }.into());
        }
        report.counters = self.chip.counters()?;
        Ok(report)
    }

    /// What the golden endpoint expects of the connection at `index` of the setup.
    pub fn expected(&self, index: usize) -> &Expected {
        &self.players[index].expected
    }
}
