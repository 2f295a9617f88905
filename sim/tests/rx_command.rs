//! The command block against a plain Rust model of the driver's view: every command is answered with the right status,
//! and what it does to the tables around it happens in the order that keeps frames and operations apart.
mod rx_command_world;
mod rx_tables;

use ferrowarp_abi::code::{op, status, table};
use ferrowarp_abi::table::{
    ConnState, InstallRecord, LookupRow, LookupWay, TptRecord, RECORD_WORDS,
};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::command::Command;
use ferrowarp_hdl::rx::lookup::{pack_row, pack_tuple, Way};
use rx_command_world::{Cmd, Did, World, FENCE, INSTALL, QUERY, REMOVE};
use rx_tables::{dc_100g, small, Cases, Design};
use std::collections::BTreeMap;

/// Half of them IPv6.
fn record(cases: &mut Cases) -> InstallRecord {
    let v6 = cases.chance(50);
    let bits = if v6 { 128 } else { 32 };
    InstallRecord {
        v6,
        src: cases.bits(bits),
        dst: cases.bits(bits),
        sport: cases.bits(16) as u16,
        dport: cases.bits(16) as u16,
        vlan: cases.chance(50).then(|| cases.bits(12) as u16),
        gen: cases.bits(8) as u8,
        func: cases.bits(8) as u8,
        ird: cases.bits(8) as u8,
        crc_en: cases.chance(50),
        sack: cases.chance(50),
        ts_recent: cases.chance(50).then(|| cases.bits(32) as u32),
        pd: cases.bits(24) as u32,
        qpn: cases.bits(20) as u32,
        markers_from: cases.chance(50).then(|| cases.bits(32) as u32),
        rcv_wnd: cases.bits(32) as u32,
        rcv_nxt: cases.bits(32) as u32,
        smsn: cases.bits(32) as u32,
        rmsn: cases.bits(32) as u32,
        snd_una: cases.bits(32) as u32,
        snd_nxt: cases.bits(32) as u32,
        max_wnd: cases.bits(32) as u32,
    }
}

fn record_of(cases: &mut Cases, v6: bool) -> InstallRecord {
    loop {
        let r = record(cases);
        if r.v6 == v6 {
            return r;
        }
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
        (
            "tuple",
            pack_tuple(r.vlan, r.src as u32, r.dst as u32, r.sport, r.dport),
        ),
        ("v6", r.v6.into()),
        ("src_high", r.src >> 32),
        ("dst_high", r.dst >> 32),
        ("func", r.func.into()),
        ("rcv_wnd", r.rcv_wnd.into()),
        ("crc_en", r.crc_en.into()),
        ("sack", r.sack.into()),
        ("pd", r.pd.into()),
        ("qpn", r.qpn.into()),
        ("ird", r.ird.into()),
    ];
    for (name, value) in want {
        assert_eq!(row[name], value, "ctx.{name}");
    }
    assert_eq!(row.len(), want.len(), "all of the context is looked at");
    let markers = r.markers_from.map_or(0, |s| 1 | u128::from(s % 512) << 1);
    assert_eq!(w.markers, markers, "Markers");
    assert_eq!(w.stamps.0, r.ts_recent.is_some(), "timestamps");
    if let Some(recent) = r.ts_recent {
        assert_eq!(w.stamps.1, recent, "TS.Recent");
    }
    let [.., init] = &w.inits[..] else {
        panic!("no init")
    };
    let u = u128::from;
    let send = [u(r.snd_una), u(r.snd_nxt), u(r.max_wnd), u(r.rcv_nxt)];
    assert_eq!(
        init[..4],
        [number.into(), r.gen.into(), r.smsn.into(), r.rmsn.into()]
    );
    assert_eq!(init[4..], send);
}

/// Install, query, fence, remove: the order of everything they do, and every field.
#[test]
fn a_connection_lives_and_dies_in_order() {
    let cases = &mut Cases::new("a_connection_lives_and_dies_in_order");
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
    for (number, v6) in [(0u16, true), (31, false), (7, true), (8, false)] {
        let r = record_of(cases, v6);
        // An IPv4 record leaves the upper words as they are: they must not count.
        let words = r.pack().expect("fits");
        w.write(cases, table::CONN, &words[..r.words()]);
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
    let cases = &mut Cases::new("a_refused_install_leaves_nothing");
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
        let six = w.shadow[1] >> 45 & 1 == 1;
        let marked = w.shadow[3] >> 20 & 1 == 1;
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
                None if six && !cfg.ipv6 => status::NO_IPV6,
                None if marked && !cfg.markers => status::NO_MARKERS,
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
    if !cfg.ipv6 {
        assert!(seen.contains_key(&status::NO_IPV6), "{seen:?}");
    }
    if !cfg.markers {
        assert!(seen.contains_key(&status::NO_MARKERS), "{seen:?}");
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
            // REMOVE: no way of the row is valid.
            let empty = (0..4).fold(row, |r, i| r & !(1 << (29 * i + 28)));
            let row = if c.op == op::INSTALL { row } else { empty };
            let (sel, bucket) = ((c.index >> 16 & 1) as u8, c.index as u16);
            assert_eq!(w.did, [Did::Lookup { sel, bucket, row }]);
        }
        (table::CONN, op::INSTALL) => {
            model.conns.insert(c.index, s[2] as u8);
            let row = &w.contexts[&(c.index as u16)];
            let tuple = u128::from(s[1]) << 64 & ((1 << 109) - 1) | u128::from(s[0]);
            assert_eq!(row["tuple"], tuple);
            assert_eq!(row["pd"], u128::from(s[2] >> 32 & 0xFF_FFFF));
            let six = s[1] >> 45 & 1;
            let high =
                |low: u64, top: u64| u128::from(six) * (u128::from(top) << 64 | u128::from(low));
            assert_eq!(row["v6"], six.into());
            assert_eq!(row["src_high"], high(s[8], s[9] & 0xFFFF_FFFF));
            let dst = u128::from(six) * (u128::from(s[10]) << 32 | u128::from(s[9] >> 32));
            assert_eq!(row["dst_high"], dst);
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
    let mut cases = Cases::new("every_command_gets_its_status");
    soak(&small(2), &mut cases, 4000);
}

#[test]
fn every_command_gets_its_status_at_100g() {
    let mut cases = Cases::new("every_command_gets_its_status_at_100g");
    soak(&dc_100g(), &mut cases, 1500);
}

/// A preset without IPv6, Markers and timestamps takes the words and refuses the record (TCP-80: nothing is half installed).
#[test]
fn every_command_gets_its_status_without_ipv6_and_markers() {
    let mut cases = Cases::new("every_command_gets_its_status_without_ipv6_and_markers");
    let cfg = Cfg {
        ipv6: false,
        markers: false,
        timestamps: false,
        ..small(2)
    };
    soak(&cfg, &mut cases, 3000);
}

/// The records of the schema arrive field by field.
#[test]
fn records_arrive_as_the_schema_packs_them() {
    let cases = &mut Cases::new("records_arrive_as_the_schema_packs_them");
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
