//! First-word-fall-through FIFOs in LUT RAM with an output register.
//!
//! | port | | |
//! |---|---|---|
//! | `din push`   | in  | taken when `push` and not `full` |
//! | `full`       | out | registered; a push while it is high is **ignored** and `$error`s in simulation |
//! | `room`       | out | free slots before this cycle's push and pop, from a register; 255 stands for 255 or more |
//! | `dout valid` | out | the oldest item; stays until `pop` |
//! | `pop`        | in  | takes `dout`; a pop without `valid` is ignored and `$error`s in simulation |
//!
//! [`Fifo`]: an item pushed into the empty FIFO in cycle t is visible in t+1; `dout`, `valid`, `full` are registers.
//! [`BypassFifo`]: into the empty FIFO, `din` and `push` are visible at `dout` and `valid` in cycle t itself
//! (combinational); popped in that cycle, the item is never stored.
//! One push and one pop every cycle. `full` does not look at `pop`: a full FIFO takes nothing in the cycle of the pop.
//! Depth is exactly `2^A`, the output register included.

use super::text::{body, check, range};
use rust_hdl::prelude::*;

/// Storage, pointers and output register. `take` and `give` are the push and pop that really happen, `held` the output
/// register's valid bit.
fn storage(width: usize, a: usize) -> String {
    let (rt, rp, rc, c) = (range(width), range(a), range(a + 1), a + 1);
    format!(
        "(* ram_style = \"distributed\" *) reg {rt} mem [0:{last}];\n\
         reg {rp} wp, rp;\n\
         reg {rc} free;\n\
         reg {rt} head;\n\
         reg held, no_room;\n\
         wire take, give;\n\
         // the output register holds one item, so the array never fills and equal pointers mean empty\n\
         wire more = wp != rp;\n\
         wire load = !held || give;\n\
         wire store = take && !(load && !more);\n\
         wire fetch = load && more;\n\
         always @(posedge clock) begin\n\
         \x20 if (store) mem[wp] <= din;\n\
         \x20 if (load) head <= more ? mem[rp] : din;\n\
         \x20 if (reset) begin\n\
         \x20   wp <= {a}'d0;\n\
         \x20   rp <= {a}'d0;\n\
         \x20   free <= {c}'d{depth};\n\
         \x20   held <= 1'b0;\n\
         \x20   no_room <= 1'b0;\n\
         \x20 end else begin\n\
         \x20   if (store) wp <= wp + {a}'d1;\n\
         \x20   if (fetch) rp <= rp + {a}'d1;\n\
         \x20   if (load) held <= more || take;\n\
         \x20   if (take && !give) free <= free - {c}'d1;\n\
         \x20   if (give && !take) free <= free + {c}'d1;\n\
         \x20   no_room <= (take && !give) ? (free == {c}'d1) : (no_room && !give);\n\
         \x20 end\n\
         end\n\
         assign full = no_room;\n\
         assign room = {room};\n",
        last = (1usize << a) - 1,
        depth = 1usize << a,
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

/// FIFO with registered outputs, latency 1.
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
}

impl<T: Synth, const A: usize> Fifo<T, A> {
    const OK: () = assert!(A >= 1 && A <= 16, "Fifo: depth is 2 to 65536");

    pub fn new() -> Self {
        let () = Self::OK;
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
        }
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
        body(
            storage(T::BITS, A)
                + "assign take = push && !no_room;\n\
                   assign give = pop && held;\n\
                   assign dout = head;\n\
                   assign valid = held;\n"
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
}

impl<T: Synth, const A: usize> BypassFifo<T, A> {
    const OK: () = assert!(A >= 1 && A <= 16, "BypassFifo: depth is 2 to 65536");

    pub fn new() -> Self {
        let () = Self::OK;
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
        }
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
        body(
            storage(T::BITS, A)
                + "wire through = !held && push && pop;\n\
                   assign take = push && !no_room && !through;\n\
                   assign give = pop && held;\n\
                   assign dout = held ? head : din;\n\
                   assign valid = held || push;\n"
                + &checks(),
        )
    }
}
