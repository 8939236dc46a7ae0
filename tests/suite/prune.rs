//! `relais prune`: what it deletes and what it says.

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::{
    Change, Clock, Entry, EntryHead, EntryId, EntryKey, LinkOrigin, Outcome, SourceId, SourceState, StoryKey, Text, Visit,
};
use relais::store::{Access, SettledVisit, Store};

use crate::support::program::World;

const SOURCES: &str = "[source.a]\nurl = \"https://a.example/\"\ntags = [\"short\"]\n[source.b]\nurl = \"https://b.example/\"\n\
                       [edition.short]\nfrom = [\"tag:short\"]\nkeep_for = \"30d\"\n[edition.long]\nfrom = [\"b\"]\n";

/// An entry of a source that was first seen so many days ago.
fn change(of: &str, days: u64) -> Change {
    let at = SystemClock.now().minus(Duration::from_hours(days * 24));
    let entry = Entry {
        key: EntryKey { source: SourceId::new(of), uid: days.to_string() },
        head: EntryHead { published: Some(at), ..EntryHead::default() },
        title: Text::new("Un titre"),
        summary: None,
        content: None,
    };
    let article = entry.article_key(LinkOrigin::Elsewhere);
    Change { id: entry.key.id(), revision: entry.revision(), entry, at, first_seen: at, article, story: StoryKey::default() }
}

/// Opens the state of a world.
async fn open(world: &World) -> Store {
    Store::open(&format!("sqlite:{}", world.path("relais.db").display()), Access::Work).await.expect("a store")
}

/// A world whose sources a and b have entries of 10, 40 and 400 days, of which a still lists the oldest.
async fn old_world() -> World {
    let world = World::new(SOURCES);
    let store = open(&world).await;
    for of in ["a", "b"] {
        let changes: Vec<Change> = [10, 40, 400].map(|days| change(of, days)).into();
        let listed = changes.iter().filter(|_| of == "a").map(|change| change.id).skip(2).collect();
        let now = SystemClock.now();
        let visit = Visit {
            source: SourceId::new(of),
            at: now,
            duration_ms: 1,
            outcome: Outcome::Same,
            state: Some(SourceState { listed, ..SourceState::default() }),
            changes,
            withdrawn: Vec::new(),
            restored: Vec::new(),
            due: now,
            due_reason: None,
        };
        store.settle_visits("w", &[SettledVisit::encode(visit)]).await.expect("settled");
    }
    store.close().await.expect("closed");
    world
}

/// The ages in days of the entries that are left.
async fn left(world: &World) -> Vec<(&'static str, u64)> {
    let store = open(world).await;
    let all: Vec<(&str, u64, EntryId)> =
        ["a", "b"].into_iter().flat_map(|of| [10, 40, 400].map(|days| (of, days, change(of, days).id))).collect();
    let ids: Vec<EntryId> = all.iter().map(|(.., id)| *id).collect();
    let known = store.find_entry_rows(&ids).await.expect("rows");
    store.close().await.expect("closed");
    all.into_iter().filter(|(.., id)| known.iter().any(|row| row.id == *id)).map(|(of, days, _)| (of, days)).collect()
}

#[tokio::test]
async fn prune_keeps_what_an_edition_keeps_and_what_a_source_lists() {
    let world = old_world().await;
    let ended = world.relais(&["prune"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(left(&world).await, [("a", 10), ("a", 400), ("b", 10), ("b", 40)]);
    assert!(ended.stdout.contains("deleted: 2 entries, 0 outcomes of visits"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\na             1  20"), "each source has a line: {}", ended.stdout);
}

#[tokio::test]
async fn dry_run_says_the_same_and_deletes_nothing() {
    let world = old_world().await;
    let dry = world.relais(&["prune", "--dry-run"]).await;
    assert_eq!((dry.code, left(&world).await.len()), (Some(0), 6), "{dry:?}");
    let real = world.relais(&["prune"]).await;
    assert_eq!(dry.stdout.replace("would be deleted", "deleted"), real.stdout);
}

#[tokio::test]
async fn prune_deletes_only_entries_of_the_given_editions_and_sources() {
    for (arguments, deleted) in [
        (vec!["--edition", "short"], 1),
        (vec!["--source", "b"], 1),
        (vec!["--edition", "short", "--source", "b"], 0),
        (vec!["--edition", "short", "long"], 2),
    ] {
        let world = old_world().await;
        let ended = world.relais(&[&["prune"], arguments.as_slice()].concat()).await;
        assert_eq!(6 - left(&world).await.len(), deleted, "{arguments:?}");
        assert!(!ended.stdout.contains("outcome"), "records belong to no edition: {}", ended.stdout);
    }
}

#[tokio::test]
async fn prune_of_an_unknown_source_is_a_mistake() {
    let world = old_world().await;
    let ended = world.relais(&["prune", "--source", "c"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("there is no source `c`") && left(&world).await.len() == 6, "{}", ended.stderr);
}

#[tokio::test]
async fn dry_run_without_a_state_makes_none() {
    let world = World::new(SOURCES);
    let ended = world.relais(&["prune", "--dry-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!world.path("relais.db").exists());
}
