//! The decision whether an entry is taken, with the rule that made it.

use std::fmt;

/// A rule that decides about entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `topic` of a source: the entry is about something else.
    Topic,
    /// The tags in `from` of an edition: the entry has none of them.
    Tags,
    /// `keep` of a source or an edition: the entry does not fulfil it.
    Keep,
    /// `drop` of a source or an edition: the entry fulfils it.
    Drop,
}

impl Rule {
    /// Returns the key in feeds.toml.
    pub fn key(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Tags => "from",
            Self::Keep => "keep",
            Self::Drop => "drop",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// The fate of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The entry is taken.
    Kept,
    /// The entry is left out.
    Dropped,
}

/// A rule that could not be evaluated for an entry. It decides nothing then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{rule}` cannot be evaluated for {title:?}: {reason}")]
pub struct RuleFailure {
    /// The rule.
    pub rule: Rule,
    /// The headline of the entry.
    pub title: String,
    /// The reason.
    pub reason: String,
}

/// The decision about one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The fate of the entry.
    pub verdict: Verdict,
    /// The rule that dropped it, or the last one that kept it; nothing if there is no rule.
    pub rule: Option<Rule>,
    /// The first rule that could not be evaluated.
    pub failure: Option<RuleFailure>,
}

impl Decision {
    /// The decision where there is no rule.
    pub const UNRULED: Self = Self { verdict: Verdict::Kept, rule: None, failure: None };

    /// Makes the decision of a rule that drops the entry.
    pub fn dropped(rule: Rule) -> Self {
        Self { verdict: Verdict::Dropped, rule: Some(rule), failure: None }
    }

    /// Returns true if the entry is taken.
    pub fn is_kept(&self) -> bool {
        self.verdict == Verdict::Kept
    }
}
