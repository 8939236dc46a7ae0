//! What was agreed with hubs, and what hosts ask for.

use std::time::Duration;

use relais::model::{Hub, Subscription};
use relais::policy::Robots;
use relais::store::PruneMode;

use super::backend::{Backend, promises};
use super::world::{at, lease, source, sources};

promises!(
    of_two_workers_one_asks_a_hub,
    what_a_hub_says_is_kept,
    another_subscription_begins_anew,
    what_hosts_ask_for_is_kept,
    leases_are_renewed_and_sources_hastened,
);

const SECOND: Duration = Duration::from_secs(1);

fn asked(token: &str, seconds: i64) -> Subscription {
    Subscription {
        source: source("a"),
        token: token.to_owned(),
        callback: "https://b.example/websub/".to_owned(),
        hub: Hub { url: "https://hub.example/".to_owned(), topic: "https://a.example/été?a=1".to_owned() },
        secret: "s".to_owned(),
        asked: at(seconds),
        failures: 1,
        until: None,
        lease: None,
        reason: None,
    }
}

async fn of_two_workers_one_asks_a_hub(backend: &Backend) {
    let store = backend.open().await;
    let (first, late) = (asked("t", 10), asked("u", 11));
    assert!(store.record_hub_request(&first, None).await.expect("it is noted"));
    assert!(!store.record_hub_request(&late, None).await.expect("it is looked at"), "somebody else was first");
    assert_eq!(store.load_subscriptions(&[source("a"), source("b")]).await.expect("subscriptions"), std::slice::from_ref(&first));
    assert_eq!(store.find_subscription("t").await.expect("a subscription"), Some(first));
    assert_eq!(store.find_subscription("u").await.expect("no subscription"), None);
    assert!(store.record_hub_request(&asked("t", 20), Some(at(10))).await.expect("it is noted"));
    assert!(!store.record_hub_request(&asked("t", 21), Some(at(10))).await.expect("it is looked at"), "it was asked since");
    assert_eq!(store.find_subscription("t").await.expect("a subscription").expect("it is there").failures, 2);
}

async fn what_a_hub_says_is_kept(backend: &Backend) {
    let store = backend.open().await;
    assert!(store.record_hub_request(&asked("t", 10), None).await.expect("it is noted"));
    store.record_hub_refusal("t", "it answers 503", false).await.expect("it is noted");
    let kept = async || store.find_subscription("t").await.expect("a subscription").expect("it is there");
    assert_eq!((kept().await.reason.as_deref(), kept().await.failures), (Some("it answers 503"), 1));
    store.record_hub_agreement("t", at(100), SECOND * 90).await.expect("it is noted");
    let agreed = Subscription { failures: 0, until: Some(at(100)), lease: Some(SECOND * 90), ..asked("t", 10) };
    assert_eq!(kept().await, agreed);
    // While it is asked again what it had agreed to holds.
    assert!(store.record_hub_request(&asked("t", 70), Some(at(10))).await.expect("it is noted"));
    assert_eq!(kept().await, Subscription { asked: at(70), failures: 1, ..agreed });
    store.record_hub_refusal("t", "not any more", true).await.expect("it is noted");
    assert_eq!((kept().await.until, kept().await.reason.as_deref()), (None, Some("not any more")));
}

async fn another_subscription_begins_anew(backend: &Backend) {
    let store = backend.open().await;
    assert!(store.record_hub_request(&asked("t", 10), None).await.expect("it is noted"));
    store.record_hub_agreement("t", at(100), SECOND * 90).await.expect("it is noted");
    store.record_hub_refusal("t", "no", false).await.expect("it is noted");
    let moved = Subscription { callback: "https://c.example/websub/".to_owned(), ..asked("v", 20) };
    assert!(store.record_hub_request(&moved, Some(at(10))).await.expect("it is noted"));
    assert_eq!(store.load_subscriptions(&[source("a")]).await.expect("subscriptions"), [moved]);
    assert_eq!(store.find_subscription("t").await.expect("no subscription"), None, "nobody is reached there any more");
}

async fn what_hosts_ask_for_is_kept(backend: &Backend) {
    let store = backend.open().await;
    let robots = Robots::parse("User-agent: *\nCrawl-delay: 2\nDisallow: /privé", "relais");
    store.save_robots("a.example:443", at(1), &Robots::unknown()).await.expect("it is kept");
    store.save_robots("a.example:443", at(5), &robots).await.expect("it is kept");
    store.save_robots("b.example:80", at(6), &Robots::default()).await.expect("it is kept");
    assert_eq!(
        store.load_robots(&["a.example:443", "c.example:443"]).await.expect("robots"),
        [("a.example:443".to_owned(), at(5), robots)]
    );
    store.prune_history(at(6 + 400 * 24 * 60 * 60), PruneMode::Delete).await.expect("it is pruned");
    assert_eq!(store.load_robots(&["a.example:443", "b.example:80"]).await.expect("robots"), []);
}

async fn leases_are_renewed_and_sources_hastened(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&sources(2), at(0)).await.expect("sources are registered");
    let claim = async |worker: &str, now, until| {
        let claimed = store.lease_due_sources(&sources(2), &lease(worker, now, until), false, 1).await.expect("a claim");
        claimed.first().map(|claimed| claimed.source.to_string())
    };
    assert_eq!(claim("a", 0, 60).await.as_deref(), Some("s000"));
    assert_eq!(claim("b", 0, 60).await.as_deref(), Some("s001"));
    store.renew_leases(&lease("a", 50, 110), &sources(2)).await.expect("renewed");
    assert_eq!(claim("c", 61, 99).await.as_deref(), Some("s001"), "only its own are renewed");
    assert_eq!(claim("d", 61, 99).await, None);

    store.register_sources(&[source("t"), source("u")], at(900)).await.expect("sources are registered");
    store.make_due_now(&[source("t")], at(5)).await.expect("hastened");
    store.make_due_now(&[source("t")], at(700)).await.expect("hastened");
    let rows = store.load_source_rows(&[source("t"), source("u")]).await.expect("sources");
    assert_eq!(rows.iter().map(|row| row.due).collect::<Vec<_>>(), [at(5), at(900)], "it is not put off");
}
