//! The TPT against a plain Rust model, cycle by cycle: exact latency, command timing, and what each read sees.
mod rx_tables;

use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::tpt::{Tpt, DEREGISTER, EXISTS, NOT_FOUND, OK, QUERY, REGISTER, SET_FULL};
use rx_tables::{dc_100g, small, Cases, Design, Dut, Fields};
use std::collections::VecDeque;

/// Command fields that a read gives back, with their widths.
const ROW: [(&str, usize); 7] = [
    ("rights", 4),
    ("pd", 24),
    ("bound", 1),
    ("qpn", 20),
    ("base", 64),
    ("len", 32),
    ("pa", 64),
];

#[derive(Clone, Debug, PartialEq)]
struct Row {
    index: u32,
    key: u8,
    fields: [u128; 7],
}

#[derive(Clone, Debug)]
struct Command {
    op: u64,
    stag: u32,
    fields: [u128; 7],
}

/// Inputs of one cycle.
#[derive(Clone, Debug, Default)]
struct Step {
    read: Option<u32>,
    pop: bool,
    /// Set and one-hot ways.
    invalidate: Option<(usize, u8)>,
}

/// What the command's read found: way of the index, whether its key is equal, first free way.
#[derive(Clone, Copy, Debug)]
struct Found {
    way: Option<usize>,
    key: bool,
    free: Option<usize>,
}

/// Model and block side by side.
struct Bench<'a> {
    design: &'a Design,
    dut: Dut<'a>,
    latency: usize,
    /// Cycles from the begin of a read to its result.
    shown: usize,
    sets: Vec<[Option<Row>; 4]>,
    now: usize,
    /// `frame_maybe` in this cycle.
    maybe: bool,
    /// Reads that have not begun, and when the next one may.
    waiting: VecDeque<u32>,
    free: usize,
    /// Results in order, with the cycle in which they become visible.
    results: VecDeque<(usize, Fields)>,
    command: Option<Command>,
    /// The command's read: its cycle and what it found.
    probe: Option<(usize, Found)>,
    /// Status that must be on the port in this cycle.
    done: Option<u64>,
    /// Statuses given so far.
    statuses: Vec<u64>,
    /// The last result popped.
    last: Fields,
}

impl<'a> Bench<'a> {
    /// Out of reset and cleared.
    fn new(design: &'a Design, cfg: &Cfg, seed: u64) -> Self {
        let mut bench = Bench {
            design,
            dut: design.start(seed),
            latency: cfg.latency,
            shown: cfg.tpt_latency() + 1,
            sets: vec![Default::default(); 1 << cfg.tpt_set_bits],
            now: 0,
            maybe: false,
            waiting: VecDeque::new(),
            free: 0,
            results: VecDeque::new(),
            command: None,
            probe: None,
            done: None,
            statuses: vec![],
            last: Fields::new(),
        };
        for _ in 0..bench.sets.len() {
            bench.dut.settle();
            assert!(!bench.dut.bit("ready"), "ready before all sets are cleared");
            bench.dut.posedge();
        }
        bench.dut.settle();
        assert!(bench.dut.bit("ready"), "not ready after one cycle a set");
        bench
    }

    fn set_of(&self, stag: u32) -> usize {
        (stag >> 8) as usize % self.sets.len()
    }

    fn way_of(&self, stag: u32) -> Option<usize> {
        let holds = |row: &Option<Row>| row.as_ref().is_some_and(|r| r.index == stag >> 8);
        let set = &self.sets[self.set_of(stag)];
        assert!(set.iter().filter(|r| holds(r)).count() <= 1);
        set.iter().position(holds)
    }

    fn expected(&self, stag: u32) -> Fields {
        let set = self.set_of(stag);
        let mut out = Fields::from([("set".to_string(), set as u128)]);
        if let Some(way) = self.way_of(stag) {
            let row = self.sets[set][way].as_ref().expect("found above");
            out.insert("hit".into(), 1);
            out.insert("way".into(), 1 << way);
            out.insert("key".into(), row.key.into());
            for ((name, _), value) in ROW.iter().zip(row.fields) {
                out.insert(name.to_string(), value);
            }
        }
        out
    }

