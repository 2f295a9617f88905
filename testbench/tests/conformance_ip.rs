//! Receiver rows TCP-79 to TCP-82: IP, the tuple, and the hand-over of a connection.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::conn_state;
use ferrowarp_hdl::rx::lookup::{bucket_key, pack_tuple};
use ferrowarp_testbench::chip::addresses;
use ferrowarp_testbench::chip::duel::small_cfg;
use ferrowarp_testbench::wire::checksum;
use ferrowarp_testbench::wire::ethernet::Vlan;
use std::collections::HashMap;
use std::net::Ipv4Addr;

const TCP: usize = 34;

/// IPv4 fragments of any kind go whole to the host and are never read as FPDUs.
fn tcp_79_fragments(b: &mut Bench) {
    b.post_nic(8);
    let c = b.open(1);
    let spec = b.links[c].spec();
    let first = changed(&spec.frame(&fpdu(&write(0, &counted(32)))), |f| {
        f[IP + 6] = 0x20
    });
    let mut frames = vec![first];
    for (flags, offset) in [(0x20u8, 1u16), (0, 4), (0x20, 0x1fff), (0x00, 0x1fff)] {
        // What stands where a TCP header would be looks exactly like the next segment.
        frames.push(changed(&spec.frame(&fpdu(&write(0, &counted(32)))), |f| {
            let word = u16::from(flags) << 8 | offset;
            f[IP + 6..IP + 8].copy_from_slice(&word.to_be_bytes());
        }));
    }
    // A tiny first fragment: 8 octets of TCP header.
    let mut tiny = frames[0][..TCP + 8].to_vec();
    tiny[IP + 2..IP + 4].copy_from_slice(&28u16.to_be_bytes());
    tiny[IP + 10..IP + 12].fill(0);
    let sum = checksum::checksum(&tiny[IP..TCP]);
    tiny[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
    tiny.resize(60, 0);
    frames.push(tiny);
    for f in &frames {
        b.frame(f.clone());
    }
    assert_eq!(b.plain(), frames);
    b.in_step(c);
    b.alive(c, 0);
}

/// IPv4 options, header lengths 6 to 15: this chip gives such frames to the host whole, source routes too.
fn tcp_7a_ip_options(b: &mut Bench) {
    b.post_nic(32);
    let c = b.open(1);
    let mut frames = Vec::new();
    for words in 6..=15u8 {
        for kind in [1u8, 131] {
            let plain = b.links[c].spec().frame(&fpdu(&write(0, &counted(32))));
            let mut options = vec![1u8; usize::from(words - 5) * 4];
            if kind == 131 {
                let n = options.len() as u8;
                options[..3].copy_from_slice(&[131, n, 4]);
            }
            frames.push(changed(&plain, |f| {
                f[IP] = 0x40 | words;
                let total = u16::from_be_bytes([f[IP + 2], f[IP + 3]]) + options.len() as u16;
                f[IP + 2..IP + 4].copy_from_slice(&total.to_be_bytes());
                f.splice(TCP..TCP, options.iter().copied());
            }));
        }
        // The options look like the TCP header of the next segment, and the sum is right for a header without options.
        let mut look_alike = b.links[c].spec().frame(&fpdu(&write(0, &counted(32))));
        look_alike[IP] = 0x40 | words;
        look_alike[IP + 10..IP + 12].fill(0);
        let sum = checksum::checksum(&look_alike[IP..TCP]);
        look_alike[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
        frames.push(look_alike);
    }
    for f in &frames {
        b.frame(f.clone());
    }
    assert_eq!(b.plain(), frames);
    b.in_step(c);
    b.alive(c, 0);
}

/// A bad IP header checksum drops the segment; octets behind the total length are not payload.
fn tcp_7b_ip_checksum_and_total_length(b: &mut Bench) {
    let c = b.open(1);
    let data = counted(4);
    for bit in 0..160 {
        let f = b.links[c].spec().frame(&fpdu(&write(0, &data)));
        let mut bad = f.clone();
        bad[IP + 10] ^= 0x55;
        if (80..96).contains(&bit) {
            bad = f;
            bad[IP + bit / 8] ^= 0x80 >> (bit % 8);
        }
        if bit % 16 == 0 || (80..96).contains(&bit) {
            b.frame(bad);
        }
    }
    assert!(b.placed().is_empty());
    assert!(ok(b.chip.counter("bad_ip_sum")) >= 16);
    b.in_step(c);
    // A pure ACK padded to 60 octets with what looks like payload, then FPDUs with junk behind them.
    let una = b.links[c].plan.spec.ack;
    b.sent(c, una, una + 5, 65535);
    let ack = FrameSpec {
        ack: una + 5,
        ..b.links[c].spec()
    };
    let mut frame = ack.frame(&[]);
    frame.extend_from_slice(&fpdu(&write(0, &data))[..6]);
    b.forget();
    b.frame(frame);
    assert_eq!(
        b.reports(c)
            .iter()
            .map(|a| (a.ack, a.payload_len))
            .collect::<Vec<_>>(),
        [(una + 5, 0)]
    );
    b.in_step(c);
    for (n, junk) in [(1usize, 6usize), (2, 1), (60, 40), (60, 3), (1, 64)] {
        for part in [9000usize, 10] {
            let data = counted(n);
            for piece in fpdu(&write(9, &data)).chunks(part) {
                let mut f = b.links[c].spec().frame(piece);
                f.extend(vec![0xee; junk]);
                b.skip(c, piece.len());
                b.frame(f);
            }
            assert_eq!(
                b.placed(),
                image(&[(MEM + 9, &data)]),
                "{n} octets, {junk} of junk"
            );
            b.in_step(c);
        }
    }
}

/// IPv6 with hop-by-hop, destination options, routing and fragment headers, TCP behind them: to the host, whole.
fn tcp_7c_ipv6_extension_headers(b: &mut Bench) {
    b.post_nic(8);
    let c = b.open(1);
    let tcp = b.links[c].spec().frame(&fpdu(&write(0, &counted(32))));
    let mut frames = Vec::new();
    for next in [0u8, 60, 43, 44] {
        let mut f = tcp[..12].to_vec();
        f.extend([0x86, 0xdd, 0x6a, 0xbc, 0xde, 0xf0]);
        f.extend(((tcp.len() - TCP + 8) as u16).to_be_bytes());
        f.extend([next, 64]);
        f.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
        f.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1]);
        f.extend([6, 0, 1, 4, 0, 0, 0, 0]);
        f.extend(&tcp[TCP..]);
        frames.push(f);
    }
    for f in &frames {
        b.frame(f.clone());
    }
    assert_eq!(b.plain(), frames);
    b.in_step(c);
    b.alive(c, 0);
}

