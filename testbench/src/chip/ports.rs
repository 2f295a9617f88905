//! The model's ports, looked up once by name.

use super::records::{AckEvent, AtomicRequest, CplEvent, ReadRequest};
use ferrowarp_sim::{Direction, Model, PortId, SimError};

macro_rules! ports {
    ($($name:ident),+ $(,)?) => {
        pub struct Ports { $(pub $name: PortId),+ }
        impl Ports {
            pub fn new(m: &Model) -> Result<Self, SimError> {
                Ok(Self { $($name: m.port(stringify!($name))?),+ })
            }
        }
    };
}

ports! {
    mac_rx_tdata, mac_rx_tkeep, mac_rx_tvalid, mac_rx_tlast, mac_rx_tuser,
    inject_tdata, inject_tkeep, inject_tvalid, inject_tready, inject_tlast, inject_tuser,
    dma_wr_req_tvalid, dma_wr_req_tready, dma_wr_req_addr, dma_wr_req_len, dma_wr_req_conn, dma_wr_req_gen,
    dma_wr_req_class, dma_wr_req_want_status, dma_wr_req_id,
    dma_wr_data_tvalid, dma_wr_data_tready, dma_wr_data_tdata, dma_wr_data_tkeep, dma_wr_data_tlast,
    dma_wr_status_tvalid, dma_wr_status_tready,
    cpl_event_tvalid, cpl_event_tready, cpl_event_conn, cpl_event_gen, cpl_event_kind, cpl_event_opcode,
    cpl_event_flags, cpl_event_msn, cpl_event_len, cpl_event_rqe_idx, cpl_event_inv_stag, cpl_event_imm,
    cpl_event_term,
    cpl_event_segment_len, cpl_event_hdr_len, cpl_event_fence_id, cpl_event_hdr,
    ack_event_tvalid, ack_event_tready, ack_event_conn, ack_event_gen, ack_event_seq, ack_event_ack, ack_event_wnd,
    ack_event_payload_len, ack_event_flags, ack_event_tsval, ack_event_tsecr, ack_event_ts_recent, ack_event_rcv_nxt, ack_event_ack_mode, ack_event_own_sack_n,
    ack_event_own_sack, ack_event_peer_sack_n, ack_event_peer_sack,
    read_request_tvalid, read_request_tready, read_request_conn, read_request_gen, read_request_msn,
    read_request_sink_stag, read_request_sink_to, read_request_len, read_request_src_stag, read_request_src_to,
    atomic_request_tvalid, atomic_request_tready, atomic_request_conn, atomic_request_gen, atomic_request_msn,
    atomic_request_op, atomic_request_id, atomic_request_stag, atomic_request_to, atomic_request_data,
    atomic_request_mask, atomic_request_compare, atomic_request_compare_mask,
    snd_mirror_tvalid, snd_mirror_tready, snd_mirror_conn, snd_mirror_gen, snd_mirror_snd_una, snd_mirror_snd_nxt,
    snd_mirror_max_wnd, snd_mirror_last_ack_sent,
    read_issue_tvalid, read_issue_tready, read_issue_conn, read_issue_gen, read_issue_sq_idx, read_issue_sink_stag,
    read_issue_sink_to, read_issue_len, read_issue_atomic,
    read_done_tvalid, read_done_tready, read_done_conn, read_done_gen, read_done_count,
    rx_post_tvalid, rx_post_tready, rx_post_rq, rx_post_rqe_idx, rx_post_n_sge, rx_post_first, rx_post_last,
    rx_post_addr, rx_post_len,
    table_cmd_tvalid, table_cmd_tready, table_cmd_table, table_cmd_op, table_cmd_index, table_cmd_word, table_cmd_data,
    table_rsp_tvalid, table_rsp_tready, table_rsp_status, table_rsp_data,
    registers_tvalid, registers_tready, registers_address, registers_write, registers_data,
    registers_rsp_tvalid, registers_rsp_tready, registers_rsp_data,
}

impl Ports {
    /// All inputs but clock and reset.
    pub fn inputs(&self, m: &Model) -> Vec<PortId> {
        m.ports()
            .iter()
            .filter(|p| p.direction == Direction::Input && p.name != "clock" && p.name != "reset")
            .filter_map(|p| m.find(&p.name))
            .collect()
    }

