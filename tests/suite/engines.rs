//! The clients of all engines, against a server that speaks their protocols and misbehaves on command, and against real ones.

mod batches;
mod fidelity;
mod languages;
mod misbehaving;
mod models;
mod reading;
mod real;
mod wishes;

use std::sync::Arc;
use std::time::Duration;

use relais::model::{EngineKind, Lang, Marked, SegmentKind, Usage};
use relais::net::{self, ApiClient};
use relais::translate::{Batch, Engine, EngineOpenError, EngineSettings, Outgoing, SegmentContext, Term, TermForm, open};

use crate::support::engine::EngineServer;
use crate::support::origin::{Origin, Reply};

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn caller() -> Arc<ApiClient> {
    Arc::new(ApiClient::new(&net::Options::default()).expect("a caller"))
}

/// The kinds that are asked over the network.
fn services() -> impl Iterator<Item = EngineKind> {
    EngineKind::ALL.into_iter().filter(|kind| !kind.is_embedded())
}

/// The settings of an engine at this address, with all that its kind needs.
fn settings(kind: EngineKind, url: &str) -> EngineSettings {
    let own = matches!(kind, EngineKind::Apertium | EngineKind::Libretranslate);
    EngineSettings {
        id: "main".to_owned(),
        kind,
        url: Some(url.to_owned()),
        model: kind.is_language_model().then(|| "small-1".to_owned()),
        key: (!own).then(|| EngineServer::KEY.to_owned().into()),
        region: None,
        pivot: None,
        guidance: relais::model::GuidanceTable::default(),
        reasoning_effort: None,
        tier: None,
        timeout: Some(Duration::from_secs(20)),
        in_flight: None,
        models: None,
    }
}

fn engine(settings: EngineSettings) -> Arc<dyn Engine> {
    open(settings, caller()).expect("an engine")
}

/// A text; `<x9/>` in it is a term.
fn outgoing(tagged: &str) -> Outgoing {
    let text = Marked::from_tagged(tagged).expect("a text");
    let term = Term { mark: 9, source: "CIO".to_owned(), target: "IOC".to_owned(), is_held: false };
    let terms = tagged.contains("<x9/>").then_some(term).into_iter().collect();
    Outgoing { text, terms, kind: SegmentKind::Paragraph, context: SegmentContext::default() }
}

fn batch(texts: &[&str]) -> Batch {
    Batch { is_patient: false, from: lang("fr"), to: lang("es"), texts: texts.iter().map(|text| outgoing(text)).collect() }
}

/// The batch cut to what one request of this engine may hold.
fn fitting(engine: &dyn Engine, batch: &Batch) -> Vec<Batch> {
    batch.texts.chunks(engine.limits().texts).map(|texts| Batch { texts: texts.to_vec(), ..batch.clone() }).collect()
}

fn price(engine: &dyn Engine, batch: &Batch) -> Usage {
    batch.texts.iter().map(|text| engine.price(text, &batch.from, &batch.to)).fold(Usage::default(), |sum, text| sum + text)
}

const TEXTS: [&str; 4] = [
    "Le <x1>comité</x1> a voté<x2/> hier : 3,5 % de plus.",
    "<x1><x2>Douze</x2> athlètes</x1> du <x9/> &amp; moi",
    "Une phrase sans rien, mais avec &lt;script&gt; et l'élision.",
    "Dix\u{a0}000 spectateurs.",
];

#[tokio::test]
async fn every_kind_translates_and_keeps_marks_and_terms() {
    for kind in services() {
        let server = EngineServer::start(kind).await;
        server.translate_with(str::to_uppercase);
        let engine = engine(settings(kind, &server.url()));
        let batch = batch(&TEXTS);
        let mut done = Vec::new();
        for batch in fitting(&*engine, &batch) {
            let reply = engine.translate(&batch).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            let priced = price(&*engine, &batch);
            let (used, limit) = (reply.used, priced);
            assert!(used.characters <= limit.characters && used.tokens_in <= limit.tokens_in, "{kind:?}: {used:?} {limit:?}");
            assert!(used.tokens_out <= limit.tokens_out && used != Usage::default(), "{kind:?}: {used:?} {limit:?}");
            if !kind.is_language_model() {
                assert_eq!(used, limit, "{kind:?} is priced to the character");
            }
            done.extend(reply.texts);
        }
        for (text, sent) in done.iter().zip(&batch.texts) {
            let text = text.as_ref().unwrap_or_else(|why| panic!("{kind:?}: {why}"));
            let as_sent = if engine.term_form() == TermForm::Element { sent.text.clone() } else { sent.in_words() };
            let upper = Marked::new(as_sent.pieces().iter().map(|piece| match piece {
                relais::model::Piece::Text(text) => relais::model::Piece::Text(text.to_uppercase()),
                mark => mark.clone(),
            }));
            assert_eq!(*text, upper, "{kind:?}");
        }
        assert_eq!(done.len(), TEXTS.len());
    }
}

