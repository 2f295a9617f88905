//! Lookup and context tables against a plain Rust model, cycle by cycle: exact latency, order of frames and operations,
//! what each read sees, and that nothing but the full tuple in a valid context ever hits.
mod rx_tables;

use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::lookup::{bucket_key, pack_row, pack_tuple, Lookup, Way};
use rx_tables::{dc_100g, small, Bits, Cases, Design, Dut, Fields};
use std::collections::VecDeque;

/// Operation kinds by their encoding.
const FPDU: u128 = 0;
const INSTALL: u128 = 2;
const FENCE: u128 = 5;
const WINDOW: usize = 16;
const TUPLE_BITS: usize = 109;

/// A write to one of the tables.
#[derive(Clone, Debug)]
enum Write {
    Bucket {
        table: usize,
        bucket: u16,
        way: usize,
        entry: Option<Way>,
    },
    Ctx {
        conn: usize,
        row: Fields,
    },
    Dyn {
        conn: usize,
        row: Fields,
    },
    Mirror {
        conn: usize,
        row: Fields,
    },
    ReadsDone {
        conn: usize,
        val: u128,
    },
}

/// Inputs of one cycle.
#[derive(Clone, Debug, Default)]
struct Step {
    launch: Option<u128>,
    op: Option<Bits>,
    op_room: bool,
    tpt_pending: bool,
    frame_tpt: Option<u32>,
    pop: bool,
    pop_op: bool,
    writes: Vec<Write>,
}

/// A request on its way to the context tables.
#[derive(Clone, Debug)]
struct Ask {
    due: usize,
    pseudo: bool,
    found: bool,
    conn: usize,
    gen: u128,
    tuple: u128,
}

/// Model and block side by side.
struct Bench<'a> {
    design: &'a Design,
    dut: Dut<'a>,
    cfg: Cfg,
    now: usize,
    buckets: [Vec<[Option<Way>; 4]>; 2],
    ctx: Vec<Fields>,
    state: Vec<Fields>,
    mirror: Vec<Fields>,
    reads: Vec<u128>,
    asks: VecDeque<Ask>,
    /// Entries in order, with the cycle in which they become visible. A miss has only `pseudo` in it.
    entries: VecDeque<(usize, Fields)>,
    ops: VecDeque<(usize, Bits)>,
    /// The last operation offered was taken.
    taken: bool,
    hits: usize,
    misses: usize,
    /// The last entry popped.
    last: Fields,
}

impl<'a> Bench<'a> {
    /// Out of reset and cleared; every row outside the buckets written once, contexts invalid.
    fn new(design: &'a Design, cfg: &Cfg, cases: &mut Cases) -> Self {
        let (conns, buckets) = (1usize << cfg.conn_bits, 1usize << cfg.bucket_bits);
        let mut bench = Bench {
            design,
            dut: design.start(cases.seed),
            cfg: cfg.clone(),
            now: 0,
            buckets: [vec![[None; 4]; buckets], vec![[None; 4]; buckets]],
            ctx: vec![Fields::new(); conns],
            state: vec![Fields::new(); conns],
            mirror: vec![Fields::new(); conns],
            reads: vec![0; conns],
            asks: VecDeque::new(),
            entries: VecDeque::new(),
            ops: VecDeque::new(),
            taken: false,
            hits: 0,
            misses: 0,
            last: Fields::new(),
        };
        for _ in 0..conns.max(buckets) {
            bench.dut.settle();
            assert!(!bench.dut.bit("ready"), "ready before all rows are cleared");
            bench.dut.posedge();
        }
        bench.dut.settle();
        assert!(bench.dut.bit("ready"), "not ready after one cycle a row");
        bench
    }

    fn random_row(&self, port: &str, cases: &mut Cases) -> Fields {
        let fields = self.design.fields(port);
        fields
            .iter()
            .map(|f| (f.name.clone(), cases.bits(f.width)))
            .collect()
    }

    fn key(&self, tuple: u128) -> ([u16; 2], u16) {
        let key = bucket_key(tuple, self.cfg.bucket_bits);
        (key.bucket, key.fp)
    }

