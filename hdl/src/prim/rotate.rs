//! Byte rotators. Combinational; byte `i` of a vector is bits `8i+7 : 8i`.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`RotateBytes`] | `din`, `amt` | byte `i` of `dout` = byte `(i + amt) mod K` of `din` |
//! | [`MergeRotate`] | `lo`, `hi`, `off` | byte `i` of `dout` = byte `off + i` of `{hi, lo}` |
//!
//! `MergeRotate` realigns a stream: with `lo` = beat a and `hi` = beat a+1 it shows the K bytes that start at byte `off`
//! of beat a. Each lane first takes the beat it needs, then one rotator moves all lanes: half the muxes of a 2K shifter.

use super::text::{body, range, thermometer};
use rust_hdl::prelude::*;

/// Log-stage right rotation of `src` by `amt`; the result is the wire `s<lk>`.
fn stages(d: usize, lk: usize, src: &str, amt: &str) -> String {
    let r = range(d);
    let mut s = format!("wire {r} s0 = {src};\n");
    for i in 0..lk {
        let b = 8usize << i;
        s += &format!(
            "wire {r} s{n} = {amt}[{i}] ? {{s{i}[{}:0], s{i}[{}:{b}]}} : s{i};\n",
            b - 1,
            d - 1,
            n = i + 1
        );
    }
    s
}

/// Right rotation by a number of bytes.
#[derive(LogicBlock, Clone, Debug)]
pub struct RotateBytes<const D: usize, const LK: usize> {
    pub din: Signal<In, Bits<D>>,
    pub amt: Signal<In, Bits<LK>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const LK: usize> RotateBytes<D, LK> {
    const OK: () = assert!(
        8 << LK == D && LK >= 2,
        "RotateBytes: LK must be log2(D / 8)"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            din: Default::default(),
            amt: Default::default(),
            dout: Default::default(),
        }
    }
}

impl<const D: usize, const LK: usize> Default for RotateBytes<D, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const LK: usize> Logic for RotateBytes<D, LK> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        body(stages(D, LK, "din", "amt") + &format!("assign dout = s{LK};\n"))
    }
}

/// Window of one beat over two consecutive beats.
#[derive(LogicBlock, Clone, Debug)]
pub struct MergeRotate<const D: usize, const K: usize, const LK: usize> {
    pub lo: Signal<In, Bits<D>>,
    pub hi: Signal<In, Bits<D>>,
    pub off: Signal<In, Bits<LK>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const K: usize, const LK: usize> MergeRotate<D, K, LK> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K && LK >= 2,
        "MergeRotate: K must be D / 8 and LK log2 K"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            lo: Default::default(),
            hi: Default::default(),
            off: Default::default(),
            dout: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Default for MergeRotate<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for MergeRotate<D, K, LK> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        // Lanes below the offset come from the second beat.
        let mut s = thermometer("below", "off", LK, 8);
        s += &format!(
            "wire {} lanes = (hi & below{LK}) | (lo & ~below{LK});\n",
            range(D)
        );
        // The window never reaches the last lane of the second beat.
        s += &format!("wire unused_hi = &{{1'b0, hi[{}:{}]}};\n", D - 1, D - 8);
        s += &stages(D, LK, "lanes", "off");
        s += &format!("assign dout = s{LK};\n");
        body(s)
    }
}
