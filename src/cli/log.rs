//! The log on standard error, for people or for machines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The values of `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Starts the log. `RELAIS_LOG` (in the syntax of `RUST_LOG`) overrides the level; crates other than relais are silent without it.
pub(super) fn start_log(level: LevelFilter, format: LogFormat, colour: bool) {
    let filter = match std::env::var("RELAIS_LOG") {
        Ok(directives) if !directives.is_empty() => EnvFilter::builder().parse_lossy(directives),
        _ => EnvFilter::builder().parse_lossy(format!("off,relais={level}")),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // Fails only if a log exists already, started by a test in the same process.
    let _ = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
