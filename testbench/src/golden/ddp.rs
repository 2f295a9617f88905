//! DDP and RDMAP receive processing of one connection: checks, placement, delivery.
//!
//! Order of the checks, first failure wins (CONFORMANCE.md gives the codes; where it gives several, the first):
//! header length, DV, RV, opcode, T against opcode; tagged: zero length needs no STag (DDP-14), Read Response against our
//! Reads, then STag, association, right, wrap, bounds; untagged: queue against opcode, MSN, message length rules, buffer, MO,
//! length. Everything is checked before a segment's first octet is placed (DDP-3D).

use super::event::{Completion, Event, GoldenError, Placement};
use super::tpt::{Access, Fault};
use super::{ConnConfig, Host, Output, ReadIssue, Rqe};
use crate::wire::ddp::{
    AtomicRequestRepr, AtomicResponseRepr, Buffer, DdpRepr, Opcode, ReadRequestRepr, Term,
    TerminateRepr, UNTAGGED_LEN,
};
use std::collections::VecDeque;

/// Receive state above MPA.
#[derive(Debug, Clone)]
pub(super) struct DdpState {
    next_msn: [u32; 4],
    rq: VecDeque<Rqe>,
    /// Buffer of the Send in progress.
    current: Option<Rqe>,
    reads: VecDeque<(ReadIssue, u64)>,
    atomics: VecDeque<(u32, u32)>,
    /// Read and Atomic Requests accepted and not yet answered.
    inbound_reads: usize,
}

/// One error before the connection's particulars are added.
struct Refusal {
    term: Term,
    accept: Vec<Term>,
    row: &'static str,
}

fn refuse<T>(term: (u8, u8), accept: &[(u8, u8)], row: &'static str) -> Result<T, Refusal> {
    let accept = accept.iter().map(|t| Term::new(t.0, t.1)).collect();
    Err(Refusal {
        term: Term::new(term.0, term.1),
        accept,
        row,
    })
}

/// A DDP segment on its way through the checks.
struct Segment<'a> {
    ddp: DdpRepr,
    op: Opcode,
    payload: &'a [u8],
}

impl DdpState {
    pub(super) fn new(cfg: &ConnConfig) -> Self {
        DdpState {
            next_msn: cfg.first_msn,
            rq: VecDeque::new(),
            current: None,
            reads: VecDeque::new(),
            atomics: VecDeque::new(),
            inbound_reads: 0,
        }
    }

    pub(super) fn post_recv(&mut self, rqe: Rqe) {
        self.rq.push_back(rqe);
    }

    pub(super) fn issue_read(&mut self, read: ReadIssue) {
        self.reads.push_back((read, 0));
    }

