//! Errors of RDMAP headers, of Read Requests and of Read Responses (RFC 5040), and the legal messages next to them.

use crate::cases::*;
use ferrowarp_abi::code::term;
use ferrowarp_testbench::build::{counted, ulpdu};
use ferrowarp_testbench::wire::ddp::Opcode;

pub fn rdmap_cases() -> Vec<Case> {
    let mut all = Vec::new();
    let end = BASE + u64::from(LEN);
    for rv in [0u8, 2, 3] {
        all.push(case(
            "RDM-02",
            term::RDMAP_VERSION,
            vec![with(w(WRITE, BASE, 9), 1, 0xc0, rv << 6)],
        ));
        all.push(
            case(
                "RDM-02",
                term::RDMAP_VERSION,
                vec![with(s(1, 9), 1, 0xc0, rv << 6)],
            )
            .receives(&[100]),
        );
    }
    for op in 8..16 {
        // Untagged, 8 to 11 are those of RFC 7306.
        if op > 11 {
            all.push(
                case(
                    "RDM-05",
                    term::RDMAP_OPCODE,
                    vec![with(s(1, 30), 1, 15, op)],
                )
                .receives(&[100]),
            );
        }
        all.push(case(
            "RDM-05",
            term::RDMAP_OPCODE,
            vec![with(w(WRITE, BASE, 30), 1, 15, op)],
        ));
    }
    for op in [1, 3, 4, 5, 6, 7] {
        all.push(case(
            "RDM-06",
            term::RDMAP_OPCODE,
            vec![with(w(WRITE, BASE, 30), 1, 15, op)],
        ));
    }
    for op in [0, 2] {
        all.push(
            case(
                "RDM-06",
                term::RDMAP_OPCODE,
                vec![with(s(1, 30), 1, 15, op)],
            )
            .receives(&[100]),
        );
    }
    for qn in [1, 2] {
        all.push(case("RDM-07", term::DDP_QN, vec![on_queue(s(1, 9), qn)]).receives(&[100]));
    }
    for qn in [0, 2] {
        all.push(
            case(
                "RDM-07",
                term::DDP_QN,
                vec![on_queue(rr(1, READ, BASE, 9), qn)],
            )
            .receives(&[100]),
        );
        all.push(case(
            "RDM-07, RDM-5D",
            term::DDP_QN,
            vec![on_queue(terminate(), qn ^ 2 | 1)],
        ));
    }
    // The Invalidate STag field of a plain Send is ignored.
    let plain = ulpdu::send(Opcode::SendSe, 1, 0, &counted(9), true, INVALIDATE);
    all.push(case("RDM-08", None, vec![plain, w(INVALIDATE, BASE, 9)]).receives(&[100]));
    for n in [45usize, 47, 50] {
        let mut u = rr(1, READ, BASE, 9);
        u.resize(n, 0);
        all.push(case("RDM-0A", term::DDP_TOO_LONG, vec![u]));
    }
    all.push(case(
        "RDM-13, SEC-05",
        term::RDMAP_ACCESS,
        vec![w(READ, BASE, 4)],
    ));
    all.push(case(
        "RDM-13, SEC-05",
        term::RDMAP_ACCESS,
        vec![w(NO_RIGHT, BASE, 4)],
    ));
    all.push(case(
        "RDM-13, SEC-05",
        term::RDMAP_ACCESS,
        vec![w(SINK, BASE, 4)],
    ));
    for stag in [0, 1, OTHER_PD, WRITE, 0x0077_7701] {
        all.push(case(
            "RDM-24, SEC-06",
            None,
            vec![rr(1, stag, u64::MAX, 0), rr(2, READ, BASE, LEN)],
        ));
    }
    for stag in [0, READ ^ 4, 0x0077_7701, GONE] {
        all.push(case(
            "RDM-25",
            term::RDMAP_INVALID_STAG,
            vec![rr(1, stag, BASE, 4)],
        ));
    }
    all.push(case(
        "RDM-26, SEC-01",
        term::RDMAP_STREAM,
        vec![rr(1, OTHER_PD, BASE, 4)],
    ));
    all.push(case(
        "RDM-26, SEC-02",
        term::RDMAP_STREAM,
        vec![rr(1, OTHER_QP, BASE, 4)],
    ));
    for (to, n) in [
        (BASE - 1, 1),
        (end, 1),
        (BASE, LEN + 1),
        (BASE, u32::MAX),
        (BASE + (1 << 40), 4),
    ] {
        all.push(case("RDM-27", term::RDMAP_BOUNDS, vec![rr(1, READ, to, n)]));
    }
    all.push(case(
        "RDM-28",
        term::RDMAP_TO_WRAP,
        vec![rr(1, READ, u64::MAX - 15, 32)],
    ));
    all.push(case(
        "RDM-29, SEC-05",
        term::RDMAP_ACCESS,
        vec![rr(1, WRITE, BASE, 4)],
    ));
    all.push(case("RDM-32", term::DDP_MSN, vec![rr(2, READ, BASE, 4)]));
    all.push(case(
        "RDM-33",
        term::DDP_NO_BUFFER,
        (1..=5).map(|m| rr(m, READ, BASE, m)).collect(),
    ));
    all.push(case(
        "RDM-34",
        None,
        (1..=4).map(|m| rr(m, READ, BASE, m)).collect(),
    ));
    all.push(case(
        "RDM-31",
        term::RDMAP_OPCODE,
        vec![resp(SINK, BASE, 4, true)],
    ));
    all.push(case(
        "RDM-31",
        term::RDMAP_OPCODE,
        vec![resp(SINK, BASE, 0, true)],
    ));
    let read =
        |u: Vec<Vec<u8>>, code: Option<u16>| case("RDM-30", code, u).read(SINK, BASE + 3, 90);
    all.push(read(
        vec![
            resp(SINK, BASE + 3, 60, false),
            resp(SINK, BASE + 63, 30, true),
        ],
        None,
    ));
    all.push(read(
        vec![resp(WRITE, BASE + 3, 90, true)],
        Some(term::DDP_TAGGED_STAG),
    ));
    all.push(read(
        vec![resp(SINK, BASE + 2, 90, true)],
        Some(term::DDP_TAGGED_BOUNDS),
    ));
    all.push(read(
        vec![resp(SINK, BASE + 3, 91, true)],
        Some(term::DDP_TAGGED_BOUNDS),
    ));
    all.push(read(
        vec![resp(SINK, BASE + 3, 89, true)],
        Some(term::DDP_TAGGED_BOUNDS),
    ));
    all.push(read(
        vec![resp(SINK, BASE + 3, 90, false)],
        Some(term::DDP_TAGGED_BOUNDS),
    ));
    all.push(read(
        vec![
            resp(SINK, BASE + 3, 90, true),
            resp(SINK, BASE + 3, 90, true),
        ],
        Some(term::RDMAP_OPCODE),
    ));
    all.push(case("RDM-24, DDP-14", None, vec![resp(0, 0, 0, true)]).read(SINK, BASE, 0));
    // The sink is checked again by DDP.
    all.push(
        case(
            "RDM-30",
            term::DDP_TAGGED_STAG,
            vec![resp(GONE, BASE, 9, true)],
        )
        .read(GONE, BASE, 9),
    );
    all.push(
        case(
            "RDM-30",
            term::DDP_TAGGED_STREAM,
            vec![resp(OTHER_PD, BASE, 9, true)],
        )
        .read(OTHER_PD, BASE, 9),
    );
    all.push(
        case(
            "RDM-30",
            term::RDMAP_ACCESS,
            vec![resp(NO_RIGHT, BASE, 9, true)],
        )
        .read(NO_RIGHT, BASE, 9),
    );
    all.push(
        case(
            "RDM-30",
            term::DDP_TAGGED_BOUNDS,
            vec![resp(SINK, end - 8, 9, true)],
        )
        .read(SINK, end - 8, 9),
    );
    all
}
