//! Streamer: length field, DDP header and payload of one FPDU after the other, turned to the lanes that they have in the
//! frame, and once more to the lanes in which the CRC wants them.
//!
//! | port | | |
//! |---|---|---|
//! | `plan_valid plan_pop plan prefix` | FIFO | the planner's |
//! | `sums_valid` | in | the sums of this segment's header are there |
//! | `tvalid tready tdata tkeep tlast` | in stream | payload, packed from lane 0; length and end are the plan's, keep and last are compared with them in simulation |
//! | `step` ... | out | one step, one cycle after it: see [`Step`]; `row_data row_mask crc_mask`: a beat of the frame, the lanes of it that are taken, those of the CRC field; `turned turned_mask`: the source beat in frame lanes, for the sum; `crc_data`: the beat for the CRC |
//! | `ends frame` | out | pulse, in the cycle of the segment's last source beat: the frame that it completes; `ip_len`: its IP length |
//! | `marked` | out | the payload on hand is that of an FPDU with Markers: take it from where they are inserted |
//!
//! **Source beats**: the prefix (length field and header, its end at the end of a beat), then the payload beats as they come. So
//! both have one lane offset, and one turn serves. A step takes one source beat and gives one beat of the frame; behind the last
//! there are 0 to 2 steps for what hangs over. **Throughput**: a beat a cycle, FPDUs without a gap. A step without a beat of the
//! frame occurs only where the frame has one of header alone, so a frame costs as many steps as it has beats, at most.
//! **Latency**: 1 cycle. **Back-pressure**: `tready` waits for the plan, and on a segment's last beat for `sums_valid`; nothing
//! behind the streamer waits.
//!
//! The CRC's beats are turned so that the *last* payload octet is in the last lane: the register is then the CRC's at once, without
//! running back over lanes behind the end, and no beat hangs over.

use super::octets::{CrcLanes, PayloadCheck};
use super::types::{Frame, Plan, PLACE, PREFIX, ROW};
use crate::prim::{ApplyMask, LanesFrom, LanesTo, LenToKeep, Reg, RegNr, RotateBytes, POSITION};
use rust_hdl::prelude::*;

/// What a step means to the blocks behind.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Step {
    pub valid: bool,
    /// With a source beat; the FPDU's first, its last; the segment's first, of its last FPDU.
    pub source: bool,
    pub begins: bool,
    pub ends: bool,
    pub opens: bool,
    pub closes: bool,
    /// Store beat; it holds octets of the FPDU before.
    pub addr: Bits<ROW>,
    pub join: bool,
    pub crc_start: Bits<32>,
    pub crc_en: bool,
    pub pad: Bits<2>,
    pub crc_take: Bits<4>,
    /// Lane of the CRC field modulo 4.
    pub crc_lane: Bits<2>,
    /// The frame's beat 0 comes that many steps later: of a cut FPDU only octets behind its payload are taken.
    pub later: Bits<2>,
}

