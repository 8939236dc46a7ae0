//! From what the store keeps to what renderers see.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::config as plan;
use crate::feed;
use crate::html;
use crate::model::{
    BilingualMode, Clean, Edition, EditionItem, Entry, EntryHead, EntryId, EntryRow, FullText, Lang, Original, Rendition, Show,
    SourceId, SourceInfo, SourceMeta, Text, Time, Translation,
};
use crate::net;

/// The year of the `tag:` URIs: RFC 4151 wants a date at which the authority was the publisher's. It never changes.
const TAG_YEAR: &str = "2026";
/// A text of so many characters is an article by itself.
const LONG: usize = 600;

/// Who a source is to readers: as configured, else as the feed says.
pub(super) fn origin(source: &plan::Source, meta: Option<&SourceMeta>) -> SourceInfo {
    let own = meta.map(|meta| meta.title.clone()).filter(|title| !title.is_blank());
    SourceInfo {
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
    let clean =
        |raw: &crate::model::RawHtml| Some(html::clean_article(raw, base.as_ref(), lang)).filter(|clean| !clean.is_empty());
    let content = entry.content.as_ref().and_then(clean);
    let summary = entry.summary.as_ref().and_then(clean).or_else(|| content.as_ref().and_then(html::summarize));
    let text = content.as_ref().or(summary.as_ref()).map(html::to_text).unwrap_or_default();
    Original { head: entry.head, title: entry.title, summary, content, text, full_text: None }
}

/// The original rendition of an entry whose page was read: its content is the page's article, if there is one that says more
/// than the feed does.
pub(super) fn of_page(entry: Entry, page: &str, url: &Url) -> Original {
    let mut original = original(entry);
    let left = |why: &str| Some(FullText::Left { message: format!("{} {why}", net::redact_url(url.as_str())) });
    let Some(article) = html::extract_article(page, url) else {
        original.full_text = left("holds no article");
        return original;
    };
    let content = html::clean_article(&article.content, Some(url), original.head.lang.as_ref());
    let text = html::to_text(&content);
    if !is_about(&text, original.title.as_str()) {
        original.full_text = left("speaks of something else than its entry");
        return original;
    }
    let canonical = article.canonical.and_then(|canonical| feed::canonicalize_url(canonical.as_str(), None));
    original.head.url = canonical.or(original.head.url);
    original.head.image = original.head.image.or(article.image.map(String::from));
    if is_longer(&text, &original.text) {
        (original.content, original.text, original.full_text) = (Some(content), text, Some(FullText::Taken));
    } else {
        original.full_text = left("says no more than the feed does");
    }
    original
}

/// Whether a text speaks of what a headline names. A page that wants consent or payment, a front page in the place of an
/// article that is gone: none of them does.
fn is_about(text: &str, headline: &str) -> bool {
    let (text, headline) = (text.to_lowercase(), headline.to_lowercase());
    let words: HashSet<&str> = headline.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 3).collect();
    let found = words.iter().filter(|word| text.contains(*word)).count();
    // Of one word or two nothing can be told: a headline may be a pun.
    words.len() < 3 || found * 3 >= words.len()
}

/// Whether an article is worth more than the feed's own text. Where that is an article already, a little more is but what
/// surrounds it in the page.
fn is_longer(article: &str, own: &str) -> bool {
    let (article, own) = (article.chars().count(), own.chars().count());
    if own < LONG { article > own } else { article * 5 >= own * 6 }
}

/// What an edition is made of.
pub(super) struct Parts<'a> {
    pub(super) edition: &'a plan::Edition,
    pub(super) lang: Option<&'a Lang>,
    pub(super) base_url: Option<&'a str>,
    pub(super) window: &'a [EntryRow],
    pub(super) originals: HashMap<EntryId, Original>,
    /// The renditions that entries are shown in, where that is not the original.
    pub(super) renditions: HashMap<EntryId, Rendition>,
    pub(super) origins: &'a HashMap<SourceId, SourceInfo>,
}