/// A connection is installed while the peer sends without a pause, at many phases: what came before reaches the host and is put
/// in again, what fell between comes again from rcv_nxt on. No octet is lost or placed twice (also TCP-81).
fn tcp_80_import_with_data_in_flight(b: &mut Bench) {
    for phase in 0..24u64 {
        let mut plan = ConnPlan::new((phase % 60) as u16);
        plan.spec.src.port = 50_000 + phase as u16;
        plan.spec.seq = 0xffff_ff00 + phase as u32 * 8;
        let start = plan.spec.seq;
        let data = counted(40);
        let mut frames = Vec::new();
        let mut want = Vec::new();
        let mut seq = start;
        for i in 0..24u64 {
            let f = fpdu(&write(i * 40, &data));
            frames.push(
                FrameSpec {
                    seq,
                    ..plan.spec.clone()
                }
                .frame(&f),
            );
            seq = seq.wrapping_add(f.len() as u32);
            want.push((MEM + i * 40, data.as_slice()));
        }
        b.post_nic(24);
        b.forget();
        let now = b.chip.cycle();
        for (i, f) in frames.iter().enumerate() {
            b.chip.send(now + i as u64 * 25, f.clone());
        }
        for _ in 0..phase * 23 {
            ok(b.chip.tick());
        }
        let c = b.open_as(plan);
        b.settle();
        // The host puts in what it got, in order.
        let got: Vec<Vec<u8>> = b
            .chip
            .writes
            .iter()
            .rev()
            .take_while(|w| w.req_cycle >= now)
            .filter(|w| frames.contains(&w.data))
            .map(|w| w.data.clone())
            .collect();
        for f in got.into_iter().rev() {
            b.chip.inject(f);
        }
        b.settle();
        let mut rounds = 0;
        while b.state(c).rcv_nxt != seq {
            let at = b.state(c).rcv_nxt;
            let i = frames
                .iter()
                .position(|f| f[TCP + 4..TCP + 8] == at.to_be_bytes());
            let i = i.unwrap_or_else(|| panic!("phase {phase}: rcv_nxt {at:#x} is no boundary"));
            b.frame(frames[i].clone());
            b.settle();
            rounds += 1;
            assert!(rounds <= 24, "phase {phase}: no end");
        }
        b.links[c].seq = seq;
        let payload: Vec<(u64, usize)> = b
            .chip
            .writes
            .iter()
            .filter(|w| {
                w.req_cycle >= now
                    && w.conn == b.links[c].plan.conn
                    && (MEM..MEM + 70_000).contains(&w.addr)
            })
            .map(|w| (w.addr, w.data.len()))
            .collect();
        let mut once = payload.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(
            (once.len(), payload.len()),
            (24, 24),
            "phase {phase}: each FPDU once"
        );
        let state = b.state(c);
        assert_eq!((state.smsn, state.rmsn, state.st), (1, 1, conn_state::OPEN));
        b.forget();
        b.alive(c, 5000);
        // Make room: the buffers that are left over take what a stranger sends.
        let (conn, gen) = (b.links[c].plan.conn, b.links[c].plan.gen);
        ok(b.chip.remove(conn, gen));
        let used = frames.len();
        for f in frames.iter().take(used) {
            b.frame(f.clone());
        }
        b.forget();
    }
}

