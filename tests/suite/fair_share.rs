//! The places of an edition: no source takes them all.

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// A world with a source of three stories, and one that has published 300 since.
async fn flooded(edition: &str) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    origin.on("/b", Reply::ok(rss("b", &stories(1000..1300))));
    let world = World::new(&(tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]) + edition));
    (origin, world)
}

/// The number of entries of each source in the edition.
fn places(world: &World) -> (usize, usize) {
    let feed = world.output("jeux.atom");
    let count = |name: &str| feed.matches(&format!("<title>Le journal {name}</title>")).count();
    (count("a"), count("b"))
}

#[tokio::test]
async fn source_that_floods_an_edition_leaves_the_entries_of_others_in() {
    let (_origin, world) = flooded("").await;
    world.relais(&["run"]).await;
    assert_eq!(places(&world), (3, 97));
}

#[tokio::test]
async fn per_source_caps_each_source() {
    let (_origin, world) = flooded("per_source = 2\n").await;
    world.relais(&["run"]).await;
    assert_eq!(places(&world), (2, 2));
}
