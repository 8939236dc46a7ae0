//! What becomes of texts: words, marks, names, long texts, batches.

use std::sync::Arc;

use relais::model::Usage;
use relais::translate::{Engine, EngineError, EngineSettings, LanguagePair};

use super::{batch, engine, lang, models, settings, translate};
use crate::support::catalogue::Catalogue;
use crate::support::marian::MarianModel;

#[tokio::test]
async fn texts_are_translated_in_this_process() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    let done = translate(&*engine, "en", &["le chat noir dort", "le comité olympique a voté hier.", "3,5 % et 10 Zidane"]).await;
    assert_eq!(done, ["the cat black sleeps", "the committee olympic has voted yesterday.", "3,5 % and 10 Zidane"]);
}

#[tokio::test]
async fn pair_without_a_model_goes_through_english() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    assert_eq!(translate(&*engine, "es", &["le chat <x1>noir</x1> dort"]).await, ["el gato <x1>negro</x1> duerme"]);
    let identity = |to: &str| engine.identity_of(&LanguagePair { from: lang("fr"), to: lang(to) }).into_owned();
    assert_eq!(identity("en"), "firefox:fr-en-3.0-base-memory");
    assert_eq!(identity("en-GB"), "firefox:fr-en-3.0-base-memory");
    assert_eq!(identity("es"), "firefox:fr-en-3.0-base-memory+en-es-3.1-base-memory");
    assert_eq!(identity("de"), "firefox");
}

#[tokio::test]
async fn missing_model_names_the_command_that_gets_it() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    for (to, command) in [("de", "`relais models add en-de`"), ("zh-TW", "`relais models add en-zh-Hant`")] {
        let error = engine.translate(&batch(to, &["le chat"])).await.expect_err("no model");
        assert!(matches!(error, EngineError::UnsupportedPair { .. }) && error.to_string().contains(command), "{error}");
    }
    let none = tempfile::tempdir().expect("a folder");
    let engine = super::engine(settings(none.path()));
    let error = engine.translate(&batch("es", &["le chat"])).await.expect_err("no model");
    assert!(error.to_string().contains("`relais models add fr-en en-es`"), "{error}");
}

#[tokio::test]
async fn marks_stand_around_the_words_that_they_stood_around() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    for (source, wanted) in [
        ("le <x1>chat noir</x1> dort", "the <x1>cat black</x1> sleeps"),
        ("<x1>le chat</x1> dort.", "<x1>the cat</x1> sleeps."),
        ("le <x1>chat <x2>noir</x2></x1> dort", "the <x1>cat <x2>black</x2></x1> sleeps"),
        ("<x1>le</x1> <x2>chat</x2> <x3>noir</x3>", "<x1>the</x1> <x2>cat</x2> <x3>black</x3>"),
        ("le chat<x1/> noir <x2/>dort", "the cat<x1/> black <x2/>sleeps"),
        ("<x1/>le chat dort<x2/>", "<x1/>the cat sleeps<x2/>"),
        ("<x1>le chat dort.</x1>", "<x1>the cat sleeps.</x1>"),
        ("le chat «\u{a0}<x1>dort</x1>\u{a0}» ici", "the cat « <x1>sleeps</x1> » here"),
        ("le <x1></x1>chat", "the <x1></x1>cat"),
        (" le <x1>chat</x1> ", " the <x1>cat</x1> "),
    ] {
        assert_eq!(translate(&*engine, "en", &[source]).await, [wanted], "{source}");
    }
}

#[tokio::test]
async fn name_that_is_held_back_comes_back_as_its_mark() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    let done = translate(&*engine, "en", &["le comité et <x9/> dort", "<x9/>", "<x1>le <x9/></x1> dort"]).await;
    assert_eq!(done, ["the committee and <x9/> sleeps", "<x9/>", "<x1>the <x9/></x1> sleeps"]);
}