    fn drive(&mut self, step: &Step) {
        let dut = &mut self.dut;
        dut.set("launch_valid", step.launch.is_some().into());
        dut.set("launch_tuple", step.launch.unwrap_or(0x1234_5678));
        dut.set("op_valid", step.op.is_some().into());
        if let Some(op) = &step.op {
            dut.set_bits("op", op);
        }
        dut.set("op_room", step.op_room.into());
        dut.set("tpt_pending", step.tpt_pending.into());
        dut.set("frame_tpt_valid", step.frame_tpt.is_some().into());
        dut.set(
            "frame_tpt_stag",
            step.frame_tpt.unwrap_or(0xdead_beef).into(),
        );
        for we in ["lkp_we", "ctx_we", "dyn_we", "mir_we", "rdd_we"] {
            dut.set(we, 0);
        }
        for write in &step.writes {
            match write {
                Write::Bucket {
                    table,
                    bucket,
                    way,
                    entry,
                } => {
                    let mut row = self.buckets[*table][*bucket as usize];
                    row[*way] = *entry;
                    dut.set("lkp_we", 1);
                    dut.set("lkp_sel", *table as u128);
                    dut.set("lkp_bucket", (*bucket).into());
                    dut.set("lkp_row", pack_row(row));
                }
                Write::Ctx { conn, row } => {
                    dut.set("ctx_we", 1);
                    dut.set("ctx_conn", *conn as u128);
                    dut.set_bits("ctx_row", &self.design.pack("ctx_row", row));
                }
                Write::Dyn { conn, row } => {
                    dut.set("dyn_we", 1);
                    dut.set("dyn_conn", *conn as u128);
                    dut.set_bits("dyn_row", &self.design.pack("dyn_row", row));
                }
                Write::Mirror { conn, row } => {
                    dut.set("mir_we", 1);
                    dut.set("mir_conn", *conn as u128);
                    dut.set_bits("mir_row", &self.design.pack("mir_row", row));
                }
                Write::ReadsDone { conn, val } => {
                    dut.set("rdd_we", 1);
                    dut.set("rdd_conn", *conn as u128);
                    dut.set("rdd_val", *val);
                }
            }
        }
    }

    fn apply(&mut self, write: &Write) {
        match write.clone() {
            Write::Bucket {
                table,
                bucket,
                way,
                entry,
            } => self.buckets[table][bucket as usize][way] = entry,
            Write::Ctx { conn, row } => self.ctx[conn] = row,
            Write::Dyn { conn, row } => self.state[conn] = row,
            Write::Mirror { conn, row } => self.mirror[conn] = row,
            Write::ReadsDone { conn, val } => self.reads[conn] = val,
        }
    }

    /// The entry of a request whose context rows are read now.
    fn entry(&self, ask: &Ask) -> Fields {
        let mut entry = Fields::from([("pseudo".to_string(), ask.pseudo.into())]);
        let Some(ctx) = self.ctx.get(ask.conn) else {
            return entry;
        };
        let same = match ask.pseudo {
            true => ctx.get("gen") == Some(&ask.gen),
            false => ctx.get("tuple") == Some(&ask.tuple),
        };
        if ask.found && same && ctx.get("valid") == Some(&1) {
            entry.insert("hit".into(), 1);
            entry.insert("conn".into(), ask.conn as u128);
            entry.insert("rd_done".into(), self.reads[ask.conn]);
            for row in [ctx, &self.state[ask.conn], &self.mirror[ask.conn]] {
                entry.extend(row.clone());
            }
            entry.remove("valid");
            entry.remove("tuple");
        }
        entry
    }

