//! TPT: the table of registered memory, STag -> rights, protection domain, bounds and DMA address.
//!
//! 4-way set-associative over the 24-bit index of the STag (`stag >> 8`; the low octet is the key, compared by X2): the
//! set is the low `tpt_set_bits` bits of the index, the tag the rest (kept in place, low bits zero), so sparse STags
//! are welcome. RFC 5040 7, RFC 5042 6; SEC rows of the conformance table.
//!
//! | ports | | |
//! |---|---|---|
//! | `frame_valid frame_stag` | in | a read for a frame or a part of one; no back-pressure, with `op_*` every second cycle on average and at most 4 waiting, with parts 16 |
//! | `op_valid op_stag` | in | a read for an operation, in no cycle with one for a frame |
//! | `tpt_valid tpt tpt_pop` | FIFO out | one [`TptEntry`] a read, in order; depth: the window |
//! | `inv_valid inv_set inv_way` | in | takes the valid bits of the ways named in one-hot `inv_way` away; never waits |
//! | `cmd_valid cmd_ready cmd_op ..` | in | 0 register, 1 deregister, 2 query of `cmd_stag` |
//! | `cmd_done cmd_status` | out | pulse in the cycle after the handshake; 0 ok, 1 set full, 2 not found, 3 exists |
//! | `ready` | out | valid bits are cleared, 2^tpt_set_bits cycles after reset; before that every read misses and no command is taken |
//!
//! **Tables**: the tags of a set (with key and valid bit) are one row, read at once. The rows with the rest are in two banks,
//! ways 0 and 2 in one, 1 and 3 in the other; a read takes ways 0 and 1 in its first cycle, 2 and 3 in its second. That
//! halves the width, and a block RAM of a small preset is deep enough for it.
//! With `Cfg::sliced` all rows are in one bank, and only the one that hits is read, when the tags have been compared: half the
//! block RAMs and no multiplexer, one cycle more.
//! **Latency**: a read begins in cycle I, that of its request or two after the one before. Ways compared in I+L-1 and I+L, result
//! visible in I+L+1 (one bank: I+L+2) if the FIFO is empty. The pipeline pops every second cycle at most, so a read that waited for the one
//! before is there when it is wanted if that one was. Without a hit the fields except `set` are without meaning (`way` is
//! zero).
//! **Visibility**: a read sees writes and invalidations of the cycles before its I. A read in the cycle of `cmd_done` sees
//! the command. An invalidation and a read in the same cycle: the read still hits (X2 compares against invalidations in
//! flight).
//!
//! **Commands**: `cmd_ready` comes at the end of the work, so the fields (`cmd_stag` .. `cmd_pa`) stay at the port
//! until then and are not copied. A command reads the tags in the first cycle in which no read begins: reads are never
//! delayed, and since they begin every second cycle at most it does not starve. It takes L + 2 cycles after
//! that, one more for each cycle with an invalidation. `register` fails with `exists` if the index is valid under any
//! key; `deregister` and `query` need index and key. The decision is that of the cycle of the read; only invalidations
//! can change the set before the write, and they never make the way taken by `register` busy. But an invalidation names
//! a way, not an STag: whoever deregisters an STag must let the frames in flight pass (fence) before the next
//! `register`, else a late invalidation of the old STag hits the new one.

use super::cfg::Cfg;
use super::types::TptEntry;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear, RamLanes};
use rust_hdl::prelude::*;

/// Ways of a set.
pub const WAYS: usize = 4;
/// log2 of the depth of the result FIFO.
const DEPTH: usize = 4;

/// `cmd_op`
pub const REGISTER: u64 = 0;
pub const DEREGISTER: u64 = 1;
pub const QUERY: u64 = 2;

/// `cmd_status`
pub const OK: u64 = 0;
pub const SET_FULL: u64 = 1;
pub const NOT_FOUND: u64 = 2;
pub const EXISTS: u64 = 3;

/// Bits of a way's tag: index (low bits, those of the set number, not stored), key, bound, valid.
pub const TAG: usize = 34;
/// The tags of a set.
pub const TAGS: usize = WAYS * TAG;

