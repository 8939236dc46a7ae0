//! The output in a bucket of a real S3 server: what is written, when nothing is, and what is told when it cannot be.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use axum::http::Method;
use serde_json::Value;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{Ended, World, finish};
use crate::support::s3::{BUCKET, Deed, S3, free_port, output};

const FILES: [&str; 8] =
    ["feed.css", "index.html", "jeux.atom", "jeux.html", "jeux.json", "jeux.rss", "manifest.json", "sources.opml"];

/// A world whose output is a bucket, with one feed.
async fn world(s3: &S3, numbers: std::ops::Range<u32>) -> (World, Origin) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(numbers))));
    let world = World::new("");
    configure(&world, "", s3, &origin);
    (world, origin)
}

fn configure(world: &World, top: &str, s3: &S3, origin: &Origin) {
    world.configure(&format!("{top}\n{}", output("news")), &format!("{}{}", s3.table(), tables(&[("a", origin.url("/a"))])));
}

fn start(world: &World, s3: &S3, args: &[&str]) -> Child {
    world.command(args).envs(s3.variables()).spawn().expect("the program starts")
}

async fn run(world: &World, s3: &S3) -> Ended {
    finish(start(world, s3, &["run", "--force"])).await
}

/// Runs once, and expects that it prints nothing.
async fn runs(world: &World, s3: &S3) {
    let ended = run(world, s3).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
}

fn object(name: &str) -> String {
    format!("news/{name}")
}

