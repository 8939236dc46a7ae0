//! Pages for people: those of an edition, and the list of editions. What is clean HTML by its type goes in as it is; all other text
//! is escaped by the template engine.

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::shown::{self, GENERATOR, VERSION};
use super::words::Words;
use super::{RenderError, chars, dates, links};
use crate::model::{Edition, Format, Lang, Sibling};

mod arrange;
mod attached;
mod card;
mod chart;
mod head;
mod index;
mod picture;
mod sections;
mod status;
mod templates;

use arrange::{Place, Placed, arrange};
use card::Page;
use head::head;
use sections::Sections;
pub use status::status_page;
pub use templates::Templates;

pub(super) use index::index;

/// The language of our own words where no language is known.
const OWN_LANG: &str = "en";
/// The most headlines in the description of an edition that has none.
const HEADLINES: usize = 3;

/// Writes the pages of an edition: their names and contents, the first page first. There is always one.
pub(super) fn edition(edition: &Edition, templates: &Templates) -> Result<Vec<(String, String)>, RenderError> {
    let placed = arrange(edition);
    let size = edition.pages.page_size.max(1);
    let count = placed.len().div_ceil(size).max(1);
    let page = |number: usize| {
        let items = &placed[(number * size).min(placed.len())..((number + 1) * size).min(placed.len())];
        let text = templates.render("edition.html", values(edition, items, (number + 1, count), templates))?;
        Ok((edition.page_file(number + 1), text))
    };
    (0..count).map(page).collect()
}

/// Returns the style sheet of the feeds. A style sheet cannot read words of ours from a feed, so that it has those of all languages, as the
/// variables `--notice` and `--page`; the English ones hold for the others.
pub(super) fn feed_style(templates: &Templates) -> String {
    let string = |words: &str| words.replace('\\', "\\\\").replace('"', "\\\"");
    let language = |words: &Words| {
        let (notice, page) = (string(&words.feed_notice), string(&words.feed_page));
        let direction = Lang::new(&words.lang).map_or("ltr", |lang| lang.direction());
        let of = if words.lang == OWN_LANG { String::new() } else { format!(":lang({})", words.lang) };
        format!(":root{of} {{ --notice: \"{notice}\"; --page: \"{page}\"; direction: {direction}; }}\n")
    };
    let languages: String = Words::all().iter().map(language).collect();
    format!("{}\n{languages}", templates.text(templates::FEED_STYLE).trim_end())
}

/// The values of one page of an edition.
fn values(edition: &Edition, placed: &[Placed], (number, count): (usize, usize), templates: &Templates) -> Value {
    let items = || placed.iter().map(|placed| &edition.items[placed.item]);
    let sections = Sections::of(items());
    let lang = page_lang(edition);
    let words = Words::of(lang);
    let provenance = edition.details.provenance;
    let page = Page { lang, rules: &edition.pages, words, provenance, sections: &sections };
    let description = description(edition, placed);
    let page_address = |number| edition.relative(&edition.page_file(number));
    let lead = placed.first().filter(|placed| placed.place == Place::Lead).map(|placed| &edition.items[placed.item]);
    context! {
        title => chars::line(edition.title.as_str()),
        description => chars::line(edition.description.as_str()),
        summary => description,
        lang => lang.map_or(OWN_LANG, Lang::as_str),
        dir => lang.filter(|lang| lang.is_right_to_left()).map(Lang::direction),
        own => page.own_words(lang.or(Lang::new(OWN_LANG).as_ref())),
        words => Value::from(Serde(words)),
        head => head(templates, &sections.style(), edition.pages.images),
        canonical => edition.base_url.as_ref().map(|base| format!("{base}{}", edition.page_file(number))),
        image => lead.and_then(|item| item.head.image.as_deref().filter(|_| edition.pages.images)).and_then(links::web),
        is_indexable => edition.pages.is_indexable,
        languages => languages(edition, number),
        feeds => feeds(edition),
        updated => page.time(edition.updated, lang),
        zone => edition.pages.zone.name(),
        sections => sections.values(),
        lead => lead.map(|item| page.card(item, true)),
        top => placed.iter().filter(|placed| placed.place == Place::Top).map(|placed| page.card(&edition.items[placed.item], false)).collect::<Vec<_>>(),
        days => days(edition, placed, &page),
        number,
        count,
        pages => (1..=count).map(|number| context! { number, href => page_address(number) }).collect::<Vec<_>>(),
        newer => (number > 1).then(|| page_address(number - 1)),
        older => (number < count).then(|| page_address(number + 1)),
        index => edition.relative("index.html"),
        program => program(),
    }
}

