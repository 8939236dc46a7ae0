//! A model in memory, and the inference library: the only file that names it.
//!
//! The library panics on much that it does not expect. So it is given only what [`check_model`] has passed, and every call is caught.

use std::borrow::Cow;
use std::ops::Range;

use fxtranslate::engine::Engine;

use super::super::super::models::{CheckedVocabularies, InstalledModel, ModelBytes, ModelError, UnusableModel, check_model};
use super::super::types::UnusableText;
use super::alignment::{TargetWord, source_places, target_words};
use super::decode::{Decoded, decode};
use crate::panic;

/// The most pieces of a sentence, with the sign of its end: the window of the models (`max-length-break` of Marian).
const WINDOW: usize = 128;

/// The most pieces that are written for so many read, with their sign of the end: twice as many and four, but no more than 256. It is
/// the limit of the library, where it stops in silence.
fn most_output(read: usize) -> usize {
    (2 * read + 4).min(256)
}

/// The most pieces of a batch, padding counted. It bounds the memory of a batch to some 20 MB at the size of the real models.
const MAX_BATCH: usize = 1024;
/// The most sentences of a batch.
const MAX_SENTENCES: usize = 16;

/// A model that is ready to translate.
pub(super) struct LoadedModel {
    name: String,
    engine: Engine,
    vocabularies: CheckedVocabularies,
}

/// Holds the output of the model for a part of a text.
pub(super) enum Written {
    /// The translation; with its words if they were asked for.
    Whole(String, Vec<TargetWord>),
    /// It did not come to an end.
    Endless,
}

impl LoadedModel {
    /// Reads a model from the disk, checks it, and makes it ready.
    pub(super) fn load(installed: &InstalledModel) -> Result<Self, ModelError> {
        let bytes = installed.read()?;
        Self::from_bytes(installed.model.name(), &bytes)
    }

    fn from_bytes(name: String, bytes: &ModelBytes) -> Result<Self, ModelError> {
        let unusable = |why| ModelError::Unusable { model: name.clone(), why };
        check_processor().map_err(unusable)?;
        let vocabularies = check_model(&bytes.model, &bytes.source, bytes.target()).map_err(unusable)?;
        let load = || Engine::from_bytes(&bytes.model, &bytes.source, bytes.target());
        let refused = |why: String| unusable(UnusableModel::new(format!("it cannot be loaded: {why}")));
        let engine = panic::catch(load).map_err(|error| refused(error.to_string()))?.map_err(refused)?;
        Ok(Self { name, engine, vocabularies })
    }

    /// Returns the name of the model.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns true if the model reads a part whole.
    pub(super) fn fits(&self, part: &str) -> bool {
        self.engine.src_ids(&with_plain_spaces(part)).len() <= WINDOW
    }

    /// Returns true if the model knows all characters of a text.
    pub(super) fn knows(&self, text: &str) -> bool {
        let source = &self.vocabularies.source;
        self.engine.src_ids(&with_plain_spaces(text)).into_iter().all(|id| !source.is_unknown(id))
    }

    /// Translates parts that fit, in batches.
    pub(super) fn write(&self, parts: &[&str]) -> Result<Vec<Written>, UnusableText> {
        let mut ids: Vec<Vec<u32>> = parts.iter().map(|part| self.engine.src_ids(&with_plain_spaces(part))).collect();
        let mut written = Vec::with_capacity(ids.len());
        while !ids.is_empty() {
            let rest = ids.split_off(batch_length(&ids));
            let answers = panic::catch(|| self.engine.greedy_batch(&ids)).map_err(panicked)?;
            for (read, answer) in ids.iter().zip(&answers) {
                written.push(if answer.len() >= most_output(read.len()) {
                    Written::Endless
                } else {
                    Written::Whole(decode(&self.vocabularies.target, answer)?.text, Vec::new())
                });
            }
            ids = rest;
        }
        Ok(written)
    }

    /// Translates a part that fits, and tells which words come from which part of it.
    pub(super) fn write_aligned(&self, part: &str) -> Result<Written, UnusableText> {
        let aligned = panic::catch(|| self.engine.translate_aligned(&with_plain_spaces(part))).map_err(panicked)?;
        let ids: Vec<u32> = aligned.target_tokens.iter().map(|token| token.id).collect();
        let is_ended = ids.last().is_some_and(|id| self.vocabularies.target.is_end(*id));
        if !is_ended {
            return Ok(Written::Endless);
        }
        let target: Decoded = decode(&self.vocabularies.target, &ids)?;
        let normalised = &aligned.source_normalized;
        let offsets = utf16_offsets(normalised);
        let at = |unit: usize| offsets.get(unit).copied().unwrap_or(normalised.len());
        let pieces: Vec<Range<usize>> = aligned.source_tokens.iter().map(|token| at(token.begin)..at(token.end)).collect();
        let words = target_words(&target, &aligned.alignments, &source_places(part, normalised, &pieces));
        Ok(Written::Whole(target.text, words))
    }
}

/// Returns a text with plain spaces for all others: not every vocabulary knows those of French.
fn with_plain_spaces(text: &str) -> Cow<'_, str> {
    let is_other = |c: char| c.is_whitespace() && c != ' ';
    if text.contains(is_other) { Cow::Owned(text.replace(is_other, " ")) } else { Cow::Borrowed(text) }
}

/// Returns how many of these sentences make one batch.
fn batch_length(ids: &[Vec<u32>]) -> usize {
    let mut longest = 0;
    let fits = ids.iter().take(MAX_SENTENCES).enumerate().take_while(|(place, read)| {
        longest = longest.max(read.len());
        longest * (place + 1) <= MAX_BATCH
    });
    fits.count().max(1)
}

fn panicked(error: impl std::fmt::Display) -> UnusableText {
    UnusableText::new(format!("the model failed on it: {error}"))
}

/// Returns the place in bytes of each UTF-16 unit.
fn utf16_offsets(text: &str) -> Vec<usize> {
    text.char_indices().flat_map(|(at, c)| std::iter::repeat_n(at, c.len_utf16())).collect()
}

/// Checks that the processor has the instructions that the fast kernel is built for: it does not ask itself.
fn check_processor() -> Result<(), UnusableModel> {
    #[cfg(all(target_arch = "x86_64", not(feature = "firefox-portable")))]
    let (has, wanted) = (std::arch::is_x86_feature_detected!("avx2"), "AVX2");
    #[cfg(all(target_arch = "aarch64", not(feature = "firefox-portable")))]
    let (has, wanted) = (std::arch::is_aarch64_feature_detected!("i8mm"), "i8mm");
    #[cfg(any(feature = "firefox-portable", not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let (has, wanted) = (true, "");
    let hint = "build relais with `--features firefox-portable`";
    if has { Ok(()) } else { Err(UnusableModel::new(format!("this processor has no {wanted}: {hint}"))) }
}