/// One bit of difference in any field of the tuple: the frame is the host's, nothing is placed.
fn tcp_82_look_alike_tuples(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.spec.vlan = Some(Vlan {
        pcp: 0,
        dei: false,
        vid: 5,
    });
    let tagged = b.open_as(plan);
    let c = b.open(2);
    let good = b.links[c].spec().frame(&fpdu(&write(0, &counted(20))));
    for bit in 0..96 {
        if bit % 24 == 0 {
            b.post_nic(24);
        }
        // Source and destination address, then the ports.
        let at = if bit < 64 {
            (IP + 12) * 8 + bit
        } else {
            TCP * 8 + bit - 64
        };
        let f = changed(&good, |f| f[at / 8] ^= 0x80 >> (at % 8));
        b.frame(f.clone());
        assert_eq!(b.plain(), [f], "bit {bit}");
    }
    // Another protocol with the same octets behind it.
    b.post_nic(2);
    for protocol in [17, 4] {
        let f = changed(&good, |f| f[IP + 9] = protocol);
        b.frame(f.clone());
        assert_eq!(b.plain(), [f], "protocol {protocol}");
    }
    // VLAN: another one, none, and a tag where none belongs.
    let tag = |vid: u16| {
        let mut f = good.clone();
        f.splice(12..12, [0x81, 0, (vid >> 8) as u8, vid as u8]);
        f
    };
    b.post_nic(20);
    for bit in 0..12 {
        let mut f = b.links[tagged].spec().frame(&fpdu(&write(0, &counted(20))));
        let vid = 5u16 ^ 1 << bit;
        f[14..16].copy_from_slice(&vid.to_be_bytes());
        b.frame(f.clone());
        assert_eq!(b.plain(), [f], "VLAN {vid}");
    }
    b.frame(tag(5));
    assert_eq!(b.plain(), [tag(5)]);
    for c in [tagged, c] {
        b.in_step(c);
        b.alive(c, 0);
    }
}

/// Tuples that the hash hardly tells apart: six connections of one bucket, of which two go to the second table, and a frame
/// of none of them with bucket and fingerprint of the first.
fn tcp_82_one_bucket(b: &mut Bench) {
    let bits = small_cfg(b.width).bucket_bits;
    let from = |n: u32| {
        let mut spec = FrameSpec::default();
        // Scattered: the hash is linear, neighbours never meet.
        let src = 0x0a00_0000 + (n.wrapping_mul(0x9e37_79b1) >> 8);
        spec.src.ip = Ipv4Addr::from(src).into();
        let (_, _, dst) = addresses(spec.src.ip, spec.dst.ip);
        let tuple = pack_tuple(None, src, dst as u32, spec.src.port, spec.dst.port);
        let key = bucket_key(tuple, bits);
        (spec, key.bucket[0], key.fp)
    };
    let mut seen = HashMap::new();
    let same = |n: u32| {
        let (_, bucket, fp) = from(n);
        seen.insert((bucket, fp), n).map(|first| (first, n))
    };
    let (first, other) = (0..0x1_0000).find_map(same).expect("17 bits of hash");
    let (_, bucket, fp) = from(first);
    let near = (0..).filter(|n| from(*n).1 == bucket && from(*n).2 != fp);
    let mut all = Vec::new();
    for (i, n) in [first].into_iter().chain(near).take(6).enumerate() {
        let mut plan = ConnPlan::new(i as u16 + 1);
        plan.spec = from(n).0;
        all.push(b.open_as(plan));
    }
    b.post_nic(1);
    let f = from(other).0.frame(&fpdu(&write(0, &counted(20))));
    b.frame(f.clone());
    assert_eq!(b.plain(), [f]);
    for c in all {
        b.in_step(c);
        b.alive(c, 0);
    }
}

const ROWS: &[Row] = &[
    row!(tcp_79_fragments),
    row!(tcp_7a_ip_options),
    row!(tcp_7b_ip_checksum_and_total_length),
    row!(tcp_7c_ipv6_extension_headers),
    row!(tcp_80_import_with_data_in_flight),
    row!(tcp_82_look_alike_tuples),
    row!(tcp_82_one_bucket),
];

#[test]
fn rows_64() {
    rows("conformance_ip", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_ip", 512, ROWS);
}
