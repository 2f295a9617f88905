//! Equality of wide vectors in few levels of logic.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`Equal`] | `a`, `b`, `N` bits | `same` |
//!
//! Combinational: groups of eight bits, then all groups. The groups' verdicts are kept through synthesis: a mapper that looks for
//! small area makes a chain of a wide comparison, one LUT behind the other.

use super::text::{body, range};
use rust_hdl::prelude::*;

const GROUP: usize = 8;

/// `a == b`.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct Equal<const N: usize> {
    pub a: Signal<In, Bits<N>>,
    pub b: Signal<In, Bits<N>>,
    pub same: Signal<Out, bool>,
}

impl<const N: usize> Logic for Equal<N> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.same.connect();
    }
    fn hdl(&self) -> Verilog {
        let groups = N.div_ceil(GROUP);
        let mut s = format!("(* keep *) wire {} part;\n", range(groups));
        for g in 0..groups {
            let (low, high) = (g * GROUP, (g * GROUP + GROUP).min(N) - 1);
            s += &format!("assign part[{g}] = a[{high}:{low}] == b[{high}:{low}];\n");
        }
        s += "assign same = &part;\n";
        body(s)
    }
}
