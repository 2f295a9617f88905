//! Every row of the conformance tables has a state, and `docs/conformance.md` shows it.

use ferrowarp_testbench::conformance::Conformance;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn states_agree_with_the_tests() {
    let c = Conformance::load(root()).unwrap_or_else(|e| panic!("{e}"));
    let faults = c.faults();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn page_is_current() {
    let c = Conformance::load(root()).unwrap_or_else(|e| panic!("{e}"));
    let page = c.render();
    let path = root().join("docs/conformance.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("docs/conformance.md can be written");
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    let line = page.lines().zip(file.lines()).position(|(a, b)| a != b);
    let repeat = "BLESS=1 cargo test -p ferrowarp-testbench --test conformance_page";
    assert!(
        page == file,
        "docs/conformance.md is not what the tables and tests say (first at line {line:?}): run {repeat}"
    );
}
