//! The `[fetch]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{ByteSize, Located, RawDuration};
use super::RawSecret;

/// The largest `concurrency`: the connections that one machine can hold open.
pub(crate) const MAX_CONCURRENCY: i64 = 1024;
/// The largest `per_host`: more would be an attack on the host.
pub(crate) const MAX_PER_HOST: i64 = 64;

/// Rules for fetching sources. Every key is optional.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Fetch")]
pub(crate) struct RawFetch {
    /// The longest interval between two visits to a source, unless the source has its own `every` or its feed or server asks for a
    /// longer one. A source that publishes often is visited more often, at most every two minutes. At least one minute.
    #[schemars(example = &"15m")]
    pub(crate) every: Located<RawDuration>,
    /// The time limit of one visit, redirects and body included: from one second to ten minutes.
    #[schemars(example = &"20s")]
    pub(crate) timeout: Located<RawDuration>,
    /// The time after which one `relais run` starts no more visits, from ten seconds to a day. The remaining sources stay due for
    /// the next run.
    #[schemars(example = &"10m")]
    pub(crate) deadline: Located<RawDuration>,
    /// The number of sources that are visited at the same time.
    #[schemars(range(min = 1, max = MAX_CONCURRENCY), example = 64)]
    pub(crate) concurrency: Located<i64>,
    /// The number of those that may be on one host.
    #[schemars(range(min = 1, max = MAX_PER_HOST), example = 1)]
    pub(crate) per_host: Located<i64>,
    /// The pause between two visits to one host, at most ten minutes.
    #[schemars(example = &"1s")]
    pub(crate) host_interval: Located<RawDuration>,
    /// The largest feed that is accepted, after decompression: from `1KiB` to `256MiB`.
    #[schemars(example = &"8MiB")]
    pub(crate) max_bytes: Located<ByteSize>,
    /// The `User-Agent` header. Say who you are and how you can be reached: some servers require it. Default: relais with its
    /// version and, if set, your `base_url`.
    #[schemars(example = &"relais (news@example.org)")]
    pub(crate) user_agent: Located<String>,
    /// A proxy for all visits: `http://`, `https://`, `socks5://` or `socks5h://`. Write `{ env = "NAME" }` or `{ file = "FILE" }`
    /// if it needs a password.
    #[schemars(schema_with = "super::source::text_or_secret", example = &"http://proxy.example.org:3128")]
    pub(crate) proxy: Option<Located<RawSecret>>,
    /// A file of certificates (PEM) to trust in addition to those of the system.
    #[schemars(example = &"company-ca.pem")]
    pub(crate) ca: Option<Located<String>>,
    /// The ranges of private addresses that may be visited. By default, sources on this machine and in the local network are
    /// refused.
    #[schemars(example = ["127.0.0.1/32"])]
    pub(crate) allow_private: Vec<Located<String>>,
}

impl Default for RawFetch {
    fn default() -> Self {
        Self {
            every: RawDuration(Duration::from_mins(15)).into(),
            timeout: RawDuration(Duration::from_secs(20)).into(),
            deadline: RawDuration(Duration::from_mins(10)).into(),
            concurrency: 64.into(),
            per_host: 1.into(),
            host_interval: RawDuration(Duration::from_secs(1)).into(),
            max_bytes: ByteSize(8 * 1024 * 1024).into(),
            user_agent: concat!("relais/", env!("CARGO_PKG_VERSION"), " (feed reader)").to_owned().into(),
            proxy: None,
            ca: None,
            allow_private: Vec::new(),
        }
    }
}
