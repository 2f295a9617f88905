//! Targeted losses and odd windows between whole endpoints.

use super::*;
use crate::build::counted;
use crate::golden::GoldenError;

/// A short exchange with everything in it; true when all arrived and completed.
fn exchange(setup: &Setup, lose: (&[u64], &[u64])) -> Result<(u64, u64), String> {
    let mut net = setup.net(LinkConfig::default());
    net.ab.lose(lose.0.iter().copied());
    net.ba.lose(lose.1.iter().copied());
    let data = counted(3 * setup.mss);
    for end in [0, 1] {
        let p = &mut net.flows[0];
        let e = if end == 0 { &mut p.a } else { &mut p.b };
        e.post_recv(recv(7, 0, 1 << 16));
        e.post(0, write(0, 0x4000, &data));
        e.post(
            0,
            WorkRequest::new(
                1,
                Work::Read(ReadRequest {
                    sink_stag: STAG,
                    sink_to: BASE + 0x1_0000,
                    len: setup.mss as u32 * 2,
                    source_stag: STAG,
                    source_to: BASE + 0x2_0000,
                }),
            ),
        );
        e.post(0, send(2, &data[..setup.mss + 100]));
    }
    let stop = net.run(300 * SEC, |n| {
        let p = &n.flows[0];
        p.a.idle() && p.b.idle()
    });
    if stop != Stop::Reached {
        return Err(format!("{stop:?} at {} ns", net.now));
    }
    let mut bad = Vec::new();
    for (one, other) in [(0, 1), (1, 0)] {
        let p = &net.flows[0];
        let ends = [&p.a, &p.b];
        let (e, o) = (ends[one], ends[other]);
        let done: Vec<_> = e.completions().iter().map(|c| (c.id, c.status)).collect();
        if done != [(0, SqStatus::Ok), (1, SqStatus::Ok), (2, SqStatus::Ok)] {
            bad.push(format!("{done:?}"));
        }
        let same = o.host.mem.read(ADDR + 0x4000, data.len()) == Ok(&data[..])
            && o.host.mem.read(RQ_ADDR, setup.mss + 100) == Ok(&data[..setup.mss + 100])
            && e.host.mem.read(ADDR + 0x1_0000, setup.mss * 2)
                == o.host.mem.read(ADDR + 0x2_0000, setup.mss * 2)
            && e.host.mem.guards_intact().is_ok();
        let receives = e.events().iter().filter(|e| matches!(e, Event::Receive(_)));
        if !same || receives.count() != 1 || e.memory_errors() > 0 {
            bad.push("octets or events differ".to_string());
        }
    }
    let sent = (net.ab.stats().offered, net.ba.stats().offered);
    if bad.is_empty() {
        Ok(sent)
    } else {
        Err(bad.join("; "))
    }
}

