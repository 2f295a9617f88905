//! `docs/results.md` is the page that the code makes, with the budgets of the code, and no budget is missed.
//!
//! What has no budget is there with its aim, and says where that is missed.
//!
//! The values are taken as they stand: measuring them again is `make results`, and `figures` holds the budgets in every test run.

use ferrowarp_hdl::preset::Preset;
use ferrowarp_testbench::bench::page::{self, Score};
use ferrowarp_testbench::bench::{flows, Figure, PRESETS};
use ferrowarp_testbench::chip::mutant;

const AGAIN: &str = "make it again: make results";

/// The figures in the page's tables: a cell is `value (budget)`, or `value (aim)` for what is reported without a budget.
fn figures(text: &str) -> Vec<Figure> {
    let mut found = Vec::new();
    for line in text.lines().filter(|l| l.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        for (preset, cell) in PRESETS.iter().zip(&cells[1..]) {
            let Some((value, budget)) = cell.strip_suffix(')').and_then(|c| c.split_once(" ("))
            else {
                continue;
            };
            let number = |t: &str| {
                t.parse()
                    .unwrap_or_else(|e| panic!("{line}: {t}: {e}; {AGAIN}"))
            };
            let value: f64 = number(value);
            let budget = flows::aim(cells[0]).is_none().then(|| number(budget));
            let met = match budget {
                None => true,
                Some(budget) if cells[0].starts_with("goodput") => value >= budget,
                Some(budget) => value <= budget,
            };
            assert!(met, "a budget is not met: {line}");
            found.push(Figure {
                name: cells[0].to_string(),
                preset: preset.to_string(),
                value,
                unit: String::new(),
                budget,
                met,
                note: String::new(),
            });
        }
    }
    found
}

#[test]
fn the_results_page_is_the_code_s_and_every_budget_is_met() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/results.md");
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}; {AGAIN}"));
    assert!(!text.contains("not met"), "{path}: a budget is not met");
    let measured = match text.find("\n## Timing and area") {
        Some(timing) => &text[..timing],
        None => &text,
    };
    let measured = match measured.find(&format!("\n## {}", page::INJECTED)) {
        Some(injected) => {
            let list = mutant::list().unwrap_or_else(|e| panic!("{e}"));
            let score = Score::listed(&list).section();
            let again = "make it again: make mutants results";
            assert_eq!(measured[injected..], score, "{again}");
            &measured[..injected]
        }
        None => measured,
    };
    let presets = PRESETS.map(|p| Preset::find(p).unwrap_or_else(|e| panic!("{e}")));
    let again = page::page(&presets, &figures(measured), None, None);
    assert_eq!(again.as_deref(), Ok(measured), "{AGAIN}");
}
