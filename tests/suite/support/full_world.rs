//! A world with everything that an output can have: editions with and without languages, editions of tags, archives, digests, all formats.

use std::time::Duration;

use relais::model::{Clock, EngineKind, Time};
use relais::pipeline::{RunRequest, Scope, run};

use super::engine::EngineServer;
use super::origin::{Origin, Reply};
use super::program::World;

/// A clock that stands still.
pub(crate) struct Stopped(pub(crate) Time);

impl Clock for Stopped {
    fn now(&self) -> Time {
        self.0
    }
}

/// The tables of the editions; each begins with its header.
pub(crate) const EDITIONS: [&str; 4] = [
    "[edition.jeux]\ntitle = \"Les Jeux\"\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\nuntranslated = \"original\"\narchive = true\nlimit = 12\npage_size = 5\nformats = [\"atom\", \"rss\", \"json\", \"html\", \"ninjs\"]\nstories = false\n",
    "[edition.tout]\ntitle = \"Tout\"\nshow = \"full\"\narchive = true\nlimit = 6\n",
    "[[edition.each]]\ntags = [\"sport/judo\", \"sport/fencing\"]\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\nuntranslated = \"original\"\n",
    "[edition.court]\ntitle = \"En bref\"\nformats = [\"json\"]\nshow = \"title\"\n",
];

/// The tables of the digests.
pub(crate) const DIGESTS: [&str; 2] = [
    "[digest.morning]\nedition = \"jeux\"\nat = \"07:00\"\nzone = \"Europe/Paris\"\n",
    "[digest.evening]\nedition = \"tout\"\nat = \"19:00\"\nzone = \"Europe/Paris\"\n",
];

/// The world, its source and its engine.
pub(crate) struct FullWorld {
    pub(crate) world: World,
    pub(crate) origin: Origin,
    pub(crate) engine: EngineServer,
}

impl FullWorld {
    /// Makes the world; `top` are keys at the top of feeds.toml.
    pub(crate) async fn new(top: &str) -> Self {
        let (origin, engine) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
        let full = Self { world: World::new(""), origin, engine };
        full.configure(top, &[&EDITIONS[..], &DIGESTS[..]].concat());
        full
    }

    /// Writes feeds.toml anew, with these editions and digests.
    pub(crate) fn configure(&self, top: &str, tables: &[&str]) {
        let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", self.origin.url("/a"));
        let engine = format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n", self.engine.url());
        self.world.configure(top, &format!("{source}{engine}{}", tables.concat()));
    }

    /// Publishes two entries a day; the source lists those of the last three days.
    pub(crate) async fn run_days(&self, days: std::ops::RangeInclusive<u32>) {
        for today in days {
            self.origin.on("/a", listed(today));
            run_at(&self.world, day(today)).await;
        }
    }
}

/// Noon of a day of October 2026 or later; 1 is the first of October.
pub(crate) fn day(number: u32) -> Time {
    Time::from_rfc3339("2026-09-30T12:00:00Z").expect("a time").plus(Duration::from_hours(24) * number)
}

/// The feed of a day.
pub(crate) fn listed(today: u32) -> Reply {
    let days = (today.saturating_sub(2).max(1)..=today).rev();
    Reply::ok(feed(&days.flat_map(|day| [day * 10 + 1, day * 10]).collect::<Vec<u32>>()))
}

/// A feed with the entries of these numbers: a day times ten, and one for the second of that day.
pub(crate) fn feed(numbers: &[u32]) -> String {
    let item = |number: &u32| {
        let date = day(number / 10).minus(Duration::from_mins(u64::from(10 - number % 10))).chrono().to_rfc2822();
        let sport = ["Judo", "Escrime"][(*number % 2) as usize];
        format!(
            "<item><guid isPermaLink=\"false\">a-{number}</guid><link>https://a.example.org/{number}</link>\
             <title>{sport} : la course numéro {number} est remportée par une inconnue</title>\
             <description>Les nageurs ont salué le public après la course, et ils reviendront demain {number} fois.</description>\
             <enclosure url=\"https://a.example.org/{number}.mp3\" type=\"audio/mpeg\" length=\"9\"/><pubDate>{date}</pubDate></item>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Le journal</title><link>https://a.example.org/</link>\
         <description>Essai</description><language>fr</language>\n{}</channel></rss>\n",
        numbers.iter().map(item).collect::<String>()
    )
}

/// Runs at a time, over all sources.
pub(crate) async fn run_at(world: &World, at: Time) {
    let plan = relais::config::load(&world.path("feeds.toml")).map_err(|problems| problems.render(false)).expect("a plan");
    let request = RunRequest {
        plan,
        clock: &Stopped(at),
        scope: Scope { force: true, ..Scope::default() },
        process: std::process::id(),
        progress: &|_| (),
        warn: None,
    };
    Box::pin(run(request)).await.expect("it runs");
}

/// All files of the output, with those in its folders, by their names.
pub(crate) fn files(world: &World) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for folder in ["", "archive", "digest"] {
        if world.path("output").join(folder).is_dir() {
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            files.extend(world.outputs_of(folder).into_iter().map(|(name, bytes, ..)| (format!("{prefix}{name}"), bytes)));
        }
    }
    files
}

/// The names in the manifest, with the hash of each.
pub(crate) fn listed_files(world: &World) -> std::collections::BTreeMap<String, String> {
    let manifest: serde_json::Value = serde_json::from_str(&world.output("manifest.json")).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    manifest["files"].as_array().expect("files").iter().map(|file| (text(&file["name"]), text(&file["sha256"]))).collect()
}
