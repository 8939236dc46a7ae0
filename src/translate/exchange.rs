//! Exports and imports the translation memory as TMX 1.4b or JSON Lines. Files are read and written row by row, so that a million
//! rows need no more memory than one.
//!
//! An imported file is as hostile as any feed: entities are not expanded, and the size of a row is limited.

mod decode;
mod jsonl;
mod review;
mod tmx;
mod xml;

pub use review::{ReadRow, ReviewFormat, ReviewId, ReviewRow, WrittenRow, read_review, write_review};

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};

use crate::model::{Lang, Marked, SegmentKey, Time};

/// The most bytes of a segment: a longer one is no sentence or paragraph of an article.
const MAX_TEXT: usize = 64 << 10;

/// The file format of an exported memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeFormat {
    /// Translation Memory eXchange 1.4b, which all translation tools read.
    Tmx,
    /// One JSON object a line: `from`, `to`, `source`, `target`, `engine`, `made`, `key`.
    Jsonl,
}

/// A segment and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationPair {
    /// The language of the source.
    pub from: Lang,
    /// The language of the target.
    pub to: Lang,
    /// The segment, its marks numbered from 1 in their order.
    pub source: Marked,
    /// Its translation, with the same marks.
    pub target: Marked,
    /// The engine that made it, if the file says so.
    pub engine: Option<String>,
    /// The time when it was made, if the file says so.
    pub made: Option<Time>,
    /// Its key in the memory of the relais that exported it.
    pub key: Option<SegmentKey>,
}

/// The reason to skip a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// The row cannot be parsed.
    Malformed,
    /// A language is missing or wrong.
    Language,
    /// No text is in the source language that the row names.
    Source,
    /// A text is missing or empty.
    Empty,
    /// A text is too long.
    TooLong,
    /// Source and target have different inline elements, or cross them.
    Marks,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not understood",
            Self::Language => "without a language",
            Self::Source => "without a text in the source language",
            Self::Empty => "without a translation",
            Self::TooLong => "too long",
            Self::Marks => "with other inline elements than their source",
        })
    }
}

/// The number of skipped rows, by reason.
pub type SkippedRows = BTreeMap<SkipReason, u64>;

/// A row of a file, or the reason to skip it.
pub type ExchangeRow = Result<TranslationPair, SkipReason>;

/// An error that ends the import of a file.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is no TMX.
    #[error("it is no TMX: its first element is <{0}>")]
    NotTmx(String),
    /// The file is no XLIFF 2.
    #[error("it is no XLIFF 2: {0}")]
    NotXliff(String),
    /// The file is no table that is known here.
    #[error("it is no review: {0}")]
    NotTable(String),
    /// The XML is not well-formed.
    #[error("it is not well-formed at byte {at}: {why}")]
    Xml {
        /// The position in bytes of UTF-8.
        at: u64,
        /// The problem.
        why: String,
    },
    /// A limit is exceeded.
    #[error("at byte {at} it holds {what}, which no translation memory does")]
    TooMuch {
        /// The position in bytes of UTF-8.
        at: u64,
        /// The thing that is too large or too many.
        what: &'static str,
    },
}

/// Reads an exported memory of any encoding, row by row. The iterator ends with the first error.
pub fn read<'a>(
    format: ExchangeFormat,
    input: impl Read + 'a,
) -> Result<Box<dyn Iterator<Item = Result<ExchangeRow, ExchangeError>> + 'a>, ExchangeError> {
    let text = decode::DecodedInput::open(input)?;
    Ok(match format {
        ExchangeFormat::Tmx => Box::new(tmx::TmxReader::new(text)),
        ExchangeFormat::Jsonl => Box::new(jsonl::JsonlReader::new(text)),
    })
}

/// Writes an exported memory, row by row.
pub struct ExchangeWriter<W: Write> {
    out: W,
    format: ExchangeFormat,
}

impl<W: Write> ExchangeWriter<W> {
    /// Writes what comes before the first row.
    pub fn begin(format: ExchangeFormat, mut out: W) -> io::Result<Self> {
        if format == ExchangeFormat::Tmx {
            tmx::write_head(&mut out)?;
        }
        Ok(Self { out, format })
    }

    /// Writes a row.
    pub fn put(&mut self, pair: &TranslationPair) -> io::Result<()> {
        match self.format {
            ExchangeFormat::Tmx => tmx::write_row(&mut self.out, pair),
            ExchangeFormat::Jsonl => jsonl::write_row(&mut self.out, pair),
        }
    }

    /// Writes a segment that has no translation, with the reason.
    pub fn put_left(&mut self, langs: (&Lang, &Lang), source: &Marked, reason: &str) -> io::Result<()> {
        match self.format {
            ExchangeFormat::Tmx => tmx::write_left(&mut self.out, langs, source, reason),
            ExchangeFormat::Jsonl => jsonl::write_left(&mut self.out, langs, source, reason),
        }
    }

    /// Writes what comes after the last row, and returns the output.
    pub fn end(mut self) -> io::Result<W> {
        if self.format == ExchangeFormat::Tmx {
            tmx::write_tail(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Checks a row: both texts are there, not too long, and have the same marks.
fn check_pair(pair: TranslationPair) -> ExchangeRow {
    if [&pair.source, &pair.target].iter().any(|text| text.plain().trim().is_empty()) {
        Err(SkipReason::Empty)
    } else if pair.source.plain().len().max(pair.target.plain().len()) > MAX_TEXT {
        Err(SkipReason::TooLong)
    } else if pair.source.marks() != pair.target.marks() || !pair.source.is_well_nested() || !pair.target.is_well_nested() {
        Err(SkipReason::Marks)
    } else {
        Ok(pair)
    }
}

#[cfg(test)]
mod tests;
