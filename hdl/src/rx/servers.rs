//! The servers of the queue tables: each table has one of them as its only writer.
//!
//! | server | stream in | table | writes out |
//! |---|---|---|---|
//! | [`PostServer`]   | `rx_post`    | receives posted {gen, MSN of the next} | `rqe_*`: a receive's slot; `nic_*`: a host buffer |
//! | [`IssueServer`]  | `read_issue` | Reads issued {gen, count} | `rdq_*`: a Read's slot |
//! | [`DoneServer`](super::tx_servers::DoneServer)   | `read_done`  | Reads answered {gen, count} | `rdd_*`: the count, to the context tables |
//! | [`MirrorServer`](super::tx_servers::MirrorServer) | `snd_mirror` | {gen} | `mir_*`: send state, to the context tables |
//!
//! **Latency**: taken in cycle t; Post and Issue judge in t + 2 and write in t + 3, Done and Mirror write in t + 2: the tables
//! are block RAMs of read latency 2 in every preset.
//! **Back-pressure**: Post and Issue take one beat every 4 cycles, Done one every 3 (no forwarding needed), Mirror one a cycle
//! (`Cfg::sliced`: one every 3). `tready` does not look at `tvalid`. `hold` closes `tready`; `idle` says that nothing is on its way, so
//! that whoever holds may use the tables: the row of `init_conn` is then written with `init_we`.
//! A beat that cannot be obeyed is taken, changes nothing and gives one pulse: `full` (no free slot), `bad` (number out
//! of range, wrong generation, more than one SGE, a host buffer that does not hold the longest frame). Late traffic of a connection's predecessor is told by the generation
//! (DESIGN 5). Tables are not cleared after reset: the row of a connection means nothing before its `init`.
//! Full means a refusal, never an overwrite (DESIGN 7; RFC 5040 5.1: a receive not posted is a Terminate, not a guess).

use super::cfg::Cfg;
use super::types::{Rdq, Rqe, CONN};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Ram;
use ferrowarp_abi::stream::RQ_NIC;
use rust_hdl::prelude::*;

/// Address of a slot: connection, then slot. 2^20 slots in all.
pub const SLOT_ADDR: usize = 20;
/// Connection numbers as the seams carry them.
pub const SEAM_CONN: usize = 20;

/// Ones where a connection number of this preset has zeros.
pub(super) fn beyond(cfg: &Cfg) -> Constant<Bits<SEAM_CONN>> {
    Constant::new(((0xF_FFFFu64 << cfg.conn_bits) & 0xF_FFFF).to_bits())
}

/// The mask of a slot number of `bits` bits.
pub(super) fn slot_mask(cfg: &Cfg, bits: usize, what: &str) -> Constant<Bits<SLOT_ADDR>> {
    assert!(
        bits >= 1 && cfg.conn_bits + bits <= SLOT_ADDR,
        "{what}: 2^{} connections of 2^{bits} slots: choose 2 slots at least, 2^{SLOT_ADDR} in all at most",
        cfg.conn_bits
    );
    Constant::new(((1u64 << bits) - 1).to_bits())
}

/// Bits that tell a count from those it can be taken for: at most 2^8 slots, and one more for "full" against "empty".
pub const LAP: usize = 9;

/// Receives posted to a connection.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct PostRow {
    pub gen: Bits<8>,
    /// Low bits of the MSN that the next receive gets.
    pub msn: Bits<LAP>,
}

/// Ones where a lap of `2^bits` slots has bits.
pub(super) fn lap_mask(bits: usize) -> Constant<Bits<LAP>> {
    Constant::new(((2u64 << bits) - 1).to_bits())
}

/// A host buffer for plain frames.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct NicBuf {
    pub addr: Bits<64>,
    pub idx: Bits<16>,
}

/// One beat of `rx_post`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct PostAsk {
    pub rq: Bits<SEAM_CONN>,
    pub idx: Bits<16>,
    /// One SGE, first and last.
    pub single: bool,
    pub addr: Bits<64>,
    pub len: Bits<32>,
}

