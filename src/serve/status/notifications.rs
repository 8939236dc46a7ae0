//! Gathers the state of the deliveries of notifications.

use serde::Serialize;

use crate::config::Plan;
use crate::model::{Fault, Time};
use crate::store::{Store, StoreError};

/// The state of a notification.
#[derive(Serialize)]
pub struct NotificationStatus {
    /// The name in feeds.toml.
    pub id: String,
    /// The edition that it is of.
    pub edition: String,
    /// The language.
    pub lang: Option<String>,
    /// Its condition in a word; `new` if the edition was not published since it was added.
    pub state: &'static str,
    /// The events that wait.
    pub waiting: u64,
    /// The time since when the oldest of them waits.
    pub waiting_since: Option<Time>,
    /// The time before which nothing is sent.
    pub retry_at: Option<Time>,
    /// The failures in a row.
    pub failures: u32,
    /// The time of the last delivery.
    pub delivered: Option<Time>,
    /// Its fault.
    pub fault: Option<Fault>,
}

/// Collects the status of all notifications, in the order of feeds.toml.
pub(super) async fn gather(plan: &Plan, store: Option<&Store>, now: Time) -> Result<Vec<NotificationStatus>, StoreError> {
    let rows = match store {
        Some(store) if !plan.notifications.is_empty() => store.load_outbox(&plan.output.to_string()).await?,
        _ => Vec::new(),
    };
    let status = |notification: &crate::config::Notification| {
        let row = rows.iter().find(|row| row.id == notification.id);
        let address = notification.address_hash();
        let state = row.map(|row| &row.state);
        NotificationStatus {
            id: notification.id.clone(),
            edition: notification.edition.clone(),
            lang: notification.lang.as_ref().map(ToString::to_string),
            state: state.map_or("new", |state| state.condition(&address).as_str()),
            waiting: row.map_or(0, |row| row.waiting),
            waiting_since: row.and_then(|row| row.waiting_since),
            retry_at: state.and_then(|state| state.retry_at),
            failures: state.map_or(0, |state| state.failures),
            delivered: state.and_then(|state| state.delivered),
            fault: state.and_then(|state| state.fault(&notification.id, &address, now)),
        }
    };
    Ok(plan.notifications.iter().map(status).collect())
}
