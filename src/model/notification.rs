//! Notifications: what a `[notify.ID]` tells a program or a server about an item of an edition.

use serde::{Deserialize, Serialize};

use super::Time;

/// The reason for which an item is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewsKind {
    /// It is new in the edition.
    New,
    /// It has another text, another translation, or another entry that leads its story.
    Changed,
    /// Its source has withdrawn it.
    Withdrawn,
}

impl NewsKind {
    /// Returns the name, as receivers read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Holds the news of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemNews {
    /// The reason.
    pub kind: NewsKind,
    /// The headline; of a withdrawn item the last one that was told.
    pub title: String,
    /// The page of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The summary, as plain text.
    #[serde(default)]
    pub summary: String,
    /// A JSON Feed with the item, or with the withdrawal, as one text.
    pub feed: String,
}

/// News in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Its number: events of one notification are delivered in this order.
    pub seq: i64,
    /// The id that the receiver knows it by, the same at each attempt.
    pub id: String,
    /// The time at which it was queued.
    pub queued: Time,
    /// The number of times that the receiver has refused it.
    pub refusals: u32,
    /// The news.
    pub news: ItemNews,
}

/// The condition of a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationState {
    /// The receiver takes what it is told, or nothing waits for it.
    #[default]
    Good,
    /// The last attempt has failed.
    Failing,
    /// The receiver has answered that it is gone for good (410).
    Gone,
}

impl NotificationState {
    /// Returns the name, as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }
}

/// The work of one notification in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationCount {
    /// The name of the notification.
    pub id: String,
    /// Its condition at the end.
    pub state: NotificationState,
    /// Events that were delivered.
    pub delivered: u64,
    /// Events that were given up.
    pub given_up: u64,
    /// Events that wait.
    pub waiting: u64,
}
