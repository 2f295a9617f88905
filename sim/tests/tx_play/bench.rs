//! The bench: a driver that posts work, a host memory with regions, and in the place of `snd` and the builder a tester that grants what it
//! likes and compares every turn, job, octet and completion.

use crate::model::{Message, Stream};
use crate::tx_work_bench::{Design, Dma, DmaPace, Dut, Memory};
use ferrowarp_abi::queue::{Octets, Sge, Sqe, INLINE};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};

pub struct Wqe {
    pub idx: u16,
    pub op: u8,
    pub signaled: bool,
    pub slots: u16,
    /// Its last octet's place.
    pub end: u64,
    /// Malformed: it has no octets.
    pub bad: bool,
}

#[derive(Default)]
pub struct Conn {
    pub valid: bool,
    pub gen: u8,
    pub base: u64,
    pub log: u32,
    pub page: u64,
    pub func: u8,
    pub qpn: u32,
    pub pd: u32,
    pub mss: usize,
    pub crc: bool,
    pub seq: u32,
    pub msn: u32,
    pub stream: Option<Stream>,
    pub wqes: Vec<Wqe>,
    pub done: usize,
    pub filled: u16,
    pub freed: u16,
    pub una: u64,
    pub nxt: u64,
    pub told: u64,
    /// A grant is under way. When the last one ended.
    pub granted: bool,
    pub granted_end: u64,
    pub granted_from: u64,
    /// WQE that ends with an error; what behind it is not sent begins here.
    pub failing: Option<(usize, u8)>,
    pub stop: u64,
    pub ended: bool,
    pub ended_at: u64,
    pub first_status: Option<u8>,
    pub leaving: bool,
    pub no_posts: bool,
}

struct Region {
    base: u64,
    len: u64,
    pa: u64,
    pd: u32,
    conn: u32,
    good: bool,
}

pub struct Due {
    pub conn: usize,
    pub gen: u8,
    pub at: u64,
    pub len: u64,
    pub fpdu: usize,
    pub last: bool,
    pub probe: bool,
    pub psh: bool,
    /// Of the grant: kind, from, budget, idle, quantum, MSS.
    pub grant: (u8, u64, u64, bool, usize, usize),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Percent of cycles in which an output is not taken.
    pub turn: u32,
    pub fpdu: u32,
    pub payload: u32,
    pub other: u32,
    /// Cycles until a region answers, at most; at least 1.
    pub region: u64,
}

pub struct Bench {
    pub dut: Dut,
    pub rng: ChaCha8Rng,
    pub memory: Memory,
    pub sq_dma: Dma,
    pub dma: Dma,
    pub conns: Vec<Conn>,
    regions: HashMap<u32, Region>,
    answers: VecDeque<(u64, bool, u64)>,
    pub bells: VecDeque<(u64, u64, u64)>,
    pub grants: VecDeque<(u32, u8, u8, u32, u32, bool)>,
    pub ackeds: VecDeque<(u32, u8, u32)>,
    pub deads: VecDeque<(u32, u8)>,
    offered: [bool; 3],
    pub due: VecDeque<Due>,
    /// Turns that came, whose jobs are to come.
    pub jobs: VecDeque<Due>,
    /// Jobs and payload that came.
    seen: VecDeque<([u64; 6], Vec<u8>)>,
    pub came: VecDeque<Vec<u8>>,
    /// Payload that is to come; of a spoilt FPDU any.
    pub packets: VecDeque<Option<Vec<u8>>>,
    pub packet: Vec<u8>,
    pub done_due: u32,
    cmd: Option<(bool, usize)>,
    pub pace: Pace,
    pub quantum: usize,
    pub k: usize,
    longest: usize,
    /// Jobs from here on are of octets that could not be read.
    pub spoilt: bool,
    /// Payload reads end with this status.
    pub poison_all: u8,
    /// Per thousand.
    pub refuse: u32,
    pub malformed: u32,
    /// Cycles of: doorbell, data, grant, turn, job, first and last beats, last DMA beat.
    pub at: HashMap<&'static str, u64>,
    pub counts: HashMap<&'static str, u64>,
    /// Cycles of the packets' first beats.
    pub firsts: Vec<u64>,
}

