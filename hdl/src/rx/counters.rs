//! COUNTERS: the register block: identity, state, geometry, and a 32-bit counter for every pulse.
//!
//! | ports | | |
//! |---|---|---|
//! | `pulse[i]` | in | counter `i` of [`COUNTERS`](ferrowarp_abi::register::COUNTERS) goes up by one; may be high every cycle |
//! | `ready` | in | the tables are ready: bit 0 of the status register |
//! | `registers_*` | stream in | address 16, write 1, data 32 |
//! | `registers_rsp_*` | stream out | one answer an access |
//!
//! Register map: `ferrowarp_abi::register`. **Latency**: the answer stands in the cycle after the access, until it is
//! taken. **Back-pressure**: `registers_tready` is low while an answer waits.
//!
//! Each pulse adds to a small register of its own; a scan visits one counter a cycle and moves what it finds into a LUT
//! RAM, which a register read sees: 64 seven-bit registers and two RAMs instead of as many 32-bit adders. A read lags by up
//! to 64 cycles, the length of a scan; seven bits hold the 64 pulses of one. The first scan after reset writes zeros.

use super::cfg::Cfg;
use super::queues::NIC_BITS;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::LutRam;
use ferrowarp_abi::register::{COUNTERS, GEOMETRY, MAGIC, NO_REGISTER};
use ferrowarp_abi::VERSION;
use rust_hdl::prelude::*;

/// Counters.
pub const N: usize = COUNTERS.len();
/// Geometry registers.
pub const G: usize = GEOMETRY.len();
const _: () = assert!(N <= 64, "the scan visits 64 counters");

/// The register block.
#[derive(LogicBlock)]
pub struct Counters {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub pulse: [Signal<In, bool>; N],
    pub ready: Signal<In, bool>,
    pub registers_tvalid: Signal<In, bool>,
    pub registers_tready: Signal<Out, bool>,
    pub registers_address: Signal<In, Bits<16>>,
    pub registers_write: Signal<In, bool>,
    pub registers_data: Signal<In, Bits<32>>,
    pub registers_rsp_tvalid: Signal<Out, bool>,
    pub registers_rsp_tready: Signal<In, bool>,
    pub registers_rsp_data: Signal<Out, Bits<32>>,
    recent: [Reg<Bits<7>>; N],
    /// Two copies of the counters: one is read by the scan, one by register accesses.
    own: LutRam<Bits<32>, 6>,
    seen: LutRam<Bits<32>, 6>,
    at: Reg<Bits<6>>,
    /// The first scan is over.
    clean: Reg<bool>,
    scratch: Reg<Bits<32>>,
    full: Reg<bool>,
    answer: RegNr<Bits<32>>,
    found: Signal<Local, Bits<7>>,
    sum: Signal<Local, Bits<32>>,
    take: Signal<Local, bool>,
    number: Signal<Local, Bits<6>>,
    value: Signal<Local, Bits<32>>,
    none: Constant<Bits<32>>,
    magic: Constant<Bits<32>>,
    version: Constant<Bits<32>>,
    geometry: [Constant<Bits<32>>; G],
    _n: usize,
    _g: usize,
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
        ];
        Self {
            clock: Default::default(),
            reset: Default::default(),
            pulse: std::array::from_fn(|_| Default::default()),
            ready: Default::default(),
            registers_tvalid: Default::default(),
            registers_tready: Default::default(),
            registers_address: Default::default(),
            registers_write: Default::default(),
            registers_data: Default::default(),
            registers_rsp_tvalid: Default::default(),
            registers_rsp_tready: Default::default(),
            registers_rsp_data: Default::default(),
            recent: std::array::from_fn(|_| Default::default()),
            own: LutRam::new(),
            seen: LutRam::new(),
            at: Default::default(),
            clean: Default::default(),
            scratch: Default::default(),
            full: Default::default(),
            answer: Default::default(),
            found: Default::default(),
            sum: Default::default(),
            take: Default::default(),
            number: Default::default(),
            value: Default::default(),
            none: Constant::new(u64::from(NO_REGISTER).to_bits()),
            magic: Constant::new(u64::from(MAGIC).to_bits()),
            version: Constant::new(u64::from(VERSION).to_bits()),
            geometry: geometry.map(|v| Constant::new((v as u64).to_bits())),
            _n: N,
            _g: G,
        }
    }
}

impl Logic for Counters {
    #[hdl_gen]
    fn update(&mut self) {
        // Scan.
        self.at.d.next = self.at.q.val() + 1;
        if self.at.q.val() == 63 {
            self.clean.d.next = true;
        }
        self.found.next = 0.into();
        for i in 0..self._n {
            self.recent[i].d.next = self.recent[i].q.val();
            if self.pulse[i].val() {
                self.recent[i].d.next = self.recent[i].q.val() + 1;
            }
            if self.at.q.val() == i.to_bits::<6>() {
                self.found.next = self.recent[i].q.val();
                self.recent[i].d.next = 0.into();
                if self.pulse[i].val() {
                    self.recent[i].d.next = 1.into();
                }
            }
        }
        self.own.raddr.next = self.at.q.val();
        self.sum.next = bit_cast::<32, 7>(self.found.val());
        if self.clean.q.val() {
            self.sum.next = self.own.rdata.val() + bit_cast::<32, 7>(self.found.val());
        }
        self.own.we.next = true;
        self.own.waddr.next = self.at.q.val();
        self.own.wdata.next = self.sum.val();
        self.seen.we.next = true;
        self.seen.waddr.next = self.at.q.val();
        self.seen.wdata.next = self.sum.val();

        // Register access. Nothing is answered before the first scan is over.
        self.registers_tready.next = !self.full.q.val() & self.clean.q.val();
        self.take.next = self.registers_tvalid.val() & !self.full.q.val() & self.clean.q.val();
        self.registers_rsp_tvalid.next = self.full.q.val();
        self.registers_rsp_data.next = self.answer.q.val();
        self.number.next = self.registers_address.val().get_bits::<6>(2);
        self.seen.raddr.next = self.number.val();
        self.value.next = self.none.val();
        if self.registers_address.val().get_bits::<8>(8) == 0x04 {
            for i in 0..self._n {
                if self.number.val() == i.to_bits::<6>() {
                    self.value.next = self.seen.rdata.val();
                }
            }
        }
        if self.registers_address.val() == 0x000 {
            self.value.next = self.magic.val();
        }
        if self.registers_address.val() == 0x004 {
            self.value.next = self.version.val();
        }
        if self.registers_address.val() == 0x008 {
            self.value.next = bit_cast::<32, 1>(self.ready.val().into());
        }
        if self.registers_address.val() == 0x00C {
            self.value.next = self.scratch.q.val();
        }
        for i in 0..self._g {
            if self.registers_address.val() == (i * 4 + 0x010).to_bits::<16>() {
                self.value.next = self.geometry[i].val();
            }
        }
        if self.take.val() {
            self.full.d.next = true;
            self.answer.d.next = self.value.val();
            if self.registers_write.val() {
                self.answer.d.next = 0.into();
                if self.registers_address.val() == 0x00C {
                    self.scratch.d.next = self.registers_data.val();
                }
            }
        }
        if self.full.q.val() & self.registers_rsp_tready.val() {
            self.full.d.next = false;
        }
    }
}
