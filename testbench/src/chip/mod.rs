//! The chip on the bench: the Verilated receive path with everything around it that its seams expect.
//!
//! [`Chip`] clocks the model, plays frames into the MAC port, feeds the streams that come from host and transmit path, and
//! collects what comes out: DMA writes, events, ACK reports, Read and Atomic Requests. It judges none of it; golden model and
//! tests do. Of every output stream it checks the ready/valid rules: what is shown stays, unchanged, until it is taken. Of the
//! DMA data also the form of the packets.
//!
//! Time: [`Chip::tick`] is one clock. Inputs are set, the model settles, handshakes are sampled, the clock rises. `cycle` in
//! every record is the cycle in which the handshake (or the beat) was seen.

pub mod build;
pub mod duel;
mod host;
mod lookup_book;
pub mod mutant;
mod packet;
mod ports;
pub mod records;

pub use build::{build, ChipError};
pub use host::{addresses, Region, StagRights};
pub use records::*;

use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::stream::Monitor;
use ferrowarp_sim::{Model, ModelLib};
use lookup_book::LookupBook;
use ports::Ports;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// How the DMA write sink takes data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sink {
    /// Always ready.
    Open,
    /// Not ready in this share of cycles (0.0 to below 1.0), requests and data independently.
    Random(f64),
    /// A bus of the data width that also carries `overhead` octets a packet of `packet` octets; fractions of a cycle are
    /// carried over.
    Charged { packet: u64, overhead: u64 },
}

/// The chip and its surroundings.
pub struct Chip {
    model: Model,
    p: Ports,
    pub cfg: Cfg,
    /// Bytes in a beat.
    pub k: usize,
    rng: ChaCha8Rng,
    pub sink: Sink,
    debt: u64,
    /// Share of cycles in which cpl_event, ack_event, read_request and atomic_request are not taken.
    pub event_stall: f64,

    frames: VecDeque<FrameIn>,
    current: Option<(FrameIn, usize, FrameTimes)>,
    injects: VecDeque<(Vec<u8>, usize)>,
    posts: VecDeque<Post>,
    /// Host buffers ever posted.
    pub host_buffers: usize,
    reads: VecDeque<ReadIssue>,
    dones: VecDeque<(u16, u8, u8)>,
    mirrors: VecDeque<Mirror>,
    statuses: VecDeque<u16>,

    command_ask: Option<host::Command>,
    command_answer: Option<(u8, u64)>,
    register_ask: Option<(u16, Option<u32>)>,
    register_answer: Option<u32>,
    lookup: LookupBook,

    /// The rules of the output streams.
    monitors: Vec<Monitor>,
    /// The first DMA packet that was not as its request.
    fault: Option<String>,
    open_writes: VecDeque<DmaWrite>,
    /// Frames whose last beat was on the port.
    pub sent: Vec<FrameTimes>,
    pub writes: Vec<DmaWrite>,
    pub events: Vec<CplEvent>,
    pub acks: Vec<AckEvent>,
    pub read_requests: Vec<ReadRequest>,
    pub atomic_requests: Vec<AtomicRequest>,
    /// Cycle of the last handshake seen anywhere.
    pub last_activity: u64,
}

/// The streams that the chip drives.
const OUTPUTS: [&str; 6] = [
    "dma_wr_req",
    "dma_wr_data",
    "cpl_event",
    "ack_event",
    "read_request",
    "atomic_request",
];

