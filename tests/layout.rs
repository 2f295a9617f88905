//! The house: who may depend on whom, and what no file may name.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Crate -> the crates of this workspace it may use. Development dependencies are apart.
const ARROWS: &[(&str, &[&str])] = &[
    ("ferrowarp-abi", &[]),
    ("ferrowarp-hdl", &["ferrowarp-abi"]),
    ("ferrowarp-sim", &["ferrowarp-abi", "ferrowarp-hdl"]),
    (
        "ferrowarp-testbench",
        &["ferrowarp-abi", "ferrowarp-hdl", "ferrowarp-sim"],
    ),
    (
        "ferrowarp",
        &[
            "ferrowarp-abi",
            "ferrowarp-hdl",
            "ferrowarp-sim",
            "ferrowarp-testbench",
        ],
    ),
];

/// The independent side of the test bench: it must not share code with what it checks.
const INDEPENDENT: &[&str] = &[
    "build",
    "capture",
    "conversation",
    "golden",
    "replay_plan",
    "tcp_peer",
    "vectors",
    "wire",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Dependencies within the workspace: (normal and build, development) for each crate.
fn metadata() -> BTreeMap<String, [BTreeSet<String>; 2]> {
    let out = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let meta: Value = serde_json::from_slice(&out.stdout).expect("cargo metadata is JSON");
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    list(&meta["packages"])
        .iter()
        .map(|package| {
            let mut uses = [BTreeSet::new(), BTreeSet::new()];
            for dependency in list(&package["dependencies"]) {
                // A path means: of this workspace.
                if dependency["path"].is_string() {
                    let development = dependency["kind"] == "dev";
                    uses[usize::from(development)].insert(text(&dependency["name"]));
                }
            }
            (text(&package["name"]), uses)
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let found = metadata();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        there, known,
        "a new crate needs its arrows in tests/layout.rs"
    );
    for (name, allowed) in ARROWS {
        for used in &found[*name][0] {
            assert!(
                allowed.contains(&used.as_str()),
                "{name} must not depend on {used}: allowed are {allowed:?}"
            );
        }
    }
    // Hardware and schema know nothing of simulation, not even in their tests' code.
    for name in ["ferrowarp-abi", "ferrowarp-hdl"] {
        for used in &found[name][1] {
            assert!(
                !["ferrowarp-sim", "ferrowarp-testbench"].contains(&used.as_str()),
                "{name} uses {used} in its tests: move the test to the crate that simulates"
            );
        }
    }
    // The builder of models works on any Verilog; only its tests bring the chip.
    assert_eq!(
        found["ferrowarp-sim"][0].len(),
        0,
        "sim works on text: it needs no crate of ours"
    );
}

/// Every tracked or new file of the repository that holds text.
fn files() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
        let entries = std::fs::read_dir(dir).expect("a folder of the repository");
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                let built = ["target", "build", ".git"].contains(&name.as_str());
                if !built {
                    walk(&path, out);
                }
            } else if name != "Cargo.lock" && name != ".git" {
                // What is not text (captures) cannot be read as such, and is left out.
                if let Ok(text) = std::fs::read_to_string(&path) {
                    out.push((path, text));
                }
            }
        }
    }
    let mut out = Vec::new();
    walk(&root(), &mut out);
    assert!(out.len() > 50, "only {} files found", out.len());
    out
}

#[test]
fn the_golden_side_shares_no_code_with_the_chip() {
    let folder = root().join("testbench/src");
    let mut seen = BTreeSet::new();
    for (path, text) in files() {
        let Ok(inside) = path.strip_prefix(&folder) else {
            continue;
        };
        let first = inside
            .iter()
            .next()
            .map(|p| p.to_string_lossy().into_owned())
            .unwrap_or_default();
        let room = first.trim_end_matches(".rs");
        if !INDEPENDENT.contains(&room) {
            continue;
        }
        seen.insert(room.to_string());
        for (n, line) in text.lines().enumerate() {
            for word in ["ferrowarp_hdl", "ferrowarp_abi", "crate::chip"] {
                assert!(
                    !line.contains(word),
                    "{}:{}: `{word}`: an oracle that shares the code under test proves nothing",
                    path.display(),
                    n + 1
                );
            }
        }
    }
    assert_eq!(seen, INDEPENDENT.iter().map(|s| s.to_string()).collect());
}

#[test]
fn no_file_names_what_is_outside() {
    // Put together here, so that this file does not name them itself.
    let outside = [
        format!("..{}shared", "/"),
        format!("/{}/shared", "work"),
        format!("/{}/wt", "work"),
        format!("/{}/main", "work"),
        format!("/{}/notes", "work"),
        format!("/{}/", "root"),
        format!("/{}/", "home"),
    ];
    let mut found = Vec::new();
    for (path, text) in files() {
        for (n, line) in text.lines().enumerate() {
            if let Some(what) = outside.iter().find(|o| line.contains(o.as_str())) {
                found.push(format!("{}:{}: {what}", path.display(), n + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "the repository must stand alone:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_source_says_what_it_is_for() {
    let mut silent = Vec::new();
    for (path, text) in files() {
        if path.extension().is_some_and(|e| e == "rs") {
            let first = text
                .lines()
                .find(|l| !l.starts_with("#![") && !l.trim().is_empty());
            if !first.is_some_and(|l| l.starts_with("//!")) {
                silent.push(path.display().to_string());
            }
        }
    }
    assert!(
        silent.is_empty(),
        "these begin without a `//!` head:\n{}",
        silent.join("\n")
    );
}

/// The links of a Markdown page to files of the repository.
fn links(text: &str) -> Vec<&str> {
    let ends = text.split("](").skip(1).filter_map(|t| t.split(')').next());
    let files = ends.filter_map(|l| l.split('#').next());
    files
        .filter(|l| !l.is_empty() && !l.contains("://"))
        .collect()
}

#[test]
fn links_lead_somewhere_and_the_summary_lists_every_page() {
    let docs = root().join("docs");
    let mut pages = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for (path, text) in files() {
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let folder = path.parent().expect("a file is in a folder");
        for link in links(&text) {
            let to = folder.join(link);
            assert!(to.exists(), "{}: dead link {link}", path.display());
            if path == docs.join("SUMMARY.md") {
                listed.insert(to);
            }
        }
        if path.starts_with(&docs) && !path.ends_with("SUMMARY.md") {
            pages.insert(path);
        }
    }
    assert_eq!(listed, pages, "docs/SUMMARY.md does not list every page");
}
