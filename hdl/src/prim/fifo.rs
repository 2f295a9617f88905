//! First-word-fall-through FIFOs in LUT RAM, read asynchronously.
//!
//! | port | | |
//! |---|---|---|
//! | `din push`   | in  | taken when `push` and not `full` |
//! | `full`       | out | registered; a push while it is high is **ignored** and `$error`s in simulation |
//! | `room`       | out | free slots before this cycle's push and pop, from a register; 255 stands for 255 or more |
//! | `dout valid` | out | the oldest item; stays until `pop` |
//! | `pop`        | in  | takes `dout`; a pop without `valid` is ignored and `$error`s in simulation |
//!
//! [`Fifo`]: an item pushed into the empty FIFO in cycle t is visible in t+1; `valid` and `full` are registers.
//! [`BypassFifo`]: into the empty FIFO, `din` and `push` are visible at `dout` and `valid` in cycle t itself
//! (combinational); popped in that cycle, the item was never held.
//! One push and one pop every cycle. `full` does not look at `pop`: a full FIFO takes nothing in the cycle of the pop.
//! Depth is exactly `2^A`, or `2^bits` with [`Fifo::sized`].
//!
//! `push` and `pop` move pointers and nothing as wide as the item: a handshake decided late in a cycle reaches a handful
//! of registers. The price is a RAM read (one LUT) in front of whoever uses `dout`. With [`Fifo::headed`] or [`BypassFifo::headed`] there is none: a
//! register follows the oldest item, and the price is a choice between RAM and `din` in front of it.

use super::narrow::Kept;
use super::text::{body, check, range};
use rust_hdl::prelude::*;

/// Storage and pointers of `2^a` items; `word` is what is stored of `din`. `take` and `give` are the push and pop that really happen, `some` says that at
/// least one item is held.
fn storage(width: usize, a: usize, word: &str) -> String {
    let (rt, rp, rc, c) = (range(width), range(a), range(a + 1), a + 1);
    format!(
        "(* ram_style = \"distributed\" *) reg {rt} mem [0:{last}];\n\
         reg {rp} wp, rp;\n\
         reg {rc} free;\n\
         reg some, no_room;\n\
         wire take, give;\n\
         always @(posedge clock) begin\n\
         \x20 if (take) mem[wp] <= {word};\n\
         \x20 if (reset) begin\n\
         \x20   wp <= {a}'d0;\n\
         \x20   rp <= {a}'d0;\n\
         \x20   free <= {c}'d{depth};\n\
         \x20   some <= 1'b0;\n\
         \x20   no_room <= 1'b0;\n\
         \x20 end else begin\n\
         \x20   if (take) wp <= wp + {a}'d1;\n\
         \x20   if (give) rp <= rp + {a}'d1;\n\
         \x20   if (take && !give) free <= free - {c}'d1;\n\
         \x20   if (give && !take) free <= free + {c}'d1;\n\
         \x20   some <= (give && !take) ? (free != {c}'d{one}) : (some || (take && !give));\n\
         \x20   no_room <= (take && !give) ? (free == {c}'d1) : (no_room && !give);\n\
         \x20 end\n\
         end\n\
         assign full = no_room;\n\
         assign room = {room};\n",
        last = (1usize << a) - 1,
        depth = 1usize << a,
        one = (1usize << a) - 1,
        room = match c {
            8 => "free".to_string(),
            c if c < 8 => format!("{{{}'b0, free}}", 8 - c),
            c => format!("(|free[{}:8]) ? 8'hff : free[7:0]", c - 1),
        }
    )
}

/// Simulation checks common to both.
fn checks() -> String {
    check("push && full", "push into a full FIFO, the item is lost")
        + &check("pop && !valid", "pop from an empty FIFO")
}

/// A register that holds the oldest of the items, each `width` bits as stored.
fn head(width: usize, a: usize, word: &str) -> String {
    let (rt, rp) = (range(width), range(a));
    format!(
        "reg {rt} head;\n\
         reg {rp} rp_next;\n\
         wire {rp} rp_now = give ? rp_next : rp;\n\
         wire from_din = !some || (give && free == {c}'d{one});\n\
         always @(posedge clock) begin\n\
         \x20 head <= from_din ? {word} : mem[rp_now];\n\
         \x20 rp_next <= reset ? {a}'d1 : rp_now + {a}'d1;\n\
         end\n",
        c = a + 1,
        one = (1usize << a) - 1,
    )
}

