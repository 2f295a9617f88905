//! Hash of a connection's tuple: two bucket hashes and a fingerprint, all linear over GF(2). Combinational.
//!
//! | port | | |
//! |---|---|---|
//! | `tuple`   | in  | `IN` bits; bit `i` is bit `i % 8` of byte `i / 8` in [`tuple_hash`] |
//! | `h0`, `h1`| out | 16 bits each: bucket numbers in the two tables, their low bits for smaller tables |
//! | `fp`      | out | 12 bits: fingerprint |
//!
//! Each output bit is an XOR of about half of the tuple's bits. The matrix is one 44-bit column a tuple bit
//! ([`column`]): the output of SplitMix64 at counter `i`, so it does not depend on `IN`. The driver computes the same
//! values with [`tuple_hash`], which is the definition.

use super::text::{body, hex};
use rust_hdl::prelude::*;

/// Seed of the matrix: part of the hardware's contract with the driver.
pub const SEED: u64 = 0x6665_7272_6F77_6172;

/// What tuple bit `i` adds: `h0` in bits 15..0, `h1` in 31..16, the fingerprint in 43..32.
///
/// SplitMix64 (Steele, Lea, Flood 2014): the state after `i + 1` increments of the golden gamma, then two multiply-xorshift
/// rounds; the low 44 bits of the result.
pub const fn column(i: usize) -> u64 {
    let mut z = SEED.wrapping_add((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) & ((1 << 44) - 1)
}

/// `(h0, h1, fingerprint)` of a tuple, its bits packed least significant first.
pub fn tuple_hash(bits: &[u8]) -> (u16, u16, u16) {
    let sum = (0..bits.len() * 8)
        .filter(|i| bits[i / 8] >> (i % 8) & 1 == 1)
        .fold(0, |s, i| s ^ column(i));
    (sum as u16, (sum >> 16) as u16, (sum >> 32) as u16)
}

/// The three hashes of an `IN`-bit tuple.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct TupleHash<const IN: usize> {
    pub tuple: Signal<In, Bits<IN>>,
    pub h0: Signal<Out, Bits<16>>,
    pub h1: Signal<Out, Bits<16>>,
    pub fp: Signal<Out, Bits<12>>,
}

impl<const IN: usize> TupleHash<IN> {
    pub fn new() -> Self {
        Self::default()
    }
}

impl<const IN: usize> Logic for TupleHash<IN> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.h0.connect();
        self.h1.connect();
        self.fp.connect();
    }
    fn hdl(&self) -> Verilog {
        let mut s = String::new();
        for (name, from, bits) in [("h0", 0, 16), ("h1", 16, 16), ("fp", 32, 12)] {
            for j in 0..bits {
                let mask = hex(IN, |i| column(i) >> (from + j) & 1 == 1);
                s += &format!("assign {name}[{j}] = ^(tuple & {mask});\n");
            }
        }
        body(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_full_rank_early() {
        // 96 bits are an IPv4 tuple: every output bit must be reachable from it independently.
        let mut rows: Vec<u64> = (0..96).map(column).collect();
        let mut rank = 0;
        for bit in 0..44 {
            if let Some(p) = (rank..rows.len()).find(|&r| rows[r] >> bit & 1 == 1) {
                rows.swap(rank, p);
                let pivot = rows[rank];
                for (r, row) in rows.iter_mut().enumerate() {
                    if r != rank && *row >> bit & 1 == 1 {
                        *row ^= pivot;
                    }
                }
                rank += 1;
            }
        }
        assert_eq!(rank, 44);
    }

    #[test]
    fn zero_tail_changes_nothing() {
        assert_eq!(tuple_hash(&[1, 2, 3]), tuple_hash(&[1, 2, 3, 0, 0]));
        assert_eq!(tuple_hash(&[]), (0, 0, 0));
    }
}
