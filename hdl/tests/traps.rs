//! Every trap of the kernel language that the emitter makes harmless: golden text, lint, and behaviour in
//! Verilator against the same computation in Rust.
#[path = "designs/stream.rs"]
#[allow(dead_code)]
mod stream;
#[path = "support/mod.rs"]
mod support;
#[path = "designs/traps.rs"]
mod traps;

use ferrowarp_hdl::emit::{emit, Emitted};
use rust_hdl::prelude::Block;
use support::bench::Bench;
use support::{golden, lint};

fn emitted<B: Block + Default>(name: &str) -> Emitted {
    let out = emit(&B::default(), name).unwrap_or_else(|e| panic!("{e}"));
    golden(&format!("trap_{name}"), &out.verilog);
    lint(&out);
    out
}

/// A repeatable sequence of 64-bit numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[test]
fn combinational_traps_behave() {
    let designs = [
        emitted::<traps::Precedence>("precedence"),
        emitted::<traps::Widths>("widths"),
        emitted::<traps::Slices>("slices"),
        emitted::<traps::Structs>("structs"),
        emitted::<traps::Indices>("indices"),
        emitted::<traps::Interfaces>("interfaces"),
        emitted::<traps::Labels>("labels"),
        emitted::<traps::Elaborated>("elaborated"),
    ];
    let Some(mut b) = Bench::build("combinational_traps", &designs) else {
        return;
    };
    let mut random = Random(1);
    for round in 0..200 {
        let about = format!("in round {round}");
        let mut r = || random.next();
        precedence(&mut b, &mut r, &about);
        widths(&mut b, &mut r, &about);
        slices(&mut b, &mut r, &about);
        structs(&mut b, &mut r, &about);
        indices(&mut b, &mut r, &about);
        interfaces(&mut b, &mut r, &about);
        labels(&mut b, round, &about);
        elaborated(&mut b, &mut r, &about);
    }
    b.run();
}

type Rng<'a> = &'a mut dyn FnMut() -> u64;

fn precedence(b: &mut Bench, r: Rng, about: &str) {
    let (x, y) = (r() as u8, r() as u8 & 0x11);
    b.set("precedence_a", x.into());
    b.set("precedence_b", y.into());
    b.eval();
    b.expect("precedence_masked", u128::from(x & y == y), about);
    b.expect("precedence_shifted", (x ^ y << 1 & 0x3f).into(), about);
}

fn widths(b: &mut Bench, r: Rng, about: &str) {
    let (x, y, c) = (r() as u8 & 15, r() as u8 & 15, r() as u8 & 1);
    b.set("widths_a", x.into());
    b.set("widths_b", y.into());
    b.set("widths_carry", c.into());
    b.eval();
    b.expect("widths_next", u128::from((x + 1) & 15 == y), about);
    b.expect("widths_inverted", (!x & 15).into(), about);
    b.expect("widths_mean", (((x + y) & 15) >> 1).into(), about);
    b.expect("widths_sum", ((x + c) & 15).into(), about);
    b.expect("widths_less", u128::from(x.wrapping_sub(y) & 15 < 8), about);
}

fn slices(b: &mut Bench, r: Rng, about: &str) {
    let (a, tag, sel) = (r(), r() & 0x7fff, r() & 7);
    b.set("slices_a", a.into());
    b.set("slices_tag", tag.into());
    b.set("slices_sel", sel.into());
    b.eval();
    b.expect("slices_twice", (a >> 12 & 0xff).into(), about);
    b.expect("slices_field", (tag >> 11 & 3).into(), about);
    b.expect("slices_expr", (a >> 11 & 0xff).into(), about);
    b.expect("slices_lane", (a >> (sel * 8) & 0xff).into(), about);
    b.expect("slices_one_bit", (a >> sel & 1).into(), about);
    b.expect("slices_replaced", (a & 0xff | 1 << sel).into(), about);
    b.expect("slices_cut", (a.wrapping_add(1) & 0x1f).into(), about);
    b.expect("slices_joined", (a & 0xffff_ffff).into(), about);
    b.expect("slices_any", u128::from(a & 0xffff != 0), about);
    b.expect("slices_all", u128::from(a & 15 == 15), about);
    b.expect("slices_odd", u128::from((a ^ 1).count_ones() % 2), about);
}

/// `Tag` from bit 0: id 8, kind 2, port 4, valid 1.
fn structs(b: &mut Bench, r: Rng, about: &str) {
    let tag = r() & 0x7cff | (r() % 3) << 8;
    let other = if r() & 1 == 0 { tag } else { tag ^ 0x100 };
    b.set("structs_tag", tag.into());
    b.set("structs_other", other.into());
    b.eval();
    b.expect("structs_code", [1, 2, 4][(tag >> 8 & 3) as usize], about);
    b.expect("structs_changed", (tag & !0x300 | 0x100).into(), about);
    b.expect(
        "structs_built",
        (0xA5 | 2 << 8 | tag & 0x3c00 | 1 << 14).into(),
        about,
    );
    b.expect("structs_same", u128::from(tag == other), about);
    b.expect("structs_same_id", 1, about);
}

