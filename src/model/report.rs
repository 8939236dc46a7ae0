//! The report of a run, as `relais run --json` prints it. The field names are promises.

use serde::{Deserialize, Serialize};

use super::{Fault, Found, Lang, Outcome, Time};

/// How many sources were visited, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCounts {
    /// Sources that were due.
    pub due: u32,
    /// With a new body.
    pub fresh: u32,
    /// Unchanged.
    pub same: u32,
    /// Asked to come later.
    pub later: u32,
    /// Moved for good.
    pub moved: u32,
    /// Gone for good.
    pub gone: u32,
    /// Broken.
    pub broken: u32,
}

impl SourceCounts {
    /// Counts one more.
    pub fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Fresh(_) => &mut self.fresh,
            Outcome::Same => &mut self.same,
            Outcome::Later { .. } => &mut self.later,
            Outcome::Moved { .. } => &mut self.moved,
            Outcome::Gone { .. } => &mut self.gone,
            Outcome::Broken { .. } => &mut self.broken,
        } += 1;
    }
}

/// How many entries the run met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCounts {
    /// Never seen before.
    pub new: u64,
    /// Known, with another text.
    pub changed: u64,
    /// Taken back by their source.
    pub withdrawn: u64,
    /// Unusable.
    pub dropped: u64,
}

impl EntryCounts {
    /// Adds what one body brought.
    pub fn add(&mut self, found: &Found) {
        self.new += u64::from(found.new);
        self.changed += u64::from(found.changed);
        self.withdrawn += u64::from(found.withdrawn);
        self.dropped += u64::from(found.dropped);
    }
}

/// What translation did. Amounts of money are in the engine's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TranslationCounts {
    /// Segments that were asked for.
    pub segments: u64,
    /// Of these, found in the memory.
    pub recalled: u64,
    /// Of these, sent to an engine.
    pub sent: u64,
    /// Characters sent.
    pub characters_sent: u64,
    /// What they cost.
    pub cost: f64,
    /// Answers that were refused.
    pub rejected: u64,
    /// Entries that an edition wants in a language that they are not yet in.
    pub waiting: u64,
}

/// What became of one edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionCount {
    /// Its name.
    pub id: String,
    /// Its language, if it has one.
    pub lang: Option<Lang>,
    /// Items in it.
    pub items: u32,
    /// Files written.
    pub written: u32,
    /// Files that were already right, and untouched.
    pub same: u32,
}

/// The report of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which run: counts up in one store.
    pub run: i64,
    /// When it began.
    pub started: Time,
    /// How long it took.
    pub duration_ms: u64,
    /// The sources.
    pub sources: SourceCounts,
    /// The entries.
    pub entries: EntryCounts,
    /// The translation.
    pub translation: TranslationCounts,
    /// The editions, in the order of feeds.toml.
    pub editions: Vec<EditionCount>,
    /// What went wrong.
    pub faults: Vec<Fault>,
}