/// Builds the view that renderers read.
pub(super) fn edition(parts: Parts<'_>) -> Edition {
    let Parts { edition, lang, base_url, window, mut originals, mut renditions, origins } = parts;
    let authority = authority(base_url);
    let stem = stem(edition, lang);
    let items: Vec<EditionItem> = window
        .iter()
        .filter_map(|known| {
            let original = originals.remove(&known.id)?;
            let origin = origins.get(&known.source)?.clone();
            let suffix = lang.map(|lang| format!(":{lang}")).unwrap_or_default();
            let id = format!("tag:{authority},{TAG_YEAR}:entry/{}{suffix}", known.id);
            let rendition = renditions.remove(&known.id).and_then(|rendition| lang.map(|lang| (rendition, lang)));
            let told = match rendition {
                Some((rendition, lang)) => Told::translated(original, rendition, lang, edition.bilingual),
                None => Told::original(original),
            };
            Some(item(id, known, told, origin, edition.show))
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

/// A `tag:` URI of this output (RFC 4151).
pub(super) fn tag(base_url: Option<&str>, specific: &str) -> String {
    format!("tag:{},{TAG_YEAR}:{specific}", authority(base_url))
}

/// The name of an edition's files without their ending.
pub(super) fn stem(edition: &plan::Edition, lang: Option<&Lang>) -> String {
    lang.map_or_else(|| edition.id.clone(), |lang| format!("{}.{lang}", edition.id))
}

/// What an item tells, in one language or two.
struct Told {
    head: EntryHead,
    title: Text,
    summary: Option<Clean>,
    content: Option<Clean>,
    text: String,
    lang: Option<Lang>,
    translation: Option<Translation>,
}

impl Told {
    fn original(original: Original) -> Self {
        let Original { head, title, summary, content, text, .. } = original;
        Self { lang: head.lang.clone(), head, title, summary, content, text, translation: None }
    }

    fn translated(original: Original, rendition: Rendition, lang: &Lang, bilingual: BilingualMode) -> Self {
        let Rendition { title, title_left, summary, content, text, provenance } = rendition;
        let from = original.head.lang.clone().unwrap_or_else(|| lang.clone());
        let both = |translated: Option<Clean>, own: Option<Clean>| match (bilingual, translated, own) {
            (BilingualMode::Paragraphs, Some(translated), Some(own)) => Some(html::interleave(&translated, &own, &from)),
            (_, translated, _) => translated,
        };
        let title = if bilingual == BilingualMode::None || title == original.title {
            title
        } else {
            Text::new(&format!("{title} | {}", original.title))
        };
        let (summary, content) = (both(summary, original.summary), both(content, original.content));
        let text = if bilingual == BilingualMode::Paragraphs {
            content.as_ref().or(summary.as_ref()).map(html::to_text).unwrap_or_default()
        } else {
            text
        };
        let translation =
            Translation { from, engines: provenance.engines, left: provenance.left + provenance.waiting, title_left };
        Self { head: original.head, title, summary, content, text, lang: Some(lang.clone()), translation: Some(translation) }
    }
}

fn item(id: String, known: &EntryRow, told: Told, origin: SourceInfo, show: Show) -> EditionItem {
    let Told { head, title, summary, content, text, lang, translation } = told;
    let published = known.at.whole_seconds();
    let updated = head.updated.unwrap_or(published).max(published);
    let summary = if show == Show::Title { None } else { summary };
    let content = if show == Show::Full { content } else { None };
    // The text is that of what is shown, and no more.
    let text = match (show, &content, &summary) {
        (Show::Title, ..) | (Show::Summary, _, None) => String::new(),
        (Show::Full, ..) => text,
        (Show::Summary, _, Some(summary)) => html::to_text(summary),
    };
    let summary_text = summary.as_ref().map(|summary| html::to_line(summary.as_str())).unwrap_or_default();
    EditionItem { id, head, title, summary, summary_text, content, text, lang, published, updated, source: origin, translation }
}

/// The authority of `tag:` URIs: the host of `base_url`.
fn authority(base_url: Option<&str>) -> String {
    base_url
        .and_then(|url| Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".to_owned())
}

/// An address that may be shown to readers: a feed may be fetched with a password, which is nobody's business.
pub(super) fn without_userinfo(address: &str) -> String {
    if !address.contains('@') {
        return address.to_owned();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_about_what_a_headline_names() {
        let text = "Julia Simon a remporté la poursuite d’Oberhof devant Lou Jeanmonnot.";
        for (headline, is) in [
            ("Biathlon : Julia Simon gagne la poursuite d’Oberhof", true),
            ("BIATHLON – SIMON, REINE DE LA POURSUITE", true),
            ("Nous utilisons des traceurs et des témoins de connexion", false),
            ("Natation : Léon Marchand renonce aux championnats d’Europe", false),
            ("Et de six !", true),
        ] {
            assert_eq!(is_about(text, headline), is, "{headline}");
        }
    }

    #[test]
    fn a_long_text_of_the_feed_gives_way_to_a_much_longer_one_only() {
        for (article, own, is) in [(300, 0, true), (300, 299, true), (299, 300, false), (700, 600, false), (720, 600, true)] {
            assert_eq!(is_longer(&"é".repeat(article), &"é".repeat(own)), is, "{article} for {own}");
        }
    }
}
