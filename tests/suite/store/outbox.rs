//! What notifications have told, and what they are still to tell.

use std::time::Duration;

use relais::model::{EntryId, ItemNews, NewsKind};
use relais::policy::DeliveryState;
use relais::store::{EventEnd, OutboxItem, OutboxRow, OutboxUpdate, Store};

use super::backend::{Backend, promises};
use super::world::{at, lease};

promises!(
    events_are_queued_with_what_is_told_or_not_at_all,
    another_edition_takes_the_place_of_what_was_queued,
    events_leave_in_order_and_one_worker_at_a_time_delivers,
    what_is_old_is_given_up_and_counted_with_the_state,
    worker_that_has_lost_its_lease_says_only_what_it_delivered,
);

const KEY: (&str, &str) = ("/srv/output", "desk");

fn row(subject: &str, inputs: &str, seq: i64) -> OutboxRow {
    OutboxRow {
        id: KEY.1.to_owned(),
        subject: subject.to_owned(),
        plan: "/srv/feeds.toml".to_owned(),
        began: at(0),
        inputs: inputs.to_owned(),
        seq,
        state: DeliveryState::default(),
        waiting: 0,
        waiting_since: None,
    }
}

/// An update with events of these numbers, each about an item of the same number.
fn update(before: Option<OutboxRow>, after: OutboxRow, events: &[i64], seconds: i64) -> OutboxUpdate {
    let news = |number: &i64| ItemNews {
        kind: NewsKind::New,
        title: format!("Titre {number}"),
        url: None,
        summary: String::new(),
        feed: format!("{{\"n\":{number}}}"),
    };
    let item = |number: &i64| OutboxItem { item: EntryId(*number), stamp: 1, at: *number, title: format!("Titre {number}") };
    OutboxUpdate {
        before,
        after,
        items: events.iter().map(item).collect(),
        forgotten: Vec::new(),
        events: events.iter().map(|number| (*number, format!("msg_{number}"), news(number))).collect(),
        now: at(seconds),
    }
}

/// Queues the events 1 to 3.
async fn queue_three(store: &Store) -> OutboxRow {
    assert!(store.queue_events(KEY.0, update(None, row("jeux.en", "a", 3), &[1, 2, 3], 0)).await.expect("they are queued"));
    store.load_outbox(KEY.0).await.expect("a row").remove(0)
}

async fn events_are_queued_with_what_is_told_or_not_at_all(backend: &Backend) {
    let store = backend.open().await;
    let first = queue_three(&store).await;
    assert_eq!((first.waiting, first.waiting_since, first.seq, first.inputs.as_str()), (3, Some(at(0)), 3, "a"));
    let late = update(None, row("jeux.en", "a", 1), &[1], 5);
    assert!(!store.queue_events(KEY.0, late).await.expect("it is looked at"), "another worker was first");
    let next = update(Some(first.clone()), row("jeux.en", "b", 4), &[4], 10);
    assert!(store.queue_events(KEY.0, next.clone()).await.expect("it is queued"));
    assert!(!store.queue_events(KEY.0, next).await.expect("it is looked at"), "and again");
    let now = store.load_outbox(KEY.0).await.expect("a row").remove(0);
    assert_eq!((now.waiting, now.seq, now.inputs.as_str()), (4, 4, "b"));
    let forget = OutboxUpdate { forgotten: vec![EntryId(1)], ..update(Some(now), row("jeux.en", "c", 4), &[], 20) };
    assert!(store.queue_events(KEY.0, forget).await.expect("it is noted"));
    let mut items: Vec<i64> = store.list_outbox_items(KEY).await.expect("items").into_keys().map(|id| id.0).collect();
    items.sort_unstable();
    assert_eq!(items, [2, 3, 4]);
    assert!(store.list_outbox_items(("/srv/other", KEY.1)).await.expect("no items").is_empty());
    store.delete_outbox(KEY).await.expect("it is deleted");
    assert!(store.load_outbox(KEY.0).await.expect("no row").is_empty() && store.first_event(KEY).await.expect("none").is_none());
}

