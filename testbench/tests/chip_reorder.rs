//! Segments out of order, in lockstep with the golden endpoint, which does its own reassembly: delivery, positions, and SACK
//! blocks against what it holds. And peers over a wire that loses, repeats and delays frames.

use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind, term};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_testbench::build::{counted, fpdu, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::build;
use ferrowarp_testbench::chip::duel::{
    random, small_cfg, small_model, ConnPlan, Duel, DuelError, Lockstep, Noise,
};
use ferrowarp_testbench::chip::{AckEvent, Chip, Region, StagRights};
use ferrowarp_testbench::marking::mark;
use ferrowarp_testbench::sack_book::{Entry, SackBook};
use ferrowarp_testbench::wire::tcp::{seq_diff, Flags};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STAG: u32 = 0x0001_0155;
/// Sequence numbers wrap in every case (TCP-32).
const SEQ: u32 = 0xffff_fd00;
const LEN: u32 = 500_000;

struct Bench {
    l: Lockstep,
    side: usize,
    acks: usize,
    book: SackBook,
    stream: Vec<u8>,
    to: u64,
    /// Behind the last octet sent.
    high: usize,
    /// The streams have Markers.
    marks: bool,
}

type Done = Result<(), DuelError>;

impl Bench {
    fn new(width: usize, cfg: &Cfg, window: u32) -> Self {
        let lib = if *cfg == small_cfg(width) {
            small_model(width)
        } else {
            build(width, cfg, false)
        }
        .unwrap_or_else(|e| panic!("{e}"));
        let chip = Chip::new(&lib, cfg, width / 8, 21).unwrap_or_else(|e| panic!("{e}"));
        let mut l = Lockstep::new(chip, 21);
        let mut plan = ConnPlan::new(3);
        plan.window = window;
        plan.spec.seq = SEQ;
        let region = Region {
            stag: STAG,
            rights: StagRights {
                remote_write: true,
                ..Default::default()
            },
            pd: plan.pd,
            bound_to: None,
            base: 0,
            len: LEN,
            pa: 0,
        };
        // A kept segment takes a while to be read again.
        l.quiet = 2500;
        let side = l.install(&plan).unwrap_or_else(|e| panic!("{e}"));
        l.region(region).unwrap_or_else(|e| panic!("{e}"));
        Bench {
            l,
            side,
            acks: 0,
            book: SackBook::new(SEQ),
            stream: Vec::new(),
            to: 0,
            high: 0,
            marks: false,
        }
    }

    /// A new connection in the same place, its stream empty.
    fn fresh(&mut self) -> Done {
        self.l
            .renew_marked(self.side, SEQ, self.marks.then_some(0))?;
        self.l.forget();
        self.acks = self.l.chip.acks.len();
        self.book = SackBook::new(SEQ);
        (self.stream, self.high) = (Vec::new(), 0);
        Ok(())
    }

    /// Appends an FPDU with a Write to the next free place; its octets in the stream.
    fn write(&mut self, n: usize) -> (usize, usize) {
        let from = self.stream.len();
        let u = ulpdu::write(STAG, self.to, &counted(n), true);
        self.to = (self.to + n as u64) % (u64::from(LEN) - 70_000);
        let f = fpdu(&u);
        if self.marks {
            self.stream.extend(mark(&f, &[0], from as u32).octets);
        } else {
            self.stream.extend(f);
        }
        (from, self.stream.len())
    }

    fn seq(&self, at: usize) -> u32 {
        SEQ.wrapping_add(at as u32)
    }

    fn frame(&mut self, from: usize, to: usize, flags: Flags) -> Vec<u8> {
        self.high = self.high.max(to + usize::from(flags.has(Flags::FIN)));
        FrameSpec {
            seq: self.seq(from),
            flags,
            ..self.l.spec(self.side)
        }
        .frame(&self.stream[from..to])
    }

    /// Sends octets of the stream to both sides.
    fn send(&mut self, from: usize, to: usize) {
        let frame = self.frame(from, to, Flags::ACK);
        self.l.frame(frame);
    }

    /// To the chip alone: the golden endpoint would keep it.
    fn send_chip(&mut self, from: usize, to: usize) {
        let frame = self.frame(from, to, Flags::ACK);
        let now = self.l.chip.cycle();
        self.l.chip.send(now, frame);
    }

    /// Waits, compares results, position, and the last report's blocks; the assembler's reports since the last time.
    fn settle(&mut self) -> Result<Vec<(AckEvent, Entry)>, DuelError> {
        self.l.settle()?;
        self.l.position(self.side)?;
        let all = self.l.acks(self.side, self.acks);
        self.acks = self.l.chip.acks.len();
        let sent = self.seq(self.high);
        let mut told = Vec::new();
        for a in all {
            if a.flags & ack_flag::RX_ONLY != 0 && a.mode != ack_mode::NONE {
                let e = self
                    .book
                    .enter(a.rcv_nxt, a.blocks(), sent)
                    .unwrap_or_else(|e| panic!("{e}: {a:x?}"));
                told.push((a, e));
            } else {
                assert_eq!(a.sack_n, 0, "{a:x?}");
            }
        }
        if let (Some((a, e)), false) = (told.last(), self.l.ended(self.side)) {
            if a.sack_n < 4 || e.dsack.is_none() {
                let mut blocks = e.blocks.clone();
                blocks.sort_by(|a, b| seq_diff(a.0, b.0).cmp(&0));
                assert_eq!(blocks, self.l.held(self.side), "{a:x?}");
            }
        }
        Ok(told)
    }

    fn count(&mut self, name: &str) -> u32 {
        self.l
            .chip
            .counter(name)
            .unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn done(&self) -> usize {
        seq_diff(self.l.spec(self.side).seq, SEQ) as usize
    }
}

fn run(test: fn(&mut Bench) -> Done) {
    for width in [64, 512] {
        let mut b = Bench::new(width, &small_cfg(width), 200_000);
        test(&mut b).unwrap_or_else(|e| panic!("{width} bits: {e}"));
        b.l.compare_memory()
            .unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

/// Two segments change places: the early one is acknowledged at once with its block, the missing one at once without.
#[test]
fn tcp_25_28_2a_one_segment_early() {
    run(|b| {
        for n in [1usize, 30, 200, 1400] {
            b.fresh()?;
            let w: Vec<_> = (0..4).map(|_| b.write(n)).collect();
            b.send(w[0].0, w[0].1);
            assert!(b.settle()?.is_empty(), "the first one goes the fast way");
            let fast = b.count("fpdu_fast");
            b.send(w[2].0, w[2].1);
            let told = b.settle()?;
            let (a, e) = &told[0];
            assert_eq!(told.len(), 1);
            assert_eq!((a.mode, a.rcv_nxt), (ack_mode::NOW, b.seq(w[1].0)));
            assert_eq!(e.blocks, [(b.seq(w[2].0), b.seq(w[2].1))]);
            b.send(w[1].0, w[1].1);
            let told = b.settle()?;
            let (a, e) = &told[0];
            assert_eq!((a.mode, a.rcv_nxt), (ack_mode::NOW, b.seq(w[2].1)));
            assert!(e.blocks.is_empty() && e.dsack.is_none());
            // Nothing is left: the fast way again.
            b.send(w[3].0, w[3].1);
            assert!(b.settle()?.is_empty());
            assert_eq!(b.count("fpdu_fast"), fast + 1);
        }
        Ok(())
    });
}

/// `n` segments that come in exactly reverse order: none is sent twice. FPDUs aligned with segments, then not.
fn reverse(width: usize, cfg: Cfg, n: usize, gap: u64) {
    let mut b = Bench::new(width, &cfg, 600_000);
    let mut test = || {
        for aligned in [true, false] {
            b.fresh()?;
            let cuts: Vec<usize> = if aligned {
                (0..n).map(|_| b.write(1440).1).collect()
            } else {
                while b.stream.len() < n * 1460 {
                    let size = 100 + b.stream.len() * 7 % 5000;
                    b.write(size);
                }
                let rest = b.stream.len() % 1460;
                b.write(1460 * 2 - rest - 20);
                b.stream.truncate(b.stream.len() / 1460 * 1460);
                (1..=n).map(|i| i * 1460).collect()
            };
            let mut at = b.l.chip.cycle();
            for i in (0..n).rev() {
                let from = if i == 0 { 0 } else { cuts[i - 1] };
                let frame = b.frame(from, cuts[i], Flags::ACK);
                b.l.frame_at(at, frame);
                at += gap;
            }
            b.l.quiet = 3000;
            let told = b.settle()?;
            assert_eq!(told.len(), n);
            for (k, (a, e)) in told[..n - 1].iter().enumerate() {
                assert_eq!((a.mode, a.rcv_nxt), (ack_mode::NOW, SEQ));
                assert_eq!(
                    e.blocks,
                    [(b.seq(cuts[n - 2 - k]), b.seq(cuts[n - 1]))],
                    "report {k}"
                );
            }
            assert_eq!(b.done(), cuts[n - 1]);
            assert_eq!(b.count("ooo_lost") + b.count("drop_slot"), 0);
        }
        b.l.compare_memory()
    };
    test().unwrap_or_else(|e| panic!("{width} bits: {e}"));
}

#[test]
fn tcp_25_reverse_order_of_16_64() {
    reverse(64, small_cfg(64), 16, 0);
}

#[test]
fn tcp_25_reverse_order_of_256_512() {
    // A pool of 1 MiB in blocks of 512 octets.
    let cfg = Cfg {
        pool_bits: 14,
        blk_bits: 3,
        slot_bits: 7,
        stage_bits: 12,
        ..small_cfg(512)
    };
    reverse(512, cfg, 256, 100);
}

/// Four gaps are kept, newest first; a fifth is not, and comes again.
#[test]
fn tcp_2a_sec_13_four_intervals_and_a_fifth() {
    run(|b| {
        b.fresh()?;
        let w: Vec<_> = (0..12).map(|_| b.write(100)).collect();
        let mut newest = Vec::new();
        for i in [4, 8, 2, 6] {
            b.send(w[i].0, w[i].1);
            newest.insert(0, (b.seq(w[i].0), b.seq(w[i].1)));
            let told = b.settle()?;
            assert_eq!(told[0].1.blocks, newest);
        }
        let lost = b.count("ooo_lost");
        b.send_chip(w[10].0, w[10].1);
        let told = b.settle()?;
        assert_eq!(told[0].1.blocks, newest, "the fifth");
        assert_eq!(b.count("ooo_lost"), lost + 1);
        // What touches one of the four is taken, whichever side, and joins two; again the newest comes first.
        for i in [9, 3, 7, 5] {
            b.send(w[i].0, w[i].1);
            let told = b.settle()?;
            let first = told[0].1.blocks[0];
            assert!(
                seq_diff(b.seq(w[i].0), first.0) >= 0 && seq_diff(first.1, b.seq(w[i].1)) >= 0,
                "{i}: {told:x?}"
            );
        }
        // Now there is a place for the eleventh.
        for i in [11, 0, 1, 10] {
            b.send(w[i].0, w[i].1);
            b.settle()?;
        }
        assert_eq!(b.done(), w[11].1);
        Ok(())
    });
}

/// Copies of what is kept, cut elsewhere and with other content: the first copy stays, and RFC 2883 tells the sender.
#[test]
fn tcp_26_2b_copies_of_kept_octets() {
    run(|b| {
        for k in [1usize, 2, 7, 8, 9, 33, 63, 64, 65, 90] {
            b.fresh()?;
            for _ in 0..6 {
                b.write(150);
            }
            let n = b.stream.len();
            let (x, y) = (n / 3, 2 * n / 3);
            b.send(x, y);
            b.settle()?;
            let good = b.stream.clone();
            for o in &mut b.stream {
                *o ^= 0x55;
            }
            // Whole copies and parts.
            for (from, to) in [(x, y), (x, x + k), (y - k, y), (x + k, x + 2 * k)] {
                b.send(from, to);
                let told = b.settle()?;
                let e = &told[0].1;
                assert_eq!(e.dsack, Some((b.seq(from), b.seq(to))));
                assert_eq!(e.blocks, [(b.seq(x), b.seq(y))]);
            }
            // Overlaps at both ends, around it, and the hole with more than the hole. New octets are good ones.
            let cover = |b: &mut Bench, from: usize, to: usize| -> Done {
                b.stream[from..x].copy_from_slice(&good[from..x]);
                b.stream[y..to].copy_from_slice(&good[y..to]);
                b.send(from, to);
                b.settle().map(|_| ())
            };
            cover(b, x - k, y)?;
            cover(b, x - 2 * k, y + k)?;
            b.stream = good.clone();
            b.stream[x..y].fill(0xee);
            b.send(0, n - 2 * k);
            b.settle()?;
            b.send(n - 3 * k, n);
            b.settle()?;
            assert_eq!(b.done(), n);
        }
        Ok(())
    });
}

/// A FIN with data that comes early counts when the gap is closed.
#[test]
fn tcp_68_fin_ahead_of_a_gap() {
    run(|b| {
        for extra in [0, 1] {
            b.fresh()?;
            let (x, y, z) = (b.write(60), b.write(70), b.write(80));
            let fin = b.frame(z.0, z.1, Flags::ACK | Flags::FIN);
            b.l.frame(fin.clone());
            assert!(b.settle()?.len() == 1 && b.l.events(b.side).is_empty());
            if extra == 1 {
                b.send(y.0, y.1);
                b.settle()?;
            }
            b.send(x.0, y.1);
            let told = b.settle()?;
            let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
            assert_eq!(kinds, [cpl_kind::FIN]);
            assert_eq!(told[0].0.flags & ack_flag::FIN, ack_flag::FIN);
            assert_eq!(told[0].0.rcv_nxt, b.seq(z.1 + 1));
            // Again: acknowledged, and no second event.
            b.l.frame(fin);
            b.settle()?;
            assert_eq!(b.l.events(b.side).len(), 1);
        }
        Ok(())
    });
}

/// A bad CRC among octets that SACK has reported cannot be repaired; in others it can, and what is kept stays.
#[test]
fn mpa_76_77_crc_error_around_a_gap() {
    run(|b| {
        // (octets spoilt in the first, the second segment; the second comes first), what ends it
        for (first, second, code) in [
            (true, false, 0),
            (false, true, term::MPA_CRC),
            (true, true, term::MPA_CRC),
        ] {
            b.fresh()?;
            let (x, _, z) = (b.write(300), b.write(300), b.write(300));
            // The third FPDU lies in the second segment, the second one in both.
            let cut = x.1 + 100;
            let good = b.stream.clone();
            if second {
                b.stream[z.0 + 40] ^= 1;
            }
            b.send(cut, z.1);
            b.settle()?;
            if first {
                b.stream[x.0 + 40] ^= 1;
            }
            b.send(0, cut);
            let told = b.settle()?;
            b.stream = good;
            if first {
                // Nothing of the first FPDU is acknowledged, and the block is still there.
                let (a, e) = &told[0];
                assert_eq!((a.mode, a.rcv_nxt), (ack_mode::NOW, SEQ));
                assert_eq!(e.blocks, [(b.seq(cut), b.seq(z.1))]);
                b.send(0, cut);
                b.settle()?;
            }
            let events = b.l.events(b.side);
            let codes: Vec<_> = events.iter().map(|e| (e.kind, e.term)).collect();
            if code == 0 {
                assert_eq!((codes.len(), b.done()), (0, z.1));
            } else {
                assert_eq!(codes, [(cpl_kind::ERROR, code)]);
            }
        }
        Ok(())
    });
}

/// One connection's quota, then the share of all: what does not fit is dropped and counted, FPDUs in order are taken all the
/// same, and what a removed connection kept is free again.
#[test]
fn sec_13_mpa_58_quota_pool_and_removal() {
    run(|b| {
        let cfg = b.l.chip.cfg.clone();
        let lk = b.l.chip.k.trailing_zeros() as usize;
        let (quota, share) = (cfg.early_quota(lk), cfg.early_blocks(lk));
        assert!(quota > 10 && share > quota);
        // A second connection, whose octets golden need not know.
        let mut other = ConnPlan::new(9);
        other.window = 200_000;
        for round in 0..3u8 {
            b.fresh()?;
            other.gen = round;
            b.l.chip
                .install(9, &ferrowarp_testbench::chip::duel::record(&other))?;
            let [kept, lost] = ["ooo_kept", "ooo_lost"].map(|n| b.count(n));
            // Segments of one block each, one octet.
            while b.stream.len() < 100_000 {
                b.write(1000);
            }
            for i in 0..quota + 5 {
                if i < quota {
                    b.send(2000 + i, 2001 + i);
                } else {
                    b.send_chip(2000 + i, 2001 + i);
                }
                if i % 16 == 0 {
                    b.l.chip.drain(500, 100_000)?;
                }
            }
            b.settle()?;
            assert_eq!(b.count("ooo_kept") - kept, quota as u32);
            assert_eq!(b.count("ooo_lost") - lost, 5);
            for i in 0..quota as u32 {
                let spec = FrameSpec {
                    seq: other.spec.seq.wrapping_add(100 + i),
                    ..other.spec.clone()
                };
                let now = b.l.chip.cycle();
                b.l.chip.send(now, spec.frame(&[i as u8]));
                if i % 16 == 0 {
                    b.l.chip.drain(500, 100_000)?;
                }
            }
            b.l.chip.drain(500, 100_000)?;
            assert_eq!(b.count("ooo_kept") - kept, share as u32, "both together");
            // The longest FPDU goes through beside it all.
            let n = cfg.max_fpdu - 30;
            let third = b.third(n)?;
            assert_eq!(third, n, "octets of the longest FPDU");
            // One of them delivers, the other is removed with what it keeps.
            if round < 2 {
                b.send(0, 2000);
                b.settle()?;
            }
            b.l.chip.remove(9, round)?;
        }
        Ok(())
    });
}

impl Bench {
    /// Another connection sends one FPDU of `n` octets payload over many segments; the octets placed.
    fn third(&mut self, n: usize) -> Result<usize, DuelError> {
        let mut plan = ConnPlan::new(17);
        plan.window = 200_000;
        let (seq, spec) = (plan.spec.seq, plan.spec.clone());
        self.l
            .chip
            .install(17, &ferrowarp_testbench::chip::duel::record(&plan))?;
        // To where the golden endpoint will see the same: the same octets again.
        let before = self.l.chip.writes.len();
        let f = fpdu(&ulpdu::write(
            STAG,
            u64::from(LEN) - 66_000,
            &vec![7; n],
            true,
        ));
        for (i, part) in f.chunks(1460).enumerate() {
            let now = self.l.chip.cycle();
            let at = seq.wrapping_add((i * 1460) as u32);
            self.l.chip.send(
                now,
                FrameSpec {
                    seq: at,
                    ..spec.clone()
                }
                .frame(part),
            );
        }
        self.l.chip.drain(3000, 200_000)?;
        let placed = self.l.chip.writes[before..]
            .iter()
            .map(|w| w.data.len())
            .sum();
        self.l.chip.remove(17, plan.gen)?;
        self.l.copy_to_golden(before);
        Ok(placed)
    }
}

/// Random stretches in random order, some spoilt by nothing but their order: exact agreement after every few frames.
fn any_order(width: usize, marks: bool) {
    let mut b = Bench::new(width, &small_cfg(width), 9000);
    b.marks = marks;
    let test = if marks {
        "mpa_6d_6e_any_order_among_markers"
    } else {
        "tcp_25_26_any_order"
    };
    let seeds: Vec<u64> = match std::env::var("FERROWARP_SEED").map(|s| s.parse()) {
        Ok(Ok(seed)) => vec![seed],
        _ => (0..12).collect(),
    };
    for seed in seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        any_order_once(&mut b, &mut rng).unwrap_or_else(|e| {
            panic!("{e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_reorder {test}_{width}")
        });
    }
    b.l.compare_memory()
        .unwrap_or_else(|e| panic!("{width} bits: {e}"));
}

fn any_order_once(b: &mut Bench, rng: &mut ChaCha8Rng) -> Done {
    b.fresh()?;
    let sizes = [40, 300, 1400, 3000];
    while b.stream.len() < 14_000 {
        let most = sizes[rng.gen_range(0..4)];
        b.write(rng.gen_range(0..most));
    }
    let (n, longest) = (b.stream.len(), [40, 500, 1460][rng.gen_range(0..3)]);
    let batch = rng.gen_range(1..4);
    // Pieces that may be kept; a piece takes a block, and the quota is a number of blocks.
    let quota = {
        let lk = b.l.chip.k.trailing_zeros() as usize;
        b.l.chip.cfg.early_quota(lk)
    };
    let mut pieces = 0;
    for _ in 0..220 {
        for _ in 0..rng.gen_range(1..=batch) {
            let done = b.done();
            if done == n {
                break;
            }
            let held = b.l.held(b.side);
            if held.is_empty() {
                pieces = 0;
            }
            pieces += 3 * (1 + held.len());
            let from = match rng.gen_range(0..8) {
                _ if pieces > quota => done,
                0..=2 => done,
                3 => done.saturating_sub(rng.gen_range(0..100)),
                // Few intervals: what touches one is always kept.
                4 | 5 if !held.is_empty() => {
                    let v = held[rng.gen_range(0..held.len())];
                    seq_diff(v.1, SEQ) as usize - rng.gen_range(0..2)
                }
                _ if held.len() < 4 => done + rng.gen_range(0..7000),
                _ => done,
            };
            let from = from.min(n - 1);
            let mut to = (from + rng.gen_range(1..=longest)).min(n).min(done + 9000);
            if let (true, Some(v)) = (pieces > quota, held.first()) {
                // Just what is missing.
                to = (seq_diff(v.0, SEQ) as usize).min(from + 1460);
            }
            if to > from {
                b.send(from, to);
            }
        }
        b.settle()?;
    }
    // What is missing, from the front on.
    while b.done() < n {
        let from = b.done();
        b.send(from, (from + 1460).min(n));
        b.settle()?;
    }
    Ok(())
}

#[test]
fn tcp_25_26_any_order_64() {
    any_order(64, false);
}

#[test]
fn tcp_25_26_any_order_512() {
    any_order(512, false);
}

/// The same with Markers in the stream, wherever they are cut.
#[test]
fn mpa_6d_6e_any_order_among_markers_64() {
    any_order(64, true);
}

#[test]
fn mpa_6d_6e_any_order_among_markers_512() {
    any_order(512, true);
}

/// Random duels over a wire that loses, repeats and delays.
fn wild_wire(width: usize) {
    let cfg = small_cfg(width);
    let lib = small_model(width).unwrap_or_else(|e| panic!("{e}"));
    let seeds: Vec<u64> = match std::env::var("FERROWARP_SEED").map(|s| s.parse()) {
        Ok(Ok(seed)) => vec![seed],
        _ => (100..110).collect(),
    };
    let mut kept = 0;
    for seed in seeds {
        let limits = random::Limits {
            conns: 3,
            ops: 8,
            big: 6000,
            huge: 20_000,
            ..Default::default()
        };
        let mut setup = random::setup(seed, limits);
        setup.noise = Noise {
            loss: 0.03,
            repeat: 0.05,
            late: 0.2,
            ..Noise::default()
        };
        let mut play = || {
            let mut chip = Chip::new(&lib, &cfg, width / 8, seed)?;
            let report = Duel::new(&mut chip, &setup)?.run()?;
            kept += chip.counter("ooo_kept")?;
            println!("{seed}: {report:?}");
            Ok::<_, DuelError>(())
        };
        play().unwrap_or_else(|e| {
            panic!("{e}\nrepeat: FERROWARP_SEED={seed} cargo nextest run -p ferrowarp-testbench --test chip_reorder tcp_25_2c_wild_wire_{width}")
        });
    }
    assert!(kept > 0, "nothing was kept");
}

#[test]
fn tcp_25_2c_wild_wire_64() {
    wild_wire(64);
}

#[test]
fn tcp_25_2c_wild_wire_512() {
    wild_wire(512);
}
