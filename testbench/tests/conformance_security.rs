//! Receiver rows SEC-* and the rows about many peers.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{cpl_kind, term};

/// What a connection may not do, one FPDU each: it is an error with this code, and nothing is placed or handed on.
fn refused(b: &mut Bench, c: usize, u: &[u8], code: u16, what: &str) {
    for size in [9000, 13] {
        b.reopen(c, 0xffff_fff0);
        b.post(c, 100);
        b.send_cut(c, &fpdu(u), size);
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, code)], "{what}");
        assert!(b.placed().is_empty() && b.requests(c).is_empty(), "{what}");
    }
}

fn invalidate(stag: u32) -> Vec<u8> {
    ulpdu::send(Opcode::SendInv, 1, 0, b"inv", true, stag)
}

/// A stream of PD A and the STag of PD B: Write, Read, invalidation; it stays valid for its owner. (Atomics: EXT rows.)
fn sec_01_other_protection_domain(b: &mut Bench) {
    let (stag, mem) = (0x0005_0001, 0x55_0000_0001);
    for bound in [false, true] {
        let mut owner = ConnPlan::new(2 + u16::from(bound));
        owner.pd = 8;
        let qp = owner.qpn;
        let owner = b.open_as(owner);
        let c = b.open(if bound { 5 } else { 1 });
        b.region(
            stag,
            rights(true, true, true, true),
            8,
            bound.then_some(qp),
            0,
            100,
            mem,
        );
        refused(
            b,
            c,
            &ulpdu::write(stag, 0, b"x", true),
            term::DDP_TAGGED_STREAM,
            "Write",
        );
        refused(b, c, &request(1, stag, 0, 1), term::RDMAP_STREAM, "Read");
        refused(
            b,
            c,
            &invalidate(stag),
            term::RDMAP_PROT_INVALIDATE,
            "invalidate",
        );
        b.send(owner, &fpdu(&ulpdu::write(stag, 3, b"mine", true)));
        assert_eq!(b.placed(), image(&[(mem + 3, b"mine")]));
        ok(b.chip.deregister_region(stag));
    }
}

/// An STag bound to one stream, used on another one of the same PD.
fn sec_02_bound_to_another_stream(b: &mut Bench) {
    let (stag, mem) = (0x0005_0001, 0x55_0000_0001);
    let (c, owner) = (b.open(1), b.open(2));
    let qp = b.links[owner].plan.qpn;
    b.region(
        stag,
        rights(true, true, true, true),
        PD,
        Some(qp),
        0,
        100,
        mem,
    );
    refused(
        b,
        c,
        &ulpdu::write(stag, 0, b"x", true),
        term::DDP_TAGGED_STREAM,
        "Write",
    );
    refused(b, c, &request(1, stag, 0, 1), term::RDMAP_STREAM, "Read");
    refused(
        b,
        c,
        &invalidate(stag),
        term::RDMAP_PROT_INVALIDATE,
        "invalidate",
    );
    b.reopen(c, 9);
    b.read(c, 3, stag, 0, 4);
    b.send(c, &fpdu(&ulpdu::read_response(stag, 0, b"resp", true)));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_TAGGED_STREAM)]);
    assert!(b.placed().is_empty());
    b.send(owner, &fpdu(&ulpdu::write(stag, 3, b"mine", true)));
    assert_eq!(b.placed(), image(&[(mem + 3, b"mine")]));
}

/// An STag that several streams use is not invalidated by one of them (RDM-4A, SEC-0F). The right is the driver's to give, and
/// only to a region bound to one stream: without it the chip refuses, and the region stays; with it the bound stream alone.
fn rdm_4a_sec_0f_shared_stag(b: &mut Bench) {
    let (x, y) = (b.open(1), b.open(2));
    let (shared, mem) = (0x0005_0001, 0x55_0000_0001);
    b.region(
        shared,
        rights(true, false, false, false),
        PD,
        None,
        0,
        100,
        mem,
    );
    b.send(x, &fpdu(&ulpdu::write(shared, 0, b"x", true)));
    b.send(y, &fpdu(&ulpdu::write(shared, 1, b"y", true)));
    assert_eq!(b.placed(), image(&[(mem, b"x"), (mem + 1, b"y")]));
    b.post(x, 10);
    b.send(x, &fpdu(&invalidate(shared)));
    assert_eq!(b.kinds(x), [(cpl_kind::ERROR, term::RDMAP_PROT_INVALIDATE)]);
    b.forget();
    b.send(y, &fpdu(&ulpdu::write(shared, 2, b"z", true)));
    assert_eq!(
        b.placed(),
        image(&[(mem + 2, b"z")]),
        "the other stream has lost its STag"
    );
    assert!(b.told(y).is_empty());
    let (own, at) = (0x0006_0001, 0x56_0000_0001);
    let qp = b.links[y].plan.qpn;
    b.region(
        own,
        rights(true, false, false, true),
        PD,
        Some(qp),
        0,
        100,
        at,
    );
    b.reopen(x, 5);
    refused(
        b,
        x,
        &invalidate(own),
        term::RDMAP_PROT_INVALIDATE,
        "invalidate by another",
    );
    b.send(y, &fpdu(&ulpdu::write(own, 0, b"own", true)));
    assert_eq!(b.placed(), image(&[(at, b"own")]));
    b.post(y, 10);
    b.send(y, &fpdu(&invalidate(own)));
    assert_eq!(b.kinds(y), [(cpl_kind::RECV, 0)]);
    refused(
        b,
        y,
        &ulpdu::write(own, 0, b"own", true),
        term::DDP_TAGGED_STAG,
        "after it",
    );
}

