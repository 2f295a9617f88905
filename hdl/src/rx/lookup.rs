//! Connection lookup: tuple -> two hash buckets -> connection -> context entry. Operations pass through it like frames.
//!
//! | ports | | |
//! |---|---|---|
//! | `launch_valid launch_tuple` | in | a frame's tuple; no back-pressure |
//! | `op_valid op_ready op` | in | an operation of the assembler or the command block |
//! | `op_room` | in | the pipeline's window has room for an operation |
//! | `tpt_pending` | in | a launched frame has still to issue its TPT read |
//! | `frame_tpt_valid frame_tpt_stag` | in | TPT read of a frame; no back-pressure |
//! | `tpt_valid tpt_stag` | out | merged TPT requests, same cycle |
//! | `ctx_valid ctx ctx_pop` | FIFO out | one [`CtxEntry`] a launch or operation, in order |
//! | `note note_conn` | out | an entry goes into that FIFO in this cycle |
//! | `opq_valid opq opq_pop` | FIFO out | the accepted operations, in order |
//! | `lkp_we lkp_sel lkp_bucket lkp_row` | in | writes a row of table `lkp_sel` |
//! | `ctx_* dyn_* mir_* rdd_*` | in | writers of the tables in [`CtxTables`] |
//! | `ready` | out | lookup and context tables are cleared; before that every frame misses and no operation is taken |
//!
//! **Latency**, L = table latency: launch or acceptance in cycle A, bucket rows A+L, context rows A+2L, entry visible
//! in A+1+2L if the FIFO is empty. One launch or operation a cycle.
//! **Back-pressure**: `op_ready` is low in a cycle with a launch or a frame's TPT read, while `tpt_pending` (TPT
//! results keep the order of launches), without `op_room`, and while the operation FIFO is full. It does not look at
//! `op_valid`. An operation of kind Fpdu issues exactly one TPT read when it is accepted, whether it will hit or not:
//! the STag in FPDU octets 4..7, for a Read Request (RDMAP opcode 1, RFC 5040 4.4) the source STag in octets 36..39.
//! Other kinds issue none.
//! **Depths**: both FIFOs hold 16, the largest window: whoever counts frames and operations in flight keeps them from
//! overflowing.
//!
//! # Bucket row
//! Two tables of `2^bucket_bits` buckets of 4 ways. Table 0 is addressed by the low bits of `TupleHash::h0`, table 1 by
//! those of `h1`; the fingerprint is `fp`. Way `w` of a row is bits `29w+28 : 29w`:
//!
//! | bits | field |
//! |---|---|
//! | 28 | valid |
//! | 27:12 | connection |
//! | 11:0 | fingerprint |
//!
//! The driver never installs two different connections with equal fingerprints in the buckets of one tuple. If it does,
//! the two numbers are ORed, and the full tuple compare makes a miss of nearly every frame; never a false hit. The same
//! connection may stand in several ways, so an entry moves from one table to the other without a gap: write the new way
//! first. [`bucket_key`], [`pack_row`] and [`pack_tuple`] are the driver's side of this contract.

use super::cfg::Cfg;
use super::ctx::CtxTables;
use super::types::{Ctx, CtxEntry, Dyn, Mirror, Op, OpKind, CONN, TUPLE};
use crate::prim::hash::tuple_hash;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Bswap, Fifo, Ram, RamClear, TupleHash};
use rust_hdl::prelude::*;

/// Ways of a bucket.
pub const WAYS: usize = 4;
/// Bits of a way: valid, connection, fingerprint.
pub const WAY: usize = 29;
/// Bits of a bucket row.
pub const ROW: usize = WAYS * WAY;
/// log2 of the depth of the entry and the operation FIFO.
const DEPTH: usize = 4;

/// A way of a bucket in use.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub conn: u16,
    pub fp: u16,
}

/// Where a tuple may stand, and what stands there for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BucketKey {
    /// Bucket number in table 0 and table 1.
    pub bucket: [u16; 2],
    pub fp: u16,
}

