//! Receiver rows DDP-*: headers, placement, delivery, and what an error is reported with.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{ack_mode, cpl_flag, cpl_kind, term};
use ferrowarp_testbench::chip::duel::{small_cfg, small_model, Duel, Gate, Noise, OpPlan, Setup};
use ferrowarp_testbench::chip::Chip;
use ferrowarp_testbench::vectors;

/// Octets of a golden vector: header length by hand, so that no codec of ours has a say.
fn vector(name: &str) -> Vec<u8> {
    let all = ok(vectors::load());
    let v = all.iter().find(|v| v.name == name);
    ok(v.unwrap_or_else(|| panic!("no vector {name}")).bytes())
}

/// Golden vectors: T=1 with 14 octets of header, T=0 with 18.
fn ddp_01_header_lengths(b: &mut Bench) {
    b.region(
        0x1234_5678,
        rights(true, false, false, false),
        PD,
        None,
        0x1_0000_1000,
        8,
        0x50_0000_0001,
    );
    b.region(
        0x0000_a101,
        rights(false, false, true, false),
        PD,
        None,
        0x7f00_0000_0000_0000,
        0x1100,
        0x51_0000_0003,
    );
    let c = b.open(1);
    b.reopen(c, 3);
    let w = vector("WRITE-8");
    let to = u64::from_be_bytes([8, 9, 10, 11, 12, 13, 14, 15].map(|i| w[i]));
    assert_eq!((w[2] & 0x80, to), (0x80, 0x1_0000_1000));
    b.send(c, &w);
    assert_eq!(b.placed(), image(&[(0x50_0000_0001, &w[16..24])]));
    let (_, at) = b.post(c, 64);
    let s = vector("SEND-11");
    assert_eq!(s[2] & 0x80, 0);
    b.send(c, &s);
    assert_eq!(b.placed(), image(&[(at, &s[20..31])]));
    assert_eq!(
        b.told(c)
            .iter()
            .map(|e| (e.kind, e.len))
            .collect::<Vec<_>>(),
        [(cpl_kind::RECV, 11)]
    );
}

/// Segments of one Send with Invalidate that name different STags: one of the two is invalidated, nothing breaks.
fn ddp_07_mixed_invalidate_stags(b: &mut Bench) {
    let c = b.open(1);
    let (x, y) = (0x0003_0001, 0x0003_0101);
    let qp = b.links[c].plan.qpn;
    for (stag, pa) in [(x, 0x52_0000_0000), (y, 0x53_0000_0000)] {
        b.region(
            stag,
            rights(true, false, false, true),
            PD,
            Some(qp),
            0,
            100,
            pa,
        );
    }
    b.reopen(c, 8);
    let (_, at) = b.post(c, 100);
    let data = counted(80);
    for (mo, part, last, stag) in [(0, &data[..50], false, x), (50, &data[50..], true, y)] {
        b.send(
            c,
            &fpdu(&ulpdu::send(Opcode::SendInv, 1, mo, part, last, stag)),
        );
    }
    assert_eq!(b.placed(), image(&[(at, &data)]));
    let e = b.told(c);
    assert_eq!((e.len(), e[0].kind, e[0].len), (1, cpl_kind::RECV, 80));
    assert!(e[0].flags & cpl_flag::INVALIDATED != 0 && [x, y].contains(&e[0].inv_stag));
    let other = x ^ y ^ e[0].inv_stag;
    b.send(c, &fpdu(&ulpdu::write(other, 0, b"alive", true)));
    assert_eq!(b.placed().len(), 5);
    b.send(c, &fpdu(&ulpdu::write(e[0].inv_stag, 0, b"dead", true)));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_TAGGED_STAG)]);
    assert!(b.placed().is_empty());
}

/// Odd Tagged Offsets, lengths 1 to 17.
fn ddp_0a_any_offset_and_length(b: &mut Bench) {
    let c = b.open(1);
    for n in 1..=17usize {
        for at in [0u64, 1, 3, 7, 8, 61, 63, 64] {
            let data: Vec<u8> = (0..n as u8).map(|i| 0xa0 ^ i).collect();
            b.send(c, &fpdu(&write(at + 4, &data)));
            assert_eq!(
                b.placed(),
                image(&[(MEM + at + 4, &data)]),
                "{n} octets at {at}"
            );
        }
    }
    b.in_step(c);
}

