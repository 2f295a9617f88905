//! Receiver rows EXT-*: Immediate Data, Atomic Requests of the peer, Responses to Atomics of ours (RFC 7306).
//!
//! The operation on memory is the transmit path's: here a Request is checked and handed on with all its fields.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{cpl_flag, cpl_kind, opcode, term};
use ferrowarp_testbench::wire::ddp::{AtomicRequestRepr, AtomicResponseRepr, DdpRepr};

/// The first TO of region `STAG` whose address 8 divides.
const TARGET: u64 = BASE + 5;

/// FPDUs of the wire table, octet by octet.
const IMM: &str = "001a41480000000000000000000000060000000001020304050607083d6b1697";
const ATOMIC_FA: &str = "0046414a0000000000000001000000020000000000000000000010010000b202\
    0000000000020000000000000000000500000000000000000000000000000000fffffffffffffffffcbe7b28";
const ATOMIC_RSP: &str = "001e414b0000000000000003000000010000000000001001000000000000002527ea071b";

fn octets(hex: &str) -> Vec<u8> {
    let digit = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16);
    ok((0..hex.len()).step_by(2).map(digit).collect())
}

fn fetch_add(request_id: u32, to: u64) -> AtomicRequestRepr {
    AtomicRequestRepr {
        op_word: 0,
        request_id,
        stag: STAG,
        to,
        data: 0x0102_0304_0506_0708,
        mask: 0x8000_0000_8000_0000,
        compare: 0,
        compare_mask: u64::MAX,
    }
}

fn cmp_swap(request_id: u32, to: u64) -> AtomicRequestRepr {
    AtomicRequestRepr {
        op_word: 2,
        compare: 0x1122_3344_5566_7788,
        compare_mask: 0xff00_ff00_ff00_ff00,
        ..fetch_add(request_id, to)
    }
}

fn atomic(msn: u32, r: &AtomicRequestRepr) -> Vec<u8> {
    fpdu(&ulpdu::atomic_request(msn, r))
}

fn response(msn: u32, request_id: u32, original: u64) -> Vec<u8> {
    ulpdu::atomic_response(
        msn,
        &AtomicResponseRepr {
            request_id,
            original,
        },
    )
}

/// What came out as it went in; the reserved bits stop at the chip.
fn handed_on(got: &AtomicRequest, msn: u32, r: &AtomicRequestRepr) {
    assert_eq!((got.msn, u32::from(got.op)), (msn, r.op_word & 15));
    assert_eq!((got.id, got.stag, got.to), (r.request_id, r.stag, r.to));
    assert_eq!(
        (got.data, got.mask, got.compare, got.compare_mask),
        (r.data, r.mask, r.compare, r.compare_mask)
    );
}

/// A stream in which `u` is an error of this code: whole and cut, nothing comes of it.
fn refused(b: &mut Bench, c: usize, u: &[u8], code: u16, what: &str) {
    for size in [9000, 13] {
        b.reopen(c, 0xffff_ffe0);
        b.post(c, 100);
        b.send_cut(c, &fpdu(u), size);
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, code)], "{what}, cut {size}");
        assert!(b.atomics(c).is_empty(), "{what}: handed on");
        assert!(b.placed().is_empty(), "{what}: placed");
    }
}

/// Reserved control bits, and an Invalidate STag field that names a region: ignored, in all four messages.
fn ext_02_reserved_fields(b: &mut Bench) {
    let c = b.open(1);
    let (qp, stag) = (b.links[c].plan.qpn, 0x0003_0001);
    let mem = 0x52_0000_0000;
    b.region(
        stag,
        rights(true, false, false, true),
        PD,
        Some(qp),
        0,
        40,
        mem,
    );
    for (bits, field) in [(0x10u8, 0xdead_beefu32), (0x30, stag), (0x20, 1)] {
        b.reopen(c, 9);
        let set = |mut u: Vec<u8>| {
            u[0] |= 0x3c;
            u[1] |= bits;
            u[2..6].copy_from_slice(&field.to_be_bytes());
            fpdu(&u)
        };
        b.post(c, 8);
        b.post(c, 8);
        b.atomic(c, 5, 1, 77);
        b.send(c, &set(ulpdu::immediate(1, *b"12345678", false)));
        b.send(c, &set(ulpdu::immediate(2, *b"abcdefgh", true)));
        b.send(c, &set(ulpdu::atomic_request(1, &fetch_add(9, TARGET))));
        b.send(c, &set(response(1, 77, 3)));
        let e = b.told(c);
        let got: Vec<_> = e.iter().map(|e| (e.kind, e.opcode, e.flags)).collect();
        let (imm, se) = (cpl_flag::IMMEDIATE, cpl_flag::SOLICITED);
        assert_eq!(
            got,
            [
                (cpl_kind::RECV, opcode::IMMEDIATE, imm),
                (cpl_kind::RECV, opcode::IMMEDIATE_SE, imm | se),
                (cpl_kind::READ_DONE, opcode::ATOMIC_RESPONSE, imm),
            ]
        );
        assert_eq!(b.atomics(c).len(), 1);
        b.send(c, &fpdu(&ulpdu::write(stag, 0, b"still there", true)));
        assert_eq!(b.placed(), image(&[(mem, b"still there")]));
    }
}

