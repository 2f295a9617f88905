//! Emitter: header beats and payload beats out as one frame.
//!
//! | port | | |
//! |---|---|---|
//! | `frame_push frame` | in | a frame whose octets are under way, in the cycle T of its last source beat |
//! | `done` | in | T + 3: the oldest such frame is complete |
//! | `late_valid late_pop late` | FIFO | its checksums and length |
//! | `hdr_slot hdr_row`, `hdr_data` | out, in | header store |
//! | `st_row`, `st_data` | out, in | frame store; `free_row`: it is free in front of this beat |
//! | `freed` | out | a header was read |
//! | `tdata tkeep tvalid tready tlast` | out stream | the frame without FCS, zeros up to 60 octets |
//!
//! **Latency**: `done` to first beat 1 cycle. **Throughput**: a beat a cycle, frames without a gap. A frame is complete before its
//! first beat, so `tvalid` stays high until its last one whatever the source does. **Back-pressure**: a beat is read only when the output FIFO
//! (4 beats: one under way, the one that is read, and two for the round trip) has room.
//! A frame of less than 60 octets is padded (IEEE 802.3 3.2.7).

use super::octets::LateFields;
use super::types::{Frame, Late, TxCfg, PLACE, ROW, SLOT};
use crate::prim::{ApplyMask, BypassFifo, Fifo, FoldSum, LanesTo, Reg, RegNr, POSITION};
use rust_hdl::prelude::*;

/// The emitter.
#[derive(LogicBlock)]
pub struct Emitter<const D: usize, const K: usize, const LK: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub frame_push: Signal<In, bool>,
    pub frame: Signal<In, Frame>,
    pub done: Signal<In, bool>,
    pub late_valid: Signal<In, bool>,
    pub late_pop: Signal<Out, bool>,
    pub late: Signal<In, Late>,
    pub hdr_slot: Signal<Out, Bits<SLOT>>,
    pub hdr_row: Signal<Out, Bits<4>>,
    pub hdr_data: Signal<In, Bits<D>>,
    pub st_row: Signal<Out, Bits<ROW>>,
    pub st_data: Signal<In, Bits<D>>,
    pub free_row: Signal<Out, Bits<ROW>>,
    pub freed: Signal<Out, bool>,
    pub tvalid: Signal<Out, bool>,
    pub tready: Signal<In, bool>,
    pub tdata: Signal<Out, Bits<D>>,
    pub tkeep: Signal<Out, Bits<K>>,
    pub tlast: Signal<Out, bool>,

    frames: Fifo<Frame, SLOT>,
    unused_f: Signal<Local, Frame>,
    /// Frames complete and not begun.
    ready: Reg<Bits<4>>,
    busy: Reg<bool>,
    row: Reg<Bits<ROW>>,
    free: Reg<Bits<ROW>>,
    starts: Signal<Local, bool>,
    reads: Signal<Local, bool>,
    last: Signal<Local, bool>,
    at: Signal<Local, Bits<ROW>>,
    to_head: LanesTo<K>,
    to_data: LanesTo<K>,
    to_end: LanesTo<K>,

    // one cycle behind
    v1: Reg<bool>,
    last1: RegNr<bool>,
    row1: RegNr<Bits<ROW>>,
    tag1: RegNr<bool>,
    v6_1: RegNr<bool>,
    head1: RegNr<Bits<K>>,
    data1: RegNr<Bits<K>>,
    keep1: RegNr<Bits<K>>,
    l: Signal<Local, Late>,
    unused_late: Signal<Local, bool>,
    tcp_fold: FoldSum,
    of_head: ApplyMask<D, K>,
    of_store: ApplyMask<D, K>,
    fields: LateFields<D>,
    out: BypassFifo<Bits<D>, 2>,
    out_keep: BypassFifo<Bits<K>, 2>,
    out_last: BypassFifo<bool, 2>,
    none: Constant<Bits<K>>,
    _lk: usize,
}

impl<const D: usize, const K: usize, const LK: usize> Emitter<D, K, LK> {
    const OK: () = assert!(K * 8 == D && 1 << LK == K);

