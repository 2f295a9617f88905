//! X3: carries out what X1 and X2 decided, once checksums and CRC are known. What the host gets is put together in `outcome`.
//!
//! Inputs are registered here (X2 -> X3) except `scan`, whose FIFO is popped in this stage. Results go combinationally into
//! FIFOs: a delivery pushed in X3 shows as `dma_wr_req` in the next cycle. The three bits of `scan` come late: what each
//! outcome would do is ready in registers, and they only gate it.
//! So of the new `Dyn` X3 leaves what it could become, and a bit for each part that says whether it did. It is put together in
//! the cycle after: for the next one's X2, the history, the tables (`dyn_*`, `inv_*`) and the command block.
//!
//! What is acknowledged (DESIGN 5): a fast FPDU with its CRC; assembled octets when the assembler reports the segment.
//! `ack.rcv_nxt` counts only with a mode other than none. While segments wait in the assembler (`pend`), `rcv_nxt` is ahead
//! of what may be acknowledged, so duplicates then ask for no ACK: the assembler's report is about to.
//! The connection's first valid FPDU is told with its frame, or by a report of its own if the assembler had it; if that one
//! is in error, by a report that tells nothing.
//! RST at rcv_nxt while segments wait: it is queued behind them as a segment without octets, and what follows it is dropped;
//! the connection ends when the assembler reports that segment, the last one (RFC 9293 3.10.7.4: in sequence order).
//! Timestamps (RFC 7323, `stamps`): an old one refuses the segment, which is answered like a duplicate by a report without the
//! sender's fields; a missing one drops it without any. TS.Recent moves only with a segment that TCP accepts, an acceptable
//! ACK number included: who cannot guess that shall not move it (RFC 5961).
//! An FPDU that the assembler left where it is (`Cfg::bypass`) comes as an operation and is delivered as a frame is: from the
//! staging RAM, and its slot is freed behind it, whatever becomes of the FPDU.
//! CRC: the first two failures of an FPDU of which nothing is acknowledged are dropped for TCP to repair, the third is
//! error 0x2002 (MPA-76, MPA-77). Requirements: MPA-54, DDP-21..DDP-24, DDP-39..DDP-3D, RDM-10, RDM-31.

use super::outcome::{Delivery, Fault};
use super::stamps::StampRow;
use super::types::*;
use super::xtypes::*;
use crate::prim::reg::{Reg, RegNr};
use rust_hdl::prelude::*;

impl Place {
    /// With or without parts; with FPDUs that the assembler left in the staging RAM or without.
    pub fn new(parts: bool, bypass: bool) -> Self {
        Self {
            _parts: parts.into(),
            _bypass: bypass.into(),
            ..Self::default()
        }
    }
}

#[derive(LogicBlock, Default)]
pub struct Place {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // X2
    pub op: Signal<In, bool>,
    pub frame: Signal<In, bool>,
    /// There is a context entry: an operation, or a frame that was launched.
    pub known: Signal<In, bool>,
    pub mine: Signal<In, bool>,
    pub whole: Signal<In, bool>,
    pub gone: Signal<In, bool>,
    pub d: Signal<In, FrameDone>,
    pub part: Signal<In, Part>,
    pub c: Signal<In, CtxEntry>,
    pub o: Signal<In, Op>,
    pub f: Signal<In, Dyn>,
    pub v: Signal<In, Verdict>,
    pub form: Signal<In, Form>,
    /// Where this segment ends, and the window.
    pub nxt: Signal<In, Bits<32>>,
    pub wnd_end: Signal<In, Bits<32>>,
    /// Octets received of a Read, with these.
    pub got: Signal<In, Bits<32>>,
    /// Staging byte address of the TCP payload.
    pub base: Signal<In, Bits<BYTE>>,
    pub r: Signal<In, Ruling>,
    /// Timestamps: too old; missing; TS.Recent moves if the segment is acceptable; the connection has
    /// them, TS.Recent before it; the day.
    pub paws: Signal<In, bool>,
    pub bare: Signal<In, bool>,
    pub stamps: Signal<In, bool>,
    pub stamp_on: Signal<In, bool>,
    pub recent: Signal<In, Bits<32>>,
    pub day: Signal<In, Bits<8>>,
    /// FPDU octets 0..19, of a frame or an operation; 20..47.
    pub hdr_a: Signal<In, Bits<HDR_A>>,
    pub hdr_b: Signal<In, Bits<HDR_B>>,
    // X3
    pub scan: Signal<In, Scan>,
    pub part_oks: Signal<In, Bits<16>>,
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
    /// With `seg`: FPDU octets 0..47, if it begins with one.
    pub seg_hdr: Signal<Out, Bits<HDR>>,
    /// An operation's SACK blocks are reported to nobody: its connection is gone, or has no SACK (RFC 2018 4).
    pub sack_void: Signal<Out, bool>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    /// State before this entry; there is an entry; `rcv_nxt` becomes `alt` or stays.
    pub was: Signal<Out, Dyn>,
    pub known3: Signal<Out, bool>,
    pub alt: Signal<Out, Bits<32>>,
    /// An assembled FPDU leaves the pipeline.
    pub fpdu_out: Signal<Out, bool>,
    // The cycle after X3
    /// There was an entry. What its state could become, and which of it it did; the small fields are final.
    pub keep: Signal<Out, bool>,
    /// Another part of its frame follows.
    pub keep_more: Signal<Out, bool>,
    pub turn: Signal<Out, Dyn>,
    pub moves: Signal<Out, Moves>,
    pub dyn_we: Signal<Out, bool>,
    pub dyn_conn: Signal<Out, Bits<CONN>>,
    pub dyn_row: Signal<Out, Dyn>,
    pub stamp_we: Signal<Out, bool>,
    pub stamp_row: Signal<Out, StampRow>,
    pub inv_valid: Signal<Out, bool>,
    pub inv_set: Signal<Out, Bits<16>>,
    pub inv_way: Signal<Out, Bits<4>>,
    pub op_done: Signal<Out, bool>,
    pub op_ok: Signal<Out, bool>,
    pub why: Signal<Out, Tally>,

