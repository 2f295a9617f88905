//! The golden endpoint against the rows of CONFORMANCE.md.

use super::*;
use crate::build::{counted, fpdu, send_message, tagged_message, ulpdu, FpduStream, FrameSpec};
use crate::tcp_peer::TcpPeer;
use crate::wire::ddp::{
    AtomicRequestRepr, AtomicResponseRepr, DdpRepr, Opcode, ReadRequestRepr, TerminateRepr,
};
use crate::wire::frame::Endpoint;
use crate::wire::mpa::{emit_fpdu, CrcField, FpduOptions};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STAG: u32 = 0x0001_0242;
const SINK: u32 = 0x0002_0317;
const ADDR: u64 = 0x10_0000;
const SINK_ADDR: u64 = 0x30_0000;
const RQ_ADDR: u64 = 0x50_0000;
const BASE: u64 = 0x7f00_0000_0000_1000;
const START: u32 = 0xffff_ff00;

fn entry(stag: u32, addr: u64, rights: Rights) -> TptEntry {
    let translation = Translation::Contiguous(addr);
    TptEntry {
        stag,
        pd: 1,
        qp: None,
        rights,
        base: BASE,
        len: 0x10000,
        translation,
    }
}

fn golden_with(cfg: ConnConfig) -> Golden {
    let mut g = Golden::new(7);
    g.host.mem.add("region", ADDR, 0x10000).expect("free");
    g.host.mem.add("sink", SINK_ADDR, 0x10000).expect("free");
    g.host.mem.add("receives", RQ_ADDR, 0x10000).expect("free");
    let r = Rights {
        remote_write: true,
        remote_read: true,
        remote_invalidate: true,
        remote_atomic: true,
        ..Rights::NONE
    };
    g.host.tpt.insert(entry(STAG, ADDR, r)).expect("free");
    let r = Rights {
        remote_write: true,
        ..Rights::NONE
    };
    g.host.tpt.insert(entry(SINK, SINK_ADDR, r)).expect("free");
    g.install(ConnConfig {
        rcv_nxt: START,
        ..cfg
    });
    g
}

fn golden() -> Golden {
    golden_with(ConnConfig::default())
}

fn post(g: &mut Golden, n: u16, len: u32) {
    for idx in 0..n {
        let addr = RQ_ADDR + u64::from(idx) * u64::from(len);
        g.conns[0].post_recv(Rqe {
            idx,
            sges: vec![Sge {
                addr,
                len,
                lkey: None,
            }],
        });
    }
}

/// Feeds ULPDUs as a stream.
fn feed(g: &mut Golden, ulpdus: &[Vec<u8>]) {
    for u in ulpdus {
        g.stream(0, &fpdu(u));
    }
}

fn error_of(g: &Golden) -> Option<(u8, u8, &'static str)> {
    g.conns[0]
        .error()
        .map(|e| (e.term.octet(), e.term.code, e.row))
}

/// What one ULPDU on a fresh connection leads to.
fn verdict(u: Vec<u8>) -> Option<(u8, u8, &'static str)> {
    let mut g = golden();
    post(&mut g, 2, 100);
    feed(&mut g, &[u]);
    error_of(&g)
}

#[test]
fn rdm_10_40_41_43_write_and_sends_arrive() {
    let mut g = golden();
    post(&mut g, 3, 4096);
    let data = counted(5000);
    feed(
        &mut g,
        &tagged_message(Opcode::Write, STAG, BASE + 3, &data, 1442),
    );
    feed(
        &mut g,
        &send_message(Opcode::Send, 1, &data[..3000], 1442, 0),
    );
    feed(&mut g, &send_message(Opcode::SendSe, 2, &[], 1442, 0));
    feed(
        &mut g,
        &send_message(Opcode::SendSeInv, 3, b"x", 1442, STAG),
    );
    let out = g.conns[0].take_output();
    assert_eq!(g.host.mem.read(ADDR + 3, 5000), Ok(&data[..]));
    assert_eq!(g.host.mem.read(RQ_ADDR, 3000), Ok(&data[..3000]));
    let done: Vec<_> = out
        .completions()
        .map(|c| (c.opcode, c.msn, c.len, c.rqe_idx, c.inv_stag, c.solicited()))
        .collect();
    let want = [
        (Opcode::Send, 1, 3000, 0, None, false),
        (Opcode::SendSe, 2, 0, 1, None, true),
        (Opcode::SendSeInv, 3, 1, 2, Some(STAG), true),
    ];
    assert_eq!(done, want);
    assert_eq!(out.ops.to_string(), "Write:4 Send:3 SendSE:1 SendSEInv:1");
    assert_eq!((out.error(), out.memory_errors.len()), (None, 0));
    assert_eq!(g.host.mem.guards_intact(), Ok(()));
    assert!(g.host.tpt.get(STAG).is_none());
}

