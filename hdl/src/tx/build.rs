//! Frame builder: FPDU jobs, their payload and a segment job in, an Ethernet frame out.
//!
//! | port | | |
//! |---|---|---|
//! | `tmpl_wr tmpl_conn tmpl` | in | writes a row of the header template table; one writer, never refused; not for a connection with jobs under way |
//! | `seg_valid seg_ready seg` | in stream | segment jobs ([`TxSeg`]) |
//! | `fpdu_valid fpdu_ready fpdu` | in stream | FPDU jobs ([`TxFpdu`]), `n_fpdu` a segment, in the segments' order |
//! | `payload_tvalid payload_tready payload_tdata payload_tkeep payload_tlast` | in stream | one packet an FPDU with payload, packed from lane 0; its length is the job's, keep and last are only checked, in simulation |
//! | `mac_tx_*` | out stream | whole frames without FCS, of 60 octets at least, without a gap while the MAC is ready |
//!
//! **Latency**: last payload beat taken in cycle T, first beat of the frame in T + 4, at every length and width; if the frames
//! before are gone. An FPDU with Markers: 1 to 3 cycles more. (T + 5 or T + 6 at 256 and 512 bits where only octets behind the payload are taken of a cut FPDU: PAD, CRC.) A payload's last beat is not taken before its header's sums are there: segment job to that 5 cycles
//! and one for each beat of the header. An FPDU job is at work 2 cycles after it was taken, with Markers built in 3.
//! **Throughput**: a beat a cycle. A segment of one FPDU costs no more cycles than its frame has beats (64 octet Writes at 512 bits: 3;
//! MSS 1460 at 64 bits: the wire's 192.25); each further FPDU up to two more than its octets. Segments: one each 2 cycles at most, at 64 bits one each as many as
//! its header has beats.
//! **Back-pressure**: each input waits by itself. A segment begins when the frame store has room for a largest frame; 8 segments at most are on hand.
//!
//! | block | does |
//! |---|---|
//! | [`Headers`] | template table; header beats into the header store, their sum |
//! | [`MarkJob`], [`MarkStream`] | Markers, where the builder has them |
//! | [`Planner`] | where each FPDU stands in the frame |
//! | [`Streamer`] | length field, header, payload in the frame's lanes |
//! | [`Digest`] | CRC32C and TCP checksum |
//! | [`FrameStore`] | PAD, CRC field, joining; the stored frame |
//! | [`Emitter`] | header and payload beats to the MAC |
//!
//! Requirements: MPA-13, MPA-41, MPA-42, MPA-60 to MPA-6C, MPA-6G, MPA-70, MPA-72, TCP-5A, TCP-7D, TCP-7F, TCP-10, TCP-15, TCP-20. See
//! docs/decisions/0012-transmit-builder.md.

use super::digest::Digest;
use super::emit::Emitter;
use super::headers::Headers;
use super::marks::{MarkJob, MarkStream, PlainJob};
use super::plan::Planner;
use super::store::FrameStore;
use super::stream::Streamer;
use super::types::{Plan, Template, TxCfg, TxFpdu, TxSeg, CONN};
use rust_hdl::prelude::*;

