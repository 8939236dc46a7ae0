//! Limits: body size, memory, timeouts, requests in flight.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use relais::model::{BreakKind, Outcome, Time, Validators};
use relais::net::{Client, Options, Request, Resolve};

use super::{body, broken, gzip, options};
use crate::support::origin::{Origin, Reply};

#[tokio::test]
async fn max_bytes_counts_the_decompressed_body() {
    let origin = Origin::start().await;
    let client = Client::new(Options { max_bytes: 100_000, ..options() }).expect("a client");
    let text = "Jeux olympiques ".repeat(5_000);
    origin.on("/feed", Reply::ok(gzip(text.as_bytes())).header("content-encoding", "gzip"));
    assert_eq!(body(&client, &origin.url("/feed")).await.bytes, text.as_bytes());

    let bomb = gzip(&vec![0; 100_001]);
    assert!(bomb.len() < 1_000);
    origin.on("/bomb", Reply::ok(bomb).header("content-encoding", "gzip"));
    let (kind, message) = broken(&client, &origin.url("/bomb")).await;
    assert_eq!((kind, message.contains("more than 100000 bytes")), (BreakKind::TooBig, true), "{message}");

    let torn = [&gzip(b"")[..10], b"this was never compressed"].concat();
    origin.on("/torn", Reply::ok(torn).header("content-encoding", "gzip"));
    assert_eq!(broken(&client, &origin.url("/torn")).await.0, BreakKind::Unreadable);
    origin.on("/bare", Reply::ok("this was never compressed").header("content-encoding", "gzip"));
    assert_eq!(body(&client, &origin.url("/bare")).await.bytes, b"this was never compressed");
}

#[tokio::test]
async fn endless_body_is_cut_off_at_max_bytes() {
    let origin = Origin::start().await;
    let client = Client::new(Options { max_bytes: 3 << 20, ..options() }).expect("a client");
    origin.on("/just", Reply::generated(3 << 20));
    assert_eq!(body(&client, &origin.url("/just")).await.bytes.len(), 3 << 20);
    origin.on("/endless", Reply::generated(u64::MAX));
    assert_eq!(broken(&client, &origin.url("/endless")).await.0, BreakKind::TooBig);
    origin.on("/stated", Reply::generated(u64::MAX).header("content-length", "3145729"));
    assert_eq!(broken(&client, &origin.url("/stated")).await.0, BreakKind::TooBig);
}

#[tokio::test]
async fn at_most_four_large_bodies_are_in_memory() {
    let origin = Origin::start().await;
    let client = Client::new(Options { per_host: 16, ..options() }).expect("a client");
    origin.on("/large", Reply::generated((1 << 20) + 1));
    origin.on("/small", Reply::generated(1 << 20));
    let (large, small) = (origin.url("/large"), origin.url("/small"));
    let mut held = join_all((0..4).map(|_| body(&client, &large))).await;
    let mut fifth = std::pin::pin!(body(&client, &large));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut fifth).await.is_err());
    assert_eq!(body(&client, &small).await.bytes.len(), 1 << 20);
    held.pop();
    assert_eq!(fifth.await.bytes.len(), (1 << 20) + 1);

    // Each body is dropped when its size has been taken: that is what lets the next one in.
    drop(held);
    let sizes = join_all((0..12).map(|_| async { body(&client, &large).await.bytes.len() })).await;
    assert_eq!(sizes, [(1 << 20) + 1; 12]);
}

#[tokio::test]
async fn slow_server_times_out_at_every_stage() {
    let origin = Origin::start().await;
    let client = Client::new(Options { timeout: Duration::from_millis(200), ..options() }).expect("a client");
    let minute = Duration::from_mins(1);
    origin.on("/silent", Reply::ok("x").after(minute));
    origin.on("/stuck", Reply::ok("xx").dripped(1, minute));
    origin.on("/drip", Reply::ok("x".repeat(10_000)).dripped(1, Duration::from_millis(5)));
    for path in ["/silent", "/stuck", "/drip"] {
        let (kind, message) = broken(&client, &origin.url(path)).await;
        assert_eq!((kind, message.contains("timed out after 0.2 s")), (BreakKind::Timeout, true), "{path}: {message}");
    }
}

#[tokio::test]
async fn host_has_at_most_per_host_requests_in_flight() {
    let origin = Origin::start().await;
    for (per_host, most) in [(1, 1), (3, 3)] {
        let client = Client::new(Options { per_host, ..options() }).expect("a client");
        origin.on("/feed", Reply::ok("<rss/>").after(Duration::from_millis(20)));
        let url = origin.url("/feed");
        join_all((0..9).map(|_| body(&client, &url))).await;
        assert_eq!(origin.most_at_once(), most);
    }
}

#[tokio::test]
async fn waiting_for_the_rate_limit_does_not_count_as_timeout() {
    let origin = Origin::start().await;
    let client = Client::new(Options { timeout: Duration::from_millis(600), ..options() }).expect("a client");
    origin.on("/feed", Reply::ok("<rss/>").after(Duration::from_millis(200)));
    let url = origin.url("/feed");
    let ask = Request { url: &url, validators: &Validators::default(), headers: &[], auth: None };
    for (answer, took) in join_all((0..6).map(|_| client.get_timed(&ask))).await {
        answer.expect("each in its turn is fast enough");
        assert!(took < Duration::from_millis(600));
    }
}

/// A resolver that never answers.
struct Mute;

impl Resolve for Mute {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_times_out_after_ten_seconds() {
    let options = Options { timeout: Duration::from_secs(20), ..options() };
    let client = Client::with_resolver(options, Arc::new(Mute)).expect("a client");
    let ask = Request { url: "http://mute.example/", validators: &Validators::default(), headers: &[], auth: None };
    let (answer, took) = client.get_timed(&ask).await;
    let outcome = answer.expect_err("the host does not answer").outcome(Time::EPOCH);
    let message = "cannot reach mute.example: no connection within 10 s".to_owned();
    assert_eq!(outcome, Outcome::Broken { kind: BreakKind::Timeout, message });
    assert_eq!(took.as_secs(), 10);
}
