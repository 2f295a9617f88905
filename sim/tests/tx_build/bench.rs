//! The bench: feeds segment jobs, FPDU jobs and payload with their own pauses, takes frames, and compares each with the encoder's.

use crate::encoder::{Segment, Template};
use ferrowarp_hdl::emit::{emit, FieldInfo};
use ferrowarp_hdl::tx::{Build, TxCfg};
use ferrowarp_sim::{Model, ModelBuilder, ModelLib, PortId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};

pub struct Design {
    pub verilog: String,
    fields: HashMap<String, Vec<FieldInfo>>,
    pub k: usize,
}

pub fn cfg() -> TxCfg {
    TxCfg {
        conn_bits: 4,
        max_frame: 1522,
        ipv6: true,
        markers: false,
        sack: true,
    }
}

pub fn design<const D: usize, const K: usize, const LK: usize, const C: usize>(
    cfg: &TxCfg,
) -> Design {
    let block = Box::new(Build::<D, K, LK, C>::new(cfg));
    let out = emit(&*block, "tx_build").unwrap_or_else(|e| panic!("{D} bits: {e}"));
    let fields = out
        .ports()
        .iter()
        .map(|p| (p.name.clone(), p.fields.clone()))
        .collect();
    Design {
        verilog: out.verilog,
        fields,
        k: K,
    }
}

/// A bench of its own, and the same seed for what is played on it.
pub fn start<const D: usize, const K: usize, const LK: usize, const C: usize>(
    cfg: &TxCfg,
    seed: u64,
) -> (Bench, ChaCha8Rng) {
    let d = design::<D, K, LK, C>(cfg);
    let lib = ModelBuilder::new(&d.verilog, "tx_build")
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    (Bench::new(&d, &lib, seed), ChaCha8Rng::seed_from_u64(seed))
}

/// Chances of a pause in percent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub seg: u32,
    pub fpdu: u32,
    pub payload: u32,
    pub mac: u32,
    /// Cycles without `tready` behind each frame: gap, preamble and FCS.
    pub octets_between: usize,
}

impl Pace {
    pub const STEADY: Pace = Pace {
        seg: 0,
        fpdu: 0,
        payload: 0,
        mac: 0,
        octets_between: 0,
    };
}

/// Items of one stream; one that was offered stays until it is taken.
struct Source<T> {
    items: VecDeque<T>,
    offered: bool,
}

impl<T: Clone> Source<T> {
    fn new() -> Self {
        Source {
            items: VecDeque::new(),
            offered: false,
        }
    }

    fn offer(&mut self, rng: &mut ChaCha8Rng, pause: u32) -> Option<T> {
        let item = self.items.front()?.clone();
        if !self.offered && rng.gen_ratio(pause, 100) {
            return None;
        }
        self.offered = true;
        Some(item)
    }

    fn take(&mut self) -> Option<T> {
        self.offered = false;
        self.items.pop_front()
    }
}

#[derive(Clone)]
struct Beat {
    data: Vec<u8>,
    octets: usize,
    last: bool,
    /// The last payload octet of segment n.
    closes: Option<usize>,
}

pub struct Bench {
    dut: Model,
    ports: HashMap<String, PortId>,
    fields: HashMap<String, Vec<FieldInfo>>,
    k: usize,
    pub rng: ChaCha8Rng,
    pub cycle: u64,
    pub table: HashMap<usize, Template>,
    seg: Source<Vec<u8>>,
    fpdu: Source<Vec<u8>>,
    payload: Source<Beat>,
    expect: VecDeque<(usize, Vec<u8>, Segment)>,
    sent: usize,
    got: Vec<u8>,
    held: Option<Vec<u8>>,
    open: bool,
    credit: i64,
    /// Of segment n: its last payload beat, the first and last beat of its frame.
    pub closed: HashMap<usize, u64>,
    pub first: Vec<u64>,
    pub last: Vec<u64>,
    pub frames: Vec<Vec<u8>>,
}

