//! Memories: block RAM, byte-enabled block RAM, LUT RAM, forwarding RAM, and the sequencer that clears one.
//!
//! | block | write | read | read of the address written in the same cycle |
//! |---|---|---|---|
//! | [`Ram`]    | `we waddr wdata`, 1 cycle | `raddr` -> `rdata`, 1, 2 or 3 cycles, a new read every cycle | old data |
//! | [`RamBe`]  | one `we` bit a byte       | as `Ram`  | old data |
//! | [`RamLanes`] | one `we` bit a lane     | as `Ram`  | old data |
//! | [`FwdRam`] | as `Ram`                  | 1 cycle   | **new** data: flat memory |
//! | [`LutRam`] | as `Ram`                  | same cycle, asynchronous | old data |
//!
//! No back-pressure: both ports take something every cycle. No memory has an initial value; [`RamClear`] writes zeros
//! after reset. The depth is `2^addr_bits`, chosen at elaboration; the address port is `A` bits wide and the bits above
//! the depth are ignored.
//!
//! ECP5 block RAM does not promise old data when both ports meet, so yosys delays the write port and adds a bypass:
//! 83 LUT4 and 140 FF for 1024 x 64. A user who never depends on a collision says so with
//! [`Ram::collisions_undefined`]: that logic goes away, and simulation returns inverted data on a collision so that a
//! wrong promise shows. `FwdRam` costs 60 LUT4 and 41 FF at 512 x 40.

use super::narrow::Kept;
use super::ram_sliced::{self, Parts};
use super::text::{body, ignore_upper, low, range};
use rust_hdl::prelude::*;

/// What a read returns when its address is being written in the same cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collision {
    /// The data from before the write.
    #[default]
    Old,
    /// Nothing useful. Simulation returns inverted data.
    Undefined,
}

/// Checks a RAM's elaboration values; a wrong preset fails here with its numbers.
pub(super) fn check_size(addr_bits: usize, a: usize, latency: usize) {
    assert!(
        (1..=a).contains(&addr_bits),
        "RAM: {addr_bits} address bits asked, the port has {a}: lower the preset's depth"
    );
    assert!(
        (1..=3).contains(&latency),
        "RAM: read latency {latency}: choose 1, 2 or 3"
    );
}

/// A read port: array register `<tag>1`, then output registers; text and the name of the last one.
pub(super) fn read_side(
    width: usize,
    tag: &str,
    addr: &str,
    latency: usize,
    collision: Collision,
    hit: &str,
) -> (String, String) {
    let r = range(width);
    let mut s = format!("reg {r} {tag}1;\nalways @(posedge clock) {tag}1 <= mem[{addr}];\n");
    let mut last = format!("{tag}1");
    if collision == Collision::Undefined {
        s += &format!(
            "wire {r} {tag}1_ok;\n\
             `ifndef SYNTHESIS\n\
             reg {tag}_clash;\n\
             always @(posedge clock) {tag}_clash <= {hit};\n\
             assign {tag}1_ok = {tag}_clash ? ~{tag}1 : {tag}1;\n\
             `else\n\
             assign {tag}1_ok = {tag}1;\n\
             `endif\n"
        );
        last = format!("{tag}1_ok");
    }
    for i in 2..=latency {
        s += &format!("reg {r} {tag}{i};\nalways @(posedge clock) {tag}{i} <= {last};\n");
        last = format!("{tag}{i}");
    }
    (s, last)
}

/// The declaration of the array; without a collision promise the tool may drop the bypass.
pub(super) fn array(width: usize, addr_bits: usize, collision: Collision) -> String {
    array_of(width, 1 << addr_bits, collision)
}

/// The same of any number of words.
pub(super) fn array_of(width: usize, words: usize, collision: Collision) -> String {
    let attr = match collision {
        Collision::Old => "",
        Collision::Undefined => "(* no_rw_check *) ",
    };
    format!("{attr}reg {} mem [0:{}];\n", range(width), words - 1)
}

/// Block RAM, one write port and one read port.
#[derive(LogicBlock, Clone, Debug)]
pub struct Ram<T: Synth, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, bool>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, T>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, T>,
    _addr_bits: usize,
    _latency: usize,
    _collision: Collision,
    _kept: Kept,
    _parts: usize,
    _in_luts: bool,
}

