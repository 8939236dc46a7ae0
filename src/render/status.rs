//! The view of the status page: what the operator is shown, in words.

use serde::Serialize;

use crate::model::Time;

/// The status page.
#[derive(Debug, Serialize)]
pub struct StatusPage {
    /// The title.
    pub title: String,
    /// The state of everything, in a sentence.
    pub summary: String,
    /// True if nothing needs anybody.
    pub is_well: bool,
    /// The time as of which it is.
    pub now: Moment,
    /// The stored rows, in a sentence.
    pub stored: String,
    /// The sources that need somebody.
    #[serde(skip)]
    pub troubled: Vec<SourceLine>,
    /// The other sources.
    #[serde(skip)]
    pub others: Vec<SourceLine>,
    /// The states of the others, in a phrase.
    pub others_summary: String,
    /// The engines.
    pub engines: Vec<EngineLine>,
    /// The hit rate of the memory, in a sentence.
    pub memory: Option<String>,
    /// The editions, those of several languages in several lines.
    pub editions: Vec<EditionLine>,
    /// The last runs, the newest first.
    pub runs: Vec<RunLine>,
    /// The texts that a person may want to look at.
    pub review: ReviewLines,
}

/// A time, for people and for programs.
#[derive(Debug, Serialize)]
pub struct Moment {
    /// The text for people.
    pub words: String,
    /// The time.
    pub at: Time,
}

/// A source.
#[derive(Debug, Serialize)]
pub struct SourceLine {
    /// Its name in feeds.toml.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its state in a word, as `relais status` names it.
    pub state: &'static str,
    /// Its health in a phrase.
    pub health: String,
    /// For how long it has been so.
    pub since: Option<Moment>,
    /// The fault, in a sentence.
    pub fault: Option<String>,
    /// The time of the next visit.
    pub due: Option<Moment>,
    /// The reason for that time, in a phrase.
    pub due_reason: Option<&'static str>,
    /// The time of the last new entry.
    pub fresh: Option<Moment>,
    /// The last days, the oldest first; none if it was not visited in them.
    #[serde(skip)]
    pub days: Vec<ChartDay>,
}

/// A day of a chart.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChartDay {
    /// The visits.
    pub visits: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The new entries.
    pub entries: u64,
}

/// An engine.
#[derive(Debug, Serialize)]
pub struct EngineLine {
    /// Its name in feeds.toml.
    pub id: String,
    /// Its protocol.
    pub kind: &'static str,
    /// `works`, `fails` or `rests`.
    pub state: &'static str,
    /// Its health in a phrase.
    pub health: String,
    /// For how long it has been so.
    pub since: Option<Moment>,
    /// The fault, in a sentence.
    pub fault: Option<String>,
    /// Its work of this month, in a phrase.
    pub work: String,
    /// The cost of this month; nothing if it has no price.
    pub cost: Option<String>,
    /// Its budget.
    pub budget: Option<BudgetLine>,
}

/// A budget.
#[derive(Debug, Serialize)]
pub struct BudgetLine {
    /// The part that is spent or reserved, in hundredths.
    pub percent: u64,
    /// The amount left, and the limit, in a phrase.
    pub left: String,
    /// The forecast of spending at the end of the period, in a phrase.
    pub forecast: String,
    /// True if that is more than there is.
    pub is_over: bool,
}

/// An edition in one language.
#[derive(Debug, Serialize)]
pub struct EditionLine {
    /// Its name in feeds.toml.
    pub id: String,
    /// The name of its language.
    pub lang: Option<String>,
    /// Its page or feed, relative to the status page; nothing if it is not published yet.
    pub href: Option<String>,
    /// The number of items.
    pub items: Option<u32>,
    /// The time of its newest item.
    pub updated: Option<Moment>,
    /// The number of entries that wait for a translation.
    pub waiting: u64,
}

/// A run.
#[derive(Debug, Serialize)]
pub struct RunLine {
    /// Its number.
    pub run: i64,
    /// The time at which it began.
    pub started: Moment,
    /// Its duration, or that it goes on.
    pub took: String,
    /// The visits, and how many failed.
    pub visits: String,
    /// New entries.
    pub entries: u64,
    /// Texts that were sent to engines.
    pub sent: u64,
    /// Files that were written.
    pub written: u32,
    /// The number of faults.
    pub faults: usize,
}

/// The texts that a person may want to look at.
#[derive(Debug, Default, Serialize)]
pub struct ReviewLines {
    /// A summary in a sentence; or why there is no list.
    pub summary: String,
    /// The first of them.
    pub first: Vec<ReviewLine>,
}

/// A text that a person may want to look at.
#[derive(Debug, Serialize)]
pub struct ReviewLine {
    /// Its state in a phrase.
    pub state: &'static str,
    /// The language of the text.
    pub from: String,
    /// The language into which it is translated.
    pub to: String,
    /// The text.
    pub source: String,
    /// The translation as readers see it.
    pub target: Option<String>,
    /// The finding of a check.
    pub finding: String,
    /// The headline of the entry.
    pub headline: String,
    /// The page of the entry.
    pub link: Option<String>,
}
