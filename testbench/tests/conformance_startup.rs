//! Receiver rows about the two ends of a stream: from the startup frames to FPDUs (ENH-*), and what an error or a FIN leaves open.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{ack_flag, ack_mode, conn_state, cpl_kind, term};
use ferrowarp_testbench::vectors;

/// FPDUs that come before the connection is in hardware reach the host; put in again they are placed, none is lost.
/// The frame hard behind the install is placed without that.
fn mpa_31_first_fpdu_right_behind_the_reply(b: &mut Bench) {
    b.post_nic(8);
    let early = ConnPlan::new(1);
    let x = counted(60);
    let frame = early.spec.fpdu(&write(0, &x));
    b.frame(frame.clone());
    assert_eq!(b.plain(), std::slice::from_ref(&frame));
    let c = b.open_as(early);
    b.chip.inject(frame.clone());
    b.skip(c, frame.len() - 54);
    assert_eq!(b.placed(), image(&[(MEM, &x)]));
    b.in_step(c);
    // No gap at all: the frame is on the port when the install is done.
    let c = b.open(2);
    b.send(c, &fpdu(&write(100, &x)));
    assert_eq!(b.placed(), image(&[(MEM + 100, &x)]));
    b.in_step(c);
}

/// The segment with the last Private Data and the first FPDU comes late, or again, or with other cuts.
fn mpa_34_startup_and_first_fpdu_in_one_segment(b: &mut Bench) {
    let private = b"private data";
    let (x, y) = (counted(70), counted(55));
    let (f, g) = (fpdu(&write(0, &x)), fpdu(&write(200, &y)));
    let c = b.open(1);
    for order in 0..3 {
        b.reopen(c, 0xffff_ffc0 + order);
        let mut first = private.to_vec();
        first.extend(&f);
        match order {
            // Reordered: the second comes first, and again once the first is there.
            0 => {
                b.send_at(c, f.len() as i64, &g);
                b.send_at(c, -(private.len() as i64), &first);
            }
            // Cut inside of the FPDU, then all of it.
            1 => {
                b.send_at(c, -(private.len() as i64), &first[..30]);
                b.send_at(c, -(private.len() as i64), &first);
            }
            // The Private Data again, then in one segment with everything.
            _ => {
                b.send_at(c, -(private.len() as i64), private);
                first.extend(&g);
                b.send_at(c, -(private.len() as i64), &first);
            }
        }
        b.skip(c, f.len());
        b.settle();
        let taken = b.state(c).rcv_nxt;
        b.send(c, &g);
        assert_eq!(
            b.placed(),
            image(&[(MEM, &x), (MEM + 200, &y)]),
            "order {order}, {taken:#x}"
        );
        b.in_step(c);
    }
}

/// An error of the peer's stream does not close TCP: the peer's acknowledgements are still reported, so that a Terminate
/// can go out, and nothing of ours closes anything (DDP-41).
fn mpa_82_errors_leave_tcp_open(b: &mut Bench) {
    let c = b.open(1);
    let crc = fpdu_crc(&write(0, &counted(8)), [1, 2, 3, 4]);
    let stag = fpdu(&ulpdu::write(0x0077_7701, 0, &counted(8), true));
    for (bad, code) in [(crc, term::MPA_CRC), (stag, term::DDP_TAGGED_STAG)] {
        b.reopen(c, 900);
        for _ in 0..3 {
            b.send_at(c, 0, &bad);
            b.settle();
        }
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, code)]);
        b.back(c);
        assert_eq!(b.state(c).st, conn_state::ERROR);
        // Our Terminate is on its way; the peer acknowledges it.
        let una = b.links[c].plan.spec.ack;
        b.sent(c, una, una + 40, 65535);
        b.forget();
        let spec = FrameSpec {
            ack: una + 40,
            ..b.links[c].spec()
        };
        b.frame(spec.frame(&[]));
        let acks: Vec<u32> = b.reports(c).iter().map(|a| a.ack).collect();
        assert_eq!(acks, [una + 40], "after {code:#06x}");
        assert!(b.told(c).is_empty());
    }
}