    is_op: Reg<bool>,
    is_frame: Reg<bool>,
    is_known: Reg<bool>,
    is_gone: Reg<bool>,
    dq: RegNr<FrameDone>,
    partq: RegNr<Part>,
    unused_part: Signal<Local, Part>,
    more4: RegNr<bool>,
    /// A part in front of this one has taken all of the segment that is left, or has been dropped with it.
    void: Reg<bool>,
    /// End of the part that goes the fast way.
    part_nxtq: RegNr<Bits<32>>,
    unused_part_nxt: Signal<Local, Bits<32>>,
    crc_ok: Signal<Local, bool>,
    /// A part whose report its frame's last one makes.
    silent: Signal<Local, bool>,
    unused_part_oks: Signal<Local, Bits<16>>,
    _parts: usize,
    _bypass: usize,
    cq: RegNr<CtxEntry>,
    oq: RegNr<Op>,
    fq: RegNr<Dyn>,
    vq: RegNr<Verdict>,
    formq: RegNr<Form>,
    rq: RegNr<Ruling>,
    hdr_aq: RegNr<Bits<HDR_A>>,
    hdr_bq: RegNr<Bits<HDR_B>>,
    // Decoded in X2, so that X3 begins with single bits.
    live: Signal<Local, bool>,
    open: Signal<Local, bool>,
    op_kind: Signal<Local, OpKind>,
    op_seg: Signal<Local, bool>,
    op_init: Signal<Local, bool>,
    op_fin: Signal<Local, bool>,
    op_again: Signal<Local, bool>,
    op_rst: Signal<Local, bool>,
    op_fpdu: Signal<Local, bool>,
    wholeq: Reg<bool>,
    malformedq: Reg<bool>,
    writeq: Reg<bool>,
    op_fpduq: Reg<bool>,
    op_firstq: Reg<bool>,
    seg_doneq: Reg<bool>,
    installq: Reg<bool>,
    removeq: Reg<bool>,
    /// A stream with Markers is installed; the assembler is told something without a segment.
    markq: Reg<bool>,
    purgeq: Reg<bool>,
    fenceq: Reg<bool>,
    pool_fpduq: Reg<bool>,
    /// An FPDU of the assembler's that lies in the staging RAM, with a frame slot to be freed.
    stagedq: Reg<bool>,
    place_at: Signal<Local, Bits<32>>,
    unused_at: Signal<Local, Bits<32>>,
    slotq: RegNr<Bits<SLOT>>,
    finq: Reg<bool>,
    fin_toldq: Reg<bool>,
    rstq: Reg<bool>,
    againq: Reg<bool>,
    op_overq: Reg<bool>,
    op_pushq: Reg<bool>,
    op_nxtq: Reg<bool>,
    bad_termq: Reg<bool>,
    crc_termq: Reg<bool>,
    crc_offq: Reg<bool>,
    last_tryq: Reg<bool>,
    settledq: Reg<bool>,
    quietq: Reg<bool>,
    commandq: Reg<bool>,
    pawsq: Reg<bool>,
    bareq: Reg<bool>,
    /// One of the two: the segment is nothing to anybody.
    refusedq: Reg<bool>,
    stampsq: Reg<bool>,
    stamp_onq: RegNr<bool>,
    recentq: RegNr<Bits<32>>,
    dayq: RegNr<Bits<8>>,
    // What the state may become.
    pend_by: Signal<Local, Bits<8>>,
    next_msn: Signal<Local, Bits<32>>,
    alt_nxtq: RegNr<Bits<32>>,
    /// The end of the window, for a segment that is trimmed to it.
    alt_edgeq: RegNr<Bits<32>>,
    trimq: Reg<bool>,
    alt_nxt: Signal<Local, Bits<32>>,
    alt_pendq: RegNr<Bits<8>>,
    alt_smsnq: RegNr<Bits<32>>,
    alt_rmsnq: RegNr<Bits<32>>,
    alt_headq: RegNr<Bits<16>>,
    alt_offq: RegNr<Bits<32>>,
    // What is reported.
    header: Signal<Local, Bits<6>>,
    seqq: RegNr<Bits<32>>,
    fromq: RegNr<Bits<BYTE>>,
    /// Staging address of the whole payload.
    baseq: RegNr<Bits<BYTE>>,
    voidq: Reg<bool>,
    early: Signal<Local, bool>,
    install_hdr: Signal<Local, Bits<HDR_A>>,
    unused_install_hdr: Signal<Local, Bits<HDR_A>>,
    install_row: Signal<Local, Bits<HDR_A>>,
    unused_install_row: Signal<Local, Bits<HDR_A>>,