    pub(super) fn issue_atomic(&mut self, msn: u32, request_id: u32) {
        self.atomics.push_back((msn, request_id));
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

    fn read_response(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        stag: u32,
        to: u64,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let n = seg.payload.len() as u64;
        let last = seg.ddp.control.last;
        let Some((read, done)) = self.reads.front_mut() else {
            return refuse((0x02, 0x06), &[(0x10, 0x00), (0x11, 0x00)], "RDM-31");
        };
        if n > 0 && stag != read.sink_stag {
            return refuse((0x11, 0x00), &[(0x11, 0x01), (0x02, 0x06)], "RDM-30");
        }
        let left = u64::from(read.len) - *done;
        let wrong_place = n > 0 && to != read.sink_to.wrapping_add(*done);
        if wrong_place || n > left || last != (n == left) {
            return refuse((0x11, 0x01), &[(0x11, 0x00), (0x02, 0x06)], "RDM-30");
        }
        if n > 0 {
            match host
                .tpt
                .check(stag, to, n, cfg.pd, cfg.qp, Access::RemoteWrite)
            {
                Ok(pieces) => host.place(&pieces, seg.payload, out),
                Err(faults) => return tagged_refusal(&faults, "RDM-30"),
            }
        }
        *done += n;
        if last {
            let event = Event::ReadDone {
                sq_idx: read.sq_idx,
                sink_stag: read.sink_stag,
                len: read.len,
            };
            self.reads.pop_front();
            out.events.push(event);
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
            let ours = |e: &super::TptEntry| e.pd == cfg.pd && e.qp.is_none_or(|q| q == cfg.qp);
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
            return refuse((0x02, 0x06), &[(0x12, 0x05), (0x12, 0x04)], "EXT-03");
        };
        let Some(rqe) = self.rq.pop_front() else {
            return refuse((0x12, 0x02), &[(0x12, 0x03)], "EXT-04");
        };
        out.events.push(Event::Receive(Completion {
            opcode: seg.op,
            msn,
            len: 0,
            rqe_idx: rqe.idx,
            inv_stag: None,
            imm: Some(imm),
        }));
        Ok(())
    }

    /// MO, length and IRD rules shared by Read and Atomic Requests.
    fn request_rules(
        &self,
        cfg: &ConnConfig,
        seg: &Segment,
        mo: u32,
        header: usize,
        row: &'static str,
    ) -> Result<(), Refusal> {
        if mo != 0 {
            return refuse((0x12, 0x04), &[(0x12, 0x05)], row);
        }
        if seg.payload.len() != header || !seg.ddp.control.last {
            return refuse((0x12, 0x05), &[(0x12, 0x04), (0x02, 0xff)], row);
        }
        if self.inbound_reads >= cfg.ird {
            return refuse((0x12, 0x02), &[(0x12, 0x03), (0x02, 0x07)], "RDM-33");
        }
        Ok(())
    }

    fn read_request(
        &mut self,
        host: &Host,
        cfg: &ConnConfig,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        self.request_rules(cfg, seg, mo, ReadRequestRepr::LEN, "RDM-0A")?;
        let Ok(r) = ReadRequestRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "RDM-0A");
        };
        if r.size > 0 && cfg.check_read_source {
            if let Err(f) = host.tpt.check(
                r.source_stag,
                r.source_to,
                u64::from(r.size),
                cfg.pd,
                cfg.qp,
                Access::RemoteRead,
            ) {
                return read_refusal(&f);
            }
        }
        self.inbound_reads += 1;
        out.events.push(Event::ReadRequest { msn, request: r });
        Ok(())
    }

    fn atomic_request(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        self.request_rules(cfg, seg, mo, AtomicRequestRepr::LEN, "EXT-06")?;
        let Ok(a) = AtomicRequestRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "EXT-06");
        };
        if !matches!(
            a.aopcode(),
            AtomicRequestRepr::FETCH_ADD | AtomicRequestRepr::CMP_SWAP
        ) {
            return refuse((0x02, 0x06), &[(0x02, 0xff)], "EXT-08");
        }
        let pieces = match host
            .tpt
            .check(a.stag, a.to, 8, cfg.pd, cfg.qp, Access::RemoteAtomic)
        {
            Ok(p) => p,
            Err(f) => return read_refusal(&f),
        };
        let addr = pieces[0].0;
        if addr % 8 != 0 || pieces.len() != 1 {
            return refuse((0x02, 0x07), &[], "EXT-0A");
        }
        let original = match host.mem.read(addr, 8).ok().and_then(|d| d.try_into().ok()) {
            Some(d) => u64::from_le_bytes(d),
            None => return refuse((0x00, 0x00), &[], "RDM-56"),
        };
        let new = match a.aopcode() {
            AtomicRequestRepr::FETCH_ADD => masked_add(original, a.data, a.mask),
            _ if original & a.compare_mask == a.compare & a.compare_mask => {
                (original & !a.mask) | (a.data & a.mask)
            }
            _ => original,
        };
        if new != original {
            host.place(&pieces, &new.to_le_bytes(), out);
        }
        self.inbound_reads += 1;
        out.events.push(Event::Atomic {
            msn,
            request_id: a.request_id,
            original,
        });
        Ok(())
    }

    fn atomic_response(
        &mut self,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        if mo != 0 || seg.payload.len() != AtomicResponseRepr::LEN || !seg.ddp.control.last {
            return refuse((0x12, 0x05), &[(0x12, 0x04)], "EXT-0F");
        }
        let Ok(r) = AtomicResponseRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "EXT-0F");
        };
        if self.atomics.front() != Some(&(msn, r.request_id)) {
            return refuse((0x12, 0x03), &[(0x02, 0x06)], "EXT-19");
        }
        self.atomics.pop_front();
        out.events.push(Event::AtomicDone {
            request_id: r.request_id,
            original: r.original,
        });
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

