//! Errors of DDP on tagged and untagged segments (RFC 5041), and the segments next to them that are legal.

use crate::cases::*;
use ferrowarp_abi::code::term;
use ferrowarp_testbench::build::{counted, ulpdu};
use ferrowarp_testbench::wire::ddp::Opcode;

pub fn ddp_cases() -> Vec<Case> {
    let mut all = Vec::new();
    for dv in [0, 2, 3] {
        all.push(case(
            "DDP-05",
            term::DDP_TAGGED_VERSION,
            vec![with(w(WRITE, BASE, 9), 0, 3, dv)],
        ));
        all.push(case("DDP-05", term::DDP_VERSION, vec![with(s(1, 9), 0, 3, dv)]).receives(&[100]));
    }
    // Reserved bits are not checked.
    all.push(
        case(
            "DDP-04",
            None,
            vec![
                with(w(WRITE, BASE, 9), 0, 0, 0x3c),
                with(s(1, 9), 1, 0, 0x30),
            ],
        )
        .receives(&[100]),
    );
    for n in [1usize, 2, 13] {
        all.push(case(
            "DDP-3F",
            term::DDP_CATASTROPHIC,
            vec![w(WRITE, BASE, 9)[..n].to_vec()],
        ));
    }
    for n in [3usize, 17] {
        all.push(
            case(
                "DDP-3F",
                term::DDP_CATASTROPHIC,
                vec![s(1, 9)[..n].to_vec()],
            )
            .receives(&[100]),
        );
    }
    for (stag, to) in [
        (0, 0),
        (0x00ff_ff01, 7),
        (WRITE, u64::MAX),
        (GONE, BASE),
        (EMPTY, 5),
    ] {
        all.push(case(
            "DDP-14",
            None,
            vec![w(stag, to, 0), w(WRITE, BASE, 20)],
        ));
    }
    for qn in [3, 4, 0x100, 0xffff_ffff] {
        all.push(case("DDP-30", term::DDP_QN, vec![on_queue(s(1, 9), qn)]).receives(&[100]));
    }
    all.push(case("DDP-31", term::DDP_NO_BUFFER, vec![s(1, 1)]));
    all.push(case("DDP-31", term::DDP_NO_BUFFER, vec![s(1, 5), s(2, 1)]).receives(&[5]));
    all.push(case("DDP-47", term::DDP_NO_BUFFER, vec![s(1, 0)]));
    all.push(case("DDP-32", term::DDP_MSN, vec![s(2, 1)]).receives(&[100]));
    all.push(case("DDP-32", term::DDP_MSN, vec![s(2, 1)]).receives(&[100, 100]));
    all.push(case("DDP-32", term::DDP_MSN, vec![s(0, 1)]).receives(&[100]));
    // Wrong in one bit, high ones too.
    for bit in [4, 15, 16, 31] {
        all.push(case("DDP-32", term::DDP_MSN, vec![s(1 | 1 << bit, 1)]).receives(&[100]));
    }
    all.push(case("DDP-32", term::DDP_MSN, vec![s(1, 9), s(1, 9)]).receives(&[100, 100]));
    all.push(case("DDP-32", term::DDP_MSN, vec![s(9, 9)]).receives(&[100; 8]));
    let at = |mo, n| ulpdu::send(Opcode::Send, 1, mo, &counted(n), true, 0);
    all.push(case("DDP-33", term::DDP_MO, vec![at(101, 1)]).receives(&[100]));
    all.push(case("DDP-33", term::DDP_MO, vec![at(u32::MAX, 1)]).receives(&[100]));
    all.push(case("DDP-47", term::DDP_MO, vec![at(101, 0)]).receives(&[100]));
    all.push(case("DDP-46", None, vec![at(40, 60)]).receives(&[100]));
    all.push(case("DDP-34", term::DDP_TOO_LONG, vec![s(1, 101)]).receives(&[100]));
    all.push(case("DDP-34", term::DDP_TOO_LONG, vec![at(100, 1)]).receives(&[100]));
    let first = ulpdu::send(Opcode::Send, 1, 0, &counted(60), false, 0);
    all.push(
        case(
            "DDP-34, DDP-3D",
            term::DDP_TOO_LONG,
            vec![first, at(60, 41)],
        )
        .receives(&[100]),
    );
    all.push(case("DDP-34", None, vec![s(1, 100)]).receives(&[100]));
    for stag in [0x0055_5511, WRITE ^ 1, WRITE ^ 0x80, 0, 1, GONE] {
        all.push(case(
            "DDP-35, SEC-17",
            term::DDP_TAGGED_STAG,
            vec![w(stag, BASE, 4)],
        ));
    }
    let end = BASE + u64::from(LEN);
    for (to, n) in [
        (BASE - 1, 1),
        (BASE - 1, 900),
        (end, 1),
        (end - 9, 10),
        (0, 1),
        (BASE ^ 1 << 63, 4),
        (BASE + (1 << 32), 4),
    ] {
        all.push(case(
            "DDP-36, SEC-03",
            term::DDP_TAGGED_BOUNDS,
            vec![w(WRITE, to, n)],
        ));
    }
    all.push(case(
        "DDP-36",
        None,
        vec![
            w(WRITE, end - 10, 10),
            w(WRITE, end - 1, 1),
            w(WRITE, BASE, 1000),
        ],
    ));
    all.push(case("SEC-03", None, vec![w(ONE, BASE, 1)]));
    all.push(case(
        "SEC-03",
        term::DDP_TAGGED_BOUNDS,
        vec![w(ONE, BASE, 2)],
    ));
    all.push(case(
        "SEC-16",
        term::DDP_TAGGED_BOUNDS,
        vec![w(EMPTY, BASE, 1)],
    ));
    all.push(case(
        "DDP-37, SEC-01",
        term::DDP_TAGGED_STREAM,
        vec![w(OTHER_PD, BASE, 4)],
    ));
    all.push(case(
        "DDP-3E, SEC-02",
        term::DDP_TAGGED_STREAM,
        vec![w(OTHER_QP, BASE, 4)],
    ));
    all.push(case(
        "DDP-38",
        term::DDP_TAGGED_TO_WRAP,
        vec![w(WRITE, u64::MAX - 3, 8)],
    ));
    all.push(case(
        "DDP-38",
        term::DDP_TAGGED_TO_WRAP,
        vec![w(TOP, u64::MAX - 3, 8)],
    ));
    all.push(case("DDP-38", None, vec![w(TOP, TOP_BASE, 1000)]));
    all.push(case(
        "DDP-39",
        term::DDP_TAGGED_BOUNDS,
        vec![w(WRITE, end - 100, 1200)],
    ));
    let first = ulpdu::write(WRITE, end - 100, &counted(100), false);
    all.push(case(
        "DDP-3D",
        term::DDP_TAGGED_BOUNDS,
        vec![first, w(WRITE, end, 10)],
    ));
    // Segments of one message in falling order (DDP-17).
    let upper = ulpdu::write(WRITE, BASE + 50, &counted(50), false);
    all.push(case("DDP-17", None, vec![upper, w(WRITE, BASE, 50)]));
    all
}
