//! Stories: what is recognised as one event in a corpus of our own, and what an edition makes of it.

mod places;
mod skip;

use std::collections::HashMap;
use std::time::Duration;

use relais::model::{ArticleKey, EngineKind, EntryId, EntryRow, Lang, LinkOrigin, Revision, SourceId, StoryRules, Time};
use relais::select::{Stories, story_key};

use crate::support::engine::EngineServer;
use crate::support::feeds::tables;
use crate::support::origin::{Origin, Reply};
use crate::support::postgres::Schema;
use crate::support::program::World;

/// The lines to which the weights of the features were fitted.
const FITTED: &str = include_str!("../story/fitted.tsv");
/// Lines to which nothing was fitted.
const HELD_OUT: &str = include_str!("../story/held-out.tsv");
const MINUTE: i64 = 60_000;

/// Reads the lines of a corpus: rows, and the story of each; an entry that stands alone has a story of its own.
fn read(corpus: &str) -> (Vec<EntryRow>, HashMap<EntryId, String>) {
    let (mut rows, mut labels, mut lede) = (Vec::new(), HashMap::new(), "");
    for (number, line) in corpus.lines().filter(|line| !line.starts_with('#')).enumerate() {
        let [story, outlet, minute, title, text] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five fields: {line}")
        };
        lede = if text == "=" { lede } else { text };
        let id = EntryId(i64::try_from(number).expect("a number"));
        let page = format!("https://{outlet}.example/{number}");
        rows.push(EntryRow {
            id,
            source: SourceId::new(outlet),
            revision: Revision(0),
            at: Time::from_millis(minute.parse::<i64>().expect("a minute") * MINUTE),
            first_seen: Time::EPOCH,
            lang: Lang::new("fr"),
            article: ArticleKey::new(Some(&page), title, Some(lede), LinkOrigin::FeedHost),
            story: story_key(title, lede, lede.len()),
            is_withdrawn: false,
        });
        labels.insert(id, if story == "-" { format!("alone {number}") } else { story.to_owned() });
    }
    (rows, labels)
}

/// The numbers of pairs that are rightly joined, wrongly joined, and missed.
#[derive(Clone, Copy, Debug, Default)]
struct Pairs {
    right: f64,
    wrong: f64,
    missed: f64,
}

impl Pairs {
    fn of(corpus: &str) -> Self {
        let (rows, labels) = read(corpus);
        let mut found: HashMap<EntryId, usize> = HashMap::new();
        for (number, story) in Stories::of(StoryRules::default(), rows.clone()).iter().enumerate() {
            found.extend(story.iter().map(|row| (row.id, number)));
        }
        let mut pairs = Self::default();
        for (place, one) in rows.iter().enumerate() {
            for other in &rows[..place] {
                match (labels[&one.id] == labels[&other.id], found[&one.id] == found[&other.id]) {
                    (true, true) => pairs.right += 1.0,
                    (false, true) => pairs.wrong += 1.0,
                    (true, false) => pairs.missed += 1.0,
                    (false, false) => {}
                }
            }
        }
        pairs
    }

    fn precision(self) -> f64 {
        self.right / (self.right + self.wrong)
    }

    fn recall(self) -> f64 {
        self.right / (self.right + self.missed)
    }
}

#[test]
fn corpus_has_150_stories_over_600_entries() {
    let (mut entries, mut stories) = (0, 0);
    for corpus in [FITTED, HELD_OUT] {
        let (rows, labels) = read(corpus);
        let mut sizes: HashMap<&String, u32> = HashMap::new();
        for label in labels.values() {
            *sizes.entry(label).or_default() += 1;
        }
        entries += rows.len();
        stories += sizes.values().filter(|size| **size > 1).count();
    }
    assert!(entries >= 600 && stories >= 150, "{stories} stories over {entries} entries");
}

