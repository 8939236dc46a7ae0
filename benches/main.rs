//! Measures what relais costs, and what its checks of translations are worth. One program, so that it is linked once.
//!
//!     cargo bench                                 everything
//!     cargo bench -- parse                        one of: checks, embedded, memory, parse, run, stories, translate
//!     cargo bench -- parse --check                ends with 1 when a bound is passed
//!
//! The head of each module says what else it takes.

#![expect(clippy::print_stdout, clippy::print_stderr, clippy::cast_precision_loss, reason = "a benchmark prints figures")]

mod checks;
mod embedded;
mod memory;
mod parse;
mod run;
mod stories;
mod translate;

use std::process::ExitCode;

/// A benchmark takes its arguments, and fails if it was asked to check its bounds and one does not hold.
type Bench = fn(&[&str]) -> ExitCode;

const BENCHES: [(&str, Bench); 7] = [
    ("checks", checks::main),
    ("embedded", embedded::main),
    ("memory", memory::main),
    ("parse", parse::main),
    ("run", run::main),
    ("stories", stories::main),
    ("translate", translate::main),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let named = args.first().and_then(|name| BENCHES.iter().find(|(known, _)| known == name));
    match (named, args.first()) {
        (Some((_, bench)), _) => bench(&args[1..]),
        (None, Some(name)) if !name.starts_with('-') => {
            eprintln!("error: there is no benchmark `{name}`");
            ExitCode::FAILURE
        }
        (None, _) => {
            let failed: Vec<&str> =
                BENCHES.iter().filter(|(_, bench)| bench(&args) != ExitCode::SUCCESS).map(|(name, _)| *name).collect();
            if failed.is_empty() {
                return ExitCode::SUCCESS;
            }
            eprintln!("error: bounds do not hold: {}", failed.join(", "));
            ExitCode::FAILURE
        }
    }
}
