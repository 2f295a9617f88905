//! A plain Rust model of the queue tables, and the bench that clocks it beside the hardware.
//!
//! A beat taken in cycle t is judged by what was consumed before t, and is written, counted or refused in t + 3 (post,
//! issue) or t + 2.
#![allow(dead_code)] // each test binary uses its part

mod expect;

use crate::rx_tables::{Design, Dut};
use ferrowarp_hdl::rx::cfg::Cfg;
use std::collections::{BTreeMap, VecDeque};

/// Host buffers that fit on the chip.
pub const NIC_SLOTS: usize = 64;

/// A receive's slot: generation, MSN, index, address, length.
pub type Rqe = [u128; 5];
/// A Read's slot: generation, count, valid, index, STag, TO, length.
pub type Rdq = [u128; 8];

/// Any value; any but the one in the low bits.
pub const UNKNOWN: u128 = u128::MAX;
pub const NOT: u128 = 1 << 64;

pub const RQE: [&str; 5] = ["gen", "msn", "idx", "addr", "len"];
pub const RDQ: [&str; 8] = [
    "gen", "count", "valid", "sq_idx", "stag", "to", "len", "atomic",
];

/// A connection.
#[derive(Clone, Debug)]
pub struct Conn {
    pub gen: u8,
    pub posted: u32,
    pub smsn: u32,
    pub issued: u16,
    pub head: u16,
    pub answered: u16,
    pub rqe: Vec<Rqe>,
    pub rdq: Vec<Rdq>,
}

/// What an `init` brings.
#[derive(Clone, Copy, Debug)]
pub struct Init {
    pub conn: u32,
    pub gen: u8,
    pub smsn: u32,
    pub rmsn: u32,
    pub send: [u32; 4],
}

#[derive(Clone, Copy, Debug)]
pub struct Post {
    pub rq: u32,
    pub idx: u16,
    pub n_sge: u8,
    pub first: bool,
    pub last: bool,
    pub addr: u64,
    pub len: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Issue {
    pub conn: u32,
    pub gen: u8,
    pub sq_idx: u16,
    pub stag: u32,
    pub to: u64,
    pub len: u32,
    pub atomic: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub conn: u32,
    pub gen: u8,
    pub count: u8,
}

#[derive(Clone, Copy, Debug)]
pub struct Mirror {
    pub conn: u32,
    pub gen: u8,
    pub send: [u32; 4],
}

/// Inputs of one cycle. Offered beats stay offered until taken.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub post: Option<Post>,
    pub issue: Option<Issue>,
    pub done: Option<Done>,
    pub mirror: Option<Mirror>,
    pub init: Option<Init>,
    /// Connection whose oldest receive and, second, oldest Read is used up.
    pub consume: Option<(u32, bool, bool)>,
    pub read: Option<(u32, u32, u16)>,
    pub nic_pop: bool,
}

/// What of a step was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    pub post: bool,
    pub issue: bool,
    pub done: bool,
    pub mirror: bool,
    pub init: bool,
}

/// What happens at the end of a cycle, two or three after the beat was taken.
#[derive(Clone, Debug)]
pub enum Effect {
    Rqe(u32, Rqe),
    Rdq(u32, Rdq),
    Answered(u32, u16),
    Mirror(u32, [u32; 4]),
    Nic([u128; 2]),
    RqFull,
    OrdFull,
    PostBad,
    Stale,
}

/// Pulses since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pulses {
    pub rq_full: u32,
    pub ord_full: u32,
    pub nic_full: u32,
    pub post_bad: u32,
    pub stale: u32,
}

pub struct Bench<'a> {
    pub design: &'a Design,
    pub dut: Dut<'a>,
    pub cfg: Cfg,
    pub now: usize,
    pub conns: BTreeMap<u32, Conn>,
    pub nic: VecDeque<[u128; 2]>,
    pub effects: BTreeMap<usize, Vec<Effect>>,
    /// Raw slots that must be on the port, by cycle.
    pub reads: BTreeMap<usize, (Rqe, Rdq)>,
    /// Last cycle in which a beat was taken: post, issue, done.
    pub last: [Option<usize>; 4],
    /// `Cfg::sliced`: the send state is written every third cycle.
    sliced: bool,
    pub init: Option<Init>,
    pub init_rows: u32,
    pub init_start: usize,
    pub pulses: Pulses,
}

