//! Replays of IPv6 captures. There is none of a real peer, so captures of real peers over IPv4 are written anew over IPv6 by
//! another library: addresses and headers are its, TCP and everything above are the peers'.

mod replay_support;

use etherparse::{NetHeaders, PacketBuilder, PacketHeaders, TransportHeader};
use ferrowarp_testbench::capture::{self, Capture, CapturedFrame, PcapngWriter};
use ferrowarp_testbench::replay::{Endpoint, ReplayOptions};
use ferrowarp_testbench::wire::ethernet::Vlan;
use replay_support::{bench, complaints, preset, read, replay};
use std::net::Ipv6Addr;

fn address(v4: [u8; 4]) -> Ipv6Addr {
    Ipv6Addr::new(
        0x2001,
        0xdb8,
        0,
        0x77,
        0,
        0,
        u16::from_be_bytes([v4[0], v4[1]]),
        u16::from_be_bytes([v4[2], v4[3]]),
    )
}

/// The TCP frames of a capture over IPv6, with a VLAN tag or without; others stay as they are.
fn over_ipv6(capture: &Capture, vlan: Option<Vlan>) -> Capture {
    let rewrite = |data: &[u8]| -> Option<Vec<u8>> {
        let p = PacketHeaders::from_ethernet_slice(data).ok()?;
        let (Some(NetHeaders::Ipv4(ip, _)), Some(TransportHeader::Tcp(tcp))) = (p.net, p.transport)
        else {
            return None;
        };
        let payload = p.payload.slice();
        let mut link = [[0; 6]; 2];
        link[0].copy_from_slice(&data[6..12]);
        link[1].copy_from_slice(&data[..6]);
        let (src, dst) = (
            address(ip.source).octets(),
            address(ip.destination).octets(),
        );
        let start = PacketBuilder::ethernet2(link[0], link[1]);
        let builder = match vlan {
            Some(v) => start
                .single_vlan(v.vid.try_into().ok()?)
                .ipv6(src, dst, ip.time_to_live),
            None => start.ipv6(src, dst, ip.time_to_live),
        };
        let mut out = Vec::new();
        builder.tcp_header(tcp).write(&mut out, payload).ok()?;
        Some(out)
    };
    let frames = capture.frames.iter().map(|f| CapturedFrame {
        data: rewrite(&f.data).unwrap_or_else(|| f.data.clone()),
        ..f.clone()
    });
    Capture {
        name: format!("{} over IPv6", capture.name),
        frames: frames.collect(),
    }
}

/// The streams of all connections.
fn streams(c: &Capture) -> Vec<[Vec<u8>; 2]> {
    let flows = capture::extract(c);
    let streams = flows.connections.into_iter();
    streams
        .map(|c| [c.client.stream, c.server.stream])
        .collect()
}

/// Handed over with what the capture tells of the state (TCP-80), every octet placed and every event as expected.
fn tcp_80_captures_over_ipv6(preset_name: &str, vlan: Option<Vlan>) {
    let preset = preset(preset_name);
    let bench = bench(&preset);
    for name in ["31_crc_both.pcap", "41_p2p_rtr_both.pcap", "80_rping.pcap"] {
        let four = read(name);
        let six = over_ipv6(&four, vlan);
        let found = capture::extract(&six);
        assert!(found
            .connections
            .iter()
            .all(|c| c.client.end.ip.is_ipv6() && c.vlan.is_some() == vlan.is_some()));
        assert_eq!(streams(&six), streams(&four), "{name}: octet by octet");
        let options = ReplayOptions {
            line_rate: true,
            ..ReplayOptions::new(preset.clone())
        };
        let r = replay(&bench, &six, &options);
        assert!(r.agrees() && r.skipped.is_empty(), "{}", complaints(&r));
        assert!(r.bytes_placed > 0, "{}", complaints(&r));
        println!("{}", complaints(&r));
    }

    // As a pcapng file, one side by its address; a frame with an extension header is noted.
    let mut six = over_ipv6(&read("31_crc_both.pcap"), vlan);
    let at = if vlan.is_some() { 18 } else { 14 };
    let mut odd = six.frames[0].clone();
    odd.data[at + 6] = 60;
    six.frames.push(odd);
    let file = six.frames.iter().fold(PcapngWriter::new(1, None), |w, f| {
        w.packet(f.time.as_micros() as u64, &f.data, f.data.len() as u32)
    });
    let six = capture::read_bytes("six.pcapng", &file.finish()).expect("pcapng");
    let found = capture::extract(&six);
    assert_eq!(found.extension_frames, 1);
    let server = found.connections[0].server.end;
    assert_eq!(server.socket().to_string(), "[2001:db8:0:77::a07:1]:18515");
    let options = ReplayOptions {
        line_rate: true,
        endpoint: Endpoint::Address(server.ip, server.port),
        ..ReplayOptions::new(preset.clone())
    };
    let r = replay(&bench, &six, &options);
    assert!(r.agrees() && r.skipped.is_empty(), "{}", complaints(&r));
    assert!(r.bytes_placed > 0, "{}", complaints(&r));
    assert!(
        r.notes
            .iter()
            .any(|n| n.contains("1 IPv6 frames with extension headers")),
        "{:?}",
        r.notes
    );

    // A preset without IPv6 says why it plays nothing.
    let mut without = ReplayOptions::new(preset);
    without.preset.sizes.ipv6 = false;
    let r = replay(&bench, &six, &without);
    assert!(r.runs.is_empty() && !r.skipped.is_empty());
    assert!(r.skipped.iter().all(|s| s.reason.contains("over IPv6")));
}

#[test]
fn captures_over_ipv6_64() {
    tcp_80_captures_over_ipv6("dc-25g", None);
}

#[test]
fn captures_over_ipv6_512() {
    let vlan = Vlan {
        pcp: 0,
        dei: false,
        vid: 5,
    };
    tcp_80_captures_over_ipv6("dc-100g", Some(vlan));
}
