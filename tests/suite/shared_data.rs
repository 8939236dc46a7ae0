//! Real bodies of French feeds, which lie beside the checkout on the project's machines (`RELAIS_SHARED`) and nowhere else:
//! their texts belong to their publishers.

use std::collections::HashMap;
use std::path::PathBuf;

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::EngineServer;
use crate::support::engine::words::english;
use crate::support::estimate::{assert_between, estimate_then_run};
use crate::support::feeds::tables;
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, server_address, shared};

/// What the manifest says of a body: the entries that it holds, if somebody counted them.
fn counted(folder: &std::path::Path) -> HashMap<String, u64> {
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("a manifest");
    let counted = manifest.lines().filter(|line| !line.contains("NOT A FEED")).filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let facts = columns.iter().find_map(|column| column.split("; ").find_map(|fact| fact.strip_suffix(" items")))?;
        Some((columns[0].to_owned(), facts.parse().ok()?))
    });
    counted.collect()
}

fn bodies(folder: &std::path::Path) -> Vec<PathBuf> {
    let list = |folder: PathBuf| std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut bodies: Vec<PathBuf> = list(folder.to_owned()).chain(list(folder.join("derived"))).collect();
    bodies.retain(|path| path.is_file() && path.extension().is_some_and(|ending| ending != "tsv"));
    bodies.sort();
    bodies
}

#[tokio::test]
async fn every_real_feed_gives_its_entries_and_the_next_run_asks_for_nothing_twice() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/real-feeds");
    let counted = counted(&folder);
    let origin = Origin::start().await;
    let mut sources = Vec::new();
    let bodies = bodies(&folder);
    for (place, path) in bodies.iter().enumerate() {
        origin.on(&format!("/{place}"), Reply::ok(std::fs::read(path).expect("a body")).tagged());
        sources.push((format!("s{place}"), origin.url(&format!("/{place}"))));
    }
    let named: Vec<(&str, String)> = sources.iter().map(|(name, url)| (name.as_str(), url.clone())).collect();
    let world = World::new(&(tables(&named) + "limit = 1000\n"));
    let first = world.relais(&["run", "--json"]).await;
    let report = first.json();
    assert_eq!(first.code, Some(3), "some of them are no feeds");
    assert_eq!(report["sources"]["due"], bodies.len());
    let faults: HashMap<&str, &Value> = report["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| (fault["source"].as_str().expect("a source"), &fault["kind"]))
        .collect();
    for kind in faults.values() {
        assert_eq!(**kind, "not-a-feed", "{}", first.stderr);
    }
    let mut told = 0;
    for (place, path) in bodies.iter().enumerate() {
        let parsed = world.relais(&["parse", path.to_str().expect("a path"), "--url", &origin.url("/")]).await;
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if faults.contains_key(sources[place].0.as_str()) {
            assert_eq!(parsed.code, Some(3), "{name}");
            assert!(!counted.contains_key(&name) || counted[&name] == 0, "{name} is a feed: {}", parsed.stderr);
            told += 1;
        } else {
            let entries = parsed.json()["entries"].as_array().map_or(0, Vec::len) as u64;
            assert!(entries > 0, "{name}");
            assert_eq!(entries, *counted.get(&name).unwrap_or(&entries), "{name}");
        }
    }
    println!(
        "{} bodies: {} feeds with {} entries, {told} told as no feeds",
        bodies.len(),
        bodies.len() - told,
        report["entries"]["new"]
    );

    let before = world.outputs();
    let second = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(second["sources"]["same"], bodies.len() - told, "{second}");
    assert_eq!(world.outputs(), before, "no file was touched");
    let asked = (0..bodies.len()).map(|place| origin.seen(&format!("/{place}")));
    let with_validator = asked.filter(|seen| seen.len() == 2 && !seen[1].header("if-none-match").is_empty()).count();
    assert_eq!(with_validator, bodies.len() - told, "every feed that was read is asked for with its validator");
}

