//! The memory: what is translated once is known to all, and no two workers translate the same.

use std::collections::{HashMap, HashSet};

use relais::model::{Lang, Marked, MemoryResult, Refusal, SegmentKey};
use relais::store::{MemoryEntry, PruneMode, Store};

use super::backend::{Backend, on_postgres, promises};
use super::world::at;

promises!(
    remembers_translations_and_refusals,
    a_translation_stays_unless_it_is_to_be_replaced,
    a_segment_is_one_workers_until_it_is_done_or_its_time_is_up,
    workers_at_once_share_the_segments_without_overlap,
    what_is_translated_is_nobodys_to_translate,
    lists_translations_in_pages_and_by_language,
    forgets_what_holds_a_term,
    what_nobody_asks_for_is_forgotten_after_a_year,
    forgets_refusals_of_a_language_and_no_translation,
);

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn key(text: &str) -> SegmentKey {
    SegmentKey::new(&Marked::text(text), &lang("fr"), &lang("en"), "deepl", &[])
}

fn memory(text: &str, result: MemoryResult) -> MemoryEntry {
    MemoryEntry {
        key: key(text),
        from: lang("fr"),
        to: lang("en"),
        engine: "deepl".to_owned(),
        source: text.to_owned(),
        result,
        made: at(0),
    }
}

fn refusal(reason: &str) -> MemoryResult {
    MemoryResult::Refused(Refusal { reason: reason.to_owned(), times: 2, until: at(90) })
}

fn translation(text: &str) -> MemoryResult {
    MemoryResult::Translation(text.to_owned())
}

async fn remembers_translations_and_refusals(backend: &Backend) {
    let store = backend.open().await;
    let refused = refusal("number");
    let all = [memory("un « é »", translation("one <x1>“é”</x1>\u{0}")), memory("deux", refused.clone())];
    assert_eq!(store.save_memory(&all, "w", false).await.expect("remembered"), 2);
    let keys = [key("un « é »"), key("trois"), key("deux")];
    let known: HashMap<_, _> = store.recall_segments(&keys).await.expect("recalled").into_iter().collect();
    assert_eq!(known.get(&keys[0]), Some(&translation("one <x1>“é”</x1>")));
    assert_eq!(known.get(&keys[1]), None);
    assert_eq!(known.get(&keys[2]), Some(&refused));
    let many: Vec<_> = (0..5000).map(|n| key(&n.to_string())).chain([keys[0]]).collect();
    assert_eq!(store.recall_segments(&many).await.expect("more than one query").len(), 1);
    assert_eq!(store.recall_segments(&[]).await.expect("nothing"), []);
    store.close().await.expect("closed");
    let look = backend.look().await.expect("somebody looks");
    assert_eq!(look.recall_segments(&keys).await.expect("recalled").len(), 2);
}

async fn a_translation_stays_unless_it_is_to_be_replaced(backend: &Backend) {
    let store = backend.open().await;
    let recalled = async || store.recall_segments(&[key("un")]).await.expect("recalled").remove(0).1;
    let remember =
        async |result: MemoryResult, replace| store.save_memory(&[memory("un", result)], "w", replace).await.expect("remembered");
    assert_eq!(remember(refusal("echo"), false).await, 1);
    assert_eq!(remember(translation("one"), false).await, 1, "a refusal gives way");
    assert_eq!(remember(translation("a"), false).await, 0);
    assert_eq!(remember(refusal("echo"), false).await, 0);
    assert_eq!(recalled().await, translation("one"));
    assert_eq!(remember(translation("a"), true).await, 1);
    assert_eq!(recalled().await, translation("a"));
}

async fn a_segment_is_one_workers_until_it_is_done_or_its_time_is_up(backend: &Backend) {
    let store = backend.open().await;
    let keys = [key("un"), key("deux")];
    let claim = async |keys: &[SegmentKey], worker: &str, now: i64| -> HashSet<SegmentKey> {
        store.lease_segments(keys, worker, at(now), at(now + 60)).await.expect("claimed").into_iter().collect()
    };
    assert_eq!(claim(&keys[..1], "a", 0).await, HashSet::from([keys[0]]));
    assert_eq!(claim(&keys, "b", 10).await, HashSet::from([keys[1]]), "the first is taken");
    assert_eq!(claim(&keys, "a", 20).await, HashSet::from([keys[0]]), "one's own may be taken again");
    assert_eq!(claim(&keys, "c", 75).await, HashSet::from([keys[1]]), "the time of b is up, that of a not");
    store.release_segments(&keys, "c").await.expect("released");
    assert_eq!(claim(&keys, "d", 76).await, HashSet::from([keys[1]]), "c gave back its own only");
}