/// A row of a way, without what stands with its tag.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct TptRow {
    pub rights: Bits<4>,
    pub pd: Bits<24>,
    pub qpn: Bits<20>,
    pub base: Bits<64>,
    pub len: Bits<32>,
    pub pa: Bits<64>,
}

/// Where a command stands.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum CmdState {
    /// Waits for a command and an idle read port.
    Idle,
    /// The set is being read.
    Read,
    /// Decided: writes, if there is something to write, and answers.
    Act,
}

/// The STag table.
#[derive(LogicBlock)]
pub struct Tpt {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub frame_valid: Signal<In, bool>,
    pub frame_stag: Signal<In, Bits<32>>,
    pub op_valid: Signal<In, bool>,
    pub op_stag: Signal<In, Bits<32>>,
    pub tpt_valid: Signal<Out, bool>,
    pub tpt: Signal<Out, TptEntry>,
    pub tpt_pop: Signal<In, bool>,
    pub inv_valid: Signal<In, bool>,
    pub inv_set: Signal<In, Bits<16>>,
    pub inv_way: Signal<In, Bits<4>>,
    pub cmd_valid: Signal<In, bool>,
    pub cmd_ready: Signal<Out, bool>,
    pub cmd_op: Signal<In, Bits<2>>,
    pub cmd_stag: Signal<In, Bits<32>>,
    pub cmd_rights: Signal<In, Bits<4>>,
    pub cmd_pd: Signal<In, Bits<24>>,
    pub cmd_bound: Signal<In, bool>,
    pub cmd_qpn: Signal<In, Bits<20>>,
    pub cmd_base: Signal<In, Bits<64>>,
    pub cmd_len: Signal<In, Bits<32>>,
    pub cmd_pa: Signal<In, Bits<64>>,
    pub cmd_done: Signal<Out, bool>,
    pub cmd_status: Signal<Out, Bits<2>>,
    pub ready: Signal<Out, bool>,
    tags: RamLanes<TAGS, WAYS, 16>,
    /// Ways 0 and 2, ways 1 and 3; address {set, upper way}.
    even: Ram<TptRow, 17>,
    odd: Ram<TptRow, 17>,
    clear: RamClear<16>,
    /// Reads that have not begun.
    /// Frames are further apart; FPDUs that share a segment may come one a cycle, as many as the window holds.
    waiting: Fifo<Bits<24>, 4>,
    results: Fifo<TptEntry, DEPTH>,
    /// The second cycle of a read.
    second: Reg<bool>,
    set: RegNr<Bits<16>>,
    /// Ways 0 and 1, while 2 and 3 come out of the banks.
    way0: RegNr<TptRow>,
    way1: RegNr<TptRow>,
    /// Delay lines beside the RAMs: a frame's read, a command's read, and the index with whether the valid bits mean
    /// something.
    frame: Vec<Reg<bool>>,
    probe: Vec<Reg<bool>>,
    live: Vec<Reg<bool>>,
    index: Vec<RegNr<Bits<24>>>,
    state: Reg<CmdState>,
    /// What the command's read found.
    held_hit: RegNr<Bits<4>>,
    held_free: RegNr<Bits<4>>,
    held_key: RegNr<bool>,
    done: Reg<bool>,
    status: RegNr<Bits<2>>,
    /// The key of a read goes to X2 beside this block.
    unused_key: Signal<Local, Bits<8>>,
    start: Signal<Local, bool>,
    probing: Signal<Local, bool>,
    asks: Signal<Local, bool>,
    /// Nothing comes before a frame that asks in this cycle.
    direct: Signal<Local, bool>,
    frame_index: Signal<Local, Bits<24>>,
    op_index: Signal<Local, Bits<24>>,
    other_index: Signal<Local, Bits<24>>,
    other_addr: Signal<Local, Bits<17>>,
    tag_index: Signal<Local, Bits<24>>,
    bank_addr: Signal<Local, Bits<17>>,
    unused_room: Signal<Local, Bits<8>>,
    unused_full: Signal<Local, bool>,
    frame_back: Signal<Local, bool>,
    probe_back: Signal<Local, bool>,
    /// Set of the read whose compare ends.
    asked: RegNr<Bits<16>>,
    asking: Signal<Local, Bits<24>>,
    live_now: Signal<Local, bool>,
    differ: [Signal<Local, Bits<24>>; 4],
    /// First half of the tag compare, way by way: pairs of bits that differ; valid; {bound, key}.
    apart: [RegNr<Bits<24>>; 4],
    used: RegNr<Bits<4>>,
    rest: [RegNr<Bits<9>>; 4],
    tag: Signal<Local, Bits<24>>,
    hits: Signal<Local, Bits<4>>,
    busy: Signal<Local, Bits<4>>,
    key: Signal<Local, Bits<8>>,
    bound: Signal<Local, bool>,
    upper: Signal<Local, bool>,
    one: Signal<Local, bool>,
    lower_row: Signal<Local, TptRow>,
    upper_row: Signal<Local, TptRow>,
    row: Signal<Local, TptRow>,
    result: Signal<Local, TptEntry>,
    cmd_index: Signal<Local, Bits<24>>,
    cmd_tag: Signal<Local, Bits<24>>,
    named: Signal<Local, bool>,
    target: Signal<Local, Bits<4>>,
    wants: Signal<Local, bool>,
    verdict: Signal<Local, Bits<2>>,
    write: Signal<Local, bool>,
    row_write: Signal<Local, bool>,
    answer: Signal<Local, bool>,
    write_row: Signal<Local, TptRow>,
    write_addr: Signal<Local, Bits<17>>,
    write_tag: Signal<Local, Bits<TAG>>,
    tag_we: Signal<Local, Bits<4>>,
    tag_addr: Signal<Local, Bits<16>>,
    valid_data: Signal<Local, bool>,
    /// Ones where the set number has address bits.
    set_mask: Constant<Bits<16>>,
    /// Ones where the index has bits above the set number; a tag keeps its place in the index.
    tag_mask: Constant<Bits<24>>,
    /// One bank (`Cfg::sliced`): what the compare found, while the row comes out of it.
    late_back: Vec<Reg<bool>>,
    late_set: Vec<RegNr<Bits<16>>>,
    late_way: Vec<RegNr<Bits<4>>>,
    late_rest: Vec<RegNr<Bits<9>>>,
    _latency: usize,
    _sliced: usize,
}

