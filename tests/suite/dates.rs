//! The dates of entries as readers see them, and the order that follows from them.

use relais::clock::SystemClock;
use relais::model::{Clock, EngineKind, Time};
use serde_json::Value;

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// The instant so many hours ago, as Atom and JSON Feed write it.
fn hours_ago(hours: u64) -> String {
    let now = SystemClock.now();
    Time::from_millis(now.millis() - i64::try_from(hours * 3_600_000).expect("it fits")).rfc3339()
}

/// An Atom feed, dated `updated`; each entry has a number and the elements of its dates.
fn atom(updated: &str, entries: &[(u32, &str)]) -> Reply {
    let entries: String = entries
        .iter()
        .map(|(number, dates)| {
            format!(
                "<entry><id>urn:example:{number}</id><title>Billet {number}</title>{dates}\
                 <link href=\"https://billets.example/{number}\"/><content>Texte {number}</content></entry>"
            )
        })
        .collect();
    let head = "<title>Billets</title><id>urn:example:feed</id>";
    Reply::ok(format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{head}{updated}{entries}</feed>"))
}

/// A source `news` with one entry (99) that was published an hour ago.
fn news(origin: &Origin) {
    origin.on("/news", atom("", &[(99, &format!("<published>{}</published>", hours_ago(1)))]));
}

fn items(world: &World) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

/// The numbers of the published entries, in their order.
fn numbers(world: &World) -> Vec<String> {
    let title = |item: &Value| item["title"].as_str().unwrap_or_default().trim_start_matches("Billet ").to_owned();
    items(world).iter().map(title).collect()
}

async fn world_with(origin: &Origin, old: Reply) -> World {
    news(origin);
    origin.on("/old", old);
    let world = World::new(&tables(&[("old", origin.url("/old")), ("news", origin.url("/news"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    world
}

#[tokio::test]
async fn atom_entry_without_published_uses_updated() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom("", &[(1, "<updated>2015-06-08T08:00:00Z</updated>")])).await;
    assert_eq!(numbers(&world), ["99", "1"]);
    assert_eq!(items(&world)[1]["date_published"], "2015-06-08T08:00:00Z");
}

#[tokio::test]
async fn json_item_with_only_date_modified_uses_it() {
    let origin = Origin::start().await;
    let body = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Notes", "items": [
        {"id": "1", "title": "Billet 1", "content_text": "Texte", "date_modified": "2015-06-08T08:00:00Z"}]}"#;
    let world = world_with(&origin, Reply::ok(body).header("content-type", "application/feed+json")).await;
    assert_eq!(numbers(&world), ["99", "1"]);
    assert_eq!(items(&world)[1]["date_published"], "2015-06-08T08:00:00Z");
}

#[tokio::test]
async fn entry_that_moves_its_only_date_keeps_its_place() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom("", &[(1, "<updated>2015-06-08T08:00:00Z</updated>")])).await;
    let edited = format!("<updated>{}</updated><category term=\"correction\"/>", hours_ago(0));
    origin.on("/old", atom("", &[(1, &edited)]));
    world.relais(&["run", "--force"]).await;
    assert_eq!(numbers(&world), ["99", "1"]);
    let item = &items(&world)[1];
    assert_eq!(item["date_published"], "2015-06-08T08:00:00Z");
    assert_ne!(item["date_modified"], item["date_published"], "readers see that it has changed: {item}");
}

#[tokio::test]
async fn published_date_in_the_far_future_gives_way_to_updated() {
    let origin = Origin::start().await;
    let dates = "<published>2999-01-01T00:00:00Z</published><updated>2015-06-08T08:00:00Z</updated>";
    let world = world_with(&origin, atom("", &[(1, dates)])).await;
    assert_eq!(numbers(&world), ["99", "1"]);
}

#[tokio::test]
async fn undated_backlog_does_not_lead_an_edition() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom("", &[(3, ""), (2, ""), (1, "")])).await;
    assert_eq!(numbers(&world), ["99", "3", "2", "1"], "and it keeps the order of its feed");
}

#[tokio::test]
async fn undated_backlog_of_a_feed_that_is_dated_by_each_request_does_not_lead_an_edition() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom(&format!("<updated>{}</updated>", hours_ago(0)), &[(2, ""), (1, "")])).await;
    assert_eq!(numbers(&world), ["99", "2", "1"]);
}

#[tokio::test]
async fn newest_undated_entry_has_the_date_of_its_feed() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom("<updated>2015-06-08T08:00:00Z</updated>", &[(2, ""), (1, "")])).await;
    assert_eq!(numbers(&world), ["99", "2", "1"]);
    assert_eq!(items(&world)[1]["date_published"], "2015-06-08T08:00:00Z");
}

#[tokio::test]
async fn undated_entry_that_appears_later_is_news() {
    let origin = Origin::start().await;
    let world = world_with(&origin, atom("", &[(2, ""), (1, "")])).await;
    origin.on("/old", atom("", &[(3, ""), (2, ""), (1, "")]));
    world.relais(&["run", "--force"]).await;
    assert_eq!(numbers(&world), ["3", "99", "2", "1"]);
}

/// A world with one French article and an English edition whose engine is down.
async fn world_without_translation() -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    let text = "<p>Les athlètes ont défilé sur le fleuve pendant 3 heures.</p>";
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1).text(text)])));
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    server.then(Misbehaviour::Status(503), 99);
    let tables = format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\ntimeout = \"2s\"\n\
         [edition.jeux]\ntitle = \"The Games\"\nlangs = [\"en\"]\nshow = \"full\"\nengines = [\"lt\"]\nuntranslated = \"original\"\n",
        origin.url("/a"),
        server.url()
    );
    let world = World::new(&tables);
    world.relais(&["run", "--force"]).await;
    (origin, server, world)
}

/// The `updated` elements of the English edition: that of the feed, and that of its entry.
fn updated(world: &World) -> Vec<String> {
    let atom = world.output("jeux.en.atom");
    atom.split("<updated>").skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn translation_that_arrives_moves_the_dates_of_entry_and_feed() {
    let (_origin, server, world) = world_without_translation().await;
    let before = updated(&world);
    server.recover();
    world.relais(&["run", "--force"]).await;
    let after = updated(&world);
    assert!(world.output("jeux.en.atom").contains("machine translation"), "it has arrived");

    assert!(before[0] < after[0] && before[1] < after[1], "{before:?} {after:?}");
}
