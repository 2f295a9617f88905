//! The rings that the chip fills, in Verilator against a plain model: every entry in memory, every answer, every event.

mod rx_tables;

use ferrowarp_hdl::host::Rings;
use rx_tables::{Cases, Design, Dut};
use std::collections::{BTreeMap, VecDeque};

const BITS: usize = 3;

/// A ring as the host and the model see it: absolute indices that do not wrap.
#[derive(Clone, Debug, Default)]
struct Ring {
    valid: bool,
    base: u64,
    size: u64,
    page: u16,
    func: u8,
    pi: u64,
    claimed: u64,
    ci: u64,
    any: bool,
    sol: bool,
    full: bool,
}

#[derive(Clone, Debug)]
enum Ask {
    Cmd {
        remove: bool,
        base: u64,
        log: u32,
        page: u16,
        func: u8,
    },
    Doorbell {
        page: u16,
        ci: u64,
        arm: bool,
        sol: bool,
    },
    Claim,
    Unclaim,
    Put {
        claimed: bool,
        sol: bool,
        words: Vec<u64>,
    },
}

/// A DMA write: address, function, words.
type Write = (u64, u8, Vec<u64>);

/// What is to come out, in order.
#[derive(Default)]
struct Want {
    writes: VecDeque<Write>,
    answers: VecDeque<bool>,
    armed: VecDeque<(u32, u32)>,
    full: VecDeque<u32>,
    /// Writes in front of each command, and those that were.
    done: VecDeque<usize>,
    written: usize,
    doorbells: u32,
    lost: u32,
}

struct Model {
    rings: Vec<Ring>,
    octets: u64,
    want: Want,
}

impl Model {
    fn act(&mut self, number: u32, ask: &Ask) {
        let w = &mut self.want;
        let mut nowhere = Ring::default();
        let exists = (number as usize) < self.rings.len();
        let r = if exists {
            &mut self.rings[number as usize]
        } else {
            &mut nowhere
        };
        let room = r.valid && r.claimed - r.ci < r.size;
        match ask {
            Ask::Cmd {
                remove,
                base,
                log,
                page,
                func,
            } => {
                w.done.push_back(w.written + w.writes.len());
                r.valid = false;
                if exists && !remove {
                    *r = Ring {
                        valid: true,
                        base: *base,
                        size: 1 << log,
                        page: *page,
                        func: *func,
                        ..Ring::default()
                    };
                }
            }
            Ask::Doorbell { page, ci, arm, sol } => {
                if !r.valid || r.page != *page || *ci < r.ci || *ci > r.pi {
                    w.doorbells += 1;
                    return;
                }
                r.full &= *ci == r.ci;
                r.ci = *ci;
                if *arm {
                    let seen = r.ci == r.pi;
                    (r.any, r.sol) = (seen && !sol, seen && *sol);
                    if !seen {
                        w.armed.push_back((number, r.ci as u32 & 0xff_ffff));
                    }
                }
            }
            Ask::Claim => {
                w.answers.push_back(room);
                if room {
                    r.claimed += 1;
                }
            }
            Ask::Unclaim => {
                if r.valid {
                    r.claimed -= 1;
                }
            }
            Ask::Put {
                claimed,
                sol,
                words,
            } => {
                if !r.valid || (!room && !claimed) {
                    w.lost += 1;
                } else {
                    if !claimed {
                        r.claimed += 1;
                    }
                    let mut words = words.clone();
                    let turn = r.pi / r.size % 2;
                    *words.last_mut().expect("words") |= (1 - turn) << 63;
                    let addr = r.base.wrapping_add(r.pi % r.size * self.octets);
                    w.writes.push_back((addr, r.func, words));
                    r.pi += 1;
                    if r.any || (r.sol && *sol) {
                        (r.any, r.sol) = (false, false);
                        w.armed.push_back((number, r.ci as u32 & 0xff_ffff));
                    }
                }
            }
        }
        let asks = matches!(ask, Ask::Claim | Ask::Put { claimed: false, .. });
        if asks && r.valid && !room && !r.full {
            r.full = true;
            w.full.push_back(number);
        }
    }
}

