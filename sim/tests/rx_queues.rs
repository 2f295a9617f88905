//! The queue tables against a plain Rust model, cycle by cycle: what is posted is what is read, refusals are counted and
//! change nothing, a new connection finds its slots empty whatever was in them.
mod rx_queue_model;
mod rx_tables;

use ferrowarp_abi::stream::RQ_NIC;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::queues::Queues;
use rx_queue_model::{Bench, Done, Init, Issue, Mirror, Post, Pulses, Step};
use rx_tables::{dc_100g, small, Cases, Design};

fn receive(rq: u32, n: u32) -> Post {
    Post {
        rq,
        idx: n as u16,
        n_sge: 1,
        first: true,
        last: true,
        addr: 0x1000 * u64::from(n),
        len: 2000 + n,
    }
}

fn init(conn: u32, gen: u8, smsn: u32) -> Init {
    Init {
        conn,
        gen,
        smsn,
        rmsn: 7,
        send: [1, 2, 3, 4],
    }
}

/// Full means a refusal, never an overwrite, and what is used up makes room again.
#[test]
fn full_queues_refuse() {
    let cfg = small(2);
    let design = Design::new(&Queues::new(&cfg), "rx_queues");
    let mut b = Bench::new(&design, &cfg, 3);
    b.install(init(5, 1, 0xFFFF_FFFC)); // MSN wraps on the way
    for n in 0..10 {
        b.post(receive(5, n));
    }
    assert_eq!(b.pulses.rq_full, 2, "8 receives fit");
    for n in 0..8u32 {
        let msn = 0xFFFF_FFFCu32.wrapping_add(n);
        b.tick(&Step {
            read: Some((5, msn, 0)),
            ..Step::default()
        });
    }
    b.tick(&Step {
        consume: Some((5, true, false)),
        ..Step::default()
    });
    b.post(receive(5, 20));
    b.post(receive(5, 21));
    assert_eq!(b.pulses.rq_full, 3, "one was used up, one fits");
    for n in 0..9 {
        b.issue(Issue {
            conn: 5,
            gen: 1,
            sq_idx: n,
            stag: 9,
            to: 8,
            len: 7,
            atomic: n % 2 == 1,
        });
    }
    assert_eq!(b.pulses.ord_full, 1, "8 Reads fit");
    for n in 0..66 {
        b.post(receive(RQ_NIC, n));
    }
    assert_eq!(b.pulses.nic_full, 2, "64 host buffers fit");
    for _ in 0..64 {
        b.tick(&Step {
            nic_pop: true,
            ..Step::default()
        });
    }
    assert_eq!(b.pulses.post_bad, 0);
    for _ in 0..4 {
        b.tick(&Step::default());
    }
}

/// Late traffic of a predecessor and malformed posts change nothing.
#[test]
fn wrong_posts_are_refused() {
    let cfg = small(2);
    let design = Design::new(&Queues::new(&cfg), "rx_queues");
    let mut b = Bench::new(&design, &cfg, 4);
    b.install(init(0, 1, 1));
    b.install(init(31, 200, 1));
    for p in [
        receive(32, 0),
        receive(RQ_NIC - 1, 0),
        Post {
            n_sge: 0,
            ..receive(0, 0)
        },
        Post {
            n_sge: 2,
            ..receive(0, 0)
        },
        Post {
            first: false,
            ..receive(0, 0)
        },
        Post {
            last: false,
            ..receive(RQ_NIC, 0)
        },
        Post {
            len: cfg.max_frame as u32 - 1,
            ..receive(RQ_NIC, 0)
        },
    ] {
        b.post(p);
    }
    assert_eq!(b.pulses.post_bad, 7);
    b.post(Post {
        len: cfg.max_frame as u32,
        ..receive(RQ_NIC, 0)
    });
    assert_eq!(b.pulses.post_bad, 7);
    let issue = Issue {
        conn: 31,
        gen: 200,
        sq_idx: 1,
        stag: 2,
        to: 3,
        len: 4,
        atomic: false,
    };
    b.issue(Issue { gen: 199, ..issue });
    b.issue(Issue {
        conn: 31 + 32,
        ..issue
    });
    assert_eq!(b.pulses.post_bad, 9);
    b.issue(issue);
    assert_eq!((b.pulses.post_bad, b.pulses.ord_full), (9, 0));
    for step in [
        Step {
            done: Some(Done {
                conn: 31,
                gen: 199,
                count: 3,
            }),
            ..Step::default()
        },
        Step {
            mirror: Some(Mirror {
                conn: 0,
                gen: 2,
                send: [4, 5, 6, 7],
            }),
            ..Step::default()
        },
        Step {
            mirror: Some(Mirror {
                conn: 32,
                gen: 1,
                send: [4, 5, 6, 7],
            }),
            ..Step::default()
        },
        Step::default(),
        Step::default(),
        Step::default(),
    ] {
        b.tick(&step);
    }
    assert_eq!(b.pulses.stale, 3);
    // The next user of the number is not the last one.
    b.install(init(31, 201, 1));
    b.issue(issue);
    assert_eq!(b.pulses.post_bad, 10);
}

