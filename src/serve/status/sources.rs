//! The state of sources, and their last seven days.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::config::{Plan, Source};
use crate::model::{DueReason, Fault, Period, SourceId, Subscription, Time, public_address};
use crate::net::redact_url;
use crate::policy::source_health;
use crate::store::{SourceRow, Store, StoreError};

/// The number of days that are shown.
const DAYS: u32 = 7;
const DAY: Duration = Duration::from_hours(24);

/// The state of a source.
#[derive(Serialize)]
pub struct SourceStatus {
    /// The name in feeds.toml.
    pub id: SourceId,
    /// The configured title, else the one of the feed.
    pub title: Option<String>,
    /// Its address, as readers are shown it.
    pub url: String,
    /// True if it is visited.
    pub enabled: bool,
    /// Its health in a word.
    pub state: &'static str,
    /// The time since when it has failed, or is in the state that its fault tells of.
    pub since: Option<Time>,
    /// The time of the next visit.
    pub due: Option<Time>,
    /// The reason for that time.
    pub due_reason: Option<DueReason>,
    /// The time of the last visit.
    pub visited: Option<Time>,
    /// The time at which it last had something new.
    pub fresh: Option<Time>,
    /// The failures in a row.
    pub failures: u32,
    /// The address to which it has moved.
    pub moved_to: Option<String>,
    /// The entries that it publishes a day, on average.
    pub entries_a_day: f64,
    /// Its WebSub subscription.
    pub hub: Option<HubStatus>,
    /// Its fault.
    pub fault: Option<Fault>,
    /// The last seven days (UTC), the oldest first and the present one last; nothing if it was not visited in them.
    pub week: Vec<DayStatus>,
}

/// Counts the visits of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DayStatus {
    /// The visits.
    pub visits: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The new entries.
    pub entries: u64,
}

/// The WebSub subscription of a source.
#[derive(Serialize)]
pub struct HubStatus {
    /// The address of the hub.
    pub url: String,
    /// True while the hub sends.
    pub active: bool,
    /// The end of the lease.
    pub until: Option<Time>,
    /// The reason of a refusal.
    pub reason: Option<String>,
}

/// Holds the stored state of sources.
#[derive(Default)]
struct Stored {
    rows: HashMap<SourceId, SourceRow>,
    subscriptions: HashMap<SourceId, Subscription>,
    weeks: HashMap<SourceId, Vec<DayStatus>>,
}

/// Collects the status of all sources, in the order of feeds.toml.
pub(super) async fn gather(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Vec<SourceStatus>, StoreError> {
    let stored = match store {
        Some(store) => load(plan, store, now).await?,
        None => Stored::default(),
    };
    Ok(plan.sources.iter().map(|source| source_status(source, &stored, now)).collect())
}

async fn load(plan: &Plan, store: &Store, now: Time) -> Result<Stored, StoreError> {
    let ids: Vec<SourceId> = plan.sources.iter().map(|source| source.id.clone()).collect();
    let rows = store.load_source_rows(&ids).await?;
    let subscriptions = store.load_subscriptions(&ids).await?;
    let first = first_day(now);
    let mut weeks: HashMap<SourceId, Vec<DayStatus>> = HashMap::new();
    for row in store.load_visit_days(first).await? {
        let place = usize::try_from(row.day.since(first).as_secs() / DAY.as_secs()).unwrap_or(usize::MAX);
        let week = weeks.entry(row.source).or_insert_with(|| vec![DayStatus::default(); DAYS as usize]);
        if let Some(day) = week.get_mut(place) {
            *day = DayStatus { visits: row.visits, failed: row.failed, entries: row.entries };
        }
    }
    Ok(Stored {
        rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(),
        subscriptions: subscriptions.into_iter().map(|subscription| (subscription.source.clone(), subscription)).collect(),
        weeks,
    })
}

/// Returns the first of the days that are shown.
fn first_day(now: Time) -> Time {
    Period::Day.start(now).minus(DAY * (DAYS - 1))
}

fn source_status(source: &Source, stored: &Stored, now: Time) -> SourceStatus {
    let row = stored.rows.get(&source.id);
    let state = row.map(|row| &row.state);
    let feed_title = state.map(|state| state.meta.title.to_string()).filter(|title| !title.is_empty());
    let fault = state.and_then(|state| state.last_fault.clone().or_else(|| source_health::warning(state, &source.id, now)));
    SourceStatus {
        id: source.id.clone(),
        title: source.title.as_ref().map(ToString::to_string).or(feed_title),
        url: source.public_url.clone(),
        enabled: source.enabled,
        state: match state.filter(|_| row.is_some_and(|row| row.visited.is_some())) {
            _ if !source.enabled => "disabled",
            None => "new",
            Some(state) => source_health::judge(state, now).as_str(),
        },
        since: state.and_then(|state| state.failing_since).or_else(|| fault.as_ref().and_then(|fault| fault.since)),
        due: row.filter(|_| source.enabled).map(|row| row.due),
        due_reason: row.filter(|_| source.enabled).and_then(|row| row.due_reason),
        visited: row.and_then(|row| row.visited),
        fresh: state.and_then(|state| state.fresh_at),
        failures: state.map_or(0, |state| state.failures),
        moved_to: state.and_then(|state| state.moved_to.as_deref().map(public_address)),
        entries_a_day: state.map_or(0.0, |state| (state.publish_rate.entries_per_day(now) * 10.0).round() / 10.0),
        hub: stored.subscriptions.get(&source.id).map(|subscription| HubStatus {
            url: redact_url(&subscription.hub.url),
            active: subscription.is_active(now),
            until: subscription.until,
            reason: subscription.reason.clone(),
        }),
        fault,
        week: stored.weeks.get(&source.id).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn week_ends_with_the_present_day() {
        let now = Time::from_rfc3339("2026-11-27T18:04:05Z").expect("a time");
        assert_eq!(first_day(now).rfc3339(), "2026-11-21T00:00:00Z");
    }
}
