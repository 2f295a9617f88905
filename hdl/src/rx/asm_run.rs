//! The assembler's reader: the octets of one FPDU that one segment brings (a stretch), one chunk a granted cycle.
//!
//! | port | | |
//! |---|---|---|
//! | `seg seg_addr`, `jump jump_addr` | in | staging address of the octet that is planned next: of a new segment; of a piece |
//! | `step_back`, `move_on move_by` | in | one octet back; behind what was planned |
//! | `look` | in | read the first octets from there on: the length field of an FPDU. Goes in front of chunks |
//! | `post`, `free` | in, out | a stretch that begins there; may be posted while `free`: while another one is read, with [`AsmAhead`](super::asm_ahead::AsmAhead) while one more waits |
//! | `held` | in | octets of the FPDU that are there (0: none; 1: that octet is read again, as a place keeper) |
//! | `ext last` | in | octets to read, counted from lane 0 of the first pool beat, and whether that is one beat |
//! | `fin to_end` | in | it completes the FPDU; its end is the segment's end and is to be told by `over` |
//! | `patch` | in | lane 0 of beat 0 comes from an earlier segment; of a stretch when it is posted, of a look while it lasts |
//! | `taken ended` | out | the cycle before the posted stretch became the one that is read; the last chunk of a stretch was granted |
//! | `unjudged`, `judged` | out, in | an FPDU waits for its verdict; it has it |
//! | `over`, `told` | out, in | a segment was read to its end; that is told |
//! | `flush` | in | forget all that is posted, being read or looked at |
//! | `idle` | out | nothing is |
//! | `st_req st_addr st_next`, `st_grant` | out, in | staging read; a late `st_grant` moves registers on, whose next values are ready |
//! | `own has`, `take take_last` | in, out | chunks come from [`AsmAhead`](super::asm_ahead::AsmAhead), not with `st_grant`: a window is there; it is taken, for the last chunk of a stretch |
//! | `first_pairs` | in | that block reads what is wanted soonest: a look waits |
//! | `looks`, `post_base post_ext` | out | the staging read is a look; for that block: the stretch posted in the cycle before |
//! | `issue` | out | what becomes of the read of this cycle |
//! | `row row_first row_cur` | in | the chain of the connection that comes next |
//! | `park`, `unpark` | in | with `post`: what begins is no FPDU, and `first cur` are kept aside; they come back |
//! | `mark`, `lead`, `start` | in | octets of a Marker. The FPDU's CRC begins, or began, with a Marker; these are its first octets |
//! | `first cur`, `begun` | out | first and last block of the chain; the FPDU that follows the last complete one has blocks |
//! | `done_first done_last` | out | the same of the last stretch that ended |
//! | `blk blk_valid blk_take link` | in, in, out, out | next free block; taken; it follows `cur` |
//!
//! Stretches follow each other without a gap. The last chunk of one waits while `over`, that of an FPDU while `unjudged` too, so
//! verdicts and ends of segments are told one at a time. Otherwise it waits only for `st_grant` and `blk_valid`.

use super::asm_ahead::AHEAD;
use super::asm_chunk::Chunk;
use super::asm_in::covering;
use super::blocks::LEN;
use super::cfg::Cfg;
use super::types::{BEAT, BYTE};
use crate::prim::{Reg, RegNr};
use rust_hdl::prelude::*;