impl Chip {
    /// An instance after reset, its tables cleared. `seed` picks the stalls and what uninitialised state holds.
    pub fn new(lib: &ModelLib, cfg: &Cfg, k: usize, seed: u64) -> Result<Self, ChipError> {
        let model = lib.instance_seeded(seed);
        let p = Ports::new(&model)?;
        let watch = |stream: &&str| Monitor::new(&model, stream);
        let monitors = OUTPUTS.iter().map(watch).collect::<Result<_, _>>()?;
        let mut chip = Self {
            model,
            p,
            cfg: cfg.clone(),
            k,
            rng: ChaCha8Rng::seed_from_u64(seed),
            sink: Sink::Open,
            debt: 0,
            event_stall: 0.0,
            frames: VecDeque::new(),
            current: None,
            injects: VecDeque::new(),
            posts: VecDeque::new(),
            host_buffers: 0,
            reads: VecDeque::new(),
            dones: VecDeque::new(),
            mirrors: VecDeque::new(),
            statuses: VecDeque::new(),
            command_ask: None,
            command_answer: None,
            register_ask: None,
            register_answer: None,
            lookup: LookupBook::default(),
            monitors,
            fault: None,
            open_writes: VecDeque::new(),
            sent: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            acks: Vec::new(),
            read_requests: Vec::new(),
            atomic_requests: Vec::new(),
            last_activity: 0,
        };
        for id in chip.p.inputs(&chip.model) {
            chip.model.set_u64(id, 0);
        }
        chip.model.reset(4)?;
        chip.wait_ready()?;
        Ok(chip)
    }

    /// Cycles since the model was made.
    pub fn cycle(&self) -> u64 {
        self.model.cycle()
    }

    pub fn model(&mut self) -> &mut Model {
        &mut self.model
    }

    /// Plays `frame` (without FCS), its first beat not before cycle `at`, behind all frames queued before.
    pub fn send(&mut self, at: u64, frame: Vec<u8>) {
        self.frames.push_back(FrameIn {
            at,
            data: frame,
            bad: false,
        });
    }

    /// As [`Chip::send`], with the MAC's verdict "bad" at the last beat.
    pub fn send_bad(&mut self, at: u64, frame: Vec<u8>) {
        self.frames.push_back(FrameIn {
            at,
            data: frame,
            bad: true,
        });
    }

    pub fn inject(&mut self, frame: Vec<u8>) {
        self.injects.push_back((frame, 0));
    }

    pub fn post(&mut self, post: Post) {
        self.host_buffers += usize::from(post.rq == RQ_NIC);
        self.posts.push_back(post);
    }

    pub fn issue_read(&mut self, read: ReadIssue) {
        self.reads.push_back(read);
    }

    /// The transmit path has answered `count` (1 to 31) Read Requests.
    pub fn read_done(&mut self, conn: u16, gen: u8, count: u8) {
        self.dones.push_back((conn, gen, count));
    }

    pub fn mirror(&mut self, m: Mirror) {
        self.mirrors.push_back(m);
    }

    /// Frames queued or on the port.
    pub fn frames_left(&self) -> usize {
        self.frames.len() + usize::from(self.current.is_some()) + self.injects.len()
    }

    /// Everything that host and transmit path wanted to tell the chip has been taken.
    pub fn inputs_taken(&self) -> bool {
        self.posts.is_empty()
            && self.reads.is_empty()
            && self.dones.is_empty()
            && self.mirrors.is_empty()
    }

    /// Inputs not taken yet: receives and buffers, Reads, Read answers, mirrors.
    pub fn waiting(&self) -> [usize; 4] {
        [
            self.posts.len(),
            self.reads.len(),
            self.dones.len(),
            self.mirrors.len(),
        ]
    }

    /// Ticks until nothing has happened on any output for `quiet` cycles and all inputs are taken.
    /// More than `limit` cycles without an end are a hang.
    pub fn drain(&mut self, quiet: u64, limit: u64) -> Result<(), ChipError> {
        let start = self.cycle();
        loop {
            self.tick()?;
            let busy =
                self.frames_left() > 0 || !self.inputs_taken() || !self.open_writes.is_empty();
            if !busy && self.cycle() > self.last_activity + quiet {
                return Ok(());
            }
            if self.cycle() - start > limit {
                return Err(ChipError::Hang {
                    cycles: limit,
                    what: format!(
                        "{} frames left, {} writes open, inputs taken: {}",
                        self.frames_left(),
                        self.open_writes.len(),
                        self.inputs_taken()
                    ),
                });
            }
        }
    }

