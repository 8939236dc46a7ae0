//! The note on varieties of languages that an engine does not distinguish.

use super::super::super::diagnostics::Diagnostics;
use super::super::super::plan::Edition;
use super::super::super::values::Located;
use super::super::rules::id_in_message;
use crate::model::{EngineKind, Lang};

/// Warns of languages that an edition publishes in the plain form, since its first engine has no other. The engines after it help out, and
/// may be less exact.
pub(super) fn check_varieties(id: &Located<String>, kind: EngineKind, editions: &[Edition], diagnostics: &mut Diagnostics<'_>) {
    let of_engine = || editions.iter().filter(|edition| edition.engines.first() == Some(&id.value));
    let mut lost: Vec<(&Lang, &str)> = of_engine()
        .flat_map(|edition| edition.langs.iter().map(|lang| (lang, edition.id.as_str())))
        .filter(|(lang, _)| kind.target_language(lang).is_lost)
        .collect();
    lost.sort_unstable();
    lost.dedup_by_key(|(lang, _)| *lang);
    for (lang, edition) in lost {
        let (engine, edition, plain) = (id_in_message(&id.value), id_in_message(edition), lang.primary());
        let message = format!("the engine {engine} does not distinguish {lang}: the edition {edition} gets plain {plain}");
        let hint = format!(
            "write \"{plain}\" in `langs`, or put an engine first that knows {lang}: a language model knows every variety, and \"deepl\" many"
        );
        diagnostics.warn(&id.span, message, hint);
    }
}
