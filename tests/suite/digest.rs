//! Digests: made once a day, at the first run after their time, as a feed, a page and a mail.

use std::path::Path;
use std::time::Duration;

use crate::support::origin::{Origin, Reply};
use crate::support::program::World;
use crate::support::python;
use relais::model::{Clock, Time};
use relais::pipeline::{RunRequest, Scope, run};

/// A clock that stands still.
struct Stopped(Time);

impl Clock for Stopped {
    fn now(&self) -> Time {
        self.0
    }
}

fn time(text: &str) -> Time {
    Time::from_rfc3339(text).expect("a time")
}

/// A feed with these stories: a headline each, and its date.
fn feed(stories: &[(&str, &str)]) -> Reply {
    let item = |(title, date): &(&str, &str)| {
        format!(
            "<item><guid isPermaLink=\"false\">{title}</guid><link>https://a.example.org/?t={}</link><title>{title}</title>\
             <description><![CDATA[<p>Texte <b>gras</b> : {title}.</p>]]></description><pubDate>{}</pubDate></item>",
            title.len(),
            time(date).chrono().to_rfc2822()
        )
    };
    let items: String = stories.iter().map(item).collect();
    Reply::ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Le journal</title>\
         <link>https://a.example.org/</link><description>Essai</description><language>fr</language>{items}</channel></rss>"
    ))
}

fn world(origin: &Origin, digest: &str) -> World {
    let world = World::new("");
    configure(&world, origin, digest);
    world
}

fn configure(world: &World, origin: &Origin, digest: &str) {
    let tables = format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[edition.jeux]\ntitle = \"Les Jeux d’été\"\nlangs = [\"fr\"]\n{digest}",
        origin.url("/a")
    );
    world.configure("", &tables);
}

const MORNING: &str = "[digest.morning]\nedition = \"jeux\"\nat = \"07:00\"\nzone = \"Europe/Paris\"\n";

async fn run_at(world: &World, at: &str) {
    let plan = relais::config::load(&world.path("feeds.toml")).expect("a plan");
    let scope = Scope { force: true, ..Scope::default() };
    let clock = Stopped(time(at));
    let request = RunRequest { plan, clock: &clock, scope, process: std::process::id(), progress: &|_| (), warn: None };
    run(request).await.expect("it runs");
}

/// The entries of the digest feed: title and content.
fn entries(world: &World) -> Vec<(String, String)> {
    let feed = feed_rs::parser::parse(world.output("digest/morning.atom").as_bytes()).expect("an Atom feed");
    let entry = |entry: feed_rs::model::Entry| {
        (entry.title.expect("a title").content, entry.content.and_then(|content| content.body).expect("a content"))
    };
    feed.entries.into_iter().map(entry).collect()
}

const OLD: (&str, &str) = ("Avant-hier", "2026-11-25T05:00:00Z");
const NEWS: (&str, &str) = ("La flamme arrive à Paris", "2026-11-26T20:00:00Z");
const LATER: (&str, &str) = ("Après sept heures", "2026-11-27T07:30:00Z");

#[tokio::test]
async fn digest_is_made_once_by_the_first_run_after_its_time() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[LATER, NEWS, OLD]));
    run_at(&world, "2026-11-27T08:00:00Z").await;
    let made = entries(&world);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].0, "Les Jeux d’été, vendredi 27 novembre 2026");
    assert!(made[0].1.contains(NEWS.0) && !made[0].1.contains(OLD.0) && !made[0].1.contains(LATER.0), "{}", made[0].1);
    let files = || ["atom", "html", "eml"].map(|ending| world.output(&format!("digest/morning.{ending}")));
    let before = files();
    for at in ["2026-11-27T08:05:00Z", "2026-11-28T05:59:00Z"] {
        run_at(&world, at).await;
        assert_eq!(files(), before, "{at}");
    }
    run_at(&world, "2026-11-28T06:00:00Z").await;
    let made = entries(&world);
    assert_eq!(
        made.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(),
        ["Les Jeux d’été, samedi 28 novembre 2026", "Les Jeux d’été, vendredi 27 novembre 2026"]
    );
    assert!(made[0].1.contains(LATER.0) && !made[0].1.contains(NEWS.0), "each story once: {}", made[0].1);
}

#[tokio::test]
async fn story_that_arrives_late_is_in_the_next_digest() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[NEWS]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    origin.on("/a", feed(&[("En retard", "2026-11-27T05:30:00Z"), NEWS]));
    run_at(&world, "2026-11-28T06:00:00Z").await;
    assert!(entries(&world)[0].1.contains("En retard"));
}