#[tokio::test]
async fn engines_are_known_by_kind_and_model() {
    for (kind, identity) in [
        (EngineKind::Deepl, "deepl"),
        (EngineKind::Libretranslate, "libretranslate"),
        (EngineKind::Openai, "openai:small-1"),
        (EngineKind::Ollama, "ollama:small-1"),
        (EngineKind::Anthropic, "anthropic:small-1"),
        (EngineKind::Google, "google"),
        (EngineKind::Azure, "azure"),
        (EngineKind::Apertium, "apertium"),
    ] {
        let plain = settings(kind, "http://127.0.0.1:9");
        let through = EngineSettings { pivot: Some(lang("es")), in_flight: Some(7), ..plain.clone() };
        assert_eq!(engine(plain).identity(), identity);
        let through = engine(through);
        assert_eq!(through.identity(), format!("{identity} via es"));
        assert_eq!(through.limits().in_flight, 7);
    }
}

#[tokio::test]
async fn what_is_missing_is_named_and_nothing_secret_shown() {
    let missing = |settings: EngineSettings| match open(settings, caller()).map(|_| ()) {
        Err(EngineOpenError::Missing { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    for kind in services() {
        let without_url = EngineSettings { url: None, ..settings(kind, "") };
        if matches!(kind, EngineKind::Libretranslate | EngineKind::Apertium) {
            assert_eq!(missing(without_url), "url");
        } else {
            assert!(open(without_url.clone(), caller()).is_ok(), "{kind:?} has an address of its vendor");
            let keyless = EngineSettings { key: None, ..without_url };
            if kind == EngineKind::Ollama {
                assert!(open(keyless, caller()).is_ok());
            } else {
                assert_eq!(missing(keyless), "key", "{kind:?}");
            }
        }
        if kind.is_language_model() {
            assert_eq!(missing(EngineSettings { model: None, ..settings(kind, "http://127.0.0.1") }), "model");
        }
    }
    for (change, shown) in [
        (settings(EngineKind::Deepl, "ftp://u:secret@host"), "url"),
        (settings(EngineKind::Deepl, "http://u:secret@host"), "url"),
        (settings(EngineKind::Deepl, "secret"), "url"),
        (EngineSettings { key: Some("secret\n".to_owned().into()), ..settings(EngineKind::Deepl, "http://host") }, "key"),
        (EngineSettings { region: Some("secret\n".to_owned()), ..settings(EngineKind::Azure, "http://host") }, "region"),
    ] {
        let error = open(change, caller()).map(|_| ()).expect_err("an error").to_string();
        assert!(error.starts_with(&format!("`{shown}` of [engine.main] cannot be used")) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_gets_neither_key_nor_texts() {
    let (origin, elsewhere) = (Origin::start().await, Origin::start().await);
    origin.on("/v2/translate", Reply::redirect(307, &elsewhere.url("/v2/translate")));
    let engine = engine(settings(EngineKind::Deepl, &origin.url("")));
    let error = engine.translate(&batch(&TEXTS)).await.expect_err("a refusal");
    assert!(
        matches!(error, relais::translate::EngineError::Misconfigured { .. }) && error.to_string().contains("`url`"),
        "{error}"
    );
    assert_eq!((origin.count(), elsewhere.count()), (1, 0));
}

#[tokio::test]
async fn a_pair_without_a_direct_way_goes_through_the_pivot() {
    let server = EngineServer::start(EngineKind::Apertium).await;
    let settings = EngineSettings { pivot: Some(lang("es")), ..settings(EngineKind::Apertium, &server.url()) };
    let engine = engine(settings);
    let batch = Batch { to: lang("en"), ..batch(&["Le <x1>chat</x1> <x9/>"]) };
    let priced = price(&*engine, &batch);
    for (asked, pairs) in [(3, ["fr%7Cen", "fr%7Ces", "es%7Cen"].as_slice()), (5, &["fr%7Ces", "es%7Cen"])] {
        let reply = engine.translate(&batch).await.expect("a reply");
        let text = reply.texts[0].as_ref().expect("a translation");
        assert_eq!(text.marks(), batch.texts[0].in_words().marks());
        assert!(reply.used.characters >= 2 * 19 && reply.used.characters <= priced.characters, "{:?} {priced:?}", reply.used);
        let requests = server.requests();
        assert_eq!(requests.len(), asked, "the direct way is tried once");
        for (request, pair) in requests[asked - pairs.len()..].iter().zip(pairs) {
            assert!(request.body.contains(pair), "{}", request.body);
        }
    }
    // To the middle, and where there is a way, it goes directly.
    for to in ["es", "ca"] {
        let before = server.requests().len();
        engine.translate(&Batch { to: lang(to), ..batch.clone() }).await.expect("a reply");
        assert_eq!(server.requests().len(), before + 1, "{to}");
    }
}
