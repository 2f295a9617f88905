//! Byte masks of a beat. All combinational. Mask bit `i` belongs to byte lane `i`, the `i`-th byte on the wire.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`KeepToLen`] | `keep`, ones from lane 0 up without a gap | `len` 0..=K |
//! | [`LenToKeep`] | `len` 0..=K | `keep`, the lanes below `len` |
//! | [`RangeMask`] | `start`, `stop` byte positions in the frame, `beat` index | `mask`, lanes with `start <= K*beat + lane < stop` |
//!
//! `C` is `LK + 1`, the width of a length that may be K.

use super::text::{body, hex, range, thermometer, BEAT_BITS};
use rust_hdl::prelude::*;

/// Number of bytes of a contiguous keep. A keep with gaps gives a meaningless length.
#[derive(LogicBlock, Clone, Debug)]
pub struct KeepToLen<const K: usize, const C: usize> {
    pub keep: Signal<In, Bits<K>>,
    pub len: Signal<Out, Bits<C>>,
}

impl<const K: usize, const C: usize> KeepToLen<K, C> {
    const OK: () = assert!(2 * K == 1 << C && K >= 4, "KeepToLen: C must be log2 K + 1");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            keep: Default::default(),
            len: Default::default(),
        }
    }
}

impl<const K: usize, const C: usize> Default for KeepToLen<K, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize, const C: usize> Logic for KeepToLen<K, C> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.len.connect();
    }
    fn hdl(&self) -> Verilog {
        // edge[n] marks the one lane n-1 whose upper neighbour is empty: the length is n, and bit b of it is an OR.
        let mut s = format!(
            "wire [{K}:1] edges = keep & ~{{1'b0, keep[{}:1]}};\n",
            K - 1
        );
        for b in 0..C {
            let mask = hex(K, |i| (i + 1) >> b & 1 == 1);
            s += &format!("assign len[{b}] = |(edges & {mask});\n");
        }
        body(s)
    }
}

/// Contiguous keep of a number of bytes.
#[derive(LogicBlock, Clone, Debug)]
pub struct LenToKeep<const K: usize, const C: usize> {
    pub len: Signal<In, Bits<C>>,
    pub keep: Signal<Out, Bits<K>>,
}

impl<const K: usize, const C: usize> LenToKeep<K, C> {
    const OK: () = assert!(2 * K == 1 << C && K >= 4, "LenToKeep: C must be log2 K + 1");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            len: Default::default(),
            keep: Default::default(),
        }
    }
}

impl<const K: usize, const C: usize> Default for LenToKeep<K, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize, const C: usize> Logic for LenToKeep<K, C> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.keep.connect();
    }
    fn hdl(&self) -> Verilog {
        let s = thermometer("lanes", "len", C, 1);
        // a length above K is not a length: the upper half is not looked at
        let rest = format!(
            "wire unused_lanes = &{{1'b0, lanes{C}[{}:{K}]}};\n",
            2 * K - 1
        );
        body(s + &rest + &format!("assign keep = lanes{C}[{}:0];\n", K - 1))
    }
}

/// Lanes of one beat that lie inside a range of byte positions of the frame.
///
/// `stop` is the first position behind the range; an empty or reversed range gives an empty mask.
#[derive(LogicBlock, Clone, Debug)]
pub struct RangeMask<const K: usize> {
    pub start: Signal<In, Bits<16>>,
    pub stop: Signal<In, Bits<16>>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub mask: Signal<Out, Bits<K>>,
}

impl<const K: usize> RangeMask<K> {
    const OK: () = assert!(
        K.is_power_of_two() && K >= 8 && K <= 64,
        "RangeMask: K must be 8, 16, 32 or 64"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            start: Default::default(),
            stop: Default::default(),
            beat: Default::default(),
            mask: Default::default(),
        }
    }
}

impl<const K: usize> Default for RangeMask<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize> Logic for RangeMask<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mask.connect();
    }
    fn hdl(&self) -> Verilog {
        let lk = K.ilog2() as usize;
        let hi = 16 - lk;
        // Beat numbers are compared once; only the lane numbers are compared per lane.
        let s = format!(
            "wire {h} start_hi = start[15:{lk}];\n\
             wire {h} stop_hi = stop[15:{lk}];\n\
             wire {l} start_lo = start[{m}:0];\n\
             wire {l} stop_lo = stop[{m}:0];\n\
             wire {b} start_beat = {ext_start};\n\
             wire {b} stop_beat = {ext_stop};\n\
             {below}{above}\
             wire after_start = beat > start_beat;\n\
             wire at_start = beat == start_beat;\n\
             wire before_stop = beat < stop_beat;\n\
             wire at_stop = beat == stop_beat;\n\
             wire {k} from_start = after_start ? {ones} : at_start ? ~low{lk} : {K}'b0;\n\
             wire {k} to_stop = before_stop ? {ones} : at_stop ? high{lk} : {K}'b0;\n\
             assign mask = from_start & to_stop;\n",
            below = thermometer("low", "start_lo", lk, 1),
            above = thermometer("high", "stop_lo", lk, 1),
            h = range(hi),
            l = range(lk),
            m = lk - 1,
            b = range(BEAT_BITS),
            k = range(K),
            ones = hex(K, |_| true),
            ext_start = extend("start_hi", hi),
            ext_stop = extend("stop_hi", hi),
        );
        body(s)
    }
}

/// `name` of `width` bits, zero-extended to the width of a beat index.
fn extend(name: &str, width: usize) -> String {
    if width == BEAT_BITS {
        name.to_string()
    } else {
        format!("{{{}'b0, {name}}}", BEAT_BITS - width)
    }
}
