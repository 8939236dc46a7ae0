//! JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), and what comes close: any field may be missing, `null`, or a number where a
//! string belongs.
//!
//! Each item is parsed on its own, so that a broken one is lost alone; a file cut short gives its complete items.

mod item;
mod lenient;
mod mend;
mod surrogates;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use url::Url;

pub(super) use self::mend::mend;
pub(super) use self::surrogates::replace_lone_surrogates;

use self::item::parse_item;
use self::lenient::{Field, address, elements, for_each_member, people, rich_text, text};
use super::FeedError;
use super::draft::{Address, Draft, FeedDocument, Markup, PageLink};
use super::repairs::{Repair, Repairs};
use crate::model::Zone;

/// The number of entries that are read.
const MAX_ENTRIES: usize = 5_000;

/// Parses JSON as a feed.
pub(super) fn parse_json<'a>(text: &'a str, url: &str, zone: Zone) -> Result<FeedDocument<'a>, FeedError> {
    let mut parser = FeedParser { zone, feed: FeedFields::default(), entries: Vec::new(), repairs: Repairs::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let is_cut = deserializer.deserialize_map(&mut parser).is_err();
    let FeedParser { feed, entries, mut repairs, .. } = parser;
    let is_feed = self::text(feed.version).is_some_and(|version| version.contains("jsonfeed.org"));
    if !is_feed && entries.is_empty() {
        return Err(FeedError::NotAFeed("JSON that is no JSON Feed".to_owned()));
    }
    if is_cut {
        repairs.note(Repair::Cut);
    }
    if !is_feed {
        repairs.note(Repair::Json);
    }
    Ok(FeedDocument { format: "json feed", feed: feed.into_draft(), entries, bases: vec![Url::parse(url).ok()], repairs })
}

/// Parses the top object. What was read before an error stays.
struct FeedParser<'a> {
    zone: Zone,
    feed: FeedFields<'a>,
    entries: Vec<Draft<'a>>,
    repairs: Repairs,
}

/// The fields of the top object except its items.
#[derive(Default)]
struct FeedFields<'a> {
    version: Field<'a>,
    title: Field<'a>,
    home_page_url: Field<'a>,
    feed_url: Field<'a>,
    description: Field<'a>,
    icon: Field<'a>,
    favicon: Field<'a>,
    language: Field<'a>,
    author: Field<'a>,
    authors: Field<'a>,
    hubs: Field<'a>,
}

impl<'a> Visitor<'a> for &mut FeedParser<'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            if key == "items" {
                map.next_value_seed(ItemList(self))?;
            } else {
                let value: &'a RawValue = map.next_value()?;
                self.feed.set(&key, value);
            }
        }
        Ok(())
    }
}

/// Parses the list of items, one by one.
struct ItemList<'p, 'a>(&'p mut FeedParser<'a>);

impl<'a> DeserializeSeed<'a> for ItemList<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ItemList<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element()? {
            self.0.add(item);
        }
        Ok(())
    }

    /// Some programs write a list with gaps as an object, with the places as names.
    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            self.0.repairs.note(Repair::Json);
            self.0.add(map.next_value()?);
        }
        Ok(())
    }
}

impl<'a> FeedParser<'a> {
    fn add(&mut self, item: &'a RawValue) {
        if self.entries.len() == MAX_ENTRIES {
            self.repairs.note(Repair::TooManyEntries);
            return;
        }
        match parse_item(item, self.zone) {
            Some(entry) => self.entries.push(entry),
            None => self.repairs.note(Repair::Json),
        }
    }
}

impl<'a> FeedFields<'a> {
    fn set(&mut self, key: &str, value: &'a RawValue) {
        let field = match key {
            "version" => &mut self.version,
            "title" => &mut self.title,
            "home_page_url" => &mut self.home_page_url,
            "feed_url" => &mut self.feed_url,
            "description" => &mut self.description,
            "icon" => &mut self.icon,
            "favicon" => &mut self.favicon,
            "language" => &mut self.language,
            "author" => &mut self.author,
            "authors" => &mut self.authors,
            "hubs" => &mut self.hubs,
            _ => return,
        };
        *field = Some(value);
    }

    fn into_draft(self) -> Draft<'a> {
        let mut draft = Draft::default();
        draft.own.offer(1, address(self.feed_url));
        draft.hub.offer(1, elements(self.hubs).into_iter().find_map(websub_hub));
        draft.id.offer(1, text(self.feed_url));
        draft.title.offer(1, rich_text(self.title, Markup::Text));
        draft.summary.offer(1, rich_text(self.description, Markup::Text));
        draft.pages.extend(address(self.home_page_url).map(|address| PageLink { address, rank: 1 }));
        draft.image.offer(2, address(self.icon));
        draft.image.offer(1, address(self.favicon));
        draft.language.offer(1, text(self.language));
        draft.people = people(self.authors);
        draft.people.extend(people(self.author));
        draft
    }
}

