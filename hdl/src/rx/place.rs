//! X3: carries out what X1 and X2 decided, once checksums and CRC are known.
//!
//! Inputs are registered here (X2 -> X3) except `scan`, whose FIFO is popped in this stage. Everything else is
//! combinational into FIFOs with registers: a delivery pushed in X3 shows as `dma_wr_req` in the next cycle.
//! The new `Dyn` is written in X3 and forwarded to an X1 in the same cycle.
//!
//! What is acknowledged (DESIGN 5): a fast FPDU with its CRC; assembled octets when the assembler reports the segment.
//! `ack.rcv_nxt` counts only with a mode other than none. While segments wait in the assembler (`pend`), `rcv_nxt` is ahead
//! of what may be acknowledged, so duplicates then ask for no ACK: the assembler's report is about to.
//! CRC: the first two failures of an FPDU of which nothing is acknowledged are dropped for TCP to repair, the third is
//! error 0x2002 (MPA-76, MPA-77). Requirements: MPA-54, DDP-21..DDP-24, DDP-39..DDP-3D, RDM-10, RDM-31.

use super::types::*;
use super::xtypes::*;
use crate::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct Place {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // X2
    pub op: Signal<In, bool>,
    pub frame: Signal<In, bool>,
    pub mine: Signal<In, bool>,
    pub gone: Signal<In, bool>,
    pub d: Signal<In, FrameDone>,
    pub c: Signal<In, CtxEntry>,
    pub o: Signal<In, Op>,
    pub f: Signal<In, Dyn>,
    pub v: Signal<In, Verdict>,
    pub form: Signal<In, Form>,
    /// What `rcv_nxt` would become.
    pub next_seq: Signal<In, Bits<32>>,
    /// Staging byte address of the TCP payload.
    pub base: Signal<In, Bits<BYTE>>,
    pub r: Signal<In, Ruling>,
    pub hdrb: Signal<In, Bits<HDR_B>>,
    // X3
    pub scan: Signal<In, Scan>,
    pub scan_pop: Signal<Out, bool>,
    /// A frame or an operation leaves the pipeline.
    pub step: Signal<Out, bool>,
    pub x_push: Signal<Out, bool>,
    pub x_desc: Signal<Out, Desc>,
    pub aux: Signal<Out, Bits<368>>,
    pub ack_push: Signal<Out, bool>,
    pub ack: Signal<Out, Ack>,
    pub seg_push: Signal<Out, bool>,
    pub seg: Signal<Out, Seg>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    pub dyn_we: Signal<Out, bool>,
    pub dyn_conn: Signal<Out, Bits<CONN>>,
    pub dyn_row: Signal<Out, Dyn>,
    /// `rcv_nxt` becomes `alt`, known since X2; else it stays.
    pub take: Signal<Out, bool>,
    pub alt: Signal<Out, Bits<32>>,
    pub inv_valid: Signal<Out, bool>,
    pub inv_set: Signal<Out, Bits<16>>,
    pub inv_way: Signal<Out, Bits<4>>,
    pub op_done: Signal<Out, bool>,
    pub op_ok: Signal<Out, bool>,
    pub why: Signal<Out, Tally>,
    /// An assembled FPDU leaves the pipeline.
    pub fpdu_out: Signal<Out, bool>,

    is_op: Reg<bool>,
    is_frame: Reg<bool>,
    is_mine: Reg<bool>,
    is_gone: Reg<bool>,
    dq: RegNr<FrameDone>,
    cq: RegNr<CtxEntry>,
    oq: RegNr<Op>,
    fq: RegNr<Dyn>,
    vq: RegNr<Verdict>,
    formq: RegNr<Form>,
    baseq: RegNr<Bits<BYTE>>,
    rq: RegNr<Ruling>,
    hdrbq: RegNr<Bits<HDR_B>>,
    altq: RegNr<Bits<32>>,
    // Decoded in X2, so that X3 begins with single bits.
    wholeq: Reg<bool>,
    liveq: Reg<bool>,
    op_fpduq: Reg<bool>,
    seg_doneq: Reg<bool>,
    installq: Reg<bool>,
    removeq: Reg<bool>,
    fenceq: Reg<bool>,
    pool_fpduq: Reg<bool>,
    bad_termq: Reg<bool>,
    crc_termq: Reg<bool>,
    last_tryq: Reg<bool>,
    settledq: Reg<bool>,
    openq: Reg<bool>,
    op_kind: Signal<Local, OpKind>,

    whole: Signal<Local, bool>,
    good: Signal<Local, bool>,
    crc_good: Signal<Local, bool>,
    fast: Signal<Local, bool>,
    to_slow: Signal<Local, bool>,
    fast_fpdu: Signal<Local, bool>,
    op_fpdu: Signal<Local, bool>,
    op_live: Signal<Local, bool>,
    seg_done: Signal<Local, bool>,
    fpdu: Signal<Local, bool>,
    wrong: Signal<Local, bool>,
    err: Signal<Local, Bits<16>>,
    ok: Signal<Local, bool>,
    crc_over: Signal<Local, bool>,
    crc_again: Signal<Local, bool>,
    settled: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    fin_done: Signal<Local, bool>,
    push: Signal<Local, bool>,
    nd: Signal<Local, Dyn>,
    hdr_a: Signal<Local, Bits<HDR_A>>,
    hdr_b: Signal<Local, Bits<HDR_B>>,
    data: Signal<Local, bool>,
    kept: Signal<Local, bool>,
    opens: Signal<Local, bool>,
    // Fields of whole structs that nobody here needs.
    unused_d: Signal<Local, FrameDone>,
    unused_c: Signal<Local, CtxEntry>,
    unused_o: Signal<Local, Op>,
    unused_form: Signal<Local, Form>,
}