fn indices(b: &mut Bench, r: Rng, about: &str) {
    let a: Vec<u8> = (0..4).map(|_| r() as u8 & r() as u8).collect();
    let sel = r() as usize & 3;
    for (i, v) in a.iter().enumerate() {
        b.set(&format!("indices_a_{i}"), (*v).into());
    }
    b.set("indices_sel", sel as u128);
    b.eval();
    let o = [a[0] ^ a[1], a[2] ^ a[3]];
    b.expect("indices_o_0", o[0].into(), about);
    b.expect("indices_o_1", o[1].into(), about);
    b.expect(
        "indices_first",
        if a[0] == 0 {
            7
        } else {
            a[0].trailing_zeros().into()
        },
        about,
    );
    b.expect("indices_ones", a[1].count_ones().into(), about);
    b.expect("indices_picked", a[sel].into(), about);
    b.expect(
        "indices_picked_bits",
        (o[sel.min(1)] >> 2 & 15).into(),
        about,
    );
}

fn interfaces(b: &mut Bench, r: Rng, about: &str) {
    let ready = r() & 3;
    b.set("interfaces_ready", ready.into());
    for k in 0..2 {
        let a = r() as u8;
        b.set(&format!("interfaces_a_{k}"), a.into());
        b.eval();
        let wanted = if ready >> k & 1 == 1 {
            a.wrapping_add(1)
        } else {
            0
        };
        b.expect(&format!("interfaces_o_{k}"), wanted.into(), about);
    }
}

fn labels(b: &mut Bench, round: u128, about: &str) {
    let a = [3, 0x1f, 0x80, 200, 0, 255, 4][round as usize % 7];
    b.set("labels_a", a);
    b.set("labels_flag", round & 1);
    b.eval();
    b.expect("labels_o", [1, 2, 3, 4, 0, 0, 0][round as usize % 7], about);
    b.expect("labels_p", 1 + (round & 1), about);
}

fn elaborated(b: &mut Bench, r: Rng, about: &str) {
    let a = r() as u8;
    b.set("elaborated_a", a.into());
    b.eval();
    b.expect("elaborated_o_0", 0x83, about);
    b.expect("elaborated_o_1", (a.wrapping_add(2) ^ 5).into(), about);
    b.expect("elaborated_o_2", a.wrapping_add(3).into(), about);
}

#[test]
fn registers_hold_reset_and_step() {
    let designs = [
        emitted::<traps::Registers>("registers"),
        emitted::<traps::Chain>("chain"),
    ];
    let Some(mut b) = Bench::build("registers", &designs) else {
        return;
    };
    let (mut count, mut plain, mut kind, mut port) = (0u8, 0u8, 0u8, 0u8);
    let mut random = Random(2);
    for id in [0u128, 0x7f, 0xff] {
        b.set("chain_a", id | 0x5500);
        b.tick("chain");
        b.expect("chain_o", (id + 1) & 0xff | 0x5500, "a block called next");
    }
    for cycle in 0..200 {
        let about = format!("in cycle {cycle}");
        let r = random.next();
        let (reset, en, clear) = (cycle < 2 || r % 23 == 0, r >> 8 & 1 == 1, r >> 9 & 7 == 0);
        b.set("registers_reset", reset.into());
        b.set("registers_en", en.into());
        b.set("registers_clear", clear.into());
        b.eval();
        let next = if clear {
            0
        } else {
            count.wrapping_add(en.into())
        };
        if cycle > 2 {
            b.expect("registers_next", next.into(), &about);
        }
        b.tick("registers");
        if en {
            plain = count;
            port = (port + 1) & 15;
            kind = [0, 2, 0][usize::from(kind)];
        }
        count = next;
        if reset {
            (count, kind, port) = (0x42, 1, 2);
        }
        if cycle > 2 {
            b.expect("registers_count", count.into(), &about);
            b.expect("registers_kind", kind.into(), &about);
            b.expect(
                "registers_tag",
                (1 | 2 << 8 | u128::from(port) << 10 | 1 << 14) & 0x7fff,
                &about,
            );
            if cycle > 20 {
                b.expect("registers_data", plain.into(), &about);
            }
        }
    }
    b.run();
}

#[test]
fn wide_vectors_behave() {
    let Some(mut b) = Bench::build("wide", &[emitted::<traps::Wide>("wide")]) else {
        return;
    };
    b.set("wide_reset", 1);
    b.tick("wide");
    b.set("wide_reset", 0);
    // low 5, mid 7 << 66 (of which bits 66..70 stay), flag set: bits 0..60, 60..130, 130
    let held = 5u128 | (7u128 << 66) << 60;
    b.expect_hex(
        "wide_held",
        &format!("{:x}{held:032x}", 1u8 << 2 | 1),
        "after reset",
    );
    let mut random = Random(3);
    for round in 0..50 {
        let about = format!("in round {round}");
        let a: Vec<u8> = (0..64).map(|_| random.next() as u8 & 0x7f).collect();
        let hex: String = a.iter().rev().map(|v| format!("{v:02x}")).collect();
        let sel = random.next() as usize & 63;
        b.set_hex("wide_a", &hex);
        b.set("wide_sel", sel as u128);
        b.eval();
        b.expect("wide_lane", a[sel].into(), &about);
        b.expect("wide_fixed", (a[63] ^ 0xAA).into(), &about);
        // Bits 4..8 are masked, so the 1 never carries past byte 0.
        let mixed = format!("{}{:02x}", &hex[..126], (a[0] & 0x0f) + 1);
        b.expect_hex("wide_mixed", mixed.trim_start_matches('0'), &about);
    }
    let loaded = format!(
        "8{}{:032x}",
        "0".repeat(95),
        0x0123_4567_89ab_cdef_u128 << 8 | 0x3f << 72
    );
    b.set_hex("wide_a", &loaded);
    b.tick("wide");
    b.expect(
        "wide_mid",
        (0x0123_4567_89ab_cdef_u128 << 8) & ((1 << 70) - 1),
        "after a field was loaded",
    );
    b.run();
}
