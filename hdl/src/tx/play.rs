//! Play: makes the octets that a grant gives out of the records, the first time and any later one.
//!
//! | stream | | |
//! |---|---|---|
//! | `grant_*` | in | of `snd`; kind 0 does not come here (if it does, it gives nothing) |
//! | `quantum` | in | segments of new octets a grant may give (0 is 1) |
//! | `turn_*` | out | segments, in the order of their FPDU jobs: to compose. `n_fpdu` is 1, of an empty turn 0 |
//! | `fpdu_*`, `payload_*` | out | to the builder |
//! | `region_*` -> `answer_*` | out, in | is this piece of the region `stag` readable for us: connection, PD, bounds; if `ok`, its DMA address. Answers in the order of the questions, at most 8 wait here |
//! | `dma_rd_req_*`, `dma_rd_cpl_*` | out, in | payload, class PAYLOAD |
//! | `fail_*` | out | [`Fail`]: to cut |
//! | `mark_*` -> `marked`, `marked_conn` | in, out | everything that was granted before is done: no read of it is under way |
//! | `slot_addr slot_row` | out, in | the slot store |
//! | `win_*`, `rec_*`, `manner_*` | in | writers of the tables |
//!
//! | block | does |
//! |---|---|
//! | [`PlayPlan`] | grant -> octets of records |
//! | [`PlayWalk`] | WQE -> pieces of memory; reserves beats and tags |
//! | [`PlayIssue`] | region's answer -> DMA read; turn |
//! | [`ReadLand`] | read buffer |
//! | [`PlayRead`] | FPDU job and payload, when whole |
//!
//! **Read buffer**: `2^buf_bits` octets. It covers bandwidth x time from reserving an FPDU's beats to their going out: DMA latency, the transfer of the FPDU itself and about 60 cycles. At 1 us and MSS 1460:
//! 1 Gb/s (64 bits, 125 MHz) 1.8 KB, 25 Gb/s (64 bits, 390 MHz) 5 KB, 100 Gb/s (512 bits, 322 MHz) 16.5 KB; the test runs 4, 8 and 32 KiB. FPDUs begin at a beat. As much is kept of tags: a read each, 2 or more an FPDU of several entries.
//! **Latency**: grant to first DMA read 28 cycles, to its turn 30, if the record follows the last one given and the region answers in the next cycle; last octets from the host to the FPDU job 7, to the first beat of payload 10. **Rate**: an FPDU of one piece in 14 cycles; 1460 octets at the wire's rate at 64 and 512 bits.
//! **Back-pressure**: a stalled builder fills the buffer, then nothing more is asked for and grants wait. `dma_rd_cpl` is taken always, a cycle for each 8 inline octets apart.
//! An FPDU sent again is read again, and is the same to the octet: its record and its WQE have not changed, and the host may not change memory of a WQE that is not completed.

use super::land::ReadLand;
use super::play_issue::PlayIssue;
use super::play_plan::PlayPlan;
use super::play_read::PlayRead;
use super::play_walk::PlayWalk;
use super::snd_types::Send;
use super::types::TxFpdu;
use super::work_types::*;
use crate::prim::{Fifo, Ram};
use rust_hdl::prelude::*;

