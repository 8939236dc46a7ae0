//! Makes clients of what feeds.toml says about the network.

use crate::config;
use crate::net::{self, Client, ClientError, Options};

/// Makes the client that feeds.toml describes.
pub fn client(fetch: &config::Fetch) -> Result<Client, ClientError> {
    Client::new(options(fetch))
}

/// Returns how feeds.toml wants the network to be used.
pub fn options(fetch: &config::Fetch) -> Options {
    Options {
        timeout: fetch.timeout,
        concurrency: fetch.concurrency,
        per_host: fetch.per_host,
        host_interval: fetch.host_interval,
        max_bytes: fetch.max_bytes,
        user_agent: fetch.user_agent.clone(),
        proxy: fetch.proxy.clone(),
        ca: fetch.ca.clone(),
        allow_private: fetch.allow_private.clone(),
    }
}

/// Returns the credentials of a source, as the client takes them.
pub(super) fn net_auth(auth: &config::Auth) -> net::Credentials {
    match auth {
        config::Auth::Basic { user, password } => net::Credentials::Basic { user: user.clone(), password: password.clone() },
        config::Auth::Bearer(token) => net::Credentials::Bearer(token.clone()),
    }
}
