//! The scheduler in Verilator between a sender, an acker and a segment half that the test plays.

#[path = "../rx_tables/mod.rs"]
mod rx_tables;

use ferrowarp_hdl::tx::sched::{Sched, GRANTS};
use rand::Rng;
use rx_tables::{Cases, Design, Dut};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::OnceLock;

const CONN_BITS: usize = 4;
const CONNS: usize = 1 << CONN_BITS;

fn design() -> &'static Design {
    static DESIGN: OnceLock<Design> = OnceLock::new();
    DESIGN.get_or_init(|| Design::new(&Sched::new(CONN_BITS), "tx_sched"))
}

type Who = (u32, u8);

struct Bench<'a> {
    dut: Dut<'a>,
    cases: Cases,
    clock: u64,
    stalls: u32,
    /// Outputs that take nothing.
    frozen: [bool; 2],
    wakes: VecDeque<Who>,
    dues: VecDeque<Who>,
    dones: VecDeque<u32>,
    /// A segment with octets in this cycle.
    went: bool,
    /// What was told and is not out yet: generation, segments at that time.
    want: [HashMap<u32, (u8, u64)>; 2],
    /// Told once more while it was wanted already: comes out again if it stood at an output then.
    maybe: [HashMap<u32, u8>; 2],
    /// Asked, not done.
    busy: Vec<u32>,
    segments: u64,
    asks: Vec<(Who, u64)>,
    bares: Vec<(Who, u64)>,
    longest: u64,
}

impl Bench<'_> {
    fn new(test: &'static str) -> Self {
        let cases = Cases::new(test);
        let mut b = Bench {
            dut: design().start(cases.seed),
            cases,
            clock: 0,
            stalls: 0,
            frozen: [false; 2],
            wakes: VecDeque::new(),
            dues: VecDeque::new(),
            dones: VecDeque::new(),
            went: false,
            want: Default::default(),
            maybe: Default::default(),
            busy: vec![],
            segments: 0,
            asks: vec![],
            bares: vec![],
            longest: 0,
        };
        for _ in 0..40 {
            b.cycle();
        }
        assert!(b.dut.bit("ready"));
        b
    }

    fn cycle(&mut self) {
        let d = &mut self.dut;
        d.set("wake_tvalid", u128::from(!self.wakes.is_empty()));
        let (conn, gen) = self.wakes.front().copied().unwrap_or((7, 99));
        d.set("wake_conn", conn.into());
        d.set("wake_gen", gen.into());
        d.set("due_tvalid", u128::from(!self.dues.is_empty()));
        let (conn, gen) = self.dues.front().copied().unwrap_or((9, 98));
        d.set("due_conn", conn.into());
        d.set("due_gen", gen.into());
        d.set("done_tvalid", u128::from(!self.dones.is_empty()));
        d.set("done_conn", self.dones.front().copied().unwrap_or(3).into());
        for (i, p) in ["ask_tready", "bare_tready"].iter().enumerate() {
            let ready = !self.cases.rng.gen_ratio(self.stalls, 100) && !self.frozen[i];
            d.set(p, ready.into());
        }
        d.settle();
        // A segment half takes nothing while bare ACKs are urgent.
        let went = self.went && !d.bit("urgent");
        d.set("went", went.into());
        d.settle();
        self.segments += u64::from(went);
        let now = self.segments;
        for (i, p) in ["wake", "due"].iter().enumerate() {
            let from = [&mut self.wakes, &mut self.dues];
            if !d.bit(&format!("{p}_tready")) {
                continue;
            }
            if let Some((conn, gen)) = from[i].pop_front() {
                match self.want[i].entry(conn) {
                    Entry::Occupied(_) => {
                        self.maybe[i].insert(conn, gen);
                    }
                    Entry::Vacant(e) => {
                        e.insert((gen, now));
                    }
                }
            }
        }
        if d.bit("done_tready") {
            if let Some(conn) = self.dones.pop_front() {
                self.busy.retain(|c| *c != conn);
            }
        }
        for (i, p) in ["ask", "bare"].iter().enumerate() {
            if !d.bit(&format!("{p}_tvalid")) || !d.bit(&format!("{p}_tready")) {
                continue;
            }
            let conn = d.get(&format!("{p}_conn")) as u32;
            let gen = d.get(&format!("{p}_gen")) as u8;
            let maybe = self.maybe[i].get(&conn).copied();
            match self.want[i].remove(&conn) {
                Some((first, since)) => {
                    assert!(gen == first || Some(gen) == maybe, "{p} {conn} {gen}");
                    if i == 1 {
                        self.longest = self.longest.max(now - since);
                    }
                }
                None => assert!(self.maybe[i].remove(&conn).is_some(), "{p} {conn} unasked"),
            }
            // One of a newer generation is not lost.
            if maybe.is_some_and(|m| m > gen) {
                self.maybe[i].remove(&conn);
                self.want[i].extend(maybe.map(|m| (conn, (m, now))));
            }
            if i == 0 {
                assert!(!self.busy.contains(&conn), "{conn} is not done");
                self.busy.push(conn);
                assert!(self.busy.len() as u64 <= GRANTS);
                self.asks.push(((conn, gen), self.clock));
            } else {
                self.bares.push(((conn, gen), self.clock));
            }
        }
        self.dut.posedge();
        self.clock += 1;
    }
}

