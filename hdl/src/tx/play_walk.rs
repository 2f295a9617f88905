//! Play, walking: reads the WQE of a task, finds the memory that its octets lie in, and reserves the place for them.
//!
//! | port | | |
//! |---|---|---|
//! | `part_valid part_pop part` | FIFO in | [`Task`] |
//! | `slot_addr`, `slot_row` | out, in | read port of the slot store, 2 cycles |
//! | `manner_conn`, `manner` | out, in | how this connection's FPDUs are made, 2 cycles |
//! | `region_tvalid region_tready region` | out stream | [`RegionAsk`], a piece each |
//! | `piece_valid piece_pop piece` | FIFO out | the same pieces, for when the answer comes |
//! | `job_valid job_pop job` | FIFO out | [`Job`], behind its pieces |
//! | `open open_tag open_at` | out | a tag begins, at this octet of the read buffer |
//! | `own_valid own_data own_keep own_tag own_end` | out | inline octets, on their way into the buffer |
//! | `rows_back`, `tag_back` | in | beats of the buffer, a tag are free again |
//!
//! **Reserving**: an FPDU's payload begins at a beat of the buffer and lies there as it goes out, whatever pieces it comes in. The beats are taken from a ring before the first piece is
//! asked for, each piece takes a tag; so an answer always has its place. Both come back in the same order.
//! **Walking**: from the entry in which the FPDU before ended, if that was of the same WQE; else from the first. Entries without octets are passed over. More octets than the entries have: the WQE is malformed.
//!
//! **Latency**: task to its first region question 12 cycles, 6 for each further entry. **Rate**: an FPDU of one piece in 14 cycles; inline 6 cycles for 16 octets. **Back-pressure**: waits for beats, tags, FIFOs.

use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum WalkState {
    Idle,
    Head0,
    Head1,
    Head2,
    Head3,
    Space,
    Entry0,
    Entry1,
    Entry2,
    Reach,
    Size,
    Ask,
    Octets0,
    Octets1,
    Octets2,
    Octets3,
    Low,
    High,
    Finish,
}

/// Where in a WQE the FPDU before ended.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Cursor {
    pub valid: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub idx: Bits<16>,
    /// Entry, and the message's octets in front of it.
    pub entry: Bits<4>,
    pub base: Bits<32>,
}

