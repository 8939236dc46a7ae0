//! RSS 2.0, with the modules that readers know: content, Dublin Core, Atom, Media RSS.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quick_xml::escape::escape;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::itunes::ITunesChannelExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Item as RssItem, Source};

use super::media::{self, MediaElement};
use super::shown::{self, GENERATOR, UNKNOWN_TYPE, VERSION};
use super::{RenderError, chars, links};
use crate::model::{Edition, EditionItem, Format, Lang, Time};

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Writes the edition as an RSS channel.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let items: Vec<RssItem> = edition.items.iter().map(|item| self::item(edition, item)).collect();
    let itself = edition.own_address(Format::Rss).map(|address| element("atom:link", None, &self_link(address)));
    // The one element for a move that many readers of RSS know.
    let moved_to = edition.end.as_ref().and_then(|end| end.moved_to.clone());
    let itunes_ext =
        moved_to.map(|new_feed_url| ITunesChannelExtension { new_feed_url: Some(new_feed_url), ..Default::default() });
    let mut channel = Channel {
        title: chars::line(edition.title.as_str()).into_owned(),
        link: home(edition),
        description: chars::line(if edition.description.is_blank() {
            edition.title.as_str()
        } else {
            edition.description.as_str()
        })
        .into_owned(),
        language: edition.lang.as_ref().map(Lang::to_string),
        last_build_date: Some(date(edition.updated)),
        generator: Some(format!("{GENERATOR} {VERSION}")),
        extensions: extensions(itself),
        itunes_ext,
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
    let home = shown::home(edition).unwrap_or_else(|| edition.file(beside));
    chars::line(&home).into_owned()
}

fn self_link(address: String) -> [(&'static str, String); 3] {
    [("href", address), ("rel", "self".to_owned()), ("type", Format::Rss.media_type().to_owned())]
}

fn item(edition: &Edition, item: &EditionItem) -> RssItem {
    let head = &item.head;
    let (content, also_in) = (shown::markup(item.content.as_ref()), also_in(item));
    RssItem {
        title: Some(chars::line(item.title.as_str()).into_owned()),
        link: head.url.as_deref().map(|url| chars::line(url).into_owned()),
        description: with_also_in(shown::markup(item.summary.as_ref()), also_in.as_deref().filter(|_| content.is_none())),
        categories: shown::lines(&head.categories).map(|name| Category { name, domain: None }).collect(),
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
        extensions: extensions(more(item)),
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
fn also_in(item: &EditionItem) -> Option<String> {
    let others = shown::also_in(item).map(|(name, page)| match page {
        Some(page) => format!("<a href=\"{}\">{}</a>", escape(page), escape(name)),
        None => escape(name).into_owned(),
    });
    let others: Vec<String> = others.collect();
    (!others.is_empty()).then(|| format!("<p>Also in {}</p>", others.join(" · ")))
}

/// Authors, language and translators: RSS's own `author` wants an e-mail address, and it has no language for an item.
fn dublin_core(edition: &Edition, item: &EditionItem) -> DublinCoreExtension {
    let creators = shown::authors(item);
    let languages: Vec<String> = shown::own_lang(edition, item).map(Lang::to_string).into_iter().collect();
    let contributors: Vec<String> = shown::translators(item).collect();
    DublinCoreExtension { creators, contributors, languages, ..DublinCoreExtension::default() }
}

/// The extensions for data that RSS 2.0 has no element for. An item should have one enclosure (RSS Advisory Board profile, "enclosure");
/// where there are more, all stand as Media RSS too.
fn more(item: &EditionItem) -> Vec<Extension> {
    let changed = (item.updated.whole_seconds() > item.published.whole_seconds())
        .then(|| element("atom:updated", Some(item.updated.rfc3339()), &[]));
    let related = shown::also_in(item).filter_map(|(source, page)| {
        let attributes = [("rel", "related".to_owned()), ("href", page?.into_owned()), ("title", source.into_owned())];
        Some(element("atom:link", None, &attributes))
    });
    let media = media::picture(item).into_iter().chain(media::files(item)).map(extension);
    changed.into_iter().chain(related).chain(media).collect()
}

fn extension(element: MediaElement) -> Extension {
    let mut children: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    let name = element.full_name();
    for child in element.children {
        children.entry(child.name.to_owned()).or_default().push(extension(child));
    }
    let attrs = element.attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Extension { name, value: element.text, attrs, children }
}

fn element(name: &str, value: Option<String>, attributes: &[(&str, String)]) -> Extension {
    let attrs = attributes.iter().map(|(name, value)| ((*name).to_owned(), chars::line(value).into_owned())).collect();
    Extension { name: name.to_owned(), value, attrs, ..Extension::default() }
}

/// Elements by prefix and name, as the `rss` crate wants them.
fn extensions(elements: impl IntoIterator<Item = Extension>) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    for element in elements {
        let (prefix, name) = element.name.split_once(':').unwrap_or_default();
        let named = map.entry(prefix.to_owned()).or_default().entry(name.to_owned()).or_default();
        named.push(element);
    }
    map
}

/// The namespaces of the elements in use; the crate declares those of content and Dublin Core itself.
fn namespaces(channel: &Channel) -> BTreeMap<String, String> {
    let uses = |prefix: &str| {
        channel.extensions.contains_key(prefix) || channel.items.iter().any(|item| item.extensions.contains_key(prefix))
    };
    [("atom", ATOM), (media::PREFIX, media::NAMESPACE)]
        .into_iter()
        .filter(|(prefix, _)| uses(prefix))
        .map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()))
        .collect()
}

/// RFC 822 with the year in four digits, as RSS asks for, in GMT: `Mon, 23 Nov 2026 20:15:00 GMT`.
fn date(time: Time) -> String {
    time.chrono().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
