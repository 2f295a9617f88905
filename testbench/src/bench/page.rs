//! The results page (`docs/results.md`): every figure in cycles or as a ratio beside its budget, how it is measured, and
//! what `make timing` left. Nothing that depends on the speed of the machine is on it.
//!
//! The sections below say what must be on the page, with the budgets of the code that measures; tests compare the committed page
//! and every measurement with them.

use super::{burst, flows, goodput, number, shared, smallest, speed, sweep, Figure};
use crate::chip::mutant::Mutant;
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

const SECTIONS: [Section; 8] = [
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
        title: "Several FPDUs in a segment",
        how: "2 to 12 Writes of 64 octets and more in one segment. The k-th may add 3 + 2 (k - 1) cycles to those of a plain frame as long as \
the segment; the figure is the worst of them less 2 (k - 1).",
        figures: &[(shared::SHARED, |_| Some(shared::BUDGET))],
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
                Some(goodput::CASES[0].1)
            }),
            ("goodput, 64 B Writes, many connections", |_| {
                Some(goodput::CASES[1].1)
            }),
        ],
    },
    Section {
        title: "Goodput of a stream cut anywhere, or out of order",
        how: "The same with Writes on one connection. *Cut anywhere*: their stream in segments of random length, 730 to 1460 octets: nearly all of it goes \
through the assembler. *Swapped*: one Write a segment, and one segment of 20 changes places with the next.",
        figures: &[
            ("goodput, 8192 B Writes cut anywhere", |_| flows::CUT[0].1),
            ("goodput, 1440 B Writes cut anywhere", |_| flows::CUT[1].1),
            ("goodput, 512 B Writes cut anywhere", |_| flows::CUT[2].1),
            (flows::SWAPPED.0, |_| Some(flows::SWAPPED.1)),
        ],
    },
];

/// The section of [`flows::REPORTED`].
const REPORTED: (&str, &str) = (
    "Through the assembler",
    "What has an aim and no budget yet, or no aim. *Cut anywhere*: as above. *Straddling FPDU*: added cycles over a plain frame as long as its last segment, the worst of several lengths and cuts.",
);

/// Name and preset of every figure of the page, and its budget; without one it is reported beside its aim.
fn wanted(presets: &[Preset]) -> Vec<(&'static str, &str, Option<f64>)> {
    let held = SECTIONS.iter().flat_map(|s| s.figures);
    let held = held.flat_map(|(name, budget)| {
        let of = |p| budget(p).map(|b| (*name, p.name.as_str(), Some(b)));
        presets.iter().filter_map(of)
    });
    let reported = flows::REPORTED
        .iter()
        .flat_map(|(name, _)| presets.iter().map(|p| (*name, p.name.as_str(), None)));
    held.chain(reported).collect()
}

/// Refuses figures that are not those of the page with their budgets. Without a budget may only be what is in
/// [`flows::REPORTED`], which is on the page too, and the simulation speed, which is not.
pub fn complete(presets: &[Preset], figures: &[Figure]) -> Result<(), String> {
    let have: Vec<_> = figures
        .iter()
        .filter(|f| f.budget.is_some() || !f.name.starts_with(speed::NAME))
        .map(|f| (f.name.as_str(), f.preset.as_str(), f.budget))
        .collect();
    let want = wanted(presets);
    if let Some(odd) = have.iter().find(|h| !want.contains(h)) {
        return Err(format!(
            "the results page has no place for {odd:?}: a figure needs its budget, or an aim in bench::flows::REPORTED"
        ));
    }
    match want.iter().find(|w| !have.contains(w)) {
        Some(missing) => Err(format!("{missing:?} was not measured")),
        None => Ok(()),
    }
}

/// How many of the injected bugs the tests have caught.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub caught: usize,
    pub survivors: Vec<Survivor>,
}

/// An injected bug that no test has caught.
#[derive(Clone, Debug, PartialEq)]
pub struct Survivor {
    pub name: String,
    pub bug: String,
    /// What the list says of it, if it says something.
    pub why: Option<String>,
}

impl Score {
    /// From the JSON that `make mutants` leaves: a list of {name, bug, caught_by, survives, ...}; nobody has caught one that survives.
    pub fn parse(json: &str) -> Result<Score, String> {
        #[derive(serde::Deserialize)]
        struct Verdict {
            name: String,
            bug: String,
            caught_by: Option<String>,
            survives: Option<String>,
        }
        let all: Vec<Verdict> = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let (caught, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|v| v.caught_by.is_some());
        let survivor = |v: Verdict| Survivor {
            name: v.name,
            bug: v.bug,
            why: v.survives,
        };
        Ok(Score {
            caught: caught.len(),
            survivors: left.into_iter().map(survivor).collect(),
        })
    }

    /// The score when exactly those survive of which the list says why.
    pub fn listed(list: &[Mutant]) -> Score {
        let marked = list.iter().filter(|m| m.survives.is_some());
        let survivors: Vec<Survivor> = marked
            .map(|m| Survivor {
                name: m.name.clone(),
                bug: m.bug.clone(),
                why: m.survives.clone(),
            })
            .collect();
        Score {
            caught: list.len() - survivors.len(),
            survivors,
        }
    }

