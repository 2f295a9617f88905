//! Assembler: puts FPDUs together that do not lie in one segment of their own (RFC 5044 sections 5.2 and 6).
//! Requirements MPA-52 to MPA-55, 58, 59, 73, 74, 76, 77, 81.
//!
//! It takes the segments that the pipeline could not place at once, in stream order per connection, finds the FPDUs in
//! them by the length field, packs each into a chain of pool blocks from lane 0 on, checks its CRC and reports it as an
//! operation. An FPDU may be cut anywhere (even inside the length field) and go over any number of segments; a segment
//! may hold any number of FPDUs. One segment is worked on at a time; what an unfinished FPDU needs waits in a context
//! row of its connection.
//!
//! | port | | |
//! |---|---|---|
//! | `ready` | out | after reset the contexts are being cleared, 2^conn_bits cycles; segments wait |
//! | `seg_push seg_din`, `seg_room` | in, out | segments into a FIFO of 128; `seg_room` free entries, no push at 0 |
//! | `st_req st_addr`, `st_grant` | out, in | staging read by byte address (beat * K + lane); `st_grant` may depend on `st_req` |
//! | `st_lo st_hi` | in | the beat of the address and the next one, exactly 2 cycles after the granted cycle |
//! | `op_valid op_ready op` | out, in, out | operations, held until taken |
//! | `free_valid free_slot` | out | the frame slot of a segment that is done with, once for each segment that is no purge |
//! | `pr_beat_lo pr_beat_hi`, `pr_lo pr_hi` | in, out | pool read, 2 cycles: see [`Pool`](super::pool::Pool) |
//! | `nx_blk`, `nx_next` | in, out | next block of a chain, 1 cycle: see [`Blocks`](super::blocks::Blocks) |
//! | `cf_valid cf_ready cf_blk` | in, out, in | gives back the chain of an Fpdu operation, `cf_blk` = `Op::blk` |
//! | `pool_free` | out | blocks neither used nor promised |
//! | `short_pulse crc_pulse drop_pulse` | out | an FPDU was refused for lack of blocks; an FPDU had a bad CRC; a segment was dropped |
//!
//! How a reader walks an FPDU: octet p is in lane p % K of beat p / K of the chain; beat b is physical beat
//! `blk << blk_bits | b % 2^blk_bits` of the chain's block b >> blk_bits. Block 0 is `Op::blk`, the next is `nx_next`.
//! A window over two blocks names the last beat of the one and the first beat of the next.
//!
//! Operations of a segment, in order:
//! * `Fpdu` for each complete FPDU: first 48 octets (zero behind its end), `blk`, `term` 0.
//!   The FPDU's blocks stay until `cf_*`.
//! * `Fpdu` with `term` 0x2002: bad CRC, and an octet of it was acknowledged before this segment (MPA-76, 77). It has a chain
//!   too. The connection is dead: its later segments are dropped until purge or `fresh`.
//! * `Fpdu` with `term` 0x2005: longer than max_fpdu. `blk` is NO_BLOCK (giving it back does no harm), `hdr_a` holds the
//!   length field only. Dead as above.
//! * `SegDone` at the end: `seq` = stream position up to which the stream is held or handed on, `mid`, `fin`.
//!   `rollback`: what is behind `seq` was not taken: CRC error in an FPDU that began here (`crc_fail`, `seq` its start),
//!   too few blocks for an FPDU that begins here (`seq` its start, or its second octet if the first came before), or the
//!   rest behind an error.
//! * A segment that is not the next of its connection, or of a dead one, is dropped: `SegDone` alone, `seq` = the
//!   context's position, no rollback, no fin.
//! * A purge gives back the blocks of the unfinished FPDU; so does `fresh`. A purge has no operation and no slot.
//!
//! Blocks are reserved for the whole FPDU as soon as its length is known, so what is admitted can be completed. A single
//! octet of a length field needs no block: it waits in the context. No CRC check if `crc_en` is low; pad is not checked.
//!
//! Time: octets / K beats, and 6 cycles more per segment and 5 per FPDU (look at the length 3, decide 1, turn round 1).

