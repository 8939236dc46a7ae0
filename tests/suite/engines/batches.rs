//! The batch services of vendors, by their documented shapes: submission, search, results in any order, and what goes wrong.

use relais::model::{EngineKind, ServiceTier, Time, Usage};
use relais::translate::{
    Batch, BatchProgress, BatchResult, Billing, CollectedBatch, Engine, EngineError, EngineSettings, FoundBatch, SubmittedBatch,
};

use super::{EngineServer, batch, engine, settings};
use crate::support::engine::batches::{Fate, Submission};

const VENDORS: [EngineKind; 2] = [EngineKind::Openai, EngineKind::Anthropic];
const NAME: &str = "relais-0123456789abcdef";

/// Three requests: two texts, one with a term, and one.
fn requests() -> Vec<Batch> {
    vec![batch(&["Un <x1>mot</x1>", "Deux"]), batch(&["Le <x9/> vote"]), batch(&["Trois"])]
}

async fn submit(engine: &dyn Engine) -> Result<SubmittedBatch, EngineError> {
    engine.batches().expect("a batch service").submit(NAME, &requests()).await
}

async fn collect(engine: &dyn Engine, id: &str) -> Result<BatchProgress, EngineError> {
    let requests = requests();
    let batch = CollectedBatch { name: NAME, id, requests: &requests };
    engine.batches().expect("a batch service").collect(batch).await
}

/// The results of a batch whose requests met these fates.
async fn results(kind: EngineKind, fates: &[Fate]) -> Vec<BatchResult> {
    let server = EngineServer::start(kind).await;
    let engine = engine(settings(kind, &server.url()));
    let id = submit(&*engine).await.unwrap_or_else(|error| panic!("{kind:?}: {error}")).id;
    server.batches().end_all(fates);
    match collect(&*engine, &id).await {
        Ok(BatchProgress::Ended(results)) => results,
        other => panic!("{kind:?}: {other:?}"),
    }
}

fn texts(result: &BatchResult) -> Vec<String> {
    match result {
        BatchResult::Answered(reply) => reply.texts.iter().map(|text| text.as_ref().expect("a text").to_tagged()).collect(),
        BatchResult::Failed { why, .. } => panic!("{why}"),
    }
}

fn why(result: &BatchResult) -> (&str, Usage) {
    match result {
        BatchResult::Failed { why, used } => (why, *used),
        BatchResult::Answered(reply) => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn batch_is_submitted_once_and_its_results_come_in_the_order_of_its_requests() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        server.translate_with(str::to_uppercase);
        let engine = engine(settings(kind, &server.url()));
        let submitted = submit(&*engine).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(submitted.expires, Time::from_rfc3339("2100-01-02T00:00:00Z"), "{kind:?}");
        assert!(matches!(collect(&*engine, &submitted.id).await, Ok(BatchProgress::Running)), "{kind:?}");
        let sizes: Vec<usize> = server.batches().all.iter().map(|batch| batch.requests.len()).collect();
        assert_eq!(sizes, [3]);
        server.batches().end_all(&[Fate::Answered]);
        let Ok(BatchProgress::Ended(results)) = collect(&*engine, &submitted.id).await else { panic!("{kind:?}") };
        let texts: Vec<Vec<String>> = results.iter().map(texts).collect();
        assert_eq!(texts, [vec!["UN <x1>MOT</x1>", "DEUX"], vec!["LE CIO VOTE"], vec!["TROIS"]], "{kind:?}");
        for (result, request) in results.iter().zip(requests()) {
            let BatchResult::Answered(reply) = result else { panic!("{result:?}") };
            let most = engine.price_together(&request.texts.iter().collect::<Vec<_>>(), &request.from, &request.to);
            assert!(reply.used.tokens_out > 0 && reply.used.tokens_in <= most.tokens_in, "{kind:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn request_of_a_batch_is_the_one_that_would_be_sent_alone() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(EngineSettings { tier: Some(ServiceTier::Batch), ..settings(kind, &server.url()) });
        engine.translate(&requests()[1]).await.expect("a reply");
        submit(&*engine).await.expect("a batch");
        let alone: serde_json::Value = serde_json::from_str(&server.requests()[0].body).expect("JSON");
        assert_eq!(server.batches().all[0].requests[1].1, alone, "{kind:?}");
    }
}

#[tokio::test]
async fn failed_requests_of_a_batch_say_why_and_the_others_are_answered() {
    for kind in VENDORS {
        let fates = [Fate::Refused, Fate::Answered, Fate::Expired];
        let results = results(kind, &fates).await;
        assert_eq!(texts(&results[1]).len(), 1);
        let (refused, used) = why(&results[0]);
        assert!(refused.contains("refuses a schema") && used == Usage::default(), "{kind:?}: {refused}");
        let (expired, used) = why(&results[2]);
        assert!(expired.contains("in time") && used == Usage::default(), "{kind:?}: {expired}");
    }
}

#[tokio::test]
async fn cut_answer_of_a_batch_is_billed_and_one_given_twice_is_not_believed() {
    for kind in VENDORS {
        let results = results(kind, &[Fate::Cut, Fate::Doubled, Fate::Missing]).await;
        let (cut, used) = why(&results[0]);
        assert!(cut.contains("it ended for") && used.tokens() > 0, "{kind:?}: {cut}");
        let (doubled, used) = why(&results[1]);
        assert!(doubled.contains("more than once") && used.tokens() > 0, "{kind:?}: {doubled}");
        assert!(why(&results[2]).0.contains("says nothing"), "{kind:?}");
    }
}

#[tokio::test]
async fn batch_that_the_vendor_fails_or_forgets_is_lost() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        let id = submit(&*engine).await.expect("a batch").id;
        let gone = collect(&*engine, "batch_77").await;
        assert!(matches!(gone, Ok(BatchProgress::Lost { billing: Billing::Unknown, .. })), "{kind:?}: {gone:?}");
        if kind == EngineKind::Openai {
            server.batches().fail_all();
            let lost = collect(&*engine, &id).await;
            let Ok(BatchProgress::Lost { why, billing: Billing::Free }) = lost else { panic!("{lost:?}") };
            assert!(why.contains("the file is not accepted"), "{why}");
        }
    }
}

