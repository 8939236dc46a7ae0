//! What a visit leaves behind.

use std::collections::HashMap;

use relais::model::{
    BreakKind, DueReason, EditionCount, EntryCounts, Fault, FaultKind, Lang, LinkOrigin, Original, Outcome, Report, SourceCounts,
    SourceState, TranslationCounts, Visit,
};

use relais::store::{SettledVisit, VisitDay};

use super::backend::{Backend, on_postgres, on_sqlite, promises};
use super::world::{at, change, dump, entry, fresh, lease, newest, settle, source, sources, visit};

promises!(
    settling_again_changes_nothing,
    a_batch_that_fails_leaves_nothing,
    a_changed_entry_keeps_its_place_and_first_sight,
    new_and_changed_entries_go_together,
    withdrawn_entries_are_not_listed_until_they_are_restored,
    pages_through_entries_of_the_same_instant,
    takes_a_thousand_changes_in_one_batch,
    the_last_of_two_changes_of_one_entry_counts,
    an_empty_batch_is_nothing,
    a_quiet_visit_leaves_no_history,
    counts_runs_up_and_keeps_the_last_report,
    counts_the_visits_of_each_day,
    keeps_the_reason_of_a_due_time_until_another_is_given,
);

async fn settling_again_changes_nothing(backend: &Backend) {
    let store = backend.open().await;
    let (one, two) = (entry("a", "one", "<p>1"), entry("a", "two", "<p>2"));
    let ids = [one.key.id(), two.key.id()];
    let visits = [fresh("a", 10, vec![change(one, 5), change(two, 6)]), visit("b", 11)];
    settle(&store, &visits).await;
    let before = dump(&store, &[source("a"), source("b")], &ids).await;
    settle(&store, &visits).await;
    assert_eq!(dump(&store, &[source("a"), source("b")], &ids).await, before);
    assert!(before.contains("« two »"), "{before}");
}

async fn a_batch_that_fails_leaves_nothing(backend: &Backend) {
    let store = backend.open().await;
    store.register_sources(&[source("a"), source("b")], at(0)).await.expect("sources are registered");
    backend
        .meddle(
            "create trigger refuse before insert on outcome when new.source = 'b' begin select raise(abort, 'no'); end",
            "alter table outcome add constraint refuse check (source <> 'b')",
        )
        .await;
    let one = entry("a", "one", "<p>1");
    let ids = [one.key.id()];
    let before = dump(&store, &[source("a"), source("b")], &ids).await;
    let visits = [fresh("a", 10, vec![change(one, 5)]), fresh("b", 10, Vec::new())];
    let error = store
        .settle_visits("w", &visits.iter().cloned().map(SettledVisit::encode).collect::<Vec<_>>())
        .await
        .expect_err("the second visit is refused")
        .to_string();
    assert!(error.contains("settle visits"), "{error}");
    assert_eq!(dump(&store, &[source("a"), source("b")], &ids).await, before);
    settle(&store, &visits[..1]).await;
    assert_eq!(newest(&store, &["a"], None, 9).await, ids);
}

async fn a_changed_entry_keeps_its_place_and_first_sight(backend: &Backend) {
    let store = backend.open().await;
    let first = change(entry("a", "one", "<p>1"), 5);
    let id = first.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![first.clone()])]).await;
    let mut second = change(entry("a", "one", "<p>2"), 500);
    second.entry.head.lang = Lang::new("en");
    second.entry.head.url = None;
    second.article = second.entry.article_key(LinkOrigin::Site);
    settle(&store, &[fresh("a", 510, vec![second.clone()])]).await;
    let known = store.find_entry_rows(&[id]).await.expect("known").remove(0);
    assert_ne!(first.revision, second.revision);
    assert_eq!((known.at, known.first_seen, known.revision), (at(5), at(5), second.revision));
    assert_eq!((known.lang, known.article, known.is_withdrawn), (Lang::new("en"), second.article, false));
    assert_eq!(store.load_entries(&[id]).await.expect("entries"), [(id, second.revision, second.entry)]);
}

