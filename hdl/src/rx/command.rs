//! COMMAND: the driver's way into the tables, one command at a time: `table_cmd` in, `table_rsp` out.
//!
//! WRITE fills a shadow record of 64-bit words, a commit is one operation on it. Layouts and codes: `ferrowarp_abi`
//! ([`table`](ferrowarp_abi::table), [`code`](ferrowarp_abi::code)); every command is answered, a bad one with its status.
//!
//! | ports | | |
//! |---|---|---|
//! | `table_cmd_*`, `table_rsp_*` | stream in, out | see the schema; the answer stays until taken |
//! | `tables_ready` / `ready` | in / out | the other tables are cleared / these as well; commits before that: NOT_READY |
//! | `lkp_we lkp_sel lkp_bucket lkp_row` | out | lookup row, one cycle |
//! | `ctx_we ctx_conn ctx_row` | out | connection context, one cycle |
//! | `init_we init_ready init_*` | out | a connection's queues and mirror begin; done when `init_ready` is high again |
//! | `op_valid op_ready op` | out | operation into the pipeline |
//! | `op_done op_ok op_state` | in | X3 has judged it: pulse, context was found, the connection's state after it; once for each Install, Remove, Query, Fence |
//! | `cmd_*` | out, in | the TPT's command port, name by name |
//! | `answered failed` | out | counter pulses: an answer, an answer other than OK |
//!
//! **Latency**: WRITE and READ answer 4 cycles after they are taken, a lookup row 4, TPT about 7 + L, a connection as long
//! as the pipeline and its queues take. **Back-pressure**: `table_cmd_tready` is low from a command to its answer.
//!
//! **Install**: queues and mirror, then the context with a tuple that no frame can have (so that the operation finds the
//! context, but no frame finds it before its state is written), then Op Install, then the context with its tuple. An IPv6
//! record of a preset without IPv6 is refused; words of a record that no field of the preset needs are taken and kept nowhere.
//! **Remove**: Op Remove (from there on the connection is closed, its state is the final one), then the context is taken
//! away, then a Query that finds nothing: when it has passed, so has every frame that still found the context.
//! What is still on its way to the DMA port is the business of a fence. DESIGN 5 (hazards), 7 (tables); SEC rows on reuse.

use super::cfg::Cfg;
use super::command_check::CommandCheck;
use super::lookup::{ROW, WAYS};
use super::types::{Ctx, Dyn, Op, OpKind, CONN, TUPLE};
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Ram, RamClear};
use rust_hdl::prelude::*;

/// Words of the shadow record.
pub const WORDS: usize = ferrowarp_abi::table::RECORD_WORDS;

/// What is installed where, so that a wrong command needs no operation to be told.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct LiveRow {
    pub valid: bool,
    pub gen: Bits<8>,
}

/// Where a command stands.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum CmdStep {
    Idle,
    /// The row of [`LiveRow`] is being read.
    Fetch,
    /// The live row is compared.
    Compare,
    Judge,
    /// Queues: ask, then wait.
    InitAsk,
    InitWait,
    /// Context with a tuple that no frame has.
    Hide,
    /// Operation: send, then wait for X3.
    Send,
    Wait,
    /// Context with its tuple.
    Show,
    /// Context taken away.
    Clear,
    TptAsk,
    TptWait,
    Answer,
}