/// The tables of the sources of all real feeds.
fn sources(origin: &Origin, folder: &std::path::Path) -> String {
    let mut text = String::new();
    for (place, path) in bodies(folder).iter().enumerate() {
        origin.on(&format!("/{place}"), Reply::ok(std::fs::read(path).expect("a body")).tagged());
        text.push_str(&format!("[source.s{place:02}]\nurl = \"{}\"\n", origin.url(&format!("/{place}"))));
    }
    text
}

/// A world of all real feeds, one engine, and an edition in these languages of so many entries.
/// One source is visited after the other: of two copies of an article the first one that is seen is shown.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn translated_world(sources: &str, engine: &str, langs: &str, limit: u32) -> World {
    let world = World::new(&format!(
        "{sources}[engine.a]\n{engine}\nprice = {{ per_million_characters = 20.0, currency = \"EUR\" }}\n\
         [edition.jeux]\ntitle = \"The Games\"\nlangs = [{langs}]\nshow = \"full\"\nlimit = {limit}\nengines = [\"a\"]\nuntranslated = \"original\"\n"
    ));
    let file = world.path("feeds.toml");
    let text = std::fs::read_to_string(&file).expect("feeds.toml");
    std::fs::write(&file, text.replace("per_host = 8", "per_host = 1")).expect("feeds.toml can be written");
    world
}

/// A dry run and a run; prints their figures side by side.
async fn compare(what: &str, world: &World) -> Value {
    let (dry, real) = estimate_then_run(world).await;
    println!("{what}: {} segments, {} from the memory", dry["translation"]["segments"], dry["translation"]["recalled"]);
    assert_between(&dry, &real);
    real["translation"].clone()
}

#[tokio::test]
async fn run_over_real_feeds_lies_within_the_estimate_of_the_dry_run() {
    let Some(shared) = shared() else { return };
    let (origin, server) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    let sources = sources(&origin, &shared.join("data/real-feeds"));
    let engine = format!("kind = \"libretranslate\"\nurl = \"{}\"", server.url());
    let world = translated_world(&sources, &engine, "\"en\"", 1000);
    let first = compare("first run", &world).await;
    assert!(first["sent"].as_u64() > Some(300) && first["rejected"].as_u64() > Some(0), "{first}");
    compare("second run", &world).await;
    for budget in ["{ characters = 5_000, per = \"month\" }", "{ money = 0.5, per = \"month\" }"] {
        let world = translated_world(&sources, &format!("{engine}\nbudget = {budget}"), "\"en\", \"en-GB\"", 1000);
        compare(budget, &world).await;
        compare("the same, second run", &world).await;
    }
    // Of seven texts one comes back as it was.
    server.translate_with(|text| if text.chars().count() % 7 == 0 { text.to_owned() } else { english(text) });
    let refusing = compare("one text of seven is refused", &translated_world(&sources, &engine, "\"en\"", 1000)).await;
    assert!(refusing["rejected"].as_u64() > first["rejected"].as_u64(), "{refusing}");
}

#[tokio::test]
async fn run_over_real_feeds_with_apertium_lies_within_the_estimate_of_the_dry_run() {
    let (Some(shared), Some(url)) = (shared(), server_address("RELAIS_TEST_APY")) else { return };
    let origin = Origin::start().await;
    let sources = sources(&origin, &shared.join("data/real-feeds"));
    let engine = format!("kind = \"apertium\"\nurl = \"{url}\"");
    let world = translated_world(&sources, &engine, "\"es\"", 400);
    let first = compare("Apertium", &world).await;
    assert!(first["sent"].as_u64() > Some(300), "{first}");
    compare("Apertium, second run", &world).await;
    let pivot = format!("{engine}\npivot = \"es\"\nbudget = {{ characters = 20_000, per = \"day\" }}");
    compare("Apertium through Spanish, with a budget", &translated_world(&sources, &pivot, "\"en\"", 400)).await;
}
