//! The design under test and what the bench's parts share: sizes, emitted text, paces, stream sources.

use crate::model::Beat;
use ferrowarp_hdl::emit::{emit, FieldInfo};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::ingest::Ingest;
use ferrowarp_sim::{ModelBuilder, ModelLib};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};

pub const MAX_FRAME: usize = 400;
const WINDOW: usize = 16;

pub fn cfg(k: usize) -> Cfg {
    // small enough that rings wrap and slots run out within a short run
    let (stage_bits, slot_bits) = match k {
        64 => (6, 4),
        32 => (6, 3),
        16 => (7, 3),
        _ => (8, 3),
    };
    Cfg {
        latency: 2,
        stage_bits,
        slot_bits,
        pool_bits: 8,
        blk_bits: 2,
        conn_bits: 4,
        bucket_bits: 4,
        tpt_set_bits: 4,
        rq_bits: 2,
        ord_bits: 2,
        max_frame: MAX_FRAME,
        max_fpdu: 4096,
        window: WINDOW,
        ipv6: true,
        sack: true,
        markers: true,
        timestamps: true,
        parts: false,
        sliced: false,
    }
}

/// Emitted text and the fields of the struct ports.
pub struct Design {
    pub verilog: String,
    pub fields: HashMap<String, Vec<FieldInfo>>,
    pub k: usize,
    pub ipv6: bool,
}

pub fn design<const D: usize, const K: usize, const LK: usize>() -> Design {
    design_of::<D, K, LK>(&cfg(K))
}

pub fn design_of<const D: usize, const K: usize, const LK: usize>(cfg: &Cfg) -> Design {
    let block = Box::new(Ingest::<D, K, LK>::new(cfg));
    let out = emit(&*block, "ingest").unwrap_or_else(|e| panic!("{D} bits: {e}"));
    let fields = out
        .ports()
        .iter()
        .map(|p| (p.name.clone(), p.fields.clone()))
        .collect();
    Design {
        verilog: out.verilog,
        fields,
        k: K,
        ipv6: cfg.ipv6,
    }
}

/// How the random parts of a run behave, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A cycle without a beat inside a MAC frame, and between frames.
    pub mac_gap: u32,
    pub mac_between: u32,
    pub inject_gap: u32,
    pub inject_between: u32,
    /// A visible FIFO head is taken.
    pub pop: u32,
    /// A finished frame's slot is freed in this cycle (each of three ports), in a thousandth.
    pub free: u32,
    /// `admit` is low although the window has room.
    pub refuse: u32,
}

impl Pace {
    pub const STEADY: Pace = Pace {
        mac_gap: 0,
        mac_between: 0,
        inject_gap: 0,
        inject_between: 0,
        pop: 100,
        free: 1000,
        refuse: 0,
    };
}

/// What happened in a cycle.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    FirstBeat,
    LastBeat,
    Launch,
    Tpt,
    Done,
    HdrB,
    Scan,
}

pub fn build(design: &Design) -> ModelLib {
    ModelBuilder::new(&design.verilog, "ingest")
        .build()
        .unwrap_or_else(|e| panic!("{e}"))
}

/// A stream of beats with pauses; a beat once offered stays until it is taken.
#[derive(Default)]
pub struct Source {
    pub beats: VecDeque<Beat>,
    open: bool,
    offered: bool,
}

impl Source {
    /// The beat of this cycle, if any; `gap` and `between` are the chances of a pause in percent.
    pub fn offer(&mut self, rng: &mut ChaCha8Rng, gap: u32, between: u32) -> Option<Beat> {
        let pause = if self.open { gap } else { between };
        let beat = self.beats.front()?;
        if !self.offered && rng.gen_ratio(pause, 100) {
            return None;
        }
        self.offered = true;
        Some(beat.clone())
    }

    pub fn take(&mut self) {
        self.open = self.beats.pop_front().is_some_and(|b| !b.last);
        self.offered = false;
    }
}