impl Tpt {
    /// A table of `2^cfg.tpt_set_bits` sets with read latency `cfg.latency`.
    pub fn new(cfg: &Cfg) -> Self {
        let set_mask = (1u64 << cfg.tpt_set_bits) - 1;
        let flags = || (0..cfg.latency).map(|_| Reg::default()).collect();
        let sliced = usize::from(cfg.sliced);
        assert!(
            !cfg.sliced || cfg.latency == 2,
            "TPT: one bank is for read latency 2"
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            frame_valid: Default::default(),
            frame_stag: Default::default(),
            op_valid: Default::default(),
            op_stag: Default::default(),
            tpt_valid: Default::default(),
            tpt: Default::default(),
            tpt_pop: Default::default(),
            inv_valid: Default::default(),
            inv_set: Default::default(),
            inv_way: Default::default(),
            cmd_valid: Default::default(),
            cmd_ready: Default::default(),
            cmd_op: Default::default(),
            cmd_stag: Default::default(),
            cmd_rights: Default::default(),
            cmd_pd: Default::default(),
            cmd_bound: Default::default(),
            cmd_qpn: Default::default(),
            cmd_base: Default::default(),
            cmd_len: Default::default(),
            cmd_pa: Default::default(),
            cmd_done: Default::default(),
            cmd_status: Default::default(),
            ready: Default::default(),
            tags: RamLanes::new(
                cfg.tpt_set_bits,
                cfg.latency - 1,
                ((1 << TAG) - 1) & !set_mask,
            ),
            // A row is written only while its way is invalid: what is read of it then is not looked at.
            even: Ram::new(cfg.tpt_set_bits + 1 + sliced, cfg.latency - 1).collisions_undefined(),
            // Of one bank there is no second; what nobody reads goes away in synthesis.
            odd: Ram::new(
                if cfg.sliced { 1 } else { cfg.tpt_set_bits + 1 },
                cfg.latency - 1,
            )
            .collisions_undefined(),
            clear: RamClear::new(cfg.tpt_set_bits),
            waiting: Fifo::sized(if cfg.parts { 4 } else { 2 }),
            // X2 looks for the entry among those revoked: it must come early.
            results: Fifo::sized(cfg.window_bits()).headed(),
            second: Default::default(),
            set: Default::default(),
            way0: Default::default(),
            way1: Default::default(),
            frame: flags(),
            probe: flags(),
            live: (1..cfg.latency).map(|_| Reg::default()).collect(),
            index: (1..cfg.latency).map(|_| RegNr::default()).collect(),
            state: Reg::new(CmdState::Idle),
            held_hit: Default::default(),
            held_free: Default::default(),
            held_key: Default::default(),
            done: Default::default(),
            status: Default::default(),
            unused_key: Default::default(),
            start: Default::default(),
            probing: Default::default(),
            asks: Default::default(),
            direct: Default::default(),
            frame_index: Default::default(),
            op_index: Default::default(),
            other_index: Default::default(),
            other_addr: Default::default(),
            tag_index: Default::default(),
            bank_addr: Default::default(),
            unused_room: Default::default(),
            unused_full: Default::default(),
            frame_back: Default::default(),
            probe_back: Default::default(),
            asked: Default::default(),
            asking: Default::default(),
            live_now: Default::default(),
            differ: Default::default(),
            apart: Default::default(),
            used: Default::default(),
            rest: Default::default(),
            tag: Default::default(),
            hits: Default::default(),
            busy: Default::default(),
            key: Default::default(),
            bound: Default::default(),
            upper: Default::default(),
            one: Default::default(),
            lower_row: Default::default(),
            upper_row: Default::default(),
            row: Default::default(),
            result: Default::default(),
            cmd_index: Default::default(),
            cmd_tag: Default::default(),
            named: Default::default(),
            target: Default::default(),
            wants: Default::default(),
            verdict: Default::default(),
            write: Default::default(),
            row_write: Default::default(),
            answer: Default::default(),
            write_row: Default::default(),
            write_addr: Default::default(),
            write_tag: Default::default(),
            tag_we: Default::default(),
            tag_addr: Default::default(),
            valid_data: Default::default(),
            set_mask: Constant::new(set_mask.to_bits()),
            tag_mask: Constant::new((0xff_ffff & !set_mask).to_bits()),
            late_back: (0..sliced).map(|_| Reg::default()).collect(),
            late_set: (0..sliced).map(|_| RegNr::default()).collect(),
            late_way: (0..sliced).map(|_| RegNr::default()).collect(),
            late_rest: (0..sliced).map(|_| RegNr::default()).collect(),
            _latency: cfg.latency,
            _sliced: sliced,
        }
    }
}

