//! TPT: the table of registered memory, STag -> rights, protection domain, bounds and DMA address.
//!
//! 4-way set-associative over the 24-bit index of the STag (`stag >> 8`; the low octet is the key, compared by X2): the
//! set is the low `tpt_set_bits` bits of the index, the tag the rest (kept in place, low bits zero), so sparse STags
//! are welcome. RFC 5040 7, RFC 5042 6; SEC rows of the conformance table.
//!
//! | ports | | |
//! |---|---|---|
//! | `req_valid req_stag` | in | a read; no back-pressure, one a cycle |
//! | `tpt_valid tpt tpt_pop` | FIFO out | one [`TptEntry`] a read, in order; depth 16, the largest window |
//! | `inv_valid inv_set inv_way` | in | takes the valid bits of the ways named in one-hot `inv_way` away; never waits |
//! | `cmd_valid cmd_ready cmd_op ..` | in | 0 register, 1 deregister, 2 query of `cmd_stag` |
//! | `cmd_done cmd_status` | out | pulse in the cycle after the handshake; 0 ok, 1 set full, 2 not found, 3 exists |
//! | `ready` | out | valid bits are cleared, 2^tpt_set_bits cycles after reset; before that every read misses and no command is taken |
//!
//! **Latency**: read in cycle I, ways compared in I+L, result visible in I+L+1 if the FIFO is empty. Without a hit the
//! fields except `set` are without meaning (`way` and the others are zero).
//! **Visibility**: a read sees writes and invalidations of earlier cycles. A read in the cycle of `cmd_done` sees the
//! command. An invalidation and a read in the same cycle: the read still hits (X2 compares against invalidations in
//! flight).
//!
//! **Commands**: `cmd_ready` comes at the end of the work, so the fields (`cmd_stag` .. `cmd_pa`) stay at the port
//! until then and are not copied. A command reads its set in the first cycle without `req_valid`: reads are never
//! delayed, and since reads come at most every second cycle on average it does not starve. It takes L + 2 cycles after
//! that, one more for each cycle with an invalidation. `register` fails with `exists` if the index is valid under any
//! key; `deregister` and `query` need index and key. The decision is that of the cycle of the read; only invalidations
//! can change the set before the write, and they never make the way taken by `register` busy. But an invalidation names
//! a way, not an STag: whoever deregisters an STag must let the frames in flight pass (fence) before the next
//! `register`, else a late invalidation of the old STag hits the new one.

use super::cfg::Cfg;
use super::types::TptEntry;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear};
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

/// A row of a way; its valid bit is in a RAM of its own, which other writers reach.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct TptRow {
    pub tag: Bits<24>,
    pub key: Bits<8>,
    pub rights: Bits<4>,
    pub pd: Bits<24>,
    pub bound: bool,
    pub qpn: Bits<20>,
    pub base: Bits<64>,
    pub len: Bits<32>,
    pub pa: Bits<64>,
}

/// One way: row RAM, valid RAM and tag compare. `tag` and `live` come `latency` cycles after their `raddr`.
#[derive(LogicBlock)]
pub struct TptWay {
    pub clock: Signal<In, Clock>,
    pub raddr: Signal<In, Bits<16>>,
    /// The valid bits mean something.
    pub live: Signal<In, bool>,
    pub tag: Signal<In, Bits<24>>,
    /// A valid row was read.
    pub busy: Signal<Out, bool>,
    /// A valid row of this tag was read.
    pub hit: Signal<Out, bool>,
    /// That row; zero if there was none.
    pub found: Signal<Out, TptRow>,
    pub row_we: Signal<In, bool>,
    pub row_addr: Signal<In, Bits<16>>,
    pub row: Signal<In, TptRow>,
    pub valid_we: Signal<In, bool>,
    pub valid_addr: Signal<In, Bits<16>>,
    pub valid: Signal<In, bool>,
    rows: Ram<TptRow, 16>,
    valids: Ram<bool, 16>,
    is_busy: Signal<Local, bool>,
    is_hit: Signal<Local, bool>,
}

impl TptWay {
    fn new(cfg: &Cfg) -> Self {
        Self {
            clock: Default::default(),
            raddr: Default::default(),
            live: Default::default(),
            tag: Default::default(),
            busy: Default::default(),
            hit: Default::default(),
            found: Default::default(),
            row_we: Default::default(),
            row_addr: Default::default(),
            row: Default::default(),
            valid_we: Default::default(),
            valid_addr: Default::default(),
            valid: Default::default(),
            // A row is written only while its way is invalid, and the valid bit read in that cycle is the old one: the
            // row read then is not looked at.
            rows: Ram::new(cfg.tpt_set_bits, cfg.latency).collisions_undefined(),
            valids: Ram::new(cfg.tpt_set_bits, cfg.latency),
            is_busy: Default::default(),
            is_hit: Default::default(),
        }
    }
}

