//! The comparison of one connection with the golden model: placement by placement as they come, the rest at the end.

use super::lane::Lane;
use super::report::{Fault, Mismatch, LISTED};
use crate::chip::{AtomicRequest, Chip, CplEvent, DmaWrite};
use crate::golden::Event;
use crate::wire::ddp::Opcode;
use ferrowarp_abi::code::{cpl_flag, cpl_kind};

impl Lane<'_> {
    /// A DMA write of payload.
    pub fn write(&mut self, w: &DmaWrite) {
        self.bytes_placed += w.data.len() as u64;
        self.check_tag(w.gen, "DMA write");
        if w.data.len() != w.len as usize {
            self.fault(format!(
                "DMA request of {} octets at {:#x} carries {}",
                w.len,
                w.addr,
                w.data.len()
            ));
        }
        if self.memory.write(w.addr, &w.data).is_err() {
            let (addr, len) = (w.addr, w.data.len());
            self.fault(format!(
                "write of {len} octets at {addr:#x}, outside of every region and receive"
            ));
            // Guards take it, so that the memory comparison shows it too.
            let _ = self.memory.poke(addr, &w.data);
        }
        match self.placements.get(self.writes_seen).copied() {
            None => self.mismatch(
                "placement",
                Some(w.addr),
                "nothing more",
                format!("{} octets", w.data.len()),
            ),
            Some(p) if (p.addr, p.data.len()) != (w.addr, w.data.len()) => {
                let want = format!("{} octets at {:#x}", p.data.len(), p.addr);
                self.mismatch(
                    "placement",
                    Some(w.addr),
                    want,
                    format!("{} octets", w.data.len()),
                );
            }
            Some(p) => {
                self.bytes_compared += p.data.len() as u64;
                let wrong = p.data.iter().zip(&w.data).filter(|(a, b)| a != b).count();
                if let Some(at) = p.data.iter().zip(&w.data).position(|(a, b)| a != b) {
                    let want = format!("{:#04x} ({wrong} octets differ)", p.data[at]);
                    let addr = w.addr + at as u64;
                    self.mismatch("payload", Some(addr), want, format!("{:#04x}", w.data[at]));
                }
            }
        }
        self.writes_seen += 1;
    }

    /// Something differs already.
    pub fn differs(&self) -> bool {
        self.mismatch_count > 0 || !self.faults.is_empty()
    }

    pub(super) fn check_tag(&mut self, gen: u8, what: &str) {
        if gen != self.gen {
            self.fault(format!(
                "{what} with generation {gen}, installed is {}",
                self.gen
            ));
        }
    }

    pub fn fault(&mut self, message: String) {
        let connection = self.name().to_string();
        if self.faults.len() < LISTED {
            self.faults.push(Fault {
                connection,
                message,
            });
        }
    }

    fn mismatch(
        &mut self,
        what: &str,
        address: Option<u64>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) {
        self.mismatch_count += 1;
        if self.mismatches.len() < LISTED {
            self.mismatches.push(Mismatch {
                connection: self.name().to_string(),
                what: what.to_string(),
                address,
                expected: expected.into(),
                got: got.into(),
            });
        }
    }

    /// The comparison that needs the end: missing placements, memory, events, state.
    pub fn conclude(&mut self, chip: &mut Chip) {
        let missing: Vec<_> = self
            .placements
            .iter()
            .skip(self.writes_seen)
            .copied()
            .collect();
        if let Some(p) = missing.first() {
            let octets: usize = missing.iter().map(|p| p.data.len()).sum();
            let want = format!("{} more placements of {octets} octets", missing.len());
            self.mismatch("placement", Some(p.addr), want, "none");
        }
        self.compare_events();
        self.compare_requests();
        self.compare_atomics();
        self.compare_state(chip);
        self.compare_memory();
    }

    /// One line a region: placement by placement has been compared before.
    fn compare_memory(&mut self) {
        let differ = self
            .chosen
            .plan
            .expected
            .memory
            .compare(&self.memory, 1 << 20);
        for part in differ.chunk_by(|a, b| a.region == b.region && a.in_guard == b.in_guard) {
            let d = &part[0];
            let what = if d.in_guard { "guard of" } else { "memory of" };
            let what = format!("{what} {}", d.region);
            let want = format!("{:#04x} ({} octets differ)", d.ours, part.len());
            self.mismatch(&what, Some(d.addr), want, format!("{:#04x}", d.theirs));
        }
    }

    fn compare_events(&mut self) {
        let ended = self.chosen.ended();
        let want: Vec<&Event> = self.chosen.events();
        // A closed stream may report its FIN or not.
        let fin = |kind: u8| kind == cpl_kind::FIN || kind == cpl_kind::RST;
        let got: Vec<CplEvent> = self
            .events
            .iter()
            .filter(|e| !(ended && fin(e.kind)))
            .cloned()
            .collect();
        for i in 0..want.len().max(got.len()) {
            let (w, g) = (want.get(i), got.get(i));
            if let (Some(w), Some(g)) = (w, g) {
                if fits(w, g) {
                    continue;
                }
            }
            let name = |e: Option<&&Event>| e.map_or("nothing".into(), |e| format!("{e:?}"));
            let text = g.map_or("nothing".into(), describe);
            self.mismatch(&format!("event {i}"), None, name(w), text);
        }
    }

    fn compare_requests(&mut self) {
        let expected = &self.chosen.plan.expected;
        let want = expected.events.iter().filter_map(|e| match e {
            Event::ReadRequest { msn, request } => Some((*msn, *request)),
            _ => None,
        });
        let want: Vec<_> = want.collect();
        let got = self.requests.clone();
        for i in 0..want.len().max(got.len()) {
            let (w, g) = (want.get(i), got.get(i));
            let same = match (w, g) {
                (Some((msn, w)), Some(g)) => {
                    (
                        *msn,
                        w.sink_stag,
                        w.sink_to,
                        w.size,
                        w.source_stag,
                        w.source_to,
                    ) == (g.msn, g.sink_stag, g.sink_to, g.len, g.src_stag, g.src_to)
                }
                _ => false,
            };
            if !same {
                self.mismatch(
                    &format!("Read Request {i}"),
                    None,
                    format!("{w:?}"),
                    format!("{g:?}"),
                );
            }
        }
    }

    fn compare_atomics(&mut self) {
        let expected = &self.chosen.plan.expected;
        let want = expected.events.iter().filter_map(|e| match e {
            Event::AtomicRequest { msn, request: r } => Some(AtomicRequest {
                cycle: 0,
                conn: self.conn,
                gen: self.gen,
                msn: *msn,
                op: r.aopcode(),
                id: r.request_id,
                stag: r.stag,
                to: r.to,
                data: r.data,
                mask: r.mask,
                compare: r.compare,
                compare_mask: r.compare_mask,
            }),
            _ => None,
        });
        let want: Vec<_> = want.collect();
        let got = self.atomics.clone();
        for i in 0..want.len().max(got.len()) {
            let g = got.get(i).map(|g| AtomicRequest { cycle: 0, ..*g });
            if want.get(i) != g.as_ref() {
                let (want, got) = (format!("{:x?}", want.get(i)), format!("{g:x?}"));
                self.mismatch(&format!("Atomic Request {i}"), None, want, got);
            }
        }
    }

    fn compare_state(&mut self, chip: &mut Chip) {
        if self.events.iter().any(|e| e.kind == cpl_kind::RST) {
            return;
        }
        let want = self.chosen.final_rcv_nxt();
        match chip.query(self.conn, self.gen) {
            Ok(state) if self.chosen.ended() || state.rcv_nxt == want => {}
            Ok(state) => {
                let (want, got) = (format!("{want:#010x}"), format!("{:#010x}", state.rcv_nxt));
                self.mismatch("next sequence number", None, want, got);
            }
            Err(e) => self.fault(format!("state cannot be read: {e}")),
        }
    }
}

