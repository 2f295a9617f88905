//! Connection lookup: tuple -> two hash buckets -> connection -> context entry. Operations pass through it like frames.
//!
//! | ports | | |
//! |---|---|---|
//! | `launch_valid launch_tuple launch_upper` | in | a frame's tuple, and what an IPv6 one has more; no back-pressure |
//! | `op_valid op_ready op` | in | an operation of the assembler or the command block; held here until it is launched |
//! | `op_room` | in | the pipeline's window has room for an operation |
//! | `tpt_pending` | in | a launched frame has still to issue its TPT read, the one of this cycle included |
//! | `frame_tpt_valid` | in | TPT read of a frame, only while `tpt_pending` or `tpt_more` |
//! | `tpt_more` | in | the same for the parts behind a frame's first one, from the cycle on in which the first cut is planned |
//! | `op_tpt_valid op_tpt_stag` | out | TPT read of an operation, in no cycle with one of a frame |
//! | `ctx_valid ctx ctx_pop` | FIFO out | one [`CtxEntry`] a launch or operation, in order |
//! | `next_valid next_conn` | out | an entry of this connection is visible from the next cycle on, or behind those in the FIFO |
//! | `opq_valid opq opq_pop` | FIFO out | the launched operations, in order; `conn` and `gen` stand in the entry and are zero here |
//! | `lkp_we lkp_sel lkp_bucket lkp_row` | in | writes a row of table `lkp_sel` |
//! | `ctx_* dyn_* mir_* rdd_*` | in | writers of the tables in [`CtxTables`] |
//! | `ready` | out | lookup and context tables are cleared; before that every frame misses and no operation is taken |
//!
//! **Latency**, L = table latency: launch in cycle A, bucket rows A+L, context rows A+2L, entry visible in A+1+2L if the
//! FIFO is empty. One launch of a frame or an operation a cycle. An operation is launched the cycle after its acceptance
//! or later: not in a cycle with a frame's launch, not while a frame launched earlier may still issue its TPT read (TPT
//! results keep the order of launches), and not while a context write waits.
//! With `Cfg::sliced` both tables are in one memory, table 0 read in A, table 1 in A+1, by four comparators; the context
//! tables, a cycle slower themselves, are asked in A+3, by an operation in the cycle after its launch. They want two
//! cycles without a request between two: frames are five beats long at least, and an operation waits until the requests before
//! it, of frames launched and of operations, are two cycles old. Its TPT read comes a cycle later too, from registers: no frame
//! launched since reads by then.
//! **Back-pressure**: `op_ready` comes from registers: no operation is held, `op_room`, the operation FIFO is not full.
//! It looks neither at `op_valid` nor at what ingest does in this cycle. An operation of kind Fpdu issues exactly one TPT
//! read when it is launched, whether it will hit or not:
//! the STag in FPDU octets 4..7, for a Read Request (RDMAP opcode 1, RFC 5040 4.4) the source STag in octets 36..39, for an
//! Atomic Request (opcode 10, RFC 7306 5.2.1) the remote STag in octets 28..31.
//! Other kinds issue none.
//! **Depths**: both FIFOs hold the window: whoever counts frames and operations in flight keeps them from
//! overflowing. An assembled FPDU and a command have a register each for what only they carry: the command block has one
//! operation between here and X3 at a time, the assembler one FPDU, or `Cfg::fpdus`: then a FIFO holds those that are launched.
//!
//! # Bucket row
//! Two tables of `2^bucket_bits` buckets of 4 ways. Table 0 is addressed by the low bits of `TupleHash::h0`, table 1 by
//! those of `h1`; the fingerprint is `fp`; an IPv6 tuple is hashed with its [`Upper`]. Way `w` of a row is
//! bits `29w+28 : 29w`:
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
//! first. [`bucket_key`], [`pack_row`] and [`Tuple`] are the driver's side of this contract.

use super::cfg::Cfg;
use super::ctx::CtxTables;
use super::types::*;
use super::way_match::WayMatch;
use crate::prim::hash::tuple_hash;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Bswap, Fifo, RamClear, RamLanes, TupleHash};
use rust_hdl::prelude::*;

/// log2 of the FPDUs that may be launched and not popped: `Cfg::fpdus` at most.
const BODIES: usize = 2;