/// Add with the carry stopped behind every bit set in `mask` (RFC 7306 5.1.1).
fn masked_add(a: u64, b: u64, mask: u64) -> u64 {
    let mut carry = 0;
    let mut out = 0;
    for i in 0..64 {
        let sum = ((a >> i) & 1) + ((b >> i) & 1) + carry;
        out |= (sum & 1) << i;
        carry = if mask >> i & 1 == 1 { 0 } else { sum >> 1 };
    }
    out
}

fn tagged_refusal<T>(faults: &[Fault], right_row: &'static str) -> Result<T, Refusal> {
    let code = |f: &Fault| -> Codes {
        match f {
            Fault::InvalidStag => (&[(0x11, 0x00)], "DDP-35"),
            Fault::NotAssociated => (&[(0x11, 0x02)], "DDP-37"),
            Fault::NoRight => (&[(0x01, 0x02), (0x11, 0x00), (0x11, 0x02)], right_row),
            Fault::Wrap => (&[(0x11, 0x03), (0x01, 0x04), (0x11, 0x01)], "DDP-38"),
            Fault::Bounds => (&[(0x11, 0x01)], "DDP-36"),
        }
    };
    by_fault(faults, code)
}

fn read_refusal<T>(faults: &[Fault]) -> Result<T, Refusal> {
    let code = |f: &Fault| -> Codes {
        match f {
            Fault::InvalidStag => (&[(0x01, 0x00), (0x02, 0x00)], "RDM-25"),
            Fault::NotAssociated => (&[(0x01, 0x03)], "RDM-26"),
            Fault::NoRight => (&[(0x01, 0x02)], "RDM-29"),
            Fault::Wrap => (&[(0x01, 0x04)], "RDM-28"),
            Fault::Bounds => (&[(0x01, 0x01)], "RDM-27"),
        }
    };
    by_fault(faults, code)
}

/// First code: what the device sends; the others are accepted. Then the row.
type Codes = (&'static [(u8, u8)], &'static str);

fn by_fault<T>(faults: &[Fault], code: impl Fn(&Fault) -> Codes) -> Result<T, Refusal> {
    let Some(first) = faults.first() else {
        return refuse((0x10, 0x00), &[], "DDP-39");
    };
    let (codes, row) = code(first);
    let mut accept: Vec<(u8, u8)> = codes[1..].to_vec();
    accept.extend(faults[1..].iter().flat_map(|f| code(f).0.iter().copied()));
    refuse(codes[0], &accept, row)
}

impl Host {
    fn place(&mut self, pieces: &[(u64, u64)], data: &[u8], out: &mut Output) {
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

#[cfg(test)]
mod tests {
    use super::masked_add;

    #[test]
    fn ext_0b_masked_add() {
        assert_eq!(masked_add(37, 5, 0), 42);
        assert_eq!(masked_add(u64::MAX, 1, 0), 0);
        assert_eq!(masked_add(0xffff_ffff, 1, 0x8000_0000_8000_0000), 0);
        assert_eq!(
            masked_add(
                0x00ff_00ff_00ff_00ff,
                0x0101_0101_0101_0101,
                0x8080_8080_8080_8080
            ),
            0x0100_0100_0100_0100
        );
        assert_eq!(masked_add(0xf0f0, 0xff00, u64::MAX), 0xf0f0 ^ 0xff00);
    }
}
