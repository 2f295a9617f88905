//! One connection while it is played: what it still has to tell the chip, its memory, and the comparison with the golden
//! model as results come.

use super::report::{by_name, ConnectionReport, Fault, Latency, Mismatch, LISTED};
use super::select::Chosen;
use crate::chip::{Chip, ChipError, CplEvent, DmaWrite, Mirror, Post, ReadIssue, ReadRequest};
use crate::chip::{Region, StagRights};
use crate::golden::{self, Event, Memory};
use crate::replay_plan::Action;
use ferrowarp_abi::code::{cpl_flag, cpl_kind};
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
    pub chosen: &'a Chosen,
    pub conn: u16,
    gen: u8,
    memory: Memory,
    posts: Vec<u64>,
    received: usize,
    reads: Vec<golden::ReadIssue>,
    issues: Vec<u64>,
    answered: usize,
    pub dones_due: u32,
    dones_given: u32,
    done_mark: u64,
    requests: Vec<ReadRequest>,
    events: Vec<CplEvent>,
    /// Expected placements with octets, and how many have come.
    placements: Vec<&'a golden::Placement>,
    pub writes_seen: usize,
    pub reports_seen: usize,
    /// No error, Terminate or reset so far: receives and Reads still come back.
    pub alive: bool,
    pub frames: u64,
    pub latencies: Vec<u64>,
    /// Cycle and fast-forwarded cycles at the first beat and at the last output.
    pub first: Option<(u64, u64)>,
    pub last: (u64, u64),
    bytes_placed: u64,
    bytes_compared: u64,
    mismatch_count: u64,
    mismatches: Vec<Mismatch>,
    faults: Vec<Fault>,
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
            events: Vec::new(),
            placements: placed.filter(|p| !p.data.is_empty()).collect(),
            writes_seen: 0,
            reports_seen: 0,
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
        let sinks: Vec<u32> = plan.read_issues().map(|(_, r)| r.sink_stag).collect();
        for r in &plan.regions {
            let rights = StagRights {
                remote_write: r.rights.remote_write,
                remote_read: r.rights.remote_read,
                // The sink of a Read needs remote write in iWARP; the chip keeps a right of its own for it.
                read_sink: r.rights.remote_write && sinks.contains(&r.stag),
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
        chip.install(
            self.conn,
            &InstallRecord {
                src: u32::from(i.tuple.remote.0),
                dst: u32::from(i.tuple.local.0),
                sport: i.tuple.remote.1,
                dport: i.tuple.local.1,
                vlan: i.tuple.vlan,
                gen: self.gen,
                func: 0,
                ird: i.ird.min(255) as u8,
                crc_en: i.crc,
                pd: i.pd,
                qpn: i.qpn,
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
                });
                given.mark(MIRROR);
            }
            Action::ReadIssue(r) => self.reads.push(*r),
            // Answers that nobody asked for (a peer under test sends such) are no business of the chip's.
            Action::ReadDone { count } => {
                let asked = |e: &&Event| matches!(e, Event::ReadRequest { .. });
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
            let r = &self.reads[self.issues.len()];
            chip.issue_read(ReadIssue {
                conn: self.conn,
                gen: self.gen,
                sq_idx: r.sq_idx,
                sink_stag: r.sink_stag,
                sink_to: r.sink_to,
                len: r.len,
            });
            self.issues.push(given.mark(READ));
        }
        let due = self.dones_due.min(self.requests.len() as u32);
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

    /// A DMA write of payload.
    pub fn write(&mut self, w: &DmaWrite) {
        self.bytes_placed += w.data.len() as u64;
        self.check_tag(w.gen, "DMA write");
        if w.data.len() != w.len as usize {
            self.fault(format!(
                "DMA request of {} octets at {:#x} carries {}",
                w.len,
                w.addr,
                w.data.len()
            ));
        }
        if self.memory.write(w.addr, &w.data).is_err() {
            let (addr, len) = (w.addr, w.data.len());
            self.fault(format!(
                "write of {len} octets at {addr:#x}, outside of every region and receive"
            ));
            // Guards take it, so that the memory comparison shows it too.
            let _ = self.memory.poke(addr, &w.data);
        }
        match self.placements.get(self.writes_seen).copied() {
            None => self.mismatch(
                "placement",
                Some(w.addr),
                "nothing more",
                format!("{} octets", w.data.len()),
            ),
            Some(p) if (p.addr, p.data.len()) != (w.addr, w.data.len()) => {
                let want = format!("{} octets at {:#x}", p.data.len(), p.addr);
                self.mismatch(
                    "placement",
                    Some(w.addr),
                    want,
                    format!("{} octets", w.data.len()),
                );
            }
            Some(p) => {
                self.bytes_compared += p.data.len() as u64;
                let wrong = p.data.iter().zip(&w.data).filter(|(a, b)| a != b).count();
                if let Some(at) = p.data.iter().zip(&w.data).position(|(a, b)| a != b) {
                    let want = format!("{:#04x} ({wrong} octets differ)", p.data[at]);
                    let addr = w.addr + at as u64;
                    self.mismatch("payload", Some(addr), want, format!("{:#04x}", w.data[at]));
                }
            }
        }
        self.writes_seen += 1;
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

    fn check_tag(&mut self, gen: u8, what: &str) {
        if gen != self.gen {
            self.fault(format!(
                "{what} with generation {gen}, installed is {}",
                self.gen
            ));
        }
    }

    pub fn fault(&mut self, message: String) {
        let connection = self.name().to_string();
        if self.faults.len() < LISTED {
            self.faults.push(Fault {
                connection,
                message,
            });
        }
    }

    fn mismatch(
        &mut self,
        what: &str,
        address: Option<u64>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) {
        self.mismatch_count += 1;
        if self.mismatches.len() < LISTED {
            self.mismatches.push(Mismatch {
                connection: self.name().to_string(),
                what: what.to_string(),
                address,
                expected: expected.into(),
                got: got.into(),
            });
        }
    }

    /// The comparison that needs the end: missing placements, memory, events, state.
    pub fn conclude(&mut self, chip: &mut Chip) {
        let missing: Vec<_> = self
            .placements
            .iter()
            .skip(self.writes_seen)
            .copied()
            .collect();
        if let Some(p) = missing.first() {
            let octets: usize = missing.iter().map(|p| p.data.len()).sum();
            let want = format!("{} more placements of {octets} octets", missing.len());
            self.mismatch("placement", Some(p.addr), want, "none");
        }
        self.compare_events();
        self.compare_requests();
        self.compare_state(chip);
        self.compare_memory();
    }

    /// One line a region: placement by placement has been compared before.
    fn compare_memory(&mut self) {
        let differ = self
            .chosen
            .plan
            .expected
            .memory
            .compare(&self.memory, 1 << 20);
        for part in differ.chunk_by(|a, b| a.region == b.region && a.in_guard == b.in_guard) {
            let d = &part[0];
            let what = if d.in_guard { "guard of" } else { "memory of" };
            let what = format!("{what} {}", d.region);
            let want = format!("{:#04x} ({} octets differ)", d.ours, part.len());
            self.mismatch(&what, Some(d.addr), want, format!("{:#04x}", d.theirs));
        }
    }

    fn compare_events(&mut self) {
        let ended = self.chosen.ended();
        let want: Vec<&Event> = self.chosen.events();
        // A closed stream may report its FIN or not.
        let fin = |kind: u8| kind == cpl_kind::FIN || kind == cpl_kind::RST;
        let got: Vec<CplEvent> = self
            .events
            .iter()
            .filter(|e| !(ended && fin(e.kind)))
            .cloned()
            .collect();
        for i in 0..want.len().max(got.len()) {
            let (w, g) = (want.get(i), got.get(i));
            if let (Some(w), Some(g)) = (w, g) {
                if fits(w, g) {
                    continue;
                }
            }
            let name = |e: Option<&&Event>| e.map_or("nothing".into(), |e| format!("{e:?}"));
            let text = g.map_or("nothing".into(), describe);
            self.mismatch(&format!("event {i}"), None, name(w), text);
        }
    }

    fn compare_requests(&mut self) {
        let expected = &self.chosen.plan.expected;
        let want = expected.events.iter().filter_map(|e| match e {
            Event::ReadRequest { msn, request } => Some((*msn, *request)),
            _ => None,
        });
        let want: Vec<_> = want.collect();
        let got = self.requests.clone();
        for i in 0..want.len().max(got.len()) {
            let (w, g) = (want.get(i), got.get(i));
            let same = match (w, g) {
                (Some((msn, w)), Some(g)) => {
                    (
                        *msn,
                        w.sink_stag,
                        w.sink_to,
                        w.size,
                        w.source_stag,
                        w.source_to,
                    ) == (g.msn, g.sink_stag, g.sink_to, g.len, g.src_stag, g.src_to)
                }
                _ => false,
            };
            if !same {
                self.mismatch(
                    &format!("Read Request {i}"),
                    None,
                    format!("{w:?}"),
                    format!("{g:?}"),
                );
            }
        }
    }

    fn compare_state(&mut self, chip: &mut Chip) {
        if self.events.iter().any(|e| e.kind == cpl_kind::RST) {
            return;
        }
        let want = self.chosen.final_rcv_nxt();
        match chip.query(self.conn, self.gen) {
            Ok(state) if self.chosen.ended() || state.rcv_nxt == want => {}
            Ok(state) => {
                let (want, got) = (format!("{want:#010x}"), format!("{:#010x}", state.rcv_nxt));
                self.mismatch("next sequence number", None, want, got);
            }
            Err(e) => self.fault(format!("state cannot be read: {e}")),
        }
    }

    /// The results, moved out.
    pub fn report(
        self,
        run: usize,
        preset: &Preset,
    ) -> (ConnectionReport, Vec<Mismatch>, Vec<Fault>) {
        let expected = &self.chosen.plan.expected;
        let count = |kind: u8| self.events.iter().filter(|e| e.kind == kind).count() as u64;
        let wanted = |e: &&&Event| matches!(e, Event::Receive(_) | Event::ReadDone { .. });
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

/// The event that the golden model asks for.
fn fits(want: &Event, got: &CplEvent) -> bool {
    match want {
        Event::Receive(c) => {
            let bit = |f: u8| got.flags & f != 0;
            got.kind == cpl_kind::RECV
                && (got.opcode, got.msn, got.len, got.rqe_idx)
                    == (c.opcode.bits(), c.msn, c.len, c.rqe_idx)
                && bit(cpl_flag::SOLICITED) == c.solicited()
                && bit(cpl_flag::INVALIDATED) == c.inv_stag.is_some()
                && c.inv_stag.is_none_or(|s| s == got.inv_stag)
        }
        Event::ReadDone { sq_idx, .. } => got.kind == cpl_kind::READ_DONE && got.rqe_idx == *sq_idx,
        Event::TerminateReceived(t) => {
            got.kind == cpl_kind::TERMINATE && got.term == word(t.term.octet(), t.term.code)
        }
        Event::Error(e) => {
            let accepted = std::iter::once(&e.term).chain(&e.accept);
            got.kind == cpl_kind::ERROR
                && accepted
                    .into_iter()
                    .any(|t| got.term == word(t.octet(), t.code))
        }
        Event::Fin => got.kind == cpl_kind::FIN,
        Event::Reset => got.kind == cpl_kind::RST,
        _ => false,
    }
}

fn word(octet: u8, code: u8) -> u16 {
    u16::from(octet) << 8 | u16::from(code)
}

fn describe(e: &CplEvent) -> String {
    let kind = cpl_kind::ENCODING.name_of(u32::from(e.kind)).unwrap_or("?");
    let CplEvent {
        opcode,
        flags,
        msn,
        len,
        rqe_idx,
        inv_stag,
        term,
        ..
    } = e;
    match e.kind {
        cpl_kind::ERROR | cpl_kind::TERMINATE => format!("{kind} {term:#06x}"),
        cpl_kind::FIN | cpl_kind::RST => kind.to_string(),
        _ => format!(
            "{kind} opcode {opcode} flags {flags:#04x} msn {msn} len {len} index {rqe_idx} inv_stag {inv_stag:#010x}"
        ),
    }
}
