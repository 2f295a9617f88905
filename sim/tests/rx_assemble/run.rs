//! A whole run: peers that send streams of FPDUs, the assembler, and the comparison with the model.

use super::bench::{self, Bench, Held, Op, Pace};
use super::markers::{leading, marked_fpdu, Marking};
use super::model::{fpdu, fpdu_len, Conn, Said, Segment, Want};
use ferrowarp_hdl::rx::cfg::Cfg;
use rand::{Rng, RngCore};
use std::collections::VecDeque;

/// The peer of one connection: a stream of FPDUs, cut into segments, sent again from where the assembler falls back to.
struct Peer {
    gen: u64,
    crc_en: bool,
    base: u32,
    stream: Vec<u8>,
    /// Start of each FPDU, and the octet of it that is spoilt until its CRC has failed once.
    starts: Vec<usize>,
    spoilt: Vec<Option<usize>>,
    next: usize,
    outstanding: usize,
    mid: bool,
    /// Nothing of this stream has been pushed yet.
    begun: bool,
    /// It has Markers; the assembler knows.
    marks: bool,
    announced: bool,
    dead: bool,
    model: Conn,
}

#[derive(Clone)]
pub struct Load {
    pub conns: usize,
    pub fpdus: usize,
    pub max_ulpdu: usize,
    pub largest: usize,
    pub spoil: u32,
    pub too_long: u32,
    pub purge: u32,
    pub restarts: usize,
    pub skip: u32,
    /// Share of streams with Markers in percent, and of their FPDUs with wrong ones.
    pub marks: u32,
    pub wrong: u32,
}

pub struct Run {
    bench: Bench,
    cfg: Cfg,
    k: usize,
    load: Load,
    peers: Vec<Peer>,
    queue: VecDeque<(Segment, usize)>,
    expected: Option<(Vec<Said>, Conn)>,
    heard: usize,
    blocks_freed: usize,
    restarts: usize,
    chain_blocks: Vec<(u64, usize)>,
    seen: Seen,
}

/// What happened, so that a test can say that it tested something.
#[derive(Default, Debug)]
pub struct Seen {
    pub good: usize,
    pub crc_rollback: usize,
    pub crc_term: usize,
    /// Good FPDUs among Markers, and one with a wrong one.
    pub marked: usize,
    pub stray: usize,
    pub too_long: usize,
    pub short: usize,
    pub purged: usize,
    pub dropped: usize,
    /// Segments that left something ahead of a gap, that closed one; pieces refused.
    pub kept: usize,
    pub closed: usize,
    pub lost: usize,
    pub split_length: usize,
    pub largest: usize,
}

impl Seen {
    pub fn add(&mut self, o: &Seen) {
        self.good += o.good;
        self.crc_rollback += o.crc_rollback;
        self.crc_term += o.crc_term;
        self.marked += o.marked;
        self.stray += o.stray;
        self.too_long += o.too_long;
        self.short += o.short;
        self.purged += o.purged;
        self.dropped += o.dropped;
        self.kept += o.kept;
        self.closed += o.closed;
        self.lost += o.lost;
        self.split_length += o.split_length;
        self.largest = self.largest.max(o.largest);
    }

    pub fn covers_errors(&self) {
        let least = [
            self.crc_rollback,
            self.crc_term,
            self.purged,
            self.dropped,
            self.split_length,
        ];
        assert!(
            self.good > 100 && !least.contains(&0),
            "the load was too tame: {self:?}"
        );
    }
}

impl Run {
    pub fn new(d: usize, cfg: Cfg, seed: u64, pace: Pace, load: Load) -> Self {
        let bench = Bench::new(d, &cfg, seed, pace);
        let mut run = Run {
            bench,
            cfg,
            k: d / 8,
            peers: vec![],
            queue: VecDeque::new(),
            expected: None,
            heard: 0,
            blocks_freed: 0,
            restarts: 0,
            chain_blocks: vec![],
            seen: Seen::default(),
            load,
        };
        for _ in 0..run.load.conns {
            let peer = run.new_peer(0, Conn::default());
            run.peers.push(peer);
        }
        run
    }

    fn blocks(&self, octets: usize) -> usize {
        octets.div_ceil(self.k << self.cfg.blk_bits)
    }

    /// Blocks of what is kept ahead of a gap.
    fn kept(&self, c: &Conn) -> usize {
        c.kept
            .iter()
            .map(|p| self.blocks(p.gone + p.bytes.len()))
            .sum()
    }

