//! The contract of every engine: a batch of texts goes in, as many texts or reasons come out.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::error::EngineError;
use crate::model::{Lang, Marked, SegmentKind, Usage};

/// A translation service. A client does one request for one batch, and neither retries nor waits: that is the caller's.
pub trait Engine: Send + Sync {
    /// What makes its translations its own: kind and model, as in `openai:gpt-5-mini`. Part of the key of the memory, so that
    /// another key or address of the same service finds what was paid for.
    fn identity(&self) -> &str;

    /// What one request may hold.
    fn limits(&self) -> Limits;

    /// The most that sending this text can use up, exactly what a vendor bills where it bills characters. Budgets are reserved
    /// and dry runs are priced by it.
    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage;

    /// Translates a batch that keeps the limits. The reply has as many texts as the batch, in its order.
    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>>;
}

/// What one request may hold. A text that alone is beyond them is cut at a clause boundary by the caller, or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Texts.
    pub texts: usize,
    /// Characters (Unicode scalar values) of all texts as they are sent.
    pub characters: usize,
    /// Bytes (UTF-8) of all texts as they are sent.
    pub bytes: usize,
    /// Requests at a time.
    pub in_flight: usize,
}

/// What is sent in one request.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The language of the texts.
    pub from: Lang,
    /// The language that is wanted.
    pub to: Lang,
    /// The texts.
    pub texts: Vec<Outgoing>,
}

/// One text on its way to an engine.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The text, with marks. A protected term is a single mark, whose number is that of one of `terms`.
    pub text: Marked,
    /// The protected terms in it.
    pub terms: Vec<Term>,
    /// What it is in its document.
    pub kind: SegmentKind,
    /// What stands around it.
    pub context: Context,
}

/// A term that stands for itself, whatever an engine would make of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The number of the mark that holds its place.
    pub mark: u16,
    /// What stands in the source.
    pub source: String,
    /// What is to stand in the translation.
    pub target: String,
}

/// What stands around a text, for engines that can make use of it. It is not translated.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The headline of the entry.
    pub title: Option<Arc<str>>,
    /// The segment before.
    pub before: Option<Arc<str>>,
    /// The segment after.
    pub after: Option<Arc<str>>,
}

/// What an engine answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// For each text of the batch its translation, or in one sentence why what came is none.
    pub texts: Vec<Result<Marked, String>>,
    /// What the request has used up: as the vendor says, else as counted.
    pub used: Usage,
}
