//! X1 and X2, DDP and RDMAP side: what the header alone says ([`FormCheck`]) and what the tables say ([`TableCheck`]).
//!
//! Both combinational; X2 leaves single bits, X3 makes the code of them. The order of the tests fixes which code a segment with several faults gets:
//! length and version, opcode, T and QN (RFC 5041 7, RFC 5040 7.2); then tagged: STag and key, association, rights, wrap,
//! bounds; untagged: MSN, buffer, MO, invalidation, length. Zero-length tagged segments skip the STag checks
//! (RFC 5041 5.2). Codes are the first ones of CONFORMANCE: layer and type octet, then the code octet.
//! RFC 7306: Immediate Data is a Send of 8 octets that go into the completion, not into the buffer. An Atomic Request is a Read
//! Request of 8 octets that needs the rights to read and to write, and an address that 8 divides. An Atomic Response is for the
//! oldest Read or Atomic of ours, if that is an Atomic with its MSN and its Request Identifier.
//! Requirements: DDP-05, DDP-14, DDP-30..DDP-3F, RDM-02..RDM-0A, RDM-13, RDM-24..RDM-29, RDM-30, RDM-31, RDM-33, EXT-02,
//! EXT-03, EXT-06, EXT-08, EXT-09, EXT-0A, EXT-0F, EXT-10, EXT-15, EXT-17, EXT-19.

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
    /// FPDU octets 20..47, for Requests and Atomic Responses; valid for operations only.
    pub raw_b: Signal<In, Bits<HDR_B>>,
    /// Low bits of the count of Reads answered.
    pub rd_done: Signal<In, Bits<16>>,
    pub form: Signal<Out, Form>,
    swap: Bswap<224>,
    be: Signal<Local, Bits<224>>,
    ulen: Signal<Local, Bits<18>>,
    some: Signal<Local, bool>,
    low: Signal<Local, Bits<4>>,
    tiny: Signal<Local, bool>,
    short: Signal<Local, bool>,
    send: Signal<Local, bool>,
    ext: Signal<Local, bool>,
    immediate: Signal<Local, bool>,
    atomic: Signal<Local, bool>,
    tagged_op: Signal<Local, bool>,
    known: Signal<Local, bool>,
    /// ULPDU length that belongs to an opcode of fixed length.
    whole: Signal<Local, Bits<16>>,
    odd_len: Signal<Local, bool>,
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
        self.send.next = ((self.op.val() == 3) | (self.op.val() == 4))
            | ((self.op.val() == 5) | (self.op.val() == 6));
        self.tagged_op.next = (self.op.val() == 0) | (self.op.val() == 2);
        // Opcodes 8 to 11 are those of RFC 7306, the ones above are nobody's.
        self.ext.next = self.op.val().get_bit(3);
        self.known.next = !self.op.val().get_bit(3) | !self.op.val().get_bit(2);
        self.immediate.next = self.ext.val() & !self.op.val().get_bit(1);
        self.atomic.next = self.ext.val() & self.op.val().get_bit(1) & !self.op.val().get_bit(0);
        // Queue that belongs to an untagged opcode (RFC 5040 Figure 4, RFC 7306 Figure 2).
        self.queue.next = 0.into();
        if (self.op.val() == 1) | self.atomic.val() {
            self.queue.next = 1.into();
        }
        if self.op.val() == 11 {
            self.queue.next = 3.into();
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
        // Comparisons with small constants, bit by bit: no carry chain.
        self.low.next = self.h.val().ulen.get_bits::<4>(1);
        self.tiny.next = !self.h.val().ulen.get_bits::<11>(5).any();
        self.no_len.next = self.tiny.val() & !self.low.val().any();
        self.short.next =
            self.tiny.val() & (!self.low.val().get_bit(3) | !self.low.val().get_bits::<3>(0).any());
        self.some.next = self.h.val().ulen != 18;
        if self.h.val().t {
            self.dlen.next = self.h.val().ulen - 14;
            self.short.next = self.tiny.val()
                & !self.low.val().get_bit(3)
                & !self.low.val().get_bits::<3>(0).all();
            self.some.next = self.h.val().ulen != 14;
        }

        // Of an untagged one octets 8..15: an Atomic Response is known by its {queue number, MSN}.
        self.to.next = self.h.val().to;
        // Immediate Data is placed nowhere.
        self.form.next.some = self.some.val() & !self.immediate.val();
        self.form.next.zero = !self.some.val() | self.immediate.val();
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
            self.form.next.zero = !self.be.val().get_bits::<32>(96).any();
            self.form.next.stag = self.be.val().get_bits::<32>(64);
            self.size.next = bit_cast::<34, 32>(self.be.val().get_bits::<32>(96));
            self.less.next = 0.into();
        }
        if self.atomic.val() {
            // Remote TO and remote STag of the Atomic Request header (RFC 7306 5.2.1): 8 octets.
            self.to.next = self.be.val().get_bits::<64>(64);
            self.form.next.zero = false;
            self.form.next.stag = self.be.val().get_bits::<32>(128);
            self.size.next = 8.into();
            self.less.next = 0.into();
        }
        if self.op.val() == 11 {
            // Original Request Identifier.
            self.form.next.stag = self.be.val().get_bits::<32>(192);
        }
        self.form.next.sum = (bit_cast::<34, 32>(self.to.val().get_bits::<32>(0))
            + self.size.val())
            + self.less.val();
        self.untagged_hdr.next = 17.into();
        self.form.next.end = (bit_cast::<33, 32>(self.h.val().mo)
            + bit_cast::<33, 16>(self.h.val().ulen))
            + !bit_cast::<33, 5>(self.untagged_hdr.val());

        // Reads that wait for their Response: received less answered, rmsn - 1 - rd_done. An MSN other than rmsn is an error
        // that comes first.
        self.form.next.busy = self.h.val().msn.get_bits::<16>(0) + !self.rd_done.val();

        self.form.next.t = self.h.val().t;
        self.form.next.write = self.op.val() == 0;
        self.form.next.rresp = self.op.val() == 2;
        self.form.next.send = self.send.val() | self.immediate.val();
        self.form.next.inv = (self.op.val() == 4) | (self.op.val() == 6);
        self.form.next.se = ((self.op.val() == 5) | (self.op.val() == 6)) | (self.op.val() == 9);
        self.form.next.rreq = (self.op.val() == 1) | self.atomic.val();
        self.form.next.term = self.op.val() == 7;
        self.form.next.aresp = self.op.val() == 11;
        self.form.next.ext = self.ext.val();
        // AOpCode, the low four bits of octet 23: 0 is FetchAdd, 2 CmpSwap. The 28 bits above are reserved.
        self.form.next.odd = self.atomic.val()
            & (self.be.val().get_bits::<2>(194).any() | self.be.val().get_bit(192));
        self.form.next.l = self.h.val().l;
        self.form.next.dlen = self.dlen.val();
        self.form.next.to = self.to.val();
        self.form.next.msn = self.h.val().msn;
        self.form.next.mo = self.h.val().mo;
        // Requests and Atomic Responses are all header, Immediate Data has 8 octets (RFC 7306 6.3), a Terminate has its
        // control word at least.
        self.whole.next = 46.into();
        if self.immediate.val() {
            self.whole.next = 26.into();
        }
        if self.atomic.val() {
            self.whole.next = 70.into();
        }
        if self.op.val() == 11 {
            self.whole.next = 30.into();
        }
        self.odd_len.next = self.h.val().ulen != self.whole.val();
        if self.op.val() == 7 {
            self.odd_len.next = self.tiny.val()
                & (!self.low.val().get_bit(3)
                    | (!self.low.val().get_bit(2) & !self.low.val().get_bits::<2>(0).all()));
        }
        self.form.next.shape = !self.h.val().l | self.odd_len.val();
        if self.immediate.val() | (self.op.val() == 11) {
            // The buffer is not theirs to choose the place in.
            self.form.next.shape = !self.h.val().l | self.odd_len.val() | self.h.val().mo.any();
        }
        if (self.op.val() == 0) | (self.op.val() == 2) | self.send.val() {
            self.form.next.shape = false;
        }

        // The first that fails counts.
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
    odd: Signal<Local, bool>,
    skew: Signal<Local, bool>,
    low: Signal<Local, Bits<3>>,
    // Sums that are only compared: no carry chain for an equality.
    to_b: Signal<Local, Bits<64>>,
    to_x: Signal<Local, Bits<64>>,
    to_c: Signal<Local, Bits<64>>,
    at_to: Signal<Local, bool>,
    end_a: Signal<Local, Bits<36>>,
    end_b: Signal<Local, Bits<36>>,
    end_k: Signal<Local, Bits<36>>,
    end_x: Signal<Local, Bits<36>>,
    end_c: Signal<Local, Bits<36>>,
    end_sum: Signal<Local, Bits<36>>,
    unused_end_sum: Signal<Local, Bits<36>>,
    at_end: Signal<Local, bool>,
    end_bad: Signal<Local, bool>,
    up: Signal<Local, Bits<32>>,
    up_base: Signal<Local, Bits<32>>,
    up_x: Signal<Local, Bits<32>>,
    up_c: Signal<Local, Bits<32>>,
    diff: Signal<Local, Bits<64>>,
    past: Signal<Local, Bits<35>>,
    unused_past: Signal<Local, Bits<35>>,
    first: Signal<Local, bool>,
    second: Signal<Local, bool>,
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
        self.ranged.next = self.form.val().write | self.form.val().rresp | self.form.val().rreq;
        self.tag.next = (self.ranged.val() & !self.form.val().zero)
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
                | (self.form.val().rreq & self.form.val().ext & !self.rights.val().get_bit(0))
                | (self.form.val().rresp & !self.rights.val().get_bit(2))
                | (self.form.val().send & !self.rights.val().get_bit(3)));
        // The upper half of TO passes 2^32 only when it is all ones. A range that ends exactly at 2^64 does not wrap.
        self.wrap.next = self.ranged.val()
            & !self.form.val().zero
            & self.form.val().to.get_bits::<32>(32).all()
            & self.form.val().sum.get_bit(32)
            & self.form.val().sum.get_bits::<32>(0).any();
        self.r.next.tag = self.tag.val();
        self.r.next.stag = self.stag_bad.val();
        self.r.next.foreign = self.foreign.val();
        self.r.next.right = self.right_bad.val();
        self.r.next.wrap = self.wrap.val();
        // Of an Atomic Request the address in memory counts: its lowest three bits (RFC 7306 8.2).
        self.low.next = (self.form.val().to.get_bits::<3>(0)
            - self.tpt.val().base.get_bits::<3>(0))
            + self.tpt.val().pa.get_bits::<3>(0);
        self.skew.next = self.form.val().rreq & self.form.val().ext & self.low.val().any();
        self.r.next.skew = self.skew.val();
        // No such operation; a Response with another Request Identifier.
        self.odd.next = (self.form.val().rreq & self.form.val().odd)
            | (self.form.val().aresp & (self.form.val().stag != self.rdq.val().stag));
        self.r.next.odd = self.odd.val();
        self.r.next.barred = (self.stag_bad.val() | self.foreign.val())
            | (self.right_bad.val() | self.wrap.val())
            | (self.odd.val() | self.skew.val());
        self.r.next.revoked = self.revoked.val();

        // Range: base <= TO and TO - base + xlen <= length. The length has 32 bits: the upper half of TO - base must be 0.
        self.up.next = self.form.val().to.get_bits::<32>(32);
        self.up_base.next = self.tpt.val().base.get_bits::<32>(32);
        self.r.next.ranged = self.ranged.val() & !self.form.val().zero;
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
        // of a ^ b ^ k and the carries it implies. Atomic Response: an Atomic is, no octets have come, and {queue number, MSN}
        // stand in for TO.
        self.reading.next = self.rdq.val().valid
            & (self.rdq.val().gen == self.c.val().gen)
            & (self.rdq.val().atomic == self.form.val().aresp)
            & (self.rdq.val().count == self.f.val().rd_head);
        self.to_b.next = bit_cast::<64, 32>(self.f.val().rd_off);
        self.to_x.next = (self.rdq.val().to ^ self.to_b.val()) ^ self.form.val().to;
        self.to_c.next = ((self.rdq.val().to & self.to_b.val())
            | ((self.rdq.val().to | self.to_b.val()) & !self.form.val().to))
            << 1;
        self.at_to.next = self.to_x.val() == self.to_c.val();
        // The last segment ends where the Read does, no other one reaches that.
        self.got.next = self.f.val().rd_off + self.form.val().xlen;
        // Equal likewise; beyond when a + b - k - 1 is not negative.
        self.end_a.next = bit_cast::<36, 32>(self.f.val().rd_off);
        self.end_b.next = bit_cast::<36, 32>(self.form.val().xlen);
        self.end_k.next = !bit_cast::<36, 32>(self.rdq.val().len);
        self.end_x.next = (self.end_a.val() ^ self.end_b.val()) ^ self.end_k.val();
        self.end_c.next = ((self.end_a.val() & self.end_b.val())
            | ((self.end_a.val() | self.end_b.val()) & self.end_k.val()))
            << 1;
        self.at_end.next = (self.end_x.val() ^ self.end_c.val()).all();
        self.end_sum.next = self.end_x.val() + self.end_c.val();
        self.unused_end_sum.next = self.end_sum.val();
        self.end_bad.next =
            !self.end_sum.val().get_bit(35) | (self.form.val().l != self.at_end.val());
        self.r.next.stale = self.form.val().rresp & (self.c.val().rd_head != self.f.val().rd_head);

        // Send: a receive of this MSN is posted.
        self.posted.next =
            (self.rqe.val().gen == self.c.val().gen) & (self.rqe.val().msn == self.f.val().smsn);
        self.r.next.over = self.form.val().send
            & !self.form.val().zero
            & (self.form.val().end > bit_cast::<33, 32>(self.rqe.val().len));

        self.msn_bad.next = (self.form.val().send & (self.form.val().msn != self.f.val().smsn))
            | (self.form.val().rreq & (self.form.val().msn != self.f.val().rmsn))
            | (self.form.val().term & (self.form.val().msn != 1));
        self.first.next = self.msn_bad.val()
            | ((self.form.val().rresp | self.form.val().aresp) & !self.reading.val());
        self.second.next = (self.form.val().rresp
            & !self.form.val().zero
            & (self.form.val().stag != self.rdq.val().stag))
            | (self.form.val().send & !self.posted.val())
            | (self.form.val().rreq
                & (self.form.val().busy.get_bits::<8>(8).any()
                    | (self.form.val().busy.get_bits::<8>(0) >= self.c.val().ird)));
        self.r.next.third = (self.form.val().send & (self.form.val().mo > self.rqe.val().len))
            | ((self.form.val().rreq | self.form.val().term) & self.form.val().mo.any());
        self.r.next.elsewhere = ((self.form.val().rresp & !self.form.val().zero)
            | self.form.val().aresp)
            & !self.at_to.val();
        self.r.next.uneven = self.form.val().rresp & self.end_bad.val();
        self.r.next.first = self.first.val();
        self.r.next.second = self.second.val();
        self.r.next.shape = self.form.val().shape;
        self.r.next.flaw =
            self.form.val().bad | self.first.val() | self.second.val() | self.form.val().shape;

        self.r.next.idx = 0.into();
        self.r.next.mlen = self.form.val().end.get_bits::<32>(0);
        if self.form.val().rresp | self.form.val().aresp {
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