/// What only an FPDU carries.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Body {
    pub a: Bits<HDR_A>,
    pub b: Bits<HDR_B>,
    pub blk: Bits<BEAT>,
    pub term: Bits<16>,
}

/// Ways of a bucket.
pub const WAYS: usize = 4;
/// Bits of a way: valid, connection, fingerprint.
pub const WAY: usize = 29;
/// Bits of a bucket row.
pub const ROW: usize = WAYS * WAY;
/// Bits of a tuple that are hashed.
const HASHED: usize = TUPLE + UPPER;
/// log2 of the largest depth of the entry and the operation FIFO.
const DEPTH: usize = 4;
/// The bits of a way that a table of `2^conn_bits` connections keeps.
fn stored(conn_bits: usize) -> u64 {
    1 << 28 | ((1 << conn_bits) - 1) << 12 | 0xfff
}

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

/// A tuple as the chip takes it: [`TUPLE`] low bits as [`pack_tuple`] makes them, and the fields of [`Upper`].
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tuple {
    pub low: u128,
    pub v6: bool,
    pub src_high: u128,
    pub dst_high: u128,
}

impl From<u128> for Tuple {
    /// An IPv4 one.
    fn from(low: u128) -> Self {
        Tuple {
            low,
            ..Tuple::default()
        }
    }
}

impl Tuple {
    /// Of IPv6 addresses; the arguments as for [`pack_tuple`].
    pub fn v6(vlan: Option<u16>, src: u128, dst: u128, sport: u16, dport: u16) -> Self {
        Tuple {
            low: pack_tuple(vlan, src as u32, dst as u32, sport, dport),
            v6: true,
            src_high: src >> 32,
            dst_high: dst >> 32,
        }
    }

    /// The bits that are hashed, the first one at bit 0 of the first octet: `low`, `src_high`, `dst_high`, `v6`.
    fn octets(&self) -> [u8; HASHED.div_ceil(8)] {
        let mut out = [0; HASHED.div_ceil(8)];
        let mut at = 0;
        for (value, bits) in [
            (self.low, TUPLE),
            (self.src_high, 96),
            (self.dst_high, 96),
            (self.v6.into(), 1),
        ] {
            for i in 0..bits {
                out[at / 8] |= ((value >> i & 1) as u8) << (at % 8);
                at += 1;
            }
        }
        out
    }
}

/// An IPv4 tuple's bits. `src` and `sport` are those of the received frame: the peer's.
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
pub fn bucket_key(tuple: impl Into<Tuple>, bucket_bits: usize) -> BucketKey {
    let (h0, h1, fp) = tuple_hash(&tuple.into().octets());
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
    /// An operation's; zero for a frame.
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub fp: Bits<12>,
    pub tuple: Bits<TUPLE>,
    // Upper
    pub v6: bool,
    pub src_high: Bits<96>,
    pub dst_high: Bits<96>,
}

/// What decides in J and addresses the queue tables.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Head {
    pub hit: bool,
    pub pseudo: bool,
    pub conn: Bits<CONN>,
    pub rd_head: Bits<16>,
}

/// What every operation carries; the rest of [`Op`] is in registers.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct OpNote {
    pub kind: OpKind,
    pub seq: Bits<32>,
    pub mid: bool,
    pub rollback: bool,
    pub crc_fail: bool,
    pub fin: bool,
    pub now: bool,
    pub sack: bool,
}

