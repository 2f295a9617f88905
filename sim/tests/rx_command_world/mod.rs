//! What is around the command block: lookup, queues, pipeline and TPT as plain Rust, which answer after random times and
//! write down what they were told, in order.
#![allow(dead_code)] // each test binary uses its part

use crate::rx_tables::{Bits, Cases, Design, Dut, Fields};
use ferrowarp_abi::code::{op, status, table};
use ferrowarp_abi::table::{ConnState, RECORD_WORDS};
use std::collections::BTreeMap;

/// Operation kinds in the order of `OpKind`.
pub const INSTALL: u128 = 2;
pub const REMOVE: u128 = 3;
pub const QUERY: u128 = 4;
pub const FENCE: u128 = 5;

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Cmd {
    pub table: u8,
    pub op: u8,
    pub index: u32,
    pub word: u8,
    pub data: u64,
}

/// What the command block did to its surroundings, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
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
pub struct World<'a> {
    pub design: &'a Design,
    pub dut: Dut<'a>,
    pub did: Vec<Did>,
    /// Context rows as written: generation, whole row.
    pub contexts: BTreeMap<u16, Fields>,
    /// State that X3 would have.
    pub states: BTreeMap<u16, ConnState>,
    /// What the last install said about Markers: {low bits of SeqStart 9, on 1}.
    pub markers: u128,
    /// Of the last Install: timestamps, TS.Recent.
    pub stamps: (bool, u32),
    /// Cycles until the queues are ready again; the init that they took.
    pub init_busy: usize,
    pub inits: Vec<[u128; 8]>,
    /// Operation on its way: cycles left, found, kind, connection.
    pub flying: Option<(usize, bool, u128, u16)>,
    /// STags registered: fields of the record.
    pub tpt: BTreeMap<u32, [u128; 6]>,
    pub tpt_wait: Option<usize>,
    pub tpt_done: Option<u8>,
    /// Index that the TPT has no way for.
    pub tpt_full: u32,
    /// The pipeline loses the context of this connection.
    pub lost: Option<u16>,
    pub answered: u32,
    pub failed: u32,
    pub shadow: [u64; RECORD_WORDS],
}

impl<'a> World<'a> {
    pub fn new(design: &'a Design, seed: u64) -> Self {
        World {
            design,
            dut: design.start(seed),
            did: vec![],
            contexts: BTreeMap::new(),
            states: BTreeMap::new(),
            markers: 0,
            stamps: (false, 0),
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
    pub fn tick(&mut self, cases: &mut Cases) {
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
            let names = ["conn", "gen", "smsn", "rmsn", "una", "nxt", "wnd", "ack"];
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
        assert!(self.dut.bit("answered") || !self.dut.bit("failed"));
        self.answered += u32::from(self.dut.bit("answered"));
        self.failed += u32::from(self.dut.bit("failed"));
        self.dut.posedge();
    }

    pub fn context_written(&mut self) {
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

    pub fn op_sent(&mut self, cases: &mut Cases) {
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
            self.markers = start >> 96 & 0x3ff;
            let all = self.design.bits_of("op", &bits, "hdr_a");
            let recent = (0..32).fold(0, |r, i| r | u32::from(all[107 + i]) << i);
            self.stamps = (all[106], recent);
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
    pub fn land(&mut self, kind: u128, conn: u16) {
        if let Some(s) = self.states.get_mut(&conn) {
            match kind {
                INSTALL => s.st = 1,
                REMOVE => s.st = 0,
                _ => {}
            }
        }
    }

    pub fn tpt_step(&mut self, cases: &mut Cases) {
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
    pub fn command(&mut self, cases: &mut Cases, c: Cmd) -> (u8, u64) {
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

    pub fn write(&mut self, cases: &mut Cases, t: u8, words: &[u64]) {
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

    pub fn read_state(&mut self, cases: &mut Cases) -> ConnState {
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
    pub fn ready(&mut self, cases: &mut Cases) {
        self.dut.set("tables_ready", 1);
        for _ in 0..100_000 {
            self.dut.settle();
            self.dut.posedge();
            if self.dut.bit("ready") {
                return self.tick(cases);
            }
        }
        panic!("never ready");
    }
}