impl Logic for Tpt {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();

        // Cycle I: a frame's or operation's read, else a command's (tags only).
        self.unused_key.next = (self.frame_stag.val() | self.op_stag.val()).get_bits::<8>(0);
        self.frame_index.next = self.frame_stag.val().get_bits::<24>(8);
        self.op_index.next = self.op_stag.val().get_bits::<24>(8);
        self.asks.next = self.frame_valid.val() | self.op_valid.val();
        self.waiting.push.next = self.asks.val() & (self.waiting.valid.val() | self.second.q.val());
        self.waiting.din.next = self.frame_index.val();
        if self.op_valid.val() {
            self.waiting.din.next = self.op_index.val();
        }
        self.unused_room.next = self.waiting.room.val();
        self.unused_full.next = self.waiting.full.val();
        self.start.next = (self.waiting.valid.val() | self.asks.val()) & !self.second.q.val();
        self.waiting.pop.next = self.waiting.valid.val() & !self.second.q.val();
        self.second.d.next = self.start.val();
        self.cmd_index.next = self.cmd_stag.val().get_bits::<24>(8);
        self.probing.next = (self.state.q.val() == CmdState::Idle)
            && self.cmd_valid.val()
            && self.clear.done.val()
            && !self.start.val();
        // A frame's STag comes late, straight off the wire: all else is chosen before.
        self.direct.next = !self.second.q.val() & !self.waiting.valid.val() & !self.op_valid.val();
        self.other_index.next = self.op_index.val();
        if self.waiting.valid.val() {
            self.other_index.next = self.waiting.dout.val();
        }
        self.other_addr.next = bit_cast::<17, 16>(self.other_index.val().get_bits::<16>(0)) << 1;
        if self.second.q.val() {
            self.other_addr.next = (bit_cast::<17, 16>(self.set.q.val()) << 1) | 1;
        }
        self.tag_index.next = self.cmd_index.val();
        if !self.second.q.val() & (self.waiting.valid.val() | self.op_valid.val()) {
            self.tag_index.next = self.other_index.val();
        }
        if self.direct.val() & self.frame_valid.val() {
            self.tag_index.next = self.frame_index.val();
        }
        self.bank_addr.next = self.other_addr.val();
        self.set.d.next = self.other_index.val().get_bits::<16>(0);
        if self.direct.val() {
            self.bank_addr.next = bit_cast::<17, 16>(self.frame_index.val().get_bits::<16>(0)) << 1;
            self.set.d.next = self.frame_index.val().get_bits::<16>(0);
        }
        self.tags.raddr.next = self.tag_index.val().get_bits::<16>(0);
        self.even.raddr.next = self.bank_addr.val();
        self.odd.raddr.next = self.bank_addr.val();
        self.frame[0].d.next = self.start.val();
        self.probe[0].d.next = self.probing.val();
        self.live[0].d.next = self.clear.done.val();
        self.index[0].d.next = self.tag_index.val();
        for i in 1..self._latency {
            self.frame[i].d.next = self.frame[i - 1].q.val();
            self.probe[i].d.next = self.probe[i - 1].q.val();
        }
        for i in 1..(self._latency - 1) {
            self.live[i].d.next = self.live[i - 1].q.val();
            self.index[i].d.next = self.index[i - 1].q.val();
        }
        for last in (self._latency - 1)..(self._latency) {
            self.frame_back.next = self.frame[last].q.val();
            self.probe_back.next = self.probe[last].q.val();
        }