/// All edges of regions of 1, 2, 64 and 4097 octets at page offsets 1 to 4095: Write and Read.
fn sec_03_every_edge(b: &mut Bench) {
    let stag = 0x0005_0001;
    let c = b.open(1);
    for (offset, len) in [
        (1u64, 1u32),
        (4095, 1),
        (63, 2),
        (64, 64),
        (511, 4097),
        (2047, 64),
        (4095, 4097),
    ] {
        let (base, mem) = (0x7000 + offset, 0x55_0000_0000 + offset);
        b.region(
            stag,
            rights(true, true, false, false),
            PD,
            None,
            base,
            len,
            mem,
        );
        let end = base + u64::from(len);
        b.reopen(c, 5);
        let all = counted(len as usize);
        let last = [all[len as usize - 1] ^ 0xff];
        let first = [all[0] ^ 0xff];
        for (to, data) in [(base, &all[..]), (end - 1, &last[..]), (base, &first[..])] {
            b.send_cut(c, &fpdu(&ulpdu::write(stag, to, data, true)), 1460);
            assert_eq!(
                b.placed(),
                image(&[(mem + to - base, data)]),
                "{len} octets at {offset}"
            );
        }
        b.send(c, &fpdu(&request(1, stag, base, len)));
        b.send(c, &fpdu(&request(2, stag, end - 1, 1)));
        assert_eq!(b.requests(c).len(), 2);
        for (to, n) in [
            (base - 1, 1u32),
            (base - 1, 2),
            (end, 1),
            (end - 1, 2),
            (base, len + 1),
            (base ^ 1 << 40, 1),
        ] {
            let what = format!("{n} octets at {to:#x}, region {base:#x}+{len}");
            refused(
                b,
                c,
                &ulpdu::write(stag, to, &counted(n as usize), true),
                term::DDP_TAGGED_BOUNDS,
                &what,
            );
            refused(b, c, &request(1, stag, to, n), term::RDMAP_BOUNDS, &what);
        }
        ok(b.chip.deregister_region(stag));
    }
}

/// Writes in a stream while the STag is taken away: none is placed behind the fence, the first refused is 0x11/0x00.
fn sec_04_revoked_under_traffic(b: &mut Bench) {
    let (stag, mem) = (0x0005_0001, 0x55_0000_0001);
    let c = b.open(1);
    for phase in 0..12u64 {
        b.region(
            stag,
            rights(true, false, false, false),
            PD,
            None,
            0,
            5000,
            mem,
        );
        b.reopen(c, 5);
        let now = b.chip.cycle();
        for i in 0..30u64 {
            let f = fpdu(&ulpdu::write(stag, i * 100, &counted(100), true));
            let frame = b.links[c].spec().frame(&f);
            b.skip(c, f.len());
            b.chip.send(now + i * 40, frame);
        }
        for _ in 0..100 + phase * 37 {
            ok(b.chip.tick());
        }
        ok(b.chip.deregister_region(stag));
        let (conn, gen) = (b.links[c].plan.conn, b.links[c].plan.gen);
        ok(b.chip.fence(conn, gen, 77));
        b.settle();
        let e = b.told(c);
        let fence = e
            .iter()
            .find(|e| e.kind == cpl_kind::FENCE)
            .map(|e| e.cycle);
        let late = b
            .chip
            .writes
            .iter()
            .filter(|w| (mem..mem + 5000).contains(&w.addr) && Some(w.last_data) > fence);
        assert_eq!(late.count(), 0, "phase {phase}: written behind the fence");
        let errors: Vec<u16> = e
            .iter()
            .filter(|e| e.kind == cpl_kind::ERROR)
            .map(|e| e.term)
            .collect();
        assert_eq!(errors, [term::DDP_TAGGED_STAG], "phase {phase}");
        let n = b.placed().len();
        assert!(n > 0 && n < 3000, "phase {phase}: {n} octets");
    }
}

