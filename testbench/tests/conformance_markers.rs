//! Receiver rows MPA-* about Markers: where they stand, what they say, what the CRC covers, and that they are gone.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{cpl_kind, term};
use ferrowarp_testbench::wire::mpa::{crc_octets, emit_fpdu, FpduOptions};

/// A connection with Markers; its first octet is `behind` octets behind SeqStart.
fn open(b: &mut Bench, behind: u32) -> usize {
    let mut plan = ConnPlan::new(1);
    plan.markers = Some(behind);
    plan.window = 1 << 20;
    b.open_as(plan)
}

/// The connection anew, from `seq` on.
fn again(b: &mut Bench, c: usize, seq: u32, behind: u32) {
    b.links[c].plan.markers = Some(behind);
    b.reopen(c, seq);
}

/// The peer's next octets in segments of `size`, with the time between them that Markers take.
fn cut(b: &mut Bench, c: usize, octets: &[u8], size: usize) {
    let now = b.chip.cycle();
    let gap = 60 + 70 * (size.min(octets.len()) / 512 + 1) + size.min(octets.len()) / 4;
    for (i, part) in octets.chunks(size).enumerate() {
        let f = b.links[c].spec().frame(part);
        b.skip(c, part.len());
        b.chip.send(now + (gap * i) as u64, f);
    }
}

/// Framed ULPDUs from `behind` octets behind SeqStart on.
fn stream(behind: u32, ulpdus: &[Vec<u8>]) -> Vec<u8> {
    ulpdus.iter().fold(vec![], |mut all, u| {
        let opt = FpduOptions {
            offset: Some(behind + all.len() as u32),
            ..Default::default()
        };
        all.extend(emit_fpdu(u, &opt));
        all
    })
}

/// Sets the CRC of the FPDU `f` right after a change.
fn mend(mut f: Vec<u8>) -> Vec<u8> {
    let end = f.len() - 4;
    let crc = crc_octets(&f[..end]);
    f[end..].copy_from_slice(&crc);
    f
}

/// Offsets of the Markers in octets that begin `behind` octets behind SeqStart.
fn markers(behind: u32, len: usize) -> Vec<usize> {
    (0..len)
        .filter(|i| (behind as usize + i) % 512 == 0)
        .collect()
}

/// `f` is never placed, and not acknowledged; the third time is an error 0x20/0x02.
fn refused(b: &mut Bench, c: usize, f: &[u8]) {
    let start = b.links[c].seq;
    for i in 0..3 {
        assert!(b.kinds(c).is_empty(), "an error at repeat {i}");
        assert_eq!(b.state(c).rcv_nxt, start, "a bad FPDU is acknowledged");
        b.send_at(c, 0, f);
        assert!(b.placed().is_empty());
    }
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_CRC)]);
}

/// FPDU 1 follows startup frames and streaming data of any length: SeqStart is anywhere, and Markers count from there.
fn mpa_27_33_markers_count_from_seq_start(b: &mut Bench) {
    let c = open(b, 0);
    for isn in [0x1000u32, 0xffff_fff0] {
        for before in [0u32, 1, 2, 3, 777] {
            let start = isn.wrapping_add(1 + 20 + before);
            let (x, y) = (counted(700), counted(90));
            let all = stream(0, &[write(0, &x), write(1000, &y)]);
            for size in [1460, 100] {
                again(b, c, start, 0);
                cut(b, c, &all, size);
                let want = image(&[(MEM, &x), (MEM + 1000, &y)]);
                assert_eq!(b.placed(), want, "SeqStart {start:#x}, segments of {size}");
                b.in_step(c);
            }
        }
    }
    // Installed behind the first FPDUs: SeqStart is what counts.
    for behind in [4, 100, 508, 512, 1024, 70_000] {
        again(b, c, 0xffff_ff00, behind);
        let x = counted(1200);
        b.send(c, &stream(behind, &[write(0, &x)]));
        assert_eq!(b.placed(), image(&[(MEM, &x)]), "{behind} behind SeqStart");
        b.in_step(c);
    }
}

