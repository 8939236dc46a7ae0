//! The output as a set of files: killed or hindered between two of them, without what is no longer published, and dated by its entries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use relais::model::{EngineKind, Time};
use sha2::{Digest, Sha256};

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::full_world::{DIGESTS, EDITIONS, FullWorld, day, feed, files, listed_files, run_at};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, finish};

const HOUR: Duration = Duration::from_hours(1);

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of files in a folder and those in it, without those that are being written.
fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let number = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => count(&entry.path()),
        _ => usize::from(!entry.file_name().to_string_lossy().starts_with('.')),
    };
    entries.flatten().map(number).sum()
}

/// A world of the program itself: two editions with archives, whose source does not change.
async fn steady_world() -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(feed(&[41, 40, 31, 30, 21, 20, 11, 10])));
    let world = World::new("");
    let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    let edition = |id: &str| format!("[edition.{id}]\nlimit = 9\npage_size = 5\narchive = true\n");
    world.configure("", &format!("{source}{}{}", edition("jeux"), edition("tout")));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    (origin, world)
}

/// Checks what readers find of a set of which not all is there: each file is whole, and those that list others come after them.
fn check_part(there: &BTreeMap<String, Vec<u8>>, whole: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in there {
        assert!(whole.get(name) == Some(bytes), "{name} is whole");
    }
    let others = whole.len() - ["index.html", "sources.opml", "feed.css", "manifest.json"].len();
    if there.contains_key("index.html") {
        assert!(there.len() >= others, "the list of editions comes after them: {:?}", there.keys());
    }
    if there.contains_key("manifest.json") {
        assert_eq!(there.len(), whole.len(), "the manifest comes last");
    }
    for (feed, document) in [("jeux.atom", "archive/jeux-"), ("tout.json", "archive/tout-")] {
        let is_there = there.keys().any(|name| name.starts_with(document));
        assert!(is_there || !there.contains_key(feed), "{feed} links to a document that is there");
    }
}

