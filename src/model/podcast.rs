//! The details of an episode that a podcast states beside its file.

use serde::{Deserialize, Serialize};

use super::Lang;

/// An episode of a podcast: Apple's elements, and those of the podcast namespace
/// (<https://podcasting2.org/docs/podcast-namespace>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Episode {
    /// The number of the season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// The number in the season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<u32>,
    /// True if it is no whole episode: a trailer or a bonus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<EpisodeKind>,
    /// True if it is not for children; nothing if the feed does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explicit: Option<bool>,
    /// Its transcripts, in one or several formats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
    /// Its chapters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chapters: Option<Chapters>,
}

impl Episode {
    /// Returns true if nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The kind of an episode (`itunes:episodeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpisodeKind {
    /// A whole episode.
    Full,
    /// An announcement.
    Trailer,
    /// Something beside the episodes.
    Bonus,
}

impl EpisodeKind {
    /// All kinds, by their names in feeds.
    pub const ALL: [(&'static str, Self); 3] = [("full", Self::Full), ("trailer", Self::Trailer), ("bonus", Self::Bonus)];

    /// Returns the name in feeds.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("full", |(name, _)| name)
    }
}

/// A file with the words of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The absolute address.
    pub url: String,
    /// The media type: `text/vtt`, `application/srt`, `text/html`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// The language, if it is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// True if it has the times at which the words are spoken, for captions.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_captions: bool,
}

/// A file with the chapters of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapters {
    /// The absolute address.
    pub url: String,
    /// The media type.
    #[serde(rename = "type")]
    pub media_type: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
