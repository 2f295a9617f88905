//! The queue tables against a plain Rust model, cycle by cycle: what is posted is what is read, refusals are counted and
//! change nothing, a new connection finds its slots empty whatever was in them.
mod rx_tables;

use ferrowarp_abi::stream::RQ_NIC;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::queues::Queues;
use rx_tables::{dc_100g, small, Cases, Design, Dut};
use std::collections::{BTreeMap, VecDeque};

/// Host buffers that fit on the chip.
const NIC_SLOTS: usize = 64;

/// A receive's slot: generation, MSN, index, address, length.
type Rqe = [u128; 5];
/// A Read's slot: generation, count, valid, index, STag, TO, length.
type Rdq = [u128; 7];

const RQE: [&str; 5] = ["gen", "msn", "idx", "addr", "len"];
const RDQ: [&str; 7] = ["gen", "count", "valid", "sq_idx", "stag", "to", "len"];

/// A connection.
#[derive(Clone, Debug)]
struct Conn {
    gen: u8,
    posted: u32,
    smsn: u32,
    issued: u16,
    head: u16,
    answered: u16,
    rqe: Vec<Rqe>,
    rdq: Vec<Rdq>,
}

/// What an `init` brings.
#[derive(Clone, Copy, Debug)]
struct Init {
    conn: u32,
    gen: u8,
    smsn: u32,
    rmsn: u32,
    send: [u32; 3],
}

#[derive(Clone, Copy, Debug)]
struct Post {
    rq: u32,
    idx: u16,
    n_sge: u8,
    first: bool,
    last: bool,
    addr: u64,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Issue {
    conn: u32,
    gen: u8,
    sq_idx: u16,
    stag: u32,
    to: u64,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Done {
    conn: u32,
    gen: u8,
    count: u8,
}

#[derive(Clone, Copy, Debug)]
struct Mirror {
    conn: u32,
    gen: u8,
    send: [u32; 3],
}

/// Inputs of one cycle. Offered beats stay offered until taken.
#[derive(Clone, Debug, Default)]
struct Step {
    post: Option<Post>,
    issue: Option<Issue>,
    done: Option<Done>,
    mirror: Option<Mirror>,
    init: Option<Init>,
    /// Connection whose oldest receive and, second, oldest Read is used up.
    consume: Option<(u32, bool, bool)>,
    read: Option<(u32, u32, u16)>,
    nic_pop: bool,
}

/// What of a step was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Taken {
    post: bool,
    issue: bool,
    done: bool,
    mirror: bool,
    init: bool,
}

/// What happens at the end of a cycle, two after the beat was taken.
#[derive(Clone, Debug)]
enum Effect {
    Rqe(u32, Rqe),
    Rdq(u32, Rdq),
    Answered(u32, u16),
    Mirror(u32, [u32; 3]),
    Nic([u128; 3]),
    RqFull,
    OrdFull,
    PostBad,
    Stale,
}

/// Pulses since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pulses {
    rq_full: u32,
    ord_full: u32,
    nic_full: u32,
    post_bad: u32,
    stale: u32,
}

struct Bench<'a> {
    design: &'a Design,
    dut: Dut<'a>,
    cfg: Cfg,
    now: usize,
    conns: BTreeMap<u32, Conn>,
    nic: VecDeque<[u128; 3]>,
    effects: BTreeMap<usize, Vec<Effect>>,
    /// Raw slots that must be on the port, by cycle.
    reads: BTreeMap<usize, (Rqe, Rdq)>,
    /// Last cycle in which a beat was taken: post, issue, done.
    last: [Option<usize>; 3],
    init: Option<Init>,
    init_rows: u32,
    init_start: usize,
    pulses: Pulses,
}

