//! A dry run before, and the run after it: what the run sends and costs lies between the figures of the estimate.

use relais::model::EngineKind;
use serde_json::Value;

use crate::support::engine::words::english;
use crate::support::engine::{EngineServer, Misbehaviour};
use crate::support::estimate::{assert_between, estimate_then_run};
use crate::support::feeds::{Story, rss};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const NAMES: [&str; 6] =
    ["Léon Marchand", "Odile Varenne", "Teddy Riner", "Tancrède Mollard", "Antoine Dupont", "Solène Quintard"];
const PLACES: [&str; 5] = ["Nanterre", "Saint-Ouen", "Chamonix", "Marseille", "Albertville"];

/// A story as newspapers write them: a headline with a name, paragraphs with numbers, links, emphasis and a list.
fn story(number: u32) -> Story {
    let pick = |list: &[&'static str], step: u32| list[(number * step) as usize % list.len()];
    let (name, other, place) = (pick(&NAMES, 1), pick(&NAMES, 5), pick(&PLACES, 3));
    let title = format!("À {place}, {name} remporte la finale devant {} spectateurs", 1000 + number);
    let html = format!(
        "<p>Devant le public de {place}, {name} a gagné <strong>la finale numéro {number}</strong> en {} minutes. \
         Selon <a href=\"https://a.example/{number}\">le règlement de la fédération</a>, {other} garde <em>la deuxième place</em>.</p>\
         <p>Le comité attend encore {} équipes avant la cérémonie du soir.</p><ul><li>Le vent était faible pendant la course {number}.\
         </li><li>La neige manque toujours à {place}.</li></ul>",
        2 + number % 7,
        10 + number,
    );
    Story { number, title, html }
}

/// Feeds of twenty stories each.
fn serve(origin: &Origin, feeds: u32) -> String {
    let feed = |feed: u32| {
        let name = format!("f{feed}");
        let stories: Vec<Story> = (0..20).map(|number| story(feed * 20 + number)).collect();
        let text = rss(&name, &stories)
            .replace("<rss ", "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ")
            .replace("<description><![CDATA[", "<content:encoded><![CDATA[")
            .replace("]]></description>", "]]></content:encoded>");
        origin.on(&format!("/{name}"), Reply::ok(text).header("content-type", "application/rss+xml").tagged());
        format!("[source.{name}]\nurl = \"{}\"\nlang = \"fr\"\n", origin.url(&format!("/{name}")))
    };
    (0..feeds).map(feed).collect()
}

const PRICE: &str = "price = { per_million_characters = 20.0, currency = \"EUR\" }";
const TOKENS: &str = "price = { per_million_tokens_in = 0.25, per_million_tokens_out = 2.0, currency = \"USD\" }";

/// The table of an engine.
fn engine(id: &str, kind: &str, server: &EngineServer, more: &str) -> String {
    format!("[engine.{id}]\nkind = \"{kind}\"\nurl = \"{}\"\n{more}\n", server.url())
}

fn edition(id: &str, langs: &str, engines: &str) -> String {
    format!(
        "[edition.{id}]\ntitle = \"The Games\"\nlangs = [{langs}]\nshow = \"full\"\nengines = [{engines}]\n\
         untranslated = \"original\"\nlimit = 60\nstories = false\n"
    )
}

/// A world of three feeds, one engine and one English edition.
async fn world(kind: EngineKind, name: &str, more: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    let sources = serve(&origin, 3);
    let server = EngineServer::start(kind).await;
    let world = World::new(&format!("{sources}{}{}", engine("a", name, &server, more), edition("jeux", "\"en\"", "\"a\"")));
    (origin, server, world)
}

fn estimate(report: &Value) -> &Value {
    &report["translation"]["estimate"]
}

fn figure(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no figure"))
}

#[tokio::test]
async fn run_costs_the_least_of_the_estimate_when_each_first_answer_is_taken() {
    let (_origin, server, world) = world(EngineKind::Libretranslate, "libretranslate", PRICE).await;
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert_eq!(figure(&estimate(&dry)["sent"]["least"]), figure(&dry["translation"]["sent"]));
    assert!(figure(&real["translation"]["sent"]) > 200, "{real}");
    let sent: u64 = server.texts().len() as u64;
    assert_eq!(figure(&real["translation"]["sent"]), sent);
}

#[tokio::test]
async fn second_run_lies_within_its_estimate_too() {
    let (origin, _server, world) = world(EngineKind::Libretranslate, "libretranslate", PRICE).await;
    estimate_then_run(&world).await;
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert_eq!(figure(&estimate(&dry)["sent"]["most"]), 0, "everything is known: {dry}");
    let news: Vec<Story> = (5..20).map(story).chain((100..104).map(story)).collect();
    origin.on("/f0", Reply::ok(rss("f0", &news)).header("content-type", "application/rss+xml"));
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert!(figure(&dry["translation"]["sent"]) > 0 && figure(&dry["translation"]["recalled"]) > 0, "{dry}");
}

#[tokio::test]
async fn run_lies_within_the_estimate_when_answers_are_refused() {
    let (_origin, server, world) = world(EngineKind::Libretranslate, "libretranslate", PRICE).await;
    // Names become others, and batches are answered in the wrong order, cut, and without their marks.
    server.translate_with(|text| english(text).replace("Mollard", "Mollart").replace("Varenne", "Varennes"));
    // Never three cut ones for one request: that opens the circuit breaker, and then nothing more is sent.
    server.then(Misbehaviour::CutBody, 2);
    server.then(Misbehaviour::Swapped, 2);
    server.then(Misbehaviour::CutBody, 1);
    server.then(Misbehaviour::LostMarks, 4);
    let (dry, real) = estimate_then_run(&world).await;
    println!("{real}");
    assert_between(&dry, &real);
    assert!(figure(&real["translation"]["rejected"]) > 0, "{real}");
    assert!(figure(&real["translation"]["sent"]) > figure(&dry["translation"]["sent"]), "{real}");
}

#[tokio::test]
async fn budget_ends_where_the_estimate_says() {
    let budget = format!("{PRICE}\nbudget = {{ characters = 2000, per = \"month\" }}\nin_flight = 1");
    let (_origin, server, world) = world(EngineKind::Libretranslate, "libretranslate", &budget).await;
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    for name in ["sent", "characters_sent"] {
        assert_eq!(dry["translation"][name], real["translation"][name], "{name}: {dry}");
    }
    let row = &estimate(&dry)["editions"][0];
    let left = &estimate(&dry)["engines"][0]["budget"]["left"];
    assert_eq!(left.as_f64(), Some(2000.0), "{dry}");
    let (segments, sent) = (figure(&row["segments"]), figure(&dry["translation"]["sent"]));
    assert!(figure(&row["segments_waiting"]["least"]) == segments - sent && sent > 10, "{row}");
    assert!(server.texts().iter().all(|text| text.contains("remporte") || text.contains("devant")), "headlines come first");
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert!(left.as_f64() > estimate(&dry)["engines"][0]["budget"]["left"].as_f64(), "{dry}");
}

#[tokio::test]
async fn run_with_a_budget_lies_within_the_estimate_when_answers_are_refused() {
    for budget in ["{ characters = 3000, per = \"day\" }", "{ money = 0.05, per = \"month\" }"] {
        let (_origin, server, world) =
            world(EngineKind::Libretranslate, "libretranslate", &format!("{PRICE}\nbudget = {budget}")).await;
        server.translate_with(|text| english(text).replace("10", "77").replace("Quintard", "Quintart"));
        let (dry, real) = estimate_then_run(&world).await;
        assert_between(&dry, &real);
        assert!(figure(&real["translation"]["rejected"]) > 0, "{real}");
    }
}

#[tokio::test]
async fn what_one_engine_may_not_pay_goes_to_the_next_in_the_estimate_too() {
    let origin = Origin::start().await;
    let sources = serve(&origin, 3);
    let (first, second) =
        (EngineServer::start(EngineKind::Libretranslate).await, EngineServer::start(EngineKind::Libretranslate).await);
    let budget = format!("{PRICE}\nin_flight = 1\nbudget = {{ characters = 1500, per = \"month\" }}");
    let world = World::new(&format!(
        "{sources}{}{}{}{}",
        engine("a", "libretranslate", &first, &budget),
        engine("b", "libretranslate", &second, ""),
        edition("jeux", "\"en\"", "\"a\", \"b\""),
        edition("autres", "\"en-GB\"", "\"b\"")
    ));
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert_eq!(dry["translation"]["engines"][0]["sent"], real["translation"]["engines"][0]["sent"], "{dry}");
    let overflow = figure(&estimate(&dry)["editions"][1]["sent"]["least"]);
    assert!(overflow > 200, "{dry}");
    assert_eq!((figure(&dry["translation"]["waiting"]), figure(&estimate(&dry)["segments_waiting"]["most"])), (0, 0), "{dry}");
    let rows: Vec<(&Value, &Value, &Value)> = estimate(&dry)["editions"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["id"], &row["lang"], &row["engine"]))
        .collect();
    let names = ["jeux", "en", "a", "b", "autres", "en-GB"].map(Value::from);
    assert_eq!(rows, [(&names[0], &names[1], &names[2]), (&names[0], &names[1], &names[3]), (&names[4], &names[5], &names[3])]);
}

