//! The assembler's reader: the octets of one FPDU that one segment brings, one chunk a granted cycle.
//!
//! | port | | |
//! |---|---|---|
//! | `head`, `headed` | in, out | look at the first octets of an FPDU; granted in this cycle |
//! | `run`, `ends` | in, out | read what was set up; its last chunk is granted in this cycle |
//! | `st_req st_addr st_next`, `st_grant` | out, in | staging read; a late `st_grant` moves registers on, whose next values are ready |
//! | `issue` | out | what becomes of the read of this cycle |
//! | `seg seg_addr` | in | a new segment: staging address of its first octet |
//! | `row row_first row_cur` | in | the chain of the connection it belongs to |
//! | `resume held` | in | go on with an FPDU of which `held` octets are there (0: none; 1: that octet is read again, as a place keeper) |
//! | `open` | in | an FPDU begins here |
//! | `ext last` | in | with both: octets to read, counted from lane 0 of the first pool beat, and whether that is one beat |
//! | `park`, `unpark` | in | with `open`: what begins is no FPDU, and `first cur` are kept aside; they come back |
//! | `jump jump_addr` | in | the octets that follow lie there |
//! | `patch` | in | lane 0 of beat 0 comes from an earlier segment |
//! | `mark`, `lead`, `start` | in | with `run`: octets of a Marker. The FPDU's CRC begins, or began, with a Marker; these are its first octets |
//! | `first cur` | out | first and last block of the chain |
//! | `blk blk_valid blk_take link` | in, in, out, out | next free block; taken; it follows `cur` |
//!
//! After its last chunk it points at the octet behind, lane 0, beat 0. Waits only for `st_grant` and `blk_valid`.

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
    pub head: Signal<In, bool>,
    pub run: Signal<In, bool>,
    pub headed: Signal<Out, bool>,
    pub ends: Signal<Out, bool>,
    pub st_req: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_next: Signal<Out, Bits<BEAT>>,
    pub st_grant: Signal<In, bool>,
    pub issue: Signal<Out, Chunk>,
    pub seg: Signal<In, bool>,
    pub seg_addr: Signal<In, Bits<BYTE>>,
    pub row: Signal<In, bool>,
    pub row_first: Signal<In, Bits<BEAT>>,
    pub row_cur: Signal<In, Bits<BEAT>>,
    pub resume: Signal<In, bool>,
    pub held: Signal<In, Bits<LEN>>,
    pub open: Signal<In, bool>,
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
    pub blk: Signal<In, Bits<BEAT>>,
    pub blk_valid: Signal<In, bool>,
    pub blk_take: Signal<Out, bool>,
    pub link: Signal<Out, bool>,
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
    can: Signal<Local, bool>,
    fire: Signal<Local, bool>,
    step: Signal<Local, Bits<LEN>>,
    in_lane: Signal<Local, Bits<6>>,
    to_beat: Signal<Local, Bits<BEAT>>,
    on_blk: Signal<Local, Bits<BEAT>>,
    k: Constant<Bits<LEN>>,
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
        Self {
            clock: Default::default(),
            reset: Default::default(),
            head: Default::default(),
            run: Default::default(),
            headed: Default::default(),
            ends: Default::default(),
            st_req: Default::default(),
            st_addr: Default::default(),
            st_next: Default::default(),
            st_grant: Default::default(),
            issue: Default::default(),
            seg: Default::default(),
            seg_addr: Default::default(),
            row: Default::default(),
            row_first: Default::default(),
            row_cur: Default::default(),
            resume: Default::default(),
            held: Default::default(),
            open: Default::default(),
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
            blk: Default::default(),
            blk_valid: Default::default(),
            blk_take: Default::default(),
            link: Default::default(),
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
            can: Default::default(),
            fire: Default::default(),
            step: Default::default(),
            in_lane: Default::default(),
            to_beat: Default::default(),
            on_blk: Default::default(),
            k: Constant::new(K.to_bits()),
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
        self.can.next = self.run.val() & (!self.new_block.q.val() | self.blk_valid.val());
        self.fire.next = self.can.val() & self.st_grant.val();
        self.st_req.next = self.head.val() | self.can.val();
        self.st_addr.next = self.base.q.val();
        self.st_next.next = (self.base.q.val() >> self.lk.val()).get_bits::<BEAT>(0) + 1;
        self.headed.next = self.head.val() & self.st_grant.val();
        self.ends.next = self.fire.val() & self.ends_q.q.val();

        // What the chunk of this cycle is, if there is one.
        self.on_blk.next = self.cur_q.q.val();
        if self.new_block.q.val() {
            self.on_blk.next = self.blk.val();
        }
        self.issue.next.head = self.headed.val();
        self.issue.next.run = self.fire.val();
        self.issue.next.off = bit_cast::<6, BYTE>(self.base.q.val()) & self.lane_mask.val();
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
        self.issue.next.patch = self.patch.val() & self.beat0.q.val();
        self.issue.next.plain = self.plain_q.q.val();
        self.blk_take.next = self.fire.val() & self.new_block.q.val();
        self.link.next = self.fire.val() & self.new_block.q.val() & !self.beat0.q.val();

        // To the next pool beat, or behind the last octet.
        self.step.next = self.k.val();
        if self.ends_q.q.val() {
            self.step.next = self.left.q.val() & self.len_mask.val();
        }
        if self.fire.val() {
            self.base.d.next =
                (self.base.q.val() + bit_cast::<BYTE, LEN>(self.step.val())) & self.addr_mask.val();
            self.lane.d.next = 0.into();
            self.beat.d.next = (self.beat.q.val() + 1) & self.fpdu_mask.val();
            self.beat0.d.next = self.ends_q.q.val();
            self.left.d.next = (self.left.q.val() - self.k.val()) & self.len_mask.val();
            self.ends_q.d.next = self.left.q.val() <= self.two_k.val();
            self.new_block.d.next = self.ends_q.q.val()
                | ((self.beat.q.val() & self.beat_mask.val()) == self.beat_mask.val());
            if self.ends_q.q.val() {
                self.beat.d.next = 0.into();
            }
            if self.new_block.q.val() {
                self.cur_q.d.next = self.blk.val();
                if self.beat0.q.val() {
                    self.first_q.d.next = self.blk.val();
                }
            }
        }

        // Setting up. None of these comes while `run` is set.
        self.in_lane.next = bit_cast::<6, LEN>(self.held.val()) & self.lane_mask.val();
        self.to_beat.next =
            bit_cast::<BEAT, LEN>(self.held.val() >> self.lk.val()) & self.fpdu_mask.val();
        if self.resume.val() | self.open.val() {
            self.left.d.next = self.ext.val() & self.len_mask.val();
            self.ends_q.d.next = self.last.val();
        }
        if self.resume.val() {
            self.base.d.next = (self.base.q.val() - bit_cast::<BYTE, 6>(self.in_lane.val()))
                & self.addr_mask.val();
            self.lane.d.next = self.in_lane.val();
            self.beat.d.next = self.to_beat.val();
            self.beat0.d.next = self.to_beat.val() == 0;
            self.new_block.d.next =
                (self.in_lane.val() == 0) & ((self.to_beat.val() & self.beat_mask.val()) == 0);
        }
        if self.open.val() {
            self.lane.d.next = 0.into();
            self.beat.d.next = 0.into();
            self.beat0.d.next = true;
            self.new_block.d.next = true;
        }
        if self.seg.val() {
            self.base.d.next = self.seg_addr.val();
        }
        if self.jump.val() {
            self.base.d.next = self.jump_addr.val() & self.addr_mask.val();
        }
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
