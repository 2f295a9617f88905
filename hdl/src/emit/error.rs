//! What can be wrong with a block. Every message names the module's path, the signal and the fix.
use thiserror::Error;

/// One problem at one place of the block tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{module}: {problem}")]
pub struct EmitError {
    /// Path of the instance in Rust's notation.
    pub module: String,
    pub problem: Problem,
}

/// All problems of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitErrors(pub Vec<EmitError>);

impl std::fmt::Display for EmitErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "the block cannot be emitted, {} problem(s):",
            self.0.len()
        )?;
        self.0.iter().try_for_each(|e| writeln!(f, "  {e}"))
    }
}

impl std::error::Error for EmitErrors {}

/// What is wrong, and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("unknown name `{0}`: a kernel can use its own signals, ports of direct children and loop variables; make a const generic or const a `Constant` field")]
    UnknownName(String),
    #[error("`{0}` is a field of a field: structs are one level deep, make the inner struct a signal of its own")]
    NestedField(String),
    #[error("index `{0}` is not known at elaboration: use loop variables and numbers, or select with a match")]
    IndexNotConstant(String),
    #[error("`{0}` is not driven: assign it in the kernel")]
    NotDriven(String),
    #[error("`{0}` has two drivers: a linked signal must not be assigned or linked again")]
    DrivenTwice(String),
    #[error("`{0}` must not be driven here: it is an input of this block or an output of a child")]
    MustNotDrive(String),
    #[error("`{0}` is a latch: assign a default before the first `if` or `match`")]
    Latch(String),
    #[error("`{0}` is read before it is written: move its assignments up")]
    ReadBeforeWrite(String),
    #[error("`{0}` is written after it was read: in Verilog the read sees the last value; use a second signal")]
    WrittenAfterRead(String),
    #[error("combinational loop: {0}; break it with a register, or split the struct whose one field feeds another")]
    CombLoop(String),
    #[error("`{0}` and `{1}` have the same name in Verilog: rename one")]
    NameCollision(String, String),
    #[error("`{0}` is a Verilog keyword: rename it")]
    Keyword(String),
    #[error("width mismatch: `{left}` has {left_bits} bits and `{right}` has {right_bits}: use bit_cast or get_bits")]
    WidthMismatch {
        left: String,
        left_bits: usize,
        right: String,
        right_bits: usize,
    },
    #[error("literal 0x{value} does not fit {bits} bits: widen the signal or cut the literal")]
    LiteralTooWide { value: String, bits: usize },
    #[error("the width of literal `{0}` is not known here: wrap it in bits::<N>(..)")]
    LiteralWithoutWidth(String),
    #[error("bits {low}..{} of `{name}`, which has {bits}: correct the offset or the width", .low + .width)]
    OutOfRange {
        name: String,
        low: usize,
        width: usize,
        bits: usize,
    },
    #[error("`{0}` has no bits: an enum needs two variants, Bits<N> an N above 0")]
    ZeroWidth(String),
    #[error("match label `{0}` is not a number or a variant of an enum that a signal here has: use one, or `_`")]
    BadLabel(String),
    #[error("`{child}` needs `{port}`, and this block has none: add `pub {port}: Signal<In, ..>` or drive it in the kernel")]
    NoClockOrReset { child: String, port: String },
    #[error("enum label `{0}` has two meanings here: two enums have the same type and variant name, rename one")]
    AmbiguousLabel(String),
    #[error("a link inside `if` or `match`: `{0}` must be linked on every path, move it out")]
    ConditionalLink(String),
    #[error("output `{0}` does not occur in the custom text: drive it there")]
    TextWithoutPort(String),
    #[error("`{0}` is assigned in Verilog::Custom, whose outputs are reg: use Verilog::Wrapper")]
    AssignInCustom(String),
    #[error("`{{{0}}}` in the custom text is no port of this block: use the name of a port")]
    TextUnknownPort(String),
    #[error("no logic: a block with outputs needs a #[hdl_gen] kernel or custom text in hdl()")]
    NoLogic,
    #[error("not supported: {0}")]
    Unsupported(String),
}
