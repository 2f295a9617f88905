//! Random events of many connections: slots that are reused, numbers near their wrap, stalls, late events of predecessors.

use super::bench::{Bench, CONN_BITS};
use super::model::{Ask, Install, Mirror, Mode, Report};
use super::rx_tables::Cases;

/// What the rest of the chip knows of a connection.
#[derive(Clone, Default)]
struct Slot {
    gen: u8,
    on: bool,
    rcv: u32,
    una: u32,
    max: u32,
    wnd: u32,
}

fn near(cases: &mut Cases) -> u32 {
    let n = cases.bits(12) as u32;
    match cases.below(4) {
        0 => n,
        1 => 0u32.wrapping_sub(n),
        2 => 0x8000_0000 - n,
        _ => cases.bits(32) as u32,
    }
}

fn blocks(cases: &mut Cases, rcv: u32) -> Vec<(u32, u32)> {
    let n = cases.below(5);
    let mut all: Vec<(u32, u32)> = vec![];
    for i in 0..n {
        let l = rcv.wrapping_add(1000 * (1 + cases.below(40) as u32));
        let r = l.wrapping_add(1 + cases.below(3000) as u32);
        match (i, cases.below(4)) {
            (0, 0) => all.push((rcv.wrapping_sub(cases.below(5000) as u32), rcv)),
            (1, 0) => {
                let (l0, r0) = all[0];
                all.push((l0.wrapping_sub(cases.below(2) as u32), r0));
            }
            _ => all.push((l, r)),
        }
    }
    all
}

fn run(test: &'static str, plain: bool, gaps: u32, stalls: u32, mut events: usize) {
    let mut cases = Cases::new(test);
    let mut b = Bench::on(plain, 300, 900, cases.seed);
    (b.gaps, b.stalls) = (gaps, stalls);
    let n = 1 << CONN_BITS;
    let mut slots = vec![Slot::default(); n];
    let mut reached = [0u32; 8];
    while events > 0 {
        events -= 1;
        let conn = cases.below(n);
        // Sometimes one connection alone.
        let conn = if cases.chance(30) { 3 } else { conn };
        let id = if cases.chance(1) {
            conn as u32 + 16
        } else {
            conn as u32
        };
        let s = &mut slots[conn];
        let late = cases.chance(3);
        let gen = s.gen.wrapping_sub(late.into());
        match cases.below(100) {
            0..=1 if id < 16 => {
                if s.on && cases.chance(50) {
                    b.install(Install {
                        remove: true,
                        conn: id,
                        gen,
                        ..Install::default()
                    });
                    s.on = late;
                } else {
                    s.gen = s.gen.wrapping_add(1);
                    s.on = true;
                    (s.rcv, s.una, s.wnd) = (near(&mut cases), near(&mut cases), 1000);
                    s.max = s.una.wrapping_add(cases.below(3) as u32 * 500);
                    b.install(Install {
                        conn: id,
                        gen: s.gen,
                        rcv_nxt: s.rcv,
                        wnd: cases.bits(16) as u16,
                        mss: [536, 1448, 1460, 8960][cases.below(4)],
                        ts: cases.chance(50),
                        sack: cases.chance(70),
                        recent: cases.bits(32) as u32,
                        una: s.una,
                        nxt: s.max,
                        max_wnd: s.wnd,
                        ..Install::default()
                    });
                    // Nothing of the new one comes before it is there.
                    b.settle();
                }
            }
            2..=44 => {
                let mode = match cases.below(20) {
                    0..=1 => Mode::None,
                    2..=11 => Mode::Delayed,
                    12..=17 => Mode::Now,
                    _ => Mode::Challenge,
                };
                let rx_only = cases.chance(40);
                if (mode == Mode::Delayed || cases.chance(20)) && !late {
                    s.rcv = s.rcv.wrapping_add(1 + cases.below(1460) as u32);
                }
                // What a mode of none says of rcv_nxt does not count; nor does an older one.
                let rcv_nxt = match mode {
                    Mode::None => s.rcv.wrapping_add(5000),
                    _ if cases.chance(3) => s.rcv.wrapping_sub(700),
                    _ => s.rcv,
                };
                let rst = cases.chance(1) && cases.chance(20);
                reached[mode as usize] += 1;
                b.report(Report {
                    conn: id,
                    gen,
                    rcv_nxt,
                    mode: if rst { Mode::None } else { mode },
                    recent: cases.bits(32) as u32,
                    rst,
                    rx_only,
                    dup: cases.chance(10),
                    blocks: if rx_only {
                        blocks(&mut cases, s.rcv)
                    } else {
                        vec![]
                    },
                });
            }
            45..=54 => {
                if !late {
                    let step = cases.below(3000) as u32;
                    s.una = s.una.wrapping_add(step.min(s.max.wrapping_sub(s.una)));
                    s.wnd += cases.below(2) as u32;
                }
                b.mirror(Mirror {
                    conn: id,
                    gen,
                    una: s.una,
                    max: s.max,
                    max_wnd: s.wnd,
                });
            }
            55..=74 => {
                let probe = cases.chance(5);
                let len = if probe {
                    1
                } else {
                    1 + cases.below(1460) as u16
                };
                let again = cases.chance(10) || probe;
                let seq = if again { s.una } else { s.max };
                if !again && !late {
                    s.max = s.max.wrapping_add(len.into());
                }
                b.ask(Ask {
                    conn: conn as u32,
                    gen,
                    data: Some((seq, len)),
                    probe,
                });
            }
            75..=94 => b.ask(Ask {
                conn: conn as u32,
                gen,
                data: None,
                probe: false,
            }),
            _ => {
                let units = cases.below(120) as u32;
                b.pass(units);
            }
        }
        if b.waiting() > 40 {
            b.settle();
        }
    }
    b.settle();
    let gone = b.fields.iter().filter(|f| f.0.go).count();
    println!(
        "{} events, {gone} segments, {} mirrors, timer {}, challenges refused {}",
        b.events,
        b.told.len(),
        b.counts[0],
        b.counts[1]
    );
    assert!(b.counts[0] > 20 && b.counts[1] > 20 && gone > 500);
    assert!(plain || b.fields.iter().any(|f| f.0.sack.len() == 4));
    assert!(reached[..4].iter().all(|n| *n > 20));
}

#[test]
fn random_events() {
    run("tx_ack random_events", false, 0, 0, 12_000);
}

#[test]
fn random_events_with_stalls() {
    run("tx_ack random_events_with_stalls", false, 40, 40, 8_000);
}

#[test]
fn random_events_without_sack() {
    run("tx_ack random_events_without_sack", true, 20, 20, 6_000);
}