impl Logic for Place {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_d.next = self.dq.q.val();
        self.unused_c.next = self.cq.q.val();
        self.unused_o.next = self.oq.q.val();
        self.unused_form.next = self.formq.q.val();
        self.is_op.d.next = self.op.val();
        self.is_frame.d.next = self.frame.val();
        self.is_mine.d.next = self.mine.val();
        self.is_gone.d.next = self.gone.val();
        self.dq.d.next = self.d.val();
        self.cq.d.next = self.c.val();
        self.oq.d.next = self.o.val();
        self.fq.d.next = self.f.val();
        self.vq.d.next = self.v.val();
        self.formq.d.next = self.form.val();
        self.baseq.d.next = self.base.val();
        self.rq.d.next = self.r.val();
        self.hdrbq.d.next = self.hdrb.val();
        self.altq.d.next = self.next_seq.val();

        self.op_kind.next = self.o.val().kind;
        self.wholeq.d.next = self.mine.val() & !self.d.val().bad & self.d.val().hdr_ok;
        self.liveq.d.next = self.op.val() & self.c.val().hit;
        self.openq.d.next = self.f.val().st == 1;
        self.op_fpduq.d.next = self.op.val()
            & self.c.val().hit
            & (self.op_kind.val() == OpKind::Fpdu)
            & (self.f.val().st == 1);
        self.seg_doneq.d.next =
            self.op.val() & self.c.val().hit & (self.op_kind.val() == OpKind::SegDone);
        self.installq.d.next =
            self.op.val() & self.c.val().hit & (self.op_kind.val() == OpKind::Install);
        self.removeq.d.next =
            self.op.val() & self.c.val().hit & (self.op_kind.val() == OpKind::Remove);
        self.fenceq.d.next =
            self.op.val() & self.c.val().hit & (self.op_kind.val() == OpKind::Fence);
        self.pool_fpduq.d.next = self.op.val() & (self.op_kind.val() == OpKind::Fpdu);
        self.bad_termq.d.next = self.o.val().term.any();
        self.crc_termq.d.next = self.o.val().term == 0x2002;
        self.last_tryq.d.next = self.f.val().crc_rep == 2;
        self.settledq.d.next = !self.f.val().pend.any();

        self.step.next = self.is_op.q.val() | self.is_frame.q.val();
        self.scan_pop.next = self.is_frame.q.val();
        self.hdr_a.next = self.dq.q.val().hdr_a;
        self.hdr_b.next = self.hdrbq.q.val();
        if self.is_op.q.val() {
            self.hdr_a.next = self.oq.q.val().hdr_a;
            self.hdr_b.next = self.oq.q.val().hdr_b;
        }

