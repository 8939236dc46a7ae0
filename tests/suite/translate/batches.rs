//! Batches, from their submission in one run to their collection in a later one: what is held back long enough costs half.

use relais::model::{EngineKind, Time, Usage};
use relais::store::{Access, Store};
use serde_json::Value;

use super::{feed, items, stories, story, tables, translation};
use crate::support::engine::EngineServer;
use crate::support::engine::batches::{Fate, Submission};
use crate::support::origin::Origin;
use crate::support::program::{Ended, World};

const VENDORS: [EngineKind; 2] = [EngineKind::Openai, EngineKind::Anthropic];

const HOLD: &str = "untranslated = \"hold 48h\"";

/// A source with the two stories, a language model with a batch service, and a world that knows both.
struct Newsroom {
    origin: Origin,
    server: EngineServer,
    world: World,
    engine: String,
}

impl Newsroom {
    async fn new(kind: EngineKind, more: &str, edition: &str) -> Self {
        let origin = Origin::start().await;
        origin.on("/a", feed(&stories()));
        let server = EngineServer::start(kind).await;
        let world = World::new("");
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(world.path("key"), EngineServer::KEY).expect("a key can be written");
        let engine = format!(
            "kind = \"{}\"\nmodel = \"m\"\ntimeout = \"5s\"\nkey = {{ file = \"key\" }}\nservice_tier = \"batch\"\n{more}",
            kind.name()
        );
        let newsroom = Self { origin, server, world, engine };
        newsroom.configure(edition);
        newsroom
    }

    fn configure(&self, edition: &str) {
        self.world.configure("", &tables(&self.origin, &[("lm", &self.server, &self.engine)], edition));
    }

    /// Runs, whatever is due.
    async fn run(&self) -> Ended {
        self.world.relais(&["run", "--force", "--json"]).await
    }

    /// Runs, and expects no fault.
    async fn run_well(&self) -> Value {
        let ended = self.run().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        translation(&ended)
    }

    async fn store(&self) -> Store {
        let url = format!("sqlite:{}", self.world.path("relais.db").display());
        Store::open(&url, Access::Work).await.expect("a store")
    }
}

fn faults(ended: &Ended) -> String {
    ended.json()["faults"].to_string()
}

#[tokio::test]
async fn texts_that_are_held_back_for_a_day_are_submitted_and_collected_for_half_the_price() {
    for kind in VENDORS {
        let price = "price = { per_million_tokens_in = 2.0, per_million_tokens_out = 8.0, currency = \"EUR\" }";
        let newsroom = Newsroom::new(kind, price, HOLD).await;
        let counts = newsroom.run_well().await;
        assert_eq!((newsroom.server.requests().len(), newsroom.server.batches().all.len()), (0, 1), "{kind:?}: {counts}");
        assert_eq!((&counts["sent"], &counts["cost"]), (&0.into(), &0.0.into()), "{counts}");
        let texts = newsroom.server.batches().texts();
        assert_eq!(counts["engines"][0]["in_batches"], texts, "{counts}");
        assert!(counts["engines"][0]["in_batches_since"].is_string() && counts["reasons"]["in-batch"] == texts, "{counts}");
        assert!(items(&newsroom.world).is_empty(), "they are held back");

        let counts = newsroom.run_well().await;
        assert_eq!(newsroom.server.batches().all.len(), 1, "nothing is submitted twice: {counts}");

        newsroom.server.batches().end_all(&[Fate::Answered]);
        let counts = newsroom.run_well().await;
        assert_eq!((newsroom.server.requests().len(), newsroom.server.batches().all.len()), (0, 1), "{counts}");
        assert_eq!((&counts["sent"], &counts["waiting"], &counts["left"]), (&texts.into(), &0.into(), &0.into()), "{counts}");
        assert_eq!(counts["engines"][0]["in_batches"], 0);
        let tokens = |name: &str| counts[name].as_f64().expect("a number");
        let full = (tokens("tokens_in") * 2.0 + tokens("tokens_out") * 8.0) / 1e6;
        assert!((tokens("cost") - full / 2.0).abs() < 2e-6, "{kind:?}: {counts}");
        let items = items(&newsroom.world);
        assert_eq!(items.len(), 2);
        assert!(
            items[0]["content_html"].as_str().is_some_and(|html| html.contains("Léon Marchand") && !html.contains("nageurs"))
        );

        let counts = newsroom.run_well().await;
        assert_eq!(counts["sent"], 0, "{counts}");
    }
}

