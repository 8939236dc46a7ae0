//! Reads `[[edition.each]]`: the keys of an edition, and those that say for which tags there is one.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::diagnostics::Diagnostics;
use super::super::raw;
use super::super::reference::KnownKeys;
use super::explain_error;
use super::one_table::read_table;

/// The name of the array of tables among the editions.
const EACH: &str = "each";

/// One `[[edition.each]]`.
pub(in crate::config) struct EachTable {
    /// Its header in the file.
    pub(in crate::config) span: Range<usize>,
    pub(in crate::config) tags: raw::RawEach,
    pub(in crate::config) edition: raw::RawEdition,
    /// The keys of the edition; true if the value could be read.
    pub(in crate::config) keys: HashMap<String, bool>,
}

/// Takes `[[edition.each]]` out of the table of all editions. Returns `None` if it is something else.
pub(super) fn take(editions: &mut DeTable<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Vec<EachTable>> {
    let Some((key, value)) = editions.remove_entry(EACH) else { return Some(Vec::new()) };
    let DeValue::Array(list) = value.into_inner() else {
        let hint = "write [[edition.each]]; an edition cannot be called \"each\"";
        diagnostics.error(&key.span(), "`edition.each` must be written with two brackets", hint);
        return None;
    };
    list.into_iter().map(|value| read(value, diagnostics)).collect()
}

fn read(value: Spanned<DeValue<'_>>, diagnostics: &mut Diagnostics<'_>) -> Option<EachTable> {
    let span = value.span();
    let body = match value.into_inner() {
        DeValue::Table(body) => body,
        other => {
            let message = format!("`edition.each` must be a list of tables, and holds {}", explain_error::kind(&other));
            diagnostics.error(&span, message, "write [[edition.each]] on its own line, and the keys below");
            return None;
        }
    };
    let known = KnownKeys::of::<raw::RawEach>();
    let (own, rest): (Vec<_>, Vec<_>) = body.into_iter().partition(|(key, _)| known.has(key.get_ref()));
    let place = "[edition.each]";
    let (tags, _) = read_table(place, DeTable::from_iter(own), &known, diagnostics);
    let all = KnownKeys::of::<raw::RawEdition>().and(known);
    let (edition, keys) = read_table(place, DeTable::from_iter(rest), &all, diagnostics);
    Some(EachTable { span, tags, edition, keys })
}