    // X3, early: registers only.
    challenge: Signal<Local, bool>,
    fits: Signal<Local, bool>,
    in_window: Signal<Local, bool>,
    begins: Signal<Local, bool>,
    passed: Signal<Local, bool>,
    old: Signal<Local, bool>,
    outside: Signal<Local, bool>,
    data: Signal<Local, bool>,
    ahead: Signal<Local, bool>,
    dead: Signal<Local, bool>,
    fast: Signal<Local, bool>,
    slow: Signal<Local, bool>,
    queue: Signal<Local, bool>,
    resets: Signal<Local, bool>,
    wrong: Signal<Local, bool>,
    fault: Fault,
    delivery: Delivery,
    fast_ok: Signal<Local, bool>,
    op_ok_fpdu: Signal<Local, bool>,
    last_send: Signal<Local, bool>,
    pushed: Signal<Local, bool>,
    // X3, late.
    sums: Signal<Local, bool>,
    clean: Signal<Local, bool>,
    crc_good: Signal<Local, bool>,
    fast_bad: Signal<Local, bool>,
    good: Signal<Local, bool>,
    ok: Signal<Local, bool>,
    at_fault: Signal<Local, bool>,
    moved: Signal<Local, bool>,
    stamped: Signal<Local, bool>,
    opens: Signal<Local, bool>,
    nd: Signal<Local, Dyn>,

    // X4
    keep4: Reg<bool>,
    conn4: RegNr<Bits<CONN>>,
    known4: Reg<bool>,
    was4: RegNr<Dyn>,
    turn4: RegNr<Dyn>,
    moves4: RegNr<Moves>,
    row: Signal<Local, Dyn>,
    unused_was4: Signal<Local, Dyn>,
    stamp4: Reg<bool>,
    stamp_row4: RegNr<StampRow>,
    inv4: Reg<bool>,
    set4: RegNr<Bits<16>>,
    way4: RegNr<Bits<4>>,
    done4: Reg<bool>,
    hit4: RegNr<bool>,
    why4: Reg<Tally>,
    // Fields of whole structs that nobody here needs.
    unused_d: Signal<Local, FrameDone>,
    unused_c: Signal<Local, CtxEntry>,
    unused_o: Signal<Local, Op>,
    unused_form: Signal<Local, Form>,
    unused_v: Signal<Local, Verdict>,
}

impl Logic for Place {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_d.next = self.dq.q.val();
        self.unused_part.next = self.partq.q.val();
        self.unused_part_nxt.next = self.part_nxtq.q.val();
        self.unused_c.next = self.cq.q.val();
        self.unused_o.next = self.oq.q.val();
        self.unused_form.next = self.formq.q.val();
        self.unused_v.next = self.vq.q.val();

        // X2 -> X3
        self.is_op.d.next = self.op.val();
        self.is_frame.d.next = self.frame.val();
        self.is_known.d.next = self.known.val();
        self.is_gone.d.next = self.gone.val();
        self.dq.d.next = self.d.val();
        self.partq.d.next = self.part.val();
        self.cq.d.next = self.c.val();
        self.oq.d.next = self.o.val();
        self.fq.d.next = self.f.val();
        self.vq.d.next = self.v.val();
        self.formq.d.next = self.form.val();
        self.rq.d.next = self.r.val();
        self.hdr_aq.d.next = self.hdr_a.val();
        self.hdr_bq.d.next = self.hdr_b.val();

        self.pawsq.d.next = self.paws.val();
        self.bareq.d.next = self.bare.val();
        self.refusedq.d.next = self.paws.val() | self.bare.val();
        self.stampsq.d.next = self.stamps.val();
        self.stamp_onq.d.next = self.stamp_on.val();
        self.recentq.d.next = self.recent.val();
        self.dayq.d.next = self.day.val();

        self.op_kind.next = self.o.val().kind;
        self.install_hdr.next = self.o.val().hdr_a;
        self.unused_install_hdr.next = self.install_hdr.val();
        self.live.next = self.op.val() & self.c.val().hit;
        self.open.next = self.f.val().st == 1;
        self.op_seg.next = self.live.val() & (self.op_kind.val() == OpKind::SegDone);
        self.op_init.next = self.live.val() & (self.op_kind.val() == OpKind::Install);
        self.op_fin.next = self.op_seg.val() & self.o.val().fin & self.open.val();
        // CRC failure with nothing of the FPDU acknowledged.
        self.op_again.next = self.op_seg.val() & self.o.val().crc_fail & self.open.val();
        // The last segment in front of a RST is a RST's own, without octets: it has been its turn.
        self.op_rst.next = self.op_seg.val() & self.f.val().rst & (self.f.val().pend == 1);
        self.rstq.d.next = self.op_rst.val();
        self.wholeq.d.next = self.whole.val();
        self.malformedq.d.next =
            self.mine.val() & !self.d.val().bad & !self.d.val().hdr_ok & !self.part.val().extra;
        self.writeq.d.next = self.mine.val() | self.live.val();
        self.pool_fpduq.d.next = self.op.val() & (self.op_kind.val() == OpKind::Fpdu);
        self.op_fpdu.next =
            self.live.val() & (self.op_kind.val() == OpKind::Fpdu) & self.open.val();
        self.op_fpduq.d.next = self.op_fpdu.val();
        self.op_firstq.d.next = self.op_fpdu.val() & !self.f.val().first;
        self.seg_doneq.d.next = self.op_seg.val();
        self.installq.d.next = self.op_init.val();
        self.removeq.d.next = self.live.val() & (self.op_kind.val() == OpKind::Remove);
        self.markq.d.next = self.op_init.val() & self.install_hdr.val().get_bit(96);
        self.purgeq.d.next = (self.live.val() & (self.op_kind.val() == OpKind::Remove))
            | (self.op_init.val() & self.install_hdr.val().get_bit(96));
        self.fenceq.d.next = self.live.val() & (self.op_kind.val() == OpKind::Fence);
        self.finq.d.next = self.op_fin.val();
        // Counted when it came, so told, though the stream may have ended in front of it (RFC 5040 6.2.1).
        self.fin_toldq.d.next = self.op_seg.val() & self.o.val().fin;
        self.againq.d.next = self.op_again.val();
        self.op_overq.d.next = self.op_again.val() & (self.f.val().crc_rep == 2);
        self.op_pushq.d.next = (self.op.val() & (self.op_kind.val() == OpKind::Fpdu))
            | (self.live.val() & (self.op_kind.val() == OpKind::Fence))
            | self.op_fin.val()
            | self.op_rst.val()
            | (self.op_again.val() & (self.f.val().crc_rep == 2));
        // A segment may end behind `rcv_nxt`: what was ahead of a gap has found its place. After an error too: it is told.
        self.op_nxtq.d.next = self.op_init.val()
            | (self.op_seg.val() & (self.o.val().rollback | !self.v.val().behind));
        self.voidq.d.next =
            self.op.val() & self.o.val().sack & !(self.c.val().hit & self.c.val().sack);
        self.sack_void.next = self.voidq.q.val();
        self.baseq.d.next = self.base.val();
        self.bad_termq.d.next =
            self.live.val() & (self.op_kind.val() == OpKind::Fpdu) & self.o.val().term.any();
        self.crc_termq.d.next = self.o.val().term == 0x2002;
        self.crc_offq.d.next = !self.c.val().crc_en;
        self.last_tryq.d.next = self.f.val().crc_rep == 2;
        self.settledq.d.next = !self.f.val().pend.any();
        self.quietq.d.next = !self.f.val().pend.any() & !self.f.val().mid;
        // The command block waits for its operation.
        self.commandq.d.next = self.op.val()
            & (self.op_kind.val() != OpKind::Fpdu)
            & (self.op_kind.val() != OpKind::SegDone);

