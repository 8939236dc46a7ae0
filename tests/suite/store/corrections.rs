//! Corrections: what people translated stays, whatever is forgotten, and renditions learn of each change once.

use relais::model::{Lang, Marked, SegmentKey};
use relais::store::{Correction, ExistingCorrections, PruneMode};

use super::backend::{Backend, promises};
use super::world::at;

promises!(
    correction_is_recalled_and_replaced_or_kept,
    nothing_that_forgets_translations_forgets_a_correction,
    each_change_has_a_higher_number_and_no_change_has_none,
    correction_that_was_taken_back_is_a_change_and_not_recalled,
    two_that_write_at_once_have_numbers_of_their_own,
    corrections_are_listed_in_pages,
);

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn key(source: &str) -> SegmentKey {
    SegmentKey::of_person(&Marked::text(source), &lang("fr"), &lang("en"))
}

fn correction(source: &str, target: Option<&str>) -> Correction {
    Correction {
        key: key(source),
        from: lang("fr"),
        to: lang("en"),
        source: source.to_owned(),
        target: target.map(str::to_owned),
        origin: "person".to_owned(),
        made: at(0),
    }
}

async fn correction_is_recalled_and_replaced_or_kept(backend: &Backend) {
    let store = backend.open().await;
    let (first, second) = (correction("un", Some("<x1>one</x1>\u{0}")), correction("un", Some("1")));
    assert_eq!(store.save_corrections(&[first], ExistingCorrections::Keep).await.expect("saved"), 1);
    assert_eq!(store.save_corrections(std::slice::from_ref(&second), ExistingCorrections::Keep).await.expect("saved"), 0);
    let recalled = store.recall_corrections(&[key("un"), key("deux")]).await.expect("recalled");
    assert_eq!(recalled, [(key("un"), "<x1>one</x1>".to_owned())]);
    assert_eq!(store.save_corrections(&[second], ExistingCorrections::Replace).await.expect("saved"), 1);
    assert_eq!(store.recall_corrections(&[key("un")]).await.expect("recalled"), [(key("un"), "1".to_owned())]);
}

async fn nothing_that_forgets_translations_forgets_a_correction(backend: &Backend) {
    let store = backend.open().await;
    store.save_corrections(&[correction("un relais", Some("a relay"))], ExistingCorrections::Keep).await.expect("saved");
    store.delete_memory("relais", None).await.expect("forgotten");
    store.delete_refusals(None).await.expect("forgotten");
    store.prune_history(at(400_000_000), PruneMode::Delete).await.expect("pruned");
    store.close().await.expect("closed");
    let again = backend.open().await;
    assert_eq!(again.recall_corrections(&[key("un relais")]).await.expect("recalled").len(), 1);
}

async fn each_change_has_a_higher_number_and_no_change_has_none(backend: &Backend) {
    let store = backend.open().await;
    let serial = async || store.last_correction_serial().await.expect("a number");
    let none = serial().await;
    let one = correction("un", Some("one"));
    store.save_corrections(std::slice::from_ref(&one), ExistingCorrections::Replace).await.expect("saved");
    let first = serial().await;
    assert!(first > none);
    store.save_corrections(&[one], ExistingCorrections::Replace).await.expect("saved");
    assert_eq!(serial().await, first, "it says what it said");
    store.save_corrections(&[correction("deux", Some("two"))], ExistingCorrections::Replace).await.expect("saved");
    let keys = [key("un"), key("deux"), key("trois")];
    assert_eq!(store.find_changed_corrections(&keys, first).await.expect("found"), [key("deux")]);
    assert_eq!(store.find_changed_corrections(&keys, none).await.expect("found").len(), 2);
}

async fn correction_that_was_taken_back_is_a_change_and_not_recalled(backend: &Backend) {
    let store = backend.open().await;
    store.save_corrections(&[correction("un", Some("one"))], ExistingCorrections::Replace).await.expect("saved");
    let before = store.last_correction_serial().await.expect("a number");
    assert_eq!(store.save_corrections(&[correction("un", None)], ExistingCorrections::Replace).await.expect("saved"), 1);
    assert!(store.recall_corrections(&[key("un")]).await.expect("recalled").is_empty());
    assert_eq!(store.find_changed_corrections(&[key("un")], before).await.expect("found"), [key("un")]);
    assert!(store.list_corrections((None, None), None, 9).await.expect("listed").is_empty());
    let again = store.save_corrections(&[correction("un", Some("uno"))], ExistingCorrections::Keep).await.expect("saved");
    assert_eq!(again, 1, "what was taken back keeps nobody out");
}

async fn two_that_write_at_once_have_numbers_of_their_own(backend: &Backend) {
    let store = backend.open().await;
    let before = store.last_correction_serial().await.expect("a number");
    let save = |n: usize| {
        let store = &store;
        async move {
            let corrections = [correction(&format!("phrase {n}"), Some("sentence"))];
            store.save_corrections(&corrections, ExistingCorrections::Replace).await.expect("saved");
        }
    };
    futures::future::join_all((0..20).map(save)).await;
    assert_eq!(store.last_correction_serial().await.expect("a number"), before + 20);
}

async fn corrections_are_listed_in_pages(backend: &Backend) {
    let store = backend.open().await;
    let all: Vec<Correction> = (0..5).map(|n| correction(&format!("phrase {n}"), Some("sentence"))).collect();
    store.save_corrections(&all, ExistingCorrections::Keep).await.expect("saved");
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let page = store.list_corrections((Some(&lang("fr")), Some(&lang("en"))), after, 2).await.expect("listed");
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        listed.extend(page);
    }
    let mut expected = all;
    expected.sort_by_key(|correction| correction.key);
    assert_eq!(listed, expected);
    assert!(store.list_corrections((None, Some(&lang("es"))), None, 9).await.expect("listed").is_empty());
}
