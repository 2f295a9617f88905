//! One small block for each trap of the kernel language that the emitter makes harmless.
use super::stream::{AxisM, AxisS};
use ferrowarp_hdl::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

/// Rust and Verilog order operators differently. (Written without parentheses on purpose.)
#[derive(LogicBlock, Default)]
pub struct Precedence {
    pub a: Signal<In, Bits<8>>,
    pub b: Signal<In, Bits<8>>,
    pub masked: Signal<Out, bool>,
    pub shifted: Signal<Out, Bits<8>>,
}

impl Logic for Precedence {
    #[hdl_gen]
    fn update(&mut self) {
        self.masked.next = self.a.val() & self.b.val() == self.b.val();
        self.shifted.next = self.a.val() ^ self.b.val() << 1 & 0x3f;
    }
}

/// Literals have the width of their context, and results wrap as in Rust.
#[derive(LogicBlock, Default)]
pub struct Widths {
    pub a: Signal<In, Bits<4>>,
    pub b: Signal<In, Bits<4>>,
    pub carry: Signal<In, bool>,
    pub next: Signal<Out, bool>,
    pub inverted: Signal<Out, Bits<8>>,
    pub mean: Signal<Out, Bits<4>>,
    pub sum: Signal<Out, Bits<4>>,
    pub less: Signal<Out, bool>,
}

