//! `relais backup`: a copy of the state that is whole, whatever goes on.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use relais::store::{BackupError, StoreError, back_up};
use sqlx::Connection;

use crate::daemon::{Running, until};
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{World, finish};

/// A world that has made a run over ten entries.
async fn world() -> (Origin, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..10))).tagged());
    let world = World::new(&tables(&[("a", origin.url("/a"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    (origin, world)
}

/// Opens a file as SQLite does for anybody.
async fn query(file: &Path, sql: &'static str) -> Vec<String> {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}?mode=rw", file.display());
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("a database");
    let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect(sql);
    connection.close().await.expect("it can be closed");
    rows
}

/// The rows of every table, as text.
async fn content(file: &Path) -> Vec<String> {
    let mut rows = query(file, "select sql from sqlite_master where sql is not null order by name").await;
    for sql in [
        "select id || '/' || revision || '/' || at from entry order by id",
        "select id || '/' || hex(doc) from page order by id",
        "select id || '/' || due_at from source order by id",
        "select id || '/' || coalesce(report, '') from run order by id",
        "select version || hex(checksum) from _sqlx_migrations order by version",
        "select name || '/' || seq from sqlite_sequence order by name",
    ] {
        rows.extend(query(file, sql).await);
    }
    rows
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(file: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(file, bytes).expect("it can be written");
}

fn names(world: &World) -> Vec<String> {
    let files = std::fs::read_dir(world.path(".")).expect("a folder");
    let mut names: Vec<String> = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn copy_has_every_row_and_is_private() {
    let (_origin, world) = world().await;
    let ended = world.relais(&["backup", "copy.db"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.stderr.starts_with("state copied to copy.db and checked ("), "{ended:?}");
    assert_eq!(content(&world.path("copy.db")).await, content(&world.path("relais.db")).await);
    let mode = std::fs::metadata(world.path("copy.db")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds the secrets of the state");
    assert_eq!(names(&world), ["copy.db", "feeds.toml", "output", "relais.db", "relais.db.lock"], "and nothing else is left");
}

#[tokio::test]
async fn restored_copy_goes_on_where_it_was_made() {
    let (origin, world) = world().await;
    assert_eq!(world.relais(&["-q", "backup", "copy.db"]).await.code, Some(0));
    let before = world.outputs();
    origin.on("/a", Reply::ok(rss("a", &stories(0..12))).tagged());
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    assert_eq!(world.output("jeux.atom").matches("<entry").count(), 12);
    std::fs::rename(world.path("copy.db"), world.path("relais.db")).expect("the state is replaced");
    origin.on("/a", Reply::ok(rss("a", &stories(0..10))).tagged());
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    let bytes = |files: &[(String, Vec<u8>, u64, i64, u32)]| -> Vec<(String, Vec<u8>)> {
        let feeds = files.iter().filter(|file| file.0.starts_with("jeux."));
        feeds.map(|file| (file.0.clone(), file.1.clone())).collect()
    };
    assert_eq!(bytes(&world.outputs()), bytes(&before), "the same ids, dates and texts");
}

#[tokio::test]
async fn copies_taken_while_runs_write_are_whole() {
    let origin = Origin::start().await;
    let mut last = 0;
    origin.answer("/a", move |_| {
        last += 40;
        Reply::ok(rss("a", &stories(0..last)))
    });
    origin.on("/slow", Reply::ok(rss("slow", &stories(0..1))).after(Duration::from_secs(2)));
    let world = World::new(&tables(&[("a", origin.url("/a")), ("slow", origin.url("/slow"))]));
    for number in 1..=3 {
        let mut run = world.start(&["run", "--force"]);
        until("the run waits for a source", || origin.seen("/slow").len() == number).await;
        let copy = format!("copy{number}.db");
        let ended = world.relais(&["-q", "backup", &copy]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(run.try_wait().expect("it can be asked").is_none(), "the run goes on");
        assert_eq!(finish(run).await.code, Some(0), "and did not notice");
        assert_eq!(query(&world.path(&copy), "pragma integrity_check").await, ["ok"]);
        let runs = query(&world.path(&copy), "select cast(count(*) as text) from run").await;
        assert_eq!(runs, [number.to_string()], "the run in progress is in it");
    }
}

#[tokio::test]
async fn copy_does_not_wait_for_a_transaction_in_progress_and_has_nothing_of_it() {
    let (_origin, world) = world().await;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}?mode=rw", world.path("relais.db").display());
    let mut writer = sqlx::AnyConnection::connect(&url).await.expect("a connection");
    let begin = "pragma journal_mode = wal; begin immediate; delete from entry";
    sqlx::raw_sql(begin).execute(&mut writer).await.expect("a transaction");
    let copy = world.path("copy.db");
    let copied = tokio::time::timeout(Duration::from_secs(60), back_up(&world.path("relais.db"), &copy)).await;
    copied.expect("it waits for nobody").expect("a copy");
    assert_eq!(query(&copy, "select cast(count(*) as text) from entry").await, ["10"]);
    sqlx::raw_sql("rollback").execute(&mut writer).await.expect("the writer goes on");
}

#[tokio::test]
async fn file_that_exists_is_never_replaced() {
    let (_origin, world) = world().await;
    write(&world.path("diary.txt"), "Dear diary");
    std::os::unix::fs::symlink(world.path("nowhere"), world.path("link.db")).expect("a link");
    for name in ["diary.txt", "relais.db", "link.db", "output"] {
        let ended = world.relais(&["backup", name]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(&format!("{name} exists already, and was not changed")), "{ended:?}");
        assert!(ended.stderr.contains("\nhint: name another file"), "{ended:?}");
    }
    assert_eq!(std::fs::read_to_string(world.path("diary.txt")).expect("it is there"), "Dear diary");
    assert!(!world.path("nowhere").exists());
}

#[tokio::test]
async fn without_a_state_or_a_folder_nothing_is_written() {
    let (_origin, world) = world().await;
    let missing = world.relais(&["backup", "missing/copy.db"]).await;
    assert!(missing.code == Some(1) && missing.stderr.contains("cannot write the copy missing/copy.db"), "{missing:?}");
    std::fs::remove_file(world.path("relais.db")).expect("it was there");
    let ended = world.relais(&["backup", "copy.db"]).await;
    assert!(ended.code == Some(1) && ended.stderr.contains("there is no state yet"), "{ended:?}");
    assert!(!world.path("copy.db").exists() && !world.path("relais.db").exists());
}

#[tokio::test]
async fn damaged_state_gives_no_copy() {
    let (_origin, world) = world().await;
    let mut bytes = std::fs::read(world.path("relais.db")).expect("a file");
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    write(&world.path("relais.db"), bytes);
    let error = back_up(&world.path("relais.db"), &world.path("copy.db")).await.expect_err("it is damaged");
    assert!(matches!(error, BackupError::State(StoreError::Damaged { .. })), "{error:?}");
    let strangers: Vec<String> = names(&world)
        .into_iter()
        .filter(|name| name != "feeds.toml" && name != "output" && !name.starts_with("relais.db"))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

#[tokio::test]
async fn postgresql_state_names_the_command_that_backs_it_up() {
    let world = World::new("");
    world.configure(
        "state = \"postgres://relais:hunter2@db.example.org/relais\"",
        &tables(&[("a", "https://a.example/".to_owned())]),
    );
    let ended = world.relais(&["backup", "copy.dump"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let command = "pg_dump --format=custom --file=copy.dump postgres://relais@db.example.org/relais";
    assert!(ended.stderr.contains(&format!("hint: {command}\n")) && !ended.stderr.contains("hunter2"), "{ended:?}");
}

#[tokio::test]
async fn copy_of_a_state_in_use_leaves_its_log_alone() {
    let (_origin, world) = world().await;
    let daemon = Running::start_with(&world, &[]);
    until("the log is there", || world.path("relais.db-wal").exists()).await;
    assert_eq!(world.relais(&["-q", "backup", "copy.db"]).await.code, Some(0));
    assert!(world.path("relais.db-wal").exists(), "the daemon's");
    assert_eq!(daemon.stop().await.code, Some(0));
}
