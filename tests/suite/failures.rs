//! What goes wrong around the program: one clear sentence, the right exit code, nothing lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, finish};

#[tokio::test]
async fn killed_run_loses_and_duplicates_no_entry() {
    const SOURCES: usize = 12;
    let origin = Origin::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let names: Vec<String> = (0..SOURCES).map(|n| format!("s{n}")).collect();
    for (place, name) in names.iter().enumerate() {
        let (asked, from) = (Arc::clone(&asked), u32::try_from(place).expect("few") * 10);
        let body = rss(name, &stories(from..from + 10));
        origin.answer(&format!("/{name}"), move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            Reply::ok(body.clone()).tagged()
        });
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let tables = tables(&sources) + "limit = 200\n";
    let whole = World::new(&tables);
    assert_eq!(whole.relais(&["run"]).await.code, Some(0));
    let expected: Vec<_> = whole.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect();

    // Killed after the first request, after the second, …: and each time the next run ends what was begun.
    for kill_after in 1..=SOURCES {
        let world = World::new(&tables);
        asked.store(0, Ordering::SeqCst);
        let mut child = world.start(&["run", "--json"]);
        while asked.load(Ordering::SeqCst) < kill_after && child.try_wait().expect("it can be asked").is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().expect("SIGKILL");
        finish(child).await;
        let ended = world.relais(&["run", "--json"]).await;
        assert_eq!(ended.code, Some(0), "killed after {kill_after}: {ended:?}");
        assert_eq!(ended.json()["editions"][0]["items"], 120, "killed after {kill_after}: {}", ended.stdout);
        let after: Vec<_> = world.outputs().into_iter().map(|(name, bytes, ..)| (name, bytes)).collect();
        assert_eq!(after.len(), expected.len(), "no temporary file is left");
        for ((name, bytes), (_, expected)) in after.iter().zip(&expected) {
            assert!(bytes == expected, "{name} differs after a kill at {kill_after}");
        }
    }
}

#[tokio::test]
async fn unwritable_output_is_reported_before_any_fetch() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("output"), "a file where the folder should be").expect("it can be written");
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("output"), "{}", ended.stderr);
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn a_second_run_on_the_same_state_does_nothing() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    world.relais(&["run"]).await;
    let store =
        relais::store::Store::open(&format!("sqlite:{}", world.path("relais.db").display()), relais::store::Access::Work).await;
    let _held = store.expect("it can be opened");
    let ended = world.relais(&["run"]).await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "cron sends no mail");
    assert_eq!(origin.count(), 1, "nothing was fetched");
    let told = world.relais(&["run", "-v"]).await;
    assert!(told.stderr.contains("another relais works on the state"), "{told:?}");
    assert_eq!(world.relais(&["status"]).await.code, Some(0), "looking is always allowed");
}

#[tokio::test]
async fn state_that_is_no_database_is_not_touched() {
    let world = World::new(&tables(&[("a", "https://example.org/feed".to_owned())]));
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("relais.db"), "not a database, but somebody's text\n".repeat(100)).expect("it can be written");
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("relais.db"), "{}", ended.stderr);
    assert!(std::fs::read_to_string(world.path("relais.db")).expect("it is there").starts_with("not a database"));
}

#[tokio::test]
async fn error_about_an_unreachable_database_hides_the_password() {
    let world = World::new("");
    let tables = tables(&[("a", "https://example.org/feed".to_owned())]);
    // Port 1 is nobody's.
    world.configure("state = \"postgres://editor:geheim@127.0.0.1:1/relais\"", &tables);
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("127.0.0.1:1") && !ended.stderr.contains("geheim"), "{}", ended.stderr);
}

#[tokio::test]
async fn missing_ca_certificates_are_reported_in_one_sentence() {
    let world = World::new(&tables(&[("a", "https://example.org/feed".to_owned())]));
    let mut command = world.command(&["run"]);
    command.env("SSL_CERT_FILE", world.path("nowhere.pem")).env("SSL_CERT_DIR", world.path("nowhere"));
    let ended = finish(command.spawn().expect("it starts")).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("SSL_CERT_FILE") && ended.stderr.lines().count() == 1, "{}", ended.stderr);
}

#[tokio::test]
async fn missing_or_invalid_configuration_exits_with_2() {
    let world = World::new("");
    let missing = world.relais(&["-c", "other.toml", "run"]).await;
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("other.toml"), "{}", missing.stderr);
    world.configure(
        "",
        "[source.a]\nurl = \"ftp://example.org/\"\ntitel = \"x\"\n[edition.e]\ntitle = \"E\"\nfrom = [\"b\"]\nlimit = 0\n",
    );
    let wrong = world.relais(&["check"]).await;
    assert_eq!(wrong.code, Some(2));
    for part in ["ftp", "titel", "did you mean `title`", "no source \"b\"", "limit"] {
        assert!(wrong.stderr.contains(part), "all problems at once, {part} among them: {}", wrong.stderr);
    }
    assert_eq!(world.relais(&["run", "--frce"]).await.code, Some(2), "a mistyped flag");
    assert_eq!(world.relais(&["--version"]).await.code, Some(0));
}

#[tokio::test]
async fn fault_feed_lists_the_fault_of_each_source() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let sources = [("a", origin.url("/a")), ("lost", origin.url("/lost?key=hush"))];
    let world = World::new("");
    world.configure("faults = true", &tables(&sources));
    for _ in 0..2 {
        assert_eq!(world.relais(&["run", "--force"]).await.code, Some(3));
    }
    let before = world.outputs();
    let feed = feed_rs::parser::parse(world.output("faults.atom").as_bytes()).expect("it is a feed");
    assert_eq!(feed.entries.len(), 1);
    let title = feed.entries[0].title.as_ref().expect("a title").content.clone();
    let said = feed.entries[0].content.as_ref().and_then(|content| content.body.clone()).expect("a content");
    assert_eq!(title, "source lost: not-found");
    assert!(said.contains("404 Not Found") && !world.output("faults.atom").contains("hush"), "{said}");
    world.relais(&["run", "--force"]).await;
    assert_eq!(world.outputs(), before, "the same fault writes nothing");
    origin.on("/lost", Reply::ok(rss("lost", &stories(3..4))));
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    let feed = feed_rs::parser::parse(world.output("faults.atom").as_bytes()).expect("it is a feed");
    assert!(feed.entries.is_empty(), "what is mended is gone");
}
