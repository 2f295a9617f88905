//! COUNTERS: the register block: identity, state, geometry, and a 32-bit counter for every pulse.
//!
//! | ports | | |
//! |---|---|---|
//! | `pulse[i]` | in | counter `i` of [`COUNTERS`](ferrowarp_abi::register::COUNTERS) goes up by one; may be high every cycle |
//! | `ready` | in | the tables are ready: bit 0 of the status register |
//! | `registers_*` | stream in | address 16, write 1, data 32 |
//! | `registers_rsp_*` | stream out | one answer an access |
//!
//! Register map: `ferrowarp_abi::register`. **Latency**: an access is taken 2 cycles after it is offered, that of a counter
//! when the scan has come to it, after one scan at most; the answer stands in the cycle after that, until it is taken.
//! **Back-pressure**: `registers_tready` is low while an answer waits.
//!
//! Each pulse steps a small register of its own; a scan visits one counter a cycle and adds what it finds to the count in a
//! RAM: 6 bits a counter and one adder instead of as many 32-bit adders. The small registers are shift registers with
//! feedback (x^6 + x^5 + 1, inverted so that they begin at 0): one LUT a step, 63 states, and a scan is shorter than that.
//! One decoder tells how many steps a state is away from 0. The first scan after reset ignores what the RAM held.
//!
//! Scan: state of the visited counter | steps it stands for | count read 2 cycles after the visit, sum | written.

use super::cfg::Cfg;
use super::queues::NIC_BITS;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Ram;
use ferrowarp_abi::register::{COUNTERS, GEOMETRY, MAGIC, NO_REGISTER};
use ferrowarp_abi::VERSION;
use rust_hdl::prelude::*;

/// Counters.
pub const N: usize = COUNTERS.len();
/// Geometry registers.
pub const G: usize = GEOMETRY.len();
/// States of a small register.
const STATES: usize = 63;
const _: () = assert!(N > 4 && N < STATES, "a small register holds one scan");

/// The register block.
#[derive(LogicBlock)]
pub struct Counters {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub pulse: [Signal<In, bool>; N],
    pub ready: Signal<In, bool>,
    /// What the host has written last.
    pub ts_day: Signal<Out, Bits<8>>,
    pub registers_tvalid: Signal<In, bool>,
    pub registers_tready: Signal<Out, bool>,
    pub registers_address: Signal<In, Bits<16>>,
    pub registers_write: Signal<In, bool>,
    pub registers_data: Signal<In, Bits<32>>,
    pub registers_rsp_tvalid: Signal<Out, bool>,
    pub registers_rsp_tready: Signal<In, bool>,
    pub registers_rsp_data: Signal<Out, Bits<32>>,
    /// Pulses of the last cycle.
    pulsed: [Reg<bool>; N],
    /// The small registers: bit 0, and bits 5..1 (in place), which a visit clears whether there is a pulse or not.
    recent_0: [Reg<bool>; N],
    recent: [Reg<Bits<6>>; N],
    /// The counter being visited: one-hot, and its number then and 1, 2 and 3 cycles later.
    turn: Reg<Bits<N>>,
    at: Reg<Bits<6>>,
    at_1: Reg<Bits<6>>,
    at_2: Reg<Bits<6>>,
    at_3: Reg<Bits<6>>,
    counts: Ram<Bits<32>, 6>,
    /// What the visit found, OR by OR.
    found: [Signal<Local, Bits<6>>; N + 1],
    state: RegNr<Bits<6>>,
    steps: RegNr<Bits<6>>,
    sum: RegNr<Bits<32>>,
    /// The first scan is over.
    clean: Reg<bool>,
    scratch: Reg<Bits<32>>,
    day: Reg<Bits<8>>,
    /// An access is offered and its register looked for; it is taken in this cycle; its answer waits.
    looking: Reg<bool>,
    taking: Reg<bool>,
    full: Reg<bool>,
    address: RegNr<Bits<16>>,
    answer: RegNr<Bits<32>>,
    /// The address is one of the 32 registers from 0 on, or a counter's.
    low: Signal<Local, bool>,
    counter: Signal<Local, bool>,
    value: Signal<Local, Bits<32>>,
    /// What is looked for is there.
    hit: Signal<Local, bool>,
    states: [Constant<Bits<6>>; STATES],
    none: Constant<Bits<32>>,
    magic: Constant<Bits<32>>,
    version: Constant<Bits<32>>,
    geometry: [Constant<Bits<32>>; G],
    _n: usize,
    _g: usize,
    _states: usize,
}