impl<'a> Bench<'a> {
    pub fn new(design: &'a Design, cfg: &Cfg, seed: u64) -> Self {
        Bench {
            design,
            dut: design.start(seed),
            cfg: cfg.clone(),
            now: 0,
            conns: BTreeMap::new(),
            nic: VecDeque::new(),
            effects: BTreeMap::new(),
            reads: BTreeMap::new(),
            last: [None; 4],
            sliced: cfg.sliced,
            init: None,
            init_rows: 0,
            init_start: 0,
            pulses: Pulses::default(),
        }
    }

    pub fn slots(&self) -> (usize, usize) {
        (1 << self.cfg.rq_bits, 1 << self.cfg.ord_bits)
    }

    pub fn in_range(&self, conn: u32) -> bool {
        conn < 1 << self.cfg.conn_bits
    }

    pub fn drive(&mut self, step: &Step) {
        let dut = &mut self.dut;
        let p = step.post;
        dut.set("rx_post_tvalid", p.is_some().into());
        if let Some(p) = p {
            dut.set("rx_post_rq", p.rq.into());
            dut.set("rx_post_rqe_idx", p.idx.into());
            dut.set("rx_post_n_sge", p.n_sge.into());
            dut.set("rx_post_first", p.first.into());
            dut.set("rx_post_last", p.last.into());
            dut.set("rx_post_addr", p.addr.into());
            dut.set("rx_post_len", p.len.into());
            dut.set("rx_post_lkey", p.len.into());
        }
        dut.set("read_issue_tvalid", step.issue.is_some().into());
        if let Some(i) = step.issue {
            dut.set("read_issue_conn", i.conn.into());
            dut.set("read_issue_gen", i.gen.into());
            dut.set("read_issue_sq_idx", i.sq_idx.into());
            dut.set("read_issue_sink_stag", i.stag.into());
            dut.set("read_issue_sink_to", i.to.into());
            dut.set("read_issue_len", i.len.into());
            dut.set("read_issue_atomic", i.atomic.into());
        }
        dut.set("read_done_tvalid", step.done.is_some().into());
        if let Some(d) = step.done {
            dut.set("read_done_conn", d.conn.into());
            dut.set("read_done_gen", d.gen.into());
            dut.set("read_done_count", d.count.into());
        }
        dut.set("snd_mirror_tvalid", step.mirror.is_some().into());
        if let Some(m) = step.mirror {
            dut.set("snd_mirror_conn", m.conn.into());
            dut.set("snd_mirror_gen", m.gen.into());
            dut.set("snd_mirror_snd_una", m.send[0].into());
            dut.set("snd_mirror_snd_nxt", m.send[1].into());
            dut.set("snd_mirror_max_wnd", m.send[2].into());
            dut.set("snd_mirror_last_ack_sent", m.send[3].into());
        }
        dut.set("init_we", step.init.is_some().into());
        if let Some(i) = step.init {
            dut.set("init_conn", i.conn.into());
            dut.set("init_gen", i.gen.into());
            dut.set("init_smsn", i.smsn.into());
            dut.set("init_rmsn", i.rmsn.into());
            dut.set("init_una", i.send[0].into());
            dut.set("init_nxt", i.send[1].into());
            dut.set("init_wnd", i.send[2].into());
            dut.set("init_ack", i.send[3].into());
        }
        let (conn, msn, head) = step.read.unwrap_or((0, 0, 0));
        dut.set("q_conn", conn.into());
        dut.set("q_msn", msn.into());
        dut.set("q_head", head.into());
        dut.set("cons_we", step.consume.is_some().into());
        if let Some((conn, recv, read)) = step.consume {
            let c = &self.conns[&conn];
            let smsn = c.smsn.wrapping_add(recv.into());
            let head = c.head.wrapping_add(read.into());
            dut.set("cons_conn", conn.into());
            dut.set("cons_smsn", smsn.into());
            dut.set("cons_head", head.into());
        }
        dut.set("nic_pop", (step.nic_pop && !self.nic.is_empty()).into());
        dut.settle();
    }

