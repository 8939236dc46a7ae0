//! JSON Lines: a JSON object a line.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use super::decode::DecodedInput;
use super::{ExchangeError, ExchangeRow, MAX_TEXT, SkipReason, TranslationPair, check_pair};
use crate::model::{Lang, Marked, SegmentKey, Time};

/// The longest line: both texts, each character escaped.
const MAX_LINE: usize = 16 * MAX_TEXT;

/// A line. The field names are a stable format.
#[derive(Serialize, Deserialize)]
struct JsonRow {
    from: String,
    to: String,
    source: String,
    #[serde(default)]
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl JsonRow {
    fn into_pair(self) -> ExchangeRow {
        let (Some(from), Some(to)) = (Lang::new(&self.from), Lang::new(&self.to)) else { return Err(SkipReason::Language) };
        let (Some(source), Some(target)) = (Marked::from_tagged(&self.source), Marked::from_tagged(&self.target)) else {
            return Err(SkipReason::Marks);
        };
        let key = self.key.as_deref().and_then(SegmentKey::parse);
        check_pair(TranslationPair { from, to, source, target, engine: self.engine, made: self.made, key })
    }
}

/// Reads rows.
pub(super) struct JsonlReader<R> {
    text: DecodedInput<R>,
    line: Vec<u8>,
    is_over: bool,
}

impl<R: Read> JsonlReader<R> {
    pub(super) fn new(text: DecodedInput<R>) -> Self {
        Self { text, line: Vec::new(), is_over: false }
    }

    fn read_row(&mut self) -> Result<Option<ExchangeRow>, ExchangeError> {
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
                let line: Result<JsonRow, _> = serde_json::from_slice(&self.line);
                return Ok(Some(line.map_or(Err(SkipReason::Malformed), JsonRow::into_pair)));
            }
        }
    }
}

impl<R: Read> Iterator for JsonlReader<R> {
    type Item = Result<ExchangeRow, ExchangeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.read_row().transpose();
        self.is_over = !matches!(row, Some(Ok(_)));
        row
    }
}

pub(super) fn write_row(out: &mut impl Write, pair: &TranslationPair) -> io::Result<()> {
    let line = JsonRow {
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

/// A line of a segment that has no translation.
#[derive(Serialize)]
struct LeftRow<'l> {
    from: &'l Lang,
    to: &'l Lang,
    source: String,
    reason: &'l str,
}

pub(super) fn write_left(out: &mut impl Write, (from, to): (&Lang, &Lang), source: &Marked, reason: &str) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &LeftRow { from, to, source: source.to_tagged(), reason })?;
    out.write_all(b"\n")
}
