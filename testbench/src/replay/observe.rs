//! What comes out of the chip: handed to the connection it belongs to, and put beside the frame that caused it.

use super::player::{nic_buffer, Played, Player, NIC_BASE, NIC_BUFFERS, NIC_STEP};
use super::report::Fault;
use ferrowarp_abi::code::{ack_flag, cpl_kind, dma_class};
use serde::Serialize;

/// One frame on its way through the chip, in cycles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// Place in the capture, from 1.
    pub frame: usize,
    pub connection: String,
    pub octets: usize,
    pub first_beat: u64,
    pub last_beat: u64,
    pub request: Option<u64>,
    pub first_data: Option<u64>,
    pub last_data: Option<u64>,
    pub ack: Option<u64>,
    pub event: Option<u64>,
}

impl Player<'_> {
    pub(super) fn take_read_requests(&mut self) {
        for r in std::mem::take(&mut self.chip.read_requests) {
            self.supply = true;
            match self.lane_of(r.conn) {
                Some(l) => {
                    self.lanes[l].read_request(&r);
                    self.stamp(l, r.cycle);
                }
                None => self.stray(format!("read_request for connection {}", r.conn)),
            }
        }
    }

    pub(super) fn take_atomic_requests(&mut self) {
        for r in std::mem::take(&mut self.chip.atomic_requests) {
            self.supply = true;
            match self.lane_of(r.conn) {
                Some(l) => {
                    self.lanes[l].atomic_request(&r);
                    self.stamp(l, r.cycle);
                }
                None => self.stray(format!("atomic_request for connection {}", r.conn)),
            }
        }
    }

    pub(super) fn take_sent(&mut self) {
        for t in std::mem::take(&mut self.chip.sent) {
            // The chip plays in order: the first without times is the one.
            let at = self
                .played
                .iter()
                .rposition(|p: &Played| p.times.is_some())
                .map_or(0, |i| i + 1);
            let Some(p) = self.played.get_mut(at) else {
                continue;
            };
            p.times = Some(t);
            if let Some(l) = p.lane {
                let lane = &mut self.lanes[l];
                lane.first.get_or_insert((t.first, self.skipped));
                lane.last = (t.last, self.skipped);
            }
            if self.tracks.len() < self.track_limit {
                let (p, lane) = (&self.played[at], self.played[at].lane);
                self.tracks.push(Track {
                    frame: p.index + 1,
                    connection: lane.map_or("plain".into(), |l| self.lanes[l].name().to_string()),
                    octets: t.len,
                    first_beat: t.first,
                    last_beat: t.last,
                    request: None,
                    first_data: None,
                    last_data: None,
                    ack: None,
                    event: None,
                });
            }
        }
    }

    pub(super) fn take_writes(&mut self) {
        for w in std::mem::take(&mut self.chip.writes) {
            if w.class == dma_class::NIC {
                self.plain_write(w.addr, &w.data, (w.req_cycle, w.first_data, w.last_data));
                continue;
            }
            let Some(l) = self
                .lane_of(w.conn)
                .filter(|_| w.class == dma_class::PAYLOAD)
            else {
                let (class, addr) = (w.class, w.addr);
                self.stray(format!(
                    "DMA write of class {class} for connection {} at {addr:#x}",
                    w.conn
                ));
                continue;
            };
            let cause = self.writes[l].get(self.lanes[l].writes_seen).copied();
            self.lanes[l].write(&w);
            self.stamp(l, w.last_data);
            if let Some(n) = cause.and_then(|end| self.frame_at(l, end)) {
                if let (false, Some(t)) = (self.played[n].requested, self.played[n].times) {
                    self.played[n].requested = true;
                    self.lanes[l]
                        .latencies
                        .push(w.req_cycle.saturating_sub(t.last));
                }
                self.track(n, |t| {
                    t.request.get_or_insert(w.req_cycle);
                    t.first_data.get_or_insert(w.first_data);
                    t.last_data = Some(w.last_data);
                });
            }
        }
    }

    pub(super) fn take_events(&mut self) {
        for e in std::mem::take(&mut self.chip.events) {
            self.supply = true;
            if e.kind == cpl_kind::NIC {
                self.chip.post(nic_buffer(e.rqe_idx));
                continue;
            }
            let Some(l) = self.lane_of(e.conn) else {
                self.stray(format!(
                    "event of kind {} for connection {}",
                    e.kind, e.conn
                ));
                continue;
            };
            let cause = self.reports[l].get(self.lanes[l].reports_seen).copied();
            let before = self.lanes[l].reports_seen;
            self.lanes[l].event(&e);
            self.stamp(l, e.cycle);
            if self.lanes[l].reports_seen > before {
                if let Some(n) = cause.and_then(|end| self.frame_at(l, end)) {
                    self.track(n, |t| t.event = Some(e.cycle));
                }
            }
        }
    }

    pub(super) fn take_acks(&mut self) {
        for a in std::mem::take(&mut self.chip.acks) {
            let Some(l) = self.lane_of(a.conn) else {
                self.stray(format!("ack_event for connection {}", a.conn));
                continue;
            };
            self.stamp(l, a.cycle);
            self.lanes[l].acknowledged(&a);
            if a.flags & ack_flag::RX_ONLY == 0 {
                let of = |p: &Played| p.lane == Some(l) && p.seq == Some(a.seq);
                for n in 0..self.tracks.len() {
                    if of(&self.played[n]) && self.tracks[n].ack.is_none() {
                        self.tracks[n].ack = Some(a.cycle);
                        break;
                    }
                }
            }
        }
    }

    fn plain_write(&mut self, addr: u64, data: &[u8], cycles: (u64, u64, u64)) {
        let Some((index, octets)) = self.plain.pop_front() else {
            self.stray(format!(
                "a frame of {} octets of an installed connection went to the host as a plain frame",
                data.len()
            ));
            return;
        };
        let buffers = NIC_BASE..NIC_BASE + NIC_BUFFERS * NIC_STEP;
        if !buffers.contains(&addr) || addr % NIC_STEP != 0 {
            self.stray(format!(
                "plain frame {} at {addr:#x}, which is no buffer",
                index + 1
            ));
        }
        if data != octets {
            self.stray(format!(
                "plain frame {} does not come out as it went in",
                index + 1
            ));
        }
        if let Some(n) = self
            .played
            .iter()
            .position(|p| p.lane.is_none() && p.index == index)
        {
            self.track(n, |t| {
                (t.request, t.first_data, t.last_data) =
                    (Some(cycles.0), Some(cycles.1), Some(cycles.2));
            });
        }
    }

    /// The frame that brings a lane's stream to `end`.
    fn frame_at(&self, lane: usize, end: u64) -> Option<usize> {
        let r = &self.reach[lane];
        r.get(r.partition_point(|(e, _)| *e < end)).map(|(_, n)| *n)
    }

    fn track(&mut self, played: usize, f: impl FnOnce(&mut Track)) {
        if let Some(t) = self.tracks.get_mut(played) {
            f(t);
        }
    }

    pub(super) fn stamp(&mut self, lane: usize, cycle: u64) {
        let last = &mut self.lanes[lane].last;
        *last = (last.0.max(cycle), self.skipped);
    }

    pub(super) fn lane_of(&self, conn: u16) -> Option<usize> {
        let n = usize::from(conn);
        (n < self.lanes.len()).then_some(n)
    }

    pub(super) fn stray(&mut self, message: String) {
        if self.faults.len() < super::report::LISTED {
            let connection = "the chip".to_string();
            self.faults.push(Fault {
                connection,
                message,
            });
        }
    }
}