impl Logic for TptWay {
    #[hdl_gen]
    fn update(&mut self) {
        self.rows.we.next = self.row_we.val();
        self.rows.waddr.next = self.row_addr.val();
        self.rows.wdata.next = self.row.val();
        self.rows.raddr.next = self.raddr.val();
        self.valids.we.next = self.valid_we.val();
        self.valids.waddr.next = self.valid_addr.val();
        self.valids.wdata.next = self.valid.val();
        self.valids.raddr.next = self.raddr.val();
        self.is_busy.next = self.valids.rdata.val() && self.live.val();
        self.is_hit.next = self.is_busy.val() && (self.rows.rdata.val().tag == self.tag.val());
        self.busy.next = self.is_busy.val();
        self.hit.next = self.is_hit.val();
        self.found.next.tag = 0.into();
        self.found.next.key = 0.into();
        self.found.next.rights = 0.into();
        self.found.next.pd = 0.into();
        self.found.next.bound = false;
        self.found.next.qpn = 0.into();
        self.found.next.base = 0.into();
        self.found.next.len = 0.into();
        self.found.next.pa = 0.into();
        if self.is_hit.val() {
            self.found.next = self.rows.rdata.val();
        }
    }
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
    pub req_valid: Signal<In, bool>,
    pub req_stag: Signal<In, Bits<32>>,
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
    ways: [TptWay; 4],
    clear: RamClear<16>,
    results: Fifo<TptEntry, DEPTH>,
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
    probing: Signal<Local, bool>,
    read_index: Signal<Local, Bits<24>>,
    frame_back: Signal<Local, bool>,
    probe_back: Signal<Local, bool>,
    live_back: Signal<Local, bool>,
    asked: Signal<Local, Bits<24>>,
    tag: Signal<Local, Bits<24>>,
    hits: Signal<Local, Bits<4>>,
    busy: Signal<Local, Bits<4>>,
    result: Signal<Local, TptEntry>,
    cmd_index: Signal<Local, Bits<24>>,
    cmd_tag: Signal<Local, Bits<24>>,
    named: Signal<Local, bool>,
    target: Signal<Local, Bits<4>>,
    wants: Signal<Local, bool>,
    verdict: Signal<Local, Bits<2>>,
    write: Signal<Local, bool>,
    answer: Signal<Local, bool>,
    write_row: Signal<Local, TptRow>,
    valid_addr: Signal<Local, Bits<16>>,
    valid_data: Signal<Local, bool>,
    /// Ones where the set number has address bits.
    set_mask: Constant<Bits<16>>,
    /// Ones where the index has bits above the set number; a tag keeps its place in the index.
    tag_mask: Constant<Bits<24>>,
    _latency: usize,
}

impl Tpt {
    /// A table of `2^cfg.tpt_set_bits` sets with read latency `cfg.latency`.
    pub fn new(cfg: &Cfg) -> Self {
        let set_mask = (1u64 << cfg.tpt_set_bits) - 1;
        let flags = || (0..cfg.latency).map(|_| Reg::default()).collect();
        Self {
            clock: Default::default(),
            reset: Default::default(),
            req_valid: Default::default(),
            req_stag: Default::default(),
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
            ways: std::array::from_fn(|_| TptWay::new(cfg)),
            clear: RamClear::new(cfg.tpt_set_bits),
            results: Fifo::new(),
            frame: flags(),
            probe: flags(),
            live: flags(),
            index: (0..cfg.latency).map(|_| RegNr::default()).collect(),
            state: Reg::new(CmdState::Idle),
            held_hit: Default::default(),
            held_free: Default::default(),
            held_key: Default::default(),
            done: Default::default(),
            status: Default::default(),
            unused_key: Default::default(),
            probing: Default::default(),
            read_index: Default::default(),
            frame_back: Default::default(),
            probe_back: Default::default(),
            live_back: Default::default(),
            asked: Default::default(),
            tag: Default::default(),
            hits: Default::default(),
            busy: Default::default(),
            result: Default::default(),
            cmd_index: Default::default(),
            cmd_tag: Default::default(),
            named: Default::default(),
            target: Default::default(),
            wants: Default::default(),
            verdict: Default::default(),
            write: Default::default(),
            answer: Default::default(),
            write_row: Default::default(),
            valid_addr: Default::default(),
            valid_data: Default::default(),
            set_mask: Constant::new(set_mask.to_bits()),
            tag_mask: Constant::new((0xff_ffff & !set_mask).to_bits()),
            _latency: cfg.latency,
        }
    }
}

impl Logic for Tpt {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();

        // Cycle I: a frame's or operation's read, else a command's.
        self.cmd_index.next = self.cmd_stag.val().get_bits::<24>(8);
        self.probing.next = (self.state.q.val() == CmdState::Idle)
            && self.cmd_valid.val()
            && self.clear.done.val()
            && !self.req_valid.val();
        self.unused_key.next = self.req_stag.val().get_bits::<8>(0);
        self.read_index.next = self.cmd_index.val();
        if self.req_valid.val() {
            self.read_index.next = self.req_stag.val().get_bits::<24>(8);
        }
        for w in 0..4 {
            self.ways[w].raddr.next = self.read_index.val().get_bits::<16>(0);
        }
        self.frame[0].d.next = self.req_valid.val();
        self.probe[0].d.next = self.probing.val();
        self.live[0].d.next = self.clear.done.val();
        self.index[0].d.next = self.read_index.val();
        for i in 1..self._latency {
            self.frame[i].d.next = self.frame[i - 1].q.val();
            self.probe[i].d.next = self.probe[i - 1].q.val();
            self.live[i].d.next = self.live[i - 1].q.val();
            self.index[i].d.next = self.index[i - 1].q.val();
        }
        for last in (self._latency - 1)..(self._latency) {
            self.frame_back.next = self.frame[last].q.val();
            self.probe_back.next = self.probe[last].q.val();
            self.live_back.next = self.live[last].q.val();
            self.asked.next = self.index[last].q.val();
        }

