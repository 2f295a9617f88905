//! Receiver rows MPA-* and ENH-*: framing, CRC, PAD, the change from startup to FPDUs, the end of a stream.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{ack_mode, cpl_kind, term};
use ferrowarp_testbench::vectors;
use ferrowarp_testbench::wire::mpa::{emit_fpdu, pad_len, CrcField, FpduOptions};

/// C=0 on both sides: FPDUs with the CRC `DEADBEEF` are placed and delivered, and the field is there: what follows is found.
fn mpa_10_13_crc_off(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.crc = false;
    let c = b.open_as(plan);
    for size in [5000, 37, 1] {
        let (x, y, z) = (counted(41), counted(90), counted(18));
        let (_, at) = b.post(c, 100);
        let mut all = fpdu_crc(&write(0, &x), [0xde, 0xad, 0xbe, 0xef]);
        let msn = b.state(c).smsn;
        all.extend(fpdu_crc(&send(msn, &y), [0xde, 0xad, 0xbe, 0xef]));
        all.extend(fpdu_crc(&write(500, &z), [0, 0, 0, 0]));
        b.send_cut(c, &all, size);
        let want = image(&[(MEM, &x), (at, &y), (MEM + 500, &z)]);
        assert_eq!(b.placed(), want, "segments of {size}");
        assert_eq!(b.kinds(c), [(cpl_kind::RECV, 0)]);
        b.in_step(c);
    }
}

fn padded(u: &[u8], pad: u8, crc: CrcField) -> Vec<u8> {
    let opt = FpduOptions {
        pad,
        crc,
        ..Default::default()
    };
    emit_fpdu(u, &opt)
}

/// PAD of FF under a CRC over FF is accepted.
fn mpa_43_any_pad(b: &mut Bench) {
    let c = b.open(1);
    for n in 30..34 {
        for size in [9000, 21] {
            let data = counted(n);
            let u = write(n as u64, &data);
            b.send_cut(c, &padded(&u, 0xff, CrcField::Good), size);
            assert_eq!(b.placed(), image(&[(MEM + n as u64, &data)]), "{n} octets");
            b.in_step(c);
        }
    }
}

/// PAD of FF under a CRC over zeros is refused: dropped for TCP to repair, at the third repeat an error.
fn mpa_44_pad_is_covered(b: &mut Bench) {
    let c = b.open(1);
    for n in 30..34 {
        let u = write(0, &counted(n));
        if pad_len(u.len()) == 0 {
            continue;
        }
        b.reopen(c, 5);
        let zero = padded(&u, 0, CrcField::Good);
        let crc: [u8; 4] = [0, 1, 2, 3].map(|i| zero[zero.len() - 4 + i]);
        refused(b, c, &padded(&u, 0xff, CrcField::Octets(crc)));
    }
}

/// `bad` is never placed: it is dropped and not acknowledged, until the third time is an error 0x20/0x02.
fn refused(b: &mut Bench, c: usize, bad: &[u8]) {
    let start = b.links[c].seq;
    for i in 0..3 {
        assert!(b.kinds(c).is_empty(), "an error at repeat {i}");
        assert_eq!(b.state(c).rcv_nxt, start, "a bad FPDU is acknowledged");
        b.send_at(c, 0, bad);
        assert!(b.placed().is_empty());
    }
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_CRC)]);
}

/// A payload that holds a whole FPDU and a startup key, at every alignment; segments may even start with it.
fn mpa_53_an_fpdu_inside_of_the_payload(b: &mut Bench) {
    let c = b.open(1);
    let mut fake = b"MPA ID Req Frame".to_vec();
    fake.extend(fpdu(&write(30_000, b"must not be placed")));
    for lead in 0..8usize {
        let mut payload = counted(lead);
        payload.extend(&fake);
        payload.extend(counted(33));
        let f = fpdu(&write(0, &payload));
        let inside = 2 + 14 + lead + 16;
        for cut in [f.len(), inside, inside + 2, inside - 16] {
            let (x, y) = f.split_at(cut);
            b.send(c, x);
            if !y.is_empty() {
                b.send(c, y);
            }
            assert_eq!(
                b.placed(),
                image(&[(MEM, &payload)]),
                "{lead} in front, cut at {cut}"
            );
            b.in_step(c);
        }
    }
    assert!(b.kinds(c).is_empty());
}

