//! A digest: its title, and the stories of a day as one text.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::NaiveDate;
use quick_xml::escape::escape;

use super::{chars, dates, links, shown};
use crate::model::{EditionItem, Lang, RawHtml, Text};

/// The most characters of a text that stands for a summary.
const MAX_EXCERPT: usize = 300;

/// Returns the title of the digest of a day: the edition's title and the date, in the words of the language.
pub fn digest_title(edition: &Text, day: NaiveDate, lang: Option<&Lang>) -> Text {
    Text::new(&format!("{edition}, {}", dates::day(day, lang)))
}

/// Writes the stories of a digest: headline, sources and summary of each. The result is cleaned by whoever publishes it.
pub fn digest_html(items: &[EditionItem]) -> RawHtml {
    let mut html = String::new();
    for item in items {
        // Writing to a string does not fail.
        let _ = write!(html, "<h2{}>{}</h2>\n<p>{}</p>\n{}", lang(item), headline(item), sources(item), summary(item));
    }
    RawHtml(html)
}

/// Writes the stories of a digest as plain text, each with its address.
pub fn digest_text(items: &[EditionItem]) -> String {
    let mut text = String::new();
    for item in items {
        let sources = std::iter::once(shown::source_name(&item.source)).chain(shown::also_in(item).map(|(name, _)| name));
        let sources = sources.collect::<Vec<_>>().join(" · ");
        let summary = if item.summary_text.is_blank() { excerpt(item) } else { item.summary_text.as_str().to_owned() };
        let address = item.head.url.as_deref().and_then(links::web).unwrap_or_default();
        let lines = [&*title(item), &sources, &*chars::line(&summary), &address];
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn title(item: &EditionItem) -> Cow<'_, str> {
    chars::line(if item.title.is_blank() { "…" } else { item.title.as_str() })
}

fn headline(item: &EditionItem) -> String {
    linked(&title(item), item.head.url.as_deref())
}

fn linked(text: &str, address: Option<&str>) -> String {
    match address.and_then(links::web) {
        Some(address) => format!("<a href=\"{}\">{}</a>", escape(address), escape(text)),
        None => escape(text).into_owned(),
    }
}

/// The source, and the other ones of a story.
fn sources(item: &EditionItem) -> String {
    let own = escape(shown::source_name(&item.source)).into_owned();
    let others = shown::also_in(item).map(|(name, page)| linked(&name, page.as_deref()));
    std::iter::once(own).chain(others).collect::<Vec<_>>().join(" · ")
}

fn summary(item: &EditionItem) -> String {
    if let Some(summary) = item.summary.as_ref().filter(|summary| !summary.is_empty()) {
        return format!("{}\n", chars::markup(summary.as_str()));
    }
    let excerpt = excerpt(item);
    if excerpt.is_empty() { excerpt } else { format!("<p>{}</p>\n", escape(chars::line(&excerpt))) }
}

/// Returns the beginning of a text without a summary.
fn excerpt(item: &EditionItem) -> String {
    let text = item.text.trim();
    let mut excerpt: String = text.chars().take(MAX_EXCERPT).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

fn lang(item: &EditionItem) -> String {
    item.lang.as_ref().map(|lang| format!(" lang=\"{}\"", escape(lang.as_str()))).unwrap_or_default()
}
