//! Whose fault it is when no translation comes, the engine's or the text's, and what each costs.

use sqlx::{AnyConnection, Connection};

use super::*;
use crate::support::engine::words::english;
use Misbehaviour::{CutBody, Echo, RateLimited, Status, WrongCount};

const ORIGINAL: &str = "untranslated = \"original\"";

/// A run in which everything is due.
async fn forced(world: &World) -> Ended {
    world.relais(&["run", "--force", "--json"]).await
}

/// True if nothing of the edition is in French.
fn is_english(world: &World) -> bool {
    let items = items(world);
    items.len() == 2
        && items
            .iter()
            .all(|item| item["language"] != "fr" && !item["content_html"].as_str().expect("a content").contains("lang=\"fr\""))
}

#[tokio::test]
async fn answer_outside_the_protocol_is_forgotten_with_the_next_good_one() {
    for misbehaviour in [CutBody, WrongCount, Echo, Status(400), Status(500)] {
        let (_origin, server, world) = world("", ORIGINAL).await;
        server.then(misbehaviour, 99);
        let bad = forced(&world).await;
        assert!(!is_english(&world), "{misbehaviour:?}: {bad:?}");
        server.recover();
        forced(&world).await;
        assert!(is_english(&world), "{misbehaviour:?}: {:?}", items(&world));
    }
}

#[tokio::test]
async fn text_on_which_the_server_fails_does_not_keep_the_others_back() {
    for status in [400, 500] {
        let (_origin, server, world) = world("", ORIGINAL).await;
        server.fail_on("salué", status);
        let ended = forced(&world).await;
        let items = items(&world);
        assert!(items.iter().all(|item| item["language"] != "fr"), "{status}: {items:?}");
        let content = items[0]["content_html"].as_str().expect("a content");
        assert_eq!(content.matches("lang=\"fr\"").count(), 1, "{status}: {content}");
        assert!(ended.stderr.contains("fails on one text") && ended.stderr.contains("Les nageurs"), "{status}: {ended:?}");
    }
}

#[tokio::test]
async fn text_on_which_the_server_fails_is_not_sent_in_the_next_run() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    server.fail_on("salué", 500);
    forced(&world).await;
    let requests = server.requests().len();
    let next = forced(&world).await;
    assert_eq!(server.requests().len(), requests, "{next:?}");
}

#[tokio::test]
async fn server_that_fails_on_everything_is_asked_a_few_times_only() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    server.then(CutBody, 99);
    forced(&world).await;
    assert!(server.requests().len() <= 7, "{}", server.requests().len());
}

#[tokio::test]
async fn request_that_no_server_answers_counts_as_nothing() {
    let (origin, server, world) = world("", ORIGINAL).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    world.configure("", &tables(&origin, &[("lt", &server, LIBRE)], ORIGINAL).replace(&server.url(), &url));
    let counts = translation(&forced(&world).await);
    assert_eq!((&counts["sent"], &counts["characters_sent"]), (&0.into(), &0.into()), "{counts}");
    let status = world.relais(&["status", "--json"]).await.json();
    assert_eq!(status["engines"][0]["texts"], 0, "{status}");
}

#[tokio::test]
async fn rate_limited_request_counts_once_it_is_answered() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    server.then(RateLimited(Some("0")), 1);
    let counts = translation(&forced(&world).await);
    assert_eq!(counts["sent"], counts["segments"], "{counts}");
}

/// A world whose engine gives one sentence back as it came, after a first run.
async fn world_with_a_refusal() -> (Origin, EngineServer, World) {
    let (origin, server, world) = world("", ORIGINAL).await;
    server.translate_with(|text| if text.contains("salué") { text.to_owned() } else { english(text) });
    forced(&world).await;
    (origin, server, world)
}

async fn database(world: &World) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", world.path("relais.db").display());
    AnyConnection::connect(&url).await.expect("a connection")
}

/// Lets all refusals expire.
async fn expire_refusals(world: &World) {
    let mut database = database(world).await;
    for sql in
        ["update memory set refused_until = 1 where target is null", "update rendition set retry_at = 1 where retry_at > 0"]
    {
        let done = sqlx::query(sql).execute(&mut database).await.expect("it can be changed");
        assert!(done.rows_affected() > 0, "{sql}");
    }
}

#[tokio::test]
async fn refused_text_is_not_sent_before_its_refusal_expires() {
    let (_origin, server, world) = world_with_a_refusal().await;
    let sent = server.texts().len();
    forced(&world).await;
    assert_eq!(server.texts().len(), sent);
}

#[tokio::test]
async fn refused_text_is_sent_again_once_its_refusal_has_expired() {
    let (_origin, server, world) = world_with_a_refusal().await;
    expire_refusals(&world).await;
    let sent = server.texts().len();
    server.translate_with(english);
    forced(&world).await;
    assert!(is_english(&world), "{:?}", items(&world));
    assert_eq!(server.texts().len(), sent + 1, "that text, and no other");
}

#[tokio::test]
async fn text_that_is_refused_again_waits_twice_as_long() {
    let (_origin, _server, world) = world_with_a_refusal().await;
    expire_refusals(&world).await;
    forced(&world).await;
    let (times, time): (i64, i64) = sqlx::query_as("select refused_times, refused_until - made from memory where target is null")
        .fetch_one(&mut database(&world).await)
        .await
        .expect("a refusal");
    assert_eq!((times, time), (2, 2 * 86_400_000));
}

#[tokio::test]
async fn retranslate_forgets_refusals() {
    let (_origin, server, world) = world_with_a_refusal().await;
    server.translate_with(english);
    let ended = world.relais(&["retranslate"]).await;
    assert!(ended.stderr.contains("forgot 1 refused segments"), "{ended:?}");
    forced(&world).await;
    assert!(is_english(&world), "{:?}", items(&world));
}