struct Bench<'a> {
    dut: Dut<'a>,
    model: Model,
    cases: Cases,
    k: usize,
    /// Waiting at the ports cmd, db, claim, put.
    at: [Option<(u32, Ask)>; 4],
    /// Chance in percent that an output is taken.
    takes: u32,
    write: Option<(u64, u8)>,
    words: Vec<u64>,
    cycle: u64,
    /// Cycles in which a request, an answer, an `armed` was seen first, and events were taken.
    seen: BTreeMap<&'static str, u64>,
    taken: BTreeMap<&'static str, Vec<u64>>,
}

const PORTS: [&str; 4] = ["cmd", "db", "claim", "put"];

fn port(ask: &Ask) -> usize {
    match ask {
        Ask::Cmd { .. } => 0,
        Ask::Doorbell { .. } => 1,
        Ask::Claim | Ask::Unclaim => 2,
        Ask::Put { .. } => 3,
    }
}

impl<'a> Bench<'a> {
    fn new(design: &'a Design, k: usize, octets: u64, test: &'static str) -> Self {
        let cases = Cases::new(test);
        let mut b = Bench {
            dut: design.start(cases.seed),
            model: Model {
                rings: vec![Ring::default(); 1 << BITS],
                octets,
                want: Want::default(),
            },
            cases,
            k,
            at: Default::default(),
            takes: 100,
            write: None,
            words: vec![],
            cycle: 0,
            seen: BTreeMap::new(),
            taken: BTreeMap::new(),
        };
        for _ in 0..20 {
            b.step();
        }
        b
    }

    fn offer(&mut self, number: u32, ask: Ask) {
        let p = port(&ask);
        assert!(self.at[p].is_none());
        self.at[p] = Some((number, ask));
    }

    fn drive(&mut self) {
        let d = &mut self.dut;
        for (p, at) in self.at.iter().enumerate() {
            d.set(&format!("{}_tvalid", PORTS[p]), at.is_some().into());
            let Some((number, ask)) = at else { continue };
            d.set(&format!("{}_number", PORTS[p]), (*number).into());
            match ask {
                Ask::Cmd {
                    remove,
                    base,
                    log,
                    page,
                    func,
                } => {
                    d.set("cmd_remove", (*remove).into());
                    d.set("cmd_base", (*base).into());
                    d.set("cmd_log", (*log).into());
                    d.set("cmd_page", (*page).into());
                    d.set("cmd_func", (*func).into());
                }
                Ask::Doorbell { page, ci, arm, sol } => {
                    d.set("db_page", (*page).into());
                    d.set("db_ci", u128::from(*ci & 0xff_ffff));
                    d.set("db_arm", (*arm).into());
                    d.set("db_solicited", (*sol).into());
                }
                Ask::Claim => d.set("claim_back", 0),
                Ask::Unclaim => d.set("claim_back", 1),
                Ask::Put {
                    claimed,
                    sol,
                    words,
                } => {
                    d.set("put_claimed", (*claimed).into());
                    d.set("put_solicited", (*sol).into());
                    let octets: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                    d.set_bits("put_words", &octets);
                }
            }
        }
    }