/// FIFO of latency 1.
#[derive(LogicBlock, Clone, Debug)]
pub struct Fifo<T: Synth, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub din: Signal<In, T>,
    pub push: Signal<In, bool>,
    pub full: Signal<Out, bool>,
    pub room: Signal<Out, Bits<8>>,
    pub dout: Signal<Out, T>,
    pub valid: Signal<Out, bool>,
    pub pop: Signal<In, bool>,
    _bits: usize,
    _kept: Kept,
    _headed: bool,
}

impl<T: Synth, const A: usize> Fifo<T, A> {
    const OK: () = assert!(A >= 1 && A <= 16, "Fifo: depth is 2 to 65536");

    pub fn new() -> Self {
        Self::sized(A)
    }

    /// `2^bits` items, at most `2^A`.
    pub fn sized(bits: usize) -> Self {
        let () = Self::OK;
        assert!(
            (1..=A).contains(&bits),
            "Fifo: 2^{bits} items asked, at most 2^{A}"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            din: Default::default(),
            push: Default::default(),
            full: Default::default(),
            room: Default::default(),
            dout: Default::default(),
            valid: Default::default(),
            pop: Default::default(),
            _bits: bits,
            _kept: Kept::default(),
            _headed: false,
        }
    }

    /// `dout` comes from a register, in the same cycles.
    pub fn headed(mut self) -> Self {
        self._headed = true;
        self
    }

    /// Stores only the low bits of these fields; the others read as zero.
    pub fn narrow(mut self, fields: &[(&str, usize)]) -> Self {
        self._kept = Kept::new::<T>(fields);
        self
    }
}

impl<T: Synth, const A: usize> Default for Fifo<T, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Synth, const A: usize> Logic for Fifo<T, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.full.connect();
        self.room.connect();
        self.dout.connect();
        self.valid.connect();
    }
    fn hdl(&self) -> Verilog {
        let (text, word) = self._kept.pack("din");
        let width = self._kept.bits(T::BITS);
        let (head, oldest) = match self._headed {
            true => (head(width, self._bits, &word), "head"),
            false => (String::new(), "mem[rp]"),
        };
        body(
            text + &storage(width, self._bits, &word)
                + "assign take = push && !no_room;\n\
                   assign give = pop && some;\n\
                   assign valid = some;\n"
                + &head
                + &self._kept.unpack("dout", oldest)
                + &checks(),
        )
    }
}

/// FIFO that shows an item pushed while it is empty in the same cycle.
#[derive(LogicBlock, Clone, Debug)]
pub struct BypassFifo<T: Synth, const A: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub din: Signal<In, T>,
    pub push: Signal<In, bool>,
    pub full: Signal<Out, bool>,
    pub room: Signal<Out, Bits<8>>,
    pub dout: Signal<Out, T>,
    pub valid: Signal<Out, bool>,
    pub pop: Signal<In, bool>,
    _bits: usize,
    _headed: bool,
}

impl<T: Synth, const A: usize> BypassFifo<T, A> {
    const OK: () = assert!(A >= 1 && A <= 16, "BypassFifo: depth is 2 to 65536");

    pub fn new() -> Self {
        Self::sized(A)
    }

    /// `2^bits` items, at most `2^A`.
    pub fn sized(bits: usize) -> Self {
        let () = Self::OK;
        assert!(
            (1..=A).contains(&bits),
            "BypassFifo: 2^{bits} items asked, at most 2^{A}"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            din: Default::default(),
            push: Default::default(),
            full: Default::default(),
            room: Default::default(),
            dout: Default::default(),
            valid: Default::default(),
            pop: Default::default(),
            _bits: bits,
            _headed: false,
        }
    }

    /// An item held comes from a register, in the same cycles.
    pub fn headed(mut self) -> Self {
        self._headed = true;
        self
    }
}

impl<T: Synth, const A: usize> Default for BypassFifo<T, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Synth, const A: usize> Logic for BypassFifo<T, A> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.full.connect();
        self.room.connect();
        self.dout.connect();
        self.valid.connect();
    }
    fn hdl(&self) -> Verilog {
        let (head, oldest) = match self._headed {
            true => (head(T::BITS, self._bits, "din"), "head"),
            false => (String::new(), "mem[rp]"),
        };
        body(
            storage(T::BITS, self._bits, "din")
                + "assign take = push && !no_room;\n\
                   assign give = pop && (some || push);\n"
                + &head
                + &format!(
                    "assign dout = some ? {oldest} : din;\n\
                     assign valid = some || push;\n"
                )
                + &checks(),
        )
    }
}