    fn tick(&mut self, step: &Step) {
        let dut = &mut self.dut;
        // Frames and operations ask at ports of their own; which one makes no difference.
        let (asks, other) = match step.read {
            Some(stag) if stag.count_ones() % 3 == 0 => ("op", "frame"),
            _ => ("frame", "op"),
        };
        let stag = step.read.unwrap_or(0xdead_beef);
        dut.set(&format!("{asks}_valid"), step.read.is_some().into());
        dut.set(&format!("{asks}_stag"), stag.into());
        dut.set(&format!("{other}_valid"), 0);
        dut.set(&format!("{other}_stag"), (!stag).into());
        // Now and then it promises what does not come.
        self.maybe = asks == "frame" && step.read.is_some() || self.now % 14 == 4;
        dut.set("frame_maybe", self.maybe.into());
        let (set, ways) = step.invalidate.unwrap_or((0, 0xf));
        dut.set("inv_valid", step.invalidate.is_some().into());
        dut.set("inv_set", set as u128);
        dut.set("inv_way", ways.into());
        dut.set("cmd_valid", self.command.is_some().into());
        if let Some(c) = &self.command {
            dut.set("cmd_op", c.op.into());
            dut.set("cmd_stag", c.stag.into());
            for ((name, _), value) in ROW.iter().zip(c.fields) {
                dut.set(&format!("cmd_{name}"), value);
            }
        }
        let visible = self.results.front().is_some_and(|r| r.0 <= self.now);
        let pop = step.pop && visible;
        dut.set("tpt_pop", pop.into());
        dut.settle();

        // Results: at their cycle exactly, in order, every field.
        let now = self.now;
        assert_eq!(
            self.dut.bit("tpt_valid"),
            visible,
            "tpt_valid in cycle {now}"
        );
        if visible {
            let bits = self.dut.get_bits("tpt");
            let (_, want) = &self.results[0];
            for f in self.design.fields("tpt") {
                let got = self.design.field_of("tpt", &bits, &f.name);
                // without a hit only these mean something
                let always = ["hit", "set", "way"].contains(&f.name.as_str());
                let want = want.get(&f.name).copied();
                if let Some(want) = want.or(always.then_some(0)) {
                    assert_eq!(got, want, "tpt.{} in cycle {now}", f.name);
                }
            }
        }
        if pop {
            self.last = self.results.pop_front().expect("visible").1;
        }

        // The answer to the last command.
        assert_eq!(
            self.dut.bit("cmd_done"),
            self.done.is_some(),
            "cmd_done in cycle {now}"
        );
        if let Some(status) = self.done.take() {
            assert_eq!(
                self.dut.get("cmd_status"),
                status.into(),
                "status in cycle {now}"
            );
            self.statuses.push(status);
        }

        // A read begins every second cycle, and sees the table as it stood before that cycle.
        self.waiting.extend(step.read);
        let begins = self.free <= now && !self.waiting.is_empty();
        if begins {
            let stag = self.waiting.pop_front().expect("one is waiting");
            self.free = now + 2;
            let entry = self.expected(stag);
            self.results.push_back((now + self.shown, entry));
        }
        let write = self.command_step(step, begins);
        if let Some((set, ways)) = step.invalidate {
            for way in (0..4).filter(|w| ways >> w & 1 == 1) {
                self.sets[set][way] = None;
            }
        }
        if let Some((set, way, row)) = write {
            self.sets[set][way] = row;
        }
        self.dut.posedge();
        self.now += 1;
    }

