//! A person's last word: `relais review`, `review import` and `correct`, as an editor uses them.

use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;
use relais::model::EngineKind;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::World;

const SWIM: &str = "La natation française quitte le bassin de Nanterre";
const RACE: &str = "Le relais gagne devant 400 personnes";
const TEXT: &str = "<p>Le public a salué <a href=\"https://a.example/\">les nageurs</a> après la course.</p>";

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(world: &World, name: &str, text: &str) {
    std::fs::write(world.path(name), text).expect("it can be written");
}

fn stories() -> Vec<Story> {
    let story = |number, title: &str, html: &str| Story { number, title: title.to_owned(), html: html.to_owned() };
    vec![story(2, SWIM, TEXT), story(1, RACE, "")]
}

/// Two editions in English of one source, and one in British English; the engine loses the number of one headline.
fn tables(origin: &Origin, server: &EngineServer) -> String {
    let edition = |id: &str, lang: &str| {
        format!(
            "[edition.{id}]\ntitle = \"{id}\"\nlangs = [\"{lang}\"]\nshow = \"full\"\nengines = [\"lt\"]\nuntranslated = \"original\"\nprovenance = \"none\"\n"
        )
    };
    format!(
        "[source.a]\nurl = \"{}\"\nlang = \"fr\"\n[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n{}{}{}",
        origin.url("/a"),
        server.url(),
        edition("jeux", "en"),
        edition("sport", "en"),
        edition("otra", "en-GB"),
    )
}

async fn new_world(top: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories())));
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    server.translate_with(|text| crate::support::engine::words::english(text).replace("400", "500"));
    let world = World::new("");
    world.configure(top, &tables(&origin, &server));
    (origin, server, world)
}

/// A world in which one run was made.
async fn world() -> (Origin, EngineServer, World) {
    let (origin, server, world) = new_world("").await;
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (origin, server, world)
}

fn items(world: &World, name: &str) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output(&format!("{name}.json"))).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

