//! The command block against a plain Rust model of the driver's view: every command is answered with the right status,
//! and what it does to the tables around it happens in the order that keeps frames and operations apart.
//! The register block is tested here as well.
mod rx_tables;

use ferrowarp_abi::code::{op, status, table};
use ferrowarp_abi::register::{
    counter, counter_address, ADDR_GEOMETRY, ADDR_MAGIC, ADDR_SCRATCH, ADDR_STATUS, ADDR_VERSION,
    COUNTERS, GEOMETRY, MAGIC, NO_REGISTER,
};
use ferrowarp_abi::table::{
    ConnState, InstallRecord, LookupRow, LookupWay, TptRecord, RECORD_WORDS,
};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::command::Command;
use ferrowarp_hdl::rx::counters::Counters;
use ferrowarp_hdl::rx::lookup::{pack_row, pack_tuple, Way};
use rx_tables::{dc_100g, small, Bits, Cases, Design, Dut, Fields};
use std::collections::BTreeMap;

/// Operation kinds in the order of `OpKind`.
const INSTALL: u128 = 2;
const REMOVE: u128 = 3;
const QUERY: u128 = 4;
const FENCE: u128 = 5;

/// A command.
#[derive(Clone, Copy, Debug)]
struct Cmd {
    table: u8,
    op: u8,
    index: u32,
    word: u8,
    data: u64,
}

/// What the command block did to its surroundings, in order.
#[derive(Clone, Debug, PartialEq)]
enum Did {
    Lookup {
        sel: u8,
        bucket: u16,
        row: u128,
    },
    /// Connection, and whether a frame could have this context's tuple.
    Context {
        conn: u16,
        valid: bool,
        visible: bool,
    },
    Init {
        conn: u16,
    },
    Op {
        kind: u128,
        conn: u16,
        gen: u8,
        fence: u16,
    },
    Tpt {
        op: u8,
        stag: u32,
    },
}

/// The blocks around the command block: they answer after random times.
struct World<'a> {
    design: &'a Design,
    dut: Dut<'a>,
    did: Vec<Did>,
    /// Context rows as written: generation, whole row.
    contexts: BTreeMap<u16, Fields>,
    /// State that X3 would have.
    states: BTreeMap<u16, ConnState>,
    /// Cycles until the queues are ready again; the init that they took.
    init_busy: usize,
    inits: Vec<[u128; 7]>,
    /// Operation on its way: cycles left, found, kind, connection.
    flying: Option<(usize, bool, u128, u16)>,
    /// STags registered: fields of the record.
    tpt: BTreeMap<u32, [u128; 6]>,
    tpt_wait: Option<usize>,
    tpt_done: Option<u8>,
    /// Index that the TPT has no way for.
    tpt_full: u32,
    /// The pipeline loses the context of this connection.
    lost: Option<u16>,
    answered: u32,
    failed: u32,
    shadow: [u64; RECORD_WORDS],
}

impl<'a> World<'a> {
    fn new(design: &'a Design, seed: u64) -> Self {
        World {
            design,
            dut: design.start(seed),
            did: vec![],
            contexts: BTreeMap::new(),
            states: BTreeMap::new(),
            init_busy: 0,
            inits: vec![],
            flying: None,
            tpt: BTreeMap::new(),
            tpt_wait: None,
            tpt_done: None,
            tpt_full: 0xBAD,
            lost: None,
            answered: 0,
            failed: 0,
            shadow: [0; RECORD_WORDS],
        }
    }

