//! What a replay does with the file itself: pcapng, VLAN tags, offload artefacts, and files that it cannot use.

mod replay_support;

use ferrowarp_testbench::build::{fpdu, send_message, tagged_message, ulpdu, FpduStream};
use ferrowarp_testbench::capture::{
    self, write_bytes, Capture, CapturedFrame, PcapngWriter, RepairOptions, Side,
};
use ferrowarp_testbench::conversation::{Conversation, ConversationOptions};
use ferrowarp_testbench::replay::{Bench, Endpoint, ReplayError, ReplayOptions, Report};
use ferrowarp_testbench::wire::checksum::{fold, pseudo};
use ferrowarp_testbench::wire::ddp::{
    AtomicRequestRepr, AtomicResponseRepr, Opcode, ReadRequestRepr,
};
use ferrowarp_testbench::wire::ethernet::Vlan;
use ferrowarp_testbench::wire::frame::FrameRepr;
use replay_support::{bench, complaints, preset, quiet, read, replay};

fn options(name: &str) -> ReplayOptions {
    ReplayOptions {
        line_rate: true,
        ..ReplayOptions::new(preset(name))
    }
}

fn octets(n: usize, step: u8) -> Vec<u8> {
    (0..n)
        .map(|i| (i as u8).wrapping_mul(step) ^ (i >> 8) as u8)
        .collect()
}

/// A Write of 20 000 octets and a Send of 5000 from the client, in frames of `cut` octets of payload.
fn talk(options: ConversationOptions, cut: usize) -> Capture {
    let mut c = Conversation::new(options);
    c.open_plain();
    let mut stream = FpduStream::new(false);
    stream.extend(&tagged_message(
        Opcode::Write,
        0x1234_5678,
        0x7000,
        &octets(20_000, 7),
        1400,
    ));
    stream.extend(&send_message(Opcode::SendSe, 1, &octets(5000, 13), 1400, 0));
    let bytes = stream.octets;
    c.send_cut(Side::Client, &bytes, cut);
    c.ack(Side::Server);
    c.fin(Side::Client);
    c.fin(Side::Server);
    c.ack(Side::Client);
    c.capture()
}

fn good(r: &Report, placed: u64) {
    assert!(r.agrees() && r.skipped.is_empty(), "{}", complaints(r));
    assert_eq!(r.bytes_placed, placed, "{}", complaints(r));
}

/// The same frames as a pcapng file.
fn pcapng(capture: &Capture) -> Vec<u8> {
    let file = capture
        .frames
        .iter()
        .fold(PcapngWriter::new(1, None), |w, f| {
            w.packet(f.time.as_micros() as u64, &f.data, f.data.len() as u32)
        });
    file.finish()
}

#[test]
fn vlan_tags_pcapng_and_endpoints() {
    let options = options("dc-100g");
    let bench = bench(&options.preset);
    let tagged = ConversationOptions {
        vlan: Some(Vlan {
            pcp: 3,
            dei: false,
            vid: 77,
        }),
        ..ConversationOptions::default()
    };
    for timed in [false, true] {
        let options = ReplayOptions {
            line_rate: !timed,
            ..options.clone()
        };
        let plain = talk(ConversationOptions::default(), 1448);
        good(&replay(&bench, &plain, &options), 25_000);
        let vlan = talk(tagged.clone(), 1448);
        good(&replay(&bench, &vlan, &options), 25_000);
        let ng = capture::read_bytes("talk.pcapng", &pcapng(&vlan)).expect("pcapng");
        assert_eq!(ng.frames.len(), vlan.frames.len());
        good(&replay(&bench, &ng, &options), 25_000);
    }
    // One side only, by name and by address.
    let capture = talk(tagged, 1448);
    let server = ConversationOptions::default().server;
    for (endpoint, placed) in [
        (Endpoint::Client, 0),
        (Endpoint::Server, 25_000),
        (Endpoint::Address(server.ip, server.port), 25_000),
    ] {
        let options = ReplayOptions {
            endpoint,
            ..options.clone()
        };
        let r = replay(&bench, &capture, &options);
        good(&r, placed);
        assert_eq!(r.connections.len(), 1);
    }
    let nobody = ReplayOptions {
        endpoint: Endpoint::Address(server.ip, 1),
        ..options
    };
    let e = bench
        .replay(&capture, &nobody, &mut quiet)
        .expect_err("nobody");
    let text = "made up: no connection has the endpoint 10.0.0.1:1; there are 10.0.0.1:18515, 10.0.0.2:40001";
    assert_eq!(e.to_string(), text);
}

