//! QUEUES: the receives posted, our Reads in flight, the host buffers for plain frames, and the send-state mirror.
//!
//! | ports | | |
//! |---|---|---|
//! | `q_conn q_msn q_head` | in | read address, any cycle: connection, MSN of the FPDU, Reads complete |
//! | `rqe rdq` | out | that receive's and that Read's slot, exactly 2 cycles later: the reader compares generation and MSN or count |
//! | `rx_post_*` | in | receives; number [`RQ_NIC`](ferrowarp_abi::stream::RQ_NIC): host buffers |
//! | `read_issue_* read_done_* snd_mirror_*` | in | from the transmit path |
//! | `nic_valid nic_addr nic_idx nic_pop` | FIFO out | oldest host buffer |
//! | `cons_we cons_conn cons_smsn cons_head` | in | from X3: MSN now expected, Reads complete; never waits |
//! | `init_we init_ready init_*` | in | from the command block: a connection begins; done when `init_ready` is high again |
//! | `mir_* rdd_*` | out | writes into the context tables |
//! | `rq_full ord_full nic_full post_bad mirror_stale` | out | counter pulses |
//!
//! **Latency**: a receive posted in cycle t is seen by reads from t + 4 on; a host buffer stands at `nic_*` in t + 4.
//! **MSN of a slot**: stored are the bits of the slot number and one more, which tell a receive from its predecessor in the
//! slot; the bits above are those of `q_msn`. A slot that is written in the cycle of its read shows another MSN or is not
//! `valid`: not posted yet.
//! **Back-pressure**: see [`servers`](super::servers). An `init` closes all four streams for max(2^rq_bits, 2^ord_bits) + 6
//! cycles or so: it empties the connection's slots, so that neither a predecessor's entry nor what a RAM holds after power-up
//! is ever taken for a posted receive. An empty receive slot holds an MSN that belongs to another slot.
//! **Depths**: slots per connection are the preset's `rq_bits` and `ord_bits`; 64 host buffers cover the round trip to the
//! driver. A full queue refuses and counts (DESIGN 7).
//! Sources: RFC 5040 5.1, 5.2 (queues 0 and 1, MSN), RFC 5041 5.3; requirements DDP-21, RDM-2x.

use super::cfg::Cfg;
use super::servers::*;
use super::tx_servers::*;
use super::types::{Mirror, Rdq, Rqe, CONN};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram};
use rust_hdl::prelude::*;

/// log2 of the host buffers on chip.
pub const NIC_BITS: usize = 6;

/// A receive's slot: address 64, length 32, index 16, generation 8, low bits of the MSN.
const RQE: usize = 120 + LAP;

/// Where an `init` stands.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum InitState {
    Idle,
    /// The servers finish what they have.
    Drain,
    /// Slots are being emptied.
    Clear,
    /// The rows of the connection are written in a cycle that X3 leaves free.
    Rows,
}