#[tokio::test]
async fn texts_that_some_edition_does_not_hold_back_for_a_day_are_sent_at_once() {
    for edition in ["untranslated = \"hold 24h\"", "untranslated = \"original\"", "untranslated = \"skip\""] {
        let newsroom = Newsroom::new(EngineKind::Anthropic, "", edition).await;
        newsroom.run_well().await;
        assert!(newsroom.server.batches().all.is_empty() && !newsroom.server.requests().is_empty(), "{edition}");
    }
    let two =
        format!("{HOLD}\n[edition.other]\nlangs = [\"en\"]\nengines = [\"lm\"]\nshow = \"full\"\nuntranslated = \"original\"");
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", &two).await;
    newsroom.run_well().await;
    assert!(newsroom.server.batches().all.is_empty() && !newsroom.server.requests().is_empty());
}

#[tokio::test]
async fn status_shows_what_is_out_in_batches_and_since_when() {
    let newsroom = Newsroom::new(EngineKind::Openai, "", HOLD).await;
    newsroom.run_well().await;
    let texts = newsroom.server.batches().texts();
    let status = newsroom.world.relais(&["status", "--json"]).await.json();
    let batch = &status["engines"][0]["batches"][0];
    assert_eq!((&batch["id"], &batch["texts"]), (&"batch_0".into(), &texts.into()), "{status}");
    assert!(batch["since"].is_string() && batch["expires"] == "2100-01-02T00:00:00Z", "{status}");
    let table = newsroom.world.relais(&["status"]).await.stdout;
    assert!(table.contains(&format!("{texts} texts in a batch since 2")), "{table}");
    newsroom.server.batches().end_all(&[Fate::Answered]);
    newsroom.run_well().await;
    let status = newsroom.world.relais(&["status", "--json"]).await.json();
    assert_eq!(status["engines"][0]["batches"], serde_json::json!([]), "{status}");
}

#[tokio::test]
async fn texts_of_failed_requests_are_told_once_and_sent_in_the_ordinary_way() {
    for (kind, fate) in [
        (EngineKind::Openai, Fate::Expired),
        (EngineKind::Anthropic, Fate::Cancelled),
        (EngineKind::Openai, Fate::Refused),
        (EngineKind::Anthropic, Fate::Missing),
    ] {
        let newsroom = Newsroom::new(kind, "", HOLD).await;
        newsroom.run_well().await;
        newsroom.server.batches().end_all(&[fate]);
        let ended = newsroom.run().await;
        assert_eq!(ended.code, Some(3), "{kind:?} {fate:?}: {ended:?}");
        assert!(faults(&ended).contains("texts of a batch were not translated"), "{ended:?}");
        assert_eq!((newsroom.server.batches().all.len(), newsroom.server.requests().len()), (1, 1), "{kind:?} {fate:?}");
        assert_eq!(items(&newsroom.world).len(), 2, "{kind:?} {fate:?}");
        newsroom.run_well().await;
        assert_eq!(newsroom.server.requests().len(), 1, "nothing is sent again");
    }
}

#[tokio::test]
async fn answers_of_a_batch_get_the_checks_of_all_answers() {
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", HOLD).await;
    newsroom.run_well().await;
    newsroom.server.translate_with(|text| crate::support::engine::words::english(text).replace("400", "500"));
    newsroom.server.batches().end_all(&[Fate::Answered]);
    let counts = newsroom.run_well().await;
    assert!(counts["rejected"].as_u64() >= Some(1), "{counts}");
    assert_eq!(newsroom.server.requests().len(), 1, "it is asked for again, alone: {:?}", newsroom.server.texts());
    assert!(newsroom.server.texts()[0].contains("400"));
}

#[tokio::test]
async fn text_whose_hold_ends_is_not_waited_for() {
    let newsroom = Newsroom::new(EngineKind::Openai, "", HOLD).await;
    newsroom.run_well().await;
    newsroom.configure("untranslated = \"hold 10m\"");
    newsroom.run_well().await;
    assert_eq!((newsroom.server.batches().all.len(), newsroom.server.requests().len()), (1, 1));
    assert_eq!(items(&newsroom.world).len(), 2);
    newsroom.server.batches().end_all(&[Fate::Answered]);
    let counts = newsroom.run_well().await;
    assert!(counts["sent"].as_u64() > Some(0), "what the batch has cost is counted: {counts}");
    assert_eq!(newsroom.server.requests().len(), 1, "and nothing is sent for it");
}

