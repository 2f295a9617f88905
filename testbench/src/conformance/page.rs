//! A state for every row, what is wrong with them, and the page.

use super::rows::Row;
use super::scan::WIDTHS;
use super::status::Class;
use super::Conformance;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// State of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Tests that count, and what they leave open, if anything.
    Tested(Vec<String>, Option<String>),
    PutOff(Class, String),
    NotYet(String),
    /// No test, and the status file does not name it.
    Unknown,
}

/// Rows by state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub tested: usize,
    pub in_part: usize,
    pub not_yet: usize,
    pub put_off: BTreeMap<Class, usize>,
    pub unknown: usize,
}

impl Conformance {
    /// Tests of a row that count.
    fn counted(&self, id: &str) -> Vec<String> {
        let not = |test: &str| {
            self.status
                .doubtful
                .iter()
                .any(|d| d.test == bare(test) && d.ids.iter().any(|i| i == id))
        };
        let tests = self.scan.tests.get(id);
        tests
            .into_iter()
            .flatten()
            .filter(|t| !not(t))
            .cloned()
            .collect()
    }

    pub fn state(&self, id: &str) -> State {
        let has = |ids: &[String]| ids.iter().any(|i| i == id);
        let tests = self.counted(id);
        if !tests.is_empty() {
            let part = self.status.part.iter().find(|p| has(&p.ids));
            return State::Tested(tests, part.map(|p| p.rest.clone()));
        }
        if let Some(p) = self.status.put_off.iter().find(|p| has(&p.ids)) {
            return State::PutOff(p.class, p.reason.clone());
        }
        match self.status.not_yet.iter().find(|n| has(&n.ids)) {
            Some(n) => State::NotYet(n.missing.clone()),
            None => State::Unknown,
        }
    }

    pub fn counts(&self) -> Counts {
        let mut c = Counts::default();
        for r in &self.rows {
            match self.state(&r.id) {
                State::Tested(_, rest) => {
                    c.tested += 1;
                    c.in_part += usize::from(rest.is_some());
                }
                State::PutOff(class, _) => *c.put_off.entry(class).or_default() += 1,
                State::NotYet(_) => c.not_yet += 1,
                State::Unknown => c.unknown += 1,
            }
        }
        c
    }

