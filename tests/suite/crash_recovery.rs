//! SIGKILL at any moment, again and again: no entry is lost or doubled, no lease outlasts its time, and what readers see is whole.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish};

const KILLS: u64 = 100;
const SOURCES: u32 = 6;
const STORIES: u32 = 5;

/// Milliseconds from the start of a run to its end by force: every part of a run is hit, in an order that is the same each time.
fn moment(kill: u64, lasts: u64) -> u64 {
    kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) % lasts.max(1)
}

/// The titles that the output shows, each once; nothing where there is no output yet.
fn shown(world: &World) -> Option<Vec<String>> {
    let bytes = std::fs::read(world.path("output/jeux.atom")).ok()?;
    let feed = feed_rs::parser::parse(&bytes[..]).expect("what is published is whole");
    let json = std::fs::read_to_string(world.path("output/jeux.json")).ok();
    if let Some(json) = json {
        serde_json::from_str::<serde_json::Value>(&json).expect("what is published is whole");
    }
    Some(feed.entries.into_iter().map(|entry| entry.id).collect())
}

async fn survives(state: Option<&Schema>) {
    let origin = Origin::start().await;
    let names: Vec<String> = (0..SOURCES).map(|number| format!("s{number}")).collect();
    for (number, name) in (0..).zip(&names) {
        // What is there changes from run to run, so that there is always something to be lost.
        let mut asked = 0;
        origin.answer(&format!("/{name}"), move |_| {
            asked += 1;
            let from = number * 1000 + asked;
            Reply::ok(rss(&format!("s{number}"), &stories(from..from + STORIES))).tagged()
        });
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let world = World::new("");
    let top = state.map(|schema| format!("state = {:?}", schema.url())).unwrap_or_default();
    world.configure(&top, &(tables(&sources) + "limit = 1000\nformats = [\"atom\", \"json\"]\n"));
    // A whole run, to know how long one lasts here: kills are spread over that.
    let begun = tokio::time::Instant::now();
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    let mut lasts = u64::try_from(begun.elapsed().as_millis()).expect("it does not take for ever") * 6 / 5;
    let (mut killed, mut before) = (0, Vec::new());
    for kill in 0..KILLS {
        let mut child = world.start(&["run", "--force"]);
        sleep(Duration::from_millis(moment(kill, lasts))).await;
        if child.try_wait().expect("it can be asked").is_none() {
            child.kill().expect("SIGKILL");
            killed += 1;
        } else {
            // It was too quick for this moment: the next ones come a little sooner.
            lasts -= lasts / 50;
        }
        finish(child).await;
        if let Some(now) = shown(&world) {
            let distinct: std::collections::HashSet<&String> = now.iter().collect();
            assert_eq!(distinct.len(), now.len(), "kill {kill}: no entry stands twice");
            assert!(before.iter().all(|id| distinct.contains(id)), "kill {kill}: no entry is lost");
            before = now;
        }
        if let Some(schema) = state {
            // A lease lasts for ten minutes; nobody waits for them here.
            schema.run("do $$ begin if exists (select 1 from source where lease_until > extract(epoch from now()) * 1000 + 601000) then raise exception 'a lease is stuck'; end if; exception when undefined_table then null; end $$").await;
            schema.run("do $$ begin update source set lease_by = null, lease_until = null; exception when undefined_table then null; end $$").await;
        }
    }
    let ended = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let now = shown(&world).expect("an output");
    let kept = world.relais(&["status", "--json"]).await.json()["store"]["entries"].as_u64().expect("a number");
    let asked: usize = names.iter().map(|name| origin.seen(&format!("/{name}")).len()).sum();
    println!(
        "{killed} of {KILLS} runs were killed; {} entries are shown, {kept} kept, of at most {}",
        now.len(),
        asked + (SOURCES * (STORIES - 1)) as usize
    );
    assert!(before.iter().all(|id| now.contains(id)), "no entry is lost");
    assert!(killed * 2 > KILLS, "most runs were killed before their end");
    assert_eq!(now.len() as u64, kept, "what is kept is shown, each entry once");
}

#[tokio::test]
async fn a_hundred_kills_on_sqlite() {
    survives(None).await;
}

#[tokio::test]
async fn a_hundred_kills_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    survives(Some(&schema)).await;
    schema.drop().await;
}