/// The command block.
#[derive(LogicBlock)]
pub struct Command {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub table_cmd_tvalid: Signal<In, bool>,
    pub table_cmd_tready: Signal<Out, bool>,
    pub table_cmd_table: Signal<In, Bits<4>>,
    pub table_cmd_op: Signal<In, Bits<3>>,
    pub table_cmd_index: Signal<In, Bits<24>>,
    pub table_cmd_word: Signal<In, Bits<6>>,
    pub table_cmd_data: Signal<In, Bits<64>>,
    pub table_rsp_tvalid: Signal<Out, bool>,
    pub table_rsp_tready: Signal<In, bool>,
    pub table_rsp_status: Signal<Out, Bits<4>>,
    pub table_rsp_data: Signal<Out, Bits<64>>,
    pub tables_ready: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub lkp_we: Signal<Out, bool>,
    pub lkp_sel: Signal<Out, Bits<1>>,
    pub lkp_bucket: Signal<Out, Bits<16>>,
    pub lkp_row: Signal<Out, Bits<ROW>>,
    pub ctx_we: Signal<Out, bool>,
    pub ctx_conn: Signal<Out, Bits<CONN>>,
    pub ctx_row: Signal<Out, Ctx>,
    pub init_we: Signal<Out, bool>,
    pub init_ready: Signal<In, bool>,
    pub init_conn: Signal<Out, Bits<CONN>>,
    pub init_gen: Signal<Out, Bits<8>>,
    pub init_smsn: Signal<Out, Bits<32>>,
    pub init_rmsn: Signal<Out, Bits<32>>,
    pub init_una: Signal<Out, Bits<32>>,
    pub init_nxt: Signal<Out, Bits<32>>,
    pub init_wnd: Signal<Out, Bits<32>>,
    pub init_ack: Signal<Out, Bits<32>>,
    pub op_valid: Signal<Out, bool>,
    pub op_ready: Signal<In, bool>,
    pub op: Signal<Out, Op>,
    pub op_done: Signal<In, bool>,
    pub op_ok: Signal<In, bool>,
    pub op_state: Signal<In, Dyn>,
    pub cmd_valid: Signal<Out, bool>,
    pub cmd_ready: Signal<In, bool>,
    pub cmd_op: Signal<Out, Bits<2>>,
    pub cmd_stag: Signal<Out, Bits<32>>,
    pub cmd_rights: Signal<Out, Bits<4>>,
    pub cmd_pd: Signal<Out, Bits<24>>,
    pub cmd_bound: Signal<Out, bool>,
    pub cmd_qpn: Signal<Out, Bits<20>>,
    pub cmd_base: Signal<Out, Bits<64>>,
    pub cmd_len: Signal<Out, Bits<32>>,
    pub cmd_pa: Signal<Out, Bits<64>>,
    pub cmd_done: Signal<In, bool>,
    pub cmd_status: Signal<In, Bits<2>>,
    pub answered: Signal<Out, bool>,
    pub failed: Signal<Out, bool>,
    live: Ram<LiveRow, CONN>,
    clear: RamClear<CONN>,
    check: CommandCheck,
    step: Reg<CmdStep>,
    table: RegNr<Bits<4>>,
    code: RegNr<Bits<3>>,
    index: RegNr<Bits<24>>,
    word: RegNr<Bits<6>>,
    data: RegNr<Bits<64>>,
    /// Words 0 to 6, with timestamps 7, with IPv6 all.
    shadow: Vec<Reg<Bits<64>>>,
    /// This word is written.
    put: Vec<Reg<bool>>,
    result: [Reg<Bits<64>>; 2],
    status: RegNr<Bits<4>>,
    /// The answer's data is this one of `result`; none: 0.
    first: Reg<bool>,
    second: Reg<bool>,
    /// The operation out is the one that only waits for the pipeline to run dry.
    draining: Reg<bool>,
    row: Signal<Local, Bits<ROW>>,
    tuple: Signal<Local, Bits<TUPLE>>,
    live_row: Signal<Local, LiveRow>,
    /// Of the live row: valid, of the command's generation.
    alive: RegNr<bool>,
    same_gen: RegNr<bool>,
    next_live: Signal<Local, LiveRow>,
    w: [Signal<Local, Bits<64>>; WORDS],
    /// The record's addresses are IPv6, and the preset has it.
    v6: Signal<Local, bool>,
    src_high: Signal<Local, Bits<96>>,
    dst_high: Signal<Local, Bits<96>>,
    ipv6: Constant<bool>,
    markers: Constant<bool>,
    _words: usize,
    out_of_table: Signal<Local, bool>,
    out_of_lookup: Signal<Local, bool>,
    all_ready: Signal<Local, bool>,
    show: Signal<Local, bool>,
    drop: Signal<Local, bool>,
    final_state: Signal<Local, bool>,
    unused_state: Signal<Local, Dyn>,
    /// Record bits that no field has.
    unused_words: Signal<Local, Bits<64>>,
    /// All of a lookup row but its valid bits; the tuple's tag bit, and its VID's lowest.
    no_valid: Constant<Bits<ROW>>,
    tag: Constant<Bits<TUPLE>>,
    vid_1: Constant<Bits<TUPLE>>,
    beyond_conn: Constant<Bits<24>>,
    beyond_bucket: Constant<Bits<24>>,
}

