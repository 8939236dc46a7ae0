//! A run over an unchanged world: it reads no entry and joins no story. Whatever changes, from outside or by the clock alone, is seen.

mod translations;

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::{Clock, EngineKind, Time};
use relais::pipeline::{RunRequest, Scope, run};
use serde_json::Value;

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::World;

/// What the log says of an edition whose entries are not read.
const UNREAD: &str = "nothing has changed that the edition depends on";
/// What the log says when the states of all sources are read.
const SOURCES_READ: &str = "reading what the store knows of the sources";
const HOUR: Duration = Duration::from_hours(1);

/// A world with two sources, of which the second is empty. Its edition has more keys.
async fn world(keys: &str) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..4))));
    origin.on("/b", Reply::ok(rss("b", &[])));
    let world = World::new(&(sources(&origin) + keys));
    (origin, world)
}

fn sources(origin: &Origin) -> String {
    tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))])
}

/// Visits all sources. Returns the number of editions whose entries were not read, and the report.
async fn visit(world: &World) -> (usize, Value) {
    let ended = world.relais(&["-vv", "run", "--force", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (ended.stderr.matches(UNREAD).count(), ended.json())
}

/// Returns true if a further run reads the entries.
async fn reads(world: &World) -> bool {
    visit(world).await.0 == 0
}

fn titles(world: &World, file: &str) -> Vec<String> {
    let feed: Value = serde_json::from_str(&world.output(file)).expect("JSON");
    let title = |item: &Value| item["title"].as_str().unwrap_or_default().to_owned();
    feed["items"].as_array().expect("items").iter().map(title).collect()
}

#[tokio::test]
async fn run_over_an_unchanged_world_reads_no_entry_and_reports_the_same() {
    let (_origin, world) = world("").await;
    let (unread, first) = visit(&world).await;
    assert_eq!((unread, &first["editions"][0]["items"]), (0, &4.into()));
    let before = world.outputs();
    for _ in 0..2 {
        let (unread, report) = visit(&world).await;
        assert_eq!(unread, 1);
        assert_eq!((&report["editions"][0]["items"], &report["editions"][0]["written"]), (&4.into(), &0.into()), "{report}");
        assert_eq!(report["editions"][0]["same"], 4, "{report}");
    }
    assert_eq!(world.outputs(), before);
}

#[tokio::test]
async fn run_over_an_unchanged_world_reads_no_source() {
    let (origin, world) = world("").await;
    let reads = async || world.relais(&["-vv", "run", "--force"]).await.stderr.contains(SOURCES_READ);
    assert!(reads().await);
    assert!(!reads().await);
    origin.on("/b", Reply::status(404));
    reads().await;
    assert!(reads().await, "its second failure in a row is told");
    assert!(world.output("index.html").contains("class=\"fails\""), "{}", world.output("index.html"));
    assert!(!reads().await, "it fails as before");
    origin.on("/b", Reply::ok(rss("b", &[])));
    assert!(reads().await);
    assert!(!world.output("index.html").contains("class=\"fails\""));
}

#[tokio::test]
async fn source_that_falls_silent_is_told_by_the_clock_alone() {
    let origin = Origin::start().await;
    // Two dozen entries of one day: three days later some are missed.
    origin.on("/a", Reply::ok(rss("a", &stories(0..24))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    // The first of September, noon.
    let noon = Time::from_millis(1_788_264_000_000);
    for (hours, is_silent) in [(0, false), (1, false), (70, false), (90, true)] {
        run_at(&world, noon.plus(HOUR * hours)).await;
        assert_eq!(world.output("index.html").contains("class=\"silent\""), is_silent, "after {hours} hours");
    }
}

#[tokio::test]
async fn new_entry_of_any_source_is_published() {
    let (origin, world) = world("").await;
    visit(&world).await;
    origin.on("/b", Reply::ok(rss("b", &[Story::new(9)])));
    assert!(reads(&world).await);
    assert_eq!(titles(&world, "jeux.json").len(), 5);
    assert!(!reads(&world).await);
}

#[tokio::test]
async fn changed_and_withdrawn_entries_are_published() {
    let (origin, world) = world("").await;
    visit(&world).await;
    let mut corrected = stories(0..4);
    corrected[0].title = "Un titre corrigé".to_owned();
    origin.on("/a", Reply::ok(rss("a", &corrected)));
    assert!(reads(&world).await);
    assert_eq!(titles(&world, "jeux.json")[0], "Un titre corrigé");
    corrected.remove(1);
    origin.on("/a", Reply::ok(rss("a", &corrected)));
    assert!(reads(&world).await);
    assert_eq!(titles(&world, "jeux.json").len(), 3);
}

#[tokio::test]
async fn new_title_of_a_source_is_published() {
    let (origin, world) = world("").await;
    visit(&world).await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..4)).replace("Le journal a", "La gazette")));
    assert!(reads(&world).await);
    assert!(world.output("jeux.atom").contains("La gazette"));
}

