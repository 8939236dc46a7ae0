//! The report of a run, as `relais run --json` prints it. The field names are promises.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EngineCondition, Estimate, Fault, Found, Lang, NotificationCount, Outcome, Time};

/// The visited sources, counted by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCounts {
    /// Sources that were due.
    pub due: u32,
    /// Sources with a new body.
    pub fresh: u32,
    /// Unchanged sources.
    pub same: u32,
    /// Sources that asked to come back later.
    pub later: u32,
    /// Sources that were redirected permanently.
    pub moved: u32,
    /// Sources that are retired (410).
    pub gone: u32,
    /// Sources whose visit failed.
    pub broken: u32,
}

impl SourceCounts {
    /// Counts one visit.
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

/// The entries of all bodies of a run, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCounts {
    /// New entries.
    pub new: u64,
    /// Known entries with another text.
    pub changed: u64,
    /// Entries that their source has removed.
    pub withdrawn: u64,
    /// Entries that were left out: by a rule, as duplicates, or because they could not be used.
    pub dropped: u64,
    /// Of these, the ones that a rule left out.
    #[serde(default)]
    pub dropped_by_rule: u64,
}

impl EntryCounts {
    /// Adds the entries of one body.
    pub fn add(&mut self, found: &Found) {
        self.new += u64::from(found.new);
        self.changed += u64::from(found.changed);
        self.withdrawn += u64::from(found.withdrawn);
        self.dropped += u64::from(found.dropped) + u64::from(found.by_rule);
        self.dropped_by_rule += u64::from(found.by_rule);
    }
}

/// The work of the translation pass. Amounts of money are in the engine's currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TranslationCounts {
    /// Segments that were wanted.
    pub segments: u64,
    /// Of these, found in the memory.
    pub recalled: u64,
    /// Texts that were sent to an engine and answered.
    pub sent: u64,
    /// The characters of these.
    pub characters_sent: u64,
    /// The cost of the requests. One that was not answered, but may be billed, counts.
    pub cost: f64,
    /// Tokens of the requests.
    #[serde(default)]
    pub tokens_in: u64,
    /// Tokens of the answers.
    #[serde(default)]
    pub tokens_out: u64,
    /// Of the tokens of the requests, those that servers had in their caches.
    #[serde(default)]
    pub tokens_cached: u64,
    /// Answers that were refused.
    pub rejected: u64,
    /// Segments that stay in the original, since no engine translates them well.
    #[serde(default)]
    pub left: u64,
    /// Translations that a second reader was sent and has given a verdict on.
    #[serde(default)]
    pub read: u64,
    /// Of these, the ones that it doubts.
    #[serde(default)]
    pub doubted: u64,
    /// Translations that wait for a second reader. They are published.
    #[serde(default)]
    pub unread: u64,
    /// Segments that stay in the original or wait, counted by the names of the reasons; one with several reasons counts for each.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Entries that an edition wants in a language and that are not translated yet.
    pub waiting: u64,
    /// The engines, in the order of feeds.toml.
    #[serde(default)]
    pub engines: Vec<EngineCounts>,
    /// The figures of a dry run that may vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Box<Estimate>>,
}

/// The work of one engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineCounts {
    /// The name of the engine.
    pub id: String,
    /// Its condition at the end.
    pub state: EngineCondition,
    /// Texts that were sent and answered.
    pub sent: u64,
    /// The characters of these.
    pub characters: u64,
    /// Tokens of the requests.
    pub tokens_in: u64,
    /// Tokens of the answers.
    pub tokens_out: u64,
    /// Of the tokens of the requests, those that the server had in its cache.
    #[serde(default)]
    pub tokens_cached: u64,
    /// The cost, in the engine's currency.
    pub cost: f64,
    /// Texts that the vendor works on in batches at the end: a later run collects them.
    #[serde(default)]
    pub in_batches: u64,
    /// The time since which it works on the oldest of these batches.
    #[serde(default)]
    pub in_batches_since: Option<Time>,
}

impl TranslationCounts {
    /// Adds counts of reasons.
    pub fn add_reasons(&mut self, more: BTreeMap<String, u64>) {
        for (reason, count) in more {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// Adds the counts of readings.
    pub fn add_readings(&mut self, more: &Self) {
        self.read += more.read;
        self.doubted += more.doubted;
        self.unread += more.unread;
    }

    /// Adds the work of one engine to the list and to the sums.
    pub fn add_engine(&mut self, engine: EngineCounts) {
        self.sent += engine.sent;
        self.characters_sent += engine.characters;
        self.cost += engine.cost;
        self.tokens_in += engine.tokens_in;
        self.tokens_out += engine.tokens_out;
        self.tokens_cached += engine.tokens_cached;
        self.engines.push(engine);
    }

    /// Adds the work of engines, and takes over their conditions.
    pub fn add_engines(&mut self, engines: Vec<EngineCounts>) {
        for more in engines {
            match self.engines.iter_mut().find(|engine| engine.id == more.id) {
                Some(sum) => {
                    sum.state = more.state;
                    sum.sent += more.sent;
                    sum.characters += more.characters;
                    sum.tokens_in += more.tokens_in;
                    sum.tokens_out += more.tokens_out;
                    sum.tokens_cached += more.tokens_cached;
                    sum.cost += more.cost;
                    (sum.in_batches, sum.in_batches_since) = (more.in_batches, more.in_batches_since);
                }
                None => self.engines.push(more),
            }
        }
    }
}

/// The result of publishing one edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionCount {
    /// The name of the edition.
    pub id: String,
    /// The language, if it has one.
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
    /// The number of the run, counted up in one store.
    pub run: i64,
    /// The time at which it began.
    pub started: Time,
    /// The duration.
    pub duration_ms: u64,
    /// The visited sources.
    pub sources: SourceCounts,
    /// The entries of their bodies.
    pub entries: EntryCounts,
    /// The work of the translation pass.
    pub translation: TranslationCounts,
    /// The editions, in the order of feeds.toml.
    pub editions: Vec<EditionCount>,
    /// The notifications, in the order of feeds.toml.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<NotificationCount>,
    /// Everything that went wrong.
    pub faults: Vec<Fault>,
}
