//! Chip and golden endpoint side by side, frame by frame: for faults whose effect depends on the frames, not on the stream
//! alone. Every frame goes to both; [`Lockstep::settle`] waits for the chip and compares everything since the last time:
//! writes, events, Read Requests, and the position that may be acknowledged.
//!
//! The golden endpoint runs with the choices of this chip: a FIN alone that comes too early is dropped. It keeps any number of segments ahead of a gap; a test that exceeds the chip's limits knows better.

use super::judge::{Expected, Mismatch};
use super::plan::{ConnPlan, Gate};
use super::run::{atomic_issue, golden_entry, record};
use super::DuelError;
use crate::build::FrameSpec;
use crate::chip::{AckEvent, Chip, CplEvent, Post, ReadIssue, Region};
use crate::golden::memory::Memory;
use crate::golden::{self, AckRange, ConnConfig, Golden, Rqe, Sge, Tuple};
use ferrowarp_abi::register::ADDR_TS_DAY;

/// Cycles without anything that end a settling, unless told.
const QUIET: u64 = 500;
const LIMIT: u64 = 100_000;

struct Side {
    plan: ConnPlan,
    golden: usize,
    expected: Expected,
    /// What came before the last settling.
    events: usize,
    writes: usize,
    requests: usize,
    atomics: usize,
}

/// See the head of this file.
pub struct Lockstep {
    pub chip: Chip,
    pub golden: Golden,
    /// Cycles without anything that end a settling: more than the longest FPDU takes in the assembler.
    pub quiet: u64,
    memory: Memory,
    sides: Vec<Side>,
    writes: usize,
    next_pa: u64,
    next_idx: u16,
}

impl Lockstep {
    /// No connections, no regions yet.
    pub fn new(chip: Chip, seed: u64) -> Self {
        Lockstep {
            writes: chip.writes.len(),
            chip,
            quiet: QUIET,
            golden: Golden::new(seed),
            memory: Memory::new(seed),
            sides: Vec::new(),
            next_pa: 0x10_0000_0000,
            next_idx: 0,
        }
    }

    fn add_memory(&mut self, name: &str, pa: u64, len: usize) -> Result<(), DuelError> {
        let plan = |e: golden::memory::MemoryError| DuelError::Plan(e.to_string());
        self.golden.host.mem.add(name, pa, len).map_err(plan)?;
        self.memory.add(name, pa, len).map_err(plan)
    }

    /// A place for `len` octets with guards, at an odd address.
    pub fn place(&mut self, len: u32) -> u64 {
        let pa = self.next_pa + 0x1003;
        self.next_pa += 0x4000 + u64::from(len).next_multiple_of(0x1000);
        pa
    }

    /// Registers a region with memory of its own; `region.pa` is set if 0.
    pub fn region(&mut self, mut region: Region) -> Result<Region, DuelError> {
        if region.pa == 0 {
            region.pa = self.place(region.len);
            self.add_memory(
                &format!("stag {:#010x}", region.stag),
                region.pa,
                region.len as usize,
            )?;
        }
        self.golden
            .host
            .tpt
            .insert(golden_entry(&region))
            .map_err(|e| DuelError::Plan(e.to_string()))?;
        self.chip.register_region(&region)?;
        Ok(region)
    }

    pub fn deregister(&mut self, stag: u32) -> Result<(), DuelError> {
        self.golden.host.tpt.remove(stag);
        Ok(self.chip.deregister_region(stag)?)
    }

    /// Installs a connection; a number for the other calls.
    pub fn install(&mut self, plan: &ConnPlan) -> Result<usize, DuelError> {
        self.chip.install(plan.conn, &record(plan))?;
        let golden = self.golden.install(self.config(plan));
        self.golden.conns[golden].ack_sent(plan.spec.seq);
        self.sides.push(Side {
            plan: plan.clone(),
            golden,
            expected: Expected::default(),
            events: self.chip.events.len(),
            writes: self.chip.writes.len(),
            requests: self.chip.read_requests.len(),
            atomics: self.chip.atomic_requests.len(),
        });
        Ok(self.sides.len() - 1)
    }

