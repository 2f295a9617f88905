//! Reports of the receive path become bare ACKs on the wire.

use super::bench::{n, Bench, Item, Setup, Val, ACK, CONNS, INSTALL, RCV_MSS, TICK};
use super::frame::Frame;
use super::rx_tables::Cases;

#[derive(Clone, Default)]
pub struct Report {
    pub conn: u32,
    pub gen: u8,
    pub rcv_nxt: u32,
    /// 0 none, 1 delayed, 2 now, 3 challenge.
    pub mode: u8,
    pub recent: u32,
    pub rx_only: bool,
    pub blocks: Vec<(u32, u32)>,
}

pub fn block_octets(blocks: &[(u32, u32)]) -> Vec<u8> {
    let mut bits = vec![0u8; 32];
    for (i, (l, r)) in blocks.iter().enumerate() {
        bits[8 * i..8 * i + 4].copy_from_slice(&l.to_le_bytes());
        bits[8 * i + 4..8 * i + 8].copy_from_slice(&r.to_le_bytes());
    }
    bits
}

impl Report {
    /// As ack_event, with nothing new for the sender.
    fn item(&self) -> Item {
        vec![
            ("ack_conn", n(self.conn)),
            ("ack_gen", n(self.gen)),
            ("ack_seq", n(0u8)),
            ("ack_ack", n(0u8)),
            ("ack_wnd", n(0u8)),
            ("ack_payload_len", n(100u8)),
            // RX_ONLY: no sender's news.
            ("ack_flags", n(0x400u16 | u16::from(!self.rx_only) << 6)),
            ("ack_tsecr", n(0u8)),
            ("ack_ts_recent", n(self.recent)),
            ("ack_peer_sack_n", n(0u8)),
            ("ack_peer_sack", Val::Octets(vec![0; 32])),
            ("ack_rcv_nxt", n(self.rcv_nxt)),
            ("ack_ack_mode", n(self.mode)),
            ("ack_own_sack_n", n(self.blocks.len() as u32)),
            ("ack_own_sack", Val::Octets(block_octets(&self.blocks))),
        ]
    }
}

const DELAY: u32 = 400;
const GAP: u32 = 3000;

fn setup(conn: u32, gen: u8, cases: &mut Cases) -> Setup {
    let near = |c: &mut Cases| (c.bits(13) as u32).wrapping_sub(4096);
    Setup {
        conn,
        gen,
        snd: near(cases),
        rcv: near(cases),
        peer_wnd: 60_000,
        ts: conn % 2 == 1,
        sack: conn % 4 > 1,
    }
}

fn start(bits: usize, cases: &mut Cases) -> (Bench<'static>, Vec<Setup>) {
    let mut b = Bench::new(bits, DELAY, GAP, cases.seed);
    let all: Vec<_> = (0..CONNS).map(|c| setup(c, 3, cases)).collect();
    for s in &all {
        b.install(s);
    }
    (b, all)
}

fn one_at_a_time(bits: usize, test: &'static str) {
    let mut cases = Cases::new(test);
    let (mut b, all) = start(bits, &mut cases);
    let mut took = vec![];
    for round in 0..6 {
        for s in &all {
            let mut rcv = s.rcv.wrapping_add(round * 20_000);
            let mut r = Report {
                conn: s.conn,
                gen: 3,
                mode: 2,
                rcv_nxt: rcv,
                recent: cases.bits(32) as u32,
                rx_only: true,
                ..Report::default()
            };
            let holes = cases.below(5) as u32;
            r.blocks = (0..holes)
                .rev()
                .map(|i| {
                    (
                        rcv.wrapping_add(3000 * (i + 1)),
                        rcv.wrapping_add(3000 * (i + 1) + 500),
                    )
                })
                .collect();
            b.put(ACK, r.item());
            b.run(80);
            let (f, begun) = b.frames.pop_front().expect("an ACK");
            took.push(begun - b.taken[ACK]);
            let most = if s.ts { 3 } else { 4 };
            if !s.sack {
                r.blocks.clear();
            }
            r.blocks.truncate(most);
            let want = Frame {
                conn: s.conn,
                seq: s.snd,
                ack: rcv,
                wnd: f.wnd,
                ts: s.ts.then_some((f.ts.map_or(0, |t| t.0), r.recent)),
                sack: r.blocks.clone(),
                ..Frame::default()
            };
            assert_eq!(f, want);
            if let Some((val, _)) = f.ts {
                let age = (b.dut.get("now") as u32).wrapping_sub(val);
                assert!(age < 90 / u32::from(TICK), "TSval is {age} units old");
            }
            assert!(b.frames.is_empty(), "one ACK a segment");

            // Delayed: by the timer.
            rcv = rcv.wrapping_add(100);
            let mut d = Report {
                mode: 1,
                rcv_nxt: rcv,
                rx_only: false,
                blocks: vec![],
                ..r.clone()
            };
            b.put(ACK, d.item());
            b.run(u64::from((DELAY - 2) * u32::from(TICK)));
            assert!(b.frames.is_empty(), "before its time");
            // A round of the scan of 16 connections, and the way out.
            b.run(16 * 32 + 100);
            let (f, _) = b.frames.pop_front().expect("an ACK by the timer");
            assert_eq!((f.ack, f.sack.len()), (rcv, r.blocks.len()));
            // The second full-sized segment.
            for _ in 0..2 {
                assert!(b.frames.is_empty());
                rcv = rcv.wrapping_add(RCV_MSS);
                d.rcv_nxt = rcv;
                b.put(ACK, d.item());
                b.run(90);
            }
            assert_eq!(b.frames.pop_front().map(|f| f.0.ack), Some(rcv));
        }
    }
    took.sort_unstable();
    let n = took.len();
    println!(
        "ack_event to frame: {} to {} cycles, {} at most",
        took[0],
        took[n * 9 / 10],
        took[n - 1]
    );
    let (most, worst) = if bits == 64 { (47, 53) } else { (37, 43) };
    assert!(took[n * 9 / 10] <= most && took[n - 1] <= worst, "{took:?}");
}

