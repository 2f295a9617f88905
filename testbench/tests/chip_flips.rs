//! One bit flipped anywhere behind the MAC header in a frame whose FCS is good: chip and golden endpoint do the same. First as
//! it is (IP and TCP checksums catch it), then with these mended (the CRC must), then with everything mended (the checks of
//! DDP and RDMAP). And bad CRCs: dropped twice, the third time an error (MPA-73, MPA-76, MPA-77).

use ferrowarp_abi::code::{ack_mode, cpl_kind, term};
use ferrowarp_testbench::build::{counted, fpdu, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{
    small_cfg, small_model, ConnPlan, DuelError, Gate, Lockstep,
};
use ferrowarp_testbench::chip::{Chip, Region, StagRights};
use ferrowarp_testbench::wire::ddp::{Opcode, ReadRequestRepr, Term, TerminateRepr};
use ferrowarp_testbench::wire::ethernet::Vlan;
use ferrowarp_testbench::wire::frame::{fix_checksums, FrameRepr};
use ferrowarp_testbench::wire::mpa::{crc_octets, emit_fpdu, CrcField, FpduOptions};

const STAG: u32 = 0x0001_0155;
const SINK: u32 = 0x0001_02aa;

fn bench(width: usize, spec: FrameSpec) -> (Lockstep, usize) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let chip = Chip::new(&lib, &cfg, width / 8, 12).unwrap_or_else(|e| panic!("{e}"));
    let mut l = Lockstep::new(chip, 12);
    l.quiet = 130;
    let mut plan = ConnPlan::new(3);
    plan.spec = spec;
    let all = StagRights {
        remote_write: true,
        remote_read: true,
        remote_invalidate: true,
        ..Default::default()
    };
    let sink = StagRights {
        read_sink: true,
        ..Default::default()
    };
    let side = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
    for (stag, rights) in [(STAG, all), (SINK, sink)] {
        let r = Region {
            stag,
            rights,
            pd: plan.pd,
            bound_to: None,
            base: 0x1000,
            len: 4096,
            pa: 0,
        };
        l.region(r).unwrap_or_else(|e| panic!("{e}"));
    }
    (l, side)
}

/// Renews the connection with what the messages below need: receives 1 and 2, one Read.
fn renew(l: &mut Lockstep, side: usize, at: &[u64; 2]) -> Result<(), DuelError> {
    l.renew(side, 0xffff_ffe0)?;
    for addr in at {
        l.post_at(side, *addr, 40, false)?;
    }
    l.issue(
        side,
        Gate::Read {
            sq_idx: 1,
            sink_stag: SINK,
            sink_to: 0x1001,
            len: 20,
        },
    )?;
    l.forget();
    Ok(())
}

fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let request = ReadRequestRepr {
        sink_stag: 7,
        sink_to: 9,
        size: 100,
        source_stag: STAG,
        source_to: 0x1005,
    };
    let terminate = TerminateRepr {
        term: Term::new(0x11, 1),
        length_valid: false,
        reserved: 0,
        ddp: None,
        rdma: None,
    };
    vec![
        ("Write", ulpdu::write(STAG, 0x1fe8, &counted(21), true)),
        (
            "Send",
            ulpdu::send(Opcode::Send, 1, 0, &counted(10), true, STAG),
        ),
        (
            "Send with Invalidate",
            ulpdu::send(Opcode::SendSeInv, 1, 0, &counted(39), true, STAG),
        ),
        (
            "Read Response",
            ulpdu::read_response(SINK, 0x1001, &counted(20), true),
        ),
        ("Read Request", ulpdu::read_request(1, &request)),
        ("Terminate", ulpdu::terminate(&terminate)),
    ]
}

