//! The assembler's decisions: what to do with a segment, FPDU by FPDU (RFC 5044 sections 5.2 and 6).
//!
//! What is to be read is planned ahead of the reader, a *stretch* at a time: the octets of one FPDU that one segment brings.
//! One stretch is read, one is posted (with [`AsmAhead`](super::asm_ahead::AsmAhead) two are), one more may be looked at. `seq fill left rem` are where the plan is. `P` is the cycle
//! in which a stretch is posted, `L` the one in which its last chunk is granted:
//!
//! | cycle | what |
//! |---|---|
//! | P+1 | `settle`: position, fill and rest move on. Run: the length field of the FPDU that follows is asked for. The posted stretch moves up if the reader is idle, else in `L` of the one before |
//! | P+2 | first chunk at the earliest; with [`AsmAhead`](super::asm_ahead::AsmAhead) P+3 |
//! | P+5 | Look: the length field is there |
//! | P+6 | Decide: blocks, and what to read; posted at the earliest |
//! | P+2 | Drain, if the segment ends: the next one is loaded (`hop`) if it goes on in the same stream |
//! | P+3 | Check: its first stretch is posted |
//! | L+5 | the CRC state is there |
//! | L+6 | Judge: the job is pushed with the verdict in it, or waits until it can be |
//! | L+7 | if it was bad: `bad` |
//!
//! A preset of a slow line ([`Cfg::fpdus`] is 1) has none of that: it waits for the verdict before the next FPDU and for the end of a
//! segment before the next one.
//!
//! With `Cfg::bypass` a segment that is one whole FPDU with a good CRC (`Seg::whole`), and next, is read not at all: `pass`. Its
//! FPDU is told by where it lies, and its slot is deliver's from then on. 3 cycles a segment, if all before it is told.
//!
//! So the data path runs on over the borders of FPDUs and segments. At most one FPDU waits for its verdict while one more has
//! begun: the reader holds the last chunk of an FPDU until the one before is judged, and Decide opens no third one.
//! At most one segment waits to be told (`prior*`) while the next one is worked on. What a verdict needs to know
//! goes along with the stretch ([`Tag`]).
//!
//! After a bad verdict (Undo) what was posted and read behind the FPDU is forgotten: the blocks of the FPDU behind are given
//! back, or the promise of them if it has none yet, then those of the bad one. If the next segment has been loaded it is
//! checked again as if it came now, and is not the next one then.
//!
//! What is rare waits until all before it is judged and told (`calm`): half a length field, an FPDU too long or without
//! blocks, a segment that is not next, the first one of a stream, a purge, a FIN, another connection, pieces and Markers.
//!
//! `next_valid next_seg row same`, `load`, `put*`: see [`SegIn`](super::asm_in::SegIn). `head post fin ends_seg slot_free idle
//! taken ended unjudged judged over told_end flush step_back move_* held ext last patch first cur begun done_*`, `again` (with
//! `seg`): see [`ChunkRun`](super::asm_run::ChunkRun). `oct0 head_* busy verdict crc crc_good`: see
//! [`ChunkPipe`](super::asm_chunk::ChunkPipe). `reserve* avail done chain_n done_n fr_*`: see [`Blocks`](super::blocks::Blocks);
//! the chain is `first`..`cur`, that of the FPDU that is judged `done_first`..`done_last` (`fr_done`: it is given back).
//! `push job full`: see [`OpMaker`](super::asm_op::OpMaker).
//!
//! A segment of a stream with Markers always goes piece by piece: [`AsmMark`] cuts what [`Early`](super::early::Early) says is
//! next (or the whole segment, in a preset that keeps nothing ahead of a gap) at every Marker and takes the Markers, so that an FPDU
//! goes over pieces as it goes over segments. Its FPDUs are not overlapped: one is judged before the next one is looked at, so
//! `was` and what AsmMark knows are those of one FPDU.
//! A purge with `fresh` begins such a stream: Markers are counted from `at`, the next segment says where the stream stands.

use super::asm_ahead::AHEAD;
use super::asm_in::{covering, SegCtx};
use super::asm_mark::AsmMark;
use super::asm_op::Job;
use super::blocks::LEN;
use super::cfg::Cfg;
use super::types::{Seg, BEAT, BYTE, CONN, SLOT};
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
    /// After a bad verdict: gives back those of the FPDU behind; those of the bad one.
    Undo,
    UndoDone,
    /// All octets of the segment are under way or refused: end it when the data path is empty.
    Drain,
    /// The segment stays where it is: its FPDU is told when all before it is.
    Pass,
}

