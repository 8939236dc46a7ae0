//! The names of the files of an edition.

use crate::config as plan;
use crate::model::Lang;

/// The name under which the store remembers the lists of editions and sources, and under which their faults are told; no edition may be
/// called so.
pub(in crate::pipeline) const INDEX: &str = "index";

/// Returns the name of an edition's files without their ending.
pub(in crate::pipeline) fn file_stem(edition: &plan::Edition, lang: Option<&Lang>) -> String {
    stem_of(&edition.id, lang)
}

/// Returns the same by the name of the edition.
pub(in crate::pipeline) fn stem_of(edition: &str, lang: Option<&Lang>) -> String {
    lang.map_or_else(|| edition.to_owned(), |lang| format!("{edition}.{lang}"))
}