#[tokio::test]
async fn bucket_holds_what_a_folder_holds_with_types_and_cache_headers() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    assert_eq!(s3.list().await, FILES.map(object));
    let order = s3.written();
    assert_eq!(
        order[order.len() - 3..],
        ["sources.opml", "index.html", "manifest.json"].map(object),
        "what lists others is last"
    );

    // The same state, into a folder.
    world.configure("", &tables(&[("a", origin.url("/a"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    for name in FILES {
        let (kind, cache, bytes) = s3.get(&object(name)).await.expect(name);
        assert_eq!(String::from_utf8_lossy(&bytes), world.output(name), "{name}");
        assert_eq!(cache, "max-age=300");
        let wanted = match name.rsplit('.').next() {
            _ if name == "manifest.json" => "application/json",
            Some("atom") => "application/atom+xml; charset=utf-8",
            Some("rss") => "application/rss+xml; charset=utf-8",
            Some("json") => "application/feed+json",
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "text/x-opml; charset=utf-8",
        };
        assert_eq!(kind, wanted, "{name}");
    }
}

#[tokio::test]
async fn unchanged_run_lists_the_bucket_once_and_does_nothing_else() {
    let Some(s3) = S3::start().await else { return };
    let (world, _origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    s3.take_asked();
    runs(&world, &s3).await;
    let asked = s3.take_asked();
    assert_eq!(asked.iter().map(|asked| (asked.method.as_str(), &*asked.object)).collect::<Vec<_>>(), [("GET", "")]);
}

#[tokio::test]
async fn only_changed_objects_are_written() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    s3.take_asked();
    origin.on("/a", Reply::ok(rss("a", &stories(1..5))));
    runs(&world, &s3).await;
    let mut written = s3.written();
    written.sort();
    let changed = ["index.html", "jeux.atom", "jeux.html", "jeux.json", "jeux.rss", "manifest.json"];
    assert_eq!(written, changed.map(object), "sources.opml has not changed");
}

#[tokio::test]
async fn object_that_others_changed_or_removed_is_written_again() {
    let Some(s3) = S3::start().await else { return };
    let (world, _origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let (_, _, whole) = s3.get("news/jeux.rss").await.expect("an object");
    s3.put("news/jeux.rss", Some("<rss/>")).await;
    s3.put("news/jeux.json", None).await;
    s3.take_asked();
    runs(&world, &s3).await;
    assert_eq!(s3.get("news/jeux.rss").await.expect("an object").2, whole);
    let mut written = s3.written();
    written.sort();
    // The other formats are rendered again, found to be the same, and left alone.
    assert_eq!(&written[..2], ["jeux.json", "jeux.rss"].map(object), "{written:?}");
    assert!(!written.contains(&object("jeux.atom")) && !written.contains(&object("index.html")), "{written:?}");
}

#[tokio::test]
async fn changed_cache_headers_are_sent_with_the_same_bytes() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let table = format!("{}cache_control = \"public, max-age=60\"\n", s3.table());
    world.configure(&output("news"), &format!("{table}{}", tables(&[("a", origin.url("/a"))])));
    runs(&world, &s3).await;
    for name in FILES {
        assert_eq!(s3.get(&object(name)).await.expect(name).1, "public, max-age=60", "{name}");
    }
    s3.take_asked();
    runs(&world, &s3).await;
    assert_eq!(s3.written(), [""; 0]);
}

#[tokio::test]
async fn removed_edition_gets_a_last_version_in_the_bucket() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let other = tables(&[("a", origin.url("/a"))]).replace("[edition.jeux]", "[edition.sport]").replace("Les Jeux", "Le sport");
    world.configure(&output("news"), &format!("{}{other}", s3.table()));
    assert_eq!(run(&world, &s3).await.code, Some(0));
    let (_, _, last) = s3.get("news/jeux.json").await.expect("an object");
    let last: Value = serde_json::from_slice(&last).expect("JSON");
    assert_eq!(last["expired"], true, "{last}");
}

/// Runs over new entries, and expects that the run fails, says `says` in one line without the secret, and leaves the objects whole.
async fn fails((world, origin): (&World, &Origin), s3: &S3, variables: [(&str, &str); 2], says: &str) {
    let mut before = Vec::new();
    for name in FILES {
        before.push(s3.get(&object(name)).await);
    }
    origin.on("/a", Reply::ok(rss("a", &stories(1..9))));
    let ended = finish(world.command(&["run", "--force"]).envs(variables).spawn().expect("it starts")).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(says) && ended.stderr.contains("s3://"), "{says}: {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "it is told once: {}", ended.stderr);
    for secret in [variables[1].1, s3.key.1.as_str()] {
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret), "{ended:?}");
    }
    for (name, before) in FILES.iter().zip(before) {
        assert_eq!(s3.get(&object(name)).await, before, "{name}");
    }
}

#[tokio::test]
async fn wrong_secret_is_told_and_changes_nothing() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let wrong = [("S3_ID", s3.key.0.as_str()), ("S3_SECRET", "hunter2-is-wrong")];
    fails((&world, &origin), &s3, wrong, "the server refused the credentials (HTTP 403, SignatureDoesNotMatch").await;
    // What was read meanwhile is not lost.
    runs(&world, &s3).await;
    let (.., feed) = s3.get("news/jeux.json").await.expect("an object");
    let feed: Value = serde_json::from_slice(&feed).expect("JSON");
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn full_bucket_is_told_and_the_last_good_objects_stay() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let answer = "<Error><Code>QuotaExceeded</Code><Message>The quota of the bucket is used up</Message></Error>";
    s3.instead(Method::PUT, "", Some(Deed::Answer(403, answer)));
    fails((&world, &origin), &s3, s3.variables(), "there is no room (HTTP 403, QuotaExceeded").await;
    s3.instead(Method::PUT, "", Some(Deed::Answer(507, "")));
    fails((&world, &origin), &s3, s3.variables(), "there is no room (HTTP 507)").await;
}

#[tokio::test]
async fn vanished_bucket_is_told() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let other = output("news").replace(BUCKET, "vanished");
    world.configure(&other, &format!("{}{}", s3.table(), tables(&[("a", origin.url("/a"))])));
    fails((&world, &origin), &s3, s3.variables(), "there is no such bucket (HTTP 404, NoSuchBucket").await;
}

