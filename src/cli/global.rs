//! The options that every command has.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};
use tracing_subscriber::filter::LevelFilter;

use super::log::LogFormat;

#[derive(Debug, clap::Args)]
pub(super) struct GlobalArgs {
    /// The configuration file.
    #[arg(short, long, global = true, default_value = "feeds.toml", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: PathBuf,
    /// Log more on standard error: -v each visit, -vv each HTTP request and decision, -vvv everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
    /// Print nothing but errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// When to use colours.
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN")]
    pub(super) color: Color,
    /// The format of log lines.
    #[arg(long, global = true, default_value = "text", value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
}

impl GlobalArgs {
    /// Returns the log level that `--quiet` and `--verbose` ask for.
    pub(super) fn log_level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::WARN,
            (false, 1) => LevelFilter::INFO,
            (false, 2) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        }
    }
}

/// The values of `--color`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Color {
    /// On a terminal that supports them, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Returns the same value for the output streams.
    pub(super) fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}
