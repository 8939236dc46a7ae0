//! Atom 1.0 (RFC 4287).

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text as AtomText, TextType, WriteConfig,
};
use quick_xml::escape::escape;

use super::shown::{self, GENERATOR, MEDIA, VERSION};
use super::{RenderError, chars, links};
use crate::model::{Edition, EditionItem, Format, Lang, SourceInfo, Time};

/// `atom_syndication` declares no encoding, so its own declaration is left out.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Writes the edition as an Atom feed.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let pictures = edition.items.iter().any(|item| item.head.image.is_some());
    let feed = Feed {
        title: text(edition.title.as_str()),
        id: chars::line(&edition.feed_id).into_owned(),
        updated: date(edition.updated),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: Some(VERSION.to_owned()) }),
        links: feed_links(edition),
        subtitle: (!edition.description.is_blank()).then(|| text(edition.description.as_str())),
        entries: edition.items.iter().map(|item| entry(edition, item)).collect(),
        namespaces: pictures.then(|| ("media".to_owned(), MEDIA.to_owned())).into_iter().collect(),
        lang: edition.lang.as_ref().map(Lang::to_string),
        ..Feed::default()
    };
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    super::finish(feed.write_with_config(DECLARATION.to_vec(), config).map_err(RenderError::Atom)?)
}

/// The feed's own address, when it is known, and its page.
fn feed_links(edition: &Edition) -> Vec<Link> {
    let own = |rel: &str, format: Format| Link {
        mime_type: Some(format.media_type().to_owned()),
        ..link(rel, &edition.address(format))
    };
    let itself = edition.base_url.is_some().then(|| own("self", Format::Atom));
    let page = edition.formats.contains(&Format::Html).then(|| own("alternate", Format::Html));
    itself.into_iter().chain(page).collect()
}

fn entry(edition: &Edition, item: &EditionItem) -> Entry {
    let lang = shown::own_lang(edition, item).map(Lang::to_string);
    let head = &item.head;
    let mut links: Vec<Link> = head.url.iter().map(|url| link("alternate", url)).collect();
    links.extend(shown::enclosures(item).map(|enclosure| Link {
        mime_type: enclosure.media_type.as_deref().map(|kind| chars::line(kind).into_owned()),
        length: enclosure.length.map(|length| length.to_string()),
        ..link("enclosure", &enclosure.url)
    }));
    // atom_syndication has no xml:lang for an entry, so it stands on each text (RFC 4287 §2 allows it on any element).
    let html =
        |html: &str| AtomText { value: html.to_owned(), lang: lang.clone(), r#type: TextType::Html, ..AtomText::default() };
    Entry {
        title: AtomText { lang: shown::title_lang(edition, item).map(Lang::to_string), ..text(item.title.as_str()) },
        id: chars::line(&item.id).into_owned(),
        updated: date(item.updated),
        authors: shown::authors(item).map(person).collect(),
        contributors: shown::translators(item).map(person).collect(),
        categories: shown::lines(&head.categories).map(|term| Category { term, ..Category::default() }).collect(),
        links,
        published: Some(date(item.published)),
        source: Some(source(item)),
        summary: shown::markup(item.summary.as_ref()).map(|summary| html(&summary)),
        content: content(item, lang.as_deref()),
        extensions: head.image.as_deref().map(thumbnail).into_iter().collect(),
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

/// The source of the entry (RFC 4287 §4.2.11). Its name is the author where the entry names none: an author there
/// counts for the entry (§4.2.1). Its date is the last that we know it to have changed: when this entry did.
fn source(item: &EditionItem) -> Source {
    let SourceInfo { feed, site, image, .. } = &item.source;
    let name = shown::source_name(&item.source).into_owned();
    let mut links = vec![link("self", &links::public(feed))];
    links.extend(site.as_deref().and_then(links::web).map(|site| link("alternate", &site)));
    Source {
        title: text(&name),
        id: links::public(feed).into_owned(),
        updated: date(item.updated),
        authors: if shown::authors(item).next().is_none() { vec![person(name)] } else { Vec::new() },
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

/// The picture as Media RSS; `atom_syndication` writes the attributes of an extension as they come, so they are escaped here.
fn thumbnail(image: &str) -> (String, std::collections::BTreeMap<String, Vec<Extension>>) {
    let url = escape(chars::line(image)).into_owned();
    let element =
        Extension { name: "media:thumbnail".to_owned(), attrs: [("url".to_owned(), url)].into(), ..Extension::default() };
    ("media".to_owned(), [("thumbnail".to_owned(), vec![element])].into())
}