#[tokio::test]
async fn server_that_is_away_or_silent_is_told() {
    let Some(s3) = S3::start().await else { return };
    let (world, origin) = world(&s3, 1..4).await;
    runs(&world, &s3).await;
    let away = s3.table().replace(&s3.endpoint(), &format!("http://127.0.0.1:{}", free_port().await));
    world.configure(&output("news"), &format!("{away}{}", tables(&[("a", origin.url("/a"))])));
    fails((&world, &origin), &s3, s3.variables(), "the server did not answer").await;
    s3.instead(Method::GET, "", Some(Deed::Hold));
    let silent = s3.table().replace("timeout = \"5s\"", "timeout = \"1s\"");
    world.configure(&output("news"), &format!("{silent}{}", tables(&[("a", origin.url("/a"))])));
    fails((&world, &origin), &s3, s3.variables(), "the server did not answer").await;
}

#[tokio::test]
async fn missing_secret_is_an_error_of_the_configuration() {
    let Some(s3) = S3::start().await else { return };
    let (world, _origin) = world(&s3, 1..4).await;
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("no variable \"S3_ID\""), "{}", ended.stderr);
    assert_eq!(world.relais(&["check"]).await.code, Some(0), "whoever checks need not have it");
}

#[tokio::test]
async fn run_that_was_killed_between_two_objects_is_completed_by_the_next() {
    let Some(s3) = S3::start().await else { return };
    let (world, _origin) = world(&s3, 1..4).await;
    s3.instead(Method::PUT, "jeux.json", Some(Deed::Hold));
    let mut killed = start(&world, &s3, &["run"]);
    s3.wait_until_held().await;
    killed.kill().expect("SIGKILL");
    finish(killed).await;
    assert_eq!(s3.list().await, ["jeux.atom", "jeux.rss"].map(object), "the lists are not there yet");
    s3.instead(Method::PUT, "jeux.json", None);
    runs(&world, &s3).await;
    let mut written = s3.written();
    written.sort();
    assert_eq!(written, FILES.map(object), "each was written once");
}

/// Reads what a program says, up to a line that contains `text`.
async fn wait_for(child: &mut Child, text: &'static str) {
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let heard = move || lines.any(|line| line.is_ok_and(|line| line.contains(text)));
    assert!(tokio::task::spawn_blocking(heard).await.expect("no panic"), "nobody said {text:?}");
}

#[tokio::test]
async fn worker_takes_over_from_one_that_was_killed_and_nothing_is_written_twice() {
    let (Some(s3), Some(schema)) = (S3::start().await, Schema::make().await) else { return };
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(1..4))));
    let [first, second] = [World::new(""), World::new("")];
    for world in [&first, &second] {
        configure(world, &format!("state = {:?}", schema.url()), &s3, &origin);
    }
    s3.instead(Method::PUT, "jeux.json", Some(Deed::Hold));
    let mut killed = start(&first, &s3, &["run"]);
    s3.wait_until_held().await;
    let command = ["-v", "run", "--force"];
    let mut waiting = second.command(&command).envs(s3.variables()).stderr(Stdio::piped()).spawn().expect("it starts");
    wait_for(&mut waiting, "another worker publishes").await;
    assert_eq!(s3.written(), ["jeux.atom", "jeux.rss"].map(object), "the second has not begun");
    killed.kill().expect("SIGKILL");
    finish(killed).await;
    s3.instead(Method::PUT, "jeux.json", None);
    // The lease of the dead worker ends after a time; this is it.
    schema.run("update output_lease set lease_until = 1").await;
    assert_eq!(finish(waiting).await.code, Some(0));
    let mut written = s3.written();
    written.sort();
    assert_eq!(written, FILES.map(object), "nothing is lost, and nothing was written twice");
    s3.take_asked();
    runs(&first, &s3).await;
    assert_eq!(s3.written(), [""; 0]);
    schema.drop().await;
}