    /// One cycle of the surroundings; the command and answer ports are the caller's.
    fn tick(&mut self, cases: &mut Cases) {
        self.dut.set("init_ready", (self.init_busy == 0).into());
        let op_ready = self.flying.is_none() && cases.chance(60);
        self.dut.set("op_ready", op_ready.into());
        let landing = self.flying.filter(|f| f.0 == 0);
        self.dut.set("op_done", landing.is_some().into());
        self.dut.set("op_ok", landing.is_some_and(|f| f.1).into());
        if let Some((_, true, kind, conn)) = landing {
            self.land(kind, conn);
            let s = self.states.get(&conn).copied().unwrap_or_default();
            let fields = [
                ("rcv_nxt", u128::from(s.rcv_nxt)),
                ("smsn", s.smsn.into()),
                ("rmsn", s.rmsn.into()),
                ("st", s.st.into()),
                ("pend", 0xAA),
            ];
            let fields = fields.map(|(n, v)| (n.to_string(), v)).into();
            self.dut
                .set_bits("op_state", &self.design.pack("op_state", &fields));
        } else {
            // Someone else's state, which is nobody's business here.
            let junk: Bits = self.dut.get_bits("op_state").iter().map(|b| !b).collect();
            self.dut.set_bits("op_state", &junk);
        }
        let tpt_ready = self.tpt_wait == Some(0);
        self.dut.set("cmd_ready", tpt_ready.into());
        self.dut.set("cmd_done", self.tpt_done.is_some().into());
        self.dut
            .set("cmd_status", self.tpt_done.unwrap_or(0).into());
        self.tpt_done = None;
        self.dut.settle();

        if self.dut.bit("lkp_we") {
            self.did.push(Did::Lookup {
                sel: self.dut.get("lkp_sel") as u8,
                bucket: self.dut.get("lkp_bucket") as u16,
                row: self.dut.get("lkp_row"),
            });
        }
        if self.dut.bit("ctx_we") {
            self.context_written();
        }
        let (init_we, init_ready) = (self.dut.bit("init_we"), self.init_busy == 0);
        self.init_busy = self.init_busy.saturating_sub(1);
        if init_we && init_ready {
            let names = ["conn", "gen", "smsn", "rmsn", "una", "nxt", "wnd"];
            self.inits
                .push(names.map(|n| self.dut.get(&format!("init_{n}"))));
            let conn = self.dut.get("init_conn") as u16;
            self.did.push(Did::Init { conn });
            self.init_busy = 1 + cases.below(12);
        }
        if let Some(f) = &mut self.flying {
            if f.0 == 0 {
                self.flying = None;
            } else {
                f.0 -= 1;
            }
        }
        if self.dut.bit("op_valid") && op_ready {
            self.op_sent(cases);
        }
        self.tpt_step(cases);
        assert!(!(self.dut.bit("failed") && !self.dut.bit("answered")));
        self.answered += u32::from(self.dut.bit("answered"));
        self.failed += u32::from(self.dut.bit("failed"));
        self.dut.posedge();
    }

    fn context_written(&mut self) {
        let conn = self.dut.get("ctx_conn") as u16;
        let bits = self.dut.get_bits("ctx_row");
        let fields: Fields = self
            .design
            .fields("ctx_row")
            .iter()
            .map(|f| {
                (
                    f.name.clone(),
                    self.design.field_of("ctx_row", &bits, &f.name),
                )
            })
            .collect();
        let valid = fields["valid"] == 1;
        // A frame's VLAN field is 0, or has the tag bit.
        let vlan = fields["tuple"] >> 96;
        let visible = valid && (vlan == 0 || vlan & 0x1000 != 0);
        if visible {
            let open = self.states.get(&conn).is_some_and(|s| s.st == 1);
            assert!(
                open,
                "frames find connection {conn} before its state is written"
            );
        }
        self.did.push(Did::Context {
            conn,
            valid,
            visible,
        });
        self.contexts.insert(conn, fields);
    }

    fn op_sent(&mut self, cases: &mut Cases) {
        let bits = self.dut.get_bits("op");
        let get = |name: &str| self.design.field_of("op", &bits, name);
        let (kind, conn, gen) = (get("kind"), get("conn") as u16, get("gen") as u8);
        // The context RAM is read when the operation enters.
        let found = self.contexts.get(&conn);
        let hit = found.is_some_and(|c| c["valid"] == 1 && c["gen"] == gen.into());
        let hit = hit && self.lost != Some(conn);
        self.did.push(Did::Op {
            kind,
            conn,
            gen,
            fence: get("fence_id") as u16,
        });
        if kind == INSTALL && hit {
            let start = get("hdr_a");
            let state = ConnState {
                rcv_nxt: start as u32,
                smsn: (start >> 32) as u32,
                rmsn: (start >> 64) as u32,
                st: 0,
            };
            self.states.insert(conn, state);
        }
        self.flying = Some((2 + cases.below(10), hit, kind, conn));
    }

    /// The operation reaches X3.
    fn land(&mut self, kind: u128, conn: u16) {
        if let Some(s) = self.states.get_mut(&conn) {
            match kind {
                INSTALL => s.st = 1,
                REMOVE => s.st = 0,
                _ => {}
            }
        }
    }

