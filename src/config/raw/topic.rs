//! The `[topic.ID]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;

/// A rule that decides whether an entry is about a topic (docs/TOPICS.md). `ID` is a name of your choice. `olympic` is built in; a table
/// of this name takes its place.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["file"]))]
#[schemars(rename = "Topic")]
pub(crate) struct RawTopic {
    /// The file with the rule. A relative path starts from the folder of feeds.toml.
    #[schemars(example = &"topics/climate.toml")]
    pub(crate) file: Option<Located<String>>,
}
