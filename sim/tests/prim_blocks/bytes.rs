//! Byte movers and masks against Rust, at every width: rotators, keep and length, range mask, checksum, capture.

use crate::bench::{width, Cases, Dut, OCTETS, WIDTHS};
use ferrowarp_hdl::prim::BEAT_BITS;

const ROUNDS: usize = 400;

#[test]
fn rotators_move_bytes() {
    let mut c = Cases::new("bytes::rotators_move_bytes");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        for round in 0..ROUNDS {
            let (lo, hi) = (c.bytes(k), c.bytes(k));
            // every amount first, then random ones
            let n = if round < k { round } else { c.below(k) };
            dut.set_bytes("rot__din", &lo);
            dut.set("rot__amt", n as u128);
            dut.set_bytes("merge__lo", &lo);
            dut.set_bytes("merge__hi", &hi);
            dut.set("merge__off", n as u128);
            dut.settle();
            let rotated: Vec<u8> = (0..k).map(|i| lo[(i + n) % k]).collect();
            assert_eq!(dut.get_bytes("rot__dout", k), rotated, "width {d} by {n}");
            let both = [lo, hi].concat();
            assert_eq!(
                dut.get_bytes("merge__dout", k),
                both[n..n + k],
                "width {d} at {n}"
            );
        }
    }
}

#[test]
fn keep_and_length_agree() {
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), 1);
        for len in 0..=k {
            let keep = (1u128 << len) - 1;
            dut.set("k2l__keep", keep);
            dut.set("l2k__len", len as u128);
            dut.settle();
            assert_eq!(dut.get("k2l__len"), len as u128, "width {d}");
            assert_eq!(dut.get("l2k__keep"), keep, "width {d} length {len}");
        }
    }
}

#[test]
fn lane_masks_are_the_lanes_of_the_positions() {
    let mut c = Cases::new("bytes::lane_masks_are_the_lanes_of_the_positions");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        for _ in 0..4 * ROUNDS {
            let beats = if c.chance(10) { 65536 / k } else { 6 };
            let beat = c.below(beats);
            // near the beat mostly, so that the edges are hit; anywhere sometimes
            let mut position = || {
                let near = (beat * k + c.below(3 * k)).saturating_sub(k);
                if c.chance(10) {
                    c.below(1 << 17)
                } else {
                    near
                }
            };
            let (start, last) = (position(), position());
            dut.set("from__start", start as u128);
            dut.set("from__beat", beat as u128);
            dut.set("to__last", last as u128);
            dut.set("to__beat", beat as u128);
            dut.settle();
            let lanes = |is: &dyn Fn(usize) -> bool| {
                (0..k)
                    .filter(|i| is(beat * k + i))
                    .fold(0u128, |m, i| m | 1 << i)
            };
            let place = format!("width {d} beat {beat} from {start} to {last}");
            assert_eq!(dut.get("from__mask"), lanes(&|p| start <= p), "{place}");
            assert_eq!(dut.get("to__mask"), lanes(&|p| p <= last), "{place}");
            assert_eq!(dut.bit("to__reached"), beat * k <= last, "{place}");
        }
        for beat in 0..40 {
            for moved in [false, true] {
                dut.set("fixed__beat", beat as u128);
                dut.set("fixed__moved", moved.into());
                dut.settle();
                let by = if moved { 4 } else { 0 };
                let here = |i: &usize| {
                    let at = beat * k + i;
                    let inside =
                        |&(a, b): &(usize, usize)| a + by <= at && at < b.saturating_add(by);
                    OCTETS.iter().any(inside)
                };
                let mask = (0..k).filter(here).fold(0u128, |m, i| m | 1 << i);
                assert_eq!(
                    dut.get("fixed__mask"),
                    mask,
                    "width {d} beat {beat} {moved}"
                );
            }
        }
    }
}

