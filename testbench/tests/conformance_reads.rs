//! Receiver rows RDM-2*: Read Requests of the peer, Responses to Reads of ours.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{cpl_kind, term};

/// One Request in, one handed on; one Read of ours, one completion, at its last segment (also RDM-2F).
fn rdm_20_one_request_one_response(b: &mut Bench) {
    let c = b.open(1);
    for m in 1..=3 {
        b.send(c, &fpdu(&request(m, STAG, BASE, m * 100)));
        let r = b.requests(c);
        assert_eq!(
            r.iter().map(|r| (r.msn, r.len)).collect::<Vec<_>>(),
            [(m, m * 100)]
        );
    }
    assert!(b.told(c).is_empty());
    let data = counted(90);
    b.read(c, 70, STAG, BASE, 90);
    b.read(c, 71, STAG, BASE + 200, 30);
    b.send(
        c,
        &fpdu(&ulpdu::read_response(STAG, BASE, &data[..60], false)),
    );
    assert_eq!(b.placed(), image(&[(MEM, &data[..60])]));
    assert!(b.told(c).is_empty(), "completed before the last segment");
    b.send(
        c,
        &fpdu(&ulpdu::read_response(STAG, BASE + 60, &data[60..], true)),
    );
    assert_eq!(b.placed(), image(&[(MEM + 60, &data[60..])]));
    let done = |b: &mut Bench| {
        b.told(c)
            .iter()
            .map(|e| (e.kind, e.rqe_idx, e.len))
            .collect::<Vec<_>>()
    };
    assert_eq!(done(b), [(cpl_kind::READ_DONE, 70, 90)]);
    b.send(
        c,
        &fpdu(&ulpdu::read_response(STAG, BASE + 200, &data[..30], true)),
    );
    assert_eq!(done(b), [(cpl_kind::READ_DONE, 71, 30)]);
}

/// SinkSTag DEADBEEF and SinkTO FFFFFFFF00000000 are handed on as they came.
fn rdm_21_sink_is_copied(b: &mut Bench) {
    let c = b.open(1);
    b.send(c, &fpdu(&request(1, STAG, BASE + 5, 77)));
    let r = b.requests(c);
    assert_eq!(r.len(), 1);
    assert_eq!(
        (r[0].sink_stag, r[0].sink_to),
        (0xdead_beef, 0xffff_ffff_0000_0000)
    );
    assert_eq!((r[0].src_stag, r[0].src_to, r[0].len), (STAG, BASE + 5, 77));
}

/// Read sizes in both directions: 0, 1, one FPDU and one octet more; Requests up to 2^32-1 octets.
fn rdm_23_read_sizes(b: &mut Bench) {
    let big = 0x0004_0002;
    b.region(
        big,
        rights(false, true, false, false),
        PD,
        None,
        3,
        u32::MAX,
        0x54_0000_0000,
    );
    let c = b.open(1);
    // MULPDU of 1460 octets of segment is 1454.
    let sizes = [0u32, 1, 1454 - 14, 1454 - 13, 1 << 30, u32::MAX];
    for (i, n) in sizes.into_iter().enumerate() {
        b.send(c, &fpdu(&request(1 + i as u32, big, 3, n)));
        assert_eq!(b.requests(c).iter().map(|r| r.len).collect::<Vec<_>>(), [n]);
        b.answer(c, 1);
    }
    for (i, n) in sizes[..4].iter().enumerate() {
        let data = counted(*n as usize);
        b.read(c, 10 + i as u16, STAG, BASE + 1, *n);
        let all = ferrowarp_testbench::build::tagged_message(
            Opcode::ReadResponse,
            STAG,
            BASE + 1,
            &data,
            1454,
        );
        for u in &all {
            b.send(c, &fpdu(u));
        }
        assert_eq!(b.placed(), image(&[(MEM + 1, &data)]));
        let got: Vec<_> = b
            .told(c)
            .iter()
            .map(|e| (e.kind, e.rqe_idx, e.len))
            .collect();
        assert_eq!(got, [(cpl_kind::READ_DONE, 10 + i as u16, *n)]);
    }
}

/// The error of a Read Request is reported with its DDP header and the 28 octets behind it, exactly.
fn rdm_2a_report_of_a_read_request(b: &mut Bench) {
    b.region(
        0x0004_0002,
        rights(true, false, false, false),
        PD,
        None,
        0,
        5000,
        0x54_0000_0000,
    );
    let c = b.open(1);
    for (stag, code) in [
        (0x0004_0002, term::RDMAP_ACCESS),
        (0x0077_7701, term::RDMAP_INVALID_STAG),
    ] {
        for size in [9000, 17] {
            b.reopen(c, 0xffff_fff9);
            let u = request(1, stag, 9, 4096);
            b.send_cut(c, &fpdu(&u), size);
            let e = b.told(c);
            assert_eq!(
                e.iter()
                    .map(|e| (e.kind, e.term, e.segment_len))
                    .collect::<Vec<_>>(),
                [(cpl_kind::ERROR, code, 46)]
            );
            assert_eq!(e[0].hdr, u);
        }
    }
    assert!(b.requests(c).is_empty());
}

/// 32 Requests of mixed size come out in order.
fn rdm_2c_requests_in_order(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.ird = 32;
    let c = b.open_as(plan);
    let sizes: Vec<u32> = (0..32u32).map(|i| i * 977 % 60_001).collect();
    let mut all = Vec::new();
    for (i, n) in sizes.iter().enumerate() {
        all.extend(fpdu(&request(1 + i as u32, STAG, BASE + i as u64, *n)));
    }
    b.send_cut(c, &all, 700);
    let got: Vec<_> = b
        .requests(c)
        .iter()
        .map(|r| (r.msn, r.len, r.src_to - BASE))
        .collect();
    let want: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(i, n)| (1 + i as u32, *n, i as u64))
        .collect();
    assert_eq!(got, want);
    assert!(b.told(c).is_empty());
}

