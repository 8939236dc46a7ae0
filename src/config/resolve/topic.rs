//! The rules of `[topic.ID]`, and of `topic` in `[source.ID]`.

use super::super::diagnostics::{Diagnostics, nearest};
use super::super::load_context::LoadContext;
use super::super::plan::Topic;
use super::super::raw;
use super::super::tables::NamedTable;
use super::super::values::{Located, quoted};
use super::glossary::check_text;
use super::rules::id_in_message;
use crate::model::BUILT_IN_TOPICS;

/// Checks all topics, in the order of the file. Their rules are compiled when they are opened.
pub(super) fn topics(
    raw: &[NamedTable<raw::RawTopic>],
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Topic> {
    let mut topics = Vec::with_capacity(raw.len());
    for NamedTable { id, table, keys } in raw {
        let Some(at) = table.file.as_ref().filter(|at| !at.value.trim().is_empty()) else {
            if table.file.is_some() || !keys.contains_key("file") {
                let message = format!("the topic {} has no `file`", id_in_message(&id.value));
                diagnostics.error(&id.span, message, "add file = \"topics/NAME.toml\", the file with its rule");
            }
            continue;
        };
        let path = context.path(&at.value);
        match check_text(&at.value, &path) {
            Ok(()) => topics.push(Topic { id: id.value.clone(), file: path }),
            Err(diagnosis) => diagnostics.error_at(&at.span, diagnosis),
        }
    }
    topics
}

/// Checks that a topic exists.
pub(super) fn topic_of_source(
    at: &Located<String>,
    topics: &[NamedTable<raw::RawTopic>],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    let names = || topics.iter().map(|topic| topic.id.value.as_str()).chain(BUILT_IN_TOPICS);
    if names().any(|name| name == at.value) {
        return Some(at.value.clone());
    }
    let hint = match nearest(&at.value, names()) {
        Some(name) => format!("did you mean {}?", quoted(name)),
        None => format!("add a table [topic.NAME], or take the built-in {}", quoted(BUILT_IN_TOPICS[0])),
    };
    diagnostics.error(&at.span, format!("there is no topic {}", quoted(&at.value)), hint);
    None
}
