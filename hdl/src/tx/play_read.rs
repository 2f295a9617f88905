//! Play, reading: FPDU jobs and their payload to the builder, in order, when all octets of one have come.
//!
//! | port | | |
//! |---|---|---|
//! | `out_valid out_pop out` | FIFO in | [`Job`] |
//! | `open open_tag`, `full full_tag full_bad`, `skip skip_tag` | in | a tag begins; all its octets have come; is not asked for |
//! | `row`, `data` | out, in | read port of the buffer, 2 cycles |
//! | `rows_back`, `tag_back` | out | beats, a tag that may be used again |
//! | `fpdu_valid fpdu_ready fpdu` | out stream | [`TxFpdu`] |
//! | `payload_*` | out stream | one packet an FPDU with payload, packed from lane 0 |
//! | `fail_tvalid fail_tready fail` | out stream | [`Fail`]: the host did not give the octets (LOC_QP_OP_ERR) |
//! | `mark`, `mark_conn` | out | pulse: a mark has come, everything in front of it is done |
//!
//! When a read has failed, the segment is promised already and its place in the stream is taken. Its octets must not count: the FPDU goes out with
//! DDP version 0 and a CRC field of 0. The peer refuses it by either, places nothing and ends the stream.
//!
//! **Latency**: all octets in the buffer (`full`) to the FPDU job 3 cycles, to the first beat of payload 6. **Rate**: an FPDU of n beats in n cycles, at least 3 and as many more as it has pieces; payload follows without a gap.
//! **Back-pressure**: waits for the builder; the tags' ends are always noted.

use super::types::TxFpdu;
use super::work_types::*;
use crate::prim::keep::LenToKeep;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Bswap, Fifo};
use rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum ReadState {
    Look,
    Tags,
    Offer,
    Fail,
}

