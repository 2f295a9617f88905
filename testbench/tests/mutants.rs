//! The list of injected bugs (`testbench/mutants.toml`) fits the chip that is emitted today, the tests that exist and the
//! requirements. Whether the tests catch them is `make mutants`.

use ferrowarp_hdl::preset::emit_sized;
use ferrowarp_testbench::chip::duel::small_cfg;
use ferrowarp_testbench::chip::mutant::{self, Mutant};
use ferrowarp_testbench::conformance::rows;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many there must be.
const LEAST: usize = 30;

fn list() -> Vec<Mutant> {
    mutant::list().unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_mutant_is_one_change_of_the_emitted_chip() {
    let mut chips = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for m in list() {
        let chip: &String = chips.entry(m.width).or_insert_with(|| {
            let out = emit_sized("chip", m.width, &small_cfg(m.width));
            out.unwrap_or_else(|e| panic!("{e}")).verilog
        });
        let text = m.apply(chip).unwrap_or_else(|e| panic!("{e}"));
        assert!(&text != chip, "{}: nothing changed", m.name);
        assert!(texts.insert(text), "{}: the same bug twice", m.name);
    }
}

#[test]
fn names_requirements_and_tests_of_the_list_exist() {
    let list = list();
    assert!(list.len() >= LEAST, "{} mutants", list.len());
    let ids: BTreeSet<String> = rows::load()
        .unwrap_or_else(|e| panic!("{e}"))
        .into_iter()
        .map(|r| r.id)
        .collect();
    let mut names = BTreeSet::new();
    for m in &list {
        assert!(names.insert(&m.name), "{}: the name is there twice", m.name);
        assert!(!m.bug.is_empty() && !m.tests.is_empty(), "{}", m.name);
        for id in &m.requirements {
            assert!(ids.contains(id), "{}: no requirement {id}", m.name);
        }
        assert!(
            m.survives.as_deref() != Some(""),
            "{}: survives, but why?",
            m.name
        );
        for test in &m.tests {
            assert!(exists(test), "{}: no test {test}", m.name);
        }
    }
}

/// `file::test` is a function of `tests/file.rs` or `tests/file/main.rs`.
fn exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else {
        return false;
    };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = std::fs::read_to_string(tests.join(format!("{file}.rs")))
        .or_else(|_| std::fs::read_to_string(tests.join(file).join("main.rs")));
    text.is_ok_and(|t| t.contains(&format!("fn {name}()")))
}

fn change(old: &str, new: &str, module: &str) -> Mutant {
    Mutant {
        name: "m".into(),
        bug: "b".into(),
        requirements: Vec::new(),
        width: 64,
        module: module.into(),
        old: old.into(),
        new: new.into(),
        tests: Vec::new(),
        survives: None,
    }
}

#[test]
fn a_stale_mutant_is_named() {
    let text = "\nmodule a (x);\n  p p q\nendmodule\n\nmodule ab (x);\n  q r\nendmodule\n";
    let fails = |old, new, module| {
        change(old, new, module)
            .apply(text)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fails("p", "x", "a"),
        "mutants: m: `p` is 2 times in module a, expected once: adapt testbench/mutants.toml"
    );
    assert!(fails("r", "x", "a").contains("`r` is 0 times"));
    assert!(fails("r", "x", "b").contains("no module b"));
    assert!(fails("q", "q", "a").contains("the same"));
    assert_eq!(
        change("q", "s", "a").apply(text).ok(),
        Some(text.replacen('q', "s", 1))
    );
}

#[test]
fn a_position_is_any_number() {
    let text = "\nmodule a (x);\n  y = f[17:3] > c[118:111];\n  z = f[17:3] > c[x:1];\n  w[1] = w[22];\nendmodule\n";
    let of = |old, new| change(old, new, "a").apply(text).map_err(|e| e.to_string());
    let becomes = |old, new, from: &str, to: &str| {
        assert_eq!(
            of(old, new),
            Ok(text.replacen(from, to, 1)),
            "{old} to {new}"
        );
    };
    let fails = |old, new, why: &str| {
        let e = of(old, new).unwrap_err();
        assert!(e.starts_with("mutants: m: ") && e.contains(why), "{e}");
    };
    becomes(
        "f[#:#] > c[#:#]",
        "f[#:#] >= c[#:#]",
        "] > c[118",
        "] >= c[118",
    );
    becomes("w[#] = w[#]", "w[#] = ~w[#]", "= w", "= ~w");
    // The first positions alone, or none.
    becomes("f[#:#] > c[#:#]", "f[#]", "f[17:3] > c[118:111]", "f[17]");
    becomes("f[#:#] > c[#:#]", "0", "f[17:3] > c[118:111]", "0");
    // Whole numbers only, and digits only.
    fails("#2]", "0", "0 times");
    becomes("22", "2", "22", "2");
    becomes("c[#:#]", "0", "c[118:111]", "0");
    fails("f[#:#]", "0", "`f[#:#]` is 2 times in module a");
    fails("w[#]", "0", "2 times");
    fails("y[#]", "0", "0 times");
    fails("w[#] = w[#]", "w[#:#] = #", "more `#`");
    fails("w[#] = w[#]", "w[#] = w[#]", "the same");
}
