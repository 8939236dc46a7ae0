//! JSON Lines: a JSON object a line.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use super::open::Text;
use super::{ExchangeError, ExchangeRow, MAX_TEXT, SkipReason, TranslationPair, checked};
use crate::model::{Lang, Marked, SegmentKey, Time};

/// The longest line: both texts, each sign of them escaped.
const MAX_LINE: usize = 16 * MAX_TEXT;

/// A line. The field names are promises.
#[derive(Serialize, Deserialize)]
struct Line {
    from: String,
    to: String,
    source: String,
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl Line {
    fn pair(self) -> ExchangeRow {
        let (Some(from), Some(to)) = (Lang::new(&self.from), Lang::new(&self.to)) else { return Err(SkipReason::Language) };
        let (Some(source), Some(target)) = (Marked::from_tagged(&self.source), Marked::from_tagged(&self.target)) else {
            return Err(SkipReason::Marks);
        };
        let key = self.key.as_deref().and_then(SegmentKey::parse);
        checked(TranslationPair { from, to, source, target, engine: self.engine, made: self.made, key })
    }
}

/// Reads lines.
pub(super) struct MemoryReader<R> {
    text: Text<R>,
    line: Vec<u8>,
    is_over: bool,
}

impl<R: Read> MemoryReader<R> {
    pub(super) fn new(text: Text<R>) -> Self {
        Self { text, line: Vec::new(), is_over: false }
    }

    fn row(&mut self) -> Result<Option<ExchangeRow>, ExchangeError> {
        loop {
            self.line.clear();
            self.text.allow(MAX_LINE);
            match self.text.read_until(b'\n', &mut self.line) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(_) if self.text.is_exhausted() => {
                    return Err(ExchangeError::TooMuch { at: self.text.at(), what: "a line of more than a mebibyte" });
                }
                Err(error) => return Err(error.into()),
            }
            if !self.line.trim_ascii().is_empty() {
                let line: Result<Line, _> = serde_json::from_slice(&self.line);
                return Ok(Some(line.map_or(Err(SkipReason::Malformed), Line::pair)));
            }
        }
    }
}

impl<R: Read> Iterator for MemoryReader<R> {
    type Item = Result<ExchangeRow, ExchangeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.row().transpose();
        self.is_over = !matches!(row, Some(Ok(_)));
        row
    }
}

pub(super) fn put(out: &mut impl Write, pair: &TranslationPair) -> io::Result<()> {
    let line = Line {
        from: pair.from.to_string(),
        to: pair.to.to_string(),
        source: pair.source.to_tagged(),
        target: pair.target.to_tagged(),
        engine: pair.engine.clone(),
        made: pair.made,
        key: pair.key.map(|key| key.to_string()),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}
