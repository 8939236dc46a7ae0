//! Secrets: those in the addresses of sources are used for requests and shown nowhere, and files that hold some are private.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, finish};

/// Runs a world once, and returns everything that people get to see: all files of the output, and what commands print.
async fn everything_shown(world: &World, secret: &str) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for args in [&["check"][..], &["run", "-vv"], &["status"], &["status", "--json"], &["opml", "export"]] {
        let mut command = world.command(args);
        command.env("RELAIS_TEST_ADDRESS", secret);
        let ended = finish(command.spawn().expect("the program starts")).await;
        shown.push((args.join(" "), format!("{}{}", ended.stdout, ended.stderr)));
    }
    let files = world.outputs().into_iter();
    shown.extend(files.map(|(name, bytes, ..)| (name, String::from_utf8_lossy(&bytes).into_owned())));
    shown
}

fn text_of<'s>(shown: &'s [(String, String)], name: &str) -> &'s str {
    shown.iter().find(|(found, _)| found == name).map_or("", |(_, text)| text)
}

fn assert_hidden(shown: &[(String, String)], secret: &str) {
    let places: Vec<&str> = shown.iter().filter(|(_, text)| text.contains(secret)).map(|(name, _)| name.as_str()).collect();
    assert!(places.is_empty(), "{secret} is in {places:?}");
}

#[tokio::test]
async fn token_in_an_address_is_sent_and_shown_nowhere() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..2))));
    let sources = [("a", origin.url("/feed?lang=fr&token=hush-a")), ("b", origin.url("/lost?sig=hush-b"))];
    let world = World::new(&tables(&sources));
    let shown = everything_shown(&world, "").await;
    assert_eq!(origin.seen("/feed")[0].uri, "/feed?lang=fr&token=hush-a");
    assert_hidden(&shown, "hush-");
    assert!(text_of(&shown, "sources.opml").contains("/feed?lang=fr\""), "what is no secret stays");
}

#[tokio::test]
async fn check_warns_of_a_secret_in_an_address() {
    let world = World::new(&tables(&[("a", "https://a.example/feed?token=hush".to_owned())]));
    let ended = world.relais(&["check"]).await;
    assert!(
        ended.stderr.contains("`url` seems to hold a secret") || ended.stdout.contains("`url` seems to hold a secret"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn address_from_the_environment_is_shown_as_its_host() {
    let origin = Origin::start().await;
    origin.on("/hush/feed", Reply::ok(rss("a", &stories(0..2))));
    let text = tables(&[("a", "REFERENCE".to_owned())]).replace("\"REFERENCE\"", "{ env = \"RELAIS_TEST_ADDRESS\" }");
    let shown = everything_shown(&World::new(&text), &origin.url("/hush/feed?x=hush")).await;
    assert_eq!(origin.seen("/hush/feed").len(), 1);
    let shown: Vec<_> = shown.into_iter().filter(|(name, _)| name != "run -vv").collect();
    assert_hidden(&shown, "hush");
    assert!(text_of(&shown, "sources.opml").contains(&format!("xmlUrl=\"{}\"", origin.url("/"))), "{shown:?}");
}

#[tokio::test]
async fn error_about_an_address_from_the_environment_names_its_host_only() {
    let origin = Origin::start().await;
    let text = tables(&[("a", "REFERENCE".to_owned())]).replace("\"REFERENCE\"", "{ env = \"RELAIS_TEST_ADDRESS\" }");
    let shown = everything_shown(&World::new(&text), &origin.url("/hush/feed?x=hush")).await;
    let status = text_of(&shown, "status");
    assert!(status.contains("404") && !status.contains("hush"), "{status}");
}

#[tokio::test]
async fn readers_are_shown_the_public_address() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..2))));
    let text = tables(&[("a", origin.url("/feed?token=hush"))])
        .replace("[source.a]\n", "[source.a]\npublic_url = \"https://a.example/rss\"\n");
    let shown = everything_shown(&World::new(&text), "").await;
    assert_hidden(&shown, "hush");
    for name in ["sources.opml", "jeux.rss"] {
        assert!(text_of(&shown, name).contains("https://a.example/rss"), "{name}");
    }
}

#[tokio::test]
async fn files_of_the_state_are_readable_by_their_owner_only() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/feed"))]));
    world.relais(&["run"]).await;
    let mode = |name: &str| std::fs::metadata(world.path(name)).expect("a file").mode() & 0o777;
    assert_eq!((mode("relais.db"), mode("relais.db.lock")), (0o600, 0o600));
    std::fs::set_permissions(world.path("relais.db"), Permissions::from_mode(0o644)).expect("permissions");
    world.relais(&["run"]).await;
    assert_eq!(mode("relais.db"), 0o600, "a file that an older version made is closed");
}

#[tokio::test]
async fn output_is_readable_by_web_servers_whatever_the_umask() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/feed"))]));
    let script = format!("umask 077; exec {} run", env!("CARGO_BIN_EXE_relais"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(world.path(".")).stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(finish(shell.spawn().expect("a shell")).await.code, Some(0));
    let folder = std::fs::metadata(world.path("output")).expect("a folder");
    assert_eq!(folder.mode() & 0o777, 0o755);
    assert!(world.outputs().iter().all(|(.., mode)| *mode == 0o644));
}

#[tokio::test]
async fn state_of_zero_bytes_is_reported_before_it_is_begun_anew() {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..2))));
    let world = World::new(&tables(&[("a", origin.url("/feed"))]));
    let first = world.relais(&["run"]).await;
    assert!(!first.stderr.contains("empty file"), "{first:?}");
    for name in ["relais.db", "relais.db-wal", "relais.db-shm"] {
        let _ = std::fs::remove_file(world.path(name));
    }
    std::fs::File::create_new(world.path("relais.db")).expect("an empty file");
    let ended = world.relais(&["run"]).await;
    assert!(ended.stderr.contains("relais.db is an empty file"), "{ended:?}");
}