/// 8 octets, no other number, in one segment at MO 0.
fn ext_03_eight_octets(b: &mut Bench) {
    let c = b.open(1);
    for op in [Opcode::Immediate, Opcode::ImmediateSe] {
        for n in [0usize, 4, 7, 9, 16] {
            let u = DdpRepr::untagged(op, true, 0, 1, 0, 0).emit(&counted(n));
            refused(b, c, &u, term::RDMAP_OPCODE, &format!("{n} octets"));
        }
        for (last, mo) in [(false, 0), (true, 8)] {
            let u = DdpRepr::untagged(op, last, 0, 1, mo, 0).emit(&counted(8));
            refused(b, c, &u, term::RDMAP_OPCODE, "form");
        }
    }
}

/// Each takes one receive, however long, and completes with its octets; nothing is placed. Without a receive: an error.
fn ext_04_takes_a_receive(b: &mut Bench) {
    let c = b.open(1);
    for size in [9000, 11] {
        b.reopen(c, 0xffff_fff0);
        let (first, _) = b.post(c, 100);
        let (second, _) = b.post(c, 0);
        let (third, at) = b.post(c, 9);
        b.send_cut(c, &fpdu(&ulpdu::immediate(1, *b"12345678", true)), size);
        b.send_cut(c, &fpdu(&ulpdu::immediate(2, [0xff; 8], false)), size);
        b.send_cut(c, &fpdu(&send(3, b"send")), size);
        let e = b.told(c);
        let got: Vec<_> = e
            .iter()
            .map(|e| (e.kind, e.msn, e.rqe_idx, e.len, e.imm))
            .collect();
        let value = u64::from_be_bytes(*b"12345678");
        assert_eq!(
            got,
            [
                (cpl_kind::RECV, 1, first, 8, value),
                (cpl_kind::RECV, 2, second, 8, u64::MAX),
                (cpl_kind::RECV, 3, third, 4, 0),
            ]
        );
        assert!(e[0].hdr.is_empty());
        assert_eq!(e[2].flags & cpl_flag::IMMEDIATE, 0);
        assert_eq!(b.placed(), image(&[(at, b"send")]));
        b.send_cut(c, &fpdu(&ulpdu::immediate(4, [1; 8], false)), size);
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_NO_BUFFER)]);
    }
    // As on the wire table.
    b.reopen(c, 77);
    for m in 1..6 {
        b.post(c, 4);
        b.send(c, &fpdu(&send(m, b"")));
    }
    b.post(c, 4);
    b.forget();
    b.send(c, &octets(IMM));
    let e = b.told(c);
    assert_eq!((e.len(), e[0].msn, e[0].imm), (1, 6, 0x0102_0304_0506_0708));
    // The MSN counts with those of the Sends.
    let late = ulpdu::immediate(2, [0; 8], false);
    refused(b, c, &late, term::DDP_MSN, "MSN");
}

