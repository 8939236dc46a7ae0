//! `relais run` as a user sees it.

use serde_json::Value;

use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::World;

fn feed(name: &str, numbers: std::ops::Range<u32>) -> Reply {
    Reply::ok(rss(name, &stories(numbers))).header("content-type", "application/rss+xml").tagged()
}

/// The ids and headlines of a published file, read by feed-rs.
fn read_back(text: &str) -> Vec<(String, String, String)> {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    let feed = parser.parse(text.as_bytes()).expect("what is published can be read");
    feed.entries
        .into_iter()
        .map(|entry| {
            let page = entry.links.iter().find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
            (
                entry.id,
                entry.title.map(|title| title.content).unwrap_or_default(),
                page.map(|link| link.href.clone()).unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test]
async fn second_run_over_an_unchanged_world_writes_nothing() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..3));
    origin.on("/b", feed("b", 10..12));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));

    let first = world.relais(&["run", "--json"]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let report = first.json();
    assert_eq!(report["sources"]["fresh"], 2, "{report}");
    assert_eq!(report["entries"]["new"], 5);
    assert_eq!(report["editions"][0]["items"], 5);
    assert_eq!(report["editions"][0]["written"], 4);
    let before = world.outputs();
    let names: Vec<&str> = before.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        ["feed.css", "index.html", "jeux.atom", "jeux.html", "jeux.json", "jeux.rss", "manifest.json", "sources.opml"]
    );
    assert!(before.iter().all(|(.., mode)| *mode == 0o644), "a web server must be able to read them");

    let atom = read_back(&world.output("jeux.atom"));
    assert_eq!(atom.len(), 5);
    assert_eq!(atom[0].1, "Titre 11 : l’été à Paris", "newest first");
    assert_eq!(atom[0].2, "https://b.example.org/11", "the original page, without tracking");
    assert!(atom[0].0.starts_with("tag:relais.example.org,2026:entry/"), "{}", atom[0].0);
    for format in ["rss", "json"] {
        assert_eq!(read_back(&world.output(&format!("jeux.{format}"))), atom, "{format}");
    }

    let second = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.json()["sources"]["same"], 2);
    assert_eq!(second.json()["editions"][0]["same"], 4);
    assert_eq!(world.outputs(), before, "no file was touched");
    let asked = origin.seen("/a");
    assert_eq!(asked.len(), 2);
    assert!(!asked[1].header("if-none-match").is_empty(), "the validator was sent back");

    let third = world.relais(&["run", "--json"]).await;
    assert_eq!(third.json()["sources"]["due"], 0, "nothing is due so soon");
    assert_eq!(origin.count(), 4);
}

#[tokio::test]
async fn successful_run_in_a_pipe_prints_nothing() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..1));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let ended = world.relais(&["run"]).await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "cron sends no mail");
}

#[tokio::test]
async fn broken_source_does_not_stop_the_others() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..2));
    origin.on(
        "/page",
        Reply::ok("<!DOCTYPE html><html><title>Accueil</title><link rel=alternate type=application/atom+xml href=/feed></html>"),
    );
    let sources = [("a", origin.url("/a")), ("page", origin.url("/page")), ("lost", origin.url("/lost"))];
    let world = World::new(&tables(&sources));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let report = ended.json();
    assert_eq!(report["sources"]["broken"], 2);
    assert_eq!(report["editions"][0]["items"], 2);
    let faults: Vec<(&str, &str)> = report["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|f| (f["source"].as_str().unwrap_or_default(), f["kind"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(faults, [("lost", "not-found"), ("page", "not-a-feed")]);
    assert!(ended.stderr.contains("an HTML page (“Accueil”)") && ended.stderr.contains("/feed"), "{}", ended.stderr);
    assert!(ended.stderr.contains("404"), "{}", ended.stderr);

    // What was read before stays when a source breaks later.
    origin.on("/a", Reply::status(500));
    let later = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(later.code, Some(3));
    assert_eq!(later.json()["editions"][0]["items"], 2);
}

