//! What retention deletes, and what not.

use std::collections::BTreeMap;

use relais::model::{Change, Original, RuleFacts, SourceState, Visit};
use relais::store::{PruneMode, Pruned};

use super::backend::{Backend, promises};
use super::world::{at, change, entry, fresh, newest, settle, source, visit};

promises!(
    deletes_what_is_old_but_not_what_its_source_still_shows,
    deletes_more_than_one_batch,
    deletes_entries_of_the_given_sources_only,
    keeps_the_last_thousand_runs
);

async fn deletes_what_is_old_but_not_what_its_source_still_shows(backend: &Backend) {
    let store = backend.open().await;
    let old = |uid: &str| change(entry("a", uid, "<p>"), 0);
    let (listed, gone, withdrawn, new) = (old("listed"), old("gone"), old("withdrawn"), change(entry("a", "new", "<p>"), 100));
    // Its date is old, but it was first seen only now: a feed that brings its archive.
    let late = Change { first_seen: at(100), ..old("late") };
    let id = |change: &Change| change.entry.key.id();
    let (all, kept) = ([&listed, &gone, &withdrawn, &new, &late].map(id), [&listed, &new, &late].map(id));
    let state = SourceState { listed: vec![id(&listed)], ..SourceState::default() };
    let withdrawn_ids = vec![id(&withdrawn)];
    settle(&store, &[fresh("a", 1, vec![listed, gone, withdrawn, new, late])]).await;
    settle(&store, &[Visit { state: Some(state), withdrawn: withdrawn_ids, ..fresh("a", 60, Vec::new()) }]).await;
    let renditions: Vec<_> = store.find_entry_rows(&all).await.expect("known");
    let renditions: Vec<_> = renditions.iter().map(|known| (known.id, known.revision, Original::default())).collect();
    store.save_originals(&renditions).await.expect("renditions are kept");
    let facts: Vec<_> = renditions.iter().map(|(id, revision, _)| (*id, *revision, RuleFacts::default())).collect();
    store.save_rule_facts(&facts).await.expect("facts are kept");

    let entries =
        async |mode| store.prune_entries(&[source("a")], at(50), mode).await.expect("a prune").into_values().sum::<u64>();
    let history = async |mode| store.prune_history(at(50), mode).await.expect("a prune");
    for mode in [PruneMode::Count, PruneMode::Count, PruneMode::Delete] {
        assert_eq!((entries(mode).await, history(mode).await), (2, Pruned { outcomes: 1, ..Pruned::default() }), "{mode:?}");
    }
    let mut left: Vec<_> = store.find_entry_rows(&all).await.expect("known").iter().map(|known| known.id).collect();
    left.sort_unstable();
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(store.load_entries(&all).await.expect("entries").len(), 3);
    assert_eq!(store.load_originals(&all).await.expect("originals").len(), 3);
    assert_eq!(store.load_rule_facts(&all).await.expect("facts").len(), 3);
    assert_eq!(store.load_visit_history(&source("a"), 9).await.expect("a history").len(), 1);
    assert_eq!((entries(PruneMode::Delete).await, history(PruneMode::Delete).await), (0, Pruned::default()));
}

async fn deletes_more_than_one_batch(backend: &Backend) {
    let store = backend.open().await;
    // 2,500 old entries of two sources, of which each still shows its first ten.
    for of in ["a", "b"] {
        let changes: Vec<_> = (0..1250).map(|n| change(entry(of, &format!("{of}{n}"), ""), n / 100)).collect();
        let listed = changes[..10].iter().map(|change| change.entry.key.id()).collect();
        let state = SourceState { listed, ..SourceState::default() };
        settle(&store, &[Visit { changes, state: Some(state), ..visit(of, 20) }]).await;
    }
    let counts = store.prune_entries(&[source("a"), source("b")], at(50), PruneMode::Count).await.expect("a count");
    assert_eq!(counts, BTreeMap::from([(source("a"), 1240), (source("b"), 1240)]));
    assert_eq!(store.prune_entries(&[source("a"), source("b")], at(50), PruneMode::Delete).await.expect("a prune"), counts);
    assert_eq!(newest(&store, &["a", "b"], None, 99).await.len(), 20);
    assert_eq!(store.load_counts().await.expect("counts").entries, 20);
}

async fn deletes_entries_of_the_given_sources_only(backend: &Backend) {
    let store = backend.open().await;
    for of in ["a", "b"] {
        let visit = Visit { state: None, ..fresh(of, 1, vec![change(entry(of, of, ""), 0)]) };
        settle(&store, &[visit]).await;
    }
    let counts = store.prune_entries(&[source("b"), source("nobody")], at(50), PruneMode::Delete).await.expect("a prune");
    assert_eq!(counts, BTreeMap::from([(source("b"), 1)]));
    assert_eq!(newest(&store, &["a", "b"], None, 99).await.len(), 1);
}

async fn keeps_the_last_thousand_runs(backend: &Backend) {
    let store = backend.open().await;
    backend
        .meddle(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1003) insert into run (started) select i from n",
            "insert into run (started) select i from generate_series(1, 1003) as i",
        )
        .await;
    let last = store.load_last_run().await.expect("a run").expect("there are runs").0;
    for mode in [PruneMode::Count, PruneMode::Delete] {
        assert_eq!(store.prune_history(at(0), mode).await.expect("a prune").runs, 3, "{mode:?}");
    }
    assert_eq!(store.load_last_run().await.expect("a run").expect("there are runs").0, last);
    assert_eq!(store.begin_run(at(0)).await.expect("a run begins"), last + 1);
}
