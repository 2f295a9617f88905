//! Builds small hand-written modules and clocks them: ports of every storage width, registers,
//! assertions, unwritten state.

use ferrowarp_sim::{Direction, ModelBuilder, SimError};

const COUNTER: &str = "
module counter(input wire clock, input wire reset, input wire enable, output reg [7:0] count, output wire last);
  assign last = count == 8'd255 && enable;
  always @(posedge clock) if (reset) count <= 8'd0; else if (enable) count <= count + 8'd1;
endmodule";

#[test]
fn counter_counts() -> Result<(), SimError> {
    let lib = ModelBuilder::new(COUNTER, "counter").build()?;
    let mut dut = lib.instance();
    let (enable, count, last) = (
        dut.input("enable")?,
        dut.output("count")?,
        dut.output("last")?,
    );
    dut.reset(2)?;
    assert_eq!(dut.cycle(), 2);
    for i in 0..600u64 {
        dut.set_u64(enable, u64::from(i % 3 != 0));
        dut.settle()?;
        let before = dut.get_u64(count);
        assert_eq!(dut.get_u64(last) == 1, before == 255 && i % 3 != 0);
        dut.posedge()?;
        assert_eq!(dut.get_u64(count), (before + u64::from(i % 3 != 0)) & 0xff);
    }
    assert_eq!(dut.get_u64(count), 400 & 0xff);
    assert_eq!(dut.cycle(), 602);
    Ok(())
}

#[test]
fn instances_are_independent() -> Result<(), SimError> {
    let lib = ModelBuilder::new(COUNTER, "counter").build()?;
    let mut all: Vec<_> = (0..4).map(|s| lib.instance_seeded(s)).collect();
    for (i, dut) in all.iter_mut().enumerate() {
        dut.reset(1)?;
        let enable = dut.input("enable")?;
        dut.set_u64(enable, 1);
        for _ in 0..i {
            dut.tick()?;
        }
    }
    for (i, dut) in all.iter().enumerate() {
        assert_eq!(dut.get_u64(dut.output("count")?), i as u64);
    }
    Ok(())
}

const WIDTHS: [u32; 12] = [1, 8, 9, 16, 17, 32, 33, 64, 65, 128, 130, 512];

#[test]
fn ports_of_every_width_roundtrip_with_masks() -> Result<(), SimError> {
    let mut text = String::from("module widths(input wire clock");
    for w in WIDTHS {
        text += &format!(", input wire [{0}:0] a{w}, output reg [{0}:0] q{w}", w - 1);
    }
    text += ");\n always @(posedge clock) begin\n";
    for w in WIDTHS {
        text += &format!("  q{w} <= ~a{w};\n");
    }
    text += " end\nendmodule\n";
    let lib = ModelBuilder::new(&text, "widths").build()?;
    assert_eq!(lib.ports().len(), 1 + 2 * WIDTHS.len());
    let mut dut = lib.instance();
    for w in WIDTHS {
        let (a, q) = (dut.input(&format!("a{w}"))?, dut.output(&format!("q{w}"))?);
        assert_eq!(dut.info(a).width, w);
        assert_eq!(dut.info(q).direction, Direction::Output);
        let n = w.div_ceil(8) as usize;
        let top = 0xffu8 >> ((8 - w % 8) % 8);
        for round in 0..4u8 {
            // More bytes than the port has: the rest must be cut off.
            let bytes: Vec<u8> = (0..n + 3)
                .map(|i| (i as u8).wrapping_mul(37) ^ (round * 0x55))
                .collect();
            dut.set_bytes(a, &bytes);
            dut.tick()?;
            let mut expect: Vec<u8> = bytes[..n].iter().map(|b| !b).collect();
            expect[n - 1] &= top;
            let mut back = vec![0xee; n + 2];
            dut.get_bytes(q, &mut back);
            assert_eq!(back[..n], expect, "width {w}");
            assert_eq!(back[n..], [0, 0]);
            let mut low = [0; 16];
            low[..n.min(16)].copy_from_slice(&expect[..n.min(16)]);
            assert_eq!(dut.get_u128(q), u128::from_le_bytes(low));
            assert_eq!(dut.get_u64(q), u128::from_le_bytes(low) as u64);
        }
        dut.set_u64(a, u64::MAX);
        dut.tick()?;
        let mask = u128::MAX >> 128u32.saturating_sub(w);
        assert_eq!(dut.get_u128(q), !u128::from(u64::MAX) & mask, "width {w}");
    }
    Ok(())
}

#[test]
fn bad_verilog_is_one_line_with_a_log() {
    let error = ModelBuilder::new("module bad(input wire a; endmodule", "bad")
        .build()
        .expect_err("must not build");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    let SimError::Verilog { log, first, .. } = error else {
        panic!("{text}")
    };
    assert!(first.contains("syntax error"), "{first}");
    assert!(std::fs::read_to_string(&log)
        .expect("log exists")
        .contains(&first));
}

#[test]
fn a_warning_fails_unless_waived() -> Result<(), SimError> {
    let text = "module warn(input wire [3:0] a, output wire q); assign q = a[0]; endmodule";
    let error = ModelBuilder::new(text, "warn")
        .build()
        .expect_err("must not build");
    assert!(error.to_string().contains("UNUSED"), "{error}");
    ModelBuilder::new(text, "warn")
        .waive(&["UNUSEDSIGNAL"])
        .build()?;
    Ok(())
}
