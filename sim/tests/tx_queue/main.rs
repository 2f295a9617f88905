//! The send queues in Verilator against a plain model of rings, doorbells and WQEs. WQEs are packed by the schema's own `Sqe::pack`.

#[path = "../tx_work_bench/mod.rs"]
mod tx_work_bench;

use ferrowarp_abi::queue::{Octets, Sge, Sqe, INLINE};
use ferrowarp_hdl::tx::{Sq, WorkCfg};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use tx_work_bench::{design, Design, Dma, DmaPace, Dut, Memory, Repeat};

const CONN_BITS: usize = 4;
const SLOT_BITS: usize = 3;

fn cfg() -> WorkCfg {
    WorkCfg {
        conn_bits: CONN_BITS,
        slot_bits: SLOT_BITS,
        rec_bits: 3,
        buf_bits: 12,
        tag_bits: 4,
    }
}

fn narrow() -> Design {
    design(&*Box::new(Sq::<64, 8, 3, 4>::new(&cfg())), "tx_sq", 8)
}

fn wide() -> Design {
    design(&*Box::new(Sq::<512, 64, 6, 7>::new(&cfg())), "tx_sq", 64)
}

/// A WQE that the hardware has not told of yet.
struct Posted {
    idx: u16,
    slots: Vec<Vec<u8>>,
    op: u8,
    octets: bool,
    signaled: bool,
    len: u32,
    /// Malformed.
    bad: bool,
    told: usize,
}

/// A ring and its queue pair.
#[derive(Default)]
struct Ring {
    valid: bool,
    gen: u8,
    base: u64,
    log: u32,
    page: u64,
    func: u8,
    qpn: u32,
    /// Slots filled, told to the chip, fetched, freed.
    filled: u16,
    rung: u16,
    fetched: u16,
    freed: u16,
    posted: VecDeque<Posted>,
    /// Slots of WQEs whose completion is still to come.
    open: VecDeque<u16>,
    stopped: bool,
}

impl Ring {
    fn size(&self) -> u16 {
        1 << self.log
    }
}

struct Bench {
    dut: Dut,
    rng: ChaCha8Rng,
    memory: Memory,
    dma: Dma,
    rings: Vec<Ring>,
    store: Vec<[u8; 16]>,
    bells: VecDeque<(u64, u64, u64)>,
    freed: VecDeque<(u32, u8, u16)>,
    cmds: VecDeque<(bool, usize)>,
    done_due: u32,
    ignored: u32,
    ignored_due: u32,
    stops: u32,
    stops_due: u32,
    told: u32,
    wqe_stall: u32,
    /// Of 1000 slots so many cannot be read.
    poison: u32,
    /// Cycle of the last doorbell taken, request, data, beat.
    at_bell: u64,
    at_request: u64,
    at_wqe: Vec<u64>,
    at_data: u64,
    offered: [bool; 3],
}

impl Bench {
    fn new(d: &Design, seed: u64, pace: DmaPace) -> Self {
        let mut b = Bench {
            dut: Dut::new(d, seed),
            rng: ChaCha8Rng::seed_from_u64(seed),
            memory: Memory::default(),
            dma: Dma::new("dma_rd", d.k, pace),
            rings: (0..1 << CONN_BITS).map(|_| Ring::default()).collect(),
            store: vec![[0; 16]; 1 << (CONN_BITS + SLOT_BITS + 2)],
            bells: VecDeque::new(),
            freed: VecDeque::new(),
            cmds: VecDeque::new(),
            done_due: 0,
            ignored: 0,
            ignored_due: 0,
            stops: 0,
            stops_due: 0,
            told: 0,
            wqe_stall: 0,
            poison: 0,
            at_bell: 0,
            at_request: 0,
            at_wqe: vec![],
            at_data: 0,
            offered: [false; 3],
        };
        while !b.dut.bit("ready") {
            b.step();
        }
        b
    }

