//! Renditions in other languages.

use relais::model::{Clean, EntryId, Lang, Original, Rendition, RenditionInputs, RenditionProvenance, Revision, Show, Text};
use relais::store::TranslatedEntry;

use super::backend::{Backend, promises};
use super::world::{at, change, entry, fresh, settle, source};

promises!(
    keeps_a_rendition_per_language_beside_the_original,
    a_stamp_changes_with_the_text_only,
    rendition_that_says_the_same_keeps_the_time_at_which_it_was_made,
    forgets_by_source_language_and_date,
    nothing_is_kept_of_what_was_pruned,
);

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn rendition(title: &str, seconds: i64) -> Rendition {
    let clean = |html: &str| serde_json::from_value::<Clean>(html.into()).expect("clean HTML");
    Rendition {
        title: Text::new(title),
        title_left: false,
        summary: None,
        content: Some(clean("<p>“it”</p>")),
        text: "“it”".to_owned(),
        provenance: RenditionProvenance {
            engines: vec!["deepl".to_owned()],
            at: at(seconds),
            translated: 2,
            recalled: 1,
            left: 0,
            waiting: 0,
            reasons: Vec::new(),
        },
    }
}

fn kept(id: EntryId, tag: &str, title: &str) -> TranslatedEntry {
    let inputs = RenditionInputs { hash: -5, show: Show::Full };
    TranslatedEntry {
        entry: id,
        lang: lang(tag),
        revision: Revision(7),
        inputs,
        rendition: rendition(title, 0),
        retry_at: None,
        corrections: 0,
    }
}

async fn keeps_a_rendition_per_language_beside_the_original(backend: &Backend) {
    let store = backend.open().await;
    let changes = vec![change(entry("a", "1", "x"), 0), change(entry("a", "2", "y"), 0)];
    let ids = [changes[0].entry.key.id(), changes[1].entry.key.id()];
    settle(&store, &[fresh("a", 0, changes)]).await;
    store.save_originals(&[(ids[0], Revision(7), Original::default())]).await.expect("kept");
    store.save_translations(&[kept(ids[0], "en", "One"), kept(ids[0], "es", "Uno")]).await.expect("kept");
    let rows = store.find_translation_rows(&ids, &lang("en")).await.expect("rows");
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].entry, rows[0].revision, rows[0].inputs),
        (ids[0], Revision(7), RenditionInputs { hash: -5, show: Show::Full })
    );
    assert_eq!(store.load_translations(&ids, &lang("es")).await.expect("texts"), [(ids[0], rendition("Uno", 0))]);
    assert_eq!(store.load_translations(&ids, &lang("de")).await.expect("texts"), []);
    assert_eq!(store.load_originals(&ids).await.expect("originals"), [(ids[0], Revision(7), Original::default())]);
}

async fn a_stamp_changes_with_the_text_only(backend: &Backend) {
    let store = backend.open().await;
    let changes = vec![change(entry("a", "1", "x"), 0)];
    let id = changes[0].entry.key.id();
    settle(&store, &[fresh("a", 0, changes)]).await;
    let mut stamps = Vec::new();
    for (title, seconds) in [("One", 0), ("One", 9), ("Two", 9)] {
        let mut kept = kept(id, "en", title);
        kept.rendition = rendition(title, seconds);
        store.save_translations(&[kept]).await.expect("kept");
        stamps.push(store.find_translation_rows(&[id], &lang("en")).await.expect("rows")[0].stamp);
    }
    assert_eq!(stamps[0], stamps[1], "made again, it says the same");
    assert_ne!(stamps[1], stamps[2]);
}

async fn rendition_that_says_the_same_keeps_the_time_at_which_it_was_made(backend: &Backend) {
    let store = backend.open().await;
    let changes = vec![change(entry("a", "1", "x"), 0)];
    let id = changes[0].entry.key.id();
    settle(&store, &[fresh("a", 0, changes)]).await;
    for (title, seconds, wanted) in [("One", 0, 0), ("One", 9, 0), ("Two", 9, 9)] {
        let saved = TranslatedEntry { rendition: rendition(title, seconds), ..kept(id, "en", title) };
        store.save_translations(&[saved]).await.expect("kept");
        let loaded = store.load_translations(&[id], &lang("en")).await.expect("texts");
        assert_eq!(loaded, [(id, rendition(title, wanted))]);
    }
}

async fn forgets_by_source_language_and_date(backend: &Backend) {
    let store = backend.open().await;
    let (a, b) = (change(entry("a", "1", "x"), 10), change(entry("b", "2", "y"), 20));
    let ids = [a.entry.key.id(), b.entry.key.id()];
    settle(&store, &[fresh("a", 0, vec![a]), fresh("b", 0, vec![b])]).await;
    let all: Vec<TranslatedEntry> = ids.iter().flat_map(|id| ["en", "es"].map(|tag| kept(*id, tag, "x"))).collect();
    let originals = ids.map(|id| (id, Revision(7), Original::default()));
    store.save_originals(&originals).await.expect("kept");
    let forget = async |sources: Option<&[relais::model::SourceId]>, tag: &str, since: Option<i64>| {
        store.save_translations(&all).await.expect("kept");
        store.delete_translations(sources, Lang::new(tag).as_ref(), since.map(at)).await.expect("forgotten")
    };
    assert_eq!(forget(None, "", None).await, 4);
    assert_eq!(forget(None, "en", None).await, 2);
    assert_eq!(forget(Some(&[source("a")]), "", None).await, 2);
    assert_eq!(forget(Some(&[source("a")]), "es", None).await, 1);
    assert_eq!(forget(Some(&[]), "", None).await, 0);
    assert_eq!(forget(None, "", Some(11)).await, 2);
    assert_eq!(store.load_originals(&ids).await.expect("originals").len(), 2, "originals are no translations");
}

async fn nothing_is_kept_of_what_was_pruned(backend: &Backend) {
    let store = backend.open().await;
    store.save_translations(&[kept(EntryId(1), "en", "x")]).await.expect("kept");
    assert_eq!(store.find_translation_rows(&[EntryId(1)], &lang("en")).await.expect("rows"), []);
}