/// After the flip: the same again as it should be, if the stream is where it was.
fn flips(width: usize, spec: FrameSpec, mend_crc: bool, only: &[&str]) {
    let (mut l, side) = bench(width, spec.clone());
    let post = [l.post(side, 40), l.post(side, 40)].map(|a| a.unwrap_or_else(|e| panic!("{e}")));
    let region = Region {
        stag: STAG,
        rights: StagRights {
            remote_write: true,
            remote_read: true,
            remote_invalidate: true,
            ..Default::default()
        },
        pd: l.plan(side).pd,
        bound_to: None,
        base: 0x1000,
        len: 4096,
        pa: match l.golden.host.tpt.get(STAG).map(|e| e.translation.clone()) {
            Some(ferrowarp_testbench::golden::Translation::Contiguous(pa)) => pa,
            _ => panic!("region is gone"),
        },
    };
    let mut played = 0;
    for (name, u) in messages().into_iter().filter(|(n, _)| only.contains(n)) {
        let octets = fpdu(&u);
        let frame = FrameSpec {
            seq: 0xffff_ffe0,
            ..spec.clone()
        }
        .frame(&octets);
        let payload = FrameRepr::parse(&frame)
            .map(|(_, at)| at.payload)
            .unwrap_or_else(|e| panic!("{e:?}"));
        let from = if mend_crc { payload.start } else { 14 };
        let to = if mend_crc {
            payload.end - 4
        } else {
            payload.end
        };
        for bit in from * 8..to * 8 {
            let mut f = frame.clone();
            f[bit / 8] ^= 0x80 >> (bit % 8);
            if mend_crc {
                let crc = crc_octets(&f[payload.start..payload.end - 4]);
                f[payload.end - 4..payload.end].copy_from_slice(&crc);
            }
            if fix_checksums(&mut f).is_err() {
                continue;
            }
            let mut run = || {
                renew(&mut l, side, &post)?;
                l.frame(f.clone());
                l.settle()?;
                l.position(side)?;
                l.data(side, &octets);
                l.settle()?;
                l.position(side)?;
                if l.golden.host.tpt.get(STAG).is_none() {
                    l.region(region)?;
                }
                l.forget();
                Ok::<_, DuelError>(())
            };
            run().unwrap_or_else(|e| {
                panic!(
                    "{name}, bit {} of octet {} flipped, {width} bits: {e}\nframe {f:02x?}",
                    bit % 8,
                    bit / 8
                )
            });
            played += 1;
        }
    }
    println!("{played} flips, {} cycles", l.chip.cycle());
    l.compare_memory().unwrap_or_else(|e| panic!("{e}"));
}

fn rich() -> FrameSpec {
    FrameSpec {
        vlan: Some(Vlan {
            pcp: 0,
            dei: false,
            vid: 9,
        }),
        timestamps: Some((1, 2)),
        ..FrameSpec::default()
    }
}

/// Nothing mended: every flip is caught by the checksums, or makes a plain frame of it.
fn unmended(width: usize, spec: FrameSpec) {
    let (mut l, side) = bench(width, spec);
    let octets = fpdu(&messages()[0].1);
    let frame = l.spec(side).frame(&octets);
    for bit in 12 * 8..frame.len() * 8 {
        // Priority and DEI of a VLAN tag are covered by no checksum and mean nothing here; so do an IPv6 header's traffic
        // class, flow label and hop limit.
        let vlan = l.plan(side).spec.vlan.is_some();
        if bit / 8 == 14 && bit % 8 >= 4 && vlan {
            continue;
        }
        let in_ip = (bit / 8).wrapping_sub(if vlan { 18 } else { 14 });
        let free = matches!(in_ip, 1..=3 | 7) || (in_ip == 0 && bit % 8 < 4);
        if l.plan(side).spec.src.ip.is_ipv6() && free {
            continue;
        }
        let mut f = frame.clone();
        f[bit / 8] ^= 1 << (bit % 8);
        l.frame(f);
        if bit % 4 == 3 {
            let r = l.settle().and_then(|()| l.position(side));
            r.unwrap_or_else(|e| {
                panic!(
                    "octet {}, bits {} to {}: {e}",
                    bit / 8,
                    bit % 8 - 3,
                    bit % 8
                )
            });
            assert!(
                l.acks(side, 0).iter().all(|a| a.mode == ack_mode::NONE),
                "octet {}: a flipped frame is acknowledged",
                bit / 8
            );
        }
    }
    l.frame(frame);
    l.settle().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(l.chip.writes.len(), 1);
}

#[test]
fn tcp_20_flips_64() {
    unmended(64, FrameSpec::default());
    unmended(64, rich());
}

#[test]
fn tcp_20_flips_ipv6_64() {
    unmended(64, FrameSpec::default().ipv6());
    unmended(64, rich().ipv6());
}

#[test]
fn tcp_20_flips_ipv6_512() {
    unmended(512, FrameSpec::default().ipv6());
    unmended(512, rich().ipv6());
}

#[test]
fn tcp_20_flips_512() {
    unmended(512, FrameSpec::default());
    unmended(512, rich());
}

