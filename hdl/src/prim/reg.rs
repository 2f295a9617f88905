//! Registers: the only state of a kernel.
//!
//! Ports: `d` in, `q` out, `clock`, and `reset` for [`Reg`]. Latency one cycle, no back-pressure. The emitter
//! wires `clock` and `reset` and turns the register into an `always` of the parent; a path of the parent's
//! kernel that does not assign `d` holds the value.
use crate::emit::register_text;
use rust_hdl::prelude::*;

/// A register with synchronous reset to a value given when it is built.
#[derive(LogicBlock, Clone, Debug)]
pub struct Reg<T: Synth> {
    pub d: Signal<In, T>,
    pub q: Signal<Out, T>,
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    _init: T,
}

impl<T: Synth> Reg<T> {
    pub fn new(init: T) -> Self {
        Self {
            d: Default::default(),
            q: Default::default(),
            clock: Default::default(),
            reset: Default::default(),
            _init: init,
        }
    }
}

impl<T: Synth> Default for Reg<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Synth> Logic for Reg<T> {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        Verilog::Custom(register_text(Some(self._init.verilog()), T::BITS))
    }
}

/// A register without reset, for data that a valid bit guards.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct RegNr<T: Synth> {
    pub d: Signal<In, T>,
    pub q: Signal<Out, T>,
    pub clock: Signal<In, Clock>,
}

impl<T: Synth> Logic for RegNr<T> {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        Verilog::Custom(register_text(None, T::BITS))
    }
}