#[tokio::test]
async fn results_without_end_are_not_read() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        let id = submit(&*engine).await.expect("a batch").id;
        server.batches().end_all(&[Fate::Answered]);
        server.batches().is_endless = true;
        let error = collect(&*engine, &id).await.expect_err("too much");
        assert!(matches!(&error, EngineError::BadAnswer { message, .. } if message.contains("more than")), "{kind:?}: {error:?}");
    }
}

#[tokio::test]
async fn submission_tells_a_refusal_from_one_that_may_have_been_taken() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        let mut errors = Vec::new();
        for submission in
            [Submission::Refused(429), Submission::Refused(401), Submission::Refused(404), Submission::TakenAndFailed]
        {
            server.batches().submission = submission;
            errors.push(submit(&*engine).await.expect_err("a failure"));
        }
        assert!(matches!(errors[0], EngineError::Transient { billing: Billing::Free, .. }), "{kind:?}: {errors:?}");
        assert!(matches!(errors[1], EngineError::Unauthorized { .. }), "{kind:?}: {errors:?}");
        assert!(matches!(errors[2], EngineError::Misconfigured { .. }), "{kind:?}: {errors:?}");
        assert!(matches!(errors[3], EngineError::Transient { billing: Billing::Unknown, .. }), "{kind:?}: {errors:?}");
    }
}

#[tokio::test]
async fn submitted_batch_is_found_by_its_name() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        let service = engine.batches().expect("a batch service");
        let since = Time::from_rfc3339("2099-12-31T23:00:00Z").expect("a time");
        assert_eq!(service.find(NAME, since).await.expect("an answer"), FoundBatch::Nowhere, "{kind:?}");
        let submitted = submit(&*engine).await.expect("a batch");
        if kind == EngineKind::Anthropic {
            assert_eq!(service.find(NAME, since).await.expect("an answer"), FoundBatch::Unclear, "names are told at the end");
        }
        server.batches().end_all(&[Fate::Answered]);
        assert_eq!(service.find(NAME, since).await.expect("an answer"), FoundBatch::Here(submitted), "{kind:?}");
        assert_eq!(service.find("relais-another", since).await.expect("an answer"), FoundBatch::Nowhere, "{kind:?}");
    }
}

#[tokio::test]
async fn wrong_key_is_told_at_each_step() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let wrong = EngineSettings { key: Some("wrong-key-99".to_owned().into()), ..settings(kind, &server.url()) };
        let engine = engine(wrong);
        let service = engine.batches().expect("a batch service");
        let found = service.find(NAME, Time::from_millis(0)).await.map(|_| ());
        for result in [submit(&*engine).await.map(|_| ()), collect(&*engine, "batch_0").await.map(|_| ()), found] {
            let error = result.expect_err("no key");
            assert!(matches!(error, EngineError::Unauthorized { .. }), "{kind:?}: {error:?}");
            assert!(!error.to_string().contains("wrong-key-99"), "{error}");
        }
    }
}

#[tokio::test]
async fn name_of_a_vendor_that_leads_elsewhere_is_not_followed() {
    for kind in VENDORS {
        let server = EngineServer::start(kind).await;
        let engine = engine(settings(kind, &server.url()));
        for id in ["../../admin", "a/b", "", "a?b=c", "a%2fb"] {
            let error = collect(&*engine, id).await.expect_err("no name");
            assert!(matches!(error, EngineError::BadAnswer { .. }), "{kind:?} {id}: {error:?}");
        }
    }
}