/// The lookup stage.
#[derive(LogicBlock)]
pub struct Lookup {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub launch_valid: Signal<In, bool>,
    pub launch_tuple: Signal<In, Bits<TUPLE>>,
    pub launch_upper: Signal<In, Upper>,
    pub op_valid: Signal<In, bool>,
    pub op_ready: Signal<Out, bool>,
    pub op: Signal<In, Op>,
    pub op_room: Signal<In, bool>,
    pub tpt_pending: Signal<In, bool>,
    pub frame_tpt_valid: Signal<In, bool>,
    pub tpt_more: Signal<In, bool>,
    pub op_tpt_valid: Signal<Out, bool>,
    pub op_tpt_stag: Signal<Out, Bits<32>>,
    pub ctx_valid: Signal<Out, bool>,
    pub ctx: Signal<Out, CtxEntry>,
    pub ctx_pop: Signal<In, bool>,
    pub next_valid: Signal<Out, bool>,
    pub next_conn: Signal<Out, Bits<CONN>>,
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
    hash: TupleHash<HASHED>,
    bucket0: RamLanes<ROW, WAYS, 16>,
    bucket1: RamLanes<ROW, WAYS, 16>,
    /// Ways of table 0, then of table 1.
    ways: [WayMatch; 8],
    clear: RamClear<16>,
    tables: CtxTables,
    entries: Fifo<CtxEntry, DEPTH>,
    ops: Fifo<OpNote, DEPTH>,
    /// Of every entry what is wanted early.
    heads: Fifo<Head, DEPTH>,
    new_head: Signal<Local, Head>,
    oldest: Signal<Local, Head>,
    /// The FPDU's and the command's own fields. The register follows the port until such an operation is accepted, and
    /// again when it has been popped.
    fpdu_held: Reg<bool>,
    /// Launched FPDUs, if there may be more than one; else none.
    bodies: Vec<Fifo<Body, BODIES>>,
    _bodies: usize,
    launched: Signal<Local, Body>,
    body: Signal<Local, Body>,
    fpdu_a: RegNr<Bits<HDR_A>>,
    fpdu_b: RegNr<Bits<HDR_B>>,
    fpdu_blk: RegNr<Bits<BEAT>>,
    fpdu_term: RegNr<Bits<16>>,
    cmd_held: Reg<bool>,
    cmd_words: RegNr<Bits<139>>,
    /// The bits of them that this preset looks at.
    cmd_mask: Constant<Bits<139>>,
    cmd_fence: RegNr<Bits<10>>,
    /// The operation accepted and not launched yet: what the registers above do not hold.
    held: Reg<bool>,
    held_note: RegNr<OpNote>,
    held_fpdu: RegNr<bool>,
    held_conn: RegNr<Bits<CONN>>,
    held_gen: RegNr<Bits<8>>,
    /// A frame launched in an earlier cycle may still issue its TPT read.
    pending: Reg<bool>,
    op_go: Signal<Local, bool>,
    note: Signal<Local, OpNote>,
    head: Signal<Local, OpNote>,
    is_fpdu: Signal<Local, bool>,
    is_cmd: Signal<Local, bool>,
    unused_room: Signal<Local, Bits<8>>,
    unused_full: Signal<Local, bool>,
    unused_bodies: Signal<Local, bool>,
    entry: Signal<Local, CtxEntry>,
    unused_entry: Signal<Local, CtxEntry>,
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
    asking: Signal<Local, LookupAsk>,
    unused_asking: Signal<Local, LookupAsk>,
    unused_asked: Signal<Local, LookupAsk>,
    frame: Signal<Local, bool>,
    row: Signal<Local, Bits<ROW>>,
    upper_flag: Signal<Local, Bits<1>>,
    alone: Constant<bool>,
    /// Ones where a connection number of this preset has zeros.
    beyond: Constant<Bits<CONN>>,
    // `Cfg::sliced`: one of each, else none.
    /// Of the frame launched last: bucket of table 1, fingerprint, whether the tables were clear.
    h1: Vec<RegNr<Bits<16>>>,
    fp: Vec<RegNr<Bits<12>>>,
    live: Vec<RegNr<bool>>,
    /// What table 0 says, while table 1 is compared.
    found0: Vec<RegNr<bool>>,
    conn0: Vec<RegNr<Bits<CONN>>>,
    /// The operation that asks the context tables; its connection is zero if there is none.
    op_asks: Vec<Reg<bool>>,
    op_conn: Vec<RegNr<Bits<CONN>>>,
    op_tpt_q: Vec<Reg<bool>>,
    op_stag_q: Vec<RegNr<Bits<32>>>,
    op_gen: Vec<RegNr<Bits<8>>>,
    /// The context tables were asked in the cycle before.
    asked_q: Vec<Reg<bool>>,
    /// Ones where a bucket number has bits; the bit above.
    bucket_mask: Constant<Bits<16>>,
    table_1: Constant<Bits<16>>,
    /// Cycles from a launch to the request to the context tables.
    _latency: usize,
    _sliced: usize,
}