/// Receives posted by the driver.
#[derive(LogicBlock)]
pub struct PostServer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
    pub ask: Signal<In, PostAsk>,
    pub hold: Signal<In, bool>,
    pub idle: Signal<Out, bool>,
    pub init_we: Signal<In, bool>,
    pub init_conn: Signal<In, Bits<CONN>>,
    pub init_row: Signal<In, PostRow>,
    /// Expected MSN: everything before it is consumed.
    pub cons_we: Signal<In, bool>,
    pub cons_conn: Signal<In, Bits<CONN>>,
    pub cons_smsn: Signal<In, Bits<LAP>>,
    pub rqe_we: Signal<Out, bool>,
    pub rqe_addr: Signal<Out, Bits<SLOT_ADDR>>,
    /// Its `msn` is the low bits only.
    pub rqe_row: Signal<Out, Rqe>,
    pub nic_push: Signal<Out, bool>,
    pub nic_buf: Signal<Out, NicBuf>,
    pub nic_room: Signal<In, bool>,
    pub rq_full: Signal<Out, bool>,
    pub nic_full: Signal<Out, bool>,
    pub bad: Signal<Out, bool>,
    /// {msn, gen}
    posted: Ram<Bits<17>, CONN>,
    consumed: Ram<Bits<LAP>, CONN>,
    s1: Reg<bool>,
    s2: Reg<bool>,
    s3: Reg<bool>,
    held: RegNr<PostAsk>,
    /// It has no room for the longest frame.
    short: RegNr<bool>,
    /// What was judged, and the row it was judged by.
    store_q: Reg<bool>,
    bad_q: Reg<bool>,
    full_q: Reg<bool>,
    nic_q: Reg<bool>,
    row_q: RegNr<PostRow>,
    take: Signal<Local, bool>,
    free: Signal<Local, bool>,
    conn: Signal<Local, Bits<CONN>>,
    row: Signal<Local, PostRow>,
    used: Signal<Local, Bits<LAP>>,
    is_nic: Signal<Local, bool>,
    wrong: Signal<Local, bool>,
    full: Signal<Local, bool>,
    store: Signal<Local, bool>,
    next: Signal<Local, PostRow>,
    beyond: Constant<Bits<SEAM_CONN>>,
    nic: Constant<Bits<SEAM_CONN>>,
    mask: Constant<Bits<SLOT_ADDR>>,
    slots: Constant<Bits<LAP>>,
    max_frame: Constant<Bits<32>>,
    lap: Constant<Bits<LAP>>,
    _bits: usize,
}

impl PostServer {
    /// A server for `2^cfg.conn_bits` connections of `2^cfg.rq_bits` receives.
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            ask: Default::default(),
            hold: Default::default(),
            idle: Default::default(),
            init_we: Default::default(),
            init_conn: Default::default(),
            init_row: Default::default(),
            cons_we: Default::default(),
            cons_conn: Default::default(),
            cons_smsn: Default::default(),
            rqe_we: Default::default(),
            rqe_addr: Default::default(),
            rqe_row: Default::default(),
            nic_push: Default::default(),
            nic_buf: Default::default(),
            nic_room: Default::default(),
            rq_full: Default::default(),
            nic_full: Default::default(),
            bad: Default::default(),
            // The server alone reads and writes it, one after the other.
            posted: Ram::new(cfg.conn_bits, 2)
                .keeping(8 + cfg.rq_bits + 1)
                .collisions_undefined(),
            // A stale count makes the queue look fuller than it is, which is safe: old data on a collision.
            consumed: Ram::new(cfg.conn_bits, 2).keeping(cfg.rq_bits + 1),
            s1: Default::default(),
            s2: Default::default(),
            s3: Default::default(),
            held: Default::default(),
            short: Default::default(),
            store_q: Default::default(),
            bad_q: Default::default(),
            full_q: Default::default(),
            nic_q: Default::default(),
            row_q: Default::default(),
            take: Default::default(),
            free: Default::default(),
            conn: Default::default(),
            row: Default::default(),
            used: Default::default(),
            is_nic: Default::default(),
            wrong: Default::default(),
            full: Default::default(),
            store: Default::default(),
            next: Default::default(),
            beyond: beyond(cfg),
            nic: Constant::new(u64::from(RQ_NIC).to_bits()),
            mask: slot_mask(cfg, cfg.rq_bits, "receives (rq_bits)"),
            slots: Constant::new((1u64 << cfg.rq_bits).to_bits()),
            max_frame: Constant::new((cfg.max_frame as u64).to_bits()),
            lap: lap_mask(cfg.rq_bits),
            _bits: cfg.rq_bits,
        }
    }
}

