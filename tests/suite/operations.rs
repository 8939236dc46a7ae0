//! docs/OPERATIONS.md: its commands do what they should, its configurations are accepted by those they are for, and its figures and
//! messages are those of the program.

mod web_servers;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use relais::model::EngineKind;

use crate::support::engine::EngineServer;
use crate::support::feeds::{rss, stories};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish};

/// A fenced block: the words after its fence, and its text.
struct Block<'d> {
    kind: &'d str,
    text: &'d str,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').map(|(kind, text)| Block { kind: kind.trim(), text }).expect("a kind")).collect()
}

/// The commands of the blocks of a kind, one script for each block.
fn scripts(page: &str, kind: &str) -> Vec<String> {
    let commands = |block: &Block<'_>| {
        let lines: Vec<&str> = block.text.lines().map(|line| line.strip_prefix("$ ").expect("only commands")).collect();
        lines.join("\n") + "\n"
    };
    blocks(page).iter().filter(|block| block.kind == kind).map(commands).collect()
}

/// Returns true if a program of this machine is there. Where servers are required, programs are, too.
pub(crate) fn has_program(name: &str) -> bool {
    let has =
        Command::new("sh").args(["-c", "command -v \"$0\"", name]).stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    if !has {
        assert!(std::env::var("RELAIS_REQUIRE_SERVERS").as_deref() != Ok("1"), "{name} is required");
        eprintln!("skipped: a part of the test of docs/OPERATIONS.md, as there is no {name}");
    }
    has
}

pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string()
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
pub(crate) fn put(world: &World, name: &str, text: &str) {
    std::fs::write(world.path(name), text).expect("it can be written");
}

/// A world with what the page takes for granted: a source `lemonde`, an edition that is translated, a run that was made.
async fn world(top: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(rss("a", &stories(0..5))).tagged());
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new("");
    let tables = format!(
        "[source.lemonde]\nurl = \"{}\"\n[engine.own]\nkind = \"libretranslate\"\nurl = \"{}\"\n\
         [edition.jeux]\nlangs = [\"fr\", \"en\"]\nengines = [\"own\"]\n",
        origin.url("/feed"),
        engine.url()
    );
    world.configure(top, &tables);
    let first = world.relais(&["run"]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    (origin, engine, world)
}

