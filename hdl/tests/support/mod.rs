//! Golden files and Verilator for the emitter's tests.
#![allow(dead_code)]
pub mod bench;

use ferrowarp_hdl::emit::{Emitted, LINT_FLAGS};
use std::path::PathBuf;
use std::process::Command;

/// Compares with `tests/golden/<name>.v`; `BLESS=1` writes it.
pub fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.v"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    if wanted == text {
        return;
    }
    let line = wanted
        .lines()
        .zip(text.lines())
        .take_while(|(a, b)| a == b)
        .count();
    panic!(
        "{name}.v differs from line {}:\n  golden:  {}\n  emitted: {}\n{}\nif the new text is right, with BLESS=1",
        line + 1,
        wanted.lines().nth(line).unwrap_or("<end>"),
        text.lines().nth(line).unwrap_or("<end>"),
        repeat(),
    );
}

/// The command that repeats the running test.
pub fn repeat() -> String {
    let thread = std::thread::current();
    format!(
        "repeat: cargo test -p ferrowarp-hdl {}",
        thread.name().unwrap_or_default()
    )
}

/// An own directory for one test's files.
pub fn work_dir(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

pub fn have_verilator() -> bool {
    Command::new("verilator")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success())
}

/// The text passes Verilator's lint with every warning on.
pub fn lint(out: &Emitted) {
    if !have_verilator() {
        eprintln!("no verilator: lint skipped");
        return;
    }
    let file = work_dir("lint").join(format!("{}_{}.v", out.top, out.verilog.len()));
    std::fs::write(&file, &out.verilog).unwrap();
    let run = Command::new("verilator")
        .args(LINT_FLAGS)
        .args(["--top-module", &out.top])
        .arg(&file)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && log.is_empty(),
        "lint of {}:\n{log}",
        file.display()
    );
}