fn titles(world: &World, name: &str) -> Vec<String> {
    items(world, name).iter().map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn review(world: &World, args: &[&str]) -> Vec<Value> {
    let args = [&["review", "--json"], args].concat();
    world.relais(&args).await.json().as_array().expect("segments").clone()
}

async fn run(world: &World) {
    let ended = world.relais(&["run", "--force"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The cells of a table, without its heading.
fn cells(table: &str) -> Vec<Vec<String>> {
    table.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn text_that_stays_in_its_language_has_its_reason_everywhere() {
    let (_origin, _server, world) = new_world("").await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(report["translation"]["reasons"], json!({ "number": 2 }), "in two languages: {report}");
    let left = review(&world, &["--lang", "en"]).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!((&left[0]["source"], &left[0]["state"], &left[0]["reasons"]), (&json!(RACE), &json!("left"), &json!(["number"])));
    assert_eq!(
        (&left[0]["editions"], &left[0]["finding"]),
        (&json!(["jeux", "sport"]), &json!("the number 400 stands on one side only"))
    );
    assert!(left[0]["asked_again_after"].is_string() && left[0]["target"].is_null());
    let explained = world.relais(&["explain", "--json", RACE]).await.json();
    let segment = &explained["editions"][0]["translation"]["segments"][0];
    assert_eq!(segment["reasons"], json!(["number"]), "{explained}");
}

#[tokio::test]
async fn review_is_a_table_of_eighty_columns() {
    let (_origin, _server, world) = world().await;
    let ended = world.relais(&["review"]).await;
    assert!(ended.code == Some(0) && ended.stderr.starts_with("2 segments: 2 left\n"), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{ended:?}");
    assert!(lines.iter().all(|line| line.width() <= 80), "{ended:?}");
    assert!(ended.stdout.contains("left   en     number  Le relais gagne"), "{ended:?}");
    let of_one = world.relais(&["review", "--edition", "otra"]).await;
    assert_eq!(of_one.stdout.lines().count(), 2, "{of_one:?}");
    assert_eq!(world.relais(&["review", "--edition", "nada"]).await.code, Some(2));
}

#[tokio::test]
async fn text_whose_engine_is_down_waits_with_that_reason() {
    let (_origin, server, world) = new_world("").await;
    server.then(Misbehaviour::Status(500), 99);
    world.relais(&["run"]).await;
    let waiting = review(&world, &["--lang", "en"]).await;
    assert_eq!(waiting.len(), 3, "{waiting:?}");
    assert!(waiting.iter().all(|segment| segment["state"] == "waiting"), "{waiting:?}");
    assert_eq!(waiting[0]["reasons"], json!(["engine-unavailable"]), "{waiting:?}");
}

#[tokio::test]
async fn translation_that_was_asked_for_again_is_listed_with_the_first_reason() {
    let (_origin, server, world) = new_world("").await;
    server.translate_with(crate::support::engine::words::english);
    server.then(Misbehaviour::CutTexts, 1);
    world.relais(&["run"]).await;
    let again = review(&world, &["--lang", "en"]).await;
    assert!(!again.is_empty() && again.iter().all(|segment| segment["state"] == "asked-again"), "{again:?}");
    assert!(again.iter().all(|segment| segment["target"].is_string() && segment["by"] == "libretranslate"), "{again:?}");
    assert!(again[0]["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{again:?}");
}

#[tokio::test]
async fn edited_table_is_published_by_the_next_run_and_nothing_else_changes() {
    let (_origin, server, world) = world().await;
    let table = world.relais(&["review", "--lang", "en", "--format", "tsv"]).await.stdout;
    let cell = &cells(&table)[0];
    assert_eq!((cell[3].as_str(), cell[4].as_str(), cell[9].as_str(), cell[10].as_str()), ("left", "number", RACE, ""));
    write(&world, "edited.tsv", &format!("{}The relay wins before 400 people\n", table.trim_end_matches('\n')));
    let ended = world.relais(&["review", "import", "edited.tsv"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "1 correction taken\n"), "{ended:?}");
    let (sent, before, item) = (server.texts().len(), world.outputs(), items(&world, "jeux.en")[0].clone());
    run(&world).await;
    for edition in ["jeux.en", "sport.en"] {
        assert_eq!(titles(&world, edition)[1], "The relay wins before 400 people");
    }
    assert_eq!(items(&world, "jeux.en")[0], item, "the other item is as it was");
    let british = |outputs: &[(String, Vec<u8>, u64, i64, u32)]| {
        outputs.iter().filter(|file| file.0.starts_with("otra.")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(british(&world.outputs()), british(&before), "no file of another language was touched");
    assert_eq!(server.texts().len(), sent, "no engine was asked");
    assert!(review(&world, &["--lang", "en"]).await.is_empty());
    let after = world.outputs();
    run(&world).await;
    assert_eq!(world.outputs(), after, "and that was all");
}

#[tokio::test]
async fn edited_xliff_is_published_by_the_next_run() {
    let (_origin, _server, world) = world().await;
    let both = world.relais(&["review", "--format", "xliff"]).await;
    assert!(both.code == Some(2) && both.stderr.contains("fr→en, fr→en-GB") && both.stderr.contains("--lang"), "{both:?}");
    let document = world.relais(&["review", "--lang", "en-GB", "--format", "xliff"]).await.stdout;
    let edited = document.replace("</source>", "</source><target>The relay triumphs before 400 people</target>");
    write(&world, "any.name", &edited);
    let ended = world.relais(&["review", "import", "any.name"]).await;
    assert_eq!(ended.stdout, "1 correction taken\n", "{ended:?}");
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    run(&world).await;
    assert_eq!(titles(&world, "otra.en-GB")[1], "The relay triumphs before 400 people");
    let again = world.relais(&["review", "import", "any.name"]).await;
    assert_eq!(again.stdout, "0 corrections taken, 1 known already\n");
}

/// The elements of an XML document, each as its path and attributes.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let (mut reader, mut path, mut found) = (Reader::from_str(xml), Vec::new(), Vec::new());
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) => {
                path.push(tag.name().0.to_owned());
                let value = |value: &str| quick_xml::escape::unescape(value).expect("escaped").into_owned();
                let attributes = tag.attributes().map(|attribute| attribute.expect("an attribute"));
                found.push((path.join("/"), attributes.map(|a| (a.key.0.to_owned(), value(&a.value))).collect()));
            }
            Event::End(_) => drop(path.pop()),
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[tokio::test]
async fn xliff_has_the_structure_of_version_2_1() {
    let (_origin, server, world) = new_world("").await;
    server.then(Misbehaviour::Status(500), 99);
    world.relais(&["run"]).await;
    let document = world.relais(&["review", "--lang", "en", "--format", "xliff"]).await.stdout;
    let elements = elements(&document);
    let attribute = |at: usize, name: &str| {
        elements[at].1.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!(elements[0].0, "xliff");
    assert_eq!(attribute(0, "xmlns"), "urn:oasis:names:tc:xliff:document:2.0");
    assert_eq!(
        (attribute(0, "version"), attribute(0, "srcLang"), attribute(0, "trgLang")),
        ("2.1".into(), "fr".into(), "en".into())
    );
    let paths = |path: &str| elements.iter().filter(|(own, _)| own == path).count();
    assert_eq!((paths("xliff/file"), paths("xliff/file/unit"), paths("xliff/file/unit/segment")), (2, 3, 3), "{document}");
    assert_eq!((paths("xliff/file/unit/segment/source"), paths("xliff/file/unit/segment/source/pc")), (3, 1), "{document}");
    assert_eq!(paths("xliff/file/unit/notes/note"), 6, "{document}");
    let ids: std::collections::HashSet<String> =
        (0..elements.len()).filter(|at| elements[*at].0 == "xliff/file/unit").map(|at| attribute(at, "id")).collect();
    assert_eq!(ids.len(), 3, "each unit has an id of its own");
    let states = elements.iter().filter(|(path, _)| path == "xliff/file/unit/segment").flat_map(|(_, attributes)| attributes);
    assert!(states.filter(|(name, _)| name == "state").all(|(_, state)| state == "initial"), "{document}");
    for (at, (path, _)) in elements.iter().enumerate().filter(|(_, (path, _))| path == "xliff/file/unit/segment") {
        assert!(elements[at - 1].0.ends_with("note"), "{path}: notes come before segments");
    }
}

#[tokio::test]
async fn correction_that_the_checks_doubt_is_taken_with_a_warning_and_outlives_everything() {
    let (_origin, server, world) = world().await;
    let wrong = "The relay wins before a billion, says Zidane";
    let ended = world.relais(&["correct", "--to", "en", RACE, wrong]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("warning") && ended.stderr.contains("number") && ended.stderr.contains("taken as it is"),
        "{ended:?}"
    );
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[1], wrong);
    let doubted = review(&world, &["--lang", "en"]).await;
    assert_eq!(
        (&doubted[0]["state"], &doubted[0]["by"], &doubted[0]["target"]),
        (&json!("doubted"), &json!("person"), &json!(wrong))
    );

    // Another glossary, another engine, and everything that engines made forgotten.
    write(&world, "glossary.tsv", "source\tvariants\ten\nrelais\t\trelay race\n");
    let feeds = std::fs::read_to_string(world.path("feeds.toml")).expect("a file");
    write(&world, "feeds.toml", &(feeds.replace("lt", "other") + "[glossary]\nfile = \"glossary.tsv\"\n"));
    let forgot = world.relais(&["retranslate", "--term", "relais"]).await;
    assert_eq!(forgot.code, Some(0), "{forgot:?}");
    assert_eq!(world.relais(&["prune"]).await.code, Some(0));
    server.translate_with(crate::support::engine::words::english);
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[1], wrong);
}

#[tokio::test]
async fn sentences_beside_a_correction_are_not_sent_to_an_engine_that_has_come_since() {
    let (origin, _server, world) = world().await;
    let text = items(&world, "jeux.en")[0]["content_html"].clone();
    let other = EngineServer::start(EngineKind::Apertium).await;
    world.configure("", &tables(&origin, &other).replace("libretranslate", "apertium"));
    world.relais(&["correct", "--to", "en", SWIM, "Swimming leaves Nanterre"]).await;
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[0], "Swimming leaves Nanterre");
    assert_eq!((&items(&world, "jeux.en")[0]["content_html"], other.requests().len()), (&text, 0));
}

#[tokio::test]
async fn wrong_translation_is_corrected_as_readers_see_it_with_its_link() {
    let (_origin, _server, world) = world().await;
    let seen = items(&world, "jeux.en")[0]["content_html"].as_str().expect("a text").to_owned();
    let plain = seen.replace("<p>", "").replace("</p>", "").replace("</a>", "");
    let plain = plain[..plain.find("<a").expect("a link")].to_owned() + plain.split_once("\">").expect("a link").1;
    let right = "The crowd applauded <x1>the swimmers</x1> after the race.";
    let ended = world.relais(&["correct", "--to", "en", &plain, right]).await;
    assert!(ended.code == Some(0) && ended.stderr.contains("corrected in 1 entry"), "{ended:?}");
    run(&world).await;
    let content = items(&world, "sport.en")[0]["content_html"].as_str().expect("a text").to_owned();
    assert!(
        content.contains("applauded <a href=\"https://a.example/\"") && content.contains(">the swimmers</a> after"),
        "{content}"
    );
    assert!(world.output("jeux.en.atom").contains("human translator (translation from fr)"));
}

#[tokio::test]
async fn correction_without_the_markup_is_published_with_a_warning() {
    let (_origin, _server, world) = world().await;
    let ended =
        world.relais(&["correct", "--to", "en", "Le public a salué les nageurs après la course.", "They cheered & left."]).await;
    assert!(ended.stderr.contains("leaves out <x1>"), "{ended:?}");
    run(&world).await;
    assert_eq!(items(&world, "jeux.en")[0]["content_html"], "<p>They cheered &amp; left.</p>");
}

#[tokio::test]
async fn correction_can_be_taken_back() {
    let (_origin, _server, world) = world().await;
    let machine = titles(&world, "jeux.en")[0].clone();
    world.relais(&["correct", "--to", "en", SWIM, "Swimming leaves Nanterre"]).await;
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[0], "Swimming leaves Nanterre");
    let ended = world.relais(&["correct", "--to", "en", "Swimming leaves Nanterre", "--take-back"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[0], machine);
    let again = world.relais(&["correct", "--to", "en", SWIM, "--take-back"]).await;
    assert!(again.code == Some(2) && again.stderr.contains("no person has translated"), "{again:?}");
}

#[tokio::test]
async fn text_that_no_edition_shows_is_refused_with_what_is_like_it() {
    let (_origin, _server, world) = world().await;
    let part = world.relais(&["correct", "--to", "en", "La natation française", "French swimming"]).await;
    assert!(part.code == Some(2) && part.stderr.contains(SWIM), "{part:?}");
    let none = world.relais(&["correct", "--to", "en", "Un autre texte", "Another text"]).await;
    assert!(none.code == Some(2) && none.stderr.contains("--from"), "{none:?}");
    let later = world.relais(&["correct", "--from", "fr", "--to", "en", "Un autre texte", "Another text"]).await;
    assert!(later.code == Some(0) && later.stderr.contains("when a source says it"), "{later:?}");
}

#[tokio::test]
async fn imported_memory_that_the_checks_doubt_is_published_too() {
    let (_origin, _server, world) = world().await;
    let unit = format!(
        "<tu><tuv xml:lang='fr'><seg>{RACE}</seg></tuv><tuv xml:lang='en'><seg>Four hundred and one saw it</seg></tuv></tu>"
    );
    write(&world, "theirs.tmx", &format!("<tmx version='1.4'><header srclang='fr'/><body>{unit}</body></tmx>"));
    let ended = world.relais(&["memory", "import", "theirs.tmx"]).await;
    assert_eq!(ended.stdout, "1 translations taken\n", "{ended:?}");
    run(&world).await;
    assert_eq!(titles(&world, "sport.en")[1], "Four hundred and one saw it");
    let exported = world.relais(&["memory", "export", "--format", "jsonl", "--to", "en"]).await;
    assert!(exported.stdout.contains("\"engine\":\"import:theirs\""), "{exported:?}");
}

#[tokio::test]
async fn memory_export_left_writes_what_is_untranslated_with_the_reason() {
    let (_origin, _server, world) = world().await;
    let lines = world.relais(&["memory", "export", "--left", "--to", "en-GB", "--format", "jsonl"]).await;
    let left: Value = serde_json::from_str(lines.stdout.trim()).expect("one line");
    assert_eq!(left, json!({ "from": "fr", "to": "en-GB", "source": RACE, "reason": "number" }));
    let tmx = world.relais(&["memory", "export", "--left", "left.tmx"]).await;
    assert!(tmx.stderr.contains("2 untranslated texts written to left.tmx"), "{tmx:?}");
    let text = std::fs::read_to_string(world.path("left.tmx")).expect("a file");
    assert!(text.contains("<note>number</note>") && text.contains("<prop type=\"x-relais-target\">en-GB</prop>"), "{text}");
    let back = world.relais(&["memory", "import", "left.tmx"]).await;
    assert_eq!(back.stdout, "0 translations taken, 2 without a translation\n", "{back:?}");
}

#[tokio::test]
async fn row_whose_source_was_changed_is_told_and_the_others_are_taken() {
    let (_origin, _server, world) = world().await;
    let table = world.relais(&["review", "--format", "tsv"]).await.stdout;
    let mut lines: Vec<String> = table.lines().map(|line| format!("{line}Right")).collect();
    lines[0] = lines[0].trim_end_matches("Right").to_owned();
    lines[1] = lines[1].replace("relais gagne", "relais perd");
    write(&world, "edited.tsv", &lines.join("\n"));
    let ended = world.relais(&["review", "import", "edited.tsv"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "1 correction taken, 1 not understood\n"), "{ended:?}");
    assert!(ended.stderr.contains("row 2: its source text or its languages were changed"), "{ended:?}");
    let none = world.relais(&["review", "import", "feeds.toml"]).await;
    assert!(none.code == Some(3) && none.stderr.contains("it is no review"), "{none:?}");
}

#[tokio::test]
async fn correction_is_taken_while_a_daemon_works_on_the_state() {
    let (_origin, _server, world) = world().await;
    let lock = std::fs::File::open(Path::new(&world.path("relais.db.lock"))).expect("the lock of the state");
    lock.lock().expect("nobody holds it");
    let ended = world.relais(&["correct", "--to", "en", SWIM, "Swimming leaves Nanterre"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    drop(lock);
    run(&world).await;
    assert_eq!(titles(&world, "jeux.en")[0], "Swimming leaves Nanterre");
}

#[tokio::test]
async fn review_goes_round_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    let (_origin, server, world) = new_world(&format!("state = \"{}\"", schema.url())).await;
    run(&world).await;
    let table = world.relais(&["review", "--lang", "en", "--format", "tsv"]).await.stdout;
    write(&world, "edited.tsv", &format!("{}The relay wins before 400 people\n", table.trim_end_matches('\n')));
    let ended = world.relais(&["review", "import", "edited.tsv"]).await;
    assert_eq!(ended.stdout, "1 correction taken\n", "{ended:?}");
    let sent = server.texts().len();
    run(&world).await;
    assert_eq!(titles(&world, "sport.en")[1], "The relay wins before 400 people");
    assert_eq!(server.texts().len(), sent);
    schema.drop().await;
}

/// Takes the engine's key away, so that no engine can be used.
fn without_engine(world: &World) {
    let feeds = std::fs::read_to_string(world.path("feeds.toml")).expect("a file");
    let keyed = feeds.replace("kind = \"libretranslate\"", "kind = \"libretranslate\"\nkey = { env = \"RELAIS_NO_SUCH_KEY\" }");
    write(world, "feeds.toml", &keyed);
}

#[tokio::test]
async fn correction_is_published_while_no_engine_can_be_used() {
    let (_origin, server, world) = world().await;
    let (before, sent) = (items(&world, "jeux.en"), server.texts().len());
    without_engine(&world);
    world.relais(&["correct", "--to", "en", SWIM, "Swimming leaves Nanterre"]).await;
    let ended = world.relais(&["run", "--force"]).await;
    assert_eq!(ended.code, Some(3), "the key is missing: {ended:?}");
    assert_eq!(titles(&world, "jeux.en")[0], "Swimming leaves Nanterre");
    assert_eq!(items(&world, "jeux.en")[0]["content_html"], before[0]["content_html"], "what the engine made stays");
    assert_eq!((items(&world, "jeux.en")[1].clone(), server.texts().len()), (before[1].clone(), sent));
}

#[tokio::test]
async fn correction_of_an_entry_that_no_engine_has_translated_is_published() {
    let (_origin, _server, world) = new_world("").await;
    without_engine(&world);
    world.relais(&["run"]).await;
    assert_eq!(titles(&world, "jeux.en")[0], SWIM);
    world.relais(&["correct", "--from", "fr", "--to", "en", SWIM, "Swimming leaves Nanterre"]).await;
    world.relais(&["run", "--force"]).await;
    assert_eq!(titles(&world, "jeux.en"), ["Swimming leaves Nanterre", RACE]);
}
