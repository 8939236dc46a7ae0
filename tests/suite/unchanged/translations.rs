//! The translate pass over an unchanged world: it reads no entry. Whatever may give it something to do is seen.

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::{Clock, EngineKind, SourceId};
use relais::store::{Access, PruneMode, Store};

use crate::support::engine::words::english;
use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{Ended, World};

use super::{HOUR, run_later, titles};

/// What the log says of a pass that reads no entry.
const UNREAD: &str = "nothing has changed that translations depend on";
const MINUTE: Duration = Duration::from_mins(1);

/// A world of two sources, with an edition that is translated.
struct Newsroom {
    origin: Origin,
    engine: EngineServer,
    world: World,
}

impl Newsroom {
    /// Makes one. `keys` belong to the edition, `engine` to its engine, `top` stands at the top of feeds.toml.
    async fn new(top: &str, engine: &str, keys: &str) -> Self {
        let (origin, server) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
        origin.on("/a", Reply::ok(rss("a", &stories(0..4))));
        origin.on("/b", Reply::ok(rss("b", &[])));
        let newsroom = Self { origin, engine: server, world: World::new("") };
        newsroom.configure(top, engine, keys);
        newsroom
    }

    /// Makes one, and runs until nothing is left to do.
    async fn at_rest(top: &str, keys: &str) -> Self {
        let newsroom = Self::new(top, "", keys).await;
        newsroom.come_to_rest().await;
        newsroom
    }

    fn configure(&self, top: &str, engine: &str, keys: &str) {
        let sources = tables(&[("a", self.origin.url("/a")), ("b", self.origin.url("/b"))]);
        let engine = format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n{engine}\n", self.engine.url());
        let keys = format!("langs = [\"en\"]\nengines = [\"lt\"]\nuntranslated = \"original\"\n{keys}");
        self.world.configure(top, &format!("{engine}{sources}{keys}"));
    }

    async fn run(&self, args: &[&str]) -> Ended {
        self.world.relais(&[&["-vv", "run", "--force", "--json"], args].concat()).await
    }

    /// Runs. Returns true if the translate pass read the entries.
    async fn reads(&self) -> bool {
        let ended = self.run(&[]).await;
        assert!(ended.stderr.contains("nothing has changed that") || ended.stderr.contains("edition"), "it is a log: {ended:?}");
        !ended.stderr.contains(UNREAD)
    }

    async fn come_to_rest(&self) {
        assert!(self.reads().await, "what has changed is read");
        assert!(self.reads().await, "once more, as something was done");
        assert!(!self.reads().await, "nothing is left to do");
    }

    /// Writes a file beside feeds.toml.
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.world.path(name), text).expect("it can be written");
    }

    /// The headlines of the English edition.
    fn titles(&self) -> Vec<String> {
        titles(&self.world, "jeux.en.json")
    }

    fn asked(&self) -> usize {
        self.engine.requests().len()
    }
}

/// What the engine makes of the headline of a story, with the spaces of English.
fn translated(number: u32) -> String {
    english(&Story::new(number).title).replace(" :", ":")
}

async fn unchanged_world_is_read_once_more_and_then_no_more(top: &str) {
    let newsroom = Newsroom::at_rest(top, "").await;
    let (before, asked, report) = (newsroom.world.outputs(), newsroom.asked(), newsroom.run(&[]).await.json());
    assert!(!newsroom.reads().await);
    assert_eq!((newsroom.world.outputs(), newsroom.asked()), (before, asked));
    assert_eq!(report["translation"]["engines"][0]["id"], "lt", "the engine is reported all the same: {report}");
    newsroom.origin.on("/b", Reply::ok(rss("b", &[Story::new(9)])));
    assert!(newsroom.reads().await);
    assert_eq!(newsroom.titles()[0], translated(9));
}

#[tokio::test]
async fn pass_over_an_unchanged_world_reads_no_entry_and_a_new_one_is_translated() {
    unchanged_world_is_read_once_more_and_then_no_more("").await;
    if let Some(schema) = Schema::make().await {
        unchanged_world_is_read_once_more_and_then_no_more(&format!("state = {:?}\n", schema.url())).await;
        schema.drop().await;
    }
}

#[tokio::test]
async fn changed_entry_is_translated() {
    let newsroom = Newsroom::at_rest("", "").await;
    let mut corrected = stories(0..4);
    corrected[0].title = "Un titre corrigé".to_owned();
    newsroom.origin.on("/a", Reply::ok(rss("a", &corrected)));
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[0], english("Un titre corrigé"));
}