/// A tuple as the chip packs it. `src` and `sport` are those of the received frame: the peer's.
/// `vlan` is the VID of an 802.1Q tag.
pub fn pack_tuple(vlan: Option<u16>, src: u32, dst: u32, sport: u16, dport: u16) -> u128 {
    let tag = vlan.map_or(0, |vid| 0x1000 | u128::from(vid & 0xfff));
    tag << 96
        | u128::from(dport) << 80
        | u128::from(sport) << 64
        | u128::from(dst) << 32
        | u128::from(src)
}

/// The buckets and the fingerprint of a tuple in tables of `2^bucket_bits` buckets.
pub fn bucket_key(tuple: u128, bucket_bits: usize) -> BucketKey {
    let (h0, h1, fp) = tuple_hash(&tuple.to_le_bytes()[..TUPLE.div_ceil(8)]);
    let mask = ((1u32 << bucket_bits) - 1) as u16;
    BucketKey {
        bucket: [h0 & mask, h1 & mask],
        fp,
    }
}

/// A bucket row as `lkp_row` takes it.
pub fn pack_row(ways: [Option<Way>; WAYS]) -> u128 {
    let bits = |way: Way| 1 << 28 | u128::from(way.conn) << 12 | u128::from(way.fp & 0xfff);
    (0..WAYS).fold(0, |row, w| row | ways[w].map_or(0, bits) << (w * WAY))
}

/// What goes down the pipeline while the buckets are read.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct LookupAsk {
    pub pseudo: bool,
    /// The bucket rows mean something: the tables were clear.
    pub live: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub fp: Bits<12>,
    pub tuple: Bits<TUPLE>,
}

/// The lookup stage.
#[derive(LogicBlock)]
pub struct Lookup {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub launch_valid: Signal<In, bool>,
    pub launch_tuple: Signal<In, Bits<TUPLE>>,
    pub op_valid: Signal<In, bool>,
    pub op_ready: Signal<Out, bool>,
    pub op: Signal<In, Op>,
    pub op_room: Signal<In, bool>,
    pub tpt_pending: Signal<In, bool>,
    pub frame_tpt_valid: Signal<In, bool>,
    pub frame_tpt_stag: Signal<In, Bits<32>>,
    pub tpt_valid: Signal<Out, bool>,
    pub tpt_stag: Signal<Out, Bits<32>>,
    pub ctx_valid: Signal<Out, bool>,
    pub ctx: Signal<Out, CtxEntry>,
    pub ctx_pop: Signal<In, bool>,
    /// An entry goes into the FIFO in this cycle, of this connection.
    pub note: Signal<Out, bool>,
    pub note_conn: Signal<Out, Bits<CONN>>,
    pub opq_valid: Signal<Out, bool>,
    pub opq: Signal<Out, Op>,
    pub opq_pop: Signal<In, bool>,
    pub lkp_we: Signal<In, bool>,
    pub lkp_sel: Signal<In, Bits<1>>,
    pub lkp_bucket: Signal<In, Bits<16>>,
    pub lkp_row: Signal<In, Bits<ROW>>,
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
    pub ready: Signal<Out, bool>,
    hash: TupleHash<TUPLE>,
    bucket0: Ram<Bits<ROW>, 16>,
    bucket1: Ram<Bits<ROW>, 16>,
    clear: RamClear<16>,
    tables: CtxTables,
    entries: Fifo<CtxEntry, DEPTH>,
    ops: Fifo<Op, DEPTH>,
    stag_wire: Signal<Local, Bits<32>>,
    stag: Bswap<32>,
    /// Delay lines beside the bucket RAMs.
    valid: Vec<Reg<bool>>,
    asks: Vec<RegNr<LookupAsk>>,
    ask: Signal<Local, LookupAsk>,
    asked: Signal<Local, LookupAsk>,
    all_clear: Signal<Local, bool>,
    op_free: Signal<Local, bool>,
    op_take: Signal<Local, bool>,
    found: Signal<Local, bool>,
    conn: Signal<Local, Bits<CONN>>,
    _latency: usize,
}

