//! Replay does not confirm itself: one octet of payload, STag or Tagged Offset is changed in a copy of a capture, with
//! checksums and CRC mended; regions and expectation come from the original. The chip does what the copy says, and the
//! replay must name the connection.

mod replay_support;

use ferrowarp_testbench::capture::{extract, Capture, Connection, Side};
use ferrowarp_testbench::replay::{Bench, Endpoint, ReplayOptions, Report};
use ferrowarp_testbench::wire::ddp::{DdpRepr, Opcode};
use ferrowarp_testbench::wire::frame::{fix_checksums, FrameRepr};
use ferrowarp_testbench::wire::mpa::crc_octets;
use replay_support::{bench, complaints, preset, quiet, read};

/// What is changed, as an offset in the FPDU of a tagged message: length 2, control 2, STag 4, TO 8, payload.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Payload,
    StagIndex,
    StagKey,
    Offset,
}

impl Victim {
    fn at(self) -> (usize, u8) {
        match self {
            Victim::StagIndex => (5, 0x40),
            Victim::StagKey => (7, 0x01),
            // Stays inside the region: only the placement tells.
            Victim::Offset => (15, 0x04),
            Victim::Payload => (16, 0x80),
        }
    }
}

/// The copy, and the number of the frame that was changed.
fn mutate(capture: &Capture, conn: &Connection, from: Side, op: Opcode, victim: Victim) -> Capture {
    let dir = conn.side(from);
    let mut fpdus = conn.fpdus(from);
    // Neither the first nor the last, and in one frame, so that its CRC can be mended there.
    let place = |offset: usize, len: usize| {
        let seq = dir.seq(offset);
        conn.frames.iter().filter(|f| f.from == from).find_map(|f| {
            let at = seq.wrapping_sub(f.tcp.seq) as usize;
            (at + len <= f.payload.len()).then_some((f.index, f.payload.start + at))
        })
    };
    fpdus.retain(|f| {
        let header = DdpRepr::parse(&f.fpdu.ulpdu).map(|d| d.header_len());
        f.opcode == Some(op)
            && header.is_ok_and(|h| f.fpdu.ulpdu.len() > h)
            && place(f.offset, f.fpdu.wire_len).is_some()
    });
    let f = &fpdus[fpdus.len() / 2];
    let (index, at) = place(f.offset, f.fpdu.wire_len).expect("filtered");
    let mut copy = capture.clone();
    let frame = &mut copy.frames[index].data;
    let (offset, bits) = victim.at();
    frame[at + offset] ^= bits;
    let crc_at = at + f.fpdu.wire_len - 4;
    if conn.crc {
        let crc = crc_octets(&frame[at..crc_at]);
        frame[crc_at..crc_at + 4].copy_from_slice(&crc);
    }
    fix_checksums(frame).expect("a TCP frame");
    assert_ne!(copy, *capture);
    FrameRepr::parse(&copy.frames[index].data).expect("still a frame");
    copy
}

fn check(bench: &Bench, options: &ReplayOptions, name: &str, we: Side, op: Opcode) {
    let capture = read(name);
    let flows = extract(&capture);
    let (n, conn) = flows
        .connections
        .iter()
        .enumerate()
        .find(|(_, c)| {
            c.fpdus(we.other())
                .iter()
                .filter(|f| f.opcode == Some(op))
                .count()
                > 2
        })
        .expect("a connection with such messages");
    for victim in [
        Victim::Payload,
        Victim::StagIndex,
        Victim::StagKey,
        Victim::Offset,
    ] {
        let copy = mutate(&capture, conn, we.other(), op, victim);
        let options = ReplayOptions {
            endpoint: match we {
                Side::Client => Endpoint::Client,
                Side::Server => Endpoint::Server,
            },
            frames_from: Some(copy),
            ..options.clone()
        };
        let r: Report = bench
            .replay(&capture, &options, &mut quiet)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let what = format!("{name} {victim:?} of {op:?}: {}", complaints(&r));
        assert!(!r.agrees(), "not noticed: {what}");
        let end = conn.side(Side::Client).end;
        let told = format!("{}:{} - ", end.ip, end.port);
        let names: Vec<&str> = r
            .mismatches
            .iter()
            .map(|m| m.connection.as_str())
            .chain(r.errors.iter().map(|e| e.connection.as_str()))
            .collect();
        assert!(!names.is_empty(), "nothing listed: {what}");
        assert!(
            names.iter().all(|n| n.contains(&told)),
            "another connection is named ({n}, {told}): {what}"
        );
        match victim {
            // Everything else is right: one octet, at its address.
            Victim::Payload => {
                let payload: Vec<_> = r
                    .mismatches
                    .iter()
                    .filter(|m| m.what == "payload")
                    .collect();
                assert_eq!(payload.len(), 1, "{what}");
                assert!(payload[0].address.is_some(), "{what}");
                assert_eq!(r.bytes_placed, r.bytes_expected, "{what}");
            }
            Victim::StagIndex | Victim::StagKey => {
                assert!(r.bytes_placed < r.bytes_expected, "{what}");
                let refused = |m: &&_| {
                    let m: &ferrowarp_testbench::replay::report::Mismatch = m;
                    m.got.contains("ERROR 0x1100")
                };
                assert!(r.mismatches.iter().any(|m| refused(&m)), "{what}");
            }
            Victim::Offset => {
                assert!(r.mismatches.iter().any(|m| m.what == "placement"), "{what}");
            }
        }
    }
    // And the original itself agrees.
    let r = bench
        .replay(&capture, options, &mut quiet)
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(r.agrees(), "{}", complaints(&r));
}

fn noticed(preset_name: &str, files: &[&str], side: Side, op: Opcode) {
    let preset = preset(preset_name);
    let bench = bench(&preset);
    let options = ReplayOptions {
        line_rate: true,
        ..ReplayOptions::new(preset)
    };
    for file in files {
        check(&bench, &options, file, side, op);
    }
}

#[test]
fn a_changed_write_is_noticed() {
    let files = ["31_crc_both.pcap", "13_burst_small_write.pcap"];
    noticed("dc-100g", &files, Side::Server, Opcode::Write);
}

#[test]
fn a_changed_read_response_is_noticed() {
    noticed(
        "dc-25g",
        &["31_crc_both.pcap"],
        Side::Client,
        Opcode::ReadResponse,
    );
}
