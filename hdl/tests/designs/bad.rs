//! One block for each thing that the emitter refuses.
use super::stream::{AxisM, AxisS};
use ferrowarp_hdl::prim::reg::Reg;
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Two {
    A,
    B,
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Inner {
    pub x: Bits<8>,
    pub two: Two,
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Outer {
    pub inner: Inner,
    pub y: Bits<4>,
}

#[derive(LogicBlock, Default)]
pub struct Inverter {
    pub a: Signal<In, bool>,
    pub o: Signal<Out, bool>,
}

impl Logic for Inverter {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = !self.a.val();
    }
}

/// Declares a block with ports `a`, `b` (8 bits), `en`, `h` in, `o` (8 bits), `p` out and two locals, and its kernel.
macro_rules! block {
    ($name:ident { $($field:ident: $ty:ty),* }) => {
        #[derive(LogicBlock, Default)]
        pub struct $name {
            pub a: Signal<In, Bits<8>>,
            pub b: Signal<In, Bits<8>>,
            pub en: Signal<In, bool>,
            pub h: Signal<In, Outer>,
            pub o: Signal<Out, Bits<8>>,
            l: Signal<Local, Bits<8>>,
            $($field: $ty),*
        }
    };
}

block!(ConstGeneric {});
const SIZE: u64 = 3;
impl Logic for ConstGeneric {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val() + SIZE;
    }
}

block!(NestedRead {});
impl Logic for NestedRead {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.h.val().inner.x ^ self.l.val();
    }
}

block!(NestedWrite { g: Signal<Local, Outer> });
impl Logic for NestedWrite {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.g.next = self.h.val();
        self.g.next.inner.x = self.l.val();
        self.o.next = self.b.val();
    }
}

block!(NotDriven { x: Inverter });
impl Logic for NotDriven {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
    }
}

block!(TwoDrivers { x: Inverter, y: Signal<In, bool>, z: Signal<Local, bool> });
impl Logic for TwoDrivers {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.z.next = self.x.o.val();
        Signal::<In, bool>::link(&mut self.y, &mut self.x.a);
        self.x.a.next = false;
    }
}

block!(LinkTwice { x: Inverter, y: Signal<In, bool>, z: Signal<Local, bool> });
impl Logic for LinkTwice {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.z.next = self.x.o.val();
        Signal::<In, bool>::link(&mut self.y, &mut self.x.a);
        Signal::<In, bool>::link(&mut self.en, &mut self.x.a);
    }
}

block!(ConditionalLink { x: Inverter, z: Signal<Local, bool> });
impl Logic for ConditionalLink {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.z.next = self.x.o.val();
        if self.en.val() {
            Signal::<In, bool>::link(&mut self.en, &mut self.x.a);
        }
    }
}

block!(DrivesInput { x: Inverter });
impl Logic for DrivesInput {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.b.val();
        self.o.next = self.l.val();
        self.a.next = 3.into();
        self.x.a.next = true;
        self.x.o.next = true;
    }
}

block!(Latch {});
impl Logic for Latch {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        if self.en.val() {
            self.o.next = self.l.val();
        }
    }
}

block!(LatchInMatch {});
impl Logic for LatchInMatch {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        match self.b.val().index() {
            1 => self.o.next = self.l.val(),
            2 => self.o.next = 0.into(),
            _ => {}
        }
    }
}

block!(LatchField { g: Signal<Local, Outer> });
impl Logic for LatchField {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.g.next.y = 3.into();
        self.o.next = self.l.val();
    }
}

block!(ReadFirst {});
impl Logic for ReadFirst {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.l.val();
        self.l.next = self.a.val();
    }
}

block!(TestFirst {});
impl Logic for TestFirst {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = 0.into();
        if self.l.val() == 1 {
            self.o.next = 1.into();
        }
        self.l.next = self.a.val();
    }
}

block!(ReadsItself {});
impl Logic for ReadsItself {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.l.val() + 1;
        self.o.next = self.l.val();
    }
}

block!(ReadsItselfSliced {});
impl Logic for ReadsItselfSliced {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.l.next = bit_cast::<8, 4>((self.l.val() >> 1).get_bits::<4>(2));
        self.o.next = self.l.val();
    }
}

block!(Rewritten {});
impl Logic for Rewritten {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.l.next = self.b.val();
    }
}

block!(LoopInside {
    x: Inverter,
    y: Inverter
});
impl Logic for LoopInside {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.x.a.next = self.y.o.val();
        self.y.a.next = self.x.o.val();
    }
}

/// The loop goes through a child and its parent.
#[derive(LogicBlock, Default)]
pub struct LoopOutside {
    pub o: Signal<Out, bool>,
    x: Inverter,
}

