//! Random events of many connections.

use super::bench::{Bench, Out, CONN_BITS};
use super::model::{Ack, Install, Kind, Regs, Sent};
use super::rx_tables::Cases;

pub fn regs() -> Regs {
    Regs {
        rto_init: 1000,
        rto_min: 40,
        rto_max: 6000,
        r2: 20_000,
    }
}

/// What a run is like.
struct Run {
    conns: u32,
    steps: u32,
    gaps: u32,
    stalls: u32,
    sack: u32,
    ts: u32,
    /// Percent of steps that are a pause.
    pauses: u32,
}

fn run(test: &'static str, r: &Run) {
    let cases = &mut Cases::new(test);
    let mut b = Bench::new(regs(), 3, cases.seed);
    b.gaps = r.gaps;
    b.stalls = r.stalls;
    let mut ends = [0u32; 1 << CONN_BITS];
    let mut gens = [0u8; 1 << CONN_BITS];
    for step in 0..r.steps {
        let conn = cases.below(r.conns as usize) as u32;
        let known = b.model.conns.get(&conn).cloned();
        let Some(c) = known.filter(|_| !cases.chance(1)) else {
            let gen = gens[conn as usize];
            if cases.chance(30) {
                b.install(Install {
                    remove: true,
                    conn,
                    gen,
                    ..Install::default()
                });
                continue;
            }
            let una = match cases.below(3) {
                0 => 0u32.wrapping_sub(cases.below(20_000) as u32),
                1 => 0x8000_0000u32.wrapping_sub(cases.below(20_000) as u32),
                _ => cases.bits(32) as u32,
            };
            gens[conn as usize] = gen.wrapping_add(1);
            ends[conn as usize] = una;
            let wl1 = cases.bits(32) as u32;
            b.install(Install {
                remove: false,
                conn,
                gen: gens[conn as usize],
                una,
                nxt: una,
                wnd: [0, 3000, 20_000, 1 << 20][cases.below(4)],
                wl1,
                wl2: una,
                scale: cases.below(8) as u8,
                mss: [64, 536, 1095, 1096, 1460, 2190, 2191, 8960][cases.below(8)],
                ts: cases.chance(r.ts),
                sack: cases.chance(r.sack),
                lost_syn: cases.chance(20),
            });
            b.settle();
            continue;
        };
        let gen = if cases.chance(2) {
            c.gen.wrapping_sub(1)
        } else {
            c.gen
        };
        match cases.below(20) {
            0..=2 => {
                let more = cases.below(8) as u32 * c.mss + cases.below(50) as u32;
                if gen == c.gen {
                    ends[conn as usize] = ends[conn as usize].wrapping_add(more);
                }
                b.data(conn, gen, ends[conn as usize]);
            }
            3..=8 => b.ask(conn, gen),
            9..=16 => {
                let out = c.outstanding();
                let ack = match cases.below(10) {
                    0..=3 => c.una,
                    4 => c.max,
                    5 => c.una.wrapping_sub(cases.below(1000) as u32),
                    6 => c.max.wrapping_add(cases.below(10) as u32),
                    _ => c.una.wrapping_add(cases.below(out as usize + 1) as u32),
                };
                let same = cases.chance(70);
                let burst = if cases.chance(20) { 4 } else { 1 };
                let a = Ack {
                    conn,
                    gen,
                    seq: c
                        .wl1
                        .wrapping_add([0, 0, 0, 1, 100, u32::MAX][cases.below(6)]),
                    ack,
                    wnd: if same {
                        (c.wnd >> c.scale) as u16
                    } else {
                        [0, 1, 500, 0xFFFF][cases.below(4)]
                    },
                    len: [0, 0, 0, 100][cases.below(4)],
                    fin: cases.chance(2),
                    void: if cases.chance(5) {
                        1 + cases.below(3) as u8
                    } else {
                        0
                    },
                    tsecr: (c.ts || cases.chance(5))
                        .then(|| b.now.wrapping_sub(cases.below(300) as u32)),
                    sack: blocks(cases, &c),
                };
                for _ in 0..burst {
                    b.ack(a.clone());
                }
            }
            17 => {
                let from = c
                    .una
                    .wrapping_add(cases.below(c.outstanding() as usize + 2) as u32);
                let rest = c.end.wrapping_sub(from);
                // Of a connection with SACK nothing is sent again but what was granted: pipe is RFC 6675's.
                if rest > 0 && rest < 1 << 31 && !c.sack {
                    b.sent(Sent {
                        conn,
                        gen,
                        from,
                        len: 1 + cases.below(rest.min(3000) as usize) as u32,
                        probe: cases.chance(20),
                    });
                }
            }
            _ if cases.chance(r.pauses) => b.pass(cases.below(2500) as u32),
            _ => {}
        }
        // The scheduler: what is granted is sent, mostly.
        while let Some(o) = b.outs.pop_front() {
            match o {
                Out::Grant(g) if g.kind != Kind::Nothing && cases.chance(90) => {
                    b.sent(Sent {
                        conn: g.conn,
                        gen: g.gen,
                        from: g.from,
                        len: 1 + cases.below(g.budget as usize) as u32,
                        probe: g.kind == Kind::Probe,
                    });
                }
                Out::Wake(w) if cases.chance(50) => {
                    let gen = b.model.conns.get(&w).map_or(0, |c| c.gen);
                    b.ask(w, gen);
                }
                _ => {}
            }
        }
        if step % 8 == 7 && cases.chance(40) {
            b.settle();
        }
        for _ in 0..cases.below(30) {
            b.cycle();
        }
    }
    b.settle();
    println!(
        "{} events, {} timeouts, {} fast retransmits, {} probes, {} R1",
        b.events, b.counts[0], b.counts[1], b.counts[2], b.counts[3]
    );
    assert!(b.counts[..3].iter().all(|c| *c > 0), "{:?}", b.counts);
}

/// SACK blocks: some that make sense, some that do not.
fn blocks(cases: &mut Cases, c: &super::model::Conn) -> Vec<(u32, u32)> {
    if !cases.chance(if c.sack { 70 } else { 3 }) {
        return vec![];
    }
    let n = 1 + cases.below(4);
    (0..n)
        .map(|_| {
            let out = c.outstanding() as usize;
            let l = c.una.wrapping_add(cases.below(out + 2) as u32);
            let len = match cases.below(8) {
                0 => cases.below(out + 2) as u32,
                1 => 0u32.wrapping_sub(cases.below(100) as u32),
                _ => cases.below(c.mss as usize * 2) as u32,
            };
            let l = if cases.chance(5) {
                l.wrapping_sub(3000)
            } else {
                l
            };
            (l, l.wrapping_add(len))
        })
        .collect()
}

/// All connections have SACK.
#[test]
fn random_events_sack() {
    run(
        "random_events_sack",
        &Run {
            conns: 6,
            steps: 8000,
            gaps: 20,
            stalls: 20,
            sack: 100,
            ts: 50,
            pauses: 2,
        },
    );
}

/// Without SACK, all connections, stalls on every output.
#[test]
fn random_events() {
    run(
        "random_events",
        &Run {
            conns: 12,
            steps: 6000,
            gaps: 20,
            stalls: 30,
            sack: 0,
            ts: 30,
            pauses: 8,
        },
    );
}