fn seq(c: &Conn, at: u64) -> u32 {
    c.seq.wrapping_add(at as u32)
}

impl Bench {
    pub fn new(
        d: &Design,
        seed: u64,
        pace: Pace,
        dma: DmaPace,
        conns: usize,
        longest: usize,
    ) -> Self {
        let mut b = Bench {
            dut: Dut::new(d, seed),
            rng: ChaCha8Rng::seed_from_u64(seed),
            memory: Memory::default(),
            sq_dma: Dma::new("sq_rd", d.k, dma),
            dma: Dma::new("dma_rd", d.k, dma),
            conns: (0..conns).map(|_| Conn::default()).collect(),
            regions: HashMap::new(),
            answers: VecDeque::new(),
            bells: VecDeque::new(),
            grants: VecDeque::new(),
            ackeds: VecDeque::new(),
            deads: VecDeque::new(),
            offered: [false; 3],
            due: VecDeque::new(),
            jobs: VecDeque::new(),
            seen: VecDeque::new(),
            came: VecDeque::new(),
            packets: VecDeque::new(),
            packet: vec![],
            done_due: 0,
            cmd: None,
            pace,
            quantum: 4,
            k: d.k,
            longest,
            spoilt: false,
            poison_all: 0,
            refuse: 0,
            malformed: 0,
            at: HashMap::new(),
            counts: HashMap::new(),
            firsts: vec![],
        };
        while !b.dut.bit("ready") {
            b.step();
        }
        b
    }