    /// One clock.
    pub fn tick(&mut self) -> Result<(), ChipError> {
        let now = self.cycle();
        self.drive_mac(now);
        self.drive_inject();
        self.drive_queues();
        let req_ready = match self.sink {
            Sink::Open | Sink::Charged { .. } => true,
            Sink::Random(p) => !self.rng.gen_bool(p),
        };
        let data_ready = match self.sink {
            Sink::Open => true,
            Sink::Random(p) => !self.rng.gen_bool(p),
            Sink::Charged { .. } => self.debt < self.k as u64,
        };
        let (mut e, mut a, mut r) = (true, true, true);
        if self.event_stall > 0.0 {
            e = !self.rng.gen_bool(self.event_stall);
            a = !self.rng.gen_bool(self.event_stall);
            r = !self.rng.gen_bool(self.event_stall);
        }
        self.drive_host();
        let (m, p) = (&mut self.model, &self.p);
        m.set_u64(p.dma_wr_req_tready, u64::from(req_ready));
        m.set_u64(p.dma_wr_data_tready, u64::from(data_ready));
        m.set_u64(p.cpl_event_tready, u64::from(e));
        m.set_u64(p.ack_event_tready, u64::from(a));
        m.set_u64(p.read_request_tready, u64::from(r));
        m.set_u64(p.atomic_request_tready, u64::from(r));
        m.set_u64(p.dma_wr_status_tvalid, u64::from(!self.statuses.is_empty()));
        m.settle()?;
        for monitor in &mut self.monitors {
            monitor.sample(&self.model)?;
        }
        self.sample(now, req_ready, data_ready, e, a, r);
        self.model.posedge()?;
        match self.fault.take() {
            Some(what) => Err(ChipError::Packet { what, cycle: now }),
            None => Ok(()),
        }
    }

    fn drive_mac(&mut self, now: u64) {
        if self.current.is_none() && self.frames.front().is_some_and(|f| f.at <= now) {
            if let Some(f) = self.frames.pop_front() {
                let times = FrameTimes {
                    first: now,
                    last: now,
                    len: f.data.len(),
                };
                self.current = Some((f, 0, times));
            }
        }
        let (m, p) = (&mut self.model, &self.p);
        let Some((frame, at, _)) = &self.current else {
            m.set_u64(p.mac_rx_tvalid, 0);
            return;
        };
        let (last, n) = put_beat(m, p.mac_rx_tdata, p.mac_rx_tkeep, &frame.data, *at, self.k);
        m.set_u64(p.mac_rx_tvalid, 1);
        m.set_u64(p.mac_rx_tlast, u64::from(last));
        m.set_u64(p.mac_rx_tuser, u64::from(last && frame.bad));
        // A frame of one beat is gone when the outputs are sampled.
        self.last_activity = now;
        let next = at + n;
        if last {
            if let Some((_, _, mut t)) = self.current.take() {
                t.last = now;
                self.sent.push(t);
            }
        } else if let Some((_, at, _)) = &mut self.current {
            *at = next;
        }
    }

    fn drive_inject(&mut self) {
        let (m, p) = (&mut self.model, &self.p);
        let Some((frame, at)) = self.injects.front() else {
            m.set_u64(p.inject_tvalid, 0);
            return;
        };
        let (last, _) = put_beat(m, p.inject_tdata, p.inject_tkeep, frame, *at, self.k);
        m.set_u64(p.inject_tvalid, 1);
        m.set_u64(p.inject_tlast, u64::from(last));
        m.set_u64(p.inject_tuser, 0);
    }