impl Lookup {
    /// A lookup stage with the sizes `bucket_bits`, `conn_bits` and `latency` of a preset.
    pub fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            launch_valid: Default::default(),
            launch_tuple: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            op_room: Default::default(),
            tpt_pending: Default::default(),
            frame_tpt_valid: Default::default(),
            frame_tpt_stag: Default::default(),
            tpt_valid: Default::default(),
            tpt_stag: Default::default(),
            ctx_valid: Default::default(),
            ctx: Default::default(),
            ctx_pop: Default::default(),
            note: Default::default(),
            note_conn: Default::default(),
            opq_valid: Default::default(),
            opq: Default::default(),
            opq_pop: Default::default(),
            lkp_we: Default::default(),
            lkp_sel: Default::default(),
            lkp_bucket: Default::default(),
            lkp_row: Default::default(),
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
            ready: Default::default(),
            hash: TupleHash::new(),
            bucket0: Ram::new(cfg.bucket_bits, cfg.latency),
            bucket1: Ram::new(cfg.bucket_bits, cfg.latency),
            clear: RamClear::new(cfg.bucket_bits),
            tables: CtxTables::new(cfg),
            entries: Fifo::new(),
            ops: Fifo::new(),
            stag_wire: Default::default(),
            stag: Bswap::new(),
            valid: (0..cfg.latency).map(|_| Reg::default()).collect(),
            asks: (0..cfg.latency).map(|_| RegNr::default()).collect(),
            ask: Default::default(),
            asked: Default::default(),
            all_clear: Default::default(),
            op_free: Default::default(),
            op_take: Default::default(),
            found: Default::default(),
            conn: Default::default(),
            _latency: cfg.latency,
        }
    }
}

