//! Emits what `formal/run.py` proves: every primitive and every table server alone, at sizes a solver can exhaust.
//!
//! `formal_emit DIR` writes one `NAME.v` a block, its top module called `dut`, and `NAME.svh` with a macro for each field
//! of a struct port: `ask[`ask_conn]`. Names are what `formal/proofs.py` uses.

use ferrowarp_hdl::emit::{emit, Emitted};
use ferrowarp_hdl::host::ring_state::RingStep;
use ferrowarp_hdl::prim::*;
use ferrowarp_hdl::rx::{blocks, cfg::Cfg, deliver_queue, merge, servers, slots, tx_servers};
use rust_hdl::prelude::*;
use std::path::Path;

/// Where the texts go; the first problem stays.
struct Texts<'a> {
    dir: &'a Path,
    problem: Option<String>,
}

impl Texts<'_> {
    fn put<B: Block>(&mut self, name: &str, block: B) -> &mut Self {
        if self.problem.is_none() {
            self.problem = emit(&block, "dut")
                .map_err(|e| format!("{name} is not emitted: {e}"))
                .and_then(|out| {
                    self.write(format!("{name}.v"), &out.verilog)?;
                    self.write(format!("{name}.svh"), &fields(&out))
                })
                .err();
        }
        self
    }

    fn write(&self, file: String, text: &str) -> Result<(), String> {
        let path = self.dir.join(file);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    }
}

/// A macro for the range of each field of a struct port.
fn fields(out: &Emitted) -> String {
    let mut s = String::new();
    for p in out.ports() {
        s += &format!("`define {}_width {}\n", p.name, p.width);
        for f in &p.fields {
            let name = f.name.replace('.', "_");
            s += &format!(
                "`define {}_{name} {}:{}\n",
                p.name,
                f.low + f.width - 1,
                f.low
            );
        }
    }
    s
}

/// An item of which a preset may store less: `a` 2 bits of 4, `b` 3 bits of 4.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Pair {
    pub a: Bits<4>,
    pub b: Bits<4>,
}

const NARROW: [(&str, usize); 2] = [("a", 2), ("b", 3)];

fn queues(out: &mut Texts) {
    out.put("fifo_a1", Fifo::<Bits<4>, 1>::new())
        .put("fifo_a2", Fifo::<Bits<4>, 2>::new())
        .put("headed_a1", Fifo::<Bits<4>, 1>::new().headed())
        .put("headed_a2", Fifo::<Bits<4>, 2>::new().headed())
        .put("fifo_a4", Fifo::<Bits<4>, 4>::new())
        .put("fifo_a9", Fifo::<Bits<1>, 9>::new())
        .put("fifo_narrow", Fifo::<Pair, 2>::new().narrow(&NARROW))
        .put("fifo_sized", Fifo::<Bits<4>, 6>::sized(3))
        .put("bypass_headed_a1", BypassFifo::<Bits<4>, 1>::new().headed())
        .put("bypass_headed_a2", BypassFifo::<Bits<4>, 2>::new().headed())
        .put("bypass_a1", BypassFifo::<Bits<4>, 1>::new())
        .put("bypass_a2", BypassFifo::<Bits<4>, 2>::new())
        .put("bypass_a4", BypassFifo::<Bits<4>, 4>::new())
        .put("bypass_a9", BypassFifo::<Bits<1>, 9>::new())
        .put("skid", Skid::<Bits<8>>::new());
}

fn memories(out: &mut Texts) {
    out.put("ram_l1", Ram::<Bits<4>, 3>::new(3, 1))
        .put("ram_l2", Ram::<Bits<4>, 3>::new(3, 2))
        .put("ram_l3", Ram::<Bits<4>, 5>::new(3, 3))
        .put(
            "ram_undefined",
            Ram::<Bits<4>, 3>::new(3, 2).collisions_undefined(),
        )
        .put(
            "ram_sliced_2",
            Ram::<Bits<4>, 4>::new(2, 2)
                .sliced(2)
                .collisions_undefined(),
        )
        .put("ram_sliced_2_late", Ram::<Bits<5>, 3>::new(2, 3).sliced(2))
        .put("ram_sliced_3", Ram::<Bits<6>, 4>::new(2, 3).sliced(3))
        .put("ram_be", RamBe::<16, 2, 3>::new(2, 2))
        .put(
            "ram_be_undefined",
            RamBe::<16, 2, 2>::new(2, 1).collisions_undefined(),
        )
        .put("ram_rw", RamRw::<16, 2, 3>::new(2))
        .put("ram_lanes", RamLanes::<16, 4, 3>::new(2, 2, 0b1011))
        .put("ram_keeping", Ram::<Bits<4>, 3>::new(3, 2).keeping(3))
        .put("ram_narrow", Ram::<Pair, 3>::new(2, 1).narrow(&NARROW))
        .put("ram_lut_sized", LutRam::<Bits<4>, 5>::sized(3))
        .put("ram_lut", LutRam::<Bits<4>, 3>::new())
        .put("ram_fwd", FwdRam::<Bits<4>, 5>::new(3))
        .put("clear_a4", RamClear::<4>::new(4))
        .put("clear_sized", RamClear::<8>::new(3));
}

