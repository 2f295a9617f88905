//! The `ferrowarp` command: emits the chip, replays captures through it.
//!
//! Exit codes: 0 good, 1 a result or an input is bad (one line on stderr says which), 2 the command line is wrong.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
