//! Internet checksum arithmetic (RFC 1071). All combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`SumBeat`]   | `data`, `mask` (bytes that count) | `sum`, 21 bits: the beat's big-endian 16-bit words added up |
//! | [`SumGroups`] | as above | `g0..g3`, 19 bits each: the same over four quarters of the beat |
//! | [`SumJoin`]   | `g0..g3` | `sum` = their sum |
//! | [`FoldSum`]   | `acc`, 32 bits | `fold`, 16 bits: end-around carry folded in |
//!
//! A word is an even lane (high octet) and the odd lane above it (low octet): lane parity is frame-offset parity, as a
//! beat is a whole number of words. A masked byte counts as zero, which is also the padding of an odd length.
//! 21 bits hold 32 words (D = 512). At 512 bits `SumGroups`, a register, `SumJoin` make two short stages.
//! The adders are written as one sum; synthesis makes a carry-save tree of it.

use super::text::{body, range};
use rust_hdl::prelude::*;

/// Width of the sum of a whole beat.
pub const SUM_BITS: usize = 21;
/// Width of the sum of a quarter of a beat.
pub const GROUP_BITS: usize = 19;

/// Declares the masked words `w0..` of a beat, each extended to `width`.
fn words(d: usize, width: usize) -> String {
    (0..d / 16)
        .map(|i| {
            let (hi, lo) = (i * 16, i * 16 + 8); // lowest bits of the high and of the low octet
            format!(
                "wire {r} w{i} = {{{z}'b0, mask[{}] ? data[{}:{hi}] : 8'd0, mask[{}] ? data[{}:{lo}] : 8'd0}};\n",
                2 * i,
                hi + 7,
                2 * i + 1,
                lo + 7,
                r = range(width),
                z = width - 16
            )
        })
        .collect()
}

/// A balanced sum of the words `from..to`.
fn tree(from: usize, to: usize) -> String {
    if to - from == 1 {
        return format!("w{from}");
    }
    let mid = from + (to - from) / 2;
    format!("({} + {})", tree(from, mid), tree(mid, to))
}

/// Sum of the words of a beat.
#[derive(LogicBlock, Clone, Debug)]
pub struct SumBeat<const D: usize, const K: usize> {
    pub data: Signal<In, Bits<D>>,
    pub mask: Signal<In, Bits<K>>,
    pub sum: Signal<Out, Bits<SUM_BITS>>,
}

impl<const D: usize, const K: usize> SumBeat<D, K> {
    const OK: () = assert!(
        K * 8 == D && D % 64 == 0 && D <= 512,
        "SumBeat: K must be D / 8, D at most 512"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            data: Default::default(),
            mask: Default::default(),
            sum: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Default for SumBeat<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for SumBeat<D, K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.sum.connect();
    }
    fn hdl(&self) -> Verilog {
        body(words(D, SUM_BITS) + &format!("assign sum = {};\n", tree(0, D / 16)))
    }
}

/// Sums of the four quarters of a beat.
#[derive(LogicBlock, Clone, Debug)]
pub struct SumGroups<const D: usize, const K: usize> {
    pub data: Signal<In, Bits<D>>,
    pub mask: Signal<In, Bits<K>>,
    pub g0: Signal<Out, Bits<GROUP_BITS>>,
    pub g1: Signal<Out, Bits<GROUP_BITS>>,
    pub g2: Signal<Out, Bits<GROUP_BITS>>,
    pub g3: Signal<Out, Bits<GROUP_BITS>>,
}

impl<const D: usize, const K: usize> SumGroups<D, K> {
    const OK: () = assert!(
        K * 8 == D && D % 64 == 0 && D <= 512,
        "SumGroups: K must be D / 8, D at most 512"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            data: Default::default(),
            mask: Default::default(),
            g0: Default::default(),
            g1: Default::default(),
            g2: Default::default(),
            g3: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Default for SumGroups<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for SumGroups<D, K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.g0.connect();
        self.g1.connect();
        self.g2.connect();
        self.g3.connect();
    }
    fn hdl(&self) -> Verilog {
        let q = D / 64;
        let mut s = words(D, GROUP_BITS);
        for g in 0..4 {
            s += &format!("assign g{g} = {};\n", tree(g * q, (g + 1) * q));
        }
        body(s)
    }
}

/// Sum of the four quarters: the second stage behind [`SumGroups`].
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct SumJoin {
    pub g0: Signal<In, Bits<GROUP_BITS>>,
    pub g1: Signal<In, Bits<GROUP_BITS>>,
    pub g2: Signal<In, Bits<GROUP_BITS>>,
    pub g3: Signal<In, Bits<GROUP_BITS>>,
    pub sum: Signal<Out, Bits<SUM_BITS>>,
}

impl Logic for SumJoin {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.sum.connect();
    }
    fn hdl(&self) -> Verilog {
        let z = SUM_BITS - GROUP_BITS;
        body(format!(
            "assign sum = ({{{z}'b0, g0}} + {{{z}'b0, g1}}) + ({{{z}'b0, g2}} + {{{z}'b0, g3}});\n"
        ))
    }
}

/// Folds an accumulated sum to 16 bits. `fold` of a good IP header or TCP segment (pseudo header included) is 0xFFFF.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct FoldSum {
    pub acc: Signal<In, Bits<32>>,
    pub fold: Signal<Out, Bits<16>>,
}

impl Logic for FoldSum {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.fold.connect();
    }
    fn hdl(&self) -> Verilog {
        body(
            "wire [16:0] once = {1'b0, acc[31:16]} + {1'b0, acc[15:0]};\n\
             // at most 0xFFFF + 0xFFFF, so the second fold cannot carry again\n\
             assign fold = once[15:0] + {15'b0, once[16]};\n"
                .to_string(),
        )
    }
}
