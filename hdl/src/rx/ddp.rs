//! X1 and X2, DDP and RDMAP side: what the header alone says ([`FormCheck`]) and what the tables say ([`TableCheck`]).
//!
//! Both combinational; X2 leaves single bits, X3 makes the code of them. The order of the tests fixes which code a segment with several faults gets:
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
    pub form: Signal<Out, Form>,
    swap: Bswap<224>,
    be: Signal<Local, Bits<224>>,
    ulen: Signal<Local, Bits<18>>,
    short: Signal<Local, bool>,
    send: Signal<Local, bool>,
    tagged_op: Signal<Local, bool>,
    known: Signal<Local, bool>,
    queue: Signal<Local, Bits<32>>,
    op: Signal<Local, Bits<4>>,
    to: Signal<Local, Bits<64>>,
    /// ULPDU length or Read size, what is to be added to make it the payload's.
    size: Signal<Local, Bits<34>>,
    less: Signal<Local, Bits<34>>,
    /// Header octets less one: their complement is the negative header length.
    tagged_hdr: Signal<Local, Bits<4>>,
    untagged_hdr: Signal<Local, Bits<5>>,
    dlen: Signal<Local, Bits<16>>,
    no_len: Signal<Local, bool>,
    dv_ok: Signal<Local, bool>,
    rv_ok: Signal<Local, bool>,
    op_ok: Signal<Local, bool>,
    qn_ok: Signal<Local, bool>,
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
        self.ulen.next = bit_cast::<18, 16>(self.h.val().ulen) + 9;
        self.form.next.fpdu = 0.into();
        if (self.h.val().t & self.tagged_op.val()) | (!self.h.val().t & self.send.val()) {
            self.form.next.fpdu = self.ulen.val() & 0x3FFFC;
        }

        self.dlen.next = self.h.val().ulen - 18;
        self.short.next = self.h.val().ulen < 18;
        self.form.next.some = self.h.val().ulen != 18;
        if self.h.val().t {
            self.dlen.next = self.h.val().ulen - 14;
            self.short.next = self.h.val().ulen < 14;
            self.form.next.some = self.h.val().ulen != 14;
        }

        self.to.next = self.h.val().to;
        self.form.next.xlen = bit_cast::<32, 16>(self.dlen.val());
        self.form.next.stag = self.h.val().stag;
        // Of the other kinds only tagged ones have a range; their length without the chain that makes `dlen`.
        self.size.next = bit_cast::<34, 16>(self.h.val().ulen);
        self.tagged_hdr.next = 13.into();
        self.less.next = !bit_cast::<34, 4>(self.tagged_hdr.val());
        if self.op.val() == 1 {
            // Source TO, size and source STag of the Read Request header (RFC 5040 4.4).
            self.to.next = self.be.val().get_bits::<64>(0);
            self.form.next.xlen = self.be.val().get_bits::<32>(96);
            self.form.next.stag = self.be.val().get_bits::<32>(64);
            self.size.next = bit_cast::<34, 32>(self.be.val().get_bits::<32>(96));
            self.less.next = 0.into();
        }
        self.form.next.sum = (bit_cast::<34, 32>(self.to.val().get_bits::<32>(0))
            + self.size.val())
            + self.less.val();
        self.untagged_hdr.next = 17.into();
        self.form.next.end = (bit_cast::<33, 32>(self.h.val().mo)
            + bit_cast::<33, 16>(self.h.val().ulen))
            + !bit_cast::<33, 5>(self.untagged_hdr.val());

        self.form.next.t = self.h.val().t;
        self.form.next.write = self.op.val() == 0;
        self.form.next.rresp = self.op.val() == 2;
        self.form.next.send = self.send.val();
        self.form.next.inv = (self.op.val() == 4) | (self.op.val() == 6);
        self.form.next.se = (self.op.val() == 5) | (self.op.val() == 6);
        self.form.next.rreq = self.op.val() == 1;
        self.form.next.term = self.op.val() == 7;
        self.form.next.l = self.h.val().l;
        self.form.next.dlen = self.dlen.val();
        self.form.next.to = self.to.val();
        self.form.next.msn = self.h.val().msn;
        self.form.next.mo = self.h.val().mo;
        // A Read Request is all header, a Terminate has its control word at least.
        self.form.next.shape = !self.h.val().l | (self.h.val().ulen != 46);
        if self.op.val() == 7 {
            self.form.next.shape = !self.h.val().l | (self.h.val().ulen < 22);
        }

        // The first that fails counts.
        self.no_len.next = self.h.val().ulen < 2;
        self.dv_ok.next = self.h.val().dv == 1;
        self.rv_ok.next = self.h.val().rv == 1;
        self.op_ok.next = self.known.val() & (self.h.val().t == self.tagged_op.val());
        self.qn_ok.next = self.h.val().t | (self.h.val().qn == self.queue.val());
        self.form.next.bad_len = self.no_len.val() | (self.dv_ok.val() & self.short.val());
        self.form.next.bad_dv = !self.no_len.val() & !self.dv_ok.val();
        self.form.next.bad_rv =
            self.dv_ok.val() & !self.no_len.val() & !self.short.val() & !self.rv_ok.val();
        self.form.next.bad_op = self.dv_ok.val()
            & !self.no_len.val()
            & !self.short.val()
            & self.rv_ok.val()
            & !self.op_ok.val();
        self.form.next.bad_qn = self.dv_ok.val()
            & !self.no_len.val()
            & !self.short.val()
            & self.rv_ok.val()
            & self.op_ok.val()
            & !self.qn_ok.val();
        self.form.next.bad = self.no_len.val()
            | self.short.val()
            | !self.dv_ok.val()
            | !self.rv_ok.val()
            | !self.op_ok.val()
            | !self.qn_ok.val();
    }
}

