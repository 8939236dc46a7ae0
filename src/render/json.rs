//! JSON Feed 1.1.

use std::borrow::Cow;

use serde::Serialize;

use super::provenance::{self, Body};
use super::shown::{self, UNKNOWN_TYPE};
use super::{RenderError, chars, links};
use crate::model::{
    AlsoIn, DeletedItem, Edition, EditionItem, Episode, Format, Lang, PictureDetails, SourceInfo, Text, Translation,
};

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    /// The items before these, in the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a Lang>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    /// True if nothing new will come.
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
    #[serde(rename = "_relais", skip_serializing_if = "FeedRelais::is_empty")]
    relais: FeedRelais<'a>,
    items: Vec<FeedItem<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

/// Our extension of the feed: what JSON Feed has no words for.
#[derive(Serialize)]
struct FeedRelais<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
    /// The feed in its other languages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    languages: Vec<OtherLanguage<'a>>,
    /// The items that are withdrawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<Deleted<'a>>,
}

impl FeedRelais<'_> {
    fn is_empty(&self) -> bool {
        self.rights.is_none() && self.languages.is_empty() && self.deleted.is_empty()
    }
}

#[derive(Serialize)]
struct OtherLanguage<'a> {
    language: &'a Lang,
    title: String,
    feed_url: String,
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: Cow<'a, str>,
    date_deleted: String,
}

#[derive(Serialize)]
struct FeedItem<'a> {
    id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    title: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Cow<'a, str>>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a Lang>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    /// Our extension: JSON Feed has no word for where an item of a merged feed comes from.
    #[serde(rename = "_relais")]
    relais: Relais<'a>,
}

#[derive(Serialize)]
struct Author {
    name: String,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: Cow<'a, str>,
    mime_type: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Relais<'a> {
    source: SourceName<'a>,
    /// Other sources that tell the same story.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_in: Vec<AlsoInSource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    translation: Option<&'a Translation>,
    /// Width, height, credit and caption of `image`, which JSON Feed has no words for.
    #[serde(skip_serializing_if = "PictureDetails::is_empty")]
    image: &'a PictureDetails,
    /// The details of an episode that a podcast states.
    #[serde(skip_serializing_if = "Episode::is_empty")]
    episode: &'a Episode,
}

#[derive(Serialize)]
struct AlsoInSource<'a> {
    source: SourceName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    title: Cow<'a, str>,
}

#[derive(Serialize)]
struct SourceName<'a> {
    id: &'a str,
    title: Cow<'a, str>,
    feed_url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
}

/// Writes the edition as a JSON Feed.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    super::finish(serde_json::to_vec_pretty(&document(edition)).map_err(RenderError::Json)?)
}

/// Writes the edition as a JSON Feed on one line.
pub(super) fn write_compact(edition: &Edition) -> Result<String, RenderError> {
    super::finish(serde_json::to_vec(&document(edition)).map_err(RenderError::Json)?)
}

fn document(edition: &Edition) -> Document<'_> {
    Document {
        version: "https://jsonfeed.org/version/1.1",
        title: Cow::Owned(chars::line(edition.full_title().as_str()).into_owned()),
        home_page_url: shown::home(edition),
        feed_url: edition.own_address(Format::Json),
        next_url: edition.archive.previous.as_deref().map(|stem| edition.address_of(stem, Format::Json)),
        description: (!edition.description.is_blank()).then(|| chars::line(edition.description.as_str())),
        icon: edition.details.icon.as_deref().and_then(links::web),
        language: edition.lang.as_ref(),
        hubs: edition.details.hubs.iter().map(|url| Hub { kind: "WebSub", url }).collect(),
        relais: FeedRelais {
            rights: line(&edition.details.rights),
            languages: languages(edition),
            deleted: edition.deleted.iter().map(deleted).collect(),
        },
        expired: edition.end.as_ref().map(|_| true),
        items: edition.items.iter().map(|item| self::item(edition, item)).collect(),
    }
}

/// An item. `content_html` is what readers show, so the summary stands there where no content is shown. It or `content_text` must be
/// there, so a headline alone stands in both its places.
fn item<'a>(edition: &Edition, item: &'a EditionItem) -> FeedItem<'a> {
    let head = &item.head;
    let content_html = Body::of(edition, item).longest();
    let content_text = content_html.is_none().then(|| shown::fallback(item));
    FeedItem {
        id: chars::line(&item.id),
        url: head.url.as_deref().map(chars::line),
        title: chars::line(item.title.as_str()),
        content_html,
        content_text,
        summary: (!item.summary_text.is_blank()).then(|| item.summary_text.as_str()),
        image: head.image.as_deref().map(chars::line),
        date_published: item.published.rfc3339(),
        date_modified: item.updated.rfc3339(),
        authors: shown::authors(item).into_iter().map(|name| Author { name }).collect(),
        tags: provenance::categories(edition, item),
        language: shown::own_lang(edition, item),
        attachments: shown::enclosures(item)
            .map(|enclosure| Attachment {
                url: chars::line(&enclosure.url),
                mime_type: chars::line(enclosure.media_type.as_deref().unwrap_or(UNKNOWN_TYPE)),
                title: enclosure.title.as_ref().map(|title| chars::line(title.as_str())),
                size_in_bytes: shown::length(enclosure),
                duration_in_seconds: enclosure.duration,
            })
            .collect(),
        relais: Relais {
            source: source_name(&item.source),
            also_in: item.also_in.iter().map(also_in).collect(),
            translation: item.translation.as_ref(),
            image: &head.picture,
            episode: &head.episode,
        },
    }
}

fn source_name(source: &SourceInfo) -> SourceName<'_> {
    SourceName {
        id: source.id.as_str(),
        title: shown::source_name(source),
        feed_url: links::public(&source.feed),
        home_page_url: source.site.as_deref().and_then(links::web),
        icon: source.image.as_deref().and_then(links::web),
        rights: line(&source.rights),
    }
}

fn line(text: &Text) -> Option<&str> {
    (!text.is_blank()).then(|| text.as_str())
}

/// The feed in its other languages.
fn languages(edition: &Edition) -> Vec<OtherLanguage<'_>> {
    let others = edition.details.languages.iter().filter(|language| language.stem != edition.stem);
    others
        .map(|language| OtherLanguage {
            language: &language.lang,
            title: format!("{} ({})", edition.title, language.lang.own_name()),
            feed_url: edition.address_of(&language.stem, Format::Json),
        })
        .collect()
}

fn deleted(item: &DeletedItem) -> Deleted<'_> {
    Deleted { id: chars::line(&item.id), date_deleted: item.when.rfc3339() }
}

fn also_in(also: &AlsoIn) -> AlsoInSource<'_> {
    AlsoInSource {
        source: source_name(&also.source),
        url: also.url.as_deref().map(chars::line),
        title: chars::line(also.title.as_str()),
    }
}
