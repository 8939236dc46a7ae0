//! `relais init`, and where a run says to look: from a binary alone to a page.

use std::os::unix::fs::PermissionsExt;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{Ended, World, finish};

/// A world without a feeds.toml: a folder in which somebody has put the binary.
pub(crate) fn bare() -> World {
    let world = World::new("");
    std::fs::remove_file(world.path("feeds.toml")).expect("it was there");
    world
}

pub(crate) fn config(world: &World) -> String {
    std::fs::read_to_string(world.path("feeds.toml")).expect("it is there")
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
pub(crate) fn put(world: &World, name: &str, text: &str) {
    std::fs::write(world.path(name), text).expect("it can be written");
}

/// Adds to the configuration that `init` has written that feeds of this machine may be read.
pub(crate) fn allow_loopback(world: &World) {
    let allowed = config(world) + "\n[fetch]\nallow_private = [\"127.0.0.1/32\"]\nhost_interval = \"0s\"\n";
    put(world, "feeds.toml", &allowed);
}

#[tokio::test]
async fn file_of_the_repository_is_in_the_binary() {
    let world = bare();
    let ended = world.relais(&["init", "--no-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ours = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/feeds.toml")).expect("our own");
    assert_eq!(config(&world), ours);
    assert!(ended.stdout.starts_with("feeds.toml written: ") && ended.stdout.contains("relais run "), "{}", ended.stdout);
    let checked = world.relais(&["check"]).await;
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "what it needs is in the binary");
    assert_eq!(std::fs::metadata(world.path("feeds.toml")).expect("a file").permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn minimal_file_is_valid_and_short() {
    let world = bare();
    assert_eq!(world.relais(&["init", "--minimal", "--no-run"]).await.code, Some(0));
    let checked = world.relais(&["check"]).await;
    assert_eq!(checked.stdout, "feeds.toml is valid: 3 sources, 1 edition.\n", "{checked:?}");
    assert!(config(&world).lines().count() < 40);
}

#[tokio::test]
async fn file_that_exists_is_replaced_by_force_only() {
    let world = World::new("");
    let before = config(&world);
    let refused = world.relais(&["init", "--minimal", "--no-run"]).await;
    assert_eq!((refused.code, config(&world)), (Some(2), before), "{refused:?}");
    assert!(refused.stderr.contains("feeds.toml exists already") && refused.stderr.contains("\nhint: "), "{refused:?}");
    assert_eq!(world.relais(&["init", "--minimal", "--no-run", "--force"]).await.code, Some(0));
    assert!(config(&world).contains("[source.lemonde-jo]"));
}

#[tokio::test]
async fn sources_of_an_opml_file_are_read_and_published() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..2))));
    origin.on("/b", Reply::ok(rss("b", &stories(3..5))));
    let world = bare();
    put(
        &world,
        "abos.opml",
        &format!(
            "<opml version='2.0'><body><outline text='Judo'><outline type='rss' text='A' xmlUrl='{}'/></outline>\
             <outline type='rss' text='B' xmlUrl='{}'/></body></opml>",
            origin.url("/a"),
            origin.url("/b")
        ),
    );
    let ended = world.relais(&["init", "--opml", "abos.opml", "--no-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("feeds.toml written: 2 sources, 1 edition.\n"), "{}", ended.stdout);
    assert!(config(&world).contains("tags = [\"judo\"]"), "{}", config(&world));
    allow_loopback(&world);
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    assert_eq!(world.output("news.atom").matches("<entry").count(), 4);
}

#[tokio::test]
async fn opml_file_without_a_feed_writes_nothing() {
    let world = bare();
    put(&world, "abos.opml", "<opml version='2.0'><body><outline text='Judo'/></body></opml>");
    let ended = world.relais(&["init", "--opml", "abos.opml"]).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("abos.opml lists no feed"), "{ended:?}");
    assert!(!world.path("feeds.toml").exists());
}

#[tokio::test]
async fn first_run_says_what_failed_and_what_to_open() {
    let world = bare();
    // No feed of a private address is read unless it is allowed: so nothing leaves this machine.
    put(&world, "abos.opml", "<opml><body><outline text='A' xmlUrl='http://127.0.0.1:9/a'/></body></opml>");
    let ended = world.relais(&["init", "--opml", "abos.opml"]).await;
    assert_eq!(ended.code, Some(3), "the exit code is that of the run: {ended:?}");
    let page = world.path("output/index.html");
    assert!(page.exists());
    let page = std::fs::canonicalize(page).expect("a page");
    assert!(ended.stdout.contains(&format!("front page: {}\n", page.display())), "{}", ended.stdout);
    assert!(ended.stdout.contains("1 source due: 1 broken"), "{}", ended.stdout);
    assert!(ended.stderr.contains("allow_private"), "{}", ended.stderr);
}

#[tokio::test]
async fn whoever_calls_the_program_without_a_command_is_told_how_to_begin() {
    let ended = bare().relais(&[]).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("Begin with `relais init`"), "{ended:?}");
}

#[tokio::test]
async fn every_command_that_needs_a_configuration_names_init() {
    let world = bare();
    for command in [
        "run",
        "run --dry-run",
        "daemon",
        "serve",
        "check",
        "add https://www.example.org/",
        "opml export",
        "opml import -",
        "status",
        "preview a",
        "explain a",
        "review",
        "correct --from fr --to en a b",
        "retranslate --edition a",
        "prune",
        "backup a.db",
        "translate a --from fr --to en",
        "memory export",
        "memory import a.tmx",
    ] {
        let ended = world.relais(&command.split(' ').collect::<Vec<_>>()).await;
        assert_eq!(ended.code, Some(2), "{command}: {ended:?}");
        assert!(ended.stderr.contains("the configuration does not exist\n--> feeds.toml\n"), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: `relais init` writes one"), "{command}: {}", ended.stderr);
    }
    assert_eq!(std::fs::read_dir(world.path(".")).expect("a folder").count(), 0, "none of them leaves anything");
}

/// Runs a world of one source with `--open`, and only `programs` to be found.
async fn run_and_open(world: &World, programs: &str) -> Ended {
    let mut command = world.command(&["run", "--open"]);
    command.env("PATH", world.path(programs));
    finish(command.spawn().expect("the program starts")).await
}

async fn world_with_launcher(script: &str) -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    std::fs::create_dir(world.path("bin")).expect("a folder");
    put(&world, "bin/xdg-open", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(world.path("bin/xdg-open"), PermissionsExt::from_mode(0o755)).expect("permissions");
    (origin, world)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn open_starts_the_browser_with_the_front_page() {
    let (_origin, world) = world_with_launcher("echo \"$@\" > opened").await;
    let ended = run_and_open(&world, "bin").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let opened = std::fs::read_to_string(world.path("opened")).expect("it was started");
    assert_eq!(std::path::Path::new(opened.trim_end()), world.path("output/index.html"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_browser_open_says_so_and_the_run_has_succeeded() {
    for (script, programs) in [("exit 3", "bin"), ("exit 0", "none")] {
        let (_origin, world) = world_with_launcher(script).await;
        let ended = run_and_open(&world, programs).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let page = world.path("output/index.html");
        assert!(ended.stderr.contains("warning: cannot open the front page: there is no browser here"), "{ended:?}");
        assert!(ended.stderr.contains(&format!("hint: open {}", page.display())), "{ended:?}");
    }
}