/// Frames that move their fields or not; told one beat late, as by a register behind octets 12 and 13.
#[test]
fn moved_fields_are_captured_where_they_are() {
    let mut c = Cases::new("bytes::moved_fields_are_captured_where_they_are");
    // name, position, octets, lowest bit
    let layout = [
        ("far", 125, 6, 0),
        ("ethertype", 12, 2, 48),
        ("proto", 23, 1, 64),
        ("src", 30, 4, 72),
    ];
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        for frame in 0..40 {
            let (moved, octets) = (c.chance(50), c.bytes(192));
            for beat in 0..192 / k {
                // before its beat: another frame's
                let told = if beat > 12 / k { moved } else { c.chance(50) };
                dut.set("mov__moved", told.into());
                dut.set("mov__beat", beat as u128);
                loop {
                    let en = c.chance(60);
                    let garbage = c.bytes(k);
                    let data = if en {
                        &octets[beat * k..(beat + 1) * k]
                    } else {
                        &garbage
                    };
                    dut.set("mov__en", en.into());
                    dut.set_bytes("mov__data", data);
                    dut.settle();
                    dut.posedge();
                    if en {
                        break;
                    }
                }
                dut.set(
                    "mov__moved",
                    if beat >= 12 / k { moved } else { told }.into(),
                );
                dut.settle();
                let hdr = dut.get("mov__hdr");
                for (name, at, bytes, lsb) in layout {
                    for i in 0..bytes {
                        let at = at + i + if moved { 4 } else { 0 };
                        if at / k > beat || beat < 12 / k {
                            continue;
                        }
                        let got = (hdr >> (lsb + 8 * (bytes - 1 - i))) as u8;
                        assert_eq!(
                            got, octets[at],
                            "width {d} frame {frame} beat {beat} field {name} octet {i}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn beat_sums_are_rfc1071_sums() {
    let mut c = Cases::new("bytes::beat_sums_are_rfc1071_sums");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        for round in 0..ROUNDS {
            let (data, mask) = match round {
                0 => (vec![0xff; k], u128::MAX), // the largest sum
                1 => (vec![0xff; k], 0),
                _ => (c.bytes(k), c.bits(k)),
            };
            for p in ["sum", "groups"] {
                dut.set_bytes(&format!("{p}__data"), &data);
                dut.set(&format!("{p}__mask"), mask);
            }
            dut.settle();
            let word = |i: usize| {
                let byte = |j: usize| u128::from(data[j]) * (mask >> j & 1);
                byte(2 * i) << 8 | byte(2 * i + 1)
            };
            let sum: u128 = (0..k / 2).map(word).sum();
            assert_eq!(dut.get("sum__sum"), sum, "width {d} round {round}");
            for g in 0..4 {
                let part: u128 = (g * k / 8..(g + 1) * k / 8).map(word).sum();
                assert_eq!(
                    dut.get(&format!("groups__g{g}")),
                    part,
                    "width {d} round {round} group {g}"
                );
            }
        }
    }
}

/// Frames of random length and gaps; the fields are checked after every cycle, so nothing is taken early or late.
#[test]
fn fields_are_captured_at_their_beat_and_held() {
    let mut c = Cases::new("bytes::fields_are_captured_at_their_beat_and_held");
    // name, position, octets, lowest bit in the struct, lowest bit in the flat vector (table order)
    let layout = [
        ("ethertype", 12, 2, 0, 48),
        ("proto", 23, 1, 16, 64),
        ("src", 30, 4, 24, 72),
        ("far", 125, 6, 56, 0),
    ];
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        let mut model: Vec<Vec<Option<u8>>> = layout.iter().map(|f| vec![None; f.2]).collect();
        let (mut beat, mut frame) = (0usize, 0);
        while frame < 60 {
            let en = c.chance(70);
            let data = c.bytes(k);
            for p in ["cap", "flat"] {
                dut.set(&format!("{p}__en"), en.into());
                dut.set(&format!("{p}__beat"), beat as u128);
                dut.set_bytes(&format!("{p}__data"), &data);
            }
            dut.settle();
            dut.posedge();
            dut.settle();
            if en {
                for (f, m) in layout.iter().zip(&mut model) {
                    for (i, m) in m.iter_mut().enumerate() {
                        if (f.1 + i) / k == beat {
                            *m = Some(data[(f.1 + i) % k]);
                        }
                    }
                }
                beat += 1;
                if beat * k >= 160 || c.chance(3) {
                    beat = 0;
                    frame += 1;
                }
            }
            let (cap, flat) = (dut.get("cap__hdr"), dut.get("flat__hdr"));
            for (f, m) in layout.iter().zip(&model) {
                for (i, m) in m.iter().enumerate() {
                    let Some(want) = *m else { continue };
                    let shift = 8 * (f.2 - 1 - i); // network order
                    let (a, b) = ((cap >> (f.3 + shift)) as u8, (flat >> (f.4 + shift)) as u8);
                    assert_eq!((a, b), (want, want), "width {d} field {} octet {i}", f.0);
                }
            }
        }
    }
}

#[test]
fn payload_header_is_captured_from_any_even_offset() {
    let mut c = Cases::new("bytes::payload_header_is_captured_from_any_even_offset");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        let mut model = [None; 48];
        for round in 0..256 {
            let hh = if round < 128 {
                round * 2 + 1
            } else {
                c.below(256)
            };
            let short = c.chance(15); // ends inside the header: the rest keeps its old value
            let len = 2 * hh
                + if short {
                    c.below(48)
                } else {
                    48 + c.below(200)
                };
            dut.set("pay__hh", hh as u128);
            // The other one is told the beat a cycle earlier, counted from the header's first.
            let first = 2 * hh / k;
            let mask = (1usize << BEAT_BITS) - 1;
            let ahead = |beat: usize| (beat.wrapping_sub(first) & mask) as u128;
            dut.set("paya__hh", (hh % (k / 2)) as u128);
            dut.set("paya__beat", ahead(0));
            dut.set("pay__en", 0);
            dut.set("paya__en", 0);
            dut.settle();
            dut.posedge();
            let mut beat = 0;
            while beat <= len / k {
                let en = c.chance(80);
                let data = c.bytes(k);
                dut.set("pay__en", en.into());
                dut.set("pay__beat", beat as u128);
                dut.set_bytes("pay__data", &data);
                dut.set("paya__en", en.into());
                dut.set("paya__beat", ahead(beat + usize::from(en)));
                dut.set_bytes("paya__data", &data);
                dut.settle();
                dut.posedge();
                dut.settle();
                if en {
                    for (p, m) in model.iter_mut().enumerate() {
                        let at = 2 * hh + p;
                        if at / k == beat {
                            *m = Some(data[at % k]);
                        }
                    }
                    beat += 1;
                }
                for name in ["pay", "paya"] {
                    let got = dut.get_bytes(&format!("{name}__header"), 48);
                    for (p, m) in model.iter().enumerate() {
                        if let Some(want) = m {
                            let at = format!("{name}, width {d} hh {hh} beat {beat} byte {p}");
                            assert_eq!(got[p], *want, "{at}");
                        }
                    }
                }
            }
        }
    }
}