impl Command {
    /// A command block for the tables of a preset.
    pub fn new(cfg: &Cfg) -> Self {
        let all = 0xFF_FFFFu64;
        // Bit 16 of a lookup index selects the table.
        let no_valid = (0..WAYS).fold((1u128 << ROW) - 1, |row, w| row & !(1 << (29 * w + 28)));
        let words = if cfg.ipv6 {
            WORDS
        } else {
            ferrowarp_abi::table::InstallRecord::WORDS_V4 + usize::from(cfg.timestamps)
        };
        let bucket = ((1u64 << cfg.bucket_bits) - 1) | 1 << 16;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            table_cmd_tvalid: Default::default(),
            table_cmd_tready: Default::default(),
            table_cmd_table: Default::default(),
            table_cmd_op: Default::default(),
            table_cmd_index: Default::default(),
            table_cmd_word: Default::default(),
            table_cmd_data: Default::default(),
            table_rsp_tvalid: Default::default(),
            table_rsp_tready: Default::default(),
            table_rsp_status: Default::default(),
            table_rsp_data: Default::default(),
            tables_ready: Default::default(),
            ready: Default::default(),
            lkp_we: Default::default(),
            lkp_sel: Default::default(),
            lkp_bucket: Default::default(),
            lkp_row: Default::default(),
            ctx_we: Default::default(),
            ctx_conn: Default::default(),
            ctx_row: Default::default(),
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
            op_valid: Default::default(),
            op_ready: Default::default(),
            op: Default::default(),
            op_done: Default::default(),
            op_ok: Default::default(),
            op_state: Default::default(),
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
            answered: Default::default(),
            failed: Default::default(),
            live: Ram::new(cfg.conn_bits, 2),
            clear: RamClear::new(cfg.conn_bits),
            check: CommandCheck::default(),
            step: Reg::new(CmdStep::Idle),
            table: Default::default(),
            code: Default::default(),
            index: Default::default(),
            word: Default::default(),
            data: Default::default(),
            shadow: (0..words).map(|_| Reg::default()).collect(),
            put: (0..words).map(|_| Reg::default()).collect(),
            result: Default::default(),
            status: Default::default(),
            first: Default::default(),
            second: Default::default(),
            draining: Default::default(),
            row: Default::default(),
            tuple: Default::default(),
            live_row: Default::default(),
            alive: Default::default(),
            same_gen: Default::default(),
            next_live: Default::default(),
            w: Default::default(),
            v6: Default::default(),
            src_high: Default::default(),
            dst_high: Default::default(),
            ipv6: Constant::new(cfg.ipv6),
            markers: Constant::new(cfg.markers),
            _words: words,
            out_of_table: Default::default(),
            out_of_lookup: Default::default(),
            all_ready: Default::default(),
            show: Default::default(),
            drop: Default::default(),
            final_state: Default::default(),
            unused_state: Default::default(),
            unused_words: Default::default(),
            no_valid: Constant::new(no_valid.to_bits()),
            tag: Constant::new((1u128 << 108).to_bits()),
            vid_1: Constant::new((1u128 << 96).to_bits()),
            beyond_conn: Constant::new(((all << cfg.conn_bits) & all).to_bits()),
            beyond_bucket: Constant::new((all & !bucket).to_bits()),
        }
    }
}

impl Logic for Command {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 7..11 {
            self.w[i].next = 0.into();
        }
        for i in 0..self._words {
            self.w[i].next = self.shadow[i].q.val();
        }
        self.unused_words.next =
            self.w[0].val() ^ self.w[1].val() ^ self.w[2].val() ^ self.w[3].val() ^ self.w[7].val();
        self.all_ready.next = self.tables_ready.val() & self.clear.done.val();
        self.ready.next = self.all_ready.val();
        self.table_cmd_tready.next = self.step.q.val() == CmdStep::Idle;
        self.table_rsp_tvalid.next = self.step.q.val() == CmdStep::Answer;
        self.table_rsp_status.next = self.status.q.val();
        self.table_rsp_data.next = 0.into();
        if self.first.q.val() {
            self.table_rsp_data.next = self.result[0].q.val();
        }
        if self.second.q.val() {
            self.table_rsp_data.next = self.result[1].q.val();
        }
        self.answered.next = (self.step.q.val() == CmdStep::Answer) & self.table_rsp_tready.val();
        self.failed.next = (self.step.q.val() == CmdStep::Answer)
            & self.table_rsp_tready.val()
            & self.status.q.val().any();

