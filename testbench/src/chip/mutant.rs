//! Bugs injected on purpose into the emitted Verilog, to see that the tests notice them: `make mutants`.
//!
//! The list is `testbench/mutants.toml`, read when it is asked for. The variable [`VARIABLE`] switches one of them on, in
//! [`super::build`] and so in every test that builds a chip; `testbench/mutants.py` sets it and counts what is caught.
//! A mutant is part of the text that is built, so its model has a place of its own in the cache.
//!
//! A `#` of `old` stands for any number, so that a text does not go stale when the fields of a packed struct move:
//! `form[#:#] > c[#:#]`. The n-th `#` of `new` becomes what the n-th one of `old` stood for.

use serde::Deserialize;
use std::path::PathBuf;
use thiserror::Error;

/// Name of the mutant to build instead of the chip.
pub const VARIABLE: &str = "FERROWARP_MUTANT";

/// What is printed when a mutant is built in; the runner counts a failed test only with this line in its output.
pub const INJECTED: &str = "FERROWARP_MUTANT injected:";

/// One bug.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    pub name: String,
    /// What is wrong then, in a line.
    pub bug: String,
    /// Ids of the requirements that it violates; may be empty for what is not a protocol's matter.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Width of the chip that has it; chips of other widths stay as they are.
    #[serde(default = "narrowest")]
    pub width: usize,
    /// Module of the emitted Verilog.
    pub module: String,
    /// Is in that module exactly once; `#` is any number.
    pub old: String,
    /// What it becomes; the n-th `#` is the number of the n-th one of `old`.
    pub new: String,
    /// Tests that must see it, the quickest first, as `file::test`.
    pub tests: Vec<String>,
    /// Why no test sees it. It is run all the same and counts as not caught.
    #[serde(default)]
    pub survives: Option<String>,
}

/// Why a mutant is not in the chip. Never counts as caught.
#[derive(Debug, Error)]
pub enum MutantError {
    #[error("mutants: {path}: {reason}")]
    List { path: String, reason: String },
    #[error("mutants: {VARIABLE}={0}: no such mutant in testbench/mutants.toml")]
    Unknown(String),
    #[error(
        "mutants: {name}: no module {module} in the emitted chip: adapt testbench/mutants.toml"
    )]
    Module { name: String, module: String },
    #[error(
        "mutants: {name}: `{old}` is {found} times in module {module}, expected once: adapt testbench/mutants.toml"
    )]
    Text {
        name: String,
        module: String,
        old: String,
        found: usize,
    },
    #[error("mutants: {name}: `new` has more `#` than `old`: adapt testbench/mutants.toml")]
    Numbers { name: String },
    #[error("mutants: {name}: `new` is the same as `old`")]
    Same { name: String },
    #[error("mutants: {name}: its chip cannot be built: {reason}")]
    Build { name: String, reason: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

fn narrowest() -> usize {
    64
}

/// Every mutant of the list.
pub fn list() -> Result<Vec<Mutant>, MutantError> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/mutants.toml"));
    let bad = |reason: String| MutantError::List {
        path: path.display().to_string(),
        reason,
    };
    let text = std::fs::read_to_string(&path).map_err(|e| bad(e.to_string()))?;
    let list: List = toml::from_str(&text).map_err(|e| bad(e.to_string()))?;
    Ok(list.mutant)
}

/// The mutant that the environment asks for.
pub fn active() -> Result<Option<Mutant>, MutantError> {
    let Some(name) = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()) else {
        return Ok(None);
    };
    let name = name.to_string_lossy().into_owned();
    match list()?.into_iter().find(|m| m.name == name) {
        Some(mutant) => Ok(Some(mutant)),
        None => Err(MutantError::Unknown(name)),
    }
}

impl Mutant {
    /// The text of a chip with this bug.
    pub fn apply(&self, verilog: &str) -> Result<String, MutantError> {
        let name = || self.name.clone();
        let (start, end) = self.module_of(verilog).ok_or_else(|| MutantError::Module {
            name: name(),
            module: self.module.clone(),
        })?;
        let body = &verilog[start..end];
        let places = places(body, &self.old);
        let [place] = &places[..] else {
            return Err(MutantError::Text {
                name: name(),
                module: self.module.clone(),
                old: self.old.clone(),
                found: places.len(),
            });
        };
        let new =
            fill(&self.new, &place.numbers).ok_or_else(|| MutantError::Numbers { name: name() })?;
        let (before, after) = (&body[..place.start], &body[place.end..]);
        if new == body[place.start..place.end] {
            return Err(MutantError::Same { name: name() });
        }
        Ok([&verilog[..start], before, &new, after, &verilog[end..]].concat())
    }

    /// Where the module's text is.
    fn module_of(&self, verilog: &str) -> Option<(usize, usize)> {
        let start = verilog.find(&format!("\nmodule {} (", self.module))? + 1;
        let end = start + verilog[start..].find("\nendmodule")?;
        Some((start, end))
    }
}

/// Where a text with `#` for numbers is found, and these numbers.
struct Place<'a> {
    start: usize,
    end: usize,
    numbers: Vec<&'a str>,
}

/// Every place of `old` in `body`.
fn places<'a>(body: &'a str, old: &str) -> Vec<Place<'a>> {
    let starts = body.char_indices().map(|(at, _)| at);
    starts.filter_map(|at| place(body, old, at)).collect()
}

/// The place of `old` that begins at `start`, if there is one.
fn place<'a>(body: &'a str, old: &str, start: usize) -> Option<Place<'a>> {
    let part_of_number = |at: usize| at > 0 && body.as_bytes()[at - 1].is_ascii_alphanumeric();
    let (mut at, mut numbers) = (start, Vec::new());
    for (i, text) in old.split('#').enumerate() {
        if i > 0 {
            let rest = &body[at..];
            let len = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if len == 0 || part_of_number(at) {
                return None;
            }
            numbers.push(&rest[..len]);
            at += len;
        }
        at += body[at..].strip_prefix(text).map(|_| text.len())?;
    }
    Some(Place {
        start,
        end: at,
        numbers,
    })
}

/// `new` with its numbers; `None` if there are not enough.
fn fill(new: &str, numbers: &[&str]) -> Option<String> {
    let mut texts = new.split('#');
    let mut out = texts.next().unwrap_or_default().to_string();
    for (i, text) in texts.enumerate() {
        out += numbers.get(i)?;
        out += text;
    }
    Some(out)
}
