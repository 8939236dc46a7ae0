//! What real engines leave of real French HTML, after everything that relais does about it: every tag, link, number and
//! protected name. Told by scanners of these tests' own, which know nothing of segments and marks.
//!
//! The HTML is that of real feeds and of a manual, which lie beside the project (`RELAIS_SHARED`) and on machines that have the
//! Debian package `maint-guide-fr`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use relais::clock::SystemClock;
use relais::feed::{self, FeedBody};
use relais::html;
use relais::model::{Clean, EngineKind, Marked, RawHtml, SegmentKind, SourceId, Zone};
use relais::pipeline::{EngineHandle, TextRequest, translate_text};
use relais::store::{Access, Store};
use relais::translate::{Batch, Glossary, Outgoing, SegmentContext};

use super::{engine, fitting, lang, settings};
use crate::support::chrf::chrf;
use crate::support::program::{server_address, shared};

/// Where Debian puts the manual.
const MANUAL: &str = "/usr/share/doc/maint-guide-fr/html";
/// Entries of each feed, and pages of the manual.
const ENTRIES: usize = 3;
const PAGES: usize = 3;

/// A translator as a run has it, with a memory of its own.
struct Through {
    store: Store,
    glossary: Glossary,
    kind: EngineKind,
    url: String,
    _folder: tempfile::TempDir,
}

/// What came of one text.
struct Came {
    html: String,
    text: String,
    segments: u64,
    rejected: u64,
    left: u32,
    reasons: Vec<String>,
}

impl Through {
    async fn new(kind: EngineKind, url: &str, names: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store =
            Store::open(&format!("sqlite:{}", folder.path().join("a.db").display()), Access::Work).await.expect("a store");
        let glossary = Glossary::built_in().overlay(Glossary::parse("", names).expect("names")).expect("a glossary");
        Self { store, glossary, kind, url: url.to_owned(), _folder: folder }
    }

    async fn translate(&self, html: Clean, to: &str) -> Came {
        let desk =
            EngineHandle::new("main".to_owned(), engine(settings(self.kind, &self.url)), None, relais::model::Price::default());
        let ask = TextRequest { engine: desk, glossary: &self.glossary, from: lang("fr"), to: lang(to), html };
        let (counts, rendition) = translate_text(ask, &self.store, &SystemClock, "fidelity").await.expect("a store that works");
        let rendition = rendition.expect("something to translate");
        Came {
            html: rendition.content.map(|html| html.as_str().to_owned()).unwrap_or_default(),
            text: rendition.text,
            segments: counts.segments,
            rejected: counts.rejected,
            left: rendition.provenance.left + rendition.provenance.waiting,
            reasons: rendition.provenance.reasons,
        }
    }
}

/// French HTML as it is found, clean: entries of feeds and pages of a manual.
fn texts() -> Option<Vec<(String, Clean)>> {
    let feeds = shared()?.join("data/real-feeds");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(feeds).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "xml")) {
        let bytes = std::fs::read(file).expect("a file");
        let body =
            FeedBody { bytes: &bytes, content_type: None, url: "https://a.example/feed", lang: None, zone: Zone::default() };
        let Ok(read) = feed::parse_feed(&body, &SourceId::new("a")) else { continue };
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (number, entry) in read.entries.iter().take(ENTRIES).enumerate() {
            let html = entry.content.as_ref().or(entry.summary.as_ref()).map(|raw| raw.0.as_str()).unwrap_or_default();
            let with_title = format!("<h2>{}</h2>{html}", html::escape(entry.title.as_str()));
            texts.push((format!("{name}#{number}"), html::clean(&RawHtml(with_title), None)));
        }
    }
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(MANUAL).map(|dir| dir.filter_map(|entry| Some(entry.ok()?.path())).collect()).unwrap_or_default();
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "html"));
    pages.sort();
    if pages.is_empty() {
        let required = std::env::var("RELAIS_REQUIRE_SERVERS").as_deref() == Ok("1");
        assert!(!required, "the Debian package maint-guide-fr is not installed");
        eprintln!("skipped: the manual, as the Debian package maint-guide-fr is not installed");
    }
    for page in pages.iter().take(PAGES) {
        let name = page.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((name, html::clean(&RawHtml(std::fs::read_to_string(page).expect("a page")), None)));
    }
    Some(texts)
}

/// How often each thing occurs.
type Counted = BTreeMap<String, usize>;