    fn step(&mut self) {
        let cmd = self.cmds.front().copied();
        self.dut.set("cmd_tvalid", cmd.is_some().into());
        if let Some((remove, c)) = cmd {
            let r = &self.rings[c];
            let values = [
                ("cmd_remove", remove.into()),
                ("cmd_conn", c as u64),
                ("cmd_gen", r.gen.into()),
                ("cmd_base", r.base),
                ("cmd_log", r.log.into()),
                ("cmd_page", r.page),
                ("cmd_func", r.func.into()),
                ("cmd_qpn", r.qpn.into()),
            ];
            for (port, v) in values {
                self.dut.set(port, v);
            }
        }
        self.offered[0] |= !self.bells.is_empty() && self.rng.gen_ratio(1, 2);
        self.dut.set("db_tvalid", self.offered[0].into());
        if let Some((page, qpn, pi)) = self.bells.front().filter(|_| self.offered[0]) {
            for (port, v) in [("db_page", page), ("db_qpn", qpn), ("db_pi", pi)] {
                self.dut.set(port, *v);
            }
        }
        self.offered[1] |= !self.freed.is_empty() && self.rng.gen_ratio(1, 2);
        self.dut.set("freed_tvalid", self.offered[1].into());
        if let Some((conn, gen, n)) = self.freed.front().filter(|_| self.offered[1]) {
            self.dut.set("freed_conn", (*conn).into());
            self.dut.set("freed_gen", (*gen).into());
            self.dut.set("freed_n", (*n).into());
        }
        let stall = self.rng.gen_ratio(self.wqe_stall, 100);
        self.dut.set("wqe_tready", (!stall).into());
        self.dma.drive(&mut self.dut, &mut self.rng);
        self.dut.settle();

        if self.dut.bit("dma_rd_cpl_tvalid") {
            self.at_data = self.dut.cycle;
        }
        if cmd.is_some() && self.dut.bit("cmd_tready") {
            self.cmds.pop_front();
        }
        if self.dut.moves("db") {
            self.at_bell = self.dut.cycle;
            self.offered[0] = false;
            self.bells.pop_front();
        }
        if self.dut.moves("freed") {
            self.offered[1] = false;
            let (c, gen, n) = self.freed.pop_front().expect("offered");
            let r = &mut self.rings[c as usize];
            if r.gen == gen {
                r.freed = r.freed.wrapping_add(n);
            }
        }
        self.done_due -= u32::from(self.dut.bit("cmd_done"));
        self.ignored += u32::from(self.dut.bit("count_doorbell"));
        self.stops += u32::from(self.dut.bit("count_bad"));
        if self.dut.bit("slot_we") {
            let at = self.dut.get("slot_addr") as usize;
            let row = self.dut.bytes("slot_row");
            self.store[at].copy_from_slice(&row);
        }
        if let Some(q) = self.dma.sample(&self.dut, &self.memory, &mut self.rng) {
            self.at_request = self.dut.cycle;
            let r = &mut self.rings[q.conn as usize];
            let n = (q.len / 64) as u16;
            let at = r.base + u64::from(r.fetched & (r.size() - 1)) * 64;
            assert_eq!((q.addr, q.len % 64), (at, 0), "{q:?}");
            assert!(
                n <= 4 && (r.fetched & (r.size() - 1)) + n <= r.size(),
                "{q:?}"
            );
            assert_eq!((q.gen, q.func, q.class), (r.gen, r.func, 4), "{q:?}");
            r.fetched = r.fetched.wrapping_add(n);
            assert!(
                r.rung.wrapping_sub(r.fetched) < 0x8000,
                "not rung for: {q:?}"
            );
            let on_chip = r.fetched.wrapping_sub(r.freed);
            assert!(on_chip <= 1 << SLOT_BITS, "{on_chip} slots on chip: {q:?}");
        }
        if self.dut.moves("wqe") {
            self.wqe();
        }
        self.dut.edge();
    }