    fn tpt_step(&mut self, cases: &mut Cases) {
        if !self.dut.bit("cmd_valid") {
            return;
        }
        let names = ["rights", "pd", "bound", "qpn", "base", "len"];
        match self.tpt_wait {
            None => self.tpt_wait = Some(cases.below(6)),
            Some(0) => {
                self.tpt_wait = None;
                let (cmd, stag) = (
                    self.dut.get("cmd_op") as u8,
                    self.dut.get("cmd_stag") as u32,
                );
                self.did.push(Did::Tpt { op: cmd, stag });
                let known = self.tpt.keys().find(|s| *s >> 8 == stag >> 8).copied();
                let status = match (cmd, known) {
                    (0, Some(_)) => 3,
                    (0, None) if stag >> 8 == self.tpt_full => 1,
                    (0, None) => {
                        let fields = names.map(|n| self.dut.get(&format!("cmd_{n}")));
                        self.tpt.insert(stag, fields);
                        0
                    }
                    (_, Some(s)) if s == stag => 0,
                    _ => 2,
                };
                if (cmd, status) == (1, 0) {
                    self.tpt.remove(&stag);
                }
                self.tpt_done = Some(status);
            }
            Some(n) => self.tpt_wait = Some(n - 1),
        }
    }

    /// Gives a command and waits for its answer.
    fn command(&mut self, cases: &mut Cases, c: Cmd) -> (u8, u64) {
        self.did.clear();
        self.dut.set("table_cmd_tvalid", 1);
        self.dut.set("table_cmd_table", c.table.into());
        self.dut.set("table_cmd_op", c.op.into());
        self.dut.set("table_cmd_index", c.index.into());
        self.dut.set("table_cmd_word", c.word.into());
        self.dut.set("table_cmd_data", c.data.into());
        self.dut.set("table_rsp_tready", 0);
        let mut left = 400;
        let mut taken = false;
        loop {
            left -= 1;
            assert!(left > 0, "{c:?} is never answered; it did {:?}", self.did);
            let take = cases.chance(70);
            self.dut.set("table_rsp_tready", take.into());
            self.dut.settle();
            let (ready, valid) = (
                self.dut.bit("table_cmd_tready"),
                self.dut.bit("table_rsp_tvalid"),
            );
            assert!(!(ready && valid), "one command at a time");
            assert!(!valid || taken, "an answer without a command");
            let answer = (
                self.dut.get("table_rsp_status") as u8,
                self.dut.get("table_rsp_data") as u64,
            );
            self.tick(cases);
            if ready && !taken {
                taken = true;
                self.dut.set("table_cmd_tvalid", 0);
                // The fields may change once taken.
                self.dut
                    .set("table_cmd_index", (!c.index & 0xFF_FFFF).into());
                self.dut.set("table_cmd_data", (!c.data).into());
            }
            if valid && take {
                return answer;
            }
        }
    }

    fn write(&mut self, cases: &mut Cases, t: u8, words: &[u64]) {
        for (word, data) in words.iter().enumerate() {
            let c = Cmd {
                table: t,
                op: op::WRITE,
                index: 0,
                word: word as u8,
                data: *data,
            };
            assert_eq!(self.command(cases, c), (status::OK, 0));
            assert_eq!(self.did, [], "WRITE touches nothing but the shadow");
            self.shadow[word] = *data;
        }
    }

    fn read_state(&mut self, cases: &mut Cases) -> ConnState {
        let words = [0, 1].map(|word| {
            let c = Cmd {
                table: table::CONN,
                op: op::READ,
                index: 0,
                word,
                data: 0,
            };
            let (s, data) = self.command(cases, c);
            assert_eq!(s, status::OK);
            data
        });
        ConnState::unpack(words)
    }

    /// Waits until the block says that its tables are clear.
    fn ready(&mut self, cases: &mut Cases) {
        self.dut.set("tables_ready", 1);
        for _ in 0..100_000 {
            self.tick(cases);
            if self.dut.bit("ready") {
                return;
            }
        }
        panic!("never ready");
    }
}

