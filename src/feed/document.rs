//! What goes in and what comes out.

use crate::model::{Entry, Lang, Revision, Text, Time, Zone};

/// A body as it came from a server.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// The bytes, with no transfer compression left.
    pub bytes: &'a [u8],
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// Where it came from: what relative links are relative to.
    pub url: &'a str,
    /// The language that it is expected to be in: a hint where nothing else tells the charset.
    pub lang: Option<&'a Lang>,
    /// What its dates without a zone are in.
    pub zone: Zone,
}

/// A feed, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Its format, as `relais parse` names it: `rss 2.0`, `atom 1.0`, `json feed`, `rdf`, `rss 0.9x`.
    pub format: &'static str,
    /// What it calls itself.
    pub id: Option<String>,
    /// Its title.
    pub title: Text,
    /// The page that it belongs to.
    pub link: Option<String>,
    /// Its description, as one line.
    pub description: Text,
    /// The language that it declares.
    pub language: Option<Lang>,
    /// When it was last changed, as it says.
    pub updated: Option<Time>,
    /// Who makes it.
    pub authors: Vec<String>,
    /// What it is about.
    pub categories: Vec<String>,
    /// A picture that stands for it.
    pub image: Option<String>,
    /// Who owns its text.
    pub rights: Option<String>,
    /// What had to be repaired before it could be read, in the order of the repairs.
    pub repaired: Vec<&'static str>,
    /// Its entries, in its order, each with its revision.
    pub entries: Vec<(Entry, Revision)>,
    /// Items that had neither headline, link nor text, or stood twice.
    pub dropped: u32,
}
