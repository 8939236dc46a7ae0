//! Segments for people to look at: written as a table for a spreadsheet (TSV) or as XLIFF 2.1 for a translator's tool, and read back
//! with what people wrote. A file is recognised by what is in it, whatever its name.

mod table;
mod xliff;

use std::fmt;
use std::io::{self, Read, Write};

use xxhash_rust::xxh3::xxh3_64;

use super::decode::DecodedInput;
use super::{ExchangeError, MAX_TEXT};
use crate::model::{Lang, Marked, SegmentKey};

/// The most bytes of a file: a review is a few thousand sentences.
const MAX_FILE: u64 = 64 << 20;

/// The format of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewFormat {
    /// Tab-separated values, for a spreadsheet.
    Tsv,
    /// XLIFF 2.1, for a translator's tool. All rows must be in the same languages.
    Xliff,
}

/// The identity of a row: its segment, and the translation that it showed when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewId {
    /// The key of a translation of the segment by a person.
    pub key: SegmentKey,
    /// A hash of the translation; 0 if there was none.
    shown: u32,
}

/// A row of a review.
#[derive(Clone, Debug)]
pub struct ReviewRow<'a> {
    /// The identity.
    pub id: ReviewId,
    /// The language of the source.
    pub from: &'a Lang,
    /// The language of the translation.
    pub to: &'a Lang,
    /// The source text.
    pub source: &'a Marked,
    /// The translation that readers see, if there is one.
    pub target: Option<&'a Marked>,
    /// The state: `left`, `doubted` and so on.
    pub state: &'a str,
    /// The reasons, by their names.
    pub reasons: String,
    /// The reasons, in sentences.
    pub note: String,
    /// The part of the entry.
    pub part: &'a str,
    /// The identity of the entry.
    pub entry: String,
    /// The headline of the entry.
    pub headline: &'a str,
    /// The page of the entry.
    pub link: Option<&'a str>,
    /// The editions that show it.
    pub editions: String,
}

/// A row as a person has given it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRow {
    /// The row in its file, counted from 1.
    pub number: usize,
    /// The identity, if it has one.
    pub id: Option<ReviewId>,
    /// The language of the source.
    pub from: Lang,
    /// The language of the translation.
    pub to: Lang,
    /// The source text.
    pub source: Marked,
    /// The translation that the person wrote; nothing if the row is as it was.
    pub correction: Option<Marked>,
}

/// A row that was read, or the reason not to take it.
pub type ReadRow = Result<WrittenRow, String>;

impl ReviewId {
    /// Makes the identity of a segment that shows a translation.
    pub fn new(key: SegmentKey, target: Option<&Marked>) -> Self {
        Self { key, shown: target.map_or(0, fingerprint) }
    }

    /// Parses the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, shown) = text.trim().strip_prefix('s')?.split_once('-')?;
        Some(Self { key: SegmentKey::parse(key)?, shown: u32::from_str_radix(shown, 16).ok()? })
    }

    /// Returns true if the row showed this translation when it was written.
    fn showed(self, target: &Marked) -> bool {
        self.shown == fingerprint(target)
    }
}

/// A letter comes first: a spreadsheet would take some of these for numbers.
impl fmt::Display for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}-{:08x}", self.key, self.shown)
    }
}

/// White space does not count: tools change it.
fn fingerprint(target: &Marked) -> u32 {
    let tagged: String = target.to_tagged().split_whitespace().collect();
    u32::try_from(xxh3_64(tagged.as_bytes()) >> 32).unwrap_or_default().max(1)
}

/// Writes a review.
pub fn write_review(format: ReviewFormat, rows: &[ReviewRow<'_>], out: &mut impl Write) -> io::Result<()> {
    match format {
        ReviewFormat::Tsv => table::write(rows, out),
        ReviewFormat::Xliff => xliff::write(rows, out),
    }
}

/// Reads a review of any encoding: XLIFF 2, or a table with a heading, separated by tabs, semicolons or commas.
pub fn read_review(input: impl Read) -> Result<Vec<ReadRow>, ExchangeError> {
    let mut bytes = Vec::new();
    input.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ExchangeError::TooMuch { at: MAX_FILE, what: "more than 64 MiB" });
    }
    let mut head = Vec::new();
    DecodedInput::open(bytes.as_slice())?.take(64).read_to_end(&mut head)?;
    let is_xml = head.trim_ascii_start().starts_with(b"<");
    let text = DecodedInput::open(bytes.as_slice())?;
    if is_xml { xliff::read(text) } else { table::read(text) }
}

/// Returns the correction of a row: what was written, unless it is empty or the translation that was shown.
fn correction_of(id: Option<ReviewId>, written: Option<Marked>, is_approved: bool) -> Option<Marked> {
    let written = written.filter(|text| !text.plain().trim().is_empty());
    written.filter(|text| is_approved || id.is_none_or(|id| !id.showed(text)))
}

/// Checks the size of a row.
fn check_size(source: &Marked, target: Option<&Marked>) -> Result<(), String> {
    let longest = source.plain().len().max(target.map_or(0, |target| target.plain().len()));
    if longest > MAX_TEXT { Err("a text is longer than 64 KiB".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