        self.alt_nxtq.d.next = self.nxt.val();
        self.alt_edgeq.d.next = self.wnd_end.val();
        self.trimq.d.next = self.mine.val() & !self.v.val().inside;
        self.pend_by.next = 1.into();
        if self.op.val() {
            self.pend_by.next = 0xff.into();
        }
        self.alt_pendq.d.next = self.f.val().pend + self.pend_by.val();
        // A message that counts has the expected MSN.
        self.next_msn.next = self.form.val().msn + 1;
        self.alt_smsnq.d.next = self.next_msn.val();
        self.alt_rmsnq.d.next = self.next_msn.val();
        self.alt_headq.d.next = self.f.val().rd_head;
        self.alt_offq.d.next = self.got.val();
        if self.form.val().l {
            self.alt_headq.d.next = self.f.val().rd_head + 1;
            self.alt_offq.d.next = 0.into();
        }
        self.seqq.d.next = self.f.val().rcv_nxt;
        if self.op.val() {
            self.alt_nxtq.d.next = self.o.val().seq;
            if self.o.val().fin {
                self.alt_nxtq.d.next = self.o.val().seq + 1;
            }
        }
        if self.op_seg.val() & !self.op_rst.val() {
            self.seqq.d.next = self.o.val().seq;
            if self.o.val().fin {
                self.seqq.d.next = self.o.val().seq + 1;
            }
        }
        if self.op_init.val() {
            self.alt_nxtq.d.next = self.install_hdr.val().get_bits::<32>(0);
            self.alt_pendq.d.next = 0.into();
            self.alt_smsnq.d.next = self.install_hdr.val().get_bits::<32>(32);
            self.alt_rmsnq.d.next = self.install_hdr.val().get_bits::<32>(64);
            self.alt_headq.d.next = 0.into();
            self.alt_offq.d.next = 0.into();
        }
        self.header.next = 20.into();
        if self.form.val().t {
            self.header.next = 16.into();
        }
        if self.form.val().rreq {
            self.header.next = 40.into(); // the operands of an Atomic
        }
        self.fromq.d.next = self.base.val() + bit_cast::<BYTE, 6>(self.header.val());
        if self.op.val() {
            self.fromq.d.next = (bit_cast::<BYTE, BEAT>(self.o.val().blk) << 6)
                | bit_cast::<BYTE, 6>(self.header.val());
        }
        self.slotq.d.next = self.d.val().slot;
        self.stagedq.d.next = false;
        self.place_at.next = self.o.val().seq;
        self.unused_at.next = self.place_at.val();
        for _i in 0..self._bypass {
            // A frame's operation: it has no block, and no error is told with it.
            if (self.op.val() & (self.op_kind.val() == OpKind::Fpdu))
                & (self.o.val().blk.get_bit(15) & !self.o.val().term.any())
            {
                self.stagedq.d.next = true;
                self.slotq.d.next = self.place_at.val().get_bits::<SLOT>(22);
                self.fromq.d.next = self.place_at.val().get_bits::<BYTE>(0)
                    + bit_cast::<BYTE, 6>(self.header.val());
            }
        }

        self.step.next = self.is_op.q.val() | self.is_frame.q.val();
        self.scan_pop.next = self.is_frame.q.val() & !self.partq.q.val().more;

        self.install_row.next = self.hdr_aq.q.val();
        self.unused_install_row.next = self.install_row.val();

