//! RSS 2.0, with the modules that readers know: content, Dublin Core, Atom, Media RSS.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quick_xml::escape::escape;
use rss::extension::Extension;
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Enclosure, Guid, Image, Item as RssItem, Source};

use super::element::{self, ByName, Element, FromElement};
use super::provenance::{self, Body};
use super::relations::{self, Relation};
use super::shown::{self, GENERATOR, UNKNOWN_TYPE, VERSION};
use super::words::{Words, fill};
use super::{RenderError, chars, links, media, podcast, tombstones};
use crate::model::{Edition, EditionItem, Format, Lang, Time};

/// Writes the edition as an RSS channel.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let items: Vec<RssItem> = edition.items.iter().map(|item| self::item(edition, item)).collect();
    let title = edition.full_title();
    let mut channel = Channel {
        title: chars::line(title.as_str()).into_owned(),
        link: home(edition),
        description: chars::line(if edition.description.is_blank() { title.as_str() } else { edition.description.as_str() })
            .into_owned(),
        language: edition.lang.as_ref().map(Lang::to_string),
        copyright: Some(chars::line(edition.details.rights.as_str()).into_owned()).filter(|rights| !rights.trim().is_empty()),
        image: image(edition),
        last_build_date: Some(date(edition.updated)),
        generator: Some(format!("{GENERATOR} {VERSION}")),
        extensions: element::extensions(of_channel(edition)),
        items,
        ..Channel::default()
    };
    channel.namespaces = namespaces(&channel);
    super::finish(channel.pretty_write_to(Vec::new(), b' ', 1).map_err(RenderError::Rss)?)
}

/// The page of the channel, which RSS demands. While nobody knows where the output will be, the name of the file is all
/// that is true, and right beside the feed.
fn home(edition: &Edition) -> String {
    let beside = if edition.formats.contains(&Format::Html) { Format::Html } else { Format::Rss };
    let home = shown::home(edition).unwrap_or_else(|| edition.address(beside));
    chars::line(&home).into_owned()
}

/// The picture of the channel: its title and link are those of the channel (RSS 2.0, "image").
fn image(edition: &Edition) -> Option<Image> {
    let url = edition.details.icon.as_deref().and_then(links::web)?.into_owned();
    let title = chars::line(edition.full_title().as_str()).into_owned();
    Some(Image { url, title, link: home(edition), ..Image::default() })
}

/// The elements of a channel that RSS 2.0 has none for.
fn of_channel(edition: &Edition) -> Vec<Element> {
    let links = relations::own(edition, Format::Rss).chain(relations::languages(edition, Format::Rss));
    // RFC 5005 is written for Atom: readers of RSS look for the same links and the same mark.
    let links = links.chain(relations::archive(edition, Format::Rss)).map(atom_link).chain(element::archive_mark(edition));
    // The one element for a move that many readers of RSS know.
    let moved_to = edition.end.as_ref().and_then(|end| end.moved_to.as_deref());
    let moved_to = moved_to.map(|address| Element::new("itunes", "new-feed-url").text(address));
    links.chain(podcast::of_feed(edition)).chain(moved_to).chain(tombstones::elements(edition)).collect()
}

fn atom_link(relation: Relation) -> Element {
    Element::new("atom", "link")
        .with("rel", relation.rel)
        .with("href", &relation.href)
        .with_some("type", relation.kind)
        .with_some("hreflang", relation.lang)
        .with_some("title", relation.title)
}