#[tokio::test]
async fn second_failure_of_a_source_that_worked_is_reported() {
    let origin = Origin::start().await;
    origin.queue("/a", [feed("a", 0..2), Reply::status(502), Reply::status(502), feed("a", 0..2), Reply::ok("<html></html>")]);
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let run = async || world.relais(&["run", "--force", "--json"]).await;
    let state = async || world.relais(&["status", "--json"]).await.json()["sources"][0]["state"].clone();
    assert_eq!(run().await.code, Some(0));
    let first = run().await;
    assert_eq!((first.code, &first.json()["sources"]["broken"]), (Some(0), &1.into()), "{first:?}");
    assert_eq!(first.json()["faults"], Value::Array(Vec::new()));
    assert_eq!(state().await, "unsteady");
    assert_eq!(world.relais(&["status"]).await.code, Some(0));
    let second = run().await;
    assert_eq!((second.code, &second.json()["faults"][0]["kind"]), (Some(3), &"http".into()), "{second:?}");
    assert_eq!(state().await, "broken");
    assert_eq!(run().await.code, Some(0));
    assert_eq!(state().await, "good");
    run().await;
    let turned = run().await;
    assert_eq!(turned.json()["faults"][0]["kind"], "changed", "a feed that has become a page: {turned:?}");
    assert_eq!(state().await, "changed");
    assert!(world.output("jeux.atom").contains("Titre 1"), "the last good entries stay");
}

#[tokio::test]
async fn partial_feed_keeps_the_entries_that_it_does_not_name() {
    let origin = Origin::start().await;
    origin.answer("/a", |request| {
        let feed = |numbers: std::ops::Range<u32>| rss("a", &stories(numbers));
        match (request.header("if-none-match"), request.header("a-im")) {
            ("", _) => Reply::ok(feed(0..3)).header("etag", "\"1\""),
            ("\"1\"", "feed") => Reply::status(226).header("im", "feed").header("etag", "\"2\"").body(feed(3..4)),
            ("\"2\"", "feed") => Reply::status(226).header("im", "vcdiff").header("etag", "\"3\"").body(feed(9..10)),
            other => panic!("{other:?}"),
        }
    });
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let run = async || world.relais(&["run", "--force", "--json"]).await.json();
    run().await;
    let report = run().await;
    assert_eq!((&report["entries"]["new"], &report["entries"]["withdrawn"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(report["editions"][0]["items"], 4, "what it does not name is as it was");
    // What was made in a way that nobody asked for is no answer.
    assert_eq!(run().await["sources"]["broken"], 1);
    assert!(!world.output("jeux.atom").contains("Titre 9"));
}

#[tokio::test]
async fn cookie_of_a_redirect_is_sent_within_that_visit_only() {
    let (origin, other) = (Origin::start().await, Origin::start().await);
    let to = other.url("/b");
    origin.answer("/a", move |request| match request.header("cookie") {
        "" => Reply::redirect(302, "/a").header("set-cookie", "pass=1; Path=/; HttpOnly"),
        "pass=1" => feed("a", 0..1),
        cookie => panic!("{cookie}"),
    });
    origin.on("/away", Reply::redirect(302, &to).header("set-cookie", "secret=1; Path=/; Domain=127.0.0.1"));
    origin.on("/round", Reply::redirect(302, "/round").header("set-cookie", "again=1"));
    other.on("/b", feed("b", 0..1));
    let sources = [("a", origin.url("/a")), ("away", origin.url("/away")), ("round", origin.url("/round"))];
    let world = World::new(&tables(&sources));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["sources"]["fresh"], &report["sources"]["broken"]), (&2.into(), &1.into()), "{report}");
    assert_eq!(origin.seen("/round").len(), 2, "the same cookie again leads nowhere");
    world.relais(&["run", "--force"]).await;
    assert_eq!(origin.seen("/a").len(), 4, "nothing is kept from one visit to the next");
}

#[tokio::test]
async fn changed_entry_keeps_its_id() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..2));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    let before = read_back(&world.output("jeux.atom"));
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1), Story::new(0).text("<p>Corrigé.</p>")])));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], &report["entries"]["changed"]), (&Value::from(0), &Value::from(1)), "{report}");
    assert_eq!(read_back(&world.output("jeux.atom")), before);
    let json: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    assert!(json["items"][1].to_string().contains("Corrigé."), "{json}");
    assert_ne!(json["items"][1]["date_modified"], json["items"][1]["date_published"], "readers see that it has changed");
}

#[tokio::test]
async fn withdrawn_entry_is_no_longer_published() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories([1, 2, 3, 4, 5]))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    origin.on("/a", Reply::ok(rss("a", &stories([1, 2, 4, 5]))));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(report["entries"]["withdrawn"], 1, "{report}");
    assert_eq!(report["editions"][0]["items"], 4);
    origin.on("/a", Reply::ok(rss("a", &stories([1, 2, 3, 4, 5, 6]))));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(report["editions"][0]["items"], 6, "back again: {report}");
}

