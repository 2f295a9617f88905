//! Flow extraction over made-up captures: what must be found, what skipped, and odd startups.

use super::*;
use crate::build::{counted, fpdu, tagged_message, ulpdu, FpduStream};
use crate::conversation::{startup, Conversation, ConversationOptions};
use crate::replay_plan::{Action, Plan, PlanError, PlanOptions};
use crate::wire::checksum::{fold, pseudo};
use crate::wire::ddp::Opcode;
use crate::wire::ethernet::Vlan;
use crate::wire::frame::FrameRepr;
use crate::wire::mpa::StartupKind;
use crate::wire::tcp::Flags;

const STAG: u32 = 0x0000_5501;

fn talk() -> Conversation {
    Conversation::new(ConversationOptions::default())
}

fn reason(c: &Conversation) -> String {
    let f = extract(&c.capture());
    assert_eq!((f.connections.len(), f.skipped.len()), (0, 1));
    f.skipped[0].reason.to_string()
}

#[test]
fn skipped_connections_say_why() {
    let mut c = talk();
    c.send(Side::Client, b"no handshake");
    assert_eq!(reason(&c), "TCP handshake not in the capture");
    let mut c = talk();
    c.raw(Side::Client, 5, Flags::SYN, vec![], &[]);
    c.raw(Side::Server, 0, Flags::RST | Flags::ACK, vec![], &[]);
    assert_eq!(reason(&c), "connection refused");
    let mut c = talk();
    c.handshake();
    assert_eq!(reason(&c), "no data before the end of the capture");
    c.send(Side::Client, b"GET / HTTP/1.1");
    assert_eq!(reason(&c), "does not start with an MPA Request");
    let mut c = talk();
    c.handshake().send(Side::Client, b"MPA ID Req Fr");
    assert_eq!(reason(&c), "MPA Request incomplete or malformed");
}