impl<T: Synth, const A: usize> Ram<T, A> {
    /// A RAM of `2^addr_bits` entries (`addr_bits <= A`) whose read data appears `latency` (1 to 3) cycles later.
    pub fn new(addr_bits: usize, latency: usize) -> Self {
        check_size(addr_bits, A, latency);
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
            _latency: latency,
            _collision: Collision::Old,
            _kept: Kept::default(),
            _parts: 1,
            _in_luts: false,
        }
    }

    /// Gives up the promise of old data on a collision, which saves the bypass logic on ECP5.
    pub fn collisions_undefined(mut self) -> Self {
        self._collision = Collision::Undefined;
        self
    }

    /// Keeps every row in `parts` slices that are read and written one a cycle, in a memory as many times deeper: see
    /// [`ram_sliced`](super::ram_sliced) for what that asks of the reader and the writer. One part: nothing changes.
    pub fn sliced(mut self, parts: usize) -> Self {
        assert!(
            parts == 1 || self._addr_bits < A,
            "RAM in slices: the read address has no bit to spare that says when to read"
        );
        self._parts = parts;
        self
    }

    /// Asks for LUT RAM, if `yes`: for few bits, where a block RAM would be nearly empty.
    pub fn in_luts(mut self, yes: bool) -> Self {
        self._in_luts = yes;
        self
    }

    /// Stores only the low bits of these fields (of 0 bits: nothing); the others read as zero.
    pub fn narrow(mut self, fields: &[(&str, usize)]) -> Self {
        self._kept = Kept::new::<T>(fields);
        self
    }

    /// Stores only the low `bits` of an item; the others read as zero. For an upper part that the preset does not use.
    pub fn keeping(mut self, bits: usize) -> Self {
        self._kept = Kept::low(T::BITS, bits);
        self
    }
}

impl<T: Synth, const A: usize> Default for Ram<T, A> {
    fn default() -> Self {
        Self::new(A, 1)
    }
}

impl<T: Synth, const A: usize> Logic for Ram<T, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let (wa, ra) = (low("waddr", n, A), low("raddr", n, A));
        let bits = self._kept.bits(T::BITS);
        let (text, word) = self._kept.pack("wdata");
        if self._parts > 1 {
            let (memory, last) = ram_sliced::text(&Parts {
                bits,
                parts: self._parts,
                addr_bits: n,
                latency: self._latency,
                collision: self._collision,
                waddr: &wa,
                raddr: &ra,
                read: &format!("raddr[{}]", A - 1),
                word: &word,
            });
            return body(
                ignore_upper("waddr", n, A)
                    + &ignore_upper("raddr", n, A - 1)
                    + &text
                    + &memory
                    + &self._kept.unpack("rdata", &last),
            );
        }
        let (ports, last) = read_side(
            bits,
            "r",
            &ra,
            self._latency,
            self._collision,
            &format!("we && ({wa} == {ra})"),
        );
        let style = match self._in_luts {
            true => "(* ram_style = \"distributed\" *) ",
            false => "",
        };
        body(
            style.to_string()
                + &array(bits, n, self._collision)
                + &ignore_upper("waddr", n, A)
                + &ignore_upper("raddr", n, A)
                + &text
                + &format!("always @(posedge clock) if (we) mem[{wa}] <= {word};\n")
                + &ports
                + &self._kept.unpack("rdata", &last),
        )
    }
}

/// Block RAM of `K`-byte words with one write enable a byte.
#[derive(LogicBlock, Clone, Debug)]
pub struct RamBe<const D: usize, const K: usize, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, Bits<K>>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, Bits<D>>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, Bits<D>>,
    _addr_bits: usize,
    _latency: usize,
    _collision: Collision,
}

impl<const D: usize, const K: usize, const A: usize> RamBe<D, K, A> {
    const OK: () = assert!(K * 8 == D, "RamBe: K must be D / 8");

    /// As [`Ram::new`].
    pub fn new(addr_bits: usize, latency: usize) -> Self {
        let () = Self::OK;
        check_size(addr_bits, A, latency);
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
            _latency: latency,
            _collision: Collision::Old,
        }
    }

    /// As [`Ram::collisions_undefined`].
    pub fn collisions_undefined(mut self) -> Self {
        self._collision = Collision::Undefined;
        self
    }
}

impl<const D: usize, const K: usize, const A: usize> Default for RamBe<D, K, A> {
    fn default() -> Self {
        Self::new(A, 1)
    }
}

impl<const D: usize, const K: usize, const A: usize> Logic for RamBe<D, K, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let (wa, ra) = (low("waddr", n, A), low("raddr", n, A));
        let mut s = array(D, n, self._collision);
        s += &ignore_upper("waddr", n, A);
        s += &ignore_upper("raddr", n, A);
        s += "always @(posedge clock) begin\n";
        for i in 0..K {
            let (hi, lo) = (i * 8 + 7, i * 8);
            s += &format!("  if (we[{i}]) mem[{wa}][{hi}:{lo}] <= wdata[{hi}:{lo}];\n");
        }
        s += "end\n";
        let (port, last) = read_side(
            D,
            "r",
            &ra,
            self._latency,
            self._collision,
            &format!("(|we) && ({wa} == {ra})"),
        );
        body(s + &port + &format!("assign rdata = {last};\n"))
    }
}

/// Distributed RAM: written at the clock edge, read in the same cycle. For small depths only.
#[derive(LogicBlock, Clone, Debug)]
pub struct LutRam<T: Synth, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, bool>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, T>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, T>,
    _addr_bits: usize,
}

impl<T: Synth, const A: usize> LutRam<T, A> {
    pub fn new() -> Self {
        Self::sized(A)
    }

