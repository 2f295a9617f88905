//! Parts: cuts a segment with several FPDUs so that each goes the fast way, as if it had come in a segment of its own.
//!
//! To TCP a segment is as good as several that follow one another. Where an FPDU ends is said by its length field (RFC 5044 4.1),
//! if the segment's payload begins with one. Ingest does not know whether it does, and need not: a cut at any octet is
//! right, only a good one helps. So a frame of n parts is n entries for the pipeline, with one context entry, one FrameDone and one
//! verdict on its checksums; each part has a frame slot, a sequence number, a header, a CRC verdict and, if
//! it was issued, a TPT result of its own. To TCP a part is all that is left of the segment, of which the fast way takes the first `len`
//! octets; the first part that does not go the fast way takes the rest with it, and the parts behind it are nothing any more.
//!
//! A cut is planned when a length field is on R0, and done when the beat in which it lies is there. The rest behind it must hold 24 octets, the
//! first 8 of them before the packet's last beat; the FPDU in front of it must be 20 octets long and 8 longer than a beat (one cut a
//! beat, and a TPT read between two); the pipeline and the frame slots must have room (`room`, `spare`), else the rest stays in one piece, which
//! is the assembler's. A segment with SYN, FIN or RST is not cut.
//!
//! | port | | |
//! |---|---|---|
//! | `r_* at h tcp seq flags` | in | R0 and what the parser knows of its frame: last octet of the IP packet, first of the payload, launched, TCP sequence number and flags |
//! | `m_beat` -> `cut cut_at spill` | in, out | for the scanner, see there: the beat whose masks are made |
//! | `split`, `splits` | out | R0 holds the beat with a cut: the next part begins, in slot and window; how many before this cycle |
//! | `tpt_valid tpt_stag`, `pending` | out | TPT reads of all parts but the first; one is to come, this cycle included |
//! | `push` | in | a FrameDone is pushed |
//! | `cut_valid cut_ok`, `verdict` | in | the scanner's verdicts on all parts but the last; it pushes that on the frame |
//! | `done_valid done` -> `out_valid out part`, `pop` -> `done_pop` | in, out | the FIFO's FrameDone, for its parts one after the other; the next one is there 2 cycles later |
//! | `hdrb`, `hdrb_pop` | out, in | FPDU octets 20..47 of the parts behind a frame's first one, in order |
//! | `oks`, `oks_pop` | out, in | CRC verdicts on the oldest frame's parts, bit 0 its first; the last part's is in `Scan` |
//!
//! Latency: none; the last part's entry is there in T + 2, when the first may leave J. No back-pressure. Depths: the window, of which each part counts.
//! A preset without parts does not have this block.

use super::types::{FrameDone, HDR_A, HDR_B};
use super::xtypes::Part;
use crate::prim::{BypassFifo, Fifo, PayloadCapture, Reg, RegNr, BEAT_BITS, POSITION};
use rust_hdl::prelude::*;

/// log2 of the window.
const WINDOW: usize = 4;
/// Parts of a frame at most; the pipeline's room ends it before.
const MOST: u64 = 15;
/// Octets that must be left behind a cut: then a TPT read can be issued in time.
const REST: u64 = 24;
/// The smallest FPDU: a tagged one without payload.
const SMALLEST: usize = 20;

/// What is known of a frame besides its FrameDone.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Split {
    pub any: bool,
    /// Octets of the first part.
    pub len: Bits<16>,
}

/// A part behind a frame's first one.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct PartItem {
    pub more: bool,
    /// Octets of the payload in front of it; its own.
    pub off: Bits<16>,
    pub len: Bits<16>,
    pub seq: Bits<32>,
    pub tpt: bool,
    pub hdr_a: Bits<HDR_A>,
}

