//! The transmit path: from doorbells and ACK reports to frames. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `cmd_*` | in | a connection begins or ends (`remove`): what [`Core`] and [`Work`] need of it, and its header template. The fields stand still until it is taken, which is when it is in force, or at an end when its WQEs are completed and no read of theirs is under way |
//! | `ack_*`, `snd_mirror_*` | in, out | from and to the receive path |
//! | `db_*` | in | doorbells of send queues |
//! | `sq_rd_*`, `dma_rd_*` | out, in | DMA reads of WQEs and of payload |
//! | `region_*` -> `answer_*` | out, in | may this piece of memory be read for us, and where is it |
//! | `done_*` | out | WQEs completed, in the order of their queue |
//! | `mac_tx_*` | out | frames |
//!
//! Install here, then in the receive path; remove there, then here. A connection is removed only when it has no grant open ([`Compose`](super::compose::Compose)): nothing
//! here waits for that yet, so the host lets every WQE complete first. No test ends a connection of the whole path so far.
//! First octet to be sent: `cmd_snd_nxt`, which is `cmd_snd_una`.
//! `cmd_mss`: payload of a segment, options that every segment has taken off.
//! Registers: of [`Core`], and `quantum`: segments of new octets for one grant. `count_*`: pulses.
//! **Latency** and **back-pressure**: those of the two blocks, which meet at `data`, `grant`, `turn`, `fpdu`, `payload`, `acked`, `dead`.

use super::ack_types::SHORT;
use super::core::Core;
use super::types::{Template, TxCfg};
use super::work::Work;
use super::work_types::{Done, RdReq, RegionAsk, WorkCfg, SEAM_CONN};
use crate::prim::reg::Reg;
use rust_hdl::prelude::*;

/// Where a command stands.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum TransmitState {
    Idle,
    /// The first half, then the second.
    First,
    Second,
}

