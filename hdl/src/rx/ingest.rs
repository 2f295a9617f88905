//! Ingest: the front of the receive path. Merges MAC and inject, admits or drops whole frames, writes them to the staging
//! RAM, parses headers on the fly, and tells the pipeline about each admitted frame.
//!
//! Cycle names: T is the port cycle of a frame's last beat, B of the beat that completes the tuple, S of the beat with
//! FPDU octet 7 (the merge adds no cycle unless its FIFO drains).
//!
//! | output | cycle | |
//! |---|---|---|
//! | `frame_start`  | first beat | pulse: the frame is admitted (combinational; `admit` must come from a register) |
//! | `launch_*`     | B + 1 | see `parse.rs` |
//! | `tpt_*`        | S + 1 | see `parse.rs` |
//! | `done_valid`, `done`, `done_pop` | T, or T + 1 | FrameDone FIFO, item visible in the cycle of its push |
//! | `options_push`, `options` | T, or T + 1 | with a FrameDone that is `odd`: all its TCP options |
//! | `hdrb_valid`, `hdrb`, `hdrb_pop` | T + 2 | FPDU octets 20..47 |
//! | `scan_valid`, `scan`, `scan_pop` | T + 3 | checksum and CRC verdicts |
//! | `part_room` -> `part_start`, `tpt_more` | R0 | see `parts.rs`; without parts no part ever starts |
//! | `part` | with `done` | which part of its frame it is |
//! | `part_hdrb`, `part_hdrb_pop`, `part_oks` | | FPDU octets 20..47 of parts that are not a frame's first; CRC verdicts of parts, with `scan` |
//! | `rd_addr`, `rd_next` -> `rd_lo`, `rd_hi` | 2 cycles | staging window, see `staging.rs`; a beat may be addressed 2 cycles after it was on the port |
//! | `drop_*`       | + 1 | pulse: a whole frame was not admitted: no slot, no credit, no staging room; `drop_merge`: MAC FIFO |
//! | `frame_bad`    | T + 1 | pulse: an admitted frame ended bad |
//! | `frame_cut`    | T | pulse: a frame longer than `max_frame` was cut |
//! | `idle`         | | no frame in hand, nothing waiting in the three FIFOs |
//!
//! FrameDone comes in T + 1 when some octet that it shows is in the last beat: the TCP header, the first 20 payload octets
//! (or all, if fewer). Such a frame is short, and the context entry is later still; the NIC budget is not touched.
//! Every admitted frame puts exactly one item into each FIFO, in arrival order.
//!
//! Admission (before the first octet is stored): a free slot, `admit` (the pipeline's credits), and staging room for a
//! frame of the greatest length. Else the whole frame is dropped; the MAC is never stalled. An injected frame waits.
//! In a frame's first beat FrameDone is never offered in T (its TCP header is not complete before): the admission comes late
//! in its cycle and reaches registers only.
//! A frame longer than `max_frame` is cut at the beat in which the limit lies and marked bad; a longer one that ends in
//! that very beat is marked bad.
//! Depths: the FIFOs hold 16, the pipeline's window, which `admit` must enforce.

use crate::prim::{BypassFifo, LanesFrom, Reg, RegNr, BEAT_BITS, POSITION};
use crate::rx::cfg::Cfg;
use crate::rx::merge::Merge;
use crate::rx::options::OptionField;
use crate::rx::parse::{Parse, HEAD_BITS};
use crate::rx::parts::Parts;
use crate::rx::scan::Scanner;
use crate::rx::slots::Slots;
use crate::rx::staging::Staging;
use crate::rx::types::{FrameDone, Scan, Upper, BEAT, BYTE, HDR_B, SLOT, TUPLE};
use crate::rx::xtypes::Part;
use rust_hdl::prelude::*;

/// log2 of the depth of the three FIFOs.
const WINDOW: usize = 4;

