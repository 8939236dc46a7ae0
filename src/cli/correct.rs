//! `relais correct`: one translation by a person.

use std::collections::HashSet;

use anstream::eprintln;

use super::context::{load_plan, open_beside_workers, parse_lang};
use super::count::count;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::review::{Written, is_language, list_segments, open_to_look, save, warn};
use crate::clock::SystemClock;
use crate::config::Plan;
use crate::model::{Clock, Lang, Marked, SeenSegment, SegmentKey, SegmentKind};
use crate::pipeline::load_glossary;
use crate::store::{Correction, ExistingCorrections};
use crate::translate::read_written;

/// The origin of these corrections.
const BY_HAND: &str = "person";

/// The segments that are listed if none is the text itself.
const MOST_LISTED: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct CorrectArgs {
    /// The sentence in its own language, or its wrong translation as readers see it.
    #[arg(value_name = "SOURCE")]
    text: String,
    /// The right translation; `<x1>…</x1>` keeps the markup that `relais review --json` shows there.
    #[arg(value_name = "TARGET", required_unless_present = "take_back")]
    translation: Option<String>,
    /// The language of the source; with it, a sentence that no edition shows yet is taken too.
    #[arg(long, value_name = "LANG", value_parser = parse_lang)]
    from: Option<Lang>,
    /// The language of the translation.
    #[arg(long, value_name = "LANG", value_parser = parse_lang, visible_alias = "lang")]
    to: Lang,
    /// Take an earlier correction back: the engines translate the sentence again.
    #[arg(long, conflicts_with = "translation")]
    take_back: bool,
}

/// Corrects one translation. The next run publishes it.
pub(super) async fn run_correct(global: &GlobalArgs, args: &CorrectArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let segments = shown_segments(&plan, args).await?;
    let found = find(&segments, args)?;
    let done = match &args.translation {
        Some(translation) => correct(&plan, args, found, translation).await?,
        None => take_back(&plan, &args.to, found).await?,
    };
    if !global.quiet {
        eprintln!("{done}");
    }
    Ok(Exit::Success)
}

/// A segment to correct.
struct Found<'s> {
    from: Lang,
    source: Marked,
    seen: Option<&'s SeenSegment>,
}

/// Returns the segments that editions show in the language; none before the first run.
async fn shown_segments(plan: &Plan, args: &CorrectArgs) -> Result<Vec<SeenSegment>, CommandError> {
    let store = match (open_to_look(plan).await, &args.from) {
        (Ok(store), _) => store,
        // The first run is still to come.
        (Err(_), Some(_)) => return Ok(Vec::new()),
        (Err(error), None) => return Err(error),
    };
    list_segments(plan, &store, None, Some(&args.to), None).await
}

/// Finds the segments that a text is: by their source, else by their translation.
fn find<'s>(segments: &'s [SeenSegment], args: &CorrectArgs) -> Result<Vec<Found<'s>>, CommandError> {
    let text = folded(&args.text);
    let own = || segments.iter().filter(|segment| is_language(args.from.as_ref(), &segment.from));
    let is_source = |segment: &&SeenSegment| is_text(&segment.source, &text);
    let is_target = |segment: &&SeenSegment| segment.target.as_ref().is_some_and(|target| is_text(target, &text));
    let mut seen: Vec<&SeenSegment> = own().filter(is_source).collect();
    if seen.is_empty() {
        seen = own().filter(is_target).collect();
        let sources: HashSet<String> = seen.iter().map(|segment| folded(&segment.source.plain())).collect();
        if sources.len() > 1 {
            return Err(ambiguous(&args.text, &seen));
        }
    }
    if !seen.is_empty() {
        let found =
            |segment: &'s SeenSegment| Found { from: segment.from.clone(), source: segment.source.clone(), seen: Some(segment) };
        return Ok(seen.into_iter().map(found).collect());
    }
    match &args.from {
        Some(from) => {
            let source = Marked::from_tagged(&args.text).unwrap_or_else(|| Marked::text(args.text.as_str())).normalised();
            Ok(vec![Found { from: from.clone(), source, seen: None }])
        }
        None => Err(not_found(segments, args, &text)),
    }
}

/// Returns true if a segment says a text, with or without its marks.
fn is_text(segment: &Marked, text: &str) -> bool {
    folded(&segment.plain()) == text || folded(&segment.to_tagged()) == text
}