        // Frames: nothing counts unless every checksum is good.
        self.whole.next = self.wholeq.q.val();
        self.good.next = self.whole.val() & self.scan.val().ip_ok & self.scan.val().tcp_ok;
        self.crc_good.next = self.scan.val().crc_ok | !self.cq.q.val().crc_en;
        self.fast.next = self.good.val() & self.vq.q.val().fast & !self.rq.q.val().stale;
        self.to_slow.next = self.good.val()
            & (self.vq.q.val().slow | (self.vq.q.val().fast & self.rq.q.val().stale));
        self.fast_fpdu.next = self.fast.val() & self.crc_good.val();
        // Operations.
        self.op_live.next = self.liveq.q.val();
        self.op_fpdu.next = self.op_fpduq.q.val();
        self.seg_done.next = self.seg_doneq.q.val();
        self.fpdu.next = self.fast_fpdu.val() | self.op_fpdu.val();

        self.err.next = self.rq.q.val().err;
        if !self.rq.q.val().err.any() & self.rq.q.val().outside {
            self.err.next = self.rq.q.val().over;
        }
        if self.op_fpdu.val() & self.bad_termq.q.val() {
            self.err.next = self.oq.q.val().term;
        }
        // Whether `err` is not zero, without waiting for its value.
        self.wrong.next = self.rq.q.val().err.any()
            | self.rq.q.val().outside
            | (self.op_fpdu.val() & self.bad_termq.q.val());
        self.ok.next = self.fpdu.val() & !self.wrong.val();

        // CRC failure with nothing of the FPDU acknowledged.
        self.crc_again.next = (self.fast.val() & !self.crc_good.val())
            | (self.seg_done.val() & self.oq.q.val().crc_fail & self.openq.q.val());
        self.crc_over.next = self.crc_again.val() & self.last_tryq.q.val();
        self.settled.next = self.settledq.q.val();
        self.quiet.next = self.settled.val() & !self.fq.q.val().mid;
        self.fin_done.next = self.seg_done.val() & self.oq.q.val().fin & self.openq.q.val();

        // New state.
        self.nd.next = self.fq.q.val();
        self.take.next = self.fast_fpdu.val()
            | self.to_slow.val()
            | (self.seg_done.val() & self.oq.q.val().rollback)
            | self.installq.q.val();
        self.alt.next = self.altq.q.val();
        if self.take.val() {
            self.nd.next.rcv_nxt = self.altq.q.val();
        }
        if self.to_slow.val() {
            self.nd.next.pend = self.fq.q.val().pend + 1;
        }
        // Only an FPDU with a good CRC starts the count again: what follows a bad one is dropped by the assembler and
        // reported without a rollback.
        if self.fpdu.val() {
            self.nd.next.crc_rep = 0.into();
        }
        if self.ok.val() {
            self.nd.next.first = true;
            if self.formq.q.val().send & self.formq.q.val().l {
                self.nd.next.smsn = self.fq.q.val().smsn + 1;
            }
            if self.formq.q.val().rreq {
                self.nd.next.rmsn = self.fq.q.val().rmsn + 1;
            }
            if self.formq.q.val().rresp {
                self.nd.next.rd_off = self.fq.q.val().rd_off + self.formq.q.val().xlen;
                if self.formq.q.val().l {
                    self.nd.next.rd_off = 0.into();
                    self.nd.next.rd_head = self.fq.q.val().rd_head + 1;
                }
            }
            if self.formq.q.val().term {
                self.nd.next.st = 2.into();
            }
        }
        if self.seg_done.val() {
            self.nd.next.pend = self.fq.q.val().pend - 1;
            self.nd.next.mid = self.oq.q.val().mid;
            if self.fin_done.val() {
                self.nd.next.st = 3.into();
            }
        }
        if self.crc_again.val() {
            self.nd.next.crc_rep = self.fq.q.val().crc_rep + 1;
        }
        if (self.fpdu.val() & self.wrong.val())
            | self.crc_over.val()
            | (self.good.val() & self.vq.q.val().rst)
        {
            self.nd.next.st = 2.into();
        }
        if self.installq.q.val() {
            self.nd.next.st = 1.into();
            self.nd.next.smsn = self.hdr_a.val().get_bits::<32>(32);
            self.nd.next.rmsn = self.hdr_a.val().get_bits::<32>(64);
            self.nd.next.pend = 0.into();
            self.nd.next.mid = false;
            self.nd.next.crc_rep = 0.into();
            self.nd.next.rd_head = 0.into();
            self.nd.next.rd_off = 0.into();
            self.nd.next.first = false;
        }
        if self.removeq.q.val() {
            self.nd.next.st = 0.into();
        }
        self.dyn_we.next = self.good.val() | self.op_live.val();
        self.dyn_conn.next = self.cq.q.val().conn;
        self.dyn_row.next = self.nd.val();

