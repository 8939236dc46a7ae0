//! `relais daemon`, as systemd and operators meet it: a process that goes on, whatever happens around it.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use relais::model::{EngineKind, SourceId, Time};
use relais::store::{Access, Lease, Store};
use tokio::time::{sleep, timeout};

use crate::support::engine::{EngineServer, words};
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{Ended, World, finish};

/// Nothing here takes nearly as long; a test that waits for longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a daemon promises.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// A daemon that is killed if its test fails.
pub(crate) struct Running(Option<Child>);

impl Running {
    fn start(world: &World) -> Self {
        Self::start_with(world, &[])
    }

    /// With more arguments.
    pub(crate) fn start_with(world: &World, more: &[&str]) -> Self {
        Self(Some(world.start(&[&["-v", "daemon"], more].concat())))
    }

    /// One that was started already.
    pub(crate) fn of(child: Child) -> Self {
        Self(Some(child))
    }

    /// A process that only serves.
    pub(crate) fn serve(world: &World, more: &[&str]) -> Self {
        Self(Some(world.start(&[&["serve"], more].concat())))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let child = self.0.as_ref().expect("it runs");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a process")), signal).expect("it runs");
    }

    /// Stops it as systemd does.
    pub(crate) async fn stop(mut self) -> Ended {
        self.signal(Signal::SIGTERM);
        let ending = finish(self.0.take().expect("it runs"));
        timeout(STOPS_WITHIN, ending).await.expect("a daemon stops in time")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

/// Waits until a file of the output says something.
pub(crate) async fn published(world: &World, text: &str) {
    let path = world.path("output/jeux.atom");
    until(&format!("{text:?} is published"), || std::fs::read_to_string(&path).is_ok_and(|file| file.contains(text))).await;
}

/// A file that a test writes.
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it can be written");
}

/// Tables of sources that are visited every second, and of the edition `jeux`.
pub(crate) fn busy(sources: &[(&str, String)]) -> String {
    tables(sources).replace("url = ", "every = \"1m\"\nurl = ")
}

#[tokio::test]
async fn daemon_publishes_and_a_signal_ends_it_cleanly() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))).tagged());
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let daemon = Running::start(&world);
    published(&world, "Titre 2").await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    let status = world.relais(&["status", "--json"]).await.json();
    assert_eq!((&status["run"]["finished"], &status["store"]["entries"]), (&true.into(), &3.into()), "{status}");
    assert_eq!(world.relais(&["run", "--force", "--json"]).await.json()["sources"]["same"], 1, "a run goes on from there");
}

#[tokio::test]
async fn repeated_signal_counts_once_and_a_later_one_ends_the_grace_period() {
    let (slow, quick) = (Origin::start().await, Origin::start().await);
    slow.on("/slow", Reply::ok(rss("slow", &stories(0..1))).after(Duration::from_secs(3)));
    quick.on("/quick", Reply::ok(rss("quick", &stories(5..6))));
    let world = World::new(&busy(&[("slow", slow.url("/slow")), ("quick", quick.url("/quick"))]));
    for (pause, is_left) in [(Duration::ZERO, false), (Duration::from_millis(1300), true)] {
        let asked = slow.seen("/slow").len();
        let daemon = Running::start(&world);
        until("the slow one is asked", || slow.seen("/slow").len() > asked).await;
        daemon.signal(Signal::SIGTERM);
        sleep(pause).await;
        let ended = daemon.stop().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stderr.contains("did not end within"), is_left, "{}", ended.stderr);
        make_due(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn translation_in_flight_at_shutdown_is_not_paid_for_twice() {
    let origin = Origin::start().await;
    let story = |number: u32| {
        let text = format!("<p>La nageuse numéro {number} a gagné sa course devant le public du stade nautique ce soir.</p>");
        stories(number..=number).remove(0).text(&text)
    };
    origin.on("/a", Reply::ok(rss("a", &(1..60).rev().map(story).collect::<Vec<_>>())).tagged());
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    engine.translate_with(|text| {
        // Some twelve seconds for all of it: more than a daemon has that was told to stop.
        #[expect(clippy::disallowed_methods, reason = "an engine takes its time")]
        std::thread::sleep(Duration::from_millis(100));
        words::english(text)
    });
    let tables = format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\nin_flight = 1\n\
         [edition.jeux]\nfrom = [\"*\"]\nlangs = [\"en\"]\nshow = \"full\"\nengines = [\"lt\"]\n",
        origin.url("/a"),
        engine.url()
    );
    let world = World::new(&tables);
    let daemon = Running::start(&world);
    until("the engine is at work", || engine.requests().len() >= 2).await;
    let asked = engine.requests().len();
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("did not end within"), "{}", ended.stderr);
    assert!(engine.requests().len() <= asked + 1, "nothing more is asked for");
    let before = engine.texts().len();
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["translation"]["waiting"], 0, "{report}");
    let mut texts = engine.texts();
    assert!(texts.len() > before, "there was something left to be asked for");
    texts.sort();
    let all = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), all, "no text was asked for twice");
}

