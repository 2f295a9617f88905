//! Cycles: from an ACK to the wake, from an ask to its grant, events in a row, a full table.

use super::bench::{Bench, Out, CONN_BITS};
use super::model::{Ack, Install, Sent};
use super::random::regs;

/// From the cycle in which an event is offered to the one in which what it causes is offered, at most.
const LATENCY: u64 = 18;
/// Cycles between two events of one connection.
const SAME: u64 = 14;

fn table(b: &mut Bench) {
    for conn in 0..1 << CONN_BITS {
        b.install(Install {
            conn,
            gen: 1,
            una: conn * 1000,
            nxt: conn * 1000,
            wnd: 60_000,
            mss: 1000,
            wl2: conn * 1000,
            ..Install::default()
        });
        b.data(conn, 1, conn * 1000 + 50_000);
    }
    b.settle();
    b.outs.clear();
}

#[test]
fn latencies() {
    let mut b = Bench::new(regs(), 10, 1);
    table(&mut b);
    let mut took = [vec![], vec![]];
    for i in 0..40u64 {
        for _ in 0..(20 + i % 7) {
            b.cycle();
        }
        let conn = (i % 32) as u32;
        b.outs.clear();
        let from = b.clock;
        b.ask(conn, 1);
        b.until(100, "a grant", |o| matches!(o, Out::Grant(_)).then_some(()));
        // The cycle in which it was offered has been clocked.
        took[0].push(b.clock - 1 - from);
        b.settle();
        b.outs.clear();
        let from = b.clock;
        b.ack(Ack {
            conn,
            gen: 1,
            ack: conn * 1000,
            wnd: 50_000,
            seq: 1 + i as u32,
            ..Ack::default()
        });
        b.until(100, "a wake", |o| matches!(o, Out::Wake(_)).then_some(()));
        took[1].push(b.clock - 1 - from);
        b.settle();
    }
    // One that meets the timer scan at its own connection waits until that is through.
    for (times, what) in took.iter_mut().zip(["ask to grant", "ack to wake"]) {
        times.sort_unstable();
        println!(
            "{what}: {} to {} cycles, {} at most",
            times[0], times[36], times[39]
        );
        assert!(times[36] <= LATENCY, "{what}: {times:?}");
        assert!(times[39] <= LATENCY + SAME, "{what}: {times:?}");
    }
}

/// Each output in turn stands still while events come in as fast as they are taken: nothing is lost.
#[test]
fn stalled_outputs() {
    for stalled in ["grant", "wake", "mirror", "acked"] {
        let mut b = Bench::new(regs(), 10, 1);
        table(&mut b);
        for i in 0..300u32 {
            let conn = i & 31;
            b.sent(Sent {
                conn,
                gen: 1,
                from: conn * 1000 + i / 32 * 500,
                len: 500,
                probe: false,
            });
        }
        b.settle();
        b.frozen = Some(stalled);
        for i in 0..300u32 {
            let conn = i & 31;
            b.ask(conn, 1);
            b.ack(Ack {
                conn,
                gen: 1,
                ack: conn * 1000 + i / 32 * 400,
                wnd: 50_000 + (i / 32) as u16,
                seq: 1 + i,
                ..Ack::default()
            });
        }
        for _ in 0..3000 {
            b.cycle();
        }
        assert!(b.waiting() > 100, "{stalled} holds everything up");
        b.frozen = None;
        b.settle();
    }
}

/// Events of different connections: one every 2 cycles. Of one connection: one every 14; others pass by.
#[test]
fn one_event_every_two_cycles() {
    let mut b = Bench::new(regs(), 10, 1);
    table(&mut b);
    b.keep_taps = true;
    let n = 20 << CONN_BITS;
    for i in 0..n {
        b.ask(i & 31, 1);
        let conn = (i + 16) & 31;
        b.ack(Ack {
            conn,
            gen: 1,
            ack: conn * 1000,
            wnd: 50_000,
            seq: 1,
            ..Ack::default()
        });
    }
    let from = b.clock;
    b.settle();
    let took = b.clock - from;
    println!("{} events in {took} cycles", 2 * n);
    // The timer scan takes one turn in 17.
    assert!(took <= u64::from(2 * n) * 2 * 17 / 16 + 80, "{took} cycles");

    b.taps.clear();
    for _ in 0..50 {
        b.ask(5, 1);
    }
    for i in 0..50 {
        b.data(6 + i % 20, 1, (6 + i % 20) * 1000 + 50_000);
    }
    b.settle();
    let of = |k: u128| {
        b.taps
            .iter()
            .filter(|t| t.0 == k)
            .map(|t| t.2)
            .collect::<Vec<_>>()
    };
    let asks = of(7);
    // `data` goes in front of `ask`.
    let gaps: Vec<u64> = asks[1..].windows(2).map(|w| w[1] - w[0]).collect();
    // Twice that if the timer scan comes by.
    assert!(
        gaps.iter().all(|g| [SAME, 2 * SAME].contains(g)),
        "{gaps:?}"
    );
    assert!(
        gaps.iter().filter(|g| **g == SAME).count() >= 44,
        "{gaps:?}"
    );
    let datas = of(5);
    assert!(datas[49] < asks[12], "other queues pass by");
}