#[tokio::test]
async fn entry_that_takes_the_place_of_a_withdrawn_one_is_translated() {
    let newsroom = Newsroom::at_rest("", "limit = 3\n").await;
    let mut left = stories(0..4);
    left.remove(1);
    newsroom.origin.on("/a", Reply::ok(rss("a", &left)));
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[2], translated(0));
}

#[tokio::test]
async fn entry_that_takes_the_place_of_a_muted_page_is_translated() {
    let muted = Story { title: "Le sujet tu".to_owned(), ..Story::new(9) };
    let origin_c = Origin::start().await;
    origin_c.on("/c", Reply::ok(rss("c", std::slice::from_ref(&muted))));
    let newsroom = Newsroom::new("", "", "limit = 3\n").await;
    let source = format!("[source.c]\nurl = \"{}\"\nlang = \"fr\"\n[edition.c]\nfrom = [\"c\"]\n", origin_c.url("/c"));
    newsroom.configure("", &source, "limit = 3\n");
    newsroom.run(&[]).await;
    let explained = newsroom.world.relais(&["explain", "--json", "Le sujet tu"]).await.json();
    let id = explained[0]["id"].as_str().or(explained["id"].as_str()).unwrap_or_else(|| panic!("{explained}")).to_owned();
    newsroom.configure("", &source, &format!("limit = 3\nmute = {{ entries = [\"{id}\"] }}\n"));
    assert!(newsroom.reads().await);
    assert!(!newsroom.reads().await, "nothing is left to do");
    let moved = rss("c", &[muted]).replace("https://c.example.org/9", "https://a.example.org/3");
    origin_c.on("/c", Reply::ok(moved));
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[2], translated(0));
}

#[tokio::test]
async fn rendition_that_is_to_be_made_again_is() {
    let newsroom = Newsroom::at_rest("", "").await;
    assert_eq!(newsroom.world.relais(&["retranslate"]).await.code, Some(0));
    newsroom.come_to_rest().await;
}

#[tokio::test]
async fn correction_is_published() {
    let newsroom = Newsroom::at_rest("", "").await;
    let (title, right) = ("Titre 3 : l’été à Paris", "Title 3: a summer in Paris");
    assert_eq!(newsroom.world.relais(&["correct", "--to", "en", title, right]).await.code, Some(0));
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[0], right);
    let unconcerned = ["correct", "--from", "fr", "--to", "en", "Un autre texte", "Another text"];
    assert_eq!(newsroom.world.relais(&unconcerned).await.code, Some(0));
    assert!(newsroom.reads().await, "it may concern any of them");
    assert!(!newsroom.reads().await, "it concerned none, and nothing was done");
}

#[tokio::test]
async fn changed_glossary_is_applied() {
    let newsroom = Newsroom::new("", "", "").await;
    newsroom.write("terms.tsv", "source\ten\nété\tsummer\n");
    newsroom.configure("", "[glossary]\nfile = \"terms.tsv\"", "");
    newsroom.come_to_rest().await;
    newsroom.write("terms.tsv", "source\ten\nété\tseason\n");
    newsroom.come_to_rest().await;
    assert!(newsroom.titles()[0].contains("season"), "{:?}", newsroom.titles());
}

#[tokio::test]
async fn changed_configuration_is_carried_out() {
    let newsroom = Newsroom::at_rest("", "limit = 2\n").await;
    newsroom.configure("", "", "limit = 3\n");
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[2], translated(1));
}

#[tokio::test]
async fn text_that_was_refused_is_sent_again_by_the_clock_alone() {
    let newsroom = Newsroom::new("", "", "").await;
    newsroom.engine.translate_with(|text| if text.contains("Titre 2") { text.to_owned() } else { english(text) });
    run_later(&newsroom.world, MINUTE).await;
    // A day is the time of a first refusal.
    run_later(&newsroom.world, HOUR * 20).await;
    let asked = newsroom.asked();
    run_later(&newsroom.world, HOUR * 23).await;
    assert_eq!(newsroom.asked(), asked, "it is not yet time");
    newsroom.engine.translate_with(english);
    run_later(&newsroom.world, HOUR * 24 + MINUTE * 5).await;
    assert_eq!(newsroom.titles()[1], translated(2));
}

#[tokio::test]
async fn texts_that_wait_for_an_engine_are_looked_for_in_each_run() {
    let newsroom = Newsroom::new("", "", "").await;
    newsroom.engine.then(Misbehaviour::Status(503), 99);
    for _ in 0..3 {
        assert!(newsroom.reads().await);
    }
    newsroom.engine.recover();
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[0], translated(3));
}

