//! The XOR networks: CRC32C against the `crc32c` crate, the tuple hash against a bit-serial model.
//! They are linear, so zero and every one-bit input decide them; random inputs are a second look.
//! mpa CRC rows: RFC 5044 section 4.4 (CRC of an FPDU starting in any lane, judged by its residue).

use crate::bench::{common, width, Cases, Dut, WIDTHS};

/// The raw CRC register after `bytes`, from the independent crate: it inverts on the way in and out.
fn raw(state: u32, bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(!state, bytes)
}

/// `n` bytes with one bit set.
fn unit(n: usize, bit: usize) -> Vec<u8> {
    let mut b = vec![0; n];
    b[bit / 8] = 1 << (bit % 8);
    b
}

#[test]
fn crc_networks_equal_the_crate() {
    let mut c = Cases::new("linear::crc_networks_equal_the_crate");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        let mut inputs = vec![vec![0; k]];
        inputs.extend((0..d).map(|i| unit(k, i)));
        inputs.extend((0..200).map(|_| c.bytes(k)));
        for (i, data) in inputs.iter().enumerate() {
            dut.set_bytes("crcd__data", data);
            dut.settle();
            assert_eq!(
                dut.get("crcd__crc") as u32,
                raw(0, data),
                "width {d} input {i}"
            );
        }
        let mut states = vec![0u32];
        states.extend((0..32).map(|i| 1 << i));
        states.extend((0..200).map(|_| c.bits(32) as u32));
        for s in states {
            dut.set("crcs__state", s.into());
            dut.settle();
            assert_eq!(
                dut.get("crcs__shifted") as u32,
                raw(s, &vec![0; k]),
                "width {d} state {s:08x}"
            );
        }
    }
}

/// The hardware's running state over a padded, masked stream of whole beats.
fn stream(dut: &mut Dut, k: usize, bytes: &[u8]) -> u32 {
    let mut state = 0;
    for beat in bytes.chunks(k) {
        dut.set("crcs__state", state);
        dut.set_bytes("crcd__data", beat);
        dut.settle();
        state = dut.get("crcs__shifted") ^ dut.get("crcd__crc");
    }
    state as u32
}

#[test]
fn mpa_crc_of_an_fpdu_in_any_lane() {
    let mut c = Cases::new("linear::mpa_crc_of_an_fpdu_in_any_lane");
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), c.seed);
        for round in 0..300 {
            let lead = if round < k { round } else { c.below(4 * k) };
            let len = 4 + c.below(200);
            let mut fpdu = c.bytes(len);
            fpdu.extend(crc32c::crc32c(&fpdu).to_le_bytes()); // least significant octet first
            let total = lead + fpdu.len();
            let pad = total.next_multiple_of(k) - total;
            let bad = c.chance(30);
            if bad {
                let bit = c.below(fpdu.len() * 8);
                fpdu[bit / 8] ^= 1 << (bit % 8);
            }
            let mut bytes = vec![0; lead];
            bytes.extend(&fpdu);
            bytes.resize(total + pad, 0);
            bytes[lead..lead + 4].iter_mut().for_each(|b| *b ^= 0xff);
            let state = stream(&mut dut, k, &bytes);
            let mut padded = fpdu.clone();
            padded.resize(fpdu.len() + pad, 0);
            assert_eq!(state, raw(u32::MAX, &padded), "width {d} lead {lead}");
            dut.set("crcr__state", state.into());
            dut.set("crcr__pad", pad as u128);
            dut.settle();
            assert_eq!(
                dut.bit("crcr__ok"),
                !bad,
                "width {d} lead {lead} pad {pad} bad {bad}"
            );
        }
    }
}

#[test]
fn residue_table_is_exact() {
    // Every length of padding, the right constant and each of its 32 neighbours.
    for d in WIDTHS {
        let k = d / 8;
        let mut dut = Dut::new(&width(d), 1);
        let good: Vec<u8> = [b"123456789".to_vec(), 0xE306_9283u32.to_le_bytes().to_vec()].concat();
        for pad in 0..k {
            let bytes = [good.clone(), vec![0; pad]].concat();
            let want = raw(u32::MAX, &bytes);
            assert_eq!(ferrowarp_hdl::prim::crc_residue(pad), want);
            dut.set("crcr__pad", pad as u128);
            dut.set("crcw__pad", pad as u128);
            dut.settle();
            assert_eq!(dut.get("crcw__want"), want.into(), "width {d} pad {pad}");
            for flip in 0..=32u32 {
                let state = if flip == 32 { want } else { want ^ 1 << flip };
                dut.set("crcr__state", state.into());
                dut.settle();
                assert_eq!(dut.bit("crcr__ok"), flip == 32, "width {d} pad {pad}");
            }
        }
    }
}

/// SplitMix64 as published, drawn one column after the other.
fn published_columns(n: usize) -> Vec<u64> {
    let mut state = 0x6665_7272_6F77_6172u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) % (1 << 44)
        })
        .collect()
}

#[test]
fn tuple_hash_equals_its_matrix() {
    let mut c = Cases::new("linear::tuple_hash_equals_its_matrix");
    let mut dut = Dut::new(&common(), c.seed);
    for n in [96usize, 301] {
        let columns = published_columns(n);
        let bytes = n.div_ceil(8);
        let mut inputs = vec![vec![0; bytes]];
        inputs.extend((0..n).map(|i| unit(bytes, i)));
        for _ in 0..200 {
            let mut b = c.bytes(bytes);
            b[bytes - 1] &= 0xffu8 >> ((8 - n % 8) % 8);
            inputs.push(b);
        }
        for input in &inputs {
            let (mut h0, mut h1, mut fp) = (0u16, 0u16, 0u16);
            for (i, column) in columns.iter().enumerate() {
                if input[i / 8] & (1 << (i % 8)) != 0 {
                    for j in 0..16 {
                        h0 ^= ((column >> j & 1) as u16) << j;
                        h1 ^= ((column >> (16 + j) & 1) as u16) << j;
                    }
                    for j in 0..12 {
                        fp ^= ((column >> (32 + j) & 1) as u16) << j;
                    }
                }
            }
            dut.set_bytes(&format!("hash{n}__tuple"), input);
            dut.settle();
            let port = |p: &str| dut.get(&format!("hash{n}__{p}")) as u16;
            assert_eq!((port("h0"), port("h1"), port("fp")), (h0, h1, fp));
            assert_eq!(ferrowarp_hdl::prim::tuple_hash(input), (h0, h1, fp));
        }
    }
}
