//! Editions most of whose newest entries tell few events: each event takes one place, and older news have the others.

use relais::model::EngineKind;

use crate::support::engine::EngineServer;
use crate::support::feeds::tables;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

use super::{feed, items};

/// The sources that tell every event.
const TELLERS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
/// Events: who, what and where.
const EVENTS: [[&str; 4]; 3] = [
    ["Kylian Marteau", "le relais", "Nanterre", "Soren Haalund"],
    ["Odile Varenne", "le marathon", "Annecy", "Petra Kovacsova"],
    ["Bastien Lorcy", "le judo", "Carpentras", "Takeshi Moriyama"],
];
/// Other news, older than all events.
const OLDER: [&str; 6] = [
    "Le prix du pain monte encore",
    "Une piste de ski ouvre en mai",
    "Les billets de théâtre se vendent vite",
    "Le musée rouvre ses portes au public",
    "Un pont fermé pendant deux semaines",
    "Les vendanges commencent avec dix jours d’avance",
];

/// The headline and the text by which a source tells an event.
fn telling([who, what, place, other]: &[&str; 4], teller: usize) -> (String, String) {
    let title = match teller {
        0 => format!("{who} en or à {place} : {what} pour la France"),
        1 => format!("À {place}, {who} gagne {what} devant {other}"),
        2 => format!("{what} à {place} : {who} bat {other}"),
        3 => format!("{who} remporte {what} à {place}"),
        4 => format!("Victoire à {place} : {what} pour {who}"),
        5 => format!("{who} s’impose devant {other} à {place}"),
        6 => format!("{place} : {who} champion pour {what}"),
        _ => format!("Titre à {place} pour {who}, {what} gagné devant {other}"),
    };
    let ends = ["hier", "le soir", "sans trembler", "enfin", "de peu", "avec brio", "au bout", "dans la joie"];
    let text = format!("{who} a remporté samedi {what} à {place} devant {other}, au terme d’un duel serré, {}.", ends[teller]);
    (title, text)
}

/// A world in which eight sources tell three events, and one has older news. Its edition has six places, and more keys.
async fn world(engine: &str, keys: &str) -> (Origin, World) {
    let origin = Origin::start().await;
    for (teller, source) in TELLERS.iter().enumerate() {
        let told: Vec<(String, String)> = EVENTS.iter().map(|event| telling(event, teller)).collect();
        let told = (1..).zip(&told).map(|(number, (title, text))| (number, 12 + number, title.as_str(), text.as_str()));
        origin.on(&format!("/{source}"), Reply::ok(feed(source, &told.collect::<Vec<_>>())));
    }
    let older: Vec<_> = (1..).zip(OLDER).map(|(number, title)| (number, number, title, "La mairie le dit.")).collect();
    origin.on("/z", Reply::ok(feed("z", &older)));
    let sources: Vec<_> = TELLERS.iter().chain(&["z"]).map(|source| (*source, origin.url(&format!("/{source}")))).collect();
    let world = World::new(&format!("{engine}{}limit = 6\n{keys}", tables(&sources)));
    (origin, world)
}

#[tokio::test]
async fn edition_is_full_although_its_newest_entries_tell_few_events() {
    let (_origin, world) = world("", "").await;
    assert_eq!(world.relais(&["run"]).await.code, Some(0));
    let items = items(&world);
    let told: Vec<usize> = items.iter().map(|(.., also)| also.len()).collect();
    assert_eq!(told, [7, 7, 7, 0, 0, 0], "three events with all who tell them, and the newest of the others: {items:?}");
}

#[tokio::test]
async fn what_fills_such_an_edition_is_translated() {
    let engine = EngineServer::start(EngineKind::Libretranslate).await;
    let of_engine = format!("[engine.lt]\nkind = \"libretranslate\"\nurl = \"{}\"\n", engine.url());
    let (_origin, world) = world(&of_engine, "langs = [\"en\"]\nengines = [\"lt\"]\n").await;
    let report = world.relais(&["run", "--json"]).await.json();
    assert_eq!((&report["editions"][0]["items"], &report["translation"]["waiting"]), (&6.into(), &0.into()), "{report}");
    let texts = engine.texts().concat();
    assert!(texts.contains("vendanges") && !texts.contains("pain"), "the newest three of the older news: {texts}");
}
