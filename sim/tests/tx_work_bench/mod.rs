//! What the tests of the transmit path's front half share: ports and struct fields by name, and a host memory behind a
//! DMA port that answers in pieces of any length, late, with its tags in any order.
#![allow(dead_code)]

use ferrowarp_hdl::emit::{emit, FieldInfo};
use ferrowarp_sim::{Model, ModelBuilder, ModelLib, PortId};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rust_hdl::prelude::Block;
use std::collections::{HashMap, VecDeque};

/// Seed of a run: `FERROWARP_SEED` or a fixed one. A failure prints the command that repeats it.
pub struct Repeat {
    pub seed: u64,
    test: &'static str,
    binary: &'static str,
}

impl Repeat {
    pub fn new(binary: &'static str, test: &'static str) -> Self {
        let given = std::env::var("FERROWARP_SEED");
        let given = given.ok().and_then(|s| s.parse().ok());
        Repeat {
            seed: given.unwrap_or(0x5041),
            test,
            binary,
        }
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "repeat: FERROWARP_SEED={} cargo nextest run -p ferrowarp-sim --test {} {}",
                self.seed, self.binary, self.test
            );
        }
    }
}

pub struct Design {
    pub lib: ModelLib,
    fields: HashMap<String, Vec<FieldInfo>>,
    pub k: usize,
}

pub fn design<B: Block>(block: &B, name: &str, k: usize) -> Design {
    let out = emit(block, name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let fields = out
        .ports()
        .iter()
        .map(|p| (p.name.clone(), p.fields.clone()))
        .collect();
    let lib = ModelBuilder::new(&out.verilog, name).build();
    Design {
        lib: lib.unwrap_or_else(|e| panic!("{e}")),
        fields,
        k,
    }
}

pub struct Dut {
    pub model: Model,
    ports: HashMap<String, PortId>,
    fields: HashMap<String, Vec<FieldInfo>>,
    pub cycle: u64,
}

impl Dut {
    pub fn new(design: &Design, seed: u64) -> Self {
        let mut model = design.lib.instance_seeded(seed);
        model.reset(2).expect("no assertion in reset");
        let names: Vec<_> = model.ports().iter().map(|p| p.name.clone()).collect();
        let ports = names
            .into_iter()
            .map(|n| {
                let id = model.port(&n).unwrap_or_else(|e| panic!("{e}"));
                (n, id)
            })
            .collect();
        Dut {
            model,
            ports,
            fields: design.fields.clone(),
            cycle: 0,
        }
    }

    fn id(&self, port: &str) -> PortId {
        *self
            .ports
            .get(port)
            .unwrap_or_else(|| panic!("no port {port}"))
    }

    pub fn set(&mut self, port: &str, value: u64) {
        self.model.set_u64(self.id(port), value);
    }

    pub fn set_bytes(&mut self, port: &str, value: &[u8]) {
        self.model.set_bytes(self.id(port), value);
    }

    pub fn get(&self, port: &str) -> u64 {
        self.model.get_u64(self.id(port))
    }

    pub fn bit(&self, port: &str) -> bool {
        self.get(port) == 1
    }

    pub fn bytes(&self, port: &str) -> Vec<u8> {
        let id = self.id(port);
        let mut b = vec![0; self.model.info(id).width.div_ceil(8) as usize];
        self.model.get_bytes(id, &mut b);
        b
    }

    fn field_at(&self, port: &str, field: &str) -> (usize, usize) {
        let all = &self.fields[port];
        let f = all.iter().find(|f| f.name == field);
        let f = f.unwrap_or_else(|| panic!("{port} has no field {field}"));
        (f.low, f.width)
    }

    pub fn field_bytes(&self, port: &str, field: &str) -> Vec<u8> {
        let all = self.bytes(port);
        let (low, width) = self.field_at(port, field);
        let mut out = vec![0; width.div_ceil(8)];
        for i in 0..width {
            out[i / 8] |= (all[(low + i) / 8] >> ((low + i) % 8) & 1) << (i % 8);
        }
        out
    }

    pub fn field(&self, port: &str, field: &str) -> u64 {
        let b = self.field_bytes(port, field);
        b.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b))
    }

    /// A beat of stream `s` moves.
    pub fn moves(&self, s: &str) -> bool {
        self.bit(&format!("{s}_tvalid")) && self.bit(&format!("{s}_tready"))
    }

    pub fn settle(&mut self) {
        self.model.settle().expect("no assertion while settling");
    }

    pub fn edge(&mut self) {
        self.model
            .posedge()
            .expect("no assertion at the clock edge");
        self.cycle += 1;
    }
}

