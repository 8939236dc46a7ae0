//! The values that several formats write in the same way.

use std::borrow::Cow;

use super::{chars, links};
use crate::model::{Clean, Edition, EditionItem, Enclosure, Format, Lang, SourceInfo, is_person};

/// The program, as `generator` names it.
pub(super) const GENERATOR: &str = "relais";
/// Its version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The media type of a file of which none is stated, where a format demands one (RFC 2046 §4.5.1).
pub(super) const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The page of an edition: its HTML file, else the folder of the output. Nothing when it is not known where that will be.
pub(super) fn home(edition: &Edition) -> Option<String> {
    let base = edition.base_url.as_ref()?;
    Some(if edition.formats.contains(&Format::Html) { edition.address(Format::Html) } else { base.clone() })
}

/// The language of an item, where it is not the edition's.
pub(super) fn own_lang<'a>(edition: &Edition, item: &'a EditionItem) -> Option<&'a Lang> {
    item.lang.as_ref().filter(|lang| edition.lang.as_ref() != Some(lang))
}

/// The language of an item's headline, where it is not the edition's.
pub(super) fn title_lang<'a>(edition: &Edition, item: &'a EditionItem) -> Option<&'a Lang> {
    let left = item.translation.as_ref().filter(|translation| translation.title_left);
    left.map_or_else(|| own_lang(edition, item), |translation| Some(&translation.from))
}

/// The translators of an item, as a feed names people: `deepl (machine translation from fr)`. People who corrected are told by no name.
pub(super) fn translators(item: &EditionItem) -> impl Iterator<Item = String> {
    item.translation.iter().flat_map(|translation| {
        let from = &translation.from;
        let name = move |engine: &String| {
            if is_person(engine) {
                format!("human translator (translation from {from})")
            } else {
                format!("{} (machine translation from {from})", chars::line(engine))
            }
        };
        translation.engines.iter().map(name)
    })
}

/// The name of a source: its title, or its name in feeds.toml.
pub(super) fn source_name(origin: &SourceInfo) -> Cow<'_, str> {
    chars::line(if origin.title.is_blank() { origin.id.as_str() } else { origin.title.as_str() })
}

/// Names or terms as single lines, without blank ones.
pub(super) fn lines(texts: &[String]) -> impl Iterator<Item = String> {
    texts.iter().map(|text| chars::line(text).trim().to_owned()).filter(|text| !text.is_empty())
}

/// The authors that an item names, as single lines, without blank ones.
pub(super) fn named_authors(item: &EditionItem) -> impl Iterator<Item = String> {
    lines(&item.head.authors).map(|author| separate_addresses(&author))
}

/// The authors of an item as single lines: those that it names, else its source. Many readers show the author of an item, and nothing
/// else that says where it comes from.
pub(super) fn authors(item: &EditionItem) -> Vec<String> {
    let named: Vec<String> = named_authors(item).collect();
    if named.is_empty() { vec![separate_addresses(source_name(&item.source).trim())] } else { named }
}

/// Puts a space between an e-mail address and a character of several bytes beside it, in the place of one that is a space itself.
/// feed-rs 3.0.0 takes names and addresses apart by bytes and panics on such a character, and so may programs that use it.
fn separate_addresses(author: &str) -> String {
    let is_address = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@');
    if author.is_ascii() || !author.contains('@') {
        return author.to_owned();
    }
    let mut out = String::with_capacity(author.len() + 2);
    let mut rest = author;
    while let Some(first) = rest.chars().next() {
        let length = if is_address(first) { rest.find(|c| !is_address(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (run, after) = rest.split_at(length);
        let has_address = run.contains('@');
        if has_address && out.chars().next_back().is_some_and(|before| !before.is_ascii()) {
            out.truncate(out.trim_end().len());
            out.push(' ');
        }
        out.push_str(run);
        rest = after;
        if has_address && !rest.is_empty() && !rest.starts_with(|next: char| next.is_ascii()) {
            out.push(' ');
            rest = rest.trim_start();
        }
    }
    out
}

/// HTML that says something, without characters that an output may not hold.
pub(super) fn markup(html: Option<&Clean>) -> Option<Cow<'_, str>> {
    html.map(|html| chars::markup(html.as_str())).filter(|html| !html.trim().is_empty())
}

/// The other sources of an item's story: their names, and their pages on the web.
pub(super) fn also_in(item: &EditionItem) -> impl Iterator<Item = (Cow<'_, str>, Option<Cow<'_, str>>)> {
    item.also_in.iter().map(|also| (source_name(&also.source), also.url.as_deref().and_then(links::web)))
}

/// The enclosures that have an address.
pub(super) fn enclosures(item: &EditionItem) -> impl Iterator<Item = &Enclosure> {
    item.head.enclosures.iter().filter(|enclosure| !enclosure.url.trim().is_empty())
}

/// The HTML that an item shows: its content, else its summary.
pub(super) fn body(item: &EditionItem) -> Option<Cow<'_, str>> {
    markup(item.content.as_ref()).or_else(|| markup(item.summary.as_ref()))
}

/// The enclosure of an item for a format that has one: audio or video before any other file, a picture last, and of equals the
/// first.
pub(super) fn main_enclosure(item: &EditionItem) -> Option<&Enclosure> {
    enclosures(item).min_by_key(|enclosure| match enclosure.media_type.as_deref().and_then(|kind| kind.split('/').next()) {
        Some("audio" | "video") => 0,
        Some("image") => 2,
        _ => 1,
    })
}

/// The size of a file in bytes. Feeds that do not know it state 0.
pub(super) fn length(enclosure: &Enclosure) -> Option<u64> {
    enclosure.length.filter(|&bytes| bytes > 0)
}

/// A text for an item that shows no HTML, for formats that demand one: its summary, else its headline.
pub(super) fn fallback(item: &EditionItem) -> String {
    let text = chars::markup(item.text.trim());
    if !text.is_empty() {
        return text.into_owned();
    }
    let line = if item.summary_text.is_blank() { &item.title } else { &item.summary_text };
    chars::line(line.as_str()).into_owned()
}
