//! Receive path and transmit path joined at their seams, against the golden sender over a wire that loses, doubles and reorders:
//! only what the chip acknowledges by itself lets the sender go on.

mod chip_support;

use chip_support::{chip, region, WIDTHS};
use ferrowarp_abi::code::{ack_flag, cpl_kind};
use ferrowarp_testbench::chip::duel::{record, ConnPlan};
use ferrowarp_testbench::chip::Post;
use ferrowarp_testbench::golden::tx::acks::AckPolicy;
use ferrowarp_testbench::golden::tx::endpoint::*;
use ferrowarp_testbench::golden::tx::fpdu::MakerConfig;
use ferrowarp_testbench::golden::tx::link::{Link, LinkConfig};
use ferrowarp_testbench::golden::tx::octets::{mulpdu, Framing};
use ferrowarp_testbench::golden::tx::sender::{Ns, SenderConfig, TsClock, MS};
use ferrowarp_testbench::golden::{ConnConfig, Host, Memory, Tpt};
use ferrowarp_testbench::nic::pair::{pd, PairConfig};
use ferrowarp_testbench::nic::transmit::{build, Connection, Transmit};
use ferrowarp_testbench::nic::Nic;
use ferrowarp_testbench::wire::frame::FrameRepr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Virtual time of a cycle.
const CYCLE: Ns = 4;
const STAG: u32 = 0x100;
const REGION: u32 = 0x4_0000;
/// Receives lie behind the region.
const RECEIVES: u64 = 0x10_0000;
const RECEIVE: u32 = 0x1000;
const WINDOW: u16 = 60_000;

#[derive(Clone, Copy)]
struct Case {
    seed: u64,
    conns: u16,
    timestamps: bool,
    loss: f64,
    duplicate: f64,
    reorder: f64,
    /// Octets in all, of a connection.
    octets: usize,
}

struct World {
    nic: Nic,
    peers: Vec<Endpoint>,
    there: Link,
    back: Link,
    posted: Vec<u16>,
    now: Ns,
    frames_back: usize,
}

fn peer(plan: &ConnPlan, case: &Case) -> Endpoint {
    let (seq, ack) = (plan.spec.seq, plan.spec.ack);
    // Options of every segment are off the payload's room.
    let mss = if case.timestamps { 1448 } else { 1460 };
    let first_msn = [1; 4];
    let cfg = EndpointConfig {
        local: plan.spec.src,
        remote: plan.spec.dst,
        vlan: None,
        conn: ConnConfig {
            rcv_nxt: ack,
            rcv_wnd: 1 << 20,
            crc: true,
            ts_recent: 1,
            first_msn,
            ..ConnConfig::default()
        },
        sender: SenderConfig {
            first_seq: seq,
            mss,
            wnd: WINDOW.into(),
            wl1: ack,
            wnd_scale: 0,
            sack: true,
            timestamps: case.timestamps.then_some(TsClock {
                offset: 5,
                tick: 1000,
            }),
            rto_initial: 10 * MS,
            rto_min: 2 * MS,
            granularity: 1000,
            pack: case.seed % 2 == 1,
            ..SenderConfig::default()
        },
        maker: MakerConfig {
            mulpdu: mulpdu(mss, false),
            framing: Framing {
                crc: true,
                markers: false,
            },
            first_seq: seq,
            first_msn,
            ..MakerConfig::default()
        },
        acks: AckPolicy::default(),
        window: 65_535,
        window_scale: 0,
        responder: false,
        ord: 0,
    };
    let host = Host {
        mem: Memory::new(1),
        tpt: Tpt::default(),
    };
    Endpoint::new(cfg, host, 0)
}