/// Returns the address of a hub that speaks WebSub. Other kinds (`rssCloud`) have other protocols.
fn websub_hub(hub: &RawValue) -> Option<Address<'_>> {
    let (mut kind, mut url) = (None, None);
    for_each_member(hub, |key, value| match key {
        "type" => kind = Some(value),
        "url" => url = Some(value),
        _ => {}
    });
    text(kind).filter(|kind| kind.eq_ignore_ascii_case("websub"))?;
    address(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FeedDocument<'_>, FeedError> {
        parse_json(text, "https://a.fr/feed.json", Zone::default())
    }

    fn ids<'d>(document: &'d FeedDocument<'_>) -> Vec<&'d str> {
        document.entries.iter().filter_map(|entry| entry.id.get()).map(AsRef::as_ref).collect()
    }

    #[test]
    fn fields_of_the_wrong_type_and_a_cut_file_are_tolerated() {
        let text = r#"{"items": [{"id": 1, "url": "/x", "title": null, "content_text": "a < b", "author": {"name": "Ana"}, "tags": "jo",
            "attachments": [{"url": "/a.mp3", "size_in_bytes": "12"}, 7]}, "no item", {"id": 2"#;
        let document = parse(text).expect("a feed");
        assert_eq!(document.entries.len(), 1, "the complete items");
        let entry = &document.entries[0];
        assert_eq!((ids(&document), entry.people.len(), entry.files.len()), (vec!["1"], 1, 1));
        assert_eq!(entry.categories, ["jo"]);
        assert_eq!(document.repairs.names().collect::<Vec<_>>(), ["json", "cut"]);
    }

    #[test]
    fn broken_item_is_lost_alone() {
        let text = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [
            {"id": "1"}, {"id": "2", "\ud800": 1}, [], {"id": "3", "title": "\ud800", "summary": "x"}, {"id": "4"}]}"#;
        let document = parse(text).expect("a feed");
        assert_eq!(ids(&document), ["1", "3", "4"]);
        assert!(document.entries[1].title.get().is_none() && document.entries[1].summary.get().is_some(), "one field is lost");
        assert_eq!(document.repairs.names().collect::<Vec<_>>(), ["json"]);
    }

    #[test]
    fn items_in_an_object_are_read() {
        let document = parse(r#"{"items": {"0": {"id": 1}, "2": {"id": 2}}}"#).expect("a feed");
        assert_eq!(ids(&document), ["1", "2"]);
    }

    #[test]
    fn numbers_are_kept_as_they_are_written() {
        let text = r#"{"items": [{"id": 12345678901234567890123, "attachments": [{"url": "/a", "size_in_bytes": 12.0}]}, {"id": 1.50}]}"#;
        let document = parse(text).expect("a feed");
        assert_eq!(ids(&document), ["12345678901234567890123", "1.50"]);
        assert_eq!(document.entries[0].files[0].length, Some(12));
    }

    #[test]
    fn c1_controls_in_escapes_are_windows_1252() {
        let document = parse(r#"{"items": [{"id": 1, "title": "don\u0092t"}]}"#).expect("a feed");
        assert_eq!(document.entries[0].title.get().map(|title| title.text.as_ref()), Some("don’t"));
    }

    #[test]
    fn the_last_of_two_fields_with_one_name_counts() {
        let document = parse(r#"{"title": 1, "title": "b", "items": [{"id": "1", "id": "2"}]}"#).expect("a feed");
        assert_eq!((ids(&document), document.feed.title.get().map(|title| title.text.as_ref())), (vec!["2"], Some("b")));
    }

    #[test]
    fn only_websub_hubs_are_taken() {
        let text = r#"{"hubs": [{"type": "rssCloud", "url": "/c"}, {"type": "WebSub", "url": "/w"}], "items": [{"id": 1}]}"#;
        let document = parse(text).expect("a feed");
        assert_eq!(document.feed.hub.get().map(|hub| hub.href.as_ref()), Some("/w"));
    }

    #[test]
    fn entries_beyond_the_limit_are_skipped() {
        let text = format!("{{\"items\": [{}{{}}]}}", "{\"id\": 1},".repeat(MAX_ENTRIES));
        let document = parse(&text).expect("a feed");
        assert_eq!(document.entries.len(), MAX_ENTRIES);
        assert_eq!(document.repairs.names().collect::<Vec<_>>(), ["json", "too-many-entries"]);
    }

    #[test]
    fn other_json_is_no_feed() {
        for text in ["{}", "{\"items\": []}", "[1]", "{\"items\": [1, 2]}", "{\"version\": 1"] {
            assert!(matches!(parse(text), Err(FeedError::NotAFeed(_))), "{text}");
        }
    }
}
