//! A clock that was a year ahead, and is right again: what was stored meanwhile is corrected.

use std::time::Duration;

use relais::model::{
    Change, EngineCondition, EngineState, EntryRow, Fault, FaultKind, Hub, Lang, Marked, MemoryResult, Period, Refusal,
    Rendition, RenditionInputs, RenditionProvenance, SegmentKey, Show, SourceState, Subscription, Text, Time, Unit, Usage, Visit,
};
use relais::store::{BudgetUsage, LeasedSource, MemoryEntry, Reservation, Spending, Store, TranslatedEntry};

use super::backend::{Backend, promises};
use super::world::{at, change, dump, entry, fresh, lease, settle, source, sources, visit};

promises!(
    first_visit_that_was_killed_is_due,
    source_that_waits_for_its_host_waits_no_year,
    entry_of_the_future_is_placed_in_the_present,
    backlog_that_was_seen_in_the_future_is_placed_in_the_past,
    entries_seen_while_the_clock_was_ahead_keep_their_order,
    state_of_a_source_is_corrected_before_its_visit,
    refusal_of_the_future_expires,
    engine_that_rests_until_next_year_is_asked,
    hub_that_was_asked_in_the_future_is_asked_again,
    spending_of_the_future_counts_in_the_present_period,
    spending_of_the_future_opens_the_present_period,
    segments_that_a_killed_worker_leased_are_free,
    visit_in_the_future_is_enough_to_notice,
    what_is_corrected_once_is_not_corrected_again,
    clocks_of_two_workers_may_differ,
);

const YEAR: i64 = 365 * 24 * 60 * 60;
const DAY: Duration = Duration::from_hours(24);

/// Opens a store in which a run began while the clock was a year ahead.
async fn year_ahead(backend: &Backend) -> Store {
    let store = backend.open().await;
    store.begin_run(at(YEAR)).await.expect("a run begins");
    store
}

/// Begins a run now that the clock is right, a minute later.
async fn set_back(store: &Store) {
    store.begin_run(at(60)).await.expect("a run begins");
}

async fn lease_due(store: &Store, now: i64) -> Vec<LeasedSource> {
    store.lease_due_sources(&sources(9), &lease("w", now, now + 60), false, 9).await.expect("a lease")
}

async fn row_of(store: &Store, change: &Change) -> EntryRow {
    store.find_entry_rows(&[change.entry.key.id()]).await.expect("rows").remove(0)
}

async fn first_visit_that_was_killed_is_due(backend: &Backend) {
    let store = year_ahead(backend).await;
    store.register_sources(&sources(1), at(YEAR)).await.expect("registered");
    assert_eq!(lease_due(&store, 60).await, [], "nobody has noticed yet");
    set_back(&store).await;
    assert_eq!(lease_due(&store, 60).await.len(), 1);
}

async fn source_that_waits_for_its_host_waits_no_year(backend: &Backend) {
    let store = backend.open().await;
    settle(&store, &[visit("s000", 0)]).await;
    store.begin_run(at(YEAR)).await.expect("a run begins");
    store.postpone_sources(&sources(1), at(YEAR + 3600)).await.expect("postponed");
    set_back(&store).await;
    let due = store.load_source_rows(&sources(1)).await.expect("rows")[0].due;
    assert_eq!(due, at(60 + 3600), "an hour, as the host wants it");
}

async fn entry_of_the_future_is_placed_in_the_present(backend: &Backend) {
    let store = year_ahead(backend).await;
    let (old, new) = (change(entry("a", "old", "x"), 0), change(entry("a", "new", "y"), YEAR));
    settle(&store, &[fresh("a", YEAR, vec![old.clone(), new.clone()])]).await;
    set_back(&store).await;
    let (old, new) = (row_of(&store, &old).await, row_of(&store, &new).await);
    assert_eq!((new.at, new.first_seen), (at(60), at(60)));
    assert_eq!((old.at, old.first_seen), (at(0), at(0)));
}

/// Undated entries of a first visit are placed a month before it.
async fn backlog_that_was_seen_in_the_future_is_placed_in_the_past(backend: &Backend) {
    let store = year_ahead(backend).await;
    let month = 30 * 24 * 60 * 60;
    let backlog = Change { at: at(YEAR - month), ..change(entry("a", "one", "x"), YEAR) };
    settle(&store, &[fresh("a", YEAR, vec![backlog.clone()])]).await;
    set_back(&store).await;
    let row = row_of(&store, &backlog).await;
    assert_eq!((row.at, row.first_seen), (at(60 - month), at(60)));
}