#[tokio::test]
async fn submission_that_broke_off_is_looked_for_and_not_repeated() {
    for kind in VENDORS {
        let newsroom = Newsroom::new(kind, "", HOLD).await;
        newsroom.server.batches().submission = Submission::TakenAndFailed;
        newsroom.run_well().await;
        newsroom.server.batches().submission = Submission::Taken;
        newsroom.run_well().await;
        assert_eq!(newsroom.server.batches().all.len(), 1, "{kind:?}: the vendor may have it");
        age(&newsroom).await;
        newsroom.server.batches().end_all(&[Fate::Answered]);
        let counts = newsroom.run_well().await;
        assert_eq!((newsroom.server.batches().all.len(), newsroom.server.requests().len()), (1, 0), "{kind:?}: {counts}");
        assert_eq!(items(&newsroom.world).len(), 2, "{kind:?}");
    }
}

/// Makes the batch of a newsroom an hour older.
async fn age(newsroom: &Newsroom) {
    let store = newsroom.store().await;
    let far = Time::from_millis(i64::MAX);
    let mut batches = store.lease_vendor_batches(&["lm"], (far, far), far).await.expect("batches");
    let batch = batches.pop().expect("a batch");
    let older =
        relais::store::VendorBatch { submitted: batch.submitted.minus(std::time::Duration::from_hours(1)), ..batch.clone() };
    let nothing = relais::store::Spending { engine: "lm".to_owned(), day: far, texts: 0, used: Usage::default(), money: 0 };
    store.drop_vendor_batch(&batch, nothing).await.expect("it is dropped");
    store.open_vendor_batch(&older, "w", older.submitted).await.expect("it is opened");
    store.close().await.expect("it can be closed");
}

#[tokio::test]
async fn batch_that_never_came_to_the_vendor_is_submitted_again() {
    let newsroom = Newsroom::new(EngineKind::Openai, "", HOLD).await;
    newsroom.server.batches().submission = Submission::Refused(500);
    newsroom.run_well().await;
    newsroom.server.batches().submission = Submission::Taken;
    age(&newsroom).await;
    let counts = newsroom.run_well().await;
    assert_eq!(newsroom.server.batches().all.len(), 1, "{counts}");
    assert_eq!(newsroom.server.requests().len(), 0, "{counts}");
}

#[tokio::test]
async fn vendor_without_room_is_asked_again_by_the_next_run() {
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", HOLD).await;
    newsroom.server.batches().submission = Submission::Refused(429);
    newsroom.run().await;
    assert_eq!(newsroom.server.requests().len(), 0, "there is time");
    newsroom.server.batches().submission = Submission::Taken;
    let counts = newsroom.run_well().await;
    assert_eq!(newsroom.server.batches().all.len(), 1, "{counts}");
}

#[tokio::test]
async fn server_without_a_batch_service_is_told_and_gets_single_requests() {
    let newsroom = Newsroom::new(EngineKind::Openai, "", HOLD).await;
    newsroom.server.batches().submission = Submission::Refused(404);
    let ended = newsroom.run().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(faults(&ended).contains("see `service_tier`"), "{ended:?}");
    assert_eq!(items(&newsroom.world).len(), 2);
}

#[tokio::test]
async fn wrong_key_of_a_batch_service_is_told_and_nothing_is_lost() {
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", HOLD).await;
    newsroom.run_well().await;
    newsroom.server.batches().look = Some(401);
    let ended = newsroom.run().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(faults(&ended).contains("does not accept the `key`"), "{ended:?}");
    newsroom.server.batches().look = None;
    newsroom.server.batches().end_all(&[Fate::Answered]);
    let counts = newsroom.run_well().await;
    assert_eq!((newsroom.server.batches().all.len(), newsroom.server.requests().len()), (1, 0), "{counts}");
    assert_eq!(items(&newsroom.world).len(), 2);
}

