//! Finds an entry by its id, its link or words of its headline.

use crate::model::{AddressKey, EntryId, EntryRow, SourceId, Text};
use crate::store::{Store, StoreError};

/// The entries whose headlines are read at a time, and the most that are read.
const PAGE: usize = 500;
const MOST_READ: usize = 100_000;
/// The entries that are listed if several match.
const MOST_FOUND: usize = 20;

/// An entry that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// Its row in the store.
    pub row: EntryRow,
    /// The headline.
    pub title: Text,
}

/// Finds the stored entries that `name` means, the newest first: an id as in the output (alone or in a `tag:` address), a link, or
/// words of a headline. Withdrawn entries are found by id and link only.
pub async fn find_entries(store: &Store, sources: &[SourceId], name: &str) -> Result<Vec<FoundEntry>, StoreError> {
    let mut rows = match (parse_id(name), AddressKey::new(name)) {
        (Some(id), _) => store.find_entry_rows(&[id]).await?,
        (None, Some(address)) => store.find_entry_rows_at(&[address], MOST_FOUND).await?,
        (None, None) => return find_by_words(store, sources, name).await,
    };
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    rows.truncate(MOST_FOUND);
    with_titles(store, rows).await
}

/// Reads the id of an entry: 16 hexadecimal digits, alone or behind `entry/`.
fn parse_id(name: &str) -> Option<EntryId> {
    let digits = name.rsplit_once("entry/").map_or(name, |(_, rest)| rest);
    let digits = digits.split(':').next().unwrap_or_default();
    let is_id = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_id).map(|id| EntryId(id.cast_signed()))
}

pub(in crate::pipeline) async fn with_titles(store: &Store, rows: Vec<EntryRow>) -> Result<Vec<FoundEntry>, StoreError> {
    let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
    let loaded = store.load_entries(&ids).await?;
    let title = |id| loaded.iter().find(|(loaded, ..)| *loaded == id).map(|(.., entry)| entry.title.clone());
    Ok(rows.into_iter().filter_map(|row| Some(FoundEntry { title: title(row.id)?, row })).collect())
}

async fn find_by_words(store: &Store, sources: &[SourceId], words: &str) -> Result<Vec<FoundEntry>, StoreError> {
    let words: Vec<String> = words.split_whitespace().map(plain).collect();
    let (mut found, mut before, mut read) = (Vec::new(), None, 0);
    while !words.is_empty() && read < MOST_READ && found.len() < MOST_FOUND {
        let rows = store.list_newest_entries(sources, before, None, PAGE).await?;
        let Some(last) = rows.last() else { break };
        before = Some((last.at, last.id));
        read += rows.len();
        let is_match = |title: &Text| {
            let title = plain(title.as_str());
            words.iter().all(|word| title.contains(word.as_str()))
        };
        found.extend(with_titles(store, rows).await?.into_iter().filter(|entry| is_match(&entry.title)));
    }
    found.truncate(MOST_FOUND);
    Ok(found)
}

/// Returns a text as it is compared: without case and with plain apostrophes.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['’', 'ʼ'], "'").replace(['\u{a0}', '\u{202f}'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_read_alone_and_from_a_tag_address() {
        let id = Some(EntryId(0x0123_4567_89ab_cdef));
        assert_eq!(parse_id("0123456789abcdef"), id);
        assert_eq!(parse_id("tag:relais.example.org,2026:entry/0123456789abcdef:en"), id);
        for other in ["0123456789abcde", "0123456789abcdeg", "https://a.example/entry/1", ""] {
            assert_eq!(parse_id(other), None, "{other}");
        }
    }
}
