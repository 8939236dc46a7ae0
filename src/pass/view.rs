//! From what the store keeps to what renderers see.

use std::collections::HashMap;

use url::Url;

use crate::config as plan;
use crate::html;
use crate::model::{Edition, Entry, EntryId, Item, Known, Lang, Origin, Original, Show, SourceId, SourceState, Text, Time};

/// The year of the `tag:` URIs: RFC 4151 wants a date at which the authority was the publisher's. It never changes.
const TAG_YEAR: &str = "2026";

/// Who a source is to readers: as configured, else as the feed says.
pub(super) fn origin(source: &plan::Source, state: Option<&SourceState>) -> Origin {
    let meta = state.map(|state| &state.meta);
    let own = meta.map(|meta| meta.title.clone()).filter(|title| !title.is_blank());
    Origin {
        id: source.id.clone(),
        title: source.title.clone().or(own).unwrap_or_else(|| Text::new(source.id.as_str())),
        feed: without_userinfo(&source.url),
        site: source.site.clone().or_else(|| meta.and_then(|meta| meta.link.clone())),
        image: meta.and_then(|meta| meta.image.clone()),
    }
}

/// The original rendition of an entry: its HTML cleaned, its text made. Costs more than all the rest: done once a revision.
pub(super) fn original(entry: Entry) -> Original {
    let base = entry.head.base.as_deref().or(entry.head.url.as_deref()).and_then(|base| Url::parse(base).ok());
    let lang = entry.head.lang.as_ref();
    let clean = |raw: &crate::model::RawHtml| Some(html::article(raw, base.as_ref(), lang)).filter(|clean| !clean.is_empty());
    let content = entry.content.as_ref().and_then(clean);
    let summary = entry.summary.as_ref().and_then(clean).or_else(|| content.as_ref().and_then(html::summary_of));
    let text = content.as_ref().or(summary.as_ref()).map(html::plain).unwrap_or_default();
    Original { head: entry.head, title: entry.title, summary, content, text }
}

/// What an edition is made of.
pub(super) struct Parts<'a> {
    pub(super) edition: &'a plan::Edition,
    pub(super) lang: Option<&'a Lang>,
    pub(super) base_url: Option<&'a str>,
    pub(super) window: &'a [Known],
    pub(super) originals: HashMap<EntryId, Original>,
    pub(super) origins: &'a HashMap<SourceId, Origin>,
}

/// Builds the view that renderers read.
pub(super) fn edition(parts: Parts<'_>) -> Edition {
    let Parts { edition, lang, base_url, window, mut originals, origins } = parts;
    let authority = authority(base_url);
    let stem = stem(edition, lang);
    let items: Vec<Item> = window
        .iter()
        .filter_map(|known| {
            let original = originals.remove(&known.id)?;
            let origin = origins.get(&known.source)?.clone();
            Some(item(known, original, origin, &authority, edition.show, lang))
        })
        .collect();
    Edition {
        id: edition.id.clone(),
        lang: lang.cloned(),
        title: edition.title.clone(),
        description: edition.description.clone(),
        feed_id: format!("tag:{authority},{TAG_YEAR}:{stem}"),
        base_url: base_url.map(str::to_owned),
        stem,
        formats: edition.formats.clone(),
        updated: items.iter().map(|item| item.updated).max().unwrap_or(Time::EPOCH),
        items,
    }
}

/// The name of an edition's files without their ending.
pub(super) fn stem(edition: &plan::Edition, lang: Option<&Lang>) -> String {
    lang.map_or_else(|| edition.id.clone(), |lang| format!("{}.{lang}", edition.id))
}

fn item(known: &Known, original: Original, origin: Origin, authority: &str, show: Show, lang: Option<&Lang>) -> Item {
    let Original { head, title, summary, content, text } = original;
    let published = known.at.whole_seconds();
    let updated = head.updated.unwrap_or(published).max(published);
    let summary = if show == Show::Title { None } else { summary };
    let content = if show == Show::Full { content } else { None };
    // The text is that of what is shown, and no more.
    let text = match (show, &content, &summary) {
        (Show::Title, ..) | (Show::Summary, _, None) => String::new(),
        (Show::Full, ..) => text,
        (Show::Summary, _, Some(summary)) => html::plain(summary),
    };
    let suffix = lang.map(|lang| format!(":{lang}")).unwrap_or_default();
    Item {
        id: format!("tag:{authority},{TAG_YEAR}:entry/{}{suffix}", known.id),
        lang: head.lang.clone(),
        head,
        title,
        summary,
        content,
        text,
        published,
        updated,
        origin,
    }
}

/// The authority of `tag:` URIs: the host of `base_url`.
fn authority(base_url: Option<&str>) -> String {
    base_url
        .and_then(|url| Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".to_owned())
}

/// An address that may be shown to readers: a feed may be fetched with a password, which is nobody's business.
fn without_userinfo(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Neither fails for an address with a host, and only such are configured.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.into()
        }
        _ => address.to_owned(),
    }
}
