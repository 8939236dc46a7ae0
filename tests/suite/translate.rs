//! Translated editions as their readers, and whoever pays for them, see them: the program against an engine that behaves, and
//! one that does not.

mod batches;
mod context;
mod engine_states;
mod engine_trouble;
mod provenance;
mod second_reader;
mod similar;
mod unknown_words;

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::program::{Ended, World};

/// What the two stories say: sentences with names, numbers, a link, a picture and a list.
const SWIM: &str = "<p>Léon Marchand a gagné la finale du 400 mètres quatre nages devant 15 000 personnes. Il a nagé en <a href=\"https://a.example/temps\">4 minutes et 2 secondes</a>, un record.</p><ul><li>Les nageurs ont salué le public après la course.</li></ul>";
const JUDO: &str = "<p>Teddy Riner a porté le drapeau de son équipe pendant la cérémonie du soir. Les athlètes ont défilé sur le fleuve pendant 3 heures.</p>";

fn story(number: u32, title: &str, html: &str) -> Story {
    Story { number, title: title.to_owned(), html: html.to_owned() }
}

fn stories() -> Vec<Story> {
    vec![
        story(2, "La natation française quitte le bassin de Nanterre pour celui de Saint-Ouen", SWIM),
        story(1, "Le judo français attend toujours les médailles de ses champions", JUDO),
    ]
}

/// The stories with their texts as contents.
fn feed(stories: &[Story]) -> Reply {
    let text = rss("a", stories)
        .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
        .replace("<description><![CDATA[", "<content:encoded><![CDATA[")
        .replace("]]></description>", "]]></content:encoded>");
    Reply::ok(text).header("content-type", "application/rss+xml").tagged()
}