/// A Write and Immediate Data: the octets of the Write are there when it completes. Among Sends, and behind a hole, it keeps
/// its turn.
fn ext_05_ordered_as_sends(b: &mut Bench) {
    let c = b.open(1);
    let data = counted(3000);
    let mut all = Vec::new();
    for u in ferrowarp_testbench::build::tagged_message(Opcode::Write, STAG, BASE, &data, 1454) {
        all.extend(fpdu(&u));
    }
    all.extend(fpdu(&ulpdu::immediate(1, [7; 8], false)));
    b.post(c, 10);
    b.send_cut(c, &all, 1400);
    let e = b.told(c);
    assert_eq!((e.len(), e[0].imm), (1, 0x0707_0707_0707_0707));
    assert!(b.chip.writes.iter().all(|w| w.last_data < e[0].cycle));
    assert_eq!(b.placed(), image(&[(MEM, &data)]));

    b.reopen(c, 5);
    for _ in 0..4 {
        b.post(c, 10);
    }
    let mut mixed = fpdu(&send(1, b"a"));
    mixed.extend(fpdu(&ulpdu::immediate(2, [2; 8], true)));
    mixed.extend(fpdu(&send(3, b"c")));
    mixed.extend(fpdu(&ulpdu::immediate(4, [4; 8], false)));
    b.send_cut(c, &mixed, 50);
    let e = b.told(c);
    assert_eq!(e.iter().map(|e| e.msn).collect::<Vec<_>>(), [1, 2, 3, 4]);

    b.reopen(c, 5);
    b.post(c, 10);
    b.forget();
    let (w, i) = (
        fpdu(&write(0, b"first")),
        fpdu(&ulpdu::immediate(1, [1; 8], false)),
    );
    b.send_at(c, w.len() as i64, &i);
    assert!(b.told(c).is_empty(), "completed over a hole");
    b.send(c, &w);
    b.settle();
    if b.state(c).rcv_nxt == b.links[c].seq {
        b.send(c, &i);
    }
    assert_eq!(b.kinds(c), [(cpl_kind::RECV, 0)]);
    assert_eq!(b.placed(), image(&[(MEM, b"first")]));
}

/// A ULPDU of 70 octets in one segment, none other. The one of the wire table is handed on, octet by octet.
fn ext_06_request_header(b: &mut Bench) {
    let c = b.open(1);
    let good = ulpdu::atomic_request(1, &fetch_add(1, TARGET));
    for n in [18usize, 46, 66, 69, 71, 74] {
        let mut u = good.clone();
        u.resize(n, 0);
        refused(b, c, &u, term::DDP_TOO_LONG, &format!("{n} octets"));
    }
    let mut u = good.clone();
    u[0] &= !0x40;
    refused(b, c, &u, term::DDP_TOO_LONG, "not the last segment");
    let mut u = good.clone();
    u[17] = 8;
    refused(b, c, &u, term::DDP_MO, "MO");
    for qn in [0u8, 2, 3, 4] {
        let mut u = good.clone();
        u[9] = qn;
        refused(b, c, &u, term::DDP_QN, "queue");
    }
    let (stag, mem) = (0x0000_b202, 0x56_0000_0000);
    b.region(
        stag,
        rights(true, true, false, false),
        PD,
        None,
        0x2_0000,
        8,
        mem,
    );
    for size in [9000, 7] {
        b.reopen(c, 3);
        b.send(c, &fpdu(&request(1, STAG, BASE, 4)));
        b.send_cut(c, &octets(ATOMIC_FA), size);
        let got = b.atomics(c);
        assert_eq!(got.len(), 1);
        let want = AtomicRequestRepr {
            stag,
            data: 5,
            mask: 0,
            ..fetch_add(0x1001, 0x2_0000)
        };
        handed_on(&got[0], 2, &want);
    }
}

/// Both operations are handed on with all their fields: Request Identifier (EXT-0E), masks, and for FetchAdd whatever stands in
/// the Compare fields (EXT-1A). The 28 bits beside AOpCode are ignored (EXT-09).
fn ext_07_ext_09_ext_0e_ext_1a_both_operations(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.ird = 64;
    let c = b.open_as(plan);
    let mut all = Vec::new();
    for (i, word) in [0u32, 0xffff_fff0, 0x0000_0010, 0x8000_0000]
        .iter()
        .enumerate()
    {
        let (to, id) = (TARGET + 8 * i as u64, 0xdead_0000 + i as u32);
        for mut r in [fetch_add(id, to), cmp_swap(!id, to)] {
            r.op_word |= word;
            all.push(r);
        }
        all.push(AtomicRequestRepr {
            compare: 0x0123_4567_89ab_cdef,
            compare_mask: u64::from(id),
            mask: u64::MAX,
            ..fetch_add(id, to)
        });
    }
    for size in [9000, 29] {
        b.reopen(c, 0xffff_ff00);
        for (i, r) in all.iter().enumerate() {
            b.send_cut(c, &atomic(1 + i as u32, r), size);
            let got = b.atomics(c);
            assert_eq!(got.len(), 1);
            handed_on(&got[0], 1 + i as u32, r);
        }
        assert!(b.told(c).is_empty());
        assert!(b.placed().is_empty(), "operands were placed");
        b.in_step(c);
    }
}

