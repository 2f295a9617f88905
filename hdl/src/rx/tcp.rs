//! X1 and X2, TCP side: judges a segment of an installed connection against its receive state.
//!
//! Combinational. X1 ([`SeqGap`]) subtracts, X2 ([`TcpJudge`]) compares and decides: a subtraction and a comparison of 32
//! bits do not fit into one cycle. In X1 the frame before may be in X3, which settles `rcv_nxt` only at the end of that
//! cycle; it can only stay or become a value known since X2, so X1 takes the distances from both and X2 chooses.
//! In: the frame, its context entry, the distances, the forwarded `Dyn`. Out: one [`Verdict`].
//!
//! Order of the tests is RFC 9293 3.10.7.4: sequence, RST, SYN, ACK; then the data. RST and SYN follow RFC 5961 3 and 4,
//! the ACK range RFC 5961 5.2. All comparisons are modulo 2^32. Data that does not begin at or before `rcv_nxt` is dropped
//! (no reassembly yet), and so is a segment that reaches beyond the window.
//! Requirements: TCP-21..TCP-24, TCP-31..TCP-34, TCP-1C.

use super::types::*;
use super::xtypes::*;
use rust_hdl::prelude::*;

/// X1: distances of a segment from one value of `rcv_nxt`.
#[derive(LogicBlock, Default)]
pub struct SeqGap {
    pub seq: Signal<In, Bits<32>>,
    /// Sequence space used: payload and FIN.
    pub span: Signal<In, Bits<32>>,
    pub rcv_nxt: Signal<In, Bits<32>>,
    pub gap: Signal<Out, Gap>,
    by: Signal<Local, Bits<32>>,
}

impl Logic for SeqGap {
    #[hdl_gen]
    fn update(&mut self) {
        self.by.next = self.seq.val() - self.rcv_nxt.val();
        self.gap.next.ahead = self.by.val();
        self.gap.next.reach = self.by.val() + self.span.val();
    }
}

/// X2: the verdict.
#[derive(LogicBlock, Default)]
pub struct TcpJudge {
    pub d: Signal<In, FrameDone>,
    pub c: Signal<In, CtxEntry>,
    /// Forwarded state.
    pub f: Signal<In, Dyn>,
    pub gap: Signal<In, Gap>,
    /// Sequence space used is not empty; where it ends.
    pub used: Signal<In, bool>,
    pub nxt: Signal<In, Bits<32>>,
    /// snd_una - max_wnd <= ack <= snd_nxt
    pub ack_ok: Signal<In, bool>,
    /// The payload is one whole FPDU of a kind that needs no assembler.
    pub simple: Signal<In, bool>,
    pub v: Signal<Out, Verdict>,
    ahead_by: Signal<Local, Bits<32>>,
    /// Octets beyond rcv_nxt that the segment would use; meaningful when it is not all old.
    reach: Signal<Local, Bits<32>>,
    fin: Signal<Local, bool>,
    syn: Signal<Local, bool>,
    rst: Signal<Local, bool>,
    ackf: Signal<Local, bool>,
    in_order: Signal<Local, bool>,
    behind: Signal<Local, bool>,
    empty: Signal<Local, bool>,
    covered: Signal<Local, bool>,
    in_window: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    flags: Signal<Local, Bits<8>>,
    // Fields of whole structs that nobody here needs.
    unused_d: Signal<Local, FrameDone>,
    unused_c: Signal<Local, CtxEntry>,
    unused_f: Signal<Local, Dyn>,
    unused_flags: Signal<Local, Bits<8>>,
}

impl Logic for TcpJudge {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_d.next = self.d.val();
        self.unused_c.next = self.c.val();
        self.unused_f.next = self.f.val();
        self.flags.next = self.d.val().flags;
        self.unused_flags.next = self.flags.val();
        self.fin.next = self.flags.val().get_bit(0);
        self.syn.next = self.flags.val().get_bit(1);
        self.rst.next = self.flags.val().get_bit(2);
        self.ackf.next = self.flags.val().get_bit(4);
        self.ahead_by.next = self.gap.val().ahead;
        self.reach.next = self.gap.val().reach;
        self.in_order.next = !self.ahead_by.val().any();
        self.behind.next = self.ahead_by.val().get_bit(31);
        self.empty.next = !self.used.val();
        // The end is not beyond rcv_nxt either.
        self.covered.next =
            self.behind.val() & (self.reach.val().get_bit(31) | !self.reach.val().any());
        self.in_window.next = self.reach.val() <= self.c.val().rcv_wnd;
        self.quiet.next = !self.f.val().mid & !self.f.val().pend.any();

        self.v.next.fast = false;
        self.v.next.slow = false;
        self.v.next.old = false;
        self.v.next.ahead = false;
        self.v.next.outside = false;
        self.v.next.challenge = false;
        self.v.next.bad_ack = false;
        self.v.next.rst = false;
        self.v.next.dead = false;
        self.v.next.fin = self.fin.val();
        self.v.next.nxt = self.nxt.val();
        self.v.next.trim = 0.into();
        self.v.next.len = self.d.val().plen;
        if self.behind.val() {
            self.v.next.trim = 0 - self.ahead_by.val().get_bits::<16>(0);
            self.v.next.len = self.d.val().plen + self.ahead_by.val().get_bits::<16>(0);
        }

        if self.rst.val() {
            if self.in_order.val() {
                self.v.next.rst = true;
            } else {
                if !self.behind.val() & (self.ahead_by.val() < self.c.val().rcv_wnd) {
                    self.v.next.challenge = true;
                } else {
                    self.v.next.outside = true;
                }
            }
        } else {
            if self.syn.val() | !self.ackf.val() | !self.ack_ok.val() {
                self.v.next.challenge = true;
                self.v.next.bad_ack = !self.syn.val() & self.ackf.val();
            } else {
                if self.empty.val() {
                    // An empty segment before rcv_nxt is a keep-alive probe: answered like old data (TCP-34).
                    if self.behind.val() {
                        self.v.next.old = true;
                    } else {
                        self.v.next.outside = !self.in_window.val();
                    }
                } else {
                    if self.covered.val() {
                        self.v.next.old = true;
                    } else {
                        if !self.in_window.val() {
                            self.v.next.outside = true;
                        } else {
                            if self.f.val().st != 1 {
                                self.v.next.dead = true;
                            } else {
                                if !self.in_order.val() & !self.behind.val() {
                                    self.v.next.ahead = true;
                                } else {
                                    if self.simple.val()
                                        & self.in_order.val()
                                        & self.quiet.val()
                                        & !self.fin.val()
                                    {
                                        self.v.next.fast = true;
                                    } else {
                                        self.v.next.slow = true;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