        // X3, early. The verdict's bits in the order of RFC 9293 3.10.7.4.
        self.begins.next = self.vq.q.val().inside & !self.vq.q.val().behind;
        // A segment without a timestamp, or with an old one, is judged no further (RFC 7323 5.3 R1).
        self.passed.next = !self.vq.q.val().rst & !self.vq.q.val().odd & !self.refusedq.q.val();
        // An empty segment before rcv_nxt is a keep-alive probe: answered like old data (TCP-34).
        self.old.next = self.passed.val()
            & ((self.vq.q.val().empty & self.vq.q.val().behind)
                | (!self.vq.q.val().empty & self.vq.q.val().covered));
        // A window of zero takes an empty segment at rcv_nxt (RFC 9293 3.10.7.4).
        self.fits.next = (self.vq.q.val().empty & (self.vq.q.val().inside | self.vq.q.val().here))
            | (!self.vq.q.val().empty & self.vq.q.val().starts);
        // Not all of it before rcv_nxt or beyond the window (RFC 3168 6.1.5).
        self.in_window.next = self.fits.val()
            & !self.vq.q.val().covered
            & !(self.vq.q.val().empty & self.vq.q.val().behind);
        self.challenge.next = (self.vq.q.val().odd & !self.refusedq.q.val())
            | (self.vq.q.val().rst & !self.vq.q.val().here & self.begins.val());
        self.outside.next = (self.passed.val() & !self.old.val() & !self.fits.val())
            | (self.vq.q.val().rst & !self.vq.q.val().here & !self.begins.val());
        self.data.next = self.passed.val()
            & !self.vq.q.val().empty
            & !self.vq.q.val().covered
            & self.vq.q.val().starts;
        self.dead.next = self.data.val() & !self.vq.q.val().open;
        self.ahead.next = self.data.val()
            & self.vq.q.val().open
            & !self.vq.q.val().here
            & !self.vq.q.val().behind;
        self.fast.next = self.vq.q.val().fast
            & self.vq.q.val().inside
            & !self.rq.q.val().stale
            & !self.refusedq.q.val();
        // An FPDU that does not fit the window is not whole either.
        self.slow.next = self.vq.q.val().starts
            & !self.refusedq.q.val()
            & ((self.vq.q.val().slow & !self.vq.q.val().covered)
                | (self.vq.q.val().fast & (self.rq.q.val().stale | !self.vq.q.val().inside)));
        self.early.next = self.vq.q.val().early & self.vq.q.val().starts & !self.refusedq.q.val();
        self.queue.next = self.slow.val() | self.vq.q.val().reset_later | self.early.val();
        self.resets.next = self.vq.q.val().reset | self.rstq.q.val();

        // Errors.
        self.fault.r.next = self.rq.q.val();
        self.fault.form.next = self.formq.q.val();
        self.fault.told.next = self.bad_termq.q.val();
        self.fault.term.next = self.oq.q.val().term;
        self.wrong.next = self.fault.wrong.val();
        self.fast_ok.next = self.fast.val() & !self.wrong.val();
        self.op_ok_fpdu.next = self.op_fpduq.q.val() & !self.wrong.val();
        self.last_send.next = self.formq.q.val().send & self.formq.q.val().l;

        // X3, late. Frames: nothing counts unless every checksum is good.
        self.sums.next = self.scan.val().ip_ok & self.scan.val().tcp_ok & !self.void.q.val();
        self.crc_ok.next = self.scan.val().crc_ok;
        self.unused_part_oks.next = self.part_oks.val();
        for _i in 0..self._parts {
            if self.partq.q.val().more {
                self.crc_ok.next = self
                    .part_oks
                    .val()
                    .get_bit(self.partq.q.val().index.index());
            }
        }
        self.crc_good.next = self.crc_ok.val() | self.crc_offq.q.val();
        self.clean.next = self.sums.val() & self.crc_good.val();
        self.good.next = self.wholeq.q.val() & self.sums.val();

