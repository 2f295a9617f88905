//! DDP and RDMAP receive processing of one connection: checks, placement, delivery.
//!
//! Order of the checks, first failure wins (CONFORMANCE.md gives the codes; where it gives several, the first):
//! header length, DV, RV, opcode, T against opcode; tagged: zero length needs no STag (DDP-14), Read Response against our
//! Reads, then STag, association, right, wrap, bounds; untagged: queue against opcode, MSN, message length rules, buffer, MO,
//! length. Everything is checked before a segment's first octet is placed (DDP-3D).

use super::event::{Completion, Event, GoldenError, Placement};
use super::refuse::{refuse, tagged_refusal, Refusal};
use super::tpt::{Access, Fault, TptEntry};
use super::{AtomicIssue, ConnConfig, Host, Output, ReadIssue, Rqe};
use crate::wire::ddp::{Buffer, DdpRepr, Opcode, ReadRequestRepr, TerminateRepr, UNTAGGED_LEN};
use std::collections::VecDeque;

/// A Request of ours whose Response is not complete.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// With the octets received so far.
    Read(ReadIssue, u64),
    Atomic(AtomicIssue),
}

/// Receive state above MPA.
#[derive(Debug, Clone)]
pub(super) struct DdpState {
    next_msn: [u32; 4],
    rq: VecDeque<Rqe>,
    /// Buffer of the Send in progress.
    current: Option<Rqe>,
    /// Responses come in this order (RFC 5040 5.5, RFC 7306 5.4).
    pub(super) asked: VecDeque<Asked>,
    /// Read and Atomic Requests accepted and not yet answered.
    pub(super) inbound_reads: usize,
}

/// A DDP segment on its way through the checks.
pub(super) struct Segment<'a> {
    pub(super) ddp: DdpRepr,
    op: Opcode,
    pub(super) payload: &'a [u8],
}

impl DdpState {
    pub(super) fn new(cfg: &ConnConfig) -> Self {
        DdpState {
            next_msn: cfg.first_msn,
            rq: VecDeque::new(),
            current: None,
            asked: VecDeque::new(),
            inbound_reads: 0,
        }
    }

    pub(super) fn post_recv(&mut self, rqe: Rqe) {
        self.rq.push_back(rqe);
    }

    pub(super) fn issue_read(&mut self, read: ReadIssue) {
        self.asked.push_back(Asked::Read(read, 0));
    }

    pub(super) fn issue_atomic(&mut self, atomic: AtomicIssue) {
        self.asked.push_back(Asked::Atomic(atomic));
    }

    pub(super) fn read_done(&mut self, n: usize) {
        self.inbound_reads = self.inbound_reads.saturating_sub(n);
    }

    pub(super) fn receives_left(&self) -> usize {
        self.rq.len()
    }

    /// Processes one ULPDU.
    pub(super) fn ulpdu(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seq: u32,
        ulpdu: &[u8],
        out: &mut Output,
    ) -> Result<Opcode, GoldenError> {
        self.process(host, cfg, ulpdu, out).map_err(|r| {
            let parsed = DdpRepr::parse(ulpdu).ok();
            let is_read = parsed
                .is_some_and(|d| !d.control.tagged && d.control.opcode == Opcode::ReadRequest);
            let whole = is_read && ulpdu.len() >= UNTAGGED_LEN + ReadRequestRepr::LEN;
            let want =
                parsed.map_or(0, |d| d.header_len()) + if whole { ReadRequestRepr::LEN } else { 0 };
            GoldenError {
                term: r.term,
                accept: r.accept,
                row: r.row,
                local: false,
                seq,
                segment_len: ulpdu.len() as u16,
                header: ulpdu[..want.min(ulpdu.len())].to_vec(),
                is_read_request: whole,
            }
        })
    }

