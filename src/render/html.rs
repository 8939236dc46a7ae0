//! Pages for people: an edition, and the list of editions. What is clean HTML by its type goes in as it is; all other text
//! is escaped by the template engine.

use std::borrow::Cow;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, context, escape_formatter};
use quick_xml::escape::escape;

use super::shown::{self, GENERATOR, VERSION};
use super::{EditionLink, Index, ListedSource, RenderError, chars, dates, links};
use crate::model::{Edition, EditionItem, Format, Lang, Time, Translation, is_person};

mod attached;
mod picture;

const BASE: &str = include_str!("templates/base.html");
const EDITION: &str = include_str!("templates/edition.html");
/// The language of our own words.
const OWN_LANG: &str = "en";
const INDEX: &str = include_str!("templates/index.html");

/// Writes the page of an edition.
pub(super) fn edition(edition: &Edition) -> Result<String, RenderError> {
    let feeds =
        edition.formats.iter().filter(|&&format| format != Format::Html).map(|&format| file(format, &edition.file(format)));
    let page_lang = page_lang(edition);
    fill(
        "edition.html",
        context! {
            title => chars::line(edition.title.as_str()),
            description => chars::line(edition.description.as_str()),
            lang => page_lang.map_or(OWN_LANG, Lang::as_str),
            dir => page_lang.filter(|lang| lang.is_right_to_left()).map(Lang::direction),
            canonical => edition.base_url.as_ref().map(|_| edition.address(Format::Html)),
            feeds => feeds.collect::<Vec<Value>>(),
            updated => time(edition.updated, page_lang),
            items => edition.items.iter().map(|item| self::item(page_lang, item)).collect::<Vec<Value>>(),
            program => program(),
        },
    )
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

/// Writes index.html.
pub(super) fn index(index: &Index) -> Result<String, RenderError> {
    fill(
        "index.html",
        context! {
            title => chars::line(index.title),
            lang => OWN_LANG,
            dir => None::<&str>,
            canonical => index.base_url,
            editions => index.editions.iter().map(listed_edition).collect::<Vec<Value>>(),
            sources => index.sources.iter().map(listed_source).collect::<Vec<Value>>(),
            program => program(),
        },
    )
}

fn item(page_lang: Option<&Lang>, item: &EditionItem) -> Value {
    let head = &item.head;
    let clean = shown::body(item);
    let body = item.page.as_ref().map_or(clean, |page| Some(chars::markup(page.as_str())));
    let body = body.as_deref().filter(|html| !html.is_empty());
    let reader_lang = item.lang.as_ref().or(page_lang);
    let left = item.translation.as_ref().filter(|translation| translation.title_left);
    context! {
        title => chars::line(if item.title.is_blank() { "Untitled" } else { item.title.as_str() }),
        url => head.url.as_deref().and_then(links::web),
        // An item in an unknown language is not in that of the page.
        lang => if item.lang.as_ref() == page_lang { None } else { Some(item.lang.as_ref().map_or("", Lang::as_str)) },
        dir => direction(item.lang.as_ref(), page_lang),
        title_lang => left.map(|translation| translation.from.as_str()),
        translation => item.translation.as_ref().map(translation),
        source => shown::source_name(&item.source),
        site => item.source.site.as_deref().and_then(links::web),
        published => time(item.published, reader_lang),
        updated => changed(item, reader_lang),
        // The source is named beside them anyway.
        authors => shown::named_authors(item).collect::<Vec<_>>().join(", "),
        categories => shown::lines(&head.categories).collect::<Vec<_>>(),
        picture => picture::picture(item, body),
        body => body.map(|html| Value::from_safe_string(html.to_owned())),
        files => attached::files(item, body),
        also_in => shown::also_in(item).map(|(name, page)| context! { name, page }).collect::<Vec<Value>>(),
    }
}

/// The direction of an item, where it is not that of its page.
fn direction(lang: Option<&Lang>, page_lang: Option<&Lang>) -> Option<&'static str> {
    let of = |lang: Option<&Lang>| lang.map_or("ltr", Lang::direction);
    Some(of(lang)).filter(|direction| *direction != of(page_lang))
}

