//! The files of the output, as a reader of the feeds gets them.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use relais::clock::SystemClock;
use relais::model::{Clock, Time};
use relais::pipeline::{RunRequest, Scope, run};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const DAY: Duration = Duration::from_hours(24);

/// The output of a run over one feed with one article.
async fn published(html: &str) -> World {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1).text(html)])));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    runs(&world).await;
    world
}

/// Runs once, and expects that it prints nothing.
async fn runs(world: &World) {
    let ended = world.relais(&["run"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
}

#[tokio::test]
async fn page_fits_the_html_of_articles() {
    let html = "<p>Voir<button>ici</button> <img src=\"https://a.example.org/p.jpg\"></p><table><tr><td>1</td></tr></table>";
    let page = published(html).await.output("jeux.html");
    assert!(page.contains("<p>Voir ici </p>"), "{page}");
    assert!(page.contains(" tabindex=\"0\"><table>") && !page.contains("<button"), "{page}");
}

#[tokio::test]
async fn feed_keeps_the_html_of_articles_as_it_is() {
    let html = "<p>Voir <img src=\"https://a.example.org/p.jpg\"></p><table><tbody><tr><td>1</td></tr></tbody></table>";
    let json: Value = serde_json::from_str(&published(html).await.output("jeux.json")).expect("JSON");
    assert_eq!(json["items"][0]["content_html"], html);
}

#[tokio::test]
async fn text_that_is_written_from_right_to_left_says_so_in_every_format() {
    let origin = Origin::start().await;
    let feed = rss("a", &[Story::new(1).text("<p>نص قصير.</p>")]);
    for (lang, stated) in [("ar", true), ("he", true), ("fa", true), ("ur", true), ("fr", false)] {
        origin.on("/a", Reply::ok(feed.replace("<language>fr", &format!("<language>{lang}"))));
        let plan = format!("[source.a]\nurl = \"{}\"\nlang = \"{lang}\"\n[edition.jeux]\nshow = \"full\"\n", origin.url("/a"));
        let world = World::new(&plan);
        runs(&world).await;
        for format in ["atom", "rss", "json", "html"] {
            let file = world.output(&format!("jeux.{format}"));
            let is_stated =
                ["dir=\"rtl\"", "dir=&quot;rtl&quot;", "dir=\\\"rtl\\\""].iter().any(|attribute| file.contains(attribute));
            assert_eq!(is_stated, stated, "{lang} {format}: {file}");
        }
        assert_eq!(world.output("jeux.html").contains(&format!("<html lang=\"{lang}\" dir=\"rtl\">")), stated, "{lang}");
    }
}

/// Writes over a part of a file, which keeps its size.
fn damage(path: &Path) {
    let mut file = File::options().write(true).open(path).expect("a file");
    file.write_all(b"XXXX").expect("it can be written");
}

#[tokio::test]
async fn damaged_file_of_the_same_size_is_written_again() {
    let world = published("<p>Texte</p>").await;
    for name in ["jeux.atom", "jeux.html", "index.html", "sources.opml", "manifest.json"] {
        let whole = world.output(name);
        damage(&world.path("output").join(name));
        runs(&world).await;
        assert_eq!(world.output(name), whole, "{name}");
    }
}

#[tokio::test]
async fn file_that_was_only_touched_is_not_written_again() {
    let world = published("<p>Texte</p>").await;
    let path = world.path("output/jeux.atom");
    let long_ago = SystemTime::UNIX_EPOCH + DAY;
    File::options().write(true).open(&path).and_then(|file| file.set_modified(long_ago)).expect("another date");
    let before = world.outputs();
    runs(&world).await;
    assert_eq!(world.outputs(), before);
}

fn manifest(world: &World) -> Value {
    serde_json::from_str(&world.output("manifest.json")).expect("JSON")
}

/// The line of a file in the manifest.
fn listed(world: &World, name: &str) -> Value {
    let manifest = manifest(world);
    let files = manifest["files"].as_array().expect("files");
    files.iter().find(|file| file["name"] == name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn manifest_has_the_hash_of_every_other_file() {
    let world = published("<p>Texte</p>").await;
    let mut others: Vec<Value> = Vec::new();
    for (name, bytes, ..) in world.outputs().into_iter().filter(|(name, ..)| name != "manifest.json") {
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut line = serde_json::json!({"name": name, "size": bytes.len(), "sha256": sha256});
        if name.starts_with("jeux") {
            line["edition"] = "jeux".into();
        }
        others.push(line);
    }
    assert_eq!(manifest(&world), serde_json::json!({"version": 1, "files": others}));
}

/// A world with one source, and the text of its table.
async fn world_with(editions: &str) -> (Origin, World, String) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    let world = World::new(&format!("{source}{editions}"));
    runs(&world).await;
    (origin, world, source)
}

const JEUX: &str = "[edition.jeux]\ntitle = \"Les Jeux\"\n";
const SKI: &str = "[edition.ski]\ntitle = \"Le ski\"\nlimit = 1\n";

/// Runs after the editions have changed; gives what is told.
async fn changes(world: &World, tables: &str) -> String {
    world.configure("", tables);
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stderr
}

/// The headlines and links of a JSON Feed.
fn items(world: &World, name: &str) -> Vec<(String, String)> {
    let feed: Value = serde_json::from_str(&world.output(name)).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    feed["items"].as_array().expect("items").iter().map(|item| (text(&item["title"]), text(&item["url"]))).collect()
}

#[tokio::test]
async fn last_version_of_a_removed_edition_says_that_it_has_ended() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    let told = changes(&world, &format!("{source}{SKI}")).await;
    assert_eq!(told.matches("jeux is no longer published").count(), 1, "{told}");
    assert_eq!(items(&world, "jeux.json"), [("Les Jeux: this feed has ended".to_owned(), String::new())]);
    for name in ["jeux.atom", "jeux.rss", "jeux.html"] {
        assert!(world.output(name).contains("this feed has ended"), "{name}");
    }
    assert_eq!(items(&world, "ski.json").len(), 1, "the other one goes on");
}

#[tokio::test]
async fn last_version_of_a_renamed_edition_says_where_it_is() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    changes(&world, &format!("{source}{}{SKI}", JEUX.replace("[edition.jeux]", "[edition.olympiques]"))).await;
    let page = "https://relais.example.org/olympiques.html".to_owned();
    assert_eq!(items(&world, "jeux.json"), [("Les Jeux: this feed has moved".to_owned(), page)]);
    assert_eq!(listed(&world, "jeux.rss")["moved_to"], "olympiques.rss");
    assert!(world.output("jeux.rss").contains("<itunes:new-feed-url>https://relais.example.org/olympiques.rss<"));
}

#[tokio::test]
async fn edition_with_another_name_and_title_is_known_by_its_sources() {
    let (_origin, world, source) = world_with(JEUX).await;
    changes(&world, &format!("{source}{SKI}")).await;
    assert_eq!(listed(&world, "jeux.atom")["moved_to"], "ski.atom");
}

#[tokio::test]
async fn edition_that_was_there_before_does_not_continue_another() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    changes(&world, &format!("{source}{SKI}")).await;
    assert_eq!(listed(&world, "jeux.atom")["moved_to"], Value::Null);
}