        // Cycle I+L-1: the tags are there, first half of the compare.
        for i in (self._latency - 2)..(self._latency - 1) {
            self.asking.next = self.index[i].q.val();
            self.live_now.next = self.live[i].q.val();
        }
        self.asked.d.next = self.asking.val().get_bits::<16>(0);
        self.tag.next = self.asking.val() & self.tag_mask.val();
        self.used.d.next = 0.into();
        for w in 0..4 {
            self.differ[w].next = self.tags.rdata.val().get_bits::<24>(w * 34) ^ self.tag.val();
            self.apart[w].d.next = (self.differ[w].val() | (self.differ[w].val() >> 1)) & 0x55_5555;
            self.rest[w].d.next = self.tags.rdata.val().get_bits::<9>(w * 34 + 24);
            if self.tags.rdata.val().get_bit(w * 34 + 33) & self.live_now.val() {
                self.used.d.next = self.used.d.val().replace_bit(w, true);
            }
        }

        // Cycle I+L: the rest of it. At most one way hits.
        self.cmd_tag.next = self.cmd_index.val() & self.tag_mask.val();
        self.busy.next = self.used.q.val();
        self.hits.next = 0.into();
        self.key.next = 0.into();
        self.bound.next = false;
        for w in 0..4 {
            if self.used.q.val().get_bit(w) & !self.apart[w].q.val().any() {
                self.hits.next = self.hits.val().replace_bit(w, true);
                self.key.next = self.key.val() | self.rest[w].q.val().get_bits::<8>(0);
                self.bound.next = self.bound.val() | self.rest[w].q.val().get_bit(8);
            }
        }
        // Ways 0 and 1 came a cycle before ways 2 and 3.
        self.way0.d.next = self.even.rdata.val();
        self.way1.d.next = self.odd.rdata.val();
        self.upper.next = self.hits.val().get_bit(2) | self.hits.val().get_bit(3);
        self.one.next = self.hits.val().get_bit(1) | self.hits.val().get_bit(3);
        self.lower_row.next = self.way0.q.val();
        self.upper_row.next = self.even.rdata.val();
        if self.one.val() {
            self.lower_row.next = self.way1.q.val();
            self.upper_row.next = self.odd.rdata.val();
        }
        self.row.next = self.lower_row.val();
        if self.upper.val() {
            self.row.next = self.upper_row.val();
        }
        // One bank: the row is read now.
        for _i in 0..self._sliced {
            self.even.raddr.next = (bit_cast::<17, 16>(self.asked.q.val() & self.set_mask.val())
                << 2)
                | (bit_cast::<17, 1>(self.upper.val().into()) << 1)
                | bit_cast::<17, 1>(self.one.val().into());
            self.row.next = self.even.rdata.val();
        }
        self.result.next.key = self.key.val();
        self.result.next.rights = self.row.val().rights;
        self.result.next.pd = self.row.val().pd;
        self.result.next.bound = self.bound.val();
        self.result.next.qpn = self.row.val().qpn;
        self.result.next.base = self.row.val().base;
        self.result.next.len = self.row.val().len;
        self.result.next.pa = self.row.val().pa;
        self.result.next.hit = self.hits.val().any();
        self.result.next.set = self.asked.q.val() & self.set_mask.val();
        self.result.next.way = self.hits.val();
        self.results.push.next = self.frame_back.val();
        for i in 0..self._sliced {
            self.late_back[i].d.next = self.frame_back.val();
            self.late_set[i].d.next = self.asked.q.val() & self.set_mask.val();
            self.late_way[i].d.next = self.hits.val();
            self.late_rest[i].d.next =
                bit_cast::<9, 8>(self.key.val()) | (bit_cast::<9, 1>(self.bound.val().into()) << 8);
            self.results.push.next = self.late_back[i].q.val();
            self.result.next.key = self.late_rest[i].q.val().get_bits::<8>(0);
            self.result.next.bound = self.late_rest[i].q.val().get_bit(8);
            self.result.next.hit = self.late_way[i].q.val().any();
            self.result.next.set = self.late_set[i].q.val();
            self.result.next.way = self.late_way[i].q.val();
        }
        self.results.din.next = self.result.val();
        self.results.pop.next = self.tpt_pop.val();
        self.tpt_valid.next = self.results.valid.val();
        self.tpt.next = self.results.dout.val();

