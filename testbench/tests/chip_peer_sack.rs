//! The peer's SACK option in `ack_event`: every layout, malformed ones, and that each report has the blocks of its own frame.

mod chip_support;

use chip_support::one::{Done, One, STAG};
use chip_support::{chip, WIDTHS};
use ferrowarp_abi::code::ack_flag;
use ferrowarp_testbench::build::{counted, fpdu, mutate, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{ConnPlan, Lockstep};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};
use ferrowarp_testbench::wire::tcp::TcpOption;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

type Blocks = Vec<(u32, u32)>;

fn run(test: fn(&mut One) -> Done) {
    for timestamps in [false, true] {
        let mut plan = ConnPlan::new(3);
        plan.timestamps = timestamps;
        plan.spec.timestamps = timestamps.then_some((5, 7));
        One::run(32, &plan, test);
    }
}

/// What the blocks of a single report are.
fn told(b: &mut One, frame: Vec<u8>) -> Result<Blocks, ferrowarp_testbench::chip::duel::DuelError> {
    let a = b.send(frame)?;
    assert_eq!(a.len(), 1, "{a:x?}");
    Ok(a[0].peer_blocks().to_vec())
}

fn blocks(n: u32) -> Blocks {
    (0..n)
        .map(|i| {
            (
                0xffff_f000_u32.wrapping_add(0x801 * i),
                0xffff_f123_u32.wrapping_add(0x907 * i),
            )
        })
        .collect()
}

/// TCP-0D: one to four blocks, wherever the option stands and whatever stands beside it.
#[test]
fn tcp_0d_blocks_in_any_layout() {
    run(|b| {
        let nop = TcpOption::Nop;
        let stamps = b.spec().timestamps.is_some();
        for n in 0..=4 {
            let sack = TcpOption::Sack(blocks(n));
            let other = TcpOption::Unknown {
                kind: 254,
                data: vec![5; 3],
            };
            for (before, behind) in [
                (vec![], vec![]),
                (vec![nop.clone()], vec![]),
                (vec![nop.clone(), nop.clone()], vec![]),
                (vec![other.clone()], vec![nop.clone()]),
                (vec![other.clone(), nop.clone()], vec![other.clone()]),
                (vec![], vec![TcpOption::Sack(blocks(1))]),
            ] {
                let mut options = before;
                options.extend((n > 0).then(|| sack.clone()));
                options.extend(behind);
                let octets: usize = options.iter().map(TcpOption::len).sum();
                if octets > 40 - if stamps { 12 } else { 0 } {
                    continue;
                }
                // The first one counts.
                let want = options.iter().find_map(|o| match o {
                    TcpOption::Sack(blocks) => Some(blocks.clone()),
                    _ => None,
                });
                let want = want.unwrap_or_default();
                for payload in [0, 40] {
                    let f = if payload > 0 {
                        b.write(payload)
                    } else {
                        vec![]
                    };
                    let spec = b.spec();
                    let behind = FrameSpec {
                        options: options.clone(),
                        ..spec.clone()
                    };
                    assert_eq!(told(b, behind.frame(&f))?, want, "{options:?}");
                    b.l.acknowledge(b.side)?;
                    // In front of the timestamps, where these are.
                    let front = FrameSpec {
                        front: options.clone(),
                        ..b.spec()
                    };
                    if stamps && octets <= 30 {
                        assert_eq!(told(b, front.frame(&[]))?, want, "in front: {options:?}");
                    }
                }
            }
        }
        Ok(())
    });
}

/// TCP-0E: a length that is not that of whole blocks, or that ends behind the header, is no SACK option; what stood in front of it counts.
#[test]
fn tcp_0e_malformed_sack_options() {
    run(|b| {
        let stamps = b.spec().timestamps.is_some();
        let at = 54 + if stamps { 12 } else { 0 };
        let room = 40 - if stamps { 12 } else { 0 };
        for (octets, want) in [
            // Of no block, of a block and a half, of more than the header has.
            (vec![5, 2], 0),
            (vec![5, 14], 0),
            (vec![5, 9], 0),
            (vec![5, room + 2], 0),
            (vec![5, 255], 0),
            (vec![5, 1], 0),
            (vec![5, 0], 0),
            // Another kind of that length; behind the end; behind a length that is wrong.
            (vec![6, 10], 0),
            (vec![0, 5, 10], 0),
            (vec![254, 1, 5, 10], 0),
            // Good ones.
            (vec![5, 10], 1),
            (vec![1, 1, 1, 5, 18], 2),
            (vec![5, 2, 5, 10], 1),
            (vec![5, 6, 1, 1, 1, 1, 5, 10], 1),
            (vec![5, 10, 9, 9, 9, 9, 9, 9, 9, 9, 254, 0], 1),
        ] {
            let spec = FrameSpec {
                options: vec![TcpOption::Nop; usize::from(room)],
                ..b.spec()
            };
            let frame = mutate(&spec.frame(&[]), true, |d| {
                d[at..at + octets.len()].copy_from_slice(&octets);
            });
            let frame = frame.unwrap_or_else(|e| panic!("{e:?}"));
            let got = told(b, frame)?;
            assert_eq!(got.len(), want, "{octets:?}: {got:x?}");
        }
        Ok(())
    });
}