#[test]
fn mpa_52_every_cut_of_a_mixed_stream_gives_the_same_result() {
    let mut s = FpduStream::new(false);
    s.extend(&tagged_message(
        Opcode::Write,
        STAG,
        BASE,
        &counted(300),
        120,
    ));
    s.extend(&send_message(Opcode::Send, 1, &counted(200), 130, 0));
    let run = |cuts: &[usize]| {
        let mut g = golden();
        post(&mut g, 1, 4096);
        let mut from = 0;
        for to in cuts.iter().copied().chain([s.octets.len()]) {
            g.segment(
                0,
                &Segment::data(START.wrapping_add(from as u32), &s.octets[from..to]),
            );
            from = to;
        }
        (
            g.conns[0].take_output(),
            g.host.mem.changed(),
            g.conns[0].rcv_nxt(),
        )
    };
    let want = run(&[]);
    assert_eq!(want.0.completions().count(), 1);
    for cut in 1..s.octets.len() {
        assert!(run(&[cut]) == want, "cut at {cut}");
    }
    let bytes: Vec<usize> = (1..s.octets.len()).collect();
    assert!(run(&bytes) == want, "octet by octet");
}

#[test]
fn tcp_25_ddp_21_disorder_duplicates_and_loss_change_nothing() {
    let mut s = FpduStream::new(false);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for i in 0..20u32 {
        let n = rng.gen_range(0..1200);
        s.extend(&tagged_message(
            Opcode::Write,
            STAG,
            BASE + u64::from(i) * 1300,
            &counted(n),
            700,
        ));
        s.extend(&send_message(Opcode::Send, i + 1, &counted(n / 2), 500, 0));
    }
    let mut straight = golden();
    post(&mut straight, 20, 1024);
    straight.stream(0, &s.octets);
    let want = (straight.conns[0].take_output(), straight.host.mem.changed());
    assert_eq!(want.0.completions().count(), 20);
    for seed in 0..30 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut g = golden_with(ConnConfig {
            sack: seed % 2 == 0,
            ..ConnConfig::default()
        });
        post(&mut g, 20, 1024);
        let spec = FrameSpec {
            seq: START,
            ..FrameSpec::default()
        };
        g.conns[0].cfg.tuple = Some(Tuple {
            local: (spec.dst.ip, spec.dst.port),
            remote: (spec.src.ip, spec.src.port),
            vlan: None,
        });
        let mut peer = TcpPeer::new(spec, rng.gen_range(100..1460), 30_000);
        peer.queue(&s.octets);
        for _ in 0..10 {
            peer.cut_at(rng.gen_range(1..s.octets.len()));
        }
        let mut rounds = 0;
        while !peer.done() {
            rounds += 1;
            assert!(rounds < 500, "seed {seed}: no progress");
            let mut frames = peer.burst();
            frames.retain(|_| rng.gen_bool(0.8));
            for i in 0..frames.len() {
                if rng.gen_bool(0.1) {
                    frames.push(frames[i].clone());
                }
            }
            frames.shuffle(&mut rng);
            for f in frames {
                assert!(g.frame(&f).is_ok());
            }
            peer.on_ack(g.conns[0].rcv_nxt(), 30_000);
            peer.go_back();
        }
        assert_eq!(g.conns[0].output().ops, want.0.ops, "seed {seed}");
        assert_eq!(g.conns[0].output().events, want.0.events, "seed {seed}");
        assert!(g.host.mem.changed() == want.1, "seed {seed}");
    }
}