impl World {
    fn new(width: usize, case: &Case) -> Self {
        let cfg = PairConfig::small(width, case.seed);
        let lib = build(width, &cfg.tx, &cfg.work).unwrap_or_else(|e| panic!("{e}"));
        let tx = Transmit::new(&lib, width, &cfg.settings, case.seed);
        let tx = tx.unwrap_or_else(|e| panic!("{e}"));
        let mut nic = Nic::new(chip(width, case.seed), tx);
        let mut peers = vec![];
        for n in 0..case.conns {
            let mut plan = ConnPlan::new(n);
            plan.window = WINDOW.into();
            plan.pd = pd(n);
            plan.spec.seq = 0xffff_c000 + 0x11 * u32::from(n);
            plan.timestamps = case.timestamps;
            plan.spec.timestamps = case.timestamps.then_some((5, 0));
            let mut rec = record(&plan);
            rec.rcv_wnd = WINDOW.into();
            nic.install(&Connection {
                conn: n,
                gen: plan.gen,
                ours: plan.spec.dst,
                peer: plan.spec.src,
                snd_nxt: plan.spec.ack,
                rcv_nxt: plan.spec.seq,
                window: WINDOW,
                scale: 0,
                snd_wnd: 65_535,
                snd_scale: 0,
                mss: 1460,
                ts_recent: case.timestamps.then_some(5),
                sack: true,
                crc: true,
                pd: plan.pd,
                qpn: n.into(),
                sq: 0,
                sq_log: 0,
                page: 0,
            });
            while !nic.tx.commands_done() {
                nic.tick().unwrap_or_else(|e| panic!("{e}"));
            }
            let mut r = region(STAG + (u32::from(n) << 8), plan.pd, REGION);
            r.pa = u64::from(n) << 32;
            let chip = &mut nic.chip;
            chip.install(n, &rec).unwrap_or_else(|e| panic!("{e}"));
            chip.register_region(&r).unwrap_or_else(|e| panic!("{e}"));
            peers.push(peer(&plan, case));
        }
        let link = LinkConfig {
            seed: case.seed,
            rate: Some(10_000_000_000),
            delay: 3000,
            loss: case.loss,
            duplicate: case.duplicate,
            reorder: case.reorder,
            reorder_by: 6000,
            ..LinkConfig::default()
        };
        let back = LinkConfig {
            seed: case.seed ^ 0x5555,
            ..link
        };
        World {
            nic,
            posted: vec![0; peers.len()],
            peers,
            there: Link::new(link),
            back: Link::new(back),
            now: 0,
            frames_back: 0,
        }
    }

    fn step(&mut self) {
        self.now += CYCLE;
        for (n, peer) in self.peers.iter_mut().enumerate() {
            if peer.deadline().is_some_and(|at| at <= self.now) {
                peer.advance(self.now);
            }
            while let Some(frame) = peer.next_frame(self.now) {
                self.there.send(self.now, n, frame);
            }
        }
        while let Some(f) = self.there.take(self.now) {
            self.nic.chip.send(0, f.octets);
        }
        while let Some(f) = self.back.take(self.now) {
            self.peers[f.flow].receive(self.now, &f.octets);
        }
        self.nic.tick().unwrap_or_else(|e| panic!("{e}"));
        while let Some((_, frame)) = self.nic.tx.frames.pop_front() {
            let (f, _) = FrameRepr::parse(&frame).unwrap_or_else(|e| panic!("{e:?}: {frame:02x?}"));
            let at = |p: &Endpoint| p.config().local.port == f.tcp.dst_port;
            let flow = self.peers.iter().position(at).expect("a peer");
            self.frames_back += 1;
            self.back.send(self.now, flow, frame);
        }
    }

    /// Receives go out as they are used up: always some are posted.
    fn post(&mut self) {
        for n in 0..self.peers.len() {
            let done = self.nic.chip.events.iter();
            let done = done.filter(|e| usize::from(e.conn) == n && e.kind == cpl_kind::RECV);
            let done = done.count() as u16;
            while self.posted[n] < done + 6 {
                let idx = self.posted[n];
                self.nic.post_recv(Post {
                    rq: n as u32,
                    idx,
                    addr: (n as u64) << 32 | (RECEIVES + u64::from(idx % 64) * u64::from(RECEIVE)),
                    len: RECEIVE,
                });
                self.posted[n] += 1;
            }
        }
    }
}

/// What is sent, and what memory is then.
struct Load {
    memory: Vec<u8>,
    sends: Vec<Vec<u8>>,
}

fn load(w: &mut World, n: usize, case: &Case, rng: &mut ChaCha8Rng) -> Load {
    let mut l = Load {
        memory: vec![0; REGION as usize],
        sends: vec![],
    };
    let (mut left, mut id) = (case.octets, 0);
    while left > 0 {
        let most = [64, 1400, 9000, 30_000][rng.gen_range(0..4)];
        let len = rng.gen_range(1..=most).min(left);
        left -= len;
        let octets: Vec<u8> = (0..len).map(|_| rng.gen()).collect();
        let work = if len <= RECEIVE as usize && l.sends.len() < 60 && rng.gen_bool(0.5) {
            l.sends.push(octets.clone());
            Work::Send {
                payload: Payload::Inline(octets),
                solicited: false,
                invalidate: None,
            }
        } else {
            let to = rng.gen_range(0..=l.memory.len() - len);
            l.memory[to..to + len].copy_from_slice(&octets);
            Work::Write {
                payload: Payload::Inline(octets),
                stag: STAG + ((n as u32) << 8),
                to: to as u64,
            }
        };
        w.peers[n].post(0, WorkRequest::new(id, work));
        id += 1;
    }
    l
}