impl Counters {
    /// The block of a preset of data width `width`.
    pub fn new(cfg: &Cfg, width: usize) -> Self {
        // In the order of GEOMETRY.
        let geometry: [usize; G] = [
            width,
            1 << cfg.conn_bits,
            1 << cfg.bucket_bits,
            1 << cfg.tpt_set_bits,
            1 << cfg.rq_bits,
            1 << cfg.ord_bits,
            1 << NIC_BITS,
            cfg.max_frame,
            cfg.max_fpdu,
            N,
            usize::from(cfg.ipv6),
            usize::from(cfg.sack),
            usize::from(cfg.markers),
            usize::from(cfg.timestamps),
        ];
        Self {
            clock: Default::default(),
            reset: Default::default(),
            pulse: std::array::from_fn(|_| Default::default()),
            ready: Default::default(),
            ts_day: Default::default(),
            day: Default::default(),
            registers_tvalid: Default::default(),
            registers_tready: Default::default(),
            registers_address: Default::default(),
            registers_write: Default::default(),
            registers_data: Default::default(),
            registers_rsp_tvalid: Default::default(),
            registers_rsp_tready: Default::default(),
            registers_rsp_data: Default::default(),
            pulsed: std::array::from_fn(|_| Default::default()),
            recent_0: std::array::from_fn(|_| Default::default()),
            recent: std::array::from_fn(|_| Default::default()),
            turn: Reg::new(1u64.to_bits()),
            at: Default::default(),
            at_1: Default::default(),
            at_2: Default::default(),
            at_3: Default::default(),
            // The scan is far from the address it writes.
            counts: Ram::new(6, 2).collisions_undefined(),
            found: std::array::from_fn(|_| Default::default()),
            state: Default::default(),
            steps: Default::default(),
            sum: Default::default(),
            clean: Default::default(),
            scratch: Default::default(),
            looking: Default::default(),
            taking: Default::default(),
            full: Default::default(),
            address: Default::default(),
            answer: Default::default(),
            low: Default::default(),
            counter: Default::default(),
            value: Default::default(),
            hit: Default::default(),
            states: states().map(|s| Constant::new(s.to_bits())),
            none: Constant::new(u64::from(NO_REGISTER).to_bits()),
            magic: Constant::new(u64::from(MAGIC).to_bits()),
            version: Constant::new(u64::from(VERSION).to_bits()),
            geometry: geometry.map(|v| Constant::new((v as u64).to_bits())),
            _n: N,
            _g: G,
            _states: STATES,
        }
    }
}

/// The states of a small register, from 0 on.
fn states() -> [u64; STATES] {
    let mut state = 0u64;
    std::array::from_fn(|_| {
        let now = state;
        state = (now << 1 & 63) | (!(now >> 5 ^ now >> 4) & 1);
        now
    })
}

