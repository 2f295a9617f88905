//! Plans of the kept traces: expectation by stream and by frames agree, and mutations are noticed.

use super::*;
use crate::capture::{extract, read, repair, Flows, RepairOptions};
use crate::golden::Event;
use crate::wire::ddp::{Opcode, Term};
use crate::wire::frame::fix_checksums;
use std::path::Path;

fn load(path: &Path) -> (Capture, Flows) {
    let (capture, _) = repair(&read(path).expect("readable"), &RepairOptions::default());
    let flows = extract(&capture);
    (capture, flows)
}

fn kept(name: &str) -> (Capture, Flows) {
    load(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("traces")
            .join(name),
    )
}

/// Both sides of every connection: the frames through TCP must give what the stream gave.
fn both_sides_agree(path: &Path) -> usize {
    let (capture, flows) = load(path);
    let mut plans = 0;
    for conn in &flows.connections {
        for we in [Side::Client, Side::Server] {
            let plan = match Plan::build(&capture, conn, we, &PlanOptions::default()) {
                Ok(p) => p,
                Err(PlanError::NotEstablished { .. }) => continue,
                Err(e) => panic!("{}: {e}", path.display()),
            };
            let (out, mem) = plan.run_golden().expect("golden");
            let who = format!("{} {}", path.display(), plan.name);
            assert_eq!(out.memory_errors, [], "{who}");
            assert_eq!(out.placements, plan.expected.placements, "{who}");
            assert_eq!(plan.expected.memory.compare(&mem, 1), [], "{who}");
            assert_eq!(out.ops, plan.expected.ops, "{who}");
            let done: Vec<_> = out.completions().cloned().collect();
            assert_eq!(done, plan.expected.completions, "{who}");
            assert_eq!(
                out.error().map(|e| e.term),
                plan.expected.error.as_ref().map(|e| e.term),
                "{who}"
            );
            assert_eq!(mem.guards_intact(), Ok(()), "{who}");
            plans += 1;
        }
    }
    plans
}

#[test]
fn stream_and_frames_agree_on_every_kept_trace() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut plans = 0;
    for e in std::fs::read_dir(dir).expect("traces") {
        let path = e.expect("entry").path();
        if path.extension().is_some_and(|x| x == "pcap") {
            plans += both_sides_agree(&path);
        }
    }
    assert_eq!(plans, 28);
}

#[test]
#[ignore = "needs FERROWARP_TRACES"]
fn stream_and_frames_agree_on_the_whole_collection() {
    let dir =
        std::env::var("FERROWARP_TRACES").expect("set FERROWARP_TRACES to a directory of captures");
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .expect("directory")
        .map(|e| e.expect("entry").path())
        .collect();
    names.sort();
    for path in names
        .iter()
        .filter(|p| p.extension().is_some_and(|x| x == "pcap"))
    {
        println!("{}: {} plans", path.display(), both_sides_agree(path));
    }
}

