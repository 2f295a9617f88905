//! Frames in: the receive half's verdict, the acknowledgement they ask for, the sender's share, and what follows from events.

use super::{Answer, Endpoint, SqStatus, State, Wqe};
use crate::golden::tx::acks::Ask;
use crate::golden::tx::sender::{AckSegment, Ns};
use crate::golden::{AckRange, Arrival, Event, Segment, Verdict};
use crate::wire::frame::{FrameRepr, SumState};
use crate::wire::tcp::{seq_diff, Flags};

impl Endpoint {
    /// Takes a frame as the MAC delivers it. False: not of this connection, or spoilt.
    pub fn receive(&mut self, now: Ns, frame: &[u8]) -> bool {
        let Some((repr, payload)) = self.ours(frame) else {
            self.stats.refused += 1;
            return false;
        };
        if self.state == State::Dead {
            return true;
        }
        self.stats.frames_in += 1;
        let t = &repr.tcp;
        let mut seg = Segment {
            seq: t.seq,
            ack: t.ack,
            flags: t.flags,
            window: t.window,
            timestamps: t.timestamps(),
            payload: frame[payload].to_vec(),
        };
        let beyond = self.cut_at_edge(&mut seg);
        let len = seg.payload.len() as u32 + u32::from(seg.flags.has(Flags::FIN));
        let acceptable = self.conn.acceptable(seg.seq, len);
        let gap = !self.conn.held().is_empty();
        let before = self.conn.rcv_nxt();
        self.conn.cfg.ack_range = Some(AckRange {
            una: self.tcp.snd_una(),
            nxt: self.tcp.snd_nxt(),
            max_wnd: self.tcp.max_wnd(),
        });
        let verdict = self.conn.segment(&mut self.host, &seg);
        let after = self.conn.rcv_nxt();
        self.received += u64::from(after.wrapping_sub(before));
        let ask = self.ask(&seg, verdict, (acceptable, gap, beyond), (before, after));
        self.acker.ask(now, ask);
        let counts = matches!(verdict, Verdict::Arrival(_) | Verdict::CrcDrop);
        if counts && acceptable && seg.flags.has(Flags::ACK) {
            let ack = AckSegment {
                seq: seg.seq,
                ack: seg.ack,
                window: seg.window,
                len,
                sack: t.sack().to_vec(),
                tsecr: seg.timestamps.map(|t| t.1),
            };
            self.tcp.on_ack(now, &ack);
            self.complete(now);
        }
        if verdict == Verdict::Reset {
            self.die(now);
        }
        self.take_events(now);
        true
    }

    /// Headers and payload of a good frame of this connection.
    fn ours(&self, frame: &[u8]) -> Option<(FrameRepr, std::ops::Range<usize>)> {
        let (r, at) = FrameRepr::parse(frame).ok()?;
        let good = at.ip_checksum == SumState::Good && at.tcp_checksum == SumState::Good;
        let c = &self.cfg;
        let tuple = (r.ip.dst(), r.tcp.dst_port) == (c.local.ip, c.local.port)
            && (r.ip.src(), r.tcp.src_port) == (c.remote.ip, c.remote.port)
            && r.eth.vlan.map(|v| v.vid) == c.vlan
            && r.eth.dst == c.local.mac;
        (good && tuple).then_some((r, at.payload))
    }

    /// Octets beyond what was offered are not taken, as behind a shut window. True if some were.
    fn cut_at_edge(&self, seg: &mut Segment) -> bool {
        let left = self.edge - self.received;
        let ahead = i64::from(seq_diff(seg.seq, self.conn.rcv_nxt()));
        let room = (left as i64 - ahead).max(0) as usize;
        let beyond = seg.payload.len() > room;
        if beyond {
            seg.payload.truncate(room);
            seg.flags = Flags(seg.flags.0 & !Flags::FIN.0);
        }
        beyond
    }

    /// The acknowledgement that a segment asks for.
    fn ask(
        &mut self,
        seg: &Segment,
        verdict: Verdict,
        (acceptable, gap, beyond): (bool, bool, bool),
        (before, after): (u32, u32),
    ) -> Ask {
        let fin = seg.flags.has(Flags::FIN);
        let empty = seg.payload.is_empty() && !fin;
        match verdict {
            Verdict::Paws => Ask::Now,
            Verdict::Challenge => Ask::Challenge,
            Verdict::NoTimestamp | Verdict::Ignored | Verdict::Reset => Ask::Nothing,
            Verdict::CrcDrop if before == after => Ask::Nothing,
            _ if beyond || fin => Ask::Now,
            Verdict::Arrival(_) if empty && acceptable => Ask::Nothing,
            // Two ends may call each other's bare acknowledgements old: no answer to each.
            Verdict::Arrival(_) if empty => Ask::Challenge,
            Verdict::Arrival(Arrival::InOrder) | Verdict::CrcDrop => {
                if gap {
                    Ask::Now
                } else {
                    Ask::Delayed
                }
            }
            Verdict::Arrival(Arrival::OutOfOrder) => {
                self.acker.arrived(seg.seq);
                Ask::Now
            }
            Verdict::Arrival(Arrival::Duplicate) => {
                let end = seg.seq.wrapping_add(seg.payload.len() as u32);
                self.acker.duplicated(seg.seq, end);
                Ask::Now
            }
            Verdict::Arrival(Arrival::OutOfWindow) => Ask::Now,
        }
    }

    fn take_events(&mut self, now: Ns) {
        let out = self.conn.take_output();
        self.memory_errors += out.memory_errors.len();
        for (op, n) in &out.ops.0 {
            *self.ops.0.entry(*op).or_default() += n;
        }
        for e in out.events {
            self.on_event(now, &e);
            self.events.push(e);
        }
    }

    fn on_event(&mut self, now: Ns, event: &Event) {
        match event {
            Event::FirstFpdu => self.gate = true,
            Event::ReadRequest { msn, request } if self.state == State::Open => {
                self.answers.push_back(Answer::Read {
                    msn: *msn,
                    request: *request,
                });
            }
            Event::Atomic {
                msn,
                request_id,
                original,
            } if self.state == State::Open => {
                self.answers.push_back(Answer::Atomic {
                    msn: *msn,
                    id: *request_id,
                    original: *original,
                });
            }
            Event::ReadDone { sq_idx, .. } => self.answered(now, *sq_idx, None),
            Event::AtomicDone {
                sq_idx, original, ..
            } => self.answered(now, *sq_idx, Some(*original)),
            Event::TerminateReceived(t) => self.stop(now, SqStatus::RemoteTerminate(t.term)),
            Event::Error(e) if e.local => self.stop(now, SqStatus::ConnectionLost),
            Event::Error(e) => {
                let t = e.terminate();
                self.terminate_with(now, t, SqStatus::StreamError(e.term));
            }
            _ => {}
        }
    }

    fn answered(&mut self, now: Ns, sq_idx: u16, original: Option<u64>) {
        let waits = |w: &&mut Wqe| {
            w.index as u16 == sq_idx && w.request.work.awaits_answer() && !w.answered
        };
        if let Some(w) = self.sq.iter_mut().find(waits) {
            w.answered = true;
            w.original = original;
        }
        self.complete(now);
    }
}