/// The event that the golden model asks for.
fn fits(want: &Event, got: &CplEvent) -> bool {
    match want {
        Event::Receive(c) => {
            let bit = |f: u8| got.flags & f != 0;
            got.kind == cpl_kind::RECV
                && (got.opcode, got.msn, got.len, got.rqe_idx)
                    == (c.opcode.bits(), c.msn, c.len, c.rqe_idx)
                && bit(cpl_flag::SOLICITED) == c.solicited()
                && bit(cpl_flag::INVALIDATED) == c.inv_stag.is_some()
                && c.inv_stag.is_none_or(|s| s == got.inv_stag)
                && bit(cpl_flag::IMMEDIATE) == c.imm.is_some()
                && c.imm.is_none_or(|i| u64::from_be_bytes(i) == got.imm)
        }
        Event::ReadDone { sq_idx, .. } => {
            (got.kind, got.opcode, got.rqe_idx)
                == (cpl_kind::READ_DONE, Opcode::ReadResponse.bits(), *sq_idx)
        }
        Event::AtomicDone {
            sq_idx, original, ..
        } => {
            (got.kind, got.opcode, got.rqe_idx, got.imm)
                == (
                    cpl_kind::READ_DONE,
                    Opcode::AtomicResponse.bits(),
                    *sq_idx,
                    *original,
                )
        }
        Event::TerminateReceived(t) => {
            got.kind == cpl_kind::TERMINATE && got.term == word(t.term.octet(), t.term.code)
        }
        Event::Error(e) => {
            let accepted = std::iter::once(&e.term).chain(&e.accept);
            got.kind == cpl_kind::ERROR
                && accepted
                    .into_iter()
                    .any(|t| got.term == word(t.octet(), t.code))
        }
        Event::Fin => got.kind == cpl_kind::FIN,
        Event::Reset => got.kind == cpl_kind::RST,
        _ => false,
    }
}

fn word(octet: u8, code: u8) -> u16 {
    u16::from(octet) << 8 | u16::from(code)
}

fn describe(e: &CplEvent) -> String {
    let kind = cpl_kind::ENCODING.name_of(u32::from(e.kind)).unwrap_or("?");
    let CplEvent {
        opcode,
        flags,
        msn,
        len,
        rqe_idx,
        inv_stag,
        imm,
        term,
        ..
    } = e;
    let name = Opcode::from_bits(*opcode).name();
    match e.kind {
        cpl_kind::ERROR | cpl_kind::TERMINATE => format!("{kind} {term:#06x}"),
        cpl_kind::FIN | cpl_kind::RST => kind.to_string(),
        _ => format!(
            "{kind} {name} flags {flags:#04x} msn {msn} len {len} index {rqe_idx} inv_stag {inv_stag:#010x} imm {imm:#018x}"
        ),
    }
}