fn play(width: usize, case: Case) -> World {
    let mut w = World::new(width, &case);
    let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
    let loads: Vec<Load> = (0..w.peers.len())
        .map(|n| load(&mut w, n, &case, &mut rng))
        .collect();
    let mut idle = 0;
    while idle < 2000 {
        w.post();
        w.step();
        idle = if w.peers.iter().all(Endpoint::idle) {
            idle + 1
        } else {
            0
        };
        assert!(w.now < 400 * MS, "seed {}, {width} bits: a hang", case.seed);
        assert!(w.peers.iter().all(|p| p.state() == State::Open));
    }
    for (n, l) in loads.iter().enumerate() {
        let p = &w.peers[n];
        assert!(p.completions().iter().all(|c| c.status == SqStatus::Ok));
        let base = (n as u64) << 32;
        assert!(
            w.nic.memory.read(base, REGION as usize) == l.memory,
            "connection {n}: region"
        );
        let got: Vec<_> = w
            .nic
            .chip
            .events
            .iter()
            .filter(|e| usize::from(e.conn) == n && e.kind == cpl_kind::RECV)
            .collect();
        assert_eq!(got.len(), l.sends.len(), "connection {n}: once each");
        for (i, (e, octets)) in got.iter().zip(&l.sends).enumerate() {
            assert_eq!((e.rqe_idx, e.len as usize), (i as u16, octets.len()));
            let at = base + RECEIVES + i as u64 * u64::from(RECEIVE);
            assert!(w.nic.memory.read(at, octets.len()) == *octets, "Send {i}");
        }
    }
    w
}

const CALM: Case = Case {
    seed: 1,
    conns: 1,
    timestamps: false,
    loss: 0.0,
    duplicate: 0.0,
    reorder: 0.0,
    octets: 200_000,
};

/// Nothing is lost, so nothing is sent twice, and about every second segment is acknowledged.
#[test]
fn a_calm_wire() {
    for width in WIDTHS {
        for timestamps in [false, true] {
            let w = play(width, Case { timestamps, ..CALM });
            let p = &w.peers[0];
            assert_eq!(p.timer_events(), &[], "{width} bits");
            assert_eq!(w.there.stats().offered, p.stats().frames_out);
            let data = w
                .nic
                .chip
                .acks
                .iter()
                .filter(|a| a.payload_len > 0 && a.flags & ack_flag::RX_ONLY == 0);
            let (segments, acks) = (data.count(), w.frames_back);
            println!(
                "{width} bits: {segments} segments, {acks} acknowledgements, {} ns",
                w.now
            );
            // Two full segments share one, small ones more of them.
            assert!(2 * 1460 * acks >= CALM.octets, "{width} bits: {acks}");
            assert!(
                10 * acks <= 6 * segments,
                "{width} bits: {acks} of {segments}"
            );
        }
    }
}

/// TCP repairs it, and everything arrives once.
fn wild(width: usize) {
    let mut lost_back = 0;
    for seed in 0..4 {
        let w = play(
            width,
            Case {
                seed,
                conns: 1 << (seed % 3) as u16,
                timestamps: seed % 2 == 1,
                loss: 0.02,
                duplicate: 0.01,
                reorder: 0.02,
                octets: 120_000,
            },
        );
        let told = w.nic.chip.acks.iter().filter(|a| a.sack_n > 0).count();
        println!(
            "{width} bits, seed {seed}: {} ns, there {:?}, back {:?}, {told} reports with SACK blocks, timers {:?}",
            w.now,
            w.there.stats(),
            w.back.stats(),
            w.peers.iter().map(|p| p.timer_events().len()).collect::<Vec<_>>(),
        );
        assert!(told > 0 && w.there.stats().lost > 0);
        lost_back += w.back.stats().lost;
    }
    assert!(lost_back > 0);
}

#[test]
fn a_wild_wire_64() {
    wild(64);
}

#[test]
fn a_wild_wire_512() {
    wild(512);
}
