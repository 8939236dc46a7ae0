//! The details of an episode that a podcast states beside its file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Lang, Text};

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
    /// The other elements of the podcast namespace, in the order of the feed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<EpisodeDetail>,
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

/// An element of the podcast namespace that is handed on as it is: one of [`DetailKind::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeDetail {
    /// The name of the element.
    pub name: String,
    /// Its text, as one line; may be blank.
    #[serde(default, skip_serializing_if = "Text::is_blank")]
    pub text: Text,
    /// Its attributes by name. Addresses are absolute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The elements inside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

/// A kind of [`EpisodeDetail`].
#[derive(Debug, PartialEq, Eq)]
pub struct DetailKind {
    /// The name of the element.
    pub name: &'static str,
    /// The attributes that are handed on, other than addresses.
    pub attributes: &'static [&'static str],
    /// The attributes that hold the address of a page or a file.
    pub addresses: &'static [&'static str],
    /// An attribute or the text (blank) without which it says nothing.
    pub needs: &'static str,
    /// The element that it stands in; blank for the entry.
    pub parent: &'static str,
}

impl DetailKind {
    /// All kinds. Left out is what concerns only the owner of a feed or its player: `value` (payments), `txt`, `block`, `podping`.
    pub const ALL: [Self; 12] = [
        Self::new("person", &["role", "group"], &["href", "img"], ""),
        Self::new("location", &["rel", "geo", "osm", "country"], &[], ""),
        Self::new("license", &[], &["url"], ""),
        Self::new("season", &["name"], &[], "name"),
        Self::new("episode", &["display"], &[], "display"),
        Self::new("soundbite", &["startTime", "duration"], &[], "startTime"),
        Self::new("image", &["alt", "aspect-ratio", "width", "height", "type", "purpose"], &["href"], "href"),
        Self::new("contentLink", &[], &["href"], "href"),
        Self::new("socialInteract", &["protocol", "accountId", "priority"], &["uri", "accountUrl"], "protocol"),
        Self::new(
            "alternateEnclosure",
            &["type", "length", "bitrate", "height", "lang", "title", "rel", "codecs", "default"],
            &[],
            "type",
        ),
        Self { parent: "alternateEnclosure", ..Self::new("source", &["contentType"], &["uri"], "uri") },
        Self { parent: "alternateEnclosure", ..Self::new("integrity", &["type", "value"], &[], "value") },
    ];

    const fn new(
        name: &'static str,
        attributes: &'static [&'static str],
        addresses: &'static [&'static str],
        needs: &'static str,
    ) -> Self {
        Self { name, attributes, addresses, needs, parent: "" }
    }

    /// Returns the kind of an element, whatever the case of its letters.
    pub fn find(name: &str) -> Option<&'static Self> {
        const ALL: &[DetailKind] = &DetailKind::ALL;
        ALL.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }
}

/// A category of Apple's, with those below it that a podcast names (<https://podcasters.apple.com/support/1691-apple-podcasts-categories>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genre {
    /// Its name: `Sports`.
    pub name: String,
    /// Those below it: `Swimming`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
