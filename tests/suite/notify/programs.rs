//! Programs that are started for each item.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::Desk;

/// A desk whose program is this shell script.
async fn desk(script: &str, keys: &str) -> Desk {
    let desk = Desk::new(&format!("kind = \"exec\"\ncommand = [\"./tell\", \"$HOME; exit 9\"]\n{keys}")).await;
    let path = desk.world.path("tell");
    crate::daemon::write(&path, &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    desk
}

#[tokio::test]
async fn program_reads_the_item_and_gets_no_key_of_an_engine() {
    let desk =
        desk("cat > item.json; echo \"$1|$RELAIS_NOTIFICATION|$RELAIS_EVENT|$RELAIS_EVENT_ID|$DEEPL_KEY\" > told", "").await;
    let ended = desk.run().await;
    assert_eq!(ended.json()["notifications"][0]["delivered"], 1, "{ended:?}");
    let read = |name: &str| std::fs::read_to_string(desk.world.path(name)).expect("a file");
    let item: Value = serde_json::from_str(&read("item.json")).expect("JSON");
    assert_eq!(item["items"][0]["title"], "Titre 3");
    let told = read("told");
    let parts: Vec<&str> = told.trim_end().split('|').collect();
    assert_eq!((parts[0], parts[1], parts[2], parts[4]), ("$HOME; exit 9", "desk", "new", ""), "no shell reads the arguments");
    assert!(parts[3].starts_with("msg_"), "{told}");
}

#[tokio::test]
async fn program_that_fails_is_started_again_and_its_words_are_kept_short() {
    let desk = desk("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 3", "").await;
    let ended = desk.run().await;
    assert_eq!(ended.json()["notifications"][0]["waiting"], 1, "{ended:?}");
    desk.run_after_pause().await;
    let ended = desk.run_after_pause().await;
    let message = ended.json()["faults"][0]["message"].as_str().expect("a fault").to_owned();
    assert!(message.contains("it ends with the exit code 3: xxx") && message.len() < 400, "{message}");
}

#[tokio::test]
async fn program_that_hangs_is_killed_with_what_it_has_started() {
    let desk = desk("sleep 3600 & echo $! > child; sleep 3600", "timeout = \"1s\"").await;
    let ended = desk.run().await;
    assert_eq!((ended.code, &ended.json()["notifications"][0]["waiting"]), (Some(0), &json!(1)), "{ended:?}");
    let child = std::fs::read_to_string(desk.world.path("child")).expect("it was started");
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        stat.map_or(true, |stat| stat.contains(") Z "))
    };
    crate::daemon::until("the child is killed", is_gone).await;
}

#[tokio::test]
async fn program_that_reads_nothing_has_been_told() {
    let desk = desk("exit 0", "").await;
    let ended = desk.run().await;
    assert_eq!(ended.json()["notifications"][0]["delivered"], 1, "{ended:?}");
}

#[tokio::test]
async fn missing_program_is_a_failure_and_no_error() {
    let desk = Desk::new("kind = \"exec\"\ncommand = [\"./missing\"]").await;
    desk.publish(&[(1, ""), (2, ""), (3, "")]);
    let ended = desk.run().await;
    assert_eq!((ended.code, &ended.json()["notifications"][0]["state"]), (Some(0), &json!("failing")), "{ended:?}");
}