/// A stream full of Markers: the payload is octet exact, completions are as without; a connection without them beside it
/// stays on the fast path.
fn mpa_56_6e_markers_are_gone(b: &mut Bench) {
    let c = open(b, 0);
    again(b, c, 0xffff_e000, 0);
    let plain = b.open(2);
    let fast = ok(b.chip.counter("fpdu_fast"));
    let mut sent = 0u32;
    for n in [
        0usize, 1, 466, 467, 468, 469, 470, 490, 1000, 5000, 20_000, 64_000,
    ] {
        let data = counted(n);
        let (_, at) = b.post(c, 64_000);
        let msn = b.state(c).smsn;
        let all = stream(sent, &[write(0, &data), send(msn, &data)]);
        sent += all.len() as u32;
        cut(b, c, &all, 1460);
        let want = image(&[(MEM, &data), (at, &data)]);
        assert!(b.placed() == want, "{n} octets");
        assert_eq!(
            b.told(c).iter().map(|e| e.len).collect::<Vec<_>>(),
            [n as u32]
        );
        b.in_step(c);
        b.send(plain, &fpdu(&write(7, &counted(40))));
        assert_eq!(b.placed(), image(&[(MEM + 7, &counted(40))]));
    }
    assert_eq!(ok(b.chip.counter("fpdu_fast")), fast + 12);
}

/// Over the end of the sequence space, every FPDU length class.
fn mpa_63_sequence_wrap(b: &mut Bench) {
    let c = open(b, 0);
    for back in [0x200u32, 0x1ff, 0x102, 4, 3, 2, 1] {
        again(b, c, back.wrapping_neg(), 0);
        let parts: Vec<_> = [300, 3, 460, 700].map(counted).to_vec();
        let ulpdus: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(i, d)| write(1000 * i as u64, d))
            .collect();
        cut(b, c, &stream(0, &ulpdus), 333);
        let want: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(i, d)| (MEM + 1000 * i as u64, &d[..]))
            .collect();
        assert_eq!(b.placed(), image(&want), "{back} octets before the end");
        b.in_step(c);
    }
}

/// The reserved half and the low two bits of FPDUPTR may hold anything, if the CRC covers it.
fn mpa_64_65_octets_that_do_not_count(b: &mut Bench) {
    let c = open(b, 0);
    let data = counted(1100);
    let good = stream(0, &[write(0, &data)]);
    for (reserved, low) in [(0xffffu16, 0u8), (0, 3), (0x8001, 1), (0x00ff, 2)] {
        let mut f = good.clone();
        for m in markers(0, f.len()) {
            f[m..m + 2].copy_from_slice(&reserved.to_be_bytes());
            f[m + 3] |= low;
        }
        for size in [9000, 1] {
            again(b, c, 0x777, 0);
            cut(b, c, &mend(f.clone()), size);
            assert_eq!(b.placed(), image(&[(MEM, &data)]), "reserved {reserved:#x}");
            b.in_step(c);
        }
        // Under the CRC of the Markers as they should be they are wrong.
        again(b, c, 0x777, 0);
        refused(b, c, &f);
    }
}

/// Payload octets with which a Write's FPDU takes `octets` without Markers.
fn fill(octets: usize) -> Vec<u8> {
    counted(octets - 2 - 14 - 4)
}

