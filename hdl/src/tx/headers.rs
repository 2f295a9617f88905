//! Headers: segment jobs in, Ethernet, IP and TCP headers out, a beat a cycle into the header store.
//!
//! | port | | |
//! |---|---|---|
//! | `tmpl_wr tmpl_conn tmpl` | in | writes a row of the template table; one writer, never refused; not for a connection with jobs under way |
//! | `seg_valid seg_ready seg` | in stream | segment jobs |
//! | `lead_valid lead_pop lead` | FIFO | what the planner needs, 3 cycles after the job came |
//! | `sums_valid sums_pop sums` | FIFO | sums of the header; with it all its beats are stored |
//! | `free` | in | the oldest header was sent |
//! | `rd_slot rd_row`, `rd_data` | in, out | header store, one cycle later; octets behind the header mean nothing |
//!
//! **Latency**: job to first beat stored 4 cycles, to `sums` 5 and one for each beat. **Throughput**: a header each 2 cycles,
//! or each as many as it has beats (64 bits: 7 to 15). **Back-pressure**: 8 headers may be on hand, so `seg_ready` falls when
//! frames do not leave; both FIFOs have a place for each.
//!
//! The IP length comes late (`LateFields`, when the frame leaves): how long a segment gets, its FPDU jobs say, and they may
//! come long after. So the sums start without it. IPv4: Don't Fragment, identification 0 (RFC 6864, TCP-7F); TTL and DSCP
//! of the template (TCP-7D); ECT(0) as the job says (TCP-70, TCP-73). Options: NOP NOP Timestamps, NOP NOP SACK, always
//! whole words (TCP-10, TCP-15). Checksums: RFC 791, RFC 9293 3.1, RFC 8200 8.1 (TCP-20).

use super::octets::{header_rows, HeaderRow};
use super::types::{HeadSums, Lead, Template, TxCfg, TxSeg, CONN, SLOT, SUM};
use crate::prim::{
    Fifo, LanesFrom, LanesTo, Ram, Reg, RegNr, SumGroups, SumJoin, GROUP_BITS, POSITION, SUM_BITS,
};
use rust_hdl::prelude::*;