    fn process(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        ulpdu: &[u8],
        out: &mut Output,
    ) -> Result<Opcode, Refusal> {
        let Ok(ddp) = DdpRepr::parse(ulpdu) else {
            return refuse((0x10, 0x00), &[(0x12, 0x05)], "DDP-3F");
        };
        let c = ddp.control;
        if c.dv != 1 {
            return refuse(
                if c.tagged { (0x11, 0x04) } else { (0x12, 0x06) },
                &[],
                "DDP-05",
            );
        }
        if c.rv != 1 {
            return refuse((0x02, 0x05), &[], "RDM-02");
        }
        let op = c.opcode;
        let extension = matches!(
            op,
            Opcode::Immediate
                | Opcode::ImmediateSe
                | Opcode::AtomicRequest
                | Opcode::AtomicResponse
        );
        if matches!(op, Opcode::Unassigned(_)) || (extension && !cfg.rfc7306) {
            return refuse(
                (0x02, 0x06),
                &[(0x12, 0x01)],
                if extension { "EXT-16" } else { "RDM-05" },
            );
        }
        if op.is_tagged() != c.tagged {
            return refuse((0x02, 0x06), &[(0x10, 0x00), (0x12, 0x01)], "RDM-06");
        }
        let seg = Segment {
            ddp,
            op,
            payload: &ulpdu[ddp.header_len()..],
        };
        match ddp.buffer {
            Buffer::Tagged { stag, to } if op == Opcode::Write => {
                self.write(host, cfg, &seg, stag, to, out)?
            }
            Buffer::Tagged { stag, to } => self.read_response(host, cfg, &seg, stag, to, out)?,
            Buffer::Untagged {
                inv_stag,
                qn,
                msn,
                mo,
            } => self.untagged(host, cfg, &seg, (inv_stag, qn, msn, mo), out)?,
        }
        Ok(op)
    }

    fn write(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        stag: u32,
        to: u64,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        if seg.payload.is_empty() {
            return Ok(());
        }
        match host.tpt.check(
            stag,
            to,
            seg.payload.len() as u64,
            cfg.pd,
            cfg.qp,
            Access::RemoteWrite,
        ) {
            Ok(pieces) => host.place(&pieces, seg.payload, out),
            Err(faults) => return tagged_refusal(&faults, "RDM-13"),
        }
        Ok(())
    }

    fn untagged(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        (inv_stag, qn, msn, mo): (u32, u32, u32, u32),
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let queues = if cfg.rfc7306 { 4 } else { 3 };
        if qn >= queues {
            return refuse((0x12, 0x01), &[(0x02, 0x06)], "DDP-30");
        }
        if seg.op.queue() != Some(qn) {
            return refuse((0x12, 0x01), &[(0x02, 0x06)], "RDM-07");
        }
        if msn != self.next_msn[qn as usize] {
            return refuse(
                (0x12, 0x03),
                &[(0x12, 0x02)],
                if qn == 2 { "RDM-5D" } else { "DDP-32" },
            );
        }
        match seg.op {
            Opcode::Immediate | Opcode::ImmediateSe => self.immediate(seg, msn, mo, out)?,
            Opcode::ReadRequest => self.read_request(host, cfg, seg, msn, mo, out)?,
            Opcode::AtomicRequest => self.atomic_request(host, cfg, seg, msn, mo, out)?,
            Opcode::AtomicResponse => self.atomic_response(seg, msn, mo, out)?,
            Opcode::Terminate => terminate(seg, mo, out)?,
            _ => self.send(host, cfg, seg, (inv_stag, msn, mo), out)?,
        }
        if seg.ddp.control.last {
            self.next_msn[qn as usize] = msn.wrapping_add(1);
        }
        Ok(())
    }

