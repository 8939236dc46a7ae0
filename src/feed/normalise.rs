//! feed-rs's model to ours: bounded, dated, identified, with absolute links. Its HTML stays raw.

use feed_rs::model as parsed;
use url::Url;

use super::identity::tell_apart;
use super::links::canonical;
use super::{Feed, identity};
use crate::html::{decode_entities, escape, headline};
use crate::model::{Enclosure, Entry, EntryHead, EntryKey, Lang, RawHtml, Revision, SourceId, Text, Time};

/// An entry's summary or content beyond this is cut: no article is longer.
const MOST_HTML: usize = 1 << 20;
/// The same for what hangs on an entry.
const MOST_PEOPLE: usize = 20;
const MOST_CATEGORIES: usize = 50;
const MOST_ENCLOSURES: usize = 50;
/// Names, categories, guids and headlines are cut here, in bytes.
const MOST_TEXT: usize = 1_000;

/// Makes our feed of feed-rs's.
pub(super) fn normalise(feed: parsed::Feed, url: &str, source: &SourceId, repaired: Vec<&'static str>) -> Feed {
    let base = Url::parse(url).ok();
    let is_atom = feed.feed_type == parsed::FeedType::Atom;
    let authors = people(&feed.authors);
    let language = feed.language.as_deref().and_then(Lang::new);
    let link = page(&feed.links).and_then(|link| canonical(link, base.as_ref()));
    let image = feed.logo.as_ref().or(feed.icon.as_ref()).and_then(|image| canonical(&image.uri, base.as_ref()));
    let found = feed.entries.len();
    let mut entries: Vec<(Entry, Revision)> = feed
        .entries
        .into_iter()
        .filter_map(|entry| normalise_entry(entry, base.as_ref(), source, &authors, language.as_ref(), is_atom))
        .map(|entry| {
            let revision = entry.revision();
            (entry, revision)
        })
        .collect();
    let unusable = found - entries.len();
    let dropped = tell_apart(&mut entries) + u32::try_from(unusable).unwrap_or(u32::MAX);
    Feed {
        format: match feed.feed_type {
            parsed::FeedType::Atom => "atom 1.0",
            parsed::FeedType::JSON => "json feed",
            parsed::FeedType::RSS0 => "rss 0.9x",
            parsed::FeedType::RSS1 => "rdf",
            parsed::FeedType::RSS2 => "rss 2.0",
        },
        id: Some(cut(feed.id)).filter(|id| !id.is_empty()),
        title: feed.title.map(|title| line(&title, is_atom)).unwrap_or_default(),
        link,
        description: feed.description.map(|text| line(&text, is_atom)).unwrap_or_default(),
        language,
        updated: feed.updated.or(feed.published).map(Time::from),
        authors,
        categories: categories(feed.categories),
        image,
        rights: feed.rights.map(|rights| line(&rights, is_atom).to_string()).filter(|rights| !rights.is_empty()),
        repaired,
        entries,
        dropped,
    }
}

/// One entry; nothing for one that has neither headline, link nor text.
fn normalise_entry(
    entry: parsed::Entry,
    base: Option<&Url>,
    source: &SourceId,
    feed_authors: &[String],
    feed_language: Option<&Lang>,
    is_atom: bool,
) -> Option<Entry> {
    let own_base = entry.base.as_deref().and_then(|own| base.map_or_else(|| Url::parse(own).ok(), |base| base.join(own).ok()));
    let base = own_base.as_ref().or(base);
    let guid = Some(cut(entry.id.trim().to_owned())).filter(|id| !id.is_empty());
    // A guid that is an address stands for a missing link (RSS 2.0: a permalink unless it says otherwise).
    let link = page(&entry.links);
    let url = link
        .and_then(|link| canonical(link, base))
        .or_else(|| guid.as_deref().filter(|id| id.starts_with("http")).and_then(|id| canonical(id, None)));
    let (enclosures, image) = media(&entry.media, &entry.links, base);
    let summary = entry.summary.and_then(|text| html(text.content, text.content_type.subty().as_str()));
    let content = entry.content.and_then(|content| html(content.body?, content.content_type.subty().as_str()));
    let title = entry.title.map(|title| line(&title, is_atom)).unwrap_or_default();
    if title.is_blank() && url.is_none() && summary.is_none() && content.is_none() {
        return None;
    }
    let mut authors = people(&entry.authors);
    if authors.is_empty() {
        authors = feed_authors.to_vec();
    }
    let published = entry.published.map(Time::from);
    let head = EntryHead {
        url,
        authors,
        categories: categories(entry.categories),
        published,
        updated: entry.updated.map(Time::from),
        enclosures,
        image,
        lang: entry.language.as_deref().and_then(Lang::new).or_else(|| feed_language.cloned()),
        base: base.map(|base| base.as_str().to_owned()),
        guid,
    };
    // Most guids are the link once more, whose canonical form is known.
    let same = head.url.as_ref().filter(|_| link.is_some() && head.guid.as_deref() == link);
    let uid = same.cloned().unwrap_or_else(|| identity::uid(head.guid.as_deref(), head.url.as_deref(), &title, published));
    Some(Entry { key: EntryKey { source: source.clone(), uid }, head, title, summary, content })
}

