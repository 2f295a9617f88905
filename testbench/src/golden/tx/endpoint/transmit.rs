//! Frames out: requests and answers to FPDUs, FPDUs to segments, and acknowledgements with or without payload.

use super::{Answer, Endpoint, Payload, Source, SqStatus, State, Work};
use crate::golden::tpt::Access;
use crate::golden::tx::fpdu::{AtomicRequest, Message, Operation, Origin};
use crate::golden::tx::frame::{sack_option_len, TcpFields};
use crate::golden::tx::sender::{Ns, OutSegment};
use crate::golden::{AtomicIssue, Sge};
use crate::wire::tcp::Flags;

impl Endpoint {
    /// The next frame that leaves now.
    pub fn next_frame(&mut self, now: Ns) -> Option<Vec<u8>> {
        if let Some(reset) = self.resets.pop_front() {
            self.stats.frames_out += 1;
            return Some(reset);
        }
        if self.state == State::Dead {
            return None;
        }
        if self.acker.urgent() {
            return Some(self.bare_ack(now));
        }
        self.refill(now);
        if let Some(s) = self.tcp.next_segment(now) {
            return Some(self.segment_frame(now, &s));
        }
        self.acker.due(now).then(|| self.bare_ack(now))
    }

    /// Makes FPDUs while less than two segments wait in the sender.
    fn refill(&mut self, now: Ns) {
        let enough = 2 * self.tcp.config().mss as u64;
        while self.tcp.unsent() < enough {
            if let Some(t) = self.terminate.take() {
                let op = Operation::Terminate(t);
                for f in self.maker.make(Origin::Terminate, op, &[]) {
                    self.records.push(f.record);
                    self.tcp.queue(&f.octets);
                }
            }
            if self.state != State::Open {
                self.tcp.close();
                return;
            }
            if !self.gate {
                return;
            }
            if self.current.is_none() {
                self.current = self.next_message(now);
            }
            let Some((message, source)) = self.current.take() else {
                if self.state == State::Open {
                    return;
                }
                continue;
            };
            self.make_fpdu(now, message, source);
        }
    }

    fn make_fpdu(&mut self, now: Ns, mut message: Message, source: Source) {
        let room = self.maker.room(&message);
        let from = message.done as usize;
        let octets = match &source {
            Source::Octets(b) => b[from..from + room as usize].to_vec(),
            Source::Region { stag, to } => {
                let at = to.wrapping_add(from as u64);
                match self.read_region(*stag, at, room, Access::RemoteRead) {
                    Some(b) => b,
                    // The region went away after the Request was taken: nothing that the peer did now.
                    None => return self.local_error(now, SqStatus::Flushed),
                }
            }
        };
        let Some(fpdu) = self.maker.next(&mut message, &octets) else {
            return;
        };
        self.records.push(fpdu.record);
        self.tcp.queue(&fpdu.octets);
        if !message.finished() {
            self.current = Some((message, source));
            return;
        }
        match message.origin {
            Origin::Sq(index) => {
                let end = Some(self.maker.pos());
                if let Some(w) = self.sq.iter_mut().find(|w| w.index == index) {
                    w.end = end;
                }
            }
            Origin::Response(_) => self.conn.read_done(1),
            Origin::Terminate => {}
        }
    }

    /// Responses and requests take turns.
    fn next_message(&mut self, now: Ns) -> Option<(Message, Source)> {
        self.answers_turn = !self.answers_turn;
        if self.answers_turn {
            self.next_answer().or_else(|| self.next_request(now))
        } else {
            self.next_request(now).or_else(|| self.next_answer())
        }
    }

    fn next_answer(&mut self) -> Option<(Message, Source)> {
        Some(match self.answers.pop_front()? {
            Answer::Read { msn, request: r } => {
                let op = Operation::ReadResponse {
                    stag: r.sink_stag,
                    to: r.sink_to,
                };
                let m = self.maker.begin(Origin::Response(msn), op, r.size);
                let source = Source::Region {
                    stag: r.source_stag,
                    to: r.source_to,
                };
                (m, source)
            }
            Answer::Atomic { msn, id, original } => {
                let op = Operation::AtomicResponse {
                    request_id: id,
                    original,
                };
                let m = self.maker.begin(Origin::Response(msn), op, 0);
                (m, Source::Octets(Vec::new()))
            }
        })
    }

