//! The assembler's input: segments in order, and the context of the connection of the first one.
//!
//! | port | | |
//! |---|---|---|
//! | `ready` | out | the context RAM has been cleared: 2^conn_bits cycles after reset |
//! | `seg_push seg_din`, `seg_room` | in, out | into a FIFO of 128 (at least as many segments as the pipeline may have given away); no push at room 0 |
//! | `next_valid next_seg row same`, `take` | out, in | the first segment and its context row; `take` only with `next_valid` |
//! | `put put_conn put_row` | in | writes a row back, every cycle |
//!
//! `row` is there the table latency after its segment has become the first, so a segment that waits costs no time. It is
//! the row as it was when the segment became the first: a user that still works on a segment of the same connection
//! keeps the row itself, and sees by `same` that it has to: the segment's connection is that of the last one taken.
//! Only `alive`, `early` and what says that a stream has Markers are cleared after reset; a row that is not alive means nothing
//! else.
//!
//! With `Cfg::sliced` a row is read in three slices, in the first cycles of its segment: it is there after three, and `put`
//! comes every third cycle at most. What is cleared lies in the first part then, as there are no Markers and nothing early.
//!
//! FIFO and rows are as wide as the preset's numbers: what is above them is not stored.

use super::blocks::LEN;
use super::cfg::Cfg;
use super::types::{Seg, BEAT, CONN};
use crate::prim::{Fifo, Ram, RamClear, Reg};
use rust_hdl::prelude::*;

/// What is kept of a connection between its segments.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct SegCtx {
    /// Segments are taken; false: never begun, purged, or dead after an error.
    pub alive: bool,
    /// Next octet of the stream.
    pub seq: Bits<32>,
    /// Octets held of the unfinished FPDU, and octets it lacks. At fill 1 that is not known: `left` is that octet.
    pub fill: Bits<LEN>,
    pub left: Bits<LEN>,
    /// CRC state.
    pub crc: Bits<32>,
    pub first: Bits<BEAT>,
    pub cur: Bits<BEAT>,
    /// Octets ahead of a gap are kept: see [`Early`](super::early::Early).
    pub early: bool,
    // Of a stream with Markers: see [`AsmMark`](super::asm_mark::AsmMark).
    pub marks: bool,
    pub newborn: bool,
    pub mark_at: Bits<9>,
    pub origin: Bits<16>,
    pub led: bool,
    pub off: bool,
}

/// Segment FIFO and context RAM.
#[derive(LogicBlock)]
pub struct SegIn {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub seg_push: Signal<In, bool>,
    pub seg_din: Signal<In, Seg>,
    pub seg_room: Signal<Out, Bits<8>>,
    pub next_valid: Signal<Out, bool>,
    pub next_seg: Signal<Out, Seg>,
    pub row: Signal<Out, SegCtx>,
    pub same: Signal<Out, bool>,
    pub take: Signal<In, bool>,
    pub put: Signal<In, bool>,
    pub put_conn: Signal<In, Bits<CONN>>,
    pub put_row: Signal<In, SegCtx>,
    /// Twice the frame slots, 128 at most: whatever was admitted can wait here while many small FPDUs are taken out of the
    /// segments before.
    segs: Fifo<Seg, 7>,
    rows: Ram<SegCtx, CONN>,
    clear: RamClear<CONN>,
    /// Cycles that the first segment has been the RAM's address.
    age: Reg<Bits<2>>,
    /// Connection of the last segment taken, and whether the first one's is the same: right from its second cycle on.
    conn: Reg<Bits<CONN>>,
    same_q: Reg<bool>,
    first: Signal<Local, Seg>,
    latency: Constant<Bits<2>>,
    /// Rows in slices: the address bit that says when to read. Else beyond the address.
    _strobe: usize,
    _ports: usize,
}

/// Parts of a row with [`Cfg::sliced`]: as many as `age` can count.
const PARTS: usize = 3;

