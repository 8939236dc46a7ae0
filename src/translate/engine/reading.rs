//! The contract of second readers: translations go in with their sources; a verdict comes out for each. Nothing that a reader says is
//! ever published.

use futures::future::BoxFuture;

use super::error::EngineError;
use crate::model::{Lang, SegmentKind, Usage};

/// The most characters of a reader's words that are kept.
const MAX_REASON: usize = 200;

/// A service that reads translations: a language model. The caller retries, waits and keeps budgets.
pub trait Reader: Send + Sync {
    /// Returns the most that a request with these texts can use up.
    fn reading_price(&self, texts: &[&ReadingText], from: &Lang, to: &Lang) -> Usage;

    /// Returns the least that a text uses up in a request with many others.
    fn least_reading_price(&self, text: &ReadingText) -> Usage;

    /// Reads a batch. The reply has as many verdicts as the batch has texts, in its order.
    fn read<'a>(&'a self, batch: &'a ReadingBatch) -> BoxFuture<'a, Result<ReadingReply, EngineError>>;
}

/// A translation that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingText {
    /// The source, without marks.
    pub source: String,
    /// The translation, without marks.
    pub result: String,
    /// The kind of the segment.
    pub kind: SegmentKind,
}

/// The texts of one request, all in the same languages.
#[derive(Clone, Debug)]
pub struct ReadingBatch {
    /// The language of the sources.
    pub from: Lang,
    /// The language of the translations.
    pub to: Lang,
    /// The texts.
    pub texts: Vec<ReadingText>,
}

/// The answer of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingReply {
    /// For each text the verdict; nothing where none was given that can be used.
    pub verdicts: Vec<Option<ReaderVerdict>>,
    /// The usage, as the vendor reports it or else as counted.
    pub used: Usage,
}

/// The verdict of a reader on a translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderVerdict {
    /// It says what its source says.
    Fine,
    /// It does not.
    Wrong(Doubt),
}

/// The doubt of a reader. Its words come from a model that has read strangers' texts: they are shown to the operator, and to nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The kind of the error.
    pub kind: DoubtKind,
    /// The words that are wrong, as they stand in the translation or the source.
    pub quote: String,
    /// The reason, on one line.
    pub reason: String,
}

impl Doubt {
    /// Returns the doubt as a sentence: `number: “4” is “5” in the source (“5 minutes”)`.
    pub fn sentence(&self) -> String {
        let (kind, reason) = (self.kind.as_str(), one_line(&self.reason));
        let reason = if reason.is_empty() { "no reason given".to_owned() } else { reason };
        format!("{kind}: {reason} (“{}”)", one_line(&self.quote))
    }
}

/// Returns a text on one line, without control and formatting characters, and cut.
fn one_line(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let plain: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The kind of an error in a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubtKind {
    /// It says something else.
    Meaning,
    /// A number, date, amount or score is another.
    Number,
    /// A negation was lost or added.
    Negation,
    /// A name is another.
    Name,
    /// A part of the source is missing.
    Omission,
    /// Something was added.
    Addition,
    /// It is not in the language that was asked for, or cannot be understood.
    Language,
    /// Anything else.
    Other,
}

impl DoubtKind {
    /// All kinds, in the order in which a reader is told of them.
    pub const ALL: [Self; 8] =
        [Self::Meaning, Self::Number, Self::Negation, Self::Name, Self::Omission, Self::Addition, Self::Language, Self::Other];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meaning => "meaning",
            Self::Number => "number",
            Self::Negation => "negation",
            Self::Name => "name",
            Self::Omission => "omission",
            Self::Addition => "addition",
            Self::Language => "language",
            Self::Other => "other",
        }
    }

    /// Returns the kind of a name. A name that a reader has made up is anything else.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name.trim()).unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_reader_are_one_short_line() {
        let doubt = |reason: &str| Doubt { kind: DoubtKind::Number, quote: "4\n0".to_owned(), reason: reason.to_owned() };
        assert_eq!(doubt("it is \u{1b}[31m5\r\nnot\u{202e} 4").sentence(), "number: it is [31m5 not 4 (“4 0”)");
        assert_eq!(doubt(" ").sentence(), "number: no reason given (“4 0”)");
        assert!(doubt(&"é".repeat(900)).sentence().chars().count() < 230);
    }
}