        // STag invalidated by a delivered Send with Invalidate.
        self.inv_valid.next = self.ok.val() & self.rq.q.val().inv;
        self.inv_set.next = self.rq.q.val().set;
        self.inv_way.next = self.rq.q.val().way;

        // Delivery.
        self.data.next = self.ok.val()
            & (self.formq.q.val().write | self.formq.q.val().rresp | self.formq.q.val().send)
            & self.formq.q.val().dlen.any();
        self.x_desc.next.src = Src::None;
        self.x_desc.next.from = self.baseq.q.val() + 20;
        self.x_desc.next.addr = self.rq.q.val().base + self.rq.q.val().off;
        self.x_desc.next.len = 0.into();
        if self.formq.q.val().write | self.formq.q.val().rresp {
            self.x_desc.next.from = self.baseq.q.val() + 16;
        }
        if self.is_op.q.val() {
            self.x_desc.next.from = (bit_cast::<BYTE, BEAT>(self.oq.q.val().blk) << 6) | 20;
            if self.formq.q.val().write | self.formq.q.val().rresp {
                self.x_desc.next.from = (bit_cast::<BYTE, BEAT>(self.oq.q.val().blk) << 6) | 16;
            }
        }
        if self.data.val() {
            self.x_desc.next.len = bit_cast::<17, 16>(self.formq.q.val().dlen);
            self.x_desc.next.src = Src::Staging;
            if self.is_op.q.val() {
                self.x_desc.next.src = Src::Pool;
            }
        }
        self.x_desc.next.conn = self.cq.q.val().conn;
        self.x_desc.next.gen = self.cq.q.val().gen;
        self.x_desc.next.func = self.cq.q.val().func;
        self.x_desc.next.class = 0.into(); // dma_class::PAYLOAD
        self.x_desc.next.slot = self.dq.q.val().slot;
        self.x_desc.next.free_slot = self.is_frame.q.val();
        self.x_desc.next.blk = self.oq.q.val().blk;
        self.x_desc.next.free_blk = self.pool_fpduq.q.val();
        self.x_desc.next.event = false;
        self.x_desc.next.kind = 0.into(); // cpl_kind::RECV
        self.x_desc.next.opcode = self.hdr_a.val().get_bits::<4>(24);
        self.x_desc.next.flags = 0.into();
        self.x_desc.next.msn = self.formq.q.val().msn;
        self.x_desc.next.mlen = self.rq.q.val().mlen;
        self.x_desc.next.idx = self.rq.q.val().idx;
        self.x_desc.next.stag = self.formq.q.val().stag;
        self.x_desc.next.term = self.err.val();
        self.x_desc.next.aux = false;
        self.x_desc.next.rreq = false;
        self.x_desc.next.fence = false;
        self.x_desc.next.fence_id = self.oq.q.val().fence_id;
        self.push.next = self.fpdu.val()
            | self.crc_over.val()
            | self.fin_done.val()
            | (self.good.val() & self.vq.q.val().rst)
            | self.fenceq.q.val()
            | (self.pool_fpduq.q.val());
        if self.ok.val() {
            if self.formq.q.val().send {
                self.x_desc.next.event = self.rq.q.val().done;
                if self.formq.q.val().se {
                    self.x_desc.next.flags = 1.into(); // cpl_flag::SOLICITED
                }
                if self.formq.q.val().inv {
                    self.x_desc.next.flags = 2.into(); // cpl_flag::INVALIDATED
                    if self.formq.q.val().se {
                        self.x_desc.next.flags = 3.into();
                    }
                }
            }
            if self.formq.q.val().rresp {
                self.x_desc.next.event = self.rq.q.val().done;
                self.x_desc.next.kind = 1.into(); // cpl_kind::READ_DONE
            }
            if self.formq.q.val().rreq {
                self.x_desc.next.rreq = true;
                self.x_desc.next.aux = true;
            }
            if self.formq.q.val().term {
                self.x_desc.next.event = true;
                self.x_desc.next.kind = 2.into(); // cpl_kind::TERMINATE
                self.x_desc.next.aux = true;
                // Octets 20 and 21 of the FPDU: layer, type and code.
                self.x_desc.next.term = (bit_cast::<16, 8>(self.hdr_b.val().get_bits::<8>(0)) << 8)
                    | bit_cast::<16, 8>(self.hdr_b.val().get_bits::<8>(8));
            }
        }
        if self.fpdu.val() & self.wrong.val() {
            self.x_desc.next.event = true;
            self.x_desc.next.kind = 3.into(); // cpl_kind::ERROR
            self.x_desc.next.aux = true;
            // The ULPDU length of the offender, octets 0 and 1.
            self.x_desc.next.mlen = (bit_cast::<32, 8>(self.hdr_a.val().get_bits::<8>(0)) << 8)
                | bit_cast::<32, 8>(self.hdr_a.val().get_bits::<8>(8));
        }
        if self.crc_over.val() {
            self.x_desc.next.event = true;
            self.x_desc.next.kind = 3.into(); // cpl_kind::ERROR
            self.x_desc.next.term = 0x2002.into(); // term::MPA_CRC
        }
        if self.good.val() & self.vq.q.val().rst {
            self.x_desc.next.event = true;
            self.x_desc.next.kind = 5.into(); // cpl_kind::RST
            self.x_desc.next.term = 0.into();
        }
        if self.fin_done.val() {
            self.x_desc.next.event = true;
            self.x_desc.next.kind = 4.into(); // cpl_kind::FIN
            self.x_desc.next.term = 0.into();
            if self.oq.q.val().mid {
                self.x_desc.next.term = 0x2001.into(); // term::MPA_CLOSED: an FPDU is cut short (MPA-84)
            }
        }
        if self.fenceq.q.val() {
            self.x_desc.next.fence = true;
            self.x_desc.next.class = 5.into(); // dma_class::FENCE
        }
        self.x_push.next = self.push.val();
        self.aux.next = (bit_cast::<368, 224>(self.hdr_b.val()) << 144)
            | bit_cast::<368, 144>(self.hdr_a.val().get_bits::<144>(16));

