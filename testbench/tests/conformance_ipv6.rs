//! Receiver rows over IPv6: TCP-20, TCP-71, TCP-7B, TCP-7C, TCP-80, TCP-82. Frames are changed by offsets (RFC 8200 3), not by
//! a parser.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{ack_flag, conn_state};
use ferrowarp_testbench::wire::checksum::{add, fold};
use ferrowarp_testbench::wire::ethernet::Vlan;

/// Where TCP begins in a frame without VLAN tag.
const TCP: usize = 54;

/// Connection `n` over IPv6.
fn plan(n: u16) -> ConnPlan {
    let mut plan = ConnPlan::new(n);
    plan.spec = plan.spec.ipv6();
    plan
}

fn open(b: &mut Bench, n: u16) -> usize {
    b.open_as(plan(n))
}

/// Changes an untagged frame and makes its TCP checksum right again for the payload length that it then has.
fn changed_v6(frame: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut f = frame.to_vec();
    change(&mut f);
    let octets = usize::from(u16::from_be_bytes([f[IP + 4], f[IP + 5]]));
    let end = (TCP + octets).min(f.len());
    f[TCP + 16..TCP + 18].fill(0);
    // RFC 8200 8.1: addresses, length, next header; then the segment.
    let mut sum = add(0, &f[IP + 8..IP + 40]);
    sum += octets as u32 + 6;
    let sum = !fold(add(sum, &f[TCP..end]));
    f[TCP + 16..TCP + 18].copy_from_slice(&sum.to_be_bytes());
    f
}

/// A bad TCP checksum drops the segment: any bit of the pseudo header but the addresses (those make another connection of it),
/// of the TCP header and of the payload; a payload length that is wrong, too.
fn tcp_20_ipv6_checksum_and_payload_length(b: &mut Bench) {
    let c = open(b, 1);
    let good = b.links[c].spec().frame(&fpdu(&write(0, &counted(21))));
    let behind_ports = (TCP + 4) * 8..good.len() * 8;
    let mut bad = 0;
    for bit in behind_ports.step_by(3) {
        let mut f = good.clone();
        f[bit / 8] ^= 0x80 >> (bit % 8);
        b.frame(f);
        bad += 1;
        if bad % 16 == 0 {
            b.settle();
        }
    }
    assert!(b.placed().is_empty());
    assert!(ok(b.chip.counter("bad_tcp_sum")) > 0);
    assert!(b.modes(c).is_empty(), "a bad segment is answered");
    b.in_step(c);
    // Shorter and longer than the segment, with and without octets there; zero.
    let length = (good.len() - TCP) as u16;
    for other in [0, 1, 19, 20, 24, length - 1, length + 1, length + 9, 0xffff] {
        for junk in [0usize, 10] {
            let mut f = good.clone();
            f[IP + 4..IP + 6].copy_from_slice(&other.to_be_bytes());
            f.extend(vec![0; junk]);
            b.frame(f);
            assert!(b.placed().is_empty(), "payload length {other}");
            b.in_step(c);
        }
    }
    // One that says less than the headers, with a right checksum, and one behind the frame's end.
    for other in [0u16, 4, 19, length + 1] {
        let f = changed_v6(&good, |f| {
            f[IP + 4..IP + 6].copy_from_slice(&other.to_be_bytes());
        });
        b.frame(f);
        assert!(b.placed().is_empty(), "payload length {other}");
        b.in_step(c);
    }
    b.alive(c, 100);
}

/// The ECN field of the traffic class is passed on like that of the TOS; DSCP, flow label and hop limit mean nothing here.
fn tcp_71_ipv6_traffic_class(b: &mut Bench) {
    for vlan in [
        None,
        Some(Vlan {
            pcp: 1,
            dei: false,
            vid: 3,
        }),
    ] {
        let mut p = plan(1 + u16::from(vlan.is_some()));
        p.spec.vlan = vlan;
        let c = b.open_as(p);
        for tos in [0u8, 3, 1, 2, 0xff, 0xfc, 0x13, 0x83] {
            let data = counted(40);
            let spec = FrameSpec {
                tos,
                flow_label: 0xf_ff00 | u32::from(tos),
                ..b.links[c].spec()
            };
            let octets = fpdu(&write(5, &data));
            b.forget();
            b.skip(c, octets.len());
            b.frame(spec.frame(&octets));
            assert_eq!(
                b.placed(),
                image(&[(MEM + 5, &data)]),
                "traffic class {tos:#x}"
            );
            let flags = b.reports(c).iter().fold(0, |all, a| all | a.flags);
            assert_eq!(
                flags & ack_flag::CE != 0,
                tos & 3 == 3,
                "traffic class {tos:#x}"
            );
            b.in_step(c);
        }
    }
}