    /// Blocks that a connection has a right to.
    fn promised(&self, c: &Conn) -> usize {
        self.blocks(c.reserved()) + self.kept(c)
    }

    fn new_peer(&mut self, gen: u64, model: Conn) -> Peer {
        let rng = &mut self.bench.rng;
        let mut p = Peer {
            gen,
            crc_en: rng.gen_ratio(4, 5),
            base: if rng.gen() {
                rng.gen()
            } else {
                0u32.wrapping_sub(rng.gen_range(0..5000))
            },
            stream: vec![],
            starts: vec![],
            spoilt: vec![],
            next: 0,
            outstanding: 0,
            mid: false,
            begun: false,
            marks: self.load.marks > 0 && rng.gen_ratio(self.load.marks, 100),
            announced: false,
            dead: false,
            model,
        };
        let count = self.load.fpdus / self.load.conns;
        for i in 0..count {
            let n = match rng.gen_range(0..10) {
                0 if i % 7 == 3 => self.load.largest,
                0..=3 => rng.gen_range(0..80),
                4..=6 => rng.gen_range(0..1500.min(self.load.max_ulpdu)),
                _ => rng.gen_range(0..=self.load.max_ulpdu),
            };
            let mut ulpdu = vec![0; n];
            rng.fill_bytes(&mut ulpdu);
            let place = p.stream.len() as u32;
            p.starts.push(p.stream.len());
            let lead = if p.marks { leading(place) } else { 0 };
            p.spoilt.push(
                rng.gen_ratio(self.load.spoil, 100)
                    .then(|| lead + rng.gen_range(2..fpdu_len(n))),
            );
            if p.marks {
                let how = Marking {
                    reserved: rng.gen(),
                    low_bits: rng.gen_range(0..4),
                    wrong: 4 * u16::from(rng.gen_ratio(self.load.wrong, 100)),
                };
                p.stream.extend(marked_fpdu(&ulpdu, place, how));
            } else {
                p.stream.extend(fpdu(&ulpdu));
            }
            if rng.gen_ratio(self.load.too_long, 100) {
                p.starts.push(p.stream.len());
                p.spoilt.push(None);
                if p.marks {
                    let lead = leading(p.stream.len() as u32);
                    p.stream.extend(vec![0; lead]);
                }
                let n = rng.gen_range(self.cfg.max_fpdu - 4..65536);
                p.stream.extend((n as u16).to_be_bytes());
                p.stream.extend([0; 40]);
            }
        }
        p
    }

    /// The octets of a stretch of the stream as they are sent now.
    fn octets(&self, c: usize, from: usize, to: usize) -> Vec<u8> {
        let p = &self.peers[c];
        let mut bytes = p.stream[from..to].to_vec();
        for (start, spoilt) in p.starts.iter().zip(&p.spoilt) {
            if let Some(off) = spoilt {
                if (from..to).contains(&(start + off)) {
                    bytes[start + off - from] ^= 0x10;
                }
            }
        }
        bytes
    }

