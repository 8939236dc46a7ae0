//! Polite and safe fetching: one client, each host in its turn, no private addresses, bounded bodies.
//!
//! It gives bytes and validators, or an error that says what to do next. It knows nothing of feeds and keeps nothing.

mod api_client;
mod body;
mod cache_headers;
mod client;
mod connect;
mod deadline;
mod error;
mod guard;
mod link_header;
mod rate_limit;
mod redact;
mod redirect;
mod resolve;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::{Cidr, Validators};

pub use api_client::{ApiBody, ApiClient, ApiError, ApiRequest, ApiResponse};
pub use body::Body;
pub use cache_headers::RetryAfter;
pub use client::Client;
pub use error::{ClientError, FetchError};
pub use guard::check_url;
pub use link_header::Link;
pub use redact::{host_key, redact_url};
pub use resolve::{Resolve, System};

/// How to fetch: the `[fetch]` table of feeds.toml.
#[derive(Clone, Debug)]
pub struct Options {
    /// What one request may take with all its redirects. Waiting for the host's turn does not count.
    pub timeout: Duration,
    /// How many requests are in flight at a time, over all hosts.
    pub concurrency: usize,
    /// How many requests one host gets at a time.
    pub per_host: usize,
    /// How far apart two requests to one host begin.
    pub host_interval: Duration,
    /// How large a body may be, after decompression.
    pub max_bytes: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A proxy that every request goes through. It resolves the names, so that the guard sees addresses only where they
    /// are written in a URL: let the proxy itself refuse private ones.
    pub proxy: Option<SecretString>,
    /// A PEM file of certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// Addresses that may be fetched although they are private.
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

/// Who we are to a server.
#[derive(Clone)]
pub enum Auth {
    /// A name and a password (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token (RFC 6750).
    Bearer(SecretString),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

/// What to ask for. `headers` and `auth` go to the origin of `url` alone: a redirect to another one does not carry them.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address. A name and password in it are sent as Basic authentication, unless `auth` says otherwise.
    pub url: &'a str,
    /// What the last answer gave to ask "has it changed?" with.
    pub validators: &'a Validators,
    /// Further headers; they win over our own `Accept` and `User-Agent`.
    pub headers: &'a [(String, SecretString)],
    /// Who we are.
    pub auth: Option<&'a Auth>,
}

/// What a server gave.
#[derive(Debug)]
pub enum Response {
    /// A body.
    Body(Body),
    /// 304: what we have is still good.
    NotModified {
        /// What to ask with next time: a 304 may bring newer ones (RFC 9111 §4.3.4).
        validators: Validators,
        /// As [`Body::moved`].
        moved: Option<String>,
        /// As [`Body::fresh_for`].
        fresh_for: Option<Duration>,
    },
}
