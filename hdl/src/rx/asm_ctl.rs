//! The assembler's decisions: what to do with a segment, FPDU by FPDU (RFC 5044 sections 5.2 and 6).
//!
//! One segment at a time. `L` is the cycle in which the last chunk of an FPDU is granted (`ends`):
//!
//! | cycle | what |
//! |---|---|
//! | L+1 | `settle`: position, fill and rest move on. Head: the length field of the FPDU that follows is asked for |
//! | L+4 | Look: the length field is there |
//! | L+5 | Decide: blocks, and what to read. Judge: the CRC state is there, the job is pushed with the verdict in it |
//! | L+6 | Run: first chunk of the FPDU that follows. If the verdict was bad, `bad` stops all that began at L+5 |
//!
//! A verdict reaches nothing but the job and `bad`. What Decide does at L+5 on the strength of a verdict to come is undone
//! by `bad`: the reservation comes only now, `seq` has its old value in `was`, total and `here` change with `settle`,
//! and fill and rest do not count after an error.
//!
//! `next_valid next_seg row same`, `load`, `put*`: see [`SegIn`](super::asm_in::SegIn). `head run headed ends resume held
//! open ext last patch first cur`: see [`ChunkRun`](super::asm_run::ChunkRun). `oct0 head_* busy crc crc_good`: see
//! [`ChunkPipe`](super::asm_chunk::ChunkPipe). `reserve* avail done chain_n fr_*`: see [`Blocks`](super::blocks::Blocks);
//! the chain is `first`..`cur`. `push job full`: see [`OpMaker`](super::asm_op::OpMaker).
//!
//! A segment of a stream with Markers always goes piece by piece: [`AsmMark`] cuts what [`Early`](super::early::Early) says is
//! next (or the whole segment, in a preset that keeps nothing ahead of a gap) at every Marker and takes the Markers, so that an FPDU goes over pieces as it goes over segments. Its FPDUs are not
//! overlapped: one is judged before the next one is looked at, so `was` and what AsmMark knows are those of one FPDU.
//! A purge with `fresh` begins such a stream: Markers are counted from `at`, the next segment says where the stream stands.

use super::asm_in::{covering, SegCtx};
use super::asm_mark::AsmMark;
use super::asm_op::Job;
use super::blocks::LEN;
use super::cfg::Cfg;
use super::types::{Seg, BEAT, CONN, SLOT};
use crate::prim::{Reg, RegNr, CAPTURE_BYTES};
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
    /// [`AsmMark`] has the word; an FPDU among Markers is judged before the next one is looked at.
    Mark,
    Calm,
    /// What of the segment comes next is up to [`Early`](super::early::Early).
    Sort,
    /// A piece ahead of a gap: chain set up; read and stored; all of it written.
    Open,
    Park,
    Parked,
    /// Refuses an FPDU for lack of blocks.
    Short,
    /// Reports an FPDU that is too long.
    Long,
    /// Gives back the blocks of the FPDU in the registers.
    Free,
    /// All octets of the segment are under way or refused: end it when the data path is empty.
    Drain,
}