/// FIN is passed up, and the peer's acknowledgements of what we still send are reported (also DDP-43, TCP-61).
fn mpa_85_half_closed(b: &mut Bench) {
    let c = b.open(1);
    b.alive(c, 0);
    b.send_flags(c, Flags::FIN | Flags::ACK, &[]);
    assert_eq!(b.kinds(c), [(cpl_kind::FIN, 0)]);
    b.skip(c, 1);
    b.in_step(c);
    let una = b.links[c].plan.spec.ack;
    for i in 1..=10u32 {
        b.sent(c, una + (i - 1) * 1460, una + i * 1460, 65535);
        b.forget();
        let spec = FrameSpec {
            ack: una + i * 1460,
            window: 5000 + i as u16,
            ..b.links[c].spec()
        };
        b.frame(spec.frame(&[]));
        let got: Vec<_> = b.reports(c).iter().map(|a| (a.ack, a.wnd)).collect();
        assert_eq!(got, [(una + i * 1460, 5000 + i as u16)]);
    }
    assert!(b.told(c).is_empty());
}

/// Whether the first valid FPDU of the connection was reported: it opens the Responder's gate.
fn gate(b: &mut Bench, c: usize) -> bool {
    b.reports(c)
        .iter()
        .any(|a| a.flags & ack_flag::FIRST_FPDU != 0)
}

fn vector(name: &str) -> Vec<u8> {
    let all = ok(vectors::load());
    let v = all.iter().find(|v| v.name == name);
    ok(v.unwrap_or_else(|| panic!("no vector {name}")).bytes())
}

/// RTR as zero-length Write with STag 0, 1, FFFFFFFF: no check, no completion, and the gate opens (also RDM-12). An invalid
/// first FPDU does not open it.
fn enh_1a_rtr_write(b: &mut Bench) {
    let c = b.open(1);
    for stag in [0, 1, u32::MAX] {
        for to in [0, 5, u64::MAX] {
            b.reopen(c, 60);
            b.send_at(c, 0, &fpdu_crc(&ulpdu::write(stag, to, &[], true), [9; 4]));
            assert!(!gate(b, c), "a bad CRC opens the gate");
            b.send(c, &fpdu(&ulpdu::write(stag, to, &[], true)));
            assert!(gate(b, c), "STag {stag:#x}");
            assert!(b.placed().is_empty() && b.told(c).is_empty());
            b.in_step(c);
            b.send(c, &fpdu(&ulpdu::write(stag, to, &[], true)));
            assert!(!gate(b, c), "the gate opens once");
        }
    }
    b.reopen(c, 60);
    b.send(c, &vector("RTR-WRITE0"));
    assert!(gate(b, c) && b.told(c).is_empty());
}

