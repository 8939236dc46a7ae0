//! Several workers on one PostgreSQL: one delivers, and another takes over.

use std::time::Duration;

use super::{Desk, SECRET, feed};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish};

const KEYS: &str = "url = \"HOOK\"\nsecret = { env = \"DESK_SECRET\" }\ntimeout = \"5s\"";

/// Two worlds that share a database, an origin and an output.
async fn worlds(schema: &Schema) -> [Desk; 2] {
    let first = Desk { origin: Origin::start().await, world: World::new("") };
    let second = Desk { origin: Origin::start().await, world: World::new("") };
    let output = first.world.path("output");
    let top = format!("state = {:?}\noutput = {:?}", schema.url(), output.display().to_string());
    first.configure(&top, KEYS);
    let text = std::fs::read_to_string(first.world.path("feeds.toml")).expect("a file");
    crate::daemon::write(&second.world.path("feeds.toml"), &text);
    [first, second]
}

#[tokio::test]
async fn of_several_workers_one_delivers_and_the_next_takes_over_when_it_dies() {
    let Some(schema) = Schema::make().await else { return };
    let [first, second] = worlds(&schema).await;
    first.publish(&[(1, "")]);
    assert_eq!(first.run().await.code, Some(0));
    let many: Vec<(u32, &str)> = (1..=8).map(|number| (number, "")).collect();
    first.origin.on("/a", Reply::ok(feed(&many)));
    first.origin.on("/hook", Reply::status(204).after(Duration::from_millis(100)));
    let ends = tokio::join!(first.run(), second.run(), first.run(), second.run());
    for ended in [&ends.0, &ends.1, &ends.2, &ends.3] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let expected: Vec<String> = (2..=8).map(|number| format!("Titre {number}:new")).collect();
    assert_eq!(first.told(), expected, "each once, in order");

    first.origin.on("/hook", Reply::status(204).after(Duration::from_hours(1)));
    let more: Vec<(u32, &str)> = (1..=10).map(|number| (number, "")).collect();
    first.origin.on("/a", Reply::ok(feed(&more)));
    let mut child = first.world.command(&["run", "--force"]).env("DESK_SECRET", SECRET).spawn().expect("it starts");
    crate::daemon::until("the event is posted", || first.told().len() == 8).await;
    child.kill().expect("SIGKILL");
    finish(child).await;
    first.origin.on("/hook", Reply::status(204));
    second.run().await;
    assert_eq!(first.told().len(), 8, "the worker that died has the lease");
    schema.run("update outbox set lease_until = 1").await;
    second.run().await;
    assert_eq!(first.told()[7..], ["Titre 9:new", "Titre 9:new", "Titre 10:new"]);
    schema.drop().await;
}