async fn new_and_changed_entries_go_together(backend: &Backend) {
    let store = backend.open().await;
    let before: Vec<_> = (0..20).map(|n| change(entry("a", &format!("e{n}"), "<p>1"), n)).collect();
    settle(&store, &[fresh("a", 30, before)]).await;
    // Of a hundred every fifth is known, all with another text.
    let after: Vec<_> = (0..100).map(|n| change(entry("a", &format!("e{}", n / 5 + n % 5 * 20), "<p>2"), 100 + n)).collect();
    settle(&store, &[fresh("a", 300, after.clone())]).await;
    let ids: Vec<_> = after.iter().map(|change| change.entry.key.id()).collect();
    let known: HashMap<_, _> =
        store.find_entry_rows(&ids).await.expect("known").into_iter().map(|known| (known.id, known)).collect();
    assert_eq!(known.len(), 100);
    for (n, (id, change)) in (0..).zip(ids.iter().zip(&after)) {
        assert_eq!(known[id].revision, change.revision, "entry {n}");
        assert_eq!(known[id].at, if n % 5 == 0 { at(n / 5) } else { at(100 + n) }, "entry {n}");
    }
    assert!(store.load_entries(&ids).await.expect("entries").iter().all(|(.., entry)| entry.content == after[0].entry.content));
}

async fn withdrawn_entries_are_not_listed_until_they_are_restored(backend: &Backend) {
    let store = backend.open().await;
    let all: Vec<_> = (0..3).map(|n| change(entry("a", &format!("e{n}"), "<p>"), n)).collect();
    let ids: Vec<_> = all.iter().rev().map(|change| change.entry.key.id()).collect();
    settle(&store, &[fresh("a", 10, all.clone())]).await;
    assert_eq!(newest(&store, &["a"], None, 9).await, ids);
    settle(&store, &[Visit { withdrawn: vec![ids[0], ids[1]], ..visit("a", 20) }]).await;
    assert_eq!(newest(&store, &["a"], None, 9).await, ids[2..]);
    assert!(store.find_entry_rows(&ids[..1]).await.expect("known")[0].is_withdrawn);
    assert_eq!(store.load_counts().await.expect("counts").withdrawn, 2);
    // One comes back as it was, the other one changed.
    let back = change(entry("a", "e1", "<p>new"), 1);
    settle(&store, &[Visit { restored: vec![ids[0]], changes: vec![back], ..visit("a", 30) }]).await;
    assert_eq!(newest(&store, &["a"], None, 9).await, ids);
    assert_eq!(store.load_counts().await.expect("counts").withdrawn, 0);
}

async fn pages_through_entries_of_the_same_instant(backend: &Backend) {
    let store = backend.open().await;
    let of = |source: &str, n: i64| change(entry(source, &format!("e{n}"), "<p>"), n / 10);
    let visits = ["a", "b", "c"].map(|source| fresh(source, 10, (0..25).map(|n| of(source, n)).collect()));
    settle(&store, &visits).await;
    let mut expected: Vec<_> =
        visits[..2].iter().flat_map(|visit| &visit.changes).map(|change| (change.at, change.entry.key.id())).collect();
    expected.sort_unstable();
    expected.reverse();
    let mut seen = Vec::new();
    loop {
        let page = store.list_newest_entries(&[source("a"), source("b"), source("nobody")], seen.last().copied(), None, 7).await;
        let page = page.expect("a page");
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|known| (known.at, known.id)));
    }
    assert_eq!(seen, expected);
    assert_eq!(newest(&store, &[], None, 9).await, []);
}

async fn takes_a_thousand_changes_in_one_batch(backend: &Backend) {
    let store = backend.open().await;
    let text = "<p>Les Jeux d’hiver « ouvrent »…</p>".repeat(100);
    let visits: Vec<_> = (0..20)
        .map(|s| {
            let of = format!("s{s:03}");
            let entries = (0..50).map(|n| change(entry(&of, &format!("{of}-{n}"), &text), n)).collect();
            fresh(&of, 100, entries)
        })
        .collect();
    settle(&store, &visits).await;
    let ids: Vec<_> = visits.iter().flat_map(|v| &v.changes).map(|change| change.entry.key.id()).collect();
    assert_eq!(store.find_entry_rows(&ids).await.expect("known").len(), 1000);
    let texts = store.load_entries(&ids).await.expect("entries");
    assert_eq!(texts.len(), 1000);
    for change in visits.iter().flat_map(|v| &v.changes) {
        assert!(texts.iter().any(|(_, revision, entry)| *revision == change.revision && *entry == change.entry));
    }
    let counts = store.load_counts().await.expect("counts");
    assert_eq!(counts.entries, 1000);
    assert!(counts.size_bytes.is_some_and(|size| size > 100_000), "{counts:?}");
}

