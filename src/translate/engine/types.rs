//! The contract of every engine: a batch of texts goes in; a translation or a reason comes out for each text.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::error::{Billing, EngineError};
use super::reading::Reader;
use crate::model::{Lang, Marked, Piece, SegmentKind, Time, Usage};

/// A translation service. A client sends one request for one batch; the caller retries, waits and keeps budgets.
pub trait Engine: Send + Sync {
    /// Returns what makes its translations its own: kind and model, as in `openai:gpt-5-mini`. It is part of the key of the
    /// memory, so that another key or address of the same service finds what was paid for.
    fn identity(&self) -> &str;

    /// Returns the identity for a pair of languages, where each pair has a model of its own.
    fn identity_of(&self, pair: &LanguagePair) -> Cow<'_, str> {
        let _ = pair;
        Cow::Borrowed(self.identity())
    }

    /// Returns the limits of one request.
    fn limits(&self) -> Limits;

    /// Returns the form in which the engine is sent terms.
    fn term_form(&self) -> TermForm;

    /// Returns the use that the engine makes of the text around a text.
    fn context_use(&self) -> ContextUse {
        ContextUse::None
    }

    /// Returns true if it is sent the sentences of a paragraph as one text, and translates each text by itself. A text that it was sent alone
    /// gets the same answer again.
    fn joins_texts(&self) -> bool {
        false
    }

    /// Returns true if each answer quotes the text that it translates, so that it is that of no other.
    fn quotes_sources(&self) -> bool {
        false
    }

    /// Returns the most that sending this text can use up; exactly what a vendor bills where it bills characters. Budgets
    /// are reserved and dry runs are priced by it. A text with more characters, marks or terms never has a smaller price.
    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage;

    /// Returns the most that a request with these texts can use up: no more than each of them sent alone.
    fn price_together(&self, texts: &[&Outgoing], from: &Lang, to: &Lang) -> Usage {
        texts.iter().fold(Usage::default(), |sum, text| sum + self.price(text, from, to))
    }

    /// Returns the least that sending this text uses up, if it is answered.
    fn least_price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        self.price(text, from, to)
    }

    /// Returns the batch service of the vendor, if it has one.
    fn batches(&self) -> Option<&dyn BatchService> {
        None
    }

    /// Returns the engine as a reader of others' translations, if it can read.
    fn reader(&self) -> Option<&dyn Reader> {
        None
    }

    /// Translates a batch that keeps the limits. The reply has as many texts as the batch, in its order.
    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>>;
}

/// The limits of one request. A text that exceeds them alone is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Texts.
    pub texts: usize,
    /// Characters (Unicode scalar values) of all texts as they are sent.
    pub characters: usize,
    /// Bytes (UTF-8) of all texts as they are sent.
    pub bytes: usize,
    /// Requests in flight at a time.
    pub in_flight: usize,
}

/// The texts of one request, all in the same languages.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The source language.
    pub from: Lang,
    /// The target language.
    pub to: Lang,
    /// The texts.
    pub texts: Vec<Outgoing>,
    /// True if nobody sees the texts for a while: a slow answer is as good.
    pub is_patient: bool,
}

impl Batch {
    /// Returns the pair of languages.
    pub fn pair(&self) -> LanguagePair {
        LanguagePair { from: self.from.clone(), to: self.to.clone() }
    }
}

/// A source and a target language.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LanguagePair {
    /// The source language.
    pub from: Lang,
    /// The target language.
    pub to: Lang,
}

impl fmt::Display for LanguagePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}→{}", self.from, self.to)
    }
}

/// The form in which an engine is sent the terms of a text: that in which it spoils its sentence least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermForm {
    /// The word in an element that the engine leaves alone.
    Element,
    /// The word, and beside the text a list of the terms with their translations.
    Listed,
    /// The word alone.
    Word,
}

/// The use that an engine makes of the text around a text. It decides in which order texts are sent, and which ones together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextUse {
    /// None: the most important texts go first, whatever they belong to.
    None,
    /// A request has one context for all its texts, which therefore are of one part of one entry.
    Request,
    /// It reads the texts of a request one after the other: they stand in the order of the entries, whole entries together.
    Neighbours,
}

/// One text as it is sent to an engine.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The text, with marks. A term is a single mark that has the number of one of `terms`.
    pub text: Marked,
    /// The terms in it.
    pub terms: Vec<Term>,
    /// The kind of the segment.
    pub kind: SegmentKind,
    /// The text around it.
    pub context: SegmentContext,
}

