//! `relais explain`: each decision about one entry, from its feed to the files that it is in.

use relais::model::EngineKind;
use serde_json::{Value, json};

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const ITEMS: &str = "
    <item><guid>1</guid><link>https://news.example/1</link><title>Les Jeux olympiques ouvrent</title>
      <pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item>
    <item><guid>2</guid><link>https://news.example/2</link><title>Le judo français gagne</title>
      <pubDate>Tue, 24 Nov 2026 09:00:00 GMT</pubDate></item>
    <item><guid>3</guid><link>https://news.example/3</link><title>Une nageuse gagne</title></item>";

fn feed(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Sport</title><link>https://news.example/</link>{items}</channel></rss>")
}

/// A world that has read a feed of three entries into an edition of `limit` items.
async fn world(limit: usize) -> (World, Origin) {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(feed(ITEMS)));
    let sources =
        tables(&[("sport", origin.url("/feed"))]).replace("[edition.jeux]", &format!("[edition.jeux]\nlimit = {limit}"));
    let world = World::new(&sources);
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (world, origin)
}

async fn explain(world: &World, name: &str) -> Value {
    world.relais(&["explain", "--json", name]).await.json()
}

#[tokio::test]
async fn entry_is_found_by_its_link_however_it_is_written() {
    let (world, _origin) = world(10).await;
    let explained = explain(&world, "http://www.news.example/2/?utm_source=rss").await;
    assert_eq!((&explained["title"], &explained["source"]), (&json!("Le judo français gagne"), &json!("sport")));
    let id = format!("tag:relais.example.org,2026:entry/{}:en", explained["id"].as_str().expect("an id"));
    assert_eq!(explain(&world, &id).await["id"], explained["id"], "and by its id in the output");
}

#[tokio::test]
async fn several_entries_that_match_are_listed_with_their_ids() {
    let (world, _origin) = world(10).await;
    let ended = world.relais(&["explain", "GAGNE"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("2 entries match “GAGNE”") && ended.stderr.contains("sport: Une nageuse gagne"),
        "{}",
        ended.stderr
    );
    let explained = world.relais(&["explain", "nageuse", "gagne"]).await;
    assert!(explained.code == Some(0) && explained.stdout.starts_with("Une nageuse gagne\n"), "{explained:?}");
}

#[tokio::test]
async fn entry_that_is_not_stored_is_told_with_a_way_to_see_why() {
    let (world, _origin) = world(10).await;
    let ended = world.relais(&["explain", "https://news.example/99"]).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("relais preview"), "{ended:?}");
}

#[tokio::test]
async fn date_is_explained_by_where_it_comes_from() {
    let (world, _origin) = world(10).await;
    let dates = |explained: Value| (explained["dates"]["because"].clone(), explained["dates"]["believed"].clone());
    let declared = dates(explain(&world, "https://news.example/1").await);
    assert_eq!(declared, (json!("published"), json!("2026-11-24T10:00:00Z")));
    assert_eq!(dates(explain(&world, "https://news.example/3").await).0, json!("first-seen"));
}

#[tokio::test]
async fn place_in_an_edition_is_told_with_its_files_and_without_one_the_reason() {
    let (world, _origin) = world(1).await;
    let first = &explain(&world, "https://news.example/1").await["editions"][0];
    assert_eq!((&first["place"], &first["items"]), (&json!(1), &json!(1)), "{first}");
    assert!(first["files"].as_array().is_some_and(|files| files.contains(&json!("jeux.atom"))), "{first}");
    let second = &explain(&world, "https://news.example/2").await["editions"][0];
    assert_eq!((&second["place"], &second["files"]), (&Value::Null, &json!([])));
    assert!(second["reason"].as_str().is_some_and(|reason| reason.contains("older than the 1 items")), "{second}");
}

#[tokio::test]
async fn withdrawn_entry_is_explained_by_its_link() {
    let origin = Origin::start().await;
    let feed = |stories: &[Story]| Reply::ok(rss("sport", stories));
    origin.on("/feed", feed(&stories(1..5)));
    let world = World::new(&tables(&[("sport", origin.url("/feed"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let left: Vec<Story> = stories(1..5).into_iter().filter(|story| story.number != 2).collect();
    origin.on("/feed", feed(&left));
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    let explained = explain(&world, "https://sport.example.org/2").await;
    assert_eq!(explained["is_withdrawn"], json!(true), "{explained}");
    assert!(explained["editions"][0]["reason"].as_str().is_some_and(|reason| reason.contains("has removed it")), "{explained}");
}

#[tokio::test]
async fn segments_are_told_with_their_maker_or_the_reason_why_they_are_left() {
    let (origin, server) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    origin.on("/feed", Reply::ok(feed(ITEMS)));
    let engine = format!(
        "[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\nprice = {{ per_million_characters = 20.0, currency = \"EUR\" }}\n",
        server.url()
    );
    let edition = "[edition.jeux]\ntitle = \"Games\"\nlangs = [\"en\"]\nengines = [\"lt\"]\nshow = \"title\"\nuntranslated = \"original\"\n";
    let source = format!("[source.sport]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/feed"));
    let world = World::new(&format!("{source}{engine}{edition}"));
    server.then(Misbehaviour::Status(500), 99);
    world.relais(&["run"]).await;
    let waiting = &explain(&world, "https://news.example/2").await["editions"][0]["translation"];
    let left = waiting["segments"][0]["left"].as_str().unwrap_or_default();
    assert!(left.starts_with("the next run sends it; until now engine-unavailable (") && left.contains("500"), "{waiting}");
    assert_eq!(
        (&waiting["made"], &waiting["segments"][0]["reasons"]),
        (&Value::Null, &json!(["engine-unavailable"])),
        "{waiting}"
    );
    assert!(waiting["segments"][0]["cost"].as_f64().is_some_and(|cost| cost > 0.0), "{waiting}");
    server.recover();
    world.relais(&["run", "--force"]).await;
    let done = &explain(&world, "https://news.example/2").await["editions"][0]["translation"];
    assert_eq!((&done["segments"][0]["by"], &done["segments"][0]["left"]), (&json!("libretranslate"), &Value::Null), "{done}");
    assert!(done["made"].is_string() && done["segments"][0]["target"].is_string(), "{done}");
}
