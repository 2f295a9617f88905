//! Errors by row: which code, and that nothing was placed.

use super::*;

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
    g.conns[0].issue_atomic(AtomicIssue {
        sq_idx: 6,
        msn: 1,
        request_id: 77,
    });
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
        sq_idx: 6,
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
