//! What retention deletes, and what not.

use relais::model::{Change, Original, SourceState, Visit};
use relais::store::Pruned;

use super::backend::{Backend, promises};
use super::world::{at, change, entry, fresh, newest, settle, source, visit};

promises!(deletes_what_is_old_but_not_what_its_source_still_shows, deletes_more_than_one_batch, keeps_the_last_thousand_runs);

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

    assert_eq!(store.prune(at(50)).await.expect("a prune"), Pruned { entries: 2, outcomes: 1, ..Pruned::default() });
    let mut left: Vec<_> = store.find_entry_rows(&all).await.expect("known").iter().map(|known| known.id).collect();
    left.sort_unstable();
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    assert_eq!(left, kept);
    assert_eq!(store.load_entries(&all).await.expect("entries").len(), 3);
    assert_eq!(store.load_originals(&all).await.expect("originals").len(), 3);
    assert_eq!(store.load_visit_history(&source("a"), 9).await.expect("a history").len(), 1);
    assert_eq!(store.prune(at(50)).await.expect("a second prune"), Pruned::default());
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
    assert_eq!(store.prune(at(50)).await.expect("a prune").entries, 2480);
    assert_eq!(newest(&store, &["a", "b"], None, 99).await.len(), 20);
    assert_eq!(store.load_counts().await.expect("counts").entries, 20);
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
    assert_eq!(store.prune(at(0)).await.expect("a prune").runs, 3);
    assert_eq!(store.load_last_run().await.expect("a run").expect("there are runs").0, last);
    assert_eq!(store.begin_run(at(0)).await.expect("a run begins"), last + 1);
}
