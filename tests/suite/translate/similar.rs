//! Earlier translations of similar sentences, as a language model is given them.

use relais::model::EngineKind;
use serde_json::Value;

use super::{LIBRE, feed, items, story, tables};
use crate::support::engine::EngineServer;
use crate::support::estimate::{assert_between, estimate_then_run};
use crate::support::origin::Origin;
use crate::support::postgres::Schema;
use crate::support::program::World;

const MODEL: &str = "kind = \"openai\"\nmodel = \"m\"\ntimeout = \"5s\"";
const FIRST: &str = "Le public a salué longuement les nageurs français après la grande course de relais à Nanterre.";

/// A world in which a language model has translated one sentence.
async fn world(top: &str) -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/a", feed(&[story(1, "Le bassin ouvre", &format!("<p>{FIRST}</p>"))]));
    let server = EngineServer::start(EngineKind::Openai).await;
    let world = World::new("");
    world.configure(top, &tables(&origin, &[("lm", &server, MODEL)], ""));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (origin, server, world)
}

/// Adds an entry with this sentence, and returns the item by which the model is asked for it.
async fn ask(origin: &Origin, server: &EngineServer, world: &World, sentence: &str) -> Value {
    let old = story(1, "Le bassin ouvre", &format!("<p>{FIRST}</p>"));
    origin.on("/a", feed(&[story(2, "La mer attend", &format!("<p>{sentence}</p>")), old]));
    let (dry, real) = estimate_then_run(world).await;
    assert_between(&dry, &real);
    let requests = server.requests();
    let bodies = requests.iter().map(|request| serde_json::from_str::<Value>(&request.body).expect("JSON"));
    let users = bodies.map(|body| body["messages"][1]["content"].as_str().expect("a text").to_owned());
    let asked: Vec<Value> = users
        .flat_map(|user| serde_json::from_str::<Value>(&user).expect("JSON")["items"].as_array().expect("items").clone())
        .collect();
    asked.into_iter().find(|item| item["text"] == sentence).unwrap_or_else(|| panic!("{sentence} was not sent"))
}

fn first_translation(world: &World) -> String {
    let content = items(world).pop().expect("an item")["content_html"].as_str().expect("a text").to_owned();
    // The line at its foot says who translated it.
    let (text, _) = content.split_once("<div>").unwrap_or((&content, ""));
    text.replace("<p>", "").replace("</p>", "")
}

#[tokio::test]
async fn similar_sentence_is_given_with_its_translation_and_published_for_none() {
    let (origin, server, world) = world("").await;
    let before = first_translation(&world);
    let sentence = FIRST.replace("grande", "longue");
    let asked = ask(&origin, &server, &world, &sentence).await;
    assert_eq!(asked["similar"]["text"], FIRST, "{asked}");
    assert_eq!(asked["similar"]["translation"].as_str().expect("a text").trim_end_matches('.'), before.trim_end_matches('.'));
    let published = items(&world)[0]["content_html"].as_str().expect("a text").to_owned();
    assert!(!published.contains(&before), "the model's own translation is published: {published}");
}

#[tokio::test]
async fn sentence_with_another_number_or_name_is_not_similar() {
    let (origin, server, world) = world("").await;
    for sentence in [FIRST.replace("Nanterre", "Nantes"), FIRST.replace("les nageurs", "deux nageurs")] {
        assert_eq!(ask(&origin, &server, &world, &sentence).await["similar"], Value::Null, "{sentence}");
    }
}

#[tokio::test]
async fn similar_sentence_of_a_person_comes_first() {
    let (origin, server, world) = world("").await;
    let corrected = "The crowd cheered the French swimmers at length after the great relay in Nanterre.";
    let ended = world.relais(&["correct", "--from", "fr", "--to", "en", FIRST, corrected]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    world.relais(&["run", "--force"]).await;
    let asked = ask(&origin, &server, &world, &FIRST.replace("grande", "longue")).await;
    assert_eq!(asked["similar"]["translation"], corrected, "{asked}");
    world.relais(&["correct", "--from", "fr", "--to", "en", "--take-back", FIRST]).await;
    world.relais(&["run", "--force"]).await;
    let asked = ask(&origin, &server, &world, &FIRST.replace("grande", "belle")).await;
    assert_ne!(asked["similar"]["translation"], corrected, "what was taken back is not given");
}

#[tokio::test]
async fn correction_that_was_made_before_is_given_to_a_model_that_comes_later() {
    let (origin, server, world) = world("").await;
    let other = EngineServer::start(EngineKind::Libretranslate).await;
    world.configure("", &tables(&origin, &[("lt", &other, LIBRE)], ""));
    let corrected = "The crowd cheered the French swimmers at length after the great relay in Nanterre.";
    world.relais(&["correct", "--from", "fr", "--to", "en", FIRST, corrected]).await;
    world.relais(&["run", "--force"]).await;
    world.configure("", &tables(&origin, &[("lm", &server, &MODEL.replace("\"m\"", "\"n\""))], ""));
    world.relais(&["run", "--force"]).await;
    let asked = ask(&origin, &server, &world, &FIRST.replace("grande", "longue")).await;
    assert_eq!(asked["similar"]["translation"], corrected, "{asked}");
}

#[tokio::test]
async fn similar_sentence_is_found_on_postgresql() {
    let Some(schema) = Schema::make().await else { return };
    let (origin, server, world) = world(&format!("state = \"{}\"", schema.url())).await;
    let asked = ask(&origin, &server, &world, &FIRST.replace("grande", "longue")).await;
    assert_eq!(asked["similar"]["text"], FIRST, "{asked}");
    let corrected = "The crowd cheered the French swimmers at length after the great relay in Nanterre.";
    world.relais(&["correct", "--from", "fr", "--to", "en", FIRST, corrected]).await;
    world.relais(&["run", "--force"]).await;
    let asked = ask(&origin, &server, &world, &FIRST.replace("grande", "belle")).await;
    assert_eq!(asked["similar"]["translation"], corrected, "{asked}");
    schema.drop().await;
}