        self.live.raddr.next = self.table_cmd_index.val().get_bits::<CONN>(0);
        self.live_row.next = self.live.rdata.val();
        self.out_of_table.next = (self.index.q.val() & self.beyond_conn.val()).any();
        self.out_of_lookup.next = (self.index.q.val() & self.beyond_bucket.val()).any();
        self.check.which.next = self.table.q.val();
        self.check.code.next = self.code.q.val();
        self.check.word.next = self.word.q.val();
        self.check.ready.next = self.all_ready.val();
        self.check.out_of_lookup.next = self.out_of_lookup.val();
        self.check.out_of_table.next = self.out_of_table.val();
        self.alive.d.next = self.live_row.val().valid;
        self.same_gen.d.next = self.data.q.val().get_bits::<8>(0) == self.live_row.val().gen;
        self.check.live.next = self.alive.q.val();
        self.check.no_ipv6.next = self.w[1].val().get_bit(45) & !self.ipv6.val();
        self.check.no_markers.next = self.w[3].val().get_bit(20) & !self.markers.val();
        self.check.same_gen.next = self.same_gen.q.val();

        // A WRITE is decided while the live row is fetched: words of 64 bits wait for one bit each.
        for i in 0..self._words {
            self.put[i].d.next = (self.step.q.val() == CmdStep::Fetch)
                & self.check.to_shadow.val()
                & (self.word.q.val() == i.to_bits::<6>());
            if self.put[i].q.val() {
                self.shadow[i].d.next = self.data.q.val();
            }
        }

        // Lookup row: 29 of 32 bits a way. REMOVE writes one without a valid way.
        self.lkp_we.next = false;
        self.lkp_sel.next = self.index.q.val().get_bits::<1>(16);
        self.lkp_bucket.next = self.index.q.val().get_bits::<16>(0);
        self.row.next = bit_cast::<ROW, 29>(self.w[0].val().get_bits::<29>(0))
            | (bit_cast::<ROW, 29>(self.w[0].val().get_bits::<29>(32)) << 29)
            | (bit_cast::<ROW, 29>(self.w[1].val().get_bits::<29>(0)) << 58)
            | (bit_cast::<ROW, 29>(self.w[1].val().get_bits::<29>(32)) << 87);
        self.lkp_row.next = self.row.val();
        if self.code.q.val() != 1 {
            self.lkp_row.next = self.row.val() & self.no_valid.val();
        }

        // Connection context.
        self.show.next = self.step.q.val() == CmdStep::Show;
        self.drop.next = self.step.q.val() == CmdStep::Clear;
        self.ctx_we.next = self.show.val() | self.drop.val() | (self.step.q.val() == CmdStep::Hide);
        self.ctx_conn.next = self.index.q.val().get_bits::<CONN>(0);
        self.ctx_row.next.valid = !self.drop.val();
        self.ctx_row.next.gen = self.w[2].val().get_bits::<8>(0);
        self.tuple.next = bit_cast::<TUPLE, 64>(self.w[0].val())
            | (bit_cast::<TUPLE, 45>(self.w[1].val().get_bits::<45>(0)) << 64);
        // No frame's tuple has a VID without the tag bit.
        self.ctx_row.next.tuple = (self.tuple.val() & !self.tag.val()) | self.vid_1.val();
        if self.show.val() {
            self.ctx_row.next.tuple = self.tuple.val();
        }
        self.v6.next = self.w[1].val().get_bit(45) & self.ipv6.val();
        self.src_high.next = bit_cast::<96, 64>(self.w[8].val())
            | (bit_cast::<96, 32>(self.w[9].val().get_bits::<32>(0)) << 64);
        self.dst_high.next = bit_cast::<96, 32>(self.w[9].val().get_bits::<32>(32))
            | (bit_cast::<96, 64>(self.w[10].val()) << 32);
        self.ctx_row.next.v6 = self.v6.val();
        self.ctx_row.next.src_high = 0.into();
        self.ctx_row.next.dst_high = 0.into();
        if self.v6.val() {
            self.ctx_row.next.src_high = self.src_high.val();
            self.ctx_row.next.dst_high = self.dst_high.val();
        }
        self.ctx_row.next.func = self.w[2].val().get_bits::<8>(8);
        self.ctx_row.next.ird = self.w[2].val().get_bits::<8>(16);
        self.ctx_row.next.crc_en = self.w[2].val().get_bit(24);
        self.ctx_row.next.sack = self.w[2].val().get_bit(25);
        self.ctx_row.next.pd = self.w[2].val().get_bits::<24>(32);
        self.ctx_row.next.qpn = self.w[3].val().get_bits::<20>(0);
        self.ctx_row.next.rcv_wnd = self.w[3].val().get_bits::<32>(32);
        self.next_live.next.valid = self.show.val();
        self.next_live.next.gen = self.w[2].val().get_bits::<8>(0);
        self.live.we.next = self.show.val() | self.drop.val() | self.clear.active.val();
        self.live.waddr.next = self.index.q.val().get_bits::<CONN>(0);
        if self.clear.active.val() {
            self.live.waddr.next = self.clear.addr.val();
            self.next_live.next.valid = false;
        }
        self.live.wdata.next = self.next_live.val();

