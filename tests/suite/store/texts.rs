//! Texts go in and come out as they were, however long and odd.

use relais::model::{FullText, Original, Outcome, RawHtml, Revision, RuleFacts, SourceState, Visit};

use super::backend::{Backend, promises};
use super::world::{change, entry, fresh, settle, source, visit};

promises!(
    keeps_a_text_of_a_megabyte,
    a_null_character_spoils_no_batch,
    keeps_renditions_by_revision,
    keeps_facts_by_revision,
    keeps_what_became_of_pages,
    keeps_what_was_published,
);

async fn keeps_a_text_of_a_megabyte(backend: &Backend) {
    let store = backend.open().await;
    let long = change(entry("a", "long", &"« é \"\\\n\u{1F3C5} ".repeat(80_000)), 1);
    let short = change(entry("a", "short", "<p>"), 1);
    assert!(long.entry.content.as_ref().is_some_and(|html| html.0.len() > 1 << 20));
    settle(&store, &[fresh("a", 10, vec![long.clone(), short.clone()])]).await;
    let ids = [long.entry.key.id(), short.entry.key.id()];
    let texts = store.load_entries(&ids).await.expect("entries");
    assert_eq!(texts.len(), 2);
    for change in [long, short] {
        assert!(texts.iter().any(|(_, _, entry)| *entry == change.entry));
    }
}

async fn a_null_character_spoils_no_batch(backend: &Backend) {
    let store = backend.open().await;
    let mut odd = change(entry("a", "odd", "a\0b\\u0000c"), 1);
    odd.entry.head.authors = vec!["\0".to_owned()];
    let id = odd.entry.key.id();
    let message = Outcome::Gone { message: "go\0ne".to_owned() };
    let state = SourceState { moved_to: Some("x\0y".to_owned()), ..SourceState::default() };
    let visits = [fresh("a", 10, vec![odd]), Visit { outcome: message, state: Some(state), ..visit("n\0ul", 10) }];
    settle(&store, &visits).await;
    let (_, _, read) = store.load_entries(&[id]).await.expect("entries").remove(0);
    assert_eq!(read.content, Some(RawHtml("a\0b\\u0000c".to_owned())), "a page is bytes");
    assert_eq!(read.head.authors, ["\0"]);
    let row = store.load_source_rows(&[source("nul")]).await.expect("sources").remove(0);
    assert_eq!(row.state.moved_to.as_deref(), Some("xy"));
    let original = Original { text: "t\0".to_owned(), ..Original::default() };
    store.save_originals(&[(id, Revision(1), original)]).await.expect("a rendition is kept");
    assert_eq!(store.load_originals(&[id]).await.expect("originals")[0].2.text, "t");
    store.save_publication("o\0ut", "na\0me", "d\0oc").await.expect("a publication is noted");
    assert_eq!(store.load_publication("out", "name").await.expect("a publication").as_deref(), Some("doc"));
    assert_eq!(store.load_publication("o\0ut", "na\0me").await.expect("a publication").as_deref(), Some("doc"));
    assert!(store.load_visit_history(&source("n\0ul"), 9).await.expect("a history").len() == 1);
    store.release_all("w\0").await.expect("nothing to give back");
}

async fn keeps_renditions_by_revision(backend: &Backend) {
    let store = backend.open().await;
    let one = change(entry("a", "one", "<p>1"), 1);
    let id = one.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![one.clone()])]).await;
    assert!(store.load_originals(&[id]).await.expect("originals").is_empty());
    let made = |text: &str| Original { head: one.entry.head.clone(), text: text.to_owned(), ..Original::default() };
    store.save_originals(&[(id, one.revision, made("1"))]).await.expect("a rendition is kept");
    settle(&store, &[fresh("a", 20, vec![change(entry("a", "one", "<p>2"), 1)])]).await;
    assert_eq!(store.load_originals(&[id]).await.expect("originals"), [(id, one.revision, made("1"))], "of the old revision");
    store.save_originals(&[(id, Revision(-7), made("2"))]).await.expect("a rendition is kept");
    assert_eq!(store.load_originals(&[id]).await.expect("originals"), [(id, Revision(-7), made("2"))]);
    assert_eq!(store.load_counts().await.expect("counts").renditions, 1);
    let unknown = entry("a", "never seen", "").key.id();
    store.save_originals(&[(unknown, Revision(1), made("3"))]).await.expect("it is passed over");
    assert!(store.load_originals(&[unknown]).await.expect("originals").is_empty());
}

