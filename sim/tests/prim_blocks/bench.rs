//! What the tests of the primitives share: a bench that puts many primitives side by side into one Verilog module
//! (building a model costs far more than running it), and seeded randomness with a line that repeats a failure.
//!
//! An instance `rot` with port `din` is the bench's port `rot__din`; `clock` and `reset` are common to all.

use ferrowarp_hdl::emit::{emit, Dir};
use ferrowarp_hdl::prim::*;
use ferrowarp_sim::{Model, ModelBuilder, ModelLib, SimError};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_hdl::prelude::*;

/// Collects primitives into one top module.
#[derive(Default)]
pub struct Bench {
    modules: String,
    ports: String,
    instances: String,
}

impl Bench {
    /// Adds a primitive under the name `inst`.
    pub fn add<B: Block>(&mut self, inst: &str, block: B) -> &mut Self {
        let module = format!("p_{inst}");
        let out = emit(&block, &module).unwrap_or_else(|e| panic!("{inst} is not emitted: {e}"));
        self.modules += &out.verilog;
        self.instances += &format!("  {} u_{inst} (", out.top);
        for (i, p) in out.ports().iter().enumerate() {
            if i > 0 {
                self.instances += ", ";
            }
            if p.name == "clock" || p.name == "reset" {
                self.instances += &format!(".{0}({0})", p.name);
                continue;
            }
            let dir = match p.dir {
                Dir::Input => "input",
                Dir::Output => "output",
            };
            self.ports += &format!(",\n  {dir} wire [{}:0] {inst}__{}", p.width - 1, p.name);
            self.instances += &format!(".{0}({inst}__{0})", p.name);
        }
        self.instances += ");\n";
        self
    }

    /// Builds (or finds) the model.
    pub fn build(&self, top: &str) -> Result<ModelLib, SimError> {
        // A bench of combinational blocks alone would leave these two unread.
        let text = format!(
            "{}\nmodule {top}(\n  input wire clock,\n  input wire reset{}\n);\n\
             \x20 wire unused_common = &{{1'b0, clock, reset}};\n{}endmodule\n",
            self.modules, self.ports, self.instances
        );
        ModelBuilder::new(&text, top).build()
    }
}

/// A running bench: ports by name, wide values as little-endian bytes.
pub struct Dut(pub Model);

impl Dut {
    pub fn new(lib: &ModelLib, seed: u64) -> Self {
        Dut(lib.instance_seeded(seed))
    }
    pub fn set(&mut self, port: &str, value: u128) {
        let id = self.0.input(port).expect("a port of the bench");
        self.0.set_u128(id, value);
    }
    pub fn set_bytes(&mut self, port: &str, bytes: &[u8]) {
        let id = self.0.input(port).expect("a port of the bench");
        self.0.set_bytes(id, bytes);
    }
    pub fn get(&self, port: &str) -> u128 {
        let id = self.0.output(port).expect("a port of the bench");
        self.0.get_u128(id)
    }
    pub fn bit(&self, port: &str) -> bool {
        self.get(port) == 1
    }
    pub fn get_bytes(&self, port: &str, n: usize) -> Vec<u8> {
        let id = self.0.output(port).expect("a port of the bench");
        let mut bytes = vec![0; n];
        self.0.get_bytes(id, &mut bytes);
        bytes
    }
    pub fn settle(&mut self) {
        self.0.settle().expect("no assertion while settling");
    }
    pub fn posedge(&mut self) {
        self.0.posedge().expect("no assertion at the clock edge");
    }
    pub fn reset(&mut self) {
        self.0.reset(2).expect("no assertion in reset");
    }
}

/// Seeded randomness of one test; a failure prints the command that repeats it.
pub struct Cases {
    pub rng: ChaCha8Rng,
    pub seed: u64,
    _repeat: ferrowarp_sim::Repeat,
}

impl Cases {
    /// `test` is the test's path in this binary; the seed is `FERROWARP_SEED` or a fixed one.
    pub fn new(test: &'static str) -> Self {
        let repeat = ferrowarp_sim::repeat!(test, 0x5044);
        Cases {
            rng: ChaCha8Rng::seed_from_u64(repeat.seed),
            seed: repeat.seed,
            _repeat: repeat,
        }
    }
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        let mut b = vec![0; n];
        self.rng.fill_bytes(&mut b);
        b
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
}

/// Fields of the test frame header, in struct order.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Header {
    pub ethertype: Bits<16>,
    pub proto: Bits<8>,
    pub src: Bits<32>,
    pub far: Bits<48>,
}

/// Positions of [`Header`]'s fields; `far` straddles a beat boundary at every width.
pub const FIELDS: &[Field] = &[
    Field {
        name: "far",
        byte: 125,
        bytes: 6,
    },
    Field {
        name: "ethertype",
        byte: 12,
        bytes: 2,
    },
    Field {
        name: "proto",
        byte: 23,
        bytes: 1,
    },
    Field {
        name: "src",
        byte: 30,
        bytes: 4,
    },
];

/// Octets of [`FixedLanes`]: two ranges and an open one.
pub const OCTETS: &[Octets] = &[(14, 34), (41, 42), (120, usize::MAX)];