impl Logic for Widths {
    #[hdl_gen]
    fn update(&mut self) {
        self.next.next = (self.a.val() + 1) == self.b.val();
        self.inverted.next = bit_cast::<8, 4>(!self.a.val());
        self.mean.next = (self.a.val() + self.b.val()) >> 1;
        self.sum.next = self.a.val() + self.carry.val();
        self.less.next = (self.a.val() - self.b.val()) < 8;
    }
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Kind {
    Idle,
    Data,
    Last,
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Tag {
    pub id: Bits<8>,
    pub kind: Kind,
    pub port: Bits<4>,
    pub valid: bool,
}

/// Slices of slices, of struct fields, of expressions; run-time offsets; bits replaced.
#[derive(LogicBlock, Default)]
pub struct Slices {
    pub a: Signal<In, Bits<64>>,
    pub tag: Signal<In, Tag>,
    pub sel: Signal<In, Bits<3>>,
    pub twice: Signal<Out, Bits<8>>,
    pub field: Signal<Out, Bits<2>>,
    pub expr: Signal<Out, Bits<8>>,
    pub lane: Signal<Out, Bits<8>>,
    pub one_bit: Signal<Out, bool>,
    pub replaced: Signal<Out, Bits<8>>,
    pub cut: Signal<Out, Bits<5>>,
    pub joined: Signal<Out, Bits<32>>,
    pub any: Signal<Out, bool>,
    pub all: Signal<Out, bool>,
    pub odd: Signal<Out, bool>,
    /// The bits of `tag` that nothing else reads.
    unused: Signal<Local, bool>,
}

impl Logic for Slices {
    #[hdl_gen]
    fn update(&mut self) {
        self.twice.next = self.a.val().get_bits::<16>(8).get_bits::<8>(4);
        self.field.next = self.tag.val().port.get_bits::<2>(1);
        self.expr.next = (self.a.val() >> 3).get_bits::<8>(8);
        self.lane.next = self.a.val().get_bits::<8>(self.sel.val().index() * 8);
        self.one_bit.next = self.a.val().get_bit(self.sel.val().index());
        self.replaced.next = self
            .a
            .val()
            .get_bits::<8>(0)
            .replace_bit(self.sel.val().index(), true);
        self.cut.next = bit_cast::<5, 64>(self.a.val() + 1);
        self.joined.next = (bit_cast::<32, 20>(self.a.val().get_bits::<20>(12)) << 12)
            | bit_cast::<32, 12>(self.a.val().get_bits::<12>(0));
        self.any.next = self.a.val().get_bits::<16>(0).any();
        self.all.next = self.a.val().get_bits::<4>(0).all();
        self.odd.next = (self.a.val() ^ 1).xor();
        self.unused.next = self.tag.val().id.any()
            | self.tag.val().valid
            | (self.tag.val().kind == Kind::Idle)
            | self.tag.val().port.any();
    }
}

/// Struct ports: whole, by field, compared; a match over an enum field without `_`.
#[derive(LogicBlock, Default)]
pub struct Structs {
    pub tag: Signal<In, Tag>,
    pub other: Signal<In, Tag>,
    pub code: Signal<Out, Bits<4>>,
    pub changed: Signal<Out, Tag>,
    pub built: Signal<Out, Tag>,
    pub same: Signal<Out, bool>,
    pub same_id: Signal<Out, bool>,
}

impl Logic for Structs {
    #[hdl_gen]
    fn update(&mut self) {
        self.changed.next = self.tag.val();
        self.changed.next.kind = Kind::Data;
        self.built.next.id = 0xA5.into();
        self.built.next.kind = Kind::Last;
        self.built.next.port = self.tag.val().port;
        self.built.next.valid = true;
        self.same.next = self.tag.val() == self.other.val();
        self.same_id.next = self.tag.val().id == self.other.val().id;
        match self.tag.val().kind {
            Kind::Idle => self.code.next = 1.into(),
            Kind::Data => {
                self.code.next = 2.into();
            }
            Kind::Last => {
                self.code.next = 4.into();
            }
        }
    }
}

#[derive(LogicBlock, Default)]
pub struct Xor2 {
    pub a: [Signal<In, Bits<8>>; 2],
    pub o: Signal<Out, Bits<8>>,
}

impl Logic for Xor2 {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a[0].val() ^ self.a[1].val();
    }
}

/// Nested indices, arithmetic in them, loops as priority and as sum, arrays picked at run time.
#[derive(LogicBlock, Default)]
pub struct Indices {
    pub a: [Signal<In, Bits<8>>; 4],
    pub sel: Signal<In, Bits<2>>,
    pub o: [Signal<Out, Bits<8>>; 2],
    pub first: Signal<Out, Bits<3>>,
    pub ones: Signal<Out, Bits<4>>,
    pub picked: Signal<Out, Bits<8>>,
    pub picked_bits: Signal<Out, Bits<4>>,
    s: [Xor2; 2],
}

impl Logic for Indices {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            for j in 0..2 {
                self.s[i].a[j].next = self.a[i * 2 + (1 - j)].val();
            }
            self.o[i].next = self.s[i].o.val();
        }
        self.first.next = 7.into();
        for i in 0..8 {
            if self.a[0].val().get_bit(7 - i) {
                self.first.next = (7 - i).to_bits();
            }
        }
        self.ones.next = 0.into();
        for i in 0..8 {
            if self.a[1].val().get_bit(i) {
                self.ones.next = self.ones.val() + 1;
            }
        }
        self.picked.next = self.a[self.sel.val().index()].val();
        self.picked_bits.next = self.s[self.sel.val().index()].o.val().get_bits::<4>(2);
    }
}

#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PairS"]
pub struct PairM {
    pub stream: AxisM<8, 1>,
    pub extra: Signal<Out, bool>,
}

#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PairM"]
pub struct PairS {
    pub stream: AxisS<8, 1>,
    pub extra: Signal<In, bool>,
}

#[derive(LogicBlock, Default)]
pub struct Source {
    pub a: Signal<In, Bits<8>>,
    pub m: PairM,
}

impl Logic for Source {
    #[hdl_gen]
    fn update(&mut self) {
        self.m.stream.tdata.next = self.a.val();
        self.m.stream.tkeep.next = 1.into();
        self.m.stream.tlast.next = false;
        self.m.stream.tvalid.next = true;
        self.m.extra.next = self.m.stream.tready.val();
    }
}