/// The tables of one source, these engines, and an edition in English.
fn tables(origin: &Origin, engines: &[(&str, &EngineServer, &str)], edition: &str) -> String {
    let mut text = format!("[source.a]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url("/a"));
    for (id, server, more) in engines {
        text.push_str(&format!("[engine.{id}]\nurl = \"{}\"\n{more}\n", server.url()));
    }
    let names: Vec<String> = engines.iter().map(|(id, ..)| format!("\"{id}\"")).collect();
    text.push_str(&format!(
        "[edition.jeux]\ntitle = \"The Games\"\nlangs = [\"en\"]\nshow = \"full\"\nengines = [{}]\n{edition}\n",
        names.join(", ")
    ));
    text
}

const LIBRE: &str = "kind = \"libretranslate\"\ntimeout = \"2s\"";

/// A source with the two stories, an engine, and a world that knows both.
async fn world(more: &str, edition: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/a", feed(&stories()));
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    let world = World::new(&tables(&origin, &[("lt", &server, &format!("{LIBRE}\n{more}"))], edition));
    (origin, server, world)
}

fn items(world: &World) -> Vec<Value> {
    let feed: Value = serde_json::from_str(&world.output("jeux.en.json")).expect("JSON");
    feed["items"].as_array().expect("items").clone()
}

fn translation(ended: &Ended) -> Value {
    ended.json()["translation"].clone()
}

#[tokio::test]
async fn an_edition_is_translated_once_and_for_all() {
    let (_origin, server, world) = world("", "").await;
    let first = world.relais(&["run", "--json"]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let counts = translation(&first);
    assert_eq!((&counts["recalled"], &counts["rejected"]), (&0.into(), &0.into()), "{counts}");
    assert_eq!(counts["segments"], server.texts().len(), "what the summary repeats is sent once");
    let items = items(&world);
    assert_eq!(items.len(), 2);
    let content = items[0]["content_html"].as_str().expect("a content");
    for kept in ["Léon Marchand", "400", "<a href=\"https://a.example/temps\"", "<ul><li>"] {
        assert!(content.contains(kept), "{kept}: {content}");
    }
    assert!(!content.contains("nageurs") && !content.contains("lang=\"fr\""), "{content}");
    assert_ne!(items[0]["title"], stories()[0].title);
    assert_eq!(items[0]["_relais"]["translation"]["engines"], serde_json::json!(["libretranslate"]));
    let atom = world.output("jeux.en.atom");
    assert!(atom.contains("libretranslate (machine translation from fr)") && atom.contains("xml:lang=\"en\""), "{atom}");

    let (sent, before) = (server.texts().len(), world.outputs());
    let second = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(server.texts().len(), sent, "nothing is sent twice");
    assert_eq!(world.outputs(), before, "and nothing written");
}

#[tokio::test]
async fn an_edited_article_pays_for_its_changed_sentence_only() {
    let (origin, server, world) = world("", "").await;
    world.relais(&["run"]).await;
    let (sent, ids) = (server.texts().len(), items(&world).iter().map(|item| item["id"].clone()).collect::<Vec<_>>());
    let changed = JUDO.replace("pendant 3 heures", "pendant 4 heures sous la pluie");
    origin.on("/a", feed(&[stories().remove(0), story(1, &stories()[1].title, &changed)]));
    let ended = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let new = &server.texts()[sent..];
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(new[0].contains("sous la pluie"));
    assert_eq!(translation(&ended)["sent"], 1);
    let after = items(&world);
    assert_eq!(after.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), ids, "in place, under the same id");
    assert!(after[1]["content_html"].as_str().expect("a content").contains('4'));
}

#[tokio::test]
async fn what_the_edition_does_not_show_or_need_is_not_sent() {
    let (origin, server, world) = world("", "").await;
    let title_only = tables(&origin, &[("lt", &server, LIBRE)], "").replace("show = \"full\"", "show = \"title\"");
    world.configure("", &title_only);
    world.relais(&["run"]).await;
    assert_eq!(server.texts().len(), 2, "{:?}", server.texts());
    let french = title_only.replace("langs = [\"en\"]", "langs = [\"fr\"]");
    world.configure("", &french);
    world.relais(&["run"]).await;
    assert_eq!(server.texts().len(), 2, "it is French already");
}

#[tokio::test]
async fn edition_translates_headlines_only_and_shows_the_text_in_its_language() {
    let (origin, server, world) = world("", "translate = \"title\"").await;
    let dry = translation(&world.relais(&["run", "--dry-run", "--json"]).await);
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = server.texts();
    assert_eq!(sent.len(), 2, "{sent:?}");
    let counts = translation(&ended);
    for figure in ["segments", "sent", "characters_sent", "left", "waiting"] {
        assert_eq!(dry[figure], counts[figure], "{figure}");
    }
    let first = &items(&world)[0];
    assert_ne!(first["title"], stories()[0].title);
    assert_eq!(first["language"], Value::Null, "the item is in the language of its edition");
    let content = first["content_html"].as_str().expect("a content");
    assert!(content.starts_with("<div lang=\"fr\"><p>Léon Marchand a gagné"), "{content}");
    assert_eq!(content.matches("lang=").count(), 1, "{content}");
    assert_eq!(first["_relais"]["translation"]["left"], 0, "nothing was refused");
    for format in ["atom", "rss", "html"] {
        let file = world.output(&format!("jeux.en.{format}"));
        assert!(file.contains("lang=&quot;fr&quot;") || file.contains("<div lang=\"fr\">"), "{format}: {file}");
    }
    // The other parts are translated once somebody wants them, and the headlines are not sent again.
    world.configure("", &tables(&origin, &[("lt", &server, LIBRE)], "translate = \"full\""));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(server.texts()[sent.len()..].iter().all(|text| !sent.contains(text)), "{:?}", server.texts());
    assert!(!items(&world)[0]["content_html"].as_str().expect("a content").contains("lang=\"fr\""));
}

#[tokio::test]
async fn edition_translates_headlines_and_summaries_and_shows_the_text_in_its_language() {
    let (origin, server, world) = world("", "translate = \"summary\"").await;
    let lead = story(1, "Le judo attend les médailles", "<p>Les athlètes ont défilé hier soir.</p>");
    let both = rss("a", &[lead])
        .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
        .replace("]]></description>", &format!("]]></description><content:encoded><![CDATA[{SWIM}]]></content:encoded>"));
    origin.on("/a", Reply::ok(both).header("content-type", "application/rss+xml"));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut sent = server.texts();
    sent.sort();
    assert_eq!(sent, ["Le judo attend les médailles", "Les athlètes ont défilé hier soir."]);
    let item = &items(&world)[0];
    let content = item["content_html"].as_str().expect("a content");
    assert!(content.starts_with("<div lang=\"fr\"><p>Léon Marchand a gagné"), "{content}");
    let summary = item["summary"].as_str().expect("a summary");
    assert!(!summary.contains("défilé") && !summary.is_empty(), "{summary}");
}

#[tokio::test]
async fn translated_sentences_of_chinese_stand_without_a_space() {
    let (origin, server, world) = world("", "").await;
    let tables = tables(&origin, &[("lt", &server, LIBRE)], "").replace("langs = [\"en\"]", "langs = [\"zh\"]");
    world.configure("", &tables);
    let pair = story(1, "Deux amis dorment", "<p>Les amis dorment bien. <b>Ils mangent souvent.</b></p>");
    origin.on("/a", feed(&[pair]));
    server.translate_with(|text| match text {
        "Les amis dorment bien." => "朋友们睡得很好。".to_owned(),
        "Ils mangent souvent." => "他们经常吃饭。".to_owned(),
        _ => "两个朋友睡觉".to_owned(),
    });
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let feed: Value = serde_json::from_str(&world.output("jeux.zh.json")).expect("JSON");
    let content = feed["items"][0]["content_html"].as_str().expect("a content").to_owned();
    assert!(content.contains("<p>朋友们睡得很好。<b>他们经常吃饭。</b></p>"), "{content}");
}

#[tokio::test]
async fn editions_in_one_language_each_show_what_they_translate() {
    let (origin, server, world) = world("", "").await;
    let second = "[edition.heads]\nlangs = [\"en\"]\nshow = \"full\"\ntranslate = \"title\"\nengines = [\"lt\"]\n";
    world.configure("", &format!("{}{second}", tables(&origin, &[("lt", &server, LIBRE)], "")));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let heads: Value = serde_json::from_str(&world.output("heads.en.json")).expect("JSON");
    let (whole, heads) = (&items(&world)[0], &heads["items"][0]);
    assert_eq!(whole["title"], heads["title"]);
    assert!(!whole["content_html"].as_str().expect("a content").contains("nageurs"));
    assert!(heads["content_html"].as_str().expect("a content").contains("Les nageurs ont salué"));
    let id = heads["id"].as_str().and_then(|id| id.split(['/', ':']).rev().nth(1)).expect("an id");
    let explained = world.relais(&["explain", id]).await.stdout;
    assert!(explained.contains("with a translated headline, and its text as it is"), "{explained}");
}

#[tokio::test]
async fn a_dry_run_says_what_a_run_will_send_to_the_character() {
    let (_origin, server, world) = world("price = { per_million_characters = 20.0, currency = \"EUR\" }", "").await;
    let dry = translation(&world.relais(&["run", "--dry-run", "--json"]).await);
    let shown = world.relais(&["run", "--dry-run"]).await.stdout;
    let estimate = format!("{} to send ({} characters, cost 0.", dry["sent"], dry["characters_sent"]);
    assert!(shown.contains(&estimate), "{shown}");
    assert!(server.requests().is_empty());
    let real = translation(&world.relais(&["run", "--json"]).await);
    for figure in ["segments", "sent", "characters_sent", "cost"] {
        assert_eq!(dry[figure], real[figure], "{figure}");
    }
    let characters: usize = server.texts().iter().map(|text| text.chars().count()).sum();
    assert_eq!(dry["characters_sent"], characters);
    let millionths = u32::try_from(characters * 20).expect("a few cents");
    assert!((dry["cost"].as_f64().expect("money") - f64::from(millionths) / 1e6).abs() < 1e-4);
    let again = translation(&world.relais(&["run", "--dry-run", "--force", "--json"]).await);
    assert_eq!(again["sent"], 0, "all of it is known now");
}

#[tokio::test]
async fn a_budget_is_never_passed_and_headlines_come_first() {
    let (origin, server, world) = world("budget = { characters = 200, per = \"month\" }", "untranslated = \"original\"").await;
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let fault = &ended.json()["faults"][0];
    assert_eq!((&fault["engine"], &fault["kind"]), (&"lt".into(), &"budget".into()));
    let sent: usize = server.texts().iter().map(|text| text.chars().count()).sum();
    assert!(sent <= 200 && sent > 100, "{sent}");
    let titles = items(&world);
    for (item, story) in titles.iter().zip(stories()) {
        assert_ne!(item["title"], story.title, "headlines are translated");
        assert!(item["content_html"].as_str().expect("a content").contains("lang=\"fr\""), "texts are not, and say so");
    }
    let count = server.texts().len();
    world.relais(&["run", "--force"]).await;
    assert_eq!(server.texts().len(), count, "nothing is left of the budget");
    // With more money the rest comes, in place.
    world.configure("", &tables(&origin, &[("lt", &server, LIBRE)], "untranslated = \"original\""));
    let rich = world.relais(&["run", "--force", "--json"]).await;
    assert_eq!(rich.code, Some(0), "{rich:?}");
    assert_eq!(translation(&rich)["segments"], server.texts().len(), "each once");
    assert!(!items(&world)[0]["content_html"].as_str().expect("a content").contains("lang=\"fr\""));
}

#[tokio::test]
async fn while_the_engine_is_down_entries_wait_or_show_the_original() {
    let (origin, server, world) = world("", "").await;
    server.then(Misbehaviour::Status(403), 99);
    let held = world.relais(&["run", "--json"]).await;
    assert_eq!(held.code, Some(3), "{held:?}");
    assert_eq!(held.json()["faults"][0]["engine"], "lt");
    assert_eq!(translation(&held)["waiting"], 2);
    assert!(items(&world).is_empty(), "they are held for six hours");
    world.configure("", &tables(&origin, &[("lt", &server, LIBRE)], "untranslated = \"original\""));
    world.relais(&["run", "--force"]).await;
    assert_eq!(items(&world)[0]["title"], stories()[0].title);
    assert_eq!(items(&world)[0]["language"], "fr");
}

#[tokio::test]
async fn the_next_engine_takes_over() {
    let origin = Origin::start().await;
    origin.on("/a", feed(&stories()));
    let (first, second) = (EngineServer::start(EngineKind::Deepl).await, EngineServer::start(EngineKind::Libretranslate).await);
    first.then(Misbehaviour::Quota, 99);
    let deepl = "kind = \"deepl\"\nkey = { file = \"key\" }";
    let world = World::new("");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("key"), EngineServer::KEY).expect("a key can be written");
    world.configure("", &tables(&origin, &[("best", &first, deepl), ("lt", &second, LIBRE)], ""));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(3), "that one is out of quota is told: {ended:?}");
    assert!(first.requests().len() <= 3, "nothing is sent but what was in flight: {}", first.requests().len());
    assert_eq!(second.texts().len() as u64, translation(&ended)["segments"].as_u64().expect("a figure"));
    assert_eq!(items(&world)[0]["_relais"]["translation"]["engines"], serde_json::json!(["libretranslate"]));
    assert!(!ended.stderr.contains(EngineServer::KEY) && !ended.stdout.contains(EngineServer::KEY));
}

