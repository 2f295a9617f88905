//! Corners that long runs seldom meet: frames that meet in the merge, rings that come round, credits of several at once,
//! reservations that just fit, ports that take nothing for long, and reasons that must not be mixed up.

mod chip_support;

use chip_support::{chip, count, duel, region, region_of, WIDTHS};
use ferrowarp_abi::code::{cpl_kind, dma_class, term};
use ferrowarp_testbench::build::{
    counted, fpdu, mutate, send_message, tagged_message, ulpdu, FrameSpec,
};
use ferrowarp_testbench::chip::duel::{ConnPlan, DuelError, Gate, Lockstep, OpPlan, Setup};
use ferrowarp_testbench::chip::{ChipError, Mirror, Post, RQ_NIC};
use ferrowarp_testbench::wire::ddp::{Opcode, ReadRequestRepr};
use ferrowarp_testbench::wire::tcp::Flags;

const STAG: u32 = 0x0002_0155;
/// Protection domain of [`ConnPlan::new`].
const PD: u32 = 7;

/// A [`Lockstep`] at each width.
fn lockstep(test: fn(&mut Lockstep) -> Result<(), DuelError>) {
    for width in WIDTHS {
        let mut l = Lockstep::new(chip(width, 1), 1);
        let all = test(&mut l).and_then(|()| l.compare_memory());
        all.unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

/// Two MAC frames back to back begin 0 to 60 cycles after a frame is offered to the inject port: all three arrive whole.
#[test]
fn frames_that_meet_in_the_merge() {
    lockstep(|l| {
        let (mac, host) = (l.install(&ConnPlan::new(1))?, l.install(&ConnPlan::new(2))?);
        l.region(region(STAG, PD, 60_000))?;
        for len in [60, 300] {
            for at in 0..60u64 {
                l.forget();
                let write = |l: &Lockstep, side, to: u64, n: usize| {
                    let u = ulpdu::write(STAG, at * 600 + to, &counted(n), true);
                    l.spec(side).fpdu(&u)
                };
                let start = l.chip.cycle();
                let f = write(l, host, 0, len);
                l.inject(f);
                for (to, n) in [(300, 91), (400, 92)] {
                    let f = write(l, mac, to, n);
                    l.frame_at(start + at, f);
                }
                l.quiet = 60;
                l.settle()?;
                l.position(mac)?;
                l.position(host)?;
            }
        }
        assert_eq!(l.chip.counter("inject_frames")?, 120);
        Ok(())
    });
}

/// A Send that finds no receive posted is refused, however often the ring of receives has come round before.
#[test]
fn ddp_31_no_receive_left_after_every_lap() {
    lockstep(|l| {
        let slots = 1u32 << l.chip.cfg.rq_bits;
        let side = l.install(&ConnPlan::new(1))?;
        for taken in 0..=5 * slots {
            l.renew(side, 7 + taken)?;
            l.forget();
            let send = |m: u32| fpdu(&ulpdu::send(Opcode::Send, m, 0, &counted(9), true, 0));
            for m in 1..=taken {
                l.post(side, 20)?;
                l.data(side, &send(m));
                if m % slots == 0 {
                    l.settle()?;
                }
            }
            l.settle()?;
            l.data(side, &send(taken + 1));
            l.settle()?;
            let last = l.events(side).last().map(|e| e.term);
            assert_eq!(last, Some(term::DDP_NO_BUFFER), "after {taken} receives");
        }
        Ok(())
    });
}

/// Read Requests answered 1 to IRD at a time give back as many credits; the first one too many is refused.
#[test]
fn rdm_33_answers_given_back_together() {
    lockstep(|l| {
        let side = l.install(&ConnPlan::new(1))?;
        l.region(region(STAG, PD, 4000))?;
        let ird = l.plan(side).ird;
        for back in 1..=ird {
            l.renew(side, 7 + u32::from(back))?;
            l.forget();
            let mut msn = 0;
            let mut request = |l: &mut Lockstep| {
                msn += 1;
                let r = ReadRequestRepr {
                    sink_stag: 1,
                    sink_to: 2,
                    size: 3,
                    source_stag: STAG,
                    source_to: 4,
                };
                l.data(side, &fpdu(&ulpdu::read_request(msn, &r)));
                l.settle()
            };
            for _ in 0..ird {
                request(l)?;
            }
            for _ in 0..3 {
                l.answer(side, back)?;
                for _ in 0..back {
                    request(l)?;
                }
                assert!(!l.ended(side), "{back} given back");
            }
            request(l)?;
            assert!(l.ended(side), "one more than IRD after {back} given back");
        }
        Ok(())
    });
}

/// Send state of a removed connection changes nothing of the next one in its place, and is counted.
#[test]
fn sec_04_send_state_of_a_removed_connection() {
    lockstep(|l| {
        let side = l.install(&ConnPlan::new(1))?;
        l.region(region(STAG, PD, 4000))?;
        for round in 1..=4u32 {
            let old = l.plan(side).gen;
            l.renew(side, round << 20)?;
            l.forget();
            let ack = l.plan(side).spec.ack;
            let conn = l.plan(side).conn;
            l.chip.mirror(Mirror {
                conn,
                gen: old,
                snd_una: ack.wrapping_add(0x4000_0000),
                snd_nxt: ack.wrapping_add(0x4000_0010),
                max_wnd: 100,
                last_ack_sent: 0x5555_5555,
            });
            l.chip.drain(60, 10_000)?;
            assert_eq!(l.chip.counter("mirror_stale")?, round);
            let f = fpdu(&ulpdu::write(STAG, 40, &counted(30), true));
            l.data(side, &f);
            l.settle()?;
            l.position(side)?;
        }
        Ok(())
    });
}

/// What is wrong with a segment is counted where the schema says, and nowhere else.
#[test]
fn sec_11_every_reason_in_its_own_counter() {
    const REASONS: [&str; 9] = [
        "bad_fcs",
        "bad_ip_sum",
        "bad_tcp_sum",
        "tcp_dup",
        "tcp_ooo",
        "tcp_window",
        "tcp_bad_ack",
        "tcp_challenge",
        "tcp_rst",
    ];
    lockstep(|l| {
        let mut plan = ConnPlan::new(1);
        plan.window = 1000;
        let side = l.install(&plan)?;
        l.region(region(STAG, PD, 4000))?;
        let write = fpdu(&ulpdu::write(STAG, 40, &counted(30), true));
        l.data(side, &write);
        l.settle()?;
        let now = l.spec(side);
        let at = |by: i64| FrameSpec {
            seq: now.seq.wrapping_add(by as u32),
            ..now.clone()
        };
        let flip = |frame: &[u8], octet: usize| {
            let change = |f: &mut Vec<u8>| f[octet] ^= 1;
            mutate(frame, false, change).unwrap_or_else(|e| panic!("{e:?}"))
        };
        let good = now.frame(&write);
        let bad_ack = FrameSpec {
            ack: now.ack.wrapping_add(5),
            ..now.clone()
        };
        let syn = FrameSpec {
            flags: Flags::SYN,
            ..now.clone()
        };
        let old = -(write.len() as i64);
        let cases: [(&str, Vec<u8>, bool, &[&str]); 8] = [
            ("the MAC says bad", good.clone(), true, &["bad_fcs"]),
            (
                "a bit of the IP header",
                flip(&good, 18),
                false,
                &["bad_ip_sum"],
            ),
            (
                "a bit of the payload",
                flip(&good, 70),
                false,
                &["bad_tcp_sum"],
            ),
            ("old", at(old).frame(&write), false, &["tcp_dup"]),
            ("ahead", at(100).frame(&write), false, &["tcp_ooo"]),
            ("beyond", at(2000).frame(&write), false, &["tcp_window"]),
            (
                "acks what was not sent",
                bad_ack.frame(&write),
                false,
                &["tcp_bad_ack", "tcp_challenge"],
            ),
            ("SYN", syn.frame(&[]), false, &["tcp_challenge"]),
        ];
        for (what, frame, bad, want) in cases {
            let before = REASONS.map(|n| l.chip.counter(n).unwrap_or_else(|e| panic!("{e}")));
            match bad {
                true => l.chip.send_bad(0, frame),
                false => l.chip.send(0, frame),
            }
            l.chip.drain(100, 10_000)?;
            let mut counted = Vec::new();
            for (name, was) in REASONS.iter().zip(before) {
                counted.extend(vec![*name; (l.chip.counter(name)? - was) as usize]);
            }
            assert_eq!(counted, want, "{what}");
        }
        Ok(())
    });
}

/// More connections than the pool has room for begin an FPDU of three blocks at the same time: those that are promised their
/// blocks get them, the others come again.
#[test]
fn promises_of_the_pool_are_kept() {
    for width in WIDTHS {
        let mut s = Setup::new(8);
        for n in 0..60u16 {
            let mut c = ConnPlan::new(n);
            c.mss = 900;
            for i in 0..3u32 {
                let u = send_message(Opcode::Send, 1 + i, &counted(2900), 65_535, 0);
                let op = OpPlan::new("Send", Gate::Receive { len: 3000 }, &u);
                c.ops.push(op.with_cuts([]));
            }
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert!(count(&r, "pool_short") > 0, "the pool was never short");
    }
}

/// The DMA port takes next to nothing while the assembler goes through segments of forty FPDUs: none gets lost.
#[test]
fn small_fpdus_pile_up_at_the_dma_port() {
    for width in WIDTHS {
        let mut s = Setup::new(9);
        s.sink_stall = 0.98;
        for n in 0..3u16 {
            let mut c = ConnPlan::new(n);
            let r = region_of(n, c.pd, 70_000);
            s.regions.push(r);
            let writes: Vec<OpPlan> = (0..150usize)
                .map(|i| {
                    let at = i as u64 * 8;
                    let u = tagged_message(Opcode::Write, r.stag, at, &counted(i % 8), 1400);
                    OpPlan::new("Write", Gate::Open, &u)
                })
                .collect();
            c.ops.push(OpPlan::join(&writes).with_cuts([]));
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert_eq!(count(&r, "writes"), 450);
    }
}

/// The longest frames while the DMA port is slow: the ring of the staging RAM is full before the slots are.
#[test]
fn staging_full_of_the_longest_frames() {
    for width in WIDTHS {
        let mut s = Setup::new(10);
        s.sink_stall = 0.93;
        for n in 0..4u16 {
            let mut c = ConnPlan::new(n);
            c.mss = 8900;
            let r = region_of(n, c.pd, 70_000);
            s.regions.push(r);
            for i in 0..8u64 {
                let octets = counted(8800 + n as usize);
                let u = tagged_message(Opcode::Write, r.stag, i * 7001, &octets, 8890);
                c.ops.push(OpPlan::new("Write", Gate::Open, &u));
            }
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert!(count(&r, "drop_full") > 0, "the ring was never full");
    }
}

/// Plain frames without a pause, of the shortest length and of one beat as a MAC that does not look might pass them: what is not
/// dropped at the door reaches the host whole, in order.
#[test]
fn short_frames_without_a_pause() {
    for (width, len) in [(64, 60), (64, 8), (512, 60), (512, 8)] {
        let mut c = chip(width, 11);
        let mut run = || -> Result<(), ChipError> {
            for idx in 0..64u16 {
                let addr = 0x90_0000_0000 + u64::from(idx) * 0x4000;
                let len = c.cfg.max_frame as u32;
                c.post(Post {
                    rq: RQ_NIC,
                    idx,
                    addr,
                    len,
                });
            }
            c.drain(100, 10_000)?;
            let frame = |n: u8| {
                let mut f = FrameSpec::default().frame(&[0; 10]);
                f.truncate(len);
                f[len - 1] = n;
                f
            };
            let frames: Vec<Vec<u8>> = (0..60).map(frame).collect();
            for f in &frames {
                c.send(0, f.clone());
            }
            c.drain(500, 50_000)?;
            let mut left = frames.iter();
            for w in &c.writes {
                assert_eq!(w.class, dma_class::NIC);
                let known = left.any(|f| *f == w.data);
                assert!(known, "a write that is no frame, or not in order: {w:x?}");
            }
            let told = c.events.iter().filter(|e| e.kind == cpl_kind::NIC);
            let told = told.count();
            assert_eq!(told, c.writes.len());
            let mut dropped = 0;
            for name in ["drop_slot", "drop_credit", "drop_full", "nic_drop"] {
                dropped += c.counter(name)? as usize;
            }
            println!("{width} bits: {told} frames of {len} octets, {dropped} dropped");
            assert_eq!(told + dropped, frames.len());
            assert_eq!(c.counter("nic_frames")? as usize, told);
            Ok(())
        };
        run().unwrap_or_else(|e| panic!("{width} bits, {len} octets: {e}"));
    }
}
