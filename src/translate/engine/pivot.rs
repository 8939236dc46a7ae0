//! Translation through a second language, for engines that have no direct way. It is done here, since servers that chain pairs
//! themselves leave their marks of unknown words in the text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt};

use super::error::{Billing, EngineError};
use super::reading::Reader;
use super::types::{Batch, ContextUse, Engine, LanguagePair, Limits, Outgoing, Reply, TermForm, UnusableText};
use super::unknown_words::take_unknown_words;
use crate::model::{Lang, Marked, Usage};

/// In the middle a text may be this many times as long, plus `SLACK`, in whatever the engine counts.
const GROWTH: u64 = 2;
const SLACK: u64 = 64;

/// An engine and the language in the middle. The engine is asked once for each pair if it has a direct way. That costs nothing:
/// the answer is a refusal or the translation.
pub(super) struct Pivot {
    inner: Arc<dyn Engine>,
    middle: Lang,
    identity: String,
    /// For each pair that was asked for, true if it has a direct way.
    direct: Mutex<HashMap<LanguagePair, bool>>,
}

impl Pivot {
    pub(super) fn new(inner: Arc<dyn Engine>, middle: Lang) -> Self {
        let identity = format!("{} via {middle}", inner.identity());
        Self { inner, middle, identity, direct: Mutex::default() }
    }

    /// Returns true if a pair is translated directly; nothing as long as that is not known.
    fn is_direct(&self, pair: &LanguagePair) -> Option<bool> {
        if pair.from.primary() == self.middle.primary() || pair.to.primary() == self.middle.primary() {
            return Some(true);
        }
        self.direct.lock().unwrap_or_else(PoisonError::into_inner).get(pair).copied()
    }

    fn remember_direct(&self, pair: LanguagePair, is_direct: bool) {
        self.direct.lock().unwrap_or_else(PoisonError::into_inner).insert(pair, is_direct);
    }

