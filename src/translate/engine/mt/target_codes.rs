//! The codes by which one server is asked for target languages. Not every server of a kind knows every variety: what one has refused is
//! asked for by the next code, at last as the plain language. A refusal costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;

use super::super::error::EngineError;
use super::super::types::{LanguagePair, Reply};
use crate::model::EngineKind;

/// The codes of one server, with what it has refused so far.
pub(super) struct TargetCodes {
    kind: EngineKind,
    /// The number of codes that were refused, for each pair of languages.
    refused: Mutex<HashMap<LanguagePair, usize>>,
}

impl TargetCodes {
    pub(super) fn new(kind: EngineKind) -> Self {
        Self { kind, refused: Mutex::default() }
    }

    /// Asks the server by the best code that it is not known to refuse, and by the next one where it does not know the pair. `engine` is
    /// the name of the engine.
    pub(super) async fn ask<'a>(
        &self,
        pair: &LanguagePair,
        engine: &str,
        ask: impl Fn(String) -> BoxFuture<'a, Result<Reply, EngineError>> + Send + Sync,
    ) -> Result<Reply, EngineError> {
        let mut codes = self.codes(pair).into_iter();
        loop {
            let code = codes.next().unwrap_or_else(|| pair.to.primary().to_owned());
            match ask(code).await {
                Err(EngineError::UnsupportedPair { .. }) if codes.len() > 0 => {
                    tracing::info!(engine.id = engine, lang.pair = %pair, "the engine lacks the variety; it is asked for the language");
                    *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(pair.clone()).or_default() += 1;
                }
                result => return result,
            }
        }
    }

    /// Returns the codes to ask by, the best first: one at least.
    fn codes(&self, pair: &LanguagePair) -> Vec<String> {
        let mut codes = self.kind.target_language(&pair.to).codes;
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(pair).copied().unwrap_or_default();
        codes.drain(..refused.min(codes.len().saturating_sub(1)));
        codes
    }
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt;

    use super::*;
    use crate::model::{Lang, Usage};

    /// The codes by which a server is asked, twice, that knows only some; and if it translates at last.
    async fn asked(knows: &[&str]) -> (Vec<String>, bool) {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let pair = LanguagePair { from: lang("fr"), to: lang("pt-BR") };
        let (codes, asked) = (TargetCodes::new(EngineKind::Libretranslate), Mutex::new(Vec::new()));
        let answer = |code: String| {
            let is_known = knows.contains(&code.as_str());
            asked.lock().expect("no panic").push(code);
            async move {
                let refusal = || EngineError::UnsupportedPair { message: "no".to_owned() };
                is_known.then(|| Reply { texts: Vec::new(), used: Usage::default() }).ok_or_else(refusal)
            }
            .boxed()
        };
        let _ = codes.ask(&pair, "lt", answer).await;
        let is_translated = codes.ask(&pair, "lt", answer).await.is_ok();
        (asked.into_inner().expect("no panic"), is_translated)
    }

    #[tokio::test]
    async fn variety_that_a_server_refuses_is_asked_for_once() {
        assert_eq!(asked(&["pt-BR", "pb"]).await, (vec!["pt-BR".to_owned(), "pt-BR".to_owned()], true));
        assert_eq!(asked(&["pb"]).await, (vec!["pt-BR".to_owned(), "pb".to_owned(), "pb".to_owned()], true));
        assert_eq!(asked(&[]).await, (vec!["pt-BR".to_owned(), "pb".to_owned(), "pb".to_owned()], false));
    }
}
