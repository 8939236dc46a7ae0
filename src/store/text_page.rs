//! Pages: the texts of all entries that one visit brought, together and compressed.
//!
//! Texts are nearly all of what is written, and few of them are ever read again. With a row for each, a third of a cold run's
//! CPU time went into the database; see docs/decisions/0008-texts-are-stored-in-pages.md for what was measured.

use std::cell::RefCell;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::model::{Change, Entry, EntryHead, EntryId, EntryKey, RawHtml, SourceId, Text};

/// zstd's fastest level but the negative ones: compressing must cost less than writing would.
const LEVEL: i32 = 1;
/// A page is ended when it has grown so far, so that one entry can be read without unpacking too much beside it.
const FULL: usize = 2 << 20;
/// No page unpacks to more: a full one, and the largest entry.
const MOST: usize = 16 << 20;

/// An entry in a page: all but its texts, which follow the list of these, one after the other.
#[derive(Serialize)]
struct Leaf<'a> {
    id: EntryId,
    uid: &'a str,
    head: &'a EntryHead,
    title: &'a Text,
    summary: Option<usize>,
    content: Option<usize>,
}

/// The same when it is read.
#[derive(Deserialize)]
struct Read {
    id: EntryId,
    uid: String,
    head: EntryHead,
    title: Text,
    summary: Option<usize>,
    content: Option<usize>,
}

/// Entries of one source as pages, each with the entries in it.
pub(super) fn pack<'c, 'v>(changes: &'c [(EntryId, &'v Change)]) -> impl Iterator<Item = (&'c [(EntryId, &'v Change)], Vec<u8>)> {
    let mut rest = changes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut size = 0;
        let fitting = rest.iter().position(|(_, change)| {
            let full = size > FULL;
            size += texts(&change.entry).map(str::len).sum::<usize>();
            full
        });
        let (page, after) = rest.split_at(fitting.unwrap_or(rest.len()));
        rest = after;
        Some((page, write(page)))
    })
}

fn texts(entry: &Entry) -> impl Iterator<Item = &str> {
    [&entry.summary, &entry.content].into_iter().flatten().map(|html| html.0.as_str())
}

/// What a thread uses again and again: pages are of a hundred kilobytes, and memory that is asked for anew each time comes
/// from the system, page by page.
struct Scratch {
    compressor: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

/// What is kept of the scratch between two pages.
const KEPT: usize = 512 << 10;

/// Writes a page: the length of the list of leaves, the list, and the texts, compressed.
fn write(page: &[(EntryId, &Change)]) -> Vec<u8> {
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
        spread(page, &mut scratch.plain);
        scratch.packed.clear();
        scratch.packed.reserve(zstd::zstd_safe::compress_bound(scratch.plain.len()));
        let Scratch { compressor, plain, packed } = scratch;
        compressor.compress_to_buffer(plain.as_slice(), packed).expect("the buffer is as large as zstd asks for");
        let page = packed.as_slice().to_vec();
        plain.shrink_to(KEPT);
        packed.shrink_to(KEPT);
        page
    })
}

