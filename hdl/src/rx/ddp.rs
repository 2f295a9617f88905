//! X1 and X2, DDP and RDMAP side: what the header alone says ([`FormCheck`]) and what the tables say ([`TableCheck`]).
//!
//! Both combinational. The order of the tests fixes which code a segment with several faults gets:
//! length and version, opcode, T and QN (RFC 5041 7, RFC 5040 7.2); then tagged: STag and key, association, rights, wrap,
//! bounds; untagged: MSN, buffer, MO, invalidation, length. Zero-length tagged segments skip the STag checks
//! (RFC 5041 5.2). Codes are the first ones of CONFORMANCE: layer and type octet, then the code octet.
//! Requirements: DDP-05, DDP-14, DDP-30..DDP-3F, RDM-02..RDM-0A, RDM-13, RDM-24..RDM-29, RDM-30, RDM-31, RDM-33.

use super::types::*;
use super::xtypes::*;
use crate::prim::reduce::Bswap;
use rust_hdl::prelude::*;

/// Header octets to numbers. Wiring only.
#[derive(LogicBlock, Default)]
pub struct HdrView {
    pub raw: Signal<In, Bits<HDR_A>>,
    pub h: Signal<Out, Hdr>,
    swap: Bswap<160>,
    be: Signal<Local, Bits<160>>,
    // Fields of whole structs that nobody here needs.
    unused_be: Signal<Local, Bits<160>>,
}

impl Logic for HdrView {
    #[hdl_gen]
    fn update(&mut self) {
        self.swap.din.next = self.raw.val();
        self.be.next = self.swap.dout.val();
        self.unused_be.next = self.be.val();
        self.h.next.ulen = self.be.val().get_bits::<16>(144);
        self.h.next.t = self.be.val().get_bit(143);
        self.h.next.l = self.be.val().get_bit(142);
        self.h.next.dv = self.be.val().get_bits::<2>(136);
        self.h.next.rv = self.be.val().get_bits::<2>(134);
        self.h.next.op = self.be.val().get_bits::<4>(128);
        self.h.next.stag = self.be.val().get_bits::<32>(96);
        self.h.next.to = self.be.val().get_bits::<64>(32);
        self.h.next.qn = self.be.val().get_bits::<32>(64);
        self.h.next.msn = self.be.val().get_bits::<32>(32);
        self.h.next.mo = self.be.val().get_bits::<32>(0);
    }
}

/// X1: everything the header decides without a table.
#[derive(LogicBlock, Default)]
pub struct FormCheck {
    pub h: Signal<In, Hdr>,
    /// FPDU octets 20..47, for Read Requests; valid for operations only.
    pub raw_b: Signal<In, Bits<HDR_B>>,
    /// TCP payload length of the frame, to see whether it is exactly this FPDU.
    pub plen: Signal<In, Bits<16>>,
    pub form: Signal<Out, Form>,
    /// The payload is exactly one FPDU, of a kind that the fast path takes.
    pub simple: Signal<Out, bool>,
    swap: Bswap<224>,
    be: Signal<Local, Bits<224>>,
    ulen: Signal<Local, Bits<18>>,
    fpdu: Signal<Local, Bits<18>>,
    short: Signal<Local, bool>,
    send: Signal<Local, bool>,
    tagged_op: Signal<Local, bool>,
    known: Signal<Local, bool>,
    queue: Signal<Local, Bits<32>>,
    op: Signal<Local, Bits<4>>,
    to: Signal<Local, Bits<64>>,
    xlen: Signal<Local, Bits<32>>,
    dlen: Signal<Local, Bits<16>>,
    sum: Signal<Local, Bits<33>>,
    // Fields of whole structs that nobody here needs.
    unused_be: Signal<Local, Bits<224>>,
}