    fn wqe(&mut self) {
        self.told += 1;
        self.at_wqe.push(self.dut.cycle);
        let f = |name: &str| self.dut.field("wqe", name);
        let c = f("conn") as usize;
        let r = &mut self.rings[c];
        assert!(r.valid && !r.stopped, "of connection {c} nothing is due");
        assert_eq!(f("gen"), u64::from(r.gen));
        let back = f("back") as usize;
        let p = r.posted.front_mut().expect("a WQE is due");
        assert_eq!(
            (back, f("idx")),
            (p.told, u64::from(p.idx)),
            "connection {c}"
        );
        let status = f("status");
        let number = p.idx.wrapping_add(back as u16);
        let fails = (0..64).any(|i| {
            let at = r.base + u64::from(number & ((1 << r.log) - 1)) * 64 + i;
            self.memory.poison.contains_key(&at)
        });
        if status != 0 {
            // A read fails whole: any slot of it may.
            assert_eq!(status, 2);
            let near = (0..4u16).any(|i| {
                let at = number.wrapping_add(i) & ((1 << r.log) - 1);
                self.memory
                    .poison
                    .contains_key(&(r.base + u64::from(at) * 64))
            });
            assert!(
                (p.bad && back == 0) || near,
                "connection {c}: WQE {} is sound",
                p.idx
            );
            r.stopped = true;
            self.stops_due += 1;
            return;
        }
        assert!(
            !(fails || p.bad && back == 0),
            "connection {c}: WQE {} is not sound",
            p.idx
        );
        if back == 0 {
            let got = (f("op"), f("octets"), f("signaled"), f("more"), f("len"));
            let want = (
                u64::from(p.op),
                u64::from(p.octets),
                u64::from(p.signaled),
                p.slots.len() as u64 - 1,
                u64::from(p.len),
            );
            assert_eq!(got, want, "connection {c}, WQE {}", p.idx);
        }
        let slot = c << SLOT_BITS | usize::from(number) & ((1 << SLOT_BITS) - 1);
        let there = self.store[slot * 4..slot * 4 + 4].concat();
        assert!(
            there == p.slots[back],
            "connection {c}, slot {number}: {there:02x?}"
        );
        p.told += 1;
        if p.told == p.slots.len() {
            r.open.push_back(p.slots.len() as u16);
            r.posted.pop_front();
        }
    }

    fn install(&mut self, c: usize, log: u32) {
        let r = &mut self.rings[c];
        let gen = r.gen.wrapping_add(self.rng.gen_range(1..255));
        *r = Ring {
            valid: true,
            gen,
            base: self.rng.gen_range(0..1u64 << 50) << 14 | (c as u64) << 56,
            log,
            page: self.rng.gen_range(0..1 << 20),
            func: self.rng.gen(),
            qpn: self.rng.gen_range(0..1u32 << (20 - CONN_BITS)) << CONN_BITS | c as u32,
            ..Ring::default()
        };
        self.command(false, c);
    }

    fn command(&mut self, remove: bool, c: usize) {
        self.cmds.push_back((remove, c));
        self.done_due += 1;
        let stop = self.dut.cycle + 3000;
        while self.done_due > 0 {
            self.step();
            assert!(self.dut.cycle < stop, "the command is not done");
        }
    }

    fn remove(&mut self, c: usize) {
        while !self.bells.is_empty() {
            self.step();
        }
        self.freed.retain(|f| f.0 != c as u32);
        self.offered[1] = false;
        self.rings[c].stopped = false;
        self.command(true, c);
        self.rings[c].valid = false;
        self.rings[c].posted.clear();
        self.rings[c].open.clear();
    }

