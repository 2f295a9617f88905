//! The assembler in Verilator with its neighbours: staging RAM, operation port, and a deliver block that reads the
//! chains back and gives them free.

use super::model::Segment;
use ferrowarp_hdl::emit::{emit, Dir, Emitted, PortInfo};
use ferrowarp_hdl::rx::{assemble::Assembler, cfg::Cfg};
use ferrowarp_sim::{Model, ModelBuilder, PortId};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};

/// Frame regions of the model staging RAM.
pub const SLOTS: usize = 12;

pub fn emitted(d: usize, cfg: &Cfg) -> Emitted {
    match d {
        64 => emit(&Assembler::<64, 8, 3>::new(cfg), "assembler"),
        128 => emit(&Assembler::<128, 16, 4>::new(cfg), "assembler"),
        256 => emit(&Assembler::<256, 32, 5>::new(cfg), "assembler"),
        _ => emit(&Assembler::<512, 64, 6>::new(cfg), "assembler"),
    }
    .unwrap_or_else(|e| panic!("{e}"))
}

/// Percentages of the cycles in which the neighbours play along.
#[derive(Clone, Debug)]
pub struct Pace {
    pub grant: u32,
    pub op_ready: u32,
    pub read: u32,
    pub free: u32,
}

/// An operation as it came.
#[derive(Clone, Debug)]
pub struct Op {
    pub fields: HashMap<String, u64>,
    pub hdr: Vec<u8>,
    /// SACK blocks that go with it.
    pub sack: Vec<(u32, u32)>,
}

/// A chain to read back and give free.
#[derive(Debug)]
pub struct Held {
    pub blk: u64,
    pub octets: Vec<u8>,
    blocks: Vec<u64>,
    /// Next octet to read, and whether a window was begun.
    pos: usize,
    checked: usize,
}

impl Held {
    pub fn new(blk: u64, octets: Vec<u8>) -> Self {
        Held {
            blk,
            octets,
            blocks: vec![],
            pos: 0,
            checked: 0,
        }
    }
}

pub struct Bench {
    pub dut: Model,
    ports: HashMap<String, (PortId, PortInfo)>,
    pub rng: ChaCha8Rng,
    k: usize,
    cfg: Cfg,
    pub pace: Pace,
    pub staging: Vec<u8>,
    /// Staging reads granted in the last two cycles.
    reads: VecDeque<Option<usize>>,
    pub free_slots: Vec<u64>,
    /// Chains to read, in order, then those to give free.
    pub to_read: VecDeque<Held>,
    pub to_free: Vec<u64>,
    freeing: Option<u64>,
    pub chains_freed: Vec<u64>,
    windows: VecDeque<Option<(usize, usize)>>,
    asked_next: bool,
    pub ops: VecDeque<Op>,
    pub granted: u64,
    sack_waits: bool,
}

impl Bench {
    pub fn new(d: usize, cfg: &Cfg, seed: u64, pace: Pace) -> Self {
        let out = emitted(d, cfg);
        let lib = ModelBuilder::new(&out.verilog, "assembler")
            .build()
            .unwrap_or_else(|e| panic!("{e}"));
        let mut dut = lib.instance_seeded(seed);
        let ports = out
            .ports()
            .iter()
            .map(|p| {
                let id = match p.dir {
                    Dir::Input => dut.input(&p.name),
                    Dir::Output => dut.output(&p.name),
                };
                (p.name.clone(), (id.expect("a port"), p.clone()))
            })
            .collect();
        dut.reset(3).expect("reset");
        let k = d / 8;
        let mut bench = Bench {
            dut,
            ports,
            rng: ChaCha8Rng::seed_from_u64(seed),
            k,
            cfg: cfg.clone(),
            pace,
            staging: vec![0; k << cfg.stage_bits],
            reads: vec![None; 2].into(),
            free_slots: (0..SLOTS as u64).collect(),
            to_read: VecDeque::new(),
            to_free: vec![],
            freeing: None,
            chains_freed: vec![],
            windows: vec![None; 2].into(),
            asked_next: false,
            ops: VecDeque::new(),
            granted: 0,
            sack_waits: false,
        };
        let mut noise = vec![0; bench.staging.len()];
        bench.rng.fill_bytes(&mut noise);
        bench.staging = noise;
        while bench.get("ready") == 0 {
            bench.cycle(None);
        }
        bench
    }

    pub fn get(&self, port: &str) -> u64 {
        self.dut.get_u64(self.ports[port].0)
    }

    fn set(&mut self, port: &str, value: u64) {
        self.dut.set_u64(self.ports[port].0, value);
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.gen_ratio(percent, 100)
    }

    /// Octets of one slot's region.
    pub fn region(&self) -> usize {
        self.staging.len() / SLOTS
    }