/// Host memory: what was written, elsewhere an octet that depends on its address.
#[derive(Default)]
pub struct Memory {
    octets: HashMap<u64, u8>,
    /// Reads that touch such an octet fail with this status.
    pub poison: HashMap<u64, u8>,
}

impl Memory {
    pub fn write(&mut self, at: u64, octets: &[u8]) {
        for (i, o) in octets.iter().enumerate() {
            self.octets.insert(at.wrapping_add(i as u64), *o);
        }
    }

    pub fn read(&self, at: u64, n: usize) -> Vec<u8> {
        (0..n as u64)
            .map(|i| at.wrapping_add(i))
            .map(|a| {
                let any = (a.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
                *self.octets.get(&a).unwrap_or(&any)
            })
            .collect()
    }

    fn status(&self, at: u64, n: usize) -> u8 {
        if self.poison.is_empty() {
            return 0;
        }
        (0..n as u64)
            .find_map(|i| self.poison.get(&at.wrapping_add(i)).copied())
            .unwrap_or(0)
    }
}

/// How a DMA port behaves.
#[derive(Clone, Copy, Debug)]
pub struct DmaPace {
    /// Percent of cycles in which a request is not taken, no data are offered.
    pub stall: u32,
    pub gap: u32,
    /// Cycles from request to first data: at least, and up to as many more.
    pub latency: u64,
    pub jitter: u64,
    /// Pieces: octets, at most. 0: whole answers, in order.
    pub piece: usize,
}

impl DmaPace {
    pub const STEADY: DmaPace = DmaPace {
        stall: 0,
        gap: 0,
        latency: 100,
        jitter: 0,
        piece: 0,
    };
    pub const WILD: DmaPace = DmaPace {
        stall: 20,
        gap: 20,
        latency: 5,
        jitter: 150,
        piece: 100,
    };
}

#[derive(Clone, Debug)]
pub struct Request {
    pub addr: u64,
    pub len: usize,
    pub tag: u64,
    pub conn: u32,
    pub gen: u8,
    pub func: u8,
    pub class: u8,
}

struct Answer {
    data: VecDeque<u8>,
    tag: u64,
    due: u64,
    status: u8,
    conn: u32,
}

/// A DMA port: `<name>_req_*`, `<name>_cpl_*`.
pub struct Dma {
    name: &'static str,
    k: usize,
    pub pace: DmaPace,
    answers: Vec<Answer>,
    /// The packet under way: which answer, octets left.
    packet: Option<(u64, usize)>,
    beat: Option<(Vec<u8>, u64, u64, bool, bool, u8)>,
    pub under_way: usize,
    pub most: usize,
    /// Reads taken from now on end with this status.
    pub fails: u8,
}

impl Dma {
    pub fn new(name: &'static str, k: usize, pace: DmaPace) -> Self {
        Dma {
            name,
            k,
            pace,
            answers: vec![],
            packet: None,
            beat: None,
            under_way: 0,
            most: 0,
            fails: 0,
        }
    }

    /// Reads of a connection that are not answered.
    pub fn reads_of(&self, conn: usize) -> usize {
        self.answers
            .iter()
            .filter(|a| a.conn == conn as u32)
            .count()
    }