#[tokio::test]
async fn day_without_news_has_no_digest() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[OLD]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    assert!(!world.path("output/digest").exists());
    origin.on("/a", feed(&[NEWS, OLD]));
    run_at(&world, "2026-11-27T06:30:00Z").await;
    assert!(!world.path("output/digest").exists(), "the day of seven o'clock is over");
    run_at(&world, "2026-11-28T06:00:00Z").await;
    assert_eq!(entries(&world).len(), 1);
}

#[tokio::test]
async fn day_without_news_is_told() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[OLD]));
    let ended = world.relais(&["run"]).await;
    assert!(ended.stderr.contains("the digest morning of") && ended.stderr.contains("nothing new"), "{}", ended.stderr);
    assert_eq!(world.relais(&["run"]).await.stderr, "", "once");
}

#[tokio::test]
async fn mail_is_one_that_a_mail_reader_reads() {
    let origin = Origin::start().await;
    let keys = "from = \"Les Jeux d’été <news@example.org>\"\nto = [\"Pupitre <desk@example.org>\", \"b@example.org\"]\n";
    let world = world(&origin, &format!("{MORNING}{keys}"));
    origin.on("/a", feed(&[NEWS]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/digest/read.py");
    let file = world.path("output/digest/morning.eml").to_string_lossy().into_owned();
    let Some(mail) = python::run(&script, &[&file]).await else { return };
    assert_eq!(mail["subject"], "Les Jeux d’été, vendredi 27 novembre 2026");
    assert_eq!(mail["from"], serde_json::json!([["Les Jeux d’été", "news@example.org"]]));
    assert_eq!(mail["to"], serde_json::json!([["Pupitre", "desk@example.org"], ["", "b@example.org"]]));
    assert_eq!(mail["date"], "2026-11-27T06:00:00+00:00");
    assert_eq!(mail["types"], serde_json::json!(["multipart/alternative", "text/plain", "text/html"]));
    for part in ["plain", "html"] {
        assert!(mail[part].as_str().is_some_and(|text| text.contains(NEWS.0) && text.contains("gras")), "{mail}");
    }
    assert!(mail["plain"].as_str().is_some_and(|text| text.contains("https://a.example.org/?t=")), "where to read on: {mail}");
    assert_eq!(mail["language"], "fr");
    assert_eq!(mail["defects"], serde_json::json!([]), "{mail}");
    assert!(mail["longest"].as_u64().is_some_and(|longest| longest <= 998), "RFC 5322 §2.1.1: {mail}");
    assert_eq!(mail["ascii"], true, "{mail}");
}

#[tokio::test]
async fn damaged_files_are_written_again_as_they_were() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[NEWS]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    let files = || ["atom", "html", "eml"].map(|ending| world.output(&format!("digest/morning.{ending}")));
    let before = files();
    std::fs::remove_file(world.path("output/digest/morning.eml")).expect("removed");
    run_at(&world, "2026-11-27T09:00:00Z").await;
    assert_eq!(files(), before);
}

#[tokio::test]
async fn digest_without_lang_is_made_in_each_language() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    let tables = format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[edition.jeux]\nlangs = [\"fr\", \"en\"]\nuntranslated = \"original\"\n{MORNING}",
        origin.url("/a")
    );
    world.configure("", &tables);
    origin.on("/a", feed(&[NEWS]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    assert!(world.output("digest/morning.fr.atom").contains("jeux, vendredi 27 novembre 2026"));
    assert!(world.output("digest/morning.en.atom").contains("jeux, Friday 27 November 2026"));
    for name in ["digest/morning.fr.eml", "digest/morning.en.html"] {
        assert!(world.output("manifest.json").contains(name), "{name}");
    }
}

#[tokio::test]
async fn removed_digest_ends() {
    let origin = Origin::start().await;
    let world = world(&origin, MORNING);
    origin.on("/a", feed(&[NEWS]));
    run_at(&world, "2026-11-27T06:00:00Z").await;
    let mail = world.output("digest/morning.eml");
    configure(&world, &origin, "");
    run_at(&world, "2026-11-27T08:00:00Z").await;
    assert!(world.output("digest/morning.atom").contains("this feed has ended"));
    assert_eq!(world.output("digest/morning.eml"), mail, "a mail is not ended");
    run_at(&world, &time("2026-11-27T08:00:00Z").plus(Duration::from_hours(91 * 24)).rfc3339()).await;
    assert_eq!(std::fs::read_dir(world.path("output/digest")).expect("a folder").count(), 0);
}