#[test]
fn rejected_and_silent_connections_are_found() {
    let mut c = talk();
    let mut reply = startup(StartupKind::Reply, true, false, b"no");
    reply.reject = true;
    c.open(&startup(StartupKind::Request, true, false, b""), &reply);
    let cap = c.capture();
    let f = extract(&cap);
    assert!(f.connections[0].rejected && f.connections[0].op_counts().total() == 0);
    let plan = Plan::build(
        &cap,
        &f.connections[0],
        Side::Server,
        &PlanOptions::default(),
    );
    assert!(matches!(
        plan,
        Err(PlanError::NotEstablished {
            reason: "the MPA Reply rejects",
            ..
        })
    ));
    let mut c = talk();
    c.open_plain();
    let cap = c.capture();
    let f = extract(&cap);
    let plan = Plan::build(
        &cap,
        &f.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert_eq!(plan.expected.ops.total(), 0);
}

#[test]
fn mpa_31_34_startup_tail_and_fpdus_in_one_frame() {
    // Two octets of the Request's private data share a frame with the first FPDU. A legal Initiator waits for the Reply, so the
    // frame is a retransmission that grew.
    let mut c = talk();
    let request = startup(StartupKind::Request, true, false, b"private").emit();
    let data = fpdu(&ulpdu::write(STAG, 0x1000, &counted(50), true));
    c.handshake();
    let start = c.seq(Side::Client);
    c.send(Side::Client, &request);
    c.send(
        Side::Server,
        &startup(StartupKind::Reply, true, false, b"").emit(),
    );
    let grown = [&request[request.len() - 2..], &data[..]].concat();
    let at = start.wrapping_add(request.len() as u32 - 2);
    c.raw(Side::Client, at, Flags::ACK | Flags::PSH, vec![], &grown);
    c.skip(Side::Client, data.len())
        .ack(Side::Server)
        .fin(Side::Client);
    let cap = c.capture();
    let f = extract(&cap);
    assert_eq!(f.connections[0].op_counts().get(Opcode::Write), 1);
    for trim_startup in [false, true] {
        let options = PlanOptions {
            trim_startup,
            ..PlanOptions::default()
        };
        let plan = Plan::build(&cap, &f.connections[0], Side::Server, &options).expect("plan");
        assert_eq!(
            plan.install.rcv_nxt,
            start.wrapping_add(request.len() as u32)
        );
        let first = plan.frames().next().expect("a frame").1.to_vec();
        let (r, l) = FrameRepr::parse(&first).expect("frame");
        let want = if trim_startup {
            (plan.install.rcv_nxt, data.len())
        } else {
            (at, grown.len())
        };
        assert_eq!((r.tcp.seq, l.payload.len()), want);
        let (out, mem) = plan.run_golden().expect("golden");
        assert_eq!(out.placements, plan.expected.placements);
        assert_eq!(mem.read(plan.regions[0].addr, 50), Ok(&counted(50)[..]));
        assert_eq!(plan.expected.placements[0].data, counted(50));
    }
}

#[test]
fn vlan_no_options_and_markers_both_ways() {
    let options = ConversationOptions {
        vlan: Some(Vlan {
            pcp: 3,
            dei: false,
            vid: 77,
        }),
        window_scale: None,
        timestamps: false,
        sack: false,
        ..ConversationOptions::default()
    };
    let mut c = Conversation::new(options);
    c.open(
        &startup(StartupKind::Request, true, true, b"abc"),
        &startup(StartupKind::Reply, true, false, b""),
    );
    let mut to_server = FpduStream::new(false);
    to_server.extend(&tagged_message(
        Opcode::Write,
        STAG,
        0xfff,
        &counted(3000),
        1000,
    ));
    let mut to_client = FpduStream::new(true);
    to_client.extend(&tagged_message(
        Opcode::Write,
        STAG,
        5,
        &counted(3000),
        1000,
    ));
    c.send_cut(Side::Client, &to_server.octets, 777)
        .send_cut(Side::Server, &to_client.octets, 333);
    let cap = c.capture();
    let f = extract(&cap);
    let conn = &f.connections[0];
    assert!(!conn.markers_from(Side::Client) && conn.markers_from(Side::Server));
    assert!(!conn.timestamps() && !conn.sack() && conn.window_scale_of(Side::Client) == 0);
    for we in [Side::Client, Side::Server] {
        let plan = Plan::build(&cap, conn, we, &PlanOptions::default()).expect("plan");
        assert_eq!(plan.install.tuple.vlan, Some(77));
        assert_eq!(plan.install.markers_rx, we == Side::Client);
        let r = &plan.regions[0];
        assert_eq!((r.len, r.addr & 0xfff), (3000, r.base & 0xfff));
        assert_eq!(
            plan.expected.memory.read(r.addr, 3000),
            Ok(&counted(3000)[..])
        );
        let (out, mem) = plan.run_golden().expect("golden");
        assert_eq!(out.ops, plan.expected.ops);
        assert!(plan.expected.memory.compare(&mem, 1).is_empty());
    }
}

#[test]
fn crc_asked_for_but_left_off_is_noticed() {
    let mut c = talk();
    c.open_plain();
    let mut f = fpdu(&ulpdu::write(STAG, 0, &counted(10), true));
    let n = f.len();
    f[n - 4..].fill(0);
    c.send(Side::Client, &f);
    let cap = c.capture();
    let flows = extract(&cap);
    assert!(flows.connections[0].crc_negotiated && !flows.connections[0].crc);
    let plan = Plan::build(
        &cap,
        &flows.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert!(!plan.install.crc && plan.notes.len() == 1 && plan.expected.ops.total() == 1);
}

#[test]
fn a_gap_in_the_capture_is_an_error_that_names_the_place() {
    let mut c = talk();
    c.open_plain();
    let f = fpdu(&ulpdu::write(STAG, 0, &counted(100), true));
    c.send(Side::Client, &f)
        .skip(Side::Client, f.len())
        .send(Side::Client, &f);
    let cap = c.capture();
    let flows = extract(&cap);
    let e = Plan::build(
        &cap,
        &flows.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .err()
    .map(|e| e.to_string());
    assert!(e.is_some_and(|e| e.contains("octets of the client are missing") && !e.contains('\n')));
}

#[test]
fn a_tuple_used_twice_is_two_connections() {
    let mut c = talk();
    c.open_plain().fin(Side::Client).fin(Side::Server);
    let second = Conversation::new(ConversationOptions {
        client_isn: 7,
        server_isn: 9,
        ..ConversationOptions::default()
    });
    let mut second = second;
    second
        .open_plain()
        .send(Side::Client, &fpdu(&ulpdu::write(STAG, 0, b"x", true)));
    let mut cap = c.capture();
    cap.frames.extend(second.frames);
    let f = extract(&cap);
    assert_eq!(
        f.connections
            .iter()
            .map(|c| c.op_counts().total())
            .collect::<Vec<_>>(),
        [0, 1]
    );
    assert_eq!(f.connections[1].client.isn, 7);
}

#[test]
fn super_frames_give_the_same_plan_result() {
    let mut s = FpduStream::new(false);
    s.extend(&tagged_message(
        Opcode::Write,
        STAG,
        0,
        &counted(50_000),
        20_000,
    ));
    let mut whole = talk();
    whole.open_plain().send(Side::Client, &s.octets);
    let mut cut = talk();
    cut.open_plain().send_cut(Side::Client, &s.octets, 1448);
    // As a sender's own capture shows it: no IPv4 length, pseudo header sum only.
    let last = whole.frames.last_mut().expect("frame");
    let (r, l) = FrameRepr::parse(&last.data).expect("frame");
    last.data[l.ip + 2..l.ip + 4].fill(0);
    let sum = fold(pseudo(r.ip.src(), r.ip.dst(), 0));
    last.data[l.tcp + 16..l.tcp + 18].copy_from_slice(&sum.to_be_bytes());
    let (fixed, report) = repair(&whole.capture(), &RepairOptions::default());
    assert_eq!(
        (report.super_frames, report.parts),
        (1, s.octets.len().div_ceil(1448))
    );
    let build = |cap: &Capture| {
        let f = extract(cap);
        Plan::build(
            cap,
            &f.connections[0],
            Side::Server,
            &PlanOptions::default(),
        )
        .expect("plan")
    };
    let (a, b) = (build(&fixed), build(&cut.capture()));
    assert_eq!(a.expected.placements, b.expected.placements);
    let frames = |p: &Plan| {
        p.steps
            .iter()
            .filter(|s| matches!(s.action, Action::Frame { .. }))
            .count()
    };
    assert_eq!(frames(&a), frames(&b));
}