use super::asm_chunk::ChunkPipe;
use super::asm_in::SegIn;
use super::asm_op::{hdr_bits, OpMaker};
use super::blocks::{Blocks, LEN, NO_BLOCK};
use super::cfg::Cfg;
use super::pool::Pool;
use super::types::{Op, Seg, BEAT, BYTE, SLOT};
use crate::prim::{CrcResidue, RamBe, Reg, CAPTURE_BYTES};
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum AsmState {
    /// No segment.
    Idle,
    /// Segment and context are in the registers.
    Check,
    /// Reads the first octets of an FPDU.
    Head,
    /// Waits for them.
    Look,
    /// The length is known: reserve or refuse.
    Decide,
    /// Reads and stores, one pool beat a cycle.
    Run,
    /// Reports an FPDU that is too long.
    Long,
    /// Gives back the blocks of the FPDU in the registers.
    Free,
    /// All octets of the segment are under way or refused: end it when the data path is empty.
    Drain,
}

/// The assembler, with pool, block lists and header RAM.
#[derive(LogicBlock)]
pub struct Assembler<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub seg_push: Signal<In, bool>,
    pub seg_din: Signal<In, Seg>,
    pub seg_room: Signal<Out, Bits<8>>,
    pub st_req: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_grant: Signal<In, bool>,
    pub st_lo: Signal<In, Bits<D>>,
    pub st_hi: Signal<In, Bits<D>>,
    pub op_valid: Signal<Out, bool>,
    pub op_ready: Signal<In, bool>,
    pub op: Signal<Out, Op>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    pub pr_beat_lo: Signal<In, Bits<BEAT>>,
    pub pr_beat_hi: Signal<In, Bits<BEAT>>,
    pub pr_lo: Signal<Out, Bits<D>>,
    pub pr_hi: Signal<Out, Bits<D>>,
    pub nx_blk: Signal<In, Bits<BEAT>>,
    pub nx_next: Signal<Out, Bits<BEAT>>,
    pub cf_valid: Signal<In, bool>,
    pub cf_ready: Signal<Out, bool>,
    pub cf_blk: Signal<In, Bits<BEAT>>,
    pub pool_free: Signal<Out, Bits<LEN>>,
    pub short_pulse: Signal<Out, bool>,
    pub crc_pulse: Signal<Out, bool>,
    pub drop_pulse: Signal<Out, bool>,

    feed: SegIn,
    pipe: ChunkPipe<D, K, LK>,
    residue: CrcResidue<K, LK>,
    pool: Pool<D, K>,
    /// First 48 octets of each FPDU by its first block, for its operation.
    hdr: RamBe<D, K, BEAT>,
    blocks: Blocks,
    maker: OpMaker<D, K, LK>,

    state: Reg<AsmState>,
    // segment
    seg: Reg<Seg>,
    addr: Reg<Bits<BYTE>>,
    rem: Reg<Bits<LEN>>,
    // context
    alive: Reg<bool>,
    seq: Reg<Bits<32>>,
    fill: Reg<Bits<LEN>>,
    left: Reg<Bits<LEN>>,
    first: Reg<Bits<BEAT>>,
    cur: Reg<Bits<BEAT>>,
    oct0: Reg<Bits<8>>,
    // FPDU in work
    total: Reg<Bits<LEN>>,
    /// It began in this segment.
    here: Reg<bool>,
    /// Its first octet came in the segment before: it is read from `oct0`.
    patch: Reg<bool>,
    /// All of it is under way: it waits for its verdict.
    pend: Reg<bool>,
    pad: Reg<Bits<LK>>,
    // length seen, of the FPDU that follows
    seen: Reg<Bits<LEN>>,
    raw: Reg<Bits<16>>,
    // run: octets to take, the same counted from lane 0 of the pool beat, lane, beat of the FPDU, staging address
    take: Reg<Bits<LEN>>,
    ext: Reg<Bits<LEN>>,
    lane: Reg<Bits<6>>,
    beat: Reg<Bits<BEAT>>,
    base: Reg<Bits<BYTE>>,
    // end of the segment
    rollback: Reg<bool>,
    crc_fail: Reg<bool>,
    dropped: Reg<bool>,
    free_v: Reg<bool>,
    free_s: Reg<Bits<SLOT>>,

    /// Where the segment lies is counted in `addr` and `rem`.
    seg_unused: Signal<Local, Seg>,
    load: Signal<Local, bool>,
    finish: Signal<Local, bool>,
    held: Signal<Local, Bits<LEN>>,
    hold_chain: Signal<Local, bool>,
    in_lane: Signal<Local, Bits<6>>,
    take_n: Signal<Local, Bits<LEN>>,
    take_new: Signal<Local, Bits<LEN>>,
    total_n: Signal<Local, Bits<LEN>>,
    seen_n: Signal<Local, Bits<LEN>>,
    ulpdu: Signal<Local, Bits<LEN>>,
    judge: Signal<Local, bool>,
    good: Signal<Local, bool>,
    new_block: Signal<Local, bool>,
    fire: Signal<Local, bool>,
    last: Signal<Local, bool>,
    blk: Signal<Local, Bits<BEAT>>,
    start_blk: Signal<Local, Bits<BEAT>>,
    reaches: Signal<Local, bool>,

    k: Constant<Bits<LEN>>,
    lane_mask: Constant<Bits<6>>,
    lk: Constant<Bits<5>>,
    blk_shift: Constant<Bits<5>>,
    beat_mask: Constant<Bits<BEAT>>,
    /// Octets of a block less one, and their log2.
    block_less: Constant<Bits<LEN>>,
    block_log: Constant<Bits<5>>,
    hdr_shift: Constant<Bits<5>>,
    hdr_beats: Constant<Bits<BEAT>>,
    max_fpdu: Constant<Bits<LEN>>,
    none: Constant<Bits<BEAT>>,
    word_mask: Constant<Bits<LEN>>,
}