fn spread(page: &[(EntryId, &Change)], out: &mut Vec<u8>) {
    let leaves: Vec<Leaf> = page
        .iter()
        .map(|(id, Change { entry, .. })| Leaf {
            id: *id,
            uid: &entry.key.uid,
            head: &entry.head,
            title: &entry.title,
            summary: entry.summary.as_ref().map(|html| html.0.len()),
            content: entry.content.as_ref().map(|html| html.0.len()),
        })
        .collect();
    out.extend_from_slice(&[0; 8]);
    serde_json::to_writer(&mut *out, &leaves).expect("memory takes everything, and a leaf has strings for keys");
    let length = (out.len() - 8) as u64;
    out[..8].copy_from_slice(&length.to_le_bytes());
    for text in page.iter().flat_map(|(_, change)| texts(&change.entry)) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads the wanted entries of `source` from a page; says what is wrong with one that is damaged.
pub(super) fn unpack(doc: &[u8], source: &SourceId, wanted: &HashSet<EntryId>) -> Result<Vec<(EntryId, Entry)>, String> {
    let bytes = zstd::bulk::decompress(doc, MOST).map_err(|error| error.to_string())?;
    let cut = || "it ends too soon".to_owned();
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    let (list, mut rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let leaves: Vec<Read> = serde_json::from_slice(list).map_err(|error| error.to_string())?;
    let mut entries = Vec::with_capacity(wanted.len().min(leaves.len()));
    for leaf in leaves {
        let mut text = |length: Option<usize>| {
            let Some(length) = length else { return Ok(None) };
            let (text, after) = rest.split_at_checked(length).ok_or_else(cut)?;
            rest = after;
            Ok::<_, String>(Some(text))
        };
        let (summary, content) = (text(leaf.summary)?, text(leaf.content)?);
        if !wanted.contains(&leaf.id) {
            continue;
        }
        let html = |text: Option<&[u8]>| text.map(|text| String::from_utf8(text.to_vec()).map(RawHtml)).transpose();
        let (summary, content) = (html(summary).map_err(|e| e.to_string())?, html(content).map_err(|e| e.to_string())?);
        let key = EntryKey { source: source.clone(), uid: leaf.uid };
        entries.push((leaf.id, Entry { key, head: leaf.head, title: leaf.title, summary, content }));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn change(uid: &str, content: Option<&str>) -> Change {
        let entry = Entry {
            key: EntryKey { source: SourceId::new("s"), uid: uid.to_owned() },
            head: EntryHead { authors: vec!["Élise".to_owned()], ..EntryHead::default() },
            title: Text::new("Un titre"),
            summary: Some(RawHtml(format!("<p>résumé de {uid}</p>"))),
            content: content.map(|text| RawHtml(text.to_owned())),
        };
        Change { revision: entry.revision(), entry, at: Time::EPOCH, first_seen: Time::EPOCH }
    }

    #[test]
    fn what_is_packed_comes_back_and_only_what_is_wanted() {
        let long = "œ".repeat(FULL / 2);
        let changes = [change("a", None), change("b", Some(&long)), change("c", Some(&long)), change("d", Some(""))];
        let all: Vec<(EntryId, &Change)> = changes.iter().map(|change| (change.entry.key.id(), change)).collect();
        let pages: Vec<_> = pack(&all).collect();
        assert_eq!(pages.iter().map(|(page, _)| page.len()).collect::<Vec<_>>(), [2, 1, 1], "a full page is ended");
        assert!(pages[0].1.len() < FULL / 100, "and compressed");
        let wanted = HashSet::from([all[0].0, all[2].0, all[3].0]);
        let read: Vec<Entry> = pages
            .iter()
            .flat_map(|(_, doc)| unpack(doc, &SourceId::new("s"), &wanted).expect("it is whole"))
            .map(|(_, entry)| entry)
            .collect();
        assert_eq!(read, [changes[0].entry.clone(), changes[2].entry.clone(), changes[3].entry.clone()]);
    }

    #[test]
    fn a_damaged_page_is_an_error_and_no_panic() {
        let changes = [change("a", Some("texte"))];
        let all: Vec<(EntryId, &Change)> = changes.iter().map(|change| (change.entry.key.id(), change)).collect();
        let (_, doc) = pack(&all).next().expect("a page");
        let wanted = HashSet::from([all[0].0]);
        let compressed = |bytes: &[u8]| zstd::bulk::compress(bytes, LEVEL).expect("memory");
        for damaged in [&doc[..doc.len() - 3], b"x", b"", &compressed(b"12345678"), &compressed(&99_u64.to_le_bytes())] {
            assert!(unpack(damaged, &SourceId::new("s"), &wanted).is_err());
        }
    }
}