#[test]
fn mpa_73_74_flips_behind_the_checksums_64() {
    flips(64, FrameSpec::default(), false, &["Write"]);
}

#[test]
fn mpa_73_74_flips_behind_the_checksums_512() {
    flips(512, rich(), false, &["Send"]);
}

#[test]
fn sec_12_flips_behind_the_crc_64() {
    flips(
        64,
        rich(),
        true,
        &["Write", "Send", "Send with Invalidate", "Read Request"],
    );
}

/// The payload bits over IPv6 likewise, at its other offsets.
#[test]
fn mpa_73_74_flips_behind_the_checksums_ipv6() {
    flips(64, rich().ipv6(), false, &["Send"]);
    flips(512, FrameSpec::default().ipv6(), false, &["Write"]);
}

#[test]
fn sec_12_flips_behind_the_crc_512() {
    flips(
        512,
        FrameSpec::default(),
        true,
        &[
            "Write",
            "Send with Invalidate",
            "Read Response",
            "Terminate",
        ],
    );
}

/// As below, with more segments right behind the bad FPDU: they are dropped and do not start the count again.
#[test]
fn mpa_76_bad_crc_with_data_behind_it() {
    for width in [64, 512] {
        let (mut l, side) = bench(width, FrameSpec::default());
        l.quiet = 400;
        let u = &messages()[0].1;
        let good = fpdu(u);
        let mut first = emit_fpdu(
            u,
            &FpduOptions {
                crc: CrcField::Octets([1, 2, 3, 4]),
                ..Default::default()
            },
        );
        first.extend_from_slice(&good);
        let run = |l: &mut Lockstep| {
            for i in 0..3 {
                let at = l.spec(side);
                l.frame(at.frame(&first));
                for k in 0..3u32 {
                    let seq = at
                        .seq
                        .wrapping_add(first.len() as u32 + k * good.len() as u32);
                    l.frame(FrameSpec { seq, ..at.clone() }.frame(&good));
                }
                l.settle()?;
                l.position(side)?;
                assert_eq!(l.ended(side), i == 2);
            }
            let e = l.events(side);
            assert_eq!(e.last().map(|e| e.term), Some(term::MPA_CRC));
            Ok::<_, DuelError>(())
        };
        run(&mut l).unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

/// The same FPDU with a bad CRC three times; good ones in between start the count again.
#[test]
fn mpa_76_77_third_bad_crc_is_an_error() {
    for width in [64, 512] {
        let (mut l, side) = bench(width, FrameSpec::default());
        l.quiet = 400;
        let good = fpdu(&messages()[0].1);
        let bad = emit_fpdu(
            &messages()[0].1,
            &FpduOptions {
                crc: CrcField::Octets([1, 2, 3, 4]),
                ..Default::default()
            },
        );
        let mut both = good.clone();
        both.extend_from_slice(&bad);
        // Fast path; behind a good FPDU in one segment; cut so that a part was acknowledged before.
        for way in 0..3 {
            let run = |l: &mut Lockstep| {
                l.renew(side, 0x7fff_ffff)?;
                l.forget();
                for round in 0..2 {
                    for i in 0..2 {
                        let from = l.chip.acks.len();
                        let seg = if way == 1 && i == 0 { &both } else { &bad };
                        l.data(side, seg);
                        l.settle()?;
                        l.position(side)?;
                        let a = l.acks(side, from);
                        let last = a.iter().rfind(|a| a.mode != ack_mode::NONE);
                        assert_eq!(
                            last.map(|a| (a.mode, a.rcv_nxt)),
                            Some((ack_mode::NOW, l.spec(side).seq)),
                            "round {round}: {a:?}"
                        );
                    }
                    l.data(side, &good);
                    l.settle()?;
                    l.position(side)?;
                }
                if way == 2 {
                    l.data(side, &bad[..20]);
                    l.data(side, &bad[20..]);
                } else {
                    for _ in 0..3 {
                        l.data(side, &bad);
                    }
                }
                l.settle()?;
                let e = l.events(side);
                assert_eq!(
                    e.iter().map(|e| (e.kind, e.term)).collect::<Vec<_>>(),
                    [(cpl_kind::ERROR, term::MPA_CRC)]
                );
                // Nothing is passed up any more (MPA-81).
                l.data(side, &good);
                l.settle()
            };
            run(&mut l).unwrap_or_else(|e| panic!("way {way}, {width} bits: {e}"));
        }
    }
}
