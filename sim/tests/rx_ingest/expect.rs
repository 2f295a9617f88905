//! What must come out of ingest, and when: from the merged beats of each cycle.

use crate::frames::{parse, Parsed};
use crate::model::{Admission, Beat};
use ferrowarp_hdl::rx::cfg::Cfg;
use std::collections::{HashMap, VecDeque};

#[derive(Default, Debug)]
pub struct Counts {
    pub admitted: usize,
    pub injected: usize,
    pub no_slot: usize,
    pub no_credit: usize,
    pub no_room: usize,
    pub merge_lost: usize,
    pub bad: usize,
    pub cut: usize,
    pub launched: usize,
    pub tagged: usize,
    pub six: usize,
    pub six_tagged: usize,
    pub six_ok: usize,
    pub tpt: usize,
    pub late: usize,
    pub hdr_ok: usize,
    pub ts: usize,
    pub tcp_ok: usize,
    pub crc_ok: usize,
    pub wraps: usize,
}

/// A tuple, and what an IPv6 one has more.
pub type Tuple = (u128, Option<(u128, u128)>);

/// A frame that ended.
#[derive(Clone, Debug)]
pub struct Frame {
    pub slot: usize,
    pub start: usize,
    pub octets: Vec<u8>,
    pub bad: bool,
    pub tpt: bool,
    pub parsed: Parsed,
    /// Cycle T.
    pub end: u64,
}

/// A frame under way.
#[derive(Default)]
struct Open {
    start: usize,
    octets: Vec<u8>,
    beats: usize,
    launch_at: Option<u64>,
    tpt_at: Option<u64>,
    tpt: bool,
}

/// The outputs of one cycle that come straight from the port or R0.
#[derive(Default)]
pub struct Now {
    pub start: bool,
    pub launch: Option<Tuple>,
    pub stag: Option<u32>,
    pub pending: bool,
    pub ended: Option<Frame>,
}

/// Everything that is still to come.
pub struct Expect {
    k: usize,
    max_frame: usize,
    ipv6: bool,
    window: usize,
    admission: Admission,
    open: Option<Open>,
    /// TPT request of a frame that has ended: its STag is in the last beat.
    tail: Option<(u64, u32)>,
    /// The stream carries a frame that was not admitted, or the rest of one that was cut.
    skip: bool,
    stored: bool,
    ended: bool,
    launch: HashMap<u64, Tuple>,
    pulses: HashMap<(u64, &'static str), ()>,
    fifos: HashMap<&'static str, VecDeque<(u64, Frame)>>,
    popped: HashMap<&'static str, usize>,
    pub counts: Counts,
}

impl Expect {
    pub fn new(cfg: &Cfg, k: usize) -> Self {
        let names = ["done", "hdrb", "scan"];
        Expect {
            k,
            max_frame: cfg.max_frame,
            ipv6: cfg.ipv6,
            window: cfg.window,
            admission: Admission::new(cfg.slot_bits, cfg.stage_bits, cfg.max_frame, k),
            open: None,
            tail: None,
            skip: false,
            stored: false,
            ended: false,
            launch: HashMap::new(),
            pulses: HashMap::new(),
            fifos: names.map(|n| (n, VecDeque::new())).into(),
            popped: names.map(|n| (n, 0)).into(),
            counts: Counts::default(),
        }
    }

    /// The pipeline's credits allow one more frame.
    pub fn window_open(&self) -> bool {
        let popped = self.popped.values().min().copied().unwrap_or(0);
        self.counts.admitted - popped < self.window
    }

    /// A frame that begins now would be admitted.
    pub fn go(&self, admit: bool) -> bool {
        self.admission.slot_ok() && admit && self.admission.room_ok()
    }

    /// The merged beat of cycle `t`.
    pub fn port(&mut self, t: u64, beat: Option<&Beat>, admit: bool, injected: bool) -> Now {
        let mut now = Now {
            launch: self.launch.remove(&t),
            ..Default::default()
        };
        let tail = self.tail.take_if(|(at, _)| *at == t);
        self.stored = false;
        self.ended = false;
        if let Some(beat) = beat {
            if self.open.is_none() && !self.skip {
                self.first(t, admit, injected, &mut now);
            }
            if let Some(open) = self.open.take() {
                self.beat(t, beat, open, &mut now);
            }
            if beat.last {
                self.skip = false;
            }
        }
        if let Some(open) = &mut self.open {
            early(t, open, self.ipv6, &mut now);
        }
        if let Some((_, stag)) = tail {
            now.stag = Some(stag);
            now.pending = true;
        }
        now
    }

    fn first(&mut self, t: u64, admit: bool, injected: bool, now: &mut Now) {
        if self.go(admit) {
            self.counts.admitted += 1;
            self.counts.injected += usize::from(injected);
            now.start = true;
            self.open = Some(Open {
                start: self.admission.wp,
                ..Default::default()
            });
            return;
        }
        assert!(!injected, "an injected frame waits for room");
        self.skip = true;
        let (name, count) = if !self.admission.slot_ok() {
            ("drop_slot", &mut self.counts.no_slot)
        } else if !admit {
            ("drop_credit", &mut self.counts.no_credit)
        } else {
            ("drop_full", &mut self.counts.no_room)
        };
        *count += 1;
        self.pulses.insert((t + 1, name), ());
    }

