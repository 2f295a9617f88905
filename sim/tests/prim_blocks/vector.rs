//! Small vector helpers against Rust: folding of sums, priority, byte order, packing.

use crate::bench::{common, Cases, Dut};

#[test]
fn sums_fold_with_end_around_carry() {
    let mut c = Cases::new("vector::sums_fold_with_end_around_carry");
    let mut dut = Dut::new(&common(), c.seed);
    let mut inputs = vec![0, 1, 0xffff, 0x10000, 0xffff_0000, 0xffff_ffff, 0xfffe_0001];
    inputs.extend((0..500).map(|_| c.bits(32)));
    for acc in inputs {
        let g: Vec<u128> = (0..4).map(|_| c.bits(19)).collect();
        dut.set("fold__acc", acc);
        for (i, g) in g.iter().enumerate() {
            dut.set(&format!("join__g{i}"), *g);
        }
        dut.settle();
        let mut want = acc;
        while want > 0xffff {
            want = (want >> 16) + (want & 0xffff);
        }
        assert_eq!(dut.get("fold__fold"), want, "{acc:08x}");
        assert_eq!(dut.get("join__sum"), g.iter().sum::<u128>());
    }
}

#[test]
fn the_lowest_request_wins() {
    let mut c = Cases::new("vector::the_lowest_request_wins");
    let mut dut = Dut::new(&common(), c.seed);
    for n in [2usize, 5, 64] {
        let mut inputs: Vec<u128> = (0..n).map(|i| 1 << i).collect();
        inputs.extend(0..32.min(1u128 << n));
        inputs.extend((0..300).map(|_| c.bits(n) & c.bits(n) & c.bits(n)));
        for req in inputs {
            dut.set(&format!("ff{n}__req"), req);
            dut.settle();
            let out = |p: &str| dut.get(&format!("ff{n}__{p}"));
            let first = (0..n).find(|i| req >> i & 1 == 1);
            assert_eq!(out("any"), u128::from(first.is_some()));
            assert_eq!(out("grant"), first.map_or(0, |i| 1 << i), "{req:x}");
            assert_eq!(out("index"), first.unwrap_or(0) as u128, "{req:x}");
        }
    }
}

#[test]
fn vectors_are_swapped_packed_cut_and_compared() {
    let mut c = Cases::new("vector::vectors_are_swapped_packed_cut_and_compared");
    let mut dut = Dut::new(&common(), c.seed);
    for _ in 0..300 {
        let bytes = c.bytes(6);
        let parts: Vec<u128> = (0..3).map(|_| c.bits(5)).collect();
        let whole = c.bits(36);
        dut.set_bytes("bswap__din", &bytes);
        for (i, p) in parts.iter().enumerate() {
            dut.set(&format!("pack__din_{i}"), *p);
        }
        dut.set("unpack__din", whole);
        // As often as not the same, else in one bit different.
        let a = c.bits(29);
        let differs = c.bits(1) << (c.bits(32) % 29);
        dut.set("equal__a", a);
        dut.set("equal__b", a ^ differs);
        dut.settle();
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        assert_eq!(dut.get_bytes("bswap__dout", 6), reversed);
        assert_eq!(dut.get("equal__same"), u128::from(differs == 0));
        let packed = parts[0] | parts[1] << 5 | parts[2] << 10;
        assert_eq!(dut.get("pack__dout"), packed);
        for i in 0..4 {
            let want = whole >> (9 * i) & 0x1ff;
            assert_eq!(dut.get(&format!("unpack__dout_{i}")), want);
        }
    }
}