/// X2: everything the tables decide, as single bits.
#[derive(LogicBlock, Default)]
pub struct TableCheck {
    pub form: Signal<In, Form>,
    pub c: Signal<In, CtxEntry>,
    pub f: Signal<In, Dyn>,
    pub tpt: Signal<In, TptEntry>,
    pub rqe: Signal<In, Rqe>,
    pub rdq: Signal<In, Rdq>,
    /// The entry was invalidated by a message that is still in the pipeline.
    pub revoked: Signal<In, bool>,
    pub r: Signal<Out, Ruling>,
    /// Octets received of the Read, with these.
    pub got: Signal<Out, Bits<32>>,
    zero: Signal<Local, bool>,
    rights: Signal<Local, Bits<4>>,
    ranged: Signal<Local, bool>,
    tag: Signal<Local, bool>,
    stag_bad: Signal<Local, bool>,
    foreign: Signal<Local, bool>,
    right_bad: Signal<Local, bool>,
    wrap: Signal<Local, bool>,
    reading: Signal<Local, bool>,
    posted: Signal<Local, bool>,
    msn_bad: Signal<Local, bool>,
    // Sums that are only compared: no carry chain for an equality.
    to_b: Signal<Local, Bits<64>>,
    to_x: Signal<Local, Bits<64>>,
    to_c: Signal<Local, Bits<64>>,
    at_to: Signal<Local, bool>,
    end_gap: Signal<Local, Bits<35>>,
    end_left: Signal<Local, Bits<35>>,
    unused_end_gap: Signal<Local, Bits<35>>,
    unused_end_left: Signal<Local, Bits<35>>,
    end_bad: Signal<Local, bool>,
    busy: Signal<Local, Bits<16>>,
    up: Signal<Local, Bits<32>>,
    up_base: Signal<Local, Bits<32>>,
    up_x: Signal<Local, Bits<32>>,
    up_c: Signal<Local, Bits<32>>,
    diff: Signal<Local, Bits<64>>,
    past: Signal<Local, Bits<35>>,
    unused_past: Signal<Local, Bits<35>>,
    first: Signal<Local, bool>,
    second: Signal<Local, bool>,
    third: Signal<Local, bool>,
    shape: Signal<Local, bool>,
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

