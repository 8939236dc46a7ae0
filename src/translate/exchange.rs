//! The translation memory for other tools, and theirs for us: TMX 1.4b and JSON Lines, read and written row by row, so that a
//! million of them need no more memory than one.
//!
//! What comes in is as hostile as any feed: entities are not expanded, and what one row may hold is bounded.

mod jsonl;
mod open;
mod tmx;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};

use crate::model::{Lang, Marked, SegmentKey, Time};

/// The identity under which the memory keeps what people translated: asked for before any engine's.
pub const IMPORTED: &str = "memory";

/// A segment longer than this (bytes) is no sentence or paragraph of an article.
const MAX_TEXT: usize = 64 << 10;

/// How the memory is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeFormat {
    /// Translation Memory eXchange 1.4b, which all tools of translators read.
    Tmx,
    /// A JSON object a line: `from`, `to`, `source`, `target`, `engine`, `made`, `key`.
    Jsonl,
}

/// A segment and its translation, on their way in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationPair {
    /// The language of the source.
    pub from: Lang,
    /// The language of the target.
    pub to: Lang,
    /// The segment, its marks numbered in their order as ours are.
    pub source: Marked,
    /// Its translation, with the same marks.
    pub target: Marked,
    /// Whose work it is, if that is told.
    pub engine: Option<String>,
    /// When it was made, if that is told.
    pub made: Option<Time>,
    /// The key that it had in the memory of another relais.
    pub key: Option<SegmentKey>,
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A row of which nothing can be made.
    Malformed,
    /// No language is told, or what is told is none.
    Language,
    /// No text is in the language that is told to be that of the source.
    Source,
    /// Only one text, or an empty one.
    Empty,
    /// A text that is too long.
    TooLong,
    /// Source and target do not hold the same inline elements, or hold them crosswise.
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

/// How many rows were left out, by reason.
pub type SkippedRows = BTreeMap<SkipReason, u64>;

/// What a row of a file is.
pub type ExchangeRow = Result<TranslationPair, SkipReason>;

/// Why a file cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It cannot be read at all.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("it is no TMX: its first element is <{0}>")]
    NotTmx(String),
    /// It is not well-formed.
    #[error("it is not well-formed at byte {at}: {why}")]
    Xml {
        /// Where, counted in UTF-8.
        at: u64,
        /// What is wrong.
        why: String,
    },
    /// More than it may hold.
    #[error("at byte {at} it holds {what}, which no translation memory does")]
    TooMuch {
        /// Where, counted in UTF-8.
        at: u64,
        /// Of what.
        what: &'static str,
    },
}

/// Reads a memory of any encoding. It ends with the first error.
pub fn read<'a>(
    format: ExchangeFormat,
    input: impl Read + 'a,
) -> Result<Box<dyn Iterator<Item = Result<ExchangeRow, ExchangeError>> + 'a>, ExchangeError> {
    let text = open::Text::open(input)?;
    Ok(match format {
        ExchangeFormat::Tmx => Box::new(tmx::MemoryReader::new(text)),
        ExchangeFormat::Jsonl => Box::new(jsonl::MemoryReader::new(text)),
    })
}

/// Writes a memory.
pub struct ExchangeWriter<W: Write> {
    out: W,
    format: ExchangeFormat,
}

impl<W: Write> ExchangeWriter<W> {
    /// Begins.
    pub fn begin(format: ExchangeFormat, mut out: W) -> io::Result<Self> {
        if format == ExchangeFormat::Tmx {
            tmx::begin(&mut out)?;
        }
        Ok(Self { out, format })
    }

    /// Writes a row.
    pub fn put(&mut self, pair: &TranslationPair) -> io::Result<()> {
        match self.format {
            ExchangeFormat::Tmx => tmx::put(&mut self.out, pair),
            ExchangeFormat::Jsonl => jsonl::put(&mut self.out, pair),
        }
    }

    /// Ends, and gives the output back.
    pub fn end(mut self) -> io::Result<W> {
        if self.format == ExchangeFormat::Tmx {
            tmx::end(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Whether something is to be said against a pair.
fn checked(pair: TranslationPair) -> ExchangeRow {
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