    fn send(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        (inv_stag, msn, mo): (u32, u32, u32),
        out: &mut Output,
    ) -> Result<(), Refusal> {
        if self.current.is_none() {
            self.current = self.rq.pop_front();
        }
        let Some(rqe) = &self.current else {
            return refuse((0x12, 0x02), &[(0x12, 0x03)], "DDP-31");
        };
        let room = rqe.len();
        if u64::from(mo) > room {
            return refuse((0x12, 0x04), &[(0x12, 0x05)], "DDP-33");
        }
        let n = seg.payload.len() as u64;
        if u64::from(mo) + n > room {
            return refuse((0x12, 0x05), &[(0x12, 0x02)], "DDP-34");
        }
        let last = seg.ddp.control.last;
        let invalidate = last && seg.op.invalidates();
        if invalidate {
            let ours = |e: &TptEntry| e.pd == cfg.pd && e.qp.is_none_or(|q| q == cfg.qp);
            match host.tpt.get(inv_stag) {
                None => return refuse((0x01, 0x09), &[(0x02, 0x09), (0x01, 0x00)], "RDM-48"),
                Some(e) if !ours(e) => {
                    return refuse((0x01, 0x09), &[(0x02, 0x09), (0x01, 0x03)], "RDM-49")
                }
                Some(e) if !e.rights.remote_invalidate => {
                    return refuse((0x02, 0x09), &[(0x01, 0x09)], "RDM-4A")
                }
                Some(_) => {}
            }
        }
        let pieces = match rqe.pieces(host, cfg, u64::from(mo), n) {
            Ok(p) => p,
            // Our own receive buffer is not usable: nothing the peer did.
            Err(_) => return refuse((0x00, 0x00), &[(0x10, 0x00)], "RDM-56"),
        };
        host.place(&pieces, seg.payload, out);
        if !last {
            return Ok(());
        }
        let rqe_idx = rqe.idx;
        self.current = None;
        if invalidate {
            host.tpt.remove(inv_stag);
        }
        let inv_stag = invalidate.then_some(inv_stag);
        out.events.push(Event::Receive(Completion {
            opcode: seg.op,
            msn,
            len: mo + n as u32,
            rqe_idx,
            inv_stag,
            imm: None,
        }));
        Ok(())
    }

    fn immediate(
        &mut self,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let imm: Option<[u8; 8]> = seg.payload.try_into().ok();
        let Some(imm) = imm.filter(|_| mo == 0 && seg.ddp.control.last) else {
            return refuse(
                (0x02, 0x06),
                &[(0x12, 0x05), (0x12, 0x04), (0x12, 0x02)],
                "EXT-03",
            );
        };
        // DDP knows no opcodes: a message that began as a Send has its buffer already.
        let Some(rqe) = self.current.take().or_else(|| self.rq.pop_front()) else {
            return refuse((0x12, 0x02), &[(0x12, 0x03)], "EXT-04");
        };
        out.events.push(Event::Receive(Completion {
            opcode: seg.op,
            msn,
            len: 8,
            rqe_idx: rqe.idx,
            inv_stag: None,
            imm: Some(imm),
        }));
        Ok(())
    }
}

fn terminate(seg: &Segment, mo: u32, out: &mut Output) -> Result<(), Refusal> {
    if mo != 0 {
        return refuse((0x12, 0x04), &[], "RDM-5D");
    }
    match TerminateRepr::parse(seg.payload) {
        Ok(t) if seg.ddp.control.last => out.events.push(Event::TerminateReceived(t)),
        _ => {
            return refuse(
                (0x12, 0x05),
                &[(0x12, 0x01), (0x12, 0x03), (0x12, 0x04)],
                "RDM-5D",
            )
        }
    }
    Ok(())
}

impl Host {
    pub(super) fn place(&mut self, pieces: &[(u64, u64)], data: &[u8], out: &mut Output) {
        let mut at = 0;
        for (addr, len) in pieces {
            let part = &data[at..at + *len as usize];
            at += part.len();
            if let Err(e) = self.mem.write(*addr, part) {
                out.memory_errors.push(e);
            }
            out.placements.push(Placement {
                addr: *addr,
                data: part.to_vec(),
            });
        }
    }
}

impl Rqe {
    /// Pieces of the buffer's octets `at..at + len`.
    fn pieces(
        &self,
        host: &Host,
        cfg: &ConnConfig,
        at: u64,
        len: u64,
    ) -> Result<Vec<(u64, u64)>, Vec<Fault>> {
        let mut out = Vec::new();
        let (mut skip, mut left) = (at, len);
        for s in &self.sges {
            if left == 0 {
                break;
            }
            let l = u64::from(s.len);
            if skip >= l {
                skip -= l;
                continue;
            }
            let n = (l - skip).min(left);
            match s.lkey {
                None => out.push((s.addr + skip, n)),
                Some(key) => out.extend(host.tpt.check(
                    key,
                    s.addr + skip,
                    n,
                    cfg.pd,
                    cfg.qp,
                    Access::LocalWrite,
                )?),
            }
            left -= n;
            skip = 0;
        }
        Ok(out)
    }
}
