//! The rule file of a topic, and its compiled form.

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::super::fold::fold;
use super::{Found, Judgement, TopicFacts};

/// The most patterns of a rule, and the largest compiled pattern: a rule is judged for each entry.
const MAX_PATTERNS: usize = 500;
const MAX_COMPILED: usize = 4 << 20;
/// Sums of weights such as 0.6 + 1.4 are a little less than 2.
const ROUNDING: f64 = 1e-9;

/// A fault in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// The fault, in one sentence.
    pub message: String,
    /// The bytes of the file that it is about.
    pub span: Option<std::ops::Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    threshold: f64,
    #[serde(default)]
    mask: Vec<RawMask>,
    signal: Vec<RawSignal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMask {
    id: String,
    #[serde(default)]
    on: Text,
    pattern: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignal {
    id: String,
    #[serde(default)]
    on: Text,
    weight: f64,
    pattern: Spanned<String>,
}

/// The text that a pattern is searched in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Text {
    /// Headline, summary and categories, in lower case.
    #[default]
    Lower,
    /// The same in their own case.
    Cased,
    /// Each category alone, in lower case.
    Category,
    /// The path of the address, in lower case.
    Path,
}

impl RuleError {
    /// Returns the error with its place: "NAME:LINE: message". `file` is the text of the rule.
    pub fn in_file(&self, name: &str, file: &str) -> String {
        let line = self.span.as_ref().map(|span| file[..file.floor_char_boundary(span.start)].matches('\n').count() + 1);
        line.map_or_else(|| format!("{name}: {self}"), |line| format!("{name}:{line}: {self}"))
    }
}

/// A compiled topic rule.
#[derive(Debug)]
pub struct Topic {
    threshold: f64,
    masks: Vec<Pattern>,
    signals: Vec<Pattern>,
    /// The patterns by the text that they are searched in, so that each text is read once for all of them.
    lower_masks: Group,
    cased_masks: Group,
    lower: Group,
    cased: Group,
    category: Group,
    path: Group,
}

#[derive(Debug)]
struct Pattern {
    id: String,
    weight: f64,
    on: Text,
    regex: Regex,
}

/// Some patterns of a list.
#[derive(Debug)]
struct Group {
    set: RegexSet,
    /// Their places in the list.
    places: Vec<usize>,
}

impl Group {
    fn new(patterns: &[Pattern], on: Text) -> Result<Self, RuleError> {
        let places: Vec<usize> = (0..patterns.len()).filter(|&place| patterns[place].on == on).collect();
        let set = RegexSetBuilder::new(places.iter().map(|&place| patterns[place].regex.as_str()))
            .unicode(false)
            .size_limit(4 * MAX_COMPILED)
            .dfa_size_limit(4 * MAX_COMPILED)
            .build()
            .map_err(|error| RuleError { message: format!("the patterns are too large together: {error}"), span: None })?;
        Ok(Self { set, places })
    }

    /// Returns the places of the patterns that a text contains.
    fn find<'g>(&'g self, text: &str) -> impl Iterator<Item = usize> + use<'g> {
        // An empty set finds nothing, and most texts contain nothing.
        let found = (!self.places.is_empty()).then(|| self.set.matches(text.as_bytes()));
        found.into_iter().flat_map(|found| found.into_iter().map(|matched| self.places[matched]))
    }
}

/// The texts of an entry after masking.
struct Masked {
    cased: String,
    lower: String,
    path: String,
    masks: Vec<Found>,
}

