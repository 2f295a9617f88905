//! Markers (RFC 5044 4.3): counted in the job, inserted into the payload. A builder without Markers has [`PlainJob`] alone.
//!
//! | block | ports | latency | back-pressure |
//! |---|---|---|---|
//! | [`PlainJob`] | `fpdu` -> `job head` | 0 | none |
//! | [`MarkJob`] | `fpdu_valid fpdu_ready fpdu` -> `job_valid job_ready job head` | 1 cycle | a register that waits for `job_ready` |
//! | [`MarkStream`] | `start` and a plan; `in_t*` -> `out_t*` | 1 cycle, up to 3 at the payload's end | a register that waits for `out_tready` |
//!
//! A Marker stands in front of every 508 octets of the FPDU and its PAD, the first `mark_at - fpdu_seq` (modulo 512, a
//! multiple of 4) behind the FPDU's begin, the last one in front of the CRC at most (MPA-62, MPA-67, MPA-68); FPDUPTR counts
//! from the length field (MPA-66, MPA-6A). One of them may lie in front of the payload: it becomes part of the prefix. Those behind
//! are inserted into the payload stream, and PAD with them; what comes out is put in its place, covered by the CRC and cut as any payload
//! (MPA-72, MPA-6G). The length field does not count them (MPA-6C).
//!
//! Beats are 512 octets apart in whole beats, so the Markers of an FPDU all have the same lane. Each moves the octets behind it up by
//! one word; after K / 4 of them a beat has become full of what was moved, and one goes out for which none is taken.

use super::octets::{Head, MarkInsert};
use super::types::{Job, Plan, TxFpdu, HEAD};
use crate::prim::{ApplyMask, LenToKeep, MergeRotate, Reg, RegNr};
use rust_hdl::prelude::*;

/// Jobs of a builder without Markers.
#[derive(LogicBlock, Default)]
pub struct PlainJob {
    pub fpdu: Signal<In, TxFpdu>,
    pub job: Signal<Out, Job>,
    pub head: Signal<Out, Bits<HEAD>>,
    unused_f: Signal<Local, TxFpdu>,
    octets: Head,
}

impl Logic for PlainJob {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_f.next = self.fpdu.val();
        self.octets.hdr.next = self.unused_f.val().hdr;
        self.octets.len.next =
            self.unused_f.val().payload_len + bit_cast::<16, 6>(self.unused_f.val().hdr_len);
        self.octets.mark.next = false;
        self.octets.at.next = 0.into();
        self.head.next = self.octets.dout.val();
        self.job.next.h = self.unused_f.val().hdr_len + 2;
        self.job.next.payload = self.unused_f.val().payload_len;
        self.job.next.pad = !self.unused_f.val().payload_len.get_bits::<2>(0) + 1;
        self.job.next.crc_en = self.unused_f.val().crc_en;
        self.job.next.skip = self.unused_f.val().skip;
        self.job.next.take = self.unused_f.val().take;
        self.job.next.marked = false;
        self.job.next.plain = 0.into();
        self.job.next.mark_in = 0.into();
        self.job.next.mark_ptr = 0.into();
    }
}

/// Counts the Markers of an FPDU.
#[derive(LogicBlock, Default)]
pub struct MarkJob {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub fpdu_valid: Signal<In, bool>,
    pub fpdu_ready: Signal<Out, bool>,
    pub fpdu: Signal<In, TxFpdu>,
    pub job_valid: Signal<Out, bool>,
    pub job_ready: Signal<In, bool>,
    pub job: Signal<Out, Job>,
    pub head: Signal<Out, Bits<HEAD>>,
    f: Signal<Local, TxFpdu>,
    h: Signal<Local, Bits<6>>,
    pad: Signal<Local, Bits<2>>,
    /// Octets from the FPDU's first to its first Marker; of prefix, payload and PAD; words behind the first Marker.
    first: Signal<Local, Bits<9>>,
    all: Signal<Local, Bits<18>>,
    unused_left: Signal<Local, Bits<18>>,
    words: Signal<Local, Bits<16>>,
    unused_n: Signal<Local, Bits<16>>,

    held: Reg<bool>,
    q: RegNr<TxFpdu>,
    h_q: RegNr<Bits<6>>,
    pad_q: RegNr<Bits<2>>,
    first_q: RegNr<Bits<9>>,
    some_q: RegNr<bool>,
    in_head_q: RegNr<bool>,
    /// Markers behind the first.
    more_q: RegNr<Bits<9>>,
    unused_w: Signal<Local, TxFpdu>,
    ahead: Signal<Local, Bits<10>>,
    octets: Head,
}

