//! What may leave now: retransmissions, new octets, probes; and where segments end.

use super::{Mode, Ns, Sent, TcpSender};

/// Why a segment leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    New,
    /// New octets for the first two duplicates (RFC 3042).
    Limited,
    FastRetransmit,
    /// RFC 6582: the next hole.
    PartialAck,
    /// NextSeg rules 1 and 3 of RFC 6675.
    Sack,
    /// NextSeg rule 4.
    Rescue,
    Timeout,
    Probe,
}

/// A segment to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutSegment {
    pub pos: u64,
    pub seq: u32,
    pub payload: Vec<u8>,
    pub psh: bool,
    pub fin: bool,
    pub reason: Reason,
}

impl OutSegment {
    /// Sequence numbers it occupies.
    pub fn len(&self) -> u64 {
        self.payload.len() as u64 + u64::from(self.fin)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl TcpSender {
    /// The next segment that may leave now.
    pub fn next_segment(&mut self, now: Ns) -> Option<OutSegment> {
        if self.dead {
            return None;
        }
        self.after_window(now);
        if std::mem::take(&mut self.probe) {
            return Some(self.transmit(now, self.una, self.una + 1, Reason::Probe));
        }
        if self.persist.is_some() {
            return None;
        }
        if let Some(reason) = self.force.take() {
            if self.una < self.max {
                let end = self.segment_end(self.una, true);
                self.high_rxt = self.high_rxt.max(end);
                self.rescue = Some(end);
                return Some(self.transmit(now, self.una, end, reason));
            }
        }
        match self.mode {
            Mode::Recovery if self.cfg.sack => self.sack_recovery(now),
            Mode::Loss => self.after_timeout(now),
            _ => {
                self.restart_after_idle(now);
                let (allowed, reason) = self.open_allowance();
                self.fresh(now, self.flight(), allowed, reason)
            }
        }
    }

    /// RFC 5681 4.1: nothing was sent for a time-out.
    fn restart_after_idle(&mut self, now: Ns) {
        let idle = self
            .last_sent
            .is_some_and(|t| now.saturating_sub(t) > self.rtt.rto());
        if idle && self.una == self.max && self.nxt < self.total() {
            self.cc.restart();
            self.last_sent = Some(now);
        }
    }

    /// Octets that may be under way, duplicates' share included (RFC 3042; with SACK by the pipe, RFC 6675 step 3).
    fn open_allowance(&self) -> (u64, Reason) {
        let cwnd = self.cwnd();
        if self.mode != Mode::Open || self.dup_acks == 0 || !self.cfg.limited_transmit {
            return (cwnd, Reason::New);
        }
        let more = if self.cfg.sack {
            (self.max - self.una) - self.board.unsacked(self.una, self.max)
        } else {
            u64::from(self.dup_acks.min(2)) * self.smss()
        };
        (cwnd + more, Reason::Limited)
    }

    /// Octets never sent, if `flight` and one segment more are within `allowed` and the window.
    fn fresh(&mut self, now: Ns, flight: u64, allowed: u64, reason: Reason) -> Option<OutSegment> {
        let from = self.nxt;
        if from >= self.total() {
            return None;
        }
        let want = self.segment_end(from, false);
        if flight + (want - from) > allowed {
            return None;
        }
        if self.cfg.nagle && want - from < self.smss() && self.una < self.max {
            return None;
        }
        let to = self.within_window(now, from, want)?;
        if reason == Reason::Limited && flight + (to - from) > self.cwnd() {
            self.limited += to - from;
        }
        Some(self.transmit(now, from, to, reason))
    }

    /// Silly window avoidance (RFC 9293 3.8.6.2.1): a piece only if it is half of the largest window, or waited long.
    fn within_window(&mut self, now: Ns, from: u64, want: u64) -> Option<u64> {
        if want <= self.edge {
            self.override_at = None;
            return Some(want);
        }
        let usable = self.edge.saturating_sub(from);
        if usable == 0 {
            return None;
        }
        if usable * 2 >= self.max_wnd || std::mem::take(&mut self.override_now) {
            self.override_at = None;
            return Some(self.edge);
        }
        if self.una == from && self.override_at.is_none() {
            self.override_at = Some(now + self.cfg.sws_override);
        }
        None
    }

    /// RFC 6675 section 5 step C.
    fn sack_recovery(&mut self, now: Ns) -> Option<OutSegment> {
        let smss = self.smss();
        let pipe = self.flight();
        if self.cwnd().saturating_sub(pipe) < smss {
            return None;
        }
        let from = self.board.hole_from(self.high_rxt.max(self.una));
        let hole = self.board.highest().is_some_and(|h| from < h) && from < self.edge;
        if hole && from < self.board.lost_below(smss) {
            return Some(self.resend_hole(now, from));
        }
        self.nxt = self.nxt.max(self.max);
        if let Some(s) = self.fresh(now, pipe, self.cwnd(), Reason::New) {
            return Some(s);
        }
        if hole {
            return Some(self.resend_hole(now, from));
        }
        self.rescue(now)
    }

    fn resend_hole(&mut self, now: Ns, from: u64) -> OutSegment {
        let to = self.segment_end(from, true);
        self.high_rxt = to;
        self.transmit(now, from, to, Reason::Sack)
    }

    /// NextSeg rule 4: the last octets that nobody has seen, once an acknowledgement shows that it is needed.
    fn rescue(&mut self, now: Ns) -> Option<OutSegment> {
        if self.rescue.is_some_and(|r| self.una < r) {
            return None;
        }
        let to = self.highest_unsacked()?;
        let hole = self.board.ranges().iter().rev().find(|r| r.1 < to);
        let low = hole.map_or(self.una, |r| r.1).max(self.una);
        let low = low.max(to.saturating_sub(self.smss()));
        let record = self.record_at(to - 1).map_or(low, |r| r.0);
        let from = record.max(low);
        if to > self.edge {
            return None;
        }
        self.rescue = Some(self.recover);
        Some(self.transmit(now, from, to, Reason::Rescue))
    }

    /// Behind the highest octet sent and not held.
    fn highest_unsacked(&self) -> Option<u64> {
        let to = match self.board.ranges().last() {
            Some(r) if r.1 == self.max => r.0,
            _ => self.max,
        };
        (to > self.una).then_some(to)
    }

    /// From `una` on again, in slow start, past what the receiver reported since.
    fn after_timeout(&mut self, now: Ns) -> Option<OutSegment> {
        self.nxt = self.board.hole_from(self.nxt);
        let flight = self.flight();
        if self.nxt >= self.max {
            return self.fresh(now, flight, self.cwnd(), Reason::New);
        }
        let from = self.nxt;
        if from >= self.edge {
            return None;
        }
        let to = self.segment_end(from, true);
        if flight + (to - from) > self.cwnd() {
            return None;
        }
        Some(self.transmit(now, from, to, Reason::Timeout))
    }

    fn record_at(&self, pos: u64) -> Option<(u64, u64)> {
        let i = self.records.partition_point(|r| r.1 <= pos);
        self.records.get(i).filter(|r| r.0 <= pos).copied()
    }

    /// Where a segment that starts at `from` ends: with its FPDU, or with the last of those that fit, or with the MSS. A
    /// retransmission ends besides at octets that are held, at what was sent, and at the right edge.
    fn segment_end(&self, from: u64, again: bool) -> u64 {
        let limit = from + self.smss();
        let mut to = self.record_at(from).map_or(self.end, |r| r.1).min(limit);
        while self.cfg.pack && to < self.end {
            match self.record_at(to) {
                Some((a, b)) if a == to && b <= limit => to = b,
                _ => break,
            }
        }
        if again {
            to = to.min(self.board.next_held(from).unwrap_or(u64::MAX));
            to = to.min(self.edge).min(self.max).max(from + 1);
        }
        if self.fin && to >= self.end && (!again || self.max > self.end) {
            to = self.end + 1;
        }
        to
    }

    fn transmit(&mut self, now: Ns, from: u64, to: u64, reason: Reason) -> OutSegment {
        let fin = to > self.end;
        let a = (from - self.una).min(self.end - self.una.min(self.end)) as usize;
        let b = (to.min(self.end).saturating_sub(self.una)) as usize;
        let payload: Vec<u8> = self.data.range(a..b.max(a)).copied().collect();
        if self.una == self.max {
            self.stuck_since = now;
        }
        if from < self.max {
            self.stats.retransmitted += 1;
            self.stats.retransmitted_octets += to.min(self.max) - from;
            for s in self.sent.iter_mut().filter(|s| s.from < to && from < s.to) {
                s.again = true;
            }
        }
        if to > self.max {
            let from = from.max(self.max);
            let again = false;
            let at = now;
            self.sent.push_back(Sent {
                from,
                to,
                at,
                again,
            });
        }
        self.stats.segments += 1;
        self.stats.octets += payload.len() as u64;
        self.stats.probes += u64::from(reason == Reason::Probe);
        self.max = self.max.max(to);
        if reason != Reason::Probe && from <= self.nxt {
            self.nxt = self.nxt.max(to);
        }
        self.last_sent = Some(now);
        if self.persist.is_none() && (self.rto_at.is_none() || from <= self.una) {
            self.rto_at = Some(now + self.rtt.rto());
        }
        OutSegment {
            pos: from,
            seq: self.seq_at(from),
            psh: !payload.is_empty() && to >= self.end,
            payload,
            fin,
            reason,
        }
    }
}
