//! Receiver rows RDM-* and REG-*: messages, Reads, invalidation, Terminate, ordering.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{cpl_flag, cpl_kind, term};

/// Both reserved control bits of every message type are ignored.
fn rdm_03_reserved_bits(b: &mut Bench) {
    let c = b.open(1);
    for bits in [0x10u8, 0x20, 0x30] {
        let set = |mut u: Vec<u8>| {
            u[1] |= bits;
            fpdu(&u)
        };
        b.reopen(c, 9);
        let (_, at) = b.post(c, 20);
        b.read(c, 5, STAG, BASE + 600, 3);
        b.send(c, &set(write(0, b"write")));
        b.send(c, &set(send(1, b"send")));
        b.send(
            c,
            &set(ulpdu::read_response(STAG, BASE + 600, b"rsp", true)),
        );
        b.send(c, &set(request(1, STAG, BASE, 4)));
        assert_eq!(
            b.placed(),
            image(&[(MEM, b"write"), (at, b"send"), (MEM + 600, b"rsp")])
        );
        assert_eq!(b.requests(c).len(), 1);
        b.send(c, &set(terminate(0x1101)));
        let kinds = [cpl_kind::RECV, cpl_kind::READ_DONE, cpl_kind::TERMINATE];
        assert_eq!(b.told(c).iter().map(|e| e.kind).collect::<Vec<_>>(), kinds);
    }
}

/// The Invalidate STag field DEADBEEF, or that of a region, in Send, SendSE, Read Request and Terminate: nothing is invalidated.
fn rdm_08_invalidate_field_of_other_messages(b: &mut Bench) {
    let c = b.open(1);
    let (qp, stag) = (b.links[c].plan.qpn, 0x0003_0001);
    b.region(
        stag,
        rights(true, false, false, true),
        PD,
        Some(qp),
        0,
        40,
        0x52_0000_0000,
    );
    for field in [0xdead_beefu32, stag] {
        b.reopen(c, 9);
        b.post(c, 20);
        b.post(c, 20);
        let set = |mut u: Vec<u8>| {
            u[2..6].copy_from_slice(&field.to_be_bytes());
            fpdu(&u)
        };
        b.send(c, &set(send(1, b"send")));
        b.send(
            c,
            &set(ulpdu::send(Opcode::SendSe, 2, 0, b"sendse", true, 0)),
        );
        b.send(c, &set(request(1, STAG, BASE, 4)));
        let e = b.told(c);
        assert_eq!(e.len(), 2);
        assert!(e
            .iter()
            .all(|e| e.kind == cpl_kind::RECV && e.flags & cpl_flag::INVALIDATED == 0));
        b.forget();
        b.send(c, &fpdu(&ulpdu::write(stag, 0, b"still there", true)));
        assert_eq!(b.placed(), image(&[(0x52_0000_0000, b"still there")]));
        b.send(c, &set(terminate(0x1101)));
        assert_eq!(b.kinds(c), [(cpl_kind::TERMINATE, 0x1101)]);
        b.reopen(c, 9);
        b.send(c, &fpdu(&ulpdu::write(stag, 0, b"still there", true)));
        assert_eq!(b.placed().len(), 11, "a Terminate has invalidated");
    }
}

/// Writes place, and never complete at the sink; a zero-length one is allowed (RDM-12).
fn rdm_10_writes_complete_nothing(b: &mut Bench) {
    let c = b.open(1);
    b.post(c, 100);
    let mut want = Vec::new();
    let parts: Vec<Vec<u8>> = [1usize, 60, 0, 700].map(counted).to_vec();
    for (i, data) in parts.iter().enumerate() {
        b.send(c, &fpdu(&write(i as u64 * 1000, data)));
        want.push((MEM + i as u64 * 1000, data.as_slice()));
    }
    b.send(
        c,
        &fpdu(&ulpdu::write(STAG, BASE + 9000, &counted(50), false)),
    );
    let rest = counted(9);
    b.send(c, &fpdu(&write(9050, &rest)));
    want.push((MEM + 9050, &rest));
    let first = counted(50);
    want.push((MEM + 9000, &first));
    assert_eq!(b.placed(), image(&want));
    assert!(b.told(c).is_empty());
    b.in_step(c);
    // The receive is still there.
    b.send(c, &fpdu(&send(1, b"x")));
    assert_eq!(b.kinds(c), [(cpl_kind::RECV, 0)]);
}

