//! The command line: one file per command, with its arguments and its `run…` function. Results go to standard output, everything
//! else to standard error.

mod add;
mod backup;
mod check;
mod context;
mod correct;
mod count;
mod daemon;
mod error;
mod estimate;
mod explain;
mod global;
mod init;
mod log;
mod memory;
mod models;
mod open;
mod opml;
mod output;
mod parse;
mod preview;
mod probe;
mod progress;
mod prune;
mod report;
mod retranslate;
mod review;
mod run;
mod schema;
mod serve;
mod source_file;
mod status;
mod table;
mod topic;
mod translate;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use error::{CommandError, Exit};
use global::GlobalArgs;

/// Reads news feeds, merges and translates them, and republishes them as Atom, RSS, JSON Feed and HTML.
#[derive(Debug, Parser)]
#[command(name = "relais", version, about, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Begin with `relais init`: it writes a feeds.toml, visits its sources, and says what to open.")]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a feeds.toml to begin with, visit its sources, and say what to open.
    Init(init::InitArgs),
    /// Visit the sources that are due, publish what is new, and exit. For cron.
    Run(run::RunArgs),
    /// Run until stopped, and visit each source on its own schedule.
    ///
    /// On SIGHUP, or when feeds.toml changes, the daemon reloads it; it refuses an invalid file and keeps the old configuration.
    /// On SIGTERM it finishes the work in progress and exits within ten seconds.
    Daemon(daemon::DaemonArgs),
    /// Serve the published output over HTTP until stopped; read-only.
    ///
    /// Beside a daemon or cron jobs that publish it. `relais daemon --listen` serves it too.
    Serve(serve::ServeArgs),
    /// Validate feeds.toml and report all its problems at once.
    Check(check::CheckArgs),
    /// Find the feed of a web page and add it to feeds.toml.
    Add(add::AddArgs),
    /// Exchange sources with other feed readers.
    #[command(subcommand)]
    Opml(opml::OpmlCommand),
    /// Parse a feed and print it, normalised, as JSON.
    Parse(parse::ParseArgs),
    /// Show the state of sources, editions and engines.
    Status(status::StatusArgs),
    /// Show what a source would give now, or what a rule would change in an edition.
    Preview(preview::PreviewArgs),
    /// Explain an entry: its dates, its topic, its place in each edition, its translations.
    Explain(explain::ExplainArgs),
    /// List the texts that stay untranslated or whose translation is in doubt, with the reasons; import corrections.
    Review(review::ReviewArgs),
    /// Correct one translation; it comes before every engine, and the next run publishes it.
    Correct(correct::CorrectArgs),
    /// Delete matching translations; the next run makes them again.
    Retranslate(retranslate::RetranslateArgs),
    /// Delete the entries that no edition keeps any longer (`keep_for`) and that their sources do not list any more.
    Prune(prune::PruneArgs),
    /// Copy the state to a file, also while relais runs.
    ///
    /// For a SQLite state; a PostgreSQL server has commands of its own (docs/OPERATIONS.md). The copy is checked, and is a state
    /// itself.
    Backup(backup::BackupArgs),
    /// Translate one text with engine, glossary, memory and checks.
    Translate(translate::TranslateArgs),
    /// Export or import the translation memory.
    #[command(subcommand)]
    Memory(memory::MemoryCommand),
    /// Get and remove the models of the embedded engine (`kind = "firefox"`).
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// Work on topic rules, which decide what an entry is about.
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Print the JSON Schema of feeds.toml.
    Schema,
    /// Print shell completions.
    Completions(schema::CompletionsArgs),
    /// Print the manual page, or write all of them to a folder.
    Man(schema::ManArgs),
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints help to standard output and mistakes to standard error. A closed pipe is not a failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() };
        }
    };
    cli.global.color.choice().write_global();
    log::start_log(cli.global.log_level(), cli.global.log_format, std::io::stderr().is_terminal());
    let exit = match dispatch(&cli) {
        Ok(exit) => exit,
        Err(error) => {
            error.print();
            error.exit
        }
    };
    exit.into()
}

fn dispatch(Cli { global, command }: &Cli) -> Result<Exit, CommandError> {
    match command {
        Command::Init(args) => block_on(init::run_init(global, args)),
        Command::Run(args) => block_on(run::run(global, args)),
        Command::Daemon(args) => block_on(daemon::run_daemon(global, args)),
        Command::Serve(args) => block_on_all_cores(serve::run_serve(global, args)),
        Command::Check(args) => block_on(check::run_check(global, args)),
        Command::Add(args) => block_on(add::run_add(global, args)),
        Command::Opml(command) => opml::run_opml(global, command),
        Command::Parse(args) => block_on(parse::run_parse(global, args)),
        Command::Status(args) => block_on(status::run_status(global, args)),
        Command::Preview(args) => block_on(preview::run_preview(global, args)),
        Command::Explain(args) => block_on(explain::run_explain(global, args)),
        Command::Review(args) => block_on(review::run_review(global, args)),
        Command::Correct(args) => block_on(correct::run_correct(global, args)),
        Command::Retranslate(args) => block_on(retranslate::run_retranslate(global, args)),
        Command::Prune(args) => block_on(prune::run_prune(global, args)),
        Command::Backup(args) => block_on(backup::run_backup(global, args)),
        Command::Translate(args) => block_on(translate::run_translate(global, args)),
        Command::Memory(command) => block_on(memory::run_memory(global, command)),
        Command::Models(command) => block_on(models::run_models(global, command)),
        Command::Topic(command) => topic::run_topic(command),
        Command::Schema => schema::run_schema(),
        Command::Completions(args) => schema::run_completions(args, Cli::command()),
        Command::Man(args) => schema::run_man(args, &Cli::command()),
    }
}

/// Runs an asynchronous command on one thread: passing each response from thread to thread costs more than it gains (measured
/// in benches/run), and CPU work has its own threads.
fn block_on<T>(command: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    run_to_end(tokio::runtime::Builder::new_current_thread(), command)
}

/// Runs an asynchronous command on a thread for each core: a server answers many clients at once.
fn block_on_all_cores<T>(command: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    run_to_end(tokio::runtime::Builder::new_multi_thread(), command)
}

/// Runs an asynchronous command on a runtime of its own.
fn run_to_end<T>(
    mut runtime: tokio::runtime::Builder,
    command: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let runtime =
        runtime.enable_all().build().map_err(|error| CommandError::internal(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(command);
    // A thread that still waits for a name server must not delay the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_declared_without_conflicts() {
        Cli::command().debug_assert();
    }
}