/// A Marker between two FPDUs is under the CRC of the following one, not of the one before.
fn mpa_67_72_marker_between_fpdus(b: &mut Bench) {
    let c = open(b, 0);
    // The first FPDU ends at 512: its Marker and 508 octets.
    let (x, y) = (fill(508), counted(30));
    let all = stream(0, &[write(0, &x), write(1000, &y)]);
    assert_eq!(markers(0, all.len()), [0, 512]);
    assert_eq!(all[512..516], [0; 4]);
    for size in [9000, 512, 514, 516] {
        again(b, c, 5, 0);
        cut(b, c, &all, size);
        assert_eq!(b.placed(), image(&[(MEM, &x), (MEM + 1000, &y)]));
        b.in_step(c);
    }
    // CRC of the second one without it.
    let mut wrong = all.clone();
    let end = wrong.len() - 4;
    let crc = crc_octets(&wrong[516..end]);
    wrong[end..].copy_from_slice(&crc);
    again(b, c, 5, 0);
    b.send(c, &wrong[..512]);
    assert_eq!(b.placed(), image(&[(MEM, &x)]));
    refused(b, c, &wrong[512..]);
    // Pointing back to the first one.
    let mut wrong = all[512..].to_vec();
    wrong[2..4].copy_from_slice(&508u16.to_be_bytes());
    again(b, c, 5, 0);
    b.send(c, &all[..512]);
    b.send(c, &mend(wrong));
    assert_eq!(b.placed(), image(&[(MEM, &x)]));
    assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_MARKER)]);
}

/// A Marker between PAD and CRC belongs to this FPDU: pointer not 0, under this CRC.
fn mpa_68_72_marker_between_pad_and_crc(b: &mut Bench) {
    let c = open(b, 0);
    let (x, y, z) = (fill(484), counted(5), counted(30));
    let all = stream(0, &[write(0, &x), write(1000, &y), write(2000, &z)]);
    // The second FPDU begins at 488: 2 + 14 + 5 octets, 3 of PAD, then the Marker.
    assert_eq!(all[512..516], [0, 0, 0, 24]);
    for size in [9000, 512, 513, 514, 515, 516, 1] {
        again(b, c, 6, 0);
        cut(b, c, &all, size);
        let want = image(&[(MEM, &x), (MEM + 1000, &y), (MEM + 2000, &z)]);
        assert_eq!(b.placed(), want, "segments of {size}");
        b.in_step(c);
    }
    let second = all[488..520].to_vec();
    let mut wrong = second.clone();
    wrong[28..].copy_from_slice(&crc_octets(&second[..24]));
    again(b, c, 6, 0);
    b.send(c, &all[..488]);
    b.placed();
    refused(b, c, &wrong);
}

/// FPDUPTR counts from ULPDU_Length: 508 behind a leading Marker, 4 behind the first word; 412 and 924 with one between.
fn mpa_6a_6b_pointers(b: &mut Bench) {
    let c = open(b, 0);
    for (behind, n, at) in [
        (0u32, 1000usize, &[(512usize, 508u16)][..]),
        (508, 40, &[(4, 4)]),
        (100, 1300, &[(412, 412), (924, 924)]),
    ] {
        let data = counted(n);
        let f = stream(behind, &[write(0, &data)]);
        for (place, pointer) in at {
            assert_eq!(f[place + 2..place + 4], pointer.to_be_bytes());
        }
        again(b, c, 0x1234, behind);
        b.send(c, &f);
        assert_eq!(
            b.placed(),
            image(&[(MEM, &data)]),
            "{behind} behind SeqStart"
        );
        b.in_step(c);
        for (place, pointer) in at {
            for wrong in [pointer - 4, pointer + 4, pointer ^ 0x100, pointer ^ 0x8000] {
                let mut f = f.clone();
                f[place + 2..place + 4].copy_from_slice(&wrong.to_be_bytes());
                again(b, c, 0x1234, behind);
                b.send(c, &mend(f));
                assert!(b.placed().is_empty(), "pointer {wrong} for {pointer}");
                assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_MARKER)]);
            }
        }
    }
}