impl Logic for FormCheck {
    #[hdl_gen]
    fn update(&mut self) {
        self.swap.din.next = self.raw_b.val();
        self.be.next = self.swap.dout.val();
        self.unused_be.next = self.be.val();
        self.op.next = self.h.val().op;
        self.send.next = (self.op.val() >= 3) & (self.op.val() <= 6);
        self.tagged_op.next = (self.op.val() == 0) | (self.op.val() == 2);
        self.known.next = self.op.val() < 8;
        // Queue that belongs to an untagged opcode (RFC 5040 Figure 4).
        self.queue.next = 0.into();
        if self.op.val() == 1 {
            self.queue.next = 1.into();
        }
        if self.op.val() == 7 {
            self.queue.next = 2.into();
        }

        // 2 + ULPDU, padded to 4, and the CRC.
        self.ulen.next = bit_cast::<18, 16>(self.h.val().ulen) + 5;
        self.fpdu.next = (self.ulen.val() & 0x3FFFC) + 4;
        self.simple.next = (self.fpdu.val() == bit_cast::<18, 16>(self.plen.val()))
            & ((self.h.val().t & self.tagged_op.val()) | (!self.h.val().t & self.send.val()));

        self.dlen.next = self.h.val().ulen - 18;
        self.short.next = self.h.val().ulen < 18;
        if self.h.val().t {
            self.dlen.next = self.h.val().ulen - 14;
            self.short.next = self.h.val().ulen < 14;
        }

        self.to.next = self.h.val().to;
        self.xlen.next = bit_cast::<32, 16>(self.dlen.val());
        self.form.next.stag = self.h.val().stag;
        if self.op.val() == 1 {
            // Source TO, size and source STag of the Read Request header (RFC 5040 4.4).
            self.to.next = self.be.val().get_bits::<64>(0);
            self.xlen.next = self.be.val().get_bits::<32>(96);
            self.form.next.stag = self.be.val().get_bits::<32>(64);
        }
        // The upper half of TO passes 2^32 only when it is all ones: no carry through 64 bits.
        self.sum.next = bit_cast::<33, 32>(self.to.val().get_bits::<32>(0))
            + bit_cast::<33, 32>(self.xlen.val());
        // A range that ends exactly at 2^64 does not wrap.
        self.form.next.wrap = self.to.val().get_bits::<32>(32).all()
            & self.sum.val().get_bit(32)
            & self.sum.val().get_bits::<32>(0).any();

        self.form.next.write = self.op.val() == 0;
        self.form.next.rresp = self.op.val() == 2;
        self.form.next.send = self.send.val();
        self.form.next.inv = (self.op.val() == 4) | (self.op.val() == 6);
        self.form.next.se = (self.op.val() == 5) | (self.op.val() == 6);
        self.form.next.rreq = self.op.val() == 1;
        self.form.next.term = self.op.val() == 7;
        self.form.next.l = self.h.val().l;
        self.form.next.dlen = self.dlen.val();
        self.form.next.xlen = self.xlen.val();
        self.form.next.to = self.to.val();
        self.form.next.msn = self.h.val().msn;
        self.form.next.mo = self.h.val().mo;

        self.form.next.err = 0.into();
        if self.h.val().ulen < 2 {
            self.form.next.err = 0x1000.into(); // no room for the control octets
        } else {
            if self.h.val().dv != 1 {
                self.form.next.err = 0x1206.into(); // DDP version, untagged
                if self.h.val().t {
                    self.form.next.err = 0x1104.into(); // DDP version, tagged
                }
            } else {
                if self.short.val() {
                    self.form.next.err = 0x1000.into(); // shorter than its header
                } else {
                    if self.h.val().rv != 1 {
                        self.form.next.err = 0x0205.into(); // RDMAP version
                    } else {
                        if !self.known.val() | (self.h.val().t != self.tagged_op.val()) {
                            self.form.next.err = 0x0206.into(); // unexpected opcode
                        } else {
                            if !self.h.val().t & (self.h.val().qn != self.queue.val()) {
                                self.form.next.err = 0x1201.into(); // invalid QN
                            }
                        }
                    }
                }
            }
        }
    }
}