/// Bad STag and bad bounds of a Write: an error at this side, nothing placed.
fn rdm_15_bad_writes(b: &mut Bench) {
    let c = b.open(1);
    for (stag, to, code) in [
        (STAG ^ 0x40, BASE, term::DDP_TAGGED_STAG),
        (STAG + (9 << 8), BASE, term::DDP_TAGGED_STAG),
        (STAG, BASE - 1, term::DDP_TAGGED_BOUNDS),
        (STAG, BASE + u64::from(LEN) - 7, term::DDP_TAGGED_BOUNDS),
        (STAG, u64::MAX - 3, term::DDP_TAGGED_TO_WRAP),
    ] {
        for size in [9000, 10] {
            b.reopen(c, 9);
            b.send_cut(c, &fpdu(&ulpdu::write(stag, to, &counted(8), true)), size);
            assert!(b.placed().is_empty());
            let e = b.told(c);
            assert_eq!(
                e.iter().map(|e| (e.kind, e.term)).collect::<Vec<_>>(),
                [(cpl_kind::ERROR, code)]
            );
        }
    }
}

/// A Send shorter than its buffer: the length is reported, the rest of the buffer is not touched.
fn rdm_41_short_send(b: &mut Bench) {
    let c = b.open(1);
    for (i, n) in [1usize, 63, 64, 99, 100].into_iter().enumerate() {
        let (idx, at) = b.post(c, 100);
        b.send(c, &fpdu(&send(1 + i as u32, &counted(n))));
        assert_eq!(b.placed(), image(&[(at, &counted(n))]));
        assert_eq!(
            b.told(c)
                .iter()
                .map(|e| (e.rqe_idx, e.len))
                .collect::<Vec<_>>(),
            [(idx, n as u32)]
        );
    }
}

/// 101 octets for a buffer of 100.
fn rdm_42_long_send(b: &mut Bench) {
    let c = b.open(1);
    for op in [Opcode::Send, Opcode::SendSe] {
        for size in [9000, 50] {
            b.reopen(c, 1);
            b.post(c, 100);
            b.send_cut(
                c,
                &fpdu(&ulpdu::send(op, 1, 0, &counted(101), true, 0)),
                size,
            );
            assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_TOO_LONG)]);
            assert!(b.placed().len() <= 100, "behind the buffer");
        }
    }
}

/// A zero-length Send takes one receive and completes with length 0.
fn rdm_43_zero_length_send(b: &mut Bench) {
    let c = b.open(1);
    let (a, _) = b.post(c, 100);
    let (z, at) = b.post(c, 0);
    let (d, _) = b.post(c, 100);
    assert!(at > 0);
    for m in 1..=2 {
        b.send(c, &fpdu(&send(m, &[])));
    }
    b.send(c, &fpdu(&send(3, b"xyz")));
    let got: Vec<_> = b
        .told(c)
        .iter()
        .map(|e| (e.kind, e.rqe_idx, e.len))
        .collect();
    assert_eq!(
        got,
        [
            (cpl_kind::RECV, a, 0),
            (cpl_kind::RECV, z, 0),
            (cpl_kind::RECV, d, 3)
        ]
    );
    assert_eq!(b.placed().len(), 3);
}

/// The solicited flag: opcodes 5 and 6, not 3 and 4.
fn rdm_45_solicited(b: &mut Bench) {
    let c = b.open(1);
    let (qp, stag) = (b.links[c].plan.qpn, 0x0003_0001);
    for (m, op, want) in [
        (1, Opcode::Send, false),
        (2, Opcode::SendInv, false),
        (3, Opcode::SendSe, true),
        (4, Opcode::SendSeInv, true),
    ] {
        if op.invalidates() {
            b.region(
                stag,
                rights(true, false, false, true),
                PD,
                Some(qp),
                0,
                9,
                0x52_0000_0000,
            );
        }
        b.post(c, 10);
        // In two segments: the flag is the message's.
        b.send(c, &fpdu(&ulpdu::send(op, m, 0, b"da", false, stag)));
        b.send(c, &fpdu(&ulpdu::send(op, m, 2, b"ta", true, stag)));
        let e = b.told(c);
        assert_eq!((e.len(), e[0].kind), (1, cpl_kind::RECV));
        assert_eq!(e[0].flags & cpl_flag::SOLICITED != 0, want, "{op:?}");
    }
}