/// Runs a script as somebody in the folder of the world does who has relais in the path, and stops at the first failure.
async fn run_script(world: &World, script: &str) {
    let needed = script.lines().flat_map(|line| line.split(['|', ';'])).filter_map(|part| part.split_whitespace().next());
    let all_there: Vec<bool> = needed.filter(|name| *name != "relais" && *name != "kill").map(has_program).collect();
    if all_there.contains(&false) {
        return;
    }
    let script = script.replace("127.0.0.1:8585", &free_address());
    let whole =
        format!("set -euo pipefail\ntrap 'code=$?; kill $(jobs -p) 2>/dev/null || true; wait; exit $code' EXIT\n{script}");
    let program = Path::new(env!("CARGO_BIN_EXE_relais")).parent().expect("a folder").display().to_string();
    let mut command = Command::new("bash");
    command
        .args(["-xc", whole.as_str()])
        .current_dir(world.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env("PATH", format!("{program}:{}", std::env::var("PATH").expect("a path")));
    let ended = finish(command.spawn().expect("bash")).await;
    assert_eq!(ended.code, Some(0), "{script}\n{}\n{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn commands_of_the_page_succeed_in_their_order() {
    if !has_program("bash") {
        return;
    }
    let (_origin, _engine, world) = world("").await;
    let page = read("docs/OPERATIONS.md");
    let scripts = scripts(&page, "console");
    assert!(scripts.len() >= 12, "{}", scripts.len());
    for script in &scripts {
        run_script(&world, script).await;
    }
    let feed = world.output("jeux.en.atom");
    assert_eq!(feed.matches("<entry").count(), 5, "after all of them the edition is whole");
}

#[tokio::test]
async fn commands_for_postgresql_succeed_and_the_dump_restores_what_was_lost() {
    let Some(schema) = Schema::make().await else { return };
    if !["bash", "pg_dump", "pg_restore", "psql"].map(has_program).contains(&false) {
        // A database of its own: the commands of the page dump and restore a whole one.
        schema.run(&format!("create database {}", schema.name())).await;
        let server = crate::support::postgres::server();
        let url = format!("{}/{}", server.rsplit_once('/').expect("a database").0, schema.name());
        let (_origin, _engine, world) = world(&format!("state = {url:?}")).await;
        let page = read("docs/OPERATIONS.md");
        let scripts = scripts(&page, "console postgresql");
        assert_eq!(scripts.len(), 2);
        run_script(&world, &scripts[0]).await;
        let before = world.outputs();
        let dump = scripts[1].replace("postgres://relais@db.example.org/relais", &url);
        assert_ne!(dump, scripts[1]);
        let loss = format!("psql --quiet --dbname={url} --command='delete from entry'\n");
        let (first, rest) = dump.split_once('\n').expect("several commands");
        let count =
            format!("test \"$(psql --quiet --tuples-only --no-align --dbname={url} --command='select count(*) from entry')\" =");
        run_script(&world, &format!("{first}\n{count} 5\n{loss}{count} 0\n{rest}{count} 5\n")).await;
        assert_eq!(world.outputs(), before, "nothing is missing, so nothing is written");
        schema.run(&format!("drop database {} with (force)", schema.name())).await;
    }
    schema.drop().await;
}

#[tokio::test]
async fn every_block_is_of_a_kind_that_a_test_runs() {
    let page = read("docs/OPERATIONS.md");
    for block in blocks(&page) {
        let known = ["console", "console postgresql", "console debian", "toml", "nginx", "caddy", "apache", "container"];
        assert!(known.contains(&block.kind), "a block of kind {:?}", block.kind);
    }
    let debian = scripts(&page, "console debian");
    assert!(debian.len() >= 3, "tests/packages/inside.sh runs them: {debian:?}");
    for block in blocks(&page).iter().filter(|block| block.kind == "toml") {
        let world = World::new("");
        let rest = "[source.a]\nurl = \"https://a.example/rss\"\n[edition.jeux]\n";
        put(&world, "feeds.toml", &format!("{}{rest}", block.text));
        let ended = world.relais(&["check"]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", block.text);
    }
}

/// The text between backticks, single or double ones.
fn quoted(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let fence = if rest[start..].starts_with("``") { "``" } else { "`" };
        let inner = &rest[start + fence.len()..];
        let Some(end) = inner.find(fence) else { break };
        parts.push(inner[..end].trim());
        rest = &inner[end + fence.len()..];
    }
    parts
}

#[test]
fn messages_of_the_faults_are_those_of_the_program() {
    fn collect(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, text);
            } else {
                text.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut program = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut program);
    let page = read("docs/OPERATIONS.md");
    let faults = page.split("## The faults that happen").nth(1).expect("the section");
    let headings: Vec<&str> = faults.split("**").skip(1).step_by(2).collect();
    assert!(headings.len() >= 10, "{headings:?}");
    let mut messages = 0;
    for heading in headings {
        for message in quoted(heading) {
            // A status comes from the server.
            let message = message.trim_end_matches(" 404 Not Found");
            assert!(program.contains(message), "{heading}: {message:?} is no message");
            messages += 1;
        }
    }
    assert!(messages >= 12, "{messages}");
}

#[test]
fn figures_are_those_that_tests_and_the_program_hold() {
    let page = read("docs/OPERATIONS.md");
    for (figure, file, held) in [
        ("at most 66 MiB", "benches/run.rs", "MOST_MIB: f64 = 66.0"),
        ("at most 12 times", "benches/run.rs", "MOST_GROWTH: f64 = 12.0"),
        ("less than 176 MiB", "tests/suite/hostile_input.rs", "MOST_MEMORY: u64 = 176 * 1024"),
        ("| 7 MB |", "docs/decisions/0008-texts-are-stored-in-pages.md", "its database is 7 MB"),
        ("at most 128 MiB", "src/serve/files/version.rs", "KEPT_BYTES: u64 = 128 << 20"),
        ("at most 256", "src/serve/listen.rs", "MAX_CONNECTIONS: usize = 256"),
        ("at most 8 connections", "src/store/pools.rs", "MAX_CONNECTIONS: u32 = 8"),
        ("up to 32 MB", "src/store/sql.rs", "wal_autocheckpoint = 8000"),
    ] {
        assert!(page.contains(figure), "the page has no {figure:?}");
        assert!(read(file).contains(held), "{figure:?}: {file} does not hold it");
    }
}
