//! JSON values of any type, made the best of. Values stay as written until they are wanted: a list of millions where a title
//! belongs costs no memory.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::feed::decode::restore_c1;
use crate::feed::draft::{Address, Inherited, Markup, RichText};
use crate::html::undo_escape;

/// The number of elements that are read of any list but that of the items.
const MAX_ELEMENTS: usize = 100;

/// A value as written, if its name is in the object.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// Returns a string, or a number as a string, unless it is blank.
pub(super) fn text(field: Field<'_>) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

    let json = field?.get();
    let text = match json.as_bytes().first()? {
        b'"' => restore_c1(serde_json::from_str::<Borrowed<'_>>(json).ok()?.0).0,
        // As written: two ids of thirty digits are not the same.
        b'-' | b'0'..=b'9' => Cow::Borrowed(json),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns a string as text or HTML.
pub(super) fn rich_text(field: Field<'_>, markup: Markup) -> Option<RichText<'_>> {
    let text = text(field)?;
    let undone = if markup == Markup::Html { undo_escape(&text) } else { None };
    Some(RichText { text: undone.map_or(text, Cow::Owned), markup, scope: Inherited::default() })
}

/// Returns a string as an address.
pub(super) fn address(field: Field<'_>) -> Option<Address<'_>> {
    text(field).map(|href| Address { href, base: 0 })
}

/// Returns the names of people, with their rank. Each is an object with a name, or a string.
pub(super) fn people(field: Field<'_>) -> Vec<(u8, Cow<'_, str>)> {
    elements(field).into_iter().filter_map(person_name).map(|name| (3, name)).collect()
}

fn person_name(person: &RawValue) -> Option<Cow<'_, str>> {
    if person.get().starts_with('"') {
        return text(Some(person));
    }
    let mut name = None;
    for_each_member(person, |key, value| {
        if key == "name" {
            name = Some(value);
        }
    });
    text(name)
}

/// Returns the first elements of a list. A string or an object stands for a list of one, anything else for an empty one.
pub(super) fn elements(field: Field<'_>) -> Vec<&RawValue> {
    let Some(value) = field else { return Vec::new() };
    match value.get().as_bytes().first() {
        Some(b'"' | b'{') => vec![value],
        Some(b'[') => {
            let mut elements = Vec::new();
            // The only error is that elements are left over, behind the last one that is read.
            let _ = serde_json::Deserializer::from_str(value.get()).deserialize_seq(Elements(&mut elements));
            elements
        }
        _ => Vec::new(),
    }
}

/// Calls `each` with the name and the value of every member of an object. Returns false if the value is not an object, or one
/// of the names cannot be read.
pub(super) fn for_each_member<'a>(value: &'a RawValue, each: impl FnMut(&str, &'a RawValue)) -> bool {
    serde_json::Deserializer::from_str(value.get()).deserialize_map(Members(each)).is_ok()
}

struct Members<F>(F);

impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<Cow<'a, str>, &'a RawValue>()? {
            (self.0)(&key, value);
        }
        Ok(())
    }
}

struct Elements<'e, 'a>(&'e mut Vec<&'a RawValue>);

impl<'a> Visitor<'a> for Elements<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.len() < MAX_ELEMENTS
            && let Some(element) = list.next_element()?
        {
            self.0.push(element);
        }
        Ok(())
    }
}
