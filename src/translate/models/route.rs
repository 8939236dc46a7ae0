//! The models of a pair of languages: one, or two through a language in the middle.

use super::super::engine::LanguagePair;
use super::folder::InstalledModel;
use crate::model::{EngineKind, Lang};

/// The language in the middle, unless another one is named: all models translate from it or into it.
const MIDDLE: &str = "en";

/// The models to go through, each with its languages.
pub(in crate::translate) struct Route<'m> {
    /// The steps, one or two.
    pub(in crate::translate) legs: Vec<(LanguagePair, &'m InstalledModel)>,
}

impl<'m> Route<'m> {
    /// Finds the way from one language into the other; `middle` is English unless it is set.
    pub(in crate::translate) fn find(models: &'m [InstalledModel], pair: &LanguagePair, middle: Option<&Lang>) -> Option<Self> {
        let leg = |from: &Lang, to: &Lang| Some((LanguagePair { from: from.clone(), to: to.clone() }, find(models, from, to)?));
        if let Some(direct) = leg(&pair.from, &pair.to) {
            return Some(Self { legs: vec![direct] });
        }
        let middle = middle_or_english(middle)?;
        Some(Self { legs: vec![leg(&pair.from, &middle)?, leg(&middle, &pair.to)?] })
    }

    /// Returns what makes the translations the work of these models: kind, names and versions.
    pub(in crate::translate) fn identity(&self, kind: &str) -> String {
        let names: Vec<String> = self.legs.iter().map(|(_, model)| model.model.name()).collect();
        format!("{kind}:{}", names.join("+"))
    }
}

/// Returns the models that are missing for a pair, as the catalogue calls their languages: the direct one if one of its languages is that in
/// the middle, else those to it and from it.
pub fn missing_models(models: &[InstalledModel], from: &Lang, to: &Lang, middle: Option<&Lang>) -> Vec<(Lang, Lang)> {
    let pair = LanguagePair { from: from.clone(), to: to.clone() };
    let Some(middle) = middle_or_english(middle).filter(|_| Route::find(models, &pair, middle).is_none()) else {
        return Vec::new();
    };
    let steps = if from.primary() == middle.primary() || to.primary() == middle.primary() {
        vec![(from, to)]
    } else {
        vec![(from, &middle), (&middle, to)]
    };
    let missing = steps.into_iter().filter(|(from, to)| find(models, from, to).is_none());
    missing.filter_map(|(from, to)| Some((Lang::new(&code(from))?, Lang::new(&code(to))?))).collect()
}

fn middle_or_english(middle: Option<&Lang>) -> Option<Lang> {
    middle.cloned().or_else(|| Lang::new(MIDDLE))
}

/// Returns the code by which the catalogue calls a language.
fn code(lang: &Lang) -> String {
    EngineKind::Firefox.target_language(lang).codes.swap_remove(0)
}

fn find<'m>(models: &'m [InstalledModel], from: &Lang, to: &Lang) -> Option<&'m InstalledModel> {
    let codes = |lang: &Lang| EngineKind::Firefox.target_language(lang).codes;
    let is = |own: &Lang, wanted: &Lang, codes: &[String]| own == wanted || codes.iter().any(|code| own.as_str() == code);
    let (from_codes, to_codes) = (codes(from), codes(to));
    models.iter().find(|installed| is(&installed.model.from, from, &from_codes) && is(&installed.model.to, to, &to_codes))
}
