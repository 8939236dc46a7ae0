//! `relais review`: the segments that a person may want to look at, and `relais review import`.

mod import;
mod list;
mod reasons;

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};

use anstream::eprintln;
use clap::{Args, Subcommand, ValueEnum};

use super::context::{load_plan, parse_day, parse_lang, select_editions};
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use crate::clock::SystemClock;
use crate::config::{Edition, Plan};
use crate::model::{Clock, Lang, SeenSegment, SourceId, Time};
use crate::pipeline::{SegmentReview, open_glossary_and_engines};
use crate::store::{Access, Store, StoreError};
use crate::translate::{ReviewFormat, ReviewRow, write_review};
pub(super) use import::{Written, save, warn};

/// The values of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// Tab-separated values, for a spreadsheet.
    Tsv,
    /// XLIFF 2.1, for a translator's tool.
    Xliff,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ReviewArgs {
    #[command(subcommand)]
    command: Option<ReviewCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum ReviewCommand {
    /// Take corrections from a TSV or XLIFF file; they come before every engine, and the next run publishes them.
    Import(import::ImportArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only segments that these editions show.
    #[arg(long, value_name = "ID", num_args = 1..)]
    edition: Vec<String>,
    /// Only translations into this language.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    lang: Option<Lang>,
    /// Only translations from this language.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    from: Option<Lang>,
    /// Only segments of entries published since this day (2026-11-24).
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// The format of the list.
    #[arg(long, value_name = "FORMAT", default_value = "table", conflicts_with = "json")]
    format: Format,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Lists segments, or imports corrections.
pub(super) async fn run_review(global: &GlobalArgs, args: &ReviewArgs) -> Result<Exit, CommandError> {
    match &args.command {
        Some(ReviewCommand::Import(args)) => import::import(global, args).await,
        None => list_for_review(global, &args.list).await,
    }
}

async fn list_for_review(global: &GlobalArgs, args: &ListArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let editions = select_editions(&plan, &args.edition)?;
    let since = args.since.as_deref().map(parse_day).transpose()?;
    let store = open_to_look(&plan).await?;
    let mut segments = list_segments(&plan, &store, editions.as_ref(), args.lang.as_ref(), since).await?;
    segments.retain(|segment| segment.verdict.is_some() && is_language(args.from.as_ref(), &segment.from));
    // The sort is stable: within a state the newest entries come first.
    segments.sort_by_key(|segment| segment.verdict.as_ref().map(|verdict| verdict.state));
    if args.json {
        let text = serde_json::to_string_pretty(&segments.iter().map(list::json).collect::<Vec<_>>())
            .map_err(CommandError::internal)?
            + "\n";
        return print(&text).map(|()| Exit::Success);
    }
    match args.format {
        Format::Table => print(&list::table(&segments))?,
        Format::Tsv => write(ReviewFormat::Tsv, &segments)?,
        Format::Xliff => {
            check_one_pair(&segments)?;
            write(ReviewFormat::Xliff, &segments)?;
        }
    }
    if !global.quiet && (args.format == Format::Table || segments.is_empty()) {
        eprintln!("{}", list::summary(&segments));
    }
    Ok(Exit::Success)
}

/// Opens the store to read.
pub(super) async fn open_to_look(plan: &Plan) -> Result<Store, CommandError> {
    match Store::open(plan.state.url(), Access::Look).await {
        Err(StoreError::Empty { .. }) => {
            Err(CommandError::usage("nothing has been fetched yet").with_hint("run `relais run` first"))
        }
        opened => opened.map_err(CommandError::internal),
    }
}

/// Lists the segments of the entries that editions show, as readers see them.
pub(super) async fn list_segments(
    plan: &Plan,
    store: &Store,
    editions: Option<&HashSet<String>>,
    lang: Option<&Lang>,
    since: Option<Time>,
) -> Result<Vec<SeenSegment>, CommandError> {
    let (engines, glossary) = open_glossary_and_engines(plan).map_err(CommandError::usage)?;
    let paged: HashSet<SourceId> =
        plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect();
    let is_wanted = |edition: &&Edition| editions.is_none_or(|editions| editions.contains(&edition.id));
    let review = SegmentReview {
        editions: plan.editions.iter().filter(is_wanted).collect(),
        lang,
        since,
        engines: &engines,
        glossary: &glossary,
        store,
        paged: &paged,
        now: SystemClock.now(),
    };
    review.list().await.map_err(CommandError::internal)
}

/// Returns true if a language is the wanted one; one without a region includes all its regions.
pub(super) fn is_language(wanted: Option<&Lang>, lang: &Lang) -> bool {
    wanted.is_none_or(|wanted| wanted == lang || wanted.as_str() == lang.primary())
}

/// Checks that all segments are in the same languages: XLIFF has one pair in a document.
fn check_one_pair(segments: &[SeenSegment]) -> Result<(), CommandError> {
    let mut pairs: Vec<String> = segments.iter().map(|segment| format!("{}→{}", segment.from.primary(), segment.to)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    if pairs.len() < 2 {
        return Ok(());
    }
    let message = format!("an XLIFF document holds one pair of languages, and there are {}", pairs.join(", "));
    Err(CommandError::usage(message).with_hint("name one with --lang, and --from where sources have several languages"))
}

fn write(format: ReviewFormat, segments: &[SeenSegment]) -> Result<(), CommandError> {
    let rows: Vec<ReviewRow<'_>> = segments.iter().filter_map(list::row).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match write_review(format, &rows, &mut out).and_then(|()| out.flush()) {
        // A reader that closes the pipe early is not an error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::internal(format!("cannot write the review: {error}")))
        }
        _ => Ok(()),
    }
}
