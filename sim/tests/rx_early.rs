//! The assembler with segments in any order: random stretches of a stream, overlapping, repeated and ahead of gaps, against
//! the byte-stream model: FPDUs with their octets, positions, SACK blocks; then a leak check. The pool is large here.

#[path = "rx_assemble/bench.rs"]
#[allow(dead_code)]
mod bench;
#[path = "rx_assemble/markers.rs"]
#[allow(dead_code)]
mod markers;
#[path = "rx_assemble/model.rs"]
#[allow(dead_code)]
mod model;

use bench::{Bench, Held, Pace};
use ferrowarp_hdl::rx::cfg::Cfg;
use markers::{marked_fpdu, Marking};
use model::{fpdu, Conn, Said, Segment, Want};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn cfg(d: usize) -> Cfg {
    let lk = (d / 8).trailing_zeros() as usize;
    Cfg {
        latency: if d == 512 { 3 } else { 2 },
        stage_bits: 14,
        slot_bits: 5,
        pool_bits: 18 - lk,
        blk_bits: 8 - lk,
        conn_bits: 5,
        bucket_bits: 4,
        tpt_set_bits: 4,
        rq_bits: 4,
        ord_bits: 2,
        max_frame: 9018,
        max_fpdu: 8192,
        window: 16,
        ipv6: false,
        sack: true,
        markers: true,
        timestamps: true,
        parts: false,
        sliced: false,
    }
}

/// What a run must have seen.
#[derive(Debug, Default)]
struct Seen {
    kept: usize,
    closed: usize,
    full: usize,
    crc: usize,
    dup: usize,
    stray: usize,
    most: usize,
}

struct World {
    bench: Bench,
    max_fpdu: usize,
}

impl World {
    /// Pushes a segment and compares everything that it causes.
    fn step(&mut self, conn: &mut Conn, s: &mut Segment, seen: &mut Seen) {
        while !self.bench.room() || self.bench.free_slots.len() < 2 {
            self.bench.cycle(None);
        }
        if !s.purge {
            s.slot = self.bench.free_slots.pop().expect("a slot");
            s.addr = self.bench.stage(s.slot, &s.bytes);
        }
        let before = conn.kept.len();
        let full = conn.intervals.len() == 4;
        let said = conn.take(s, self.max_fpdu, Want::default());
        seen.kept += usize::from(conn.kept.len() > before);
        seen.closed += usize::from(conn.kept.len() < before && !s.purge);
        seen.full += usize::from(full);
        seen.most = seen.most.max(conn.kept.len());
        self.bench.cycle(Some(s));
        let mut idle = 0;
        for want in said {
            let op = loop {
                if let Some(op) = self.bench.ops.pop_front() {
                    break op;
                }
                self.bench.cycle(None);
                idle += 1;
                assert!(idle < 100_000, "hangs where {want:?} is due after {s:?}");
            };
            let f = |name: &str| op.fields[name];
            match want {
                Said::Fpdu { term, octets } => {
                    assert_eq!((f("kind"), f("term")), (0, term), "{op:?} after {s:?}");
                    let mut hdr = octets[..octets.len().min(48)].to_vec();
                    hdr.resize(48, 0);
                    assert_eq!(op.hdr, hdr, "header after {s:?}");
                    seen.crc += usize::from(term == 0x2002);
                    seen.stray += usize::from(term == 0x2003);
                    self.bench.to_read.push_back(Held::new(f("blk"), octets));
                }
                Said::SegDone { .. } => {
                    assert_eq!(f("kind"), 1, "{op:?} where {want:?} is due, after {s:?}");
                    seen.dup += usize::from(op.sack.len() > conn.intervals.len());
                    let got = Said::SegDone {
                        seq: f("seq") as u32,
                        mid: f("mid") == 1,
                        rollback: f("rollback") == 1,
                        crc_fail: f("crc_fail") == 1,
                        fin: f("fin") == 1,
                        now: f("now") == 1,
                        sack: op.sack.clone(),
                    };
                    assert_eq!(got, want, "after {s:?}");
                }
            }
        }
    }

    fn quiet(&mut self, all: u64) {
        for _ in 0..100_000 {
            if self.bench.to_read.is_empty()
                && self.bench.to_free.is_empty()
                && self.bench.get("pool_free") == all
            {
                assert_eq!(self.bench.free_slots.len(), bench::SLOTS, "a slot is lost");
                return;
            }
            self.bench.cycle(None);
        }
        panic!("leak: {} of {all} blocks free", self.bench.get("pool_free"));
    }
}