    fn tick(&mut self, step: &Step) {
        let now = self.now;
        self.drive(step);
        let visible = |due: Option<usize>| due.is_some_and(|due| due <= now);
        let has_entry = visible(self.entries.front().map(|e| e.0));
        let has_op = visible(self.ops.front().map(|e| e.0));
        let (pop, pop_op) = (step.pop && has_entry, step.pop_op && has_op);
        self.dut.set("ctx_pop", pop.into());
        self.dut.set("opq_pop", pop_op.into());
        self.dut.settle();

        // Entries and operations: in order, at their cycle exactly.
        assert_eq!(
            self.dut.bit("ctx_valid"),
            has_entry,
            "ctx_valid in cycle {now}"
        );
        if has_entry {
            let bits = self.dut.get_bits("ctx");
            let want = &self.entries[0].1;
            let all = self.design.fields("ctx").iter();
            // without a hit only these two mean something
            let hit = want.contains_key("hit");
            for f in all.filter(|f| hit || f.name == "hit" || f.name == "pseudo") {
                let got = self.design.field_of("ctx", &bits, &f.name);
                let want = want.get(&f.name).copied().unwrap_or(0);
                assert_eq!(got, want, "ctx.{} in cycle {now}", f.name);
            }
        }
        assert_eq!(
            self.dut.bit("opq_valid"),
            has_op,
            "opq_valid in cycle {now}"
        );
        if has_op {
            assert_eq!(
                self.dut.get_bits("opq"),
                self.ops[0].1,
                "opq in cycle {now}"
            );
        }
        // Acceptance and TPT requests, in the cycle itself.
        let ready = step.op_room
            && !step.tpt_pending
            && step.launch.is_none()
            && step.frame_tpt.is_none()
            && self.ops.len() < 16;
        assert_eq!(self.dut.bit("op_ready"), ready, "op_ready in cycle {now}");
        let op = step.op.clone().filter(|_| ready);
        self.taken = op.is_some();
        let stag = step
            .frame_tpt
            .or(op.as_ref().and_then(|op| self.op_stag(op)));
        assert_eq!(
            self.dut.bit("tpt_valid"),
            stag.is_some(),
            "tpt_valid in cycle {now}"
        );
        if let Some(stag) = stag {
            assert_eq!(
                self.dut.get("tpt_stag"),
                stag.into(),
                "tpt_stag in cycle {now}"
            );
        }

        // The model moves on; every read sees the tables before this cycle's writes.
        if pop {
            self.last = self.entries.pop_front().expect("visible").1;
            let hit = self.last.contains_key("hit");
            self.hits += usize::from(hit);
            self.misses += usize::from(!hit);
        }
        if pop_op {
            self.ops.pop_front();
        }
        let latency = self.cfg.latency;
        if let Some(tuple) = step.launch {
            let (bucket, fp) = self.key(tuple);
            let ways = (0..2).flat_map(|t| self.buckets[t][bucket[t] as usize]);
            let conns: Vec<u16> = ways
                .flatten()
                .filter(|w| w.fp == fp)
                .map(|w| w.conn)
                .collect();
            self.asks.push_back(Ask {
                due: now + latency,
                pseudo: false,
                found: !conns.is_empty(),
                conn: conns.iter().fold(0, |a, b| a | b).into(),
                gen: 0,
                tuple,
            });
        }
        if let Some(op) = op {
            let field = |name| self.design.field_of("op", &op, name);
            self.asks.push_back(Ask {
                due: now + latency,
                pseudo: true,
                found: true,
                conn: field("conn") as usize,
                gen: field("gen"),
                tuple: 0,
            });
            self.ops.push_back((now + 1, op));
        }
        if self.asks.front().is_some_and(|a| a.due == now) {
            let entry = self.entry(&self.asks[0]);
            self.asks.pop_front();
            self.entries.push_back((now + latency + 1, entry));
        }
        for write in &step.writes {
            self.apply(write);
        }
        self.dut.posedge();
        self.now += 1;
    }

    /// The STag that an operation reads, out of the FPDU octets as they stand in its bits.
    fn op_stag(&self, op: &Bits) -> Option<u32> {
        let octet = |p: usize| {
            let (port, low) = if p < 20 {
                ("hdr_a", p)
            } else {
                ("hdr_b", p - 20)
            };
            let field = self.design.fields("op").iter().find(|f| f.name == port);
            let bit = field.expect("a field of Op").low + low * 8;
            let at = |i: usize| op.get(i).copied().unwrap_or(0);
            let pair = u16::from_le_bytes([at(bit / 8), at(bit / 8 + 1)]);
            (pair >> (bit % 8)) as u8
        };
        let word =
            |p: usize| u32::from_be_bytes([octet(p), octet(p + 1), octet(p + 2), octet(p + 3)]);
        let fpdu = self.design.field_of("op", op, "kind") == FPDU;
        fpdu.then(|| word(if octet(3) & 0xf == 1 { 36 } else { 4 }))
    }

    fn in_flight(&self) -> usize {
        self.asks.len() + self.entries.len()
    }

    /// One cycle with only a write.
    fn write(&mut self, write: Write) {
        self.tick(&Step {
            writes: vec![write],
            ..Step::default()
        });
    }

