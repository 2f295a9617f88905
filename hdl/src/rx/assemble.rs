//! Assembler: puts FPDUs together that do not lie in one segment of their own (RFC 5044 sections 5.2 and 6).
//! Requirements MPA-52 to MPA-55, 58, 59, 73, 74, 76, 77, 81; of streams with Markers also MPA-56, 63 to 65, 67, 68, 6A to 6F, 72.
//!
//! It takes the segments that the pipeline could not place at once, in stream order per connection, finds the FPDUs in
//! them by the length field, packs each into a chain of pool blocks from lane 0 on, checks its CRC and reports it as an
//! operation. An FPDU may be cut anywhere (even inside the length field) and go over any number of segments; a segment
//! may hold any number of FPDUs. Segments that follow each other in one stream overlap: the next one is read while the one
//! before is judged and told. Else one is worked on at a time; what an unfinished FPDU needs waits in a context row of its
//! connection.
//!
//! | port | | |
//! |---|---|---|
//! | `ready` | out | after reset the contexts are being cleared, 2^conn_bits cycles; segments wait |
//! | `seg_push seg_din seg_hdr`, `seg_room` | in, out | segments, and the first 48 octets of one that is `whole`, into a FIFO of twice the frame slots (128 at most); `seg_room` free entries, no push at 0 |
//! | `st_req st_addr st_next`, `st_grant` | out, in | staging read by byte address (beat * K + lane), and the number of the beat after; `st_grant` may depend on `st_req` |
//! | `st_lo st_hi` | in | the beat of the address and the next one, exactly 2 cycles after the granted cycle |
//! | `op_valid op_ready op` | out, in, out | operations, held until taken |
//! | `free_valid free_slot` | out | the frame slot of a segment that is done with, once for each segment that is no purge and whose FPDU was not left in the staging RAM |
//! | `pr_beat_lo pr_beat_hi`, `pr_lo pr_hi` | in, out | pool read, 2 cycles: see [`Pool`](super::pool::Pool) |
//! | `nx_blk`, `nx_next` | in, out | next block of a chain, 1 cycle: see [`Blocks`](super::blocks::Blocks) |
//! | `cf_valid cf_ready cf_blk` | in, out, in | gives back the chain of an Fpdu operation, `cf_blk` = `Op::blk` |
//! | `pool_free` | out | blocks neither used nor promised |
//! | `sack sack_n`, `sack_taken` | out, in | SACK blocks, newest first, of the operation with `sack`; they stay until the report has left |
//! | `kept_pulse lost_pulse` | out | a piece ahead of a gap was kept; was dropped |
//! | `short_pulse crc_pulse drop_pulse` | out | an FPDU was refused for lack of blocks; an FPDU had a bad CRC; a segment was dropped |
//!
//! How a reader walks an FPDU: octet p is in lane p % K of beat p / K of the chain; beat b is physical beat
//! `blk << blk_bits | b % 2^blk_bits` of the chain's block b >> blk_bits. Block 0 is `Op::blk`, the next is `nx_next`.
//! A window over two blocks names the last beat of the one and the first beat of the next.
//!
//! Operations of a segment, in order:
//! * `Fpdu` for each complete FPDU: first 48 octets (zero behind its end), `blk`, `term` 0.
//!   The FPDU's blocks stay until `cf_*`.
//! * `Fpdu` with `blk` NO_BLOCK and `term` 0, with `Cfg::bypass`: the segment is this FPDU, the whole of it and nothing else, and was not
//!   copied (`Seg::whole`; it is next, no part of an FPDU is held, nothing kept, no Markers). `seq` says where it lies; who
//!   delivers it frees the slot.
//! * `Fpdu` with `term` 0x2002: bad CRC, and an octet of it was acknowledged before this segment (MPA-76, 77). It has a chain
//!   too. The connection is dead: its later segments are dropped until purge or `fresh`.
//! * `Fpdu` with `term` 0x2005: longer than max_fpdu. `blk` is NO_BLOCK (giving it back does no harm), `hdr_a` holds the
//!   length field only. Dead as above.
//! * `SegDone` at the end: `seq` = stream position up to which the stream is held or handed on, `mid`, `fin`.
//!   `rollback`: what is behind `seq` was not taken: CRC error in an FPDU that began here (`crc_fail`, `seq` its start),
//!   too few blocks for an FPDU that begins here (`seq` its start, or its second octet if the first came before), or the
//!   rest behind an error.
//! * A segment that does not begin with the next octet, or while octets ahead of a gap are kept, is cut into pieces: old
//!   octets are passed over, the next ones taken as above, those ahead of a gap kept, and kept ones taken when the gap is
//!   closed ([`Early`]). `SegDone` has `now`, and `sack` while something is kept or if nothing was new; `mid` too.
//!   An error or too few blocks end the segment where the stream then is; what was kept stays.
//! * Of a stream with Markers (a purge with `fresh` begins it, `at` is SeqStart) Markers are taken out: operations, chains and
//!   lengths are as without. `Fpdu` with `term` 0x2003: the CRC is good, a Marker contradicts the place of the FPDU; dead as
//!   above. `SegDone` always has `now`, and `mid` unless the stream has ended: the pipeline places none of its FPDUs itself.
//!   Too few blocks: `seq` is behind the Marker in front of the FPDU, if there is one.
//! * A CRC error in an FPDU with octets that had been kept is as one with octets acknowledged: SACK reported them.
//! * A segment of a dead connection is dropped: `SegDone` alone, `seq` = the context's position, no rollback, no fin.
//! * A purge gives back the blocks of the unfinished FPDU and of all that is kept; so does `fresh`. A purge has no operation
//!   and no slot.
//!
//! Blocks are reserved for the whole FPDU as soon as its length is known, so what is admitted can be completed. A single
//! octet of a length field needs no block: it waits in the context. No CRC check if `crc_en` is low; pad is not checked.
//!
//! Time: a cycle for each pool beat that an FPDU has in a segment, one to look at a length field (none with [`AsmAhead`]), and
//! one a segment, as long as a stream's segments wait one behind the other and FPDUs are 9 beats and more. Shorter ones take
//! 7 to 8 cycles each (10 at 64 bits: the header's read-back), the first segment of a connection after another's 8 more. From
//! the grant of its last chunk an FPDU's job takes 6 cycles. A preset of a slow line waits for each verdict and each end of a
//! segment. One that is not copied takes 3 cycles, and its two operations 6 to 7.
//! An FPDU's first 48 octets are read back from its first block, in cycles in which that bank is not written.
//!
//! Parts: [`SegIn`] segments and contexts, [`AsmCtl`] decisions, [`AsmMark`](super::asm_mark::AsmMark) Markers, [`ChunkRun`] staging reads, [`AsmAhead`]
//! those of wide presets, [`ChunkPipe`] data path and CRC,
//! [`Pool`] octets, [`Blocks`] chains, [`OpMaker`] operations, [`Early`] what is ahead of a gap, [`EarlyFetch`] reads it.

