//! X3: what an FPDU or an operation comes to: [`Fault`] finds the error code, [`Delivery`] writes the `Desc` for deliver.
//!
//! Both combinational, from the registers of X3. Only `fast_bad` comes late, from the checksums, and has the last word; whether
//! there is a delivery at all is decided in [`place`](super::place).
//! Codes: layer and type octet, code octet (RFC 5040 4.8, RFC 7306 8.2). Requirements: DDP-39..DDP-3D, RDM-10, MPA-84, EXT-04.

use super::types::*;
use super::xtypes::*;
use rust_hdl::prelude::*;

/// The errors of an FPDU: the first one in the order of the layers counts.
#[derive(LogicBlock, Default)]
pub struct Fault {
    pub r: Signal<In, Ruling>,
    pub form: Signal<In, Form>,
    /// The assembler found an error, this one.
    pub told: Signal<In, bool>,
    pub term: Signal<In, Bits<16>>,
    /// Something is wrong, and the code for it.
    pub wrong: Signal<Out, bool>,
    pub err: Signal<Out, Bits<16>>,
    beyond: Signal<Local, bool>,
    denied: Signal<Local, bool>,
    third: Signal<Local, bool>,
    unused_r: Signal<Local, Ruling>,
    unused_form: Signal<Local, Form>,
}

impl Logic for Fault {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_r.next = self.r.val();
        self.unused_form.next = self.form.val();
        self.beyond.next = self.r.val().over
            | (self.r.val().ranged
                & !(self.r.val().below
                    & ((!self.r.val().borrow & self.r.val().upper_same)
                        | (self.r.val().borrow & self.r.val().upper_next & !self.r.val().near))));
        self.denied.next = self.r.val().stag | (self.r.val().tag & self.r.val().revoked);
        self.third.next = self.r.val().third | self.r.val().elsewhere | self.r.val().uneven;
        self.wrong.next = self.r.val().flaw
            | self.third.val()
            | self.r.val().barred
            | (self.r.val().tag & self.r.val().revoked)
            | self.beyond.val()
            | self.told.val();
        self.err.next = 0x1101.into(); // base or bounds
        if self.form.val().rreq {
            self.err.next = 0x0101.into();
        }
        if self.form.val().send {
            self.err.next = 0x1205.into(); // message too long for the buffer
        }
        if self.r.val().skew {
            self.err.next = 0x0207.into(); // an Atomic to no multiple of 8
        }
        if self.r.val().wrap {
            self.err.next = 0x1103.into(); // TO wrap
            if self.form.val().rreq {
                self.err.next = 0x0104.into();
            }
        }
        if self.r.val().right {
            self.err.next = 0x0102.into(); // no such right
        }
        if self.r.val().foreign {
            self.err.next = 0x1102.into(); // not associated with the stream
            if self.form.val().rreq {
                self.err.next = 0x0103.into();
            }
        }
        if self.denied.val() {
            self.err.next = 0x1100.into(); // invalid STag
            if self.form.val().rreq {
                self.err.next = 0x0100.into();
            }
        }
        if self.form.val().send & (self.denied.val() | self.r.val().foreign | self.r.val().right) {
            self.err.next = 0x0109.into(); // STag cannot be invalidated
        }
        if self.r.val().odd {
            self.err.next = 0x0206.into(); // no such atomic operation
            if self.form.val().aresp {
                self.err.next = 0x1203.into(); // not the Atomic that waits
            }
        }
        if self.r.val().shape {
            self.err.next = 0x1205.into(); // not exactly a Request's or a Response's header, no Terminate header
            if self.form.val().send {
                self.err.next = 0x0206.into(); // not the 8 octets of Immediate Data
            }
        }
        if self.third.val() {
            self.err.next = 0x1204.into(); // MO
            if self.form.val().rresp {
                self.err.next = 0x1101.into(); // not the octets asked for
            }
            if self.form.val().aresp {
                self.err.next = 0x1203.into(); // MSN out of range
            }
        }
        if self.r.val().second {
            self.err.next = 0x1202.into(); // no receive posted, more Requests than IRD
            if self.form.val().rresp {
                self.err.next = 0x1100.into(); // not the sink STag
            }
        }
        if self.r.val().first {
            self.err.next = 0x1203.into(); // MSN out of range, no Atomic outstanding
            if self.form.val().rresp {
                self.err.next = 0x0206.into(); // no Read outstanding
            }
        }
        if self.form.val().bad {
            self.err.next = 0x1000.into(); // no room for the control octets, shorter than its header
            if self.form.val().bad_dv {
                self.err.next = 0x1206.into(); // DDP version, untagged
                if self.form.val().t {
                    self.err.next = 0x1104.into(); // DDP version, tagged
                }
            }
            if self.form.val().bad_rv {
                self.err.next = 0x0205.into(); // RDMAP version
            }
            if self.form.val().bad_op {
                self.err.next = 0x0206.into(); // unexpected opcode
            }
            if self.form.val().bad_qn {
                self.err.next = 0x1201.into(); // invalid QN
            }
        }
        if self.told.val() {
            self.err.next = self.term.val();
        }
    }
}

