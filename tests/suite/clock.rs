//! A clock that was a year ahead while relais worked, and is right again when it works next.

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::{Clock, SourceId, Time};
use relais::pipeline::{RunRequest, Scope, run};
use relais::store::{Access, Lease, Store};

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::World;

const YEAR: Duration = Duration::from_hours(365 * 24);

/// A clock that stands still.
struct Fixed(Time);

impl Clock for Fixed {
    fn now(&self) -> Time {
        self.0
    }
}

/// Runs once by a clock that is a year ahead.
async fn run_a_year_ahead(world: &World) {
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let clock = Fixed(SystemClock.now().plus(YEAR));
    let request = RunRequest { plan, clock: &clock, scope: Scope::default(), process: 1, progress: &|_| (), warn: None };
    Box::pin(run(request)).await.expect("it ends well");
}

/// Leaves what a run leaves that is killed in its first visit, by a clock that is a year ahead.
async fn kill_a_year_ahead(state: &str) {
    let store = Store::open(state, Access::Work).await.expect("a store");
    let (now, sources) = (SystemClock.now().plus(YEAR), [SourceId::new("a")]);
    store.begin_run(now).await.expect("a run begins");
    store.register_sources(&sources, now).await.expect("registered");
    let lease = Lease { worker: "killed".to_owned(), now, until: now.plus(Duration::from_mins(3)) };
    assert_eq!(store.lease_due_sources(&sources, &lease, false, 9).await.expect("leased").len(), 1);
}

async fn first_visit_is_made(world: &World, state: &str) {
    kill_a_year_ahead(state).await;
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((ended.code, &ended.json()["entries"]["new"]), (Some(0), &3.into()), "{ended:?}");
    assert!(ended.stderr.contains("dated in the future is corrected"), "{}", ended.stderr);
    let again = world.relais(&["run"]).await;
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""), "it is told once");
}

fn world_of(origin: &Origin, top: &str) -> World {
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let world = World::new("");
    world.configure(top, &tables(&[("a", origin.url("/a"))]));
    world
}

#[tokio::test]
async fn first_visit_that_was_killed_a_year_ahead_is_made() {
    let origin = Origin::start().await;
    let world = world_of(&origin, "");
    first_visit_is_made(&world, &format!("sqlite:{}", world.path("relais.db").display())).await;
}

#[tokio::test]
async fn first_visit_that_was_killed_a_year_ahead_is_made_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    let world = world_of(&origin, &format!("state = {:?}", schema.url()));
    first_visit_is_made(&world, &schema.url()).await;
    schema.drop().await;
}

#[tokio::test]
async fn undated_entry_that_was_seen_a_year_ahead_does_not_stay_on_top() {
    let origin = Origin::start().await;
    let item = |name: &str, date: &str| format!("<item><guid>{name}</guid><title>{name}</title>{date}</item>");
    let feed = |items: &str| Reply::ok(format!("<rss version=\"2.0\"><channel><title>a</title>{items}</channel></rss>"));
    let undated = item("undated", "");
    origin.on("/a", feed(&undated));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    run_a_year_ahead(&world).await;
    let soon = SystemClock.now().plus(Duration::from_mins(5)).chrono().to_rfc2822();
    origin.on("/a", feed(&format!("{}{undated}", item("dated", &format!("<pubDate>{soon}</pubDate>")))));
    world.relais(&["run", "--force"]).await;
    let json: serde_json::Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let titles: Vec<&str> = json["items"].as_array().expect("items").iter().filter_map(|item| item["title"].as_str()).collect();
    assert_eq!(titles, ["dated", "undated"]);
    let next_year = SystemClock.now().plus(YEAR).chrono().format("%Y-%m").to_string();
    assert!(!world.output("jeux.atom").contains(&next_year), "no date of the future is published");
}

#[tokio::test]
async fn change_that_was_dated_a_year_ahead_is_not_published_so() {
    let origin = Origin::start().await;
    let world = world_of(&origin, "");
    world.relais(&["run"]).await;
    let changed: Vec<_> = stories(0..3).into_iter().map(|story| story.text("<p>Corrigé.</p>")).collect();
    origin.on("/a", Reply::ok(rss("a", &changed)));
    run_a_year_ahead(&world).await;
    world.relais(&["run", "--force"]).await;
    let output = world.output("jeux.atom");
    let next_year = SystemClock.now().plus(YEAR).chrono().format("<updated>%Y-%m").to_string();
    assert!(output.contains("Corrigé.") && !output.contains(&next_year), "{output}");
}