impl Logic for MarkJob {
    #[hdl_gen]
    fn update(&mut self) {
        self.f.next = self.fpdu.val();
        self.h.next = self.f.val().hdr_len + 2;
        self.pad.next = !self.f.val().payload_len.get_bits::<2>(0) + 1;
        self.first.next = self.f.val().mark_at - self.f.val().fpdu_seq;
        self.all.next = (bit_cast::<18, 16>(self.f.val().payload_len)
            + bit_cast::<18, 2>(self.pad.val()))
            + bit_cast::<18, 6>(self.h.val());
        self.unused_left.next = self.all.val() - bit_cast::<18, 9>(self.first.val());
        // n / 127 for n below 16256: n/128 of n and its own 128th.
        self.words.next = self.unused_left.val().get_bits::<16>(2);
        self.unused_n.next = (self.words.val() + 1) + (self.words.val() >> 7);
        self.fpdu_ready.next = !self.held.q.val() | self.job_ready.val();
        if self.job_ready.val() {
            self.held.d.next = false;
        }
        if self.fpdu_valid.val() & (!self.held.q.val() | self.job_ready.val()) {
            self.held.d.next = true;
            self.q.d.next = self.f.val();
            self.h_q.d.next = self.h.val();
            self.pad_q.d.next = self.pad.val();
            self.first_q.d.next = self.first.val();
            self.some_q.d.next = self.f.val().markers & !self.unused_left.val().get_bit(17);
            self.in_head_q.d.next =
                self.f.val().markers & (self.first.val() <= bit_cast::<9, 6>(self.h.val()));
            self.more_q.d.next = self.unused_n.val().get_bits::<9>(7);
        }

        self.unused_w.next = self.q.q.val();
        self.job_valid.next = self.held.q.val();
        self.octets.hdr.next = self.unused_w.val().hdr;
        self.octets.len.next =
            self.unused_w.val().payload_len + bit_cast::<16, 6>(self.unused_w.val().hdr_len);
        self.octets.mark.next = self.in_head_q.q.val();
        self.octets.at.next = self.first_q.q.val().get_bits::<4>(2);
        self.head.next = self.octets.dout.val();
        self.job.next.crc_en = self.unused_w.val().crc_en;
        self.job.next.skip = self.unused_w.val().skip;
        self.job.next.take = self.unused_w.val().take;
        self.job.next.plain = self.unused_w.val().payload_len;
        self.job.next.marked = self.some_q.q.val();
        self.job.next.h = self.h_q.q.val();
        self.job.next.payload = self.unused_w.val().payload_len;
        self.job.next.pad = self.pad_q.q.val();
        self.job.next.mark_ptr = bit_cast::<16, 9>(self.first_q.q.val());
        self.ahead.next =
            bit_cast::<10, 9>(self.first_q.q.val()) - bit_cast::<10, 6>(self.h_q.q.val());
        if self.some_q.q.val() {
            self.job.next.pad = 0.into();
            self.job.next.payload = (self.unused_w.val().payload_len
                + bit_cast::<16, 2>(self.pad_q.q.val()))
                + ((bit_cast::<16, 9>(self.more_q.q.val()) + 1) << 2);
            if self.in_head_q.q.val() {
                self.job.next.h = self.h_q.q.val() + 4;
                self.job.next.payload = (self.unused_w.val().payload_len
                    + bit_cast::<16, 2>(self.pad_q.q.val()))
                    + (bit_cast::<16, 9>(self.more_q.q.val()) << 2);
                // The next one is 512 octets behind it; with one in front the length field begins 4 octets later.
                self.ahead.next = (bit_cast::<10, 9>(self.first_q.q.val()) + 508)
                    - bit_cast::<10, 6>(self.h_q.q.val());
                self.job.next.mark_ptr = bit_cast::<16, 9>(self.first_q.q.val()) + 512;
                if !self.first_q.q.val().any() {
                    self.job.next.mark_ptr = 508.into();
                }
            }
        }
        self.job.next.mark_in = self.ahead.val();
    }
}

