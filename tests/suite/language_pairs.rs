//! Engines that lack a pair of languages, or refuse everything: one pair never stops the others.

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const FRENCH: [&str; 2] = [
    "La natation française quitte le bassin de Nanterre pour celui de Saint-Ouen",
    "Le judo français attend toujours les médailles de ses champions",
];
const ITALIAN: [&str; 2] =
    ["La squadra italiana vince la finale davanti al pubblico", "Gli atleti italiani aspettano ancora le medaglie"];

fn feed(site: &str, titles: &[&str]) -> Reply {
    let stories: Vec<Story> =
        titles.iter().zip(1..).map(|(title, number)| Story { number, title: (*title).to_owned(), html: String::new() }).collect();
    Reply::ok(rss(site, &stories)).header("content-type", "application/rss+xml").tagged()
}

/// A French and an Italian source, one engine, and an edition in these languages that shows originals.
async fn world(engine: &str, langs: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/fr", feed("fr", &FRENCH));
    origin.on("/it", feed("it", &ITALIAN));
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new(&format!(
        "[source.fr]\nurl = \"{}\"\nlang = \"fr\"\n[source.it]\nurl = \"{}\"\nlang = \"it\"\n\
         [engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n{engine}\n\
         [edition.jeux]\ntitle = \"The Games\"\nlangs = [{langs}]\nshow = \"title\"\nengines = [\"lt\"]\nuntranslated = \"original\"\n",
        origin.url("/fr"),
        origin.url("/it"),
        server.url(),
    ));
    (origin, server, world)
}

/// Title and language of each item of an edition.
fn items(world: &World, lang: &str) -> Vec<(String, String)> {
    let feed: Value = serde_json::from_str(&world.output(&format!("jeux.{lang}.json"))).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    feed["items"].as_array().expect("items").iter().map(|item| (text(&item["title"]), text(&item["language"]))).collect()
}

fn refused(server: &EngineServer) -> usize {
    server.requests().iter().filter(|request| request.texts.is_empty()).count()
}

#[tokio::test]
async fn unsupported_source_language_does_not_stop_the_others() {
    let (_origin, server, world) = world("", "\"en\"").await;
    for run in 1..=2 {
        let ended = world.relais(&["run", "--force", "--json"]).await;
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let faults = ended.json()["faults"].as_array().expect("faults").clone();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!((&faults[0]["engine"], &faults[0]["kind"]), (&"lt".into(), &"unsupported-pair".into()));
        assert!(faults[0]["message"].as_str().is_some_and(|message| message.contains("from it into en")), "{faults:?}");
        assert_eq!(refused(&server), run, "the pair is asked for once a run");
    }
    let items = items(&world, "en");
    for title in ITALIAN {
        assert!(items.contains(&(title.to_owned(), "it".to_owned())), "it stays in the original: {items:?}");
    }
    for title in FRENCH {
        assert!(items.iter().all(|(shown, _)| shown != title), "it is translated: {items:?}");
    }
    assert_eq!(items.len(), 4);
    assert_eq!(server.texts().len(), FRENCH.len(), "and sent once");
}

#[tokio::test]
async fn unsupported_target_language_does_not_stop_the_other_edition() {
    let (origin, server, world) = world("", "\"de\", \"en\"").await;
    origin.on("/it", feed("it", &[]));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let faults = ended.json()["faults"].to_string();
    assert!(faults.contains("from fr into de") && !faults.contains("into en"), "{faults}");
    let (german, english) = (items(&world, "de"), items(&world, "en"));
    for title in FRENCH {
        assert!(german.contains(&(title.to_owned(), "fr".to_owned())), "{german:?}");
        assert!(english.iter().all(|(shown, _)| shown != title), "{english:?}");
    }
    assert_eq!((english.len(), refused(&server)), (2, 1));
}

#[tokio::test]
async fn wrong_key_stops_the_engine_for_all_languages_at_once() {
    let (_origin, server, world) = world("key = { file = \"key\" }\nin_flight = 1", "\"en\", \"es\"").await;
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("key"), "wrong-key").expect("a key can be written");
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let faults = ended.json()["faults"].as_array().expect("faults").clone();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((&faults[0]["engine"], &faults[0]["kind"]), (&"lt".into(), &"unauthorized".into()));
    assert_eq!(server.requests().len(), 1, "one request was enough");
}