/// The capture as a sending host records it: segments put together to super-frames, checksums left to the NIC.
fn offloaded(capture: &Capture, super_frames: bool, unfilled: bool) -> Capture {
    let mut out: Vec<CapturedFrame> = Vec::new();
    let mut open: Option<(FrameRepr, Vec<u8>, CapturedFrame)> = None;
    let flush = |open: &mut Option<(FrameRepr, Vec<u8>, CapturedFrame)>,
                 out: &mut Vec<CapturedFrame>| {
        if let Some((repr, payload, frame)) = open.take() {
            let mut data = repr.emit(&payload);
            if unfilled {
                let l4 = data.len() - payload.len() - repr.tcp.header_len();
                let partial = fold(pseudo(repr.ip.src(), repr.ip.dst(), data.len() - l4));
                data[l4 + 16..l4 + 18].copy_from_slice(&partial.to_be_bytes());
            }
            out.push(CapturedFrame { data, ..frame });
        }
    };
    for f in &capture.frames {
        let (repr, at) = FrameRepr::parse(&f.data).expect("TCP");
        let payload = &f.data[at.payload];
        if let Some((first, held, _)) = &mut open {
            let next = first.tcp.seq.wrapping_add(held.len() as u32) == repr.tcp.seq;
            let same = first.source() == repr.source() && first.tcp.flags == repr.tcp.flags;
            let small = held.len() + payload.len() < 12_000;
            if super_frames && next && same && !payload.is_empty() && held.len() >= 1000 && small {
                held.extend_from_slice(payload);
                continue;
            }
        }
        flush(&mut open, &mut out);
        open = Some((repr, payload.to_vec(), f.clone()));
    }
    flush(&mut open, &mut out);
    for (i, f) in out.iter_mut().enumerate() {
        f.number = i + 1;
    }
    Capture {
        name: capture.name.clone(),
        frames: out,
    }
}

