//! The transmit path on the bench, with what its seams expect: reports in, frames out, a host that answers reads.

use super::block::{Block, BlockLib};
use super::memory::HostMemory;
use crate::chip::{AckEvent, ChipError, Mirror, Region};
use crate::wire::frame::Endpoint;
use ferrowarp_hdl::preset::emit_transmit;
use ferrowarp_hdl::tx::{TxCfg, WorkCfg};
use std::collections::VecDeque;
use std::net::IpAddr;

/// A connection of ours.
#[derive(Clone, Debug)]
pub struct Connection {
    pub conn: u16,
    pub gen: u8,
    pub ours: Endpoint,
    pub peer: Endpoint,
    pub snd_nxt: u32,
    pub rcv_nxt: u32,
    /// The window field that we send, and its shift.
    pub window: u16,
    pub scale: u8,
    /// Windows of the peer: the last one in octets, and the shift of those to come.
    pub snd_wnd: u32,
    pub snd_scale: u8,
    /// Octets of a segment, options of every segment taken off.
    pub mss: u16,
    /// Timestamps are on: TS.Recent.
    pub ts_recent: Option<u32>,
    pub sack: bool,
    pub crc: bool,
    pub pd: u32,
    pub qpn: u32,
    /// Send queue: address, log2 of its slots, page of its doorbell.
    pub sq: u64,
    pub sq_log: u32,
    pub page: u32,
}

/// Registers, in cycles or time units of `tick` cycles.
#[derive(Clone, Debug)]
pub struct Settings {
    pub tick: u16,
    pub rto_init: u32,
    pub rto_min: u32,
    pub rto_max: u32,
    pub r2: u32,
    /// An acknowledgement waits so long; a challenge comes so often at most.
    pub delay: u32,
    pub gap: u32,
    pub quantum: u8,
    /// Cycles from a DMA read's request to its first octets.
    pub dma_latency: u64,
    /// Octets of the line that go by in 1000 cycles.
    pub line: u64,
}

/// A WQE is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkDone {
    pub cycle: u64,
    pub conn: u16,
    pub gen: u8,
    pub idx: u16,
    pub op: u8,
    pub signaled: bool,
    pub status: u8,
}

/// Octets beside a frame's own: gap, preamble, FCS.
const BETWEEN: u64 = 24;

struct Answer {
    due: u64,
    tag: u64,
    octets: VecDeque<u8>,
}

/// A DMA read port: answers in order, whole.
struct ReadPort {
    name: &'static str,
    answers: VecDeque<Answer>,
}

impl ReadPort {
    fn new(name: &'static str) -> Self {
        ReadPort {
            name,
            answers: VecDeque::new(),
        }
    }

    fn drive(&mut self, b: &mut Block, k: usize, now: u64) {
        let n = self.name;
        b.set(&format!("{n}_req_tready"), 1);
        let answer = self.answers.front().filter(|a| a.due <= now);
        b.set(&format!("{n}_cpl_tvalid"), answer.is_some().into());
        if let Some(a) = answer {
            let len = a.octets.len().min(k);
            let mut beat: Vec<u8> = a.octets.iter().take(len).copied().collect();
            beat.resize(k, 0);
            b.set_bytes(&format!("{n}_cpl_tdata"), &beat);
            b.set(&format!("{n}_cpl_tkeep"), u64::MAX >> (64 - len));
            b.set(&format!("{n}_cpl_tag"), a.tag);
            let end = a.octets.len() <= k;
            b.set(&format!("{n}_cpl_end_of_tag"), end.into());
        }
    }

