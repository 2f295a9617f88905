//! Errors of Sends with Invalidate and of Terminate messages (RFC 5040), and the legal ones.

use crate::cases::*;
use ferrowarp_abi::code::term;
use ferrowarp_testbench::wire::ddp::Opcode;

pub fn invalidate_cases() -> Vec<Case> {
    let mut all = Vec::new();
    for op in [Opcode::SendInv, Opcode::SendSeInv] {
        for stag in [0, INVALIDATE ^ 1, GONE, 0x0077_7701] {
            all.push(
                case(
                    "RDM-48",
                    term::RDMAP_PROT_INVALIDATE,
                    vec![inv(op, 1, 9, stag)],
                )
                .receives(&[100]),
            );
        }
        all.push(
            case(
                "RDM-49",
                term::RDMAP_PROT_INVALIDATE,
                vec![inv(op, 1, 9, INVALIDATE_PD)],
            )
            .receives(&[100]),
        );
        all.push(
            case(
                "RDM-49",
                term::RDMAP_PROT_INVALIDATE,
                vec![inv(op, 1, 9, INVALIDATE_QP)],
            )
            .receives(&[100]),
        );
        // A region that is bound to no stream, with the right: legal for the chip, and the driver's not to give.
        all.push(case("RDM-46", None, vec![inv(op, 1, 9, WRITE)]).receives(&[100]));
        all.push(
            case(
                "RDM-4C",
                term::DDP_TOO_LONG,
                vec![inv(op, 1, 101, INVALIDATE)],
            )
            .receives(&[100]),
        );
    }
    for n in [0, 9] {
        let u = vec![
            w(INVALIDATE, BASE, 30),
            inv(Opcode::SendInv, 1, n, INVALIDATE),
        ];
        all.push(case("RDM-46, RDM-4B", None, u.clone()).receives(&[100]));
        // A Write behind it must fail, however close it follows (RDM-47, hazard at X2).
        let mut u = u;
        u.push(w(INVALIDATE, BASE, 4));
        all.push(case("RDM-47", term::DDP_TAGGED_STAG, u).receives(&[100]));
    }
    let u = vec![
        inv(Opcode::SendInv, 1, 9, INVALIDATE),
        rr(1, INVALIDATE, BASE, 4),
    ];
    all.push(case("RDM-47", term::RDMAP_INVALID_STAG, u).receives(&[100]));
    let twice = vec![
        inv(Opcode::SendInv, 1, 9, INVALIDATE),
        inv(Opcode::SendSeInv, 2, 9, INVALIDATE),
    ];
    all.push(case("RDM-48", term::RDMAP_PROT_INVALIDATE, twice).receives(&[100, 100]));
    all
}

pub fn terminate_cases() -> Vec<Case> {
    let mut all = vec![case("RDM-52, RDM-59", None, vec![terminate()])];
    let put = |at: usize, v: &[u8]| {
        let mut u = terminate();
        u[at..at + v.len()].copy_from_slice(v);
        u
    };
    all.push(case(
        "RDM-5D",
        term::DDP_MSN,
        vec![put(10, &2u32.to_be_bytes())],
    ));
    all.push(case(
        "RDM-5D",
        term::DDP_MO,
        vec![put(14, &4u32.to_be_bytes())],
    ));
    all.push(case(
        "RDM-5D",
        term::DDP_TOO_LONG,
        vec![with(terminate(), 0, 0x40, 0)],
    ));
    all.push(case("RDM-5D", term::DDP_QN, vec![on_queue(s(1, 9), 2)]));
    for n in 18..22 {
        all.push(case(
            "RDM-5D",
            term::DDP_TOO_LONG,
            vec![terminate()[..n].to_vec()],
        ));
    }
    // Two bad FPDUs: the code of the first (RDM-57).
    let two = vec![w(WRITE, 0, 4), w(0x0055_5511, BASE, 4)];
    all.push(case("RDM-57", term::DDP_TAGGED_BOUNDS, two));
    all
}