impl<const D: usize, const K: usize, const LK: usize> Assembler<D, K, LK> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K,
        "Assembler: K must be D / 8 and LK log2 K"
    );

    pub fn new(cfg: &Cfg) -> Self {
        let () = Self::OK;
        assert!(
            cfg.blk_bits >= 1 && cfg.blk_bits + LK <= 15 && cfg.pool_bits > cfg.blk_bits,
            "assembler: 2^{} beats a block of 2^{} pool beats: choose 1 <= blk_bits < pool_bits",
            cfg.blk_bits,
            cfg.pool_bits
        );
        assert!(
            cfg.max_fpdu <= K << cfg.pool_bits && cfg.max_fpdu < 1 << LEN,
            "assembler: an FPDU of {} octets does not fit a pool of {}: raise pool_bits",
            cfg.max_fpdu,
            K << cfg.pool_bits
        );
        let hdr_addr = cfg.pool_bits - cfg.blk_bits + hdr_bits(K);
        let block_log = cfg.blk_bits + LK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            seg_push: Default::default(),
            seg_din: Default::default(),
            seg_room: Default::default(),
            st_req: Default::default(),
            st_addr: Default::default(),
            st_grant: Default::default(),
            st_lo: Default::default(),
            st_hi: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            pr_beat_lo: Default::default(),
            pr_beat_hi: Default::default(),
            pr_lo: Default::default(),
            pr_hi: Default::default(),
            nx_blk: Default::default(),
            nx_next: Default::default(),
            cf_valid: Default::default(),
            cf_ready: Default::default(),
            cf_blk: Default::default(),
            pool_free: Default::default(),
            short_pulse: Default::default(),
            crc_pulse: Default::default(),
            drop_pulse: Default::default(),
            feed: SegIn::new(cfg),
            pipe: ChunkPipe::new(),
            residue: CrcResidue::new(),
            pool: Pool::new(cfg),
            hdr: RamBe::new(hdr_addr, 2).collisions_undefined(),
            blocks: Blocks::new(cfg),
            maker: OpMaker::new(),
            state: Reg::new(AsmState::Idle),
            seg: Default::default(),
            addr: Default::default(),
            rem: Default::default(),
            alive: Default::default(),
            seq: Default::default(),
            fill: Default::default(),
            left: Default::default(),
            first: Default::default(),
            cur: Default::default(),
            oct0: Default::default(),
            total: Default::default(),
            here: Default::default(),
            patch: Default::default(),
            pend: Default::default(),
            pad: Default::default(),
            seen: Default::default(),
            raw: Default::default(),
            take: Default::default(),
            ext: Default::default(),
            lane: Default::default(),
            beat: Default::default(),
            base: Default::default(),
            rollback: Default::default(),
            crc_fail: Default::default(),
            dropped: Default::default(),
            free_v: Default::default(),
            free_s: Default::default(),
            seg_unused: Default::default(),
            load: Default::default(),
            finish: Default::default(),
            held: Default::default(),
            hold_chain: Default::default(),
            in_lane: Default::default(),
            take_n: Default::default(),
            take_new: Default::default(),
            total_n: Default::default(),
            seen_n: Default::default(),
            ulpdu: Default::default(),
            judge: Default::default(),
            good: Default::default(),
            new_block: Default::default(),
            fire: Default::default(),
            last: Default::default(),
            blk: Default::default(),
            start_blk: Default::default(),
            reaches: Default::default(),
            k: Constant::new(K.to_bits()),
            lane_mask: Constant::new((K - 1).to_bits()),
            lk: Constant::new(LK.to_bits()),
            blk_shift: Constant::new(cfg.blk_bits.to_bits()),
            beat_mask: Constant::new(((1usize << cfg.blk_bits) - 1).to_bits()),
            block_less: Constant::new(((1usize << block_log) - 1).to_bits()),
            block_log: Constant::new(block_log.to_bits()),
            hdr_shift: Constant::new(hdr_bits(K).to_bits()),
            hdr_beats: Constant::new(CAPTURE_BYTES.div_ceil(K).to_bits()),
            max_fpdu: Constant::new(cfg.max_fpdu.to_bits()),
            none: Constant::new(NO_BLOCK.to_bits()),
            word_mask: Constant::new(Bits::<LEN>::mask() ^ 3),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Assembler<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.feed.seg_push.next = self.seg_push.val();
        self.feed.seg_din.next = self.seg_din.val();
        self.seg_room.next = self.feed.seg_room.val();
        self.ready.next = self.feed.ready.val();

        // Sums that the states use.
        self.held.next = self.fill.q.val();
        if self.seg.q.val().fresh {
            self.held.next = 0.into();
        }
        self.hold_chain.next = self.alive.q.val() & (self.fill.q.val() > 1);
        self.in_lane.next = bit_cast::<6, LEN>(self.held.val()) & self.lane_mask.val();
        self.take_n.next = self.left.q.val();
        if self.rem.q.val() < self.left.q.val() {
            self.take_n.next = self.rem.q.val();
        }
        self.take_new.next = self.seen.q.val();
        if self.rem.q.val() < self.seen.q.val() {
            self.take_new.next = self.rem.q.val();
        }
        self.total_n.next = (self.total.q.val() + self.block_less.val()) >> self.block_log.val();
        self.seen_n.next = (self.seen.q.val() + self.block_less.val()) >> self.block_log.val();
        self.ulpdu.next = (bit_cast::<LEN, 8>(self.pipe.head_raw.val().get_bits::<8>(0)) << 8)
            | bit_cast::<LEN, 8>(self.pipe.head_raw.val().get_bits::<8>(8));
        self.last.next = self.ext.q.val() <= self.k.val();
        self.new_block.next =
            (self.lane.q.val() == 0) & ((self.beat.q.val() & self.beat_mask.val()) == 0);
        self.reaches.next = self.beat.q.val() < self.hdr_beats.val();

        // The verdict on the FPDU that is complete: when the data path is empty and the job can be pushed.
        self.residue.state.next = self.pipe.crc.val();
        self.residue.pad.next = self.pad.q.val();
        self.good.next = self.residue.ok.val() | !self.seg.q.val().crc_en;
        self.judge.next = self.pend.q.val() & !self.pipe.busy.val() & !self.maker.full.val();

        // Defaults.
        self.load.next = false;
        self.finish.next = false;
        self.fire.next = false;
        self.st_req.next = false;
        self.st_addr.next = self.base.q.val();
        self.short_pulse.next = false;
        self.crc_pulse.next = false;
        self.drop_pulse.next = false;
        self.free_v.d.next = false;
        self.blocks.reserve.next = false;
        self.blocks.reserve_n.next = self.seen_n.val();
        self.blocks.done.next = false;
        self.blocks.done_first.next = self.first.q.val();
        self.blocks.done_last.next = self.cur.q.val();
        self.blocks.done_n.next = self.total_n.val();
        self.blocks.fr_valid.next = false;
        self.blocks.fr_first.next = self.first.q.val();
        self.blocks.fr_last.next = self.cur.q.val();
        self.blocks.fr_n.next = self.total_n.val();
        self.blocks.take.next = false;
        self.blocks.link.next = false;
        self.blocks.link_from.next = self.cur.q.val();
        self.blocks.link_to.next = self.blocks.blk.val();
        self.maker.push.next = false;
        self.maker.job.next.seg_done = false;
        self.maker.job.next.conn = self.seg.q.val().conn;
        self.maker.job.next.gen = self.seg.q.val().gen;
        self.maker.job.next.blk = self.none.val();
        self.maker.job.next.total = self.total.q.val();
        self.maker.job.next.term = 0.into();
        self.maker.job.next.raw = 0.into();
        self.maker.job.next.seq = self.seq.q.val();
        self.maker.job.next.mid = false;
        self.maker.job.next.rollback = false;
        self.maker.job.next.crc_fail = false;
        self.maker.job.next.fin = false;

        // Beat of the pool, and what the chunk of this cycle is.
        self.blk.next = self.cur.q.val();
        if self.new_block.val() {
            self.blk.next = self.blocks.blk.val();
        }
        self.start_blk.next = self.first.q.val();
        if self.new_block.val() & (self.beat.q.val() == 0) {
            self.start_blk.next = self.blocks.blk.val();
        }
        self.pipe.oct0.next = self.oct0.q.val();
        self.pipe.issue.next.head = false;
        self.pipe.issue.next.run = false;
        self.pipe.issue.next.off = bit_cast::<6, BYTE>(self.base.q.val()) & self.lane_mask.val();
        self.pipe.issue.next.lane = self.lane.q.val();
        self.pipe.issue.next.stop = self.lane_mask.val();
        if self.last.val() {
            self.pipe.issue.next.stop =
                (bit_cast::<6, LEN>(self.ext.q.val()) - 1) & self.lane_mask.val();
        }
        self.pipe.issue.next.waddr =
            (self.blk.val() << self.blk_shift.val()) | (self.beat.q.val() & self.beat_mask.val());
        self.pipe.issue.next.hdr = self.reaches.val();
        self.pipe.issue.next.haddr =
            (self.start_blk.val() << self.hdr_shift.val()) | self.beat.q.val();
        self.pipe.issue.next.beat0 = self.beat.q.val() == 0;
        self.pipe.issue.next.first = self.lane.q.val() == 0;
        self.pipe.issue.next.patch = self.patch.q.val() & (self.beat.q.val() == 0);

        // Judge: in Decide (octets follow) and in Drain (none do). The states below may overrule it.
        if self.judge.val()
            & ((self.state.q.val() == AsmState::Decide) | (self.state.q.val() == AsmState::Drain))
        {
            self.pend.d.next = false;
            self.crc_pulse.next = !self.good.val();
            if self.good.val() | !self.here.q.val() {
                self.maker.push.next = true;
                self.maker.job.next.blk = self.first.q.val();
                self.blocks.done.next = true;
                self.fill.d.next = 0.into();
            }
            if !self.good.val() {
                self.state.d.next = AsmState::Drain;
                self.rollback.d.next = self.rem.q.val() != 0;
                if self.here.q.val() {
                    self.state.d.next = AsmState::Free;
                    self.rollback.d.next = true;
                    self.crc_fail.d.next = true;
                    self.seq.d.next = self.seq.q.val() - bit_cast::<32, LEN>(self.total.q.val());
                } else {
                    self.maker.job.next.term = 0x2002.into();
                    self.alive.d.next = false;
                }
            }
        }

        match self.state.q.val() {
            AsmState::Idle => {
                self.load.next = self.feed.next_valid.val();
            }
            AsmState::Check => {
                self.rollback.d.next = false;
                self.crc_fail.d.next = false;
                self.dropped.d.next = false;
                self.patch.d.next = false;
                self.here.d.next = false;
                self.pend.d.next = false;
                self.total.d.next = self.fill.q.val() + self.left.q.val();
                self.take.d.next = self.take_n.val();
                self.ext.d.next = self.take_n.val() + bit_cast::<LEN, 6>(self.in_lane.val());
                self.lane.d.next = self.in_lane.val();
                self.beat.d.next = bit_cast::<BEAT, LEN>(self.held.val() >> self.lk.val());
                self.base.d.next = self.addr.q.val() - bit_cast::<BYTE, 6>(self.in_lane.val());
                if self.seg.q.val().purge {
                    self.alive.d.next = false;
                    self.state.d.next = AsmState::Drain;
                    if self.hold_chain.val() {
                        self.state.d.next = AsmState::Free;
                    }
                } else if self.seg.q.val().fresh & self.hold_chain.val() {
                    self.alive.d.next = false;
                    self.state.d.next = AsmState::Free;
                } else if !self.seg.q.val().fresh
                    & (!self.alive.q.val() | (self.seq.q.val() != self.seg.q.val().seq))
                {
                    self.dropped.d.next = true;
                    self.drop_pulse.next = true;
                    self.state.d.next = AsmState::Drain;
                } else {
                    self.alive.d.next = true;
                    self.seq.d.next = self.seg.q.val().seq;
                    self.fill.d.next = self.held.val();
                    if self.rem.q.val() == 0 {
                        self.state.d.next = AsmState::Drain;
                    } else if self.held.val() == 0 {
                        self.state.d.next = AsmState::Head;
                    } else if self.held.val() == 1 {
                        // As if the segment began with the octet that is here already.
                        self.patch.d.next = true;
                        self.base.d.next = self.addr.q.val() - 1;
                        self.addr.d.next = self.addr.q.val() - 1;
                        self.rem.d.next = self.rem.q.val() + 1;
                        self.seq.d.next = self.seg.q.val().seq - 1;
                        self.fill.d.next = 0.into();
                        self.lane.d.next = 0.into();
                        self.beat.d.next = 0.into();
                        self.state.d.next = AsmState::Head;
                    } else {
                        self.state.d.next = AsmState::Run;
                    }
                }
            }
            AsmState::Head => {
                self.st_req.next = true;
                if self.st_grant.val() {
                    self.pipe.issue.next.head = true;
                    self.state.d.next = AsmState::Look;
                }
            }
            AsmState::Look => {
                self.raw.d.next = self.pipe.head_raw.val();
                // 2 octets length, ULPDU, pad to a multiple of 4, CRC.
                self.seen.d.next = ((self.ulpdu.val() + 5) & self.word_mask.val()) + 4;
                if self.pipe.head_valid.val() {
                    self.state.d.next = AsmState::Decide;
                }
            }
            AsmState::Decide => {
                if !self.pend.q.val() | (self.judge.val() & self.good.val()) {
                    self.take.d.next = self.take_new.val();
                    self.ext.d.next = self.take_new.val();
                    self.fill.d.next = 0.into();
                    self.left.d.next = self.seen.q.val();
                    self.state.d.next = AsmState::Drain;
                    if self.rem.q.val() == 1 {
                        // Half a length field: the octet waits in the context.
                        self.oct0.d.next = self.raw.q.val().get_bits::<8>(0);
                        self.fill.d.next = 1.into();
                        self.seq.d.next = self.seq.q.val() + 1;
                    } else if self.seen.q.val() > self.max_fpdu.val() {
                        self.state.d.next = AsmState::Long;
                    } else if self.seen_n.val() > self.blocks.avail.val() {
                        self.short_pulse.next = true;
                        self.rollback.d.next = true;
                        if self.patch.q.val() {
                            self.fill.d.next = 1.into();
                            self.seq.d.next = self.seq.q.val() + 1;
                        }
                    } else {
                        self.blocks.reserve.next = true;
                        self.total.d.next = self.seen.q.val();
                        self.here.d.next = !self.patch.q.val();
                        self.state.d.next = AsmState::Run;
                    }
                }
            }
            AsmState::Run => {
                self.st_req.next = !self.new_block.val() | self.blocks.blk_valid.val();
                self.fire.next =
                    self.st_grant.val() & (!self.new_block.val() | self.blocks.blk_valid.val());
                if self.fire.val() {
                    self.pipe.issue.next.run = true;
                    self.base.d.next = self.base.q.val() + bit_cast::<BYTE, LEN>(self.k.val());
                    self.beat.d.next = self.beat.q.val() + 1;
                    self.lane.d.next = 0.into();
                    self.ext.d.next = self.ext.q.val() - self.k.val();
                    if self.new_block.val() {
                        self.blocks.take.next = true;
                        self.cur.d.next = self.blocks.blk.val();
                        if self.beat.q.val() == 0 {
                            self.first.d.next = self.blocks.blk.val();
                        } else {
                            self.blocks.link.next = true;
                        }
                    }
                    if self.last.val() {
                        self.patch.d.next = false;
                        self.fill.d.next = self.fill.q.val() + self.take.q.val();
                        self.left.d.next = self.left.q.val() - self.take.q.val();
                        self.rem.d.next = self.rem.q.val() - self.take.q.val();
                        self.seq.d.next = self.seq.q.val() + bit_cast::<32, LEN>(self.take.q.val());
                        self.addr.d.next =
                            self.addr.q.val() + bit_cast::<BYTE, LEN>(self.take.q.val());
                        self.pend.d.next = self.take.q.val() == self.left.q.val();
                        self.pad.d.next = (!bit_cast::<LK, LEN>(self.ext.q.val())) + 1;
                        // An FPDU that follows starts at lane 0 of its first beat.
                        self.base.d.next =
                            self.addr.q.val() + bit_cast::<BYTE, LEN>(self.take.q.val());
                        self.beat.d.next = 0.into();
                        self.state.d.next = AsmState::Head;
                        if self.take.q.val() == self.rem.q.val() {
                            self.state.d.next = AsmState::Drain;
                        }
                    }
                }
            }
            AsmState::Long => {
                if !self.maker.full.val() {
                    self.maker.push.next = true;
                    self.maker.job.next.term = 0x2005.into();
                    self.maker.job.next.raw = self.raw.q.val();
                    self.alive.d.next = false;
                    self.rollback.d.next = true;
                    if self.patch.q.val() {
                        self.seq.d.next = self.seq.q.val() + 1;
                    }
                    self.state.d.next = AsmState::Drain;
                }
            }
            AsmState::Free => {
                self.blocks.fr_valid.next = true;
                if self.blocks.fr_ready.val() {
                    self.fill.d.next = 0.into();
                    self.state.d.next = AsmState::Drain;
                    if self.seg.q.val().fresh & !self.crc_fail.q.val() {
                        self.state.d.next = AsmState::Check;
                    }
                }
            }
            AsmState::Drain => {
                if !self.pend.q.val() & !self.pipe.busy.val() {
                    if self.seg.q.val().purge {
                        self.finish.next = true;
                    } else if !self.maker.full.val() {
                        self.finish.next = true;
                        self.free_v.d.next = true;
                        self.maker.push.next = true;
                        self.maker.job.next.seg_done = true;
                        self.maker.job.next.mid = self.alive.q.val() & (self.fill.q.val() != 0);
                        self.maker.job.next.rollback = self.rollback.q.val();
                        self.maker.job.next.crc_fail = self.crc_fail.q.val();
                        self.maker.job.next.fin = self.seg.q.val().fin
                            & self.alive.q.val()
                            & !self.rollback.q.val()
                            & !self.dropped.q.val();
                    }
                }
            }
        }

        // End of a segment: context back, next segment in. Of two segments of one connection in a row, the second finds
        // the context in the registers: the RAM does not have it yet.
        self.free_s.d.next = self.seg.q.val().slot;
        self.free_valid.next = self.free_v.q.val();
        self.free_slot.next = self.free_s.q.val();
        self.feed.put.next = self.finish.val();
        self.feed.put_conn.next = self.seg.q.val().conn;
        self.feed.put_row.next.alive = self.alive.q.val();
        self.feed.put_row.next.seq = self.seq.q.val();
        self.feed.put_row.next.fill = self.fill.q.val();
        self.feed.put_row.next.left = self.left.q.val();
        self.feed.put_row.next.crc = self.pipe.crc.val();
        self.feed.put_row.next.first = self.first.q.val();
        self.feed.put_row.next.cur = self.cur.q.val();
        self.feed.put_row.next.oct0 = self.oct0.q.val();
        if self.finish.val() {
            self.state.d.next = AsmState::Idle;
            self.load.next = self.feed.next_valid.val();
        }
        self.pipe.crc_set.next = false;
        self.pipe.crc_in.next = self.feed.row.val().crc;
        self.feed.take.next = self.load.val();
        if self.load.val() {
            self.state.d.next = AsmState::Check;
            self.seg.d.next = self.feed.next_seg.val();
            self.addr.d.next = self.feed.next_seg.val().addr;
            self.rem.d.next = bit_cast::<LEN, 16>(self.feed.next_seg.val().len);
            if self.feed.next_seg.val().conn != self.seg.q.val().conn {
                self.pipe.crc_set.next = true;
                self.alive.d.next = self.feed.row.val().alive;
                self.seq.d.next = self.feed.row.val().seq;
                self.fill.d.next = self.feed.row.val().fill;
                self.left.d.next = self.feed.row.val().left;
                self.first.d.next = self.feed.row.val().first;
                self.cur.d.next = self.feed.row.val().cur;
                self.oct0.d.next = self.feed.row.val().oct0;
            }
        }

        // Between the blocks.
        self.pipe.st_lo.next = self.st_lo.val();
        self.pipe.st_hi.next = self.st_hi.val();
        self.pool.we.next = self.pipe.pool_we.val();
        self.pool.waddr.next = self.pipe.pool_addr.val();
        self.pool.wdata.next = self.pipe.data.val();
        self.hdr.we.next = self.pipe.hdr_we.val();
        self.hdr.waddr.next = self.pipe.hdr_addr.val();
        self.hdr.wdata.next = self.pipe.data.val();
        self.hdr.raddr.next = self.maker.hr_addr.val();
        self.maker.hr_data.next = self.hdr.rdata.val();
        self.pool.rd_beat_lo.next = self.pr_beat_lo.val();
        self.pool.rd_beat_hi.next = self.pr_beat_hi.val();
        self.pr_lo.next = self.pool.rd_lo.val();
        self.pr_hi.next = self.pool.rd_hi.val();
        self.blocks.nx_blk.next = self.nx_blk.val();
        self.nx_next.next = self.blocks.nx_next.val();
        self.blocks.cf_valid.next = self.cf_valid.val();
        self.blocks.cf_blk.next = self.cf_blk.val();
        self.cf_ready.next = self.blocks.cf_ready.val();
        self.pool_free.next = self.blocks.avail.val();
        self.maker.op_ready.next = self.op_ready.val();
        self.op_valid.next = self.maker.op_valid.val();
        self.op.next = self.maker.op.val();
        self.seg_unused.next = self.seg.q.val();
    }
}
