//! The watch over senders finds nothing in the golden one's lossy runs, and everything that is planted.

use super::*;
use crate::golden::tx::audit::{AuditFault, Seen, SenderAudit};
use crate::wire::frame::FrameRepr;
use crate::wire::tcp::Flags;

/// The work of the run, made by a second FPDU maker.
fn asked(setup: &Setup, audit: &mut SenderAudit, work: &[Vec<u8>]) {
    let mut maker = FpduMaker::new(MakerConfig {
        first_seq: setup.first_seq[0],
        mulpdu: mulpdu(setup.mss, setup.markers),
        framing: octets_framing(setup.crc, setup.markers),
        ..MakerConfig::default()
    });
    for (i, data) in work.iter().enumerate() {
        let op = Operation::Write {
            stag: STAG,
            to: BASE,
        };
        for f in maker.make(Origin::Sq(i as u32), op, data) {
            audit.expect(f.record, &f.octets);
        }
    }
}

fn audit(setup: &Setup) -> SenderAudit {
    let first = SenderConfig {
        mss: setup.mss,
        ..SenderConfig::default()
    };
    SenderAudit::new(
        setup.first_seq[0],
        setup.mss,
        first.first_window(),
        setup.window,
        setup.window_scale,
    )
}

#[test]
fn tcp_48_5a_the_golden_sender_passes_its_audit() {
    let mut again = 0;
    for seed in 0..30 {
        let setup = Setup {
            markers: seed % 3 == 0,
            window: if seed % 5 == 0 { 5000 } else { 1 << 20 },
            sender: SenderConfig {
                sack: seed % 2 == 0,
                rto_min: 10 * MS,
                ..SenderConfig::default()
            },
            ..Setup::default()
        };
        let link = LinkConfig {
            seed,
            loss: 0.03,
            ..LinkConfig::default()
        };
        let mut net = setup.net(link);
        net.tap = Some(Vec::new());
        let work: Vec<Vec<u8>> = (0..6).map(|i| vec![i as u8 + 1; 7000 * i]).collect();
        let mut watch = audit(&setup);
        asked(&setup, &mut watch, &work);
        for (i, data) in work.iter().enumerate() {
            net.a().post(0, write(i as u64, 0, data));
        }
        assert_eq!(net.run(100 * SEC, |n| n.flows[0].a.idle()), Stop::Reached);
        assert_eq!(watch.asked(), net.a().sender().una());
        // Acknowledgements count from when they were sent: earlier than the device knows of them, which allows more, not less.
        for (_, from_a, frame) in net.tap.take().unwrap_or_default() {
            let (r, at) = FrameRepr::parse(&frame).expect("a frame");
            if from_a {
                let fin = r.tcp.flags.has(Flags::FIN);
                let seen = watch.sent(r.tcp.seq, &frame[at.payload], fin);
                assert!(seen.is_ok(), "seed {seed}: {seen:?}");
                again += u32::from(seen == Ok(Seen::Again));
            } else {
                watch.acknowledged(r.tcp.ack, r.tcp.window);
            }
        }
        assert_eq!(watch.high(), watch.asked());
    }
    assert!(again > 50, "{again}");
}

#[test]
fn tcp_48_49_57_5a_planted_faults_are_found() {
    let setup = Setup {
        window: 4000,
        window_scale: 0,
        ..Setup::default()
    };
    let mut fresh = audit(&setup);
    asked(&setup, &mut fresh, &[vec![7; 20_000]]);
    let mut maker = FpduMaker::new(MakerConfig {
        mulpdu: mulpdu(setup.mss, false),
        ..MakerConfig::default()
    });
    let op = Operation::Write {
        stag: STAG,
        to: BASE,
    };
    let all = maker.make(Origin::Sq(0), op, &[7; 20_000]);
    let stream: Vec<u8> = all.iter().flat_map(|f| f.octets.clone()).collect();
    let first = setup.first_seq[0];
    let at = |pos: usize| first.wrapping_add(pos as u32);
    let cut = |pos: usize, len: usize| (at(pos), stream[pos..pos + len].to_vec());
    let ok = |w: &mut SenderAudit, pos, len| {
        let (seq, p) = cut(pos, len);
        assert!(w.sent(seq, &p, false).is_ok(), "{pos}");
    };
    let mut w = fresh.clone();
    ok(&mut w, 0, 1460);
    ok(&mut w, 1460, 1460);
    ok(&mut w, 1000, 700);
    assert_eq!(w.fpdu_at(1460).map(|r| r.offset), Some(1440));
    assert_eq!(w.fpdu_at(1459).map(|r| r.offset), Some(0));
    let (seq, mut p) = cut(100, 700);
    p[650] ^= 1;
    let e = w.sent(seq, &p, false);
    assert!(
        matches!(e, Err(AuditFault::Content { at: 650, .. })),
        "{e:?}"
    );
    let (seq, p) = cut(3000, 10);
    assert!(matches!(
        w.sent(seq, &p, false),
        Err(AuditFault::Gap { .. })
    ));
    let (seq, p) = cut(2920, 1081);
    assert!(matches!(
        w.sent(seq, &p, false),
        Err(AuditFault::Window { edge: 4000, .. })
    ));
    ok(&mut w, 2920, 1080);
    ok(&mut w, 4000, 1);
    let (seq, p) = cut(0, 1461);
    assert!(matches!(
        w.sent(seq, &p, false),
        Err(AuditFault::Mss { .. })
    ));
    let seq = at(stream.len() - 5);
    let mut end = fresh.clone();
    end.acknowledged(at(0), 60_000);
    for pos in (0..stream.len()).step_by(1460) {
        let len = 1460.min(stream.len() - pos);
        let (seq, p) = cut(pos, len);
        let r = end.sent(seq, &p, false);
        if pos < 3 * 1460 + 1460 {
            assert!(r.is_ok(), "{pos} {r:?}");
        } else {
            assert!(matches!(r, Err(AuditFault::Flight { .. })), "{pos} {r:?}");
        }
    }
    let e = end.sent(seq, &[7; 6], false);
    assert!(matches!(e, Err(AuditFault::NotAsked { .. })), "{e:?}");
}
