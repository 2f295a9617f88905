//! Timestamps (RFC 7323), in lockstep with the golden endpoint: what is placed, and TS.Recent after every report.

mod chip_support;

use chip_support::one::{modes, Done, One};
use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind};
use ferrowarp_testbench::build::{mutate, FrameSpec};
use ferrowarp_testbench::chip::duel::{ConnPlan, DuelError};
use ferrowarp_testbench::chip::AckEvent;
use ferrowarp_testbench::wire::tcp::{Flags, TcpOption};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const WINDOW: u32 = 4000;
/// TS.Recent at installation: timestamps wrap early, as sequence numbers do.
const FIRST: u32 = 0xffff_fff0;

fn run(test: fn(&mut One) -> Done) {
    let mut plan = ConnPlan::new(3);
    plan.window = WINDOW;
    plan.timestamps = true;
    plan.spec.timestamps = Some((FIRST, 7));
    One::run(31, &plan, test);
}

trait Stamped {
    /// A new connection whose SYNs had the option, or not both of them.
    fn negotiate(&mut self, timestamps: bool) -> Done;
    /// The peer's next frame, `by` octets further on, its TSval so far from that of installation.
    fn stamped(&self, by: i64, ts: Option<i64>) -> FrameSpec;
    /// As [`One::send`]; TS.Recent is compared.
    fn exchange(&mut self, frame: Vec<u8>) -> Result<Vec<AckEvent>, DuelError>;
    /// A Write of 30 octets with this TSval; is it placed?
    fn placed(&mut self, ts: Option<i64>) -> Result<bool, DuelError>;
    /// TS.Recent, as far from that of installation.
    fn recent(&self) -> i32;
}

impl Stamped for One {
    fn negotiate(&mut self, timestamps: bool) -> Done {
        let change = |plan: &mut ConnPlan| plan.timestamps = timestamps;
        self.l.negotiate(self.side, change);
        self.fresh()
    }

    fn stamped(&self, by: i64, ts: Option<i64>) -> FrameSpec {
        FrameSpec {
            timestamps: ts.map(|t| (FIRST.wrapping_add(t as u32), 7)),
            ..self.at(by)
        }
    }

    fn exchange(&mut self, frame: Vec<u8>) -> Result<Vec<AckEvent>, DuelError> {
        let a = self.send(frame)?;
        if let (Some(a), true) = (a.last(), self.l.plan(self.side).timestamps) {
            let want = self.l.ts_recent(self.side);
            assert_eq!(a.ts_recent, want, "TS.Recent: {a:x?}");
        }
        Ok(a)
    }

    fn placed(&mut self, ts: Option<i64>) -> Result<bool, DuelError> {
        let before = self.l.chip.writes.len();
        let f = self.write(30);
        let frame = self.stamped(0, ts).frame(&f);
        self.exchange(frame)?;
        Ok(self.l.chip.writes.len() > before)
    }

    fn recent(&self) -> i32 {
        self.l.ts_recent(self.side).wrapping_sub(FIRST) as i32
    }
}

/// Not in both SYNs: what comes is ignored, whatever it says, and not reported as one.
#[test]
fn tcp_15_timestamps_only_if_negotiated() {
    run(|b| {
        for on in [false, true, false] {
            b.negotiate(on)?;
            for ts in [Some(0), Some(5), Some(-1), None, Some(-(1 << 30)), Some(4)] {
                let f = b.write(30);
                let frame = b.stamped(0, ts).frame(&f);
                let a = b.exchange(frame)?;
                if !on {
                    assert_eq!(modes(&a), [ack_mode::DELAYED], "{ts:?}");
                    assert_eq!(a[0].flags & ack_flag::TS, 0, "{ts:?}");
                } else if ts == Some(0) || ts == Some(5) {
                    assert_eq!(modes(&a), [ack_mode::DELAYED], "{ts:?}");
                    assert_ne!(a[0].flags & ack_flag::TS, 0, "{ts:?}");
                    assert_eq!(
                        (a[0].tsval, a[0].tsecr),
                        (FIRST.wrapping_add(ts.unwrap_or(0) as u32), 7)
                    );
                }
                b.l.acknowledge(b.side)?;
            }
        }
        Ok(())
    });
}