/// The date of a change that people would tell from the date of publication.
fn changed(item: &EditionItem, lang: Option<&Lang>) -> Option<Value> {
    let is_later = dates::for_people(item.updated, lang) != dates::for_people(item.published, lang);
    is_later.then(|| time(item.updated, lang))
}

/// The engines that translated an item, and how much of it is untranslated.
fn translation(translation: &Translation) -> Value {
    context! {
        from => translation.from.as_str(),
        engines => translation.engines.iter().map(|engine| translator(engine)).collect::<Vec<_>>().join(", "),
        left => translation.left,
    }
}

fn translator(engine: &str) -> Cow<'_, str> {
    if is_person(engine) { Cow::Borrowed("people") } else { chars::line(engine) }
}

fn listed_edition(edition: &EditionLink) -> Value {
    let page = edition.files.iter().find(|(format, _)| *format == Format::Html).or(edition.files.first());
    context! {
        title => chars::line(edition.title.as_str()),
        lang => lang(edition.lang.as_ref()),
        page => page.map(|(_, name)| chars::line(name)),
        files => edition.files.iter().map(|(format, name)| file(*format, name)).collect::<Vec<Value>>(),
        items => edition.items,
    }
}

fn listed_source(source: &ListedSource) -> Value {
    let feed = links::public(&source.feed);
    context! {
        title => if source.title.is_blank() { feed } else { chars::line(source.title.as_str()) },
        site => source.site.as_deref().and_then(links::web),
        feed => links::web(&source.feed),
        tags => shown::lines(&source.tags).collect::<Vec<_>>(),
    }
}

fn file(format: Format, name: &str) -> Value {
    let label = match format {
        Format::Atom => "Atom",
        Format::Rss => "RSS",
        Format::Json => "JSON Feed",
        Format::Html => "HTML",
    };
    context! { label, kind => format.media_type(), href => chars::line(name) }
}

fn lang(lang: Option<&Lang>) -> Option<&str> {
    lang.map(Lang::as_str)
}

/// An instant for machines, and for people of a language.
fn time(time: Time, lang: Option<&Lang>) -> Value {
    context! { machine => time.rfc3339(), people => dates::for_people(time, lang), lang => lang.map(Lang::as_str) }
}

fn program() -> String {
    format!("{GENERATOR} {VERSION}")
}

fn fill(page: &'static str, values: Value) -> Result<String, RenderError> {
    let filled = environment().and_then(|env| env.get_template(page)?.render(values));
    let mut filled = filled.map_err(|source| RenderError::Page { page, source })?;
    filled.truncate(filled.trim_end().len());
    filled.push('\n');
    Ok(filled)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    // minijinja escapes `/` too, which makes addresses unreadable and larger and protects nothing in quoted attributes.
    env.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            out.write_str(&escape(text)).map_err(|error| minijinja::Error::from(ErrorKind::WriteFailure).with_source(error))
        }
        _ => escape_formatter(out, state, value),
    });
    env.add_template("base.html", BASE)?;
    env.add_template("edition.html", EDITION)?;
    env.add_template("index.html", INDEX)?;
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_escaped_but_clean_html() {
        let mut env = environment().expect("the templates are in order");
        env.add_template("page", "<a title=\"{{ a }}\">{{ b }}{{ c }}</a>").expect("a template");
        let values =
            context! { a => "\"' onclick=x", b => vec!["<script>"], c => Value::from_safe_string("<b>&amp;</b>".to_owned()) };
        let page = env.get_template("page").and_then(|page| page.render(values)).expect("a page");
        assert!(page.starts_with("<a title=\"&quot;&apos; onclick=x\">"), "{page}");
        assert!(!page.contains("<script>") && page.ends_with("<b>&amp;</b></a>"), "{page}");
    }

    #[test]
    fn a_name_that_the_template_misspells_is_an_error() {
        let mut env = environment().expect("the templates are in order");
        env.add_template("page", "{{ titel }}").expect("a template");
        assert!(env.get_template("page").and_then(|page| page.render(context! { title => "a" })).is_err());
    }
}
