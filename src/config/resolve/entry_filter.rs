//! The rules of `pin` and `mute`.

use url::Url;

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::plan::{NamedEntries, Source};
use super::super::raw::RawEntryFilter;
use super::super::values::{Located, quoted};
use super::edition_sources::{selects, unknown};
use crate::model::{AddressKey, EntryId, SourceId};

/// The most names in one list, and the longest one in bytes.
const MAX_NAMES: usize = 500;
const MAX_NAME: usize = 2000;

/// Checks the entries that `key` names in an edition that takes the sources `from`.
pub(super) fn named_entries(
    key: &str,
    table: Option<&RawEntryFilter>,
    (from, all): (&[SourceId], &[Source]),
    tags_are_known: bool,
    diagnostics: &mut Diagnostics<'_>,
) -> NamedEntries {
    let mut out = NamedEntries::default();
    let Some(RawEntryFilter { sources, terms, entries }) = table else { return out };
    for at in few(key, sources, diagnostics) {
        let selected: Vec<&Source> = all.iter().filter(|source| selects(&at.value, source)).collect();
        let taken: Vec<&SourceId> = selected.iter().map(|source| &source.id).filter(|id| from.contains(id)).collect();
        if selected.is_empty() {
            unknown(at, all, tags_are_known, diagnostics);
        } else if taken.is_empty() {
            let hint = format!("remove it from `{key}`, or add it to `from`");
            diagnostics.warn(&at.span, format!("the edition does not take {}", quoted(&at.value)), hint);
        }
        out.sources.extend(taken.into_iter().cloned());
    }
    for at in few(key, terms, diagnostics) {
        if at.value.trim().is_empty() || at.value.len() > MAX_NAME {
            diagnostics.error(&at.span, format!("a term of `{key}` is empty or too long"), "write words of a headline");
        } else {
            out.terms.push(at.value.clone());
        }
    }
    for at in few(key, entries, diagnostics) {
        match name_of(&at.value) {
            Ok(Name::Page(address)) => out.addresses.push(address),
            Ok(Name::Id(id)) => out.ids.push(id),
            Err(diagnosis) => diagnostics.error_at(&at.span, diagnosis),
        }
    }
    out
}

/// Returns the names of a list, if there are not too many.
fn few<'r>(key: &str, list: &'r [Located<String>], diagnostics: &mut Diagnostics<'_>) -> &'r [Located<String>] {
    match list.get(MAX_NAMES) {
        Some(at) => {
            diagnostics.error(&at.span, format!("a list of `{key}` has more than {MAX_NAMES} names"), "remove some of them");
            &[]
        }
        None => list,
    }
}

/// An article that is named.
enum Name {
    Page(AddressKey),
    Id(EntryId),
}

/// Returns the page or the id that a text names.
fn name_of(text: &str) -> Result<Name, Diagnosis> {
    let hint = "write the address of its page (https://…), or its id as the published feed has it";
    if let Some(id) = EntryId::parse(text.trim()) {
        return Ok(Name::Id(id));
    }
    let url = Url::parse(text.trim()).ok().filter(|url| text.len() <= MAX_NAME && matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| Diagnosis::new(format!("{} names no article", quoted(text)), hint))?;
    AddressKey::new(url.as_str())
        .map(Name::Page)
        .ok_or_else(|| Diagnosis::new(format!("{} is the front page of a site, and no article", quoted(text)), hint))
}
