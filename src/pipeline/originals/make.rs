//! Makes the original rendition of an entry, from its feed or from its article page. Pure CPU work.

use std::collections::HashSet;

use url::Url;

use crate::feed;
use crate::html;
use crate::model::{Clean, Entry, FullText, Original, RawHtml};
use crate::net;

/// A text of so many characters is an article by itself.
const LONG: usize = 600;

/// Makes the original rendition of an entry: cleans its HTML, bounds it, and makes its plain text. This costs more than all else, so
/// it is done once for a revision.
pub(in crate::pipeline) fn make_original(entry: Entry) -> Original {
    let parse = |address: Option<&str>| address.and_then(|address| Url::parse(address).ok());
    let (base, page) = (parse(entry.head.link_base()), parse(entry.head.url.as_deref()));
    let links = html::LinkBase { base: base.as_ref(), page: page.as_ref() };
    let lang = entry.head.lang.as_ref();
    let clean = |raw: &RawHtml| Some(html::clean_article(raw, links, lang)).filter(|clean| !clean.is_empty());
    let content = entry.content.as_ref().and_then(clean);
    let summary = entry.summary.as_ref().and_then(clean).or_else(|| content.as_ref().and_then(html::summarize));
    let mut original = Original { head: entry.head, title: entry.title, summary, content, text: String::new(), full_text: None };
    bound(&mut original);
    original.text = original.content.as_ref().or(original.summary.as_ref()).map(html::to_text).unwrap_or_default();
    original
}

/// Shortens a summary that is an article, which then becomes the content, and a content that is too large to publish.
pub(super) fn bound(original: &mut Original) {
    let size = |html: &Option<Clean>| html.as_ref().map_or(0, |html| html.as_str().len());
    if let Some(short) = original.summary.as_ref().and_then(html::shorten_summary) {
        let article = original.summary.replace(short);
        if size(&article) > size(&original.content) {
            original.content = article;
        }
    }
    if let Some(short) = original.content.as_ref().and_then(html::shorten_content) {
        let url = original.head.url.as_deref().map(net::redact_url);
        tracing::warn!(entry.url = url, "the text of an entry is larger than 2 MiB: only its beginning is published");
        original.content = Some(short);
    }
}

/// Makes the original rendition of an entry whose article page was fetched: its content is the page's article, if there is one that
/// says more than the feed does.
pub(in crate::pipeline) fn make_original_from_page(entry: Entry, page: &str, url: &Url) -> Original {
    let mut original = make_original(entry);
    let left = |why: &str| Some(FullText::Left { message: format!("{} {why}", net::redact_url(url.as_str())) });
    let Some(article) = html::extract_article(page, url) else {
        original.full_text = left("holds no article");
        return original;
    };
    let content = html::clean_article(&article.content, Some(url), original.head.lang.as_ref());
    let content = html::shorten_content(&content).unwrap_or(content);
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

/// Returns true if a text is about what a headline names. A page that asks for consent or payment, or a front page in the place of
/// an article that is gone, is not.
fn is_about(text: &str, headline: &str) -> bool {
    let (text, headline) = (text.to_lowercase(), headline.to_lowercase());
    let words: HashSet<&str> = headline.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 3).collect();
    let found = words.iter().filter(|word| text.contains(*word)).count();
    // Of one word or two nothing can be told: a headline may be a pun.
    words.len() < 3 || found * 3 >= words.len()
}

/// Returns true if an article says more than the feed's own text. Where that is an article already, a little more is only what
/// surrounds it in the page.
fn is_longer(article: &str, own: &str) -> bool {
    let (article, own) = (article.chars().count(), own.chars().count());
    if own < LONG { article > own } else { article * 5 >= own * 6 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_about_what_a_headline_names() {
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
    fn long_text_of_the_feed_is_replaced_only_by_a_much_longer_one() {
        for (article, own, is) in [(300, 0, true), (300, 299, true), (299, 300, false), (700, 600, false), (720, 600, true)] {
            assert_eq!(is_longer(&"é".repeat(article), &"é".repeat(own)), is, "{article} for {own}");
        }
    }
}
