//! The heads' cycles and rates, and octets that the host does not give.

use super::bench::{Bench, Pace};
use super::tx_work_bench::{design, Design, DmaPace, Repeat};
use super::{narrow, wide};
use ferrowarp_hdl::tx::{Work, WorkCfg};

const STEADY: Pace = Pace {
    turn: 0,
    fpdu: 0,
    payload: 0,
    other: 0,
    region: 1,
};

fn pace(latency: u64) -> DmaPace {
    DmaPace {
        latency,
        ..DmaPace::STEADY
    }
}

#[test]
fn latencies_are_those_of_the_heads() {
    let r = Repeat::new("tx_play", "latencies_are_those_of_the_heads");
    for d in [narrow(), wide()] {
        let b = &mut Bench::new(&d.0, r.seed, STEADY, pace(100), 8, d.1);
        b.install(0, 1460);
        while b.conns[0].wqes.last().is_none_or(|w| w.slots != 1) {
            b.install(0, 1460);
            b.post_plain(0, 64);
        }
        b.ring(0);
        b.wait(1000, "data", |b| b.count("data") > 0);
        let doorbell = b.at["data"] - b.at["bell"] - 100;
        let end = b.conns[0].told;
        b.grant(0, 1, 0, end, true);
        b.wait(1000, "payload", |b| b.count("first") > 0);
        let of = |a: &str, b_: &str, b: &Bench| b.at[b_] - b.at[a];
        let got = [
            doorbell,
            of("grant", "turn", b),
            of("grant", "read", b),
            of("octets", "job", b),
            of("octets", "first", b),
        ];
        // The WQE's slot comes in so many beats.
        let beats = 64 / b.k as u64;
        let what = "doorbell to data, grant to turn, to read; octets to job, to payload";
        assert_eq!(got, [49 + beats, 30, 28, 7, 10], "{what}");
    }
}

/// One connection, MSS 1460, a read buffer of the stated size and 1 us to the host's memory: as fast as the wire.
fn rate(d: &(Design, usize), seed: u64, latency: u64, wire: f64) {
    let b = &mut Bench::new(&d.0, seed, STEADY, pace(latency), 8, d.1);
    b.quantum = 8;
    b.install(0, 1460);
    b.conns[0].log = 6;
    b.install_as(0);
    let segments = 400;
    while b.firsts.len() < segments {
        let c = &b.conns[0];
        if c.filled.wrapping_sub(c.freed) < 8 && b.post_plain(0, 40_000) {
            b.ring(0);
        }
        let c = &b.conns[0];
        // `snd` answers about 40 cycles behind the last turn of a grant.
        if !c.granted && b.dut.cycle > c.granted_end + 40 && c.told > c.nxt {
            let (nxt, budget) = (c.nxt, c.told - c.nxt);
            b.grant(0, 1, nxt, budget.min(60_000), false);
        }
        let c = &b.conns[0];
        if c.nxt > c.una + 3000 && b.ackeds.is_empty() && b.jobs.len() < 20 {
            let to = c.una + 2920;
            b.acked(0, to);
        }
        b.step();
        assert!(b.dut.cycle < 200_000);
    }
    let from = segments / 4;
    let cycles = (b.firsts[segments - 1] - b.firsts[from]) as f64 / (segments - 1 - from) as f64;
    println!("{cycles} cycles a segment, the wire {wire}");
    assert!(cycles <= wire, "{cycles} cycles a segment, the wire {wire}");
}

#[test]
fn the_wires_rate_at_512_bits() {
    let r = Repeat::new("tx_play", "the_wires_rate_at_512_bits");
    // 100 Gb/s at 322 MHz, 32 KiB.
    rate(&wide(), r.seed, 322, 1538.0 / 64.0);
}

