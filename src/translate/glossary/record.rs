//! A term or a name of a glossary.

use std::collections::BTreeMap;

use crate::model::Lang;

/// A term or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The language of the term; a name has none.
    pub(super) lang: Option<String>,
    /// Its spellings; the first is the term itself. Never empty.
    pub(super) forms: Vec<String>,
    /// Its translations by language tag; `-` leaves the term to the engine.
    pub(super) targets: BTreeMap<String, String>,
    /// The number of glossaries over that of this record.
    pub(super) layer: usize,
}

impl Record {
    /// Returns true for a name, which is the same in every language.
    pub(super) fn is_name(&self) -> bool {
        self.lang.is_none()
    }

    /// Returns the translation of the term: that of the whole tag, else that of its language.
    pub(super) fn target(&self, to: &Lang) -> Option<&str> {
        let targets: &BTreeMap<String, String> = &self.targets;
        targets.get(to.as_str()).or_else(|| targets.get(to.primary())).map(String::as_str).filter(|target| *target != "-")
    }
}

/// Returns true if a form can be found: it has a letter, no ellipsis and no control character.
pub(super) fn is_findable(form: &str) -> bool {
    form.chars().any(char::is_alphabetic) && !form.contains('…') && !form.chars().any(char::is_control)
}
