//! The results page (`docs/results.md`): every figure in cycles or as a ratio beside its budget, how it is measured, and
//! what `make timing` left. Nothing that depends on the speed of the machine is on it.
//!
//! The sections below say what must be on the page, with the budgets of the code that measures; tests compare the committed page
//! and every measurement with them.

use super::{burst, flows, goodput, number, smallest, sweep, Figure};
use ferrowarp_hdl::preset::Preset;
use std::fmt::Write;

/// The budget at a preset; `None` where the figure is not taken.
type Budget = fn(&Preset) -> Option<f64>;

struct Section {
    title: &'static str,
    how: &'static str,
    figures: &'static [(&'static str, Budget)],
}

const SWEEP: Budget = |_| Some(sweep::BUDGET);
const BURST: Budget = |_| Some(burst::BUDGET);

const SECTIONS: [Section; 6] = [
    Section {
        title: "Frames one at a time",
        how: "Every frame length up to 9014 octets in steps of 4, the worst length counts. *Added cycles*: from the last beat on \
the MAC port to the DMA request, less those of a plain frame of the same length in the same chip. Its *first data beat* is counted from the request, for plain frames too. A plain frame's own bound: \
one that ends before its connection is looked up waits for the lookup, from the beat that completes the *tuple* of addresses and \
ports; a longer one is requested after its last beat (*tlast*).",
        figures: &[
            ("added cycles, Write", SWEEP),
            ("added cycles, Read Response", SWEEP),
            ("added cycles, Send", SWEEP),
            ("request to first data beat", SWEEP),
            ("plain path, tuple to request", |p| Some(sweep::lookup(p))),
            ("plain path, tlast to request", |_| {
                Some(sweep::PLAIN_BUDGET)
            }),
        ],
    },
    Section {
        title: "With TCP timestamps",
        how: "The same with 12 octets of TCP options in every segment, which shift all that follows.",
        figures: &[
            ("added cycles, Write, TCP timestamps", SWEEP),
            ("added cycles, Read Response, TCP timestamps", SWEEP),
            ("added cycles, Send, TCP timestamps", SWEEP),
            ("request to first data beat, TCP timestamps", SWEEP),
        ],
    },
    Section {
        title: "Back to back",
        how: "Bursts on one connection at wire rate, each frame against the plain frame in the same place of the same burst; \
the worst frame counts.",
        figures: &[
            ("added cycles, Write, back to back", BURST),
            ("added cycles, Read Response, back to back", BURST),
            ("added cycles, Send, back to back", BURST),
        ],
    },
    Section {
        title: "The smallest Write",
        how: "4 octets in a frame of 78, at 64 bits.",
        figures: &[("smallest Write, first beat to request", |p| {
            (p.data_width == 64).then_some(smallest::BUDGET)
        })],
    },
    Section {
        title: "Goodput",
        how: "Payload placed over payload offered, Writes at wire rate on one connection. The DMA sink charges 16 octets for each \
packet of 256.",
        figures: &[
            ("goodput, 1440 B Writes", |_| Some(goodput::CASES[0].1)),
            ("goodput, 64 B Writes", |_| Some(goodput::CASES[1].1)),
        ],
    },
    Section {
        title: "Goodput over many connections",
        how: "The same with each frame of another connection than the one before, 1000 connections or as many as the preset has.",
        figures: &[
            ("goodput, 1440 B Writes, many connections", |_| {
                Some(flows::CASES[0].1)
            }),
            ("goodput, 64 B Writes, many connections", |_| {
                Some(flows::CASES[1].1)
            }),
        ],
    },
];

/// Name, preset and budget of every figure of the page.
fn wanted(presets: &[Preset]) -> Vec<(String, String, f64)> {
    let mut all = Vec::new();
    for (name, budget) in SECTIONS.iter().flat_map(|s| s.figures) {
        for preset in presets {
            all.extend(budget(preset).map(|b| (name.to_string(), preset.name.clone(), b)));
        }
    }
    all
}