#[tokio::test]
async fn one_article_in_two_feeds_is_published_once_and_podcasts_with_one_link_are_not_joined() {
    let origin = Origin::start().await;
    let body = rss("a", &stories(0..3));
    origin.on("/a", Reply::ok(body.clone()));
    origin.on("/again", Reply::ok(body.replace("<guid isPermaLink=\"false\">a-", "<guid isPermaLink=\"false\">other-")));
    let podcast: String =
        (0..3).map(|n| format!("<item><title>Épisode {n}</title><link>https://pod.example.org/</link></item>")).collect();
    origin.on("/pod", Reply::ok(format!("<rss version=\"2.0\"><channel><title>Pod</title>{podcast}</channel></rss>")));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("again", origin.url("/again")), ("pod", origin.url("/pod"))]));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 9, "{report}");
    assert_eq!(report["editions"][0]["items"], 6);
}

#[tokio::test]
async fn source_that_copies_headline_and_link_does_not_replace_the_article() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1).text("<p>Le texte de la rédaction.</p>")])));
    origin.on("/other", feed("other", 2..3));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("other", origin.url("/other"))]));
    world.relais(&["run"]).await;
    let copy = rss("a", &[Story::new(1).text("<p>Un texte étranger.</p>")]);
    let copy = copy.replace("<link>https://a.example.org/</link>", "<link>https://other.example.org/</link>");
    origin.on("/other", Reply::ok(copy.replace(" Sep 2026 00:", " Sep 2026 05:")));
    world.relais(&["run", "--force"]).await;
    let atom = world.output("jeux.atom");
    assert!(atom.contains("Le texte de la rédaction.") && !atom.contains("Un texte étranger."), "{atom}");
}

#[tokio::test]
async fn run_can_be_limited_to_sources_and_editions() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..1));
    origin.on("/b", feed("b", 0..1));
    let mut text = tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]);
    text.push_str("[edition.b]\ntitle = \"B\"\nfrom = [\"b\"]\nformats = [\"rss\"]\n");
    let world = World::new(&text);
    let report = world.relais(&["run", "--source", "b", "--edition", "b", "--json"]).await.json();
    assert_eq!(report["sources"]["due"], 1);
    assert_eq!(report["editions"].as_array().map(Vec::len), Some(1));
    assert!(
        world.path("output/b.rss").exists() && !world.path("output/jeux.atom").exists() && !world.path("output/b.atom").exists()
    );
    let wrong = world.relais(&["run", "--source", "c"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("no source `c`") && wrong.stderr.contains("a, b"), "{}", wrong.stderr);
}

#[tokio::test]
async fn dry_run_writes_nothing() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..4));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let report = world.relais(&["run", "--dry-run", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 4);
    assert!(!world.path("relais.db").exists() && !world.path("output").exists());
    world.relais(&["run"]).await;
    origin.on("/a", feed("a", 0..6));
    let before = world.outputs();
    let report = world.relais(&["run", "--dry-run", "--force", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 2, "what is known is not new: {report}");
    assert_eq!(world.outputs(), before);
    assert_eq!(
        world.relais(&["run", "--force", "--json"]).await.json()["entries"]["new"],
        2,
        "and it is still new for a real run"
    );
}

#[tokio::test]
async fn edition_in_a_language_shows_entries_of_that_language() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..2));
    let text = tables(&[("a", origin.url("/a"))]) + "langs = [\"fr\", \"en\"]\nuntranslated = \"hold 6h\"\n";
    let world = World::new(&text);
    let report = world.relais(&["run", "--json"]).await.json();
    let items: Vec<(&Value, &Value)> =
        report["editions"].as_array().expect("editions").iter().map(|e| (&e["lang"], &e["items"])).collect();
    assert_eq!(items, [(&Value::from("fr"), &Value::from(2)), (&Value::from("en"), &Value::from(0))]);
    assert_eq!(report["translation"]["waiting"], 2, "nothing is lost: they wait");
    assert_eq!(read_back(&world.output("jeux.fr.atom")).len(), 2);
    world.configure("", &text.replace("hold 6h", "original"));
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["editions"][1]["items"], 2);
    assert!(world.output("jeux.en.atom").contains("xml:lang=\"fr\""), "shown in the original, and marked as such");
}

#[tokio::test]
async fn date_without_a_zone_is_in_the_zone_of_the_source() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[Story::new(0)]).replace(" +0200", "")));
    let text = tables(&[("a", origin.url("/a"))]);
    for (zone, published) in [("", "2026-09-01T00:00:00+00:00"), ("zone = \"Europe/Paris\"\n", "2026-08-31T22:00:00+00:00")] {
        let world = World::new(&text.replace("[edition", &format!("{zone}[edition")));
        world.relais(&["run"]).await;
        let atom = world.output("jeux.atom");
        assert!(atom.contains(&format!("<published>{published}</published>")), "{zone}: {atom}");
    }
}

