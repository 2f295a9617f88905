//! Connection context: five RAMs with one entry a connection, read together, joined into a [`CtxEntry`].
//!
//! | RAM | row | writer | cleared after reset |
//! |---|---|---|---|
//! | context | [`Ctx`] | `ctx_we ctx_conn ctx_row`: command block | `valid` only |
//! | state   | [`Dyn`] without `rd_head` | `dyn_we dyn_conn dyn_row`: stage X3 | no |
//! | Reads complete | `rd_head` of [`Dyn`] | the same | no |
//! | mirror  | [`Mirror`] without `last_ack` | `mir_we mir_conn mir_row`: mirror server | no |
//! | Reads answered | 16 bits | `rdd_we rdd_conn rdd_val`: read_done server | no |
//!
//! Request: `req_valid`, and with it `req_pseudo` (an operation, not a frame), `req_found` (frame: the buckets named a
//! connection), `req_conn`, `req_gen` (operation), `req_tuple`, `req_upper` (frame). Answer: `entry_valid`, `entry` exactly `latency`
//! cycles later, in order, one a cycle. With rows in slices (`Cfg::sliced`) `latency` is one more; two cycles without a
//! request lie between two then, as many between two writes of context or of mirror, and one between two of state. A context
//! is cleared with its first part, every cycle. No back-pressure on either side.
//!
//! `hit` of a frame: a connection was found, its context is valid and the whole tuple is equal (a mismatch
//! goes to the NIC queue). `hit` of an operation: the context is valid and the generation is equal (a reused connection
//! number is not touched by its predecessor's late traffic). Without a hit the other fields are those of whatever row
//! was read: without meaning. A connection number behind the table's end never hits.
//!
//! A read of mirror, Reads answered and Reads complete sees the writes of earlier cycles and not one of its own cycle. State
//! that X3 writes after the read, or in its cycle, is forwarded by the pipeline, which knows what is in flight; what the
//! state RAM gives for a row that is being written is without meaning. (Reads complete is apart because it also addresses
//! the Read queue, unforwarded.) A context write waits for a cycle without a request: `settled` is low
//! until then, the command block's next one comes later.
//! `ready` comes 2^conn_bits cycles after reset. Until then writes to the context are lost, and the asker keeps
//! `req_found` low.

use super::cfg::Cfg;
use super::types::{Ctx, CtxEntry, Dyn, Mirror, Upper, CONN, TUPLE, UPPER};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Equal, Ram, RamClear};
use rust_hdl::prelude::*;

/// What is known of a request while the RAMs are read.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CtxAsk {
    pub pseudo: bool,
    /// The row that is being read means something: a connection is named, and it is in the table.
    pub found: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub tuple: Bits<TUPLE>,
    // Upper
    pub v6: bool,
    pub src_high: Bits<96>,
    pub dst_high: Bits<96>,
}

/// [`Dyn`] without `rd_head`.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct State {
    pub st: Bits<2>,
    pub rcv_nxt: Bits<32>,
    pub pend: Bits<8>,
    pub mid: bool,
    pub crc_rep: Bits<2>,
    pub smsn: Bits<32>,
    pub rmsn: Bits<32>,
    pub rd_off: Bits<32>,
    pub first: bool,
    pub rst: bool,
}