use super::asm_ahead::{AsmAhead, AHEAD};
use super::asm_chunk::ChunkPipe;
use super::asm_ctl::AsmCtl;
use super::asm_in::{SegCtx, SegIn};
use super::asm_op::OpMaker;
use super::asm_run::ChunkRun;
use super::blocks::{Blocks, LEN};
use super::cfg::Cfg;
use super::early::Early;
use super::early_fetch::EarlyFetch;
use super::pool::Pool;
use super::types::{Op, Seg, BEAT, BYTE, HDR, SLOT};
use crate::prim::{Reg, CAPTURE_BYTES};
use rust_hdl::prelude::*;

/// The assembler, with pool and block lists.
#[derive(LogicBlock)]
pub struct Assembler<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub seg_push: Signal<In, bool>,
    pub seg_din: Signal<In, Seg>,
    pub seg_hdr: Signal<In, Bits<HDR>>,
    pub seg_room: Signal<Out, Bits<8>>,
    pub st_req: Signal<Out, bool>,
    pub st_addr: Signal<Out, Bits<BYTE>>,
    pub st_next: Signal<Out, Bits<BEAT>>,
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
    pub sack: Signal<Out, Bits<256>>,
    pub sack_n: Signal<Out, Bits<3>>,
    pub sack_taken: Signal<In, bool>,
    pub kept_pulse: Signal<Out, bool>,
    pub lost_pulse: Signal<Out, bool>,

    feed: SegIn,
    ctl: AsmCtl<K, LK>,
    reader: ChunkRun<K, LK>,
    pipe: ChunkPipe<D, K, LK>,
    /// One for a wide staging RAM, or none.
    ahead: Vec<AsmAhead<D, K, LK>>,
    _ahead: usize,
    pool: Pool<D, K>,
    blocks: Blocks,
    maker: OpMaker<D, K, LK>,
    /// One each, or none (`Cfg::sack`).
    keeper: Vec<Early>,
    fetch: Vec<EarlyFetch<D, LK>>,
    _sack: usize,
    /// `Cfg::sliced`: a context row was written in the last two cycles.
    wrote: Vec<Reg<bool>>,
    wrote2: Vec<Reg<bool>>,
    _sliced: usize,
    row: Signal<Local, SegCtx>,
    first: Signal<Local, Seg>,
    at_work: Signal<Local, Seg>,
    /// The one that comes in.
    new_seg: Signal<Local, Seg>,
    unused_new: Signal<Local, Seg>,
    unused_work: Signal<Local, Seg>,
    unused_row: Signal<Local, SegCtx>,
    unused_taken: Signal<Local, bool>,
    unused_ahead: Signal<Local, bool>,
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
        assert!(
            CAPTURE_BYTES <= K << cfg.blk_bits,
            "assembler: a block of {} octets does not hold an FPDU's first {CAPTURE_BYTES}: raise blk_bits",
            K << cfg.blk_bits
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            seg_push: Default::default(),
            seg_din: Default::default(),
            seg_hdr: Default::default(),
            seg_room: Default::default(),
            st_req: Default::default(),
            st_addr: Default::default(),
            st_next: Default::default(),
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
            sack: Default::default(),
            sack_n: Default::default(),
            sack_taken: Default::default(),
            kept_pulse: Default::default(),
            lost_pulse: Default::default(),
            feed: SegIn::new(cfg, LK),
            ctl: AsmCtl::new(cfg),
            reader: ChunkRun::new(cfg),
            pipe: ChunkPipe::new(),
            ahead: (0..usize::from(K >= AHEAD))
                .map(|_| AsmAhead::new())
                .collect(),
            _ahead: (K >= AHEAD).into(),
            pool: Pool::new(cfg),
            blocks: Blocks::new(cfg),
            maker: OpMaker::new(cfg),
            keeper: (0..usize::from(cfg.sack))
                .map(|_| Early::new(cfg, LK))
                .collect(),
            fetch: (0..usize::from(cfg.sack))
                .map(|_| EarlyFetch::new(cfg))
                .collect(),
            _sack: cfg.sack.into(),
            wrote: (0..usize::from(cfg.sliced))
                .map(|_| Reg::default())
                .collect(),
            wrote2: (0..usize::from(cfg.sliced))
                .map(|_| Reg::default())
                .collect(),
            _sliced: cfg.sliced.into(),
            row: Default::default(),
            first: Default::default(),
            at_work: Default::default(),
            new_seg: Default::default(),
            unused_new: Default::default(),
            unused_work: Default::default(),
            unused_row: Default::default(),
            unused_taken: Default::default(),
            unused_ahead: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Assembler<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // Segments and contexts.
        self.feed.seg_push.next = self.seg_push.val();
        self.feed.seg_din.next = self.seg_din.val();
        self.seg_room.next = self.feed.seg_room.val();
        self.ready.next = self.feed.ready.val();
        self.row.next = self.feed.row.val();
        self.first.next = self.feed.next_seg.val();
        self.ctl.next_valid.next = self.feed.next_valid.val();
        self.ctl.next_seg.next = self.first.val();
        self.ctl.row.next = self.row.val();
        self.at_work.next = self.ctl.cur_seg.val();
        self.unused_work.next = self.at_work.val();
        self.ctl.same.next = self.feed.same.val();
        self.feed.take.next = self.ctl.load.val();
        self.feed.put.next = self.ctl.put.val();
        self.feed.put_conn.next = self.ctl.put_conn.val();
        self.feed.put_row.next = self.ctl.put_row.val();
        self.free_valid.next = self.ctl.free_valid.val();
        self.free_slot.next = self.ctl.free_slot.val();

        // Staging reads.
        self.reader.look.next = self.ctl.head.val();
        self.reader.post.next = self.ctl.post.val();
        self.reader.fin.next = self.ctl.fin.val();
        self.reader.to_end.next = self.ctl.ends_seg.val();
        self.reader.judged.next = self.ctl.judged.val();
        self.reader.told.next = self.ctl.told_end.val();
        self.reader.flush.next = self.ctl.flush.val();
        self.reader.step_back.next = self.ctl.step_back.val();
        self.reader.move_on.next = self.ctl.move_on.val();
        self.reader.move_by.next = self.ctl.move_by.val();
        self.ctl.slot_free.next = self.reader.free.val();
        self.ctl.idle.next = self.reader.idle.val();
        self.ctl.taken.next = self.reader.taken.val();
        self.ctl.ended.next = self.reader.ended.val();
        self.ctl.unjudged.next = self.reader.unjudged.val();
        self.ctl.over.next = self.reader.over.val();
        self.ctl.begun.next = self.reader.begun.val();
        self.ctl.done_first.next = self.reader.done_first.val();
        self.st_req.next = self.reader.st_req.val() & !self.ctl.from_pool.val();
        self.st_addr.next = self.reader.st_addr.val();
        self.st_next.next = self.reader.st_next.val();
        self.reader.st_grant.next = self.st_grant.val();
        self.reader.seg.next = self.ctl.load.val() | self.ctl.again.val();
        self.reader.seg_addr.next = self.first.val().addr;
        if self.ctl.again.val() {
            self.reader.seg_addr.next = self.at_work.val().addr;
        }
        self.reader.row.next = self.ctl.load_row.val();
        self.reader.row_first.next = self.row.val().first;
        self.reader.row_cur.next = self.row.val().cur;
        self.reader.held.next = self.ctl.held.val();
        self.reader.ext.next = self.ctl.ext.val();
        self.reader.last.next = self.ctl.last.val();
        self.reader.patch.next = self.ctl.patch.val();
        self.reader.mark.next = self.ctl.marker.val();
        self.reader.lead.next = self.ctl.lead.val();
        self.reader.start.next = self.ctl.start.val();
        self.reader.park.next = self.ctl.park.val();
        self.reader.unpark.next = false;
        self.reader.own.next = false;
        self.reader.has.next = false;
        self.reader.first_pairs.next = false;
        self.reader.jump.next = self.ctl.jump.val();
        self.reader.jump_addr.next = 0.into();
        self.reader.blk.next = self.blocks.blk.val();
        self.reader.blk_valid.next = self.blocks.blk_valid.val();

        // Data path.
        self.pipe.issue.next = self.reader.issue.val();
        self.pipe.oct0.next = self.ctl.oct0.val();
        self.pipe.step.next = self.ctl.step.val();
        self.pipe.st_lo.next = self.st_lo.val();
        self.pipe.st_hi.next = self.st_hi.val();
        self.pipe.crc_set.next = self.ctl.load_row.val();
        self.pipe.crc_in.next = self.row.val().crc;
        self.ctl.head_valid.next = self.pipe.head_valid.val();
        self.ctl.head_raw.next = self.pipe.head_raw.val();
        self.ctl.busy.next = self.pipe.busy.val();
        self.ctl.first.next = self.reader.first.val();
        self.ctl.cur.next = self.reader.cur.val();
        // A row in three slices: no segment ends while the row of the one before is being written.
        for i in 0..self._sliced {
            self.wrote[i].d.next = self.ctl.put.val();
            self.wrote2[i].d.next = self.wrote[i].q.val();
            self.ctl.busy.next =
                self.pipe.busy.val() | self.wrote[i].q.val() | self.wrote2[i].q.val();
        }
        self.ctl.crc.next = self.pipe.crc.val();
        self.ctl.crc_good.next = self.pipe.good.val();
        self.ctl.verdict.next = self.pipe.verdict.val();
        self.pool.wr.next = self.pipe.pool_wr.val();
        self.pool.we.next = self.pipe.pool_we.val();
        self.pool.waddr.next = self.pipe.pool_addr.val();
        self.pool.wdata.next = self.pipe.data.val();

        // Readers of the pool.
        self.pool.hr_beat.next = self.maker.hr_beat.val();
        self.maker.hr_ok.next = self.pool.hr_ok.val();
        self.maker.hr_data.next = self.pool.hr_data.val();
        self.pool.rd_beat_lo.next = self.pr_beat_lo.val();
        self.pool.rd_beat_hi.next = self.pr_beat_hi.val();
        self.pr_lo.next = self.pool.rd_lo.val();
        self.pr_hi.next = self.pool.rd_hi.val();

        // Chains.
        self.blocks.take.next = self.reader.blk_take.val();
        self.blocks.link.next = self.reader.link.val();
        self.blocks.link_from.next = self.reader.cur.val();
        self.blocks.link_to.next = self.blocks.blk.val();
        self.blocks.reserve.next = self.ctl.reserve.val();
        self.blocks.reserve_n.next = self.ctl.reserve_n.val();
        self.ctl.avail.next = self.blocks.avail.val();
        self.pool_free.next = self.blocks.avail.val();
        self.blocks.done.next = self.ctl.done.val();
        self.blocks.done_first.next = self.reader.done_first.val();
        self.blocks.done_last.next = self.reader.done_last.val();
        self.blocks.done_n.next = self.ctl.done_n.val();
        self.blocks.fr_valid.next = self.ctl.fr_valid.val();
        self.ctl.fr_ready.next = self.blocks.fr_ready.val();
        self.blocks.fr_first.next = self.reader.first.val();
        self.blocks.fr_last.next = self.reader.cur.val();
        self.blocks.fr_n.next = self.ctl.chain_n.val();
        if self.ctl.fr_done.val() {
            self.blocks.fr_first.next = self.reader.done_first.val();
            self.blocks.fr_last.next = self.reader.done_last.val();
            self.blocks.fr_n.next = self.ctl.done_n.val();
        }
        self.blocks.cf_valid.next = self.cf_valid.val();
        self.blocks.cf_blk.next = self.cf_blk.val();
        self.cf_ready.next = self.blocks.cf_ready.val();
        self.blocks.nx_blk.next = self.nx_blk.val();
        self.nx_next.next = self.blocks.nx_next.val();

        // Octets ahead of a gap.
        self.ctl.early.next = false;
        self.ctl.complete.next = false;
        self.ctl.fin_due.next = false;
        self.ctl.act_stream.next = false;
        self.ctl.act_drain.next = false;
        self.ctl.act_park.next = false;
        self.ctl.act_done.next = false;
        self.ctl.act_len.next = 0.into();
        self.ctl.act_need.next = 0.into();
        self.ctl.act_sack.next = false;
        self.sack.next = 0.into();
        self.sack_n.next = 0.into();
        self.kept_pulse.next = false;
        self.lost_pulse.next = false;
        self.unused_row.next = self.row.val();
        self.unused_taken.next = self.sack_taken.val();
        for i in 0..self._sack {
            self.keeper[i].load.next = self.ctl.load.val();
            self.keeper[i].load_row.next = self.ctl.load_row.val();
            self.keeper[i].row_early.next = self.row.val().early;
            self.keeper[i].seg.next = self.ctl.cur_seg.val();
            self.keeper[i].pos.next = self.ctl.pos.val();
            self.keeper[i].ask.next = self.ctl.ask.val();
            self.keeper[i].wipe.next = self.ctl.wipe.val();
            self.keeper[i].stop.next = self.ctl.stop.val();
            self.keeper[i].alive.next = self.ctl.alive_now.val();
            self.ctl.early.next = self.keeper[i].early.val();
            self.ctl.complete.next = self.keeper[i].complete.val();
            self.ctl.fin_due.next = self.keeper[i].fin_due.val();
            self.ctl.act_stream.next = self.keeper[i].act_stream.val();
            self.ctl.act_drain.next = self.keeper[i].act_drain.val();
            self.ctl.act_park.next = self.keeper[i].act_park.val();
            self.ctl.act_done.next = self.keeper[i].act_done.val();
            self.ctl.act_len.next = self.keeper[i].act_len.val();
            self.ctl.act_need.next = self.keeper[i].act_need.val();
            self.ctl.act_sack.next = self.keeper[i].act_sack.val();
            self.reader.unpark.next = self.keeper[i].unpark.val();
            self.reader.jump_addr.next = self.keeper[i].act_addr.val();
            self.keeper[i].chain_first.next = self.reader.first.val();
            self.keeper[i].chain_last.next = self.reader.cur.val();
            self.keeper[i].link.next = self.reader.link.val();
            self.keeper[i].link_from.next = self.reader.cur.val();
            self.keeper[i].link_to.next = self.blocks.blk.val();
            self.keeper[i].avail.next = self.blocks.avail.val();
            self.keeper[i].fr_ready.next = self.blocks.fr_ready.val();
            if self.keeper[i].fr_valid.val() {
                self.blocks.fr_valid.next = true;
                self.blocks.fr_first.next = self.keeper[i].fr_first.val();
                self.blocks.fr_last.next = self.keeper[i].fr_last.val();
                self.blocks.fr_n.next = self.keeper[i].fr_n.val();
            }
            self.sack.next = self.keeper[i].sack.val();
            self.sack_n.next = self.keeper[i].sack_n.val();
            self.keeper[i].sack_taken.next = self.sack_taken.val();
            self.kept_pulse.next = self.keeper[i].kept_pulse.val();
            self.lost_pulse.next = self.keeper[i].lost_pulse.val();

            // Kept octets come from the pool, as if they lay in the staging RAM.
            self.fetch[i].start.next = self.keeper[i].fetch_start.val();
            self.fetch[i].first.next = self.keeper[i].fetch_first.val();
            self.fetch[i].from.next = self.keeper[i].fetch_from.val();
            self.fetch[i].len.next = self.keeper[i].fetch_len.val();
            self.keeper[i].fetch_blk.next = self.fetch[i].blk.val();
            self.fetch[i].succ.next = self.keeper[i].fetch_next.val();
            self.fetch[i].req.next = self.reader.st_req.val() & self.ctl.from_pool.val();
            self.fetch[i].addr.next = self.reader.st_addr.val();
            if self.ctl.from_pool.val() {
                self.reader.st_grant.next = self.fetch[i].grant.val();
                self.pipe.st_lo.next = self.fetch[i].lo.val();
                self.pipe.st_hi.next = self.fetch[i].hi.val();
            }
            self.fetch[i].hr_ok.next = self.pool.hr_ok.val();
            self.fetch[i].hr_data.next = self.pool.hr_data.val();
            if self.fetch[i].hr_req.val() {
                self.pool.hr_beat.next = self.fetch[i].hr_beat.val();
                self.maker.hr_ok.next = false;
            }
        }

        // Chunks that come from the staging RAM are read ahead; a look goes before what is not wanted soon.
        self.unused_ahead.next = self.reader.take.val()
            | self.reader.take_last.val()
            | self.reader.looks.val()
            | self.reader.post_base.val().any()
            | self.reader.post_ext.val().any();
        for i in 0..self._ahead {
            self.reader.own.next = !self.ctl.from_pool.val();
            self.reader.has.next = self.ahead[i].has.val();
            self.reader.first_pairs.next = self.ahead[i].soon.val();
            self.ahead[i].post.next = self.ctl.post.val() & !self.ctl.from_pool.val();
            self.ahead[i].base.next = self.reader.post_base.val();
            self.ahead[i].ext.next = self.reader.post_ext.val();
            self.ahead[i].flush.next = self.ctl.flush.val();
            self.ahead[i].take.next = self.reader.take.val();
            self.ahead[i].last.next = self.reader.take_last.val();
            self.ahead[i].look.next =
                self.reader.looks.val() & self.st_grant.val() & !self.ctl.from_pool.val();
            self.ahead[i].off.next = bit_cast::<LK, BYTE>(self.reader.st_addr.val());
            self.ahead[i].patch.next = self.ctl.patch.val();
            self.ahead[i].oct0.next = self.ctl.oct0.val();
            self.ahead[i].grant.next = self.st_grant.val() & !self.reader.looks.val();
            self.ahead[i].st_lo.next = self.st_lo.val();
            self.ahead[i].st_hi.next = self.st_hi.val();
            if self.ahead[i].req.val() & (!self.reader.looks.val() | self.ctl.from_pool.val()) {
                self.st_req.next = true;
                self.st_addr.next = self.ahead[i].addr.val();
                self.st_next.next = self.ahead[i].after.val();
            }
            if !self.ctl.from_pool.val() {
                self.pipe.st_lo.next = self.ahead[i].lo.val();
                self.pipe.st_hi.next = self.ahead[i].hi.val();
            }
            if self.ahead[i].head_valid.val() {
                self.ctl.head_valid.next = true;
                self.ctl.head_raw.next = self.ahead[i].head_raw.val();
            }
        }

        // Operations and counters.
        self.maker.push.next = self.ctl.push.val();
        self.maker.job.next = self.ctl.job.val();
        self.new_seg.next = self.seg_din.val();
        self.unused_new.next = self.new_seg.val();
        self.maker.head_we.next = self.seg_push.val() & !self.new_seg.val().purge;
        self.maker.head_slot.next = self.new_seg.val().slot;
        self.maker.head_in.next = self.seg_hdr.val();
        self.ctl.full.next = self.maker.full.val();
        self.maker.op_ready.next = self.op_ready.val();
        self.op_valid.next = self.maker.op_valid.val();
        self.op.next = self.maker.op.val();
        self.short_pulse.next = self.ctl.short_pulse.val();
        self.crc_pulse.next = self.ctl.crc_pulse.val();
        self.drop_pulse.next = self.ctl.drop_pulse.val();
    }
}