    fn config(&self, plan: &ConnPlan) -> ConnConfig {
        ConnConfig {
            tuple: Some(Tuple {
                local: (plan.spec.dst.ip, plan.spec.dst.port),
                remote: (plan.spec.src.ip, plan.spec.src.port),
                vlan: plan.spec.vlan.map(|v| v.vid),
            }),
            qp: plan.qpn,
            pd: plan.pd,
            rcv_nxt: plan.spec.seq,
            rcv_wnd: plan.window,
            crc: plan.crc,
            markers: plan.markers.is_some(),
            marker_offset: plan.markers.unwrap_or(0),
            max_fpdu: self.chip.cfg.max_fpdu,
            ird: usize::from(plan.ird),
            rfc7306: true,
            execute_atomics: false,
            first_msn: [plan.first_msn[0], plan.first_msn[1], 1, 1],
            // The chip gives back nothing that it holds, whether SACK has told of it or not.
            sack: true,
            timestamps: plan.timestamps,
            ts_recent: plan.ts_recent().unwrap_or(0),
            keep_early_fin: false,
            ack_range: Some(AckRange {
                una: plan.spec.ack,
                nxt: plan.spec.ack,
                max_wnd: 65535,
            }),
            ..ConnConfig::default()
        }
    }

    /// Takes the connection out and installs it with the next generation, from `seq` on. Receives and Reads are gone.
    pub fn renew(&mut self, side: usize, seq: u32) -> Result<(), DuelError> {
        let markers = self.sides[side].plan.markers;
        self.renew_marked(side, seq, markers)
    }

    /// The same with other [`ConnPlan::markers`].
    pub fn renew_marked(
        &mut self,
        side: usize,
        seq: u32,
        markers: Option<u32>,
    ) -> Result<(), DuelError> {
        let s = &mut self.sides[side];
        self.chip.remove(s.plan.conn, s.plan.gen)?;
        s.plan.gen = s.plan.gen.wrapping_add(1);
        s.plan.spec.seq = seq;
        s.plan.markers = markers;
        s.events = self.chip.events.len();
        s.writes = self.chip.writes.len();
        s.requests = self.chip.read_requests.len();
        s.atomics = self.chip.atomic_requests.len();
        s.expected = Expected::default();
        let plan = s.plan.clone();
        let golden = s.golden;
        self.golden.conns[golden] = golden::Connection::new(self.config(&plan));
        self.golden.conns[golden].ack_sent(plan.spec.seq);
        self.chip.install(plan.conn, &record(&plan))?;
        Ok(())
    }

    /// Posts a receive of `len` octets on both sides.
    pub fn post(&mut self, side: usize, len: u32) -> Result<u64, DuelError> {
        let addr = self.place(len);
        self.post_at(side, addr, len, true)?;
        Ok(addr)
    }

    /// Posts a receive at `addr`, which is memory already unless `fresh`.
    pub fn post_at(
        &mut self,
        side: usize,
        addr: u64,
        len: u32,
        fresh: bool,
    ) -> Result<(), DuelError> {
        let idx = self.next_idx;
        self.next_idx = self.next_idx.wrapping_add(1);
        if fresh {
            self.add_memory(&format!("receive {idx} at {addr:#x}"), addr, len as usize)?;
        }
        let s = &self.sides[side];
        let sges = vec![Sge {
            addr,
            len,
            lkey: None,
        }];
        self.golden.conns[s.golden].post_recv(Rqe { idx, sges });
        self.chip.post(Post {
            rq: u32::from(s.plan.conn),
            idx,
            addr,
            len,
        });
        self.inputs()
    }

