//! The identity of entries within one body.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::links::canonicalize_url;
use crate::model::{Entry, Revision, Text, Time};

/// Returns the uid of an entry: its guid (without tracking), else its link, else a hash of headline and date.
pub(super) fn entry_uid(guid: Option<&str>, url: Option<&str>, title: &Text, published: Option<Time>) -> String {
    if let Some(guid) = guid {
        let is_address = Url::parse(guid).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        return if is_address { canonicalize_url(guid, None).unwrap_or_else(|| guid.to_owned()) } else { guid.to_owned() };
    }
    if let Some(url) = url {
        return url.to_owned();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(title.as_str().as_bytes());
    hasher.update(&published.map_or(0, Time::millis).to_le_bytes());
    format!("hash:{}", &hasher.finalize().to_hex()[..32])
}

/// Returns the usable entries of a body, each with its revision and a unique uid; and the number of those dropped as duplicates,
/// or because they have neither headline, link nor text.
///
/// Generators repeat items word for word, and reuse one guid (or one link, in podcasts) for different items. All of these get
/// a uid made of link and headline, so that their order does not matter.
pub fn deduplicate(entries: Vec<Entry>) -> (Vec<(Entry, Revision)>, u32) {
    let before = entries.len();
    let mut entries: Vec<(Entry, Revision)> = entries
        .into_iter()
        .filter(Entry::has_content)
        .map(|entry| {
            let revision = entry.revision();
            (entry, revision)
        })
        .collect();
    // Nearly always every uid is unique, and nothing else is to be done.
    let mut seen: HashMap<&str, u32> = HashMap::with_capacity(entries.len());
    for (entry, _) in &entries {
        *seen.entry(&entry.key.uid).or_default() += 1;
    }
    let shared: HashSet<String> = seen.into_iter().filter(|(_, times)| *times > 1).map(|(uid, _)| uid.to_owned()).collect();
    if !shared.is_empty() {
        assign_unique_uids(&mut entries, &shared);
    }
    let dropped = u32::try_from(before - entries.len()).unwrap_or(u32::MAX);
    (entries, dropped)
}

/// Drops duplicates, and gives each entry with a shared uid its own.
fn assign_unique_uids(entries: &mut Vec<(Entry, Revision)>, shared: &HashSet<String>) {
    let mut seen = HashSet::new();
    entries.retain(|(entry, revision)| !shared.contains(&entry.key.uid) || seen.insert((entry.key.uid.clone(), *revision)));
    let mut times: HashMap<String, u32> = HashMap::new();
    for (entry, _) in entries.iter().filter(|(entry, _)| shared.contains(&entry.key.uid)) {
        *times.entry(entry.key.uid.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut numbers: HashMap<String, u32> = HashMap::new();
    for (entry, _) in entries.iter_mut() {
        if times.get(&entry.key.uid).is_some_and(|n| *n > 1) {
            let own = format!("{} {}", entry.head.url.as_deref().unwrap_or_default(), entry.title);
            entry.key.uid = format!("{}#{}", entry.key.uid, &blake3::hash(own.as_bytes()).to_hex()[..16]);
        }
        if !taken.insert(entry.key.uid.clone()) {
            // One counter per uid: otherwise each of 5,000 entries would try all numbers before its own.
            let number = numbers.entry(entry.key.uid.clone()).or_insert(1_u32);
            loop {
                *number += 1;
                let own = format!("{}+{number}", entry.key.uid);
                if taken.insert(own.clone()) {
                    entry.key.uid = own;
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryHead, EntryKey, SourceId};

    fn entry(uid: &str, url: &str, title: &str) -> Entry {
        Entry {
            key: EntryKey { source: SourceId::new("s"), uid: uid.to_owned() },
            head: EntryHead { url: Some(url.to_owned()), ..EntryHead::default() },
            title: Text::new(title),
            summary: None,
            content: None,
        }
    }

    #[test]
    fn uid_survives_tracking_and_missing_guids() {
        let title = Text::new("Un titre");
        assert_eq!(entry_uid(Some("https://a.fr/x#xtor=RSS-3"), None, &title, None), "https://a.fr/x");
        assert_eq!(entry_uid(Some("12 at a.fr"), Some("https://a.fr/x"), &title, None), "12 at a.fr");
        assert_eq!(entry_uid(None, Some("https://a.fr/x"), &title, None), "https://a.fr/x");
        assert_eq!(entry_uid(None, None, &title, None), entry_uid(None, None, &title, None));
        assert_ne!(entry_uid(None, None, &title, None), entry_uid(None, None, &Text::new("Autre"), None));
    }

    #[test]
    fn items_with_one_guid_get_the_same_uids_in_any_order() {
        let (one, two, other) =
            (entry("g", "https://a.fr/1", "un"), entry("g", "https://a.fr/2", "deux"), entry("h", "https://a.fr/3", "trois"));
        let uids = |entries: &[&Entry]| {
            let (kept, dropped) = deduplicate(entries.iter().map(|entry| (*entry).clone()).collect());
            let mut uids: Vec<(String, String)> =
                kept.into_iter().map(|(entry, _)| (entry.title.to_string(), entry.key.uid)).collect();
            uids.sort();
            (uids, dropped)
        };
        let (told, dropped) = uids(&[&one, &two, &one, &other]);
        assert_eq!((told.len(), dropped), (3, 1), "one is a duplicate");
        assert_eq!(uids(&[&other, &two, &one]), (told.clone(), 0), "in any order");
        assert_ne!(told[0].1, told[2].1);
        assert_eq!(uids(&[&other]).0, [("trois".to_owned(), "h".to_owned())]);
    }

    #[test]
    fn items_that_differ_by_text_alone_are_numbered() {
        let texts = |texts: &[&str]| -> Vec<String> {
            let entries = texts.iter().map(|text| {
                let entry = entry("g", "https://a.fr/1", "un");
                Entry { summary: Some(crate::model::RawHtml((*text).to_owned())), ..entry }
            });
            deduplicate(entries.collect()).0.into_iter().map(|(entry, _)| entry.key.uid).collect()
        };
        let uids = texts(&["a", "b", "c", "a"]);
        assert_eq!(uids[1..], [format!("{}+2", uids[0]), format!("{}+3", uids[0])], "and one is a duplicate");
        let many: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
        let uids: HashSet<String> = texts(&many.iter().map(String::as_str).collect::<Vec<_>>()).into_iter().collect();
        assert_eq!(uids.len(), 5_000);
    }
}
