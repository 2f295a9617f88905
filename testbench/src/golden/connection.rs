//! One connection: TCP acceptance, deframing and the CRC policy in front of DDP.

use super::config::{AtomicIssue, ConnConfig, Host, ReadIssue, Rqe, Segment, Verdict};
use super::ddp::DdpState;
use super::deframer::{Deframer, Framed};
use super::event::{Event, GoldenError};
use super::tcp_rx::{Arrival, TcpReceiver};
use super::Output;
use crate::wire::ddp::{Opcode, Term};
use crate::wire::tcp::{seq_diff, Flags};

/// The receive side of one connection. After an error octets are still taken in order, and may be acknowledged, but nothing
/// is passed up any more.
#[derive(Debug, Clone)]
pub struct Connection {
    pub(super) cfg: ConnConfig,
    tcp: TcpReceiver,
    deframer: Deframer,
    ddp: DdpState,
    out: Output,
    error: Option<GoldenError>,
    /// Nothing more is passed up: error, Terminate received, FIN or RST.
    stopped: bool,
    first_fpdu: bool,
    /// Start and count of the last FPDU with a bad CRC.
    bad_crc: Option<(u64, u32)>,
    ts_recent: u32,
    /// Days since it was set.
    ts_age: u32,
    /// Last.ACK.sent; everything is acknowledged at once if nobody says.
    last_ack: Option<u32>,
    fin_at: Option<u64>,
}

/// RFC 7323 5.5: days after which TS.Recent is outdated.
const TS_DAYS: u32 = 24;

/// What the deframer loop found.
enum Progress {
    Ok,
    /// Go back to this stream position.
    Drop(u64),
}

impl Connection {
    pub fn new(cfg: ConnConfig) -> Self {
        Connection {
            tcp: TcpReceiver::new(cfg.rcv_nxt, cfg.rcv_wnd),
            deframer: Deframer::new(cfg.markers, cfg.max_fpdu).behind(cfg.marker_offset),
            ddp: DdpState::new(&cfg),
            out: Output::default(),
            error: None,
            stopped: false,
            first_fpdu: false,
            bad_crc: None,
            ts_recent: cfg.ts_recent,
            ts_age: 0,
            last_ack: None,
            fin_at: None,
            cfg,
        }
    }

    pub fn config(&self) -> &ConnConfig {
        &self.cfg
    }

    pub fn post_recv(&mut self, rqe: Rqe) {
        self.ddp.post_recv(rqe);
    }

    pub fn issue_read(&mut self, read: ReadIssue) {
        self.ddp.issue_read(read);
    }

    /// An Atomic Request of ours, to be answered on QN 3.
    pub fn issue_atomic(&mut self, atomic: AtomicIssue) {
        self.ddp.issue_atomic(atomic);
    }

    /// `n` Read or Atomic Requests of the peer were answered: gives IRD back.
    pub fn read_done(&mut self, n: usize) {
        self.ddp.read_done(n);
    }

    /// Highest sequence number that may be acknowledged now.
    pub fn rcv_nxt(&self) -> u32 {
        self.tcp.rcv_nxt()
    }

    /// RFC 9293 acceptability of a segment of `len` sequence numbers, before it is fed.
    pub fn acceptable(&self, seq: u32, len: u32) -> bool {
        self.tcp.acceptable(seq, len)
    }

    /// First octet of the FPDU that is not complete yet: everything before it must be acknowledged in the end.
    pub fn fpdu_start(&self) -> u32 {
        self.tcp.seq_at(self.deframer.pos())
    }

    /// Sequence ranges held behind a gap: what SACK may report.
    pub fn held(&self) -> Vec<(u32, u32)> {
        self.tcp.gaps()
    }

    pub fn ts_recent(&self) -> u32 {
        self.ts_recent
    }

    /// An acknowledgement has left.
    pub fn ack_sent(&mut self, ack: u32) {
        self.last_ack = Some(ack);
    }

    /// Nothing happens for so many days.
    pub fn idle(&mut self, days: u32) {
        self.ts_age += days;
    }

    pub fn receives_left(&self) -> usize {
        self.ddp.receives_left()
    }