fn counted(things: impl Iterator<Item = String>) -> Counted {
    things.fold(Counted::new(), |mut counted, thing| {
        *counted.entry(thing).or_default() += 1;
        counted
    })
}

/// The tags of clean HTML (`<a href="…">` with its link), but those that say that a text is still French.
fn tags(html: &str) -> Counted {
    let tags = html.split('<').skip(1).filter_map(|rest| {
        let tag = &rest[..rest.find('>')?];
        let name = tag.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let links = ["href", "src", "cite"].iter().filter_map(|attribute| {
            let value = tag.split_once(&format!(" {attribute}=\""))?.1.split('"').next()?;
            Some(format!(" {attribute}={value}"))
        });
        (!tag.starts_with('/')).then(|| format!("{name}{}", links.collect::<String>()))
    });
    counted(tags)
}

/// The text of clean HTML, with something between blocks.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tagged)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tagged.split_once('>').unwrap_or(("", ""));
        let name = tag.trim_start_matches('/').split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        if !["a", "b", "i", "em", "strong", "span", "code", "sup", "sub", "u", "small", "tt"].contains(&name) {
            text.push_str(" | ");
        }
        rest = after;
    }
    text.push_str(rest);
    text.replace("&nbsp;", "\u{a0}").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The numbers of a text, their digits alone: `12 500`, `12.500` and `12 500` are one number.
fn numbers(text: &str) -> Counted {
    let chars: Vec<char> = text.chars().collect();
    let (mut numbers, mut number) = (Vec::new(), String::new());
    for (at, &c) in chars.iter().enumerate() {
        let is_inside = !number.is_empty()
            && matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}')
            && chars.get(at + 1..at + 4).is_some_and(|next| next.iter().all(char::is_ascii_digit))
            && !chars.get(at + 4).is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            number.push(c);
        } else if !is_inside && !number.is_empty() {
            numbers.push(std::mem::take(&mut number));
        }
    }
    numbers.push(number);
    counted(numbers.into_iter().filter(|number| !number.is_empty()))
}

/// How often each of these names stands in a text, as a word.
fn names(text: &str, names: &[&str]) -> Counted {
    let text = text.replace('’', "'").replace(['\u{a0}', '\u{202f}'], " ");
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let count = |name: &str| {
        text.match_indices(&name.replace('’', "'"))
            .filter(|(at, found)| !is_word(text[..*at].chars().next_back()) && !is_word(text[at + found.len()..].chars().next()))
            .count()
    };
    names.iter().map(|name| ((*name).to_owned(), count(name))).filter(|(_, count)| *count > 0).collect()
}

/// What is in `before` and not in `after`.
fn lost(before: &Counted, after: &Counted) -> Vec<String> {
    before
        .iter()
        .filter(|(thing, count)| after.get(*thing).copied().unwrap_or_default() < **count)
        .map(|(thing, _)| thing.clone())
        .collect()
}

/// The names that must never be altered, of the list that lies beside the project.
fn list() -> Option<String> {
    std::fs::read_to_string(shared()?.join("data/donottranslate.txt")).ok()
}

async fn everything_is_kept(kind: EngineKind, url: &str, to: &str) {
    let (Some(texts), Some(list)) = (texts(), list()) else { return };
    let verbatim: Vec<&str> =
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#') && !line.contains('=')).collect();
    let through = Through::new(kind, url, &verbatim.join("\n")).await;
    let (mut segments, mut rejected, mut left, mut wrong) = (0, 0, 0, Vec::new());
    let (mut kept, mut reasons) = ([0; 3], Counted::new());
    for (name, html) in texts.iter().filter(|(_, html)| html.as_str().chars().any(char::is_alphabetic)) {
        let before = html.as_str().to_owned();
        let came = through.translate(html.clone(), to).await;
        (segments, rejected, left) = (segments + came.segments, rejected + came.rejected, left + came.left);
        if std::env::var_os("RELAIS_TEST_SHOW").is_some() && came.left > 0 {
            println!("{name}: {:?}\n{}", came.reasons, came.html);
        }
        for reason in came.reasons {
            *reasons.entry(reason).or_default() += 1;
        }
        let (was, is) = (plain(&before), plain(&came.html));
        let kinds: [(&str, Counted, Counted); 3] = [
            ("tags", tags(&before), tags(&came.html)),
            ("numbers", numbers(&was), numbers(&is)),
            ("names", names(&was, &verbatim), names(&is, &verbatim)),
        ];
        for (place, (what, before, after)) in kinds.into_iter().enumerate() {
            kept[place] += before.values().sum::<usize>();
            for thing in lost(&before, &after) {
                wrong.push(format!("{name}: {what}: {thing}"));
            }
            if what == "tags" {
                // What is left in French says so by a `span` or a `div` where nothing else could.
                let added = lost(&after, &before).into_iter().filter(|tag| tag != "span" && tag != "div");
                wrong.extend(added.map(|thing| format!("{name}: {what}: {thing} was added")));
            }
        }
    }
    println!(
        "{kind:?} fr-{to}: {} texts, {segments} segments; {rejected} answers refused, {left} segments left in French ({} in 1000) {reasons:?}; kept: {} tags and links, {} numbers, {} names",
        texts.len(),
        u64::from(left) * 1000 / segments,
        kept[0],
        kept[1],
        kept[2],
    );
    assert!(wrong.is_empty(), "{} are not kept: {wrong:#?}", wrong.len());
    assert!(segments > 500 && kept[0] > 500 && kept[1] > 100 && kept[2] > 10, "there was something to lose");
    assert!(u64::from(left) * 100 <= segments * 10, "{left} of {segments} segments are left as they were");
}

