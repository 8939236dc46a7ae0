//! Fetching, against a scripted server: responses and failures. The modules hold one topic each.

mod limits;
mod redirects;
mod secrets;
mod setup;

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use relais::model::{BreakKind, Outcome, Time, Validators};
use relais::net::{Body, Client, FetchError, Options, Request, Response};

use crate::support::origin::{Origin, Reply};

fn options() -> Options {
    Options {
        timeout: Duration::from_secs(10),
        host_interval: Duration::ZERO,
        allow_private: vec!["127.0.0.1/32".parse().expect("a range")],
        ..Options::default()
    }
}

fn client() -> Client {
    Client::new(options()).expect("a client")
}

async fn get(client: &Client, url: &str) -> Result<Response, FetchError> {
    client.get(&Request { url, validators: &Validators::default(), headers: &[], auth: None }).await
}

async fn body(client: &Client, url: &str) -> Body {
    match get(client, url).await.expect("an answer") {
        Response::Body(body) => body,
        Response::NotModified { .. } => panic!("the request was not conditional"),
    }
}

/// Returns the kind and the message of a visit that must fail.
async fn broken(client: &Client, url: &str) -> (BreakKind, String) {
    match get(client, url).await.expect_err("it must fail").outcome(Time::EPOCH) {
        Outcome::Broken { kind, message } => (kind, message),
        other => panic!("{other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written to")
}

#[tokio::test]
async fn body_has_content_type_validators_and_address() {
    let origin = Origin::start().await;
    origin.on(
        "/feed",
        Reply::ok("<rss/>")
            .header("content-type", "application/rss+xml; charset=iso-8859-1")
            .header("etag", "W/\"1\"")
            .header("last-modified", "yesterday"),
    );
    let body = body(&client(), &format!("{}#part", origin.url("/feed?key=1"))).await;
    assert_eq!(body.bytes, b"<rss/>");
    assert_eq!(body.content_type.as_deref(), Some("application/rss+xml; charset=iso-8859-1"));
    assert_eq!(body.validators.etag.as_deref(), Some("W/\"1\""));
    assert_eq!(body.validators.last_modified.as_deref(), Some("yesterday"));
    assert_eq!((body.url, body.moved), (origin.url("/feed?key=1"), None));

    let seen = &origin.seen("/feed")[0];
    assert!(seen.header("accept").starts_with("application/atom+xml, application/rss+xml"));
    assert!(seen.header("user-agent").starts_with("relais/"));
    for coding in ["gzip", "br", "zstd", "deflate"] {
        assert!(seen.header("accept-encoding").contains(coding), "{coding}");
    }
}

#[tokio::test]
async fn validators_are_sent_back_unchanged_and_a_304_may_renew_them() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::status(304).header("last-modified", "today"));
    let validators = Validators { etag: Some("W/\"a, b-gzip".to_owned()), last_modified: Some("more or less then".to_owned()) };
    let url = origin.url("/feed");
    let ask = Request { url: &url, validators: &validators, headers: &[], auth: None };
    let Response::NotModified { validators, moved, .. } = client().get(&ask).await.expect("an answer") else { panic!("a 304") };
    assert_eq!(validators.etag.as_deref(), Some("W/\"a, b-gzip"));
    assert_eq!(validators.last_modified.as_deref(), Some("today"));
    assert_eq!(moved, None);
    assert_eq!(origin.seen("/feed")[0].header("if-none-match"), "W/\"a, b-gzip");
    assert_eq!(origin.seen("/feed")[0].header("if-modified-since"), "more or less then");
}

#[tokio::test]
async fn unrequested_304_is_an_error() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::status(304));
    let (kind, message) = broken(&client(), &origin.url("/feed")).await;
    assert_eq!((kind, message.ends_with("answers 304 Not Modified")), (BreakKind::Http, true), "{message}");
}

#[tokio::test]
async fn status_decides_the_outcome_of_the_visit() {
    let origin = Origin::start().await;
    let client = client();
    origin.on("/busy", Reply::status(429).header("retry-after", "120"));
    origin.on("/down", Reply::status(503).header("retry-after", "Thu, 01 Jan 1970 01:00:00 GMT"));
    origin.on("/gone", Reply::status(410));
    for (path, name) in [("/busy", "later"), ("/down", "later"), ("/gone", "gone")] {
        let outcome = get(&client, &origin.url(path)).await.expect_err("no success").outcome(Time::EPOCH);
        assert_eq!(outcome.name(), name);
        match outcome {
            Outcome::Later { until, .. } if path == "/busy" => assert_eq!(until.millis(), 120_000),
            Outcome::Later { until, .. } => assert_eq!(until.millis(), 3_600_000),
            _ => {}
        }
    }
    for (status, says) in [(404, "404 Not Found"), (429, "429"), (500, "500"), (401, "it needs credentials"), (206, "206")] {
        origin.on("/other", Reply::status(status));
        let (kind, message) = broken(&client, &origin.url("/other?key=hush")).await;
        assert_eq!(kind, if status == 404 { BreakKind::NotFound } else { BreakKind::Http });
        assert!(message.contains(says) && message.contains("/other?…") && !message.contains("hush"), "{message}");
    }
}

#[tokio::test]
async fn truncated_body_is_an_error() {
    let origin = Origin::start().await;
    origin.on("/chunked", Reply::ok("<rss>…</rss>").cut_after(5));
    origin.on("/stated", Reply::ok("<rss>…</rss>").header("content-length", "14").cut_after(5));
    origin.on("/gzip", Reply::ok(gzip(b"<rss></rss>")).header("content-encoding", "gzip").cut_after(12));
    for path in ["/chunked", "/stated", "/gzip"] {
        let (kind, message) = broken(&client(), &origin.url(path)).await;
        assert_eq!((kind, message.contains("cannot be read to its end")), (BreakKind::Connect, true), "{path}: {message}");
    }
}

#[tokio::test]
async fn dns_connect_and_tls_failures_are_told_apart() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let origin = Origin::start().await;
    let plain = origin.url("/").replace("http://", "https://");
    for (url, kind) in [
        (format!("http://127.0.0.1:{closed}/"), BreakKind::Connect),
        (format!("https://127.0.0.1:{closed}/"), BreakKind::Connect),
        (plain, BreakKind::Tls),
        ("http://no-such-name.invalid/".to_owned(), BreakKind::Dns),
        ("https://no-such-name.invalid/".to_owned(), BreakKind::Dns),
    ] {
        let (found, message) = broken(&client(), &url).await;
        let host = url.split('/').nth(2).expect("a host");
        assert_eq!((found, message.starts_with(&format!("cannot reach {host}: "))), (kind, true), "{url}: {message}");
    }
}
