//! Fingerprint compare of one way of a bucket, in two halves around a register: the first comes behind a block RAM's slow
//! output, the second in front of the next RAM's address. Row layout: [`lookup`](super::lookup). Latency 1, no back-pressure.

use super::types::CONN;
use crate::prim::reg::RegNr;
use rust_hdl::prelude::*;

/// One way of a bucket: the fingerprint compare, its first half in front of a register.
#[derive(LogicBlock, Default)]
pub struct WayMatch {
    pub clock: Signal<In, Clock>,
    pub way: Signal<In, Bits<29>>,
    pub fp: Signal<In, Bits<12>>,
    /// A frame asks, and the tables are clear.
    pub ask: Signal<In, bool>,
    /// One cycle later: equal, and the connection if so.
    pub found: Signal<Out, bool>,
    pub conn: Signal<Out, Bits<CONN>>,
    valid: RegNr<bool>,
    /// Pairs of bits that differ.
    apart: RegNr<Bits<12>>,
    held: RegNr<Bits<CONN>>,
    differ: Signal<Local, Bits<12>>,
    is_found: Signal<Local, bool>,
}

impl Logic for WayMatch {
    #[hdl_gen]
    fn update(&mut self) {
        self.valid.d.next = self.ask.val() & self.way.val().get_bit(28);
        self.differ.next = self.way.val().get_bits::<12>(0) ^ self.fp.val();
        self.apart.d.next = (self.differ.val() | (self.differ.val() >> 1)) & 0x555;
        self.held.d.next = self.way.val().get_bits::<16>(12);
        self.is_found.next = self.valid.q.val() & !self.apart.q.val().any();
        self.found.next = self.is_found.val();
        self.conn.next = 0.into();
        if self.is_found.val() {
            self.conn.next = self.held.q.val();
        }
    }
}