/// Returns a text as it is compared: apostrophes, quotation marks and spaces are written in many ways.
fn folded(text: &str) -> String {
    let plain = text.replace(['’', 'ʼ'], "'").replace(['«', '»', '“', '”', '„'], "\"");
    let words: Vec<&str> = plain.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ").replace("\" ", "\"").replace(" \"", "\"")
}

fn ambiguous(text: &str, seen: &[&SeenSegment]) -> CommandError {
    let sources: Vec<String> = seen.iter().take(MOST_LISTED).map(|segment| format!("  {}", segment.source.to_tagged())).collect();
    CommandError::usage(format!("“{text}” is the translation of {} sentences:\n{}", seen.len(), sources.join("\n")))
        .with_hint("name the one that you mean by its source text")
}

fn not_found(segments: &[SeenSegment], args: &CorrectArgs, text: &str) -> CommandError {
    let is_near = |segment: &&SeenSegment| {
        [Some(&segment.source), segment.target.as_ref()]
            .into_iter()
            .flatten()
            .map(|own| folded(&own.plain()))
            .any(|own| !text.is_empty() && (own.contains(text) || text.contains(&own)))
    };
    let near: Vec<String> =
        segments.iter().filter(is_near).take(MOST_LISTED).map(|segment| format!("  {}", segment.source.to_tagged())).collect();
    let error = CommandError::usage(format!("no edition in {} shows “{}” as a sentence", args.to, args.text));
    if near.is_empty() {
        error.with_hint(
            "name a whole sentence, as it is in the source or as readers see it; with --from it is taken for later, too",
        )
    } else {
        error.with_hint(format!("a correction is of one whole sentence; these are like it:\n{}", near.join("\n")))
    }
}

async fn correct(plan: &Plan, args: &CorrectArgs, found: Vec<Found<'_>>, translation: &str) -> Result<String, CommandError> {
    let glossary = load_glossary(plan).map_err(CommandError::usage)?;
    let mut written: Vec<Written> = Vec::new();
    for Found { from, source, seen } in &found {
        let target = read_written(source, translation);
        if target.plain().trim().is_empty() {
            return Err(CommandError::usage("the translation is empty").with_hint("--take-back takes a correction back"));
        }
        let kind = seen.map_or(SegmentKind::Paragraph, |segment| segment.kind);
        warn(&glossary, (from, &args.to), source, &target, kind);
        written.push((from.clone(), args.to.clone(), source.clone(), target));
    }
    let taken = save(plan, &written, BY_HAND).await?;
    let entries: usize = found.iter().filter_map(|found| found.seen).map(|segment| segment.entries).sum();
    Ok(match (taken, entries) {
        (0, _) => "that is its translation already".to_owned(),
        (_, 0) => "taken for when a source says it; the next run publishes it".to_owned(),
        (_, entries) => format!("corrected in {}; the next run publishes it", count(entries as u64, "entry")),
    })
}

/// Takes earlier corrections back.
async fn take_back(plan: &Plan, to: &Lang, found: Vec<Found<'_>>) -> Result<String, CommandError> {
    let glossary = load_glossary(plan).map_err(CommandError::usage)?;
    let made = SystemClock.now();
    let mut corrections: Vec<Correction> = Vec::new();
    for Found { from, source, .. } in &found {
        let terms = glossary.protect(source, from, to);
        let keys = [SegmentKey::of_person(source, from, to), SegmentKey::of_person_with_terms(source, from, to, &terms.pairs())];
        corrections.extend(keys.into_iter().map(|key| Correction {
            key,
            from: from.clone(),
            to: to.clone(),
            source: source.to_tagged(),
            target: None,
            origin: BY_HAND.to_owned(),
            made,
        }));
    }
    let store = open_beside_workers(plan).await?;
    let keys: Vec<SegmentKey> = corrections.iter().map(|correction| correction.key).collect();
    let known: HashSet<SegmentKey> =
        store.recall_corrections(&keys).await.map_err(CommandError::internal)?.into_iter().map(|(key, _)| key).collect();
    corrections.retain(|correction| known.contains(&correction.key));
    let taken = store.save_corrections(&corrections, ExistingCorrections::Replace).await;
    store.close().await.map_err(CommandError::internal)?;
    match taken.map_err(CommandError::internal)? {
        0 => Err(CommandError::usage("no person has translated that sentence")),
        _ => Ok("taken back; the next run asks the engines".to_owned()),
    }
}
