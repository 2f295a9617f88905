//! One connection while it is played: what it still has to tell the chip, and what has come out.

use super::report::{by_name, ConnectionReport, Fault, Latency, Mismatch};
use super::select::Chosen;
use crate::chip::{
    addresses, AckEvent, AtomicRequest, Chip, ChipError, CplEvent, Mirror, Post, ReadIssue,
    ReadRequest,
};
use crate::chip::{Region, StagRights};
use crate::golden::{self, Event, Memory};
use crate::replay_plan::Action;
use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind};
use ferrowarp_abi::table::InstallRecord;
use ferrowarp_hdl::preset::Preset;
use ferrowarp_hdl::rx::cfg::Cfg;

/// Inputs given to the chip, by kind, counted over all lanes: an input's mark is the count with it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given(pub [u64; 4]);

pub(super) const POST: usize = 0;
pub(super) const READ: usize = 1;
pub(super) const DONE: usize = 2;
pub(super) const MIRROR: usize = 3;

impl Given {
    fn mark(&mut self, kind: usize) -> u64 {
        self.0[kind] += 1;
        self.0[kind]
    }

    /// The input with this mark has been taken.
    pub fn taken(&self, chip: &Chip, kind: usize, mark: u64) -> bool {
        self.0[kind] - chip.waiting()[kind] as u64 >= mark
    }
}

