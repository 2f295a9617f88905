//! X1 and X2, TCP side: judges a segment of an installed connection against its receive state.
//!
//! Combinational. X1 ([`SeqGap`]) subtracts, X2 ([`TcpJudge`]) compares, X3 joins the bits: two chains of 32 bits do not fit
//! into one cycle. In X1 the frame before may be in X3, which settles `rcv_nxt` only at the end of that
//! cycle; it can only stay or become a value known since X2, so X1 takes the distance from both and chooses last.
//! In: the frame, the distances, the forwarded `Dyn`. Out: one [`Verdict`].
//!
//! Order of the tests is RFC 9293 3.10.7.4: sequence, RST, SYN, ACK; then the data. RST and SYN follow RFC 5961 3 and 4,
//! the ACK range RFC 5961 5.2. All comparisons are modulo 2^32. Data that does not begin at or before `rcv_nxt` goes to the
//! assembler, and a FIN with it, if the preset keeps such data (`sack`); else it is dropped, as a FIN alone ahead is. A segment
//! that reaches beyond the window is trimmed to it and goes to the assembler, without its FIN.
//! Segments are processed in sequence order: a RST takes its turn behind segments that wait in the assembler.
//! Requirements: TCP-21..TCP-25, TCP-31..TCP-34, TCP-1C.

use super::types::*;
use super::xtypes::*;
use rust_hdl::prelude::*;

/// X1: the distances that do not depend on the receive state.
#[derive(LogicBlock, Default)]
pub struct SeqGap {
    pub seq: Signal<In, Bits<32>>,
    pub ack: Signal<In, Bits<32>>,
    pub plen: Signal<In, Bits<16>>,
    pub fin: Signal<In, bool>,
    pub rst: Signal<In, bool>,
    pub rcv_wnd: Signal<In, Bits<32>>,
    pub snd_una: Signal<In, Bits<32>>,
    pub snd_nxt: Signal<In, Bits<32>>,
    pub max_wnd: Signal<In, Bits<32>>,
    /// End of the segment.
    pub nxt: Signal<Out, Bits<32>>,
    /// Sequence space used, payload and FIN: is there any; low bits of its negative.
    pub some: Signal<Out, bool>,
    pub back: Signal<Out, Bits<17>>,
    /// How far the segment may begin beyond `rcv_nxt`, signed.
    pub room: Signal<Out, Bits<34>>,
    /// How far below `snd_nxt` the ACK number is, and how far it may be.
    pub ack_gap: Signal<Out, Bits<32>>,
    pub ack_room: Signal<Out, Bits<32>>,
    one: Signal<Local, Bits<1>>,
    none: Signal<Local, Bits<1>>,
    no: Signal<Local, Bits<1>>,
    less: Signal<Local, Bits<34>>,
    carry: Signal<Local, Bits<1>>,
}

impl Logic for SeqGap {
    #[hdl_gen]
    fn update(&mut self) {
        self.one.next = self.fin.val().into();
        self.no.next = 0.into();
        self.none.next = (!self.fin.val()).into();
        self.some.next = self.fin.val() | self.plen.val().any();
        self.nxt.next = (self.seq.val() + bit_cast::<32, 16>(self.plen.val()))
            + bit_cast::<32, 1>(self.one.val());
        // Of a RST and of an empty segment counts where it begins: as if it were one octet.
        self.less.next = !bit_cast::<34, 16>(self.plen.val());
        self.carry.next = (!self.fin.val() & self.plen.val().any()).into();
        if self.rst.val() {
            self.less.next = !bit_cast::<34, 1>(self.no.val());
            self.carry.next = self.no.val();
        }
        self.back.next = !bit_cast::<17, 16>(self.plen.val()) + bit_cast::<17, 1>(self.none.val());
        self.room.next = (bit_cast::<34, 32>(self.rcv_wnd.val()) + self.less.val())
            + bit_cast::<34, 1>(self.carry.val());
        self.ack_gap.next = self.snd_nxt.val() - self.ack.val();
        self.ack_room.next = (self.snd_nxt.val() - self.snd_una.val()) + self.max_wnd.val();
    }
}

/// X2: the comparisons.
#[derive(LogicBlock, Default)]
pub struct TcpJudge {
    /// A frame of the connection, not bad, headers covered.
    pub whole: Signal<In, bool>,
    pub d: Signal<In, FrameDone>,
    /// Forwarded state.
    pub f: Signal<In, Dyn>,
    /// Sequence number less `rcv_nxt`.
    pub ahead: Signal<In, Bits<32>>,
    pub some: Signal<In, bool>,
    pub back: Signal<In, Bits<17>>,
    pub room: Signal<In, Bits<34>>,
    pub rcv_wnd: Signal<In, Bits<32>>,
    /// The window is not 0.
    pub any_wnd: Signal<In, bool>,
    pub ack_gap: Signal<In, Bits<32>>,
    pub ack_room: Signal<In, Bits<32>>,
    /// Staging byte address of the TCP payload.
    pub base: Signal<In, Bits<BYTE>>,
    /// Octets of the segment, or of its part, that should be one whole FPDU.
    pub unit: Signal<In, Bits<16>>,
    /// They would be so many if they were one whole FPDU of a kind that needs no assembler; else 0.
    pub fpdu: Signal<In, Bits<18>>,
    /// Data ahead of a gap is kept.
    pub keeps: Signal<In, bool>,
    pub v: Signal<Out, Verdict>,
    fin: Signal<Local, bool>,
    syn: Signal<Local, bool>,
    rst: Signal<Local, bool>,
    ackf: Signal<Local, bool>,
    ack_ok: Signal<Local, bool>,
    passed: Signal<Local, bool>,
    here: Signal<Local, bool>,
    behind: Signal<Local, bool>,
    sign: Signal<Local, Bits<2>>,
    distance: Signal<Local, Bits<34>>,
    spare: Signal<Local, Bits<34>>,
    unused_spare: Signal<Local, Bits<34>>,
    left: Signal<Local, Bits<33>>,
    not_ahead: Signal<Local, Bits<32>>,
    unused_left: Signal<Local, Bits<33>>,
    open: Signal<Local, bool>,
    settled: Signal<Local, bool>,
    single: Signal<Local, bool>,
    ready: Signal<Local, bool>,
    flags: Signal<Local, Bits<8>>,
    // Fields of whole structs that nobody here needs.
    unused_d: Signal<Local, FrameDone>,
    unused_f: Signal<Local, Dyn>,
    unused_flags: Signal<Local, Bits<8>>,
}