/// AOpCode 1 and 3 to 15.
fn ext_08_unknown_operations(b: &mut Bench) {
    let c = b.open(1);
    for op in (1..16).filter(|op| *op != 2) {
        let r = AtomicRequestRepr {
            op_word: op | 0x0a0a_0a00,
            ..fetch_add(3, TARGET)
        };
        let u = ulpdu::atomic_request(1, &r);
        refused(b, c, &u, term::RDMAP_OPCODE, &format!("AOpCode {op}"));
    }
}

/// A target whose address 8 does not divide, though its TO may be a multiple: nothing is handed on.
fn ext_0a_alignment(b: &mut Bench) {
    let c = b.open(1);
    for by in 1..8 {
        let u = ulpdu::atomic_request(1, &fetch_add(3, TARGET + by));
        let code = term::RDMAP_STREAM_CATASTROPHIC;
        refused(b, c, &u, code, &format!("{by} octets off"));
    }
    let (stag, mem) = (0x0003_0001, 0x52_0000_0004);
    b.region(stag, rights(true, true, false, false), PD, None, 0, 40, mem);
    let at = |to| AtomicRequestRepr {
        stag,
        ..fetch_add(3, to)
    };
    let u = ulpdu::atomic_request(1, &at(8));
    refused(
        b,
        c,
        &u,
        term::RDMAP_STREAM_CATASTROPHIC,
        "TO 8 of a region at 4",
    );
    b.reopen(c, 3);
    b.send(c, &atomic(1, &at(4)));
    assert_eq!(b.atomics(c).len(), 1);
}

/// Responses to Atomics and Reads of ours, in the order in which they were asked for, each with its MSN on queue 3; the one of
/// the wire table.
fn ext_0f_responses(b: &mut Bench) {
    let c = b.open(1);
    let data = counted(9);
    for size in [9000, 9] {
        b.reopen(c, 0xffff_ffc0);
        b.atomic(c, 40, 1, 0x1001);
        b.read(c, 41, STAG, BASE, 9);
        b.atomic(c, 42, 2, 0xffff_ffff);
        b.atomic(c, 43, 3, 0);
        b.send_cut(c, &octets(ATOMIC_RSP), size);
        b.send_cut(
            c,
            &fpdu(&ulpdu::read_response(STAG, BASE, &data, true)),
            size,
        );
        b.send_cut(c, &fpdu(&response(2, 0xffff_ffff, u64::MAX)), size);
        b.send_cut(c, &fpdu(&response(3, 0, 0x8000_0000_0000_0001)), size);
        let got: Vec<_> = b
            .told(c)
            .iter()
            .map(|e| (e.kind, e.opcode, e.rqe_idx, e.len, e.imm))
            .collect();
        let (kind, of_atomic) = (cpl_kind::READ_DONE, opcode::ATOMIC_RESPONSE);
        assert_eq!(
            got,
            [
                (kind, of_atomic, 40, 8, 0x25),
                (kind, opcode::READ_RESPONSE, 41, 9, 0),
                (kind, of_atomic, 42, 8, u64::MAX),
                (kind, of_atomic, 43, 8, 0x8000_0000_0000_0001),
            ]
        );
        assert_eq!(b.placed(), image(&[(MEM, &data)]));
    }
}

/// Read, Atomic, Read have MSN 1, 2, 3 of one queue, and come out in that order, one request each.
fn ext_10_one_queue_with_reads(b: &mut Bench) {
    let c = b.open(1);
    let mut all = fpdu(&request(1, STAG, BASE, 1));
    all.extend(atomic(2, &fetch_add(20, TARGET)));
    all.extend(fpdu(&request(3, STAG, BASE, 3)));
    all.extend(atomic(4, &cmp_swap(40, TARGET)));
    for size in [9000, 31] {
        b.reopen(c, 0xffff_ffc0);
        b.send_cut(c, &all, size);
        let (r, a) = (b.requests(c), b.atomics(c));
        let mut order: Vec<_> = r.iter().map(|r| (r.cycle, r.msn)).collect();
        order.extend(a.iter().map(|a| (a.cycle, a.msn)));
        order.sort_unstable();
        assert_eq!(order.iter().map(|o| o.1).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(a.iter().map(|a| a.id).collect::<Vec<_>>(), [20, 40]);
        assert!(b.told(c).is_empty());
    }
    b.reopen(c, 1);
    b.send(c, &atomic(2, &fetch_add(20, TARGET)));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_MSN)]);
}