/// A Write whose last octet is wrong under the CRC: the target memory keeps what it held.
fn mpa_54_bad_last_octet(b: &mut Bench) {
    let c = b.open(1);
    for n in [1usize, 40, 63, 1400] {
        for size in [9000usize, 500] {
            b.reopen(c, 0xffff_ff00);
            let mut f = fpdu(&write(0, &counted(n)));
            let last = 2 + 14 + n - 1;
            f[last] ^= 1;
            let start = b.links[c].seq;
            for _ in 0..3 {
                b.links[c].seq = start;
                b.send_cut(c, &f, size);
                assert!(b.placed().is_empty(), "{n} octets in segments of {size}");
            }
            assert_eq!(
                b.kinds(c),
                [(cpl_kind::ERROR, term::MPA_CRC)],
                "{n} octets in segments of {size}"
            );
        }
    }
}

/// The last octet is withheld: no memory changes and nothing completes, until it comes.
fn mpa_55_withheld_last_octet(b: &mut Bench) {
    let c = b.open(1);
    for n in [1usize, 48, 1400, 3000] {
        let data = counted(n);
        let (_, at) = b.post(c, 4000);
        let msn = b.state(c).smsn;
        for (u, pa) in [(write(7, &data), MEM + 7), (send(msn, &data), at)] {
            let f = fpdu(&u);
            let (most, last) = f.split_at(f.len() - 1);
            b.send_cut(c, most, 1460);
            assert!(b.placed().is_empty() && b.told(c).is_empty(), "{n} octets");
            b.send(c, last);
            assert_eq!(b.placed(), image(&[(pa, &data)]), "{n} octets");
            b.in_step(c);
        }
        let lens: Vec<u32> = b.told(c).iter().map(|e| e.len).collect();
        assert_eq!(lens, [n as u32]);
    }
}

/// ULPDUs of 9000, 32768 and 64768 octets over segments of 1460: this chip accepts them.
fn mpa_59_ulpdus_longer_than_the_mtu(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.window = 1 << 20;
    let c = b.open_as(plan);
    for ulpdu in [9000usize, 32768, 64768] {
        let data = counted(ulpdu - 14);
        b.send_cut(c, &fpdu(&write(0, &data)), 1460);
        assert!(b.placed() == image(&[(MEM, &data)]), "ULPDU of {ulpdu}");
        b.in_step(c);
    }
}

/// Bit by bit, from the row's words: poly 0x1EDC6F41 reflected, or not; initial and final value.
fn crc32c(data: &[u8], init: u32, last: u32) -> u32 {
    let mut r = init;
    for b in data {
        r ^= u32::from(*b);
        for _ in 0..8 {
            r = if r & 1 != 0 {
                (r >> 1) ^ 0x1edc_6f41u32.reverse_bits()
            } else {
                r >> 1
            };
        }
    }
    r ^ last
}

/// The check values; then FPDUs under a CRC made bit by bit: that one is accepted, least octet first, and no variant of it.
fn mpa_70_71_the_crc_bit_by_bit(b: &mut Bench) {
    let all = |d: &[u8]| crc32c(d, u32::MAX, u32::MAX);
    assert_eq!(all(b"123456789"), 0xe306_9283);
    assert_eq!(all(&[0; 32]), 0x8a91_36aa);
    // RFC 5044 Figures 5 and 6: all octets in front of the CRC, Markers included.
    for (name, want) in [
        ("RFC5044-Fig5", [0x52, 0x23, 0x99, 0x83]),
        ("RFC5044-Fig6", [0x84, 0x92, 0x58, 0x98]),
    ] {
        let v = ok(vectors::load()).into_iter().find(|v| v.name == name);
        let octets = ok(v.unwrap_or_else(|| panic!("no vector {name}")).bytes());
        let (body, crc) = octets.split_at(octets.len() - 4);
        assert_eq!((all(body).to_le_bytes(), crc), (want, &want[..]), "{name}");
    }
    let c = b.open(1);
    for n in [3usize, 4, 61, 700] {
        let data = counted(n);
        let mut f = fpdu(&write(0, &data));
        let end = f.len() - 4;
        let good = crc32c(&f[..end], u32::MAX, u32::MAX).to_le_bytes();
        f[end..].copy_from_slice(&good);
        b.reopen(c, 77);
        b.send(c, &f);
        assert_eq!(b.placed(), image(&[(MEM, &data)]), "{n} octets");
        let body = f[..end].to_vec();
        let zlib = body.iter().fold(u32::MAX, |r, d| {
            (0..8).fold(r ^ u32::from(*d), |r, _| {
                if r & 1 != 0 {
                    (r >> 1) ^ 0xedb8_8320
                } else {
                    r >> 1
                }
            })
        });
        let wrong = [
            crc32c(&body, u32::MAX, u32::MAX).to_be_bytes(),
            crc32c(&body, u32::MAX, 0).to_le_bytes(),
            crc32c(&body, 0, u32::MAX).to_le_bytes(),
            crc32c(&body[2..], u32::MAX, u32::MAX).to_le_bytes(),
            (!zlib).to_le_bytes(),
            [0; 4],
        ];
        for w in wrong {
            b.reopen(c, 78);
            f[end..].copy_from_slice(&w);
            refused(b, c, &f);
        }
    }
}