fn record(cases: &mut Cases) -> InstallRecord {
    InstallRecord {
        src: cases.bits(32) as u32,
        dst: cases.bits(32) as u32,
        sport: cases.bits(16) as u16,
        dport: cases.bits(16) as u16,
        vlan: cases.chance(50).then(|| cases.bits(12) as u16),
        gen: cases.bits(8) as u8,
        func: cases.bits(8) as u8,
        ird: cases.bits(8) as u8,
        crc_en: cases.chance(50),
        pd: cases.bits(24) as u32,
        qpn: cases.bits(20) as u32,
        rcv_wnd: cases.bits(32) as u32,
        rcv_nxt: cases.bits(32) as u32,
        smsn: cases.bits(32) as u32,
        rmsn: cases.bits(32) as u32,
        snd_una: cases.bits(32) as u32,
        snd_nxt: cases.bits(32) as u32,
        max_wnd: cases.bits(32) as u32,
    }
}

fn conn(op: u8, conn: u32, data: u64) -> Cmd {
    Cmd {
        table: table::CONN,
        op,
        index: conn,
        word: 0,
        data,
    }
}

fn expect_row(w: &World, number: u16, r: &InstallRecord) {
    let row = &w.contexts[&number];
    let want = [
        ("valid", 1),
        ("gen", r.gen.into()),
        ("tuple", pack_tuple(r.vlan, r.src, r.dst, r.sport, r.dport)),
        ("func", r.func.into()),
        ("rcv_wnd", r.rcv_wnd.into()),
        ("crc_en", r.crc_en.into()),
        ("pd", r.pd.into()),
        ("qpn", r.qpn.into()),
        ("ird", r.ird.into()),
    ];
    for (name, value) in want {
        assert_eq!(row[name], value, "ctx.{name}");
    }
    assert_eq!(row.len(), want.len(), "all of the context is looked at");
    let [.., init] = &w.inits[..] else {
        panic!("no init")
    };
    let u = u128::from;
    let send = [u(r.snd_una), u(r.snd_nxt), u(r.max_wnd)];
    assert_eq!(
        init[..4],
        [number.into(), r.gen.into(), r.smsn.into(), r.rmsn.into()]
    );
    assert_eq!(init[4..], send);
}

/// Install, query, fence, remove: the order of everything they do, and every field.
#[test]
fn a_connection_lives_and_dies_in_order() {
    let cases = &mut Cases::new("rx_command a_connection_lives_and_dies_in_order");
    let design = Design::new(&Command::new(&small(2)), "rx_command");
    let mut w = World::new(&design, cases.seed);
    // Nothing is changed before the tables are clear.
    for t in [table::LOOKUP, table::CONN, table::TPT] {
        let c = Cmd {
            table: t,
            op: op::INSTALL,
            index: 0,
            word: 0,
            data: 0,
        };
        assert_eq!(w.command(cases, c).0, status::NOT_READY);
        assert_eq!(w.did, []);
    }
    w.ready(cases);
    for number in [0u16, 31, 7] {
        let r = record(cases);
        w.write(cases, table::CONN, &r.pack().expect("fits"));
        assert_eq!(
            w.command(cases, conn(op::INSTALL, number.into(), 0)).0,
            status::OK
        );
        let hidden = Did::Context {
            conn: number,
            valid: true,
            visible: false,
        };
        let visible = Did::Context {
            conn: number,
            valid: true,
            visible: true,
        };
        let op_of = |kind, gen, fence| Did::Op {
            kind,
            conn: number,
            gen,
            fence,
        };
        assert_eq!(w.did.len(), 4, "{:?}", w.did);
        assert_eq!(w.did[0], Did::Init { conn: number });
        assert_eq!(w.did[1], hidden);
        let Did::Op {
            kind: INSTALL,
            conn: c,
            gen,
            ..
        } = w.did[2]
        else {
            panic!("{:?}", w.did)
        };
        assert_eq!((c, gen), (number, r.gen));
        assert_eq!(w.did[3], visible);
        expect_row(&w, number, &r);

        let mut state = ConnState {
            rcv_nxt: r.rcv_nxt,
            smsn: r.smsn,
            rmsn: r.rmsn,
            st: 1,
        };
        assert_eq!(w.states[&number], state);
        // Time passes.
        state.rcv_nxt = state.rcv_nxt.wrapping_add(1460);
        state.smsn = state.smsn.wrapping_add(1);
        w.states.insert(number, state);
        let word0 = u64::from(state.smsn) << 32 | u64::from(state.rcv_nxt);
        let gen = u64::from(r.gen);
        assert_eq!(
            w.command(cases, conn(op::QUERY, number.into(), gen)),
            (status::OK, word0)
        );
        assert_eq!(w.did, [op_of(QUERY, r.gen, 0)]);
        assert_eq!(w.read_state(cases), state);

        let c = conn(op::FENCE, number.into(), 0x155 << 8 | gen);
        assert_eq!(w.command(cases, c), (status::OK, 0));
        assert_eq!(w.did, [op_of(FENCE, r.gen, 0x155)]);

        assert_eq!(
            w.command(cases, conn(op::INSTALL, number.into(), 0)).0,
            status::EXISTS
        );
        let wrong = conn(op::REMOVE, number.into(), gen ^ 0x80);
        assert_eq!(w.command(cases, wrong).0, status::BAD_GEN);
        assert_eq!(w.did, []);

        assert_eq!(
            w.command(cases, conn(op::REMOVE, number.into(), gen)),
            (status::OK, word0)
        );
        let gone = Did::Context {
            conn: number,
            valid: false,
            visible: false,
        };
        // The second operation only waits for the pipeline to run dry.
        assert_eq!(
            w.did,
            [op_of(REMOVE, r.gen, 0), gone, op_of(QUERY, r.gen, 0)]
        );
        assert_eq!(w.read_state(cases), ConnState { st: 0, ..state });
        for o in [op::REMOVE, op::QUERY, op::FENCE] {
            assert_eq!(
                w.command(cases, conn(o, number.into(), gen)).0,
                status::NOT_FOUND
            );
            assert_eq!(w.did, []);
        }
    }
}

