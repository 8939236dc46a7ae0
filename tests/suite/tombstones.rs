//! Entries that their source withdraws: the Atom feed says so, the other formats have no form for it.

use serde_json::Value;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// Publishes a feed with stories of these numbers.
async fn publish(origin: &Origin, world: &World, numbers: &[u32]) {
    origin.on("/a", Reply::ok(rss("a", &stories(numbers.iter().copied()))));
    world.relais(&["run", "--force"]).await;
}

/// The id of the item with this number.
fn id_of(world: &World, number: u32) -> String {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let mut items = feed["items"].as_array().expect("items").iter();
    let item = items.find(|item| item["url"].as_str().is_some_and(|url| url.ends_with(&format!("/{number}"))));
    item.expect("it is published")["id"].as_str().expect("an id").to_owned()
}

/// The ids of deleted entries in the Atom feed.
fn deleted(world: &World) -> Vec<String> {
    let atom = world.output("jeux.atom");
    let elements = atom.split("<at:deleted-entry ").skip(1);
    elements.map(|rest| rest.split("ref=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a ref").to_owned()).collect()
}

#[tokio::test]
async fn withdrawn_entry_is_told_by_a_tombstone() {
    let origin = Origin::start().await;
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    publish(&origin, &world, &[1, 2, 3, 4, 5]).await;
    let id = id_of(&world, 3);
    assert!(!world.output("jeux.atom").contains("tombstones"));
    publish(&origin, &world, &[1, 2, 4, 5]).await;
    assert_eq!(deleted(&world), [id.as_str()]);
    let atom = world.output("jeux.atom");
    assert!(atom.contains("xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"") && atom.contains(" when=\"20"), "{atom}");
    let told = format!("<at:deleted-entry ref=\"{id}\"");
    assert!(world.output("jeux.rss").contains(&told));
    let json: serde_json::Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    assert_eq!(json["_relais"]["deleted"][0]["id"], id.as_str());
    assert!(!world.output("jeux.html").contains(&id));
    let before = world.outputs();
    world.relais(&["run", "--force"]).await;
    assert_eq!(world.outputs(), before, "nothing has changed");
}

#[tokio::test]
async fn withdrawn_entry_that_returns_has_no_tombstone() {
    let origin = Origin::start().await;
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    publish(&origin, &world, &[1, 2, 3, 4, 5]).await;
    publish(&origin, &world, &[1, 2, 4, 5]).await;
    publish(&origin, &world, &[1, 2, 3, 4, 5]).await;
    assert_eq!(deleted(&world), [""; 0]);
    assert!(id_of(&world, 3).starts_with("tag:"));
}

#[tokio::test]
async fn entry_that_newer_ones_push_out_has_no_tombstone() {
    let origin = Origin::start().await;
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + "limit = 3\n"));
    publish(&origin, &world, &[1, 2, 3]).await;
    publish(&origin, &world, &[2, 3, 4, 5]).await;
    assert_eq!(deleted(&world), [""; 0]);
}

#[tokio::test]
async fn entry_that_is_withdrawn_after_it_was_pushed_out_is_told() {
    let origin = Origin::start().await;
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + "limit = 3\n"));
    publish(&origin, &world, &[1, 2, 3]).await;
    let id = id_of(&world, 2);
    publish(&origin, &world, &[1, 2, 3, 4, 5]).await;
    publish(&origin, &world, &[1, 3, 4, 5]).await;
    assert_eq!(deleted(&world), [id]);
}

#[tokio::test]
async fn entry_that_was_never_published_has_no_tombstone() {
    let origin = Origin::start().await;
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + "limit = 3\n"));
    publish(&origin, &world, &[1, 2, 3, 4, 5, 6]).await;
    publish(&origin, &world, &[1, 3, 4, 5, 6]).await;
    assert_eq!(deleted(&world), [""; 0]);
}