        // New state.
        self.nd.next = self.fq.q.val();
        self.moved.next = (self.clean.val() & self.fast.val())
            | (self.sums.val() & self.slow.val())
            | self.op_nxtq.q.val();
        self.was.next = self.fq.q.val();
        self.known3.next = self.is_known.q.val();
        self.alt_nxt.next = self.alt_nxtq.q.val();
        self.part_nxtq.d.next = self.f.val().rcv_nxt + bit_cast::<32, 16>(self.part.val().len);
        if self.trimq.q.val() {
            self.alt_nxt.next = self.alt_edgeq.q.val();
        }
        for _i in 0..self._parts {
            if self.fast.val() {
                self.alt_nxt.next = self.part_nxtq.q.val();
            }
        }
        self.alt.next = self.alt_nxt.val();
        self.nd.next.rcv_nxt = self.alt_nxt.val();
        self.nd.next.pend = self.alt_pendq.q.val();
        self.nd.next.smsn = self.alt_smsnq.q.val();
        self.nd.next.rmsn = self.alt_rmsnq.q.val();
        self.nd.next.rd_head = self.alt_headq.q.val();
        self.nd.next.rd_off = self.alt_offq.q.val();
        self.moves4.d.next.nxt = self.moved.val();
        self.moves4.d.next.pend =
            (self.sums.val() & self.queue.val()) | self.seg_doneq.q.val() | self.installq.q.val();
        if self.seg_doneq.q.val() {
            self.nd.next.mid = self.oq.q.val().mid;
        }
        if self.sums.val() & self.vq.q.val().reset_later {
            self.nd.next.rst = true;
        }
        // Only an FPDU with a good CRC starts the count again: what follows a bad one is dropped by the assembler and
        // reported without a rollback.
        if (self.sums.val() & self.fast.val()) | self.againq.q.val() {
            self.nd.next.crc_rep = self.fq.q.val().crc_rep + 1;
        }
        if (self.clean.val() & self.fast.val()) | self.op_fpduq.q.val() | self.installq.q.val() {
            self.nd.next.crc_rep = 0.into();
        }
        if (self.clean.val() & self.fast_ok.val()) | self.op_ok_fpdu.val() {
            self.nd.next.first = true;
        }
        self.moves4.d.next.smsn = (self.clean.val() & (self.fast_ok.val() & self.last_send.val()))
            | ((self.op_ok_fpdu.val() & self.last_send.val()) | self.installq.q.val());
        // A Request never goes the fast way, and nothing of RFC 7306.
        self.moves4.d.next.rmsn =
            (self.op_ok_fpdu.val() & self.formq.q.val().rreq) | self.installq.q.val();
        self.moves4.d.next.rd = (self.clean.val()
            & (self.fast_ok.val() & self.formq.q.val().rresp))
            | ((self.op_ok_fpdu.val() & (self.formq.q.val().rresp | self.formq.q.val().aresp))
                | self.installq.q.val());
        if self.finq.q.val() {
            self.nd.next.st = 3.into();
        }
        if (self.sums.val()
            & ((self.fast.val() & (self.crc_good.val() & self.wrong.val()))
                | (self.fast.val() & (!self.crc_good.val() & self.last_tryq.q.val()))
                | self.vq.q.val().reset))
            | (self.op_fpduq.q.val() & (self.wrong.val() | self.formq.q.val().term))
            | self.op_overq.q.val()
            | self.rstq.q.val()
        {
            self.nd.next.st = 2.into();
        }
        if self.rstq.q.val() | self.installq.q.val() {
            self.nd.next.rst = false;
        }
        if self.installq.q.val() {
            self.nd.next.st = 1.into();
            // The fast path knows no Markers.
            self.nd.next.mid = self.markq.q.val();
            self.nd.next.first = false;
        }
        if self.removeq.q.val() {
            self.nd.next.st = 0.into();
        }
        self.known4.d.next = self.is_known.q.val();
        self.keep.next = self.known4.q.val();
        self.more4.d.next = self.partq.q.val().more;
        // A part that does not go the fast way stands for all behind it in its frame.
        self.void.d.next = self.void.q.val();
        for _i in 0..self._parts {
            if self.is_frame.q.val() {
                self.void.d.next = self.partq.q.val().more
                    & (self.void.q.val() | !(self.clean.val() & self.fast_ok.val()));
            }
        }
        self.keep_more.next = self.more4.q.val();
        self.was4.d.next = self.fq.q.val();
        self.turn4.d.next = self.nd.val();
        self.turn.next = self.turn4.q.val();
        self.moves.next = self.moves4.q.val();
        self.keep4.d.next = self.writeq.q.val();
        self.conn4.d.next = self.cq.q.val().conn;
        self.dyn_we.next = self.keep4.q.val();
        self.dyn_conn.next = self.conn4.q.val();
        self.unused_was4.next = self.was4.q.val();
        self.row.next = self.turn4.q.val();
        if !self.moves4.q.val().nxt {
            self.row.next.rcv_nxt = self.was4.q.val().rcv_nxt;
        }
        if !self.moves4.q.val().pend {
            self.row.next.pend = self.was4.q.val().pend;
        }
        if !self.moves4.q.val().smsn {
            self.row.next.smsn = self.was4.q.val().smsn;
        }
        if !self.moves4.q.val().rmsn {
            self.row.next.rmsn = self.was4.q.val().rmsn;
        }
        if !self.moves4.q.val().rd {
            self.row.next.rd_head = self.was4.q.val().rd_head;
            self.row.next.rd_off = self.was4.q.val().rd_off;
        }
        self.dyn_row.next = self.row.val();

        // TS.Recent: of a segment that TCP accepts, its ACK number included, and whose checksums are good.
        self.stamped.next = self.stampsq.q.val() & self.passed.val() & self.in_window.val();
        self.stamp4.d.next = (self.sums.val() & self.stamped.val()) | self.installq.q.val();
        self.stamp_row4.d.next.on = true;
        self.stamp_row4.d.next.recent = self.dq.q.val().tsval;
        self.stamp_row4.d.next.day = self.dayq.q.val();
        if self.installq.q.val() {
            self.stamp_row4.d.next.on = self.install_row.val().get_bit(106);
            self.stamp_row4.d.next.recent = self.install_row.val().get_bits::<32>(107);
        }
        self.stamp_we.next = self.stamp4.q.val();
        self.stamp_row.next = self.stamp_row4.q.val();

        // STag invalidated by a delivered Send with Invalidate.
        self.inv4.d.next = ((self.clean.val() & self.fast_ok.val()) | self.op_ok_fpdu.val())
            & (self.last_send.val() & self.formq.q.val().inv);
        self.set4.d.next = self.rq.q.val().set;
        self.way4.d.next = self.rq.q.val().way;
        self.inv_valid.next = self.inv4.q.val();
        self.inv_set.next = self.set4.q.val();
        self.inv_way.next = self.way4.q.val();