/// The gate opens with the first valid FPDU and once, whichever way it takes through the chip: alone in its segment, cut,
/// behind another one, or of a kind that the assembler always gets (also MPA-29, MPA-30, ENH-1A, ENH-1B). Neither a bad CRC
/// nor a refused FPDU opens it.
fn mpa_29_30_the_gate_opens_once(b: &mut Bench) {
    let c = b.open(1);
    let one = fpdu(&write(0, &counted(30)));
    let cases = [
        (one.clone(), 9000),
        (one.clone(), 20),
        ([one.clone(), one.clone()].concat(), 9000),
        ([one.clone(), one].concat(), 50),
        (fpdu(&ulpdu::write(0, 0, &[], true)), 7),
        (fpdu(&request(1, 0, 0, 0)), 9000),
        (fpdu(&terminate(0x1205)), 9000),
    ];
    for (octets, size) in cases {
        b.reopen(c, 60);
        b.send_at(c, 0, &fpdu_crc(&write(0, b"bad"), [9; 4]));
        assert!(!gate(b, c), "a bad CRC opens the gate");
        b.send_cut(c, &octets, size);
        let all = b.reports(c);
        let first: Vec<_> = all
            .iter()
            .filter(|a| a.flags & ack_flag::FIRST_FPDU != 0)
            .collect();
        assert_eq!(
            first.len(),
            1,
            "{} octets in segments of {size}",
            octets.len()
        );
        // A report without a segment acknowledges nothing by itself: those of the segments do.
        if first[0].flags & ack_flag::RX_ONLY != 0 {
            assert_eq!(first[0].mode, ack_mode::NONE);
        }
        b.send(c, &fpdu(&write(0, b"once")));
        assert!(!gate(b, c), "the gate opens once");
    }
    for refused in [write(u64::from(LEN), b"far"), request(1, 0, 0, 1)] {
        for size in [9000, 20] {
            b.reopen(c, 60);
            b.send_cut(c, &fpdu(&refused), size);
            assert!(!gate(b, c), "a refused FPDU opens the gate");
            assert_eq!(b.kinds(c).len(), 1);
        }
    }
}

/// RTR as zero-length Read: handed on to be answered, its sink as it came, the source not looked at.
fn enh_1b_rtr_read(b: &mut Bench) {
    let c = b.open(1);
    b.reopen(c, 60);
    b.send(c, &vector("RTR-READ0"));
    let r = b.requests(c);
    assert_eq!(
        r.iter()
            .map(|r| (r.msn, r.sink_stag, r.sink_to, r.len))
            .collect::<Vec<_>>(),
        [(1, 1, 0, 0)]
    );
    for stag in [0, u32::MAX, STAG] {
        b.reopen(c, 60);
        b.send(c, &fpdu(&request(1, stag, u64::MAX, 0)));
        let r = b.requests(c);
        assert_eq!(
            r.iter()
                .map(|r| (r.sink_stag, r.sink_to, r.len))
                .collect::<Vec<_>>(),
            [(0xdead_beef, 0xffff_ffff_0000_0000, 0)]
        );
        assert!(b.told(c).is_empty());
    }
}

/// RTR as zero-length Send: consumes a receive, and is an error 0x12/0x02 without one.
fn enh_1c_rtr_send(b: &mut Bench) {
    let c = b.open(1);
    b.reopen(c, 60);
    let (idx, _) = b.post(c, 10);
    let (next, at) = b.post(c, 10);
    b.send(c, &vector("RTR-SEND0"));
    let got: Vec<_> = b
        .told(c)
        .iter()
        .map(|e| (e.kind, e.rqe_idx, e.len))
        .collect();
    assert_eq!(got, [(cpl_kind::RECV, idx, 0)]);
    assert!(gate(b, c));
    b.send(c, &fpdu(&send(2, b"second")));
    assert_eq!(b.placed(), image(&[(at, b"second")]));
    assert_eq!(
        b.told(c).iter().map(|e| e.rqe_idx).collect::<Vec<_>>(),
        [next]
    );
    b.reopen(c, 60);
    b.send(c, &vector("RTR-SEND0"));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::DDP_NO_BUFFER)]);
    assert!(!gate(b, c), "an FPDU that is an error opens the gate");
}

const ROWS: &[Row] = &[
    row!(mpa_31_first_fpdu_right_behind_the_reply),
    row!(mpa_34_startup_and_first_fpdu_in_one_segment),
    row!(mpa_82_errors_leave_tcp_open),
    row!(mpa_85_half_closed),
    row!(mpa_29_30_the_gate_opens_once),
    row!(enh_1a_rtr_write),
    row!(enh_1b_rtr_read),
    row!(enh_1c_rtr_send),
];

#[test]
fn rows_64() {
    rows("conformance_startup", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_startup", 512, ROWS);
}
