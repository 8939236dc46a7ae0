//! Text to feed-rs's model: as it is when that works, repaired when it does not.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use feed_rs::model::{Entry, Feed};
use feed_rs::parser::{Builder, ParseErrorKind, ParseFeedError};
use memchr::memmem;

use super::{FeedError, dates, repair};
use crate::model::Zone;

/// Entries beyond this are not read: no feed that is a feed has more, and each costs feed-rs most of a kilobyte (a million
/// empty ones: 750 MB).
const MOST_ENTRIES: usize = 5_000;
/// The same for JSON, where entries cannot be told from other objects without parsing.
const MOST_OBJECTS: usize = 100_000;

/// Parses a text; what had to be repaired is added to `repaired`.
pub(super) fn parse(text: &str, url: &str, zone: Zone, repaired: &mut Vec<&'static str>) -> Result<Feed, FeedError> {
    let text = repair::without_declaration(text);
    if text.starts_with('{') && text.bytes().filter(|b| *b == b'{').count() > MOST_OBJECTS {
        return Err(FeedError::Unreadable(format!("its JSON has more than {MOST_OBJECTS} objects")));
    }
    let text = match beyond(text) {
        // What follows is cut off as if the file ended there, which the repair knows how to end well.
        Some(end) => {
            repaired.push("too-many-entries");
            &text[..end]
        }
        None => text,
    };
    let first = attempt(text, url, zone);
    if first.as_ref().is_ok_and(|feed| is_whole(feed, text)) {
        return first;
    }
    if matches!(first, Err(FeedError::Panicked(_)))
        && text.contains('\u{a0}')
        && let Ok(feed) = attempt(&text.replace('\u{a0}', " "), url, zone)
    {
        // feed-rs 3.0.0 cuts an author's name in the middle of a no-break space.
        repaired.push("no-break-spaces");
        return Ok(feed);
    }
    if !repair::is_xml_feed(text) {
        return first;
    }
    let mended = repair::repair(text);
    match attempt(&mended.text, url, zone) {
        Ok(feed) if first.as_ref().map_or(0, saying) <= saying(&feed) => {
            repaired.extend(mended.repaired);
            Ok(feed)
        }
        Ok(_) => first,
        Err(error) => first.or(Err(error)),
    }
}

/// Whether an entry has anything to show. One that has not may hide it in markup that nobody escaped.
fn says_something(entry: &Entry) -> bool {
    entry.title.is_some() || !entry.links.is_empty() || entry.summary.is_some() || entry.content.is_some()
}

/// Whether nothing is missing that a repair could bring.
fn is_whole(feed: &Feed, text: &str) -> bool {
    if feed.entries.is_empty() { !repair::has_items(text) } else { feed.entries.iter().all(says_something) }
}

/// How many entries have something to show.
fn saying(feed: &Feed) -> usize {
    feed.entries.iter().filter(|entry| says_something(entry)).count()
}

/// Below this a text is not searched for too many entries: what it can hold (some 30 MB of the emptiest) does no harm.
const FEW: usize = 256 << 10;

/// Where the first entry of too many begins.
fn beyond(text: &str) -> Option<usize> {
    if text.len() < FEW {
        return None;
    }
    ["<item", "<entry"].iter().find_map(|tag| memmem::find_iter(text.as_bytes(), tag).nth(MOST_ENTRIES))
}

/// One parse with a new parser (one that failed once panics at its next use). A panic is caught: it ends this feed only.
fn attempt(text: &str, url: &str, zone: Zone) -> Result<Feed, FeedError> {
    let parse = || {
        let parser = Builder::new()
            .base_uri(Some(url))
            .sanitize_content(false)
            .id_generator(|_, _, _| String::new())
            .timestamp_parser(move |text| dates::parse_date(text, zone).map(crate::model::Time::chrono))
            .build();
        parser.parse(text.as_bytes())
    };
    match quietly(parse) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(explain(&error)),
        Err(message) => Err(FeedError::Panicked(message)),
    }
}

/// What feed-rs says, in words of ours.
fn explain(error: &ParseFeedError) -> FeedError {
    match error {
        ParseFeedError::ParseError(ParseErrorKind::NoFeedRoot) => FeedError::NotAFeed("XML of another kind".to_owned()),
        ParseFeedError::JsonUnsupportedVersion(_) => FeedError::NotAFeed("JSON that is no JSON Feed".to_owned()),
        ParseFeedError::JsonSerde(error) => FeedError::Unreadable(format!("its JSON ends at line {} ({error})", error.line())),
        other => FeedError::Unreadable(other.to_string()),
    }
}

thread_local! {
    /// Whether this thread expects a panic.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `parse`, catching a panic without the noise that one makes on standard error: it is told as the feed's fault.
fn quietly<T>(parse: impl FnOnce() -> T) -> Result<T, String> {
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
    result.map_err(|panic| {
        let message = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
        message.unwrap_or_default().chars().take(200).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_that_panics_the_parser_is_caught_and_read_when_it_can_be() {
        let nbsp = "<rss version='2.0'><channel><title>t</title><item><title>a</title><author>Rédaction des Jeux\u{a0}contact@ex.fr</author></item></channel></rss>";
        let mut repaired = Vec::new();
        assert_eq!(parse(nbsp, "https://a.fr/", Zone::UTC, &mut repaired).map(|feed| feed.entries.len()), Ok(1));
        assert_eq!(repaired, ["no-break-spaces"]);
        let digits = "9".repeat(23);
        let itunes = format!(
            "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><itunes:duration>{digits}</itunes:duration></item></channel></rss>"
        );
        assert!(matches!(parse(&itunes, "https://a.fr/", Zone::UTC, &mut Vec::new()), Err(FeedError::Panicked(_))));
    }
}