#[test]
fn mpa_76_77_bad_crc_is_dropped_and_repaired_or_ends_the_stream() {
    let good = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut bad = good.clone();
    bad[50] ^= 4;
    let n = good.len() as u32;
    // Alone in its segment: dropped, not acknowledged, then repaired.
    let mut g = golden();
    assert_eq!(
        g.segment(0, &Segment::data(START, &bad)),
        Some(Verdict::CrcDrop)
    );
    assert_eq!(
        (g.conns[0].rcv_nxt(), g.host.mem.changed().len()),
        (START, 0)
    );
    // What follows in the same segment goes with it; what stands before stays.
    let two = [&good[..], &bad[..], &good[..]].concat();
    assert_eq!(
        g.segment(0, &Segment::data(START, &two)),
        Some(Verdict::CrcDrop)
    );
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(n));
    assert_eq!(
        g.segment(0, &Segment::data(START.wrapping_add(n), &good)),
        Some(Verdict::Arrival(Arrival::InOrder))
    );
    assert_eq!(
        (g.conns[0].rcv_nxt(), error_of(&g)),
        (START.wrapping_add(2 * n), None)
    );
    assert_eq!(g.conns[0].output().ops.get(Opcode::Write), 2);
    // The third time at one place is the end.
    let mut g = golden();
    for want in [None, None, Some((0x20, 0x02, "MPA-73"))] {
        g.segment(0, &Segment::data(START, &bad));
        assert_eq!(error_of(&g), want);
    }
    // Octets of it were acknowledged: the end at once.
    let mut g = golden();
    g.segment(0, &Segment::data(START, &bad[..10]));
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(10));
    g.segment(0, &Segment::data(START.wrapping_add(10), &bad[10..]));
    assert_eq!(error_of(&g), Some((0x20, 0x02, "MPA-73")));
    // MPA-81: nothing after it counts.
    g.segment(0, &Segment::data(START.wrapping_add(n), &good));
    assert_eq!(g.conns[0].output().ops.total(), 0);
    assert_eq!(
        g.conns[0].error().map(|e| e.terminate()),
        Some(term_without_headers(0x20, 0x02))
    );
}

fn term_without_headers(a: u8, b: u8) -> TerminateRepr {
    TerminateRepr {
        term: Term::new(a, b),
        length_valid: false,
        reserved: 0,
        ddp: None,
        rdma: None,
    }
}

#[test]
fn mpa_77_sacked_octets_are_never_dropped() {
    let good = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut bad = good.clone();
    bad[60] ^= 1;
    for sack in [false, true] {
        let mut g = golden_with(ConnConfig {
            sack,
            ..ConnConfig::default()
        });
        assert_eq!(
            g.segment(0, &Segment::data(START.wrapping_add(50), &bad[50..])),
            Some(Verdict::Arrival(Arrival::OutOfOrder))
        );
        g.segment(0, &Segment::data(START, &bad[..50]));
        assert_eq!(error_of(&g).is_some(), sack);
        if !sack {
            assert_eq!(g.conns[0].rcv_nxt(), START);
            assert!(g.conns[0].held().is_empty());
            g.segment(0, &Segment::data(START, &good));
            assert_eq!(g.conns[0].output().ops.total(), 1);
        }
    }
}

#[test]
fn mpa_10_crc_off_takes_any_value() {
    let mut g = golden_with(ConnConfig {
        crc: false,
        ..ConnConfig::default()
    });
    let opt = FpduOptions {
        crc: CrcField::Octets([0xde, 0xad, 0xbe, 0xef]),
        pad: 0x5a,
        ..Default::default()
    };
    g.stream(
        0,
        &emit_fpdu(&ulpdu::write(STAG, BASE, &counted(5), true), &opt),
    );
    assert_eq!((g.conns[0].output().ops.total(), error_of(&g)), (1, None));
}

#[test]
fn mpa_59_too_long_an_fpdu_is_an_error_at_its_length_field() {
    let mut g = golden_with(ConnConfig {
        max_fpdu: 2048,
        ..ConnConfig::default()
    });
    g.stream(0, &[0x08, 0x00]);
    assert_eq!(error_of(&g), Some((0x20, 0x05, "MPA-59")));
    g.stream(0, &[0; 5000]);
    assert_eq!(g.conns[0].output().events.len(), 1);
}

#[test]
fn mpa_6d_63_markers_are_checked_and_removed_across_the_wrap() {
    let mut s = FpduStream::new(true);
    s.push(&ulpdu::write(STAG, BASE, &counted(1400), true));
    s.push_with(
        &ulpdu::write(STAG, BASE, &counted(700), true),
        &FpduOptions {
            pointer_error: 3,
            ..Default::default()
        },
    );
    let mut g = golden_with(ConnConfig {
        markers: true,
        ..ConnConfig::default()
    });
    g.segment(0, &Segment::data(START, &s.octets));
    assert_eq!(
        (g.conns[0].output().ops.total(), error_of(&g)),
        (2, None),
        "low two bits are ignored (MPA-65)"
    );
    s.push_with(
        &ulpdu::write(STAG, BASE, &counted(700), true),
        &FpduOptions {
            pointer_error: 4,
            ..Default::default()
        },
    );
    let mut g = golden_with(ConnConfig {
        markers: true,
        ..ConnConfig::default()
    });
    g.segment(0, &Segment::data(START, &s.octets));
    assert_eq!(
        (g.conns[0].output().ops.total(), error_of(&g)),
        (2, Some((0x20, 0x03, "MPA-6D")))
    );
}