#[tokio::test]
async fn text_beyond_the_window_of_the_model_loses_nothing() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    let clause = "le chat noir dort et la équipe gagne ici, ";
    let translated = "the cat black sleeps and the- team wins here, ";
    // One sentence of some 720 pieces, and one without any sign.
    let long = format!("{}le chat dort.", clause.repeat(80));
    let wordy = "chat noir ".repeat(200);
    let done = translate(&*engine, "en", &[&long, wordy.trim_end(), "le <x1>chat</x1> dort"]).await;
    assert_eq!(done[0], format!("{}the cat sleeps.", translated.repeat(80)));
    assert_eq!(done[1], "cat black ".repeat(200).trim_end());
    assert_eq!(done[2], "the <x1>cat</x1> sleeps");
    // Marks far apart, and one around more than the model reads at a time.
    let marked = format!("<x1>le</x1> {}<x2>{}dort</x2> ici.", clause.repeat(20), clause.repeat(20));
    let wanted = format!("<x1>the</x1> {}<x2>{}sleeps</x2> here.", translated.repeat(20), translated.repeat(20));
    assert_eq!(translate(&*engine, "en", &[&marked]).await, [wanted]);
}

#[tokio::test]
async fn model_that_finds_no_end_is_told_and_nothing_is_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut catalogue = Catalogue::default();
    catalogue.add(("fr", "en"), "3.0", &super::french().without_end());
    super::with_models(folder.path(), &catalogue, &[("fr", "en")]).await;
    let engine = engine(settings(folder.path()));
    for text in ["le chat noir dort", "le <x1>chat</x1> dort"] {
        let done = translate(&*engine, "en", &[text]).await;
        assert_eq!(done, ["(the model finds no end of its translation)"], "{text}");
    }
}

#[tokio::test]
async fn signs_that_the_model_does_not_know_stay_and_letters_leave_the_text_alone() {
    let folder = models().await;
    let engine = engine(settings(folder.path()));
    let done = translate(&*engine, "en", &["🏅 le chat dort 😀😀 ici", "le <x1>chat</x1> 😀 dort", "le chat Ж dort", "🏅"]).await;
    assert_eq!(done[..2], ["🏅 the cat sleeps 😀😀 here", "the <x1>cat</x1> 😀 sleeps"]);
    assert_eq!(done[2], "(the model does not know the character “Ж”)");
    assert_eq!(done[3], "🏅");
    let word = "x".repeat(400);
    assert_eq!(translate(&*engine, "en", &[&word]).await, ["(it has a word that is too long for the model)"]);
}

#[tokio::test]
async fn result_depends_neither_on_the_batch_nor_on_the_cores() {
    let folder = models().await;
    let texts: Vec<String> = (0..40)
        .map(|number| format!("le chat {} dort {number} fois et {}", "noir ".repeat(number % 7), "ici ".repeat(number)))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let on = |cores: usize| engine(EngineSettings { in_flight: Some(cores), ..settings(folder.path()) });
    let (one, three) = (on(1), on(3));
    let together = translate(&*one, "en", &texts).await;
    assert_eq!(translate(&*three, "en", &texts).await, together);
    for (text, wanted) in texts.iter().zip(&together) {
        assert_eq!(translate(&*one, "en", &[text]).await, std::slice::from_ref(wanted), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_billed_and_the_price_is_the_use() {
    let folder = models().await;
    let engine: Arc<dyn Engine> = engine(settings(folder.path()));
    let sent = batch("es", &["le <x1>chat</x1> dort", "<x9/> gagne"]);
    let reply = engine.translate(&sent).await.expect("a reply");
    let price =
        sent.texts.iter().map(|text| engine.price(text, &sent.from, &sent.to)).fold(Usage::default(), |sum, one| sum + one);
    assert_eq!(reply.used, price);
    assert_eq!((price.tokens_in, price.tokens_out), (0, 0));
}

#[tokio::test]
async fn late_batch_is_given_up() {
    let folder = models().await;
    let slow =
        EngineSettings { timeout: Some(std::time::Duration::from_millis(1)), in_flight: Some(1), ..settings(folder.path()) };
    let long = "le chat noir dort ici et ".repeat(400);
    let error = engine(slow).translate(&batch("en", &[&long])).await.expect_err("too late");
    assert!(
        matches!(error, EngineError::Transient { .. }) && error.to_string().contains("`timeout` of [engine.local]"),
        "{error}"
    );
}

#[test]
fn network_of_the_tests_has_all_words() {
    let model = MarianModel::word_for_word(&super::FRENCH);
    assert!(model.pieces.len() > 100 && model.pieces[0].0 == "</s>");
}