fn vectors(out: &mut Texts) {
    out.put("first_2", FindFirst::<2, 1>::new())
        .put("first_5", FindFirst::<5, 3>::new())
        .put("first_64", FindFirst::<64, 6>::new())
        .put("bswap_64", Bswap::<64>::new())
        .put("pack_3x5", Pack::<3, 5, 15>::new())
        .put("unpack_3x5", Unpack::<3, 5, 15>::new())
        .put("equal_29", Equal::<29>::default())
        .put("keep_to_len_8", KeepToLen::<8, 4>::new())
        .put("keep_to_len_64", KeepToLen::<64, 7>::new())
        .put("len_to_keep_8", LenToKeep::<8, 4>::new())
        .put("len_to_keep_64", LenToKeep::<64, 7>::new())
        .put("lanes_from_8", LanesFrom::<8>::new())
        .put("lanes_from_64", LanesFrom::<64>::new())
        .put("lanes_to_8", LanesTo::<8>::new())
        .put("lanes_to_64", LanesTo::<64>::new())
        .put("apply_mask_64", ApplyMask::<64, 8>::new())
        .put("apply_mask_512", ApplyMask::<512, 64>::new())
        .put("rotate_64", RotateBytes::<64, 3>::new())
        .put("rotate_256", RotateBytes::<256, 5>::new())
        .put("merge_rotate_64", MergeRotate::<64, 8, 3>::new())
        .put("merge_rotate_256", MergeRotate::<256, 32, 5>::new())
        .put("sum_beat_64", SumBeat::<64, 8>::new())
        .put("sum_groups_256", SumGroups::<256, 32>::new())
        .put("sum_join", SumJoin::default())
        .put("fold_sum", FoldSum::default());
}

/// Ethernet type (octets 12, 13), then a 32-bit field that straddles two beats (octets 30 to 33).
const FIELDS: [Field; 2] = [
    Field {
        name: "ethertype",
        byte: 12,
        bytes: 2,
    },
    Field {
        name: "straddles",
        byte: 30,
        bytes: 4,
    },
];

fn captures(out: &mut Texts) {
    out.put(
        "field_capture_64",
        FieldCapture::<Bits<48>, 64>::new(&FIELDS),
    )
    .put("payload_capture_64", PayloadCapture::<64>::new())
    .put("payload_capture_ahead", PayloadCapture::<64>::new().ahead())
    .put("payload_capture_128", PayloadCapture::<128>::new());
}

/// One register of each kind, as a parent holds them.
#[derive(LogicBlock, Default)]
struct Registers {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub load: Signal<In, bool>,
    pub din: Signal<In, Bits<8>>,
    pub q: Signal<Out, Bits<8>>,
    pub q_nr: Signal<Out, Bits<8>>,
    with_reset: Reg<Bits<8>>,
    without: RegNr<Bits<8>>,
}

impl Registers {
    fn new() -> Self {
        Self {
            with_reset: Reg::new(0x5au8.to_bits()),
            ..Default::default()
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        if self.load.val() {
            self.with_reset.d.next = self.din.val();
            self.without.d.next = self.din.val();
        }
        self.q.next = self.with_reset.q.val();
        self.q_nr.next = self.without.q.val();
    }
}

/// Tables as small as they can be: a solver looks at all of them.
fn tiny() -> Cfg {
    Cfg {
        latency: 2,
        stage_bits: 3,
        slot_bits: 2,
        pool_bits: 3,
        blk_bits: 1,
        conn_bits: 1,
        bucket_bits: 1,
        tpt_set_bits: 1,
        rq_bits: 1,
        ord_bits: 1,
        max_frame: 64,
        max_fpdu: 64,
        window: 4,
        ipv6: false,
        sack: true,
        markers: true,
        timestamps: true,
        parts: false,
        sliced: false,
    }
}

fn tables(out: &mut Texts) {
    let cfg = tiny();
    let tiny_pool = Cfg {
        pool_bits: 2,
        ..tiny()
    };
    out.put("unread", deliver_queue::Unread::default());
    out.put("slots", slots::Slots::new(cfg.slot_bits))
        .put("blocks_2", blocks::Blocks::new(&tiny_pool))
        .put("beat_fifo", merge::BeatFifo::<8, 1>::new(2))
        .put("merge", merge::Merge::<8, 1>::new(0))
        .put("post_server", servers::PostServer::new(&cfg))
        .put("issue_server", servers::IssueServer::new(&cfg))
        .put("done_server", tx_servers::DoneServer::new(&cfg))
        .put("mirror_server", tx_servers::MirrorServer::new(&cfg))
        .put("ring_step", RingStep::new(5));
}

fn run() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir] = args.as_slice() else {
        return Err("usage: formal_emit DIR".into());
    };
    let dir = Path::new(dir);
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut out = Texts { dir, problem: None };
    queues(&mut out);
    memories(&mut out);
    vectors(&mut out);
    captures(&mut out);
    tables(&mut out);
    out.put("registers", Registers::new());
    out.problem.map_or(Ok(()), Err)
}

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("formal_emit: {e}");
            std::process::ExitCode::FAILURE
        }
    }
}