    /// The command port in this cycle; gives what is written at its end.
    fn command_step(&mut self, step: &Step, reading: bool) -> Option<(usize, usize, Option<Row>)> {
        let acting = self.probe.is_some_and(|p| self.now > p.0 + self.latency);
        let Some(c) = self.command.clone() else {
            assert!(!self.dut.bit("cmd_ready"));
            return None;
        };
        let Some((_, found)) = self.probe else {
            assert!(!self.dut.bit("cmd_ready"));
            if !reading && !self.maybe {
                let set = &self.sets[self.set_of(c.stag)];
                let way = self.way_of(c.stag);
                let key = way.and_then(|w| set[w].as_ref()).map(|r| r.key);
                let found = Found {
                    way,
                    key: key == Some(c.stag as u8),
                    free: set.iter().position(Option::is_none),
                };
                self.probe = Some((self.now, found));
            }
            return None;
        };
        let (status, way) = match (c.op, found) {
            (REGISTER, Found { way: Some(_), .. }) => (EXISTS, None),
            (REGISTER, Found { free: None, .. }) => (SET_FULL, None),
            (REGISTER, Found { free, .. }) => (OK, free),
            (DEREGISTER, Found { way, key: true, .. }) => (OK, way),
            (_, Found { key: true, .. }) => (OK, None),
            _ => (NOT_FOUND, None),
        };
        let ready = acting && (way.is_none() || step.invalidate.is_none());
        assert_eq!(
            self.dut.bit("cmd_ready"),
            ready,
            "cmd_ready in cycle {}",
            self.now
        );
        if !ready {
            return None;
        }
        self.done = Some(status);
        self.command = None;
        self.probe = None;
        let row = (c.op == REGISTER).then_some(Row {
            index: c.stag >> 8,
            key: c.stag as u8,
            fields: c.fields,
        });
        way.map(|way| (self.set_of(c.stag), way, row))
    }

    /// Runs one command to its end; gives the status and the cycles from its first cycle to `cmd_done`.
    fn run(&mut self, op: u64, stag: u32, fields: [u128; 7]) -> (u64, usize) {
        self.command = Some(Command { op, stag, fields });
        let (start, given) = (self.now, self.statuses.len());
        while self.statuses.len() == given {
            assert!(self.now - start < 100, "the command never ends");
            self.tick(&Step::default());
        }
        (
            *self.statuses.last().expect("just given"),
            self.now - start - 1,
        )
    }

    fn in_flight(&self) -> usize {
        self.waiting.len() + self.results.len()
    }

    /// Reads one STag and gives the result.
    fn read(&mut self, stag: u32) -> Fields {
        self.tick(&Step {
            read: Some(stag),
            ..Step::default()
        });
        while self.in_flight() > 0 {
            self.tick(&Step {
                pop: true,
                ..Step::default()
            });
        }
        self.last.clone()
    }
}

fn row(cases: &mut Cases) -> [u128; 7] {
    ROW.map(|(_, width)| cases.bits(width))
}

/// An STag of a few that share the sets: 7 tags a set, of which 4 fit; keys differ in one bit.
fn stag(cases: &mut Cases, sets: usize) -> u32 {
    const TAGS: [u32; 7] = [0, 1, 2, 0x10, 0x8000, 0x10_0000, 0x1f_ffff];
    let index = (TAGS[cases.below(7)].wrapping_mul(sets as u32) + cases.below(sets.min(3)) as u32)
        & 0xff_ffff;
    index << 8 | if cases.chance(80) { 0x5a } else { 0x5b }
}

/// Random reads, commands and invalidations on top of each other.
fn soak(cfg: &Cfg, cases: &mut Cases, cycles: usize) -> Vec<u64> {
    let design = Design::new(&Tpt::new(cfg), "rx_tpt");
    let mut bench = Bench::new(&design, cfg, cases.seed);
    let sets = bench.sets.len();
    let mut seen: Vec<(usize, u8)> = vec![];
    let (mut busy, mut pops, mut invs) = (50, 50, 5);
    for cycle in 0..cycles {
        if cycle % 200 == 0 {
            busy = [0, 20, 50, 95][cases.below(4)];
            pops = [20, 60, 100][cases.below(3)];
            invs = [0, 2, 10, 60][cases.below(4)];
        }
        if bench.command.is_none() && cases.chance(60) {
            bench.command = Some(Command {
                op: [REGISTER, REGISTER, DEREGISTER, QUERY][cases.below(4)],
                stag: stag(cases, sets),
                fields: row(cases),
            });
        }
        let mut step = Step {
            read: (bench.in_flight() < 16 && bench.waiting.len() < 3 && cases.chance(busy))
                .then(|| stag(cases, sets)),
            pop: cases.chance(pops),
            invalidate: None,
        };
        if cases.chance(invs) {
            // mostly a way that a read has named, else any
            step.invalidate = Some(match seen.pop() {
                Some(place) if cases.chance(70) => place,
                _ => (cases.below(sets.min(3)), 1 << cases.below(4)),
            });
        }
        bench.tick(&step);
        if bench.last.contains_key("hit") {
            seen.push((bench.last["set"] as usize, bench.last["way"] as u8));
            bench.last.clear();
            seen.truncate(8);
        }
    }
    bench.statuses
}

