//! ninjs 2.1, the JSON of the International Press Telecommunications Council for news (<https://iptc.org/std/ninjs/>): an edition is a
//! composite item with its items as associations. The schema allows no properties but its own, so that each object here has a list of them.

use serde_json::{Map, Value, json};
use url::Url;

use super::provenance::{self, Body};
use super::{RenderError, chars, links, podcast, shown};
use crate::model::{Edition, EditionItem, Enclosure, PictureDetails, Text};

/// The standard that the file keeps to.
const VERSION: &str = "2.1";
const SCHEMA: &str = "http://www.iptc.org/std/ninjs/ninjs-schema_2.1.json";

/// Writes the edition as one composite item.
pub(super) fn write(edition: &Edition) -> Result<String, RenderError> {
    let items = edition.items.iter().map(|item| self::item(edition, item));
    let withdrawn = edition.deleted.iter().map(
        |item| json!({"name": "withdrawn", "uri": uri(&item.id), "pubstatus": "canceled", "versioncreated": item.when.rfc3339()}),
    );
    let feed = object([
        ("uri", uri(&edition.feed_id)),
        ("type", "composite".into()),
        ("profile", "edition".into()),
        ("pubstatus", "usable".into()),
        ("versioncreated", edition.updated.rfc3339().into()),
        ("language", edition.lang.as_ref().map(ToString::to_string).into()),
        ("title", line(&edition.full_title())),
        ("headlines", texts("main", "text/plain", &line(&edition.title))),
        ("descriptions", texts("summary", "text/plain", &line(&edition.description))),
        ("copyrightnotice", line(&edition.details.rights)),
        ("standard", json!({"name": "ninjs", "version": VERSION, "schema": SCHEMA})),
        ("associations", items.chain(withdrawn).collect()),
    ]);
    super::finish(serde_json::to_vec_pretty(&feed).map_err(RenderError::Json)?)
}

fn item(edition: &Edition, item: &EditionItem) -> Value {
    let head = &item.head;
    let played = podcast::played(item).and_then(|file| file.media_type.as_deref()?.split('/').next());
    let page = head.url.as_deref().and_then(links::web);
    let page = page.map(|page| json!([{"name": "web", "href": uri(&page), "contenttype": "text/html"}]));
    let authors: Vec<String> = shown::authors(item);
    let subjects: Vec<Value> = provenance::categories(edition, item).into_iter().map(|name| json!({ "name": name })).collect();
    object([
        ("name", item_name(item)),
        ("uri", uri(&item.id)),
        ("type", played.unwrap_or("text").into()),
        ("representationtype", if item.content.is_some() { "full" } else { "partial" }.into()),
        ("pubstatus", "usable".into()),
        ("firstcreated", item.published.rfc3339().into()),
        ("versioncreated", item.updated.rfc3339().into()),
        ("language", item.lang.as_ref().or(edition.lang.as_ref()).map(ToString::to_string).into()),
        ("headlines", texts("main", "text/plain", &line(&item.title))),
        ("descriptions", texts("summary", "text/plain", &line(&item.summary_text))),
        ("bodies", body(edition, item)),
        ("by", authors.join(", ").into()),
        ("infosources", info_sources(item)),
        ("subjects", subjects.into()),
        ("ednote", provenance::note(edition, item).into()),
        ("copyrightnotice", line(&item.source.rights)),
        ("renditions", page.into()),
        ("associations", associations(item)),
    ])
}

/// The name of an item among those of the edition: its headline, else its id.
fn item_name(item: &EditionItem) -> Value {
    let title = line(&item.title);
    if title.is_null() { chars::line(&item.id).into() } else { title }
}

/// The text with markup, and the number of its characters and words.
fn body(edition: &Edition, item: &EditionItem) -> Value {
    let Some(html) = Body::of(edition, item).longest() else { return Value::Null };
    let text = item.text.trim();
    let counted = (!text.is_empty()).then(|| (text.chars().count(), text.split_whitespace().count()));
    let body = object([
        ("role", "main".into()),
        ("contenttype", "text/html".into()),
        ("charcount", counted.map(|(characters, _)| characters).into()),
        ("wordcount", counted.map(|(_, words)| words).into()),
        ("value", html.into()),
    ]);
    json!([body])
}

/// The origin of an item: its source, and who translated it.
fn info_sources(item: &EditionItem) -> Value {
    let site = item.source.site.as_deref().and_then(links::web).or_else(|| links::web(&item.source.feed));
    let source = object([("name", shown::source_name(&item.source).into()), ("uri", site.map(|site| uri(&site)).into())]);
    let translators = shown::translators(item).map(|name| json!({ "name": name }));
    std::iter::once(source).chain(translators).collect()
}

/// The picture and the files of an item, and other tellings of its story.
fn associations(item: &EditionItem) -> Value {
    let picture = item.head.image.as_deref().filter(|image| shown::enclosures(item).all(|file| file.url != *image));
    let picture = picture.map(|url| Enclosure { url: url.to_owned(), ..Enclosure::default() });
    let mut files: Vec<Value> = picture.iter().filter_map(|file| self::file(item, file)).collect();
    files.extend(shown::enclosures(item).filter_map(|file| self::file(item, file)));
    let others = item.also_in.iter().filter_map(|other| {
        let page = links::web(other.url.as_deref()?)?;
        Some(object([
            ("name", shown::source_name(&other.source).into()),
            ("uri", uri(&page)),
            ("type", "text".into()),
            ("representationtype", "partial".into()),
            ("headlines", texts("main", "text/plain", &line(&other.title))),
        ]))
    });
    files.into_iter().chain(others).collect()
}

fn file(item: &EditionItem, file: &Enclosure) -> Option<Value> {
    let url = uri(&links::web(&file.url)?);
    let is_picture = item.head.image.as_deref() == Some(file.url.as_str());
    let PictureDetails { width, height, credit, caption } = if is_picture { &item.head.picture } else { &file.details };
    let stated = file.media_type.as_deref().and_then(|kind| kind.split('/').next());
    let kind = match if is_picture { Some("image") } else { stated } {
        Some("image") => "picture",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "component",
    };
    let rendition = object([
        ("name", "original".into()),
        ("href", url.clone()),
        ("contenttype", file.media_type.as_deref().map(chars::line).into()),
        ("title", file.title.as_ref().map_or(Value::Null, line)),
        ("width", (*width).into()),
        ("height", (*height).into()),
        ("sizeinbytes", shown::length(file).into()),
        ("duration", file.duration.into()),
    ]);
    Some(object([
        ("name", kind.into()),
        ("uri", url),
        ("type", kind.into()),
        ("by", credit.as_ref().map_or(Value::Null, line)),
        ("descriptions", texts("caption", "text/plain", &caption.as_ref().map_or(Value::Null, line))),
        ("renditions", json!([rendition])),
    ]))
}

/// Makes an object of what is there: no nulls, no empty texts, no empty lists.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_there = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    let members = members.into_iter().filter(|(_, value)| is_there(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A list with one text; empty if it says nothing.
fn texts(role: &str, kind: &str, value: &Value) -> Value {
    if value.is_null() { json!([]) } else { json!([{"role": role, "contenttype": kind, "value": value}]) }
}

fn line(text: &Text) -> Value {
    if text.is_blank() { Value::Null } else { chars::line(text.as_str()).into() }
}

/// An address or a `tag:` URI in the characters that a URI may have (RFC 3986).
fn uri(address: &str) -> Value {
    Url::parse(address).map_or_else(|_| chars::line(address).into_owned(), String::from).into()
}