    /// A segment to push now, if the sides agree on one.
    fn next_segment(&mut self) -> Option<Segment> {
        if !self.bench.room() || self.bench.free_slots.len() < 2 || self.bench.rng.gen_ratio(1, 2) {
            return None;
        }
        let c = self.bench.rng.gen_range(0..self.peers.len());
        let purge = self.bench.rng.gen_ratio(self.load.purge, 1000)
            || (self.peers[c].dead && self.bench.rng.gen_ratio(1, 8));
        let p = &self.peers[c];
        // A purge starts a whole new stream; the load says how many of them.
        if purge && p.begun && self.restarts < self.load.restarts {
            self.restarts += 1;
            let p = &self.peers[c];
            let segment = self.purge(c);
            let marked = p.marks;
            let (gen, outstanding, model) = ((p.gen + 1) & 0xff, p.outstanding, p.model.clone());
            let mut fresh = self.new_peer(gen, model);
            fresh.outstanding = outstanding;
            self.peers[c] = fresh;
            // Without the purge, `fresh` alone gives back what is held.
            return (marked || self.bench.rng.gen_ratio(2, 3)).then_some(segment);
        }
        if p.marks && !p.announced {
            // As an installation does.
            let at = p.base;
            self.peers[c].announced = true;
            return Some(Segment {
                fresh: true,
                at,
                ..self.purge(c)
            });
        }
        let rest = p.stream.len() - p.next;
        if rest == 0 && (p.outstanding > 0 || self.bench.rng.gen_ratio(9, 10)) {
            return None;
        }
        let rng = &mut self.bench.rng;
        let idle = p.outstanding == 0 && !p.mid;
        let mut next = p.next;
        let mut fresh = !p.marks && (!p.begun || (idle && !p.dead && rng.gen()));
        if idle && p.begun && !p.dead && rng.gen_ratio(self.load.skip, 100) {
            // The pipeline places a whole FPDU itself.
            if let Some(at) = p.starts.iter().find(|s| **s > next) {
                next = *at;
                fresh = true;
            }
        }
        let rest = p.stream.len() - next;
        let most = match rng.gen_range(0..20) {
            0..=2 => 1,
            3 => 2,
            4..=6 => rng.gen_range(1..12),
            7..=10 => rng.gen_range(1..200),
            _ => 1460,
        };
        // Now and then exactly up to an FPDU's start, one octet more or one less.
        let mut n = most.min(rest);
        if rng.gen_ratio(1, 4) {
            let ends = p.starts.iter().copied().chain([p.stream.len()]);
            let to = ends.filter(|e| *e > next + 2).min().unwrap_or(next);
            let to = (to + rng.gen_range(0..3)).saturating_sub(1);
            if to > next && to - next < 8000 {
                n = (to - next).min(rest);
            }
        }
        let fin = next + n == p.stream.len() && rng.gen();
        let seq = p.base.wrapping_add(next as u32);
        let bytes = self.octets(c, next, next + n);
        let slot = self.bench.free_slots.pop()?;
        let addr = self.bench.stage(slot, &bytes);
        let p = &mut self.peers[c];
        p.next = next + n;
        p.begun = true;
        p.outstanding += 1;
        Some(Segment {
            purge: false,
            conn: c as u64 * 5 + 1,
            gen: p.gen,
            slot,
            addr,
            at: seq,
            seq,
            fresh,
            crc_en: p.crc_en,
            fin,
            bytes,
        })
    }

    fn purge(&self, c: usize) -> Segment {
        Segment {
            purge: true,
            conn: c as u64 * 5 + 1,
            gen: self.peers[c].gen,
            slot: 0,
            addr: 0,
            at: 0,
            seq: 0,
            fresh: false,
            crc_en: true,
            fin: false,
            bytes: vec![],
        }
    }

    fn cycle(&mut self, segment: Option<Segment>) {
        self.bench.cycle(segment.as_ref());
        if let Some(s) = segment {
            self.queue.push_back((s, self.blocks_freed));
        }
        for blk in std::mem::take(&mut self.bench.chains_freed) {
            if let Some(i) = self.chain_blocks.iter().position(|c| c.0 == blk) {
                self.blocks_freed += self.chain_blocks.swap_remove(i).1;
            }
        }
        while let Some(op) = self.bench.ops.pop_front() {
            self.hear(op);
        }
    }

    /// Purges say nothing: the model takes those in front of the segment that is answered.
    fn pass_purges(&mut self) {
        while self.queue.front().is_some_and(|s| s.0.purge) {
            if let Some((s, _)) = self.queue.pop_front() {
                self.peers[(s.conn / 5) as usize].model.take(
                    &s,
                    self.cfg.max_fpdu,
                    Want::default(),
                );
                self.seen.purged += 1;
            }
        }
    }

