//! The names of the files of an edition.

use crate::config as plan;
use crate::model::Lang;

/// Returns the name of an edition's files without their ending.
pub(in crate::pipeline) fn file_stem(edition: &plan::Edition, lang: Option<&Lang>) -> String {
    lang.map_or_else(|| edition.id.clone(), |lang| format!("{}.{lang}", edition.id))
}