    /// Puts a connection into a way of one table.
    fn place(&mut self, table: usize, way: usize, tuple: u128, conn: usize) {
        let (bucket, fp) = self.key(tuple);
        let entry = Some(Way {
            conn: conn as u16,
            fp,
        });
        self.write(Write::Bucket {
            table,
            bucket: bucket[table],
            way,
            entry,
        });
    }

    /// A valid context for a tuple, everything else random.
    fn context(&mut self, tuple: u128, conn: usize, cases: &mut Cases) {
        let mut row = self.random_row("ctx_row", cases);
        row.insert("tuple".into(), tuple);
        row.insert("valid".into(), 1);
        self.write(Write::Ctx { conn, row });
        let row = self.random_row("dyn_row", cases);
        self.write(Write::Dyn { conn, row });
        let row = self.random_row("mir_row", cases);
        self.write(Write::Mirror { conn, row });
        let val = cases.bits(16);
        self.write(Write::ReadsDone { conn, val });
    }

    /// Launches one tuple and gives the connection that it hits.
    fn look(&mut self, tuple: u128) -> Option<usize> {
        self.tick(&Step {
            launch: Some(tuple),
            ..Step::default()
        });
        self.drain();
        self.last.get("hit").map(|_| self.last["conn"] as usize)
    }

    fn drain(&mut self) {
        while self.in_flight() > 0 {
            self.tick(&Step {
                pop: true,
                pop_op: true,
                ..Step::default()
            });
        }
    }
}

fn tuple(cases: &mut Cases) -> u128 {
    let vid = cases.chance(40).then(|| cases.bits(12) as u16);
    let (src, dst) = (cases.bits(32) as u32, cases.bits(32) as u32);
    pack_tuple(vid, src, dst, cases.bits(16) as u16, cases.bits(16) as u16)
}

/// A different tuple with the same fingerprint that shares a bucket of `table` with `of`.
fn alias(cases: &mut Cases, of: u128, table: usize, cfg: &Cfg) -> u128 {
    let want = bucket_key(of, cfg.bucket_bits);
    loop {
        let other = tuple(cases);
        let key = bucket_key(other, cfg.bucket_bits);
        if other != of && key.fp == want.fp && key.bucket[table] == want.bucket[table] {
            return other;
        }
    }
}

/// Random everything: frames, operations and all writers on top of each other.
fn soak(cfg: &Cfg, cases: &mut Cases, cycles: usize) {
    let design = Design::new(&Lookup::new(cfg), "rx_lookup");
    let mut bench = Bench::new(&design, cfg, cases);
    let conns = bench.ctx.len().min(48);
    let mut tuples: Vec<u128> = (0..24).map(|_| tuple(cases)).collect();
    if cfg.bucket_bits < 6 {
        for i in 0..8 {
            tuples.push(alias(cases, tuples[i], i % 2, cfg));
        }
    }
    for conn in 0..conns {
        bench.context(tuples[conn % tuples.len()], conn, cases);
        bench.place(conn % 2, conn / 2 % 4, tuples[conn % tuples.len()], conn);
    }
    let (mut frames, mut ops, mut pops, mut room) = (50, 50, 50, 90);
    let mut waiting: Option<Bits> = None;
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            frames = [0, 20, 50, 100][cases.below(4)];
            ops = [0, 30, 100][cases.below(3)];
            pops = [20, 60, 100][cases.below(3)];
            room = [50, 95, 100][cases.below(3)];
        }
        let mut step = Step {
            op_room: bench.in_flight() < WINDOW - 1 && cases.chance(room),
            tpt_pending: cases.chance(10),
            frame_tpt: cases.chance(15).then(|| cases.bits(32) as u32),
            pop: cases.chance(pops),
            pop_op: cases.chance(pops),
            ..Step::default()
        };
        if bench.in_flight() < WINDOW && cases.chance(frames) {
            let mut t = tuples[cases.below(tuples.len())];
            if cases.chance(20) {
                t ^= 1 << cases.below(TUPLE_BITS);
            }
            step.launch = Some(t);
        }
        if waiting.is_none() && cases.chance(ops) {
            waiting = Some(operation(&bench, cases, conns));
        }
        step.op = waiting.clone();
        for _ in 0..cases.below(3) {
            let write = random_write(&bench, cases, conns, &tuples);
            // one writer a table a cycle
            let kind = std::mem::discriminant(&write);
            step.writes.retain(|w| std::mem::discriminant(w) != kind);
            step.writes.push(write);
        }
        bench.tick(&step);
        if bench.taken {
            waiting = None;
        }
    }
    bench.drain();
    let (hits, misses) = (bench.hits, bench.misses);
    assert!(
        hits * 10 > cycles && misses * 10 > cycles,
        "weak soak: {hits} hits, {misses} misses"
    );
}