    /// The error that ended the stream.
    pub fn error(&self) -> Option<&GoldenError> {
        self.error.as_ref()
    }

    /// Results so far.
    pub fn output(&self) -> &Output {
        &self.out
    }

    /// Results since the last call.
    pub fn take_output(&mut self) -> Output {
        self.out.mark();
        std::mem::take(&mut self.out)
    }

    /// Feeds in-order stream octets, past TCP. A bad CRC is final here: nobody can repair it.
    pub fn stream(&mut self, host: &mut Host, data: &[u8]) {
        self.tcp.skip(data.len());
        self.deframer.push(data);
        self.pump(host, u64::MAX, &[]);
    }

    /// Feeds one TCP segment.
    pub fn segment(&mut self, host: &mut Host, seg: &Segment) -> Verdict {
        let len = seg.payload.len() as u32
            + u32::from(seg.flags.has(Flags::FIN))
            + u32::from(seg.flags.has(Flags::SYN));
        let mut tsval = None;
        if self.cfg.timestamps && !seg.flags.has(Flags::RST) {
            match seg.timestamps {
                None => return Verdict::NoTimestamp,
                // RFC 7323 5.3 R1, 5.5: not when TS.Recent is outdated.
                Some((val, _)) if seq_diff(val, self.ts_recent) < 0 && self.ts_age < TS_DAYS => {
                    return Verdict::Paws
                }
                Some((val, _)) => tsval = Some(val),
            }
        }
        if seg.flags.has(Flags::RST) {
            return self.reset(seg);
        }
        if seg.flags.has(Flags::SYN) {
            return Verdict::Challenge;
        }
        if let Some(range) = &self.cfg.ack_range {
            if !seg.flags.has(Flags::ACK) || !range.holds(seg.ack) {
                return Verdict::Challenge;
            }
        }
        // RFC 7323 4.3 and 5.3 R3, behind the other checks of the header: who cannot guess an ACK number shall not move it.
        let last_ack = self.last_ack.unwrap_or(self.tcp.rcv_nxt());
        if let Some(val) = tsval {
            if seq_diff(seg.seq, last_ack) <= 0 && self.tcp.acceptable(seg.seq, len) {
                (self.ts_recent, self.ts_age) = (val, 0);
            }
        }
        let start = self.tcp.pos_of(seg.seq);
        let used = i64::from(len);
        let fresh = start + used > self.tcp.pos() as i64;
        if !self.cfg.keep_out_of_order && fresh && start > self.tcp.pos() as i64 {
            return Verdict::Arrival(Arrival::OutOfOrder);
        }
        let early = start > self.tcp.pos() as i64 && seg.payload.is_empty();
        if seg.flags.has(Flags::FIN) && self.fin_at.is_none() && (self.cfg.keep_early_fin || !early)
        {
            let end = self.tcp.pos_of(seg.seq) + seg.payload.len() as i64;
            let edge = self.tcp.pos() + u64::from(self.tcp.window());
            if end >= self.tcp.pos() as i64 && end < edge as i64 {
                self.fin_at = Some(end as u64);
            }
        }
        let verdict = self.payload(host, seg);
        self.finish();
        verdict
    }

    fn reset(&mut self, seg: &Segment) -> Verdict {
        if seg.seq == self.tcp.rcv_nxt() {
            self.stopped = true;
            self.out.events.push(Event::Reset);
            Verdict::Reset
        } else if self.tcp.acceptable(seg.seq, 0) {
            Verdict::Challenge
        } else {
            Verdict::Ignored
        }
    }

    fn payload(&mut self, host: &mut Host, seg: &Segment) -> Verdict {
        let acknowledged = self.tcp.pos();
        let (arrival, fresh) = self.tcp.offer(seg.seq, &seg.payload);
        if arrival != Arrival::InOrder {
            return Verdict::Arrival(arrival);
        }
        self.deframer.push(&fresh);
        // Octets that were held and SACKed must not be dropped either.
        let mut sacked: Vec<(u64, u64)> = Vec::new();
        loop {
            if let Progress::Drop(pos) = self.pump(host, acknowledged, &sacked) {
                self.tcp.rewind(pos);
                self.tcp.forget_last();
                return Verdict::CrcDrop;
            }
            let Some(more) = self.tcp.release() else {
                break;
            };
            if self.cfg.sack && more.old {
                sacked.push((more.pos, more.pos + more.data.len() as u64));
            }
            self.deframer.push(&more.data);
        }
        Verdict::Arrival(arrival)
    }