/// A corrupt ULPDU_Length: +4, -4, 0, FFFF. Nothing of it is placed; either the CRC fails or the stream waits.
fn mpa_74_corrupt_length(b: &mut Bench) {
    let c = b.open(1);
    let u = write(0, &counted(80));
    let n = u.len() as u16;
    for length in [n + 4, n - 4, 0, 0xffff] {
        b.reopen(c, 0x1234);
        b.post(c, 200);
        let opt = FpduOptions {
            crc: CrcField::Octets([0; 4]),
            length: Some(length),
            ..Default::default()
        };
        let good = fpdu(&u);
        let mut bad = emit_fpdu(&u, &opt);
        let end = bad.len() - 4;
        bad[end..].copy_from_slice(&good[good.len() - 4..]);
        let (start, mut ended) = (b.links[c].seq, false);
        // More octets behind it, so that the length is reached or the stream waits for the rest.
        for _ in 0..3 {
            b.links[c].seq = start;
            b.send(c, &bad);
            b.send_cut(c, &fpdu(&send(1, &counted(60))), 40);
            assert!(b.placed().is_empty(), "length {length}: placed");
            for k in b.kinds(c) {
                assert_eq!(k, (cpl_kind::ERROR, term::MPA_CRC), "length {length}");
                assert!(!ended);
                ended = true;
            }
        }
        assert_eq!(
            ended,
            length != 0xffff,
            "length {length}: {:?}",
            b.chip.counters()
        );
    }
}

/// A corrupt FPDU in front of sequence number 2^32, across it and behind it: found each time, whichever way it takes.
///
/// Sequence numbers stand for the row's 2^32 octets: the chip has no other count of a connection's octets. Of the stream it
/// keeps `rcv_nxt` and the assembler's place in it, 32 bits both, and the octets of one FPDU or one Read; what is 32 bits
/// wide and wraps here has seen all values. That the CRC is used is a bit of the context, written by Install alone.
fn mpa_75_the_crc_beyond_2_32_octets(b: &mut Bench) {
    let c = b.open(1);
    let (x, y) = (counted(300), counted(9));
    let (good, small) = (fpdu(&write(0, &x)), fpdu(&write(1000, &y)));
    let mut bad = good.clone();
    bad[100] ^= 0x10;
    // Alone in its segment; behind another FPDU.
    for front in [&[][..], &small] {
        let group = front.len() + good.len();
        b.reopen(c, 0u32.wrapping_sub((2 * group - good.len() / 2) as u32));
        let lead = match front {
            [] => Image::new(),
            _ => image(&[(MEM + 1000, &y)]),
        };
        for n in 0..4 {
            b.send(c, &[front, &bad].concat());
            assert_eq!(b.placed(), lead, "FPDU {n}, corrupt");
            assert!(b.kinds(c).is_empty(), "FPDU {n}: dropped for TCP to repair");
            assert_eq!(b.back(c), bad.len(), "FPDU {n}");
            b.send(c, &good);
            assert_eq!(b.placed(), image(&[(MEM, &x)]), "FPDU {n}");
            b.in_step(c);
        }
        assert!(b.links[c].seq < 0x1000, "{:x}", b.links[c].seq);
        refused(b, c, &bad);
    }
    // Cut: a part of it was acknowledged before.
    for n in 0..4usize {
        b.reopen(c, 0u32.wrapping_sub((good.len() * 3 / 2) as u32));
        for _ in 0..n {
            b.send(c, &good);
            assert_eq!(b.placed(), image(&[(MEM, &x)]));
        }
        b.send_cut(c, &bad, 100);
        assert!(b.placed().is_empty(), "cut FPDU {n}");
        assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_CRC)]);
    }
}