    fn hear(&mut self, op: Op) {
        self.pass_purges();
        let (seg, freed_then) = self
            .queue
            .front()
            .cloned()
            .expect("an operation without a segment");
        let c = (seg.conn / 5) as usize;
        let max = self.cfg.max_fpdu;
        if self.expected.is_none() {
            let mut after = self.peers[c].model.clone();
            if after.held.len() == 1 && !seg.fresh {
                self.seen.split_length += 1;
            }
            let said = after.take(&seg, max, Want::default());
            self.expected = Some((said, after));
            self.heard = 0;
        }
        let (said, after) = self.expected.clone().expect("set above");
        let f = |name: &str| op.fields[name];
        let at = format!("cycle {}, segment {seg:?}", self.bench.dut.cycle());
        assert_eq!((f("conn"), f("gen")), (seg.conn, seg.gen), "{at}");
        let want = &said[self.heard];
        self.heard += 1;
        if f("kind") == 0 {
            let Said::Fpdu { term, octets } = want else {
                panic!("an FPDU where {want:?} is due: {op:?}, {at}")
            };
            assert_eq!(f("term"), *term, "{at}");
            let mut hdr = octets[..octets.len().min(48)].to_vec();
            hdr.resize(48, 0);
            assert_eq!(op.hdr, hdr, "{at}");
            match *term {
                0x2005 => {
                    assert_eq!(f("blk"), 0xffff);
                    self.bench.to_free.push(0xffff);
                    self.seen.too_long += 1;
                }
                _ => {
                    self.seen.good += usize::from(*term == 0);
                    self.seen.marked += usize::from(*term == 0 && after.marks.is_some());
                    self.seen.crc_term += usize::from(*term == 0x2002);
                    self.seen.stray += usize::from(*term == 0x2003);
                    self.seen.largest = self.seen.largest.max(octets.len());
                    let n = self.blocks(octets.len());
                    assert!(
                        !self.chain_blocks.iter().any(|c| c.0 == f("blk")),
                        "chain in use, {at}"
                    );
                    self.chain_blocks.push((f("blk"), n));
                    self.bench
                        .to_read
                        .push_back(Held::new(f("blk"), octets.clone()));
                }
            }
            if *term != 0 {
                self.peers[c].dead |= self.peers[c].gen == seg.gen;
            }
            return;
        }
        assert_eq!(f("kind"), 1, "{at}");
        let got = Said::SegDone {
            seq: f("seq") as u32,
            mid: f("mid") == 1,
            rollback: f("rollback") == 1,
            crc_fail: f("crc_fail") == 1,
            fin: f("fin") == 1,
            now: f("now") == 1,
            sack: op.sack.clone(),
        };
        let mut after = after;
        if got != *want {
            // Only too few blocks explain that.
            let fpdus = self.heard - 1;
            let wants = (0..=fpdus)
                .map(|k| Want {
                    fpdu: Some(k),
                    piece: None,
                })
                .chain((0..5).map(|k| Want {
                    fpdu: None,
                    piece: Some(k),
                }));
            let found = wants.into_iter().find_map(|w| {
                let mut c = self.peers[c].model.clone();
                let said = c.take(&seg, max, w);
                (said.len() == self.heard && said[fpdus] == got).then_some((c, w))
            });
            let (model, want) =
                found.unwrap_or_else(|| panic!("{got:?}, but {want:?} is due, {at}"));
            after = model;
            let held: usize = self
                .peers
                .iter()
                .enumerate()
                .map(|(i, p)| self.promised(if i == c { &after } else { &p.model }))
                .sum();
            let chains: usize = self.chain_blocks.iter().map(|c| c.1).sum();
            let freed = self.blocks_freed - freed_then;
            let all = 1 << (self.cfg.pool_bits - self.cfg.blk_bits);
            if want.piece.is_some() {
                self.seen.lost += 1;
                let lk = self.k.trailing_zeros() as usize;
                let kept: usize = self.peers.iter().map(|p| self.kept(&p.model)).sum();
                let need = self.blocks(seg.bytes.len());
                assert!(
                    need + held + chains + freed > all
                        || need + kept > self.cfg.early_blocks(lk)
                        || need + self.kept(&after) > self.cfg.early_quota(lk),
                    "lost {need} blocks with {held} reserved, {chains} in chains, {kept} kept of {all}, {at}"
                );
            } else {
                self.seen.short += 1;
                // The FPDU that was refused begins in the segment or in what was kept.
                let skip = (after.next.wrapping_sub(seg.at)) as usize;
                let rest = seg.bytes.get(skip..).unwrap_or(&[]);
                let rest = match after.kept.iter().find(|p| p.start == after.next) {
                    Some(p) => &p.bytes[..],
                    None => rest,
                };
                let field: Vec<u8> = after
                    .held
                    .iter()
                    .chain(rest)
                    .skip(after.lead())
                    .take(2)
                    .copied()
                    .collect();
                let need = self.blocks(fpdu_len(u16::from_be_bytes([field[0], field[1]]).into()));
                assert!(
                    need + held + chains + freed > all,
                    "refused {need} blocks with {held} reserved, {chains} in chains, {freed} freed of {all}, {at}"
                );
            }
        }
        let before = self.peers[c].model.kept.len();
        self.seen.kept += usize::from(after.kept.len() > before);
        self.seen.closed += usize::from(after.kept.len() < before && after.alive);
        self.expected = None;
        self.queue.pop_front();
        self.peers[c].model = after;
        let promised: usize = self.peers.iter().map(|p| self.promised(&p.model)).sum();
        let chains: usize = self.chain_blocks.iter().map(|c| c.1).sum();
        assert!(
            promised + chains <= 1 << (self.cfg.pool_bits - self.cfg.blk_bits),
            "promised {promised} blocks with {chains} in chains, {at}"
        );
        let p = &mut self.peers[c];
        p.outstanding -= 1;
        if p.gen != seg.gen {
            return;
        }
        let Said::SegDone {
            seq,
            mid,
            rollback,
            crc_fail,
            now,
            ..
        } = got
        else {
            return;
        };
        p.mid = mid;
        let pos = seq.wrapping_sub(p.base) as usize;
        if rollback {
            p.next = pos;
        }
        self.seen.dropped +=
            usize::from(!rollback && !now && seq != seg.at.wrapping_add(seg.bytes.len() as u32));
        if crc_fail {
            self.seen.crc_rollback += 1;
            let i = p
                .starts
                .iter()
                .position(|s| *s == pos)
                .expect("rollback to an FPDU's start");
            assert!(
                p.spoilt[i].take().is_some(),
                "CRC error of a good FPDU, {at}"
            );
        }
    }

