//! The arguments. Their texts are the help, the man pages and the completions.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use tracing_subscriber::filter::LevelFilter;

use super::log::LogFormat;
use crate::model::Lang;

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
    /// Do the same for ever, each source on its own schedule.
    ///
    /// SIGHUP, or a feeds.toml that was changed, has it read again: a wrong one is refused, and the old one stays. SIGTERM
    /// finishes what is in hand and ends within ten seconds.
    Daemon(DaemonArgs),
    /// Validate feeds.toml and show all its problems at once.
    Check(CheckArgs),
    /// Find the feed behind a page and add it to feeds.toml.
    Add(AddArgs),
    /// Exchange sources with other feed readers.
    #[command(subcommand)]
    Opml(OpmlCommand),
    /// Read one feed and print it normalised, as JSON.
    Parse(ParseArgs),
    /// Show sources and editions: what works, what is broken and since when, what is due.
    Status(StatusArgs),
    /// Forget the renditions that match, so that the next run makes them again.
    Retranslate(RetranslateArgs),
    /// Translate one text with engine, glossary, memory and checks.
    Translate(TranslateArgs),
    /// Give the translation memory to other tools, or take theirs.
    #[command(subcommand)]
    Memory(MemoryCommand),
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
pub(super) struct DaemonArgs {
    /// Answer over HTTP as well: /healthz, /readyz, and what the hubs of sources have to tell (WebSub), for which they must
    /// reach this address as `base_url` with `websub/` behind it.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) listen: Option<std::net::SocketAddr>,
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
pub(super) struct CheckArgs {
    /// Visit each source too, keep nothing, and say what is wrong with it and what it asks for.
    #[arg(long)]
    pub(super) probe: bool,
    /// Only these sources (also disabled ones).
    #[arg(long, value_name = "ID", num_args = 1.., requires = "probe")]
    pub(super) source: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// The address of a feed, or of a page that has one.
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub(super) url: String,
    /// Its name in feeds.toml [default: of its host].
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    /// Tags for it.
    #[arg(long, value_name = "TAG", num_args = 1..)]
    pub(super) tag: Vec<String>,
    /// Which one, when there are several.
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    pub(super) pick: Option<usize>,
    /// All of them.
    #[arg(long, conflicts_with = "id")]
    pub(super) all: bool,
    /// Print the table, and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum OpmlCommand {
    /// Print all sources as OPML 2.0.
    Export,
    /// Add the feeds of an OPML file to feeds.toml that are not there yet; its folders become tags.
    Import(OpmlImportArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct OpmlImportArgs {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(super) file: String,
    /// Print the tables, and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
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
pub(super) struct RetranslateArgs {
    /// Those of entries that these editions take, in their languages.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(super) edition: Vec<String>,
    /// Those in this language.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) lang: Option<Lang>,
    /// Those of entries of these sources.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(super) source: Vec<String>,
    /// Those of entries from this day on (2026-11-24).
    #[arg(long, value_name = "DATE")]
    pub(super) since: Option<String>,
    /// Forget the translations of segments that hold this term, too: they will be paid for again.
    #[arg(long, value_name = "TERM")]
    pub(super) term: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct TranslateArgs {
    /// The text, or - for standard input.
    #[arg(default_value = "-", value_name = "TEXT|-")]
    pub(super) text: String,
    /// The language of the text.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) from: Lang,
    /// The language that is wanted.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) to: Lang,
    /// The engine, by its name in feeds.toml [default: the first].
    #[arg(long, value_name = "ID")]
    pub(super) engine: Option<String>,
    /// The text is HTML.
    #[arg(long)]
    pub(super) html: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum MemoryCommand {
    /// Write all translations of the memory.
    Export(ExportArgs),
    /// Take translations into the memory; they come before any engine's.
    Import(ImportArgs),
}

/// How a translation memory is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum MemoryFormat {
    /// TMX 1.4b.
    Tmx,
    /// JSON Lines.
    Jsonl,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The file, or - for standard output.
    #[arg(default_value = "-", value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(super) file: String,
    /// How it is written [default: as its name says, else tmx].
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<MemoryFormat>,
    /// Only from this language.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) from: Option<Lang>,
    /// Only to this language.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) to: Option<Lang>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(super) file: String,
    /// How it is written [default: as its name says, else tmx].
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<MemoryFormat>,
    /// Only from this language; `fr` takes what is from fr-CA as from fr.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) from: Option<Lang>,
    /// Only to this language, likewise.
    #[arg(long, value_name = "LANG", value_parser = language)]
    pub(super) to: Option<Lang>,
    /// Replace what is there.
    #[arg(long)]
    pub(super) replace: bool,
}

/// Reads a language tag.
fn language(tag: &str) -> Result<Lang, String> {
    Lang::new(tag).ok_or_else(|| "this is no language tag; write one as in fr or pt-BR".to_owned())
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Print it as JSON.
    #[arg(long)]
    pub(super) json: bool,
}