/// Random wakes, dues, ends and stalls; generations change. Nothing is lost, nothing comes unasked or twice.
fn random(test: &'static str, stalls: u32, load: u32) {
    let mut b = Bench::new(test);
    b.stalls = stalls;
    for i in 0..20_000u32 {
        let conn = b.cases.below(CONNS) as u32;
        let conn = if b.cases.chance(30) { 5 } else { conn };
        // What was told while a connection stands at an output comes out again: gen tells which.
        let gen = (i / 4000) as u8;
        if b.cases.chance(load) && b.wakes.len() < 4 {
            b.wakes.push_back((conn, gen));
        }
        if b.cases.chance(load / 2) && b.dues.len() < 4 {
            b.dues.push_back((conn, gen));
        }
        if b.cases.chance(60) {
            let n = b.busy.len();
            if n > 0 && b.dones.is_empty() {
                let conn = b.busy[b.cases.below(n)];
                b.dones.push_back(conn);
            }
        }
        b.went = b.cases.chance(20);
        b.cycle();
    }
    b.went = false;
    for _ in 0..4000 {
        if b.dones.is_empty() {
            b.dones.extend(b.busy.first().copied());
        }
        b.cycle();
    }
    println!(
        "{} asks, {} bare ACKs, {} segments at most in front of one",
        b.asks.len(),
        b.bares.len(),
        b.longest
    );
    assert!(b.want[0].is_empty() && b.want[1].is_empty(), "{:?}", b.want);
    assert!(b.wakes.is_empty() && b.dues.is_empty());
    assert!(b.asks.len() > 1000 && b.bares.len() > 300);
    assert!(b.longest <= 16 || stalls > 0);
}

#[test]
fn nothing_is_lost() {
    random("tx_sched nothing_is_lost", 0, 60);
}

#[test]
fn nothing_is_lost_with_stalls() {
    random("tx_sched nothing_is_lost_with_stalls", 40, 30);
}

/// Runs `n` connections that always have something to send: each grant is worked off in `segments` segments, one every `pace` cycles.
/// Gives the cycles.
fn full_load(b: &mut Bench, n: u32, segments: u32, pace: u64, cycles: u64) {
    for conn in 0..n {
        b.wakes.push_back((conn, 1));
    }
    let mut grants: VecDeque<Who> = VecDeque::new();
    let mut left = segments;
    let mut seen = b.asks.len();
    let until = b.clock + cycles;
    while b.clock < until {
        let before = b.segments;
        b.went = !grants.is_empty() && b.clock % pace == 0;
        b.cycle();
        grants.extend(b.asks[seen..].iter().map(|a| a.0));
        seen = b.asks.len();
        if b.segments > before {
            left -= 1;
            if left == 0 {
                left = segments;
                let (conn, gen) = grants.pop_front().expect("a grant");
                b.dones.push_back(conn);
                b.wakes.push_back((conn, gen));
            }
        }
    }
    b.went = false;
}

/// All connections have something to send all the time: each gets the same share, and the segment half never waits.
#[test]
fn fair_and_work_conserving() {
    for n in [1, 2, 3, CONNS as u32] {
        let mut b = Bench::new("tx_sched fair_and_work_conserving");
        let (segments, pace) = (if n == 1 { 4 } else { 1 }, 6);
        full_load(&mut b, n, segments, pace, 12_000);
        let mut share = vec![0u32; n as usize];
        for ((conn, _), _) in &b.asks {
            share[*conn as usize] += 1;
        }
        let (least, most) = (share.iter().min(), share.iter().max());
        println!("{n} connections: {share:?}, {} segments", b.segments);
        assert!(
            most.zip(least).is_some_and(|(m, l)| m - l <= 1),
            "{share:?}"
        );
        // One alone has a gap behind each of its grants; with two and more there is none.
        let full = 12_000 / pace;
        let want = if n == 1 {
            full * 60 / 100
        } else {
            full * 99 / 100
        };
        assert!(b.segments >= want, "{} of {full} segments", b.segments);
    }
}

