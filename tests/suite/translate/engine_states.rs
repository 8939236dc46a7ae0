//! The life of an engine over several runs: what is told of it, where, and from when on.

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::{Clock, EngineCondition, EngineState};
use relais::store::{Access, Store};

use super::*;

const ORIGINAL: &str = "untranslated = \"original\"";

async fn forced(world: &World) -> Ended {
    world.relais(&["run", "--force", "--json"]).await
}

fn engine_faults(ended: &Ended) -> Vec<Value> {
    let faults = ended.json()["faults"].as_array().expect("faults").clone();
    faults.into_iter().filter(|fault| fault["engine"] == "lt").collect()
}

/// A world whose engine has translated one story; another story is new.
async fn world_that_worked() -> (Origin, EngineServer, World) {
    let (origin, server, world) = world("", ORIGINAL).await;
    origin.on("/a", feed(&[stories().remove(1)]));
    let ended = forced(&world).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    origin.on("/a", feed(&stories()));
    (origin, server, world)
}

#[tokio::test]
async fn engine_that_never_worked_is_a_fault_at_once() {
    for misbehaviour in [Misbehaviour::Status(500), Misbehaviour::RateLimited(Some("86400")), Misbehaviour::CutBody] {
        let (_origin, server, world) = world("", ORIGINAL).await;
        server.then(misbehaviour, 99);
        let ended = forced(&world).await;
        assert_eq!((ended.code, engine_faults(&ended).len()), (Some(3), 1), "{misbehaviour:?}: {ended:?}");
    }
}

#[tokio::test]
async fn engine_that_worked_is_a_fault_from_the_second_failing_run_on() {
    let (_origin, server, world) = world_that_worked().await;
    server.then(Misbehaviour::Status(500), 99);
    let first = forced(&world).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let second = forced(&world).await;
    assert_eq!((second.code, engine_faults(&second).len()), (Some(3), 1), "{second:?}");
    assert!(engine_faults(&second)[0]["since"].is_string(), "{second:?}");
}

#[tokio::test]
async fn engine_that_works_again_is_no_fault() {
    let (_origin, server, world) = world_that_worked().await;
    server.then(Misbehaviour::Status(500), 99);
    forced(&world).await;
    forced(&world).await;
    server.recover();
    let ended = forced(&world).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(translation(&ended)["engines"][0]["state"], "good");
}

#[tokio::test]
async fn refused_key_is_a_fault_at_once() {
    let (_origin, server, world) = world_that_worked().await;
    server.then(Misbehaviour::Status(401), 99);
    let ended = forced(&world).await;
    assert_eq!((ended.code, &engine_faults(&ended)[0]["kind"]), (Some(3), &"unauthorized".into()), "{ended:?}");
}

#[tokio::test]
async fn report_has_the_work_and_the_state_of_each_engine() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    let counts = translation(&forced(&world).await);
    let engine = &counts["engines"][0];
    assert_eq!((&engine["id"], &engine["state"], &engine["sent"]), (&"lt".into(), &"good".into(), &counts["sent"]), "{counts}");
    assert_eq!((&engine["characters"], &engine["cost"]), (&counts["characters_sent"], &counts["cost"]), "{counts}");
    server.then(Misbehaviour::Status(500), 99);
    let idle = translation(&forced(&world).await);
    assert_eq!((&idle["engines"][0]["state"], &idle["engines"][0]["sent"]), (&"good".into(), &0.into()), "{idle}");
}

#[tokio::test]
async fn status_tells_since_when_and_why_an_engine_fails() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    server.then(Misbehaviour::CutBody, 99);
    forced(&world).await;
    let ended = world.relais(&["status", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let engine = &ended.json()["engines"][0];
    assert_eq!(engine["state"], "failing");
    assert!(engine["since"].is_string() && engine["fault"]["message"].is_string(), "{engine}");
    let shown = world.relais(&["status"]).await.stdout;
    assert!(shown.contains("failing since"), "{shown}");
}

#[tokio::test]
async fn engine_that_fails_is_in_the_feed_of_faults() {
    let (origin, server, world) = world("", ORIGINAL).await;
    world.configure("faults = true", &tables(&origin, &[("lt", &server, LIBRE)], ORIGINAL));
    server.then(Misbehaviour::CutBody, 99);
    forced(&world).await;
    let feed = world.output("faults.atom");
    assert!(feed.contains("lt") && feed.contains("<entry"), "{feed}");
}

#[tokio::test]
async fn engine_that_wants_to_be_asked_later_rests_between_runs() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    server.then(Misbehaviour::RateLimited(Some("86400")), 1);
    let ended = forced(&world).await;
    assert_eq!(translation(&ended)["engines"][0]["state"], "paused", "{ended:?}");
    let asked = server.requests().len();
    world.relais(&["run"]).await;
    assert_eq!(server.requests().len(), asked, "it rests");
    forced(&world).await;
    assert!(server.requests().len() > asked, "a forced run asks it");
}

#[tokio::test]
async fn run_does_not_wait_for_an_engine_that_rests_since_an_earlier_run() {
    let (_origin, server, world) = world("", ORIGINAL).await;
    let state = format!("sqlite:{}", world.path("relais.db").display());
    let store = Store::open(&state, Access::Work).await.expect("a state");
    let resting = EngineState {
        condition: EngineCondition::Failing,
        has_worked: true,
        failing_runs: 2,
        paused_until: Some(SystemClock.now().plus(Duration::from_secs(300))),
        ..EngineState::default()
    };
    store.save_engine_state("lt", &resting).await.expect("a state is saved");
    store.close().await.expect("it can be closed");
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!((server.requests().len(), &translation(&ended)["engines"][0]["state"]), (0, &"failing".into()), "{ended:?}");
}
