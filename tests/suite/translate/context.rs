//! Context, and the texts that stand together in one request.

use relais::model::EngineKind;
use serde_json::Value;

use super::{feed, items, stories, story, tables, translation};
use crate::support::engine::EngineServer;
use crate::support::feeds::rss;
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

#[tokio::test]
async fn deepl_gets_texts_of_one_part_of_one_entry_with_their_passage() {
    let origin = Origin::start().await;
    origin.on("/a", feed(&stories()));
    let server = EngineServer::start(EngineKind::Deepl).await;
    let world = World::new("");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(world.path("key"), EngineServer::KEY).expect("a key can be written");
    let deepl = "kind = \"deepl\"\nkey = { file = \"key\" }";
    world.configure("", &tables(&origin, &[("best", &server, deepl)], ""));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let bodies: Vec<Value> = server.requests().iter().map(|request| serde_json::from_str(&request.body).expect("JSON")).collect();
    let of = |text: &str| {
        let is_it = |body: &&Value| body["text"][0].as_str().is_some_and(|first| first.contains(text));
        bodies.iter().find(is_it).unwrap_or_else(|| panic!("{text}: {bodies:?}"))
    };
    let title = of(&stories()[1].title);
    assert_eq!(title["text"].as_array().map(Vec::len), Some(1));
    let context = title["context"].as_str().expect("a context");
    assert!(context.ends_with("Teddy Riner a porté le drapeau de son équipe pendant la cérémonie du soir."), "{context}");
    let summary = of("a porté le drapeau de son équipe pendant la cérémonie du soir.");
    let context = summary["context"].as_str().expect("a context");
    assert!(context.starts_with(&stories()[1].title) && context.contains("Les athlètes ont défilé"), "{context}");
    assert!(!context.contains("Marchand"), "nothing of another entry: {context}");
}

const MODEL: &str = "kind = \"openai\"\nmodel = \"m\"\ntimeout = \"5s\"";

/// A source with the two stories, a language model, and a world that knows both.
async fn world_with_a_model() -> (Origin, EngineServer, World) {
    let origin = Origin::start().await;
    origin.on("/a", feed(&stories()));
    let server = EngineServer::start(EngineKind::Openai).await;
    let world = World::new(&tables(&origin, &[("lm", &server, MODEL)], ""));
    (origin, server, world)
}

/// The items that a language model was sent in a request.
fn asked(server: &EngineServer, request: usize) -> Vec<Value> {
    let body: Value = serde_json::from_str(&server.requests()[request].body).expect("JSON");
    let user = body["messages"][1]["content"].as_str().expect("a text").to_owned();
    serde_json::from_str::<Value>(&user).expect("JSON")["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn language_model_reads_whole_entries_in_one_request_and_nothing_twice() {
    let (_origin, server, world) = world_with_a_model().await;
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.requests().len(), 1);
    let sent = asked(&server, 0);
    let titles: Vec<usize> = sent.iter().enumerate().filter(|(_, item)| item["kind"] == "headline").map(|(at, _)| at).collect();
    assert_eq!(titles.len(), 2);
    assert!(titles[0] == 0 && titles[1] > 2, "each headline is followed by its text: {sent:?}");
    for key in ["before", "after", "headline"] {
        assert!(sent.iter().all(|item| item[key].is_null()), "{key} stands in the request itself: {sent:?}");
    }
    let counts = translation(&ended);
    assert!(
        counts["tokens_in"].as_u64() > counts["tokens_cached"].as_u64() && counts["tokens_cached"].as_u64() > Some(0),
        "{counts}"
    );
    let status = world.relais(&["status"]).await.stdout;
    assert!(status.contains(" cached)") && status.contains(" out"), "{status}");
}

#[tokio::test]
async fn varieties_of_one_language_share_a_request_to_a_language_model() {
    let (origin, server, world) = world_with_a_model().await;
    let other = story(7, "Le port ouvre un quai", "<p>Les bateaux ont trouvé leur place dans le nouveau port de la ville.</p>");
    origin.on("/b", Reply::ok(rss("b", &[other]).replace("<language>fr", "<language>fr-CA")));
    let second = format!("[source.b]\nurl = \"{}\"\nlang = \"fr-CA\"\n", origin.url("/b"));
    world.configure("", &format!("{second}{}", tables(&origin, &[("lm", &server, MODEL)], "")));
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.requests().len(), 1, "{:?}", server.texts());
    assert_eq!(items(&world).len(), 3);
}

#[tokio::test]
async fn texts_that_a_language_model_failed_on_are_asked_for_together() {
    let (_origin, server, world) = world_with_a_model().await;
    let failures = std::sync::atomic::AtomicUsize::new(2);
    server.translate_with(move |text| {
        use std::sync::atomic::Ordering::SeqCst;
        let fails = text.contains("nageurs ont") || text.contains("athlètes ont");
        if fails && failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return text.to_owned();
        }
        crate::support::engine::words::english(text)
    });
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.requests().len(), 2, "{:?}", server.texts());
    let again: Vec<Value> = asked(&server, 1);
    assert_eq!(again.len(), 2, "{again:?}");
    assert!(again.iter().all(|item| item["before"].is_string()), "what stood around them is told: {again:?}");
    assert_eq!(translation(&ended)["rejected"], 2);
    assert_eq!(translation(&ended)["left"], 0);
}
