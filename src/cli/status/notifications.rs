//! The notifications as a table, for people.

use super::super::table::{Cell, Table};
use crate::model::Time;
use crate::serve::status::NotificationStatus;
use crate::serve::status::spans::{format_ago, format_due};

/// Formats the notifications as a table.
pub(super) fn notifications_table(notifications: &[NotificationStatus], now: Time) -> String {
    let mut table = Table::new(&["notification", "edition", "state", "waiting", "last delivery", "remarks"]).or_list();
    for notification in notifications {
        let lang = notification.lang.as_ref().map(|lang| format!(" ({lang})")).unwrap_or_default();
        let retry = notification.retry_at.filter(|_| notification.waiting > 0 && notification.state == "failing");
        let retry = retry.map(|at| format!("next attempt {}", format_due(now, at)));
        let fault = notification.fault.as_ref().map(|fault| fault.message.clone());
        table.row(vec![
            Cell::text(notification.id.clone()),
            Cell::text(format!("{}{lang}", notification.edition)),
            Cell::text(notification.state),
            Cell::number(notification.waiting),
            Cell::text(notification.delivered.map_or_else(|| "none".to_owned(), |at| format_ago(now, at))),
            Cell::text(fault.into_iter().chain(retry).collect::<Vec<_>>().join("; ")),
        ]);
    }
    table.render()
}