    fn drive_queues(&mut self) {
        let (m, p) = (&mut self.model, &self.p);
        m.set_u64(p.rx_post_tvalid, u64::from(!self.posts.is_empty()));
        if let Some(x) = self.posts.front() {
            m.set_u64(p.rx_post_rq, u64::from(x.rq));
            m.set_u64(p.rx_post_rqe_idx, u64::from(x.idx));
            m.set_u64(p.rx_post_n_sge, 1);
            m.set_u64(p.rx_post_first, 1);
            m.set_u64(p.rx_post_last, 1);
            m.set_u64(p.rx_post_addr, x.addr);
            m.set_u64(p.rx_post_len, u64::from(x.len));
        }
        m.set_u64(p.read_issue_tvalid, u64::from(!self.reads.is_empty()));
        if let Some(x) = self.reads.front() {
            m.set_u64(p.read_issue_conn, u64::from(x.conn));
            m.set_u64(p.read_issue_gen, u64::from(x.gen));
            m.set_u64(p.read_issue_sq_idx, u64::from(x.sq_idx));
            m.set_u64(p.read_issue_sink_stag, u64::from(x.sink_stag));
            m.set_u64(p.read_issue_sink_to, x.sink_to);
            m.set_u64(p.read_issue_len, u64::from(x.len));
            m.set_u64(p.read_issue_atomic, u64::from(x.atomic));
        }
        m.set_u64(p.read_done_tvalid, u64::from(!self.dones.is_empty()));
        if let Some((conn, gen, count)) = self.dones.front() {
            m.set_u64(p.read_done_conn, u64::from(*conn));
            m.set_u64(p.read_done_gen, u64::from(*gen));
            m.set_u64(p.read_done_count, u64::from(*count));
        }
        m.set_u64(p.snd_mirror_tvalid, u64::from(!self.mirrors.is_empty()));
        if let Some(x) = self.mirrors.front() {
            m.set_u64(p.snd_mirror_conn, u64::from(x.conn));
            m.set_u64(p.snd_mirror_gen, u64::from(x.gen));
            m.set_u64(p.snd_mirror_snd_una, u64::from(x.snd_una));
            m.set_u64(p.snd_mirror_snd_nxt, u64::from(x.snd_nxt));
            m.set_u64(p.snd_mirror_max_wnd, u64::from(x.max_wnd));
            m.set_u64(p.snd_mirror_last_ack_sent, u64::from(x.last_ack_sent));
        }
    }

    fn drive_host(&mut self) {
        let (m, p) = (&mut self.model, &self.p);
        m.set_u64(p.table_cmd_tvalid, u64::from(self.command_ask.is_some()));
        m.set_u64(p.table_rsp_tready, 1);
        if let Some(c) = &self.command_ask {
            m.set_u64(p.table_cmd_table, u64::from(c.table));
            m.set_u64(p.table_cmd_op, u64::from(c.op));
            m.set_u64(p.table_cmd_index, u64::from(c.index));
            m.set_u64(p.table_cmd_word, u64::from(c.word));
            m.set_u64(p.table_cmd_data, c.data);
        }
        m.set_u64(p.registers_tvalid, u64::from(self.register_ask.is_some()));
        m.set_u64(p.registers_rsp_tready, 1);
        if let Some((address, write)) = &self.register_ask {
            m.set_u64(p.registers_address, u64::from(*address));
            m.set_u64(p.registers_write, u64::from(write.is_some()));
            m.set_u64(p.registers_data, u64::from(write.unwrap_or(0)));
        }
    }