impl Topic {
    /// Parses and compiles a rule file.
    pub fn parse(file: &str) -> Result<Self, RuleError> {
        let raw: RuleFile =
            toml::from_str(file).map_err(|error| RuleError { message: error.message().to_owned(), span: error.span() })?;
        if raw.mask.len() + raw.signal.len() > MAX_PATTERNS {
            return Err(RuleError { message: format!("there are more than {MAX_PATTERNS} patterns"), span: None });
        }
        if let Some(mask) = raw.mask.iter().find(|mask| matches!(mask.on, Text::Category | Text::Path)) {
            let message = format!("the mask `{}` can only be on \"lower\" or \"cased\"", mask.id);
            return Err(RuleError { message, span: Some(mask.pattern.span()) });
        }
        let masks = raw.mask.into_iter().map(|mask| Pattern::new(mask.id, 0.0, mask.on, &mask.pattern));
        let masks = masks.collect::<Result<Vec<_>, _>>()?;
        let signals = raw.signal.into_iter().map(|signal| Pattern::new(signal.id, signal.weight, signal.on, &signal.pattern));
        let signals = signals.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            threshold: raw.threshold,
            lower_masks: Group::new(&masks, Text::Lower)?,
            cased_masks: Group::new(&masks, Text::Cased)?,
            lower: Group::new(&signals, Text::Lower)?,
            cased: Group::new(&signals, Text::Cased)?,
            category: Group::new(&signals, Text::Category)?,
            path: Group::new(&signals, Text::Path)?,
            masks,
            signals,
        })
    }

    /// Returns true if an entry is about the topic.
    pub fn is_about(&self, facts: &TopicFacts<'_>) -> bool {
        let masked = self.mask(facts, false);
        let score: f64 = self.find_signals(facts, &masked).into_iter().map(|place| self.signals[place].weight).sum();
        score + ROUNDING >= self.threshold
    }

    /// Judges an entry and tells why.
    pub fn judge(&self, facts: &TopicFacts<'_>) -> Judgement {
        let masked = self.mask(facts, true);
        let signals: Vec<Found> =
            self.find_signals(facts, &masked).into_iter().map(|place| self.signals[place].found(facts, &masked)).collect();
        let score = signals.iter().fold(0.0, |sum, signal| sum + signal.weight);
        Judgement { score, is_about: score + ROUNDING >= self.threshold, signals, masks: masked.masks }
    }

    /// Returns the texts of an entry without what the masks hide. With `explain`, also what they hid.
    fn mask(&self, facts: &TopicFacts<'_>, explain: bool) -> Masked {
        let mut cased = facts.folded_text();
        let mut masks = Vec::new();
        // Patterns are ASCII, and lower case has the same bytes in the same places.
        for (group, is_lower) in [(&self.cased_masks, false), (&self.lower_masks, true)] {
            let lower = is_lower.then(|| cased.to_ascii_lowercase());
            let text = lower.as_deref().unwrap_or(&cased);
            let mut hidden: Vec<std::ops::Range<usize>> = Vec::new();
            for place in group.find(text) {
                let mask = &self.masks[place];
                let ranges: Vec<_> = mask.regex.find_iter(text.as_bytes()).map(|found| found.range()).collect();
                if explain && let Some(first) = ranges.first() {
                    masks.push(Found { id: mask.id.clone(), weight: 0.0, text: cut(text, first.clone()) });
                }
                hidden.extend(ranges);
            }
            if !hidden.is_empty() {
                cased = hide(&cased, &hidden);
            }
        }
        Masked { lower: cased.to_ascii_lowercase(), cased, path: facts.path(), masks }
    }

    /// Returns the places of the signals that were found, in the order of the rule.
    fn find_signals(&self, facts: &TopicFacts<'_>, masked: &Masked) -> Vec<usize> {
        let mut found: Vec<usize> = self.lower.find(&masked.lower).chain(self.cased.find(&masked.cased)).collect();
        found.extend(self.path.find(&masked.path));
        if !self.category.places.is_empty() {
            found.extend(facts.categories.iter().flat_map(|category| self.category.find(&fold_category(category))));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Pattern {
    fn new(id: String, weight: f64, on: Text, pattern: &Spanned<String>) -> Result<Self, RuleError> {
        let fault = |message: String| RuleError { message: format!("`{id}`: {message}"), span: Some(pattern.span()) };
        if !pattern.get_ref().is_ascii() {
            return Err(fault("patterns are searched in text without accents, so that they are written in ASCII".to_owned()));
        }
        let regex = RegexBuilder::new(pattern.get_ref())
            .unicode(false)
            .size_limit(MAX_COMPILED)
            .build()
            .map_err(|error| fault(error.to_string()))?;
        if regex.is_match(b"") {
            return Err(fault("the pattern matches the empty text, so that it would match everything".to_owned()));
        }
        Ok(Self { id, weight, on, regex })
    }

    fn found(&self, facts: &TopicFacts<'_>, masked: &Masked) -> Found {
        let in_text = |text: &str| self.regex.find(text.as_bytes()).map(|found| cut(text, found.range()));
        let text = match self.on {
            Text::Lower => in_text(&masked.lower),
            Text::Cased => in_text(&masked.cased),
            Text::Path => in_text(&masked.path),
            Text::Category => facts.categories.iter().find_map(|category| in_text(&fold_category(category))),
        };
        Found { id: self.id.clone(), weight: self.weight, text: text.unwrap_or_default() }
    }
}

fn fold_category(category: &str) -> String {
    fold(category).to_ascii_lowercase()
}

/// Returns a part of a text. Patterns that count bytes may end within a letter.
fn cut(text: &str, range: std::ops::Range<usize>) -> String {
    String::from_utf8_lossy(&text.as_bytes()[range]).into_owned()
}

/// Replaces the parts of a text by spaces of the same length.
fn hide(text: &str, parts: &[std::ops::Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for part in parts {
        bytes[part.clone()].fill(b' ');
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