#[derive(LogicBlock)]
pub struct PlayWalk<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub part_valid: Signal<In, bool>,
    pub part_pop: Signal<Out, bool>,
    pub part: Signal<In, Task>,
    pub slot_addr: Signal<Out, Bits<SLOT_ADDR>>,
    pub slot_row: Signal<In, Bits<128>>,
    pub manner_conn: Signal<Out, Bits<CONN>>,
    pub manner: Signal<In, Manner>,
    pub region_tvalid: Signal<Out, bool>,
    pub region_tready: Signal<In, bool>,
    pub region: Signal<Out, RegionAsk>,
    pub piece_valid: Signal<Out, bool>,
    pub piece_pop: Signal<In, bool>,
    pub piece: Signal<Out, Piece>,
    pub job_valid: Signal<Out, bool>,
    pub job_pop: Signal<In, bool>,
    pub job: Signal<Out, Job>,
    pub open: Signal<Out, bool>,
    pub open_tag: Signal<Out, Bits<TAG>>,
    pub open_at: Signal<Out, Bits<AT>>,
    pub own_valid: Signal<Out, bool>,
    pub own_data: Signal<Out, Bits<D>>,
    pub own_keep: Signal<Out, Bits<K>>,
    pub own_tag: Signal<Out, Bits<TAG>>,
    pub own_end: Signal<Out, bool>,
    pub rows_back: Signal<In, Bits<BUF_ROW>>,
    pub tag_back: Signal<In, bool>,

    asks: Fifo<RegionAsk, 2>,
    pieces: Fifo<Piece, 5>,
    jobs: Fifo<Job, 2>,
    state: Reg<WalkState>,
    t: RegNr<Task>,
    m: RegNr<Manner>,
    w0: RegNr<Bits<64>>,
    w1: RegNr<Bits<64>>,
    to: RegNr<Bits<64>>,
    sum: RegNr<Bits<64>>,
    /// Row of the connection's slots.
    at_row: RegNr<Bits<8>>,
    row: RegNr<Bits<128>>,
    cursor: Reg<Cursor>,
    entry: RegNr<Bits<4>>,
    base: RegNr<Bits<32>>,
    pos: RegNr<Bits<32>>,
    need: RegNr<Bits<14>>,
    at: RegNr<Bits<AT>>,
    reach: RegNr<Bits<32>>,
    beyond: RegNr<bool>,
    n: RegNr<Bits<14>>,
    piece_at: RegNr<Bits<64>>,
    reads: RegNr<Bits<5>>,
    tags: RegNr<Bits<5>>,
    status: RegNr<Bits<8>>,
    rows: RegNr<Bits<BUF_ROW>>,
    // the buffer's ring, the tags'
    put: Reg<Bits<BUF_ROW>>,
    used: Reg<Bits<BUF_ROW>>,
    tag: Reg<Bits<TAG>>,
    tags_used: Reg<Bits<7>>,
    tag_free: Signal<Local, bool>,
    takes_rows: Signal<Local, Bits<BUF_ROW>>,
    takes_tag: Signal<Local, bool>,
    first_row: Signal<Local, Bits<8>>,
    n_sge: Signal<Local, Bits<5>>,
    len: Signal<Local, Bits<32>>,
    follows: Signal<Local, bool>,
    avail: Signal<Local, Bits<32>>,
    word: Signal<Local, Bits<64>>,
    beat_len: Signal<Local, Bits<4>>,
    asked: Signal<Local, RegionAsk>,
    made_piece: Signal<Local, Piece>,
    made: Signal<Local, Job>,
    left: Signal<Local, Bits<BUF_ROW>>,
    unused_rows: Signal<Local, Bits<AT>>,
    unused_room: Signal<Local, Bits<8>>,
    unused_w0: Signal<Local, Bits<64>>,
    unused_manner: Signal<Local, Manner>,
    row_mask: Constant<Bits<8>>,
    tag_mask: Constant<Bits<TAG>>,
    n_tags: Constant<Bits<7>>,
    n_rows: Constant<Bits<BUF_ROW>>,
    beat: Constant<Bits<AT>>,
    _lk: usize,
    _slot_bits: usize,
}