#[test]
fn stories_of_the_fitted_corpus_are_found() {
    let pairs = Pairs::of(FITTED);
    println!("fitted corpus: precision {:.4}, recall {:.4}, {pairs:?}", pairs.precision(), pairs.recall());
    assert!(pairs.precision() >= 0.98 && pairs.recall() >= 0.90, "{:.4} {:.4} {pairs:?}", pairs.precision(), pairs.recall());
}

#[test]
fn stories_of_the_held_out_corpus_are_found() {
    let pairs = Pairs::of(HELD_OUT);
    println!("held-out corpus: precision {:.4}, recall {:.4}, {pairs:?}", pairs.precision(), pairs.recall());
    assert!(pairs.precision() >= 0.98 && pairs.recall() >= 0.90, "{:.4} {:.4} {pairs:?}", pairs.precision(), pairs.recall());
}

/// An item of a feed: number, hour, headline and text.
type Item<'a> = (u32, u32, &'a str, &'a str);

const LONG: &str = "Le relais français a remporté samedi la finale du 4x100 m devant la Jamaïque et le Japon, en 37 sec 80. \
    Porté par Kylian Marteau, le quatuor offre à la France un titre attendu depuis trente ans, devant soixante mille spectateurs \
    debout. Le dernier passage de témoin a failli tout gâcher, mais Idriss Caumont a tenu bon dans la ligne droite.";
const SHORT: &str = "Le relais français de Kylian Marteau a gagné samedi la finale du 4x100 m devant la Jamaïque.";

fn feed(source: &str, items: &[Item<'_>]) -> String {
    let items: String = items
        .iter()
        .map(|(number, hour, title, text)| {
            let link = format!("https://{source}.example.org/{number}");
            format!(
                "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><description>{text}</description>\
                 <pubDate>Sat, 12 Sep 2026 {hour:02}:00:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Le journal {source}</title><language>fr</language>{items}</channel></rss>")
}

const FIRST: Item<'_> = (1, 10, "Relais : Kylian Marteau et les Français en or sur 4x100 m", SHORT);
const RICHER: Item<'_> = (1, 12, "4x100 m : l’or pour le relais français de Kylian Marteau", LONG);
const EARLIER: Item<'_> = (1, 9, "Kylian Marteau et le relais français sacrés sur 4x100 m", SHORT);
const OTHER: Item<'_> =
    (2, 11, "Le village olympique ouvre ses portes aux habitants", "Des visites sont proposées chaque dimanche.");

/// A world whose sources a, b and c are empty; its edition has more keys.
async fn world(keys: &str) -> (Origin, World) {
    world_with(|tables| tables + keys).await
}

async fn world_with(edit: impl FnOnce(String) -> String) -> (Origin, World) {
    let origin = Origin::start().await;
    for source in ["a", "b", "c"] {
        origin.on(&format!("/{source}"), Reply::ok(feed(source, &[])));
    }
    let sources = ["a", "b", "c"].map(|source| (source, origin.url(&format!("/{source}"))));
    let world = World::new(&edit(tables(&sources)));
    (origin, world)
}

async fn publish(origin: &Origin, world: &World, feeds: &[(&str, &[Item<'_>])]) {
    for (source, items) in feeds {
        origin.on(&format!("/{source}"), Reply::ok(feed(source, items)));
    }
    world.relais(&["run", "--force"]).await;
}

/// The items of the JSON Feed: id, source, date, and the other sources.
fn items(world: &World) -> Vec<(String, String, String, Vec<String>)> {
    let feed: serde_json::Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let item = |item: &serde_json::Value| {
        let also = item["_relais"]["also_in"].as_array().cloned().unwrap_or_default();
        let also = also.iter().map(|other| text(&other["source"]["id"])).collect();
        (text(&item["id"]), text(&item["_relais"]["source"]["id"]), text(&item["date_published"]), also)
    };
    feed["items"].as_array().expect("items").iter().map(item).collect()
}

#[tokio::test]
async fn entries_about_one_event_are_one_item_that_lists_the_others() {
    let (origin, world) = world("").await;
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER, OTHER])]).await;
    let items = items(&world);
    let shown: Vec<_> = items.iter().map(|(_, source, date, also)| (source.as_str(), &date[11..13], also.join(" "))).collect();
    assert_eq!(shown, [("b", "11", String::new()), ("b", "10", "a".to_owned())], "the richest text, at the place of the first");
    let atom = world.output("jeux.atom");
    assert!(atom.contains("href=\"https://a.example.org/1\" rel=\"related\" title=\"Le journal a\""), "{atom}");
    let rss = world.output("jeux.rss");
    assert!(
        rss.contains("Aussi dans &lt;a href=&quot;https://a.example.org/1&quot;&gt;Le journal a&lt;/a&gt;")
            || rss.contains("<p>Aussi dans <a href=\"https://a.example.org/1\">Le journal a</a></p>"),
        "{rss}"
    );
    assert!(rss.contains("rel=\"related\""), "{rss}");
    let html = world.output("jeux.html");
    assert!(html.contains("Aussi dans <a href=\"https://a.example.org/1\"><bdi>Le journal a</bdi></a>"), "{html}");
}

#[tokio::test]
async fn story_keeps_id_and_date_when_entries_join() {
    let (origin, world) = world("").await;
    publish(&origin, &world, &[("a", &[FIRST])]).await;
    let first = items(&world);
    publish(&origin, &world, &[("b", &[RICHER, OTHER]), ("c", &[EARLIER])]).await;
    let joined = items(&world);
    assert_eq!(
        (&joined[1].0, &joined[1].2),
        (&first[0].0, &first[0].2),
        "neither the later entry nor the earlier one changes it"
    );
    assert_eq!((joined.len(), joined[1].1.as_str(), joined[1].3.len()), (2, "b", 2));
}

#[tokio::test]
async fn preferred_source_leads_before_a_richer_text() {
    let (origin, world) = world_with(|tables| tables.replace("[source.a]\n", "[source.a]\nprefer = 1\n")).await;
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER])]).await;
    let items = items(&world);
    assert_eq!((items.len(), items[0].1.as_str(), items[0].3.as_slice()), (1, "a", ["b".to_owned()].as_slice()));
}