/// X2: everything the tables decide.
#[derive(LogicBlock, Default)]
pub struct TableCheck {
    pub form: Signal<In, Form>,
    pub c: Signal<In, CtxEntry>,
    pub f: Signal<In, Dyn>,
    pub tpt: Signal<In, TptEntry>,
    /// The entry was invalidated by a message that is still in the pipeline.
    pub revoked: Signal<In, bool>,
    pub rqe: Signal<In, Rqe>,
    pub rdq: Signal<In, Rdq>,
    /// The read queue was read with this head.
    pub head: Signal<In, Bits<16>>,
    pub r: Signal<Out, Ruling>,
    stag_ok: Signal<Local, bool>,
    mine: Signal<Local, bool>,
    zero: Signal<Local, bool>,
    rights: Signal<Local, Bits<4>>,
    posted: Signal<Local, bool>,
    reading: Signal<Local, bool>,
    // Sums that are only compared: no carry chain for an equality, one for an order.
    to_b: Signal<Local, Bits<64>>,
    to_x: Signal<Local, Bits<64>>,
    to_c: Signal<Local, Bits<64>>,
    at_to: Signal<Local, bool>,
    end_a: Signal<Local, Bits<36>>,
    end_b: Signal<Local, Bits<36>>,
    end_k: Signal<Local, Bits<36>>,
    end_x: Signal<Local, Bits<36>>,
    end_c: Signal<Local, Bits<36>>,
    end_e: Signal<Local, Bits<36>>,
    end_less: Signal<Local, Bits<36>>,
    unused_end_less: Signal<Local, Bits<36>>,
    at_end: Signal<Local, bool>,
    past_end: Signal<Local, bool>,
    busy: Signal<Local, Bits<16>>,
    mlen: Signal<Local, Bits<32>>,
    limit: Signal<Local, Bits<32>>,
    from: Signal<Local, Bits<64>>,
    base: Signal<Local, Bits<64>>,
    diff: Signal<Local, Bits<65>>,
    in_a: Signal<Local, Bits<67>>,
    in_b: Signal<Local, Bits<67>>,
    in_c: Signal<Local, Bits<67>>,
    in_d: Signal<Local, Bits<67>>,
    in_s: Signal<Local, Bits<67>>,
    in_t: Signal<Local, Bits<67>>,
    in_u: Signal<Local, Bits<67>>,
    in_v: Signal<Local, Bits<67>>,
    in_sum: Signal<Local, Bits<67>>,
    unused_in_sum: Signal<Local, Bits<67>>,
    // Fields of whole structs that nobody here needs.
    unused_form: Signal<Local, Form>,
    unused_c: Signal<Local, CtxEntry>,
    unused_f: Signal<Local, Dyn>,
}

impl Logic for TableCheck {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_form.next = self.form.val();
        self.unused_c.next = self.c.val();
        self.unused_f.next = self.f.val();
        self.stag_ok.next = self.tpt.val().hit
            & !self.revoked.val()
            & (self.tpt.val().key == self.form.val().stag.get_bits::<8>(0));
        self.mine.next = (self.tpt.val().pd == self.c.val().pd)
            & (!self.tpt.val().bound | (self.tpt.val().qpn == self.c.val().qpn));
        self.rights.next = self.tpt.val().rights;
        self.zero.next = !self.form.val().xlen.any();
        self.posted.next =
            (self.rqe.val().gen == self.c.val().gen) & (self.rqe.val().msn == self.f.val().smsn);
        self.reading.next = self.rdq.val().valid
            & (self.rdq.val().gen == self.c.val().gen)
            & (self.rdq.val().count == self.f.val().rd_head);
        // TO is where the octets received so far end: a + b = k, asked bit by bit of a ^ b ^ k and the carries it implies.
        self.to_b.next = bit_cast::<64, 32>(self.f.val().rd_off);
        self.to_x.next = (self.rdq.val().to ^ self.to_b.val()) ^ self.form.val().to;
        self.to_c.next = (self.rdq.val().to & self.to_b.val())
            | ((self.rdq.val().to | self.to_b.val()) & !self.form.val().to);
        self.at_to.next = self.to_x.val() == (self.to_c.val() << 1);
        // The end of the segment against the length asked for: equal likewise; beyond when a + b - k - 1 is not negative.
        self.end_a.next = bit_cast::<36, 32>(self.f.val().rd_off);
        self.end_b.next = bit_cast::<36, 32>(self.form.val().xlen);
        self.end_k.next = !bit_cast::<36, 32>(self.rdq.val().len);
        self.end_x.next = (self.end_a.val() ^ self.end_b.val()) ^ self.end_k.val();
        self.end_c.next = (self.end_a.val() & self.end_b.val())
            | ((self.end_a.val() | self.end_b.val()) & self.end_k.val());
        self.end_e.next = self.end_c.val() << 1;
        self.at_end.next = (self.end_x.val() ^ self.end_e.val()).all();
        self.end_less.next = self.end_x.val() + self.end_e.val();
        self.unused_end_less.next = self.end_less.val();
        self.past_end.next = !self.end_less.val().get_bit(35);
        // Reads that wait for their Response: received less answered, rmsn - 1 - rd_done.
        self.busy.next = self.f.val().rmsn.get_bits::<16>(0) + !self.c.val().rd_done;
        self.mlen.next = self.form.val().mo + self.form.val().xlen;

