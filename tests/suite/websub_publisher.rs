//! Editions that tell hubs of their changes (WebSub): hubs that do as a test says, and one that others wrote.

use std::collections::HashMap;
use std::time::Duration;

use relais::store::{Access, Store};
use serde_json::Value;

use crate::daemon::until;
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;
use crate::websub::Hub;

/// A world with one source and one edition that has a hub, whose output is at the address of the origin.
fn world(origin: &Origin, hub: &str) -> World {
    let world = World::new("");
    let edition = format!("{}hub = \"{hub}\"\n", tables(&[("a", origin.url("/a"))]));
    world.configure(&format!("base_url = \"{}\"", origin.url("/")), &edition);
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    world
}

/// The forms that a hub has got.
fn forms(origin: &Origin) -> Vec<HashMap<String, String>> {
    let read = |body: &[u8]| url::form_urlencoded::parse(body).into_owned().collect();
    origin.seen("/hub").iter().map(|seen| read(&seen.body)).collect()
}

/// What the store remembers of the hubs of the edition.
async fn change_notices(world: &World, change: impl Fn(&mut Value)) -> Value {
    let store = Store::open(&format!("sqlite:{}", world.path("relais.db").display()), Access::Work).await.expect("a store");
    let target = world.path("output").canonicalize().expect("an output").to_string_lossy().into_owned();
    let doc = store.load_publication(&target, "hub jeux").await.expect("read").expect("a record");
    let mut doc: Value = serde_json::from_str(&doc).expect("JSON");
    for notice in
        doc.as_object_mut().expect("hubs").values_mut().flat_map(|topics| topics.as_object_mut().expect("topics").values_mut())
    {
        change(notice);
    }
    store.save_publication(&target, "hub jeux", &doc.to_string()).await.expect("saved");
    store.close().await.expect("closed");
    doc
}

/// Ends the pause of a hub that has failed.
async fn end_pause(world: &World) {
    change_notices(world, |notice| {
        notice.as_object_mut().expect("a notice").remove("retry_at");
    })
    .await;
}

#[tokio::test]
async fn hub_is_told_of_each_feed_once_everything_is_in_place() {
    let origin = Origin::start().await;
    let world = world(&origin, &origin.url("/hub"));
    let written = ["jeux.atom", "jeux.rss", "jeux.json", "manifest.json"].map(|name| world.path("output").join(name));
    origin.answer("/hub", move |_| Reply::status(if written.iter().all(|file| file.exists()) { 204 } else { 500 }));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = forms(&origin);
    let mut topics: Vec<&str> = told.iter().map(|form| form["hub.topic"].as_str()).collect();
    topics.sort_unstable();
    assert_eq!(topics, ["jeux.atom", "jeux.json", "jeux.rss"].map(|name| origin.url(&format!("/{name}"))));
    assert!(told.iter().all(|form| form["hub.mode"] == "publish" && form["hub.url"] == form["hub.topic"]), "{told:?}");
    assert!(world.output("jeux.atom").contains(&format!("href=\"{}\" rel=\"hub\"", origin.url("/hub"))));

    world.relais(&["run", "--force"]).await;
    assert_eq!(forms(&origin).len(), 3, "nothing has changed");
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    world.relais(&["run", "--force"]).await;
    assert_eq!(forms(&origin).len(), 6);
}

#[tokio::test]
async fn hub_that_has_failed_is_told_by_a_later_run_although_nothing_changes() {
    let origin = Origin::start().await;
    let world = world(&origin, &origin.url("/hub"));
    origin.on("/hub", Reply::status(503));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "a restart of a hub is no fault: {ended:?}");
    assert!(world.output("jeux.atom").contains("Titre 1"));
    assert_eq!(forms(&origin).len(), 1, "it is left alone after the first failure");
    origin.on("/hub", Reply::status(202));
    world.relais(&["run"]).await;
    assert_eq!(forms(&origin).len(), 1, "there is a pause");
    end_pause(&world).await;
    world.relais(&["run"]).await;
    assert_eq!(forms(&origin).len(), 4);
}