    /// Puts a segment's octets into its slot's region, which may lie across the end of the ring.
    pub fn stage(&mut self, slot: u64, bytes: &[u8]) -> u64 {
        let spare = self.region() - bytes.len();
        let start =
            slot as usize * self.region() + self.rng.gen_range(0..=spare) + 3 * self.region() / 2;
        for (i, b) in bytes.iter().enumerate() {
            let n = self.staging.len();
            self.staging[(start + i) % n] = *b;
        }
        (start % self.staging.len()) as u64
    }

    fn scramble(&mut self, slot: u64) {
        let start = slot as usize * self.region() + 3 * self.region() / 2;
        let n = self.staging.len();
        for i in 0..self.region() {
            self.staging[(start + i) % n] = self.rng.gen();
        }
    }

    pub fn room(&self) -> bool {
        self.get("seg_room") > 0
    }

    fn struct_bytes(port: &PortInfo, value: impl Fn(&str) -> u64) -> Vec<u8> {
        let mut bytes = vec![0u8; port.width.div_ceil(8)];
        for f in &port.fields {
            let v = value(&f.name);
            for b in 0..f.width.min(64) {
                let bit = f.low + b;
                bytes[bit / 8] |= ((v >> b & 1) as u8) << (bit % 8);
            }
        }
        bytes
    }

    fn beat(&self, beat: usize) -> &[u8] {
        let n = self.staging.len();
        let at = beat * self.k % n;
        &self.staging[at..at + self.k]
    }

    /// Physical beat of beat `b` of a chain.
    fn physical(&self, blocks: &[u64], b: usize) -> u64 {
        let per = 1 << self.cfg.blk_bits;
        blocks[b / per] << self.cfg.blk_bits | (b % per) as u64
    }

    /// One clock cycle; a segment is pushed in it.
    pub fn cycle(&mut self, push: Option<&Segment>) {
        self.set("seg_push", push.is_some().into());
        if let Some(s) = push {
            let port = self.ports["seg_din"].clone();
            let bytes = Self::struct_bytes(&port.1, |name| match name {
                "purge" => s.purge.into(),
                "conn" => s.conn,
                "gen" => s.gen,
                "slot" => s.slot,
                "addr" => s.addr,
                "len" => s.bytes.len() as u64,
                "at" => s.at.into(),
                "seq" => s.seq.into(),
                "fresh" => s.fresh.into(),
                "crc_en" => s.crc_en.into(),
                "fin" => s.fin.into(),
                // The bypass is tried in the chip: what passes here is not read here.
                "whole" => 0,
                other => panic!("Seg has a new field {other}"),
            });
            self.dut.set_bytes(port.0, &bytes);
        }
        // Staging data of two cycles ago, else noise.
        let due = self.reads.pop_front().flatten();
        let (mut lo, mut hi) = (vec![0; self.k], vec![0; self.k]);
        match due {
            Some(addr) => {
                lo.copy_from_slice(self.beat(addr / self.k));
                hi.copy_from_slice(self.beat(addr / self.k + 1));
            }
            None => {
                self.rng.fill_bytes(&mut lo);
                self.rng.fill_bytes(&mut hi);
            }
        }
        let (lo_id, hi_id) = (self.ports["st_lo"].0, self.ports["st_hi"].0);
        self.dut.set_bytes(lo_id, &lo);
        self.dut.set_bytes(hi_id, &hi);
        let grant = self.chance(self.pace.grant);
        self.set("st_grant", grant.into());
        let op_ready = self.chance(self.pace.op_ready);
        self.set("op_ready", op_ready.into());
        self.drive_reader();
        if self.freeing.is_none() && !self.to_free.is_empty() && self.chance(self.pace.free) {
            let n = self.rng.gen_range(0..self.to_free.len());
            self.freeing = Some(self.to_free.swap_remove(n));
        }
        // A report leaves some time after its operation; another one waits for that.
        let taken = self.sack_waits && self.chance(self.pace.free.max(10));
        self.sack_waits &= !taken;
        self.set("sack_taken", taken.into());
        self.set("cf_valid", self.freeing.is_some().into());
        let cf_blk = self.freeing.unwrap_or_else(|| self.rng.gen());
        self.set("cf_blk", cf_blk);

        self.dut.settle().expect("no assertion");

        let read = self.get("st_req") == 1 && grant;
        self.granted += u64::from(read);
        let addr = self.get("st_addr") as usize;
        if read {
            let next = self.get("st_next") as usize;
            assert_eq!(next, addr / self.k + 1, "the beat after octet {addr}");
        }
        self.reads.push_back(read.then_some(addr));
        if self.get("op_valid") == 1 && op_ready {
            let op = self.read_op();
            if !op.sack.is_empty() {
                assert!(!self.sack_waits, "a second report with SACK blocks");
                self.sack_waits = true;
            }
            self.ops.push_back(op);
        }
        if self.get("free_valid") == 1 {
            let slot = self.get("free_slot");
            assert!(
                !self.free_slots.contains(&slot),
                "slot {slot} is freed twice"
            );
            self.scramble(slot);
            self.free_slots.push(slot);
        }
        if self.get("cf_ready") == 1 {
            if let Some(blk) = self.freeing.take() {
                self.chains_freed.push(blk);
            }
        }
        self.check_window();
        self.dut.posedge().expect("no assertion");
        if self.asked_next {
            // The answer to the question of this cycle, in the next one.
            self.dut.settle().expect("no assertion");
            let next = self.get("nx_next");
            if let Some(h) = self.to_read.front_mut() {
                h.blocks.push(next);
            }
        }
    }