#[derive(LogicBlock, Default)]
pub struct Sink {
    pub s: PairS,
    pub o: Signal<Out, Bits<8>>,
    pub ready: Signal<In, bool>,
    unused: Signal<Local, bool>,
}

impl Logic for Sink {
    #[hdl_gen]
    fn update(&mut self) {
        self.s.stream.tready.next = self.ready.val();
        self.o.next = 0.into();
        if self.s.stream.tvalid.val() && self.s.extra.val() {
            self.o.next = self.s.stream.tdata.val() + 1;
        }
        self.unused.next = self.s.stream.tkeep.val().any() | self.s.stream.tlast.val();
    }
}

/// Arrays of blocks joined by nested interfaces.
#[derive(LogicBlock, Default)]
pub struct Interfaces {
    pub a: [Signal<In, Bits<8>>; 2],
    pub ready: Signal<In, Bits<2>>,
    pub o: [Signal<Out, Bits<8>>; 2],
    source: [Source; 2],
    sink: [Sink; 2],
}

impl Logic for Interfaces {
    #[hdl_gen]
    fn update(&mut self) {
        for k in 0..2 {
            PairM::join(&mut self.source[k].m, &mut self.sink[k].s);
            self.source[k].a.next = self.a[k].val();
            self.sink[k].ready.next = self.ready.val().get_bit(k);
            self.o[k].next = self.sink[k].o.val();
        }
    }
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct WideStruct {
    pub low: Bits<60>,
    pub mid: Bits<70>,
    pub flag: bool,
}

/// Vectors past 64 and 128 bits, wide constants and reset values, elaboration-time offsets.
#[derive(LogicBlock)]
pub struct Wide {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub a: Signal<In, Bits<512>>,
    pub sel: Signal<In, Bits<6>>,
    pub mixed: Signal<Out, Bits<512>>,
    pub lane: Signal<Out, Bits<8>>,
    pub fixed: Signal<Out, Bits<8>>,
    pub held: Signal<Out, WideStruct>,
    pub mid: Signal<Out, Bits<70>>,
    state: Reg<WideStruct>,
    mask: Constant<Bits<512>>,
    _offset: usize,
}

impl Default for Wide {
    fn default() -> Self {
        let init = WideStruct {
            low: 5.into(),
            mid: bit_cast::<70, 64>(7.into()) << 66,
            flag: true,
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            a: Default::default(),
            sel: Default::default(),
            mixed: Default::default(),
            lane: Default::default(),
            fixed: Default::default(),
            held: Default::default(),
            mid: Default::default(),
            state: Reg::new(init),
            mask: Constant::new(Bits::<512>::mask() ^ 0xF0),
            _offset: 496,
        }
    }
}

impl Logic for Wide {
    #[hdl_gen]
    fn update(&mut self) {
        self.mixed.next = (self.a.val() & self.mask.val()) + 1;
        self.lane.next = self.a.val().get_bits::<8>(self.sel.val().index() * 8);
        for k in (self._offset)..(self._offset + 1) {
            self.fixed.next = self.a.val().get_bits::<8>(k + 8) ^ 0xAA;
        }
        self.held.next = self.state.q.val();
        self.mid.next = self.state.q.val().mid;
        if self.a.val().get_bit(511) {
            self.state.d.next.mid = self.a.val().get_bits::<70>(0);
        }
    }
}

/// Registers: hold, reset to a value, no reset, partial assignment, the next value read back.
#[derive(LogicBlock)]
pub struct Registers {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub en: Signal<In, bool>,
    pub clear: Signal<In, bool>,
    pub count: Signal<Out, Bits<8>>,
    pub next: Signal<Out, Bits<8>>,
    pub data: Signal<Out, Bits<8>>,
    pub kind: Signal<Out, Kind>,
    pub tag: Signal<Out, Tag>,
    counter: Reg<Bits<8>>,
    plain: RegNr<Bits<8>>,
    state: Reg<Kind>,
    tagged: Reg<Tag>,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            en: Default::default(),
            clear: Default::default(),
            count: Default::default(),
            next: Default::default(),
            data: Default::default(),
            kind: Default::default(),
            tag: Default::default(),
            counter: Reg::new(0x42.into()),
            plain: Default::default(),
            state: Reg::new(Kind::Data),
            tagged: Reg::new(Tag {
                id: 1.into(),
                kind: Kind::Last,
                port: 2.into(),
                valid: true,
            }),
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        if self.en.val() {
            self.counter.d.next = self.counter.q.val() + 1;
            self.plain.d.next = self.counter.q.val();
            self.tagged.d.next.port = self.tagged.q.val().port + 1;
            match self.state.q.val() {
                Kind::Data => self.state.d.next = Kind::Last,
                Kind::Last => self.state.d.next = Kind::Idle,
                _ => {}
            }
        }
        if self.clear.val() {
            self.counter.d.next = 0.into();
        }
        self.next.next = self.counter.d.val();
        self.count.next = self.counter.q.val();
        self.data.next = self.plain.q.val();
        self.kind.next = self.state.q.val();
        self.tag.next = self.tagged.q.val();
    }
}