impl<const D: usize, const K: usize, const LK: usize> PlayWalk<D, K, LK> {
    pub fn new(cfg: &WorkCfg) -> Self {
        assert!(
            (12..=16).contains(&cfg.buf_bits) && (4..=6).contains(&cfg.tag_bits),
            "transmit: buf_bits is 12 to 16, tag_bits 4 to 6"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            part_valid: Default::default(),
            part_pop: Default::default(),
            part: Default::default(),
            slot_addr: Default::default(),
            slot_row: Default::default(),
            manner_conn: Default::default(),
            manner: Default::default(),
            region_tvalid: Default::default(),
            region_tready: Default::default(),
            region: Default::default(),
            piece_valid: Default::default(),
            piece_pop: Default::default(),
            piece: Default::default(),
            job_valid: Default::default(),
            job_pop: Default::default(),
            job: Default::default(),
            open: Default::default(),
            open_tag: Default::default(),
            open_at: Default::default(),
            own_valid: Default::default(),
            own_data: Default::default(),
            own_keep: Default::default(),
            own_tag: Default::default(),
            own_end: Default::default(),
            rows_back: Default::default(),
            tag_back: Default::default(),
            asks: Default::default(),
            pieces: Fifo::sized(cfg.tag_bits.min(5)),
            jobs: Default::default(),
            state: Reg::new(WalkState::Idle),
            t: Default::default(),
            m: Default::default(),
            w0: Default::default(),
            w1: Default::default(),
            to: Default::default(),
            sum: Default::default(),
            at_row: Default::default(),
            row: Default::default(),
            cursor: Default::default(),
            entry: Default::default(),
            base: Default::default(),
            pos: Default::default(),
            need: Default::default(),
            at: Default::default(),
            reach: Default::default(),
            beyond: Default::default(),
            n: Default::default(),
            piece_at: Default::default(),
            reads: Default::default(),
            tags: Default::default(),
            status: Default::default(),
            rows: Default::default(),
            put: Default::default(),
            used: Default::default(),
            tag: Default::default(),
            tags_used: Default::default(),
            tag_free: Default::default(),
            takes_rows: Default::default(),
            takes_tag: Default::default(),
            first_row: Default::default(),
            n_sge: Default::default(),
            len: Default::default(),
            follows: Default::default(),
            avail: Default::default(),
            word: Default::default(),
            beat_len: Default::default(),
            asked: Default::default(),
            made_piece: Default::default(),
            made: Default::default(),
            left: Default::default(),
            unused_rows: Default::default(),
            unused_room: Default::default(),
            unused_w0: Default::default(),
            unused_manner: Default::default(),
            row_mask: Constant::new(((4u64 << cfg.slot_bits) - 1).to_bits()),
            tag_mask: Constant::new(((1u64 << cfg.tag_bits) - 1).to_bits()),
            n_tags: Constant::new((1u64 << cfg.tag_bits).to_bits()),
            n_rows: Constant::new(((1u64 << cfg.buf_bits) / K as u64).to_bits()),
            beat: Constant::new((K as u64 - 1).to_bits()),
            _lk: LK,
            _slot_bits: cfg.slot_bits,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for PlayWalk<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_room.next =
            (self.asks.room.val() ^ self.pieces.room.val()) ^ self.jobs.room.val();
        self.unused_w0.next = self.w0.q.val();
        self.unused_manner.next = self.m.q.val();
        self.manner_conn.next = self.t.q.val().conn;
        self.first_row.next =
            (bit_cast::<8, SLOT_NO>(self.t.q.val().slot) << 2) & self.row_mask.val();
        for k in (self._slot_bits)..(self._slot_bits + 1) {
            self.slot_addr.next =
                ((bit_cast::<SLOT_ADDR, CONN>(self.t.q.val().conn) << k.to_bits::<4>()) << 2)
                    | bit_cast::<SLOT_ADDR, 8>(self.at_row.q.val() & self.row_mask.val());
        }
        for k in (self._lk)..(self._lk + 1) {
            self.unused_rows.next =
                (bit_cast::<AT, 14>(self.t.q.val().payload) + self.beat.val()) >> k.to_bits::<5>();
            self.open_at.next = self.at.q.val();
        }
        self.n_sge.next = self.w0.q.val().get_bits::<5>(11);
        self.len.next = self.row.q.val().get_bits::<32>(64);
        self.tag_free.next = self.tags_used.q.val() != self.n_tags.val();
        self.left.next = self.n_rows.val() - self.used.q.val();
        self.takes_rows.next = 0.into();
        self.takes_tag.next = false;
        self.open_tag.next = self.tag.q.val();
        self.avail.next = self.len.val() - self.reach.q.val();
        self.follows.next = (self.cursor.q.val().valid
            & (self.cursor.q.val().conn == self.t.q.val().conn))
            & ((self.cursor.q.val().gen == self.t.q.val().gen)
                & ((self.cursor.q.val().idx == self.w0.q.val().get_bits::<16>(16))
                    & (self.cursor.q.val().base <= self.t.q.val().mo)));

        // Inline octets: 8 a beat.
        self.word.next = self.row.q.val().get_bits::<64>(0);
        if self.state.q.val() == WalkState::High {
            self.word.next = self.row.q.val().get_bits::<64>(64);
        }
        self.beat_len.next = 8.into();
        self.own_end.next = false;
        if self.need.q.val() <= 8 {
            self.beat_len.next = self.need.q.val().get_bits::<4>(0);
            self.own_end.next = true;
        }
        self.own_valid.next =
            (self.state.q.val() == WalkState::Low) | (self.state.q.val() == WalkState::High);
        self.own_data.next = bit_cast::<D, 64>(self.word.val());
        self.own_keep.next = bit_cast::<K, 8>(!(bits::<8>(0xff) << self.beat_len.val()));
        self.own_tag.next = (self.tag.q.val() - 1) & self.tag_mask.val();

        self.asked.next.stag = self.row.q.val().get_bits::<32>(96);
        self.asked.next.addr = self.piece_at.q.val();
        self.asked.next.len = bit_cast::<32, 14>(self.n.q.val());
        self.asked.next.conn = bit_cast::<SEAM_CONN, CONN>(self.t.q.val().conn);
        self.asked.next.gen = self.t.q.val().gen;
        self.asked.next.pd = self.m.q.val().pd;
        self.asked.next.qpn = self.m.q.val().qpn;
        self.asks.din.next = self.asked.val();
        self.asks.push.next = false;
        self.made_piece.next.tag = self.tag.q.val();
        self.made_piece.next.len = self.n.q.val();
        self.made_piece.next.conn = self.t.q.val().conn;
        self.made_piece.next.gen = self.t.q.val().gen;
        self.made_piece.next.func = self.m.q.val().func;
        self.pieces.din.next = self.made_piece.val();
        self.pieces.push.next = false;
        self.made.next.kind = self.t.q.val().kind;
        self.made.next.void = false;
        self.made.next.conn = self.t.q.val().conn;
        self.made.next.gen = self.t.q.val().gen;
        self.made.next.rec = self.t.q.val().rec;
        self.made.next.slot = self.t.q.val().slot;
        self.made.next.seq = self.t.q.val().seq;
        self.made.next.skip = self.t.q.val().skip;
        self.made.next.take = self.t.q.val().take;
        self.made.next.payload = self.t.q.val().payload;
        self.made.next.last = self.t.q.val().last;
        self.made.next.probe = self.t.q.val().probe;
        self.made.next.psh = self.t.q.val().psh;
        self.made.next.fin = self.t.q.val().fin;
        self.made.next.crc_en = self.m.q.val().crc_en;
        self.made.next.op = self.w0.q.val().get_bits::<3>(0);
        self.made.next.stag = self.w1.q.val().get_bits::<32>(32);
        self.made.next.to = self.sum.q.val();
        if self.w0.q.val().get_bits::<3>(0).any() {
            self.made.next.to = bit_cast::<64, 32>(self.t.q.val().mo)
                | (bit_cast::<64, 32>(self.t.q.val().msn) << 32);
        }
        self.made.next.reads = self.reads.q.val();
        self.made.next.tags = self.tags.q.val();
        self.made.next.rows = self.rows.q.val();
        self.made.next.status = self.status.q.val();
        self.jobs.din.next = self.made.val();
        self.jobs.push.next = false;
        self.part_pop.next = false;
        self.cursor.d.next = self.cursor.q.val();

        match self.state.q.val() {
            WalkState::Idle => {
                self.t.d.next = self.part.val();
                self.reads.d.next = 0.into();
                self.tags.d.next = 0.into();
                self.rows.d.next = 0.into();
                self.status.d.next = 0.into();
                if self.part_valid.val() {
                    self.part_pop.next = true;
                    self.state.d.next = WalkState::Head0;
                    if self.part.val().kind.any() {
                        self.state.d.next = WalkState::Finish;
                    }
                }
            }
            WalkState::Head0 => {
                self.at_row.d.next = self.first_row.val();
                self.state.d.next = WalkState::Head1;
            }
            WalkState::Head1 => {
                self.at_row.d.next = self.at_row.q.val() + 1;
                self.state.d.next = WalkState::Head2;
            }
            WalkState::Head2 => {
                self.need.d.next = self.t.q.val().payload;
                self.pos.d.next = self.t.q.val().mo;
                self.rows.d.next = bit_cast::<BUF_ROW, AT>(self.unused_rows.val());
                self.state.d.next = WalkState::Head3;
            }
            WalkState::Head3 => {
                self.m.d.next = self.manner.val();
                self.w0.d.next = self.slot_row.val().get_bits::<64>(0);
                self.w1.d.next = self.slot_row.val().get_bits::<64>(64);
                self.state.d.next = WalkState::Space;
            }
            WalkState::Space => {
                // In this cycle, and as long as it waits, the second row is there.
                self.to.d.next = self.slot_row.val().get_bits::<64>(0);
                for k in (self._lk)..(self._lk + 1) {
                    self.at.d.next = bit_cast::<AT, BUF_ROW>(self.put.q.val()) << k.to_bits::<5>();
                }
                self.entry.d.next = 0.into();
                self.base.d.next = 0.into();
                if self.follows.val() {
                    self.entry.d.next = self.cursor.q.val().entry;
                    self.base.d.next = self.cursor.q.val().base;
                }
                if self.rows.q.val() <= self.left.val() {
                    self.takes_rows.next = self.rows.q.val();
                    self.put.d.next = self.put.q.val() + self.rows.q.val();
                    self.state.d.next = WalkState::Entry0;
                    if self.w0.q.val().get_bit(5) {
                        self.state.d.next = WalkState::Octets0;
                    }
                }
            }

            // An entry.
            WalkState::Entry0 => {
                self.sum.d.next = self.to.q.val() + bit_cast::<64, 32>(self.t.q.val().mo);
                self.at_row.d.next =
                    self.first_row.val() + (bit_cast::<8, 4>(self.entry.q.val()) + 2);
                self.state.d.next = WalkState::Entry1;
                if !self.need.q.val().any() {
                    self.cursor.d.next.valid = false;
                    self.state.d.next = WalkState::Finish;
                } else {
                    if bit_cast::<5, 4>(self.entry.q.val()) >= self.n_sge.val() {
                        self.status.d.next = 2.into();
                        self.state.d.next = WalkState::Finish;
                    }
                }
            }
            WalkState::Entry1 => {
                self.state.d.next = WalkState::Entry2;
            }
            WalkState::Entry2 => {
                self.state.d.next = WalkState::Reach;
                self.reach.d.next = self.pos.q.val() - self.base.q.val();
            }
            WalkState::Reach => {
                self.row.d.next = self.slot_row.val();
                self.beyond.d.next = self.reach.q.val() >= self.slot_row.val().get_bits::<32>(64);
                self.state.d.next = WalkState::Size;
            }
            WalkState::Size => {
                self.n.d.next = self.need.q.val();
                if self.avail.val() < bit_cast::<32, 14>(self.need.q.val()) {
                    self.n.d.next = self.avail.val().get_bits::<14>(0);
                }
                self.piece_at.d.next =
                    self.row.q.val().get_bits::<64>(0) + bit_cast::<64, 32>(self.reach.q.val());
                self.state.d.next = WalkState::Ask;
                if self.beyond.q.val() {
                    self.base.d.next = self.base.q.val() + self.len.val();
                    self.entry.d.next = self.entry.q.val() + 1;
                    self.state.d.next = WalkState::Entry0;
                }
            }
            WalkState::Ask => {
                if (self.tag_free.val() & !self.asks.full.val()) & !self.pieces.full.val() {
                    self.asks.push.next = true;
                    self.pieces.push.next = true;
                    self.takes_tag.next = true;
                    self.reads.d.next = self.reads.q.val() + 1;
                    self.tags.d.next = self.tags.q.val() + 1;
                    self.pos.d.next = self.pos.q.val() + bit_cast::<32, 14>(self.n.q.val());
                    self.at.d.next = self.at.q.val() + bit_cast::<AT, 14>(self.n.q.val());
                    self.need.d.next = self.need.q.val() - self.n.q.val();
                    self.cursor.d.next.valid = true;
                    self.cursor.d.next.conn = self.t.q.val().conn;
                    self.cursor.d.next.gen = self.t.q.val().gen;
                    self.cursor.d.next.idx = self.w0.q.val().get_bits::<16>(16);
                    self.cursor.d.next.entry = self.entry.q.val();
                    self.cursor.d.next.base = self.base.q.val();
                    if self.need.q.val() == self.n.q.val() {
                        self.state.d.next = WalkState::Finish;
                    } else {
                        self.base.d.next = self.base.q.val() + self.len.val();
                        self.entry.d.next = self.entry.q.val() + 1;
                        self.state.d.next = WalkState::Entry0;
                    }
                }
            }

            // Octets in the WQE, 16 a row.
            WalkState::Octets0 => {
                self.cursor.d.next.valid = false;
                self.sum.d.next = self.to.q.val() + bit_cast::<64, 32>(self.t.q.val().mo);
                self.at_row.d.next = self.first_row.val() + (self.pos.q.val().get_bits::<8>(4) + 2);
                if !self.need.q.val().any() {
                    self.state.d.next = WalkState::Finish;
                } else {
                    if self.tags.q.val().any() {
                        self.state.d.next = WalkState::Octets1;
                    } else {
                        if self.tag_free.val() {
                            self.takes_tag.next = true;
                            self.tags.d.next = 1.into();
                            self.state.d.next = WalkState::Octets1;
                        }
                    }
                }
            }
            WalkState::Octets1 => {
                self.state.d.next = WalkState::Octets2;
            }
            WalkState::Octets2 => {
                self.state.d.next = WalkState::Octets3;
                self.pos.d.next = self.pos.q.val() + 16;
            }
            WalkState::Octets3 => {
                self.row.d.next = self.slot_row.val();
                self.state.d.next = WalkState::Low;
            }
            WalkState::Low => {
                self.need.d.next = self.need.q.val() - bit_cast::<14, 4>(self.beat_len.val());
                self.state.d.next = WalkState::High;
                if self.own_end.val() {
                    self.state.d.next = WalkState::Finish;
                }
            }
            WalkState::High => {
                self.need.d.next = self.need.q.val() - bit_cast::<14, 4>(self.beat_len.val());
                self.state.d.next = WalkState::Octets0;
                if self.own_end.val() {
                    self.state.d.next = WalkState::Finish;
                }
            }
            _ => {
                if !self.jobs.full.val() {
                    self.jobs.push.next = true;
                    self.state.d.next = WalkState::Idle;
                }
            }
        }
        self.open.next = self.takes_tag.val();
        if self.takes_tag.val() {
            self.tag.d.next = (self.tag.q.val() + 1) & self.tag_mask.val();
        }
        self.used.d.next = (self.used.q.val() + self.takes_rows.val()) - self.rows_back.val();
        if self.takes_tag.val() & !self.tag_back.val() {
            self.tags_used.d.next = self.tags_used.q.val() + 1;
        }
        if self.tag_back.val() & !self.takes_tag.val() {
            self.tags_used.d.next = self.tags_used.q.val() - 1;
        }

        self.region_tvalid.next = self.asks.valid.val();
        self.asks.pop.next = self.asks.valid.val() & self.region_tready.val();
        self.region.next = self.asks.dout.val();
        self.piece_valid.next = self.pieces.valid.val();
        self.pieces.pop.next = self.piece_pop.val();
        self.piece.next = self.pieces.dout.val();
        self.job_valid.next = self.jobs.valid.val();
        self.jobs.pop.next = self.job_pop.val();
        self.job.next = self.jobs.dout.val();
    }
}
