//! What translating costs beside the engines: articles taken apart and put together again, and one article end to end.
//!
//!     cargo bench -- translate
//!     cargo bench -- translate --check        ends with 1 when a bound is passed
//!     RELAIS_TEST_APY=http://…                        the article goes through that Apertium server, French to Catalan
//!
//! What `--check` asks is a ratio of one run: figures themselves differ from machine to machine. Each is the best of five.
//! The article is `$RELAIS_SHARED/data/seed-article.txt`; without it, one of our own.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relais::clock::SystemClock;
use relais::html;
use relais::model::{Clean, EngineKind, Lang, Marked, Original, Price, RawHtml, Show, Text};
use relais::net::{ApiClient, Options};
use relais::pipeline::{EngineHandle, TextRequest, translate_text};
use relais::store::{Access, Store};
use relais::translate::{Document, EngineSettings, Glossary, open, restore};

const REPEATS: usize = 5;
const ARTICLES: usize = 200;
/// How much longer it may take to take an article apart and put it together than to clean it, which parses and writes it once.
const MOST_BARE: f64 = 1.5;
/// The same with everything around it: terms looked for, the result cleaned again, made plain text.
const MOST_WHOLE: f64 = 9.0;

pub(crate) fn main(args: &[&str]) -> ExitCode {
    let check = args.contains(&"--check");
    let articles: Vec<Clean> = (0..ARTICLES).map(|number| html::clean(&RawHtml(article(number)), None)).collect();
    let bytes: usize = articles.iter().map(|html| html.as_str().len()).sum();
    let (from, to) = (lang("fr"), lang("en"));
    let glossary = Glossary::built_in();

    let cleaned = best(|| {
        for html in &articles {
            black_box(html::clean(&RawHtml(html.as_str().to_owned()), None));
        }
    });
    let bare = best(|| {
        for html in &articles {
            let segmented = html::segment(html, &from);
            let same: Vec<Option<Marked>> = segmented.segments().iter().map(|segment| Some(segment.text.clone())).collect();
            black_box(html::assemble(&segmented, &same, (&from, &from)).expect("it is whole"));
        }
    });
    let whole = best(|| {
        for html in &articles {
            let original = Original { title: Text::new("Un titre"), content: Some(html.clone()), ..Original::default() };
            let sheet = Document::new(&original, Show::Full, &from, &to, &glossary);
            let same: Vec<Option<Marked>> =
                sheet.segments().iter().map(|wanted| restore(&wanted.outgoing.text, &wanted.outgoing.terms, &to).ok()).collect();
            black_box(sheet.assemble(&same));
        }
    });
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{ARTICLES} articles, {:.1} MB of clean HTML", bytes as f64 / 1e6);
    println!("{:<58}{:>8.1} MB/s", "cleaned (parsed, written)", rate(cleaned));
    println!("{:<58}{:>8.1} MB/s", "segmented and assembled", rate(bare));
    println!("{:<58}{:>8.1} MB/s", "laid out with terms, put together, cleaned, made text", rate(whole));
    let ratios = [("segment and assemble", bare, MOST_BARE), ("the whole way", whole, MOST_WHOLE)];
    let mut passed = true;
    for (what, time, most) in ratios {
        let ratio = time.as_secs_f64() / cleaned.as_secs_f64();
        println!("{what} takes {ratio:.2} times as long as cleaning (at most {most})");
        passed &= ratio <= most;
    }
    end_to_end(&glossary);
    if check && !passed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One article through an engine, and then from the memory.
fn end_to_end(glossary: &Glossary) {
    let Some(url) = std::env::var("RELAIS_TEST_APY").ok().filter(|url| !url.is_empty()) else {
        println!("an article end to end: skipped, RELAIS_TEST_APY names no Apertium server");
        return;
    };
    let shared = std::env::var("RELAIS_SHARED").ok();
    let text = shared.and_then(|shared| std::fs::read_to_string(format!("{shared}/data/seed-article.txt")).ok());
    let text = text.unwrap_or_else(|| (0..6).map(sentence).collect::<Vec<_>>().join("\n\n"));
    let paragraphs: String =
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("<p>{}</p>", html::escape(line))).collect();
    let html = html::clean(&RawHtml(paragraphs), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display()), Access::Work).await.expect("a store");
        for turn in ["through the engine", "from the memory"] {
            let ask = TextRequest { engine: desk(&url), glossary, from: lang("fr"), to: lang("ca"), html: html.clone() };
            let begun = Instant::now();
            let (counts, rendition) = translate_text(ask, &store, &SystemClock, "bench").await.expect("a store that works");
            let took = begun.elapsed();
            let made = rendition.expect("a text").provenance;
            println!(
                "an article of {} characters, French to Catalan, {turn}: {:.1} ms; {} segments, {} characters sent, {} recalled, {} left in French",
                text.chars().count(),
                took.as_secs_f64() * 1e3,
                counts.segments,
                counts.characters_sent,
                counts.recalled,
                made.left + made.waiting,
            );
        }
    });
}

fn desk(url: &str) -> EngineHandle {
    let settings = EngineSettings {
        id: "apy".to_owned(),
        kind: EngineKind::Apertium,
        url: Some(url.to_owned()),
        model: None,
        key: None,
        region: None,
        pivot: None,
        guidance: relais::model::GuidanceTable::default(),
        reasoning_effort: None,
        tier: None,
        timeout: None,
        in_flight: None,
        models: None,
    };
    let caller = Arc::new(ApiClient::new(&Options::default()).expect("a caller"));
    EngineHandle::new("apy".to_owned(), open(settings, caller).expect("an engine"), None, Price::default())
}

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

/// The shortest time of some.
fn best(mut work: impl FnMut()) -> Duration {
    let turn = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..REPEATS).map(turn).min().expect("more than none")
}

/// An article as the press has them: paragraphs, links, emphasis, a list, a quotation, a picture with a caption.
fn article(number: usize) -> String {
    let mut html = format!("<h2>Les nouvelles du {} septembre</h2>", number % 28 + 1);
    for paragraph in 0..12 {
        let (a, b, c) = (sentence(number + paragraph), sentence(number * 7 + paragraph), sentence(paragraph * 13 + 1));
        html.push_str(&match paragraph % 4 {
            0 => format!("<p>{a} <a href=\"https://www.example.org/{number}/{paragraph}?a=1&amp;b=2\">{b}</a> {c}</p>"),
            1 => format!("<blockquote><p>« {a} » <em>{b}</em></p></blockquote>"),
            2 => format!("<ul><li>{a}</li><li><strong>{b}</strong></li><li>{c}</li></ul>"),
            _ => format!("<figure><img src=\"https://www.example.org/{number}.jpg\" alt=\"{a}\"><figcaption>{b}</figcaption></figure><p>{c}</p>"),
        });
    }
    html
}

fn sentence(number: usize) -> String {
    let who = ["M. Dupont", "La présidente du CIO", "Léon Marchand", "L’équipe de France", "Le comité d’organisation"];
    let does = ["a présenté", "attend depuis hier", "a visité", "regrette", "a battu de 3,5 points"];
    let what =
        ["le nouveau stade", "plus de 12 500 spectateurs", "les épreuves de l’après-midi", "le relais 4 × 100 m", "la cérémonie"];
    format!("{} {} {} à 10 h 30.", who[number % 5], does[number / 5 % 5], what[number / 25 % 5])
}