    pub fn event(&self, m: &Model, cycle: u64) -> CplEvent {
        let mut hdr = [0u8; 46];
        m.get_bytes(self.cpl_event_hdr, &mut hdr);
        let n = m.get_u64(self.cpl_event_hdr_len) as usize;
        CplEvent {
            cycle,
            conn: m.get_u64(self.cpl_event_conn) as u16,
            gen: m.get_u64(self.cpl_event_gen) as u8,
            kind: m.get_u64(self.cpl_event_kind) as u8,
            opcode: m.get_u64(self.cpl_event_opcode) as u8,
            flags: m.get_u64(self.cpl_event_flags) as u8,
            msn: m.get_u64(self.cpl_event_msn) as u32,
            len: m.get_u64(self.cpl_event_len) as u32,
            rqe_idx: m.get_u64(self.cpl_event_rqe_idx) as u16,
            inv_stag: m.get_u64(self.cpl_event_inv_stag) as u32,
            imm: m.get_u64(self.cpl_event_imm),
            term: m.get_u64(self.cpl_event_term) as u16,
            segment_len: m.get_u64(self.cpl_event_segment_len) as u16,
            fence_id: m.get_u64(self.cpl_event_fence_id) as u16,
            hdr: hdr[..n.min(46)].to_vec(),
        }
    }

    pub fn ack(&self, m: &Model, cycle: u64) -> AckEvent {
        let blocks = |n, port| {
            let mut raw = [0u8; 32];
            m.get_bytes(port, &mut raw);
            let word = |i: usize| u32::from_le_bytes([raw[i], raw[i + 1], raw[i + 2], raw[i + 3]]);
            let n = m.get_u64(n) as u8;
            let block = |k: usize| {
                if k < usize::from(n) {
                    (word(8 * k), word(8 * k + 4))
                } else {
                    (0, 0)
                }
            };
            (std::array::from_fn(block), n)
        };
        let (sack, sack_n) = blocks(self.ack_event_own_sack_n, self.ack_event_own_sack);
        let (peer_sack, peer_sack_n) = blocks(self.ack_event_peer_sack_n, self.ack_event_peer_sack);
        AckEvent {
            cycle,
            conn: m.get_u64(self.ack_event_conn) as u16,
            gen: m.get_u64(self.ack_event_gen) as u8,
            seq: m.get_u64(self.ack_event_seq) as u32,
            ack: m.get_u64(self.ack_event_ack) as u32,
            wnd: m.get_u64(self.ack_event_wnd) as u16,
            payload_len: m.get_u64(self.ack_event_payload_len) as u16,
            flags: m.get_u64(self.ack_event_flags) as u16,
            tsval: m.get_u64(self.ack_event_tsval) as u32,
            tsecr: m.get_u64(self.ack_event_tsecr) as u32,
            ts_recent: m.get_u64(self.ack_event_ts_recent) as u32,
            rcv_nxt: m.get_u64(self.ack_event_rcv_nxt) as u32,
            mode: m.get_u64(self.ack_event_ack_mode) as u8,
            sack,
            sack_n,
            peer_sack,
            peer_sack_n,
        }
    }

    pub fn read_request(&self, m: &Model, cycle: u64) -> ReadRequest {
        ReadRequest {
            cycle,
            conn: m.get_u64(self.read_request_conn) as u16,
            gen: m.get_u64(self.read_request_gen) as u8,
            msn: m.get_u64(self.read_request_msn) as u32,
            sink_stag: m.get_u64(self.read_request_sink_stag) as u32,
            sink_to: m.get_u64(self.read_request_sink_to),
            len: m.get_u64(self.read_request_len) as u32,
            src_stag: m.get_u64(self.read_request_src_stag) as u32,
            src_to: m.get_u64(self.read_request_src_to),
        }
    }

    pub fn atomic_request(&self, m: &Model, cycle: u64) -> AtomicRequest {
        AtomicRequest {
            cycle,
            conn: m.get_u64(self.atomic_request_conn) as u16,
            gen: m.get_u64(self.atomic_request_gen) as u8,
            msn: m.get_u64(self.atomic_request_msn) as u32,
            op: m.get_u64(self.atomic_request_op) as u8,
            id: m.get_u64(self.atomic_request_id) as u32,
            stag: m.get_u64(self.atomic_request_stag) as u32,
            to: m.get_u64(self.atomic_request_to),
            data: m.get_u64(self.atomic_request_data),
            mask: m.get_u64(self.atomic_request_mask),
            compare: m.get_u64(self.atomic_request_compare),
            compare_mask: m.get_u64(self.atomic_request_compare_mask),
        }
    }
}