/// Whatever an engine does, no wrong text is published: each segment is a good translation, or stands in French and says so.
#[tokio::test]
async fn no_misbehaviour_reaches_a_reader() {
    use Misbehaviour::*;
    let good = {
        let (_origin, _server, world) = world("", "").await;
        world.relais(&["run"]).await;
        items(&world)
    };
    for misbehaviour in [
        RateLimited(Some("0")),
        RateLimited(None),
        Status(456),
        Status(500),
        Status(529),
        TooLarge,
        CutBody,
        CutTexts,
        WrongCount,
        Swapped,
        Echo,
        Preamble,
        LostMarks,
        Script,
        Emoji,
        Endless,
        Silence,
    ] {
        let (_origin, server, world) = world("", "untranslated = \"original\"").await;
        server.then(misbehaviour, 1);
        let ended = world.relais(&["run", "--json"]).await;
        assert!(matches!(ended.code, Some(0 | 3)), "{misbehaviour:?}: {ended:?}");
        let reasons = |item: &Value| item["_relais"]["translation"]["reasons"].to_string();
        println!(
            "{misbehaviour:?}: exit {:?}; {} texts sent, {} refused; in French: {}; reasons: {}; faults: {}",
            ended.code,
            server.texts().len(),
            translation(&ended)["rejected"],
            items(&world).iter().filter(|item| item["language"] == "fr").count(),
            items(&world).iter().map(reasons).collect::<Vec<_>>().join(" "),
            ended.json()["faults"],
        );
        for (item, good) in items(&world).iter().zip(&good) {
            assert!(
                item["title"] == good["title"] || item["language"] == "fr",
                "{misbehaviour:?}: {} is not {}: {:?}",
                item["title"],
                good["title"],
                server.texts()
            );
            let content = item["content_html"].as_str().expect("a content");
            assert!(!content.contains("script") && !content.contains("Here is"), "{misbehaviour:?}: {content}");
            let pieces = |html: &str| -> Vec<String> { html.split(". ").map(str::to_owned).collect() };
            let (ours, theirs) = (pieces(content), pieces(good["content_html"].as_str().expect("a content")));
            for (place, piece) in ours.iter().enumerate() {
                let is_good = theirs.get(place) == Some(piece);
                assert!(is_good || content.contains("lang=\"fr\"") || item["language"] == "fr", "{misbehaviour:?}: {piece}");
            }
        }
        // When it has come to its senses everything that was not refused for good is right.
        let later = world.relais(&["run", "--force", "--json"]).await;
        assert!(matches!(later.code, Some(0 | 3)), "{misbehaviour:?}: {later:?}");
        assert_eq!(items(&world).len(), 2, "{misbehaviour:?}");
        let count = server.texts().len();
        world.relais(&["run", "--force"]).await;
        assert_eq!(server.texts().len(), count, "{misbehaviour:?}: a third run sends nothing");
    }
}