/// One stream at a time, twelve of them; the stretches lie within a window of a few FPDUs.
fn any_order(name: &'static str, d: usize, pace: Pace, marks: bool) {
    let repeat = ferrowarp_sim::repeat!(name, 0x2018);
    let seed = repeat.seed;
    let cfg = cfg(d);
    let mut w = World {
        bench: Bench::new(d, &cfg, seed, pace),
        max_fpdu: cfg.max_fpdu,
    };
    let all = 1u64 << (cfg.pool_bits - cfg.blk_bits);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5ac);
    let mut seen = Seen::default();
    for round in 0..12u64 {
        let base: u32 = if rng.gen() {
            rng.gen()
        } else {
            0u32.wrapping_sub(rng.gen_range(0..6000))
        };
        let mut stream = vec![];
        while stream.len() < 12_000 {
            let most = [60, 300, 2000, 5000][rng.gen_range(0..4)];
            let mut ulpdu = vec![0; rng.gen_range(0..most)];
            rng.fill_bytes(&mut ulpdu);
            let mut f = fpdu(&ulpdu);
            if marks {
                let how = Marking {
                    reserved: rng.gen(),
                    low_bits: rng.gen_range(0..4),
                    wrong: 4 * u16::from(rng.gen_ratio(1, 100) && round % 4 == 3),
                };
                f = marked_fpdu(&ulpdu, stream.len() as u32, how);
            }
            if rng.gen_ratio(1, 60) && round % 2 == 1 {
                let at = rng.gen_range(2 + if marks { 4 } else { 0 }..f.len());
                f[at] ^= 4;
            }
            stream.extend(f);
        }
        let mut conn = Conn {
            next: base,
            ..Conn::default()
        };
        let mut seg = Segment {
            purge: false,
            conn: round % 3 * 7,
            gen: round,
            slot: 0,
            addr: 0,
            at: 0,
            seq: base,
            fresh: true,
            crc_en: round % 4 != 2,
            fin: false,
            bytes: vec![],
        };
        if marks {
            let mut begin = Segment {
                purge: true,
                at: base,
                ..seg.clone()
            };
            w.step(&mut conn, &mut begin, &mut seen);
            seg.fresh = false;
        }
        let window = [1500, 4000, 9000][rng.gen_range(0..3)];
        let longest = [30, 400, 1460, 3000][rng.gen_range(0..4)];
        let mut retries = 0;
        for _ in 0..400 {
            let done = conn.next.wrapping_sub(base) as usize;
            let quiet = !marks && (!conn.alive || (conn.held.is_empty() && conn.kept.is_empty()));
            let dead = !conn.alive && !seg.fresh && !conn.newborn;
            if done == stream.len() || dead || retries > 2 {
                break;
            }
            // From a bit before the position up to the window's end; often just behind a gap or in it.
            let from = match rng.gen_range(0..10) {
                0..=1 => done,
                2 => done.saturating_sub(rng.gen_range(1..200)),
                3 if !conn.intervals.is_empty() => {
                    let v = conn.intervals[rng.gen_range(0..conn.intervals.len())];
                    (v.1.wrapping_sub(base) as usize)
                        .saturating_add(rng.gen_range(0..3))
                        .saturating_sub(1)
                }
                4 => done + rng.gen_range(0..=40),
                _ => done + rng.gen_range(0..window),
            }
            .min(stream.len() - 1);
            let mut to = (from + rng.gen_range(1..=longest)).min(stream.len());
            if let (true, Some(v)) = (rng.gen_ratio(1, 4), conn.intervals.first()) {
                // Just up to what is kept, or an octet into it.
                let s = v.0.wrapping_sub(base) as usize + rng.gen_range(0..2);
                if s > from && s - from < 8000 {
                    to = s;
                }
            }
            seg.at = base.wrapping_add(from as u32);
            seg.seq = conn.next;
            seg.bytes = stream[from..to].to_vec();
            seg.fin = to == stream.len() && rng.gen();
            seg.fresh |= quiet && conn.alive && rng.gen();
            w.step(&mut conn, &mut seg, &mut seen);
            seg.fresh = false;
            retries = if conn.next.wrapping_sub(base) as usize == done && from == done {
                retries + 1
            } else {
                0
            };
        }
        (seg.purge, seg.fresh) = (true, false);
        w.step(&mut conn, &mut seg, &mut seen);
        w.quiet(all);
    }
    println!("{name}: {seen:?}");
    if repeat.fixed {
        assert!(
            seen.kept > 100
                && seen.closed > 50
                && seen.full > 20
                && seen.crc > 0
                && seen.dup > 20
                && seen.most > 8,
            "too tame: {seen:?}"
        );
    }
}

