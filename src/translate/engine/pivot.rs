//! Translation through a second language, for engines that have no direct way. In the client, since the chains of servers
//! leave their signs of unknown words in the text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt};

use super::error::{Billing, EngineError};
use super::types::{Batch, Engine, Limits, Outgoing, Reply};
use crate::model::{Lang, Marked, Usage};

/// On its way a text may become twice as long, and this much more, in whatever the engine counts.
const GROWTH: u64 = 2;
const SLACK: u64 = 64;

/// An engine, and the language in the middle. Whether there is a direct way is asked once for each pair, and costs nothing:
/// the answer is no, or the translation.
pub(super) struct Pivot {
    inner: Arc<dyn Engine>,
    middle: Lang,
    identity: String,
    /// Whether a pair has a direct way, as far as that is known.
    direct: Mutex<HashMap<(Lang, Lang), bool>>,
}

impl Pivot {
    pub(super) fn new(inner: Arc<dyn Engine>, middle: Lang) -> Self {
        let identity = format!("{} via {middle}", inner.identity());
        Self { inner, middle, identity, direct: Mutex::default() }
    }

    /// Whether a pair is translated directly; nothing as long as nobody knows.
    fn direct(&self, from: &Lang, to: &Lang) -> Option<bool> {
        if from.primary() == self.middle.primary() || to.primary() == self.middle.primary() {
            return Some(true);
        }
        self.direct.lock().unwrap_or_else(PoisonError::into_inner).get(&(from.clone(), to.clone())).copied()
    }

    fn learn(&self, batch: &Batch, direct: bool) {
        let pair = (batch.from.clone(), batch.to.clone());
        self.direct.lock().unwrap_or_else(PoisonError::into_inner).insert(pair, direct);
    }

    async fn ask(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let refusal = match self.direct(&batch.from, &batch.to) {
            Some(true) => return self.inner.translate(batch).await,
            Some(false) => None,
            None => match self.inner.translate(batch).await {
                Err(EngineError::Auth { message }) => Some(EngineError::Auth { message }),
                Ok(reply) => {
                    self.learn(batch, true);
                    return Ok(reply);
                }
                Err(error) => return Err(error),
            },
        };
        match (self.through(batch).await, refusal) {
            // Both ways are refused: it is not for the languages.
            (Err(EngineError::Auth { .. }), Some(refusal)) => Err(refusal),
            (Ok(reply), _) => {
                self.learn(batch, false);
                Ok(reply)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn through(&self, batch: &Batch) -> Result<Reply, EngineError> {
        let there = Batch { to: self.middle.clone(), ..batch.clone() };
        let Reply { texts, mut used } = self.inner.translate(&there).await?;
        let mut texts: Vec<_> =
            texts.into_iter().zip(&batch.texts).map(|(text, sent)| self.halfway(text?, sent, batch)).collect();
        let mut waiting: Vec<usize> = (0..texts.len()).filter(|&place| texts[place].is_ok()).collect();
        let mut done = Vec::with_capacity(texts.len());
        while !waiting.is_empty() {
            let rest = waiting.split_off(self.fitting(&waiting, &texts));
            let sent = waiting.iter().filter_map(|&place| texts[place].clone().ok()).collect();
            let back = Batch { from: self.middle.clone(), to: batch.to.clone(), texts: sent };
            let reply = self.inner.translate(&back).await.map_err(|error| costing(error, used))?;
            used += reply.used;
            done.extend(waiting.into_iter().zip(reply.texts));
            waiting = rest;
        }
        let mut finished: Vec<_> = texts.drain(..).map(|text| text.map(|text| text.text)).collect();
        for (place, text) in done {
            finished[place] = text;
        }
        Ok(Reply { texts: finished, used })
    }

    /// A text in the middle, if it is not beyond what was reserved for it.
    fn halfway(&self, text: Marked, sent: &Outgoing, batch: &Batch) -> Result<Outgoing, String> {
        let halfway = Outgoing { text, ..sent.clone() };
        let (limits, tagged) = (self.inner.limits(), halfway.text.to_tagged());
        let price = self.inner.price(&halfway, &self.middle, &batch.to);
        let most = grown(self.inner.price(sent, &self.middle, &batch.to));
        let within =
            price.characters <= most.characters && price.tokens_in <= most.tokens_in && price.tokens_out <= most.tokens_out;
        if within && tagged.len() <= limits.bytes && tagged.chars().count() <= limits.characters {
            Ok(halfway)
        } else {
            Err(format!("it became too long in {}", self.middle))
        }
    }

    /// How many of these texts go into one request: each does alone.
    fn fitting(&self, places: &[usize], texts: &[Result<Outgoing, String>]) -> usize {
        let limits = self.inner.limits();
        let (mut characters, mut bytes) = (0, 0);
        let fits = places.iter().take(limits.texts).take_while(|&&place| {
            let tagged = texts[place].as_ref().map(|text| text.text.to_tagged()).unwrap_or_default();
            characters += tagged.chars().count();
            bytes += tagged.len();
            characters <= limits.characters && bytes <= limits.bytes
        });
        fits.count().max(1)
    }
}

/// The first half is paid for, whatever became of the second. A second half that is refused for good is told as that all the
/// same: only so is it not paid for again and again.
fn costing(error: EngineError, first: Usage) -> EngineError {
    match error {
        EngineError::BadOutput { message, used } => EngineError::BadOutput { message, used: used.map(|used| used + first) },
        EngineError::Transient { message, retry_after, .. } => {
            EngineError::Transient { message, retry_after, billing: Billing::Unknown }
        }
        EngineError::TooLarge { message } | EngineError::Quota { message } => {
            EngineError::BadOutput { message, used: Some(first) }
        }
        refused @ EngineError::Auth { .. } => refused,
    }
}

fn grown(price: Usage) -> Usage {
    let grow = |count: u64| if count == 0 { 0 } else { count.saturating_mul(GROWTH).saturating_add(SLACK) };
    Usage { characters: grow(price.characters), tokens_in: grow(price.tokens_in), tokens_out: grow(price.tokens_out) }
}

impl Engine for Pivot {
    fn identity(&self) -> &str {
        &self.identity
    }

    /// A third below those of the engine: most texts grow on their way.
    fn limits(&self) -> Limits {
        let limits = self.inner.limits();
        Limits { characters: limits.characters / 3 * 2, bytes: limits.bytes / 3 * 2, ..limits }
    }

    /// Both ways, the second with room to grow.
    fn price(&self, text: &Outgoing, from: &Lang, to: &Lang) -> Usage {
        if self.direct(from, to) == Some(true) {
            return self.inner.price(text, from, to);
        }
        self.inner.price(text, from, &self.middle) + grown(self.inner.price(text, &self.middle, to))
    }

    fn translate<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Reply, EngineError>> {
        self.ask(batch).boxed()
    }
}