#[tokio::test]
async fn texts_that_wait_for_a_budget_are_looked_for_in_each_run() {
    let newsroom = Newsroom::new("", "budget = { characters = 60, per = \"day\" }", "").await;
    for _ in 0..3 {
        assert!(newsroom.reads().await);
    }
    let asked = newsroom.asked();
    run_later(&newsroom.world, HOUR * 24).await;
    assert!(newsroom.asked() > asked, "the next day has a budget of its own");
}

#[tokio::test]
async fn translations_that_wait_for_a_second_reader_are_read_by_the_clock_alone() {
    let newsroom = Newsroom::new("", "", "").await;
    let reader = EngineServer::start(EngineKind::Openai).await;
    newsroom.write("key", EngineServer::KEY);
    let engine =
        format!("[engine.reader]\nkind = \"openai\"\nmodel = \"m\"\nkey = {{ file = \"key\" }}\nurl = \"{}\"", reader.url());
    newsroom.configure("", &engine, "review = \"reader\"\n");
    reader.then(Misbehaviour::Status(401), 9);
    run_later(&newsroom.world, MINUTE).await;
    reader.recover();
    let asked = reader.requests().len();
    run_later(&newsroom.world, MINUTE * 20).await;
    assert_eq!(reader.requests().len(), asked, "it is asked again after half an hour");
    run_later(&newsroom.world, MINUTE * 40).await;
    assert!(reader.requests().len() > asked);
}

#[tokio::test]
async fn pages_that_are_still_to_be_fetched_are_looked_for_in_each_run() {
    let newsroom = Newsroom::new("", "", "").await;
    newsroom.origin.on("/p/0", Reply::status(503));
    let feed = rss("a", &stories(0..1)).replace("https://a.example.org/", &newsroom.origin.url("/p/"));
    newsroom.origin.on("/a", Reply::ok(feed));
    let text = std::fs::read_to_string(newsroom.world.path("feeds.toml")).expect("feeds.toml");
    newsroom.write("feeds.toml", &text.replace("[source.a]\n", "[source.a]\nfull_text = true\n"));
    // Three requests, and then a page is given up.
    for run in 0..3 {
        assert!(newsroom.reads().await, "run {run}");
    }
    assert_eq!(newsroom.origin.seen("/p/0").len(), 3);
    assert!(!newsroom.reads().await);
}

#[tokio::test]
async fn pruned_entries_are_seen() {
    let newsroom = Newsroom::at_rest("", "").await;
    newsroom.origin.on("/a", Reply::ok(rss("a", &stories(1..4))));
    newsroom.run(&[]).await;
    assert!(!newsroom.reads().await, "a feed drops its oldest entries");
    let mut state = newsroom.world.path("relais.db").display().to_string();
    state.insert_str(0, "sqlite:");
    let store = Store::open(&state, Access::Work).await.expect("a store");
    let (sources, all) = ([SourceId::new("a")], SystemClock.now().plus(HOUR));
    store.prune_entries(&sources, all, PruneMode::Delete).await.expect("a prune");
    store.close().await.expect("it is closed");
    assert!(newsroom.reads().await);
    assert!(!newsroom.reads().await, "it found nothing to do");
}

#[tokio::test]
async fn renditions_that_another_configuration_made_are_seen() {
    let newsroom = Newsroom::at_rest("", "").await;
    let text = std::fs::read_to_string(newsroom.world.path("feeds.toml")).expect("feeds.toml");
    newsroom.write("terms.tsv", "source\ten\nété\tseason\n");
    newsroom.write("other.toml", &text.replace("[engine.lt]", "[glossary]\nfile = \"terms.tsv\"\n[engine.lt]"));
    assert_eq!(newsroom.world.relais(&["run", "--config", "other.toml"]).await.code, Some(0));
    assert!(newsroom.titles()[0].contains("season"), "both write the same files");
    newsroom.come_to_rest().await;
    assert_eq!(newsroom.titles()[0], translated(3));
}

#[tokio::test]
async fn run_of_one_edition_keeps_what_is_known_of_all() {
    let newsroom = Newsroom::at_rest("", "[edition.other]\nfrom = [\"b\"]\nlangs = [\"en\"]\nengines = [\"lt\"]\n").await;
    assert!(!newsroom.run(&["--edition", "jeux"]).await.stderr.contains(UNREAD), "it has a basis of its own");
    assert!(newsroom.run(&["--edition", "jeux"]).await.stderr.contains(UNREAD));
    assert!(!newsroom.run(&["--edition", "other"]).await.stderr.contains(UNREAD));
    assert!(!newsroom.reads().await);
}
