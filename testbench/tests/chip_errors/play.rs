//! Registers the regions of the cases and plays each case on the chip, in every way of cutting its segments.

use crate::cases::*;
use ferrowarp_abi::code::cpl_kind;
use ferrowarp_testbench::build::fpdu;
use ferrowarp_testbench::chip::duel::{small_cfg, small_model, ConnPlan, DuelError, Lockstep};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};

fn region(
    l: &mut Lockstep,
    stag: u32,
    rights: StagRights,
    pd: u32,
    bound_to: Option<u32>,
    base: u64,
    len: u32,
) -> Region {
    l.region(Region {
        stag,
        rights,
        pd,
        bound_to,
        base,
        len,
        pa: 0,
    })
    .unwrap_or_else(|e| panic!("{stag:#x}: {e}"))
}

fn regions(l: &mut Lockstep, plan: &ConnPlan) -> Vec<Region> {
    let write = StagRights {
        remote_write: true,
        ..Default::default()
    };
    let read = StagRights {
        remote_read: true,
        ..Default::default()
    };
    let sink = StagRights {
        read_sink: true,
        ..Default::default()
    };
    let all = StagRights {
        remote_write: true,
        remote_read: true,
        read_sink: true,
        remote_invalidate: true,
    };
    let (pd, qp) = (plan.pd, Some(plan.qpn));
    region(l, READ, read, pd, qp, BASE, LEN);
    region(
        l,
        OTHER_PD,
        StagRights {
            remote_invalidate: false,
            ..all
        },
        pd ^ 1 << 23,
        None,
        BASE,
        LEN,
    );
    region(
        l,
        OTHER_QP,
        StagRights {
            remote_invalidate: false,
            ..all
        },
        pd,
        Some(plan.qpn ^ 1 << 19),
        BASE,
        LEN,
    );
    region(l, SINK, sink, pd, None, BASE, LEN);
    region(l, ONE, write, pd, None, BASE, 1);
    region(
        l,
        NO_RIGHT,
        StagRights {
            remote_invalidate: true,
            ..Default::default()
        },
        pd,
        None,
        BASE,
        LEN,
    );
    region(l, INVALIDATE_PD, all, pd + 1, None, BASE, LEN);
    region(l, INVALIDATE_QP, all, pd, Some(plan.qpn + 1), BASE, LEN);
    region(l, TOP, write, pd, None, TOP_BASE, LEN);
    region(l, EMPTY, all, pd, None, BASE, 0);
    region(l, GONE, all, pd, None, BASE, LEN);
    l.deregister(GONE).unwrap_or_else(|e| panic!("{e}"));
    vec![
        region(
            l,
            WRITE,
            StagRights {
                remote_invalidate: true,
                ..write
            },
            pd,
            None,
            BASE,
            LEN,
        ),
        region(l, INVALIDATE, all, pd, qp, BASE, LEN),
    ]
}

/// How the octets of a case are cut.
fn segments(ulpdus: &[Vec<u8>], style: usize) -> Vec<Vec<u8>> {
    let fpdus: Vec<Vec<u8>> = ulpdus.iter().map(|u| fpdu(u)).collect();
    match style {
        0 => fpdus,
        1 => fpdus.concat().chunks(1400).map(<[u8]>::to_vec).collect(),
        _ => fpdus
            .iter()
            .flat_map(|f| {
                let (a, b) = f.split_at((7 * style).min(f.len() / 2));
                [a.to_vec(), b.to_vec()]
            })
            .collect(),
    }
}

fn play(l: &mut Lockstep, side: usize, c: &Case, style: usize) -> Result<(), DuelError> {
    for n in &c.receives {
        l.post(side, *n)?;
    }
    if let Some(read) = c.read {
        l.issue(side, read)?;
    }
    for seg in segments(&c.ulpdus, style) {
        l.data(side, &seg);
    }
    l.settle()?;
    let errors: Vec<u16> = l
        .events(side)
        .iter()
        .filter(|e| e.kind == cpl_kind::ERROR)
        .map(|e| e.term)
        .collect();
    assert_eq!(
        errors,
        c.code.into_iter().collect::<Vec<_>>(),
        "{}: error codes in {:#06x?}",
        c.row,
        l.events(side)
    );
    l.position(side)?;
    // Later segments of an ended stream do nothing (DDP-3A, MPA-81); the other connection goes on (RDM-5F).
    if l.ended(side) {
        l.data(side, &fpdu(&w(WRITE, BASE + 5, 50)));
        l.data(side, &fpdu(&s(1, 1)));
    }
    l.settle()?;
    l.position(side)
}

/// Plays all cases at one data width, three cuts each.
pub fn errors(width: usize, cases: &[Case]) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let chip = Chip::new(&lib, &cfg, width / 8, 5).unwrap_or_else(|e| panic!("{e}"));
    let mut l = Lockstep::new(chip, 5);
    let plan = ConnPlan::new(5);
    let mut other = ConnPlan::new(6);
    other.pd = 99;
    let bad = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
    let good = l.install(&other).unwrap_or_else(|e| panic!("{e}"));
    let again = regions(&mut l, &plan);
    let theirs = StagRights {
        remote_write: true,
        ..Default::default()
    };
    region(&mut l, 0x000b_0001, theirs, 99, None, 0, 5000);
    let mut seq = 0xffff_0000u32;
    for c in cases {
        for style in 0..3 {
            seq = seq.wrapping_add(0x1237);
            let run = |l: &mut Lockstep| -> Result<(), DuelError> {
                l.renew(bad, seq)?;
                play(l, bad, c, style)?;
                l.data(good, &fpdu(&w(0x000b_0001, u64::from(seq % 4000), 40)));
                l.settle()?;
                l.position(good)?;
                // Regions that the case has invalidated.
                for r in &again {
                    if l.golden.host.tpt.get(r.stag).is_none() {
                        l.region(*r)?;
                    }
                }
                l.forget();
                Ok(())
            };
            run(&mut l).unwrap_or_else(|e| {
                let u: Vec<String> = c
                    .ulpdus
                    .iter()
                    .map(|u| format!("{:02x?}", &u[..u.len().min(46)]))
                    .collect();
                panic!(
                    "{}, {width} bits, cut {style}: {e}\nULPDUs {u:#?}\ncounters {:?}",
                    c.row,
                    l.chip.counters()
                )
            });
        }
    }
    l.compare_memory().unwrap_or_else(|e| panic!("{e}"));
}