#[test]
fn mpa_84_fin_inside_an_fpdu() {
    let f = fpdu(&ulpdu::write(STAG, BASE, &counted(100), true));
    let mut g = golden();
    let mut seg = Segment::data(START, &f[..40]);
    seg.flags = Flags::ACK | Flags::FIN;
    g.segment(0, &seg);
    assert_eq!(error_of(&g), Some((0x20, 0x01, "MPA-84")));
    assert!(g.conns[0].error().is_some_and(|e| e.local));
    assert_eq!(g.conns[0].output().events.last(), Some(&Event::Fin));
    assert_eq!(g.conns[0].rcv_nxt(), START.wrapping_add(41));
    // Out of order, the FIN waits.
    let mut g = golden();
    let mut fin = Segment::data(START.wrapping_add(f.len() as u32), &[]);
    fin.flags = Flags::ACK | Flags::FIN;
    g.segment(0, &fin);
    assert!(g.conns[0].output().events.is_empty());
    g.segment(0, &Segment::data(START, &f));
    assert_eq!(
        (g.conns[0].output().events.last(), error_of(&g)),
        (Some(&Event::Fin), None)
    );
}

#[test]
fn tcp_16_18_63_timestamps_and_resets() {
    let mut g = golden_with(ConnConfig {
        timestamps: true,
        ts_recent: 100,
        ..ConnConfig::default()
    });
    let f = fpdu(&ulpdu::write(STAG, BASE, &counted(8), true));
    let mut seg = Segment::data(START, &f);
    assert_eq!(g.segment(0, &seg), Some(Verdict::NoTimestamp));
    seg.timestamps = Some((99, 0));
    assert_eq!(g.segment(0, &seg), Some(Verdict::Paws));
    seg.timestamps = Some((101, 0));
    assert_eq!(g.segment(0, &seg), Some(Verdict::Arrival(Arrival::InOrder)));
    assert_eq!(g.conns[0].ts_recent(), 101);
    let mut rst = Segment::data(START.wrapping_add(f.len() as u32 + 1), &[]);
    rst.flags = Flags::RST;
    assert_eq!(g.segment(0, &rst), Some(Verdict::Challenge));
    rst.seq = START.wrapping_sub(1);
    assert_eq!(g.segment(0, &rst), Some(Verdict::Ignored));
    rst.seq = g.conns[0].rcv_nxt();
    assert_eq!(g.segment(0, &rst), Some(Verdict::Reset));
}

#[test]
fn header_errors_by_row() {
    let w = || DdpRepr::tagged(Opcode::Write, true, STAG, BASE);
    let s = || DdpRepr::untagged(Opcode::Send, true, 0, 1, 0, 0);
    for dv in [0, 2, 3] {
        let (mut a, mut b) = (w(), s());
        a.control.dv = dv;
        b.control.dv = dv;
        assert_eq!(verdict(a.emit(b"x")), Some((0x11, 0x04, "DDP-05")));
        assert_eq!(verdict(b.emit(b"x")), Some((0x12, 0x06, "DDP-05")));
    }
    for rv in [0, 2, 3] {
        let mut a = w();
        a.control.rv = rv;
        assert_eq!(verdict(a.emit(b"x")), Some((0x02, 0x05, "RDM-02")));
    }
    let mut a = w();
    a.control.ddp_reserved = 0xf;
    a.control.rdmap_reserved = 3;
    assert_eq!(verdict(a.emit(b"x")), None, "DDP-04, RDM-03");
    for op in 8..16 {
        let mut a = s();
        a.control.opcode = Opcode::from_bits(op);
        assert_eq!(
            verdict(a.emit(b"x")).map(|v| (v.0, v.1)),
            Some((0x02, 0x06)),
            "opcode {op}"
        );
    }
    let mut a = w();
    a.control.opcode = Opcode::Send;
    assert_eq!(verdict(a.emit(b"x")), Some((0x02, 0x06, "RDM-06")));
    for n in [1, 2, 13] {
        assert_eq!(
            verdict(w().emit(b"")[..n].to_vec()),
            Some((0x10, 0x00, "DDP-3F"))
        );
    }
    assert_eq!(
        verdict(s().emit(b"")[..17].to_vec()),
        Some((0x10, 0x00, "DDP-3F"))
    );
}