/// Inserts Markers into a payload.
#[derive(LogicBlock)]
pub struct MarkStream<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// The next FPDU, which has Markers.
    pub start: Signal<In, bool>,
    pub plan: Signal<In, Plan>,
    pub in_tvalid: Signal<In, bool>,
    pub in_tready: Signal<Out, bool>,
    pub in_tdata: Signal<In, Bits<D>>,
    pub out_tvalid: Signal<Out, bool>,
    pub out_tready: Signal<In, bool>,
    pub out_tdata: Signal<Out, Bits<D>>,

    unused_p: Signal<Local, Plan>,
    /// Beats that go out, that come in.
    out_left: Reg<Bits<14>>,
    in_left: Reg<Bits<14>>,
    in_more: Signal<Local, Bits<16>>,
    beat_less_1: Constant<Bits<16>>,
    keep_of: LenToKeep<K, C>,
    last_keep: RegNr<Bits<K>>,
    keep: Signal<Local, Bits<K>>,
    /// Beats up to the next Marker, modulo those between two; its word; its FPDUPTR.
    beats: RegNr<Bits<6>>,
    at: RegNr<Bits<4>>,
    ptr: RegNr<Bits<16>>,
    /// Octets of the beat before that did not go out yet.
    over: RegNr<Bits<LK>>,
    before_q: RegNr<Bits<D>>,
    masked: ApplyMask<D, K>,
    window: MergeRotate<D, K, LK>,
    insert: MarkInsert<D>,
    marks: Signal<Local, bool>,
    full: Signal<Local, bool>,
    takes: Signal<Local, bool>,
    moves: Signal<Local, bool>,
    go: Signal<Local, bool>,
    valid: Reg<bool>,
    data: RegNr<Bits<D>>,
    none: Constant<Bits<K>>,
    most: Constant<Bits<LK>>,
    period: Constant<Bits<6>>,
    _lk: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> MarkStream<D, K, LK, C> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K && C == LK + 1);

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            plan: Default::default(),
            in_tvalid: Default::default(),
            in_tready: Default::default(),
            in_tdata: Default::default(),
            out_tvalid: Default::default(),
            out_tready: Default::default(),
            out_tdata: Default::default(),
            unused_p: Default::default(),
            out_left: Default::default(),
            in_left: Default::default(),
            in_more: Default::default(),
            beat_less_1: Constant::new((K as u64 - 1).to_bits()),
            keep_of: Default::default(),
            last_keep: Default::default(),
            keep: Default::default(),
            beats: Default::default(),
            at: Default::default(),
            ptr: Default::default(),
            over: Default::default(),
            before_q: Default::default(),
            masked: Default::default(),
            window: Default::default(),
            insert: Default::default(),
            marks: Default::default(),
            full: Default::default(),
            takes: Default::default(),
            moves: Default::default(),
            go: Default::default(),
            valid: Default::default(),
            data: Default::default(),
            none: Constant::new(0.into()),
            most: Constant::new((K as u64 - 4).to_bits()),
            period: Constant::new((512 / K as u64 - 1).to_bits()),
            _lk: LK,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Default
    for MarkStream<D, K, LK, C>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for MarkStream<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_p.next = self.plan.val();
        self.marks.next = !self.beats.q.val().any();
        // All that goes out is left of the beat before: the one on the port is for the next step.
        self.full.next = self.marks.val() & (self.over.q.val() == self.most.val());
        self.takes.next = self.in_left.q.val().any() & !self.full.val();
        self.moves.next =
            self.out_left.q.val().any() & (!self.valid.q.val() | self.out_tready.val());
        self.in_tready.next = self.takes.val() & self.moves.val();
        self.go.next = self.moves.val() & (!self.takes.val() | self.in_tvalid.val());

        // The next K octets that are no Marker.
        self.keep.next = self.none.val();
        if self.in_left.q.val().any() {
            self.keep.next = !self.none.val();
            if self.in_left.q.val() == 1 {
                self.keep.next = self.last_keep.q.val();
            }
        }
        self.masked.data.next = self.in_tdata.val();
        self.masked.keep.next = self.keep.val();
        self.masked.flip.next = self.none.val();
        self.window.lo.next = self.before_q.q.val();
        self.window.hi.next = self.masked.dout.val();
        self.window.off.next = !self.over.q.val() + 1;
        self.insert.data.next = self.window.dout.val();
        if !self.over.q.val().any() {
            self.insert.data.next = self.masked.dout.val();
        }
        self.insert.mark.next = self.marks.val();
        self.insert.at.next = self.at.q.val();
        self.insert.ptr.next = self.ptr.q.val();
        if self.out_tready.val() {
            self.valid.d.next = false;
        }
        if self.go.val() {
            self.valid.d.next = true;
            self.data.d.next = self.insert.dout.val();
            self.out_left.d.next = self.out_left.q.val() - 1;
            if !self.full.val() {
                self.before_q.d.next = self.masked.dout.val();
            }
            if self.takes.val() {
                self.in_left.d.next = self.in_left.q.val() - 1;
            }
            self.beats.d.next = self.beats.q.val() - 1;
            if self.marks.val() {
                self.beats.d.next = self.period.val();
                self.ptr.d.next = self.ptr.q.val() + 512;
                self.over.d.next = self.over.q.val() + 4;
            }
        }
        self.out_tvalid.next = self.valid.q.val();
        self.out_tdata.next = self.data.q.val();

        // Nothing of the FPDU before is left.
        self.in_more.next = self.unused_p.val().plain + self.beat_less_1.val();
        self.keep_of.len.next = bit_cast::<C, LK>(self.unused_p.val().plain.get_bits::<LK>(0));
        if self.start.val() {
            self.out_left.d.next = self.unused_p.val().n_pay;
            for k in (self._lk)..(self._lk + 1) {
                self.in_left.d.next = (self.in_more.val() >> k.to_bits::<3>()).get_bits::<14>(0);
                self.beats.d.next = (self.unused_p.val().mark_in >> k.to_bits::<3>())
                    .get_bits::<6>(0)
                    & self.period.val();
                self.at.d.next =
                    bit_cast::<4, LK>(self.unused_p.val().mark_in.get_bits::<LK>(0) >> 2);
            }
            self.last_keep.d.next = self.keep_of.keep.val();
            if !self.unused_p.val().plain.get_bits::<LK>(0).any() {
                self.last_keep.d.next = !self.none.val();
            }
            self.ptr.d.next = self.unused_p.val().mark_ptr;
            self.over.d.next = 0.into();
        }
    }
}