/// Octets behind the payload length are not payload; an ACK needs no padding.
fn tcp_7b_ipv6_octets_behind_the_packet(b: &mut Bench) {
    let c = open(b, 1);
    let una = b.links[c].plan.spec.ack;
    b.sent(c, una, una + 5, 65535);
    let ack = FrameSpec {
        ack: una + 5,
        ..b.links[c].spec()
    };
    for junk in [0, 1, 6, 64] {
        let mut frame = ack.frame(&[]);
        frame.extend(fpdu(&write(0, &counted(64))).iter().take(junk));
        b.forget();
        b.frame(frame);
        let got = b.reports(c);
        let got: Vec<_> = got.iter().map(|a| (a.ack, a.payload_len)).collect();
        assert_eq!(got, [(una + 5, 0)], "{junk} octets of junk");
        b.in_step(c);
    }
    for (n, junk) in [(1usize, 6usize), (2, 1), (60, 40), (60, 3), (1, 64)] {
        for part in [9000usize, 10] {
            let data = counted(n);
            for piece in fpdu(&write(9, &data)).chunks(part) {
                let mut f = b.links[c].spec().frame(piece);
                f.extend(vec![0xee; junk]);
                b.skip(c, piece.len());
                b.frame(f);
            }
            let want = image(&[(MEM + 9, &data)]);
            assert_eq!(b.placed(), want, "{n} octets, {junk} of junk");
            b.in_step(c);
        }
    }
}

/// Extension headers between the header of an installed connection and its TCP, other next headers and versions: to the host,
/// whole and untouched.
fn tcp_7c_ipv6_extension_headers_of_a_connection(b: &mut Bench) {
    b.post_nic(40);
    for vlan in [
        None,
        Some(Vlan {
            pcp: 0,
            dei: false,
            vid: 9,
        }),
    ] {
        let at = if vlan.is_some() { IP + 4 } else { IP };
        let mut p = plan(1 + u16::from(vlan.is_some()));
        p.spec.vlan = vlan;
        let c = b.open_as(p);
        let good = b.links[c].spec().frame(&fpdu(&write(0, &counted(32))));
        let length = u16::from_be_bytes([good[at + 4], good[at + 5]]);
        let mut frames = Vec::new();
        // Hop-by-hop, routing, fragment, authentication, destination options; then one behind the other.
        for chain in [&[0u8][..], &[43], &[44], &[51], &[60], &[0, 43, 60]] {
            let mut f = good.clone();
            f[at + 6] = chain[0];
            let octets = length + 8 * chain.len() as u16;
            f[at + 4..at + 6].copy_from_slice(&octets.to_be_bytes());
            for (i, _) in chain.iter().enumerate().rev() {
                let next = chain.get(i + 1).copied().unwrap_or(6);
                f.splice(at + 40..at + 40, [next, 0, 1, 4, 0, 0, 0, 0]);
            }
            frames.push(f);
        }
        // What stands there is TCP and the header does not say so; no next header, UDP, ICMPv6.
        for next in [0u8, 44, 59, 17, 58, 7, 4, 2] {
            let mut f = good.clone();
            f[at + 6] = next;
            frames.push(f);
        }
        // A jumbogram: payload length 0, its length in a hop-by-hop option (RFC 2675).
        let mut f = good.clone();
        f[at + 4..at + 7].copy_from_slice(&[0, 0, 0]);
        f.splice(at + 40..at + 40, [6, 0, 0xc2, 4, 0, 1, 0, 0]);
        frames.push(f);
        for version in [0x40, 0x70, 0x20] {
            let mut f = good.clone();
            f[at] = version | f[at] & 15;
            frames.push(f);
        }
        for f in &frames {
            b.frame(f.clone());
            b.settle();
        }
        assert_eq!(b.plain(), frames);
        b.in_step(c);
        b.alive(c, 0);
    }
}

