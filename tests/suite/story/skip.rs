//! Editions that leave out what is not translated (`untranslated = "skip"`): a story is told by the best of those who can be.

use std::time::Duration;

use serde_json::Value;

use crate::support::engine::words::english as translated;
use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;
use crate::unchanged::run_later;

use super::{FIRST, Item, OTHER, RICHER, english, feed, publish, translated_world_with};

const SKIP: &str = "untranslated = \"skip\"\n";
/// Words of which each text of `RICHER` has one, and no other text.
const OF_RICHER: [&str; 4] = ["Japon", "quatuor", "Caumont", "or pour"];
/// The same event as `FIRST`, in a headline alone.
const HEADLINE: Item<'_> = (1, 12, RICHER.2, "");

/// Has the engine give back the texts of `RICHER` as they are, which the checks refuse.
fn refuse_richer(engine: &EngineServer) {
    engine.translate_with(|text| {
        let is_refused = OF_RICHER.iter().any(|words| text.contains(words));
        if is_refused { text.to_owned() } else { translated(text) }
    });
}

/// The ids and dates of the items of the English edition.
fn identities(world: &World) -> Vec<(Value, Value)> {
    let feed: Value = serde_json::from_str(&world.output("jeux.en.json")).expect("JSON");
    let identity = |item: &Value| (item["id"].clone(), item["date_published"].clone());
    feed["items"].as_array().expect("items").iter().map(identity).collect()
}

/// A world whose leader cannot be translated, after one run.
async fn refused_world(tables: impl Fn(&str) -> String, leader: Item<'_>) -> (Origin, EngineServer, World) {
    let (origin, engine, world) = translated_world_with(SKIP).await;
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("feeds.toml");
    write(&world, &tables(&text));
    refuse_richer(&engine);
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[leader])]).await;
    (origin, engine, world)
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(world: &World, text: &str) {
    std::fs::write(world.path("feeds.toml"), text).expect("it can be written");
}

fn preferring_b(tables: &str) -> String {
    tables.replace("[source.b]\n", "[source.b]\nprefer = 1\n")
}

#[tokio::test]
async fn story_whose_leader_cannot_be_translated_is_told_by_another_source() {
    let (_origin, engine, world) = refused_world(str::to_owned, RICHER).await;
    assert_eq!(english(&world), [("a".to_owned(), 1)]);
    let before = identities(&world);
    engine.translate_with(translated);
    run_later(&world, Duration::from_hours(25)).await;
    assert_eq!(english(&world), [("b".to_owned(), 1)], "the leader is translated later");
    assert_eq!(identities(&world), before, "and is no new item");
}

#[tokio::test]
async fn entry_of_which_every_text_is_refused_is_left_out() {
    let (origin, engine, world) = translated_world_with(SKIP).await;
    refuse_richer(&engine);
    publish(&origin, &world, &[("b", &[HEADLINE])]).await;
    assert_eq!(english(&world), [], "it would be shown in French");
    publish(&origin, &world, &[("a", &[FIRST])]).await;
    assert_eq!(english(&world), [("a".to_owned(), 1)]);
    let explained = world.relais(&["explain", "https://b.example.org/1"]).await.stdout;
    assert!(explained.contains("not shown"), "{explained}");
}

#[tokio::test]
async fn preferred_source_that_cannot_be_translated_gives_way() {
    let (_origin, _engine, world) = refused_world(preferring_b, HEADLINE).await;
    assert_eq!(english(&world), [("a".to_owned(), 1)], "the headline alone was refused, and another source tells the event");
}

#[tokio::test]
async fn second_telling_is_not_paid_for_if_the_leader_is_translated() {
    let (origin, engine, world) = translated_world_with(SKIP).await;
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER])]).await;
    assert_eq!(english(&world), [("b".to_owned(), 1)]);
    assert!(!engine.texts().concat().contains("Relais : Kylian Marteau"), "{:?}", engine.texts());
}

#[tokio::test]
async fn engine_that_is_down_is_asked_for_no_second_telling() {
    let (origin, engine, world) = translated_world_with(SKIP).await;
    engine.then(Misbehaviour::Status(503), 99);
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER])]).await;
    assert_eq!(english(&world), []);
    assert!(!engine.requests().iter().any(|request| request.body.contains("Relais")), "{:?}", engine.requests());
}

#[tokio::test]
async fn story_that_was_told_stays_while_a_new_leader_waits() {
    let (origin, engine, world) = translated_world_with(SKIP).await;
    publish(&origin, &world, &[("a", &[FIRST])]).await;
    let before = identities(&world);
    engine.then(Misbehaviour::Status(503), 99);
    publish(&origin, &world, &[("b", &[RICHER])]).await;
    assert_eq!((english(&world), identities(&world)), (vec![("a".to_owned(), 1)], before.clone()));
    engine.recover();
    origin.on("/c", Reply::ok(feed("c", &[OTHER])));
    world.relais(&["run", "--force"]).await;
    assert!(english(&world).contains(&("b".to_owned(), 1)), "{:?}", english(&world));
    assert!(identities(&world).contains(&before[0]));
}