    /// Issues a Read or an Atomic on both sides.
    pub fn issue(&mut self, side: usize, gate: Gate) -> Result<(), DuelError> {
        let s = &self.sides[side];
        if let Gate::Read {
            sq_idx,
            sink_stag,
            sink_to,
            len,
        } = gate
        {
            self.golden.conns[s.golden].issue_read(golden::ReadIssue {
                sq_idx,
                sink_stag,
                sink_to,
                len,
            });
            let (conn, gen) = (s.plan.conn, s.plan.gen);
            self.chip.issue_read(ReadIssue {
                conn,
                gen,
                sq_idx,
                sink_stag,
                sink_to,
                len,
                atomic: false,
            });
        }
        if let Gate::Atomic {
            sq_idx,
            msn,
            request_id,
        } = gate
        {
            let (conn, gen) = (s.plan.conn, s.plan.gen);
            self.golden.conns[s.golden].issue_atomic(golden::AtomicIssue {
                sq_idx,
                msn,
                request_id,
            });
            self.chip
                .issue_read(atomic_issue(conn, gen, sq_idx, msn, request_id));
        }
        self.inputs()
    }

    /// `count` Read and Atomic Requests of the peer are answered, on both sides.
    pub fn answer(&mut self, side: usize, count: u8) -> Result<(), DuelError> {
        let s = &self.sides[side];
        self.golden.conns[s.golden].read_done(usize::from(count));
        self.chip.read_done(s.plan.conn, s.plan.gen, count);
        self.inputs()
    }

    fn inputs(&mut self) -> Result<(), DuelError> {
        while !self.chip.inputs_taken() {
            self.chip.tick()?;
        }
        for _ in 0..30 {
            self.chip.tick()?;
        }
        Ok(())
    }

    /// Header fields for the peer's next in-order frame.
    pub fn spec(&self, side: usize) -> FrameSpec {
        let s = &self.sides[side];
        FrameSpec {
            seq: self.golden.conns[s.golden].rcv_nxt(),
            ..s.plan.spec.clone()
        }
    }

    /// What the next [`Lockstep::renew`] of a connection installs.
    pub fn negotiate(&mut self, side: usize, change: impl FnOnce(&mut ConnPlan)) {
        change(&mut self.sides[side].plan);
    }

    pub fn plan(&self, side: usize) -> &ConnPlan {
        &self.sides[side].plan
    }

    /// Sends a frame to both.
    pub fn frame(&mut self, frame: Vec<u8>) {
        self.frame_at(self.chip.cycle(), frame);
    }

    /// Sends a frame to both, to the chip not before cycle `at`.
    pub fn frame_at(&mut self, at: u64, frame: Vec<u8>) {
        self.expect(&frame);
        self.chip.send(at, frame);
    }

    /// Sends a frame to both, to the chip through the host's inject port.
    pub fn inject(&mut self, frame: Vec<u8>) {
        self.expect(&frame);
        self.chip.inject(frame);
    }

    fn expect(&mut self, frame: &[u8]) {
        if let Ok((golden, _)) = self.golden.frame(frame) {
            if let Some(s) = self.sides.iter_mut().find(|s| s.golden == golden) {
                s.expected.collect(&mut self.golden, golden);
            }
        }
    }

    /// Sends `payload` as the next in-order segment.
    pub fn data(&mut self, side: usize, payload: &[u8]) {
        let f = self.spec(side).frame(payload);
        self.frame(f);
    }

    /// Sequence ranges that the golden endpoint holds ahead of a gap, in order.
    pub fn held(&self, side: usize) -> Vec<(u32, u32)> {
        self.golden.conns[self.sides[side].golden].held()
    }

    /// Gives the golden endpoint what the chip wrote for a connection that it does not know, from write `from` on.
    pub fn copy_to_golden(&mut self, from: usize) {
        for w in &self.chip.writes[from..] {
            // Outside of all memory: the next settling says so.
            let _ = self.golden.host.mem.poke(w.addr, &w.data);
        }
    }

    /// The stream has ended: error, Terminate, FIN or RST.
    pub fn ended(&self, side: usize) -> bool {
        self.sides[side].expected.ended
    }

    /// The events of a connection since the last settling.
    pub fn events(&self, side: usize) -> Vec<CplEvent> {
        let s = &self.sides[side];
        let ours = |e: &&CplEvent| e.conn == s.plan.conn && e.gen == s.plan.gen;
        self.chip.events[s.events..]
            .iter()
            .filter(ours)
            .cloned()
            .collect()
    }

