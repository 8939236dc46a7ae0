//! Whatever a receiver does and whenever a worker is killed: each event arrives at least once, and the first time in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::{Desk, SECRET};
use crate::support::origin::Reply;
use crate::support::program::finish;

/// What the receiver answers to a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Takes,
    Fails,
    TooMany,
    /// It has taken the event, and the answer is cut.
    TakesAndCloses,
    /// It has taken the event, and its answer comes too late.
    TakesAndHangs,
}

/// A run: the number of items that are new before it, what the receiver answers, and the milliseconds after which it is killed.
type Step = (u32, Vec<Answer>, Option<u64>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let answer = prop_oneof![
        4 => Just(Answer::Takes), 2 => Just(Answer::Fails), 1 => Just(Answer::TooMany), 2 => Just(Answer::TakesAndCloses),
        1 => Just(Answer::TakesAndHangs)
    ];
    let step = (0_u32..4, proptest::collection::vec(answer, 1..5), proptest::option::weighted(0.4, 20_u64..250));
    proptest::collection::vec(step, 1..6)
}

async fn play(steps: &[Step]) {
    let desk = Desk::new("url = \"HOOK\"\nsecret = { env = \"DESK_SECRET\" }\ntimeout = \"1s\"").await;
    let taken: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let mut last = 2;
    for (new, answers, kill_after) in steps {
        last += new;
        let entries: Vec<(u32, &str)> = (1..=last).map(|number| (number, "")).collect();
        desk.publish(&entries);
        let (mut answers, taken) = (answers.clone().into_iter().cycle(), Arc::clone(&taken));
        desk.origin.answer("/hook", move |seen| {
            let answer = answers.next().unwrap_or(Answer::Takes);
            if !matches!(answer, Answer::Fails | Answer::TooMany) {
                let title = super::body(seen)["items"][0]["title"].as_str().unwrap_or_default().to_owned();
                taken.lock().expect("no panic").push((seen.header("webhook-id").to_owned(), title));
            }
            match answer {
                Answer::Takes => Reply::status(204),
                Answer::Fails => Reply::status(503),
                Answer::TooMany => Reply::status(429).header("retry-after", "1"),
                Answer::TakesAndCloses => Reply::ok("an answer").cut_after(2),
                Answer::TakesAndHangs => Reply::status(204).after(Duration::from_secs(2)),
            }
        });
        desk.sql("update outbox set state = '{}'").await;
        let mut child = desk.world.command(&["run", "--force"]).env("DESK_SECRET", SECRET).spawn().expect("it starts");
        if let Some(millis) = kill_after {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            child.kill().expect("SIGKILL");
        }
        finish(child).await;
    }
    let all = Arc::clone(&taken);
    desk.origin.answer("/hook", move |seen| {
        let title = super::body(seen)["items"][0]["title"].as_str().unwrap_or_default().to_owned();
        all.lock().expect("no panic").push((seen.header("webhook-id").to_owned(), title));
        Reply::status(204)
    });
    desk.sql("update outbox set state = '{}'").await;
    let ended = desk.run().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut first: Vec<String> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for (id, title) in taken.lock().expect("no panic").iter() {
        // Who knows the id has had the event.
        if !ids.contains(id) {
            ids.push(id.clone());
            first.push(title.clone());
        }
    }
    let expected: Vec<String> = (3..=last).map(|number| format!("Titre {number}")).collect();
    assert_eq!(first, expected, "{steps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn each_event_arrives_at_least_once_and_in_order_under_random_failures_and_kills(steps in steps()) {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(play(&steps));
    }
}