#[test]
fn soak_latency_2() {
    let mut cases = Cases::new("soak_latency_2");
    let statuses = soak(&small(2), &mut cases, 20_000);
    for status in [OK, SET_FULL, NOT_FOUND, EXISTS] {
        let n = statuses.iter().filter(|s| **s == status).count();
        assert!(n > 50, "status {status} was given {n} times only");
    }
}

/// One bank of which only the row that hits is read.
#[test]
fn soak_sliced() {
    let mut cases = Cases::new("soak_sliced");
    let cfg = Cfg {
        sliced: true,
        ..small(2)
    };
    soak(&cfg, &mut cases, 20_000);
}

#[test]
fn soak_latency_3() {
    let mut cases = Cases::new("soak_latency_3");
    soak(&small(3), &mut cases, 20_000);
}

#[test]
fn soak_dc_100g_sizes() {
    let mut cases = Cases::new("soak_dc_100g_sizes");
    soak(&dc_100g(), &mut cases, 4_000);
}

/// Every row of the table in use, one more in every set: an error, and nothing is overwritten.
#[test]
fn full_table_refuses_and_keeps() {
    let mut cases = Cases::new("full_table_refuses_and_keeps");
    let cfg = small(2);
    let design = Design::new(&Tpt::new(&cfg), "rx_tpt");
    let mut bench = Bench::new(&design, &cfg, cases.seed);
    let sets = bench.sets.len() as u32;
    let all: Vec<u32> = (0..4 * sets)
        .map(|i| (i % sets + sets * (i / sets * 0x1357 + 1)) << 8 | i)
        .collect();
    for s in &all {
        assert_eq!(bench.run(REGISTER, *s, row(&mut cases)).0, OK);
    }
    for set in 0..sets {
        let fifth = (set + sets * 77) << 8;
        assert_eq!(bench.run(REGISTER, fifth, row(&mut cases)).0, SET_FULL);
        assert!(!bench.read(fifth).contains_key("hit"));
    }
    for s in &all {
        assert_eq!(bench.run(REGISTER, s ^ 1, row(&mut cases)).0, EXISTS);
        assert_eq!(bench.read(*s)["key"], u128::from(*s as u8));
        assert_eq!(bench.run(QUERY, *s, row(&mut cases)).0, OK);
    }
    // A way given back can be used again.
    assert_eq!(bench.run(DEREGISTER, all[5], row(&mut cases)).0, OK);
    let other = all[5] ^ 0x8000_0000;
    assert_eq!(bench.run(REGISTER, other, row(&mut cases)).0, OK);
    assert!(!bench.read(all[5]).contains_key("hit"));
    assert!(bench.read(other).contains_key("hit"));
}

