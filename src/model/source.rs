//! A source: a feed that we read, as its last visit left it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Lang, PollHints, PublishRate, Text, Time};

/// The name of a source in feeds.toml: the `ID` of `[source.ID]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// Takes a name as it stands; `config` has checked its letters.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SourceId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a server gave to ask "has it changed?" with, sent back word for word (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What a feed says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceMeta {
    /// Its title.
    pub title: Text,
    /// The page that it belongs to.
    pub link: Option<String>,
    /// Its own description, as one line.
    pub description: Text,
    /// The language that it declares.
    pub lang: Option<Lang>,
    /// A picture that stands for it.
    pub image: Option<String>,
    /// What it asks of those who come again.
    #[serde(rename = "poll_hints", skip_serializing_if = "PollHints::is_empty")]
    pub poll_hints: PollHints,
    /// Who tells of what is new in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<Hub>,
}

/// Who tells subscribers of what is new in a feed (WebSub).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// Its address.
    pub url: String,
    /// What is subscribed to: the address under which it knows the feed.
    pub topic: String,
}

/// What the last visits left: kept by the store, read when the next visit begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// The address that the validators belong to, as configured. Another one starts over.
    pub url: String,
    /// What to send back.
    pub validators: Validators,
    /// XXH3 (128 bits, hex) of the last body that was read, before decoding: the same body is not parsed again.
    pub body_hash: Option<String>,
    /// What the feed said of itself.
    pub meta: SourceMeta,
    /// The entries of the last body, as [`super::EntryId`]s, in the order of the feed.
    pub listed: Vec<super::EntryId>,
    /// Where the server says that the feed has moved for good.
    pub moved_to: Option<String>,
    /// How many visits in a row it has said so: from three on that address is asked first.
    #[serde(skip_serializing_if = "is_zero")]
    pub moved_seen: u32,
    /// When it publishes.
    #[serde(rename = "publish_rate", skip_serializing_if = "PublishRate::is_empty")]
    pub publish_rate: PublishRate,
    /// When a visit last found the feed in order (new entries or none).
    pub good_at: Option<Time>,
    /// When a visit last brought a new or changed entry.
    pub fresh_at: Option<Time>,
    /// When its hub last told of something new, while nothing new is found that it did not tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<Time>,
    /// Until when its server lets the last answer stand in for one that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_until: Option<Time>,
    /// Since when its entries have no dates any more, if they had some before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undated_since: Option<Time>,
    /// Whether entries of the last body had dates.
    #[serde(skip_serializing_if = "is_false")]
    pub is_dated: bool,
    /// How many visits in a row failed.
    pub failures: u32,
    /// The first of them.
    pub failing_since: Option<Time>,
    /// The last visit's outcome in one sentence, while it is not in order.
    #[serde(rename = "trouble")]
    pub last_fault: Option<super::Fault>,
    /// Whether that may pass by itself and is not told yet: the first failure of a source that worked, or one that its server
    /// excused beforehand.
    #[serde(skip_serializing_if = "is_false")]
    pub is_quiet: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What stands between the scheme and the path of an address: host, port and what else there may be.
pub fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
