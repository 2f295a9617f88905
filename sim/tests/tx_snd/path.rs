//! The engine in a closed loop: a segmenter that obeys its grants, a path with delay and loss, receivers that acknowledge with or
//! without SACK. Transfers end, and no octet goes out beyond what the receiver has offered.

use super::bench::{Bench, Out, CONN_BITS};
use super::model::{gap, Ack, Install, Kind, Regs, Sent};
use super::rx_tables::Cases;
use std::collections::BTreeMap;

const MSS: u32 = 1000;
/// Cycles of a segment on the wire, of the way there and back.
const WIRE: u64 = 60;
const DELAY: u64 = 1500;

fn regs() -> Regs {
    Regs {
        rto_init: 3000,
        rto_min: 700,
        rto_max: 20_000,
        r2: 1_000_000,
    }
}

enum Packet {
    Data {
        conn: usize,
        from: u32,
        len: u32,
        at: u32,
    },
    Ack(Ack),
}

struct Flow {
    una: u32,
    end: u32,
    sack: bool,
    ts: bool,
    // scheduler
    ready: bool,
    asking: bool,
    // receiver
    rcv_nxt: u32,
    early: Vec<(u32, u32)>,
    /// Edge of the window as the sender has been told.
    edge: u32,
    wnd: u32,
    /// Segments sent, and those to drop by number.
    segments: usize,
    lost: Vec<usize>,
    /// Stretches that went more than once.
    again: Vec<(u32, u32)>,
    max: u32,
}

struct World<'a> {
    b: Bench<'a>,
    flows: Vec<Flow>,
    air: BTreeMap<u64, Vec<Packet>>,
    wire: u64,
    cases: Cases,
    loss: u32,
}

impl World<'_> {
    fn new(test: &'static str, flows: usize, octets: u32, sack: bool, ts: u32, loss: u32) -> Self {
        let mut cases = Cases::new(test);
        let mut w = World {
            b: Bench::new(regs(), 3, cases.seed),
            flows: vec![],
            air: BTreeMap::new(),
            wire: 0,
            loss,
            cases: Cases::new(test),
        };
        for conn in 0..flows {
            let una = match conn % 3 {
                0 => 0u32.wrapping_sub(octets / 2),
                1 => 0x8000_0000 - octets / 2,
                _ => cases.bits(32) as u32,
            };
            let f = Flow {
                una,
                end: una.wrapping_add(octets),
                sack,
                ts: cases.chance(ts),
                ready: false,
                asking: false,
                rcv_nxt: una,
                early: vec![],
                edge: una.wrapping_add(60_000),
                wnd: 60_000,
                segments: 0,
                lost: vec![],
                again: vec![],
                max: una,
            };
            w.b.install(Install {
                conn: conn as u32,
                gen: 9,
                una,
                nxt: una,
                wnd: f.wnd,
                wl1: 5,
                wl2: una,
                scale: 2,
                mss: MSS,
                ts: f.ts,
                sack,
                ..Install::default()
            });
            w.flows.push(f);
        }
        w.b.settle();
        for conn in 0..flows {
            if let Some(c) = w.b.model.conns.get_mut(&(conn as u32)) {
                c.board.strict = true;
            }
            let end = w.flows[conn].end;
            w.b.data(conn as u32, 9, end);
        }
        w
    }

    fn said(&mut self, out: Out) {
        match out {
            Out::Wake(c) => self.flows[c as usize].ready = true,
            Out::Grant(g) => {
                let conn = g.conn as usize;
                if g.kind == Kind::Nothing {
                    self.flows[conn].asking = false;
                    return;
                }
                // One segment each time, or all of them at once.
                let all = self.cases.chance(30);
                let total = if all {
                    g.budget.min(4 * MSS)
                } else {
                    g.budget.min(MSS)
                };
                let (mut from, end) = (g.from, g.from.wrapping_add(total));
                let f = &self.flows[conn];
                assert!(gap(f.end, end) >= 0, "octets that do not exist");
                assert!(
                    g.kind == Kind::Probe || gap(f.edge, end) >= 0,
                    "{g:?} ends beyond the window's edge {}",
                    f.edge
                );
                while from != end {
                    let len = end.wrapping_sub(from).min(MSS);
                    self.leave(conn, from, len);
                    from = from.wrapping_add(len);
                }
                self.b.sent(Sent {
                    conn: g.conn,
                    gen: g.gen,
                    from: g.from,
                    len: total,
                    probe: g.kind == Kind::Probe,
                });
                self.flows[conn].asking = false;
            }
            Out::Dead(c, _) => panic!("connection {c} was given up"),
            Out::Acked(..) | Out::Mirror(..) => {}
        }
    }

    fn leave(&mut self, conn: usize, from: u32, len: u32) {
        let f = &mut self.flows[conn];
        let behind = from.wrapping_add(len);
        if gap(from, f.max) < 0 {
            f.again.push((from, len));
        }
        if gap(behind, f.max) > 0 {
            f.max = behind;
        }
        let number = f.segments;
        f.segments += 1;
        self.wire = self.wire.max(self.b.clock) + WIRE;
        if f.lost.contains(&number) || self.cases.chance(self.loss) {
            return;
        }
        let jitter = self.cases.below(20) as u64;
        self.air
            .entry(self.wire + DELAY + jitter)
            .or_default()
            .push(Packet::Data {
                conn,
                from,
                len,
                at: self.b.now,
            });
    }

    /// A segment arrives: the receiver answers.
    fn arrive(&mut self, conn: usize, from: u32, len: u32, at: u32) {
        let f = &mut self.flows[conn];
        let behind = from.wrapping_add(len);
        assert!(
            gap(f.rcv_nxt.wrapping_add(f.wnd), behind) >= 0,
            "beyond the receiver's window"
        );
        if gap(from, f.rcv_nxt) > 0 {
            // The newest stretch first (RFC 2018 4).
            let (touched, rest): (Vec<_>, Vec<_>) = f
                .early
                .iter()
                .partition(|(l, r)| gap(*l, behind) <= 0 && gap(from, *r) <= 0);
            let l = touched.iter().map(|t: &(u32, u32)| t.0).fold(from, |a, b| {
                if gap(b, a) < 0 {
                    b
                } else {
                    a
                }
            });
            let r = touched
                .iter()
                .map(|t| t.1)
                .fold(behind, |a, b| if gap(b, a) > 0 { b } else { a });
            f.early = rest;
            f.early.insert(0, (l, r));
        } else if gap(behind, f.rcv_nxt) > 0 {
            f.rcv_nxt = behind;
            while let Some(i) = f.early.iter().position(|(l, _)| gap(*l, f.rcv_nxt) <= 0) {
                let (_, r) = f.early.remove(i);
                if gap(r, f.rcv_nxt) > 0 {
                    f.rcv_nxt = r;
                }
            }
        }
        let a = Ack {
            conn: conn as u32,
            gen: 9,
            seq: 5,
            ack: f.rcv_nxt,
            wnd: (f.wnd >> 2) as u16,
            tsecr: f.ts.then_some(at),
            sack: if f.sack {
                f.early
                    .iter()
                    .take(if f.ts { 3 } else { 4 })
                    .copied()
                    .collect()
            } else {
                vec![]
            },
            ..Ack::default()
        };
        if self.cases.chance(self.loss / 2) {
            return;
        }
        let jitter = self.cases.below(10) as u64;
        let at = self.b.clock + DELAY + jitter;
        self.air.entry(at).or_default().push(Packet::Ack(a));
    }

    /// Runs until all is acknowledged.
    fn run(&mut self, most: u64) {
        let start = self.b.clock;
        loop {
            while let Some(o) = self.b.outs.pop_front() {
                self.said(o);
            }
            for conn in 0..self.flows.len() {
                let f = &mut self.flows[conn];
                if f.ready && !f.asking && self.wire < self.b.clock + 4 * WIRE {
                    f.ready = false;
                    f.asking = true;
                    self.b.ask(conn as u32, 9);
                }
            }
            for p in self.air.remove(&self.b.clock).unwrap_or_default() {
                match p {
                    Packet::Data {
                        conn,
                        from,
                        len,
                        at,
                    } => self.arrive(conn, from, len, at),
                    Packet::Ack(a) => {
                        let f = &mut self.flows[a.conn as usize];
                        let edge = a.ack.wrapping_add(f.wnd);
                        if gap(edge, f.edge) > 0 {
                            f.edge = edge;
                        }
                        self.b.ack(a);
                    }
                }
            }
            let done = |(i, f): (usize, &Flow)| self.b.model.conns[&(i as u32)].una == f.end;
            if self.flows.iter().enumerate().all(done) {
                break;
            }
            if self.b.clock - start > most {
                let left: Vec<_> = self.b.model.conns.values().collect();
                panic!("not at the end within {most} cycles: {left:#?}");
            }
            self.b.cycle();
        }
        self.b.settle();
        println!(
            "{} cycles, {} timeouts, {} fast retransmits, {} events",
            self.b.clock - start,
            self.b.counts[0],
            self.b.counts[1],
            self.b.events
        );
    }
}