impl Logic for Lookup {
    #[hdl_gen]
    fn update(&mut self) {
        self.all_clear.next = self.clear.done.val() && self.tables.ready.val();
        self.ready.next = self.all_clear.val();

        // Cycle A: who goes. A frame always; an operation when nothing of a frame comes before it.
        self.op_free.next = self.all_clear.val()
            && self.op_room.val()
            && !self.ops.full.val()
            && !self.tpt_pending.val()
            && !self.launch_valid.val()
            && !self.frame_tpt_valid.val();
        self.op_ready.next = self.op_free.val();
        self.op_take.next = self.op_free.val() && self.op_valid.val();
        self.ops.push.next = self.op_take.val();
        self.ops.din.next = self.op.val();

        // The STag octets as they stood on the wire; the first one is the most significant.
        self.stag_wire.next = self.op.val().hdr_a.get_bits::<32>(32);
        if self.op.val().hdr_a.get_bits::<4>(24) == 1 {
            self.stag_wire.next = self.op.val().hdr_b.get_bits::<32>(128);
        }
        self.stag.din.next = self.stag_wire.val();
        self.tpt_valid.next = self.frame_tpt_valid.val()
            || (self.op_take.val() && (self.op.val().kind == OpKind::Fpdu));
        self.tpt_stag.next = self.stag.dout.val();
        if self.frame_tpt_valid.val() {
            self.tpt_stag.next = self.frame_tpt_stag.val();
        }

        // Cycle A: bucket read.
        self.hash.tuple.next = self.launch_tuple.val();
        self.bucket0.raddr.next = self.hash.h0.val();
        self.bucket1.raddr.next = self.hash.h1.val();
        self.ask.next.pseudo = !self.launch_valid.val();
        self.ask.next.live = self.all_clear.val();
        self.ask.next.conn = self.op.val().conn;
        self.ask.next.gen = self.op.val().gen;
        self.ask.next.fp = self.hash.fp.val();
        self.ask.next.tuple = self.launch_tuple.val();
        self.valid[0].d.next = self.launch_valid.val() || self.op_take.val();
        self.asks[0].d.next = self.ask.val();
        for i in 1..self._latency {
            self.valid[i].d.next = self.valid[i - 1].q.val();
            self.asks[i].d.next = self.asks[i - 1].q.val();
        }
        for last in (self._latency - 1)..(self._latency) {
            self.tables.req_valid.next = self.valid[last].q.val();
            self.asked.next = self.asks[last].q.val();
        }

        // Cycle A+L: fingerprint compare over 8 ways; at most one connection matches.
        self.found.next = self.asked.val().pseudo;
        self.conn.next = 0.into();
        if self.asked.val().pseudo {
            self.conn.next = self.asked.val().conn;
        } else {
            for w in 0..4 {
                if self.bucket0.rdata.val().get_bit(w * 29 + 28)
                    && (self.bucket0.rdata.val().get_bits::<12>(w * 29) == self.asked.val().fp)
                {
                    self.found.next = true;
                    self.conn.next =
                        self.conn.val() | self.bucket0.rdata.val().get_bits::<16>(w * 29 + 12);
                }
                if self.bucket1.rdata.val().get_bit(w * 29 + 28)
                    && (self.bucket1.rdata.val().get_bits::<12>(w * 29) == self.asked.val().fp)
                {
                    self.found.next = true;
                    self.conn.next =
                        self.conn.val() | self.bucket1.rdata.val().get_bits::<16>(w * 29 + 12);
                }
            }
        }
        self.tables.req_pseudo.next = self.asked.val().pseudo;
        self.tables.req_found.next = self.found.val() && self.asked.val().live;
        self.tables.req_conn.next = self.conn.val();
        self.tables.req_gen.next = self.asked.val().gen;
        self.tables.req_tuple.next = self.asked.val().tuple;

        // Cycle A+2L: the entry goes into its FIFO.
        self.entries.push.next = self.tables.entry_valid.val();
        self.entries.din.next = self.tables.entry.val();
        self.note.next = self.tables.entry_valid.val();
        self.note_conn.next = self.tables.entry.val().conn;
        self.entries.pop.next = self.ctx_pop.val();
        self.ctx_valid.next = self.entries.valid.val();
        self.ctx.next = self.entries.dout.val();
        self.ops.pop.next = self.opq_pop.val();
        self.opq_valid.next = self.ops.valid.val();
        self.opq.next = self.ops.dout.val();

        // Writers.
        self.bucket0.we.next =
            self.clear.active.val() || (self.lkp_we.val() && (self.lkp_sel.val() == 0));
        self.bucket1.we.next =
            self.clear.active.val() || (self.lkp_we.val() && (self.lkp_sel.val() == 1));
        self.bucket0.waddr.next = self.lkp_bucket.val();
        self.bucket1.waddr.next = self.lkp_bucket.val();
        self.bucket0.wdata.next = self.lkp_row.val();
        self.bucket1.wdata.next = self.lkp_row.val();
        if self.clear.active.val() {
            self.bucket0.waddr.next = self.clear.addr.val();
            self.bucket1.waddr.next = self.clear.addr.val();
            self.bucket0.wdata.next = 0.into();
            self.bucket1.wdata.next = 0.into();
        }
        self.tables.ctx_we.next = self.ctx_we.val();
        self.tables.ctx_conn.next = self.ctx_conn.val();
        self.tables.ctx_row.next = self.ctx_row.val();
        self.tables.dyn_we.next = self.dyn_we.val();
        self.tables.dyn_conn.next = self.dyn_conn.val();
        self.tables.dyn_row.next = self.dyn_row.val();
        self.tables.mir_we.next = self.mir_we.val();
        self.tables.mir_conn.next = self.mir_conn.val();
        self.tables.mir_row.next = self.mir_row.val();
        self.tables.rdd_we.next = self.rdd_we.val();
        self.tables.rdd_conn.next = self.rdd_conn.val();
        self.tables.rdd_val.next = self.rdd_val.val();
    }
}
