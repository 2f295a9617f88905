//! Errors of Immediate Data, Atomic Requests and Atomic Responses (RFC 7306), and the legal messages next to them.

use crate::cases::*;
use ferrowarp_abi::code::term;
use ferrowarp_testbench::build::{counted, ulpdu};
use ferrowarp_testbench::chip::duel::Gate;
use ferrowarp_testbench::wire::ddp::{AtomicRequestRepr, AtomicResponseRepr, DdpRepr, Opcode};

/// The first TO of the regions whose address 8 divides.
const TARGET: u64 = BASE + 5;
const ID: u32 = 0x7306_0001;

fn imm(msn: u32, n: usize) -> Vec<u8> {
    DdpRepr::untagged(Opcode::Immediate, true, 0, msn, 0, 0).emit(&counted(n))
}

fn request(msn: u32, op_word: u32, stag: u32, to: u64) -> Vec<u8> {
    let r = AtomicRequestRepr {
        op_word,
        request_id: ID,
        stag,
        to,
        data: 0x0102_0304_0506_0708,
        mask: 0x1111_2222_3333_4444,
        compare: 0x5555_6666_7777_8888,
        compare_mask: 0x9999_aaaa_bbbb_cccc,
    };
    ulpdu::atomic_request(msn, &r)
}

fn response(msn: u32, request_id: u32) -> Vec<u8> {
    let original = 0xfedc_ba98_7654_3210;
    ulpdu::atomic_response(
        msn,
        &AtomicResponseRepr {
            request_id,
            original,
        },
    )
}

/// With an Atomic outstanding whose Response has MSN 1.
fn asked(row: &'static str, code: impl Into<Option<u16>>, u: Vec<Vec<u8>>) -> Case {
    let mut c = case(row, code, u);
    c.read = Some(Gate::Atomic {
        sq_idx: 0x66,
        msn: 1,
        request_id: ID,
    });
    c
}

pub fn ext_cases() -> Vec<Case> {
    let end = BASE + u64::from(LEN);
    let good = |m| request(m, 2, INVALIDATE, TARGET);
    let mut all = vec![
        case("EXT-04", None, vec![imm(1, 8), s(2, 9), imm(3, 8)]).receives(&[0, 20, 100]),
        case("EXT-04", term::DDP_NO_BUFFER, vec![imm(1, 8)]),
        case("EXT-04, DDP-32", term::DDP_MSN, vec![imm(2, 8)]).receives(&[20]),
        case("EXT-06", None, (1..=4).map(good).collect()),
        case("EXT-10", term::DDP_MSN, vec![good(2)]),
        case("EXT-10", term::DDP_MSN, vec![good(1), good(1)]),
        case("EXT-17", term::DDP_NO_BUFFER, (1..=5).map(good).collect()),
        case(
            "EXT-10",
            None,
            vec![rr(1, READ, BASE, 5), good(2), rr(3, READ, BASE, 0), good(4)],
        ),
        case(
            "EXT-15",
            term::RDMAP_BOUNDS,
            vec![request(1, 0, INVALIDATE, end + 5)],
        ),
        case(
            "EXT-15",
            term::RDMAP_BOUNDS,
            vec![request(1, 0, INVALIDATE, end - 3)],
        ),
        case(
            "EXT-15",
            term::RDMAP_BOUNDS,
            vec![request(1, 0, INVALIDATE, TARGET - 8)],
        ),
        asked("EXT-0F", None, vec![response(1, ID)]),
        asked("EXT-19", term::DDP_MSN, vec![response(2, ID)]),
        asked("EXT-19", term::DDP_MSN, vec![response(1, ID ^ 1)]),
        asked(
            "EXT-19",
            term::DDP_MSN,
            vec![response(1, ID), response(2, ID)],
        ),
        case("EXT-19", term::DDP_MSN, vec![response(1, ID)]),
        asked(
            "EXT-19, RDM-31",
            term::RDMAP_OPCODE,
            vec![resp(SINK, BASE, 8, true)],
        ),
        case("EXT-19", term::DDP_MSN, vec![response(1, ID)]).read(SINK, BASE, 8),
    ];
    for n in [0, 7, 9] {
        all.push(case("EXT-03", term::RDMAP_OPCODE, vec![imm(1, n)]).receives(&[100]));
    }
    for (stag, code) in [
        (READ, term::RDMAP_ACCESS),
        (WRITE, term::RDMAP_ACCESS),
        (SINK, term::RDMAP_ACCESS),
        (NO_RIGHT, term::RDMAP_ACCESS),
        (OTHER_PD, term::RDMAP_STREAM),
        (OTHER_QP, term::RDMAP_STREAM),
        (GONE, term::RDMAP_INVALID_STAG),
        (INVALIDATE ^ 1, term::RDMAP_INVALID_STAG),
    ] {
        all.push(case("EXT-15", code, vec![request(1, 0, stag, TARGET)]));
    }
    for op in [1, 3, 8, 15] {
        all.push(case(
            "EXT-08",
            term::RDMAP_OPCODE,
            vec![request(1, op, INVALIDATE, TARGET)],
        ));
    }
    for by in 1..8 {
        all.push(case(
            "EXT-0A",
            term::RDMAP_STREAM_CATASTROPHIC,
            vec![request(1, 2, INVALIDATE, TARGET + by)],
        ));
    }
    for n in [69usize, 71] {
        let mut u = good(1);
        u.resize(n, 0);
        all.push(case("EXT-06", term::DDP_TOO_LONG, vec![u]));
    }
    for n in [29usize, 31] {
        let mut u = response(1, ID);
        u.resize(n, 0);
        all.push(asked("EXT-0F", term::DDP_TOO_LONG, vec![u]));
    }
    // A Send with Invalidate takes the STag away from the Atomic behind it.
    all.push(
        case(
            "EXT-15, RDM-46",
            term::RDMAP_INVALID_STAG,
            vec![inv(Opcode::SendInv, 1, 5, INVALIDATE), good(1)],
        )
        .receives(&[20]),
    );
    for (u, qn) in [
        (imm(1, 8), 1),
        (good(1), 0),
        (good(1), 3),
        (response(1, ID), 1),
    ] {
        all.push(asked("RDM-07", term::DDP_QN, vec![on_queue(u, qn)]).receives(&[20]));
    }
    all
}
