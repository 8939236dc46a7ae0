//! RSS of all versions, Atom, RDF and CDF: one streaming, tolerant reader.
//!
//! lexer (tokens) ▸ reader (nesting) ▸ fields (the meaning of elements) ▸ value (text or HTML). The result is a draft; nothing is
//! normalised here. Why it is our own: `docs/decisions/0009-a-reader-of-our-own.md`.

mod entities;
mod fields;
mod lexer;
mod media;
mod names;
mod podcast;
mod reader;
mod value;

use super::FeedError;
use super::draft::FeedDocument;
use crate::model::Zone;

/// Parses XML as a feed.
pub(super) fn parse_xml<'a>(text: &'a str, url: &str, zone: Zone) -> Result<FeedDocument<'a>, FeedError> {
    reader::XmlReader::new(text, url, zone).parse()
}