#[tokio::test]
async fn dead_hub_is_reported_once_and_its_return_too() {
    let origin = Origin::start().await;
    let world = world(&origin, &origin.url("/hub"));
    origin.on("/hub", Reply::status(410));
    let mut ends = Vec::new();
    for _ in 0..4 {
        ends.push(world.relais(&["run"]).await);
        end_pause(&world).await;
    }
    let told: Vec<bool> = ends.iter().map(|ended| ended.stderr.contains("is not told of changes: it answers 410")).collect();
    assert_eq!(told, [false, false, true, false], "{ends:?}");
    assert_eq!(ends[2].code, Some(3));
    origin.on("/hub", Reply::status(204));
    let back = world.relais(&["run"]).await;
    assert_eq!(back.code, Some(0), "{back:?}");
}

#[tokio::test]
async fn hub_that_never_answers_does_not_hold_a_run_up() {
    let origin = Origin::start().await;
    let world = world(&origin, &origin.url("/hub"));
    origin.on("/hub", Reply::status(204).after(Duration::from_secs(3_600)));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let notices = change_notices(&world, |_| ()).await;
    assert!(notices.to_string().contains("\"failures\":1"), "{notices}");
}

#[tokio::test]
async fn hub_in_the_private_network_is_not_told() {
    let origin = Origin::start().await;
    let world = world(&origin, "http://169.254.169.254/latest/");
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let notices = change_notices(&world, |_| ()).await;
    assert!(notices.to_string().contains("is not fetched"), "{notices}");
}

#[tokio::test]
async fn hub_without_an_address_of_the_output_is_warned_of() {
    let world = World::new("");
    let text = "[source.a]\nurl = \"https://a.example/\"\n[edition.jeux]\nhub = [\"https://hub.example/\"]\n";
    world.configure("base_url = \"https://b.example/\"", text);
    assert!(!world.relais(&["check"]).await.stderr.contains("has no effect"));
    let without = std::fs::read_to_string(world.path("feeds.toml")).expect("a file").replace("base_url", "# base_url");
    crate::daemon::write(&world.path("feeds.toml"), &without);
    let checked = world.relais(&["check"]).await;
    assert!(checked.stderr.contains("`hub` has no effect without `base_url`"), "{checked:?}");
}

#[tokio::test]
async fn independent_hub_delivers_what_relais_publishes() {
    let Some(hub) = Hub::start(600).await else { return };
    let origin = Origin::start().await;
    let world = world(&origin, &hub.1);
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let file = world.path("output").join("jeux.atom");
    let links = format!("<{}>; rel=\"hub\", <{}>; rel=\"self\"", hub.1, origin.url("/jeux.atom"));
    origin.answer("/jeux.atom", move |_| {
        // This hub wants the headers that WebSub §4 recommends.
        Reply::ok(std::fs::read(&file).expect("the feed")).header("content-type", "application/atom+xml").header("link", &links)
    });
    origin.answer("/callback", |seen| {
        let query = seen.uri.split_once('?').map_or("", |(_, query)| query);
        let challenge = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "hub.challenge");
        Reply::ok(challenge.map(|(_, challenge)| challenge.into_owned()).unwrap_or_default())
    });
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &origin.url("/jeux.atom"))
        .append_pair("hub.callback", &origin.url("/callback"))
        .finish();
    let request = reqwest::Client::new().post(&hub.1).header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(request.send().await.expect("it answers").status(), 202);
    until("the hub asks whether the subscription is meant", || !origin.seen("/callback").is_empty()).await;

    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let delivered = |text: &str| origin.seen("/callback").iter().any(|seen| String::from_utf8_lossy(&seen.body).contains(text));
    assert!(!delivered("Titre 2"));
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    until("the subscriber has the new entry", || delivered("Titre 2")).await;
}