async fn another_edition_takes_the_place_of_what_was_queued(backend: &Backend) {
    let store = backend.open().await;
    let first = queue_three(&store).await;
    let other = update(Some(first), row("ski.en", "z", 4), &[4], 10);
    assert!(store.queue_events(KEY.0, other).await.expect("it is queued"));
    let event = store.first_event(KEY).await.expect("an event").expect("it waits");
    assert_eq!((event.seq, event.id.as_str(), event.news.title.as_str()), (4, "msg_4", "Titre 4"));
    assert_eq!(store.list_outbox_items(KEY).await.expect("items").len(), 1);
}

async fn events_leave_in_order_and_one_worker_at_a_time_delivers(backend: &Backend) {
    let store = backend.open().await;
    queue_three(&store).await;
    let (mine, theirs) = (lease("w1", 0, 60), lease("w2", 0, 60));
    let state = store.lease_outbox(KEY.0, &[KEY.1, "other"], &mine).await.expect("a lease");
    assert_eq!(state.keys().collect::<Vec<_>>(), ["desk"]);
    assert!(store.lease_outbox(KEY.0, &[KEY.1], &theirs).await.expect("it is looked at").is_empty());
    let mut told = DeliveryState::default();
    told.succeed(at(1));
    for seq in 1..=2 {
        let event = store.first_event(KEY).await.expect("an event").expect("it waits");
        assert_eq!(event.seq, seq);
        let settled = store.settle_event(KEY, &mine, told.clone(), EventEnd::Done(seq)).await.expect("it is noted");
        assert_eq!(settled, Some((told.clone(), 0)));
    }
    store.settle_event(KEY, &mine, told.clone(), EventEnd::Refused(3)).await.expect("it is noted");
    assert_eq!(store.first_event(KEY).await.expect("an event").map(|event| event.refusals), Some(1));
    store.release_outbox(KEY.0, &[KEY.1], "w1").await.expect("it is released");
    let state = store.lease_outbox(KEY.0, &[KEY.1], &theirs).await.expect("a lease");
    assert_eq!(state.get("desk"), Some(&told), "the next worker knows how it went");
    let late = lease("w3", 61, 120);
    assert_eq!(store.lease_outbox(KEY.0, &[KEY.1], &late).await.expect("a lease").len(), 1, "a lease ends by itself");
}

async fn what_is_old_is_given_up_and_counted_with_the_state(backend: &Backend) {
    let store = backend.open().await;
    let first = queue_three(&store).await;
    assert!(store.queue_events(KEY.0, update(Some(first), row("jeux.en", "b", 4), &[4], 100)).await.expect("it is queued"));
    let mine = lease("w1", 100, 160);
    store.lease_outbox(KEY.0, &[KEY.1], &mine).await.expect("a lease");
    let end = EventEnd::Waits { give_up_before: at(50), reason: "they had waited".to_owned(), now: at(100) };
    let mut failing = DeliveryState::default();
    failing.fail("it answers 503".to_owned(), Some(Duration::from_secs(9)), at(100), 0.0);
    let (state, given_up) = store.settle_event(KEY, &mine, failing, end).await.expect("it is noted").expect("it has the lease");
    assert_eq!((given_up, state.lost.as_ref().map(|lost| lost.count)), (3, Some(3)));
    let now = store.load_outbox(KEY.0).await.expect("a row").remove(0);
    assert_eq!((now.waiting, now.state), (1, state));
    assert_eq!(store.first_event(KEY).await.expect("an event").map(|event| event.seq), Some(4));
}

async fn worker_that_has_lost_its_lease_says_only_what_it_delivered(backend: &Backend) {
    let store = backend.open().await;
    queue_three(&store).await;
    store.lease_outbox(KEY.0, &[KEY.1], &lease("w1", 0, 60)).await.expect("a lease");
    store.lease_outbox(KEY.0, &[KEY.1], &lease("w2", 61, 120)).await.expect("a lease");
    let mut gone = DeliveryState::default();
    gone.stop("a", "it answers 410".to_owned(), at(62));
    let late = lease("w1", 62, 120);
    assert_eq!(store.settle_event(KEY, &late, gone.clone(), EventEnd::AllDone).await.expect("it is looked at"), None);
    assert_eq!(store.settle_event(KEY, &late, gone, EventEnd::Done(1)).await.expect("it is noted"), None);
    let row = store.load_outbox(KEY.0).await.expect("a row").remove(0);
    assert_eq!((row.waiting, row.state), (2, DeliveryState::default()));
}
