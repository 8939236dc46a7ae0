//! Builds the view of an edition that renderers read from what the store keeps. Pure.

use std::collections::HashMap;

use url::Url;

use crate::config as plan;
use crate::html;
use crate::model::{
    AlsoIn, Archive, BilingualMode, Clean, DeletedItem, Edition, EditionDetails, EditionItem, EditionLanguage, EntryHead,
    EntryId, EntryRow, Format, Lang, Original, PageItem, Rendition, Show, SourceId, SourceInfo, SourceMeta, Text, Time,
    Translation, public_address,
};
use crate::policy::possible_date;
use crate::select::translate_category;

use super::file_stem::file_stem;
use super::page_item;
use super::stories::Story;

/// The year of the `tag:` URIs: RFC 4151 wants a date at which the authority was the publisher's. It never changes.
const TAG_YEAR: &str = "2026";
/// The longest headline that is made of a text, in characters.
const LONGEST_TITLE: usize = 90;

/// Returns how a source is named to readers: as configured, else as its feed says.
pub(super) fn source_info(source: &plan::Source, meta: Option<&SourceMeta>) -> SourceInfo {
    let own = meta.map(|meta| meta.title.clone()).filter(|title| !title.is_blank());
    SourceInfo {
        id: source.id.clone(),
        title: source.title.clone().or(own).unwrap_or_else(|| Text::new(source.id.as_str())),
        feed: source.public_url.clone(),
        site: source.site.clone().or_else(|| meta.and_then(|meta| meta.link.as_deref().map(public_address))),
        image: meta.and_then(|meta| meta.image.clone()),
        rights: meta.map(|meta| meta.rights.clone()).unwrap_or_default(),
        genres: meta.map(|meta| meta.genres.clone()).unwrap_or_default(),
    }
}

/// Returns how a source is named that feeds.toml does not have any more: as its feed said. Its address is not known; a URI stands for it.
pub(super) fn removed_source_info(base_url: Option<&str>, id: &SourceId, meta: &SourceMeta) -> SourceInfo {
    SourceInfo {
        id: id.clone(),
        title: if meta.title.is_blank() { Text::new(id.as_str()) } else { meta.title.clone() },
        feed: tag_uri(base_url, &format!("source/{id}")),
        site: meta.link.as_deref().map(public_address),
        image: meta.image.clone(),
        rights: meta.rights.clone(),
        genres: meta.genres.clone(),
    }
}

/// The parts of an edition.
pub(super) struct Parts<'a> {
    pub(super) edition: &'a plan::Edition,
    pub(super) lang: Option<&'a Lang>,
    pub(super) base_url: Option<&'a str>,
    pub(super) window: &'a [EntryRow],
    pub(super) originals: HashMap<EntryId, Original>,
    /// The renditions that entries are shown in, where that is not the original.
    pub(super) renditions: HashMap<EntryId, Rendition>,
    pub(super) infos: &'a HashMap<SourceId, SourceInfo>,
    /// The stories of several entries, by the entry that leads.
    pub(super) stories: &'a HashMap<EntryId, Story>,
    /// The pages of their other entries.
    pub(super) pages: HashMap<EntryId, OtherPage>,
    /// The entries that are told as withdrawn, each with the time of that.
    pub(super) withdrawn: &'a [(EntryId, Time)],
    /// The date of the edition if it has no items.
    pub(super) updated_if_empty: Time,
    /// The present.
    pub(super) now: Time,
}

/// The page of an entry that does not lead its story.
pub(super) struct OtherPage {
    pub(super) url: Option<String>,
    pub(super) title: Text,
}

/// Builds the view that renderers read.
pub(super) fn build_edition(parts: Parts<'_>) -> Edition {
    let Parts { edition, lang, base_url, window, infos, stories, pages, withdrawn, updated_if_empty, now, .. } = parts;
    let (mut originals, mut renditions) = (parts.originals, parts.renditions);
    let authority = host(base_url);
    let stem = file_stem(edition, lang);
    let suffix = lang.map(|lang| format!(":{lang}")).unwrap_or_default();
    let item_id = |id: EntryId| format!("tag:{authority},{TAG_YEAR}:entry/{id}{suffix}");
    let items: Vec<EditionItem> = window
        .iter()
        .filter_map(|known| {
            let original = originals.remove(&known.id)?;
            let info = infos.get(&known.source)?.clone();
            let story = stories.get(&known.id);
            let id = item_id(story.map_or(known.id, |story| story.id));
            let rendition = renditions.remove(&known.id).and_then(|rendition| lang.map(|lang| (rendition, lang)));
            let page = edition.formats.contains(&Format::Html).then(|| match &rendition {
                Some((rendition, lang)) => page_item::of_rendition(&original, rendition, lang, edition),
                None => page_item::of_original(&original, lang),
            });
            let shown = match rendition {
                Some((rendition, lang)) => ShownText::translated(original, rendition, lang, edition),
                None => ShownText::original(original),
            };
            let mut item = build_item(id, known, titled(shown), info, (edition.show, now));
            item.title = edition.headline.format(&item.source.title, item.title);
            if let Some(story) = story {
                item.also_in = also_in(story, infos, &pages);
                // That another entry leads is a change of the item.
                item.updated = item.updated.max(story.leader_at.whole_seconds());
            }
            item.page = page.map(|page| complete(page, &item, edition));
            Some(item)
        })
        .collect();
    let deleted: Vec<DeletedItem> =
        withdrawn.iter().map(|(id, at)| DeletedItem { id: item_id(*id), when: at.whole_seconds() }).collect();
    let changes = items.iter().map(|item| item.updated).chain(deleted.iter().map(|item| item.when));
    Edition {
        id: edition.id.clone(),
        lang: lang.cloned(),
        title: edition.title.clone(),
        description: edition.description.clone(),
        feed_id: format!("tag:{authority},{TAG_YEAR}:{stem}"),
        base_url: base_url.map(str::to_owned),
        stem,
        formats: edition.formats.clone(),
        updated: changes.max().unwrap_or(updated_if_empty),
        items,
        deleted,
        end: None,
        pages: page_item::page_rules(edition),
        details: details(edition, lang, infos),
        archive: Archive::default(),
    }
}