/// The state machine.
#[derive(LogicBlock)]
pub struct AsmCtl<const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // segments
    pub next_valid: Signal<In, bool>,
    pub next_seg: Signal<In, Seg>,
    pub row: Signal<In, SegCtx>,
    pub same: Signal<In, bool>,
    pub load: Signal<Out, bool>,
    pub load_row: Signal<Out, bool>,
    pub put: Signal<Out, bool>,
    pub put_conn: Signal<Out, Bits<CONN>>,
    pub put_row: Signal<Out, SegCtx>,
    pub free_valid: Signal<Out, bool>,
    pub free_slot: Signal<Out, Bits<SLOT>>,
    // reader
    pub head: Signal<Out, bool>,
    pub run: Signal<Out, bool>,
    pub headed: Signal<In, bool>,
    pub ends: Signal<In, bool>,
    pub resume: Signal<Out, bool>,
    pub held: Signal<Out, Bits<LEN>>,
    pub open: Signal<Out, bool>,
    pub ext: Signal<Out, Bits<LEN>>,
    pub last: Signal<Out, bool>,
    pub patch: Signal<Out, bool>,
    pub marker: Signal<Out, bool>,
    pub lead: Signal<Out, bool>,
    pub start: Signal<Out, bool>,
    pub first: Signal<In, Bits<BEAT>>,
    pub cur: Signal<In, Bits<BEAT>>,
    pub park: Signal<Out, bool>,
    pub jump: Signal<Out, bool>,
    pub from_pool: Signal<Out, bool>,
    // octets ahead of a gap
    pub ask: Signal<Out, bool>,
    pub wipe: Signal<Out, bool>,
    pub stop: Signal<Out, bool>,
    pub alive_now: Signal<Out, bool>,
    pub pos: Signal<Out, Bits<32>>,
    pub cur_seg: Signal<Out, Seg>,
    pub early: Signal<In, bool>,
    pub complete: Signal<In, bool>,
    pub fin_due: Signal<In, bool>,
    pub act_stream: Signal<In, bool>,
    pub act_drain: Signal<In, bool>,
    pub act_park: Signal<In, bool>,
    pub act_done: Signal<In, bool>,
    pub act_len: Signal<In, Bits<LEN>>,
    pub act_need: Signal<In, Bits<LEN>>,
    pub act_sack: Signal<In, bool>,
    // data path
    pub oct0: Signal<Out, Bits<8>>,
    pub step: Signal<Out, bool>,
    pub head_valid: Signal<In, bool>,
    pub head_raw: Signal<In, Bits<16>>,
    pub busy: Signal<In, bool>,
    pub crc: Signal<In, Bits<32>>,
    pub crc_good: Signal<In, bool>,
    // blocks
    pub reserve: Signal<Out, bool>,
    pub reserve_n: Signal<Out, Bits<LEN>>,
    pub avail: Signal<In, Bits<LEN>>,
    pub done: Signal<Out, bool>,
    pub chain_n: Signal<Out, Bits<LEN>>,
    pub fr_valid: Signal<Out, bool>,
    pub fr_ready: Signal<In, bool>,
    // jobs
    pub push: Signal<Out, bool>,
    pub job: Signal<Out, Job>,
    pub full: Signal<In, bool>,
    pub short_pulse: Signal<Out, bool>,
    pub crc_pulse: Signal<Out, bool>,
    pub drop_pulse: Signal<Out, bool>,

    state: Reg<AsmState>,
    mark: AsmMark,
    /// The stream has Markers. It begins with this segment. The CRC is good, a Marker was wrong.
    marks: Signal<Local, bool>,
    anew: Signal<Local, bool>,
    stray: Signal<Local, bool>,
    // segment
    seg: Reg<Seg>,
    rem: Reg<Bits<LEN>>,
    /// It has not been looked at yet, and says where the stream is.
    fresh: Reg<bool>,
    /// It goes piece by piece; the last piece is done; the octets of the piece are in the pool already; SACK blocks wait.
    sorted: Reg<bool>,
    told: Reg<bool>,
    pool: Reg<bool>,
    sack: Reg<bool>,
    /// In Check: the segment has no octets; pairs of bits in which its sequence number is not the one expected.
    empty: RegNr<bool>,
    apart: RegNr<Bits<32>>,
    // context
    alive: Reg<bool>,
    seq: Reg<Bits<32>>,
    fill: Reg<Bits<LEN>>,
    left: Reg<Bits<LEN>>,
    /// `seq` of the cycle before: a bad verdict finds there the end of the FPDU. Among Markers: where the FPDU began.
    was: RegNr<Bits<32>>,
    // FPDU in work: octets and blocks; it began in this segment
    total: Reg<Bits<LEN>>,
    blocks: RegNr<Bits<LEN>>,
    here: Reg<bool>,
    /// All of it is under way: it waits for its verdict.
    pend: Reg<bool>,
    /// The verdict of the cycle before was bad.
    bad: Reg<bool>,
    /// The FPDU's first octet came in the segment before: it is read from `oct0_q`.
    patch_q: Reg<bool>,
    oct0_q: RegNr<Bits<8>>,
    // length seen, of the FPDU that follows, and its blocks less one
    seen: RegNr<Bits<LEN>>,
    less: RegNr<Bits<LEN>>,
    raw: RegNr<Bits<16>>,
    /// It is too long; one octet of it is here.
    too_long: RegNr<bool>,
    one: RegNr<bool>,
    // stretch that is read: octets; it ends the segment, the FPDU, and is the FPDU's first
    take: RegNr<Bits<LEN>>,
    to_end: RegNr<bool>,
    completes: RegNr<bool>,
    begins: RegNr<bool>,
    /// The last chunk of the stretch was granted in the cycle before.
    settle: Reg<bool>,
    /// The blocks of an FPDU were found in the cycle before.
    res: Reg<bool>,
    need: RegNr<Bits<LEN>>,
    /// Blocks to give back are known.
    ripe: Reg<bool>,
    // end of the segment
    rollback: Reg<bool>,
    crc_fail: Reg<bool>,
    dropped: Reg<bool>,
    drop_q: Reg<bool>,
    free_v: Reg<bool>,
    free_s: RegNr<Bits<SLOT>>,
    /// Others read the rest: where the segment lies, the chain, the CRC.
    seg_unused: Signal<Local, Seg>,
    next_unused: Signal<Local, Seg>,
    row_unused: Signal<Local, SegCtx>,
    ends_fin: Signal<Local, bool>,
    fin_now: Signal<Local, bool>,
    loads: Signal<Local, bool>,
    next_seq: Signal<Local, Bits<32>>,
    differ: Signal<Local, Bits<32>>,
    finish: Signal<Local, bool>,
    hold_chain: Signal<Local, bool>,
    half: Signal<Local, bool>,
    in_lane: Signal<Local, Bits<LEN>>,
    rem_ext: Signal<Local, Bits<LEN>>,
    left_ext: Signal<Local, Bits<LEN>>,
    short_rem: Signal<Local, bool>,
    short_seen: Signal<Local, bool>,
    ulpdu: Signal<Local, Bits<LEN>>,
    judge: Signal<Local, bool>,
    good: Signal<Local, bool>,
    size: Signal<Local, Bits<6>>,
    back: Signal<Local, Bits<32>>,
    /// What is ahead of a gap is kept.
    keeps: Constant<bool>,
    k: Constant<Bits<LEN>>,
    lane_mask: Constant<Bits<LEN>>,
    block_less: Constant<Bits<LEN>>,
    block_log: Constant<Bits<5>>,
    /// Greatest value of a length field whose FPDU is not longer than max_fpdu.
    max_ulpdu: Constant<Bits<LEN>>,
    header: Constant<Bits<LEN>>,
    word_mask: Constant<Bits<LEN>>,
    len_mask: Constant<Bits<LEN>>,
    rem_mask: Constant<Bits<LEN>>,
}