    /// The section of the page.
    pub fn section(&self) -> String {
        let (caught, of) = (self.caught, self.caught + self.survivors.len());
        let unexplained = self.survivors.iter().any(|s| s.why.is_none());
        let score = match unexplained {
            false => format!("{caught} of {of} are caught"),
            true => format!("**{caught} of {of} are caught, not met**"),
        };
        let mut out = format!(
            "\n## {INJECTED}\n\n`make mutants` builds the chip with one bug of `testbench/mutants.toml` in its Verilog at a time (an \
off-by-one bound, a skipped key check, a wrong CRC lane, a lost credit, a missed wrap) and runs the tests. {score}.\n"
        );
        if !self.survivors.is_empty() {
            out.push_str("\nNot caught:\n\n");
        }
        for s in &self.survivors {
            let why = s.why.as_deref().unwrap_or("**nobody knows why**");
            line(&mut out, &format!("* `{}` ({}): {why}", s.name, s.bug));
        }
        out
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
brackets the budget: at most, for goodput at least. Where there is no budget yet, the aim, and whether it is missed.\n",
    );
    let reported = flows::REPORTED.iter().map(|(name, _)| *name).collect();
    let held = SECTIONS.iter().map(|s| {
        let names: Vec<&str> = s.figures.iter().map(|(name, _)| *name).collect();
        (s.title, s.how, names)
    });
    for (title, how, names) in held.chain([(REPORTED.0, REPORTED.1, reported)]) {
        line(&mut out, &format!("\n## {title}\n\n{how}\n"));
        let columns: Vec<String> = presets.iter().map(|p| format!("`{}`", p.name)).collect();
        line(&mut out, &format!("| | {} |", columns.join(" | ")));
        line(&mut out, &format!("|---|{}", "---|".repeat(presets.len())));
        for name in names {
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
    let of = |f: &&Figure| f.name == name && f.preset == preset.name;
    let Some(f) = figures.iter().find(of) else {
        return "-".into();
    };
    let value = number(f.value);
    match (f.budget, flows::aim(name)) {
        (Some(budget), _) if f.met => format!("{value} ({})", number(budget)),
        (Some(budget), _) => format!("**{value} ({}), not met**", number(budget)),
        (None, Some(aim)) if aim.missed(f.value) => format!("{value} (**{aim}, missed**)"),
        (None, Some(aim)) => format!("{value} ({aim})"),
        (None, None) => "-".into(),
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_figure_may_be_without_a_budget() {
        let presets = [Preset::find("dc-25g").expect("preset")];
        let figure = |name: &str, value: f64, budget: Option<f64>| {
            let mut f = Figure::new("dc-25g", name, value, "", String::new());
            f.budget = budget;
            f
        };
        let mut all: Vec<Figure> = wanted(&presets)
            .into_iter()
            .map(|(name, _, budget)| figure(name, 0.5, budget))
            .collect();
        all.push(figure("simulation speed, idle", 1.0, None));
        assert_eq!(complete(&presets, &all), Ok(()));
        let page = page(&presets, &all, None, None).expect("page");
        assert!(
            page.contains("512 B Writes cut anywhere | 0.5 (0.9) |"),
            "{page}"
        );
        assert!(page.contains("straddling FPDU | 0.5 (aim at most 8) |"));
        assert!(page.contains("128 B Writes cut anywhere | 0.5 (no aim) |"));
        let slow = |f: &Figure| Figure {
            value: 9.0,
            ..f.clone()
        };
        let slow: Vec<Figure> = all.iter().map(slow).collect();
        let late = super::page(&presets, &slow, None, None).expect("page");
        assert!(late.contains("straddling FPDU | 9 (**aim at most 8, missed**) |"));

        let odd = |f: Figure| {
            let all = [&all[..], &[f]].concat();
            complete(&presets, &all).unwrap_err()
        };
        assert!(odd(figure("another", 1.0, None)).contains("no place"));
        assert!(odd(figure("goodput, 64 B Writes", 1.0, None)).contains("no place"));
        let without = |name: &str| {
            let left: Vec<Figure> = all.iter().filter(|f| f.name != name).cloned().collect();
            complete(&presets, &left).unwrap_err()
        };
        assert!(without("straddling FPDU").contains("was not measured"));
        assert!(without("goodput, 64 B Writes").contains("was not measured"));
    }

    #[test]
    fn survivors_are_named_with_their_reason() {
        let json = r#"[{"name":"a","bug":"x","caught_by":"t","survives":null,"seconds":1},
            {"name":"b","bug":"y","caught_by":null,"survives":"nobody looks","seconds":1}]"#;
        let score = Score::parse(json).expect("json");
        let text = score.section();
        assert!(text.contains("1 of 2 are caught.\n\nNot caught:\n\n* `b` (y): nobody looks\n"));
        assert!(!text.contains("not met"));
        let unmarked = Score::parse(&json.replace("\"nobody looks\"", "null")).expect("json");
        assert!(unmarked
            .section()
            .contains("**1 of 2 are caught, not met**"));
    }
}
