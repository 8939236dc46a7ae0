//! What goes in and what comes out.

use crate::model::{Entry, Lang, PollHints, RawHtml, Text, Time, Zone};

/// A body as it came from a server.
#[derive(Clone, Copy, Debug)]
pub struct FeedBody<'a> {
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
    /// Its format, as `relais parse` names it: `rss 2.0`, `rss 0.91`, `atom 1.0`, `atom 0.3`, `rdf`, `cdf`, `json feed`.
    pub format: &'static str,
    /// What it calls itself.
    pub id: Option<String>,
    /// Its title.
    pub title: Text,
    /// The page that it belongs to.
    pub link: Option<String>,
    /// Its description, as written.
    pub description: Option<RawHtml>,
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
    /// Who owns its text, as written.
    pub rights: Option<RawHtml>,
    /// What it asks of those who come again.
    pub poll_hints: PollHints,
    /// Where it can be subscribed to: `rel="hub"` of a link, `hubs` of JSON Feed.
    pub hub: Option<String>,
    /// Where it says to be itself: what is subscribed to.
    pub own_url: Option<String>,
    /// What had to be repaired before it could be read, in the order of the repairs.
    pub repaired: Vec<&'static str>,
    /// Its entries, in its order. Some may stand twice, and some may have nothing to show: see [`deduplicate`](super::deduplicate).
    pub entries: Vec<Entry>,
}