/// Cuts, and the parts' entries.
#[derive(LogicBlock)]
pub struct Parts<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub r_valid: Signal<In, bool>,
    pub r_last: Signal<In, bool>,
    pub r_beat: Signal<In, Bits<BEAT_BITS>>,
    pub r_data: Signal<In, Bits<D>>,
    pub at: Signal<In, Bits<POSITION>>,
    pub h: Signal<In, Bits<8>>,
    pub tcp: Signal<In, bool>,
    pub seq: Signal<In, Bits<32>>,
    pub flags: Signal<In, Bits<8>>,
    pub room: Signal<In, bool>,
    pub spare: Signal<In, bool>,
    pub m_beat: Signal<In, Bits<BEAT_BITS>>,
    pub cut: Signal<Out, bool>,
    pub cut_at: Signal<Out, Bits<POSITION>>,
    pub spill: Signal<Out, bool>,
    pub split: Signal<Out, bool>,
    pub splits: Signal<Out, Bits<4>>,
    pub tpt_valid: Signal<Out, bool>,
    pub tpt_stag: Signal<Out, Bits<32>>,
    pub pending: Signal<Out, bool>,
    pub push: Signal<In, bool>,
    pub cut_valid: Signal<In, bool>,
    pub cut_ok: Signal<In, bool>,
    pub verdict: Signal<In, bool>,
    pub done_valid: Signal<In, bool>,
    pub done: Signal<In, FrameDone>,
    pub done_pop: Signal<Out, bool>,
    pub out_valid: Signal<Out, bool>,
    pub out: Signal<Out, FrameDone>,
    pub part: Signal<Out, Part>,
    pub pop: Signal<In, bool>,
    pub hdrb: Signal<Out, Bits<HDR_B>>,
    pub hdrb_pop: Signal<In, bool>,
    pub oks: Signal<Out, Bits<16>>,
    pub oks_pop: Signal<In, bool>,

    // R0
    /// The payload's first octet is still to come; else a cut before octet `next` is planned.
    armed: Reg<bool>,
    planned: Reg<bool>,
    next: RegNr<Bits<POSITION>>,
    count: Reg<Bits<4>>,
    len1: RegNr<Bits<16>>,
    /// Where the present part began, which capture is its own.
    begin: RegNr<Bits<POSITION>>,
    turn: Reg<bool>,
    /// Its TPT read is to be issued; has been.
    tag_wait: Reg<bool>,
    tagged: RegNr<bool>,
    /// The beat behind one with a cut before its last two lanes.
    spilt: Reg<bool>,
    spilt_beat: RegNr<Bits<BEAT_BITS>>,
    capture: [PayloadCapture<D>; 2],
    base: [RegNr<Bits<POSITION>>; 2],
    first: Signal<Local, Bits<POSITION>>,
    pos: Signal<Local, Bits<POSITION>>,
    lane: Signal<Local, Bits<LK>>,
    here: Signal<Local, bool>,
    cuts: Signal<Local, bool>,
    field: Signal<Local, Bits<16>>,
    ulpdu: Signal<Local, Bits<POSITION>>,
    length: Signal<Local, Bits<POSITION>>,
    behind: Signal<Local, Bits<POSITION>>,
    plain: Signal<Local, bool>,
    plan: Signal<Local, bool>,
    turn_now: Signal<Local, bool>,
    begin_now: Signal<Local, Bits<POSITION>>,
    base_now: [Signal<Local, Bits<POSITION>>; 2],
    mine: [Signal<Local, bool>; 2],
    beat_now: Signal<Local, Bits<POSITION>>,
    /// The beat on R0, counted from the capture's first; the lane of its first octet, in half words.
    relative: [Signal<Local, Bits<POSITION>>; 2],
    offset: [Signal<Local, Bits<POSITION>>; 2],
    unused_relative: [Signal<Local, Bits<POSITION>>; 2],
    unused_offset: [Signal<Local, Bits<POSITION>>; 2],
    seen: [Signal<Local, Bits<384>>; 2],
    tag_beat: Signal<Local, Bits<BEAT_BITS>>,
    tag_now: Signal<Local, bool>,
    issue: Signal<Local, bool>,
    tag_from: Signal<Local, Bits<384>>,
    ended: Signal<Local, Bits<384>>,
    ends_at: Signal<Local, Bits<POSITION>>,
    off: Signal<Local, Bits<POSITION>>,
    unused_off: Signal<Local, Bits<POSITION>>,
    unused_end: Signal<Local, Bits<POSITION>>,
    unused_length: Signal<Local, Bits<POSITION>>,
    unused_tag: Signal<Local, Bits<384>>,
    next_beat: Signal<Local, Bits<BEAT_BITS>>,

    // J, X2, X3
    frames: BypassFifo<Split, WINDOW>,
    items: Fifo<PartItem, WINDOW>,
    headers: Fifo<Bits<HDR_B>, WINDOW>,
    verdicts: BypassFifo<Bits<16>, WINDOW>,
    at_extra: Reg<bool>,
    index: Reg<Bits<4>>,
    good: Reg<Bits<16>>,
    judged: Reg<Bits<4>>,
    frame: Signal<Local, Split>,
    extra: Signal<Local, PartItem>,

    lk: Constant<Bits<5>>,
    last_lane: Constant<Bits<LK>>,
    lane_mask: Constant<Bits<POSITION>>,
    smallest: Constant<Bits<POSITION>>,
    word_mask: Constant<Bits<POSITION>>,
    rest: Constant<Bits<POSITION>>,
    most: Constant<Bits<4>>,
    _k: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Parts<D, K, LK> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K && K >= 8,
        "Parts: K must be D / 8 and LK log2 K"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            r_valid: Default::default(),
            r_last: Default::default(),
            r_beat: Default::default(),
            r_data: Default::default(),
            at: Default::default(),
            h: Default::default(),
            tcp: Default::default(),
            seq: Default::default(),
            flags: Default::default(),
            room: Default::default(),
            spare: Default::default(),
            m_beat: Default::default(),
            cut: Default::default(),
            cut_at: Default::default(),
            spill: Default::default(),
            split: Default::default(),
            splits: Default::default(),
            tpt_valid: Default::default(),
            tpt_stag: Default::default(),
            pending: Default::default(),
            push: Default::default(),
            cut_valid: Default::default(),
            cut_ok: Default::default(),
            verdict: Default::default(),
            done_valid: Default::default(),
            done: Default::default(),
            done_pop: Default::default(),
            out_valid: Default::default(),
            out: Default::default(),
            part: Default::default(),
            pop: Default::default(),
            hdrb: Default::default(),
            hdrb_pop: Default::default(),
            oks: Default::default(),
            oks_pop: Default::default(),
            armed: Reg::new(true),
            planned: Default::default(),
            next: Default::default(),
            count: Default::default(),
            len1: Default::default(),
            begin: Default::default(),
            turn: Default::default(),
            tag_wait: Default::default(),
            tagged: Default::default(),
            spilt: Default::default(),
            spilt_beat: Default::default(),
            capture: Default::default(),
            base: Default::default(),
            first: Default::default(),
            pos: Default::default(),
            lane: Default::default(),
            here: Default::default(),
            cuts: Default::default(),
            field: Default::default(),
            ulpdu: Default::default(),
            length: Default::default(),
            behind: Default::default(),
            plain: Default::default(),
            plan: Default::default(),
            turn_now: Default::default(),
            begin_now: Default::default(),
            base_now: Default::default(),
            mine: Default::default(),
            beat_now: Default::default(),
            relative: Default::default(),
            offset: Default::default(),
            unused_relative: Default::default(),
            unused_offset: Default::default(),
            seen: Default::default(),
            tag_beat: Default::default(),
            tag_now: Default::default(),
            issue: Default::default(),
            tag_from: Default::default(),
            ended: Default::default(),
            ends_at: Default::default(),
            off: Default::default(),
            unused_off: Default::default(),
            unused_end: Default::default(),
            unused_length: Default::default(),
            unused_tag: Default::default(),
            next_beat: Default::default(),
            frames: Default::default(),
            items: Default::default(),
            headers: Default::default(),
            verdicts: Default::default(),
            at_extra: Default::default(),
            index: Default::default(),
            good: Default::default(),
            judged: Default::default(),
            frame: Default::default(),
            extra: Default::default(),
            lk: Constant::new((LK as u64).to_bits()),
            last_lane: Constant::new((K as u64 - 2).to_bits()),
            lane_mask: Constant::new((K as u64 - 1).to_bits()),
            smallest: Constant::new(((K + 8).max(SMALLEST) as u64).to_bits()),
            word_mask: Constant::new(((1u64 << POSITION) - 4).to_bits()),
            rest: Constant::new((REST - 1).to_bits()),
            most: Constant::new((MOST - 1).to_bits()),
            _k: K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Default for Parts<D, K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Parts<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- R0: is a length field here, and with `planned` a cut before it?
        self.first.next = bit_cast::<POSITION, 8>(self.h.val());
        self.pos.next = self.next.q.val();
        if self.armed.q.val() {
            self.pos.next = self.first.val();
        }
        self.lane.next = bit_cast::<LK, POSITION>(self.pos.val());
        self.here.next = self.r_valid.val()
            & (self.planned.q.val() | (self.armed.q.val() & self.tcp.val()))
            & (bit_cast::<BEAT_BITS, POSITION>(self.pos.val() >> self.lk.val())
                == self.r_beat.val());
        self.cuts.next = self.here.val() & self.planned.q.val() & !self.r_last.val();
        // Octets 2 and 3 of a word of four: headers are multiples of four octets, behind Ethernet's 14.
        self.field.next = 0.into();
        for w in 0..(self._k / 4) {
            if self.lane.val() == (4 * w + 2).to_bits::<LK>() {
                self.field.next = self.r_data.val().get_bits::<16>(32 * w + 16);
            }
        }
        self.ulpdu.next = bit_cast::<POSITION, 8>(self.field.val().get_bits::<8>(8))
            | (bit_cast::<POSITION, 8>(self.field.val().get_bits::<8>(0)) << 8);
        // 2 octets length, ULPDU, pad to a multiple of 4, CRC.
        self.length.next = (self.ulpdu.val() + 9) & self.word_mask.val();
        self.unused_length.next = self.length.val();
        self.behind.next = self.pos.val() + self.length.val();
        self.plain.next = (self.flags.val() & 7) == 0;
        self.plan.next = self.here.val()
            & !self.r_last.val()
            & self.room.val()
            & self.spare.val()
            & self.plain.val()
            & (self.length.val() >= self.smallest.val())
            & ((self.behind.val() + self.rest.val()) <= self.at.val())
            & (((self.behind.val() + 7) >> self.lk.val()) < (self.at.val() >> self.lk.val()))
            & (self.count.q.val() < self.most.val());
        if self.here.val() {
            self.armed.d.next = false;
            self.planned.d.next = self.plan.val();
            self.next.d.next = self.behind.val();
            if self.armed.q.val() {
                self.len1.d.next = self.length.val().get_bits::<16>(0);
            }
        }
        self.split.next = self.cuts.val();
        self.splits.next = self.count.q.val();
        if self.cuts.val() {
            self.count.d.next = self.count.q.val() + 1;
        }

        // --- the scanner's beat
        self.next_beat.next = bit_cast::<BEAT_BITS, POSITION>(self.next.q.val() >> self.lk.val());
        self.cut.next = self.planned.q.val() & (self.next_beat.val() == self.m_beat.val());
        self.cut_at.next = self.next.q.val();
        self.spill.next = (self.planned.q.val()
            & (bit_cast::<LK, POSITION>(self.next.q.val()) == self.last_lane.val())
            & ((self.next_beat.val() + 1) == self.m_beat.val()))
            | (self.spilt.q.val() & (self.spilt_beat.q.val() == self.m_beat.val()));
        if self.cuts.val() {
            self.spilt.d.next = self.lane.val() == self.last_lane.val();
            self.spilt_beat.d.next = self.r_beat.val() + 1;
        }

        // --- headers: two captures in turn, as the beat with a cut may hold the end of one header and the begin of the next
        self.turn_now.next = self.turn.q.val() ^ self.cuts.val();
        self.turn.d.next = self.turn_now.val();
        self.begin_now.next = self.begin.q.val();
        if self.cuts.val() {
            self.begin_now.next = self.pos.val();
        }
        self.begin.d.next = self.begin_now.val();
        self.beat_now.next = bit_cast::<POSITION, BEAT_BITS>(self.r_beat.val());
        self.mine[0].next = !self.turn_now.val();
        self.mine[1].next = self.turn_now.val();
        for u in 0..2 {
            self.base_now[u].next = self.base[u].q.val();
            if self.cuts.val() & self.mine[u].val() {
                self.base_now[u].next = self.pos.val();
            }
            self.base[u].d.next = self.base_now[u].val();
            self.capture[u].en.next = self.r_valid.val();
            self.relative[u].next = self.beat_now.val() - (self.base_now[u].val() >> self.lk.val());
            self.offset[u].next = (self.base_now[u].val() & self.lane_mask.val()) >> 1;
            self.unused_relative[u].next = self.relative[u].val();
            self.unused_offset[u].next = self.offset[u].val();
            self.capture[u].beat.next = self.relative[u].val().get_bits::<BEAT_BITS>(0);
            self.capture[u].data.next = self.r_data.val();
            self.capture[u].hh.next = self.offset[u].val().get_bits::<8>(0);
            self.seen[u].next = self.capture[u].header_next.val();
        }

        // --- the STag
        self.tag_beat.next =
            bit_cast::<BEAT_BITS, POSITION>((self.begin_now.val() + 7) >> self.lk.val());
        self.tag_now.next = self.cuts.val() | self.tag_wait.q.val();
        self.issue.next =
            self.r_valid.val() & self.tag_now.val() & (self.r_beat.val() == self.tag_beat.val());
        self.tag_from.next = self.seen[0].val();
        if self.turn_now.val() {
            self.tag_from.next = self.seen[1].val();
        }
        self.unused_tag.next = self.tag_from.val();
        self.tpt_valid.next = self.issue.val();
        self.tpt_stag.next = (bit_cast::<32, 8>(self.tag_from.val().get_bits::<8>(32)) << 24)
            | (bit_cast::<32, 8>(self.tag_from.val().get_bits::<8>(40)) << 16)
            | (bit_cast::<32, 8>(self.tag_from.val().get_bits::<8>(48)) << 8)
            | bit_cast::<32, 8>(self.tag_from.val().get_bits::<8>(56));
        self.tag_wait.d.next = self.tag_now.val() & !self.issue.val();
        if self.cuts.val() {
            self.tagged.d.next = false;
        }
        if self.issue.val() {
            self.tagged.d.next = true;
        }
        self.pending.next = self.plan.val() | self.planned.q.val() | self.tag_wait.q.val();

        // --- entries
        self.ended.next = self.seen[0].val();
        if self.turn.q.val() {
            self.ended.next = self.seen[1].val();
        }
        self.ends_at.next = self.at.val() + 1;
        if self.cuts.val() {
            self.ends_at.next = self.pos.val();
        }
        self.unused_end.next = self.ends_at.val() - self.begin.q.val();
        self.off.next = self.begin.q.val() - self.first.val();
        self.unused_off.next = self.off.val();
        self.items.push.next =
            (self.cuts.val() | (self.r_valid.val() & self.r_last.val())) & self.count.q.val().any();
        self.items.din.next.more = self.cuts.val();
        self.items.din.next.off = self.off.val().get_bits::<16>(0);
        self.items.din.next.seq = self.seq.val() + bit_cast::<32, POSITION>(self.off.val());
        self.items.din.next.len = self.unused_end.val().get_bits::<16>(0);
        self.items.din.next.tpt = self.tagged.q.val() | (self.issue.val() & !self.cuts.val());
        self.items.din.next.hdr_a = self.ended.val().get_bits::<HDR_A>(0);
        self.headers.push.next = self.items.push.val();
        self.headers.din.next = self.ended.val().get_bits::<HDR_B>(160);
        if self.r_valid.val() & self.r_last.val() {
            self.armed.d.next = true;
            self.planned.d.next = false;
            self.count.d.next = 0.into();
            self.tag_wait.d.next = false;
            self.spilt.d.next = false;
        }
        self.frames.push.next = self.push.val();
        self.frames.din.next.any = self.cuts.val() | self.count.q.val().any();
        self.frames.din.next.len = self.len1.q.val();

        // --- verdicts
        if self.cut_valid.val() {
            self.judged.d.next = self.judged.q.val() + 1;
            if self.cut_ok.val() {
                self.good.d.next = self.good.q.val() | (bits::<16>(1) << self.judged.q.val());
            }
        }
        if self.verdict.val() {
            self.judged.d.next = 0.into();
            self.good.d.next = 0.into();
        }
        self.verdicts.push.next = self.verdict.val();
        self.verdicts.din.next = self.good.q.val();
        self.verdicts.pop.next = self.oks_pop.val();
        self.oks.next = self.verdicts.dout.val();

        // --- J
        self.frame.next = self.frames.dout.val();
        self.extra.next = self.items.dout.val();
        self.out.next = self.done.val();
        self.part.next.extra = false;
        self.part.next.more = self.frame.val().any;
        self.part.next.index = 0.into();
        self.part.next.off = 0.into();
        self.part.next.seq = self.done.val().seq;
        self.part.next.plen = self.done.val().plen;
        self.part.next.len = self.done.val().plen;
        self.out_valid.next = self.done_valid.val();
        if self.frame.val().any {
            self.part.next.len = self.frame.val().len;
        }
        if self.at_extra.q.val() {
            self.part.next.extra = true;
            self.part.next.more = self.extra.val().more;
            self.part.next.index = self.index.q.val();
            self.part.next.off = self.extra.val().off;
            self.out.next.slot = self.done.val().slot + bit_cast::<8, 4>(self.index.q.val());
            self.out.next.seq = self.extra.val().seq;
            self.part.next.len = self.extra.val().len;
            self.out.next.plen = self.done.val().plen - self.extra.val().off;
            self.out.next.tpt = self.extra.val().tpt;
            self.out.next.hdr_a = self.extra.val().hdr_a;
            self.out_valid.next = self.done_valid.val() & self.items.valid.val();
        }
        self.done_pop.next = false;
        self.items.pop.next = false;
        if self.pop.val() {
            self.index.d.next = self.index.q.val() + 1;
            self.items.pop.next = self.at_extra.q.val();
            self.at_extra.d.next = self.part.val().more;
            if !self.part.val().more {
                self.index.d.next = 0.into();
                self.done_pop.next = true;
            }
        }
        self.frames.pop.next = self.done_pop.val();
        self.hdrb.next = self.headers.dout.val();
        self.headers.pop.next = self.hdrb_pop.val();
    }
}