/// Has every source be due at once.
async fn make_due(world: &World) {
    let store = Store::open(&format!("sqlite:{}", world.path("relais.db").display()), Access::Work).await.expect("a store");
    let sources = ["slow", "quick"].map(SourceId::new);
    store.make_due_now(&sources, Time::EPOCH).await.expect("it is due");
    store.close().await.expect("closed");
}

#[tokio::test]
async fn slow_host_delays_only_its_own_sources() {
    let (slow, quick) = (Origin::start().await, Origin::start().await);
    slow.on("/slow", Reply::ok(rss("slow", &stories(0..1))).after(Duration::from_secs(3600)));
    quick.on("/quick", Reply::ok(rss("quick", &stories(5..6))));
    let world = World::new(&busy(&[("slow", slow.url("/slow")), ("quick", quick.url("/quick"))]));
    let daemon = Running::start(&world);
    published(&world, "Titre 5").await;
    assert_eq!(daemon.stop().await.code, Some(0), "the visit in hand ends by its own time-out");
}

#[tokio::test]
async fn changed_feeds_toml_is_reloaded_and_an_invalid_one_refused() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    origin.on("/b", Reply::ok(rss("b", &stories(7..8))));
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let daemon = Running::start(&world);
    published(&world, "Titre 0").await;
    let good = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there");

    write(&world.path("feeds.toml"), &format!("{good}\n[source.b\n"));
    sleep(Duration::from_secs(5)).await; // two looks and more: nothing happens that could be waited for
    world.configure("", &busy(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    published(&world, "Titre 7").await;

    // The state is what it holds its leases in: that one is not changed under it.
    let moved = std::fs::read_to_string(world.path("feeds.toml")).expect("it is there").replace("relais.db", "other.db");
    write(&world.path("feeds.toml"), &moved);
    daemon.signal(Signal::SIGHUP);
    sleep(Duration::from_secs(1)).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("is invalid, the old plan stays"), "{}", ended.stderr);
    assert!(ended.stderr.contains("feeds.toml: 2 sources"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`state` has changed"), "{}", ended.stderr);
    assert!(!world.path("other.db").exists());
}

#[tokio::test]
async fn systemd_is_notified_of_every_state() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let (mut systemd, daemon) = Notifications::start(&world, &[("WATCHDOG_USEC", "400000")]);
    until("systemd was told that all is ready, and fed its watchdog", || {
        let told = systemd.hear();
        told.contains("READY=1") && told.matches("WATCHDOG=1").count() >= 3
    })
    .await;
    daemon.signal(Signal::SIGHUP);
    until("the reload was told, and its end", || {
        let told = systemd.hear();
        told.contains("RELOADING=1") && told.contains("MONOTONIC_USEC=") && told.matches("READY=1").count() >= 2
    })
    .await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(systemd.hear().contains("STOPPING=1"), "{}", systemd.hear());
}

/// The notifications of a daemon to systemd.
struct Notifications {
    socket: UnixDatagram,
    told: String,
}

impl Notifications {
    /// Starts a daemon that tells it.
    fn start(world: &World, variables: &[(&str, &str)]) -> (Self, Running) {
        let path = world.path("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("it can be");
        let mut command = world.command(&["daemon"]);
        command.env("NOTIFY_SOCKET", &path).envs(variables.iter().copied()).env_remove("WATCHDOG_PID");
        (Self { socket, told: String::new() }, Running(Some(command.spawn().expect("it starts"))))
    }

    /// Everything that was told so far.
    fn hear(&mut self) -> &str {
        let mut buffer = [0; 4096];
        while let Ok(size) = self.socket.recv(&mut buffer) {
            self.told.push_str(&String::from_utf8_lossy(&buffer[..size]));
            self.told.push('\n');
        }
        &self.told
    }
}

#[tokio::test]
async fn changed_topic_rule_is_reloaded_and_an_invalid_one_refused() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let rule = |pattern: &str| format!("threshold = 1\n[[signal]]\nid = \"s\"\nweight = 1\npattern = '{pattern}'\n");
    let world = World::new(&format!(
        "[topic.t]\nfile = \"t.toml\"\n{}",
        busy(&[("a", origin.url("/a"))]).replace("[source.a]\n", "[source.a]\ntopic = \"t\"\n")
    ));
    write(&world.path("t.toml"), &rule("titre"));
    let (mut systemd, daemon) = Notifications::start(&world, &[]);
    published(&world, "Titre 0").await;
    // What the rule leaves out is seen at the next visit, a minute later or more: here it is enough that the daemon reads it.
    write(&world.path("t.toml"), &rule("autre"));
    until("the changed rule is reloaded", || systemd.hear().matches("READY=1").count() >= 2).await;
    write(&world.path("t.toml"), &rule("("));
    until("the invalid rule is refused", || systemd.hear().contains("the old plan is running")).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("reloaded feeds.toml") && ended.stderr.contains("t.toml:5"), "{}", ended.stderr);
}

