//! `testbench/conformance/status.toml`: what the tests themselves cannot say about a row.

use super::ConformanceError;
use serde::Deserialize;

/// Who a row that is put off belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What leaves the chip: transmit path.
    Sender,
    /// Driver and its connection manager.
    Host,
    /// Outside of NIC and driver.
    System,
    /// An option that FerroWARP does not offer.
    Option,
}

impl Class {
    pub const ALL: [Class; 4] = [Class::Sender, Class::Host, Class::System, Class::Option];

    pub fn name(self) -> &'static str {
        match self {
            Class::Sender => "sender",
            Class::Host => "host",
            Class::System => "system",
            Class::Option => "option",
        }
    }
}

/// Rows put off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutOff {
    pub class: Class,
    /// May be left out only if the row's own column `who` says the same as `class`.
    #[serde(default)]
    pub reason: String,
    pub ids: Vec<String>,
}

/// Rows without a test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotYet {
    pub missing: String,
    pub ids: Vec<String>,
}

/// Tests and their helpers that carry ids which are not counted: stimulus or check is not the row's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubtful {
    /// `target::item`, as the page names it.
    pub test: String,
    pub why: String,
    pub ids: Vec<String>,
}

/// Tested rows of which a part lies outside of the receive path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What the tests leave open.
    pub rest: String,
    pub ids: Vec<String>,
}

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    #[serde(default)]
    pub put_off: Vec<PutOff>,
    #[serde(default)]
    pub not_yet: Vec<NotYet>,
    #[serde(default)]
    pub doubtful: Vec<Doubtful>,
    #[serde(default)]
    pub part: Vec<Part>,
}

impl Status {
    pub fn parse(text: &str) -> Result<Self, ConformanceError> {
        Ok(toml::from_str(text)?)
    }

    /// Every id with the kind of its entry, repeats included.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &'static str)> {
        fn each<'a>(
            ids: &'a [String],
            kind: &'static str,
        ) -> impl Iterator<Item = (&'a str, &'static str)> {
            ids.iter().map(move |i| (i.as_str(), kind))
        }
        let a = self.put_off.iter().flat_map(|e| each(&e.ids, "put_off"));
        let b = self.not_yet.iter().flat_map(|e| each(&e.ids, "not_yet"));
        let c = self.doubtful.iter().flat_map(|e| each(&e.ids, "doubtful"));
        let d = self.part.iter().flat_map(|e| each(&e.ids, "part"));
        a.chain(b).chain(c).chain(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_unknown_words() {
        let s = Status::parse(
            "[[put_off]]\nclass = \"host\"\nids = [\"MPA-01\"]\n[[not_yet]]\nmissing = \"x\"\nids = [\"MPA-02\"]\n",
        )
        .expect("legal");
        assert_eq!(
            s.ids().collect::<Vec<_>>(),
            [("MPA-01", "put_off"), ("MPA-02", "not_yet")]
        );
        let e = Status::parse("[[put_off]]\nclass = \"someone\"\nids = []\n");
        assert!(e.expect_err("class").to_string().contains("someone"));
    }
}
