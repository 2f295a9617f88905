//! Plain Rust model of lookup and context tables, run beside the block: every cycle's outputs are compared.
use crate::rx_tables::{Bits, Cases, Design, Dut, Fields};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::lookup::{bucket_key, pack_row, pack_tuple, Tuple, Way};
use std::collections::VecDeque;

/// `OpKind::Fpdu` by its encoding.
pub const FPDU: u128 = 0;
pub const SEG_DONE: u128 = 1;
pub const INSTALL: u128 = 2;

/// The fields that an operation of a kind carries, and the kinds (by their encoding).
const OP_FIELDS: &[(&str, &[u128])] = &[
    ("kind", &[0, 1, 2, 3, 4, 5]),
    ("hdr_a", &[FPDU]),
    ("hdr_b", &[FPDU]),
    ("blk", &[FPDU]),
    ("term", &[FPDU]),
    ("hdr_a", &[INSTALL]),
    ("seq", &[0, 1, 2, 3, 4, 5]),
    ("mid", &[0, 1, 2, 3, 4, 5]),
    ("rollback", &[0, 1, 2, 3, 4, 5]),
    ("crc_fail", &[0, 1, 2, 3, 4, 5]),
    ("fin", &[0, 1, 2, 3, 4, 5]),
    ("now", &[0, 1, 2, 3, 4, 5]),
    ("sack", &[0, 1, 2, 3, 4, 5]),
    ("fence_id", &[2, 3, 4, 5]),
];

/// A write to one of the tables.
#[derive(Clone, Debug)]
pub enum Write {
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
pub struct Step {
    pub launch: Option<Tuple>,
    pub op: Option<Bits>,
    pub op_room: bool,
    pub tpt_pending: bool,
    pub frame_tpt: Option<u32>,
    pub pop: bool,
    pub pop_op: bool,
    pub writes: Vec<Write>,
}

/// A request on its way to the context tables.
#[derive(Clone, Debug)]
pub struct Ask {
    pub due: usize,
    pub pseudo: bool,
    pub found: bool,
    pub conn: usize,
    pub gen: u128,
    pub tuple: Tuple,
}

/// Model and block side by side.
pub struct Bench<'a> {
    pub design: &'a Design,
    pub dut: Dut<'a>,
    pub cfg: Cfg,
    pub now: usize,
    pub buckets: [Vec<[Option<Way>; 4]>; 2],
    pub ctx: Vec<Fields>,
    pub state: Vec<Fields>,
    pub mirror: Vec<Fields>,
    pub reads: Vec<u128>,
    pub asks: VecDeque<Ask>,
    /// Entries in order, with the cycle in which they become visible. A miss has only `pseudo` in it.
    pub entries: VecDeque<(usize, Fields)>,
    pub ops: VecDeque<(usize, Bits)>,
    /// The operation accepted and not launched yet.
    pub held: Option<Bits>,
    /// A frame launched in an earlier cycle may still issue its TPT read.
    pub pending: bool,
    /// A context write that waits for a cycle without a request.
    pub waiting: Option<(usize, Fields)>,
    /// The last operation offered was taken.
    pub taken: bool,
    /// With `Cfg::sliced`: a frame whose table 1 is read in the next cycle, and what table 0 said; the cycle of the last
    /// request to the context tables.
    second: Option<(Tuple, Vec<u16>)>,
    /// With `Cfg::sliced`: the TPT read of the operation launched in the cycle before.
    late_stag: Option<u32>,
    asked: Option<usize>,
    pub hits: usize,
    pub misses: usize,
    /// The last entry popped.
    pub last: Fields,
}