/// A pipeline that does not find the context: the connection is not left half installed.
#[test]
fn a_refused_install_leaves_nothing() {
    let cases = &mut Cases::new("rx_command a_refused_install_leaves_nothing");
    let design = Design::new(&Command::new(&small(2)), "rx_command");
    let mut w = World::new(&design, cases.seed);
    w.ready(cases);
    let r = record(cases);
    w.write(cases, table::CONN, &r.pack().expect("fits"));
    w.lost = Some(3);
    assert_eq!(w.command(cases, conn(op::INSTALL, 3, 0)).0, status::REFUSED);
    assert_eq!(w.contexts[&3]["valid"], 0);
    w.lost = None;
    assert_eq!(w.command(cases, conn(op::INSTALL, 3, 0)).0, status::OK);
    w.lost = Some(3);
    let gen = u64::from(r.gen);
    assert_eq!(w.command(cases, conn(op::QUERY, 3, gen)).0, status::REFUSED);
    assert_eq!(
        w.command(cases, conn(op::REMOVE, 3, gen)).0,
        status::REFUSED
    );
    assert_eq!(w.contexts[&3]["valid"], 0, "removed all the same");
    assert_eq!(
        w.command(cases, conn(op::REMOVE, 3, gen)).0,
        status::NOT_FOUND
    );
}

/// What the driver knows.
#[derive(Default)]
struct Model {
    conns: BTreeMap<u32, u8>,
}

impl Model {
    /// The status that a command must get.
    fn status(&self, c: &Cmd, w: &World, cfg: &Cfg) -> u8 {
        let commit = matches!(c.op, op::INSTALL | op::REMOVE | op::QUERY | op::FENCE);
        match (c.table, c.op) {
            (3.., _) => status::BAD_TABLE,
            (_, op::WRITE) if usize::from(c.word) >= RECORD_WORDS => status::BAD_WORD,
            (_, op::READ) if c.word > 1 => status::BAD_WORD,
            (_, op::WRITE | op::READ) => status::OK,
            _ if !commit => status::BAD_OP,
            (table::LOOKUP, op::INSTALL | op::REMOVE) => {
                let in_table = c.index & 0xFFFF < 1 << cfg.bucket_bits && c.index >> 17 == 0;
                if in_table {
                    status::OK
                } else {
                    status::BAD_INDEX
                }
            }
            (table::CONN, _) if c.index >> cfg.conn_bits != 0 => status::BAD_INDEX,
            (table::CONN, op::INSTALL) => match self.conns.get(&c.index) {
                Some(_) => status::EXISTS,
                None => status::OK,
            },
            (table::CONN, _) => match self.conns.get(&c.index) {
                None => status::NOT_FOUND,
                Some(gen) if *gen != c.data as u8 => status::BAD_GEN,
                Some(_) => status::OK,
            },
            (table::TPT, op::INSTALL) => {
                let known = w.tpt.keys().any(|s| s >> 8 == c.index);
                match (known, c.index == w.tpt_full) {
                    (true, _) => status::EXISTS,
                    (_, true) => status::FULL,
                    _ => status::OK,
                }
            }
            (table::TPT, op::REMOVE | op::QUERY) => {
                let known = w.tpt.contains_key(&(c.index << 8 | c.data as u8 as u32));
                if known {
                    status::OK
                } else {
                    status::NOT_FOUND
                }
            }
            _ => status::BAD_OP,
        }
    }
}

