//! The figures of `make bench` held in a test: every length up to 310, a stride above, both widths.
//!
//! Repeat one with `cargo nextest run -p ferrowarp-testbench --test figures <name>`; `make bench` takes every length.

use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::bench::{self, flows, page, Extent, Progress};
use ferrowarp_testbench::chip::build::build;

fn hold(name: &str) {
    let preset = Preset::find(name).expect("preset");
    let outcome = bench::measure(&preset, Extent::Quick, &Progress::quiet())
        .unwrap_or_else(|e| panic!("{e}"));
    let table = bench::table(&outcome.figures);
    println!("{table}");
    // Without a budget may only be what is listed with its aim.
    for f in &outcome.figures {
        let listed = flows::aim(&f.name).is_some();
        assert_eq!(f.budget.is_none(), listed, "{}:\n{table}", f.name);
    }
    let presets = std::slice::from_ref(&preset);
    page::complete(presets, &outcome.figures).unwrap_or_else(|e| panic!("{e}:\n{table}"));
    assert!(
        outcome.figures.iter().all(|f| f.met),
        "a budget is not met:\n{table}"
    );
    assert_eq!(outcome.svg.is_some(), preset.data_width == 64);
}

#[test]
fn figures_of_dc_25g_at_64_bits() {
    hold("dc-25g");
}

#[test]
fn figures_of_dc_100g_at_512_bits() {
    hold("dc-100g");
}

/// The budget is 0.95. What is reached does not get less.
fn disorder(name: &str, least: f64) {
    let preset = Preset::find(name).expect("preset");
    let lib = build(preset.data_width, &preset.cfg(), false).expect("model");
    let figure = flows::disorder(&preset, &lib).unwrap_or_else(|e| panic!("{e}"));
    println!(
        "{}: {} {} ({})",
        figure.preset, figure.name, figure.value, figure.note
    );
    assert!(figure.value >= least, "{} at {least} before", figure.value);
}

#[test]
fn goodput_of_disorder_at_64_bits() {
    disorder("dc-25g", 0.96);
}

#[test]
fn goodput_of_disorder_at_512_bits() {
    disorder("dc-100g", 0.97);
}