    fn read_op(&self) -> Op {
        let (id, port) = &self.ports["op"];
        let mut bytes = vec![0; port.width.div_ceil(8)];
        self.dut.get_bytes(*id, &mut bytes);
        let bits = |low: usize, n: usize| -> u64 {
            (0..n).fold(0, |v, b| {
                v | u64::from(bytes[(low + b) / 8] >> ((low + b) % 8) & 1) << b
            })
        };
        let mut op = Op {
            fields: HashMap::new(),
            hdr: vec![0; 48],
            sack: vec![],
        };
        for f in &port.fields {
            let octets = match f.name.as_str() {
                "hdr_a" => 0..20,
                "hdr_b" => 20..48,
                _ => {
                    op.fields.insert(f.name.clone(), bits(f.low, f.width));
                    continue;
                }
            };
            for (i, p) in octets.enumerate() {
                op.hdr[p] = bits(f.low + 8 * i, 8) as u8;
            }
        }
        if op.fields["sack"] == 1 {
            let mut raw = [0u8; 32];
            self.dut.get_bytes(self.ports["sack"].0, &mut raw);
            let word = |i: usize| u32::from_le_bytes([raw[i], raw[i + 1], raw[i + 2], raw[i + 3]]);
            op.sack = (0..self.get("sack_n") as usize)
                .map(|k| (word(8 * k), word(8 * k + 4)))
                .collect();
        }
        op
    }

    /// The deliver block's side: walks the first chain, then reads windows at any offset.
    fn drive_reader(&mut self) {
        self.asked_next = false;
        let noise: u64 = self.rng.gen_range(0..1 << self.cfg.pool_bits);
        let (mut lo, mut hi) = (noise, noise ^ 1);
        let mut window = None;
        let mut ask = self.rng.gen();
        let go = self.chance(self.pace.read);
        let per = self.k << self.cfg.blk_bits;
        if let Some(mut h) = self.to_read.pop_front() {
            if h.blocks.is_empty() {
                h.blocks.push(h.blk);
            }
            if go && h.blocks.len() < h.octets.len().div_ceil(per) {
                ask = h.blocks[h.blocks.len() - 1];
                self.asked_next = true;
            } else if go && h.pos < h.octets.len() {
                if h.pos == 0 {
                    // As the deliver block does: from the DDP payload on. Here also from the first octet.
                    h.pos = self.rng.gen_range(0..=47.min(h.octets.len() - 1)) / 4 * 4;
                    h.pos = if self.rng.gen() { 0 } else { h.pos };
                }
                let b = h.pos / self.k;
                lo = self.physical(&h.blocks, b);
                hi = lo ^ 1;
                if (b + 1) * self.k < h.octets.len() {
                    hi = self.physical(&h.blocks, b + 1);
                }
                let n = self.k.min(h.octets.len() - h.pos);
                window = Some((h.pos, n));
                h.pos += n;
            }
            self.to_read.push_front(h);
        }
        self.set("nx_blk", ask);
        self.set("pr_beat_lo", lo);
        self.set("pr_beat_hi", hi);
        self.windows.push_back(window);
    }

    fn check_window(&mut self) {
        let Some((pos, n)) = self.windows.pop_front().flatten() else {
            return;
        };
        let (mut lo, mut hi) = (vec![0; self.k], vec![0; self.k]);
        self.dut.get_bytes(self.ports["pr_lo"].0, &mut lo);
        self.dut.get_bytes(self.ports["pr_hi"].0, &mut hi);
        lo.extend(hi);
        let off = pos % self.k;
        let h = self.to_read.front_mut().expect("the chain being read");
        assert_eq!(
            lo[off..off + n],
            h.octets[pos..pos + n],
            "chain {} octets {pos}.. of {}",
            h.blk,
            h.octets.len()
        );
        h.checked += n;
        if pos + n == h.octets.len() {
            self.to_free.push(h.blk);
            self.to_read.pop_front();
        }
    }
}