/// Without the option none, also right behind frames that have it.
fn wild(chip: Chip, seed: u64, stall: bool) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut l = Lockstep::new(chip, seed);
    let sides: Vec<(usize, bool)> = (0..4)
        .map(|n| {
            let mut plan = ConnPlan::new(n);
            plan.timestamps = n % 2 == 1;
            plan.spec.timestamps = plan.timestamps.then_some((5, 7));
            let side = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
            (side, plan.timestamps)
        })
        .collect();
    let region = Region {
        stag: STAG,
        rights: StagRights {
            remote_write: true,
            ..Default::default()
        },
        pd: ConnPlan::new(0).pd,
        bound_to: None,
        base: 0,
        len: 60,
        pa: 0,
    };
    l.region(region).unwrap_or_else(|e| panic!("{e}"));
    // The window field says which frame a report is of.
    let mut want: HashMap<u16, Blocks> = HashMap::new();
    if stall {
        l.chip.event_stall = 0.9;
    }
    let from = l.chip.acks.len();
    let mut at = l.chip.cycle();
    for window in 1..600u16 {
        at += rng.gen_range(0..60);
        let (side, stamps) = sides[rng.gen_range(0..4)];
        let most = if stamps { 3 } else { 4 };
        let n = *[0, 0, 1, 2, most].get(rng.gen_range(0..5)).unwrap_or(&0);
        let own: Blocks = (0..n).map(|_| rng.gen()).collect();
        let mut options = vec![];
        if n > 0 {
            let lead = rng.gen_range(0..3);
            options.extend(vec![
                TcpOption::Nop;
                if most == 4 && n == 4 { 2 } else { lead }
            ]);
            options.push(TcpOption::Sack(own.clone()));
        }
        let mut spec = FrameSpec {
            window,
            options,
            ..l.spec(side)
        };
        let payload = match rng.gen_range(0..3) {
            0 => fpdu(&ulpdu::write(STAG, 0, &counted(rng.gen_range(0..60)), true)),
            _ => vec![],
        };
        match rng.gen_range(0..10) {
            // A bad checksum, no connection: no report.
            0 => {
                let mut frame = spec.frame(&payload);
                *frame.last_mut().expect("headers") ^= 0x40;
                l.chip.send(at, frame);
            }
            1 => {
                spec.src.port = 9;
                l.chip.send(at, spec.frame(&payload));
            }
            _ => {
                l.frame_at(at, spec.frame(&payload));
                want.insert(window, own);
            }
        }
    }
    l.chip.drain(400, 400_000).unwrap_or_else(|e| panic!("{e}"));
    let good = want.len();
    for a in &l.chip.acks[from..] {
        // Reports of the assembler are of no frame.
        let own = if a.flags & ack_flag::RX_ONLY == 0 {
            want.remove(&a.wnd)
                .unwrap_or_else(|| panic!("seed {seed}: {a:x?}"))
        } else {
            vec![]
        };
        assert_eq!(a.peer_blocks(), own, "seed {seed}: {a:x?}");
    }
    // Frames that find the chip full are dropped, with stalls most of them.
    let seen = good - want.len();
    assert!(
        seen * if stall { 8 } else { 2 } > good,
        "seed {seed}: {seen} of {good}"
    );
}

#[test]
fn blocks_of_their_own_frame() {
    for width in WIDTHS {
        for seed in 0..6 {
            let repeat = ferrowarp_sim::repeat!("blocks_of_their_own_frame", seed);
            let seed = repeat.seed;
            wild(chip(width, seed), seed, seed % 3 == 2);
        }
    }
}