#[tokio::test]
async fn removed_format_says_where_the_others_are() {
    let (_origin, world, source) = world_with(JEUX).await;
    changes(&world, &format!("{source}{JEUX}formats = [\"atom\"]\n")).await;
    let file = listed(&world, "jeux.rss");
    assert_eq!((&file["moved_to"], file["ended"].is_string()), (&"jeux.atom".into(), true));
}

#[tokio::test]
async fn edition_that_gets_languages_moves_to_the_first() {
    let (_origin, world, source) = world_with(JEUX).await;
    changes(&world, &format!("{source}{JEUX}langs = [\"fr\"]\n")).await;
    assert_eq!(listed(&world, "jeux.atom")["moved_to"], "jeux.fr.atom");
}

#[tokio::test]
async fn removed_language_has_ended() {
    let tables = |langs: &str| format!("{JEUX}langs = [{langs}]\nuntranslated = \"original\"\n");
    let (_origin, world, source) = world_with(&tables("\"fr\", \"en\"")).await;
    changes(&world, &format!("{source}{}", tables("\"fr\""))).await;
    assert_eq!(items(&world, "jeux.en.json")[0].0, "Les Jeux: this feed has ended");
    assert_eq!(items(&world, "jeux.fr.json").len(), 2);
}

#[tokio::test]
async fn end_is_told_and_written_once() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    changes(&world, &format!("{source}{SKI}")).await;
    let before = world.outputs();
    runs(&world).await;
    assert_eq!(world.outputs(), before);
}

#[tokio::test]
async fn damaged_last_version_is_written_again() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    changes(&world, &format!("{source}{SKI}")).await;
    let whole = world.output("jeux.rss");
    damage(&world.path("output/jeux.rss"));
    runs(&world).await;
    assert_eq!(world.output("jeux.rss"), whole);
}

