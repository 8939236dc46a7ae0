//! The things that engines are told beside the texts: context, wishes, the effort of a reasoning model.

use relais::model::{EngineKind, Formality, Guidance, GuidanceTable, Lang, ReasoningEffort, SegmentKind, ServiceTier};
use relais::translate::{Batch, EngineSettings, SegmentContext};
use serde_json::{Value, json};

use super::{EngineServer, batch, engine, lang, outgoing, settings};
use crate::support::engine::Misbehaviour;

/// The body of the only request for a batch.
async fn body(kind: EngineKind, change: impl Fn(EngineSettings) -> EngineSettings, batch: &Batch) -> Value {
    let server = EngineServer::start(kind).await;
    engine(change(settings(kind, &server.url()))).translate(batch).await.expect("a reply");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    serde_json::from_str(&requests[0].body).expect("JSON")
}

fn wishes() -> GuidanceTable {
    let general = Guidance {
        instructions: vec!["Use short sentences.".to_owned()],
        formality: Some(Formality::Less),
        style: Some("9c8c3b1e".to_owned()),
    };
    let own = Guidance { formality: Some(Formality::More), ..Guidance::default() };
    GuidanceTable { general, by_lang: vec![(lang("es"), own)] }
}

fn system(body: &Value) -> &str {
    body["system"].as_str().or(body["messages"][0]["content"].as_str()).expect("instructions")
}

#[tokio::test]
async fn deepl_is_sent_the_passage_of_its_texts_as_context() {
    let mut headline = batch(&["Paris gagne"]);
    headline.texts[0].kind = SegmentKind::Title;
    headline.texts[0].context = SegmentContext { after: Some("La ville a gagné.".into()), ..SegmentContext::default() };
    let sent = body(EngineKind::Deepl, |settings| settings, &headline).await;
    assert_eq!(sent["context"], "Paris gagne\nLa ville a gagné.");
    let sent = body(EngineKind::Deepl, |settings| settings, &batch(&["Seul"])).await;
    assert_eq!(sent["context"], Value::Null, "there is nothing around it");
}

#[tokio::test]
async fn deepl_is_told_the_wishes_in_its_own_parameters() {
    let told = |settings| EngineSettings { guidance: wishes(), ..settings };
    let sent = body(EngineKind::Deepl, told, &batch(&["Un"])).await;
    assert_eq!(sent["formality"], "prefer_more");
    assert_eq!(sent["style_id"], "9c8c3b1e");
    assert_eq!(sent["custom_instructions"], json!(["Use short sentences."]));
    let sent = body(EngineKind::Deepl, |settings| settings, &batch(&["Un"])).await;
    for key in ["formality", "style_id", "custom_instructions"] {
        assert_eq!(sent[key], Value::Null, "{key}");
    }
}

#[tokio::test]
async fn deepl_is_asked_for_the_variety_of_the_tag() {
    for (tag, code) in [("en-GB", "EN-GB"), ("es-419", "ES-419"), ("es", "ES"), ("pt-BR", "PT-BR")] {
        let asked = Batch { to: lang(tag), ..batch(&["Un"]) };
        assert_eq!(body(EngineKind::Deepl, |settings| settings, &asked).await["target_lang"], code, "{tag}");
    }
}

#[tokio::test]
async fn language_models_are_told_the_wishes_and_the_language_in_words() {
    let asked = Batch { to: Lang::new("es-419").expect("a tag"), ..batch(&["Un"]) };
    for kind in [EngineKind::Openai, EngineKind::Ollama, EngineKind::Anthropic] {
        let sent = body(kind, |settings| EngineSettings { guidance: wishes(), ..settings }, &asked).await;
        let told = system(&sent);
        for line in ["into Latin American Spanish", "- Use the formal forms", "- Style: 9c8c3b1e", "- Use short sentences."] {
            assert!(told.contains(line), "{kind:?}: {line}: {told}");
        }
        let plain = body(kind, |settings| settings, &asked).await;
        assert!(!system(&plain).contains("- Style"), "{kind:?}");
    }
}

#[tokio::test]
async fn effort_is_sent_only_where_it_is_configured() {
    let with = |effort| move |settings| EngineSettings { reasoning_effort: effort, ..settings };
    let asked = batch(&["Un"]);
    let sent = body(EngineKind::Openai, with(None), &asked).await;
    assert_eq!(sent["reasoning_effort"], Value::Null);
    let limit = |sent: &Value| sent["max_tokens"].as_u64().expect("a limit");
    let low = body(EngineKind::Openai, with(Some(ReasoningEffort::Low)), &asked).await;
    assert_eq!(low["reasoning_effort"], "low");
    assert_eq!(limit(&low), limit(&sent) + 2_000, "there is room for the reasoning");
    assert_eq!(body(EngineKind::Ollama, with(None), &asked).await["think"], false);
    assert_eq!(body(EngineKind::Ollama, with(Some(ReasoningEffort::High)), &asked).await["think"], "high");
    let sent = body(EngineKind::Anthropic, with(None), &asked).await;
    assert_eq!(sent["output_config"]["effort"], Value::Null);
    let sent = body(EngineKind::Anthropic, with(Some(ReasoningEffort::Medium)), &asked).await;
    assert_eq!(sent["output_config"]["effort"], "medium");
    assert_eq!(sent["output_config"]["format"]["type"], "json_schema");
}

