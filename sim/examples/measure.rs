//! Measures model builds and the cost of a cycle: `cargo run --release -p ferrowarp-sim --example
//! measure [modules [text]]` (`text` prints the design only). The design is generated: `modules` different pipeline stages (512-bit data,
//! a byte rotation, an XOR tree, a counter table, a small state machine each), about 60 lines each.

use ferrowarp_sim::stream::{Bench, Pace};
use ferrowarp_sim::{ModelBuilder, SimError};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// One stage; every constant differs so that no two stages share code.
fn stage(n: usize) -> String {
    let mut v = format!(
        "module stage{n}(input wire clock, input wire reset,
  input wire i_tvalid, output wire i_tready, input wire [511:0] i_tdata, input wire [63:0] i_tkeep, input wire i_tlast,
  output reg o_tvalid, input wire o_tready, output reg [511:0] o_tdata, output reg [63:0] o_tkeep, output reg o_tlast, output reg [31:0] o_sum);
  reg [2:0] state; reg [15:0] bytes; reg [47:0] table_ram [0:255]; reg [47:0] entry; reg [31:0] crc;
  wire [7:0] index = i_tdata[{a}:{b}];
  wire [5:0] turn = bytes[5:0] + 6'd{t};
  assign i_tready = !o_tvalid || o_tready;
  wire [511:0] turned0 = i_tdata;
",
        a = (n * 13) % 500 + 7,
        b = (n * 13) % 500,
        t = n % 64,
    );
    for level in 0..6 {
        let shift = 8 << ((level + n) % 6);
        let _ = writeln!(
            v,
            "  wire [511:0] turned{} = turn[{level}] ? {{turned{level}[{}:0], turned{level}[511:{shift}]}} : turned{level};",
            level + 1,
            shift - 1
        );
    }
    v += "  wire [511:0] turned = turned6;\n  wire [31:0] next;\n";
    for bit in 0..16 {
        let taps: Vec<String> = (0..12)
            .map(|t| format!("turned[{}]", (bit * 37 + t * 41 + n * 11) % 512))
            .collect();
        let _ = writeln!(
            v,
            "  assign next[{bit}] = crc[{}] ^ {};",
            (bit + 1) % 32,
            taps.join(" ^ ")
        );
    }
    let _ = write!(
        v,
        "  assign next[31:16] = crc[15:0] + entry[{e}:{f}];
  always @(posedge clock) begin
    if (i_tvalid && i_tready) begin
      entry <= table_ram[index]; table_ram[index] <= entry + 48'd{n};
      o_tdata <= turned ^ {{16{{next}}}}; o_tkeep <= i_tkeep; o_tlast <= i_tlast; o_sum <= next; crc <= next;
      case (state)
        3'd0: state <= i_tlast ? 3'd0 : 3'd1;
        3'd1: state <= i_tdata[{a}] ? 3'd2 : 3'd3;
        3'd2: state <= 3'd4;
        3'd3: if (bytes > 16'd{m}) state <= 3'd4;
        default: state <= 3'd0;
      endcase
      bytes <= i_tlast ? 16'd0 : bytes + 16'd64;
    end
    if (i_tready) o_tvalid <= i_tvalid;
    if (reset) begin o_tvalid <= 1'b0; state <= 3'd0; bytes <= 16'd0; crc <= 32'd0; end
  end
endmodule
",
        e = n % 32 + 15,
        f = n % 32,
        a = (n * 7) % 512,
        m = n * 3 + 64
    );
    v
}

fn design(modules: usize) -> String {
    let mut v = String::from("module measure(input wire clock, input wire reset,
  input wire i_tvalid, output wire i_tready, input wire [511:0] i_tdata, input wire [63:0] i_tkeep, input wire i_tlast,
  output wire o_tvalid, input wire o_tready, output wire [511:0] o_tdata, output wire [63:0] o_tkeep, output wire o_tlast, output wire [31:0] o_sum);\n");
    let wires = |n: usize| {
        ["tvalid", "tready", "tdata", "tkeep", "tlast"].map(|f| match n {
            0 => format!("i_{f}"),
            n if n == modules => format!("o_{f}"),
            n => format!("s{n}_{f}"),
        })
    };
    for n in 0..modules {
        let (i, o) = (wires(n), wires(n + 1));
        if n + 1 < modules {
            let _ = writeln!(
                v,
                "  wire {}, {}, {}; wire [511:0] {}; wire [63:0] {};",
                o[0], o[1], o[4], o[2], o[3]
            );
        }
        let _ = writeln!(v, "  wire [31:0] sum{n}; stage{n} u{n}(.clock(clock), .reset(reset), .i_tvalid({}), .i_tready({}), .i_tdata({}), .i_tkeep({}), .i_tlast({}), .o_tvalid({}), .o_tready({}), .o_tdata({}), .o_tkeep({}), .o_tlast({}), .o_sum(sum{n}));",
            i[0], i[1], i[2], i[3], i[4], o[0], o[1], o[2], o[3], o[4]);
    }
    let sums: Vec<String> = (0..modules).map(|n| format!("sum{n}")).collect();
    let _ = writeln!(v, "  assign o_sum = {};\nendmodule", sums.join(" ^ "));
    (0..modules).for_each(|n| v += &stage(n));
    v
}

