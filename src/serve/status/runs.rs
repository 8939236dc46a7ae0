//! The last runs, and what the memory saved in them.

use std::time::Duration;

use serde::Serialize;

use crate::model::{Report, Time};
use crate::store::{RecalledTexts, RecentRun, Store, StoreError};

/// The number of runs that are shown.
const RUNS: u32 = 10;
/// The time that the use of the memory is told of.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// A run.
#[derive(Serialize)]
pub struct RunStatus {
    /// Its number.
    pub run: i64,
    /// The time at which it began.
    pub started: Time,
    /// The time up to which the figures tell; nothing if there are none yet.
    pub until: Option<Time>,
    /// The visits.
    pub visits: u32,
    /// Those of them that failed.
    pub failed: u32,
    /// New entries.
    pub entries: u64,
    /// Texts that were sent to engines.
    pub sent: u64,
    /// Files that were written.
    pub written: u32,
    /// The number of faults.
    pub faults: usize,
}

/// The use of the memory in the last seven days.
#[derive(Default, Serialize)]
pub struct MemoryStatus {
    /// Texts that it had.
    pub recalled: u64,
    /// Texts that had to be sent to engines.
    pub sent: u64,
    /// The part of all of these that it had, from 0 to 1; nothing if there were none.
    pub hit_rate: Option<f64>,
}

/// Loads the last runs, the newest first.
pub(super) async fn load_runs(store: &Store) -> Result<Vec<RunStatus>, StoreError> {
    Ok(store.load_recent_runs(RUNS).await?.iter().map(run_status).collect())
}

fn run_status(run: &RecentRun) -> RunStatus {
    let report = run.report.as_ref();
    let count = |of: fn(&Report) -> u32| report.map_or(0, of);
    RunStatus {
        run: run.run,
        started: run.started,
        until: run.finished,
        visits: count(|report| report.sources.due),
        failed: count(|report| report.sources.broken + report.sources.gone + report.sources.later),
        entries: report.map_or(0, |report| report.entries.new),
        sent: report.map_or(0, |report| report.translation.sent),
        written: count(|report| report.editions.iter().map(|edition| edition.written).sum()),
        faults: report.map_or(0, |report| report.faults.len()),
    }
}

/// Loads how often the memory had what was to be translated.
pub(super) async fn load_memory(store: &Store, now: Time) -> Result<MemoryStatus, StoreError> {
    let RecalledTexts { recalled, sent } = store.load_recalled_texts(now.minus(WEEK)).await?;
    Ok(MemoryStatus { recalled, sent, hit_rate: hit_rate(recalled, sent) })
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn hit_rate(recalled: u64, sent: u64) -> Option<f64> {
    let all = recalled.saturating_add(sent);
    (all > 0).then(|| (recalled as f64 / all as f64 * 1000.0).round() / 1000.0)
}
