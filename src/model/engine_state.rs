//! The state of an engine, kept from one run to the next.

use serde::{Deserialize, Serialize};

use super::{Lang, Time};

/// The health of an engine. The names, in kebab case, are promises: scripts compare them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineCondition {
    /// It was never asked.
    #[default]
    New,
    /// It translates.
    Good,
    /// It does not answer, or answers uselessly.
    Failing,
    /// It wants to be asked later.
    Paused,
    /// It refuses the key.
    Unauthorized,
    /// It refuses its settings.
    Misconfigured,
    /// Its budget or the vendor's quota is used up.
    OutOfBudget,
    /// It does not translate a pair of languages.
    UnsupportedPair,
    /// A condition that a newer relais has stored.
    #[serde(other)]
    Unknown,
}

impl EngineCondition {
    /// Returns the name in kebab case, as it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Good => "good",
            Self::Failing => "failing",
            Self::Paused => "paused",
            Self::Unauthorized => "unauthorized",
            Self::Misconfigured => "misconfigured",
            Self::OutOfBudget => "out-of-budget",
            Self::UnsupportedPair => "unsupported-pair",
            Self::Unknown => "unknown",
        }
    }
}

/// The state of an engine after the last run that wanted something of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineState {
    /// Its health.
    pub condition: EngineCondition,
    /// The time since when it does so; of trouble, since when it has not been good.
    pub since: Option<Time>,
    /// The runs in a row in which it translated nothing.
    pub failing_runs: u32,
    /// True if it has ever translated something.
    pub has_worked: bool,
    /// The time before which it does not want to be asked.
    pub paused_until: Option<Time>,
    /// The last failure, in a sentence.
    pub message: Option<String>,
    /// The pairs of languages, source first, that it did not translate when it was last asked.
    pub unsupported: Vec<(Lang, Lang)>,
}