async fn entries_seen_while_the_clock_was_ahead_keep_their_order(backend: &Backend) {
    let store = year_ahead(backend).await;
    let changes = [0, 600, 1200].map(|later| change(entry("a", &later.to_string(), "x"), YEAR + later));
    settle(&store, &[fresh("a", YEAR + 1200, changes.to_vec())]).await;
    set_back(&store).await;
    let mut places = Vec::new();
    for change in &changes {
        places.push(row_of(&store, change).await.at);
    }
    assert_eq!(places, [at(60 - 1200), at(60 - 600), at(60)]);
}

async fn state_of_a_source_is_corrected_before_its_visit(backend: &Backend) {
    let store = year_ahead(backend).await;
    let then = Some(at(YEAR));
    let fault = Fault::of_source(&source("s000"), FaultKind::Http, "503", then);
    let state = SourceState { failing_since: then, stale_until: then, last_fault: Some(fault), ..SourceState::default() };
    settle(&store, &[Visit { state: Some(state), ..visit("s000", YEAR) }]).await;
    set_back(&store).await;
    let leased = lease_due(&store, 60 + 900).await.remove(0);
    assert_eq!((leased.state.failing_since, leased.state.stale_until), (Some(at(60)), Some(at(60))));
    assert_eq!(leased.state.last_fault.expect("a fault").since, Some(at(60)));
    assert_eq!((leased.due, leased.visited), (at(60 + 900), Some(at(60))));
}

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn key(text: &str) -> SegmentKey {
    SegmentKey::new(&Marked::text(text), &lang("fr"), &lang("en"), "deepl", &[])
}

async fn refusal_of_the_future_expires(backend: &Backend) {
    let store = year_ahead(backend).await;
    let one = change(entry("a", "one", "x"), YEAR);
    settle(&store, &[fresh("a", YEAR, vec![one.clone()])]).await;
    let until = at(YEAR).plus(DAY);
    let refused = MemoryEntry {
        key: key("un"),
        from: lang("fr"),
        to: lang("en"),
        engine: "deepl".to_owned(),
        source: "un".to_owned(),
        result: MemoryResult::Refused(Refusal { reason: "number".to_owned(), times: 1, until }),
        made: at(YEAR),
    };
    store.save_memory(&[refused], "w", false).await.expect("remembered");
    let provenance = RenditionProvenance {
        engines: Vec::new(),
        at: at(YEAR),
        translated: 0,
        recalled: 0,
        left: 1,
        waiting: 0,
        reasons: Vec::new(),
    };
    let rendition =
        Rendition { title: Text::new("un"), title_left: true, summary: None, content: None, text: String::new(), provenance };
    let inputs = RenditionInputs { hash: 1, show: Show::Full };
    let (entry, revision) = (one.entry.key.id(), one.revision);
    let left = TranslatedEntry { entry, lang: lang("en"), revision, inputs, rendition, retry_at: Some(until), corrections: 0 };
    store.save_translations(&[left]).await.expect("kept");
    set_back(&store).await;
    let MemoryResult::Refused(refusal) = store.recall_segments(&[key("un")]).await.expect("recalled").remove(0).1 else {
        panic!("it is still refused")
    };
    assert_eq!(refusal.until, at(60).plus(DAY));
    let rows = store.find_translation_rows(&[entry], &lang("en")).await.expect("rows");
    assert_eq!(rows[0].retry_at, Some(at(60).plus(DAY)));
}

async fn engine_that_rests_until_next_year_is_asked(backend: &Backend) {
    let store = year_ahead(backend).await;
    let paused = EngineState {
        condition: EngineCondition::Paused,
        since: Some(at(YEAR)),
        paused_until: Some(at(YEAR + 3600)),
        ..EngineState::default()
    };
    store.save_engine_state("deepl", &paused).await.expect("saved");
    set_back(&store).await;
    let (_, state) = store.load_engine_states().await.expect("states").remove(0);
    assert_eq!((state.since, state.paused_until), (Some(at(60)), Some(at(60 + 3600))));
}

async fn hub_that_was_asked_in_the_future_is_asked_again(backend: &Backend) {
    let store = year_ahead(backend).await;
    let asked = Subscription {
        source: source("a"),
        token: "t".to_owned(),
        callback: "https://b.example/websub/".to_owned(),
        hub: Hub { url: "https://hub.example/".to_owned(), topic: "https://a.example/".to_owned() },
        secret: "s".to_owned(),
        asked: at(YEAR),
        failures: 1,
        until: None,
        lease: None,
        reason: None,
    };
    assert!(store.record_hub_request(&asked, None).await.expect("recorded"));
    store.record_hub_agreement("t", at(YEAR).plus(DAY * 10), DAY * 10).await.expect("recorded");
    set_back(&store).await;
    let kept = store.find_subscription("t").await.expect("a subscription").expect("it is there");
    assert!(kept.next_request_at() <= at(60).plus(DAY * 7), "{kept:?}");
}