    fn next_request(&mut self, now: Ns) -> Option<(Message, Source)> {
        let w = self.sq.iter().find(|w| w.end.is_none())?;
        let (index, request) = (w.index, w.request.clone());
        let open = self.open_reads();
        let held = request.work.awaits_answer() && open >= self.cfg.ord;
        if held || (request.fence && open > 0) {
            return None;
        }
        let (op, octets) = match request.work {
            Work::Send {
                payload,
                solicited,
                invalidate,
            } => {
                let op = Operation::Send {
                    solicited,
                    invalidate,
                };
                (op, self.gather(&payload))
            }
            Work::Write { payload, stag, to } => {
                (Operation::Write { stag, to }, self.gather(&payload))
            }
            Work::Read(r) => {
                self.issue_read(index, r.sink_stag, r.sink_to, r.len);
                (Operation::ReadRequest(r), Some(Vec::new()))
            }
            Work::Immediate { solicited, data } => {
                (Operation::Immediate { solicited, data }, Some(Vec::new()))
            }
            Work::Atomic { stag, to, kind } => {
                let a = AtomicRequest {
                    request_id: index,
                    stag,
                    to,
                    kind,
                };
                (Operation::Atomic(a), Some(Vec::new()))
            }
        };
        let Some(octets) = octets else {
            self.local_error(now, SqStatus::LocalProtection);
            return None;
        };
        let atomic = matches!(op, Operation::Atomic(_));
        let m = self.maker.begin(Origin::Sq(index), op, octets.len() as u32);
        if atomic {
            let first = self.cfg.conn.first_msn[3];
            self.conn.issue_atomic(AtomicIssue {
                sq_idx: index as u16,
                msn: first.wrapping_add(self.atomics),
                request_id: index,
            });
            self.atomics = self.atomics.wrapping_add(1);
        }
        Some((m, Source::Octets(octets)))
    }

    fn gather(&self, payload: &Payload) -> Option<Vec<u8>> {
        let sges: &[Sge] = match payload {
            Payload::Inline(b) => return Some(b.clone()),
            Payload::Gather(s) => s,
        };
        let mut out = Vec::new();
        for s in sges.iter().filter(|s| s.len > 0) {
            match s.lkey {
                None => out.extend(self.host.mem.read(s.addr, s.len as usize).ok()?),
                Some(key) => out.extend(self.read_region(key, s.addr, s.len, Access::LocalRead)?),
            }
        }
        Some(out)
    }

    fn read_region(&self, stag: u32, to: u64, len: u32, access: Access) -> Option<Vec<u8>> {
        if len == 0 {
            return Some(Vec::new());
        }
        let (c, tpt) = (&self.cfg.conn, &self.host.tpt);
        let pieces = tpt
            .check(stag, to, u64::from(len), c.pd, c.qp, access)
            .ok()?;
        let mut out = Vec::with_capacity(len as usize);
        for (addr, n) in pieces {
            out.extend(self.host.mem.read(addr, n as usize).ok()?);
        }
        Some(out)
    }

    /// Window field; the right edge never goes back.
    fn window(&mut self) -> u16 {
        let scale = self.cfg.window_scale;
        let open = (self.edge - self.received).max(u64::from(self.cfg.window));
        let field = (open >> scale).min(0xffff);
        self.edge = self.edge.max(self.received + (field << scale));
        field as u16
    }

    fn fields(&mut self, now: Ns, seq: u32, flags: Flags) -> TcpFields {
        let ack = self.conn.rcv_nxt();
        self.conn.ack_sent(ack);
        let stamps = self.cfg.sender.timestamps;
        self.stats.frames_out += 1;
        TcpFields {
            seq,
            ack,
            flags: flags | Flags::ACK,
            window: self.window(),
            timestamps: stamps.map(|c| (c.at(now), self.conn.ts_recent())),
            sack: Vec::new(),
        }
    }

    /// Blocks for `room` octets of options.
    fn blocks(&self, room: usize) -> Vec<(u32, u32)> {
        if !self.cfg.sender.sack {
            return Vec::new();
        }
        let most = if self.cfg.sender.timestamps.is_some() {
            3
        } else {
            4
        };
        let fit = (0..=most).rev().find(|n| sack_option_len(*n) <= room);
        self.acker.blocks(&self.conn.held(), fit.unwrap_or(0))
    }

    fn segment_frame(&mut self, now: Ns, s: &OutSegment) -> Vec<u8> {
        let mut flags = Flags::default();
        if s.psh {
            flags = flags | Flags::PSH;
        }
        if s.fin {
            flags = flags | Flags::FIN;
        }
        let mut t = self.fields(now, s.seq, flags);
        let room = self.tcp.config().mss.saturating_sub(s.payload.len());
        t.sack = self.blocks(room);
        self.acker.sent();
        self.template.frame(&t, &s.payload)
    }

    fn bare_ack(&mut self, now: Ns) -> Vec<u8> {
        let seq = self.tcp.ack_seq();
        let mut t = self.fields(now, seq, Flags::default());
        t.sack = self.blocks(40);
        self.stats.bare_acks += 1;
        self.acker.sent();
        self.template.frame(&t, &[])
    }

    pub(super) fn reset_frame(&mut self) -> Vec<u8> {
        let t = TcpFields {
            seq: self.tcp.snd_nxt(),
            ack: self.conn.rcv_nxt(),
            flags: Flags::RST | Flags::ACK,
            ..TcpFields::default()
        };
        self.template.frame(&t, &[])
    }
}
