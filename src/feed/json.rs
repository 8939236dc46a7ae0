//! JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), and what is nearly that: any field may be missing, `null`, or a number
//! where a string belongs; a file cut short gives its complete items.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use super::FeedError;
use super::dates::parse_date;
use super::draft::{Address, Document, Draft, File, Kind, Page, Place, Rich};
use super::repairs::{Repair, Repairs};
use crate::model::Zone;

/// Entries beyond this are not read.
const MOST_ENTRIES: usize = 5_000;

/// Reads JSON as a feed.
pub(super) fn read<'a>(text: &'a str, url: &str, zone: Zone) -> Result<Document<'a>, FeedError> {
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let error = Top(&mut found).deserialize(&mut deserializer).err();
    let is_feed = found.version.as_deref().is_some_and(|version| version.contains("jsonfeed.org"));
    if !is_feed && found.entries.is_empty() {
        return Err(match error {
            Some(error) if is_feed => FeedError::Unreadable(format!("its JSON ends at line {} ({error})", error.line())),
            _ => FeedError::NotAFeed("JSON that is no JSON Feed".to_owned()),
        });
    }
    let mut repairs = Repairs::default();
    if error.is_some() {
        repairs.note(Repair::Cut);
    }
    if !is_feed || found.odd {
        repairs.note(Repair::Json);
    }
    if found.beyond {
        repairs.note(Repair::TooManyEntries);
    }
    let mut entries: Vec<Draft<'a>> = Vec::with_capacity(found.entries.len());
    for item in found.entries {
        entries.push(entry(item, zone));
    }
    Ok(Document { format: "json feed", feed: feed(found.feed), entries, bases: vec![Url::parse(url).ok()], repairs })
}

/// What was read before the end, or before an error.
#[derive(Default)]
struct Found {
    version: Option<String>,
    feed: Top1,
    entries: Vec<Item>,
    odd: bool,
    beyond: bool,
}

/// The fields of the top object but its items.
#[derive(Default)]
struct Top1 {
    title: Loose,
    home_page_url: Loose,
    feed_url: Loose,
    description: Loose,
    icon: Loose,
    favicon: Loose,
    language: Loose,
    authors: People,
}

/// Reads the top object into what is there already, so that an error leaves what came before it.
struct Top<'f>(&'f mut Found);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Found { feed, .. } = self.0;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "version" => self.0.version = map.next_value::<Loose>()?.0,
                "title" => feed.title = map.next_value()?,
                "home_page_url" => feed.home_page_url = map.next_value()?,
                "feed_url" => feed.feed_url = map.next_value()?,
                "description" => feed.description = map.next_value()?,
                "icon" => feed.icon = map.next_value()?,
                "favicon" => feed.favicon = map.next_value()?,
                "language" => feed.language = map.next_value()?,
                "author" | "authors" => feed.authors.0.extend(map.next_value::<People>()?.0),
                "items" => map.next_value_seed(Items(&mut self.0.entries, &mut self.0.odd, &mut self.0.beyond))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads items one by one; those beyond the most are passed over.
struct Items<'f>(&'f mut Vec<Item>, &'f mut bool, &'f mut bool);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.len() < MOST_ENTRIES {
            match list.next_element::<Element>()? {
                Some(Element::Item(item)) => self.0.push(*item),
                Some(Element::Else(_)) => *self.1 = true,
                None => return Ok(()),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            *self.2 = true;
        }
        Ok(())
    }
}

/// What stands in the list of items.
#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Item(Box<Item>),
    Else(IgnoredAny),
}

/// An item. `serde(default)` on every field: none can be relied on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    id: Loose,
    url: Loose,
    external_url: Loose,
    title: Loose,
    content_html: Loose,
    content_text: Loose,
    summary: Loose,
    image: Loose,
    banner_image: Loose,
    date_published: Loose,
    date_modified: Loose,
    language: Loose,
    author: People,
    authors: People,
    tags: Strings,
    attachments: Attachments,
}

/// A file that comes with an item.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Attachment {
    url: Loose,
    mime_type: Loose,
    size_in_bytes: Loose,
}

/// A string, or what stands where one belongs.
#[derive(Default)]
struct Loose(Option<String>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }))
    }
}

/// People: an object, a list of objects, or names.
#[derive(Default)]
struct People(Vec<String>);

impl<'de> Deserialize<'de> for People {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        let person = |value: &Value| match value {
            Value::String(name) => Some(name.clone()),
            Value::Object(person) => person.get("name").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Array(people) => people.iter().filter_map(person).collect(),
            one => person(&one).into_iter().collect(),
        }))
    }
}