async fn workers_at_once_share_the_segments_without_overlap(backend: &Backend) {
    let stores = match backend {
        Backend::Sqlite(_) => vec![backend.open().await],
        Backend::Postgres(_) => vec![backend.open().await, backend.open().await],
    };
    let keys: Vec<SegmentKey> = (0..300).map(|n| key(&n.to_string())).collect();
    let workers = (0..8_usize).map(|n| {
        let (store, mut keys) = (&stores[n % stores.len()], keys.clone());
        keys.rotate_left(n * 37);
        async move {
            let mut got = Vec::new();
            for keys in keys.chunks(50) {
                got.extend(store.lease_segments(keys, &format!("w{n}"), at(0), at(60)).await.expect("claimed"));
            }
            got
        }
    });
    let got: Vec<Vec<SegmentKey>> = futures::future::join_all(workers).await;
    let all: Vec<SegmentKey> = got.concat();
    assert_eq!(all.len(), keys.len(), "each is somebody's");
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), keys.len(), "and nobody else's");
}

async fn what_is_translated_is_nobodys_to_translate(backend: &Backend) {
    let store = backend.open().await;
    let known = [memory("un", translation("one")), memory("deux", refusal("echo"))];
    store.lease_segments(&[key("un")], "a", at(0), at(60)).await.expect("claimed");
    store.save_memory(&known, "a", false).await.expect("remembered");
    let got = store.lease_segments(&[key("un"), key("deux")], "b", at(1), at(60)).await.expect("claimed");
    assert_eq!(got, [key("deux")], "what was refused may be asked again by who wants to");
}

async fn lists_translations_in_pages_and_by_language(backend: &Backend) {
    let store = backend.open().await;
    let mut all: Vec<MemoryEntry> = (0..25).map(|n| memory(&n.to_string(), translation("x"))).collect();
    all.push(MemoryEntry { to: lang("es"), key: key("otro"), ..memory("otro", translation("o")) });
    all.push(memory("refused", refusal("echo")));
    store.save_memory(&all, "w", false).await.expect("remembered");
    let english = (Some(lang("fr")), Some(lang("en")));
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.list_memory((english.0.as_ref(), english.1.as_ref()), after, 10).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        assert!(page.len() <= 10);
        seen.extend(page);
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by_key(|memory| memory.key.to_string()));
    assert_eq!(seen[0], all.iter().find(|memory| memory.key == seen[0].key).expect("one of them").clone());
    assert_eq!(store.list_memory((None, None), None, 99).await.expect("a page").len(), 26);
    store
        .save_memory(&[MemoryEntry { from: lang("fr-CA"), ..memory("icitte", translation("here")) }], "w", false)
        .await
        .expect("remembered");
    for (tag, count) in [("fr", 27), ("fr-CA", 1), ("fr-C", 0), ("en", 0)] {
        let from = Lang::new(tag);
        assert_eq!(store.list_memory((from.as_ref(), None), None, 99).await.expect("a page").len(), count, "{tag}");
    }
}

async fn forgets_what_holds_a_term(backend: &Backend) {
    let store = backend.open().await;
    let all = ["le CIO a voté", "100 % et a_b", "rien"].map(|text| memory(text, translation("x")));
    store.save_memory(&all, "w", false).await.expect("remembered");
    let forget = async |term: &str, to: &str| store.delete_memory(term, Lang::new(to).as_ref()).await.expect("forgotten");
    assert_eq!(forget("CIO", "es").await, 0);
    assert_eq!(forget("0_%", "en").await, 0, "signs stand for themselves");
    assert_eq!(forget("0 % et a_", "en").await, 1);
    assert_eq!(forget("CIO", "").await, 1);
    assert_eq!(store.recall_segments(&all.map(|memory| memory.key)).await.expect("recalled").len(), 1);
}

