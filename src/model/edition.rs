//! An edition as its renderers see it: everything that is published, and nothing else.

use serde::{Deserialize, Serialize};

use super::{Clean, EntryHead, Genre, Lang, PageItem, PageRules, Provenance, SourceId, Text, Time};

/// The amount of the sources' text that an edition republishes; each more than the one before.
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

/// An output format of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
    /// An HTML page for people.
    Html,
    /// ninjs 2.1, for newsrooms.
    Ninjs,
}

impl Format {
    /// All formats, in the order in which they are written.
    pub const ALL: [Self; 5] = [Self::Atom, Self::Rss, Self::Json, Self::Html, Self::Ninjs];
    /// Those of an edition that names none.
    pub const DEFAULT: [Self; 4] = [Self::Atom, Self::Rss, Self::Json, Self::Html];

    /// Returns the name in feeds.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ninjs => "ninjs",
            other => other.extension(),
        }
    }

    /// Returns the file extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
            Self::Html => "html",
            Self::Ninjs => "ninjs.json",
        }
    }

    /// Returns true if files of this format name the hubs that tell of their changes.
    pub fn names_hubs(self) -> bool {
        matches!(self, Self::Atom | Self::Rss | Self::Json)
    }

    /// Returns the media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
            Self::Html => "text/html",
            Self::Ninjs => "application/json",
        }
    }
}

/// A source, as it is shown to readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceInfo {
    /// The name in feeds.toml.
    pub id: SourceId,
    /// The title: the configured one, else the one that the feed declares.
    pub title: Text,
    /// The address of the feed.
    pub feed: String,
    /// The page that the feed belongs to.
    pub site: Option<String>,
    /// The address of a picture of the feed.
    pub image: Option<String>,
    /// The copyright notice, as one line; may be blank.
    pub rights: Text,
    /// The categories of Apple's that a podcast has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub genres: Vec<Genre>,
}

/// An entry as an edition publishes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EditionItem {
    /// A `tag:` URI (RFC 4151) that never changes for this entry in this edition's language.
    pub id: String,
    /// Everything but the text.
    pub head: EntryHead,
    /// The headline.
    pub title: Text,
    /// The summary, if the edition shows it.
    pub summary: Option<Clean>,
    /// The summary as one line of text; blank if there is none.
    #[serde(skip)]
    pub summary_text: Text,
    /// The content, if the edition shows it.
    pub content: Option<Clean>,
    /// The item as pages show it, if the edition has pages.
    #[serde(skip)]
    pub page: Option<PageItem>,
    /// The content (or else the summary) as plain text, as far as it is shown.
    pub text: String,
    /// The language of title, summary and content.
    pub lang: Option<Lang>,
    /// The date of publication: as declared, else the time at which it was first seen.
    pub published: Time,
    /// The date of the last change, never before `published`.
    pub updated: Time,
    /// The source that it comes from.
    pub source: SourceInfo,
    /// Other sources that tell the same story.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<AlsoIn>,
    /// The translation, if it is one.
    pub translation: Option<Translation>,
}

/// An entry of another source that tells the story of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlsoIn {
    /// Its source.
    pub source: SourceInfo,
    /// Its page.
    pub url: Option<String>,
    /// Its headline, in its own language.
    pub title: Text,
}

/// The translation of an item from the language of its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// The language of the original.
    pub from: Lang,
    /// The engines that translated it (kind and model).
    pub engines: Vec<String>,
    /// The number of segments in the language of the original, because every translation was refused.
    pub left: u32,
    /// True if the headline is (in part) among them.
    pub title_left: bool,
}

/// A merged feed, ready to be rendered. Renderers read this and nothing else: no clock, no store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edition {
    /// The name in feeds.toml.
    pub id: String,
    /// The language; nothing if every item keeps its own.
    pub lang: Option<Lang>,
    /// The title.
    pub title: Text,
    /// The description, in a sentence.
    pub description: Text,
    /// A `tag:` URI that never changes.
    pub feed_id: String,
    /// The public address of the output, ending in `/`; nothing if it is not configured.
    pub base_url: Option<String>,
    /// The name of the files without extension: `jeux` or `jeux.fr`.
    pub stem: String,
    /// The output formats.
    pub formats: Vec<Format>,
    /// The date of the newest change of any item.
    pub updated: Time,
    /// The items, newest first.
    pub items: Vec<EditionItem>,
    /// The items that it had and that their sources have withdrawn, the last one first.
    pub deleted: Vec<DeletedItem>,
    /// Set in the last version of the edition.
    pub end: Option<EndOfFeed>,
    /// The rules for its pages.
    #[serde(skip)]
    pub pages: PageRules,
    /// Holds the statements of its feeds about themselves.
    pub details: EditionDetails,
    /// The archive that it is the head or a document of; empty if it has none.
    pub archive: Archive,
}

