//! The input and the output of the parser.

use super::repairs::Repair;
use crate::model::{Entry, EntryTexts, Genre, Lang, PollHints, RawHtml, SourceId, Text, Time, Zone};

/// A body as a server sent it.
#[derive(Clone, Copy, Debug)]
pub struct FeedBody<'a> {
    /// The bytes, with no transfer compression left.
    pub bytes: &'a [u8],
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The address that it came from, to which relative links are relative.
    pub url: &'a str,
    /// The expected language: a hint for the charset if nothing else determines it.
    pub lang: Option<&'a Lang>,
    /// The time zone of dates that name none.
    pub zone: Zone,
}

/// The inputs of a feed.
pub(super) struct Context<'a> {
    pub(super) body: &'a FeedBody<'a>,
    pub(super) source: &'a SourceId,
    /// Changes the texts of an entry before anything is made of them.
    pub(super) rewrite: &'a dyn Fn(EntryTexts<'_>),
}

/// A feed, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The format, as `relais parse` prints it: `rss 2.0`, `rss 0.91`, `atom 1.0`, `atom 0.3`, `rdf`, `cdf`, `json feed`.
    pub format: &'static str,
    /// The identifier, as declared.
    pub id: Option<String>,
    /// The title.
    pub title: Text,
    /// The page of the feed.
    pub link: Option<String>,
    /// The description, as written.
    pub description: Option<RawHtml>,
    /// The language: the declared one, unless the text is clearly in another.
    pub language: Option<Lang>,
    /// The time of the last change, as declared.
    pub updated: Option<Time>,
    /// The names of its authors.
    pub authors: Vec<String>,
    /// The categories.
    pub categories: Vec<String>,
    /// The categories of Apple's that a podcast has, which are among the others too.
    pub genres: Vec<Genre>,
    /// The address of its image.
    pub image: Option<String>,
    /// The copyright notice, as written.
    pub rights: Option<RawHtml>,
    /// The polling hints.
    pub poll_hints: PollHints,
    /// The WebSub hub: `rel="hub"` of a link, `hubs` of JSON Feed.
    pub hub: Option<String>,
    /// The address of the feed itself, as declared (`rel="self"`): the topic of a subscription.
    pub own_url: Option<String>,
    /// The repairs that parsing needed, in order.
    pub repaired: Vec<&'static str>,
    /// The entries, in the order of the feed, with duplicates and empty ones: see [`deduplicate`](super::deduplicate).
    pub entries: Vec<Entry>,
}

impl Feed {
    /// Returns true if the body ended before the feed did.
    pub fn is_cut(&self) -> bool {
        self.repaired.contains(&Repair::Cut.name())
    }
}