/// First MSN FFFFFFFE on both queues, four messages each: FFFFFFFE, FFFFFFFF, 0, 1.
fn ddp_0e_msn_wraps(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.first_msn = [0xffff_fffe; 2];
    let c = b.open_as(plan);
    for msn in [0xffff_fffe, 0xffff_ffff, 0, 1] {
        b.post(c, 20);
        b.send(c, &fpdu(&send(msn, b"four")));
        b.send(c, &fpdu(&request(msn, STAG, BASE, 9)));
        assert_eq!(
            b.told(c)
                .iter()
                .map(|e| (e.kind, e.msn))
                .collect::<Vec<_>>(),
            [(cpl_kind::RECV, msn)]
        );
        assert_eq!(
            b.requests(c).iter().map(|r| r.msn).collect::<Vec<_>>(),
            [msn]
        );
    }
    assert_eq!((b.state(c).smsn, b.state(c).rmsn), (2, 2));
    b.post(c, 20);
    b.send(c, &fpdu(&send(0xffff_fffe, b"old")));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_MSN)]);
}

/// Loss, repeats and gaps under Writes and Sends: every Send completes once, in the sender's order, its data in memory
/// (also DDP-20, RDM-44). The duel compares memory, order and number of the completions.
fn ddp_21_once_and_in_order(b: &mut Bench) {
    let width = b.width;
    for seed in 1..=3 {
        let mut s = Setup::new(seed);
        s.noise = Noise {
            loss: 0.1,
            repeat: 0.2,
            ..Noise::default()
        };
        for n in 0..2u16 {
            let mut c = ConnPlan::new(n);
            c.mss = 700;
            for i in 0..25u32 {
                let u = ferrowarp_testbench::build::send_message(
                    Opcode::Send,
                    1 + i,
                    &counted(i as usize * 131 % 2900),
                    900,
                    0,
                );
                let op = OpPlan::new(format!("Send {i}"), Gate::Receive { len: 3000 }, &u);
                c.ops.push(if i % 3 == 0 { op.with_cuts([]) } else { op });
            }
            s.conns.push(c);
        }
        let mut chip = ok(Chip::new(
            &ok(small_model(width)),
            &small_cfg(width),
            width / 8,
            seed,
        ));
        let report = ok(ok(Duel::new(&mut chip, &s)).run());
        let sends = report.counters.iter().find(|c| c.0 == "sends").map(|c| c.1);
        assert_eq!((report.errors, sends), (0, Some(50)));
        let order: Vec<(u16, u32)> = chip
            .events
            .iter()
            .filter(|e| e.kind == cpl_kind::RECV)
            .map(|e| (e.conn, e.msn))
            .collect();
        for n in 0..2 {
            let one: Vec<u32> = order.iter().filter(|e| e.0 == n).map(|e| e.1).collect();
            assert_eq!(one, (1..=25).collect::<Vec<_>>());
        }
    }
}

/// A hole in message k: no completion of k or a later one until it is closed.
fn ddp_22_no_delivery_over_a_hole(b: &mut Bench) {
    let c = b.open(1);
    let data = counted(90);
    for missing in 0..4usize {
        b.reopen(c, 0xffff_ff00);
        let at: Vec<u64> = (0..3).map(|_| b.post(c, 100).1).collect();
        // Message 1 in one segment, 2 in two, 3 in one.
        let parts = [
            fpdu(&send(1, &data)),
            fpdu(&ulpdu::send(Opcode::Send, 2, 0, &data[..40], false, 0)),
            fpdu(&ulpdu::send(Opcode::Send, 2, 40, &data[40..], true, 0)),
            fpdu(&send(3, &data)),
        ];
        let starts: Vec<i64> = (0..4)
            .map(|i| parts[..i].iter().map(|p| p.len() as i64).sum())
            .collect();
        for i in (0..4).filter(|i| *i != missing) {
            b.send_at(c, starts[i], &parts[i]);
        }
        let before = [0, 1, 1, 2][missing];
        assert_eq!(b.told(c).len(), before, "segment {missing} is missing");
        // The peer repeats what is not acknowledged.
        while b.state(c).rcv_nxt != 0xffff_ff00u32.wrapping_add(parts.concat().len() as u32) {
            let next = i64::from(b.state(c).rcv_nxt.wrapping_sub(0xffff_ff00));
            let i = starts
                .iter()
                .position(|s| *s == next)
                .unwrap_or_else(|| panic!("rcv_nxt in the middle: {next}"));
            b.send_at(c, next, &parts[i]);
            b.settle();
        }
        let msns: Vec<u32> = b.told(c).iter().map(|e| e.msn).collect();
        assert_eq!(
            msns,
            (1 + before as u32..=3).collect::<Vec<_>>(),
            "segment {missing} is missing"
        );
        assert_eq!(
            b.placed(),
            image(&[(at[0], &data), (at[1], &data), (at[2], &data)])
        );
    }
}