#[test]
fn write_of_one_mebibyte() {
    let (capture, flows) = kept("36_crc_write_1MiB.pcap");
    let plan = Plan::build(
        &capture,
        &flows.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert_eq!(plan.install.role, Role::Responder);
    assert!(plan.install.crc && plan.install.timestamps && plan.install.sack);
    assert_eq!(plan.expected.ops.get(Opcode::Write), 735);
    let octets: usize = plan.expected.placements.iter().map(|p| p.data.len()).sum();
    assert_eq!(octets, 1 << 20);
    assert_eq!(plan.regions.iter().map(|r| r.len).sum::<u64>(), 1 << 20);
    assert!(plan.regions[0].rights.remote_write && !plan.regions[0].rights.remote_read);
    assert_eq!(plan.expected.error, None);
}

#[test]
fn reads_are_issued_before_their_responses() {
    let (capture, flows) = kept("14_readburst_ord4.pcap");
    let client = Plan::build(
        &capture,
        &flows.connections[0],
        Side::Client,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert_eq!(client.read_issues().count(), 32);
    assert!(client.read_issues().all(|(_, r)| r.len == 5000));
    let done = client
        .expected
        .events
        .iter()
        .filter(|e| matches!(e, Event::ReadDone { .. }))
        .count();
    assert_eq!((done, client.expected.error.clone()), (32, None));
    let server = Plan::build(
        &capture,
        &flows.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert_eq!(server.expected.ops.get(Opcode::ReadRequest), 32);
    assert!(server.regions.iter().all(|r| r.rights.remote_read));
}

#[test]
fn rdm_47_use_after_invalidate_is_refused_in_the_replay_too() {
    let (capture, flows) = kept("30_term_use_after_inv.pcap");
    let plan = Plan::build(
        &capture,
        &flows.connections[0],
        Side::Server,
        &PlanOptions::default(),
    )
    .expect("plan");
    assert_eq!(
        plan.expected.error.as_ref().map(|e| (e.term, e.row)),
        Some((Term::new(0x11, 0x00), "DDP-35"))
    );
    assert_eq!(plan.expected.completions.len(), 1);
    assert!(plan.expected.completions[0].inv_stag.is_some());
    assert_eq!(plan.notes.len(), 1);
}

#[test]
fn ack_range_in_the_mirror_covers_every_frame() {
    for name in [
        "14_readburst_ord4.pcap",
        "80_rping.pcap",
        "31_crc_both.pcap",
    ] {
        let (capture, flows) = kept(name);
        for conn in &flows.connections {
            for we in [Side::Client, Side::Server] {
                let plan = Plan::build(&capture, conn, we, &PlanOptions::default()).expect("plan");
                let mut mirror = None;
                for s in &plan.steps {
                    match &s.action {
                        Action::SndMirror(m) => mirror = Some(*m),
                        Action::Frame { octets, .. } => {
                            let (r, _) =
                                crate::wire::frame::FrameRepr::parse(octets).expect("frame");
                            let m: SndMirror = mirror.expect("a mirror comes first");
                            assert!(
                                crate::wire::tcp::seq_diff(r.tcp.ack, m.snd_nxt) <= 0,
                                "{name}: ACK of octets never sent"
                            );
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

#[test]
fn mutated_frames_against_the_original_expectation() {
    let (capture, flows) = kept("31_crc_both.pcap");
    let conn = &flows.connections[0];
    let plan = Plan::build(&capture, conn, Side::Server, &PlanOptions::default()).expect("plan");
    let victim = plan
        .steps
        .iter()
        .find_map(|s| match &s.action {
            Action::Frame { index, octets } if octets.len() > 200 => Some(*index),
            _ => None,
        })
        .expect("a data frame");
    let mut other = capture.clone();
    other.frames[victim].data[150] ^= 0x10;
    fix_checksums(&mut other.frames[victim].data).expect("frame");
    let same_place = plan.with_frames_from(&other);
    let (out, mem) = same_place.run_golden().expect("golden");
    assert!(out
        .events
        .iter()
        .any(|e| matches!(e, Event::CrcDrop { .. })));
    let done: Vec<_> = out.completions().cloned().collect();
    assert!(
        !plan.expected.differences(&mem, &done, 5).is_empty(),
        "the mutation must be noticed"
    );
    let (out, mem) = plan.run_golden().expect("golden");
    let done: Vec<_> = out.completions().cloned().collect();
    assert_eq!(
        plan.expected.differences(&mem, &done, 5),
        Vec::<String>::new()
    );
    // One frame fewer: matched by tuple. The capture holds no retransmission of it, so data is missing.
    let mut fewer = capture.clone();
    fewer.frames.remove(victim);
    let (out, _) = plan.with_frames_from(&fewer).run_golden().expect("golden");
    assert!(out.ops.total() < plan.expected.ops.total());
    // And unchanged frames found by tuple give the expectation.
    let mut more = capture.clone();
    more.frames.push(more.frames[0].clone());
    let (out, mem) = plan.with_frames_from(&more).run_golden().expect("golden");
    assert_eq!(out.ops, plan.expected.ops);
    assert!(plan.expected.memory.compare(&mem, 1).is_empty());
}
