//! The `[serve]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;
use super::RawSecret;

/// Rules for `relais serve` and `relais daemon --listen`. Every key is optional.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Serve")]
pub(crate) struct RawServe {
    /// The token with which `/status.json` and `/metrics` may be read: as a bearer token, or as the password of any user. Without it
    /// they can be read if the server listens on an address of this machine only (`127.0.0.1`, `::1`), and by nobody otherwise. Set it
    /// where a reverse proxy passes these paths on.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "RELAIS_ADMIN" }))]
    pub(crate) admin: Option<Located<RawSecret>>,
    /// The path below which everything is served, where a reverse proxy passes the paths of readers on as they are. It begins with a
    /// `/`.
    #[schemars(example = &"/news")]
    pub(crate) base_path: Option<Located<String>>,
}