#[test]
fn offload_artefacts_are_named_and_mended() {
    let options = options("dc-25g");
    let bench = bench(&options.preset);
    let whole = talk(ConversationOptions::default(), 1448);
    for (super_frames, unfilled) in [(true, false), (false, true), (true, true)] {
        let capture = offloaded(&whole, super_frames, unfilled);
        assert_ne!(capture.frames, whole.frames);
        let (mended, _) = capture::repair(&capture, &RepairOptions::default());
        let stream = |c: &Capture| {
            let f = capture::extract(c);
            f.connections
                .iter()
                .map(|c| (c.client.stream.clone(), c.server.stream.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(stream(&mended), stream(&whole), "octet by octet");
        let r = replay(&bench, &capture, &options);
        good(&r, 25_000);
        let note = r
            .notes
            .iter()
            .find(|n| n.contains("offload artefacts split and filled"));
        assert!(note.is_some(), "{:?}", r.notes);
    }
    // As they are: the chip rightly drops segments without a checksum.
    let keep = ReplayOptions {
        repair: RepairOptions {
            split: false,
            fill_checksums: false,
            ..RepairOptions::default()
        },
        ..options.clone()
    };
    let r = replay(&bench, &offloaded(&whole, false, true), &keep);
    assert!(!r.agrees(), "{}", complaints(&r));
    assert!(
        r.runs
            .iter()
            .any(|run| run.counters.contains_key("bad_tcp_sum")),
        "{}",
        complaints(&r)
    );
}

#[test]
fn several_connections_and_plain_frames() {
    let options = options("dc-100g");
    let bench = bench(&options.preset);
    // Two conversations in one file, frame by frame in turn, and a third without its handshake.
    let one = talk(ConversationOptions::default(), 1000);
    let mut other = ConversationOptions::default();
    other.client.port = 40_777;
    let two = talk(other.clone(), 600);
    other.client.port = 40_888;
    let cut = talk(other, 1448);
    let mut frames = Vec::new();
    let (mut a, mut b) = (one.frames.iter(), two.frames.iter());
    loop {
        let n = frames.len();
        frames.extend(a.next().cloned());
        frames.extend(b.next().cloned());
        if frames.len() == n {
            break;
        }
    }
    frames.extend(cut.frames[3..].iter().cloned());
    let capture = Capture {
        name: "mixed".into(),
        frames,
    };
    let r = replay(&bench, &capture, &options);
    assert!(r.agrees(), "{}", complaints(&r));
    // The clients share a chip; the servers use the same STag, so they may not.
    assert_eq!(
        (r.connections.len(), r.runs.len()),
        (4, 3),
        "{}",
        complaints(&r)
    );
    assert_eq!(r.bytes_placed, 50_000, "{}", complaints(&r));
    assert_eq!(r.skipped.len(), 1);
    assert_eq!(r.skipped[0].reason, "TCP handshake not in the capture");
    assert!(r.skipped[0].connection.contains("40888"), "{:?}", r.skipped);
    // A rejected connection is no skip: its frames come out at the NIC queue.
    let r = replay(&bench, &read("16_reject.pcap"), &options);
    good(&r, 0);
    let plain: u64 = r.runs.iter().map(|run| run.plain_frames).sum();
    assert!(plain > 5, "{}", complaints(&r));
}

#[test]
fn the_report_and_the_picture_say_what_happened() {
    let options = options("dc-100g");
    let bench = bench(&options.preset);
    let r = replay(&bench, &read("36_crc_write_1MiB.pcap"), &options);
    good(&r, 1 << 20);
    let json = serde_json::to_value(&r).expect("JSON");
    assert_eq!(json["fpdus"]["Write"], 735);
    assert_eq!(json["bytes_compared"], 1 << 20);
    let server = &r.connections[1];
    let latency = server.latency.expect("Writes were placed");
    assert!(latency.min > 0 && latency.min <= latency.median && latency.median <= latency.max);
    assert!(server.bytes_per_cycle > 30.0, "{}", server.bytes_per_cycle);
    assert_eq!(r.pipeline.len(), 30);
    let svg = ferrowarp_testbench::replay::picture::svg(&r);
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<g>").count(), 30);
    for unit in [
        "cycles = ",
        " ns</text>",
        "cycles from the first beat",
        "request +4",
    ] {
        assert!(svg.contains(unit), "the picture does not say `{unit}`");
    }
    assert!(svg.len() < 60_000, "{}", svg.len());
}

#[test]
fn a_region_as_given_is_registered() {
    use ferrowarp_testbench::golden::Rights;
    use ferrowarp_testbench::replay_plan::RegionOverride;
    let options = options("dc-25g");
    let bench = bench(&options.preset);
    let capture = talk(ConversationOptions::default(), 1448);
    let region = |len, remote_write| RegionOverride {
        stag: 0x1234_5678,
        base: 0x7000,
        len,
        rights: Rights {
            remote_write,
            ..Rights::NONE
        },
    };
    let with = |r| ReplayOptions {
        regions: vec![r],
        ..options.clone()
    };
    good(
        &replay(&bench, &capture, &with(region(1 << 20, true))),
        25_000,
    );
    // Too short, or not writable: both ends of the comparison refuse, and the report says with what.
    for (r, term) in [
        (region(10_000, true), "0x11/0x01"),
        (region(20_000, false), "0x01/0x02"),
    ] {
        let r = replay(&bench, &capture, &with(r));
        assert!(r.agrees(), "{}", complaints(&r));
        assert!(r.bytes_placed < 20_000);
        let ends = r
            .connections
            .iter()
            .find_map(|c| c.ends_with.clone())
            .expect("an error");
        assert!(ends.starts_with(term), "{ends}");
    }
    // An STag that nobody uses would change nothing: it is refused, and the right ones are named.
    let mut other = region(1 << 20, true);
    other.stag = 0x1234_5679;
    let error = bench
        .replay(&capture, &with(other), &mut |_| {})
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("0x12345679 of --region; they use") && error.contains("0x12345678"),
        "{error}"
    );
}

/// One line that names the file and says what to do.
fn refused(data: &[u8], want: &str) {
    let path = std::env::temp_dir().join(format!(
        "ferrowarp-replay-{}-{}.pcap",
        std::process::id(),
        want.len()
    ));
    std::fs::write(&path, data).expect("a file");
    let e =
        ferrowarp_testbench::replay::run(&path, &options("dc-25g"), &mut quiet).expect_err(want);
    let _ = std::fs::remove_file(&path);
    let text = e.to_string();
    assert!(
        matches!(
            e,
            ReplayError::Capture(_)
                | ReplayError::NoConnections { .. }
                | ReplayError::StackedVlan { .. }
        ),
        "{text}"
    );
    assert!(text.contains(want) && !text.contains('\n'), "{text}");
    assert!(text.starts_with(&path.display().to_string()), "{text}");
}

#[test]
fn a_file_that_cannot_be_used_gets_one_line() {
    let good = write_bytes(&talk(ConversationOptions::default(), 1448)).expect("written");
    let mut link = good.clone();
    link[20] = 113;
    let mut snap = good.clone();
    snap[36] = 255;
    refused(b"just some text, no capture", "not a capture");
    refused(b"", "the file is empty");
    refused(&good[..good.len() - 3], "the file ends inside packet");
    refused(&link, "link type LINUX_SLL is not Ethernet");
    refused(&snap, "record again with snap length 0");
    refused(&good[..24], "no packets");
    let arp = Capture {
        name: "arp".into(),
        frames: vec![CapturedFrame {
            number: 1,
            time: std::time::Duration::ZERO,
            data: [[0xff; 6].as_slice(), &[2; 6], &[0x08, 0x06], &[0; 46]].concat(),
        }],
    };
    refused(
        &write_bytes(&arp).expect("written"),
        "no TCP connection in it",
    );
    // A second tag in front of each frame's own.
    for outer in [[0x88, 0xa8], [0x81, 0]] {
        let mut tagged = talk(ConversationOptions::default(), 1448);
        for f in &mut tagged.frames {
            f.data
                .splice(12..12, [outer[0], outer[1], 0, 7, 0x81, 0, 0, 9]);
        }
        refused(
            &write_bytes(&tagged).expect("written"),
            "frames with two VLAN tags or an 802.1ad tag",
        );
    }
}

#[test]
fn connections_that_cannot_be_replayed_are_listed() {
    let options = options("dc-100g");
    let bench: Bench = bench(&options.preset);
    let whole = talk(ConversationOptions::default(), 1448);
    let without = |n: usize| {
        let mut c = whole.clone();
        c.frames.remove(n);
        c
    };
    let skipped = |c: &Capture| {
        let r = replay(&bench, c, &options);
        let said: Vec<String> = r.skipped.iter().map(|s| s.reason.clone()).collect();
        assert!(r.agrees() && !said.is_empty(), "{}", complaints(&r));
        said.join("; ")
    };
    assert!(skipped(&without(0)).contains("TCP handshake not in the capture"));
    // Frame 3 is the MPA Request, 4 the Reply, 8 in the middle of the data.
    assert!(skipped(&without(3)).contains("MPA Request not in the capture"));
    assert!(skipped(&without(4)).contains("no FPDUs: no MPA Reply"));
    assert!(skipped(&without(8)).contains("octets missing from the capture: client"));
}

/// Immediate Data, Atomic Requests and their Responses (RFC 7306) between the other messages, both ends replayed: what each
/// needs of its side is taken from the capture.
#[test]
fn rfc_7306_messages() {
    let mut c = Conversation::new(ConversationOptions::default());
    c.open_plain();
    let (client, server) = (Side::Client, Side::Server);
    let atomic = |op_word, request_id, at: u64| AtomicRequestRepr {
        op_word,
        request_id,
        stag: 0x4000_0001,
        to: 0x9000 + at,
        data: 5,
        mask: 0,
        compare: 7,
        compare_mask: u64::MAX,
    };
    let read = ReadRequestRepr {
        sink_stag: 0x5000_0002,
        sink_to: 0x300,
        size: 20,
        source_stag: 0x4000_0001,
        source_to: 0x9000,
    };
    let answer = |request_id, original| AtomicResponseRepr {
        request_id,
        original,
    };
    let asked = [
        ulpdu::write(0x4000_0001, 0x9010, &octets(40, 3), true),
        ulpdu::immediate(1, *b"imm data", true),
        ulpdu::atomic_request(1, &atomic(0, 0x11, 8)),
        ulpdu::read_request(2, &read),
        ulpdu::atomic_request(3, &atomic(2, 0x22, 16)),
        ulpdu::send(Opcode::Send, 2, 0, b"end", true, 0),
    ];
    let answered = [
        ulpdu::atomic_response(1, &answer(0x11, 99)),
        ulpdu::read_response(0x5000_0002, 0x300, &octets(20, 5), true),
        ulpdu::immediate(1, [9; 8], false),
        ulpdu::atomic_response(2, &answer(0x22, 100)),
    ];
    let all = |u: &[Vec<u8>]| u.iter().flat_map(|u| fpdu(u)).collect::<Vec<u8>>();
    c.send_cut(client, &all(&asked), 70);
    c.ack(server);
    c.send_cut(server, &all(&answered), 30);
    c.ack(client);
    c.fin(client);
    c.fin(server);
    c.ack(client);
    let options = options("dc-25g");
    let r = replay(&bench(&options.preset), &c.capture(), &options);
    good(&r, 40 + 3 + 20);
    let count = |name: &str| -> u64 {
        let all = r.connections.iter();
        all.filter_map(|c| c.fpdus.get(name)).sum()
    };
    let names = ["Imm", "ImmSE", "AtomicReq", "AtomicResp"];
    assert_eq!(names.map(count), [1, 1, 2, 2]);
    let sum = r.connections.iter().fold((0, 0, 0), |s, c| {
        (
            s.0 + c.atomic_requests,
            s.1 + c.completions,
            s.2 + c.completions_expected,
        )
    });
    assert_eq!(sum, (2, 6, 6));
}
