//! What the golden endpoint expects of one connection, and the comparison with what the chip did.

use crate::chip::{AtomicRequest, CplEvent, DmaWrite, ReadRequest};
use crate::golden::{Event, Golden, GoldenError};
use crate::wire::ddp::{AtomicRequestRepr, Opcode, ReadRequestRepr, TerminateRepr};
use ferrowarp_abi::code::{cpl_flag, cpl_kind, term};
use thiserror::Error;

/// A difference between chip and golden endpoint.
#[derive(Debug, Error)]
#[error("connection {conn}: {what}")]
pub struct Mismatch {
    pub conn: u16,
    pub what: String,
}

/// Something the host or the transmit path is told.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Receive {
        opcode: u8,
        msn: u32,
        len: u32,
        idx: u16,
        inv_stag: Option<u32>,
        solicited: bool,
        imm: Option<u64>,
    },
    AtomicDone {
        idx: u16,
        original: u64,
    },
    ReadDone {
        idx: u16,
        len: u32,
    },
    Terminate(TerminateRepr),
    /// With the code: an FPDU may have been cut short.
    Fin(u16),
    Reset,
    Error(GoldenError),
}

/// Results of one connection in the order in which they must come.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Address and octets, one entry a placement.
    pub writes: Vec<(u64, Vec<u8>)>,
    /// With the number of placements in front.
    told: Vec<(Told, usize)>,
    requests: Vec<(u32, ReadRequestRepr, usize)>,
    atomics: Vec<(u32, AtomicRequestRepr, usize)>,
    error: Option<GoldenError>,
    /// Nothing more is passed up.
    pub ended: bool,
}

impl Expected {
    /// Takes what the golden endpoint reported since the last call.
    pub fn collect(&mut self, golden: &mut Golden, conn: usize) {
        let Some(c) = golden.conns.get_mut(conn) else {
            return;
        };
        let out = c.take_output();
        let before = self.writes.len();
        self.writes
            .extend(out.placements.into_iter().map(|p| (p.addr, p.data)));
        for (e, n) in out.events.into_iter().zip(out.marks) {
            let n = before + n;
            let told = match e {
                Event::Receive(c) => Told::Receive {
                    opcode: c.opcode.bits(),
                    msn: c.msn,
                    len: c.len,
                    idx: c.rqe_idx,
                    inv_stag: c.inv_stag,
                    solicited: c.solicited(),
                    imm: c.imm.map(u64::from_be_bytes),
                },
                Event::AtomicDone {
                    sq_idx, original, ..
                } => Told::AtomicDone {
                    idx: sq_idx,
                    original,
                },
                Event::ReadDone { sq_idx, len, .. } => Told::ReadDone { idx: sq_idx, len },
                Event::TerminateReceived(t) => {
                    self.ended = true;
                    Told::Terminate(t)
                }
                Event::Error(e) if e.local => {
                    self.error.get_or_insert(e);
                    continue;
                }
                Event::Fin => {
                    self.ended = true;
                    Told::Fin(
                        self.error
                            .as_ref()
                            .filter(|e| e.local)
                            .map_or(0, |_| term::MPA_CLOSED),
                    )
                }
                Event::Reset => {
                    self.ended = true;
                    Told::Reset
                }
                Event::Error(e) => {
                    self.ended = true;
                    self.error.get_or_insert(e.clone());
                    Told::Error(e)
                }
                Event::ReadRequest { msn, request } => {
                    self.requests.push((msn, request, n));
                    continue;
                }
                Event::AtomicRequest { msn, request } => {
                    self.atomics.push((msn, request, n));
                    continue;
                }
                _ => continue,
            };
            self.told.push((told, n));
        }
    }

    /// The peer's FIN, behind everything else.
    pub fn fin(&mut self) {
        if !self.ended {
            self.told.push((Told::Fin(0), self.writes.len()));
            self.ended = true;
        }
    }

    /// Forgets results, not that the stream has ended.
    pub fn forget(&mut self) {
        self.writes.clear();
        self.told.clear();
        self.requests.clear();
        self.atomics.clear();
    }