/// The queue tables.
#[derive(LogicBlock)]
pub struct Queues {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub q_conn: Signal<In, Bits<CONN>>,
    pub q_msn: Signal<In, Bits<32>>,
    pub q_head: Signal<In, Bits<16>>,
    pub rqe: Signal<Out, Rqe>,
    pub rdq: Signal<Out, Rdq>,
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
    pub snd_mirror_tvalid: Signal<In, bool>,
    pub snd_mirror_tready: Signal<Out, bool>,
    pub snd_mirror_conn: Signal<In, Bits<20>>,
    pub snd_mirror_gen: Signal<In, Bits<8>>,
    pub snd_mirror_snd_una: Signal<In, Bits<32>>,
    pub snd_mirror_snd_nxt: Signal<In, Bits<32>>,
    pub snd_mirror_last_ack_sent: Signal<In, Bits<32>>,
    pub snd_mirror_max_wnd: Signal<In, Bits<32>>,
    pub nic_valid: Signal<Out, bool>,
    pub nic_addr: Signal<Out, Bits<64>>,
    pub nic_idx: Signal<Out, Bits<16>>,
    pub nic_pop: Signal<In, bool>,
    pub cons_we: Signal<In, bool>,
    pub cons_conn: Signal<In, Bits<CONN>>,
    pub cons_smsn: Signal<In, Bits<32>>,
    pub cons_head: Signal<In, Bits<16>>,
    pub init_we: Signal<In, bool>,
    pub init_ready: Signal<Out, bool>,
    pub init_conn: Signal<In, Bits<CONN>>,
    pub init_gen: Signal<In, Bits<8>>,
    pub init_smsn: Signal<In, Bits<32>>,
    pub init_rmsn: Signal<In, Bits<32>>,
    pub init_una: Signal<In, Bits<32>>,
    pub init_nxt: Signal<In, Bits<32>>,
    pub init_wnd: Signal<In, Bits<32>>,
    pub init_ack: Signal<In, Bits<32>>,
    pub mir_we: Signal<Out, bool>,
    pub mir_conn: Signal<Out, Bits<CONN>>,
    pub mir_row: Signal<Out, Mirror>,
    pub rdd_we: Signal<Out, bool>,
    pub rdd_conn: Signal<Out, Bits<CONN>>,
    pub rdd_val: Signal<Out, Bits<16>>,
    pub rq_full: Signal<Out, bool>,
    pub ord_full: Signal<Out, bool>,
    pub nic_full: Signal<Out, bool>,
    pub post_bad: Signal<Out, bool>,
    pub mirror_stale: Signal<Out, bool>,
    /// {msn, gen, idx, len, addr}
    rqes: Ram<Bits<RQE>, SLOT_ADDR>,
    rdqs: Ram<Rdq, SLOT_ADDR>,
    post_srv: PostServer,
    issue_srv: IssueServer,
    done_srv: DoneServer,
    mirror_srv: MirrorServer,
    nic_fifo: Fifo<NicBuf, NIC_BITS>,
    state: Reg<InitState>,
    slot: RegNr<Bits<16>>,
    at: RegNr<Bits<CONN>>,
    gen: RegNr<Bits<8>>,
    smsn: RegNr<Bits<LAP>>,
    rmsn: RegNr<Bits<16>>,
    send: RegNr<Mirror>,
    ask_row: Signal<Local, Mirror>,
    post_ask: Signal<Local, PostAsk>,
    issue_ask: Signal<Local, IssueAsk>,
    done_ask: Signal<Local, DoneAsk>,
    mirror_ask: Signal<Local, MirrorAsk>,
    post_row: Signal<Local, PostRow>,
    done_row: Signal<Local, CountRow>,
    hold: Signal<Local, bool>,
    clearing: Signal<Local, bool>,
    rows: Signal<Local, bool>,
    drained: Signal<Local, bool>,
    wide_slot: Signal<Local, Bits<SLOT_ADDR>>,
    rqe_write: Signal<Local, Rqe>,
    unused_rqe: Signal<Local, Rqe>,
    rqe_read: Signal<Local, Bits<RQE>>,
    rdq_read: Signal<Local, Rdq>,
    /// Upper bits of the MSN that was asked for, one and two cycles ago; the slot is being written.
    msn1: RegNr<Bits<32>>,
    msn2: RegNr<Bits<32>>,
    rqe_meet2: RegNr<bool>,
    rdq_meet2: RegNr<bool>,
    /// Addresses of the cycle before, read and written, and whether there was a write.
    rqe_at1: RegNr<Bits<SLOT_ADDR>>,
    rdq_at1: RegNr<Bits<SLOT_ADDR>>,
    rqe_to1: RegNr<Bits<SLOT_ADDR>>,
    rdq_to1: RegNr<Bits<SLOT_ADDR>>,
    rqe_we1: RegNr<bool>,
    rdq_we1: RegNr<bool>,
    rqe_at: Signal<Local, Bits<SLOT_ADDR>>,
    rdq_at: Signal<Local, Bits<SLOT_ADDR>>,
    rqe_to: Signal<Local, Bits<SLOT_ADDR>>,
    rdq_to: Signal<Local, Bits<SLOT_ADDR>>,
    blank_rqe: Signal<Local, Rqe>,
    blank_rdq: Signal<Local, Rdq>,
    unused_rmsn: Signal<Local, Bits<32>>,
    unused_lkey: Signal<Local, Bits<32>>,
    unused_room: Signal<Local, Bits<8>>,
    unused_smsn: Signal<Local, Bits<32>>,
    unused_head: Signal<Local, Bits<16>>,
    rq_mask: Constant<Bits<SLOT_ADDR>>,
    ord_mask: Constant<Bits<SLOT_ADDR>>,
    rq_all: Constant<Bits<SLOT_ADDR>>,
    ord_all: Constant<Bits<SLOT_ADDR>>,
    rq_lap: Constant<Bits<32>>,
    last_slot: Constant<Bits<16>>,
    _rq_bits: usize,
    _ord_bits: usize,
}