#[test]
fn tcp48_transfers_over_a_lossy_path() {
    let mut w = World::new(
        "tcp48_transfers_over_a_lossy_path",
        6,
        250_000,
        false,
        30,
        2,
    );
    w.b.stalls = 20;
    w.run(6_000_000);
    assert!(w.b.counts[1] > 5, "fast retransmits: {:?}", w.b.counts);
}

#[test]
fn tcp50_transfers_with_sack() {
    let mut w = World::new("tcp50_transfers_with_sack", 6, 250_000, true, 30, 2);
    w.b.stalls = 20;
    w.run(6_000_000);
    assert!(w.b.counts[1] > 5, "fast retransmits: {:?}", w.b.counts);
}

/// Loss patterns of RFC 6675's row: what was lost goes again, once, and nothing else; no timeout.
#[test]
fn tcp50_loss_patterns() {
    for lost in [
        vec![0],
        vec![0, 1, 2, 3],
        vec![1, 3],
        vec![0, 1, 2, 3, 10, 11, 12, 13, 14, 15],
    ] {
        let mut w = World::new("tcp50_loss_patterns", 1, 130_000, true, 0, 0);
        // Behind the slow start: a window of 30 segments and more.
        let first = 60;
        w.flows[0].lost = lost.iter().map(|n| first + n).collect();
        let una = w.flows[0].una;
        w.run(2_000_000);
        let mut want: Vec<_> = lost
            .iter()
            .map(|n| (una.wrapping_add((first + n) as u32 * MSS), MSS))
            .collect();
        let mut got = w.flows[0].again.clone();
        want.sort_unstable();
        got.sort_unstable();
        assert_eq!(w.b.counts[0], 0, "timeouts with {lost:?}");
        assert_eq!(got, want, "sent again with {lost:?}");
        assert_eq!(w.b.counts[1], 1, "recoveries with {lost:?}");
    }
}

/// Every context in use.
#[test]
fn full_table() {
    let mut w = World::new("full_table", 1 << CONN_BITS, 20_000, false, 50, 1);
    w.run(6_000_000);
}