    pub fn new(cfg: &TxCfg) -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            frame_push: Default::default(),
            frame: Default::default(),
            done: Default::default(),
            late_valid: Default::default(),
            late_pop: Default::default(),
            late: Default::default(),
            hdr_slot: Default::default(),
            hdr_row: Default::default(),
            hdr_data: Default::default(),
            st_row: Default::default(),
            st_data: Default::default(),
            free_row: Default::default(),
            freed: Default::default(),
            tvalid: Default::default(),
            tready: Default::default(),
            tdata: Default::default(),
            tkeep: Default::default(),
            tlast: Default::default(),
            frames: Fifo::new().headed(),
            unused_f: Default::default(),
            ready: Default::default(),
            busy: Default::default(),
            row: Default::default(),
            free: Default::default(),
            starts: Default::default(),
            reads: Default::default(),
            last: Default::default(),
            at: Default::default(),
            to_head: Default::default(),
            to_data: Default::default(),
            to_end: Default::default(),
            v1: Default::default(),
            last1: Default::default(),
            row1: Default::default(),
            tag1: Default::default(),
            v6_1: Default::default(),
            head1: Default::default(),
            data1: Default::default(),
            keep1: Default::default(),
            l: Default::default(),
            unused_late: Default::default(),
            tcp_fold: Default::default(),
            of_head: Default::default(),
            of_store: Default::default(),
            fields: LateFields::new(cfg.ipv6),
            out: Default::default(),
            out_keep: Default::default(),
            out_last: Default::default(),
            none: Constant::new(0.into()),
            _lk: LK,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize> Logic for Emitter<D, K, LK> {
    #[hdl_gen]
    fn update(&mut self) {
        self.frames.push.next = self.frame_push.val();
        self.frames.din.next = self.frame.val();
        self.unused_f.next = self.frames.dout.val();

        // One beat a cycle. The address does not wait for the decision.
        self.reads.next = (self.busy.q.val() | self.ready.q.val().any() | self.done.val())
            & self.frames.valid.val()
            & (self.out.room.val() >= 2);
        self.starts.next = self.reads.val() & !self.busy.q.val();
        self.at.next = self.unused_f.val().base + self.row.q.val();
        for k in (self._lk)..(self._lk + 1) {
            self.last.next = self.row.q.val() == self.unused_f.val().end.get_bits::<ROW>(k);
        }
        if self.reads.val() {
            self.busy.d.next = !self.last.val();
            self.row.d.next = self.row.q.val() + 1;
            if self.last.val() {
                self.row.d.next = 0.into();
            }
            if !self.unused_f.val().bare {
                self.free.d.next = self.at.val() + 1;
            }
        }
        if self.done.val() & !self.starts.val() {
            self.ready.d.next = self.ready.q.val() + 1;
        }
        if !self.done.val() & self.starts.val() {
            self.ready.d.next = self.ready.q.val() - 1;
        }
        self.st_row.next = self.at.val();
        self.free_row.next = self.free.q.val();
        self.hdr_slot.next = self.unused_f.val().slot;
        self.hdr_row.next = self.row.q.val().get_bits::<4>(0);
        self.frames.pop.next = self.reads.val() & self.last.val();
        self.freed.next = self.reads.val() & self.last.val();
        self.to_head.last.next = bit_cast::<POSITION, PLACE>(self.unused_f.val().head_end);
        self.to_head.beat.next = self.row.q.val();
        self.to_data.last.next = bit_cast::<POSITION, PLACE>(self.unused_f.val().data_end);
        self.to_data.beat.next = self.row.q.val();
        self.to_end.last.next = bit_cast::<POSITION, PLACE>(self.unused_f.val().end);
        self.to_end.beat.next = self.row.q.val();

        // One cycle later: put together.
        self.v1.d.next = self.reads.val();
        self.last1.d.next = self.last.val();
        self.row1.d.next = self.row.q.val();
        self.tag1.d.next = self.unused_f.val().tag;
        self.v6_1.d.next = self.unused_f.val().v6;
        self.head1.d.next = self.to_head.mask.val();
        self.data1.d.next = self.to_data.mask.val() & !self.to_head.mask.val();
        self.keep1.d.next = self.to_end.mask.val();
        self.of_head.data.next = self.hdr_data.val();
        self.of_head.keep.next = self.head1.q.val();
        self.of_head.flip.next = self.none.val();
        self.of_store.data.next = self.st_data.val();
        self.of_store.keep.next = self.data1.q.val();
        self.of_store.flip.next = self.none.val();
        self.l.next = self.late.val();
        self.unused_late.next = self.late_valid.val();
        self.tcp_fold.acc.next = bit_cast::<32, 20>(self.l.val().tcp);
        self.fields.data.next = self.of_head.dout.val() | self.of_store.dout.val();
        self.fields.row.next = self.row1.q.val();
        self.fields.tag.next = self.tag1.q.val();
        self.fields.v6.next = self.v6_1.q.val();
        self.fields.ip_len.next = self.l.val().ip_len;
        self.fields.ip_sum.next = self.l.val().ip;
        self.fields.tcp_sum.next = !self.tcp_fold.fold.val();
        self.late_pop.next = self.v1.q.val() & self.last1.q.val();
        self.out.push.next = self.v1.q.val();
        self.out.din.next = self.fields.dout.val();
        self.out_keep.push.next = self.v1.q.val();
        self.out_keep.din.next = self.keep1.q.val();
        self.out_last.push.next = self.v1.q.val();
        self.out_last.din.next = self.last1.q.val();
        self.tvalid.next = self.out.valid.val();
        self.tdata.next = self.out.dout.val();
        self.tkeep.next = self.out_keep.dout.val();
        self.tlast.next = self.out_last.dout.val();
        self.out.pop.next = self.out.valid.val() & self.tready.val();
        self.out_keep.pop.next = self.out.valid.val() & self.tready.val();
        self.out_last.pop.next = self.out.valid.val() & self.tready.val();
    }
}