/// The context tables and their read pipeline.
#[derive(LogicBlock)]
pub struct CtxTables {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub req_valid: Signal<In, bool>,
    pub req_pseudo: Signal<In, bool>,
    pub req_found: Signal<In, bool>,
    pub req_conn: Signal<In, Bits<CONN>>,
    pub req_gen: Signal<In, Bits<8>>,
    pub req_tuple: Signal<In, Bits<TUPLE>>,
    pub req_upper: Signal<In, Upper>,
    pub entry_valid: Signal<Out, bool>,
    pub entry: Signal<Out, CtxEntry>,
    pub ctx_we: Signal<In, bool>,
    pub ctx_conn: Signal<In, Bits<CONN>>,
    pub ctx_row: Signal<In, Ctx>,
    pub dyn_we: Signal<In, bool>,
    pub dyn_conn: Signal<In, Bits<CONN>>,
    pub dyn_row: Signal<In, Dyn>,
    pub mir_we: Signal<In, bool>,
    pub mir_conn: Signal<In, Bits<CONN>>,
    pub mir_row: Signal<In, Mirror>,
    pub rdd_we: Signal<In, bool>,
    pub rdd_conn: Signal<In, Bits<CONN>>,
    pub rdd_val: Signal<In, Bits<16>>,
    /// No context write waits.
    pub settled: Signal<Out, bool>,
    /// The context RAM is cleared.
    pub ready: Signal<Out, bool>,
    ctx_ram: Ram<Ctx, CONN>,
    dyn_ram: Ram<State, CONN>,
    head_ram: Ram<Bits<16>, CONN>,
    mir_ram: Ram<Mirror, CONN>,
    rdd_ram: Ram<Bits<16>, CONN>,
    /// Of the mirror's row the field that is not stored.
    unused_mirror: Signal<Local, Mirror>,
    clear: RamClear<CONN>,
    /// Delay lines beside the RAMs, one register a cycle of latency.
    valid: Vec<Reg<bool>>,
    asks: Vec<RegNr<CtxAsk>>,
    ask: Signal<Local, CtxAsk>,
    asked: Signal<Local, CtxAsk>,
    state: Signal<Local, State>,
    wait: Reg<bool>,
    wait_conn: RegNr<Bits<CONN>>,
    wait_row: RegNr<Ctx>,
    write: Signal<Local, bool>,
    row: Signal<Local, Ctx>,
    same: Signal<Local, bool>,
    /// Where rows are in slices, which is where a small part is full: the tuples are compared in few levels.
    equal: Vec<Equal<TUPLE>>,
    /// Ones where a connection number of this preset has zeros.
    beyond: Constant<Bits<CONN>>,
    _latency: usize,
    /// Rows in slices: the address bit that says when to read. Else beyond the address.
    _strobe: usize,
    _sliced: usize,
    _ports: usize,
}

impl CtxTables {
    /// Tables of `2^cfg.conn_bits` connections with read latency `cfg.latency`.
    pub fn new(cfg: &Cfg) -> Self {
        let latency = cfg.ctx_latency();
        let (parts, state_parts) = cfg.ctx_slices();
        let mut ctx_ram = Ram::new(cfg.conn_bits, latency)
            .collisions_undefined()
            .sliced(parts);
        if !cfg.ipv6 {
            ctx_ram = ctx_ram.keeping(Ctx::BITS - UPPER);
        }
        let beyond = (0xffffu64 << cfg.conn_bits) & 0xffff;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            req_valid: Default::default(),
            req_pseudo: Default::default(),
            req_found: Default::default(),
            req_conn: Default::default(),
            req_gen: Default::default(),
            req_tuple: Default::default(),
            req_upper: Default::default(),
            entry_valid: Default::default(),
            entry: Default::default(),
            ctx_we: Default::default(),
            ctx_conn: Default::default(),
            ctx_row: Default::default(),
            dyn_we: Default::default(),
            dyn_conn: Default::default(),
            dyn_row: Default::default(),
            mir_we: Default::default(),
            mir_conn: Default::default(),
            mir_row: Default::default(),
            rdd_we: Default::default(),
            rdd_conn: Default::default(),
            rdd_val: Default::default(),
            settled: Default::default(),
            ready: Default::default(),
            ctx_ram,
            dyn_ram: Ram::new(cfg.conn_bits, latency)
                .collisions_undefined()
                .sliced(state_parts),
            head_ram: Ram::new(cfg.conn_bits, latency),
            mir_ram: Ram::new(cfg.conn_bits, latency)
                .keeping(Mirror::BITS - 32)
                .sliced(parts),
            rdd_ram: Ram::new(cfg.conn_bits, latency),
            unused_mirror: Default::default(),
            clear: RamClear::new(cfg.conn_bits),
            valid: (0..latency).map(|_| Reg::default()).collect(),
            asks: (0..latency).map(|_| RegNr::default()).collect(),
            ask: Default::default(),
            asked: Default::default(),
            state: Default::default(),
            wait: Default::default(),
            wait_conn: Default::default(),
            wait_row: Default::default(),
            write: Default::default(),
            row: Default::default(),
            same: Default::default(),
            equal: (0..usize::from(cfg.sliced))
                .map(|_| Equal::default())
                .collect(),
            _sliced: cfg.sliced.into(),
            beyond: Constant::new(beyond.to_bits()),
            _latency: latency,
            _strobe: if cfg.sliced { CONN - 1 } else { CONN },
            _ports: CONN,
        }
    }
}