async fn keeps_facts_by_revision(backend: &Backend) {
    let store = backend.open().await;
    let one = change(entry("a", "one", "<p>1"), 1);
    let id = one.entry.key.id();
    settle(&store, &[fresh("a", 10, vec![one])]).await;
    assert_eq!(store.load_rule_facts(&[id]).await.expect("nothing"), []);
    let made = |title: &str| RuleFacts {
        version: u64::MAX,
        title: title.to_owned(),
        tags: vec!["sport/judo".to_owned()],
        length: 3,
        has_image: true,
        ..RuleFacts::default()
    };
    for (revision, title) in [(1, "l’été « \"\\ »"), (-7, "2")] {
        store.save_rule_facts(&[(id, Revision(revision), made(title))]).await.expect("facts are kept");
        assert_eq!(store.load_rule_facts(&[id]).await.expect("facts"), [(id, Revision(revision), made(title))]);
    }
    let unknown = entry("a", "never seen", "").key.id();
    store.save_rule_facts(&[(unknown, Revision(1), made("3"))]).await.expect("it is passed over");
    assert_eq!(store.load_rule_facts(&[unknown]).await.expect("nothing"), []);
}

async fn keeps_what_became_of_pages(backend: &Backend) {
    let store = backend.open().await;
    let changes: Vec<_> = (0..4).map(|n| change(entry("a", &format!("e{n}"), "<p>"), n)).collect();
    let ids: Vec<_> = changes.iter().map(|change| change.entry.key.id()).collect();
    settle(&store, &[fresh("a", 10, changes)]).await;
    assert_eq!(store.load_full_texts(&ids).await.expect("nothing"), []);
    let failed = FullText::Failed { tries: 2, message: "l’été « \"\\\0 »".to_owned() };
    let all = [Some(FullText::Taken), None, Some(failed), Some(FullText::Left { message: "m".to_owned() })];
    let made: Vec<_> = ids
        .iter()
        .zip(&all)
        .map(|(id, full_text)| (*id, Revision(id.0 ^ 1), Original { full_text: full_text.clone(), ..Original::default() }))
        .collect();
    store.save_originals(&made).await.expect("renditions are kept");
    let mut read = store.load_full_texts(&ids).await.expect("what became of pages");
    read.sort_by_key(|(id, ..)| ids.iter().position(|other| other == id));
    let failed = FullText::Failed { tries: 2, message: "l’été « \"\\ »".to_owned() };
    let left = FullText::Left { message: "m".to_owned() };
    let row = |n: usize, full_text| (ids[n], Revision(ids[n].0 ^ 1), full_text);
    assert_eq!(read, [row(0, FullText::Taken), row(2, failed), row(3, left)]);
    store.save_originals(&[(ids[0], Revision(7), Original::default())]).await.expect("another revision");
    assert_eq!(store.load_full_texts(&ids[..1]).await.expect("nothing"), [], "it is asked for anew");
}

async fn keeps_what_was_published(backend: &Backend) {
    let store = backend.open().await;
    assert_eq!(store.load_publication("out", "jeux.atom").await.expect("nothing"), None);
    for (target, name, doc) in
        [("out", "jeux.atom", "1"), ("out", "a.rss", "2"), ("s3", "jeux.atom", "3"), ("out", "jeux.atom", "4")]
    {
        store.save_publication(target, name, doc).await.expect("a publication is noted");
    }
    assert_eq!(store.load_publication("out", "jeux.atom").await.expect("one").as_deref(), Some("4"));
    let all = store.list_publications("out").await.expect("publications");
    assert_eq!(all, [("a.rss".to_owned(), "2".to_owned()), ("jeux.atom".to_owned(), "4".to_owned())]);
}