/// Every packet of the exchange in turn, alone, with the one behind it, and with all of its retransmissions but the last.
#[test]
fn tcp_46_50_58_loss_of_each_packet_in_turn() {
    for (sack, stamps) in [(true, false), (false, true)] {
        let setup = Setup {
            sender: SenderConfig {
                sack,
                timestamps: stamps.then_some(TsClock {
                    offset: u32::MAX - 3,
                    tick: MS,
                }),
                rto_min: 10 * MS,
                ..SenderConfig::default()
            },
            ..Setup::default()
        };
        let (ab, ba) = exchange(&setup, (&[], &[])).expect("without loss");
        for n in 0..ab.max(ba) + 2 {
            for (from, to) in [(n, n), (n, n + 2)] {
                let all: Vec<u64> = (from..=to).collect();
                for lose in [
                    (&all[..], &[][..]),
                    (&[][..], &all[..]),
                    (&all[..], &all[..]),
                ] {
                    let r = exchange(&setup, lose);
                    assert!(
                        r.is_ok(),
                        "sack {sack} stamps {stamps} lose {lose:?}: {r:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn tcp_32_ddp_0e_wraps_of_sequence_numbers_and_msns() {
    for at in [0u32, 1, 100, 1459, 5000, 9000] {
        let setup = Setup {
            first_seq: [0u32.wrapping_sub(at), 0x8000_0000u32.wrapping_sub(at)],
            first_msn: [u32::MAX; 4],
            ..Setup::default()
        };
        let lost = [2, 3, 7];
        assert!(exchange(&setup, (&[], &[])).is_ok(), "{at}");
        let r = exchange(&setup, (&lost, &lost));
        assert!(r.is_ok(), "{at}: {r:?}");
    }
}

#[test]
fn tcp_0c_mpa_47_mss_from_88_to_8960_with_and_without_markers() {
    for mss in [88, 300, 536, 1448, 1460, 4052, 8948, 8960] {
        for markers in [false, true] {
            let setup = Setup {
                mss,
                markers,
                ..Setup::default()
            };
            let r = exchange(&setup, (&[3, 4], &[2]));
            assert!(r.is_ok(), "{mss} {markers}: {r:?}");
        }
    }
}

#[test]
fn tcp_55_one_octet_windows() {
    let setup = Setup {
        window: 1,
        window_scale: 0,
        mss: 88,
        ..Setup::default()
    };
    let mut net = setup.net(LinkConfig::default());
    net.b().post_recv(recv(0, 0, 100));
    let data = counted(40);
    net.a().post(0, send(0, &data));
    assert_eq!(net.run(60 * SEC, |n| n.flows[0].a.idle()), Stop::Reached);
    assert_eq!(net.b().host.mem.read(RQ_ADDR, 40), Ok(&data[..]));
    assert!(net.ab.stats().offered >= 64, "an octet at a time");
}

#[test]
fn tcp_57_a_window_shut_for_ten_minutes() {
    let setup = Setup {
        window: 8192,
        ..Setup::default()
    };
    let mut net = setup.net(LinkConfig::default());
    let data = counted(100_000);
    net.a().post(0, write(0, 0, &data));
    net.run(200 * US, |_| false);
    net.b().set_window(200 * US, 0);
    assert_eq!(net.run(600 * SEC, |n| n.flows[0].a.idle()), Stop::Late);
    assert_eq!(net.a().state(), State::Open);
    assert!(net.a().sender().stats().probes > 8);
    let now = net.now;
    net.b().set_window(now, 8192);
    assert_eq!(net.run(700 * SEC, |n| n.flows[0].a.idle()), Stop::Reached);
    assert_eq!(net.b().host.mem.read(ADDR, 100_000), Ok(&data[..]));
}

#[test]
fn mpa_29_responder_waits_for_the_first_fpdu() {
    let setup = Setup {
        responder: true,
        ..Setup::default()
    };
    let mut net = setup.net(LinkConfig::default());
    net.b().post(0, write(0, 0, &counted(100)));
    assert_eq!(net.run(SEC, |_| false), Stop::Quiet);
    assert_eq!(net.ba.stats().offered, 0);
    let now = net.now;
    net.a().post(now, write(0, 0, &[]));
    let done = |n: &Net| n.flows[0].a.idle() && n.flows[0].b.idle();
    assert_eq!(net.run(2 * SEC, done), Stop::Reached);
}

#[test]
fn rdm_32_36_ord_and_fence_hold_requests_back() {
    let mut net = Setup::default().net(LinkConfig::default());
    net.tap = Some(Vec::new());
    for i in 0..20u64 {
        let r = ReadRequest {
            sink_stag: STAG,
            sink_to: BASE + i * 100,
            len: 100,
            source_stag: STAG,
            source_to: BASE + 0x8000 + i * 100,
        };
        net.a().post(0, WorkRequest::new(i, Work::Read(r)));
    }
    let mut last = write(20, 0, &counted(10));
    last.fence = true;
    net.a().post(0, last);
    net.run(SEC, |n| {
        let p = &n.flows[0];
        assert!(p.a.open_now() <= 4);
        let fenced = p.a.records().iter().any(|r| r.opcode == 0);
        assert!(!fenced || p.a.completions().len() >= 20);
        p.a.idle()
    });
    assert_eq!(net.a().completions().len(), 21);
    let writes: Vec<_> = net.a().records().iter().map(|r| r.opcode).collect();
    assert_eq!(writes.iter().filter(|o| **o == 0).count(), 1);
    assert_eq!(writes.last(), Some(&0));
}

fn error(e: &Endpoint) -> Option<&GoldenError> {
    e.events().iter().find_map(|e| match e {
        Event::Error(g) => Some(g),
        _ => None,
    })
}

/// An error found by the receiver: Terminate with the right code, FIN, and everything flushed on both sides, also under loss.
#[test]
fn rdm_50_58_5a_5b_terminate_ends_both_sides_in_order() {
    let mut flushed = 0;
    for seed in 0..10 {
        let mut net = Setup::default().net(LinkConfig {
            seed,
            loss: 0.2,
            ..LinkConfig::default()
        });
        net.b().post_recv(recv(0, 0, 100));
        net.a().post(0, send(0, &counted(100)));
        // Too long for nobody's buffer: no buffer at all.
        for i in 1..6 {
            net.a().post(0, send(i, &counted(50)));
            net.b().post(0, write(i, 0, &counted(30_000)));
        }
        let both_flushed = |n: &Net| {
            let p = &n.flows[0];
            let told = p.a.events().contains(&Event::Fin);
            told && p.a.idle() && p.b.idle()
        };
        assert_eq!(
            net.run(200 * SEC, both_flushed),
            Stop::Reached,
            "seed {seed}"
        );
        let term = error(net.b()).expect("an error").term;
        let told = net.a().events().iter().find_map(|e| match e {
            Event::TerminateReceived(t) => Some(t.term),
            _ => None,
        });
        assert_eq!((term.octet(), term.code), (0x12, 0x02));
        assert_eq!(told, Some(term), "seed {seed}");
        let last = net.b().records().last().map(|r| r.opcode);
        assert_eq!(last, Some(7), "nothing behind the Terminate");
        assert!(net.a().events().contains(&Event::Fin));
        let ids: Vec<u64> = net.a().completions().iter().map(|c| c.id).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
        // What TCP had taken before the Terminate came is done; behind it everything is flushed.
        let status = |e: &Endpoint| -> Vec<SqStatus> {
            let all = e.completions().iter().map(|c| c.status);
            all.skip_while(|s| *s == SqStatus::Ok).collect()
        };
        let (a, b) = (status(net.a()), status(net.b()));
        for (all, first) in [
            (a, SqStatus::RemoteTerminate(term)),
            (b, SqStatus::StreamError(term)),
        ] {
            flushed += all.len();
            assert!(all.first().is_none_or(|s| *s == first), "seed {seed}");
            assert!(all.iter().skip(1).all(|s| *s == SqStatus::Flushed));
        }
    }
    assert!(flushed > 10, "{flushed}");
}

#[test]
fn tcp_47_63_reset_and_silence_flush_in_order() {
    for reset in [true, false] {
        let mut net = Setup::default().net(LinkConfig::default());
        for i in 0..4 {
            net.a().post(0, write(i, 0, &counted(100_000)));
        }
        net.run(100 * US, |_| false);
        let now = net.now;
        if reset {
            net.b().abort(now);
            net.pump();
        } else {
            net.ab.cut = true;
            net.ba.cut = true;
        }
        net.run(400 * SEC, |n| n.flows[0].a.state() == State::Dead);
        let all: Vec<_> = net
            .a()
            .completions()
            .iter()
            .map(|c| (c.id, c.status))
            .collect();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], (0, SqStatus::ConnectionLost));
        assert_eq!(all[3], (3, SqStatus::Flushed));
        let gave_up = net
            .a()
            .timer_events()
            .iter()
            .any(|e| e.1 == TimerEvent::GaveUp);
        assert_eq!(gave_up, !reset);
        let now = net.now;
        net.a().post(now, write(9, 0, &[1]));
        assert_eq!(
            net.a().completions().last().map(|c| c.status),
            Some(SqStatus::ConnectionLost)
        );
    }
}

/// A source that is not ours: a local error, no headers in the Terminate.
#[test]
fn rdm_56_local_source_error() {
    let mut net = Setup::default().net(LinkConfig::default());
    let bad = Payload::Gather(vec![Sge {
        addr: BASE,
        len: 10,
        lkey: Some(STAG + 1),
    }]);
    let work = Work::Write {
        payload: bad,
        stag: STAG,
        to: BASE,
    };
    net.a().post(0, write(0, 0, &[1; 10]));
    net.a().post(0, WorkRequest::new(1, work));
    net.a().post(0, write(2, 0, &[3; 10]));
    net.run(SEC, |n| {
        n.flows[0].a.sender().idle() && n.flows[0].a.completions().len() == 3
    });
    let all: Vec<_> = net.a().completions().iter().map(|c| c.status).collect();
    assert_eq!(all.len(), 3);
    assert!(all.contains(&SqStatus::Flushed));
    let told = net.b().events().iter().any(
        |e| matches!(e, Event::TerminateReceived(t) if t.term.octet() == 0 && t.ddp.is_none()),
    );
    assert!(told);
}

/// One of two small Writes is lost: the other is complete, this one only when it was acknowledged.
#[test]
fn rdm_11_completion_waits_for_the_acknowledgement() {
    let mut net = Setup::default().net(LinkConfig::default());
    net.ab.lose([1]);
    net.a().post(0, write(0, 0, &[1; 100]));
    net.a().post(0, write(1, 100, &[2; 100]));
    net.run(5 * MS, |_| false);
    assert_eq!(net.a().completions().len(), 1);
    assert_eq!(net.run(5 * SEC, |n| n.flows[0].a.idle()), Stop::Reached);
    assert_eq!(net.a().completions().len(), 2);
}

/// Each segment behind a gap is answered at once.
#[test]
fn tcp_28_an_acknowledgement_for_each_segment_behind_a_gap() {
    let mut net = Setup::default().net(LinkConfig::default());
    net.ab.lose([0]);
    net.a().post(0, write(0, 0, &counted(4000)));
    net.run(MS, |_| false);
    assert_eq!(net.ba.stats().offered, 2);
}