/// DDP-35, RDM-47: unknown index, stale key, invalidated and deregistered STags.
#[test]
fn ddp_35_rdm_47_dead_stags_do_not_hit() {
    let mut cases = Cases::new("ddp_35_rdm_47_dead_stags_do_not_hit");
    let cfg = small(2);
    let design = Design::new(&Tpt::new(&cfg), "rx_tpt");
    let mut bench = Bench::new(&design, &cfg, cases.seed);
    let s = 0x00ab_c142;
    assert!(!bench.read(s).contains_key("hit"));
    assert_eq!(bench.run(QUERY, s, row(&mut cases)).0, NOT_FOUND);
    assert_eq!(bench.run(REGISTER, s, row(&mut cases)).0, OK);
    // one index bit off: every bit of the tag counts, and the set too
    for bit in 8..32 {
        assert!(!bench.read(s ^ 1 << bit).contains_key("hit"), "bit {bit}");
    }
    // a wrong key names the row, and the row says which key is right
    assert_eq!(bench.read(s ^ 1)["key"], 0x42);
    assert_eq!(bench.run(DEREGISTER, s ^ 1, row(&mut cases)).0, NOT_FOUND);
    let hit = bench.read(s);
    assert_eq!(hit["hit"], 1);
    // invalidated: a read in that cycle still hits, one in the next does not
    let place = (hit["set"] as usize, hit["way"] as u8);
    bench.tick(&Step {
        read: Some(s),
        pop: false,
        invalidate: Some(place),
    });
    assert_eq!(bench.results[0].1["hit"], 1);
    assert!(!bench.read(s).contains_key("hit"));
    assert_eq!(bench.run(DEREGISTER, s, row(&mut cases)).0, NOT_FOUND);
    assert_eq!(bench.run(REGISTER, s, row(&mut cases)).0, OK);
    assert_eq!(bench.run(DEREGISTER, s, row(&mut cases)).0, OK);
    assert!(!bench.read(s).contains_key("hit"));
}

/// With a read in every second cycle and an invalidation in every second, commands still end in bounded time.
#[test]
fn commands_do_not_starve() {
    let mut cases = Cases::new("commands_do_not_starve");
    for latency in [2, 3] {
        let cfg = small(latency);
        let design = Design::new(&Tpt::new(&cfg), "rx_tpt");
        let mut bench = Bench::new(&design, &cfg, cases.seed);
        assert_eq!(
            bench.run(QUERY, 0x100, row(&mut cases)),
            (NOT_FOUND, latency + 2)
        );
        for round in 0..200 {
            let op = [REGISTER, DEREGISTER][round % 2];
            bench.command = Some(Command {
                op,
                stag: 0x77_0000,
                fields: row(&mut cases),
            });
            let mut spent = 0;
            while bench.command.is_some() {
                bench.tick(&Step {
                    read: (bench.now % 2 == 0).then(|| stag(&mut cases, 8)),
                    pop: true,
                    invalidate: (bench.now % 2 == round / 2 % 2).then_some((1, 0xf)),
                });
                spent += 1;
            }
            assert!(spent <= latency + 4, "a command took {spent} cycles");
            assert!(bench.statuses.iter().skip(1).all(|s| *s == OK));
        }
    }
}

/// After a second reset the valid bits of the first life are still there: nothing hits and no command is taken until they
/// are cleared, and nothing hits then.
#[test]
fn reset_forgets_at_once() {
    let mut cases = Cases::new("reset_forgets_at_once");
    let cfg = small(2);
    let design = Design::new(&Tpt::new(&cfg), "rx_tpt");
    let mut bench = Bench::new(&design, &cfg, cases.seed);
    let sets = bench.sets.len() as u32;
    for set in 0..sets {
        assert_eq!(bench.run(REGISTER, set << 8, row(&mut cases)).0, OK);
    }
    let dut = &mut bench.dut;
    dut.model.reset(2).expect("no assertion in reset");
    dut.set("cmd_valid", 1);
    let mut results = 0;
    for cycle in 0..4 * sets {
        // the last sets are cleared last and read first
        dut.set("op_valid", 0);
        let asks = u128::from(cycle % 2 == 0 && cycle < 2 * sets);
        dut.set("frame_valid", asks);
        dut.set("frame_maybe", asks);
        dut.set("frame_stag", u128::from((sets - 1 - cycle / 2 % sets) << 8));
        dut.set("tpt_pop", 0);
        dut.settle();
        let visible = dut.bit("tpt_valid");
        if visible {
            assert_eq!(design.field_of("tpt", &dut.get_bits("tpt"), "hit"), 0);
            results += 1;
        }
        dut.set("tpt_pop", visible.into());
        dut.settle();
        assert_eq!(dut.bit("ready"), cycle >= sets);
        assert!(cycle > sets || !dut.bit("cmd_ready"));
        dut.posedge();
    }
    assert_eq!(results, sets);
}
