//! The counters by which a run sees that nothing has changed.

use relais::model::{Fault, FaultKind, Lang, Marked, Rendition, RenditionInputs, SegmentKey, Show, SourceState, Text, Visit};
use relais::store::{ChangeCounts, Correction, ExistingCorrections, PruneMode, Store, TranslatedEntry};

use super::backend::{Backend, promises};
use super::world::{at, change, entry, fresh, settle, source, visit};

promises!(
    visits_that_change_entries_are_counted_by_source,
    visits_that_change_nothing_are_not_counted,
    changes_of_two_visits_in_one_batch_are_both_counted,
    renditions_are_counted_by_language,
    deleted_renditions_are_counted,
    deleted_entries_are_counted_for_all_sources,
    corrected_clocks_are_counted_for_all_sources,
    changes_of_corrections_are_counted,
    changes_of_all_sources_are_added_up,
    what_readers_are_told_of_a_source_is_hashed,
);

async fn counts(store: &Store) -> ChangeCounts {
    store.load_change_counts().await.expect("the counters are read")
}

async fn visits_that_change_entries_are_counted_by_source(backend: &Backend) {
    let store = backend.open().await;
    let new = change(entry("a", "1", ""), 0);
    let id = new.id;
    settle(&store, &[fresh("a", 1, vec![new])]).await;
    assert_eq!(counts(&store).await.of_source(&source("a")), 1, "a new entry");
    settle(&store, &[Visit { withdrawn: vec![id], ..visit("a", 2) }]).await;
    assert_eq!(counts(&store).await.of_source(&source("a")), 2, "an entry that was withdrawn");
    settle(&store, &[Visit { restored: vec![id], ..visit("a", 3) }]).await;
    assert_eq!(counts(&store).await.of_source(&source("a")), 3, "an entry that is back");
    assert_eq!(counts(&store).await.of_source(&source("b")), 0);
    assert_eq!(counts(&store).await.of_entries(), 0);
}

async fn visits_that_change_nothing_are_not_counted(backend: &Backend) {
    let store = backend.open().await;
    settle(&store, &[fresh("a", 1, vec![change(entry("a", "1", ""), 0)])]).await;
    settle(&store, &[visit("a", 2), fresh("a", 3, Vec::new())]).await;
    assert_eq!(counts(&store).await.of_source(&source("a")), 1);
}

async fn changes_of_two_visits_in_one_batch_are_both_counted(backend: &Backend) {
    let store = backend.open().await;
    let new = |uid: &str| vec![change(entry("a", uid, ""), 0)];
    settle(&store, &[fresh("a", 1, new("1")), fresh("a", 2, new("2")), visit("a", 3)]).await;
    assert_eq!(counts(&store).await.of_source(&source("a")), 2);
}

/// Saves the rendition of an entry in a language.
async fn translate(store: &Store, lang: &str) {
    let new = change(entry("a", "1", ""), 0);
    let (id, revision) = (new.id, new.revision);
    settle(store, &[fresh("a", 1, vec![new])]).await;
    let rendition: Rendition = serde_json::from_str(RENDITION).expect("a rendition");
    let (lang, inputs) = (Lang::new(lang).expect("a language"), RenditionInputs { hash: 1, show: Show::Full });
    let translated = TranslatedEntry { entry: id, lang, revision, inputs, rendition, retry_at: None, corrections: 0 };
    store.save_translations(&[translated]).await.expect("it is saved");
}

const RENDITION: &str = r#"{"title":"A","summary":null,"content":null,
    "made":{"engines":["deepl"],"at":"2026-11-24T00:00:00Z","translated":2,"recalled":0,"left":0}}"#;

async fn renditions_are_counted_by_language(backend: &Backend) {
    let store = backend.open().await;
    translate(&store, "en").await;
    translate(&store, "en").await;
    let counts = counts(&store).await;
    let of = |lang| counts.of_renditions(&Lang::new(lang).expect("a language"));
    assert_eq!((of("en"), of("de")), (2, 0));
}