        // Commands.
        if self.probe_back.val() {
            self.held_hit.d.next = self.hits.val();
            // lowest free way
            self.held_free.d.next = !self.busy.val() & (self.busy.val() + 1);
            self.held_key.d.next = self.key.val() == self.cmd_stag.val().get_bits::<8>(0);
        }
        self.named.next = self.held_hit.q.val().any() && self.held_key.q.val();
        self.target.next = self.held_hit.q.val();
        self.wants.next = false;
        self.verdict.next = 0.into();
        if self.cmd_op.val() == 0 {
            self.target.next = self.held_free.q.val();
            if self.held_hit.q.val().any() {
                self.verdict.next = 3.into();
            } else if self.held_free.q.val().any() {
                self.wants.next = true;
            } else {
                self.verdict.next = 1.into();
            }
        } else if self.named.val() {
            self.wants.next = self.cmd_op.val() == 1;
        } else {
            self.verdict.next = 2.into();
        }
        self.answer.next =
            (self.state.q.val() == CmdState::Act) && (!self.wants.val() || !self.inv_valid.val());
        self.write.next = self.answer.val() && self.wants.val();
        self.row_write.next = (self.state.q.val() == CmdState::Act) && self.wants.val();
        self.cmd_ready.next = self.answer.val();
        self.done.d.next = self.answer.val();
        self.status.d.next = self.verdict.val();
        self.cmd_done.next = self.done.q.val();
        self.cmd_status.next = self.status.q.val();
        match self.state.q.val() {
            CmdState::Idle => {
                if self.probing.val() {
                    self.state.d.next = CmdState::Read;
                }
            }
            CmdState::Read => {
                if self.probe_back.val() {
                    self.state.d.next = CmdState::Act;
                }
            }
            _ => {
                if self.answer.val() {
                    self.state.d.next = CmdState::Idle;
                }
            }
        }

