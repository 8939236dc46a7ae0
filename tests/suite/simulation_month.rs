//! A month of news through the memory: what is sent, beside what would be sent without one.

use std::collections::HashSet;

use relais::model::EngineKind;

use crate::support::engine::EngineServer;
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const DAYS: u32 = 30;
const SOURCES: u32 = 10;
/// Articles that a source brings each day: of these, every third is agency copy, which three sources print.
const DAILY: u32 = 2;
/// Sentences of an article.
const LENGTH: u32 = 8;

const SUBJECTS: [&str; 8] = [
    "Les nageurs de la sélection",
    "Les organisateurs de la course",
    "Les dirigeants de la fédération",
    "Les habitants de la ville",
    "Les entraîneurs du club",
    "Les spectateurs du stade",
    "Les juges de la finale",
    "Les médecins de l’équipe",
];
const VERBS: [&str; 8] = [
    "ont préparé la cérémonie avec",
    "ont attendu le résultat pendant",
    "ont quitté le village après",
    "ont présenté le programme devant",
    "ont gagné la confiance de",
    "ont discuté le règlement avec",
    "ont regardé la rencontre avec",
    "ont partagé la victoire avec",
];

/// A sentence that no other number has.
fn sentence(number: u32) -> String {
    let (subject, verb) = (SUBJECTS[number as usize % 8], VERBS[number as usize / 8 % 8]);
    format!("{subject} {verb} {} personnes dans le froid du matin.", 100 + number)
}

/// An article as it stands on a day: of its sentences the third is another one from its second day on, in every second article.
fn article(number: u32, age: u32) -> String {
    let sentences = (0..LENGTH).map(|place| {
        let is_corrected = place == 2 && age > 0 && number.is_multiple_of(2);
        sentence(number * (LENGTH + 1) + if is_corrected { LENGTH } else { place })
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// What a source shows on a day: today's articles and yesterday's.
fn shown(source: u32, day: u32) -> Vec<Story> {
    let mut stories = Vec::new();
    for age in 0..=u32::from(day > 0) {
        for place in 0..DAILY {
            let of_day = (day - age) * SOURCES * DAILY;
            let own = of_day + source * DAILY + place;
            // Agency copy has the number that the first of the three sources gives it.
            let number = if own.is_multiple_of(3) { of_day + source / 3 * 3 * DAILY + place } else { own };
            let title = format!("La nouvelle {number} du sport français pendant la saison");
            stories.push(Story { number: own, title, html: format!("<p>{}</p>", article(number, age)) });
        }
    }
    stories
}

fn feed(source: u32, day: u32) -> Reply {
    let text = rss(&format!("s{source}"), &shown(source, day))
        .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
        .replace("<description>", "<content:encoded>")
        .replace("</description><category>", "</content:encoded><category>");
    Reply::ok(text).header("content-type", "application/rss+xml")
}

/// Spanish of a sort, word for word.
fn spanish(text: &str) -> String {
    const SMALL: [&str; 8] = ["de", "la", "que", "el", "en", "los", "con", "por"];
    const LARGE: [&str; 8] = ["equipo", "carrera", "ciudad", "persona", "mañana", "victoria", "después", "durante"];
    let mut out = String::new();
    for (place, word) in text.split(' ').enumerate() {
        out.push_str(if place > 0 { " " } else { "" });
        let letters = word.trim_end_matches('.');
        if letters.is_empty() || letters.chars().any(|c| c.is_ascii_digit()) {
            out.push_str(word);
            continue;
        }
        let hash = letters.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte));
        let spanish = if letters.chars().count() <= 4 { SMALL[hash % 8] } else { LARGE[hash % 8] };
        let (head, tail) = spanish.split_at(1);
        out.push_str(&if place == 0 { head.to_uppercase() } else { head.to_owned() });
        out.push_str(tail);
        out.push_str(&word[letters.len()..]);
    }
    out
}

#[tokio::test]
async fn month_of_translation_costs_less_than_with_a_cache_per_entry() {
    let origin = Origin::start().await;
    let (english, hispanic) =
        (EngineServer::start(EngineKind::Libretranslate).await, EngineServer::start(EngineKind::Libretranslate).await);
    hispanic.translate_with(spanish);
    let mut tables: String =
        (0..SOURCES).map(|n| format!("[source.s{n}]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url(&format!("/{n}")))).collect();
    for (lang, server) in [("en", &english), ("es", &hispanic)] {
        tables.push_str(&format!(
            "[engine.{lang}]\nkind = \"libretranslate\"\nurl = \"{}\"\n[edition.{lang}]\nlangs = [\"{lang}\"]\nengines = [\"{lang}\"]\n\
             show = \"full\"\nlimit = 1000\nformats = [\"json\"]\n",
            server.url()
        ));
    }
    let world = World::new(&tables);
    // (a): each body's every entry, whole; (b): each entry once a revision, whole.
    let (mut each_time, mut by_entry, mut cached) = (0, 0, HashSet::new());
    for day in 0..DAYS {
        for source in 0..SOURCES {
            origin.on(&format!("/{source}"), feed(source, day));
            for story in shown(source, day) {
                let text = format!("{}{}", story.title, story.html);
                let length = 2 * text.chars().count();
                each_time += length;
                if cached.insert((source, story.number, text)) {
                    by_entry += length;
                }
            }
        }
        let ended = world.relais(&["run", "--force", "--json"]).await;
        assert_eq!(ended.code, Some(0), "day {day}: {ended:?}");
        assert_eq!(ended.json()["translation"]["rejected"], 0, "day {day}");
    }
    let sent: usize = [&english, &hispanic].iter().flat_map(|server| server.texts()).map(|text| text.chars().count()).sum();
    println!("sent {sent} characters; with a cache by entry {by_entry}, with none {each_time}");
    assert!(sent * 100 <= by_entry * 60, "{sent} of {by_entry}");
    for server in [&english, &hispanic] {
        let texts = server.texts();
        assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len(), "nothing twice");
    }
}
