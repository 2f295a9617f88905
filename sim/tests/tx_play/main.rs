//! The transmit path's front half in Verilator, doorbell to payload, against a model written from the wire formats: what is cut, what a
//! grant gives, every octet of it the first time and any later one, and how each WQE ends.

mod bench;
mod cycles;
mod model;
#[path = "../tx_work_bench/mod.rs"]
mod tx_work_bench;

use bench::{Bench, Pace};
use ferrowarp_hdl::tx::{Work, WorkCfg};
use rand::Rng;
use tx_work_bench::{design, Design, DmaPace, Repeat};

const CONN_BITS: usize = 3;

fn cfg(buf_bits: usize, tag_bits: usize) -> WorkCfg {
    WorkCfg {
        conn_bits: CONN_BITS,
        slot_bits: 3,
        rec_bits: 3,
        buf_bits,
        tag_bits,
    }
}

/// 64 bits, 4 KiB of read buffer.
fn narrow() -> (Design, usize) {
    let cfg = cfg(12, 4);
    let d = design(&*Box::new(Work::<64, 8, 3, 4>::new(&cfg)), "tx_work", 8);
    (d, cfg.max_fpdu())
}

fn wide() -> (Design, usize) {
    let cfg = WorkCfg {
        rec_bits: 6,
        slot_bits: 5,
        ..cfg(15, 6)
    };
    let d = design(&*Box::new(Work::<512, 64, 6, 7>::new(&cfg)), "tx_work", 64);
    (d, cfg.max_fpdu())
}

const WILD: Pace = Pace {
    turn: 20,
    fpdu: 20,
    payload: 20,
    other: 20,
    region: 20,
};

#[derive(Clone, Copy)]
struct Mix {
    steps: u32,
    /// Octets of a message at most.
    size: usize,
    refuse: u32,
    malformed: u32,
    dead: u32,
    remove: u32,
}

const SOUND: Mix = Mix {
    steps: 6000,
    size: 6000,
    refuse: 0,
    malformed: 0,
    dead: 0,
    remove: 0,
};

fn mss(b: &mut Bench) -> usize {
    match b.rng.gen_range(0..5) {
        0 => 1460,
        1 => 1448,
        2 => 536,
        3 => b.rng.gen_range(60..300),
        _ => b.rng.gen_range(137..1461),
    }
}

fn size(b: &mut Bench, most: usize) -> usize {
    match b.rng.gen_range(0..6) {
        0 => 0,
        1 | 2 => b.rng.gen_range(0..230),
        3 => b.rng.gen_range(0..2000.min(most)),
        _ => b.rng.gen_range(0..most),
    }
}

/// A grant of any kind that fits the connection's state.
fn grant(b: &mut Bench, i: usize) {
    let c = &b.conns[i];
    // Until its flush is over, an ended queue still gives.
    if c.granted || !c.valid || (c.ended && b.dut.cycle < c.ended_at + 2000) {
        return;
    }
    let (una, nxt, told, m) = (c.una, c.nxt, c.told, c.mss as u64);
    match b.rng.gen_range(0..6) {
        0 if nxt > una => {
            let from = b.rng.gen_range(una..nxt);
            let most = (nxt - from).min(m);
            let budget = b.rng.gen_range(1..most + 1);
            let budget = if b.rng.gen() { most } else { budget };
            b.grant(i, 2, from, budget, false);
        }
        1 if told > una => b.grant(i, 3, una, 1, false),
        2 => b.grant(i, 0, nxt, 0, false),
        _ if told > nxt => {
            let most = told - nxt;
            let budget = match b.rng.gen_range(0..3) {
                0 => most,
                1 => b.rng.gen_range(1..most + 1),
                _ => b.rng.gen_range(1..most.min(2 * m) + 1),
            };
            b.grant(i, 1, nxt, budget, una == nxt);
        }
        _ => {}
    }
}

