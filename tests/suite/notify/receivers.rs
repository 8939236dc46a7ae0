//! Webhooks and ntfy: what they are sent, and what follows from what they answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use relais::clock::SystemClock;
use relais::model::Clock;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Desk, SECRET, body};
use crate::support::origin::{Reply, Seen};

const WEBHOOK: &str = "url = \"HOOK\"\nsecret = { env = \"DESK_SECRET\" }";

fn assert_signed(seen: &Seen) {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
    let (id, time) = (seen.header("webhook-id"), seen.header("webhook-timestamp"));
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("a key");
    mac.update(&[id.as_bytes(), b".", time.as_bytes(), b".", &seen.body[..]].concat());
    assert_eq!(seen.header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    let age = SystemClock.now().millis() / 1000 - time.parse::<i64>().expect("seconds");
    assert!((0..300).contains(&age), "signed {age} s ago");
    assert!(id.starts_with("msg_") && id.len() == 36, "{id}");
}

#[tokio::test]
async fn new_item_is_posted_once_signed_and_as_the_feed_has_it() {
    let desk = Desk::new(WEBHOOK).await;
    assert!(desk.told().is_empty(), "what the edition has when the table is new is not news");
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, ""), (5, "")]);
    let ended = desk.run().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let counted = json!([{ "id": "desk", "state": "good", "delivered": 3, "given_up": 0, "waiting": 0 }]);
    assert_eq!(ended.json()["notifications"], counted);
    assert_eq!(desk.told(), ["Titre 3:new", "Titre 4:new", "Titre 5:new"]);
    let feed: Value = serde_json::from_str(&desk.world.output("jeux.json")).expect("JSON");
    for (at, seen) in desk.origin.seen("/hook").iter().enumerate() {
        assert_signed(seen);
        let posted = body(seen);
        assert_eq!(posted["items"], json!([feed["items"][2 - at]]), "the item is the one of the feed");
        assert_eq!((&posted["version"], &posted["feed_url"]), (&feed["version"], &feed["feed_url"]));
        assert_eq!(seen.header("content-type"), "application/json");
    }
    desk.run().await;
    assert_eq!(desk.told().len(), 3, "nothing has changed");
}

#[tokio::test]
async fn changed_item_is_posted_again_and_a_withdrawn_one_as_a_withdrawal() {
    let desk = Desk::new(WEBHOOK).await;
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    desk.run().await;
    desk.publish(&[(1, ""), (2, "corrigé"), (3, "")]);
    desk.run().await;
    assert_eq!(desk.told(), ["Titre 3:new", "Titre 2:changed"]);
    let id = body(&desk.origin.seen("/hook")[0])["items"][0]["id"].clone();

    desk.sql("update entry set withdrawn_at = first_seen where id in (select item from outbox_item where title = 'Titre 3')")
        .await;
    desk.sql("update source set entry_changes = entry_changes + 1").await;
    let ended = desk.run().await;
    let last = desk.origin.seen("/hook").pop().expect("a post");
    assert_eq!(last.header("relais-event"), "withdrawn", "{ended:?}");
    let posted = body(&last);
    assert_eq!((&posted["items"], &posted["_relais"]["deleted"][0]["id"]), (&json!([]), &id));
}

#[tokio::test]
async fn as_many_of_the_newest_items_are_posted_at_first_as_backlog_says() {
    let desk = Desk::new(&format!("{WEBHOOK}\nbacklog = 1")).await;
    assert_eq!(desk.told(), ["Titre 2:new"]);
}

#[tokio::test]
async fn item_that_is_much_older_than_the_notification_is_no_news() {
    let desk = Desk::new(WEBHOOK).await;
    let old = "<entry><id>urn:a:0</id><title>Titre 0</title><link href=\"https://a.example.org/0\"/>\
               <published>2026-02-01T08:00:00Z</published><content>Vieux.</content></entry></feed>";
    desk.origin.on("/a", Reply::ok(super::feed(&[(1, ""), (2, ""), (3, "")]).replace("</feed>", old)));
    desk.run().await;
    assert!(desk.world.output("jeux.json").contains("Titre 0"), "the edition has it");
    assert_eq!(desk.told(), ["Titre 3:new"]);
}