    fn sample(&mut self, b: &Block, k: usize, at: u64, memory: &HostMemory) {
        let n = self.name;
        if b.moves(&format!("{n}_cpl")) {
            if let Some(a) = self.answers.front_mut() {
                a.octets.drain(..a.octets.len().min(k));
            }
            if self.answers.front().is_some_and(|a| a.octets.is_empty()) {
                self.answers.pop_front();
            }
        }
        if b.moves(&format!("{n}_req")) {
            let req = format!("{n}_req");
            let field = |f| b.get_field(&req, f);
            self.answers.push_back(Answer {
                due: at,
                tag: field("tag"),
                octets: memory.read(field("addr"), field("len") as usize).into(),
            });
        }
    }
}

/// A connection begins, or ends.
enum Command {
    Begin(Box<Connection>),
    End { conn: u16, gen: u8 },
}

pub struct Transmit {
    block: Block,
    k: usize,
    cycle: u64,
    dma_latency: u64,
    line: u64,
    /// Octets of the line that are still to go by, in thousandths.
    debt: u64,
    reports: VecDeque<AckEvent>,
    commands: VecDeque<Command>,
    /// Page, producer index, queue pair.
    doorbells: VecDeque<(u32, u16, u32)>,
    reads: [ReadPort; 2],
    /// What our own requests may read.
    pub regions: Vec<Region>,
    allowed: VecDeque<Option<u64>>,
    frame: Vec<u8>,
    frame_begun: u64,
    /// Frames with the cycle of their first beat.
    pub frames: VecDeque<(u64, Vec<u8>)>,
    pub mirrors: VecDeque<Mirror>,
    pub done: Vec<WorkDone>,
    /// Pulses of `count_*`: name, how many.
    pub counts: Vec<(&'static str, u64)>,
}

const COUNTS: [&str; 8] = [
    "timeout", "fast", "probe", "r1", "delayed", "refused", "doorbell", "bad_wqe",
];

/// Builds the transmit path at a width of 64 or 512 bits.
pub fn build(width: usize, cfg: &TxCfg, work: &WorkCfg) -> Result<BlockLib, ChipError> {
    let text = emit_transmit(width, cfg, work)?;
    BlockLib::new(&text, "transmit")
}

fn mac(at: &Endpoint) -> u128 {
    at.mac.0.iter().fold(0, |n, b| n << 8 | u128::from(*b))
}

fn ip(at: &Endpoint) -> u128 {
    match at.ip {
        IpAddr::V4(a) => u128::from(u32::from(a)),
        IpAddr::V6(a) => a.into(),
    }
}

impl Transmit {
    pub fn new(lib: &BlockLib, width: usize, set: &Settings, seed: u64) -> Result<Self, ChipError> {
        let block = Block::new(
            lib,
            seed,
            &["mac_tx", "snd_mirror", "region", "sq_rd_req", "dma_rd_req"],
        )?;
        let mut t = Transmit {
            block,
            k: width / 8,
            cycle: 0,
            dma_latency: set.dma_latency,
            line: set.line,
            debt: 0,
            reports: VecDeque::new(),
            commands: VecDeque::new(),
            doorbells: VecDeque::new(),
            reads: [ReadPort::new("sq_rd"), ReadPort::new("dma_rd")],
            regions: vec![],
            allowed: VecDeque::new(),
            frame: vec![],
            frame_begun: 0,
            frames: VecDeque::new(),
            mirrors: VecDeque::new(),
            done: vec![],
            counts: COUNTS.iter().map(|c| (*c, 0)).collect(),
        };
        for (port, v) in [
            ("tick", u64::from(set.tick)),
            ("rto_init", set.rto_init.into()),
            ("rto_min", set.rto_min.into()),
            ("rto_max", set.rto_max.into()),
            ("r2", set.r2.into()),
            ("delay", set.delay.into()),
            ("gap", set.gap.into()),
            ("quantum", set.quantum.into()),
            ("snd_mirror_tready", 1),
            ("done_tready", 1),
            ("region_tready", 1),
        ] {
            t.block.set(port, v);
        }
        let nothing = HostMemory::default();
        while !t.block.bit("ready") {
            t.tick(&nothing)?;
        }
        Ok(t)
    }