/// Dropped without a word: data, FIN, SYN, an ACK. The connection goes on; a RST needs no timestamp.
#[test]
fn tcp_16_a_missing_timestamp() {
    run(|b| {
        b.negotiate(true)?;
        assert!(b.placed(Some(1))?);
        let before = b.l.chip.counter("tcp_no_ts")?;
        for (n, flags) in [
            Flags::ACK,
            Flags::ACK | Flags::FIN,
            Flags::SYN,
            Flags::SYN | Flags::ACK,
            Flags::PSH,
        ]
        .into_iter()
        .enumerate()
        {
            for data in [&[][..], &[0xee; 77]] {
                for by in [0, -20, 60, 70_000] {
                    let frame = FrameSpec {
                        flags,
                        ..b.stamped(by, None)
                    }
                    .frame(data);
                    let a = b.exchange(frame)?;
                    assert_eq!(a, [], "{flags:?} at {by}, {} octets", data.len());
                }
            }
            assert_eq!(b.l.chip.counter("tcp_no_ts")?, before + 8 * (n as u32 + 1));
            assert!(b.placed(Some(1))?);
        }
        let frame = FrameSpec {
            flags: Flags::RST,
            ..b.stamped(0, None)
        }
        .frame(&[]);
        b.exchange(frame)?;
        let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [cpl_kind::RST]);
        Ok(())
    });
}

/// TS.Recent is the TSval of the earliest segment that is not acknowledged: behind a delayed ACK, ahead of a gap, as the gap is
/// filled, and of duplicates (RFC 7323 4.3, cases A, B and C of 4.3).
#[test]
fn tcp_17_what_is_echoed() {
    run(|b| {
        // Delayed: the first of two counts.
        b.negotiate(true)?;
        assert!(b.placed(Some(1))? && b.placed(Some(2))? && b.placed(Some(3))?);
        assert_eq!(b.recent(), 1);
        b.l.acknowledge(b.side)?;
        assert!(b.placed(Some(9))? && b.placed(Some(10))?);
        assert_eq!(b.recent(), 9);
        b.l.acknowledge(b.side)?;
        // A hole: what is ahead of it does not count, what fills it does.
        let f: Vec<_> = (0..3).map(|_| b.write(60)).collect();
        let n = f[0].len() as i64;
        for (at, ts, recent) in [(1, 20, 9), (2, 21, 9), (0, 22, 22)] {
            let frame = b.stamped(at * n, Some(ts)).frame(&f[at as usize]);
            b.exchange(frame)?;
            assert_eq!(b.recent(), recent, "FPDU {at}");
        }
        b.l.acknowledge(b.side)?;
        // Nothing new in it, or outside of the window: no segment to be echoed. Empty at rcv_nxt: one.
        for (by, len, recent) in [(-50, 50, 22), (i64::from(WINDOW), 9, 22), (0, 0, 33)] {
            let frame = b.stamped(by, Some(33)).frame(&vec![0xee; len]);
            b.exchange(frame)?;
            assert_eq!(b.recent(), recent, "{len} octets at {by}");
        }
        // Equal and greater alone count; an ACK of what was never sent does not, nor a RST or a SYN in the window.
        for (flags, by) in [
            (Flags::ACK, 9),
            (Flags::RST, 0),
            (Flags::SYN | Flags::ACK, 0),
        ] {
            let spec = b.stamped(i64::from(flags.has(Flags::RST)), Some(60));
            let ack = spec.ack.wrapping_add(by);
            let frame = FrameSpec { flags, ack, ..spec }.frame(&[]);
            assert_eq!(
                modes(&b.exchange(frame)?),
                [ack_mode::CHALLENGE],
                "{flags:?}"
            );
            assert_eq!(b.recent(), 33, "{flags:?}");
        }
        assert!(b.placed(Some(33))? && b.placed(Some(40))?);
        Ok(())
    });
}