    fn sample(&mut self, now: u64, req_ready: bool, data_ready: bool, e: bool, a: bool, r: bool) {
        let (m, p) = (&self.model, &self.p);
        let mut active = false;
        if self.command_ask.is_some() && m.get_u64(p.table_cmd_tready) == 1 {
            self.command_ask = None;
        }
        if m.get_u64(p.table_rsp_tvalid) == 1 {
            self.command_answer = Some((
                m.get_u64(p.table_rsp_status) as u8,
                m.get_u64(p.table_rsp_data),
            ));
        }
        if self.register_ask.is_some() && m.get_u64(p.registers_tready) == 1 {
            self.register_ask = None;
        }
        if m.get_u64(p.registers_rsp_tvalid) == 1 {
            self.register_answer = Some(m.get_u64(p.registers_rsp_data) as u32);
        }
        if !self.posts.is_empty() && m.get_u64(p.rx_post_tready) == 1 {
            self.posts.pop_front();
            active = true;
        }
        if !self.reads.is_empty() && m.get_u64(p.read_issue_tready) == 1 {
            self.reads.pop_front();
            active = true;
        }
        if !self.dones.is_empty() && m.get_u64(p.read_done_tready) == 1 {
            self.dones.pop_front();
            active = true;
        }
        if !self.mirrors.is_empty() && m.get_u64(p.snd_mirror_tready) == 1 {
            self.mirrors.pop_front();
            active = true;
        }
        if !self.statuses.is_empty() && m.get_u64(p.dma_wr_status_tready) == 1 {
            self.statuses.pop_front();
        }
        if !self.injects.is_empty() && m.get_u64(p.inject_tready) == 1 {
            if let Some((frame, at)) = self.injects.front_mut() {
                *at += self.k;
                if *at >= frame.len() {
                    self.injects.pop_front();
                }
            }
            active = true;
        }
        if m.get_u64(p.dma_wr_req_tvalid) == 1 {
            active = true;
            if req_ready {
                let w = DmaWrite {
                    addr: m.get_u64(p.dma_wr_req_addr),
                    len: m.get_u64(p.dma_wr_req_len) as u32,
                    conn: m.get_u64(p.dma_wr_req_conn) as u16,
                    gen: m.get_u64(p.dma_wr_req_gen) as u8,
                    class: m.get_u64(p.dma_wr_req_class) as u8,
                    req_cycle: now,
                    first_data: 0,
                    last_data: 0,
                    data: Vec::new(),
                };
                if m.get_u64(p.dma_wr_req_want_status) == 1 {
                    self.statuses.push_back(m.get_u64(p.dma_wr_req_id) as u16);
                }
                if w.len > 0 {
                    self.open_writes.push_back(w);
                }
            }
        }
        if m.get_u64(p.dma_wr_data_tvalid) == 1 {
            active = true;
            if data_ready {
                let last = m.get_u64(p.dma_wr_data_tlast) == 1;
                let mut beat = [0u8; 64];
                m.get_bytes(p.dma_wr_data_tdata, &mut beat[..self.k]);
                let keep = m.get_u64(p.dma_wr_data_tkeep);
                let n = keep.count_ones() as usize;
                if let Some(w) = self.open_writes.front_mut() {
                    self.fault = packet::fault(w, keep, last, self.k);
                    if w.data.is_empty() {
                        w.first_data = now;
                    }
                    if let Sink::Charged { packet, overhead } = self.sink {
                        let (a, b) = (w.addr + w.data.len() as u64, n as u64);
                        let starts = if w.data.is_empty() {
                            1
                        } else {
                            u64::from(a % packet == 0)
                        };
                        let crossed = (a + b - 1) / packet - a / packet;
                        self.debt += b + overhead * (starts + crossed);
                    }
                    w.data.extend_from_slice(&beat[..n]);
                    if last {
                        w.last_data = now;
                        if let Some(w) = self.open_writes.pop_front() {
                            self.writes.push(w);
                        }
                    }
                } else {
                    // Data without a request: keep it where a test sees it.
                    self.writes.push(DmaWrite::stray(now, &beat[..n]));
                }
            }
        }
        // The bus works on what was taken in this cycle, too.
        self.debt = self.debt.saturating_sub(self.k as u64);
        if m.get_u64(p.cpl_event_tvalid) == 1 {
            active = true;
            if e {
                self.events.push(p.event(m, now));
            }
        }
        if m.get_u64(p.ack_event_tvalid) == 1 {
            active = true;
            if a {
                self.acks.push(p.ack(m, now));
            }
        }
        if m.get_u64(p.read_request_tvalid) == 1 {
            active = true;
            if r {
                self.read_requests.push(p.read_request(m, now));
            }
        }
        if m.get_u64(p.atomic_request_tvalid) == 1 {
            active = true;
            if r {
                self.atomic_requests.push(p.atomic_request(m, now));
            }
        }
        if active || self.current.is_some() {
            self.last_activity = now;
        }
    }
}

/// Puts one beat of `data` on a port. Returns whether it is the last, and its octets.
fn put_beat(
    m: &mut Model,
    tdata: ferrowarp_sim::PortId,
    tkeep: ferrowarp_sim::PortId,
    data: &[u8],
    at: usize,
    k: usize,
) -> (bool, usize) {
    let n = (data.len() - at).min(k);
    // What stands in lanes that are not kept must not matter.
    let mut beat = [0xa5; 64];
    beat[..n].copy_from_slice(&data[at..at + n]);
    m.set_bytes(tdata, &beat[..k]);
    m.set_u64(tkeep, if n == 64 { u64::MAX } else { (1u64 << n) - 1 });
    (at + n == data.len(), n)
}
