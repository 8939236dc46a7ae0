//! What every engine is to the rest of relais: a batch of texts goes in, as many texts or reasons come out.

mod anthropic;
mod apertium;
mod azure;
mod deepl;
mod google;
mod html;
mod libretranslate;
mod llm;
mod marks;
mod ollama;
mod open;
mod openai;
mod pivot;
mod talk;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::model::{Lang, Marked, SegmentKind, Usage};

pub use open::{EngineSettings, OpenError, open};

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

/// Why there is no reply: what to do next. The sentences hold neither keys nor queries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// It may work later: a time-out, a rate limit, a server in trouble.
    #[error("{message}")]
    Transient {
        /// What happened, in one sentence.
        message: String,
        /// How long the server asks us to wait.
        retry_after: Option<Duration>,
        /// Whether it may cost something all the same.
        billing: Billing,
    },
    /// What was paid for is used up: not before the vendor's next period.
    #[error("{message}")]
    Quota {
        /// What happened, in one sentence.
        message: String,
    },
    /// The request is too large, although it keeps the limits that are known: in halves.
    #[error("{message}")]
    TooLarge {
        /// What happened, in one sentence.
        message: String,
    },
    /// A wrong key, an unknown model, a pair of languages that it does not have: not without another configuration.
    #[error("{message}")]
    Auth {
        /// What happened, in one sentence, and which setting to look at.
        message: String,
    },
    /// What came as a whole is no answer: cut, refused, of another shape. Each text alone, then another engine.
    #[error("{message}")]
    BadOutput {
        /// What happened, in one sentence.
        message: String,
        /// What it has cost, as far as the vendor says.
        used: Option<Usage>,
    },
}

/// Whether a request that failed is on the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// It was refused, or never arrived.
    Free,
    /// It may have been worked on: what was reserved counts as spent.
    Unknown,
}