        // STag: for octets to be placed or read, and for what a Send invalidates.
        self.zero.next = !self.form.val().xlen.any();
        self.ranged.next = self.form.val().write | self.form.val().rresp | self.form.val().rreq;
        self.tag.next = (self.ranged.val() & !self.zero.val())
            | (self.form.val().send & self.form.val().inv & self.form.val().l);
        self.rights.next = self.tpt.val().rights;
        self.stag_bad.next = self.tag.val()
            & (!self.tpt.val().hit | (self.tpt.val().key != self.form.val().stag.get_bits::<8>(0)));
        self.foreign.next = self.tag.val()
            & ((self.tpt.val().pd != self.c.val().pd)
                | (self.tpt.val().bound & (self.tpt.val().qpn != self.c.val().qpn)));
        self.right_bad.next = self.tag.val()
            & ((self.form.val().write & !self.rights.val().get_bit(0))
                | (self.form.val().rreq & !self.rights.val().get_bit(1))
                | (self.form.val().rresp & !self.rights.val().get_bit(2))
                | (self.form.val().send & !self.rights.val().get_bit(3)));
        // The upper half of TO passes 2^32 only when it is all ones. A range that ends exactly at 2^64 does not wrap.
        self.wrap.next = self.ranged.val()
            & !self.zero.val()
            & self.form.val().to.get_bits::<32>(32).all()
            & self.form.val().sum.get_bit(32)
            & self.form.val().sum.get_bits::<32>(0).any();
        self.r.next.tag = self.tag.val();
        self.r.next.stag = self.stag_bad.val();
        self.r.next.foreign = self.foreign.val();
        self.r.next.right = self.right_bad.val();
        self.r.next.wrap = self.wrap.val();
        self.r.next.barred =
            self.stag_bad.val() | self.foreign.val() | self.right_bad.val() | self.wrap.val();
        self.r.next.revoked = self.revoked.val();

        // Range: base <= TO and TO - base + xlen <= length. The length has 32 bits: the upper half of TO - base must be 0.
        self.up.next = self.form.val().to.get_bits::<32>(32);
        self.up_base.next = self.tpt.val().base.get_bits::<32>(32);
        self.r.next.ranged = self.ranged.val() & !self.zero.val();
        self.r.next.upper_same = self.up.val() == self.up_base.val();
        // a = b + 1 as a + !b = 0: every bit of a ^ !b is the carry that a | !b below it makes.
        self.up_x.next = self.up.val() ^ !self.up_base.val();
        self.up_c.next = (self.up.val() | !self.up_base.val()) << 1;
        self.r.next.upper_next = self.up_x.val() == self.up_c.val();
        self.diff.next = self.form.val().to - self.tpt.val().base;
        self.r.next.borrow = self.diff.val().get_bit(32)
            ^ (self.form.val().to.get_bit(32) ^ self.tpt.val().base.get_bit(32));
        self.past.next = (bit_cast::<35, 34>(self.form.val().sum)
            - bit_cast::<35, 32>(self.tpt.val().base.get_bits::<32>(0)))
            + !bit_cast::<35, 32>(self.tpt.val().len);
        self.unused_past.next = self.past.val();
        self.r.next.below = self.past.val().get_bit(34);
        self.r.next.near = self.past.val().get_bit(32);
        self.r.next.off = self.diff.val();
        self.r.next.base = self.tpt.val().pa;
        self.r.next.set = self.tpt.val().set;
        self.r.next.way = self.tpt.val().way;

