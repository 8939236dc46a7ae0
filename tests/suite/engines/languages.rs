//! The codes by which engines are asked for varieties of languages, and the sentences that vendors see together.

use relais::model::EngineKind;
use relais::translate::{Batch, SegmentContext};
use serde_json::Value;

use super::{EngineServer, batch, engine, lang, price, settings};
use crate::support::engine::{Misbehaviour, Recorded};

/// The code of the target language in a request.
fn target(kind: EngineKind, request: &Recorded) -> String {
    let value: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let form = |text: &str, name: &str| {
        let pairs = url::form_urlencoded::parse(text.as_bytes()).into_owned();
        pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value)).unwrap_or_default()
    };
    match kind {
        EngineKind::Deepl => value["target_lang"].as_str().unwrap_or_default().to_owned(),
        EngineKind::Azure => form(&request.query, "to"),
        EngineKind::Apertium => form(&request.body, "langpair").split_once('|').map_or_else(String::new, |(_, to)| to.to_owned()),
        _ => value["target"].as_str().unwrap_or_default().to_owned(),
    }
}

#[tokio::test]
async fn variety_that_a_server_lacks_is_asked_for_as_the_language_and_only_once() {
    for (kind, tag, codes) in [
        (EngineKind::Deepl, "de-CH", ["DE-CH", "DE", "DE"]),
        (EngineKind::Libretranslate, "zh-TW", ["zh-Hant", "zt", "zt"]),
        (EngineKind::Apertium, "ca-valencia", ["ca_valencia", "ca", "ca"]),
    ] {
        let server = EngineServer::start(kind).await;
        if kind == EngineKind::Deepl {
            // The others refuse the code themselves.
            server.then(Misbehaviour::UnsupportedPair, 1);
        }
        let engine = engine(settings(kind, &server.url()));
        let asked = Batch { to: lang(tag), ..batch(&["Une phrase."]) };
        for _ in 0..2 {
            engine.translate(&asked).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        }
        let sent: Vec<String> = server.requests().iter().map(|request| target(kind, request)).collect();
        assert_eq!(sent, codes, "{kind:?}");
    }
}

#[tokio::test]
async fn variety_that_a_vendor_does_not_list_is_asked_for_as_the_language() {
    for (kind, tag, code) in [
        (EngineKind::Google, "en-GB", "en"),
        (EngineKind::Google, "pt-PT", "pt-PT"),
        (EngineKind::Google, "zh-HK", "zh-TW"),
        (EngineKind::Azure, "es-419", "es"),
        (EngineKind::Azure, "zh-HK", "zh-Hant"),
    ] {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        engine.translate(&Batch { to: lang(tag), ..batch(&["Une phrase."]) }).await.expect("a reply");
        assert_eq!(target(kind, &server.requests()[0]), code, "{kind:?} {tag}");
    }
}

/// Three sentences, the last of another paragraph.
fn paragraphs() -> Batch {
    let texts = ["Le <x1>comité</x1> a voté.", "Le <x9/> attend <x1>douze</x1> athlètes.", "Une autre phrase."];
    let mut batch = batch(&texts);
    let context =
        |before: &str, continues| SegmentContext { before: Some(before.into()), continues, ..SegmentContext::default() };
    batch.texts[1].context = context("Le comité a voté.", true);
    batch.texts[2].context = context("Le CIO attend douze athlètes.", false);
    batch
}

#[tokio::test]
async fn sentences_of_a_paragraph_are_one_text_for_vendors_that_see_each_text_by_itself() {
    for kind in [EngineKind::Google, EngineKind::Azure] {
        let server = EngineServer::start(kind).await;
        server.translate_with(str::to_uppercase);
        let (engine, batch) = (engine(settings(kind, &server.url())), paragraphs());
        let reply = engine.translate(&batch).await.expect("a reply");
        let sent = server.texts();
        assert_eq!(sent.len(), 2, "{sent:?}");
        assert!(sent[0].starts_with("Le <b>comité</b> a voté. <u>Le <b") && sent[0].ends_with("athlètes.</u>"), "{sent:?}");
        let texts: Vec<String> = reply.texts.into_iter().map(|text| text.expect("a translation").to_tagged()).collect();
        assert_eq!(texts, ["LE <x1>COMITÉ</x1> A VOTÉ.", "LE <x9/> ATTEND <x1>DOUZE</x1> ATHLÈTES.", "UNE AUTRE PHRASE."]);
        let characters = sent.iter().map(|text| text.chars().count() as u64).sum::<u64>();
        assert_eq!(reply.used.characters, characters, "what is billed is what was sent");
        assert!(price(&*engine, &batch).characters >= characters, "no more than was reserved");
    }
}

#[tokio::test]
async fn paragraph_whose_sentences_cannot_be_told_apart_is_no_answer_for_any_of_them() {
    let server = EngineServer::start(EngineKind::Google).await;
    server.then(Misbehaviour::LostMarks, 1);
    let engine = engine(settings(EngineKind::Google, &server.url()));
    let reply = engine.translate(&paragraphs()).await.expect("a reply");
    assert_eq!(reply.texts.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, true]);
    let why = reply.texts[0].as_ref().expect_err("a reason").to_string();
    assert_eq!(why, "the sentences of its paragraph cannot be told apart");
}