/// The delivery of an FPDU, or of an operation that the host is told of.
#[derive(LogicBlock, Default)]
pub struct Delivery {
    pub form: Signal<In, Form>,
    pub r: Signal<In, Ruling>,
    /// The code, if something is wrong.
    pub err: Signal<In, Bits<16>>,
    pub hdr_a: Signal<In, Bits<HDR_A>>,
    pub hdr_b: Signal<In, Bits<HDR_B>>,
    /// Where the payload begins.
    pub from: Signal<In, Bits<BYTE>>,
    pub conn: Signal<In, Bits<CONN>>,
    pub gen: Signal<In, Bits<8>>,
    pub func: Signal<In, Bits<8>>,
    pub slot: Signal<In, Bits<SLOT>>,
    pub blk: Signal<In, Bits<BEAT>>,
    pub fence_id: Signal<In, Bits<10>>,
    /// A FIN cuts an FPDU short.
    pub mid: Signal<In, bool>,
    pub is_op: Signal<In, bool>,
    pub is_frame: Signal<In, bool>,
    /// An FPDU of the assembler, to be given back.
    pub pool_fpdu: Signal<In, bool>,
    pub fence: Signal<In, bool>,
    pub fin: Signal<In, bool>,
    /// CRC failed for the third time, in the assembler.
    pub op_over: Signal<In, bool>,
    /// The stream is reset.
    pub resets: Signal<In, bool>,
    /// An FPDU without an error, if its CRC is good; one of the assembler's; an error, if the CRC is good.
    pub ok: Signal<In, bool>,
    pub op_ok: Signal<In, bool>,
    pub wrong: Signal<In, bool>,
    pub at_fault: Signal<In, bool>,
    /// The fast path's CRC is bad, which is known late.
    pub fast_bad: Signal<In, bool>,
    pub desc: Signal<Out, Desc>,
    /// FPDU octets 2..47.
    pub aux: Signal<Out, Bits<368>>,
    placed: Signal<Local, bool>,
    term_code: Signal<Local, Bits<16>>,
    unused_r: Signal<Local, Ruling>,
    unused_form: Signal<Local, Form>,
}

