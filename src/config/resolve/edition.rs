//! The rules of `[edition.ID]`, and the checks between editions, sources and engines.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use super::super::diagnostics::Diagnostics;
use super::super::diagnostics::nearest;
use super::super::load_context::LoadContext;
use super::super::plan::{Edition, Source};
use super::super::raw;
use super::super::tables::{EachTable, NamedTable};
use super::super::values::{Located, RawDuration, RawUntranslated, quoted};
use super::each::{expand, unknown_tag};
use super::edition_auth::edition_auth;
use super::edition_langs::check_languages;
use super::edition_sources::{from, list_some};
use super::entry_filter::named_entries;
use super::hub::hubs;
use super::rules::{DEFAULT_WEIGHT, RESERVED, USE_AUTH, duration, id_in_message, line, number, web_address};
use super::selection::filter;
use crate::model::{BilingualMode, EngineKind, Format, SourceId, StoryRules, Text, UntranslatedPolicy};
use crate::select::Tag;

/// The range of `hold`.
const HOLD: (Duration, Duration) = (Duration::ZERO, Duration::from_hours(30 * 24));

/// The range of `keep_for`.
const KEEP_FOR: (Duration, Duration) = (Duration::from_hours(24), Duration::from_hours(100 * 365 * 24));

/// The range of `within`.
const WITHIN: (Duration, Duration) = (Duration::from_hours(1), Duration::from_hours(366 * 24));

/// The range of `story_window`.
const STORY_WINDOW: (Duration, Duration) = (Duration::from_hours(1), Duration::from_hours(72));

/// The range of `story_threshold`.
const THRESHOLD: std::ops::RangeInclusive<f64> = 0.5..=1.0;