impl Logic for PostServer {
    #[hdl_gen]
    fn update(&mut self) {
        // t: taken, tables read.
        self.free.next = !self.s1.q.val() & !self.s2.q.val() & !self.s3.q.val();
        self.idle.next = self.free.val();
        self.tready.next = self.free.val() & !self.hold.val();
        self.take.next = self.tvalid.val() & self.free.val() & !self.hold.val();
        self.s1.d.next = self.take.val();
        self.s2.d.next = self.s1.q.val();
        self.s3.d.next = self.s2.q.val();
        if self.take.val() {
            self.held.d.next = self.ask.val();
        }
        self.posted.raddr.next = self.ask.val().rq.get_bits::<CONN>(0);
        self.consumed.raddr.next = self.ask.val().rq.get_bits::<CONN>(0);
        self.short.d.next = self.held.q.val().len < self.max_frame.val();

        // t + 2: judged.
        self.row.next.gen = self.posted.rdata.val().get_bits::<8>(0);
        self.row.next.msn = self.posted.rdata.val().get_bits::<LAP>(8);
        self.used.next = (self.row.val().msn - self.consumed.rdata.val()) & self.lap.val();
        self.is_nic.next = self.held.q.val().rq == self.nic.val();
        self.wrong.next = !self.held.q.val().single
            | (self.is_nic.val() & self.short.q.val())
            | (!self.is_nic.val() & (self.held.q.val().rq & self.beyond.val()).any());
        self.full.next = self.used.val() >= self.slots.val();
        self.store.next =
            self.s2.q.val() & !self.wrong.val() & !self.is_nic.val() & !self.full.val();
        self.store_q.d.next = self.store.val();
        self.bad_q.d.next = self.s2.q.val() & self.wrong.val();
        self.full_q.d.next =
            self.s2.q.val() & !self.wrong.val() & !self.is_nic.val() & self.full.val();
        self.nic_q.d.next = self.s2.q.val() & !self.wrong.val() & self.is_nic.val();
        self.row_q.d.next = self.row.val();

        // t + 3: written.
        self.bad.next = self.bad_q.q.val();
        self.rq_full.next = self.full_q.q.val();
        self.nic_push.next = self.nic_q.q.val() & self.nic_room.val();
        self.nic_full.next = self.nic_q.q.val() & !self.nic_room.val();
        self.nic_buf.next.addr = self.held.q.val().addr;
        self.nic_buf.next.idx = self.held.q.val().idx;

        self.conn.next = self.held.q.val().rq.get_bits::<CONN>(0);
        self.rqe_we.next = self.store_q.q.val();
        for k in (self._bits)..(self._bits + 1) {
            self.rqe_addr.next = (bit_cast::<SLOT_ADDR, CONN>(self.conn.val()) << k.to_bits::<5>())
                | (bit_cast::<SLOT_ADDR, LAP>(self.row_q.q.val().msn) & self.mask.val());
        }
        self.rqe_row.next.gen = self.row_q.q.val().gen;
        self.rqe_row.next.msn = bit_cast::<32, LAP>(self.row_q.q.val().msn);
        self.rqe_row.next.idx = self.held.q.val().idx;
        self.rqe_row.next.addr = self.held.q.val().addr;
        self.rqe_row.next.len = self.held.q.val().len;

        self.next.next.gen = self.row_q.q.val().gen;
        self.next.next.msn = self.row_q.q.val().msn + 1;
        self.posted.we.next = self.store_q.q.val();
        self.posted.waddr.next = self.conn.val();
        if self.init_we.val() {
            self.posted.we.next = true;
            self.posted.waddr.next = self.init_conn.val();
            self.next.next = self.init_row.val();
        }
        self.posted.wdata.next = bit_cast::<17, 8>(self.next.val().gen)
            | (bit_cast::<17, LAP>(self.next.val().msn) << 8);
        self.consumed.we.next = self.cons_we.val();
        self.consumed.waddr.next = self.cons_conn.val();
        self.consumed.wdata.next = self.cons_smsn.val();
    }
}