async fn deleted_renditions_are_counted(backend: &Backend) {
    let store = backend.open().await;
    translate(&store, "en").await;
    store.delete_translations(None, None, None).await.expect("deleted");
    assert_eq!(counts(&store).await.of_entries(), 1);
}

async fn deleted_entries_are_counted_for_all_sources(backend: &Backend) {
    let store = backend.open().await;
    settle(&store, &[fresh("a", 1, vec![change(entry("a", "1", ""), 0)])]).await;
    settle(&store, &[Visit { state: Some(relais::model::SourceState::default()), ..fresh("a", 2, Vec::new()) }]).await;
    for (mode, count) in [(PruneMode::Count, 0), (PruneMode::Delete, 1), (PruneMode::Delete, 1)] {
        store.prune_entries(&[source("a")], at(50), mode).await.expect("a prune");
        assert_eq!(counts(&store).await.of_entries(), count, "{mode:?}");
    }
}

async fn corrected_clocks_are_counted_for_all_sources(backend: &Backend) {
    let store = backend.open().await;
    let year = 365 * 24 * 60 * 60;
    settle(&store, &[fresh("a", year, vec![change(entry("a", "1", ""), year)])]).await;
    assert!(store.correct_clock_jump(at(0)).await.expect("corrected").is_some());
    assert_eq!(counts(&store).await.of_entries(), 1);
}

async fn changes_of_corrections_are_counted(backend: &Backend) {
    let store = backend.open().await;
    let lang = |tag| Lang::new(tag).expect("a language");
    let correction = |target: Option<&str>| Correction {
        key: SegmentKey::of_person(&Marked::text("un"), &lang("fr"), &lang("en")),
        from: lang("fr"),
        to: lang("en"),
        source: "un".to_owned(),
        target: target.map(str::to_owned),
        origin: "a test".to_owned(),
        made: at(1),
    };
    let before = counts(&store).await.of_corrections();
    for (target, changes) in [(Some("one"), 1), (Some("one"), 1), (Some("a"), 2), (None, 3)] {
        store.save_corrections(&[correction(target)], ExistingCorrections::Replace).await.expect("it is saved");
        assert_eq!(counts(&store).await.of_corrections() - before, changes, "{target:?}");
    }
    assert_eq!(counts(&store).await.of_corrections(), store.last_correction_serial().await.expect("a number"));
}

async fn changes_of_all_sources_are_added_up(backend: &Backend) {
    let store = backend.open().await;
    translate(&store, "en").await;
    let new = |source: &str| vec![change(entry(source, "9", ""), 0)];
    settle(&store, &[fresh("a", 1, new("a")), fresh("b", 1, new("b"))]).await;
    assert_eq!(counts(&store).await.of_all_sources(), 3, "renditions are counted apart");
}

async fn what_readers_are_told_of_a_source_is_hashed(backend: &Backend) {
    let store = backend.open().await;
    let in_state = |seconds, edit: fn(&mut SourceState)| {
        let mut state = SourceState::default();
        edit(&mut state);
        Visit { state: Some(state), ..visit("a", seconds) }
    };
    assert_eq!(counts(&store).await.shown_of_source(&source("a")), 0, "before its first visit");
    settle(&store, &[in_state(1, |_| ())]).await;
    let first = counts(&store).await.shown_of_source(&source("a"));
    settle(&store, &[visit("a", 2)]).await;
    settle(&store, &[in_state(3, |state| state.validators.etag = Some("x".to_owned()))]).await;
    assert_eq!(counts(&store).await.shown_of_source(&source("a")), first, "readers are not told of its validators");
    let edits: [fn(&mut SourceState); 3] = [
        |state| state.meta.title = Text::new("La gazette"),
        |state| state.last_fault = Some(Fault::of_source(&source("a"), FaultKind::Http, "it failed", None)),
        |state| state.undated_since = Some(at(1)),
    ];
    for (second, edit) in (4..).zip(edits) {
        // Of two visits in one batch the last one that changed the state counts.
        settle(&store, &[in_state(second * 10, edit), visit("a", second * 10 + 1)]).await;
        assert_ne!(counts(&store).await.shown_of_source(&source("a")), first);
    }
}
