//! One octet stream, however TCP cuts it: the same memory, completions and acknowledgements (MPA-52). The stream holds every
//! kind of message with every PAD length. And the FPDUs and streams of the byte-exact vectors.

use ferrowarp_testbench::build::{counted, send_message, tagged_message, ulpdu};
use ferrowarp_testbench::chip::duel::{
    small_cfg, small_model, ConnPlan, Duel, Gate, Lockstep, OpPlan, Setup,
};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};
use ferrowarp_testbench::vectors;
use ferrowarp_testbench::wire::ddp::{Buffer, DdpRepr, Opcode, ReadRequestRepr};
use ferrowarp_testbench::wire::ethernet::Vlan;

const LEN: u32 = 4096;

/// Messages of the golden stream. `k` counts repetitions: it moves the targets and the MSNs.
fn messages(c: &ConnPlan, k: u32, regions: &[Region; 3]) -> Vec<OpPlan> {
    let [write, sink, source] = regions;
    let at = u64::from(k * 61 % 3000);
    let msn = |i: u32| c.first_msn[0].wrapping_add(k * 4 + i);
    let send = |op, i, n, mulpdu| {
        let u = send_message(op, msn(i), &counted(n), mulpdu, 0);
        OpPlan::new(
            format!("{op:?} {n}"),
            Gate::Receive { len: n as u32 + 3 },
            &u,
        )
    };
    let w = |n: usize, mulpdu| {
        let u = tagged_message(
            Opcode::Write,
            write.stag,
            write.base + at,
            &counted(n),
            mulpdu,
        );
        OpPlan::new(format!("Write {n}"), Gate::Open, &u)
    };
    let read = Gate::Read {
        sq_idx: k as u16,
        sink_stag: sink.stag,
        sink_to: sink.base + at,
        len: 58,
    };
    let response = tagged_message(
        Opcode::ReadResponse,
        sink.stag,
        sink.base + at,
        &counted(58),
        50,
    );
    let request = ReadRequestRepr {
        sink_stag: 1,
        sink_to: at,
        size: k % 5,
        source_stag: source.stag,
        source_to: source.base,
    };
    let request = ulpdu::read_request(c.first_msn[1].wrapping_add(k), &request);
    vec![
        // Both octets of its length field say something.
        w(300, 400),
        w(150, 100),
        send(Opcode::Send, 0, 41, 70),
        w(0, 100),
        send(Opcode::SendSe, 1, 0, 100),
        OpPlan::new("ReadResponse 58", read, &response),
        send(Opcode::Send, 2, 1, 100),
        OpPlan::new("ReadRequest", Gate::Request, &[request]),
        w(3, 100),
        send(Opcode::SendSe, 3, 18, 100),
    ]
}

fn conn(n: u16, setup: &mut Setup) -> (ConnPlan, [Region; 3]) {
    let mut c = ConnPlan::new(n);
    c.crc = n % 3 != 2;
    c.spec.vlan = (n & 1 != 0).then_some(Vlan {
        pcp: 1,
        dei: false,
        vid: 77,
    });
    c.spec.timestamps = (n & 2 != 0).then_some((5, 6));
    c.spec.seq = 0xffff_fc00u32.wrapping_add(u32::from(n) << 20);
    c.first_msn = [u32::MAX - 5, u32::MAX - 1];
    let region = |i: u16, rights| Region {
        stag: (u32::from(n * 3 + i) << 8 | 1 << 24) + 0x5a,
        rights,
        pd: c.pd,
        bound_to: None,
        base: if i == 0 {
            u64::MAX - u64::from(LEN)
        } else {
            0x1001
        },
        len: LEN,
        pa: 0x10_0000_0000 + u64::from(n * 3 + i) * 0x8000 + u64::from(i),
    };
    let all = [
        region(
            0,
            StagRights {
                remote_write: true,
                ..Default::default()
            },
        ),
        region(
            1,
            StagRights {
                read_sink: true,
                ..Default::default()
            },
        ),
        region(
            2,
            StagRights {
                remote_read: true,
                ..Default::default()
            },
        ),
    ];
    setup.regions.extend(all);
    (c, all)
}

fn play(width: usize, setup: &Setup) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let mut chip = Chip::new(&lib, &cfg, width / 8, setup.seed).unwrap_or_else(|e| panic!("{e}"));
    let report = Duel::new(&mut chip, setup)
        .and_then(|mut d| d.run())
        .unwrap_or_else(|e| panic!("{width} bits: {e}"));
    println!("{report:?}");
    assert_eq!(report.errors, 0);
}

/// The stream once for every place in it, cut there: two segments.
fn every_cut(width: usize) {
    let mut setup = Setup::new(1);
    let mut all: Vec<_> = (0..6).map(|n| conn(n * 5, &mut setup)).collect();
    let (c, regions) = &all[0];
    let len = OpPlan::join(&messages(c, 0, regions)).octets.len();
    let count = all.len();
    for (i, (c, regions)) in all.iter_mut().enumerate() {
        for (k, cut) in (0..len).skip(i).step_by(count).enumerate() {
            let op = OpPlan::join(&messages(c, k as u32, regions));
            let ends = [0, cut, op.octets.len()];
            c.ops.push(op.with_cuts(ends));
        }
    }
    setup.conns = all.into_iter().map(|(c, _)| c).collect();
    play(width, &setup);
}

