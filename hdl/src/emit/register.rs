//! How a register primitive tells the emitter what it is.
use super::constant::Constant;
use rust_hdl::prelude::VerilogLiteral;

const MARK: &str = "//@register";

/// What a register does at reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Register {
    /// Takes this value, a sized Verilog constant.
    Reset(String),
    /// Has no reset port and keeps its value.
    NoReset,
}

/// The `Verilog::Custom` text of a register primitive with ports `d`, `q`, `clock` and, with an initial value,
/// `reset`. Only for `prim::reg`: the emitter turns it into an `always` of the parent.
pub fn register_text(init: Option<VerilogLiteral>, width: usize) -> String {
    match init {
        // A LogicState's literal is 64 bits wide whatever the enum: resize.
        Some(value) => match Constant::from_literal(&value, width) {
            Some(c) => format!("{MARK} {}", c.verilog()),
            None => format!("{MARK} {value:x}"),
        },
        None => MARK.to_string(),
    }
}

impl Register {
    pub fn parse(text: &str) -> Option<Self> {
        let init = text.strip_prefix(MARK)?.trim();
        Some(if init.is_empty() {
            Self::NoReset
        } else {
            Self::Reset(init.to_string())
        })
    }
}
