//! Archives of editions in several languages, with stories, and on PostgreSQL.

use relais::model::EngineKind;

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::postgres::Schema;

use super::*;

/// More requests than a test makes.
const ALWAYS: usize = 100_000;

/// A world with an edition in French and English.
fn bilingual(origin: &Origin, engine: &EngineServer, keys: &str) -> World {
    let world = World::new("");
    let source = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    let engine = format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n", engine.url());
    let edition = "[edition.jeux]\nstories = false\nlangs = [\"fr\", \"en\"]\nengines = [\"lt\"]\nlimit = 5\narchive = true\n";
    world.configure("", &format!("{source}{engine}{edition}{keys}"));
    world
}

/// A story whose headline and text are long enough to be told from a name.
fn story(number: u32) -> Story {
    Story {
        number,
        title: format!("La course numéro {number} est remportée par une inconnue"),
        html: format!("<p>Les nageurs ont salué le public après la course, et ils reviendront demain {number} fois.</p>"),
    }
}

fn items(world: &World, name: &str) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output(name)).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

/// The languages of the items of a document.
fn languages(world: &World, name: &str) -> BTreeSet<String> {
    let lang = |item: &Value| item["language"].as_str().unwrap_or("en").to_owned();
    items(world, name).iter().map(lang).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn each_language_has_an_archive_of_its_own() {
    let (origin, engine) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    let world = bilingual(&origin, &engine, "");
    for today in 28..=34 {
        origin.on("/a", feed(&[story(today * 10 + 1), story(today * 10)]));
        run_at(&world, day(today)).await;
    }
    let mut found = Vec::new();
    for lang in ["fr", "en"] {
        let Some(walked) = walk(&world, &format!("jeux.{lang}.atom"), &[]).await else { return };
        assert_eq!(walked["files"].as_array().map(Vec::len), Some(3), "{lang}: {walked}");
        found.push(ids(&walked));
    }
    assert_eq!((found[0].len(), found[1].len()), (14, 14));
    assert!(found[0].is_disjoint(&found[1]), "a translation is an entry of its own");
    let english = items(&world, "archive/jeux.en-2026-10.json");
    assert!(english.iter().all(|item| item["_relais"]["translation"]["from"] == "fr"), "{english:?}");
    assert!(items(&world, "archive/jeux.fr-2026-10.json").iter().all(|item| item["_relais"]["translation"].is_null()));
}

#[tokio::test]
async fn translation_changes_an_open_document_and_no_closed_one() {
    let (origin, engine) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    let world = bilingual(&origin, &engine, "untranslated = \"original\"\n");
    engine.then(Misbehaviour::Status(500), ALWAYS);
    for today in [30, 31] {
        origin.on("/a", feed(&[story(today * 10)]));
        run_at(&world, day(today)).await;
    }
    origin.on("/a", feed(&[story(340), story(310)]));
    for hour in [0, 1] {
        run_at(&world, day(34).plus(Duration::from_hours(hour))).await;
    }
    assert!(world.output("archive/jeux.en-2026-10.atom").contains("<fh:archive"));
    let [closed, open] = ["archive/jeux.en-2026-10.json", "archive/jeux.en-2026-11.json"];
    assert_eq!((languages(&world, closed), languages(&world, open)), (set(&["fr"]), set(&["fr"])));
    let before = world.output(closed);
    engine.recover();
    // An engine that has failed rests: the next day it is asked again.
    for days in [35, 36] {
        run_at(&world, day(days)).await;
    }
    assert_eq!(languages(&world, "jeux.en.json"), set(&["en"]), "the feed has the translations");
    assert_eq!(languages(&world, open), set(&["en"]), "and so has the document of the month");
    assert_eq!(world.output(closed), before);
}

#[tokio::test]
async fn entry_that_was_held_is_in_the_month_in_which_its_translation_came() {
    let (origin, engine) = (Origin::start().await, EngineServer::start(EngineKind::Libretranslate).await);
    let world = bilingual(&origin, &engine, "untranslated = \"hold 30d\"\n");
    engine.then(Misbehaviour::Status(500), ALWAYS);
    origin.on("/a", feed(&[story(311), story(310)]));
    run_at(&world, day(31)).await;
    assert!(!names(&world).iter().any(|name| name.contains(".en-")), "nothing is published in English yet");
    engine.recover();
    for days in [33, 34] {
        run_at(&world, day(days)).await;
    }
    assert_eq!(items(&world, "archive/jeux.fr-2026-10.json").len(), 2);
    assert_eq!(items(&world, "archive/jeux.en-2026-11.json").len(), 2);
    assert!(!names(&world).iter().any(|name| name.contains(".en-2026-10")));
}

/// A feed with one report of an event, by an outlet of its own, and with an older entry, which alone is left once the report is withdrawn.
fn report(outlet: &str, title: Option<&str>, minute: u64) -> Reply {
    let date = |minute| day(10).plus(Duration::from_mins(minute)).chrono().to_rfc2822();
    let item = |guid: &str, title: &str, text: &str, date: &str| {
        format!(
            "<item><guid isPermaLink=\"false\">{outlet}-{guid}</guid><link>https://{outlet}.example.org/{guid}</link><title>{title}</title>\
             <description>{text}</description><pubDate>{date}</pubDate></item>"
        )
    };
    let text = "Léon Marchand a battu le record du monde du 400 mètres quatre nages à Budapest, en 4 minutes 2 secondes.";
    let told = title.map(|title| item("record", title, text, &date(60 + minute))).unwrap_or_default();
    let older = item("older", &format!("Le calendrier de {outlet}"), "Les dates de la saison.", &date(minute));
    Reply::ok(format!(
        "<rss version=\"2.0\"><channel><title>{outlet}</title><link>https://{outlet}.example.org/</link><description>x</description>\
         <language>fr</language>{told}{older}</channel></rss>"
    ))
}

#[tokio::test]
async fn story_is_one_entry_of_the_archive_whoever_leads_it() {
    let origin = Origin::start().await;
    let world = World::new("");
    let sources: String = ["a", "b"]
        .iter()
        .map(|id| format!("[source.{id}]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url(&format!("/{id}"))))
        .collect();
    world.configure("", &format!("{sources}[edition.jeux]\nlimit = 5\narchive = true\n"));
    let title = "Léon Marchand bat le record du monde du 400 m quatre nages à Budapest";
    origin.on("/a", report("a", Some(title), 0));
    origin.on("/b", report("b", Some(&format!("Natation : {title}")), 5));
    run_at(&world, day(10).plus(Duration::from_mins(70))).await;
    let of_story = |items: Vec<Value>| -> Vec<Value> {
        items.into_iter().filter(|item| item["title"].as_str().is_some_and(|title| title.contains("record"))).collect()
    };
    let told = of_story(items(&world, "archive/jeux-2026-10.json"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["_relais"]["also_in"].as_array().map(Vec::len), Some(1), "{told:?}");
    let leader = told[0]["_relais"]["source"]["id"].as_str().expect("a source").to_owned();
    // The source of the entry that leads takes it back: the other one leads.
    origin.on(&format!("/{leader}"), report(&leader, None, if leader == "a" { 0 } else { 5 }));
    for minutes in [80, 90, 100] {
        run_at(&world, day(10).plus(Duration::from_mins(minutes))).await;
    }
    let left = of_story(items(&world, "archive/jeux-2026-10.json"));
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], told[0]["id"]);
    assert_ne!(left[0]["_relais"]["source"]["id"], leader.as_str());
    assert!(left[0]["_relais"]["also_in"].is_null(), "{left:?}");
}

#[tokio::test]
async fn archive_is_the_same_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    let origin = Origin::start().await;
    let tables = format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[edition.jeux]\nstories = false\nlimit = 5\narchive = true\nkeep_for = \"70d\"\n",
        origin.url("/a")
    );
    let (here, there) = (World::new(&tables), World::new(""));
    there.configure(&format!("state = {:?}", schema.url()), &tables);
    for world in [&here, &there] {
        run_days(world, &origin, 25..=40).await;
        run_at(world, day(70)).await;
        run_days(world, &origin, 98..=102).await;
    }
    assert_eq!(months(&there), set(&["2026-11", "2027-01"]));
    assert!(archive(&here) == archive(&there), "{:?} and {:?}", names(&here), names(&there));
    schema.drop().await;
}