    /// Takes complete FPDUs. Those that start at `acknowledged` or later and hold no octet of `sacked` may be dropped.
    fn pump(&mut self, host: &mut Host, acknowledged: u64, sacked: &[(u64, u64)]) -> Progress {
        while let Some(framed) = self.deframer.next_fpdu() {
            let (start, fpdu) = match framed {
                Framed::Fpdu { start, fpdu } => (start, fpdu),
                Framed::TooLong { start, length } => {
                    if self.stopped {
                        // The rest of the stream can't be framed and nobody wants it.
                        self.deframer.rewind(self.tcp.pos());
                        return Progress::Ok;
                    }
                    self.fail(
                        Term::new(0x20, 0x05),
                        &[Term::new(0x20, 0x02)],
                        "MPA-59",
                        start,
                        length,
                        false,
                    );
                    continue;
                }
            };
            if self.stopped {
                continue;
            }
            if self.cfg.crc && !fpdu.crc_ok() {
                let times = match self.bad_crc {
                    Some((at, n)) if at == start => n + 1,
                    _ => 1,
                };
                self.bad_crc = Some((start, times));
                let end = start + fpdu.wire_len as u64;
                let free =
                    start >= acknowledged && sacked.iter().all(|(s, e)| end <= *s || start >= *e);
                if free && times < self.cfg.crc_repeats {
                    self.out.events.push(Event::CrcDrop {
                        seq: self.tcp.seq_at(start),
                    });
                    self.deframer.rewind(start);
                    return Progress::Drop(start);
                }
                self.fail(
                    Term::new(0x20, 0x02),
                    &[Term::new(0x23, 0x02)],
                    "MPA-73",
                    start,
                    fpdu.ulpdu.len(),
                    false,
                );
                continue;
            }
            if !fpdu.markers_ok {
                self.fail(
                    Term::new(0x20, 0x03),
                    &[Term::new(0x23, 0x03)],
                    "MPA-6D",
                    start,
                    fpdu.ulpdu.len(),
                    false,
                );
                continue;
            }
            let seq = self.tcp.seq_at(start);
            let before = self.out.events.len();
            match self
                .ddp
                .ulpdu(host, &self.cfg, seq, &fpdu.ulpdu, &mut self.out)
            {
                Ok(op) => {
                    self.out.ops.add(op);
                    if !self.first_fpdu {
                        self.first_fpdu = true;
                        self.out.events.insert(before, Event::FirstFpdu);
                    }
                    self.stopped |= op == Opcode::Terminate;
                }
                Err(e) => self.stop_with(e),
            }
            self.out.mark();
        }
        Progress::Ok
    }

    fn fail(
        &mut self,
        term: Term,
        accept: &[Term],
        row: &'static str,
        start: u64,
        len: usize,
        local: bool,
    ) {
        let seq = self.tcp.seq_at(start);
        let accept = accept.to_vec();
        let segment_len = len as u16;
        self.stop_with(GoldenError {
            term,
            accept,
            row,
            local,
            seq,
            segment_len,
            header: Vec::new(),
            is_read_request: false,
        });
    }

    fn stop_with(&mut self, e: GoldenError) {
        self.stopped = true;
        self.out.events.push(Event::Error(e.clone()));
        self.error.get_or_insert(e);
    }

    /// The FIN, once everything before it is there.
    fn finish(&mut self) {
        if self.fin_at != Some(self.tcp.pos()) {
            return;
        }
        self.tcp.take_fin();
        if self.deframer.pending() > 0 && !self.stopped {
            self.fail(
                Term::new(0x20, 0x01),
                &[],
                "MPA-84",
                self.deframer.pos(),
                0,
                true,
            );
        }
        self.stopped = true;
        self.out.events.push(Event::Fin);
    }
}
