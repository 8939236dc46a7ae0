//! Pages of texts: the texts of all entries that one visit has found, together and compressed.
//!
//! Texts are nearly all of what is written, and few of them are ever read again. With a row for each text, a third of a cold run's
//! CPU time was spent in the database; docs/decisions/0008-texts-are-stored-in-pages.md has the measurements.

use std::cell::RefCell;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::model::{Change, Entry, EntryHead, EntryId, EntryKey, RawHtml, SourceId, Text};

/// The compression level: zstd's fastest but the negative ones. Compressing must cost less than writing would.
const LEVEL: i32 = 1;
/// The size of texts at which a page is full, so that one entry can be read without decompressing too much beside it.
const FULL: usize = 2 << 20;
/// The largest size of a decompressed page: a full one, and the largest entry.
const MAX_SIZE: usize = 16 << 20;

/// An error in a stored page.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("it cannot be decompressed: {0}")]
    Compression(#[from] std::io::Error),
    #[error("it ends too soon")]
    Truncated,
    #[error("its list of entries cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a text is not UTF-8: {0}")]
    Utf8(#[from] std::string::FromUtf8Error),
}

/// An entry in a page, without its texts. These follow the list of all entries, one after the other.
#[derive(Serialize)]
struct WrittenEntry<'a> {
    id: EntryId,
    uid: &'a str,
    head: &'a EntryHead,
    title: &'a Text,
    /// The length of the summary in bytes.
    summary: Option<usize>,
    /// The length of the content in bytes.
    content: Option<usize>,
}

/// A [`WrittenEntry`] when it is read.
#[derive(Deserialize)]
struct StoredEntry {
    id: EntryId,
    uid: String,
    head: EntryHead,
    title: Text,
    summary: Option<usize>,
    content: Option<usize>,
}

/// Encodes entries of one source as pages, each returned with its entries.
pub(super) fn encode_pages<'c, 'v>(
    changes: &'c [(EntryId, &'v Change)],
) -> impl Iterator<Item = (&'c [(EntryId, &'v Change)], Vec<u8>)> {
    let mut rest = changes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut size = 0;
        let fitting = rest.iter().position(|(_, change)| {
            let is_full = size > FULL;
            size += texts(&change.entry).map(str::len).sum::<usize>();
            is_full
        });
        let (page, after) = rest.split_at(fitting.unwrap_or(rest.len()));
        rest = after;
        Some((page, compress_page(page)))
    })
}

fn texts(entry: &Entry) -> impl Iterator<Item = &str> {
    [&entry.summary, &entry.content].into_iter().flatten().map(|html| html.0.as_str())
}

/// The buffers that a thread reuses. Pages have a hundred kilobytes, and memory that is allocated anew each time comes from the
/// system, page by page.
struct Scratch {
    compressor: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

/// The capacity of the buffers that is kept between two pages.
const KEPT_CAPACITY: usize = 512 << 10;

/// Writes a page: the length of the list of entries, the list, and the texts; all compressed.
fn compress_page(page: &[(EntryId, &Change)]) -> Vec<u8> {
    thread_local! {
        static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        let scratch = scratch.get_or_insert_with(|| Scratch {
            compressor: zstd::bulk::Compressor::new(LEVEL).expect("zstd knows its own levels"),
            plain: Vec::new(),
            packed: Vec::new(),
        });
        scratch.plain.clear();
        write_page(page, &mut scratch.plain);
        scratch.packed.clear();
        scratch.packed.reserve(zstd::zstd_safe::compress_bound(scratch.plain.len()));
        let Scratch { compressor, plain, packed } = scratch;
        compressor.compress_to_buffer(plain.as_slice(), packed).expect("the buffer is as large as zstd asks for");
        let page = packed.as_slice().to_vec();
        plain.shrink_to(KEPT_CAPACITY);
        packed.shrink_to(KEPT_CAPACITY);
        page
    })
}