        // Queues and mirror.
        self.init_we.next = self.step.q.val() == CmdStep::InitAsk;
        self.init_conn.next = self.index.q.val().get_bits::<CONN>(0);
        self.init_gen.next = self.w[2].val().get_bits::<8>(0);
        self.init_smsn.next = self.w[4].val().get_bits::<32>(32);
        self.init_rmsn.next = self.w[5].val().get_bits::<32>(0);
        self.init_una.next = self.w[5].val().get_bits::<32>(32);
        self.init_nxt.next = self.w[6].val().get_bits::<32>(0);
        self.init_wnd.next = self.w[6].val().get_bits::<32>(32);
        self.init_ack.next = self.w[4].val().get_bits::<32>(0);

        // Operation.
        self.op_valid.next = self.step.q.val() == CmdStep::Send;
        self.op.next.kind = OpKind::Query;
        self.op.next.gen = self.data.q.val().get_bits::<8>(0);
        if self.code.q.val() == 1 {
            self.op.next.kind = OpKind::Install;
            self.op.next.gen = self.w[2].val().get_bits::<8>(0);
        }
        if (self.code.q.val() == 3) & !self.draining.q.val() {
            self.op.next.kind = OpKind::Remove;
        }
        if self.code.q.val() == 5 {
            self.op.next.kind = OpKind::Fence;
        }
        self.op.next.conn = self.index.q.val().get_bits::<CONN>(0);
        self.op.next.hdr_a = bit_cast::<160, 64>(self.w[4].val())
            | (bit_cast::<160, 32>(self.w[5].val().get_bits::<32>(0)) << 64)
            | (bit_cast::<160, 10>(self.w[3].val().get_bits::<10>(20)) << 96)
            | (bit_cast::<160, 1>(self.w[2].val().get_bits::<1>(26)) << 106)
            | (bit_cast::<160, 32>(self.w[7].val().get_bits::<32>(0)) << 107);
        self.op.next.hdr_b = 0.into();
        self.op.next.blk = 0.into();
        self.op.next.term = 0.into();
        self.op.next.seq = 0.into();
        self.op.next.mid = false;
        self.op.next.rollback = false;
        self.op.next.crc_fail = false;
        self.op.next.fin = false;
        self.op.next.now = false;
        self.op.next.sack = false;
        self.op.next.fence_id = self.data.q.val().get_bits::<10>(8);

        // TPT.
        self.cmd_valid.next = self.step.q.val() == CmdStep::TptAsk;
        self.cmd_op.next = 0.into(); // tpt::REGISTER
        self.cmd_stag.next = bit_cast::<32, 24>(self.index.q.val()) << 8
            | bit_cast::<32, 8>(self.data.q.val().get_bits::<8>(0));
        if self.code.q.val() == 1 {
            self.cmd_stag.next = bit_cast::<32, 24>(self.index.q.val()) << 8
                | bit_cast::<32, 8>(self.w[0].val().get_bits::<8>(0));
        }
        if self.code.q.val() == 3 {
            self.cmd_op.next = 1.into(); // tpt::DEREGISTER
        }
        if self.code.q.val() == 4 {
            self.cmd_op.next = 2.into(); // tpt::QUERY
        }
        self.cmd_rights.next = self.w[0].val().get_bits::<4>(8);
        self.cmd_bound.next = self.w[0].val().get_bit(12);
        self.cmd_pd.next = self.w[0].val().get_bits::<24>(16);
        self.cmd_qpn.next = self.w[0].val().get_bits::<20>(40);
        self.cmd_base.next = self.w[1].val();
        self.cmd_len.next = self.w[2].val().get_bits::<32>(0);
        self.cmd_pa.next = self.w[3].val();