/// The pipeline is as good as the engine: chrF against human translations, beside the engine's own on the same sentences.
async fn sentences_are_as_good_as_the_engines(kind: EngineKind, url: &str, to: &str) {
    let Some(flores) = shared().map(|shared| shared.join("data/flores")) else { return };
    let lines = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(flores.join(name)).expect("sentences");
        text.lines().take(200).map(str::to_owned).collect()
    };
    let (french, human) = (lines("dev.fr"), lines(&format!("dev.{to}")));
    let raw_engine = engine(settings(kind, url));
    let outgoing = |line: &String| Outgoing {
        text: Marked::text(line),
        terms: Vec::new(),
        kind: SegmentKind::Paragraph,
        context: SegmentContext::default(),
    };
    let batch = Batch { is_patient: false, from: lang("fr"), to: lang(to), texts: french.iter().map(outgoing).collect() };
    let mut raw = Vec::new();
    for batch in fitting(&*raw_engine, &batch) {
        let reply = raw_engine.translate(&batch).await.expect("an answer");
        raw.extend(reply.texts.into_iter().map(|text| text.map_or_else(|_| String::new(), |text| text.plain())));
    }
    let through = Through::new(kind, url, "").await;
    let (mut ours, mut left) = (Vec::new(), 0);
    for line in &french {
        let html = html::clean(&RawHtml(format!("<p>{}</p>", html::escape(line))), None);
        let came = through.translate(html, to).await;
        left += came.left;
        if std::env::var_os("RELAIS_TEST_SHOW").is_some() && came.text.trim() != raw[ours.len()].trim() {
            println!("- {line}\n  {}\n  {} {:?}", raw[ours.len()], came.text, came.reasons);
        }
        ours.push(came.text);
    }
    let (raw, ours) = (chrf(&raw, &human), chrf(&ours, &human));
    println!("{kind:?} fr-{to}: chrF {ours:.2} through relais, {raw:.2} by the engine alone; {left} sentences left in French");
    assert!(ours >= raw - 0.5, "{ours:.2} is worse than {raw:.2}");
}

#[tokio::test]
async fn apertium_loses_nothing_of_real_html() {
    let Some(url) = server_address("RELAIS_TEST_APY") else { return };
    for to in ["ca", "es"] {
        everything_is_kept(EngineKind::Apertium, &url, to).await;
    }
}

#[tokio::test]
async fn libretranslate_loses_nothing_of_real_html() {
    let Some(url) = server_address("RELAIS_TEST_LIBRETRANSLATE") else { return };
    for to in ["ca", "es"] {
        everything_is_kept(EngineKind::Libretranslate, &url, to).await;
    }
}

#[tokio::test]
async fn plain_sentences_are_as_good_as_the_engine_alone() {
    let (Some(apy), Some(libre)) = (server_address("RELAIS_TEST_APY"), server_address("RELAIS_TEST_LIBRETRANSLATE")) else {
        return;
    };
    for to in ["ca", "es"] {
        sentences_are_as_good_as_the_engines(EngineKind::Apertium, &apy, to).await;
        sentences_are_as_good_as_the_engines(EngineKind::Libretranslate, &libre, to).await;
    }
}
