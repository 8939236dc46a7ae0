//! Real bodies of French feeds, which lie beside the checkout on the project's machines (`RELAIS_SHARED`) and nowhere else:
//! their texts belong to their publishers.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::feeds::tables;
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, shared};

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
