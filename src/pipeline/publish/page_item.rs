//! Makes what pages show of an item beyond its feeds. Pure.

use crate::config as plan;
use crate::html;
use crate::model::{BilingualMode, Clean, Lang, Original, PageItem, PageRules, PageTag, Rendition, Show, Sibling, Text};
use crate::select::{TagKind, find_tags};

use super::file_stem::file_stem;

/// Returns the rules for the pages of an edition. Its siblings are its languages, if there are several.
pub(super) fn page_rules(edition: &plan::Edition) -> PageRules {
    let siblings = edition.langs.iter().map(|lang| Sibling { lang: lang.clone(), stem: file_stem(edition, Some(lang)) });
    PageRules {
        zone: edition.zone,
        images: edition.images,
        page_size: edition.page_size,
        is_indexable: edition.show == Show::Title,
        siblings: if edition.langs.len() > 1 { siblings.collect() } else { Vec::new() },
    }
}

/// Returns what pages show of an item in its own language. The body is added with the texts that are shown.
pub(super) fn of_original(original: &Original, lang: Option<&Lang>) -> PageItem {
    PageItem { tags: tags(original, lang), ..PageItem::default() }
}

/// Returns what pages show of a translated item. Feeds have one text in two languages one below the other; on a page the original stands in
/// a box of its own.
pub(super) fn of_rendition(original: &Original, rendition: &Rendition, lang: &Lang, edition: &plan::Edition) -> PageItem {
    let is_other = |title: &Text| *title != rendition.title && !title.is_blank();
    let mut item = PageItem {
        title: (edition.bilingual != BilingualMode::None).then(|| rendition.title.clone()),
        original_title: Some(original.title.clone()).filter(is_other),
        tags: tags(original, Some(lang)),
        ..PageItem::default()
    };
    if edition.bilingual == BilingualMode::Paragraphs && edition.translated() == edition.show {
        let fit = |html: &Clean| html::fit_for_page(html, edition.images);
        let translated = shown(edition.show, rendition.content.as_ref(), rendition.summary.as_ref());
        let beginning = rendition.summary.as_ref().filter(|_| edition.show >= Show::Summary).or(translated);
        item.excerpt = beginning.map(|html| html::to_line(html.as_str())).unwrap_or_default();
        item.body = translated.map(|html| fit(&html::with_direction(html, lang)));
        item.original_body = shown(edition.show, original.content.as_ref(), original.summary.as_ref()).map(fit);
    }
    item
}

/// Returns the HTML that an item shows: its content, else its summary.
pub(super) fn shown<'h>(show: Show, content: Option<&'h Clean>, summary: Option<&'h Clean>) -> Option<&'h Clean> {
    let content = content.filter(|content| show == Show::Full && !content.is_empty());
    content.or(summary.filter(|_| show >= Show::Summary))
}

/// Returns the sports and committees that an item names. The lists are French.
fn tags(original: &Original, lang: Option<&Lang>) -> Vec<PageTag> {
    if original.head.lang.as_ref().is_some_and(|own| own.primary() != "fr") {
        return Vec::new();
    }
    let summary = original.summary.as_ref().map(|summary| html::to_line(summary.as_str())).unwrap_or_default();
    let tags = find_tags(original.title.as_str(), summary.as_str()).into_iter();
    let tags = tags.filter(|tag| matches!(tag.kind(), TagKind::Sport | TagKind::Noc));
    tags.map(|tag| PageTag { name: tag.name(), label: tag.label(lang) }).collect()
}
