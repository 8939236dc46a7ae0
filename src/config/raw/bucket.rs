//! The `[s3]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{Located, RawDuration};
use super::RawSecret;

/// The bucket of `output = "s3://BUCKET/PREFIX"`. What is not set here is taken from the environment, as the tools of AWS do
/// (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on). docs/GUIDE.md has examples for several providers.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "S3")]
pub(crate) struct RawBucket {
    /// The address of the S3 server, without the bucket. Default: `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`, else that of AWS in
    /// the `region`.
    #[schemars(example = &"https://s3.example.org")]
    pub(crate) endpoint: Option<Located<String>>,
    /// The region of the bucket. Default: `AWS_REGION`, else `AWS_DEFAULT_REGION`, else `us-east-1`, which most other servers accept.
    #[schemars(example = &"eu-west-3")]
    pub(crate) region: Option<Located<String>>,
    /// `true` names the bucket in the path (`https://s3.example.org/bucket/…`), `false` in the host (`https://bucket.s3.example.org/…`).
    /// Default: `true` with an `endpoint`, `false` without.
    #[schemars(example = false)]
    pub(crate) path_style: Option<Located<bool>>,
    /// The ID of the access key. Requires `secret_key`. Default: `AWS_ACCESS_KEY_ID`, else the role of the container or machine that
    /// relais runs on.
    #[schemars(schema_with = "super::source::text_or_secret", example = serde_json::json!({ "env": "S3_ACCESS_KEY" }))]
    pub(crate) access_key: Option<Located<RawSecret>>,
    /// The secret of the access key. Requires `access_key`.
    #[schemars(schema_with = "super::source::secret", example = serde_json::json!({ "env": "S3_SECRET_KEY" }))]
    pub(crate) secret_key: Option<Located<RawSecret>>,
    /// The `Cache-Control` header with which the objects are served.
    #[schemars(example = &"public, max-age=60")]
    pub(crate) cache_control: Located<String>,
    /// The time limit of one request, from one second to ten minutes. A request that fails is sent again, for about twice this time.
    #[schemars(example = &"20s")]
    pub(crate) timeout: Located<RawDuration>,
}

impl Default for RawBucket {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            path_style: None,
            access_key: None,
            secret_key: None,
            cache_control: "max-age=300".to_owned().into(),
            timeout: RawDuration(Duration::from_secs(30)).into(),
        }
    }
}