/// The IDs of engines, with their kinds as far as they are known.
pub(super) type KnownEngines<'a> = &'a [(&'a str, Option<EngineKind>)];

/// Checks all editions, in the order of the file; those of `[[edition.each]]` come last. Their files cannot collide: IDs differ and have
/// no dot, and no language is listed twice. `engines` are all engines, or `None` if they could not be read.
pub(super) fn editions(
    (raw, each): (&[NamedTable<raw::RawEdition>], &[EachTable]),
    tables: &[NamedTable<raw::RawSource>],
    sources: &[Source],
    (engines, context): (Option<KnownEngines<'_>>, &LoadContext<'_>),
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Edition> {
    // Tags in a list that could not be read would be unknown here too: one mistake is one problem.
    let tags_are_known = tables.iter().all(|table| table.keys.get("tags") != Some(&false));
    let mut editions: Vec<Edition> = raw
        .iter()
        .map(|named| edition((&named.id, &named.table, &named.keys), sources, tags_are_known, (engines, context), diagnostics))
        .collect();
    for (family, each) in each.iter().enumerate() {
        let id = Located { span: each.span.clone(), value: "each".to_owned() };
        let template = edition((&id, &each.edition, &each.keys), sources, tags_are_known, (engines, context), diagnostics);
        expand(each, (template, family), &mut editions, diagnostics);
    }
    if editions.is_empty() || diagnostics.has_errors() {
        // A mistyped `from` would also report its sources as unused: one mistake is one problem.
        return editions;
    }
    let taken: HashSet<&SourceId> = editions.iter().flat_map(|edition| &edition.from).collect();
    for (table, source) in tables.iter().zip(sources) {
        if source.enabled && !taken.contains(&source.id) {
            let message = format!("no edition takes the source {}, but it will be visited", id_in_message(&table.id.value));
            diagnostics.warn(
                &table.id.span,
                message,
                "add it, or one of its tags, to the `from` of an edition, or set enabled = false",
            );
        }
    }
    editions
}

fn edition(
    (id, table, keys): (&Located<String>, &raw::RawEdition, &HashMap<String, bool>),
    sources: &[Source],
    tags_are_known: bool,
    (known, context): (Option<KnownEngines<'_>>, &LoadContext<'_>),
    diagnostics: &mut Diagnostics<'_>,
) -> Edition {
    if RESERVED.contains(&id.value.as_str()) {
        let message = format!("an edition cannot be called {}", id_in_message(&id.value));
        diagnostics.error(&id.span, message, "relais uses that name itself: choose another one");
    }
    warn_of_unused_keys(table, keys, diagnostics);
    let (items, tags) = split_entry_tags(&table.from, diagnostics);
    let from = from(id, &items, sources, tags_are_known, diagnostics);
    let by_id: HashMap<&SourceId, &Source> = sources.iter().map(|source| (&source.id, source)).collect();
    let weight = |id: &SourceId| by_id.get(id).map_or(DEFAULT_WEIGHT, |source| source.weight);
    let prefer = |id: &SourceId| by_id.get(id).map_or(0, |source| source.prefer);
    let [pin, mute] = [("pin", &table.pin), ("mute", &table.mute)]
        .map(|(key, table)| named_entries(key, table.as_ref(), (&from, sources), tags_are_known, diagnostics));
    let limit = number("limit", &table.limit, (raw::MIN_LIMIT, raw::MAX_LIMIT), diagnostics);
    check_languages((id, table, keys), &from, sources, diagnostics);
    Edition {
        id: id.value.clone(),
        title: table.title.as_ref().and_then(|at| line("title", at, diagnostics)).unwrap_or_else(|| Text::new(&id.value)),
        description: table.description.as_ref().and_then(|at| line("description", at, diagnostics)).unwrap_or_default(),
        weights: from.iter().map(weight).collect(),
        prefer: from.iter().map(prefer).collect(),
        from,
        tags,
        family: None,
        filter: filter(table.keep.as_ref(), table.drop.as_ref(), diagnostics),
        langs: unique("langs", &table.langs, |tag| tag.0.clone(), diagnostics),
        engines: engines(&table.engines.value, known, diagnostics),
        bilingual: table.bilingual.value.0,
        show: table.show.value.0,
        translate: table.translate.value.0,
        review: table.review.as_ref().map(|at| review(at, table, known, diagnostics)),
        limit,
        at_least: table.at_least.as_ref().map_or(limit, |at| at_least(at, limit, diagnostics)),
        within: duration("within", &table.within, WITHIN, diagnostics),
        per_source: table.per_source.as_ref().map(|at| number("per_source", at, (raw::MIN_LIMIT, raw::MAX_LIMIT), diagnostics)),
        stories: story_rules(table, diagnostics),
        pin,
        mute,
        formats: formats(table, diagnostics),
        archive: table.archive.value,
        keep_for: duration("keep_for", &table.keep_for, KEEP_FOR, diagnostics),
        page_size: number("page_size", &table.page_size, (raw::MIN_PAGE_SIZE, raw::MAX_PAGE_SIZE), diagnostics),
        images: table.images,
        zone: table.zone.as_ref().map(|at| at.value.0).unwrap_or_default(),
        headline: table.headline.value.1.clone(),
        icon: table.icon.as_ref().and_then(|at| web_address("icon", at, USE_AUTH, diagnostics)).map(String::from),
        rights: table.rights.as_ref().and_then(|at| line("rights", at, diagnostics)),
        auth: edition_auth(table, context, diagnostics),
        hubs: hubs(table, diagnostics),
        provenance: table.provenance.value.0,
        untranslated: untranslated(table, diagnostics),
    }
}

fn untranslated(table: &raw::RawEdition, diagnostics: &mut Diagnostics<'_>) -> UntranslatedPolicy {
    match table.untranslated.value {
        RawUntranslated::Hold(time) => UntranslatedPolicy::Hold(hold(&table.untranslated, time, diagnostics)),
        RawUntranslated::Original => UntranslatedPolicy::Original,
        RawUntranslated::Skip => UntranslatedPolicy::Skip,
    }
}

/// Checks the rules by which entries become stories.
fn story_rules(table: &raw::RawEdition, diagnostics: &mut Diagnostics<'_>) -> Option<StoryRules> {
    let threshold = table.story_threshold.value;
    if !THRESHOLD.contains(&threshold) {
        diagnostics.error(&table.story_threshold.span, format!("`story_threshold` cannot be {threshold}"), "from 0.5 to 1");
    }
    let window = duration("story_window", &table.story_window, STORY_WINDOW, diagnostics);
    table.stories.value.then_some(StoryRules { window, threshold })
}

/// Checks `at_least`, which `limit` bounds.
fn at_least(at: &Located<i64>, limit: usize, diagnostics: &mut Diagnostics<'_>) -> usize {
    let number = number("at_least", at, (raw::MIN_LIMIT, raw::MAX_LIMIT), diagnostics);
    if number > limit {
        diagnostics.error(&at.span, "`at_least` is larger than `limit`", format!("`limit` is {limit}: write that or less"));
    }
    number.min(limit)
}

/// Warns of keys without effect, because a key that they require is missing.
fn warn_of_unused_keys(table: &raw::RawEdition, keys: &HashMap<String, bool>, diagnostics: &mut Diagnostics<'_>) {
    let mut warn = |span: &Range<usize>, key: &str, needs: &str| {
        // A key that could not be read has been reported already.
        if keys.get(key) == Some(&true) && keys.get(needs) != Some(&false) {
            let hint = format!("add `{needs}`, or remove it");
            diagnostics.warn(span, format!("`{key}` has no effect without `{needs}`"), hint);
        }
    };
    if table.archive.value
        && !table.formats.value.iter().any(|at| matches!(at.value.0, Format::Atom | Format::Rss | Format::Json))
    {
        warn(&table.archive.span, "archive", "formats = [\"atom\"]");
    }
    if table.langs.is_empty() {
        warn(&table.untranslated.span, "untranslated", "langs");
    }
    if table.langs.is_empty() && !table.engines.value.is_empty() {
        warn(&table.engines.span, "engines", "langs");
    }
    if !table.stories.value {
        warn(&table.story_window.span, "story_window", "stories");
        warn(&table.story_threshold.span, "story_threshold", "stories");
    }
    if table.engines.value.is_empty() && table.bilingual.value.0 != BilingualMode::None {
        warn(&table.bilingual.span, "bilingual", "engines");
    }
    if table.engines.value.is_empty() {
        warn(&table.translate.span, "translate", "engines");
        warn(&table.provenance.span, "provenance", "engines");
        if let Some(at) = &table.review {
            warn(&at.span, "review", "engines");
        }
    }
}

/// Checks the engines of an edition.
fn engines(list: &[Located<String>], known: Option<KnownEngines<'_>>, diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for at in list {
        if out.contains(&at.value) {
            diagnostics.error(&at.span, "duplicate in `engines`", "remove one of them");
            continue;
        }
        check_engine(at, known, diagnostics);
        out.push(at.value.clone());
    }
    out
}

/// Checks that an engine exists.
fn check_engine(at: &Located<String>, known: Option<KnownEngines<'_>>, diagnostics: &mut Diagnostics<'_>) {
    let names = known.map(|known| known.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let Some(names) = names.filter(|names| !names.contains(&at.value.as_str())) else { return };
    let hint = match nearest(&at.value, names.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if names.is_empty() => "add a table [engine.NAME] with its `kind`".to_owned(),
        None => list_some("engines", &names),
    };
    diagnostics.error(&at.span, format!("there is no engine {}", quoted(&at.value)), hint);
}

/// Checks the second reader of an edition: a language model, and not the only engine.
fn review(
    at: &Located<String>,
    table: &raw::RawEdition,
    known: Option<KnownEngines<'_>>,
    diagnostics: &mut Diagnostics<'_>,
) -> String {
    check_engine(at, known, diagnostics);
    let kind = known.and_then(|known| known.iter().find(|(name, _)| *name == at.value)?.1);
    if kind.is_some_and(|kind| !kind.is_language_model()) {
        let message = format!("the engine {} cannot read translations", quoted(&at.value));
        diagnostics.error(&at.span, message, "name a language model: an engine of the kind openai, ollama or anthropic");
    }
    if let [only] = &table.engines.value[..]
        && only.value == at.value
    {
        let message = format!("{} reads no translations: no other engine makes any", quoted(&at.value));
        diagnostics.warn(&at.span, message, "name another engine in `engines`, or remove `review`");
    }
    at.value.clone()
}

fn hold(at: &Located<RawUntranslated>, time: Duration, diagnostics: &mut Diagnostics<'_>) -> Duration {
    duration("untranslated", &Located { span: at.span.clone(), value: RawDuration(time) }, HOLD, diagnostics)
}

fn formats(table: &raw::RawEdition, diagnostics: &mut Diagnostics<'_>) -> Vec<Format> {
    if table.formats.value.is_empty() {
        diagnostics.error(
            &table.formats.span,
            "`formats` is empty",
            "list at least one of \"atom\", \"rss\", \"json\", \"html\", \"ninjs\"",
        );
    }
    let mut formats = unique("formats", &table.formats.value, |kind| kind.0, diagnostics);
    formats.sort();
    formats
}

/// Checks that a list has no duplicates.
fn unique<T, U: PartialEq>(key: &str, list: &[Located<T>], take: impl Fn(&T) -> U, diagnostics: &mut Diagnostics<'_>) -> Vec<U> {
    let mut out = Vec::new();
    for at in list {
        let value = take(&at.value);
        if out.contains(&value) {
            diagnostics.error(&at.span, format!("duplicate in `{key}`"), "both would write the same files: remove one of them");
        } else {
            out.push(value);
        }
    }
    out
}

/// Takes the tags of entries (`tag:sport/judo`) out of `from`. If nothing else is there, they are taken from all sources.
fn split_entry_tags(
    from: &Located<Vec<Located<String>>>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Located<Vec<Located<String>>>, Vec<Tag>) {
    let (mut items, mut tags) = (Vec::new(), Vec::new());
    for at in &from.value {
        let Some(name) = at.value.strip_prefix("tag:").filter(|name| name.contains('/')) else {
            items.push(at.clone());
            continue;
        };
        if let Some(tag) = Tag::named(name) {
            tags.push(tag);
            continue;
        }
        unknown_tag(at, "tag:", diagnostics);
    }
    if items.is_empty() && !from.value.is_empty() {
        items.push(Located { span: from.span.clone(), value: "*".to_owned() });
    }
    (Located { span: from.span.clone(), value: items }, tags)
}
