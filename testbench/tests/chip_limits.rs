//! Hazards and full tables: invalidation hard in front of a Write, slots used again while old frames are on their way,
//! fences, and every queue and pool full. Never a hang, never corruption, and the counters tell.

mod chip_support;

use chip_support::{chip, count, duel, region, region_of, WIDTHS};
use ferrowarp_abi::code::{cpl_kind, dma_class, term};
use ferrowarp_testbench::build::{counted, fpdu, send_message, tagged_message, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{
    small_cfg, ConnPlan, DuelError, Gate, Lockstep, OpPlan, Setup,
};
use ferrowarp_testbench::chip::{Chip, ChipError, Post, Region, Sink, RQ_NIC};
use ferrowarp_testbench::wire::ddp::Opcode;

const STAG: u32 = 0x0002_0155;

/// An FPDU with a whole Send of `n` octets.
fn send(msn: u32, n: usize) -> Vec<u8> {
    fpdu(&ulpdu::send(Opcode::Send, msn, 0, &counted(n), true, 0))
}

/// Send with Invalidate, then a Write to that STag 0 to 40 cycles behind it, on the same connection or another one of the PD.
#[test]
fn rdm_47_write_hard_behind_an_invalidate() {
    for width in WIDTHS {
        let mut l = Lockstep::new(chip(width, 1), 1);
        let (a, b) = (ConnPlan::new(1), ConnPlan::new(2));
        let sides = [&a, &b].map(|p| l.install(p).unwrap_or_else(|e| panic!("{e}")));
        let r = l
            .region(region(STAG, a.pd, 4000))
            .unwrap_or_else(|e| panic!("{e}"));
        let addr = l.post(sides[0], 64).unwrap_or_else(|e| panic!("{e}"));
        for gap in 0..40u64 {
            for (n, to) in [(0usize, sides[0]), (0, sides[1]), (60, sides[1])] {
                let run = |l: &mut Lockstep| -> Result<(), DuelError> {
                    l.renew(sides[0], 7)?;
                    l.renew(sides[1], 9)?;
                    l.forget();
                    l.post_at(sides[0], addr, 64, false)?;
                    let send = ulpdu::send(Opcode::SendInv, 1, 0, &counted(n), true, STAG);
                    let f = l.spec(sides[0]).fpdu(&send);
                    l.frame(f);
                    let write = l.spec(to).fpdu(&ulpdu::write(STAG, 100, &counted(4), true));
                    l.frame_at(l.chip.cycle() + 2 + gap, write);
                    l.settle()?;
                    let codes: Vec<_> = l
                        .events(to)
                        .iter()
                        .filter(|e| e.kind == cpl_kind::ERROR)
                        .map(|e| e.term)
                        .collect();
                    assert_eq!(codes, [term::DDP_TAGGED_STAG], "gap {gap}");
                    l.region(r)?;
                    Ok(())
                };
                run(&mut l).unwrap_or_else(|e| panic!("gap {gap}, {width} bits: {e}"));
            }
        }
    }
}

/// A slot gets a new generation while frames of the old connection (same tuple) are on their way; the sink is slow.
#[test]
fn sec_04_generations_and_fences() {
    for width in WIDTHS {
        let mut c = chip(width, 2);
        c.sink = Sink::Random(0.6);
        let mut old = ConnPlan::new(5);
        old.pd = 3;
        let other = ConnPlan::new(6);
        c.install(6, &ferrowarp_testbench::chip::duel::record(&other))
            .unwrap_or_else(|e| panic!("{e}"));
        let mut go = |round: u32| -> Result<(), ChipError> {
            let plan = ConnPlan {
                gen: round as u8,
                spec: FrameSpec {
                    seq: round << 24,
                    ..old.spec.clone()
                },
                ..old.clone()
            };
            let (r, first) = (region(STAG, 3, 60_000), c.writes.len());
            let r = Region {
                pa: 0x4000_0000 + u64::from(round) * 0x10_0000,
                ..r
            };
            c.register_region(&r)?;
            c.install(5, &ferrowarp_testbench::chip::duel::record(&plan))?;
            // Ten fast Writes, then ten that go through the assembler; then the same octets as junk for the next generation.
            let mut spec = plan.spec.clone();
            let mut sent = 0;
            for i in 0..20u64 {
                let f = fpdu(&ulpdu::write(STAG, i * 1500, &counted(1200), true));
                let cut = if i < 10 { f.len() } else { 700 };
                for part in [&f[..cut], &f[cut..]] {
                    if !part.is_empty() {
                        c.send(0, spec.frame(part));
                        spec.seq = spec.seq.wrapping_add(part.len() as u32);
                        sent += part.len();
                    }
                }
            }
            // Some frames later: a fence, then the connection goes while the rest is still coming.
            for _ in 0..(200 + round * 37) {
                c.tick()?;
            }
            let done = c.sent.len();
            let id = 100 + round as u16;
            c.fence(5, plan.gen, id)?;
            let state = c.remove(5, plan.gen)?;
            c.deregister_region(STAG)?;
            let gone = c.cycle();
            // An engine of another connection: its fence says that nothing of the old one is on its way any more.
            c.fence(6, 1, id + 100)?;
            c.drain(600, 200_000)?;
            let fence = |id: u16| {
                c.events
                    .iter()
                    .find(|e| e.kind == cpl_kind::FENCE && e.fence_id == id)
            };
            let Some(own) = fence(id) else {
                panic!("fence {id} did not come")
            };
            let Some(last) = fence(id + 100) else {
                panic!("fence {} did not come", id + 100)
            };
            let writes = &c.writes[first..];
            assert!(
                writes.iter().all(|w| w.gen == plan.gen && w.conn == 5),
                "a write with a wrong generation"
            );
            assert!(
                writes.iter().all(|w| w.last_data < last.cycle),
                "a write behind the last fence (removed in {gone})"
            );
            assert!(own.cycle < last.cycle);
            // The state given back covers exactly what was placed.
            let taken = state.rcv_nxt.wrapping_sub(plan.spec.seq) as usize;
            assert!(taken <= sent, "took {taken} of {sent} octets");
            let whole = taken / fpdu(&ulpdu::write(STAG, 0, &counted(1200), true)).len();
            assert!(
                writes.len() <= whole && writes.len() + 10 >= whole,
                "{} writes, {taken} octets taken",
                writes.len()
            );
            for (i, w) in writes.iter().enumerate() {
                assert_eq!(
                    (w.addr, &w.data),
                    (r.pa + i as u64 * 1500, &counted(1200)),
                    "write {i}"
                );
            }
            println!("{width} bits, round {round}: {done} frames before, {} writes, {taken} of {sent} octets", writes.len());
            Ok(())
        };
        for round in 1..12 {
            go(round).unwrap_or_else(|e| panic!("round {round}, {width} bits: {e}"));
        }
    }
}

/// A slot gets a new generation while the assembler still holds segments of the old one: nothing of them is the new one's.
#[test]
fn sec_04_queued_segments_of_the_old_generation() {
    for width in WIDTHS {
        let mut c = chip(width, 3);
        let run = |c: &mut Chip| -> Result<(), ChipError> {
            let base = ConnPlan::new(5);
            let r = region(STAG, base.pd, 60_000);
            c.register_region(&r)?;
            for gen in 1..6u8 {
                let mut plan = base.clone();
                plan.gen = gen;
                plan.spec.seq = u32::from(gen) << 24;
                let first = c.writes.len();
                c.install(5, &ferrowarp_testbench::chip::duel::record(&plan))?;
                let own = fpdu(&ulpdu::write(STAG, 50_000, &counted(30), true));
                c.send(0, plan.spec.frame(&own));
                c.drain(600, 200_000)?;
                let of = |g: u8| c.writes[first..].iter().filter(move |w| w.gen == g);
                assert!(of(gen - 1).count() < 100, "nothing was queued any more");
                let placed: Vec<_> = of(gen).map(|w| (w.addr, w.data.clone())).collect();
                assert_eq!(placed, [(r.pa + 50_000, counted(30))], "generation {gen}");
                // Small Writes, many to a segment: the assembler has work for a thousand cycles.
                let mut seq = plan.spec.seq.wrapping_add(own.len() as u32);
                for _ in 0..3 {
                    let small = (0..40u64).map(|i| ulpdu::write(STAG, i * 4, &counted(4), true));
                    let octets: Vec<u8> = small.flat_map(|u| fpdu(&u)).collect();
                    let spec = FrameSpec {
                        seq,
                        ..plan.spec.clone()
                    };
                    c.send(0, spec.frame(&octets));
                    seq = seq.wrapping_add(octets.len() as u32);
                }
                while c.frames_left() > 0 {
                    c.tick()?;
                }
                for _ in 0..20 + 10 * u32::from(gen) {
                    c.tick()?;
                }
                c.remove(5, gen)?;
            }
            Ok(())
        };
        run(&mut c).unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

/// Frames of one connection through the inject port between frames of others on the MAC port.
#[test]
fn inject_and_mac_mixed() {
    for width in WIDTHS {
        let mut s = Setup::new(3);
        for n in 0..4u16 {
            let mut c = ConnPlan::new(n);
            c.inject = n % 2 == 1;
            let r = region_of(n, c.pd, 40_000);
            s.regions.push(r);
            for i in 0..12usize {
                let u = tagged_message(
                    Opcode::Write,
                    r.stag,
                    i as u64 * 3000,
                    &counted(100 + 211 * i),
                    1400,
                );
                c.ops.push(OpPlan::new("Write", Gate::Open, &u));
                let u = send_message(Opcode::Send, 1 + i as u32, &counted(i * 90), 1400, 0);
                c.ops
                    .push(OpPlan::new("Send", Gate::Receive { len: 2000 }, &u));
            }
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert!(count(&r, "inject_frames") > 40);
    }
}

/// Segments of long messages on connections that together need twice the pool: put back, not acknowledged, done later.
#[test]
fn pool_exhausted() {
    for width in WIDTHS {
        let mut s = Setup::new(4);
        s.gap = 40;
        for n in 0..5u16 {
            let mut c = ConnPlan::new(n);
            c.mss = 8900;
            let u = send_message(
                Opcode::Send,
                1,
                &counted(60_000 + usize::from(n)),
                65_535,
                0,
            );
            c.ops
                .push(OpPlan::new("Send", Gate::Receive { len: 65_000 }, &u).with_cuts([]));
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert!(count(&r, "pool_short") > 0, "the pool was never short");
    }
}

fn bursts(s: &mut Setup, conns: u16, size: usize, mulpdu: usize) {
    for n in 0..conns {
        let mut c = ConnPlan::new(n);
        c.window = 200_000;
        let r = region_of(n, c.pd, 70_000);
        s.regions.push(r);
        for i in 0..40u64 {
            let u = tagged_message(Opcode::Write, r.stag, i * 7, &counted(size), mulpdu);
            c.ops.push(OpPlan::new("Write", Gate::Open, &u));
        }
        s.conns.push(c);
    }
}

/// The DMA port takes next to nothing: frames are dropped at the door and counted, the peers bring them again.
#[test]
fn staging_full() {
    for width in WIDTHS {
        for size in [20, 1400, 8000] {
            let mut s = Setup::new(5);
            s.sink_stall = 0.93;
            bursts(&mut s, 2, size, 1440);
            let r = duel(width, &s);
            let drops = count(&r, "drop_slot") + count(&r, "drop_credit") + count(&r, "drop_full");
            assert!(drops > 0, "nothing was dropped");
        }
    }
}

/// Nobody takes events: credits end, frames are dropped before any state changes, nothing is lost.
#[test]
fn events_not_taken() {
    for width in WIDTHS {
        let mut s = Setup::new(6);
        s.event_stall = 0.98;
        for n in 0..3u16 {
            let mut c = ConnPlan::new(n);
            for i in 0..60u32 {
                let u = send_message(Opcode::Send, 1 + i, &counted(9), 1400, 0);
                c.ops
                    .push(OpPlan::new("Send", Gate::Receive { len: 10 }, &u));
            }
            s.conns.push(c);
        }
        let r = duel(width, &s);
        assert_eq!(count(&r, "sends"), 180);
        // With none taken for long, then all of them at once.
        let mut l = Lockstep::new(chip(width, 6), 6);
        let side = l
            .install(&ConnPlan::new(1))
            .unwrap_or_else(|e| panic!("{e}"));
        l.region(region(STAG, 7, 4000))
            .unwrap_or_else(|e| panic!("{e}"));
        l.chip.event_stall = 1.0;
        let f = fpdu(&ulpdu::write(STAG, 0, &counted(8), true));
        let start = l.spec(side);
        for i in 0..300u32 {
            let seq = start.seq.wrapping_add(i * f.len() as u32);
            l.chip.send(
                0,
                FrameSpec {
                    seq,
                    ..start.clone()
                }
                .frame(&f),
            );
        }
        let run = |l: &mut Lockstep| -> Result<u32, ChipError> {
            for _ in 0..20_000 {
                l.chip.tick()?;
            }
            assert!(l.chip.acks.is_empty());
            l.chip.event_stall = 0.0;
            l.chip.drain(500, 50_000)?;
            l.chip.counter("drop_credit")
        };
        let dropped = run(&mut l).unwrap_or_else(|e| panic!("{e}"));
        let (writes, acks) = (
            l.chip.writes.len(),
            l.chip.acks.iter().filter(|a| a.mode != 0).count(),
        );
        println!("{width} bits: {writes} writes, {acks} reports, {dropped} dropped");
        assert!(dropped > 0 && writes > 0);
        let last = l
            .chip
            .acks
            .iter()
            .map(|a| a.rcv_nxt.wrapping_sub(start.seq))
            .max();
        assert_eq!(
            last,
            Some((writes * f.len()) as u32),
            "acknowledged is what was placed"
        );
    }
}

#[test]
fn rq_ord_nic_and_tpt_full() {
    for width in WIDTHS {
        let run = || -> Result<(), DuelError> {
            let cfg = small_cfg(width);
            let mut l = Lockstep::new(chip(width, 7), 7);
            let plan = ConnPlan::new(1);
            let side = l.install(&plan)?;
            let (slots, ord) = (1u32 << cfg.rq_bits, 1u32 << cfg.ord_bits);
            for _ in 0..slots {
                l.post(side, 50)?;
            }
            // Refused, so that the golden endpoint does not hear of it.
            l.chip.post(Post {
                rq: 1,
                idx: 999,
                addr: 0,
                len: 50,
            });
            l.chip.drain(100, 10_000)?;
            assert_eq!(l.chip.counter("rq_full")?, 1);
            let sink = l.region(region(STAG, plan.pd, 400))?;
            for i in 0..ord {
                let gate = Gate::Read {
                    sq_idx: i as u16,
                    sink_stag: sink.stag,
                    sink_to: u64::from(i),
                    len: 5,
                };
                l.issue(side, gate)?;
            }
            let read = ferrowarp_testbench::chip::ReadIssue {
                conn: 1,
                gen: 1,
                sq_idx: 99,
                sink_stag: 1,
                sink_to: 0,
                len: 5,
                atomic: false,
            };
            l.chip.issue_read(read);
            l.chip.drain(100, 10_000)?;
            assert_eq!(l.chip.counter("ord_full")?, 1);
            for m in 1..=slots {
                l.data(side, &send(m, m as usize));
            }
            for i in 0..ord {
                l.data(
                    side,
                    &fpdu(&ulpdu::read_response(
                        sink.stag,
                        u64::from(i),
                        &counted(5),
                        true,
                    )),
                );
            }
            l.settle()?;
            // There is room again, once round the ring.
            for m in slots + 1..=2 * slots {
                l.post(side, 50)?;
                l.data(side, &send(m, m as usize));
            }
            l.settle()?;
            l.data(side, &send(2 * slots + 1, 3));
            l.settle()?;
            assert_eq!(
                l.events(side).last().map(|e| e.term),
                Some(term::DDP_NO_BUFFER)
            );

            // NIC buffers: 64 and no more; one that does not hold the longest frame is refused.
            let mut other = FrameSpec::default();
            other.src.port = 9;
            let (long, short) = (other.frame(&counted(300)), other.frame(&counted(20)));
            l.chip.send(0, long.clone());
            l.chip.drain(200, 10_000)?;
            assert_eq!(l.chip.counter("nic_drop")?, 1);
            let (max_frame, bad) = (cfg.max_frame as u32, l.chip.counter("post_bad")?);
            for i in 0..65u16 {
                l.chip.post(Post {
                    rq: RQ_NIC,
                    idx: i,
                    addr: 0x90_0000_0000 + u64::from(i) * 0x4000,
                    len: max_frame,
                });
            }
            l.chip.drain(200, 10_000)?;
            assert_eq!(l.chip.counter("nic_full")?, 1);
            l.chip.post(Post {
                rq: RQ_NIC,
                idx: 65,
                addr: 0x91_0000_0000,
                len: max_frame - 1,
            });
            l.chip.drain(200, 10_000)?;
            assert_eq!(l.chip.counter("post_bad")?, bad + 1);
            let (w, e) = (l.chip.writes.len(), l.chip.events.len());
            for frame in [&long, &short, &long] {
                l.chip.send(0, frame.clone());
            }
            l.chip.drain(200, 10_000)?;
            assert_eq!(l.chip.counter("nic_drop")?, 1);
            let got: Vec<_> = l.chip.writes[w..]
                .iter()
                .map(|w| (w.class, &w.data))
                .collect();
            assert_eq!(
                got,
                [
                    (dma_class::NIC, &long),
                    (dma_class::NIC, &short),
                    (dma_class::NIC, &long)
                ]
            );
            let got: Vec<_> = l.chip.events[e..]
                .iter()
                .map(|e| (e.kind, e.rqe_idx, e.len as usize))
                .collect();
            let want = |i, f: &Vec<u8>| (cpl_kind::NIC, i, f.len());
            assert_eq!(got, [want(0, &long), want(1, &short), want(2, &long)]);

            // TPT: four ways, the fifth is an error; so is the same index twice. The ones there stay.
            let set = 1u32 << cfg.tpt_set_bits;
            let index = |i: u32| (0x100 + i * set) << 8 | i;
            for i in 0..5 {
                let got = l.chip.register_region(&Region {
                    pa: 0x80_0000_0000,
                    ..region(index(i), 7, 100)
                });
                match (i, got) {
                    (0..=3, got) => got?,
                    (_, Err(ChipError::Command { status, .. })) => assert_eq!(status, "FULL"),
                    (_, got) => panic!("the fifth way: {got:?}"),
                }
            }
            match l.chip.register_region(&Region {
                pa: 5,
                ..region(index(2) ^ 1, 7, 100)
            }) {
                Err(ChipError::Command { status, .. }) => assert_eq!(status, "EXISTS"),
                got => panic!("the same index twice: {got:?}"),
            }
            let second = ConnPlan::new(2);
            let seq = second.spec.seq;
            l.chip
                .install(2, &ferrowarp_testbench::chip::duel::record(&second))?;
            let before = l.chip.writes.len();
            let f = FrameSpec {
                seq,
                ..second.spec.clone()
            }
            .frame(&fpdu(&ulpdu::write(index(2), 50, &counted(50), true)));
            l.chip.send(0, f);
            l.chip.drain(200, 10_000)?;
            assert_eq!(
                l.chip.writes[before..]
                    .iter()
                    .map(|w| w.addr)
                    .collect::<Vec<_>>(),
                [0x80_0000_0032]
            );
            Ok(())
        };
        run().unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}