/// An older TSval: nothing is placed, it is answered at once, whatever else is in the segment; around the wrap and half of it.
#[test]
fn tcp_18_paws() {
    run(|b| {
        b.negotiate(true)?;
        for recent in [0i64, 15, 16, 17, 100] {
            assert!(b.placed(Some(recent))?);
            b.l.acknowledge(b.side)?;
            for (back, old) in [(1, true), (2, true), ((1 << 31) - 1, true), (0, false)] {
                let before = b.l.chip.counter("tcp_paws")?;
                let f = b.write(40);
                let frame = b.stamped(0, Some(recent - back)).frame(&f);
                let a = b.exchange(frame)?;
                assert_eq!(b.l.chip.counter("tcp_paws")?, before + u32::from(old));
                let want = if old {
                    ack_mode::NOW
                } else {
                    ack_mode::DELAYED
                };
                assert_eq!(modes(&a), [want], "{recent} less {back}");
                let refused = ack_flag::RX_ONLY | ack_flag::DUP;
                assert_eq!(a[0].flags == refused, old, "{:x}", a[0].flags);
                b.l.acknowledge(b.side)?;
            }
            // Before the other checks: no challenge, no FIN, nothing kept.
            for flags in [
                Flags::SYN,
                Flags::ACK | Flags::FIN,
                Flags::PSH,
                Flags::ACK | Flags::PSH,
            ] {
                for (by, len) in [(0, 0), (0, 50), (50, 50), (-20, 50), (9000, 5)] {
                    let spec = b.stamped(by, Some(recent - 1));
                    let frame = FrameSpec { flags, ..spec }.frame(&vec![0xee; len]);
                    let a = b.exchange(frame)?;
                    assert_eq!(modes(&a), [ack_mode::NOW], "{flags:?}, {len} at {by}");
                }
            }
        }
        // A RST is not asked (5.3 R1).
        let frame = FrameSpec {
            flags: Flags::RST,
            ..b.stamped(0, Some(-7))
        }
        .frame(&[]);
        b.exchange(frame)?;
        let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [cpl_kind::RST]);
        Ok(())
    });
}

/// Frames close behind each other: each is judged by the TS.Recent that the ones before it leave, at any distance.
#[test]
fn tcp_18_paws_back_to_back() {
    run(|b| {
        let mut rng = ChaCha8Rng::seed_from_u64(7323);
        for round in 0..40 {
            b.negotiate(true)?;
            let mut now = 0i64;
            let empty = round % 4 < 2;
            let mut want = Vec::new();
            let start = b.l.chip.cycle() + 10;
            for _ in 0..10 {
                // Last.ACK.sent stays at the start: what begins there moves TS.Recent, old data of the window does not.
                now += rng.gen_range(0..3);
                let ts = now - [0, 0, 1, 2][rng.gen_range(0..4)];
                let bytes: &[u8] = &[0xee; 64];
                let len = if empty {
                    0
                } else {
                    [0, 1, 20, 64][rng.gen_range(0..4)]
                };
                let gap = if round % 2 == 0 {
                    0
                } else {
                    rng.gen_range(0..6)
                };
                let frame = b.stamped(0, Some(ts)).frame(&bytes[..len]);
                b.l.frame_at(start + gap, frame);
                want.push(b.l.ts_recent(b.side));
            }
            let f = b.write(30);
            let frame = b.stamped(0, Some(now)).frame(&f);
            let a = b.exchange(frame)?;
            if empty {
                let got: Vec<u32> = a[..10].iter().map(|a| a.ts_recent).collect();
                assert_eq!(got, want, "round {round}");
            }
        }
        Ok(())
    });
}

/// After 24 days without a segment that counts an old TSval is taken; the day before it is not (RFC 7323 5.5).
#[test]
fn tcp_19_outdated_after_24_days() {
    run(|b| {
        let mut day = 0;
        for (days, taken) in [
            (0, false),
            (1, false),
            (23, false),
            (24, true),
            (200, true),
            (25, true),
        ] {
            b.negotiate(true)?;
            assert!(b.placed(Some(3))?);
            b.l.acknowledge(b.side)?;
            b.l.idle(day, days)?;
            day += days;
            assert_eq!(b.placed(Some(-1000))?, taken, "{days} days");
            if taken {
                assert_eq!(b.recent(), -1000);
                assert!(!b.placed(Some(-1001))?, "it counts again");
            }
        }
        Ok(())
    });
}

