//! What a misbehaving service means: a table of all kinds and all that can go wrong.

use relais::model::{EngineKind, Marked};
use relais::translate::{Billing, EngineError, EngineSettings};
use tokio::time::Duration;

use super::{EngineServer, batch, engine, fitting, services, settings};
use crate::support::engine::Misbehaviour::{self, *};

/// What an error says in one word.
fn class(error: &EngineError) -> &'static str {
    match error {
        EngineError::Transient { billing: Billing::Free, .. } => "later",
        EngineError::Transient { billing: Billing::Unknown, .. } => "later, perhaps paid",
        EngineError::Quota { .. } => "quota",
        EngineError::TooLarge { .. } => "too large",
        EngineError::Unauthorized { .. } => "unauthorized",
        EngineError::UnsupportedPair { .. } => "unsupported pair",
        EngineError::Misconfigured { .. } => "misconfigured",
        EngineError::BadAnswer { .. } => "bad",
    }
}

/// The error of the first request to a server that misbehaves.
async fn error(kind: EngineKind, misbehaviour: Misbehaviour) -> EngineError {
    let server = EngineServer::start(kind).await;
    // A language model is asked in three forms before an error counts.
    server.then(misbehaviour, 3);
    let timeout = if misbehaviour == Silence { Duration::from_millis(300) } else { Duration::from_secs(60) };
    let engine = engine(EngineSettings { timeout: Some(timeout), ..settings(kind, &server.url()) });
    let first = fitting(&*engine, &batch(&["Le <x1>chat</x1>", "Un chien"])).remove(0);
    let error = engine.translate(&first).await.expect_err("an error");
    assert!(!error.to_string().contains(EngineServer::KEY), "{error}");
    error
}

#[tokio::test]
async fn each_failure_says_what_to_do_next() {
    for (misbehaviour, wanted) in [
        (RateLimited(None), "later"),
        (RateLimited(Some("7")), "later"),
        (Status(503), "later"),
        (Status(529), "later"),
        (Status(500), "later, perhaps paid"),
        (Status(504), "later, perhaps paid"),
        (Status(400), "bad"),
        (Status(401), "unauthorized"),
        (Status(403), "unauthorized"),
        (Status(404), "misconfigured"),
        (Quota, "quota"),
        (TooLarge, "too large"),
        (CutBody, "bad"),
        (CutConnection, "later, perhaps paid"),
        (Silence, "later, perhaps paid"),
        (Endless, "bad"),
    ] {
        for kind in services() {
            let error = error(kind, misbehaviour).await;
            assert_eq!(class(&error), wanted, "{kind:?} {misbehaviour:?}: {error}");
            if let EngineError::Transient { retry_after, .. } = error {
                let asked = (misbehaviour == RateLimited(Some("7"))).then_some(Duration::from_secs(7));
                assert_eq!(retry_after, asked, "{kind:?} {misbehaviour:?}");
            }
        }
    }
}

#[tokio::test]
async fn unsupported_pair_is_told_from_a_wrong_key() {
    for kind in services().filter(|kind| !kind.is_language_model()) {
        let error = error(kind, UnsupportedPair).await;
        assert_eq!(class(&error), "unsupported pair", "{kind:?}: {error}");
        assert!(error.to_string().contains("from fr into"), "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn nobody_there_costs_nothing() {
    for kind in services() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let engine = engine(settings(kind, &url));
        let first = fitting(&*engine, &batch(&["Un chat"])).remove(0);
        let error = engine.translate(&first).await.expect_err("nobody there");
        assert_eq!(class(&error), "later", "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_and_not_shown() {
    for kind in services().filter(|kind| *kind != EngineKind::Apertium) {
        let server = EngineServer::start(kind).await;
        let wrong = EngineSettings { key: Some("wrong-key".to_owned().into()), ..settings(kind, &server.url()) };
        let error = engine(wrong).translate(&batch(&["Un chat"])).await.expect_err("a refusal");
        let message = error.to_string();
        assert_eq!(class(&error), "unauthorized", "{kind:?}: {message}");
        assert!(message.contains("`key` of [engine.main]") && !message.contains("wrong-key"), "{kind:?}: {message}");
    }
    let server = EngineServer::start(EngineKind::Libretranslate).await;
    server.then(Emoji, 1);
    let error = engine(settings(EngineKind::Libretranslate, &server.url())).translate(&batch(&["Un chat"])).await;
    assert_eq!(class(&error.expect_err("an emoji is no translation")), "unauthorized");
}

#[tokio::test]
async fn a_wrong_count_is_no_answer() {
    for kind in services().filter(|kind| !kind.is_language_model()) {
        let error = error(kind, WrongCount).await;
        assert_eq!(class(&error), "bad", "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn markup_that_comes_back_is_characters_or_a_fault() {
    for kind in services() {
        let server = EngineServer::start(kind).await;
        server.then(Script, 1);
        let engine = engine(settings(kind, &server.url()));
        let reply = engine.translate(&batch(&["Un chat"])).await.expect("a reply");
        match &reply.texts[0] {
            Ok(text) => {
                assert_eq!(kind, EngineKind::Libretranslate, "the one that un-escapes what it sends");
                assert_eq!(text.pieces().len(), 1);
                assert!(text.to_tagged().ends_with("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", text.to_tagged());
            }
            Err(why) => assert!(why.to_string().contains("markup"), "{kind:?}: {why}"),
        }
    }
}

#[tokio::test]
async fn lost_marks_are_seen_as_lost() {
    for kind in services() {
        let server = EngineServer::start(kind).await;
        server.then(LostMarks, 1);
        let engine = engine(settings(kind, &server.url()));
        let reply = engine.translate(&batch(&["Le <x1>chat</x1><x2/>"])).await.expect("a reply");
        let text = reply.texts[0].as_ref().expect("a text");
        assert_eq!(text.marks(), Marked::text("").marks(), "{kind:?}: {}", text.to_tagged());
    }
}