/// The whole.
#[derive(LogicBlock)]
pub struct Transmit<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// All tables are cleared.
    pub ready: Signal<Out, bool>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_remove: Signal<In, bool>,
    pub cmd_conn: Signal<In, Bits<SEAM_CONN>>,
    pub cmd_gen: Signal<In, Bits<8>>,
    pub cmd_snd_una: Signal<In, Bits<32>>,
    pub cmd_snd_nxt: Signal<In, Bits<32>>,
    pub cmd_snd_wnd: Signal<In, Bits<32>>,
    pub cmd_wl1: Signal<In, Bits<32>>,
    pub cmd_wl2: Signal<In, Bits<32>>,
    pub cmd_scale: Signal<In, Bits<4>>,
    pub cmd_mss: Signal<In, Bits<14>>,
    pub cmd_timestamps: Signal<In, bool>,
    pub cmd_sack: Signal<In, bool>,
    pub cmd_lost_syn: Signal<In, bool>,
    /// Largest window the peer has offered.
    pub cmd_max_wnd: Signal<In, Bits<32>>,
    pub cmd_rcv_nxt: Signal<In, Bits<32>>,
    /// The window field of every segment.
    pub cmd_rcv_wnd: Signal<In, Bits<16>>,
    /// More octets than this are acknowledged at once: the largest segment we expect.
    pub cmd_rcv_mss: Signal<In, Bits<14>>,
    pub cmd_ts_recent: Signal<In, Bits<32>>,
    pub cmd_base: Signal<In, Bits<64>>,
    pub cmd_log: Signal<In, Bits<4>>,
    pub cmd_page: Signal<In, Bits<20>>,
    pub cmd_func: Signal<In, Bits<8>>,
    pub cmd_qpn: Signal<In, Bits<20>>,
    pub cmd_pd: Signal<In, Bits<24>>,
    pub cmd_msn: Signal<In, Bits<32>>,
    pub cmd_crc_en: Signal<In, bool>,
    pub cmd_tmpl: Signal<In, Template>,
    pub now: Signal<Out, Bits<32>>,
    pub tick: Signal<In, Bits<16>>,
    pub rto_init: Signal<In, Bits<32>>,
    pub rto_min: Signal<In, Bits<32>>,
    pub rto_max: Signal<In, Bits<32>>,
    pub r2: Signal<In, Bits<32>>,
    pub delay: Signal<In, Bits<SHORT>>,
    pub gap: Signal<In, Bits<SHORT>>,
    pub ack_tvalid: Signal<In, bool>,
    pub ack_tready: Signal<Out, bool>,
    pub ack_conn: Signal<In, Bits<SEAM_CONN>>,
    pub ack_gen: Signal<In, Bits<8>>,
    pub ack_seq: Signal<In, Bits<32>>,
    pub ack_ack: Signal<In, Bits<32>>,
    pub ack_wnd: Signal<In, Bits<16>>,
    pub ack_payload_len: Signal<In, Bits<16>>,
    pub ack_flags: Signal<In, Bits<11>>,
    pub ack_tsecr: Signal<In, Bits<32>>,
    pub ack_ts_recent: Signal<In, Bits<32>>,
    pub ack_peer_sack_n: Signal<In, Bits<3>>,
    pub ack_peer_sack: Signal<In, Bits<256>>,
    pub ack_rcv_nxt: Signal<In, Bits<32>>,
    pub ack_ack_mode: Signal<In, Bits<2>>,
    pub ack_own_sack_n: Signal<In, Bits<3>>,
    pub ack_own_sack: Signal<In, Bits<256>>,
    pub snd_mirror_tvalid: Signal<Out, bool>,
    pub snd_mirror_tready: Signal<In, bool>,
    pub snd_mirror_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub snd_mirror_gen: Signal<Out, Bits<8>>,
    pub snd_mirror_snd_una: Signal<Out, Bits<32>>,
    pub snd_mirror_snd_nxt: Signal<Out, Bits<32>>,
    pub snd_mirror_last_ack_sent: Signal<Out, Bits<32>>,
    pub snd_mirror_max_wnd: Signal<Out, Bits<32>>,
    pub dead_probe: Signal<Out, bool>,
    pub mac_tx_tvalid: Signal<Out, bool>,
    pub mac_tx_tready: Signal<In, bool>,
    pub mac_tx_tdata: Signal<Out, Bits<D>>,
    pub mac_tx_tkeep: Signal<Out, Bits<K>>,
    pub mac_tx_tlast: Signal<Out, bool>,
    pub mac_tx_tuser: Signal<Out, bool>,
    pub count_timeout: Signal<Out, bool>,
    pub count_fast: Signal<Out, bool>,
    pub count_probe: Signal<Out, bool>,
    pub count_r1: Signal<Out, bool>,
    pub count_delayed: Signal<Out, bool>,
    pub count_refused: Signal<Out, bool>,
    pub quantum: Signal<In, Bits<4>>,
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
    pub done_tvalid: Signal<Out, bool>,
    pub done_tready: Signal<In, bool>,
    pub done: Signal<Out, Done>,
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
    pub count_bad_wqe: Signal<Out, bool>,
    core: Core<D, K, LK, C>,
    work: Work<D, K, LK, C>,
    state: Reg<TransmitState>,
    core_goes: Signal<Local, bool>,
    work_goes: Signal<Local, bool>,
    moves: Signal<Local, bool>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Transmit<D, K, LK, C> {
    /// Both of as many connections.
    pub fn new(cfg: &TxCfg, work: &WorkCfg) -> Self {
        assert!(
            cfg.conn_bits == work.conn_bits,
            "Transmit: {} and {} connection bits",
            cfg.conn_bits,
            work.conn_bits
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_remove: Default::default(),
            cmd_conn: Default::default(),
            cmd_gen: Default::default(),
            cmd_snd_una: Default::default(),
            cmd_snd_nxt: Default::default(),
            cmd_snd_wnd: Default::default(),
            cmd_wl1: Default::default(),
            cmd_wl2: Default::default(),
            cmd_scale: Default::default(),
            cmd_mss: Default::default(),
            cmd_timestamps: Default::default(),
            cmd_sack: Default::default(),
            cmd_lost_syn: Default::default(),
            cmd_max_wnd: Default::default(),
            cmd_rcv_nxt: Default::default(),
            cmd_rcv_wnd: Default::default(),
            cmd_rcv_mss: Default::default(),
            cmd_ts_recent: Default::default(),
            cmd_base: Default::default(),
            cmd_log: Default::default(),
            cmd_page: Default::default(),
            cmd_func: Default::default(),
            cmd_qpn: Default::default(),
            cmd_pd: Default::default(),
            cmd_msn: Default::default(),
            cmd_crc_en: Default::default(),
            cmd_tmpl: Default::default(),
            now: Default::default(),
            tick: Default::default(),
            rto_init: Default::default(),
            rto_min: Default::default(),
            rto_max: Default::default(),
            r2: Default::default(),
            delay: Default::default(),
            gap: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack_conn: Default::default(),
            ack_gen: Default::default(),
            ack_seq: Default::default(),
            ack_ack: Default::default(),
            ack_wnd: Default::default(),
            ack_payload_len: Default::default(),
            ack_flags: Default::default(),
            ack_tsecr: Default::default(),
            ack_ts_recent: Default::default(),
            ack_peer_sack_n: Default::default(),
            ack_peer_sack: Default::default(),
            ack_rcv_nxt: Default::default(),
            ack_ack_mode: Default::default(),
            ack_own_sack_n: Default::default(),
            ack_own_sack: Default::default(),
            snd_mirror_tvalid: Default::default(),
            snd_mirror_tready: Default::default(),
            snd_mirror_conn: Default::default(),
            snd_mirror_gen: Default::default(),
            snd_mirror_snd_una: Default::default(),
            snd_mirror_snd_nxt: Default::default(),
            snd_mirror_last_ack_sent: Default::default(),
            snd_mirror_max_wnd: Default::default(),
            dead_probe: Default::default(),
            mac_tx_tvalid: Default::default(),
            mac_tx_tready: Default::default(),
            mac_tx_tdata: Default::default(),
            mac_tx_tkeep: Default::default(),
            mac_tx_tlast: Default::default(),
            mac_tx_tuser: Default::default(),
            count_timeout: Default::default(),
            count_fast: Default::default(),
            count_probe: Default::default(),
            count_r1: Default::default(),
            count_delayed: Default::default(),
            count_refused: Default::default(),
            quantum: Default::default(),
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
            done_tvalid: Default::default(),
            done_tready: Default::default(),
            done: Default::default(),
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
            count_bad_wqe: Default::default(),
            core: Core::new(cfg),
            work: Work::new(work),
            state: Default::default(),
            core_goes: Default::default(),
            work_goes: Default::default(),
            moves: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for Transmit<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.core.ready.val() & self.work.ready.val();

        // A connection begins where its octets come from, and ends where they are sent.
        self.core_goes.next = ((self.state.q.val() == TransmitState::First)
            & self.cmd_remove.val())
            | ((self.state.q.val() == TransmitState::Second) & !self.cmd_remove.val());
        self.work_goes.next = ((self.state.q.val() == TransmitState::First)
            & !self.cmd_remove.val())
            | ((self.state.q.val() == TransmitState::Second) & self.cmd_remove.val());
        self.core.install_tvalid.next = self.core_goes.val();
        self.core.install_remove.next = self.cmd_remove.val();
        self.work.cmd_tvalid.next = self.work_goes.val();
        self.work.cmd_remove.next = self.cmd_remove.val();
        self.moves.next = (self.core_goes.val() & self.core.install_tready.val())
            | (self.work_goes.val() & self.work.cmd_tready.val());
        self.cmd_tready.next = self.moves.val() & (self.state.q.val() == TransmitState::Second);
        self.core.tmpl_wr.next = false;
        match self.state.q.val() {
            TransmitState::Idle => {
                if self.cmd_tvalid.val() {
                    self.core.tmpl_wr.next = !self.cmd_remove.val();
                    self.state.d.next = TransmitState::First;
                }
            }
            TransmitState::First => {
                if self.moves.val() {
                    self.state.d.next = TransmitState::Second;
                }
            }
            _ => {
                if self.moves.val() {
                    self.state.d.next = TransmitState::Idle;
                }
            }
        }
        self.core.tmpl_conn.next = self.cmd_conn.val();
        self.core.tmpl.next = self.cmd_tmpl.val();

        self.core.install_conn.next = self.cmd_conn.val();
        self.core.install_gen.next = self.cmd_gen.val();
        self.core.install_snd_una.next = self.cmd_snd_una.val();
        self.core.install_snd_nxt.next = self.cmd_snd_nxt.val();
        self.core.install_snd_wnd.next = self.cmd_snd_wnd.val();
        self.core.install_wl1.next = self.cmd_wl1.val();
        self.core.install_wl2.next = self.cmd_wl2.val();
        self.core.install_scale.next = self.cmd_scale.val();
        self.core.install_mss.next = self.cmd_mss.val();
        self.core.install_timestamps.next = self.cmd_timestamps.val();
        self.core.install_sack.next = self.cmd_sack.val();
        self.core.install_lost_syn.next = self.cmd_lost_syn.val();
        self.core.install_max_wnd.next = self.cmd_max_wnd.val();
        self.core.install_rcv_nxt.next = self.cmd_rcv_nxt.val();
        self.core.install_rcv_wnd.next = self.cmd_rcv_wnd.val();
        self.core.install_rcv_mss.next = self.cmd_rcv_mss.val();
        self.core.install_ts_recent.next = self.cmd_ts_recent.val();
        self.work.cmd_conn.next = self.cmd_conn.val();
        self.work.cmd_gen.next = self.cmd_gen.val();
        self.work.cmd_base.next = self.cmd_base.val();
        self.work.cmd_log.next = self.cmd_log.val();
        self.work.cmd_page.next = self.cmd_page.val();
        self.work.cmd_func.next = self.cmd_func.val();
        self.work.cmd_qpn.next = self.cmd_qpn.val();
        self.work.cmd_pd.next = self.cmd_pd.val();
        self.work.cmd_seq.next = self.cmd_snd_nxt.val();
        self.work.cmd_mss.next = self.cmd_mss.val();
        self.work.cmd_msn.next = self.cmd_msn.val();
        self.work.cmd_crc_en.next = self.cmd_crc_en.val();
        self.now.next = self.core.now.val();
        self.core.tick.next = self.tick.val();
        self.core.rto_init.next = self.rto_init.val();
        self.core.rto_min.next = self.rto_min.val();
        self.core.rto_max.next = self.rto_max.val();
        self.core.r2.next = self.r2.val();
        self.core.delay.next = self.delay.val();
        self.core.gap.next = self.gap.val();
        self.core.ack_tvalid.next = self.ack_tvalid.val();
        self.ack_tready.next = self.core.ack_tready.val();
        self.core.ack_conn.next = self.ack_conn.val();
        self.core.ack_gen.next = self.ack_gen.val();
        self.core.ack_seq.next = self.ack_seq.val();
        self.core.ack_ack.next = self.ack_ack.val();
        self.core.ack_wnd.next = self.ack_wnd.val();
        self.core.ack_payload_len.next = self.ack_payload_len.val();
        self.core.ack_flags.next = self.ack_flags.val();
        self.core.ack_tsecr.next = self.ack_tsecr.val();
        self.core.ack_ts_recent.next = self.ack_ts_recent.val();
        self.core.ack_peer_sack_n.next = self.ack_peer_sack_n.val();
        self.core.ack_peer_sack.next = self.ack_peer_sack.val();
        self.core.ack_rcv_nxt.next = self.ack_rcv_nxt.val();
        self.core.ack_ack_mode.next = self.ack_ack_mode.val();
        self.core.ack_own_sack_n.next = self.ack_own_sack_n.val();
        self.core.ack_own_sack.next = self.ack_own_sack.val();
        self.snd_mirror_tvalid.next = self.core.snd_mirror_tvalid.val();
        self.core.snd_mirror_tready.next = self.snd_mirror_tready.val();
        self.snd_mirror_conn.next = self.core.snd_mirror_conn.val();
        self.snd_mirror_gen.next = self.core.snd_mirror_gen.val();
        self.snd_mirror_snd_una.next = self.core.snd_mirror_snd_una.val();
        self.snd_mirror_snd_nxt.next = self.core.snd_mirror_snd_nxt.val();
        self.snd_mirror_last_ack_sent.next = self.core.snd_mirror_last_ack_sent.val();
        self.snd_mirror_max_wnd.next = self.core.snd_mirror_max_wnd.val();
        self.dead_probe.next = self.core.dead_probe.val();
        self.mac_tx_tvalid.next = self.core.mac_tx_tvalid.val();
        self.core.mac_tx_tready.next = self.mac_tx_tready.val();
        self.mac_tx_tdata.next = self.core.mac_tx_tdata.val();
        self.mac_tx_tkeep.next = self.core.mac_tx_tkeep.val();
        self.mac_tx_tlast.next = self.core.mac_tx_tlast.val();
        self.mac_tx_tuser.next = self.core.mac_tx_tuser.val();
        self.count_timeout.next = self.core.count_timeout.val();
        self.count_fast.next = self.core.count_fast.val();
        self.count_probe.next = self.core.count_probe.val();
        self.count_r1.next = self.core.count_r1.val();
        self.count_delayed.next = self.core.count_delayed.val();
        self.count_refused.next = self.core.count_refused.val();
        self.work.quantum.next = self.quantum.val();
        self.work.db_tvalid.next = self.db_tvalid.val();
        self.db_tready.next = self.work.db_tready.val();
        self.work.db_page.next = self.db_page.val();
        self.work.db_pi.next = self.db_pi.val();
        self.work.db_qpn.next = self.db_qpn.val();
        self.sq_rd_req_tvalid.next = self.work.sq_rd_req_tvalid.val();
        self.work.sq_rd_req_tready.next = self.sq_rd_req_tready.val();
        self.sq_rd_req.next = self.work.sq_rd_req.val();
        self.work.sq_rd_cpl_tvalid.next = self.sq_rd_cpl_tvalid.val();
        self.sq_rd_cpl_tready.next = self.work.sq_rd_cpl_tready.val();
        self.work.sq_rd_cpl_tdata.next = self.sq_rd_cpl_tdata.val();
        self.work.sq_rd_cpl_tkeep.next = self.sq_rd_cpl_tkeep.val();
        self.work.sq_rd_cpl_tag.next = self.sq_rd_cpl_tag.val();
        self.work.sq_rd_cpl_end_of_tag.next = self.sq_rd_cpl_end_of_tag.val();
        self.work.sq_rd_cpl_status.next = self.sq_rd_cpl_status.val();
        self.done_tvalid.next = self.work.done_tvalid.val();
        self.work.done_tready.next = self.done_tready.val();
        self.done.next = self.work.done.val();
        self.region_tvalid.next = self.work.region_tvalid.val();
        self.work.region_tready.next = self.region_tready.val();
        self.region.next = self.work.region.val();
        self.work.answer_tvalid.next = self.answer_tvalid.val();
        self.answer_tready.next = self.work.answer_tready.val();
        self.work.answer_ok.next = self.answer_ok.val();
        self.work.answer_addr.next = self.answer_addr.val();
        self.dma_rd_req_tvalid.next = self.work.dma_rd_req_tvalid.val();
        self.work.dma_rd_req_tready.next = self.dma_rd_req_tready.val();
        self.dma_rd_req.next = self.work.dma_rd_req.val();
        self.work.dma_rd_cpl_tvalid.next = self.dma_rd_cpl_tvalid.val();
        self.dma_rd_cpl_tready.next = self.work.dma_rd_cpl_tready.val();
        self.work.dma_rd_cpl_tdata.next = self.dma_rd_cpl_tdata.val();
        self.work.dma_rd_cpl_tkeep.next = self.dma_rd_cpl_tkeep.val();
        self.work.dma_rd_cpl_tag.next = self.dma_rd_cpl_tag.val();
        self.work.dma_rd_cpl_end_of_tag.next = self.dma_rd_cpl_end_of_tag.val();
        self.work.dma_rd_cpl_status.next = self.dma_rd_cpl_status.val();
        self.count_doorbell.next = self.work.count_doorbell.val();
        self.count_bad_wqe.next = self.work.count_bad.val();
        self.core.data_tvalid.next = self.work.data_tvalid.val();
        self.work.data_tready.next = self.core.data_tready.val();
        self.core.data_conn.next = self.work.data_conn.val();
        self.core.data_gen.next = self.work.data_gen.val();
        self.core.data_end.next = self.work.data_end.val();
        self.work.grant_tvalid.next = self.core.grant_tvalid.val();
        self.core.grant_tready.next = self.work.grant_tready.val();
        self.work.grant_conn.next = self.core.grant_conn.val();
        self.work.grant_gen.next = self.core.grant_gen.val();
        self.work.grant_kind.next = self.core.grant_kind.val();
        self.work.grant_from.next = self.core.grant_from.val();
        self.work.grant_budget.next = self.core.grant_budget.val();
        self.work.grant_idle.next = self.core.grant_idle.val();
        self.core.turn_tvalid.next = self.work.turn_tvalid.val();
        self.work.turn_tready.next = self.core.turn_tready.val();
        self.core.turn_conn.next = self.work.turn_conn.val();
        self.core.turn_gen.next = self.work.turn_gen.val();
        self.core.turn_seq.next = self.work.turn_seq.val();
        self.core.turn_len.next = self.work.turn_len.val();
        self.core.turn_n_fpdu.next = self.work.turn_n_fpdu.val();
        self.core.turn_psh.next = self.work.turn_psh.val();
        self.core.turn_probe.next = self.work.turn_probe.val();
        self.core.turn_last.next = self.work.turn_last.val();
        self.work.acked_tvalid.next = self.core.acked_tvalid.val();
        self.core.acked_tready.next = self.work.acked_tready.val();
        self.work.acked_conn.next = self.core.acked_conn.val();
        self.work.acked_gen.next = self.core.acked_gen.val();
        self.work.acked_snd_una.next = self.core.acked_snd_una.val();
        self.work.dead_tvalid.next = self.core.dead_tvalid.val();
        self.core.dead_tready.next = self.work.dead_tready.val();
        self.work.dead_conn.next = self.core.dead_conn.val();
        self.work.dead_gen.next = self.core.dead_gen.val();
        self.core.fpdu_valid.next = self.work.fpdu_valid.val();
        self.work.fpdu_ready.next = self.core.fpdu_ready.val();
        self.core.fpdu.next = self.work.fpdu.val();
        self.core.payload_tvalid.next = self.work.payload_tvalid.val();
        self.work.payload_tready.next = self.core.payload_tready.val();
        self.core.payload_tdata.next = self.work.payload_tdata.val();
        self.core.payload_tkeep.next = self.work.payload_tkeep.val();
        self.core.payload_tlast.next = self.work.payload_tlast.val();
    }
}
