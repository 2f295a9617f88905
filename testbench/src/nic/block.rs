//! An emitted block in Verilator with its ports, and the fields of struct ports, by name.

use crate::chip::ChipError;
use ferrowarp_hdl::emit::{Emitted, FieldInfo};
use ferrowarp_sim::stream::Monitor;
use ferrowarp_sim::{Model, ModelBuilder, ModelLib, PortId};
use std::collections::HashMap;

/// A block that was built; instances of it are cheap.
#[derive(Clone)]
pub struct BlockLib {
    lib: ModelLib,
    fields: HashMap<String, Vec<FieldInfo>>,
}

impl BlockLib {
    pub fn new(emitted: &Emitted, top: &str) -> Result<Self, ChipError> {
        let lib = ModelBuilder::new(&emitted.verilog, top).build()?;
        let fields = emitted.ports().iter();
        let fields = fields.map(|p| (p.name.clone(), p.fields.clone())).collect();
        Ok(BlockLib { lib, fields })
    }
}

/// A running block. A port or field that does not exist is a fault of the caller and panics.
pub struct Block {
    model: Model,
    ports: HashMap<String, PortId>,
    fields: HashMap<String, Vec<FieldInfo>>,
    monitors: Vec<Monitor>,
}

impl Block {
    /// An instance behind reset, all inputs zero; the rules of the streams `watched` are checked.
    pub fn new(lib: &BlockLib, seed: u64, watched: &[&str]) -> Result<Self, ChipError> {
        let mut model = lib.lib.instance_seeded(seed);
        model.reset(2)?;
        let mut ports = HashMap::new();
        for p in lib.lib.ports() {
            ports.insert(p.name.clone(), model.port(&p.name)?);
        }
        let watch = |stream: &&str| Monitor::new(&model, stream);
        let monitors = watched.iter().map(watch).collect::<Result<_, _>>()?;
        Ok(Block {
            model,
            ports,
            fields: lib.fields.clone(),
            monitors,
        })
    }

    fn id(&self, port: &str) -> PortId {
        match self.ports.get(port) {
            Some(id) => *id,
            None => panic!("the block has no port {port}"),
        }
    }

    fn field(&self, port: &str, field: &str) -> &FieldInfo {
        let all = self.fields.get(port);
        match all.and_then(|a| a.iter().find(|f| f.name == field)) {
            Some(f) => f,
            None => panic!("port {port} has no field {field}"),
        }
    }

    pub fn set(&mut self, port: &str, value: u64) {
        let id = self.id(port);
        self.model.set_u64(id, value);
    }

    pub fn set_bytes(&mut self, port: &str, octets: &[u8]) {
        let id = self.id(port);
        self.model.set_bytes(id, octets);
    }

    /// Sets a struct port; fields not named are zero.
    pub fn set_struct(&mut self, port: &str, values: &[(&str, u128)]) {
        let mut octets = self.zeros(port);
        for (name, value) in values {
            let f = self.field(port, name);
            for i in (0..f.width.min(128)).filter(|i| value >> i & 1 == 1) {
                octets[(f.low + i) / 8] |= 1 << ((f.low + i) % 8);
            }
        }
        self.set_bytes(port, &octets);
    }

    pub fn get(&self, port: &str) -> u64 {
        self.model.get_u64(self.id(port))
    }

    pub fn bit(&self, port: &str) -> bool {
        self.get(port) == 1
    }

    pub fn bytes(&self, port: &str) -> Vec<u8> {
        let mut octets = self.zeros(port);
        self.model.get_bytes(self.id(port), &mut octets);
        octets
    }

    /// The low 64 bits of a field.
    pub fn get_field(&self, port: &str, field: &str) -> u64 {
        let octets = self.bytes(port);
        let f = self.field(port, field);
        let bit = |i: usize| octets[(f.low + i) / 8] >> ((f.low + i) % 8) & 1;
        (0..f.width.min(64)).fold(0, |v, i| v | u64::from(bit(i)) << i)
    }

    fn zeros(&self, port: &str) -> Vec<u8> {
        vec![0; self.model.info(self.id(port)).width.div_ceil(8) as usize]
    }

    /// A beat of a stream moves.
    pub fn moves(&self, stream: &str) -> bool {
        self.bit(&format!("{stream}_tvalid")) && self.bit(&format!("{stream}_tready"))
    }

    pub fn settle(&mut self) -> Result<(), ChipError> {
        self.model.settle()?;
        for m in &mut self.monitors {
            m.sample(&self.model)?;
        }
        Ok(())
    }

    pub fn posedge(&mut self) -> Result<(), ChipError> {
        Ok(self.model.posedge()?)
    }
}