/// All sixteen pairs of DDP and RDMAP version, tagged and untagged: only 1 and 1 is taken.
fn mpa_86_versions(b: &mut Bench) {
    let c = b.open(1);
    for pair in 0..16u8 {
        let (dv, rv) = (pair >> 2, pair & 3);
        for tagged in [true, false] {
            b.reopen(c, 4000);
            b.post(c, 50);
            let mut u = if tagged {
                write(0, &counted(9))
            } else {
                send(1, &counted(9))
            };
            u[0] = u[0] & !3 | dv;
            u[1] = u[1] & 0x3f | rv << 6;
            b.send(c, &fpdu(&u));
            let want = match (dv, rv, tagged) {
                (1, 1, true) => vec![],
                (1, 1, false) => vec![(cpl_kind::RECV, 0)],
                (1, _, _) => vec![(cpl_kind::ERROR, term::RDMAP_VERSION)],
                (_, _, true) => vec![(cpl_kind::ERROR, term::DDP_TAGGED_VERSION)],
                (_, _, false) => vec![(cpl_kind::ERROR, term::DDP_VERSION)],
            };
            assert_eq!(b.placed().len(), if (dv, rv) == (1, 1) { 9 } else { 0 });
            assert_eq!(b.kinds(c), want, "DV {dv}, RV {rv}, tagged {tagged}");
        }
    }
}

/// A Write behind a gap may be placed, but a Send behind it completes only when the gap is closed (also DDP-22).
fn mpa_5a_nothing_is_delivered_over_a_gap(b: &mut Bench) {
    let c = b.open(1);
    b.reopen(c, 0xffff_ff80);
    let (x, y, z) = (counted(50), counted(60), counted(70));
    let (_, at) = b.post(c, 100);
    let (_, at2) = b.post(c, 100);
    let f = [fpdu(&send(1, &x)), fpdu(&write(0, &y)), fpdu(&send(2, &z))];
    let (hole, all) = (f[0].len(), f.concat());
    b.send_at(c, hole as i64, &all[hole..]);
    b.send_at(c, (hole + f[1].len()) as i64, &f[2]);
    let early = b.placed();
    assert!(
        early.keys().all(|a| (MEM..MEM + 60).contains(a)),
        "more than the Write is placed: {early:x?}"
    );
    assert!(b.told(c).is_empty());
    assert!(
        b.modes(c).iter().all(|m| *m == ack_mode::NOW),
        "a gap asks for acknowledgements at once"
    );
    b.send(c, &f[0]);
    b.settle();
    b.links[c].seq = b.state(c).rcv_nxt;
    let lost = 128u32.wrapping_add(b.links[c].seq) as usize;
    if lost < all.len() {
        let rest = all[lost..].to_vec();
        b.send(c, &rest);
    }
    let mut got = b.placed();
    got.extend(early);
    assert_eq!(got, image(&[(at, &x), (MEM, &y), (at2, &z)]));
    assert_eq!(
        b.told(c).iter().map(|e| (e.msn, e.len)).collect::<Vec<_>>(),
        [(1, 50), (2, 70)]
    );
}

const ROWS: &[Row] = &[
    row!(mpa_10_13_crc_off),
    row!(mpa_43_any_pad),
    row!(mpa_44_pad_is_covered),
    row!(mpa_53_an_fpdu_inside_of_the_payload),
    row!(mpa_54_bad_last_octet),
    row!(mpa_55_withheld_last_octet),
    row!(mpa_59_ulpdus_longer_than_the_mtu),
    row!(mpa_70_71_the_crc_bit_by_bit),
    row!(mpa_74_corrupt_length),
    row!(mpa_75_the_crc_beyond_2_32_octets),
    row!(mpa_86_versions),
    row!(mpa_5a_nothing_is_delivered_over_a_gap),
];

#[test]
fn rows_64() {
    rows("conformance_mpa", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_mpa", 512, ROWS);
}