/// Labels of a match that are numbers, in every spelling; booleans as labels.
#[derive(LogicBlock, Default)]
pub struct Labels {
    pub a: Signal<In, Bits<8>>,
    pub flag: Signal<In, bool>,
    pub o: Signal<Out, Bits<8>>,
    pub p: Signal<Out, Bits<2>>,
}

impl Logic for Labels {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = 0.into();
        match self.a.val().index() {
            3 => self.o.next = 1.into(),
            0x1f => self.o.next = 2.into(),
            0b1000_0000 => self.o.next = 3.into(),
            200usize => self.o.next = 4.into(),
            _ => {}
        }
        match self.flag.val() {
            true => self.p.next = 2.into(),
            false => self.p.next = 1.into(),
        }
    }
}

/// A register and a signal called `next` (a port of a child cannot be: the macro takes it for the assignment).
#[derive(LogicBlock, Default)]
pub struct Chain {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub a: Signal<In, Tag>,
    pub o: Signal<Out, Tag>,
    next: Reg<Tag>,
    inc: Increment,
}

impl Logic for Chain {
    #[hdl_gen]
    fn update(&mut self) {
        self.inc.next_in.next = self.a.val().id;
        self.next.d.next = self.a.val();
        self.next.d.next.id = self.inc.o.val();
        self.o.next = self.next.q.val();
    }
}

#[derive(LogicBlock, Default)]
pub struct Increment {
    pub next_in: Signal<In, Bits<8>>,
    pub o: Signal<Out, Bits<8>>,
    next: Signal<Local, Bits<8>>,
}

impl Logic for Increment {
    #[hdl_gen]
    fn update(&mut self) {
        self.next.next = self.next_in.val() + 1;
        self.o.next = self.next.val();
    }
}

/// Tests over loop variables are decided when Verilog is made: no latch, and a link may stand in one.
#[derive(LogicBlock, Default)]
pub struct Elaborated {
    pub a: Signal<In, Bits<8>>,
    pub o: [Signal<Out, Bits<8>>; 3],
    x: [Increment; 3],
}

impl Logic for Elaborated {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..3 {
            if i == 0 {
                Signal::<In, Bits<8>>::link(&mut self.a, &mut self.x[i].next_in);
            } else {
                self.x[i].next_in.next = self.x[i - 1].o.val();
            }
            if (i > 0) && (i < 2) {
                self.o[i].next = self.x[i].o.val() ^ (i + 4).to_bits();
            } else if i == 2 {
                match i {
                    1 => self.o[i].next = 0.into(),
                    2 => self.o[i].next = self.x[i].o.val(),
                    _ => {}
                }
            } else {
                self.o[i].next = bits::<8>(0x80) | 0x03;
            }
        }
    }
}
