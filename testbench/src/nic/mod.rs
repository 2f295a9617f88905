//! A whole adapter on the bench: receive path and transmit path joined at their seams, with a host's memory. Two of them on a
//! wire: [`pair`].
//!
//! The two paths are two models; what one tells the other arrives a cycle later. Work requests are written to the send queue's ring in host memory
//! and a doorbell is rung, as a driver does. Receives are posted at the receive path's seam so far.

pub mod block;
pub mod memory;
pub mod pair;
pub mod transmit;
pub mod workload;

pub use memory::HostMemory;
pub use transmit::{Connection, Settings, Transmit, WorkDone};

use crate::chip::{Chip, ChipError, Post};
use ferrowarp_abi::queue::{Sqe, SLOT};
use std::collections::HashMap;

/// A send queue as its driver sees it.
#[derive(Clone, Copy, Debug)]
struct Queue {
    base: u64,
    log: u32,
    page: u32,
    qpn: u32,
    /// Slots filled, and given back.
    filled: u16,
    freed: u16,
}

/// Slots that a WQE took, by the number of its first one.
type Taken = HashMap<(u16, u16), u16>;

pub struct Nic {
    pub chip: Chip,
    pub tx: Transmit,
    pub memory: HostMemory,
    queues: HashMap<u16, Queue>,
    taken: Taken,
    writes: usize,
    reports: usize,
    done: usize,
}

impl Nic {
    pub fn new(chip: Chip, tx: Transmit) -> Self {
        Nic {
            writes: chip.writes.len(),
            reports: chip.acks.len(),
            chip,
            tx,
            memory: HostMemory::default(),
            queues: HashMap::new(),
            taken: HashMap::new(),
            done: 0,
        }
    }

    /// The transmit half of a connection; the receive half is [`Chip::install`]'s.
    pub fn install(&mut self, c: &Connection) {
        self.queues.insert(
            c.conn,
            Queue {
                base: c.sq,
                log: c.sq_log,
                page: c.page,
                qpn: c.qpn,
                filled: 0,
                freed: 0,
            },
        );
        self.tx.install(c);
    }

    /// Writes a WQE to the ring; its number and queue pair are the queue's. None: the ring has no room.
    pub fn post_send(&mut self, conn: u16, sqe: &Sqe) -> Result<Option<u16>, ChipError> {
        let q = self.queues.get_mut(&conn);
        let q = q.ok_or_else(|| ChipError::Table(format!("connection {conn} is not installed")))?;
        let idx = q.filled;
        let sqe = Sqe {
            idx,
            qpn: q.qpn,
            ..*sqe
        };
        let (slots, n) = sqe.pack().map_err(|e| ChipError::Table(e.to_string()))?;
        let used = q.filled.wrapping_sub(q.freed);
        if usize::from(used) + n > 1 << q.log {
            return Ok(None);
        }
        for (i, slot) in slots[..n].iter().enumerate() {
            let place = usize::from(idx.wrapping_add(i as u16)) & ((1 << q.log) - 1);
            let octets: Vec<u8> = slot.iter().flat_map(|w| w.to_le_bytes()).collect();
            self.memory.write(q.base + (place * SLOT) as u64, &octets);
        }
        q.filled = idx.wrapping_add(n as u16);
        self.taken.insert((conn, idx), n as u16);
        Ok(Some(idx))
    }

    /// Rings the doorbell: everything posted so far may go.
    pub fn ring(&mut self, conn: u16) {
        if let Some(q) = self.queues.get(&conn) {
            self.tx.doorbell(q.page, q.filled, q.qpn);
        }
    }

    pub fn post_recv(&mut self, post: Post) {
        self.chip.post(post);
    }

    /// One clock of both paths.
    pub fn tick(&mut self) -> Result<(), ChipError> {
        self.chip.tick()?;
        self.tx.tick(&self.memory)?;
        self.tx.report(&self.chip.acks[self.reports..]);
        self.reports = self.chip.acks.len();
        for w in &self.chip.writes[self.writes..] {
            self.memory.write(w.addr, &w.data);
        }
        self.writes = self.chip.writes.len();
        for m in self.tx.mirrors.drain(..) {
            self.chip.mirror(m);
        }
        for d in &self.tx.done[self.done..] {
            if let (Some(q), Some(n)) = (
                self.queues.get_mut(&d.conn),
                self.taken.remove(&(d.conn, d.idx)),
            ) {
                q.freed = q.freed.wrapping_add(n);
            }
        }
        self.done = self.tx.done.len();
        Ok(())
    }
}