impl Logic for LoopOutside {
    #[hdl_gen]
    fn update(&mut self) {
        self.x.a.next = self.x.o.val();
        self.o.next = self.x.o.val();
    }
}

/// `b.c` in an interface and `b_c` beside it.
#[derive(LogicBlock, Default)]
pub struct Collision {
    pub rx: AxisS<8, 1>,
    pub rx_tdata: Signal<In, Bits<8>>,
    pub tx: AxisM<8, 1>,
}

impl Logic for Collision {
    #[hdl_gen]
    fn update(&mut self) {
        self.rx.tready.next = self.tx.tready.val();
        self.tx.tdata.next = self.rx.tdata.val();
        self.tx.tkeep.next = self.rx.tkeep.val();
        self.tx.tlast.next = self.rx.tlast.val();
        self.tx.tvalid.next = self.rx.tvalid.val();
    }
}

#[derive(LogicBlock, Default)]
pub struct LoopVariable {
    pub i: Signal<In, Bits<8>>,
    pub o: [Signal<Out, Bits<8>>; 2],
}

impl Logic for LoopVariable {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            self.o[i].next = self.i.val();
        }
    }
}

#[derive(LogicBlock, Default)]
pub struct KeywordPort {
    pub always: Signal<In, bool>,
    pub o: Signal<Out, bool>,
}

impl Logic for KeywordPort {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.always.val();
    }
}

block!(WrappedWidth { wide: Signal<Out, Bits<9>> });
impl Logic for WrappedWidth {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        // In Rust `index()` is a usize, which would not wrap at 8 bits.
        self.wide.next = (self.a.val().index() + 1).to_bits();
    }
}

block!(LiteralTooWide {});
impl Logic for LiteralTooWide {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val() + 0x100;
    }
}

block!(SliceTooFar {});
impl Logic for SliceTooFar {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        for i in 0..5 {
            self.o.next = self.a.val().replace_bit(i * 2, true);
        }
    }
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Single {
    Only,
}

#[derive(LogicBlock, Default)]
pub struct NoBits {
    pub single: Signal<In, Single>,
    pub o: Signal<Out, bool>,
}

impl Logic for NoBits {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.single.val() == Single::Only;
    }
}

pub mod elsewhere {
    use rust_hdl::prelude::*;
    #[derive(LogicState, Copy, Clone, Debug, PartialEq)]
    pub enum Two {
        B,
        A,
    }
}

/// Two enums called `Two`.
#[derive(LogicBlock, Default)]
pub struct TwoEnums {
    pub x: Signal<In, Two>,
    pub y: Signal<In, elsewhere::Two>,
    pub o: Signal<Out, bool>,
}

impl Logic for TwoEnums {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = (self.x.val() == Two::A) & (self.y.val() == elsewhere::Two::A);
    }
}

#[derive(LogicBlock, Default)]
pub struct NoClock {
    pub a: Signal<In, bool>,
    pub o: Signal<Out, bool>,
    r: Reg<bool>,
}

impl Logic for NoClock {
    #[hdl_gen]
    fn update(&mut self) {
        self.r.d.next = self.a.val();
        self.o.next = self.r.q.val();
    }
}

/// A register that the kernel never writes.
#[derive(LogicBlock, Default)]
pub struct DeadRegister {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub o: Signal<Out, bool>,
    r: Reg<bool>,
}

impl Logic for DeadRegister {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.r.q.val();
    }
}

#[derive(LogicBlock, Default)]
pub struct NoKernel {
    pub o: Signal<Out, bool>,
}

impl Logic for NoKernel {
    fn update(&mut self) {}
}

#[derive(LogicBlock, Default)]
pub struct TextWithoutOutput {
    pub a: Signal<In, bool>,
    pub out: Signal<Out, bool>,
}

impl Logic for TextWithoutOutput {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        Verilog::Wrapper(Wrapper {
            code: "assign output_ = a;".into(),
            cores: String::new(),
        })
    }
}

block!(RunTimeIndex { v: [Signal<Local, Bits<8>>; 2] });
impl Logic for RunTimeIndex {
    #[hdl_gen]
    fn update(&mut self) {
        self.l.next = self.a.val();
        self.o.next = self.l.val();
        self.v[1].next = 0.into();
        self.v[self.en.val() as usize].next = 0.into();
    }
}

/// Text with parameters from Rust: a wrong kind, and a placeholder that is no port.
#[derive(LogicBlock)]
pub struct Text {
    pub a: Signal<In, bool>,
    pub out: Signal<Out, bool>,
    _hdl: Verilog,
}

impl Text {
    pub fn new(hdl: Verilog) -> Self {
        Self {
            a: Default::default(),
            out: Default::default(),
            _hdl: hdl,
        }
    }
}

impl Logic for Text {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        self._hdl.clone()
    }
}