/// Random commands, good and bad: each gets its status, and only good ones touch anything.
fn soak(cfg: &Cfg, cases: &mut Cases, commands: usize) {
    let design = Design::new(&Command::new(cfg), "rx_command");
    let mut w = World::new(&design, cases.seed);
    let mut model = Model::default();
    w.ready(cases);
    let mut seen = BTreeMap::<u8, u32>::new();
    for _ in 0..commands {
        let t = if cases.chance(95) {
            cases.below(3) as u8
        } else {
            cases.bits(4) as u8
        };
        let few = cases.below(4) as u32;
        let index = match (t, cases.below(10)) {
            (_, 0) => cases.bits(24) as u32,
            (table::LOOKUP, _) => few << 15 & 0x1_0000 | few,
            (table::CONN, 1) => 1 << cfg.conn_bits,
            (table::TPT, 1) => w.tpt_full,
            _ => few,
        };
        let gen = model.conns.get(&index).copied().unwrap_or(0);
        let gen = if cases.chance(85) { gen } else { gen ^ 1 };
        let key = w
            .tpt
            .keys()
            .find(|s| *s >> 8 == index)
            .map_or(0, |s| *s as u8);
        let o = cases.bits(3) as u8;
        let good_word = cases.below(RECORD_WORDS) as u8;
        let c = Cmd {
            table: t,
            op: if cases.chance(70) { o } else { op::INSTALL },
            index,
            word: if cases.chance(85) {
                good_word
            } else {
                cases.bits(6) as u8
            },
            data: match (o, t) {
                (op::WRITE, _) => cases.bits(64) as u64,
                (_, table::TPT) => (key ^ u8::from(cases.chance(15))).into(),
                _ => cases.bits(56) as u64 & !0xFF | u64::from(gen),
            },
        };
        let want = model.status(&c, &w, cfg);
        let before = (w.answered, w.failed);
        let (got, data) = w.command(cases, c);
        assert_eq!(got, want, "{c:?}: {} instead of {}", name(got), name(want));
        let errors = before.1 + u32::from(want != status::OK);
        assert_eq!((w.answered, w.failed), (before.0 + 1, errors), "{c:?}");
        *seen.entry(want).or_default() += 1;
        // The TPT itself says no.
        let asked = t == table::TPT && matches!(c.op, op::INSTALL | op::REMOVE | op::QUERY);
        if want != status::OK && !asked {
            assert_eq!(w.did, [], "{c:?} was refused");
            continue;
        }
        if want == status::OK {
            follow(&mut w, &mut model, &c, data);
        }
    }
    for s in [
        status::OK,
        status::BAD_TABLE,
        status::BAD_OP,
        status::BAD_INDEX,
        status::BAD_WORD,
        status::FULL,
        status::NOT_FOUND,
        status::EXISTS,
        status::BAD_GEN,
    ] {
        assert!(
            seen.contains_key(&s),
            "the stimulus never reaches {}: {seen:?}",
            name(s)
        );
    }
}

/// The effects of a good command.
fn follow(w: &mut World, model: &mut Model, c: &Cmd, data: u64) {
    let s = w.shadow;
    match (c.table, c.op) {
        (_, op::WRITE) => w.shadow[usize::from(c.word)] = c.data,
        (table::LOOKUP, op::INSTALL | op::REMOVE) => {
            let half = |i: usize| u128::from(s[i / 2] >> (32 * (i % 2)) & 0x1FFF_FFFF);
            let row = (0..4).fold(0, |r, i| r | half(i) << (29 * i));
            let row = if c.op == op::INSTALL { row } else { 0 };
            let (sel, bucket) = ((c.index >> 16 & 1) as u8, c.index as u16);
            assert_eq!(w.did, [Did::Lookup { sel, bucket, row }]);
        }
        (table::CONN, op::INSTALL) => {
            model.conns.insert(c.index, s[2] as u8);
            let row = &w.contexts[&(c.index as u16)];
            let tuple = u128::from(s[1]) << 64 & ((1 << 109) - 1) | u128::from(s[0]);
            assert_eq!(row["tuple"], tuple);
            assert_eq!(row["pd"], u128::from(s[2] >> 32 & 0xFF_FFFF));
        }
        (table::CONN, op::REMOVE) => {
            model.conns.remove(&c.index);
            assert_eq!(w.contexts[&(c.index as u16)]["valid"], 0);
        }
        (table::CONN, op::QUERY) => {
            let state = w.states[&(c.index as u16)];
            assert_eq!(data, u64::from(state.smsn) << 32 | u64::from(state.rcv_nxt));
        }
        (table::TPT, o) if o != op::READ => {
            let key = if o == op::INSTALL { s[0] } else { c.data } as u8;
            let stag = c.index << 8 | u32::from(key);
            let code = [0, 0, 0, 1, 2][usize::from(o)];
            assert_eq!(w.did, [Did::Tpt { op: code, stag }]);
        }
        _ => {}
    }
}

