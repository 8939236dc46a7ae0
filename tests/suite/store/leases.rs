//! Who gets which source, and when.

use std::collections::HashSet;

use futures::future::join_all;
use relais::store::{SettledVisit, Store};

use super::backend::{Backend, on_postgres, promises};
use super::world::{at, fresh, lease, settle, source, sources, visit};

promises!(
    registers_sources_once_and_due_at_once,
    claims_what_is_due_and_the_longest_due_first,
    force_takes_what_is_not_due_but_never_what_is_leased,
    gives_a_source_to_one_worker_until_it_settles_or_its_time_runs_out,
    gives_back_what_was_not_settled,
    a_late_settler_does_not_free_the_lease_of_another,
);

async fn claim(store: &Store, worker: &str, now: i64, force: bool, limit: usize) -> Vec<String> {
    let claimed = store.lease_due_sources(&sources(10), &lease(worker, now, now + 60), force, limit).await.expect("a claim");
    claimed.iter().map(|claimed| claimed.source.to_string()).collect()
}

async fn registers_sources_once_and_due_at_once(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(2), at(0)).await.expect("sources are registered");
    store.register_sources(&sources(3), at(50)).await.expect("sources are registered again");
    let rows = store.load_source_rows(&sources(9)).await.expect("sources");
    assert_eq!(rows.iter().map(|row| row.due).collect::<Vec<_>>(), [at(0), at(0), at(50)]);
    assert!(rows.iter().all(|row| row.visited.is_none() && row.leased_until.is_none()));
}

async fn claims_what_is_due_and_the_longest_due_first(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(4), at(0)).await.expect("sources are registered");
    settle(&store, &[visit("s000", -850), fresh("s002", -880, Vec::new()), visit("s003", 0)]).await;
    assert_eq!(claim(&store, "w", -1, false, 9).await, [""; 0], "too early");
    // Due at 0 (s001), 20 (s002), 50 (s000), 900 (s003).
    let claimed = store.lease_due_sources(&sources(10), &lease("w", 60, 100), false, 2).await.expect("a claim");
    let seen: Vec<_> = claimed.iter().map(|c| (c.source.as_str(), c.due, c.visited, c.state.url.as_str())).collect();
    assert_eq!(seen, [("s001", at(0), None, ""), ("s002", at(20), Some(at(-880)), "https://s002.example/feed")]);
    assert_eq!(claim(&store, "w", 60, false, 9).await, ["s000"]);
    let other = store.lease_due_sources(&[source("s003")], &lease("w", 899, 990), false, 9).await.expect("a claim");
    assert!(other.is_empty(), "due a second later");
}

async fn force_takes_what_is_not_due_but_never_what_is_leased(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(3), at(100)).await.expect("sources are registered");
    assert_eq!(claim(&store, "a", 0, false, 9).await, [""; 0]);
    assert_eq!(claim(&store, "a", 0, true, 1).await, ["s000"]);
    assert_eq!(claim(&store, "b", 0, true, 9).await, ["s001", "s002"]);
    assert_eq!(claim(&store, "a", 0, true, 9).await, [""; 0]);
}

async fn gives_a_source_to_one_worker_until_it_settles_or_its_time_runs_out(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(1), at(0)).await.expect("sources are registered");
    assert_eq!(claim(&store, "a", 0, false, 9).await, ["s000"]);
    assert_eq!(store.load_source_rows(&sources(1)).await.expect("sources")[0].leased_until, Some(at(60)));
    assert_eq!(claim(&store, "b", 59, false, 9).await, [""; 0], "a has it");
    assert_eq!(claim(&store, "b", 60, false, 9).await, ["s000"], "the time of a has run out");
    store.settle_visits("b", &[SettledVisit::encode(visit("s000", 61))]).await.expect("a visit is settled");
    assert_eq!(claim(&store, "a", 960, false, 9).await, [""; 0], "not yet due");
    assert_eq!(claim(&store, "a", 961, false, 9).await, ["s000"], "due again");
}

async fn gives_back_what_was_not_settled(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(3), at(0)).await.expect("sources are registered");
    assert_eq!(claim(&store, "a", 0, false, 2).await, ["s000", "s001"]);
    assert_eq!(claim(&store, "b", 0, false, 9).await, ["s002"]);
    store.release_all("a").await.expect("leases are given back");
    assert_eq!(claim(&store, "c", 0, false, 9).await, ["s000", "s001"], "s002 is still with b");
}

async fn a_late_settler_does_not_free_the_lease_of_another(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(1), at(0)).await.expect("sources are registered");
    claim(&store, "slow", 0, false, 9).await;
    assert_eq!(claim(&store, "quick", 60, false, 9).await, ["s000"]);
    store.settle_visits("slow", &[SettledVisit::encode(visit("s000", 0))]).await.expect("a late visit is settled");
    assert_eq!(store.load_source_rows(&sources(1)).await.expect("sources")[0].leased_until, Some(at(120)));
    assert_eq!(claim(&store, "third", 70, true, 9).await, [""; 0]);
    store.settle_visits("quick", &[SettledVisit::encode(visit("s000", 65))]).await.expect("a visit is settled");
    assert_eq!(store.load_source_rows(&sources(1)).await.expect("sources")[0].leased_until, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_get_every_source_exactly_once() {
    on_postgres(async |backend| {
        let stores = join_all((0..4).map(|_| backend.open())).await;
        let all = sources(400);
        stores[0].register_sources(&all, at(0)).await.expect("sources are registered");
        let work = async |(n, store): (usize, &Store)| {
            let mut mine = Vec::new();
            loop {
                let got = store.lease_due_sources(&all, &lease(&n.to_string(), 0, 60), false, 7).await.expect("a claim");
                if got.is_empty() {
                    return mine;
                }
                mine.extend(got.into_iter().map(|claimed| claimed.source));
            }
        };
        let taken = join_all(stores.iter().enumerate().map(work)).await;
        assert!(taken.iter().filter(|mine| !mine.is_empty()).count() > 1, "one worker had all of them: nothing was tried");
        let taken: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(taken.len(), 400);
        assert_eq!(taken.into_iter().collect::<HashSet<_>>().len(), 400);
    })
    .await;
}
