//! Atom 1.0 (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text as AtomText, TextType, WriteConfig,
};
use quick_xml::escape::escape;

use super::media::{self, MediaElement};
use super::shown::{self, GENERATOR, VERSION};
use super::{RenderError, chars, links};
use crate::model::{DeletedItem, Edition, EditionItem, Format, Lang, SourceInfo, Time};

/// The namespace of deleted entries (RFC 6721), and its prefix.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";
const TOMBSTONE_PREFIX: &str = "at";

/// `atom_syndication` declares no encoding, so its own declaration is left out.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Writes the edition as an Atom feed.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let feed = Feed {
        title: text(edition.title.as_str()),
        id: chars::line(&edition.feed_id).into_owned(),
        updated: date(edition.updated),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: Some(VERSION.to_owned()) }),
        links: feed_links(edition),
        subtitle: (!edition.description.is_blank()).then(|| text(edition.description.as_str())),
        entries: edition.items.iter().map(|item| entry(edition, item)).collect(),
        extensions: deleted_entries(edition),
        namespaces: namespaces(edition),
        lang: edition.lang.as_ref().map(Lang::to_string),
        ..Feed::default()
    };
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    super::finish(feed.write_with_config(DECLARATION.to_vec(), config).map_err(RenderError::Atom)?)
}

/// The namespaces that are used, by prefix.
fn namespaces(edition: &Edition) -> BTreeMap<String, String> {
    let has_pictures = edition.items.iter().any(|item| item.head.image.is_some());
    let used = [(has_pictures, media::PREFIX, media::NAMESPACE), (!edition.deleted.is_empty(), TOMBSTONE_PREFIX, TOMBSTONES)];
    used.iter().filter(|(is_used, ..)| *is_used).map(|(_, prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect()
}

/// The entries that are withdrawn (RFC 6721 §3).
fn deleted_entries(edition: &Edition) -> ExtensionMap {
    let name = "deleted-entry";
    let element = |item: &DeletedItem| {
        let attributes = [("ref", chars::line(&item.id).into_owned()), ("when", item.when.rfc3339())];
        let attrs = attributes.iter().map(|(name, value)| ((*name).to_owned(), escape(value.as_str()).into_owned())).collect();
        Extension { name: format!("{TOMBSTONE_PREFIX}:{name}"), attrs, ..Extension::default() }
    };
    let elements: Vec<Extension> = edition.deleted.iter().map(element).collect();
    if elements.is_empty() {
        return ExtensionMap::new();
    }
    BTreeMap::from([(TOMBSTONE_PREFIX.to_owned(), BTreeMap::from([(name.to_owned(), elements)]))])
}

/// The feed's own address, when it is known, and its page.
fn feed_links(edition: &Edition) -> Vec<Link> {
    let own =
        |rel: &str, format: Format, address: &str| Link { mime_type: Some(format.media_type().to_owned()), ..link(rel, address) };
    let itself = edition.own_address(Format::Atom).map(|address| own("self", Format::Atom, &address));
    let has_page = edition.formats.contains(&Format::Html);
    let page = has_page.then(|| own("alternate", Format::Html, &edition.address(Format::Html)));
    itself.into_iter().chain(page).collect()
}

fn entry(edition: &Edition, item: &EditionItem) -> Entry {
    let lang = shown::own_lang(edition, item).map(Lang::to_string);
    let head = &item.head;
    let mut links: Vec<Link> = head.url.iter().map(|url| link("alternate", url)).collect();
    links.extend(shown::enclosures(item).map(|enclosure| Link {
        mime_type: enclosure.media_type.as_deref().map(|kind| chars::line(kind).into_owned()),
        length: shown::length(enclosure).map(|length| length.to_string()),
        title: enclosure.title.as_ref().map(|title| chars::line(title.as_str()).into_owned()),
        ..link("enclosure", &enclosure.url)
    }));
    links.extend(
        shown::also_in(item)
            .filter_map(|(source, page)| Some(Link { title: Some(source.into_owned()), ..link("related", &page?) })),
    );
    // atom_syndication has no xml:lang for an entry, so it stands on each text (RFC 4287 §2 allows it on any element).
    let html =
        |html: &str| AtomText { value: html.to_owned(), lang: lang.clone(), r#type: TextType::Html, ..AtomText::default() };
    Entry {
        title: AtomText { lang: shown::title_lang(edition, item).map(Lang::to_string), ..text(item.title.as_str()) },
        id: chars::line(&item.id).into_owned(),
        updated: date(item.updated),
        authors: shown::authors(item).into_iter().map(person).collect(),
        contributors: shown::translators(item).map(person).collect(),
        categories: shown::lines(&head.categories).map(|term| Category { term, ..Category::default() }).collect(),
        links,
        published: Some(date(item.published)),
        source: Some(source(item)),
        summary: shown::markup(item.summary.as_ref()).map(|summary| html(&summary)),
        content: content(item, lang.as_deref()),
        extensions: extensions(media::picture(item)),
        ..Entry::default()
    }
}

/// The content, if shown. An entry without content must have a page (RFC 4287 §4.1.2): without one, its text stands here.
fn content(item: &EditionItem, lang: Option<&str>) -> Option<Content> {
    let (kind, value) = match shown::markup(item.content.as_ref()) {
        Some(html) => ("html", html.into_owned()),
        None if item.head.url.is_none() => ("text", shown::fallback(item)),
        None => return None,
    };
    if value.is_empty() {
        return None;
    }
    let lang = lang.map(str::to_owned);
    Some(Content { lang, value: Some(value), content_type: Some(kind.to_owned()), ..Content::default() })
}

/// The source of the entry (RFC 4287 §4.2.11). Its date is the last that we know it to have changed: when this entry did.
fn source(item: &EditionItem) -> Source {
    let SourceInfo { feed, site, image, .. } = &item.source;
    let name = shown::source_name(&item.source).into_owned();
    let mut links = vec![link("self", &links::public(feed))];
    links.extend(site.as_deref().and_then(links::web).map(|site| link("alternate", &site)));
    Source {
        title: text(&name),
        id: links::public(feed).into_owned(),
        updated: date(item.updated),
        icon: image.as_deref().and_then(links::web).map(Into::into),
        links,
        ..Source::default()
    }
}

fn text(line: &str) -> AtomText {
    AtomText::plain(chars::line(line))
}

fn person(name: String) -> Person {
    Person { name, ..Person::default() }
}

fn link(rel: &str, href: &str) -> Link {
    Link { href: chars::line(href).into_owned(), rel: rel.to_owned(), ..Link::default() }
}

fn date(time: Time) -> FixedDateTime {
    time.whole_seconds().chrono().fixed_offset()
}

/// Elements of Media RSS by prefix and name, as the crate wants them.
fn extensions(elements: Vec<MediaElement>) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    if !elements.is_empty() {
        map.insert(media::PREFIX.to_owned(), by_name(elements));
    }
    map
}

fn by_name(elements: Vec<MediaElement>) -> BTreeMap<String, Vec<Extension>> {
    let mut map: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for element in elements {
        map.entry(element.name.to_owned()).or_default().push(extension(element));
    }
    map
}

/// Makes an extension; the crate writes attributes as they come, so they are escaped here.
fn extension(element: MediaElement) -> Extension {
    Extension {
        name: element.full_name(),
        attrs: element.attributes.into_iter().map(|(name, value)| (name.to_owned(), escape(value).into_owned())).collect(),
        value: element.text,
        children: by_name(element.children),
    }
}
