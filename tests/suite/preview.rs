//! `relais preview`: what a source would give, and what a rule would change before it is saved.

use relais::model::EngineKind;
use serde_json::{Value, json};

use crate::support::engine::EngineServer;
use crate::support::feeds::{rss, stories};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const FEED: &str = "<rss version=\"2.0\"><channel><title>Sport</title>
    <item><guid>1</guid><title>EN DIRECT - Les JO d’hiver ouvrent</title><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item>
    <item><guid>2</guid><title>Les JO en photos</title><pubDate>Tue, 24 Nov 2026 09:00:00 GMT</pubDate></item>
    <item><guid>3</guid><title>Le marathon de la ville</title><pubDate>Tue, 24 Nov 2026 08:00:00 GMT</pubDate></item>
    </channel></rss>";

const RULES: &str =
    "topic = \"olympic\"\ndrop = \"'photos' in title\"\nrewrite = [{ field = \"title\", find = '^EN DIRECT - ' }]\n";

async fn world(keys: &str, tables: &str) -> (World, Origin) {
    let origin = Origin::start().await;
    origin.on("/feed", Reply::ok(FEED));
    let source = format!("[source.sport]\nurl = \"{}\"\nlang = \"fr\"\n{keys}", origin.url("/feed"));
    (World::new(&format!("{source}{tables}")), origin)
}

const EDITION: &str = "[edition.jeux]\ntitle = \"Jeux\"\n";

#[tokio::test]
async fn entries_of_a_source_are_shown_with_the_rule_that_leaves_them_out() {
    let (world, _origin) = world(RULES, EDITION).await;
    let ended = world.relais(&["preview", "sport"]).await;
    insta::assert_snapshot!(ended.stdout, @r"
    sport: Sport (rss 2.0), 3 entries: 1 kept, 2 dropped
      + 2026-11-24T10:00:00Z  Les JO d’hiver ouvrent
          olympic 4: +2 JO “JO”, +2 jo “les jo”
      - 2026-11-24T09:00:00Z  Les JO en photos
          by `drop`; olympic 4: +2 JO “JO”, +2 jo “les jo”
      - 2026-11-24T08:00:00Z  Le marathon de la ville
          by `topic`; olympic 0: no signal
    ");
    assert!(!world.path("relais.db").exists(), "nothing is stored");
}

#[tokio::test]
async fn rule_that_is_tried_is_compared_with_that_of_the_configuration() {
    let (world, _origin) = world(RULES, EDITION).await;
    let preview = world.relais(&["preview", "sport", "--drop", "", "--json"]).await.json();
    let entry = &preview["entries"][1];
    assert_eq!((&entry["kept"], &entry["kept_before"]), (&json!(true), &json!(false)), "{entry}");
    let preview = world.relais(&["preview", "sport", "--keep", "'marathon' in title", "--json"]).await.json();
    let kept: Vec<&Value> = preview["entries"].as_array().expect("entries").iter().map(|entry| &entry["kept"]).collect();
    assert_eq!(kept, [false, false, false], "the topic still counts");
}

#[tokio::test]
async fn address_that_is_no_source_yet_is_previewed() {
    let (world, origin) = world(RULES, EDITION).await;
    origin.on("/other", Reply::ok(rss("other", &stories(0..2))));
    let ended = world.relais(&["preview", &origin.url("/other")]).await;
    assert!(
        ended.code == Some(0) && ended.stdout.starts_with("preview: Le journal other (rss 2.0), 2 entries: 2 kept"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn mistake_in_a_rule_that_is_tried_is_marked() {
    let (world, _origin) = world(RULES, EDITION).await;
    let ended = world.relais(&["preview", "sport", "--keep", "'JO' in titel"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("  'JO' in titel\n          ^^^^^\n"), "{}", ended.stderr);
}

#[tokio::test]
async fn edition_lists_what_would_appear_and_disappear() {
    let (world, origin) = world("", &format!("{EDITION}keep = \"'JO' in title\"\n")).await;
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let output = world.outputs();
    let ended = world.relais(&["preview", "--edition", "jeux", "--keep", "'photos' in title or 'marathon' in title"]).await;
    insta::assert_snapshot!(ended.stdout, @r"
    jeux: 1 entry would stay, 1 appear, 1 disappear
      + 2026-11-24T08:00:00Z  sport: Le marathon de la ville
      - 2026-11-24T10:00:00Z  sport: EN DIRECT - Les JO d’hiver ouvrent
    ");
    assert!(world.outputs() == output && origin.seen("/feed").len() == 1, "nothing is fetched or written");
}

#[tokio::test]
async fn first_headline_is_translated_and_all_entries_are_priced() {
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    let engine = format!(
        "[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\nprice = {{ per_million_characters = 20.0, currency = \"EUR\" }}\n",
        server.url()
    );
    let edition = "[edition.jeux]\ntitle = \"Games\"\nlangs = [\"en\"]\nengines = [\"lt\"]\nshow = \"title\"\n";
    let (world, _origin) = world("", &format!("{engine}{edition}")).await;
    let sample = world.relais(&["preview", "sport", "--json"]).await.json()["sample"].clone();
    assert_eq!((&sample["lang"], &sample["entries"], &sample["segments"]), (&json!("en"), &json!(3), &json!(3)), "{sample}");
    assert!(sample["target"].is_string() && sample["cost"].as_f64().is_some_and(|cost| cost > 0.0), "{sample}");
    let sent = server.requests().len();
    assert!((1..=2).contains(&sent), "one headline is sent, and may be asked for again: {sent}");
    let again = world.relais(&["preview", "sport", "--json"]).await.json()["sample"]["target"].clone();
    assert_eq!((server.requests().len(), again), (sent, sample["target"].clone()), "the memory has it then");
}
