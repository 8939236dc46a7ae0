//! Makes the HTTP client and credentials that feeds.toml describes.

use crate::config;
use crate::net::{self, Client, ClientError, Options};

/// Makes the client that feeds.toml describes.
pub fn client(fetch: &config::Fetch) -> Result<Client, ClientError> {
    Client::new(options(fetch))
}

/// Returns the options of the client that feeds.toml describes.
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

/// Converts the credentials of a source.
pub(super) fn credentials(auth: &config::Auth) -> net::Credentials {
    match auth {
        config::Auth::Basic { user, password } => net::Credentials::Basic { user: user.clone(), password: password.clone() },
        config::Auth::Bearer(token) => net::Credentials::Bearer(token.clone()),
    }
}
