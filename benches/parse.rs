//! What reading costs: MB/s of clean and of broken feeds, beside feed-rs on the clean ones, in the same run.
//!
//!     cargo bench -- parse
//!     cargo bench -- parse --check        ends with 1 when a bound is passed
//!     cargo bench -- parse --linear clean only whether it is linear, of the shapes with this in their name
//!
//! Then whether time and memory are linear in the size of a body (`linear`, `shapes`).
//!
//! Ratios of one run are what counts. Each figure is the least of many, taken in turns.

mod linear;
mod shapes;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use relais::feed::{self, FeedBody};
use relais::model::{SourceId, Zone};

/// Time against that of feed-rs for a clean feed, and for a broken one against feed-rs on its clean twin.
const MOST_CLEAN: f64 = 1.6;
const MOST_BROKEN: f64 = 3.0;
/// The same where the text stands within tags, so that all of it is searched for words that tell the language.
const MOST_IN_TAGS: f64 = 4.0;
const ROUNDS: usize = 40;
const ENTRIES: usize = 20;

pub(crate) fn main(args: &[&str]) -> ExitCode {
    if let ["--peak", place, size] = args {
        linear::peak(place, size);
        return ExitCode::SUCCESS;
    }
    let check = args.contains(&"--check");
    if let Some(place) = args.iter().position(|arg| *arg == "--linear") {
        let only = args.get(place + 1).filter(|only| !only.starts_with('-'));
        return ended(linear::check(only.copied().unwrap_or_default()), check);
    }
    ended(speed() & linear::check(""), check)
}

fn ended(passed: bool, check: bool) -> ExitCode {
    if check && !passed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints how fast feeds are read; gives whether every bound holds.
fn speed() -> bool {
    let (rss, atom, json) = (rss(), atom(), json());
    let broken = [
        ("entities", rss.replace("&amp;", "&")),
        ("tags", rss.replacen("</title>", "</titel>", 1)),
        ("junk before", format!("<br /><b>Warning</b>: x{rss}")),
        ("namespaces", rss.replace(" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"", "")),
        ("unescaped", rss.replace("&lt;", "<").replace("&gt;", ">")),
        ("half unescaped", rss.replace("&lt;", "<")),
        ("cut", rss[..rss.len() * 9 / 10].to_owned()),
    ];
    println!("{:<22}{:>10}{:>10}{:>10}", "", "MB/s", "feed-rs", "ratio");
    let mut passed = true;
    let clean = [("rss", &rss, &rss), ("atom", &atom, &atom), ("json", &json, &json)];
    let most_of = |name: &str| if name == "half unescaped" { MOST_IN_TAGS } else { MOST_BROKEN };
    let broken = broken.iter().map(|(name, text)| ((*name, text, &rss), most_of(name)));
    for ((name, text, twin), most) in clean.into_iter().map(|row| (row, MOST_CLEAN)).chain(broken) {
        let (own, other) = in_turns(|| read(text), || strictly(twin));
        let ratio = own.as_secs_f64() / other.as_secs_f64();
        let speed = |text: &str, time: Duration| text.len() as f64 / 1e6 / time.as_secs_f64();
        passed &= ratio <= most;
        let verdict = if ratio <= most { "ok" } else { "TOO MUCH" };
        println!("{name:<22}{:>10.0}{:>10.0}{ratio:>10.2}   at most {most:.1}   {verdict}", speed(text, own), speed(twin, other));
    }
    passed & links()
}

/// Links of the usual kinds made canonical, beside parsing them alone.
fn links() -> bool {
    const LINKS: [&str; 4] = [
        "https://a.example.org/sport/2024/07/26/une-athlete-en-or_6254321_3242.html",
        "https://a.example.org/sport/article?id=123&amp;utm_source=rss&utm_medium=feed#xtor=RSS-3",
        "/actualites/jeux/?p=123",
        "//a.example.org/flux",
    ];
    let base = url::Url::parse("https://a.example.org/feed").expect("an address");
    let many = |work: &dyn Fn(&str)| (0..1_000).for_each(|_| LINKS.iter().for_each(|link| work(link)));
    let (own, other) = in_turns(
        || many(&|link| drop(black_box(feed::canonicalize_url(link, Some(&base))))),
        || many(&|link| drop(black_box(base.join(link)))),
    );
    let ratio = own.as_secs_f64() / other.as_secs_f64();
    let verdict = if ratio <= MOST_BROKEN { "ok" } else { "TOO MUCH" };
    let each = own.as_nanos() / (1_000 * LINKS.len() as u128);
    println!("canonical links: {each} ns each, {ratio:.2} of parsing them   at most {MOST_BROKEN:.1}   {verdict}");
    ratio <= MOST_BROKEN
}

/// The least time of each of two, taken in turns: a machine that others use is faster in one moment than in the next.
fn in_turns(one: impl Fn(), other: impl Fn()) -> (Duration, Duration) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS)
        .map(|_| (time(&one), time(&other)))
        .fold((Duration::MAX, Duration::MAX), |least, took| (least.0.min(took.0), least.1.min(took.1)))
}

fn read(text: &str) {
    let body =
        FeedBody { bytes: text.as_bytes(), content_type: None, url: "https://a.example.org/", lang: None, zone: Zone::UTC };
    let feed = feed::parse_feed(&body, &SourceId::new("s")).expect("it is a feed");
    assert!(feed.entries.len() >= ENTRIES - 3, "{} of {ENTRIES} entries", feed.entries.len());
    black_box(feed::deduplicate(feed.entries));
}

fn strictly(text: &str) {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).base_uri(Some("https://a.example.org/")).build();
    black_box(parser.parse(text.as_bytes()).expect("it is a feed"));
}

