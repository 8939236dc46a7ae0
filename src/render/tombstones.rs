//! The items that are withdrawn, as feeds tell it (RFC 6721 §3). The elements are made for Atom; readers of RSS that know them find them
//! there, too.

use super::element::Element;
use crate::model::Edition;

/// Returns an element for each withdrawn item.
pub(super) fn elements(edition: &Edition) -> impl Iterator<Item = Element> {
    edition
        .deleted
        .iter()
        .map(|item| Element::new("at", "deleted-entry").with("ref", &item.id).with("when", &item.when.rfc3339()))
}
