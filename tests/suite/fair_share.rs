//! The places of an edition: no source takes them all, and their order does not depend on chance.

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::Clock;
use serde_json::Value;

use crate::support::feeds::{Story, rss, stories, tables};
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

#[tokio::test]
async fn source_with_500_items_an_hour_leaves_the_entries_of_the_whole_time_in() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    for hour in 0..8 {
        origin.on("/b", Reply::ok(flood(hour)));
        world.relais(&["run", "--force"]).await;
        assert_eq!(places(&world), (3, 97), "after {hour} hours");
    }
}

/// A feed with 500 items of one hour: 0 is the one after the three stories of the other source.
fn flood(hour: u32) -> String {
    let items: String = (0..500)
        .rev()
        .map(|number| {
            let seconds = number * 7;
            format!(
                "<item><link>https://b.example.org/{hour}-{number}</link><title>Flot {hour} {number}</title>\
                 <pubDate>01 Sep 2026 {:02}:{:02}:{:02} +0200</pubDate></item>",
                hour + 1,
                seconds / 60,
                seconds % 60
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Le journal b</title>{items}</channel></rss>")
}

#[tokio::test]
async fn heavier_source_has_more_places() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..300))));
    origin.on("/b", Reply::ok(rss("b", &stories(1000..1300))));
    let tables = tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]);
    let world = World::new(&(tables.replace("[source.a]\n", "[source.a]\nweight = 3\n") + "limit = 20\n"));
    world.relais(&["run"]).await;
    assert_eq!(places(&world), (15, 5));
}

#[tokio::test]
async fn entries_older_than_within_are_shown_up_to_at_least() {
    let origin = Origin::start().await;
    // One every two hours.
    origin.on("/a", Reply::ok(rss("a", &stories((0..40).map(|number| number * 120)))));
    for (edition, shown) in [("", 40), ("at_least = 10\n", 25), ("at_least = 10\nwithin = \"6h\"\n", 10), ("limit = 20\n", 20)] {
        let world = World::new(&(tables(&[("a", origin.url("/a"))]) + edition));
        world.relais(&["run"]).await;
        assert_eq!(places(&world).0, shown, "{edition:?}");
    }
}

/// The links of the edition, in its order.
fn links(world: &World) -> Vec<String> {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    items.map(|item| item["url"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn source_that_answers_first_does_not_lead_the_others() {
    let copied = Story { title: "La finale du relais".to_owned(), ..Story::new(9) };
    let feed = |name: &str| {
        let own = rss(name, &[copied.clone(), Story::new(1)]).replace(&format!("{name}.example.org/9"), "agence.example/9");
        // One of them has no date.
        own.replacen("<pubDate>01 Sep 2026 00:01:00 +0200</pubDate>", "", 1)
    };
    let mut seen = Vec::new();
    for late in ["a", "b", "c"] {
        let origin = Origin::start().await;
        for name in ["a", "b", "c"] {
            let wait = Duration::from_millis(if name == late { 300 } else { 0 });
            origin.on(&format!("/{name}"), Reply::ok(feed(name)).after(wait));
        }
        let sources = ["a", "b", "c"].map(|name| (name, origin.url(&format!("/{name}"))));
        let world = World::new(&tables(&sources));
        world.relais(&["run"]).await;
        seen.push((links(&world), world.output("jeux.atom").matches("<title>Le journal ").count()));
    }
    assert_eq!(seen[0].0.iter().filter(|link| link.contains("agence")).count(), 1, "{seen:?}");
    assert!(seen.iter().all(|order| *order == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn entry_that_is_dated_in_the_future_is_dated_by_its_visit() {
    let origin = Origin::start().await;
    let now = SystemClock.now();
    let dated = |number: u32, ahead: u64| {
        let date = now.plus(Duration::from_hours(ahead)).rfc3339();
        format!("<entry><id>urn:x:{number}</id><title>Billet {number}</title><published>{date}</published></entry>")
    };
    let feed = |entries: &str| {
        Reply::ok(format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>X</title><id>urn:x</id>{entries}</feed>"))
    };
    origin.on("/a", feed(&dated(1, 20)));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    let published = world.output("jeux.json");
    let feed: Value = serde_json::from_str(&published).expect("JSON");
    let date = feed["items"][0]["date_published"].as_str().expect("a date").to_owned();
    let last = now.plus(Duration::from_mins(1)).rfc3339();
    assert!(date <= last, "{date} is not later than {last}");
}