/// The front of the receive path.
#[derive(LogicBlock)]
pub struct Ingest<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub mac_rx_tdata: Signal<In, Bits<D>>,
    pub mac_rx_tkeep: Signal<In, Bits<K>>,
    pub mac_rx_tvalid: Signal<In, bool>,
    pub mac_rx_tlast: Signal<In, bool>,
    pub mac_rx_tuser: Signal<In, bool>,
    pub inject_tdata: Signal<In, Bits<D>>,
    pub inject_tkeep: Signal<In, Bits<K>>,
    pub inject_tvalid: Signal<In, bool>,
    pub inject_tready: Signal<Out, bool>,
    pub inject_tlast: Signal<In, bool>,
    pub inject_tuser: Signal<In, bool>,
    pub admit: Signal<In, bool>,
    pub frame_start: Signal<Out, bool>,

    pub launch_valid: Signal<Out, bool>,
    pub launch_tuple: Signal<Out, Bits<TUPLE>>,
    pub launch_upper: Signal<Out, Upper>,
    pub tpt_pending: Signal<Out, bool>,
    pub tpt_valid: Signal<Out, bool>,
    pub tpt_stag: Signal<Out, Bits<32>>,

    pub done_valid: Signal<Out, bool>,
    pub done: Signal<Out, FrameDone>,
    pub done_pop: Signal<In, bool>,
    /// The pipeline has room for one part more.
    pub part_room: Signal<In, bool>,
    pub part_start: Signal<Out, bool>,
    pub tpt_more: Signal<Out, bool>,
    pub part: Signal<Out, Part>,
    pub part_hdrb: Signal<Out, Bits<HDR_B>>,
    pub part_hdrb_pop: Signal<In, bool>,
    pub part_oks: Signal<Out, Bits<16>>,
    pub options_push: Signal<Out, bool>,
    pub options: Signal<Out, OptionField>,
    pub hdrb_valid: Signal<Out, bool>,
    pub hdrb: Signal<Out, Bits<HDR_B>>,
    pub hdrb_pop: Signal<In, bool>,
    pub scan_valid: Signal<Out, bool>,
    pub scan: Signal<Out, Scan>,
    pub scan_pop: Signal<In, bool>,

    pub rd_addr: Signal<In, Bits<BYTE>>,
    pub rd_next: Signal<In, Bits<BEAT>>,
    pub rd_lo: Signal<Out, Bits<D>>,
    pub rd_hi: Signal<Out, Bits<D>>,

    pub free_valid_0: Signal<In, bool>,
    pub free_slot_0: Signal<In, Bits<SLOT>>,
    pub free_valid_1: Signal<In, bool>,
    pub free_slot_1: Signal<In, Bits<SLOT>>,
    pub free_valid_2: Signal<In, bool>,
    pub free_slot_2: Signal<In, Bits<SLOT>>,

    pub drop_slot: Signal<Out, bool>,
    pub drop_credit: Signal<Out, bool>,
    pub drop_full: Signal<Out, bool>,
    pub drop_merge: Signal<Out, bool>,
    pub frame_bad: Signal<Out, bool>,
    pub frame_cut: Signal<Out, bool>,
    pub idle: Signal<Out, bool>,

    merge: Merge<D, K>,
    slots: Slots,
    staging: Staging<D>,
    parse: Parse<D, K, LK>,
    scanner: Scanner<D, K, LK>,
    /// One with parts, none without.
    parts: Vec<Parts<D, K, LK>>,
    _parts: usize,
    unused_part_room: Signal<Local, bool>,
    unused_part_hdrb_pop: Signal<Local, bool>,
    unused_spare: Signal<Local, bool>,
    unused_cut: Signal<Local, bool>,
    done_fifo: BypassFifo<FrameDone, WINDOW>,
    hdrb_fifo: BypassFifo<Bits<HDR_B>, WINDOW>,
    scan_fifo: BypassFifo<Scan, WINDOW>,

    // port
    /// A frame is open on the merged stream.
    open: Reg<bool>,
    /// It was admitted, and not yet cut.
    taken: Reg<bool>,
    beat: Reg<Bits<BEAT_BITS>>,
    /// The same for the headers: stays at its greatest value.
    head: Reg<Bits<HEAD_BITS>>,
    room: Reg<bool>,
    valid: Signal<Local, bool>,
    /// The beat on the port counts: all but an injected frame's first beat that has to wait.
    step: Signal<Local, bool>,
    ok: Signal<Local, bool>,
    first: Signal<Local, bool>,
    acc: Signal<Local, bool>,
    /// The beat of the greatest length.
    limit: Reg<bool>,
    last: Signal<Local, bool>,
    /// The same, but not in a frame's first beat: no admission stands in front of it.
    ends: Signal<Local, bool>,
    used: Signal<Local, Bits<BEAT>>,
    bad: Signal<Local, bool>,

    // R0, and what T leaves for T + 1
    r_valid: Reg<bool>,
    r_last: RegNr<bool>,
    r_beat: RegNr<Bits<BEAT_BITS>>,
    r_head: RegNr<Bits<HEAD_BITS>>,
    r_data: RegNr<Bits<D>>,
    r_bad: RegNr<bool>,
    r_late: Reg<bool>,
    r_end: Reg<bool>,
    r_len: RegNr<Bits<16>>,
    r_covers: RegNr<bool>,
    /// Where the beat on the port goes (or the next one), the beat on R0 (or the next one), and where its frame began.
    port_wp: Reg<Bits<BEAT>>,
    wp: Reg<Bits<BEAT>>,
    start: Reg<Bits<BEAT>>,
    lost_slot: Reg<bool>,
    lost_credit: Reg<bool>,
    lost_full: Reg<bool>,

    // FrameDone: the last beat on the port, and what of it is still there in T + 1
    done_push: Signal<Local, bool>,
    item: Signal<Local, FrameDone>,
    unused_item: Signal<Local, FrameDone>,
    d_next: Signal<Local, Bits<BEAT_BITS>>,
    d_keep: Signal<Local, Bits<K>>,
    len: Signal<Local, Bits<16>>,
    covered: Signal<Local, bool>,
    edges: Signal<Local, Bits<K>>,
    beats: Signal<Local, Bits<BEAT_BITS>>,
    lanes: Signal<Local, Bits<16>>,
    covers: LanesFrom<K>,

    ring: Constant<Bits<BEAT>>,
    most_used: Constant<Bits<BEAT>>,
    before_last: Constant<Bits<BEAT_BITS>>,
    beat_mask: Constant<Bits<BEAT_BITS>>,
    /// Lanes of the last beat behind the greatest length.
    beyond: Constant<Bits<K>>,
    narrow: Constant<bool>,
    lk: Constant<Bits<4>>,
    _k: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Ingest<D, K, LK> {
    /// Ingest with the sizes of a preset. Panics at elaboration if they do not fit each other.
    pub fn new(cfg: &Cfg) -> Self {
        let beats = cfg.max_frame.div_ceil(K);
        let ring = 1usize << cfg.stage_bits;
        assert!(
            (2..=BEAT).contains(&cfg.stage_bits) && ring >= 2 * (beats + 2),
            "ingest: stage_bits {}: a frame of {} octets has {beats} beats and the ring must hold two: raise stage_bits",
            cfg.stage_bits,
            cfg.max_frame
        );
        assert!(
            cfg.max_frame < 1 << 16 && beats < 1 << BEAT_BITS,
            "ingest: max_frame {}: lower it below 65536",
            cfg.max_frame
        );
        assert!(
            beats >= 2,
            "ingest: max_frame {}: raise it to two beats",
            cfg.max_frame
        );
        let full = cfg.max_frame % K;
        // K is 64 at most
        let beyond = if full == 0 {
            0
        } else {
            (u64::MAX >> (64 - K)) & !0 << full
        };
        assert!(
            cfg.window <= 1 << WINDOW,
            "ingest: window {}: the FIFOs hold {}",
            cfg.window,
            1 << WINDOW
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            mac_rx_tdata: Default::default(),
            mac_rx_tkeep: Default::default(),
            mac_rx_tvalid: Default::default(),
            mac_rx_tlast: Default::default(),
            mac_rx_tuser: Default::default(),
            inject_tdata: Default::default(),
            inject_tkeep: Default::default(),
            inject_tvalid: Default::default(),
            inject_tready: Default::default(),
            inject_tlast: Default::default(),
            inject_tuser: Default::default(),
            admit: Default::default(),
            frame_start: Default::default(),
            launch_valid: Default::default(),
            launch_tuple: Default::default(),
            launch_upper: Default::default(),
            tpt_pending: Default::default(),
            tpt_valid: Default::default(),
            tpt_stag: Default::default(),
            done_valid: Default::default(),
            done: Default::default(),
            done_pop: Default::default(),
            part_room: Default::default(),
            part_start: Default::default(),
            tpt_more: Default::default(),
            part: Default::default(),
            part_hdrb: Default::default(),
            part_hdrb_pop: Default::default(),
            part_oks: Default::default(),
            options_push: Default::default(),
            options: Default::default(),
            hdrb_valid: Default::default(),
            hdrb: Default::default(),
            hdrb_pop: Default::default(),
            scan_valid: Default::default(),
            scan: Default::default(),
            scan_pop: Default::default(),
            rd_addr: Default::default(),
            rd_next: Default::default(),
            rd_lo: Default::default(),
            rd_hi: Default::default(),
            free_valid_0: Default::default(),
            free_slot_0: Default::default(),
            free_valid_1: Default::default(),
            free_slot_1: Default::default(),
            free_valid_2: Default::default(),
            free_slot_2: Default::default(),
            drop_slot: Default::default(),
            drop_credit: Default::default(),
            drop_full: Default::default(),
            drop_merge: Default::default(),
            frame_bad: Default::default(),
            frame_cut: Default::default(),
            idle: Default::default(),
            merge: Merge::new(cfg.max_frame),
            slots: Slots::new(cfg.slot_bits),
            staging: Staging::new(cfg.stage_bits),
            parse: Parse::new(cfg.tpt_latency(), cfg.ipv6, cfg.timestamps),
            scanner: Scanner::new(cfg.ipv6, cfg.parts),
            parts: (0..usize::from(cfg.parts)).map(|_| Parts::new()).collect(),
            _parts: cfg.parts.into(),
            unused_part_room: Default::default(),
            unused_part_hdrb_pop: Default::default(),
            unused_spare: Default::default(),
            unused_cut: Default::default(),
            done_fifo: Default::default(),
            hdrb_fifo: Default::default(),
            scan_fifo: BypassFifo::new().headed(),
            open: Default::default(),
            taken: Default::default(),
            beat: Default::default(),
            head: Default::default(),
            room: Default::default(),
            valid: Default::default(),
            step: Default::default(),
            ok: Default::default(),
            first: Default::default(),
            acc: Default::default(),
            limit: Default::default(),
            last: Default::default(),
            ends: Default::default(),
            used: Default::default(),
            bad: Default::default(),
            r_valid: Default::default(),
            r_last: Default::default(),
            r_beat: Default::default(),
            r_head: Default::default(),
            r_data: Default::default(),
            r_bad: Default::default(),
            r_late: Default::default(),
            r_end: Default::default(),
            r_len: Default::default(),
            r_covers: Default::default(),
            port_wp: Default::default(),
            wp: Default::default(),
            start: Default::default(),
            lost_slot: Default::default(),
            lost_credit: Default::default(),
            lost_full: Default::default(),
            done_push: Default::default(),
            item: Default::default(),
            unused_item: Default::default(),
            d_next: Default::default(),
            d_keep: Default::default(),
            len: Default::default(),
            covered: Default::default(),
            edges: Default::default(),
            beats: Default::default(),
            lanes: Default::default(),
            covers: Default::default(),
            ring: Constant::new(((ring - 1) as u64).to_bits()),
            // one beat may come between the count and the frame's first beat, and full must differ from empty
            most_used: Constant::new(((ring - beats - 2) as u64).to_bits()),
            before_last: Constant::new(((beats - 2) as u64).to_bits()),
            // a frame that is cut may go on and count round
            beat_mask: Constant::new((beats.next_power_of_two() as u64 - 1).to_bits()),
            beyond: Constant::new(beyond.to_bits()),
            narrow: Constant::new(D == 64),
            lk: Constant::new((LK as u64).to_bits()),
            _k: K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Ingest<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        // --- merge
        self.ok.next = self.slots.ok.val() & self.admit.val() & self.room.q.val();
        self.merge.mac_rx_tdata.next = self.mac_rx_tdata.val();
        self.merge.mac_rx_tkeep.next = self.mac_rx_tkeep.val();
        self.merge.mac_rx_tvalid.next = self.mac_rx_tvalid.val();
        self.merge.mac_rx_tlast.next = self.mac_rx_tlast.val();
        self.merge.mac_rx_tuser.next = self.mac_rx_tuser.val();
        self.merge.inject_tdata.next = self.inject_tdata.val();
        self.merge.inject_tkeep.next = self.inject_tkeep.val();
        self.merge.inject_tvalid.next = self.inject_tvalid.val();
        self.merge.inject_tlast.next = self.inject_tlast.val();
        self.merge.inject_tuser.next = self.inject_tuser.val();
        self.merge.go.next = self.ok.val();
        self.inject_tready.next = self.merge.inject_tready.val();
        self.drop_merge.next = self.merge.drop_merge.val();

        // --- port: admission
        self.valid.next = self.merge.out_tvalid.val();
        self.step.next = self.valid.val() & (self.ok.val() | !self.merge.hold.val());
        self.first.next = self.step.val() & !self.open.q.val();
        self.acc.next =
            self.valid.val() & (self.taken.q.val() | (self.ok.val() & !self.open.q.val()));
        self.last.next = self.acc.val() & (self.merge.out_tlast.val() | self.limit.q.val());
        self.ends.next = self.valid.val()
            & self.taken.q.val()
            & (self.merge.out_tlast.val() | self.limit.q.val());
        self.frame_cut.next = self.valid.val()
            & self.taken.q.val()
            & self.limit.q.val()
            & !self.merge.out_tlast.val();
        self.frame_start.next = self.valid.val() & self.ok.val() & !self.open.q.val();
        if self.step.val() {
            self.open.d.next = !self.merge.out_tlast.val();
            self.taken.d.next = self.acc.val() & !self.last.val();
            self.beat.d.next = (self.beat.q.val() + 1) & self.beat_mask.val();
            self.limit.d.next = self.beat.q.val() == self.before_last.val();
            if !self.head.q.val().all() {
                self.head.d.next = self.head.q.val() + 1;
            }
            if self.merge.out_tlast.val() {
                self.beat.d.next = 0.into();
                self.limit.d.next = false;
                self.head.d.next = 0.into();
            }
        }
        self.lost_slot.d.next = self.first.val() & !self.slots.ok.val();
        self.lost_credit.d.next = self.first.val() & self.slots.ok.val() & !self.admit.val();
        self.lost_full.d.next =
            self.first.val() & self.slots.ok.val() & self.admit.val() & !self.room.q.val();

        // --- R0. Only `r_valid` waits for the admission.
        self.r_valid.d.next = self.acc.val();
        self.r_last.d.next = self.merge.out_tlast.val() | self.limit.q.val();
        self.r_beat.d.next = self.beat.q.val();
        self.r_head.d.next = self.head.q.val();
        self.r_data.d.next = self.merge.out_tdata.val();
        self.r_end.d.next = self.r_valid.q.val() & self.r_last.q.val();

        // --- ring. The beat behind the one on R0 goes where the port's goes.
        if self.acc.val() {
            self.port_wp.d.next = (self.port_wp.q.val() + 1) & self.ring.val();
        }
        self.wp.d.next = self.port_wp.q.val();
        if self.r_valid.q.val() & self.r_last.q.val() {
            self.start.d.next = self.port_wp.q.val();
        }
        self.used.next = (self.port_wp.q.val() - self.slots.tail.val()) & self.ring.val();
        self.room.d.next = self.used.val() < self.most_used.val();
        self.slots.take.next = self.last.val();
        self.slots.store.next = self.r_valid.q.val() & self.r_last.q.val();
        self.slots.store_end.next = self.port_wp.q.val();
        self.slots.free_valid_0.next = self.free_valid_0.val();
        self.slots.free_slot_0.next = self.free_slot_0.val();
        self.slots.free_valid_1.next = self.free_valid_1.val();
        self.slots.free_slot_1.next = self.free_slot_1.val();
        self.slots.free_valid_2.next = self.free_valid_2.val();
        self.slots.free_slot_2.next = self.free_slot_2.val();
        self.staging.we.next = self.r_valid.q.val();
        self.staging.waddr.next = self.wp.q.val();
        self.staging.wdata.next = self.r_data.q.val();
        self.staging.rd_addr.next = self.rd_addr.val();
        self.staging.rd_next.next = self.rd_next.val();
        self.rd_lo.next = self.staging.rd_lo.val();
        self.rd_hi.next = self.staging.rd_hi.val();

        // --- header parser
        self.parse.valid.next = self.valid.val();
        self.parse.en.next = self.acc.val();
        self.parse.head.next = self.head.q.val();
        self.parse.data.next = self.merge.out_tdata.val();
        self.parse.keep.next = self.merge.out_tkeep.val();
        self.parse.last.next = self.ends.val();
        self.parse.r_valid.next = self.r_valid.q.val();
        self.parse.r_head.next = self.r_head.q.val();
        self.parse.r_data.next = self.r_data.q.val();
        self.parse.r_last.next = self.r_last.q.val();
        self.launch_valid.next = self.parse.launch_valid.val();
        self.launch_tuple.next = self.parse.launch_tuple.val();
        self.launch_upper.next = self.parse.launch_upper.val();
        self.tpt_valid.next = self.parse.tpt_valid.val();
        self.tpt_stag.next = self.parse.tpt_stag.val();
        self.tpt_pending.next = self.parse.tpt_pending.val();

        // --- FrameDone, in T or T + 1. The keep comes late: it only selects. It has one edge, at the last octet; a keep
        // without one counts nothing.
        self.bad.next = self.merge.out_tuser.val()
            | (self.limit.q.val()
                & (!self.merge.out_tlast.val()
                    | (self.merge.out_tkeep.val() & self.beyond.val()).any()));
        self.d_keep.next = self.merge.out_tkeep.val();
        self.d_next.next = self.beat.q.val() + 1;
        self.edges.next = self.d_keep.val() & !(self.d_keep.val() >> 1);
        self.lanes.next = 0.into();
        for i in 0..(self._k - 1) {
            if self.edges.val().get_bit(i) {
                self.lanes.next = self.lanes.val() | (i + 1).to_bits();
            }
        }
        self.beats.next = self.beat.q.val();
        for i in (self._k - 1)..(self._k) {
            if self.edges.val().get_bit(i) {
                self.beats.next = self.d_next.val();
            }
        }
        self.len.next =
            (bit_cast::<16, BEAT_BITS>(self.beats.val()) << self.lk.val()) | self.lanes.val();
        self.covers.start.next = self.parse.at.val();
        self.covers.beat.next = self.beat.q.val();
        self.covered.next = (self.d_keep.val() & self.covers.mask.val()).any();
        self.r_bad.d.next = self.bad.val();
        self.r_len.d.next = self.len.val();
        self.r_covers.d.next = self.covered.val();
        self.r_late.d.next = self.last.val() & self.parse.late.val();
        // a frame that ends takes its slot and moves on from its start in T + 1 only
        self.parse.done_slot.next = self.slots.slot.val();
        self.parse.done_start.next = self.start.q.val();
        self.parse.done_bad.next = self.bad.val();
        self.parse.done_len.next = self.len.val();
        self.parse.done_covers.next = self.covered.val();
        if self.r_late.q.val() {
            self.parse.done_bad.next = self.r_bad.q.val();
            self.parse.done_len.next = self.r_len.q.val();
            // where the packet ends is known in T at 64 bits, if the TCP header is there; else it may be in this very beat
            self.parse.done_covers.next = self.r_covers.q.val();
            if !self.narrow.val() {
                self.parse.done_covers.next =
                    bit_cast::<POSITION, 16>(self.r_len.q.val()) > self.parse.at.val();
            }
        }
        self.done_push.next = (self.ends.val() & !self.parse.late.val()) | self.r_late.q.val();
        self.done_fifo.push.next = self.done_push.val();
        self.done_fifo.din.next = self.parse.done.val();
        self.item.next = self.parse.done.val();
        self.unused_item.next = self.item.val();
        self.options_push.next = self.done_push.val() & self.item.val().odd;
        self.options.next = self.parse.options.val();
        self.done_fifo.pop.next = self.done_pop.val();
        self.done.next = self.done_fifo.dout.val();
        self.done_valid.next = self.done_fifo.valid.val();

        // --- Parts
        self.unused_part_room.next = self.part_room.val();
        self.unused_part_hdrb_pop.next = self.part_hdrb_pop.val();
        self.unused_spare.next = self.slots.spare.val();
        self.unused_cut.next = self.scanner.cut_valid.val() & self.scanner.cut_ok.val();
        self.slots.split.next = false;
        self.slots.split_end.next = self.wp.q.val();
        self.slots.splits.next = 0.into();
        self.part_start.next = false;
        self.tpt_more.next = false;
        self.part.next.extra = false;
        self.part.next.more = false;
        self.part.next.index = 0.into();
        self.part.next.off = 0.into();
        self.part.next.len = 0.into();
        self.part.next.seq = 0.into();
        self.part.next.plen = 0.into();
        self.part_hdrb.next = 0.into();
        self.part_oks.next = 0.into();
        self.scanner.cut.next = false;
        self.scanner.cut_at.next = 0.into();
        self.scanner.spill.next = false;
        for i in 0..self._parts {
            self.parts[i].r_valid.next = self.r_valid.q.val();
            self.parts[i].r_last.next = self.r_last.q.val();
            self.parts[i].r_beat.next = self.r_beat.q.val();
            self.parts[i].r_data.next = self.r_data.q.val();
            self.parts[i].at.next = self.parse.at.val();
            self.parts[i].h.next = self.parse.r_h.val();
            self.parts[i].tcp.next = self.parse.r_tcp.val();
            self.parts[i].seq.next = self.parse.r_seq.val();
            self.parts[i].flags.next = self.parse.r_flags.val();
            self.parts[i].room.next = self.part_room.val();
            self.parts[i].spare.next = self.slots.spare.val();
            self.parts[i].m_beat.next = self.r_beat.q.val();
            if self.narrow.val() {
                self.parts[i].m_beat.next = self.beat.q.val();
            }
            self.scanner.cut.next = self.parts[i].cut.val();
            self.scanner.cut_at.next = self.parts[i].cut_at.val();
            self.scanner.spill.next = self.parts[i].spill.val();
            self.slots.split.next = self.parts[i].split.val();
            self.slots.splits.next = self.parts[i].splits.val();
            self.part_start.next = self.parts[i].split.val();
            self.tpt_more.next = self.parts[i].pending.val();
            if self.parts[i].tpt_valid.val() {
                self.tpt_valid.next = true;
                self.tpt_stag.next = self.parts[i].tpt_stag.val();
            }
            self.parts[i].push.next = self.done_push.val();
            self.parts[i].cut_valid.next = self.scanner.cut_valid.val();
            self.parts[i].cut_ok.next = self.scanner.cut_ok.val();
            self.parts[i].verdict.next = self.scanner.valid.val();
            self.parts[i].done_valid.next = self.done_fifo.valid.val();
            self.parts[i].done.next = self.done_fifo.dout.val();
            self.parts[i].pop.next = self.done_pop.val();
            self.done_fifo.pop.next = self.parts[i].done_pop.val();
            self.done.next = self.parts[i].out.val();
            self.done_valid.next = self.parts[i].out_valid.val();
            self.part.next = self.parts[i].part.val();
            self.part_hdrb.next = self.parts[i].hdrb.val();
            self.parts[i].hdrb_pop.next = self.part_hdrb_pop.val();
            self.part_oks.next = self.parts[i].oks.val();
            self.parts[i].oks_pop.next = self.scan_pop.val();
        }

        // --- HdrB in T + 2
        self.hdrb_fifo.push.next = self.r_end.q.val();
        self.hdrb_fifo.din.next = self.parse.hdr_b.val();
        self.hdrb_fifo.pop.next = self.hdrb_pop.val();
        self.hdrb.next = self.hdrb_fifo.dout.val();
        self.hdrb_valid.next = self.hdrb_fifo.valid.val();

        // --- Scan in T + 3
        self.scanner.m_beat.next = self.r_beat.q.val();
        self.scanner.m_head.next = self.r_head.q.val();
        if self.narrow.val() {
            self.scanner.m_beat.next = self.beat.q.val();
            self.scanner.m_head.next = self.head.q.val();
        }
        self.scanner.r_valid.next = self.r_valid.q.val();
        self.scanner.r_last.next = self.r_last.q.val();
        self.scanner.r_head.next = self.r_head.q.val();
        self.scanner.r_data.next = self.r_data.q.val();
        self.scanner.vlan.next = self.parse.vlan.val();
        self.scanner.six.next = self.parse.six.val();
        self.scanner.total.next = self.parse.total.val();
        self.scanner.h.next = self.parse.h.val();
        self.scanner.h_plus_4.next = self.parse.h_plus_4.val();
        self.scanner.at.next = self.parse.at.val();
        self.scan_fifo.push.next = self.scanner.valid.val();
        self.scan_fifo.din.next = self.scanner.scan.val();
        self.scan_fifo.pop.next = self.scan_pop.val();
        self.scan.next = self.scan_fifo.dout.val();
        self.scan_valid.next = self.scan_fifo.valid.val();

        // --- status
        self.drop_slot.next = self.lost_slot.q.val();
        self.drop_credit.next = self.lost_credit.q.val();
        self.drop_full.next = self.lost_full.q.val();
        self.frame_bad.next = self.r_valid.q.val() & self.r_last.q.val() & self.r_bad.q.val();
        self.idle.next = self.merge.idle.val()
            & !self.valid.val()
            & !self.open.q.val()
            & !self.r_valid.q.val()
            & !self.r_end.q.val()
            & !self.scanner.busy.val()
            & !self.done_fifo.valid.val()
            & !self.hdrb_fifo.valid.val()
            & !self.scan_fifo.valid.val();
    }
}