#[tokio::test]
async fn instructions_that_are_long_enough_are_kept_by_anthropic() {
    let general = Guidance { instructions: vec!["x".repeat(300); 10], ..Guidance::default() };
    let told =
        move |settings| EngineSettings { guidance: GuidanceTable { general: general.clone(), by_lang: Vec::new() }, ..settings };
    let sent = body(EngineKind::Anthropic, told, &batch(&["Un"])).await;
    assert_eq!(sent["system"][0]["cache_control"], json!({"type": "ephemeral"}));
    let sent = body(EngineKind::Anthropic, |settings| settings, &batch(&["Un"])).await;
    assert!(sent["system"].is_string(), "the vendor keeps nothing so short");
}

#[tokio::test]
async fn tokens_that_a_server_had_in_its_cache_are_counted() {
    for kind in [EngineKind::Openai, EngineKind::Anthropic] {
        let server = EngineServer::start(kind).await;
        let reply = engine(settings(kind, &server.url())).translate(&batch(&["Un", "Deux"])).await.expect("a reply");
        let used = reply.used;
        assert!(used.tokens_cached > 0 && used.tokens_cached == used.tokens_in / 2, "{kind:?}: {used:?}");
    }
}

#[tokio::test]
async fn instructions_are_the_same_bytes_in_each_request_for_a_pair() {
    for kind in [EngineKind::Openai, EngineKind::Ollama, EngineKind::Anthropic] {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        for texts in [&["Un"][..], &["Le <x9/> vote", "Deux <x1>mots</x1>"]] {
            engine.translate(&batch(texts)).await.expect("a reply");
        }
        let prefixes: Vec<String> = server.requests().iter().map(|request| first_bytes(&request.body)).collect();
        assert_eq!(prefixes[0], prefixes[1], "{kind:?}");
    }
}

/// The instructions of a request.
fn first_bytes(body: &str) -> String {
    system(&serde_json::from_str(body).expect("JSON")).to_owned()
}

#[tokio::test]
async fn deepl_is_told_how_to_cut_and_how_to_keep_texts() {
    let texts = [outgoing("Le <x1>comité</x1>.\nLe <x9/> vote."), outgoing("Deux")];
    let sent = body(EngineKind::Deepl, |settings| settings, &Batch { texts: texts.to_vec(), ..batch(&[]) }).await;
    let mut sent = sent.as_object().expect("an object").clone();
    sent.remove("context");
    let expected = json!({
        "text": ["Le <x1>comité</x1>.\nLe <k9>CIO</k9> vote.", "Deux"],
        "source_lang": "FR",
        "target_lang": "ES",
        "tag_handling": "xml",
        "tag_handling_version": "v2",
        "split_sentences": "nonewlines",
        "preserve_formatting": true,
        "outline_detection": false,
        "show_billed_characters": true,
        "ignore_tags": ["k9"],
    });
    assert_eq!(Value::Object(sent), expected);
}

/// The tiers of all requests so far.
fn tiers(server: &EngineServer) -> Vec<Value> {
    let body = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
    server.requests().iter().map(|request| body(&request.body)["service_tier"].clone()).collect()
}

fn patient() -> Batch {
    Batch { is_patient: true, ..batch(&["Un"]) }
}

#[tokio::test]
async fn only_texts_that_can_wait_are_sent_in_the_flex_tier() {
    let server = EngineServer::start(EngineKind::Openai).await;
    let flex = engine(EngineSettings { tier: Some(ServiceTier::Flex), ..settings(EngineKind::Openai, &server.url()) });
    flex.translate(&patient()).await.expect("a reply");
    flex.translate(&batch(&["Un"])).await.expect("a reply");
    engine(settings(EngineKind::Openai, &server.url())).translate(&patient()).await.expect("a reply");
    assert_eq!(tiers(&server), [json!("flex"), Value::Null, Value::Null]);
}

#[tokio::test]
async fn flex_tier_without_room_rests_and_the_standard_tier_answers() {
    let server = EngineServer::start(EngineKind::Openai).await;
    let flex = engine(EngineSettings { tier: Some(ServiceTier::Flex), ..settings(EngineKind::Openai, &server.url()) });
    server.then(Misbehaviour::RateLimited(None), 1);
    let reply = flex.translate(&patient()).await.expect("a reply");
    assert!(reply.texts[0].is_ok(), "{reply:?}");
    flex.translate(&patient()).await.expect("a reply");
    assert_eq!(tiers(&server), [json!("flex"), Value::Null, Value::Null]);
}

#[tokio::test]
async fn quota_that_is_used_up_is_no_matter_of_the_tier() {
    let server = EngineServer::start(EngineKind::Openai).await;
    let flex = engine(EngineSettings { tier: Some(ServiceTier::Flex), ..settings(EngineKind::Openai, &server.url()) });
    server.then(Misbehaviour::Quota, 1);
    let error = flex.translate(&patient()).await.expect_err("nothing is left");
    assert!(matches!(error, relais::translate::EngineError::Quota { .. }), "{error:?}");
    assert_eq!(tiers(&server), [json!("flex")]);
}
