//! Retransmission timer (RFC 6298 section 5), zero window probes (RFC 9293 3.8.6.1), override of silly window avoidance.

use super::{Mode, Ns, Persist, TcpSender};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerEvent {
    /// The retransmission timer expired; so many in a row.
    Timeout(u32),
    /// R1 was reached: the owner should know.
    R1,
    /// R2 was reached: the connection is given up (MPA error 1).
    GaveUp,
    /// A zero window probe is due.
    Probe,
    /// Octets held back for their small number may leave.
    Override,
}

impl TcpSender {
    /// When [`TcpSender::on_timer`] has something to do.
    pub fn deadline(&self) -> Option<Ns> {
        if self.dead {
            return None;
        }
        let persist = self.persist.map(|p| p.at);
        [self.rto_at, persist, self.override_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// To be called at each deadline; several events may be due.
    pub fn on_timer(&mut self, now: Ns) -> Vec<TimerEvent> {
        let mut events = Vec::new();
        if self.dead {
            return events;
        }
        if self.rto_at.is_some_and(|t| t <= now) {
            self.time_out(now, &mut events);
        }
        if let Some(p) = self.persist.filter(|p| p.at <= now) {
            if now - self.last_heard >= self.cfg.r2 {
                self.give_up(&mut events);
            } else {
                let interval = (p.interval * 2).min(self.cfg.rto_max);
                let at = now + interval;
                self.persist = Some(Persist { at, interval });
                self.probe = true;
                events.push(TimerEvent::Probe);
            }
        }
        if self.override_at.is_some_and(|t| t <= now) {
            self.override_at = None;
            self.override_now = true;
            events.push(TimerEvent::Override);
        }
        events
    }

    fn give_up(&mut self, events: &mut Vec<TimerEvent>) {
        self.dead = true;
        self.rto_at = None;
        self.persist = None;
        self.override_at = None;
        events.push(TimerEvent::GaveUp);
    }

    fn time_out(&mut self, now: Ns, events: &mut Vec<TimerEvent>) {
        self.timeouts += 1;
        self.stats.timeouts += 1;
        events.push(TimerEvent::Timeout(self.timeouts));
        if now - self.stuck_since >= self.cfg.r2 {
            return self.give_up(events);
        }
        if self.timeouts == self.cfg.r1 {
            events.push(TimerEvent::R1);
        }
        let flight = self.flight();
        self.cc.on_timeout(flight, self.timeouts == 1);
        self.rtt.back_off();
        self.mode = Mode::Loss;
        self.recover = self.max;
        self.recovered_once = true;
        self.nxt = self.una;
        self.board.clear();
        self.dup_acks = 0;
        self.limited = 0;
        self.inflation = 0;
        self.force = None;
        self.rescue = None;
        self.rto_at = Some(now + self.rtt.rto());
    }

    /// After a window was taken: the persist timer runs as long as the window is shut and something waits.
    pub(super) fn after_window(&mut self, now: Ns) {
        let waits = self.una < self.total();
        if self.edge > self.una || !waits {
            if self.persist.take().is_some() {
                self.probe = false;
                if self.una < self.max {
                    self.rto_at = Some(now + self.rtt.rto());
                }
            }
        } else if self.persist.is_none() {
            self.rto_at = None;
            let interval = self.rtt.rto();
            let at = now + interval;
            self.persist = Some(Persist { at, interval });
        }
    }
}