/// The header block.
#[derive(LogicBlock)]
pub struct Headers<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tmpl_wr: Signal<In, bool>,
    pub tmpl_conn: Signal<In, Bits<CONN>>,
    pub tmpl: Signal<In, Template>,
    pub seg_valid: Signal<In, bool>,
    pub seg_ready: Signal<Out, bool>,
    pub seg: Signal<In, TxSeg>,
    pub lead_valid: Signal<Out, bool>,
    pub lead_pop: Signal<In, bool>,
    pub lead: Signal<Out, Lead>,
    pub sums_valid: Signal<Out, bool>,
    pub sums_pop: Signal<In, bool>,
    pub sums: Signal<Out, HeadSums>,
    pub free: Signal<In, bool>,
    pub rd_slot: Signal<In, Bits<SLOT>>,
    pub rd_row: Signal<In, Bits<4>>,
    pub rd_data: Signal<Out, Bits<D>>,

    templates: Ram<Template, CONN>,
    store: Ram<Bits<D>, 7>,
    leads: Fifo<Lead, SLOT>,
    all_sums: Fifo<HeadSums, SLOT>,
    job: Signal<Local, TxSeg>,
    found: Signal<Local, Template>,
    /// The table's output is that of the job on the port.
    looked: Reg<bool>,
    accept: Signal<Local, bool>,
    slot: Reg<Bits<SLOT>>,
    held: Reg<Bits<4>>,
    sack_words: Signal<Local, Bits<4>>,
    words: Signal<Local, Bits<4>>,
    outer: Signal<Local, Bits<6>>,
    ip_header: Signal<Local, Bits<6>>,
    sack_head: Signal<Local, Bits<32>>,
    sack: Signal<Local, Bits<320>>,
    stamps: Signal<Local, Bits<320>>,
    options: Signal<Local, Bits<320>>,
    blocks: Vec<SackBlock>,
    stamp_val: Number,
    stamp_ecr: Number,

    // the header at work
    busy: Reg<bool>,
    begun: Reg<bool>,
    row: Reg<Bits<4>>,
    t: RegNr<Template>,
    s_seq: RegNr<Bits<32>>,
    s_ack: RegNr<Bits<32>>,
    s_wnd: RegNr<Bits<16>>,
    s_flags: RegNr<Bits<8>>,
    s_ect: RegNr<bool>,
    s_words: RegNr<Bits<4>>,
    s_options: RegNr<Bits<320>>,
    s_h: RegNr<Bits<8>>,
    s_end: RegNr<Bits<8>>,
    s_outer: RegNr<Bits<6>>,
    s_src_at: RegNr<Bits<6>>,
    s_n: RegNr<Bits<4>>,
    s_slot: RegNr<Bits<SLOT>>,
    last: Signal<Local, bool>,
    octets: HeaderRow<D>,
    from: LanesFrom<K>,
    to: LanesTo<K>,
    t_now: Signal<Local, Template>,
    h: Signal<Local, Bits<8>>,
    unused_end: Signal<Local, Bits<8>>,
    beat: Signal<Local, Bits<13>>,

    // one, two, three cycles behind
    v1: Reg<bool>,
    first1: RegNr<bool>,
    last1: RegNr<bool>,
    v6_1: RegNr<bool>,
    addr1: RegNr<Bits<7>>,
    data1: RegNr<Bits<D>>,
    mask1: RegNr<Bits<K>>,
    groups: SumGroups<D, K>,
    v2: Reg<bool>,
    first2: RegNr<bool>,
    last2: RegNr<bool>,
    v6_2: RegNr<bool>,
    g0: RegNr<Bits<GROUP_BITS>>,
    g1: RegNr<Bits<GROUP_BITS>>,
    g2: RegNr<Bits<GROUP_BITS>>,
    g3: RegNr<Bits<GROUP_BITS>>,
    joined: SumJoin,
    start: Signal<Local, Bits<SUM>>,
    v3: Reg<bool>,
    sum: RegNr<Bits<SUM>>,
    ip_a: RegNr<Bits<20>>,
    ip_b: RegNr<Bits<20>>,
    ip_c: RegNr<Bits<20>>,
    ip: RegNr<Bits<20>>,
    ip_3: RegNr<Bits<20>>,
    /// Protocol 6; for IPv4 less the 20 octets of its header, which its length counts.
    start_v4: Constant<Bits<SUM>>,
    start_v6: Constant<Bits<SUM>>,
    /// Version 4, 5 words; Don't Fragment; protocol.
    ip_fixed: Constant<Bits<20>>,
    stamp_head: Constant<Bits<320>>,
    sack_fixed: Constant<Bits<32>>,
    _lk: usize,
    _row_bits: usize,
}

/// A SACK block as it goes out: left edge, right edge, most significant octets first.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct SackBlock {
    pub din: Signal<In, Bits<64>>,
    pub dout: Signal<Out, Bits<64>>,
}

impl Logic for SackBlock {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        crate::prim::text::body(
            "assign dout = {din[39:32], din[47:40], din[55:48], din[63:56], din[7:0], din[15:8], din[23:16], din[31:24]};\n"
                .to_string(),
        )
    }
}

/// A number of 32 bits as it goes out.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct Number {
    pub din: Signal<In, Bits<32>>,
    pub dout: Signal<Out, Bits<32>>,
}

impl Logic for Number {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        crate::prim::text::body(
            "assign dout = {din[7:0], din[15:8], din[23:16], din[31:24]};\n".to_string(),
        )
    }
}

