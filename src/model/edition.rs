//! An edition as its renderers see it: everything that is published, and nothing else.

use serde::{Deserialize, Serialize};

use super::{Clean, EntryHead, Lang, SourceId, Text, Time};

/// How much of others' text an edition republishes: each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    /// The headline only.
    Title,
    /// Headline and summary.
    Summary,
    /// Headline, summary and content.
    Full,
}

/// A format that an edition is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
    /// A page for people.
    Html,
}

impl Format {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Atom, Self::Rss, Self::Json, Self::Html];

    /// The ending of its file, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
            Self::Html => "html",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
            Self::Html => "text/html",
        }
    }
}

/// The source that an item comes from, as it is named to readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceInfo {
    /// Its name in feeds.toml.
    pub id: SourceId,
    /// Its title: the configured one, else the feed's own.
    pub title: Text,
    /// The address of the feed.
    pub feed: String,
    /// The page that it belongs to.
    pub site: Option<String>,
    /// A picture that stands for it.
    pub image: Option<String>,
}

/// One entry of an edition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EditionItem {
    /// A `tag:` URI (RFC 4151) that never changes for this entry in this edition's language.
    pub id: String,
    /// All but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary, if the edition shows it.
    pub summary: Option<Clean>,
    /// The content, if the edition shows it.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text, as far as shown.
    pub text: String,
    /// The language of title, summary and content.
    pub lang: Option<Lang>,
    /// When it was published: as the source says, else when it was first seen.
    pub published: Time,
    /// When it was last changed, never before `published`.
    pub updated: Time,
    /// Where it comes from.
    pub source: SourceInfo,
    /// Who translated it, if anybody did.
    pub translation: Option<Translation>,
}

/// How an item came to be in another language than that of its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// The language of the original.
    pub from: Lang,
    /// The engines whose work it is (kind and model).
    pub engines: Vec<String>,
    /// How many of its segments stand in the language of the original, for want of a good translation.
    pub left: u32,
    /// Whether the headline is (in part) among them.
    pub title_left: bool,
}

/// A merged feed, ready to be rendered. Renderers read it and nothing else: no clock, no store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edition {
    /// Its name in feeds.toml.
    pub id: String,
    /// Its language; nothing when every item keeps its own.
    pub lang: Option<Lang>,
    /// Its title.
    pub title: Text,
    /// What it is, in a sentence.
    pub description: Text,
    /// A `tag:` URI that never changes.
    pub feed_id: String,
    /// Where the output will be reached, ending in `/`; nothing when that is not configured.
    pub base_url: Option<String>,
    /// The name of its files without the ending: `jeux` or `jeux.fr`.
    pub stem: String,
    /// The formats that it is written in.
    pub formats: Vec<Format>,
    /// The newest change of any item.
    pub updated: Time,
    /// The items, newest first.
    pub items: Vec<EditionItem>,
}

impl Edition {
    /// The name of its file in a format: `jeux.fr.atom`.
    pub fn file(&self, format: Format) -> String {
        format!("{}.{}", self.stem, format.extension())
    }

    /// The address of its file in a format; relative to the other files when no `base_url` is configured.
    pub fn address(&self, format: Format) -> String {
        format!("{}{}", self.base_url.as_deref().unwrap_or_default(), self.file(format))
    }
}