/// A hole in front of an Atomic Request: it is handed on when the hole is filled, behind the data of the delayed Write.
fn ext_12_request_behind_a_hole(b: &mut Bench) {
    let c = b.open(1);
    b.reopen(c, 0xffff_ffe0);
    let data = counted(40);
    let (w, a) = (fpdu(&write(0, &data)), atomic(1, &fetch_add(1, TARGET)));
    b.send_at(c, w.len() as i64, &a);
    assert!(b.atomics(c).is_empty(), "taken over a hole");
    b.send(c, &w);
    b.settle();
    if b.state(c).rcv_nxt == b.links[c].seq {
        b.send(c, &a);
    }
    let got = b.atomics(c);
    assert_eq!(got.len(), 1);
    let last = b.chip.writes.iter().map(|w| w.last_data).max();
    assert!(last < Some(got[0].cycle), "handed on in front of the data");
    assert_eq!(b.placed(), image(&[(MEM, &data)]));
}

/// STag, protection domain and queue pair (SEC-01, SEC-02), rights to read and to write, bounds and wrap, as for Reads.
fn ext_15_access(b: &mut Bench) {
    let c = b.open(1);
    let (qp, base) = (b.links[c].plan.qpn, 0x1_0000);
    let both = rights(true, true, true, true);
    let mut pa = 0x60_0000_0000;
    for (stag, rights, pd, bound, code) in [
        (
            0x0006_0001,
            rights(true, false, true, true),
            PD,
            None,
            term::RDMAP_ACCESS,
        ),
        (
            0x0006_0101,
            rights(false, true, true, true),
            PD,
            None,
            term::RDMAP_ACCESS,
        ),
        (
            0x0006_0201,
            rights(false, false, false, false),
            PD,
            None,
            term::RDMAP_ACCESS,
        ),
        (0x0006_0301, both, PD + 1, None, term::RDMAP_STREAM),
        (0x0006_0401, both, PD, Some(qp + 1), term::RDMAP_STREAM),
    ] {
        b.region(stag, rights, pd, bound, base, 64, pa);
        pa += 0x1_0000;
        let u = ulpdu::atomic_request(
            1,
            &AtomicRequestRepr {
                stag,
                ..fetch_add(1, base + 8)
            },
        );
        refused(b, c, &u, code, &format!("STag {stag:#x}"));
    }
    let (stag, top) = (0x0006_0501, 0x0006_0601);
    b.region(
        stag,
        rights(true, true, false, false),
        PD,
        Some(qp),
        base,
        64,
        pa,
    );
    let top_base = u64::MAX - 63;
    b.region(
        top,
        rights(true, true, false, false),
        PD,
        Some(qp),
        top_base,
        64,
        pa + 0x1_0000,
    );
    let at = |stag, to| AtomicRequestRepr {
        stag,
        ..fetch_add(1, to)
    };
    for (stag, to, code) in [
        (stag ^ 2, base, term::RDMAP_INVALID_STAG),
        (0, base, term::RDMAP_INVALID_STAG),
        (0x0077_7701, base, term::RDMAP_INVALID_STAG),
        (stag, base - 8, term::RDMAP_BOUNDS),
        (stag, base + 64, term::RDMAP_BOUNDS),
        (stag, base + (1 << 40), term::RDMAP_BOUNDS),
        (top, u64::MAX - 2, term::RDMAP_TO_WRAP),
    ] {
        let u = ulpdu::atomic_request(1, &at(stag, to));
        refused(b, c, &u, code, &format!("STag {stag:#x} TO {to:#x}"));
    }
    for (i, (stag, to)) in [(stag, base), (stag, base + 56), (top, top_base + 56)]
        .into_iter()
        .enumerate()
    {
        b.reopen(c, 4);
        b.send(c, &atomic(1, &at(stag, to)));
        let got = b.atomics(c);
        assert_eq!(got.len(), 1, "case {i}");
        handed_on(&got[0], 1, &at(stag, to));
    }
}