    /// One cycle. Events count in the order in which they are taken: one a cycle.
    fn step(&mut self) {
        self.drive();
        for out in ["wr_req", "wr_data", "answer", "armed", "full"] {
            let takes = self.cases.chance(self.takes);
            self.dut.set(&format!("{out}_tready"), takes.into());
        }
        self.dut.settle();
        let mut taken = 0;
        for (at, port) in self.at.iter_mut().zip(PORTS) {
            if at.is_some() && self.dut.bit(&format!("{port}_tready")) {
                let (number, ask) = at.take().expect("offered");
                self.model.act(number, &ask);
                self.taken.entry(port).or_default().push(self.cycle);
                taken += 1;
            }
        }
        assert!(taken <= 1, "{taken} events in a cycle");
        let moves =
            |d: &Dut, out: &str| d.bit(&format!("{out}_tvalid")) && d.bit(&format!("{out}_tready"));
        for out in ["wr_req", "answer", "armed"] {
            if self.dut.bit(&format!("{out}_tvalid")) {
                self.seen.entry(out).or_insert(self.cycle);
            }
        }
        let w = &mut self.model.want;
        if moves(&self.dut, "wr_req") {
            assert_eq!(self.write, None, "a request before the last one's data");
            assert_eq!(self.dut.get("wr_req_len"), self.model.octets.into());
            let at = (
                self.dut.get("wr_req_addr") as u64,
                self.dut.get("wr_req_func") as u8,
            );
            self.write = Some(at);
        }
        if moves(&self.dut, "wr_data") {
            let keep = self.dut.get("wr_data_tkeep");
            let lanes = (keep + 1).trailing_zeros() as usize;
            assert_eq!(keep, (1u128 << lanes) - 1);
            assert!(lanes == self.k.min(self.model.octets as usize));
            let data = self.dut.get_bits("wr_data_tdata");
            for word in data[..lanes].chunks(8) {
                self.words
                    .push(u64::from_le_bytes(word.try_into().expect("8")));
            }
            let whole = self.words.len() * 8 == self.model.octets as usize;
            assert_eq!(self.dut.bit("wr_data_tlast"), whole);
            if whole {
                let (addr, func) = self.write.take().expect("its request came first");
                let got = (addr, func, std::mem::take(&mut self.words));
                assert_eq!(Some(got), w.writes.pop_front());
                w.written += 1;
            }
        }
        if moves(&self.dut, "answer") {
            assert_eq!(Some(self.dut.bit("answer_ok")), w.answers.pop_front());
        }
        if moves(&self.dut, "armed") {
            let got = (
                self.dut.get("armed_number") as u32,
                self.dut.get("armed_ci") as u32,
            );
            assert_eq!(Some(got), w.armed.pop_front());
        }
        if moves(&self.dut, "full") {
            assert_eq!(Some(self.dut.get("full_number") as u32), w.full.pop_front());
        }
        if self.dut.bit("cmd_done") {
            let front = w.done.pop_front().expect("a command");
            assert!(w.written >= front, "done before what was under way");
        }
        for (port, left) in [
            ("count_doorbell", &mut w.doorbells),
            ("count_lost", &mut w.lost),
        ] {
            if self.dut.bit(port) {
                assert!(*left > 0, "{port} of nothing");
                *left -= 1;
            }
        }
        self.dut.posedge();
        self.cycle += 1;
    }

    fn settle(&mut self) {
        self.takes = 100;
        for _ in 0..400 {
            self.step();
        }
        let w = &self.model.want;
        assert!(self.at.iter().all(Option::is_none));
        assert!(w.writes.is_empty() && w.answers.is_empty() && w.armed.is_empty());
        assert!(w.full.is_empty() && w.done.is_empty() && (w.doorbells, w.lost) == (0, 0));
    }

    fn words(&mut self) -> Vec<u64> {
        let n = self.model.octets as usize / 8;
        let mut w: Vec<u64> = (0..n).map(|_| self.cases.bits(64) as u64).collect();
        // The phase bit is the block's.
        w[n - 1] &= u64::MAX >> 1;
        w
    }

    fn put(&mut self, claimed: bool) -> Ask {
        Ask::Put {
            claimed,
            sol: self.cases.chance(30),
            words: self.words(),
        }
    }
}

fn install(log: u32) -> Ask {
    Ask::Cmd {
        remove: false,
        base: 0x4000_0000,
        log,
        page: 5,
        func: 1,
    }
}

fn arm(ci: u64, sol: bool) -> Ask {
    Ask::Doorbell {
        page: 5,
        ci,
        arm: true,
        sol,
    }
}

