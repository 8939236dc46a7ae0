//! What is shipped beside the program: units of systemd, the container's health check, the example for GitHub Pages.
//! The package of Debian has a test of its own, on a machine that systemd has booted: tests/packages/debian.sh.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use relais::model::EngineKind;

use crate::daemon::{Running, published, until};
use crate::operations::{free_address, has_program, put};
use crate::support::engine::EngineServer;
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{Ended, World, finish};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn daemon_and_timer_are_confined_alike() {
    let confinement = |unit: &str| {
        let text = read(&format!("packaging/systemd/{unit}"));
        let from = text.find("User=relais").expect("a user");
        text[from..].split("[Install]").next().expect("a section").trim_end().to_owned()
    };
    assert_eq!(confinement("relais.service"), confinement("relais-run.service"));
}

#[test]
fn systemd_rates_the_units_as_confined() {
    if !has_program("systemd-analyze") {
        return;
    }
    for unit in ["relais.service", "relais-run.service"] {
        // Exits with 1 above the threshold, which is in tenths.
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--no-pager", "--offline=true", "--threshold=20"]).arg(root("packaging/systemd").join(unit));
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("Overall exposure level"), "{unit}: {said}");
    }
}

#[tokio::test]
async fn health_check_of_the_container_succeeds_while_the_daemon_lives() {
    if !has_program("bash") {
        return;
    }
    let text = read("Containerfile");
    let line = text.lines().find(|line| line.starts_with("HEALTHCHECK ")).expect("a health check");
    let words: Vec<String> = serde_json::from_str(line.split_once(" CMD ").expect("a command").1).expect("JSON");
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    let address = free_address();
    let check = || {
        let port = address.rsplit(':').next().expect("a port");
        let words: Vec<String> = words.iter().map(|word| word.replace("/8585", &format!("/{port}"))).collect();
        Command::new(&words[0]).args(&words[1..]).stderr(Stdio::null()).status().expect("a shell").success()
    };
    assert!(!check(), "nothing listens");
    let daemon = Running::start_with(&world, &["--listen", &address]);
    until("it listens", || TcpStream::connect(&address).is_ok()).await;
    published(&world, "Titre 0").await;
    assert!(check());
    assert_eq!(daemon.stop().await.code, Some(0));
    assert!(!check(), "it has ended");
}

/// Runs the script of the example in a world, as the workflow does.
async fn publish(world: &World) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_relais")).parent().expect("a folder").display().to_string();
    let mut command = Command::new("bash");
    command.arg(root("examples/github-pages/publish.sh")).current_dir(world.path("."));
    command.env("PATH", format!("{program}:{}", std::env::var("PATH").expect("a path")));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("bash")).await
}

#[tokio::test]
async fn example_for_pages_pays_nothing_twice_when_its_state_is_lost() {
    if !has_program("bash") {
        return;
    }
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let edition = format!(
        "[source.a]\nurl = \"{}\"\n[engine.own]\nkind = \"libretranslate\"\nurl = \"{}\"\n[edition.jeux]\nlangs = [\"en\"]\nengines = [\"own\"]\n",
        origin.url("/a"),
        engine.url()
    );
    let world = World::new(&edition);
    let first = publish(&world).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let (memory, sent) = (std::fs::read_to_string(world.path("memory.jsonl")).expect("the memory"), engine.texts().len());
    assert!(sent > 0 && memory.lines().count() > 3, "{memory}");
    let feed = world.output("jeux.en.json");
    std::fs::remove_file(world.path("relais.db")).expect("the cache is gone");
    std::fs::remove_dir_all(world.path("output")).expect("a fresh checkout has no output");
    let second = publish(&world).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(engine.texts().len(), sent, "nothing is sent again");
    assert_eq!(std::fs::read_to_string(world.path("memory.jsonl")).expect("the memory"), memory, "nothing to commit");
    assert_eq!(world.output("jeux.en.json").matches("\"url\"").count(), feed.matches("\"url\"").count());
}

#[tokio::test]
async fn configuration_of_the_example_is_valid_and_a_failing_source_stops_no_pages() {
    let world = World::new("");
    put(&world, "feeds.toml", &read("examples/github-pages/feeds.toml"));
    let checked = world.relais(&["check"]).await;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    if has_program("bash") {
        let origin = Origin::start().await;
        origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
        world.configure("", &tables(&[("a", origin.url("/a")), ("b", origin.url("/gone"))]));
        let ended = publish(&world).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("fault: source b"), "it is told: {ended:?}");
        world.configure("", "[edition.jeux]\nevry = 1\n");
        assert_eq!(publish(&world).await.code, Some(2));
    }
}