    /// A WQE into the ring if there is room.
    fn post(&mut self, c: usize, bad: u32) -> bool {
        let rng = &mut self.rng;
        let r = &mut self.rings[c];
        let n = match rng.gen_range(0..4) {
            0 => rng.gen_range(0..15),
            _ => rng.gen_range(0..3),
        };
        let mut any = |n: usize| -> Vec<u8> { (0..n).map(|_| rng.gen()).collect() };
        let sges: Vec<Sge> = (0..n)
            .map(|_| Sge {
                addr: u64::from_le_bytes(any(8).try_into().expect("8")),
                len: u32::from_le_bytes(any(4).try_into().expect("4")) >> 8,
                lkey: u32::from_le_bytes(any(4).try_into().expect("4")),
            })
            .collect();
        let octets = any(INLINE);
        let inline = rng.gen_ratio(1, 4);
        let n_octets = rng.gen_range(0..INLINE + 1);
        let bad = rng.gen_ratio(bad, 1000);
        let mut sqe = Sqe {
            op: [0, 3, 4, 5, 6][rng.gen_range(0..5)],
            signaled: rng.gen(),
            fence: rng.gen(),
            idx: r.filled,
            qpn: r.qpn,
            stag: rng.gen(),
            to: rng.gen(),
            octets: match inline {
                true => Octets::Inline(&octets[..n_octets]),
                false => Octets::Sges(&sges),
            },
        };
        let slots = sqe.slots().expect("fits") as u16;
        if r.filled.wrapping_sub(r.freed) + slots > r.size() || (r.stopped) {
            return false;
        }
        let kind = rng.gen_range(0..6);
        if bad {
            match kind {
                0 => sqe.op = *[1, 2, 7, 12, 31].get(rng.gen_range(0..5)).expect("5"),
                1 => sqe.idx ^= 1 << rng.gen_range(0..16),
                2 => sqe.qpn ^= 1 << rng.gen_range(0..20),
                _ => {}
            }
        }
        let (mut words, _) = sqe.pack().expect("fits");
        if bad {
            match kind {
                // `more` and the entries contradict each other
                3 => words[0][0] ^= 1 << rng.gen_range(52..54),
                // a length without octets
                4 if !inline => {
                    words[0][0] &= !(0x1f << 11 | 3 << 52);
                    words[0][1] |= 1;
                }
                4 => words[0][1] ^= 1 << rng.gen_range(0..32),
                5 if !inline => words[0][0] |= 15 << 11,
                5 => words[0][0] |= 255 << 54,
                _ => {}
            }
        }
        let slots: Vec<Vec<u8>> = words[..slots as usize]
            .iter()
            .map(|s| s.iter().flat_map(|w| w.to_le_bytes()).collect())
            .collect();
        for s in &slots {
            let at = r.base + u64::from(r.filled & (r.size() - 1)) * 64;
            self.memory.write(at, s);
            if self.rng.gen_ratio(self.poison, 1000) {
                self.memory.poison.insert(at, self.rng.gen_range(1..5));
            }
            r.filled = r.filled.wrapping_add(1);
        }
        r.posted.push_back(Posted {
            idx: r.filled.wrapping_sub(slots.len() as u16),
            op: sqe.op,
            octets: inline,
            signaled: sqe.signaled,
            len: sqe.message_len().expect("fits"),
            slots,
            bad,
            told: 0,
        });
        true
    }

    fn ring(&mut self, c: usize) {
        let r = &mut self.rings[c];
        r.rung = r.filled;
        self.bells
            .push_back((r.page, r.qpn.into(), r.filled.into()));
    }

    /// A doorbell that is to be ignored.
    fn wrong_bell(&mut self, c: usize) {
        let r = &self.rings[c];
        let (mut page, mut qpn, mut pi) = (r.page, u64::from(r.qpn), u64::from(r.rung));
        match self.rng.gen_range(0..4) {
            0 => page ^= 1 << self.rng.gen_range(0..20),
            1 => qpn ^= 1 << self.rng.gen_range(CONN_BITS..20),
            // too far ahead, whatever is freed meanwhile
            2 => pi = u64::from(r.filled.wrapping_add(2 * r.size()).wrapping_add(1)),
            _ => pi = u64::from(r.fetched.wrapping_sub(1)),
        }
        if !r.valid {
            page = self.rng.gen_range(0..1 << 20);
        }
        self.bells.push_back((page, qpn, pi));
        self.ignored_due += 1;
    }

    fn complete(&mut self, c: usize) {
        let r = &mut self.rings[c];
        if let Some(n) = r.open.pop_front() {
            self.freed.push_back((c as u32, r.gen, n));
        }
    }

    fn quiet(&mut self, cycles: u64) {
        for _ in 0..cycles {
            self.step();
        }
    }
}

