//! The `[notify.ID]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{LangTag, Located, RawDuration, RawNotifyKind};
use super::RawSecret;

/// The most items of a first run that are told.
pub(crate) const MAX_BACKLOG: i64 = 1000;

/// A receiver that is told of each new, changed or withdrawn item of an edition in one language, once and in order. `ID` is a name of your
/// choice. What cannot be delivered waits in the database and is sent again; a run is never held up by it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["edition"]))]
#[schemars(rename = "Notify")]
pub(crate) struct RawNotify {
    /// The ID of the edition.
    #[schemars(example = &"jeux")]
    pub(crate) edition: Option<Located<String>>,
    /// The language, one of the `langs` of the edition. Needed if the edition has several.
    #[schemars(example = &"en")]
    pub(crate) lang: Option<Located<LangTag>>,
    /// The kind of the receiver: `webhook` posts a JSON Feed with the item to `url`, signed as Standard Webhooks asks; `ntfy` publishes
    /// headline, summary and link to a topic of an ntfy server; `exec` starts a program that reads the JSON Feed from standard input.
    pub(crate) kind: RawNotifyKind,
    /// The address that is posted to (`webhook`), or the address of the topic (`ntfy`). An address that is a secret is written as
    /// `{ env = "NAME" }` or `{ file = "FILE" }`. It may be in the private network. Redirects are not followed.
    #[schemars(schema_with = "super::source::text_or_secret", example = &"https://desk.example.org/hook")]
    pub(crate) url: Option<Located<RawSecret>>,
    /// The secret that a webhook is signed with: `whsec_` and 24 to 64 bytes in base64. With `ntfy` the access token of the server.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "DESK_SECRET" }))]
    pub(crate) secret: Option<Located<RawSecret>>,
    /// The program that `exec` starts, and its arguments. No shell reads them. A program with a `/` in its name is a file; a relative path
    /// starts from the folder of feeds.toml.
    #[schemars(example = ["./tell-the-desk", "--edition", "jeux"])]
    pub(crate) command: Vec<Located<String>>,
    /// The priority of messages to ntfy, from 1 to 5.
    #[schemars(range(min = 1, max = 5), example = 4)]
    pub(crate) priority: Option<Located<i64>>,
    /// The tags of messages to ntfy.
    #[schemars(example = ["newspaper"])]
    pub(crate) tags: Vec<Located<String>>,
    /// The time limit of one delivery, from 1s to 1m.
    #[schemars(example = &"30s")]
    pub(crate) timeout: Located<RawDuration>,
    /// The time after which an item is given up that the receiver does not take, from 10m to 30d. It is told once.
    #[schemars(example = &"12h")]
    pub(crate) give_up_after: Located<RawDuration>,
    /// The number of items that are told when the table is new: the newest ones that the edition has then. What it already has is not news
    /// otherwise.
    #[schemars(range(min = 0, max = MAX_BACKLOG), example = 10)]
    pub(crate) backlog: Located<i64>,
}

impl Default for RawNotify {
    fn default() -> Self {
        Self {
            edition: None,
            lang: None,
            kind: RawNotifyKind::Webhook,
            url: None,
            secret: None,
            command: Vec::new(),
            priority: None,
            tags: Vec::new(),
            timeout: RawDuration(Duration::from_secs(10)).into(),
            give_up_after: RawDuration(Duration::from_hours(3 * 24)).into(),
            backlog: 0.into(),
        }
    }
}
