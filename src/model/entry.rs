//! An entry: one item of a source, and its original rendition.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::{Clean, Lang, RawHtml, SourceId, Text, Time};

/// Which entry: the source, and what the source calls it (its guid, else its link, else a hash of title and date).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryKey {
    /// The source.
    pub source: SourceId,
    /// The entry's identity within it.
    pub uid: String,
}

impl EntryKey {
    /// The key under which stores and outputs know this entry.
    pub fn id(&self) -> EntryId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.source.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(self.uid.as_bytes());
        EntryId(first_i64(&hasher))
    }
}

/// 64 bits of a hash of the key: the same on every machine and in every database, with no counter to agree on.
/// A million entries share one with a probability of 3 in 100 million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A hash of what a reader would see of an entry. A new one means: publish again. Dates do not count: many feeds move them
/// without a change of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A file that comes with an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enclosure {
    /// Where it is (absolute).
    pub url: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Its size in bytes, as stated.
    pub length: Option<u64>,
}

/// All of an entry but its text: what every rendition of it shares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryHead {
    /// What the source calls it, as written: a guid need not be an address.
    pub guid: Option<String>,
    /// The page of the entry (absolute, http or https).
    pub url: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// What the source files it under.
    pub categories: Vec<String>,
    /// When it was published, as the source says; kept only when it is a possible date.
    pub published: Option<Time>,
    /// When it was last changed, as the source says.
    pub updated: Option<Time>,
    /// Files that come with it.
    pub enclosures: Vec<Enclosure>,
    /// A picture of it.
    pub image: Option<String>,
    /// Its language, as far as known.
    pub lang: Option<Lang>,
    /// What relative links in its HTML are relative to.
    pub base: Option<String>,
}

/// An entry as it was read: decoded, bounded, dated, identified. Its HTML is still raw and never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which entry.
    pub key: EntryKey,
    /// All but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary, as written.
    pub summary: Option<RawHtml>,
    /// The content, as written.
    pub content: Option<RawHtml>,
}

impl Entry {
    /// A hash of what a reader would see (XXH3: eight times as fast as BLAKE3, and a source that looks for a collision deceives
    /// only itself).
    pub fn revision(&self) -> Revision {
        let mut hasher = Xxh3Default::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        add(self.title.as_str());
        add(self.head.url.as_deref().unwrap_or_default());
        add(self.summary.as_ref().map_or("", |html| &html.0));
        add(self.content.as_ref().map_or("", |html| &html.0));
        add(self.head.image.as_deref().unwrap_or_default());
        for list in [&self.head.authors, &self.head.categories] {
            add("");
            for text in list {
                add(text);
            }
        }
        add("");
        for enclosure in &self.head.enclosures {
            add(&enclosure.url);
        }
        Revision(hasher.digest().cast_signed())
    }

    /// Whether there is anything to show: a headline, a page or a text.
    pub fn has_content(&self) -> bool {
        !self.title.is_blank() || self.head.url.is_some() || self.summary.is_some() || self.content.is_some()
    }

    /// Equal for two entries of any sources that have the same page and the same headline: one article in two feeds.
    /// Nothing for an entry without a page: headlines alone repeat ("Le journal de 8 h").
    pub fn dedup_key(&self) -> Option<i64> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.head.url.as_ref()?.as_bytes());
        hasher.update(&[0]);
        hasher.update(self.title.as_str().as_bytes());
        Some(first_i64(&hasher))
    }
}

/// What the store knows of an entry without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The entry.
    pub id: EntryId,
    /// Whose it is.
    pub source: SourceId,
    /// The revision that is kept.
    pub revision: Revision,
    /// Where it stands in time: its date if that is a possible one, else when it was first seen.
    pub at: Time,
    /// When it was first seen.
    pub first_seen: Time,
    /// Its language, as far as known.
    pub lang: Option<Lang>,
    /// See [`Entry::dedup_key`].
    pub dedup_key: Option<i64>,
    /// Whether the source has taken it back.
    pub is_withdrawn: bool,
}

/// The original rendition of an entry: its own text, cleaned. Made the first time that an edition wants it, kept by revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Original {
    /// All but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text, by html2text.
    pub text: String,
    /// What became of the entry's page, if its article was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_text: Option<FullText>,
}

/// What became of the page of an entry whose source has `full_text`. It is kept with the original rendition, so that another
/// revision begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FullText {
    /// The content is the page's article.
    Taken,
    /// The page has nothing better than what the feed gave. It is not asked for again.
    Left {
        /// In one sentence.
        message: String,
    },
    /// The page could not be had.
    Failed {
        /// How often it was asked for.
        tries: u32,
        /// The last failure, in one sentence.
        message: String,
    },
}

/// The first 64 bits of a hash.
fn first_i64(hasher: &blake3::Hasher) -> i64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    i64::from_le_bytes(bytes)
}