    pub fn report(&mut self, reports: &[AckEvent]) {
        self.reports.extend(reports);
    }

    pub fn install(&mut self, c: &Connection) {
        self.commands.push_back(Command::Begin(Box::new(c.clone())));
    }

    pub fn remove(&mut self, conn: u16, gen: u8) {
        self.commands.push_back(Command::End { conn, gen });
    }

    /// Nothing waits to be told.
    pub fn commands_done(&self) -> bool {
        self.commands.is_empty()
    }

    pub fn doorbell(&mut self, page: u32, pi: u16, qpn: u32) {
        self.doorbells.push_back((page, pi, qpn));
    }

    fn drive(&mut self) {
        let b = &mut self.block;
        b.set("cmd_tvalid", u64::from(!self.commands.is_empty()));
        match self.commands.front() {
            Some(Command::Begin(c)) => {
                for (name, v) in [
                    ("remove", 0u64),
                    ("conn", c.conn.into()),
                    ("gen", c.gen.into()),
                    ("snd_una", c.snd_nxt.into()),
                    ("snd_nxt", c.snd_nxt.into()),
                    ("snd_wnd", c.snd_wnd.into()),
                    ("wl1", c.rcv_nxt.into()),
                    ("wl2", c.snd_nxt.into()),
                    ("scale", c.snd_scale.into()),
                    ("mss", c.mss.into()),
                    ("timestamps", c.ts_recent.is_some().into()),
                    ("sack", c.sack.into()),
                    ("lost_syn", 0),
                    ("max_wnd", c.snd_wnd.into()),
                    ("rcv_nxt", c.rcv_nxt.into()),
                    ("rcv_wnd", c.window.into()),
                    ("rcv_mss", c.mss.into()),
                    ("ts_recent", c.ts_recent.unwrap_or(0).into()),
                    ("base", c.sq),
                    ("log", c.sq_log.into()),
                    ("page", c.page.into()),
                    ("func", 0),
                    ("qpn", c.qpn.into()),
                    ("pd", c.pd.into()),
                    ("msn", 1),
                    ("crc_en", c.crc.into()),
                ] {
                    b.set(&format!("cmd_{name}"), v);
                }
                b.set_struct(
                    "cmd_tmpl",
                    &[
                        ("dst_mac", mac(&c.peer)),
                        ("src_mac", mac(&c.ours)),
                        ("v6", matches!(c.ours.ip, IpAddr::V6(_)).into()),
                        ("src", ip(&c.ours)),
                        ("dst", ip(&c.peer)),
                        ("sport", c.ours.port.into()),
                        ("dport", c.peer.port.into()),
                        ("ttl", 64),
                    ],
                );
            }
            Some(Command::End { conn, gen }) => {
                b.set("cmd_remove", 1);
                b.set("cmd_conn", (*conn).into());
                b.set("cmd_gen", (*gen).into());
            }
            None => {}
        }
        b.set("db_tvalid", u64::from(!self.doorbells.is_empty()));
        if let Some((page, pi, qpn)) = self.doorbells.front() {
            b.set("db_page", (*page).into());
            b.set("db_pi", (*pi).into());
            b.set("db_qpn", (*qpn).into());
        }
        b.set("ack_tvalid", u64::from(!self.reports.is_empty()));
        if let Some(a) = self.reports.front() {
            for (name, v) in [
                ("conn", u64::from(a.conn)),
                ("gen", a.gen.into()),
                ("seq", a.seq.into()),
                ("ack", a.ack.into()),
                ("wnd", a.wnd.into()),
                ("payload_len", a.payload_len.into()),
                ("flags", a.flags.into()),
                ("tsecr", a.tsecr.into()),
                ("ts_recent", a.ts_recent.into()),
                ("rcv_nxt", a.rcv_nxt.into()),
                ("ack_mode", a.mode.into()),
                ("own_sack_n", a.sack_n.into()),
                ("peer_sack_n", a.peer_sack_n.into()),
            ] {
                b.set(&format!("ack_{name}"), v);
            }
            for (name, blocks) in [("ack_own_sack", a.sack), ("ack_peer_sack", a.peer_sack)] {
                let edges = blocks.iter();
                let octets: Vec<u8> = edges
                    .flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()].concat())
                    .collect();
                b.set_bytes(name, &octets);
            }
        }
        let allowed = self.allowed.front();
        b.set("answer_tvalid", allowed.is_some().into());
        if let Some(at) = allowed {
            b.set("answer_ok", at.is_some().into());
            b.set("answer_addr", at.unwrap_or(0));
        }
        self.debt = self.debt.saturating_sub(self.line);
        b.set("mac_tx_tready", u64::from(self.debt < 1000 * self.k as u64));
        for port in &mut self.reads {
            port.drive(b, self.k, self.cycle);
        }
    }

    /// Where a piece of memory is that a request of `pd` may read: within a region of that protection domain.
    fn look(&self, stag: u32, at: u64, len: u64, pd: u32) -> Option<u64> {
        let r = self.regions.iter().find(|r| r.stag == stag && r.pd == pd)?;
        let behind = at.checked_sub(r.base)?;
        let end = behind.checked_add(len)?;
        (end <= u64::from(r.len)).then(|| r.pa + behind)
    }

    /// One clock.
    pub fn tick(&mut self, memory: &HostMemory) -> Result<(), ChipError> {
        self.drive();
        self.block.settle()?;
        let b = &self.block;
        if !self.commands.is_empty() && b.bit("cmd_tready") {
            self.commands.pop_front();
        }
        if !self.doorbells.is_empty() && b.bit("db_tready") {
            self.doorbells.pop_front();
        }
        if !self.reports.is_empty() && b.bit("ack_tready") {
            self.reports.pop_front();
        }
        if !self.allowed.is_empty() && b.bit("answer_tready") {
            self.allowed.pop_front();
        }
        if b.bit("region_tvalid") {
            let f = |name| b.get_field("region", name);
            let at = self.look(f("stag") as u32, f("addr"), f("len"), f("pd") as u32);
            self.allowed.push_back(at);
        }
        if b.bit("snd_mirror_tvalid") {
            let f = |name: &str| b.get(&format!("snd_mirror_{name}")) as u32;
            self.mirrors.push_back(Mirror {
                conn: f("conn") as u16,
                gen: f("gen") as u8,
                snd_una: f("snd_una"),
                snd_nxt: f("snd_nxt"),
                max_wnd: f("max_wnd"),
                last_ack_sent: f("last_ack_sent"),
            });
        }
        if b.bit("done_tvalid") {
            let f = |name| b.get_field("done", name);
            self.done.push(WorkDone {
                cycle: self.cycle,
                conn: f("conn") as u16,
                gen: f("gen") as u8,
                idx: f("idx") as u16,
                op: f("op") as u8,
                signaled: f("signaled") == 1,
                status: f("status") as u8,
            });
        }
        for (name, n) in &mut self.counts {
            *n += u64::from(b.bit(&format!("count_{name}")));
        }
        if b.moves("mac_tx") {
            if self.frame.is_empty() {
                self.frame_begun = self.cycle;
            }
            let lanes = b.get("mac_tx_tkeep").count_ones() as usize;
            self.frame.extend(&b.bytes("mac_tx_tdata")[..lanes]);
            self.debt += 1000 * lanes as u64;
            if b.bit("mac_tx_tlast") {
                self.debt += 1000 * BETWEEN;
                let frame = std::mem::take(&mut self.frame);
                self.frames.push_back((self.frame_begun, frame));
            }
        }
        let due = self.cycle + self.dma_latency;
        for port in &mut self.reads {
            port.sample(b, self.k, due, memory);
        }
        self.block.posedge()?;
        self.cycle += 1;
        Ok(())
    }
}