    /// Before settling.
    pub fn drive(&mut self, dut: &mut Dut, rng: &mut ChaCha8Rng) {
        let n = self.name;
        dut.set(
            &format!("{n}_req_tready"),
            (!rng.gen_ratio(self.pace.stall, 100)).into(),
        );
        if self.beat.is_none() && !rng.gen_ratio(self.pace.gap, 100) {
            self.beat = self.next_beat(dut.cycle, rng);
        }
        dut.set(&format!("{n}_cpl_tvalid"), self.beat.is_some().into());
        let idle = (vec![], rng.gen_range(0..1024), rng.gen(), false, true, 1);
        let (data, tag, keep, _, end, status) = self.beat.clone().unwrap_or(idle);
        let mut data = data;
        data.resize_with(self.k, || rng.gen());
        let keep = if self.k == 64 {
            keep
        } else {
            keep & ((1 << self.k) - 1)
        };
        dut.set_bytes(&format!("{n}_cpl_tdata"), &data);
        dut.set(&format!("{n}_cpl_tkeep"), keep);
        dut.set(&format!("{n}_cpl_tag"), tag);
        dut.set(&format!("{n}_cpl_end_of_tag"), end.into());
        dut.set(&format!("{n}_cpl_status"), status.into());
    }

    #[allow(clippy::type_complexity)]
    fn next_beat(
        &mut self,
        now: u64,
        rng: &mut ChaCha8Rng,
    ) -> Option<(Vec<u8>, u64, u64, bool, bool, u8)> {
        if self.packet.is_none() {
            let ready: Vec<_> = self.answers.iter().filter(|a| a.due <= now).collect();
            if ready.is_empty() {
                return None;
            }
            let i = match self.pace.piece {
                0 => 0,
                _ => rng.gen_range(0..ready.len()),
            };
            let a = ready[i];
            let len = match self.pace.piece {
                0 => a.data.len(),
                _ if rng.gen_ratio(1, 4) => a.data.len(),
                most => rng.gen_range(1..most + 1).min(a.data.len()),
            };
            self.packet = Some((a.tag, len));
        }
        let (tag, left) = self.packet?;
        let a = self.answers.iter_mut().find(|a| a.tag == tag)?;
        let n = left.min(self.k);
        let octets: Vec<u8> = a.data.drain(..n).collect();
        let last = n == left;
        let end = a.data.is_empty();
        // A failed read may bring fewer octets.
        let status = if end { a.status } else { 0 };
        self.packet = (!last).then_some((tag, left - n));
        if end {
            self.answers.retain(|a| a.tag != tag);
        }
        let keep = u64::MAX >> (64 - n);
        Some((octets, tag, keep, last, end, status))
    }

    /// After settling: what moves. Gives the request that was taken.
    pub fn sample(&mut self, dut: &Dut, memory: &Memory, rng: &mut ChaCha8Rng) -> Option<Request> {
        let n = self.name;
        if self.beat.is_some() && dut.bit(&format!("{n}_cpl_tready")) {
            if self.beat.as_ref().is_some_and(|b| b.4) {
                self.under_way -= 1;
            }
            self.beat = None;
        }
        if !dut.moves(&format!("{n}_req")) {
            return None;
        }
        let port = format!("{n}_req");
        let f = |name: &str| dut.field(&port, name);
        let r = Request {
            addr: f("addr"),
            len: f("len") as usize,
            tag: f("tag"),
            conn: f("conn") as u32,
            gen: f("gen") as u8,
            func: f("func") as u8,
            class: f("class") as u8,
        };
        assert!(r.len > 0, "a read of nothing: {r:?}");
        assert!(
            self.answers.iter().all(|a| a.tag != r.tag)
                && self.beat.as_ref().is_none_or(|b| b.1 != r.tag),
            "tag {} is under way: {r:?}",
            r.tag
        );
        let jitter = match self.pace.jitter {
            0 => 0,
            j => rng.gen_range(0..j),
        };
        self.under_way += 1;
        self.most = self.most.max(self.under_way);
        self.answers.push(Answer {
            data: memory.read(r.addr, r.len).into(),
            tag: r.tag,
            due: dut.cycle + self.pace.latency + jitter,
            status: memory.status(r.addr, r.len) | self.fails,
            conn: r.conn,
        });
        Some(r)
    }
}