/// Returns what the feeds of an edition state beside its items. One that is made of a single source has the picture and the rights of
/// that source, unless it has its own.
fn details(edition: &plan::Edition, lang: Option<&Lang>, infos: &HashMap<SourceId, SourceInfo>) -> EditionDetails {
    let only = if let [only] = &edition.from[..] { infos.get(only) } else { None };
    let language = |lang: &Lang| EditionLanguage { lang: lang.clone(), stem: file_stem(edition, Some(lang)) };
    let has_several = lang.is_some() && edition.langs.len() > 1;
    EditionDetails {
        provenance: edition.provenance,
        icon: edition.icon.clone().or_else(|| only.and_then(|source| source.image.clone())),
        rights: edition.rights.clone().or_else(|| only.map(|source| source.rights.clone())).unwrap_or_default(),
        languages: edition.langs.iter().filter(|_| has_several).map(language).collect(),
        hubs: edition.hubs.clone(),
    }
}

/// Adds to what a page shows of an item what it has in common with the feeds.
fn complete(page: PageItem, item: &EditionItem, edition: &plan::Edition) -> PageItem {
    let body = page.body.or_else(|| {
        let html = page_item::shown(edition.show, item.content.as_ref(), item.summary.as_ref());
        html.map(|html| html::fit_for_page(html, edition.images))
    });
    let title = page.title.map(|title| edition.headline.format(&item.source.title, title));
    PageItem { title, body, ..page }
}

/// Returns the other sources of a story.
fn also_in(story: &Story, infos: &HashMap<SourceId, SourceInfo>, pages: &HashMap<EntryId, OtherPage>) -> Vec<AlsoIn> {
    let others = story.others.iter().filter_map(|row| Some((infos.get(&row.source)?.clone(), pages.get(&row.id)?)));
    others.map(|(source, page)| AlsoIn { source, url: page.url.clone(), title: page.title.clone() }).collect()
}

/// Makes a `tag:` URI of this output (RFC 4151).
pub(super) fn tag_uri(base_url: Option<&str>, specific: &str) -> String {
    format!("tag:{},{TAG_YEAR}:{specific}", host(base_url))
}

/// The text that an item shows, in one language or two.
struct ShownText {
    head: EntryHead,
    title: Text,
    summary: Option<Clean>,
    content: Option<Clean>,
    text: String,
    lang: Option<Lang>,
    translation: Option<Translation>,
    /// The time at which the translation was made.
    translated_at: Option<Time>,
}

impl ShownText {
    fn original(original: Original) -> Self {
        let Original { head, title, summary, content, text, .. } = original;
        let [summary, content] = [summary, content].map(|html| match &head.lang {
            Some(lang) => html.map(|html| html::with_direction(&html, lang)),
            None => html,
        });
        Self { lang: head.lang.clone(), head, title, summary, content, text, translation: None, translated_at: None }
    }