/// An operation on some connection, mostly of its generation, sometimes behind the table's end.
fn operation(bench: &Bench, cases: &mut Cases, conns: usize) -> Bits {
    let mut op = cases.bytes(bench.design.pack("op", &Fields::new()).len());
    let used: usize = bench.design.fields("op").iter().map(|f| f.width).sum();
    if used % 8 != 0 {
        *op.last_mut().expect("Op has bits") &= (1 << (used % 8)) - 1;
    }
    let conn = cases.below(conns);
    let gen = bench.ctx[conn].get("gen").copied().unwrap_or(0);
    let set = |op: &mut Bits, name: &str, value| bench.design.put("op", op, name, value);
    let beyond = if cases.chance(5) { bench.ctx.len() } else { 0 };
    set(&mut op, "conn", (conn | beyond) as u128);
    set(
        &mut op,
        "gen",
        if cases.chance(80) { gen } else { cases.bits(8) },
    );
    set(
        &mut op,
        "kind",
        if cases.chance(50) {
            FPDU
        } else {
            cases.below(6) as u128
        },
    );
    if cases.chance(40) {
        let mut hdr = cases.bits(128) & !(0xf << 24);
        hdr |= 1 << 24;
        set(&mut op, "hdr_a", hdr);
    }
    op
}

fn random_write(bench: &Bench, cases: &mut Cases, conns: usize, tuples: &[u128]) -> Write {
    let conn = cases.below(conns);
    match cases.below(10) {
        0 => {
            let t = tuples[cases.below(tuples.len())];
            let (table, way) = (cases.below(2), cases.below(4));
            let (bucket, fp) = bench.key(t);
            let at = cases.below(conns);
            // mostly a connection that has this tuple
            let own = (0..conns)
                .map(|c| (c + at) % conns)
                .find(|c| bench.ctx[*c].get("tuple") == Some(&t));
            let conn = own.filter(|_| cases.chance(90)).unwrap_or(conn) as u16;
            let entry = cases.chance(85).then_some(Way { conn, fp });
            Write::Bucket {
                table,
                bucket: bucket[table],
                way,
                entry,
            }
        }
        1 => {
            let mut row = bench.random_row("ctx_row", cases);
            row.insert("valid".into(), cases.chance(85).into());
            row.insert("tuple".into(), tuples[conn % tuples.len()]);
            Write::Ctx { conn, row }
        }
        2..=5 => Write::Dyn {
            conn,
            row: bench.random_row("dyn_row", cases),
        },
        6 | 7 => Write::Mirror {
            conn,
            row: bench.random_row("mir_row", cases),
        },
        _ => Write::ReadsDone {
            conn,
            val: cases.bits(16),
        },
    }
}

#[test]
fn soak_latency_2() {
    let mut cases = Cases::new("rx_lookup soak_latency_2");
    soak(&small(2), &mut cases, 12_000);
}

#[test]
fn soak_latency_3() {
    let mut cases = Cases::new("rx_lookup soak_latency_3");
    soak(&small(3), &mut cases, 12_000);
}

#[test]
fn soak_dc_100g_sizes() {
    let mut cases = Cases::new("rx_lookup soak_dc_100g_sizes");
    soak(&dc_100g(), &mut cases, 2_000);
}

/// Every way of both tables finds its connection, with and without a VLAN tag; bucket and context both have to be there.
#[test]
fn all_ways_of_both_tables() {
    let mut cases = Cases::new("rx_lookup all_ways_of_both_tables");
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    for n in 0..32 {
        let (t, conn) = (tuple(&mut cases), cases.below(32));
        let (table, way) = (n / 4 % 2, n % 4);
        assert_eq!(bench.look(t), None);
        bench.context(t, conn, &mut cases);
        assert_eq!(bench.look(t), None, "a context alone is no entry");
        bench.place(table, way, t, conn);
        assert_eq!(bench.look(t), Some(conn), "table {table} way {way}");
        // the same connection in the other table too: still it
        bench.place(1 - table, 3 - way, t, conn);
        assert_eq!(bench.look(t), Some(conn));
        let row = Fields::from([("tuple".to_string(), t), ("valid".to_string(), 0)]);
        bench.write(Write::Ctx { conn, row });
        assert_eq!(bench.look(t), None, "an invalid context hits nothing");
        for (table, way) in [(table, way), (1 - table, 3 - way)] {
            let bucket = bench.key(t).0[table];
            bench.write(Write::Bucket {
                table,
                bucket,
                way,
                entry: None,
            });
        }
    }
}