/// The length reported is MO plus the last payload.
fn ddp_23_message_length(b: &mut Bench) {
    let c = b.open(1);
    let mut msn = 0;
    for lens in [
        vec![0usize],
        vec![1],
        vec![100, 1],
        vec![63, 64, 65],
        vec![300, 0],
        vec![1, 1, 1, 1, 1400],
    ] {
        msn += 1;
        let all = counted(lens.iter().sum());
        let (_, at) = b.post(c, 2000);
        let mut mo = 0;
        for (i, n) in lens.iter().enumerate() {
            let u = ulpdu::send(
                Opcode::Send,
                msn,
                mo as u32,
                &all[mo..mo + n],
                i + 1 == lens.len(),
                0,
            );
            b.send(c, &fpdu(&u));
            mo += n;
        }
        assert_eq!(b.placed(), image(&[(at, &all)]));
        assert_eq!(
            b.told(c).iter().map(|e| (e.msn, e.len)).collect::<Vec<_>>(),
            [(msn, mo as u32)],
            "{lens:?}"
        );
    }
}

/// Opcode and invalidated STag at delivery, each Send type with one receive (also RDM-40).
fn ddp_24_rsvdulp_at_delivery(b: &mut Bench) {
    let c = b.open(1);
    let (qp, stag) = (b.links[c].plan.qpn, 0x0003_0001);
    let ops = [
        Opcode::Send,
        Opcode::SendInv,
        Opcode::SendSe,
        Opcode::SendSeInv,
    ];
    for (i, op) in ops.into_iter().enumerate() {
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
        let (idx, _) = b.post(c, 30);
        b.send(
            c,
            &fpdu(&ulpdu::send(
                op,
                1 + i as u32,
                0,
                b"data",
                true,
                if op.invalidates() { stag } else { 0 },
            )),
        );
        let e = b.told(c);
        assert_eq!(e.len(), 1);
        assert_eq!(
            (e[0].kind, e[0].opcode, e[0].rqe_idx),
            (cpl_kind::RECV, op.bits(), idx)
        );
        assert_eq!(e[0].flags & cpl_flag::INVALIDATED != 0, op.invalidates());
        if op.invalidates() {
            assert_eq!(e[0].inv_stag, stag);
        }
    }
    b.send(c, &fpdu(&send(5, b"none left")));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_NO_BUFFER)]);
}

/// The report holds type, segment length and DDP header as received, tagged and untagged.
fn ddp_3b_report_with_header(b: &mut Bench) {
    let c = b.open(1);
    for n in [1usize, 50, 1400] {
        let cases = [
            (
                ulpdu::write(0x0077_7701, 0x1122_3344_5566_7788, &counted(n), true),
                term::DDP_TAGGED_STAG,
                14,
            ),
            (
                ulpdu::send(Opcode::SendSe, 9, 3, &counted(n), false, 0xaabb_ccdd),
                term::DDP_MSN,
                18,
            ),
        ];
        for (u, code, head) in cases {
            for size in [9000, 11] {
                b.reopen(c, 40);
                b.post(c, 2000);
                b.send_cut(c, &fpdu(&u), size);
                let e = b.told(c);
                assert_eq!(
                    e.iter().map(|e| (e.kind, e.term)).collect::<Vec<_>>(),
                    [(cpl_kind::ERROR, code)]
                );
                assert_eq!(usize::from(e[0].segment_len), u.len());
                assert!(
                    e[0].hdr.starts_with(&u[..head]),
                    "{:02x?} is not {:02x?}",
                    e[0].hdr,
                    &u[..head]
                );
            }
        }
    }
}