impl Queues {
    /// Tables of `2^cfg.conn_bits` connections with `2^cfg.rq_bits` receives and `2^cfg.ord_bits` Reads each.
    pub fn new(cfg: &Cfg) -> Self {
        let last_slot = (1u64 << cfg.rq_bits.max(cfg.ord_bits)) - 1;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            q_conn: Default::default(),
            q_msn: Default::default(),
            q_head: Default::default(),
            rqe: Default::default(),
            rdq: Default::default(),
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
            snd_mirror_tvalid: Default::default(),
            snd_mirror_tready: Default::default(),
            snd_mirror_conn: Default::default(),
            snd_mirror_gen: Default::default(),
            snd_mirror_snd_una: Default::default(),
            snd_mirror_snd_nxt: Default::default(),
            snd_mirror_last_ack_sent: Default::default(),
            snd_mirror_max_wnd: Default::default(),
            nic_valid: Default::default(),
            nic_addr: Default::default(),
            nic_idx: Default::default(),
            nic_pop: Default::default(),
            cons_we: Default::default(),
            cons_conn: Default::default(),
            cons_smsn: Default::default(),
            cons_head: Default::default(),
            init_we: Default::default(),
            init_ready: Default::default(),
            init_conn: Default::default(),
            init_gen: Default::default(),
            init_smsn: Default::default(),
            init_rmsn: Default::default(),
            init_una: Default::default(),
            init_nxt: Default::default(),
            init_wnd: Default::default(),
            init_ack: Default::default(),
            mir_we: Default::default(),
            mir_conn: Default::default(),
            mir_row: Default::default(),
            rdd_we: Default::default(),
            rdd_conn: Default::default(),
            rdd_val: Default::default(),
            rq_full: Default::default(),
            ord_full: Default::default(),
            nic_full: Default::default(),
            post_bad: Default::default(),
            mirror_stale: Default::default(),
            rqes: Ram::new(cfg.conn_bits + cfg.rq_bits, 2)
                .keeping(120 + cfg.rq_bits + 1)
                .collisions_undefined(),
            rdqs: Ram::new(cfg.conn_bits + cfg.ord_bits, 2).collisions_undefined(),
            post_srv: PostServer::new(cfg),
            issue_srv: IssueServer::new(cfg),
            done_srv: DoneServer::new(cfg),
            mirror_srv: MirrorServer::new(cfg),
            nic_fifo: Fifo::new(),
            state: Reg::new(InitState::Idle),
            slot: Default::default(),
            at: Default::default(),
            gen: Default::default(),
            smsn: Default::default(),
            rmsn: Default::default(),
            send: Default::default(),
            ask_row: Default::default(),
            post_ask: Default::default(),
            issue_ask: Default::default(),
            done_ask: Default::default(),
            mirror_ask: Default::default(),
            post_row: Default::default(),
            done_row: Default::default(),
            hold: Default::default(),
            clearing: Default::default(),
            rows: Default::default(),
            drained: Default::default(),
            wide_slot: Default::default(),
            rqe_write: Default::default(),
            unused_rqe: Default::default(),
            rqe_read: Default::default(),
            rdq_read: Default::default(),
            msn1: Default::default(),
            msn2: Default::default(),
            rqe_meet2: Default::default(),
            rdq_meet2: Default::default(),
            rqe_at1: Default::default(),
            rdq_at1: Default::default(),
            rqe_to1: Default::default(),
            rdq_to1: Default::default(),
            rqe_we1: Default::default(),
            rdq_we1: Default::default(),
            rqe_at: Default::default(),
            rdq_at: Default::default(),
            rqe_to: Default::default(),
            rdq_to: Default::default(),
            blank_rqe: Default::default(),
            blank_rdq: Default::default(),
            unused_rmsn: Default::default(),
            unused_lkey: Default::default(),
            unused_room: Default::default(),
            unused_smsn: Default::default(),
            unused_head: Default::default(),
            rq_mask: slot_mask(cfg, cfg.rq_bits, "receives (rq_bits)"),
            ord_mask: slot_mask(cfg, cfg.ord_bits, "Reads (ord_bits)"),
            rq_all: Constant::new(((1u64 << (cfg.conn_bits + cfg.rq_bits)) - 1).to_bits()),
            ord_all: Constant::new(((1u64 << (cfg.conn_bits + cfg.ord_bits)) - 1).to_bits()),
            rq_lap: Constant::new(((2u64 << cfg.rq_bits) - 1).to_bits()),
            last_slot: Constant::new(last_slot.to_bits()),
            _rq_bits: cfg.rq_bits,
            _ord_bits: cfg.ord_bits,
        }
    }
}

