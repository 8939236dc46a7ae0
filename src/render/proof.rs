//! What was written, read back by a strict reader that is not ours: a feed that it cannot read, or in which items are missing,
//! replaces nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use feed_rs::parser::Builder;

use super::RenderError;
use crate::model::{Edition, Format};

/// Reads a feed back by feed-rs, and compares the ids of its items with those of the edition.
pub(super) fn read_back(edition: &Edition, format: Format, text: &str) -> Result<(), RenderError> {
    let parse = || Builder::new().sanitize_content(false).build().parse(text.as_bytes());
    let unreadable = |why: String| RenderError::Unreadable { file: edition.file(format), why };
    // feed-rs 3.0.0 panics on some authors (those with a no-break space before an address): that is its fault, not the feed's.
    let Some(feed) = quietly(parse) else { return Ok(()) };
    let feed = feed.map_err(|error| unreadable(error.to_string()))?;
    let read = feed.entries.iter().map(|entry| entry.id.as_str());
    let written = edition.items.iter().map(|item| item.id.as_str());
    if read.clone().eq(written) {
        return Ok(());
    }
    Err(unreadable(format!("of {} items it gives {}", edition.items.len(), read.count())))
}

thread_local! {
    /// Whether this thread expects a panic.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `parse`; nothing if it panics, which is not told on standard error.
fn quietly<T>(parse: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                before(info);
            }
        }));
    });
    EXPECTED.set(true);
    let result = catch_unwind(AssertUnwindSafe(parse));
    EXPECTED.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryHead, Item, Origin, SourceId, Text, Time};

    fn edition(author: &str, ids: &[&str]) -> Edition {
        let origin =
            Origin { id: SourceId::new("s"), title: Text::new("S"), feed: "https://s.fr/".into(), site: None, image: None };
        let items = ids.iter().map(|id| Item {
            id: (*id).to_owned(),
            lang: None,
            head: EntryHead { authors: vec![author.to_owned()], ..EntryHead::default() },
            title: Text::new("Un titre"),
            summary: None,
            content: None,
            text: String::new(),
            published: Time::EPOCH,
            updated: Time::EPOCH,
            origin: origin.clone(),
            translation: None,
        });
        Edition {
            id: "e".into(),
            lang: None,
            title: Text::new("E"),
            description: Text::default(),
            feed_id: "tag:e".into(),
            base_url: None,
            stem: "e".into(),
            formats: vec![Format::Atom],
            updated: Time::EPOCH,
            items: items.collect(),
        }
    }

    #[test]
    fn what_lost_an_item_or_its_form_is_refused() {
        for format in [Format::Atom, Format::Rss, Format::Json] {
            let whole = edition("Ana", &["tag:a", "tag:b"]);
            let text = super::super::render(&whole, format).expect("it is whole");
            assert!(read_back(&whole, format, &text).is_ok());
            assert!(read_back(&edition("Ana", &["tag:a", "tag:c"]), format, &text).is_err(), "another item");
            assert!(read_back(&edition("Ana", &["tag:a"]), format, &text).is_err(), "one too many");
            assert!(read_back(&whole, format, &text[..text.len() - 20]).is_err(), "cut");
            let odd = edition("Rédaction\u{a0}a@b.fr", &["tag:a"]);
            assert!(super::super::render(&odd, format).is_ok(), "{format:?}: an author that makes the other reader panic");
        }
    }
}