#[tokio::test]
async fn deleted_output_is_written_again() {
    let origin = Origin::start().await;
    origin.on("/a", feed("a", 0..2));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    let before: Vec<_> = world.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect();
    std::fs::remove_dir_all(world.path("output")).expect("it can be removed");
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert_eq!(world.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn moved_source_is_reported_once() {
    let origin = Origin::start().await;
    origin.on("/old", Reply::redirect(301, &origin.url("/new")));
    origin.on("/new", feed("a", 0..2));
    let world = World::new(&tables(&[("a", origin.url("/old"))]));
    let first = world.relais(&["run", "--json"]).await;
    assert_eq!((first.code, &first.json()["sources"]["moved"]), (Some(0), &Value::from(1)));
    assert_eq!(first.json()["entries"]["new"], 2);
    let second = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(second.json()["sources"]["same"], 1, "{second:?}");
    let status = world.relais(&["status", "--json"]).await;
    assert_eq!(status.json()["sources"][0]["moved_to"], origin.url("/new"));
}

#[tokio::test]
async fn new_address_in_feeds_toml_keeps_the_entries() {
    let origin = Origin::start().await;
    origin.on("/old", feed("a", 0..2));
    origin.on("/new", feed("a", 0..3));
    let world = World::new(&tables(&[("a", origin.url("/old"))]));
    world.relais(&["run"]).await;
    world.configure("", &tables(&[("a", origin.url("/new"))]));
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(report["entries"]["new"], 1, "{report}");
    assert!(origin.seen("/new")[0].header("if-none-match").is_empty(), "validators belong to an address");
}

#[tokio::test]
async fn all_sources_of_one_host_are_visited() {
    // Once, visits that waited to be settled kept others from giving back what the settling waited for.
    const SOURCES: u32 = 150;
    let origin = Origin::start().await;
    let mut named = Vec::new();
    for number in 0..SOURCES {
        let name = format!("s{number}");
        origin.on(&format!("/{name}"), feed(&name, number * 3..number * 3 + 3));
        named.push((name.clone(), origin.url(&format!("/{name}"))));
    }
    let sources: Vec<(&str, String)> = named.iter().map(|(name, url)| (name.as_str(), url.clone())).collect();
    let world = World::new(&tables(&sources));
    assert_eq!(world.relais(&["run", "--json"]).await.json()["entries"]["new"], SOURCES * 3);
    for number in 0..SOURCES {
        let name = format!("s{number}");
        origin.on(&format!("/{name}"), feed(&name, number * 3..number * 3 + 4));
    }
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!((&report["entries"]["new"], &report["entries"]["changed"]), (&Value::from(SOURCES), &Value::from(0)), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_and_postgresql_publish_the_same_bytes() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    let mut named = Vec::new();
    for number in 0..20_u32 {
        let name = format!("s{number}");
        origin.on(&format!("/{name}"), feed(&name, number * 4..number * 4 + 4));
        named.push((name.clone(), origin.url(&format!("/{name}"))));
    }
    let sources: Vec<(&str, String)> = named.iter().map(|(name, url)| (name.as_str(), url.clone())).collect();
    let tables = tables(&sources);
    let file = World::new(&tables);
    assert_eq!(file.relais(&["run"]).await.code, Some(0));
    let server = World::new("");
    server.configure(&format!("state = \"{}\"", schema.url()), &tables);
    // Two workers at once, each with an output of its own: every source is visited by one of them.
    let other = World::new("");
    other.configure(&format!("state = \"{}\"", schema.url()), &tables);
    let before = origin.count();
    let (one, two) = tokio::join!(server.relais(&["run", "--json"]), other.relais(&["run", "--json"]));
    assert_eq!((one.code, two.code), (Some(0), Some(0)), "{one:?} {two:?}");
    let new = |ended: &crate::support::program::Ended| ended.json()["entries"]["new"].as_u64().expect("a number");
    assert_eq!(new(&one) + new(&two), 80, "nothing twice: {one:?} {two:?}");
    assert_eq!(origin.count() - before, 20);
    // Whoever was done first may not have seen all: the next run publishes what is there.
    assert_eq!(server.relais(&["run"]).await.code, Some(0));
    let bytes = |world: &World| world.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect::<Vec<_>>();
    assert!(bytes(&server) == bytes(&file), "the database makes no difference");
    schema.drop().await;
}

#[tokio::test]
async fn empty_edition_is_dated_by_its_first_run() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[])));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.configure("faults = true", &tables(&[("a", origin.url("/a"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let before = world.outputs();
    for (name, bytes, ..) in &before {
        assert!(!String::from_utf8_lossy(bytes).contains("1970"), "{name}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    world.relais(&["run", "--force"]).await;
    assert_eq!(world.outputs(), before, "nothing was written again");
}