    fn done(&self) -> bool {
        self.queue.is_empty()
            && self
                .peers
                .iter()
                .all(|p| p.begun && (p.dead || p.next == p.stream.len()))
    }

    /// Runs until every stream is through, then checks that nothing leaked.
    pub fn run(mut self) -> Seen {
        let mut last = 0;
        let mut progress = (0, 0);
        while !self.done() {
            let segment = self.next_segment();
            self.cycle(segment);
            let now = (self.bench.granted, self.seen.good);
            if now != progress {
                (progress, last) = (now, self.bench.dut.cycle());
            }
            let idle = self.bench.dut.cycle() - last;
            assert!(
                idle < 20_000,
                "hangs with {:?} {:?}",
                self.queue.front(),
                self.seen
            );
        }
        for c in 0..self.peers.len() {
            while !self.bench.room() {
                self.cycle(None);
            }
            let s = self.purge(c);
            self.cycle(Some(s));
        }
        self.quiet();
        // The whole pool in one FPDU, twice: every block is really in the list.
        if self.cfg.max_fpdu == self.k << self.cfg.pool_bits {
            for _ in 0..2 {
                let ulpdu = vec![0xa5; self.cfg.max_fpdu - 6];
                let mut p = self.new_peer(7, self.peers[0].model.clone());
                (p.stream, p.crc_en, p.marks) = (fpdu(&ulpdu), true, false);
                self.peers[0] = p;
                let all = self.peers[0].stream.clone();
                for (i, part) in all.chunks(8000).enumerate() {
                    while !self.bench.room() || self.bench.free_slots.len() < 2 {
                        self.cycle(None);
                    }
                    let slot = self.bench.free_slots.pop().expect("a slot");
                    let addr = self.bench.stage(slot, part);
                    self.peers[0].outstanding += 1;
                    let s = Segment {
                        slot,
                        addr,
                        purge: false,
                        fresh: i == 0,
                        at: i as u32 * 8000,
                        seq: i as u32 * 8000,
                        bytes: part.to_vec(),
                        gen: 7,
                        ..self.purge(0)
                    };
                    self.cycle(Some(s));
                }
                self.quiet();
            }
        }
        self.seen
    }

    /// Until all is read and given back.
    fn quiet(&mut self) {
        let all = 1u64 << (self.cfg.pool_bits - self.cfg.blk_bits);
        for _ in 0..200_000 {
            self.pass_purges();
            let idle = self.queue.is_empty()
                && self.bench.to_read.is_empty()
                && self.bench.to_free.is_empty()
                && self.chain_blocks.is_empty();
            if idle && self.bench.get("pool_free") == all {
                assert_eq!(self.bench.free_slots.len(), bench::SLOTS, "a slot is lost");
                return;
            }
            self.cycle(None);
        }
        panic!(
            "leak: {} of {all} blocks free, queue {}, chains {:?}",
            self.bench.get("pool_free"),
            self.queue.len(),
            self.chain_blocks
        );
    }
}