/// IRD counts Reads and Atomics together, and so does ORD.
fn ext_17_credits(b: &mut Bench) {
    let c = b.open(1);
    let ird = b.links[c].plan.ird;
    assert_eq!(ird, 4);
    let ask = |m: u32| {
        if m % 2 == 0 {
            atomic(m, &fetch_add(m, TARGET))
        } else {
            fpdu(&request(m, STAG, BASE, m))
        }
    };
    for first in [0u32, 1] {
        b.reopen(c, 50);
        for m in 1..=4 {
            b.send(c, &ask(m));
        }
        b.settle();
        if first == 1 {
            b.answer(c, 1);
            b.send(c, &ask(5));
        }
        assert!(b.told(c).is_empty());
        b.send(c, &ask(5 + first));
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_NO_BUFFER)]);
        let all = b.requests(c).len() + b.atomics(c).len();
        assert_eq!(all, 4 + first as usize);
    }
    // Four slots for what we ask.
    b.reopen(c, 50);
    let full = ok(b.chip.counter("ord_full"));
    for i in 0..4u32 {
        if i % 2 == 0 {
            b.atomic(c, i as u16, 1 + i / 2, i);
        } else {
            b.read(c, i as u16, STAG, BASE, 4);
        }
    }
    assert_eq!(ok(b.chip.counter("ord_full")), full);
    b.atomic(c, 9, 3, 9);
    assert_eq!(ok(b.chip.counter("ord_full")), full + 1);
}

/// Responses that nobody waits for: unknown MSN, wrong Request Identifier, a Read's turn, no Atomic at all; a wrong length.
fn ext_19_invalid_responses(b: &mut Bench) {
    let c = b.open(1);
    let mut short = response(1, 77, 3);
    short.truncate(29);
    let mut long = response(1, 77, 3);
    long.extend([0; 2]);
    let mut part = response(1, 77, 3);
    part[0] &= !0x40;
    let mut moved = response(1, 77, 3);
    moved[17] = 1;
    for (u, code) in [
        (response(2, 77, 3), term::DDP_MSN),
        (response(0, 77, 3), term::DDP_MSN),
        (response(0x8000_0001, 77, 3), term::DDP_MSN),
        (response(1, 78, 3), term::DDP_MSN),
        (response(1, 77 ^ 1 << 31, 3), term::DDP_MSN),
        (short, term::DDP_TOO_LONG),
        (long, term::DDP_TOO_LONG),
        (part, term::DDP_TOO_LONG),
        (moved, term::DDP_TOO_LONG),
        (
            ulpdu::read_response(STAG, BASE, b"x", true),
            term::RDMAP_OPCODE,
        ),
    ] {
        for size in [9000, 13] {
            b.reopen(c, 0xffff_ffe0);
            b.atomic(c, 5, 1, 77);
            b.send_cut(c, &fpdu(&u), size);
            assert_eq!(b.kinds(c), [(cpl_kind::ERROR, code)], "{u:02x?}");
            assert!(b.placed().is_empty());
        }
    }
    b.reopen(c, 9);
    b.read(c, 4, STAG, BASE, 1);
    b.atomic(c, 5, 1, 77);
    b.send(c, &fpdu(&response(1, 77, 3)));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_MSN)]);
    b.reopen(c, 9);
    b.send(c, &fpdu(&response(1, 77, 3)));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_MSN)]);
    // Answered once, not twice.
    b.reopen(c, 9);
    b.atomic(c, 5, 1, 77);
    b.send(c, &fpdu(&response(1, 77, 3)));
    b.send(c, &fpdu(&response(1, 77, 3)));
    let kinds = [(cpl_kind::READ_DONE, 0), (cpl_kind::ERROR, term::DDP_MSN)];
    assert_eq!(b.kinds(c), kinds);
    for qn in [0u8, 1, 2, 4] {
        let mut u = response(1, 77, 3);
        u[9] = qn;
        refused(b, c, &u, term::DDP_QN, "queue");
    }
}

const ROWS: &[Row] = &[
    row!(ext_02_reserved_fields),
    row!(ext_03_eight_octets),
    row!(ext_04_takes_a_receive),
    row!(ext_05_ordered_as_sends),
    row!(ext_06_request_header),
    row!(ext_07_ext_09_ext_0e_ext_1a_both_operations),
    row!(ext_08_unknown_operations),
    row!(ext_0a_alignment),
    row!(ext_0f_responses),
    row!(ext_10_one_queue_with_reads),
    row!(ext_12_request_behind_a_hole),
    row!(ext_15_access),
    row!(ext_17_credits),
    row!(ext_19_invalid_responses),
];

#[test]
fn rows_64() {
    rows("conformance_ext", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_ext", 512, ROWS);
}