fn item(edition: &Edition, item: &EditionItem) -> RssItem {
    let head = &item.head;
    let (Body { summary, content }, also_in) = (Body::of(edition, item), also_in(edition, item));
    RssItem {
        title: Some(chars::line(item.title.as_str()).into_owned()),
        link: head.url.as_deref().map(|url| chars::line(url).into_owned()),
        description: with_also_in(summary, also_in.as_deref().filter(|_| content.is_none())),
        categories: provenance::categories(edition, item).into_iter().map(|name| Category { name, domain: None }).collect(),
        enclosure: shown::main_enclosure(item).map(|enclosure| Enclosure {
            url: chars::line(&enclosure.url).into_owned(),
            // RSS demands a length, and 0 is the custom where it is unknown (RSS Advisory Board profile, "enclosure").
            length: shown::length(enclosure).unwrap_or(0).to_string(),
            mime_type: chars::line(enclosure.media_type.as_deref().unwrap_or(UNKNOWN_TYPE)).into_owned(),
        }),
        guid: Some(Guid { value: chars::line(&item.id).into_owned(), permalink: false }),
        pub_date: Some(date(item.published)),
        source: Some(Source {
            url: links::public(&item.source.feed).into_owned(),
            title: Some(shown::source_name(&item.source).into_owned()),
        }),
        content: content.map(|html| html.into_owned() + also_in.as_deref().unwrap_or_default()),
        extensions: element::extensions(more(item)),
        dublin_core_ext: Some(dublin_core(edition, item)),
        ..RssItem::default()
    }
}

/// Adds the line of the other sources to a text; alone, if there is no other.
fn with_also_in(html: Option<Cow<'_, str>>, also_in: Option<&str>) -> Option<String> {
    match (html, also_in) {
        (None, also_in) => also_in.map(str::to_owned),
        (Some(html), also_in) => Some(html.into_owned() + also_in.unwrap_or_default()),
    }
}

/// The other sources of an item's story in one line of HTML: RSS has no element that readers show for them.
fn also_in(edition: &Edition, item: &EditionItem) -> Option<String> {
    let others = shown::also_in(item).map(|(name, page)| match page {
        Some(page) => format!("<a href=\"{}\">{}</a>", escape(page), escape(name)),
        None => escape(name).into_owned(),
    });
    let others: Vec<String> = others.collect();
    let words = Words::of(item.lang.as_ref().or(edition.lang.as_ref()));
    let line = || fill(&escape(&*words.also_in), &[("sources", &others.join(" · "))]);
    (!others.is_empty()).then(|| format!("<p>{}</p>", line()))
}

/// Authors, language, translators and rights: RSS's own `author` wants an e-mail address, and it has no language for an item.
fn dublin_core(edition: &Edition, item: &EditionItem) -> DublinCoreExtension {
    let creators = shown::authors(item);
    let languages: Vec<String> = shown::own_lang(edition, item).map(Lang::to_string).into_iter().collect();
    let contributors: Vec<String> = shown::translators(item).collect();
    let rights = &item.source.rights;
    let rights = (!rights.is_blank()).then(|| chars::line(rights.as_str()).into_owned()).into_iter().collect();
    DublinCoreExtension { creators, contributors, languages, rights, ..DublinCoreExtension::default() }
}

/// The elements for data that RSS 2.0 has none for. An item should have one enclosure (RSS Advisory Board profile, "enclosure"): all files
/// stand as Media RSS too.
fn more(item: &EditionItem) -> Vec<Element> {
    let changed = (item.updated.whole_seconds() > item.published.whole_seconds())
        .then(|| Element::new("atom", "updated").text(&item.updated.rfc3339()));
    let related = relations::of_item(item).into_iter().map(atom_link);
    changed.into_iter().chain(related).chain(media::files(item)).chain(podcast::of_item(item)).collect()
}

impl FromElement for Extension {
    fn make(name: String, value: Option<String>, attrs: BTreeMap<String, String>, children: ByName<Self>) -> Self {
        Self { name, value, attrs, children }
    }
}

/// The namespaces of the elements in use; the crate declares those of content and Dublin Core itself.
fn namespaces(channel: &Channel) -> BTreeMap<String, String> {
    element::namespaces(|prefix| {
        channel.extensions.contains_key(prefix) || channel.items.iter().any(|item| item.extensions.contains_key(prefix))
    })
}

/// RFC 822 with the year in four digits, as RSS asks for, in GMT: `Mon, 23 Nov 2026 20:15:00 GMT`.
fn date(time: Time) -> String {
    time.chrono().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