/// The days of a page with their items. The last part of a day may be a list of further headlines of one source.
fn days(edition: &Edition, placed: &[Placed], page: &Page<'_>) -> Vec<Value> {
    let date = |placed: &Placed| match placed.place {
        Place::Day(date) | Place::More(date) => Some(date),
        Place::Lead | Place::Top => None,
    };
    let dated: Vec<&Placed> = placed.iter().filter(|placed| date(placed).is_some()).collect();
    let days = dated.chunk_by(|a, b| date(a) == date(b));
    days.filter_map(|day| {
        let at = date(day[0])?;
        let (cards, more): (Vec<&Placed>, Vec<&Placed>) = day.iter().partition(|placed| matches!(placed.place, Place::Day(_)));
        let card = |placed: &Placed| page.card(&edition.items[placed.item], false);
        let source = more.first().map(|placed| shown::source_name(&edition.items[placed.item].source));
        Some(context! {
            machine => dates::iso_day(at),
            people => dates::day(at, page.lang),
            items => cards.into_iter().map(card).collect::<Vec<_>>(),
            more => source.map(|source| context! { source, items => more.into_iter().map(card).collect::<Vec<_>>() }),
        })
    })
    .collect()
}

/// Returns the language of a page: that of the edition, else that of most of its items. Nothing if no language is known; the page is
/// then in that of our own words.
fn page_lang(edition: &Edition) -> Option<&Lang> {
    if edition.lang.is_some() {
        return edition.lang.as_ref();
    }
    let langs = edition.items.iter().filter_map(|item| item.lang.as_ref());
    // Of equals the first: `max_by_key` gives the last.
    langs.clone().rev().max_by_key(|lang| langs.clone().filter(|other| other == lang).count())
}

/// Returns the description of a page for those that only list it: the edition's, else its first headlines.
fn description(edition: &Edition, placed: &[Placed]) -> String {
    if !edition.description.is_blank() {
        return chars::line(edition.description.as_str()).into_owned();
    }
    let words = Words::of(page_lang(edition));
    let headline = |placed: &Placed| card::title(&edition.items[placed.item], words);
    let headlines: Vec<String> = placed.iter().take(HEADLINES).map(headline).collect();
    if headlines.is_empty() { chars::line(edition.title.as_str()).into_owned() } else { headlines.join(" · ") }
}

/// Returns the page in the other languages of the edition. How many pages another one has is not known, so that a further page leads to
/// the first.
fn languages(edition: &Edition, number: usize) -> Vec<Value> {
    let base = edition.base_url.as_deref();
    let one = |sibling: &Sibling| {
        let is_current = edition.lang.as_ref() == Some(&sibling.lang);
        let file = format!("{}.{}", sibling.stem, Format::Html.extension());
        context! {
            lang => sibling.lang.as_str(),
            dir => sibling.lang.direction(),
            name => sibling.lang.own_name(),
            is_current,
            // HTML wants whole addresses of alternates where they are known.
            address => (number == 1).then(|| format!("{}{file}", base.unwrap_or_default())),
            href => file,
        }
    };
    edition.pages.siblings.iter().map(one).collect()
}

/// The feeds of an edition, the one to recommend first.
fn feeds(edition: &Edition) -> Vec<Value> {
    let feeds = edition.formats.iter().filter(|format| **format != Format::Html);
    feeds.map(|format| file(*format, &edition.file(*format), edition.base_url.as_deref())).collect()
}

/// A file of an edition: what it is called, and where it is.
fn file(format: Format, name: &str, base_url: Option<&str>) -> Value {
    let label = match format {
        Format::Atom => "Atom",
        Format::Rss => "RSS",
        Format::Json => "JSON Feed",
        Format::Html => "HTML",
        Format::Ninjs => "ninjs",
    };
    let href = chars::line(name);
    context! { label, kind => format.media_type(), address => format!("{}{href}", base_url.unwrap_or_default()), href }
}

fn program() -> String {
    format!("{GENERATOR} {VERSION}")
}
