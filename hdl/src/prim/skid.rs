//! Skid buffer: one pipeline stage of a ready/valid stream with both directions registered.
//!
//! | port | | |
//! |---|---|---|
//! | `din din_valid`, `din_ready`    | in, out | `din_ready` is a register; low in reset and for one cycle after it |
//! | `dout dout_valid`, `dout_ready` | out, in | `dout`, `dout_valid` are registers; both hold until `dout_ready` |
//!
//! Latency 1, one item every cycle. Holds two items: when the sink stops, the item already under way goes to the side
//! register, and `din_ready` falls in the next cycle. No combinational path from either side to the other.

use super::text::{body, range};
use rust_hdl::prelude::*;

/// Skid buffer for a payload `T`.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct Skid<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub din: Signal<In, T>,
    pub din_valid: Signal<In, bool>,
    pub din_ready: Signal<Out, bool>,
    pub dout: Signal<Out, T>,
    pub dout_valid: Signal<Out, bool>,
    pub dout_ready: Signal<In, bool>,
}

impl<T: Synth> Skid<T> {
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Synth> Logic for Skid<T> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.din_ready.connect();
        self.dout.connect();
        self.dout_valid.connect();
    }
    fn hdl(&self) -> Verilog {
        body(format!(
            "reg {r} head, side;\n\
             reg head_valid, side_valid, ready;\n\
             wire take = din_valid && ready;\n\
             wire advance = dout_ready || !head_valid;\n\
             wire park = take && !advance;\n\
             always @(posedge clock) begin\n\
             \x20 if (advance) head <= side_valid ? side : din;\n\
             \x20 if (park) side <= din;\n\
             \x20 if (reset) begin\n\
             \x20   head_valid <= 1'b0;\n\
             \x20   side_valid <= 1'b0;\n\
             \x20   ready <= 1'b0;\n\
             \x20 end else begin\n\
             \x20   if (advance) head_valid <= side_valid || take;\n\
             \x20   side_valid <= park || (side_valid && !advance);\n\
             \x20   ready <= !(park || (side_valid && !advance));\n\
             \x20 end\n\
             end\n\
             assign din_ready = ready;\n\
             assign dout = head;\n\
             assign dout_valid = head_valid;\n",
            r = range(T::BITS)
        ))
    }
}