        // Cycle I+L: tag compare. At most one way hits, so the ways' rows are ORed.
        self.tag.next = self.asked.val() & self.tag_mask.val();
        self.cmd_tag.next = self.cmd_index.val() & self.tag_mask.val();
        self.hits.next = 0.into();
        self.busy.next = 0.into();
        for w in 0..4 {
            self.ways[w].tag.next = self.tag.val();
            self.ways[w].live.next = self.live_back.val();
            self.hits.next = self.hits.val().replace_bit(w, self.ways[w].hit.val());
            self.busy.next = self.busy.val().replace_bit(w, self.ways[w].busy.val());
        }
        self.result.next.key = (self.ways[0].found.val().key | self.ways[1].found.val().key)
            | (self.ways[2].found.val().key | self.ways[3].found.val().key);
        self.result.next.rights = (self.ways[0].found.val().rights
            | self.ways[1].found.val().rights)
            | (self.ways[2].found.val().rights | self.ways[3].found.val().rights);
        self.result.next.pd = (self.ways[0].found.val().pd | self.ways[1].found.val().pd)
            | (self.ways[2].found.val().pd | self.ways[3].found.val().pd);
        self.result.next.bound = (self.ways[0].found.val().bound | self.ways[1].found.val().bound)
            | (self.ways[2].found.val().bound | self.ways[3].found.val().bound);
        self.result.next.qpn = (self.ways[0].found.val().qpn | self.ways[1].found.val().qpn)
            | (self.ways[2].found.val().qpn | self.ways[3].found.val().qpn);
        self.result.next.base = (self.ways[0].found.val().base | self.ways[1].found.val().base)
            | (self.ways[2].found.val().base | self.ways[3].found.val().base);
        self.result.next.len = (self.ways[0].found.val().len | self.ways[1].found.val().len)
            | (self.ways[2].found.val().len | self.ways[3].found.val().len);
        self.result.next.pa = (self.ways[0].found.val().pa | self.ways[1].found.val().pa)
            | (self.ways[2].found.val().pa | self.ways[3].found.val().pa);
        self.result.next.hit = self.hits.val().any();
        self.result.next.set = self.asked.val().get_bits::<16>(0) & self.set_mask.val();
        self.result.next.way = self.hits.val();
        self.results.push.next = self.frame_back.val();
        self.results.din.next = self.result.val();
        self.results.pop.next = self.tpt_pop.val();
        self.tpt_valid.next = self.results.valid.val();
        self.tpt.next = self.results.dout.val();

        // Commands.
        if self.probe_back.val() {
            self.held_hit.d.next = self.hits.val();
            // lowest free way
            self.held_free.d.next = !self.busy.val() & (self.busy.val() + 1);
            self.held_key.d.next = self.result.val().key == self.cmd_stag.val().get_bits::<8>(0);
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

        // The one writer of the valid bits: clearing, then invalidation, then the command (which waits).
        self.valid_addr.next = self.cmd_index.val().get_bits::<16>(0);
        self.valid_data.next = self.cmd_op.val() == 0;
        if self.inv_valid.val() {
            self.valid_addr.next = self.inv_set.val();
            self.valid_data.next = false;
        }
        if self.clear.active.val() {
            self.valid_addr.next = self.clear.addr.val();
            self.valid_data.next = false;
        }
        self.write_row.next.tag = self.cmd_tag.val();
        self.write_row.next.key = self.cmd_stag.val().get_bits::<8>(0);
        self.write_row.next.rights = self.cmd_rights.val();
        self.write_row.next.pd = self.cmd_pd.val();
        self.write_row.next.bound = self.cmd_bound.val();
        self.write_row.next.qpn = self.cmd_qpn.val();
        self.write_row.next.base = self.cmd_base.val();
        self.write_row.next.len = self.cmd_len.val();
        self.write_row.next.pa = self.cmd_pa.val();
        for w in 0..4 {
            self.ways[w].valid_we.next = self.clear.active.val()
                || (self.inv_valid.val() && self.inv_way.val().get_bit(w))
                || (self.write.val() && self.target.val().get_bit(w));
            self.ways[w].valid_addr.next = self.valid_addr.val();
            self.ways[w].valid.next = self.valid_data.val();
            self.ways[w].row_we.next =
                self.write.val() && (self.cmd_op.val() == 0) && self.target.val().get_bit(w);
            self.ways[w].row_addr.next = self.cmd_index.val().get_bits::<16>(0);
            self.ways[w].row.next = self.write_row.val();
        }
    }
}