/// Random queues; every slot told once, in order, right; never more asked for than is allowed.
fn random(d: &Design, seed: u64, steps: u32, bad: u32, poison: u32) {
    let b = &mut Bench::new(d, seed, DmaPace::WILD);
    b.poison = poison;
    for c in 0..1 << CONN_BITS {
        let log = b.rng.gen_range(2..7);
        b.install(c, log);
    }
    b.wqe_stall = 20;
    for _ in 0..steps {
        let c = b.rng.gen_range(0..1 << CONN_BITS);
        match b.rng.gen_range(0..10) {
            0..=3 => {
                b.post(c, bad);
            }
            4..=5 => b.ring(c),
            6..=8 => b.complete(c),
            _ if bad + poison > 0 && b.rng.gen_ratio(1, 4) => {
                b.remove(c);
                let log = b.rng.gen_range(2..7);
                b.install(c, log);
            }
            _ => {
                let pause = b.rng.gen_range(0..50);
                b.quiet(pause);
            }
        }
        if b.rng.gen_ratio(1, 20) {
            // With everything before it said: which index is fetched is known.
            while !b.bells.is_empty() {
                b.step();
            }
            b.wrong_bell(c);
        }
        b.step();
    }
    // All the rest.
    b.wqe_stall = 0;
    for c in 0..1 << CONN_BITS {
        b.ring(c);
    }
    let stop = b.dut.cycle + 60_000;
    while b.rings.iter().any(|r| !r.posted.is_empty() && !r.stopped) && b.dut.cycle < stop {
        let c = b.rng.gen_range(0..1 << CONN_BITS);
        b.complete(c);
        b.step();
    }
    b.quiet(500);
    for (c, r) in b.rings.iter().enumerate() {
        assert!(
            r.posted.is_empty() || r.stopped,
            "connection {c}: {} WQEs are not told",
            r.posted.len()
        );
    }
    assert_eq!(b.ignored, b.ignored_due, "doorbells ignored");
    assert_eq!(b.stops, b.stops_due, "queues stopped");
    assert!(b.told > steps / 5, "only {} slots told", b.told);
    assert!(b.dma.most >= 4, "only {} reads under way", b.dma.most);
}

#[test]
fn queues_at_64_bits() {
    let r = Repeat::new("tx_queue", "queues_at_64_bits");
    let d = narrow();
    for i in 0..3 {
        random(&d, r.seed + i, 4000, 0, 0);
    }
}

#[test]
fn queues_at_512_bits() {
    let r = Repeat::new("tx_queue", "queues_at_512_bits");
    let d = wide();
    for i in 0..3 {
        random(&d, r.seed + i, 4000, 0, 0);
    }
}

#[test]
fn malformed_wqes_stop_their_queue_alone() {
    let r = Repeat::new("tx_queue", "malformed_wqes_stop_their_queue_alone");
    let d = narrow();
    for i in 0..4 {
        random(&d, r.seed + i, 4000, 30, 0);
    }
}

#[test]
fn a_read_that_fails_stops_its_queue_alone() {
    let r = Repeat::new("tx_queue", "a_read_that_fails_stops_its_queue_alone");
    let d = wide();
    for i in 0..4 {
        random(&d, r.seed + i, 4000, 5, 20);
    }
}

/// The head's cycles: doorbell to request, data to WQE, and slots a cycle with many on their way.
#[test]
fn cycles_are_those_of_the_head() {
    let r = Repeat::new("tx_queue", "cycles_are_those_of_the_head");
    for d in [narrow(), wide()] {
        let pace = DmaPace {
            latency: 300,
            ..DmaPace::STEADY
        };
        let b = &mut Bench::new(&d, r.seed, pace);
        b.install(0, 5);
        while !b.post(0, 0) {}
        b.ring(0);
        b.quiet(600);
        assert_eq!(b.at_request - b.at_bell, 14, "doorbell to request");
        assert_eq!(b.at_wqe[0] - b.at_data, 20, "last octets to WQE");

        // Sixteen queues, freed as they come.
        for c in 0..1 << CONN_BITS {
            b.install(c, 6);
        }
        b.at_wqe.clear();
        for round in 0..2500 {
            for c in 0..1 << CONN_BITS {
                b.complete(c);
                if round % 40 == c * 2 {
                    while b.post(c, 0) {}
                    b.ring(c);
                }
            }
            b.step();
        }
        let n = b.at_wqe.len() as u64;
        let cycles = b.at_wqe[n as usize - 1] - b.at_wqe[0];
        println!("{n} slots in {cycles} cycles, {} reads at most", b.dma.most);
        assert!(cycles <= 18 * n, "{n} slots in {cycles} cycles");
        assert!(b.dma.most >= 4);
    }
}