#[test]
fn tagged_errors_by_row() {
    let w = |stag, to, n| verdict(ulpdu::write(stag, to, &counted(n), true));
    assert_eq!(w(STAG, BASE + 0xffff, 1), None);
    assert_eq!(w(STAG, BASE + 0xffff, 2), Some((0x11, 0x01, "DDP-36")));
    assert_eq!(w(STAG, BASE - 1, 1), Some((0x11, 0x01, "DDP-36")));
    assert_eq!(w(STAG ^ 1, BASE, 1), Some((0x11, 0x00, "DDP-35")));
    assert_eq!(w(0, BASE, 1), Some((0x11, 0x00, "DDP-35")), "SEC-17");
    assert_eq!(w(STAG, u64::MAX - 3, 8), Some((0x11, 0x03, "DDP-38")));
    assert_eq!(w(0xdead_beef, u64::MAX, 0), None, "DDP-14");
    let response = ulpdu::read_response(STAG, BASE, &counted(4), true);
    assert_eq!(verdict(response), Some((0x02, 0x06, "RDM-31")));
    let mut g = golden_with(ConnConfig {
        pd: 2,
        ..ConnConfig::default()
    });
    feed(&mut g, &[ulpdu::write(STAG, BASE, &counted(1), true)]);
    assert_eq!(error_of(&g), Some((0x11, 0x02, "DDP-37")), "SEC-01");
    let mut g = golden();
    g.host
        .tpt
        .insert(entry(
            0x0a0b_0c0d,
            ADDR,
            Rights {
                remote_read: true,
                ..Rights::NONE
            },
        ))
        .expect("free");
    feed(
        &mut g,
        &[ulpdu::write(0x0a0b_0c0d, BASE, &counted(1), true)],
    );
    assert_eq!(error_of(&g), Some((0x01, 0x02, "RDM-13")));
    assert!(g.conns[0]
        .error()
        .is_some_and(|e| e.accepts(Term::new(0x11, 0x00))));
    assert!(g.host.mem.changed().is_empty());
}

#[test]
fn ddp_3d_3b_second_segment_bad_first_stays() {
    let mut g = golden();
    let second = ulpdu::write(STAG, BASE + 0xfff0, &counted(32), true);
    feed(
        &mut g,
        &[
            ulpdu::write(STAG, BASE, &[9; 4], false),
            second.clone(),
            ulpdu::write(STAG, BASE + 8, &[9; 4], true),
        ],
    );
    assert_eq!(error_of(&g), Some((0x11, 0x01, "DDP-36")));
    assert_eq!(g.conns[0].output().placements.len(), 1);
    let t = g.conns[0].error().map(|e| e.terminate());
    let want = TerminateRepr {
        term: Term::new(0x11, 1),
        length_valid: true,
        reserved: 0,
        ddp: Some((46, second[..14].to_vec())),
        rdma: None,
    };
    assert_eq!(t, Some(want));
}

#[test]
fn untagged_errors_by_row() {
    let send = |msn, mo, n, qn| {
        verdict(DdpRepr::untagged(Opcode::Send, true, qn, msn, mo, 0).emit(&counted(n)))
    };
    assert_eq!(send(1, 0, 100, 0), None);
    assert_eq!(send(1, 0, 101, 0), Some((0x12, 0x05, "DDP-34")));
    assert_eq!(send(1, 60, 41, 0), Some((0x12, 0x05, "DDP-34")));
    assert_eq!(send(1, 101, 1, 0), Some((0x12, 0x04, "DDP-33")));
    assert_eq!(send(2, 0, 1, 0), Some((0x12, 0x03, "DDP-32")));
    assert_eq!(send(0, 0, 1, 0), Some((0x12, 0x03, "DDP-32")));
    for qn in [3, 4, u32::MAX] {
        assert_eq!(send(1, 0, 1, qn), Some((0x12, 0x01, "DDP-30")));
    }
    assert_eq!(send(1, 0, 1, 1), Some((0x12, 0x01, "RDM-07")));
    let mut g = golden();
    feed(&mut g, &[ulpdu::send(Opcode::Send, 1, 0, b"x", true, 0)]);
    assert_eq!(error_of(&g), Some((0x12, 0x02, "DDP-31")));
    let mut g = golden_with(ConnConfig {
        first_msn: [u32::MAX - 1, 1, 1, 1],
        ..ConnConfig::default()
    });
    post(&mut g, 4, 16);
    feed(
        &mut g,
        &[u32::MAX - 1, u32::MAX, 0, 1].map(|m| ulpdu::send(Opcode::Send, m, 0, b"x", true, 0)),
    );
    assert_eq!(
        (g.conns[0].output().completions().count(), error_of(&g)),
        (4, None),
        "DDP-0E"
    );
}

