//! Bodies in the shapes of real feeds, and what is read from each: `tests/feeds/` with its table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use relais::feed::{self, Feed, FeedBody, FeedError};
use relais::model::{SourceId, Time, Zone};

use crate::support::program::shared;

/// What the table says of a body, and what reading says, in the same words.
fn row(name: &str, content_type: &str, url: &str, read: Result<Feed, FeedError>) -> String {
    let (format, lang, counts, told) = match read {
        Ok(feed) => {
            let lang = feed.language.as_ref().map_or("-".to_owned(), ToString::to_string);
            let repaired = if feed.repaired.is_empty() { "-".to_owned() } else { feed.repaired.join(",") };
            let counts = counts(&feed);
            let (kept, _) = feed::deduplicate(feed.entries);
            let counts = format!("{}\t{}\t{}\t{}", counts[0], kept.len(), counts[1], counts[2]);
            (feed.format, lang, counts, repaired)
        }
        Err(error) => ("-", "-".to_owned(), "0\t0\t0\t0".to_owned(), error.to_string()),
    };
    format!("{name}\t{content_type}\t{url}\t{format}\t{lang}\t{counts}\t{told}")
}

/// Entries, those with a date, those with a link.
fn counts(feed: &Feed) -> [usize; 3] {
    let dated = feed.entries.iter().filter(|entry| entry.head.published.or(entry.head.updated).is_some()).count();
    [feed.entries.len(), dated, feed.entries.iter().filter(|entry| entry.head.url.is_some()).count()]
}

fn read(bytes: &[u8], content_type: &str, url: &str) -> Result<Feed, FeedError> {
    let content_type = Some(content_type).filter(|kind| *kind != "-");
    feed::parse_feed(&FeedBody { bytes, content_type, url, lang: None, zone: Zone::UTC }, &SourceId::new("s"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds")
}

fn body(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines of a table, without its heading.
fn table(name: &str) -> Vec<String> {
    let text = String::from_utf8(body(name)).expect("UTF-8");
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_corpus_feed_parses_as_the_table_says() {
    let (mut wrong, mut named) = (Vec::new(), BTreeSet::new());
    for line in table("shapes.tsv") {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, content_type, url, ..] = columns[..] else { panic!("a short line: {line}") };
        named.insert(name.to_owned());
        let found = row(name, content_type, url, read(&body(name), content_type, url));
        if found != line {
            wrong.push(format!("table: {line}\nread:  {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files = std::fs::read_dir(folder()).expect("a folder").map(|file| file.expect("a file").path());
    let files = files.filter(|path| path.extension().is_none_or(|ending| ending != "tsv"));
    let files: BTreeSet<String> = files.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    assert_eq!(named, files, "each body has its line");
}

/// What must be the same however a feed comes: headlines, links, dates, texts.
type Told = (String, Option<String>, Option<Time>, Option<String>);

fn told(name: &str) -> Vec<Told> {
    let feed = read(&body(name), "-", "https://source.example/").unwrap_or_else(|error| panic!("{name}: {error}"));
    let told = |entry: relais::model::Entry| {
        let text = entry.content.or(entry.summary).map(|html| html.0.split_whitespace().collect::<Vec<_>>().join(" "));
        (entry.title.to_string(), entry.head.url, entry.head.published.or(entry.head.updated), text)
    };
    feed.entries.into_iter().map(told).collect()
}

#[test]
fn feed_parses_the_same_in_every_charset() {
    let plain = told("windows-1252.xml");
    let text = plain[0].3.as_deref().expect("a text");
    assert!(text.ends_with("L’œuvre coûte 5 €… « déjà », dit-on."), "{text}");
    for name in [
        "says-latin-1-is-1252.xml",
        "says-latin-1-is-utf-8.xml",
        "says-nothing-is-1252.xml",
        "says-utf-16-is-utf-8.xml",
        "utf-16.xml",
        "packed.xml.gz",
    ] {
        assert_eq!(told(name), plain, "{name}");
    }
    let euro = told("latin-9.xml");
    assert!(euro[0].3.as_deref().is_some_and(|text| text.contains("L'œuvre coûte 5 €")), "{euro:?}");
    assert!(told("encoded-twice.xml")[0].3.as_deref().is_some_and(|text| text.contains("L’œuvre coûte 5 €…")));
}

#[test]
fn feed_parses_the_same_in_rss_and_atom() {
    assert_eq!(told("blog.atom"), told("blog.rss"));
    let without_text = |name: &str| told(name).into_iter().map(|(title, url, date, _)| (title, url, date)).collect::<Vec<_>>();
    assert_eq!(without_text("menus.json"), without_text("menus.rss"));
}

#[test]
fn entries_of_a_bilingual_feed_have_their_own_language() {
    let feed = read(&body("two-languages.xml"), "-", "https://rives.example/").expect("a feed");
    let langs: Vec<Option<String>> = feed.entries.iter().map(|e| e.head.lang.as_ref().map(ToString::to_string)).collect();
    assert_eq!(langs, ["fr", "en", "fr"].map(|lang| Some(lang.to_owned())), "the third is too short to tell");
}

#[test]
fn external_entities_are_not_fetched() {
    for name in ["entity-of-a-file.xml", "entity-of-a-server.rss"] {
        let feed = read(&body(name), "-", "https://journal.example/").expect("a feed");
        assert_eq!(feed.title.as_str(), "&xxe;", "{name}: it stands as it is written");
    }
}

/// The same figures for the bodies of real feeds, of which the repository has but the numbers.
#[test]
fn real_feeds_have_their_known_number_of_entries() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/real-feeds");
    let (mut wrong, mut bodies) = (Vec::new(), 0);
    for line in table("real-feeds.tsv") {
        let name = line.split('\t').next().unwrap_or_default();
        let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = match read(&bytes, "-", "https://source.example/feed") {
            Ok(feed) => counts(&feed).map(|count| count.to_string()).join("\t"),
            Err(error) => format!("0\t0\t0\t{:?}", error.kind()),
        };
        bodies += 1;
        if format!("{name}\t{found}") != line {
            wrong.push(format!("table: {line}\nread:  {name}\t{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{bodies} bodies of real feeds give what they hold");
}