/// Staging reads and pool positions.
#[derive(LogicBlock)]
pub struct ChunkRun<const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub look: Signal<In, bool>,
    pub post: Signal<In, bool>,
    pub free: Signal<Out, bool>,
    pub fin: Signal<In, bool>,
    pub to_end: Signal<In, bool>,
    pub taken: Signal<Out, bool>,
    pub ended: Signal<Out, bool>,
    pub unjudged: Signal<Out, bool>,
    pub judged: Signal<In, bool>,
    pub over: Signal<Out, bool>,
    pub told: Signal<In, bool>,
    pub flush: Signal<In, bool>,
    pub idle: Signal<Out, bool>,
    pub step_back: Signal<In, bool>,
    pub move_on: Signal<In, bool>,
    pub move_by: Signal<In, Bits<LEN>>,
    pub st_req: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_next: Signal<Out, Bits<BEAT>>,
    pub st_grant: Signal<In, bool>,
    pub own: Signal<In, bool>,
    pub has: Signal<In, bool>,
    pub take: Signal<Out, bool>,
    pub take_last: Signal<Out, bool>,
    pub first_pairs: Signal<In, bool>,
    pub looks: Signal<Out, bool>,
    pub post_base: Signal<Out, Bits<BYTE>>,
    pub post_ext: Signal<Out, Bits<LEN>>,
    pub issue: Signal<Out, Chunk>,
    pub seg: Signal<In, bool>,
    pub seg_addr: Signal<In, Bits<BYTE>>,
    pub row: Signal<In, bool>,
    pub row_first: Signal<In, Bits<BEAT>>,
    pub row_cur: Signal<In, Bits<BEAT>>,
    pub held: Signal<In, Bits<LEN>>,
    pub ext: Signal<In, Bits<LEN>>,
    pub last: Signal<In, bool>,
    pub patch: Signal<In, bool>,
    pub park: Signal<In, bool>,
    pub unpark: Signal<In, bool>,
    pub jump: Signal<In, bool>,
    pub jump_addr: Signal<In, Bits<BYTE>>,
    pub mark: Signal<In, bool>,
    pub lead: Signal<In, bool>,
    pub start: Signal<In, bool>,
    pub first: Signal<Out, Bits<BEAT>>,
    pub cur: Signal<Out, Bits<BEAT>>,
    pub begun: Signal<Out, bool>,
    pub done_first: Signal<Out, Bits<BEAT>>,
    pub done_last: Signal<Out, Bits<BEAT>>,
    pub blk: Signal<In, Bits<BEAT>>,
    pub blk_valid: Signal<In, bool>,
    pub blk_take: Signal<Out, bool>,
    pub link: Signal<Out, bool>,
    /// What is planned next.
    spot: Reg<Bits<BYTE>>,
    look_q: Reg<bool>,
    /// The stretch that follows, as the one below.
    p_valid: Reg<bool>,
    p_base: RegNr<Bits<BYTE>>,
    p_lane: RegNr<Bits<6>>,
    p_beat: RegNr<Bits<BEAT>>,
    p_left: RegNr<Bits<LEN>>,
    p_ends: RegNr<bool>,
    p_new_block: RegNr<bool>,
    p_beat0: RegNr<bool>,
    p_patch: RegNr<bool>,
    p_fin: RegNr<bool>,
    p_to_end: RegNr<bool>,
    /// The one between the stretch that is read and the one above, so that short stretches do not wait for each other's posts.
    /// One with a wide staging RAM, or none.
    between: Vec<Reg<bool>>,
    b_base: Vec<RegNr<Bits<BYTE>>>,
    b_lane: Vec<RegNr<Bits<6>>>,
    b_beat: Vec<RegNr<Bits<BEAT>>>,
    b_left: Vec<RegNr<Bits<LEN>>>,
    b_ends: Vec<RegNr<bool>>,
    b_new_block: Vec<RegNr<bool>>,
    b_beat0: Vec<RegNr<bool>>,
    b_patch: Vec<RegNr<bool>>,
    b_fin: Vec<RegNr<bool>>,
    b_to_end: Vec<RegNr<bool>>,
    _wide: usize,
    /// A stretch is being read.
    active: Reg<bool>,
    patch_q: RegNr<bool>,
    fin_q: RegNr<bool>,
    to_end_q: RegNr<bool>,
    taken_q: Reg<bool>,
    ended_q: Reg<bool>,
    unjudged_q: Reg<bool>,
    over_q: Reg<bool>,
    begun_q: Reg<bool>,
    done_first_q: RegNr<Bits<BEAT>>,
    done_last_q: RegNr<Bits<BEAT>>,
    /// Staging address of what goes to lane 0 of the pool beat.
    base: Reg<Bits<BYTE>>,
    lane: Reg<Bits<6>>,
    beat: Reg<Bits<BEAT>>,
    left: Reg<Bits<LEN>>,
    /// `left` fits in this beat.
    ends_q: Reg<bool>,
    /// The beat is the first of a block, of the FPDU.
    new_block: Reg<bool>,
    beat0: Reg<bool>,
    first_q: Reg<Bits<BEAT>>,
    cur_q: Reg<Bits<BEAT>>,
    /// The chain of the unfinished FPDU while something else is parked.
    plain_q: Reg<bool>,
    first_s: RegNr<Bits<BEAT>>,
    cur_s: RegNr<Bits<BEAT>>,
    /// A look goes down the chunks' way.
    plain_look: Signal<Local, bool>,
    can: Signal<Local, bool>,
    fire: Signal<Local, bool>,
    ends: Signal<Local, bool>,
    swap: Signal<Local, bool>,
    moves: Signal<Local, bool>,
    addr: Signal<Local, Bits<BYTE>>,
    in_lane: Signal<Local, Bits<6>>,
    to_beat: Signal<Local, Bits<BEAT>>,
    on_blk: Signal<Local, Bits<BEAT>>,
    k: Constant<Bits<BYTE>>,
    kl: Constant<Bits<LEN>>,
    two_k: Constant<Bits<LEN>>,
    lane_mask: Constant<Bits<6>>,
    lk: Constant<Bits<5>>,
    blk_shift: Constant<Bits<5>>,
    beat_mask: Constant<Bits<BEAT>>,
    fpdu_mask: Constant<Bits<BEAT>>,
    len_mask: Constant<Bits<LEN>>,
    addr_mask: Constant<Bits<BYTE>>,
}