#[test]
fn rdm_46_to_4c_invalidate() {
    let inv = |stag| ulpdu::send(Opcode::SendInv, 1, 0, b"", true, stag);
    assert_eq!(verdict(inv(0x7777_7777)), Some((0x01, 0x09, "RDM-48")));
    assert_eq!(verdict(inv(SINK)), Some((0x02, 0x09, "RDM-4A")));
    let mut g = golden_with(ConnConfig {
        pd: 3,
        ..ConnConfig::default()
    });
    post(&mut g, 1, 10);
    feed(&mut g, &[inv(STAG)]);
    assert_eq!(
        (error_of(&g), g.host.tpt.get(STAG).is_some()),
        (Some((0x01, 0x09, "RDM-49")), true)
    );
    let mut g = golden();
    post(&mut g, 1, 10);
    feed(
        &mut g,
        &[
            ulpdu::write(STAG, BASE, b"a", true),
            inv(STAG),
            ulpdu::write(STAG, BASE, b"b", true),
        ],
    );
    assert_eq!(error_of(&g), Some((0x11, 0x00, "DDP-35")), "RDM-47");
    assert_eq!(g.host.mem.read(ADDR, 1), Ok(&b"a"[..]));
    let mut g = golden();
    post(&mut g, 1, 10);
    feed(
        &mut g,
        &[ulpdu::send(Opcode::SendInv, 1, 0, &counted(11), true, STAG)],
    );
    assert_eq!(
        (error_of(&g), g.host.tpt.get(STAG).is_some()),
        (Some((0x12, 0x05, "DDP-34")), true),
        "RDM-4C"
    );
    let field = verdict(ulpdu::send(Opcode::Send, 1, 0, b"", true, 0xdead_beef));
    assert_eq!(field, None, "RDM-08");
}

fn request(source_stag: u32, source_to: u64, size: u32) -> ReadRequestRepr {
    ReadRequestRepr {
        sink_stag: 0xdead_beef,
        sink_to: 0xffff_ffff_0000_0000,
        size,
        source_stag,
        source_to,
    }
}

