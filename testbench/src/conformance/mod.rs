//! The conformance tables: their rows, the state of each, and the page `docs/conformance.md` that is made from both.
//!
//! * [`rows`]: `testbench/conformance/requirements.csv` and `toe_requirements.csv`, read as they are.
//! * [`scan`]: which test carries which row's id, found in the sources of the tests that run hardware.
//! * [`status`]: `testbench/conformance/status.toml`: rows put off, rows not tested yet, tests whose id is not counted.
//! * [`page`]: a state for every row, the faults in the above, and the page.
//!
//! An id in the name, in a comment or in a string of a test says: this test applies the row's stimulus and checks its code.

pub mod page;
pub mod rows;
pub mod scan;
pub mod status;

use std::path::Path;
use thiserror::Error;

/// Why the page cannot be made.
#[derive(Debug, Error)]
pub enum ConformanceError {
    #[error("{path}: {source}")]
    File {
        path: String,
        source: std::io::Error,
    },
    #[error("{file}, line {line}: {what}")]
    Csv {
        file: &'static str,
        line: usize,
        what: String,
    },
    #[error("testbench/conformance/status.toml: {0}")]
    Status(#[from] toml::de::Error),
}

/// Everything read from the repository at `root`.
pub struct Conformance {
    pub rows: Vec<rows::Row>,
    pub status: status::Status,
    pub scan: scan::Scan,
}

impl Conformance {
    pub fn load(root: &Path) -> Result<Self, ConformanceError> {
        let rows = rows::load()?;
        let status = status::Status::parse(include_str!("../../conformance/status.toml"))?;
        let scan = scan::Scan::repository(root)?;
        Ok(Conformance { rows, status, scan })
    }
}