impl Logic for TcpJudge {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_d.next = self.d.val();
        self.unused_f.next = self.f.val();
        self.flags.next = self.d.val().flags;
        self.unused_flags.next = self.flags.val();
        self.fin.next = self.flags.val().get_bit(0);
        self.syn.next = self.flags.val().get_bit(1);
        self.rst.next = self.flags.val().get_bit(2);
        self.ackf.next = self.flags.val().get_bit(4);
        self.here.next = !self.ahead.val().any();
        self.behind.next = self.ahead.val().get_bit(31);
        self.open.next = (self.f.val().st == 1) & !self.f.val().rst;
        self.settled.next = !self.f.val().pend.any();
        // One whole FPDU, and no octet in front of it is held anywhere.
        self.single.next =
            (self.fpdu.val() == bit_cast::<18, 16>(self.unit.val())) & !self.fin.val();
        self.v.next.single = self.single.val();
        self.ready.next = self.single.val() & !self.f.val().mid & self.settled.val();
        // snd_una - max_wnd <= ack <= snd_nxt
        self.ack_ok.next = self.ack_gap.val() <= self.ack_room.val();
        self.passed.next = self.whole.val()
            & !self.rst.val()
            & !self.syn.val()
            & self.ackf.val()
            & self.ack_ok.val()
            & self.some.val()
            & self.open.val();

        self.v.next.fast = self.passed.val() & self.here.val() & self.ready.val();
        self.v.next.slow =
            self.passed.val() & ((self.here.val() & !self.ready.val()) | self.behind.val());
        self.v.next.early = (self.passed.val() & self.keeps.val())
            & (!self.here.val() & !self.behind.val() & self.d.val().plen.any());
        self.v.next.reset =
            self.whole.val() & self.rst.val() & self.here.val() & self.settled.val();
        self.v.next.reset_later = self.whole.val()
            & self.rst.val()
            & self.here.val()
            & !self.settled.val()
            & !self.f.val().rst;
        self.v.next.rst = self.rst.val();
        self.v.next.odd =
            !self.rst.val() & (self.syn.val() | !self.ackf.val() | !self.ack_ok.val());
        self.v.next.bad_ack =
            !self.rst.val() & !self.syn.val() & self.ackf.val() & !self.ack_ok.val();
        self.v.next.empty = !self.some.val();
        self.v.next.here = self.here.val();
        self.v.next.behind = self.behind.val();
        // At least as far below rcv_nxt as it is long.
        self.v.next.covered = self.behind.val()
            & (!self.ahead.val().get_bits::<15>(17).all()
                | (self.ahead.val().get_bits::<17>(0) <= self.back.val()));
        // The room is not below the distance, both signed.
        self.sign.next = 0.into();
        if self.behind.val() {
            self.sign.next = 3.into();
        }
        self.distance.next =
            bit_cast::<34, 32>(self.ahead.val()) | (bit_cast::<34, 2>(self.sign.val()) << 32);
        self.spare.next = self.room.val() - self.distance.val();
        self.unused_spare.next = self.spare.val();
        self.v.next.inside = !self.spare.val().get_bit(33);
        // The window's end is behind where it begins: a carry. One that begins before rcv_nxt is trimmed on both sides.
        self.not_ahead.next = !self.ahead.val();
        self.left.next =
            bit_cast::<33, 32>(self.rcv_wnd.val()) + bit_cast::<33, 32>(self.not_ahead.val());
        self.unused_left.next = self.left.val();
        self.v.next.starts = self.any_wnd.val();
        self.v.next.fits = self.rcv_wnd.val().get_bits::<16>(0);
        if !self.behind.val() {
            self.v.next.starts = self.left.val().get_bit(32);
            self.v.next.fits =
                self.rcv_wnd.val().get_bits::<16>(0) - self.ahead.val().get_bits::<16>(0);
        }
        self.v.next.open = self.open.val();
        // What is taken begins at rcv_nxt: `ahead` is 0 or negative.
        self.v.next.addr = self.base.val() - self.ahead.val().get_bits::<BYTE>(0);
        self.v.next.len = self.d.val().plen + self.ahead.val().get_bits::<16>(0);
    }
}