#[derive(LogicBlock)]
pub struct PlayRead<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub out_valid: Signal<In, bool>,
    pub out_pop: Signal<Out, bool>,
    pub out: Signal<In, Job>,
    pub open: Signal<In, bool>,
    pub open_tag: Signal<In, Bits<TAG>>,
    pub full: Signal<In, bool>,
    pub full_tag: Signal<In, Bits<TAG>>,
    pub full_bad: Signal<In, bool>,
    pub skip: Signal<In, bool>,
    pub skip_tag: Signal<In, Bits<TAG>>,
    pub row: Signal<Out, Bits<BUF_ROW>>,
    pub data: Signal<In, Bits<D>>,
    pub rows_back: Signal<Out, Bits<BUF_ROW>>,
    pub tag_back: Signal<Out, bool>,
    pub fpdu_valid: Signal<Out, bool>,
    pub fpdu_ready: Signal<In, bool>,
    pub fpdu: Signal<Out, TxFpdu>,
    pub payload_tvalid: Signal<Out, bool>,
    pub payload_tready: Signal<In, bool>,
    pub payload_tdata: Signal<Out, Bits<D>>,
    pub payload_tkeep: Signal<Out, Bits<K>>,
    pub payload_tlast: Signal<Out, bool>,
    pub fail_tvalid: Signal<Out, bool>,
    pub fail_tready: Signal<In, bool>,
    pub fail: Signal<Out, Fail>,
    pub mark: Signal<Out, bool>,
    pub mark_conn: Signal<Out, Bits<CONN>>,

    ended: Vec<Reg<bool>>,
    failed: Vec<RegNr<bool>>,
    tag: Reg<Bits<TAG>>,
    state: Reg<ReadState>,
    left: RegNr<Bits<5>>,
    bad: RegNr<bool>,
    j: RegNr<Job>,
    there: Signal<Local, bool>,
    spoilt: Signal<Local, bool>,
    ctl: Signal<Local, Bits<16>>,
    stag: Bswap<32>,
    to: Bswap<64>,
    mo: Bswap<32>,
    msn: Bswap<32>,
    inv: Signal<Local, Bits<32>>,
    hdr: Signal<Local, Bits<368>>,
    made: Signal<Local, TxFpdu>,
    failing: Signal<Local, Fail>,
    untagged: Signal<Local, bool>,
    /// {void, octets of the last beat, beats}
    reads: Fifo<Bits<22>, 2>,
    read: Signal<Local, Bits<22>>,
    last_len: Signal<Local, Bits<14>>,
    row_q: Reg<Bits<BUF_ROW>>,
    done: RegNr<Bits<BUF_ROW>>,
    busy: Reg<bool>,
    beats: Signal<Local, Bits<BUF_ROW>>,
    at: Signal<Local, Bits<BUF_ROW>>,
    is_last: Signal<Local, bool>,
    reading: Signal<Local, bool>,
    dropped: Signal<Local, bool>,
    v1: Reg<bool>,
    v2: Reg<bool>,
    /// {last, octets}
    m1: RegNr<Bits<8>>,
    m2: RegNr<Bits<8>>,
    meta: Signal<Local, Bits<8>>,
    beat: Fifo<Bits<D>, 3>,
    metas: Fifo<Bits<8>, 3>,
    keeper: LenToKeep<K, C>,
    unused_room: Signal<Local, Bits<8>>,
    unused_full: Signal<Local, bool>,
    unused_job: Signal<Local, Job>,
    lane_mask: Constant<Bits<14>>,
    tag_mask: Constant<Bits<TAG>>,
    _tags: usize,
    _k: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> PlayRead<D, K, LK, C> {
    pub fn new(cfg: &WorkCfg) -> Self {
        let tags = 1usize << cfg.tag_bits;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            out_valid: Default::default(),
            out_pop: Default::default(),
            out: Default::default(),
            open: Default::default(),
            open_tag: Default::default(),
            full: Default::default(),
            full_tag: Default::default(),
            full_bad: Default::default(),
            skip: Default::default(),
            skip_tag: Default::default(),
            row: Default::default(),
            data: Default::default(),
            rows_back: Default::default(),
            tag_back: Default::default(),
            fpdu_valid: Default::default(),
            fpdu_ready: Default::default(),
            fpdu: Default::default(),
            payload_tvalid: Default::default(),
            payload_tready: Default::default(),
            payload_tdata: Default::default(),
            payload_tkeep: Default::default(),
            payload_tlast: Default::default(),
            fail_tvalid: Default::default(),
            fail_tready: Default::default(),
            fail: Default::default(),
            mark: Default::default(),
            mark_conn: Default::default(),
            ended: (0..tags).map(|_| Reg::default()).collect(),
            failed: (0..tags).map(|_| RegNr::default()).collect(),
            tag: Default::default(),
            state: Reg::new(ReadState::Look),
            left: Default::default(),
            bad: Default::default(),
            j: Default::default(),
            there: Default::default(),
            spoilt: Default::default(),
            ctl: Default::default(),
            stag: Default::default(),
            to: Default::default(),
            mo: Default::default(),
            msn: Default::default(),
            inv: Default::default(),
            hdr: Default::default(),
            made: Default::default(),
            failing: Default::default(),
            untagged: Default::default(),
            reads: Default::default(),
            read: Default::default(),
            last_len: Default::default(),
            row_q: Default::default(),
            done: Default::default(),
            busy: Default::default(),
            beats: Default::default(),
            at: Default::default(),
            is_last: Default::default(),
            reading: Default::default(),
            dropped: Default::default(),
            v1: Default::default(),
            v2: Default::default(),
            m1: Default::default(),
            m2: Default::default(),
            meta: Default::default(),
            beat: Default::default(),
            metas: Default::default(),
            keeper: Default::default(),
            unused_room: Default::default(),
            unused_full: Default::default(),
            unused_job: Default::default(),
            lane_mask: Constant::new((K as u64 - 1).to_bits()),
            tag_mask: Constant::new((tags as u64 - 1).to_bits()),
            _tags: tags,
            _k: K,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic
    for PlayRead<D, K, LK, C>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_room.next = self.reads.room.val() ^ self.metas.room.val();
        self.unused_full.next =
            self.beat.full.val() | (self.metas.full.val() | self.metas.valid.val());
        self.unused_job.next = self.j.q.val();

        // Tags.
        self.there.next = false;
        self.spoilt.next = false;
        for i in 0..self._tags {
            if self.tag.q.val() == i.to_bits::<TAG>() {
                self.there.next = self.ended[i].q.val();
                self.spoilt.next = self.failed[i].q.val();
            }
            if self.full.val() & (self.full_tag.val() == i.to_bits::<TAG>()) {
                self.ended[i].d.next = true;
                self.failed[i].d.next = self.full_bad.val();
            }
            if self.skip.val() & (self.skip_tag.val() == i.to_bits::<TAG>()) {
                self.ended[i].d.next = true;
                self.failed[i].d.next = false;
            }
            if self.open.val() & (self.open_tag.val() == i.to_bits::<TAG>()) {
                self.ended[i].d.next = false;
            }
        }

        // The job.
        self.untagged.next = self.j.q.val().op.any();
        self.ctl.next = bit_cast::<16, 3>(self.j.q.val().op) << 8;
        self.stag.din.next = self.j.q.val().stag;
        self.to.din.next = self.j.q.val().to;
        self.mo.din.next = self.j.q.val().to.get_bits::<32>(0);
        self.msn.din.next = self.j.q.val().to.get_bits::<32>(32);
        // Of a Send only with Invalidate.
        self.inv.next = 0.into();
        if (self.j.q.val().op == 4) | (self.j.q.val().op == 6) {
            self.inv.next = self.stag.dout.val();
        }
        self.hdr.next = (bit_cast::<368, 32>(self.stag.dout.val()) << 16)
            | (bit_cast::<368, 64>(self.to.dout.val()) << 48)
            | bit_cast::<368, 16>(self.ctl.val() | 0x4081);
        self.made.next.hdr_len = 14.into();
        if self.untagged.val() {
            self.made.next.hdr_len = 18.into();
            self.hdr.next = ((bit_cast::<368, 32>(self.inv.val()) << 16)
                | (bit_cast::<368, 32>(self.msn.dout.val()) << 80))
                | ((bit_cast::<368, 32>(self.mo.dout.val()) << 112)
                    | bit_cast::<368, 16>(self.ctl.val() | 0x4001));
        }
        self.made.next.hdr = self.hdr.val();
        if self.j.q.val().fin {
            self.made.next.hdr = self.hdr.val() | 0x40;
        }
        if self.bad.q.val() {
            // No DDP version.
            self.made.next.hdr = self.hdr.val() & !bits::<368>(3);
        }
        self.made.next.payload_len = bit_cast::<16, 14>(self.j.q.val().payload);
        self.made.next.crc_en = self.j.q.val().crc_en & !self.bad.q.val();
        self.made.next.skip = bit_cast::<16, 14>(self.j.q.val().skip);
        self.made.next.take = bit_cast::<16, 14>(self.j.q.val().take);
        self.made.next.markers = false;
        self.made.next.mark_at = 0.into();
        self.made.next.fpdu_seq = 0.into();
        self.fpdu.next = self.made.val();
        self.failing.next.conn = self.j.q.val().conn;
        self.failing.next.gen = self.j.q.val().gen;
        self.failing.next.rec = self.j.q.val().rec;
        self.failing.next.slot = self.j.q.val().slot;
        self.failing.next.status = 2.into();
        self.fail.next = self.failing.val();

        self.last_len.next = (self.j.q.val().payload - 1) & self.lane_mask.val();
        self.reads.din.next = bit_cast::<22, BUF_ROW>(self.j.q.val().rows)
            | (bit_cast::<22, 7>((self.last_len.val() + 1).get_bits::<7>(0)) << 14)
            | (bit_cast::<22, 1>(self.j.q.val().void.into()) << 21);
        self.reads.push.next = false;
        self.out_pop.next = false;
        self.tag_back.next = false;
        self.fpdu_valid.next = self.state.q.val() == ReadState::Offer;
        self.fail_tvalid.next = self.state.q.val() == ReadState::Fail;
        self.mark.next = false;
        self.mark_conn.next = self.j.q.val().conn;
        match self.state.q.val() {
            ReadState::Look => {
                self.j.d.next = self.out.val();
                self.left.d.next = self.out.val().tags;
                self.bad.d.next = false;
                if self.out_valid.val() {
                    self.out_pop.next = true;
                    self.state.d.next = ReadState::Tags;
                }
            }
            ReadState::Tags => {
                if self.left.q.val().any() {
                    if self.there.val() {
                        self.tag_back.next = true;
                        self.tag.d.next = (self.tag.q.val() + 1) & self.tag_mask.val();
                        self.left.d.next = self.left.q.val() - 1;
                        self.bad.d.next = self.bad.q.val() | self.spoilt.val();
                    }
                } else {
                    if !self.reads.full.val() {
                        self.reads.push.next = self.j.q.val().rows.any();
                        self.state.d.next = ReadState::Offer;
                        if self.j.q.val().void | self.j.q.val().kind.any() {
                            self.mark.next = self.j.q.val().kind.any();
                            self.state.d.next = ReadState::Look;
                        }
                    }
                }
            }
            ReadState::Offer => {
                if self.fpdu_ready.val() {
                    self.state.d.next = ReadState::Look;
                    if self.bad.q.val() {
                        self.state.d.next = ReadState::Fail;
                    }
                }
            }
            _ => {
                if self.fail_tready.val() {
                    self.state.d.next = ReadState::Look;
                }
            }
        }

        // Payload. A beat is free when it has been read.
        self.read.next = self.reads.dout.val();
        self.beats.next = self.read.val().get_bits::<BUF_ROW>(0);
        self.at.next = 0.into();
        if self.busy.q.val() {
            self.at.next = self.done.q.val();
        }
        self.is_last.next = (self.at.val() + 1) == self.beats.val();
        self.dropped.next = self.reads.valid.val() & self.read.val().get_bit(21);
        self.reading.next =
            (self.reads.valid.val() & !self.read.val().get_bit(21)) & (self.beat.room.val() >= 4);
        self.reads.pop.next = self.dropped.val() | (self.reading.val() & self.is_last.val());
        self.row.next = self.row_q.q.val();
        self.rows_back.next = 0.into();
        if self.dropped.val() {
            self.rows_back.next = self.beats.val();
        }
        if self.reading.val() {
            self.rows_back.next = 1.into();
            self.done.d.next = self.at.val() + 1;
            self.busy.d.next = !self.is_last.val();
        }
        self.row_q.d.next = self.row_q.q.val() + self.rows_back.val();
        for k in (self._k)..(self._k + 1) {
            self.meta.next = k.to_bits::<8>();
        }
        if self.is_last.val() {
            self.meta.next = bit_cast::<8, 7>(self.read.val().get_bits::<7>(14)) | 0x80;
        }
        self.v1.d.next = self.reading.val();
        self.v2.d.next = self.v1.q.val();
        self.m1.d.next = self.meta.val();
        self.m2.d.next = self.m1.q.val();
        self.beat.din.next = self.data.val();
        self.beat.push.next = self.v2.q.val();
        self.metas.din.next = self.m2.q.val();
        self.metas.push.next = self.v2.q.val();
        self.payload_tvalid.next = self.beat.valid.val();
        self.beat.pop.next = self.beat.valid.val() & self.payload_tready.val();
        self.metas.pop.next = self.beat.valid.val() & self.payload_tready.val();
        self.payload_tdata.next = self.beat.dout.val();
        self.keeper.len.next = self.metas.dout.val().get_bits::<C>(0);
        self.payload_tkeep.next = self.keeper.keep.val();
        self.payload_tlast.next = self.metas.dout.val().get_bit(7);
    }
}