pub(super) struct Lane<'a> {
    pub(super) chosen: &'a Chosen,
    pub(super) conn: u16,
    pub(super) gen: u8,
    pub(super) memory: Memory,
    pub(super) posts: Vec<u64>,
    pub(super) received: usize,
    /// Reads and Atomics of ours.
    pub(super) reads: Vec<ReadIssue>,
    pub(super) issues: Vec<u64>,
    pub(super) answered: usize,
    pub(super) dones_due: u32,
    pub(super) dones_given: u32,
    pub(super) done_mark: u64,
    pub(super) requests: Vec<ReadRequest>,
    pub(super) atomics: Vec<AtomicRequest>,
    pub(super) events: Vec<CplEvent>,
    /// Expected placements with octets, and how many have come.
    pub(super) placements: Vec<&'a golden::Placement>,
    pub(super) writes_seen: usize,
    pub(super) reports_seen: usize,
    /// What the chip would acknowledge, and its segments that wait in the assembler.
    pub(super) acked: Option<u32>,
    pub(super) backlog: u64,
    /// No error, Terminate or reset so far: receives and Reads still come back.
    pub(super) alive: bool,
    pub(super) frames: u64,
    pub(super) latencies: Vec<u64>,
    /// Cycle and fast-forwarded cycles at the first beat and at the last output.
    pub(super) first: Option<(u64, u64)>,
    pub(super) last: (u64, u64),
    pub(super) bytes_placed: u64,
    pub(super) bytes_compared: u64,
    pub(super) mismatch_count: u64,
    pub(super) mismatches: Vec<Mismatch>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Lane<'a> {
    pub fn new(chosen: &'a Chosen, number: usize) -> Result<Self, crate::replay_plan::PlanError> {
        let placed = chosen.plan.expected.placements.iter();
        Ok(Lane {
            chosen,
            conn: number as u16,
            gen: 1 + (number % 255) as u8,
            memory: chosen.plan.memory()?,
            posts: Vec::new(),
            received: 0,
            reads: Vec::new(),
            issues: Vec::new(),
            answered: 0,
            dones_due: 0,
            dones_given: 0,
            done_mark: 0,
            requests: Vec::new(),
            atomics: Vec::new(),
            events: Vec::new(),
            placements: placed.filter(|p| !p.data.is_empty()).collect(),
            writes_seen: 0,
            reports_seen: 0,
            acked: None,
            backlog: 0,
            alive: true,
            frames: 0,
            latencies: Vec::new(),
            first: None,
            last: (0, 0),
            bytes_placed: 0,
            bytes_compared: 0,
            mismatch_count: 0,
            mismatches: Vec::new(),
            faults: Vec::new(),
        })
    }

    pub fn name(&self) -> &'a str {
        &self.chosen.plan.name
    }

    /// Regions and connection into the tables.
    pub fn install(&self, chip: &mut Chip) -> Result<(), ChipError> {
        let plan = &self.chosen.plan;
        let i = &plan.install;
        for r in &plan.regions {
            let rights = StagRights {
                remote_write: r.rights.remote_write,
                remote_read: r.rights.remote_read,
                read_sink: r.rights.read_sink,
                remote_invalidate: r.rights.remote_invalidate,
            };
            let len = u32::try_from(r.len).map_err(|_| {
                ChipError::Table(format!(
                    "STag {:#010x}: {} octets do not fit one region",
                    r.stag, r.len
                ))
            })?;
            chip.register_region(&Region {
                stag: r.stag,
                rights,
                pd: i.pd,
                bound_to: None,
                base: r.base,
                len,
                pa: r.addr,
            })?;
        }
        let (v6, src, dst) = addresses(i.tuple.remote.0, i.tuple.local.0);
        chip.install(
            self.conn,
            &InstallRecord {
                v6,
                src,
                dst,
                sport: i.tuple.remote.1,
                dport: i.tuple.local.1,
                vlan: i.tuple.vlan,
                gen: self.gen,
                func: 0,
                ird: i.ird.min(255) as u8,
                crc_en: i.crc,
                sack: i.sack,
                ts_recent: i.timestamps.then_some(i.ts_recent),
                pd: i.pd,
                qpn: i.qpn,
                markers_from: i.markers_rx.then_some(i.rcv_nxt),
                rcv_wnd: i.rcv_wnd,
                rcv_nxt: i.rcv_nxt,
                smsn: 1,
                rmsn: 1,
                snd_una: i.snd_una,
                snd_nxt: i.snd_nxt,
                max_wnd: i.snd_wnd,
            },
        )
    }

    /// One of our own steps of the plan.
    pub fn input(&mut self, action: &Action, chip: &mut Chip, given: &mut Given) {
        match action {
            Action::SndMirror(m) => {
                chip.mirror(Mirror {
                    conn: self.conn,
                    gen: self.gen,
                    snd_una: m.snd_una,
                    snd_nxt: m.snd_nxt,
                    max_wnd: m.max_wnd,
                    last_ack_sent: m.last_ack_sent,
                });
                given.mark(MIRROR);
            }
            Action::ReadIssue(r) => self.reads.push(ReadIssue {
                conn: self.conn,
                gen: self.gen,
                sq_idx: r.sq_idx,
                sink_stag: r.sink_stag,
                sink_to: r.sink_to,
                len: r.len,
                atomic: false,
            }),
            Action::AtomicIssue(a) => self.reads.push(ReadIssue {
                conn: self.conn,
                gen: self.gen,
                sq_idx: a.sq_idx,
                sink_stag: a.request_id,
                sink_to: a.msn.into(),
                len: 8,
                atomic: true,
            }),
            // Answers that nobody asked for (a peer under test sends such) are no business of the chip's.
            Action::ReadDone { count } => {
                let asked = |e: &&Event| {
                    matches!(e, Event::ReadRequest { .. } | Event::AtomicRequest { .. })
                };
                let asked = self
                    .chosen
                    .plan
                    .expected
                    .events
                    .iter()
                    .filter(asked)
                    .count();
                self.dones_due = (self.dones_due + count).min(asked as u32);
            }
            Action::Frame { .. } => {}
        }
    }

    /// Gives the chip what it has room for: receives, Reads, answers to Read Requests that it has reported.
    pub fn supply(&mut self, chip: &mut Chip, cfg: &Cfg, given: &mut Given) {
        if !self.alive {
            return;
        }
        let plan = &self.chosen.plan;
        while self.posts.len() < plan.receives.len()
            && self.posts.len() - self.received < 1 << cfg.rq_bits
        {
            let r = &plan.receives[self.posts.len()];
            chip.post(Post {
                rq: u32::from(self.conn),
                idx: r.idx,
                addr: r.addr,
                len: r.len,
            });
            self.posts.push(given.mark(POST));
        }
        while self.issues.len() < self.reads.len()
            && self.issues.len() - self.answered < 1 << cfg.ord_bits
        {
            chip.issue_read(self.reads[self.issues.len()]);
            self.issues.push(given.mark(READ));
        }
        let asked = self.requests.len() + self.atomics.len();
        let due = self.dones_due.min(asked as u32);
        while self.dones_given < due {
            let count = (due - self.dones_given).min(31);
            chip.read_done(self.conn, self.gen, count as u8);
            self.dones_given += count;
            self.done_mark = given.mark(DONE);
        }
    }

    /// What a frame that reaches `end` still waits for; `dones` answers were given before it in the capture.
    pub fn waits_for(&self, end: u64, dones: u32, chip: &Chip, given: &Given) -> Option<String> {
        if !self.alive {
            return None;
        }
        let (receives, reads) = self.chosen.pieces.needs(end);
        let there = |marks: &[u64], need: usize, kind| {
            need == 0
                || marks
                    .get(need - 1)
                    .is_some_and(|m| given.taken(chip, kind, *m))
        };
        if !there(
            &self.posts,
            receives.min(self.chosen.plan.receives.len()),
            POST,
        ) {
            return Some(format!("receive {receives}"));
        }
        if !there(&self.issues, reads.min(self.reads.len()), READ) {
            return Some(format!("Read {reads}"));
        }
        if self.dones_given < dones || !given.taken(chip, DONE, self.done_mark) {
            return Some(format!("the answer to Read Request {dones}"));
        }
        None
    }

    /// The chip should still get somewhere by itself: it may be silent for an FPDU's length.
    pub fn unfinished(&self) -> bool {
        self.alive
            && self.frames > 0
            && !self.chosen.ended()
            && self.acked != Some(self.chosen.final_rcv_nxt())
    }

    /// An `ack_event`: a segment that is not decided at once goes to the assembler, which reports its end.
    pub fn acknowledged(&mut self, a: &AckEvent) {
        let own = a.flags & ack_flag::RX_ONLY == 0;
        if a.mode != ack_mode::NONE {
            self.acked = Some(a.rcv_nxt);
            if !own {
                self.backlog = self.backlog.saturating_sub(1);
            }
        } else if own && a.payload_len > 0 {
            self.backlog += 1;
        }
    }

    pub fn event(&mut self, e: &CplEvent) {
        self.check_tag(e.gen, "event");
        match e.kind {
            cpl_kind::RECV => self.received += 1,
            cpl_kind::READ_DONE => self.answered += 1,
            cpl_kind::ERROR | cpl_kind::TERMINATE | cpl_kind::RST => self.alive = false,
            _ => {}
        }
        if matches!(
            e.kind,
            cpl_kind::RECV | cpl_kind::READ_DONE | cpl_kind::TERMINATE
        ) {
            self.reports_seen += 1;
        }
        self.events.push(e.clone());
    }

    pub fn read_request(&mut self, r: &ReadRequest) {
        self.check_tag(r.gen, "read request");
        self.requests.push(*r);
    }

    pub fn atomic_request(&mut self, r: &AtomicRequest) {
        self.check_tag(r.gen, "atomic request");
        self.atomics.push(*r);
    }

    /// The results, moved out.
    pub fn report(
        self,
        run: usize,
        preset: &Preset,
    ) -> (ConnectionReport, Vec<Mismatch>, Vec<Fault>) {
        let expected = &self.chosen.plan.expected;
        let count = |kind: u8| self.events.iter().filter(|e| e.kind == kind).count() as u64;
        let wanted = |e: &&&Event| {
            matches!(
                e,
                Event::Receive(_) | Event::ReadDone { .. } | Event::AtomicDone { .. }
            )
        };
        let (from, from_skipped) = self.first.unwrap_or(self.last);
        let cycles = if self.first.is_some() {
            self.last.0.saturating_sub(from) + 1
        } else {
            0
        };
        let report = ConnectionReport {
            name: self.name().to_string(),
            run,
            frames: self.frames,
            fpdus: by_name(&expected.ops),
            bytes_placed: self.bytes_placed,
            bytes_expected: self.placements.iter().map(|p| p.data.len() as u64).sum(),
            bytes_compared: self.bytes_compared,
            completions: count(cpl_kind::RECV) + count(cpl_kind::READ_DONE),
            completions_expected: self.chosen.events().iter().filter(wanted).count() as u64,
            read_requests: self.requests.len() as u64,
            atomic_requests: self.atomics.len() as u64,
            ends_with: expected.error.as_ref().map(|e| e.to_string()),
            cycles,
            fast_forwarded_cycles: self.last.1.saturating_sub(from_skipped),
            bytes_per_cycle: match cycles {
                0 => 0.0,
                n => (self.bytes_placed as f64 / n as f64 * 1e4).round() / 1e4,
            },
            latency: Latency::of(self.latencies, preset),
            mismatches: self.mismatch_count,
            errors: self.faults.len() as u64,
        };
        (report, self.mismatches, self.faults)
    }
}
