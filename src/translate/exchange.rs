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
pub enum Format {
    /// Translation Memory eXchange 1.4b, which all tools of translators read.
    Tmx,
    /// A JSON object a line: `from`, `to`, `source`, `target`, `engine`, `made`, `key`.
    Jsonl,
}

/// A segment and its translation, on their way in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
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
pub enum Left {
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

impl fmt::Display for Left {
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
pub type Leavings = BTreeMap<Left, u64>;

/// What a row of a file is.
pub type Row = Result<Pair, Left>;

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
    format: Format,
    input: impl Read + 'a,
) -> Result<Box<dyn Iterator<Item = Result<Row, ExchangeError>> + 'a>, ExchangeError> {
    let text = open::Text::open(input)?;
    Ok(match format {
        Format::Tmx => Box::new(tmx::Reader::new(text)),
        Format::Jsonl => Box::new(jsonl::Reader::new(text)),
    })
}

/// Writes a memory.
pub struct Writer<W: Write> {
    out: W,
    format: Format,
}

impl<W: Write> Writer<W> {
    /// Begins.
    pub fn begin(format: Format, mut out: W) -> io::Result<Self> {
        if format == Format::Tmx {
            tmx::begin(&mut out)?;
        }
        Ok(Self { out, format })
    }

    /// Writes a row.
    pub fn put(&mut self, pair: &Pair) -> io::Result<()> {
        match self.format {
            Format::Tmx => tmx::put(&mut self.out, pair),
            Format::Jsonl => jsonl::put(&mut self.out, pair),
        }
    }

    /// Ends, and gives the output back.
    pub fn end(mut self) -> io::Result<W> {
        if self.format == Format::Tmx {
            tmx::end(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Whether something is to be said against a pair.
fn checked(pair: Pair) -> Row {
    if [&pair.source, &pair.target].iter().any(|text| text.plain().trim().is_empty()) {
        Err(Left::Empty)
    } else if pair.source.plain().len().max(pair.target.plain().len()) > MAX_TEXT {
        Err(Left::TooLong)
    } else if pair.source.marks() != pair.target.marks() || !pair.source.is_well_nested() || !pair.target.is_well_nested() {
        Err(Left::Marks)
    } else {
        Ok(pair)
    }
}

#[cfg(test)]
mod tests;
