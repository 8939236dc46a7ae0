//! The arguments. Their texts are the help, the man pages and the completions.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use tracing_subscriber::filter::LevelFilter;

use crate::watch::LogFormat;

/// Reads news feeds, merges them and republishes them as Atom, RSS, JSON Feed and HTML.
#[derive(Debug, Parser)]
#[command(name = "relais", version, about, propagate_version = true, max_term_width = 100)]
pub(super) struct Args {
    /// The configuration.
    #[arg(short, long, global = true, default_value = "feeds.toml", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: PathBuf,
    /// Say more on standard error: -v each visit, -vv each request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
    /// Say nothing but errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Colours in what is printed.
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN")]
    pub(super) color: Color,
    /// How log lines are written.
    #[arg(long, global = true, default_value = "text", value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Args {
    /// How much is logged.
    pub(super) fn level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::WARN,
            (false, 1) => LevelFilter::INFO,
            (false, _) => LevelFilter::DEBUG,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Color {
    /// On a terminal that can, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub(super) fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Visit what is due, publish what is new, and exit: what cron calls.
    Run(RunArgs),
    /// Validate feeds.toml and show all its problems at once.
    Check,
    /// Read one feed and print it normalised, as JSON.
    Parse(ParseArgs),
    /// Show sources and editions: what works, what is broken and since when, what is due.
    Status(StatusArgs),
    /// Print the JSON Schema of feeds.toml.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all of them into a folder.
    Man {
        /// The folder.
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Visit only these sources (also disabled ones).
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(super) source: Vec<String>,
    /// Publish only these editions.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(super) edition: Vec<String>,
    /// Visit what is not due as well.
    #[arg(long)]
    pub(super) force: bool,
    /// Fetch and read, but write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ParseArgs {
    /// A file, an http(s) address, or - for standard input.
    #[arg(required_unless_present = "batch", conflicts_with = "batch", value_name = "FILE|URL|-")]
    pub(super) input: Option<String>,
    /// What relative links are relative to [default: where the feed came from].
    #[arg(long, value_name = "BASE")]
    pub(super) url: Option<String>,
    /// The Content-Type that the feed came with.
    #[arg(long, value_name = "CT")]
    pub(super) content_type: Option<String>,
    /// Read every file of DIR/manifest.jsonl (`{"file","url","content_type"}` a line); print one JSON line each.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) batch: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Print it as JSON.
    #[arg(long)]
    pub(super) json: bool,
}
