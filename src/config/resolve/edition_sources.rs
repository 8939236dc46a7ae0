//! The sources that an edition names: `from`, and `sources` of `pin` and `mute`.

use std::collections::HashSet;

use super::super::diagnostics::{Diagnostics, nearest};
use super::super::plan::Source;
use super::super::values::{Located, quoted};
use super::rules::id_in_message;
use crate::model::SourceId;

/// Returns the enabled sources that `from` selects.
pub(super) fn from(
    id: &Located<String>,
    from: &Located<Vec<Located<String>>>,
    sources: &[Source],
    tags_are_known: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<SourceId> {
    let mut taken: HashSet<usize> = HashSet::new();
    let mut all_known = true;
    for at in &from.value {
        let matching: Vec<usize> =
            sources.iter().enumerate().filter(|(_, source)| selects(&at.value, source)).map(|(place, _)| place).collect();
        taken.extend(&matching);
        if matching.is_empty() {
            all_known = false;
            unknown(at, sources, tags_are_known, diagnostics);
        } else if let Some(source) = sources.iter().find(|source| source.id.as_str() == at.value && !source.enabled) {
            diagnostics.warn(
                &at.span,
                format!("the source {} is not enabled", id_in_message(source.id.as_str())),
                "its entries are not shown",
            );
        }
    }
    let out: Vec<SourceId> =
        sources.iter().enumerate().filter(|(place, s)| taken.contains(place) && s.enabled).map(|(_, s)| s.id.clone()).collect();
    if out.is_empty() && all_known && !sources.is_empty() {
        let span = if from.span.is_empty() { &id.span } else { &from.span };
        let hint = if from.value.is_empty() {
            "write from = [\"*\"], a tag or the name of a source"
        } else {
            "every source that it names is disabled"
        };
        diagnostics.error(span, format!("the edition {} takes no source", id_in_message(&id.value)), hint);
    }
    out
}

/// Returns true if an item of `from` selects the source.
pub(super) fn selects(word: &str, source: &Source) -> bool {
    match word.strip_prefix("tag:") {
        Some(tag) => source.tags.iter().any(|own| own == tag),
        None => word == "*" || source.id.as_str() == word,
    }
}

/// Reports a name that selects no source.
pub(super) fn unknown(at: &Located<String>, sources: &[Source], tags_are_known: bool, diagnostics: &mut Diagnostics<'_>) {
    let tags: HashSet<&str> = sources.iter().flat_map(|source| &source.tags).map(String::as_str).collect();
    let ids = || sources.iter().map(|source| source.id.as_str());
    if let Some(tag) = at.value.strip_prefix("tag:") {
        if tags_are_known {
            let mut tags: Vec<&str> = tags.into_iter().collect();
            tags.sort_unstable();
            let hint = match nearest(tag, tags.iter().copied()) {
                Some(near) => format!("did you mean \"tag:{near}\"?"),
                None => list_some("tags", &tags),
            };
            diagnostics.error(&at.span, format!("no source has the tag {}", quoted(tag)), hint);
        }
    } else if !sources.is_empty() {
        let hint = if tags.contains(at.value.as_str()) {
            format!("there is a tag of that name: write \"tag:{}\"", at.value)
        } else {
            match nearest(&at.value, ids()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => list_some("sources", &ids().collect::<Vec<_>>()),
            }
        };
        diagnostics.error(&at.span, format!("there is no source {}", quoted(&at.value)), hint);
    }
}

/// Lists the first few names, for a hint.
pub(super) fn list_some(what: &str, names: &[&str]) -> String {
    let few = names.iter().take(6).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => format!("there are no {what}"),
        1..=6 => format!("the {what} are {few}"),
        _ => format!("the {what} are {few}, …"),
    }
}
