//! `relais memory export` and `import` as a user sees them.

use std::path::Path;
use std::process::Stdio;

use relais::model::{Lang, Marked, MemoryResult, SegmentKey, Time};
use relais::store::{Access, MemoryEntry, Store};

use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::{World, finish, finish_watched};

/// The least that a feeds.toml holds.
const TABLES: &str = "[source.a]\nurl = \"https://a.example.org/feed\"\n[edition.jeux]\ntitle = \"Jeux\"\nfrom = [\"*\"]\n";

fn empty_world() -> World {
    World::new(TABLES)
}

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it can be written");
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).expect("it is there")
}

fn url(world: &World) -> String {
    format!("sqlite:{}", world.path("relais.db").display())
}

/// What the store of a world holds, by key.
async fn held(url: &str) -> Vec<MemoryEntry> {
    let store = Store::open(url, Access::Look).await.expect("a store");
    store.list_memory((None, None), None, 1_000_000).await.expect("a memory")
}

/// Translations by an engine, with marks and odd signs.
async fn fill(url: &str, count: usize) {
    let store = Store::open(url, Access::Work).await.expect("a store");
    let memories: Vec<MemoryEntry> = (0..count)
        .map(|n| {
            let source = format!("<x1>Phrase {n}</x1> & « été »\u{a0}!<x2/>");
            let source = Marked::from_tagged(&source).expect("a segment");
            MemoryEntry {
                key: SegmentKey::new(&source, &lang("fr"), &lang("en"), "deepl", &[("été", "summer")]),
                from: lang("fr"),
                to: lang("en"),
                engine: "deepl".to_owned(),
                source: source.to_tagged(),
                result: MemoryResult::Translation(format!("<x2/>“Summer” &lt;{n}&gt; <x1>sentence</x1>\u{2028}!")),
                made: Time::from_rfc3339("2026-11-24T04:15:00Z").expect("a date"),
            }
        })
        .collect();
    store.save_memory(&memories, "w", false).await.expect("they are remembered");
    store.close().await.expect("it can be closed");
}

#[tokio::test]
async fn a_memory_goes_to_a_file_and_into_another_state_whole() {
    let world = empty_world();
    fill(&url(&world), 2500).await;
    let expected = held(&url(&world)).await;
    assert_eq!(expected.len(), 2500);
    for file in ["memory.tmx", "memory.jsonl"] {
        let ended = world.relais(&["memory", "export", file]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.stderr.contains("2500 translations written to"), "{ended:?}");
        let kind = if file.ends_with("tmx") { "tmx" } else { "jsonl" };
        let piped = world.relais(&["memory", "export", "--format", kind]).await;
        assert_eq!((piped.code, piped.stderr.as_str()), (Some(0), ""), "{piped:?}");
        assert_eq!(piped.stdout, read(&world, file));

        let other = empty_world();
        write(&other.path(file), &piped.stdout);
        let ended = other.relais(&["memory", "import", file]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "2500 translations taken\n"), "{ended:?}");
        assert_eq!(held(&url(&other)).await, expected, "{file}");
        let again = other.relais(&["memory", "import", file]).await;
        assert_eq!(again.stdout, "0 translations taken, 2500 known already\n");
    }
}

#[tokio::test]
async fn a_memory_moves_from_sqlite_to_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    let world = empty_world();
    fill(&url(&world), 30).await;
    world.relais(&["memory", "export", "memory.tmx"]).await;
    let expected = held(&url(&world)).await;
    let other = empty_world();
    other.configure(&format!("state = \"{}\"", schema.url()), TABLES);
    write(&other.path("memory.tmx"), &read(&world, "memory.tmx"));
    let ended = other.relais(&["memory", "import", "memory.tmx"]).await;
    assert_eq!(ended.stdout, "30 translations taken\n", "{ended:?}");
    assert_eq!(held(&schema.url()).await, expected);
    schema.drop().await;
}