async fn the_last_of_two_changes_of_one_entry_counts(backend: &Backend) {
    let store = backend.open().await;
    let (old, new) = (change(entry("a", "one", "<p>old"), 5), change(entry("a", "one", "<p>new"), 5));
    let id = new.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![old]), fresh("a", 11, vec![new.clone()])]).await;
    assert_eq!(store.load_entries(&[id]).await.expect("entries"), [(id, new.revision, new.entry)]);
    assert_eq!(store.load_source_rows(&[source("a")]).await.expect("sources")[0].visited, Some(at(11)));
    assert_eq!(store.load_visit_history(&source("a"), 9).await.expect("a history").len(), 2);
}

async fn an_empty_batch_is_nothing(backend: &Backend) {
    let store = backend.open().await;
    settle(&store, &[]).await;
    store.register_sources(&[], at(0)).await.expect("nothing is registered");
    store.save_originals(&[]).await.expect("nothing is kept");
    assert!(store.lease_due_sources(&[], &lease("w", 0, 1), true, 9).await.expect("a claim").is_empty());
    assert!(store.find_entry_rows(&[]).await.expect("known").is_empty());
    assert!(store.load_entries(&[]).await.expect("entries").is_empty());
    assert_eq!(store.load_last_run().await.expect("no run"), None);
}

async fn a_quiet_visit_leaves_no_history(backend: &Backend) {
    let store = backend.open().await;
    let broken = Outcome::Broken { kind: BreakKind::Dns, message: "no such name".to_owned() };
    let state = SourceState { failures: 1, url: "https://a.example/".to_owned(), ..SourceState::default() };
    settle(&store, &[Visit { outcome: broken.clone(), state: Some(state.clone()), ..visit("a", 10) }]).await;
    settle(&store, &[visit("a", 20)]).await;
    assert_eq!(store.load_visit_history(&source("a"), 9).await.expect("a history"), [(at(10), 12, broken)]);
    let row = store.load_source_rows(&[source("a")]).await.expect("sources").remove(0);
    assert_eq!((row.state, row.visited, row.due), (state, Some(at(20)), at(920)));
    for seconds in 30..40 {
        settle(&store, &[fresh("a", seconds, Vec::new())]).await;
    }
    let last = store.load_visit_history(&source("a"), 2).await.expect("a history");
    assert_eq!(last.iter().map(|visit| visit.0).collect::<Vec<_>>(), [at(39), at(38)]);
}

fn report(run: i64) -> Report {
    Report {
        run,
        started: at(0),
        duration_ms: 1500,
        sources: SourceCounts::default(),
        entries: EntryCounts::default(),
        translation: TranslationCounts::default(),
        editions: vec![EditionCount { id: "jeux".to_owned(), lang: None, items: 3, written: 1, same: 2 }],
        notifications: Vec::new(),
        faults: vec![Fault::of_source(&source("a"), FaultKind::Dns, "no such name", Some(at(0)))],
    }
}

async fn counts_runs_up_and_keeps_the_last_report(backend: &Backend) {
    let store = backend.open().await;
    let one = store.begin_run(at(0)).await.expect("a run begins");
    store.end_run(one, &report(one)).await.expect("a run ends");
    assert_eq!(store.load_last_run().await.expect("a run"), Some((one, at(0), Some(report(one)))));
    let two = store.begin_run(at(60)).await.expect("a run begins");
    assert!(two > one);
    assert_eq!(store.load_last_run().await.expect("a run"), Some((two, at(60), None)));
}