/// A Send with Invalidate that overtakes a Write to that STag: the Write is placed, then the STag is dead.
fn rdm_46_invalidate_at_delivery(b: &mut Bench) {
    let c = b.open(1);
    let (qp, stag) = (b.links[c].plan.qpn, 0x0003_0001);
    for n in [0usize, 40] {
        b.region(
            stag,
            rights(true, false, false, true),
            PD,
            Some(qp),
            0,
            90,
            0x52_0000_0000,
        );
        b.reopen(c, 0xffff_ffd0);
        b.post(c, 50);
        let w = fpdu(&ulpdu::write(stag, 5, b"in time", true));
        let s = fpdu(&ulpdu::send(Opcode::SendInv, 1, 0, &counted(n), true, stag));
        let late = fpdu(&ulpdu::write(stag, 5, b"late", true));
        b.send_at(c, w.len() as i64, &s);
        assert!(b.told(c).is_empty());
        b.send(c, &w);
        b.settle();
        if b.state(c).rcv_nxt == b.links[c].seq {
            b.send(c, &s);
        } else {
            b.skip(c, s.len());
        }
        let mut all = b.placed();
        all.retain(|a, _| (0x52_0000_0000..0x53_0000_0000).contains(a));
        assert_eq!(all, image(&[(0x52_0000_0005, b"in time")]));
        let e = b.told(c);
        assert_eq!(
            e.iter().map(|e| (e.kind, e.inv_stag)).collect::<Vec<_>>(),
            [(cpl_kind::RECV, stag)]
        );
        b.send(c, &late);
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_TAGGED_STAG)]);
        assert!(b.placed().is_empty());
    }
}

/// After our error comes the peer's Terminate, its FIN, or its RST: nothing is placed, there is no second error and no loop.
fn rdm_5e_terminates_cross(b: &mut Bench) {
    let c = b.open(1);
    for code in [0x1101, 0x2002, 0x0209] {
        b.reopen(c, 70);
        b.send(c, &fpdu(&ulpdu::write(0x0077_7701, 0, b"bad", true)));
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_TAGGED_STAG)]);
        b.back(c);
        b.send(c, &fpdu(&terminate(code)));
        let second: Vec<u8> = b.told(c).iter().map(|e| e.kind).collect();
        assert!(
            !second.contains(&cpl_kind::ERROR),
            "an error about a Terminate: {second:?}"
        );
        assert!(second.len() <= 1);
        b.send_flags(c, Flags::FIN | Flags::ACK, &[]);
        assert!(b.placed().is_empty());
        assert!(!b.told(c).iter().any(|e| e.kind == cpl_kind::ERROR));
    }
}

/// One of 64 connections (all that the small chip holds) has an error: the others go on.
fn rdm_5f_errors_stay_local(b: &mut Bench) {
    let all: Vec<usize> = (0..64).map(|n| b.open(n)).collect();
    for bad in [0usize, 31, 63] {
        b.forget();
        let victim = all[bad];
        b.send(victim, &fpdu(&ulpdu::write(0x0077_7701, 0, b"bad", true)));
        let mut want = Vec::new();
        let data = counted(20);
        for c in all.iter().filter(|c| **c != victim) {
            b.send(*c, &fpdu(&write(*c as u64 * 64, &data)));
            want.push((MEM + *c as u64 * 64, data.as_slice()));
        }
        b.settle();
        assert_eq!(b.kinds(victim), [(cpl_kind::ERROR, term::DDP_TAGGED_STAG)]);
        // What came too fast for the small chip is sent again.
        for c in all.iter().filter(|c| **c != victim) {
            assert!(b.told(*c).is_empty());
            if b.back(*c) > 0 {
                b.send(*c, &fpdu(&write(*c as u64 * 64, &data)));
            }
        }
        assert_eq!(b.placed(), image(&want));
        let seq = b.links[victim].seq;
        b.reopen(victim, seq);
    }
}

