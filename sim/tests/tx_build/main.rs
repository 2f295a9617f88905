//! The frame builder in Verilator against an encoder of its own: every octet of every frame, its cycles, its rate.

mod bench;
mod cycles;
mod encoder;

use bench::{cfg, design, start, Bench, Pace};
use encoder::{Fpdu, Segment, Template};
use ferrowarp_hdl::tx::TxCfg;
use ferrowarp_sim::Repeat;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Seed of a run; a failure prints the command that repeats it.
fn repeat(test: &str) -> Repeat {
    ferrowarp_sim::repeat!(test, 0x9293)
}

fn bytes(rng: &mut ChaCha8Rng, n: usize) -> Vec<u8> {
    (0..n).map(|_| rng.gen()).collect()
}

fn template(rng: &mut ChaCha8Rng, tag: bool, v6: bool) -> Template {
    let n = if v6 { 16 } else { 4 };
    Template {
        dst_mac: rng.gen(),
        src_mac: rng.gen(),
        vid: tag.then(|| rng.gen_range(0..4096)),
        src: bytes(rng, n),
        dst: bytes(rng, n),
        sport: rng.gen(),
        dport: rng.gen(),
        ttl: rng.gen(),
        dscp: rng.gen_range(0..64),
    }
}

fn plain(rng: &mut ChaCha8Rng, conn: usize, payload: usize) -> Segment {
    Segment {
        conn,
        seq: rng.gen(),
        ack: rng.gen(),
        wnd: rng.gen(),
        flags: 0x10,
        fpdus: vec![Fpdu {
            hdr: bytes(rng, 14),
            payload: bytes(rng, payload),
            crc: true,
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// Sizes of a random segment.
#[derive(Clone, Copy)]
struct Mix {
    /// Octets of TCP payload at most.
    mss: usize,
    /// FPDUs at most.
    fpdus: usize,
    /// Some begin or end inside of an FPDU.
    cuts: bool,
    conns: usize,
    /// Some FPDUs have Markers.
    marks: bool,
}

/// DDP/RDMAP headers: Write, Send, Atomic Response, Terminate, Immediate Data, Read Request.
const HEADERS: [usize; 6] = [14, 18, 30, 22, 26, 46];

fn fpdu(rng: &mut ChaCha8Rng, payload: usize) -> Fpdu {
    let hdr = match rng.gen_range(0..8) {
        n @ 0..=5 => HEADERS[n],
        6 => 2 + 4 * rng.gen_range(0..12),
        _ => 14,
    };
    Fpdu {
        hdr: bytes(rng, hdr),
        payload: bytes(rng, payload),
        crc: rng.gen_ratio(7, 8),
        ..Default::default()
    }
}

/// A segment of anything: what fits into `mss` octets, and now and then nothing.
fn any(rng: &mut ChaCha8Rng, mix: Mix) -> Segment {
    let mut s = Segment {
        conn: rng.gen_range(0..mix.conns),
        seq: rng.gen(),
        ack: rng.gen(),
        wnd: rng.gen(),
        flags: rng.gen(),
        ect: rng.gen(),
        ts: rng.gen::<bool>().then(|| rng.gen()),
        ..Default::default()
    };
    let blocks = if s.ts.is_some() { 3 } else { 4 };
    if rng.gen_ratio(1, 3) {
        s.sack = (0..rng.gen_range(0..blocks + 1))
            .map(|_| rng.gen())
            .collect();
    }
    let count = match rng.gen_range(0..8) {
        0 => 0,
        1..=4 => 1,
        _ => rng.gen_range(1..mix.fpdus + 1),
    };
    // Lengths of which many fit, or one that fills the segment, or too long a one of which a part goes in.
    let mut room = mix.mss;
    for i in 0..count {
        let most =
            (room / (count - i)).saturating_sub(56 + if mix.marks { 4 + room / 127 } else { 0 });
        let payload = match rng.gen_range(0..6) {
            0 => rng.gen_range(0..10),
            1 => most,
            2 if mix.cuts && (i == 0 || i == count - 1) => rng.gen_range(0..9000),
            _ => rng.gen_range(0..most.min(200) + 1),
        };
        let mut f = fpdu(rng, payload);
        if mix.marks && rng.gen_ratio(3, 4) {
            let seq = rng.gen_range(0..512u16);
            // a multiple of 4 behind the FPDU's begin; often near a place of interest
            let near = f.octets().len() / 4 * 4;
            let by = match rng.gen_range(0..4) {
                0 => 4 * rng.gen_range(0..14),
                1 => (near + 4).saturating_sub(4 * rng.gen_range(0..5)),
                _ => 4 * rng.gen_range(0..128),
            };
            f.marks = Some(((usize::from(seq) + by) as u16 % 512, seq));
        }
        let len = f.octets().len();
        // The first one may begin, the last one may end inside; a segment may be a piece of one.
        let (mut skip, mut end) = (0, len);
        if mix.cuts && i == 0 && rng.gen() {
            skip = match rng.gen_range(0..4) {
                0 => rng.gen_range(0..len.min(24)),
                1 => len - rng.gen_range(1..9.min(len)),
                _ => rng.gen_range(0..len),
            };
        }
        if mix.cuts && i == count - 1 && rng.gen() {
            end = match rng.gen_range(0..4) {
                0 => skip + 1,
                1 => (len - rng.gen_range(0..8)).max(skip + 1),
                _ => rng.gen_range(skip..len) + 1,
            };
        }
        let left = room.saturating_sub(60 * (count - 1 - i)).max(1);
        end = end.min(skip + left);
        if end < len && !(mix.cuts && i == count - 1) {
            break;
        }
        if (skip, end) != (0, len) {
            f.cut = Some((skip, end - skip));
        }
        room -= end - skip;
        s.fpdus.push(f);
    }
    s
}

/// All shapes of header, one a connection.
fn install_all(b: &mut Bench, rng: &mut ChaCha8Rng, ipv6: bool) -> usize {
    let shapes = if ipv6 { 4 } else { 2 };
    for conn in 0..shapes {
        let t = template(rng, conn % 2 == 1, conn >= 2);
        b.install(conn, &t);
    }
    shapes
}

fn random_run<const D: usize, const K: usize, const LK: usize, const C: usize>(
    c: &TxCfg,
    seed: u64,
    segments: usize,
    fpdus: usize,
) {
    let (mut b, mut rng) = start::<D, K, LK, C>(c, seed);
    let conns = install_all(&mut b, &mut rng, c.ipv6);
    let mix = Mix {
        mss: c.max_frame - 118,
        fpdus,
        cuts: true,
        conns,
        marks: c.markers,
    };
    let paces = [
        Pace::STEADY,
        Pace {
            seg: 90,
            ..Pace::STEADY
        },
        Pace {
            fpdu: 90,
            ..Pace::STEADY
        },
        Pace {
            payload: 50,
            ..Pace::STEADY
        },
        Pace {
            mac: 50,
            octets_between: 24,
            ..Pace::STEADY
        },
        Pace {
            mac: 85,
            ..Pace::STEADY
        },
        Pace {
            seg: 30,
            fpdu: 30,
            payload: 30,
            mac: 30,
            octets_between: 12,
        },
    ];
    for n in 0..segments / 20 {
        for _ in 0..20 {
            let s = any(&mut rng, mix);
            b.send(&s);
        }
        b.drain(paces[n % paces.len()], 200_000);
    }
}

/// TCP-10, TCP-15, TCP-20, TCP-5A, TCP-7D, TCP-7F, MPA-13, MPA-41, MPA-42, MPA-6G, MPA-70, MPA-72: each octet is the encoder's.
#[test]
fn anything_64() {
    let repeat = repeat("anything_64");
    random_run::<64, 8, 3, 4>(&cfg(), repeat.seed, 700, 12);
}

#[test]
fn anything_128() {
    let repeat = repeat("anything_128");
    random_run::<128, 16, 4, 5>(&cfg(), repeat.seed, 280, 12);
}

#[test]
fn anything_256() {
    let repeat = repeat("anything_256");
    random_run::<256, 32, 5, 6>(&cfg(), repeat.seed, 280, 12);
}

#[test]
fn anything_512() {
    let repeat = repeat("anything_512");
    random_run::<512, 64, 6, 7>(&cfg(), repeat.seed, 700, 12);
}

fn with_markers() -> TxCfg {
    TxCfg {
        markers: true,
        ..cfg()
    }
}

/// MPA-60 to MPA-63, MPA-64, MPA-65, MPA-66, MPA-67, MPA-68, MPA-69, MPA-6A, MPA-6B, MPA-6C, MPA-6G.
#[test]
fn markers_64() {
    let repeat = repeat("markers_64");
    random_run::<64, 8, 3, 4>(&with_markers(), repeat.seed, 700, 12);
}

#[test]
fn markers_256() {
    let repeat = repeat("markers_256");
    random_run::<256, 32, 5, 6>(&with_markers(), repeat.seed, 280, 12);
}

#[test]
fn markers_512() {
    let repeat = repeat("markers_512");
    let c = TxCfg {
        markers: true,
        ..jumbo()
    };
    random_run::<512, 64, 6, 7>(&c, repeat.seed, 700, 12);
}

fn jumbo() -> TxCfg {
    TxCfg {
        max_frame: 9018,
        ..cfg()
    }
}

#[test]
fn jumbo_frames_64() {
    let repeat = repeat("jumbo_frames_64");
    random_run::<64, 8, 3, 4>(&jumbo(), repeat.seed, 140, 12);
}

#[test]
fn jumbo_frames_512() {
    let repeat = repeat("jumbo_frames_512");
    random_run::<512, 64, 6, 7>(&jumbo(), repeat.seed, 280, 12);
}

/// Without IPv6 nothing of it is emitted, and the rest stays.
#[test]
fn ipv4_alone() {
    let repeat = repeat("ipv4_alone");
    let c = TxCfg {
        ipv6: false,
        ..cfg()
    };
    random_run::<64, 8, 3, 4>(&c, repeat.seed, 280, 12);
}

/// FPDUs of WIRE.md section 8, one a segment: DDP header and payload in, the octets printed there out.
#[test]
fn wire_vectors_64() {
    let repeat = repeat("wire_vectors_64");
    let (mut b, mut rng) = start::<64, 8, 3, 4>(&cfg(), repeat.seed);
    b.install(1, &template(&mut rng, false, false));
    let octets = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal"))
            .collect()
    };
    for (name, header, text) in [
        ("SEND-11", 18, "001d41430000000000000000000000010000000048656c6c6f2069574152500023607d7e"),
        ("SENDINV", 18, "001441440badc0de000000000000000300000000aabb00003ddc7784"),
        ("WRITE-8", 14, "0016c14012345678000000010000100000112233445566779f3c26a7"),
        ("READREQ", 46, "002e4141000000000000000100000001000000000000a1017f00000000001000000010000000b20200000000000200004ea7900f"),
        ("READRSP-last", 14, "000fc1420000a1017f000000000010105a00000088934d78"),
        ("RTR-WRITE0", 14, "000ec140000000010000000000000000ebd34c5f"),
        ("ATOMIC-FA", 46, "0046414a0000000000000001000000020000000000000000000010010000b2020000000000020000000000000000000500000000000000000000000000000000fffffffffffffffffcbe7b28"),
        ("ATOMIC-RSP", 30, "001e414b0000000000000003000000010000000000001001000000000000002527ea071b"),
        ("IMM", 26, "001a41480000000000000000000000060000000001020304050607083d6b1697"),
    ] {
        let want = octets(text);
        let ulpdu = usize::from(u16::from_be_bytes([want[0], want[1]]));
        let mut s = plain(&mut rng, 1, 0);
        s.fpdus[0].hdr = want[2..2 + header].to_vec();
        s.fpdus[0].payload = want[2 + header..2 + ulpdu].to_vec();
        b.send(&s);
        b.drain(Pace::STEADY, 1000);
        let frame = b.frames.last().expect("a frame");
        assert_eq!(frame[54..54 + want.len()], want, "{name}");
    }
}

/// The template table: every row holds its own; a row written again has the new.
#[test]
fn template_table_is_full_64() {
    let repeat = repeat("template_table_is_full_64");
    let (mut b, mut rng) = start::<64, 8, 3, 4>(&cfg(), repeat.seed);
    let rows = 1 << cfg().conn_bits;
    for conn in 0..rows {
        let (tag, v6) = (rng.gen(), rng.gen());
        b.install(conn, &template(&mut rng, tag, v6));
    }
    for round in 0..2 {
        for conn in (0..rows).rev() {
            b.send(&plain(&mut rng, conn, 8 * conn));
        }
        b.drain(Pace::STEADY, 10_000);
        if round == 0 {
            for conn in (0..rows).step_by(3) {
                let (tag, v6) = (rng.gen(), rng.gen());
                b.install(conn, &template(&mut rng, tag, v6));
            }
        }
    }
}

/// Each cut of small FPDUs, each in a frame of its own: PAD and CRC alone too.
fn every_cut<const D: usize, const K: usize, const LK: usize, const C: usize>(seed: u64) {
    let (mut b, mut rng) = start::<D, K, LK, C>(&cfg(), seed);
    let conns = install_all(&mut b, &mut rng, true);
    for payload in [0, 5, 70] {
        let whole = plain(&mut rng, 0, payload);
        let len = whole.fpdus[0].octets().len();
        for skip in 0..len {
            let takes = 1..len - skip + 1;
            for take in takes.step_by(if payload == 70 { 13 } else { 1 }) {
                let mut s = whole.clone();
                s.conn = (skip + take) % conns;
                s.fpdus[0].cut = Some((skip, take));
                b.send(&s);
            }
        }
        b.drain(Pace::STEADY, 100_000);
    }
}

#[test]
fn every_cut_64() {
    let repeat = repeat("every_cut_64");
    every_cut::<64, 8, 3, 4>(repeat.seed);
}

#[test]
fn every_cut_256() {
    let repeat = repeat("every_cut_256");
    every_cut::<256, 32, 5, 6>(repeat.seed);
}

#[test]
fn every_cut_512() {
    let repeat = repeat("every_cut_512");
    every_cut::<512, 64, 6, 7>(repeat.seed);
}

/// Nothing but headers: ACK, FIN, RST, with all options; padded to 60 octets where they are shorter (TCP-10).
fn bare<const D: usize, const K: usize, const LK: usize, const C: usize>(seed: u64) {
    let (mut b, mut rng) = start::<D, K, LK, C>(&cfg(), seed);
    let conns = install_all(&mut b, &mut rng, true);
    for conn in 0..conns {
        for flags in [0x10, 0x11, 0x04, 0x14, 0xD0] {
            for blocks in 0..5 {
                for ts in [false, true] {
                    if ts && blocks == 4 {
                        continue;
                    }
                    b.send(&Segment {
                        flags,
                        sack: (0..blocks).map(|_| rng.gen()).collect(),
                        ts: ts.then(|| rng.gen()),
                        fpdus: vec![],
                        ..plain(&mut rng, conn, 0)
                    });
                }
            }
        }
    }
    b.drain(Pace::STEADY, 20_000);
    let short = b.frames.iter().filter(|f| f.len() == 60).count();
    // without a tag and IPv6: no options, five kinds of flags; with a tag 58 octets
    assert_eq!(short, 10);
}

#[test]
fn bare_headers_64() {
    let repeat = repeat("bare_headers_64");
    bare::<64, 8, 3, 4>(repeat.seed);
}

#[test]
fn bare_headers_512() {
    let repeat = repeat("bare_headers_512");
    bare::<512, 64, 6, 7>(repeat.seed);
}

#[test]
fn all_widths_are_emitted_and_clean() {
    for d in [
        design::<64, 8, 3, 4>(&cfg()),
        design::<64, 8, 3, 4>(&jumbo()),
        design::<64, 8, 3, 4>(&with_markers()),
        design::<256, 32, 5, 6>(&with_markers()),
        design::<512, 64, 6, 7>(&with_markers()),
        design::<64, 8, 3, 4>(&TxCfg {
            ipv6: false,
            ..cfg()
        }),
        design::<512, 64, 6, 7>(&TxCfg {
            ipv6: false,
            ..jumbo()
        }),
        design::<128, 16, 4, 5>(&cfg()),
        design::<256, 32, 5, 6>(&cfg()),
        design::<512, 64, 6, 7>(&cfg()),
    ] {
        ferrowarp_sim::lint(&d.verilog, "tx_build", &[])
            .unwrap_or_else(|e| panic!("{} octets: {e}", d.k));
    }
}