impl<'a> Bench<'a> {
    fn new(design: &'a Design, cfg: &Cfg, seed: u64) -> Self {
        Bench {
            design,
            dut: design.start(seed),
            cfg: cfg.clone(),
            now: 0,
            conns: BTreeMap::new(),
            nic: VecDeque::new(),
            effects: BTreeMap::new(),
            reads: BTreeMap::new(),
            last: [None; 3],
            init: None,
            init_rows: 0,
            init_start: 0,
            pulses: Pulses::default(),
        }
    }

    fn slots(&self) -> (usize, usize) {
        (1 << self.cfg.rq_bits, 1 << self.cfg.ord_bits)
    }

    fn in_range(&self, conn: u32) -> bool {
        conn < 1 << self.cfg.conn_bits
    }

    fn drive(&mut self, step: &Step) {
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
            dut.set("snd_mirror_last_ack_sent", m.send[0].into());
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
    fn tick(&mut self, step: &Step) -> Taken {
        self.drive(step);
        let now = self.now;
        let ready = self.dut.bit("init_ready");
        if ready {
            self.finish_init();
        }
        let held = self.init.is_some();
        let free = |last: Option<usize>| !held && last.is_none_or(|t| now > t + 2);
        for (port, want) in [
            ("rx_post_tready", free(self.last[0])),
            ("read_issue_tready", free(self.last[1])),
            ("read_done_tready", free(self.last[2])),
            ("snd_mirror_tready", !held),
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
            self.later(effect);
        }
        if let (true, Some(i)) = (taken.issue, step.issue) {
            self.last[1] = Some(now);
            let effect = self.judge_issue(i);
            self.later(effect);
        }
        if let (true, Some(d)) = (taken.done, step.done) {
            self.last[2] = Some(now);
            let ok = self.conns.get(&d.conn).filter(|c| c.gen == d.gen);
            let sum = ok.map(|c| c.answered.wrapping_add(d.count.into()));
            self.later(sum.map_or(Effect::Stale, |v| Effect::Answered(d.conn, v)));
        }
        if let (true, Some(m)) = (taken.mirror, step.mirror) {
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
                let slots = (c.rqe[msn as usize % rq], c.rdq[head as usize % ord]);
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

    fn later(&mut self, effect: Effect) {
        self.effects.entry(self.now + 2).or_default().push(effect);
    }

    fn judge_post(&self, p: Post) -> Effect {
        let single = p.n_sge == 1 && p.first && p.last;
        if !single || (p.rq != RQ_NIC && !self.in_range(p.rq)) {
            return Effect::PostBad;
        }
        if p.rq == RQ_NIC {
            return Effect::Nic([p.addr.into(), p.len.into(), p.idx.into()]);
        }
        let c = &self.conns[&p.rq];
        if c.posted.wrapping_sub(c.smsn) as usize >= self.slots().0 {
            return Effect::RqFull;
        }
        let (gen, msn) = (c.gen.into(), c.posted.into());
        Effect::Rqe(p.rq, [gen, msn, p.idx.into(), p.addr.into(), p.len.into()])
    }

    fn judge_issue(&self, i: Issue) -> Effect {
        match self.conns.get(&i.conn) {
            Some(c) if c.gen == i.gen => {
                if c.issued.wrapping_sub(c.head) as usize >= self.slots().1 {
                    return Effect::OrdFull;
                }
                let (gen, count) = (c.gen.into(), c.issued.into());
                let rest = [i.sq_idx.into(), i.stag.into(), i.to.into(), i.len.into()];
                Effect::Rdq(i.conn, [gen, count, 1, rest[0], rest[1], rest[2], rest[3]])
            }
            _ => Effect::PostBad,
        }
    }

    /// Outputs of this cycle.
    fn check_outputs(&mut self, step: &Step) {
        let now = self.now;
        if let Some((rqe, rdq)) = self.reads.remove(&now) {
            for (port, names, want) in [("rqe", &RQE[..], &rqe[..]), ("rdq", &RDQ[..], &rdq[..])] {
                let bits = self.dut.get_bits(port);
                for (name, want) in names.iter().zip(want) {
                    let got = self.design.field_of(port, &bits, name);
                    assert_eq!(got, *want, "{port}.{name} in cycle {now}");
                }
            }
        }
        assert_eq!(
            self.dut.bit("nic_valid"),
            !self.nic.is_empty(),
            "nic_valid in cycle {now}"
        );
        if let Some(buf) = self.nic.front() {
            let got = ["nic_addr", "nic_len", "nic_idx"].map(|p| self.dut.get(p));
            assert_eq!(got, *buf, "host buffer in cycle {now}");
        }

        let effects = self.effects.get(&now).cloned().unwrap_or_default();
        let mut want = Pulses::default();
        let (mut answered, mut mirror) = (None, None);
        for e in &effects {
            match e {
                Effect::Answered(conn, v) => answered = Some((*conn, *v)),
                Effect::Mirror(conn, m) => mirror = Some((*conn, *m)),
                Effect::RqFull => want.rq_full = 1,
                Effect::OrdFull => want.ord_full = 1,
                Effect::Nic(_) if self.nic.len() == NIC_SLOTS => want.nic_full = 1,
                Effect::PostBad => want.post_bad = 1,
                Effect::Stale => want.stale = 1,
                _ => {}
            }
        }
        let got = [
            "rq_full",
            "ord_full",
            "nic_full",
            "post_bad",
            "mirror_stale",
        ]
        .map(|p| self.dut.get(p) as u32);
        let all = [
            want.rq_full,
            want.ord_full,
            want.nic_full,
            want.post_bad,
            want.stale,
        ];
        assert_eq!(got, all, "pulses in cycle {now}");
        self.pulses.rq_full += want.rq_full;
        self.pulses.ord_full += want.ord_full;
        self.pulses.nic_full += want.nic_full;
        self.pulses.post_bad += want.post_bad;
        self.pulses.stale += want.stale;

        // The rows of an init: mirror and Reads answered in one cycle that X3 leaves free.
        if let (Some(init), true) = (self.init, effects.is_empty() && self.dut.bit("mir_we")) {
            assert!(
                step.consume.is_none(),
                "an init writes over X3 in cycle {now}"
            );
            self.init_rows += 1;
            mirror = Some((init.conn, init.send));
            answered = Some((init.conn, init.rmsn.wrapping_sub(1) as u16));
        }
        assert_eq!(
            self.dut.bit("mir_we"),
            mirror.is_some(),
            "mir_we in cycle {now}"
        );
        if let Some((conn, send)) = mirror {
            let bits = self.dut.get_bits("mir_row");
            let got = ["snd_una", "snd_nxt", "max_wnd"]
                .map(|f| self.design.field_of("mir_row", &bits, f) as u32);
            assert_eq!(self.dut.get("mir_conn"), conn.into());
            assert_eq!(got, send, "mirror in cycle {now}");
        }
        assert_eq!(
            self.dut.bit("rdd_we"),
            answered.is_some(),
            "rdd_we in cycle {now}"
        );
        if let Some((conn, value)) = answered {
            assert_eq!(self.dut.get("rdd_conn"), conn.into());
            assert_eq!(
                self.dut.get("rdd_val"),
                value.into(),
                "rdd_val in cycle {now}"
            );
        }
    }

    /// Effects that are written at the end of this cycle.
    fn apply(&mut self, now: usize) {
        let (rq, ord) = self.slots();
        for e in self.effects.remove(&now).unwrap_or_default() {
            match e {
                Effect::Rqe(conn, row) => {
                    let c = self.conns.get_mut(&conn).expect("judged");
                    c.rqe[row[1] as usize % rq] = row;
                    c.posted = c.posted.wrapping_add(1);
                }
                Effect::Rdq(conn, row) => {
                    let c = self.conns.get_mut(&conn).expect("judged");
                    c.rdq[row[1] as usize % ord] = row;
                    c.issued = c.issued.wrapping_add(1);
                }
                Effect::Answered(conn, value) => {
                    self.conns.get_mut(&conn).expect("judged").answered = value;
                }
                // Full was judged before this cycle's pop.
                Effect::Nic(buf) if self.dut.get("nic_full") == 0 => self.nic.push_back(buf),
                _ => {}
            }
        }
    }

    fn finish_init(&mut self) {
        let Some(i) = self.init.take() else { return };
        let (rq, ord) = self.slots();
        let took = self.now - self.init_start;
        assert!(
            took > rq.max(ord),
            "an init of {took} cycles cannot have emptied the slots"
        );
        assert_eq!(self.init_rows, 1, "rows written by an init");
        let mut rqe = vec![[0; 5]; rq];
        for slot in 0..rq.max(ord) as u32 {
            rqe[slot as usize % rq] = [i.gen.into(), (!slot).into(), 0, 0, 0];
        }
        for (slot, row) in rqe.iter().enumerate() {
            assert_ne!(
                row[1] as usize % rq,
                slot,
                "an empty slot must not match any MSN"
            );
        }
        let conn = Conn {
            gen: i.gen,
            posted: i.smsn,
            smsn: i.smsn,
            issued: 0,
            head: 0,
            answered: i.rmsn.wrapping_sub(1) as u16,
            rqe,
            rdq: vec![[i.gen.into(), 0, 0, 0, 0, 0, 0]; ord],
        };
        self.conns.insert(i.conn, conn);
    }

    /// Runs an init to its end.
    fn install(&mut self, init: Init) {
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

    fn post(&mut self, p: Post) {
        while !self
            .tick(&Step {
                post: Some(p),
                ..Step::default()
            })
            .post
        {}
        self.tick(&Step::default());
        self.tick(&Step::default());
    }

    fn issue(&mut self, i: Issue) {
        while !self
            .tick(&Step {
                issue: Some(i),
                ..Step::default()
            })
            .issue
        {}
        self.tick(&Step::default());
        self.tick(&Step::default());
    }
}

fn receive(rq: u32, n: u32) -> Post {
    Post {
        rq,
        idx: n as u16,
        n_sge: 1,
        first: true,
        last: true,
        addr: 0x1000 * u64::from(n),
        len: 64 + n,
    }
}

fn init(conn: u32, gen: u8, smsn: u32) -> Init {
    Init {
        conn,
        gen,
        smsn,
        rmsn: 7,
        send: [1, 2, 3],
    }
}

/// Full means a refusal, never an overwrite, and what is used up makes room again.
#[test]
fn full_queues_refuse() {
    let cfg = small(2);
    let design = Design::new(&Queues::new(&cfg), "rx_queues");
    let mut b = Bench::new(&design, &cfg, 3);
    b.install(init(5, 1, 0xFFFF_FFFC)); // MSN wraps on the way
    for n in 0..10 {
        b.post(receive(5, n));
    }
    assert_eq!(b.pulses.rq_full, 2, "8 receives fit");
    for n in 0..8u32 {
        let msn = 0xFFFF_FFFCu32.wrapping_add(n);
        b.tick(&Step {
            read: Some((5, msn, 0)),
            ..Step::default()
        });
    }
    b.tick(&Step {
        consume: Some((5, true, false)),
        ..Step::default()
    });
    b.post(receive(5, 20));
    b.post(receive(5, 21));
    assert_eq!(b.pulses.rq_full, 3, "one was used up, one fits");
    for n in 0..9 {
        b.issue(Issue {
            conn: 5,
            gen: 1,
            sq_idx: n,
            stag: 9,
            to: 8,
            len: 7,
        });
    }
    assert_eq!(b.pulses.ord_full, 1, "8 Reads fit");
    for n in 0..66 {
        b.post(receive(RQ_NIC, n));
    }
    assert_eq!(b.pulses.nic_full, 2, "64 host buffers fit");
    for _ in 0..64 {
        b.tick(&Step {
            nic_pop: true,
            ..Step::default()
        });
    }
    assert_eq!(b.pulses.post_bad, 0);
    for _ in 0..4 {
        b.tick(&Step::default());
    }
}

/// Late traffic of a predecessor and malformed posts change nothing.
#[test]
fn wrong_posts_are_refused() {
    let cfg = small(2);
    let design = Design::new(&Queues::new(&cfg), "rx_queues");
    let mut b = Bench::new(&design, &cfg, 4);
    b.install(init(0, 1, 1));
    b.install(init(31, 200, 1));
    for p in [
        receive(32, 0),
        receive(RQ_NIC - 1, 0),
        Post {
            n_sge: 0,
            ..receive(0, 0)
        },
        Post {
            n_sge: 2,
            ..receive(0, 0)
        },
        Post {
            first: false,
            ..receive(0, 0)
        },
        Post {
            last: false,
            ..receive(RQ_NIC, 0)
        },
    ] {
        b.post(p);
    }
    assert_eq!(b.pulses.post_bad, 6);
    let issue = Issue {
        conn: 31,
        gen: 200,
        sq_idx: 1,
        stag: 2,
        to: 3,
        len: 4,
    };
    b.issue(Issue { gen: 199, ..issue });
    b.issue(Issue {
        conn: 31 + 32,
        ..issue
    });
    assert_eq!(b.pulses.post_bad, 8);
    b.issue(issue);
    assert_eq!((b.pulses.post_bad, b.pulses.ord_full), (8, 0));
    for step in [
        Step {
            done: Some(Done {
                conn: 31,
                gen: 199,
                count: 3,
            }),
            ..Step::default()
        },
        Step {
            mirror: Some(Mirror {
                conn: 0,
                gen: 2,
                send: [4, 5, 6],
            }),
            ..Step::default()
        },
        Step {
            mirror: Some(Mirror {
                conn: 32,
                gen: 1,
                send: [4, 5, 6],
            }),
            ..Step::default()
        },
        Step::default(),
        Step::default(),
        Step::default(),
    ] {
        b.tick(&step);
    }
    assert_eq!(b.pulses.stale, 3);
    // The next user of the number is not the last one.
    b.install(init(31, 201, 1));
    b.issue(issue);
    assert_eq!(b.pulses.post_bad, 9);
}

/// Everything at once, on few connections.
fn soak(cfg: &Cfg, cases: &mut Cases, cycles: usize) -> Pulses {
    let design = Design::new(&Queues::new(cfg), "rx_queues");
    let mut b = Bench::new(&design, cfg, cases.seed);
    let top = (1 << cfg.conn_bits) - 1;
    let numbers = [0, 1, top];
    let mut gen = 0u8;
    let fresh = |cases: &mut Cases, conn: u32, gen: u8| Init {
        conn,
        gen,
        // MSNs wrap in some cases
        smsn: if cases.chance(50) {
            u32::MAX - 5
        } else {
            cases.bits(32) as u32
        },
        rmsn: cases.bits(32) as u32,
        send: [0; 3].map(|_| cases.bits(32) as u32),
    };
    for conn in numbers {
        gen += 1;
        let i = fresh(cases, conn, gen);
        b.install(i);
    }
    let mut step = Step::default();
    let (mut rate, mut use_up) = (50, 30);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            rate = [5, 40, 100][cases.below(3)];
            use_up = [0, 20, 80][cases.below(3)];
        }
        let busy = b.init.map(|i| i.conn).or(step.init.map(|i| i.conn));
        // Nobody uses a connection that is not there: its predecessor was removed before.
        let conn = |cases: &mut Cases| Some(numbers[cases.below(3)]).filter(|c| busy != Some(*c));
        let gen_of = |b: &Bench, cases: &mut Cases, conn: u32| {
            let gen = b.conns[&conn].gen;
            if cases.chance(90) {
                gen
            } else {
                gen.wrapping_add(1)
            }
        };
        if step.init.is_none() && b.init.is_none() && cases.chance(1) {
            let number = numbers[cases.below(3)];
            let quiet = step.post.is_none()
                && step.issue.is_none()
                && step.done.is_none()
                && step.mirror.is_none();
            if quiet && b.effects.is_empty() {
                gen = gen.wrapping_add(1);
                step.init = Some(fresh(cases, number, gen));
            }
        }
        // A beat that names the connection of a waiting init would be the predecessor's; offer none until it is over.
        let closed = step.init.is_some() || b.init.is_some();
        if step.post.is_none() && !closed && cases.chance(rate) {
            let rq = match cases.below(20) {
                0 => Some(1 << cfg.conn_bits),
                1..=5 => Some(RQ_NIC),
                _ => conn(cases),
            };
            step.post = rq.map(|rq| Post {
                rq,
                idx: cases.bits(16) as u16,
                n_sge: if cases.chance(95) {
                    1
                } else {
                    cases.bits(3) as u8
                },
                first: cases.chance(97),
                last: cases.chance(97),
                addr: cases.bits(64) as u64,
                len: cases.bits(32) as u32,
            });
        }
        if step.issue.is_none() && !closed && cases.chance(rate) {
            step.issue = conn(cases).map(|conn| Issue {
                conn,
                gen: gen_of(&b, cases, conn),
                sq_idx: cases.bits(16) as u16,
                stag: cases.bits(32) as u32,
                to: cases.bits(64) as u64,
                len: cases.bits(32) as u32,
            });
        }
        if step.done.is_none() && !closed && cases.chance(rate) {
            let number = conn(cases);
            step.done = number.map(|conn| Done {
                conn,
                gen: gen_of(&b, cases, conn),
                count: cases.bits(5) as u8,
            });
        }
        if step.mirror.is_none() && !closed && cases.chance(rate) {
            step.mirror = conn(cases).map(|conn| Mirror {
                conn,
                gen: gen_of(&b, cases, conn),
                send: [0; 3].map(|_| cases.bits(32) as u32),
            });
        }
        step.consume = None;
        if cases.chance(use_up) {
            if let Some(number) = conn(cases) {
                let c = &b.conns[&number];
                let recv = c.posted != c.smsn && cases.chance(50);
                let read = c.issued != c.head && cases.chance(50);
                step.consume = Some((number, recv, read));
            }
        }
        // Mostly near the live ones, where slots change.
        let number = numbers[cases.below(3)];
        let c = &b.conns[&number];
        let near = (cases.below(20) as u32).wrapping_sub(4);
        step.read = Some((
            number,
            c.smsn.wrapping_add(near),
            c.head.wrapping_add(near as u16),
        ));
        // Long enough without a pop that the FIFO fills.
        step.nic_pop = cycle / 3000 % 2 == 1 && cases.chance(use_up) && !b.nic.is_empty();

        let taken = b.tick(&step);
        if taken.post {
            step.post = None;
        }
        if taken.issue {
            step.issue = None;
        }
        if taken.done {
            step.done = None;
        }
        if taken.mirror {
            step.mirror = None;
        }
        if taken.init {
            step.init = None;
        }
    }
    b.pulses
}

#[test]
fn queues_match_the_model() {
    let mut cases = Cases::new("rx_queues queues_match_the_model");
    let cfg = small(2);
    let p = soak(&cfg, &mut cases, 20_000);
    let low = [p.rq_full, p.ord_full, p.nic_full, p.post_bad, p.stale];
    assert!(
        low.iter().all(|n| *n > 10),
        "the stimulus reaches every refusal: {p:?}"
    );
}

#[test]
fn queues_match_the_model_at_odd_sizes() {
    let mut cases = Cases::new("rx_queues queues_match_the_model_at_odd_sizes");
    let cfg = Cfg {
        rq_bits: 1,
        ord_bits: 4,
        ..small(3)
    };
    soak(&cfg, &mut cases, 5_000);
    let cfg = Cfg {
        rq_bits: 5,
        ord_bits: 1,
        ..dc_100g()
    };
    soak(&cfg, &mut cases, 3_000);
}