        // Final or live state, from the operation that was asked for.
        self.unused_state.next = self.op_state.val();
        self.final_state.next = (self.step.q.val() == CmdStep::Wait)
            & self.op_done.val()
            & !self.draining.q.val()
            & ((self.code.q.val() == 3) | (self.code.q.val() == 4));
        if self.final_state.val() {
            self.result[0].d.next = bit_cast::<64, 32>(self.op_state.val().rcv_nxt)
                | (bit_cast::<64, 32>(self.op_state.val().smsn) << 32);
            self.result[1].d.next = bit_cast::<64, 32>(self.op_state.val().rmsn)
                | (bit_cast::<64, 2>(self.op_state.val().st) << 32);
        }

        match self.step.q.val() {
            CmdStep::Idle => {
                self.draining.d.next = false;
                if self.table_cmd_tvalid.val() {
                    self.table.d.next = self.table_cmd_table.val();
                    self.code.d.next = self.table_cmd_op.val();
                    self.index.d.next = self.table_cmd_index.val();
                    self.word.d.next = self.table_cmd_word.val();
                    self.data.d.next = self.table_cmd_data.val();
                    self.step.d.next = CmdStep::Fetch;
                }
            }
            CmdStep::Fetch => {
                self.status.d.next = 0.into();
                self.first.d.next = false;
                self.second.d.next = false;
                self.step.d.next = CmdStep::Compare;
            }
            CmdStep::Compare => {
                self.step.d.next = CmdStep::Judge;
            }
            CmdStep::Judge => {
                self.step.d.next = CmdStep::Answer;
                self.status.d.next = self.check.status.val();
                self.lkp_we.next = self.check.to_lookup.val();
                if self.check.to_init.val() {
                    self.step.d.next = CmdStep::InitAsk;
                }
                if self.check.to_pipe.val() {
                    self.step.d.next = CmdStep::Send;
                }
                if self.check.to_tpt.val() {
                    self.step.d.next = CmdStep::TptAsk;
                }
                if self.check.to_result.val() {
                    self.first.d.next = !self.word.q.val().get_bit(0);
                    self.second.d.next = self.word.q.val().get_bit(0);
                }
            }
            CmdStep::InitAsk => {
                if self.init_ready.val() {
                    self.step.d.next = CmdStep::InitWait;
                }
            }
            CmdStep::InitWait => {
                if self.init_ready.val() {
                    self.step.d.next = CmdStep::Hide;
                }
            }
            CmdStep::Hide => {
                self.step.d.next = CmdStep::Send;
            }
            CmdStep::Send => {
                if self.op_ready.val() {
                    self.step.d.next = CmdStep::Wait;
                }
            }
            CmdStep::Wait => {
                if self.op_done.val() {
                    self.step.d.next = CmdStep::Answer;
                    if !self.draining.q.val() {
                        if !self.op_ok.val() {
                            self.status.d.next = 10.into(); // REFUSED
                        }
                        if self.code.q.val() == 1 {
                            self.step.d.next = CmdStep::Show;
                            if !self.op_ok.val() {
                                self.step.d.next = CmdStep::Clear;
                            }
                        }
                        if self.code.q.val() == 3 {
                            self.step.d.next = CmdStep::Clear;
                        }
                        self.first.d.next = (self.code.q.val() == 3) | (self.code.q.val() == 4);
                    }
                }
            }
            CmdStep::Show => {
                self.step.d.next = CmdStep::Answer;
            }
            CmdStep::Clear => {
                self.step.d.next = CmdStep::Answer;
                if self.code.q.val() == 3 {
                    self.draining.d.next = true;
                    self.step.d.next = CmdStep::Send;
                }
            }
            CmdStep::TptAsk => {
                if self.cmd_ready.val() {
                    self.step.d.next = CmdStep::TptWait;
                }
            }
            CmdStep::TptWait => {
                if self.cmd_done.val() {
                    self.step.d.next = CmdStep::Answer;
                    if self.cmd_status.val() == 1 {
                        self.status.d.next = 5.into(); // FULL
                    }
                    if self.cmd_status.val() == 2 {
                        self.status.d.next = 6.into(); // NOT_FOUND
                    }
                    if self.cmd_status.val() == 3 {
                        self.status.d.next = 7.into(); // EXISTS
                    }
                }
            }
            CmdStep::Answer => {
                if self.table_rsp_tready.val() {
                    self.step.d.next = CmdStep::Idle;
                }
            }
        }
    }
}