        self.r.next.stale = self.form.val().rresp & (self.head.val() != self.f.val().rd_head);
        self.r.next.inv = false;
        self.r.next.set = self.tpt.val().set;
        self.r.next.way = self.tpt.val().way;
        // Inside: base <= TO and TO - base + xlen <= limit. The second is the sign of one sum, the four operands saved
        // into two (a - b as a + !b + 1; one of the two ones is added, so that "at most 0" becomes "negative").
        self.from.next = self.form.val().to;
        self.base.next = self.tpt.val().base;
        self.limit.next = self.tpt.val().len;
        if self.form.val().send {
            self.from.next = bit_cast::<64, 32>(self.form.val().mo);
            self.base.next = 0.into();
            self.limit.next = self.rqe.val().len;
        }
        self.diff.next = bit_cast::<65, 64>(self.from.val()) - bit_cast::<65, 64>(self.base.val());
        self.in_a.next = bit_cast::<67, 64>(self.from.val());
        self.in_b.next = !bit_cast::<67, 64>(self.base.val());
        self.in_c.next = bit_cast::<67, 32>(self.form.val().xlen);
        self.in_d.next = !bit_cast::<67, 32>(self.limit.val());
        self.in_s.next = (self.in_a.val() ^ self.in_b.val()) ^ self.in_c.val();
        self.in_t.next = (((self.in_a.val() & self.in_b.val())
            | ((self.in_a.val() | self.in_b.val()) & self.in_c.val()))
            << 1)
            | 1;
        self.in_u.next = (self.in_s.val() ^ self.in_t.val()) ^ self.in_d.val();
        self.in_v.next = ((self.in_s.val() & self.in_t.val())
            | ((self.in_s.val() | self.in_t.val()) & self.in_d.val()))
            << 1;
        self.in_sum.next = self.in_u.val() + self.in_v.val();
        self.unused_in_sum.next = self.in_sum.val();
        self.r.next.off = self.diff.val().get_bits::<64>(0);
        self.r.next.outside = !self.zero.val()
            & !self.form.val().term
            & (self.diff.val().get_bit(64) | !self.in_sum.val().get_bit(66));
        self.r.next.base = self.tpt.val().pa;
        self.r.next.over = 0x1101.into(); // tagged, base or bounds
        self.r.next.done = false;
        self.r.next.idx = 0.into();
        self.r.next.mlen = self.mlen.val();

