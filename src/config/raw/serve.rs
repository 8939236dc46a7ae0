//! The `[serve]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;

/// Rules for `relais serve` and `relais daemon --listen`. Every key is optional.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Serve")]
pub(crate) struct RawServe {
    /// The path below which everything is served, where a reverse proxy passes the paths of readers on as they are. It begins with a
    /// `/`.
    #[schemars(example = &"/news")]
    pub(crate) base_path: Option<Located<String>>,
}