fn name(code: u8) -> &'static str {
    status::ENCODING.name_of(code.into()).unwrap_or("no status")
}

#[test]
fn every_command_gets_its_status() {
    let mut cases = Cases::new("rx_command every_command_gets_its_status");
    soak(&small(2), &mut cases, 4000);
}

#[test]
fn every_command_gets_its_status_at_100g() {
    let mut cases = Cases::new("rx_command every_command_gets_its_status_at_100g");
    soak(&dc_100g(), &mut cases, 1500);
}

/// The records of the schema arrive field by field.
#[test]
fn records_arrive_as_the_schema_packs_them() {
    let cases = &mut Cases::new("rx_command records_arrive_as_the_schema_packs_them");
    let design = Design::new(&Command::new(&small(2)), "rx_command");
    let mut w = World::new(&design, cases.seed);
    w.ready(cases);
    for _ in 0..20 {
        let ways: [Option<Way>; 4] = std::array::from_fn(|_| {
            let way = Way {
                conn: cases.bits(16) as u16,
                fp: cases.bits(12) as u16,
            };
            cases.chance(60).then_some(way)
        });
        let row = LookupRow(ways.map(|w| {
            w.map(|w| LookupWay {
                conn: w.conn,
                fingerprint: w.fp,
            })
        }));
        w.write(cases, table::LOOKUP, &row.pack().expect("fits"));
        let (sel, bucket) = (cases.below(2) as u8, cases.below(8) as u16);
        let index = LookupRow::index(sel == 1, bucket);
        let c = Cmd {
            table: table::LOOKUP,
            op: op::INSTALL,
            index,
            word: 0,
            data: 0,
        };
        assert_eq!(w.command(cases, c).0, status::OK);
        assert_eq!(
            w.did,
            [Did::Lookup {
                sel,
                bucket,
                row: pack_row(ways)
            }]
        );

        let r = TptRecord {
            key: cases.bits(8) as u8,
            rights: cases.bits(4) as u8,
            bound_to: cases.chance(50).then(|| cases.bits(20) as u32),
            pd: cases.bits(24) as u32,
            base: cases.bits(64) as u64,
            len: cases.bits(32) as u32,
            pa: cases.bits(64) as u64,
        };
        w.write(cases, table::TPT, &r.pack().expect("fits"));
        let index = 0x1000 + cases.bits(20) as u32;
        let c = Cmd {
            table: table::TPT,
            op: op::INSTALL,
            index,
            word: 0,
            data: 0xFF,
        };
        let stag = index << 8 | u32::from(r.key);
        if w.tpt.keys().any(|s| s >> 8 == index) {
            continue;
        }
        assert_eq!(w.command(cases, c).0, status::OK);
        let bound = r.bound_to.is_some();
        let qpn = r.bound_to.unwrap_or(0);
        let want: [u128; 6] = [
            r.rights.into(),
            r.pd.into(),
            bound.into(),
            qpn.into(),
            r.base.into(),
            r.len.into(),
        ];
        assert_eq!(w.tpt[&stag], want);
        assert_eq!(w.dut.get("cmd_pa"), r.pa.into());
    }
}