        // Delivery. Pushed for a frame: an FPDU with good CRC, the last failure of one, a reset.
        self.fast_bad.next = self.fast.val() & !self.crc_good.val();
        self.pushed.next = (self.fast.val() & self.last_tryq.q.val()) | self.vq.q.val().reset;
        self.x_push.next = (self.clean.val() & self.fast.val())
            | (self.sums.val() & self.pushed.val())
            | self.op_pushq.q.val();
        // As if the CRC were good; `fast_bad` comes late and has the last word.
        self.ok.next = self.fast_ok.val() | self.op_ok_fpdu.val();
        self.at_fault.next = self.wrong.val() & (self.fast.val() | self.op_fpduq.q.val());
        self.delivery.form.next = self.formq.q.val();
        self.delivery.r.next = self.rq.q.val();
        self.delivery.err.next = self.fault.err.val();
        self.delivery.hdr_a.next = self.hdr_aq.q.val();
        self.delivery.hdr_b.next = self.hdr_bq.q.val();
        self.delivery.from.next = self.fromq.q.val();
        self.delivery.conn.next = self.cq.q.val().conn;
        self.delivery.gen.next = self.cq.q.val().gen;
        self.delivery.func.next = self.cq.q.val().func;
        self.delivery.slot.next = self.slotq.q.val();
        self.delivery.blk.next = self.oq.q.val().blk;
        self.delivery.fence_id.next = self.oq.q.val().fence_id;
        self.delivery.mid.next = self.oq.q.val().mid;
        self.delivery.is_op.next = self.is_op.q.val() & !self.stagedq.q.val();
        self.delivery.is_frame.next = self.is_frame.q.val() | self.stagedq.q.val();
        self.delivery.pool_fpdu.next = self.pool_fpduq.q.val();
        self.delivery.fence.next = self.fenceq.q.val();
        self.delivery.fin.next = self.finq.q.val();
        self.delivery.op_over.next = self.op_overq.q.val();
        self.delivery.resets.next = self.resets.val();
        self.delivery.ok.next = self.ok.val();
        self.delivery.op_ok.next = self.op_ok_fpdu.val();
        self.delivery.wrong.next = self.wrong.val();
        self.delivery.at_fault.next = self.at_fault.val();
        self.delivery.fast_bad.next = self.fast_bad.val();
        self.x_desc.next = self.delivery.desc.val();
        self.aux.next = self.delivery.aux.val();

        // The assembler's share. What it takes begins at rcv_nxt, or lies ahead of it.
        self.seg_push.next = (self.sums.val() & self.queue.val()) | self.purgeq.q.val();
        self.seg.next.purge = self.is_op.q.val();
        self.seg.next.conn = self.cq.q.val().conn;
        self.seg.next.gen = self.cq.q.val().gen;
        self.seg.next.slot = self.dq.q.val().slot;
        self.seg.next.addr = self.vq.q.val().addr;
        self.seg.next.len = self.vq.q.val().len;
        self.seg.next.seq = self.fq.q.val().rcv_nxt;
        self.seg.next.at = self.fq.q.val().rcv_nxt;
        if self.is_op.q.val() {
            self.seg.next.at = bit_cast::<32, 9>(self.install_row.val().get_bits::<9>(97))
                | ((self.fq.q.val().rcv_nxt >> 9) << 9);
        }
        self.seg.next.fresh = (self.quietq.q.val() & !self.is_op.q.val()) | self.markq.q.val();
        self.seg.next.crc_en = self.cq.q.val().crc_en;
        self.seg.next.fin =
            self.dq.q.val().flags.get_bit(0) & !self.vq.q.val().rst & self.vq.q.val().inside;
        if self.vq.q.val().early {
            self.seg.next.addr = self.baseq.q.val();
            self.seg.next.len = self.dq.q.val().plen;
            self.seg.next.at = self.dq.q.val().seq;
        }
        if !self.vq.q.val().inside {
            self.seg.next.len = self.vq.q.val().fits;
        }
        if self.vq.q.val().reset_later {
            self.seg.next.len = 0.into();
        }
        // Not of a frame in parts: what does not go the fast way takes all parts behind it.
        self.seg.next.whole = false;
        self.seg_hdr.next = bit_cast::<HDR, HDR_A>(self.hdr_aq.q.val())
            | (bit_cast::<HDR, HDR_B>(self.hdr_bq.q.val()) << 160);
        for _i in 0..self._bypass {
            self.seg.next.whole = (self.vq.q.val().single & self.vq.q.val().inside)
                & (self.vq.q.val().here | self.vq.q.val().early)
                & !(self.partq.q.val().extra | self.partq.q.val().more)
                & (self.is_frame.q.val() & !self.vq.q.val().reset_later)
                & self.crc_good.val();
        }

        // A frame that nobody keeps gives its slot back.
        self.free_valid.next = self.is_frame.q.val()
            & !self.is_gone.q.val()
            & !(self.sums.val() & (self.queue.val() | self.pushed.val()))
            & !(self.clean.val() & self.fast.val());
        self.free_slot.next = self.dq.q.val().slot;