/// Refuses figures that are not those of the page with their budgets; figures without a budget are left out.
pub fn complete(presets: &[Preset], figures: &[Figure]) -> Result<(), String> {
    let have: Vec<_> = figures
        .iter()
        .filter_map(|f| f.budget.map(|b| (f.name.clone(), f.preset.clone(), b)))
        .collect();
    let want = wanted(presets);
    if let Some(odd) = have.iter().find(|h| !want.contains(h)) {
        return Err(format!("the results page has no place for {odd:?}"));
    }
    match want.iter().find(|w| !have.contains(w)) {
        Some(missing) => Err(format!("{missing:?} was not measured")),
        None => Ok(()),
    }
}

/// How many of the injected bugs the tests have caught.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub caught: usize,
    pub of: usize,
}

impl Score {
    /// From the JSON that `make mutants` leaves: a list of {name, caught_by, ...}; nobody has caught one that survives.
    pub fn parse(json: &str) -> Result<Score, String> {
        #[derive(serde::Deserialize)]
        struct Verdict {
            caught_by: Option<String>,
        }
        let all: Vec<Verdict> = serde_json::from_str(json).map_err(|e| e.to_string())?;
        Ok(Score {
            caught: all.iter().filter(|v| v.caught_by.is_some()).count(),
            of: all.len(),
        })
    }

    /// The section of the page.
    pub fn section(&self) -> String {
        let (caught, of) = (self.caught, self.of);
        let score = match caught == of {
            true => format!("{caught} of {of} are caught"),
            false => format!("**{caught} of {of} are caught, not met**"),
        };
        format!(
            "\n## {INJECTED}\n\n`make mutants` builds the chip with one bug of `testbench/mutants.toml` in its Verilog at a time (an \
off-by-one bound, a skipped key check, a wrong CRC lane, a lost credit, a missed wrap) and runs the tests. {score}.\n"
        )
    }
}

/// Title of the section of injected bugs.
pub const INJECTED: &str = "Injected bugs";

/// The page. `mutants` is what `make mutants` has left, `timing` the Markdown that `make timing` leaves.
pub fn page(
    presets: &[Preset],
    figures: &[Figure],
    mutants: Option<Score>,
    timing: Option<&str>,
) -> Result<String, String> {
    complete(presets, figures)?;
    let mut out = String::from(
        "# Results\n\n\
Made by `make results`, not edited by hand. Measured at the ports of the chip's Verilog in Verilator, in cycles of its clock; in \
brackets the budget: at most, for goodput at least.\n",
    );
    for s in &SECTIONS {
        line(&mut out, &format!("\n## {}\n\n{}\n", s.title, s.how));
        let names: Vec<String> = presets.iter().map(|p| format!("`{}`", p.name)).collect();
        line(&mut out, &format!("| | {} |", names.join(" | ")));
        line(&mut out, &format!("|---|{}", "---|".repeat(presets.len())));
        for (name, _) in s.figures {
            let cells: Vec<String> = presets.iter().map(|p| cell(figures, name, p)).collect();
            line(&mut out, &format!("| {name} | {} |", cells.join(" | ")));
        }
    }
    if let Some(score) = mutants {
        out.push_str(&score.section());
    }
    if let Some(text) = timing {
        out.push('\n');
        for l in text.lines() {
            // A page of its own becomes a section of this one.
            let l = match l.strip_prefix('#') {
                Some(_) => format!("#{l}"),
                None => l.to_string(),
            };
            line(&mut out, &l);
        }
    }
    Ok(out)
}

fn cell(figures: &[Figure], name: &str, preset: &Preset) -> String {
    let found = figures
        .iter()
        .find(|f| f.name == name && f.preset == preset.name);
    let Some((f, budget)) = found.and_then(|f| f.budget.map(|b| (f, b))) else {
        return "-".into();
    };
    let text = format!("{} ({})", number(f.value), number(budget));
    match f.met {
        true => text,
        false => format!("**{text}, not met**"),
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