#[test]
fn rdm_20_to_2a_33_read_requests() {
    let r = |stag, to, size| verdict(ulpdu::read_request(1, &request(stag, to, size)));
    assert_eq!(r(STAG, BASE, 0x10000), None);
    assert_eq!(r(STAG, BASE + 1, 0x10000), Some((0x01, 0x01, "RDM-27")));
    assert_eq!(r(STAG ^ 1, BASE, 1), Some((0x01, 0x00, "RDM-25")));
    assert_eq!(r(SINK, BASE, 1), Some((0x01, 0x02, "RDM-29")));
    assert_eq!(r(STAG, u64::MAX - 15, 32), Some((0x01, 0x04, "RDM-28")));
    assert_eq!(r(0, 0, 0), None, "RDM-24");
    for (mo, n) in [(0, 27), (0, 29), (4, 28)] {
        let u = DdpRepr::untagged(Opcode::ReadRequest, true, 1, 1, mo, 0).emit(&counted(n));
        assert_eq!(verdict(u).map(|v| (v.0, v.2)), Some((0x12, "RDM-0A")));
    }
    let mut g = golden();
    let u = ulpdu::read_request(1, &request(SINK, BASE, 1));
    feed(&mut g, std::slice::from_ref(&u));
    let t = g.conns[0].error().map(|e| e.terminate());
    let want = TerminateRepr {
        term: Term::new(0x01, 2),
        length_valid: true,
        reserved: 0,
        ddp: Some((46, u[..18].to_vec())),
        rdma: Some(u[18..].to_vec()),
    };
    assert_eq!(t, Some(want), "RDM-2A");
    let mut g = golden_with(ConnConfig {
        ird: 2,
        ..ConnConfig::default()
    });
    feed(
        &mut g,
        &[1, 2].map(|m| ulpdu::read_request(m, &request(STAG, BASE, 8))),
    );
    g.conns[0].read_done(1);
    feed(
        &mut g,
        &[3, 4].map(|m| ulpdu::read_request(m, &request(STAG, BASE, 8))),
    );
    assert_eq!(error_of(&g), Some((0x12, 0x02, "RDM-33")));
    let asked = g.conns[0]
        .output()
        .events
        .iter()
        .filter(|e| matches!(e, Event::ReadRequest { .. }))
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn rdm_2f_30_31_read_responses() {
    let issue = |g: &mut Golden, idx, len| {
        g.conns[0].issue_read(ReadIssue {
            sq_idx: idx,
            sink_stag: SINK,
            sink_to: BASE + 100,
            len,
        });
    };
    let data = counted(3000);
    let mut g = golden();
    issue(&mut g, 5, 3000);
    issue(&mut g, 6, 0);
    let all = tagged_message(Opcode::ReadResponse, SINK, BASE + 100, &data, 1442);
    feed(&mut g, &all[..2]);
    assert!(
        !g.conns[0]
            .output()
            .events
            .iter()
            .any(|e| matches!(e, Event::ReadDone { .. })),
        "RDM-2F"
    );
    feed(&mut g, &all[2..]);
    feed(&mut g, &[ulpdu::read_response(1, 0, &[], true)]);
    let done: Vec<_> = g.conns[0]
        .output()
        .events
        .iter()
        .filter_map(|e| {
            if let Event::ReadDone { sq_idx, .. } = e {
                Some(*sq_idx)
            } else {
                None
            }
        })
        .collect();
    assert_eq!((done, error_of(&g)), (vec![5, 6], None));
    assert_eq!(g.host.mem.read(SINK_ADDR + 100, 3000), Ok(&data[..]));
    feed(&mut g, &[ulpdu::read_response(1, 0, &[], true)]);
    assert_eq!(error_of(&g), Some((0x02, 0x06, "RDM-31")));
    let one = |u: Vec<u8>| {
        let mut g = golden();
        issue(&mut g, 0, 10);
        feed(&mut g, &[u]);
        assert!(g.host.mem.changed().is_empty());
        error_of(&g).map(|e| (e.0, e.1))
    };
    assert_eq!(
        one(ulpdu::read_response(STAG, BASE + 100, &data[..10], true)),
        Some((0x11, 0x00))
    );
    assert_eq!(
        one(ulpdu::read_response(SINK, BASE + 101, &data[..10], true)),
        Some((0x11, 0x01))
    );
    assert_eq!(
        one(ulpdu::read_response(SINK, BASE + 100, &data[..11], true)),
        Some((0x11, 0x01))
    );
    assert_eq!(
        one(ulpdu::read_response(SINK, BASE + 100, &data[..9], true)),
        Some((0x11, 0x01))
    );
}

#[test]
fn rdm_52_59_5d_terminate_received() {
    let mut g = golden();
    let mut t = term_without_headers(0x20, 0x02);
    t.reserved = 0x1fff;
    feed(
        &mut g,
        &[
            ulpdu::terminate(&t),
            ulpdu::write(STAG, BASE, b"late", true),
        ],
    );
    assert!(g.conns[0]
        .output()
        .events
        .contains(&Event::TerminateReceived(t.clone())));
    assert_eq!((g.conns[0].output().ops.total(), error_of(&g)), (1, None));
    let bad = |msn, mo, last, n: usize| {
        verdict(DdpRepr::untagged(Opcode::Terminate, last, 2, msn, mo, 0).emit(&t.emit()[..n]))
            .map(|v| (v.0, v.1))
    };
    assert_eq!(bad(2, 0, true, 4), Some((0x12, 0x03)));
    assert_eq!(bad(1, 4, true, 4), Some((0x12, 0x04)));
    assert_eq!(bad(1, 0, false, 4), Some((0x12, 0x05)));
    assert_eq!(bad(1, 0, true, 3), Some((0x12, 0x05)));
}

#[test]
fn ext_rows_immediate_and_atomics() {
    let mut g = golden_with(ConnConfig {
        rfc7306: true,
        ..ConnConfig::default()
    });
    post(&mut g, 1, 64);
    g.host
        .mem
        .write(ADDR + 8, &37u64.to_le_bytes())
        .expect("inside");
    let add = AtomicRequestRepr {
        op_word: 0xffff_fff0,
        request_id: 9,
        stag: STAG,
        to: BASE + 8,
        data: 5,
        mask: 0,
        compare: 1,
        compare_mask: 2,
    };
    let swap = AtomicRequestRepr {
        op_word: 2,
        request_id: 10,
        data: 0xaa,
        mask: u64::MAX,
        compare: 42,
        compare_mask: u64::MAX,
        ..add
    };
    let miss = AtomicRequestRepr {
        request_id: 11,
        data: 0xbb,
        ..swap
    };
    feed(&mut g, &[ulpdu::immediate(1, *b"12345678", true)]);
    feed(
        &mut g,
        &[(1, add), (2, swap), (3, miss)].map(|(m, a)| ulpdu::atomic_request(m, &a)),
    );
    let originals: Vec<_> = g.conns[0]
        .output()
        .events
        .iter()
        .filter_map(|e| {
            if let Event::Atomic {
                original,
                request_id,
                ..
            } = e
            {
                Some((*request_id, *original))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(originals, [(9, 37), (10, 42), (11, 0xaa)]);
    assert_eq!(g.host.mem.read(ADDR + 8, 8), Ok(&0xaau64.to_le_bytes()[..]));
    let imm = g.conns[0]
        .output()
        .completions()
        .next()
        .map(|c| (c.opcode, c.imm, c.solicited()));
    assert_eq!(imm, Some((Opcode::ImmediateSe, Some(*b"12345678"), true)));
    g.conns[0].issue_atomic(1, 77);
    feed(
        &mut g,
        &[ulpdu::atomic_response(
            1,
            &AtomicResponseRepr {
                request_id: 77,
                original: 3,
            },
        )],
    );
    assert!(g.conns[0].output().events.contains(&Event::AtomicDone {
        request_id: 77,
        original: 3
    }));
    assert_eq!(error_of(&g), None);
    let one = |a: AtomicRequestRepr| {
        let mut g = golden_with(ConnConfig {
            rfc7306: true,
            ..ConnConfig::default()
        });
        feed(&mut g, &[ulpdu::atomic_request(1, &a)]);
        error_of(&g)
    };
    assert_eq!(
        one(AtomicRequestRepr {
            to: BASE + 9,
            ..add
        }),
        Some((0x02, 0x07, "EXT-0A"))
    );
    assert_eq!(
        one(AtomicRequestRepr { op_word: 1, ..add }),
        Some((0x02, 0x06, "EXT-08"))
    );
    assert_eq!(
        one(AtomicRequestRepr { stag: SINK, ..add }),
        Some((0x01, 0x02, "RDM-29"))
    );
}

#[test]
fn frames_find_their_connection() {
    let mut g = golden();
    let spec = FrameSpec {
        seq: START,
        ..FrameSpec::default()
    };
    g.conns[0].cfg.tuple = Some(Tuple {
        local: (spec.dst.ip, spec.dst.port),
        remote: (spec.src.ip, spec.src.port),
        vlan: None,
    });
    let f = spec.write(STAG, BASE, 64);
    let other = FrameSpec {
        src: Endpoint {
            port: 40002,
            ..spec.src
        },
        ..spec.clone()
    };
    assert_eq!(
        g.frame(&other.write(STAG, BASE, 64)),
        Err(NotOurs::NoConnection),
        "TCP-82"
    );
    let mut bad = f.clone();
    bad[80] ^= 1;
    assert_eq!(g.frame(&bad), Err(NotOurs::BadChecksum), "TCP-20");
    assert_eq!(g.frame(&f), Ok((0, Verdict::Arrival(Arrival::InOrder))));
    assert_eq!(g.frame(&f), Ok((0, Verdict::Arrival(Arrival::Duplicate))));
    assert_eq!(g.conns[0].output().ops.get(Opcode::Write), 1);
}

#[test]
fn sec_12_random_fpdus_with_a_good_crc_never_leave_the_regions() {
    let mut rng = ChaCha8Rng::seed_from_u64(0xf022);
    for _ in 0..300 {
        let mut g = golden_with(ConnConfig {
            rfc7306: rng.gen(),
            ..ConnConfig::default()
        });
        post(&mut g, 3, 128);
        g.conns[0].issue_read(ReadIssue {
            sq_idx: 0,
            sink_stag: SINK,
            sink_to: BASE,
            len: 64,
        });
        for _ in 0..20 {
            let mut u = counted(rng.gen_range(0..200));
            rng.fill(&mut u[..]);
            if u.len() > 14 && rng.gen_bool(0.9) {
                let op = rng.gen_range(0..12);
                u[0] = 0x41 | if op == 0 || op == 2 { 0x80 } else { 0 };
                u[1] = 0x40 | op;
                if op == 0 || op == 2 {
                    u[2..6].copy_from_slice(&[STAG, SINK][rng.gen_range(0..2)].to_be_bytes());
                    u[6..14]
                        .copy_from_slice(&(BASE + rng.gen_range(0..0x10100) - 0x80).to_be_bytes());
                }
            }
            g.stream(0, &fpdu(&u));
        }
        assert_eq!(g.host.mem.guards_intact(), Ok(()));
        assert_eq!(g.conns[0].output().memory_errors, []);
    }
}