/// One story told to a store: what it says in the end must not depend on the database.
async fn story(backend: &Backend) -> String {
    let store = backend.open().await;
    let all = sources(4);
    store.register_sources(&all, at(0)).await.expect("sources are registered");
    store.lease_due_sources(&all, &lease("w", 0, 60), false, 3).await.expect("a claim");
    let entries: Vec<_> = (0..6).map(|n| change(entry("s000", &format!("é\"\\{n}\u{1F3C5}\n"), "<p>\u{1}\t€"), n / 3)).collect();
    let ids: Vec<_> = entries.iter().map(|change| change.entry.key.id()).collect();
    settle(&store, &[fresh("s000", 10, entries.clone()), visit("s001", 11)]).await;
    let gone = Outcome::Gone { message: "410 “Gone”".to_owned() };
    let changed = change(entry("s000", "é\"\\2\u{1F3C5}\n", "<p>2"), 99);
    let more = Visit { withdrawn: ids[..2].to_vec(), ..fresh("s000", 950, vec![changed]) };
    settle(&store, &[more, Visit { outcome: gone, ..visit("s003", 951) }]).await;
    settle(&store, &[Visit { restored: ids[..1].to_vec(), ..visit("s000", 1900) }]).await;
    let original = Original { text: "du texte".to_owned(), ..Original::default() };
    store.save_originals(&[(ids[3], entries[3].revision, original)]).await.expect("a rendition is kept");
    let run = store.begin_run(at(0)).await.expect("a run begins");
    store.end_run(run, &report(run)).await.expect("a run ends");
    store.save_publication("out", "b.atom", "{}").await.expect("a publication is noted");
    store.save_publication("out", "B.atom", "{\"a\":1}").await.expect("a publication is noted");
    dump(&store, &all, &ids).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_tell_the_same_story() {
    on_postgres(async |postgres| {
        on_sqlite(async |sqlite| {
            let (one, other) = (story(sqlite).await, story(postgres).await);
            assert!(one.lines().count() > 25, "{one}");
            assert_eq!(one, other);
        })
        .await;
    })
    .await;
}

async fn counts_the_visits_of_each_day(backend: &Backend) {
    const DAY: i64 = 86_400;
    /// The first instant of the day of the first one.
    const MIDNIGHT: i64 = -51_200;
    let store = backend.open().await;
    let failed =
        |seconds| Visit { outcome: Outcome::Broken { kind: BreakKind::Http, message: "500".to_owned() }, ..visit("a", seconds) };
    settle(&store, &[fresh("a", 10, vec![change(entry("a", "one", "<p>1"), 5)]), visit("a", 20), visit("b", 20)]).await;
    settle(&store, &[failed(30)]).await;
    settle(&store, &[visit("a", DAY + 10)]).await;
    let day = |name: &str, day: i64, visits, failed, entries| VisitDay {
        source: source(name),
        day: at(MIDNIGHT + day * DAY),
        visits,
        failed,
        entries,
    };
    let mut days = store.load_visit_days(at(MIDNIGHT)).await.expect("days");
    days.sort_by(|one, other| (one.day, &one.source).cmp(&(other.day, &other.source)));
    assert_eq!(days, [day("a", 0, 3, 1, 1), day("b", 0, 1, 0, 0), day("a", 1, 1, 0, 0)]);
    assert_eq!(store.load_visit_days(at(MIDNIGHT + DAY)).await.expect("days").len(), 1, "only from that day on");
}

async fn keeps_the_reason_of_a_due_time_until_another_is_given(backend: &Backend) {
    let store = backend.open().await;
    let with = |seconds, due_reason| Visit { due_reason, ..visit("a", seconds) };
    for (reason, kept) in [
        (Some(DueReason::Cache), Some(DueReason::Cache)),
        (None, Some(DueReason::Cache)),
        (Some(DueReason::Habit), Some(DueReason::Habit)),
    ] {
        settle(&store, &[with(10, reason)]).await;
        let rows = store.load_source_rows(&[source("a")]).await.expect("rows");
        assert_eq!(rows[0].due_reason, kept, "{reason:?}");
    }
    store.postpone_sources(&[source("a")], at(99_999)).await.expect("postponed");
    let rows = store.load_source_rows(&[source("a")]).await.expect("rows");
    assert_eq!(rows[0].due_reason, Some(DueReason::Host));
}
