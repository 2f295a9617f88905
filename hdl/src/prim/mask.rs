//! Byte masks applied to a beat. Combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`ApplyMask`] | `data`, `keep`, `flip` (one bit a byte) | `dout`: bytes without `keep` are zero, then bytes with `flip` are inverted |

use super::text::body;
use rust_hdl::prelude::*;

/// `dout = (data & keep) ^ flip`, byte by byte.
#[derive(LogicBlock, Clone, Debug)]
pub struct ApplyMask<const D: usize, const K: usize> {
    pub data: Signal<In, Bits<D>>,
    pub keep: Signal<In, Bits<K>>,
    pub flip: Signal<In, Bits<K>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const K: usize> ApplyMask<D, K> {
    const OK: () = assert!(K * 8 == D, "ApplyMask: K must be D / 8");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            data: Default::default(),
            keep: Default::default(),
            flip: Default::default(),
            dout: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Default for ApplyMask<D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize> Logic for ApplyMask<D, K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        // one concatenation: the simulator then works on whole words
        let spread = |name: &str| -> String {
            let lanes: Vec<String> = (0..K)
                .rev()
                .map(|i| format!("{{8{{{name}[{i}]}}}}"))
                .collect();
            format!("{{{}}}", lanes.join(", "))
        };
        body(format!(
            "assign dout = (data & {}) ^ {};\n",
            spread("keep"),
            spread("flip")
        ))
    }
}