#[tokio::test]
async fn run_through_a_second_language_lies_within_the_estimate() {
    let (_origin, _server, world) = world(EngineKind::Apertium, "apertium", &format!("{PRICE}\npivot = \"es\"")).await;
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    let characters = &estimate(&dry)["characters_sent"];
    assert!(figure(&real["translation"]["characters_sent"]) > figure(&characters["least"]), "both ways are billed");
}

#[tokio::test]
async fn run_with_a_language_model_lies_within_the_estimate_in_tokens() {
    for budget in ["", "budget = { tokens = 150_000, per = \"day\" }"] {
        let more = format!("model = \"m\"\n{TOKENS}\n{budget}");
        let (_origin, server, world) = world(EngineKind::Openai, "openai", &more).await;
        server.then(Misbehaviour::Length, 1);
        server.then(Misbehaviour::WrongCount, 2);
        let (dry, real) = estimate_then_run(&world).await;
        assert_between(&dry, &real);
        assert!(figure(&real["translation"]["tokens_in"]) > 0 && real["translation"]["cost"].as_f64() > Some(0.0), "{real}");
    }
}

#[tokio::test]
async fn engine_that_rests_is_sent_nothing_in_the_estimate_unless_all_is_due() {
    let (_origin, server, world) = world(EngineKind::Libretranslate, "libretranslate", PRICE).await;
    server.then(Misbehaviour::RateLimited(Some("3600")), 99);
    world.relais(&["run"]).await;
    let rests = world.relais(&["run", "--dry-run", "--json"]).await.json();
    assert_eq!((figure(&rests["translation"]["sent"]), figure(&estimate(&rests)["sent"]["most"])), (0, 0), "{rests}");
    assert!(figure(&estimate(&rests)["segments_waiting"]["least"]) > 0, "{rests}");
    server.recover();
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert!(figure(&dry["translation"]["sent"]) > 0, "a forced run asks it: {dry}");
}