/// The option is found wherever it stands: without NOPs, behind others, beside SACK blocks, at the very end.
#[test]
fn tcp_0d_15_timestamps_in_any_layout() {
    run(|b| {
        let other = |kind, n| TcpOption::Unknown {
            kind,
            data: vec![8; n],
        };
        let sack = |n: u32| TcpOption::Sack((0..n).map(|i| (i * 1000, i * 1000 + 8)).collect());
        let layouts = [
            (vec![], vec![]),
            (vec![TcpOption::Nop], vec![]),
            (vec![TcpOption::Nop; 3], vec![]),
            (vec![TcpOption::Nop; 30], vec![]),
            (
                vec![TcpOption::Nop; 2],
                vec![TcpOption::Nop, TcpOption::Nop, sack(3)],
            ),
            (vec![sack(1)], vec![]),
            (vec![sack(3)], vec![TcpOption::Nop]),
            (vec![], vec![sack(3)]),
            (
                vec![
                    TcpOption::Mss(1460),
                    TcpOption::SackPermitted,
                    TcpOption::WindowScale(7),
                ],
                vec![],
            ),
            (vec![other(254, 0)], vec![]),
            (vec![other(8, 7)], vec![other(8, 9)]),
            (vec![other(254, 28)], vec![]),
            (
                vec![other(30, 1), TcpOption::Nop, other(31, 2)],
                vec![other(32, 3)],
            ),
            (
                vec![],
                vec![TcpOption::Timestamps {
                    val: FIRST.wrapping_sub(9),
                    ecr: 0,
                }],
            ),
        ];
        for (front, options) in layouts {
            for vlan_or_not in [0usize, 31, 1000] {
                b.negotiate(true)?;
                for (ts, good) in [(0, true), (7, true), (-1, false), (7, true)] {
                    let f = b.write(30 + vlan_or_not);
                    let (front, options) = (front.clone(), options.clone());
                    let frame = FrameSpec {
                        front,
                        options,
                        ..b.stamped(0, Some(ts))
                    }
                    .frame(&f);
                    let a = b.exchange(frame)?;
                    let want = if good {
                        ack_mode::DELAYED
                    } else {
                        ack_mode::NOW
                    };
                    assert_eq!(modes(&a), [want], "TSval {ts}");
                    b.l.acknowledge(b.side)?;
                }
                assert_eq!(b.recent(), 7);
            }
        }
        Ok(())
    });
}

/// Option octets at random, most of them malformed: the walk ends there, and without a timestamp the segment is dropped; the
/// connection goes on, and nothing hangs.
#[test]
fn tcp_0e_16_malformed_options() {
    run(|b| {
        let mut rng = ChaCha8Rng::seed_from_u64(0x0e);
        for _ in 0..60 {
            b.negotiate(true)?;
            for _ in 0..12 {
                let words: usize = rng.gen_range(1..=10);
                let f = b.write(rng.gen_range(1..60));
                let spec = FrameSpec {
                    options: vec![TcpOption::Nop; 4 * words],
                    ..b.stamped(0, None)
                };
                let mut octets: Vec<u8> = (0..4 * words)
                    .map(|_| match rng.gen_range(0..12) {
                        0..=3 => 1,
                        4 => 0,
                        5 | 6 => 8,
                        7 | 8 => 10,
                        _ => rng.gen_range(0..12),
                    })
                    .collect();
                if words > 2 && rng.gen() {
                    // A good one somewhere.
                    let at = rng.gen_range(0..=4 * words - 10);
                    octets[at..at + 2].copy_from_slice(&[8, 10]);
                    let val =
                        b.l.ts_recent(b.side)
                            .wrapping_add(rng.gen_range(0..3))
                            .wrapping_sub(1);
                    octets[at + 2..at + 6].copy_from_slice(&val.to_be_bytes());
                }
                let frame = mutate(&spec.frame(&f), true, |d| {
                    d[54..54 + 4 * words].copy_from_slice(&octets)
                });
                b.l.frame(frame.unwrap_or_else(|e| panic!("{e:?}")));
            }
            b.l.settle()?;
            b.l.position(b.side)?;
            b.reports();
            let recent = b.recent();
            assert!(b.placed(Some(recent.into()))?, "alive");
        }
        Ok(())
    });
}
