//! The links of a feed and of its items to what belongs to them: itself, its page, its other languages, its hubs; the original page and
//! feed of an item, and other sources of its story. Atom has them as its own, RSS as elements of Atom.

use std::borrow::Cow;

use super::{chars, links, shown};
use crate::model::{Edition, EditionItem, Format, Lang};

/// A link with its relation (RFC 4287 §4.2.7, RFC 8288).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) rel: &'static str,
    pub(super) href: String,
    pub(super) kind: Option<&'static str>,
    pub(super) lang: Option<String>,
    pub(super) title: Option<String>,
}

impl Relation {
    fn new(rel: &'static str, href: impl Into<String>) -> Self {
        Self { rel, href: href.into(), ..Self::default() }
    }

    fn of_format(rel: &'static str, href: String, format: Format) -> Self {
        Self { kind: Some(format.media_type()), ..Self::new(rel, href) }
    }
}

/// Returns the links of a feed in one format: its own address, if it is known, and its hubs.
pub(super) fn own(edition: &Edition, format: Format) -> impl Iterator<Item = Relation> {
    let itself = edition.own_address(format).map(|address| Relation::of_format("self", address, format));
    let hubs = edition.details.hubs.iter().map(|hub| Relation::new("hub", hub.as_str()));
    itself.into_iter().chain(hubs)
}

/// Returns the links of a feed to its other languages in the same format. Its own language stands last, as `hreflang` wants each version
/// to name all; readers that take the last link for that of the page get the edition's own, too.
pub(super) fn languages(edition: &Edition, format: Format) -> Vec<Relation> {
    let languages = &edition.details.languages;
    if languages.len() < 2 {
        return Vec::new();
    }
    let has_page = edition.formats.contains(&Format::Html);
    let (mine, others): (Vec<_>, Vec<_>) = languages.iter().partition(|language| language.stem == edition.stem);
    let link = |language: &&crate::model::EditionLanguage, format| {
        let title = format!("{} ({})", edition.title, language.lang.own_name());
        Relation {
            lang: Some(language.lang.to_string()),
            title: Some(title),
            ..Relation::of_format("alternate", edition.address_of(&language.stem, format), format)
        }
    };
    let own_format = if has_page && format == Format::Atom { Format::Html } else { format };
    others.iter().map(|language| link(language, format)).chain(mine.iter().map(|language| link(language, own_format))).collect()
}

/// Returns the links between a feed and the documents of its archive (RFC 5005 §4).
pub(super) fn archive(edition: &Edition, format: Format) -> impl Iterator<Item = Relation> {
    let archive = &edition.archive;
    let links = [("current", &archive.current), ("prev-archive", &archive.previous), ("next-archive", &archive.next)];
    links
        .into_iter()
        .filter_map(move |(rel, stem)| Some(Relation::of_format(rel, edition.address_of(stem.as_deref()?, format), format)))
}

/// Returns the links of an item to where it comes from and to others that tell of it.
pub(super) fn of_item(item: &EditionItem) -> Vec<Relation> {
    let name = || shown::source_name(&item.source).into_owned();
    let from = item.translation.as_ref().map(|translation| &translation.from).or(item.head.lang.as_ref());
    let page = item.head.url.as_deref().and_then(links::web);
    let original =
        page.map(|page| Relation { lang: from.map(Lang::to_string), title: Some(name()), ..Relation::new("via", page) });
    let feed = links::web(&item.source.feed).map(|feed| Relation { title: Some(name()), ..Relation::new("related", feed) });
    let others = shown::also_in(item).filter_map(|(source, page)| {
        let title = Some(chars::line(&source).into_owned());
        Some(Relation { title, ..Relation::new("related", page.map(Cow::into_owned)?) })
    });
    original.into_iter().chain(others).chain(feed).collect()
}