#[tokio::test]
async fn both_languages_stand_side_by_side() {
    let (_origin, _server, world) = world("", "bilingual = \"paragraphs\"").await;
    world.relais(&["run"]).await;
    let items = items(&world);
    let (title, content) = (items[0]["title"].as_str().expect("a title"), items[0]["content_html"].as_str().expect("a content"));
    assert!(title.ends_with(&format!("| {}", stories()[0].title)), "{title}");
    assert_eq!(content.matches("<div lang=\"fr\">").count(), 2, "{content}");
    assert!(content.contains("Les nageurs ont salué"), "{content}");
}

#[tokio::test]
async fn status_tells_what_was_spent_and_what_is_left() {
    let budget =
        "price = { per_million_characters = 20.0, currency = \"EUR\" }\nbudget = { characters = 100_000, per = \"month\" }";
    let (_origin, server, world) = world(budget, "").await;
    world.relais(&["run"]).await;
    let sent: usize = server.texts().iter().map(|text| text.chars().count()).sum();
    let status = world.relais(&["status", "--json"]).await.json();
    let engine = &status["engines"][0];
    assert_eq!((&engine["id"], &engine["characters"]), (&"lt".into(), &sent.into()), "{engine}");
    let left = &engine["budget"];
    let figure = |name: &str| left[name].as_f64().expect("a figure");
    assert!((figure("spent") + figure("left") - 100_000.0).abs() < 1e-9 && figure("in_doubt").abs() < 1e-9, "{left}");
    assert!(figure("forecast") >= figure("spent"));
    let shown = world.relais(&["status"]).await.stdout;
    assert!(shown.contains("of 100000 characters a month") && shown.contains("EUR"), "{shown}");
}

