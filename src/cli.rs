//! What people type. One file a command; standard output carries the result, standard error everything else.

mod add;
mod args;
mod check;
mod daemon;
mod exit;
mod log;
mod memory;
mod opml;
mod parse;
mod probe;
mod report;
mod retranslate;
mod run;
mod schema;
mod status;
mod table;
mod translate;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, MemoryCommand, OpmlCommand};
use exit::{Exit, Failure};

use log::start_log;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap prints help to standard output and mistakes to standard error; a closed pipe is nobody's failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Good.into() };
        }
    };
    args.color.choice().write_global();
    start_log(args.level(), args.log_format, std::io::stderr().is_terminal());
    let exit = match dispatch(&args) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.tell();
            failure.exit
        }
    };
    exit.into()
}

fn dispatch(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Run(ask) => block_on(run::run(args, ask)),
        Command::Daemon(ask) => block_on(daemon::daemon(args, ask)),
        Command::Check(ask) => block_on(check::check(args, ask)),
        Command::Add(ask) => block_on(add::add(args, ask)),
        Command::Opml(OpmlCommand::Export) => opml::export(args),
        Command::Opml(OpmlCommand::Import(ask)) => opml::import(args, ask),
        Command::Parse(ask) => block_on(parse::parse(args, ask)),
        Command::Status(ask) => block_on(status::status(args, ask)),
        Command::Retranslate(ask) => block_on(retranslate::retranslate(args, ask)),
        Command::Translate(ask) => block_on(translate::translate(args, ask)),
        Command::Memory(MemoryCommand::Export(ask)) => block_on(memory::export(args, ask)),
        Command::Memory(MemoryCommand::Import(ask)) => block_on(memory::import(args, ask)),
        Command::Schema => schema::schema(),
        Command::Completions { shell } => schema::completions(*shell),
        Command::Man { folder } => schema::man(folder.as_deref()),
    }
}

/// Runs a command that waits for the network or the database. One thread does all the waiting: handing each answer from
/// thread to thread costs more than it gains, and what takes time has threads of its own (measured in benches/run).
///
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::own(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(work);
    // A thread that still waits for a name server must not keep the program from ending.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}
