//! Every preset, and every width in between, becomes Verilog that `verilator --lint-only -Wall` takes without a word.

use ferrowarp_hdl::preset::{emit_chip, Preset, TOP};

fn lint(name: &str, width: Option<usize>) {
    let mut preset = Preset::find(name).unwrap_or_else(|e| panic!("{e}"));
    if let Some(width) = width {
        preset = preset.with_width(width).unwrap_or_else(|e| panic!("{e}"));
    }
    let chip = emit_chip(&preset).unwrap_or_else(|e| panic!("{e}"));
    ferrowarp_sim::lint(&chip.verilog, TOP, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
}

#[test]
fn ecp5_versa() {
    lint("ecp5-versa", None);
}

#[test]
fn ecp5_1g() {
    lint("ecp5-1g", None);
}

#[test]
fn dc_25g() {
    lint("dc-25g", None);
}

#[test]
fn dc_25g_at_128_bits() {
    lint("dc-25g", Some(128));
}

#[test]
fn dc_100g_at_256_bits() {
    lint("dc-100g", Some(256));
}

#[test]
fn dc_100g() {
    lint("dc-100g", None);
}

#[test]
fn the_same_preset_gives_the_same_text() {
    let preset = Preset::find("ecp5-versa").unwrap_or_else(|e| panic!("{e}"));
    let text = || emit_chip(&preset).unwrap_or_else(|e| panic!("{e}")).verilog;
    assert!(text() == text(), "two emissions of one preset differ");
}
