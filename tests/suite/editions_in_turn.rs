//! Workers that share a PostgreSQL database and an output: each edition is published by one of them at a time, and different ones at the
//! same time.

use std::net::Ipv4Addr;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish};

/// The longest time for which a test waits for something that happens at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes feeds.toml of a worker. Both workers write to one output.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write_config(world: &World, schema: &Schema, output: &World, tables: &str) {
    world.configure(&format!("state = {:?}\noutput = {:?}\n", schema.url(), output.path("output").display().to_string()), tables);
    // A page that is held must not time out.
    let path = world.path("feeds.toml");
    let text = std::fs::read_to_string(&path).expect("a file").replace("timeout = \"5s\"", "timeout = \"5m\"");
    std::fs::write(path, text).expect("written");
}

/// Two editions, of which one shows the articles of pages.
fn configure(world: &World, schema: &Schema, origin: &Origin, output: &World) {
    let source =
        |id: &str, keys: &str| format!("[source.{id}]\nurl = \"{}\"\nlang = \"fr\"\n{keys}", origin.url(&format!("/{id}")));
    let tables = format!(
        "{}{}[edition.articles]\nfrom = [\"pages\"]\nshow = \"full\"\n[edition.news]\nfrom = [\"short\"]\n",
        source("pages", "full_text = true\n"),
        source("short", "")
    );
    write_config(world, schema, output, &tables);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not so within a minute: {what}"));
}

/// Two workers, the first of which is held in the middle of the edition `articles`.
async fn held() -> Option<(Schema, Origin, [World; 2], Child)> {
    let schema = Schema::make().await?;
    let origin = Origin::start().await;
    for id in ["pages", "short"] {
        let feed = rss(id, &[Story::new(1)])
            .replace(&format!("https://{id}.example.org/1?utm_source=rss"), &origin.url(&format!("/{id}/1")));
        origin.on(&format!("/{id}"), Reply::ok(feed));
    }
    origin.on("/pages/1", Reply::ok("<html><body></body></html>").after(Duration::from_secs(600)));
    let worlds = [World::new(""), World::new("")];
    for world in &worlds {
        configure(world, &schema, &origin, &worlds[0]);
    }
    let first = worlds[0].start(&["run"]);
    until("the first worker asks for the page", || !origin.seen("/pages/1").is_empty()).await;
    Some((schema, origin, worlds, first))
}

#[tokio::test]
async fn edition_that_takes_long_holds_up_no_other_one() {
    let Some((schema, _origin, worlds, mut first)) = held().await else { return };
    let ended = tokio::time::timeout(PATIENCE, worlds[1].relais(&["run", "--edition", "news", "--force"])).await;
    assert_eq!(ended.expect("it does not wait").code, Some(0));
    assert!(first.try_wait().expect("it can be asked").is_none(), "the first one is still at it");
    let manifest = worlds[0].output("manifest.json");
    assert!(manifest.contains("news.atom") && !manifest.contains("articles.atom"), "{manifest}");
    assert!(worlds[0].output("index.html").contains("news.atom"));
    first.kill().expect("SIGKILL");
    finish(first).await;
    schema.drop().await;
}

#[tokio::test]
async fn edition_is_published_by_one_worker_at_a_time_and_by_another_when_that_one_dies() {
    let Some((schema, origin, worlds, mut first)) = held().await else { return };
    origin.on("/pages/1", Reply::ok("<html><body></body></html>"));
    let mut second = worlds[1].start(&["run", "--force"]);
    until("the second worker has published the other edition", || worlds[0].path("output/news.html").exists()).await;
    let asked = origin.seen("/pages/1").len();
    assert!(second.try_wait().expect("it can be asked").is_none(), "it waits for the first");
    assert!(!worlds[0].path("output/articles.atom").exists() && !worlds[0].path("output/manifest.json").exists());
    first.kill().expect("SIGKILL");
    finish(first).await;
    // The lease of the dead worker ends after a time; this is it.
    schema.run("update output_lease set lease_until = 1").await;
    let ended = tokio::time::timeout(PATIENCE, finish(second)).await.expect("it takes over");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(asked, 1, "the second did not ask for the page before its turn");
    let manifest = worlds[0].output("manifest.json");
    assert!(["articles.atom", "news.atom"].iter().all(|name| manifest.contains(name)), "{manifest}");
    schema.drop().await;
}

/// A server of pages: those called `/held` wait until they are let go.
struct Pages {
    address: String,
    asked: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Pages {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (count, closed) = (Arc::clone(&asked), Arc::clone(&gate));
        let held = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let closed = Arc::clone(&closed);
            async move { closed.acquire().await.map(|_| Html("<p>rien</p>")).map_err(|_| StatusCode::GONE) }
        };
        let app = Router::new().route("/held", get(held));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, asked, gate }
    }
}

/// The feed of the source: entries with a sport and a page each, the newest first.
fn sports(entries: &[(&str, String)]) -> Reply {
    let count = entries.len();
    let item = |(at, (title, page)): (usize, &(&str, String))| {
        format!(
            "<item><guid isPermaLink=\"false\">{title}</guid><link>{page}</link><title>{title}</title><description>Une course.</description>\
             <pubDate>{:02} Sep 2026 08:00:00 GMT</pubDate></item>",
            1 + count - at
        )
    };
    let items: String = entries.iter().enumerate().map(item).collect();
    Reply::ok(format!(
        "<rss version=\"2.0\"><channel><title>A</title><link>https://a.example.org/</link><description>A</description>\
         <language>fr</language>{items}</channel></rss>"
    ))
}

#[tokio::test]
async fn worker_that_read_before_another_published_does_not_undo_that() {
    let Some(schema) = Schema::make().await else { return };
    let (origin, pages) = (Origin::start().await, Pages::start().await);
    let worlds = [World::new(""), World::new("")];
    for world in &worlds {
        let tables = format!(
            "[source.a]\nurl = \"{}\"\nlang = \"fr\"\nfull_text = true\n\
             [[edition.each]]\ntags = [\"sport/judo\", \"sport/fencing\"]\nshow = \"full\"\nformats = [\"json\"]\n",
            origin.url("/a")
        );
        write_config(world, &schema, &worlds[0], &tables);
    }
    let page = |name: &str| format!("{}/{name}", pages.address);
    let mut entries =
        vec![("Judo : la finale", page("held")), ("Escrime : un podium", page("1")), ("Judo : un podium", page("2"))];
    origin.on("/a", sports(&entries));
    // The first worker has read the entries of both sports when it waits for a page of the one.
    let first = worlds[0].start(&["run"]);
    until("the first worker asks for the page", || pages.asked.load(Ordering::SeqCst) > 0).await;
    entries.insert(0, ("Escrime : la finale", page("3")));
    origin.on("/a", sports(&entries));
    let ended = worlds[1].relais(&["run", "--edition", "fencing", "--force"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let titles = || ["Escrime : la finale", "Escrime : un podium"].map(|title| worlds[0].output("fencing.json").contains(title));
    assert_eq!(titles(), [true, true], "the second worker has published what is new");
    pages.gate.add_permits(1);
    let ended = tokio::time::timeout(PATIENCE, finish(first)).await.expect("it goes on");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(worlds[0].path("output/judo.json").exists(), "the first worker has published the other sport");
    assert_eq!(titles(), [true, true], "and has left this one alone");
    schema.drop().await;
}