impl<'a> Bench<'a> {
    /// Out of reset and cleared; every row outside the buckets written once, contexts invalid.
    pub fn new(design: &'a Design, cfg: &Cfg, cases: &mut Cases) -> Self {
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
            held: None,
            pending: false,
            waiting: None,
            taken: false,
            second: None,
            late_stag: None,
            asked: None,
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

    pub fn random_row(&self, port: &str, cases: &mut Cases) -> Fields {
        let fields = self.design.fields(port);
        fields
            .iter()
            .map(|f| (f.name.clone(), cases.bits(f.width)))
            .collect()
    }

    pub fn key(&self, tuple: Tuple) -> ([u16; 2], u16) {
        let key = bucket_key(tuple, self.cfg.bucket_bits);
        (key.bucket, key.fp)
    }

    pub fn drive(&mut self, step: &Step) {
        let dut = &mut self.dut;
        dut.set("launch_valid", step.launch.is_some().into());
        let tuple = step.launch.unwrap_or(0x1234_5678.into());
        dut.set("launch_tuple", tuple.low);
        let upper = [
            ("v6", tuple.v6.into()),
            ("src", tuple.src_high),
            ("dst", tuple.dst_high),
        ];
        let upper = upper.map(|(n, v)| (n.to_string(), v)).into();
        dut.set_bits("launch_upper", &self.design.pack("launch_upper", &upper));
        dut.set("op_valid", step.op.is_some().into());
        if let Some(op) = &step.op {
            dut.set_bits("op", op);
        }
        dut.set("op_room", step.op_room.into());
        dut.set("tpt_pending", step.tpt_pending.into());
        dut.set("frame_tpt_valid", step.frame_tpt.is_some().into());
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

    pub fn apply(&mut self, write: &Write) {
        match write.clone() {
            Write::Bucket {
                table,
                bucket,
                way,
                entry,
            } => self.buckets[table][bucket as usize][way] = entry,
            Write::Ctx { conn, row } => self.waiting = Some((conn, row)),
            Write::Dyn { conn, row } => self.state[conn] = row,
            Write::Mirror { conn, row } => self.mirror[conn] = row,
            Write::ReadsDone { conn, val } => self.reads[conn] = val,
        }
    }

    /// What the bucket of the tuple in a table says now.
    fn found(&self, tuple: Tuple, table: usize) -> Vec<u16> {
        let (bucket, fp) = self.key(tuple);
        let ways = self.buckets[table][bucket[table] as usize];
        let ways = ways.iter().flatten().filter(|w| w.fp == fp);
        ways.map(|w| w.conn).collect()
    }

    /// The entry of a request whose context rows are read now.
    pub fn entry(&self, ask: &Ask) -> Fields {
        let mut entry = Fields::from([("pseudo".to_string(), ask.pseudo.into())]);
        let Some(ctx) = self.ctx.get(ask.conn) else {
            return entry;
        };
        let same = match ask.pseudo {
            true => ctx.get("gen") == Some(&ask.gen),
            false => tuple_of(ctx) == ask.tuple,
        };
        if ask.found && same && ctx.get("valid") == Some(&1) {
            entry.insert("hit".into(), 1);
            entry.insert("conn".into(), ask.conn as u128);
            entry.insert("rd_done".into(), self.reads[ask.conn]);
            for row in [ctx, &self.state[ask.conn], &self.mirror[ask.conn]] {
                entry.extend(row.clone());
            }
            for name in ["valid", "tuple", "v6", "src_high", "dst_high"] {
                entry.remove(name);
            }
        }
        entry
    }

    pub fn tick(&mut self, step: &Step) {
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
            let state = self.design.fields("dyn_row");
            let known = |name: &str| {
                !want.contains_key("no state")
                    || name == "rd_head"
                    || state.iter().all(|f| f.name != name)
            };
            for f in all
                .filter(|f| hit || f.name == "hit" || f.name == "pseudo")
                .filter(|f| known(&f.name))
            {
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
            let (got, want) = (self.dut.get_bits("opq"), &self.ops[0].1);
            let kind = self.design.field_of("op", want, "kind");
            for (name, kinds) in OP_FIELDS.iter().filter(|f| f.1.contains(&kind)) {
                let all = self.design.bits_of("op", want, name);
                let shown = if *kinds == [INSTALL] { 139 } else { all.len() };
                let got = self.design.bits_of("opq", &got, name);
                assert_eq!(got[..shown], all[..shown], "opq.{name} in cycle {now}");
            }
        }
        // Acceptance; launch in a later cycle; TPT requests in the cycle of the launch.
        let ready = step.op_room && self.held.is_none() && self.ops.len() < 16;
        assert_eq!(self.dut.bit("op_ready"), ready, "op_ready in cycle {now}");
        // Rows in slices: not too close to another request.
        let apart = !self.cfg.sliced
            || self.asks.is_empty()
                && self.second.is_none()
                && self.asked.is_none_or(|t| now > t + 1);
        let goes = step.launch.is_none() && !self.pending && self.waiting.is_none() && apart;
        let op = self.held.take_if(|_| goes);
        let accepted = step.op.clone().filter(|_| ready);
        self.taken = accepted.is_some();
        self.held = self.held.take().or(accepted);
        self.pending = step.tpt_pending && step.frame_tpt.is_none();
        let mut stag = op.as_ref().and_then(|op| self.op_stag(op));
        if self.cfg.sliced {
            stag = std::mem::replace(&mut self.late_stag, stag);
        }
        assert_eq!(
            self.dut.bit("op_tpt_valid"),
            stag.is_some(),
            "op_tpt_valid in cycle {now}"
        );
        if let Some(stag) = stag {
            assert_eq!(
                self.dut.get("op_tpt_stag"),
                stag.into(),
                "op_tpt_stag in cycle {now}"
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
        let sliced = self.cfg.sliced;
        let latency = self.cfg.latency;
        // With one memory for both tables, the second one is read a cycle later.
        let mut found = self.second.take().map(|(tuple, mut conns)| {
            conns.extend(self.found(tuple, 1));
            (tuple, conns)
        });
        if let Some(tuple) = step.launch {
            let mut conns = self.found(tuple, 0);
            if sliced {
                self.second = Some((tuple, conns));
            } else {
                conns.extend(self.found(tuple, 1));
                found = Some((tuple, conns));
            }
        }
        if let Some((tuple, conns)) = found {
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
                due: if sliced { now + 1 } else { now + latency },
                pseudo: true,
                found: true,
                conn: field("conn") as usize,
                gen: field("gen"),
                tuple: Tuple::default(),
            });
            self.ops.push_back((now + 1, op));
        }
        if self.asks.front().is_some_and(|a| a.due == now) {
            let mut entry = self.entry(&self.asks[0]);
            let conn = self.asks[0].conn;
            let meets = |w: &Write| matches!(w, Write::Dyn { conn: c, .. } if *c == conn);
            if step.writes.iter().any(meets) {
                entry.insert("no state".into(), 1);
            }
            self.asks.pop_front();
            self.asked = Some(now);
            self.entries
                .push_back((now + self.cfg.ctx_latency() + 1, entry));
        } else if let Some((conn, row)) = self.waiting.take() {
            self.ctx[conn] = row;
        }
        for write in &step.writes {
            self.apply(write);
        }
        self.dut.posedge();
        self.now += 1;
    }

    /// The STag that an operation reads, out of the FPDU octets as they stand in its bits.
    pub fn op_stag(&self, op: &Bits) -> Option<u32> {
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
        // Read Request (RFC 5040 4.4), Atomic Request (RFC 7306 5.2.1), everything tagged.
        fpdu.then(|| match octet(3) & 0xf {
            1 => word(36),
            10 => word(28),
            _ => word(4),
        })
    }

    /// One FPDU at a time, and one of the command block.
    pub fn may_offer(&self, op: &Bits) -> bool {
        let class = |op: &Bits| self.design.field_of("op", op, "kind").min(INSTALL);
        class(op) == SEG_DONE
            || self
                .ops
                .iter()
                .map(|o| &o.1)
                .chain(&self.held)
                .all(|o| class(o) != class(op))
    }

    pub fn in_flight(&self) -> usize {
        self.asks.len()
            + self.entries.len()
            + usize::from(self.held.is_some())
            + usize::from(self.second.is_some())
    }

    /// One cycle with only a write.
    pub fn write(&mut self, write: Write) {
        self.tick(&Step {
            writes: vec![write],
            ..Step::default()
        });
    }

    /// Puts a connection into a way of one table.
    pub fn place(&mut self, table: usize, way: usize, tuple: Tuple, conn: usize) {
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
    pub fn context(&mut self, tuple: Tuple, conn: usize, cases: &mut Cases) {
        let mut row = self.random_row("ctx_row", cases);
        put_tuple(&mut row, tuple);
        row.insert("valid".into(), 1);
        self.write(Write::Ctx { conn, row });
        self.tick(&Step::default());
        let row = self.random_row("dyn_row", cases);
        self.write(Write::Dyn { conn, row });
        let row = self.random_row("mir_row", cases);
        self.write(Write::Mirror { conn, row });
        let val = cases.bits(16);
        self.write(Write::ReadsDone { conn, val });
    }

    /// Launches one tuple and gives the connection that it hits.
    pub fn look(&mut self, tuple: Tuple) -> Option<usize> {
        self.tick(&Step {
            launch: Some(tuple),
            ..Step::default()
        });
        self.drain();
        self.last.get("hit").map(|_| self.last["conn"] as usize)
    }

    pub fn drain(&mut self) {
        while self.in_flight() > 0 {
            self.tick(&Step {
                pop: true,
                pop_op: true,
                ..Step::default()
            });
        }
    }
}

/// A random tuple, with `six` half of them IPv6.
pub fn tuple(cases: &mut Cases, six: bool) -> Tuple {
    let vid = cases.chance(40).then(|| cases.bits(12) as u16);
    let ports = (cases.bits(16) as u16, cases.bits(16) as u16);
    let (src, dst) = (cases.bits(128), cases.bits(128));
    if six && cases.chance(50) {
        return Tuple::v6(vid, src, dst, ports.0, ports.1);
    }
    pack_tuple(vid, src as u32, dst as u32, ports.0, ports.1).into()
}

/// Bits of a tuple, and of an IPv4 one.
pub const TUPLE_BITS: usize = 302;
pub const TUPLE_BITS_V4: usize = 109;

/// One bit of a tuple the other way.
pub fn flip(mut t: Tuple, bit: usize) -> Tuple {
    match bit {
        0..=108 => t.low ^= 1 << bit,
        109..=204 => t.src_high ^= 1 << (bit - 109),
        205..=300 => t.dst_high ^= 1 << (bit - 205),
        _ => t.v6 = !t.v6,
    }
    t
}

/// The tuple of a context row.
pub fn tuple_of(row: &Fields) -> Tuple {
    let get = |name: &str| row.get(name).copied().unwrap_or(0);
    Tuple {
        low: get("tuple"),
        v6: get("v6") == 1,
        src_high: get("src_high"),
        dst_high: get("dst_high"),
    }
}

pub fn put_tuple(row: &mut Fields, t: Tuple) {
    for (name, value) in [
        ("tuple", t.low),
        ("v6", t.v6.into()),
        ("src_high", t.src_high),
        ("dst_high", t.dst_high),
    ] {
        row.insert(name.into(), value);
    }
}

/// A different tuple with the same fingerprint that shares a bucket of `table` with `of`.
pub fn alias(cases: &mut Cases, of: Tuple, table: usize, cfg: &Cfg) -> Tuple {
    let want = bucket_key(of, cfg.bucket_bits);
    loop {
        let other = tuple(cases, cfg.ipv6);
        let key = bucket_key(other, cfg.bucket_bits);
        if other != of && key.fp == want.fp && key.bucket[table] == want.bucket[table] {
            return other;
        }
    }
}
