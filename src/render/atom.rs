//! Atom 1.0 (RFC 4287).

use std::borrow::Cow;
use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text as AtomText, TextType, WriteConfig,
};
use quick_xml::escape::escape;

use super::element::{self, ByName, FromElement};
use super::provenance::{self, Body};
use super::relations::{self, Relation};
use super::shown::{self, GENERATOR, VERSION};
use super::{RenderError, chars, links, media, podcast, tombstones};
use crate::model::{Edition, EditionItem, Format, Lang, SourceInfo, Time};

/// `atom_syndication` declares no encoding, so its own declaration is left out.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Writes the edition as an Atom feed.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let details = &edition.details;
    let mut feed = Feed {
        title: text(edition.full_title().as_str()),
        id: chars::line(&edition.feed_id).into_owned(),
        updated: date(edition.updated),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: Some(VERSION.to_owned()) }),
        links: feed_links(edition),
        subtitle: (!edition.description.is_blank()).then(|| text(edition.description.as_str())),
        entries: edition.items.iter().map(|item| entry(edition, item)).collect(),
        icon: details.icon.as_deref().and_then(links::web).map(Into::into),
        logo: details.icon.as_deref().and_then(links::web).map(Into::into),
        rights: (!details.rights.is_blank()).then(|| text(details.rights.as_str())),
        extensions: element::extensions(tombstones::elements(edition).chain(element::archive_mark(edition))),
        lang: edition.lang.as_ref().map(Lang::to_string),
        ..Feed::default()
    };
    feed.namespaces = element::namespaces(|prefix| {
        feed.extensions.contains_key(prefix) || feed.entries.iter().any(|entry| entry.extensions.contains_key(prefix))
    });
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    let feed = super::finish(feed.write_with_config(DECLARATION.to_vec(), config).map_err(RenderError::Atom)?)?;
    Ok(with_languages(&feed, edition))
}

/// States the languages of the entries that are not in that of the feed, as `xml:lang` (RFC 4287 §2). `atom_syndication` has no such attribute
/// of an entry. In what it has written, `<entry>` is nothing but the start of one: it escapes all text.
fn with_languages(feed: &str, edition: &Edition) -> String {
    let mut parts = feed.split("<entry>");
    let mut stated = parts.next().unwrap_or_default().to_owned();
    for (part, item) in parts.zip(&edition.items) {
        match shown::own_lang(edition, item) {
            Some(lang) => stated.push_str(&format!("<entry xml:lang=\"{}\">", escape(lang.as_str()))),
            None => stated.push_str("<entry>"),
        }
        stated.push_str(part);
    }
    stated
}

/// The page of the feed, its own address and hubs, its other languages, and its archive.
fn feed_links(edition: &Edition) -> Vec<Link> {
    let has_page = edition.formats.contains(&Format::Html);
    let page = has_page.then(|| Link {
        mime_type: Some(Format::Html.media_type().to_owned()),
        ..link("alternate", &edition.address(Format::Html))
    });
    let others = relations::own(edition, Format::Atom).chain(relations::languages(edition, Format::Atom));
    page.into_iter().chain(others.chain(relations::archive(edition, Format::Atom)).map(related)).collect()
}

fn related(relation: Relation) -> Link {
    Link {
        hreflang: relation.lang,
        mime_type: relation.kind.map(str::to_owned),
        title: relation.title,
        ..link(relation.rel, &relation.href)
    }
}

fn entry(edition: &Edition, item: &EditionItem) -> Entry {
    let lang = shown::own_lang(edition, item).map(Lang::to_string);
    let (head, body) = (&item.head, Body::of(edition, item));
    let mut links: Vec<Link> = head.url.iter().map(|url| link("alternate", url)).collect();
    links.extend(shown::enclosures(item).map(|enclosure| Link {
        mime_type: enclosure.media_type.as_deref().map(|kind| chars::line(kind).into_owned()),
        length: shown::length(enclosure).map(|length| length.to_string()),
        title: enclosure.title.as_ref().map(|title| chars::line(title.as_str()).into_owned()),
        ..link("enclosure", &enclosure.url)
    }));
    links.extend(relations::of_item(item).into_iter().map(related));
    // It stands on each text too, for readers that look for it nowhere else.
    let html =
        |html: &str| AtomText { value: html.to_owned(), lang: lang.clone(), r#type: TextType::Html, ..AtomText::default() };
    Entry {
        title: AtomText { lang: shown::title_lang(edition, item).map(Lang::to_string), ..text(item.title.as_str()) },
        id: chars::line(&item.id).into_owned(),
        updated: date(item.updated),
        authors: shown::authors(item).into_iter().map(person).collect(),
        contributors: shown::translators(item).map(person).collect(),
        categories: provenance::categories(edition, item)
            .into_iter()
            .map(|term| Category { term, ..Category::default() })
            .collect(),
        links,
        published: Some(date(item.published)),
        source: Some(source(item)),
        summary: body.summary.as_deref().map(html),
        content: content(item, body.content, lang.as_deref()),
        extensions: element::extensions(media::pictures(item).into_iter().chain(podcast::of_item(item))),
        ..Entry::default()
    }
}

/// The content, if shown. An entry without content must have a page (RFC 4287 §4.1.2): without one, its text stands here.
fn content(item: &EditionItem, html: Option<Cow<'_, str>>, lang: Option<&str>) -> Option<Content> {
    let (kind, value) = match html {
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
    let SourceInfo { feed, site, image, rights, .. } = &item.source;
    let name = shown::source_name(&item.source).into_owned();
    let mut links = vec![link("self", &links::public(feed))];
    links.extend(site.as_deref().and_then(links::web).map(|site| link("alternate", &site)));
    Source {
        title: text(&name),
        id: links::public(feed).into_owned(),
        updated: date(item.updated),
        icon: image.as_deref().and_then(links::web).map(Into::into),
        rights: (!rights.is_blank()).then(|| text(rights.as_str())),
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

/// The crate writes attributes as they come, so they are escaped here.
impl FromElement for Extension {
    fn make(name: String, value: Option<String>, attributes: BTreeMap<String, String>, children: ByName<Self>) -> Self {
        let attrs = attributes.into_iter().map(|(name, value)| (name, escape(value).into_owned())).collect();
        Self { name, value, attrs, children }
    }
}
