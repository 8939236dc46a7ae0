//! The key of an engine that is not there: it stops what needs the engine, and nothing else.

use relais::model::EngineKind;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// A French source, an edition in French, and one in English through an engine whose key is not there.
async fn world() -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    let story =
        Story { number: 1, title: "Le judo français attend ses médailles".to_owned(), html: "<p>Un texte.</p>".to_owned() };
    origin.on("/a", Reply::ok(rss("a", &[story])).header("content-type", "application/rss+xml"));
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n\
         [engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\nkey = {{ env = \"RELAIS_TEST_NOT_SET\" }}\n\
         [edition.jeux]\nlangs = [\"fr\"]\n[edition.games]\nlangs = [\"en\"]\nengines = [\"lt\"]\nuntranslated = \"original\"\n",
        origin.url("/a"),
        server.url(),
    ));
    (origin, server, world)
}

#[tokio::test]
async fn commands_that_call_no_engine_go_without_its_key() {
    let (_origin, _server, world) = world().await;
    for command in [&["status"][..], &["check"], &["opml", "export"], &["retranslate"], &["memory", "export"]] {
        let ended = world.relais(command).await;
        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
    }
}

#[tokio::test]
async fn check_warns_of_a_missing_key() {
    let (_origin, _server, world) = world().await;
    let ended = world.relais(&["check"]).await;
    assert!(ended.stderr.contains("RELAIS_TEST_NOT_SET") && ended.stderr.contains("hint"), "{ended:?}");
}

#[tokio::test]
async fn run_without_a_key_publishes_and_tells_the_engine_as_a_fault() {
    let (_origin, server, world) = world().await;
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let faults = &ended.json()["faults"];
    assert_eq!((&faults[0]["engine"], &faults[0]["kind"]), (&"lt".into(), &"unauthorized".into()), "{faults}");
    for edition in ["jeux.fr.json", "games.en.json"] {
        assert!(world.output(edition).contains("Le judo français"), "{edition}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn translate_without_a_key_is_an_error_that_names_the_variable() {
    let (_origin, _server, world) = world().await;
    let ended = world.relais(&["translate", "Un chat", "--from", "fr", "--to", "en"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("RELAIS_TEST_NOT_SET"), "{ended:?}");
}