    /// Everything that contradicts itself, one line each.
    pub fn faults(&self) -> Vec<String> {
        let mut out = Vec::new();
        let rows: BTreeMap<&str, &Row> = self.rows.iter().map(|r| (r.id.as_str(), r)).collect();
        for (id, file) in &self.scan.written {
            if !rows.contains_key(id.as_str()) {
                out.push(format!("{file}: {id} is in neither table"));
            }
        }
        let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, kind) in self.status.ids() {
            if !rows.contains_key(id) {
                out.push(format!("status.toml: {id} ({kind}) is in neither table"));
            }
            let has_test = !self.counted(id).is_empty();
            match kind {
                "doubtful" => continue,
                "part" if !has_test => out.push(format!("status.toml: {id} (part) has no test")),
                "put_off" | "not_yet" if has_test => out.push(format!(
                    "status.toml: {id} ({kind}) has a test, take the row out: {}",
                    self.counted(id).join(", ")
                )),
                _ => {}
            }
            if let Some(before) = listed.insert(id, kind) {
                out.push(format!(
                    "status.toml: {id} is there twice: {before}, {kind}"
                ));
            }
        }
        for p in &self.status.put_off {
            for r in p.ids.iter().filter_map(|i| rows.get(i.as_str())) {
                let own = match p.class {
                    Class::Sender => r.is_sender(),
                    Class::Host => r.who == "host",
                    Class::System => r.who == "system",
                    Class::Option => false,
                };
                if p.reason.trim().is_empty() && !own {
                    out.push(format!(
                        "status.toml: {} (who: {}) is put off as {} without a reason",
                        r.id,
                        r.who,
                        p.class.name()
                    ));
                }
            }
        }
        for n in &self.status.not_yet {
            if n.missing.trim().is_empty() {
                let ids = n.ids.join(", ");
                out.push(format!("status.toml: {ids} (not_yet): say what is missing"));
            }
        }
        for d in &self.status.doubtful {
            for id in &d.ids {
                let there = self
                    .scan
                    .tests
                    .get(id)
                    .is_some_and(|t| t.iter().any(|t| bare(t) == d.test));
                if !there {
                    out.push(format!(
                        "status.toml: {} does not carry {id} (doubtful), take the entry out",
                        d.test
                    ));
                }
            }
        }
        for r in &self.rows {
            if self.state(&r.id) == State::Unknown {
                out.push(format!(
                    "{} has no test and status.toml does not name it: {}",
                    r.id, r.requirement
                ));
            }
        }
        out
    }

    /// The page.
    pub fn render(&self) -> String {
        let mut out = String::new();
        // A String takes everything.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let c = self.counts();
        let off: usize = c.put_off.values().sum();
        writeln!(out, "# Conformance of the receive path\n")?;
        writeln!(
            out,
            "Made from `testbench/conformance` and the sources of the tests; `BLESS=1 cargo test -p ferrowarp-testbench --test conformance_page`\nwrites it anew. Do not edit it.\n"
        )?;
        writeln!(
            out,
            "**Receiver rows: {} tested, {} not yet.** Put off: {off} rows of {}.\n",
            c.tested,
            c.not_yet,
            self.rows.len()
        )?;
        writeln!(out, "| state | rows | |\n|---|---|---|")?;
        writeln!(out, "| tested | {} | a test of the chip or of its blocks carries the id, applies the stimulus, checks the code |", c.tested)?;
        writeln!(out, "| of these in part | {} | the receive path's share is tested, the rest is named in the row |", c.in_part)?;
        writeln!(
            out,
            "| not yet | {} | what is missing stands in the row |",
            c.not_yet
        )?;
        for class in Class::ALL {
            let n = c.put_off.get(&class).copied().unwrap_or(0);
            writeln!(
                out,
                "| put off: {} | {n} | {} |",
                class.name(),
                about(class)
            )?;
        }
        writeln!(out, "\n## Not yet\n")?;
        self.table(
            out,
            |s| match s {
                State::NotYet(m) => Some(m.clone()),
                _ => None,
            },
            "missing",
        )?;
        if !self.status.doubtful.is_empty() {
            writeln!(
                out,
                "Ids in tests that are not counted:\n\n| test | ids | why |\n|---|---|---|"
            )?;
            for d in &self.status.doubtful {
                writeln!(
                    out,
                    "| `{}` | {} | {} |",
                    d.test,
                    d.ids.join(", "),
                    cell(&d.why)
                )?;
            }
            writeln!(out)?;
        }
        writeln!(out, "## Tested\n")?;
        self.table(
            out,
            |s| match s {
                State::Tested(tests, rest) => {
                    let rest = rest
                        .as_ref()
                        .map_or(String::new(), |r| format!("; open: {r}"));
                    Some(format!("{}{rest}", names(tests)))
                }
                _ => None,
            },
            "tests",
        )?;
        writeln!(out, "## Put off\n")?;
        for class in Class::ALL {
            writeln!(out, "### {}: {}\n", class.name(), about(class))?;
            self.table(
                out,
                |s| match s {
                    State::PutOff(c, reason) if *c == class => Some(reason.clone()),
                    _ => None,
                },
                "reason",
            )?;
        }
        Ok(())
    }

    /// Rows for whose state `text` gives something.
    fn table(
        &self,
        out: &mut String,
        text: impl Fn(&State) -> Option<String>,
        head: &str,
    ) -> std::fmt::Result {
        writeln!(
            out,
            "| id | who | requirement | {head} |\n|---|---|---|---|"
        )?;
        for r in &self.rows {
            if let Some(t) = text(&self.state(&r.id)) {
                writeln!(
                    out,
                    "| {} | {} | {} | {} |",
                    r.id,
                    r.who,
                    cell(&r.requirement),
                    cell(&t)
                )?;
            }
        }
        writeln!(out)
    }
}

