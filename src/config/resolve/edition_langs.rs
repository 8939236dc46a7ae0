//! The check that something can translate what an edition publishes in other languages than its sources'.

use std::collections::{HashMap, HashSet};

use super::super::diagnostics::Diagnostics;
use super::super::plan::Source;
use super::super::raw;
use super::super::values::Located;
use super::rules::id_in_message;
use crate::model::SourceId;

/// Reports a language of an edition without engines if a source is in another one. An edition that sets `untranslated` has said
/// what it wants: `skip` sorts entries by language, `original` shows them as they are.
pub(super) fn check_languages(
    (id, table, keys): (&Located<String>, &raw::RawEdition, &HashMap<String, bool>),
    from: &[SourceId],
    sources: &[Source],
    diagnostics: &mut Diagnostics<'_>,
) {
    // An `engines` that could not be read has been reported already.
    if keys.contains_key("untranslated") || keys.get("engines") == Some(&false) || !table.engines.value.is_empty() {
        return;
    }
    let from: HashSet<&SourceId> = from.iter().collect();
    for at in &table.langs {
        let lang = &at.value.0;
        let other = sources.iter().filter(|source| from.contains(&source.id)).find_map(|source| {
            let own = source.lang.as_ref().filter(|own| own.primary() != lang.primary())?;
            Some((source, own))
        });
        if let Some((source, own)) = other {
            let (edition, source) = (id_in_message(&id.value), id_in_message(source.id.as_str()));
            diagnostics.error(
                &at.span,
                format!("nothing translates the edition {edition} into {lang}: its source {source} is in {own}"),
                "add `engines`, or set `untranslated` to \"original\" or \"skip\" for entries in other languages",
            );
        }
    }
}
