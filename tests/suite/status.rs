//! `relais status` and the commands that print what the program knows of itself.

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

#[tokio::test]
async fn status_shows_the_health_of_each_source() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("lost", origin.url("/lost"))]));
    let before = world.relais(&["status"]).await;
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(before.stdout.contains("Nothing has run yet"));
    assert!(!world.path("relais.db").exists(), "looking makes nothing");
    world.relais(&["run"]).await;
    world.relais(&["run", "--force"]).await;
    let ended = world.relais(&["status", "--json"]).await;
    assert_eq!(ended.code, Some(3), "a source is broken");
    let status = ended.json();
    assert_eq!(status["run"]["run"], 2);
    assert_eq!(status["sources"][0]["state"], "good");
    assert_eq!(status["sources"][1]["state"], "broken");
    assert_eq!(status["sources"][1]["failures"], 2, "{status}");
    assert_eq!(status["sources"][1]["fault"]["kind"], "not-found");
    assert_eq!(status["store"]["entries"], 3);
    let shown = world.relais(&["status"]).await.stdout;
    assert!(shown.contains("Le journal a") && shown.contains("404") && shown.contains("2 failures in a row"), "{shown}");
}

#[tokio::test]
async fn schema_completions_and_man_are_printed() {
    let world = World::new("");
    let schema = world.relais(&["schema"]).await;
    assert_eq!(schema.code, Some(0));
    assert!(schema.json()["properties"]["source"].is_object());
    for (args, part) in [(&["completions", "bash"][..], "_relais"), (&["man"], ".TH relais 1"), (&["--help"], "--config")] {
        let ended = world.relais(args).await;
        assert!(ended.code == Some(0) && ended.stdout.contains(part), "{args:?}: {ended:?}");
    }
    world.relais(&["man", "pages"]).await;
    for page in ["relais.1", "relais-run.1", "relais-memory-export.1"] {
        assert!(world.path("pages").join(page).exists(), "{page}, to which another page refers");
    }
}