#[tokio::test]
async fn second_daemon_on_one_sqlite_state_is_refused() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let daemon = Running::start(&world);
    published(&world, "Titre 0").await;
    let second = world.relais(&["daemon"]).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("another relais (daemon, process "), "{}", second.stderr);
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test]
async fn failed_output_is_written_later() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..1))));
    origin.on("/b", Reply::ok(rss("b", &stories(8..9))));
    let world = World::new(&busy(&[("a", origin.url("/a"))]));
    let daemon = Running::start(&world);
    published(&world, "Titre 0").await;
    let (output, aside) = (world.path("output"), world.path("aside"));
    std::fs::rename(&output, &aside).expect("it can be moved");
    write(&output, "a file where the folder was");
    let both = busy(&[("a", origin.url("/a")), ("b", origin.url("/b"))]);
    world.configure("", &both);
    sleep(Duration::from_secs(6)).await; // it is read meanwhile, and refused or carried out: both must come to a good end
    std::fs::remove_file(&output).expect("it is there");
    std::fs::rename(&aside, &output).expect("it can be moved");
    world.configure("# once more", &both);
    published(&world, "Titre 8").await;
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test]
async fn two_daemons_share_one_postgresql_and_survive_its_absence() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    let names: Vec<String> = (0..20).map(|number| format!("s{number}")).collect();
    for (number, name) in (0..).zip(&names) {
        origin.on(&format!("/{name}"), Reply::ok(rss(name, &stories(number..=number))).tagged());
    }
    let sources: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), origin.url(&format!("/{name}")))).collect();
    let top = format!("state = {:?}", schema.url());
    let (one, other) = (World::new(""), World::new(""));
    one.configure(&top, &busy(&sources[..10]));
    other.configure(&top, &busy(&sources[..10]));
    let daemons = (Running::start(&one), Running::start(&other));
    published(&one, "Titre 9 ").await;
    published(&other, "Titre 9 ").await;
    for name in &names[..10] {
        assert_eq!(origin.seen(&format!("/{name}")).len(), 1, "no source is visited by both");
    }

    // The tables are away: what is fetched now waits to be settled, and is not lost.
    let (name, away) = (schema.name().to_owned(), format!("{}_away", schema.name()));
    schema.run(&format!("alter schema {name} rename to {away}")).await;
    one.configure(&top, &busy(&sources));
    sleep(Duration::from_secs(8)).await;
    schema.run(&format!("alter schema {away} rename to {name}")).await;
    published(&one, "Titre 19 ").await;
    published(&other, "Titre 9 ").await;
    assert_eq!((daemons.0.stop().await.code, daemons.1.stop().await.code), (Some(0), Some(0)));
    schema.drop().await;
}