impl<const K: usize, const LK: usize> ChunkRun<K, LK> {
    pub fn new(cfg: &Cfg) -> Self {
        let len_mask = covering(cfg.max_fpdu + K);
        let wide = (K >= AHEAD).into();
        Self {
            clock: Default::default(),
            reset: Default::default(),
            look: Default::default(),
            post: Default::default(),
            free: Default::default(),
            fin: Default::default(),
            to_end: Default::default(),
            taken: Default::default(),
            ended: Default::default(),
            unjudged: Default::default(),
            judged: Default::default(),
            over: Default::default(),
            told: Default::default(),
            flush: Default::default(),
            idle: Default::default(),
            step_back: Default::default(),
            move_on: Default::default(),
            move_by: Default::default(),
            st_req: Default::default(),
            st_addr: Default::default(),
            st_next: Default::default(),
            st_grant: Default::default(),
            own: Default::default(),
            has: Default::default(),
            take: Default::default(),
            take_last: Default::default(),
            first_pairs: Default::default(),
            looks: Default::default(),
            post_base: Default::default(),
            post_ext: Default::default(),
            issue: Default::default(),
            seg: Default::default(),
            seg_addr: Default::default(),
            row: Default::default(),
            row_first: Default::default(),
            row_cur: Default::default(),
            held: Default::default(),
            ext: Default::default(),
            last: Default::default(),
            patch: Default::default(),
            park: Default::default(),
            unpark: Default::default(),
            jump: Default::default(),
            jump_addr: Default::default(),
            mark: Default::default(),
            lead: Default::default(),
            start: Default::default(),
            first: Default::default(),
            cur: Default::default(),
            begun: Default::default(),
            done_first: Default::default(),
            done_last: Default::default(),
            blk: Default::default(),
            blk_valid: Default::default(),
            blk_take: Default::default(),
            link: Default::default(),
            spot: Default::default(),
            look_q: Default::default(),
            p_valid: Default::default(),
            p_base: Default::default(),
            p_lane: Default::default(),
            p_beat: Default::default(),
            p_left: Default::default(),
            p_ends: Default::default(),
            p_new_block: Default::default(),
            p_beat0: Default::default(),
            p_patch: Default::default(),
            p_fin: Default::default(),
            p_to_end: Default::default(),
            between: (0..wide).map(|_| Reg::default()).collect(),
            b_base: (0..wide).map(|_| RegNr::default()).collect(),
            b_lane: (0..wide).map(|_| RegNr::default()).collect(),
            b_beat: (0..wide).map(|_| RegNr::default()).collect(),
            b_left: (0..wide).map(|_| RegNr::default()).collect(),
            b_ends: (0..wide).map(|_| RegNr::default()).collect(),
            b_new_block: (0..wide).map(|_| RegNr::default()).collect(),
            b_beat0: (0..wide).map(|_| RegNr::default()).collect(),
            b_patch: (0..wide).map(|_| RegNr::default()).collect(),
            b_fin: (0..wide).map(|_| RegNr::default()).collect(),
            b_to_end: (0..wide).map(|_| RegNr::default()).collect(),
            _wide: wide,
            active: Default::default(),
            patch_q: Default::default(),
            fin_q: Default::default(),
            to_end_q: Default::default(),
            taken_q: Default::default(),
            ended_q: Default::default(),
            unjudged_q: Default::default(),
            over_q: Default::default(),
            begun_q: Default::default(),
            done_first_q: Default::default(),
            done_last_q: Default::default(),
            base: Default::default(),
            lane: Default::default(),
            beat: Default::default(),
            left: Default::default(),
            ends_q: Default::default(),
            new_block: Default::default(),
            beat0: Default::default(),
            first_q: Default::default(),
            cur_q: Default::default(),
            plain_q: Default::default(),
            first_s: Default::default(),
            cur_s: Default::default(),
            plain_look: Default::default(),
            can: Default::default(),
            fire: Default::default(),
            ends: Default::default(),
            swap: Default::default(),
            moves: Default::default(),
            addr: Default::default(),
            in_lane: Default::default(),
            to_beat: Default::default(),
            on_blk: Default::default(),
            k: Constant::new(K.to_bits()),
            kl: Constant::new(K.to_bits()),
            two_k: Constant::new((2 * K).to_bits()),
            lane_mask: Constant::new((K - 1).to_bits()),
            lk: Constant::new(LK.to_bits()),
            blk_shift: Constant::new(cfg.blk_bits.to_bits()),
            beat_mask: Constant::new(((1u64 << cfg.blk_bits) - 1).to_bits()),
            fpdu_mask: Constant::new((len_mask >> LK).to_bits()),
            len_mask: Constant::new(len_mask.to_bits()),
            addr_mask: Constant::new(((1u64 << (cfg.stage_bits + LK)) - 1).to_bits()),
        }
    }
}