#[tokio::test]
async fn entries_of_one_source_are_not_joined() {
    let (origin, world) = world("").await;
    publish(&origin, &world, &[("a", &[FIRST, (4, 11, RICHER.2, RICHER.3)])]).await;
    assert_eq!(items(&world).len(), 2);
}

#[tokio::test]
async fn story_takes_one_place_of_the_limit() {
    let (origin, world) = world("limit = 3\n").await;
    let old = (5, 8, "Une piste de ski à Annecy", "Elle ouvre en mai.");
    publish(&origin, &world, &[("a", &[FIRST, old]), ("b", &[RICHER, OTHER])]).await;
    let shown: Vec<(String, usize)> = items(&world).into_iter().map(|(_, source, _, also)| (source, also.len())).collect();
    assert_eq!(shown, [("b".to_owned(), 0), ("b".to_owned(), 1), ("a".to_owned(), 0)]);
}

#[tokio::test]
async fn as_many_entries_are_translated_as_there_are_places_for_stories() {
    let (origin, engine, world) = translated_world_with("limit = 2\n").await;
    let old = (5, 8, "Une piste de ski à Annecy", "Elle ouvre en mai.");
    publish(&origin, &world, &[("a", &[FIRST, old]), ("b", &[RICHER, OTHER])]).await;
    assert_eq!(english(&world), [("b".to_owned(), 0), ("b".to_owned(), 1)]);
    let texts = engine.texts().concat();
    assert!(texts.contains("village olympique") && !texts.contains("Annecy"), "{texts}");
}

#[tokio::test]
async fn edition_without_stories_shows_each_entry() {
    let (origin, world) = world("stories = false\n").await;
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER])]).await;
    assert_eq!(items(&world).len(), 2);
}

/// A world whose edition is translated by an engine.
async fn translated_world() -> (Origin, EngineServer, World) {
    translated_world_with("").await
}