fn about(class: Class) -> &'static str {
    match class {
        Class::Sender => "what leaves the chip; the transmit path is not built yet",
        Class::Host => "driver and connection manager",
        Class::System => "outside of NIC and driver",
        Class::Option => "FerroWARP does not offer it",
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A test's name without the data widths at its end.
fn bare(test: &str) -> &str {
    let mut name = test;
    while let Some((rest, last)) = name.rsplit_once('_') {
        if !WIDTHS.contains(&last) {
            break;
        }
        name = rest;
    }
    name
}

/// Names in short: widths of one test together, at most four tests.
fn names(tests: &[String]) -> String {
    let all: BTreeSet<&str> = tests.iter().map(|t| bare(t)).collect();
    let mut text: Vec<String> = all.iter().take(4).map(|t| format!("`{t}`")).collect();
    if all.len() > 4 {
        text.push(format!("{} more", all.len() - 4));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::scan::Scan;
    use crate::conformance::status::Status;

    fn row(id: &str, who: &str) -> Row {
        Row {
            id: id.into(),
            requirement: "a | b".into(),
            section: String::new(),
            level: String::new(),
            who: who.into(),
            test: String::new(),
            error: String::new(),
            source: String::new(),
            group: String::new(),
        }
    }

    fn made(status: &str) -> Conformance {
        let mut scan = Scan::default();
        let all = BTreeSet::from(["t::one_64".to_string(), "t::one_512".to_string()]);
        scan.tests.insert("MPA-01".into(), all);
        scan.written.insert("MPA-01".into(), "a.rs".into());
        Conformance {
            rows: vec![
                row("MPA-01", "rx"),
                row("MPA-02", "rx"),
                row("MPA-03", "tx"),
            ],
            status: Status::parse(status).expect("legal"),
            scan,
        }
    }

    const GOOD: &str = "[[put_off]]\nclass = \"sender\"\nids = [\"MPA-03\"]\n[[not_yet]]\nmissing = \"m\"\nids = [\"MPA-02\"]\n";

    #[test]
    fn a_whole_table_has_no_faults() {
        let c = made(GOOD);
        assert_eq!(c.faults(), Vec::<String>::new());
        let n = c.counts();
        assert_eq!((n.tested, n.not_yet, n.unknown), (1, 1, 0));
        let page = c.render();
        assert!(page.contains("**Receiver rows: 1 tested, 1 not yet.** Put off: 1 rows of 3."));
        assert!(
            page.contains("| MPA-01 | rx | a \\| b | `t::one` |"),
            "{page}"
        );
    }

    #[test]
    fn every_fault_is_named() {
        let cases = [
            (
                "[[not_yet]]\nmissing = \"m\"\nids = [\"MPA-0\"]\n",
                "MPA-0 (not_yet) is in neither table",
            ),
            (
                "[[not_yet]]\nmissing = \"m\"\nids = [\"MPA-01\"]\n",
                "MPA-01 (not_yet) has a test",
            ),
            (
                "[[put_off]]\nclass = \"host\"\nreason = \"r\"\nids = [\"MPA-01\"]\n",
                "MPA-01 (put_off) has a test",
            ),
            (
                "[[put_off]]\nclass = \"sender\"\nids = [\"MPA-02\"]\n",
                "MPA-02 (who: rx) is put off as sender without a reason",
            ),
            (
                "[[not_yet]]\nmissing = \"\"\nids = [\"MPA-02\"]\n",
                "say what is missing",
            ),
            (
                "[[part]]\nrest = \"r\"\nids = [\"MPA-02\"]\n",
                "MPA-02 (part) has no test",
            ),
            (
                "[[doubtful]]\ntest = \"t::two\"\nwhy = \"w\"\nids = [\"MPA-01\"]\n",
                "t::two does not carry MPA-01",
            ),
            ("", "MPA-02 has no test and status.toml does not name it"),
        ];
        for (status, want) in cases {
            let faults = made(status).faults();
            assert!(
                faults.iter().any(|f| f.contains(want)),
                "{want}: {faults:?}"
            );
        }
        let twice = made(&format!(
            "{GOOD}[[not_yet]]\nmissing = \"n\"\nids = [\"MPA-02\"]\n"
        ));
        assert_eq!(
            twice.faults(),
            ["status.toml: MPA-02 is there twice: not_yet, not_yet"]
        );
        let mut unknown = made(GOOD);
        unknown.scan.written.insert("MPA-0".into(), "b.rs".into());
        assert_eq!(unknown.faults(), ["b.rs: MPA-0 is in neither table"]);
    }

    #[test]
    fn a_doubtful_test_does_not_count() {
        let c = made("[[doubtful]]\ntest = \"t::one\"\nwhy = \"w\"\nids = [\"MPA-01\"]\n");
        assert_eq!(c.state("MPA-01"), State::Unknown);
    }
}