    pub fn error(&self) -> Option<&GoldenError> {
        self.error.as_ref()
    }

    /// Compares with what the chip did for `conn` since it was installed.
    pub fn judge(
        &self,
        conn: u16,
        writes: &[&DmaWrite],
        events: &[&CplEvent],
        requests: &[&ReadRequest],
        atomics: &[&AtomicRequest],
    ) -> Result<(), Mismatch> {
        let fail = |what: String| Err(Mismatch { conn, what });
        for (i, w) in writes.iter().enumerate() {
            let Some((addr, data)) = self.writes.get(i) else {
                return fail(format!(
                    "DMA write {i}: {:#x}+{} too many",
                    w.addr,
                    w.data.len()
                ));
            };
            if w.addr != *addr || w.data.len() != data.len() || w.len as usize != data.len() {
                return fail(format!(
                    "DMA write {i} (cycle {}): {:#x}+{} ({} octets came), expected {addr:#x}+{}",
                    w.req_cycle,
                    w.addr,
                    w.len,
                    w.data.len(),
                    data.len()
                ));
            }
            if let Some(at) = (0..data.len()).find(|j| w.data[*j] != data[*j]) {
                let (got, want) = (w.data[at], data[at]);
                return fail(format!(
                    "DMA write {i} at {addr:#x}+{}: octet {at} is {got:#04x}, expected {want:#04x}",
                    data.len()
                ));
            }
        }
        for (i, e) in events.iter().enumerate() {
            let Some((told, before)) = self.told.get(i) else {
                return fail(format!("event {i} too many: {e:?}"));
            };
            if let Err(why) = same(told, e) {
                return fail(format!("event {i}: {why}; expected {told:?}, got {e:?}"));
            }
            let late = writes
                .iter()
                .take(*before)
                .filter(|w| w.last_data >= e.cycle)
                .count();
            if late > 0 || writes.len() < *before {
                return fail(format!(
                    "event {i} came in cycle {} before its data: {late} late, {} of {before} writes: {e:?}",
                    e.cycle,
                    writes.len()
                ));
            }
        }
        for (i, r) in requests.iter().enumerate() {
            let Some((msn, want, before)) = self.requests.get(i) else {
                return fail(format!("Read Request {i} too many: {r:?}"));
            };
            let got = ReadRequestRepr {
                sink_stag: r.sink_stag,
                sink_to: r.sink_to,
                size: r.len,
                source_stag: r.src_stag,
                source_to: r.src_to,
            };
            if got != *want || r.msn != *msn {
                return fail(format!(
                    "Read Request {i}: {r:?}, expected {want:?} msn {msn}"
                ));
            }
            if writes.iter().take(*before).any(|w| w.last_data >= r.cycle) {
                return fail(format!(
                    "Read Request {i} in front of data that came before it: {r:?}"
                ));
            }
        }
        for (i, a) in atomics.iter().enumerate() {
            let Some((msn, want, before)) = self.atomics.get(i) else {
                return fail(format!("Atomic Request {i} too many: {a:?}"));
            };
            let got = AtomicRequestRepr {
                // The reserved bits stop here.
                op_word: want.op_word & !15 | u32::from(a.op),
                request_id: a.id,
                stag: a.stag,
                to: a.to,
                data: a.data,
                mask: a.mask,
                compare: a.compare,
                compare_mask: a.compare_mask,
            };
            if got != *want || a.msn != *msn {
                return fail(format!(
                    "Atomic Request {i}: {a:x?}, expected {want:x?} msn {msn}"
                ));
            }
            if writes.iter().take(*before).any(|w| w.last_data >= a.cycle) {
                return fail(format!(
                    "Atomic Request {i} in front of data that came before it: {a:?}"
                ));
            }
        }
        if writes.len() != self.writes.len() {
            return fail(format!(
                "{} of {} DMA writes; the next would be {:#x}+{}",
                writes.len(),
                self.writes.len(),
                self.writes[writes.len()].0,
                self.writes[writes.len()].1.len()
            ));
        }
        if events.len() != self.told.len() {
            return fail(format!(
                "{} events; the next would be {:?}",
                events.len(),
                self.told[events.len()]
            ));
        }
        if requests.len() != self.requests.len() {
            return fail(format!(
                "{} of {} Read Requests",
                requests.len(),
                self.requests.len()
            ));
        }
        if atomics.len() != self.atomics.len() {
            return fail(format!(
                "{} of {} Atomic Requests",
                atomics.len(),
                self.atomics.len()
            ));
        }
        // Both streams have one order: that of the MSNs.
        let mut all: Vec<(u64, u32)> = requests.iter().map(|r| (r.cycle, r.msn)).collect();
        all.extend(atomics.iter().map(|a| (a.cycle, a.msn)));
        all.sort_unstable();
        if let Some(w) = all
            .windows(2)
            .find(|w| w[1].0 == w[0].0 || w[1].1 != w[0].1.wrapping_add(1))
        {
            return fail(format!("Requests out of order, (cycle, MSN): {w:?}"));
        }
        Ok(())
    }
}

