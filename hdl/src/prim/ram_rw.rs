//! Byte-enabled block RAM whose write port reads in the cycles in which it does not write.
//!
//! | port | | |
//! |---|---|---|
//! | `we waddr wdata` | in | write, one enable a byte |
//! | `mdata` | out | what is at `waddr`, 2 cycles later, if no `we` was set; otherwise nothing useful |
//! | `raddr`, `rdata` | in, out | the read port: 2 cycles; a read of what is being written returns nothing useful |
//!
//! A true dual-port block RAM has both ports anyway: the third user costs no memory. No back-pressure, no initial value.
//! Simulation returns inverted data where a read returns nothing useful.

use super::ram::{array, check_size, read_side, Collision};
use super::text::{body, ignore_upper, low};
use rust_hdl::prelude::*;

/// `2^addr_bits` words of `K` bytes; the address ports are `A` bits wide, the bits above are ignored.
#[derive(LogicBlock, Clone, Debug)]
pub struct RamRw<const D: usize, const K: usize, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, Bits<K>>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, Bits<D>>,
    pub mdata: Signal<Out, Bits<D>>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, Bits<D>>,
    _addr_bits: usize,
}

impl<const D: usize, const K: usize, const A: usize> RamRw<D, K, A> {
    const OK: () = assert!(K * 8 == D, "RamRw: K must be D / 8");

    pub fn new(addr_bits: usize) -> Self {
        let () = Self::OK;
        check_size(addr_bits, A, 2);
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            mdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
        }
    }
}

impl<const D: usize, const K: usize, const A: usize> Default for RamRw<D, K, A> {
    fn default() -> Self {
        Self::new(A)
    }
}

impl<const D: usize, const K: usize, const A: usize> Logic for RamRw<D, K, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mdata.connect();
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let (wa, ra) = (low("waddr", n, A), low("raddr", n, A));
        let mut s = array(D, n, Collision::Undefined);
        s += &ignore_upper("waddr", n, A);
        s += &ignore_upper("raddr", n, A);
        s += "always @(posedge clock) begin\n";
        for i in 0..K {
            let (hi, lo) = (i * 8 + 7, i * 8);
            s += &format!("  if (we[{i}]) mem[{wa}][{hi}:{lo}] <= wdata[{hi}:{lo}];\n");
        }
        s += "end\n";
        let side = |tag: &str, out: &str, addr: &str, hit: &str| {
            read_side(D, tag, out, addr, 2, Collision::Undefined, hit)
        };
        s += &side("m", "mdata", &wa, "|we");
        s += &side("r", "rdata", &ra, &format!("(|we) && ({wa} == {ra})"));
        body(s)
    }
}
