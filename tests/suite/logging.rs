//! The log on standard error: what each level shows, and that it holds no secrets.

use serde_json::Value;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{Ended, World, finish};

/// The lines of the log that describe an HTTP request.
fn request_lines(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.contains("GET http")).collect()
}

#[tokio::test]
async fn one_line_per_visit_at_info_and_one_per_http_request_at_debug() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::redirect(301, "/b?session=1"));
    origin.on("/b", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let info = world.relais(&["run", "-v", "--color", "never"]).await;
    assert!(info.stderr.lines().any(|line| line.contains("INFO") && line.contains("source.id")), "{}", info.stderr);
    assert!(request_lines(&info).is_empty(), "{}", info.stderr);

    let debug = world.relais(&["run", "-vv", "--force", "--color", "never"]).await;
    let visits: Vec<&str> = request_lines(&debug).into_iter().filter(|line| !line.contains("robots.txt")).collect();
    assert_eq!(visits.len(), 2, "{}", debug.stderr);
    for (line, parts) in visits.iter().zip([
        ["/a: 301 Moved Permanently, 0 bytes", "redirects=0", "http.status=301", "http.method=GET"],
        ["/b?…: 200 OK", "redirects=1", "http.status=200", "cached=false"],
    ]) {
        for part in parts.into_iter().chain(["url.host=127.0.0.1:", "duration_ms=", "bytes="]) {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

#[tokio::test]
async fn request_line_names_the_kind_of_the_error_and_the_status() {
    let origin = Origin::start().await;
    origin.on("/limited", Reply::status(429).header("retry-after", "120"));
    let world = World::new(&tables(&[
        ("limited", origin.url("/limited")),
        ("private", "http://10.0.0.1/feed".to_owned()),
        ("closed", "http://127.0.0.1:1/feed".to_owned()),
    ]));
    let ended = world.relais(&["run", "-vv", "--log-format", "json"]).await;
    let lines: Vec<Value> = ended.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |part: &str| {
        let is_it = |line: &&Value| line["message"].as_str().is_some_and(|message| message.contains(part));
        lines.iter().find(is_it).unwrap_or_else(|| panic!("{part}: {}", ended.stderr))
    };
    let limited = find("/limited: failed (http)");
    assert_eq!((&limited["error.kind"], &limited["span"]["http.status"]), (&"http".into(), &429.into()), "{limited}");
    assert_eq!(limited["span"]["name"], "http_request");
    assert!(find("the server asks to retry later")["retry_after"].as_str().is_some_and(|wait| wait.contains("120")));
    assert_eq!(find("127.0.0.1:1/feed: failed (connect)")["error.kind"], "connect");
    assert_eq!(find("private address refused")["url.host"], "10.0.0.1");
}

#[tokio::test]
async fn rate_limit_waits_are_logged_at_trace_with_their_length() {
    let origin = Origin::start().await;
    for path in ["/a", "/b"] {
        origin.on(path, Reply::ok(rss("a", &stories(0..1))));
    }
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    slow_down(&world);
    let mut command = world.command(&["run", "--color", "never"]);
    command.env("RELAIS_LOG", "relais=trace");
    let ended = finish(command.spawn().expect("the program starts")).await;
    let wait = ended.stderr.lines().find(|line| line.contains("rate limit of 127.0.0.1")).unwrap_or_else(|| panic!("{ended:?}"));
    assert!(wait.contains("wait_ms="), "{wait}");
}

/// Sets an interval between the requests to one host.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn slow_down(world: &World) {
    let text = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there");
    std::fs::write(world.path("feeds.toml"), text.replace("host_interval = \"0s\"", "host_interval = \"200ms\""))
        .expect("it can be written");
}

#[tokio::test]
async fn secrets_never_reach_the_log_at_its_finest_level() {
    let origin = Origin::start().await;
    for path in ["/header", "/bearer", "/query", "/basic", "/moved"] {
        origin.on(path, Reply::ok(rss("a", &stories(0..2))));
    }
    let moved = origin.url("/moved?token=hush-location").replace("http://", "http://reader:hush-userinfo@");
    origin.on("/redirect", Reply::redirect(302, &moved));
    let secret = "headers = { X-Key = { env = \"RELAIS_TEST_HEADER\" } }\n";
    let bearer = "auth = { bearer = { env = \"RELAIS_TEST_BEARER\" } }\n";
    let basic = "auth = { user = \"reader\", password = { env = \"RELAIS_TEST_PASSWORD\" } }\n";
    let text = tables(&[
        ("header", origin.url("/header")),
        ("bearer", origin.url("/bearer")),
        ("query", origin.url("/query?token=hush-query")),
        ("basic", origin.url("/basic")),
        ("redirect", origin.url("/redirect")),
        ("failing", origin.url("/failing?token=hush-failing")),
        ("private", "http://10.0.0.1/?token=hush-private".to_owned()),
    ]);
    let with = |text: String, source: &str, keys: &str| text.replace(&format!("{source}]\n"), &format!("{source}]\n{keys}"));
    let text = with(with(with(text, "source.header", secret), "source.bearer", bearer), "source.basic", basic);
    let world = World::new(&text);
    for (level, format) in [("trace", "text"), ("trace", "json"), ("relais=trace", "text")] {
        let mut command = world.command(&["run", "--force", "--log-format", format, "--color", "never"]);
        command.env("RELAIS_LOG", level).env("RELAIS_TEST_HEADER", "hush-header");
        command.env("RELAIS_TEST_BEARER", "hush-bearer").env("RELAIS_TEST_PASSWORD", "hush-password");
        let ended = finish(command.spawn().expect("the program starts")).await;
        assert!(ended.stderr.contains("/query?…"), "{}", ended.stderr);
        let told: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("hush-")).collect();
        assert!(told.is_empty() && !ended.stdout.contains("hush-"), "{level} {format}: {told:#?}");
    }
    assert_eq!(origin.seen("/header")[0].header("x-key"), "hush-header", "the secrets were sent");
    assert_eq!(origin.seen("/bearer")[0].header("authorization"), "Bearer hush-bearer");
    assert!(origin.seen("/basic")[0].header("authorization").starts_with("Basic "));
}
