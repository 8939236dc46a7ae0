//! Which entry is which: within one body, and from one body to the next.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::links::canonical;
use crate::model::{Entry, EntryId, Known, Revision, Text, Time};

/// What the source calls an entry: its guid (without tracking), else its link, else a hash of headline and date.
pub(super) fn uid(guid: Option<&str>, url: Option<&str>, title: &Text, published: Option<Time>) -> String {
    if let Some(guid) = guid {
        let is_address = Url::parse(guid).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        return if is_address { canonical(guid, None).unwrap_or_else(|| guid.to_owned()) } else { guid.to_owned() };
    }
    if let Some(url) = url {
        return url.to_owned();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(title.as_str().as_bytes());
    hasher.update(&published.map_or(0, Time::millis).to_le_bytes());
    format!("hash:{}", &hasher.finalize().to_hex()[..32])
}

/// Gives each entry of one body a uid of its own, and drops those that stand twice. Gives the number of the dropped.
///
/// Generators repeat items word for word, and reuse one guid (or one link, in podcasts) for different items: those are told
/// apart by link and headline, all of them, so that their order does not matter.
pub(super) fn tell_apart(entries: &mut Vec<(Entry, Revision)>) -> u32 {
    let before = entries.len();
    let mut seen = HashSet::new();
    entries.retain(|(entry, revision)| seen.insert((entry.key.uid.clone(), *revision)));
    let mut times: HashMap<String, u32> = HashMap::new();
    for (entry, _) in entries.iter() {
        *times.entry(entry.key.uid.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    for (entry, _) in entries.iter_mut() {
        if times.get(&entry.key.uid).is_some_and(|n| *n > 1) {
            let own = format!("{} {}", entry.head.url.as_deref().unwrap_or_default(), entry.title);
            entry.key.uid = format!("{}#{}", entry.key.uid, &blake3::hash(own.as_bytes()).to_hex()[..16]);
        }
        while !taken.insert(entry.key.uid.clone()) {
            entry.key.uid.push('+');
        }
    }
    u32::try_from(before - entries.len()).unwrap_or(u32::MAX)
}

/// The entries that the source has taken back: they stood in its last body, stand no more, and are not just the oldest,
/// pushed out by newer ones.
///
/// That can be told only of a feed in the order of its dates. An entry is taken back when its date lies between the oldest
/// and the newest of the present body. When that would be half of the last body or more, the feed has changed its ways
/// rather than its mind, and nothing is taken back.
pub fn withdrawn(last: &[EntryId], known: &[Known], now: &[(EntryId, Option<Time>)]) -> Vec<EntryId> {
    let dates: Option<Vec<Time>> = now.iter().map(|(_, date)| *date).collect();
    let Some(dates) = dates.filter(|dates| dates.is_sorted_by(|a, b| a >= b)) else { return Vec::new() };
    let (Some(newest), Some(oldest)) = (dates.first(), dates.last()) else { return Vec::new() };
    let present: HashSet<EntryId> = now.iter().map(|(id, _)| *id).collect();
    let last: HashSet<EntryId> = last.iter().copied().collect();
    let gone: Vec<EntryId> = known
        .iter()
        .filter(|known| last.contains(&known.id) && !present.contains(&known.id) && !known.withdrawn)
        .filter(|known| known.at > *oldest && known.at < *newest)
        .map(|known| known.id)
        .collect();
    if gone.len() * 2 >= last.len() { Vec::new() } else { gone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryHead, EntryKey, SourceId};

    fn entry(uid: &str, url: &str, title: &str) -> (Entry, Revision) {
        let entry = Entry {
            key: EntryKey { source: SourceId::new("s"), uid: uid.to_owned() },
            head: EntryHead { url: Some(url.to_owned()), ..EntryHead::default() },
            title: Text::new(title),
            summary: None,
            content: None,
        };
        let revision = entry.revision();
        (entry, revision)
    }

    #[test]
    fn a_uid_survives_tracking_and_missing_guids() {
        let title = Text::new("Un titre");
        assert_eq!(uid(Some("https://a.fr/x#xtor=RSS-3"), None, &title, None), "https://a.fr/x");
        assert_eq!(uid(Some("12 at a.fr"), Some("https://a.fr/x"), &title, None), "12 at a.fr");
        assert_eq!(uid(None, Some("https://a.fr/x"), &title, None), "https://a.fr/x");
        assert_eq!(uid(None, None, &title, None), uid(None, None, &title, None));
        assert_ne!(uid(None, None, &title, None), uid(None, None, &Text::new("Autre"), None));
    }

    #[test]
    fn items_with_one_guid_are_told_apart_whatever_their_order() {
        let mut entries =
            vec![entry("g", "https://a.fr/1", "un"), entry("g", "https://a.fr/2", "deux"), entry("g", "https://a.fr/1", "un")];
        assert_eq!(tell_apart(&mut entries), 1);
        let mut other = vec![entries[1].clone(), entries[0].clone()];
        for (entry, _) in &mut other {
            "g".clone_into(&mut entry.key.uid);
        }
        tell_apart(&mut other);
        assert_eq!((&other[0].0.key, &other[1].0.key), (&entries[1].0.key, &entries[0].0.key));
        assert_ne!(entries[0].0.key, entries[1].0.key);
    }

    fn known(n: i64) -> Known {
        Known {
            id: EntryId(n),
            source: SourceId::new("s"),
            revision: Revision(0),
            at: Time::from_millis(n),
            first_seen: Time::EPOCH,
            lang: None,
            twin: None,
            withdrawn: false,
        }
    }

    #[test]
    fn an_entry_missing_between_others_was_taken_back_and_one_missing_at_the_end_was_not() {
        let last: Vec<EntryId> = (1..=5).map(EntryId).collect();
        let rows: Vec<Known> = (1..=5).map(known).collect();
        let body = |ids: &[i64]| ids.iter().map(|n| (EntryId(*n), Some(Time::from_millis(*n)))).collect::<Vec<_>>();
        assert_eq!(withdrawn(&last, &rows, &body(&[6, 5, 3, 2])), [EntryId(4)], "4 was taken back, 1 fell off the end");
        assert_eq!(withdrawn(&last, &rows, &body(&[5, 3, 2, 6])), [], "a feed in no order of dates tells nothing");
        assert_eq!(withdrawn(&last, &rows, &body(&[6, 1])), [], "half of it gone is another feed");
        assert_eq!(withdrawn(&last, &rows, &[]), []);
    }
}
