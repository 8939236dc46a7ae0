//! An entry: one item of a source, and its original rendition.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::{
    ArticleKey, Clean, EntryId, EntryKey, Episode, Lang, LinkOrigin, PictureDetails, RawHtml, Revision, SourceId, StoryKey, Text,
    Time,
};

/// A file that belongs to an entry: a podcast's audio, a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enclosure {
    /// The absolute address.
    pub url: String,
    /// The media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// The size in bytes, as declared.
    pub length: Option<u64>,
    /// The title, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The playing time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Of a picture or a video the size, and whose it is.
    #[serde(default, skip_serializing_if = "PictureDetails::is_empty")]
    pub details: PictureDetails,
}

/// The parts of an entry that all its renditions share: everything but the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryHead {
    /// The guid of the source, as written: it need not be an address.
    pub guid: Option<String>,
    /// The page of the entry (absolute, http or https).
    pub url: Option<String>,
    /// The names of the authors.
    pub authors: Vec<String>,
    /// The categories of the source.
    pub categories: Vec<String>,
    /// The date of publication, as declared. Impossible dates are dropped.
    pub published: Option<Time>,
    /// The date of the last change, as declared.
    pub updated: Option<Time>,
    /// The files that belong to it.
    pub enclosures: Vec<Enclosure>,
    /// The address of a picture.
    pub image: Option<String>,
    /// The caption, credit and size of that picture.
    #[serde(skip_serializing_if = "PictureDetails::is_empty")]
    pub picture: PictureDetails,
    /// Holds the podcast fields of the entry.
    #[serde(skip_serializing_if = "Episode::is_empty")]
    pub episode: Episode,
    /// The language, as far as known.
    pub lang: Option<Lang>,
    /// The base address of relative links in the HTML, where it is not the page of the entry.
    pub base: Option<String>,
}

impl EntryHead {
    /// Returns the address to which relative links in the HTML are relative.
    pub fn link_base(&self) -> Option<&str> {
        self.base.as_deref().or(self.url.as_deref())
    }
}

/// An entry as it was parsed: decoded, bounded, dated, identified. Its HTML is still raw and is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The identity.
    pub key: EntryKey,
    /// Everything but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary, as written.
    pub summary: Option<RawHtml>,
    /// The content, as written.
    pub content: Option<RawHtml>,
}

impl Entry {
    /// Hashes the parts that readers see. (XXH3 is eight times as fast as BLAKE3, and a source that looks for a collision
    /// deceives only itself.)
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
        let PictureDetails { credit, caption, .. } = &self.head.picture;
        for (name, text) in [("credit", credit), ("caption", caption)] {
            if let Some(text) = text {
                add(name);
                add(text.as_str());
            }
        }
        // Transcripts and chapters often come days after their episode. Entries without any have the revision that they had before
        // relais knew of them.
        let Episode { transcripts, chapters, .. } = &self.head.episode;
        let files = transcripts.iter().map(|file| &file.url).chain(chapters.iter().map(|file| &file.url));
        for url in files {
            add("episode");
            add(url);
        }
        Revision(hasher.digest().cast_signed())
    }

    /// Returns the facts by which the article is recognised in other entries; `link` tells where its page lies.
    pub fn article_key(&self, link: LinkOrigin) -> ArticleKey {
        let text = self.content.as_ref().or(self.summary.as_ref()).map(|html| html.0.as_str());
        ArticleKey::new(self.head.url.as_deref(), self.title.as_str(), text, link)
    }

    /// Returns true if there is anything to show: a headline, a page or a text.
    pub fn has_content(&self) -> bool {
        !self.title.is_blank() || self.head.url.is_some() || self.summary.is_some() || self.content.is_some()
    }
}

/// The texts of an entry that a source's rules may change, while it is parsed.
#[derive(Debug)]
pub struct EntryTexts<'e> {
    /// The headline.
    pub title: &'e mut Text,
    /// The summary, as written.
    pub summary: &'e mut Option<RawHtml>,
    /// The content, as written.
    pub content: &'e mut Option<RawHtml>,
    /// The names of the authors.
    pub authors: &'e mut Vec<String>,
    /// The categories.
    pub categories: &'e mut Vec<String>,
}

/// The row of an entry in a listing of the store: everything but the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The entry.
    pub id: EntryId,
    /// Its source.
    pub source: SourceId,
    /// The stored revision.
    pub revision: Revision,
    /// The place in time: the declared date if it is possible, else the time at which it was first seen.
    pub at: Time,
    /// The time at which it was first seen.
    pub first_seen: Time,
    /// The language, as far as known.
    pub lang: Option<Lang>,
    /// The facts that tell the article.
    pub article: ArticleKey,
    /// The fingerprint of the event that it is about.
    pub story: StoryKey,
    /// True if the source has removed the entry.
    pub is_withdrawn: bool,
}

/// The original rendition of an entry: its own text, cleaned. It is made when an edition first wants it, and stored by revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Original {
    /// Everything but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text, by html2text.
    pub text: String,
    /// The result of looking for the article on the entry's page, if that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_text: Option<FullText>,
}

/// The result of looking for the article on the page of an entry whose source has `full_text`. It is stored with the original
/// rendition, so that another revision begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FullText {
    /// The content is the article of the page.
    Taken,
    /// The page has nothing better than the feed. It is not fetched again.
    Left {
        /// The reason, in one sentence.
        message: String,
    },
    /// The page could not be fetched.
    Failed {
        /// The number of tries.
        tries: u32,
        /// The last failure, in one sentence.
        message: String,
    },
}