const FAST: Pace = Pace {
    grant: 100,
    op_ready: 100,
    read: 100,
    free: 100,
};
const SLOW: Pace = Pace {
    grant: 60,
    op_ready: 30,
    read: 70,
    free: 5,
};

#[test]
fn tcp_25_26_2a_any_order_64() {
    any_order("tcp_25_26_2a_any_order_64", 64, FAST, false);
}

#[test]
fn tcp_25_26_2a_any_order_slowly_64() {
    any_order("tcp_25_26_2a_any_order_slowly_64", 64, SLOW, false);
}

#[test]
fn tcp_25_26_2a_any_order_512() {
    any_order("tcp_25_26_2a_any_order_512", 512, FAST, false);
}

/// The same with Markers: what comes early is kept as it came, its Markers go when the gap is closed.
#[test]
fn mpa_6e_markers_any_order_64() {
    any_order("mpa_6e_markers_any_order_64", 64, FAST, true);
}

#[test]
fn mpa_6e_markers_any_order_slowly_64() {
    any_order("mpa_6e_markers_any_order_slowly_64", 64, SLOW, true);
}

#[test]
fn mpa_6e_markers_any_order_512() {
    any_order("mpa_6e_markers_any_order_512", 512, FAST, true);
}

/// An FPDU a segment, sent in this order, one segment behind the other: the cycle of each operation after the first push, and
/// whether it is an FPDU.
fn played(d: usize, ulpdus: &[usize], order: &[usize]) -> Vec<(u64, bool)> {
    let cfg = cfg(d);
    let mut bench = Bench::new(d, &cfg, 1, FAST);
    let fpdus: Vec<_> = ulpdus.iter().map(|n| fpdu(&vec![0x5a; *n])).collect();
    let at = |k: usize| fpdus[..k].iter().map(Vec::len).sum::<usize>() as u32;
    let start = bench.dut.cycle();
    let (mut sent, mut told, mut seen) = (0, 0, vec![]);
    while told < order.len() {
        let mut segment = None;
        if sent < order.len() && bench.room() && bench.free_slots.len() > 1 {
            let k = order[sent];
            let slot = bench.free_slots.pop().expect("a slot");
            let addr = bench.stage(slot, &fpdus[k]);
            segment = Some(Segment {
                purge: false,
                conn: 3,
                gen: 1,
                slot,
                addr,
                at: at(k),
                seq: at(k),
                fresh: sent == 0,
                crc_en: true,
                fin: false,
                bytes: fpdus[k].clone(),
            });
            sent += 1;
        }
        bench.cycle(segment.as_ref());
        while let Some(op) = bench.ops.pop_front() {
            assert_eq!((op.fields["term"], op.fields["rollback"]), (0, 0), "{op:?}");
            told += (op.fields["kind"] == 1) as usize;
            seen.push((bench.dut.cycle() - start, op.fields["kind"] == 0));
        }
        assert!(bench.dut.cycle() < start + 20_000, "hangs");
    }
    seen
}

/// Kept octets are read a beat a cycle, from block to block: what 6000 more of them cost.
#[test]
fn kept_octets_throughput() {
    for d in [64, 512] {
        let last = |n: usize| {
            let seen = played(d, &[200, 200, n], &[0, 2, 1]);
            let fpdus: Vec<_> = seen.iter().filter(|o| o.1).map(|o| o.0).collect();
            assert_eq!(fpdus.len(), 3);
            // Of the gap's last octets' FPDU and of the kept one.
            fpdus[2] - fpdus[1]
        };
        let (short, long) = (last(1500), last(7500));
        let beats = 6000 * 8 / d as u64;
        println!("{d} bits: {short} cycles for 1500 octets, {long} for 7500: {beats} beats more");
        assert!(
            long - short <= beats + beats / 16,
            "{d} bits: {beats} beats take {} cycles more",
            long - short
        );
    }
}

/// Two segments that change places cost their three passes (kept, in order, from the pool) and little more.
#[test]
fn swap_time() {
    for d in [64, 512] {
        let seen = played(d, &[1454; 6], &[0, 1, 3, 2, 4, 5]);
        let fpdus: Vec<_> = seen.iter().filter(|o| o.1).map(|o| o.0).collect();
        assert_eq!(fpdus.len(), 6);
        let (took, passes) = (fpdus[3] - fpdus[1], 3 * (1460 * 8u64).div_ceil(d as u64));
        println!("{d} bits: {took} cycles, {passes} beats");
        assert!(took <= passes + 80, "{d} bits: {took} cycles");
    }
}
