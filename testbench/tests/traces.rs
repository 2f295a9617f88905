//! Captures of real peers: what the decoder counts must be what an independent parser counted.
//!
//! `FERROWARP_TRACES=<dir> cargo nextest run -p ferrowarp-testbench --run-ignored all -E 'test(whole_collection)'` checks a
//! directory with the same kind of table in its README.md.

use ferrowarp_testbench::capture::{extract, read, repair, RepairOptions, Side};
use ferrowarp_testbench::golden::OpCounts;
use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
struct Found {
    conns: usize,
    skipped: Vec<String>,
    ops: String,
    crc: String,
    gaps: usize,
}

fn look(path: &Path) -> Found {
    let (capture, _) = repair(&read(path).expect("readable"), &RepairOptions::default());
    let flows = extract(&capture);
    let mut ops = OpCounts::default();
    let (mut ok, mut zero, mut bad, mut gaps) = (0, 0, 0, 0);
    for c in &flows.connections {
        ops.merge(&c.op_counts());
        for side in [Side::Client, Side::Server] {
            gaps += usize::from(c.side(side).gap_at.is_some());
            for f in c.fpdus(side) {
                match (f.fpdu.crc_ok(), f.fpdu.crc_sent) {
                    (true, _) => ok += 1,
                    (false, [0, 0, 0, 0]) => zero += 1,
                    _ => bad += 1,
                }
            }
        }
    }
    let parts = [("ok", ok), ("zero", zero), ("BAD", bad)];
    let crc: Vec<String> = parts
        .iter()
        .filter(|p| p.1 > 0)
        .map(|(n, v)| format!("{n}:{v}"))
        .collect();
    Found {
        conns: flows.connections.len(),
        skipped: flows.skipped.iter().map(|s| s.to_string()).collect(),
        ops: ops.to_string(),
        crc: crc.join(" "),
        gaps,
    }
}

fn sorted(s: &str) -> Vec<String> {
    let mut v: Vec<String> = s.split_whitespace().map(str::to_string).collect();
    v.sort();
    v
}

/// Rows of a README table: cells by column.
fn table(readme: &str) -> Vec<Vec<String>> {
    readme
        .lines()
        .filter(|l| l.starts_with("| ") && l.contains(".pcap"))
        .map(|l| {
            l.trim_matches('|')
                .split('|')
                .map(|c| c.trim().to_string())
                .collect()
        })
        .collect()
}

#[test]
fn kept_traces_match_their_table() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let rows = table(&std::fs::read_to_string(dir.join("README.md")).expect("table"));
    let files = std::fs::read_dir(&dir).expect("traces").flatten();
    let kept = files.filter(|f| f.path().extension().is_some_and(|e| e == "pcap"));
    assert_eq!(rows.len(), kept.count(), "a row for every capture");
    for row in rows {
        let f = look(&dir.join(&row[0]));
        assert_eq!(f.conns.to_string(), row[1], "{}", row[0]);
        assert_eq!(sorted(&f.ops), sorted(&row[3]), "{}", row[0]);
        assert_eq!(f.crc, row[4], "{}", row[0]);
        assert_eq!(f.gaps, 0, "{}", row[0]);
    }
}

#[test]
#[ignore = "needs FERROWARP_TRACES"]
fn whole_collection() {
    let dir = PathBuf::from(
        std::env::var("FERROWARP_TRACES").expect("set FERROWARP_TRACES to a directory of captures"),
    );
    let mut wrong = Vec::new();
    for row in table(&std::fs::read_to_string(dir.join("README.md")).expect("table")) {
        let f = look(&dir.join(&row[0]));
        let crc: String = row[8]
            .split_whitespace()
            .filter(|w| !w.starts_with("padnz"))
            .collect::<Vec<_>>()
            .join(" ");
        // Connections that never got as far as an MPA Request are counted in the table too.
        let conns = f.conns + f.skipped.len();
        // Deliberately broken FPDUs are named differently by different parsers.
        let broken = crc.contains("BAD");
        let ops_differ = !broken && sorted(&f.ops) != sorted(&row[6]);
        let crc_differs = !broken && f.crc != crc;
        if conns.to_string() != row[3] || ops_differ || crc_differs || f.gaps > 0 {
            wrong.push(format!(
                "{}: {f:?}\n   table: conns {} ops {} crc {crc}",
                row[0], row[3], row[6]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