async fn translated_world_with(keys: &str) -> (Origin, EngineServer, World) {
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let (origin, world) = world_with(|tables| {
        let url = engine.url();
        format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{url}\"\n{tables}langs = [\"en\"]\nengines = [\"lt\"]\n{keys}")
    })
    .await;
    (origin, engine, world)
}

/// The sources of the items of the English JSON Feed, each with the number of others.
fn english(world: &World) -> Vec<(String, usize)> {
    let feed: serde_json::Value = serde_json::from_str(&world.output("jeux.en.json")).expect("JSON");
    let also = |item: &serde_json::Value| item["_relais"]["also_in"].as_array().map_or(0, Vec::len);
    let source = |item: &serde_json::Value| item["_relais"]["source"]["id"].as_str().unwrap_or_default().to_owned();
    feed["items"].as_array().expect("items").iter().map(|item| (source(item), also(item))).collect()
}

#[tokio::test]
async fn only_the_entry_that_leads_its_story_is_translated() {
    let (origin, engine, world) = translated_world().await;
    origin.on("/a", Reply::ok(feed("a", &[FIRST])));
    origin.on("/b", Reply::ok(feed("b", &[RICHER])));
    let estimated = world.relais(&["run", "--dry-run", "--json"]).await.json();
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!(english(&world), [("b".to_owned(), 1)]);
    let texts = engine.texts().concat();
    assert!(texts.contains("offre à la France") && !texts.contains("Relais : Kylian Marteau"), "{texts}");
    assert_eq!(report["translation"]["waiting"], 0, "what is not translated waits for nothing: {report}");
    let segments = &estimated["translation"]["segments"];
    assert_eq!(segments, &report["translation"]["segments"], "and is not estimated: {estimated} {report}");
}

#[tokio::test]
async fn entry_that_comes_to_lead_its_story_is_translated_then() {
    let (origin, engine, world) = translated_world().await;
    let others = [
        (7, 14, "Les billets de judo se vendent vite", "Il en reste trois cents."),
        (8, 7, "Une piste de ski à Annecy", "Elle ouvre en mai."),
        (9, 6, "Le prix du pain monte encore", "Dix centimes de plus."),
    ];
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[others[0], RICHER, others[1], others[2]])]).await;
    let before = engine.texts().len();
    publish(&origin, &world, &[("b", &others)]).await;
    assert!(english(&world).contains(&("a".to_owned(), 0)), "the richer one was taken back: {:?}", english(&world));
    let texts = engine.texts()[before..].concat();
    assert!(texts.contains("Kylian Marteau et les Français en or"), "{texts}");
}

#[tokio::test]
async fn unchanged_stories_are_not_written_again() {
    let (origin, world) = world("").await;
    publish(&origin, &world, &[("a", &[FIRST]), ("b", &[RICHER])]).await;
    let before = world.output("jeux.atom");
    let report = world.relais(&["run", "--force", "--json"]).await.json();
    assert_eq!(report["editions"][0]["written"], 0, "{report}");
    assert_eq!(world.output("jeux.atom"), before);
}

#[tokio::test]
async fn both_databases_give_the_same_stories_in_any_order_of_answers() {
    let Some(schema) = Schema::make().await else { return };
    let mut outputs = Vec::new();
    for (slow, state) in [("a", String::new()), ("b", format!("state = \"{}\"", schema.url()))] {
        let (origin, world) = world("").await;
        let sources = ["a", "b", "c"].map(|source| (source, origin.url(&format!("/{source}"))));
        world.configure(&state, &tables(&sources));
        for (source, items) in [("a", [FIRST].as_slice()), ("b", &[RICHER, OTHER]), ("c", &[EARLIER])] {
            let wait = Duration::from_millis(if source == slow { 300 } else { 0 });
            origin.on(&format!("/{source}"), Reply::ok(feed(source, items)).after(wait));
        }
        world.relais(&["run", "--force"]).await;
        outputs.push(items(&world));
    }
    schema.drop().await;
    assert_eq!(outputs[0].len(), 2);
    assert_eq!(outputs[0], outputs[1]);
}
