//! What hosts request of programs, and what a run leaves for the next one.

use std::sync::atomic::{AtomicI64, Ordering};

use relais::model::{Clock, SourceId, Time};
use relais::pipeline::{RunRequest, Scope, run};
use relais::store::{Access, Store};

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

#[tokio::test]
async fn robots_txt_is_fetched_once_a_day_per_host() {
    let (shared, alone) = (Origin::start().await, Origin::start().await);
    for (origin, path) in [(&shared, "/a"), (&shared, "/b"), (&alone, "/c")] {
        origin.on(path, Reply::ok(rss(&path[1..], &stories(0..1))));
        origin.on("/robots.txt", Reply::ok("User-agent: *\nDisallow: /\nCrawl-delay: 0.3\n"));
    }
    let world = World::new(&tables(&[("a", shared.url("/a")), ("b", shared.url("/b")), ("c", alone.url("/c"))]));
    for turn in 0..3 {
        let begun = std::time::Instant::now();
        let ended = world.relais(&["run", "--force"]).await;
        assert_eq!(ended.code, Some(0), "a feed is there to be read by programs: {ended:?}");
        // Not how fast, but how slow.
        assert!(begun.elapsed().as_millis() >= 280, "{turn}: {:?}", begun.elapsed());
    }
    assert_eq!(shared.seen("/robots.txt").len(), 1);
    assert!(shared.seen("/robots.txt")[0].header("user-agent").starts_with("relais/"));
    assert!(alone.seen("/robots.txt").is_empty(), "one request in two minutes at most is slow enough for anybody");
}

#[tokio::test]
async fn long_crawl_delay_of_one_host_does_not_delay_others() {
    let (slow, quick) = (Origin::start().await, Origin::start().await);
    slow.on("/robots.txt", Reply::ok("User-agent: *\nCrawl-delay: 45\n"));
    for (origin, path) in [(&slow, "/a"), (&slow, "/b"), (&quick, "/c")] {
        origin.on(path, Reply::ok(rss(&path[1..], &stories(0..1))));
    }
    let world = World::new(&tables(&[("a", slow.url("/a")), ("b", slow.url("/b")), ("c", quick.url("/c"))]));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((ended.code, slow.count(), quick.count()), (Some(0), 1, 1), "{ended:?}");
    let status = world.relais(&["status", "--json"]).await.json();
    let how: Vec<&str> = (0..3).map(|source| status["sources"][source]["state"].as_str().expect("a state")).collect();
    assert_eq!(how, ["good", "new", "good"], "{status}");
}

#[tokio::test]
async fn failed_robots_txt_is_retried_later() {
    let origin = Origin::start().await;
    for path in ["/a", "/b"] {
        origin.on(path, Reply::ok(rss(&path[1..], &stories(0..1))));
    }
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    for answer in [Reply::status(503), Reply::status(404)] {
        origin.on("/robots.txt", answer);
        for _ in 0..2 {
            assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
        }
    }
    assert_eq!(origin.seen("/robots.txt").len(), 1, "within the hour");
}

/// A clock by which everything takes a minute.
struct Hurried(AtomicI64);

impl Clock for Hurried {
    fn now(&self) -> Time {
        Time::from_millis(self.0.fetch_add(60_000, Ordering::Relaxed))
    }
}

#[tokio::test]
async fn sources_not_visited_within_the_deadline_stay_due() {
    let origin = Origin::start().await;
    let names: Vec<String> = (0..20).map(|number| format!("s{number}")).collect();
    for name in &names {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &stories(0..1))));
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let world = World::new(&tables(&sources));
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let clock = Hurried(AtomicI64::new(1_795_514_400_000));
    let state = plan.state.url().to_owned();
    let request = RunRequest { plan, clock: &clock, scope: Scope::default(), process: 1, progress: &|_| (), warn: None };
    let report = Box::pin(run(request)).await.expect("it ends well").report;
    assert!((1..20).contains(&report.sources.due), "{:?}", report.sources);
    assert_eq!(report.editions[0].items, report.sources.due, "what there is is published");

    let ids: Vec<SourceId> = names.iter().map(|name| SourceId::new(name)).collect();
    let store = Store::open(&state, Access::Look).await.expect("a state");
    let rows = store.load_source_rows(&ids).await.expect("rows");
    let unvisited = rows.iter().filter(|row| row.visited.is_none() && row.due <= clock.now() && row.leased_until.is_none());
    assert_eq!(unvisited.count(), 20 - report.sources.due as usize);
    drop(store);
    let later = world.relais(&["run", "--json"]).await.json();
    assert_eq!(later["entries"]["new"], 20 - report.sources.due, "{later}");
}