/// Everything at once, on few connections.
fn soak(cfg: &Cfg, cases: &mut Cases, cycles: usize) -> Pulses {
    let design = Design::new(&Queues::new(cfg), "rx_queues");
    let mut b = Bench::new(&design, cfg, cases.seed);
    let top = (1 << cfg.conn_bits) - 1;
    let numbers = [0, 1, top];
    let mut gen = 0u8;
    let fresh = |cases: &mut Cases, conn: u32, gen: u8| Init {
        conn,
        gen,
        // MSNs wrap in some cases
        smsn: if cases.chance(50) {
            u32::MAX - 5
        } else {
            cases.bits(32) as u32
        },
        rmsn: cases.bits(32) as u32,
        send: [0; 4].map(|_| cases.bits(32) as u32),
    };
    for conn in numbers {
        gen += 1;
        let i = fresh(cases, conn, gen);
        b.install(i);
    }
    let mut step = Step::default();
    let (mut rate, mut use_up) = (50, 30);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            rate = [5, 40, 100][cases.below(3)];
            use_up = [0, 20, 80][cases.below(3)];
        }
        let busy = b.init.map(|i| i.conn).or(step.init.map(|i| i.conn));
        // Nobody uses a connection that is not there: its predecessor was removed before.
        let conn = |cases: &mut Cases| Some(numbers[cases.below(3)]).filter(|c| busy != Some(*c));
        let gen_of = |b: &Bench, cases: &mut Cases, conn: u32| {
            let gen = b.conns[&conn].gen;
            if cases.chance(90) {
                gen
            } else {
                gen.wrapping_add(1)
            }
        };
        if step.init.is_none() && b.init.is_none() && cases.chance(1) {
            let number = numbers[cases.below(3)];
            let quiet = step.post.is_none()
                && step.issue.is_none()
                && step.done.is_none()
                && step.mirror.is_none();
            if quiet && b.effects.is_empty() {
                gen = gen.wrapping_add(1);
                step.init = Some(fresh(cases, number, gen));
            }
        }
        // A beat that names the connection of a waiting init would be the predecessor's; offer none until it is over.
        let closed = step.init.is_some() || b.init.is_some();
        if step.post.is_none() && !closed && cases.chance(rate) {
            let rq = match cases.below(20) {
                0 => Some(1 << cfg.conn_bits),
                1..=5 => Some(RQ_NIC),
                _ => conn(cases),
            };
            let width = if cases.chance(20) { 11 } else { 32 };
            step.post = rq.map(|rq| Post {
                rq,
                idx: cases.bits(16) as u16,
                n_sge: if cases.chance(95) {
                    1
                } else {
                    cases.bits(3) as u8
                },
                first: cases.chance(97),
                last: cases.chance(97),
                addr: cases.bits(64) as u64,
                len: cases.bits(width) as u32,
            });
        }
        if step.issue.is_none() && !closed && cases.chance(rate) {
            step.issue = conn(cases).map(|conn| Issue {
                conn,
                gen: gen_of(&b, cases, conn),
                sq_idx: cases.bits(16) as u16,
                stag: cases.bits(32) as u32,
                to: cases.bits(64) as u64,
                len: cases.bits(32) as u32,
                atomic: cases.chance(30),
            });
        }
        if step.done.is_none() && !closed && cases.chance(rate) {
            let number = conn(cases);
            step.done = number.map(|conn| Done {
                conn,
                gen: gen_of(&b, cases, conn),
                count: cases.bits(5) as u8,
            });
        }
        if step.mirror.is_none() && !closed && cases.chance(rate) {
            step.mirror = conn(cases).map(|conn| Mirror {
                conn,
                gen: gen_of(&b, cases, conn),
                send: [0; 4].map(|_| cases.bits(32) as u32),
            });
        }
        step.consume = None;
        if cases.chance(use_up) {
            if let Some(number) = conn(cases) {
                let c = &b.conns[&number];
                let recv = c.posted != c.smsn && cases.chance(50);
                let read = c.issued != c.head && cases.chance(50);
                step.consume = Some((number, recv, read));
            }
        }
        // Mostly near the live ones, where slots change.
        let number = numbers[cases.below(3)];
        let c = &b.conns[&number];
        let near = (cases.below(20) as u32).wrapping_sub(4);
        step.read = Some((
            number,
            c.smsn.wrapping_add(near),
            c.head.wrapping_add(near as u16),
        ));
        // Long enough without a pop that the FIFO fills.
        step.nic_pop = cycle / 3000 % 2 == 1 && cases.chance(use_up) && !b.nic.is_empty();

        let taken = b.tick(&step);
        if taken.post {
            step.post = None;
        }
        if taken.issue {
            step.issue = None;
        }
        if taken.done {
            step.done = None;
        }
        if taken.mirror {
            step.mirror = None;
        }
        if taken.init {
            step.init = None;
        }
    }
    b.pulses
}

#[test]
fn queues_match_the_model() {
    let mut cases = Cases::new("queues_match_the_model");
    let cfg = small(2);
    let p = soak(&cfg, &mut cases, 20_000);
    let low = [p.rq_full, p.ord_full, p.nic_full, p.post_bad, p.stale];
    assert!(
        low.iter().all(|n| *n > 10),
        "the stimulus reaches every refusal: {p:?}"
    );
}

#[test]
fn queues_match_the_model_sliced() {
    let mut cases = Cases::new("queues_match_the_model_sliced");
    let cfg = Cfg {
        sliced: true,
        ..small(2)
    };
    soak(&cfg, &mut cases, 10_000);
}

#[test]
fn queues_match_the_model_at_odd_sizes() {
    let mut cases = Cases::new("queues_match_the_model_at_odd_sizes");
    let cfg = Cfg {
        rq_bits: 1,
        ord_bits: 4,
        ..small(3)
    };
    soak(&cfg, &mut cases, 5_000);
    let cfg = Cfg {
        rq_bits: 5,
        ord_bits: 1,
        ..dc_100g()
    };
    soak(&cfg, &mut cases, 3_000);
}