impl Lookup {
    /// A lookup stage with the sizes `bucket_bits`, `conn_bits` and `latency` of a preset.
    pub fn new(cfg: &Cfg) -> Self {
        let sliced = usize::from(cfg.sliced);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            launch_valid: Default::default(),
            launch_tuple: Default::default(),
            launch_upper: Default::default(),
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            op_room: Default::default(),
            tpt_pending: Default::default(),
            frame_tpt_valid: Default::default(),
            tpt_more: Default::default(),
            op_tpt_valid: Default::default(),
            op_tpt_stag: Default::default(),
            ctx_valid: Default::default(),
            ctx: Default::default(),
            ctx_pop: Default::default(),
            next_valid: Default::default(),
            next_conn: Default::default(),
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
            bucket0: RamLanes::new(
                cfg.bucket_bits + sliced,
                cfg.latency - 1,
                stored(cfg.conn_bits),
            ),
            // Nobody reads it if the other one has both tables; it goes away in synthesis.
            bucket1: RamLanes::new(
                if cfg.sliced { 1 } else { cfg.bucket_bits },
                cfg.latency - 1,
                stored(cfg.conn_bits),
            ),
            ways: Default::default(),
            clear: RamClear::new(cfg.bucket_bits + sliced),
            tables: CtxTables::new(cfg),
            entries: Fifo::sized(cfg.window_bits()),
            ops: Fifo::sized(cfg.window_bits()),
            heads: Fifo::sized(cfg.window_bits()).headed(),
            new_head: Default::default(),
            oldest: Default::default(),
            fpdu_held: Default::default(),
            bodies: (0..usize::from(cfg.fpdus() > 1))
                .map(|_| Fifo::new())
                .collect(),
            _bodies: (cfg.fpdus() > 1).into(),
            launched: Default::default(),
            body: Default::default(),
            fpdu_a: Default::default(),
            fpdu_b: Default::default(),
            fpdu_blk: Default::default(),
            fpdu_term: Default::default(),
            cmd_held: Default::default(),
            cmd_words: Default::default(),
            cmd_mask: Constant::new(cmd_mask(cfg)),
            cmd_fence: Default::default(),
            held: Default::default(),
            held_note: Default::default(),
            held_fpdu: Default::default(),
            held_conn: Default::default(),
            held_gen: Default::default(),
            pending: Default::default(),
            op_go: Default::default(),
            note: Default::default(),
            head: Default::default(),
            is_fpdu: Default::default(),
            is_cmd: Default::default(),
            unused_room: Default::default(),
            unused_full: Default::default(),
            unused_bodies: Default::default(),
            entry: Default::default(),
            unused_entry: Default::default(),
            stag_wire: Default::default(),
            stag: Bswap::new(),
            valid: (0..cfg.latency + sliced).map(|_| Reg::default()).collect(),
            asks: (0..cfg.latency + sliced)
                .map(|_| RegNr::default())
                .collect(),
            ask: Default::default(),
            asked: Default::default(),
            all_clear: Default::default(),
            op_free: Default::default(),
            op_take: Default::default(),
            asking: Default::default(),
            unused_asking: Default::default(),
            unused_asked: Default::default(),
            frame: Default::default(),
            row: Default::default(),
            upper_flag: Default::default(),
            alone: Constant::new(cfg.fpdus() == 1),
            beyond: Constant::new(((0xffffu64 << cfg.conn_bits) & 0xffff).to_bits()),
            h1: (0..sliced).map(|_| RegNr::default()).collect(),
            fp: (0..sliced).map(|_| RegNr::default()).collect(),
            live: (0..sliced).map(|_| RegNr::default()).collect(),
            found0: (0..sliced).map(|_| RegNr::default()).collect(),
            conn0: (0..sliced).map(|_| RegNr::default()).collect(),
            op_asks: (0..sliced).map(|_| Reg::default()).collect(),
            op_conn: (0..sliced).map(|_| RegNr::default()).collect(),
            op_tpt_q: (0..sliced).map(|_| Reg::default()).collect(),
            op_stag_q: (0..sliced).map(|_| RegNr::default()).collect(),
            op_gen: (0..sliced).map(|_| RegNr::default()).collect(),
            asked_q: (0..sliced).map(|_| Reg::default()).collect(),
            bucket_mask: Constant::new(((1u64 << cfg.bucket_bits) - 1).to_bits()),
            table_1: Constant::new(((1u64 << cfg.bucket_bits) & 0xffff).to_bits()),
            _latency: cfg.latency + sliced,
            _sliced: sliced,
        }
    }
}

