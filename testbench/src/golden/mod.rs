//! The golden receive endpoint: fed with TCP segments, frames or an in-order octet stream, it says what a correct
//! RNIC places, completes, refuses and may acknowledge.
//!
//! [`Golden`] owns one [`Host`] (memory and STag table, shared by all) and any number of [`Connection`]s.
//! Typical use: fill `host`, `install` a connection, post receives and Reads, feed segments, look at `take_output`.
//!
//! Acknowledgement policy modelled (docs: receive path): a complete FPDU may be acknowledged once its CRC is good; octets of an
//! incomplete one once they are in order. An FPDU with a bad CRC none of whose octets were acknowledged is dropped and
//! `rcv_nxt` stays at its start ([`Event::CrcDrop`]); otherwise, or at the `crc_repeats`-th time, the stream ends with 0x20/0x02.

pub mod deframer;
pub mod event;
pub mod memory;
pub mod tcp_rx;
pub mod tpt;

mod ddp;
#[cfg(test)]
mod tests;

pub use event::{Completion, Event, GoldenError, OpCounts, Placement};
pub use memory::Memory;
pub use tcp_rx::Arrival;
pub use tpt::{Access, Rights, Tpt, TptEntry, Translation};

use crate::wire::ddp::{Opcode, Term};
use crate::wire::frame::{FrameRepr, NotTcp, SumState};
use crate::wire::tcp::{seq_diff, Flags};
use ddp::DdpState;
use deframer::{Deframer, Framed};
use memory::MemoryError;
use std::net::Ipv4Addr;
use tcp_rx::TcpReceiver;

/// Memory and STags of the receiving host.
#[derive(Debug, Clone, Default)]
pub struct Host {
    pub mem: Memory,
    pub tpt: Tpt,
}

/// One piece of a receive buffer. Without `lkey` the address is a memory address, with it a Tagged Offset of that STag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sge {
    pub addr: u64,
    pub len: u32,
    pub lkey: Option<u32>,
}

/// A posted receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rqe {
    /// Comes back in the completion.
    pub idx: u16,
    pub sges: Vec<Sge>,
}

impl Rqe {
    pub fn len(&self) -> u64 {
        self.sges.iter().map(|s| u64::from(s.len)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A Read of ours whose Response is expected, in the order of the Requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadIssue {
    pub sq_idx: u16,
    pub sink_stag: u32,
    pub sink_to: u64,
    pub len: u32,
}

/// Addresses of a connection, ours first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tuple {
    pub local: (Ipv4Addr, u16),
    pub remote: (Ipv4Addr, u16),
    pub vlan: Option<u16>,
}

/// Everything the receive side of a connection starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnConfig {
    /// Needed by [`Golden::frame`] only.
    pub tuple: Option<Tuple>,
    pub qp: u32,
    pub pd: u32,
    /// Sequence number of the first FPDU octet expected.
    pub rcv_nxt: u32,
    /// Window in octets, scale applied; constant.
    pub rcv_wnd: u32,
    /// CRC negotiated: check it.
    pub crc: bool,
    /// We asked for Markers: the peer inserts them.
    pub markers: bool,
    /// Largest FPDU (length field, ULPDU, PAD, CRC); a longer one is 0x20/0x05.
    pub max_fpdu: usize,
    /// Read and Atomic Requests that may be open.
    pub ird: usize,
    /// Check the source of a Read Request on arrival.
    pub check_read_source: bool,
    /// Immediate Data and atomics.
    pub rfc7306: bool,
    pub timestamps: bool,
    pub ts_recent: u32,
    /// SACK is sent: out-of-order octets count as acknowledged once held.
    pub sack: bool,
    /// Bad CRC at the same FPDU: so many times in all before it is an error.
    pub crc_repeats: u32,
    /// First MSN of each queue.
    pub first_msn: [u32; 4],
}

impl Default for ConnConfig {
    fn default() -> Self {
        ConnConfig {
            tuple: None,
            qp: 1,
            pd: 1,
            rcv_nxt: 0,
            rcv_wnd: 1 << 20,
            crc: true,
            markers: false,
            max_fpdu: 2 + 65535 + 3 + 4,
            ird: 16,
            check_read_source: true,
            rfc7306: false,
            timestamps: false,
            ts_recent: 0,
            sack: false,
            crc_repeats: 3,
            first_msn: [1; 4],
        }
    }
}

/// A TCP segment without its checksum, which the caller has judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    pub window: u16,
    /// (TSval, TSecr)
    pub timestamps: Option<(u32, u32)>,
    pub payload: Vec<u8>,
}

impl Segment {
    /// A plain data segment.
    pub fn data(seq: u32, payload: &[u8]) -> Self {
        Segment {
            seq,
            ack: 0,
            flags: Flags::ACK,
            window: 0xffff,
            timestamps: None,
            payload: payload.to_vec(),
        }
    }
}

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Arrival(Arrival),
    /// Older TSval than TS.Recent: dropped, to be answered by an ACK (TCP-18).
    Paws,
    /// The timestamp option is missing: dropped silently (TCP-16).
    NoTimestamp,
    /// Dropped from an FPDU with a bad CRC on; `rcv_nxt` stands at its start.
    CrcDrop,
    /// RST or SYN that asks for a challenge ACK.
    Challenge,
    /// RST or segment outside of the window, dropped.
    Ignored,
    Reset,
}

/// Collected results. Placements and events each keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    pub placements: Vec<Placement>,
    pub events: Vec<Event>,
    /// FPDUs passed up without error.
    pub ops: OpCounts,
    /// Placements outside of any memory region: the test set the STag or the receive buffer up wrong.
    pub memory_errors: Vec<MemoryError>,
}

