//! The hubs of editions.

use super::super::diagnostics::Diagnostics;
use super::super::raw;
use super::rules::{USE_AUTH, web_address};

/// The most hubs of an edition.
const MAX_HUBS: usize = 8;

/// Checks the hubs of an edition. Of two equal ones the second is an error.
pub(super) fn hubs(table: &raw::RawEdition, diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let mut hubs: Vec<String> = Vec::new();
    for at in table.hub.iter().flat_map(|hub| &hub.0) {
        let Some(hub) = web_address("hub", at, USE_AUTH, diagnostics).map(String::from) else { continue };
        if hubs.contains(&hub) {
            diagnostics.error(&at.span, "duplicate in `hub`", "remove one of them");
        } else if hubs.len() == MAX_HUBS {
            diagnostics.error(&at.span, format!("`hub` names more than {MAX_HUBS} hubs"), "one or two are enough");
            break;
        } else {
            hubs.push(hub);
        }
    }
    hubs
}

/// Warns of hubs that cannot be told anything, since nobody knows the addresses of the feeds.
pub(super) fn warn_of_hubs_without_address<'t>(
    tables: impl Iterator<Item = &'t raw::RawEdition>,
    has_base_url: bool,
    diagnostics: &mut Diagnostics<'_>,
) {
    for at in tables.filter_map(|table| table.hub.as_ref()?.0.first()).filter(|_| !has_base_url) {
        let hint = "set `base_url` to the address at which the output will be reached, or remove it";
        diagnostics.warn(&at.span, "`hub` has no effect without `base_url`", hint);
    }
}