/// Reads issued on a connection, or Reads answered.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CountRow {
    pub gen: Bits<8>,
    pub count: Bits<16>,
}

/// One beat of `read_issue`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct IssueAsk {
    pub conn: Bits<SEAM_CONN>,
    pub gen: Bits<8>,
    pub sq_idx: Bits<16>,
    pub stag: Bits<32>,
    pub to: Bits<64>,
    pub len: Bits<32>,
    pub atomic: bool,
}

/// Read and Atomic Requests of ours.
#[derive(LogicBlock)]
pub struct IssueServer {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tvalid: Signal<In, bool>,
    pub tready: Signal<Out, bool>,
    pub ask: Signal<In, IssueAsk>,
    pub hold: Signal<In, bool>,
    pub idle: Signal<Out, bool>,
    pub init_we: Signal<In, bool>,
    pub init_conn: Signal<In, Bits<CONN>>,
    pub init_gen: Signal<In, Bits<8>>,
    /// Reads whose Response is complete.
    pub cons_we: Signal<In, bool>,
    pub cons_conn: Signal<In, Bits<CONN>>,
    pub cons_head: Signal<In, Bits<LAP>>,
    pub rdq_we: Signal<Out, bool>,
    pub rdq_addr: Signal<Out, Bits<SLOT_ADDR>>,
    pub rdq_row: Signal<Out, Rdq>,
    pub full: Signal<Out, bool>,
    pub bad: Signal<Out, bool>,
    issued: Ram<CountRow, CONN>,
    consumed: Ram<Bits<LAP>, CONN>,
    s1: Reg<bool>,
    s2: Reg<bool>,
    s3: Reg<bool>,
    held: RegNr<IssueAsk>,
    /// What was judged, and the row it was judged by.
    store_q: Reg<bool>,
    bad_q: Reg<bool>,
    full_q: Reg<bool>,
    row_q: RegNr<CountRow>,
    take: Signal<Local, bool>,
    free: Signal<Local, bool>,
    conn: Signal<Local, Bits<CONN>>,
    row: Signal<Local, CountRow>,
    used: Signal<Local, Bits<LAP>>,
    wrong: Signal<Local, bool>,
    no_slot: Signal<Local, bool>,
    store: Signal<Local, bool>,
    next: Signal<Local, CountRow>,
    beyond: Constant<Bits<SEAM_CONN>>,
    mask: Constant<Bits<SLOT_ADDR>>,
    slots: Constant<Bits<LAP>>,
    lap: Constant<Bits<LAP>>,
    _bits: usize,
}

impl IssueServer {
    /// A server for `2^cfg.conn_bits` connections of `2^cfg.ord_bits` Reads.
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            ask: Default::default(),
            hold: Default::default(),
            idle: Default::default(),
            init_we: Default::default(),
            init_conn: Default::default(),
            init_gen: Default::default(),
            cons_we: Default::default(),
            cons_conn: Default::default(),
            cons_head: Default::default(),
            rdq_we: Default::default(),
            rdq_addr: Default::default(),
            rdq_row: Default::default(),
            full: Default::default(),
            bad: Default::default(),
            issued: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            consumed: Ram::new(cfg.conn_bits, 2).keeping(cfg.ord_bits + 1),
            s1: Default::default(),
            s2: Default::default(),
            s3: Default::default(),
            held: Default::default(),
            store_q: Default::default(),
            bad_q: Default::default(),
            full_q: Default::default(),
            row_q: Default::default(),
            take: Default::default(),
            free: Default::default(),
            conn: Default::default(),
            row: Default::default(),
            used: Default::default(),
            wrong: Default::default(),
            no_slot: Default::default(),
            store: Default::default(),
            next: Default::default(),
            beyond: beyond(cfg),
            mask: slot_mask(cfg, cfg.ord_bits, "Reads (ord_bits)"),
            slots: Constant::new((1u64 << cfg.ord_bits).to_bits()),
            lap: lap_mask(cfg.ord_bits),
            _bits: cfg.ord_bits,
        }
    }
}

