//! The receiver's ACKs in plain Rust, from RFC 9293 3.8.6.3, 5681 4.2, 2018, 2883, 5961 7 and 7323 4.3. Shares nothing with the
//! hardware but the order of events and the time of each.

use std::collections::HashMap;

/// `a` is beyond `b`, modulo 2^32.
pub fn beyond(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

#[derive(Clone, Debug, Default)]
pub struct Install {
    pub conn: u32,
    pub gen: u8,
    pub remove: bool,
    pub rcv_nxt: u32,
    pub wnd: u16,
    pub mss: u32,
    pub ts: bool,
    pub sack: bool,
    pub recent: u32,
    pub una: u32,
    pub nxt: u32,
    pub max_wnd: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mode {
    #[default]
    None,
    Delayed,
    Now,
    Challenge,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    pub conn: u32,
    pub gen: u8,
    pub rcv_nxt: u32,
    pub mode: Mode,
    pub recent: u32,
    pub rst: bool,
    /// Flags RX_ONLY and DUP.
    pub rx_only: bool,
    pub dup: bool,
    pub blocks: Vec<(u32, u32)>,
}

#[derive(Clone, Debug)]
pub struct Mirror {
    pub conn: u32,
    pub gen: u8,
    pub una: u32,
    pub max: u32,
    pub max_wnd: u32,
}

#[derive(Clone, Debug)]
pub struct Ask {
    pub conn: u32,
    pub gen: u8,
    /// Octets from a sequence number on; none: a bare ACK.
    pub data: Option<(u32, u16)>,
    pub probe: bool,
}

#[derive(Clone, Debug)]
pub enum Event {
    Install(Install),
    /// The second event of an installation.
    Start(Install),
    Mirror(Mirror),
    Report(Report),
    Ask(Ask),
    Tick(u32),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    pub go: bool,
    pub seq: Option<u32>,
    pub ack: u32,
    pub wnd: u16,
    pub ts: Option<(u32, u32)>,
    pub sack: Vec<(u32, u32)>,
}

/// `snd_mirror`: una, nxt, last ACK, largest window.
pub type Told = [u32; 4];

#[derive(Clone, Debug, Default)]
pub struct Said {
    pub fields: Option<Fields>,
    pub due: bool,
    pub told: Option<Told>,
    pub expired: bool,
    pub refused: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Conn {
    pub i: Install,
    pub rcv_nxt: u32,
    pub last_ack: u32,
    pub recent: u32,
    pub owed: u32,
    pub deadline: Option<u32>,
    pub challenged: Option<u32>,
    pub blocks: Vec<(u32, u32)>,
    /// The first of them reports a duplicate, and has not been sent.
    pub dup: bool,
    /// The second event of the installation has come.
    pub started: bool,
    pub seq: u32,
    pub una: u32,
    pub max: u32,
    pub max_wnd: u32,
}

pub struct Model {
    pub conns: HashMap<u32, Conn>,
    pub delay: u32,
    pub gap: u32,
}

impl Conn {
    fn report(&mut self, r: &Report, now: u32, delay: u32, gap: u32, said: &mut Said) {
        self.recent = r.recent;
        if r.rx_only && !r.dup && r.mode != Mode::None {
            self.blocks = r.blocks.clone();
            // RFC 2883 4: below the acknowledgement number, or a part of the block behind it.
            self.dup = match self.blocks[..] {
                [(l, _), ..] if beyond(r.rcv_nxt, l) => true,
                [(l, r), (l2, r2), ..] => !beyond(l2, l) && !beyond(r, r2),
                _ => false,
            };
        }
        if r.mode == Mode::None {
            return;
        }
        let moved = beyond(r.rcv_nxt, self.rcv_nxt);
        if moved {
            self.rcv_nxt = r.rcv_nxt;
            // Older numbers are not worth a segment each.
            self.owed = self.owed.min(1);
        }
        let open = self.rcv_nxt.wrapping_sub(self.last_ack);
        if open > 0 && self.deadline.is_none() {
            self.deadline = Some(now.wrapping_add(delay));
        }
        match r.mode {
            Mode::Now if moved => self.owed = 1,
            Mode::Now => self.owed = (self.owed + 1).min(7),
            Mode::Challenge => {
                let calm = self.challenged.is_none_or(|at| now.wrapping_sub(at) >= gap);
                if calm {
                    self.challenged = Some(now);
                } else {
                    said.refused = true;
                }
                if calm || open > self.i.mss {
                    self.owed = self.owed.max(1);
                }
            }
            _ if open > self.i.mss => self.owed = self.owed.max(1),
            _ => (),
        }
    }

    fn acknowledges(&mut self) -> bool {
        let news = self.last_ack != self.rcv_nxt;
        self.last_ack = self.rcv_nxt;
        self.deadline = None;
        news
    }

    fn told(&self) -> Option<Told> {
        Some([self.una, self.max, self.last_ack, self.max_wnd])
    }
}

impl Model {
    pub fn apply(&mut self, event: &Event, now: u32) -> Said {
        let mut said = Said::default();
        let conn = match event {
            Event::Install(i) | Event::Start(i) => i.conn,
            Event::Mirror(m) => m.conn,
            Event::Report(r) => r.conn,
            Event::Ask(a) => a.conn,
            Event::Tick(c) => *c,
        };
        match event {
            Event::Install(i) if i.remove => {
                if self.conns.get(&conn).is_some_and(|c| c.i.gen == i.gen) {
                    self.conns.remove(&conn);
                }
            }
            Event::Install(i) => {
                let c = Conn {
                    i: i.clone(),
                    rcv_nxt: i.rcv_nxt,
                    last_ack: i.rcv_nxt,
                    recent: i.recent,
                    ..Conn::default()
                };
                self.conns.insert(conn, c);
            }
            Event::Start(i) => {
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.started = true;
                    (c.una, c.max, c.seq, c.max_wnd) = (i.una, i.nxt, i.nxt, i.max_wnd);
                }
            }
            Event::Mirror(m) => {
                if let Some(c) = self.live(conn, m.gen) {
                    let news = c.una != m.una || c.max_wnd != m.max_wnd || beyond(m.max, c.max);
                    (c.una, c.max_wnd) = (m.una, m.max_wnd);
                    if beyond(m.max, c.max) {
                        c.max = m.max;
                    }
                    if beyond(m.una, c.seq) {
                        c.seq = m.una;
                    }
                    said.told = c.told().filter(|_| news);
                }
            }
            Event::Report(r) => {
                let (delay, gap) = (self.delay, self.gap);
                if let Some(c) = self.live(conn, r.gen) {
                    c.report(r, now, delay, gap, &mut said);
                    if r.rst {
                        self.conns.remove(&conn);
                    }
                }
            }
            Event::Ask(a) => self.ask(a, now, &mut said),
            Event::Tick(_) => {
                let gap = self.gap;
                if let Some(c) = self.conns.get_mut(&conn) {
                    if c.deadline.is_some_and(|d| !beyond(d, now)) {
                        c.deadline = None;
                        c.owed = c.owed.max(1);
                        said.expired = true;
                    }
                    if c.challenged.is_some_and(|at| now.wrapping_sub(at) >= gap) {
                        c.challenged = None;
                    }
                }
            }
        }
        said.due = self.conns.get(&conn).is_some_and(|c| c.owed > 0);
        said
    }

    fn live(&mut self, conn: u32, gen: u8) -> Option<&mut Conn> {
        self.conns.get_mut(&conn).filter(|c| c.i.gen == gen)
    }

    fn ask(&mut self, a: &Ask, now: u32, said: &mut Said) {
        let fields = said.fields.insert(Fields::default());
        let Some(c) = self.live(a.conn, a.gen) else {
            return;
        };
        if a.data.is_none() && c.owed == 0 {
            return;
        }
        fields.go = true;
        fields.ack = c.rcv_nxt;
        fields.wnd = c.i.wnd;
        fields.ts = c.i.ts.then_some((now, c.recent));
        let mut tell = c.acknowledges();
        match a.data {
            None => {
                fields.seq = Some(c.seq);
                let most = if c.i.ts { 3 } else { 4 };
                if c.i.sack {
                    fields.sack = c.blocks.iter().copied().take(most).collect();
                }
                c.owed -= 1;
                if std::mem::take(&mut c.dup) {
                    c.blocks.remove(0);
                }
            }
            Some((seq, len)) => {
                // No duplicate ACK, and no room for blocks: it replaces an ACK of a new number alone.
                if tell && c.blocks.is_empty() {
                    c.owed = c.owed.saturating_sub(1);
                }
                let end = seq.wrapping_add(len.into());
                if beyond(end, c.max) {
                    c.max = end;
                    tell = true;
                }
                if beyond(end, c.seq) && !a.probe {
                    c.seq = end;
                }
            }
        }
        said.told = c.told().filter(|_| tell);
    }
}
