//! Batches that vendors work on: no text is in two of them, and no batch is settled twice.

use relais::model::{Lang, Marked, Period, SegmentKey, Time, Unit, Usage};
use relais::store::{
    BatchedTextState, BudgetUsage, ClosedBatch, Reservation, SentRequest, SentTerm, SentText, Spending, Store, VendorBatch,
};

use super::backend::{Backend, promises};
use super::world::at;

promises!(
    nobody_leases_a_text_that_is_out,
    a_batch_is_looked_at_by_one_worker_at_a_time_and_not_before_its_time,
    a_batch_is_settled_once_and_its_texts_with_it,
    a_batch_that_no_vendor_has_leaves_nothing,
    old_batches_are_pruned,
);

fn key(text: &str) -> SegmentKey {
    let lang = |tag| Lang::new(tag).expect("a tag");
    SegmentKey::new(&Marked::text(text), &lang("fr"), &lang("en"), "openai:m", &[])
}

fn reservation() -> Reservation {
    Reservation { engine: "lm".to_owned(), unit: Unit::Tokens, per: Period::Month, since: Period::Month.start(at(0)), amount: 60 }
}

fn spending(texts: u64, tokens: u64) -> Spending {
    let used = Usage { tokens_in: tokens, ..Usage::default() };
    Spending { engine: "lm".to_owned(), day: Period::Day.start(at(0)), texts, used, money: 0 }
}

/// A batch of one request with two texts.
fn batch(name: &str) -> VendorBatch {
    let text = |text: &str| SentText {
        key: key(text).to_string(),
        text: format!("<x1>{text}</x1>"),
        terms: vec![SentTerm { mark: 9, source: "CIO".to_owned(), target: "IOC\u{1f3c5}".to_owned() }],
    };
    let lang = |tag| Lang::new(tag).expect("a tag");
    VendorBatch {
        name: name.to_owned(),
        engine: "lm".to_owned(),
        vendor_id: None,
        submitted: at(0),
        expires: None,
        requests: vec![SentRequest { from: lang("fr"), to: lang("en"), texts: vec![text("Un"), text("Deux")] }],
        reservation: Some(reservation()),
    }
}

async fn open(store: &Store, name: &str) -> VendorBatch {
    let keys = [key("Un"), key("Deux")];
    let leased = store.lease_segments(&keys, "a", at(0), at(60)).await.expect("a lease");
    assert_eq!(leased.len(), 2);
    assert!(store.reserve_budget(&reservation(), 100).await.expect("a budget can be asked"));
    let batch = batch(name);
    store.open_vendor_batch(&batch, "a", at(10)).await.expect("a batch is stored");
    batch
}

async fn lease(store: &Store, now: i64) -> Vec<VendorBatch> {
    store.lease_vendor_batches(&["other", "lm"], (at(now), at(now + 60)), at(now)).await.expect("batches")
}

async fn standing(store: &Store) -> BudgetUsage {
    let Reservation { engine, unit, per, since, .. } = reservation();
    store.load_budget_usage(&engine, unit, per, since).await.expect("a standing")
}

async fn nobody_leases_a_text_that_is_out(backend: &Backend) {
    let store = backend.open().await;
    let batch = open(&store, "one").await;
    for worker in ["a", "b"] {
        let keys = [key("Un"), key("Trois")];
        let leased = store.lease_segments(&keys, worker, at(1), at(60)).await.expect("a lease");
        assert!(!leased.contains(&key("Un")), "{worker}");
        store.release_segments(&leased, worker).await.expect("it is released");
    }
    let out = store.recall_batched_texts(&[key("Un"), key("Trois")]).await.expect("texts");
    assert_eq!(
        out.iter().map(|text| (text.key, text.submitted, &text.state)).collect::<Vec<_>>(),
        [(key("Un"), at(0), &BatchedTextState::Out)]
    );
    store.forget_batched_texts(&[key("Un")]).await.expect("it is forgotten");
    assert_eq!(store.lease_segments(&[key("Un")], "b", at(1), at(60)).await.expect("a lease"), [key("Un")]);
    assert_eq!(lease(&store, 10).await, [batch], "the batch is as it was stored");
}