#[test]
fn the_wires_rate_at_64_bits() {
    let r = Repeat::new("tx_play", "the_wires_rate_at_64_bits");
    // 1 Gb/s and 8 Gb/s at 125 MHz, 4 KiB; 25 Gb/s at 390 MHz, 8 KiB.
    rate(&narrow(), r.seed, 125, 1538.0 / 8.0);
    let cfg = WorkCfg {
        rec_bits: 5,
        ..super::cfg(13, 4)
    };
    let d = design(&*Box::new(Work::<64, 8, 3, 4>::new(&cfg)), "tx_work", 8);
    rate(&(d, cfg.max_fpdu()), r.seed, 390, 1538.0 / 8.0);
}

/// 64 octet Writes of 8 connections, one segment each, cut, sent and completed.
#[test]
fn small_writes_at_the_stated_rate() {
    let r = Repeat::new("tx_play", "small_writes_at_the_stated_rate");
    let d = wide();
    let b = &mut Bench::new(&d.0, r.seed, STEADY, pace(100), 8, d.1);
    b.quantum = 8;
    for i in 0..8 {
        b.install(i, 1460);
    }
    let mut from = (0, 0);
    while b.dut.cycle < 16_000 {
        for i in 0..8 {
            let c = &b.conns[i];
            if b.bells.is_empty() && c.filled.wrapping_sub(c.freed) + 8 < 1 << c.log {
                while b.conns[i].filled.wrapping_sub(b.conns[i].freed) + 1 < 1 << b.conns[i].log {
                    b.post_plain(i, 64);
                }
                b.ring(i);
            }
            let c = &b.conns[i];
            if !c.granted && c.told > c.nxt {
                let (nxt, budget) = (c.nxt, c.told - c.nxt);
                b.grant(i, 1, nxt, budget, false);
            }
            let c = &b.conns[i];
            if c.nxt > c.una && !c.granted && b.ackeds.is_empty() {
                let to = c.nxt;
                b.acked(i, to);
            }
        }
        b.step();
        if b.dut.cycle == 8000 {
            from = (b.dut.cycle, b.count("done"));
        }
    }
    let n = b.count("done") - from.1;
    let cycles = (b.dut.cycle - from.0) as f64 / n as f64;
    println!("{cycles} cycles a Write");
    assert!(cycles <= 36.0, "{cycles} cycles a Write");
}

/// The segment is promised when the read fails: the FPDU goes out spoilt, and the queue ends.
#[test]
fn octets_that_cannot_be_read_are_never_sent_as_good() {
    let r = Repeat::new(
        "tx_play",
        "octets_that_cannot_be_read_are_never_sent_as_good",
    );
    let d = wide();
    let b = &mut Bench::new(&d.0, r.seed, STEADY, pace(100), 8, d.1);
    b.install(0, 1460);
    b.post_plain(0, 4000);
    b.post_plain(0, 10);
    b.ring(0);
    let end = b.conns[0].stream.as_ref().map_or(0, |s| s.end);
    b.wait(2000, "data", |b| b.conns[0].told == end);
    // The first FPDU is good.
    let first = b.conns[0].stream.as_ref().map_or(0, |s| s.fpdus[0].len);
    b.grant(0, 1, 0, first, true);
    b.wait(2000, "an FPDU", |b| {
        b.count("first") == 1 && b.packet.is_empty()
    });
    b.poison_all = 2;
    b.spoilt = true;
    b.conns[0].failing = Some((0, 2));
    b.quantum = 1;
    b.grant(0, 1, first, 5000, true);
    b.wait(2000, "its end", |b| b.conns[0].done == 2);
    assert_eq!(b.count("job"), 2);
    // Nothing of it again, nothing behind it.
    b.conns[0].stop = first;
    b.grant(0, 2, first, 1460, false);
    b.wait(2000, "an empty turn", |b| !b.conns[0].granted);
    b.install(1, 536);
    b.poison_all = 0;
    b.spoilt = false;
    b.post_plain(1, 1000);
    b.ring(1);
    b.wait(2000, "data", |b| b.conns[1].told > 0);
    let all = b.conns[1].told;
    b.grant(1, 1, 0, all, true);
    b.wait(2000, "turns", |b| b.due.is_empty() && b.jobs.is_empty());
}