    /// Everything that may be acknowledged is, on both sides.
    pub fn acknowledge(&mut self, side: usize) -> Result<(), DuelError> {
        let s = &self.sides[side];
        let ack = self.golden.conns[s.golden].rcv_nxt();
        self.golden.conns[s.golden].ack_sent(ack);
        self.chip.mirror(s.plan.mirror(ack));
        self.inputs()
    }

    /// TS.Recent of the golden endpoint.
    pub fn ts_recent(&self, side: usize) -> u32 {
        self.golden.conns[self.sides[side].golden].ts_recent()
    }

    /// Days without a frame: from `day` on, so many.
    pub fn idle(&mut self, day: u32, days: u32) -> Result<(), DuelError> {
        for s in &self.sides {
            self.golden.conns[s.golden].idle(days);
        }
        Ok(self.chip.write_register(ADDR_TS_DAY, day + days)?)
    }

    /// Waits until the chip is quiet and compares.
    pub fn settle(&mut self) -> Result<(), DuelError> {
        self.chip.drain(self.quiet, LIMIT)?;
        for w in &self.chip.writes[self.writes..] {
            if let Err(e) = self.memory.poke(w.addr, &w.data) {
                let what = format!(
                    "DMA write of class {} in cycle {}: {e}",
                    w.class, w.req_cycle
                );
                return Err(Mismatch { conn: w.conn, what }.into());
            }
        }
        self.writes = self.chip.writes.len();
        for s in &self.sides {
            let (conn, gen) = (s.plan.conn, s.plan.gen);
            let w: Vec<_> = self.chip.writes[s.writes..]
                .iter()
                .filter(|w| w.conn == conn && w.gen == gen)
                .collect();
            let e: Vec<_> = self.chip.events[s.events..]
                .iter()
                .filter(|e| e.conn == conn && e.gen == gen)
                .collect();
            let r: Vec<_> = self.chip.read_requests[s.requests..]
                .iter()
                .filter(|r| r.conn == conn && r.gen == gen)
                .collect();
            let a: Vec<_> = self.chip.atomic_requests[s.atomics..]
                .iter()
                .filter(|a| a.conn == conn && a.gen == gen)
                .collect();
            s.expected.judge(conn, &w, &e, &r, &a)?;
        }
        Ok(())
    }

    /// ACK reports of a connection from number `from` on.
    pub fn acks(&self, side: usize, from: usize) -> Vec<AckEvent> {
        let (conn, gen) = (self.sides[side].plan.conn, self.sides[side].plan.gen);
        self.chip.acks[from..]
            .iter()
            .filter(|a| a.conn == conn && a.gen == gen)
            .copied()
            .collect()
    }

    /// Forgets what has been compared, so that the next settling is quick.
    pub fn forget(&mut self) {
        for s in &mut self.sides {
            s.events = self.chip.events.len();
            s.writes = self.chip.writes.len();
            s.requests = self.chip.read_requests.len();
            s.atomics = self.chip.atomic_requests.len();
            s.expected.forget();
        }
    }

    /// Compares the position that may be acknowledged; after the end of a stream it is the chip's own business.
    pub fn position(&mut self, side: usize) -> Result<(), DuelError> {
        let (conn, gen) = (self.sides[side].plan.conn, self.sides[side].plan.gen);
        if self.ended(side) {
            return Ok(());
        }
        let want = self.golden.conns[self.sides[side].golden].rcv_nxt();
        let got = self.chip.query(conn, gen)?.rcv_nxt;
        if got == want {
            return Ok(());
        }
        Err(Mismatch {
            conn,
            what: format!("rcv_nxt is {got:#x}, expected {want:#x}"),
        }
        .into())
    }

    /// Guards and the whole memory.
    pub fn compare_memory(&self) -> Result<(), DuelError> {
        self.memory.guards_intact().map_err(|e| Mismatch {
            conn: 0,
            what: e.to_string(),
        })?;
        match self.golden.host.mem.compare(&self.memory, 1).first() {
            Some(d) => Err(Mismatch {
                conn: 0,
                what: format!("memory differs: {d:x?}"),
            }
            .into()),
            None => Ok(()),
        }
    }
}
