//! Apertium and `LibreTranslate` themselves: `RELAIS_TEST_APY` and `RELAIS_TEST_LIBRETRANSLATE` are their addresses. Where one is
//! missing its test is skipped with one line, or fails if `RELAIS_REQUIRE_SERVERS=1` where they can be started (`RELAIS_SHARED`).

use relais::model::EngineKind;
use relais::translate::{EngineError, take_unknown_words};

use crate::support::program::server_address;

use super::{Batch, EngineSettings, engine, fitting, lang, outgoing, settings};

/// Sentences of our own, with all that marks are around in news.
const SENTENCES: [&str; 12] = [
    "Le <x1>comité d'organisation</x1> a présenté hier le nouveau stade.",
    "Selon <x9/>, plus de 12 500 spectateurs ont assisté à la finale.",
    "<x1><x2>La France</x2> a gagné</x1> trois médailles d'or.",
    "Il a couru le marathon en 2 heures et 5 minutes<x1/> malgré la pluie.",
    "« Nous sommes prêts », a dit <x1>la présidente</x1> à la presse.",
    "Prix : 5 &lt; 6 &amp; 7 &gt; 4, dit le <x1>règlement</x1>.",
    "Les athlètes <x1>français</x1>, <x2>italiens</x2> et <x3>espagnols</x3> arrivent demain.",
    "Voir <x1>le programme complet</x1> sur https://example.org/jeux?a=1&amp;b=2.",
    "Une phrase simple, sans aucune marque.",
    "<x1/>Photo du jour : la flamme à Marseille.<x2/>",
    "Dans le <x1>village</x1> de la <x9/>, tout est calme.",
    "Après la course, <x1>elle</x1> a parlé avec <x2>son entraîneur</x2> et <x9/>.",
];

/// Translates all sentences and counts those whose marks have come back, in place or not.
async fn kept(settings: EngineSettings, to: &str) -> usize {
    let engine = engine(settings);
    let batch = Batch { is_patient: false, from: lang("fr"), to: lang(to), texts: SENTENCES.map(outgoing).to_vec() };
    let mut kept = 0;
    for batch in fitting(&*engine, &batch) {
        let reply = engine.translate(&batch).await.unwrap_or_else(|error| panic!("{to}: {error}"));
        for (text, sent) in reply.texts.iter().zip(&batch.texts) {
            let text = text.as_ref().unwrap_or_else(|why| panic!("{}: {why}", sent.text.to_tagged()));
            let whole = text.marks() == sent.in_words().marks() && text.is_well_nested();
            assert_ne!(text.plain(), sent.text.plain(), "it is translated");
            kept += usize::from(whole);
            if !whole {
                println!("{} became {}", sent.text.to_tagged(), text.to_tagged());
            }
        }
    }
    println!("{} fr-{to}: the marks of {kept} of {} sentences are kept", engine.identity(), SENTENCES.len());
    kept
}

#[tokio::test]
async fn apertium_keeps_marks() {
    let Some(url) = server_address("RELAIS_TEST_APY") else { return };
    for to in ["ca", "es"] {
        assert_eq!(kept(settings(EngineKind::Apertium, &url), to).await, SENTENCES.len(), "{to}");
    }
    let through = EngineSettings { pivot: Some(lang("es")), ..settings(EngineKind::Apertium, &url) };
    assert_eq!(kept(through, "en").await, SENTENCES.len(), "through Spanish");
    let none = engine(settings(EngineKind::Apertium, &url));
    let batch = Batch { is_patient: false, from: lang("fr"), to: lang("ja"), texts: vec![outgoing("Un chat")] };
    assert!(matches!(none.translate(&batch).await, Err(EngineError::UnsupportedPair { message }) if message.contains("pivot")));
}

#[tokio::test]
async fn apertium_gives_back_what_it_must_not_touch() {
    let Some(url) = server_address("RELAIS_TEST_APY") else { return };
    let engine = engine(settings(EngineKind::Apertium, &url));
    let batch = Batch {
        is_patient: false,
        from: lang("fr"),
        to: lang("es"),
        texts: vec![outgoing(" Le chat &lt;b&gt; &amp;amp; 3,5\u{a0}% ")],
    };
    let reply = engine.translate(&batch).await.expect("a reply");
    let text = take_unknown_words(reply.texts[0].as_ref().expect("a text")).0.plain();
    assert!(text.starts_with(" El gato <") && text.ends_with("> &amp; 3,5\u{a0}% "), "{text:?}");
}

#[tokio::test]
async fn libretranslate_keeps_marks() {
    let Some(url) = server_address("RELAIS_TEST_LIBRETRANSLATE") else { return };
    for to in ["ca", "es"] {
        let kept = kept(settings(EngineKind::Libretranslate, &url), to).await;
        assert!(kept * 10 >= SENTENCES.len() * 9, "{kept} of {}: {to}", SENTENCES.len());
    }
    let none = engine(settings(EngineKind::Libretranslate, &url));
    let batch = Batch { is_patient: false, from: lang("fr"), to: lang("ja"), texts: vec![outgoing("Un chat")] };
    assert!(matches!(none.translate(&batch).await, Err(EngineError::UnsupportedPair { .. })));
}