#[tokio::test]
async fn receiver_that_fails_is_sent_the_same_event_after_its_retry_after_and_the_rest_in_order() {
    let desk = Desk::new(WEBHOOK).await;
    desk.origin.on("/hook", Reply::status(503).header("retry-after", "600"));
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, "")]);
    let ended = desk.run().await;
    assert_eq!(ended.code, Some(0), "a restart of the receiver is no fault: {ended:?}");
    assert_eq!(ended.json()["notifications"][0]["waiting"], 2);
    desk.origin.on("/hook", Reply::status(204));
    desk.run().await;
    assert_eq!(desk.told(), ["Titre 3:new"], "it asked to be left alone");
    let status = desk.status().await;
    assert_eq!((&status["state"], &status["waiting"], &status["failures"]), (&json!("failing"), &json!(2), &json!(1)));
    desk.run_after_pause().await;
    assert_eq!(desk.told(), ["Titre 3:new", "Titre 3:new", "Titre 4:new"]);
    let ids: Vec<String> = desk.origin.seen("/hook").iter().map(|seen| seen.header("webhook-id").to_owned()).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(desk.status().await["state"], "good");
}

#[tokio::test]
async fn receiver_that_hangs_or_closes_holds_no_run_up_and_loses_nothing() {
    let desk = Desk::new(&format!("{WEBHOOK}\ntimeout = \"1s\"")).await;
    desk.origin.on("/hook", Reply::status(204).after(Duration::from_hours(1)));
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let ended = desk.run().await;
    assert_eq!((ended.code, &ended.json()["notifications"][0]["waiting"]), (Some(0), &json!(1)), "{ended:?}");
    assert!(desk.world.output("jeux.json").contains("Titre 3"), "the edition is published");
    desk.origin.on("/hook", Reply::ok("a long answer").cut_after(2));
    let ended = desk.run_after_pause().await;
    assert_eq!(ended.json()["notifications"][0]["waiting"], 1, "{ended:?}");
    desk.origin.on("/hook", Reply::status(204).after(Duration::from_millis(500)));
    let ended = desk.run_after_pause().await;
    assert_eq!(ended.json()["notifications"][0]["delivered"], 1, "a slow one is waited for: {ended:?}");
}

#[tokio::test]
async fn failing_receiver_is_reported_once_and_its_return_once_without_its_address() {
    let desk = Desk::new(WEBHOOK).await;
    desk.origin.on("/hook", Reply::status(500).body("database\nis <down>"));
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let mut ends = Vec::new();
    for _ in 0..4 {
        ends.push(desk.run_after_pause().await);
    }
    let told: Vec<bool> =
        ends.iter().map(|ended| ended.stderr.contains("fault: notification desk: events are not delivered")).collect();
    assert_eq!(told, [false, false, true, false], "{ends:?}");
    assert!(ends[2].stderr.contains("it answers 500: database is <down>; they wait"), "{:?}", ends[2]);
    assert!(!ends[2].stderr.contains("/hook"), "the address may be a secret: {:?}", ends[2]);
    assert_eq!((ends[2].code, &ends[2].json()["faults"][0]["kind"]), (Some(3), &json!("notify")));
    desk.origin.on("/hook", Reply::status(200));
    let back = desk.run_after_pause().await;
    assert_eq!(back.code, Some(0), "{back:?}");
    assert!(back.stderr.contains("mended: notification desk: events are delivered again"), "{back:?}");
}

#[tokio::test]
async fn receiver_that_is_gone_is_sent_no_more_until_its_address_changes() {
    let desk = Desk::new(WEBHOOK).await;
    desk.origin.on("/hook", Reply::status(410));
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, "")]);
    let ended = desk.run().await;
    assert_eq!((ended.code, desk.told().len()), (Some(3), 1), "{ended:?}");
    assert!(ended.stderr.contains("nothing is delivered any more: it answers 410"), "{ended:?}");
    desk.origin.on("/hook", Reply::status(204));
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, ""), (5, "")]);
    let ended = desk.run().await;
    assert_eq!((desk.told().len(), ended.stderr.as_str()), (1, ""), "{ended:?}");
    desk.configure("", &WEBHOOK.replace("HOOK", "HOOK?v=2"));
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, ""), (5, ""), (6, "")]);
    desk.run().await;
    assert_eq!(desk.told()[1..], ["Titre 6:new"]);
}

#[tokio::test]
async fn event_that_is_refused_for_its_content_does_not_hold_up_the_others_for_long() {
    let desk = Desk::new(WEBHOOK).await;
    desk.origin
        .answer("/hook", |seen| Reply::status(if String::from_utf8_lossy(&seen.body).contains("Titre 3") { 422 } else { 204 }));
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, "")]);
    for _ in 0..4 {
        desk.run_after_pause().await;
    }
    assert!(!desk.told().contains(&"Titre 4:new".to_owned()), "{:?}", desk.told());
    let ended = desk.run_after_pause().await;
    assert_eq!(desk.told().last().map(String::as_str), Some("Titre 4:new"));
    assert!(ended.stderr.contains("1 event was given up: the receiver has refused it 5 times"), "{ended:?}");
    assert_eq!(ended.json()["notifications"][0]["given_up"], 1);
    assert_eq!(desk.run().await.stderr, "", "it is told once");
}

