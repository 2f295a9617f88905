//! Streams of FPDUs through the core: the test plays the segment half, a path that delays and loses, and the peers. Every
//! octet on the wire is the stream's, and in the end each peer has all of its stream.

use super::acks::block_octets;
use super::bench::{
    n, width, Bench, Grant, Item, Setup, Val, ACK, DATA, FPDU, MSS, PAYLOAD, SCALE, TURN,
};
use super::encoder::Fpdu;
use super::frame::Frame;
use super::rx_tables::Cases;
use std::collections::{BTreeMap, VecDeque};

/// Cycles from the wire to the peer, and back.
const DELAY: u64 = 1500;
/// Segments of a grant.
const QUANTUM: usize = 4;

fn gap(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

enum Packet {
    There(Frame),
    Back(Item),
}

struct Flow {
    s: Setup,
    fpdus: Vec<Fpdu>,
    /// Offset of each FPDU, and behind the last.
    starts: Vec<u32>,
    stream: Vec<u8>,
    /// FPDUs that exist.
    given: usize,
    // the peer
    rcv_nxt: u32,
    early: Vec<(u32, u32)>,
    /// Edge of its window; how far its reader is behind.
    edge: u32,
    space: u32,
    slow: bool,
    /// Its own octets: sent, and acknowledged by us.
    own: u32,
    acked: u32,
    segments: usize,
    probes: usize,
    cuts: usize,
}

struct World {
    b: Bench<'static>,
    bits: usize,
    flows: Vec<Flow>,
    air: BTreeMap<u64, Vec<Packet>>,
    cases: Cases,
    loss: u32,
    /// Peers send octets too.
    both: bool,
    grants: VecDeque<Grant>,
    octets: u64,
}

struct Kind {
    flows: u32,
    octets: usize,
    sack: bool,
    loss: u32,
    both: bool,
    slow: bool,
}

impl World {
    fn new(bits: usize, test: &'static str, k: &Kind) -> World {
        let mut cases = Cases::new(test);
        let mut b = Bench::new(bits, 200, 1000, cases.seed);
        let mut flows = vec![];
        for conn in 0..k.flows {
            let snd = (cases.bits(16) as u32).wrapping_sub(1 << 15);
            let space = if k.slow { 3600 } else { 60_000 };
            let s = Setup {
                conn,
                gen: 9,
                snd,
                rcv: 0u32.wrapping_sub(700),
                peer_wnd: space,
                ts: conn % 2 == 0,
                sack: k.sack,
            };
            b.install(&s);
            let (mut fpdus, mut starts, mut stream) = (vec![], vec![0], vec![]);
            while stream.len() < k.octets {
                // 14 octets of header (tagged), a length field, PAD and CRC: MSS at most.
                let most = MSS as usize - 20 - 3;
                let len = if cases.chance(60) {
                    most
                } else {
                    1 + cases.below(most)
                };
                let f = Fpdu {
                    hdr: cases.bytes(14),
                    payload: cases.bytes(len),
                    crc: conn % 3 != 0,
                    ..Fpdu::default()
                };
                stream.extend(f.octets());
                starts.push(stream.len() as u32);
                fpdus.push(f);
            }
            flows.push(Flow {
                edge: s.snd.wrapping_add(space),
                rcv_nxt: s.snd,
                own: s.rcv,
                acked: s.rcv,
                s,
                fpdus,
                starts,
                stream,
                given: 0,
                early: vec![],
                space,
                slow: k.slow,
                segments: 0,
                probes: 0,
                cuts: 0,
            });
        }
        World {
            b,
            bits,
            flows,
            air: BTreeMap::new(),
            cases,
            loss: k.loss,
            both: k.both,
            grants: VecDeque::new(),
            octets: 0,
        }
    }

    /// FPDUs come to exist.
    fn give(&mut self) {
        for (conn, f) in self.flows.iter_mut().enumerate() {
            let ahead = f.starts[f.given].wrapping_sub(f.rcv_nxt.wrapping_sub(f.s.snd));
            if f.given < f.fpdus.len() && ahead < 40_000 {
                f.given = (f.given + 1 + self.cases.below(6)).min(f.fpdus.len());
                let end = f.s.snd.wrapping_add(f.starts[f.given]);
                self.b.put(
                    DATA,
                    vec![
                        ("data_conn", n(conn as u32)),
                        ("data_gen", n(f.s.gen)),
                        ("data_end", n(end)),
                    ],
                );
            }
        }
    }

    /// The segment half serves a grant.
    fn play(&mut self, g: &Grant) {
        let f = &mut self.flows[g.conn as usize];
        assert_eq!(g.gen, f.s.gen);
        let mut at = g.from.wrapping_sub(f.s.snd);
        let mut budget = g.budget;
        let most = if g.kind == 1 { QUANTUM } else { 1 };
        let mut turns: Vec<(u32, u32, usize, u32)> = vec![];
        while turns.len() < most && at < f.starts[f.given] && budget > 0 {
            let i = f.starts.partition_point(|s| *s <= at) - 1;
            let (skip, rest) = (at - f.starts[i], f.starts[i + 1] - at);
            let take = match g.kind {
                3 => 1,
                _ if rest <= budget => rest,
                // Silly window avoidance: a part only if nothing is outstanding.
                1 if !g.idle => 0,
                _ => budget,
            };
            if take == 0 {
                break;
            }
            f.cuts += usize::from(take < rest);
            turns.push((at, take, i, skip));
            at += take;
            budget -= take;
        }
        let count = turns.len();
        let design = &width(self.bits).design;
        for (j, (at, take, i, skip)) in turns.into_iter().enumerate() {
            let last = j + 1 == count;
            let turn = turn(g, f.s.snd.wrapping_add(at), take, last);
            self.b.put(TURN, turn);
            let p = &f.fpdus[i];
            let mut hdr = [0; 16];
            hdr[..14].copy_from_slice(&p.hdr);
            let fields = [
                ("hdr_len", 14),
                ("hdr", u128::from_le_bytes(hdr)),
                ("payload_len", p.payload.len() as u128),
                ("crc_en", p.crc.into()),
                ("skip", skip.into()),
                ("take", take.into()),
            ];
            let fields = fields.iter().map(|(n, v)| (n.to_string(), *v)).collect();
            let job = design.pack("fpdu", &fields);
            self.b.put(FPDU, vec![("fpdu", Val::Octets(job))]);
            let k = self.bits / 8;
            let beats = p.payload.len().div_ceil(k);
            for (b, part) in p.payload.chunks(k).enumerate() {
                let mut data = part.to_vec();
                data.resize(k, 0xEE);
                self.b.put(
                    PAYLOAD,
                    vec![
                        ("payload_tdata", Val::Octets(data)),
                        ("payload_tkeep", n(u64::MAX >> (64 - part.len()))),
                        ("payload_tlast", n(u8::from(b + 1 == beats))),
                    ],
                );
            }
        }
        if count == 0 {
            self.b.put(TURN, turn(g, 0, 0, true));
        }
    }

    /// A frame has left.
    fn leave(&mut self, frame: Frame, begun: u64) {
        let f = &mut self.flows[frame.conn as usize];
        assert_eq!(frame.ts.is_some(), f.s.ts);
        assert!(gap(frame.ack, f.acked) >= 0 && gap(f.own, frame.ack) >= 0);
        if !frame.payload.is_empty() {
            let at = frame.seq.wrapping_sub(f.s.snd) as usize;
            let want = &f.stream[at..at + frame.payload.len()];
            assert!(frame.payload == want, "{} octets at {at}", want.len());
            f.segments += 1;
            self.octets += frame.payload.len() as u64;
            if self.cases.chance(self.loss) {
                return;
            }
        }
        let at = begun + DELAY + self.cases.below(8) as u64;
        self.air
            .entry(at.max(self.b.clock))
            .or_default()
            .push(Packet::There(frame));
    }

    /// A segment arrives: the peer answers.
    fn arrive(&mut self, frame: Frame) {
        let f = &mut self.flows[frame.conn as usize];
        if gap(frame.ack, f.acked) > 0 {
            f.acked = frame.ack;
        }
        if frame.payload.is_empty() {
            assert!(
                gap(f.edge, frame.seq) >= 0,
                "the peer would not take this ACK"
            );
            return;
        }
        let from = frame.seq;
        let end = from.wrapping_add(frame.payload.len() as u32);
        if gap(end, f.edge) > 0 {
            assert!(
                frame.payload.len() == 1 && from == f.edge,
                "beyond the window"
            );
            f.probes += 1;
        } else if gap(from, f.rcv_nxt) > 0 {
            let touches = |r: &(u32, u32)| gap(r.0, end) <= 0 && gap(from, r.1) <= 0;
            let (mut l, mut r) = (from, end);
            for t in f.early.iter().filter(|t| touches(t)) {
                l = if gap(t.0, l) < 0 { t.0 } else { l };
                r = if gap(t.1, r) > 0 { t.1 } else { r };
            }
            f.early.retain(|t| !touches(t));
            f.early.insert(0, (l, r));
        } else if gap(end, f.rcv_nxt) > 0 {
            f.rcv_nxt = end;
            while let Some(i) = f.early.iter().position(|(l, _)| gap(*l, f.rcv_nxt) <= 0) {
                let (_, r) = f.early.remove(i);
                if gap(r, f.rcv_nxt) > 0 {
                    f.rcv_nxt = r;
                }
            }
        }
        if !f.slow {
            f.edge = f.rcv_nxt.wrapping_add(f.space);
        }
        self.answer(frame.conn as usize, frame.ts.map(|t| t.0));
    }

    /// An ACK of the peer, perhaps with octets of its own, as the receive path reports it.
    fn answer(&mut self, conn: usize, stamp: Option<u32>) {
        let own = if self.both && self.cases.chance(50) {
            1 + self.cases.below(1460) as u32
        } else {
            0
        };
        // Not lost if it has octets: the peer would send them again, which this one does not do.
        if own == 0 && self.cases.chance(self.loss) {
            return;
        }
        let f = &mut self.flows[conn];
        let seq = f.own;
        f.own = f.own.wrapping_add(own);
        let most = if f.s.ts { 3 } else { 4 };
        let blocks: Vec<_> = f
            .early
            .iter()
            .copied()
            .take(if f.s.sack { most } else { 0 })
            .collect();
        let wnd = f.edge.wrapping_sub(f.rcv_nxt) >> SCALE;
        let item = vec![
            ("ack_conn", n(conn as u32)),
            ("ack_gen", n(f.s.gen)),
            ("ack_seq", n(seq)),
            ("ack_ack", n(f.rcv_nxt)),
            ("ack_wnd", n(wnd)),
            ("ack_payload_len", n(own)),
            ("ack_flags", n(if stamp.is_some() { 0x100u16 } else { 0 })),
            ("ack_tsecr", n(stamp.unwrap_or(0))),
            ("ack_ts_recent", n(0x77u32)),
            ("ack_peer_sack_n", n(blocks.len() as u32)),
            ("ack_peer_sack", Val::Octets(block_octets(&blocks))),
            ("ack_rcv_nxt", n(f.own)),
            ("ack_ack_mode", n(u8::from(own > 0))),
            ("ack_own_sack_n", n(0u8)),
            ("ack_own_sack", Val::Octets(vec![0; 32])),
        ];
        let at = self.b.clock + DELAY;
        self.air.entry(at).or_default().push(Packet::Back(item));
    }

    /// Runs until every peer has its stream and we have acknowledged all of theirs.
    fn run(&mut self, most: u64) -> u64 {
        let start = self.b.clock;
        loop {
            if self.b.clock % 64 == 0 {
                self.give();
            }
            let grants: Vec<_> = self.b.grants.drain(..).collect();
            self.grants.extend(grants);
            if self.b.waiting(TURN) < 2 && self.b.waiting(PAYLOAD) < 600 {
                if let Some(g) = self.grants.pop_front() {
                    self.play(&g);
                }
            }
            while let Some((frame, begun)) = self.b.frames.pop_front() {
                self.leave(frame, begun);
            }
            // Slow readers take what is there now and then, and tell of it, which may be lost.
            if self.b.clock % 40_000 == 39_999 {
                for conn in 0..self.flows.len() {
                    let f = &mut self.flows[conn];
                    if f.slow && f.edge != f.rcv_nxt.wrapping_add(f.space) {
                        f.edge = f.rcv_nxt.wrapping_add(f.space);
                        self.answer(conn, None);
                    }
                }
            }
            let now = self.b.clock;
            while let Some(e) = self.air.first_entry().filter(|e| *e.key() <= now) {
                for p in e.remove() {
                    match p {
                        Packet::There(f) => self.arrive(f),
                        Packet::Back(item) => self.b.put(ACK, item),
                    }
                }
            }
            assert!(self.b.dead.is_empty());
            let all = |f: &Flow| {
                f.rcv_nxt.wrapping_sub(f.s.snd) as usize == f.stream.len() && f.acked == f.own
            };
            if self.flows.iter().all(all) && self.air.is_empty() {
                break;
            }
            if self.b.clock - start > most {
                for f in &self.flows {
                    println!(
                        "{}: {} of {} octets, own {} acked {}, mirror {:x?}",
                        f.s.conn,
                        f.rcv_nxt.wrapping_sub(f.s.snd),
                        f.stream.len(),
                        f.own,
                        f.acked,
                        self.b.mirror.get(&f.s.conn)
                    );
                }
                panic!("not at the end within {most} cycles");
            }
            self.b.cycle();
        }
        let took = self.b.clock - start;
        for (conn, una) in &self.b.acked {
            let f = &self.flows[*conn as usize];
            assert!(una.wrapping_sub(f.s.snd) as usize <= f.stream.len());
        }
        let sum = |g: &dyn Fn(&Flow) -> usize| self.flows.iter().map(g).sum::<usize>();
        println!(
            "{took} cycles, {} segments, {} cuts, {} probes, {:?}, {:.3} of the wire",
            sum(&|f| f.segments),
            sum(&|f| f.cuts),
            sum(&|f| f.probes),
            self.b.counts,
            self.octets as f64 / (took * self.bits as u64 / 8) as f64
        );
        took
    }
}

fn turn(g: &Grant, seq: u32, len: u32, last: bool) -> Item {
    vec![
        ("turn_conn", n(g.conn)),
        ("turn_gen", n(g.gen)),
        ("turn_seq", n(seq)),
        ("turn_len", n(len)),
        ("turn_n_fpdu", n(1u8)),
        ("turn_psh", n(u8::from(last))),
        ("turn_probe", n(u8::from(g.kind == 3))),
        ("turn_last", n(u8::from(last))),
    ]
}

/// No loss: nothing goes twice, and the wire is full.
fn clean(bits: usize, test: &'static str) {
    let k = Kind {
        flows: 6,
        octets: 100_000,
        sack: true,
        loss: 0,
        both: true,
        slow: false,
    };
    let mut w = World::new(bits, test, &k);
    let took = w.run(400_000);
    assert_eq!(w.b.counts["fast"] + w.b.counts["timeout"], 0);
    let once: usize = w.flows.iter().map(|f| f.stream.len()).sum();
    assert_eq!(w.octets as usize, once, "each octet once");
    // Headers are the rest, and the slow start.
    assert!(bits != 64 || w.octets as f64 > took as f64 * 8.0 * 0.82);
}

#[test]
fn transfers_64() {
    clean(64, "tx_core transfers_64");
}

#[test]
fn transfers_512() {
    clean(512, "tx_core transfers_512");
}

fn lossy(bits: usize, sack: bool, test: &'static str) {
    let k = Kind {
        flows: 6,
        octets: 100_000,
        sack,
        loss: 3,
        both: true,
        slow: false,
    };
    let mut w = World::new(bits, test, &k);
    (w.b.pauses, w.b.stalls) = (15, 10);
    w.run(3_000_000);
    assert!(w.b.counts["fast"] > 2, "{:?}", w.b.counts);
}

#[test]
fn losses_64() {
    lossy(64, false, "tx_core losses_64");
}

#[test]
fn losses_with_sack_64() {
    lossy(64, true, "tx_core losses_with_sack_64");
}

#[test]
fn losses_with_sack_512() {
    lossy(512, true, "tx_core losses_with_sack_512");
}

/// Windows smaller than an FPDU, closed windows, lost updates: cuts and probes.
#[test]
fn slow_readers_64() {
    let k = Kind {
        flows: 4,
        octets: 20_000,
        sack: false,
        loss: 4,
        both: false,
        slow: true,
    };
    let mut w = World::new(64, "tx_core slow_readers_64", &k);
    w.run(4_000_000);
    let probes: usize = w.flows.iter().map(|f| f.probes).sum();
    let cuts: usize = w.flows.iter().map(|f| f.cuts).sum();
    assert!(probes > 3 && cuts > 3, "{probes} probes, {cuts} cuts");
}
