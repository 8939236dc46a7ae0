//! The `[fetch]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{ByteSize, Located, RawDuration};
use super::RawSecret;

/// What one machine can hold open.
pub(crate) const MAX_CONCURRENCY: i64 = 1024;
/// More at once is an attack on the host.
pub(crate) const MAX_PER_HOST: i64 = 64;

/// How sources are fetched. Every key may be left out.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Fetch")]
pub(crate) struct RawFetch {
    /// The longest time between two visits to a source, unless it has an `every` of its own or asks for more patience. One that
    /// publishes often is visited more often, up to every two minutes. At least one minute.
    #[schemars(example = &"15m")]
    pub(crate) every: Located<RawDuration>,
    /// How long one visit may take in all, from one second to ten minutes.
    #[schemars(example = &"20s")]
    pub(crate) timeout: Located<RawDuration>,
    /// How long one `relais run` begins visits, from ten seconds to a day. What was not visited by then stays due for the next run.
    #[schemars(example = &"10m")]
    pub(crate) deadline: Located<RawDuration>,
    /// How many sources are visited at the same time.
    #[schemars(range(min = 1, max = MAX_CONCURRENCY), example = 64)]
    pub(crate) concurrency: Located<i64>,
    /// How many of these may be on one host.
    #[schemars(range(min = 1, max = MAX_PER_HOST), example = 1)]
    pub(crate) per_host: Located<i64>,
    /// The pause between two visits to one host, ten minutes at most.
    #[schemars(example = &"1s")]
    pub(crate) host_interval: Located<RawDuration>,
    /// The largest feed that is read, after decompression: from `1KiB` to `256MiB`.
    #[schemars(example = &"8MiB")]
    pub(crate) max_bytes: Located<ByteSize>,
    /// How relais presents itself to servers. Say who you are and where you can be reached: some servers ask for it. Without it,
    /// relais with its version and, if there is one, your `base_url`.
    #[schemars(example = &"relais (news@example.org)")]
    pub(crate) user_agent: Located<String>,
    /// A proxy that all visits go through: `http://`, `https://`, `socks5://` or `socks5h://`. Write `{ env = "NAME" }` or
    /// `{ file = "FILE" }` when it needs a password.
    #[schemars(schema_with = "super::source::text_or_secret", example = &"http://proxy.example.org:3128")]
    pub(crate) proxy: Option<Located<RawSecret>>,
    /// A file of certificates (PEM) that are trusted besides the system's own.
    #[schemars(example = &"company-ca.pem")]
    pub(crate) ca: Option<Located<String>>,
    /// Private addresses that may be visited all the same, as ranges. Without it, sources on this machine or in the local
    /// network are refused.
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
