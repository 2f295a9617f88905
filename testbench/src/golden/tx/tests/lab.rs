//! A sender alone: by hand, or against a receiver that acknowledges each segment, over a wire with a fixed delay.

use crate::golden::tcp_rx::TcpReceiver;
use crate::golden::tx::sender::*;
use std::collections::BTreeMap;

/// Times and segments as they left.
pub type Log = Vec<(Ns, OutSegment)>;

/// The sender with its clock, by hand.
pub struct Hand {
    pub s: TcpSender,
    pub now: Ns,
    pub wnd: u16,
    pub seq: u32,
}

impl Hand {
    /// `octets` are queued in pieces of `piece`.
    pub fn new(cfg: SenderConfig, octets: usize, piece: usize) -> Self {
        let wnd = (cfg.wnd >> cfg.wnd_scale).min(0xffff) as u16;
        let seq = cfg.wl1;
        let mut h = Hand {
            s: TcpSender::new(cfg, 0),
            now: 0,
            wnd,
            seq,
        };
        h.queue(octets, piece);
        h
    }

    pub fn queue(&mut self, octets: usize, piece: usize) {
        let all: Vec<u8> = (0..octets).map(|i| (i * 7 + i / 251) as u8).collect();
        for c in all.chunks(piece.max(1)) {
            self.s.queue(c);
        }
    }

    /// Everything that leaves now.
    pub fn out(&mut self) -> Vec<OutSegment> {
        let now = self.now;
        std::iter::from_fn(|| self.s.next_segment(now)).collect()
    }

    /// Positions of what leaves now.
    pub fn starts(&mut self) -> Vec<u64> {
        self.out().iter().map(|s| s.pos).collect()
    }

    pub fn seg(&self, ack: u64, sack: &[(u64, u64)]) -> AckSegment {
        let at = |p: u64| self.s.seq_at(p);
        AckSegment {
            seq: self.seq,
            ack: at(ack),
            window: self.wnd,
            len: 0,
            sack: sack.iter().map(|(a, b)| (at(*a), at(*b))).collect(),
            tsecr: None,
        }
    }

    pub fn ack(&mut self, ack: u64) -> AckVerdict {
        let a = self.seg(ack, &[]);
        self.s.on_ack(self.now, &a)
    }

    pub fn sack(&mut self, ack: u64, sack: &[(u64, u64)]) -> AckVerdict {
        let a = self.seg(ack, sack);
        self.s.on_ack(self.now, &a)
    }

    /// Goes to the next deadline.
    pub fn timer(&mut self) -> Vec<TimerEvent> {
        self.now = self.s.deadline().expect("a timer runs").max(self.now);
        self.s.on_timer(self.now)
    }
}

enum Happens {
    Arrives(OutSegment),
    Acked(AckSegment),
}

/// The sender against a receiver; `lost` says of each segment and its number whether it is lost.
pub struct Lab<F: FnMut(u64, &OutSegment) -> bool> {
    pub h: Hand,
    rx: TcpReceiver,
    pub got: Vec<u8>,
    delay: Ns,
    lost: F,
    queue: BTreeMap<(Ns, u64), Happens>,
    serial: u64,
    pub log: Log,
    /// Checked at each segment.
    pub edge: u64,
    /// From this segment on the MSS is another.
    pub narrow_at: Option<(usize, usize)>,
}

impl<F: FnMut(u64, &OutSegment) -> bool> Lab<F> {
    pub fn new(cfg: SenderConfig, octets: usize, piece: usize, delay: Ns, lost: F) -> Self {
        let rx = TcpReceiver::new(cfg.first_seq, 1 << 24);
        let edge = u64::from(cfg.wnd);
        Lab {
            h: Hand::new(cfg, octets, piece),
            rx,
            got: Vec::new(),
            delay,
            lost,
            queue: BTreeMap::new(),
            serial: 0,
            log: Vec::new(),
            edge,
            narrow_at: None,
        }
    }

    fn later(&mut self, what: Happens) {
        self.serial += 1;
        let at = self.h.now + self.delay;
        self.queue.insert((at, self.serial), what);
    }

    fn pump(&mut self) {
        loop {
            if let Some((_, mss)) = self.narrow_at.filter(|n| n.0 <= self.log.len()) {
                self.h.s.set_mss(mss);
            }
            let before = self.h.s.flight();
            let Some(s) = self.h.s.next_segment(self.h.now) else {
                return;
            };
            let end = s.pos + s.len();
            if s.reason != Reason::Probe {
                assert!(end <= self.edge, "beyond the window: {s:?}");
            }
            let snap = self.h.s.snapshot();
            let forced = matches!(s.reason, Reason::FastRetransmit | Reason::PartialAck);
            let limited = s.reason == Reason::Limited;
            if !forced && !limited && s.reason != Reason::Probe {
                assert!(before + s.len() <= snap.cwnd, "beyond cwnd: {s:?} {snap:?}");
            }
            let n = self.log.len() as u64;
            self.log.push((self.h.now, s.clone()));
            if !(self.lost)(n, &s) {
                self.later(Happens::Arrives(s));
            }
        }
    }

    /// Until everything is acknowledged; false: it never will be.
    pub fn run(&mut self) -> bool {
        for _ in 0..1_000_000 {
            self.pump();
            if self.h.s.idle() {
                return true;
            }
            let arrives = self.queue.keys().next().map(|k| k.0);
            let timer = self.h.s.deadline();
            let Some(at) = [arrives, timer].into_iter().flatten().min() else {
                return false;
            };
            self.h.now = at;
            if timer == Some(at) {
                self.h.s.on_timer(at);
            }
            while let Some(e) = self.queue.first_entry().filter(|e| e.key().0 <= at) {
                match e.remove() {
                    Happens::Arrives(s) => self.arrive(&s),
                    Happens::Acked(a) => {
                        self.h.s.on_ack(at, &a);
                    }
                }
                self.pump();
            }
        }
        false
    }

    fn arrive(&mut self, s: &OutSegment) {
        let (_, fresh) = self.rx.offer(s.seq, &s.payload);
        self.got.extend(fresh);
        while let Some(more) = self.rx.release() {
            self.got.extend(more.data);
        }
        let ack = self.rx.rcv_nxt();
        self.edge = self.rx.pos() + (u64::from(self.h.wnd) << self.h.s.config().wnd_scale);
        let mut sack = self.rx.gaps();
        // Newest first, as a receiver says it; four fit.
        sack.sort_by_key(|r| !(r.0..r.1).contains(&s.seq));
        sack.truncate(4);
        let stamps = self.h.s.config().timestamps;
        let tsecr = stamps.map(|c| c.at(self.h.now - self.delay));
        let sack = if self.h.s.config().sack {
            sack
        } else {
            Vec::new()
        };
        self.later(Happens::Acked(AckSegment {
            seq: self.h.seq,
            ack,
            window: self.h.wnd,
            len: 0,
            sack,
            tsecr,
        }));
    }

    /// Segments that left again, by reason.
    pub fn again(&self) -> Vec<(u64, Reason)> {
        let mut high = 0;
        let mut out = Vec::new();
        for (_, s) in &self.log {
            if s.pos < high {
                out.push((s.pos, s.reason));
            }
            high = high.max(s.pos + s.len());
        }
        out
    }
}