async fn what_nobody_asks_for_is_forgotten_after_a_year(backend: &Backend) {
    const DAY: i64 = 24 * 60 * 60;
    let store = backend.open().await;
    store.save_memory(&["un", "deux"].map(|text| memory(text, translation("x"))), "w", false).await.expect("remembered");
    store.mark_segments_used(&[key("deux")], at(200 * DAY)).await.expect("touched");
    assert_eq!(store.prune_history(at(300 * DAY), PruneMode::Delete).await.expect("a prune").memories, 0);
    assert_eq!(store.prune_history(at(400 * DAY), PruneMode::Delete).await.expect("a prune").memories, 1);
    assert_eq!(store.recall_segments(&[key("un"), key("deux")]).await.expect("recalled")[0].0, key("deux"));
}

/// Workers that want the same segments in other orders, remember some and give others back, with several tasks each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_at_once_send_every_segment_exactly_once() {
    const SEGMENTS: usize = 1500;
    on_postgres(async |backend| {
        let all: Vec<MemoryEntry> = (0..SEGMENTS).map(|n| memory(&n.to_string(), translation("x"))).collect();
        let keys: Vec<SegmentKey> = all.iter().map(|memory| memory.key).collect();
        let stores = futures::future::join_all((0..4).map(|_| backend.open())).await;
        let work = async |(n, store): (usize, &Store)| {
            let worker = format!("w{n}");
            let mut sent: Vec<SegmentKey> = Vec::new();
            for turn in 0.. {
                let known = store.recall_segments(&keys).await.expect("recalled");
                let known: HashSet<SegmentKey> = known.into_iter().map(|(key, _)| key).collect();
                let mut open: Vec<&MemoryEntry> = all.iter().filter(|memory| !known.contains(&memory.key)).collect();
                if open.is_empty() {
                    break;
                }
                let from = (turn * 37 + n * 311) % open.len();
                open.rotate_left(from);
                open.truncate(60);
                let wanted: Vec<SegmentKey> = open.iter().map(|memory| memory.key).collect();
                let mine = store.lease_segments(&wanted, &worker, at(0), at(60)).await.expect("claimed");
                let mine: HashSet<SegmentKey> = mine.into_iter().collect();
                let is_failing = |key: &SegmentKey| turn < 3 && key.to_string().ends_with('0');
                let done: Vec<MemoryEntry> =
                    open.iter().filter(|m| mine.contains(&m.key) && !is_failing(&m.key)).map(|m| (*m).clone()).collect();
                let failed: Vec<SegmentKey> = mine.iter().filter(|key| is_failing(key)).copied().collect();
                sent.extend(done.iter().map(|memory| memory.key));
                let (remembered, released) =
                    tokio::join!(store.save_memory(&done, &worker, false), store.release_segments(&failed, &worker));
                assert_eq!(remembered.expect("remembered"), done.len() as u64);
                released.expect("given back");
            }
            sent
        };
        let sent = futures::future::join_all(stores.iter().enumerate().map(work)).await;
        assert!(sent.iter().filter(|mine| !mine.is_empty()).count() > 1, "one worker had all of them: nothing was tried");
        let sent: Vec<SegmentKey> = sent.concat();
        assert_eq!(sent.len(), SEGMENTS, "none twice");
        assert_eq!(sent.into_iter().collect::<HashSet<_>>().len(), SEGMENTS);
    })
    .await;
}

async fn forgets_refusals_of_a_language_and_no_translation(backend: &Backend) {
    let store = backend.open().await;
    let spanish = MemoryEntry { to: lang("es"), key: key("tres"), ..memory("tres", refusal("echo")) };
    let all = [memory("un", translation("one")), memory("deux", refusal("echo")), spanish];
    store.save_memory(&all, "w", false).await.expect("remembered");
    assert_eq!(store.delete_refusals(Some(&lang("en"))).await.expect("forgotten"), 1);
    let keys = [key("un"), key("deux"), key("tres")];
    let known: HashSet<SegmentKey> =
        store.recall_segments(&keys).await.expect("recalled").into_iter().map(|(key, _)| key).collect();
    assert_eq!(known, HashSet::from([keys[0], keys[2]]));
    assert_eq!(store.delete_refusals(None).await.expect("forgotten"), 1);
}
