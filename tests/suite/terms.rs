//! Terms and names: through relais no sentence may be worse than what the engine makes of it alone.
//!
//! Judged by chrF against human translations, and by a list of outputs that no reader should see (`tests/terms/`). Apertium itself
//! translates where it is there (`RELAIS_TEST_APY`); the language model is a server that behaves as small models do.

mod model;

use std::path::Path;
use std::sync::Arc;

use relais::clock::SystemClock;
use relais::html;
use relais::model::{EngineKind, Lang, Marked, Price, RawHtml, SegmentKind};
use relais::net::{self, ApiClient};
use relais::pipeline::{EngineHandle, TextRequest, translate_text};
use relais::store::{Access, Store};
use relais::translate::{Batch, Engine, EngineSettings, Glossary, Outgoing, SegmentContext, open};

use crate::support::chrf::chrf;
use crate::support::program::server_address;
use model::{ROWS, SmallModel};

/// The chrF that a translation may be below that of the engine alone: a term of the glossary is not always the translator's.
const TOLERANCE: f64 = 1.0;

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

/// The lines of a table, without comments, as cells.
fn table(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terms").join(name);
    let text = std::fs::read_to_string(path).expect("a table");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Returns what stands in a text that no reader should see, unless its human translation has it as well.
fn forbidden(list: &[Vec<String>], to: &str, text: &str, human: &str) -> Vec<String> {
    let spaced = |text: &str| format!(" {} ", text.replace(['.', ',', '’'], " ").to_lowercase());
    let has = |row: &Vec<String>, text: &str| match row[1].as_str() {
        "begins" => text.starts_with(&row[2]),
        _ => spaced(text).contains(&row[2]),
    };
    let own = list.iter().filter(|row| row[0] == to || row[0] == "*");
    let mut found: Vec<String> =
        own.filter(|row| has(row, text) && !has(row, human)).map(|row| row[2].trim().to_owned()).collect();
    // `Abrir villa olímpica lunes`: the verb lost its subject.
    let first = text.split(' ').next().unwrap_or_default();
    let is_infinitive = |word: &str| ["ar", "er", "ir", "re"].iter().any(|ending| word.len() > 3 && word.ends_with(ending));
    found.extend((is_infinitive(first) && !human.starts_with(first)).then(|| first.to_owned()));
    found
}

fn engine(kind: EngineKind, url: &str) -> Arc<dyn Engine> {
    let settings = EngineSettings {
        id: "main".to_owned(),
        kind,
        url: Some(url.to_owned()),
        model: kind.is_language_model().then(|| "small-1".to_owned()),
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
    open(settings, Arc::new(ApiClient::new(&net::Options::default()).expect("a client"))).expect("an engine")
}

/// Translates one sentence as the engine does alone: without terms.
async fn alone(engine: &dyn Engine, sentence: &str, to: &str) -> String {
    let text = Outgoing {
        text: Marked::text(sentence),
        terms: Vec::new(),
        kind: SegmentKind::Paragraph,
        context: SegmentContext::default(),
    };
    let reply = engine
        .translate(&Batch { is_patient: false, from: lang("fr"), to: lang(to), texts: vec![text] })
        .await
        .expect("an answer");
    reply.texts.into_iter().next().expect("a text").expect("a translation").plain()
}

/// Translates one sentence as relais publishes it: what is left in French is French.
async fn through(engine: &Arc<dyn Engine>, store: &Store, sentence: &str, to: &str) -> String {
    let html = html::clean(&RawHtml(format!("<p>{}</p>", html::escape(sentence))), None);
    let handle = EngineHandle::new("main".to_owned(), Arc::clone(engine), None, Price::default());
    let glossary = Glossary::built_in();
    let request = TextRequest { engine: handle, glossary: &glossary, from: lang("fr"), to: lang(to), html };
    let (_, rendition) = translate_text(request, store, &SystemClock, "terms").await.expect("a store that works");
    rendition.expect("something to translate").text.trim().to_owned()
}

async fn new_store(folder: &tempfile::TempDir) -> Store {
    Store::open(&format!("sqlite:{}", folder.path().join("a.db").display()), Access::Work).await.expect("a store")
}

#[tokio::test]
async fn no_sentence_with_terms_is_worse_than_by_apertium_alone() {
    let Some(url) = server_address("RELAIS_TEST_APY") else { return };
    let (sentences, list) = (table("sentences.tsv"), table("forbidden.tsv"));
    assert!(sentences.len() >= 60, "{}", sentences.len());
    let engine = engine(EngineKind::Apertium, &url);
    let (folder, mut worse) = (tempfile::tempdir().expect("a folder"), Vec::new());
    let store = new_store(&folder).await;
    for (column, to) in [(1, "es"), (2, "ca")] {
        let (mut sums, mut better) = ((0.0, 0.0), 0);
        for row in &sentences {
            let (source, human) = (&row[0], &row[column]);
            let (bare, ours) = (alone(&*engine, source, to).await, through(&engine, &store, source, to).await);
            let plain = |text: &str| vec![text.to_lowercase().replace('’', "'")];
            let chrf_of = |text: &String| chrf(&plain(text), &plain(human));
            let (of_bare, of_ours) = (chrf_of(&bare), chrf_of(&ours));
            let (bad, own) = (forbidden(&list, to, &bare, human), forbidden(&list, to, &ours, human));
            sums = (sums.0 + of_bare, sums.1 + of_ours);
            better += usize::from(of_ours > of_bare + TOLERANCE);
            if own.len() > bad.len() || of_ours < of_bare - TOLERANCE {
                worse.push(format!("{to}: {source}\n  {bare} ({of_bare:.0})\n  {ours} ({of_ours:.0}) {own:?}"));
            }
        }
        let count = sentences.len();
        println!("fr-{to}: {better} of {count} better; sums of chrF {:.0} alone, {:.0} through relais", sums.0, sums.1);
        assert!(better >= 10, "{to}: only {better} sentences have got their terms");
    }
    assert!(worse.is_empty(), "{} are worse:\n{}", worse.len(), worse.join("\n"));
}

#[tokio::test]
async fn language_model_that_keeps_no_marks_is_given_the_terms_and_follows_them() {
    let server = SmallModel::start().await;
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine(EngineKind::Openai, &server.url()));
    let store = new_store(&folder).await;
    for row in ROWS {
        let ours = through(&engine, &store, row.source, "en").await;
        assert_eq!(ours, row.told, "{}", row.source);
        assert_eq!(alone(&*engine, row.source, "en").await, row.alone);
    }
    assert_eq!(server.requests(), 2 * ROWS.len(), "each sentence is sent once");
}

#[tokio::test]
async fn language_model_that_does_not_follow_the_terms_is_asked_once_and_published() {
    let server = SmallModel::start().await;
    server.ignore_terms();
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine(EngineKind::Openai, &server.url()));
    let ours = through(&engine, &new_store(&folder).await, ROWS[0].source, "en").await;
    assert_eq!((ours.as_str(), server.requests()), (ROWS[0].alone, 1));
}

#[tokio::test]
async fn institutions_are_translated_and_no_common_noun_is_held_back() {
    let server = SmallModel::start().await;
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine(EngineKind::Openai, &server.url()));
    let store = new_store(&folder).await;
    for (source, english) in model::INSTITUTIONS {
        assert_eq!(through(&engine, &store, source, "en").await, *english, "{source}");
    }
    assert_eq!(server.requests(), model::INSTITUTIONS.len(), "each sentence is sent once");
}