impl Logic for IssueServer {
    #[hdl_gen]
    fn update(&mut self) {
        self.free.next = !self.s1.q.val() & !self.s2.q.val() & !self.s3.q.val();
        self.idle.next = self.free.val();
        self.tready.next = self.free.val() & !self.hold.val();
        self.take.next = self.tvalid.val() & self.free.val() & !self.hold.val();
        self.s1.d.next = self.take.val();
        self.s2.d.next = self.s1.q.val();
        self.s3.d.next = self.s2.q.val();
        if self.take.val() {
            self.held.d.next = self.ask.val();
        }
        self.issued.raddr.next = self.ask.val().conn.get_bits::<CONN>(0);
        self.consumed.raddr.next = self.ask.val().conn.get_bits::<CONN>(0);

        // t + 2: judged.
        self.row.next = self.issued.rdata.val();
        self.used.next =
            (self.row.val().count.get_bits::<LAP>(0) - self.consumed.rdata.val()) & self.lap.val();
        self.wrong.next = (self.held.q.val().conn & self.beyond.val()).any()
            | (self.held.q.val().gen != self.row.val().gen);
        self.no_slot.next = self.used.val() >= self.slots.val();
        self.store.next = self.s2.q.val() & !self.wrong.val() & !self.no_slot.val();
        self.store_q.d.next = self.store.val();
        self.bad_q.d.next = self.s2.q.val() & self.wrong.val();
        self.full_q.d.next = self.s2.q.val() & !self.wrong.val() & self.no_slot.val();
        self.row_q.d.next = self.row.val();

        // t + 3: written.
        self.bad.next = self.bad_q.q.val();
        self.full.next = self.full_q.q.val();
        self.conn.next = self.held.q.val().conn.get_bits::<CONN>(0);
        self.rdq_we.next = self.store_q.q.val();
        for k in (self._bits)..(self._bits + 1) {
            self.rdq_addr.next = (bit_cast::<SLOT_ADDR, CONN>(self.conn.val()) << k.to_bits::<5>())
                | (bit_cast::<SLOT_ADDR, 16>(self.row_q.q.val().count) & self.mask.val());
        }
        self.rdq_row.next.gen = self.row_q.q.val().gen;
        self.rdq_row.next.count = self.row_q.q.val().count;
        self.rdq_row.next.valid = true;
        self.rdq_row.next.sq_idx = self.held.q.val().sq_idx;
        self.rdq_row.next.stag = self.held.q.val().stag;
        self.rdq_row.next.to = self.held.q.val().to;
        self.rdq_row.next.len = self.held.q.val().len;
        self.rdq_row.next.atomic = self.held.q.val().atomic;

        self.next.next.gen = self.row_q.q.val().gen;
        self.next.next.count = self.row_q.q.val().count + 1;
        if self.init_we.val() {
            self.next.next.gen = self.init_gen.val();
            self.next.next.count = 0.into();
        }
        self.issued.we.next = self.store_q.q.val() | self.init_we.val();
        self.issued.waddr.next = self.conn.val();
        if self.init_we.val() {
            self.issued.waddr.next = self.init_conn.val();
        }
        self.issued.wdata.next = self.next.val();
        self.consumed.we.next = self.cons_we.val();
        self.consumed.waddr.next = self.cons_conn.val();
        self.consumed.wdata.next = self.cons_head.val();
    }
}