impl Output {
    pub fn completions(&self) -> impl Iterator<Item = &Completion> {
        self.events.iter().filter_map(|e| {
            if let Event::Receive(c) = e {
                Some(c)
            } else {
                None
            }
        })
    }

    pub fn error(&self) -> Option<&GoldenError> {
        self.events.iter().find_map(|e| {
            if let Event::Error(g) = e {
                Some(g)
            } else {
                None
            }
        })
    }
}

/// The receive side of one connection.
#[derive(Debug, Clone)]
pub struct Connection {
    cfg: ConnConfig,
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
    fin_at: Option<u64>,
}

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
            deframer: Deframer::new(cfg.markers, cfg.max_fpdu),
            ddp: DdpState::new(&cfg),
            out: Output::default(),
            error: None,
            stopped: false,
            first_fpdu: false,
            bad_crc: None,
            ts_recent: cfg.ts_recent,
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

    /// An Atomic Request of ours, to be answered on QN 3 with `msn`.
    pub fn issue_atomic(&mut self, msn: u32, request_id: u32) {
        self.ddp.issue_atomic(msn, request_id);
    }

    /// `n` Read or Atomic Requests of the peer were answered: gives IRD back.
    pub fn read_done(&mut self, n: usize) {
        self.ddp.read_done(n);
    }

    /// Highest sequence number that may be acknowledged now.
    pub fn rcv_nxt(&self) -> u32 {
        self.tcp.rcv_nxt()
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
        std::mem::take(&mut self.out)
    }

    /// Feeds in-order stream octets, past TCP. A bad CRC is final here: nobody can repair it.
    pub fn stream(&mut self, host: &mut Host, data: &[u8]) {
        let (_, fresh) = self.tcp.offer(self.tcp.rcv_nxt(), data);
        self.deframer.push(&fresh);
        self.pump(host, u64::MAX, &[]);
        // The window bounds a segment, not this call.
        if fresh.len() < data.len() {
            self.stream(host, &data[fresh.len()..]);
        }
    }

    /// Feeds one TCP segment.
    pub fn segment(&mut self, host: &mut Host, seg: &Segment) -> Verdict {
        let len = seg.payload.len() as u32
            + u32::from(seg.flags.has(Flags::FIN))
            + u32::from(seg.flags.has(Flags::SYN));
        if self.cfg.timestamps && !seg.flags.has(Flags::RST) {
            match seg.timestamps {
                None => return Verdict::NoTimestamp,
                Some((val, _)) if seq_diff(val, self.ts_recent) < 0 => return Verdict::Paws,
                // RFC 7323 4.3 compares with Last.ACK.sent; this model acknowledges everything at once.
                Some((val, _))
                    if seq_diff(seg.seq, self.tcp.rcv_nxt()) <= 0
                        && self.tcp.acceptable(seg.seq, len) =>
                {
                    self.ts_recent = val
                }
                Some(_) => {}
            }
        }
        if seg.flags.has(Flags::RST) {
            return self.reset(seg);
        }
        if seg.flags.has(Flags::SYN) {
            return Verdict::Challenge;
        }
        if seg.flags.has(Flags::FIN) && self.fin_at.is_none() {
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

/// A host with its connections.
#[derive(Debug, Clone, Default)]
pub struct Golden {
    pub host: Host,
    pub conns: Vec<Connection>,
}

/// Why a frame reached no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOurs {
    /// Belongs to the plain NIC path.
    NotTcp(NotTcp),
    BadChecksum,
    NoConnection,
}

impl Golden {
    /// A host without regions; `seed` chooses the memory pattern.
    pub fn new(seed: u64) -> Self {
        Golden {
            host: Host {
                mem: Memory::new(seed),
                tpt: Tpt::default(),
            },
            conns: Vec::new(),
        }
    }

    /// Adds a connection; the number returned names it.
    pub fn install(&mut self, cfg: ConnConfig) -> usize {
        self.conns.push(Connection::new(cfg));
        self.conns.len() - 1
    }

    pub fn segment(&mut self, conn: usize, seg: &Segment) -> Option<Verdict> {
        let c = self.conns.get_mut(conn)?;
        Some(c.segment(&mut self.host, seg))
    }

    pub fn stream(&mut self, conn: usize, data: &[u8]) {
        if let Some(c) = self.conns.get_mut(conn) {
            c.stream(&mut self.host, data);
        }
    }

    /// Feeds a frame as it comes from the MAC: finds the connection by tuple and VLAN.
    pub fn frame(&mut self, frame: &[u8]) -> Result<(usize, Verdict), NotOurs> {
        let (r, at) = FrameRepr::parse(frame).map_err(NotOurs::NotTcp)?;
        if at.ip_checksum != SumState::Good || at.tcp_checksum != SumState::Good {
            return Err(NotOurs::BadChecksum);
        }
        let tuple = Tuple {
            local: (r.ip.dst, r.tcp.dst_port),
            remote: (r.ip.src, r.tcp.src_port),
            vlan: r.eth.vlan.map(|v| v.vid),
        };
        let conn = self
            .conns
            .iter()
            .position(|c| c.cfg.tuple == Some(tuple))
            .ok_or(NotOurs::NoConnection)?;
        let t = &r.tcp;
        let payload = frame[at.payload].to_vec();
        let seg = Segment {
            seq: t.seq,
            ack: t.ack,
            flags: t.flags,
            window: t.window,
            timestamps: t.timestamps(),
            payload,
        };
        let verdict = self.conns[conn].segment(&mut self.host, &seg);
        Ok((conn, verdict))
    }
}
