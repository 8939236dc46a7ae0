//! The rules of the wishes about translations: `instructions`, `formality`, `style`, `reasoning_effort`.

use std::ops::Range;

use super::super::super::diagnostics::Diagnostics;
use super::super::super::raw;
use super::super::super::values::{Located, RawFormality};
use crate::model::{EngineKind, Guidance, GuidanceTable, ReasoningEffort, ServiceTier};

/// The most instructions for one language, and the most characters of one: the limits of `DeepL`.
const MAX_INSTRUCTIONS: usize = 10;
const MAX_LENGTH: usize = 300;

/// Checks the wishes about all translations of an engine, and about those into single languages.
pub(super) fn guidance(kind: EngineKind, table: &raw::RawEngine, diagnostics: &mut Diagnostics<'_>) -> GuidanceTable {
    let mut check = |wishes: Wishes<'_>, before: usize| wishes.check(kind, before, diagnostics);
    let general =
        check(Wishes { instructions: &table.instructions, formality: table.formality.as_ref(), style: table.style.as_ref() }, 0);
    let by_lang = table.lang.iter().map(|(lang, Located { value: own, .. })| {
        let wishes = Wishes { instructions: &own.instructions, formality: own.formality.as_ref(), style: own.style.as_ref() };
        (lang.0.clone(), check(wishes, general.instructions.len()))
    });
    let by_lang = by_lang.collect();
    GuidanceTable { general, by_lang }
}

/// Checks `service_tier`, which few vendors have.
pub(super) fn tier(kind: EngineKind, table: &raw::RawEngine, diagnostics: &mut Diagnostics<'_>) -> Option<ServiceTier> {
    let at = table.service_tier.as_ref()?;
    let help = match (at.value.0, kind) {
        (ServiceTier::Flex | ServiceTier::Batch, EngineKind::Openai) | (ServiceTier::Batch, EngineKind::Anthropic) => {
            return Some(at.value.0);
        }
        (ServiceTier::Flex, EngineKind::Anthropic) => "it has \"batch\" only",
        (ServiceTier::Flex | ServiceTier::Batch, _) => "only \"openai\" and \"anthropic\" have one",
    };
    refuse(kind, "service_tier", &at.span, help, diagnostics);
    None
}

/// Checks `reasoning_effort`, which only language models have.
pub(super) fn reasoning_effort(
    kind: EngineKind,
    table: &raw::RawEngine,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<ReasoningEffort> {
    let at = table.reasoning_effort.as_ref()?;
    if !kind.is_language_model() {
        refuse(kind, "reasoning_effort", &at.span, "only \"openai\", \"ollama\" and \"anthropic\" have one", diagnostics);
        return None;
    }
    if kind == EngineKind::Anthropic && matches!(at.value.0, ReasoningEffort::None | ReasoningEffort::Minimal) {
        let message = format!("`reasoning_effort` of an engine of the kind \"anthropic\" cannot be \"{}\"", at.value.0.name());
        diagnostics.error(&at.span, message, "\"low\", \"medium\" or \"high\"");
        return None;
    }
    Some(at.value.0)
}

/// Wishes as they are written.
struct Wishes<'a> {
    instructions: &'a [Located<String>],
    formality: Option<&'a Located<RawFormality>>,
    style: Option<&'a Located<String>>,
}

impl Wishes<'_> {
    /// Checks them. `before` is the number of instructions that hold beside these.
    fn check(&self, kind: EngineKind, before: usize, diagnostics: &mut Diagnostics<'_>) -> Guidance {
        let takes = kind.is_language_model() || kind == EngineKind::Deepl;
        let spans = [
            ("instructions", self.instructions.first().map(|at| &at.span)),
            ("formality", self.formality.map(|at| &at.span)),
            ("style", self.style.map(|at| &at.span)),
        ];
        if !takes {
            for (key, span) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
                refuse(kind, key, span, "only \"deepl\" and language models have one", diagnostics);
            }
            return Guidance::default();
        }
        if let Some(more) = self.instructions.get(MAX_INSTRUCTIONS.saturating_sub(before)) {
            let message = format!("there are more than {MAX_INSTRUCTIONS} `instructions` for one language");
            diagnostics.error(&more.span, message, "join some, or take some out");
        }
        Guidance {
            instructions: self.instructions.iter().filter_map(|at| sentence("instructions", at, diagnostics)).collect(),
            formality: self.formality.map(|at| at.value.0),
            style: self.style.and_then(|at| sentence("style", at, diagnostics)),
        }
    }
}

/// Checks a line of text that an engine is told.
fn sentence(key: &str, at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let text = at.value.trim();
    if !text.is_empty() && text.chars().count() <= MAX_LENGTH && !text.contains(char::is_control) {
        return Some(text.to_owned());
    }
    let message =
        if text.is_empty() { format!("`{key}` holds an empty text") } else { format!("`{key}` holds a text that is no line") };
    diagnostics.error(&at.span, message, format!("write one line of at most {MAX_LENGTH} characters"));
    None
}

fn refuse(kind: EngineKind, key: &str, span: &Range<usize>, hint: &str, diagnostics: &mut Diagnostics<'_>) {
    let message = format!("an engine of the kind \"{}\" has no `{key}`", kind.name());
    diagnostics.error(span, message, format!("remove it: {hint}"));
}
