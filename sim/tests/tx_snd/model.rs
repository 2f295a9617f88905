//! The TCP sender as the RFCs have it, one event at a time, in whole numbers: the reference of the engine. It knows nothing of the
//! engine's stages. Where an RFC leaves a choice, the choice is named beside it.
//!
//! Numbers: sequence numbers and times are modulo 2^32; SRTT is kept in eighths and RTTVAR in quarters of a time unit, quotients
//! rounded down.

use std::collections::BTreeMap;

/// Registers.
#[derive(Clone, Copy, Debug)]
pub struct Regs {
    pub rto_init: u32,
    pub rto_min: u32,
    pub rto_max: u32,
    pub r2: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Install {
    pub remove: bool,
    pub conn: u32,
    pub gen: u8,
    pub una: u32,
    pub nxt: u32,
    pub wnd: u32,
    pub wl1: u32,
    pub wl2: u32,
    pub scale: u8,
    pub mss: u32,
    pub ts: bool,
    pub sack: bool,
    pub lost_syn: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ack {
    pub conn: u32,
    pub gen: u8,
    pub seq: u32,
    pub ack: u32,
    pub wnd: u16,
    pub len: u16,
    pub fin: bool,
    /// RX_ONLY, RST or a challenge: no news for a sender.
    pub void: u8,
    pub tsecr: Option<u32>,
    /// Left and right edges, newest first.
    pub sack: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sent {
    pub conn: u32,
    pub gen: u8,
    pub from: u32,
    pub len: u32,
    pub probe: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Install(Install),
    Ack(Ack),
    /// A SACK block that comes with an ACK, but not its newest.
    Block(u32, u8, (u32, u32)),
    Data(u32, u8, u32),
    Sent(Sent),
    Ask(u32, u8),
    Tick(u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Nothing,
    New,
    Again,
    Probe,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grant {
    pub conn: u32,
    pub gen: u8,
    pub kind: Kind,
    pub from: u32,
    pub budget: u32,
    pub idle: bool,
}

/// What an event makes the engine say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub grant: Option<Grant>,
    pub wake: bool,
    pub mirror: Option<[u32; 3]>,
    pub acked: Option<u32>,
    /// A probe's, or not.
    pub dead: Option<bool>,
    pub timeout: bool,
    pub fast: bool,
    pub probe: bool,
    pub r1: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Open,
    Recovery,
    Loss,
}

#[derive(Clone, Debug)]
pub struct Conn {
    pub gen: u8,
    pub scale: u8,
    pub mss: u32,
    pub ts: bool,
    pub sack: bool,
    pub dead: bool,
    pub una: u32,
    pub nxt: u32,
    pub max: u32,
    pub end: u32,
    pub wnd: u32,
    pub wl1: u32,
    pub wl2: u32,
    pub max_wnd: u32,
    pub cwnd: u32,
    pub ssthresh: u32,
    pub count: u32,
    pub recover: u32,
    /// `max` at the first of the duplicate ACKs.
    pub mark: u32,
    /// Eighths and quarters.
    pub rtt: Option<(u32, u32)>,
    pub rto: u32,
    /// Interval of probes.
    pub persist: Option<u32>,
    pub timer: Option<u32>,
    pub last: u32,
    pub timed: Option<(u32, u32)>,
    pub since: u32,
    pub tries: u32,
    pub again: bool,
    pub probe: bool,
    pub phase: Phase,
    pub dups: u32,
    pub part: bool,
    pub board: super::board::Board,
}

/// `a - b`, signed.
pub fn gap(a: u32, b: u32) -> i64 {
    i64::from(a.wrapping_sub(b) as i32)
}

/// RFC 5681 3.1.
pub fn initial_window(mss: u32) -> u32 {
    match mss {
        2191.. => 2 * mss,
        1096..=2190 => 3 * mss,
        _ => 4 * mss,
    }
}

impl Conn {
    fn new(i: &Install, regs: &Regs, now: u32) -> Self {
        Conn {
            gen: i.gen,
            scale: i.scale,
            mss: i.mss,
            ts: i.ts,
            sack: i.sack,
            dead: false,
            una: i.una,
            nxt: i.nxt,
            max: i.nxt,
            end: i.nxt,
            wnd: i.wnd,
            wl1: i.wl1,
            wl2: i.wl2,
            max_wnd: i.wnd,
            cwnd: if i.lost_syn {
                i.mss
            } else {
                initial_window(i.mss)
            },
            ssthresh: i32::MAX as u32,
            count: 0,
            recover: i.una.wrapping_sub(1),
            mark: i.una,
            rtt: None,
            rto: regs.rto_init.clamp(regs.rto_min, regs.rto_max),
            persist: None,
            timer: None,
            last: now,
            timed: None,
            since: now,
            tries: 0,
            again: false,
            probe: false,
            phase: Phase::Open,
            dups: 0,
            part: false,
            board: super::board::Board::new(i.una),
        }
    }

    pub fn outstanding(&self) -> u32 {
        self.max.wrapping_sub(self.una)
    }

    /// RFC 6298 2 and 5.
    fn sample(&mut self, r: u32, regs: &Regs) {
        let r = r.min((1 << 26) - 1);
        let (srtt, rttvar) = match self.rtt {
            None => (8 * r, 2 * r),
            Some((srtt, rttvar)) => {
                let e = i64::from(r) - i64::from(srtt / 8);
                (
                    (i64::from(srtt) + e) as u32,
                    rttvar - rttvar / 4 + e.unsigned_abs() as u32,
                )
            }
        };
        self.rtt = Some((srtt, rttvar));
        self.rto = (srtt / 8 + rttvar.max(1)).clamp(regs.rto_min, regs.rto_max);
    }

    /// RFC 5681 (4).
    fn halve(&self) -> u32 {
        let flight = if self.phase == Phase::Open && self.dups > 0 {
            self.mark.wrapping_sub(self.una)
        } else {
            self.outstanding()
        };
        (flight / 2).max(2 * self.mss)
    }

    /// RFC 5681 3.1, with appropriate byte counting (RFC 3465, L = 1).
    fn grow(&mut self, acked: u32) {
        if self.cwnd < self.ssthresh {
            self.cwnd += acked.min(self.mss);
        } else {
            self.count = self.count.wrapping_add(acked);
            if self.count >= self.cwnd {
                self.count -= self.cwnd;
                self.cwnd += self.mss;
            }
        }
        self.cwnd = self.cwnd.min(1 << 30);
    }

    fn ack(&mut self, a: &Ack, now: u32, regs: &Regs, said: &mut Said) -> bool {
        let acked = a.ack.wrapping_sub(self.una);
        if acked > self.outstanding() {
            return false;
        }
        let (was_out, old_wnd) = (self.outstanding() > 0, self.wnd);
        let window = u32::from(a.wnd) << self.scale;
        // RFC 9293 3.10.7.4: the window of a newer segment.
        if gap(a.seq, self.wl1) > 0 || (a.seq == self.wl1 && gap(a.ack, self.wl2) >= 0) {
            self.wnd = window;
            self.wl1 = a.seq;
            self.wl2 = a.ack;
            if window > self.max_wnd {
                self.max_wnd = window;
                said.mirror = Some([0; 3]);
            }
        }
        if self.persist.is_some() {
            self.tries = 0;
        }
        if acked == 0 {
            let news = a.sack.first().is_some_and(|b| {
                self.phase != Phase::Loss && self.board.news(*b, self.una, self.max)
            });
            let dup = was_out
                && if self.sack {
                    news
                } else {
                    a.len == 0 && !a.fin && window == old_wnd
                };
            if dup {
                self.duplicate(said);
            }
            return false;
        }
        // New data acknowledged.
        said.acked = Some(a.ack);
        said.mirror = Some([0; 3]);
        let mut renew = true;
        let left = self.max.wrapping_sub(a.ack);
        let covers = gap(a.ack, self.recover) >= 0;
        match self.phase {
            Phase::Recovery if covers => {
                if !self.sack {
                    self.cwnd = self.ssthresh.min(left.max(self.mss) + self.mss);
                }
                self.phase = Phase::Open;
                self.again = false;
            }
            Phase::Recovery => {
                renew = !self.part;
                self.part = true;
                self.again = !self.sack;
                if !self.sack {
                    self.cwnd = self.cwnd.saturating_sub(acked);
                    if acked >= self.mss {
                        self.cwnd += self.mss;
                    }
                    self.cwnd = self.cwnd.max(self.mss);
                }
            }
            phase => {
                self.grow(acked);
                if phase == Phase::Loss && covers {
                    self.phase = Phase::Open;
                    self.again = false;
                }
            }
        }
        self.dups = 0;
        self.tries = 0;
        self.probe = false;
        self.una = a.ack;
        if gap(a.ack, self.nxt) > 0 {
            self.nxt = a.ack;
        }
        if let Some((seq, at)) = self.timed {
            if gap(a.ack, seq) > 0 {
                self.timed = None;
                match (self.ts, a.tsecr) {
                    (false, _) => self.sample(now.wrapping_sub(at), regs),
                    (true, Some(echo)) => self.sample(now.wrapping_sub(echo), regs),
                    (true, None) => {}
                }
            }
        }
        renew
    }

    fn duplicate(&mut self, said: &mut Said) {
        match self.phase {
            Phase::Open => {
                let lost = self.sack && self.board.lost_first;
                let third = self.dups == 2 && (self.sack || gap(self.una, self.recover) > 0);
                let halved = self.halve();
                if self.dups == 0 {
                    self.mark = self.max;
                }
                self.dups = (self.dups + 1).min(3);
                if third || lost {
                    self.ssthresh = halved;
                    self.cwnd = halved + if self.sack { 0 } else { 3 * self.mss };
                    self.count = 0;
                    self.recover = self.max;
                    self.phase = Phase::Recovery;
                    self.again = true;
                    self.part = false;
                    self.board.enter();
                    said.fast = true;
                }
            }
            Phase::Recovery if !self.sack => self.cwnd = (self.cwnd + self.mss).min(1 << 30),
            _ => {}
        }
    }

    /// The retransmission timer has expired. True: start it again.
    fn expired(&mut self, now: u32, regs: &Regs, said: &mut Said) -> bool {
        let closed = self.wnd == 0;
        if self.tries > 0 && now.wrapping_sub(self.since) >= regs.r2 {
            self.dead = true;
            said.dead = Some(closed);
            return false;
        }
        if closed {
            self.probe = true;
            said.probe = true;
            let iv = self.persist.unwrap_or(self.rto);
            self.persist = Some(if iv > regs.rto_max / 2 {
                regs.rto_max
            } else {
                iv * 2
            });
        } else if self.outstanding() > 0 {
            said.timeout = true;
            said.r1 = self.tries == 2;
            if self.tries == 0 {
                self.ssthresh = self.halve();
            }
            self.cwnd = self.mss;
            self.count = 0;
            self.recover = self.max;
            self.nxt = self.una;
            self.phase = Phase::Loss;
            self.dups = 0;
            self.again = false;
            self.timed = None;
            self.rto = (self.rto * 2).clamp(regs.rto_min, regs.rto_max);
            self.board.forget();
        } else {
            return false;
        }
        if self.tries == 0 {
            self.since = now;
        }
        self.tries = (self.tries + 1).min(15);
        true
    }

    fn sent(&mut self, s: &Sent, now: u32) -> bool {
        let behind = s.from.wrapping_add(s.len);
        let new = gap(s.from, self.max) >= 0;
        if gap(behind, self.nxt) > 0 && gap(s.from, self.nxt) <= 0 && !s.probe {
            self.nxt = behind;
        }
        self.last = now;
        self.board.resent = !new && !s.probe;
        if s.probe {
            self.probe = false;
        } else if new || self.ts {
            if self.timed.is_none() {
                self.timed = Some((s.from, now));
            }
        } else {
            self.timed = None; // Karn
        }
        if gap(behind, self.max) > 0 {
            self.max = behind;
        }
        if s.from == self.una && !s.probe {
            self.again = false;
        }
        s.from == self.una
    }

    /// Whether and when the timer ends: RFC 6298 5.1 to 5.3, 9293 3.8.6.1.
    fn set_timer(&mut self, restart: bool, now: u32) {
        let closed = self.wnd == 0;
        let need = !self.dead && (self.outstanding() > 0 || (closed && self.end != self.una));
        let was = self.persist.is_some();
        let start = restart || self.timer.is_none() || closed != was;
        let interval = if closed {
            self.persist.unwrap_or(self.rto)
        } else {
            self.rto
        };
        self.persist = (closed && need).then_some(interval);
        self.timer = match (need, start) {
            (false, _) => None,
            (true, true) => Some(now.wrapping_add(interval)),
            (true, false) => self.timer,
        };
    }

    /// What may be sent.
    pub fn offer(&self, conn: u32) -> Grant {
        let mut g = Grant {
            conn,
            gen: self.gen,
            idle: self.outstanding() == 0,
            ..Grant::default()
        };
        if self.dead {
            return g;
        }
        if self.wnd == 0 {
            if self.probe && self.end != self.una {
                (g.kind, g.from, g.budget) = (Kind::Probe, self.una, 1);
            }
            return g;
        }
        if self.again && self.outstanding() > 0 {
            let known = self.board.first_hole().filter(|_| self.sack);
            let piece = known.unwrap_or(self.outstanding()).min(self.mss);
            (g.kind, g.from, g.budget) = (Kind::Again, self.una, piece);
            return g;
        }
        let flight = self.nxt.wrapping_sub(self.una);
        let rwnd = i64::from(self.wnd) - i64::from(flight);
        let more = i64::from(self.end.wrapping_sub(self.nxt));
        let room = rwnd.min(more);
        let cwnd = if self.sack && self.phase == Phase::Recovery {
            // RFC 6675 5 (C).
            let room = i64::from(self.cwnd) - self.board.pipe(self.una, self.max);
            if room < i64::from(self.mss) {
                return g;
            }
            if let Some((from, len)) = self.board.hole {
                (g.kind, g.from, g.budget) = (Kind::Again, from, len.min(self.mss));
                return g;
            }
            room
        } else {
            let extra = match (self.phase, self.dups) {
                (Phase::Open, n @ 1..=2) => n * self.mss,
                _ => 0,
            };
            i64::from(self.cwnd) + i64::from(extra) - i64::from(flight)
        };
        let room = room.min(cwnd);
        if room > 0 {
            g.kind = if self.nxt == self.max {
                Kind::New
            } else {
                Kind::Again
            };
            (g.from, g.budget) = (self.nxt, room as u32);
        }
        g
    }
}

/// All connections.
pub struct Model {
    pub regs: Regs,
    pub conns: BTreeMap<u32, Conn>,
}

impl Model {
    pub fn new(regs: Regs) -> Self {
        Model {
            regs,
            conns: BTreeMap::new(),
        }
    }

    /// The connection that an event of this number and generation is for.
    fn find(&mut self, conn: u32, gen: Option<u8>) -> Option<&mut Conn> {
        self.conns
            .get_mut(&conn)
            .filter(|c| !c.dead && gen.is_none_or(|g| g == c.gen))
    }

    /// Takes an event at time `now`.
    pub fn apply(&mut self, event: &Event, now: u32) -> Said {
        let mut said = Said::default();
        let regs = self.regs;
        let number = match event {
            Event::Install(i) => i.conn,
            Event::Ack(a) => a.conn,
            Event::Sent(s) => s.conn,
            Event::Block(c, ..) | Event::Data(c, ..) | Event::Ask(c, _) | Event::Tick(c) => *c,
        };
        let asks = matches!(event, Event::Ask(..));
        let mut tells = !asks && !matches!(event, Event::Tick(_));
        if let Event::Install(i) = event {
            if i.remove {
                if self.conns.get(&i.conn).is_some_and(|c| c.gen == i.gen) {
                    self.conns.remove(&i.conn);
                }
                return said;
            }
            self.conns.insert(i.conn, Conn::new(i, &regs, now));
        }
        let gen = match event {
            Event::Install(i) => Some(i.gen),
            Event::Ack(a) => Some(a.gen),
            Event::Sent(s) => Some(s.gen),
            Event::Block(_, g, _) | Event::Data(_, g, _) | Event::Ask(_, g) => Some(*g),
            Event::Tick(_) => None,
        };
        let Some(c) = self.find(number, gen) else {
            if asks {
                said.grant = Some(Grant {
                    conn: number,
                    gen: gen.unwrap_or(0),
                    ..Grant::default()
                });
            }
            return said;
        };
        // Behind a timeout no block is taken in, nor from the ACK that ends it.
        let keeps = c.sack && c.phase != Phase::Loss;
        let mut restart = false;
        match event {
            Event::Install(_) => {}
            Event::Ack(a) => {
                restart = c.ack(a, now, &regs, &mut said);
            }
            Event::Block(..) => {}
            Event::Data(_, _, end) => c.end = *end,
            Event::Sent(s) => {
                restart = c.sent(s, now);
                said.mirror = Some([0; 3]);
            }
            Event::Ask(..) | Event::Tick(_) => {
                // RFC 5681 4.1: idle for longer than RTO.
                if c.outstanding() == 0 && now.wrapping_sub(c.last) > c.rto {
                    c.cwnd = c.cwnd.min(initial_window(c.mss));
                }
                if !asks && c.timer.is_some_and(|t| gap(now, t) >= 0) {
                    restart = c.expired(now, &regs, &mut said);
                    tells = said.timeout || said.probe;
                }
            }
        }
        c.board.take(event, keeps, c.una, c.max, c.mss);
        if c.wnd > 0 {
            c.probe = false;
        }
        c.set_timer(restart, now);
        if said.mirror.is_some() {
            said.mirror = Some([c.una, c.max, c.max_wnd]);
        }
        let offer = c.offer(number);
        if asks {
            said.grant = Some(offer);
        } else {
            // In SACK recovery any event: the engine's scoreboard is slower than its wakes.
            let repairs = c.sack && c.phase == Phase::Recovery && c.wnd > 0;
            said.wake = tells && !c.dead && (offer.kind != Kind::Nothing || repairs);
        }
        said
    }
}