#[tokio::test]
async fn what_people_translated_is_found_before_any_engine_is_asked() {
    let world = empty_world();
    let units = "<tu><tuv xml:lang='fr-FR'><seg>Le  CIO a <bpt i='1'>{b}</bpt>voté<ept i='1'>{/b}</ept>.</seg></tuv><tuv xml:lang='en-US'><seg>The IOC <bpt i='1'/>voted<ept i='1'/>.</seg></tuv></tu>\
                 <tu><tuv xml:lang='fr-FR'><seg>Oui</seg></tuv><tuv xml:lang='de'><seg>Ja</seg></tuv></tu>\
                 <tu><tuv xml:lang='fr-FR'><seg>12</seg></tuv><tuv xml:lang='en-US'><seg>12</seg></tuv></tu>\
                 <tu><tuv xml:lang='fr-FR'><seg>Seul</seg></tuv></tu>";
    write(&world.path("theirs.tmx"), &format!("<tmx version='1.4'><header srclang='fr-FR'/><body>{units}</body></tmx>"));
    let ended = world.relais(&["memory", "import", "--from", "fr", "--to", "en", "theirs.tmx"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "1 translations taken, 1 in other languages, 2 without a translation\n");

    let store = Store::open(&url(&world), Access::Look).await.expect("a store");
    let held = store.list_corrections((None, None), None, 9).await.expect("corrections");
    let source = Marked::from_tagged("Le CIO a <x1>voté</x1>.").expect("a segment");
    let key = SegmentKey::of_person(&source, &lang("fr"), &lang("en"));
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].key, held[0].origin.as_str(), held[0].source.as_str()),
        (key, "import:theirs", "Le CIO a <x1>voté</x1>.")
    );
    assert_eq!(held[0].target.as_deref(), Some("The IOC <x1>voted</x1>."));

    write(&world.path("theirs.tmx"), &read(&world, "theirs.tmx").replace("The IOC", "IOC"));
    let ended = world.relais(&["memory", "import", "--from", "fr", "--to", "en", "theirs.tmx", "--replace"]).await;
    assert!(ended.stdout.starts_with("1 translations taken"), "{ended:?}");
    let export = world.relais(&["memory", "export", "--format", "jsonl", "--to", "en"]).await;
    assert!(export.stdout.contains("\"target\":\"IOC <x1>voted</x1>.\""), "{export:?}");
    assert_eq!(world.relais(&["memory", "export", "--format", "jsonl", "--to", "es"]).await.stdout, "");
}

#[tokio::test]
async fn an_edition_is_translated_by_what_people_translated_alone() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &[Story::new(1).text("<p>Le <b>texte</b> du CIO.</p>"), Story::new(0)])));
    let world = World::new(&format!(
        "[source.a]\nurl = \"{}\"\n[engine.away]\nkind = \"libretranslate\"\nurl = \"{}\"\n[edition.jeux]\ntitle = \"Jeux\"\n\
         from = [\"*\"]\nlangs = [\"en\"]\nengines = [\"away\"]\nuntranslated = \"skip\"\n",
        origin.url("/a"),
        origin.url("/engine")
    ));
    origin.on("/engine/translate", Reply::status(500));
    let unit = |source: &str, target: &str| {
        format!("<tu><tuv xml:lang='FR-FR'><seg>{source}</seg></tuv><tuv xml:lang='EN-GB'><seg>{target}</seg></tuv></tu>")
    };
    let units = unit("Titre 1 : l’été à Paris", "Headline 1: summer in Paris")
        + &unit("Le <bpt i='1'/>texte<ept i='1'/> du CIO.", "The IOC’s <bpt i='1'/>text<ept i='1'/>.");
    write(&world.path("theirs.tmx"), &format!("<tmx version='1.4'><header srclang='FR-FR'/><body>{units}</body></tmx>"));
    let ended = world.relais(&["memory", "import", "theirs.tmx", "--from", "fr", "--to", "en"]).await;
    assert_eq!(ended.stdout, "2 translations taken\n", "{ended:?}");
    let ended = world.relais(&["run", "--json"]).await;
    let report = ended.json();
    assert_eq!(report["translation"]["recalled"], 2, "{report}");
    let feed: serde_json::Value = serde_json::from_str(&world.output("jeux.en.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items");
    assert_eq!(items.len(), 1, "the other story waits for its engine: {feed}");
    assert_eq!(items[0]["title"], "Headline 1: summer in Paris");
    let atom = world.output("jeux.en.atom");
    assert!(atom.contains("The IOC’s &lt;b&gt;text&lt;/b&gt;."), "{atom}");
}