/// A headline or another line of text. Only Atom says whether it is markup (RFC 4287 §3.1); elsewhere both are found.
fn line(text: &parsed::Text, is_atom: bool) -> Text {
    let content = &text.content[..text.content.floor_char_boundary(MOST_TEXT * 8)];
    let line = if is_atom && text.content_type.subty().as_str() == "plain" { Text::new(content) } else { headline(content) };
    if line.as_str().len() <= MOST_TEXT { line } else { Text::new(&cut(line.to_string())) }
}

/// Text of any kind as bounded raw HTML; nothing for white space and for kinds that are no text.
fn html(mut content: String, kind: &str) -> Option<RawHtml> {
    if content.trim_ascii().is_empty() {
        return None;
    }
    content.truncate(content.floor_char_boundary(MOST_HTML));
    Some(RawHtml(if kind == "plain" { escape(&content).replace('\n', "<br>") } else { content }))
}

/// The page that a list of links leads to.
fn page(links: &[parsed::Link]) -> Option<&str> {
    let page = |link: &&parsed::Link| link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let html = |link: &&parsed::Link| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let mut pages = links.iter().filter(page);
    links.iter().filter(page).find(html).or_else(|| pages.next()).map(|link| link.href.as_str())
}

/// The files of an entry, and a picture of it.
fn media(objects: &[parsed::MediaObject], links: &[parsed::Link], base: Option<&Url>) -> (Vec<Enclosure>, Option<String>) {
    let mut enclosures: Vec<Enclosure> = Vec::new();
    let linked = links.iter().filter(|link| link.rel.as_deref() == Some("enclosure")).filter_map(|link| {
        Some(Enclosure { url: canonical(&link.href, base)?, media_type: link.media_type.clone().map(cut), length: link.length })
    });
    let contents = objects.iter().flat_map(|object| &object.content).filter_map(|content| {
        Some(Enclosure {
            url: canonical(content.url.as_ref()?.as_str(), base)?,
            media_type: content.content_type.as_ref().map(|kind| cut(kind.to_string())),
            length: content.size,
        })
    });
    for enclosure in linked.chain(contents).take(MOST_ENCLOSURES) {
        if !enclosures.iter().any(|other| other.url == enclosure.url) {
            enclosures.push(enclosure);
        }
    }
    let thumbnail =
        objects.iter().flat_map(|object| &object.thumbnails).find_map(|thumbnail| canonical(&thumbnail.image.uri, base));
    let is_image = |enclosure: &&Enclosure| enclosure.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
    let image = thumbnail.or_else(|| enclosures.iter().find(is_image).map(|enclosure| enclosure.url.clone()));
    (enclosures, image)
}

/// Names of people, each once.
fn people(people: &[parsed::Person]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for person in people.iter().take(MOST_PEOPLE) {
        let name = person.name.as_deref().filter(|name| !name.trim().is_empty()).or(person.email.as_deref()).unwrap_or_default();
        push_line(&mut names, name);
    }
    names
}

/// Names of categories, each once.
fn categories(categories: Vec<parsed::Category>) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for category in categories.into_iter().take(MOST_CATEGORIES) {
        push_line(&mut terms, category.label.as_deref().unwrap_or(&category.term));
    }
    terms
}

fn push_line(lines: &mut Vec<String>, text: &str) {
    let line = cut(Text::new(&decode_entities(text)).to_string());
    if !line.is_empty() && !lines.contains(&line) {
        lines.push(line);
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MOST_TEXT));
    text.retain(|c| c != '\0');
    text
}