/// The stream twice in segments of 1, 2, 3 .. octets, one size a connection, FPDUs where they fall.
fn every_size(width: usize) {
    let mut setup = Setup::new(2);
    for n in 0..40u16 {
        let (mut c, regions) = conn(n, &mut setup);
        c.mss = usize::from(n) + 1;
        // The gates hold one repetition at a time; the second one comes while the first is not acknowledged yet.
        for k in 0..2 {
            c.ops
                .push(OpPlan::join(&messages(&c, k, &regions)).with_cuts([]));
        }
        c.window = 600;
        setup.conns.push(c);
    }
    play(width, &setup);
}

#[test]
fn mpa_52_6f_every_cut_64() {
    every_cut(64);
}

#[test]
fn mpa_52_6f_every_cut_512() {
    every_cut(512);
}

#[test]
fn mpa_52_segments_of_every_size_64() {
    every_size(64);
}

#[test]
fn mpa_52_segments_of_every_size_512() {
    every_size(512);
}

/// All FPDUs and streams of the vectors, those with Markers at their place behind SeqStart, in one segment and octet by octet.
fn vector_streams(width: usize) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let chip = Chip::new(&lib, &cfg, width / 8, 3).unwrap_or_else(|e| panic!("{e}"));
    let mut l = Lockstep::new(chip, 3);
    let mut plan = ConnPlan::new(9);
    plan.ird = 8;
    let side = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
    let mut played = 0;
    for v in vectors::load().unwrap_or_else(|e| panic!("{e}")) {
        let stream = v.name.starts_with("STREAM-");
        let Some(marked) = v.markers else {
            continue;
        };
        if !(stream || v.ulpdu_hex.is_some()) {
            continue;
        }
        let octets = v.bytes().unwrap_or_else(|e| panic!("{e}"));
        let single = v
            .ulpdu_hex
            .as_deref()
            .map(|hex| vectors::from_hex(hex).unwrap_or_else(|| panic!("{}: hex", v.name)));
        let ulpdu = &single.unwrap_or_else(|| octets[2..].to_vec())[..];
        // No more messages at once than receives can wait.
        for size in [octets.len().min(1460), 1] {
            let mut run = || {
                // The streams with Markers go over the end of the sequence space (MPA-63).
                let seq = if marked {
                    0xffff_fe00 + played
                } else {
                    0x8000_0000 + played
                };
                l.renew_marked(side, seq, marked.then_some(v.off))?;
                let mut stag = None;
                match DdpRepr::parse(ulpdu).map(|d| (d.control.opcode, d.buffer)) {
                    Ok((op, Buffer::Tagged { stag: s, to })) if s != 0 => {
                        let payload = octets.len() as u32;
                        let all = StagRights {
                            remote_write: true,
                            read_sink: true,
                            ..Default::default()
                        };
                        l.region(Region {
                            stag: s,
                            rights: all,
                            pd: plan.pd,
                            bound_to: None,
                            base: to,
                            len: payload,
                            pa: 0,
                        })?;
                        stag = Some(s);
                        if op == Opcode::ReadResponse {
                            let len = ulpdu.len() as u32 - 14;
                            l.issue(
                                side,
                                Gate::Read {
                                    sq_idx: 5,
                                    sink_stag: s,
                                    sink_to: to,
                                    len,
                                },
                            )?;
                        }
                    }
                    Ok((
                        Opcode::SendInv | Opcode::SendSeInv,
                        Buffer::Untagged { inv_stag, .. },
                    )) => {
                        let rights = StagRights {
                            remote_invalidate: true,
                            ..Default::default()
                        };
                        l.region(Region {
                            stag: inv_stag,
                            rights,
                            pd: plan.pd,
                            bound_to: None,
                            base: 0,
                            len: 9,
                            pa: 0,
                        })?;
                        stag = Some(inv_stag);
                    }
                    Ok((Opcode::ReadRequest, _)) => {
                        let r =
                            ReadRequestRepr::parse(&ulpdu[18..]).unwrap_or_else(|e| panic!("{e}"));
                        if r.size > 0 {
                            let rights = StagRights {
                                remote_read: true,
                                ..Default::default()
                            };
                            let base = r.source_to;
                            l.region(Region {
                                stag: r.source_stag,
                                rights,
                                pd: plan.pd,
                                bound_to: None,
                                base,
                                len: r.size,
                                pa: 0,
                            })?;
                            stag = Some(r.source_stag);
                        }
                    }
                    _ => {}
                }
                let mut posted = 0;
                for (i, seg) in octets.chunks(size).enumerate() {
                    while posted < l.events(side).len() + 6 {
                        l.post(side, 2000)?;
                        posted += 1;
                    }
                    l.data(side, seg);
                    if i % 8 == 7 || size > 1 {
                        l.settle()?;
                    }
                }
                l.settle()?;
                l.position(side)?;
                if let Some(s) = stag.filter(|s| l.golden.host.tpt.get(*s).is_some()) {
                    l.deregister(s)?;
                }
                l.forget();
                Ok::<_, ferrowarp_testbench::chip::duel::DuelError>(())
            };
            run().unwrap_or_else(|e| panic!("{} in segments of {size}, {width} bits: {e}", v.name));
            played += 1;
        }
    }
    println!("{played} played");
    assert!(played >= 60, "{played}");
    l.compare_memory().unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn mpa_63_67_68_6a_6b_72_vectors_64() {
    vector_streams(64);
}

#[test]
fn mpa_63_67_68_6a_6b_72_vectors_512() {
    vector_streams(512);
}
