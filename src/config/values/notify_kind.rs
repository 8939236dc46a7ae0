//! The `kind` of a notification.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{choose, deserialize_text};

/// The `kind` of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawNotifyKind {
    Webhook,
    Ntfy,
    Exec,
}

const WORDS: [(&str, RawNotifyKind); 3] =
    [("webhook", RawNotifyKind::Webhook), ("ntfy", RawNotifyKind::Ntfy), ("exec", RawNotifyKind::Exec)];

impl RawNotifyKind {
    /// Returns the word for it.
    pub(crate) fn name(self) -> &'static str {
        WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

config_value!(
    RawNotifyKind,
    "\"webhook\", \"ntfy\" or \"exec\"",
    |text| choose(text, &WORDS),
    |kind| kind.name().to_owned(),
    { "type": "string", "enum": WORDS.map(|(word, _)| word) }
);
