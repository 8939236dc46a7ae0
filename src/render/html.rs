//! Pages for people: an edition, and the list of editions. What is clean HTML by its type goes in as it is; all other text
//! is escaped by the template engine.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, context, escape_formatter};
use quick_xml::escape::escape;

use super::shown::{self, GENERATOR, VERSION};
use super::{EditionLink, Index, ListedSource, RenderError, chars, links};
use crate::model::{Clean, Edition, EditionItem, Enclosure, Format, Lang, Time, Translation};

const BASE: &str = include_str!("templates/base.html");
const EDITION: &str = include_str!("templates/edition.html");
const INDEX: &str = include_str!("templates/index.html");

/// Writes the page of an edition.
pub(super) fn edition(edition: &Edition) -> Result<String, RenderError> {
    let feeds =
        edition.formats.iter().filter(|&&format| format != Format::Html).map(|&format| file(format, &edition.file(format)));
    fill(
        "edition.html",
        context! {
            title => chars::line(edition.title.as_str()),
            description => chars::line(edition.description.as_str()),
            lang => lang(edition.lang.as_ref()),
            canonical => edition.base_url.as_ref().map(|_| edition.address(Format::Html)),
            feeds => feeds.collect::<Vec<Value>>(),
            updated => time(edition.updated),
            items => edition.items.iter().map(|item| self::item(edition, item)).collect::<Vec<Value>>(),
            program => program(),
        },
    )
}

/// Writes index.html.
pub(super) fn index(index: &Index) -> Result<String, RenderError> {
    fill(
        "index.html",
        context! {
            title => chars::line(index.title),
            lang => "en",
            canonical => index.base_url,
            editions => index.editions.iter().map(listed_edition).collect::<Vec<Value>>(),
            sources => index.sources.iter().map(listed_source).collect::<Vec<Value>>(),
            program => program(),
        },
    )
}

fn item(edition: &Edition, item: &EditionItem) -> Value {
    let head = &item.head;
    let body = item.content.as_ref().filter(|html| !html.is_empty()).or(item.summary.as_ref());
    let picture = head.image.as_deref().filter(|image| !shows(body, image)).and_then(links::web);
    context! {
        title => chars::line(if item.title.is_blank() { "Untitled" } else { item.title.as_str() }),
        url => head.url.as_deref().and_then(links::web),
        lang => lang(shown::own_lang(edition, item)),
        title_lang => item.translation.as_ref().filter(|translation| translation.title_left).map(|translation| translation.from.as_str()),
        translation => item.translation.as_ref().map(translation),
        source => shown::source_name(&item.source),
        site => item.source.site.as_deref().and_then(links::web),
        published => time(item.published),
        updated => (people(item.updated) != people(item.published)).then(|| time(item.updated)),
        authors => shown::authors(item).collect::<Vec<_>>().join(", "),
        categories => shown::lines(&head.categories).collect::<Vec<_>>(),
        picture,
        body => shown::markup(body).map(|html| Value::from_safe_string(html.into_owned())),
        files => shown::enclosures(item).filter_map(attached).collect::<Vec<Value>>(),
    }
}

/// The engines that translated an item, and how much of it is untranslated.
fn translation(translation: &Translation) -> Value {
    context! {
        from => translation.from.as_str(),
        engines => translation.engines.iter().map(|engine| chars::line(engine)).collect::<Vec<_>>().join(", "),
        left => translation.left,
    }
}

/// True if the text shows the picture itself.
fn shows(body: Option<&Clean>, image: &str) -> bool {
    body.is_some_and(|html| html.as_str().contains(escape(image).as_ref()) || html.as_str().contains(image))
}

/// A file that comes with an item; one that is not on the web has no place on a page.
fn attached(enclosure: &Enclosure) -> Option<Value> {
    let url = links::web(&enclosure.url)?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
    let kind = enclosure.media_type.as_deref().map(chars::line);
    Some(context! { url, name, kind, size => enclosure.length.filter(|&bytes| bytes > 0).map(size) })
}

fn size(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes / (unit / 10)).max(1);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", tenths(1_000) / 10, tenths(1_000) % 10),
        _ => format!("{}.{} MB", tenths(1_000_000) / 10, tenths(1_000_000) % 10),
    }
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

/// An instant for machines and for people; the latter in UTC, which the page cannot know to be anyone's own time.
fn time(time: Time) -> Value {
    context! { machine => time.rfc3339(), people => people(time) }
}

fn people(time: Time) -> String {
    time.chrono().format("%Y-%m-%d %H:%M UTC").to_string()
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

    #[test]
    fn sizes_are_rounded_down_to_a_tenth() {
        assert_eq!([size(999), size(1_000), size(12_345_678)], ["999 B", "1.0 kB", "12.3 MB"]);
    }
}
