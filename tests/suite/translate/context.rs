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

/// Stories of so many sentences that a language model without a key gets them in several requests.
fn long_stories() -> Vec<crate::support::feeds::Story> {
    let sentence = |story: u32, place: u32| {
        let who = ["Les athlètes", "Les nageurs", "Les arbitres", "Les bénévoles"][place as usize % 4];
        format!("<p>{who} ont trouvé leur place dans le bâtiment numéro {} pendant la soirée.</p>", story * 20 + place)
    };
    let html = |story| (0..12).map(|place| sentence(story, place)).collect::<String>();
    (1..=5).map(|number| story(number, &format!("Le port ouvre un quai de plus, le numéro {number}"), &html(number))).collect()
}

#[tokio::test]
async fn texts_that_were_refused_in_several_requests_are_asked_for_in_one() {
    let (origin, server, world) = world_with_a_model().await;
    origin.on("/a", feed(&long_stories()));
    // One text in each request comes back as it was, the first time.
    let refused = std::sync::Mutex::new(std::collections::HashSet::new());
    server.translate_with(move |text| {
        let is_hard = ["21 ", "41 ", "61 ", "81 ", "101 "].iter().any(|number| text.contains(&format!("numéro {number}")));
        if is_hard && refused.lock().expect("no panic").insert(text.to_owned()) {
            return text.to_owned();
        }
        crate::support::engine::words::english(text)
    });
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sizes: Vec<usize> = (0..server.requests().len()).map(|request| asked(&server, request).len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 5 * 13 + 5, "{sizes:?}");
    assert_eq!(sizes.last(), Some(&5), "the last request has all second askings: {sizes:?}");
    assert_eq!(translation(&ended)["left"], 0, "{}", translation(&ended));
}

#[tokio::test]
async fn answer_that_looks_like_that_of_another_text_is_taken_once_it_is_given_again() {
    let (origin, server, world) = world_with_a_model().await;
    let mayor = "Le maire inaugure la fontaine de l’arène communale.";
    let swim = "Les nageurs visitent un stade municipal ce matin.";
    origin.on("/a", feed(&[story(1, "Deux visites dans la ville", &format!("<p>{mayor}</p><p>{swim}</p>"))]));
    server.translate_with(move |text| match text {
        _ if text == mayor => "The mayor opens the fountain of the municipal stadium.".to_owned(),
        _ if text == swim => "The swimmers visit a sports ground of the town this morning.".to_owned(),
        _ => "Two visits in the town".to_owned(),
    });
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.requests().len(), 2, "no text is sent alone: {:?}", server.texts());
    assert_eq!(translation(&ended)["rejected"], 2, "the two looked exchanged");
    assert!(items(&world)[0]["content_html"].as_str().is_some_and(|html| html.contains("The mayor opens the fountain")));
}

#[tokio::test]
async fn answer_that_misses_a_term_is_asked_for_with_others_and_stands_if_the_second_is_no_better() {
    let (origin, server, world) = world_with_a_model().await;
    let stories = [
        story(1, "Le village olympique ouvre lundi", "<p>Les nageurs ont trouvé leur place dans la grande salle.</p>"),
        story(2, "Les athlètes visitent le port", "<p>Les athlètes ont trouvé leur place dans la grande salle.</p>"),
    ];
    origin.on("/a", feed(&stories));
    server.translate_with(|text| match text {
        _ if text.contains("village olympique") => "The athletes’ village opens on Monday".to_owned(),
        _ => crate::support::engine::words::english(text),
    });
    let ended = world.relais(&["run", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(server.requests().len(), 2, "{:?}", server.texts());
    assert_eq!(asked(&server, 1).len(), 1, "only that text: {:?}", server.texts());
    let counts = translation(&ended);
    assert_eq!((&counts["left"], &counts["waiting"], &counts["recalled"]), (&0.into(), &0.into(), &0.into()), "{counts}");
    let titles: Vec<String> = items(&world).iter().map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(titles.contains(&"The athletes’ village opens on Monday".to_owned()), "{titles:?}");
    let again = translation(&world.relais(&["run", "--force", "--json"]).await);
    assert_eq!(again["sent"], 0, "it is in the memory: {again}");
}

#[tokio::test]
async fn texts_that_are_held_back_are_sent_in_the_flex_tier_and_others_are_not() {
    for (untranslated, tier) in [("hold 6h", Value::from("flex")), ("hold 10m", Value::Null), ("original", Value::Null)] {
        let (origin, server, world) = world_with_a_model().await;
        let flex = format!("{MODEL}\nservice_tier = \"flex\"");
        world.configure("", &tables(&origin, &[("lm", &server, &flex)], &format!("untranslated = \"{untranslated}\"")));
        let ended = world.relais(&["run"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let body: Value = serde_json::from_str(&server.requests()[0].body).expect("JSON");
        assert_eq!(body["service_tier"], tier, "{untranslated}");
    }
}