/// A hole in front of a Request, of data or of none (RDM-2E): it is handed on when the hole is filled, behind the data of the
/// delayed Write.
fn rdm_2d_request_behind_a_hole(b: &mut Bench) {
    let c = b.open(1);
    for size in [40u32, 0] {
        b.reopen(c, 0xffff_ffe0);
        let data = counted(40);
        let (w, r) = (fpdu(&write(0, &data)), fpdu(&request(1, STAG, BASE, size)));
        b.send_at(c, w.len() as i64, &r);
        assert!(
            b.requests(c).is_empty(),
            "a Request of {size} octets was taken over a hole"
        );
        b.send(c, &w);
        b.settle();
        if b.state(c).rcv_nxt == b.links[c].seq {
            b.send(c, &r);
        }
        let got = b.requests(c);
        assert_eq!(got.iter().map(|r| r.len).collect::<Vec<_>>(), [size]);
        let last = b.chip.writes.iter().map(|w| w.last_data).max();
        assert!(
            last < Some(got[0].cycle),
            "handed on in front of the Write's data"
        );
        assert_eq!(b.placed(), image(&[(MEM, &data)]));
    }
}

/// A Read of ours does not complete while the last segment of its Response is held back.
fn rdm_2f_read_waits_for_its_last_segment(b: &mut Bench) {
    let c = b.open(1);
    let data = counted(3000);
    b.read(c, 33, STAG, BASE, 3000);
    let all =
        ferrowarp_testbench::build::tagged_message(Opcode::ReadResponse, STAG, BASE, &data, 1454);
    let (last, first) = all.split_last().unwrap_or_else(|| panic!("no segments"));
    for u in first {
        b.send(c, &fpdu(u));
    }
    let l = fpdu(last);
    b.send(c, &l[..l.len() - 1]);
    assert!(b.told(c).is_empty());
    for _ in 0..2000 {
        ok(b.chip.tick());
    }
    assert!(b.told(c).is_empty());
    b.send(c, &l[l.len() - 1..]);
    assert_eq!(
        b.told(c)
            .iter()
            .map(|e| (e.kind, e.rqe_idx))
            .collect::<Vec<_>>(),
        [(cpl_kind::READ_DONE, 33)]
    );
    assert_eq!(b.placed(), image(&[(MEM, &data)]));
}

/// While a Read Request waits for its answer, later Writes and Sends are placed and delivered (RDM-35, RDM-75).
fn rdm_75_sends_pass_open_requests(b: &mut Bench) {
    let c = b.open(1);
    let (_, at) = b.post(c, 30);
    b.send(c, &fpdu(&request(1, STAG, BASE, 5000)));
    assert_eq!(b.requests(c).len(), 1);
    b.send(c, &fpdu(&write(0, b"write")));
    b.send(c, &fpdu(&send(1, b"send")));
    assert_eq!(b.placed(), image(&[(MEM, b"write"), (at, b"send")]));
    assert_eq!(b.kinds(c), [(cpl_kind::RECV, 0)]);
    b.answer(c, 1);
}

/// Read Response segments between Send segments: both are right.
fn rdm_76_responses_between_send_segments(b: &mut Bench) {
    let c = b.open(1);
    let (sent, read) = (counted(90), counted(75));
    let (idx, at) = b.post(c, 100);
    b.read(c, 44, STAG, BASE + 10, 75);
    let s = |mo: usize, n: usize, last| {
        fpdu(&ulpdu::send(
            Opcode::Send,
            1,
            mo as u32,
            &sent[mo..mo + n],
            last,
            0,
        ))
    };
    let r = |at: usize, n: usize, last| {
        fpdu(&ulpdu::read_response(
            STAG,
            BASE + 10 + at as u64,
            &read[at..at + n],
            last,
        ))
    };
    let order = [
        s(0, 30, false),
        r(0, 25, false),
        s(30, 30, false),
        r(25, 25, false),
        r(50, 25, true),
        s(60, 30, true),
    ];
    for size in [9000, 33] {
        if size == 33 {
            b.reopen(c, 100);
            b.post(c, 100);
            b.read(c, 44, STAG, BASE + 10, 75);
        }
        for f in &order {
            b.send_cut(c, f, size);
            b.settle();
        }
        let kinds: Vec<_> = b.told(c).iter().map(|e| (e.kind, e.len)).collect();
        assert_eq!(kinds, [(cpl_kind::READ_DONE, 75), (cpl_kind::RECV, 90)]);
        let got = b.placed();
        assert!(got
            .iter()
            .filter(|(a, _)| **a < 0x20_0000_0000)
            .eq(image(&[(MEM + 10, &read)]).iter()));
        assert_eq!(got.len(), 165);
        if size == 9000 {
            assert_eq!(got, image(&[(MEM + 10, &read), (at, &sent)]));
        }
    }
    assert!(idx > 0);
}

const ROWS: &[Row] = &[
    row!(rdm_20_one_request_one_response),
    row!(rdm_21_sink_is_copied),
    row!(rdm_23_read_sizes),
    row!(rdm_2a_report_of_a_read_request),
    row!(rdm_2c_requests_in_order),
    row!(rdm_2d_request_behind_a_hole),
    row!(rdm_2f_read_waits_for_its_last_segment),
    row!(rdm_75_sends_pass_open_requests),
    row!(rdm_76_responses_between_send_segments),
];

#[test]
fn rows_64() {
    rows("conformance_reads", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_reads", 512, ROWS);
}