/// Anything in any order: eight rings, numbers that do not exist, wrong pages, indices behind and beyond, stalls.
fn random_run(d: &Design, k: usize, octets: u64, test: &'static str) {
    let mut b = Bench::new(d, k, octets, test);
    let mut seen = [0u32; 6];
    for phase in 0..40 {
        b.takes = [100, 60, 15][phase % 3];
        for _ in 0..1200 {
            let number = match b.cases.below(40) {
                0 => 8 + b.cases.below(3000) as u32,
                1 => 1 << 19,
                _ => b.cases.below(if phase % 4 == 0 { 2 } else { 8 }) as u32,
            };
            let blank = Ring::default();
            let r = b.model.rings.get(number as usize).unwrap_or(&blank).clone();
            // A promise is taken once: claims that wait at the port or in flight count with the ring.
            let promised = r.claimed - r.pi;
            let ask = match b.cases.below(100) {
                0 => Some(Ask::Cmd {
                    remove: b.cases.chance(30),
                    base: b.cases.bits(64) as u64 & !31,
                    log: [0, 1, 2, 3, 23][b.cases.below(5)],
                    page: b.cases.below(1024) as u16,
                    func: b.cases.bits(8) as u8,
                }),
                1..=24 => Some(Ask::Doorbell {
                    page: r.page ^ u16::from(b.cases.chance(5)),
                    ci: match b.cases.below(12) {
                        0 => r.ci.saturating_sub(1),
                        1 => r.pi + 1,
                        2 => r.ci,
                        _ => r.ci + b.cases.below((r.pi - r.ci + 1) as usize) as u64,
                    },
                    arm: b.cases.chance(50),
                    sol: b.cases.chance(50),
                }),
                25..=54 => Some(Ask::Claim),
                55..=59 if promised > 0 => Some(Ask::Unclaim),
                60..=84 if promised > 0 || !r.valid => Some(b.put(true)),
                85..=99 => Some(b.put(false)),
                _ => None,
            };
            if let Some(ask) = ask {
                // One at a time of a ring: what was promised is then what the model says.
                let other = b.at.iter().flatten().any(|(n, _)| *n == number);
                if b.at[port(&ask)].is_none() && !other {
                    seen[port(&ask)] += 1;
                    b.offer(number, ask);
                }
            }
            b.step();
            seen[4] += u32::from(!b.model.want.full.is_empty());
            seen[5] += u32::from(!b.model.want.armed.is_empty());
        }
        if phase % 5 == 4 {
            b.settle();
        }
    }
    b.settle();
    println!("{test}: {seen:?}");
    assert!(seen.iter().all(|n| *n > 200), "too tame: {seen:?}");
}

fn design<const E: usize, const D: usize, const K: usize>() -> Design {
    Design::new(&Rings::<E, D, K>::new(BITS), "host_rings")
}

#[test]
fn cq_64() {
    random_run(&design::<256, 64, 8>(), 8, 32, "cq_64");
}

#[test]
fn cq_512() {
    random_run(&design::<256, 512, 64>(), 64, 32, "cq_512");
}

#[test]
fn eq_128() {
    random_run(&design::<128, 128, 16>(), 16, 16, "eq_128");
}

#[test]
fn eq_64() {
    random_run(&design::<128, 64, 8>(), 8, 16, "eq_64");
}

/// A full ring refuses, says so once, and nothing of it is overwritten; places given back are promised again.
#[test]
fn a_full_ring() {
    let d = design::<256, 64, 8>();
    let mut b = Bench::new(&d, 8, 32, "a_full_ring");
    b.offer(3, install(2));
    b.settle();
    for round in 0..5u64 {
        for _ in 0..4 {
            b.offer(3, Ask::Claim);
            b.settle();
        }
        for again in 0..2 {
            // Claims and unclaimed entries are refused, those promised go out.
            b.offer(3, Ask::Claim);
            while b.at[2].is_some() {
                b.step();
            }
            assert_eq!(b.model.want.full.len(), 1 - again, "said once");
            let put = b.put(false);
            b.offer(3, put);
            b.settle();
        }
        for _ in 0..4 {
            let put = b.put(true);
            b.offer(3, put);
            b.settle();
        }
        b.offer(3, arm(4 * round + 4, false));
        b.settle();
    }
}

/// Cycles stated at the block's head.
#[test]
fn cycles() {
    let d = design::<256, 512, 64>();
    let mut b = Bench::new(&d, 64, 32, "cycles");
    for n in 0..8 {
        b.offer(n, install(10));
        b.settle();
    }
    let first = |b: &mut Bench, what: &'static str, ask: Ask| {
        b.seen.clear();
        b.taken.clear();
        b.offer(1, ask.clone());
        b.settle();
        b.seen[what] - b.taken[PORTS[port(&ask)]][0]
    };
    let put = b.put(false);
    assert_eq!(first(&mut b, "wr_req", put), 5);
    assert_eq!(first(&mut b, "answer", Ask::Claim), 5);
    assert_eq!(first(&mut b, "armed", arm(0, false)), 5);
    // An entry each 2 cycles at 512 bits; of one ring each 5.
    for (rings, every) in [(8, 2), (1, 5)] {
        b.settle();
        b.taken.clear();
        let mut n = 0;
        while b.taken.get("put").map_or(0, Vec::len) < 200 {
            if b.at[3].is_none() {
                n += 1;
                let put = b.put(false);
                b.offer(n % rings, put);
            }
            b.step();
        }
        let at = &b.taken["put"];
        let cycles = at[190] - at[90];
        assert!(cycles <= 102 * every, "{rings} rings: {cycles}");
    }
}