#[tokio::test]
async fn changed_configuration_is_published() {
    let (origin, world) = world("").await;
    visit(&world).await;
    world.configure("", &(sources(&origin) + "limit = 2\n"));
    assert!(reads(&world).await);
    assert_eq!(titles(&world, "jeux.json").len(), 2);
    world.configure("", &(sources(&origin) + "mute = { terms = [\"Titre 3\"] }\n"));
    assert!(reads(&world).await);
    assert_eq!(titles(&world, "jeux.json").len(), 3);
}

#[tokio::test]
async fn removed_file_is_written_again() {
    let (_origin, world) = world("").await;
    visit(&world).await;
    let whole = world.output("jeux.atom");
    std::fs::remove_file(world.path("output/jeux.atom")).expect("removed");
    assert!(reads(&world).await);
    assert_eq!(world.output("jeux.atom"), whole);
}

#[tokio::test]
async fn run_of_one_edition_keeps_what_is_known_of_others() {
    let (_origin, world) = world("[edition.other]\ntitle = \"Autres\"\nfrom = [\"b\"]\n").await;
    visit(&world).await;
    assert_eq!(world.relais(&["run", "--force", "--edition", "other"]).await.code, Some(0));
    assert_eq!(visit(&world).await.0, 2);
}

#[tokio::test]
async fn editions_of_a_family_without_entries_are_not_read_again() {
    let (origin, world) = world("[[edition.each]]\ntags = [\"sport\"]\n").await;
    visit(&world).await;
    let (unread, report) = visit(&world).await;
    assert!(unread > 50, "{unread}");
    let listed = |report: &Value| report["editions"].as_array().map_or(0, Vec::len);
    let before = listed(&report);
    let judo = Story { title: "Judo : une médaille de plus".to_owned(), ..Story::new(9) };
    origin.on("/b", Reply::ok(rss("b", &[judo])));
    let (unread, report) = visit(&world).await;
    assert_eq!((unread, listed(&report)), (0, before + 1), "{report}");
}

/// A clock that stands still.
struct Fixed(Time);

impl Clock for Fixed {
    fn now(&self) -> Time {
        self.0
    }
}

/// Runs once, so much later.
pub(crate) async fn run_later(world: &World, by: Duration) {
    run_at(world, SystemClock.now().plus(by)).await;
}

/// Runs once, at a time.
async fn run_at(world: &World, now: Time) {
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let clock = Fixed(now);
    let request = RunRequest { plan, clock: &clock, scope: Scope::default(), process: 1, progress: &|_| (), warn: None };
    Box::pin(run(request)).await.expect("it ends well");
}

/// A world whose edition is translated by an engine that is down, with all keys.
async fn translated_world(state: &str, keys: &str) -> (Origin, EngineServer, World) {
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let (origin, world) = world("").await;
    let engines = format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n", engine.url());
    let keys = format!("{engines}{}langs = [\"en\"]\nengines = [\"lt\"]\n{keys}", sources(&origin));
    world.configure(state, &keys);
    (origin, engine, world)
}

#[tokio::test]
async fn entry_that_waited_long_enough_is_published_by_the_clock_alone() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..4))));
    // No engine, so that nothing is ever translated.
    let world = World::new(&(tables(&[("a", origin.url("/a"))]) + "langs = [\"en\"]\nuntranslated = \"hold 6h\"\n"));
    let waiting = |report: &Value| report["translation"]["waiting"].clone();
    assert_eq!(waiting(&visit(&world).await.1), 4);
    let (unread, report) = visit(&world).await;
    assert_eq!((unread, waiting(&report)), (1, 4.into()), "they are still counted");
    assert_eq!(titles(&world, "jeux.en.json").len(), 0);
    run_later(&world, HOUR * 7).await;
    assert_eq!(titles(&world, "jeux.en.json").len(), 4);
}

async fn translations_are_seen(state: &str) {
    let (_origin, engine, world) = translated_world(state, "untranslated = \"original\"\n").await;
    engine.then(Misbehaviour::Status(503), 99);
    world.relais(&["run", "--force"]).await;
    let before = titles(&world, "jeux.en.json");
    engine.recover();
    world.relais(&["run", "--force"]).await;
    let after = titles(&world, "jeux.en.json");
    assert_ne!(before, after, "what was translated since is shown");
}

#[tokio::test]
async fn translation_that_comes_later_is_published() {
    translations_are_seen("").await;
    if let Some(schema) = Schema::make().await {
        translations_are_seen(&format!("state = {:?}", schema.url())).await;
        schema.drop().await;
    }
}