/// TCP-82: tuples that differ in one bit of any field miss, also when bucket and fingerprint are equal.
#[test]
fn tcp_82_look_alike_tuples_miss() {
    let mut cases = Cases::new("rx_lookup tcp_82_look_alike_tuples_miss");
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    let t = tuple(&mut cases);
    bench.context(t, 9, &mut cases);
    bench.place(0, 2, t, 9);
    for bit in 0..TUPLE_BITS {
        let near = t ^ 1 << bit;
        assert_eq!(bench.look(near), None, "bit {bit}");
        // put it where the look-alike is looked for: the context still says no
        bench.place(1, bit % 4, near, 9);
        assert_eq!(bench.look(near), None, "bit {bit} with an entry");
    }
    for table in [0, 1] {
        bench.place(table, 1, t, 9);
        let other = alias(&mut cases, t, table, &cfg);
        assert_eq!(bench.look(other), None, "a fingerprint collision is a miss");
    }
    assert_eq!(bench.look(t), Some(9));
    // Two connections with one fingerprint (the driver never does that): a miss or the right one, never the other.
    let other = alias(&mut cases, t, 0, &cfg);
    bench.context(other, 6, &mut cases);
    bench.place(0, 3, other, 6);
    assert!(matches!(bench.look(t), None | Some(9)));
    assert!(matches!(bench.look(other), None | Some(6)));
}

/// An operation of an earlier generation, of an invalid context or of no connection of the chip does not hit.
#[test]
fn operations_hit_only_their_generation() {
    let mut cases = Cases::new("rx_lookup operations_hit_only_their_generation");
    let cfg = small(3);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    let t = tuple(&mut cases);
    bench.context(t, 5, &mut cases);
    let gen = bench.ctx[5]["gen"];
    let run = |bench: &mut Bench, kind: u128, conn: u128, gen: u128| {
        let fields = [("kind", kind), ("conn", conn), ("gen", gen)];
        let op = design.pack("op", &fields.map(|(n, v)| (n.to_string(), v)).into());
        bench.tick(&Step {
            op: Some(op),
            op_room: true,
            ..Step::default()
        });
        assert!(bench.taken);
        bench.drain();
        bench.last.contains_key("hit")
    };
    for kind in [FPDU, INSTALL, FENCE] {
        assert!(run(&mut bench, kind, 5, gen));
        assert!(!run(&mut bench, kind, 5, gen ^ 1));
        assert!(
            !run(&mut bench, kind, 5 + 32, gen),
            "behind the end of the table"
        );
    }
    let row = Fields::from([("gen".to_string(), gen), ("valid".to_string(), 0)]);
    bench.write(Write::Ctx { conn: 5, row });
    assert!(!run(&mut bench, FPDU, 5, gen));
}

/// Before the tables are cleared no operation is taken and every frame misses, whatever the RAMs woke up with.
#[test]
fn garbage_before_clearing_never_hits() {
    let mut cases = Cases::new("rx_lookup garbage_before_clearing_never_hits");
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    for round in 0..8 {
        let mut dut = design.start(cases.seed + round);
        dut.set("op_valid", 1);
        dut.set("op_room", 1);
        let mut pops = 0;
        for cycle in 0..60 {
            let busy = cycle < 31;
            dut.set("op_valid", busy.into());
            dut.set("launch_valid", (busy && cycle % 2 == 0).into());
            dut.set("launch_tuple", tuple(&mut cases));
            dut.set("ctx_pop", 0);
            dut.settle();
            assert!(
                !busy || !dut.bit("op_ready"),
                "an operation taken in cycle {cycle}"
            );
            if dut.bit("ctx_valid") {
                assert_eq!(design.field_of("ctx", &dut.get_bits("ctx"), "hit"), 0);
                dut.set("ctx_pop", 1);
                dut.settle();
                pops += 1;
            }
            dut.posedge();
        }
        assert_eq!(pops, 16);
    }
}