#[tokio::test]
async fn what_is_forgotten_is_made_again_and_paid_for_only_when_asked() {
    let (_origin, server, world) = world("", "").await;
    world.relais(&["run"]).await;
    let sent = server.texts().len();
    let ended = world.relais(&["retranslate", "--edition", "jeux", "--lang", "en"]).await;
    assert!(ended.code == Some(0) && ended.stderr.starts_with("deleted 2 translations;"), "{ended:?}");
    let again = world.relais(&["run", "--json"]).await;
    assert_eq!(translation(&again)["recalled"], translation(&again)["segments"], "from the memory");
    assert_eq!(server.texts().len(), sent);
    world.relais(&["retranslate", "--term", "cérémonie"]).await;
    world.relais(&["run"]).await;
    assert_eq!(server.texts().len(), sent + 1, "the sentence that holds the term");
    assert_eq!(world.relais(&["retranslate", "--source", "no"]).await.code, Some(2));
    assert_eq!(world.relais(&["retranslate", "--since", "soon"]).await.code, Some(2));
}

#[tokio::test]
async fn a_glossary_that_is_wrong_is_found_by_check_and_stops_a_run() {
    let (origin, server, world) = world("", "").await;
    let glossary = "[glossary]\nfile = \"terms.tsv\"\n";
    world.configure("", &format!("{glossary}{}", tables(&origin, &[("lt", &server, LIBRE)], "")));
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    let write = |text: &str| std::fs::write(world.path("terms.tsv"), text).expect("a glossary can be written");
    write("source\tvariants\ten\nle nageur\t\tthe swimmer\textra\tcells\tof\tno\tcolumn\n\tno source\n");
    for command in ["check", "run"] {
        let ended = world.relais(&[command]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("line"), "{ended:?}");
    }
    write("source\tvariants\ten\nnageurs\t\tswimmers of renown\n");
    assert_eq!(world.relais(&["check"]).await.code, Some(0));
    world.relais(&["run"]).await;
    let content = items(&world)[0]["content_html"].as_str().expect("a content").to_owned();
    assert!(content.contains("swimmers of renown"), "{content}");
    let sent = server.texts().len();
    write("source\tvariants\ten\nnageurs\t\tswimmers\n");
    world.relais(&["run"]).await;
    let content = items(&world)[0]["content_html"].as_str().expect("a content").to_owned();
    assert!(content.contains("swimmers") && !content.contains("of renown"), "{content}");
    assert_eq!(server.texts().len(), sent + 2, "the sentence that holds the term, and once more to locate it; no other");
}

#[tokio::test]
async fn one_text_is_translated_on_the_command_line() {
    let (_origin, server, world) = world("", "").await;
    let text = "Les athlètes du CIO ont défilé sur le fleuve pendant 3 heures.";
    let ask = |text: &'static str| ["translate", text, "--from", "fr", "--to", "en"];
    let ended = world.relais(&ask(text)).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("IOC") && ended.stdout.contains('3'), "{ended:?}");
    assert!(ended.stderr.contains("1 translated"), "{ended:?}");
    let again = world.relais(&ask(text)).await;
    assert_eq!(again.stdout, ended.stdout);
    assert!(again.stderr.contains("1 from the memory"), "{again:?}");
    assert_eq!(server.texts().len(), 1);
    assert_eq!(world.relais(&["translate", "x", "--from", "fr", "--to", "en", "--engine", "no"]).await.code, Some(2));
}
