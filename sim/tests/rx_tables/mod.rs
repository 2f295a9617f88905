//! What the tests of the receive path's tables share: a running block with ports and struct fields by name, sizes, and
//! seeded randomness with a line that repeats a failure.
#![allow(dead_code)] // each test binary uses its part

use ferrowarp_hdl::emit::{emit, FieldInfo};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::{lint, Model, ModelBuilder, ModelLib, PortId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_hdl::prelude::Block;
use std::collections::HashMap;

/// Table sizes small enough that everything collides.
pub fn small(latency: usize) -> Cfg {
    Cfg {
        latency,
        stage_bits: 9,
        slot_bits: 4,
        pool_bits: 9,
        blk_bits: 3,
        conn_bits: 5,
        bucket_bits: 3,
        tpt_set_bits: 3,
        rq_bits: 3,
        ord_bits: 3,
        max_frame: 1522,
        max_fpdu: 12288,
        window: 16,
        ipv6: true,
        sack: true,
        markers: true,
        timestamps: true,
        parts: false,
        sliced: false,
    }
}

/// The table sizes of dc-100g: 32 k connections, 64 k lookup slots, 32 k STags, latency 3.
pub fn dc_100g() -> Cfg {
    Cfg {
        conn_bits: 15,
        bucket_bits: 13,
        tpt_set_bits: 13,
        ..small(3)
    }
}

/// A struct value: its bits, little endian.
pub type Bits = Vec<u8>;

/// Fields of a struct value by name; those not named are zero.
pub type Fields = HashMap<String, u128>;

/// A block made ready to be instantiated.
pub struct Design {
    lib: ModelLib,
    fields: HashMap<String, (usize, Vec<FieldInfo>)>,
}

impl Design {
    /// Emits the block as module `top`, lints it without any waiver and builds it.
    pub fn new<B: Block>(block: &B, top: &str) -> Self {
        let out = emit(block, top).unwrap_or_else(|e| panic!("{e}"));
        lint(&out.verilog, top, &[]).unwrap_or_else(|e| panic!("{e}"));
        let lib = ModelBuilder::new(&out.verilog, top)
            .build()
            .unwrap_or_else(|e| panic!("{e}"));
        let fields = out
            .ports()
            .iter()
            .map(|p| (p.name.clone(), (p.width, p.fields.clone())))
            .collect();
        Design { lib, fields }
    }

    /// An instance in reset state, all inputs zero.
    pub fn start(&self, seed: u64) -> Dut<'_> {
        let model = self.lib.instance_seeded(seed);
        let ids = self
            .fields
            .keys()
            .map(|name| (name.clone(), model.port(name).expect("an emitted port")))
            .collect();
        let mut dut = Dut {
            model,
            design: self,
            ids,
        };
        dut.model.reset(2).expect("no assertion in reset");
        dut
    }

    /// Names and widths of a struct port's fields.
    pub fn fields(&self, port: &str) -> &[FieldInfo] {
        &self.fields[port].1
    }

    /// A struct value out of its fields.
    pub fn pack(&self, port: &str, fields: &Fields) -> Bits {
        let mut bits = vec![0; self.fields[port].0.div_ceil(8)];
        for (name, value) in fields {
            put(&mut bits, self.field(port, name), *value);
        }
        bits
    }

    /// Sets one field of a struct value.
    pub fn put(&self, port: &str, bits: &mut Bits, name: &str, value: u128) {
        put(bits, self.field(port, name), value);
    }

    /// The low 128 bits of one field of a struct value.
    pub fn field_of(&self, port: &str, bits: &Bits, name: &str) -> u128 {
        get(bits, self.field(port, name))
    }

    /// All bits of one field of a struct value, lowest first.
    pub fn bits_of(&self, port: &str, bits: &Bits, name: &str) -> Vec<bool> {
        let field = self.field(port, name);
        (field.low..field.low + field.width)
            .map(|i| bits[i / 8] >> (i % 8) & 1 == 1)
            .collect()
    }

    fn field(&self, port: &str, name: &str) -> &FieldInfo {
        let all = &self.fields[port].1;
        all.iter()
            .find(|f| f.name == name)
            .unwrap_or_else(|| panic!("{port} has no field {name}"))
    }
}

fn put(bits: &mut Bits, field: &FieldInfo, value: u128) {
    for i in 0..field.width {
        let (byte, bit) = ((field.low + i) / 8, (field.low + i) % 8);
        let one = i < 128 && value >> i & 1 == 1;
        bits[byte] = bits[byte] & !(1 << bit) | u8::from(one) << bit;
    }
}

fn get(bits: &Bits, field: &FieldInfo) -> u128 {
    (0..field.width.min(128))
        .filter(|i| bits[(field.low + i) / 8] >> ((field.low + i) % 8) & 1 == 1)
        .fold(0, |v, i| v | 1 << i)
}

/// A running block.
pub struct Dut<'a> {
    pub model: Model,
    design: &'a Design,
    ids: HashMap<String, PortId>,
}

impl Dut<'_> {
    pub fn set(&mut self, port: &str, value: u128) {
        self.model.set_u128(self.ids[port], value);
    }
    pub fn set_bits(&mut self, port: &str, bits: &Bits) {
        self.model.set_bytes(self.ids[port], bits);
    }
    pub fn get(&self, port: &str) -> u128 {
        self.model.get_u128(self.ids[port])
    }
    pub fn bit(&self, port: &str) -> bool {
        self.get(port) == 1
    }
    pub fn get_bits(&self, port: &str) -> Bits {
        let mut bits = vec![0; self.design.fields[port].0.div_ceil(8)];
        self.model.get_bytes(self.ids[port], &mut bits);
        bits
    }
    pub fn settle(&mut self) {
        self.model.settle().unwrap_or_else(|e| panic!("{e}"));
    }
    pub fn posedge(&mut self) {
        self.model.posedge().unwrap_or_else(|e| panic!("{e}"));
    }
}

/// Seeded randomness of one test; a failure prints the command that repeats it.
pub struct Cases {
    pub rng: ChaCha8Rng,
    pub seed: u64,
    _repeat: ferrowarp_sim::Repeat,
}

impl Cases {
    /// The seed is `FERROWARP_SEED` or a fixed one.
    pub fn new(test: &'static str) -> Self {
        let repeat = ferrowarp_sim::repeat!(test, 0x7407);
        Cases {
            rng: ChaCha8Rng::seed_from_u64(repeat.seed),
            seed: repeat.seed,
            _repeat: repeat,
        }
    }
    pub fn below(&mut self, n: usize) -> usize {
        self.rng.gen_range(0..n)
    }
    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.gen_ratio(percent, 100)
    }
    pub fn bits(&mut self, n: usize) -> u128 {
        self.rng.gen::<u128>() & (u128::MAX >> (128 - n))
    }
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.rng.gen()).collect()
    }
}