/// Processor time of finished child processes, in seconds: on a busy machine the honest figure.
fn children_cpu() -> f64 {
    // SAFETY: all zeros is a valid rusage, and getrusage fills the one given.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn main() -> Result<(), SimError> {
    let modules = std::env::args().nth(1).and_then(|a| a.parse().ok());
    let modules: usize = modules.unwrap_or(160).max(1);
    if std::env::args().nth(2).is_some_and(|a| a == "text") {
        print!("{}", design(modules));
        return Ok(());
    }
    let dir = std::env::temp_dir().join(format!("ferrowarp-measure-{}", std::process::id()));
    let tiny = "module tiny(input wire clock, input wire [511:0] a, output reg [511:0] q); always @(posedge clock) q <= a; endmodule";
    let timed = |what: &str, builder: &ModelBuilder| {
        let (start, cpu) = (Instant::now(), children_cpu());
        let lib = builder.clone().cache_dir(&dir).build();
        let (wall, cpu) = (start.elapsed().as_secs_f64(), children_cpu() - cpu);
        println!("{what:<44}{wall:>9.3} s ({cpu:.2} s of processor)");
        lib
    };
    let small = ModelBuilder::new(tiny, "tiny");
    timed("runtime and smallest model", &small)?;
    let lib = timed("smallest model, cached", &small)?;
    timed(
        "smallest model",
        &ModelBuilder::new(&format!("{tiny}\n\n"), "tiny"),
    )?;

    let mut dut = lib.instance();
    let (a, q) = (dut.input("a")?, dut.output("q")?);
    let mut bytes = [0x5au8; 64];
    const CYCLES: u32 = 2_000_000;
    let per_cycle =
        |start: Instant, cycles: u32| start.elapsed().as_secs_f64() * 1e9 / f64::from(cycles);
    let start = Instant::now();
    for _ in 0..CYCLES {
        dut.tick()?;
    }
    println!(
        "{:<44}{:>9.1} ns/cycle",
        "clock alone",
        per_cycle(start, CYCLES)
    );
    let start = Instant::now();
    for i in 0..CYCLES {
        bytes[0] = i as u8;
        dut.set_bytes(a, &bytes);
        dut.tick()?;
        dut.get_bytes(q, &mut bytes);
        black_box(&bytes);
    }
    println!(
        "{:<44}{:>9.1} ns/cycle",
        "clock and 512 bits each way",
        per_cycle(start, CYCLES)
    );

    for count in [8, modules] {
        let text = design(count);
        println!("{count} modules, {} lines", text.lines().count());
        let levels: &[&str] = if count == 8 {
            &["-O2"]
        } else {
            &["-O0", "-O1", "-O2"]
        };
        for opt in levels {
            let lib = timed(
                &format!("  build {opt}"),
                &ModelBuilder::new(&text, "measure")
                    .opt(opt)
                    .waive(&["UNUSEDSIGNAL"]),
            )?;
            let mut bench = Bench::new(lib.instance());
            let (i, o) = (bench.source("i")?, bench.sink("o")?);
            bench.sources[i].set_pace(Pace::random(1, 10));
            bench.reset(2)?;
            let cycles = 2_000_000 / count as u32;
            let start = Instant::now();
            for _ in 0..cycles {
                if bench.sources[i].pending() == 0 {
                    bench.sources[i].push_packet(&[7; 640], 0)?;
                }
                bench.cycle()?;
                bench.sinks[o].clear();
            }
            println!(
                "{:<44}{:>9.1} ns/cycle",
                format!("  run {opt}"),
                per_cycle(start, cycles)
            );
        }
    }
    let _ = std::fs::remove_dir_all(&dir);
    Ok(())
}