        // Report to the transmit path.
        self.opens.next = ((self.fast_ok.val() & self.crc_good.val()) | self.op_ok_fpdu.val())
            & !self.fq.q.val().first;
        // Of a segment in parts the last one reports what was placed at once.
        self.silent.next =
            self.partq.q.val().more & self.clean.val() & self.fast_ok.val() & !self.opens.val();
        self.ack_push.next = (self.good.val() & !self.bareq.q.val() & !self.silent.val())
            | (self.seg_doneq.q.val() | self.op_firstq.q.val());
        self.ack.next.conn = self.cq.q.val().conn;
        self.ack.next.gen = self.cq.q.val().gen;
        self.ack.next.seq = self.dq.q.val().seq;
        self.ack.next.ack = self.dq.q.val().ack;
        self.ack.next.wnd = self.dq.q.val().wnd;
        self.ack.next.plen = self.dq.q.val().plen;
        for _i in 0..self._parts {
            self.ack.next.seq = self.partq.q.val().seq;
            self.ack.next.plen = self.partq.q.val().plen;
        }
        self.ack.next.tsval = self.dq.q.val().tsval;
        self.ack.next.tsecr = self.dq.q.val().tsecr;
        self.ack.next.ts_recent = self.recentq.q.val();
        if self.stamped.val() {
            self.ack.next.ts_recent = self.dq.q.val().tsval;
        }
        self.ack.next.rcv_nxt = self.seqq.q.val();
        self.ack.next.mode = 0.into(); // ack_mode::NONE
        self.ack.next.sack = self.is_op.q.val() & self.oq.q.val().sack & self.cq.q.val().sack;
        self.ack.next.flags = 0.into();
        if self.is_op.q.val() {
            // ack_flag::RX_ONLY; FIRST_FPDU of an FPDU, which acknowledges nothing: the end of its segment does.
            self.ack.next.flags = 0x400.into();
            if self.opens.val() {
                self.ack.next.flags = 0x600.into();
            }
            if self.seg_doneq.q.val() {
                self.ack.next.mode = 1.into(); // ack_mode::DELAYED
            }
            if self.seg_doneq.q.val() & self.oq.q.val().now {
                self.ack.next.mode = 2.into(); // ack_mode::NOW
            }
            if self.fin_toldq.q.val() {
                self.ack.next.flags = 0x401.into(); // RX_ONLY, FIN
                self.ack.next.mode = 2.into();
            }
            if self.rstq.q.val() {
                self.ack.next.flags = 0x402.into(); // RX_ONLY, RST
                self.ack.next.mode = 0.into();
            }
        } else {
            self.ack.next.flags = (bit_cast::<11, 1>(self.vq.q.val().reset.into()) << 1)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(3).into()) << 2)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(6).into()) << 3)
                | (bit_cast::<11, 1>(self.dq.q.val().flags.get_bit(7).into()) << 4)
                | (bit_cast::<11, 1>((self.dq.q.val().ce & self.in_window.val()).into()) << 5)
                | (bit_cast::<11, 1>(self.old.val().into()) << 6)
                | (bit_cast::<11, 1>(self.ahead.val().into()) << 7)
                | (bit_cast::<11, 1>((self.dq.q.val().ts & self.stamp_onq.q.val()).into()) << 8)
                | (bit_cast::<11, 1>(self.opens.val().into()) << 9);
            if self.pawsq.q.val() {
                self.ack.next.flags = 0x440.into(); // RX_ONLY, DUP
            }
            if self.settledq.q.val() {
                // The assembler reports what it gets.
                if self.pawsq.q.val()
                    | self.old.val()
                    | (self.ahead.val() & !self.early.val())
                    | self.outside.val()
                {
                    self.ack.next.mode = 2.into();
                }
                if self.challenge.val() {
                    self.ack.next.mode = 3.into(); // ack_mode::CHALLENGE
                }
            }
            // A fast one is settled.
            if self.fast.val() {
                self.ack.next.mode = 2.into();
                if self.crc_good.val() {
                    self.ack.next.mode = 1.into();
                }
            }
        }
        if self.fast.val() & self.crc_good.val() {
            self.ack.next.rcv_nxt = self.alt_nxtq.q.val();
            for _i in 0..self._parts {
                self.ack.next.rcv_nxt = self.part_nxtq.q.val();
            }
        }

        self.done4.d.next = self.commandq.q.val();
        self.hit4.d.next = self.cq.q.val().hit;
        self.op_done.next = self.done4.q.val();
        self.op_ok.next = self.hit4.q.val();

        self.why4.d.next.malformed = self.malformedq.q.val();
        self.why4.d.next.bad_ip_sum =
            self.wholeq.q.val() & !self.scan.val().ip_ok & !self.void.q.val();
        self.why4.d.next.bad_tcp_sum = (self.wholeq.q.val() & !self.void.q.val())
            & (self.scan.val().ip_ok & !self.scan.val().tcp_ok);
        self.why4.d.next.dup = self.good.val() & self.old.val();
        self.why4.d.next.ooo = self.good.val() & self.ahead.val();
        self.why4.d.next.window = self.good.val() & self.outside.val();
        self.why4.d.next.bad_ack =
            self.good.val() & self.vq.q.val().bad_ack & !self.refusedq.q.val();
        self.why4.d.next.challenge = self.good.val() & self.challenge.val();
        self.why4.d.next.rst = (self.sums.val() & self.vq.q.val().reset) | self.rstq.q.val();
        self.why4.d.next.fin = self.finq.q.val();
        self.why4.d.next.dead = self.good.val() & self.dead.val();
        self.why4.d.next.fpdu_fast = (self.clean.val() & self.fast_ok.val())
            | (self.op_ok_fpdu.val() & self.stagedq.q.val());
        self.why4.d.next.fpdu_pool = self.op_ok_fpdu.val() & !self.stagedq.q.val();
        self.why4.d.next.fpdu_crc = (self.sums.val() & self.fast_bad.val())
            | self.againq.q.val()
            | (self.op_fpduq.q.val() & self.crc_termq.q.val());
        self.why4.d.next.term_sent = (self.clean.val() & (self.fast.val() & self.wrong.val()))
            | (self.op_fpduq.q.val() & self.wrong.val())
            | (self.sums.val() & (self.fast_bad.val() & self.last_tryq.q.val()))
            | self.op_overq.q.val();
        self.why4.d.next.term_recv = self.op_ok_fpdu.val() & self.formq.q.val().term;
        self.why4.d.next.writes = ((self.clean.val() & self.fast_ok.val()) | self.op_ok_fpdu.val())
            & self.formq.q.val().write;
        self.why4.d.next.sends = ((self.clean.val() & self.fast_ok.val()) | self.op_ok_fpdu.val())
            & self.last_send.val();
        self.why4.d.next.reads = self.op_ok_fpdu.val() & self.formq.q.val().rreq;
        self.why4.d.next.read_resps = ((self.clean.val() & self.fast_ok.val())
            | self.op_ok_fpdu.val())
            & (self.formq.q.val().rresp | self.formq.q.val().aresp);
        self.why4.d.next.invalidated = self.inv4.q.val();
        self.why4.d.next.paws = self.good.val() & self.pawsq.q.val();
        self.why4.d.next.no_ts = self.good.val() & self.bareq.q.val();
        self.why.next = self.why4.q.val();
        self.fpdu_out.next = self.pool_fpduq.q.val();
    }
}