#[tokio::test]
async fn visit_in_the_future_is_due_once_the_clock_is_corrected() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display()), Access::Work).await.expect("a store");
    let now = Time::from_rfc3339("2026-11-24T12:00:00Z").expect("a time");
    let tomorrow = now.plus(Duration::from_secs(86_400));
    let source = [SourceId::new("a")];
    store.register_sources(&source, tomorrow).await.expect("registered");
    let lease = |now: Time| Lease { worker: "w".to_owned(), now, until: now.plus(Duration::from_secs(180)) };
    assert_eq!(store.lease_due_sources(&source, &lease(tomorrow), false, 9).await.expect("claimed").len(), 1);
    assert!(store.lease_due_sources(&source, &lease(tomorrow), true, 9).await.expect("claimed").is_empty(), "it is taken");
    assert_eq!(store.next_due(&source, tomorrow).await.expect("told"), None, "all are taken");
    assert!(
        store.lease_due_sources(&source, &lease(now), true, 9).await.expect("claimed").len() == 1,
        "a lease until tomorrow is none"
    );
    store.release_sources("w", &source).await.expect("given back");
    assert_eq!(store.next_due(&source, now).await.expect("told"), Some(tomorrow), "it was not visited");
}

/// A small disk in a folder, unmounted with its test; nothing where that is not allowed.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(folder: std::path::PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&folder).expect("a folder");
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&folder)
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: a disk that can be filled needs the right to mount one (root)");
        None
    }

    /// Takes all the room that there is, or gives it back.
    fn fill(&self, full: bool) {
        use std::io::Write;
        let path = self.0.join("filler");
        if !full {
            return std::fs::remove_file(path).expect("it is there");
        }
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
        for block in [1 << 16, 1 << 10, 1] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn full_disk_loses_nothing_and_publishing_resumes() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let world = World::new("");
    let Some(disk) = Disk::mount(world.path("disk"), "3m") else { return };
    let top = "state = \"sqlite:disk/relais.db\"\noutput = \"disk/output\"";
    world.configure(top, &tables(&[("a", origin.url("/a"))]));
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let published = || std::fs::read_to_string(world.path("disk/output/jeux.atom")).expect("it is there");
    let before = published();

    disk.fill(true);
    let long = "<p>Le texte de l’article est long.</p>".repeat(3000);
    origin.on("/a", Reply::ok(rss("a", &[stories(3..4).remove(0).text(&long)])));
    let full = world.relais(&["run", "--force"]).await;
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(full.stderr.contains("full") && full.stderr.lines().count() <= 2, "one sentence: {}", full.stderr);
    assert_eq!(published(), before, "what readers see is whole");

    disk.fill(false);
    assert_eq!(world.relais(&["run", "--force"]).await.code, Some(0));
    assert!(published().contains("Titre 3"));

    // The same while a daemon runs, with a source that is new to it.
    let daemon = Running::start(&world);
    sleep(Duration::from_secs(2)).await;
    disk.fill(true);
    origin.on("/b", Reply::ok(rss("b", &[stories(7..8).remove(0).text(&long)])));
    world.configure(top, &tables(&[("a", origin.url("/a")), ("b", origin.url("/b"))]));
    sleep(Duration::from_secs(8)).await; // two looks at feeds.toml and some tries: nothing happens that could be waited for
    assert!(!published().contains("Titre 7"));
    disk.fill(false);
    until("what waited is published", || published().contains("Titre 7")).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(published().contains("Titre 0") && ended.stderr.contains("full"), "{}", ended.stderr);
}