impl<const K: usize, const LK: usize> AsmCtl<K, LK> {
    pub fn new(cfg: &Cfg) -> Self {
        let block_log = cfg.blk_bits + LK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            next_valid: Default::default(),
            next_seg: Default::default(),
            row: Default::default(),
            same: Default::default(),
            load: Default::default(),
            load_row: Default::default(),
            put: Default::default(),
            put_conn: Default::default(),
            put_row: Default::default(),
            free_valid: Default::default(),
            free_slot: Default::default(),
            head: Default::default(),
            run: Default::default(),
            headed: Default::default(),
            ends: Default::default(),
            resume: Default::default(),
            held: Default::default(),
            open: Default::default(),
            ext: Default::default(),
            last: Default::default(),
            patch: Default::default(),
            marker: Default::default(),
            lead: Default::default(),
            start: Default::default(),
            first: Default::default(),
            cur: Default::default(),
            park: Default::default(),
            jump: Default::default(),
            from_pool: Default::default(),
            ask: Default::default(),
            wipe: Default::default(),
            stop: Default::default(),
            alive_now: Default::default(),
            pos: Default::default(),
            cur_seg: Default::default(),
            early: Default::default(),
            complete: Default::default(),
            fin_due: Default::default(),
            act_stream: Default::default(),
            act_drain: Default::default(),
            act_park: Default::default(),
            act_done: Default::default(),
            act_len: Default::default(),
            act_need: Default::default(),
            act_sack: Default::default(),
            oct0: Default::default(),
            step: Default::default(),
            head_valid: Default::default(),
            head_raw: Default::default(),
            busy: Default::default(),
            crc: Default::default(),
            crc_good: Default::default(),
            reserve: Default::default(),
            reserve_n: Default::default(),
            avail: Default::default(),
            done: Default::default(),
            chain_n: Default::default(),
            fr_valid: Default::default(),
            fr_ready: Default::default(),
            push: Default::default(),
            job: Default::default(),
            full: Default::default(),
            short_pulse: Default::default(),
            crc_pulse: Default::default(),
            drop_pulse: Default::default(),
            state: Reg::new(AsmState::Idle),
            mark: AsmMark::new(cfg.markers),
            marks: Default::default(),
            anew: Default::default(),
            stray: Default::default(),
            seg: Default::default(),
            rem: Default::default(),
            fresh: Default::default(),
            sorted: Default::default(),
            told: Default::default(),
            pool: Default::default(),
            sack: Default::default(),
            empty: Default::default(),
            apart: Default::default(),
            next_seq: Default::default(),
            differ: Default::default(),
            alive: Default::default(),
            seq: Default::default(),
            fill: Default::default(),
            left: Default::default(),
            was: Default::default(),
            total: Default::default(),
            blocks: Default::default(),
            here: Default::default(),
            pend: Default::default(),
            bad: Default::default(),
            patch_q: Default::default(),
            oct0_q: Default::default(),
            seen: Default::default(),
            less: Default::default(),
            raw: Default::default(),
            too_long: Default::default(),
            one: Default::default(),
            take: Default::default(),
            to_end: Default::default(),
            completes: Default::default(),
            begins: Default::default(),
            settle: Default::default(),
            res: Default::default(),
            need: Default::default(),
            ripe: Default::default(),
            rollback: Default::default(),
            crc_fail: Default::default(),
            dropped: Default::default(),
            drop_q: Default::default(),
            free_v: Default::default(),
            free_s: Default::default(),
            seg_unused: Default::default(),
            next_unused: Default::default(),
            row_unused: Default::default(),
            ends_fin: Default::default(),
            fin_now: Default::default(),
            loads: Default::default(),
            finish: Default::default(),
            hold_chain: Default::default(),
            half: Default::default(),
            in_lane: Default::default(),
            rem_ext: Default::default(),
            left_ext: Default::default(),
            short_rem: Default::default(),
            short_seen: Default::default(),
            ulpdu: Default::default(),
            judge: Default::default(),
            good: Default::default(),
            size: Default::default(),
            back: Default::default(),
            keeps: Constant::new(cfg.sack),
            k: Constant::new(K.to_bits()),
            lane_mask: Constant::new((K - 1).to_bits()),
            block_less: Constant::new(((1usize << block_log) - 1).to_bits()),
            block_log: Constant::new(block_log.to_bits()),
            max_ulpdu: Constant::new((cfg.max_fpdu / 4 * 4 - 6).to_bits()),
            header: Constant::new(CAPTURE_BYTES.to_bits()),
            word_mask: Constant::new(Bits::<LEN>::mask() ^ 3),
            len_mask: Constant::new(covering(cfg.max_fpdu).to_bits()),
            rem_mask: Constant::new(covering(cfg.max_frame + 1).to_bits()),
        }
    }
}