/// A list of strings, or one.
#[derive(Default)]
struct Strings(Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Array(list) => list.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
            Value::String(one) => vec![one],
            _ => Vec::new(),
        }))
    }
}

/// A list of attachments; what is none in it is left out.
#[derive(Default)]
struct Attachments(Vec<Attachment>);

impl<'de> Deserialize<'de> for Attachments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde_json::Value;
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Array(list) => list.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect(),
            _ => Vec::new(),
        }))
    }
}

fn feed<'a>(top: Top1) -> Draft<'a> {
    let mut draft = Draft::default();
    draft.id.offer(1, text(top.feed_url));
    draft.title.offer(1, rich(top.title, Kind::Text));
    draft.summary.offer(1, rich(top.description, Kind::Text));
    draft.pages.extend(address(top.home_page_url).map(|address| Page { address, rank: 1 }));
    draft.image.offer(2, address(top.icon));
    draft.image.offer(1, address(top.favicon));
    draft.language.offer(1, text(top.language));
    draft.people = people(top.authors);
    draft
}

fn entry<'a>(item: Item, zone: Zone) -> Draft<'a> {
    let mut draft = Draft { spoke: true, ..Draft::default() };
    draft.id.offer(1, text(item.id));
    // The page of the item goes before the page that it is about (§ url, external_url).
    draft.pages.extend(address(item.url).map(|address| Page { address, rank: 2 }));
    draft.pages.extend(address(item.external_url).map(|address| Page { address, rank: 1 }));
    draft.title.offer(1, rich(item.title, Kind::Text));
    draft.content.offer(2, rich(item.content_html, Kind::Html));
    draft.content.offer(1, rich(item.content_text, Kind::Text));
    draft.summary.offer(1, rich(item.summary, Kind::Text));
    draft.image.offer(2, address(item.image));
    draft.image.offer(1, address(item.banner_image));
    draft.published.offer(1, item.date_published.0.and_then(|date| parse_date(&date, zone)));
    draft.updated.offer(1, item.date_modified.0.and_then(|date| parse_date(&date, zone)));
    draft.language.offer(1, text(item.language));
    draft.people = people(item.authors);
    draft.people.extend(people(item.author));
    draft.categories = item.tags.0.into_iter().map(Cow::Owned).collect();
    draft.files = item
        .attachments
        .0
        .into_iter()
        .filter_map(|file| {
            let length = file.size_in_bytes.0.and_then(|size| size.parse().ok());
            Some(File { address: address(file.url)?, media_type: text(file.mime_type), length })
        })
        .collect();
    draft
}

fn text<'a>(text: Loose) -> Option<Cow<'a, str>> {
    text.0.filter(|text| !text.trim().is_empty()).map(Cow::Owned)
}

fn rich<'a>(loose: Loose, kind: Kind) -> Option<Rich<'a>> {
    text(loose).map(|text| Rich { text, kind, place: Place::default() })
}

fn address<'a>(loose: Loose) -> Option<Address<'a>> {
    text(loose).map(|href| Address { href, base: 0 })
}

fn people<'a>(people: People) -> Vec<(u8, Cow<'a, str>)> {
    people.0.into_iter().map(|name| (3, Cow::Owned(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<Document<'_>, FeedError> {
        read(text, "https://a.fr/feed.json", Zone::default())
    }

    #[test]
    fn what_is_nearly_a_json_feed_is_read() {
        let text = r#"{"items": [{"id": 1, "url": "/x", "title": null, "content_text": "a < b", "author": {"name": "Ana"}, "tags": "jo",
            "attachments": [{"url": "/a.mp3", "size_in_bytes": "12"}, 7]}, "no item", {"id": 2"#;
        let document = document(text).expect("a feed");
        assert_eq!(document.entries.len(), 1, "what was complete");
        let entry = &document.entries[0];
        assert_eq!((entry.id.get().map(AsRef::as_ref), entry.people.len(), entry.files.len()), (Some("1"), 1, 2 - 1));
        assert_eq!(document.repairs.names().collect::<Vec<_>>(), ["json", "cut"]);
    }

    #[test]
    fn other_json_is_no_feed() {
        for text in ["{}", "{\"items\": []}", "[1]", "{\"items\": [1, 2]}", "{\"version\": 1"] {
            assert!(matches!(document(text), Err(FeedError::NotAFeed(_))), "{text}");
        }
    }
}