fn same(told: &Told, e: &CplEvent) -> Result<(), String> {
    let check = |ok: bool, what: &str| if ok { Ok(()) } else { Err(what.to_string()) };
    match told {
        Told::Receive {
            opcode,
            msn,
            len,
            idx,
            inv_stag,
            solicited,
            imm,
        } => {
            check(e.kind == cpl_kind::RECV, "kind")?;
            check(
                (e.flags & cpl_flag::IMMEDIATE != 0) == imm.is_some(),
                "immediate flag",
            )?;
            check(e.imm == imm.unwrap_or(0), "immediate data")?;
            check(
                (e.opcode, e.msn, e.len, e.rqe_idx) == (*opcode, *msn, *len, *idx),
                "opcode, msn, len or idx",
            )?;
            check(
                (e.flags & cpl_flag::SOLICITED != 0) == *solicited,
                "solicited flag",
            )?;
            check(
                (e.flags & cpl_flag::INVALIDATED != 0) == inv_stag.is_some(),
                "invalidated flag",
            )?;
            check(inv_stag.is_none_or(|s| s == e.inv_stag), "invalidated STag")
        }
        Told::ReadDone { idx, len } => {
            check(e.kind == cpl_kind::READ_DONE, "kind")?;
            check(e.opcode == Opcode::ReadResponse.bits(), "opcode")?;
            check(e.flags == 0 && e.imm == 0, "flags or immediate data")?;
            check((e.rqe_idx, e.len) == (*idx, *len), "idx or len")
        }
        Told::AtomicDone { idx, original } => {
            check(e.kind == cpl_kind::READ_DONE, "kind")?;
            check(e.opcode == Opcode::AtomicResponse.bits(), "opcode")?;
            check(e.flags == cpl_flag::IMMEDIATE, "flags")?;
            check(e.imm == *original, "original value")?;
            check((e.rqe_idx, e.len) == (*idx, 8), "idx or len")
        }
        Told::Terminate(t) => {
            check(e.kind == cpl_kind::TERMINATE, "kind")?;
            let term = u16::from(t.term.octet()) << 8 | u16::from(t.term.code);
            check(e.term == term, "term")
        }
        Told::Fin(code) => {
            check(e.kind == cpl_kind::FIN, "kind")?;
            check(e.term == *code, "term")
        }
        Told::Reset => check(e.kind == cpl_kind::RST, "kind"),
        Told::Error(g) => {
            check(e.kind == cpl_kind::ERROR, "kind")?;
            let term = crate::wire::ddp::Term::new((e.term >> 8) as u8, e.term as u8);
            check(g.accepts(term), "code")?;
            if g.term.layer != 2 {
                check(e.segment_len == g.segment_len, "segment length")?;
                check(e.hdr.starts_with(&g.header), "offending header")?;
            }
            Ok(())
        }
    }
}