impl<const K: usize, const LK: usize> Logic for AsmCtl<K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // Sums that the states use.
        self.hold_chain.next = self.alive.q.val() & (self.fill.q.val() > 1);
        self.half.next = (self.fill.q.val() == 1) & !self.fresh.q.val();
        self.held.next = self.fill.q.val();
        if self.fresh.q.val() {
            self.held.next = 0.into();
        }
        self.in_lane.next = self.fill.q.val() & self.lane_mask.val();
        self.rem_ext.next = self.rem.q.val() + self.in_lane.val();
        self.left_ext.next = self.left.q.val() + self.in_lane.val();
        self.short_rem.next = self.rem.q.val() <= self.k.val();
        self.short_seen.next = self.seen.q.val() <= self.k.val();
        self.ulpdu.next = (bit_cast::<LEN, 8>(self.head_raw.val().get_bits::<8>(0)) << 8)
            | bit_cast::<LEN, 8>(self.head_raw.val().get_bits::<8>(8));
        self.one.d.next = self.rem.q.val() == 1;
        self.marks.next = self.mark.on.val();
        self.anew.next = self.fresh.q.val() | self.mark.newborn.val();
        if !self.marks.val() {
            self.was.d.next = self.seq.q.val();
        }
        self.blocks.d.next = (self.total.q.val() + self.block_less.val()) >> self.block_log.val();
        self.chain_n.next = self.blocks.q.val();

        // What is to be read of the FPDU: in Check of one that goes on, else of the one that was looked at.
        self.ext.next = self.seen.q.val();
        self.last.next = self.short_rem.val() | self.short_seen.val();
        if self.rem.q.val() < self.seen.q.val() {
            self.ext.next = self.rem.q.val();
        }
        if self.state.q.val() == AsmState::Check {
            self.last.next =
                (self.rem_ext.val() <= self.k.val()) | (self.left_ext.val() <= self.k.val());
            self.ext.next = self.left_ext.val();
            if self.rem.q.val() < self.left.q.val() {
                self.ext.next = self.rem_ext.val();
            }
        }
        if self.state.q.val() == AsmState::Mark {
            // Octets of a Marker: just in front of the lane that is next.
            self.held.next = self.fill.q.val() - self.take.q.val();
            self.last.next = true;
            self.ext.next = self.in_lane.val();
            if !self.in_lane.val().any() {
                self.ext.next = self.k.val();
            }
        }
        self.resume.next = ((self.state.q.val() == AsmState::Check)
            & (!self.marks.val() | self.sorted.q.val()))
            | self.mark.resume.val();
        self.open.next =
            (self.state.q.val() == AsmState::Decide) | (self.state.q.val() == AsmState::Open);
        self.park.next = self.state.q.val() == AsmState::Open;
        if self.park.val() {
            self.ext.next = self.act_len.val();
            self.last.next = self.act_len.val() <= self.k.val();
        }
        self.head.next = (self.state.q.val() == AsmState::Head) | self.mark.head.val();
        self.run.next = ((self.state.q.val() == AsmState::Run) & !self.bad.q.val())
            | (self.state.q.val() == AsmState::Park)
            | self.mark.run.val();
        self.marker.next = self.mark.run.val();
        self.lead.next = self.mark.led.val();
        if self.mark.run.val() {
            self.lead.next = self.mark.lead.val();
        }
        self.start.next = self.mark.run.val() & self.mark.start.val();
        self.step.next = self.mark.step.val();

        // Judge: when the data path is empty and the job can be pushed, in Decide and Calm (octets follow) and Drain (none do).
        self.good.next = self.crc_good.val() | !self.seg.q.val().crc_en;
        self.stray.next = self.mark.off.val() & self.good.val();
        self.judge.next = self.pend.q.val()
            & !self.busy.val()
            & !self.full.val()
            & ((self.state.q.val() == AsmState::Decide)
                | (self.state.q.val() == AsmState::Drain)
                | (self.state.q.val() == AsmState::Calm));
        self.bad.d.next = self.judge.val() & (!self.good.val() | self.mark.off.val());
        if self.judge.val() {
            self.pend.d.next = false;
            self.fill.d.next = 0.into();
        }
        self.done.next = self.judge.val();
        self.mark.over.next = self.judge.val();

        // The stretch that ended.
        self.settle.d.next = self.ends.val() & (self.state.q.val() == AsmState::Run);
        if self.settle.q.val() {
            self.fill.d.next = (self.fill.q.val() + self.take.q.val()) & self.len_mask.val();
            self.left.d.next = (self.left.q.val() - self.take.q.val()) & self.len_mask.val();
            self.total.d.next = (self.fill.q.val() + self.left.q.val()) & self.len_mask.val();
            self.rem.d.next = (self.rem.q.val() - self.take.q.val()) & self.rem_mask.val();
            self.seq.d.next = self.seq.q.val() + bit_cast::<32, LEN>(self.take.q.val());
            self.here.d.next = self.begins.q.val();
            self.pend.d.next = self.completes.q.val();
        }
        if self.judge.val() & self.stray.val() {
            // Nothing that another copy could repair.
            self.here.d.next = false;
        }
        if self.ends.val() {
            self.patch_q.d.next = false;
        }

        // Jobs.
        self.size.next = bit_cast::<6, LEN>(self.total.q.val());
        if self.total.q.val() > self.header.val() {
            self.size.next = bit_cast::<6, LEN>(self.header.val());
        }
        self.push.next = self.judge.val();
        self.job.next.seg_done = !self.pend.q.val();
        self.job.next.long = false;
        self.job.next.conn = self.seg.q.val().conn;
        self.job.next.gen = self.seg.q.val().gen;
        self.job.next.data = self.seq.q.val();
        if self.pend.q.val() {
            self.job.next.data =
                (bit_cast::<32, 6>(self.size.val()) << 16) | bit_cast::<32, BEAT>(self.first.val());
        }
        if self.state.q.val() == AsmState::Long {
            self.job.next.seg_done = false;
            self.job.next.long = true;
            self.job.next.data = bit_cast::<32, 16>(self.raw.q.val());
        }
        self.job.next.told = self.pend.q.val() & (!self.good.val() | self.mark.off.val());
        self.job.next.stray = self.stray.val();
        self.job.next.skip = self.pend.q.val() & !self.good.val() & self.here.q.val();
        self.ends_fin.next = ((self.seg.q.val().fin
            & (!self.sorted.q.val() | self.complete.val() | !self.keeps.val()))
            | self.fin_due.val())
            & self.alive.q.val()
            & !self.rollback.q.val()
            & !self.dropped.q.val()
            & !self.pend.q.val();
        // What lies behind a FIN does not count. Segments with Markers all come here.
        self.job.next.mid = (self.alive.q.val()
            & (self.fill.q.val().any() | self.mark.led.val())
            & !self.pend.q.val())
            | ((self.early.val() | (self.marks.val() & self.alive.q.val())) & !self.ends_fin.val());
        self.job.next.now = self.sorted.q.val() | self.rollback.q.val();
        self.job.next.sack = self.sack.q.val();
        self.job.next.rollback = self.rollback.q.val() & !self.pend.q.val();
        self.job.next.crc_fail = self.crc_fail.q.val() & !self.pend.q.val();
        self.job.next.fin = self.ends_fin.val();

        // Defaults.
        self.loads.next = false;
        self.finish.next = false;
        self.free_v.d.next = false;
        self.res.d.next = false;
        self.drop_q.d.next = false;
        self.ripe.d.next = false;
        self.fr_valid.next = false;
        self.need.d.next = self.less.q.val() + 1;
        self.reserve.next = self.res.q.val() & !self.bad.q.val();
        self.reserve_n.next = self.need.q.val();
        self.ask.next = false;
        self.jump.next = false;
        self.mark.go.next = false;
        self.mark.set.next = false;
        self.mark.born.next = false;
        self.mark.fpdu.next = false;
        self.short_pulse.next = false;
        self.crc_pulse.next = self.bad.q.val();
        self.drop_pulse.next = self.drop_q.q.val();

        match self.state.q.val() {
            AsmState::Idle => {
                self.loads.next = self.next_valid.val();
            }
            AsmState::Check => {
                self.rollback.d.next = false;
                self.crc_fail.d.next = false;
                self.dropped.d.next = false;
                self.patch_q.d.next = false;
                self.oct0_q.d.next = bit_cast::<8, LEN>(self.left.q.val());
                self.total.d.next = (self.fill.q.val() + self.left.q.val()) & self.len_mask.val();
                // Among Markers an FPDU goes on piece by piece.
                if !(self.marks.val() & self.sorted.q.val()) {
                    self.begins.d.next = false;
                }
                self.take.d.next = self.left.q.val();
                if self.rem.q.val() < self.left.q.val() {
                    self.take.d.next = self.rem.q.val();
                }
                self.to_end.d.next = self.rem.q.val() <= self.left.q.val();
                self.completes.d.next = self.left.q.val() <= self.rem.q.val();
                if self.half.val() {
                    // As if the segment began with the octet that is here already.
                    self.rem.d.next = (self.rem.q.val() + 1) & self.rem_mask.val();
                }
                if self.seg.q.val().purge {
                    self.alive.d.next = false;
                    self.fill.d.next = 0.into();
                    self.mark.set.next = true;
                    self.state.d.next = AsmState::Drain;
                    if self.hold_chain.val() {
                        self.state.d.next = AsmState::Free;
                    }
                } else if self.fresh.q.val() & self.hold_chain.val() {
                    self.alive.d.next = false;
                    self.state.d.next = AsmState::Free;
                } else if self.fresh.q.val() & self.early.val() {
                    // Of a stream that is gone.
                    self.state.d.next = AsmState::Sort;
                } else if !self.anew.val()
                    & (!self.alive.q.val()
                        | ((self.apart.q.val().any() & !self.keeps.val()) & !self.sorted.q.val()))
                {
                    self.dropped.d.next = true;
                    self.drop_q.d.next = true;
                    self.state.d.next = AsmState::Drain;
                } else {
                    // One that is expected finds the rest as it is.
                    if self.anew.val() {
                        self.alive.d.next = true;
                        self.seq.d.next = self.seg.q.val().seq;
                        self.fill.d.next = 0.into();
                        self.mark.born.next = true;
                        self.mark.over.next = true;
                    }
                    self.state.d.next = AsmState::Run;
                    if self.empty.q.val() {
                        self.state.d.next = AsmState::Drain;
                    } else if self.held.val() == 0 {
                        self.state.d.next = AsmState::Head;
                    } else if self.half.val() {
                        self.patch_q.d.next = true;
                        self.seq.d.next = self.seq.q.val() - 1;
                        self.fill.d.next = 0.into();
                        self.state.d.next = AsmState::Head;
                    }
                    // Not the next octets, or some behind them are here, or Markers among them: piece by piece.
                    if !self.sorted.q.val()
                        & ((self.keeps.val() & (self.apart.q.val().any() | self.early.val()))
                            | self.marks.val())
                    {
                        self.sorted.d.next = true;
                        self.fresh.d.next = false;
                        self.patch_q.d.next = false;
                        self.seq.d.next = self.seq.q.val();
                        self.fill.d.next = self.held.val();
                        if self.anew.val() {
                            self.seq.d.next = self.seg.q.val().seq;
                        }
                        self.state.d.next = AsmState::Sort;
                        if !self.keeps.val() {
                            // All of it is next.
                            self.rem.d.next = self.rem.q.val();
                            self.state.d.next = AsmState::Mark;
                            if self.empty.q.val() {
                                self.state.d.next = AsmState::Drain;
                            }
                        }
                    }
                }
            }
            AsmState::Sort => {
                self.ask.next = true;
                self.empty.d.next = false;
                if self.act_stream.val() | self.act_drain.val() {
                    self.rem.d.next = self.act_len.val() & self.rem_mask.val();
                    self.pool.d.next = self.act_drain.val();
                    self.jump.next = true;
                    self.state.d.next = AsmState::Check;
                    if self.marks.val() {
                        self.state.d.next = AsmState::Mark;
                    }
                    if self.act_drain.val() {
                        self.begins.d.next = false;
                    }
                }
                if self.act_park.val() {
                    self.reserve.next = true;
                    self.reserve_n.next = self.act_need.val();
                    self.pool.d.next = false;
                    self.jump.next = true;
                    self.state.d.next = AsmState::Open;
                }
                if self.act_done.val() {
                    self.sack.d.next = self.act_sack.val();
                    self.told.d.next = true;
                    self.state.d.next = AsmState::Drain;
                    if self.fresh.q.val() {
                        self.told.d.next = false;
                        self.state.d.next = AsmState::Check;
                    }
                }
            }
            AsmState::Open => {
                self.state.d.next = AsmState::Park;
            }
            AsmState::Park => {
                if self.ends.val() {
                    self.state.d.next = AsmState::Parked;
                }
            }
            AsmState::Parked => {
                if !self.busy.val() {
                    self.state.d.next = AsmState::Sort;
                }
            }
            AsmState::Head => {
                if self.headed.val() {
                    self.state.d.next = AsmState::Look;
                }
            }
            AsmState::Look => {
                self.raw.d.next = self.head_raw.val();
                // 2 octets length, ULPDU, pad to a multiple of 4, CRC; a block more than the blocks that all but 4 fill.
                self.seen.d.next = (self.ulpdu.val() + 9) & self.word_mask.val();
                self.less.d.next = (self.ulpdu.val() + 5) >> self.block_log.val();
                self.too_long.d.next = self.ulpdu.val() > self.max_ulpdu.val();
                if self.head_valid.val() {
                    self.state.d.next = AsmState::Decide;
                }
            }
            AsmState::Decide => {
                self.take.d.next = self.ext.val();
                self.to_end.d.next = self.rem.q.val() <= self.seen.q.val();
                self.completes.d.next = self.seen.q.val() <= self.rem.q.val();
                // What lay in the pool before may have been reported in a SACK block: as if it had been acknowledged.
                // With a Marker in front the FPDU began with that.
                self.mark.fpdu.next = true;
                if !self.mark.led.val() {
                    self.begins.d.next = !self.patch_q.q.val() & !self.pool.q.val();
                    self.was.d.next = self.seq.q.val();
                }
                self.fill.d.next = 0.into();
                self.left.d.next = self.seen.q.val() & self.len_mask.val();
                if !self.pend.q.val() | self.judge.val() {
                    self.state.d.next = AsmState::Drain;
                    if self.one.q.val() {
                        // Half a length field: the octet waits in the context.
                        self.left.d.next = bit_cast::<LEN, 8>(self.raw.q.val().get_bits::<8>(0));
                        self.fill.d.next = 1.into();
                        self.seq.d.next = self.seq.q.val() + 1;
                    } else if self.too_long.q.val() {
                        self.state.d.next = AsmState::Long;
                    } else if self.less.q.val() >= self.avail.val() {
                        self.state.d.next = AsmState::Short;
                    } else {
                        self.res.d.next = true;
                        self.state.d.next = AsmState::Run;
                    }
                }
            }
            AsmState::Run => {
                if self.ends.val() {
                    self.state.d.next = AsmState::Head;
                    if self.marks.val() {
                        self.state.d.next = AsmState::Calm;
                    }
                    if self.to_end.q.val() {
                        self.state.d.next = AsmState::Drain;
                    }
                }
            }
            AsmState::Mark => {
                self.mark.go.next = true;
                if self.mark.bite.val() {
                    self.take.d.next = 1.into();
                    if self.mark.pair.val() {
                        self.take.d.next = 2.into();
                    }
                }
                if self.mark.eat.val() {
                    self.rem.d.next = (self.rem.q.val() - self.take.q.val()) & self.rem_mask.val();
                    self.seq.d.next = self.seq.q.val() + bit_cast::<32, LEN>(self.take.q.val());
                    if self.mark.start.val() {
                        self.begins.d.next = !self.pool.q.val();
                        self.was.d.next = self.seq.q.val();
                    }
                }
                if self.mark.cut.val() {
                    self.rem.d.next = self.mark.piece.val() & self.rem_mask.val();
                    self.state.d.next = AsmState::Check;
                }
                if self.mark.dry.val() {
                    self.state.d.next = AsmState::Drain;
                }
            }
            AsmState::Calm => {
                if !self.pend.q.val() & !self.busy.val() & !self.bad.q.val() {
                    self.state.d.next = AsmState::Head;
                }
            }
            AsmState::Short => {
                self.rollback.d.next = true;
                self.short_pulse.next = !self.bad.q.val();
                if self.patch_q.q.val() {
                    self.left.d.next = bit_cast::<LEN, 8>(self.raw.q.val().get_bits::<8>(0));
                    self.fill.d.next = 1.into();
                    self.seq.d.next = self.seq.q.val() + 1;
                }
                self.state.d.next = AsmState::Drain;
            }
            AsmState::Long => {
                if !self.full.val() & !self.bad.q.val() {
                    self.push.next = true;
                    self.alive.d.next = false;
                    self.rollback.d.next = true;
                    if self.patch_q.q.val() {
                        self.seq.d.next = self.seq.q.val() + 1;
                    }
                    self.state.d.next = AsmState::Drain;
                }
            }
            AsmState::Free => {
                self.ripe.d.next = true;
                self.fr_valid.next = self.ripe.q.val();
                if self.ripe.q.val() & self.fr_ready.val() {
                    self.fill.d.next = 0.into();
                    self.state.d.next = AsmState::Drain;
                    if self.fresh.q.val() & !self.crc_fail.q.val() {
                        self.state.d.next = AsmState::Check;
                    }
                }
            }
            AsmState::Drain => {
                if !self.pend.q.val() & !self.busy.val() & !self.bad.q.val() {
                    if self.seg.q.val().purge {
                        self.finish.next = !self.early.val();
                        if self.early.val() {
                            self.state.d.next = AsmState::Sort;
                        }
                    } else if self.mark.more.val() & self.alive.q.val() & !self.rollback.q.val() {
                        self.rem.d.next = self.mark.rest.val() & self.rem_mask.val();
                        self.state.d.next = AsmState::Mark;
                    } else if (self.keeps.val() & self.sorted.q.val()) & !self.told.q.val() {
                        self.state.d.next = AsmState::Sort;
                    } else if !self.full.val() {
                        self.finish.next = true;
                        self.free_v.d.next = true;
                        self.push.next = true;
                    }
                }
            }
        }

        // A bad CRC. An FPDU of this segment alone is sent again; one of which a part was acknowledged ends the connection.
        self.back.next = self.was.q.val();
        if self.here.q.val() & !self.marks.val() {
            self.back.next = self.was.q.val() - bit_cast::<32, LEN>(self.total.q.val());
        }
        if self.bad.q.val() {
            if self.here.q.val() | !self.marks.val() {
                self.seq.d.next = self.back.val();
            }
            self.fill.d.next = 0.into();
            self.rollback.d.next =
                self.here.q.val() | self.rem.q.val().any() | self.mark.more.val();
            self.crc_fail.d.next = self.here.q.val();
            self.state.d.next = AsmState::Drain;
            if self.here.q.val() {
                self.state.d.next = AsmState::Free;
            } else {
                self.alive.d.next = false;
            }
        }

        // End of a segment: context back, next segment in. Of two segments of one connection in a row, the second finds
        // the context in the registers: the RAM does not have it yet.
        self.free_s.d.next = self.seg.q.val().slot;
        self.free_valid.next = self.free_v.q.val();
        self.free_slot.next = self.free_s.q.val();
        self.put.next = self.finish.val();
        self.put_conn.next = self.seg.q.val().conn;
        self.put_row.next.alive = self.alive.q.val();
        self.put_row.next.seq = self.seq.q.val();
        self.put_row.next.fill = self.fill.q.val();
        self.put_row.next.left = self.left.q.val();
        self.put_row.next.crc = self.crc.val();
        self.put_row.next.first = self.first.val();
        self.put_row.next.cur = self.cur.val();
        self.put_row.next.early = self.early.val();
        self.put_row.next.marks = self.marks.val();
        self.put_row.next.newborn = self.mark.newborn.val();
        self.put_row.next.mark_at = self.mark.mark_at.val();
        self.put_row.next.origin = self.mark.origin.val();
        self.put_row.next.led = self.mark.led.val();
        self.put_row.next.off = self.mark.off.val();
        // The FIN counts from the next segment on.
        self.fin_now.next = self.finish.val() & self.ends_fin.val();
        if self.fin_now.val() {
            self.put_row.next.seq = self.seq.q.val() + 1;
            self.seq.d.next = self.seq.q.val() + 1;
        }
        if self.finish.val() {
            self.state.d.next = AsmState::Idle;
            self.loads.next = self.next_valid.val();
        }
        self.load.next = self.loads.val();
        // Half the compare of Check, a cycle early.
        self.next_seq.next = self.row.val().seq;
        if self.same.val() {
            self.next_seq.next = self.seq.q.val();
        }
        if self.next_seg.val().fresh {
            self.next_seq.next = self.next_seg.val().seq;
        }
        self.differ.next = self.next_seq.val() ^ self.next_seg.val().at;
        if self.loads.val() {
            self.apart.d.next = (self.differ.val() | (self.differ.val() >> 1)) & 0x5555_5555;
            // Not compared with what it will be.
            if self.fin_now.val() & self.same.val() {
                self.apart.d.next = 1.into();
            }
        }
        self.load_row.next = self.loads.val() & !self.same.val();
        if self.loads.val() {
            self.state.d.next = AsmState::Check;
            self.seg.d.next = self.next_seg.val();
            self.fresh.d.next = self.next_seg.val().fresh;
            self.sorted.d.next = false;
            self.told.d.next = false;
            self.pool.d.next = false;
            self.sack.d.next = false;
            self.rem.d.next = bit_cast::<LEN, 16>(self.next_seg.val().len) & self.rem_mask.val();
            self.empty.d.next =
                !(bit_cast::<LEN, 16>(self.next_seg.val().len) & self.rem_mask.val()).any();
            if !self.same.val() {
                self.alive.d.next = self.row.val().alive;
                self.seq.d.next = self.row.val().seq;
                self.fill.d.next = self.row.val().fill;
                self.left.d.next = self.row.val().left;
            }
        }
        self.mark.load.next = self.loads.val();
        self.mark.load_row.next = self.load_row.val();
        self.mark.row.next = self.row.val();
        self.mark.set_on.next = self.fresh.q.val();
        self.mark.set_at.next = self.seg.q.val().at.get_bits::<9>(0);
        self.mark.seq.next = self.seq.q.val().get_bits::<16>(0);
        self.mark.rem.next = self.rem.q.val();
        self.mark.none.next = !self.fill.q.val().any();
        self.mark.headed.next = self.headed.val();
        self.mark.head_valid.next = self.head_valid.val();
        self.mark.head_raw.next = self.head_raw.val();
        self.mark.ends.next = self.ends.val();
        self.patch.next = self.patch_q.q.val();
        self.oct0.next = self.oct0_q.q.val();
        self.from_pool.next = self.pool.q.val();
        self.wipe.next = self.seg.q.val().purge | self.fresh.q.val();
        self.stop.next = self.rollback.q.val() | !self.alive.q.val();
        self.alive_now.next = self.alive.q.val();
        self.pos.next = self.seq.q.val();
        self.cur_seg.next = self.seg.q.val();
        self.seg_unused.next = self.seg.q.val();
        self.next_unused.next = self.next_seg.val();
        self.row_unused.next = self.row.val();
    }
}
