//! Two adapters talk to each other: work requests in host memory on both sides, every octet compared, every completion counted; over a
//! calm wire and over one that loses, doubles, reorders and spoils frames.

use ferrowarp_abi::code::{cpl_kind, wc_status, wqe_op};
use ferrowarp_abi::queue::{Octets, Sge, Sqe, INLINE};
use ferrowarp_testbench::chip::Post;
use ferrowarp_testbench::golden::tx::link::LinkConfig;
use ferrowarp_testbench::nic::pair::{places, stag, Pair, PairConfig, SMALL_REGION};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const REGION: usize = SMALL_REGION as usize;
const RECEIVE: usize = 0x2000;
/// Receives that are posted, and used in turn.
const POSTED: usize = 6;
const RECEIVES: u16 = 64;

/// One direction of a connection.
struct Flow {
    from: usize,
    conn: u16,
    /// Octets of the sender's source, and what the peer's region is in the end.
    source: Vec<u8>,
    region: Vec<u8>,
    sends: Vec<Vec<u8>>,
    /// WQE numbers in order, posted.
    posted: Vec<u16>,
    left: usize,
    posted_recv: u16,
}

impl Flow {
    /// Posts what has room.
    fn post(&mut self, pair: &mut Pair, rng: &mut ChaCha8Rng) {
        let used = pair.ends[1 - self.from].chip.events.iter();
        let used = used.filter(|e| matches_recv(e, self.conn)).count();
        let nic = &mut pair.ends[self.from];
        let mut rings = false;
        while self.left > 0 {
            let most = [40, 300, 4000, 30_000][rng.gen_range(0..4)];
            let len = rng.gen_range(0..=most);
            // A Send must find a receive.
            let send = len <= RECEIVE && self.sends.len() < used + POSTED / 2 && rng.gen_bool(0.4);
            let at = rng.gen_range(0..=self.source.len() - len);
            let octets = self.source[at..at + len].to_vec();
            let cut = rng.gen_range(0..=len);
            let entry = |from: usize, to: usize| Sge {
                addr: (at + from) as u64,
                len: (to - from) as u32,
                lkey: stag(self.conn),
            };
            let sges = [entry(0, cut), entry(cut, len)];
            let to = rng.gen_range(0..=self.region.len() - len);
            let sqe = Sqe {
                op: if send { wqe_op::SEND } else { wqe_op::WRITE },
                signaled: true,
                fence: false,
                idx: 0,
                qpn: 0,
                stag: if send { 0 } else { stag(self.conn) },
                to: if send { 0 } else { to as u64 },
                octets: if len <= INLINE && rng.gen() {
                    Octets::Inline(&octets)
                } else {
                    Octets::Sges(&sges)
                },
            };
            let Some(idx) = nic
                .post_send(self.conn, &sqe)
                .unwrap_or_else(|e| panic!("{e}"))
            else {
                break;
            };
            rings = true;
            self.posted.push(idx);
            self.left -= 1;
            if send {
                self.sends.push(octets);
            } else {
                self.region[to..to + len].copy_from_slice(&octets);
            }
        }
        if rings {
            nic.ring(self.conn);
        }
    }

    /// Some receives are always posted at the peer.
    fn receives(&mut self, pair: &mut Pair) {
        let nic = &mut pair.ends[1 - self.from];
        let mine = |e: &&_| matches_recv(e, self.conn);
        let done = nic.chip.events.iter().filter(mine).count() as u16;
        while self.posted_recv < done + POSTED as u16 {
            let idx = self.posted_recv;
            let at = u64::from(idx % RECEIVES) * RECEIVE as u64;
            nic.post_recv(Post {
                rq: self.conn.into(),
                idx,
                addr: places(self.conn).receives + at,
                len: RECEIVE as u32,
            });
            self.posted_recv += 1;
        }
    }