impl Logic for Counters {
    #[hdl_gen]
    fn update(&mut self) {
        // Pulses and visits.
        self.found[0].next = 0.into();
        for i in 0..self._n {
            self.pulsed[i].d.next = self.pulse[i].val();
            self.found[i + 1].next = self.found[i].val();
            if self.pulsed[i].q.val() {
                self.recent[i].d.next = self.recent[i].q.val() << 1;
                if self.recent_0[i].q.val() {
                    self.recent[i].d.next = (self.recent[i].q.val() << 1) | 2;
                }
                self.recent_0[i].d.next =
                    self.recent[i].q.val().get_bit(5) == self.recent[i].q.val().get_bit(4);
            }
            if self.turn.q.val().get_bit(i) {
                self.found[i + 1].next = self.found[i].val() | self.recent[i].q.val();
                if self.recent_0[i].q.val() {
                    self.found[i + 1].next = self.found[i].val() | self.recent[i].q.val() | 1;
                }
                self.recent[i].d.next = 0.into();
                self.recent_0[i].d.next = self.pulsed[i].q.val();
            }
        }
        self.at.d.next = self.at.q.val() + 1;
        self.turn.d.next = self.turn.q.val() << 1;
        for last in (self._n - 1)..(self._n) {
            if self.turn.q.val().get_bit(last) {
                self.at.d.next = 0.into();
                self.turn.d.next = 1.into();
            }
            if self.at_2.q.val() == last.to_bits::<6>() {
                self.clean.d.next = true;
            }
        }
        self.at_1.d.next = self.at.q.val();
        self.at_2.d.next = self.at_1.q.val();
        self.at_3.d.next = self.at_2.q.val();

        // Count read, added to, written.
        for n in (self._n)..(self._n + 1) {
            self.state.d.next = self.found[n].val();
        }
        self.steps.d.next = 0.into();
        for i in 0..self._states {
            if self.state.q.val() == self.states[i].val() {
                self.steps.d.next = i.to_bits::<6>();
            }
        }
        self.counts.raddr.next = self.at.q.val();
        self.sum.d.next = bit_cast::<32, 6>(self.steps.q.val());
        if self.clean.q.val() {
            self.sum.d.next = self.counts.rdata.val() + bit_cast::<32, 6>(self.steps.q.val());
        }
        self.counts.we.next = true;
        self.counts.waddr.next = self.at_3.q.val();
        self.counts.wdata.next = self.sum.q.val();

        // Register access. Nothing is looked for before the first scan is over.
        self.address.d.next = self.registers_address.val();
        self.low.next = !self.address.q.val().get_bits::<9>(7).any();
        self.ts_day.next = self.day.q.val();
        self.counter.next = self.address.q.val().get_bits::<8>(8) == 0x04;
        for n in (self._n)..(self._n + 1) {
            if self.address.q.val().get_bits::<6>(2) >= n.to_bits::<6>() {
                self.counter.next = false;
            }
        }
        self.value.next = self.none.val();
        if self.address.q.val().get_bits::<7>(0) == 0x00 {
            self.value.next = self.magic.val();
        }
        if self.address.q.val().get_bits::<7>(0) == 0x04 {
            self.value.next = self.version.val();
        }
        if self.address.q.val().get_bits::<7>(0) == 0x08 {
            self.value.next = bit_cast::<32, 1>(self.ready.val().into());
        }
        if self.address.q.val().get_bits::<7>(0) == 0x0C {
            self.value.next = self.scratch.q.val();
        }
        for i in 0..self._g {
            if self.address.q.val().get_bits::<7>(0) == (i * 4 + 0x10).to_bits::<7>() {
                self.value.next = self.geometry[i].val();
            }
        }
        if self.address.q.val().get_bits::<7>(0) == 0x7C {
            self.value.next = 0.into();
        }
        if !self.low.val() {
            self.value.next = self.none.val();
        }
        if self.registers_tvalid.val() & !self.full.q.val() & self.clean.q.val() {
            self.looking.d.next = true;
        }
        self.hit.next = self.registers_write.val()
            | !self.counter.val()
            | (self.at_3.q.val() == self.address.q.val().get_bits::<6>(2));
        self.taking.d.next = self.looking.q.val() & self.hit.val();
        if self.taking.q.val() | (self.looking.q.val() & self.hit.val()) {
            self.looking.d.next = false;
        }
        if self.looking.q.val() {
            self.answer.d.next = self.value.val();
            if self.counter.val() {
                self.answer.d.next = self.sum.q.val();
            }
            if self.registers_write.val() {
                self.answer.d.next = 0.into();
            }
        }
        self.registers_tready.next = self.taking.q.val();
        if self.taking.q.val() {
            self.full.d.next = true;
            if self.registers_write.val() & (self.address.q.val() == 0x000C) {
                self.scratch.d.next = self.registers_data.val();
            }
            if self.registers_write.val() & (self.address.q.val() == 0x007C) {
                self.day.d.next = self.registers_data.val().get_bits::<8>(0);
            }
        }
        self.registers_rsp_tvalid.next = self.full.q.val();
        self.registers_rsp_data.next = self.answer.q.val();
        if self.full.q.val() & self.registers_rsp_tready.val() {
            self.full.d.next = false;
        }
    }
}