    /// One cycle: drives, compares every output, follows in the model.
    pub fn tick(&mut self, step: &Step) -> Taken {
        self.drive(step);
        let now = self.now;
        let ready = self.dut.bit("init_ready");
        if ready {
            self.finish_init();
        }
        let held = self.init.is_some();
        let free = |last: Option<usize>, busy: usize| !held && last.is_none_or(|t| now > t + busy);
        for (port, want) in [
            ("rx_post_tready", free(self.last[0], 3)),
            ("read_issue_tready", free(self.last[1], 3)),
            ("read_done_tready", free(self.last[2], 2)),
            (
                "snd_mirror_tready",
                free(self.last[3].filter(|_| self.sliced), 2),
            ),
        ] {
            assert_eq!(self.dut.bit(port), want, "{port} in cycle {now}");
        }
        assert_eq!(ready, self.init.is_none(), "init_ready in cycle {now}");
        self.check_outputs(step);

        let taken = Taken {
            post: step.post.is_some() && self.dut.bit("rx_post_tready"),
            issue: step.issue.is_some() && self.dut.bit("read_issue_tready"),
            done: step.done.is_some() && self.dut.bit("read_done_tready"),
            mirror: step.mirror.is_some() && self.dut.bit("snd_mirror_tready"),
            init: step.init.is_some() && ready,
        };
        if let (true, Some(p)) = (taken.post, step.post) {
            self.last[0] = Some(now);
            let effect = self.judge_post(p);
            self.effects.entry(now + 3).or_default().push(effect);
        }
        if let (true, Some(i)) = (taken.issue, step.issue) {
            self.last[1] = Some(now);
            let effect = self.judge_issue(i);
            self.effects.entry(now + 3).or_default().push(effect);
        }
        if let (true, Some(d)) = (taken.done, step.done) {
            self.last[2] = Some(now);
            let ok = self.conns.get(&d.conn).filter(|c| c.gen == d.gen);
            let sum = ok.map(|c| c.answered.wrapping_add(d.count.into()));
            self.later(sum.map_or(Effect::Stale, |v| Effect::Answered(d.conn, v)));
        }
        if let (true, Some(m)) = (taken.mirror, step.mirror) {
            self.last[3] = Some(now);
            let ok = self.conns.get(&m.conn).is_some_and(|c| c.gen == m.gen);
            self.later(if ok {
                Effect::Mirror(m.conn, m.send)
            } else {
                Effect::Stale
            });
        }
        // A read sees what was written in earlier cycles.
        if let Some((conn, msn, head)) = step.read {
            let (rq, ord) = self.slots();
            let fresh = self.init.is_some_and(|i| i.conn == conn);
            if let (Some(c), false) = (self.conns.get(&conn), fresh) {
                let mut slots = (c.rqe[msn as usize % rq], c.rdq[head as usize % ord]);
                // of the MSN, what a slot needs is stored
                let lap = 2 * rq as u32 - 1;
                slots.0[1] = (msn & !lap | slots.0[1] as u32 & lap).into();
                // written in this very cycle: not there yet
                for e in self.effects.get(&now).into_iter().flatten() {
                    match e {
                        Effect::Rqe(to, row)
                            if *to == conn && row[1] as usize % rq == msn as usize % rq =>
                        {
                            slots.0 = [UNKNOWN; 5];
                            slots.0[1] = NOT | u128::from(msn);
                        }
                        Effect::Rdq(to, row)
                            if *to == conn && row[1] as usize % ord == head as usize % ord =>
                        {
                            slots.1 = [UNKNOWN; 8];
                            slots.1[2] = 0;
                        }
                        _ => {}
                    }
                }
                self.reads.insert(now + 2, slots);
            }
        }
        if let Some((conn, recv, read)) = step.consume {
            let c = self.conns.get_mut(&conn).expect("consumed by the test");
            c.smsn = c.smsn.wrapping_add(recv.into());
            c.head = c.head.wrapping_add(read.into());
        }
        if step.nic_pop {
            self.nic.pop_front();
        }
        self.apply(now);
        if let (true, Some(i)) = (taken.init, step.init) {
            self.init = Some(i);
            self.init_rows = 0;
            self.init_start = now;
        }
        self.dut.posedge();
        self.now += 1;
        taken
    }

    pub fn later(&mut self, effect: Effect) {
        self.effects.entry(self.now + 2).or_default().push(effect);
    }

    /// Runs an init to its end.
    pub fn install(&mut self, init: Init) {
        while !self
            .tick(&Step {
                init: Some(init),
                ..Step::default()
            })
            .init
        {}
        for _ in 0..1000 {
            self.tick(&Step::default());
            if self.init.is_none() {
                return;
            }
        }
        panic!("the init never ends");
    }

    pub fn post(&mut self, p: Post) {
        while !self
            .tick(&Step {
                post: Some(p),
                ..Step::default()
            })
            .post
        {}
        for _ in 0..3 {
            self.tick(&Step::default());
        }
    }

    pub fn issue(&mut self, i: Issue) {
        while !self
            .tick(&Step {
                issue: Some(i),
                ..Step::default()
            })
            .issue
        {}
        for _ in 0..3 {
            self.tick(&Step::default());
        }
    }
}