/// What a verdict needs to know of the stretch that completed the FPDU.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Tag {
    pub total: Bits<LEN>,
    /// Where the stream is if the CRC is bad.
    pub back: Bits<32>,
    /// The FPDU began in this segment; the segment (or piece) ends with it.
    pub here: bool,
    pub to_end: bool,
    /// `parity` of the FPDU.
    pub parity: bool,
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
    pub post: Signal<Out, bool>,
    pub fin: Signal<Out, bool>,
    pub ends_seg: Signal<Out, bool>,
    pub slot_free: Signal<In, bool>,
    pub idle: Signal<In, bool>,
    pub taken: Signal<In, bool>,
    pub ended: Signal<In, bool>,
    pub unjudged: Signal<In, bool>,
    pub judged: Signal<Out, bool>,
    pub over: Signal<In, bool>,
    pub told_end: Signal<Out, bool>,
    pub flush: Signal<Out, bool>,
    pub again: Signal<Out, bool>,
    pub step_back: Signal<Out, bool>,
    pub move_on: Signal<Out, bool>,
    pub move_by: Signal<Out, Bits<LEN>>,
    pub begun: Signal<In, bool>,
    pub done_first: Signal<In, Bits<BEAT>>,
    pub held: Signal<Out, Bits<LEN>>,
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
    pub verdict: Signal<In, bool>,
    pub crc_good: Signal<In, bool>,
    // blocks
    pub reserve: Signal<Out, bool>,
    pub reserve_n: Signal<Out, Bits<LEN>>,
    pub avail: Signal<In, Bits<LEN>>,
    pub done: Signal<Out, bool>,
    pub chain_n: Signal<Out, Bits<LEN>>,
    pub done_n: Signal<Out, Bits<LEN>>,
    pub fr_done: Signal<Out, bool>,
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
    /// Its FPDU stays in the staging RAM, and its slot with it.
    passed: Reg<bool>,
    pass: Signal<Local, bool>,
    passes: Signal<Local, bool>,
    sack: Reg<bool>,
    /// In Check: the segment has no octets; pairs of bits in which its sequence number is not the one expected.
    empty: RegNr<bool>,
    apart: RegNr<Bits<32>>,
    // context
    alive: Reg<bool>,
    seq: Reg<Bits<32>>,
    fill: Reg<Bits<LEN>>,
    left: Reg<Bits<LEN>>,
    /// Where the FPDU began that began last.
    was: RegNr<Bits<32>>,
    // FPDU that is planned: octets and blocks; changes from one to the next
    total: Reg<Bits<LEN>>,
    blocks: RegNr<Bits<LEN>>,
    parity: Reg<bool>,
    /// Of the stretch that was posted last, that is read, and whether they complete an FPDU; of the last one that did, and its
    /// blocks.
    fin_p: RegNr<bool>,
    fin_r: RegNr<bool>,
    tag_p: RegNr<Tag>,
    tag_r: RegNr<Tag>,
    tag_j: RegNr<Tag>,
    /// Where two may be posted: the one before the last; how many are; FPDUs that are posted to their end and not judged.
    fin_b: Vec<RegNr<bool>>,
    tag_b: Vec<RegNr<Tag>>,
    posted: Vec<Reg<Bits<2>>>,
    whole: Vec<Reg<Bits<2>>>,
    _wide: usize,
    blocks_j: RegNr<Bits<LEN>>,
    /// A verdict waits for its job; it is good.
    judge_q: Reg<bool>,
    good_q: RegNr<bool>,
    /// The verdict of the cycle before was bad.
    bad: Reg<bool>,
    /// The segment before waits to be told: its slot, and the end that is said of it. What it waited for is gone.
    prior: Reg<bool>,
    prior_slot: RegNr<Bits<SLOT>>,
    prior_seq: RegNr<Bits<32>>,
    prior_mid: RegNr<bool>,
    prior_rollback: RegNr<bool>,
    prior_crc: RegNr<bool>,
    prior_force: RegNr<bool>,
    /// The first segment waiting goes on with this stream; the segment in work has posted its last octet.
    hop_q: Reg<bool>,
    /// The bad verdict was of the segment before.
    behind: Reg<bool>,
    tail: Reg<bool>,
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
    /// A stretch was posted in the cycle before.
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
    /// The next FPDU's length field is asked for in the cycle after a post.
    at_once: Signal<Local, bool>,
    hold_chain: Signal<Local, bool>,
    half: Signal<Local, bool>,
    in_lane: Signal<Local, Bits<LEN>>,
    rem_ext: Signal<Local, Bits<LEN>>,
    left_ext: Signal<Local, Bits<LEN>>,
    short_rem: Signal<Local, bool>,
    short_seen: Signal<Local, bool>,
    ulpdu: Signal<Local, Bits<LEN>>,
    judge: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    calm: Signal<Local, bool>,
    go: Signal<Local, bool>,
    hop: Signal<Local, bool>,
    tell: Signal<Local, bool>,
    feed: Signal<Local, bool>,
    stretch: Signal<Local, Bits<LEN>>,
    fits: Signal<Local, bool>,
    fills: Signal<Local, bool>,
    end_seq: Signal<Local, Bits<32>>,
    tag: Signal<Local, Tag>,
    made: Signal<Local, Tag>,
    special: Signal<Local, bool>,
    may_open: Signal<Local, bool>,
    size: Signal<Local, Bits<6>>,
    /// What is ahead of a gap is kept.
    keeps: Constant<bool>,
    /// FPDUs and segments overlap.
    laps: Constant<bool>,
    _laps: usize,
    /// An FPDU may stay in the staging RAM.
    bypass: Constant<bool>,
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
        let wide = (K >= AHEAD).into();
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
            post: Default::default(),
            fin: Default::default(),
            ends_seg: Default::default(),
            slot_free: Default::default(),
            idle: Default::default(),
            taken: Default::default(),
            ended: Default::default(),
            unjudged: Default::default(),
            judged: Default::default(),
            over: Default::default(),
            told_end: Default::default(),
            flush: Default::default(),
            again: Default::default(),
            step_back: Default::default(),
            move_on: Default::default(),
            move_by: Default::default(),
            begun: Default::default(),
            done_first: Default::default(),
            held: Default::default(),
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
            verdict: Default::default(),
            crc_good: Default::default(),
            reserve: Default::default(),
            reserve_n: Default::default(),
            avail: Default::default(),
            done: Default::default(),
            chain_n: Default::default(),
            done_n: Default::default(),
            fr_done: Default::default(),
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
            passed: Default::default(),
            pass: Default::default(),
            passes: Default::default(),
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
            parity: Default::default(),
            fin_p: Default::default(),
            fin_r: Default::default(),
            tag_p: Default::default(),
            tag_r: Default::default(),
            tag_j: Default::default(),
            fin_b: (0..wide).map(|_| RegNr::default()).collect(),
            tag_b: (0..wide).map(|_| RegNr::default()).collect(),
            posted: (0..wide).map(|_| Reg::default()).collect(),
            whole: (0..wide).map(|_| Reg::default()).collect(),
            _wide: wide,
            blocks_j: Default::default(),
            judge_q: Default::default(),
            good_q: Default::default(),
            bad: Default::default(),
            prior: Default::default(),
            prior_slot: Default::default(),
            prior_seq: Default::default(),
            prior_mid: Default::default(),
            prior_rollback: Default::default(),
            prior_crc: Default::default(),
            prior_force: Default::default(),
            hop_q: Default::default(),
            behind: Default::default(),
            tail: Default::default(),
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
            at_once: Default::default(),
            hold_chain: Default::default(),
            half: Default::default(),
            in_lane: Default::default(),
            rem_ext: Default::default(),
            left_ext: Default::default(),
            short_rem: Default::default(),
            short_seen: Default::default(),
            ulpdu: Default::default(),
            judge: Default::default(),
            quiet: Default::default(),
            calm: Default::default(),
            go: Default::default(),
            hop: Default::default(),
            tell: Default::default(),
            feed: Default::default(),
            stretch: Default::default(),
            fits: Default::default(),
            fills: Default::default(),
            end_seq: Default::default(),
            tag: Default::default(),
            made: Default::default(),
            special: Default::default(),
            may_open: Default::default(),
            size: Default::default(),
            keeps: Constant::new(cfg.sack),
            laps: Constant::new(cfg.fpdus() > 1),
            _laps: usize::from(cfg.fpdus() > 1),
            bypass: Constant::new(cfg.bypass(LK)),
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
        self.tag.next = self.tag_j.q.val();
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
        self.blocks.d.next = (self.total.q.val() + self.block_less.val()) >> self.block_log.val();
        self.chain_n.next = self.blocks.q.val();

        // What is to be read of the FPDU: in Check of one that goes on, else of the one that was looked at.
        self.stretch.next = self.seen.q.val();
        self.last.next = self.short_rem.val() | self.short_seen.val();
        self.ext.next = self.seen.q.val();
        if self.state.q.val() == AsmState::Check {
            self.stretch.next = self.left.q.val();
            self.last.next =
                (self.rem_ext.val() <= self.k.val()) | (self.left_ext.val() <= self.k.val());
            self.ext.next = self.left_ext.val();
        }
        self.fits.next = self.stretch.val() <= self.rem.q.val();
        self.fills.next = self.rem.q.val() <= self.stretch.val();
        if !self.fits.val() {
            self.ext.next = self.rem.q.val();
            if self.state.q.val() == AsmState::Check {
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
        self.park.next = self.state.q.val() == AsmState::Open;
        if self.park.val() {
            self.held.next = 0.into();
            self.ext.next = self.act_len.val();
            self.last.next = self.act_len.val() <= self.k.val();
        }
        self.at_once.next =
            (self.state.q.val() == AsmState::Run) & !self.sorted.q.val() & !self.to_end.q.val();
        self.head.next =
            (self.state.q.val() == AsmState::Head) | self.at_once.val() | self.mark.head.val();
        self.marker.next = self.mark.run.val();
        self.lead.next = self.mark.led.val();
        if self.mark.run.val() {
            self.lead.next = self.mark.lead.val();
        }
        self.start.next = self.mark.run.val() & self.mark.start.val();
        self.step.next = self.mark.step.val();

        // Nothing is under way, and all before is told. Rare turns wait for that.
        self.quiet.next = self.idle.val() & !self.busy.val() & !self.unjudged.val();
        self.calm.next = self.quiet.val() & !self.prior.q.val();

        // Judge: as soon as the job can be pushed.
        if self.verdict.val() {
            self.judge_q.d.next = true;
            self.good_q.d.next = self.crc_good.val() | !self.seg.q.val().crc_en;
        }
        self.stray.next = self.mark.off.val() & self.good_q.q.val();
        self.judge.next = self.judge_q.q.val() & !self.full.val();
        self.bad.d.next = self.judge.val() & (!self.good_q.q.val() | self.mark.off.val());
        self.judged.next = self.judge.val() & self.good_q.q.val() & !self.mark.off.val();
        if self.judge.val() {
            self.judge_q.d.next = false;
        }
        self.done.next = self.judge.val();
        self.mark.over.next = self.judge.val();
        self.blocks_j.d.next =
            (self.tag.val().total + self.block_less.val()) >> self.block_log.val();
        self.done_n.next = self.blocks_j.q.val();

        // The stretch that was posted.
        self.end_seq.next = self.seq.q.val() + bit_cast::<32, LEN>(self.take.q.val());
        self.made.next.total = (self.fill.q.val() + self.left.q.val()) & self.len_mask.val();
        self.made.next.back = self.end_seq.val();
        if self.begins.q.val() {
            self.made.next.back = self.was.q.val();
        }
        self.made.next.here = self.begins.q.val();
        self.made.next.to_end = self.to_end.q.val();
        self.made.next.parity = self.parity.q.val();
        if self.settle.q.val() {
            self.fill.d.next = (self.fill.q.val() + self.take.q.val()) & self.len_mask.val();
            if self.completes.q.val() {
                self.fill.d.next = 0.into();
            }
            self.left.d.next = (self.left.q.val() - self.take.q.val()) & self.len_mask.val();
            self.total.d.next = (self.fill.q.val() + self.left.q.val()) & self.len_mask.val();
            self.rem.d.next = (self.rem.q.val() - self.take.q.val()) & self.rem_mask.val();
            self.seq.d.next = self.end_seq.val();
            self.patch_q.d.next = false;
            self.tag_p.d.next = self.made.val();
            if !self.laps.val() {
                self.tag_j.d.next = self.made.val();
            }
            self.fin_p.d.next = self.completes.q.val();
        }
        self.move_on.next = self.settle.q.val() | self.mark.eat.val();
        self.move_by.next = self.take.q.val();
        if self.taken.val() {
            self.tag_r.d.next = self.tag_p.q.val();
            self.fin_r.d.next = self.fin_p.q.val();
        }
        for i in 0..self._wide {
            if self.settle.q.val() {
                self.tag_b[i].d.next = self.tag_p.q.val();
                self.fin_b[i].d.next = self.fin_p.q.val();
                if !self.taken.val() | (self.posted[i].q.val() == 0) {
                    self.posted[i].d.next = self.posted[i].q.val() + 1;
                }
            } else if self.taken.val() & self.posted[i].q.val().any() {
                self.posted[i].d.next = self.posted[i].q.val() - 1;
            }
            if self.taken.val() & (self.posted[i].q.val() == 2) {
                self.tag_r.d.next = self.tag_b[i].q.val();
                self.fin_r.d.next = self.fin_b[i].q.val();
            }
            if self.bad.q.val() {
                self.posted[i].d.next = 0.into();
            }
        }
        if self.ended.val() & self.fin_r.q.val() & self.laps.val() {
            self.tag_j.d.next = self.tag_r.q.val();
        }
        if self.judge.val() & self.stray.val() {
            // Nothing that another copy could repair.
            self.tag_j.d.next.here = false;
        }

        // Jobs.
        self.size.next = bit_cast::<6, LEN>(self.tag.val().total);
        if self.tag.val().total > self.header.val() {
            self.size.next = bit_cast::<6, LEN>(self.header.val());
        }
        self.tell.next = self.prior.q.val()
            & (self.over.val() | self.prior_force.q.val())
            & !self.unjudged.val()
            & !self.full.val();
        self.push.next = self.judge.val() | self.tell.val();
        self.job.next.seg_done = !self.judge.val();
        self.job.next.long = false;
        self.job.next.conn = self.seg.q.val().conn;
        self.job.next.gen = self.seg.q.val().gen;
        self.job.next.data = self.seq.q.val();
        if self.prior.q.val() {
            self.job.next.data = self.prior_seq.q.val();
        }
        if self.judge_q.q.val() {
            self.job.next.data = (bit_cast::<32, 6>(self.size.val()) << 16)
                | bit_cast::<32, BEAT>(self.done_first.val());
        }
        if self.state.q.val() == AsmState::Long {
            self.job.next.long = true;
            self.job.next.seg_done = false;
            self.job.next.data = bit_cast::<32, 16>(self.raw.q.val());
        }
        // Behind all that is to be told before.
        self.passes.next = (self.bypass.val() & (self.state.q.val() == AsmState::Pass))
            & (self.calm.val() & !self.full.val());
        self.job.next.staged = self.passes.val();
        if self.passes.val() {
            self.job.next.seg_done = false;
            self.job.next.data = (bit_cast::<32, SLOT>(self.seg.q.val().slot) << 22)
                | bit_cast::<32, BYTE>(self.seg.q.val().addr);
        }
        self.job.next.told = self.judge_q.q.val() & (!self.good_q.q.val() | self.mark.off.val());
        self.job.next.stray = self.stray.val();
        self.job.next.skip = self.judge_q.q.val() & !self.good_q.q.val() & self.tag.val().here;
        self.ends_fin.next = ((self.seg.q.val().fin
            & (!self.sorted.q.val() | self.complete.val() | !self.keeps.val()))
            | self.fin_due.val())
            & self.alive.q.val()
            & !self.rollback.q.val()
            & !self.dropped.q.val();
        // What lies behind a FIN does not count. Segments with Markers all come here.
        self.job.next.mid = (self.alive.q.val() & (self.fill.q.val().any() | self.mark.led.val()))
            | ((self.early.val() | (self.marks.val() & self.alive.q.val())) & !self.ends_fin.val());
        self.job.next.now = self.sorted.q.val() | self.rollback.q.val();
        self.job.next.sack = self.sack.q.val();
        self.job.next.rollback = self.rollback.q.val();
        self.job.next.crc_fail = self.crc_fail.q.val();
        self.job.next.fin = self.ends_fin.val();
        if self.prior.q.val() {
            self.job.next.mid = self.prior_mid.q.val();
            self.job.next.now = self.prior_rollback.q.val();
            self.job.next.rollback = self.prior_rollback.q.val();
            self.job.next.crc_fail = self.prior_crc.q.val();
            self.job.next.fin = false;
        }
        if self.judge_q.q.val() {
            self.job.next.mid = false;
            self.job.next.rollback = false;
            self.job.next.crc_fail = false;
            self.job.next.fin = false;
        }

        // Defaults.
        self.loads.next = false;
        self.finish.next = false;
        self.free_v.d.next = false;
        self.res.d.next = false;
        self.drop_q.d.next = false;
        self.ripe.d.next = false;
        self.fr_valid.next = false;
        self.need.d.next = self.less.q.val() + 1;
        self.reserve.next = self.res.q.val();
        self.reserve_n.next = self.need.q.val();
        self.post.next = self.mark.resume.val();
        self.feed.next = false;
        self.step_back.next = false;
        self.again.next = false;
        self.flush.next = self.bad.q.val();
        self.fr_done.next = false;
        self.special.next =
            self.one.q.val() | self.too_long.q.val() | (self.less.q.val() >= self.avail.val());
        // One FPDU may begin while another one waits for its verdict.
        self.may_open.next = self.slot_free.val()
            & !self.bad.q.val()
            & (!self.unjudged.val()
                | (!self.ended.val() & (self.parity.q.val() == self.tag.val().parity)));
        for i in 0..self._wide {
            // With two posted, which one that is does not say how many FPDUs there are.
            self.may_open.next =
                self.slot_free.val() & !self.bad.q.val() & (self.whole[i].q.val() < 2);
        }
        if !self.laps.val() {
            self.may_open.next = self.quiet.val() & !self.bad.q.val();
        }
        // The next segment goes on where this one ends: it need not wait until this one is told.
        self.hop.next = (self.state.q.val() == AsmState::Drain)
            & (self.hop_q.q.val() & self.tail.q.val())
            & (!self.prior.q.val() & !self.bad.q.val())
            & self.laps.val();
        // One that does not go on so waits until all before it is.
        self.go.next = self.slot_free.val() & (!self.apart.q.val().any() | self.calm.val());
        // One whole FPDU, which begins here if it is next.
        self.pass.next = self.seg.q.val().whole
            & !self.fill.q.val().any()
            & !self.sorted.q.val()
            & !self.fresh.q.val();
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
                if self.go.val() {
                    self.rollback.d.next = false;
                    self.crc_fail.d.next = false;
                    self.dropped.d.next = false;
                    self.patch_q.d.next = false;
                    self.total.d.next =
                        (self.fill.q.val() + self.left.q.val()) & self.len_mask.val();
                    // Where nothing goes on it stays that of the last FPDU, which may have to be undone.
                    for _i in 0..self._laps {
                        if !self.fill.q.val().any() {
                            self.total.d.next = self.total.q.val();
                        }
                    }
                    // Among Markers an FPDU goes on piece by piece.
                    if !(self.marks.val() & self.sorted.q.val()) {
                        self.begins.d.next = false;
                    }
                    self.take.d.next = self.left.q.val();
                    if !self.fits.val() {
                        self.take.d.next = self.rem.q.val();
                    }
                    self.to_end.d.next = self.fills.val();
                    self.completes.d.next = self.fits.val();
                    if self.half.val() {
                        // As if the segment began with the octet that is here already.
                        self.oct0_q.d.next = bit_cast::<8, LEN>(self.left.q.val());
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
                            | ((self.apart.q.val().any() & !self.keeps.val())
                                & !self.sorted.q.val()))
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
                        self.feed.next = true;
                        self.state.d.next = AsmState::Run;
                        if self.empty.q.val() {
                            self.feed.next = false;
                            self.state.d.next = AsmState::Drain;
                        } else if self.held.val() == 0 {
                            self.feed.next = false;
                            self.state.d.next = AsmState::Head;
                        } else if self.half.val() {
                            self.feed.next = false;
                            self.step_back.next = true;
                            self.patch_q.d.next = true;
                            self.seq.d.next = self.seq.q.val() - 1;
                            self.fill.d.next = 0.into();
                            self.state.d.next = AsmState::Head;
                        }
                        if self.pass.val() {
                            self.feed.next = false;
                            self.state.d.next = AsmState::Pass;
                        }
                        // Not the next octets, or some behind them are here, or Markers among them: piece by piece.
                        if !self.sorted.q.val()
                            & ((self.keeps.val() & (self.apart.q.val().any() | self.early.val()))
                                | self.marks.val())
                        {
                            self.feed.next = false;
                            self.step_back.next = false;
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
                self.post.next = true;
                self.state.d.next = AsmState::Park;
            }
            AsmState::Park => {
                if self.ended.val() {
                    self.state.d.next = AsmState::Parked;
                }
            }
            AsmState::Parked => {
                if self.calm.val() {
                    self.state.d.next = AsmState::Sort;
                }
            }
            AsmState::Head => {
                self.state.d.next = AsmState::Look;
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
                self.to_end.d.next = self.fills.val();
                self.completes.d.next = self.fits.val();
                // What lay in the pool before may have been reported in a SACK block: as if it had been acknowledged.
                // With a Marker in front the FPDU began with that.
                self.mark.fpdu.next = true;
                if !self.mark.led.val() {
                    self.begins.d.next = !self.patch_q.q.val() & !self.pool.q.val();
                    self.was.d.next = self.seq.q.val();
                }
                self.fill.d.next = 0.into();
                self.left.d.next = self.seen.q.val() & self.len_mask.val();
                if self.may_open.val() & !self.special.val() {
                    self.res.d.next = true;
                    self.feed.next = true;
                    self.parity.d.next = !self.parity.q.val() & self.laps.val();
                    self.state.d.next = AsmState::Run;
                }
                if self.calm.val() & self.special.val() {
                    self.state.d.next = AsmState::Drain;
                    if self.one.q.val() {
                        // Half a length field: the octet waits in the context.
                        self.left.d.next = bit_cast::<LEN, 8>(self.raw.q.val().get_bits::<8>(0));
                        self.fill.d.next = 1.into();
                        self.seq.d.next = self.seq.q.val() + 1;
                    } else if self.too_long.q.val() {
                        self.state.d.next = AsmState::Long;
                    } else {
                        self.state.d.next = AsmState::Short;
                    }
                }
            }
            AsmState::Run => {
                // Piece by piece: one stretch after the other.
                if !self.sorted.q.val() | self.ended.val() {
                    self.state.d.next = AsmState::Head;
                    if self.marks.val() {
                        self.state.d.next = AsmState::Calm;
                    }
                    if self.at_once.val() {
                        self.state.d.next = AsmState::Look;
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
                if self.calm.val() {
                    self.state.d.next = AsmState::Head;
                }
            }
            AsmState::Pass => {
                if self.passes.val() {
                    self.push.next = true;
                    self.passed.d.next = true;
                    self.seq.d.next = self.seq.q.val() + bit_cast::<32, LEN>(self.rem.q.val());
                    self.state.d.next = AsmState::Drain;
                }
            }
            AsmState::Short => {
                self.rollback.d.next = true;
                self.short_pulse.next = true;
                if self.patch_q.q.val() {
                    self.left.d.next = bit_cast::<LEN, 8>(self.raw.q.val().get_bits::<8>(0));
                    self.fill.d.next = 1.into();
                    self.seq.d.next = self.seq.q.val() + 1;
                }
                self.state.d.next = AsmState::Drain;
            }
            AsmState::Long => {
                if !self.full.val() {
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
                    if self.fresh.q.val() {
                        self.state.d.next = AsmState::Check;
                    }
                }
            }
            AsmState::Undo => {
                self.ripe.d.next = true;
                if self.ripe.q.val() & !self.busy.val() {
                    self.state.d.next = AsmState::UndoDone;
                    if self.parity.q.val() ^ self.tag.val().parity {
                        // The FPDU behind: its blocks, or the promise of them.
                        self.fr_valid.next = self.begun.val();
                        if self.begun.val() {
                            if !self.fr_ready.val() {
                                self.state.d.next = AsmState::Undo;
                            }
                        } else {
                            self.reserve.next = true;
                            self.reserve_n.next = !self.blocks.q.val() + 1;
                        }
                    }
                }
            }
            AsmState::UndoDone => {
                self.fr_done.next = true;
                self.fr_valid.next = self.tag.val().here;
                if self.fr_ready.val() | !self.tag.val().here {
                    self.state.d.next = AsmState::Drain;
                    if self.behind.q.val() {
                        self.again.next = true;
                        self.rem.d.next =
                            bit_cast::<LEN, 16>(self.seg.q.val().len) & self.rem_mask.val();
                        self.empty.d.next = !(bit_cast::<LEN, 16>(self.seg.q.val().len)
                            & self.rem_mask.val())
                        .any();
                        // It is never the next one.
                        self.apart.d.next = 1.into();
                        self.state.d.next = AsmState::Check;
                    }
                }
            }
            AsmState::Drain => {
                if self.calm.val() & !self.hop.val() {
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
                        self.free_v.d.next = !self.passed.q.val();
                        self.push.next = true;
                    }
                }
            }
        }

        // Stretches of an FPDU.
        self.settle.d.next = self.feed.val() & !self.bad.q.val();
        self.fin.next = self.feed.val() & self.fits.val();
        self.ends_seg.next = self.feed.val() & self.fills.val() & !self.sorted.q.val();
        if self.feed.val() {
            self.post.next = true;
            self.tail.d.next = self.fills.val() & !self.sorted.q.val() & !self.seg.q.val().fin;
        }
        for i in 0..self._wide {
            if self.fin.val() & !self.judge.val() {
                self.whole[i].d.next = self.whole[i].q.val() + 1;
            }
            if self.judge.val() & !self.fin.val() {
                self.whole[i].d.next = self.whole[i].q.val() - 1;
            }
            if self.bad.q.val() {
                self.whole[i].d.next = 0.into();
            }
        }

        // A bad CRC. An FPDU of its segment alone is sent again; one of which a part was acknowledged ends the connection.
        // What was begun behind it is undone; if that is the segment behind, it is as if it came now.
        if self.bad.q.val() {
            // One with a wrong Marker is behind the stream; nothing else is.
            if self.tag.val().here | !self.marks.val() {
                self.seq.d.next = self.tag.val().back;
            }
            self.fill.d.next = 0.into();
            self.left.d.next = 0.into();
            self.patch_q.d.next = false;
            self.tail.d.next = false;
            self.behind.d.next = self.prior.q.val();
            if self.prior.q.val() {
                self.prior_seq.d.next = self.tag.val().back;
                self.prior_mid.d.next = false;
                self.prior_rollback.d.next = self.tag.val().here | !self.tag.val().to_end;
                self.prior_crc.d.next = self.tag.val().here;
                self.prior_force.d.next = true;
            } else {
                self.rollback.d.next =
                    self.tag.val().here | !self.tag.val().to_end | self.mark.more.val();
                self.crc_fail.d.next = self.tag.val().here;
            }
            if !self.tag.val().here {
                self.alive.d.next = false;
            }
            self.state.d.next = AsmState::Undo;
        }

        // The segment before, told late.
        if self.tell.val() {
            self.prior.d.next = false;
            self.free_v.d.next = true;
        }
        self.told_end.next = self.tell.val() | self.finish.val();
        if self.hop.val() {
            self.loads.next = true;
            self.prior.d.next = true;
            self.prior_slot.d.next = self.seg.q.val().slot;
            self.prior_seq.d.next = self.seq.q.val();
            self.prior_mid.d.next = self.fill.q.val().any();
            self.prior_rollback.d.next = false;
            self.prior_crc.d.next = false;
            self.prior_force.d.next = false;
        }

        // End of a segment: context back, next segment in. Of two segments of one connection in a row, the second finds
        // the context in the registers: the RAM does not have it yet.
        self.free_s.d.next = self.seg.q.val().slot;
        if self.tell.val() {
            self.free_s.d.next = self.prior_slot.q.val();
        }
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
        self.hop_q.d.next = self.next_valid.val()
            & self.same.val()
            & !self.next_seg.val().purge
            & !self.next_seg.val().fresh
            & !self.loads.val();
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
            self.tail.d.next = false;
            self.sorted.d.next = false;
            self.told.d.next = false;
            self.pool.d.next = false;
            self.passed.d.next = false;
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
        self.mark.head_valid.next = self.head_valid.val();
        self.mark.head_raw.next = self.head_raw.val();
        self.mark.ends.next = self.ended.val();
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