        // The assembler's share.
        self.seg_push.next = self.to_slow.val() | self.removeq.q.val();
        self.seg.next.purge = self.is_op.q.val();
        self.seg.next.conn = self.cq.q.val().conn;
        self.seg.next.gen = self.cq.q.val().gen;
        self.seg.next.slot = self.dq.q.val().slot;
        self.seg.next.addr = self.baseq.q.val() + bit_cast::<BYTE, 16>(self.vq.q.val().trim);
        self.seg.next.len = self.vq.q.val().len;
        self.seg.next.seq = self.dq.q.val().seq + bit_cast::<32, 16>(self.vq.q.val().trim);
        self.seg.next.fresh = self.quiet.val();
        self.seg.next.crc_en = self.cq.q.val().crc_en;
        self.seg.next.fin = self.vq.q.val().fin;

        // A frame that nobody keeps gives its slot back.
        self.kept.next = self.is_gone.q.val() | self.to_slow.val() | self.push.val();
        self.free_valid.next = self.is_frame.q.val() & !self.kept.val();
        self.free_slot.next = self.dq.q.val().slot;

        // Report to the transmit path.
        self.opens.next = self.ok.val() & !self.fq.q.val().first;
        self.ack_push.next = self.good.val() | self.seg_done.val();
        self.ack.next.conn = self.cq.q.val().conn;
        self.ack.next.gen = self.cq.q.val().gen;
        self.ack.next.seq = self.dq.q.val().seq;
        self.ack.next.ack = self.dq.q.val().ack;
        self.ack.next.wnd = self.dq.q.val().wnd;
        self.ack.next.plen = self.dq.q.val().plen;
        self.ack.next.tsval = self.dq.q.val().tsval;
        self.ack.next.tsecr = self.dq.q.val().tsecr;
        self.ack.next.rcv_nxt = self.fq.q.val().rcv_nxt;
        self.ack.next.mode = 0.into(); // ack_mode::NONE
        self.ack.next.flags = 0.into();
        if self.is_op.q.val() {
            self.ack.next.flags = 0x400.into(); // ack_flag::RX_ONLY
            self.ack.next.rcv_nxt = self.oq.q.val().seq;
            self.ack.next.mode = 1.into(); // ack_mode::DELAYED
            if self.oq.q.val().rollback {
                self.ack.next.mode = 2.into(); // ack_mode::NOW
            }
            if self.fin_done.val() {
                self.ack.next.flags = 0x401.into(); // RX_ONLY, FIN
                self.ack.next.rcv_nxt = self.oq.q.val().seq + 1;
                self.ack.next.mode = 2.into();
            }
        } else {
            self.ack.next.flags = (bit_cast::<11, 1>(self.vq.q.val().rst.into()) << 1)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(3).into()) << 2)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(6).into()) << 3)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(7).into()) << 4)
                | (bit_cast::<11, 1>(self.dq.q.val().ce.into()) << 5)
                | (bit_cast::<11, 1>(self.vq.q.val().old.into()) << 6)
                | (bit_cast::<11, 1>(self.vq.q.val().ahead.into()) << 7)
                | (bit_cast::<11, 1>(self.dq.q.val().ts.into()) << 8)
                | (bit_cast::<11, 1>(self.opens.val().into()) << 9);
            if self.fast_fpdu.val() {
                self.ack.next.rcv_nxt = self.vq.q.val().nxt;
                self.ack.next.mode = 1.into();
            }
            if self.settled.val() {
                if self.vq.q.val().old
                    | self.vq.q.val().ahead
                    | self.vq.q.val().outside
                    | (self.fast.val() & !self.crc_good.val())
                {
                    self.ack.next.mode = 2.into();
                }
                if self.vq.q.val().challenge {
                    self.ack.next.mode = 3.into(); // ack_mode::CHALLENGE
                }
            }
        }

        // The command block waits for its operation.
        self.op_done.next = self.is_op.q.val()
            & (self.oq.q.val().kind != OpKind::Fpdu)
            & (self.oq.q.val().kind != OpKind::SegDone);
        self.op_ok.next = self.cq.q.val().hit;

        self.why.next.malformed =
            self.is_mine.q.val() & !self.dq.q.val().bad & !self.dq.q.val().hdr_ok;
        self.why.next.bad_ip_sum = self.whole.val() & !self.scan.val().ip_ok;
        self.why.next.bad_tcp_sum =
            self.whole.val() & self.scan.val().ip_ok & !self.scan.val().tcp_ok;
        self.why.next.dup = self.good.val() & self.vq.q.val().old;
        self.why.next.ooo = self.good.val() & self.vq.q.val().ahead;
        self.why.next.window = self.good.val() & self.vq.q.val().outside;
        self.why.next.bad_ack = self.good.val() & self.vq.q.val().bad_ack;
        self.why.next.challenge = self.good.val() & self.vq.q.val().challenge;
        self.why.next.rst = self.good.val() & self.vq.q.val().rst;
        self.why.next.fin = self.fin_done.val();
        self.why.next.dead = self.good.val() & self.vq.q.val().dead;
        self.why.next.fpdu_fast = self.ok.val() & !self.is_op.q.val();
        self.why.next.fpdu_pool = self.ok.val() & self.is_op.q.val();
        self.why.next.fpdu_crc =
            self.crc_again.val() | (self.op_fpdu.val() & self.crc_termq.q.val());
        self.why.next.term_sent = (self.fpdu.val() & self.wrong.val()) | self.crc_over.val();
        self.why.next.term_recv = self.ok.val() & self.formq.q.val().term;
        self.why.next.writes = self.ok.val() & self.formq.q.val().write;
        self.why.next.sends = self.ok.val() & self.formq.q.val().send & self.formq.q.val().l;
        self.why.next.reads = self.ok.val() & self.formq.q.val().rreq;
        self.why.next.read_resps = self.ok.val() & self.formq.q.val().rresp;
        self.why.next.invalidated = self.inv_valid.val();
        self.fpdu_out.next = self.pool_fpduq.q.val();
    }
}