/// FPDUPTR + 4 under a good CRC: error 0x20/0x03 at once, in order, cut inside of the Marker, and closing a gap. With a bad
/// CRC as well it is the CRC's error.
fn mpa_6d_a_marker_that_disagrees(b: &mut Bench) {
    let c = open(b, 0);
    let data = counted(900);
    let good = stream(0, &[write(0, &data), write(0, &counted(60))]);
    let len = emit_fpdu(
        &write(0, &data),
        &FpduOptions {
            offset: Some(0),
            ..Default::default()
        },
    )
    .len();
    for k in markers(0, len) {
        let mut f = good[..len].to_vec();
        let pointer = u16::from_be_bytes([f[k + 2], f[k + 3]]) + 4;
        f[k + 2..k + 4].copy_from_slice(&pointer.to_be_bytes());
        let mut f = mend(f);
        f.extend(&good[len..]);
        for cut in [f.len(), k + 1, k + 2, k + 3, 600] {
            again(b, c, 0xffff_ff80, 0);
            b.send(c, &f[..cut]);
            b.send(c, &f[cut..]);
            assert!(b.placed().is_empty(), "cut at {cut}");
            assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_MARKER)]);
            // The second part first.
            if cut < f.len() {
                again(b, c, 0xffff_ff80, 0);
                b.send_at(c, cut as i64, &f[cut..]);
                assert!(b.placed().is_empty() && b.kinds(c).is_empty());
                b.send(c, &f[..cut]);
                // What was kept takes a while to be read again.
                ok(b.chip.drain(2500, 400_000));
                assert!(b.placed().is_empty(), "gap up to {cut}");
                assert_eq!(b.kinds(c), [(cpl_kind::ERROR, term::MPA_MARKER)]);
            }
        }
        f.truncate(len);
        f[len - 1] ^= 1;
        again(b, c, 9, 0);
        refused(b, c, &f);
    }
}

/// Every cut near and inside of a Marker: leading, after the first word, in the payload, between PAD and CRC.
fn mpa_6f_cuts_inside_of_markers(b: &mut Bench) {
    let c = open(b, 0);
    let (x, y, z, w) = (fill(484), counted(5), fill(480), counted(2000));
    let all = stream(
        0,
        &[
            write(0, &x),
            write(1000, &y),
            write(2000, &z),
            write(3000, &w),
        ],
    );
    let want = image(&[
        (MEM, &x),
        (MEM + 1000, &y),
        (MEM + 2000, &z),
        (MEM + 3000, &w),
    ]);
    for m in markers(0, all.len()) {
        for cut in (m.max(2) - 2..m + 7).filter(|c| *c > 0) {
            for second in [0, 1, 2] {
                again(b, c, 0x3000, 0);
                b.send(c, &all[..cut]);
                b.send(c, &all[cut..cut + second]);
                b.send(c, &all[cut + second..]);
                assert_eq!(b.placed(), want, "cut at {cut} and {second} later");
                b.in_step(c);
            }
        }
    }
    for size in [1, 3, 7] {
        again(b, c, 0x3000, 0);
        cut(b, c, &all, size);
        assert_eq!(b.placed(), want, "segments of {size}");
        b.in_step(c);
    }
}

/// Every bit of an FPDU with two Markers flipped in turn: it is never placed, nor what follows it.
fn mpa_73_flips_among_markers(b: &mut Bench) {
    let c = open(b, 0);
    let lead = stream(0, &[write(0, &counted(12))]);
    // From 500 on: the length field, two words, the Marker, the rest.
    let inner = stream(500, &[write(0, &counted(12))]);
    for (behind, f) in [(0, lead), (500, inner)] {
        assert_eq!(f.len(), 36);
        for bit in 0..8 * f.len() {
            let mut bad = f.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            again(b, c, 0x4000, behind);
            b.send(c, &bad);
            assert!(b.placed().is_empty(), "bit {bit}, {behind} behind SeqStart");
            assert!(b.told(c).iter().all(|e| e.kind == cpl_kind::ERROR));
        }
    }
}

const ROWS: &[Row] = &[
    row!(mpa_27_33_markers_count_from_seq_start),
    row!(mpa_56_6e_markers_are_gone),
    row!(mpa_63_sequence_wrap),
    row!(mpa_64_65_octets_that_do_not_count),
    row!(mpa_67_72_marker_between_fpdus),
    row!(mpa_68_72_marker_between_pad_and_crc),
    row!(mpa_6a_6b_pointers),
    row!(mpa_6d_a_marker_that_disagrees),
    row!(mpa_6f_cuts_inside_of_markers),
    row!(mpa_73_flips_among_markers),
];

#[test]
fn rows_64() {
    rows("conformance_markers", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_markers", 512, ROWS);
}
