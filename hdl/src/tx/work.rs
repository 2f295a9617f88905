//! From the doorbell to the FPDU job: send queues, cutting, replay, with the store of WQE slots that they share.
//!
//! ```text
//! doorbell -> sq --wqe--> cut --data--> (snd) --grant--> play --turn--> (compose)
//!              |           | ^---acked, dead---'          ^  |---fpdu, payload--> (build)
//!              |           '--records, windows------------'  |---region, dma_rd
//!              '--slots--> store ---------------------------'
//! ```
//!
//! | stream | | |
//! |---|---|---|
//! | `cmd_*` | in | a connection begins or ends (`remove`); fields as at [`Sq`] and [`Cut`], and `pd`, `crc_en` |
//! | `cmd_done` | out | pulse: done. Behind a `remove` its WQEs are completed, no read of its ring or its memory is under way, and the slot may begin anew under another generation |
//! | `db_*`, `sq_rd_*` | | of [`Sq`] |
//! | `acked_*`, `dead_*`, `data_*`, `done_*` | | of [`Cut`] |
//! | the others | | of [`Play`] |
//!
//! Begin a connection here before it begins in `snd` (the octets of its WQEs may exist early, `data` of an unknown generation is void there), end it there first. One command at a time.
//!
//! **Slot store**: `2^(conn_bits + slot_bits)` slots of 64 octets. WQEs stay on chip from fetch to completion, so that every transmission reads the same. Small messages: `2^slot_bits` WQEs of one slot, `2^rec_bits` FPDUs a
//! connection may be under way. See docs/decisions/0015-work-and-replay.md.
//! **Latency**: doorbell taken to `data` 49 cycles, the DMA's latency and the beats of what was fetched. From grant on: [`Play`].

use super::cut::Cut;
use super::play::Play;
use super::snd_types::Send;
use super::sq::Sq;
use super::types::TxFpdu;
use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Ram;
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum WorkState {
    Idle,
    // a connection begins
    Begin,
    Settle,
    Ring,
    Rung,
    // a connection ends
    Stop,
    Stopped,
    Flush,
    Flushed,
    Mark,
    Marked,
}

