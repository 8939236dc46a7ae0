//! Words that Apertium does not know: it leaves them in French, and says so by a sign.

use relais::model::EngineKind;
use serde_json::Value;

use super::{LIBRE, feed, story};
use crate::support::engine::EngineServer;
use crate::support::origin::Origin;
use crate::support::program::World;

const TITLE: (&str, &str) = ("Le ski attend la neige de la montagne", "El esquí espera la nieve de la montaña");
/// A sentence with one word that it does not know, one with an unknown name, and one of which it knows little.
const WORD: (&str, &str) = ("La biathlète attend son heure avec patience.", "La *biathlète espera su hora con paciencia.");
const NAME: (&str, &str) = ("Hier Perrot a gagné la course de la ville.", "Ayer *Perrot ganó la carrera de la ciudad.");
const MUCH: (&str, &str) = ("La tringle brumise le zorglub.", "La *tringle *brumise el *zorglub.");
/// The answers of another engine.
const BETTER: [(&str, &str); 2] =
    [(WORD.0, "La biatleta espera su hora con paciencia."), (MUCH.0, "La varilla rocía el artefacto.")];

/// A server that translates these sentences, and gives others back.
async fn server(kind: EngineKind, sentences: &'static [(&'static str, &'static str)]) -> EngineServer {
    let server = EngineServer::start(kind).await;
    server.translate_with(move |text| {
        let found = sentences.iter().find(|(source, _)| *source == text.trim());
        found.map_or_else(|| text.to_owned(), |(source, target)| text.replace(source, target))
    });
    server
}

/// A world with an edition in Spanish through these engines, after a run. Returns what was published.
async fn published(engines: &[(&str, &EngineServer, &str)]) -> (World, Value) {
    let origin = Origin::start().await;
    let text = format!("<p>{} {}</p><p>{}</p>", WORD.0, NAME.0, MUCH.0);
    origin.on("/a", feed(&[story(1, TITLE.0, &text)]));
    let mut tables = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    for (id, server, kind) in engines {
        tables.push_str(&format!("[engine.{id}]\nurl = \"{}\"\n{kind}\n", server.url()));
    }
    let ids: Vec<String> = engines.iter().map(|(id, ..)| format!("\"{id}\"")).collect();
    tables.push_str(&format!(
        "[edition.jeux]\ntitle = \"Juegos\"\nlangs = [\"es\"]\nshow = \"full\"\nuntranslated = \"original\"\nengines = [{}]\n",
        ids.join(", ")
    ));
    let world = World::new(&tables);
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let output: Value = serde_json::from_str(&world.output("jeux.es.json")).expect("JSON");
    (world, output["items"][0].clone())
}

const APERTIUM: &str = "kind = \"apertium\"";

#[tokio::test]
async fn sign_of_an_unknown_word_never_reaches_a_reader() {
    let apertium = server(EngineKind::Apertium, &[TITLE, WORD, NAME, MUCH]).await;
    let (world, item) = published(&[("ap", &apertium, APERTIUM)]).await;
    for file in ["jeux.es.json", "jeux.es.atom", "jeux.es.rss"] {
        assert!(!world.output(file).contains(['*', '\u{e000}']), "{file}");
    }
    let content = item["content_html"].as_str().expect("a content");
    assert!(content.contains("Ayer Perrot ganó"), "an unknown name is one: {content}");
    assert!(content.contains("La biathlète espera"), "no other engine knows the word: {content}");
    assert!(content.contains(MUCH.0) && content.contains("lang=\"fr\""), "it is not translated: {content}");
    let asked = world.relais(&["translate", NAME.0, "--from", "fr", "--to", "es"]).await;
    assert!(!asked.stderr.contains("unknown-word"), "{asked:?}");
    let asked = world.relais(&["translate", MUCH.0, "--from", "fr", "--to", "es"]).await;
    assert!(asked.stderr.contains("unknown-word"), "{asked:?}");
}

#[tokio::test]
async fn unknown_word_goes_to_the_next_engine_and_an_unknown_name_does_not() {
    let apertium = server(EngineKind::Apertium, &[TITLE, WORD, NAME, MUCH]).await;
    let libre = server(EngineKind::Libretranslate, &BETTER).await;
    let (_world, item) = published(&[("ap", &apertium, APERTIUM), ("lt", &libre, LIBRE)]).await;
    let content = item["content_html"].as_str().expect("a content");
    for better in BETTER {
        assert!(content.contains(better.1), "{content}");
    }
    assert!(content.contains("Ayer Perrot ganó"), "{content}");
    assert!(!libre.texts().iter().any(|text| text.contains("Perrot")), "{:?}", libre.texts());
}

#[tokio::test]
async fn unknown_word_is_told_of_a_text_that_the_memory_has() {
    let apertium = server(EngineKind::Apertium, &[TITLE, WORD, NAME, MUCH]).await;
    let (world, _) = published(&[("ap", &apertium, APERTIUM)]).await;
    for _ in 0..2 {
        let review = world.relais(&["review", "--json"]).await.json();
        let of_word = review.as_array().expect("segments").iter().find(|segment| segment["source"] == WORD.0).cloned();
        let of_word = of_word.unwrap_or_else(|| panic!("it is listed: {review}"));
        assert_eq!(
            (&of_word["state"], &of_word["reasons"]),
            (&"doubted".into(), &serde_json::json!(["unknown-word"])),
            "{review}"
        );
        world.relais(&["retranslate"]).await;
        world.relais(&["run", "--force"]).await;
    }
}

/// The same sentence as an engine without signs answers it.
const UNSIGNED: (&str, &str) = ("La biathlète attend son heure avec patience.", "La biathlète espera su hora con paciencia.");

#[tokio::test]
async fn french_word_that_an_engine_without_signs_leaves_goes_to_the_next_one_or_is_noted() {
    let first = server(EngineKind::Libretranslate, &[UNSIGNED, TITLE]).await;
    let second = server(EngineKind::Libretranslate, &[BETTER[0], TITLE]).await;
    let origin = Origin::start().await;
    origin.on("/a", feed(&[story(1, TITLE.0, &format!("<p>{}</p>", UNSIGNED.0))]));
    for (engines, expected) in [("\"one\"", UNSIGNED.1), ("\"one\", \"two\"", BETTER[0].1)] {
        let world = World::new(&format!(
            "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.one]\nurl = \"{}\"\n{LIBRE}\n[engine.two]\nurl = \"{}\"\n{LIBRE}\n\
             [edition.jeux]\nlangs = [\"es\"]\nshow = \"full\"\nengines = [{engines}]\n",
            origin.url("/a"),
            first.url(),
            second.url()
        ));
        let ended = world.relais(&["run", "--json"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let published: Value = serde_json::from_str(&world.output("jeux.es.json")).expect("JSON");
        let content = published["items"][0]["content_html"].as_str().expect("a content");
        assert!(content.contains(expected), "{engines}: {content}");
        let review = world.relais(&["review", "--json"]).await.stdout;
        assert_eq!(review.contains("unknown-word"), engines == "\"one\"", "{review}");
    }
}
