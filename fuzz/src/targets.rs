//! What must hold for any bytes: one function for each fuzz target. `tests/suite/fuzz_corpus.rs` runs the same functions over
//! `fuzz/corpus/`, so that what was found once stays mended.

use std::collections::HashSet;

use relais::feed::{self, Feed, FeedBody};
use relais::html;
use relais::model::{Clean, Lang, RawHtml, SourceId, Time, Zone};
use url::Url;

use super::unsafe_html::danger;

const URL: &str = "https://a.example.org/feed";

/// Bytes become text, whatever is said of their charset: the first byte chooses what the server says.
pub fn decode(data: &[u8]) {
    const SAID: [Option<&str>; 8] = [
        None,
        Some("text/xml"),
        Some("text/xml; charset=utf-8"),
        Some("text/xml; charset=iso-8859-1"),
        Some("application/xml;charset=\"UTF-16\""),
        Some("text/html; charset=shift_jis"),
        Some("text/xml; charset=cp850"),
        Some("text/xml; charset=us-ascii"),
    ];
    let Some((first, bytes)) = data.split_first() else { return };
    let said = SAID[usize::from(*first) % SAID.len()];
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    if let Ok(text) = feed::decode_page(bytes, said) {
        // UTF-32 that is none makes three bytes of four, any other charset at most three of one.
        assert!(packed || text.len() <= 3 * bytes.len(), "{} bytes became {}", bytes.len(), text.len());
        // Where nothing speaks against UTF-8, it is UTF-8.
        let marked = bytes.iter().take(4).any(|b| !matches!(b, b'!'..=b'~'));
        if !marked && !bytes.contains(&0x1b) && bytes.is_ascii() {
            assert_eq!(text.as_bytes(), bytes);
        }
    }
    let lang = Lang::new("fr");
    let body = FeedBody { bytes, content_type: said, url: URL, lang: lang.as_ref(), zone: Zone::UTC };
    let _ = feed::parse_feed(&body, &SourceId::new("s"));
}

/// XML of any kind is read or refused.
pub fn xml(data: &[u8]) {
    read(&format!("<{}", String::from_utf8_lossy(data).trim_start_matches('<')));
}

/// JSON of any kind is read or refused.
pub fn json(data: &[u8]) {
    read(&format!("{{{}", String::from_utf8_lossy(data).trim_start_matches(['{', '['])));
}

/// Reads a feed twice, and looks at what holds for every entry.
fn read(text: &str) {
    let body = FeedBody { bytes: text.as_bytes(), content_type: None, url: URL, lang: None, zone: Zone::UTC };
    let Ok(feed) = feed::parse_feed(&body, &SourceId::new("s")) else { return };
    let again = feed::parse_feed(&body, &SourceId::new("s")).expect("it was read before");
    assert_eq!(feed, again, "reading depends on nothing but the body");
    holds_for(feed);
}

fn holds_for(feed: Feed) {
    let is_link =
        |link: &Option<String>| link.as_ref().is_none_or(|link| feed::canonicalize_url(link, None).as_ref() == Some(link));
    assert!(is_link(&feed.link) && is_link(&feed.image), "{:?} {:?}", feed.link, feed.image);
    for entry in &feed.entries {
        assert!(is_link(&entry.head.url) && is_link(&entry.head.image), "{:?}", entry.head);
        assert!(!entry.key.uid.is_empty() && !entry.key.uid.contains('\0'), "{:?}", entry.key);
        assert!(!entry.title.as_str().contains(['\0', '\n']), "{:?}", entry.title);
    }
    let count = feed.entries.len();
    let (kept, dropped) = feed::deduplicate(feed.entries);
    assert_eq!(kept.len() + dropped as usize, count);
    let uids: HashSet<&str> = kept.iter().map(|(entry, _)| entry.key.uid.as_str()).collect();
    assert_eq!(uids.len(), kept.len(), "each entry has a uid of its own");
}

/// A date is none, or one that can be: written down, it is the same again.
pub fn dates(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(time) = feed::parse_date(&text, Zone::UTC) else { return };
    let first = Time::from_rfc3339("1990-01-01T00:00:00Z").expect("a date");
    let last = Time::from_rfc3339("2101-01-01T00:00:00Z").expect("a date");
    assert!((first..last).contains(&time), "{text:?} is {}", time.rfc3339());
    assert_eq!(feed::parse_date(&time.rfc3339(), Zone::UTC), Some(time.whole_seconds()), "{text:?}");
    let mail = time.chrono().format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    assert_eq!(feed::parse_date(&mail, Zone::UTC), Some(time.whole_seconds()), "{text:?}");
    // What names its zone is the same everywhere, and what names none is as far apart as the zones are. (Not UTC: it stands for
    // an unknown zone, and what is written in Korean was then written in Korea.)
    let [paris, athens] =
        ["Europe/Paris", "Europe/Athens"].map(|zone| feed::parse_date(&text, Zone::new(zone).expect("a zone")).map(Time::millis));
    if let (Some(paris), Some(athens)) = (paris, athens) {
        assert!((0..=2 * 3_600_000).contains(&(paris - athens)), "{text:?}: {paris} {athens}");
    }
}

/// What is cleaned is safe, and cleaning it again changes nothing.
pub fn clean(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let base = Url::parse("https://a.example.org/actu/").expect("an address");
    let lang = Lang::new("fr");
    let raw = RawHtml(text);
    for clean in [html::clean(&raw, Some(&base)), html::clean(&raw, None), html::clean_article(&raw, Some(&base), lang.as_ref())]
    {
        settled(&clean, &base);
        if let Some(summary) = html::summarize(&clean) {
            settled(&summary, &base);
        }
        html::to_text(&clean);
    }
    html::to_line(&raw.0);
}

/// HTML is safe, and as it is when it is cleaned again.
pub fn settled(clean: &Clean, base: &Url) {
    assert_eq!(danger(clean.as_str()), None, "{:?}", clean.as_str());
    let again = html::clean(&RawHtml(clean.as_str().to_owned()), Some(base));
    assert_eq!(again.as_str(), clean.as_str());
}

/// The article of a page is none, or it is bounded, and safe once it is cleaned.
pub fn page(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let base = Url::parse("https://a.example.org/actu/1").expect("an address");
    let Some(article) = html::extract_article(&text, &base) else { return };
    assert!(article.content.0.len() <= 4 << 20);
    for link in [&article.canonical, &article.image].into_iter().flatten() {
        assert!(matches!(link.scheme(), "http" | "https"), "{link}");
    }
    let clean = html::clean_article(&article.content, Some(&base), Lang::new("fr").as_ref());
    settled(&clean, &base);
    if let Some(short) = html::shorten_content(&clean) {
        settled(&short, &base);
    }
}