/// Bits that a number up to `most` needs, and ones in all of them.
pub fn bits_for(most: usize) -> usize {
    (most + 1).next_power_of_two().ilog2() as usize
}

pub fn covering(most: usize) -> u64 {
    (1 << bits_for(most)) - 1
}

impl SegIn {
    /// `lk` = log2 of the octets in a beat.
    pub fn new(cfg: &Cfg, lk: usize) -> Self {
        let latency = if cfg.sliced { PARTS } else { cfg.latency };
        let blocks = cfg.pool_bits - cfg.blk_bits;
        let mut kept = vec![
            ("fill", bits_for(cfg.max_fpdu)),
            ("left", bits_for(cfg.max_fpdu)),
            ("first", blocks),
            ("cur", blocks),
        ];
        if !cfg.markers {
            kept.extend(["marks", "newborn", "mark_at", "origin", "led", "off"].map(|f| (f, 0)));
        }
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            seg_push: Default::default(),
            seg_din: Default::default(),
            seg_room: Default::default(),
            next_valid: Default::default(),
            next_seg: Default::default(),
            row: Default::default(),
            same: Default::default(),
            take: Default::default(),
            put: Default::default(),
            put_conn: Default::default(),
            put_row: Default::default(),
            segs: Fifo::sized((cfg.slot_bits + 1).min(7)).narrow(&[
                ("whole", cfg.bypass(lk).into()),
                ("conn", cfg.conn_bits),
                ("slot", cfg.slot_bits),
                ("addr", cfg.stage_bits + lk),
                ("len", bits_for(cfg.max_frame)),
            ]),
            rows: Ram::new(cfg.conn_bits, latency)
                .collisions_undefined()
                .sliced(if cfg.sliced { PARTS } else { 1 })
                .narrow(&kept),
            clear: RamClear::new(cfg.conn_bits),
            age: Default::default(),
            conn: Default::default(),
            same_q: Reg::new(true),
            first: Default::default(),
            latency: Constant::new(latency.to_bits()),
            _strobe: if cfg.sliced { CONN - 1 } else { CONN },
            _ports: CONN,
        }
    }
}

impl Logic for SegIn {
    #[hdl_gen]
    fn update(&mut self) {
        self.segs.push.next = self.seg_push.val();
        self.segs.din.next = self.seg_din.val();
        self.segs.pop.next = self.take.val();
        self.seg_room.next = self.segs.room.val();
        self.first.next = self.segs.dout.val();
        self.next_seg.next = self.first.val();
        self.rows.raddr.next = self.first.val().conn;
        self.row.next = self.rows.rdata.val();
        if self.take.val() | !self.segs.valid.val() {
            self.age.d.next = 0.into();
        } else if self.age.q.val() != self.latency.val() {
            self.age.d.next = self.age.q.val() + 1;
        }
        for top in (self._strobe)..(self._ports) {
            if !self.clear.done.val() {
                self.age.d.next = 0.into();
            }
            self.rows.raddr.next = self.first.val().conn.replace_bit(
                top,
                self.segs.valid.val() & (self.age.q.val() == 0) & self.clear.done.val(),
            );
        }
        self.next_valid.next = self.segs.valid.val()
            & (self.age.q.val() == self.latency.val())
            & self.clear.done.val();
        self.ready.next = self.clear.done.val();
        // `age` is 2 at least when it counts: one cycle for `conn`, one for the comparison.
        if self.take.val() {
            self.conn.d.next = self.first.val().conn;
        }
        self.same_q.d.next = self.conn.q.val() == self.first.val().conn;
        self.same.next = self.same_q.q.val();

        self.rows.we.next = self.put.val() | self.clear.active.val();
        self.rows.waddr.next = self.put_conn.val();
        self.rows.wdata.next = self.put_row.val();
        if self.clear.active.val() {
            self.rows.waddr.next = self.clear.addr.val();
            self.rows.wdata.next.alive = false;
            self.rows.wdata.next.early = false;
            self.rows.wdata.next.marks = false;
            self.rows.wdata.next.newborn = false;
        }
    }
}
