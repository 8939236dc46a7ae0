//! Headlines that say where they come from.

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::EngineServer;
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

#[tokio::test]
async fn headline_names_the_source_in_every_format() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + "headline = \"{source}: {title}\"\n"));
    world.relais(&["run"]).await;
    for ending in ["atom", "rss", "json", "html"] {
        let text = world.output(&format!("jeux.{ending}"));
        assert!(text.contains("Le journal a: Titre 0 : l’été à Paris"), "{ending}: {text}");
    }
}

#[tokio::test]
async fn another_headline_is_published_and_nothing_is_translated_again() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let tables = |headline: &str| {
        format!(
            "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
             [edition.jeux]\nlangs = [\"en\"]\nengines = [\"lt\"]\n{headline}",
            origin.url("/a"),
            engine.url()
        )
    };
    let titles = |world: &World| {
        let feed: Value = serde_json::from_str(&world.output("jeux.en.json")).expect("JSON");
        let items = feed["items"].as_array().expect("items").iter();
        items.map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let world = World::new(&tables(""));
    world.relais(&["run"]).await;
    let (plain, sent) = (titles(&world), engine.texts());
    world.configure("", &tables("headline = \"{title} ({source})\"\n"));
    world.relais(&["run"]).await;
    assert_eq!(titles(&world), plain.iter().map(|title| format!("{title} (Le journal a)")).collect::<Vec<_>>());
    assert!(!sent.is_empty() && sent.iter().all(|text| !text.contains("journal")), "{sent:?}");
    assert_eq!(engine.texts(), sent);
}
