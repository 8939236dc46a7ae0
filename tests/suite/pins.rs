//! Entries that an edition pins, and entries that it mutes.

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// A world of two sources: a has stories 1 to 3, b has the older 0, and more keys of the edition.
async fn world(edition: &str) -> (Origin, World) {
    let origin = Origin::start().await;
    let mut told = stories(1..4);
    "Pronostics : l’Équipe de France en finale".clone_into(&mut told[1].title);
    origin.on("/a", Reply::ok(rss("a", &told)));
    origin.on("/b", Reply::ok(rss("b", &stories(0..1))));
    let world = World::new(&(tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]) + edition));
    world.relais(&["run"]).await;
    (origin, world)
}

/// The items of the edition: the ends of their links.
fn numbers(world: &World) -> Vec<String> {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    items.map(|item| item["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a link").to_owned()).collect()
}

#[tokio::test]
async fn pinned_source_term_or_entry_leads() {
    for (pin, expected) in [
        ("", ["3", "2", "1", "0"]),
        ("pin = { sources = [\"b\"] }\n", ["0", "3", "2", "1"]),
        ("pin = { terms = [\"l'equipe de france\"] }\n", ["2", "3", "1", "0"]),
        ("pin = { entries = [\"http://www.a.example.org/1/\"] }\n", ["1", "3", "2", "0"]),
        ("pin = { terms = [\"finale\"] }\nmute = { entries = [\"https://a.example.org/9\"] }\n", ["2", "3", "1", "0"]),
    ] {
        let (_origin, world) = world(pin).await;
        assert_eq!(numbers(&world), expected, "{pin:?}");
        for ending in ["atom", "rss", "html"] {
            let text = world.output(&format!("jeux.{ending}"));
            let place =
                |number: &str| text.find(&format!(".example.org/{number}\"")).or(text.find(&format!(".example.org/{number}<")));
            let places: Vec<Option<usize>> = expected.iter().map(|number| place(number)).collect();
            assert!(places.is_sorted() && !places.contains(&None), "{ending}: {places:?}");
        }
    }
}

#[tokio::test]
async fn muted_source_term_or_entry_is_not_shown() {
    for (mute, expected) in [
        ("mute = { sources = [\"a\"] }\n", vec!["0"]),
        ("mute = { terms = [\"PRONOSTICS\"] }\n", vec!["3", "1", "0"]),
        ("mute = { terms = [\"pronostic\"] }\n", vec!["3", "2", "1", "0"]),
        ("mute = { entries = [\"http://www.a.example.org/3/\"] }\n", vec!["2", "1", "0"]),
        ("pin = { sources = [\"a\"] }\nmute = { sources = [\"a\"] }\n", vec!["0"]),
    ] {
        let (_origin, world) = world(mute).await;
        assert_eq!(numbers(&world), expected, "{mute:?}");
    }
}

#[tokio::test]
async fn pinned_entry_has_a_place_at_any_age() {
    let (origin, world) = world("limit = 2\n").await;
    // Three days later.
    origin.on("/a", Reply::ok(rss("a", &stories(5001..5004))));
    world.relais(&["run", "--force"]).await;
    assert_eq!(numbers(&world), ["5003", "5002"]);
    let tables = tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]);
    world.configure("", &(tables + "limit = 2\npin = { entries = [\"https://b.example.org/0\"] }\n"));
    world.relais(&["run"]).await;
    assert_eq!(numbers(&world), ["0", "5003"]);
}

#[tokio::test]
async fn entry_is_muted_by_its_published_id_with_its_copies() {
    let origin = Origin::start().await;
    let copy =
        |name: &str| rss(name, &[Story::new(5), Story::new(1)]).replace(&format!("{name}.example.org/5"), "agence.example/5");
    origin.on("/a", Reply::ok(copy("a")));
    origin.on("/b", Reply::ok(copy("b")));
    let tables = tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]);
    let world = World::new(&tables);
    world.relais(&["run"]).await;
    assert_eq!(numbers(&world), ["5", "1", "1"]);
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let id = feed["items"][0]["id"].as_str().expect("an id");
    world.configure("", &format!("{tables}mute = {{ entries = [\"{id}\"] }}\n"));
    world.relais(&["run"]).await;
    assert_eq!(numbers(&world), ["1", "1"]);
}

#[tokio::test]
async fn muted_entry_is_not_translated() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
         [edition.jeux]\nlangs = [\"en\"]\nengines = [\"lt\"]\nmute = {{ terms = [\"titre 1\"] }}\n",
        origin.url("/a"),
        engine.url()
    ));
    let dry = world.relais(&["run", "--dry-run", "--json"]).await.json();
    world.relais(&["run"]).await;
    let texts = engine.texts();
    assert!(texts.iter().any(|text| text.contains("Titre 0")) && !texts.iter().any(|text| text.contains("Titre 1")), "{texts:?}");
    assert_eq!(dry["translation"]["sent"], texts.len(), "{dry}");
}