fn write_page(page: &[(EntryId, &Change)], out: &mut Vec<u8>) {
    let entries: Vec<WrittenEntry> = page
        .iter()
        .map(|(id, Change { entry, .. })| WrittenEntry {
            id: *id,
            uid: &entry.key.uid,
            head: &entry.head,
            title: &entry.title,
            summary: entry.summary.as_ref().map(|html| html.0.len()),
            content: entry.content.as_ref().map(|html| html.0.len()),
        })
        .collect();
    out.extend_from_slice(&[0; 8]);
    serde_json::to_writer(&mut *out, &entries).expect("writing to memory cannot fail, and an entry has strings for keys");
    let length = (out.len() - 8) as u64;
    out[..8].copy_from_slice(&length.to_le_bytes());
    for text in page.iter().flat_map(|(_, change)| texts(&change.entry)) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads the wanted entries of `source` from a page.
pub(super) fn decode_page(doc: &[u8], source: &SourceId, wanted: &HashSet<EntryId>) -> Result<Vec<(EntryId, Entry)>, PageError> {
    let bytes = zstd::bulk::decompress(doc, MAX_SIZE)?;
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or(PageError::Truncated)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| PageError::Truncated)?;
    let (list, mut texts) = rest.split_at_checked(length).ok_or(PageError::Truncated)?;
    let stored: Vec<StoredEntry> = serde_json::from_slice(list)?;
    let mut entries = Vec::with_capacity(wanted.len().min(stored.len()));
    for entry in stored {
        let (summary, content) = (take_text(&mut texts, entry.summary)?, take_text(&mut texts, entry.content)?);
        if wanted.contains(&entry.id) {
            let key = EntryKey { source: source.clone(), uid: entry.uid };
            let (summary, content) = (to_html(summary)?, to_html(content)?);
            entries.push((entry.id, Entry { key, head: entry.head, title: entry.title, summary, content }));
        }
    }
    Ok(entries)
}

/// Splits the next text of `length` bytes off.
fn take_text<'t>(texts: &mut &'t [u8], length: Option<usize>) -> Result<Option<&'t [u8]>, PageError> {
    let Some(length) = length else { return Ok(None) };
    let (text, after) = texts.split_at_checked(length).ok_or(PageError::Truncated)?;
    *texts = after;
    Ok(Some(text))
}

fn to_html(text: Option<&[u8]>) -> Result<Option<RawHtml>, PageError> {
    Ok(text.map(|text| String::from_utf8(text.to_vec()).map(RawHtml)).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArticleKey, StoryKey, Time};

    fn change(uid: &str, content: Option<&str>) -> Change {
        let entry = Entry {
            key: EntryKey { source: SourceId::new("s"), uid: uid.to_owned() },
            head: EntryHead { authors: vec!["Élise".to_owned()], ..EntryHead::default() },
            title: Text::new("Un titre"),
            summary: Some(RawHtml(format!("<p>résumé de {uid}</p>"))),
            content: content.map(|text| RawHtml(text.to_owned())),
        };
        Change {
            id: entry.key.id(),
            revision: entry.revision(),
            entry,
            at: Time::EPOCH,
            first_seen: Time::EPOCH,
            article: ArticleKey::default(),
            story: StoryKey::default(),
        }
    }

    fn with_ids(changes: &[Change]) -> Vec<(EntryId, &Change)> {
        changes.iter().map(|change| (change.id, change)).collect()
    }

    #[test]
    fn wanted_entries_are_decoded_as_they_were() {
        let changes = [change("a", None), change("b", Some("<p>œuf</p>")), change("c", Some(""))];
        let all = with_ids(&changes);
        let (_, doc) = encode_pages(&all).next().expect("a page");
        let wanted = HashSet::from([all[0].0, all[2].0]);
        let decoded = decode_page(&doc, &SourceId::new("s"), &wanted).expect("it is whole");
        let decoded: Vec<Entry> = decoded.into_iter().map(|(_, entry)| entry).collect();
        assert_eq!(decoded, [changes[0].entry.clone(), changes[2].entry.clone()]);
    }

    #[test]
    fn full_page_is_closed_and_compressed() {
        let long = "œ".repeat(FULL / 2);
        let changes = [change("a", None), change("b", Some(&long)), change("c", Some(&long)), change("d", Some(""))];
        let all = with_ids(&changes);
        let pages: Vec<_> = encode_pages(&all).collect();
        assert_eq!(pages.iter().map(|(page, _)| page.len()).collect::<Vec<_>>(), [2, 1, 1]);
        assert!(pages[0].1.len() < FULL / 100);
    }

    #[test]
    fn damaged_page_is_an_error() {
        let changes = [change("a", Some("texte"))];
        let all = with_ids(&changes);
        let (_, doc) = encode_pages(&all).next().expect("a page");
        let wanted = HashSet::from([all[0].0]);
        let compressed = |bytes: &[u8]| zstd::bulk::compress(bytes, LEVEL).expect("memory");
        for damaged in [&doc[..doc.len() - 3], b"x", b"", &compressed(b"12345678"), &compressed(&99_u64.to_le_bytes())] {
            assert!(decode_page(damaged, &SourceId::new("s"), &wanted).is_err());
        }
    }
}