    fn beat(&mut self, t: u64, beat: &Beat, mut open: Open, now: &mut Now) {
        let before = open.octets.len();
        open.octets.extend(&beat.data[..beat.octets]);
        open.beats += 1;
        self.stored = true;
        let after = open.octets.len();
        let crossed = |octet: usize| before <= octet && octet < after;
        let p = parse(&open.octets, self.ipv6);
        let cut = !beat.last && open.beats == self.max_frame.div_ceil(self.k);
        let ended = beat.last || cut;
        if let Some(tuple) = p.tuple.filter(|_| crossed(p.tuple_octet)) {
            self.launch.insert(t + 1, (tuple, p.upper));
            open.launch_at = Some(t + 1);
            self.counts.launched += 1;
        }
        if ended {
            early(t, &mut open, self.ipv6, now);
        }
        // By beat and lane: a frame may end in front of the octets, then what is on the lanes counts.
        let mut lanes = open.octets[..before].to_vec();
        lanes.extend(&beat.data[..self.k]);
        let q = parse(&lanes, self.ipv6);
        let here = (q.h + 7) / self.k == open.beats - 1;
        if p.tuple.is_some() && q.plen >= 24 && here && (!ended || self.k > 8) {
            open.tpt_at = Some(t + 1);
            if ended {
                self.tail = Some((t + 1, q.stag));
                open.tpt = true;
            }
        }
        if !ended {
            self.open = Some(open);
            return;
        }
        self.skip = cut;
        self.ended = true;
        self.finish(t, cut, cut || beat.bad, open, p, now);
    }

    fn finish(&mut self, t: u64, cut: bool, bad: bool, open: Open, p: Parsed, now: &mut Now) {
        let bad = bad || open.octets.len() > self.max_frame;
        let late = p.shown / self.k + 1 >= open.beats;
        let c = &mut self.counts;
        c.bad += usize::from(bad);
        c.cut += usize::from(cut);
        c.late += usize::from(late);
        c.tpt += usize::from(open.tpt);
        c.tagged += usize::from(p.tuple.is_some_and(|t| t >> 96 != 0));
        c.six += usize::from(p.upper.is_some());
        c.six_tagged += usize::from(p.upper.is_some() && p.tuple.is_some_and(|t| t >> 96 != 0));
        c.six_ok += usize::from(p.upper.is_some() && p.tcp_ok);
        c.hdr_ok += usize::from(p.hdr_ok);
        c.ts += usize::from(p.hdr_ok && p.ts);
        c.tcp_ok += usize::from(p.tcp_ok);
        c.crc_ok += usize::from(p.crc_ok);
        if bad {
            self.pulses.insert((t + 1, "frame_bad"), ());
        }
        let frame = Frame {
            slot: self.admission.head,
            start: open.start,
            octets: open.octets,
            bad,
            tpt: open.tpt,
            parsed: p,
            end: t,
        };
        for (name, at) in [
            ("done", t + u64::from(late)),
            ("hdrb", t + 2),
            ("scan", t + 3),
        ] {
            self.fifos
                .entry(name)
                .or_default()
                .push_back((at, frame.clone()));
        }
        now.ended = Some(frame);
    }

    /// The merge lost or cut a MAC frame in cycle `t`.
    pub fn lost(&mut self, t: u64) {
        self.counts.merge_lost += 1;
        self.pulses.insert((t + 1, "drop_merge"), ());
    }

    pub fn pulse(&mut self, t: u64, name: &'static str) -> bool {
        self.pulses.remove(&(t, name)).is_some()
    }

    /// The item at a FIFO's head, if it can be seen in cycle `t`.
    pub fn head(&self, name: &str, t: u64) -> Option<&Frame> {
        let (at, frame) = self.fifos[name].front()?;
        (*at <= t).then_some(frame)
    }

    pub fn visible(&self, name: &str, t: u64) -> bool {
        self.head(name, t).is_some()
    }

    /// The head came just now.
    pub fn fresh(&self, name: &str, t: u64) -> bool {
        self.fifos[name].front().is_some_and(|(at, _)| *at == t)
    }

    pub fn pop(&mut self, name: &str) {
        if let Some(q) = self.fifos.get_mut(name) {
            q.pop_front();
        }
        if let Some(n) = self.popped.get_mut(name) {
            *n += 1;
        }
    }

    /// A frame is under way or waits in a FIFO.
    pub fn in_hand(&self) -> bool {
        self.open.is_some() || self.skip || self.fifos.values().any(|q| !q.is_empty())
    }

    /// The clock edge.
    pub fn edge(&mut self, freed: &[usize]) {
        let before = self.admission.wp;
        self.admission.edge(self.stored, self.ended, freed);
        self.counts.wraps += usize::from(self.admission.wp < before);
    }
}

/// TPT request and `tpt_pending` of cycle `t`.
fn early(t: u64, open: &mut Open, ipv6: bool, now: &mut Now) {
    let launched = open.launch_at.is_some_and(|at| at <= t);
    now.pending = launched && !open.tpt;
    if open.tpt_at == Some(t) {
        now.stag = Some(parse(&open.octets, ipv6).stag);
        open.tpt = true;
    }
}
