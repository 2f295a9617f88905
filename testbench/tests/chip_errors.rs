//! Every error of the receive side by requirement id: the chip reports the code of the conformance table, places nothing of
//! the offending segment, ignores what follows, and other connections go on. Each case runs on the fast path (one FPDU a
//! segment) and through the assembler (segments cut inside the header), at 64 and 512 bits.

use ferrowarp_abi::code::{cpl_kind, term};
use ferrowarp_testbench::build::{counted, fpdu, ulpdu};
use ferrowarp_testbench::chip::duel::{
    small_cfg, small_model, ConnPlan, DuelError, Gate, Lockstep,
};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};
use ferrowarp_testbench::wire::ddp::{Opcode, ReadRequestRepr, Term, TerminateRepr};

/// Regions of the cases, all at TO 0x1_0000_0ff1 with 1000 octets.
const BASE: u64 = 0x1_0000_0ff1;
const LEN: u32 = 1000;
const WRITE: u32 = 0x000a_0011;
const READ: u32 = 0x000a_0122;
const OTHER_PD: u32 = 0x000a_0233;
const OTHER_QP: u32 = 0x000a_0344;
const SINK: u32 = 0x000a_0455;
const ONE: u32 = 0x000a_0566;
const EMPTY: u32 = 0x000a_0677;
const NO_RIGHT: u32 = 0x000a_0788;
const INVALIDATE: u32 = 0x000a_0899;
const INVALIDATE_PD: u32 = 0x000a_09aa;
const INVALIDATE_QP: u32 = 0x000a_0abb;
const TOP: u32 = 0x000a_0bcc;
const GONE: u32 = 0x000a_0cdd;
/// Region TOP ends 3 octets before the end of the address space.
const TOP_BASE: u64 = u64::MAX - 2 - LEN as u64;

struct Case {
    row: &'static str,
    /// `None`: no error.
    code: Option<u16>,
    receives: Vec<u32>,
    read: Option<Gate>,
    ulpdus: Vec<Vec<u8>>,
}

fn case(row: &'static str, code: impl Into<Option<u16>>, ulpdus: Vec<Vec<u8>>) -> Case {
    Case {
        row,
        code: code.into(),
        receives: vec![],
        read: None,
        ulpdus,
    }
}

impl Case {
    fn receives(mut self, r: &[u32]) -> Self {
        self.receives = r.to_vec();
        self
    }

    fn read(mut self, sink_stag: u32, sink_to: u64, len: u32) -> Self {
        self.read = Some(Gate::Read {
            sq_idx: 0x77,
            sink_stag,
            sink_to,
            len,
        });
        self
    }
}

/// Octet 0 or 1 of a ULPDU changed.
fn with(mut u: Vec<u8>, at: usize, clear: u8, set: u8) -> Vec<u8> {
    u[at] = (u[at] & !clear) | set;
    u
}

fn w(stag: u32, to: u64, n: usize) -> Vec<u8> {
    ulpdu::write(stag, to, &counted(n), true)
}

fn s(msn: u32, n: usize) -> Vec<u8> {
    ulpdu::send(Opcode::Send, msn, 0, &counted(n), true, 0)
}

fn inv(op: Opcode, msn: u32, n: usize, stag: u32) -> Vec<u8> {
    ulpdu::send(op, msn, 0, &counted(n), true, stag)
}

/// A Send whose queue number is `qn`.
fn on_queue(mut u: Vec<u8>, qn: u32) -> Vec<u8> {
    u[6..10].copy_from_slice(&qn.to_be_bytes());
    u
}

fn rr(msn: u32, source_stag: u32, source_to: u64, size: u32) -> Vec<u8> {
    let r = ReadRequestRepr {
        sink_stag: 0xdead_beef,
        sink_to: 0xffff_ffff_0000_0000,
        size,
        source_stag,
        source_to,
    };
    ulpdu::read_request(msn, &r)
}