impl<const D: usize, const K: usize, const LK: usize> Headers<D, K, LK> {
    pub fn new(cfg: &TxCfg) -> Self {
        let rows = header_rows(K).ilog2() as usize;
        let templates = match cfg.ipv6 {
            true => Ram::new(cfg.conn_bits, 1),
            false => Ram::new(cfg.conn_bits, 1).narrow(&[("v6", 0), ("src", 32), ("dst", 32)]),
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tmpl_wr: Default::default(),
            tmpl_conn: Default::default(),
            tmpl: Default::default(),
            seg_valid: Default::default(),
            seg_ready: Default::default(),
            seg: Default::default(),
            lead_valid: Default::default(),
            lead_pop: Default::default(),
            lead: Default::default(),
            sums_valid: Default::default(),
            sums_pop: Default::default(),
            sums: Default::default(),
            free: Default::default(),
            rd_slot: Default::default(),
            rd_row: Default::default(),
            rd_data: Default::default(),
            // neither is read in the cycle in which that row is written, but for a read of which nobody takes the answer
            templates: templates.collisions_undefined(),
            store: Ram::new(SLOT + rows, 1).collisions_undefined(),
            leads: Fifo::new().headed(),
            all_sums: Fifo::new().headed(),
            job: Default::default(),
            found: Default::default(),
            looked: Default::default(),
            accept: Default::default(),
            slot: Default::default(),
            held: Default::default(),
            sack_words: Default::default(),
            words: Default::default(),
            outer: Default::default(),
            ip_header: Default::default(),
            sack_head: Default::default(),
            sack: Default::default(),
            stamps: Default::default(),
            options: Default::default(),
            blocks: (0..4).map(|_| SackBlock::default()).collect(),
            stamp_val: Default::default(),
            stamp_ecr: Default::default(),
            busy: Default::default(),
            begun: Default::default(),
            row: Default::default(),
            t: Default::default(),
            s_seq: Default::default(),
            s_ack: Default::default(),
            s_wnd: Default::default(),
            s_flags: Default::default(),
            s_ect: Default::default(),
            s_words: Default::default(),
            s_options: Default::default(),
            s_h: Default::default(),
            s_end: Default::default(),
            s_outer: Default::default(),
            s_src_at: Default::default(),
            s_n: Default::default(),
            s_slot: Default::default(),
            last: Default::default(),
            octets: HeaderRow::new(cfg.ipv6),
            from: Default::default(),
            to: Default::default(),
            t_now: Default::default(),
            h: Default::default(),
            unused_end: Default::default(),
            beat: Default::default(),
            v1: Default::default(),
            first1: Default::default(),
            last1: Default::default(),
            v6_1: Default::default(),
            addr1: Default::default(),
            data1: Default::default(),
            mask1: Default::default(),
            groups: Default::default(),
            v2: Default::default(),
            first2: Default::default(),
            last2: Default::default(),
            v6_2: Default::default(),
            g0: Default::default(),
            g1: Default::default(),
            g2: Default::default(),
            g3: Default::default(),
            joined: Default::default(),
            start: Default::default(),
            v3: Default::default(),
            sum: Default::default(),
            ip_a: Default::default(),
            ip_b: Default::default(),
            ip_c: Default::default(),
            ip: Default::default(),
            ip_3: Default::default(),
            start_v4: Constant::new((0xFFFFu64 - 14).to_bits()),
            start_v6: Constant::new(6u64.to_bits()),
            ip_fixed: Constant::new((0x4500u64 + 0x4000 + 6).to_bits()),
            // NOP NOP, kind 8, length 10
            stamp_head: Constant::new(0x0a08_0101u64.to_bits()),
            // NOP NOP, kind 5, length 2 and 8 a block
            sack_fixed: Constant::new(0x0205_0101u64.to_bits()),
            _lk: LK,
            _row_bits: rows,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Headers<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.t_now.next = self.t.q.val();
        self.unused_end.next = self.s_end.q.val();
        for k in (self._lk)..(self._lk + 1) {
            self.last.next = self.busy.q.val()
                & (bit_cast::<8, 4>(self.row.q.val())
                    == (self.unused_end.val() >> k.to_bits::<4>()));
        }

        // Template table. The job stays on the port for the cycle that the read takes.
        self.job.next = self.seg.val();
        self.templates.we.next = self.tmpl_wr.val();
        self.templates.waddr.next = self.tmpl_conn.val();
        self.templates.wdata.next = self.tmpl.val();
        self.templates.raddr.next = self.job.val().conn;
        self.found.next = self.templates.rdata.val();
        self.accept.next = self.seg_valid.val()
            & self.looked.q.val()
            & (!self.busy.q.val() | self.last.val())
            & !self.held.q.val().get_bit(3);
        self.looked.d.next = self.seg_valid.val() & !self.accept.val();
        self.seg_ready.next = self.looked.q.val()
            & (!self.busy.q.val() | self.last.val())
            & !self.held.q.val().get_bit(3);
        if self.accept.val() & !self.free.val() {
            self.held.d.next = self.held.q.val() + 1;
        }
        if !self.accept.val() & self.free.val() {
            self.held.d.next = self.held.q.val() - 1;
        }

        // Options.
        for i in 0..4 {
            self.blocks[i].din.next = self.job.val().sack.get_bits::<64>(i * 64);
        }
        self.sack_head.next =
            self.sack_fixed.val() + (bit_cast::<32, 3>(self.job.val().sack_n) << 27);
        self.sack.next = bit_cast::<320, 32>(self.sack_head.val())
            | (bit_cast::<320, 64>(self.blocks[0].dout.val()) << 32)
            | (bit_cast::<320, 64>(self.blocks[1].dout.val()) << 96)
            | (bit_cast::<320, 64>(self.blocks[2].dout.val()) << 160)
            | (bit_cast::<320, 64>(self.blocks[3].dout.val()) << 224);
        self.stamp_val.din.next = self.job.val().tsval;
        self.stamp_ecr.din.next = self.job.val().tsecr;
        self.stamps.next = self.stamp_head.val()
            | (bit_cast::<320, 32>(self.stamp_val.dout.val()) << 32)
            | (bit_cast::<320, 32>(self.stamp_ecr.dout.val()) << 64);
        self.options.next = self.sack.val();
        self.sack_words.next = 0.into();
        if self.job.val().sack_n.any() {
            self.sack_words.next = (bit_cast::<4, 3>(self.job.val().sack_n) << 1) + 1;
        }
        self.words.next = self.sack_words.val() + 5;
        if self.job.val().ts {
            self.options.next = self.stamps.val() | (self.sack.val() << 96);
            self.words.next = self.sack_words.val() + 8;
        }
        self.outer.next = 14.into();
        if self.found.val().tag {
            self.outer.next = 18.into();
        }
        self.ip_header.next = 20.into();
        if self.found.val().v6 {
            self.ip_header.next = 40.into();
        }

        self.h.next = bit_cast::<8, 6>(self.outer.val())
            + bit_cast::<8, 6>(self.ip_header.val())
            + (bit_cast::<8, 4>(self.words.val()) << 2);

        // The header at work.
        self.begun.d.next = false;
        if self.last.val() {
            self.busy.d.next = false;
        }
        self.row.d.next = self.row.q.val() + 1;
        if self.accept.val() {
            self.busy.d.next = true;
            self.begun.d.next = true;
            self.row.d.next = 0.into();
            self.slot.d.next = self.slot.q.val() + 1;
            self.t.d.next = self.found.val();
            self.s_seq.d.next = self.job.val().seq;
            self.s_ack.d.next = self.job.val().ack;
            self.s_wnd.d.next = self.job.val().wnd;
            self.s_flags.d.next = self.job.val().flags;
            self.s_ect.d.next = self.job.val().ect;
            self.s_n.d.next = self.job.val().n_fpdu;
            self.s_words.d.next = self.words.val();
            self.s_options.d.next = self.options.val();
            self.s_slot.d.next = self.slot.q.val();
            self.s_h.d.next = self.h.val();
            self.s_end.d.next = self.h.val() - 1;
            self.s_outer.d.next = self.outer.val();
            self.s_src_at.d.next = self.outer.val() + 12;
            if self.found.val().v6 {
                // IPv6's length counts from behind its header
                self.s_outer.d.next = self.outer.val() + 40;
                self.s_src_at.d.next = self.outer.val() + 8;
            }
        }
        self.leads.push.next = self.begun.q.val();
        self.leads.din.next.h = self.s_h.q.val();
        self.leads.din.next.outer = self.s_outer.q.val();
        self.leads.din.next.n_fpdu = self.s_n.q.val();
        self.leads.din.next.slot = self.s_slot.q.val();
        self.leads.din.next.tag = self.t_now.val().tag;
        self.leads.din.next.v6 = self.t_now.val().v6;
        self.leads.pop.next = self.lead_pop.val();
        self.lead_valid.next = self.leads.valid.val();
        self.lead.next = self.leads.dout.val();

        self.octets.dst_mac.next = self.t_now.val().dst_mac;
        self.octets.src_mac.next = self.t_now.val().src_mac;
        self.octets.tag.next = self.t_now.val().tag;
        self.octets.vid.next = self.t_now.val().vid;
        self.octets.v6.next = self.t_now.val().v6;
        self.octets.src.next = self.t_now.val().src;
        self.octets.dst.next = self.t_now.val().dst;
        self.octets.sport.next = self.t_now.val().sport;
        self.octets.dport.next = self.t_now.val().dport;
        self.octets.ttl.next = self.t_now.val().ttl;
        self.octets.dscp.next = self.t_now.val().dscp;
        self.octets.ect.next = self.s_ect.q.val();
        self.octets.seq.next = self.s_seq.q.val();
        self.octets.ack.next = self.s_ack.q.val();
        self.octets.words.next = self.s_words.q.val();
        self.octets.flags.next = self.s_flags.q.val();
        self.octets.wnd.next = self.s_wnd.q.val();
        self.octets.options.next = self.s_options.q.val();
        self.octets.row.next = self.row.q.val();
        // What the TCP checksum covers begins with the addresses of the pseudo header.
        self.beat.next = bit_cast::<13, 4>(self.row.q.val());
        self.from.start.next = bit_cast::<POSITION, 6>(self.s_src_at.q.val());
        self.from.beat.next = self.beat.val();
        self.to.last.next = bit_cast::<POSITION, 8>(self.s_end.q.val());
        self.to.beat.next = self.beat.val();

        // One cycle behind: into the store.
        self.v1.d.next = self.busy.q.val();
        self.first1.d.next = self.begun.q.val();
        self.last1.d.next = self.last.val();
        self.v6_1.d.next = self.t_now.val().v6;
        self.data1.d.next = self.octets.data.val();
        self.mask1.d.next = self.from.mask.val() & self.to.mask.val();
        for b in (self._row_bits)..(self._row_bits + 1) {
            self.addr1.d.next = (bit_cast::<7, SLOT>(self.s_slot.q.val()) << b.to_bits::<3>())
                | bit_cast::<7, 4>(self.row.q.val());
            self.store.raddr.next = (bit_cast::<7, SLOT>(self.rd_slot.val()) << b.to_bits::<3>())
                | bit_cast::<7, 4>(self.rd_row.val());
        }
        self.store.we.next = self.v1.q.val();
        self.store.waddr.next = self.addr1.q.val();
        self.store.wdata.next = self.data1.q.val();
        self.rd_data.next = self.store.rdata.val();
        self.groups.data.next = self.data1.q.val();
        self.groups.mask.next = self.mask1.q.val();

        // Two: the sum.
        self.v2.d.next = self.v1.q.val();
        self.first2.d.next = self.first1.q.val();
        self.last2.d.next = self.last1.q.val();
        self.v6_2.d.next = self.v6_1.q.val();
        self.g0.d.next = self.groups.g0.val();
        self.g1.d.next = self.groups.g1.val();
        self.g2.d.next = self.groups.g2.val();
        self.g3.d.next = self.groups.g3.val();
        self.joined.g0.next = self.g0.q.val();
        self.joined.g1.next = self.g1.q.val();
        self.joined.g2.next = self.g2.q.val();
        self.joined.g3.next = self.g3.q.val();
        self.start.next = self.sum.q.val();
        if self.first2.q.val() {
            self.start.next = self.start_v4.val();
            if self.v6_2.q.val() {
                self.start.next = self.start_v6.val();
            }
        }
        self.sum.d.next = self.start.val() + bit_cast::<SUM, SUM_BITS>(self.joined.sum.val());
        self.v3.d.next = self.v2.q.val() & self.last2.q.val();

        // IPv4 header: of its fields, in step with the beats.
        self.ip_a.d.next = bit_cast::<20, 16>(self.t_now.val().src.get_bits::<16>(0))
            + bit_cast::<20, 16>(self.t_now.val().src.get_bits::<16>(16));
        self.ip_b.d.next = bit_cast::<20, 16>(self.t_now.val().dst.get_bits::<16>(0))
            + bit_cast::<20, 16>(self.t_now.val().dst.get_bits::<16>(16));
        self.ip_c.d.next = (self.ip_fixed.val() + (bit_cast::<20, 8>(self.t_now.val().ttl) << 8))
            + ((bit_cast::<20, 6>(self.t_now.val().dscp) << 2)
                | (bit_cast::<20, 1>(self.s_ect.q.val().into()) << 1));
        self.ip.d.next = (self.ip_a.q.val() + self.ip_b.q.val()) + self.ip_c.q.val();
        self.ip_3.d.next = self.ip.q.val();

        // Three: done.
        self.all_sums.push.next = self.v3.q.val();
        self.all_sums.din.next.tcp = self.sum.q.val();
        self.all_sums.din.next.ip = self.ip_3.q.val();
        self.all_sums.pop.next = self.sums_pop.val();
        self.sums_valid.next = self.all_sums.valid.val();
        self.sums.next = self.all_sums.dout.val();
    }
}
