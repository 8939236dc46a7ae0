//! What holds for the reading of any feed: nothing makes it panic, and of well-formed feeds a strict reader finds the same.

use proptest::prelude::*;
use relais::feed::{self, FeedBody};
use relais::model::{SourceId, Zone};

const URL: &str = "https://a.example.org/feed";

fn read(bytes: &[u8], content_type: Option<&str>) -> Result<feed::Feed, feed::FeedError> {
    let body = FeedBody { bytes, content_type, url: URL, lang: None, zone: Zone::UTC };
    feed::parse_feed(&body, &SourceId::new("s"))
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Some entries of a well-formed feed: headline, number of the page, day, text.
fn entries() -> impl Strategy<Value = Vec<(String, u32, u32, String)>> {
    prop::collection::vec(
        ("[A-Za-zéèàœ’][a-zéèàœ’ ]{0,30}[a-z]", 0..9_999_u32, 1..28_u32, "[a-zé]{1,10}( [a-z&<é]{1,10}){0,8}"),
        0..6,
    )
}

fn rss(entries: &[(String, u32, u32, String)]) -> String {
    let item = |(title, page, day, text): &(String, u32, u32, String)| {
        format!(
            "<item><title>{}</title><link>https://a.example.org/{page}</link><guid>https://a.example.org/{page}</guid>\
             <pubDate>{day:02} Jul 2024 10:00:00 GMT</pubDate><description>{}</description></item>",
            escaped(title),
            escaped(&escaped(text))
        )
    };
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>{}</channel></rss>",
        entries.iter().map(item).collect::<String>()
    )
}

fn atom(entries: &[(String, u32, u32, String)]) -> String {
    let entry = |(title, page, day, text): &(String, u32, u32, String)| {
        format!(
            "<entry><title>{}</title><id>tag:a,{page}</id><link href=\"https://a.example.org/{page}\"/>\
             <published>2024-07-{day:02}T10:00:00Z</published><summary type=\"html\">{}</summary></entry>",
            escaped(title),
            escaped(&escaped(text))
        )
    };
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><id>tag:a</id>{}</feed>",
        entries.iter().map(entry).collect::<String>()
    )
}

/// What both readers tell of an entry: headline, link, date, text.
type Told = (String, Option<String>, Option<i64>, Option<String>);

fn ours(text: &str) -> Vec<Told> {
    let feed = read(text.as_bytes(), None).expect("it is well-formed");
    assert_eq!(feed.repaired, Vec::<&str>::new(), "nothing is repaired in a clean feed: {text}");
    let told = |entry: relais::model::Entry| {
        let summary = entry.summary.map(|html| html.0);
        (entry.title.to_string(), entry.head.url, entry.head.published.map(relais::model::Time::millis), summary)
    };
    feed.entries.into_iter().map(told).collect()
}

fn theirs(text: &str) -> Vec<Told> {
    let feed = feed_rs::parser::Builder::new().sanitize_content(false).build().parse(text.as_bytes()).expect("it is well-formed");
    let told = |entry: feed_rs::model::Entry| {
        let link = entry.links.first().map(|link| link.href.clone());
        let title = entry.title.map(|title| title.content).unwrap_or_default();
        (title, link, entry.published.map(|date| date.timestamp_millis()), entry.summary.map(|text| text.content))
    };
    feed.entries.into_iter().map(told).collect()
}

/// One line as both see it: white space is no matter.
fn levelled(told: Vec<Told>) -> Vec<Told> {
    let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    told.into_iter().map(|(title, link, date, text)| (line(title), link, date, text.map(line))).collect()
}

proptest! {
    #[test]
    fn a_strict_reader_finds_the_same_in_a_well_formed_feed(entries in entries()) {
        for text in [rss(&entries), atom(&entries)] {
            prop_assert_eq!(levelled(ours(&text)), levelled(theirs(&text)), "{}", text);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), charset in "(text/xml; charset=[a-z0-9-]{0,12})?") {
        let _ = read(&bytes, Some(&charset));
    }

    #[test]
    fn a_feed_cut_and_mixed_anywhere_is_read_or_refused(
        entries in entries(),
        is_atom in any::<bool>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3_u8), 1..6),
    ) {
        let mut bytes = if is_atom { atom(&entries) } else { rss(&entries) }.into_bytes();
        for (from, to, what) in cuts {
            if bytes.is_empty() {
                break;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            match what {
                0 => bytes.truncate(from.max(20).min(bytes.len())),
                1 => bytes.swap(from, to),
                _ => {
                    let piece = bytes[from.min(to)..from.max(to)].to_vec();
                    bytes.splice(to..to, piece);
                }
            }
        }
        if let Ok(feed) = read(&bytes, None) {
            let (kept, _) = feed::deduplicate(feed.entries);
            let mut uids: Vec<&str> = kept.iter().map(|(entry, _)| entry.key.uid.as_str()).collect();
            uids.sort_unstable();
            uids.dedup();
            prop_assert_eq!(uids.len(), kept.len(), "each entry has a uid of its own");
        }
    }
}
