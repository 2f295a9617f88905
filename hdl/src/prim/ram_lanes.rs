//! Block RAM with a write enable a lane, of whose lanes only some bits are stored: rows of several equal entries. Ports and
//! timing as in [`ram`](super::ram).

use super::ram::{array, check_size, read_side, Collision};
use super::text::{body, ignore_upper, low, range};
use rust_hdl::prelude::*;

/// Block RAM of `N` lanes of `D / N` bits with one write enable a lane. Of every lane only some bits are stored; the
/// others read as zero and cost nothing.
#[derive(LogicBlock, Clone, Debug)]
pub struct RamLanes<const D: usize, const N: usize, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, Bits<N>>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, Bits<D>>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, Bits<D>>,
    _addr_bits: usize,
    _latency: usize,
    _stored: u64,
}

impl<const D: usize, const N: usize, const A: usize> RamLanes<D, N, A> {
    const OK: () = assert!(
        N > 1 && D % N == 0 && D / N > 1 && D / N <= 64,
        "RamLanes: lanes of 2 to 64 bits"
    );

    /// As [`Ram::new`]; bit `i` of `stored` says whether a lane's bit `i` is kept.
    pub fn new(addr_bits: usize, latency: usize, stored: u64) -> Self {
        let () = Self::OK;
        check_size(addr_bits, A, latency);
        assert!(
            (0..D / N).filter(|i| stored >> i & 1 == 1).count() > 1,
            "RamLanes: a lane keeps two bits at least"
        );
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
            _latency: latency,
            _stored: stored,
        }
    }
}

impl<const D: usize, const N: usize, const A: usize> Logic for RamLanes<D, N, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let (wa, ra) = (low("waddr", n, A), low("raddr", n, A));
        let lane = D / N;
        let kept: Vec<usize> = (0..D)
            .filter(|i| self._stored >> (i % lane) & 1 == 1)
            .collect();
        let (bits, part) = (kept.len(), kept.len() / N);
        let mut s = array(bits, n, Collision::Old);
        s += &ignore_upper("waddr", n, A);
        s += &ignore_upper("raddr", n, A);
        let pick: Vec<String> = kept.iter().rev().map(|i| format!("wdata[{i}]")).collect();
        s += &format!(
            "wire {} kept;\nassign kept = {{{}}};\n",
            range(bits),
            pick.join(", ")
        );
        if bits < D {
            let drop: Vec<String> = (0..D)
                .rev()
                .filter(|i| !kept.contains(i))
                .map(|i| format!("wdata[{i}]"))
                .collect();
            s += &format!(
                "// this preset has no use for these bits\nwire unused_wdata = &{{1'b0, {}}};\n",
                drop.join(", ")
            );
        }
        s += "always @(posedge clock) begin\n";
        for i in 0..N {
            let (hi, lo) = (i * part + part - 1, i * part);
            s += &format!("  if (we[{i}]) mem[{wa}][{hi}:{lo}] <= kept[{hi}:{lo}];\n");
        }
        s += "end\n";
        let (port, last) = read_side(bits, "r", &ra, self._latency, Collision::Old, "");
        s += &port;
        s += &format!("wire {} got = {last};\n", range(bits));
        let spread: Vec<String> = (0..D)
            .rev()
            .map(|i| match kept.iter().position(|k| *k == i) {
                Some(k) => format!("got[{k}]"),
                None => "1'b0".to_string(),
            })
            .collect();
        body(s + &format!("assign rdata = {{{}}};\n", spread.join(", ")))
    }
}