async fn a_batch_is_looked_at_by_one_worker_at_a_time_and_not_before_its_time(backend: &Backend) {
    let store = backend.open().await;
    open(&store, "one").await;
    assert!(lease(&store, 9).await.is_empty(), "too early");
    assert_eq!(lease(&store, 10).await.len(), 1);
    assert!(lease(&store, 69).await.is_empty(), "another worker has it");
    assert_eq!(lease(&store, 70).await.len(), 1, "that worker is dead");
    store.confirm_vendor_batch("one", "batch_1", Some(at(500)), at(90)).await.expect("it is confirmed");
    assert!(lease(&store, 89).await.is_empty());
    let seen = lease(&store, 90).await.remove(0);
    assert_eq!((seen.vendor_id.as_deref(), seen.expires), (Some("batch_1"), Some(at(500))));
    store.postpone_vendor_batch("one", at(200)).await.expect("it is postponed");
    assert!(lease(&store, 199).await.is_empty());
    assert_eq!(lease(&store, 200).await.len(), 1, "the lease was given back");
    let others = store.lease_vendor_batches(&["other"], (at(900), at(960)), at(900)).await.expect("batches");
    assert!(others.is_empty());
}

async fn a_batch_is_settled_once_and_its_texts_with_it(backend: &Backend) {
    let store = backend.open().await;
    let batch = open(&store, "one").await;
    let close = || ClosedBatch {
        batch: &batch,
        answers: vec![(key("Un"), "<x1>One</x1>".to_owned())],
        spending: spending(2, 20),
        spent: 20,
        now: at(99),
    };
    assert!(store.close_vendor_batch(close()).await.expect("it is closed"));
    assert!(!store.close_vendor_batch(close()).await.expect("it can be asked"), "once");
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 0, spent: 20 });
    assert_eq!(store.load_spending(Time::from_millis(0)).await.expect("spending"), [spending(2, 20)]);
    let mut texts = store.recall_batched_texts(&[key("Un"), key("Deux")]).await.expect("texts");
    texts.sort_by_key(|text| text.key != key("Un"));
    let states: Vec<BatchedTextState> = texts.into_iter().map(|text| text.state).collect();
    assert_eq!(states, [BatchedTextState::Answered("<x1>One</x1>".to_owned()), BatchedTextState::Failed]);
    assert!(store.list_open_batches().await.expect("batches").is_empty() && lease(&store, 999).await.is_empty());
    let leased = store.lease_segments(&[key("Un"), key("Deux")], "b", at(1), at(60)).await.expect("a lease");
    assert_eq!(leased.len(), 2, "both may be worked on");
}

async fn a_batch_that_no_vendor_has_leaves_nothing(backend: &Backend) {
    let store = backend.open().await;
    let batch = open(&store, "one").await;
    assert_eq!(store.list_open_batches().await.expect("batches")[0].texts, 2);
    store.drop_vendor_batch(&batch, spending(0, 0)).await.expect("it is dropped");
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 0, spent: 0 });
    assert!(store.list_open_batches().await.expect("batches").is_empty());
    open(&store, "two").await;
    assert_eq!(store.recall_batched_texts(&[key("Un")]).await.expect("texts")[0].batch, "two");
}

async fn old_batches_are_pruned(backend: &Backend) {
    let store = backend.open().await;
    open(&store, "one").await;
    let much_later = at(0).plus(std::time::Duration::from_secs(400 * 86_400));
    store.prune_history(at(0), relais::store::PruneMode::Delete).await.expect("it is pruned");
    assert_eq!(store.list_open_batches().await.expect("batches").len(), 1);
    store.prune_history(much_later, relais::store::PruneMode::Delete).await.expect("it is pruned");
    assert!(store.list_open_batches().await.expect("batches").is_empty());
    assert!(store.recall_batched_texts(&[key("Un")]).await.expect("texts").is_empty());
}
