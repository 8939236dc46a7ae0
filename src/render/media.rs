//! Media RSS: pictures and other files with what is known of them (<https://www.rssboard.org/media-rss>).

use super::element::Element;
use super::shown;
use crate::model::{EditionItem, Enclosure, PictureDetails, Text};

/// The prefix of the elements.
const PREFIX: &str = "media";

/// Returns the elements of an item's files: its picture as a thumbnail, and then each file. Readers that find such elements look nowhere
/// else, so that all files stand here if any does.
pub(super) fn files(item: &EditionItem) -> Vec<Element> {
    let picture = item.head.image.as_deref().filter(|image| shown::enclosures(item).all(|file| file.url != *image));
    let picture = picture.map(|url| Enclosure { url: url.to_owned(), ..Enclosure::default() });
    let mut elements: Vec<Element> = thumbnail(item).into_iter().collect();
    elements.extend(picture.iter().map(|file| content(item, file)));
    elements.extend(shown::enclosures(item).map(|file| content(item, file)));
    elements
}

/// Returns the elements of an item's pictures, for a format that has a place of its own for files.
pub(super) fn pictures(item: &EditionItem) -> Vec<Element> {
    let Some(url) = item.head.image.as_deref() else { return Vec::new() };
    let own = shown::enclosures(item).find(|file| file.url == url).cloned();
    let picture = own.unwrap_or_else(|| Enclosure { url: url.to_owned(), ..Enclosure::default() });
    thumbnail(item).into_iter().chain([content(item, &picture)]).collect()
}

fn thumbnail(item: &EditionItem) -> Option<Element> {
    let PictureDetails { width, height, .. } = item.head.picture;
    let thumbnail = Element::new(PREFIX, "thumbnail").with("url", item.head.image.as_deref()?);
    Some(thumbnail.with_some("width", width).with_some("height", height))
}

fn content(item: &EditionItem, file: &Enclosure) -> Element {
    let is_picture = item.head.image.as_deref() == Some(file.url.as_str());
    let details = if is_picture { &item.head.picture } else { &file.details };
    let medium = if is_picture { Some("image") } else { medium(file) };
    Element::new(PREFIX, "content")
        .with("url", &file.url)
        .with_some("fileSize", shown::length(file))
        .with_some("type", file.media_type.as_deref())
        .with_some("medium", medium)
        .with_some("duration", file.duration)
        .with_some("width", details.width)
        .with_some("height", details.height)
        .holding(words("title", file.title.as_ref()))
        .holding(words("credit", details.credit.as_ref()))
        .holding(words("description", details.caption.as_ref()))
}

/// Returns the kind of a file, as Media RSS calls it.
fn medium(file: &Enclosure) -> Option<&'static str> {
    match file.media_type.as_deref()?.split('/').next()? {
        "image" => Some("image"),
        "audio" => Some("audio"),
        "video" => Some("video"),
        "text" => Some("document"),
        _ if file.media_type.as_deref() == Some("application/pdf") => Some("document"),
        _ => None,
    }
}

/// Returns an element with plain text, as the default of `type` says.
fn words(name: &'static str, text: Option<&Text>) -> Option<Element> {
    let text = text.filter(|text| !text.is_blank())?;
    Some(Element::new(PREFIX, name).text(text.as_str()))
}
