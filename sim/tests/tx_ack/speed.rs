//! Cycles: from an ask to its answer, from a report to `due`, events in a row; an output that stands.

use super::bench::{Bench, CONN_BITS};
use super::model::{Ask, Install, Mode, Report};

const CONNS: u32 = 1 << CONN_BITS;

fn table(seed: u64) -> Bench<'static> {
    let mut b = Bench::new(100_000, 10, seed);
    for conn in 0..CONNS {
        b.install(Install {
            conn,
            gen: 1,
            mss: 1000,
            ..Install::default()
        });
    }
    b.settle();
    b
}

fn ask(conn: u32) -> Ask {
    Ask {
        conn,
        gen: 1,
        data: Some((0, 100)),
        probe: false,
    }
}

fn now(conn: u32, rcv_nxt: u32) -> Report {
    Report {
        conn,
        gen: 1,
        rcv_nxt,
        mode: Mode::Now,
        ..Report::default()
    }
}

#[test]
fn latencies() {
    let mut b = table(1);
    let mut took = [vec![], vec![]];
    for i in 0..80u32 {
        for _ in 0..20 + i % 7 {
            b.cycle();
        }
        let conn = i % CONNS;
        b.fields.clear();
        let from = b.clock;
        b.ask(ask(conn));
        b.settle();
        took[0].push(b.fields[0].1 - from);
        for _ in 0..20 + i % 7 {
            b.cycle();
        }
        b.dues.clear();
        let from = b.clock;
        b.report(now(conn, i));
        b.settle();
        took[1].push(b.dues.iter().find(|d| d.0 == conn).expect("due").1 - from);
        // No longer owed, so that it is not said again.
        b.ask(Ask {
            data: None,
            ..ask(conn)
        });
        b.settle();
    }
    for (times, (what, least, most)) in took
        .iter_mut()
        .zip([("ask to fields", 8, 9), ("report to due", 10, 11)])
    {
        times.sort_unstable();
        println!("{what}: {times:?}");
        assert_eq!((times[0], times[60]), (least, most), "{what}");
        // The timer scan takes a turn, or is at that connection.
        assert!(times[79] <= most + 6, "{what}: {times:?}");
    }
}

/// Events of different connections: one every 2 cycles; of one connection: one every 6.
#[test]
fn one_event_every_two_cycles() {
    let mut b = table(2);
    let n = 30 * CONNS;
    for i in 0..n {
        b.ask(ask(i % CONNS));
        b.report(now((i + 8) % CONNS, 0));
    }
    let from = b.clock;
    b.settle();
    let took = b.clock - from;
    println!("{} events in {took} cycles", 2 * n);
    // The timer scan takes one turn in 17.
    assert!(took <= u64::from(2 * n) * 2 * 17 / 16 + 40, "{took} cycles");

    b.taps.clear();
    for _ in 0..50 {
        b.ask(ask(5));
    }
    b.settle();
    let gaps: Vec<u64> = b.taps.windows(2).map(|w| w[1].1 - w[0].1).collect();
    assert!(gaps.iter().all(|g| [6, 8, 10, 12].contains(g)), "{gaps:?}");
    assert!(gaps.iter().filter(|g| **g == 6).count() > 38, "{gaps:?}");
}

/// Each output in turn stands still while events come in as fast as they are taken: nothing is lost; `fields` does not hold
/// up reports.
#[test]
fn stalled_outputs() {
    for stalled in ["fields", "due", "told"] {
        let mut b = table(3);
        b.frozen = Some(stalled);
        for i in 0..200u32 {
            b.ask(ask(i % CONNS));
            b.report(now(i % CONNS, i));
        }
        for _ in 0..2000 {
            b.cycle();
        }
        let waiting = b.waiting();
        match stalled {
            "fields" => assert!((170..200).contains(&waiting), "{waiting}: asks alone wait"),
            _ => assert!(waiting > 300, "{stalled} holds everything up"),
        }
        b.frozen = None;
        b.settle();
    }
}
