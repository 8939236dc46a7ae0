//! Wishes about how an engine translates, beside the text itself.

use std::time::Duration;

use super::Lang;

/// The politeness of address, where a language has forms for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formality {
    /// Formal, as in French `vous`.
    More,
    /// Informal, as in French `tu`.
    Less,
}

/// The effort of a reasoning model before it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningEffort {
    /// None.
    None,
    /// As little as possible.
    Minimal,
    /// Little.
    Low,
    /// As much as most models make by themselves.
    Medium,
    /// Much.
    High,
}

impl ReasoningEffort {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High];

    /// Returns its name in feeds.toml and in the protocols.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A tier of a vendor in which texts that can wait cost less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// Single requests that are answered slowly.
    Flex,
    /// Many requests at once that are answered within a day.
    Batch,
}

impl ServiceTier {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Flex, Self::Batch];

    /// Returns the time for which texts must be held back at least, so that a slow answer is as good. For single requests: two at the
    /// time-out of a language model, and the next run; for batches: the day within which vendors answer, and the next run.
    pub const fn patience(self) -> Duration {
        match self {
            Self::Flex => Duration::from_mins(30),
            Self::Batch => Duration::from_mins(24 * 60 + 30),
        }
    }

    /// Returns its name in feeds.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Batch => "batch",
        }
    }
}

/// Wishes about translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guidance {
    /// Sentences that say what to do.
    pub instructions: Vec<String>,
    /// The form of address.
    pub formality: Option<Formality>,
    /// The style, in words or as the vendor names it.
    pub style: Option<String>,
}

/// Wishes about all translations of an engine, and about those into single languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuidanceTable {
    /// Those about all.
    pub general: Guidance,
    /// Those about single target languages.
    pub by_lang: Vec<(Lang, Guidance)>,
}

impl GuidanceTable {
    /// Returns the wishes about translations into a language: its own, else those of the language without its region, over the general
    /// ones. Instructions add up.
    pub fn for_lang(&self, to: &Lang) -> Guidance {
        let find = |tag: &str| self.by_lang.iter().find(|(lang, _)| lang.as_str() == tag).map(|(_, guidance)| guidance);
        let mut guidance = self.general.clone();
        if let Some(own) = find(to.as_str()).or_else(|| find(to.primary())) {
            guidance.instructions.extend(own.instructions.iter().cloned());
            guidance.formality = own.formality.or(guidance.formality);
            guidance.style = own.style.clone().or(guidance.style);
        }
        guidance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_of_a_language_come_over_the_general_ones() {
        let lang = |tag| Lang::new(tag).expect("a tag");
        let of = |instruction: &str, formality| Guidance { instructions: vec![instruction.to_owned()], formality, style: None };
        let by_lang = vec![(lang("es"), of("es", None)), (lang("es-419"), of("es-419", Some(Formality::Less)))];
        let table = GuidanceTable { general: of("all", Some(Formality::More)), by_lang };
        for (tag, instructions, formality) in [
            ("es-419", vec!["all", "es-419"], Formality::Less),
            ("es-MX", vec!["all", "es"], Formality::More),
            ("ca", vec!["all"], Formality::More),
        ] {
            let guidance = table.for_lang(&lang(tag));
            assert_eq!(
                (guidance.instructions, guidance.formality),
                (instructions.into_iter().map(str::to_owned).collect(), Some(formality))
            );
        }
    }
}
