//! Judges the files of a model before the inference library reads them.
//!
//! The library trusts its input: a header that states an impossible length ends the process (an allocation that fails cannot be caught),
//! and a vocabulary of another size is misread in silence. So everything that it would rely on is checked here: the layout of the container,
//! the names, types and shapes of all weights, and the vocabularies. What passes may still be nonsense, but it can be run.

mod architecture;
mod container;
mod vocabulary;

use architecture::{Architecture, check_weights};
use container::read_container;
pub(in crate::translate) use vocabulary::{PieceKind, Vocabulary};

/// A model that cannot be used: why, as part of a sentence ("the model … cannot be used: …").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableModel(String);

impl UnusableModel {
    pub(in crate::translate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The vocabularies of a model that passed.
#[derive(Clone, Debug)]
pub struct CheckedVocabularies {
    /// The vocabulary of the source language.
    pub source: Vocabulary,
    /// The vocabulary of the target language; the same one for most models.
    pub target: Vocabulary,
}

/// Checks the three files of a model, as bytes. `source` and `target` are the same bytes if the model has one vocabulary for both languages.
pub fn check_model(model: &[u8], source: &[u8], target: &[u8]) -> Result<CheckedVocabularies, UnusableModel> {
    let vocabularies = CheckedVocabularies { source: Vocabulary::parse(source)?, target: Vocabulary::parse(target)? };
    let container = read_container(model)?;
    let architecture = Architecture::read(&container)?;
    check_weights(&container, &architecture, (vocabularies.source.len(), vocabularies.target.len()))?;
    Ok(vocabularies)
}