#[tokio::test]
async fn budget_counts_a_batch_from_its_submission_on_and_gives_the_rest_back() {
    let budget = "budget = { tokens = 40000, per = \"month\" }";
    let newsroom = Newsroom::new(EngineKind::Openai, budget, HOLD).await;
    newsroom.run_well().await;
    let left = |status: &Value| status["engines"][0]["budget"].clone();
    let status = newsroom.world.relais(&["status", "--json"]).await.json();
    let reserved = left(&status)["in_doubt"].as_f64().expect("a number");
    assert!(reserved > 0.0, "{status}");
    newsroom.server.batches().end_all(&[Fate::Answered]);
    newsroom.run_well().await;
    let status = newsroom.world.relais(&["status", "--json"]).await.json();
    let spent = left(&status)["spent"].as_f64().expect("a number");
    assert!(spent > 0.0 && spent < reserved && left(&status)["in_doubt"] == 0.0, "{status}");
    assert_eq!(status["engines"][0]["tokens"].as_f64(), Some(spent));
}

#[tokio::test]
async fn batch_beyond_the_budget_is_not_submitted() {
    let newsroom = Newsroom::new(EngineKind::Openai, "budget = { tokens = 500, per = \"month\" }", HOLD).await;
    let ended = newsroom.run().await;
    assert!(faults(&ended).contains("its budget is used up"), "{ended:?}");
    assert_eq!((newsroom.server.batches().all.len(), newsroom.server.requests().len()), (0, 0));
}

#[tokio::test]
async fn dry_run_reckons_with_half_the_price_and_submits_nothing() {
    let price = "price = { per_million_tokens_in = 2.0, per_million_tokens_out = 8.0, currency = \"EUR\" }";
    let newsroom = Newsroom::new(EngineKind::Openai, price, HOLD).await;
    let dry = translation(&newsroom.world.relais(&["run", "--dry-run", "--json"]).await);
    assert_eq!(newsroom.server.batches().all.len(), 0);
    newsroom.configure("untranslated = \"original\"");
    let at_once = translation(&newsroom.world.relais(&["run", "--dry-run", "--json"]).await);
    let (half, full) = (dry["cost"].as_f64().expect("a cost"), at_once["cost"].as_f64().expect("a cost"));
    assert_eq!(dry["sent"], at_once["sent"]);
    assert!(half > 0.0 && (half * 2.0 - full).abs() < 4e-6, "{half} {full}");
    let most = |counts: &Value| counts["estimate"]["cost"]["most"].as_f64().expect("a cost");
    assert!(most(&dry) < most(&at_once) / 2.0, "it is sent once: {dry}");

    newsroom.configure(HOLD);
    newsroom.run_well().await;
    newsroom.server.batches().end_all(&[Fate::Answered]);
    let counts = newsroom.run_well().await;
    let (cost, least) = (counts["cost"].as_f64().expect("a cost"), dry["estimate"]["cost"]["least"].as_f64().expect("a cost"));
    assert!(least <= cost && cost <= most(&dry), "{least} {cost} {}", most(&dry));
    let dry = translation(&newsroom.world.relais(&["run", "--dry-run", "--json"]).await);
    assert_eq!(dry["sent"], 0, "{dry}");
}

#[tokio::test]
async fn dry_run_sends_nothing_of_what_is_out() {
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", HOLD).await;
    newsroom.run_well().await;
    let dry = translation(&newsroom.world.relais(&["run", "--dry-run", "--json"]).await);
    assert_eq!(dry["sent"], 0, "{dry}");
}

#[tokio::test]
async fn explain_says_that_a_text_is_in_a_batch() {
    let newsroom = Newsroom::new(EngineKind::Anthropic, "", HOLD).await;
    newsroom.run_well().await;
    let explained = newsroom.world.relais(&["explain", &stories()[0].title]).await;
    assert!(explained.stdout.contains("the vendor works on it, in a batch"), "{explained:?}");
}

#[tokio::test]
async fn edited_text_of_a_batch_is_submitted_and_the_rest_is_collected() {
    let newsroom = Newsroom::new(EngineKind::Openai, "", HOLD).await;
    newsroom.run_well().await;
    let changed = super::JUDO.replace("pendant 3 heures", "pendant 4 heures sous la pluie");
    newsroom.origin.on("/a", feed(&[stories().remove(0), story(1, &stories()[1].title, &changed)]));
    newsroom.run_well().await;
    let sizes: Vec<usize> = newsroom.server.batches().all.iter().map(|batch| batch.requests.len()).collect();
    assert_eq!(sizes, [1, 1], "the changed sentence is a batch of its own");
    newsroom.server.batches().end_all(&[Fate::Answered]);
    newsroom.run_well().await;
    assert_eq!((items(&newsroom.world).len(), newsroom.server.requests().len()), (2, 0));
}