fn resp(stag: u32, to: u64, n: usize, last: bool) -> Vec<u8> {
    ulpdu::read_response(stag, to, &counted(n), last)
}

fn terminate() -> Vec<u8> {
    let t = TerminateRepr {
        term: Term::new(0x11, 0x01),
        length_valid: false,
        reserved: 0x1fff,
        ddp: None,
        rdma: None,
    };
    ulpdu::terminate(&t)
}

fn ddp_cases() -> Vec<Case> {
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

fn rdmap_cases() -> Vec<Case> {
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
        all.push(
            case(
                "RDM-05, EXT-16",
                term::RDMAP_OPCODE,
                vec![with(s(1, 30), 1, 15, op)],
            )
            .receives(&[100]),
        );
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

fn invalidate_cases() -> Vec<Case> {
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
        all.push(case("RDM-4A, SEC-0F", None, vec![inv(op, 1, 9, WRITE)]).receives(&[100]));
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

fn terminate_cases() -> Vec<Case> {
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

fn region(
    l: &mut Lockstep,
    stag: u32,
    rights: StagRights,
    pd: u32,
    bound_to: Option<u32>,
    base: u64,
    len: u32,
) -> Region {
    l.region(Region {
        stag,
        rights,
        pd,
        bound_to,
        base,
        len,
        pa: 0,
    })
    .unwrap_or_else(|e| panic!("{stag:#x}: {e}"))
}

fn regions(l: &mut Lockstep, plan: &ConnPlan) -> Vec<Region> {
    let write = StagRights {
        remote_write: true,
        ..Default::default()
    };
    let read = StagRights {
        remote_read: true,
        ..Default::default()
    };
    let sink = StagRights {
        read_sink: true,
        ..Default::default()
    };
    let all = StagRights {
        remote_write: true,
        remote_read: true,
        read_sink: true,
        remote_invalidate: true,
    };
    let (pd, qp) = (plan.pd, Some(plan.qpn));
    region(l, READ, read, pd, qp, BASE, LEN);
    region(
        l,
        OTHER_PD,
        StagRights {
            remote_invalidate: false,
            ..all
        },
        pd ^ 1 << 23,
        None,
        BASE,
        LEN,
    );
    region(
        l,
        OTHER_QP,
        StagRights {
            remote_invalidate: false,
            ..all
        },
        pd,
        Some(plan.qpn ^ 1 << 19),
        BASE,
        LEN,
    );
    region(l, SINK, sink, pd, None, BASE, LEN);
    region(l, ONE, write, pd, None, BASE, 1);
    region(
        l,
        NO_RIGHT,
        StagRights {
            remote_invalidate: true,
            ..Default::default()
        },
        pd,
        None,
        BASE,
        LEN,
    );
    region(l, INVALIDATE_PD, all, pd + 1, None, BASE, LEN);
    region(l, INVALIDATE_QP, all, pd, Some(plan.qpn + 1), BASE, LEN);
    region(l, TOP, write, pd, None, TOP_BASE, LEN);
    region(l, EMPTY, all, pd, None, BASE, 0);
    region(l, GONE, all, pd, None, BASE, LEN);
    l.deregister(GONE).unwrap_or_else(|e| panic!("{e}"));
    vec![
        region(
            l,
            WRITE,
            StagRights {
                remote_invalidate: true,
                ..write
            },
            pd,
            None,
            BASE,
            LEN,
        ),
        region(l, INVALIDATE, all, pd, qp, BASE, LEN),
    ]
}

/// How the octets of a case are cut.
fn segments(ulpdus: &[Vec<u8>], style: usize) -> Vec<Vec<u8>> {
    let fpdus: Vec<Vec<u8>> = ulpdus.iter().map(|u| fpdu(u)).collect();
    match style {
        0 => fpdus,
        1 => fpdus.concat().chunks(1400).map(<[u8]>::to_vec).collect(),
        _ => fpdus
            .iter()
            .flat_map(|f| {
                let (a, b) = f.split_at((7 * style).min(f.len() / 2));
                [a.to_vec(), b.to_vec()]
            })
            .collect(),
    }
}

fn play(l: &mut Lockstep, side: usize, c: &Case, style: usize) -> Result<(), DuelError> {
    for n in &c.receives {
        l.post(side, *n)?;
    }
    if let Some(read) = c.read {
        l.issue(side, read)?;
    }
    for seg in segments(&c.ulpdus, style) {
        l.data(side, &seg);
    }
    l.settle()?;
    let errors: Vec<u16> = l
        .events(side)
        .iter()
        .filter(|e| e.kind == cpl_kind::ERROR)
        .map(|e| e.term)
        .collect();
    assert_eq!(
        errors,
        c.code.into_iter().collect::<Vec<_>>(),
        "{}: error codes in {:#06x?}",
        c.row,
        l.events(side)
    );
    l.position(side)?;
    // Later segments of an ended stream do nothing (DDP-3A, MPA-81); the other connection goes on (RDM-5F).
    if l.ended(side) {
        l.data(side, &fpdu(&w(WRITE, BASE + 5, 50)));
        l.data(side, &fpdu(&s(1, 1)));
    }
    l.settle()?;
    l.position(side)
}

fn errors(width: usize, cases: &[Case]) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let chip = Chip::new(&lib, &cfg, width / 8, 5).unwrap_or_else(|e| panic!("{e}"));
    let mut l = Lockstep::new(chip, 5);
    let plan = ConnPlan::new(5);
    let mut other = ConnPlan::new(6);
    other.pd = 99;
    let bad = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
    let good = l.install(&other).unwrap_or_else(|e| panic!("{e}"));
    let again = regions(&mut l, &plan);
    let theirs = StagRights {
        remote_write: true,
        ..Default::default()
    };
    region(&mut l, 0x000b_0001, theirs, 99, None, 0, 5000);
    let mut seq = 0xffff_0000u32;
    for c in cases {
        for style in 0..3 {
            seq = seq.wrapping_add(0x1237);
            let run = |l: &mut Lockstep| -> Result<(), DuelError> {
                l.renew(bad, seq)?;
                play(l, bad, c, style)?;
                l.data(good, &fpdu(&w(0x000b_0001, u64::from(seq % 4000), 40)));
                l.settle()?;
                l.position(good)?;
                // Regions that the case has invalidated.
                for r in &again {
                    if l.golden.host.tpt.get(r.stag).is_none() {
                        l.region(*r)?;
                    }
                }
                l.forget();
                Ok(())
            };
            run(&mut l).unwrap_or_else(|e| {
                let u: Vec<String> = c
                    .ulpdus
                    .iter()
                    .map(|u| format!("{:02x?}", &u[..u.len().min(46)]))
                    .collect();
                panic!(
                    "{}, {width} bits, cut {style}: {e}\nULPDUs {u:#?}\ncounters {:?}",
                    c.row,
                    l.chip.counters()
                )
            });
        }
    }
    l.compare_memory().unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn ddp_05_14_30_to_3f_sec_64() {
    errors(64, &ddp_cases());
}

#[test]
fn ddp_05_14_30_to_3f_sec_512() {
    errors(512, &ddp_cases());
}

#[test]
fn rdm_02_to_34_64() {
    errors(64, &rdmap_cases());
}

#[test]
fn rdm_02_to_34_512() {
    errors(512, &rdmap_cases());
}

#[test]
fn rdm_46_to_5d_invalidate_and_terminate_64() {
    errors(64, &invalidate_cases());
    errors(64, &terminate_cases());
}

#[test]
fn rdm_46_to_5d_invalidate_and_terminate_512() {
    errors(512, &invalidate_cases());
    errors(512, &terminate_cases());
}
