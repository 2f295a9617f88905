//! Byte masks of a beat. All combinational. Mask bit `i` belongs to byte lane `i`, the `i`-th byte on the wire.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`KeepToLen`] | `keep`, ones from lane 0 up without a gap | `len` 0..=K |
//! | [`LenToKeep`] | `len` 0..=K | `keep`, the lanes below `len` |
//! | [`LanesFrom`] | `start` byte position in the frame, `beat` index | `mask`, lanes with `start <= K*beat + lane` |
//! | [`LanesTo`]   | `last`, `beat` | `mask`, lanes with `K*beat + lane <= last`; `reached`, lane 0 is one |
//! | [`FixedLanes`] | `beat`, `moved` | `mask`, lanes of octets known at elaboration |
//!
//! `C` is `LK + 1`, the width of a length that may be K.

use super::text::{body, hex, range, thermometer, BEAT_BITS};
use rust_hdl::prelude::*;

/// Width of a byte position: an IP packet of 64 KiB behind an Ethernet header.
pub const POSITION: usize = 17;

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

/// A byte position as beat number `hi` and lane `lo`, and how the beat on hand compares to it.
fn place(name: &str, k: usize) -> String {
    let lk = k.ilog2() as usize;
    let (n, hi) = (BEAT_BITS.max(POSITION - lk), POSITION - lk);
    format!(
        "wire {w} at_beat = {at};\n\
         wire {w} here = {beat};\n\
         wire {l} lo = {name}[{m}:0];\n\
         wire same = here == at_beat;\n",
        w = range(n),
        l = range(lk),
        m = lk - 1,
        at = extend(&format!("{name}[{}:{lk}]", POSITION - 1), hi, n),
        beat = extend("beat", BEAT_BITS, n),
    )
}

/// `name` of `from` bits, zero-extended to `to`.
fn extend(name: &str, from: usize, to: usize) -> String {
    if from == to {
        name.to_string()
    } else {
        format!("{{{}'b0, {name}}}", to - from)
    }
}

/// Lanes of one beat at or behind a byte position of the frame.
#[derive(LogicBlock, Clone, Debug)]
pub struct LanesFrom<const K: usize> {
    pub start: Signal<In, Bits<POSITION>>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub mask: Signal<Out, Bits<K>>,
}

impl<const K: usize> LanesFrom<K> {
    const OK: () = assert!(
        K.is_power_of_two() && K >= 8 && K <= 64,
        "LanesFrom: K must be 8, 16, 32 or 64"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            start: Default::default(),
            beat: Default::default(),
            mask: Default::default(),
        }
    }
}

impl<const K: usize> Default for LanesFrom<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize> Logic for LanesFrom<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mask.connect();
    }
    fn hdl(&self) -> Verilog {
        let lk = K.ilog2() as usize;
        body(
            place("start", K)
                + &thermometer("low", "lo", lk, 1)
                + &format!(
                    "wire after = here > at_beat;\n\
                     assign mask = after ? {ones} : same ? ~low{lk} : {K}'b0;\n",
                    ones = hex(K, |_| true)
                ),
        )
    }
}

/// Lanes of one beat up to a byte position of the frame, that octet included. `reached`: the beat is not behind it.
#[derive(LogicBlock, Clone, Debug)]
pub struct LanesTo<const K: usize> {
    pub last: Signal<In, Bits<POSITION>>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub mask: Signal<Out, Bits<K>>,
    pub reached: Signal<Out, bool>,
}

impl<const K: usize> LanesTo<K> {
    const OK: () = assert!(
        K.is_power_of_two() && K >= 8 && K <= 64,
        "LanesTo: K must be 8, 16, 32 or 64"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            last: Default::default(),
            beat: Default::default(),
            mask: Default::default(),
            reached: Default::default(),
        }
    }
}

impl<const K: usize> Default for LanesTo<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize> Logic for LanesTo<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mask.connect();
        self.reached.connect();
    }
    fn hdl(&self) -> Verilog {
        let lk = K.ilog2() as usize;
        body(
            place("last", K)
                + &thermometer("high", "lo", lk, 1)
                + &format!(
                    "wire below = here < at_beat;\n\
                     assign mask = below ? {ones} : same ? {{high{lk}[{m}:0], 1'b1}} : {K}'b0;\n\
                     wire unused_high = high{lk}[{t}];\n\
                     assign reached = below || same;\n",
                    ones = hex(K, |_| true),
                    m = K - 2,
                    t = K - 1,
                ),
        )
    }
}

/// Octets of the frame from the first position up to before the second.
pub type Octets = (usize, usize);

/// Lanes of one beat that hold given octets of the frame; all of them lie `by` octets later when `moved`.
///
/// A range may be open: its second position is `usize::MAX`.
#[derive(LogicBlock, Clone, Debug)]
pub struct FixedLanes<const K: usize> {
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub moved: Signal<In, bool>,
    pub mask: Signal<Out, Bits<K>>,
    _octets: Vec<Octets>,
    _by: usize,
}

impl<const K: usize> FixedLanes<K> {
    const OK: () = assert!(
        K.is_power_of_two() && K >= 8 && K <= 64,
        "FixedLanes: K must be 8, 16, 32 or 64"
    );

    pub fn new(octets: &[Octets], by: usize) -> Self {
        let () = Self::OK;
        Self {
            beat: Default::default(),
            moved: Default::default(),
            mask: Default::default(),
            _octets: octets.to_vec(),
            _by: by,
        }
    }
}

impl<const K: usize> Logic for FixedLanes<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mask.connect();
    }
    fn hdl(&self) -> Verilog {
        let row = |beat: usize, by: usize| {
            hex(K, |lane| {
                let at = beat * K + lane;
                self._octets
                    .iter()
                    .any(|&(a, b)| a + by <= at && at < b.saturating_add(by))
            })
        };
        let ends = self._octets.iter().flat_map(|&(a, b)| [a, b]);
        let last = ends.filter(|p| *p != usize::MAX).max().unwrap_or(0);
        let beats = (last + self._by).div_ceil(K);
        // a table and no comparators: synthesis makes a LUT or two a lane of it
        let mut s = format!(
            "reg {} lanes;\nassign mask = lanes;\nalways @(*)\n  case (beat)\n",
            range(K)
        );
        for beat in 0..beats {
            s += &format!(
                "    {BEAT_BITS}'d{beat}: lanes = moved ? {} : {};\n",
                row(beat, self._by),
                row(beat, 0)
            );
        }
        body(
            s + &format!(
                "    default: lanes = {};\n  endcase\n",
                row(beats, self._by)
            ),
        )
    }
}