impl<const K: usize, const LK: usize> Logic for ChunkRun<K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.plain_look.next = self.look_q.q.val() & !self.own.val();
        self.can.next = (self.active.q.val() & !self.plain_look.val())
            & (!self.new_block.q.val() | self.blk_valid.val())
            & !(self.ends_q.q.val()
                & ((self.unjudged_q.q.val() & self.fin_q.q.val()) | self.over_q.q.val()));
        self.fire.next = self.can.val() & self.st_grant.val();
        if self.own.val() {
            self.fire.next = self.can.val() & self.has.val();
        }
        self.take.next = self.fire.val() & self.own.val();
        self.take_last.next = self.ends_q.q.val();
        self.looks.next = self.look_q.q.val() & !self.first_pairs.val();
        self.post_base.next = self.p_base.q.val();
        self.post_ext.next = self.p_left.q.val();
        self.ends.next = self.fire.val() & self.ends_q.q.val();
        self.st_req.next =
            (self.look_q.q.val() & !self.first_pairs.val()) | (self.can.val() & !self.own.val());
        self.addr.next = self.base.q.val();
        if self.look_q.q.val() {
            self.addr.next = self.spot.q.val();
        }
        self.st_addr.next = self.addr.val();
        self.st_next.next = (self.addr.val() >> self.lk.val()).get_bits::<BEAT>(0) + 1;

        // What the chunk of this cycle is, if there is one.
        self.on_blk.next = self.cur_q.q.val();
        if self.new_block.q.val() {
            self.on_blk.next = self.blk.val();
        }
        self.issue.next.head = self.plain_look.val() & self.st_grant.val();
        self.issue.next.run = self.fire.val();
        self.issue.next.fin = self.ends_q.q.val() & self.fin_q.q.val();
        self.issue.next.off = bit_cast::<6, BYTE>(self.addr.val()) & self.lane_mask.val();
        if self.own.val() {
            self.issue.next.off = bit_cast::<6, BYTE>(self.base.q.val()) & self.lane_mask.val();
        }
        self.issue.next.lane = self.lane.q.val();
        self.issue.next.stop = self.lane_mask.val();
        if self.ends_q.q.val() {
            self.issue.next.stop =
                (bit_cast::<6, LEN>(self.left.q.val()) - 1) & self.lane_mask.val();
        }
        self.issue.next.waddr = (self.on_blk.val() << self.blk_shift.val())
            | (self.beat.q.val() & self.beat_mask.val());
        self.issue.next.beat0 = self.beat0.q.val() & !self.lead.val();
        if self.mark.val() {
            self.issue.next.beat0 = self.lead.val();
        }
        self.issue.next.first = (self.lane.q.val() == 0) | self.start.val();
        self.issue.next.mark = self.mark.val();
        self.issue.next.patch = self.patch_q.q.val() & self.beat0.q.val();
        if self.plain_look.val() {
            self.issue.next.patch = self.patch.val();
        }
        self.issue.next.plain = self.plain_q.q.val();
        self.blk_take.next = self.fire.val() & self.new_block.q.val();
        self.link.next = self.fire.val() & self.new_block.q.val() & !self.beat0.q.val();
        if self.st_grant.val() & !self.first_pairs.val() {
            self.look_q.d.next = false;
        }

        // To the next pool beat, or to the stretch that was posted. Which of both is known early.
        self.swap.next = !self.active.q.val() | self.ends_q.q.val();
        self.moves.next = self.fire.val() | !self.active.q.val();
        if self.moves.val() {
            self.base.d.next = (self.base.q.val() + self.k.val()) & self.addr_mask.val();
            self.lane.d.next = 0.into();
            self.beat.d.next = (self.beat.q.val() + 1) & self.fpdu_mask.val();
            self.beat0.d.next = false;
            self.left.d.next = (self.left.q.val() - self.kl.val()) & self.len_mask.val();
            self.ends_q.d.next = self.left.q.val() <= self.two_k.val();
            self.new_block.d.next =
                (self.beat.q.val() & self.beat_mask.val()) == self.beat_mask.val();
            if self.swap.val() {
                self.active.d.next = self.p_valid.q.val();
                self.base.d.next = self.p_base.q.val();
                self.lane.d.next = self.p_lane.q.val();
                self.beat.d.next = self.p_beat.q.val();
                self.beat0.d.next = self.p_beat0.q.val();
                self.left.d.next = self.p_left.q.val();
                self.ends_q.d.next = self.p_ends.q.val();
                self.new_block.d.next = self.p_new_block.q.val();
                self.patch_q.d.next = self.p_patch.q.val();
                self.fin_q.d.next = self.p_fin.q.val();
                self.to_end_q.d.next = self.p_to_end.q.val();
                self.p_valid.d.next = false;
            }
        }
        self.taken_q.d.next = self.moves.val() & self.swap.val() & self.p_valid.q.val();
        for i in 0..self._wide {
            if self.moves.val() & self.swap.val() & self.between[i].q.val() {
                self.active.d.next = true;
                self.base.d.next = self.b_base[i].q.val();
                self.lane.d.next = self.b_lane[i].q.val();
                self.beat.d.next = self.b_beat[i].q.val();
                self.beat0.d.next = self.b_beat0[i].q.val();
                self.left.d.next = self.b_left[i].q.val();
                self.ends_q.d.next = self.b_ends[i].q.val();
                self.new_block.d.next = self.b_new_block[i].q.val();
                self.patch_q.d.next = self.b_patch[i].q.val();
                self.fin_q.d.next = self.b_fin[i].q.val();
                self.to_end_q.d.next = self.b_to_end[i].q.val();
                self.taken_q.d.next = true;
            }
            // Its place is empty, or will be.
            if (self.moves.val() & self.swap.val()) == self.between[i].q.val() {
                self.between[i].d.next = self.p_valid.q.val();
                self.p_valid.d.next = false;
                self.b_base[i].d.next = self.p_base.q.val();
                self.b_lane[i].d.next = self.p_lane.q.val();
                self.b_beat[i].d.next = self.p_beat.q.val();
                self.b_left[i].d.next = self.p_left.q.val();
                self.b_ends[i].d.next = self.p_ends.q.val();
                self.b_new_block[i].d.next = self.p_new_block.q.val();
                self.b_beat0[i].d.next = self.p_beat0.q.val();
                self.b_patch[i].d.next = self.p_patch.q.val();
                self.b_fin[i].d.next = self.p_fin.q.val();
                self.b_to_end[i].d.next = self.p_to_end.q.val();
            }
            if self.flush.val() {
                self.between[i].d.next = false;
            }
        }
        self.taken.next = self.taken_q.q.val();
        if self.blk_take.val() {
            self.cur_q.d.next = self.blk.val();
            if self.beat0.q.val() {
                self.first_q.d.next = self.blk.val();
                self.begun_q.d.next = true;
            }
        }

        // The end of a stretch.
        if self.judged.val() {
            self.unjudged_q.d.next = false;
        }
        if self.told.val() {
            self.over_q.d.next = false;
        }
        self.ended_q.d.next = self.ends.val();
        if self.ends.val() {
            if self.fin_q.q.val() {
                self.unjudged_q.d.next = true;
                self.begun_q.d.next = false;
                self.done_last_q.d.next = self.on_blk.val();
                self.done_first_q.d.next = self.first_q.q.val();
                if self.new_block.q.val() & self.beat0.q.val() {
                    self.done_first_q.d.next = self.blk.val();
                }
            }
            if self.to_end_q.q.val() {
                self.over_q.d.next = true;
            }
        }
        self.ended.next = self.ended_q.q.val();
        self.unjudged.next = self.unjudged_q.q.val();
        self.over.next = self.over_q.q.val();
        self.begun.next = self.begun_q.q.val();
        self.done_first.next = self.done_first_q.q.val();
        self.done_last.next = self.done_last_q.q.val();

        // The stretch that follows.
        self.in_lane.next = bit_cast::<6, LEN>(self.held.val()) & self.lane_mask.val();
        self.to_beat.next =
            bit_cast::<BEAT, LEN>(self.held.val() >> self.lk.val()) & self.fpdu_mask.val();
        self.free.next = !self.p_valid.q.val();
        if self.post.val() {
            self.p_valid.d.next = true;
            self.p_base.d.next = (self.spot.q.val() - bit_cast::<BYTE, 6>(self.in_lane.val()))
                & self.addr_mask.val();
            self.p_lane.d.next = self.in_lane.val();
            self.p_beat.d.next = self.to_beat.val();
            self.p_left.d.next = self.ext.val() & self.len_mask.val();
            self.p_ends.d.next = self.last.val();
            self.p_beat0.d.next = self.to_beat.val() == 0;
            self.p_new_block.d.next =
                (self.in_lane.val() == 0) & ((self.to_beat.val() & self.beat_mask.val()) == 0);
            self.p_patch.d.next = self.patch.val();
            self.p_fin.d.next = self.fin.val();
            self.p_to_end.d.next = self.to_end.val();
        }
        if self.look.val() {
            self.look_q.d.next = true;
        }
        if self.flush.val() {
            self.active.d.next = false;
            self.p_valid.d.next = false;
            self.look_q.d.next = false;
            self.unjudged_q.d.next = false;
        }
        self.idle.next = !self.active.q.val() & !self.p_valid.q.val() & !self.look_q.q.val();

        // Where it begins.
        if self.move_on.val() {
            self.spot.d.next = (self.spot.q.val() + bit_cast::<BYTE, LEN>(self.move_by.val()))
                & self.addr_mask.val();
        }
        if self.step_back.val() {
            self.spot.d.next = (self.spot.q.val() - 1) & self.addr_mask.val();
        }
        if self.jump.val() {
            self.spot.d.next = self.jump_addr.val() & self.addr_mask.val();
        }
        if self.seg.val() {
            self.spot.d.next = self.seg_addr.val();
        }

        // Chains.
        if self.park.val() {
            self.plain_q.d.next = true;
            self.first_s.d.next = self.first_q.q.val();
            self.cur_s.d.next = self.cur_q.q.val();
        }
        if self.unpark.val() {
            self.plain_q.d.next = false;
            self.first_q.d.next = self.first_s.q.val();
            self.cur_q.d.next = self.cur_s.q.val();
        }
        if self.row.val() {
            self.first_q.d.next = self.row_first.val();
            self.cur_q.d.next = self.row_cur.val();
        }
        self.first.next = self.first_q.q.val();
        self.cur.next = self.cur_q.q.val();
    }
}