/// The streamer.
#[derive(LogicBlock)]
pub struct Streamer<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub plan_valid: Signal<In, bool>,
    pub plan_pop: Signal<Out, bool>,
    pub plan: Signal<In, Plan>,
    pub prefix: Signal<In, Bits<PREFIX>>,
    pub sums_valid: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
    pub tdata: Signal<In, Bits<D>>,
    pub tkeep: Signal<In, Bits<K>>,
    pub tlast: Signal<In, bool>,
    pub step: Signal<Out, Step>,
    pub row_data: Signal<Out, Bits<D>>,
    pub row_mask: Signal<Out, Bits<K>>,
    pub crc_mask: Signal<Out, Bits<K>>,
    pub turned: Signal<Out, Bits<D>>,
    pub turned_mask: Signal<Out, Bits<K>>,
    pub crc_data: Signal<Out, Bits<D>>,
    pub ends: Signal<Out, bool>,
    pub frame: Signal<Out, Frame>,
    pub ip_len: Signal<Out, Bits<16>>,
    pub marked: Signal<Out, bool>,

    next_plan: Signal<Local, Plan>,
    /// The FPDU at work; which kind of beat is next, how many of it, and whether it is the last of them.
    work: RegNr<Plan>,
    pre: Reg<bool>,
    pay: Reg<bool>,
    tail: Reg<bool>,
    begins: RegNr<bool>,
    pre_left: RegNr<Bits<3>>,
    pay_left: RegNr<Bits<14>>,
    tail_left: RegNr<Bits<2>>,
    pre_one: RegNr<bool>,
    pay_one: RegNr<bool>,
    tail_one: RegNr<bool>,
    some_pay: RegNr<bool>,
    some_tail: RegNr<bool>,
    row: RegNr<Bits<ROW>>,
    octets: RegNr<Bits<PREFIX>>,
    keep: RegNr<Bits<K>>,
    turn_below: RegNr<Bits<K>>,
    lead_below: RegNr<Bits<K>>,
    turn_by: RegNr<Bits<LK>>,
    lead_by: RegNr<Bits<LK>>,
    unused_w: Signal<Local, Plan>,
    unused_len: Signal<Local, Bits<7>>,
    keep_of: LenToKeep<K, C>,
    turn_of: LenToKeep<K, C>,
    lead_of: LenToKeep<K, C>,
    final_source: Signal<Local, bool>,
    gate: Signal<Local, bool>,
    go: Signal<Local, bool>,
    done: Signal<Local, bool>,
    load: Signal<Local, bool>,

    beat_keep: Signal<Local, Bits<K>>,
    packet: PayloadCheck<K>,
    masked: ApplyMask<D, K>,
    source: Signal<Local, Bits<D>>,
    to_frame: RotateBytes<D, LK>,
    to_crc: RotateBytes<D, LK>,
    /// The turned source beat of the step before.
    frame_was: RegNr<Bits<D>>,
    crc_was: RegNr<Bits<D>>,
    frame_old: Signal<Local, Bits<D>>,
    crc_old: Signal<Local, Bits<D>>,
    frame_low: ApplyMask<D, K>,
    frame_high: ApplyMask<D, K>,
    crc_low: ApplyMask<D, K>,
    crc_high: ApplyMask<D, K>,
    next_row: Signal<Local, Bits<ROW>>,
    from: LanesFrom<K>,
    to: LanesTo<K>,
    next_from: LanesFrom<K>,
    next_to: LanesTo<K>,
    crc_lanes: CrcLanes<K>,
    mask: Signal<Local, Bits<K>>,
    next_mask: Signal<Local, Bits<K>>,
    now: Signal<Local, Step>,
    padded: Signal<Local, Bits<PLACE>>,

    step_q: RegNr<Step>,
    valid_q: Reg<bool>,
    row_data_q: RegNr<Bits<D>>,
    row_mask_q: RegNr<Bits<K>>,
    crc_mask_q: RegNr<Bits<K>>,
    turned_mask_q: RegNr<Bits<K>>,
    crc_data_q: RegNr<Bits<D>>,
    zeros: Constant<Bits<K>>,
    d: Constant<Bits<10>>,
    _lk: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Streamer<D, K, LK, C> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K && C == LK + 1);

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            plan_valid: Default::default(),
            plan_pop: Default::default(),
            plan: Default::default(),
            prefix: Default::default(),
            sums_valid: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            tdata: Default::default(),
            tkeep: Default::default(),
            tlast: Default::default(),
            step: Default::default(),
            row_data: Default::default(),
            row_mask: Default::default(),
            crc_mask: Default::default(),
            turned: Default::default(),
            turned_mask: Default::default(),
            crc_data: Default::default(),
            ends: Default::default(),
            frame: Default::default(),
            ip_len: Default::default(),
            marked: Default::default(),
            next_plan: Default::default(),
            work: Default::default(),
            pre: Default::default(),
            pay: Default::default(),
            tail: Default::default(),
            begins: Default::default(),
            pre_left: Default::default(),
            pay_left: Default::default(),
            tail_left: Default::default(),
            pre_one: Default::default(),
            pay_one: Default::default(),
            tail_one: Default::default(),
            some_pay: Default::default(),
            some_tail: Default::default(),
            row: Default::default(),
            octets: Default::default(),
            keep: Default::default(),
            turn_below: Default::default(),
            lead_below: Default::default(),
            turn_by: Default::default(),
            lead_by: Default::default(),
            unused_w: Default::default(),
            unused_len: Default::default(),
            keep_of: Default::default(),
            turn_of: Default::default(),
            lead_of: Default::default(),
            final_source: Default::default(),
            gate: Default::default(),
            go: Default::default(),
            done: Default::default(),
            load: Default::default(),
            beat_keep: Default::default(),
            packet: Default::default(),
            masked: Default::default(),
            source: Default::default(),
            to_frame: Default::default(),
            to_crc: Default::default(),
            frame_was: Default::default(),
            crc_was: Default::default(),
            frame_old: Default::default(),
            crc_old: Default::default(),
            frame_low: Default::default(),
            frame_high: Default::default(),
            crc_low: Default::default(),
            crc_high: Default::default(),
            next_row: Default::default(),
            from: Default::default(),
            to: Default::default(),
            next_from: Default::default(),
            next_to: Default::default(),
            crc_lanes: Default::default(),
            mask: Default::default(),
            next_mask: Default::default(),
            now: Default::default(),
            padded: Default::default(),
            step_q: Default::default(),
            valid_q: Default::default(),
            row_data_q: Default::default(),
            row_mask_q: Default::default(),
            crc_mask_q: Default::default(),
            turned_mask_q: Default::default(),
            crc_data_q: Default::default(),
            zeros: Constant::new(0.into()),
            d: Constant::new((D as u64).to_bits()),
            _lk: LK,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Default
    for Streamer<D, K, LK, C>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for Streamer<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        // --- which step
        self.unused_w.next = self.work.q.val();
        self.final_source.next = (self.pre.q.val() & self.pre_one.q.val() & !self.some_pay.q.val())
            | (self.pay.q.val() & self.pay_one.q.val());
        // The header's sums are taken with the segment's last source beat.
        self.gate.next =
            self.sums_valid.val() | !(self.final_source.val() & self.unused_w.val().last);
        self.tready.next = self.pay.q.val() & self.gate.val();
        self.go.next = ((self.pre.q.val() | (self.pay.q.val() & self.tvalid.val()))
            & self.gate.val())
            | self.tail.q.val();
        self.done.next = self.go.val()
            & ((self.final_source.val() & !self.some_tail.q.val())
                | (self.tail.q.val() & self.tail_one.q.val()));
        self.load.next =
            self.done.val() | !(self.pre.q.val() | self.pay.q.val() | self.tail.q.val());
        self.plan_pop.next = self.load.val() & self.plan_valid.val();
        self.ends.next = self.go.val() & self.final_source.val() & self.unused_w.val().last;

        self.next_plan.next = self.plan.val();
        self.unused_len.next = self.next_plan.val().n_last;
        self.keep_of.len.next = self.unused_len.val().get_bits::<C>(0);
        self.turn_of.len.next = bit_cast::<C, LK>(self.next_plan.val().turn.get_bits::<LK>(0));
        self.lead_of.len.next = bit_cast::<C, LK>(self.next_plan.val().lead.get_bits::<LK>(0));
        if self.go.val() {
            self.begins.d.next = false;
            self.row.d.next = self.row.q.val() + 1;
            if self.pre.q.val() {
                self.octets.d.next = self.octets.q.val() >> self.d.val();
                self.pre_left.d.next = self.pre_left.q.val() - 1;
                self.pre_one.d.next = self.pre_left.q.val() == 2;
                if self.pre_one.q.val() {
                    self.pre.d.next = false;
                    self.pay.d.next = self.some_pay.q.val();
                    self.tail.d.next = self.some_tail.q.val() & !self.some_pay.q.val();
                }
            }
            if self.pay.q.val() {
                self.pay_left.d.next = self.pay_left.q.val() - 1;
                self.pay_one.d.next = self.pay_left.q.val() == 2;
                if self.pay_one.q.val() {
                    self.pay.d.next = false;
                    self.tail.d.next = self.some_tail.q.val();
                }
            }
            if self.tail.q.val() {
                self.tail_left.d.next = self.tail_left.q.val() - 1;
                self.tail_one.d.next = self.tail_left.q.val() == 2;
                if self.tail_one.q.val() {
                    self.tail.d.next = false;
                }
            }
        }
        if self.load.val() {
            self.pre.d.next = self.plan_valid.val();
            self.pay.d.next = false;
            self.tail.d.next = false;
            self.begins.d.next = true;
            self.work.d.next = self.next_plan.val();
            self.octets.d.next = self.prefix.val();
            self.row.d.next = self.next_plan.val().row;
            self.pre_left.d.next = self.next_plan.val().n_pre;
            self.pre_one.d.next = self.next_plan.val().n_pre == 1;
            self.pay_left.d.next = self.next_plan.val().n_pay;
            self.pay_one.d.next = self.next_plan.val().n_pay == 1;
            self.some_pay.d.next = self.next_plan.val().n_pay.any();
            self.tail_left.d.next = self.next_plan.val().n_tail;
            self.tail_one.d.next = self.next_plan.val().n_tail == 1;
            self.some_tail.d.next = self.next_plan.val().n_tail.any();
            self.keep.d.next = self.keep_of.keep.val();
            self.turn_below.d.next = self.turn_of.keep.val();
            self.lead_below.d.next = self.lead_of.keep.val();
            self.turn_by.d.next = !self.next_plan.val().turn.get_bits::<LK>(0) + 1;
            self.lead_by.d.next = !self.next_plan.val().lead.get_bits::<LK>(0) + 1;
        }

        // --- its source beat, turned twice
        self.masked.data.next = self.tdata.val();
        self.beat_keep.next = self.zeros.val();
        if self.pay.q.val() {
            self.beat_keep.next = !self.zeros.val();
            if self.pay_one.q.val() {
                self.beat_keep.next = self.keep.q.val();
            }
        }
        self.packet.take.next = self.go.val() & self.pay.q.val() & !self.unused_w.val().marked;
        self.packet.last.next = self.pay_one.q.val();
        self.packet.keep.next = self.beat_keep.val();
        self.packet.tkeep.next = self.tkeep.val();
        self.packet.tlast.next = self.tlast.val();
        self.masked.keep.next = self.beat_keep.val();
        self.masked.flip.next = self.zeros.val();
        self.source.next = self.masked.dout.val();
        if self.pre.q.val() {
            self.source.next = self.octets.q.val().get_bits::<D>(0);
        }
        self.to_frame.din.next = self.source.val();
        self.to_frame.amt.next = self.turn_by.q.val();
        self.to_crc.din.next = self.source.val();
        self.to_crc.amt.next = self.lead_by.q.val();
        if self.go.val() {
            self.frame_was.d.next = self.to_frame.dout.val();
            self.crc_was.d.next = self.to_crc.dout.val();
        }
        self.frame_old.next = self.frame_was.q.val();
        self.crc_old.next = self.crc_was.q.val();
        if self.begins.q.val() {
            self.frame_old.next = 0.into();
            self.crc_old.next = 0.into();
        }
        self.frame_low.data.next = self.frame_old.val();
        self.frame_low.keep.next = self.turn_below.q.val();
        self.frame_low.flip.next = self.zeros.val();
        self.frame_high.data.next = self.to_frame.dout.val();
        self.frame_high.keep.next = !self.turn_below.q.val();
        self.frame_high.flip.next = self.zeros.val();
        self.row_data_q.d.next = self.frame_low.dout.val() | self.frame_high.dout.val();
        self.crc_low.data.next = self.crc_old.val();
        self.crc_low.keep.next = self.lead_below.q.val();
        self.crc_low.flip.next = self.zeros.val();
        self.crc_high.data.next = self.to_crc.dout.val();
        self.crc_high.keep.next = !self.lead_below.q.val();
        self.crc_high.flip.next = self.zeros.val();
        self.crc_data_q.d.next = self.crc_low.dout.val() | self.crc_high.dout.val();

        // --- its lanes. Of the turned source beat the lower ones belong to the frame's next beat.
        self.next_row.next = self.row.q.val() + 1;
        self.from.start.next = bit_cast::<POSITION, PLACE>(self.unused_w.val().from);
        self.from.beat.next = self.row.q.val();
        self.to.last.next = bit_cast::<POSITION, PLACE>(self.unused_w.val().to);
        self.to.beat.next = self.row.q.val();
        self.next_from.start.next = bit_cast::<POSITION, PLACE>(self.unused_w.val().from);
        self.next_from.beat.next = self.next_row.val();
        self.next_to.last.next = bit_cast::<POSITION, PLACE>(self.unused_w.val().to);
        self.next_to.beat.next = self.next_row.val();
        self.mask.next = self.from.mask.val() & self.to.mask.val();
        self.next_mask.next = self.next_from.mask.val() & self.next_to.mask.val();
        self.crc_lanes.at.next = self.unused_w.val().crc_lane;
        self.crc_lanes.first.next = self.row.q.val() == self.unused_w.val().crc_row;
        self.crc_lanes.second.next = self.row.q.val() == (self.unused_w.val().crc_row + 1);
        self.row_mask_q.d.next = self.mask.val();
        self.crc_mask_q.d.next = self.mask.val() & self.crc_lanes.mask.val();
        self.turned_mask_q.d.next = (self.mask.val() & !self.turn_below.q.val())
            | (self.next_mask.val() & self.turn_below.q.val());

        self.now.next.valid = true;
        self.now.next.source = self.pre.q.val() | self.pay.q.val();
        self.now.next.begins = self.begins.q.val();
        self.now.next.ends = self.final_source.val();
        self.now.next.opens = self.begins.q.val() & self.unused_w.val().first;
        self.now.next.closes = self.unused_w.val().last;
        self.now.next.addr = self.unused_w.val().base + self.row.q.val();
        self.now.next.join = false;
        for k in (self._lk)..(self._lk + 1) {
            self.now.next.join = self.unused_w.val().join
                & (self.row.q.val() == self.unused_w.val().from.get_bits::<ROW>(k));
        }
        self.now.next.crc_start = self.unused_w.val().crc_start;
        self.now.next.crc_en = self.unused_w.val().crc_en;
        self.now.next.pad = self.unused_w.val().pad;
        self.now.next.crc_take = self.unused_w.val().crc_take;
        self.now.next.later = 0.into();
        if self.row.q.val().get_bit(12) & !self.unused_w.val().bare {
            self.now.next.later = !self.row.q.val().get_bits::<2>(0) + 1;
        }
        self.now.next.crc_lane = self.unused_w.val().crc_lane.get_bits::<2>(0);

        self.valid_q.d.next = self.go.val();
        self.step_q.d.next = self.now.val();
        self.step.next = self.step_q.q.val();
        self.step.next.valid = self.valid_q.q.val();
        self.row_data.next = self.row_data_q.q.val();
        self.row_mask.next = self.row_mask_q.q.val();
        self.crc_mask.next = self.crc_mask_q.q.val();
        self.turned.next = self.frame_was.q.val();
        self.turned_mask.next = self.turned_mask_q.q.val();
        self.crc_data.next = self.crc_data_q.q.val();

        // --- the frame that the segment makes
        self.padded.next = self.unused_w.val().to;
        if self.unused_w.val().to < 59 {
            self.padded.next = 59.into();
        }
        self.frame.next.bare = self.unused_w.val().bare;
        self.frame.next.base = self.unused_w.val().base;
        self.frame.next.head_end = bit_cast::<PLACE, 8>(self.unused_w.val().h - 1);
        self.frame.next.data_end = self.unused_w.val().to;
        self.frame.next.end = self.padded.val();
        self.frame.next.slot = self.unused_w.val().slot;
        self.frame.next.tag = self.unused_w.val().tag;
        self.frame.next.v6 = self.unused_w.val().v6;
        self.ip_len.next = self.unused_w.val().ip_len;
        self.marked.next = self.unused_w.val().marked;
    }
}