/// An article of some 4.5 kB, as HTML.
fn article(number: usize) -> String {
    (0..9)
        .map(|paragraph| {
            format!(
                "<p>Paragraphe {paragraph} de l’article {number} : la flamme, <a href=\"https://a.example.org/{number}/{paragraph}\">les \
                 épreuves</a> & les <em>médailles</em>. {}</p>",
                "Les athlètes français sont prêts pour les Jeux d’hiver. ".repeat(6)
            )
        })
        .collect()
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss() -> String {
    let items: String = (0..ENTRIES)
        .map(|n| {
            format!(
                "<item><title>Titre {n} &amp; suite</title><link>https://a.example.org/{n}</link><guid>https://a.example.org/{n}</guid>\
                 <dc:creator>Ana Dupont</dc:creator><category>Ski</category><pubDate>Fri, 26 Jul 2024 10:{n:02}:00 +0200</pubDate>\
                 <description>{}</description></item>",
                escaped(&article(n))
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\
         <title>Les Jeux</title><link>https://a.example.org/</link><language>fr</language>{items}</channel></rss>"
    )
}

fn atom() -> String {
    let entries: String = (0..ENTRIES)
        .map(|n| {
            format!(
                "<entry><title>Titre {n} &amp; suite</title><id>tag:a,{n}</id><link href=\"https://a.example.org/{n}\"/><author><name>Ana \
                 Dupont</name></author><updated>2024-07-26T10:{n:02}:00+02:00</updated><content type=\"html\">{}</content></entry>",
                escaped(&article(n))
            )
        })
        .collect();
    format!("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"fr\"><title>Les Jeux</title><id>tag:a</id>{entries}</feed>")
}

fn json() -> String {
    let items: Vec<serde_json::Value> = (0..ENTRIES)
        .map(|n| {
            serde_json::json!({
                "id": n.to_string(), "url": format!("https://a.example.org/{n}"), "title": format!("Titre {n} & suite"),
                "date_published": format!("2024-07-26T10:{n:02}:00+02:00"), "content_html": article(n),
            })
        })
        .collect();
    serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Les Jeux", "items": items }).to_string()
}
