//! The settings of both clients: the `[fetch]` table of feeds.toml.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::Cidr;

/// The longest wait for a connection. A host that takes longer is down, and the rest of `timeout` is for its response.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The `[fetch]` table of feeds.toml.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time limit of one request with all its redirects. Waiting for the rate limit of the host does not count.
    pub timeout: Duration,
    /// The number of requests in flight over all hosts.
    pub concurrency: usize,
    /// The number of requests in flight to one host.
    pub per_host: usize,
    /// The shortest time between the starts of two requests to one host.
    pub host_interval: Duration,
    /// The largest body in bytes, after decompression.
    pub max_bytes: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A proxy for every request. It resolves the names, so that only addresses written in a URL can be checked here:
    /// configure the proxy itself to refuse private addresses.
    pub proxy: Option<SecretString>,
    /// A PEM file of certificates to trust in addition to those of the system.
    pub ca: Option<PathBuf>,
    /// The private addresses that may be fetched.
    pub allow_private: Vec<Cidr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            concurrency: 64,
            per_host: 1,
            host_interval: Duration::from_secs(1),
            max_bytes: 8 << 20,
            user_agent: concat!("relais/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            ca: None,
            allow_private: Vec::new(),
        }
    }
}
