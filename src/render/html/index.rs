//! The list of editions and sources: index.html.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::head::head;
use super::templates::Templates;
use super::{file, program};
use crate::model::{Format, Lang, PageRules};
use crate::render::words::{Words, fill};
use crate::render::{
    ArchiveLink, DigestLink, EditionLink, Index, ListedSource, RenderError, SourceStanding, chars, dates, links, shown,
};

/// Writes index.html.
pub(in crate::render) fn index(index: &Index<'_>, templates: &Templates) -> Result<String, RenderError> {
    let words = Words::of(index.lang.as_ref());
    let lang = Lang::new(&words.lang);
    // Editions of several languages stand together, in the order of the first.
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut editions: Vec<Vec<&EditionLink>> = Vec::new();
    for edition in index.editions {
        let place = *places.entry(&edition.id).or_insert(editions.len());
        match editions.get_mut(place) {
            Some(languages) => languages.push(edition),
            None => editions.push(vec![edition]),
        }
    }
    let values = context! {
        title => chars::line(index.title),
        summary => summary(index),
        lang => words.lang.as_str(),
        dir => lang.as_ref().filter(|lang| lang.is_right_to_left()).map(Lang::direction),
        own => Value::from_safe_string(String::new()),
        words => Value::from(Serde(words)),
        head => head(templates, "", false),
        canonical => index.base_url,
        image => None::<&str>,
        is_indexable => true,
        languages => Vec::<Value>::new(),
        feeds => Vec::<Value>::new(),
        editions => editions.iter().map(|languages| listed_edition(languages, index, words)).collect::<Vec<Value>>(),
        sources => index.sources.iter().map(|source| listed_source(source, words, lang.as_ref())).collect::<Vec<Value>>(),
        program => program(),
    };
    templates.render("index.html", values)
}

/// The titles of the editions, for those that only list the page.
fn summary(index: &Index<'_>) -> String {
    let mut titles: Vec<&str> = index.editions.iter().map(|edition| edition.title.as_str()).collect();
    titles.dedup();
    let titles = titles.into_iter().take(8).map(chars::line).collect::<Vec<_>>().join(" · ");
    if titles.is_empty() { chars::line(index.title).into_owned() } else { titles }
}

/// An edition in all of its languages.
fn listed_edition(languages: &[&EditionLink], index: &Index<'_>, words: &Words) -> Value {
    let first = languages[0];
    context! {
        title => chars::line(first.title.as_str()),
        description => chars::line(first.description.as_str()),
        lang => first.lang.as_ref().map(Lang::as_str),
        page => page(first),
        languages => languages.iter().map(|edition| language(edition, index, words)).collect::<Vec<Value>>(),
    }
}

fn language(edition: &EditionLink, index: &Index<'_>, words: &Words) -> Value {
    context! {
        lang => edition.lang.as_ref().map(Lang::as_str),
        dir => edition.lang.as_ref().map(Lang::direction),
        name => edition.lang.as_ref().map(Lang::own_name),
        page => page(edition),
        items => words.count(&words.items, edition.items),
        files => files(&edition.files, index),
        archive => edition.archive.iter().map(|document| archived(document, index, words)).collect::<Vec<Value>>(),
        digests => edition.digests.iter().map(|digest| listed_digest(digest, edition, index, words)).collect::<Vec<Value>>(),
    }
}

fn files(files: &[(Format, String)], index: &Index<'_>) -> Vec<Value> {
    files.iter().map(|(format, name)| file(*format, name, index.base_url)).collect()
}

/// A document of an archive, called by its month.
fn archived(document: &ArchiveLink, index: &Index<'_>, words: &Words) -> Value {
    let month = dates::month(document.month, Lang::new(&words.lang).as_ref());
    let (format, name) = &document.file;
    let label = if document.number > 1 { format!("{month} ({})", document.number) } else { month };
    context! { label, file => file(*format, name, index.base_url) }
}

/// A digest. Where an edition has several, their names tell them apart.
fn listed_digest(digest: &DigestLink, edition: &EditionLink, index: &Index<'_>, words: &Words) -> Value {
    let label = if edition.digests.len() > 1 { format!("{} ({})", words.digest, digest.id) } else { words.digest.clone() };
    context! { label, files => files(&digest.files, index) }
}

/// The page of an edition, else its first file.
fn page(edition: &EditionLink) -> Option<String> {
    let page = edition.files.iter().find(|(format, _)| *format == Format::Html).or(edition.files.first());
    page.map(|(_, name)| chars::line(name).into_owned())
}

fn listed_source(source: &ListedSource, words: &Words, lang: Option<&Lang>) -> Value {
    let feed = links::public(&source.feed);
    let zone = PageRules::default().zone;
    let state = source.standing.map(|standing| match standing {
        SourceStanding::Works => ("works", words.source_works.clone()),
        SourceStanding::Silent => ("silent", words.source_silent.clone()),
        SourceStanding::Ended => ("ended", words.source_ended.clone()),
        SourceStanding::FailsSince(since) => {
            let date = dates::date(zone.local(since).date(), lang);
            ("fails", fill(&words.source_fails, &[("date", &date)]))
        }
    });
    context! {
        title => if source.title.is_blank() { feed } else { chars::line(source.title.as_str()) },
        site => source.site.as_deref().and_then(links::web),
        feed => links::web(&source.feed),
        tags => shown::lines(&source.tags).collect::<Vec<_>>(),
        state => state.map(|(name, words)| context! { name, words }),
    }
}
