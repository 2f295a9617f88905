//! A small receive pipeline: interfaces, registers, custom text, Vec of blocks, at any width.
use ferrowarp_hdl::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AxisS"]
pub struct AxisM<const D: usize, const K: usize> {
    pub tdata: Signal<Out, Bits<D>>,
    pub tkeep: Signal<Out, Bits<K>>,
    pub tlast: Signal<Out, bool>,
    pub tvalid: Signal<Out, bool>,
    pub tready: Signal<In, bool>,
}

#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AxisM"]
pub struct AxisS<const D: usize, const K: usize> {
    pub tdata: Signal<In, Bits<D>>,
    pub tkeep: Signal<In, Bits<K>>,
    pub tlast: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
}

#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Hdr {
    pub ethertype: Bits<16>,
    pub proto: Bits<8>,
    pub src: Bits<32>,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum State {
    Hdr,
    Check,
    Payload,
}

#[derive(LogicBlock, Default)]
pub struct Skid<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub rx: AxisS<D, K>,
    pub tx: AxisM<D, K>,
    full: Reg<bool>,
    data: RegNr<Bits<D>>,
    keep: RegNr<Bits<K>>,
    last: RegNr<bool>,
}

impl<const D: usize, const K: usize> Logic for Skid<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.rx.tready.next = !self.full.q.val();
        self.tx.tvalid.next = self.full.q.val() | self.rx.tvalid.val();
        self.tx.tdata.next = self.rx.tdata.val();
        self.tx.tkeep.next = self.rx.tkeep.val();
        self.tx.tlast.next = self.rx.tlast.val();
        if self.full.q.val() {
            self.tx.tdata.next = self.data.q.val();
            self.tx.tkeep.next = self.keep.q.val();
            self.tx.tlast.next = self.last.q.val();
            if self.tx.tready.val() {
                self.full.d.next = false;
            }
        } else {
            self.data.d.next = self.rx.tdata.val();
            self.keep.d.next = self.rx.tkeep.val();
            self.last.d.next = self.rx.tlast.val();
            if self.rx.tvalid.val() & !self.tx.tready.val() {
                self.full.d.next = true;
            }
        }
    }
}

/// Rotates the lanes down by `amt` bytes.
#[derive(LogicBlock, Default)]
pub struct ByteRot<const D: usize, const L: usize> {
    pub din: Signal<In, Bits<D>>,
    pub amt: Signal<In, Bits<L>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const L: usize> Logic for ByteRot<D, L> {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        let top = D - 1;
        let mut code = format!("wire [{top}:0] s0 = {{din}};\n");
        for i in 0..L {
            let (bits, n) = (8 << i, i + 1);
            code += &format!(
                "wire [{top}:0] s{n} = amt[{i}] ? {{s{i}[{}:0], s{i}[{top}:{bits}]}} : s{i};\n",
                bits - 1
            );
        }
        code += &format!("assign {{dout}} = s{L};");
        Verilog::Wrapper(Wrapper {
            code,
            cores: String::new(),
        })
    }
}

/// Counts frames whose header matches, and hands the stream on rotated.
#[derive(LogicBlock)]
pub struct Parser<const D: usize, const K: usize, const L: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub rx: AxisS<D, K>,
    pub tx: AxisM<D, K>,
    pub hdr: Signal<Out, Hdr>,
    pub good: Signal<Out, Bits<16>>,
    skid: Skid<D, K>,
    rot: ByteRot<D, L>,
    state: Reg<State>,
    beat: Reg<Bits<8>>,
    count: Reg<Bits<16>>,
    header: RegNr<Hdr>,
    amount: Constant<Bits<L>>,
    ipv4: Constant<Bits<16>>,
    fire: Signal<Local, bool>,
    ok: Signal<Local, bool>,
}

impl<const D: usize, const K: usize, const L: usize> Default for Parser<D, K, L> {
    fn default() -> Self {
        const { assert!(K * 8 == D && (1 << L) == K) };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            rx: Default::default(),
            tx: Default::default(),
            hdr: Default::default(),
            good: Default::default(),
            skid: Default::default(),
            rot: Default::default(),
            state: Reg::new(State::Hdr),
            beat: Default::default(),
            count: Reg::new(5.into()),
            header: Default::default(),
            amount: Constant::new(((42 % K) as u64).to_bits()),
            ipv4: Constant::new(0x0800.into()),
            fire: Default::default(),
            ok: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const L: usize> Logic for Parser<D, K, L> {
    #[hdl_gen]
    fn update(&mut self) {
        AxisS::<D, K>::link(&mut self.rx, &mut self.skid.rx);
        self.fire.next = self.skid.tx.tvalid.val() & self.tx.tready.val();
        self.skid.tx.tready.next = self.tx.tready.val();
        self.rot.din.next = self.skid.tx.tdata.val();
        self.rot.amt.next = self.amount.val();
        self.tx.tdata.next = self.rot.dout.val();
        self.tx.tkeep.next = self.skid.tx.tkeep.val();
        self.tx.tlast.next = self.skid.tx.tlast.val();
        self.tx.tvalid.next = self.skid.tx.tvalid.val();
        self.hdr.next = self.header.q.val();
        self.good.next = self.count.q.val();
        self.ok.next =
            (self.header.q.val().ethertype == self.ipv4.val()) & (self.header.q.val().proto == 17);
        if self.fire.val() {
            self.beat.d.next = self.beat.q.val() + 1;
            if self.skid.tx.tlast.val() {
                self.beat.d.next = 0.into();
            }
        }
        match self.state.q.val() {
            State::Hdr => {
                if self.fire.val() {
                    self.header.d.next.ethertype = self.skid.tx.tdata.val().get_bits::<16>(0);
                    self.header.d.next.proto = self.skid.tx.tdata.val().get_bits::<8>(16);
                    self.header.d.next.src = self.skid.tx.tdata.val().get_bits::<32>(24);
                    self.state.d.next = State::Check;
                }
            }
            State::Check => {
                if self.ok.val() {
                    self.count.d.next = self.count.q.val() + 1;
                }
                self.state.d.next = State::Payload;
            }
            State::Payload => {
                if self.beat.q.val() == 0 {
                    self.state.d.next = State::Hdr;
                }
            }
        }
    }
}

#[derive(LogicBlock)]
pub struct Top<const D: usize, const K: usize, const L: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub rx: [AxisS<D, K>; 2],
    pub tx: [AxisM<D, K>; 2],
    pub src: Signal<Out, Bits<32>>,
    pub good: Signal<Out, Bits<32>>,
    p: Vec<Parser<D, K, L>>,
    _n: usize,
}

impl<const D: usize, const K: usize, const L: usize> Default for Top<D, K, L> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            rx: Default::default(),
            tx: Default::default(),
            src: Default::default(),
            good: Default::default(),
            p: (0..2).map(|_| Parser::default()).collect(),
            _n: 2,
        }
    }
}

impl<const D: usize, const K: usize, const L: usize> Logic for Top<D, K, L> {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..self._n {
            AxisS::<D, K>::link(&mut self.rx[i], &mut self.p[i].rx);
            AxisM::<D, K>::link(&mut self.tx[i], &mut self.p[i].tx);
        }
        self.src.next = self.p[0].hdr.val().src;
        self.good.next = bit_cast::<32, 16>(self.p[0].good.val())
            | (bit_cast::<32, 16>(self.p[1].good.val()) << 16);
    }
}
