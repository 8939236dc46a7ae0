//! RSS of all versions, Atom, RDF and CDF: one streaming reader for what feeds say, however they say it.
//!
//! lexer (tokens) ▸ reader (which element stands in which) ▸ fields (what each says) ▸ value (text or HTML).
//! Its types are those of `draft`; it judges nothing. Why it is our own: `docs/decisions/0009-a-reader-of-our-own.md`.

mod entities;
mod fields;
mod lexer;
mod names;
mod reader;
mod value;

use super::FeedError;
use super::draft::Document;
use crate::model::Zone;

/// Reads XML as a feed.
pub(super) fn read<'a>(text: &'a str, url: &str, zone: Zone) -> Result<Document<'a>, FeedError> {
    reader::Reader::new(text, url, zone).read()
}
