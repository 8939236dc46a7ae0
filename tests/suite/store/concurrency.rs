//! Many futures on one store: none blocks another, whether it is polled, waiting or dropped.

use std::time::Duration;

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use relais::store::{SettledVisit, Store, StoreError};

use super::backend::{Backend, promises};
use super::world::{at, change, entry, fresh, lease, newest, sources, visit};

promises!(
    loop_over_futures_may_use_the_store_between_two_of_them,
    operation_of_a_dropped_caller_is_carried_out,
    closing_finishes_the_operations_that_are_queued,
    closed_store_refuses_operations,
);

/// More than there are connections.
const MANY: usize = 40;

async fn lease_and_settle(store: &Store, n: usize) -> Result<(), StoreError> {
    let source = &sources(MANY)[n..=n];
    let leased = store.lease_due_sources(source, &lease(&format!("w{n}"), 0, 60), false, 1).await?;
    assert_eq!(leased.len(), 1);
    let visit = SettledVisit::encode(visit(source[0].as_str(), 1));
    store.settle_visits(&format!("w{n}"), &[visit]).await
}

/// A future that waits in a queue for a connection, and is not polled while the loop waits in the same queue behind it, would
/// block the loop for ever.
async fn loop_over_futures_may_use_the_store_between_two_of_them(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(MANY + 3), at(0)).await.expect("sources are registered");
    // None of those that are leased: a postponed source is not due, and a row that is being written is passed over.
    let others = &sources(MANY + 3)[MANY..];
    let work = async {
        let mut visits: FuturesUnordered<_> = (0..MANY).map(|n| lease_and_settle(&store, n)).collect();
        while let Some(settled) = visits.next().await {
            settled.expect("a visit is settled");
            store.postpone_sources(others, at(2000)).await.expect("sources are postponed");
            store.load_counts().await.expect("entries are counted");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("no future waits for one that is not polled");
    assert!(store.load_source_rows(&sources(MANY)).await.expect("sources").iter().all(|row| row.visited == Some(at(1))));
}

/// Begins to settle a visit with one new entry, and stops waiting at once.
fn settle_and_drop(store: &Store, n: usize) {
    let uid = n.to_string();
    let visit = fresh("a", i64::try_from(n).expect("small"), vec![change(entry("a", &uid, "<p>text</p>"), 5)]);
    let settled = [SettledVisit::encode(visit)];
    // It is polled once. If the operation has ended by then, there is nothing left to drop.
    if let Some(result) = store.settle_visits("w", &settled).now_or_never() {
        result.expect("a visit is settled");
    }
}

async fn operation_of_a_dropped_caller_is_carried_out(backend: &Backend) {
    let store = backend.open().await;
    settle_and_drop(&store, 1);
    let written = async {
        while newest(&store, &["a"], None, 9).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("the entry is written");
    assert_eq!(store.load_source_rows(&[super::world::source("a")]).await.expect("sources").len(), 1, "all of it");
}

async fn closing_finishes_the_operations_that_are_queued(backend: &Backend) {
    let store = backend.open().await;
    for n in 0..MANY {
        settle_and_drop(&store, n);
    }
    store.close().await.expect("it can be closed");
    let store = backend.open().await;
    assert_eq!(newest(&store, &["a"], None, 99).await.len(), MANY);
}

async fn closed_store_refuses_operations(backend: &Backend) {
    let store = backend.open().await;
    store.close().await.expect("it can be closed");
    store.close().await.expect("closing twice is no error");
    let error = store.register_sources(&sources(1), at(0)).await.expect_err("it is closed");
    assert!(matches!(&error, StoreError::Unreachable { reason, .. } if reason == "the store is closed"), "{error:?}");
}