/// Plays records.
#[derive(LogicBlock)]
pub struct Play<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub quantum: Signal<In, Bits<4>>,
    pub grant_tvalid: Signal<In, bool>,
    pub grant_tready: Signal<Out, bool>,
    pub grant_conn: Signal<In, Bits<SEAM_CONN>>,
    pub grant_gen: Signal<In, Bits<8>>,
    pub grant_kind: Signal<In, Send>,
    pub grant_from: Signal<In, Bits<32>>,
    pub grant_budget: Signal<In, Bits<32>>,
    pub grant_idle: Signal<In, bool>,
    pub turn_tvalid: Signal<Out, bool>,
    pub turn_tready: Signal<In, bool>,
    pub turn_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub turn_gen: Signal<Out, Bits<8>>,
    pub turn_seq: Signal<Out, Bits<32>>,
    pub turn_len: Signal<Out, Bits<16>>,
    pub turn_n_fpdu: Signal<Out, Bits<4>>,
    pub turn_psh: Signal<Out, bool>,
    pub turn_probe: Signal<Out, bool>,
    pub turn_last: Signal<Out, bool>,
    pub fpdu_valid: Signal<Out, bool>,
    pub fpdu_ready: Signal<In, bool>,
    pub fpdu: Signal<Out, TxFpdu>,
    pub payload_tvalid: Signal<Out, bool>,
    pub payload_tready: Signal<In, bool>,
    pub payload_tdata: Signal<Out, Bits<D>>,
    pub payload_tkeep: Signal<Out, Bits<K>>,
    pub payload_tlast: Signal<Out, bool>,
    pub region_tvalid: Signal<Out, bool>,
    pub region_tready: Signal<In, bool>,
    pub region: Signal<Out, RegionAsk>,
    pub answer_tvalid: Signal<In, bool>,
    pub answer_tready: Signal<Out, bool>,
    pub answer_ok: Signal<In, bool>,
    pub answer_addr: Signal<In, Bits<64>>,
    pub dma_rd_req_tvalid: Signal<Out, bool>,
    pub dma_rd_req_tready: Signal<In, bool>,
    pub dma_rd_req: Signal<Out, RdReq>,
    pub dma_rd_cpl_tvalid: Signal<In, bool>,
    pub dma_rd_cpl_tready: Signal<Out, bool>,
    pub dma_rd_cpl_tdata: Signal<In, Bits<D>>,
    pub dma_rd_cpl_tkeep: Signal<In, Bits<K>>,
    pub dma_rd_cpl_tag: Signal<In, Bits<10>>,
    pub dma_rd_cpl_end_of_tag: Signal<In, bool>,
    pub dma_rd_cpl_status: Signal<In, Bits<3>>,
    pub fail_tvalid: Signal<Out, bool>,
    pub fail_tready: Signal<In, bool>,
    pub fail: Signal<Out, Fail>,
    pub mark_valid: Signal<In, bool>,
    pub mark_ready: Signal<Out, bool>,
    pub mark_conn: Signal<In, Bits<CONN>>,
    pub marked: Signal<Out, bool>,
    pub marked_conn: Signal<Out, Bits<CONN>>,
    pub slot_addr: Signal<Out, Bits<SLOT_ADDR>>,
    pub slot_row: Signal<In, Bits<128>>,
    pub win_we: Signal<In, bool>,
    pub win_conn: Signal<In, Bits<CONN>>,
    pub win: Signal<In, Window>,
    pub rec_we: Signal<In, bool>,
    pub rec_addr: Signal<In, Bits<REC_ADDR>>,
    pub rec: Signal<In, Record>,
    pub manner_we: Signal<In, bool>,
    pub manner_conn: Signal<In, Bits<CONN>>,
    pub manner: Signal<In, Manner>,

    plan: PlayPlan,
    walk: PlayWalk<D, K, LK>,
    issue: PlayIssue,
    land: ReadLand<D, K, LK, C>,
    reader: PlayRead<D, K, LK, C>,
    manners: Ram<Manner, CONN>,
    fails: Fifo<Fail, 1>,
    unused_manner: Signal<Local, Manner>,
    promise: Signal<Local, Turn>,
    unused_room: Signal<Local, Bits<8>>,
    unused_tag: Signal<Local, Bits<10>>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Play<D, K, LK, C> {
    pub fn new(cfg: &WorkCfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            quantum: Default::default(),
            grant_tvalid: Default::default(),
            grant_tready: Default::default(),
            grant_conn: Default::default(),
            grant_gen: Default::default(),
            grant_kind: Default::default(),
            grant_from: Default::default(),
            grant_budget: Default::default(),
            grant_idle: Default::default(),
            turn_tvalid: Default::default(),
            turn_tready: Default::default(),
            turn_conn: Default::default(),
            turn_gen: Default::default(),
            turn_seq: Default::default(),
            turn_len: Default::default(),
            turn_n_fpdu: Default::default(),
            turn_psh: Default::default(),
            turn_probe: Default::default(),
            turn_last: Default::default(),
            fpdu_valid: Default::default(),
            fpdu_ready: Default::default(),
            fpdu: Default::default(),
            payload_tvalid: Default::default(),
            payload_tready: Default::default(),
            payload_tdata: Default::default(),
            payload_tkeep: Default::default(),
            payload_tlast: Default::default(),
            region_tvalid: Default::default(),
            region_tready: Default::default(),
            region: Default::default(),
            answer_tvalid: Default::default(),
            answer_tready: Default::default(),
            answer_ok: Default::default(),
            answer_addr: Default::default(),
            dma_rd_req_tvalid: Default::default(),
            dma_rd_req_tready: Default::default(),
            dma_rd_req: Default::default(),
            dma_rd_cpl_tvalid: Default::default(),
            dma_rd_cpl_tready: Default::default(),
            dma_rd_cpl_tdata: Default::default(),
            dma_rd_cpl_tkeep: Default::default(),
            dma_rd_cpl_tag: Default::default(),
            dma_rd_cpl_end_of_tag: Default::default(),
            dma_rd_cpl_status: Default::default(),
            fail_tvalid: Default::default(),
            fail_tready: Default::default(),
            fail: Default::default(),
            mark_valid: Default::default(),
            mark_ready: Default::default(),
            mark_conn: Default::default(),
            marked: Default::default(),
            marked_conn: Default::default(),
            slot_addr: Default::default(),
            slot_row: Default::default(),
            win_we: Default::default(),
            win_conn: Default::default(),
            win: Default::default(),
            rec_we: Default::default(),
            rec_addr: Default::default(),
            rec: Default::default(),
            manner_we: Default::default(),
            manner_conn: Default::default(),
            manner: Default::default(),
            plan: PlayPlan::new(cfg),
            walk: PlayWalk::new(cfg),
            issue: PlayIssue::new(cfg.tag_bits - 1),
            land: ReadLand::new(cfg.buf_bits, cfg.tag_bits),
            reader: PlayRead::new(cfg),
            manners: Ram::new(cfg.conn_bits, 2),
            fails: Default::default(),
            unused_manner: Default::default(),
            promise: Default::default(),
            unused_room: Default::default(),
            unused_tag: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Play<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        self.plan.quantum.next = self.quantum.val();
        self.plan.grant_tvalid.next = self.grant_tvalid.val();
        self.grant_tready.next = self.plan.grant_tready.val();
        self.plan.grant_conn.next = self.grant_conn.val();
        self.plan.grant_gen.next = self.grant_gen.val();
        self.plan.grant_kind.next = self.grant_kind.val();
        self.plan.grant_from.next = self.grant_from.val();
        self.plan.grant_budget.next = self.grant_budget.val();
        self.plan.grant_idle.next = self.grant_idle.val();
        self.plan.mark_valid.next = self.mark_valid.val();
        self.mark_ready.next = self.plan.mark_ready.val();
        self.plan.mark_conn.next = self.mark_conn.val();
        self.plan.win_we.next = self.win_we.val();
        self.plan.win_conn.next = self.win_conn.val();
        self.plan.win.next = self.win.val();
        self.plan.rec_we.next = self.rec_we.val();
        self.plan.rec_addr.next = self.rec_addr.val();
        self.plan.rec.next = self.rec.val();
        self.unused_manner.next = self.manner.val();
        self.plan.manner_we.next = self.manner_we.val();
        self.plan.manner_conn.next = self.manner_conn.val();
        self.plan.manner_mss.next = self.unused_manner.val().mss;
        self.manners.we.next = self.manner_we.val();
        self.manners.waddr.next = self.manner_conn.val();
        self.manners.wdata.next = self.manner.val();

        self.walk.part_valid.next = self.plan.part_valid.val();
        self.walk.part.next = self.plan.part.val();
        self.plan.part_pop.next = self.walk.part_pop.val();
        self.slot_addr.next = self.walk.slot_addr.val();
        self.walk.slot_row.next = self.slot_row.val();
        self.manners.raddr.next = self.walk.manner_conn.val();
        self.walk.manner.next = self.manners.rdata.val();
        self.region_tvalid.next = self.walk.region_tvalid.val();
        self.walk.region_tready.next = self.region_tready.val();
        self.region.next = self.walk.region.val();
        self.walk.rows_back.next = self.reader.rows_back.val();
        self.walk.tag_back.next = self.reader.tag_back.val();

        self.issue.piece_valid.next = self.walk.piece_valid.val();
        self.issue.piece.next = self.walk.piece.val();
        self.walk.piece_pop.next = self.issue.piece_pop.val();
        self.issue.job_valid.next = self.walk.job_valid.val();
        self.issue.job.next = self.walk.job.val();
        self.walk.job_pop.next = self.issue.job_pop.val();
        self.issue.answer_tvalid.next = self.answer_tvalid.val();
        self.answer_tready.next = self.issue.answer_tready.val();
        self.issue.answer_ok.next = self.answer_ok.val();
        self.issue.answer_addr.next = self.answer_addr.val();
        self.dma_rd_req_tvalid.next = self.issue.req_tvalid.val();
        self.issue.req_tready.next = self.dma_rd_req_tready.val();
        self.dma_rd_req.next = self.issue.req.val();
        self.turn_tvalid.next = self.issue.turn_tvalid.val();
        self.issue.turn_tready.next = self.turn_tready.val();
        self.promise.next = self.issue.turn.val();
        self.turn_conn.next = bit_cast::<SEAM_CONN, CONN>(self.promise.val().conn);
        self.turn_gen.next = self.promise.val().gen;
        self.turn_seq.next = self.promise.val().seq;
        self.turn_len.next = bit_cast::<16, 14>(self.promise.val().len);
        self.turn_n_fpdu.next = 0.into();
        if self.promise.val().len.any() {
            self.turn_n_fpdu.next = 1.into();
        }
        self.turn_psh.next = self.promise.val().psh;
        self.turn_probe.next = self.promise.val().probe;
        self.turn_last.next = self.promise.val().last;

        self.land.open.next = self.walk.open.val();
        self.land.open_tag.next = self.walk.open_tag.val();
        self.land.open_at.next = self.walk.open_at.val();
        self.land.own_valid.next = self.walk.own_valid.val();
        self.land.own_data.next = self.walk.own_data.val();
        self.land.own_keep.next = self.walk.own_keep.val();
        self.land.own_tag.next = self.walk.own_tag.val();
        self.land.own_end.next = self.walk.own_end.val();
        self.unused_tag.next = self.dma_rd_cpl_tag.val();
        self.land.cpl_tvalid.next = self.dma_rd_cpl_tvalid.val();
        self.dma_rd_cpl_tready.next = self.land.cpl_tready.val();
        self.land.cpl_tdata.next = self.dma_rd_cpl_tdata.val();
        self.land.cpl_tkeep.next = self.dma_rd_cpl_tkeep.val();
        self.land.cpl_tag.next = bit_cast::<TAG, 10>(self.dma_rd_cpl_tag.val());
        self.land.cpl_end_of_tag.next = self.dma_rd_cpl_end_of_tag.val();
        self.land.cpl_status.next = self.dma_rd_cpl_status.val();
        self.land.row.next = self.reader.row.val();

        self.reader.out_valid.next = self.issue.out_valid.val();
        self.reader.out.next = self.issue.out.val();
        self.issue.out_pop.next = self.reader.out_pop.val();
        self.reader.open.next = self.walk.open.val();
        self.reader.open_tag.next = self.walk.open_tag.val();
        self.reader.full.next = self.land.full.val();
        self.reader.full_tag.next = self.land.full_tag.val();
        self.reader.full_bad.next = self.land.full_bad.val();
        self.reader.skip.next = self.issue.skip.val();
        self.reader.skip_tag.next = self.issue.skip_tag.val();
        self.reader.data.next = self.land.data.val();
        self.fpdu_valid.next = self.reader.fpdu_valid.val();
        self.reader.fpdu_ready.next = self.fpdu_ready.val();
        self.fpdu.next = self.reader.fpdu.val();
        self.payload_tvalid.next = self.reader.payload_tvalid.val();
        self.reader.payload_tready.next = self.payload_tready.val();
        self.payload_tdata.next = self.reader.payload_tdata.val();
        self.payload_tkeep.next = self.reader.payload_tkeep.val();
        self.payload_tlast.next = self.reader.payload_tlast.val();
        self.marked.next = self.reader.mark.val();
        self.marked_conn.next = self.reader.mark_conn.val();

        // What fails, to cut.
        self.unused_room.next = self.fails.room.val();
        self.fails.push.next =
            (self.reader.fail_tvalid.val() | self.issue.fail_tvalid.val()) & !self.fails.full.val();
        self.fails.din.next = self.issue.fail.val();
        self.reader.fail_tready.next = !self.fails.full.val();
        self.issue.fail_tready.next = !self.fails.full.val() & !self.reader.fail_tvalid.val();
        if self.reader.fail_tvalid.val() {
            self.fails.din.next = self.reader.fail.val();
        }
        self.fail_tvalid.next = self.fails.valid.val();
        self.fails.pop.next = self.fails.valid.val() & self.fail_tready.val();
        self.fail.next = self.fails.dout.val();
    }
}