impl Logic for Delivery {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_r.next = self.r.val();
        self.unused_form.next = self.form.val();
        // The operands of an Atomic Request are read like a payload, and kept by deliver.
        self.placed.next = ((self.form.val().write | self.form.val().rresp)
            | (self.form.val().send | (self.form.val().rreq & self.form.val().ext)))
            & self.form.val().some;
        self.desc.next.src = Src::None;
        self.desc.next.from = self.from.val();
        self.desc.next.addr = self.r.val().base + self.r.val().off;
        // What is placed is decided late and reaches `src` alone.
        self.desc.next.len = bit_cast::<17, 16>(self.form.val().dlen);
        if self.form.val().rreq {
            self.desc.next.len = 32.into(); // FPDU octets 40..71, of an Atomic
        }
        if self.fence.val() {
            self.desc.next.len = 0.into();
        }
        if self.ok.val() & self.placed.val() {
            self.desc.next.src = Src::Staging;
            if self.is_op.val() {
                self.desc.next.src = Src::Pool;
            }
        }
        if self.fast_bad.val() {
            self.desc.next.src = Src::None;
        }
        self.desc.next.conn = self.conn.val();
        self.desc.next.gen = self.gen.val();
        self.desc.next.func = self.func.val();
        self.desc.next.class = 0.into(); // dma_class::PAYLOAD
        self.desc.next.slot = self.slot.val();
        self.desc.next.free_slot = self.is_frame.val();
        self.desc.next.blk = self.blk.val();
        self.desc.next.free_blk = self.pool_fpdu.val();
        self.desc.next.event = self.fast_bad.val()
            | (self.op_over.val()
                | self.at_fault.val()
                | self.resets.val()
                | self.fin.val()
                | (self.ok.val()
                    & (self.form.val().term
                        | self.form.val().aresp
                        | ((self.form.val().send | self.form.val().rresp) & self.form.val().l))));
        self.desc.next.opcode = self.hdr_a.val().get_bits::<4>(24);
        self.desc.next.flags = 0.into();
        if self.form.val().send & self.ok.val() {
            self.desc.next.flags = (bit_cast::<8, 1>(self.form.val().inv.into()) << 1) // cpl_flag::INVALIDATED
                    | bit_cast::<8, 1>(self.form.val().se.into()); // cpl_flag::SOLICITED
        }
        if self.fast_bad.val() {
            self.desc.next.flags = 0.into();
        }
        self.desc.next.msn = self.form.val().msn;
        self.desc.next.idx = self.r.val().idx;
        self.desc.next.stag = self.form.val().stag;
        self.desc.next.aux = (self.at_fault.val() & !self.fast_bad.val())
            | (self.op_ok.val() & self.form.val().rreq)
            | (self.op_ok.val() & (self.form.val().term | self.form.val().ext));
        self.desc.next.rreq = self.op_ok.val() & self.form.val().rreq;
        self.desc.next.fence = self.fence.val();
        self.desc.next.fence_id = self.fence_id.val();
        if self.fence.val() {
            self.desc.next.class = 5.into(); // dma_class::FENCE
        }
        self.desc.next.kind = 0.into(); // cpl_kind::RECV
        if self.form.val().rresp | self.form.val().aresp {
            self.desc.next.kind = 1.into(); // cpl_kind::READ_DONE
        }
        if self.form.val().term {
            self.desc.next.kind = 2.into(); // cpl_kind::TERMINATE
        }
        self.desc.next.mlen = self.r.val().mlen;
        self.term_code.next = 0.into();
        if self.wrong.val() {
            self.term_code.next = self.err.val();
        }
        if self.op_ok.val() & self.form.val().term {
            // Octets 20 and 21 of the FPDU: layer, type and code.
            self.term_code.next = (bit_cast::<16, 8>(self.hdr_b.val().get_bits::<8>(0)) << 8)
                | bit_cast::<16, 8>(self.hdr_b.val().get_bits::<8>(8));
        }
        if self.fin.val() {
            self.term_code.next = 0.into();
            if self.mid.val() {
                self.term_code.next = 0x2001.into(); // term::MPA_CLOSED: an FPDU is cut short (MPA-84)
            }
        }
        if self.op_over.val() {
            self.term_code.next = 0x2002.into(); // term::MPA_CRC
        }
        self.desc.next.term = self.term_code.val();
        if self.at_fault.val() {
            self.desc.next.kind = 3.into(); // cpl_kind::ERROR
        }
        if self.at_fault.val() & !self.fast_bad.val() {
            // The ULPDU length of the offender, octets 0 and 1.
            self.desc.next.mlen = (bit_cast::<32, 8>(self.hdr_a.val().get_bits::<8>(0)) << 8)
                | bit_cast::<32, 8>(self.hdr_a.val().get_bits::<8>(8));
        }
        if self.op_over.val() {
            self.desc.next.kind = 3.into(); // cpl_kind::ERROR
        }
        if self.fast_bad.val() {
            self.desc.next.kind = 3.into(); // cpl_kind::ERROR
            self.desc.next.term = 0x2002.into(); // term::MPA_CRC
        }
        if self.resets.val() {
            self.desc.next.kind = 5.into(); // cpl_kind::RST
            self.desc.next.term = 0.into();
        }
        if self.fin.val() {
            self.desc.next.kind = 4.into(); // cpl_kind::FIN
        }
        self.aux.next = (bit_cast::<368, 224>(self.hdr_b.val()) << 144)
            | bit_cast::<368, 144>(self.hdr_a.val().get_bits::<144>(16));
    }
}