fn random(d: &(Design, usize), seed: u64, mix: Mix) {
    let b = &mut Bench::new(&d.0, seed, WILD, DmaPace::WILD, 1 << CONN_BITS, d.1);
    b.refuse = mix.refuse;
    b.malformed = mix.malformed;
    for i in 0..1 << CONN_BITS {
        let m = mss(b);
        b.install(i, m);
    }
    for step in 0..mix.steps {
        let i = b.rng.gen_range(0..1 << CONN_BITS);
        if step % 512 == 0 {
            b.wait(20_000, "turns", |b| b.due.is_empty());
            b.quantum = b.rng.gen_range(1..9);
        }
        match b.rng.gen_range(0..12) {
            0..=2 => {
                let n = size(b, mix.size);
                if b.post(i, n) && b.rng.gen_ratio(2, 3) {
                    b.ring(i);
                }
            }
            3..=6 => grant(b, i),
            7 | 8 => {
                let c = &b.conns[i];
                // Not beyond what a grant under way speaks of: it would give nothing.
                let nxt = c.nxt.min(if c.granted { c.granted_from } else { u64::MAX });
                if nxt > c.una && !c.ended {
                    let una = c.una;
                    let to = b.rng.gen_range(una + 1..nxt + 1);
                    let to = if b.rng.gen() { nxt } else { to };
                    b.acked(i, to);
                }
            }
            9 if b.rng.gen_ratio(mix.dead, 100) => {
                let c = &b.conns[i];
                // With all that was posted cut, so that it is known which is the oldest.
                let all = c.stream.as_ref().is_some_and(|s| s.end == c.told);
                if all
                    && !c.granted
                    && !c.ended
                    && c.failing.is_none()
                    && b.ackeds.is_empty()
                    && c.wqes.len() > c.done
                {
                    b.dead(i);
                }
            }
            10 if b.rng.gen_ratio(mix.remove, 100) => {
                b.wait(20_000, "turns", |b| {
                    !b.conns[i].granted && b.bells.is_empty()
                });
                b.wait(20_000, "acks", |b| {
                    b.ackeds.is_empty() && b.deads.is_empty()
                });
                b.remove(i);
                let m = mss(b);
                b.install(i, m);
            }
            _ => {}
        }
        for _ in 0..b.rng.gen_range(0..8) {
            b.step();
        }
    }
    finish(b);
    println!("{:?}", b.counts);
}

/// Everything posted is sent, acknowledged and completed.
fn finish(b: &mut Bench) {
    b.wait(50_000, "turns", |b| b.due.is_empty());
    for i in 0..b.conns.len() {
        b.ring(i);
    }
    let stop = b.dut.cycle + 2_000_000;
    let busy = |b: &Bench| b.conns.iter().any(|c| c.valid && c.done < c.wqes.len());
    while busy(b) && b.dut.cycle < stop {
        for i in 0..b.conns.len() {
            let c = &b.conns[i];
            if !c.granted && c.told > c.nxt && c.nxt < c.stop && !c.ended {
                let (nxt, budget, idle) = (c.nxt, c.told - c.nxt, c.nxt == c.una);
                b.grant(i, 1, nxt, budget, idle);
            }
            let c = &b.conns[i];
            if c.nxt > c.una && !c.ended && !c.granted && b.ackeds.is_empty() {
                let to = c.nxt;
                b.acked(i, to);
            }
            b.step();
        }
        // Behind a malformed WQE none is fetched.
        for c in &mut b.conns {
            if c.ended
                && c.no_posts
                && c.wqes.last().is_some_and(|w| w.bad)
                && c.done + 1 > c.wqes.len()
            {
                c.valid = false;
            }
        }
    }
    for (i, c) in b.conns.iter().enumerate() {
        assert!(
            !c.valid || c.done == c.wqes.len(),
            "connection {i}: {} of {} WQEs are completed; una {} nxt {} told {} of {:?}, failing {:?} ended {}",
            c.done,
            c.wqes.len(),
            c.una,
            c.nxt,
            c.told,
            c.stream.as_ref().map(|s| s.end),
            c.failing,
            c.ended
        );
    }
    b.wait(20_000, "jobs", |b| {
        b.due.is_empty() && b.jobs.is_empty() && b.packets.is_empty() && b.came.is_empty()
    });
}

#[test]
fn every_octet_at_64_bits() {
    let r = Repeat::new("tx_play", "every_octet_at_64_bits");
    let d = narrow();
    for i in 0..3 {
        random(&d, r.seed + i, SOUND);
    }
}

#[test]
fn every_octet_at_512_bits() {
    let r = Repeat::new("tx_play", "every_octet_at_512_bits");
    let d = wide();
    for i in 0..3 {
        random(&d, r.seed + i, SOUND);
    }
}

#[test]
fn connections_come_and_go() {
    let r = Repeat::new("tx_play", "connections_come_and_go");
    let d = narrow();
    let mix = Mix {
        remove: 30,
        dead: 20,
        steps: 8000,
        ..SOUND
    };
    for i in 0..2 {
        random(&d, r.seed + i, mix);
    }
}

#[test]
fn a_refused_region_ends_its_queue_alone() {
    let r = Repeat::new("tx_play", "a_refused_region_ends_its_queue_alone");
    let d = wide();
    let mix = Mix {
        remove: 20,
        refuse: 40,
        steps: 8000,
        ..SOUND
    };
    for i in 0..3 {
        random(&d, r.seed + i, mix);
    }
}

#[test]
fn a_malformed_wqe_ends_its_queue_alone() {
    let r = Repeat::new("tx_play", "a_malformed_wqe_ends_its_queue_alone");
    let d = narrow();
    let mix = Mix {
        remove: 20,
        refuse: 10,
        malformed: 20,
        steps: 8000,
        ..SOUND
    };
    for i in 0..3 {
        random(&d, r.seed + i, mix);
    }
}

#[test]
fn messages_of_64_kib() {
    let r = Repeat::new("tx_play", "messages_of_64_kib");
    let mix = Mix {
        size: 65_537,
        steps: 2500,
        ..SOUND
    };
    random(&wide(), r.seed, mix);
    random(&narrow(), r.seed, Mix { steps: 800, ..mix });
}