impl Logic for Queues {
    #[hdl_gen]
    fn update(&mut self) {
        // Readers.
        for k in (self._rq_bits)..(self._rq_bits + 1) {
            self.rqe_at.next = (bit_cast::<SLOT_ADDR, CONN>(self.q_conn.val()) << k.to_bits::<5>())
                | (self.q_msn.val().get_bits::<SLOT_ADDR>(0) & self.rq_mask.val());
        }
        for k in (self._ord_bits)..(self._ord_bits + 1) {
            self.rdq_at.next = (bit_cast::<SLOT_ADDR, CONN>(self.q_conn.val()) << k.to_bits::<5>())
                | (bit_cast::<SLOT_ADDR, 16>(self.q_head.val()) & self.ord_mask.val());
        }
        self.rqes.raddr.next = self.rqe_at.val();
        self.rdqs.raddr.next = self.rdq_at.val();
        self.msn1.d.next = self.q_msn.val() & !self.rq_lap.val();
        self.msn2.d.next = self.msn1.q.val();
        self.rqe_read.next = self.rqes.rdata.val();
        self.rqe.next.addr = self.rqe_read.val().get_bits::<64>(0);
        self.rqe.next.len = self.rqe_read.val().get_bits::<32>(64);
        self.rqe.next.idx = self.rqe_read.val().get_bits::<16>(96);
        self.rqe.next.gen = self.rqe_read.val().get_bits::<8>(112);
        self.rqe.next.msn = (self.msn2.q.val()
            | bit_cast::<32, LAP>(self.rqe_read.val().get_bits::<LAP>(120)))
            ^ (bit_cast::<32, 1>(self.rqe_meet2.q.val().into()) << 31);
        self.rdq_read.next = self.rdqs.rdata.val();
        self.rdq.next = self.rdq_read.val();
        self.rdq.next.valid = self.rdq_read.val().valid & !self.rdq_meet2.q.val();

        // Init. Reads answered are counted in 16 bits.
        self.unused_rmsn.next = self.init_rmsn.val();
        self.hold.next = self.state.q.val() != InitState::Idle;
        self.init_ready.next = !self.hold.val();
        self.clearing.next = self.state.q.val() == InitState::Clear;
        self.rows.next = (self.state.q.val() == InitState::Rows) & !self.cons_we.val();
        self.drained.next = self.post_srv.idle.val()
            & self.issue_srv.idle.val()
            & self.done_srv.idle.val()
            & self.mirror_srv.idle.val();
        self.ask_row.next.snd_una = self.init_una.val();
        self.ask_row.next.snd_nxt = self.init_nxt.val();
        self.ask_row.next.max_wnd = self.init_wnd.val();
        self.ask_row.next.last_ack = self.init_ack.val();
        match self.state.q.val() {
            InitState::Idle => {
                if self.init_we.val() {
                    self.state.d.next = InitState::Drain;
                    self.slot.d.next = 0.into();
                    self.at.d.next = self.init_conn.val();
                    self.gen.d.next = self.init_gen.val();
                    self.smsn.d.next = self.init_smsn.val().get_bits::<LAP>(0);
                    self.rmsn.d.next = self.init_rmsn.val().get_bits::<16>(0);
                    self.send.d.next = self.ask_row.val();
                }
            }
            InitState::Drain => {
                if self.drained.val() {
                    self.state.d.next = InitState::Clear;
                }
            }
            InitState::Clear => {
                self.slot.d.next = self.slot.q.val() + 1;
                if self.slot.q.val() == self.last_slot.val() {
                    self.state.d.next = InitState::Rows;
                }
            }
            InitState::Rows => {
                if self.rows.val() {
                    self.state.d.next = InitState::Idle;
                }
            }
        }

        // Slots: post and issue write them, and an init while those are held.
        self.wide_slot.next = bit_cast::<SLOT_ADDR, 16>(self.slot.q.val());
        self.blank_rqe.next.gen = self.gen.q.val();
        self.blank_rqe.next.msn = !bit_cast::<32, 16>(self.slot.q.val());
        self.blank_rqe.next.idx = 0.into();
        self.blank_rqe.next.addr = 0.into();
        self.blank_rqe.next.len = 0.into();
        self.blank_rdq.next.gen = self.gen.q.val();
        self.blank_rdq.next.count = 0.into();
        self.blank_rdq.next.valid = false;
        self.blank_rdq.next.sq_idx = 0.into();
        self.blank_rdq.next.stag = 0.into();
        self.blank_rdq.next.to = 0.into();
        self.blank_rdq.next.len = 0.into();
        self.blank_rdq.next.atomic = false;
        self.rqes.we.next = self.post_srv.rqe_we.val() | self.clearing.val();
        self.rqe_to.next = self.post_srv.rqe_addr.val();
        self.rqe_write.next = self.post_srv.rqe_row.val();
        self.rdqs.we.next = self.issue_srv.rdq_we.val() | self.clearing.val();
        self.rdq_to.next = self.issue_srv.rdq_addr.val();
        self.rdqs.wdata.next = self.issue_srv.rdq_row.val();
        if self.clearing.val() {
            for k in (self._rq_bits)..(self._rq_bits + 1) {
                self.rqe_to.next = (bit_cast::<SLOT_ADDR, CONN>(self.at.q.val())
                    << k.to_bits::<5>())
                    | (self.wide_slot.val() & self.rq_mask.val());
            }
            for k in (self._ord_bits)..(self._ord_bits + 1) {
                self.rdq_to.next = (bit_cast::<SLOT_ADDR, CONN>(self.at.q.val())
                    << k.to_bits::<5>())
                    | (self.wide_slot.val() & self.ord_mask.val());
            }
            self.rqe_write.next = self.blank_rqe.val();
            self.rdqs.wdata.next = self.blank_rdq.val();
        }
        self.unused_rqe.next = self.rqe_write.val();
        self.rqes.waddr.next = self.rqe_to.val();
        self.rdqs.waddr.next = self.rdq_to.val();
        self.rqes.wdata.next = (bit_cast::<RQE, 64>(self.rqe_write.val().addr)
            | (bit_cast::<RQE, 32>(self.rqe_write.val().len) << 64))
            | ((bit_cast::<RQE, 16>(self.rqe_write.val().idx) << 96)
                | (bit_cast::<RQE, 8>(self.rqe_write.val().gen) << 112)
                | (bit_cast::<RQE, LAP>(self.rqe_write.val().msn.get_bits::<LAP>(0)) << 120));
        // The addresses come late: compared a cycle later.
        self.rqe_at1.d.next = self.rqe_at.val();
        self.rqe_to1.d.next = self.rqe_to.val();
        self.rqe_we1.d.next = self.rqes.we.val();
        self.rqe_meet2.d.next = self.rqe_we1.q.val()
            & !((self.rqe_to1.q.val() ^ self.rqe_at1.q.val()) & self.rq_all.val()).any();
        self.rdq_at1.d.next = self.rdq_at.val();
        self.rdq_to1.d.next = self.rdq_to.val();
        self.rdq_we1.d.next = self.rdqs.we.val();
        self.rdq_meet2.d.next = self.rdq_we1.q.val()
            & !((self.rdq_to1.q.val() ^ self.rdq_at1.q.val()) & self.ord_all.val()).any();

        // Post.
        self.unused_lkey.next = self.rx_post_lkey.val();
        self.post_ask.next.rq = self.rx_post_rq.val();
        self.post_ask.next.idx = self.rx_post_rqe_idx.val();
        self.post_ask.next.single =
            (self.rx_post_n_sge.val() == 1) & self.rx_post_first.val() & self.rx_post_last.val();
        self.post_ask.next.addr = self.rx_post_addr.val();
        self.post_ask.next.len = self.rx_post_len.val();
        self.post_srv.tvalid.next = self.rx_post_tvalid.val();
        self.rx_post_tready.next = self.post_srv.tready.val();
        self.post_srv.ask.next = self.post_ask.val();
        self.post_srv.hold.next = self.hold.val();
        self.post_row.next.gen = self.gen.q.val();
        self.post_row.next.msn = self.smsn.q.val();
        self.unused_smsn.next = self.init_smsn.val() | self.cons_smsn.val();
        self.unused_head.next = self.cons_head.val();
        self.post_srv.init_we.next = self.rows.val();
        self.post_srv.init_conn.next = self.at.q.val();
        self.post_srv.init_row.next = self.post_row.val();
        self.post_srv.cons_we.next = self.cons_we.val() | self.rows.val();
        self.post_srv.cons_conn.next = self.cons_conn.val();
        self.post_srv.cons_smsn.next = self.cons_smsn.val().get_bits::<LAP>(0);
        self.issue_srv.cons_we.next = self.cons_we.val() | self.rows.val();
        self.issue_srv.cons_conn.next = self.cons_conn.val();
        self.issue_srv.cons_head.next = self.cons_head.val().get_bits::<LAP>(0);
        if self.rows.val() {
            self.post_srv.cons_conn.next = self.at.q.val();
            self.post_srv.cons_smsn.next = self.smsn.q.val();
            self.issue_srv.cons_conn.next = self.at.q.val();
            self.issue_srv.cons_head.next = 0.into();
        }

        // Host buffers.
        self.unused_room.next = self.nic_fifo.room.val();
        self.nic_fifo.push.next = self.post_srv.nic_push.val();
        self.nic_fifo.din.next = self.post_srv.nic_buf.val();
        self.post_srv.nic_room.next = !self.nic_fifo.full.val();
        self.nic_valid.next = self.nic_fifo.valid.val();
        self.nic_addr.next = self.nic_fifo.dout.val().addr;
        self.nic_idx.next = self.nic_fifo.dout.val().idx;
        self.nic_fifo.pop.next = self.nic_pop.val();

        // Issue.
        self.issue_ask.next.conn = self.read_issue_conn.val();
        self.issue_ask.next.gen = self.read_issue_gen.val();
        self.issue_ask.next.sq_idx = self.read_issue_sq_idx.val();
        self.issue_ask.next.stag = self.read_issue_sink_stag.val();
        // Queue number 3 goes with the MSN of an Atomic's Response.
        self.issue_ask.next.to = self.read_issue_sink_to.val()
            | (bit_cast::<64, 1>(self.read_issue_atomic.val().into()) << 32)
            | (bit_cast::<64, 1>(self.read_issue_atomic.val().into()) << 33);
        self.issue_ask.next.len = self.read_issue_len.val();
        self.issue_ask.next.atomic = self.read_issue_atomic.val();
        self.issue_srv.tvalid.next = self.read_issue_tvalid.val();
        self.read_issue_tready.next = self.issue_srv.tready.val();
        self.issue_srv.ask.next = self.issue_ask.val();
        self.issue_srv.hold.next = self.hold.val();
        self.issue_srv.init_we.next = self.rows.val();
        self.issue_srv.init_conn.next = self.at.q.val();
        self.issue_srv.init_gen.next = self.gen.q.val();

        // Done: as many answered as there were Requests before the first one.
        self.done_ask.next.conn = self.read_done_conn.val();
        self.done_ask.next.gen = self.read_done_gen.val();
        self.done_ask.next.count = self.read_done_count.val();
        self.done_srv.tvalid.next = self.read_done_tvalid.val();
        self.read_done_tready.next = self.done_srv.tready.val();
        self.done_srv.ask.next = self.done_ask.val();
        self.done_srv.hold.next = self.hold.val();
        self.done_row.next.gen = self.gen.q.val();
        self.done_row.next.count = self.rmsn.q.val() - 1;
        self.done_srv.init_we.next = self.rows.val();
        self.done_srv.init_conn.next = self.at.q.val();
        self.done_srv.init_row.next = self.done_row.val();
        self.rdd_we.next = self.done_srv.rdd_we.val();
        self.rdd_conn.next = self.done_srv.rdd_conn.val();
        self.rdd_val.next = self.done_srv.rdd_val.val();

        // Mirror.
        self.mirror_ask.next.conn = self.snd_mirror_conn.val();
        self.mirror_ask.next.gen = self.snd_mirror_gen.val();
        self.mirror_ask.next.snd_una = self.snd_mirror_snd_una.val();
        self.mirror_ask.next.snd_nxt = self.snd_mirror_snd_nxt.val();
        self.mirror_ask.next.max_wnd = self.snd_mirror_max_wnd.val();
        self.mirror_ask.next.last_ack = self.snd_mirror_last_ack_sent.val();
        self.mirror_srv.tvalid.next = self.snd_mirror_tvalid.val();
        self.snd_mirror_tready.next = self.mirror_srv.tready.val();
        self.mirror_srv.ask.next = self.mirror_ask.val();
        self.mirror_srv.hold.next = self.hold.val();
        self.mirror_srv.init_we.next = self.rows.val();
        self.mirror_srv.init_conn.next = self.at.q.val();
        self.mirror_srv.init_gen.next = self.gen.q.val();
        self.mirror_srv.init_row.next = self.send.q.val();
        self.mir_we.next = self.mirror_srv.mir_we.val();
        self.mir_conn.next = self.mirror_srv.mir_conn.val();
        self.mir_row.next = self.mirror_srv.mir_row.val();

        // Counters.
        self.rq_full.next = self.post_srv.rq_full.val();
        self.ord_full.next = self.issue_srv.full.val();
        self.nic_full.next = self.post_srv.nic_full.val();
        self.post_bad.next = self.post_srv.bad.val() | self.issue_srv.bad.val();
        self.mirror_stale.next = self.done_srv.bad.val() | self.mirror_srv.bad.val();
    }
}