/// As TCP-80 over IPv4: installed while the peer sends without a pause; what came before goes to the host and is put in again.
fn tcp_80_ipv6_import_with_data_in_flight(b: &mut Bench) {
    for phase in 0..12u64 {
        let mut plan = plan((phase % 60) as u16);
        plan.spec.src.port = 50_000 + phase as u16;
        plan.spec.seq = 0xffff_ff00 + phase as u32 * 16;
        if phase % 2 == 1 {
            plan.spec.timestamps = Some((1000, 2000));
        }
        let head = plan.spec.frame(&[]).len();
        let start = plan.spec.seq;
        let data = counted(40);
        let mut frames = Vec::new();
        let mut seq = start;
        for i in 0..24u64 {
            let f = fpdu(&write(i * 40, &data));
            let spec = FrameSpec {
                seq,
                ..plan.spec.clone()
            };
            frames.push(spec.frame(&f));
            seq = seq.wrapping_add(f.len() as u32);
        }
        b.post_nic(24);
        b.forget();
        let now = b.chip.cycle();
        for (i, f) in frames.iter().enumerate() {
            b.chip.send(now + i as u64 * 25, f.clone());
        }
        for _ in 0..phase * 46 {
            ok(b.chip.tick());
        }
        let c = b.open_as(plan);
        b.settle();
        let since = |b: &Bench| -> Vec<DmaWrite> {
            let new = b.chip.writes.iter().filter(|w| w.req_cycle >= now);
            new.cloned().collect()
        };
        // The host puts in what it got, in order.
        for w in since(b).into_iter().filter(|w| frames.contains(&w.data)) {
            b.chip.inject(w.data);
        }
        b.settle();
        let mut rounds = 0;
        while b.state(c).rcv_nxt != seq {
            let at = b.state(c).rcv_nxt.to_be_bytes();
            let i = frames.iter().position(|f| f[TCP + 4..TCP + 8] == at);
            let i = i.unwrap_or_else(|| panic!("phase {phase}: rcv_nxt {at:x?} is no boundary"));
            b.frame(frames[i].clone());
            b.settle();
            rounds += 1;
            assert!(rounds <= 24, "phase {phase}: no end");
        }
        b.links[c].seq = seq;
        let conn = b.links[c].plan.conn;
        let mut placed: Vec<(u64, Vec<u8>)> = since(b)
            .into_iter()
            .filter(|w| w.conn == conn && (MEM..MEM + 70_000).contains(&w.addr))
            .map(|w| (w.addr, w.data))
            .collect();
        placed.sort_unstable();
        let want: Vec<(u64, Vec<u8>)> = (0..24).map(|i| (MEM + i * 40, data.clone())).collect();
        assert_eq!(
            placed, want,
            "phase {phase}: each FPDU once, frames of {head} octets of headers"
        );
        let state = b.state(c);
        assert_eq!((state.smsn, state.rmsn, state.st), (1, 1, conn_state::OPEN));
        b.forget();
        b.alive(c, 5000);
        // Make room: the buffers that are left over take what a stranger sends.
        let gen = b.links[c].plan.gen;
        ok(b.chip.remove(conn, gen));
        for f in &frames {
            b.frame(f.clone());
        }
        b.forget();
    }
}

/// One bit of difference in either address or port: the host's. So is the same tuple over IPv4, and the other way round, and an
/// address of which only the low 32 bits are those of an installed IPv4 connection.
fn tcp_82_ipv6_look_alike_tuples(b: &mut Bench) {
    let c = open(b, 1);
    let good = b.links[c].spec().frame(&fpdu(&write(0, &counted(20))));
    let addresses = (IP + 8) * 8..(IP + 40) * 8;
    for (n, bit) in addresses.chain(TCP * 8..TCP * 8 + 32).enumerate() {
        if n % 24 == 0 {
            b.post_nic(24);
        }
        let f = changed_v6(&good, |f| f[bit / 8] ^= 0x80 >> (bit % 8));
        b.frame(f.clone());
        assert_eq!(b.plain(), [f], "bit {} of octet {}", bit % 8, bit / 8);
    }
    b.post_nic(4);
    let four = ConnPlan::new(1).spec.frame(&fpdu(&write(0, &counted(20))));
    b.frame(four.clone());
    assert_eq!(b.plain(), [four]);
    b.in_step(c);
    // The IPv4 connection beside it: each takes its own.
    let d = b.open_as(ConnPlan {
        conn: 2,
        ..ConnPlan::new(1)
    });
    let zero = changed_v6(&good, |f| {
        f[IP + 8..IP + 20].fill(0);
        f[IP + 24..IP + 36].fill(0);
    });
    b.frame(zero.clone());
    assert_eq!(b.plain(), [zero]);
    for c in [c, d, c] {
        b.in_step(c);
        b.alive(c, 0);
    }
}

const ROWS: &[Row] = &[
    row!(tcp_20_ipv6_checksum_and_payload_length),
    row!(tcp_71_ipv6_traffic_class),
    row!(tcp_7b_ipv6_octets_behind_the_packet),
    row!(tcp_7c_ipv6_extension_headers_of_a_connection),
    row!(tcp_80_ipv6_import_with_data_in_flight),
    row!(tcp_82_ipv6_look_alike_tuples),
];

#[test]
fn rows_64() {
    rows("conformance_ipv6", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_ipv6", 512, ROWS);
}