/// A register access.
fn access(dut: &mut Dut, address: u16, write: Option<u32>) -> u32 {
    dut.set("registers_tvalid", 1);
    dut.set("registers_address", address.into());
    dut.set("registers_write", write.is_some().into());
    dut.set("registers_data", write.unwrap_or(0xDEAD_BEEF).into());
    dut.set("registers_rsp_tready", 1);
    for _ in 0..100 {
        dut.settle();
        let taken = dut.bit("registers_tready");
        dut.posedge();
        if taken {
            dut.set("registers_tvalid", 0);
            dut.settle();
            assert!(
                dut.bit("registers_rsp_tvalid"),
                "the answer stands in the next cycle"
            );
            let data = dut.get("registers_rsp_data") as u32;
            dut.posedge();
            return data;
        }
    }
    panic!("register 0x{address:x} is never answered");
}

/// Identity, geometry, scratch, and nothing where there is nothing.
#[test]
fn registers_tell_what_the_chip_is() {
    let cfg = small(2);
    for width in [64, 512] {
        let design = Design::new(&Counters::new(&cfg, width), "rx_counters");
        let mut dut = design.start(1);
        assert_eq!(access(&mut dut, ADDR_MAGIC, None), MAGIC);
        assert_eq!(access(&mut dut, ADDR_VERSION, None), ferrowarp_abi::VERSION);
        assert_eq!(access(&mut dut, ADDR_STATUS, None), 0);
        dut.set("ready", 1);
        assert_eq!(access(&mut dut, ADDR_STATUS, None), 1);
        let want = |name: &str| match name {
            "data_width" => width as u32,
            "connections" => 1 << cfg.conn_bits,
            "lookup_buckets" => 1 << cfg.bucket_bits,
            "tpt_sets" => 1 << cfg.tpt_set_bits,
            "rq_slots" => 1 << cfg.rq_bits,
            "ord_slots" => 1 << cfg.ord_bits,
            "nic_slots" => 64,
            "max_frame" => cfg.max_frame as u32,
            "max_fpdu" => cfg.max_fpdu as u32,
            "counters" => COUNTERS.len() as u32,
            other => panic!("no value for {other}"),
        };
        for (i, (name, _)) in GEOMETRY.iter().enumerate() {
            let got = access(&mut dut, ADDR_GEOMETRY + 4 * i as u16, None);
            assert_eq!(got, want(name), "{name}");
        }
        assert_eq!(access(&mut dut, ADDR_SCRATCH, None), 0);
        assert_eq!(access(&mut dut, ADDR_SCRATCH, Some(0x1234_5678)), 0);
        assert_eq!(access(&mut dut, ADDR_MAGIC, Some(5)), 0);
        assert_eq!(access(&mut dut, ADDR_SCRATCH, None), 0x1234_5678);
        assert_eq!(access(&mut dut, ADDR_MAGIC, None), MAGIC);
        let behind = counter_address(COUNTERS.len());
        for nothing in [0x100, 0x3FC, behind, 0x500, 0x1000, 0x8400, 0xFFFC] {
            assert_eq!(
                access(&mut dut, nothing, None),
                NO_REGISTER,
                "0x{nothing:x}"
            );
        }
    }
}

/// Every pulse of every counter is counted, however dense.
#[test]
fn counters_count_every_pulse() {
    let cases = &mut Cases::new("rx_command counters_count_every_pulse");
    let design = Design::new(&Counters::new(&small(2), 64), "rx_counters");
    let mut dut = design.start(cases.seed);
    let ports: Vec<String> = (0..COUNTERS.len()).map(|i| format!("pulse_{i}")).collect();
    let mut sums = vec![0u32; COUNTERS.len()];
    let rates: Vec<u32> = ports
        .iter()
        .map(|_| [0, 1, 30, 100][cases.below(4)])
        .collect();
    for _ in 0..3 {
        // From the first cycle out of reset on: the first scan clears what the RAM held, not the pulses.
        for _ in 0..1000 {
            for ((port, sum), rate) in ports.iter().zip(&mut sums).zip(&rates) {
                let pulse = cases.chance(*rate);
                dut.set(port, pulse.into());
                *sum += u32::from(pulse);
            }
            dut.settle();
            dut.posedge();
        }
        for port in &ports {
            dut.set(port, 0);
        }
        // The scan's length.
        for _ in 0..64 {
            dut.settle();
            dut.posedge();
        }
        for (i, sum) in sums.iter().enumerate() {
            let got = access(&mut dut, counter_address(i), None);
            assert_eq!(got, *sum, "counter {}", COUNTERS[i].name);
        }
    }
    assert_eq!(COUNTERS[counter("rx_frames")].name, "rx_frames");
}