        // The one writer of the tags: clearing, then invalidation, then the command (which waits).
        self.tag_we.next = 0.into();
        if self.write.val() {
            self.tag_we.next = self.target.val();
        }
        self.tag_addr.next = self.cmd_index.val().get_bits::<16>(0);
        self.valid_data.next = self.cmd_op.val() == 0;
        if self.inv_valid.val() {
            self.tag_we.next = self.inv_way.val();
            self.tag_addr.next = self.inv_set.val();
            self.valid_data.next = false;
        }
        if self.clear.active.val() {
            self.tag_we.next = 0xf.into();
            self.tag_addr.next = self.clear.addr.val();
            self.valid_data.next = false;
        }
        self.write_tag.next = bit_cast::<TAG, 24>(self.cmd_tag.val())
            | (bit_cast::<TAG, 8>(self.cmd_stag.val().get_bits::<8>(0)) << 24)
            | (bit_cast::<TAG, 1>(self.cmd_bound.val().into()) << 32)
            | (bit_cast::<TAG, 1>(self.valid_data.val().into()) << 33);
        self.tags.we.next = self.tag_we.val();
        self.tags.waddr.next = self.tag_addr.val();
        self.tags.wdata.next = (bit_cast::<TAGS, TAG>(self.write_tag.val())
            | (bit_cast::<TAGS, TAG>(self.write_tag.val()) << 34))
            | ((bit_cast::<TAGS, TAG>(self.write_tag.val()) << 68)
                | (bit_cast::<TAGS, TAG>(self.write_tag.val()) << 102));
        self.write_row.next.rights = self.cmd_rights.val();
        self.write_row.next.pd = self.cmd_pd.val();
        self.write_row.next.qpn = self.cmd_qpn.val();
        self.write_row.next.base = self.cmd_base.val();
        self.write_row.next.len = self.cmd_len.val();
        self.write_row.next.pa = self.cmd_pa.val();
        self.write_addr.next = bit_cast::<17, 16>(self.cmd_index.val().get_bits::<16>(0)) << 1;
        if self.target.val().get_bit(2) | self.target.val().get_bit(3) {
            self.write_addr.next =
                (bit_cast::<17, 16>(self.cmd_index.val().get_bits::<16>(0)) << 1) | 1;
        }
        // Neither waits for an invalidation: the way is not valid yet, and is written again in the next cycle.
        self.even.we.next = self.row_write.val()
            && (self.cmd_op.val() == 0)
            && (self.target.val().get_bit(0) || self.target.val().get_bit(2));
        self.odd.we.next = self.row_write.val()
            && (self.cmd_op.val() == 0)
            && (self.target.val().get_bit(1) || self.target.val().get_bit(3));
        self.even.waddr.next = self.write_addr.val();
        self.odd.waddr.next = self.write_addr.val();
        self.even.wdata.next = self.write_row.val();
        self.odd.wdata.next = self.write_row.val();
        for _i in 0..self._sliced {
            self.even.we.next = self.row_write.val() && (self.cmd_op.val() == 0);
            self.odd.we.next = false;
            self.even.waddr.next =
                (bit_cast::<17, 16>(self.cmd_index.val().get_bits::<16>(0) & self.set_mask.val())
                    << 2)
                    | (bit_cast::<17, 1>(
                        (self.target.val().get_bit(2) | self.target.val().get_bit(3)).into(),
                    ) << 1)
                    | bit_cast::<17, 1>(
                        (self.target.val().get_bit(1) | self.target.val().get_bit(3)).into(),
                    );
        }
    }
}
