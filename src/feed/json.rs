//! JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), and what is nearly that: any field may be missing, `null`, or a number
//! where a string belongs; a file cut short gives its complete items.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use super::FeedError;
use super::dates::parse_date;
use super::draft::{Address, Document, Draft, File, Kind, Page, Place, Rich};
use super::repairs::{Repair, Repairs};
use crate::model::Zone;

/// Entries beyond this are not read.
const MOST_ENTRIES: usize = 5_000;
/// The same for what hangs on an entry.
const MOST_IN_A_LIST: usize = 100;

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
    authors: Many<Person>,
    hubs: Many<HubOf>,
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
                "version" => self.0.version = map.next_value_seed(any::<Loose>())?.0,
                "title" => feed.title = map.next_value_seed(any())?,
                "home_page_url" => feed.home_page_url = map.next_value_seed(any())?,
                "feed_url" => feed.feed_url = map.next_value_seed(any())?,
                "description" => feed.description = map.next_value_seed(any())?,
                "icon" => feed.icon = map.next_value_seed(any())?,
                "favicon" => feed.favicon = map.next_value_seed(any())?,
                "language" => feed.language = map.next_value_seed(any())?,
                "author" | "authors" => feed.authors.0.extend(map.next_value_seed(any::<Many<Person>>())?.0),
                "hubs" => feed.hubs = map.next_value_seed(any())?,
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
            match list.next_element_seed(any::<Option<Item>>())? {
                Some(Some(item)) => self.0.push(item),
                Some(None) => *self.1 = true,
                None => return Ok(()),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            *self.2 = true;
        }
        Ok(())
    }
}

/// What takes any JSON, and makes the best of it. Nothing is kept that is not wanted: a list of millions where a title
/// belongs is passed over as it comes.
trait Lenient<'de>: Default {
    fn text(_: &str) -> Self {
        Self::default()
    }

    fn number(_: serde_json::Number) -> Self {
        Self::default()
    }

    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Reads any JSON as a `T`.
struct Any<T>(PhantomData<T>);

fn any<T>() -> Any<T> {
    Any(PhantomData)
}

impl<'de, T: Lenient<'de>> DeserializeSeed<'de> for Any<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        Ok(serde_json::Number::from_f64(number).map(T::number).unwrap_or_default())
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }
}

/// An item.
#[derive(Default)]
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
    author: Many<Person>,
    authors: Many<Person>,
    tags: Many<Loose>,
    attachments: Many<Attachment>,
}

/// Nothing for what stands in the list of items and is none.
impl<'de> Lenient<'de> for Option<Item> {
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut item = Item::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "id" => item.id = map.next_value_seed(any())?,
                "url" => item.url = map.next_value_seed(any())?,
                "external_url" => item.external_url = map.next_value_seed(any())?,
                "title" => item.title = map.next_value_seed(any())?,
                "content_html" => item.content_html = map.next_value_seed(any())?,
                "content_text" => item.content_text = map.next_value_seed(any())?,
                "summary" => item.summary = map.next_value_seed(any())?,
                "image" => item.image = map.next_value_seed(any())?,
                "banner_image" => item.banner_image = map.next_value_seed(any())?,
                "date_published" => item.date_published = map.next_value_seed(any())?,
                "date_modified" => item.date_modified = map.next_value_seed(any())?,
                "language" => item.language = map.next_value_seed(any())?,
                "author" => item.author = map.next_value_seed(any())?,
                "authors" => item.authors = map.next_value_seed(any())?,
                "tags" => item.tags = map.next_value_seed(any())?,
                "attachments" => item.attachments = map.next_value_seed(any())?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(item))
    }
}

/// A file that comes with an item.
#[derive(Default)]
struct Attachment {
    url: Loose,
    mime_type: Loose,
    size_in_bytes: Loose,
}

impl<'de> Lenient<'de> for Attachment {
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut file = Self::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "url" => file.url = map.next_value_seed(any())?,
                "mime_type" => file.mime_type = map.next_value_seed(any())?,
                "size_in_bytes" => file.size_in_bytes = map.next_value_seed(any())?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(file)
    }
}

/// A string, or a number that stands where one belongs.
#[derive(Default)]
struct Loose(Option<String>);

impl Lenient<'_> for Loose {
    fn text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }

    fn number(number: serde_json::Number) -> Self {
        Self(Some(number.to_string()))
    }
}

/// The name of a person: that of an object, or a string.
#[derive(Default)]
struct Person(Option<String>);

impl<'de> Lenient<'de> for Person {
    fn text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }

    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut name = Loose::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "name" {
                name = map.next_value_seed(any())?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Self(name.0))
    }
}

/// Where one can subscribe: its kind and its address.
#[derive(Default)]
struct HubOf {
    kind: Loose,
    url: Loose,
}

impl<'de> Lenient<'de> for HubOf {
    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut hub = Self::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => hub.kind = map.next_value_seed(any())?,
                "url" => hub.url = map.next_value_seed(any())?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(hub)
    }
}

/// A list, or one that stands for it; what comes beyond the most is passed over.
struct Many<T>(Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Many<T> {
    fn text(text: &str) -> Self {
        Self(vec![T::text(text)])
    }

    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Ok(Self(vec![T::object(map)?]))
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut many = Vec::new();
        while many.len() < MOST_IN_A_LIST {
            match list.next_element_seed(any())? {
                Some(one) => many.push(one),
                None => return Ok(Self(many)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self(many))
    }
}

fn feed<'a>(top: Top1) -> Draft<'a> {
    let mut draft = Draft::default();
    draft.own.offer(1, top.feed_url.0.clone().and_then(|url| address(Loose(Some(url)))));
    // Other kinds (`rssCloud`) are asked in other ways.
    let speaks = |hub: &HubOf| hub.kind.0.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("websub"));
    draft.hub.offer(1, top.hubs.0.into_iter().find(speaks).and_then(|hub| address(hub.url)));
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
    draft.categories = item.tags.0.into_iter().filter_map(|tag| tag.0).map(Cow::Owned).collect();
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

fn people<'a>(people: Many<Person>) -> Vec<(u8, Cow<'a, str>)> {
    people.0.into_iter().filter_map(|person| person.0).map(|name| (3, Cow::Owned(name))).collect()
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