/// The whole.
#[derive(LogicBlock)]
pub struct Work<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub quantum: Signal<In, Bits<4>>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_remove: Signal<In, bool>,
    pub cmd_conn: Signal<In, Bits<SEAM_CONN>>,
    pub cmd_gen: Signal<In, Bits<8>>,
    pub cmd_base: Signal<In, Bits<64>>,
    pub cmd_log: Signal<In, Bits<4>>,
    pub cmd_page: Signal<In, Bits<20>>,
    pub cmd_func: Signal<In, Bits<8>>,
    pub cmd_qpn: Signal<In, Bits<20>>,
    pub cmd_pd: Signal<In, Bits<24>>,
    pub cmd_seq: Signal<In, Bits<32>>,
    pub cmd_mss: Signal<In, Bits<14>>,
    pub cmd_msn: Signal<In, Bits<32>>,
    pub cmd_crc_en: Signal<In, bool>,
    pub cmd_done: Signal<Out, bool>,
    pub db_tvalid: Signal<In, bool>,
    pub db_tready: Signal<Out, bool>,
    pub db_page: Signal<In, Bits<20>>,
    pub db_pi: Signal<In, Bits<16>>,
    pub db_qpn: Signal<In, Bits<20>>,
    pub sq_rd_req_tvalid: Signal<Out, bool>,
    pub sq_rd_req_tready: Signal<In, bool>,
    pub sq_rd_req: Signal<Out, RdReq>,
    pub sq_rd_cpl_tvalid: Signal<In, bool>,
    pub sq_rd_cpl_tready: Signal<Out, bool>,
    pub sq_rd_cpl_tdata: Signal<In, Bits<D>>,
    pub sq_rd_cpl_tkeep: Signal<In, Bits<K>>,
    pub sq_rd_cpl_tag: Signal<In, Bits<10>>,
    pub sq_rd_cpl_end_of_tag: Signal<In, bool>,
    pub sq_rd_cpl_status: Signal<In, Bits<3>>,
    pub acked_tvalid: Signal<In, bool>,
    pub acked_tready: Signal<Out, bool>,
    pub acked_conn: Signal<In, Bits<SEAM_CONN>>,
    pub acked_gen: Signal<In, Bits<8>>,
    pub acked_snd_una: Signal<In, Bits<32>>,
    pub dead_tvalid: Signal<In, bool>,
    pub dead_tready: Signal<Out, bool>,
    pub dead_conn: Signal<In, Bits<SEAM_CONN>>,
    pub dead_gen: Signal<In, Bits<8>>,
    pub data_tvalid: Signal<Out, bool>,
    pub data_tready: Signal<In, bool>,
    pub data_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub data_gen: Signal<Out, Bits<8>>,
    pub data_end: Signal<Out, Bits<32>>,
    pub done_tvalid: Signal<Out, bool>,
    pub done_tready: Signal<In, bool>,
    pub done: Signal<Out, Done>,
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
    pub count_doorbell: Signal<Out, bool>,
    pub count_bad: Signal<Out, bool>,

    sq: Sq<D, K, LK, C>,
    cut: Cut,
    play: Play<D, K, LK, C>,
    store: Ram<Bits<128>, SLOT_ADDR>,
    state: Reg<WorkState>,
    done_q: Reg<bool>,
    conn: RegNr<Bits<CONN>>,
    manner: Signal<Local, Manner>,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Work<D, K, LK, C> {
    pub fn new(cfg: &WorkCfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            quantum: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_remove: Default::default(),
            cmd_conn: Default::default(),
            cmd_gen: Default::default(),
            cmd_base: Default::default(),
            cmd_log: Default::default(),
            cmd_page: Default::default(),
            cmd_func: Default::default(),
            cmd_qpn: Default::default(),
            cmd_pd: Default::default(),
            cmd_seq: Default::default(),
            cmd_mss: Default::default(),
            cmd_msn: Default::default(),
            cmd_crc_en: Default::default(),
            cmd_done: Default::default(),
            db_tvalid: Default::default(),
            db_tready: Default::default(),
            db_page: Default::default(),
            db_pi: Default::default(),
            db_qpn: Default::default(),
            sq_rd_req_tvalid: Default::default(),
            sq_rd_req_tready: Default::default(),
            sq_rd_req: Default::default(),
            sq_rd_cpl_tvalid: Default::default(),
            sq_rd_cpl_tready: Default::default(),
            sq_rd_cpl_tdata: Default::default(),
            sq_rd_cpl_tkeep: Default::default(),
            sq_rd_cpl_tag: Default::default(),
            sq_rd_cpl_end_of_tag: Default::default(),
            sq_rd_cpl_status: Default::default(),
            acked_tvalid: Default::default(),
            acked_tready: Default::default(),
            acked_conn: Default::default(),
            acked_gen: Default::default(),
            acked_snd_una: Default::default(),
            dead_tvalid: Default::default(),
            dead_tready: Default::default(),
            dead_conn: Default::default(),
            dead_gen: Default::default(),
            data_tvalid: Default::default(),
            data_tready: Default::default(),
            data_conn: Default::default(),
            data_gen: Default::default(),
            data_end: Default::default(),
            done_tvalid: Default::default(),
            done_tready: Default::default(),
            done: Default::default(),
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
            count_doorbell: Default::default(),
            count_bad: Default::default(),
            sq: Sq::new(cfg),
            cut: Cut::new(cfg),
            play: Play::new(cfg),
            store: Ram::new(cfg.conn_bits + cfg.slot_bits + 2, 2).collisions_undefined(),
            state: Reg::new(WorkState::Idle),
            done_q: Default::default(),
            conn: Default::default(),
            manner: Default::default(),
            unused_conn: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Work<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.sq.ready.val() & self.cut.ready.val();

        // Commands: the fields stay at the port until the last step.
        self.unused_conn.next = self.cmd_conn.val();
        self.conn.d.next = self.cmd_conn.val().get_bits::<CONN>(0);
        self.cmd_tready.next = false;
        self.done_q.d.next = false;
        self.cmd_done.next = self.done_q.q.val();
        self.sq.cmd_tvalid.next =
            (self.state.q.val() == WorkState::Ring) | (self.state.q.val() == WorkState::Stop);
        self.sq.cmd_remove.next = self.cmd_remove.val();
        self.sq.cmd_conn.next = self.cmd_conn.val();
        self.sq.cmd_gen.next = self.cmd_gen.val();
        self.sq.cmd_base.next = self.cmd_base.val();
        self.sq.cmd_log.next = self.cmd_log.val();
        self.sq.cmd_page.next = self.cmd_page.val();
        self.sq.cmd_func.next = self.cmd_func.val();
        self.sq.cmd_qpn.next = self.cmd_qpn.val();
        self.cut.cmd_tvalid.next =
            (self.state.q.val() == WorkState::Begin) | (self.state.q.val() == WorkState::Flush);
        self.cut.cmd_remove.next = self.cmd_remove.val();
        self.cut.cmd_conn.next = self.conn.q.val();
        self.cut.cmd_gen.next = self.cmd_gen.val();
        self.cut.cmd_seq.next = self.cmd_seq.val();
        self.cut.cmd_mss.next = self.cmd_mss.val();
        self.cut.cmd_msn.next = self.cmd_msn.val();
        self.manner.next.mss = self.cmd_mss.val();
        self.manner.next.crc_en = self.cmd_crc_en.val();
        self.manner.next.func = self.cmd_func.val();
        self.manner.next.qpn = self.cmd_qpn.val();
        self.manner.next.pd = self.cmd_pd.val();
        self.play.manner.next = self.manner.val();
        self.play.manner_conn.next = self.conn.q.val();
        self.play.manner_we.next = self.state.q.val() == WorkState::Begin;
        self.play.mark_valid.next = self.state.q.val() == WorkState::Mark;
        self.play.mark_conn.next = self.conn.q.val();
        match self.state.q.val() {
            WorkState::Idle => {
                if self.cmd_tvalid.val() & !self.done_q.q.val() {
                    self.state.d.next = WorkState::Begin;
                    if self.cmd_remove.val() {
                        self.state.d.next = WorkState::Stop;
                    }
                }
            }
            WorkState::Begin => {
                if self.cut.cmd_tready.val() {
                    self.state.d.next = WorkState::Settle;
                }
            }
            WorkState::Settle => {
                if self.cut.idle.val() {
                    self.state.d.next = WorkState::Ring;
                }
            }
            WorkState::Ring => {
                if self.sq.cmd_tready.val() {
                    self.state.d.next = WorkState::Rung;
                }
            }
            WorkState::Rung => {
                if self.sq.cmd_done.val() {
                    self.cmd_tready.next = true;
                    self.done_q.d.next = true;
                    self.state.d.next = WorkState::Idle;
                }
            }
            WorkState::Stop => {
                if self.sq.cmd_tready.val() {
                    self.state.d.next = WorkState::Stopped;
                }
            }
            WorkState::Stopped => {
                if self.sq.cmd_done.val() {
                    self.state.d.next = WorkState::Flush;
                }
            }
            WorkState::Flush => {
                if self.cut.cmd_tready.val() {
                    self.state.d.next = WorkState::Flushed;
                }
            }
            WorkState::Flushed => {
                if self.cut.idle.val() {
                    self.state.d.next = WorkState::Mark;
                }
            }
            WorkState::Mark => {
                if self.play.mark_ready.val() {
                    self.state.d.next = WorkState::Marked;
                }
            }
            _ => {
                if self.play.marked.val() & (self.play.marked_conn.val() == self.conn.q.val()) {
                    self.cmd_tready.next = true;
                    self.done_q.d.next = true;
                    self.state.d.next = WorkState::Idle;
                }
            }
        }

        self.sq.db_tvalid.next = self.db_tvalid.val();
        self.db_tready.next = self.sq.db_tready.val();
        self.sq.db_page.next = self.db_page.val();
        self.sq.db_pi.next = self.db_pi.val();
        self.sq.db_qpn.next = self.db_qpn.val();
        self.sq.freed_tvalid.next = self.cut.freed_tvalid.val();
        self.cut.freed_tready.next = self.sq.freed_tready.val();
        self.sq.freed_conn.next = self.cut.freed_conn.val();
        self.sq.freed_gen.next = self.cut.freed_gen.val();
        self.sq.freed_n.next = self.cut.freed_n.val();
        self.sq_rd_req_tvalid.next = self.sq.dma_rd_req_tvalid.val();
        self.sq.dma_rd_req_tready.next = self.sq_rd_req_tready.val();
        self.sq_rd_req.next = self.sq.dma_rd_req.val();
        self.sq.dma_rd_cpl_tvalid.next = self.sq_rd_cpl_tvalid.val();
        self.sq_rd_cpl_tready.next = self.sq.dma_rd_cpl_tready.val();
        self.sq.dma_rd_cpl_tdata.next = self.sq_rd_cpl_tdata.val();
        self.sq.dma_rd_cpl_tkeep.next = self.sq_rd_cpl_tkeep.val();
        self.sq.dma_rd_cpl_tag.next = self.sq_rd_cpl_tag.val();
        self.sq.dma_rd_cpl_end_of_tag.next = self.sq_rd_cpl_end_of_tag.val();
        self.sq.dma_rd_cpl_status.next = self.sq_rd_cpl_status.val();
        self.cut.wqe_tvalid.next = self.sq.wqe_tvalid.val();
        self.sq.wqe_tready.next = self.cut.wqe_tready.val();
        self.cut.wqe.next = self.sq.wqe.val();
        self.store.we.next = self.sq.slot_we.val();
        self.store.waddr.next = self.sq.slot_addr.val();
        self.store.wdata.next = self.sq.slot_row.val();
        self.store.raddr.next = self.play.slot_addr.val();
        self.play.slot_row.next = self.store.rdata.val();
        self.count_doorbell.next = self.sq.count_doorbell.val();
        self.count_bad.next = self.sq.count_bad.val();

        self.cut.acked_tvalid.next = self.acked_tvalid.val();
        self.acked_tready.next = self.cut.acked_tready.val();
        self.cut.acked_conn.next = self.acked_conn.val();
        self.cut.acked_gen.next = self.acked_gen.val();
        self.cut.acked_snd_una.next = self.acked_snd_una.val();
        self.cut.dead_tvalid.next = self.dead_tvalid.val();
        self.dead_tready.next = self.cut.dead_tready.val();
        self.cut.dead_conn.next = self.dead_conn.val();
        self.cut.dead_gen.next = self.dead_gen.val();
        self.cut.fail_tvalid.next = self.play.fail_tvalid.val();
        self.play.fail_tready.next = self.cut.fail_tready.val();
        self.cut.fail.next = self.play.fail.val();
        self.data_tvalid.next = self.cut.data_tvalid.val();
        self.cut.data_tready.next = self.data_tready.val();
        self.data_conn.next = self.cut.data_conn.val();
        self.data_gen.next = self.cut.data_gen.val();
        self.data_end.next = self.cut.data_end.val();
        self.done_tvalid.next = self.cut.done_tvalid.val();
        self.cut.done_tready.next = self.done_tready.val();
        self.done.next = self.cut.done.val();
        self.play.rec_we.next = self.cut.rec_we.val();
        self.play.rec_addr.next = self.cut.rec_addr.val();
        self.play.rec.next = self.cut.rec.val();
        self.play.win_we.next = self.cut.win_we.val();
        self.play.win_conn.next = self.cut.win_conn.val();
        self.play.win.next = self.cut.win.val();

        self.play.quantum.next = self.quantum.val();
        self.play.grant_tvalid.next = self.grant_tvalid.val();
        self.grant_tready.next = self.play.grant_tready.val();
        self.play.grant_conn.next = self.grant_conn.val();
        self.play.grant_gen.next = self.grant_gen.val();
        self.play.grant_kind.next = self.grant_kind.val();
        self.play.grant_from.next = self.grant_from.val();
        self.play.grant_budget.next = self.grant_budget.val();
        self.play.grant_idle.next = self.grant_idle.val();
        self.turn_tvalid.next = self.play.turn_tvalid.val();
        self.play.turn_tready.next = self.turn_tready.val();
        self.turn_conn.next = self.play.turn_conn.val();
        self.turn_gen.next = self.play.turn_gen.val();
        self.turn_seq.next = self.play.turn_seq.val();
        self.turn_len.next = self.play.turn_len.val();
        self.turn_n_fpdu.next = self.play.turn_n_fpdu.val();
        self.turn_psh.next = self.play.turn_psh.val();
        self.turn_probe.next = self.play.turn_probe.val();
        self.turn_last.next = self.play.turn_last.val();
        self.fpdu_valid.next = self.play.fpdu_valid.val();
        self.play.fpdu_ready.next = self.fpdu_ready.val();
        self.fpdu.next = self.play.fpdu.val();
        self.payload_tvalid.next = self.play.payload_tvalid.val();
        self.play.payload_tready.next = self.payload_tready.val();
        self.payload_tdata.next = self.play.payload_tdata.val();
        self.payload_tkeep.next = self.play.payload_tkeep.val();
        self.payload_tlast.next = self.play.payload_tlast.val();
        self.region_tvalid.next = self.play.region_tvalid.val();
        self.play.region_tready.next = self.region_tready.val();
        self.region.next = self.play.region.val();
        self.play.answer_tvalid.next = self.answer_tvalid.val();
        self.answer_tready.next = self.play.answer_tready.val();
        self.play.answer_ok.next = self.answer_ok.val();
        self.play.answer_addr.next = self.answer_addr.val();
        self.dma_rd_req_tvalid.next = self.play.dma_rd_req_tvalid.val();
        self.play.dma_rd_req_tready.next = self.dma_rd_req_tready.val();
        self.dma_rd_req.next = self.play.dma_rd_req.val();
        self.play.dma_rd_cpl_tvalid.next = self.dma_rd_cpl_tvalid.val();
        self.dma_rd_cpl_tready.next = self.play.dma_rd_cpl_tready.val();
        self.play.dma_rd_cpl_tdata.next = self.dma_rd_cpl_tdata.val();
        self.play.dma_rd_cpl_tkeep.next = self.dma_rd_cpl_tkeep.val();
        self.play.dma_rd_cpl_tag.next = self.dma_rd_cpl_tag.val();
        self.play.dma_rd_cpl_end_of_tag.next = self.dma_rd_cpl_end_of_tag.val();
        self.play.dma_rd_cpl_status.next = self.dma_rd_cpl_status.val();
    }
}