/// Holds the statements of an edition's feeds about themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EditionDetails {
    /// The form in which readers see that an item is translated.
    pub provenance: Provenance,
    /// The address of its picture.
    pub icon: Option<String>,
    /// Its copyright notice, as one line; may be blank.
    pub rights: Text,
    /// All its languages, this one too; empty if it has one or none.
    pub languages: Vec<EditionLanguage>,
    /// The addresses of the WebSub hubs that tell of its changes.
    pub hubs: Vec<String>,
}

/// An edition in one of its languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionLanguage {
    /// The language.
    pub lang: Lang,
    /// The name of its files without extension.
    pub stem: String,
}

/// The place of a feed in its archive (RFC 5005 §4): the names of other files without their endings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Archive {
    /// True for a document of the archive, false for the feed that readers subscribe to.
    pub is_document: bool,
    /// True for a document that changes no more.
    pub is_closed: bool,
    /// The feed that readers subscribe to, of a document.
    pub current: Option<String>,
    /// The document before this one.
    pub previous: Option<String>,
    /// The document after this one.
    pub next: Option<String>,
}

/// An item that is withdrawn, as far as readers are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeletedItem {
    /// The id that it had.
    pub id: String,
    /// The time at which its source withdrew it.
    pub when: Time,
}

/// The end of an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndOfFeed {
    /// The address of the feed that continues it, if there is one and it is known.
    pub moved_to: Option<String>,
}

impl Edition {
    /// Returns the title as feeds state it: with the name of the language in that language, if there are several.
    pub fn full_title(&self) -> Text {
        match &self.lang {
            Some(lang) if self.details.languages.len() > 1 => Text::new(&format!("{} ({})", self.title, lang.own_name())),
            _ => self.title.clone(),
        }
    }

    /// Returns the name of the file in a format: `jeux.fr.atom`.
    pub fn file(&self, format: Format) -> String {
        format!("{}.{}", self.stem, format.extension())
    }

    /// Returns the name of a page, counted from 1: `jeux.fr.html`, `jeux.fr.2.html`. No edition has a file of such a name: IDs have no dot,
    /// and languages begin with a letter.
    pub fn page_file(&self, number: usize) -> String {
        page_file(&self.stem, number)
    }

    /// Returns the address that the feed states for itself in a format, where it is known: after a move that of the new feed.
    pub fn own_address(&self, format: Format) -> Option<String> {
        let moved_to = self.end.as_ref().and_then(|end| end.moved_to.clone());
        moved_to.or_else(|| self.base_url.is_some().then(|| self.address(format)))
    }

    /// Returns the address of the file in a format; relative to the other files if no `base_url` is configured.
    pub fn address(&self, format: Format) -> String {
        self.address_of(&self.stem, format)
    }

    /// Returns the address of another file, whose name without its ending is `stem`; relative to this file if no `base_url` is
    /// configured.
    pub fn address_of(&self, stem: &str, format: Format) -> String {
        let ending = format.extension();
        match &self.base_url {
            Some(base) => format!("{base}{stem}.{ending}"),
            None => self.relative(&format!("{stem}.{ending}")),
        }
    }

    /// Returns the address of a file of the output relative to the files of this edition, which may lie in a folder.
    pub fn relative(&self, file: &str) -> String {
        format!("{}{file}", "../".repeat(self.stem.matches('/').count()))
    }
}

/// Returns the name of a page of the edition with this stem, counted from 1.
fn page_file(stem: &str, number: usize) -> String {
    let extension = Format::Html.extension();
    if number < 2 { format!("{stem}.{extension}") } else { format!("{stem}.{number}.{extension}") }
}

/// Returns true if a file is a page of the edition with this stem.
pub fn is_page_file(stem: &str, file: &str) -> bool {
    let number = file.strip_prefix(stem).and_then(|rest| rest.strip_suffix(".html"));
    number.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(|n| n.parse().is_ok_and(|n: usize| n > 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_those_with_the_stem_and_a_number() {
        for number in [1, 2, 20] {
            assert!(is_page_file("jeux.fr", &page_file("jeux.fr", number)), "{number}");
        }
        for other in ["jeux.html", "jeux.fr.atom", "jeux.fr-2.html", "jeux.fr.x.html", "jeux.fr.2.atom", "jeux.fr.1.html"] {
            assert!(!is_page_file("jeux.fr", other), "{other}");
        }
        assert!(!is_page_file("jeux", "jeux.fr.html"), "another language");
    }
}