    fn check(&self, pair: &Pair) {
        let (ours, peer) = (&pair.ends[self.from], &pair.ends[1 - self.from]);
        let done: Vec<_> = ours
            .tx
            .done
            .iter()
            .filter(|d| d.conn == self.conn)
            .collect();
        assert!(
            done.iter().all(|d| d.status == wc_status::SUCCESS),
            "{done:?}"
        );
        let numbers: Vec<u16> = done.iter().map(|d| d.idx).collect();
        assert_eq!(numbers, self.posted, "each WQE once, in order");
        let place = places(self.conn);
        let got = peer.memory.read(place.region, REGION);
        assert!(got == self.region, "connection {}: region", self.conn);
        let events: Vec<_> = peer.chip.events.iter().collect();
        let recv = events.iter().filter(|e| matches_recv(e, self.conn));
        assert_eq!(recv.clone().count(), self.sends.len(), "each Send once");
        for (i, (e, octets)) in recv.zip(&self.sends).enumerate() {
            assert_eq!((e.rqe_idx, e.len as usize), (i as u16, octets.len()));
        }
        // The last ones are still where they were put.
        let from = self.sends.len().saturating_sub(usize::from(RECEIVES));
        for (i, octets) in self.sends.iter().enumerate().skip(from) {
            let at = place.receives + ((i % usize::from(RECEIVES)) * RECEIVE) as u64;
            assert!(peer.memory.read(at, octets.len()) == *octets, "Send {i}");
        }
    }
}

fn matches_recv(e: &ferrowarp_testbench::chip::CplEvent, conn: u16) -> bool {
    e.conn == conn && e.kind == cpl_kind::RECV
}

/// Both directions of every connection, `work` WQEs each.
fn play(cfg: &PairConfig, work: usize) -> Pair {
    let mut pair = Pair::new(cfg).unwrap_or_else(|e| panic!("{e}"));
    let mut rng = ChaCha8Rng::seed_from_u64(cfg.seed);
    let mut flows: Vec<Flow> = (0..cfg.conns)
        .flat_map(|conn| [(0, conn), (1, conn)])
        .map(|(from, conn)| Flow {
            from,
            conn,
            source: (0..REGION).map(|_| rng.gen()).collect(),
            region: vec![0; REGION],
            sends: vec![],
            posted: vec![],
            left: work,
            posted_recv: 0,
        })
        .collect();
    for f in &flows {
        let at = places(f.conn).source;
        pair.ends[f.from].memory.write(at, &f.source);
    }
    let mut idle = 0;
    while idle < 3000 {
        for f in &mut flows {
            f.receives(&mut pair);
            f.post(&mut pair, &mut rng);
        }
        // Looking at the rings costs more than a clock.
        for _ in 0..20 {
            pair.tick()
                .unwrap_or_else(|e| panic!("seed {}: {e}", cfg.seed));
        }
        for e in &pair.ends {
            let strange = e.chip.events.iter().find(|e| e.kind != cpl_kind::RECV);
            assert_eq!(strange, None, "seed {}: lost", cfg.seed);
        }
        let all = |f: &Flow| {
            let done = pair.ends[f.from].tx.done.iter();
            f.left == 0 && done.filter(|d| d.conn == f.conn).count() == f.posted.len()
        };
        idle = if flows.iter().all(all) { idle + 20 } else { 0 };
        assert!(
            pair.now() < 20_000_000,
            "seed {}, {} bits: a hang; {:?}",
            cfg.seed,
            cfg.width,
            pair.ends.iter().map(|e| &e.tx.counts).collect::<Vec<_>>()
        );
    }
    for f in &flows {
        f.check(&pair);
    }
    for (n, e) in pair.ends.iter().enumerate() {
        println!(
            "{} bits, seed {}: {} ns, end {n}: {:?}, {:?}",
            cfg.width,
            cfg.seed,
            pair.now(),
            e.tx.counts,
            pair.links[n].stats()
        );
    }
    pair
}

/// Nothing is lost: nothing is sent twice, no timer runs out.
#[test]
fn a_calm_wire() {
    for width in [64, 512] {
        for seed in 0..2 {
            let pair = play(&PairConfig::small(width, seed), 30);
            for e in &pair.ends {
                let count = |name| e.tx.counts.iter().find(|c| c.0 == name).map(|c| c.1);
                assert_eq!((count("timeout"), count("fast")), (Some(0), Some(0)));
            }
        }
    }
}

fn wild(width: usize) {
    for seed in 0..3 {
        let mut cfg = PairConfig::small(width, seed);
        cfg.conns = 1 << seed;
        cfg.link = LinkConfig {
            loss: 0.02,
            duplicate: 0.01,
            reorder: 0.02,
            reorder_by: 8000,
            corrupt: 0.005,
            ..cfg.link
        };
        play(&cfg, 30);
    }
}

#[test]
fn a_wild_wire_64() {
    wild(64);
}

#[test]
fn a_wild_wire_512() {
    wild(512);
}
