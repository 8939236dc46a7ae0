//! A source: a feed that we read, in the state that its last visit left.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{EntryId, Fault, Genre, Lang, PollHints, PublishRate, Text, Time};

/// The cache validators of a server, sent back word for word (RFC 9110 §13.1).
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
    /// Returns true if there is no validator.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// The metadata of a feed, as declared by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceMeta {
    /// The title.
    pub title: Text,
    /// The page that the feed belongs to.
    pub link: Option<String>,
    /// The description, as one line.
    pub description: Text,
    /// The language.
    pub lang: Option<Lang>,
    /// The address of a picture of the feed.
    pub image: Option<String>,
    /// The copyright notice, as one line.
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub rights: Text,
    /// The categories of Apple's that a podcast has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub genres: Vec<Genre>,
    /// The polling wishes. The stored name is older than the field's.
    #[serde(rename = "pace", skip_serializing_if = "PollHints::is_empty")]
    pub poll_hints: PollHints,
    /// The WebSub hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<Hub>,
}

/// A WebSub hub: the server that notifies subscribers of new entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// The address of the hub.
    pub url: String,
    /// The topic: the address under which the hub knows the feed.
    pub topic: String,
}

/// The state of a source after its last visit: stored, and read when the next visit begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// The configured address that the validators belong to. Another address starts over.
    pub url: String,
    /// The validators of the last answer.
    pub validators: Validators,
    /// XXH3 (128 bits, hex) of the last body that was parsed, before decoding: the same body is not parsed again.
    pub body_hash: Option<String>,
    /// A hash of the rules by which the last body was read: other rules read it again. The stored name is older than the field's.
    #[serde(rename = "topic", skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// The metadata of the feed.
    pub meta: SourceMeta,
    /// The entries of the last body, in the order of the feed.
    pub listed: Vec<EntryId>,
    /// The entries of the last body that are stored under another id than their guid or address gives, because their source has
    /// renamed them: that id, and the stored one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(EntryId, EntryId)>,
    /// The newest entries that are missing in the last body: they are withdrawn if they are missing once more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_newest: Vec<EntryId>,
    /// The target of a permanent redirect.
    pub moved_to: Option<String>,
    /// The number of visits in a row that were redirected there: from three on that address is requested first.
    #[serde(skip_serializing_if = "is_zero")]
    pub moved_seen: u32,
    /// The publication rate. The stored name is older than the field's.
    #[serde(rename = "habit", skip_serializing_if = "PublishRate::is_empty")]
    pub publish_rate: PublishRate,
    /// The time of the last visit that succeeded, with new entries or without.
    pub good_at: Option<Time>,
    /// The time of the last visit that found a new or changed entry.
    pub fresh_at: Option<Time>,
    /// The time of the last notification by the hub. Cleared when a visit finds an entry that the hub did not push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_at: Option<Time>,
    /// The end of the time in which the last answer may stand in for one that fails (`stale-if-error`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_until: Option<Time>,
    /// The time since which the entries have had no dates, if they had some before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undated_since: Option<Time>,
    /// True if entries of the last body had dates.
    #[serde(skip_serializing_if = "is_false")]
    pub is_dated: bool,
    /// The fault of the last body, if it broke off, or its compression is damaged, and its entries were read all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<Fault>,
    /// The fault of a rule that could not be evaluated for an entry of the last body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_fault: Option<Fault>,
    /// The number of visits in a row that failed.
    pub failures: u32,
    /// The time of the first of these failures.
    pub failing_since: Option<Time>,
    /// The fault of the last visit, if it failed. The stored name is older than the field's.
    #[serde(rename = "trouble")]
    pub last_fault: Option<Fault>,
    /// True if the fault is not reported yet, because it may pass: the first failure of a source that worked, or one within the
    /// time that its server allows.
    #[serde(skip_serializing_if = "is_false")]
    pub is_quiet: bool,
}

impl SourceState {
    /// Returns a hash of everything that readers are told of the source: how it names itself, and whether it works, as far as that does
    /// not depend on the clock. It is never 0, and the same on every machine.
    pub fn shown_hash(&self) -> i64 {
        let SourceMeta { title, link, image, rights, genres, .. } = &self.meta;
        let fault = self.last_fault.as_ref().map(|fault| (fault.kind.as_str(), self.is_quiet, self.failing_since));
        let silent_from = self.publish_rate.silent_from();
        let told =
            format!("{title:?} {link:?} {image:?} {rights:?} {genres:?} {fault:?} {:?} {silent_from:?}", self.undated_since);
        xxh3_64(told.as_bytes()).max(1).cast_signed()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Returns the authority of an address: everything between the scheme and the path, such as host and port.
pub fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_that_an_older_version_stored_is_read() {
        let json = r#"{"url":"https://a.fr/rss","meta":{"pace":{"minutes":60}},"habit":{"since":"2026-11-24T00:00:00Z"},
            "trouble":{"source":"a","kind":"timeout","message":"it timed out","since":null}}"#;
        let state: SourceState = serde_json::from_str(json).expect("a state");
        assert_eq!(state.meta.poll_hints.minutes, Some(60));
        assert!(!state.publish_rate.is_empty());
        assert_eq!(state.last_fault.as_ref().map(|fault| fault.message.as_str()), Some("it timed out"));
        let stored = serde_json::to_value(&state).expect("JSON");
        assert_eq!((&stored["meta"]["pace"]["minutes"], &stored["trouble"]["kind"]), (&60.into(), &"timeout".into()));
        assert!(stored["habit"]["since"].is_string());
    }
}
