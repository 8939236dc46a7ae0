//! The archives of editions (RFC 5005): a reader that was away catches up, and what is closed stays as it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use relais::model::{Clock, Time};
use relais::pipeline::{RunRequest, Scope, run};
use serde_json::Value;

use crate::support::feeds::Story;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;
use crate::support::python;

mod languages;
mod quiet;

const DAY: Duration = Duration::from_hours(24);

/// A clock that stands still.
struct Stopped(Time);

impl Clock for Stopped {
    fn now(&self) -> Time {
        self.0
    }
}

/// A day of October 2026 or later, at noon; 1 is the first of October.
fn day(number: u32) -> Time {
    Time::from_rfc3339("2026-09-30T12:00:00Z").expect("a time").plus(DAY * number)
}

/// A feed of one source with these stories, each dated as its number says: a day, times ten, and one to nine to tell them apart.
fn feed(stories: &[Story]) -> Reply {
    let item = |story: &Story| {
        let before_noon = Duration::from_mins(u64::from(10 - story.number % 10));
        let date = day(story.number / 10).minus(before_noon).chrono().to_rfc2822();
        format!(
            "<item><guid isPermaLink=\"false\">a-{0}</guid><link>https://a.example.org/{0}</link><title>{1}</title>\
             <description><![CDATA[{2}]]></description><pubDate>{date}</pubDate></item>\n",
            story.number, story.title, story.html
        )
    };
    let items: String = stories.iter().map(item).collect();
    Reply::ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>A</title><link>https://a.example.org/</link>\
         <description>Essai</description><language>fr</language>\n{items}</channel></rss>\n"
    ))
}

/// A world with one source and one edition that has room for five entries and an archive.
fn world(origin: &Origin, keys: &str) -> World {
    let world = World::new("");
    configure(&world, origin, &format!("limit = 5\narchive = true\n{keys}"));
    world
}

fn configure(world: &World, origin: &Origin, keys: &str) {
    let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    world.configure("", &format!("{source}[edition.jeux]\nstories = false\n{keys}"));
}

/// Runs at a time, over all sources.
async fn run_at(world: &World, at: Time) {
    let plan = relais::config::load(&world.path("feeds.toml")).expect("a plan");
    let request = RunRequest {
        plan,
        clock: &Stopped(at),
        scope: Scope { force: true, ..Scope::default() },
        process: std::process::id(),
        progress: &|_| (),
        warn: None,
    };
    run(request).await.expect("it runs");
}

/// Publishes two stories a day from one day to another; the source lists the last three days.
async fn run_days(world: &World, origin: &Origin, days: std::ops::RangeInclusive<u32>) {
    for today in days {
        origin.on("/a", feed(&listed(today)));
        run_at(world, day(today)).await;
    }
}

fn listed(today: u32) -> Vec<Story> {
    let days = today.saturating_sub(2).max(1)..=today;
    days.rev().flat_map(|day| [day * 10 + 1, day * 10]).map(Story::new).collect()
}

/// The files of the archive with their bytes.
fn archive(world: &World) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(world.path("output/archive")) else { return Vec::new() };
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("a file"))
    };
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}

/// The months that there are documents of.
fn months(world: &World) -> BTreeSet<String> {
    let month =
        |name: String| name.split_once('-').and_then(|(_, rest)| rest.rsplit_once('.')).map(|(month, _)| month.to_owned());
    names(world).into_iter().filter_map(month).collect()
}

fn names(world: &World) -> Vec<String> {
    archive(world).into_iter().map(|(name, _)| name).collect()
}

/// Walks the archive with a script that knows nothing of relais. Returns what it printed: the files in order, and the entries of all.
async fn walk(world: &World, feed: &str, known: &[&str]) -> Option<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/archive/walk.py");
    let feed = world.path("output").join(feed).to_string_lossy().into_owned();
    let args = [&[feed.as_str(), "https://relais.example.org/"], known].concat();
    python::run(&script, &args).await
}

fn ids(walked: &Value) -> BTreeSet<String> {
    let list = walked["entries"].as_array().expect("entries");
    let ids: BTreeSet<String> = list.iter().map(|id| id.as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids.len(), list.len(), "an entry came twice");
    ids
}

#[tokio::test]
async fn reader_that_was_away_for_three_months_has_every_entry_once() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=100).await;
    let wanted = ["2026-10", "2026-11", "2026-12", "2027-01"];
    let files: Vec<String> =
        wanted.iter().flat_map(|month| ["atom", "json", "rss"].map(|ending| format!("jeux-{month}.{ending}"))).collect();
    assert_eq!(names(&world), files);
    let mut found = Vec::new();
    for feed in ["jeux.atom", "jeux.json", "jeux.rss"] {
        let Some(walked) = walk(&world, feed, &[]).await else { return };
        assert_eq!(ids(&walked).len(), 200, "{feed}: {walked}");
        assert_eq!(walked["files"].as_array().map(Vec::len), Some(5), "{feed}");
        assert_eq!(walked["unlinked"], serde_json::json!([]), "{feed}");
        found.push(ids(&walked));
    }
    assert!(found[0] == found[1] && found[1] == found[2]);
}