    pub fn note(&mut self, what: &'static str) {
        self.at.insert(what, self.dut.cycle);
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    fn stalls(&mut self, percent: u32) -> u64 {
        (!self.rng.gen_ratio(percent, 100)).into()
    }

    pub fn step(&mut self) {
        self.dut.set("quantum", self.quantum as u64);
        self.dut.set("cmd_tvalid", self.cmd.is_some().into());
        if let Some((remove, i)) = self.cmd {
            let c = &self.conns[i];
            for (port, v) in [
                ("cmd_remove", remove.into()),
                ("cmd_conn", i as u64),
                ("cmd_gen", c.gen.into()),
                ("cmd_base", c.base),
                ("cmd_log", c.log.into()),
                ("cmd_page", c.page),
                ("cmd_func", c.func.into()),
                ("cmd_qpn", c.qpn.into()),
                ("cmd_pd", c.pd.into()),
                ("cmd_seq", c.seq.into()),
                ("cmd_mss", c.mss as u64),
                ("cmd_msn", c.msn.into()),
                ("cmd_crc_en", c.crc.into()),
            ] {
                self.dut.set(port, v);
            }
        }
        self.dut.set("db_tvalid", (!self.bells.is_empty()).into());
        if let Some((page, qpn, pi)) = self.bells.front() {
            for (port, v) in [("db_page", page), ("db_qpn", qpn), ("db_pi", pi)] {
                self.dut.set(port, *v);
            }
        }
        let waiting = [self.grants.len(), self.ackeds.len(), self.deads.len()];
        for (i, s) in ["grant", "acked", "dead"].into_iter().enumerate() {
            self.offered[i] |= waiting[i] > 0 && (self.pace.other == 0 || self.rng.gen_ratio(1, 2));
            self.dut.set(&format!("{s}_tvalid"), self.offered[i].into());
        }
        if let Some((conn, gen, kind, from, budget, idle)) = self.grants.front() {
            for (port, v) in [
                ("grant_conn", u64::from(*conn)),
                ("grant_gen", (*gen).into()),
                ("grant_kind", (*kind).into()),
                ("grant_from", (*from).into()),
                ("grant_budget", (*budget).into()),
                ("grant_idle", (*idle).into()),
            ] {
                self.dut.set(port, v);
            }
        }
        if let Some((conn, gen, una)) = self.ackeds.front() {
            self.dut.set("acked_conn", (*conn).into());
            self.dut.set("acked_gen", (*gen).into());
            self.dut.set("acked_snd_una", (*una).into());
        }
        if let Some((conn, gen)) = self.deads.front() {
            self.dut.set("dead_conn", (*conn).into());
            self.dut.set("dead_gen", (*gen).into());
        }
        let answer = self.answers.front().copied();
        let answer = answer.filter(|a| a.0 <= self.dut.cycle);
        self.dut.set("answer_tvalid", answer.is_some().into());
        let (_, ok, addr) = answer.unwrap_or((0, false, 0));
        self.dut.set("answer_ok", ok.into());
        self.dut.set("answer_addr", addr);
        let p = self.pace;
        for (port, percent) in [
            ("turn_tready", p.turn),
            ("fpdu_ready", p.fpdu),
            ("payload_tready", p.payload),
            ("data_tready", p.other),
            ("done_tready", p.other),
            ("region_tready", p.other),
        ] {
            let v = self.stalls(percent);
            self.dut.set(port, v);
        }
        self.sq_dma.drive(&mut self.dut, &mut self.rng);
        self.dma.drive(&mut self.dut, &mut self.rng);
        self.dut.settle();

        if self.cmd.is_some() && self.dut.bit("cmd_tready") {
            self.cmd = None;
        }
        if self.dut.bit("cmd_done") {
            self.done_due -= 1;
        }
        if self.dut.moves("db") {
            self.bells.pop_front();
            self.note("bell");
        }
        for (i, s) in ["grant", "acked", "dead"].into_iter().enumerate() {
            if self.dut.moves(s) {
                self.offered[i] = false;
                self.note(s);
                match i {
                    0 => drop(self.grants.pop_front()),
                    1 => drop(self.ackeds.pop_front()),
                    _ => drop(self.deads.pop_front()),
                }
            }
        }
        if answer.is_some() && self.dut.bit("answer_tready") {
            self.answers.pop_front();
        }
        if self.dut.moves("region") {
            self.region();
        }
        if let Some(q) = self.sq_dma.sample(&self.dut, &self.memory, &mut self.rng) {
            assert_eq!(q.class, 4);
        }
        if self.dut.bit("dma_rd_cpl_tvalid") {
            self.note("octets");
        }
        self.dma.fails = self.poison_all;
        if let Some(q) = self.dma.sample(&self.dut, &self.memory, &mut self.rng) {
            let c = &self.conns[q.conn as usize];
            assert_eq!((q.class, q.func), (0, c.func), "{q:?}");
            self.note("read");
        }
        if self.dut.moves("data") {
            self.data();
        }
        if self.dut.moves("done") {
            self.done();
        }
        if self.dut.moves("turn") {
            self.turn();
        }
        if self.dut.bit("fpdu_valid") && self.dut.bit("fpdu_ready") {
            self.job();
        }
        if self.dut.moves("payload") {
            self.payload();
        }
        self.compare();
        self.dut.edge();
    }

    fn region(&mut self) {
        let f = |n: &str| self.dut.field("region", n);
        let (stag, addr, len) = (f("stag") as u32, f("addr"), f("len"));
        // Behind an FPDU that is refused the same grant may still ask, of slots that are used again.
        let Some(r) = self.regions.get(&stag) else {
            assert!(self.refuse > 0, "region {stag:x} is unknown");
            let due = self.answers.back().map_or(0, |a| a.0);
            self.answers.push_back((due, false, 0));
            return;
        };
        assert_eq!(f("conn"), u64::from(r.conn));
        let c = &self.conns[r.conn as usize];
        assert_eq!(
            (f("pd"), f("qpn"), f("gen")),
            (c.pd.into(), c.qpn.into(), c.gen.into())
        );
        let at = addr.wrapping_sub(r.base);
        let inside = len > 0 && at <= r.len && len <= r.len - at;
        assert!(
            inside || self.refuse > 0,
            "region {stag:x}: {at} + {len} of {}",
            r.len
        );
        let ok = r.good && c.pd == r.pd && inside;
        let due = self.dut.cycle + 1 + self.rng.gen_range(0..self.pace.region.max(1));
        let due = due.max(self.answers.back().map_or(0, |a| a.0));
        self.answers.push_back((due, ok, r.pa.wrapping_add(at)));
        self.note("region");
    }

    fn data(&mut self) {
        self.note("data");
        let i = self.dut.get("data_conn") as usize;
        let c = &mut self.conns[i];
        assert_eq!(self.dut.get("data_gen"), u64::from(c.gen));
        let to = (self.dut.get("data_end") as u32).wrapping_sub(seq(c, c.told));
        c.told += u64::from(to);
        let s = c.stream.as_ref().expect("installed");
        let ends = s.fpdus.iter().any(|f| f.at + f.len == c.told);
        assert!(
            to > 0 && ends,
            "connection {i}: data up to {}, {to} more",
            c.told
        );
    }

    fn done(&mut self) {
        self.note("done");
        let f = |n: &str| self.dut.field("done", n);
        let i = f("conn") as usize;
        let c = &mut self.conns[i];
        let w = c.wqes.get(c.done).expect("a completion is due");
        assert_eq!(
            (f("gen"), f("idx")),
            (c.gen.into(), w.idx.into()),
            "connection {i}"
        );
        let status = f("status") as u8;
        if c.leaving && status == 5 {
            // The removal came first.
            c.ended = true;
            c.first_status = None;
        }
        if let Some((_, s)) = c.failing.filter(|x| x.0 == c.done && !c.ended) {
            c.ended = true;
            c.ended_at = self.dut.cycle;
            c.first_status = Some(s);
        }
        if c.ended {
            let want = c.first_status.take().unwrap_or(5);
            assert_eq!(status, want, "connection {i}, WQE {}", w.idx);
        } else {
            assert_eq!(status, 0, "connection {i}, WQE {}", w.idx);
            assert!(
                w.end <= c.una,
                "connection {i}, WQE {}: {} of {}",
                w.idx,
                c.una,
                w.end
            );
        }
        if !w.bad {
            assert_eq!((f("op"), f("signaled")), (w.op.into(), w.signaled.into()));
        }
        c.freed = c.freed.wrapping_add(w.slots);
        c.done += 1;
    }

    fn turn(&mut self) {
        self.note("turn");
        let g = |n: &str| self.dut.get(&format!("turn_{n}"));
        let d = self.due.pop_front().expect("a turn is due");
        let c = &mut self.conns[d.conn];
        let got = (g("conn"), g("gen"), g("len"), g("last"), g("n_fpdu"));
        let want = (
            d.conn as u64,
            u64::from(d.gen),
            d.len,
            u64::from(d.last),
            u64::from(d.len > 0),
        );
        assert_eq!(
            got, want,
            "connection, gen, octets, last, FPDUs; granted {:?}",
            d.grant
        );
        if d.last {
            c.granted = false;
            c.granted_end = self.dut.cycle;
        }
        if d.len > 0 {
            let got = (g("seq") as u32, g("psh"), g("probe"));
            let want = (seq(c, d.at), u64::from(d.psh), u64::from(d.probe));
            assert_eq!(got, want, "connection {}", d.conn);
            if d.gen == c.gen && !d.probe {
                c.nxt = c.nxt.max(d.at + d.len);
            }
            self.jobs.push_back(d);
        }
    }

    /// A job: it may be taken before its turn is, and its payload before both.
    fn job(&mut self) {
        self.note("job");
        let names = [
            "hdr_len",
            "payload_len",
            "crc_en",
            "skip",
            "take",
            "markers",
        ];
        let values = names.map(|n| self.dut.field("fpdu", n));
        let hdr = self.dut.field_bytes("fpdu", "hdr");
        self.seen.push_back((values, hdr));
    }

    fn compare(&mut self) {
        while !self.seen.is_empty() && !self.jobs.is_empty() {
            let (got, hdr) = self.seen.pop_front().expect("not empty");
            let d = self.jobs.pop_front().expect("not empty");
            let c = &self.conns[d.conn];
            assert_eq!(c.gen, d.gen);
            if self.spoilt {
                // In its place, and such that no peer takes it for what it is not.
                assert_eq!((got[2], got[4], hdr[0] & 3), (0, d.len, 0));
                self.packets.push_back(None);
                continue;
            }
            let f = &c.stream.as_ref().expect("installed").fpdus[d.fpdu];
            let want = [
                f.header.len() as u64,
                f.payload.len() as u64,
                u64::from(c.crc),
                d.at - f.at,
                d.len,
                0,
            ];
            assert_eq!(got, want, "connection {}, FPDU at {}", d.conn, f.at);
            let n = f.header.len();
            assert_eq!(
                hdr[..n],
                f.header,
                "connection {}, FPDU at {}",
                d.conn,
                f.at
            );
            if !f.payload.is_empty() {
                self.packets.push_back(Some(f.payload.clone()));
            }
        }
        while !self.came.is_empty() && !self.packets.is_empty() {
            let got = self.came.pop_front().expect("not empty");
            let Some(want) = self.packets.pop_front().expect("not empty") else {
                continue;
            };
            let at = (0..got.len().min(want.len())).find(|i| got[*i] != want[*i]);
            let (n, m) = (got.len(), want.len());
            assert!(
                got == want,
                "{n} octets, not {m}; first difference at {at:?}"
            );
        }
    }

    fn payload(&mut self) {
        if self.packet.is_empty() {
            self.note("first");
            self.firsts.push(self.dut.cycle);
        }
        self.note("beat");
        let keep = self.dut.get("payload_tkeep");
        let last = self.dut.bit("payload_tlast");
        let n = keep.count_ones() as usize;
        assert!(
            keep == u64::MAX >> (64 - n) && (last || n == self.k),
            "keep {keep:x}"
        );
        let data = self.dut.bytes("payload_tdata");
        self.packet.extend(&data[..n]);
        if last {
            self.came.push_back(std::mem::take(&mut self.packet));
        }
    }

    pub fn wait(&mut self, limit: u64, what: &str, ok: impl Fn(&Self) -> bool) {
        let stop = self.dut.cycle + limit;
        while !ok(self) {
            self.step();
            assert!(
                self.dut.cycle < stop,
                "{limit} cycles for: {what}; {} turns, {} jobs, {} packets due",
                self.due.len(),
                self.jobs.len(),
                self.packets.len()
            );
        }
    }

    pub fn install(&mut self, i: usize, mss: usize) {
        let r = &mut self.rng;
        let gen = self.conns[i].gen.wrapping_add(r.gen_range(1..255));
        let msn = if r.gen() {
            1
        } else {
            r.gen_range(0xffff_fff0..=u32::MAX)
        };
        let bits = self.conns.len().ilog2();
        self.conns[i] = Conn {
            valid: true,
            gen,
            base: r.gen_range(0..1u64 << 48) << 14,
            log: r.gen_range(3..7),
            page: r.gen_range(0..1 << 20),
            func: r.gen(),
            qpn: r.gen_range(0..1u32 << (20 - bits)) << bits | i as u32,
            pd: r.gen_range(0..1 << 24),
            mss,
            crc: r.gen(),
            seq: r.gen(),
            msn,
            stream: Some(Stream::new(mss, msn, self.longest)),
            stop: u64::MAX,
            ..Conn::default()
        };
        self.install_as(i);
    }

    /// Installs the connection as it stands.
    pub fn install_as(&mut self, i: usize) {
        self.command(false, i);
    }

    fn command(&mut self, remove: bool, i: usize) {
        self.cmd = Some((remove, i));
        self.done_due += 1;
        self.wait(20_000, "the command", |b| b.done_due == 0);
    }

    pub fn remove(&mut self, i: usize) {
        self.conns[i].leaving = true;
        self.conns[i].first_status = None;
        self.command(true, i);
        let reads = self.sq_dma.reads_of(i) + self.dma.reads_of(i);
        assert_eq!(reads, 0, "reads of connection {i} are under way");
        self.wait(3000, "its last jobs", |b| {
            b.jobs.iter().all(|d| d.conn != i) && b.due.iter().all(|d| d.conn != i)
        });
        self.conns[i].valid = false;
    }

    /// A Write of `size` octets that lie in one piece.
    pub fn post_plain(&mut self, i: usize, size: usize) -> bool {
        self.post_as(i, size, true)
    }

    /// Posts a message of any kind if there is room in the ring.
    pub fn post(&mut self, i: usize, size: usize) -> bool {
        self.post_as(i, size, false)
    }

    fn post_as(&mut self, i: usize, size: usize, plain: bool) -> bool {
        let r = &mut self.rng;
        let c = &mut self.conns[i];
        let inline = size <= INLINE && r.gen_ratio(1, 3) && !plain;
        let op = if plain {
            0
        } else {
            [0u8, 3, 4, 5, 6][r.gen_range(0..5)]
        };
        let parts = match r.gen_range(0..4) {
            _ if plain => 1,
            0 => r.gen_range(0..15usize),
            1 => 2,
            _ => 1,
        };
        let parts = if size > 0 { parts.max(1) } else { parts };
        let mut cuts: Vec<usize> = (1..parts).map(|_| r.gen_range(0..size + 1)).collect();
        cuts.extend([0, size]);
        cuts.sort_unstable();
        let refused = r.gen_ratio(self.refuse, 1000) && size > 0;
        let mut refusal = None;
        let mut sges = vec![];
        let mut octets = vec![];
        if inline {
            octets = (0..size).map(|_| r.gen()).collect();
        } else if parts > 0 {
            for w in cuts.windows(2) {
                let (at, len) = (w[0], w[1] - w[0]);
                let before = r.gen_range(0..100u64);
                let region = Region {
                    base: r.gen(),
                    len: before + len as u64 + r.gen_range(0..100u64),
                    pa: r.gen_range(0..1u64 << 60),
                    pd: c.pd,
                    conn: i as u32,
                    good: !(refused && refusal.is_none() && (len > 0 && (r.gen() || w[1] == size))),
                };
                if !region.good {
                    refusal = Some((at, 4));
                }
                octets.extend(self.memory.read(region.pa + before, len));
                let lkey = loop {
                    let k: u32 = r.gen();
                    if !self.regions.contains_key(&k) {
                        break k;
                    }
                };
                sges.push(Sge {
                    addr: region.base.wrapping_add(before),
                    len: len as u32,
                    lkey,
                });
                self.regions.insert(lkey, region);
            }
        }
        let inlined = octets.clone();
        let sqe = Sqe {
            op,
            signaled: r.gen(),
            fence: r.gen(),
            idx: c.filled,
            qpn: c.qpn,
            stag: r.gen(),
            to: r.gen(),
            octets: match inline {
                true => Octets::Inline(&inlined),
                false => Octets::Sges(&sges),
            },
        };
        let (mut words, slots) = sqe.pack().expect("fits");
        let slots = slots as u16;
        if c.filled.wrapping_sub(c.freed) + slots > 1 << c.log || c.no_posts {
            return false;
        }
        let bad = r.gen_ratio(self.malformed, 1000);
        if bad {
            words[0][0] |= 0x1f;
            c.no_posts = true;
        }
        // The message may claim more octets than its entries have.
        let short =
            refusal.is_none() && !inline && !bad && size > 0 && r.gen_ratio(self.refuse / 2, 1000);
        if short {
            words[0][1] += 3;
            refusal = refusal.or(Some((size, 2)));
            octets.extend([0; 3]);
        }
        for s in &words[..slots as usize] {
            let at = c.base + u64::from(c.filled & ((1 << c.log) - 1)) * 64;
            let octets: Vec<u8> = s.iter().flat_map(|w| w.to_le_bytes()).collect();
            self.memory.write(at, &octets);
            c.filled = c.filled.wrapping_add(1);
        }
        let n = c.wqes.len();
        let s = c.stream.as_mut().expect("installed");
        if bad {
            c.failing = c.failing.or(Some((n, 2)));
        } else {
            s.add(
                n,
                &Message {
                    op,
                    stag: sqe.stag,
                    to: sqe.to,
                    octets,
                    inline,
                    bad_from: refusal,
                },
            );
        }
        c.wqes.push(Wqe {
            idx: c.filled.wrapping_sub(slots),
            op,
            signaled: sqe.signaled,
            slots: if bad { 1 } else { slots },
            end: s.end,
            bad,
        });
        true
    }

    pub fn ring(&mut self, i: usize) {
        let c = &self.conns[i];
        self.bells
            .push_back((c.page, c.qpn.into(), c.filled.into()));
    }

    /// Grants, and says what turns must come.
    pub fn grant(&mut self, i: usize, kind: u8, from: u64, budget: u64, idle: bool) {
        let quantum = self.quantum;
        let c = &mut self.conns[i];
        let stop = c.stop.min(if c.ended { 0 } else { u64::MAX });
        let s = c.stream.as_ref().expect("installed");
        let (given, refused) = s.grant(kind, from, budget, idle, quantum, stop);
        if let Some(x) = refused {
            let f = &s.fpdus[x];
            c.stop = f.at;
            c.failing = Some((f.wqe, f.fails.unwrap_or(0)));
        }
        let n = given.len();
        let last = refused.is_none();
        for (j, (at, len, fpdu)) in given.iter().enumerate() {
            let f = &s.fpdus[*fpdu];
            self.due.push_back(Due {
                conn: i,
                gen: c.gen,
                at: *at,
                len: *len,
                fpdu: *fpdu,
                last: last && j == n - 1,
                probe: kind == 3,
                psh: f.fin && at + len == f.at + f.len,
                grant: (kind, from, budget, idle, quantum, c.mss),
            });
        }
        if n == 0 || !last {
            self.due.push_back(Due {
                conn: i,
                gen: c.gen,
                at: from,
                len: 0,
                fpdu: 0,
                last: true,
                probe: false,
                psh: false,
                grant: (kind, from, budget, idle, quantum, c.mss),
            });
        }
        c.granted = true;
        c.granted_from = from;
        let (gen, from) = (c.gen, seq(c, from));
        self.grants
            .push_back((i as u32, gen, kind, from, budget as u32, idle));
    }

    pub fn acked(&mut self, i: usize, una: u64) {
        let c = &mut self.conns[i];
        c.una = una;
        let una = seq(c, una);
        self.ackeds.push_back((i as u32, c.gen, una));
    }

    pub fn dead(&mut self, i: usize) {
        let c = &mut self.conns[i];
        if !c.ended {
            let own = c.failing.filter(|f| f.0 == c.done).map(|f| f.1);
            c.first_status = Some(own.unwrap_or(12));
            c.ended = true;
        }
        self.deads.push_back((i as u32, c.gen));
        // Until then it still gives what is asked for.
        self.wait(5000, "the flush", |b| {
            b.deads.is_empty() && b.conns[i].done == b.conns[i].wqes.len()
        });
        for _ in 0..20 {
            self.step();
        }
    }
}
