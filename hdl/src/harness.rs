//! Scan harness: puts a block with thousands of ports on a part with a few hundred pins, for place and route only.
//!
//! Every input comes from one long shift register, every output goes into a register of its own, and those registers are
//! XOR-folded, four to one a stage, into one output pin. So every path into and out of the block begins and ends in a
//! register, no input is constant, no output is unused, and nothing may be pruned.
//! Pins: `clock`, `scan_reset`, `scan_in`, `scan_out`. Registers are named `scan_*`; all else belongs to the block.

use crate::emit::{bits, Dir, PortInfo};
use std::fmt::Write;

/// Bits that one XOR stage folds into one: a single LUT4.
const FOLD: usize = 4;

/// Verilog of module `name`, which holds `dut` with the given ports; `clock` and `reset` are found by name.
pub fn scan_harness(ports: &[PortInfo], dut: &str, name: &str) -> String {
    let of = |dir: Dir| {
        bits(ports, |p| {
            p.dir == dir && p.name != "clock" && p.name != "reset"
        })
    };
    // A block without inputs or outputs still needs one bit.
    let (ins, outs) = (of(Dir::Input).max(1), of(Dir::Output).max(1));
    let mut s =
        format!("module {name}(input clock, input scan_reset, input scan_in, output scan_out);\n");
    let _ = writeln!(
        s,
        "  reg scan_reset_q;\n  always @(posedge clock) scan_reset_q <= scan_reset;"
    );
    let _ = writeln!(s, "  reg [{}:0] scan_shift;", ins - 1);
    let _ = writeln!(
        s,
        "  always @(posedge clock) scan_shift <= {{scan_shift, scan_in}};"
    );
    let _ = writeln!(s, "  wire [{}:0] scan_out_d;", outs - 1);
    let _ = writeln!(s, "  {dut} dut (");
    let (mut i, mut o) = (0, 0);
    let mut pins: Vec<String> = Vec::new();
    for p in ports {
        let net = match (p.name.as_str(), p.dir) {
            ("clock", _) => "clock".to_string(),
            ("reset", _) => "scan_reset_q".to_string(),
            (_, Dir::Input) => {
                i += p.width;
                format!("scan_shift[{}:{}]", i - 1, i - p.width)
            }
            (_, Dir::Output) => {
                o += p.width;
                format!("scan_out_d[{}:{}]", o - 1, o - p.width)
            }
        };
        pins.push(format!("    .{}({net})", p.name));
    }
    let _ = writeln!(s, "{}\n  );", pins.join(",\n"));
    let _ = writeln!(s, "  reg [{}:0] scan_fold0;", outs - 1);
    let _ = writeln!(s, "  always @(posedge clock) scan_fold0 <= scan_out_d;");
    let (mut stage, mut width) = (0, outs);
    while width > 1 {
        let next = width.div_ceil(FOLD);
        let _ = writeln!(s, "  reg [{}:0] scan_fold{};", next - 1, stage + 1);
        for k in 0..next {
            let hi = (k * FOLD + FOLD).min(width) - 1;
            let _ = writeln!(
                s,
                "  always @(posedge clock) scan_fold{}[{k}] <= ^scan_fold{stage}[{hi}:{}];",
                stage + 1,
                k * FOLD
            );
        }
        stage += 1;
        width = next;
    }
    let _ = writeln!(s, "  assign scan_out = scan_fold{stage}[0];\nendmodule");
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_connected_once() {
        let ports = [
            PortInfo::new("clock", Dir::Input, 1),
            PortInfo::new("reset", Dir::Input, 1),
            PortInfo::new("a", Dir::Input, 7),
            PortInfo::new("b", Dir::Input, 1),
            PortInfo::new("x", Dir::Output, 5),
            PortInfo::new("y", Dir::Output, 1),
        ];
        let text = scan_harness(&ports, "dut", "harness");
        for want in [
            ".clock(clock)",
            ".reset(scan_reset_q)",
            ".a(scan_shift[6:0])",
            ".b(scan_shift[7:7])",
            ".x(scan_out_d[4:0])",
            ".y(scan_out_d[5:5])",
            "scan_fold1[1] <= ^scan_fold0[5:4]",
            "scan_fold2[0] <= ^scan_fold1[1:0]",
            "assign scan_out = scan_fold2[0]",
        ] {
            assert!(text.contains(want), "missing {want} in\n{text}");
        }
    }
}
