//! What comes out of the chip: followed while a duel runs, judged at its end.

use super::{Duel, Report};
use crate::chip::duel::judge::Mismatch;
use crate::chip::duel::DuelError;
use crate::wire::tcp::seq_diff;
use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind, dma_class};

impl Duel<'_> {
    /// Takes what the chip reported; true if anything moved.
    pub(super) fn listen(&mut self) -> Result<bool, DuelError> {
        let mut moved = false;
        let now = self.chip.cycle();
        while self.acks < self.chip.acks.len() {
            let a = self.chip.acks[self.acks];
            self.acks += 1;
            let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == a.conn && p.plan.gen == a.gen)
            else {
                let what = format!("ACK report for a connection that is not installed: {a:?}");
                return Err(Mismatch { conn: a.conn, what }.into());
            };
            if a.mode == ack_mode::NONE {
                continue;
            }
            let reports =
                a.flags & (ack_flag::RX_ONLY | ack_flag::DUP | ack_flag::RST) == ack_flag::RX_ONLY;
            // The end of a stream ends its SACK blocks, too.
            if reports && p.expected.error().is_none() {
                let sent = p.peer.sent_to();
                if let Err(what) = p.book.enter(a.rcv_nxt, a.blocks(), sent) {
                    let what = format!("SACK: {what}: {a:x?}");
                    return Err(Mismatch { conn: a.conn, what }.into());
                }
            }
            let ahead = seq_diff(a.rcv_nxt, p.acked);
            if ahead < 0 {
                let what = format!("acknowledgement goes back from {:#x}: {a:?}", p.acked);
                return Err(Mismatch { conn: a.conn, what }.into());
            }
            if ahead == 0 {
                p.gaps += u32::from(a.flags & ack_flag::OOO != 0 || a.sack_n > 0);
                if p.gaps == 3 {
                    p.repair();
                }
                continue;
            }
            p.gaps = 0;
            p.acked = a.rcv_nxt;
            if p.plan.timestamps && self.chip.cfg.timestamps {
                self.chip.mirror(p.plan.mirror(a.rcv_nxt));
            }
            if ahead as usize > p.peer.in_flight_ever() || !p.peer.on_ack(a.rcv_nxt, p.plan.window)
            {
                let what = format!("acknowledges what was not sent: {a:?}");
                return Err(Mismatch { conn: a.conn, what }.into());
            }
            p.last_progress = now;
            moved = true;
            // Not all that was under way then: the next gap (RFC 6582, partial acknowledgement).
            if p.recover.is_some_and(|r| seq_diff(r, p.acked) > 0) {
                p.repair();
            }
        }
        while self.events < self.chip.events.len() {
            let e = &self.chip.events[self.events];
            self.events += 1;
            self.strangers.listen(e);
            if let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == e.conn && p.plan.gen == e.gen)
            {
                // A plain frame is no progress: it may be of a connection that the chip does not find.
                moved = true;
                match e.kind {
                    cpl_kind::RECV => p.received += 1,
                    cpl_kind::READ_DONE => p.reads_done += 1,
                    cpl_kind::ERROR | cpl_kind::TERMINATE | cpl_kind::RST => p.dead = true,
                    _ => {}
                }
            }
        }
        let read = self.chip.read_requests[self.requests..]
            .iter()
            .map(|r| (r.conn, r.gen));
        let atomic = self.chip.atomic_requests[self.atomics..]
            .iter()
            .map(|a| (a.conn, a.gen));
        let asked: Vec<(u16, u8)> = read.chain(atomic).collect();
        self.requests = self.chip.read_requests.len();
        self.atomics = self.chip.atomic_requests.len();
        for (conn, gen) in asked {
            moved = true;
            if let Some(p) = self
                .players
                .iter_mut()
                .find(|p| p.plan.conn == conn && p.plan.gen == gen)
            {
                p.requests_answered += 1;
                self.chip.read_done(conn, gen, 1);
                self.quiet_inputs = 0;
            }
        }
        Ok(moved)
    }

    /// Writes, events, Read Requests and memory against the golden endpoint.
    pub(super) fn judge(&mut self, start: u64) -> Result<Report, DuelError> {
        let chip = &*self.chip;
        let mut report = Report {
            cycles: chip.cycle() - start,
            frames: chip.sent.len() - self.frames0,
            ..Report::default()
        };
        let writes = &chip.writes[self.writes0..];
        for w in writes.iter().filter(|w| w.class != dma_class::NIC) {
            report.octets += w.data.len();
            if let Err(e) = self.memory.poke(w.addr, &w.data) {
                let what = format!(
                    "DMA write of class {} in cycle {}: {e}",
                    w.class, w.req_cycle
                );
                return Err(Mismatch { conn: w.conn, what }.into());
            }
        }
        report.writes = writes.len();
        for p in &self.players {
            let (conn, gen) = (p.plan.conn, p.plan.gen);
            let w: Vec<_> = writes
                .iter()
                .filter(|w| w.conn == conn && w.gen == gen && w.class != dma_class::NIC)
                .collect();
            let e: Vec<_> = chip.events[self.events0..]
                .iter()
                .filter(|e| e.conn == conn && e.gen == gen && e.kind != cpl_kind::NIC)
                .collect();
            let r: Vec<_> = chip.read_requests[self.requests0..]
                .iter()
                .filter(|r| r.conn == conn && r.gen == gen)
                .collect();
            let a: Vec<_> = chip.atomic_requests[self.atomics0..]
                .iter()
                .filter(|a| a.conn == conn && a.gen == gen)
                .collect();
            report.atomics += a.len();
            report.events += e.len();
            report.errors += usize::from(p.expected.error().is_some());
            p.expected.judge(conn, &w, &e, &r, &a)?;
            if !p.dead && p.expected.error().is_none() && !p.peer.done() {
                return Err(Mismatch {
                    conn,
                    what: "not all is acknowledged".into(),
                }
                .into());
            }
        }
        self.memory.guards_intact().map_err(|e| Mismatch {
            conn: 0,
            what: e.to_string(),
        })?;
        if let Some(d) = self.golden.host.mem.compare(&self.memory, 1).first() {
            let what = format!("memory differs: {d:x?}");
            return Err(Mismatch { conn: 0, what }.into());
        }
        let (writes, events) = (
            self.chip.writes[self.writes0..].to_vec(),
            self.chip.events[self.events0..].to_vec(),
        );
        self.strangers.judge(self.chip, &writes, &events)?;
        report.counters = self.chip.counters()?;
        Ok(report)
    }
}