#[tokio::test]
async fn edition_that_comes_back_replaces_its_last_version() {
    let both = format!("{JEUX}{SKI}");
    let (_origin, world, source) = world_with(&both).await;
    let before = world.output("jeux.json");
    changes(&world, &format!("{source}{SKI}")).await;
    changes(&world, &format!("{source}{both}")).await;
    assert_eq!(world.output("jeux.json"), before);
    assert_eq!(listed(&world, "jeux.json")["ended"], Value::Null);
}

#[tokio::test]
async fn run_of_one_edition_ends_no_other() {
    let (_origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    world.configure("", &format!("{source}{SKI}"));
    let ended = world.relais(&["run", "--edition", "ski"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(items(&world, "jeux.json").len(), 2);
}

#[tokio::test]
async fn another_configuration_with_the_same_output_ends_nothing() {
    let (_origin, world, source) = world_with(JEUX).await;
    world.configure("", &format!("{source}{SKI}"));
    std::fs::rename(world.path("feeds.toml"), world.path("other.toml")).expect("renamed");
    let ended = world.relais(&["-c", "other.toml", "run"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!((items(&world, "jeux.json").len(), items(&world, "ski.json").len()), (2, 1));
}

#[tokio::test]
async fn feed_of_faults_ends_when_it_is_no_longer_wanted() {
    let (_origin, world, source) = world_with(JEUX).await;
    let tables = format!("{source}{JEUX}");
    world.configure("faults = true\n", &tables);
    runs(&world).await;
    assert_eq!(listed(&world, "faults.atom")["edition"], "faults");
    changes(&world, &tables).await;
    assert!(world.output("faults.atom").contains("this feed has ended"));
}

/// A clock that stands still.
struct Fixed(Time);

impl Clock for Fixed {
    fn now(&self) -> Time {
        self.0
    }
}

/// Runs so much later than now.
async fn run_later(world: &World, later: Duration) {
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let clock = Fixed(SystemClock.now().plus(later));
    let request = RunRequest { plan, clock: &clock, scope: Scope::default(), process: 1, progress: &|_| (), warn: None };
    Box::pin(run(request)).await.expect("it ends well");
}

/// A world whose edition `jeux` has ended, with its last version kept for so long.
async fn ended_world(keep_ended: &str) -> (Origin, World) {
    let (origin, world, source) = world_with(&format!("{JEUX}{SKI}")).await;
    world.configure(&format!("keep_ended = \"{keep_ended}\"\n"), &format!("{source}{SKI}"));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    (origin, world)
}

#[tokio::test]
async fn last_version_is_removed_after_the_configured_time() {
    let (_origin, world) = ended_world("30d").await;
    run_later(&world, DAY * 29).await;
    assert!(world.path("output/jeux.atom").exists());
    run_later(&world, DAY * 30).await;
    let left: Vec<String> = world.outputs().into_iter().map(|(name, ..)| name).collect();
    assert!(!left.iter().any(|name| name.starts_with("jeux")), "{left:?}");
    assert_eq!(listed(&world, "jeux.atom"), Value::Null);
}

#[tokio::test]
async fn file_of_someone_else_in_the_place_of_a_last_version_is_kept() {
    let (_origin, world) = ended_world("30d").await;
    let path = world.path("output/jeux.atom");
    std::fs::remove_file(&path).and_then(|()| File::create_new(&path)?.write_all(b"mine")).expect("a file of someone else");
    run_later(&world, DAY * 30).await;
    assert_eq!(world.output("jeux.atom"), "mine");
}

#[tokio::test]
async fn last_version_that_someone_has_removed_does_not_come_back() {
    let (_origin, world) = ended_world("30d").await;
    std::fs::remove_file(world.path("output/jeux.atom")).expect("removed");
    run_later(&world, DAY).await;
    assert!(!world.path("output/jeux.atom").exists());
    assert_eq!(listed(&world, "jeux.atom"), Value::Null);
}

#[tokio::test]
async fn files_of_an_ended_edition_are_removed_at_once_if_the_configuration_says_so() {
    let (_origin, world) = ended_world("0s").await;
    assert!(!world.path("output/jeux.atom").exists());
}

#[tokio::test]
async fn file_keeps_its_inode_when_it_is_read_on_the_next_day() {
    let world = published("<p>Texte</p>").await;
    let inode = || std::fs::metadata(world.path("output/jeux.atom")).expect("a file").ino();
    let before = inode();
    run_later(&world, DAY * 2).await;
    assert_eq!(inode(), before);
}