        // Read Response: a Read is outstanding, and TO is where the octets received so far end: a + b = k, asked bit by bit
        // of a ^ b ^ k and the carries it implies.
        self.reading.next = self.rdq.val().valid
            & (self.rdq.val().gen == self.c.val().gen)
            & (self.rdq.val().count == self.f.val().rd_head);
        self.to_b.next = bit_cast::<64, 32>(self.f.val().rd_off);
        self.to_x.next = (self.rdq.val().to ^ self.to_b.val()) ^ self.form.val().to;
        self.to_c.next = ((self.rdq.val().to & self.to_b.val())
            | ((self.rdq.val().to | self.to_b.val()) & !self.form.val().to))
            << 1;
        self.at_to.next = self.to_x.val() == self.to_c.val();
        // The last segment ends where the Read does, no other one reaches that.
        self.got.next = self.f.val().rd_off + self.form.val().xlen;
        self.end_gap.next = (bit_cast::<35, 32>(self.f.val().rd_off)
            + bit_cast::<35, 32>(self.form.val().xlen))
            - bit_cast::<35, 32>(self.rdq.val().len);
        self.end_left.next = (bit_cast::<35, 32>(self.f.val().rd_off)
            + bit_cast::<35, 32>(self.form.val().xlen))
            + !bit_cast::<35, 32>(self.rdq.val().len);
        self.unused_end_gap.next = self.end_gap.val();
        self.unused_end_left.next = self.end_left.val();
        self.end_bad.next = !self.end_gap.val().get_bit(34);
        if self.form.val().l {
            self.end_bad.next = self.end_gap.val().get_bit(34) | !self.end_left.val().get_bit(34);
        }
        self.r.next.stale = self.form.val().rresp & (self.c.val().rd_head != self.f.val().rd_head);

        // Send: a receive of this MSN is posted.
        self.posted.next =
            (self.rqe.val().gen == self.c.val().gen) & (self.rqe.val().msn == self.f.val().smsn);
        self.r.next.over = self.form.val().send
            & !self.zero.val()
            & (self.form.val().end > bit_cast::<33, 32>(self.rqe.val().len));
        // Reads that wait for their Response: received less answered, rmsn - 1 - rd_done.
        self.busy.next = self.f.val().rmsn.get_bits::<16>(0) + !self.c.val().rd_done;

        self.msn_bad.next = (self.form.val().send & (self.form.val().msn != self.f.val().smsn))
            | (self.form.val().rreq & (self.form.val().msn != self.f.val().rmsn))
            | (self.form.val().term & (self.form.val().msn != 1));
        self.first.next = self.msn_bad.val() | (self.form.val().rresp & !self.reading.val());
        self.second.next = (self.form.val().rresp
            & !self.zero.val()
            & (self.form.val().stag != self.rdq.val().stag))
            | (self.form.val().send & !self.posted.val())
            | (self.form.val().rreq & (self.busy.val() >= bit_cast::<16, 8>(self.c.val().ird)));
        self.third.next = (self.form.val().rresp
            & (self.end_bad.val() | (!self.zero.val() & !self.at_to.val())))
            | (self.form.val().send & (self.form.val().mo > self.rqe.val().len))
            | ((self.form.val().rreq | self.form.val().term) & self.form.val().mo.any());
        self.shape.next = (self.form.val().rreq | self.form.val().term) & self.form.val().shape;
        self.r.next.first = self.first.val();
        self.r.next.second = self.second.val();
        self.r.next.third = self.third.val();
        self.r.next.shape = self.shape.val();
        self.r.next.flaw = self.form.val().bad
            | self.first.val()
            | self.second.val()
            | self.third.val()
            | self.shape.val();

        self.r.next.idx = 0.into();
        self.r.next.mlen = self.form.val().end.get_bits::<32>(0);
        if self.form.val().rresp {
            self.r.next.idx = self.rdq.val().sq_idx;
            self.r.next.mlen = self.rdq.val().len;
        }
        if self.form.val().send {
            self.r.next.idx = self.rqe.val().idx;
            self.r.next.base = self.rqe.val().addr;
            self.r.next.off = bit_cast::<64, 32>(self.form.val().mo);
        }
    }
}