impl Outgoing {
    /// Returns the text with its terms as words. Terms that are held back stay marks.
    pub fn in_words(&self) -> Marked {
        let word = |mark: u16| self.terms.iter().find(|term| term.mark == mark && !term.is_held).map(|term| term.source.clone());
        Marked::new(self.text.pieces().iter().map(|piece| match piece {
            Piece::Single(mark) => word(*mark).map_or_else(|| piece.clone(), Piece::Text),
            piece => piece.clone(),
        }))
    }
}

/// A term with a fixed translation, or a name, which is its own translation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The number of the mark that holds its place.
    pub mark: u16,
    /// The term as the source has it.
    pub source: String,
    /// The term as the translation must have it.
    pub target: String,
    /// True if the engine is sent a mark in place of the word, whatever its form of terms: it has altered the word before.
    pub is_held: bool,
}

impl Term {
    /// Returns true for a name, which no translation may alter.
    pub fn is_name(&self) -> bool {
        self.source == self.target
    }
}

/// The text around a segment, for engines that can use it. It is not translated.
#[derive(Clone, Debug, Default)]
pub struct SegmentContext {
    /// The headline of the entry, for its other texts.
    pub title: Option<Arc<str>>,
    /// The end of the segment before.
    pub before: Option<Arc<str>>,
    /// The beginning of the segment after. What follows a headline is the lead.
    pub after: Option<Arc<str>>,
    /// True if it stands behind the segment before in one paragraph.
    pub continues: bool,
    /// A similar sentence that was translated before.
    pub similar: Option<Arc<SimilarText>>,
}

/// A sentence much like another one, with its translation: the same words may be said in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarText {
    /// The sentence, without marks.
    pub source: String,
    /// Its translation, without marks.
    pub translation: String,
}

/// A text of a reply that is no translation: why, as part of a sentence ("it was cut: …").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableText(String);

impl UnusableText {
    /// Makes one from the reason, which holds no text of the source.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The answer of an engine.
#[derive(Clone, Debug)]
pub struct Reply {
    /// For each text of the batch its translation, or why there is none.
    pub texts: Vec<Result<Marked, UnusableText>>,
    /// The usage, as the vendor reports it or else as counted.
    pub used: Usage,
}

/// The batch service of a vendor. It sends one request, or a few, for each call; the caller waits, retries and keeps budgets.
pub trait BatchService: Send + Sync {
    /// Returns true if texts that can wait for a day are to be submitted.
    fn is_wanted(&self) -> bool;

    /// Submits requests as one batch with this name, which is of letters, digits and hyphens.
    fn submit<'a>(&'a self, name: &'a str, requests: &'a [Batch]) -> BoxFuture<'a, Result<SubmittedBatch, EngineError>>;

    /// Looks for a batch with this name that was submitted at `since` or a little later, if it was.
    fn find<'a>(&'a self, name: &'a str, since: Time) -> BoxFuture<'a, Result<FoundBatch, EngineError>>;

    /// Returns the results of a batch once it has ended: as many as there are requests, in their order.
    fn collect<'a>(&'a self, batch: CollectedBatch<'a>) -> BoxFuture<'a, Result<BatchProgress, EngineError>>;
}

/// A batch whose results are wanted.
#[derive(Clone, Copy, Debug)]
pub struct CollectedBatch<'a> {
    /// Our name of it.
    pub name: &'a str,
    /// The vendor's.
    pub id: &'a str,
    /// Its requests, as they were submitted; the context of their texts is not needed.
    pub requests: &'a [Batch],
}

/// A batch that a vendor has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedBatch {
    /// The vendor's name of it.
    pub id: String,
    /// The time at which it ends, done or not.
    pub expires: Option<Time>,
}

/// The result of a search for a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundBatch {
    /// The vendor has it.
    Here(SubmittedBatch),
    /// The vendor may have it: that cannot be told yet.
    Unclear,
    /// The vendor does not have it.
    Nowhere,
}

/// The progress of a batch.
#[derive(Clone, Debug)]
pub enum BatchProgress {
    /// The vendor is at work.
    Running,
    /// It has ended. For each request its result.
    Ended(Vec<BatchResult>),
    /// It came to nothing, or the vendor does not know it any more.
    Lost {
        /// The reason, as a sentence.
        why: String,
        /// Tells whether it may be billed all the same.
        billing: Billing,
    },
}

/// The result of one request of a batch.
#[derive(Clone, Debug)]
pub enum BatchResult {
    /// It was answered.
    Answered(Reply),
    /// It was not, or not in the protocol.
    Failed {
        /// The reason, as part of a sentence: "it was not done in time".
        why: String,
        /// The usage that is billed all the same.
        used: Usage,
    },
}