impl Logic for CtxTables {
    #[hdl_gen]
    fn update(&mut self) {
        // Writers. Clearing takes the context's port and only has to take away `valid`.
        self.write.next = self.wait.q.val() && !self.req_valid.val();
        if self.write.val() {
            self.wait.d.next = false;
        }
        if self.ctx_we.val() {
            self.wait.d.next = true;
            self.wait_conn.d.next = self.ctx_conn.val();
            self.wait_row.d.next = self.ctx_row.val();
        }
        self.settled.next = !self.wait.q.val();
        self.ctx_ram.we.next = self.write.val() || self.clear.active.val();
        self.ctx_ram.waddr.next = self.wait_conn.q.val();
        self.row.next = self.wait_row.q.val();
        if self.clear.active.val() {
            self.ctx_ram.waddr.next = self.clear.addr.val();
            self.row.next.valid = false;
        }
        self.ctx_ram.wdata.next = self.row.val();
        self.dyn_ram.we.next = self.dyn_we.val();
        self.dyn_ram.waddr.next = self.dyn_conn.val();
        self.state.next.st = self.dyn_row.val().st;
        self.state.next.rcv_nxt = self.dyn_row.val().rcv_nxt;
        self.state.next.pend = self.dyn_row.val().pend;
        self.state.next.mid = self.dyn_row.val().mid;
        self.state.next.crc_rep = self.dyn_row.val().crc_rep;
        self.state.next.smsn = self.dyn_row.val().smsn;
        self.state.next.rmsn = self.dyn_row.val().rmsn;
        self.state.next.rd_off = self.dyn_row.val().rd_off;
        self.state.next.first = self.dyn_row.val().first;
        self.state.next.rst = self.dyn_row.val().rst;
        self.dyn_ram.wdata.next = self.state.val();
        self.head_ram.we.next = self.dyn_we.val();
        self.head_ram.waddr.next = self.dyn_conn.val();
        self.head_ram.wdata.next = self.dyn_row.val().rd_head;
        self.mir_ram.we.next = self.mir_we.val();
        self.mir_ram.waddr.next = self.mir_conn.val();
        self.mir_ram.wdata.next = self.mir_row.val();
        self.rdd_ram.we.next = self.rdd_we.val();
        self.rdd_ram.waddr.next = self.rdd_conn.val();
        self.rdd_ram.wdata.next = self.rdd_val.val();
        self.ready.next = self.clear.done.val();

        // All are read with the request.
        self.ctx_ram.raddr.next = self.req_conn.val();
        self.dyn_ram.raddr.next = self.req_conn.val();
        self.head_ram.raddr.next = self.req_conn.val();
        self.mir_ram.raddr.next = self.req_conn.val();
        self.rdd_ram.raddr.next = self.req_conn.val();
        for top in (self._strobe)..(self._ports) {
            self.ctx_ram.raddr.next = self.req_conn.val().replace_bit(top, self.req_valid.val());
            self.dyn_ram.raddr.next = self.req_conn.val().replace_bit(top, self.req_valid.val());
            self.mir_ram.raddr.next = self.req_conn.val().replace_bit(top, self.req_valid.val());
        }

        self.ask.next.pseudo = self.req_pseudo.val();
        self.ask.next.found =
            self.req_found.val() && ((self.req_conn.val() & self.beyond.val()) == 0);
        self.ask.next.conn = self.req_conn.val();
        self.ask.next.gen = self.req_gen.val();
        self.ask.next.tuple = self.req_tuple.val();
        self.ask.next.v6 = self.req_upper.val().v6;
        self.ask.next.src_high = self.req_upper.val().src;
        self.ask.next.dst_high = self.req_upper.val().dst;
        self.valid[0].d.next = self.req_valid.val();
        self.asks[0].d.next = self.ask.val();
        for i in 1..self._latency {
            self.valid[i].d.next = self.valid[i - 1].q.val();
            self.asks[i].d.next = self.asks[i - 1].q.val();
        }
        for last in (self._latency - 1)..(self._latency) {
            self.entry_valid.next = self.valid[last].q.val();
            self.asked.next = self.asks[last].q.val();
        }

        // The rows are there.
        if self.asked.val().pseudo {
            self.same.next = self.asked.val().gen == self.ctx_ram.rdata.val().gen;
        } else {
            self.same.next = (self.asked.val().tuple == self.ctx_ram.rdata.val().tuple)
                & (self.asked.val().v6 == self.ctx_ram.rdata.val().v6)
                & (self.asked.val().src_high == self.ctx_ram.rdata.val().src_high)
                & (self.asked.val().dst_high == self.ctx_ram.rdata.val().dst_high);
        }
        for i in 0..self._sliced {
            self.equal[i].a.next = self.asked.val().tuple;
            self.equal[i].b.next = self.ctx_ram.rdata.val().tuple;
            self.same.next = self.equal[i].same.val()
                & (self.asked.val().v6 == self.ctx_ram.rdata.val().v6)
                & (self.asked.val().src_high == self.ctx_ram.rdata.val().src_high)
                & (self.asked.val().dst_high == self.ctx_ram.rdata.val().dst_high);
            if self.asked.val().pseudo {
                self.same.next = self.asked.val().gen == self.ctx_ram.rdata.val().gen;
            }
        }
        self.entry.next.pseudo = self.asked.val().pseudo;
        self.entry.next.hit =
            self.asked.val().found && self.ctx_ram.rdata.val().valid && self.same.val();
        self.entry.next.conn = self.asked.val().conn;
        self.entry.next.gen = self.ctx_ram.rdata.val().gen;
        self.entry.next.func = self.ctx_ram.rdata.val().func;
        self.entry.next.rcv_wnd = self.ctx_ram.rdata.val().rcv_wnd;
        self.entry.next.crc_en = self.ctx_ram.rdata.val().crc_en;
        self.entry.next.pd = self.ctx_ram.rdata.val().pd;
        self.entry.next.qpn = self.ctx_ram.rdata.val().qpn;
        self.entry.next.ird = self.ctx_ram.rdata.val().ird;
        self.entry.next.sack = self.ctx_ram.rdata.val().sack;
        self.entry.next.st = self.dyn_ram.rdata.val().st;
        self.entry.next.rcv_nxt = self.dyn_ram.rdata.val().rcv_nxt;
        self.entry.next.pend = self.dyn_ram.rdata.val().pend;
        self.entry.next.mid = self.dyn_ram.rdata.val().mid;
        self.entry.next.crc_rep = self.dyn_ram.rdata.val().crc_rep;
        self.entry.next.smsn = self.dyn_ram.rdata.val().smsn;
        self.entry.next.rmsn = self.dyn_ram.rdata.val().rmsn;
        self.entry.next.rd_head = self.head_ram.rdata.val();
        self.entry.next.rd_off = self.dyn_ram.rdata.val().rd_off;
        self.entry.next.first = self.dyn_ram.rdata.val().first;
        self.entry.next.rst = self.dyn_ram.rdata.val().rst;
        self.unused_mirror.next = self.mir_ram.rdata.val();
        self.entry.next.snd_una = self.mir_ram.rdata.val().snd_una;
        self.entry.next.snd_nxt = self.mir_ram.rdata.val().snd_nxt;
        self.entry.next.max_wnd = self.mir_ram.rdata.val().max_wnd;
        self.entry.next.rd_done = self.rdd_ram.rdata.val();
    }
}
