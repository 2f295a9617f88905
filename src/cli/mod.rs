//! Command line: one module a command; errors become one line on stderr and an exit code.

mod bench;
mod emit;
mod link;
mod presets;
mod progress;
mod replay;

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

/// An open iWARP RNIC, described in Rust: emit it as Verilog, replay captures through it.
#[derive(Debug, Parser)]
#[command(name = "ferrowarp", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  ferrowarp replay traffic.pcap --preset dc-100g
  ferrowarp emit --preset dc-100g -o build/verilog
  ferrowarp bench --quick

Exit codes: 0 good, 1 a bad input or result, 2 a wrong command line.";

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Args),
    Emit(emit::Args),
    Link(link::Args),
    Presets(presets::Args),
    Replay(replay::Args),
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let mut out = io::stdout().lock();
    let result = match cli.command {
        Command::Bench(args) => bench::run(&args, &mut out),
        Command::Emit(args) => emit::run(&args, &mut out),
        Command::Link(args) => link::run(&args, &mut out),
        Command::Presets(args) => presets::run(&args, &mut out),
        Command::Replay(args) => replay::run(&args, &mut out),
    };
    let result = result.and_then(|code| Ok(out.flush().map(|()| code)?));
    match result {
        Ok(code) => code,
        // The reader of our output has gone (`ferrowarp presets | head -1`): no fault of ours.
        Err(error) if broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Help and version go to stdout; anything else is one line that names the way to the help.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    if text.starts_with("error:") {
        let told: Vec<&str> = text
            .split("\n\n")
            .take_while(|part| !part.starts_with("Usage:"))
            .filter(|part| !part.starts_with("For more information"))
            .flat_map(str::split_whitespace)
            .skip(1)
            .collect();
        let usage = text.lines().find_map(|l| l.strip_prefix("Usage: "));
        let command = usage.map_or_else(command_given, |line| {
            let names = line.split_whitespace();
            let names = names.take_while(|w| !w.starts_with(['-', '<', '[']));
            names.collect::<Vec<_>>().join(" ")
        });
        complain(&format!("{}; see `{command} --help`", told.join(" ")));
    } else {
        // No command at all: clap renders the help.
        eprint!("{text}");
    }
    ExitCode::from(2)
}

/// "ferrowarp" and the command that was asked for: clap names no usage for a bad value.
fn command_given() -> String {
    use clap::CommandFactory;
    let given = std::env::args().nth(1).unwrap_or_default();
    match Cli::command().find_subcommand(&given) {
        Some(command) => format!("ferrowarp {}", command.get_name()),
        None => "ferrowarp".into(),
    }
}

/// The error and its causes in one line. Many errors of ours tell their cause themselves: it is not told twice.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn complain(text: &str) {
    let text = text.trim_end();
    let _ = writeln!(io::stderr(), "ferrowarp: {text}");
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