#[tokio::test]
async fn run_that_is_killed_between_two_files_leaves_whole_ones_and_the_next_run_adds_the_rest() {
    let (_origin, world) = steady_world().await;
    let whole = files(&world);
    let mut seen = BTreeSet::new();
    for wanted in 1..whole.len() {
        std::fs::remove_dir_all(world.path("output")).expect("it can be removed");
        let mut child = world.start(&["run"]);
        while count(&world.path("output")) < wanted && child.try_wait().expect("it can be asked").is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().expect("SIGKILL");
        finish(child).await;
        let there: BTreeMap<_, _> = files(&world).into_iter().filter(|(name, _)| !name.contains(".relais-")).collect();
        check_part(&there, &whole);
        seen.insert(there.len());
        let ended = world.relais(&["run"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(files(&world) == whole, "after a kill behind {} files", there.len());
    }
    println!("killed behind these numbers of {} files: {seen:?}", whole.len());
    assert!(seen.iter().filter(|number| **number < whole.len()).count() >= whole.len() / 3, "between many of them: {seen:?}");
}

#[tokio::test]
async fn file_that_cannot_be_written_is_told_and_the_next_run_goes_on_from_there() {
    let (origin, world) = steady_world().await;
    let old = files(&world);
    origin.on("/a", Reply::ok(feed(&[51, 50, 41, 40])));
    // A folder of that name hinders whoever runs this, the superuser too.
    for name in ["jeux.json", "archive/tout-OBSTACLE", "index.html", "manifest.json"] {
        let name = match name.split_once("OBSTACLE") {
            Some((start, _)) => old.keys().find(|name| name.starts_with(start)).expect("a document").clone(),
            None => name.to_owned(),
        };
        let path = world.path("output").join(&name);
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir(&path).expect("a folder");
        let ended = world.relais(&["run", "--force"]).await;
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        let file = Path::new(&name).file_name().expect("a name").to_string_lossy().into_owned();
        assert!(ended.stderr.contains(&file), "{name}: {ended:?}");
        std::fs::remove_dir(&path).expect("it is empty");
        let ended = world.relais(&["run", "--force"]).await;
        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
        assert_manifest_is_true(&world);
    }
    assert!(world.output("jeux.json").contains("numéro 51") && world.output("tout.json").contains("numéro 51"));
}

/// Checks that the manifest lists the files that are there, and no others.
fn assert_manifest_is_true(world: &World) {
    let there: BTreeMap<String, String> = files(world)
        .into_iter()
        .filter(|(name, _)| name != "manifest.json")
        .map(|(name, bytes)| (name, sha256(&bytes)))
        .collect();
    assert_eq!(listed_files(world), there);
}

#[tokio::test]
async fn nothing_is_left_of_what_is_no_longer_published() {
    let full = FullWorld::new("").await;
    full.run_days(28..=34).await;
    assert_manifest_is_true(&full.world);
    let french = |table: &str| table.replace("langs = [\"fr\", \"en\"]", "langs = [\"fr\"]");
    let (jeux, each) = (french(EDITIONS[0]), EDITIONS[2].replace("\"sport/judo\", ", ""));
    let few_formats = jeux.replace("\"json\", \"html\", \"ninjs\"", "\"json\"");
    let no_archive = few_formats.replace("archive = true\n", "");
    let mut today = 35;
    // A step takes something away; after the time of `keep_ended` none of its files is there.
    for (step, tables, gone) in [
        (
            "a language",
            vec![&*jeux, EDITIONS[1], EDITIONS[2], EDITIONS[3], DIGESTS[0], DIGESTS[1]],
            &["jeux.en", "archive/jeux.en", "digest/morning.en"][..],
        ),
        (
            "formats",
            vec![&*few_formats, EDITIONS[1], EDITIONS[2], EDITIONS[3], DIGESTS[0], DIGESTS[1]],
            &["jeux.fr.html", "jeux.fr.2.html", "jeux.fr.ninjs.json"],
        ),
        ("an edition of a tag", vec![&*few_formats, EDITIONS[1], &*each, EDITIONS[3], DIGESTS[0], DIGESTS[1]], &["judo."]),
        ("a digest", vec![&*few_formats, EDITIONS[1], &*each, EDITIONS[3], DIGESTS[0]], &["digest/evening"]),
        ("an archive", vec![&*no_archive, EDITIONS[1], &*each, EDITIONS[3], DIGESTS[0]], &["archive/jeux"]),
        ("editions", vec![&*no_archive, &*each, DIGESTS[0]], &["tout.", "court.", "archive/tout"]),
    ] {
        assert!(gone.iter().all(|start| files(&full.world).keys().any(|name| name.starts_with(start))), "{step} is there");
        full.configure("keep_ended = \"1d\"\n", &tables);
        for days in [0, 1, 2] {
            run_at(&full.world, day(today + days)).await;
            assert_manifest_is_true(&full.world);
        }
        today += 3;
        let left: Vec<String> =
            files(&full.world).into_keys().filter(|name| gone.iter().any(|start| name.starts_with(start))).collect();
        assert!(left.is_empty(), "{step}: {left:?}");
    }
    assert!(files(&full.world).contains_key("digest/morning.atom"), "what is still published stays");
}

/// The dates of change in an Atom feed: its own, and those of its entries and withdrawals.
fn dates(world: &World, name: &str) -> (Time, Vec<Time>) {
    let text = world.output(name);
    let date = |part: &str, start: &str, end: &str| {
        part.split_once(start).and_then(|(_, rest)| Time::from_rfc3339(rest.split_once(end)?.0)).expect("a date")
    };
    let own = date(&text, "<updated>", "<");
    let sources = |entry: &str| entry.split("<source>").next().expect("a part").to_owned();
    let entries = text.split("<entry").skip(1).map(|entry| date(&sources(entry), "<updated>", "<"));
    let withdrawn = text.split("<at:deleted-entry").skip(1).map(|entry| date(entry, "when=\"", "\""));
    (own, entries.chain(withdrawn).collect())
}

/// Checks that a feed is dated by its newest change, in all formats. Returns that date.
fn updated(world: &World, stem: &str) -> Time {
    let (own, entries) = dates(world, &format!("{stem}.atom"));
    assert_eq!(Some(own), entries.into_iter().max(), "{stem}");
    let rss = world.output(&format!("{stem}.rss"));
    let built = rss.split_once("<lastBuildDate>").and_then(|(_, rest)| rest.split_once('<')).expect("a date").0;
    assert_eq!(chrono::DateTime::parse_from_rfc2822(built).map(|date| Time::from(date.to_utc())), Ok(own), "{stem}");
    own
}

#[tokio::test]
async fn feed_is_dated_by_the_last_change_that_its_readers_see() {
    let (origin, engine) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    let full = FullWorld { world: World::new(""), origin, engine };
    full.configure("", &[EDITIONS[0]]);
    full.engine.then(Misbehaviour::Status(500), 100_000);
    full.origin.on("/a", Reply::ok(feed(&[11, 10])));
    run_at(&full.world, day(1)).await;
    let first = updated(&full.world, "jeux.fr");
    assert_eq!(first, day(1).minus(Duration::from_mins(9)), "the date of the newest entry");
    assert_eq!(updated(&full.world, "jeux.en"), first);
    let before = files(&full.world);
    run_at(&full.world, day(1).plus(HOUR)).await;
    assert!(files(&full.world) == before, "nothing has changed");
    full.engine.recover();
    // An engine that has failed rests.
    let translated = day(2);
    run_at(&full.world, translated).await;
    assert_eq!(updated(&full.world, "jeux.fr"), first, "a translation is no change of the original");
    assert_eq!(updated(&full.world, "jeux.en"), translated, "and one to those who read it");
    assert_eq!(updated(&full.world, "archive/jeux.en-2026-10"), translated);
    // The newest entry is withdrawn: it is missing, twice, while an older one stays.
    full.origin.on("/a", Reply::ok(feed(&[10])));
    run_at(&full.world, day(3)).await;
    let withdrawn = day(3).plus(HOUR);
    run_at(&full.world, withdrawn).await;
    for stem in ["jeux.fr", "jeux.en", "archive/jeux.fr-2026-10"] {
        assert_eq!(updated(&full.world, stem), withdrawn, "{stem}");
    }
    let before = files(&full.world);
    run_at(&full.world, withdrawn.plus(HOUR)).await;
    assert!(files(&full.world) == before, "nothing has changed");
}
