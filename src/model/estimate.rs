//! The estimate of a dry run, as `relais run --dry-run --json` prints it. The field names are promises.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::{Lang, Period, Unit};

/// A figure that may vary: at least this, and at most that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range<T> {
    /// The least: every engine takes its texts at the first attempt.
    pub least: T,
    /// The most: every answer is refused, and asked for again as often as it may be.
    pub most: T,
}

impl<T: AddAssign> AddAssign for Range<T> {
    fn add_assign(&mut self, other: Self) {
        self.least += other.least;
        self.most += other.most;
    }
}

/// The requests that engines would receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EstimatedWork {
    /// Texts; one that is sent again counts again.
    pub sent: Range<u64>,
    /// The characters of these.
    pub characters: Range<u64>,
    /// Tokens of the requests.
    pub tokens_in: Range<u64>,
    /// Tokens of the answers.
    pub tokens_out: Range<u64>,
    /// The cost, in the engine's currency.
    pub cost: Range<f64>,
}

impl AddAssign for EstimatedWork {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.characters += other.characters;
        self.tokens_in += other.tokens_in;
        self.tokens_out += other.tokens_out;
        self.cost += other.cost;
    }
}

/// The segments of one edition in one language that one engine has translated, or would translate. Each segment counts once: in
/// the first edition that wants it, at the engine that would be sent it first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditionEstimate {
    /// The name of the edition.
    pub id: String,
    /// The language.
    pub lang: Lang,
    /// The name of the engine; nothing if no engine of the edition can be used.
    pub engine: Option<String>,
    /// Segments.
    pub segments: u64,
    /// Of these, found in the memory.
    pub recalled: u64,
    /// Of these, refused in an earlier run, and not asked for again yet.
    pub left: u64,
    /// Of these, the number that must wait: the budget does not allow them, or the engine rests.
    pub segments_waiting: Range<u64>,
    /// The requests that the engine would receive.
    #[serde(flatten)]
    pub work: EstimatedWork,
}

/// The estimate of one engine, and the rest of its budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineEstimate {
    /// The name of the engine.
    pub id: String,
    /// The requests that it would receive.
    #[serde(flatten)]
    pub work: EstimatedWork,
    /// The currency of its price.
    pub currency: Option<String>,
    /// Its budget.
    pub budget: Option<BudgetEstimate>,
}

/// The rest of a budget, in its unit: characters, tokens, or the currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetEstimate {
    /// The unit.
    pub unit: Unit,
    /// The period.
    pub per: Period,
    /// The limit.
    pub limit: f64,
    /// The amount that a run may use up.
    pub left: f64,
}

/// The requests and the cost of a run, as far as they can be known before: if every engine answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Texts that would be sent.
    pub sent: Range<u64>,
    /// The characters of these.
    pub characters_sent: Range<u64>,
    /// Tokens of the requests.
    pub tokens_in: Range<u64>,
    /// Tokens of the answers.
    pub tokens_out: Range<u64>,
    /// The cost.
    pub cost: Range<f64>,
    /// Answers that the checks would refuse.
    pub rejected: Range<u64>,
    /// Segments that would stay in the original.
    pub left: Range<u64>,
    /// Segments that must wait: the budget does not allow them, or the engine rests.
    pub segments_waiting: Range<u64>,
    /// Articles whose pages a run would fetch first: their texts are estimated from their feed.
    pub pages_to_fetch: u64,
    /// The engines, in the order of feeds.toml.
    pub engines: Vec<EngineEstimate>,
    /// The editions in the order of feeds.toml, by language and engine.
    pub editions: Vec<EditionEstimate>,
}

impl Estimate {
    /// Adds the work of one engine to the sums.
    pub fn add(&mut self, work: EstimatedWork) {
        self.sent += work.sent;
        self.characters_sent += work.characters;
        self.tokens_in += work.tokens_in;
        self.tokens_out += work.tokens_out;
        self.cost += work.cost;
    }
}
