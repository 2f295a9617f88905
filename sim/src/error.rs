//! Every way a model can fail to build or to run, one clear line each.

use std::path::PathBuf;

/// Error of building, loading or clocking a model.
#[derive(thiserror::Error)]
pub enum SimError {
    /// A program needed to build models is not installed.
    #[error("{tool} not found ({tried}): run `make setup`, or put it on PATH")]
    ToolMissing {
        /// `verilator` or the C++ compiler.
        tool: &'static str,
        /// What was tried.
        tried: String,
    },
    /// Verilator refuses the text: an error, or a `-Wall` warning that no waiver covers.
    #[error("Verilator refuses module `{top}`: {first} (log: {})", log.display())]
    Verilog {
        /// Top module.
        top: String,
        /// First error or warning line.
        first: String,
        /// The whole log; the text itself stands beside it.
        log: PathBuf,
    },
    /// The C++ of the model does not compile: a fault of the shim or the compiler.
    #[error("model `{top}` does not compile: {first} (log: {})", log.display())]
    Compile {
        /// Top module.
        top: String,
        /// First error line.
        first: String,
        /// The whole log.
        log: PathBuf,
    },
    /// The built library does not load.
    #[error("cannot load model {}: {reason}; delete that folder and build again", path.display())]
    Load {
        /// Library file.
        path: PathBuf,
        /// The loader's words.
        reason: String,
    },
    /// A file or folder of the model cache cannot be used.
    #[error("{}: {source}; set FERROWARP_CACHE to a writable folder", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A builder argument that cannot be meant.
    #[error("bad argument: {0}")]
    Argument(String),
    /// No such port at the top module.
    #[error("module `{top}` has no port `{name}`; it has: {have}")]
    NoPort {
        /// Top module.
        top: String,
        /// Name asked for.
        name: String,
        /// Ports that look alike, or all.
        have: String,
    },
    /// The port exists but has the other direction or another width than the caller needs.
    #[error("port `{name}` of module `{top}`: {reason}")]
    PortShape {
        /// Top module.
        top: String,
        /// Port.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// An assertion, `$error`, `$fatal` or `$stop` of the Verilog fired.
    #[error("cycle {cycle}: {text}")]
    Assertion {
        /// Cycle counter when it fired.
        cycle: u64,
        /// The Verilog's text, with file and line.
        text: String,
    },
    /// Verilator's runtime gave up (for example a combinational loop); the instance is dead.
    #[error("cycle {cycle}: simulation aborted: {text}")]
    Aborted {
        /// Cycle counter when it happened.
        cycle: u64,
        /// The runtime's text.
        text: String,
    },
    /// The Verilog called `$finish`.
    #[error("cycle {cycle}: the model called $finish")]
    Finished {
        /// Cycle counter when it happened.
        cycle: u64,
    },
    /// A watchdog expired.
    #[error("no progress after {cycles} cycles: {what}")]
    Hang {
        /// Cycles waited.
        cycles: u64,
        /// What was waited for.
        what: String,
    },
    /// A stream broke the ready/valid rules.
    #[error("cycle {cycle}: stream `{stream}`: {text}")]
    Protocol {
        /// Cycle counter.
        cycle: u64,
        /// Stream prefix.
        stream: String,
        /// Broken rule.
        text: String,
    },
    /// Waves were asked of a model built without them.
    #[error("model `{top}` was built without waves: call ModelBuilder::trace(true)")]
    NoTrace {
        /// Top module.
        top: String,
    },
}

impl SimError {
    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        SimError::Io {
            path: path.into(),
            source,
        }
    }
}

/// As `Display`: a test that returns the error shows the line meant for people.
impl std::fmt::Debug for SimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
