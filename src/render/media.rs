//! Media RSS: the picture of an item, and files for which a format has no place of its own.

use super::{chars, shown};
use crate::model::{EditionItem, Enclosure, PictureDetails, Text};

/// The namespace.
pub(super) const NAMESPACE: &str = "http://search.yahoo.com/mrss/";
/// Its prefix.
pub(super) const PREFIX: &str = "media";

/// An element, for the types of both XML writers.
pub(super) struct MediaElement {
    /// The name without its prefix.
    pub(super) name: &'static str,
    /// The attributes, on one line each.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// The text.
    pub(super) text: Option<String>,
    /// The elements within.
    pub(super) children: Vec<MediaElement>,
}

impl MediaElement {
    fn of_text(name: &'static str, text: Option<&Text>) -> Option<Self> {
        let text = chars::line(text?.as_str()).into_owned();
        // The text is plain, as the default of `type` says.
        (!text.trim().is_empty()).then(|| Self { name, attributes: Vec::new(), text: Some(text), children: Vec::new() })
    }

    /// Returns the name with its prefix.
    pub(super) fn full_name(&self) -> String {
        format!("{PREFIX}:{}", self.name)
    }
}

/// The elements of an item's picture: a thumbnail, and if there is a caption or a credit, the picture with them.
pub(super) fn picture(item: &EditionItem) -> Vec<MediaElement> {
    let Some(url) = item.head.image.as_deref() else { return Vec::new() };
    let mut attributes = vec![("url", chars::line(url).into_owned())];
    attributes.extend(size(&item.head.picture));
    let mut elements = vec![MediaElement { name: "thumbnail", attributes, text: None, children: Vec::new() }];
    if item.head.picture.has_words() {
        let own = shown::enclosures(item).find(|enclosure| enclosure.url == url);
        elements.push(content(item, own.unwrap_or(&Enclosure { url: url.to_owned(), ..Enclosure::default() })));
    }
    elements
}

/// The elements of the files of an item, for a format that has a place for one only. Readers that find such elements look nowhere else,
/// so that all files stand here if any element does.
pub(super) fn files(item: &EditionItem) -> impl Iterator<Item = MediaElement> {
    let picture = item.head.image.as_deref().filter(|_| item.head.picture.has_words());
    let is_needed = picture.is_some() || shown::enclosures(item).nth(1).is_some();
    shown::enclosures(item)
        .filter(move |enclosure| is_needed && picture != Some(enclosure.url.as_str()))
        .map(|enclosure| content(item, enclosure))
}

fn content(item: &EditionItem, enclosure: &Enclosure) -> MediaElement {
    let is_picture = item.head.image.as_deref() == Some(enclosure.url.as_str());
    let mut attributes = vec![("url", chars::line(&enclosure.url).into_owned())];
    attributes.extend(shown::length(enclosure).map(|length| ("fileSize", length.to_string())));
    attributes.extend(enclosure.media_type.as_deref().map(|kind| ("type", chars::line(kind).into_owned())));
    let mut children: Vec<_> = MediaElement::of_text("title", enclosure.title.as_ref()).into_iter().collect();
    if is_picture {
        let PictureDetails { credit, caption, .. } = &item.head.picture;
        attributes.push(("medium", "image".to_owned()));
        attributes.extend(size(&item.head.picture));
        children.extend(MediaElement::of_text("credit", credit.as_ref()));
        children.extend(MediaElement::of_text("description", caption.as_ref()));
    }
    MediaElement { name: "content", attributes, text: None, children }
}

fn size(details: &PictureDetails) -> impl Iterator<Item = (&'static str, String)> {
    let given = |name, size: Option<u32>| size.map(|size| (name, size.to_string()));
    [given("width", details.width), given("height", details.height)].into_iter().flatten()
}