/// Of Install the words of `Op::hdr_a` that count: without Markers or timestamps theirs do not.
fn cmd_mask(cfg: &Cfg) -> Bits<139> {
    let counts = |bit: usize| match bit {
        0..96 => true,
        96..106 => cfg.markers,
        _ => cfg.timestamps,
    };
    (0..139).fold(Bits::default(), |mask, bit| {
        mask.replace_bit(bit, counts(bit))
    })
}

impl Logic for Lookup {
    #[hdl_gen]
    fn update(&mut self) {
        self.all_clear.next = self.clear.done.val() && self.tables.ready.val();
        self.ready.next = self.all_clear.val();

        // Acceptance: out of registers.
        self.op_free.next = self.all_clear.val()
            && self.op_room.val()
            && !self.ops.full.val()
            && !self.held.q.val();
        self.op_ready.next = self.op_free.val();
        self.op_take.next = self.op_free.val() && self.op_valid.val();
        self.note.next.kind = self.op.val().kind;
        self.note.next.seq = self.op.val().seq;
        self.note.next.mid = self.op.val().mid;
        self.note.next.rollback = self.op.val().rollback;
        self.note.next.crc_fail = self.op.val().crc_fail;
        self.note.next.fin = self.op.val().fin;
        self.note.next.now = self.op.val().now;
        self.note.next.sack = self.op.val().sack;
        self.unused_room.next =
            self.ops.room.val() | self.entries.room.val() | self.heads.room.val();
        self.unused_full.next = self.heads.full.val();
        self.is_fpdu.next = self.op.val().kind == OpKind::Fpdu;
        self.is_cmd.next =
            (self.op.val().kind != OpKind::Fpdu) & (self.op.val().kind != OpKind::SegDone);
        if !self.fpdu_held.q.val() {
            self.fpdu_held.d.next = self.op_take.val() & self.is_fpdu.val();
            self.fpdu_a.d.next = self.op.val().hdr_a;
            self.fpdu_b.d.next = self.op.val().hdr_b;
            self.fpdu_blk.d.next = self.op.val().blk;
            self.fpdu_term.d.next = self.op.val().term;
        }
        if !self.cmd_held.q.val() {
            self.cmd_held.d.next = self.op_take.val() & self.is_cmd.val();
            self.cmd_words.d.next = self.op.val().hdr_a.get_bits::<139>(0) & self.cmd_mask.val();
            self.cmd_fence.d.next = self.op.val().fence_id;
        }

        if !self.held.q.val() {
            self.held_note.d.next = self.note.val();
            self.held_fpdu.d.next = self.is_fpdu.val();
            self.held_conn.d.next = self.op.val().conn;
            self.held_gen.d.next = self.op.val().gen;
        }

        // Cycle A: who goes. A frame always; the operation held when nothing of a frame comes before it. A frame's TPT read
        // in this cycle means that its launch is pending or comes now.
        self.pending.d.next =
            (self.tpt_pending.val() & !self.frame_tpt_valid.val()) | self.tpt_more.val();
        self.op_go.next = self.held.q.val()
            & self.tables.settled.val()
            & !self.pending.q.val()
            & !self.launch_valid.val();
        for i in 0..self._sliced {
            self.op_go.next = self.held.q.val()
                & self.tables.settled.val()
                & !self.pending.q.val()
                & !self.launch_valid.val()
                & !((self.valid[0].q.val() | self.valid[1].q.val()) | self.valid[2].q.val())
                & !(self.op_asks[i].q.val() | self.asked_q[i].q.val());
        }
        if self.op_take.val() {
            self.held.d.next = true;
        }
        if self.op_go.val() {
            self.held.d.next = false;
        }
        // Where launched ones have a FIFO, the register is for the one that is held.
        for _i in 0..self._bodies {
            self.fpdu_held.d.next = self.held.q.val() & !self.op_go.val();
            if self.op_take.val() {
                self.fpdu_held.d.next = true;
            }
        }
        self.ops.push.next = self.op_go.val();
        self.ops.din.next = self.held_note.q.val();

        // The STag octets as they stood on the wire; the first one is the most significant.
        self.stag_wire.next = self.fpdu_a.q.val().get_bits::<32>(32);
        if self.fpdu_a.q.val().get_bits::<4>(24) == 1 {
            self.stag_wire.next = self.fpdu_b.q.val().get_bits::<32>(128);
        }
        if self.fpdu_a.q.val().get_bits::<4>(24) == 10 {
            self.stag_wire.next = self.fpdu_b.q.val().get_bits::<32>(64);
        }
        self.stag.din.next = self.stag_wire.val();
        self.op_tpt_valid.next = self.op_go.val() & self.held_fpdu.q.val();
        self.op_tpt_stag.next = self.stag.dout.val();
        for i in 0..self._sliced {
            self.op_tpt_q[i].d.next = self.op_go.val() & self.held_fpdu.q.val();
            self.op_stag_q[i].d.next = self.stag.dout.val();
            self.op_tpt_valid.next = self.op_tpt_q[i].q.val();
            self.op_tpt_stag.next = self.op_stag_q[i].q.val();
        }

        // Cycle A: bucket read.
        self.upper_flag.next = 0.into();
        if self.launch_upper.val().v6 {
            self.upper_flag.next = 1.into();
        }
        self.hash.tuple.next = bit_cast::<HASHED, TUPLE>(self.launch_tuple.val())
            | (bit_cast::<HASHED, 96>(self.launch_upper.val().src) << 109)
            | (bit_cast::<HASHED, 96>(self.launch_upper.val().dst) << 205)
            | (bit_cast::<HASHED, 1>(self.upper_flag.val()) << 301);
        self.bucket0.raddr.next = self.hash.h0.val();
        self.bucket1.raddr.next = self.hash.h1.val();
        self.ask.next.pseudo = !self.launch_valid.val();
        self.ask.next.live = self.all_clear.val();
        self.ask.next.conn = self.held_conn.q.val();
        if self.launch_valid.val() {
            self.ask.next.conn = 0.into();
        }
        self.ask.next.gen = self.held_gen.q.val();
        self.ask.next.fp = self.hash.fp.val();
        self.ask.next.tuple = self.launch_tuple.val();
        self.ask.next.v6 = self.launch_upper.val().v6;
        self.ask.next.src_high = self.launch_upper.val().src;
        self.ask.next.dst_high = self.launch_upper.val().dst;
        self.valid[0].d.next = self.launch_valid.val() || self.op_go.val();
        self.asks[0].d.next = self.ask.val();
        // One memory: table 0 now, table 1 in the next cycle, when no other frame comes.
        for i in 0..self._sliced {
            self.valid[0].d.next = self.launch_valid.val();
            if self.launch_valid.val() {
                self.h1[i].d.next = self.hash.h1.val();
                self.fp[i].d.next = self.hash.fp.val();
                self.live[i].d.next = self.all_clear.val();
            }
            self.bucket0.raddr.next = self.hash.h0.val() & self.bucket_mask.val();
            if self.valid[0].q.val() {
                self.bucket0.raddr.next =
                    (self.h1[i].q.val() & self.bucket_mask.val()) | self.table_1.val();
            }
            self.op_asks[i].d.next = self.op_go.val();
            self.op_conn[i].d.next = 0.into();
            if self.op_go.val() {
                self.op_conn[i].d.next = self.held_conn.q.val();
            }
            self.op_gen[i].d.next = self.held_gen.q.val();
        }
        for i in 1..self._latency {
            self.valid[i].d.next = self.valid[i - 1].q.val();
            self.asks[i].d.next = self.asks[i - 1].q.val();
        }
        for last in (self._latency - 1)..(self._latency) {
            self.tables.req_valid.next = self.valid[last].q.val();
            self.asked.next = self.asks[last].q.val();
        }

        // Cycle A+L-1: the rows are there, first half of the fingerprint compare.
        for i in (self._latency - 2)..(self._latency - 1) {
            self.asking.next = self.asks[i].q.val();
        }
        self.unused_asking.next = self.asking.val();
        self.frame.next = self.asking.val().live & !self.asking.val().pseudo;
        for i in 0..self._sliced {
            self.frame.next =
                (self.valid[0].q.val() | self.valid[1].q.val()) & self.live[i].q.val();
        }
        for w in 0..4 {
            self.ways[w].way.next = self.bucket0.rdata.val().get_bits::<29>(w * 29);
            self.ways[w + 4].way.next = self.bucket1.rdata.val().get_bits::<29>(w * 29);
        }
        for w in 0..8 {
            self.ways[w].fp.next = self.asking.val().fp;
            self.ways[w].ask.next = self.frame.val();
        }
        for i in 0..self._sliced {
            for w in 0..4 {
                self.ways[w].fp.next = self.fp[i].q.val();
                self.ways[w + 4].ask.next = false;
            }
        }

        // Cycle A+L: the rest of it over 8 ways; at most one connection matches, and none for an operation.
        self.unused_asked.next = self.asked.val();
        self.tables.req_pseudo.next = self.asked.val().pseudo;
        self.tables.req_found.next = ((self.ways[0].found.val() | self.ways[1].found.val())
            | (self.ways[2].found.val() | self.ways[3].found.val()))
            | ((self.ways[4].found.val() | self.ways[5].found.val())
                | (self.ways[6].found.val() | self.ways[7].found.val()))
            | self.asked.val().pseudo;
        self.tables.req_conn.next = (((self.ways[0].conn.val() | self.ways[1].conn.val())
            | (self.ways[2].conn.val() | self.ways[3].conn.val()))
            | ((self.ways[4].conn.val() | self.ways[5].conn.val())
                | (self.ways[6].conn.val() | self.ways[7].conn.val())))
            | self.asked.val().conn;
        self.tables.req_gen.next = self.asked.val().gen;
        for i in 0..self._sliced {
            self.found0[i].d.next = (self.ways[0].found.val() | self.ways[1].found.val())
                | (self.ways[2].found.val() | self.ways[3].found.val());
            self.conn0[i].d.next = (self.ways[0].conn.val() | self.ways[1].conn.val())
                | (self.ways[2].conn.val() | self.ways[3].conn.val());
            for last in (self._latency - 1)..(self._latency) {
                self.tables.req_valid.next = self.valid[last].q.val() | self.op_asks[i].q.val();
                self.asked_q[i].d.next = self.valid[last].q.val() | self.op_asks[i].q.val();
            }
            self.tables.req_pseudo.next = self.op_asks[i].q.val();
            // The other four find nothing.
            self.tables.req_found.next = (((self.ways[0].found.val() | self.ways[1].found.val())
                | (self.ways[2].found.val() | self.ways[3].found.val()))
                | ((self.ways[4].found.val() | self.ways[5].found.val())
                    | (self.ways[6].found.val() | self.ways[7].found.val())))
                | (self.found0[i].q.val() | self.op_asks[i].q.val());
            self.tables.req_conn.next = (((self.ways[0].conn.val() | self.ways[1].conn.val())
                | (self.ways[2].conn.val() | self.ways[3].conn.val()))
                | ((self.ways[4].conn.val() | self.ways[5].conn.val())
                    | (self.ways[6].conn.val() | self.ways[7].conn.val())))
                | (self.conn0[i].q.val() | self.op_conn[i].q.val());
            self.tables.req_gen.next = self.op_gen[i].q.val();
        }
        self.tables.req_tuple.next = self.asked.val().tuple;
        self.tables.req_upper.next.v6 = self.asked.val().v6;
        self.tables.req_upper.next.src = self.asked.val().src_high;
        self.tables.req_upper.next.dst = self.asked.val().dst_high;

        // Cycle A+2L: the entry goes into its FIFO.
        self.entries.push.next = self.tables.entry_valid.val();
        self.entry.next = self.tables.entry.val();
        self.unused_entry.next = self.entry.val();
        self.entries.din.next = self.entry.val();
        self.entries.din.next.hit = false;
        self.entries.din.next.pseudo = false;
        self.entries.din.next.conn = 0.into();
        self.entries.din.next.rd_head = 0.into();
        self.new_head.next.hit = self.entry.val().hit;
        self.new_head.next.pseudo = self.entry.val().pseudo;
        self.new_head.next.conn = self.entry.val().conn;
        self.new_head.next.rd_head = self.entry.val().rd_head;
        self.heads.din.next = self.new_head.val();
        self.heads.push.next = self.tables.entry_valid.val();
        self.heads.pop.next = self.ctx_pop.val();
        self.oldest.next = self.heads.dout.val();
        self.next_valid.next = self.tables.entry_valid.val();
        self.next_conn.next = self.entry.val().conn;
        self.entries.pop.next = self.ctx_pop.val();
        self.ctx_valid.next = self.heads.valid.val();
        self.ctx.next = self.entries.dout.val();
        self.ctx.next.hit = self.oldest.val().hit;
        self.ctx.next.pseudo = self.oldest.val().pseudo;
        self.ctx.next.conn = self.oldest.val().conn;
        self.ctx.next.rd_head = self.oldest.val().rd_head;
        self.ops.pop.next = self.opq_pop.val();
        self.opq_valid.next = self.ops.valid.val();
        self.head.next = self.ops.dout.val();
        self.launched.next.a = self.fpdu_a.q.val();
        self.launched.next.b = self.fpdu_b.q.val();
        self.launched.next.blk = self.fpdu_blk.q.val();
        self.launched.next.term = self.fpdu_term.q.val();
        self.body.next = self.launched.val();
        self.unused_bodies.next = false;
        for i in 0..self._bodies {
            self.bodies[i].push.next = self.op_go.val() & self.held_fpdu.q.val();
            self.bodies[i].din.next = self.launched.val();
            self.bodies[i].pop.next = self.opq_pop.val() & (self.head.val().kind == OpKind::Fpdu);
            self.unused_bodies.next = self.bodies[i].full.val()
                | self.bodies[i].valid.val()
                | self.bodies[i].room.val().any();
            self.body.next = self.bodies[i].dout.val();
        }
        self.opq.next.kind = self.head.val().kind;
        self.opq.next.conn = 0.into();
        self.opq.next.gen = 0.into();
        self.opq.next.hdr_a = self.body.val().a;
        if self.head.val().kind != OpKind::Fpdu {
            self.opq.next.hdr_a = bit_cast::<HDR_A, 139>(self.cmd_words.q.val());
        }
        self.opq.next.hdr_b = self.body.val().b;
        self.opq.next.blk = self.body.val().blk;
        self.opq.next.term = self.body.val().term;
        self.opq.next.seq = self.head.val().seq;
        self.opq.next.mid = self.head.val().mid;
        self.opq.next.rollback = self.head.val().rollback;
        self.opq.next.crc_fail = self.head.val().crc_fail;
        self.opq.next.fin = self.head.val().fin;
        self.opq.next.now = self.head.val().now;
        self.opq.next.sack = self.head.val().sack;
        self.opq.next.fence_id = self.cmd_fence.q.val();
        if self.opq_pop.val() {
            if (self.head.val().kind == OpKind::Fpdu) & self.alone.val() {
                self.fpdu_held.d.next = false;
            }
            if (self.head.val().kind != OpKind::Fpdu) & (self.head.val().kind != OpKind::SegDone) {
                self.cmd_held.d.next = false;
            }
        }

        // Writers. A way with a connection behind the table's end is an empty one.
        self.row.next = self.lkp_row.val();
        for w in 0..4 {
            if (self.lkp_row.val().get_bits::<16>(w * 29 + 12) & self.beyond.val()).any() {
                self.row.next = self.row.val().replace_bit(w * 29 + 28, false);
            }
        }
        self.bucket0.we.next = 0.into();
        self.bucket1.we.next = 0.into();
        if self.clear.active.val() || (self.lkp_we.val() && (self.lkp_sel.val() == 0)) {
            self.bucket0.we.next = 0xf.into();
        }
        if self.clear.active.val() || (self.lkp_we.val() && (self.lkp_sel.val() == 1)) {
            self.bucket1.we.next = 0xf.into();
        }
        self.bucket0.waddr.next = self.lkp_bucket.val();
        self.bucket1.waddr.next = self.lkp_bucket.val();
        self.bucket0.wdata.next = self.row.val();
        self.bucket1.wdata.next = self.row.val();
        if self.clear.active.val() {
            self.bucket0.waddr.next = self.clear.addr.val();
            self.bucket1.waddr.next = self.clear.addr.val();
            self.bucket0.wdata.next = 0.into();
            self.bucket1.wdata.next = 0.into();
        }
        for _i in 0..self._sliced {
            self.bucket1.we.next = 0.into();
            self.bucket0.waddr.next = self.lkp_bucket.val() & self.bucket_mask.val();
            if self.lkp_we.val() {
                self.bucket0.we.next = 0xf.into();
                if self.lkp_sel.val() == 1 {
                    self.bucket0.waddr.next =
                        (self.lkp_bucket.val() & self.bucket_mask.val()) | self.table_1.val();
                }
            }
            if self.clear.active.val() {
                self.bucket0.waddr.next = self.clear.addr.val();
            }
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