    async fn translate_batch(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let pair = batch.pair();
        let refusal = match self.is_direct(&pair) {
            Some(true) => return self.inner.translate(batch).await,
            Some(false) => None,
            None => match self.inner.translate(batch).await {
                Err(refusal @ EngineError::UnsupportedPair { .. }) => Some(refusal),
                Ok(reply) => {
                    self.remember_direct(pair, true);
                    return Ok(reply);
                }
                Err(error) => return Err(error),
            },
        };
        match (self.translate_through_middle(batch).await, refusal) {
            // The refusal of the pair that was asked for is the one that the operator understands.
            (Err(EngineError::UnsupportedPair { .. }), Some(refusal)) => Err(refusal),
            (Ok(reply), _) => {
                self.remember_direct(pair, false);
                Ok(reply)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn translate_through_middle(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let first = Batch { to: self.middle.clone(), ..batch.clone() };
        let Reply { texts, mut used } = self.inner.translate(&first).await?;
        let mut halves: Vec<_> =
            texts.into_iter().zip(&batch.texts).map(|(text, sent)| self.check_half(&text?, sent, batch)).collect();
        let mut waiting: Vec<usize> = (0..halves.len()).filter(|&place| halves[place].is_ok()).collect();
        let mut done = Vec::with_capacity(halves.len());
        while !waiting.is_empty() {
            let rest = waiting.split_off(self.count_that_fit(&waiting, &halves));
            let sent = waiting.iter().filter_map(|&place| halves[place].clone().ok()).collect();
            let second = Batch { from: self.middle.clone(), to: batch.to.clone(), texts: sent, is_patient: batch.is_patient };
            let reply = self.inner.translate(&second).await.map_err(|error| add_cost_of_first_half(error, used))?;
            used += reply.used;
            done.extend(waiting.into_iter().zip(reply.texts));
            waiting = rest;
        }
        let mut texts: Vec<_> = halves.drain(..).map(|half| half.map(|half| half.text)).collect();
        for (place, text) in done {
            texts[place] = text;
        }
        Ok(Reply { texts, used })
    }

    /// Returns a text in the middle language, unless it exceeds what was reserved for it.
    fn check_half(&self, text: &Marked, sent: &Outgoing, batch: &Batch) -> Result<Outgoing, UnusableText> {
        // A word that is not known on the way is not known at its end either, and is marked there.
        let half = Outgoing { text: take_unknown_words(text).0, ..sent.clone() };
        let (limits, tagged) = (self.inner.limits(), half.text.to_tagged());
        let price = self.inner.price(&half, &self.middle, &batch.to);
        let reserved = with_growth(self.inner.price(sent, &self.middle, &batch.to));
        let is_reserved = price.characters <= reserved.characters
            && price.tokens_in <= reserved.tokens_in
            && price.tokens_out <= reserved.tokens_out;
        if is_reserved && tagged.len() <= limits.bytes && tagged.chars().count() <= limits.characters {
            Ok(half)
        } else {
            Err(UnusableText::new(format!("it became too long in {}", self.middle)))
        }
    }

    /// Counts how many of these texts go into one request; each fits alone.
    fn count_that_fit(&self, places: &[usize], halves: &[Result<Outgoing, UnusableText>]) -> usize {
        let limits = self.inner.limits();
        let (mut characters, mut bytes) = (0, 0);
        let fits = places.iter().take(limits.texts).take_while(|&&place| {
            let tagged = halves[place].as_ref().map(|half| half.text.to_tagged()).unwrap_or_default();
            characters += tagged.chars().count();
            bytes += tagged.len();
            characters <= limits.characters && bytes <= limits.bytes
        });
        fits.count().max(1)
    }
}

/// Adds the first half, which is billed whatever became of the second. A second half that is too large or over the quota becomes
/// a bad answer: only so is the first half not paid for again and again.
fn add_cost_of_first_half(error: EngineError, first: Usage) -> EngineError {
    match error {
        EngineError::BadAnswer { message, used } => EngineError::BadAnswer { message, used: used.map(|used| used + first) },
        EngineError::Transient { message, retry_after, .. } => {
            EngineError::Transient { message, retry_after, billing: Billing::Unknown }
        }
        EngineError::TooLarge { message } | EngineError::Quota { message } => {
            EngineError::BadAnswer { message, used: Some(first) }
        }
        refused
        @ (EngineError::Unauthorized { .. } | EngineError::UnsupportedPair { .. } | EngineError::Misconfigured { .. }) => refused,
    }
}

fn with_growth(price: Usage) -> Usage {
    let grow = |count: u64| if count == 0 { 0 } else { count.saturating_mul(GROWTH).saturating_add(SLACK) };
    Usage {
        characters: grow(price.characters),
        tokens_in: grow(price.tokens_in),
        tokens_out: grow(price.tokens_out),
        tokens_cached: 0,
    }
}

impl Engine for Pivot {
    fn identity(&self) -> &str {
        &self.identity
    }

    /// Returns two thirds of the limits of the engine: most texts grow in the middle language.
    fn limits(&self) -> Limits {
        let limits = self.inner.limits();
        Limits { characters: limits.characters / 3 * 2, bytes: limits.bytes / 3 * 2, ..limits }
    }

    fn term_form(&self) -> TermForm {
        self.inner.term_form()
    }

    fn context_use(&self) -> ContextUse {
        self.inner.context_use()
    }

    fn reader(&self) -> Option<&dyn Reader> {
        self.inner.reader()
    }

    /// Counts both ways, the second with room to grow.
    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        if self.is_direct(&LanguagePair { from: from.clone(), to: to.clone() }) == Some(true) {
            return self.inner.price(text, from, to);
        }
        self.inner.price(text, from, &self.middle) + with_growth(self.inner.price(text, &self.middle, to))
    }

    /// Counts one way: there may be a direct one, and a text that is lost in the middle goes no further.
    fn least_price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        let direct = self.inner.least_price(text, from, to);
        match self.is_direct(&LanguagePair { from: from.clone(), to: to.clone() }) {
            Some(true) => direct,
            _ => direct.min(self.inner.least_price(text, from, &self.middle)),
        }
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.translate_batch(batch).boxed()
    }
}
