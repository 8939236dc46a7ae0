//! Sources, entries and visits to fill a store with.

use relais::model::{
    Change, Entry, EntryHead, EntryId, EntryKey, Found, Lang, LinkOrigin, Outcome, RawHtml, SourceId, SourceState, StoryKey,
    Text, Time, Visit,
};
use relais::store::{Lease, SettledVisit, Store};

/// The instant so many seconds after a day in 2026.
pub(super) fn at(seconds: i64) -> Time {
    Time::from_millis(1_790_000_000_000 + seconds * 1000)
}

pub(super) fn source(id: &str) -> SourceId {
    SourceId::new(id)
}

/// `s000`, `s001` …
pub(super) fn sources(count: usize) -> Vec<SourceId> {
    (0..count).map(|n| source(&format!("s{n:03}"))).collect()
}

pub(super) fn lease(worker: &str, now: i64, until: i64) -> Lease {
    Lease { worker: worker.to_owned(), now: at(now), until: at(until) }
}

pub(super) fn entry(of: &str, uid: &str, text: &str) -> Entry {
    Entry {
        key: EntryKey { source: source(of), uid: uid.to_owned() },
        head: EntryHead {
            url: Some(format!("https://example.org/{uid}")),
            lang: Lang::new("fr"),
            published: Some(at(0)),
            ..EntryHead::default()
        },
        title: Text::new(&format!("« {uid} » à l’été")),
        summary: None,
        content: Some(RawHtml(text.to_owned())),
    }
}

/// The first sight of an entry.
pub(super) fn change(entry: Entry, seconds: i64) -> Change {
    let (id, revision, article) = (entry.key.id(), entry.revision(), entry.article_key(LinkOrigin::Elsewhere));
    Change { id, revision, entry, at: at(seconds), first_seen: at(seconds), article, story: StoryKey::default() }
}

/// A visit that found nothing new.
pub(super) fn visit(of: &str, seconds: i64) -> Visit {
    Visit {
        source: source(of),
        at: at(seconds),
        duration_ms: 12,
        outcome: Outcome::Same,
        state: None,
        changes: Vec::new(),
        withdrawn: Vec::new(),
        restored: Vec::new(),
        due: at(seconds + 900),
        due_reason: None,
    }
}

/// A visit that found these entries.
pub(super) fn fresh(of: &str, seconds: i64, changes: Vec<Change>) -> Visit {
    let listed = changes.iter().map(|change| change.entry.key.id()).collect();
    Visit {
        outcome: Outcome::Fresh(Found { new: u32::try_from(changes.len()).expect("few"), ..Found::default() }),
        state: Some(SourceState { url: format!("https://{of}.example/feed"), listed, ..SourceState::default() }),
        changes,
        ..visit(of, seconds)
    }
}

/// Settles visits as the worker `w`.
pub(super) async fn settle(store: &Store, visits: &[Visit]) {
    store
        .settle_visits("w", &visits.iter().cloned().map(SettledVisit::encode).collect::<Vec<_>>())
        .await
        .expect("visits can be settled");
}

/// The keys of the newest entries.
pub(super) async fn newest(store: &Store, of: &[&str], before: Option<(Time, EntryId)>, limit: usize) -> Vec<EntryId> {
    let sources: Vec<SourceId> = of.iter().map(|id| source(id)).collect();
    let known = store.list_newest_entries(&sources, before, None, limit).await.expect("entries can be listed");
    known.iter().map(|known| known.id).collect()
}

/// All that a store says of these sources and entries, in one order, for comparing two stores.
pub(super) async fn dump(store: &Store, of: &[SourceId], entries: &[EntryId]) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let mut line = |what: &dyn std::fmt::Debug| writeln!(out, "{what:#?}").expect("a String takes everything");
    line(&store.load_source_rows(of).await.expect("sources"));
    for id in of {
        line(&store.load_visit_history(id, 100).await.expect("a history"));
    }
    let mut known = store.find_entry_rows(entries).await.expect("known entries");
    known.sort_by_key(|known| known.id);
    line(&known);
    line(&store.list_newest_entries(of, None, None, 1000).await.expect("newest"));
    let mut texts = store.load_entries(entries).await.expect("entries");
    texts.sort_by_key(|(id, ..)| *id);
    line(&texts);
    let mut originals = store.load_originals(entries).await.expect("originals");
    originals.sort_by_key(|(id, ..)| *id);
    line(&originals);
    line(&store.load_last_run().await.expect("a run"));
    line(&store.list_publications("out").await.expect("publications"));
    let counts = store.load_counts().await.expect("counts");
    line(&(counts.entries, counts.withdrawn, counts.renditions));
    out
}