#[tokio::test]
async fn reader_that_knows_a_closed_month_stops_there_and_misses_nothing() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=40).await;
    // What a reader has had on the tenth of November: the documents with the mark of an archive need not be read again.
    let Some(had) = walk(&world, "jeux.atom", &[]).await else { return };
    let closed: Vec<&str> = had["closed"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(closed, ["archive/jeux-2026-10.atom"]);
    let mut have = ids(&had);
    run_days(&world, &origin, 41..=70).await;
    let Some(news) = walk(&world, "jeux.atom", &closed).await else { return };
    assert!(!news["files"].as_array().expect("files").iter().any(|file| file == closed[0]), "{news}");
    have.extend(ids(&news));
    assert_eq!(have.len(), 140);
}

#[tokio::test]
async fn closed_month_does_not_change() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=33).await;
    let before = archive(&world);
    let closed =
        |files: &[(String, Vec<u8>)]| files.iter().filter(|(name, _)| name.contains("2026-10")).cloned().collect::<Vec<_>>();
    assert!(String::from_utf8_lossy(&closed(&before)[0].1).contains("<fh:archive"));
    // Old news that arrive late, and a correction of an entry of October.
    let mut late = listed(34);
    late.extend([Story::new(155), Story::new(312).text("<p>En retard.</p>")]);
    origin.on("/a", feed(&late));
    configure(&world, &origin, "limit = 50\narchive = true\n");
    run_at(&world, day(34)).await;
    let after = archive(&world);
    assert_eq!(closed(&before), closed(&after));
    let Some(walked) = walk(&world, "jeux.atom", &[]).await else { return };
    assert_eq!(ids(&walked).len(), 2 * 34 + 2, "what came late is in the month in which it came");
}

#[tokio::test]
async fn unchanged_run_leaves_the_archive_alone() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=33).await;
    let stamp = |world: &World| {
        let meta = |name: &String| {
            let meta = std::fs::metadata(world.path("output/archive").join(name)).expect("a file");
            (meta.modified().expect("a time"), meta.accessed().expect("a time"))
        };
        names(world).iter().map(meta).collect::<Vec<_>>()
    };
    let before = stamp(&world);
    run_at(&world, day(33).plus(Duration::from_hours(1))).await;
    assert_eq!(stamp(&world), before);
}

/// The id of the item about a story.
fn id_of(file: &str, story: &Story) -> String {
    let feed: Value = serde_json::from_str(file).expect("JSON");
    let mut items = feed["items"].as_array().expect("items").iter();
    let item = items.find(|item| item["title"] == story.title).expect("it is there");
    item["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn withdrawn_entry_leaves_its_month_and_is_told() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=33).await;
    for (number, month) in [(330, "2026-11"), (311, "2026-10")] {
        let files = ["json", "atom"].map(|ending| format!("archive/jeux-{month}.{ending}"));
        let id = id_of(&world.output(&files[0]), &Story::new(number));
        let others = world.output(&files[1]).matches("<entry ").count() - 1;
        // Its source has it no more, while older ones stay.
        origin.on("/a", feed(&listed(33).into_iter().filter(|story| story.number != number).collect::<Vec<_>>()));
        run_at(&world, day(33).plus(Duration::from_mins(u64::from(number)))).await;
        let document = world.output(&files[1]);
        assert!(!document.contains(&format!("<id>{id}</id>")), "{number}: {document}");
        assert!(document.contains(&format!("<at:deleted-entry ref=\"{id}\"")), "{number}: {document}");
        assert_eq!(document.matches("<entry ").count(), others, "the others stay");
        let shown: Value = serde_json::from_str(&world.output(&files[0])).expect("JSON");
        assert!(shown["items"].as_array().expect("items").iter().all(|item| item["id"] != id.as_str()), "{number}: {shown}");
        // It comes back before the next one goes.
        origin.on("/a", feed(&listed(33)));
        run_at(&world, day(33).plus(Duration::from_mins(u64::from(number) + 1))).await;
        assert!(world.output(&files[0]).contains(&id), "{number} is back");
    }
}

#[tokio::test]
async fn damaged_document_is_written_again() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=33).await;
    let whole = archive(&world);
    std::fs::remove_file(world.path("output/archive/jeux-2026-10.atom")).expect("removed");
    run_at(&world, day(33).plus(Duration::from_hours(1))).await;
    assert_eq!(archive(&world), whole);
}

#[tokio::test]
async fn documents_older_than_keep_for_are_removed_and_no_longer_linked() {
    let origin = Origin::start().await;
    let world = world(&origin, "keep_for = \"30d\"\n");
    run_days(&world, &origin, 1..=70).await;
    assert_eq!(months(&world), BTreeSet::from(["2026-11", "2026-12"].map(str::to_owned)));
    let Some(walked) = walk(&world, "jeux.atom", &[]).await else { return };
    assert_eq!(ids(&walked).len(), 2 * (70 - 31), "{walked}");
    let manifest = world.output("manifest.json");
    assert!(!manifest.contains("2026-10"), "{manifest}");
}

#[tokio::test]
async fn archive_of_a_removed_edition_stays_with_its_last_version_and_goes_with_it() {
    let origin = Origin::start().await;
    let world = world(&origin, "");
    run_days(&world, &origin, 1..=33).await;
    let whole = archive(&world);
    let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    world.configure("", &format!("{source}[edition.other]\ntitle = \"Autre\"\ndrop = \"'x' in title\"\n"));
    run_at(&world, day(34)).await;
    assert_eq!(archive(&world), whole);
    assert!(world.output("manifest.json").contains("\"ended\""));
    run_at(&world, day(34 + 91)).await;
    assert_eq!(names(&world), [""; 0]);
    assert!(!world.path("output/jeux.atom").exists());
}
