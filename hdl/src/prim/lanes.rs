//! Byte lanes of a beat set to zero. Combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`MaskLanes`] | `din`, `keep` | byte `i` of `dout` = byte `i` of `din` where `keep[i]`, else 0 |

use super::text::body;
use rust_hdl::prelude::*;

/// Zeroes the lanes that `keep` does not name.
#[derive(LogicBlock, Clone, Debug)]
pub struct MaskLanes<const D: usize, const K: usize> {
    pub din: Signal<In, Bits<D>>,
    pub keep: Signal<In, Bits<K>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const K: usize> MaskLanes<D, K> {
    const OK: () = assert!(K * 8 == D, "MaskLanes: K must be D / 8");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            din: Default::default(),
            keep: Default::default(),
            dout: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Default for MaskLanes<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for MaskLanes<D, K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        body(
            (0..K)
                .map(|i| {
                    let (hi, lo) = (i * 8 + 7, i * 8);
                    format!("assign dout[{hi}:{lo}] = din[{hi}:{lo}] & {{8{{keep[{i}]}}}};\n")
                })
                .collect(),
        )
    }
}