/// Four STags whose indices differ only in high bits fill a set of the table: each has its own memory and bounds.
fn sec_03_regions_of_one_set(b: &mut Bench) {
    let c = b.open(1);
    let stag = |n: u32| (0x40 * (n + 1) + 5) << 8 | n;
    let mem = |n: u32| 0x60_0000_0000 + u64::from(n) * 0x1_0003;
    for n in 0..4 {
        let all = rights(true, false, false, false);
        b.region(stag(n), all, PD, None, 0, 64 + n, mem(n));
    }
    for n in 0..4 {
        let data = counted(64 + n as usize);
        b.reopen(c, 5);
        b.send(c, &fpdu(&ulpdu::write(stag(n), 0, &data, true)));
        assert_eq!(b.placed(), image(&[(mem(n), &data)]), "region {n}");
        b.send(c, &fpdu(&ulpdu::write(stag(n), 1, &data, true)));
        assert_eq!(b.placed(), Image::new(), "region {n}");
    }
}

/// Every set of rights against Write, Read Request and Read Response.
fn sec_05_rights_by_operation(b: &mut Bench) {
    let (stag, mem) = (0x0005_0001, 0x55_0000_0001);
    let c = b.open(1);
    for set in 0..8u8 {
        let (w, r, s) = (set & 1 != 0, set & 2 != 0, set & 4 != 0);
        b.region(stag, rights(w, r, s, false), PD, None, 0, 64, mem);
        for size in [9000, 9] {
            b.reopen(c, 5);
            b.send_cut(c, &fpdu(&ulpdu::write(stag, 0, b"data", true)), size);
            let want = if w {
                vec![]
            } else {
                vec![(cpl_kind::ERROR, term::RDMAP_ACCESS)]
            };
            assert_eq!(
                (b.kinds(c), b.placed().len()),
                (want, if w { 4 } else { 0 }),
                "Write, rights {set:03b}"
            );
            b.reopen(c, 5);
            b.send_cut(c, &fpdu(&request(1, stag, 0, 4)), size);
            let want = if r {
                vec![]
            } else {
                vec![(cpl_kind::ERROR, term::RDMAP_ACCESS)]
            };
            assert_eq!(
                (b.kinds(c), b.requests(c).len()),
                (want, usize::from(r)),
                "Read, rights {set:03b}"
            );
            b.reopen(c, 5);
            b.read(c, 1, stag, 0, 4);
            b.send_cut(
                c,
                &fpdu(&ulpdu::read_response(stag, 0, b"resp", true)),
                size,
            );
            let want = if s {
                (cpl_kind::READ_DONE, 0)
            } else {
                (cpl_kind::ERROR, term::RDMAP_ACCESS)
            };
            assert_eq!(
                (b.kinds(c), b.placed().len()),
                (vec![want], if s { 4 } else { 0 }),
                "Response, rights {set:03b}"
            );
        }
        ok(b.chip.deregister_region(stag));
    }
}

