//! The chip as far as it goes: the whole receive path with its tables, between the MAC and the seams to DMA, host and
//! transmit path.
//!
//! Ports are the seam streams of `ferrowarp_abi::stream`, flat: `<stream>_<field>`; a test compares the two. Nothing in
//! front of the ports parses anything. `docs/operations.md` walks a frame through the blocks below.
//!
//! Type parameters: `D` data bits, `K` = D / 8, `LK` = log2 K, `C` = LK + 1.

use crate::prim::fifo::Fifo;
use crate::prim::reg::Reg;
use crate::rx::assemble::Assembler;
use crate::rx::cfg::Cfg;
use crate::rx::command::Command;
use crate::rx::counters::Counters;
use crate::rx::deliver::Deliver;
use crate::rx::ingest::Ingest;
use crate::rx::lookup::Lookup;
use crate::rx::options::{OptionField, Options};
use crate::rx::peer_sack::PeerSack;
use crate::rx::pipe::Pipe;
use crate::rx::queues::Queues;
use crate::rx::tpt::Tpt;
use crate::rx::types::*;
use crate::rx::xtypes::Tally;
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Chip<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    // MAC and inject
    pub mac_rx_tdata: Signal<In, Bits<D>>,
    pub mac_rx_tkeep: Signal<In, Bits<K>>,
    pub mac_rx_tvalid: Signal<In, bool>,
    pub mac_rx_tlast: Signal<In, bool>,
    pub mac_rx_tuser: Signal<In, bool>,
    pub inject_tdata: Signal<In, Bits<D>>,
    pub inject_tkeep: Signal<In, Bits<K>>,
    pub inject_tvalid: Signal<In, bool>,
    pub inject_tready: Signal<Out, bool>,
    pub inject_tlast: Signal<In, bool>,
    pub inject_tuser: Signal<In, bool>,
    // DMA
    pub dma_wr_req_tvalid: Signal<Out, bool>,
    pub dma_wr_req_tready: Signal<In, bool>,
    pub dma_wr_req_addr: Signal<Out, Bits<64>>,
    pub dma_wr_req_len: Signal<Out, Bits<17>>,
    pub dma_wr_req_conn: Signal<Out, Bits<20>>,
    pub dma_wr_req_gen: Signal<Out, Bits<8>>,
    pub dma_wr_req_func: Signal<Out, Bits<8>>,
    pub dma_wr_req_class: Signal<Out, Bits<3>>,
    pub dma_wr_req_relaxed: Signal<Out, bool>,
    pub dma_wr_req_want_status: Signal<Out, bool>,
    pub dma_wr_req_id: Signal<Out, Bits<10>>,
    pub dma_wr_data_tvalid: Signal<Out, bool>,
    pub dma_wr_data_tready: Signal<In, bool>,
    pub dma_wr_data_tdata: Signal<Out, Bits<D>>,
    pub dma_wr_data_tkeep: Signal<Out, Bits<K>>,
    pub dma_wr_data_tlast: Signal<Out, bool>,
    pub dma_wr_status_tvalid: Signal<In, bool>,
    pub dma_wr_status_tready: Signal<Out, bool>,
    // To the host and the transmit path
    pub cpl_event_tvalid: Signal<Out, bool>,
    pub cpl_event_tready: Signal<In, bool>,
    pub cpl_event_conn: Signal<Out, Bits<20>>,
    pub cpl_event_gen: Signal<Out, Bits<8>>,
    pub cpl_event_kind: Signal<Out, Bits<4>>,
    pub cpl_event_opcode: Signal<Out, Bits<4>>,
    pub cpl_event_flags: Signal<Out, Bits<8>>,
    pub cpl_event_msn: Signal<Out, Bits<32>>,
    pub cpl_event_len: Signal<Out, Bits<32>>,
    pub cpl_event_rqe_idx: Signal<Out, Bits<16>>,
    pub cpl_event_inv_stag: Signal<Out, Bits<32>>,
    pub cpl_event_imm: Signal<Out, Bits<64>>,
    pub cpl_event_term: Signal<Out, Bits<16>>,
    pub cpl_event_segment_len: Signal<Out, Bits<16>>,
    pub cpl_event_hdr_len: Signal<Out, Bits<6>>,
    pub cpl_event_fence_id: Signal<Out, Bits<10>>,
    pub cpl_event_hdr: Signal<Out, Bits<368>>,
    pub read_request_tvalid: Signal<Out, bool>,
    pub read_request_tready: Signal<In, bool>,
    pub read_request_conn: Signal<Out, Bits<20>>,
    pub read_request_gen: Signal<Out, Bits<8>>,
    pub read_request_msn: Signal<Out, Bits<32>>,
    pub read_request_sink_stag: Signal<Out, Bits<32>>,
    pub read_request_sink_to: Signal<Out, Bits<64>>,
    pub read_request_len: Signal<Out, Bits<32>>,
    pub read_request_src_stag: Signal<Out, Bits<32>>,
    pub read_request_src_to: Signal<Out, Bits<64>>,
    pub atomic_request_tvalid: Signal<Out, bool>,
    pub atomic_request_tready: Signal<In, bool>,
    pub atomic_request_conn: Signal<Out, Bits<20>>,
    pub atomic_request_gen: Signal<Out, Bits<8>>,
    pub atomic_request_msn: Signal<Out, Bits<32>>,
    pub atomic_request_op: Signal<Out, Bits<4>>,
    pub atomic_request_id: Signal<Out, Bits<32>>,
    pub atomic_request_stag: Signal<Out, Bits<32>>,
    pub atomic_request_to: Signal<Out, Bits<64>>,
    pub atomic_request_data: Signal<Out, Bits<64>>,
    pub atomic_request_mask: Signal<Out, Bits<64>>,
    pub atomic_request_compare: Signal<Out, Bits<64>>,
    pub atomic_request_compare_mask: Signal<Out, Bits<64>>,
    // From the host and the transmit path
    pub snd_mirror_tvalid: Signal<In, bool>,
    pub snd_mirror_tready: Signal<Out, bool>,
    pub snd_mirror_conn: Signal<In, Bits<20>>,
    pub snd_mirror_gen: Signal<In, Bits<8>>,
    pub snd_mirror_snd_una: Signal<In, Bits<32>>,
    pub snd_mirror_snd_nxt: Signal<In, Bits<32>>,
    pub snd_mirror_last_ack_sent: Signal<In, Bits<32>>,
    pub snd_mirror_max_wnd: Signal<In, Bits<32>>,
    pub read_issue_tvalid: Signal<In, bool>,
    pub read_issue_tready: Signal<Out, bool>,
    pub read_issue_conn: Signal<In, Bits<20>>,
    pub read_issue_gen: Signal<In, Bits<8>>,
    pub read_issue_sq_idx: Signal<In, Bits<16>>,
    pub read_issue_sink_stag: Signal<In, Bits<32>>,
    pub read_issue_sink_to: Signal<In, Bits<64>>,
    pub read_issue_len: Signal<In, Bits<32>>,
    pub read_issue_atomic: Signal<In, bool>,
    pub read_done_tvalid: Signal<In, bool>,
    pub read_done_tready: Signal<Out, bool>,
    pub read_done_conn: Signal<In, Bits<20>>,
    pub read_done_gen: Signal<In, Bits<8>>,
    pub read_done_count: Signal<In, Bits<5>>,
    pub rx_post_tvalid: Signal<In, bool>,
    pub rx_post_tready: Signal<Out, bool>,
    pub rx_post_rq: Signal<In, Bits<20>>,
    pub rx_post_rqe_idx: Signal<In, Bits<16>>,
    pub rx_post_n_sge: Signal<In, Bits<3>>,
    pub rx_post_first: Signal<In, bool>,
    pub rx_post_last: Signal<In, bool>,
    pub rx_post_addr: Signal<In, Bits<64>>,
    pub rx_post_len: Signal<In, Bits<32>>,
    pub rx_post_lkey: Signal<In, Bits<32>>,
    // Tables and registers
    pub table_cmd_tvalid: Signal<In, bool>,
    pub table_cmd_tready: Signal<Out, bool>,
    pub table_cmd_table: Signal<In, Bits<4>>,
    pub table_cmd_op: Signal<In, Bits<3>>,
    pub table_cmd_index: Signal<In, Bits<24>>,
    pub table_cmd_word: Signal<In, Bits<6>>,
    pub table_cmd_data: Signal<In, Bits<64>>,
    pub table_rsp_tvalid: Signal<Out, bool>,
    pub table_rsp_tready: Signal<In, bool>,
    pub table_rsp_status: Signal<Out, Bits<4>>,
    pub table_rsp_data: Signal<Out, Bits<64>>,
    // Report on a segment
    pub ack_event_tvalid: Signal<Out, bool>,
    pub ack_event_tready: Signal<In, bool>,
    pub ack_event_conn: Signal<Out, Bits<20>>,
    pub ack_event_gen: Signal<Out, Bits<8>>,
    pub ack_event_seq: Signal<Out, Bits<32>>,
    pub ack_event_ack: Signal<Out, Bits<32>>,
    pub ack_event_wnd: Signal<Out, Bits<16>>,
    pub ack_event_payload_len: Signal<Out, Bits<16>>,
    pub ack_event_flags: Signal<Out, Bits<11>>,
    pub ack_event_tsval: Signal<Out, Bits<32>>,
    pub ack_event_tsecr: Signal<Out, Bits<32>>,
    pub ack_event_ts_recent: Signal<Out, Bits<32>>,
    pub ack_event_peer_sack_n: Signal<Out, Bits<3>>,
    pub ack_event_peer_sack: Signal<Out, Bits<256>>,
    pub ack_event_rcv_nxt: Signal<Out, Bits<32>>,
    pub ack_event_ack_mode: Signal<Out, Bits<2>>,
    pub ack_event_own_sack_n: Signal<Out, Bits<3>>,
    pub ack_event_own_sack: Signal<Out, Bits<256>>,
    // Registers
    pub registers_tvalid: Signal<In, bool>,
    pub registers_tready: Signal<Out, bool>,
    pub registers_address: Signal<In, Bits<16>>,
    pub registers_write: Signal<In, bool>,
    pub registers_data: Signal<In, Bits<32>>,
    pub registers_rsp_tvalid: Signal<Out, bool>,
    pub registers_rsp_tready: Signal<In, bool>,
    pub registers_rsp_data: Signal<Out, Bits<32>>,

    ingest: Ingest<D, K, LK>,
    lookup: Lookup,
    regions: Tpt,
    queues: Queues,
    pipe: Pipe,
    asm: Assembler<D, K, LK>,
    deliver: Deliver<D, K, LK, C>,
    command: Command,
    counters: Counters,
    /// `ack_event`: twice the window, for what waits for the transmit path.
    acks: Fifo<Ack, 5>,
    roomy: Reg<bool>,
    seg_roomy: Reg<bool>,
    need: Constant<Bits<8>>,
    ack_need: Constant<Bits<8>>,
    /// An FPDU of the assembler is in the pipeline.
    fpdu_busy: Reg<bool>,
    /// `Cfg::bypass`: the staging RAM was the assembler's in the cycle before.
    asm_had: Vec<Reg<bool>>,
    _bypass: usize,
    unused_turn: Signal<Local, bool>,
    fpdus: Reg<Bits<3>>,
    fpdu_alone: Reg<bool>,
    fpdus_now: Signal<Local, Bits<3>>,
    fpdu_starts: Signal<Local, bool>,
    fpdu_hold: Signal<Local, bool>,
    responds: Signal<Local, bool>,
    most_fpdus: Constant<Bits<3>>,
    asm_wants: Signal<Local, bool>,
    op_start: Signal<Local, bool>,
    state: Signal<Local, Dyn>,
    unused_state: Signal<Local, Dyn>,
    mirror: Signal<Local, Mirror>,
    unused_mirror: Signal<Local, Mirror>,
    timestamps: Constant<bool>,
    /// One, or none (`Cfg::timestamps`); without it nobody asks.
    options: Vec<Options>,
    peer_sack: Vec<PeerSack>,
    _options: usize,
    unused_push: Signal<Local, bool>,
    unused_options: Signal<Local, OptionField>,
    unused_found_pop: Signal<Local, bool>,
    unused_op: Signal<Local, Op>,
    why: Signal<Local, Tally>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Chip<D, K, LK, C> {
    const OK: () = assert!(
        K * 8 == D && 1 << LK == K && C == LK + 1,
        "Chip: K = D/8, LK = log2 K, C = LK + 1"
    );

    /// The chip of the sizes `cfg`. Large: box it, and build it on a thread with a large stack.
    pub fn new(cfg: &Cfg) -> Self {
        let () = Self::OK;
        assert!(
            cfg.window <= 16,
            "window {}: the FIFOs behind the pipeline hold 16 and a margin",
            cfg.window
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            mac_rx_tdata: Default::default(),
            mac_rx_tkeep: Default::default(),
            mac_rx_tvalid: Default::default(),
            mac_rx_tlast: Default::default(),
            mac_rx_tuser: Default::default(),
            inject_tdata: Default::default(),
            inject_tkeep: Default::default(),
            inject_tvalid: Default::default(),
            inject_tready: Default::default(),
            inject_tlast: Default::default(),
            inject_tuser: Default::default(),
            dma_wr_req_tvalid: Default::default(),
            dma_wr_req_tready: Default::default(),
            dma_wr_req_addr: Default::default(),
            dma_wr_req_len: Default::default(),
            dma_wr_req_conn: Default::default(),
            dma_wr_req_gen: Default::default(),
            dma_wr_req_func: Default::default(),
            dma_wr_req_class: Default::default(),
            dma_wr_req_relaxed: Default::default(),
            dma_wr_req_want_status: Default::default(),
            dma_wr_req_id: Default::default(),
            dma_wr_data_tvalid: Default::default(),
            dma_wr_data_tready: Default::default(),
            dma_wr_data_tdata: Default::default(),
            dma_wr_data_tkeep: Default::default(),
            dma_wr_data_tlast: Default::default(),
            dma_wr_status_tvalid: Default::default(),
            dma_wr_status_tready: Default::default(),
            cpl_event_tvalid: Default::default(),
            cpl_event_tready: Default::default(),
            cpl_event_conn: Default::default(),
            cpl_event_gen: Default::default(),
            cpl_event_kind: Default::default(),
            cpl_event_opcode: Default::default(),
            cpl_event_flags: Default::default(),
            cpl_event_msn: Default::default(),
            cpl_event_len: Default::default(),
            cpl_event_rqe_idx: Default::default(),
            cpl_event_inv_stag: Default::default(),
            cpl_event_imm: Default::default(),
            cpl_event_term: Default::default(),
            cpl_event_segment_len: Default::default(),
            cpl_event_hdr_len: Default::default(),
            cpl_event_fence_id: Default::default(),
            cpl_event_hdr: Default::default(),
            read_request_tvalid: Default::default(),
            read_request_tready: Default::default(),
            read_request_conn: Default::default(),
            read_request_gen: Default::default(),
            read_request_msn: Default::default(),
            read_request_sink_stag: Default::default(),
            read_request_sink_to: Default::default(),
            read_request_len: Default::default(),
            read_request_src_stag: Default::default(),
            read_request_src_to: Default::default(),
            atomic_request_tvalid: Default::default(),
            atomic_request_tready: Default::default(),
            atomic_request_conn: Default::default(),
            atomic_request_gen: Default::default(),
            atomic_request_msn: Default::default(),
            atomic_request_op: Default::default(),
            atomic_request_id: Default::default(),
            atomic_request_stag: Default::default(),
            atomic_request_to: Default::default(),
            atomic_request_data: Default::default(),
            atomic_request_mask: Default::default(),
            atomic_request_compare: Default::default(),
            atomic_request_compare_mask: Default::default(),
            snd_mirror_tvalid: Default::default(),
            snd_mirror_tready: Default::default(),
            snd_mirror_conn: Default::default(),
            snd_mirror_gen: Default::default(),
            snd_mirror_snd_una: Default::default(),
            snd_mirror_snd_nxt: Default::default(),
            snd_mirror_last_ack_sent: Default::default(),
            snd_mirror_max_wnd: Default::default(),
            read_issue_tvalid: Default::default(),
            read_issue_tready: Default::default(),
            read_issue_conn: Default::default(),
            read_issue_gen: Default::default(),
            read_issue_sq_idx: Default::default(),
            read_issue_sink_stag: Default::default(),
            read_issue_sink_to: Default::default(),
            read_issue_len: Default::default(),
            read_issue_atomic: Default::default(),
            read_done_tvalid: Default::default(),
            read_done_tready: Default::default(),
            read_done_conn: Default::default(),
            read_done_gen: Default::default(),
            read_done_count: Default::default(),
            rx_post_tvalid: Default::default(),
            rx_post_tready: Default::default(),
            rx_post_rq: Default::default(),
            rx_post_rqe_idx: Default::default(),
            rx_post_n_sge: Default::default(),
            rx_post_first: Default::default(),
            rx_post_last: Default::default(),
            rx_post_addr: Default::default(),
            rx_post_len: Default::default(),
            rx_post_lkey: Default::default(),
            table_cmd_tvalid: Default::default(),
            table_cmd_tready: Default::default(),
            table_cmd_table: Default::default(),
            table_cmd_op: Default::default(),
            table_cmd_index: Default::default(),
            table_cmd_word: Default::default(),
            table_cmd_data: Default::default(),
            table_rsp_tvalid: Default::default(),
            table_rsp_tready: Default::default(),
            table_rsp_status: Default::default(),
            table_rsp_data: Default::default(),
            ack_event_tvalid: Default::default(),
            ack_event_tready: Default::default(),
            ack_event_conn: Default::default(),
            ack_event_gen: Default::default(),
            ack_event_seq: Default::default(),
            ack_event_ack: Default::default(),
            ack_event_wnd: Default::default(),
            ack_event_payload_len: Default::default(),
            ack_event_flags: Default::default(),
            ack_event_tsval: Default::default(),
            ack_event_tsecr: Default::default(),
            ack_event_ts_recent: Default::default(),
            ack_event_peer_sack_n: Default::default(),
            ack_event_peer_sack: Default::default(),
            ack_event_rcv_nxt: Default::default(),
            ack_event_ack_mode: Default::default(),
            ack_event_own_sack_n: Default::default(),
            ack_event_own_sack: Default::default(),
            registers_tvalid: Default::default(),
            registers_tready: Default::default(),
            registers_address: Default::default(),
            registers_write: Default::default(),
            registers_data: Default::default(),
            registers_rsp_tvalid: Default::default(),
            registers_rsp_tready: Default::default(),
            registers_rsp_data: Default::default(),
            ingest: Ingest::new(cfg),
            lookup: Lookup::new(cfg),
            regions: Tpt::new(cfg),
            queues: Queues::new(cfg),
            pipe: Pipe::new(LK, cfg),
            asm: Assembler::new(cfg),
            deliver: Deliver::new(cfg),
            command: Command::new(cfg),
            counters: Counters::new(cfg, D),
            acks: Fifo::sized(cfg.queue_bits()),
            roomy: Default::default(),
            seg_roomy: Default::default(),
            need: Constant::new((cfg.credit() as u64).to_bits()),
            ack_need: Constant::new((cfg.ack_credit() as u64).to_bits()),
            fpdu_busy: Default::default(),
            asm_had: (0..usize::from(cfg.bypass(LK)))
                .map(|_| Reg::default())
                .collect(),
            _bypass: cfg.bypass(LK).into(),
            unused_turn: Default::default(),
            fpdus: Default::default(),
            fpdu_alone: Default::default(),
            fpdus_now: Default::default(),
            fpdu_starts: Default::default(),
            fpdu_hold: Default::default(),
            responds: Default::default(),
            most_fpdus: Constant::new(cfg.fpdus().to_bits()),
            asm_wants: Default::default(),
            op_start: Default::default(),
            state: Default::default(),
            unused_state: Default::default(),
            mirror: Default::default(),
            unused_mirror: Default::default(),
            timestamps: Constant::new(cfg.timestamps),
            options: (0..usize::from(cfg.timestamps))
                .map(|_| Options::default())
                .collect(),
            peer_sack: (0..usize::from(cfg.timestamps))
                .map(|_| PeerSack::new(cfg))
                .collect(),
            _options: cfg.timestamps.into(),
            unused_push: Default::default(),
            unused_options: Default::default(),
            unused_found_pop: Default::default(),
            unused_op: Default::default(),
            why: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Chip<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        // MAC and inject
        self.ingest.mac_rx_tdata.next = self.mac_rx_tdata.val();
        self.ingest.mac_rx_tkeep.next = self.mac_rx_tkeep.val();
        self.ingest.mac_rx_tvalid.next = self.mac_rx_tvalid.val();
        self.ingest.mac_rx_tlast.next = self.mac_rx_tlast.val();
        self.ingest.mac_rx_tuser.next = self.mac_rx_tuser.val();
        self.ingest.inject_tdata.next = self.inject_tdata.val();
        self.ingest.inject_tkeep.next = self.inject_tkeep.val();
        self.ingest.inject_tvalid.next = self.inject_tvalid.val();
        self.inject_tready.next = self.ingest.inject_tready.val();
        self.ingest.inject_tlast.next = self.inject_tlast.val();
        self.ingest.inject_tuser.next = self.inject_tuser.val();
        // DMA
        self.dma_wr_req_tvalid.next = self.deliver.dma_wr_req_tvalid.val();
        self.deliver.dma_wr_req_tready.next = self.dma_wr_req_tready.val();
        self.dma_wr_req_addr.next = self.deliver.dma_wr_req_addr.val();
        self.dma_wr_req_len.next = self.deliver.dma_wr_req_len.val();
        self.dma_wr_req_conn.next = self.deliver.dma_wr_req_conn.val();
        self.dma_wr_req_gen.next = self.deliver.dma_wr_req_gen.val();
        self.dma_wr_req_func.next = self.deliver.dma_wr_req_func.val();
        self.dma_wr_req_class.next = self.deliver.dma_wr_req_class.val();
        self.dma_wr_req_relaxed.next = self.deliver.dma_wr_req_relaxed.val();
        self.dma_wr_req_want_status.next = self.deliver.dma_wr_req_want_status.val();
        self.dma_wr_req_id.next = self.deliver.dma_wr_req_id.val();
        self.dma_wr_data_tvalid.next = self.deliver.dma_wr_data_tvalid.val();
        self.deliver.dma_wr_data_tready.next = self.dma_wr_data_tready.val();
        self.dma_wr_data_tdata.next = self.deliver.dma_wr_data_tdata.val();
        self.dma_wr_data_tkeep.next = self.deliver.dma_wr_data_tkeep.val();
        self.dma_wr_data_tlast.next = self.deliver.dma_wr_data_tlast.val();
        self.deliver.dma_wr_status_tvalid.next = self.dma_wr_status_tvalid.val();
        self.dma_wr_status_tready.next = self.deliver.dma_wr_status_tready.val();
        // To the host and the transmit path
        self.cpl_event_tvalid.next = self.deliver.cpl_event_tvalid.val();
        self.deliver.cpl_event_tready.next = self.cpl_event_tready.val();
        self.cpl_event_conn.next = self.deliver.cpl_event_conn.val();
        self.cpl_event_gen.next = self.deliver.cpl_event_gen.val();
        self.cpl_event_kind.next = self.deliver.cpl_event_kind.val();
        self.cpl_event_opcode.next = self.deliver.cpl_event_opcode.val();
        self.cpl_event_flags.next = self.deliver.cpl_event_flags.val();
        self.cpl_event_msn.next = self.deliver.cpl_event_msn.val();
        self.cpl_event_len.next = self.deliver.cpl_event_len.val();
        self.cpl_event_rqe_idx.next = self.deliver.cpl_event_rqe_idx.val();
        self.cpl_event_inv_stag.next = self.deliver.cpl_event_inv_stag.val();
        self.cpl_event_imm.next = self.deliver.cpl_event_imm.val();
        self.cpl_event_term.next = self.deliver.cpl_event_term.val();
        self.cpl_event_segment_len.next = self.deliver.cpl_event_segment_len.val();
        self.cpl_event_hdr_len.next = self.deliver.cpl_event_hdr_len.val();
        self.cpl_event_fence_id.next = self.deliver.cpl_event_fence_id.val();
        self.cpl_event_hdr.next = self.deliver.cpl_event_hdr.val();
        self.read_request_tvalid.next = self.deliver.read_request_tvalid.val();
        self.deliver.read_request_tready.next = self.read_request_tready.val();
        self.read_request_conn.next = self.deliver.read_request_conn.val();
        self.read_request_gen.next = self.deliver.read_request_gen.val();
        self.read_request_msn.next = self.deliver.read_request_msn.val();
        self.read_request_sink_stag.next = self.deliver.read_request_sink_stag.val();
        self.read_request_sink_to.next = self.deliver.read_request_sink_to.val();
        self.read_request_len.next = self.deliver.read_request_len.val();
        self.read_request_src_stag.next = self.deliver.read_request_src_stag.val();
        self.read_request_src_to.next = self.deliver.read_request_src_to.val();
        self.atomic_request_tvalid.next = self.deliver.atomic_request_tvalid.val();
        self.deliver.atomic_request_tready.next = self.atomic_request_tready.val();
        self.atomic_request_conn.next = self.deliver.atomic_request_conn.val();
        self.atomic_request_gen.next = self.deliver.atomic_request_gen.val();
        self.atomic_request_msn.next = self.deliver.atomic_request_msn.val();
        self.atomic_request_op.next = self.deliver.atomic_request_op.val();
        self.atomic_request_id.next = self.deliver.atomic_request_id.val();
        self.atomic_request_stag.next = self.deliver.atomic_request_stag.val();
        self.atomic_request_to.next = self.deliver.atomic_request_to.val();
        self.atomic_request_data.next = self.deliver.atomic_request_data.val();
        self.atomic_request_mask.next = self.deliver.atomic_request_mask.val();
        self.atomic_request_compare.next = self.deliver.atomic_request_compare.val();
        self.atomic_request_compare_mask.next = self.deliver.atomic_request_compare_mask.val();
        // From the host and the transmit path
        self.queues.snd_mirror_tvalid.next = self.snd_mirror_tvalid.val();
        self.snd_mirror_tready.next = self.queues.snd_mirror_tready.val();
        self.queues.snd_mirror_conn.next = self.snd_mirror_conn.val();
        self.queues.snd_mirror_gen.next = self.snd_mirror_gen.val();
        self.queues.snd_mirror_snd_una.next = self.snd_mirror_snd_una.val();
        self.queues.snd_mirror_snd_nxt.next = self.snd_mirror_snd_nxt.val();
        self.queues.snd_mirror_last_ack_sent.next = self.snd_mirror_last_ack_sent.val();
        self.queues.snd_mirror_max_wnd.next = self.snd_mirror_max_wnd.val();
        self.queues.read_issue_tvalid.next = self.read_issue_tvalid.val();
        self.read_issue_tready.next = self.queues.read_issue_tready.val();
        self.queues.read_issue_conn.next = self.read_issue_conn.val();
        self.queues.read_issue_gen.next = self.read_issue_gen.val();
        self.queues.read_issue_sq_idx.next = self.read_issue_sq_idx.val();
        self.queues.read_issue_sink_stag.next = self.read_issue_sink_stag.val();
        self.queues.read_issue_sink_to.next = self.read_issue_sink_to.val();
        self.queues.read_issue_len.next = self.read_issue_len.val();
        self.queues.read_issue_atomic.next = self.read_issue_atomic.val();
        self.queues.read_done_tvalid.next = self.read_done_tvalid.val();
        self.read_done_tready.next = self.queues.read_done_tready.val();
        self.queues.read_done_conn.next = self.read_done_conn.val();
        self.queues.read_done_gen.next = self.read_done_gen.val();
        self.queues.read_done_count.next = self.read_done_count.val();
        self.queues.rx_post_tvalid.next = self.rx_post_tvalid.val();
        self.rx_post_tready.next = self.queues.rx_post_tready.val();
        self.queues.rx_post_rq.next = self.rx_post_rq.val();
        self.queues.rx_post_rqe_idx.next = self.rx_post_rqe_idx.val();
        self.queues.rx_post_n_sge.next = self.rx_post_n_sge.val();
        self.queues.rx_post_first.next = self.rx_post_first.val();
        self.queues.rx_post_last.next = self.rx_post_last.val();
        self.queues.rx_post_addr.next = self.rx_post_addr.val();
        self.queues.rx_post_len.next = self.rx_post_len.val();
        self.queues.rx_post_lkey.next = self.rx_post_lkey.val();
        // Tables and registers
        self.command.table_cmd_tvalid.next = self.table_cmd_tvalid.val();
        self.table_cmd_tready.next = self.command.table_cmd_tready.val();
        self.command.table_cmd_table.next = self.table_cmd_table.val();
        self.command.table_cmd_op.next = self.table_cmd_op.val();
        self.command.table_cmd_index.next = self.table_cmd_index.val();
        self.command.table_cmd_word.next = self.table_cmd_word.val();
        self.command.table_cmd_data.next = self.table_cmd_data.val();
        self.table_rsp_tvalid.next = self.command.table_rsp_tvalid.val();
        self.command.table_rsp_tready.next = self.table_rsp_tready.val();
        self.table_rsp_status.next = self.command.table_rsp_status.val();
        self.table_rsp_data.next = self.command.table_rsp_data.val();
        // Ingest -> lookup, TPT
        self.lookup.launch_valid.next = self.ingest.launch_valid.val();
        self.lookup.launch_tuple.next = self.ingest.launch_tuple.val();
        self.lookup.launch_upper.next = self.ingest.launch_upper.val();
        self.lookup.tpt_pending.next = self.ingest.tpt_pending.val();
        self.lookup.frame_tpt_valid.next = self.ingest.tpt_valid.val();
        self.lookup.tpt_more.next = self.ingest.tpt_more.val();
        self.regions.frame_valid.next = self.ingest.tpt_valid.val();
        self.regions.frame_maybe.next = self.ingest.tpt_maybe.val();
        self.regions.frame_stag.next = self.ingest.tpt_stag.val();
        self.regions.op_valid.next = self.lookup.op_tpt_valid.val();
        self.regions.op_stag.next = self.lookup.op_tpt_stag.val();
        // -> decision pipeline
        self.pipe.done_valid.next = self.ingest.done_valid.val();
        self.pipe.done.next = self.ingest.done.val();
        self.unused_push.next = self.ingest.options_push.val();
        self.unused_options.next = self.ingest.options.val();
        self.unused_found_pop.next = self.pipe.found_pop.val();
        self.pipe.found_valid.next = false;
        self.pipe.found.next.ts = false;
        self.pipe.found.next.tsval = 0.into();
        self.pipe.found.next.tsecr = 0.into();
        for i in 0..self._options {
            self.options[i].push.next = self.ingest.options_push.val();
            self.options[i].din.next = self.ingest.options.val();
            self.options[i].pop.next = self.pipe.found_pop.val();
            self.pipe.found_valid.next = self.options[i].valid.val();
            self.pipe.found.next = self.options[i].dout.val();
            self.peer_sack[i].found_pop.next = self.pipe.found_pop.val();
            self.peer_sack[i].found_n.next = self.options[i].sack_n.val();
            self.peer_sack[i].found.next = self.options[i].sack.val();
        }
        self.pipe.hdrb.next = self.ingest.hdrb.val();
        self.pipe.scan.next = self.ingest.scan.val();
        self.ingest.done_pop.next = self.pipe.done_pop.val();
        self.ingest.hdrb_pop.next = self.pipe.hdrb_pop.val();
        self.pipe.part.next = self.ingest.part.val();
        self.pipe.part_hdrb.next = self.ingest.part_hdrb.val();
        self.ingest.part_hdrb_pop.next = self.pipe.part_hdrb_pop.val();
        self.pipe.part_oks.next = self.ingest.part_oks.val();
        self.pipe.part_start.next = self.ingest.part_start.val();
        self.ingest.part_room.next = self.pipe.part_room.val();
        self.ingest.scan_pop.next = self.pipe.scan_pop.val();
        self.ingest.admit.next = self.pipe.admit.val();
        self.pipe.ctx_valid.next = self.lookup.ctx_valid.val();
        self.pipe.ctx.next = self.lookup.ctx.val();
        self.pipe.note.next = self.lookup.next_valid.val();
        self.pipe.note_conn.next = self.lookup.next_conn.val();
        self.pipe.opq.next = self.lookup.opq.val();
        self.lookup.ctx_pop.next = self.pipe.ctx_pop.val();
        self.lookup.opq_pop.next = self.pipe.opq_pop.val();
        self.lookup.op_room.next = self.pipe.op_room.val();
        self.pipe.tpt.next = self.regions.tpt.val();
        self.regions.tpt_pop.next = self.pipe.tpt_pop.val();
        self.regions.inv_valid.next = self.pipe.inv_valid.val();
        self.regions.inv_set.next = self.pipe.inv_set.val();
        self.regions.inv_way.next = self.pipe.inv_way.val();
        self.queues.q_conn.next = self.pipe.q_conn.val();
        self.queues.q_msn.next = self.pipe.q_msn.val();
        self.queues.q_head.next = self.pipe.q_head.val();
        self.queues.nic_pop.next = self.pipe.nic_pop.val();
        self.pipe.rqe.next = self.queues.rqe.val();
        self.pipe.rdq.next = self.queues.rdq.val();
        self.pipe.nic_valid.next = self.queues.nic_valid.val();
        self.pipe.nic_addr.next = self.queues.nic_addr.val();
        self.pipe.nic_idx.next = self.queues.nic_idx.val();
        self.pipe.frame_start.next = self.ingest.frame_start.val();
        // -> deliver
        self.deliver.nic_push.next = self.pipe.nic_push.val();
        self.deliver.nic_desc.next = self.pipe.nic_desc.val();
        self.deliver.x_push.next = self.pipe.x_push.val();
        self.deliver.x_desc.next = self.pipe.x_desc.val();
        self.deliver.aux.next = self.pipe.aux.val();
        // -> assembler
        self.asm.seg_push.next = self.pipe.seg_push.val();
        self.asm.seg_din.next = self.pipe.seg.val();
        self.asm.seg_hdr.next = self.pipe.seg_hdr.val();
        // Staging: deliver first; the assembler takes the cycles that are left. Where deliver may be behind with FPDUs that the
        // assembler left there, every other cycle is the assembler's: two beats a read, so both go on at full speed or nearly.
        self.unused_turn.next = self.asm.st_req.val();
        self.deliver.st_gives.next = false;
        for i in 0..self._bypass {
            self.deliver.st_gives.next = self.asm.st_req.val() & !self.asm_had[i].q.val();
            self.asm_had[i].d.next = self.asm.st_req.val() & !self.asm_had[i].q.val();
        }
        self.ingest.rd_addr.next = self.deliver.st_addr.val();
        self.ingest.rd_next.next = self.deliver.st_next.val();
        if !self.deliver.st_busy.val() {
            self.ingest.rd_addr.next = self.asm.st_addr.val();
            self.ingest.rd_next.next = self.asm.st_next.val();
        }
        self.asm.st_grant.next = !self.deliver.st_busy.val();
        self.asm.st_lo.next = self.ingest.rd_lo.val();
        self.deliver.st_lo.next = self.ingest.rd_lo.val();
        self.asm.st_hi.next = self.ingest.rd_hi.val();
        self.deliver.st_hi.next = self.ingest.rd_hi.val();
        // Pool
        self.asm.pr_beat_lo.next = self.deliver.pr_lo_beat.val();
        self.asm.pr_beat_hi.next = self.deliver.pr_hi_beat.val();
        self.deliver.pr_lo.next = self.asm.pr_lo.val();
        self.deliver.pr_hi.next = self.asm.pr_hi.val();
        self.deliver.nx_next.next = self.asm.nx_next.val();
        self.deliver.cf_ready.next = self.asm.cf_ready.val();
        self.asm.nx_blk.next = self.deliver.nx_blk.val();
        self.asm.cf_valid.next = self.deliver.cf_valid.val();
        self.asm.cf_blk.next = self.deliver.cf_blk.val();
        // Slots come back from three places.
        self.ingest.free_valid_0.next = self.pipe.free_valid.val();
        self.ingest.free_slot_0.next = self.pipe.free_slot.val();
        self.ingest.free_valid_1.next = self.deliver.free_valid.val();
        self.ingest.free_slot_1.next = self.deliver.free_slot.val();
        self.ingest.free_valid_2.next = self.asm.free_valid.val();
        self.ingest.free_slot_2.next = self.asm.free_slot.val();
        // Connection state
        self.lookup.dyn_we.next = self.pipe.dyn_we.val();
        self.lookup.dyn_conn.next = self.pipe.dyn_conn.val();
        self.lookup.dyn_row.next = self.pipe.dyn_row.val();
        self.queues.cons_we.next = self.pipe.dyn_we.val();
        self.queues.cons_conn.next = self.pipe.dyn_conn.val();
        self.state.next = self.pipe.dyn_row.val();
        self.unused_state.next = self.state.val();
        self.queues.cons_smsn.next = self.state.val().smsn;
        self.queues.cons_head.next = self.state.val().rd_head;
        self.lookup.mir_we.next = self.queues.mir_we.val();
        self.lookup.mir_conn.next = self.queues.mir_conn.val();
        self.lookup.mir_row.next = self.queues.mir_row.val();
        self.pipe.mir_we.next = self.queues.mir_we.val();
        self.pipe.mir_conn.next = self.queues.mir_conn.val();
        self.mirror.next = self.queues.mir_row.val();
        self.unused_mirror.next = self.mirror.val();
        self.pipe.mir_ack.next = self.mirror.val().last_ack;
        self.pipe.ts_day.next = self.counters.ts_day.val();
        self.lookup.rdd_we.next = self.queues.rdd_we.val();
        self.lookup.rdd_conn.next = self.queues.rdd_conn.val();
        self.lookup.rdd_val.next = self.queues.rdd_val.val();
        // Command block
        self.lookup.lkp_we.next = self.command.lkp_we.val();
        self.lookup.lkp_sel.next = self.command.lkp_sel.val();
        self.lookup.lkp_bucket.next = self.command.lkp_bucket.val();
        self.lookup.lkp_row.next = self.command.lkp_row.val();
        self.lookup.ctx_we.next = self.command.ctx_we.val();
        self.lookup.ctx_conn.next = self.command.ctx_conn.val();
        self.lookup.ctx_row.next = self.command.ctx_row.val();
        self.queues.init_we.next = self.command.init_we.val();
        self.command.init_ready.next = self.queues.init_ready.val();
        self.queues.init_conn.next = self.command.init_conn.val();
        self.queues.init_gen.next = self.command.init_gen.val();
        self.queues.init_smsn.next = self.command.init_smsn.val();
        self.queues.init_rmsn.next = self.command.init_rmsn.val();
        self.queues.init_una.next = self.command.init_una.val();
        self.queues.init_nxt.next = self.command.init_nxt.val();
        self.queues.init_ack.next = self.command.init_ack.val();
        self.queues.init_wnd.next = self.command.init_wnd.val();
        self.regions.cmd_valid.next = self.command.cmd_valid.val();
        self.command.cmd_ready.next = self.regions.cmd_ready.val();
        self.regions.cmd_op.next = self.command.cmd_op.val();
        self.regions.cmd_stag.next = self.command.cmd_stag.val();
        self.regions.cmd_rights.next = self.command.cmd_rights.val();
        self.regions.cmd_pd.next = self.command.cmd_pd.val();
        self.regions.cmd_bound.next = self.command.cmd_bound.val();
        self.regions.cmd_qpn.next = self.command.cmd_qpn.val();
        self.regions.cmd_base.next = self.command.cmd_base.val();
        self.regions.cmd_len.next = self.command.cmd_len.val();
        self.regions.cmd_pa.next = self.command.cmd_pa.val();
        self.command.cmd_done.next = self.regions.cmd_done.val();
        self.command.cmd_status.next = self.regions.cmd_status.val();
        self.command.op_done.next = self.pipe.op_done.val();
        self.command.op_ok.next = self.pipe.op_ok.val();
        self.command.op_state.next = self.state.val();
        self.command.tables_ready.next =
            self.lookup.ready.val() & self.regions.ready.val() & self.asm.ready.val();
        // Operations: commands are rare and go first. The assembler's FPDUs are counted, and nothing comes behind a Response before that one is
        // out: the next one reads a connection's Read queue with the head that it leaves.
        self.lookup.op_valid.next = self.command.op_valid.val();
        self.lookup.op.next = self.command.op.val();
        self.fpdu_hold.next = self.fpdu_busy.q.val();
        self.asm_wants.next = self.asm.op_valid.val() & !self.fpdu_hold.val();
        if !self.command.op_valid.val() {
            self.lookup.op_valid.next = self.asm_wants.val();
            self.lookup.op.next = self.asm.op.val();
        }
        self.command.op_ready.next = self.lookup.op_ready.val();
        self.asm.op_ready.next =
            self.lookup.op_ready.val() & !self.command.op_valid.val() & !self.fpdu_hold.val();
        self.op_start.next = self.lookup.op_valid.val() & self.lookup.op_ready.val();
        self.pipe.op_start.next = self.op_start.val();
        self.fpdu_starts.next = self.op_start.val()
            & !self.command.op_valid.val()
            & (self.asm.op.val().kind == OpKind::Fpdu);
        // Read Response, Atomic Response.
        self.responds.next = (self.asm.op.val().hdr_a.get_bits::<4>(24) == 2)
            | (self.asm.op.val().hdr_a.get_bits::<4>(24) == 11);
        self.fpdus_now.next = self.fpdus.q.val();
        if self.pipe.fpdu_out.val() {
            self.fpdus_now.next = self.fpdus.q.val() - 1;
        }
        self.fpdus.d.next = self.fpdus_now.val();
        if !self.fpdus_now.val().any() {
            self.fpdu_alone.d.next = false;
        }
        self.fpdu_busy.d.next = self.fpdus_now.val().any()
            & ((self.fpdus_now.val() == self.most_fpdus.val()) | self.fpdu_alone.q.val());
        if self.fpdu_starts.val() {
            self.fpdus.d.next = self.fpdus_now.val() + 1;
            self.fpdu_alone.d.next = self.responds.val();
            self.fpdu_busy.d.next =
                (self.fpdus_now.val() + 1 == self.most_fpdus.val()) | self.responds.val();
        }
        self.unused_op.next = self.asm.op.val();
        // Reports to the transmit path.
        self.acks.push.next = self.pipe.ack_push.val();
        self.acks.din.next = self.pipe.ack.val();
        self.acks.pop.next = self.acks.valid.val() & self.ack_event_tready.val();
        self.ack_event_tvalid.next = self.acks.valid.val();
        self.ack_event_conn.next = bit_cast::<20, CONN>(self.acks.dout.val().conn);
        self.ack_event_gen.next = self.acks.dout.val().gen;
        self.ack_event_seq.next = self.acks.dout.val().seq;
        self.ack_event_ack.next = self.acks.dout.val().ack;
        self.ack_event_wnd.next = self.acks.dout.val().wnd;
        self.ack_event_payload_len.next = self.acks.dout.val().plen;
        self.ack_event_flags.next = self.acks.dout.val().flags;
        self.ack_event_tsval.next = self.acks.dout.val().tsval;
        self.ack_event_tsecr.next = self.acks.dout.val().tsecr;
        self.ack_event_ts_recent.next = 0.into();
        if self.timestamps.val() {
            self.ack_event_ts_recent.next = self.acks.dout.val().ts_recent;
        }
        self.ack_event_peer_sack_n.next = 0.into();
        self.ack_event_peer_sack.next = 0.into();
        for i in 0..self._options {
            self.peer_sack[i].push.next = self.pipe.ack_push.val();
            self.peer_sack[i].pop.next = self.acks.pop.val();
            self.ack_event_peer_sack_n.next = self.peer_sack[i].n.val();
            self.ack_event_peer_sack.next = self.peer_sack[i].blocks.val();
        }
        self.ack_event_rcv_nxt.next = self.acks.dout.val().rcv_nxt;
        self.ack_event_ack_mode.next = self.acks.dout.val().mode;
        // Zero without blocks: the register behind it may change while a report without blocks waits.
        self.ack_event_own_sack_n.next = 0.into();
        self.ack_event_own_sack.next = 0.into();
        if self.acks.dout.val().sack {
            self.ack_event_own_sack_n.next = self.asm.sack_n.val();
            self.ack_event_own_sack.next = self.asm.sack.val();
        }
        self.asm.sack_taken.next =
            (self.acks.pop.val() & self.acks.dout.val().sack) | self.pipe.sack_void.val();
        // Credits: every FIFO behind the pipeline has room for the whole window.
        self.roomy.d.next = self.deliver.roomy.val()
            & (self.acks.room.val() >= self.ack_need.val())
            & self.command.ready.val();
        // Frames alone push into the assembler's queue; an operation that waited for it would wait for itself.
        self.seg_roomy.d.next = self.asm.seg_room.val() >= self.need.val();
        self.pipe.roomy.next = self.roomy.q.val();
        self.pipe.seg_roomy.next = self.seg_roomy.q.val();
        self.counters.registers_tvalid.next = self.registers_tvalid.val();
        self.registers_tready.next = self.counters.registers_tready.val();
        self.counters.registers_address.next = self.registers_address.val();
        self.counters.registers_write.next = self.registers_write.val();
        self.counters.registers_data.next = self.registers_data.val();
        self.registers_rsp_tvalid.next = self.counters.registers_rsp_tvalid.val();
        self.counters.registers_rsp_tready.next = self.registers_rsp_tready.val();
        self.registers_rsp_data.next = self.counters.registers_rsp_data.val();
        self.counters.ready.next = self.command.ready.val();
        // Counters, in the order of the schema (a test compares).
        self.why.next = self.pipe.why.val();
        self.counters.pulse[0].next = self.ingest.frame_start.val(); // rx_frames
        self.counters.pulse[1].next = self.ingest.drop_slot.val(); // drop_slot
        self.counters.pulse[2].next = self.ingest.drop_credit.val(); // drop_credit
        self.counters.pulse[3].next = self.ingest.drop_full.val(); // drop_full
        self.counters.pulse[4].next = self.ingest.drop_merge.val(); // mac_overflow
        self.counters.pulse[5].next = self.ingest.frame_cut.val(); // frame_cut
        self.counters.pulse[6].next =
            self.inject_tvalid.val() & self.ingest.inject_tready.val() & self.inject_tlast.val(); // inject_frames
        self.counters.pulse[7].next = self.pipe.count_bad_frame.val(); // bad_fcs
        self.counters.pulse[8].next = self.why.val().bad_ip_sum; // bad_ip_sum
        self.counters.pulse[9].next = self.why.val().bad_tcp_sum; // bad_tcp_sum
        self.counters.pulse[10].next = self.why.val().dup; // tcp_dup
        self.counters.pulse[11].next = self.why.val().ooo; // tcp_ooo
        self.counters.pulse[12].next = self.why.val().window; // tcp_window
        self.counters.pulse[13].next = self.why.val().bad_ack; // tcp_bad_ack
        self.counters.pulse[14].next = self.why.val().challenge; // tcp_challenge
        self.counters.pulse[15].next = self.why.val().rst; // tcp_rst
        self.counters.pulse[16].next = self.why.val().fin; // tcp_fin
        self.counters.pulse[17].next = self.why.val().malformed; // tcp_malformed
        self.counters.pulse[18].next = self.why.val().dead; // tcp_dead
        self.counters.pulse[19].next = self.why.val().fpdu_fast; // fpdu_fast
        self.counters.pulse[20].next = self.why.val().fpdu_pool; // fpdu_pool
        self.counters.pulse[21].next = self.why.val().fpdu_crc; // fpdu_crc
        self.counters.pulse[22].next = self.why.val().term_sent; // term_sent
        self.counters.pulse[23].next = self.why.val().term_recv; // term_recv
        self.counters.pulse[24].next = self.why.val().writes; // writes
        self.counters.pulse[25].next = self.why.val().sends; // sends
        self.counters.pulse[26].next = self.why.val().reads; // reads
        self.counters.pulse[27].next = self.why.val().read_resps; // read_resps
        self.counters.pulse[28].next = self.why.val().invalidated; // invalidated
        self.counters.pulse[29].next = self.pipe.count_nic.val(); // nic_frames
        self.counters.pulse[30].next = self.pipe.count_nic_drop.val(); // nic_drop
        self.counters.pulse[31].next = self.pipe.seg_push.val(); // asm_segments
        self.counters.pulse[32].next = self.asm.drop_pulse.val(); // asm_drop
        self.counters.pulse[33].next = self.asm.short_pulse.val(); // pool_short
        self.counters.pulse[34].next = self.queues.rq_full.val(); // rq_full
        self.counters.pulse[35].next = self.queues.ord_full.val(); // ord_full
        self.counters.pulse[36].next = self.queues.nic_full.val(); // nic_full
        self.counters.pulse[37].next = self.queues.post_bad.val(); // post_bad
        self.counters.pulse[38].next = self.queues.mirror_stale.val(); // mirror_stale
        self.counters.pulse[39].next = self.command.answered.val(); // table_cmds
        self.counters.pulse[40].next = self.command.failed.val(); // table_errors
        self.counters.pulse[41].next = self.asm.kept_pulse.val(); // ooo_kept
        self.counters.pulse[42].next = self.asm.lost_pulse.val(); // ooo_lost
        self.counters.pulse[43].next = self.why.val().paws; // tcp_paws
        self.counters.pulse[44].next = self.why.val().no_ts; // tcp_no_ts
    }
}