/// The application has used its buffer for something else; a replay of the old segment, even with other octets under a good
/// CRC and checksum, changes nothing (also MPA-5B).
fn ddp_40_replay_of_a_delivered_segment(b: &mut Bench) {
    let c = b.open(1);
    let (_, _) = b.post(c, 100);
    b.post(c, 100);
    for (old, new) in [
        (write(0, &[1; 60]), write(0, &[2; 60])),
        (send(1, &[1; 60]), send(1, &[2; 60])),
    ] {
        let (old, new) = (fpdu(&old), fpdu(&new));
        b.send(c, &old);
        assert_eq!(b.placed().len(), 60);
        b.forget();
        for f in [&old, &new, &new] {
            b.send_at(c, -(old.len() as i64), f);
            assert!(b.placed().is_empty(), "placed again");
            assert!(b.told(c).is_empty(), "delivered again");
            assert_eq!(b.modes(c), [ack_mode::NOW]);
        }
        // Half old, half new: the old half again with other octets.
        b.send_at(c, -20, &new[new.len() - 20..]);
        assert!(b.placed().is_empty());
        b.in_step(c);
    }
    b.alive(c, 300);
}

/// Data behind the peer's FIN: not placed, not delivered.
fn ddp_42_data_behind_the_fin(b: &mut Bench) {
    let c = b.open(1);
    b.reopen(c, 0xffff_fff0);
    b.post(c, 100);
    b.send_flags(c, Flags::FIN | Flags::ACK, &fpdu(&write(0, &counted(20))));
    b.skip(c, 1);
    assert_eq!(b.placed().len(), 20);
    assert_eq!(b.kinds(c), [(cpl_kind::FIN, 0)]);
    b.send(c, &fpdu(&write(0, &counted(30))));
    b.send(c, &fpdu(&send(1, &counted(30))));
    b.links[c].seq = b.state(c).rcv_nxt;
    b.send(c, &fpdu(&send(1, &counted(30))));
    assert!(b.placed().is_empty());
    assert!(b.told(c).is_empty());
}

/// Zero-length Sends: on an empty queue, on a queue that does not exist, beyond the buffer. This chip reports them as if they
/// had data.
fn ddp_47_zero_length_sends(b: &mut Bench) {
    let c = b.open(1);
    let with = |qn: u32, mo: u32| {
        let mut u = ulpdu::send(Opcode::Send, 1, mo, &[], true, 0);
        u[6..10].copy_from_slice(&qn.to_be_bytes());
        u
    };
    for (receive, qn, mo, code) in [
        (false, 0, 0, term::DDP_NO_BUFFER),
        (true, 4, 0, term::DDP_QN),
        (true, 0xffff_ffff, 0, term::DDP_QN),
        (true, 0, 101, term::DDP_MO),
        (true, 0, u32::MAX, term::DDP_MO),
    ] {
        b.reopen(c, 40);
        if receive {
            b.post(c, 100);
        }
        b.send(c, &fpdu(&with(qn, mo)));
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, code)], "queue {qn}, MO {mo}");
        assert!(b.placed().is_empty());
    }
    // At the very end of the buffer it is a legal end of the message.
    b.reopen(c, 40);
    b.post(c, 100);
    b.send(c, &fpdu(&with(0, 100)));
    assert_eq!(
        b.told(c)
            .iter()
            .map(|e| (e.kind, e.len))
            .collect::<Vec<_>>(),
        [(cpl_kind::RECV, 100)]
    );
}

const ROWS: &[Row] = &[
    row!(ddp_01_header_lengths),
    row!(ddp_07_mixed_invalidate_stags),
    row!(ddp_0a_any_offset_and_length),
    row!(ddp_0e_msn_wraps),
    row!(ddp_21_once_and_in_order),
    row!(ddp_22_no_delivery_over_a_hole),
    row!(ddp_23_message_length),
    row!(ddp_24_rsvdulp_at_delivery),
    row!(ddp_3b_report_with_header),
    row!(ddp_40_replay_of_a_delivered_segment),
    row!(ddp_42_data_behind_the_fin),
    row!(ddp_47_zero_length_sends),
];

#[test]
fn rows_64() {
    rows("conformance_ddp", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_ddp", 512, ROWS);
}