#[test]
fn bare_acks_64() {
    one_at_a_time(64, "tx_core bare_acks_64");
}

#[test]
fn bare_acks_512() {
    one_at_a_time(512, "tx_core bare_acks_512");
}

/// Reports of all connections as fast as they are taken, slots that are reused, a MAC that stands at times. No more ACKs than
/// segments, and in the end all is acknowledged.
fn flood(bits: usize, test: &'static str) {
    let mut cases = Cases::new(test);
    let (mut b, mut all) = start(bits, &mut cases);
    (b.pauses, b.stalls) = (10, 10);
    let mut total = 0usize;
    for burst in 0..12 {
        let mut asked = vec![0usize; CONNS as usize];
        let mut rcv: Vec<u32> = all.iter().map(|s| s.rcv).collect();
        b.frames.clear();
        b.mac_stands = burst % 4 == 3;
        for _ in 0..400 {
            let conn = if cases.chance(30) {
                2
            } else {
                cases.below(CONNS as usize)
            };
            let mode = [0, 1, 1, 1, 2, 2, 3][cases.below(7)];
            if mode == 1 || mode == 2 && cases.chance(30) {
                rcv[conn] = rcv[conn].wrapping_add(1 + cases.below(1460) as u32);
            }
            asked[conn] += usize::from(mode > 0);
            let r = Report {
                conn: conn as u32,
                gen: all[conn].gen,
                rcv_nxt: if mode == 0 { 77 } else { rcv[conn] },
                mode,
                recent: 5,
                ..Report::default()
            };
            b.put(ACK, r.item());
            // Late ones of a predecessor change nothing.
            if cases.chance(3) {
                let late = Report {
                    gen: all[conn].gen.wrapping_sub(1),
                    rcv_nxt: rcv[conn].wrapping_add(50_000),
                    mode: 2,
                    ..r
                };
                b.put(ACK, late.item());
            }
        }
        for _ in 0..6000 {
            b.cycle();
            if b.waiting(ACK) == 0 {
                break;
            }
        }
        assert_eq!(b.waiting(ACK), 0, "reports do not wait for the MAC");
        b.mac_stands = false;
        b.run(u64::from(DELAY * u32::from(TICK)) + 2500);
        let mut acks = vec![0usize; CONNS as usize];
        let mut last = all.iter().map(|s| s.rcv).collect::<Vec<_>>();
        for (f, _) in &b.frames {
            acks[f.conn as usize] += 1;
            last[f.conn as usize] = f.ack;
        }
        total += b.frames.len();
        for c in 0..CONNS as usize {
            assert!(
                acks[c] <= asked[c],
                "{} ACKs for {} segments",
                acks[c],
                asked[c]
            );
            assert_eq!(last[c], rcv[c], "connection {c} is acknowledged");
            all[c].rcv = rcv[c];
        }
        // Some slots get another connection.
        for c in 0..CONNS {
            if cases.chance(20) {
                let s = setup(c, all[c as usize].gen.wrapping_add(1), &mut cases);
                b.put(
                    INSTALL,
                    vec![
                        ("install_remove", n(1u8)),
                        ("install_conn", n(c)),
                        ("install_gen", n(all[c as usize].gen)),
                    ],
                );
                b.install(&s);
                all[c as usize] = s;
            }
        }
    }
    println!("{total} ACKs, {:?}", b.counts);
    assert!(total > 1000 && b.counts["refused"] > 20 && b.counts["delayed"] > 20);
}

#[test]
fn flood_of_reports_64() {
    flood(64, "tx_core flood_of_reports_64");
}

#[test]
fn flood_of_reports_512() {
    flood(512, "tx_core flood_of_reports_512");
}