    /// `2^addr_bits` entries (`addr_bits <= A`).
    pub fn sized(addr_bits: usize) -> Self {
        check_size(addr_bits, A, 1);
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
        }
    }
}

impl<T: Synth, const A: usize> Default for LutRam<T, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Synth, const A: usize> Logic for LutRam<T, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        body(
            format!(
                "(* ram_style = \"distributed\" *) reg {} mem [0:{}];\n",
                range(T::BITS),
                (1usize << n) - 1
            ) + &ignore_upper("waddr", n, A)
                + &ignore_upper("raddr", n, A)
                + &format!(
                    "always @(posedge clock) if (we) mem[{}] <= wdata;\n\
                     assign rdata = mem[{}];\n",
                    low("waddr", n, A),
                    low("raddr", n, A)
                ),
        )
    }
}

/// Block RAM of read latency 1 in which a read sees a write of the same cycle.
#[derive(LogicBlock, Clone, Debug)]
pub struct FwdRam<T: Synth, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub we: Signal<In, bool>,
    pub waddr: Signal<In, Bits<A>>,
    pub wdata: Signal<In, T>,
    pub raddr: Signal<In, Bits<A>>,
    pub rdata: Signal<Out, T>,
    _addr_bits: usize,
    _in_luts: bool,
}

impl<T: Synth, const A: usize> FwdRam<T, A> {
    /// A forwarding RAM of `2^addr_bits` entries (`addr_bits <= A`).
    pub fn new(addr_bits: usize) -> Self {
        check_size(addr_bits, A, 1);
        Self {
            clock: Default::default(),
            we: Default::default(),
            waddr: Default::default(),
            wdata: Default::default(),
            raddr: Default::default(),
            rdata: Default::default(),
            _addr_bits: addr_bits,
            _in_luts: false,
        }
    }

    /// As [`Ram::in_luts`].
    pub fn in_luts(mut self, yes: bool) -> Self {
        self._in_luts = yes;
        self
    }
}

impl<T: Synth, const A: usize> Default for FwdRam<T, A> {
    fn default() -> Self {
        Self::new(A)
    }
}

impl<T: Synth, const A: usize> Logic for FwdRam<T, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.rdata.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let (wa, ra) = (low("waddr", n, A), low("raddr", n, A));
        // The forwarding register hides the array's own collision, whatever it returns.
        let style = match self._in_luts {
            true => "(* ram_style = \"distributed\" *) ",
            false => "",
        };
        body(
            style.to_string()
                + &array(T::BITS, n, Collision::Undefined)
                + &ignore_upper("waddr", n, A)
                + &ignore_upper("raddr", n, A)
                + &format!(
                    "reg {r} from_array, from_write;\n\
                     reg hit;\n\
                     always @(posedge clock) begin\n\
                     \x20 if (we) mem[{wa}] <= wdata;\n\
                     \x20 from_array <= mem[{ra}];\n\
                     \x20 from_write <= wdata;\n\
                     \x20 hit <= we && ({wa} == {ra});\n\
                     end\n\
                     assign rdata = hit ? from_write : from_array;\n",
                    r = range(T::BITS)
                ),
        )
    }
}

/// Address sequencer that writes every entry of a RAM once after reset.
///
/// While `active` is high the owner writes zero to `addr` every cycle and refuses all other work; `done` is its
/// complement and stays high until the next reset. Takes `2^addr_bits` cycles after reset falls.
#[derive(LogicBlock, Clone, Debug)]
pub struct RamClear<const A: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub addr: Signal<Out, Bits<A>>,
    pub active: Signal<Out, bool>,
    pub done: Signal<Out, bool>,
    _addr_bits: usize,
}

impl<const A: usize> RamClear<A> {
    /// A sequencer over `2^addr_bits` entries (`addr_bits <= A`).
    pub fn new(addr_bits: usize) -> Self {
        check_size(addr_bits, A, 1);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            addr: Default::default(),
            active: Default::default(),
            done: Default::default(),
            _addr_bits: addr_bits,
        }
    }
}

impl<const A: usize> Default for RamClear<A> {
    fn default() -> Self {
        Self::new(A)
    }
}

impl<const A: usize> Logic for RamClear<A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.addr.connect();
        self.active.connect();
        self.done.connect();
    }
    fn hdl(&self) -> Verilog {
        let n = self._addr_bits;
        let addr = if n == A {
            "count".to_string()
        } else {
            format!("{{{}'b0, count}}", A - n)
        };
        body(format!(
            "reg {r} count;\n\
             reg busy;\n\
             always @(posedge clock)\n\
             \x20 if (reset) begin\n\
             \x20   count <= {n}'d0;\n\
             \x20   busy <= 1'b1;\n\
             \x20 end else if (busy) begin\n\
             \x20   count <= count + {n}'d1;\n\
             \x20   busy <= !(&count);\n\
             \x20 end\n\
             assign addr = {addr};\n\
             assign active = busy;\n\
             assign done = !busy;\n",
            r = range(n)
        ))
    }
}