/// A flood of Read Requests on A: B still has all its own.
fn sec_0c_read_queues_are_not_shared(b: &mut Bench) {
    let flood: Vec<usize> = (0..20).map(|n| b.open(n)).collect();
    let c = b.open(30);
    for (i, a) in flood.iter().enumerate() {
        let n = if i == 0 { 9 } else { 4 };
        for m in 1..=n {
            b.send(*a, &fpdu(&request(m, STAG, BASE, m)));
        }
        b.settle();
    }
    let first: Vec<_> = b.kinds(flood[0]);
    assert_eq!(first, [(cpl_kind::ERROR, term::DDP_NO_BUFFER)]);
    b.forget();
    let before = b.chip.cycle();
    for m in 1..=4 {
        b.send(c, &fpdu(&request(m, STAG, BASE, m)));
    }
    let got = b.requests(c);
    assert_eq!(got.iter().map(|r| r.msn).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(got[3].cycle - before < 600, "the flood delays others");
    assert!(b.told(c).is_empty());
}

/// IRD as installed: exactly so many Requests may be open.
fn sec_0d_ird_is_a_setting(b: &mut Bench) {
    for (n, ird) in [(1, 0u8), (2, 1), (3, 2), (4, 7), (5, 16)] {
        let mut plan = ConnPlan::new(n);
        plan.ird = ird;
        let c = b.open_as(plan);
        for m in 1..=u32::from(ird) + 1 {
            b.send(c, &fpdu(&request(m, STAG, BASE, 1)));
            b.settle();
        }
        assert_eq!(b.requests(c).len(), usize::from(ird));
        assert_eq!(
            b.kinds(c),
            [(cpl_kind::ERROR, term::DDP_NO_BUFFER)],
            "IRD {ird}"
        );
    }
}

/// Zero-length Writes, one-octet segments, gaps and PAD that is not zero from one peer: others lose nothing, and the counters tell.
fn sec_11_slow_paths(b: &mut Bench) {
    let (bad, good) = (b.open(1), b.open(2));
    let counters = ["fpdu_fast", "tcp_ooo", "tcp_dup", "asm_segments"];
    let before = counters.map(|n| ok(b.chip.counter(n)));
    let mut flood = Vec::new();
    for i in 0..100u32 {
        flood.extend(fpdu(&ulpdu::write(i, 0, &[], true)));
    }
    let now = b.chip.cycle();
    for i in 0..40u64 {
        let spec = b.links[bad].spec();
        let f = match i % 4 {
            0 => spec.frame(&flood[..20]),
            1 => spec.frame(&flood[..1]),
            2 => b.links[bad].at(40).frame(&[1, 2, 3]),
            _ => b.links[bad].at(-5).frame(&[0]),
        };
        b.chip.send(now + i * 100, f);
        if i % 4 < 2 {
            let n = if i % 4 == 0 { 20 } else { 1 };
            b.skip(bad, n);
            flood.drain(..n);
        }
        let data = counted(64);
        let frame = b.links[good].spec().fpdu(&write(i * 64, &data));
        b.skip(good, frame.len() - 54);
        b.chip.send(now + i * 100 + 50, frame);
    }
    let got = b.placed();
    assert_eq!(got.len(), 40 * 64, "the good peer lost something");
    let slowest = b
        .chip
        .writes
        .iter()
        .zip(b.chip.sent.iter().skip(1).step_by(2))
        .map(|(w, s)| w.req_cycle - s.last)
        .max();
    assert!(slowest < Some(100), "{slowest:?} cycles");
    b.in_step(good);
    for (n, old) in counters.iter().zip(before) {
        assert!(ok(b.chip.counter(n)) > old, "{n} does not count");
    }
}

/// STag 0: no Write, no Read, no invalidation, with a connection of any kind.
fn sec_17_stag_zero(b: &mut Bench) {
    let c = b.open(1);
    for to in [0, BASE, MEM, u64::MAX - 100] {
        refused(
            b,
            c,
            &ulpdu::write(0, to, b"x", true),
            term::DDP_TAGGED_STAG,
            "Write",
        );
        refused(
            b,
            c,
            &request(1, 0, to, 1),
            term::RDMAP_INVALID_STAG,
            "Read",
        );
    }
    refused(
        b,
        c,
        &invalidate(0),
        term::RDMAP_PROT_INVALIDATE,
        "invalidate",
    );
}

/// 62 peers that have sent half an FPDU and stopped, one that is dead: the last one has full service.
fn tcp_83_slow_peers_do_not_starve_others(b: &mut Bench) {
    let slow: Vec<usize> = (0..62).map(|n| b.open(n)).collect();
    for c in &slow {
        let f = fpdu(&write(0, &counted(900)));
        b.send(*c, &f[..500]);
        b.settle();
    }
    let (dead, c) = (b.open(62), b.open(63));
    b.send_flags(dead, Flags::RST, &[]);
    b.forget();
    let data = counted(3000);
    let mut all = Vec::new();
    for i in 0..6u64 {
        all.extend(fpdu(&write(i * 3000, &data)));
    }
    b.send_cut(c, &all, 1460);
    b.in_step(c);
    assert_eq!(b.placed().len(), 18_000);
    // And a slow one goes on where it was.
    let f = fpdu(&write(0, &counted(900)));
    b.send(slow[40], &f[500..]);
    assert_eq!(b.placed().len(), 900);
}

const ROWS: &[Row] = &[
    row!(sec_01_other_protection_domain),
    row!(sec_02_bound_to_another_stream),
    row!(rdm_4a_sec_0f_shared_stag),
    row!(sec_03_every_edge),
    row!(sec_03_regions_of_one_set),
    row!(sec_04_revoked_under_traffic),
    row!(sec_05_rights_by_operation),
    row!(sec_0c_read_queues_are_not_shared),
    row!(sec_0d_ird_is_a_setting),
    row!(sec_11_slow_paths),
    row!(sec_17_stag_zero),
    row!(tcp_83_slow_peers_do_not_starve_others),
];

#[test]
fn rows_64() {
    rows("conformance_security", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_security", 512, ROWS);
}