#[tokio::test]
async fn a_file_that_is_none_is_told_and_what_came_before_is_kept() {
    let world = empty_world();
    let row = "{\"from\":\"fr\",\"to\":\"en\",\"source\":\"Oui\",\"target\":\"Yes\"}\n";
    write(&world.path("page.tmx"), "<!DOCTYPE html><html><p>Non</html>");
    write(
        &world.path("cut.tmx"),
        "<tmx><header srclang='fr'/><body><tu><tuv xml:lang='fr'><seg>Non</seg></tuv><tuv xml:lang='en'><seg>No</seg></tuv></tu><tu><tuv>",
    );
    write(&world.path("long.jsonl"), &format!("{row}{}", "x".repeat(2 << 20)));
    write(&world.path("odd.jsonl"), &format!("odd\n{row}"));
    for (file, code, stdout, stderr) in [
        ("page.tmx", 3, "", "page.tmx: it is no TMX: its first element is <html>"),
        ("cut.tmx", 3, "1 translations taken\n", "cut.tmx: it is not well-formed at byte"),
        ("long.jsonl", 3, "1 translations taken\n", "a line of more than a mebibyte"),
        ("odd.jsonl", 0, "0 translations taken, 1 known already, 1 not understood\n", ""),
        ("none.tmx", 2, "", "cannot read none.tmx"),
    ] {
        let ended = world.relais(&["memory", "import", file]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), stdout), "{file}: {ended:?}");
        assert!(ended.stderr.contains(stderr), "{file}: {ended:?}");
    }
    let store = Store::open(&url(&world), Access::Look).await.expect("a store");
    assert_eq!(store.list_corrections((None, None), None, 9).await.expect("corrections").len(), 2);
    let nowhere = world.relais(&["memory", "export", "nowhere/a.tmx"]).await;
    assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
    assert!(nowhere.stderr.contains("cannot write nowhere/a.tmx"), "{nowhere:?}");
    let fresh = empty_world().relais(&["memory", "export"]).await;
    assert_eq!((fresh.code, fresh.stdout.as_str()), (Some(1), ""), "{fresh:?}");
    assert!(fresh.stderr.contains("no state yet"), "{fresh:?}");
}

/// Ten times as many rows need no more memory: they are read and written one by one.
#[tokio::test]
async fn a_large_memory_passes_through_a_small_one() {
    let mut peaks = Vec::new();
    for count in [20_000_u32, 200_000] {
        let world = empty_world();
        let mut child = world.command(&["memory", "import", "-", "--format", "jsonl"]);
        let mut child = child.stdin(Stdio::piped()).spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("its input");
        let feeder = std::thread::spawn(move || {
            for n in 0..count {
                let row = format!(
                    "{{\"from\":\"fr\",\"to\":\"en\",\"source\":\"Phrase {n} du jour\",\"target\":\"Sentence {n} of the day\"}}\n"
                );
                std::io::Write::write_all(&mut input, row.as_bytes()).expect("it reads on");
            }
        });
        let (ended, import) = finish_watched(child).await;
        feeder.join().expect("all was written");
        assert_eq!(ended.stdout, format!("{count} translations taken\n"), "{ended:?}");
        let mut child = world.command(&["memory", "export", "memory.tmx", "--quiet"]);
        let (ended, export) = finish_watched(child.spawn().expect("the program starts")).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let units = read(&world, "memory.tmx").matches("<tu ").count();
        assert_eq!(units, count as usize);
        peaks.push((import, export));
    }
    println!("peak memory in KiB of import and export: {peaks:?}");
    if peaks[0].0 > 0 {
        let grown = |small: u64, large: u64| large < small + (16 << 10);
        assert!(grown(peaks[0].0, peaks[1].0) && grown(peaks[0].1, peaks[1].1), "{peaks:?}");
    }
    let closed = empty_world();
    fill(&url(&closed), 5000).await;
    let mut child = closed.start(&["memory", "export"]);
    drop(child.stdout.take());
    assert_eq!(finish(child).await.code, Some(0), "a reader that has had enough is no failure");
}
