//! Lookup and context tables against a plain Rust model, cycle by cycle: exact latency, order of frames and operations,
//! what each read sees, and that nothing but the full tuple in a valid context ever hits.
#[path = "rx_tables/lookup_model.rs"]
mod lookup_model;
mod rx_tables;

use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::lookup::{Lookup, Tuple, Way};
use lookup_model::{
    alias, flip, put_tuple, tuple, tuple_of, Bench, Step, Write, FPDU, INSTALL, TUPLE_BITS,
    TUPLE_BITS_V4,
};
use rx_tables::{dc_100g, small, Bits, Cases, Design, Fields};

/// Other operation kinds by their encoding.
const FENCE: u128 = 5;
const WINDOW: usize = 16;

/// Random everything: frames, operations and all writers on top of each other.
fn soak(cfg: &Cfg, cases: &mut Cases, cycles: usize) {
    let design = Design::new(&Lookup::new(cfg), "rx_lookup");
    let mut bench = Bench::new(&design, cfg, cases);
    let conns = bench.ctx.len().min(48);
    let mut tuples: Vec<Tuple> = (0..24).map(|_| tuple(cases, cfg.ipv6)).collect();
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
    // Rows in slices: cycles of the last launch and of the last writes.
    let (mut launched, mut wrote) = (0, [0; 3]);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            frames = [0, 20, 50, 100][cases.below(4)];
            ops = [0, 30, 100][cases.below(3)];
            pops = [20, 60, 100][cases.below(3)];
            room = [50, 95, 100][cases.below(3)];
        }
        let mut step = Step {
            op_room: bench.in_flight() < WINDOW - 1 && cases.chance(room),
            pop: cases.chance(pops),
            pop_op: cases.chance(pops),
            ..Step::default()
        };
        let far = !cfg.sliced || cycle >= launched + 5;
        if far && bench.in_flight() < WINDOW && cases.chance(frames) {
            launched = cycle;
            let mut t = tuples[cases.below(tuples.len())];
            if cases.chance(20) {
                let bits = if cfg.ipv6 { TUPLE_BITS } else { TUPLE_BITS_V4 };
                t = flip(t, cases.below(bits));
            }
            step.launch = Some(t);
        }
        if waiting.is_none() && cases.chance(ops) {
            waiting = Some(operation(&bench, cases, conns));
        }
        // A frame's TPT read: in the cycle of its launch or later, at most one, or the frame ends without.
        step.tpt_pending = (step.launch.is_some() || bench.pending) && cases.chance(70);
        step.frame_tpt = (step.tpt_pending && cases.chance(60)).then(|| cases.bits(32) as u32);
        step.op = waiting.clone().filter(|op| bench.may_offer(op));
        for _ in 0..cases.below(3) {
            let write = random_write(&bench, cases, conns, &tuples);
            // one writer a table a cycle
            let kind = std::mem::discriminant(&write);
            step.writes.retain(|w| std::mem::discriminant(w) != kind);
            // the command block waits for its operation between two
            if !matches!(write, Write::Ctx { .. }) || bench.waiting.is_none() {
                step.writes.push(write);
            }
        }
        if cfg.sliced {
            step.writes.retain(|w| {
                let (table, apart) = match w {
                    // One cycle more: it may wait for a request.
                    Write::Ctx { .. } => (0, 5),
                    Write::Mirror { .. } => (1, 3),
                    Write::Dyn { .. } => (2, 2),
                    _ => return true,
                };
                let keep = cycle >= wrote[table] + apart;
                if keep {
                    wrote[table] = cycle;
                }
                keep
            });
        }
        if bench.waiting.is_some() {
            wrote[0] = cycle;
        }
        bench.tick(&step);
        if bench.taken {
            waiting = None;
        }
    }
    bench.drain();
    let (hits, misses) = (bench.hits, bench.misses);
    // Frames are rarer then.
    let least = cycles / if cfg.sliced { 40 } else { 10 };
    assert!(
        hits > least && misses > least,
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

fn random_write(bench: &Bench, cases: &mut Cases, conns: usize, tuples: &[Tuple]) -> Write {
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
                .find(|c| tuple_of(&bench.ctx[*c]) == t);
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
            put_tuple(&mut row, tuples[conn % tuples.len()]);
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
    let mut cases = Cases::new("soak_latency_2");
    soak(&small(2), &mut cases, 12_000);
}

#[test]
fn soak_latency_3() {
    let mut cases = Cases::new("soak_latency_3");
    soak(&small(3), &mut cases, 12_000);
}

/// Rows in slices, both tables in one memory: as close together as that allows.
#[test]
fn soak_sliced() {
    let mut cases = Cases::new("soak_sliced");
    for ipv6 in [false, true] {
        let cfg = Cfg {
            ipv6,
            sliced: true,
            ..small(2)
        };
        soak(&cfg, &mut cases, 12_000);
    }
}

/// A chip without IPv6: its table keeps no upper address bits.
#[test]
fn soak_without_ipv6() {
    let mut cases = Cases::new("soak_without_ipv6");
    let cfg = Cfg {
        ipv6: false,
        ..small(2)
    };
    soak(&cfg, &mut cases, 6_000);
}

#[test]
fn soak_dc_100g_sizes() {
    let mut cases = Cases::new("soak_dc_100g_sizes");
    soak(&dc_100g(), &mut cases, 2_000);
}

/// Every way of both tables finds its connection, with and without a VLAN tag; bucket and context both have to be there.
#[test]
fn all_ways_of_both_tables() {
    let mut cases = Cases::new("all_ways_of_both_tables");
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    for n in 0..32 {
        let (t, conn) = (tuple(&mut cases, true), cases.below(32));
        let (table, way) = (n / 4 % 2, n % 4);
        assert_eq!(bench.look(t), None);
        bench.context(t, conn, &mut cases);
        assert_eq!(bench.look(t), None, "a context alone is no entry");
        bench.place(table, way, t, conn);
        assert_eq!(bench.look(t), Some(conn), "table {table} way {way}");
        // the same connection in the other table too: still it
        bench.place(1 - table, 3 - way, t, conn);
        assert_eq!(bench.look(t), Some(conn));
        let mut row = Fields::from([("valid".to_string(), 0)]);
        put_tuple(&mut row, t);
        bench.write(Write::Ctx { conn, row });
        bench.tick(&Step::default());
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
    let mut cases = Cases::new("tcp_82_look_alike_tuples_miss");
    for six in [false, true] {
        look_alikes(&mut cases, six);
    }
}

fn look_alikes(cases: &mut Cases, six: bool) {
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, cases);
    let t = loop {
        let t = tuple(cases, true);
        if t.v6 == six {
            break t;
        }
    };
    bench.context(t, 9, cases);
    bench.place(0, 2, t, 9);
    for bit in 0..TUPLE_BITS {
        let near = flip(t, bit);
        assert_eq!(bench.look(near), None, "bit {bit}");
        // put it where the look-alike is looked for: the context still says no
        bench.place(1, bit % 4, near, 9);
        assert_eq!(bench.look(near), None, "bit {bit} with an entry");
    }
    for table in [0, 1] {
        bench.place(table, 1, t, 9);
        let other = alias(cases, t, table, &cfg);
        assert_eq!(bench.look(other), None, "a fingerprint collision is a miss");
    }
    assert_eq!(bench.look(t), Some(9));
    // Two connections with one fingerprint (the driver never does that): a miss or the right one, never the other.
    let other = alias(cases, t, 0, &cfg);
    bench.context(other, 6, cases);
    bench.place(0, 3, other, 6);
    assert!(matches!(bench.look(t), None | Some(9)));
    assert!(matches!(bench.look(other), None | Some(6)));
}

/// An operation of an earlier generation, of an invalid context or of no connection of the chip does not hit.
#[test]
fn operations_hit_only_their_generation() {
    let mut cases = Cases::new("operations_hit_only_their_generation");
    let cfg = small(3);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    let t = tuple(&mut cases, true);
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
    bench.tick(&Step::default());
    assert!(!run(&mut bench, FPDU, 5, gen));
}

/// After a second reset the rows of the first life are still there: no operation is taken and every frame misses until they
/// are cleared, and nothing hits then.
#[test]
fn reset_forgets_at_once() {
    let mut cases = Cases::new("reset_forgets_at_once");
    let cfg = small(2);
    let design = Design::new(&Lookup::new(&cfg), "rx_lookup");
    let mut bench = Bench::new(&design, &cfg, &mut cases);
    // both the bucket and the context among those cleared last
    let t = loop {
        let t = tuple(&mut cases, false);
        if bench.key(t).0[1] == 7 {
            break t;
        }
    };
    bench.context(t, 31, &mut cases);
    bench.place(1, 0, t, 31);
    assert_eq!(bench.look(t), Some(31));
    let dut = &mut bench.dut;
    dut.model.reset(2).expect("no assertion in reset");
    let mut entries = 0;
    for cycle in 0..80 {
        dut.set("launch_valid", u128::from(cycle % 2 == 0 && cycle < 60));
        dut.set("launch_tuple", t.low);
        dut.set("op_room", 1);
        dut.set("ctx_pop", 0);
        dut.settle();
        assert_eq!(dut.bit("ready"), cycle >= 32);
        assert!(
            cycle >= 32 || !dut.bit("op_ready"),
            "an operation taken in cycle {cycle}"
        );
        let visible = dut.bit("ctx_valid");
        if visible {
            assert_eq!(design.field_of("ctx", &dut.get_bits("ctx"), "hit"), 0);
            entries += 1;
        }
        dut.set("ctx_pop", visible.into());
        dut.settle();
        dut.posedge();
    }
    assert_eq!(entries, 30);
}