#[tokio::test]
async fn event_that_waits_for_too_long_is_given_up_and_told_once() {
    let desk = Desk::new(&format!("{WEBHOOK}\ngive_up_after = \"2h\"")).await;
    desk.origin.on("/hook", Reply::status(503));
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    desk.run().await;
    desk.sql("update outbox_event set queued = queued - 3 * 3600 * 1000").await;
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, "")]);
    let ended = desk.run_after_pause().await;
    assert_eq!(ended.json()["notifications"][0]["waiting"], 1, "the other one is young: {ended:?}");
    assert!(ended.stderr.contains("1 event was given up: they had waited for 2 h, it answers 503"), "{ended:?}");
    assert_eq!(ended.json()["faults"][0]["kind"], "undelivered");
    assert_eq!(desk.run_after_pause().await.stderr, "", "it is told once");
    desk.origin.on("/hook", Reply::status(204));
    desk.run_after_pause().await;
    assert_eq!(desk.told().last().map(String::as_str), Some("Titre 4:new"));
}

#[tokio::test]
async fn worker_that_is_killed_while_it_delivers_leaves_the_event_to_the_next() {
    let desk = Desk::new(WEBHOOK).await;
    desk.origin.on("/hook", Reply::status(204).after(Duration::from_hours(1)));
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let mut child = desk.world.command(&["run", "--force"]).env("DESK_SECRET", SECRET).spawn().expect("it starts");
    crate::daemon::until("the event is posted", || !desk.told().is_empty()).await;
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
    desk.origin.on("/hook", Reply::status(204));
    desk.run().await;
    assert_eq!(desk.told(), ["Titre 3:new", "Titre 3:new"]);
    let seen = desk.origin.seen("/hook");
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"), "so that the receiver can tell");
}

#[tokio::test]
async fn table_that_is_removed_and_comes_back_begins_anew() {
    let desk = Desk::new(WEBHOOK).await;
    let with = std::fs::read_to_string(desk.world.path("feeds.toml")).expect("a file");
    let without = with.split("[notify.desk]").next().expect("a part").to_owned();
    crate::daemon::write(&desk.world.path("feeds.toml"), &without);
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    desk.run().await;
    crate::daemon::write(&desk.world.path("feeds.toml"), &with);
    desk.run().await;
    assert!(desk.told().is_empty(), "{:?}", desk.told());
    desk.publish(&[(1, ""), (2, ""), (3, ""), (4, "")]);
    desk.run().await;
    assert_eq!(desk.told(), ["Titre 4:new"]);
}

#[tokio::test]
async fn missing_secret_is_told_and_the_events_wait_for_it() {
    let desk = Desk::new("url = \"HOOK\"\nsecret = { env = \"OTHER_SECRET\" }").await;
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let ended = desk.run().await;
    assert_eq!(ended.json()["notifications"][0]["waiting"], 1, "{ended:?}");
    let checked = desk.world.relais(&["check"]).await;
    assert!(checked.stderr.contains("no variable \"OTHER_SECRET\""), "{checked:?}");
    desk.configure("", WEBHOOK);
    desk.run_after_pause().await;
    assert_eq!(desk.told(), ["Titre 3:new"]);
}

#[tokio::test]
async fn ntfy_gets_headline_summary_and_link() {
    let ntfy = "kind = \"ntfy\"\nurl = \"HOOK\"\nsecret = { env = \"DESK_SECRET\" }\npriority = 4\ntags = [\"newspaper\"]";
    let desk = Desk::new(ntfy).await;
    desk.origin.on("/", Reply::ok("{}"));
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let ended = desk.run().await;
    let seen = desk.origin.seen("/").pop().unwrap_or_else(|| panic!("{ended:?}"));
    assert_eq!(seen.header("authorization"), format!("Bearer {SECRET}"));
    let sent = json!({
        "topic": "hook", "title": "Titre 3", "message": "Texte 3 .", "click": "https://a.example.org/3", "priority": 4, "tags": ["newspaper"]
    });
    assert_eq!(body(&seen), sent);
}

#[tokio::test]
async fn path_of_the_address_is_not_logged() {
    let desk = Desk::new(WEBHOOK).await;
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let child = desk.world.command(&["-vv", "run", "--force"]).env("DESK_SECRET", SECRET).spawn().expect("it starts");
    let ended = crate::support::program::finish(child).await;
    assert!(ended.stderr.contains("delivered an event") && !ended.stderr.contains("/hook"), "{ended:?}");
}
