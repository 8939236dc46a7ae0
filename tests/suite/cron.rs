//! `relais run` from cron: each line that it prints is a mail, so that it tells what is new and nothing twice.

use relais::model::{EngineKind, HolderKind, LockHolder, Time};
use relais::store::{Access, Store};

use crate::support::engine::EngineServer;
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{Ended, World};

/// Tables with a source that no edition takes, which is worth a warning.
fn tables_with_unused_source(origin: &Origin) -> String {
    format!(
        "[source.a]\nurl = \"{}\"\n[source.b]\nurl = \"{}\"\n[edition.jeux]\nfrom = [\"a\"]\n",
        origin.url("/a"),
        origin.url("/b")
    )
}

async fn world_with_warning() -> (Origin, World) {
    let origin = Origin::start().await;
    for name in ["a", "b"] {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &stories(0..1))));
    }
    let world = World::new(&tables_with_unused_source(&origin));
    (origin, world)
}

fn assert_silent(ended: &Ended) {
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "cron sends no mail");
}

#[tokio::test]
async fn warning_of_the_configuration_is_told_by_the_first_run_only() {
    let (_origin, world) = world_with_warning().await;
    let first = world.relais(&["run"]).await;
    assert!(first.code == Some(0) && first.stderr.contains("no edition takes the source `b`"), "{first:?}");
    assert_silent(&world.relais(&["run"]).await);
    assert_silent(&world.relais(&["run", "--force"]).await);
}

#[tokio::test]
async fn warning_of_the_configuration_is_told_again_after_a_change_of_the_file() {
    let (origin, world) = world_with_warning().await;
    world.relais(&["run"]).await;
    world.configure("", &(tables_with_unused_source(&origin) + "# looked at\n"));
    let changed = world.relais(&["run"]).await;
    assert!(changed.stderr.contains("no edition takes the source `b`"), "{changed:?}");
    assert_silent(&world.relais(&["run"]).await);
}

#[tokio::test]
async fn check_tells_a_warning_each_time_and_status_never() {
    let (_origin, world) = world_with_warning().await;
    world.relais(&["run"]).await;
    for _ in 0..2 {
        let checked = world.relais(&["check"]).await;
        assert!(checked.code == Some(0) && checked.stderr.contains("no edition takes the source `b`"), "{checked:?}");
    }
    assert_eq!(world.relais(&["status"]).await.stderr, "");
}

#[tokio::test]
async fn used_up_budget_is_told_once() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let tables = |limit: usize| {
        format!(
            "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
             budget = {{ characters = {limit}, per = \"month\" }}\n[edition.jeux]\nlangs = [\"en\"]\nengines = [\"lt\"]\n",
            origin.url("/a"),
            engine.url()
        )
    };
    let world = World::new(&tables(30));
    let first = world.relais(&["run"]).await;
    assert!(first.code == Some(3) && first.stderr.contains("budget is used up"), "{first:?}");
    assert_silent(&world.relais(&["run", "--force"]).await);
    let report = world.relais(&["run", "--json"]).await;
    assert_eq!(report.json()["faults"][0]["kind"], "budget", "the report still says so: {report:?}");
    world.configure("", &tables(60));
    let raised = world.relais(&["run"]).await;
    assert!(raised.stderr.contains("budget is used up"), "another limit is another budget: {raised:?}");
}

/// Holds the lock of a world as a run does that began at `since`.
async fn hold_lock(world: &World, since: Time) -> Store {
    let url = format!("sqlite:{}", world.path("relais.db").display());
    let store = Store::open(&url, Access::Work).await.expect("a store");
    store.record_holder(&LockHolder { process: 4321, since, kind: HolderKind::Run }).expect("the lock can be written");
    store
}

#[tokio::test]
async fn run_that_hangs_is_an_error_that_names_its_process() {
    let (_origin, world) = world_with_warning().await;
    let _held = hold_lock(&world, Time::EPOCH).await;
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("process 4321") && ended.stderr.contains("1970-01-01T00:00:00Z"), "{ended:?}");
}

#[tokio::test]
async fn lock_that_a_killed_run_left_stops_nobody() {
    let (_origin, world) = world_with_warning().await;
    drop(hold_lock(&world, Time::EPOCH).await);
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
}

/// Runs as cron does, over every source.
async fn forced(world: &World) -> Ended {
    world.relais(&["run", "--force"]).await
}

#[tokio::test]
async fn broken_source_is_told_once_and_so_is_its_end() {
    let origin = Origin::start().await;
    let good = Reply::ok(rss("a", &stories(0..1)));
    origin.on("/a", good.clone());
    origin.on("/b", Reply::ok(rss("b", &stories(1..2))));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    assert_silent(&forced(&world).await);
    origin.on("/a", Reply::status(500));
    assert_silent(&forced(&world).await);
    let told = forced(&world).await;
    assert!(told.code == Some(3) && told.stderr.contains("source a") && told.stderr.contains("500"), "{told:?}");
    let again = forced(&world).await;
    assert_eq!((again.code, again.stderr.as_str()), (Some(3), ""), "it still fails, and everybody knows");
    origin.on("/a", good);
    let mended = forced(&world).await;
    assert!(mended.code == Some(0) && mended.stderr.contains("source a: it works again"), "{mended:?}");
    assert_silent(&forced(&world).await);
}

#[tokio::test]
async fn quiet_run_leaves_the_notice_to_the_next_one() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::status(500));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let quiet = world.relais(&["run", "--force", "--quiet"]).await;
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(3), ""));
    assert!(forced(&world).await.stderr.contains("source a"));
}