/// Every width-dependent primitive at one width.
fn width_bench<const D: usize, const K: usize, const LK: usize, const C: usize>() -> Bench {
    let mut b = Bench::default();
    b.add("rot", RotateBytes::<D, LK>::new())
        .add("merge", MergeRotate::<D, K, LK>::new())
        .add("k2l", KeepToLen::<K, C>::new())
        .add("l2k", LenToKeep::<K, C>::new())
        .add("from", LanesFrom::<K>::new())
        .add("to", LanesTo::<K>::new())
        .add("fixed", FixedLanes::<K>::new(OCTETS, 4))
        .add("crcd", CrcData::<D>::new())
        .add("crcs", CrcShift::<D>::new())
        .add("crcr", CrcResidue::<K, LK>::new())
        .add("crcw", CrcWant::<K, LK>::new())
        .add("sum", SumBeat::<D, K>::new())
        .add("groups", SumGroups::<D, K>::new())
        .add("cap", FieldCapture::<Header, D>::new(FIELDS))
        .add("mov", FieldCapture::<Bits<104>, D>::movable(FIELDS, 12, 4))
        .add("flat", FieldCapture::<Bits<104>, D>::new(FIELDS))
        .add("pay", PayloadCapture::<D>::new())
        .add("paya", PayloadCapture::<D>::new().ahead())
        .add("be1", RamBe::<D, K, 5>::new(3, 1))
        .add("be2", RamBe::<D, K, 3>::new(3, 2).collisions_undefined())
        .add("be3", RamBe::<D, K, 4>::new(3, 3));
    b
}

/// The bench of one width, 64 to 512.
pub fn width(d: usize) -> ModelLib {
    let bench = match d {
        64 => width_bench::<64, 8, 3, 4>(),
        128 => width_bench::<128, 16, 4, 5>(),
        256 => width_bench::<256, 32, 5, 6>(),
        512 => width_bench::<512, 64, 6, 7>(),
        _ => panic!("no bench of width {d}"),
    };
    bench.build("bench").expect("the bench builds")
}

/// The bench of the primitives that do not depend on the data width.
pub fn common() -> ModelLib {
    let mut b = Bench::default();
    b.add("ram1", Ram::<Bits<13>, 6>::new(4, 1))
        .add("ram2", Ram::<Bits<64>, 5>::new(5, 2))
        .add("ram3", Ram::<Bits<100>, 6>::new(3, 3))
        .add("rambit", Ram::<bool, 3>::new(3, 1))
        .add(
            "ramund",
            Ram::<Bits<20>, 4>::new(3, 2).collisions_undefined(),
        )
        .add(
            "parts2",
            Ram::<Bits<21>, 6>::new(4, 2)
                .sliced(2)
                .collisions_undefined(),
        )
        .add("parts2late", Ram::<Bits<40>, 5>::new(4, 3).sliced(2))
        .add("parts3", Ram::<Bits<100>, 7>::new(3, 3).sliced(3))
        .add("ramkeep", Ram::<Bits<20>, 4>::new(4, 2).keeping(13))
        .add("lanes", RamLanes::<24, 3, 4>::new(3, 2, 0b1011_0110))
        .add("fwd", FwdRam::<Bits<40>, 6>::new(3))
        .add("fwdbit", FwdRam::<bool, 2>::new(2))
        .add("lut", LutRam::<Bits<9>, 3>::new())
        .add("clear5", RamClear::<8>::new(5))
        .add("clear4", RamClear::<4>::new(4))
        .add("fifo1", Fifo::<Bits<17>, 1>::new())
        .add("fifo2", Fifo::<bool, 2>::new())
        .add("fifo4", Fifo::<Bits<100>, 4>::new())
        .add("fifo7", Fifo::<Bits<8>, 7>::new())
        .add("fifo9", Fifo::<Bits<8>, 9>::new())
        .add("headed1", Fifo::<Bits<17>, 1>::new().headed())
        .add("headed3", Fifo::<Bits<70>, 4>::sized(3).headed())
        .add("by1", BypassFifo::<Bits<17>, 1>::new())
        .add("by3", BypassFifo::<Bits<70>, 3>::new())
        .add("byhead1", BypassFifo::<Bits<17>, 1>::new().headed())
        .add("byhead3", BypassFifo::<Bits<70>, 3>::new().headed())
        .add("skid", Skid::<Bits<33>>::new())
        .add("skidbit", Skid::<bool>::new())
        .add("fold", FoldSum::default())
        .add("join", SumJoin::default())
        .add("hash96", TupleHash::<96>::new())
        .add("hash301", TupleHash::<301>::new())
        .add("ff2", FindFirst::<2, 1>::new())
        .add("ff5", FindFirst::<5, 3>::new())
        .add("ff64", FindFirst::<64, 6>::new())
        .add("bswap", Bswap::<48>::new())
        .add("pack", Pack::<3, 5, 15>::new())
        .add("unpack", Unpack::<4, 9, 36>::new())
        .add("equal", Equal::<29>::default());
    b.build("common").expect("the bench builds")
}

/// The widths that every datapath primitive is made for.
pub const WIDTHS: [usize; 4] = [64, 128, 256, 512];