        self.r.next.err = self.form.val().err;
        if !self.form.val().err.any() {
            if self.form.val().write {
                if !self.zero.val() {
                    if !self.stag_ok.val() {
                        self.r.next.err = 0x1100.into(); // invalid STag
                    } else {
                        if !self.mine.val() {
                            self.r.next.err = 0x1102.into(); // not associated with the stream
                        } else {
                            if !self.rights.val().get_bit(0) {
                                self.r.next.err = 0x0102.into(); // no remote write right
                            } else {
                                if self.form.val().wrap {
                                    self.r.next.err = 0x1103.into(); // TO wrap
                                }
                            }
                        }
                    }
                }
            }
            if self.form.val().rresp {
                self.r.next.done = self.form.val().l;
                self.r.next.idx = self.rdq.val().sq_idx;
                self.r.next.mlen = self.rdq.val().len;
                if !self.reading.val() {
                    self.r.next.err = 0x0206.into(); // no Read outstanding
                } else {
                    // Zero length: sink STag and TO are not checked (RFC 5041 5.2).
                    if !self.zero.val() & (self.form.val().stag != self.rdq.val().stag) {
                        self.r.next.err = 0x1100.into(); // not the sink STag
                    } else {
                        if (!self.zero.val() & !self.at_to.val())
                            | self.past_end.val()
                            | (self.form.val().l != self.at_end.val())
                        {
                            self.r.next.err = 0x1101.into(); // not the octets asked for
                        } else {
                            if !self.zero.val() {
                                if !self.stag_ok.val() {
                                    self.r.next.err = 0x1100.into();
                                } else {
                                    if !self.mine.val() {
                                        self.r.next.err = 0x1102.into();
                                    } else {
                                        if !self.rights.val().get_bit(2) {
                                            self.r.next.err = 0x0102.into();
                                        } else {
                                            if self.form.val().wrap {
                                                self.r.next.err = 0x1103.into();
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            if self.form.val().send {
                self.r.next.over = 0x1205.into(); // message too long for the buffer
                self.r.next.base = self.rqe.val().addr;
                self.r.next.done = self.form.val().l;
                self.r.next.idx = self.rqe.val().idx;
                if self.form.val().msn != self.f.val().smsn {
                    self.r.next.err = 0x1203.into(); // MSN out of range
                } else {
                    if !self.posted.val() {
                        self.r.next.err = 0x1202.into(); // no receive posted
                    } else {
                        if self.form.val().mo > self.rqe.val().len {
                            self.r.next.err = 0x1204.into(); // MO outside the buffer
                        } else {
                            if self.form.val().inv & self.form.val().l {
                                self.r.next.inv = true;
                                if !self.stag_ok.val()
                                    | !self.mine.val()
                                    | !self.rights.val().get_bit(3)
                                {
                                    self.r.next.err = 0x0109.into(); // STag cannot be invalidated
                                }
                            }
                        }
                    }
                }
            }
            if self.form.val().rreq {
                self.r.next.over = 0x0101.into(); // base or bounds of the source
                if self.form.val().msn != self.f.val().rmsn {
                    self.r.next.err = 0x1203.into();
                } else {
                    if self.busy.val() >= bit_cast::<16, 8>(self.c.val().ird) {
                        self.r.next.err = 0x1202.into(); // more Reads than IRD
                    } else {
                        if self.form.val().mo.any() {
                            self.r.next.err = 0x1204.into();
                        } else {
                            if (self.form.val().dlen != 28) | !self.form.val().l {
                                self.r.next.err = 0x1205.into(); // not exactly a Read Request header
                            } else {
                                if !self.zero.val() {
                                    if !self.stag_ok.val() {
                                        self.r.next.err = 0x0100.into();
                                    } else {
                                        if !self.mine.val() {
                                            self.r.next.err = 0x0103.into();
                                        } else {
                                            if !self.rights.val().get_bit(1) {
                                                self.r.next.err = 0x0102.into();
                                            } else {
                                                if self.form.val().wrap {
                                                    self.r.next.err = 0x0104.into();
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
            if self.form.val().term {
                if self.form.val().msn != 1 {
                    self.r.next.err = 0x1203.into();
                } else {
                    if self.form.val().mo.any() {
                        self.r.next.err = 0x1204.into();
                    } else {
                        if (self.form.val().dlen < 4) | !self.form.val().l {
                            self.r.next.err = 0x1205.into();
                        }
                    }
                }
            }
        }
    }
}