fn pack(fields: &[FieldInfo], values: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let bits: usize = fields.iter().map(|f| f.width).sum();
    let mut out = vec![0; bits.div_ceil(8)];
    for f in fields {
        let (_, v) = values
            .iter()
            .find(|(name, _)| *name == f.name)
            .unwrap_or_else(|| panic!("no value for {}", f.name));
        for i in 0..f.width {
            if v.get(i / 8).is_some_and(|b| b >> (i % 8) & 1 == 1) {
                out[(f.low + i) / 8] |= 1 << ((f.low + i) % 8);
            }
        }
    }
    out
}

fn le(v: u64) -> Vec<u8> {
    v.to_le_bytes().to_vec()
}

fn reversed(v: &[u8]) -> Vec<u8> {
    v.iter().rev().copied().collect()
}

impl Bench {
    fn new(design: &Design, lib: &ModelLib, seed: u64) -> Self {
        let mut dut = lib.instance_seeded(seed);
        dut.reset(2).expect("no assertion in reset");
        let ports = dut
            .ports()
            .iter()
            .map(|p| p.name.clone())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|n| {
                let id = dut.port(&n).unwrap_or_else(|e| panic!("{e}"));
                (n, id)
            })
            .collect();
        Bench {
            dut,
            ports,
            fields: design.fields.clone(),
            k: design.k,
            rng: ChaCha8Rng::seed_from_u64(seed),
            cycle: 0,
            table: HashMap::new(),
            seg: Source::new(),
            fpdu: Source::new(),
            payload: Source::new(),
            expect: VecDeque::new(),
            sent: 0,
            got: vec![],
            held: None,
            open: false,
            credit: 0,
            closed: HashMap::new(),
            first: vec![],
            last: vec![],
            frames: vec![],
        }
    }

    fn set(&mut self, port: &str, value: u64) {
        self.dut.set_u64(self.ports[port], value);
    }

    fn get(&self, port: &str) -> u64 {
        self.dut.get_u64(self.ports[port])
    }

    fn bytes(&self, port: &str) -> Vec<u8> {
        let id = self.ports[port];
        let mut b = vec![0; self.dut.info(id).width.div_ceil(8) as usize];
        self.dut.get_bytes(id, &mut b);
        b
    }

    /// Writes a row of the template table.
    pub fn install(&mut self, conn: usize, t: &Template) {
        let value = pack(
            &self.fields["tmpl"],
            &[
                ("dst_mac", reversed(&t.dst_mac)),
                ("src_mac", reversed(&t.src_mac)),
                ("tag", le(t.vid.is_some().into())),
                ("vid", le(t.vid.unwrap_or(0xABC).into())),
                ("v6", le((t.src.len() == 16).into())),
                ("src", reversed(&t.src)),
                ("dst", reversed(&t.dst)),
                ("sport", le(t.sport.into())),
                ("dport", le(t.dport.into())),
                ("ttl", le(t.ttl.into())),
                ("dscp", le(t.dscp.into())),
            ],
        );
        self.dut.set_bytes(self.ports["tmpl"], &value);
        self.set("tmpl_conn", conn as u64);
        self.set("tmpl_wr", 1);
        self.step(Pace::STEADY);
        self.set("tmpl_wr", 0);
        self.table.insert(conn, t.clone());
    }

    /// Queues a segment on all three inputs.
    pub fn send(&mut self, s: &Segment) {
        let mut sack: Vec<u8> = s
            .sack
            .iter()
            .flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()].concat())
            .collect();
        sack.resize_with(32, || self.rng.gen());
        let (val, ecr) = s.ts.unwrap_or((0xAAAA_AAAA, 0x5555_5555));
        let value = pack(
            &self.fields["seg"],
            &[
                ("conn", le(s.conn as u64)),
                ("seq", le(s.seq.into())),
                ("ack", le(s.ack.into())),
                ("wnd", le(s.wnd.into())),
                ("flags", le(s.flags.into())),
                ("ect", le(s.ect.into())),
                ("ts", le(s.ts.is_some().into())),
                ("tsval", le(val.into())),
                ("tsecr", le(ecr.into())),
                ("sack_n", le(s.sack.len() as u64)),
                ("sack", sack),
                ("n_fpdu", le(s.fpdus.len() as u64)),
            ],
        );
        self.seg.items.push_back(value);
        for (i, f) in s.fpdus.iter().enumerate() {
            let (skip, take) = f.range();
            let any = (self.rng.gen_range(0..512), self.rng.gen_range(0..512));
            // whatever lies behind the header must not matter
            let mut hdr = f.hdr.clone();
            hdr.resize_with(46, || self.rng.gen());
            let value = pack(
                &self.fields["fpdu"],
                &[
                    ("hdr_len", le(f.hdr.len() as u64)),
                    ("hdr", hdr),
                    ("payload_len", le(f.payload.len() as u64)),
                    ("crc_en", le(f.crc.into())),
                    ("skip", le(skip as u64)),
                    ("take", le(take as u64)),
                    ("markers", le(f.marks.is_some().into())),
                    ("mark_at", le(f.marks.unwrap_or(any).0.into())),
                    ("fpdu_seq", le(f.marks.unwrap_or(any).1.into())),
                ],
            );
            self.fpdu.items.push_back(value);
            let n = f.payload.len().div_ceil(self.k);
            for (j, part) in f.payload.chunks(self.k).enumerate() {
                let mut data = part.to_vec();
                data.resize_with(self.k, || self.rng.gen());
                let last = j == n - 1;
                self.payload.items.push_back(Beat {
                    data,
                    octets: part.len(),
                    last,
                    closes: (last && i == s.fpdus.len() - 1).then_some(self.sent),
                });
            }
        }
        let frame = s.frame(&self.table[&s.conn]);
        self.expect.push_back((self.sent, frame, s.clone()));
        self.sent += 1;
    }

    pub fn step(&mut self, pace: Pace) {
        let seg = self.seg.offer(&mut self.rng, pace.seg);
        let fpdu = self.fpdu.offer(&mut self.rng, pace.fpdu);
        let payload = self.payload.offer(&mut self.rng, pace.payload);
        for (name, item) in [("seg", &seg), ("fpdu", &fpdu)] {
            self.set(&format!("{name}_valid"), item.is_some().into());
            let mut value = item.clone().unwrap_or_default();
            let width = self.dut.info(self.ports[name]).width as usize;
            // whatever lies on an idle stream must not matter
            if item.is_none() {
                value.resize_with(width.div_ceil(8), || self.rng.gen());
                if width % 8 != 0 {
                    *value.last_mut().expect("not empty") &= (1 << (width % 8)) - 1;
                }
            }
            self.dut.set_bytes(self.ports[name], &value);
        }
        self.set("payload_tvalid", payload.is_some().into());
        let idle = Beat {
            data: (0..self.k).map(|_| self.rng.gen()).collect(),
            octets: self.rng.gen_range(1..self.k + 1),
            last: self.rng.gen(),
            closes: None,
        };
        let beat = payload.clone().unwrap_or(idle);
        self.dut.set_bytes(self.ports["payload_tdata"], &beat.data);
        self.set("payload_tkeep", u64::MAX >> (64 - beat.octets));
        self.set("payload_tlast", beat.last.into());
        let gap = !self.open && self.credit > 0;
        if gap {
            self.credit -= self.k as i64;
        }
        let ready = !gap && !self.rng.gen_ratio(pace.mac, 100);
        self.set("mac_tx_tready", ready.into());

        self.dut.settle().expect("no assertion while settling");
        if seg.is_some() && self.get("seg_ready") == 1 {
            self.seg.take();
        }
        if fpdu.is_some() && self.get("fpdu_ready") == 1 {
            self.fpdu.take();
        }
        if payload.is_some() && self.get("payload_tready") == 1 {
            if let Some(n) = self.payload.take().and_then(|b| b.closes) {
                self.closed.insert(n, self.cycle);
            }
        }
        self.mac(ready, pace);
        self.dut.posedge().expect("no assertion at the clock edge");
        self.cycle += 1;
    }

    /// The MAC's side of a cycle.
    fn mac(&mut self, ready: bool, pace: Pace) {
        let valid = self.get("mac_tx_tvalid") == 1;
        if !valid {
            assert!(self.held.is_none(), "cycle {}: tvalid drops", self.cycle);
            assert!(!self.open, "cycle {}: a gap inside of a frame", self.cycle);
            return;
        }
        assert_eq!(self.get("mac_tx_tuser"), 0, "cycle {}: tuser", self.cycle);
        let data = self.bytes("mac_tx_tdata");
        let keep = self.get("mac_tx_tkeep");
        let last = self.get("mac_tx_tlast") == 1;
        let mut now = data.clone();
        now.extend(keep.to_le_bytes());
        now.push(last.into());
        if let Some(was) = self.held.take() {
            assert!(was == now, "cycle {}: the beat changes", self.cycle);
        }
        if !self.open && self.first.len() == self.last.len() {
            self.first.push(self.cycle);
        }
        if !ready {
            self.held = Some(now);
            return;
        }
        let n = keep.count_ones() as usize;
        assert!(
            n > 0 && keep == u64::MAX >> (64 - n) && (last || n == self.k),
            "cycle {}: keep {keep:#x}, last {last}",
            self.cycle
        );
        self.got.extend(&data[..n]);
        self.open = !last;
        if last {
            self.last.push(self.cycle);
            self.credit = (self.got.len() + pace.octets_between) as i64
                - (self.got.len().div_ceil(self.k) * self.k) as i64
                + self.credit.clamp(1 - self.k as i64, 0);
            let got = std::mem::take(&mut self.got);
            self.compare(&got);
            self.frames.push(got);
        }
    }

    fn compare(&mut self, got: &[u8]) {
        let (n, want, s) = self
            .expect
            .pop_front()
            .unwrap_or_else(|| panic!("cycle {}: a frame too many", self.cycle));
        if got == want {
            return;
        }
        let at = (0..got.len().min(want.len())).find(|i| got[*i] != want[*i]);
        let h = self.table[&s.conn].src.len();
        let show = |b: &[u8]| -> String {
            let at = at.unwrap_or(b.len().min(want.len()));
            let range = at.saturating_sub(8)..(at + 16).min(b.len());
            b[range].iter().map(|b| format!("{b:02x} ")).collect()
        };
        let parts: Vec<_> = s
            .fpdus
            .iter()
            .map(|f| (f.hdr.len(), f.payload.len(), f.crc, f.cut))
            .collect();
        panic!(
            "cycle {}: frame {n} has {} octets, the encoder's {}; first difference at {at:?}\n got {}\nwant {}\n address octets {h}, vid {:?}, ts {}, sack {}, FPDUs (hdr, payload, crc, cut) {parts:?}",
            self.cycle,
            got.len(),
            want.len(),
            show(got),
            show(&want),
            self.table[&s.conn].vid,
            s.ts.is_some(),
            s.sack.len(),
        );
    }

    /// Runs until all frames came, and then that nothing follows.
    pub fn drain(&mut self, pace: Pace, limit: u64) {
        let stop = self.cycle + limit;
        while !self.expect.is_empty() {
            self.step(pace);
            assert!(
                self.cycle < stop,
                "after {limit} cycles {} frames are missing: segments {} FPDUs {} beats {} still wait",
                self.expect.len(),
                self.seg.items.len(),
                self.fpdu.items.len(),
                self.payload.items.len()
            );
        }
        assert!(self.payload.items.is_empty() && self.fpdu.items.is_empty());
        for _ in 0..20 {
            self.step(Pace::STEADY);
        }
    }

    /// Lets the jobs in, but no payload.
    pub fn settle(&mut self, cycles: u64) {
        let held = std::mem::take(&mut self.payload.items);
        for _ in 0..cycles {
            self.step(Pace::STEADY);
        }
        self.payload.items = held;
    }
}
