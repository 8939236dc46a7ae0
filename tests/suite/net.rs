//! Fetching, against a server that does as it is told.

use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::{BoxFuture, join_all};
use relais::model::{BreakKind, Outcome, Time, Validators};
use relais::net::{Body, Client, ClientError, Credentials, FetchError, Options, Request, Resolve, Response};
use secrecy::SecretString;

use crate::support::origin::{Origin, Reply};
use crate::support::tls;

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
        Response::NotModified { .. } => panic!("nothing was asked that 304 answers"),
    }
}

/// The kind and the sentence of a visit that must fail.
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
async fn a_body_comes_with_its_type_its_validators_and_its_address() {
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
async fn validators_go_back_word_for_word_and_a_304_may_renew_them() {
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
async fn a_304_that_nobody_asked_for_is_an_error() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::status(304));
    let (kind, message) = broken(&client(), &origin.url("/feed")).await;
    assert_eq!((kind, message.ends_with("answers 304 Not Modified")), (BreakKind::Http, true), "{message}");
}

#[tokio::test]
async fn each_status_says_what_to_do_next() {
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
async fn a_compressed_body_is_counted_as_it_is_without_compression() {
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

    origin.on("/torn", Reply::ok("this was never compressed").header("content-encoding", "gzip"));
    assert_eq!(broken(&client, &origin.url("/torn")).await.0, BreakKind::Unreadable);
}

#[tokio::test]
async fn a_body_without_end_is_stopped_at_the_limit() {
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
async fn only_four_large_bodies_are_held_at_a_time_and_small_ones_pass_by() {
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
async fn a_server_that_dawdles_is_given_up_on_at_whatever_stage() {
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
async fn a_body_that_is_cut_off_is_no_body() {
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
async fn a_source_has_moved_only_if_every_redirect_was_permanent() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    origin.on("/for-good", Reply::redirect(301, "/again#top"));
    origin.on("/again", Reply::redirect(308, &origin.url("/feed")));
    origin.on("/for-now", Reply::redirect(307, "feed"));
    origin.on("/mixed", Reply::redirect(302, "/for-good"));
    for (path, moved) in [("/for-good", Some(origin.url("/feed"))), ("/for-now", None), ("/mixed", None), ("/feed", None)] {
        let body = body(&client(), &origin.url(path)).await;
        assert_eq!((body.url, body.moved), (origin.url("/feed"), moved), "{path}");
    }
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_says_so() {
    let origin = Origin::start().await;
    origin.on("/self", Reply::redirect(302, "/self"));
    origin.on("/a", Reply::redirect(302, "/b"));
    origin.on("/b", Reply::redirect(302, "/a"));
    origin.on("/mute", Reply::status(302));
    origin.on("/wrong", Reply::redirect(302, "http://"));
    origin.on("/long", Reply::redirect(302, &"x".repeat(9_000)));
    for n in 0..20 {
        origin.on(&format!("/{n}"), Reply::redirect(302, &format!("/{}", n + 1)));
    }
    for (path, says) in [
        ("/self", "in a loop"),
        ("/a", "in a loop"),
        ("/0", "redirect after 10 others"),
        ("/mute", "answers 302 Found without a Location"),
        ("/wrong", "is not a URL"),
        ("/long", "longer than 8192 bytes"),
    ] {
        let (kind, message) = broken(&client(), &origin.url(path)).await;
        assert_eq!((kind, message.contains(says)), (BreakKind::Redirect, true), "{path}: {message}");
    }
    assert_eq!(origin.seen("/10").len(), 1);
    assert!(origin.seen("/11").is_empty());
}

#[tokio::test]
async fn a_location_is_followed_as_bytes() {
    let origin = Origin::start().await;
    origin.on("/utf8", Reply::status(302).header("location", "/d\u{e9}p\u{ea}ches"));
    origin.on("/latin1", Reply::status(302).header("location", b"/d\xe9p\xeaches"));
    origin.on("/d%C3%A9p%C3%AAches", Reply::ok("utf8"));
    origin.on("/d%E9p%EAches", Reply::ok("latin1"));
    assert_eq!(body(&client(), &origin.url("/utf8")).await.bytes, b"utf8");
    assert_eq!(body(&client(), &origin.url("/latin1")).await.bytes, b"latin1");
}

#[tokio::test]
async fn what_only_the_source_may_see_stays_with_its_origin() {
    let (origin, other) = (Origin::start().await, Origin::start().await);
    origin.on("/start", Reply::redirect(302, "/same"));
    origin.on("/same", Reply::redirect(302, &other.url("/stranger").replace("http://", "http://their:choice@")));
    other.on("/stranger", Reply::redirect(302, &origin.url("/back")));
    origin.on("/back", Reply::ok("<rss/>"));
    let headers = [("X-Key".to_owned(), SecretString::from("hush")), ("accept".to_owned(), SecretString::from("text/plain"))];
    let auth = Credentials::Bearer(SecretString::from("token"));
    let url = origin.url("/start");
    let ask = Request { url: &url, validators: &Validators::default(), headers: &headers, auth: Some(&auth) };
    client().get(&ask).await.expect("an answer");

    for path in ["/start", "/same"] {
        let seen = &origin.seen(path)[0];
        assert_eq!((seen.header("x-key"), seen.header("authorization")), ("hush", "Bearer token"));
        assert_eq!(seen.header("accept"), "text/plain");
    }
    for seen in [&other.seen("/stranger")[0], &origin.seen("/back")[0]] {
        assert_eq!((seen.header("x-key"), seen.header("authorization")), ("", ""));
        assert!(seen.header("accept").starts_with("application/atom+xml"));
    }
    assert!(!format!("{ask:?}").contains("hush") && !format!("{ask:?}").contains("token"));
}

#[tokio::test]
async fn a_name_and_password_in_the_url_are_sent_as_such_and_never_shown() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    let url = |path| origin.url(path).replace("http://", "http://ada:h%C3%BCsh@");
    let body = body(&client(), &url("/feed")).await;
    assert_eq!(body.url, origin.url("/feed"));
    assert_eq!(origin.seen("/feed")[0].header("authorization"), "Basic YWRhOmjDvHNo");

    let (_, message) = broken(&client(), &url("/nothing")).await;
    assert!(!message.contains("ada") && !message.contains("h%C3"), "{message}");

    let auth = Credentials::Basic { user: "bob".to_owned(), password: SecretString::from("x") };
    let ask = Request { url: &url("/feed"), validators: &Validators::default(), headers: &[], auth: Some(&auth) };
    client().get(&ask).await.expect("an answer");
    assert_eq!(origin.seen("/feed")[1].headers.get_all("authorization").iter().count(), 1);
    assert_eq!(origin.seen("/feed")[1].header("authorization"), "Basic Ym9iOng=");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_and_its_value_is_not() {
    let headers = [("X-Key".to_owned(), SecretString::from("hu\nsh"))];
    let ask = Request { url: "http://127.0.0.1:1/", validators: &Validators::default(), headers: &headers, auth: None };
    let error = client().get(&ask).await.expect_err("a line break is no part of a header").to_string();
    assert!(error.contains("\"X-Key\"") && !error.contains("sh\""), "{error}");
}

#[tokio::test]
async fn a_host_is_asked_for_one_thing_at_a_time() {
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
async fn waiting_for_the_turn_of_a_host_is_not_counted_in_the_timeout() {
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

#[tokio::test]
async fn where_it_breaks_is_told_apart() {
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

/// A name server that never answers.
struct Mute;

impl Resolve for Mute {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn half_of_the_time_is_enough_to_see_that_nobody_is_there() {
    let options = Options { timeout: Duration::from_secs(20), ..options() };
    let client = Client::with_resolver(options, Arc::new(Mute)).expect("a client");
    let ask = Request { url: "http://mute.example/", validators: &Validators::default(), headers: &[], auth: None };
    let (answer, took) = client.get_timed(&ask).await;
    let outcome = answer.expect_err("nobody is there").outcome(Time::EPOCH);
    let message = "cannot reach mute.example: no connection within 10 s".to_owned();
    assert_eq!(outcome, Outcome::Broken { kind: BreakKind::Timeout, message });
    assert_eq!(took.as_secs(), 10);
}

#[tokio::test]
async fn https_is_trusted_only_with_the_certificate_that_ca_names() {
    let origin = tls::start().await;
    origin.on("/feed", Reply::ok("<rss/>"));
    origin.on("/down", Reply::redirect(301, "http://127.0.0.1:1/feed"));
    let (kind, message) = broken(&client(), &origin.url("/feed")).await;
    assert_eq!((kind, message.contains("UnknownIssuer")), (BreakKind::Tls, true), "{message}");
    assert_eq!(origin.count(), 0);

    let client = Client::new(Options { ca: Some(tls::CA.into()), ..options() }).expect("a client");
    assert_eq!(body(&client, &origin.url("/feed")).await.bytes, b"<rss/>");
    assert!(origin.seen("/feed")[0].uri.starts_with("https://"), "HTTP/2 names the whole address");
    let (kind, message) = broken(&client, &origin.url("/down")).await;
    assert_eq!((kind, message.contains("which is not encrypted")), (BreakKind::Redirect, true), "{message}");
}

#[tokio::test]
async fn a_proxy_gets_every_request_but_for_private_addresses() {
    let proxy = Origin::start().await;
    proxy.on("/feed", Reply::ok("<rss/>"));
    let address = proxy.url("/").replace("http://", "http://ada:hush@");
    let client = Client::new(Options { proxy: Some(address.into()), allow_private: Vec::new(), ..options() }).expect("a client");
    assert_eq!(body(&client, "http://no-such-name.invalid/feed").await.bytes, b"<rss/>");
    assert_eq!(proxy.seen("/feed")[0].uri, "http://no-such-name.invalid/feed");
    assert_eq!(proxy.seen("/feed")[0].header("proxy-authorization"), "Basic YWRhOmh1c2g=");

    for url in ["http://10.0.0.1/feed", "http://localhost./feed", &proxy.url("/feed")] {
        assert_eq!(broken(&client, url).await.0, BreakKind::PrivateAddress, "{url}");
    }
    assert_eq!(proxy.count(), 1);
}

#[test]
fn a_client_that_cannot_be_made_says_which_key_to_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let (absent, empty) = (folder.path().join("absent.pem"), folder.path().join("empty.pem"));
    tempfile::NamedTempFile::new_in(folder.path()).and_then(|file| Ok(file.persist(&empty)?)).expect("a file");
    let said = |options| Client::new(options).err().expect("no client").to_string();

    let message = said(Options { ca: Some(absent), ..options() });
    assert!(message.contains("absent.pem as `ca` of [fetch]: No such file"), "{message}");
    let message = said(Options { ca: Some(empty), ..options() });
    assert!(message.contains("empty.pem as `ca` of [fetch]: it holds no certificate"), "{message}");
    for proxy in ["ftp://ada:hush@proxy/", "ada:hush@proxy", "nothing"] {
        let message = said(Options { proxy: Some(proxy.into()), ..options() });
        assert!(message.contains("`proxy` of [fetch]") && !message.contains("hush"), "{message}");
    }
    assert!(said(Options { user_agent: "a\nb".to_owned(), ..options() }).contains("`user_agent` of [fetch]"));
}

/// The certificates are looked for by environment variables, and only another process can have others than ours.
#[test]
fn a_system_without_certificates_is_told_what_to_do() {
    const CHILD: &str = "RELAIS_TEST_WITHOUT_CERTIFICATES";
    if std::env::var_os(CHILD).is_some() {
        let error = Client::new(options()).err().expect("there is no certificate");
        assert!(matches!(error, ClientError::Certificates { .. }));
        let message = error.to_string();
        assert!(message.contains("SSL_CERT_FILE") && message.contains("`ca` in [fetch]"), "{message}");
        return;
    }
    let name = "net::a_system_without_certificates_is_told_what_to_do";
    let ended = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .envs([(CHILD, "1"), ("SSL_CERT_FILE", "/nonexistent/file"), ("SSL_CERT_DIR", "/nonexistent/folder")])
        .output()
        .expect("this program runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"));
}