/// A lone connection that wakes often gets no more than its turn.
#[test]
fn many_wakes_are_one() {
    let mut b = Bench::new("tx_sched many_wakes_are_one");
    for i in 0..600 {
        b.wakes.push_back((3, 1));
        if i % 50 == 0 {
            b.wakes.push_back((8, 1));
        }
    }
    for _ in 0..2000 {
        if b.dones.is_empty() && b.cases.chance(10) {
            b.dones.extend(b.busy.first().copied());
        }
        b.cycle();
    }
    let of = |c: u32| b.asks.iter().filter(|a| a.0 .0 == c).count();
    println!("{} and {}", of(3), of(8));
    assert!(of(8) >= 8, "{}", of(8));
    assert!(b.want[0].is_empty());
}

/// Under full load a bare ACK lets at most 16 segments go first, however many there are; and data does go on.
#[test]
fn a_bare_ack_waits_16_segments_at_most() {
    for (every, pace) in [(1, 2), (1, 30), (16, 2), (7, 3)] {
        let mut b = Bench::new("tx_sched a_bare_ack_waits_16_segments_at_most");
        for conn in 0..4 {
            b.wakes.push_back((conn, 1));
        }
        let mut given = 0;
        let mut n = 0u32;
        let mut seen = 0;
        let mut grants: VecDeque<Who> = VecDeque::new();
        for _ in 0..8000 {
            let before = b.segments;
            b.went = !grants.is_empty() && b.clock % pace == 0;
            if b.dues.is_empty() && b.cases.chance(20) {
                for _ in 0..every {
                    n += 1;
                    b.dues.push_back((n % CONNS as u32, 1));
                }
                given += every;
            }
            b.cycle();
            grants.extend(b.asks[seen..].iter().map(|a| a.0));
            seen = b.asks.len();
            if b.segments > before {
                let (conn, gen) = grants.pop_front().expect("a grant");
                b.dones.push_back(conn);
                b.wakes.push_back((conn, gen));
            }
        }
        println!(
            "{given} due, {} went, {} segments, {} at most in front of one",
            b.bares.len(),
            b.segments,
            b.longest
        );
        assert!(b.longest <= 16, "{} segments", b.longest);
        assert!(b.longest >= 10, "{} segments: it waits for data", b.longest);
        assert!(b.segments > 8000 / pace / 4, "{} segments", b.segments);
    }
}

/// Nothing to send: at once. A segment half that stands: not for ever.
#[test]
fn a_bare_ack_does_not_wait_for_nothing() {
    let mut b = Bench::new("tx_sched a_bare_ack_does_not_wait_for_nothing");
    b.wakes.push_back((1, 1));
    for _ in 0..20 {
        b.cycle();
    }
    assert_eq!(b.asks.len(), 1);
    b.dues.push_back((2, 1));
    let from = b.clock;
    while b.bares.is_empty() {
        b.cycle();
    }
    let took = b.bares[0].1 - from;
    assert!((255..270).contains(&took), "{took}");
    b.dones.push_back(1);
    b.cycle();
    b.bares.clear();
    b.dues.push_back((2, 1));
    let from = b.clock;
    while b.bares.is_empty() {
        b.cycle();
    }
    assert!(b.bares[0].1 - from <= 8);
}

/// One class stands, the other goes on.
#[test]
fn a_class_that_stands() {
    for stands in 0..2 {
        let mut b = Bench::new("tx_sched a_class_that_stands");
        b.frozen[stands] = true;
        for i in 0..400u32 {
            b.wakes.push_back((i % CONNS as u32, 1));
            b.dues.push_back((i % CONNS as u32, 1));
        }
        for _ in 0..3000 {
            if b.dones.is_empty() {
                b.dones.extend(b.busy.first().copied());
            }
            b.cycle();
        }
        assert!(
            b.wakes.is_empty() && b.dues.is_empty(),
            "what comes is taken"
        );
        let goes = [&b.bares, &b.asks][stands];
        assert!(goes.len() >= CONNS, "{}", goes.len());
        assert!(b.want[1 - stands].is_empty());
    }
}

#[test]
fn latencies() {
    let mut b = Bench::new("tx_sched latencies");
    for i in 0..30u32 {
        let conn = i % CONNS as u32;
        b.wakes.push_back((conn, 1));
        let from = b.clock;
        for _ in 0..12 {
            b.cycle();
        }
        assert_eq!(b.asks.last().map(|a| (a.0 .0, a.1 - from)), Some((conn, 5)));
        b.dones.push_back(conn);
        b.cycle();
        b.cycle();
        b.dues.push_back((conn, 1));
        let from = b.clock;
        for _ in 0..12 {
            b.cycle();
        }
        assert_eq!(
            b.bares.last().map(|a| (a.0 .0, a.1 - from)),
            Some((conn, 6))
        );
    }
}
