//! Verilog out of rust-hdl's abstract syntax tree.
//!
//! rust-hdl's own emitter writes no parentheses, makes every literal 32 bits wide and leaves nested indices
//! unresolved; this one infers and checks every width, and refuses what it cannot prove. rust-hdl's
//! `generate_verilog`, `check_all` and simulator are not used: what is verified is the text made here.
//!
//! ```ignore
//! let out = ferrowarp_hdl::emit::emit(&Chip::<64, 8>::default(), "chip")?;
//! std::fs::write("chip.v", &out.verilog)?;
//! ```
//!
//! The caller only builds the block. `connect_all()` is not needed: it marks signals for rust-hdl's own
//! checks, and the emitter makes its own from the kernels (calling it does no harm). `Logic::connect` and
//! `Logic::update` may stay empty in a block that is not a kernel.
//!
//! What the emitter adds to the kernel language:
//! * A child's input named `clock` or `reset` that the parent's kernel does not drive is wired to the parent's
//!   own `clock` / `reset`. Kernels do not mention them.
//! * [`Reg`](crate::prim::reg::Reg) and [`RegNr`](crate::prim::reg::RegNr) become `always @(posedge clock)` in
//!   the parent. A path of the kernel that does not assign `x.d.next` holds the register's value.
//! * A match without `_` is complete in Rust, so its last arm becomes Verilog's `default`.
//! * Fields of a struct may be assigned one by one; all of them together count as the whole.
//! * A signal may read its own earlier value in the same kernel (`n.next = n.val() + 1` in a loop) once it has
//!   been assigned on every path before.
//! * `if` and `match` over loop variables and numbers are decided here; only the branch taken is emitted.
//! * `array[signal.val().index()]` reads an array of signals, registers, child ports or `Constant`s at run time.
//!
//! What the emitter adds to the text: checks of the stream rules ([`rules`]), under `ifndef SYNTHESIS`.
//!
//! What it refuses is the list of [`Problem`]. Modules with equal bodies are emitted once, named after the path
//! of their first instance. `Custom` and `Wrapper` text sees its ports by their flat names (`rx.tdata` is
//! `rx_tdata`, `rx[0].tdata` is `rx_0_tdata`); `{rx.tdata}` works too. Outputs of `Custom` are `reg`, of
//! `Wrapper` wires. Paths through custom text are not followed in the search for combinational loops.
//!
//! What rust-hdl's macro does not compile, and the way round:
//! * In a loop over `i`, neither `bit_cast(self.a[i].val())` nor a struct field of `self.a[i]`, because the macro
//!   evaluates the width outside the loop: make the body of the loop a child block, and have an array of it.
//! * A port of a child called `next`.
//!
//! What the macro loses without a word (inclusive ranges, match guards, ...) is found by `tests/source_lint.rs`.
//!
//! Two things are declared under `lint_off UNUSEDSIGNAL`, and nothing else: temporaries that the emitter made
//! of a sliced expression and of which some bits are not wanted, and outputs of sub-blocks that the parent does
//! not read in full (a block is written for more than one parent). An input or register of which bits are not
//! used is an author's decision: read it into a Local whose name contains `unused`.

mod check;
mod constant;
mod error;
mod expr;
mod module;
mod names;
mod print;
mod probe;
mod register;
mod rules;
mod select;
mod slice;
mod stmt;

pub use error::{EmitError, EmitErrors, Problem};
pub use register::register_text;

use rust_hdl::prelude::Block;

/// The flags under which every emitted text is clean: `verilator` + these + the file.
/// DECLFILENAME is about one module a file; an emitted file holds a whole design.
pub const LINT_FLAGS: &[&str] = &["--lint-only", "-Wall", "-Wno-DECLFILENAME"];

/// A design as Verilog text, and what is in it.
#[derive(Clone, Debug)]
pub struct Emitted {
    pub verilog: String,
    /// Children before parents; the last one is the top.
    pub modules: Vec<ModuleInfo>,
    pub top: String,
}

impl Emitted {
    /// The ports of the top module.
    pub fn ports(&self) -> &[PortInfo] {
        self.modules.last().map_or(&[], |m| &m.ports)
    }
}

/// One module of the text.
#[derive(Clone, Debug)]
pub struct ModuleInfo {
    pub name: String,
    /// Path of the first instance, in Rust's notation: `chip.rx.parser[0]`.
    pub path: String,
    /// How many instances of it the whole design has.
    pub instances: usize,
    /// Hand-written Verilog (`Verilog::Custom` or `Wrapper`) instead of a kernel.
    pub custom_text: bool,
    pub ports: Vec<PortInfo>,
}

/// One port of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    pub name: String,
    pub dir: Dir,
    pub width: usize,
    /// Fields of a struct port from bit 0 up; empty for plain vectors.
    pub fields: Vec<FieldInfo>,
}

impl PortInfo {
    /// A plain vector.
    pub fn new(name: &str, dir: Dir, width: usize) -> Self {
        Self {
            name: name.into(),
            dir,
            width,
            fields: Vec::new(),
        }
    }
}

/// Bits of those of the ports that `chosen` takes.
pub fn bits(ports: &[PortInfo], chosen: impl Fn(&PortInfo) -> bool) -> usize {
    ports.iter().filter(|p| chosen(p)).map(|p| p.width).sum()
}

/// One field of a struct port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    pub name: String,
    pub low: usize,
    pub width: usize,
}

/// Direction of a port, seen from inside the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dir {
    Input,
    Output,
}

/// Makes Verilog of a block and everything in it. All problems of all modules are reported together.
pub fn emit<B: Block>(block: &B, top: &str) -> Result<Emitted, EmitErrors> {
    let scope = probe::collect(block, top)?;
    module::generate(&scope, top, std::any::type_name::<B>())
}