/// When a receive completes, all Writes and Sends in front of it are in memory: 64 KiB of Writes, reordered, then a Send.
fn rdm_73_completion_means_everything_is_visible(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.window = 1 << 20;
    let c = b.open_as(plan);
    let data = counted(65536);
    let (_, at) = b.post(c, 10);
    let mut all = Vec::new();
    for u in ferrowarp_testbench::build::tagged_message(Opcode::Write, STAG, BASE, &data, 1454) {
        all.extend(fpdu(&u));
    }
    all.extend(fpdu(&send(1, b"done")));
    b.reopen(c, 0xffff_8000);
    let (_, at2) = b.post(c, 10);
    assert_ne!(at, at2);
    let start = b.links[c].seq;
    // Neighbours change places; what is not taken comes again.
    let mut rounds = 0;
    while b.state(c).rcv_nxt != start.wrapping_add(all.len() as u32) {
        let from = b.state(c).rcv_nxt.wrapping_sub(start) as usize;
        let mut parts: Vec<(usize, &[u8])> = Vec::new();
        for p in all[from..].chunks(1460).take(8) {
            parts.push((parts.last().map_or(from, |l| l.0 + l.1.len()), p));
        }
        for pair in parts.chunks_mut(2).skip(rounds % 2) {
            pair.reverse();
        }
        for (i, p) in parts {
            b.send_at(c, i as i64, p);
        }
        b.settle();
        rounds += 1;
        assert!(rounds < 200, "no progress");
    }
    let e = b.told(c);
    assert_eq!(
        e.iter().map(|e| (e.kind, e.msn)).collect::<Vec<_>>(),
        [(cpl_kind::RECV, 1)]
    );
    assert!(
        b.chip.writes.iter().all(|w| w.last_data < e[0].cycle),
        "completed in front of its data"
    );
    assert!(b.placed() == image(&[(MEM, &data), (at2, b"done")]));
}

/// No order between streams: one waits at a hole, another goes on.
fn rdm_74_streams_do_not_wait_for_each_other(b: &mut Bench) {
    let (c, d) = (b.open(1), b.open(2));
    let f = fpdu(&write(0, b"waits"));
    b.send(c, &f[..20]);
    b.send_at(c, 8, &f[28..]);
    b.settle();
    b.forget();
    for i in 0..4 {
        b.alive(d, 1000 + i * 100);
    }
    b.send(c, &f[20..]);
    assert_eq!(b.placed(), image(&[(MEM, b"waits")]));
}

/// Terminate with every first octet and codes that move with it, registered or not: the connection ends, the value is reported.
fn reg_03_any_triplet(b: &mut Bench) {
    let c = b.open(1);
    for octet in 0..=255u16 {
        for k in 0..2u16 {
            let code = octet << 8 | (octet * 7 + k * 128) & 0xff;
            b.reopen(c, 50);
            b.send(c, &fpdu(&terminate(code)));
            assert_eq!(b.kinds(c), [(cpl_kind::TERMINATE, code)]);
        }
    }
    b.send(c, &fpdu(&write(0, b"after the end")));
    assert!(b.placed().is_empty());
}

/// Any port works.
fn reg_07_any_port(b: &mut Bench) {
    for (n, (sport, dport)) in [
        (1, 1),
        (65535, 65535),
        (0x1234, 4791),
        (4791, 80),
        (53, 2049),
    ]
    .into_iter()
    .enumerate()
    {
        let mut plan = ConnPlan::new(n as u16);
        plan.spec.src.port = sport;
        plan.spec.dst.port = dport;
        let c = b.open_as(plan);
        b.alive(c, n as u64 * 100);
    }
}

const ROWS: &[Row] = &[
    row!(rdm_03_reserved_bits),
    row!(rdm_08_invalidate_field_of_other_messages),
    row!(rdm_10_writes_complete_nothing),
    row!(rdm_15_bad_writes),
    row!(rdm_41_short_send),
    row!(rdm_42_long_send),
    row!(rdm_43_zero_length_send),
    row!(rdm_45_solicited),
    row!(rdm_46_invalidate_at_delivery),
    row!(rdm_5e_terminates_cross),
    row!(rdm_5f_errors_stay_local),
    row!(rdm_73_completion_means_everything_is_visible),
    row!(rdm_74_streams_do_not_wait_for_each_other),
    row!(reg_03_any_triplet),
    row!(reg_07_any_port),
];

#[test]
fn rows_64() {
    rows("conformance_rdmap", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_rdmap", 512, ROWS);
}
