//! The `auth` of an edition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::Located;
use super::RawSecret;

/// Who may read an edition that relais serves. Every key is optional.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "EditionAuth")]
pub(crate) struct RawEditionAuth {
    /// Tokens, one a line; behind a token, a space and a remark may stand (who has it), and lines that begin with `#` are left out. A token
    /// has 16 to 200 letters, digits, `-`, `_`, `.` or `~`. A reader puts it into the address (`/token/TOKEN/jeux.fr.atom`), or sends it as
    /// the password of any user.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "file": "tokens.txt" }))]
    pub(crate) tokens: Option<Located<RawSecret>>,
    /// The user name of one login (HTTP Basic authentication).
    #[schemars(example = &"desk")]
    pub(crate) user: Option<Located<String>>,
    /// The password of this user.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "DESK_PASSWORD" }))]
    pub(crate) password: Option<Located<RawSecret>>,
}