    /// The parts that the edition does not translate stay as they are, marked with their language.
    fn translated(original: Original, rendition: Rendition, lang: &Lang, edition: &plan::Edition) -> Self {
        let (bilingual, translated) = (edition.bilingual, edition.translated());
        let Rendition { title, title_left, summary, content, text, provenance } = rendition;
        let from = original.head.lang.clone().unwrap_or_else(|| lang.clone());
        let both = |translated: Option<Clean>, own: Option<Clean>| match (bilingual, translated, own) {
            (BilingualMode::Paragraphs, Some(translated), Some(own)) => Some(html::interleave(&translated, &own, (&from, lang))),
            (_, translated, _) => translated,
        };
        let title = if bilingual == BilingualMode::None || title == original.title {
            title
        } else {
            Text::new(&format!("{title} | {}", original.title))
        };
        let part = |is_translated: bool, translated: Option<Clean>, own: Option<Clean>| {
            if is_translated {
                both(translated, own).map(|html| html::with_direction(&html, lang))
            } else {
                own.map(|own| html::with_lang(&own, &from, lang))
            }
        };
        let summary = part(translated >= Show::Summary, summary, original.summary);
        let content = part(translated >= Show::Full, content, original.content);
        let text = if bilingual == BilingualMode::Paragraphs || translated < Show::Full {
            content.as_ref().or(summary.as_ref()).map(html::to_text).unwrap_or_default()
        } else {
            text
        };
        // An edition that shows more has its own segments in the same rendition.
        let left = if translated == Show::Title { u32::from(title_left) } else { provenance.left + provenance.waiting };
        let translation = Translation { from, engines: provenance.engines, left, title_left };
        let mut head = original.head;
        translate_categories(&mut head, lang);
        let (lang, translation, translated_at) = (Some(lang.clone()), Some(translation), Some(provenance.at));
        Self { head, title, summary, content, text, lang, translation, translated_at }
    }
}

/// Gives a text without a headline the beginning of the text for one.
fn titled(mut shown: ShownText) -> ShownText {
    if shown.title.is_blank() {
        let html = shown.content.as_ref().filter(|html| !html.is_empty()).or(shown.summary.as_ref());
        shown.title = html.map(|html| first_line(&html::to_line(html.as_str()))).unwrap_or_default();
    }
    shown
}

/// Returns the beginning of a text, as long as a headline is, and cut between two words.
fn first_line(text: &Text) -> Text {
    let text = text.as_str();
    let Some((end, _)) = text.char_indices().nth(LONGEST_TITLE) else { return Text::new(text) };
    let cut = text[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end);
    Text::new(&format!("{}…", text[..cut].trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation())))
}

/// Translates the French categories that the lists of tags have; the others stay.
fn translate_categories(head: &mut EntryHead, lang: &Lang) {
    if head.lang.as_ref().is_none_or(|from| from.primary() != "fr") {
        return;
    }
    let mut categories: Vec<String> = Vec::with_capacity(head.categories.len());
    for category in std::mem::take(&mut head.categories) {
        let category = translate_category(&category, lang).map_or(category, str::to_owned);
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    head.categories = categories;
}

fn build_item(id: String, known: &EntryRow, shown: ShownText, info: SourceInfo, (show, now): (Show, Time)) -> EditionItem {
    let ShownText { head, title, summary, content, text, lang, translation, translated_at } = shown;
    let published = known.at.whole_seconds();
    // To readers a translation that arrives, or becomes another one, is a change of the entry. What is dated too far in the
    // future was stored while the clock was ahead.
    let changed = [head.updated, translated_at.map(Time::whole_seconds)].map(|date| possible_date(date, now));
    let updated = changed.into_iter().flatten().fold(published, Time::max);
    let summary = if show == Show::Title { None } else { summary };
    let content = if show == Show::Full { content } else { None };
    // Only the text of what is shown.
    let text = match (show, &content, &summary) {
        (Show::Title, ..) | (Show::Summary, _, None) => String::new(),
        (Show::Full, ..) => text,
        (Show::Summary, _, Some(summary)) => html::to_text(summary),
    };
    let summary_text = summary.as_ref().map(|summary| html::to_line(summary.as_str())).unwrap_or_default();
    EditionItem {
        id,
        head,
        title,
        summary,
        summary_text,
        content,
        page: None,
        text,
        lang,
        published,
        updated,
        source: info,
        also_in: Vec::new(),
        translation,
    }
}

/// Returns the authority of `tag:` URIs: the host of `base_url`.
pub(super) fn host(base_url: Option<&str>) -> String {
    base_url
        .and_then(|url| Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headline_that_is_missing_is_the_beginning_of_the_text() {
        let line = |text: &str| first_line(&Text::new(text)).to_string();
        assert_eq!(line("Léon Marchand en or."), "Léon Marchand en or.");
        let long = line(&"Le relais français s’impose devant la Norvège, ".repeat(3));
        assert_eq!(long, "Le relais français s’impose devant la Norvège, Le relais français s’impose devant la…");
        assert_eq!(line(&"奥".repeat(200)), format!("{}…", "奥".repeat(90)), "without spaces");
    }

    #[test]
    fn french_categories_that_the_lists_have_are_translated() {
        let categories = ["Escrime", "Actu", "Foot", "Football"].map(str::to_owned).to_vec();
        let english = Lang::new("en").expect("a language");
        let mut head = EntryHead { categories, lang: Lang::new("fr"), ..EntryHead::default() };
        let mut other = EntryHead { lang: Lang::new("de"), ..head.clone() };
        translate_categories(&mut head, &english);
        translate_categories(&mut other, &english);
        assert_eq!(head.categories, ["Fencing", "Actu", "Football"]);
        assert_eq!(other.categories[0], "Escrime", "the lists are French");
    }
}