#[tokio::test]
async fn pair_that_an_engine_lacks_is_not_promised_a_second_time() {
    let origin = Origin::start().await;
    let sources = serve(&origin, 1);
    let server = EngineServer::start(EngineKind::Apertium).await;
    let world = World::new(&format!(
        "{sources}{}{}",
        engine("a", "apertium", &server, PRICE),
        edition("jeux", "\"it\", \"es\"", "\"a\"")
    ));
    estimate_then_run(&world).await;
    origin.on("/f0", Reply::ok(rss("f0", &[story(50)])).header("content-type", "application/rss+xml"));
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    let rows = estimate(&dry)["editions"].as_array().expect("rows");
    let italian = rows.iter().find(|row| row["lang"] == "it").expect("a row");
    assert_eq!(figure(&italian["sent"]["least"]), 0, "{italian}");
    assert!(figure(&italian["sent"]["most"]) > 0, "it may have the pair by now: {italian}");
}

#[tokio::test]
async fn dry_run_prints_a_table_of_editions_and_engines_into_a_pipe() {
    let budget = format!("{PRICE}\nbudget = {{ characters = 2000, per = \"month\" }}");
    let (_origin, server, world) = world(EngineKind::Libretranslate, "libretranslate", &budget).await;
    let shown = world.relais(&["run", "--dry-run"]).await.stdout;
    assert!(server.requests().is_empty());
    let row = shown.lines().find(|line| line.starts_with("jeux.en ")).unwrap_or_else(|| panic!("{shown}"));
    assert!(shown.contains("must wait") && row.contains("2000 characters") && row.contains("EUR"), "{shown}");
}

#[tokio::test]
async fn withdrawn_article_makes_room_for_an_older_one_in_the_estimate() {
    let origin = Origin::start().await;
    let source = serve(&origin, 1);
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    let tables = format!(
        "{source}withdraw = true\n{}{}",
        engine("a", "libretranslate", &server, PRICE),
        edition("jeux", "\"en\"", "\"a\"").replace("limit = 60", "limit = 5")
    );
    let world = World::new(&tables.replace("withdraw = true\n", ""));
    estimate_then_run(&world).await;
    let rest: Vec<Story> = (0..18).chain(19..20).map(story).collect();
    origin.on("/f0", Reply::ok(rss("f0", &rest)).header("content-type", "application/rss+xml"));
    let (dry, real) = estimate_then_run(&world).await;
    assert_between(&dry, &real);
    assert_eq!(dry["translation"]["segments"], real["translation"]["segments"]);
}