/// The frame builder.
#[derive(LogicBlock)]
pub struct Build<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub tmpl_wr: Signal<In, bool>,
    pub tmpl_conn: Signal<In, Bits<CONN>>,
    pub tmpl: Signal<In, Template>,
    pub seg_valid: Signal<In, bool>,
    pub seg_ready: Signal<Out, bool>,
    pub seg: Signal<In, TxSeg>,
    pub fpdu_valid: Signal<In, bool>,
    pub fpdu_ready: Signal<Out, bool>,
    pub fpdu: Signal<In, TxFpdu>,
    pub payload_tvalid: Signal<In, bool>,
    pub payload_tready: Signal<Out, bool>,
    pub payload_tdata: Signal<In, Bits<D>>,
    pub payload_tkeep: Signal<In, Bits<K>>,
    pub payload_tlast: Signal<In, bool>,
    pub mac_tx_tvalid: Signal<Out, bool>,
    pub mac_tx_tready: Signal<In, bool>,
    pub mac_tx_tdata: Signal<Out, Bits<D>>,
    pub mac_tx_tkeep: Signal<Out, Bits<K>>,
    pub mac_tx_tlast: Signal<Out, bool>,
    pub mac_tx_tuser: Signal<Out, bool>,
    headers: Headers<D, K, LK>,
    /// With Markers one of each of these two, without them the third.
    mark_jobs: Vec<MarkJob>,
    mark_streams: Vec<MarkStream<D, K, LK, C>>,
    plain_jobs: Vec<PlainJob>,
    unused_plan: Signal<Local, Plan>,
    _markers: usize,
    _plain: usize,
    planner: Planner<D, K, LK>,
    streamer: Streamer<D, K, LK, C>,
    digest: Digest<D, K>,
    store: FrameStore<D, K>,
    emitter: Emitter<D, K, LK>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Build<D, K, LK, C> {
    pub fn new(cfg: &TxCfg) -> Self {
        let markers = usize::from(cfg.markers);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            tmpl_wr: Default::default(),
            tmpl_conn: Default::default(),
            tmpl: Default::default(),
            seg_valid: Default::default(),
            seg_ready: Default::default(),
            seg: Default::default(),
            fpdu_valid: Default::default(),
            fpdu_ready: Default::default(),
            fpdu: Default::default(),
            payload_tvalid: Default::default(),
            payload_tready: Default::default(),
            payload_tdata: Default::default(),
            payload_tkeep: Default::default(),
            payload_tlast: Default::default(),
            mac_tx_tvalid: Default::default(),
            mac_tx_tready: Default::default(),
            mac_tx_tdata: Default::default(),
            mac_tx_tkeep: Default::default(),
            mac_tx_tlast: Default::default(),
            mac_tx_tuser: Default::default(),
            headers: Headers::new(cfg),
            mark_jobs: (0..markers).map(|_| MarkJob::default()).collect(),
            mark_streams: (0..markers).map(|_| MarkStream::default()).collect(),
            plain_jobs: (0..1 - markers).map(|_| PlainJob::default()).collect(),
            unused_plan: Default::default(),
            _markers: markers,
            _plain: 1 - markers,
            planner: Planner::new(cfg),
            streamer: Default::default(),
            digest: Default::default(),
            store: FrameStore::new(cfg),
            emitter: Emitter::new(cfg),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Build<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        self.headers.tmpl_wr.next = self.tmpl_wr.val();
        self.headers.tmpl_conn.next = self.tmpl_conn.val();
        self.headers.tmpl.next = self.tmpl.val();
        self.headers.seg_valid.next = self.seg_valid.val();
        self.headers.seg.next = self.seg.val();
        self.seg_ready.next = self.headers.seg_ready.val();

        self.planner.lead_valid.next = self.headers.lead_valid.val();
        self.planner.lead.next = self.headers.lead.val();
        self.headers.lead_pop.next = self.planner.lead_pop.val();
        for i in 0..self._plain {
            self.plain_jobs[i].fpdu.next = self.fpdu.val();
            self.planner.job_valid.next = self.fpdu_valid.val();
            self.planner.job.next = self.plain_jobs[i].job.val();
            self.planner.head.next = self.plain_jobs[i].head.val();
            self.fpdu_ready.next = self.planner.job_ready.val();
        }
        for i in 0..self._markers {
            self.mark_jobs[i].fpdu_valid.next = self.fpdu_valid.val();
            self.mark_jobs[i].fpdu.next = self.fpdu.val();
            self.fpdu_ready.next = self.mark_jobs[i].fpdu_ready.val();
            self.planner.job_valid.next = self.mark_jobs[i].job_valid.val();
            self.planner.job.next = self.mark_jobs[i].job.val();
            self.planner.head.next = self.mark_jobs[i].head.val();
            self.mark_jobs[i].job_ready.next = self.planner.job_ready.val();
        }
        self.planner.rd_row.next = self.emitter.free_row.val();

        self.streamer.plan_valid.next = self.planner.plan_valid.val();
        self.streamer.plan.next = self.planner.plan.val();
        self.streamer.prefix.next = self.planner.prefix.val();
        self.planner.plan_pop.next = self.streamer.plan_pop.val();
        self.streamer.sums_valid.next = self.headers.sums_valid.val();
        self.streamer.tvalid.next = self.payload_tvalid.val();
        self.streamer.tdata.next = self.payload_tdata.val();
        self.payload_tready.next = self.streamer.tready.val();
        self.unused_plan.next = self.planner.plan.val();
        for i in 0..self._markers {
            self.mark_streams[i].start.next =
                self.streamer.plan_pop.val() & self.unused_plan.val().marked;
            self.mark_streams[i].plan.next = self.planner.plan.val();
            self.mark_streams[i].in_tvalid.next = self.payload_tvalid.val();
            self.mark_streams[i].in_tdata.next = self.payload_tdata.val();
            self.mark_streams[i].out_tready.next =
                self.streamer.tready.val() & self.streamer.marked.val();
            if self.streamer.marked.val() {
                self.streamer.tvalid.next = self.mark_streams[i].out_tvalid.val();
                self.streamer.tdata.next = self.mark_streams[i].out_tdata.val();
                self.payload_tready.next = self.mark_streams[i].in_tready.val();
            }
        }
        self.streamer.tkeep.next = self.payload_tkeep.val();
        self.streamer.tlast.next = self.payload_tlast.val();

        self.digest.step.next = self.streamer.step.val();
        self.digest.turned.next = self.streamer.turned.val();
        self.digest.turned_mask.next = self.streamer.turned_mask.val();
        self.digest.crc_data.next = self.streamer.crc_data.val();
        self.digest.sums.next = self.headers.sums.val();
        self.digest.ip_len.next = self.streamer.ip_len.val();
        self.headers.sums_pop.next = self.streamer.ends.val();

        self.store.step.next = self.streamer.step.val();
        self.store.row_data.next = self.streamer.row_data.val();
        self.store.row_mask.next = self.streamer.row_mask.val();
        self.store.crc_mask.next = self.streamer.crc_mask.val();
        self.store.crc.next = self.digest.crc.val();

        self.emitter.frame_push.next = self.streamer.ends.val();
        self.emitter.frame.next = self.streamer.frame.val();
        self.emitter.done.next = self.digest.done.val();
        self.emitter.late_valid.next = self.digest.late_valid.val();
        self.emitter.late.next = self.digest.late.val();
        self.digest.late_pop.next = self.emitter.late_pop.val();
        self.headers.rd_slot.next = self.emitter.hdr_slot.val();
        self.headers.rd_row.next = self.emitter.hdr_row.val();
        self.emitter.hdr_data.next = self.headers.rd_data.val();
        self.store.rd_row.next = self.emitter.st_row.val();
        self.emitter.st_data.next = self.store.rd_data.val();
        self.headers.free.next = self.emitter.freed.val();

        self.mac_tx_tvalid.next = self.emitter.tvalid.val();
        self.mac_tx_tdata.next = self.emitter.tdata.val();
        self.mac_tx_tkeep.next = self.emitter.tkeep.val();
        self.mac_tx_tlast.next = self.emitter.tlast.val();
        self.mac_tx_tuser.next = false;
        self.emitter.tready.next = self.mac_tx_tready.val();
    }
}