fn spending(seconds: i64, characters: u64) -> Spending {
    Spending {
        engine: "deepl".to_owned(),
        day: Period::Day.start(at(seconds)),
        texts: 1,
        used: Usage { characters, ..Usage::default() },
        money: 0,
    }
}

fn reservation(seconds: i64, amount: u64) -> Reservation {
    let since = Period::Month.start(at(seconds));
    Reservation { engine: "deepl".to_owned(), unit: Unit::Characters, per: Period::Month, since, amount }
}

async fn usage(store: &Store) -> BudgetUsage {
    let Reservation { engine, unit, per, since, .. } = reservation(60, 0);
    store.load_budget_usage(&engine, unit, per, since).await.expect("a usage")
}

/// Spends part of a reservation at a time, and keeps the rest reserved, as a killed worker does.
async fn spend(store: &Store, seconds: i64, reserved: u64, spent: u64) {
    assert!(store.reserve_budget(&reservation(seconds, reserved), 1000).await.expect("a budget"));
    let part = reservation(seconds, spent);
    store.settle_spending(&spending(seconds, spent), Some((&part, spent))).await.expect("settled");
}

async fn spending_of_the_future_counts_in_the_present_period(backend: &Backend) {
    let store = backend.open().await;
    spend(&store, 0, 10, 10).await;
    store.begin_run(at(YEAR)).await.expect("a run begins");
    spend(&store, YEAR, 50, 40).await;
    spend(&store, YEAR + 40 * 86_400, 5, 5).await;
    set_back(&store).await;
    assert_eq!(usage(&store).await, BudgetUsage { reserved: 10, spent: 55 });
    let (day, all) = (Period::Day.start(at(60)), store.load_spending(Time::EPOCH).await.expect("spending"));
    assert_eq!(all.iter().map(|one| (one.day, one.used.characters)).collect::<Vec<_>>(), [(day, 55)]);
}

async fn spending_of_the_future_opens_the_present_period(backend: &Backend) {
    let store = backend.open().await;
    store.settle_spending(&spending(0, 7), None).await.expect("settled");
    store.begin_run(at(YEAR)).await.expect("a run begins");
    spend(&store, YEAR, 50, 40).await;
    set_back(&store).await;
    assert_eq!(usage(&store).await, BudgetUsage { reserved: 10, spent: 47 });
}

async fn segments_that_a_killed_worker_leased_are_free(backend: &Backend) {
    let store = backend.open().await;
    let keys = [key("un")];
    let take = async |worker, now| store.lease_segments(&keys, worker, at(now), at(now + 900)).await.expect("a lease").len();
    assert_eq!(take("killed", YEAR).await, 1);
    assert_eq!(take("other", 60).await, 1);
    assert_eq!(take("late", 61).await, 0, "a lease of the present holds");
}

/// A daemon begins no run when its clock is set back.
async fn visit_in_the_future_is_enough_to_notice(backend: &Backend) {
    let store = backend.open().await;
    store.begin_run(at(0)).await.expect("a run begins");
    let state = SourceState { failing_since: Some(at(YEAR)), ..SourceState::default() };
    let seen = change(entry("s000", "one", "x"), YEAR);
    let found = Visit { state: Some(state), ..fresh("s000", YEAR, vec![seen.clone()]) };
    settle(&store, &[found]).await;
    let leased = lease_due(&store, 60).await;
    assert_eq!(leased[0].state.failing_since, Some(at(60)), "the state that the visit goes on from");
    assert_eq!((leased[0].due, leased[0].visited), (at(60 + 900), Some(at(60))));
    assert_eq!(row_of(&store, &seen).await.first_seen, at(60));
}

async fn what_is_corrected_once_is_not_corrected_again(backend: &Backend) {
    let store = year_ahead(backend).await;
    let seen = change(entry("s000", "one", "x"), YEAR);
    settle(&store, &[fresh("s000", YEAR, vec![seen.clone()])]).await;
    assert!(store.correct_clock_jump(at(60)).await.expect("corrected").is_some());
    let all = async || dump(&store, &sources(1), &[seen.entry.key.id()]).await;
    let once = all().await;
    assert_eq!(store.correct_clock_jump(at(60)).await.expect("looked at"), None);
    assert_eq!(all().await, once);
}

async fn clocks_of_two_workers_may_differ(backend: &Backend) {
    let store = backend.open().await;
    store.begin_run(at(3600)).await.expect("a run begins");
    settle(&store, &[visit("s000", 3600)]).await;
    set_back(&store).await;
    assert_eq!(store.load_source_rows(&sources(1)).await.expect("rows")[0].visited, Some(at(3600)));
}
